//! An evaluator of a gateway's decisions: `matchAllowlist` and the code around it, ported line by line from the
//! published package 2026.9.6. It uses the gateway's own means (a glob becomes an ECMAScript expression), not those of
//! the lints.

use serde_json::Value;

use crate::approvals::model::document::{Document, Entry};
use crate::approvals::model::scalar::trimmed;

const HOME: &str = "/home/ann";

/// A resolved program that is about to run.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) raw: String,
    pub(super) path: Option<String>,
    pub(super) real: Option<String>,
    pub(super) arguments: Vec<String>,
    /// The binding of a generated entry for this command in this directory.
    pub(super) bound: String,
}

/// How generated entries are matched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generation {
    /// 2026.6.11: like any other entry.
    Early,
    /// 2026.9.6: only in the directory of their approval.
    Bound,
}

fn regex_matches(expression: &str, text: &str) -> bool {
    let units: Vec<u32> = expression.encode_utf16().map(u32::from).collect();
    let text: Vec<u16> = text.encode_utf16().collect();
    regress::Regex::from_unicode(units.into_iter(), regress::Flags::default())
        .is_ok_and(|regex| regex.find_from_ucs2(&text, 0).next().is_some())
}

fn glob_matches(pattern: &str, target: &str) -> bool {
    let home = pattern == "~" || pattern.starts_with("~/") || pattern.starts_with("~\\");
    let expanded = if home { format!("{HOME}{}", &pattern[1..]) } else { pattern.to_owned() };
    let normalized = expanded.replace("\\\\", "/");
    let (mut regex, mut chars) = (String::from("^"), normalized.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.next_if_eq(&'*').is_some() => regex.push_str(".*"),
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            c if ".*+?^${}()|[]\\".contains(c) => regex.extend(['\\', c]),
            c => regex.push(c),
        }
    }
    regex.push('$');
    regex_matches(&regex, &target.replace("\\\\", "/"))
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn selects_path(text: &str) -> bool {
    text.contains(['/', '\\', '~'])
}

fn arguments_match(arg_pattern: &str, arguments: &[String], generation: Generation) -> bool {
    if arg_pattern.starts_with("sha256:argv:") && generation == Generation::Bound {
        return false;
    }
    let subject = if !arg_pattern.contains('\0') {
        arguments.join(" ")
    } else if arguments.is_empty() {
        "\0\0".to_owned()
    } else {
        format!("{}\0", arguments.join("\0"))
    };
    regex_matches(arg_pattern, &subject)
}

/// Which entry matches, as `matchAllowlist` returns it.
pub(super) fn matched(entries: &[&Entry<'_>], program: &Program, generation: Generation) -> Option<usize> {
    let inactive = |entry: &Entry<'_>| generation == Generation::Bound && entry.source.is_some();
    let arg_pattern = |entry: &Entry<'_>| {
        entry.arg_pattern.as_ref().map_or_else(String::new, |text| text.as_str().to_owned())
    };
    let bare = |entry: &Entry<'_>| trimmed(entry.pattern.as_str()) == "*" && arg_pattern(entry).is_empty();
    if let Some(at) = entries.iter().position(|entry| bare(entry) && !inactive(entry)) {
        return Some(at);
    }
    let path = program.path.as_deref()?;
    let trusted = program.real.as_deref().unwrap_or(path);
    let mut path_only = None;
    for (at, entry) in entries.iter().enumerate() {
        let pattern = trimmed(entry.pattern.as_str());
        let by_name = || pattern != "*" && !selects_path(&program.raw) && glob_matches(pattern, base(path));
        if !(if selects_path(pattern) { glob_matches(pattern, trusted) } else { by_name() }) {
            continue;
        }
        let arguments = arg_pattern(entry);
        if arguments.is_empty() {
            if !inactive(entry) {
                path_only.get_or_insert(at);
            }
        } else if arguments.starts_with("sha256:cwd-argv:v1:") && generation == Generation::Bound {
            if arguments == program.bound {
                return Some(at);
            }
        } else if !inactive(entry) && arguments_match(&arguments, &program.arguments, generation) {
            return Some(at);
        }
    }
    path_only
}

/// Whether an agent may run a program: `matchExecutableAllowlistForSegment`, and approvals of one command text.
pub(super) fn allows(
    document: &Document<'_>,
    agent: &str,
    program: &Program,
    generation: Generation,
) -> bool {
    const SHELLS: [&str; 8] = ["ash", "bash", "dash", "fish", "ksh", "sh", "zsh", "pwsh"];
    let of = |wanted: &str| {
        let agents = document.agents.iter().flat_map(crate::approvals::model::document::Agents::iter);
        agents
            .filter(|(id, _)| *id == wanted)
            .flat_map(|(_, agent)| agent.allowlist.iter().flatten())
            .collect::<Vec<_>>()
    };
    let mut entries = of("*");
    if agent != "*" {
        entries.extend(of(agent));
    }
    let approved =
        entries.iter().any(|entry| entry.source.is_some() && entry.pattern.as_str() == "=command:00");
    let found = matched(&entries, program, generation).is_some_and(|at| {
        let entry = entries[at];
        let bound = entry.arg_pattern.as_ref().is_some_and(|text| !trimmed(text.as_str()).is_empty());
        let everything = trimmed(entry.pattern.as_str()) == "*" && !bound;
        let shell = SHELLS.contains(&base(&program.raw)) && !program.arguments.is_empty();
        !shell || bound || everything
    });
    found || approved
}

/// Entries, the program's name, path and real path, its arguments, and the index of the entry that matches.
type Case = (Value, (String, Option<String>, Option<String>), Vec<String>, Option<usize>);

/// The verdicts of the gateway's own function, which `fixtures/lint/matching.mjs` collected.
#[test]
fn the_evaluator_is_the_gateway() {
    let cases: Vec<Case> =
        serde_json::from_str(include_str!("../../../../fixtures/lint/matching.json")).unwrap();
    let mut hits = 0;
    for (entries, (raw, path, real), arguments, expected) in cases {
        let text =
            serde_json::json!({ "version": 1, "agents": { "main": { "allowlist": entries } } }).to_string();
        let document: Document<'_> = serde_json::from_str(&text).unwrap();
        let agent = document.agents.as_ref().unwrap().iter().next().unwrap().1;
        let entries: Vec<&Entry<'_>> = agent.allowlist.iter().flatten().collect();
        let program = Program { raw, path, real, arguments, bound: "none".to_owned() };
        assert_eq!(matched(&entries, &program, Generation::Bound), expected, "{entries:?} {program:?}");
        hits += usize::from(expected.is_some());
    }
    assert!(hits > 300, "{hits}");
}
