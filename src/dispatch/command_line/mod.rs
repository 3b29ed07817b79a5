//! The user's command line, as messages repeat it: the commands that they print get its target, so that a pasted command
//! acts on the same document, queue or gateway.
//!
//! Messages are created where the command line is unknown. They contain a command without its target (`clearance queue
//! ls`), or a placeholder for the user's own command line (`clearance … --yes`); both are completed here.

mod line;
mod messages;

use std::ffi::OsString;
use std::path::Path;

use self::line::{CARRIED, Commands, Line, Reach, Verb, Word};
use self::messages::{build_named, completed, next};
use crate::deadline::Deadline;
use crate::settings::{Environment, is_gateway, may_be_gateway, without_secret};

/// The arguments of this process.
#[derive(Debug, Clone)]
pub struct CommandLine(Vec<OsString>);

impl CommandLine {
    /// `arguments`: including the program's name.
    pub fn of(arguments: &[OsString]) -> Self {
        Self(arguments.to_owned())
    }

    /// A message in which every command is completed.
    pub fn completed(&self, text: &str) -> String {
        if next(text).is_none() {
            return text.to_owned();
        }
        let Some(line) = Line::read(&self.0) else { return text.to_owned() };
        for_line(text, line)
    }

    /// A message about one of the gateways of this command line, with that gateway in each of its commands.
    pub fn completed_for(&self, gateway: &str, text: &str) -> String {
        if next(text).is_none() {
            return text.to_owned();
        }
        let Some(mut line) = Line::read(&self.0) else { return for_gateway(text, gateway) };
        let names_gateways =
            |word: &Word| matches!(word, Word::Flag(name, _) if name == "gateway" || name == "all-gateways");
        let at = line.given.iter().position(names_gateways).unwrap_or(0);
        line.given.retain(|word| !names_gateways(word));
        line.given.insert(at, Word::Flag("gateway".to_owned(), Some(gateway.to_owned())));
        for_line(text, line)
    }

    /// The cause and the fix where an operand is given to a command that takes none: the fix uses the flag that was
    /// meant.
    pub fn misplaced_operand(&self, operand: &str) -> Option<(String, String)> {
        let line = Line::read(&self.0)?;
        let verb = line.verb();
        let is_document = Path::new(operand).is_file()
            || operand.contains('/') && !operand.contains("://")
            || [".json", ".json5"].iter().any(|extension| operand.ends_with(extension));
        let is_release = operand.starts_with(|c: char| c.is_ascii_digit()) && !operand.contains(':');
        let flag = if verb.takes("file") && is_document {
            "file"
        } else if verb.is("approvals", &["upgrade"]) && is_release {
            "for"
        } else {
            "gateway"
        };
        let positional = verb.command.get_positionals().next().is_some();
        if positional || !verb.takes(flag) || line.flags(flag).next().is_some() {
            return None;
        }
        let shown = without_secret(operand).clone();
        let path = line.path.join(" ");
        let cause = format!("{path} takes no operand: `{}` is given with --{flag}", shown.escape_debug());
        let without = Self(self.0.iter().filter(|word| *word != operand).cloned().collect());
        let changed = Line::read(&without.0)
            .filter(|_| shown == operand)
            .and_then(|line| line.changed(&[Word::Flag(flag.to_owned(), Some(operand.to_owned()))]));
        let value = match flag {
            "file" => "PATH",
            "for" => "RELEASE",
            _ => "NAME",
        };
        Some((cause, changed.unwrap_or_else(|| format!("clearance {path} --{flag}={value}"))))
    }

