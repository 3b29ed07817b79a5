//! The reports of a command on several gateways. A failed gateway does not hide the others.

use std::io;

use serde::Serialize;

use super::command_line::CommandLine;
use super::failures::failure_of;
use crate::commands::each::Each;
use crate::output::{self, Paper};
use crate::report::several::several;
use crate::streams::Streams;

/// Prints the report of each gateway with `show`, which also gets whether it is the first, and the error of each gateway
/// without one. With `json` all of them are in one object, and `show` prints what is beside it.
pub fn print<'a, T, J: Serialize>(
    (all, line): (&'a [Each<T>], &CommandLine),
    json: bool,
    streams: &mut Streams<'_>,
    mut show: impl FnMut(&T, bool, &mut Streams<'_>) -> io::Result<()>,
    object: impl Fn(&'a T) -> J,
) -> io::Result<()> {
    let mut failures = Vec::new();
    let mut is_first = true;
    for Each { gateway, result } in all {
        match result {
            Ok(report) => show(report, std::mem::take(&mut is_first), streams)?,
            Err(error) => {
                let failure = failure_of(error, gateway, line);
                output::error::text(streams.err, &failure, Paper::of(&io::stderr()))?;
                failures.push((gateway, failure));
            }
        }
    }
    if json {
        let mut failures = failures.iter();
        let gateways = all.iter().filter_map(|Each { result, .. }| match result {
            Ok(report) => Some(Ok(object(report))),
            Err(_) => failures.next().map(|(gateway, failure)| Err(failure.of_gateway(Some(gateway)))),
        });
        output::json(streams.out, &several(gateways))?;
    }
    Ok(())
}
