//! Configuration files: where they are found, what they may say, and what is said of a wrong one.

mod machine;

use clawft_core::config::{Config, Error, ProviderConfig};
use machine::Machine;
use serde_json::json;

const SECRET: &str = "sk-do-not-show-me";

fn read(file: &str, text: &str) -> Result<Config, Error> {
    Config::read(file, text.as_bytes())
}

fn provider<'a>(config: &'a Config, name: &str) -> &'a ProviderConfig {
    config.provider(name).expect("a provider")
}

#[test]
fn the_first_file_there_is_counts() {
    let mut machine = Machine::new();
    let model = |machine: &Machine| {
        let config = Config::load(&machine.platform(), None);
        config.expect("a configuration").agent.model
    };
    assert_eq!(model(&machine), "deepseek/deepseek-chat");
    let json = |model: &str| json!({"agents": {"defaults": {"model": model}}}).to_string();
    machine.put(".nanobot/config.json", json("nanobot"));
    assert_eq!(model(&machine), "nanobot");
    machine.put(".clawft/config.json", json("json"));
    assert_eq!(model(&machine), "json");
    machine.put(".clawft/config.toml", "agents.defaults.model = 'toml'");
    assert_eq!(model(&machine), "toml");
    machine.put("other", json("variable"));
    machine.set("CLAWFT_CONFIG", Some("~/other"));
    assert_eq!(model(&machine), "variable");
    machine.put("given", "[agents.defaults]\nmodel = 'given'");
    let given = format!("{}/given", machine.home());
    let config = Config::load(&machine.platform(), Some(&given)).expect("a configuration");
    assert_eq!(config.agent.model, "given");
    // An empty path is none, wherever it comes from.
    let config = Config::load(&machine.platform(), Some("")).expect("a configuration");
    assert_eq!(config.agent.model, "variable");
    machine.set("CLAWFT_CONFIG", Some(""));
    assert_eq!(model(&machine), "toml");
}

#[test]
fn a_file_that_was_asked_for_is_there() {
    let mut machine = Machine::new();
    machine.set("CLAWFT_CONFIG", Some("/nowhere/config.toml"));
    let error = Config::load(&machine.platform(), None).expect_err("no such file");
    assert_eq!(
        error.to_string(),
        "configuration: /nowhere/config.toml: no such file or folder"
    );
    machine.set("CLAWFT_CONFIG", Some("config.toml"));
    let error = Config::load(&machine.platform(), None).expect_err("no folder");
    assert_eq!(
        error.to_string(),
        "configuration: config.toml: write it as a path from / or ~ on"
    );
}

#[test]
fn a_broken_file_is_no_reason_for_defaults() {
    let machine = Machine::new();
    machine.put(
        ".clawft/config.toml",
        format!("providers.x.api_key = {SECRET}"),
    );
    machine.put(".clawft/config.json", "{}");
    let error = Config::load(&machine.platform(), None).expect_err("no TOML");
    let text = error.to_string();
    assert!(text.contains("/.clawft/config.toml:1:23: "), "{text}");
    assert!(!text.contains("sk-"), "{text}");
}

#[test]
fn a_file_has_a_limit() {
    let machine = Machine::new();
    machine.put(".clawft/config.toml", vec![b'\n'; (1 << 20) + 1]);
    let error = Config::load(&machine.platform(), None).expect_err("too long");
    assert!(
        error.to_string().ends_with("longer than 1048576 bytes"),
        "{error}"
    );
    machine.put(".clawft/config.toml", vec![b'\n'; 1 << 20]);
    Config::load(&machine.platform(), None).expect("as long as it may be");
}

