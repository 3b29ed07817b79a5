//! Commands that show what a document means: those of prompts, the last one that each entry allowed, those of policy tests,
//! and some that are made from the entries.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde_json::Value;

use crate::approvals::decide::Context;
use crate::approvals::policy_tests::read;
use crate::commands::Error;
use crate::commands::suggest::SuggestError;
use crate::commands::suggest::judge::Judge;
use crate::commands::suggest::observed::Call;
use crate::commands::suggest::sources::Sources;
use crate::deadline::Deadline;
use crate::report::approvals::suggest::Source as Used;
use crate::store::input::{self, Bounds, Input};

/// The size limit of a file of policy tests.
const MAX_TESTS: ByteSize = ByteSize::mib(16);

/// The most entries that commands are made from.
const MOST_ENTRIES: usize = 2_000;

/// The most commands of prompts.
const MOST_CALLS: usize = 20_000;

/// Where a command comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Prompts, and the last uses of entries.
    Prompts,
    /// Policy tests.
    Tests,
    /// An entry.
    Made,
}

impl Source {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Prompts => "prompts",
            Self::Tests => "tests",
            Self::Made => "made",
        }
    }
}

/// A command of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Witness {
    pub(super) agent: String,
    pub(super) command: String,
    pub(super) directory: Option<String>,
    pub(super) source: Source,
    /// A program that the host may lack: the command is made from an entry for it.
    pub(super) program: Option<String>,
}

/// Gathers the commands, those of one agent after another.
pub(super) fn witnesses(
    judge: &Judge<'_>,
    sources: &mut Sources,
    tests: &[PathBuf],
    deadline: Deadline,
) -> anyhow::Result<Vec<Witness>> {
    sources.of_document(&judge.target.document.path, &judge.document)?;
    let mut found: BTreeMap<Call, Witness> = BTreeMap::new();
    for file in tests {
        let cases = of_tests(file, deadline)?;
        sources.used.push(Used {
            name: file.display().to_string(),
            form: "policy tests",
            prompts: cases.len(),
        });
        for witness in cases {
            add(&mut found, witness);
        }
    }
    let observed = std::mem::take(&mut sources.gathered).observed();
    for call in observed.calls.into_keys().take(MOST_CALLS) {
        let Call { agent, command, directory } = call;
        add(&mut found, Witness { agent, command, directory, source: Source::Prompts, program: None });
    }
    let path = judge.first_directory();
    for (agent, entry) in entries(&judge.document).take(MOST_ENTRIES) {
        for witness in made(agent, entry, path) {
            add(&mut found, witness);
        }
    }
    Ok(found.into_values().collect())
}

fn add(found: &mut BTreeMap<Call, Witness>, witness: Witness) {
    let Witness { agent, command, directory, .. } = witness.clone();
    found.entry(Call { agent, command, directory }).or_insert(witness);
}

/// The cases of a file of policy tests that have nothing else than a command, an agent and a directory.
fn of_tests(file: &Path, deadline: Deadline) -> Result<Vec<Witness>, Error> {
    let input = Input::named(file);
    let name = input.name();
    let bytes = input::read(&input, Bounds { max_size: MAX_TESTS, deadline })?;
    let wrong = |cause: String| SuggestError::Tests { name: name.clone(), cause };
    let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text".to_owned()))?;
    let suite = read(&text).map_err(|problems| {
        wrong(problems.first().map_or_else(String::new, |problem| problem.message.clone()))
    })?;
    let plain = suite.cases.into_iter().filter(|case| {
        case.context == Context::Interactive
            && case.environment.is_empty()
            && case.ask.is_none()
            && case.security.is_none()
            && case.permission_mode.is_none()
    });
    let of = plain.map(|case| Witness {
        agent: case.agent.to_string(),
        command: case.command,
        directory: Some(case.directory.to_string()).filter(|directory| directory.starts_with('/')),
        source: Source::Tests,
        program: None,
    });
    Ok(of.collect())
}