    /// The command to suggest where a missing document has the name of a gateway.
    pub fn instead_of_missing(&self, name: &str, deadline: Deadline) -> Option<String> {
        let line = Line::read(&self.0)?;
        if line.verb().is("approvals", &["diff"]) && name.parse::<u64>().is_ok() {
            return Some(format!("check the path; for a version: version:{name}"));
        }
        let command = match line.path.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["approvals", "validate"] => {
                format!(
                    "clearance approvals get --gateway={name} --json | jq .file | clearance approvals validate -"
                )
            }
            ["approvals", "lint" | "get" | "set"] => {
                format!("clearance {} --gateway={name}", line.path.join(" "))
            }
            ["approvals", "diff"] => format!("write gateway:{name}"),
            _ => return None,
        };
        is_gateway(name, &Environment::of_process(), deadline)
            .then(|| format!("check the path; if the gateway {name} is meant: {command}"))
    }

    /// The operand of `allowlist add` or `remove` if it follows `--gateway` and could be its value, and two command
    /// lines: one for each meaning.
    pub fn gateway_or_pattern(&self) -> Option<(String, [String; 2])> {
        // After `--` an operand is not the value of a flag.
        let line = Line::read(&self.0).filter(|_| !self.0.iter().any(|word| word == "--"))?;
        let at = line.given.windows(2).find_map(|pair| match pair {
            [Word::Flag(name, None), Word::Operand(operand)] if name == "gateway" => Some(operand),
            _ => None,
        })?;
        if !may_be_gateway(at) || !line.verb().is("approvals", &["allowlist"]) {
            return None;
        }
        let rest =
            |word: &&Word| **word != Word::Operand(at.clone()) && line.flags("gateway").next() != Some(*word);
        let rest = spaced(line.given.iter().filter(rest).map(Word::text));
        let path = line.path.join(" ");
        let gateway = Word::Flag("gateway".to_owned(), Some(at.clone())).text();
        let pattern = Word::Operand(at.clone()).text();
        let lines = [
            format!("clearance {path} {gateway} PATTERN{rest}"),
            format!("clearance {path} {pattern} --gateway{rest}"),
        ];
        Some((at.clone(), lines))
    }

    /// The flags that name the gateway or node, to append to a command's name.
    pub fn remote_flags(&self) -> String {
        let Some(line) = Line::read(&self.0) else { return String::new() };
        let words = line.given.iter().filter_map(|word| match word {
            Word::Flag(name, _) if name == "store" || name == "file" => None,
            Word::Flag(name, _)
                if !CARRIED.iter().any(|(carried, reach)| carried == name && *reach == Reach::Everywhere) =>
            {
                None
            }
            Word::Flag(..) => Some(word.text()),
            Word::Operand(_) => None,
        });
        spaced(words)
    }
}

/// A message in which every command acts where a command line acts.
fn for_line(text: &str, mut line: Line) -> String {
    build_named(text, &mut line.commands);
    completed(text, &line.commands, |verb, rest| line.carried(verb, rest), |changes| line.changed(changes))
}

/// Words to append to a command, each with a space before it.
fn spaced(words: impl Iterator<Item = String>) -> String {
    words.fold(String::new(), |text, word| text + " " + &word)
}

/// A message about one of several gateways, with that gateway in each of its commands, where the command line cannot be
/// repeated.
fn for_gateway(text: &str, gateway: &str) -> String {
    if next(text).is_none() {
        return text.to_owned();
    }
    let flag = Word::Flag("gateway".to_owned(), Some(gateway.to_owned())).text();
    let carried =
        |verb: &Verb<'_>, _: &str| if verb.takes("gateway") { format!(" {flag}") } else { String::new() };
    let mut commands = Commands::new();
    build_named(text, &mut commands);
    completed(text, &commands, carried, |_| None)
}

#[cfg(test)]
mod tests {
    use super::line::MOST;
    use super::*;

    fn line(text: &str) -> CommandLine {
        CommandLine(text.split(' ').map(OsString::from).collect())
    }

    #[test]
    fn a_command_that_is_built_alone_is_the_same() {
        fn each(command: &clap::Command, path: &[&str], found: &mut Vec<(Vec<String>, Vec<String>)>) {
            let flags = command.get_arguments().map(|argument| format!("{argument:?}")).collect();
            found.push((path.iter().map(|&word| word.to_owned()).collect(), flags));
            // The arguments of `help` are the commands beside it.
            for command in command.get_subcommands().filter(|command| command.get_name() != "help") {
                each(command, &[path, &[command.get_name()]].concat(), found);
            }
        }
        let mut whole = <crate::cli::Cli as clap::CommandFactory>::command();
        whole.build();
        let mut found = Vec::new();
        each(&whole, &[], &mut found);
        assert!(found.len() > 30);
        for (path, flags) in found {
            let mut commands = Commands::new();
            build_named(&format!("see clearance {}.", path.join(" ")), &mut commands);
            let command =
                path.iter().try_fold(commands.root(), |command, word| command.find_subcommand(word));
            let built = command.unwrap().get_arguments().map(|argument| format!("{argument:?}"));
            assert_eq!(built.collect::<Vec<_>>(), flags, "{path:?}");
        }
    }