#[test]
fn the_workspace_is_a_path_from_the_root_on() {
    let mut machine = Machine::new();
    let workspace = |machine: &Machine| {
        let config = Config::load(&machine.platform(), None);
        config.map(|config| config.agent.workspace.replace(machine.home(), "HOME"))
    };
    assert_eq!(workspace(&machine).as_deref(), Ok("HOME/.clawft/workspace"));
    machine.put(".nanobot/workspace/SOUL.md", "");
    assert_eq!(
        workspace(&machine).as_deref(),
        Ok("HOME/.nanobot/workspace")
    );
    machine.put(".clawft/workspace/SOUL.md", "");
    assert_eq!(workspace(&machine).as_deref(), Ok("HOME/.clawft/workspace"));
    for (said, expected) in [
        ("~", "HOME"),
        ("~/a", "HOME/a"),
        ("/b", "/b"),
        ("c", "HOME/.clawft/c"),
    ] {
        machine.put(
            ".clawft/config.toml",
            format!("agents.defaults.workspace = '{said}'"),
        );
        assert_eq!(workspace(&machine).as_deref(), Ok(expected));
    }
    // What is said is meant, be it the default, and not there yet beside nanobot's.
    std::fs::remove_dir_all(machine.path(".clawft/workspace")).expect("a folder");
    machine.put(
        ".clawft/config.toml",
        "agents.defaults.workspace = '~/.clawft/workspace'",
    );
    assert_eq!(workspace(&machine).as_deref(), Ok("HOME/.clawft/workspace"));
    // Another user's home is not known, and no folder of that name is meant.
    machine.put(
        ".clawft/config.toml",
        "agents.defaults.workspace = '~other/x'",
    );
    let error = workspace(&machine).expect_err("another user");
    assert!(error.to_string().starts_with("~other/x: "), "{error}");
    let file = format!("{}/.clawft/config.toml", machine.home());
    machine.put(".clawft/config.toml", "agents.defaults.workspace = '~/a'");
    machine.set("HOME", None);
    let error = Config::load(&machine.platform(), Some(&file)).expect_err("no home");
    assert!(error.to_string().contains("set HOME"), "{error}");
    machine.put(".clawft/config.toml", "agents.defaults.workspace = '/w'");
    Config::load(&machine.platform(), Some(&file)).expect("no home is needed");
}

/// The same in both languages and both cases.
#[test]
fn camel_case_and_snake_case_say_the_same() {
    let camel = r#"{
        "agents": {"defaults": {"maxTokens": 100, "temperature": 0.5, "maxToolIterations": 7,
            "memoryWindow": 9, "timeout": 30, "attempts": 2}},
        "providers": {"myProvider": {"apiKey": "k", "baseURL": "https://a.example/v1",
            "extraHeaders": {"X-Title": "t"}}},
        "tools": {"web": {"search": {"apiKey": "s", "maxResults": 3}}, "exec": {"timeout": 5},
            "urlPolicy": {"allowPrivate": true, "allowedDomains": ["a"], "blockedHosts": ["b"]},
            "mcpServers": {"aServer": {"command": "c", "env": {"someVar": "v"}, "internalOnly": true}}},
        "someKey": {"HTTPPort": [{"innerKey": null}]}
    }"#;
    let snake = r#"
        some_key.http_port = [{}]
        [agents.defaults]
        max_tokens = 100
        temperature = 0.5
        max_tool_iterations = 7
        memory_window = 9
        timeout = 30
        attempts = 2
        [providers.myProvider]
        api_key = "k"
        api_base = "https://a.example/v1"
        extra_headers = {"X-Title" = "t"}
        [tools]
        exec.timeout = 5
        url_policy = {allow_private = true, allowed_hosts = ["a"], blocked_domains = ["b"]}
        [tools.web.search]
        api_key = "s"
        max_results = 3
        [tools.mcp_servers.aServer]
        command = "c"
        env = {someVar = "v"}
        internal_only = true
    "#;
    let json = read("c.json", camel).expect("JSON");
    let toml = read("c.toml", snake).expect("TOML");
    assert_eq!(json.agent, toml.agent);
    assert_eq!(json.providers, toml.providers);
    assert_eq!(json.tools, toml.tools);
    assert_eq!(json.agent.max_tool_iterations, 7);
    assert_eq!(json.agent.timeout, 30_000);
    assert_eq!(provider(&json, "myProvider").api_key.reveal(), "k");
    assert_eq!(
        provider(&json, "myProvider").extra_headers,
        [("X-Title".to_owned(), "t".to_owned())]
    );
    assert_eq!(json.tools.exec_timeout, 5000);
    assert_eq!(json.tools.allowed_hosts, ["a"]);
    assert_eq!(json.tools.blocked_hosts, ["b"]);
    // Names stay, and so does what nothing reads.
    assert_eq!(
        json.document["tools"]["mcp_servers"]["aServer"],
        json!({"command": "c", "env": {"someVar": "v"}, "internal_only": true})
    );
    assert_eq!(
        json.document["some_key"],
        json!({"http_port": [{"inner_key": null}]})
    );
}

