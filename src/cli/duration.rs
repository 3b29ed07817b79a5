//! Durations on the command line. A number without a unit is seconds.

use std::time::Duration;

use jiff::SignedDuration;

/// Parses a duration: a number with a unit, or a bare number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let invalid = || {
        let text = text.escape_debug();
        format!("`{text}` is not a duration; write for example 30s, 500ms, 2m, or 30 for 30 seconds")
    };
    let bare = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let parsed = if bare {
        text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    } else {
        text.parse::<SignedDuration>().ok().and_then(|parsed| Duration::try_from(parsed).ok())
    };
    parsed.filter(|duration| !duration.is_zero()).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_number_is_seconds() {
        let millis = |text: &str| duration(text).unwrap().as_millis();
        for (text, expected) in [
            ("5", 5_000),
            ("0.5", 500),
            ("05", 5_000),
            ("90", 90_000),
            ("5s", 5_000),
            ("500ms", 500),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
        ] {
            assert_eq!(millis(text), expected, "{text}");
        }
        let centuries = duration("99999999999").unwrap();
        assert_eq!(centuries, Duration::from_secs(99_999_999_999));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in ["", "0", "0.0", "0s", "-5", "-5s", "+5", ".", "1.2.3", "1e3", "5 x", "soon", "inf"] {
            assert!(duration(text).is_err(), "{text}");
        }
        // More seconds than a duration holds.
        assert!(duration(&"9".repeat(400)).is_err());
    }
}
