//! Responses of HTTP/1.1.

use std::time::SystemTime;

use serde_json::Value;

use crate::rpc::{self, Fault};

/// What a client gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The number of what became of the request
    pub status: u16,
    fields: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Response {
    /// A response without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self {
            status,
            fields: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A response with a message, or with those to a batch.
    #[must_use]
    pub fn json(status: u16, value: &Value) -> Self {
        let response = Self {
            body: value.to_string().into_bytes(),
            ..Self::empty(status)
        };
        response.with("Content-Type", "application/json")
    }

    /// A response that says why there is no other one.
    #[must_use]
    pub fn refusal(status: u16, message: impl Into<String>) -> Self {
        Self::fault(status, Fault::request(message))
    }

    /// A response that says why there is no other one, with the number that the protocol has for it.
    #[must_use]
    pub fn fault(status: u16, fault: Fault) -> Self {
        Self::json(status, &rpc::response(&Value::Null, Err(fault)))
    }

    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((name, value.into()));
        self
    }

    /// As it goes over the wire.
    #[must_use]
    pub fn bytes(&self, keep_alive: bool, only_head: bool) -> Vec<u8> {
        let date = httpdate::fmt_http_date(SystemTime::now());
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        let mut field = |name: &str, value: &str| {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        };
        field("Date", &date);
        field("Cache-Control", "no-store");
        for (name, value) in &self.fields {
            field(name, value);
        }
        // NB: a response of this status has no body by its nature, and no length either
        if self.status != 204 {
            field("Content-Length", &self.body.len().to_string());
        }
        if !keep_alive {
            field("Connection", "close");
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if !only_head {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        417 => "Expectation Failed",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        // NB: a reason may be empty, and nobody reads it
        _ => "",
    }
}