#[test]
fn defaults_are_those_of_the_original() {
    let config = read("c.json", "{}").expect("an empty table");
    assert_eq!(config, Config::default());
    let agent = &config.agent;
    assert_eq!(agent.model, "deepseek/deepseek-chat");
    assert_eq!(agent.max_tokens, 8192);
    assert!((agent.temperature - 0.7).abs() < 1e-6);
    assert_eq!((agent.max_tool_iterations, agent.memory_window), (20, 50));
    assert_eq!(config.tools.search_max_results, 5);
    assert_eq!(config.tools.exec_timeout, 60_000);
    // nanobot writes out what is not set.
    let unset =
        r#"{"providers": {"groq": null, "xai": {"apiKey": "", "apiBase": null}}, "tools": null}"#;
    let config = read("c.json", unset).expect("nothing set");
    assert!(provider(&config, "xai").api_key.is_empty());
    assert_eq!(provider(&config, "groq"), provider(&config, "xai"));
}

#[test]
fn a_name_without_an_ending_is_read_as_what_it_looks_like() {
    let toml = "agents.defaults.model = 'm'";
    let json = " \n{\"agents\": {\"defaults\": {\"model\": \"m\"}}}";
    for (file, text) in [
        ("c", toml),
        ("c", json),
        ("c.conf", toml),
        ("c.toml", toml),
        ("c.json", json),
    ] {
        assert_eq!(read(file, text).expect(text).agent.model, "m");
        assert_eq!(
            read(file, &format!("\u{feff}{text}"))
                .expect("a mark")
                .agent
                .model,
            "m"
        );
    }
}

