//! What is a key or token, and what is nearly one. The texts are put together from parts, so that this file has
//! none itself; bodies are typed by hand or come from the issuers' own examples.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

use wm_secrets::forms::{FORMS, find};
use wm_secrets::{Answer, judge};

/// 100 characters without a pattern, of letters and digits.
const MIXED: &str = "q7Rk2ZpW9dXc4VbN6mTy1LgH8jFsA3eUo5IiQ0rKzPwDxCvBnMtYlGhJfSaEuOiK7R2pZ9WdX4cV6bN1mTyL8gHj3FsA5eUoI0iQ";
/// 64 of hexadecimal.
const HEX: &str = "3fa94c07d1b86e25907cfe1438ab52d6e07f19c3842bda65f0e1973d5c8ab246";
/// RFC 8410, section 10.3
const RFC_8410: &str = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
/// RFC 7515, appendix A.1: header, payload and signature
const HEADER: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn found(text: &str) -> Vec<&'static str> {
    find(text.as_bytes()).map(|form| FORMS[form].what).collect()
}

fn mixed(length: usize) -> &'static str {
    &MIXED[..length]
}

fn pem(label: &str, body: &str) -> String {
    format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----\n")
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn keys_and_tokens_are_found() {
    let key = "a private key";
    let model = "a key of a model's API";
    let legacy =
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,3FA94C07D1B86E25907CFE1438AB52D6\n\n";
    let cases = [
        (pem("PRIVATE KEY", RFC_8410), key),
        (pem("RSA PRIVATE KEY", RFC_8410), key),
        (pem("EC PRIVATE KEY", RFC_8410), key),
        (pem("DSA PRIVATE KEY", RFC_8410), key),
        (pem("OPENSSH PRIVATE KEY", RFC_8410), key),
        (pem("ENCRYPTED PRIVATE KEY", RFC_8410), key),
        (
            pem(
                "PGP PRIVATE KEY BLOCK",
                &format!("Version: 1\n\n{RFC_8410}"),
            ),
            key,
        ),
        (pem("RSA PRIVATE KEY", &format!("{legacy}{RFC_8410}")), key),
        // As in a file of JSON
        (pem("PRIVATE KEY", RFC_8410).replace('\n', "\\n"), key),
        (pem("PRIVATE KEY", RFC_8410).replace('\n', "\r\n"), key),
        // AWS's own examples
        (
            ["AKIA", "IOSFODNN7EXAMPLE"].concat(),
            "an AWS access key id",
        ),
        (
            ["ASIA", "IOSFODNN7EXAMPLE"].concat(),
            "an AWS access key id",
        ),
        (
            ["aws_access_key_id=AKIA", "2Q7RK3ZPW6DXC4VB"].concat(),
            "an AWS access key id",
        ),
        (["ghp_", mixed(36)].concat(), "a GitHub token"),
        (["gho_", mixed(36)].concat(), "a GitHub token"),
        (["ghu_", mixed(36)].concat(), "a GitHub token"),
        (["ghs_", mixed(36)].concat(), "a GitHub token"),
        (["ghr_", mixed(76)].concat(), "a GitHub token"),
        (
            ["github_pat_", mixed(22), "_", mixed(59)].concat(),
            "a GitHub token",
        ),
        (
            ["https://ghp_", mixed(36), "@github.com/a/b"].concat(),
            "a GitHub token",
        ),
        (["glpat-", mixed(20)].concat(), "a GitLab token"),
        (
            ["glpat-", mixed(9), "-_", mixed(9)].concat(),
            "a GitLab token",
        ),
        (["gloas-", HEX].concat(), "a GitLab token"),
        (["gldt-", mixed(20)].concat(), "a GitLab token"),
        (["glrt-", mixed(20)].concat(), "a GitLab token"),
        (["glcbt-1f_", mixed(20)].concat(), "a GitLab token"),
        (["glptt-", &HEX[..40]].concat(), "a GitLab token"),
        (["glft-", mixed(20)].concat(), "a GitLab token"),
        (["glimt-", mixed(25)].concat(), "a GitLab token"),
        (["glagent-", mixed(50)].concat(), "a GitLab token"),
        (["glsoat-", mixed(20)].concat(), "a GitLab token"),
        (
            ["xoxb-", "263594206564-2343594206574-", mixed(24)].concat(),
            "a Slack token",
        ),
        (
            [
                "xoxp-",
                "263594206564-263594206565-263594206566-",
                &HEX[..32],
            ]
            .concat(),
            "a Slack token",
        ),
        (
            ["xoxa-", "2-263594206564-", mixed(24)].concat(),
            "a Slack token",
        ),
        (
            ["xoxr-", "263594206564-", mixed(24)].concat(),
            "a Slack token",
        ),
        (
            ["xoxs-", "263594206564-", mixed(24)].concat(),
            "a Slack token",
        ),
        (["xoxe-", "1-", mixed(60)].concat(), "a Slack token"),
        (
            ["xapp-", "1-A02ABCDEFGH-263594206564-", HEX].concat(),
            "a Slack token",
        ),
        (["sk_live_", mixed(24)].concat(), "a Stripe key"),
        // Once in Stripe's documentation
        (
            ["sk_test_", "4eC39HqLyjWDarjtT1zdp7dc"].concat(),
            "a Stripe key",
        ),
        (["rk_live_", mixed(99)].concat(), "a Stripe key"),
        (["rk_test_", mixed(24)].concat(), "a Stripe key"),
        (["AIza", "Sy", mixed(33)].concat(), "a Google API key"),
        (
            ["?key=AIza", "Sy-_", mixed(31), "&q=1"].concat(),
            "a Google API key",
        ),
        (
            ["sk-ant-api03-", mixed(60), "-", mixed(32), "AA"].concat(),
            model,
        ),
        (
            ["sk-ant-admin01-", mixed(40), "_", mixed(40)].concat(),
            model,
        ),
        (
            ["sk-proj-", mixed(20), "_", mixed(20), "T3BlbkFJ", mixed(20)].concat(),
            model,
        ),
        (["sk-svcacct-", mixed(60)].concat(), model),
        (["sk-admin-", mixed(60)].concat(), model),
        (["sk-or-v1-", HEX].concat(), model),
        (["sk-", mixed(20), "T3BlbkFJ", mixed(20)].concat(), model),
        (["sk-", &HEX[..32]].concat(), model),
        (["OPENAI_API_KEY=\"sk-", mixed(48), "\""].concat(), model),
        (["npm_", mixed(36)].concat(), "an npm token"),
        (
            ["//registry.example/:_authToken=npm_", mixed(36)].concat(),
            "an npm token",
        ),
        (
            ["pypi-", "AgEIcHlwaS5vcmc", mixed(80)].concat(),
            "a PyPI token",
        ),
        (
            ["pypi-", "AgENdGVzdC5weXBpLm9yZw", mixed(80)].concat(),
            "a PyPI token",
        ),
        (
            [HEADER, ".", PAYLOAD, ".", SIGNATURE].concat(),
            "a JSON web token",
        ),
        (
            [
                "Authorization: Bearer ",
                HEADER,
                ".",
                PAYLOAD,
                ".",
                SIGNATURE,
                "\n",
            ]
            .concat(),
            "a JSON web token",
        ),
        (
            ["(", HEADER, ".", PAYLOAD, ".", SIGNATURE, ")."].concat(),
            "a JSON web token",
        ),
    ];
    assert!(cases.len() >= 60, "{}", cases.len());
    for (text, what) in &cases {
        assert_eq!(found(text), [*what], "{text}");
        let inside = format!("Ünser Schlüssel: „{text}“ – bitte merken");
        assert_eq!(found(&inside), [*what], "{inside}");
    }
    // Each form has a case.
    for (number, form) in FORMS.iter().enumerate() {
        let has = cases
            .iter()
            .any(|(text, _)| find(text.as_bytes()).any(|found| found == number));
        assert!(has, "no case of {}", form.prefix);
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn what_is_nearly_one_is_none() {
    let unsigned = [HEADER, ".", PAYLOAD, "."].concat();
    let cases = [
        String::new(),
        "The kettle is blue.".to_owned(),
        // No private key, and no key at all
        pem("PUBLIC KEY", RFC_8410),
        pem("CERTIFICATE", RFC_8410),
        pem("PGP PUBLIC KEY BLOCK", RFC_8410),
        "A file of PEM begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.".to_owned(),
        pem("RSA PRIVATE KEY", "..."),
        pem("PRIVATE KEY", &"x".repeat(64)),
        ["-----BEGIN PRIVATE KEY----\n", RFC_8410].concat(),
        ["-----BEGIN private key-----\n", RFC_8410].concat(),
        ["-----BEGIN PRIVATE KEY"].concat(),
        // One character less, one more, or another one
        ["AKIA", "IOSFODNN7EXAMPL"].concat(),
        ["AKIA", "IOSFODNN7EXAMPLES"].concat(),
        ["AKIA", "iosfodnn7example"].concat(),
        ["XAKIA", "IOSFODNN7EXAMPLE"].concat(),
        ["ABIA", "IOSFODNN7EXAMPLE"].concat(),
        ["AKIA", &"X".repeat(16)].concat(),
        ["ghp_", mixed(35)].concat(),
        ["ghp-", mixed(36)].concat(),
        ["ghx_", mixed(36)].concat(),
        ["Ghp_", mixed(36)].concat(),
        ["aghp_", mixed(36)].concat(),
        ["ghp_", &"x".repeat(36)].concat(),
        ["ghp_", &"12345".repeat(8)].concat(),
        ["ghp_", mixed(20), " ", mixed(16)].concat(),
        ["github_pat_", mixed(22), "_", mixed(58)].concat(),
        ["glpat-", mixed(19)].concat(),
        ["glpat_", mixed(20)].concat(),
        ["glpat-", &"x".repeat(20)].concat(),
        "glossary-of-the-words-that-we-use-here".to_owned(),
        ["xoxb-", "your-token-goes-here-and-nowhere-else"].concat(),
        ["xoxb-", "263594206564"].concat(),
        ["xoxz-", "263594206564-2343594206574-", mixed(24)].concat(),
        ["sk_live_", mixed(23)].concat(),
        // It is public.
        ["pk_live_", mixed(24)].concat(),
        ["sk_prod_", mixed(24)].concat(),
        "task_test_suites_that_take_longer_than_others".to_owned(),
        ["AIza", "Sy", mixed(32)].concat(),
        ["AIza", "Sy", mixed(34)].concat(),
        ["aiza", "Sy", mixed(33)].concat(),
        "sk-learn".to_owned(),
        "sk-fading-circle-with-a-name-that-does-not-end".to_owned(),
        "sk-fadingcirclewithanamethatdoesnotendtoosoon".to_owned(),
        "risk-assessment-of-2026-by-the-whole-department".to_owned(),
        ["sk-", mixed(31)].concat(),
        ["sk-ant-", mixed(31)].concat(),
        "sk-ant-and-other-words-that-are-only-words-here".to_owned(),
        ["task-", mixed(48)].concat(),
        ["npm_", mixed(35)].concat(),
        "npm_config_registry and npm_lifecycle_event are variables".to_owned(),
        ["npm-", mixed(36)].concat(),
        ["pypi-", mixed(80)].concat(),
        ["pypi-", "AgEIcHlwaS5vcmc", mixed(20)].concat(),
        "pypi-AgE is how it begins".to_owned(),
        // Of a token the parts by themselves, the wrong way, too short, or unsigned
        HEADER.to_owned(),
        [HEADER, ".", PAYLOAD].concat(),
        unsigned,
        [HEADER, ".", SIGNATURE, ".", PAYLOAD].concat(),
        [HEADER, ".", PAYLOAD, ".", &SIGNATURE[..39]].concat(),
        [HEADER, ". ", PAYLOAD, ".", SIGNATURE].concat(),
        ["x", HEADER, ".", PAYLOAD, ".", SIGNATURE].concat(),
        "eyJ.eyJ.eyJ.eyJ.eyJ".to_owned(),
        // Hashes, ids and addresses
        HEX.to_owned(),
        "sha256-".to_owned() + mixed(43) + "=",
        "550e8400-e29b-41d4-a716-446655440000".to_owned(),
        "https://example.org/a/b?c=d#e".to_owned(),
    ];
    assert!(cases.len() >= 60, "{}", cases.len());
    for text in cases {
        assert_eq!(found(&text), [""; 0], "{text}");
    }
}

fn answer(call: &str) -> String {
    let mut answer = Answer::new();
    let mut call = call.as_bytes().to_vec();
    judge(&mut call, &mut answer);
    String::from_utf8(answer.bytes().to_vec()).unwrap()
}

fn write(arguments: &str) -> String {
    format!(
        r#"{{"tool":"remember","access":"WRITE","profile":"default","arguments":{arguments},"now":1764288000000}}"#
    )
}

#[test]
fn it_says_what_and_where_and_nothing_of_it() {
    let github = ["ghp_", mixed(36)].concat();
    let stripe = ["sk_live_", mixed(24)].concat();
    let call = write(&format!(
        r#"{{"title":"Keys","content":"one\n{github} and {github}, {stripe}","tags":["a","{github}"]}}"#
    ));
    let expected = concat!(
        r#"{"action":"block","score":0,"reason":"content has a GitHub token, content has a Stripe key, "#,
        r#"tags has a GitHub token; note where it is kept instead","tags":["secret"]}"#
    );
    assert_eq!(answer(&call), expected);
    assert_eq!(answer(&write(r#"{"content":"The kettle is blue."}"#)), "");
    for (access, is_blocked) in [("READ", false), ("DELETE", false), ("WRITE", true)] {
        let call = call.replace("WRITE", access);
        assert_eq!(!answer(&call).is_empty(), is_blocked, "{access}");
    }
}

/// Each argument has a token.
#[test]
fn it_reads_json_as_it_may_be_written() {
    let github = ["ghp_", mixed(36)].concat();
    let escaped = github.replace('_', "\\u005f");
    let (first, rest) = github.split_at(20);
    for (arguments, name) in [
        (format!(r#"{{"content":"{escaped}"}}"#), "content"),
        (format!(r#"{{"content":"\n{github}"}}"#), "content"),
        (
            format!(r#"{{"content":"\\n\"{github}\"\u00e4"}}"#),
            "content",
        ),
        (
            format!(r#"{{"content":"{first}{rest}\ud83d\ude00"}}"#),
            "content",
        ),
        (
            format!(r#"{{ "a" : [ 1 , null , {{ "b" : [ "x" , "{github}" ] }} ] , "c" : "d" }}"#),
            "a",
        ),
        (format!(r#"{{"a":{{"{github}":1}}}}"#), "a"),
        (
            format!(r#"{{"arguments":"x","access":"READ","content":"{github}"}}"#),
            "content",
        ),
        (format!(r#"{{"a\"b":"{github}"}}"#), "an argument"),
        (format!(r#"{{"":"{github}"}}"#), "an argument"),
        (format!(r#"{{"{github}":"{github}"}}"#), "an argument"),
    ] {
        let expected = format!(
            r#"{{"action":"block","score":0,"reason":"{name} has a GitHub token; note where it is kept instead","tags":["secret"]}}"#
        );
        assert_eq!(answer(&write(&arguments)), expected, "{arguments}");
    }
    // Behind it, too
    let late = format!(r#"{{"arguments":{{"content":"{github}"}},"access":"WRITE"}}"#);
    assert!(answer(&late).contains("content has a GitHub token"));
    // In a name of a member that is no argument it is none.
    let other =
        format!(r#"{{"access":"WRITE","arguments":{{}},"other":{{"content":"{github}"}}}}"#);
    assert_eq!(answer(&other), "");
}

#[test]
fn what_is_no_call_is_refused() {
    let call = write(r#"{"content":"x"}"#);
    for length in 0..call.len() {
        let text = &call[..length];
        assert!(
            answer(text).contains("not in the form of contract 1"),
            "{text}"
        );
    }
    for text in [
        "null",
        "[]",
        r#"{"access":"WRITE"}"#,
        r#"{"arguments":{}}"#,
        r#"{"access":"write","arguments":{}}"#,
        r#"{"access":"WRITE","arguments":{}}}"#,
        r#"{"access":"WRITE","arguments":{"a":"\u00"}}"#,
        r#"{"access":"WRITE","arguments":{"a":"\uzzzz"}}"#,
    ] {
        assert!(
            answer(text).contains("not in the form of contract 1"),
            "{text}"
        );
    }
    assert_eq!(answer(r#"{"access":"WRITE","arguments":{}}"#), "");
}

/// More findings than an answer has room for: it is still one.
#[test]
fn a_long_answer_is_whole() {
    let github = ["ghp_", mixed(36)].concat();
    let arguments: Vec<_> = (0..100)
        .map(|number| format!(r#""argument_{number:0>20}":"{github}""#))
        .collect();
    let answer = answer(&write(&format!("{{{}}}", arguments.join(","))));
    assert!(answer.len() <= 1024, "{answer}");
    assert!(
        answer.ends_with(r#"; note where it is kept instead","tags":["secret"]}"#),
        "{answer}"
    );
}
