//! Shell completion: the shell's script, and the answers to its requests.
//!
//! Completion includes names from this host and its gateways: gateways of config.toml, ids of pending prompts,
//! sessions, agents, runs, codes. The answer takes a moment at most; after an error there are no candidates.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Command, CommandFactory, ValueHint};
use clap_complete::engine::{
    ArgValueCandidates, ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::Shells;

use crate::approvals::findings::codes::Code;
use crate::cli::Cli;
use crate::commands::grants::ls as grants;
use crate::commands::run::ls;
use crate::commands::{Error, gateway as gateways};
use crate::deadline::Deadline;
use crate::output;
use crate::queue::cancel::RunRow;
use crate::queue::filter::subject;
use crate::queue::grants::{Filter, Grant};
use crate::queue::{Decision, Prompt};
use crate::report::exit::Exit;
use crate::settings::{self, Environment, Flags, Wait};
use crate::streams::Streams;

/// The variable that marks a request of a shell's script.
const VARIABLE: &str = "COMPLETE";
/// The index of the word to complete, and the separator of candidates, as clap's own scripts pass them.
const INDEX: &str = "_CLAP_COMPLETE_INDEX";
const SEPARATOR: &str = "_CLAP_IFS";

/// How long a Tab may block.
const PATIENCE: Duration = Duration::from_millis(700);

/// Bash splits words at `=` and `:`, and its script passes them split: [`joined`] puts them together.
const BASH: &str = r#"_clearance() {
    local IFS=$'\013'
    COMPREPLY=( $( set -f; _CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX="$COMP_CWORD" COMPLETE=bash \
        clearance -- "${COMP_WORDS[@]}" 2> /dev/null ) )
    if [[ "${COMPREPLY-}" =~ [=/:]$ ]]; then
        compopt -o nospace 2> /dev/null
    fi
}
complete -F _clearance clearance
"#;

/// The last line of clap's script for zsh, and its replacement. A file in `fpath` is the body of the function that the first
/// Tab calls: with clap's line that Tab would only register the completer, and offer nothing.
const ZSH: [&str; 2] = [
    "compdef _clap_dynamic_completer_clearance clearance",
    "if [[ $funcstack[1] = _clearance ]]; then
    _clap_dynamic_completer_clearance \"$@\"
else
    compdef _clap_dynamic_completer_clearance clearance
fi",
];

/// `completions`: prints the script of a shell.
pub fn script(shell: clap_complete::Shell, streams: &mut Streams<'_>) -> io::Result<Exit> {
    if shell == clap_complete::Shell::Bash {
        output::page(streams.out, BASH.as_bytes())?;
        return Ok(Exit::Done);
    }
    let mut script = Vec::new();
    if let Some(shell) = Shells::builtins().completer(&shell.to_string()) {
        shell.write_registration(VARIABLE, "clearance", "clearance", "clearance", &mut script)?;
    }
    if shell == clap_complete::Shell::Zsh {
        let [registers, answers] = ZSH;
        script = String::from_utf8_lossy(&script).replace(registers, answers).into_bytes();
    }
    output::page(streams.out, &script)?;
    Ok(Exit::Done)
}

/// Answers the request of a shell's script, if this is one.
pub fn answer(arguments: &[OsString], streams: &mut Streams<'_>) -> Option<Exit> {
    let environment = Environment::of_process();
    let shell = environment.raw(VARIABLE)?;
    let (marker, words) = arguments.get(1..)?.split_first()?;
    if marker != "--" || words.is_empty() {
        return None;
    }
    let words = words.to_vec();
    let name = std::path::Path::new(shell).file_stem()?.to_str()?;
    let completed = if name == "bash" {
        bash(words, &environment)
    } else {
        let shells = Shells::builtins();
        let shell = shells.completer(name)?;
        let mut answer = Vec::new();
        let mut command = dressed(&words, &environment);
        let here = std::env::current_dir().ok();
        shell.write_complete(&mut command, words, here.as_deref(), &mut answer).map(|()| answer)
    };
    // A shell cannot show an error: the answer is empty.
    let printed = completed.and_then(|answer| output::page(streams.out, &answer));
    Some(if printed.is_ok() { Exit::Done } else { Exit::Found })
}

