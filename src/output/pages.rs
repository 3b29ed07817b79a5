//! Pages that are printed unchanged: help, manual pages, scripts.

use std::io::{self, Write};

use clap::builder::StyledStr;

use super::escape::{escaped, is_harmless, shortened};
use crate::report::version::Version;

/// Prints help, or clap's own message about a wrong command line.
pub fn help(out: &mut dyn Write, text: &StyledStr, styled: bool) -> io::Result<()> {
    if styled { write!(out, "{}", text.ansi()) } else { write!(out, "{text}") }
}

/// Prints the version with what matters for a report of a bug. The first line is that of `--version`.
pub fn version(out: &mut dyn Write, version: &Version) -> io::Result<()> {
    writeln!(out, "clearance {}", version.release)?;
    writeln!(out, "target           {}", version.target)?;
    writeln!(out, "proven releases  {}", version.proven.join(", "))?;
    for proof in &version.disagreeing {
        let (disagreements, cases) = (proof.disagreements, proof.cases);
        writeln!(out, "not proven       {} ({disagreements} of {cases} cases disagree)", proof.release)?;
    }
    Ok(())
}

/// Prints a page.
pub fn page(out: &mut dyn Write, page: &[u8]) -> io::Result<()> {
    out.write_all(page)
}

/// The head and the tail of a text on one line with marks, which completion shows beside a name.
pub fn brief(text: &str) -> String {
    const COLUMNS: usize = 60;
    shortened(&escaped(text), COLUMNS)
}

/// Whether a terminal shows a text as it is: nothing in it is invisible or has an effect.
pub fn is_printed_as_it_is(text: &str) -> bool {
    text.chars().all(|character| character == ' ' || is_harmless(character))
}
