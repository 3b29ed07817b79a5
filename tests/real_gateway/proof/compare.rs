//! The comparison of two answers to one case: the release's, as `judge.mjs` wrote it, and that of clearance.

use serde_json::Value;

/// The gateway's state directory in every case. The judge has a new one each time, which no case names.
pub(crate) const STATE_DIRECTORY: &str = "/judge/state";

/// The fields in which answers are compared, in the order in which a difference is reported.
const FIELDS: [&str; 12] = [
    "verdict",
    "reason",
    "security",
    "ask",
    "askFallback",
    "analysable",
    "satisfied",
    "segments",
    "review",
    "unanswered",
    "unansweredReason",
    "execCommand",
];

/// The fields that the judge leaves out if a release stops before it merges policies.
const POLICY: [&str; 3] = ["security", "ask", "askFallback"];

/// The fields of the parts of a command.
const PARTS: [&str; 6] = ["argv", "effective", "resolved", "real", "by", "entry"];

/// How the two answers compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Comparison {
    Same,
    /// clearance does not decide.
    Unknown,
    /// The judge has no verdict: the release failed, or the case is not about this host.
    Unjudged,
    /// Only the parts or words of a text differ that the release cannot analyse, and that neither takes an entry for.
    Words,
    /// The first field in which they differ.
    Different(&'static str),
}

/// Compares an answer of the judge with one of clearance.
pub(crate) fn compare(judged: &Value, ours: &Value) -> Comparison {
    if matches!(judged["verdict"].as_str(), Some("error" | "uncovered")) {
        return Comparison::Unjudged;
    }
    if matches!(ours["verdict"].as_str(), Some("unknown" | "uncovered")) {
        return Comparison::Unknown;
    }
    let is_known = |field: &&str| !POLICY.contains(field) || !judged[field].is_null();
    let mut different = FIELDS.into_iter().filter(is_known).filter(|field| judged[field] != ours[field]);
    match different.next() {
        None => Comparison::Same,
        Some("segments") if different.next().is_none() && are_other_words(judged, ours) => Comparison::Words,
        Some("segments") => Comparison::Different(different_part(&judged["segments"], &ours["segments"])),
        Some(field) => Comparison::Different(field),
    }
}

fn different_part(judged: &Value, ours: &Value) -> &'static str {
    let (Some(judged), Some(ours)) = (judged.as_array(), ours.as_array()) else { return "segments" };
    if judged.len() != ours.len() {
        return "segments";
    }
    let mut differences = judged
        .iter()
        .zip(ours)
        .flat_map(|(judged, ours)| PARTS.into_iter().filter(move |part| judged[part] != ours[part]));
    differences.next().unwrap_or("segments")
}

/// Whether both split a text that neither analyses, and take no entry for a part of it.
fn are_other_words(judged: &Value, ours: &Value) -> bool {
    let allows = |part: &Value| !part["entry"].is_null() || !part["by"].is_null();
    let takes_nothing = |answer: &Value| !answer["segments"].as_array().into_iter().flatten().any(allows);
    [judged, ours].into_iter().all(|answer| answer["analysable"] == false && takes_nothing(answer))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn other_words_are_no_disagreement_only_where_nothing_reads_them() {
        let answer = |analysable: bool, word: &str, entry: Value| {
            json!({
                "verdict": "asks",
                "analysable": analysable,
                "segments": [{"argv": ["a", word], "real": "/usr/bin/a", "entry": entry}],
            })
        };
        let of = |analysable, entry: Value| {
            compare(&answer(analysable, "b", entry.clone()), &answer(analysable, "c", entry))
        };
        assert_eq!(of(false, Value::Null), Comparison::Words);
        assert_eq!(of(true, Value::Null), Comparison::Different("argv"));
        assert_eq!(of(false, json!({"index": 0})), Comparison::Different("argv"));
        let mut other = answer(true, "b", Value::Null);
        other["segments"][0]["real"] = "/usr/bin/z".into();
        assert_eq!(compare(&answer(true, "b", Value::Null), &other), Comparison::Different("real"));
        other["analysable"] = false.into();
        other["segments"] = json!([]);
        assert_eq!(compare(&answer(false, "b", Value::Null), &other), Comparison::Words);
        other["verdict"] = "runs".into();
        assert_eq!(compare(&answer(false, "b", Value::Null), &other), Comparison::Different("verdict"));
    }
}