/// A file's name, its text, and the whole of what is said of it.
const WRONG: &[(&str, &str, &str)] = &[
    (
        "c.toml",
        "[agents.defaults]\nmodel = 'm'\n  max_tokens = '8192'",
        "c.toml:3:3: agents.defaults.max_tokens: a text where a whole number from 1 to 10000000 is needed; write it without quotation marks",
    ),
    (
        "c.json",
        "{\"agents\":\n {\"defaults\": {\"é\": 1, \"maxTokens\": true}}}",
        "c.json:2:24: agents.defaults.max_tokens: a truth value where a whole number from 1 to 10000000 is needed",
    ),
    (
        "c.toml",
        "agents.defaults.max_tool_iterations = 0",
        "c.toml:1:17: agents.defaults.max_tool_iterations: that is not a whole number from 1 to 10000",
    ),
    (
        "c.toml",
        "agents.defaults.max_tokens = -1",
        "c.toml:1:17: agents.defaults.max_tokens: that is not a whole number from 1 to 10000000",
    ),
    (
        "c.toml",
        "agents.defaults.max_tokens = 1.5",
        "c.toml:1:17: agents.defaults.max_tokens: that is not a whole number from 1 to 10000000",
    ),
    (
        "c.json",
        r#"{"agents": {"defaults": {"temperature": 2.5}}}"#,
        "c.json:1:26: agents.defaults.temperature: that is not a number from 0 to 2",
    ),
    (
        "c.json",
        r#"{"agents": {"defaults": {"temperature": "0.5"}}}"#,
        "c.json:1:26: agents.defaults.temperature: a text where a number from 0 to 2 is needed; write it without quotation marks",
    ),
    (
        "c.json",
        r#"{"agents": {"defaults": {"model": 5}}}"#,
        "c.json:1:26: agents.defaults.model: a number where a text is needed; put it in quotation marks",
    ),
    (
        "c.toml",
        "[agents]\ndefaults = []",
        "c.toml:2:1: agents.defaults: a list where a table is needed",
    ),
    (
        "c.toml",
        "\n[providers]\nopenai = 'sk-do-not-show-me'",
        "c.toml:3:1: providers.openai: a text where a table is needed",
    ),
    (
        "c.toml",
        "[providers.openai]\napi_key = \"sk-do\\n-not-show-me\"",
        "c.toml:2:1: providers.openai.api_key: a line break or another control character in it; take it out",
    ),
    (
        "c.json",
        r#"{"providers": {"openai": {"apiKey": ["sk-do-not-show-me"]}}}"#,
        "c.json:1:27: providers.openai.api_key: a list where a text is needed",
    ),
    (
        "c.toml",
        "[providers.a]\napi_base = 'localhost:1234'",
        "c.toml:2:1: providers.a.api_base: no URL; it begins with http:// or https://",
    ),
    (
        "c.toml",
        "[providers.a]\napi_base = 'http://name:sk-do-not-show-me@a.example/v1'",
        "c.toml:2:1: providers.a.api_base: a name or password in it; extra_headers can have those",
    ),
    (
        "c.json",
        r#"{"tools": {"web": {"search": {"endpoint": "https://sk-do-not-show-me@a.example?q"}}}}"#,
        "c.json:1:31: tools.web.search.endpoint: a name or password in it; extra_headers can have those",
    ),
    (
        "c.toml",
        "[providers.a.extra_headers]\n'X Y' = 'z'",
        "c.toml:2:1: providers.a.extra_headers.X Y: no name of a header",
    ),
    (
        "c.toml",
        "[tools.url_policy]\nallowed_hosts = 'a'",
        "c.toml:2:1: tools.url_policy.allowed_hosts: a text where a list of texts is needed; put it in brackets",
    ),
    (
        "c.toml",
        "[tools.url_policy]\nallow_private = 'yes'",
        "c.toml:2:1: tools.url_policy.allow_private: a text where true or false is needed; write it without quotation marks",
    ),
    (
        "c.toml",
        "[providers.a]\napi_base = 'http://['",
        "c.toml:2:1: providers.a.api_base: no URL; it begins with http:// or https://",
    ),
    (
        "c.toml",
        "tools.url_policy.blocked_hosts = ['example.org', 'http://evil.example/']",
        "c.toml:1:18: tools.url_policy.blocked_hosts: not all are hosts, such as example.org, *.example.org, example.org:8443 or an address",
    ),
    (
        "c.json",
        r#"{"tools": {"urlPolicy": {"blockedDomains": ["10.0.0.0/8"]}}}"#,
        "c.json:1:26: tools.url_policy.blocked_domains: not all are hosts, such as example.org, *.example.org, example.org:8443 or an address",
    ),
    (
        "c.toml",
        "\n[tools]\nurl_policy.allowed_hosts = ['*']",
        "c.toml:3:12: tools.url_policy.allowed_hosts: not all are hosts, such as example.org, *.example.org, example.org:8443 or an address",
    ),
    (
        "c.toml",
        "tools.url_policy.allowed_domains = ['']",
        "c.toml:1:18: tools.url_policy.allowed_domains: not all are hosts, such as example.org, *.example.org, example.org:8443 or an address",
    ),
    (
        "c.toml",
        "tools.restrict_to_workspace = 'yes'",
        "c.toml:1:7: tools.restrict_to_workspace: a text where true or false is needed; write it without quotation marks",
    ),
    (
        "c.toml",
        "tools.command_policy.mode = 'denylst'",
        "c.toml:1:22: tools.command_policy.mode: neither allowlist nor denylist",
    ),
    (
        "c.json",
        r#"{"tools": {"commandPolicy": {"allowlist": "ls"}}}"#,
        "c.json:1:30: tools.command_policy.allowlist: a text where a list of texts is needed; put it in brackets",
    ),
    (
        "c.toml",
        "[agents.defaults]\nmodle = 'm'",
        "c.toml:2:1: agents.defaults.modle: unknown; is model meant?",
    ),
    (
        "c.json",
        r#"{"tools": {"urlPolicy": {"allowPrivat": true}}}"#,
        "c.json:1:26: tools.url_policy.allow_privat: unknown; is allow_private meant?",
    ),
    (
        "c.toml",
        "[providers.x]\napikey = 'sk-do-not-show-me'",
        "c.toml:2:1: providers.x.apikey: unknown; is api_key meant?",
    ),
    (
        "c.toml",
        "[agents.defaults]\nmodel = 'a'\n model = 'b'",
        "c.toml:3:2: model: said twice; keep one",
    ),
    (
        "c.toml",
        "[providers.a]\n[providers.'a']",
        "c.toml:2:12: a: said twice; keep one",
    ),
    (
        "c.json",
        "{\"providers\": {\"a\": {\"apiKey\": \"sk-do-not-show-me\"}},\n\"x\": [1, {\"y\": 2}], \"providers\": {}}",
        "c.json:2:21: two values of providers",
    ),
    (
        "c.toml",
        "[providers.a]\napi_key = sk-do-not-show-me",
        "c.toml:2:11: api_key: no value; a text stands in quotation marks, a number is finite, and a day is one of its month",
    ),
    (
        "c.toml",
        "providers.a.extra_headers.sk-do-not-show-me = x",
        "c.toml:1:47: no value; a text stands in quotation marks, a number is finite, and a day is one of its month",
    ),
    (
        "c.json",
        "{\"providers\": {\"a\": {\"ä\": 1,\n\"apiKey\": sk-do-not-show-me}}}",
        "c.json:2:11: api_key: a word without quotes",
    ),
    (
        "c.toml",
        "x = nan",
        "c.toml:1:5: no value; a text stands in quotation marks, a number is finite, and a day is one of its month",
    ),
    (
        "c.json",
        "{\"providers\": {\"a\": {\n\"apiKey\": \"x\", \"api_key\": \"y\"}}}",
        "c.json:2:16: providers.a.api_key: said twice, in camel case and in snake case; keep one",
    ),
    ("c.json", "[]", "c.json:1:1: a list where a table is needed"),
    (
        "c.json",
        "{\n\"providers\": {\"a\": {\"apiKey\": \"sk-do-not-show-me}}}",
        "c.json:2:31: api_key: a string without an end",
    ),
    (
        "c.toml",
        "[providers.a]\napi_key = \"sk-do-not-show-me",
        "c.toml:2:29: api_key: the text ends too early",
    ),
    (
        "c.toml",
        "[providers.a]\napi_key = \"sk-do-not-show-me\nx = 1",
        "c.toml:2:29: api_key: a quotation mark is missing",
    ),
];

