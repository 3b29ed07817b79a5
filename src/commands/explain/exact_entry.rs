//! The smallest entries that make a command run, found by asking again: an entry is suggested only if the release would
//! run the command with it.

use serde_json::{Map, Value, json};

use crate::approvals::decide::{Decision, Host, Profile, Question, Segment, Verdict, decide};
use crate::approvals::lint;
use crate::approvals::suggest::literal;
use crate::report::approvals::explain::Allow;
use crate::store::{quoted_name, quoted_unless};
use std::path::Path;

/// The largest number of entries that are suggested together.
const MOST: usize = 16;

/// The longest pattern for arguments that is suggested, in bytes.
const LONGEST: usize = 2000;

/// The entries that make a command run. Empty: none can, or none is needed. `names_agent`: whether the command line
/// already names the agent, so that the printed command gets it from there.
pub(in crate::commands) fn entries(
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
    let mut evaluation = decision.evaluation.as_ref().filter(|_| wanted)?;
    if evaluation.not_analysable.is_some()
        || decision.policy.security.0 != "allowlist"
        || !is_editable(question.agent)
    {
        return None;
    }
    let mut entries: Vec<(String, Option<String>)> = Vec::new();
    let mut document = document_of(question)?;
    let mut next;
    // A release may stop at the first part that nothing allows, so the next one is found by asking again.
    while entries.len() < MOST {
        let segment = evaluation.segments.iter().find(|segment| segment.by.is_none())?;
        let entry = entry_for(segment, profile).filter(|entry| !entries.contains(entry))?;
        add(&mut document, question.agent, &entry)?;
        entries.push(entry);
        let text = document.to_string();
        let decided = decide(&Question { document: Some(&text), ..question.clone() }, profile, host);
        if decided.verdict == Verdict::Runs {
            let allows = entries.into_iter();
            return Some(
                allows.map(|(pattern, arguments)| allow(question, pattern, arguments, names_agent)).collect(),
            );
        }
        next = decided.evaluation?;
        evaluation = &next;
    }
    None
}

/// Why there is no entry for exactly one command on a release that does not read arguments.
pub(super) fn ignored_arguments(profile: Profile) -> String {
    format!(
        "{} does not read the arguments of an entry, so every entry allows a program with any arguments",
        profile.release()
    )
}

/// The entry that allows exactly one command: the program with these arguments, and nothing else that did not run before.
/// The evaluator proves it. The error: why there is none.
pub(in crate::commands) fn exact(
    question: &Question<'_>,
    profile: Profile,
    host: &dyn Host,
    decision: &Decision,
) -> Result<Allow, String> {
    if !profile.reads_arguments() {
        return Err(ignored_arguments(profile));
    }
    let [allow] = <[Allow; 1]>::try_from(entries(question, profile, host, decision, false))
        .map_err(|entries| no_single(&entries, decision))?;
    let segment = single_part(question, profile, host, &allow)?;
    if lint::is_launcher(&allow.pattern) || segment.argv.first().is_some_and(|word| lint::is_launcher(word)) {
        return Err(format!("{} runs other programs", allow.pattern));
    }
    let others = others(&segment.argv).ok_or("it has too many arguments")?;
    // A release joins arguments with spaces, and with NUL if the expression has one: that is needed where other words
    // have the same text.
    let separated = format!("^{}$", separated(segment.argv.get(1..).unwrap_or_default()));
    let mut patterns =
        allow.arg_pattern.iter().chain([&separated]).filter(|pattern| pattern.len() <= LONGEST);
    let is_exact = |pattern: &&String| {
        let after = with(question, &allow.pattern, Some(pattern.as_str()))?;
        let after = Question { document: Some(&after), ..question.clone() };
        let runs = |question: &Question<'_>, argv: &[String]| {
            let text = shlex::try_join(argv.iter().map(String::as_str)).ok()?;
            let asked = Question { command: &text, ..question.clone() };
            Some(decide(&asked, profile, host).verdict == Verdict::Runs)
        };
        let is_other =
            |other: &Vec<String>| runs(&after, other) != Some(false) && runs(question, other) != Some(true);
        let is_itself = decide(&after, profile, host).verdict == Verdict::Runs;
        Some(is_itself && runs(&after, &segment.argv) == Some(true) && !others.iter().any(is_other))
    };
    match patterns.find(|pattern| is_exact(pattern) == Some(true)).cloned() {
        Some(pattern) => Ok(Allow { arg_pattern: Some(pattern), ..allow }),
        None => Err("every entry for it allows another command, too".to_owned()),
    }
}

