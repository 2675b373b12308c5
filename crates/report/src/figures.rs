//! Numbers as people read them.

/// `1,286,032`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `+1,234`, `−5` with a true minus, or `0`.
#[must_use]
pub fn change(number: i64) -> String {
    let sign = match number {
        0 => "",
        1.. => "+",
        _ => "−",
    };
    format!("{sign}{}", count(number.unsigned_abs()))
}

/// Bytes of memory, such as `40.0 MiB`.
#[must_use]
pub fn memory(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["B", "KiB", "MiB", "GiB"];
    let mut unit = 0;
    let mut size = approximate(bytes);
    // What would be rounded to 1024 of a unit is 1 of the next.
    while size >= 1023.95 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    let places = usize::from(unit > 0);
    format!("{size:.places$} {}", UNITS[unit])
}

/// A time given in milliseconds, such as `0.42 ms`, `12.1 ms`, `730 ms` or `1.28 s`.
#[must_use]
pub fn time(milliseconds: f64) -> String {
    match milliseconds {
        ms if !ms.is_finite() => "?".to_owned(),
        ms if ms < 9.995 => format!("{ms:.2} ms"),
        ms if ms < 99.95 => format!("{ms:.1} ms"),
        ms if ms < 999.5 => format!("{ms:.0} ms"),
        ms => format!("{:.2} s", ms / 1000.0),
    }
}

/// A part of a whole such as `12.5 %`, rounded down: nothing is said to be reached that is not.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1000).checked_div(u128::from(whole));
    let tenths = tenths.unwrap_or(0);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

/// A part of a whole, in percent, for the length of a bar; 0 of nothing.
#[must_use]
pub fn percent(part: u64, whole: u64) -> f64 {
    match whole {
        0 => 0.0,
        _ => approximate(part) / approximate(whole) * 100.0,
    }
}

/// A number for a rounded figure.
#[expect(clippy::cast_precision_loss, reason = "a figure has four digits")]
fn approximate(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_few_digits() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (1_286_032, "1,286,032"),
            (u64::MAX, "18,446,744,073,709,551,615"),
        ] {
            assert_eq!(count(number), text);
        }
        for (number, text) in [(0, "0"), (7, "+7"), (-1234, "−1,234")] {
            assert_eq!(change(number), text);
        }
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1_048_575, "1.0 MiB"),
            (41_943_040, "40.0 MiB"),
            (1 << 42, "4096.0 GiB"),
        ] {
            assert_eq!(memory(bytes), text);
        }
        for (ms, text) in [
            (0.417, "0.42 ms"),
            (9.999, "10.0 ms"),
            (12.06, "12.1 ms"),
            (730.4, "730 ms"),
            (999.9, "1.00 s"),
            (12_345.0, "12.35 s"),
            (f64::NAN, "?"),
        ] {
            assert_eq!(time(ms), text);
        }
    }

    #[test]
    fn a_part_of_nothing_is_nothing() {
        assert_eq!(share(0, 0), "0.0 %");
        assert_eq!(share(9_999, 10_000), "99.9 %");
        assert!(percent(0, 0).abs() < f64::EPSILON);
        assert!((percent(1, 8) - 12.5).abs() < f64::EPSILON);
    }
}
