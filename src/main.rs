//! The command line.

use std::ffi::OsString;
use std::process::ExitCode;

use clearance::Streams;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let exit = Streams::of_process(&arguments, |streams| clearance::run(arguments.iter().cloned(), streams));
    ExitCode::from(exit as u8)
}
