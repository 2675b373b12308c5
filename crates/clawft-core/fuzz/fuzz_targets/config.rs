//! Whatever the bytes are, they are a configuration or an error with its place. What was read is read
//! again from its JSON, and what is shown holds no key.
#![no_main]

use clawft_core::config::{Config, Error};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|content: &[u8]| {
    for file in ["c.toml", "c.json", "c"] {
        match Config::read(file, content) {
            Ok(config) => {
                let again = clawft_core::json::text(&config.document);
                let again = Config::read("c.json", again.as_bytes()).expect("the same");
                assert_eq!(again.providers, config.providers);
                let shown = config.to_json();
                for (name, _) in &config.providers {
                    let key = &shown["providers"][name]["api_key"];
                    assert!(matches!(key.as_str(), None | Some("")));
                }
                let _ = format!("{config:?}");
            }
            Err(Error::Content { line, column, .. }) => {
                let lines = content.split(|byte| *byte == b'\n').count();
                assert!(line <= lines && column <= content.len() + 1);
            }
            Err(error) => panic!("{error}"),
        }
    }
});
