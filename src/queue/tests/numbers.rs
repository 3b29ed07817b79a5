//! Numbers count as they are written.

use proptest::prelude::*;

use super::super::{Intent, Kind, Reader};
use super::NOW;

/// A prompt with a number deep in a field that counts, and the same number's text in a string beside it.
fn row(number: &str) -> String {
    format!(
        r#"{{"id":"a","createdAtMs":{NOW},"expiresAtMs":{NOW},"request":{{"command":"pay \" 1e400 {{",
        "scope":{{"amount":{number},"list":[1,{number}]}},"agentId":"main","sessionKey":"s"}}}}"#
    )
}

fn intent(number: &str) -> Intent {
    Reader::new().text(Kind::Exec, &row(number)).unwrap().intent
}

#[test]
fn numbers_beyond_a_double_are_told_apart() {
    let numbers = [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "0e0",
        "1",
        "1.0",
        "1.00",
        "1e0",
        "1E0",
        "1e+0",
        "9007199254740992",
        "9007199254740993",
        "18446744073709551615",
        "18446744073709551616",
        "18446744073709551617",
        "18446744073709551618",
        "-9223372036854775808",
        "-9223372036854775809",
        "-9223372036854775810",
        "0.1",
        "0.10000000000000000001",
        "0.30000000000000004",
        "0.30000000000000004000000000000001",
        "1e400",
        "1e401",
        "-1e400",
        "1e-400",
        "1e-401",
        "1e99999999999999999999",
    ];
    for (at, one) in numbers.iter().enumerate() {
        for (other_at, other) in numbers.iter().enumerate() {
            assert_eq!(intent(one) == intent(other), at == other_at, "{one} {other}");
        }
    }
}

#[test]
fn group_ids_of_ordinary_numbers_are_as_before() {
    assert_eq!(format!("{:?}", intent("7")), "Intent(a3e00b0513122bc9…)");
}

#[test]
fn a_kept_request_has_its_numbers_as_they_were() {
    for number in ["18446744073709551617", "1e400", "1.50", "-0", "7"] {
        let kept = Reader::keeping_raw().text(Kind::Exec, &row(number)).unwrap().raw.unwrap();
        let expected = format!(r#""scope":{{"amount":{number},"list":[1,{number}]}}"#);
        assert!(kept.0.get().contains(&expected), "{}", kept.0.get());
        assert!(kept.0.get().contains(r#""pay \" 1e400 {""#), "{}", kept.0.get());
    }
}

#[test]
fn times_are_whole_milliseconds_of_this_calendar() {
    let read = |time: &str| {
        let row = format!(
            r#"{{"id":"a","createdAtMs":{time},"expiresAtMs":8640000000000000,"request":{{"command":"ls"}}}}"#
        );
        Reader::new().text(Kind::Exec, &row).map(|prompt| prompt.created_at_ms).ok()
    };
    for (time, read_as) in [
        ("1795644000000", Some(1_795_644_000_000)),
        ("1795644000000.0", Some(1_795_644_000_000)),
        ("1.795644e12", Some(1_795_644_000_000)),
        ("0", Some(0)),
        ("8640000000000000", Some(8_640_000_000_000_000)),
        ("8640000000000001", None),
        ("18446744073709551616", None),
        ("1e400", None),
        ("-1", None),
        ("1795644000000.5", None),
        ("1795644000000.00000000000000001", None),
        ("\"1795644000000\"", None),
        ("null", None),
        ("true", None),
    ] {
        assert_eq!(read(time), read_as, "{time}");
    }
}

fn number() -> impl Strategy<Value = String> {
    let near = (any::<u64>(), 0_u8..3)
        .prop_map(|(base, more)| (u128::from(base) + u128::from(u64::MAX) + u128::from(more)).to_string());
    prop_oneof![
        "-?(0|[1-9][0-9]{0,24})(\\.[0-9]{1,25})?([eE][+-]?[0-9]{1,4})?",
        near,
        any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(|float| float.to_string()),
        any::<i64>().prop_map(|whole| whole.to_string()),
    ]
}

proptest! {
    #[test]
    fn two_texts_never_share_an_intent(one in number(), other in number(), digit in 0_u8..10) {
        prop_assert_eq!(intent(&one) == intent(&other), one == other);
        prop_assert_eq!(intent(&one), intent(&one));
        // The nearest neighbour: one more digit after the point.
        if !one.contains(['e', 'E']) {
            let longer = if one.contains('.') { format!("{one}{digit}") } else { format!("{one}.{digit}") };
            prop_assert_ne!(intent(&one), intent(&longer));
        }
    }

    #[test]
    fn a_time_is_never_rounded(millis in 0..=8_640_000_000_000_000_u64, zeros in 0_usize..30) {
        let row = format!(
            r#"{{"id":"a","createdAtMs":{millis}.0{},"expiresAtMs":{millis}e0,"request":{{"command":"ls"}}}}"#,
            "0".repeat(zeros)
        );
        let prompt = Reader::new().text(Kind::Exec, &row).unwrap();
        prop_assert_eq!((prompt.created_at_ms, prompt.expires_at_ms), (millis, millis));
    }
}
