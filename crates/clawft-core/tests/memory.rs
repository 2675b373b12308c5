//! An agent's memory, and what a model is told of itself.

mod machine;

use clawft_core::memory::{self, Mode};
use clawft_core::platform::FileErrorKind;
use clawft_core::prompt;
use clawft_core::tool::Spec;
use machine::Machine;

const MEMORY: &str = ".clawft/workspace/memory/MEMORY.md";

#[test]
fn a_memory_is_read_added_to_and_overwritten() {
    let machine = Machine::new();
    let platform = machine.platform();
    let workspace = machine.open(".clawft/workspace");
    assert_eq!(memory::read(&platform, &*workspace).as_deref(), Ok(""));
    let write = |content, mode| memory::write(&platform, &*workspace, content, mode).expect("kept");
    write("one", Mode::Append);
    assert_eq!(machine.get(MEMORY), "one\n");
    write("two\n", Mode::Append);
    assert_eq!(machine.get(MEMORY), "one\n\ntwo\n");
    machine.put(MEMORY, "by hand");
    write("three", Mode::Append);
    assert_eq!(machine.get(MEMORY), "by hand\n\nthree\n");
    write("four", Mode::Overwrite);
    assert_eq!(memory::read(&platform, &*workspace).as_deref(), Ok("four"));
    assert_eq!(Mode::parse("append"), Some(Mode::Append));
    assert_eq!(Mode::parse("overwrite"), Some(Mode::Overwrite));
    assert_eq!(Mode::parse("replace"), None);
}

#[test]
fn a_memory_has_a_limit_and_stays_below_it() {
    let machine = Machine::new();
    let platform = machine.platform();
    let workspace = machine.open(".clawft/workspace");
    let limit = usize::try_from(memory::LIMIT).expect("a length");
    let write = |content: &str, mode| memory::write(&platform, &*workspace, content, mode);
    let too_large = |outcome: Result<(), clawft_core::platform::FileError>| {
        outcome.expect_err("too long").kind == FileErrorKind::TooLarge(memory::LIMIT)
    };
    assert!(too_large(write(&"x".repeat(limit + 1), Mode::Overwrite)));
    write(&"x".repeat(limit - 4), Mode::Overwrite).expect("kept");
    assert!(too_large(write("ab", Mode::Append)));
    write("a", Mode::Append).expect("the last byte");
    assert_eq!(
        memory::read(&platform, &*workspace).expect("kept").len(),
        limit
    );
    // What something else made longer is read from its end, and takes no more.
    machine.put(MEMORY, format!("{}end", "é".repeat(limit / 2)));
    let read = memory::read(&platform, &*workspace).expect("kept");
    assert_eq!(read, format!("{}end", "é".repeat(limit / 2 - 2)));
    assert!(too_large(memory::write(
        &platform,
        &*workspace,
        "",
        Mode::Append
    )));
    machine.put(MEMORY, b"\xff");
    let error = memory::read(&platform, &*workspace).expect_err("no UTF-8");
    assert_eq!(error.to_string(), "memory/MEMORY.md: no UTF-8");
}

#[test]
fn a_memory_of_before_is_brought_over() {
    let machine = Machine::new();
    machine.put(".nanobot/workspace/memory/MEMORY.md", "old\n");
    let platform = machine.platform();
    let workspace = machine.open(".clawft/workspace");
    assert_eq!(memory::read(&platform, &*workspace).as_deref(), Ok("old\n"));
    memory::write(&platform, &*workspace, "new", Mode::Append).expect("kept");
    assert_eq!(machine.get(MEMORY), "old\n\nnew\n");
    assert_eq!(machine.get(".nanobot/workspace/memory/MEMORY.md"), "old\n");
}

#[test]
fn paragraphs_are_found_in_any_case() {
    let text = "\n\nThe cat\nlikes MILK.\n \t\nThe dog.\n\n\n\nÉtude\r\n\r\nlast line about milk";
    let cases: &[(&str, &[&str])] = &[
        ("milk", &["The cat\nlikes MILK.", "last line about milk"]),
        ("the", &["The cat\nlikes MILK.", "The dog."]),
        ("étude", &["Étude"]),
        ("none", &[]),
        (
            "",
            &[
                "The cat\nlikes MILK.",
                "The dog.",
                "Étude",
                "last line about milk",
            ],
        ),
    ];
    for (query, expected) in cases {
        assert_eq!(memory::query(text, query), *expected, "{query}");
    }
    assert!(memory::query(" \n\n ", "").is_empty());
}

