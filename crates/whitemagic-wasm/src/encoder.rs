use alloc::vec::Vec;

use serde_json::Value;
use whitemagic::encoder::{Memory, encode};
use whitemagic::spatial::AXES;

use crate::call::{State, export};
use crate::json::{Answer, Error, Members, each, items, texts};

export! {
    /// The places of memories.
    holographic_encode = encode_all;
}

fn encode_all(argument: &Value, _: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let places = each(items(argument, "the argument")?, |item| {
        let members = Members::of(item)?;
        let or_zero = |name| members.get(name).map_or(Ok(0.0), |_| members.number(name));
        let tags = members
            .get("tags")
            .map_or(Ok(Vec::new()), |tags| texts(tags, "tags"))?;
        let place = encode(&Memory {
            content: members.text("content")?,
            tags: &tags,
            importance: or_zero("importance")?,
            access_count: members
                .get("access_count")
                .map_or(Ok(0), |_| members.count("access_count"))?,
            age_days: or_zero("age_days")?,
            galactic_distance: or_zero("galactic_distance")?,
            garden: members
                .get("garden")
                .map_or(Ok(""), |_| members.text("garden"))?,
        });
        Ok((members.text("id")?, place.map_err(Error::refused)?))
    })?;
    answer.array(places, |answer, (id, place)| {
        answer.member("id", true).text(id);
        for (axis, coordinate) in AXES.into_iter().zip(place) {
            answer.member(axis, false).number(coordinate);
        }
        answer.end();
    });
    Ok(())
}
