//! Tools that keep, find and change memories.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Access, Tool, parameter};
use crate::arguments::{Absent, Arguments, Kind, Parameter};
use crate::error::{Error, Result};
use crate::memory::{CONTENT_LIMIT, Change, NewMemory, TITLE_LIMIT, UNTITLED};
use crate::query::Query;
use crate::server::Server;

/// Most bytes of an identifier: a UUID has 36, and other programs may have longer ones.
pub(super) const ID_LIMIT: usize = 128;
/// Most bytes of a query.
pub(super) const QUERY_LIMIT: usize = 4 << 10;
/// Most memories of an answer.
pub(super) const ANSWER_LIMIT: u32 = 100;

/// Most letters of a text in an answer that has several.
const EXCERPT: usize = 2000;

pub(super) const ID: Parameter = parameter(
    "id",
    Kind::Text(ID_LIMIT),
    Absent::Refused,
    "the memory's id, as it was created or found with",
);
pub(super) const QUERY: Parameter = parameter(
    "query",
    Kind::Text(QUERY_LIMIT),
    Absent::Refused,
    "the words to look for; no character has a special meaning",
);
pub(super) const LIMIT: Parameter = parameter(
    "limit",
    Kind::Integer(1, ANSWER_LIMIT),
    Absent::Integer(10),
    "how many memories to return at most",
);

const CREATE: &[Parameter] = &[
    parameter(
        "content",
        Kind::Text(CONTENT_LIMIT),
        Absent::Refused,
        "the text to keep",
    ),
    parameter(
        "title",
        Kind::Text(TITLE_LIMIT),
        Absent::Text(UNTITLED),
        "what the text is about, in the words that someone will search for",
    ),
    parameter(
        "tags",
        Kind::Tags,
        Absent::Nothing,
        "words to group memories by",
    ),
    parameter(
        "importance",
        Kind::Number(0.0, 1.0),
        Absent::Number(0.5),
        "how much it weighs, 0.5 being usual",
    ),
];

const UPDATE: &[Parameter] = &[
    ID,
    parameter(
        "title",
        Kind::Text(TITLE_LIMIT),
        Absent::Nothing,
        "the new title",
    ),
    parameter(
        "content",
        Kind::Text(CONTENT_LIMIT),
        Absent::Nothing,
        "the new text",
    ),
    parameter(
        "tags",
        Kind::Tags,
        Absent::Nothing,
        "the new tags, in place of all former ones",
    ),
    parameter(
        "importance",
        Kind::Number(0.0, 1.0),
        Absent::Nothing,
        "the new weight",
    ),
];