    #[test]
    fn a_printed_command_acts_where_the_users_own_acts() {
        for (own, text, expected) in [
            (
                "clearance queue resolve abc deny --gateway prod --token-file t --timeout 5",
                "list what is pending: clearance queue ls",
                "list what is pending: clearance queue ls --gateway=prod --token-file t",
            ),
            (
                "clearance approvals set --file new.json --gateway --node=n",
                "read it again (clearance approvals get), then set it",
                "read it again (clearance approvals get --gateway --node n), then set it",
            ),
            (
                "clearance approvals allowlist add /a --node n --agent x",
                "take them out: clearance approvals get --json | jq .file | clearance approvals set --stdin --drop-unknown",
                "take them out: clearance approvals get --node n --json | jq .file | clearance approvals set --node n --stdin --drop-unknown",
            ),
            (
                "clearance approvals allowlist add /a --store s.json",
                "clearance approvals validate; clearance approvals lint --fix",
                "clearance approvals validate s.json; clearance approvals lint --store s.json --fix",
            ),
            (
                "clearance approvals get --file /tmp",
                "clearance approvals validate /tmp; clearance approvals lint '/a b'; clearance approvals validate -",
                "clearance approvals validate /tmp; clearance approvals lint '/a b'; clearance approvals validate -",
            ),
            (
                "clearance approvals get --file 'a",
                "see clearance approvals validate shows where",
                "see clearance approvals validate ''\\''a' shows where",
            ),
            (
                "clearance approvals set --file a.json --store s",
                "clearance approvals get",
                "clearance approvals get --store s",
            ),
            (
                "/x/clearance queue dedupe --agent a --by run",
                "clearance queue ls",
                "clearance queue ls --agent a --by run",
            ),
            ("clearance approvals get --store s", "clearance queue ls", "clearance queue ls"),
            (
                "clearance queue resolve --gateway=live -- -zz deny",
                "clearance queue ls",
                "clearance queue ls --gateway=live",
            ),
            (
                "clearance approvals allowlist add --gateway=X -- --yes",
                "clearance approvals get",
                "clearance approvals get --gateway=X",
            ),
            (
                "clearance approvals lint -- -a.json - b",
                "clearance approvals validate; clearance approvals lint --fix",
                "clearance approvals validate ./-a.json - b; clearance approvals lint ./-a.json - b --fix",
            ),
            (
                "clearance queue ls --gateway a --gateway b",
                "clearance queue dedupe; clearance gateway status; clearance run ls",
                "clearance queue dedupe --gateway=a --gateway=b; clearance gateway status --gateway=a --gateway=b; clearance run ls --gateway=a --gateway=b",
            ),
            (
                "clearance queue resolve --agent main --gateway=a deny --add-entry",
                "clearance queue ls; clearance queue resolve x allow-once; clearance queue resolve --older-than 1m deny",
                "clearance queue ls --gateway=a --agent main; clearance queue resolve --gateway=a x allow-once; clearance queue resolve --gateway=a --agent main --older-than 1m deny",
            ),
            (
                "clearance queue resolve x y allow-once --add-entry --programs p.toml",
                "clearance queue resolve x allow-once --add-entry; clearance queue resolve x allow-once",
                "clearance queue resolve --programs p.toml x allow-once --add-entry; clearance queue resolve x allow-once",
            ),
            (
                "clearance queue ls --gateway=a",
                "clearance queue ls --watch --gateway=NAME",
                "clearance queue ls --watch --gateway=NAME",
            ),
            (
                "clearance queue ls --gateway=a",
                "clearance approvals allowlist keeps them",
                "clearance approvals allowlist keeps them",
            ),
            ("clearance queue ls --gateway=wss://u:p@h", "clearance queue ls", "clearance queue ls"),
            ("clearance queue nonsense", "clearance --help", "clearance --help"),
        ] {
            assert_eq!(line(own).completed(text), expected, "{own}");
        }
    }

