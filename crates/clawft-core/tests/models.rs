//! Both APIs of models: the requests of `requests.json`, which the types of the providers' own packages
//! accept, and the responses of `responses.json`, which these packages read the same where it says so.

use clawft_core::config::Secret;
use clawft_core::message::{Message, Role, ToolCall};
use clawft_core::provider::anthropic::Anthropic;
use clawft_core::provider::openai::OpenAi;
use clawft_core::provider::{
    ChatRequest, Completion, MAX_ANSWER, MAX_EVENT, MAX_STREAM, ModelError, Provider,
};
use clawft_core::tool::Spec;
use serde_json::{Value, json};

const KEY: &str = "sk-secret-1";

fn provider(api: &Value, key: &str, extra: &[(&str, &str)]) -> Box<dyn Provider> {
    let base = "https://models.example/v1/".to_string();
    let key = Secret::new(key.into());
    let headers: Vec<(String, String)> = extra
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect();
    match api.as_str() {
        Some("openai") => Box::new(OpenAi { base, key, headers }),
        Some("anthropic") => Box::new(Anthropic { base, key, headers }),
        _ => panic!("no API {api}"),
    }
}

fn cases(json: &str) -> Vec<Value> {
    serde_json::from_str(json).expect("a list of cases")
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").into()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn call(value: &Value) -> ToolCall {
    ToolCall {
        id: text(&value[0]),
        name: text(&value[1]),
        arguments: text(&value[2]),
    }
}

#[test]
fn requests() {
    for case in cases(include_str!("requests.json")) {
        let chat = &case["chat"];
        let messages: Vec<Message> = list(&chat["messages"])
            .map(|message| Message {
                role: Role::parse(&text(&message["role"])).expect("a role"),
                content: text(&message["content"]),
                tool_calls: list(&message["calls"]).map(call).collect(),
                tool_call_id: message["id"].as_str().map(String::from),
            })
            .collect();
        let tools: Vec<Spec> = list(&chat["tools"])
            .map(|tool| Spec {
                name: text(&tool["name"]).leak(),
                description: text(&tool["description"]).leak(),
                parameters: tool["parameters"].to_string().leak(),
            })
            .collect();
        let stream = chat["stream"] == true;
        let request = provider(&case["api"], KEY, &[]).request(&ChatRequest {
            model: &text(&chat["model"]),
            messages: &messages,
            tools: &tools,
            max_tokens: serde_json::from_value(chat["max_tokens"].clone()).expect("a count"),
            temperature: serde_json::from_value(chat["temperature"].clone()).expect("a number"),
            stream,
        });
        let name = format!("{} of {}", case["name"], case["api"]);
        let body: Value = serde_json::from_slice(&request.body).expect(&name);
        assert_eq!(body, case["body"], "{name}");
        assert_eq!(request.method, "POST");
        assert_eq!(request.timeout, 0);
        let accept = ["application/json", "text/event-stream"][usize::from(stream)];
        let own: &[(&str, &str)] = match case["api"].as_str() {
            Some("openai") => &[("authorization", "Bearer sk-secret-1")],
            _ => &[("anthropic-version", "2023-06-01"), ("x-api-key", KEY)],
        };
        let mut headers = vec![("accept", accept), ("content-type", "application/json")];
        headers.extend(own);
        let sent: Vec<(&str, &str)> = request.headers.iter().map(|(n, v)| (&**n, &**v)).collect();
        assert_eq!(sent, headers);
        let path = if case["api"] == "openai" {
            "chat/completions"
        } else {
            "messages"
        };
        assert_eq!(request.url, format!("https://models.example/v1/{path}"));
    }
}

