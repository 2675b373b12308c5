//! `vector_add`: a text to find again by what it means.

use serde_json::Value;

use super::arguments::Arguments;
use super::{Context, Running, Spec, Tool, ToolError, object};
use crate::prelude::*;
use crate::vectors::Entry;

/// The collection where none is named.
pub(super) const DEFAULT: &str = "default";

/// The longest text, in bytes
const MAX_TEXT: usize = 64 << 10;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "vector_add",
        description: "Store a text to find it again with vector_search by similar words. An id that is \
                      already there is replaced.",
        parameters: r#"{
"type":"object",
"properties":{
"text":{"type":"string","minLength":1,"description":"The text"},
"id":{"type":"integer","minimum":0,"maximum":9007199254740991,"description":"Its number; the next one if left out"},
"vector":{"type":"array","items":{"type":"number"},"minItems":1,"maxItems":4096,"description":"Its embedding, if you have one; all of a collection need one then"},
"metadata":{"type":"object","description":"What else to keep with it"},
"collection":{"type":"string","minLength":1,"description":"A name of letters, digits, - and _; default if left out"}
},
"required":["text"],
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let text = arguments.text("text");
    if text.len() > MAX_TEXT {
        return Err(ToolError::new(format!(
            "the text is longer than {MAX_TEXT} bytes; add it in parts"
        )));
    }
    let vector = vector(arguments);
    let collection = arguments.optional("collection").unwrap_or(DEFAULT);
    let ids = context.vectors.add(
        collection,
        &[Entry {
            id: arguments.integer("id"),
            text,
            metadata: arguments.get("metadata"),
            vector: vector.as_deref(),
        }],
    )?;
    Ok(Running::Done(object(vec![
        ("id", ids.first().copied().into()),
        ("collection", collection.into()),
        ("count", context.vectors.count(collection)?.into()),
    ])))
}

/// The vector of a tool's arguments.
pub(super) fn vector(arguments: &Arguments<'_>) -> Option<Vec<f32>> {
    let numbers = arguments.get("vector")?.as_array()?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "vectors are of single precision"
    )]
    let single = |number: &Value| number.as_f64().unwrap_or_default() as f32;
    Some(numbers.iter().map(single).collect())
}
