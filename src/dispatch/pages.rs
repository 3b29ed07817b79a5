//! What is made of the command line itself: completions and manual pages.

use std::io;

use clap::CommandFactory;

use crate::cli::Cli;

/// A shell's script of completions.
pub fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "clearance", &mut script);
    script
}

/// The manual page of a command, in roff. `None`: there is no such command.
pub fn manual(path: &[String]) -> io::Result<Option<Vec<u8>>> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut command = &root;
    for word in path {
        match command.find_subcommand(word) {
            Some(found) => command = found,
            None => return Ok(None),
        }
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    Ok(Some(page))
}
