//! The request of a turn, its answer piece by piece, and what is done where there is none.

use super::{Stage, Turn};
use crate::agent::{Agent, Error, Event};
use crate::platform::{Exchange, HttpError};
use crate::prelude::*;
use crate::provider::{ChatRequest, Completion, Decoder, ModelError, retry};
use crate::text;

/// The most bytes that are read of a response that reports a failure.
const MAX_FAILURE: usize = 64 * 1024;

/// Bytes of a response that are read at once.
const PIECE: usize = 8 * 1024;

/// A response that is being read.
pub(super) struct Answer {
    exchange: Box<dyn Exchange>,
    /// `None` until the head is known to be that of an answer
    decoder: Option<Box<dyn Decoder>>,
    /// What was read of the body, and how much of that the decoder has. It is given line by line, so that
    /// an error in a line does not take with it the text of those before.
    body: Vec<u8>,
    decoded: usize,
    /// Bytes of the text that was shown
    shown: usize,
}

enum Piece {
    Text(String),
    Whole(Completion),
}

/// What keeps a request from its answer.
enum Failure {
    Http(HttpError),
    /// The status, the headers, and what the provider says
    Status(u16, Vec<(String, String)>, ModelError),
    Model(ModelError),
}

impl Turn {
    pub(super) fn ask(&mut self, agent: &Agent) -> Result<Option<Event>, Error> {
        let left = self.left(agent)?;
        let settings = &agent.config.agent;
        let mut request = self.selected.provider.request(&ChatRequest {
            model: &self.selected.model,
            messages: &self.messages,
            tools: &agent.specs,
            max_tokens: settings.max_tokens,
            temperature: settings.temperature,
            stream: settings.stream,
        });
        request.timeout = match settings.timeout {
            0 => left,
            timeout => timeout.min(left),
        };
        match agent.platform.http.send(&request) {
            Ok(exchange) => {
                self.stage = Stage::Answer(Answer {
                    exchange,
                    decoder: None,
                    body: Vec::new(),
                    decoded: 0,
                    shown: 0,
                });
            }
            Err(error) => self.retry(agent, Failure::Http(error))?,
        }
        Ok(None)
    }

    pub(super) fn read(
        &mut self,
        agent: &Agent,
        mut answer: Answer,
    ) -> Result<Option<Event>, Error> {
        self.left(agent)?;
        match self.piece(agent, &mut answer) {
            Ok(Piece::Text(text)) => {
                self.stage = Stage::Answer(answer);
                if text.is_empty() {
                    return Ok(None);
                }
                Ok(Some(Event::Text(text)))
            }
            Ok(Piece::Whole(completion)) => {
                let shown = answer.shown;
                drop(answer);
                self.completed(agent, completion, shown)
            }
            // What the user has read cannot be unsaid.
            Err(failure) if answer.shown > 0 => Err(self.error(agent, failure)),
            Err(failure) => {
                drop(answer);
                self.retry(agent, failure)?;
                Ok(None)
            }
        }
    }

    /// What reads the response, if its head is that of an answer.
    fn decoder(
        &self,
        agent: &Agent,
        exchange: &mut dyn Exchange,
    ) -> Result<Box<dyn Decoder>, Failure> {
        let head = exchange.head()?;
        let status = head.status;
        let encoding = head.header("content-encoding");
        if let Some(encoding) = encoding.filter(|name| *name != "identity") {
            let what = format!("it is encoded as {encoding}, which was not asked for");
            return Err(ModelError::Malformed(what).into());
        }
        if (200..300).contains(&status) {
            return Ok(self.selected.provider.decoder(agent.config.agent.stream));
        }
        let headers = head.headers.clone();
        let to = head.header("location").map(str::to_owned);
        let body = self.read_failure(agent, exchange);
        let said = match to.filter(|_| (300..400).contains(&status)) {
            Some(to) => ModelError::Malformed(format!("it leads to {to}")),
            None => self.selected.provider.failure(status, &body),
        };
        Err(Failure::Status(status, headers, said))
    }

