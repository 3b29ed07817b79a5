//! Messages of document commands on standard error, beside the result.

use std::io::{self, Write};

use crate::approvals::findings::codes::Code;
use crate::report::approvals::Got;

/// Reports an unknown code, and lists the known ones.
pub fn unknown_code_text(err: &mut dyn Write, name: &str, codes: &[Code]) -> io::Result<()> {
    let codes: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    writeln!(err, "error: unknown code `{}`", name.escape_debug())?;
    if let Some(nearest) = Code::nearest(name) {
        writeln!(err, "  did you mean `{nearest}`?")?;
    }
    writeln!(err, "  next: choose one of {}", codes.join(", "))
}

/// Warns if the document that `get` printed is not valid. `validate`: the command that shows the problems.
pub fn invalid_text(err: &mut dyn Write, got: &Got, validate: &str) -> io::Result<()> {
    let count = got.problems();
    if count == 0 {
        return Ok(());
    }
    match got {
        Got::Native(_) => writeln!(err, "warning: the policy is not valid ({count})"),
        Got::Document(_) => {
            writeln!(err, "warning: the document is not valid ({count}); {validate} shows where")
        }
    }
}

/// Warns that a document is not valid, so that a gateway may read something else in it. `validate`: the command that shows
/// the problems.
pub fn faulty_document_text(err: &mut dyn Write, validate: &str) -> io::Result<()> {
    writeln!(
        err,
        "warning: the document is not valid, so a gateway reads it differently or not at all; {validate} shows where"
    )
}

/// Reports that the document was stored although its report could not be printed. `what`: "document" or "entry".
pub fn unprinted_text(err: &mut dyn Write, what: &str) -> io::Result<()> {
    writeln!(err, "the {what} was stored; only this report could not be written")
}

/// Reports that the stored document differs from the one that was sent. `get`: the command that shows the stored
/// document.
pub fn departures_text(err: &mut dyn Write, get: &str) -> io::Result<()> {
    writeln!(err, "error: the stored document differs from the one sent (listed above)")?;
    writeln!(err, "  next: {get} shows what is stored")
}

/// Reports that `lint --fix` changed nothing.
pub fn unfixed_text(err: &mut dyn Write) -> io::Result<()> {
    writeln!(err, "note: --fix changed nothing: correct the errors first, then run it again")
}
