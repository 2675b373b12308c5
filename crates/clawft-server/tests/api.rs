//! Requests that the APIs take, and that they turn down, by what their references say.

use clawft_server::api::{Api, read};
use serde_json::{Map, Value, json};

fn headers(api: Api) -> Map<String, Value> {
    let headers = match api {
        Api::OpenAi => json!({
            "authorization": format!("Bearer {}", api.key()),
            "content-type": "application/json"
        }),
        Api::Anthropic => json!({
            "x-api-key": api.key(),
            "anthropic-version": "2023-06-01",
            "content-type": "application/json; charset=utf-8"
        }),
    };
    headers.as_object().cloned().unwrap_or_default()
}

fn body(api: Api, messages: &Value) -> Value {
    let schema = json!({"type": "object", "properties": {}});
    let tool = match api {
        Api::OpenAi => json!({
            "type": "function",
            "function": {"name": "read_file", "description": "Reads", "parameters": schema}
        }),
        Api::Anthropic => json!({
            "name": "read_file", "description": "Reads", "input_schema": schema
        }),
    };
    json!({"model": "m", "max_tokens": 10, "temperature": 0.5, "tools": [tool], "messages": messages})
}

#[test]
fn both_say_the_same() {
    let neutral = json!([
        {"role": "user", "text": "hi"},
        {"role": "assistant", "text": "I look", "calls": [{"id": "a", "name": "read_file", "arguments": {"path": "x"}}]},
        {"role": "tool", "id": "a", "content": "text"},
        {"role": "assistant", "text": "done"},
        {"role": "user", "text": "thanks"}
    ]);
    let openai = json!([
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "I look", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "read_file", "arguments": "{\"path\": \"x\"}"}}
        ]},
        {"role": "tool", "tool_call_id": "a", "content": "text"},
        {"role": "assistant", "content": "done"},
        {"role": "user", "content": [{"type": "text", "text": "thanks"}]}
    ]);
    let anthropic = json!([
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": [
            {"type": "text", "text": "I look"},
            {"type": "tool_use", "id": "a", "name": "read_file", "input": {"path": "x"}}
        ]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "text"}]},
        {"role": "assistant", "content": "done"},
        {"role": "user", "content": [{"type": "text", "text": "thanks"}]}
    ]);
    for (api, messages) in [(Api::OpenAi, openai), (Api::Anthropic, anthropic)] {
        let mut body = body(api, &messages);
        if api == Api::Anthropic {
            body["system"] = json!("be brief");
        }
        let chat = read(api, &headers(api), &body).expect("it is turned down");
        assert_eq!(chat["messages"], neutral, "{api:?}");
        assert_eq!(chat["system"], "be brief");
        assert_eq!(chat["tools"], json!(["read_file"]));
        assert_eq!(
            (&chat["stream"], &chat["max_tokens"]),
            (&json!(false), &json!(10))
        );
    }
}

#[test]
fn messages_that_are_turned_down() {
    let user = json!({"role": "user", "content": "hi"});
    let use_a = json!({"role": "assistant", "content": [
        {"type": "tool_use", "id": "a", "name": "n", "input": {}}
    ]});
    let result = |id: &str| {
        json!({"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": id, "content": "x"}
        ]})
    };
    let anthropic = [
        json!([{"role": "assistant", "content": "first"}]),
        json!([user, user]),
        json!([{"role": "user", "content": ""}]),
        json!([{"role": "user", "content": []}]),
        json!([{"role": "system", "content": "hi"}]),
        json!([user, {"role": "assistant", "content": [{"type": "text", "text": " "}]}]),
        json!([user, use_a]),
        json!([user, use_a, user]),
        json!([user, use_a, result("b")]),
        json!([result("a")]),
        json!([user, {"role": "assistant", "content": [{"type": "tool_use", "id": "a", "name": "n", "input": "{}"}]}, result("a")]),
        json!([user, use_a, {"role": "user", "content": [
            {"type": "text", "text": "before"}, {"type": "tool_result", "tool_use_id": "a", "content": "x"}
        ]}]),
    ];
    let call = json!({"role": "assistant", "content": null, "tool_calls": [
        {"id": "a", "type": "function", "function": {"name": "n", "arguments": "{}"}}
    ]});
    let openai = [
        json!([{"role": "user"}]),
        json!([{"role": "assistant", "content": null}]),
        json!([{"role": "someone", "content": "hi"}]),
        json!([user, call]),
        json!([user, call, user]),
        json!([user, {"role": "tool", "tool_call_id": "a", "content": "x"}]),
        json!([user, call, {"role": "tool", "tool_call_id": "b", "content": "x"}]),
        json!([user, {"role": "assistant", "content": null, "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "n", "arguments": {}}}
        ]}]),
    ];
    for (api, cases) in [(Api::Anthropic, &anthropic[..]), (Api::OpenAi, &openai[..])] {
        for messages in cases {
            let failure = read(api, &headers(api), &body(api, messages));
            assert_eq!(
                failure.map_err(|failure| failure.status),
                Err(400),
                "{messages}"
            );
        }
    }
}

#[test]
fn requests_that_are_turned_down() {
    let messages = json!([{"role": "user", "content": "hi"}]);
    for api in [Api::OpenAi, Api::Anthropic] {
        let good = body(api, &messages);
        assert!(read(api, &headers(api), &good).is_ok());
        for (key, value) in [
            ("model", json!(null)),
            ("max_tokens", json!(null)),
            ("max_tokens", json!(0)),
            ("temperature", json!(-1)),
            ("temperature", json!(3)),
            ("messages", json!("hi")),
            ("tools", json!([{"name": "read_file"}])),
        ] {
            let mut bad = good.clone();
            bad[key] = value;
            let failure = read(api, &headers(api), &bad);
            assert_eq!(
                failure.map_err(|failure| failure.status),
                Err(400),
                "{api:?} {bad}"
            );
        }
        for (name, value, status) in [
            ("authorization", "Bearer wrong", 401),
            ("x-api-key", "wrong", 401),
            ("content-type", "text/plain", 400),
            ("anthropic-version", "2023-01-01", 400),
        ] {
            let mut bad = headers(api);
            if bad.insert(name.to_owned(), json!(value)).is_some() {
                let failure = read(api, &bad, &good).map_err(|failure| failure.status);
                assert_eq!(failure, Err(status), "{api:?} {name}");
            }
        }
    }
}
