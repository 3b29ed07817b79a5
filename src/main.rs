//! The command line.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    // To look through megabytes of results for colours takes its time: there are none unless they are shown.
    let styled = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    let mut out = BufWriter::new(std::io::stdout().lock());
    // Not locked: another thread that panics prints where that was.
    let mut err = anstream::stderr();
    let exit =
        clearance::run(std::env::args_os(), &mut clearance::Streams { out: &mut out, err: &mut err, styled });
    // A pipe that broke has been dealt with; what is still in the buffer nobody reads.
    drop(out.flush());
    exit.into()
}
