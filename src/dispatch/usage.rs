//! Help and usage errors.

use std::ffi::OsString;
use std::io;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::command_line::CommandLine;
use super::failures::{machine, printed, unless_gone};
use super::paste;
use crate::cli::Cli;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::report::failure::Failure;
use crate::report::version::Version;
use crate::streams::Streams;

/// Help goes to standard output and is a success; a usage error goes to standard error.
pub fn usage(error: &clap::Error, arguments: &[OsString], streams: &mut Streams<'_>) -> io::Result<Exit> {
    let text = error.render();
    let is_verbose = || arguments.iter().any(|argument| argument == "--verbose");
    if error.kind() == ErrorKind::DisplayVersion && is_verbose() {
        output::version(streams.out, &Version::of_this_program())?;
        return Ok(Exit::Done);
    }
    // A noun by itself prints its help.
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || is_help {
        output::help(streams.out, &text, streams.styled)?;
        return Ok(Exit::Done);
    }
    let line = text.to_string().lines().next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let mut failure = Failure {
        code: Exit::Usage.code(),
        causes: vec![line],
        remedy: Some("clearance --help".to_owned()),
        exit: Exit::Usage,
        verdict: None,
    };
    if let Some(help) = without_verb(error, arguments) {
        failure.causes = vec!["no command is given".to_owned()];
        unless_gone(output::help(streams.err, &help.render(), true))?;
        unless_gone(printed(&failure, machine(arguments), streams))?;
        return Ok(Exit::Usage);
    }
    let misplaced = misplaced_gateway(error, arguments).map(|(cause, remedy)| (cause.to_owned(), remedy));
    if let Some((cause, remedy)) = misplaced
        .or_else(|| several_words(error, arguments))
        .or_else(|| misplaced_operand(error, arguments))
        .or_else(|| one_gateway(error, arguments))
    {
        failure.causes = vec![cause];
        failure.remedy = Some(remedy);
        unless_gone(output::error::text(streams.err, &failure, Paper::of(&io::stderr())))?;
    } else {
        unless_gone(output::help(streams.err, &text, true))?;
    }
    unless_gone(printed(&failure, machine(arguments), streams))?;
    Ok(Exit::Usage)
}

/// The cause and the fix where the command to explain is not one argument.
fn several_words(error: &clap::Error, arguments: &[OsString]) -> Option<(String, String)> {
    let unexpected =
        (error.kind() == ErrorKind::UnknownArgument).then(|| error.get(ContextKind::InvalidArg))?;
    let Some(ContextValue::String(word)) = unexpected else { return None };
    let verb = arguments.iter().position(|argument| argument == "explain")?;
    if arguments.iter().any(|argument| argument == "--") {
        return None;
    }
    let second = arguments.iter().skip(verb).position(|argument| argument == word.as_str())? + verb;
    // The command begins at the argument before, unless that is an option or the verb.
    let first = second
        .checked_sub(1)
        .filter(|&first| first > verb && !arguments[first].to_string_lossy().starts_with('-'))?;
    let cause = "the command is one argument: put it in quotes, or -- before its words".to_owned();
    let separated = paste::separated(arguments, first);
    if arguments[first - 1] != "--gateway" {
        return Some((cause, separated));
    }
    // The first word may be meant as the name of a gateway.
    let joined = paste::joined_gateway(arguments, first - 1);
    Some((cause, format!("{separated}; or, if that is the gateway: {joined}")))
}

/// The help of a noun that is given `--json` instead of a verb: its list of commands, and not only that the flag is unknown.
fn without_verb(error: &clap::Error, arguments: &[OsString]) -> Option<clap::Error> {
    let flags = ["--json", "--ndjson"];
    let Some(ContextValue::String(unexpected)) = error.get(ContextKind::InvalidArg) else { return None };
    if error.kind() != ErrorKind::UnknownArgument || !flags.contains(&unexpected.as_str()) {
        return None;
    }
    let others = arguments.iter().filter(|argument| flags.iter().all(|flag| argument != flag));
    Cli::try_parse_from(others)
        .err()
        .filter(|error| error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand)
}

/// The cause and the fix where an operand is given to a command that takes none.
fn misplaced_operand(error: &clap::Error, arguments: &[OsString]) -> Option<(String, String)> {
    let unexpected =
        (error.kind() == ErrorKind::UnknownArgument).then(|| error.get(ContextKind::InvalidArg))?;
    match unexpected {
        Some(ContextValue::String(operand)) if !operand.starts_with('-') => {
            CommandLine::of(arguments).misplaced_operand(operand)
        }
        _ => None,
    }
}

/// The cause and the fix where a command on one gateway is given `--all-gateways`.
fn one_gateway(error: &clap::Error, arguments: &[OsString]) -> Option<(String, String)> {
    const ALL: &str = "--all-gateways";
    const NOUNS: [&str; 3] = ["queue", "run", "grants"];
    if error.kind() != ErrorKind::UnknownArgument
        || error.get(ContextKind::InvalidArg) != Some(&ContextValue::String(ALL.to_owned()))
        || !arguments.get(1).is_some_and(|noun| NOUNS.iter().any(|known| noun == known))
    {
        return None;
    }
    let cause = "this command is about one gateway, and has no --all-gateways";
    Some((cause.to_owned(), format!("name one: {}", paste::naming_one(arguments, ALL))))
}

/// The cause and the fix where a gateway's name or address is in the wrong place.
fn misplaced_gateway(error: &clap::Error, arguments: &[OsString]) -> Option<(&'static str, String)> {
    const EQUALS: &str = "--gateway takes its value after \"=\" here: after a space it could be the pattern";
    const OPERAND: &str = "diff takes a gateway as one of the two documents, and not as --gateway";
    if error.kind() != ErrorKind::UnknownArgument {
        return None;
    }
    let Some(ContextValue::String(unexpected)) = error.get(ContextKind::InvalidArg) else { return None };
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    if unexpected == "--gateway" && has("diff") {
        return Some((OPERAND, paste::gateway_as_operand(arguments)));
    }
    let is_value = |argument: &OsString| argument.to_str().is_some_and(|text| !text.starts_with('-'));
    let at = arguments.windows(2).position(|pair| pair[0] == "--gateway" && is_value(&pair[1]))?;
    if unexpected.starts_with('-') || !has("allowlist") {
        return None;
    }
    Some((EQUALS, paste::joined_gateway(arguments, at)))
}
