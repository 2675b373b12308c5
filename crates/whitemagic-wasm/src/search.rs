use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::Value;
use whitemagic::search::Hit;

use crate::call::{State, answer, export};
use crate::json::{Answer, Error, Members, each, items};
use crate::memory::require_for_ids;

export! {
    /// Adds documents, or replaces those with the same ids.
    search_add = add;
    /// Removes a document.
    search_remove = remove;
    /// The documents with any word of the query.
    search_query = |argument, state, answer| {
        let (query, limit) = query(argument)?;
        hits(state.documents.search(query, limit), answer)
    };
    /// The documents with all words of the query.
    search_all = |argument, state, answer| {
        let (query, limit) = query(argument)?;
        hits(state.documents.search_all(query, limit), answer)
    };
    /// The documents with the words of the query in a row.
    search_phrase = |argument, state, answer| {
        let (query, limit) = query(argument)?;
        hits(state.documents.search_phrase(query, limit), answer)
    };
    /// The documents with words like those of the query.
    search_fuzzy = |argument, state, answer| {
        let (query, limit) = query(argument)?;
        let max_edits = Members::of(argument)?.limit("max_edits")?;
        hits(state.documents.search_fuzzy(query, limit, max_edits), answer)
    };
}

/// Removes all documents.
#[unsafe(no_mangle)]
pub extern "C" fn search_clear() -> i32 {
    answer(|state, answer| {
        state.documents.clear();
        answer.null();
        Ok(())
    })
}

/// How many documents and words there are.
#[unsafe(no_mangle)]
pub extern "C" fn search_stats() -> i32 {
    answer(|state, answer| {
        let documents = &state.documents;
        answer
            .member("doc_count", true)
            .count(documents.len() as u64);
        answer
            .member("vocab_size", false)
            .count(documents.vocabulary() as u64);
        answer
            .member("avg_doc_len", false)
            .number(documents.mean_length());
        answer.end();
        Ok(())
    })
}

fn add(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let documents = each(items(argument, "the argument")?, |item| {
        let members = Members::of(item)?;
        let id = members.text("id")?;
        Ok((id, members.text("title")?, members.text("content")?))
    })?;
    let mut new = 0_u64;
    for (id, title, content) in documents {
        new += u64::from(!state.documents.add(id.to_owned(), title, content));
    }
    answer.count(new);
    Ok(())
}

fn remove(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let id = Members::of(argument)?.text("id")?.to_owned();
    answer.truth(state.documents.remove(&id));
    Ok(())
}

fn query(argument: &Value) -> Result<(&str, usize), Error> {
    let members = Members::of(argument)?;
    Ok((members.text("query")?, members.limit("limit")?))
}

fn hits(hits: Vec<Hit<'_, String>>, answer: &mut Answer) -> Result<(), Error> {
    require_for_ids(hits.iter().map(|hit| hit.key))?;
    answer.array(hits, |answer, hit| {
        answer.member("id", true).text(hit.key);
        answer.member("score", false).number(hit.score);
        answer.end();
    });
    Ok(())
}