/// Azure's addresses end in a query: `…/openai/deployments/NAME?api-version=…` (Azure `OpenAI`, "REST API
/// reference").
#[test]
fn a_path_goes_before_the_query_of_its_base() {
    let chat = ChatRequest {
        model: "m",
        messages: &[],
        tools: &[],
        max_tokens: 1,
        temperature: 0.0,
        stream: false,
    };
    for (base, url) in [
        ("http://a.example", "http://a.example/chat/completions"),
        (
            "http://a.example/v1/",
            "http://a.example/v1/chat/completions",
        ),
        (
            "http://a.example/v1?api-version=1",
            "http://a.example/v1/chat/completions?api-version=1",
        ),
        (
            "http://a.example/v1/?a=/b/&c=?",
            "http://a.example/v1/chat/completions?a=/b/&c=?",
        ),
    ] {
        let provider = OpenAi {
            base: base.into(),
            key: Secret::default(),
            headers: Vec::new(),
        };
        assert_eq!(provider.request(&chat).url, url);
    }
}

#[test]
fn headers_of_the_user_replace_the_own_ones() {
    let chat = ChatRequest {
        model: "m",
        messages: &[],
        tools: &[],
        max_tokens: 1,
        temperature: f32::NAN,
        stream: false,
    };
    let extra = [
        ("Authorization", "Basic x"),
        ("Anthropic-Version", "2024-01-01"),
        ("anthropic-dangerous-direct-browser-access", "true"),
    ];
    let openai = provider(&json!("openai"), "", &extra[..1]).request(&chat);
    let general = [
        ("accept", "application/json"),
        ("content-type", "application/json"),
    ];
    let expected = |own: &[(&str, &str)]| -> Vec<(String, String)> {
        let all = general.iter().chain(own);
        all.map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    };
    assert_eq!(openai.headers, expected(&extra[..1]));
    let anthropic = provider(&json!("anthropic"), "", &extra[1..]).request(&chat);
    assert_eq!(anthropic.headers, expected(&extra[1..]));
    // What is no number is still JSON.
    let body: Value = serde_json::from_slice(&openai.body).expect("JSON");
    assert_eq!(body["temperature"], 0.0);
}

/// The texts that came piece by piece, together, and the answer.
fn read(provider: &dyn Provider, pieces: &[&[u8]]) -> (String, Result<Completion, ModelError>) {
    let mut decoder = provider.decoder(true);
    let mut text = String::new();
    for piece in pieces {
        match decoder.push(piece) {
            Ok(more) => text += &more,
            Err(error) => return (text, Err(error)),
        }
    }
    (text, decoder.finish())
}

fn expected(case: &Value) -> Result<Completion, Value> {
    let Some(answer) = case.get("answer") else {
        return Err(case["error"].clone());
    };
    let stops = [
        "end_turn",
        "tool_use",
        "max_tokens",
        "stop_sequence",
        "refused",
    ];
    assert!(stops.contains(&answer["stop"].as_str().expect("a reason")));
    let mut completion = Completion {
        text: text(&answer["text"]),
        tool_calls: list(&answer["calls"]).map(call).collect(),
        ..Completion::default()
    };
    completion.usage.input = answer["usage"][0].as_u64().expect("a count");
    completion.usage.output = answer["usage"][1].as_u64().expect("a count");
    Ok(completion)
}

