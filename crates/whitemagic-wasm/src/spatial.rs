use alloc::borrow::ToOwned;
use alloc::string::String;

use serde_json::Value;
use whitemagic::spatial::{AXES, Neighbour, Point};

use crate::call::{State, answer, export};
use crate::json::{Answer, Error, Members, each, items};
use crate::memory::{PER_ITEM, require, require_for_ids};

export! {
    /// Adds points, all or none.
    spatial_add = add;
    /// Moves a point.
    spatial_update = update;
    /// Deletes a point.
    spatial_delete = delete;
    /// The points nearest to each of several.
    spatial_nearest = nearest;
    /// The points within a radius.
    spatial_within = within;
    /// How many others each point has within a radius.
    spatial_density = density;
}

/// The k points nearest to (x, y, z, w, v); a k below 0 is an error.
#[unsafe(no_mangle)]
#[allow(clippy::many_single_char_names, reason = "the axes' names")]
pub extern "C" fn spatial_query_5d(x: f64, y: f64, z: f64, w: f64, v: f64, k: i32) -> i32 {
    answer(|state, answer| {
        let count = usize::try_from(k).map_err(|_| Error::Type("k", "a whole number from 0 on"))?;
        let found = state.points.nearest(&[x, y, z, w, v], count);
        neighbours(&found.map_err(Error::refused)?, answer)
    })
}

/// Deletes all points.
#[unsafe(no_mangle)]
pub extern "C" fn spatial_clear() -> i32 {
    answer(|state, answer| {
        state.points.clear();
        answer.null();
        Ok(())
    })
}

fn add(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let batch = each(items(argument, "the argument")?, |item| {
        let members = Members::of(item)?;
        Ok((members.text("id")?.to_owned(), point(members)?))
    })?;
    let added = state.points.add_batch(batch);
    let added = added.map_err(|error| Error::refused(error.error).at(error.position))?;
    answer.count(added as u64);
    Ok(())
}

fn update(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let key = members.text("id")?.to_owned();
    let updated = state.points.update(&key, point(members)?);
    answer.truth(updated.map_err(Error::refused)?);
    Ok(())
}

fn delete(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let key = Members::of(argument)?.text("id")?.to_owned();
    answer.truth(state.points.delete(&key));
    Ok(())
}

fn nearest(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let queries = each(members.items("points")?, |item| point(Members::of(item)?))?;
    let count = members.limit("k")?.min(state.points.len());
    require(queries.len().saturating_mul(count).saturating_mul(PER_ITEM))?;
    let found = state.points.nearest_batch(&queries, count);
    let found = found.map_err(|error| Error::refused(error.error).at(error.position))?;
    let mut written = Ok(());
    answer.array(found, |answer, found| {
        written =
            core::mem::replace(&mut written, Ok(())).and_then(|()| neighbours(&found, answer));
    });
    written
}

fn within(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let members = Members::of(argument)?;
    let radius_squared = members.number("radius_squared")?;
    let found = state.points.within(&point(members)?, radius_squared);
    neighbours(&found.map_err(Error::refused)?, answer)
}

fn density(argument: &Value, state: &mut State, answer: &mut Answer) -> Result<(), Error> {
    let radius_squared = Members::of(argument)?.number("radius_squared")?;
    let found = state
        .points
        .density(radius_squared)
        .map_err(Error::refused)?;
    require_for_ids(found.iter().map(|(id, _)| *id))?;
    answer.array(found, |answer, (id, neighbours)| {
        answer.member("id", true).text(id);
        answer.member("neighbours", false).count(neighbours as u64);
        answer.end();
    });
    Ok(())
}

/// The coordinates of an object.
fn point(members: Members<'_>) -> Result<Point, Error> {
    let mut point = Point::default();
    for (coordinate, axis) in point.iter_mut().zip(AXES) {
        *coordinate = members.number(axis)?;
    }
    Ok(point)
}

fn neighbours(found: &[Neighbour<'_, String>], answer: &mut Answer) -> Result<(), Error> {
    require_for_ids(found.iter().map(|found| found.key))?;
    answer.array(found, |answer, found| {
        answer.member("id", true).text(found.key);
        answer
            .member("distance_squared", false)
            .number(found.distance_squared);
        answer.end();
    });
    Ok(())
}
