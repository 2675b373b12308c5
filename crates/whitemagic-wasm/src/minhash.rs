use alloc::vec::Vec;

use serde_json::Value;
use whitemagic::minhash::{HASHES, Signature, duplicates};

use crate::call::{State, export};
use crate::json::{Answer, Error, Members, each, items, texts};
use crate::memory::{PER_ITEM, require};

/// Bytes of a hash in decimal, and a comma.
const HASH: usize = 11;

export! {
    /// The signatures of sets of keywords.
    minhash_signatures = sign;
    /// The pairs of sets that are nearly the same.
    minhash_find_duplicates = find_duplicates;
}

fn signatures(sets: &[Value]) -> Result<Vec<Signature>, Error> {
    require(
        sets.len()
            .saturating_mul(3 * HASHES * (HASH + size_of::<u64>())),
    )?;
    each(sets, |set| Ok(Signature::of(texts(set, "a set")?)))
}

fn sign(argument: &Value, _: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let signatures = signatures(items(argument, "the argument")?)?;
    answer.array(signatures, |answer, signature| {
        if signature.is_empty() {
            return answer.null();
        }
        let values = answer.member("values", true);
        values.array(signature.values(), |answer, value| answer.count(*value));
        answer.end();
    });
    Ok(())
}

fn find_duplicates(argument: &Value, _: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let signatures = signatures(members.items("keywords")?)?;
    let pairs = signatures.len().saturating_mul(signatures.len()) / 2;
    let count = members.limit("max_results")?.min(pairs);
    require(count.saturating_mul(3 * PER_ITEM))?;
    let found = duplicates(&signatures, members.number("threshold")?, count);
    answer.array(found.map_err(Error::refused)?, |answer, pair| {
        answer.member("idx_a", true).count(pair.first as u64);
        answer.member("idx_b", false).count(pair.second as u64);
        answer
            .member("estimated_jaccard", false)
            .number(pair.similarity);
        answer.end();
    });
    Ok(())
}
