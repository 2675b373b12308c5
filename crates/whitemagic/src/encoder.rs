//! A memory's place in five dimensions, from its text and how it is used.
//!
//! | axis | from | to | formula |
//! |---|---|---|---|
//! | x | −1, logic | 1, emotion | (e − l) / (e + l), of the words of [`EMOTION`](lexicon::EMOTION) and [`LOGIC`](lexicon::LOGIC) that occur |
//! | y | −1, micro | 1, macro | (a − i) / (a + i), of those of [`MACRO`](lexicon::MACRO) and [`MICRO`](lexicon::MICRO) |
//! | z | −1, past | 1, now | 2 · 2^(−age/180) − 1, age in days |
//! | w | 0, light | 2.5, heavy | max(importance, ½) + min(accesses/10, ½) + 0.2 above 500 characters, or 0.1 above 200 |
//! | v | 0, dormant | 1, vital | 1 − distance + min(accesses/20, 0.3) + max(importance − ½, 0)/5, distance from the galaxy's centre within 0 and 1 |
//!
//! Words are whole, in the content or a tag: `type` is not in `prototype`. Each counts once, however often it
//! occurs; where none does the axis is 0. Then the [`Element`] of the garden shifts x, y and z and scales w and
//! v, and what leaves an axis's range is put at its end.
//!
//! z falls as what is remembered fades: a new memory is at 1, one of 180 days at 0, and each further 180 days
//! halve what is left to −1. `WhiteMagic` 15 computes 1 − 2/(1 + e^(−age/180)) for every age but 0. That starts at
//! 0, so a memory drops from 1 to 0 within its first moment and half of the axis is never used.

pub mod lexicon;

use crate::spatial::Point;
use crate::words::words;

/// Days after which half of the way from new to past is gone.
const HALF_LIFE: f64 = 180.0;

/// The heaviest that a memory is.
const HEAVIEST: f64 = 2.5;

/// What a place is computed from.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Memory<'a> {
    /// Its text.
    pub content: &'a str,
    /// Its tags, whose words count as those of the text.
    pub tags: &'a [&'a str],
    /// From 0 to 1.
    pub importance: f64,
    /// How often it was read.
    pub access_count: u64,
    /// Days since it was made; 0 also if that lies ahead.
    pub age_days: f64,
    /// From 0, the centre, to 1, the rim; beyond these it counts as either.
    pub galactic_distance: f64,
    /// The name of its garden; see [`Element::of_garden`].
    pub garden: &'a str,
}

/// Why a memory has no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A number is infinite or none.
    #[error("{field} is not a finite number")]
    NotFinite {
        /// Its name in [`Memory`].
        field: &'static str,
    },
    /// The importance is not within 0 and 1.
    #[error("importance is not from 0 to 1")]
    Importance,
}

/// What a garden belongs to, of the five phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// The east
    Wood,
    /// The south
    Fire,
    /// The centre
    Earth,
    /// The west
    Metal,
    /// The north
    Water,
}

impl Element {
    /// The element of a garden named after it or after its direction, whatever the case of the letters; others
    /// have none.
    #[must_use]
    pub fn of_garden(garden: &str) -> Option<Element> {
        Some(match garden.trim().to_ascii_lowercase().as_str() {
            "wood" | "east" => Element::Wood,
            "fire" | "south" => Element::Fire,
            "earth" | "center" | "centre" => Element::Earth,
            "metal" | "west" => Element::Metal,
            "water" | "north" => Element::Water,
            _ => return None,
        })
    }

    /// What is added to x, y and z, and what w and v are multiplied by.
    #[must_use]
    pub fn bias(self) -> Point {
        match self {
            Element::Wood => [0.1, 0.15, 0.0, 1.0, 1.0],
            Element::Fire => [0.2, 0.1, 0.05, 1.1, 1.0],
            Element::Earth => [0.0, 0.0, 0.0, 1.0, 1.0],
            Element::Metal => [-0.15, -0.1, 0.0, 1.0, 1.05],
            Element::Water => [0.05, 0.05, -0.1, 0.95, 1.1],
        }
    }
}

/// The place of a memory.
///
/// # Errors
/// [`Error::NotFinite`] and [`Error::Importance`].
pub fn encode(memory: &Memory<'_>) -> Result<Point, Error> {
    for (number, field) in [
        (memory.importance, "importance"),
        (memory.age_days, "age_days"),
        (memory.galactic_distance, "galactic_distance"),
    ] {
        if !number.is_finite() {
            return Err(Error::NotFinite { field });
        }
    }
    if !(0.0..=1.0).contains(&memory.importance) {
        return Err(Error::Importance);
    }
    let [emotion, logic, macros, micros] = count(memory);
    let accesses = f64::from(u32::try_from(memory.access_count).unwrap_or(u32::MAX));
    let age = memory.age_days.max(0.0);
    let vitality = 1.0 - memory.galactic_distance.clamp(0.0, 1.0)
        + (accesses / 20.0).min(0.3)
        + (memory.importance - 0.5).max(0.0) * 0.2;
    let weight =
        memory.importance.max(0.5) + (accesses / 10.0).min(0.5) + weight_of_length(memory.content);
    let [x, y, z, by_w, by_v] = Element::of_garden(memory.garden)
        .unwrap_or(Element::Earth)
        .bias();
    Ok([
        (balance(emotion, logic) + x).clamp(-1.0, 1.0),
        (balance(macros, micros) + y).clamp(-1.0, 1.0),
        (2.0 * libm::exp2(-age / HALF_LIFE) - 1.0 + z).clamp(-1.0, 1.0),
        (weight * by_w).clamp(0.0, HEAVIEST),
        (vitality.clamp(0.0, 1.0) * by_v).clamp(0.0, 1.0),
    ])
}

/// How many words of each list of [`lexicon::LISTS`] occur.
fn count(memory: &Memory<'_>) -> [u32; 4] {
    let mut seen = [0_u64; 4];
    for text in memory.tags.iter().chain([&memory.content]) {
        for word in words(text) {
            for (seen, list) in seen.iter_mut().zip(lexicon::LISTS) {
                if let Ok(place) = list.binary_search(&word.as_str()) {
                    *seen |= 1 << place;
                }
            }
        }
    }
    seen.map(u64::count_ones)
}

fn balance(positive: u32, negative: u32) -> f64 {
    let (positive, negative) = (f64::from(positive), f64::from(negative));
    if positive + negative > 0.0 {
        (positive - negative) / (positive + negative)
    } else {
        0.0
    }
}

fn weight_of_length(content: &str) -> f64 {
    match content.chars().take(501).count() {
        501.. => 0.2,
        201.. => 0.1,
        _ => 0.0,
    }
}