/// The entries of a document with the agent that uses them: those of `*` are used by `main`, too.
fn entries(document: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let agents = document["agents"].as_object().into_iter().flatten();
    agents.flat_map(|(agent, rules)| {
        let agent = if agent == "*" { "main" } else { agent.as_str() };
        rules["allowlist"].as_array().into_iter().flatten().map(move |entry| (agent, entry))
    })
}

/// Commands of the program that an entry is for: without arguments, with some, and with those of its expression.
fn made(agent: &str, entry: &Value, directory: &str) -> Vec<Witness> {
    let pattern = entry.as_str().or_else(|| entry["pattern"].as_str()).unwrap_or_default().trim();
    if pattern.is_empty()
        || pattern.starts_with('=')
        || pattern.contains(['\\', ' '])
        || pattern.starts_with('~')
    {
        return Vec::new();
    }
    let word = pattern.replace("**", "x").replace(['*', '?'], "x");
    let program = if word.starts_with('/') { word.clone() } else { format!("{directory}/{word}") };
    if word.contains('/') && !word.starts_with('/') {
        return Vec::new();
    }
    let mut arguments: BTreeSet<Vec<String>> =
        [vec![], vec!["a".to_owned()], vec!["--version".to_owned()]].into();
    arguments.extend(entry["argPattern"].as_str().and_then(literal));
    let line = |arguments: Vec<String>| {
        let words = std::iter::once(word.as_str()).chain(arguments.iter().map(String::as_str));
        shlex::try_join(words).ok()
    };
    let of = |command: String| Witness {
        agent: agent.to_owned(),
        command,
        directory: None,
        source: Source::Made,
        program: Some(program.clone()),
    };
    arguments.into_iter().filter_map(line).map(of).collect()
}

/// The arguments that an expression matches, if it matches one text alone.
fn literal(expression: &str) -> Option<Vec<String>> {
    let inner = expression.strip_prefix('^')?.strip_suffix('$')?;
    let (mut text, mut escaped) = (String::new(), false);
    for c in inner.chars() {
        match c {
            _ if escaped => {
                if c.is_ascii_alphanumeric() {
                    return None;
                }
                text.push(c);
                escaped = false;
            }
            '\\' => escaped = true,
            c if "^$.*+?()[]{}|".contains(c) => return None,
            c => text.push(c),
        }
    }
    if escaped {
        return None;
    }
    let separator = if text.contains('\0') { '\0' } else { ' ' };
    let words = text.trim_end_matches('\0').split(separator).filter(|word| !word.is_empty());
    Some(words.map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn commands_are_made_from_entries() {
        let commands = |entry: Value| -> Vec<String> {
            made("main", &entry, "/bin").into_iter().map(|witness| witness.command).collect()
        };
        assert_eq!(
            commands(json!("/usr/bin/git")),
            ["/usr/bin/git", "/usr/bin/git --version", "/usr/bin/git a"]
        );
        assert_eq!(
            commands(json!({"pattern": "rg", "argPattern": r"^-n a\.b$"})),
            ["rg", "rg --version", "rg -n a.b", "rg a"]
        );
        assert_eq!(commands(json!("/opt/*/x")).len(), 3);
        for entry in [json!("=command:0"), json!(""), json!("~/x"), json!("a/b"), json!(7)] {
            assert_eq!(commands(entry.clone()), Vec::<String>::new(), "{entry}");
        }
        assert_eq!(made("main", &json!("rg"), "/bin")[0].program.as_deref(), Some("/bin/rg"));
    }

    #[test]
    fn only_an_expression_for_one_text_has_arguments() {
        let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(literal("^a b$"), words(&["a", "b"]));
        assert_eq!(literal("^a b\0c\0$"), words(&["a b", "c"]));
        assert_eq!(literal("^\0\0$"), words(&[]));
        for expression in ["a", "^a.b$", r"^\d$", "^(a)$", "^a\\"] {
            assert_eq!(literal(expression), None, "{expression}");
        }
    }
}
