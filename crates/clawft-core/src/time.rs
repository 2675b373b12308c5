//! Moments as people write them.

use crate::prelude::*;
/// Milliseconds since 1970-01-01 00:00 UTC as RFC 3339 has it: `2026-04-22T10:11:12.345Z`.
#[must_use]
pub fn rfc3339(milliseconds: u64) -> String {
    let (seconds, fraction) = (milliseconds / 1000, milliseconds % 1000);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!(
        "{}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z",
        date(milliseconds)
    )
}

/// The day of a moment in UTC: `2026-04-22`.
#[must_use]
pub fn date(milliseconds: u64) -> String {
    let (year, month, day) = civil(milliseconds / 86_400_000);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The weekday of a moment in UTC.
#[must_use]
pub fn weekday(milliseconds: u64) -> &'static str {
    // 1970-01-01 was a Thursday.
    const NAMES: [&str; 7] = [
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
    ];
    NAMES[(milliseconds / 86_400_000 % 7) as usize]
}

/// Year, month and day of a day since 1970-01-01 in the Gregorian calendar, by the method of Howard
/// Hinnant's "chrono-Compatible Low-Level Date Algorithms" (`civil_from_days`): a year begins in March,
/// so that the leap day is its last.
fn civil(days: u64) -> (u64, u64, u64) {
    // Days since 0000-03-01; 400 years have 146,097.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    // Takes out the leap days of every 4, 100 and 400 years.
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // March to January have 31, 30, 31, 30, 31 days by turns: 153 in five months.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (era * 400 + year, month + 3);
    if month > 12 {
        (year + 1, month - 12, day)
    } else {
        (year, month, day)
    }
}

#[cfg(test)]
mod tests {
    use super::{date, rfc3339, weekday};

    /// From Python: `datetime.fromtimestamp(s, timezone.utc)` with `.isoformat()` and `.strftime("%A")`.
    const MOMENTS: &[(u64, &str, &str)] = &[
        (0, "1970-01-01T00:00:00", "Thursday"),
        (31_535_999, "1970-12-31T23:59:59", "Thursday"),
        (68_083_200, "1972-02-28T00:00:00", "Monday"),
        (68_212_800, "1972-02-29T12:00:00", "Tuesday"),
        (68_256_000, "1972-03-01T00:00:00", "Wednesday"),
        (946_684_799, "1999-12-31T23:59:59", "Friday"),
        (946_684_800, "2000-01-01T00:00:00", "Saturday"),
        (951_786_123, "2000-02-29T01:02:03", "Tuesday"),
        (951_868_800, "2000-03-01T00:00:00", "Wednesday"),
        (983_318_400, "2001-02-28T00:00:00", "Wednesday"),
        (983_404_800, "2001-03-01T00:00:00", "Thursday"),
        (1_677_628_799, "2023-02-28T23:59:59", "Tuesday"),
        (1_709_164_800, "2024-02-29T00:00:00", "Thursday"),
        (1_735_603_200, "2024-12-31T00:00:00", "Tuesday"),
        (1_776_852_672, "2026-04-22T10:11:12", "Wednesday"),
        (2_147_483_648, "2038-01-19T03:14:08", "Tuesday"),
        (4_102_358_400, "2099-12-31T00:00:00", "Thursday"),
        (4_107_456_000, "2100-02-28T00:00:00", "Sunday"),
        (4_107_542_400, "2100-03-01T00:00:00", "Monday"),
        (7_276_348_800, "2200-07-31T00:00:00", "Thursday"),
        (13_574_563_200, "2400-02-29T00:00:00", "Tuesday"),
        (13_601_001_600, "2400-12-31T00:00:00", "Sunday"),
        (253_402_300_799, "9999-12-31T23:59:59", "Friday"),
    ];

    #[test]
    fn moments_are_what_python_says() {
        for (seconds, text, day) in MOMENTS {
            assert_eq!(rfc3339(seconds * 1000 + 7), format!("{text}.007Z"));
            assert_eq!(date(seconds * 1000), text[..10]);
            assert_eq!(weekday(seconds * 1000), *day);
        }
    }
}
