//! JSON-RPC 2.0, as MCP uses it.

use serde_json::{Map, Value, json};

/// What a peer sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    /// It waits for a result.
    Request {
        /// What names the request: a text or a whole number
        id: Value,
        /// What it asks for
        method: String,
        /// What with
        params: Map<String, Value>,
    },
    /// It waits for nothing: a notification, or the response to a request that was never made.
    Silent {
        /// The notification's method
        method: Option<String>,
    },
    /// It is no message.
    Invalid {
        /// The request's, if it can be told
        id: Value,
        /// Why
        error: Fault,
    },
}

/// An error of the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its number
    pub code: i64,
    /// What is wrong
    pub message: String,
}

impl Fault {
    /// The text is no JSON.
    pub fn parse(message: impl Into<String>) -> Self {
        Self::new(-32700, message)
    }

    /// The JSON is no message.
    pub fn request(message: impl Into<String>) -> Self {
        Self::new(-32600, message)
    }

    /// Nothing has this name.
    pub fn method(message: impl Into<String>) -> Self {
        Self::new(-32601, message)
    }

    /// What comes with the request is wrong.
    pub fn params(message: impl Into<String>) -> Self {
        Self::new(-32602, message)
    }

    fn new(code: i64, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message }
    }
}

impl Incoming {
    /// Takes a message apart.
    #[must_use]
    pub fn of(message: Value) -> Self {
        let Value::Object(mut message) = message else {
            return invalid(Value::Null, "a message is an object");
        };
        let id = message.remove("id");
        let named = id.clone().filter(is_id);
        let replied = named.clone().unwrap_or(Value::Null);
        if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
            return invalid(replied, "`jsonrpc` must be \"2.0\"");
        }
        let method = match message.remove("method") {
            Some(Value::String(method)) => method,
            None if message.contains_key("result") || message.contains_key("error") => {
                return Self::Silent { method: None };
            }
            _ => return invalid(replied, "`method` must be a text"),
        };
        let params = match message.remove("params") {
            None => Map::new(),
            Some(Value::Object(params)) => params,
            // NB: a notification gets no answer, whatever is wrong with it
            Some(_) if id.is_none() => {
                return Self::Silent {
                    method: Some(method),
                };
            }
            Some(_) => {
                let error = Fault::params("`params` must be an object");
                return Self::Invalid { id: replied, error };
            }
        };
        match (id, named) {
            (None, _) => Self::Silent {
                method: Some(method),
            },
            (Some(_), Some(id)) => Self::Request { id, method, params },
            (Some(_), None) => invalid(Value::Null, "`id` must be a text or a whole number"),
        }
    }
}

fn is_id(id: &Value) -> bool {
    id.is_string() || id.is_i64() || id.is_u64()
}

fn invalid(id: Value, message: &str) -> Incoming {
    let error = Fault::request(message);
    Incoming::Invalid { id, error }
}

/// The response to a request.
#[must_use]
pub fn response(id: &Value, result: Result<Value, Fault>) -> Value {
    match result {
        Ok(result) => json!({"jsonrpc": "2.0", "id": id, "result": result}),
        Err(Fault { code, message }) => {
            json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
        }
    }
}