const LIST: &[Parameter] = &[
    parameter(
        "limit",
        Kind::Integer(1, ANSWER_LIMIT),
        Absent::Integer(20),
        "how many memories to return at most",
    ),
    parameter(
        "offset",
        Kind::Integer(0, u32::MAX),
        Absent::Integer(0),
        "how many to pass by first",
    ),
];

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "create_memory",
        title: "Create a memory",
        description: "Keep a text with a title and tags. Returns its id. Search first: correcting a \
                      memory is better than a second one.",
        category: "memory",
        access: Access::Write,
        idempotent: false,
        parameters: CREATE,
        run: create,
    },
    Tool {
        name: "remember",
        title: "Remember",
        description: "Keep a text for later conversations; the same as create_memory.",
        category: "memory",
        access: Access::Write,
        idempotent: false,
        parameters: CREATE,
        run: create,
    },
    Tool {
        name: "read_memory",
        title: "Read a memory",
        description: "The whole memory with this id. Counts as an access, which makes it more vital.",
        category: "memory",
        access: Access::Read,
        idempotent: false,
        parameters: &[ID],
        run: |server, arguments| {
            let memory = server.open()?.store.access(id(arguments))?;
            Ok(json!({"status": "success", "memory": memory}))
        },
    },
    Tool {
        name: "fast_read_memory",
        title: "Read a memory without counting it",
        description: "The whole memory with this id, without a trace that it was read.",
        category: "memory",
        access: Access::Read,
        idempotent: true,
        parameters: &[ID],
        run: |server, arguments| {
            let memory = server.open()?.store.read(id(arguments))?;
            Ok(json!({"status": "success", "memory": memory}))
        },
    },
    Tool {
        name: "search_memories",
        title: "Search memories",
        description: "Find memories by words: those with all of them first, then those with any. Long texts are \
                      cut; read_memory has all.",
        category: "search",
        access: Access::Read,
        idempotent: true,
        parameters: &[QUERY, LIMIT],
        run: search,
    },
    Tool {
        name: "recall",
        title: "Recall",
        description: "Find memories by words; the same as search_memories.",
        category: "search",
        access: Access::Read,
        idempotent: true,
        parameters: &[QUERY, LIMIT],
        run: search,
    },
    Tool {
        name: "list_memories",
        title: "List memories",
        description: "Memories, the last changed first, page by page.",
        category: "memory",
        access: Access::Read,
        idempotent: true,
        parameters: LIST,
        run: |server, arguments| {
            let limit = arguments.integer("limit").unwrap_or_default();
            let offset = arguments.integer("offset").unwrap_or_default();
            let store = &server.open()?.store;
            let memories: Vec<_> = store.list(limit, offset)?.iter().map(brief).collect();
            Ok(json!({
                "status": "success",
                "count": memories.len(),
                "total": store.count()?,
                "memories": memories,
            }))
        },
    },
    Tool {
        name: "list_tags",
        title: "List tags",
        description: "The tags that memories have, the most frequent first.",
        category: "memory",
        access: Access::Read,
        idempotent: true,
        parameters: &[LIMIT],
        run: |server, arguments| {
            let limit = arguments.integer("limit").unwrap_or_default();
            let tags = server.open()?.store.tags(limit)?;
            let tags: Vec<_> = tags
                .into_iter()
                .map(|(tag, memories)| json!({"tag": tag, "memories": memories}))
                .collect();
            Ok(json!({"status": "success", "count": tags.len(), "tags": tags}))
        },
    },
    Tool {
        name: "update_memory",
        title: "Update a memory",
        description: "Change title, text, tags or importance of a memory; what is not given stays.",
        category: "memory",
        access: Access::Write,
        idempotent: true,
        parameters: UPDATE,
        run: update,
    },
    Tool {
        name: "delete_memory",
        title: "Delete a memory",
        description: "Remove a memory for good. A backup beforehand is one call of galaxy.backup.",
        category: "memory",
        access: Access::Delete,
        idempotent: true,
        parameters: &[ID],
        run: |server, arguments| {
            server.open()?.store.delete(id(arguments))?;
            Ok(json!({"status": "success", "memory_id": id(arguments)}))
        },
    },
];

/// A memory among others: of a long text only the beginning, as `read_memory` has all of it.
pub(super) fn brief(memory: &impl Serialize) -> Value {
    let mut value = json!(memory);
    let content = value["content"].as_str().unwrap_or_default();
    if let Some((end, _)) = content.char_indices().nth(EXCERPT) {
        value["content"] = content[..end].into();
        value["truncated"] = true.into();
    }
    value
}

pub(super) fn id(arguments: &Arguments) -> &str {
    arguments.text("id").unwrap_or_default()
}

/// The words of a query, at least one.
pub(super) fn query(arguments: &Arguments) -> Result<Query> {
    let query = Query::parse(arguments.text("query").unwrap_or_default());
    if query.is_empty() {
        let what = "has no words; give some, or see all with list_memories";
        return Err(Error::argument("query", what));
    }
    Ok(query)
}

fn create(server: &mut Server, arguments: &Arguments) -> Result<Value> {
    let id = server.open()?.store.create(&NewMemory {
        title: arguments.text("title").unwrap_or(UNTITLED),
        content: arguments.text("content").unwrap_or_default(),
        tags: &arguments.texts("tags").unwrap_or_default(),
        importance: arguments.number("importance").unwrap_or_default(),
    })?;
    Ok(json!({"status": "success", "memory_id": id}))
}

fn search(server: &mut Server, arguments: &Arguments) -> Result<Value> {
    let limit = arguments.integer("limit").unwrap_or_default();
    let results = server.open()?.store.search(&query(arguments)?, limit)?;
    let results: Vec<_> = results.iter().map(brief).collect();
    Ok(json!({"status": "success", "count": results.len(), "results": results}))
}

fn update(server: &mut Server, arguments: &Arguments) -> Result<Value> {
    let tags = arguments.texts("tags");
    let change = Change {
        title: arguments.text("title"),
        content: arguments.text("content"),
        tags: tags.as_deref(),
        importance: arguments.number("importance"),
    };
    if change == Change::default() {
        let what = "comes with nothing to change; give title, content, tags or importance";
        return Err(Error::argument("id", what));
    }
    let memory = server.open()?.store.update(id(arguments), &change)?;
    Ok(json!({"status": "success", "memory": memory}))
}