#[test]
fn a_model_is_told_who_it_is() {
    let machine = Machine::new();
    let platform = machine.platform();
    let workspace = machine.open(".clawft/workspace");
    let tools = ["list_directory", "read_file"].map(|name| Spec {
        name,
        description: "",
        parameters: "{}",
    });
    machine.put(".clawft/workspace/SOUL.md", "Be kind.\n");
    machine.put(".clawft/workspace/USER.md", "é".repeat(prompt::FILE_LIMIT));
    machine.put(".clawft/workspace/TOOLS.md", " \n");
    machine.put(MEMORY, "likes milk");
    let text = prompt::system(&platform, &*workspace, &tools, &mut Vec::new()).expect("a message");
    // date -u -d 2026-04-22 +%A
    for part in [
        "Today is Wednesday, 2026-04-22 (UTC).",
        "Your tools: list_directory, read_file.",
        "\n## SOUL.md\n\nBe kind.\n",
        "\n## Memory\n\nlikes milk\n",
        "é\n[cut: these are the first 20000 of 40000 bytes]\n",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    assert!(!text.contains("TOOLS.md"));
    assert_eq!(text.matches('é').count(), prompt::FILE_LIMIT / 2);
    // An odd limit would fall into a character.
    machine.put(
        ".clawft/workspace/USER.md",
        format!("x{}", "é".repeat(prompt::FILE_LIMIT)),
    );
    let text = prompt::system(&platform, &*workspace, &[], &mut Vec::new()).expect("a message");
    assert!(text.contains("[cut: these are the first 19999 of 40001 bytes]"));
    assert!(!text.contains("Your tools"));
}

/// Notes are added at the end.
#[test]
fn of_a_long_memory_the_newest_is_told() {
    let machine = Machine::new();
    machine.put(
        MEMORY,
        format!("oldest\n\n{}newest\n", "é".repeat(prompt::FILE_LIMIT)),
    );
    let workspace = machine.open(".clawft/workspace");
    let text = prompt::system(&machine.platform(), &*workspace, &[], &mut Vec::new());
    let text = text.expect("a message");
    assert!(!text.contains("oldest"));
    // 20,000 bytes, of which "newest" has 6
    assert_eq!(text.matches('é').count(), 9997);
    let end = "énewest\n[cut: these are the last 20000 of 40014 bytes]\n";
    assert!(text.ends_with(end), "{}", &text[text.len() - 100..]);
}

/// A tool may have written them, and mends them only in a turn.
#[test]
fn files_that_cannot_be_read_are_told_of() {
    let machine = Machine::new();
    machine.put("secret", "hidden");
    machine.put(".clawft/workspace/AGENTS.md", b"\xff");
    machine.put(".clawft/workspace/USER.md/x", "");
    machine.put(".clawft/workspace/TOOLS.md", "x".repeat((1 << 20) + 1));
    machine.put(".clawft/workspace/memory/MEMORY.md/x", "");
    std::os::unix::fs::symlink("../../secret", machine.path(".clawft/workspace/SOUL.md"))
        .expect("a link");
    let workspace = machine.open(".clawft/workspace");
    let mut notices = vec!["what was known before".to_owned()];
    let text = prompt::system(&machine.platform(), &*workspace, &[], &mut notices);
    let text = text.expect("a message");
    let expected = [
        "what was known before",
        "SOUL.md: leads out of its folder",
        "AGENTS.md: no UTF-8",
        "USER.md: a folder where a file is needed, or the reverse",
        "TOOLS.md: longer than 1048576 bytes",
        "memory/MEMORY.md: a folder where a file is needed, or the reverse",
    ];
    assert_eq!(notices.len(), expected.len());
    for (notice, expected) in notices.iter().zip(expected) {
        assert!(notice.starts_with(expected), "{notice}");
        assert!(text.contains(&format!("\nNotice: {notice}\n")), "{text}");
    }
    assert!(!text.contains("hidden"));
}
