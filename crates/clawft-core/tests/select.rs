//! Which provider a model gets, and when a request is sent again.

use std::collections::BTreeMap;

use clawft_core::config::{AgentConfig, Config, ProviderConfig, Secret, ToolsConfig};
use clawft_core::platform::Environment;
use clawft_core::provider::retry::{MAX_WAIT, after};
use clawft_core::provider::select::{SelectError, Selected, select};
use clawft_core::provider::{ChatRequest, retry};
use serde_json::Value;

struct Variables(BTreeMap<&'static str, &'static str>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).map(|value| (*value).into())
    }
}

/// A provider of the configuration: its name, key and base.
type Own = (&'static str, &'static str, Option<&'static str>);

fn config(providers: &[Own]) -> Config {
    Config {
        agent: AgentConfig {
            workspace: String::new(),
            model: String::new(),
            max_tokens: 0,
            temperature: 0.0,
            max_tool_iterations: 0,
            memory_window: 0,
            timeout: 0,
            turn_timeout: 1000,
            attempts: 0,
            stream: true,
        },
        providers: providers
            .iter()
            .map(|(name, key, base)| {
                let provider = ProviderConfig {
                    api_key: Secret::new((*key).into()),
                    api_base: base.map(String::from),
                    extra_headers: vec![("x-from".into(), (*name).into())],
                };
                ((*name).into(), provider)
            })
            .collect(),
        tools: ToolsConfig {
            search_api_key: Secret::default(),
            search_endpoint: None,
            search_max_results: 0,
            exec_timeout: 0,
            allow_private: false,
            allowed_hosts: Vec::new(),
            blocked_hosts: Vec::new(),
        },
        document: Value::Null,
    }
}

fn choose(
    providers: &[Own],
    variables: &[(&'static str, &'static str)],
    model: &str,
) -> Result<Selected, SelectError> {
    let variables = Variables(variables.iter().copied().collect());
    select(&config(providers), &variables, model)
}

/// The name, the model, the URL and the header with the key of what was chosen.
fn chosen(selected: &Selected) -> (String, String, String, String) {
    let request = selected.provider.request(&ChatRequest {
        model: &selected.model,
        messages: &[],
        tools: &[],
        max_tokens: 1,
        temperature: 0.0,
        stream: false,
    });
    let key = ["authorization", "x-api-key"].iter().find_map(|wanted| {
        let mut headers = request.headers.iter();
        headers.find(|(name, _)| name == wanted)
    });
    (
        selected.name.clone(),
        selected.model.clone(),
        request.url.clone(),
        key.map_or_else(String::new, |(_, value)| value.clone()),
    )
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn prefixes() {
    // The addresses stand in each provider's own reference of its API.
    for (model, variable, name, rest, url, key) in [
        (
            "openai/gpt-4o",
            "OPENAI_API_KEY",
            "openai",
            "gpt-4o",
            "https://api.openai.com/v1/chat/completions",
            "Bearer k",
        ),
        (
            "anthropic/claude-sonnet-4-5",
            "ANTHROPIC_API_KEY",
            "anthropic",
            "claude-sonnet-4-5",
            "https://api.anthropic.com/v1/messages",
            "k",
        ),
        (
            "groq/llama-3.3-70b-versatile",
            "GROQ_API_KEY",
            "groq",
            "llama-3.3-70b-versatile",
            "https://api.groq.com/openai/v1/chat/completions",
            "Bearer k",
        ),
        (
            "groq/openai/gpt-oss-20b",
            "GROQ_API_KEY",
            "groq",
            "openai/gpt-oss-20b",
            "https://api.groq.com/openai/v1/chat/completions",
            "Bearer k",
        ),
        (
            "deepseek/deepseek-chat",
            "DEEPSEEK_API_KEY",
            "deepseek",
            "deepseek-chat",
            "https://api.deepseek.com/v1/chat/completions",
            "Bearer k",
        ),
        (
            "mistral/mistral-small-latest",
            "MISTRAL_API_KEY",
            "mistral",
            "mistral-small-latest",
            "https://api.mistral.ai/v1/chat/completions",
            "Bearer k",
        ),
        (
            "together/meta-llama/Llama-3-8b",
            "TOGETHER_API_KEY",
            "together",
            "meta-llama/Llama-3-8b",
            "https://api.together.xyz/v1/chat/completions",
            "Bearer k",
        ),
        (
            "openrouter/anthropic/claude-sonnet-4.5",
            "OPENROUTER_API_KEY",
            "openrouter",
            "anthropic/claude-sonnet-4.5",
            "https://openrouter.ai/api/v1/chat/completions",
            "Bearer k",
        ),
        (
            "gemini/gemini-2.5-flash",
            "GOOGLE_GEMINI_API_KEY",
            "gemini",
            "gemini-2.5-flash",
            "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
            "Bearer k",
        ),
        (
            "xai/grok-4",
            "XAI_API_KEY",
            "xai",
            "grok-4",
            "https://api.x.ai/v1/chat/completions",
            "Bearer k",
        ),
        (
            "local/qwen3",
            "LOCAL_LLM_API_KEY",
            "local",
            "qwen3",
            "http://localhost:11434/v1/chat/completions",
            "Bearer k",
        ),
        (
            "ollama/qwen3:8b",
            "LOCAL_LLM_API_KEY",
            "ollama",
            "qwen3:8b",
            "http://localhost:11434/v1/chat/completions",
            "Bearer k",
        ),
    ] {
        let expected = (name.into(), rest.into(), url.into(), key.into());
        let selected = choose(&[], &[(variable, "k")], model).expect(model);
        assert_eq!(chosen(&selected), expected);
        // A key of the configuration does as well, and comes first.
        let own = [(name, " k\n", None)];
        let selected = choose(&own, &[(variable, "other")], model).expect(model);
        assert_eq!(chosen(&selected), expected);
        let keyless = choose(&[], &[], model);
        if ["local", "ollama"].contains(&name) {
            assert_eq!(chosen(&keyless.expect(model)).3, "");
        } else {
            let error = keyless.err().expect("no key").to_string();
            assert_eq!(
                error,
                format!("no key for {name}: set {variable} or providers.{name}.api_key")
            );
        }
    }
}

#[test]
fn a_model_without_a_prefix_belongs_to_the_first_provider_with_a_key() {
    let order = [
        ("OPENROUTER_API_KEY", "openrouter"),
        ("OPENAI_API_KEY", "openai"),
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("GROQ_API_KEY", "groq"),
        ("DEEPSEEK_API_KEY", "deepseek"),
        ("GOOGLE_GEMINI_API_KEY", "gemini"),
        ("XAI_API_KEY", "xai"),
    ];
    for (at, (_, name)) in order.iter().enumerate() {
        let mut keys: Vec<_> = order[at..]
            .iter()
            .map(|(variable, _)| (*variable, "k"))
            .collect();
        // Neither is a key, and a local server is never meant.
        keys.push(("LOCAL_LLM_API_KEY", "k"));
        keys.extend(order[..at].iter().map(|(variable, _)| (*variable, " \n")));
        let selected = choose(&[("local", "k", None)], &keys, "some-model").expect("a provider");
        assert_eq!((&*selected.name, &*selected.model), (*name, "some-model"));
    }
    let own = [("groq", "k", None), ("custom", "k", Some("http://a/v1"))];
    let selected = choose(&own, &[("DEEPSEEK_API_KEY", "k")], "some-model").expect("a provider");
    assert_eq!(selected.name, "groq");
}

#[test]
fn addresses_of_the_configuration() {
    let base = Some(" http://127.0.0.1:8080/v1/ ");
    for (own, variables, model, expected) in [
        (
            ("vllm", "", base),
            None,
            "vllm/org/model",
            (
                "vllm",
                "org/model",
                "http://127.0.0.1:8080/v1/chat/completions",
                "",
            ),
        ),
        (
            ("vllm", "k", base),
            None,
            "vllm/m",
            (
                "vllm",
                "m",
                "http://127.0.0.1:8080/v1/chat/completions",
                "Bearer k",
            ),
        ),
        (
            ("openai", "", base),
            None,
            "openai/m",
            (
                "openai",
                "m",
                "http://127.0.0.1:8080/v1/chat/completions",
                "",
            ),
        ),
        (
            ("openai", "", base),
            Some(("OPENAI_API_KEY", "e")),
            "openai/m",
            (
                "openai",
                "m",
                "http://127.0.0.1:8080/v1/chat/completions",
                "Bearer e",
            ),
        ),
        (
            ("anthropic", "k", base),
            None,
            "anthropic/m",
            ("anthropic", "m", "http://127.0.0.1:8080/v1/messages", "k"),
        ),
        (
            ("ollama", "", Some("https://box/v1")),
            None,
            "ollama/m",
            ("ollama", "m", "https://box/v1/chat/completions", ""),
        ),
        (
            ("groq", "k", Some("")),
            None,
            "groq/m",
            (
                "groq",
                "m",
                "https://api.groq.com/openai/v1/chat/completions",
                "Bearer k",
            ),
        ),
    ] {
        let variables: Vec<_> = variables.into_iter().collect();
        let selected = choose(&[own], &variables, model).expect(model);
        let (name, model, url, key) = expected;
        assert_eq!(
            chosen(&selected),
            (name.into(), model.into(), url.into(), key.into())
        );
        let request = selected.provider.request(&ChatRequest {
            model: "m",
            messages: &[],
            tools: &[],
            max_tokens: 1,
            temperature: 0.0,
            stream: true,
        });
        assert!(request.headers.contains(&("x-from".into(), name.into())));
    }
}

#[test]
fn errors_say_what_to_set() {
    let known = "openrouter, openai, anthropic, groq, deepseek, gemini, xai, mistral, together, local, ollama";
    for (own, variables, model, message) in [
        (None, None, "", "\"\" names no model: agents.defaults.model should be such as anthropic/claude-sonnet-4-5".to_string()),
        (None, None, " openai/ ", "\"openai/\" names no model: agents.defaults.model should be such as anthropic/claude-sonnet-4-5".to_string()),
        (None, None, "acme/m", format!("no provider acme: set providers.acme.api_base, or choose one of {known}")),
        (None, None, "/m", format!("no provider : set providers..api_base, or choose one of {known}")),
        (Some(("acme", "k", None)), None, "acme/m", "the address of acme is not known: set providers.acme.api_base".to_string()),
        (Some(("acme", "k", Some("ftp://a"))), None, "acme/m", "providers.acme.api_base should start with http:// or https://".to_string()),
        (None, None, "gpt-4o", format!("no key for gpt-4o: set OPENROUTER_API_KEY or providers.openrouter.api_key, or start the model with a provider, one of {known}")),
        (None, Some(("OPENAI_API_KEY", "sk-1\r\nx: y")), "openai/m", "the key for openai has characters that no key has".to_string()),
        (Some(("acme", "schlüssel", Some("http://a"))), None, "acme/m", "the key for acme has characters that no key has".to_string()),
    ] {
        let own: Vec<_> = own.into_iter().collect();
        let variables: Vec<_> = variables.into_iter().collect();
        let error = choose(&own, &variables, model).err().expect("an error");
        assert_eq!(error.to_string(), message);
    }
}

/// 1994-11-06 08:49:37 UTC in milliseconds, as Python's `email.utils` has it.
const NOW: u64 = 784_111_777_000;

fn with(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    headers
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).into()))
        .collect()
}