    #[test]
    fn the_users_own_command_line_is_repeated_with_changes() {
        for (own, text, expected) in [
            (
                "clearance queue dedupe -q --gateway prod",
                "then: clearance … --yes",
                "then: clearance queue dedupe --quiet --gateway=prod --yes",
            ),
            (
                "clearance --timeout 5 queue ls --gateway=ws://h:1",
                "more time: clearance … --timeout 2m; or TLS: clearance … --gateway=wss://h:1.",
                "more time: clearance queue ls --timeout 2m --gateway=ws://h:1; or TLS: clearance queue ls --timeout 5 --gateway=wss://h:1.",
            ),
            (
                "clearance gateway status --gateway=x --ca-file roots",
                "only then: clearance … --tls-fingerprint AB:CD",
                "only then: clearance gateway status --gateway=x --tls-fingerprint AB:CD",
            ),
            ("clearance approvals get", "as root: sudo clearance …", "as root: sudo clearance approvals get"),
            (
                "clearance queue dedupe --gateway=live --agent maelcum --",
                "clearance … --yes",
                "clearance queue dedupe --gateway=live --agent maelcum --yes",
            ),
            (
                "clearance queue resolve --gateway=live -- -zz deny",
                "clearance … --timeout 2m",
                "clearance queue resolve --gateway=live --timeout 2m -- -zz deny",
            ),
            (
                "clearance approvals allowlist add P -- --gateway=o",
                "clearance … --timeout 2m",
                "clearance … --timeout 2m",
            ),
            (
                "clearance approvals diff node:n@old local",
                "clearance … --gateway=new",
                "clearance approvals diff node:n@new local",
            ),
            (
                "clearance approvals diff gateway:a gateway:b",
                "clearance … --gateway=new",
                "clearance … --gateway=new",
            ),
            ("clearance approvals validate a", "clearance … --gateway=new", "clearance … --gateway=new"),
        ] {
            assert_eq!(line(own).completed(text), expected, "{own}");
        }
        let long = format!("clearance approvals validate {}", "x".repeat(MOST));
        assert_eq!(line(&long).completed("clearance … --timeout 2m"), "clearance … --timeout 2m");
    }

    #[test]
    fn names_from_outside_are_never_completed() {
        let own = line("clearance queue resolve x deny --gateway=U");
        let choice = |ids: &[&str]| {
            let matches = ids.iter().map(|id| (*id).to_owned()).collect();
            let error = crate::commands::queue::QueueError::Ambiguous { id: "x".to_owned(), matches };
            error.remedy().unwrap()
        };
        for (ids, expected) in [
            (
                ["x clearance --yes", "x clearance queue ls"],
                "choose one of 'x clearance --yes', 'x clearance queue ls'",
            ),
            (["x' clearance queue ls", "a, b"], r"choose one of 'x'\'' clearance queue ls', 'a, b'"),
            (["x'clearance queue ls", "''"], r"choose one of 'x'\''clearance queue ls', ''\'''\'''"),
            (
                ["x clearance … --yes", "x\n clearance … --yes '"],
                r"choose one of $'x clearance \xe2\x80\xa6 --yes', $'x\n clearance \xe2\x80\xa6 --yes \x27'",
            ),
        ] {
            assert_eq!(own.completed(&choice(&ids)), expected);
        }
        for (text, expected) in [
            (
                "check that it is a gateway's: clearance queue ls",
                "check that it is a gateway's: clearance queue ls --gateway=U",
            ),
            (
                "clearance run cancel --session 'a; --gateway=B'",
                "clearance run cancel --gateway=U --session 'a; --gateway=B'",
            ),
            (
                "mv 'a clearance … --yes' b; clearance …",
                "mv 'a clearance … --yes' b; clearance queue resolve x deny --gateway=U",
            ),
        ] {
            assert_eq!(own.completed(text), expected);
        }
    }

