//! The smallest entries that make a command run, found by asking again: an entry is suggested only if the release would
//! run the command with it.

use serde_json::{Map, Value, json};

use crate::approvals::decide::{Decision, Host, Profile, Question, Segment, Verdict, decide};
use crate::report::approvals::explain::Allow;
use crate::store::{quoted_name, quoted_unless};
use std::path::Path;

/// The largest number of entries that are suggested together.
const MOST: usize = 16;

/// The longest pattern for arguments that is suggested, in bytes.
const LONGEST: usize = 2000;

/// The entries that make a command run. Empty: none can, or none is needed. `names_agent`: whether the command line
/// already names the agent, so that the printed command gets it from there.
pub(super) fn entries(
    question: &Question<'_>,
    profile: Profile,
    host: &dyn Host,
    decision: &Decision,
    names_agent: bool,
) -> Vec<Allow> {
    suggested(question, profile, host, decision, names_agent).unwrap_or_default()
}

fn suggested(
    question: &Question<'_>,
    profile: Profile,
    host: &dyn Host,
    decision: &Decision,
    names_agent: bool,
) -> Option<Vec<Allow>> {
    let wanted = matches!(decision.verdict, Verdict::Asks | Verdict::Denied);
    let evaluation = decision.evaluation.as_ref().filter(|_| wanted)?;
    if evaluation.not_analysable.is_some()
        || decision.policy.security.0 != "allowlist"
        || !is_editable(question.agent)
    {
        return None;
    }
    let mut entries: Vec<(String, Option<String>)> = Vec::new();
    let mut document = document_of(question)?;
    // A release may stop at the first part that nothing allows, so the next one is found by asking again.
    for _ in 0..MOST {
        let text = document.to_string();
        let asked = Question { document: Some(&text), ..question.clone() };
        let decided = decide(&asked, profile, host);
        if decided.verdict == Verdict::Runs {
            return (!entries.is_empty()).then(|| {
                entries
                    .into_iter()
                    .map(|(pattern, arguments)| allow(question, pattern, arguments, names_agent))
                    .collect()
            });
        }
        let evaluation = decided.evaluation?;
        let segment = evaluation.segments.iter().find(|segment| segment.by.is_none())?;
        let entry = entry_for(segment, profile).filter(|entry| !entries.contains(entry))?;
        add(&mut document, question.agent, &entry)?;
        entries.push(entry);
    }
    None
}

/// Whether `allowlist add` takes the agent: `default` is the early name of `main`.
fn is_editable(agent: &str) -> bool {
    !agent.trim().is_empty() && agent != "default"
}

fn document_of(question: &Question<'_>) -> Option<Value> {
    let text = question.document.unwrap_or(r#"{"version": 1}"#);
    serde_json::from_str(text).ok().filter(Value::is_object)
}

/// The entry for one part: its program with exactly these arguments.
fn entry_for(segment: &Segment, profile: Profile) -> Option<(String, Option<String>)> {
    if segment.never.is_some() {
        return None;
    }
    let path = if profile.reads_arguments() { segment.real.as_ref() } else { segment.resolved.as_ref() };
    // In a pattern these characters stand for others, and there is no escape.
    let path = path.filter(|path| path.starts_with('/') && !path.contains(['*', '?', '\\']))?;
    if !profile.reads_arguments() {
        return Some((path.clone(), None));
    }
    let words = segment.effective.as_ref().unwrap_or(&segment.argv);
    let arguments = words.get(1..).unwrap_or_default().join(" ");
    let pattern = format!("^{}$", literal(&arguments));
    (pattern.len() <= LONGEST && !pattern.contains('\0')).then(|| (path.clone(), Some(pattern)))
}

/// A regular expression of ECMAScript that matches this text alone.
fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if r"\^$.*+?()[]{}|/".contains(c) && c != '/' {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// Adds an entry to the agent's list.
fn add(document: &mut Value, agent: &str, (pattern, arguments): &(String, Option<String>)) -> Option<()> {
    let object = |value: &mut Value| {
        if value.is_null() {
            *value = Value::Object(Map::new());
        }
    };
    let agents = document.as_object_mut()?.entry("agents").or_insert(Value::Null);
    object(agents);
    let agent = agents.as_object_mut()?.entry(agent).or_insert(Value::Null);
    object(agent);
    let list = agent.as_object_mut()?.entry("allowlist").or_insert_with(|| json!([]));
    let mut entry = Map::new();
    entry.insert("pattern".to_owned(), pattern.as_str().into());
    entry.extend(arguments.as_deref().map(|arguments| ("argPattern".to_owned(), arguments.into())));
    list.as_array_mut()?.push(Value::Object(entry));
    Some(())
}

fn allow(question: &Question<'_>, pattern: String, arguments: Option<String>, names_agent: bool) -> Allow {
    let word = |text: &str| quoted_unless(Path::new(text), "/._-");
    let mut command = format!("clearance approvals allowlist add {}", word(&pattern));
    if let Some(arguments) = &arguments {
        command = format!("{command} --arg-pattern {}", word(arguments));
    }
    if !names_agent {
        command = format!("{command} --agent {}", quoted_name(question.agent));
    }
    Allow { agent: question.agent.to_owned(), pattern, arg_pattern: arguments, command }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_has_no_special_characters() {
        assert_eq!(literal("log --format=%h (x) a.b|c"), r"log --format=%h \(x\) a\.b\|c");
        assert_eq!(literal("/srv/ü*"), r"/srv/ü\*");
    }

    #[test]
    fn an_entry_is_added_to_its_agent() {
        let mut document = json!({"version": 1, "agents": {"main": {"allowlist": ["x"]}}});
        add(&mut document, "main", &("/a".to_owned(), Some("^b$".to_owned()))).unwrap();
        add(&mut document, "ops", &("/a".to_owned(), None)).unwrap();
        let expected = json!({"version": 1, "agents": {
            "main": {"allowlist": ["x", {"pattern": "/a", "argPattern": "^b$"}]},
            "ops": {"allowlist": [{"pattern": "/a"}]},
        }});
        assert_eq!(document, expected);
        assert_eq!(add(&mut json!({"agents": 7}), "main", &("/a".to_owned(), None)), None);
    }
}