#[test]
fn an_error_says_where_and_what_and_the_cure() {
    for (file, text, expected) in WRONG {
        let error = read(file, text).expect_err(text);
        assert_eq!(error.to_string(), *expected, "of {text}");
        assert!(!format!("{error:?}").contains("not-show"), "{error:?}");
    }
}

/// What is near no key that is read, or is a name of the user's, is not looked at.
#[test]
fn unknown_keys_stay() {
    for text in [
        r#"{"gateway": {"host": "x"}, "tools": {"mcpServers": {"wed": {}}}, "providers": {"modle": {}}}"#,
        r#"{"providers": {"a": {"extraHeaders": {"x": "y"}, "browserDirect": false, "corsProxy": ""}}}"#,
        r#"{"channels": {"telegram": {"allowFrom": []}}, "routing": {}, "delegation": {}, "voice": {}}"#,
        r#"{"agents": {"defaults": {"topP": 1}, "list": []}, "kernel": {}, "pipeline": {}}"#,
        r#"{"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}, {"b": 1}]}"#,
    ] {
        assert!(
            read("c.json", text).is_ok(),
            "{text}: {:?}",
            read("c.json", text)
        );
    }
    let error = read("c.json", r#"{"a": [{"b": 1, "b": 2}]}"#).expect_err("twice");
    assert_eq!(error.to_string(), "c.json:1:17: two values of b");
}

#[test]
fn what_is_no_text_is_refused_with_its_place() {
    let error = Config::read("c.toml", b"a = 'b'\nc = '\xc3\xa9\xff'").expect_err("no UTF-8");
    assert_eq!(error.to_string(), "c.toml:2:7: no UTF-8");
}

#[test]
fn secrets_are_never_shown() {
    let text = format!(
        r#"
        voice.password = "{SECRET}"
        [providers.a]
        api_key = "{SECRET}"
        api_base = "https://a.example"
        extra_headers.Authorization = "{SECRET}"
        [channels.telegram]
        token = "{SECRET}"
        botToken = 5
        [tools.web.search]
        apiKey = "{SECRET}"
        [tools.mcp_servers.s]
        env.ANYTHING = "{SECRET}"
        url = "https://name:{SECRET}@host.example/"
        [agents.defaults]
        max_tokens = 77
        "#
    );
    let config = read("c.toml", &text).expect("a configuration");
    let provider = provider(&config, "a");
    assert_eq!(provider.api_key.reveal(), SECRET);
    assert_eq!(provider.extra_headers[0].1, SECRET);
    let json = config.to_json();
    for shown in [
        format!("{config:?}"),
        format!("{provider:?}"),
        json.to_string(),
    ] {
        assert!(!shown.contains(SECRET), "{shown}");
    }
    assert_eq!(json["providers"]["a"]["api_key"], "");
    assert_eq!(json["channels"]["telegram"]["bot_token"], "");
    assert_eq!(json["agents"]["defaults"]["max_tokens"], 77);
}