fn bash(words: Vec<OsString>, environment: &Environment) -> io::Result<Vec<u8>> {
    let text = |name| environment.raw(name).and_then(OsStr::to_str);
    let index: usize = text(INDEX).and_then(|index| index.parse().ok()).unwrap_or_default();
    let separator = text(SEPARATOR).unwrap_or("\n");
    let (mut words, index) = joined(words, index);
    if let Some(word) = words.get_mut(index) {
        *word = unescaped(word);
    }
    let current = words.get(index).map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    // Bash replaces only the text after the last break.
    let kept = current.rfind(['=', ':']).map_or(0, |at| at + 1);
    let mut command = dressed(&words, environment);
    let here = std::env::current_dir().ok();
    let candidates = clap_complete::engine::complete(&mut command, words, index, here.as_deref())?;
    let candidates = candidates.iter().filter_map(|candidate| {
        let candidate = candidate.get_value().to_string_lossy();
        if !candidate.starts_with(&current[..kept]) {
            return None;
        }
        let home = current.starts_with('~') && kept == 0;
        escaped(&candidate[kept..], home)
    });
    Ok(candidates.collect::<Vec<_>>().join(separator).into_bytes())
}

/// A word as bash reads it, if its only quotes are backslashes.
fn unescaped(word: &OsStr) -> OsString {
    let Some(text) = word.to_str().filter(|text| !text.contains(['\'', '"'])) else { return word.to_owned() };
    let mut plain = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' {
            plain.extend(characters.next());
        } else {
            plain.push(character);
        }
    }
    plain.into()
}

/// A candidate as bash puts it on the command line: whatever is in a file's name, it stays one word and runs nothing.
/// `home`: it begins with a `~` that the user typed. `None` for a name with characters that a terminal does not print.
fn escaped(candidate: &str, home: bool) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:/@+,-=%".contains(c) || !c.is_ascii();
    if !output::is_printed_as_it_is(candidate) {
        return None;
    }
    let mut text = String::new();
    for (at, character) in candidate.chars().enumerate() {
        if !(is_plain(character) || home && at == 0) {
            text.push('\\');
        }
        text.push(character);
    }
    Some(text)
}

/// Puts together the words that bash split at `=` and `:`. `index`: the word to complete, before and after.
fn joined(words: Vec<OsString>, index: usize) -> (Vec<OsString>, usize) {
    let is_break = |word: &OsStr| {
        let word = word.as_encoded_bytes();
        !word.is_empty() && word.iter().all(|byte| matches!(byte, b'=' | b':'))
    };
    let mut all: Vec<OsString> = Vec::new();
    let (mut glue, mut at) = (false, 0);
    for (number, word) in words.into_iter().enumerate() {
        let breaks = is_break(&word);
        match all.last_mut() {
            // The first word is the command.
            Some(last) if (breaks || glue && !word.is_empty()) && number > 1 => last.push(word),
            _ => all.push(word),
        }
        glue = breaks;
        if number == index {
            at = all.len() - 1;
        }
    }
    (all, at)
}

/// The command line with the completers of its values.
fn dressed(words: &[OsString], environment: &Environment) -> Command {
    let mut root = Cli::command();
    root.build();
    let flags = Flags {
        gateway: value(words, "--gateway"),
        token_file: value(words, "--token-file").map(PathBuf::from),
        password_file: value(words, "--password-file").map(PathBuf::from),
        tls_fingerprint: value(words, "--tls-fingerprint"),
        ca_file: value(words, "--ca-file").map(PathBuf::from),
        wait: Wait::Never,
        ..Flags::default()
    };
    dress(root, &flags, environment)
}

/// The value of a flag.
fn value(words: &[OsString], flag: &str) -> Option<String> {
    let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap_or_default()).collect();
    let joined = words.iter().find_map(|word| word.strip_prefix(flag)?.strip_prefix('='));
    let spaced = || words.windows(2).find(|pair| pair[0] == flag).map(|pair| pair[1]);
    joined.or_else(spaced).filter(|value| !value.is_empty() && !value.starts_with('-')).map(str::to_owned)
}

