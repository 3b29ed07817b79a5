//! The flag `--quiet`. The commands that a timer runs all have it.

use clap::Args;

/// Whether a command prints nothing where there is nothing to report: for cron, which mails what is printed.
#[derive(Debug, Clone, Copy, Args)]
#[group(skip)]
pub struct Quiet {
    /// Print nothing where there is nothing to report; errors and warnings still go to standard error
    #[arg(short, long)]
    pub quiet: bool,
}
