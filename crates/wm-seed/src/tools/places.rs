//! Tools about where memories lie in five dimensions.

use serde_json::{Value, json};

use super::memories::{ID, ID_LIMIT, LIMIT, QUERY, QUERY_LIMIT, brief, id, query};
use super::{Access, Tool, details, parameter};
use crate::arguments::{Absent, Arguments, Kind};
use crate::error::{Error, Result};
use crate::server::{Open, Server};
use crate::spatial;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "hybrid_recall",
        title: "Hybrid recall",
        description: "Find memories by words and by place at once. If nothing has the words, those whose \
                      place is nearest, as a guess.",
        category: "search",
        access: Access::Read,
        idempotent: true,
        parameters: &[QUERY, LIMIT],
        run: |server, arguments| {
            let limit = arguments.integer("limit").unwrap_or_default();
            query(arguments)?;
            let Open { store, space, .. } = server.open()?;
            let words = arguments.text("query").unwrap_or_default();
            let results = space.recall(store, words, limit)?;
            let results: Vec<_> = results.iter().map(brief).collect();
            Ok(json!({"status": "success", "count": results.len(), "results": results}))
        },
    },
    Tool {
        name: "memory_coordinates",
        title: "A memory's coordinates",
        description: "The place of a memory: x logic to emotion, y micro to macro, z past to now, \
                      w weight, v vitality.",
        category: "spatial",
        access: Access::Read,
        idempotent: true,
        parameters: &[ID],
        run: |server, arguments| {
            let Open { store, space, .. } = server.open()?;
            let place = space.place(store, id(arguments))?;
            Ok(details(json!({
                "memory_id": id(arguments),
                "coordinates": spatial::named(&place),
            })))
        },
    },
    Tool {
        name: "spatial_nearest",
        title: "Nearest memories",
        description: "The memories nearest to another one, to a text, or to coordinates: give one of id, \
                      query and coordinates.",
        category: "spatial",
        access: Access::Read,
        idempotent: true,
        parameters: &[
            parameter(
                "id",
                Kind::Text(ID_LIMIT),
                Absent::Nothing,
                "the memory to be near to",
            ),
            parameter(
                "query",
                Kind::Text(QUERY_LIMIT),
                Absent::Nothing,
                "a text to be near to",
            ),
            parameter(
                "coordinates",
                Kind::Coordinates,
                Absent::Nothing,
                "a place to be near to: x, y, z, w, v",
            ),
            LIMIT,
        ],
        run: nearest,
    },
];

fn nearest(server: &mut Server, arguments: &Arguments) -> Result<Value> {
    let limit = arguments.integer("limit").unwrap_or_default();
    let Open { store, space, .. } = server.open()?;
    let given = (
        arguments.text("id"),
        arguments.text("query"),
        arguments.coordinates("coordinates"),
    );
    let place = match given {
        (Some(id), None, None) => space.place(store, id)?,
        (None, Some(words), None) => spatial::place_of(words)?,
        (None, None, Some(place)) => place,
        _ => {
            return Err(Error::argument(
                "id",
                "give one of id, query and coordinates",
            ));
        }
    };
    // One more, as a memory is nearest to itself.
    let near = space.nearest(store, &place, limit + 1)?;
    let others = near
        .into_iter()
        .filter(|near| Some(near.memory.id.as_str()) != given.0)
        .take(limit as usize);
    let results: Vec<_> = others
        .map(|near| {
            let mut result = brief(&near.memory);
            result["distance"] = json!((near.distance * 1e4).round() / 1e4);
            result["coordinates"] = spatial::named(&near.place);
            result
        })
        .collect();
    Ok(details(json!({
        "coordinates": spatial::named(&place),
        "count": results.len(),
        "results": results,
    })))
}