#[test]
fn statuses_that_are_asked_again() {
    // Both packages of the providers: 408, 409, 429, 500 and more
    for status in 100..=599 {
        let again = matches!(status, 408 | 409 | 429 | 500..);
        assert_eq!(retry(status, &[], NOW, 0, 0).is_some(), again, "{status}");
        assert_eq!(
            retry(status, &with(&[("x-should-retry", "false")]), NOW, 0, 0),
            None
        );
        assert_eq!(
            retry(status, &with(&[("x-should-retry", "true")]), NOW, 0, 0),
            Some(500)
        );
        assert_eq!(
            retry(status, &with(&[("x-should-retry", "maybe")]), NOW, 0, 0).is_some(),
            again
        );
    }
}

#[test]
fn backoff_grows_to_a_limit_and_is_random() {
    for (attempt, longest) in [
        (0, 500),
        (1, 1000),
        (2, 2000),
        (3, 4000),
        (4, 8000),
        (5, 8000),
        (u32::MAX, 8000),
    ] {
        let wait = |random| retry(503, &[], NOW, attempt, random).expect("a wait");
        assert_eq!(wait(0), longest);
        let waits: Vec<u64> = (0..10_000).map(wait).collect();
        assert_eq!(waits.iter().max(), Some(&longest));
        assert_eq!(waits.iter().min(), Some(&(longest * 3 / 4)));
        assert!((longest * 3 / 4..=longest).contains(&wait(u64::MAX)));
    }
}

