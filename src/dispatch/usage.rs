//! Help, and command lines that are wrong.

use std::ffi::OsString;
use std::io;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::again::CommandLine;
use super::failures::{machine, printed, unless_gone};
use super::paste;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::report::failure::Failure;
use crate::streams::Streams;

/// Help goes to standard output and is a success; a wrong command line is told on standard error.
pub fn usage(error: &clap::Error, arguments: &[OsString], streams: &mut Streams<'_>) -> io::Result<Exit> {
    let text = error.render();
    // A noun by itself asks for its verbs.
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
    let misplaced = misplaced_gateway(error, arguments).map(|(cause, remedy)| (cause.to_owned(), remedy));
    if let Some((cause, remedy)) = misplaced.or_else(|| misplaced_operand(error, arguments)) {
        failure.causes = vec![cause];
        failure.remedy = Some(remedy);
        unless_gone(output::error::text(streams.err, &failure, Paper::of(&io::stderr())))?;
    } else {
        unless_gone(output::help(streams.err, &text, true))?;
    }
    unless_gone(printed(&failure, machine(arguments), streams))?;
    Ok(Exit::Usage)
}

/// The same where a command that takes no operand has one.
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

/// Where a gateway's name or address is not where this command takes it: what is wrong, and what to write instead.
fn misplaced_gateway(error: &clap::Error, arguments: &[OsString]) -> Option<(&'static str, String)> {
    const EQUALS: &str =
        "--gateway takes its value after an equals sign here: behind a space it could be the pattern";
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
