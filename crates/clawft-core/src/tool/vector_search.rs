//! `vector_search`: texts that are like another.

use serde_json::Value;

use super::arguments::Arguments;
use super::{Context, MAX_TEXT, Running, Spec, Tool, ToolError, object, vector_add};
use crate::json;
use crate::json_repair::MAX_VALUES;
use crate::prelude::*;
use crate::vectors::Query;
use clawft_vectors::float;

pub(super) const TOOL: Tool = Tool {
    spec: Spec {
        name: "vector_search",
        description: "Find texts that were stored with vector_add, the most similar first. A smaller \
                      distance is more similar.",
        parameters: r#"{
"type":"object",
"properties":{
"text":{"type":"string","minLength":1,"description":"What to look for; or give vector"},
"vector":{"type":"array","items":{"type":"number"},"minItems":1,"maxItems":4096,"description":"An embedding, where the collection's were given"},
"count":{"type":"integer","minimum":1,"maximum":100,"description":"Most results; 5 if left out"},
"collection":{"type":"string","minLength":1,"description":"The name given to vector_add; default if left out"}
},
"additionalProperties":false
}"#,
    },
    start,
};

fn start(context: &Context<'_>, arguments: &Arguments<'_>) -> Result<Running, ToolError> {
    let vector = vector_add::vector(arguments);
    let query = match (arguments.optional("text"), &vector) {
        (Some(text), None) => Query::Text(text),
        (None, Some(vector)) => Query::Vector(vector),
        _ => {
            return Err(ToolError::new(
                "vector_search: give either `text` or `vector`",
            ));
        }
    };
    let count = usize::try_from(arguments.integer("count").unwrap_or(5)).unwrap_or(usize::MAX);
    let collection = arguments
        .optional("collection")
        .unwrap_or(vector_add::DEFAULT);
    let mut room = MAX_TEXT;
    let mut results = Vec::new();
    for found in context.vectors.search(collection, query, count)? {
        // The nearest are whole; what a model would not be given is not written.
        let text = &found.text[..found.text.floor_char_boundary(room)];
        room -= text.len();
        // Four digits say as much as a distance means.
        let distance = float::round(f64::from(found.distance) * 1e4) / 1e4;
        let mut result = vec![
            ("id", Value::from(found.id)),
            ("distance", distance.into()),
            ("text", text.into()),
        ];
        if text.len() < found.text.len() {
            result.push(("truncated", true.into()));
        }
        if !found.metadata.is_empty() {
            let metadata = json::parse(found.metadata.as_bytes(), MAX_VALUES);
            result.push(("metadata", metadata.unwrap_or_default()));
        }
        results.push(object(result));
    }
    Ok(Running::Done(object(vec![("results", results.into())])))
}
