//! Times in the past on the command line: how long ago, or a date.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::duration::duration;
use crate::queue::history::Since;

const DAY_MS: u64 = 86_400_000;

/// Parses how long ago (`2h`, `7d`), or a time: a date (midnight UTC), or RFC 3339.
pub(super) fn since(text: &str) -> Result<Since, String> {
    let days = |suffix: char, days: u64| {
        let count: u64 = text.strip_suffix(suffix)?.parse().ok()?;
        count.checked_mul(days * DAY_MS).filter(|ms| *ms > 0)
    };
    if let Some(ms) = days('d', 1).or_else(|| days('w', 7)) {
        return Ok(Since::Ago(ms));
    }
    if let Ok(ago) = duration(text) {
        return Ok(Since::Ago(u64::try_from(ago.as_millis()).unwrap_or(u64::MAX)));
    }
    let at = text.parse::<Timestamp>().ok().or_else(|| {
        let at = text.parse::<DateTime>().ok().or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)));
        at?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
    });
    at.and_then(|at| u64::try_from(at.as_millisecond()).ok()).map(Since::At).ok_or_else(|| {
        format!(
            "`{}` is not a time; write how long ago (30m, 2h, 7d), a date (2026-11-26), or 2026-11-26T09:30:00Z",
            text.escape_debug()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_duration_or_a_date() {
        for (text, expected) in [
            ("30m", Since::Ago(1_800_000)),
            ("90", Since::Ago(90_000)),
            ("7d", Since::Ago(7 * DAY_MS)),
            ("2w", Since::Ago(14 * DAY_MS)),
            ("1970-01-02", Since::At(DAY_MS)),
            ("1970-01-02T00:00:01", Since::At(DAY_MS + 1_000)),
            ("1970-01-02T00:00:01Z", Since::At(DAY_MS + 1_000)),
            ("1970-01-02T01:00:00+01:00", Since::At(DAY_MS)),
        ] {
            assert_eq!(since(text), Ok(expected), "{text}");
        }
        for text in ["", "yesterday", "0d", "-1d", "d", "1969-12-31", "2026-13-01", "18446744073709551615d"] {
            assert!(since(text).is_err(), "{text}");
        }
    }
}
