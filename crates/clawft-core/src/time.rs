//! Moments as people write them.

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
