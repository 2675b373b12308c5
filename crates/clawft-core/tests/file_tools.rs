//! The tools of files, of notes and their arguments.

#![allow(clippy::unwrap_used, reason = "what is missing fails the test")]

mod workbench;

use serde_json::{Value, json};
use workbench::Machine;

#[test]
fn a_file_is_written_read_edited_and_listed() {
    let machine = Machine::new();
    let call = |name: &str, arguments: Value| machine.call(name, &arguments);
    assert_eq!(
        call(
            "write_file",
            json!({"path": "a/b.md", "content": "één\ntwo\n"})
        ),
        Ok(json!({"message": "Successfully wrote 10 bytes to a/b.md"}))
    );
    assert_eq!(
        call("read_file", json!({"path": "./a//b.md"})),
        Ok(json!({"content": "één\ntwo\n"}))
    );
    // The workspace's own path, as a model may have been told it
    assert_eq!(
        call("read_file", json!({"path": "/work/a/b.md"})),
        Ok(json!({"content": "één\ntwo\n"}))
    );
    assert_eq!(
        call(
            "edit_file",
            json!({"path": "a/b.md", "old_text": "two", "new_text": "deux"})
        ),
        Ok(json!({"message": "Successfully edited a/b.md"}))
    );
    assert_eq!(
        call("read_file", json!({"path": "a/b.md"})),
        Ok(json!({"content": "één\ndeux\n"}))
    );
    call("write_file", json!({"path": "c", "content": ""})).unwrap();
    assert_eq!(
        call("list_directory", json!({"path": "."})),
        Ok(json!({"entries": [
            {"name": "a", "is_dir": true, "size": 0},
            {"name": "c", "is_dir": false, "size": 0},
        ]}))
    );
    assert_eq!(
        call("list_directory", json!({"path": "a/"})),
        Ok(json!({"entries": [{"name": "b.md", "is_dir": false, "size": 11}]}))
    );
    assert_eq!(
        call("read_file", json!({"path": "none"})),
        Err(String::from("none: no such file or folder"))
    );
}

#[test]
fn an_edit_needs_one_place() {
    let machine = Machine::new();
    let edit = |content: &str, old: &str| {
        machine
            .call("write_file", &json!({"path": "f", "content": content}))
            .unwrap();
        let edit = json!({"path": "f", "old_text": old, "new_text": "-"});
        machine.call("edit_file", &edit).map(|_| {
            let content = machine.call("read_file", &json!({"path": "f"})).unwrap();
            content["content"].as_str().unwrap().to_owned()
        })
    };
    assert_eq!(edit("abc", "b"), Ok(String::from("a-c")));
    assert_eq!(edit("abc", "abc"), Ok(String::from("-")));
    let error = |text: &str| Err(String::from(text));
    assert_eq!(edit("abc", "B"), error("old_text not found in file"));
    let twice = "old_text appears 2 times; provide more context to make it unique";
    assert_eq!(edit("abcab", "ab"), error(twice));
    assert_eq!(edit("aaa", "aa"), error(twice));
    assert_eq!(
        edit("xxxx", "x"),
        error("old_text appears 4 times; provide more context to make it unique")
    );
    assert!(edit("abc", "").is_err());
}

#[test]
fn a_long_file_comes_in_pieces_that_make_it_up() {
    let machine = Machine::new();
    let line = |number: usize| format!("{number}: {}\n", "é".repeat(number % 300));
    let content: String = (0..2000).map(line).collect();
    let write = json!({"path": "long", "content": content});
    machine.call("write_file", &write).unwrap();
    let (mut whole, mut offset) = (String::new(), 1);
    let mut pieces = 0;
    loop {
        let arguments = json!({"path": "long", "offset": offset});
        let result = machine.call("read_file", &arguments).unwrap();
        let piece = result["content"].as_str().unwrap();
        assert!(result.to_string().len() < 65_536);
        whole.push_str(piece);
        pieces += 1;
        assert_eq!(result["total_lines"], 2000);
        match result["next_offset"].as_u64() {
            Some(next) => offset = next,
            None => break,
        }
    }
    assert_eq!(whole, content);
    assert!(pieces > 5);

    let arguments = json!({"path": "long", "offset": 3, "limit": 2});
    let result = machine.call("read_file", &arguments).unwrap();
    assert_eq!(result["content"], format!("{}{}", line(2), line(3)));
    assert_eq!(result["next_offset"], 5);
    let arguments = json!({"path": "long", "offset": 2001});
    let error = machine.call("read_file", &arguments).unwrap_err();
    assert_eq!(
        error,
        "offset 2001 is past the end: the file has 2000 lines"
    );
}

#[test]
fn what_is_too_long_or_no_text_is_refused() {
    let machine = Machine::new();
    let put = |content: Vec<u8>| machine.workspace.write("f", &content).unwrap();
    let read = || machine.call("read_file", &json!({"path": "f"}));
    put(b"ab\xffcd".to_vec());
    assert_eq!(read(), Err(String::from("f: no text: byte 2 is not UTF-8")));
    put(vec![b'a'; (1 << 20) + 1]);
    assert_eq!(read(), Err(String::from("f: longer than 1048576 bytes")));
    put(vec![b'a'; 1 << 20]);
    let result = read().unwrap();
    assert!(
        result["content"]
            .as_str()
            .unwrap()
            .contains("the rest of this line is left out")
    );
    put(Vec::new());
    assert_eq!(read(), Ok(json!({"content": ""})));

    let long = json!({"path": "g", "content": "a".repeat((4 << 20) + 1)});
    let error = machine.call("write_file", &long).unwrap_err();
    assert!(error.contains("4194305 bytes"), "{error}");
    assert_eq!(machine.workspace.metadata("g"), Ok(None));
}

#[test]
fn a_folder_of_many_is_cut() {
    let machine = Machine::new();
    for number in 0..600 {
        machine
            .workspace
            .write(&format!("d/{number}"), b"")
            .unwrap();
    }
    let result = machine
        .call("list_directory", &json!({"path": "d"}))
        .unwrap();
    assert_eq!(result["entries"].as_array().unwrap().len(), 500);
    assert_eq!(result["total"], 600);
}

#[test]
fn notes_are_kept_found_and_replaced() {
    let machine = Machine::new();
    let call = |name: &str, arguments: Value| machine.call(name, &arguments).unwrap();
    assert_eq!(call("memory_read", json!({})), json!({"content": ""}));
    let result = call("memory_write", json!({"content": "Likes Rust.\nAnd tea."}));
    assert_eq!(
        result["message"],
        "Successfully wrote 20 bytes to memory (mode: append)"
    );
    call("memory_write", json!({"content": "Lives in Köln"}));
    assert_eq!(
        call("memory_read", json!({"query": "rust"})),
        json!({"query": "rust", "matches": ["Likes Rust.\nAnd tea."], "count": 1})
    );
    assert_eq!(
        call("memory_read", json!({"query": "KÖLN"}))["matches"],
        json!(["Lives in Köln"])
    );
    assert_eq!(call("memory_read", json!({"query": "go"}))["count"], 0);
    let content = call("memory_read", json!({}));
    let content = content["content"].as_str().unwrap();
    assert!(
        content.contains("Rust") && content.contains("Köln"),
        "{content}"
    );
    call(
        "memory_write",
        json!({"content": "New", "mode": "overwrite"}),
    );
    let content = call("memory_read", json!({}));
    assert_eq!(content["content"].as_str().unwrap().trim(), "New");
}
