//! Times on the command line: how long ago, for how long, or a date.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::duration::duration;
use crate::queue::history::Since;

const DAY_MS: u64 = 86_400_000;

/// Parses how long ago (`2h`, `7d`), or a time: a date (midnight UTC), or RFC 3339.
pub(super) fn since(text: &str) -> Result<Since, String> {
    if let Some(ms) = span(text) {
        return Ok(Since::Ago(ms));
    }
    instant(text).map(Since::At).ok_or_else(|| {
        format!(
            "`{}` is not a time; write how long ago (30m, 2h, 7d), a date (2026-11-26), or 2026-11-26T09:30:00Z",
            text.escape_debug()
        )
    })
}

/// The longest time of [`long`]: 100 years.
const LONGEST_MS: u64 = 36_525 * DAY_MS;

/// Parses for how long: a duration with a unit, or a number of days or weeks. The result is in milliseconds.
pub(super) fn long(text: &str) -> Result<u64, String> {
    let shown = text.escape_debug();
    let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    match span(text) {
        Some(_) if is_bare => Err(format!("`{shown}` has no unit; write for example 30m, 2h, 7d")),
        Some(ms) if ms > LONGEST_MS => Err(format!("`{shown}` is too long; 100 years at most")),
        Some(ms) => Ok(ms),
        None if is_too_long(text) => Err(format!("`{shown}` is too long; 100 years at most")),
        None => Err(format!("`{shown}` is not a duration; write for example 30m, 2h, 7d")),
    }
}

/// Whether a text is a number of days or weeks that is too large.
fn is_too_long(text: &str) -> bool {
    let count = text.strip_suffix(['d', 'w']).unwrap_or_default();
    count.len() > 9 && count.bytes().all(|byte| byte.is_ascii_digit())
}

/// Parses a time: a date (midnight UTC), or RFC 3339. The result is in Unix milliseconds.
pub(super) fn until(text: &str) -> Result<u64, String> {
    instant(text).ok_or_else(|| {
        format!("`{}` is not a time; write a date (2026-11-26), or 2026-11-26T09:30:00Z", text.escape_debug())
    })
}

fn span(text: &str) -> Option<u64> {
    let days = |suffix: char, days: u64| {
        let count: u64 = text.strip_suffix(suffix)?.parse().ok()?;
        count.checked_mul(days * DAY_MS).filter(|ms| *ms > 0)
    };
    let duration = || duration(text).ok().map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX));
    days('d', 1).or_else(|| days('w', 7)).or_else(duration)
}

fn instant(text: &str) -> Option<u64> {
    // A zone in brackets would be ignored.
    if text.contains('[') || !has_offset_of_a_day(text) {
        return None;
    }
    let at = text.parse::<Timestamp>().ok().or_else(|| {
        let at = text.parse::<DateTime>().ok().or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)));
        at?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp())
    });
    at.and_then(|at| u64::try_from(at.as_millisecond()).ok())
}

/// Whether the offset of a time, if it has one, is one of RFC 3339: up to 23:59.
fn has_offset_of_a_day(text: &str) -> bool {
    let Some((_, time)) = text.split_once(['T', 't', ' ']) else { return true };
    let Some((_, offset)) = time.split_once(['+', '-']) else { return true };
    let hours: String = offset.chars().take_while(char::is_ascii_digit).take(2).collect();
    hours.parse().is_ok_and(|hours: u8| hours < 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_how_long_or_until_when() {
        assert_eq!((long("2h"), long("7d")), (Ok(7_200_000), Ok(7 * DAY_MS)));
        assert_eq!((until("1970-01-02"), until("1970-01-01T00:00:01Z")), (Ok(DAY_MS), Ok(1_000)));
        assert!(long("1970-01-02").is_err() && until("2h").is_err());
        for text in ["2027-03-28T02:30:00[Europe/Berlin]", "2027-03-28T02:30:00+01:00[Europe/Berlin]"] {
            assert!(until(text).is_err(), "{text}");
        }
        assert!(until("2027-03-28T02:30:00+25:00").is_err() && until("2027-03-28T02:30:00+14:00").is_ok());
        for (text, said) in [
            ("2", "`2` has no unit; write for example 30m, 2h, 7d"),
            ("0", "`0` is not a duration; write for example 30m, 2h, 7d"),
            ("99999999w", "`99999999w` is too long; 100 years at most"),
            ("5219w", "`5219w` is too long; 100 years at most"),
            ("18446744073709551616d", "`18446744073709551616d` is too long; 100 years at most"),
        ] {
            assert_eq!(long(text).unwrap_err(), said);
        }
        assert_eq!(long("5217w"), Ok(5_217 * 7 * DAY_MS));
    }

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
