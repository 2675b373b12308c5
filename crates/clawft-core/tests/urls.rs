//! URLs: how they are taken apart and which are fetched, by the cases of `urls.json` and
//! `references.json`. `urls.py` wrote into them what Node and Python make of each.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod workbench;

use std::net::IpAddr;

use clawft_core::url_policy::{Url, UrlError, Zone, judge, zone};
use serde_json::Value;

use workbench::config;

fn cases(text: &str) -> Vec<Value> {
    serde_json::from_str(text).unwrap()
}

#[test]
fn each_url_is_what_others_take_it_for_or_refused() {
    let cases = cases(include_str!("urls.json"));
    assert!(cases.len() >= 60);
    for case in cases {
        let text = case["url"].as_str().unwrap();
        let verdict = judge(text, &config().tools);
        if case["zone"] == "invalid" {
            assert!(
                matches!(verdict, Err(UrlError::Invalid(_))),
                "{text:?}: {verdict:?}"
            );
            continue;
        }
        let url = Url::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let host = case["host"].as_str().unwrap();
        if let Some(IpAddr::V6(address)) = url.address {
            // The same address is written in several ways.
            let expected = host.trim_matches(['[', ']']).parse();
            assert_eq!(Ok(address), expected, "{text:?}");
        } else {
            // The dot at the end of a name is left out here.
            let bare = host.trim_end_matches('.');
            assert_eq!(url.host, bare, "{text:?}");
            let href = case["href"].as_str().unwrap();
            assert_eq!(url.to_string(), href.replacen(host, bare, 1));
        }

        let zone = match url.zone() {
            Zone::Public => "public",
            Zone::Private => "private",
            Zone::Metadata => "metadata",
        };
        assert_eq!(case["zone"], zone, "{text:?}");
        assert_eq!(verdict.is_ok(), zone == "public", "{text:?}");
        // Where Python's view of the registries differs, the case says why.
        if let Some(global) = case["global"].as_bool()
            && global != (zone == "public")
        {
            assert!(case["note"].is_string(), "{case}");
        }
    }
}

#[test]
fn references_lead_where_browsers_go() {
    let cases = cases(include_str!("references.json"));
    for case in cases {
        let [reference, base, href] = [0, 1, 2].map(|part| case[part].as_str().unwrap());
        let url = Url::parse(base).unwrap().join(reference);
        if href.starts_with("http") {
            // An IPv6 address is written in another way here.
            let expected = if href.contains('[') {
                Url::parse(href).unwrap().to_string()
            } else {
                href.to_owned()
            };
            assert_eq!(url.unwrap().to_string(), expected, "{case}");
        } else {
            assert!(url.is_err(), "{case}");
        }
    }
}

#[test]
fn references_that_parsers_read_differently_are_refused() {
    let base = Url::parse("https://a.example/b").unwrap();
    for reference in [
        "\\\\127.0.0.1/",
        "/\\127.0.0.1/",
        "//user@127.0.0.1/",
        "/a\tb",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "http:x",
        "//",
    ] {
        assert!(base.join(reference).is_err(), "{reference:?}");
    }
}

#[test]
fn what_the_user_says_decides() {
    const HOST: &str = "http://192.168.1.5:8080/";
    const METADATA: &str = "http://169.254.169.254/";
    let allowed = |url: &str, allow_private: bool, allowed: &[&str], blocked: &[&str]| {
        let mut tools = config().tools;
        tools.allow_private = allow_private;
        tools.allowed_hosts = allowed.iter().map(ToString::to_string).collect();
        tools.blocked_hosts = blocked.iter().map(ToString::to_string).collect();
        judge(url, &tools).map(|(_, reach)| reach).ok()
    };
    let all = Some(Zone::Metadata);
    for (url, private, names, blocked, expected) in [
        (HOST, false, &[][..], &[][..], None),
        (HOST, true, &[], &[], Some(Zone::Private)),
        (HOST, false, &["192.168.1.5"], &[], all),
        (HOST, false, &["192.168.261"], &[], all),
        (HOST, false, &["192.168.1.5:8080"], &[], all),
        (HOST, false, &["192.168.1.5:80"], &[], None),
        (HOST, false, &["192.168.1.50"], &[], None),
        (HOST, false, &["*.168.1.5"], &[], None),
        (HOST, true, &["192.168.1.5"], &["192.168.1.5"], None),
        (METADATA, true, &[], &[], None),
        (METADATA, false, &["169.254.169.254"], &[], all),
        // RFC 4291, 2.5.5.2; RFC 6052, 2.1; RFC 3056, 2
        (
            "http://[::ffff:127.0.0.1]/",
            true,
            &[],
            &["127.0.0.1"],
            None,
        ),
        ("http://127.0.0.1/", true, &[], &["::ffff:7f00:1"], None),
        ("http://[64:ff9b::8.8.8.8]/", true, &[], &["8.8.8.8"], None),
        ("http://[2002:808:808::1]/", true, &[], &["8.8.8.8"], None),
        (
            "http://8.8.4.4/",
            true,
            &[],
            &["2002:808:808::1"],
            Some(Zone::Private),
        ),
        (
            "http://[::ffff:c0a8:105]/",
            false,
            &["192.168.1.5"],
            &[],
            all,
        ),
        ("http://[::1]:3000/", false, &["::1"], &[], all),
        ("http://[::1]:3000/", false, &["[::1]"], &[], all),
        ("http://[::1]:3000/", false, &["[::1]:3000"], &[], all),
        ("http://[::1]:3000/", false, &["[::1]:3001"], &[], None),
        ("http://localhost/", false, &["LOCALHOST"], &[], all),
        ("http://a.internal/", false, &["*.internal"], &[], all),
        ("http://a.internal/", false, &["internal"], &[], None),
        ("http://ainternal/", false, &["*.internal"], &[], None),
        ("http://e.example.org/", false, &[], &[], Some(Zone::Public)),
        ("http://e.example.org/", true, &[], &["example.org"], None),
        (
            "http://e.example.org./",
            true,
            &[],
            &["*.EXAMPLE.org"],
            None,
        ),
        (
            "http://example.org/",
            false,
            &[],
            &["ple.org"],
            Some(Zone::Public),
        ),
        (
            "http://example.org/",
            false,
            &["%", "", "a b"],
            &["", "["],
            Some(Zone::Public),
        ),
    ] {
        assert_eq!(
            allowed(url, private, names, blocked),
            expected,
            "{url} {names:?} {blocked:?}"
        );
    }
}

#[test]
fn an_address_is_as_near_by_itself() {
    for (address, expected) in [
        ("127.0.0.1", Zone::Private),
        ("::1", Zone::Private),
        ("8.8.8.8", Zone::Public),
        ("::ffff:169.254.169.254", Zone::Metadata),
    ] {
        assert_eq!(zone(address.parse().unwrap()), expected);
    }
    assert!(Zone::Public < Zone::Private && Zone::Private < Zone::Metadata);
    // A request that says nothing, as those to models, may reach all.
    assert_eq!(Zone::default(), Zone::Metadata);
}

#[test]
fn errors_say_what_to_do() {
    let error = judge("http://10.0.0.1/", &config().tools).unwrap_err();
    assert_eq!(
        error.to_string(),
        "10.0.0.1 may not be fetched: it is on this machine, in a private network or reserved; \
         tools.url_policy in the user's configuration does not allow it"
    );
    let error = judge("http://bücher.example/", &config().tools).unwrap_err();
    assert!(error.to_string().contains("xn--"), "{error}");
    let long = format!("http://example.com/{}", "a".repeat(9000));
    assert!(Url::parse(&long).is_err());
}