#[test]
fn responses() {
    for case in cases(include_str!("responses.json")) {
        let provider = provider(&case["api"], KEY, &[]);
        let name = format!("{} of {}", case["name"], case["api"]);
        let body = text(&case["body"]);
        let body = body.as_bytes();
        let (pieces, whole) = read(&*provider, &[body]);
        match (&whole, expected(&case)) {
            (Ok(answer), Ok(mut expected)) => {
                expected.stop = answer.stop;
                assert_eq!(answer, &expected, "{name}");
                assert_eq!(answer.stop.as_str(), case["answer"]["stop"], "{name}");
                let streamed = !body.trim_ascii_start().starts_with(b"{");
                assert_eq!(pieces, if streamed { &*answer.text } else { "" }, "{name}");
            }
            (Err(error), Err(expected)) => {
                let told = match error {
                    ModelError::Provider { kind, message } => json!({"provider": [kind, message]}),
                    ModelError::Truncated => json!("truncated"),
                    ModelError::Malformed(_) => json!("malformed"),
                    ModelError::TooLarge(_) => json!("too large"),
                };
                assert_eq!(told, expected, "{name}: {error}");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }

        // A byte order mark changes nothing.
        let marked = ["\u{feff}".as_bytes(), body].concat();
        assert_eq!(read(&*provider, &[&marked]).1, whole, "{name}, marked");
        let single: Vec<&[u8]> = marked.chunks(1).collect();
        assert_eq!(read(&*provider, &single).1, whole, "{name}, marked");
        // However it comes, it is the same.
        let single: Vec<&[u8]> = body.chunks(1).collect();
        assert_eq!(read(&*provider, &single).1, whole, "{name}, byte by byte");
        for at in 0..body.len() {
            let (start, end) = body.split_at(at);
            assert_eq!(read(&*provider, &[start, end]).1, whole, "{name}, at {at}");
            // A part of an answer is none, or lacks no more than the count of tokens.
            if let (Ok(whole), (_, Ok(part))) = (&whole, read(&*provider, &[start])) {
                let usage = part.usage;
                assert_eq!(
                    &part,
                    &Completion {
                        usage,
                        ..whole.clone()
                    },
                    "{name}, to {at}"
                );
            }
        }
    }
}

#[test]
fn json_that_breaks_off_is_never_an_answer() {
    for case in cases(include_str!("responses.json")) {
        let body = text(&case["body"]);
        if !body.starts_with('{') || case.get("answer").is_none() {
            continue;
        }
        let provider = provider(&case["api"], KEY, &[]);
        for at in 0..body.len() {
            let (_, part) = read(&*provider, &[&body.as_bytes()[..at]]);
            assert_eq!(part, Err(ModelError::Truncated), "{} to {at}", case["name"]);
        }
    }
}

#[test]
fn a_response_has_a_limit_before_memory_is_taken() {
    let openai = provider(&json!("openai"), KEY, &[]);
    let anthropic = provider(&json!("anthropic"), KEY, &[]);
    let answer = |length: usize| {
        let start = r#"{"choices":[{"message":{"content":""#;
        let end = r#""},"finish_reason":"stop"}]}"#;
        format!(
            "{start}{}{end}",
            "x".repeat(length - start.len() - end.len())
        )
    };
    let whole = answer(MAX_ANSWER);
    for size in [1 << 20, MAX_ANSWER] {
        let pieces: Vec<&[u8]> = whole.as_bytes().chunks(size).collect();
        assert!(read(&*openai, &pieces).1.is_ok());
    }
    let too_large = Err(ModelError::TooLarge(MAX_ANSWER));
    assert_eq!(
        read(&*openai, &[answer(MAX_ANSWER + 1).as_bytes()]).1,
        too_large
    );
    // Without an end
    let mut decoder = openai.decoder(false);
    let more = std::iter::repeat_n([b'['; 1 << 12], MAX_ANSWER >> 12);
    for piece in more {
        assert_eq!(decoder.push(&piece), Ok(String::new()));
    }
    assert_eq!(decoder.push(b"["), Err(ModelError::TooLarge(MAX_ANSWER)));

    // A stream: one event, all that is kept, and all that comes
    let event = format!("data: {}", "x".repeat(MAX_EVENT));
    assert_eq!(
        read(&*openai, &[event.as_bytes()]).1,
        Err(ModelError::TooLarge(MAX_EVENT))
    );
    let half = "x".repeat(MAX_EVENT / 2);
    for (provider, event) in [
        (&openai, json!({"choices": [{"delta": {"content": half}}]})),
        (
            &openai,
            json!({"choices": [{"delta": {"tool_calls": [{"function": {"arguments": half}}]}}]}),
        ),
        (
            &openai,
            json!({"choices": [{"delta": {"tool_calls": [{"id": half, "index": 0, "function": {}}]}}]}),
        ),
        (
            &anthropic,
            json!({"type": "content_block_delta", "delta": {"type": "text_delta", "text": half}}),
        ),
    ] {
        let mut decoder = provider.decoder(true);
        let event = format!("data: {event}\n\n");
        let most = MAX_ANSWER / half.len();
        let mut count = 0;
        let error = loop {
            match decoder.push(event.as_bytes()) {
                Ok(_) => count += 1,
                Err(error) => break error,
            }
            assert!(count <= most, "more than the limit is kept");
        };
        assert_eq!(error, ModelError::TooLarge(MAX_ANSWER));
        assert!(count + 1 >= most, "less than the limit: {count}");
    }
    let mut decoder = openai.decoder(true);
    let pings = b": ping\n\n".repeat(1 << 17);
    for _ in 0..MAX_STREAM / pings.len() {
        assert_eq!(decoder.push(&pings), Ok(String::new()));
    }
    assert_eq!(decoder.push(b":"), Err(ModelError::TooLarge(MAX_STREAM)));

    // Few bytes that would take much memory
    let values = format!("{{\"choices\":[{}0]}}", "[],".repeat(100_000));
    let (_, result) = read(&*openai, &[values.as_bytes()]);
    assert!(
        matches!(result, Err(ModelError::Malformed(_))),
        "{result:?}"
    );
    let deep = format!("{{\"choices\":{}", "[".repeat(10_000));
    let (_, result) = read(&*openai, &[deep.as_bytes()]);
    assert!(
        matches!(result, Err(ModelError::Malformed(_))),
        "{result:?}"
    );
}

#[test]
fn failures() {
    let long = "x".repeat(1000);
    for (status, body, shown) in [
        // OpenAI's guide "Error codes"
        (
            401,
            r#"{"error":{"message":"Incorrect API key provided: sk-secret-1.","type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#,
            "HTTP status 401, invalid_request_error: Incorrect API key provided: ….",
        ),
        // Anthropic's guide "Errors"
        (
            529,
            r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}"#,
            "HTTP status 529, overloaded_error: Overloaded",
        ),
        (
            404,
            r#"{"error":"model \"m\" not found"}"#,
            "HTTP status 404: model \"m\" not found",
        ),
        (
            422,
            r#"{"detail":"no such field"}"#,
            "HTTP status 422: no such field",
        ),
        (
            403,
            r#"{"message":"forbidden"}"#,
            "HTTP status 403: forbidden",
        ),
        (
            400,
            r#"{"error":{"code":400,"reason":"x"}}"#,
            "HTTP status 400, 400: {\"code\":400,\"reason\":\"x\"}",
        ),
        (
            502,
            "<h1>Bad gateway</h1>\n",
            "HTTP status 502: <h1>Bad gateway</h1>",
        ),
        (500, "", "HTTP status 500: no reason was given"),
        (500, "null", "HTTP status 500: null"),
        (500, &long, &format!("HTTP status 500: {}", "x".repeat(300))),
    ] {
        for api in ["openai", "anthropic"] {
            let failure = provider(&json!(api), KEY, &[]).failure(status, body.as_bytes());
            assert_eq!(failure.to_string(), shown);
        }
    }
    // Cut within a character, and no UTF-8 at all
    let failure = provider(&json!("openai"), "", &[]).failure(500, "é".repeat(500).as_bytes());
    assert!(failure.to_string().ends_with('é'), "{failure}");
    let failure = provider(&json!("openai"), "", &[]).failure(500, b"\xff\xfe");
    assert_eq!(failure.to_string(), "HTTP status 500: \u{fffd}\u{fffd}");
}

#[test]
fn errors_are_shown() {
    for (error, shown) in [
        (ModelError::Truncated, "the response broke off"),
        (
            ModelError::TooLarge(5),
            "the response is longer than 5 bytes",
        ),
        (
            ModelError::Malformed("no choices".into()),
            "the response is no answer: no choices",
        ),
    ] {
        assert_eq!(error.to_string(), shown);
    }
}
