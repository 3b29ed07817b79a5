//! The flag `--quiet`, which all commands for timers have.

use clap::Args;

/// Whether a command prints nothing if there is nothing to report, for cron, which mails all output.
#[derive(Debug, Clone, Copy, Args)]
#[group(skip)]
pub struct Quiet {
    /// Print nothing where there is nothing to report; errors and warnings still go to standard error
    #[arg(short, long)]
    pub quiet: bool,
}