#[test]
fn the_server_says_how_long() {
    // Dates in milliseconds as Python's email.utils has them
    for (header, value, wait) in [
        ("retry-after", "1", Some(1000)),
        ("retry-after", " 20 ", Some(20_000)),
        ("retry-after", "60", Some(60_000)),
        ("retry-after", "61", Some(61_000)),
        ("retry-after", "1.5", Some(1500)),
        ("retry-after", "0.0019", Some(1)),
        ("retry-after", "99999999999999999999999", Some(u64::MAX)),
        ("retry-after-ms", "250", Some(250)),
        ("retry-after-ms", "250.9", Some(250)),
        ("retry-after", "Sun, 06 Nov 1994 08:49:57 GMT", Some(20_000)),
        (
            "retry-after",
            "Thu, 29 Feb 2024 23:59:59 GMT",
            Some(1_709_251_199_000 - NOW),
        ),
        (
            "retry-after",
            "Fri, 01 Mar 2024 00:00:00 GMT",
            Some(1_709_251_200_000 - NOW),
        ),
        (
            "retry-after",
            "Tue, 29 Feb 2000 12:00:00 GMT",
            Some(951_825_600_000 - NOW),
        ),
        (
            "retry-after",
            "Wed, 31 Dec 2025 23:59:59 GMT",
            Some(1_767_225_599_000 - NOW),
        ),
        (
            "retry-after",
            "Mon, 01 Mar 2100 00:00:00 GMT",
            Some(4_107_542_400_000 - NOW),
        ),
        (
            "retry-after",
            "Sat, 28 Feb 2099 00:00:00 GMT",
            Some(4_075_920_000_000 - NOW),
        ),
        // Now, before, and what says nothing
        ("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT", None),
        ("retry-after", "Thu, 01 Jan 1970 00:00:01 GMT", None),
        ("retry-after", "0", None),
        ("retry-after", "", None),
        ("retry-after", "-5", None),
        ("retry-after", "+5", None),
        ("retry-after", "1e3", None),
        ("retry-after", "soon", None),
        ("retry-after", "1.", None),
        ("retry-after", ".5", None),
        ("retry-after", "Sun, 06 Nov 1995 08:49:37 UTC", None),
        ("retry-after", "Xun, 06 Nov 1995 08:49:37 GMT", None),
        ("retry-after", "Sun, 06 Nox 1995 08:49:37 GMT", None),
        ("retry-after", "Sun, 00 Nov 1995 08:49:37 GMT", None),
        ("retry-after", "Sun, 32 Nov 1995 08:49:37 GMT", None),
        ("retry-after", "Sun, 06 Nov 1995 24:49:37 GMT", None),
        ("retry-after", "Sun, 06 Nov 1995 08:60:37 GMT", None),
        ("retry-after", "Sun, 06 Nov 1995 08:49:61 GMT", None),
        ("retry-after", "Sun, 06 Nov 0000 08:49:37 GMT", None),
        ("retry-after", "Sun, 0x Nov 1995 08:49:37 GMT", None),
        ("retry-after", "Sun, 06 Nov 1995 08:49:3é GMT", None),
        ("Retry-After", "5", None),
        ("x-retry-after", "5", None),
    ] {
        let headers = with(&[(header, value)]);
        assert_eq!(after(&headers, NOW), wait, "{header}: {value}");
        let again = match wait {
            // Half a second is what it would be without a word.
            None => Some(500),
            Some(wait) => (wait <= MAX_WAIT).then_some(wait),
        };
        assert_eq!(retry(429, &headers, NOW, 0, 0), again, "{header}: {value}");
    }
    let both = with(&[("retry-after", "20"), ("retry-after-ms", "150")]);
    assert_eq!(retry(429, &both, NOW, 3, 7), Some(150));
    let one_of_both = with(&[("retry-after-ms", "x"), ("retry-after", "2")]);
    assert_eq!(retry(429, &one_of_both, NOW, 3, 7), Some(2000));
}