    /// Reads on: more of the text, or the whole answer.
    fn piece(&self, agent: &Agent, answer: &mut Answer) -> Result<Piece, Failure> {
        let mut decoder = match answer.decoder.take() {
            Some(decoder) => decoder,
            None => self.decoder(agent, &mut *answer.exchange)?,
        };
        if answer.decoded == answer.body.len() {
            answer.body.resize(PIECE, 0);
            let length = answer.exchange.read(&mut answer.body)?;
            answer.body.truncate(length);
            answer.decoded = 0;
        }
        let rest = &answer.body[answer.decoded..];
        if !rest.is_empty() {
            let line = rest.iter().position(|byte| *byte == b'\n');
            let length = line.map_or(rest.len(), |end| end + 1);
            let text = decoder.push(&rest[..length])?;
            // Some servers keep the connection open after the answer, so its end is not that of the body.
            if !decoder.ended() {
                answer.decoded += length;
                answer.shown += text.len();
                answer.decoder = Some(decoder);
                return Ok(Piece::Text(text));
            }
        }
        Ok(Piece::Whole(decoder.finish()?))
    }

    /// As much as there is of a response that reports a failure: what is known of it is worth more than
    /// that the rest broke off.
    fn read_failure(&self, agent: &Agent, exchange: &mut dyn Exchange) -> Vec<u8> {
        let mut body = vec![0; MAX_FAILURE];
        let mut length = 0;
        while self.left(agent).is_ok()
            && let Ok(more @ 1..) = exchange.read(&mut body[length..])
        {
            length += more;
        }
        body.truncate(length);
        body
    }

    /// Waits until the request may be made again, if it may.
    fn retry(&mut self, agent: &Agent, failure: Failure) -> Result<(), Error> {
        let (now, random) = (agent.platform.clock.now(), agent.platform.random.next());
        let wait = match &failure {
            _ if self.attempt >= agent.config.agent.attempts => None,
            Failure::Status(status, headers, _) => {
                retry(*status, headers, now, self.attempt - 1, random)
            }
            failure if failure.passes() => retry(503, &[], now, self.attempt - 1, random),
            _ => None,
        };
        let left = self.left(agent)?;
        let Some(wait) = wait.filter(|wait| *wait < left) else {
            return Err(self.error(agent, failure));
        };
        agent.platform.clock.sleep(wait);
        self.attempt += 1;
        self.stage = Stage::Ask;
        Ok(())
    }

    fn error(&self, agent: &Agent, failure: Failure) -> Error {
        let provider = self.selected.name.clone();
        match failure {
            Failure::Http(error) => Error::Http { provider, error },
            Failure::Model(error) => Error::Model { provider, error },
            Failure::Status(status, headers, error) => {
                let mut message = error.to_string();
                match status {
                    401 | 403 => {
                        message += "; its key is the one of providers.";
                        message += &provider;
                        message += ".api_key, or of the environment";
                    }
                    404 => {
                        message += "; the model is ";
                        message += &agent.config.agent.model;
                    }
                    _ => {}
                }
                if let Some(wait) = retry::after(&headers, agent.platform.clock.now()) {
                    message += "; it asks to wait ";
                    message += &wait.div_ceil(1000).to_string();
                    message += " s";
                }
                Error::Status {
                    provider,
                    status,
                    message,
                }
            }
        }
    }
}

impl Failure {
    /// Whether it may be gone soon, but for a status, of which [`retry()`] judges.
    fn passes(&self) -> bool {
        match self {
            Self::Http(error) => matches!(
                error,
                HttpError::Connect(_) | HttpError::Timeout | HttpError::Broken(_)
            ),
            Self::Status(..) => false,
            Self::Model(error) => match error {
                ModelError::Truncated => true,
                ModelError::Provider { kind, .. } => text::lists(PASSING, kind),
                ModelError::Malformed(_) | ModelError::TooLarge(_) => false,
            },
        }
    }
}

/// What providers call failures in the midst of a stream that are theirs, and may be gone soon.
const PASSING: &str = "api_error overloaded_error rate_limit_error server_error timeout_error";

impl From<HttpError> for Failure {
    fn from(error: HttpError) -> Self {
        Self::Http(error)
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}
