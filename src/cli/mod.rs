//! The command line: names, flags and help. No I/O, no decisions.

#![expect(clippy::doc_markdown, reason = "help is printed as plain text, not as Markdown")]

pub mod allowlist;
pub mod approvals;
pub mod diff;
mod duration;
pub mod explain;
pub mod gateway;
pub mod grants;
pub mod hooks;
pub mod lazy;
pub mod policy_tests;
#[cfg(test)]
mod printed_commands;
pub mod queue;
mod quiet;
pub mod run;
mod since;
pub mod suggest;
mod values;
pub mod versions;
pub mod watch;

use std::time::Duration;

use clap::{Arg, ArgAction, Parser, Subcommand, ValueEnum};

use duration::duration;
use lazy::Lazy;

/// The command-line manager for OpenClaw exec approvals.
#[derive(Debug, Parser)]
#[command(
    name = "clearance",
    version,
    about = "Manage OpenClaw exec approvals: check and edit approvals documents, and clear duplicate prompts from a \
             gateway's queue",
    arg_required_else_help = true,
    // No field: --version is answered before there is one.
    arg = Arg::new("verbose")
        .long("verbose")
        .action(ArgAction::SetTrue)
        .requires("version")
        .help("With --version: print also the target, and the OpenClaw releases whose decisions are proven"),
    after_help = EXIT_CODES,
    max_term_width = 100
)]
pub struct Cli {
    /// Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; never for approvals watch, queue guard, queue ls --watch, queue triage and gateway dev]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Colour the output: always, never, or auto, which follows the terminal, NO_COLOR and CLICOLOR_FORCE
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value_t = Color::Auto,
        hide_possible_values = true
    )]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub noun: Noun,
}

/// When output has colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Where a terminal shows them
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The first word after `clearance`.
#[derive(Debug, Subcommand)]
pub enum Noun {
    /// Approvals documents: what agents may run on a host
    #[command(subcommand)]
    Approvals(Lazy<approvals::Verb>),
    /// Pending prompts of a gateway: list them, deny duplicates, decide one
    #[command(subcommand)]
    Queue(Lazy<queue::Verb>),
    /// Runs of agents: list what is active or holds prompts, and cancel them
    #[command(subcommand)]
    Run(Lazy<run::Verb>),
    /// Standing grants of cron jobs: list and revoke them
    #[command(subcommand)]
    Grants(Lazy<grants::Verb>),
    /// Gateways: show which one is used and connect to it, add one, run one to rehearse with
    #[command(subcommand)]
    Gateway(Lazy<gateway::Verb>),
    /// Print the completion script of a shell
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page of a command
    #[command(
        after_help = "Examples:\n  clearance man | man -l -\n  clearance man approvals validate | man -l -"
    )]
    Man {
        /// The command, as it is typed; none for clearance itself
        command: Vec<String>,
    },
}

const COMPLETIONS_EXAMPLES: &str = "Examples:
  mkdir -p ~/.local/share/bash-completion/completions &&
    clearance completions bash > ~/.local/share/bash-completion/completions/clearance
  mkdir -p ~/.zfunc && clearance completions zsh > ~/.zfunc/_clearance
  mkdir -p ~/.config/fish/completions &&
    clearance completions fish > ~/.config/fish/completions/clearance.fish
  elvish, in rc.elv:         eval (clearance completions elvish | slurp)
  PowerShell, in $PROFILE:   clearance completions powershell | Out-String | Invoke-Expression

Names are completed, too: gateways of config.toml, and ids, sessions, agents and runs of the gateway \
     that the command line names. In zsh, ~/.zfunc must be in $fpath before compinit runs.";

const EXIT_CODES: &str = "Exit codes:
  0   done; nothing wrong found
  1   found: an invalid document, a lint, drift, duplicates; or no such prompt, run or session
  2   the command line is wrong
  3   done in part; the report names what is missing
  4   gateway not reachable, or the deadline passed
  5   refused: credentials, scope, pairing, certificate
  6   conflict: the document changed since it was read
  7   a file or store could not be read or written
  70  a bug in clearance

Examples:
  clearance approvals validate exec-approvals.json
  clearance approvals get --json
  clearance approvals get --gateway=wss://gateway.example
  clearance approvals set --file new.json --dry-run
  clearance approvals diff exec-approvals.json gateway:prod
  clearance queue dedupe --dry-run
  clearance gateway status";