/// The only part of a command, with an entry that allows it.
fn single_part(
    question: &Question<'_>,
    profile: Profile,
    host: &dyn Host,
    allow: &Allow,
) -> Result<Segment, String> {
    let with = with(question, &allow.pattern, allow.arg_pattern.as_deref())
        .ok_or("the document cannot be edited")?;
    let after = Question { document: Some(&with), ..question.clone() };
    let segments = decide(&after, profile, host).evaluation.map(|evaluation| evaluation.segments);
    let [segment] = <[Segment; 1]>::try_from(segments.unwrap_or_default())
        .map_err(|_| "it has several parts, and an entry for one of them allows that one alone, too")?;
    if segment.effective.is_some() {
        return Err(
            "it starts a program through another one, and an entry allows the program alone, too".to_owned()
        );
    }
    Ok(segment)
}

/// The document with another entry.
fn with(question: &Question<'_>, pattern: &str, arg_pattern: Option<&str>) -> Option<String> {
    let mut document = document_of(question)?;
    add(&mut document, question.agent, &(pattern.to_owned(), arg_pattern.map(str::to_owned)))?;
    Some(document.to_string())
}

/// An expression for exactly these arguments, each followed by NUL. A release reads two NULs as no arguments, or as two empty
/// ones.
fn separated(arguments: &[String]) -> String {
    if arguments.is_empty() {
        return "\0\0".to_owned();
    }
    arguments.iter().map(|argument| literal(argument) + "\0").collect()
}

/// Why there is not exactly one entry.
fn no_single(entries: &[Allow], decision: &Decision) -> String {
    let evaluation = decision.evaluation.as_ref();
    let never = || evaluation?.segments.iter().find_map(|segment| segment.never.clone());
    match (entries.len(), evaluation.and_then(|evaluation| evaluation.not_analysable.as_ref())) {
        (0, Some(why)) => format!("the release cannot analyse it: {why}"),
        (0, None) if decision.verdict == Verdict::Runs => "it runs already, without another entry".to_owned(),
        (0, None) if decision.policy.security.0 != "allowlist" => {
            format!("the policy in force does not read entries: security is {}", decision.policy.security.0)
        }
        (0, None) => never().unwrap_or_else(|| format!("no entry makes it run ({})", decision.reason)),
        (count, _) => format!("it needs {count} entries, and each of them allows its part alone, too"),
    }
}