fn dress(command: Command, flags: &Flags, environment: &Environment) -> Command {
    let lints = command.get_name() == "lint";
    let of_prompts = |names: fn(&RunRow) -> Vec<Name>| {
        let (flags, environment) = (flags.clone(), environment.clone());
        ArgValueCandidates::new(move || candidates(live(&flags, &environment, names)))
    };
    let of_grants = |names: fn(&Grant) -> (&str, Option<&str>)| {
        let (flags, environment) = (flags.clone(), environment.clone());
        ArgValueCandidates::new(move || candidates(granted(&flags, &environment, names)))
    };
    let configured = environment.clone();
    let command = command.mut_args(|argument| match argument.get_id().as_str() {
        "gateway" => {
            let environment = configured.clone();
            argument.add(ArgValueCandidates::new(move || candidates(gateways_of(&environment))))
        }
        "id" => {
            let (flags, environment) = (flags.clone(), environment.clone());
            let names = |row: &RunRow| row.holds.iter().map(prompt).collect();
            argument.add(ArgValueCandidates::new(move || {
                candidates(live(&flags, &environment, names).into_iter().chain(decisions()).collect())
            }))
        }
        "grant" => argument.add(of_grants(|grant| (&*grant.id, Some(&*grant.command)))),
        "job" => argument.add(of_grants(|grant| (&*grant.cron_job_id, grant.cron_job_name.as_deref()))),
        "session" => argument.add(of_prompts(|row| of_row(row, row.session.as_deref()))),
        "run" => argument.add(of_prompts(|row| of_row(row, row.run.as_deref()))),
        "agent" => argument.add(of_prompts(|row| of_row(row, row.agent.as_deref()))),
        "explain" => argument.add(ArgValueCandidates::new(move || candidates(codes(lints)))),
        "a" | "b" => {
            let environment = configured.clone();
            argument.add(ArgValueCompleter::new(move |word: &OsStr| operand(word, &environment)))
        }
        _ if argument.get_value_hint() == ValueHint::AnyPath => argument.value_hint(ValueHint::FilePath),
        _ => argument,
    });
    let names: Vec<String> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    names
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, |verb| dress(verb, flags, environment)))
}

/// A name, and a description for people.
type Name = (String, Option<String>);

fn prompt(prompt: &Prompt) -> Name {
    (prompt.id().to_owned(), Some(subject(prompt).to_owned()))
}

fn of_row(row: &RunRow, name: Option<&str>) -> Vec<Name> {
    name.map(|name| (name.to_owned(), Some(row.state.as_str().to_owned()))).into_iter().collect()
}

fn codes(lints: bool) -> Vec<Name> {
    let codes = if lints { Code::LINTS } else { Code::ALL };
    codes.iter().map(|code| (code.as_str().to_owned(), Some(code.explanation().title.to_owned()))).collect()
}

fn gateways_of(environment: &Environment) -> Vec<Name> {
    let names = settings::names(environment, Deadline::after(PATIENCE)).unwrap_or_default();
    let embedded = ("embedded".to_owned(), Some("a gateway to rehearse with".to_owned()));
    names.into_iter().map(|name| (name, None)).chain([embedded]).collect()
}

/// Candidates for an operand of `diff`: files, and places that have a name.
fn operand(word: &OsStr, environment: &Environment) -> Vec<CompletionCandidate> {
    let places = ["local".to_owned(), "gateway".to_owned()].into_iter().map(|name| (name, None));
    let named = gateways_of(environment).into_iter().map(|(name, help)| (format!("gateway:{name}"), help));
    let text = word.to_string_lossy();
    let places = places.chain(named).filter(|(name, _)| name.starts_with(&*text)).collect();
    let mut all = candidates(places);
    all.extend(PathCompleter::file().complete(word));
    all
}

/// Names from the runs and prompts of a gateway.
fn live(flags: &Flags, environment: &Environment, names: fn(&RunRow) -> Vec<Name>) -> Vec<Name> {
    let flags = flags.clone();
    let listed = asked(&flags.clone(), environment, move |deadline| gateways::run(ls::run(&flags, deadline)));
    listed.iter().flat_map(|list| &list.rows).flat_map(names).collect()
}

/// Names from the active grants of a gateway.
fn granted(flags: &Flags, environment: &Environment, names: fn(&Grant) -> (&str, Option<&str>)) -> Vec<Name> {
    let flags = flags.clone();
    let request = grants::Request { filter: Filter::default(), all: false };
    let listed = asked(&flags.clone(), environment, move |deadline| {
        gateways::run(grants::run(&request, &flags, deadline))
    });
    let names = |grant: &Grant| {
        let (name, help) = names(grant);
        (name.to_owned(), help.map(str::to_owned))
    };
    listed.iter().flat_map(|list| &list.rows).map(names).collect()
}

