//! The command line.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    // Colours are printed always and stripped here, where it is known what the streams are.
    let mut out = BufWriter::new(anstream::stdout().lock());
    let mut err = anstream::stderr().lock();
    let styled = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
    let exit =
        clearance::run(std::env::args_os(), &mut clearance::Streams { out: &mut out, err: &mut err, styled });
    // A pipe that broke has been dealt with; what is still in the buffer nobody reads.
    drop(out.flush());
    exit.into()
}