    #[test]
    fn a_message_about_one_of_several_names_it() {
        let text = "clearance queue ls; clearance approvals validate x";
        assert_eq!(for_gateway(text, "a"), "clearance queue ls --gateway=a; clearance approvals validate x");
        for (own, text, expected) in [
            (
                "clearance queue dedupe --agent m --all-gateways --token-file t",
                "check the plan above, then: clearance … --yes; clearance gateway status",
                "check the plan above, then: clearance queue dedupe --agent m --gateway=b --token-file t --yes; clearance gateway status --gateway=b --token-file t",
            ),
            (
                "clearance queue ls --gateway=a --gateway=b --agent m",
                "clearance … --timeout 2m; clearance queue dedupe",
                "clearance queue ls --gateway=b --agent m --timeout 2m; clearance queue dedupe --gateway=b --agent m",
            ),
            (
                "clearance queue ls --gateway=a --gateway=ws://b:1",
                "clearance … --gateway=wss://b:1",
                "clearance queue ls --gateway=wss://b:1",
            ),
        ] {
            assert_eq!(line(own).completed_for("b", text), expected, "{own}");
        }
    }

    #[test]
    fn an_operand_that_a_command_does_not_take() {
        let misplaced = |own: &str, operand: &str| line(own).misplaced_operand(operand);
        let remedy = |own: &str, operand: &str| misplaced(own, operand).map(|(_, remedy)| remedy).unwrap();
        for (own, operand, expected) in [
            (
                "clearance approvals get docs/ok.json --json",
                "docs/ok.json",
                "clearance approvals get --json --file docs/ok.json",
            ),
            (
                "clearance approvals set new.json5 --store s",
                "new.json5",
                "clearance approvals set --store s --file new.json5",
            ),
            ("clearance queue ls prod", "prod", "clearance queue ls --gateway=prod"),
            (
                "clearance approvals upgrade 2026.9.6 --json",
                "2026.9.6",
                "clearance approvals upgrade --json --for 2026.9.6",
            ),
            ("clearance gateway status h:1 -v", "h:1", "clearance gateway status --verbose --gateway=h:1"),
            ("clearance queue ls a.json b.json", "a.json", "clearance queue ls --file=PATH"),
        ] {
            assert_eq!(remedy(own, operand), expected, "{own}");
        }
        let (cause, _) = misplaced("clearance approvals get a.json", "a.json").unwrap();
        assert_eq!(cause, "approvals get takes no operand: `a.json` is given with --file");
        for (own, operand) in [
            ("clearance gateway dev extra", "extra"),
            ("clearance queue ls --gateway=a b", "b"),
            ("clearance approvals allowlist add a b", "b"),
        ] {
            assert_eq!(misplaced(own, operand), None, "{own}");
        }
    }

    #[test]
    fn a_pattern_that_could_be_a_gateway() {
        let found = |own: &str| line(own).gateway_or_pattern();
        let (name, lines) = found("clearance approvals allowlist rm --gateway prod --agent a").unwrap();
        assert_eq!(name, "prod");
        assert_eq!(
            lines,
            [
                "clearance approvals allowlist remove --gateway=prod PATTERN --agent a",
                "clearance approvals allowlist remove prod --gateway --agent a",
            ]
        );
        for own in [
            "clearance approvals allowlist add --gateway /usr/bin/uptime",
            "clearance approvals allowlist add --gateway=prod uptime",
            "clearance approvals allowlist add uptime --gateway",
            "clearance approvals allowlist add --gateway --agent a uptime",
            "clearance approvals allowlist add --gateway -- uptime",
        ] {
            assert_eq!(found(own), None, "{own}");
        }
    }

    #[test]
    fn the_flags_of_a_remote_target() {
        let own = line("clearance approvals lint --gateway prod --format json --token-file t");
        assert_eq!(own.remote_flags(), " --gateway=prod --token-file t");
    }
}