/// The answer of a gateway, if it comes soon. Skips a gateway that this user has never connected to: connecting would
/// request a pairing.
fn asked<T: Send + 'static>(
    flags: &Flags,
    environment: &Environment,
    ask: impl FnOnce(Deadline) -> Result<T, Error> + Send + 'static,
) -> Option<T> {
    let is_embedded = flags.gateway.as_deref() == Some("embedded");
    let devices = settings::state_directory(environment).map(|directory| directory.join("devices"));
    if !is_embedded && !devices.is_ok_and(|directory| directory.is_dir()) {
        return None;
    }
    let deadline = Deadline::after(PATIENCE);
    deadline.within(move || ask(deadline)).ok()?.ok()
}

/// The decisions, which follow the ids of prompts.
fn decisions() -> impl Iterator<Item = Name> {
    Decision::ALL.into_iter().map(|decision| (decision.as_str().to_owned(), None))
}

/// The candidates from names. Agents and their models choose ids and keys, and a candidate becomes part of a command
/// line: a name that a shell could read as anything but a word is omitted.
fn candidates(mut names: Vec<Name>) -> Vec<CompletionCandidate> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._:/@+,-=".contains(c);
    names.retain(|(name, _)| !name.is_empty() && !name.starts_with('-') && name.chars().all(is_plain));
    names.sort();
    names.dedup_by(|left, right| left.0 == right.0);
    let shown = |help: String| output::brief(&help).into();
    names.into_iter().map(|(name, help)| CompletionCandidate::new(name).help(help.map(shown))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_bash_has_split_are_put_together() {
        let of = |line: &str, index| {
            let words = line.split(' ').map(OsString::from).collect();
            let (words, index) = joined(words, index);
            (words.iter().map(|word| word.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(" "), index)
        };
        let cases = [
            ("clearance queue ls", 2, "clearance queue ls", 2),
            ("clearance queue ls --gateway = pr", 5, "clearance queue ls --gateway=pr", 3),
            ("clearance queue ls --gateway =", 4, "clearance queue ls --gateway=", 3),
            ("clearance queue ls --session agent : main :", 7, "clearance queue ls --session agent:main:", 4),
            ("clearance queue ls --gateway = prod --all", 6, "clearance queue ls --gateway=prod --all", 4),
        ];
        for (line, index, expected, at) in cases {
            assert_eq!(of(line, index), (expected.to_owned(), at), "{line}");
        }
    }

    #[test]
    fn nothing_is_offered_that_a_shell_could_run() {
        let names = ["a", "agent:main:main", "x;rm -rf ~", "$(x)", "`x`", "a b", "-x", "", "é", "a*", "a"];
        let names = names.map(|name| (name.to_owned(), None)).to_vec();
        let offered = candidates(names);
        let offered: Vec<&str> = offered.iter().map(|one| one.get_value().to_str().unwrap()).collect();
        assert_eq!(offered, ["a", "agent:main:main"]);
    }

    #[test]
    fn file_names_stay_one_word() {
        let quoted = |name: &str| escaped(name, false);
        assert_eq!(quoted("a;touch PWN;.json").as_deref(), Some("a\\;touch\\ PWN\\;.json"));
        assert_eq!(quoted("$(x)`y`&'\"~").as_deref(), Some("\\$\\(x\\)\\`y\\`\\&\\'\\\"\\~"));
        assert_eq!(quoted("hosts/é.json").as_deref(), Some("hosts/é.json"));
        assert_eq!(escaped("~/a b", true).as_deref(), Some("~/a\\ b"));
        for name in ["a\nb", "\u{1b}[2J", "\u{202e}sl", "a\tb"] {
            assert_eq!(quoted(name), None, "{name:?}");
        }
        assert_eq!(unescaped(OsStr::new("a\\;touch\\ P")), "a;touch P");
        assert_eq!(unescaped(OsStr::new("'a b")), "'a b");
    }

    #[test]
    fn values_of_flags_are_found() {
        let words: Vec<OsString> =
            ["queue", "ls", "--gateway=prod", "--token-file", "/t"].map(OsString::from).to_vec();
        assert_eq!(value(&words, "--gateway").as_deref(), Some("prod"));
        assert_eq!(value(&words, "--token-file").as_deref(), Some("/t"));
        assert_eq!(value(&words, "--ca-file"), None);
    }

    #[test]
    fn every_command_can_be_dressed() {
        let root = dressed(&[], &Environment::default());
        root.debug_assert();
    }
}
