use whitemagic::encoder::{Element, Error, Memory, encode};
use whitemagic::spatial::Point;

const MEMORY: Memory<'static> = Memory {
    content: "",
    tags: &[],
    importance: 0.0,
    access_count: 0,
    age_days: 0.0,
    galactic_distance: 0.0,
    garden: "",
};

fn assert_place(memory: Memory<'_>, expected: Point) {
    let place = encode(&memory).expect("a memory");
    for (axis, (found, expected)) in place.iter().zip(expected).enumerate() {
        assert!(
            (found - expected).abs() < 1e-12,
            "axis {axis} of {memory:?}: {place:?}"
        );
    }
}

/// Computed by hand from the table of the module.
#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn places_are_those_of_the_formulas() {
    let neutral = [0.0, 0.0, 1.0, 0.5, 1.0];
    let at = |axis: usize, value: f64| {
        let mut place = neutral;
        place[axis] = value;
        place
    };
    for (memory, expected) in [
        (MEMORY, neutral),
        (
            Memory {
                content: "Love, joy; LOVE and logic",
                ..MEMORY
            },
            at(0, 1.0 / 3.0),
        ),
        (
            Memory {
                content: "prototype",
                ..MEMORY
            },
            neutral,
        ),
        (
            Memory {
                content: "a type",
                ..MEMORY
            },
            at(0, -1.0),
        ),
        (
            Memory {
                content: "love",
                tags: &["logic", "proof of-fact"],
                ..MEMORY
            },
            at(0, -0.5),
        ),
        (
            Memory {
                content: "the whole system in detail: vision, pixel, byte",
                ..MEMORY
            },
            [-1.0, -0.2, 1.0, 0.5, 1.0],
        ),
        (
            Memory {
                age_days: -3.0,
                ..MEMORY
            },
            neutral,
        ),
        (
            Memory {
                age_days: 180.0,
                ..MEMORY
            },
            at(2, 0.0),
        ),
        (
            Memory {
                age_days: 360.0,
                ..MEMORY
            },
            at(2, -0.5),
        ),
        (
            Memory {
                age_days: 540.0,
                ..MEMORY
            },
            at(2, -0.75),
        ),
        (
            Memory {
                importance: 0.9,
                access_count: 3,
                ..MEMORY
            },
            at(3, 1.2),
        ),
        (
            Memory {
                access_count: 2,
                galactic_distance: 0.6,
                ..MEMORY
            },
            [0.0, 0.0, 1.0, 0.7, 0.5],
        ),
        (
            Memory {
                access_count: u64::MAX,
                galactic_distance: 7.0,
                importance: 1.0,
                ..MEMORY
            },
            [0.0, 0.0, 1.0, 1.5, 0.4],
        ),
        (
            Memory {
                garden: "Wood",
                ..MEMORY
            },
            [0.1, 0.15, 1.0, 0.5, 1.0],
        ),
        (
            Memory {
                garden: "south",
                age_days: 180.0,
                ..MEMORY
            },
            [0.2, 0.1, 0.05, 0.55, 1.0],
        ),
        (
            Memory {
                garden: "west",
                galactic_distance: 0.2,
                ..MEMORY
            },
            [-0.15, -0.1, 1.0, 0.5, 0.84],
        ),
        (
            Memory {
                garden: " WATER",
                galactic_distance: 0.5,
                ..MEMORY
            },
            [0.05, 0.05, 0.9, 0.475, 0.55],
        ),
        (
            Memory {
                garden: "roses",
                ..MEMORY
            },
            neutral,
        ),
        (
            Memory {
                content: "joy",
                garden: "fire",
                importance: 1.0,
                ..MEMORY
            },
            [1.0, 0.1, 1.0, 1.1, 1.0],
        ),
    ] {
        assert_place(memory, expected);
    }
}

#[test]
fn weight_grows_with_characters_not_bytes() {
    for (characters, weight) in [(200, 0.5), (201, 0.6), (500, 0.6), (501, 0.7)] {
        for letter in ["x", "é", "記"] {
            let content = letter.repeat(characters);
            let place = encode(&Memory {
                content: &content,
                ..MEMORY
            })
            .expect("a memory");
            assert!((place[3] - weight).abs() < 1e-12, "{characters} {letter}");
        }
    }
}

/// The axis falls all the way, without a leap.
#[test]
fn time_is_continuous_from_now_to_past() {
    let z = |age_days: f64| encode(&Memory { age_days, ..MEMORY }).expect("a memory")[2];
    assert!((z(0.0) - 1.0).abs() < 1e-15 && z(1e-9) > 0.999_999);
    for day in 0..3000 {
        let (today, tomorrow) = (z(day.into()), z(f64::from(day) + 1.0));
        assert!(today > tomorrow && today - tomorrow < 0.01, "day {day}");
    }
    assert!(z(36_500.0) >= -1.0 && z(36_500.0) < -0.999);
}

#[test]
fn what_has_no_place_is_named() {
    for number in [f64::NAN, f64::INFINITY] {
        for (memory, field) in [
            (
                Memory {
                    importance: number,
                    ..MEMORY
                },
                "importance",
            ),
            (
                Memory {
                    age_days: number,
                    ..MEMORY
                },
                "age_days",
            ),
            (
                Memory {
                    galactic_distance: number,
                    ..MEMORY
                },
                "galactic_distance",
            ),
        ] {
            assert_eq!(encode(&memory), Err(Error::NotFinite { field }));
        }
    }
    for importance in [-0.1, 1.1] {
        assert_eq!(
            encode(&Memory {
                importance,
                ..MEMORY
            }),
            Err(Error::Importance)
        );
    }
    assert_eq!(Element::of_garden("centre"), Element::of_garden("EARTH"));
}