/// Commands that a person could take for this one: each with the same program and other arguments. `None`: there are too
/// many arguments to try.
pub(in crate::commands) fn others(argv: &[String]) -> Option<Vec<Vec<String>>> {
    const MOST: usize = 64;
    let (program, arguments) = argv.split_first()?;
    if arguments.len() > MOST {
        return None;
    }
    let mut others: Vec<Vec<String>> = Vec::new();
    let mut push = |arguments: Vec<String>| {
        others.push(std::iter::once(program.clone()).chain(arguments).collect());
    };
    push(Vec::new());
    for more in ["", " ", "x", "--x", "-x", "/etc/passwd"] {
        push(arguments.iter().cloned().chain([more.to_owned()]).collect());
        push(std::iter::once(more.to_owned()).chain(arguments.iter().cloned()).collect());
    }
    for (at, argument) in arguments.iter().enumerate() {
        let with = |changed: &[String]| [&arguments[..at], changed, &arguments[at + 1..]].concat();
        push(with(&[]));
        push(with(&[format!("{argument}x")]));
        push(with(&[format!("x{argument}")]));
        push(with(&argument.split(' ').map(str::to_owned).collect::<Vec<_>>()));
        if let Some(next) = arguments.get(at + 1) {
            push([&arguments[..at], &[format!("{argument} {next}")][..], &arguments[at + 2..]].concat());
            push([&arguments[..at], &[next.clone(), argument.clone()][..], &arguments[at + 2..]].concat());
        }
    }
    others.retain(|other| other != argv);
    Some(others)
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

/// Adds an entry to the agent's list.
pub(in crate::commands) fn add(
    document: &mut Value,
    agent: &str,
    (pattern, arguments): &(String, Option<String>),
) -> Option<()> {
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
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::approvals::decide::{Context, Table};

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

    /// Asks for the entry of a command on a host with one program.
    fn exact_of(command: &str, document: &str, profile: Profile) -> Result<Allow, String> {
        let (table, configuration) = (table(), configuration());
        let question = question(command, document, &configuration);
        let host = table.host("/srv");
        exact(&question, profile, &host, &decide(&question, profile, &host))
    }

    fn table() -> Table {
        let programs = ["/usr/bin/tool", "/usr/bin/git", "/usr/bin/ls"];
        serde_json::from_value(json!({"programs": programs, "path": "/usr/bin", "home": "/h"})).unwrap()
    }

    fn configuration() -> Value {
        json!({"tools": {"exec": {"security": "allowlist", "ask": "on-miss"}}})
    }

    fn question<'q>(command: &'q str, document: &'q str, configuration: &'q Value) -> Question<'q> {
        Question {
            command,
            agent: "main",
            document: Some(document),
            configuration,
            directory: "/srv",
            path: "/usr/bin",
            home: "/h",
            state_directory: None,
            environment: BTreeMap::new(),
            context: Context::Interactive,
            ask: None,
            security: None,
            permission_mode: None,
        }
    }

    const DOCUMENT: &str =
        r#"{"version": 1, "agents": {"main": {"security": "allowlist", "ask": "on-miss"}}}"#;

    #[test]
    fn an_exact_entry_has_the_path_and_the_arguments() {
        for profile in [Profile::V2026_6_11, Profile::V2026_9_6] {
            for (command, expected) in [
                ("tool /x/y.z", r"^/x/y\.z$"),
                ("tool -a /x/y.z", "^-a\0/x/y\\.z\0$"),
                ("tool 'a b'", "^a b\0$"),
                ("tool", "^\0\0$"),
            ] {
                let allow = exact_of(command, DOCUMENT, profile).unwrap();
                let found = (&*allow.pattern, allow.arg_pattern.as_deref());
                assert_eq!(found, ("/usr/bin/tool", Some(expected)), "{command}");
            }
            for (command, says) in [
                ("tool '' ''", "every entry for it allows another command, too"),
                ("tool a && ls", "it needs 2 entries"),
                ("git status", "/usr/bin/git runs other programs"),
                ("tool > x", "cannot analyse"),
            ] {
                let why = exact_of(command, DOCUMENT, profile).unwrap_err();
                assert!(why.contains(says), "{command}: {why}");
            }
        }
        let why = exact_of("tool -a", DOCUMENT, Profile::V2026_4_14).unwrap_err();
        assert!(why.contains("does not read the arguments"), "{why}");
        let full = r#"{"version": 1, "agents": {"main": {"security": "full", "ask": "always"}}}"#;
        assert!(exact_of("tool -a", full, Profile::V2026_9_6).is_err());
    }

    proptest! {
        /// With an exact entry, the program runs with no other arguments.
        #[test]
        fn an_exact_entry_allows_no_other_arguments(
            arguments in prop::collection::vec(word(), 0..4),
            other in prop::collection::vec(word(), 0..4),
            is_newest: bool,
        ) {
            let profile = if is_newest { Profile::V2026_9_6 } else { Profile::V2026_6_11 };
            let line = |arguments: &[&str]| shlex::try_join([&["tool"], arguments].concat()).unwrap();
            // No release distinguishes two empty arguments from none.
            prop_assume!(arguments != other && !(arguments.is_empty() && other == ["", ""]));
            let Ok(allow) = exact_of(&line(&arguments), DOCUMENT, profile) else { return Ok(()) };
            let mut document: Value = serde_json::from_str(DOCUMENT).unwrap();
            add(&mut document, "main", &(allow.pattern, allow.arg_pattern)).unwrap();
            let (text, configuration, table) = (document.to_string(), configuration(), table());
            let host = table.host("/srv");
            let runs = |arguments: &[&str]| {
                let line = line(arguments);
                decide(&question(&line, &text, &configuration), profile, &host).verdict == Verdict::Runs
            };
            prop_assert!(runs(&arguments));
            prop_assert!(!runs(&other), "{arguments:?} {other:?}");
        }
    }

    fn word() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec![
            "a", "b", "a b", "", " ", "-x", "$", "*", "'", "a.c", "abc", "^", "a|b", "\\",
        ])
    }
}
