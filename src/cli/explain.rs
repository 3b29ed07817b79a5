//! `clearance approvals explain`

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

use super::gateway::Approvals;

/// The examples of the page of help.
pub const EXAMPLES: &str = "Decides as the target's own release of OpenClaw, and starts nothing. The release is the gateway's, the installed \
package's, the one in openclaw.json, or the newest known.

Exit codes: 0 if the command runs (with --expect: if the verdict is as expected), else 1.

The table of --programs is TOML, or JSON if its name ends with .json. Everything is optional:
  programs = [\"/usr/bin/git\", \"/usr/bin/rg\"]  # or a table: git = \"/usr/bin/git\", rg = false,
                                              # \"/usr/bin/python3\" = \"/usr/bin/python3.12\"
  files = [\"/srv/app.py\"]                     # or a table of paths and texts
  directories = [\"/srv\"]
  links = { \"/bin\" = \"/usr/bin\" }
  writable = [\"/opt/tools\"]                   # what the gateway's user can change
  path = \"/usr/local/bin:/usr/bin:/bin\"       # of the gateway's process
  home = \"/home/ops\"
  complete = false                            # true: nothing else exists on that host

Examples:
  clearance approvals explain 'git push origin main'
  clearance approvals explain -- git log --oneline
  clearance approvals explain 'make test' --agent build --context cron --expect runs
  clearance approvals explain 'rg TODO | wc -l' --file hosts/build.json --programs build.toml
  clearance approvals explain 'git status' --gateway=prod --json
  clearance approvals explain --stdin --release 2026.9.6 < cases.ndjson > verdicts.ndjson";

/// `approvals explain`. `--gateway` takes its value after `=`: after a space, it could be the command.
#[derive(Debug, Args)]
#[command(
    mut_arg("gateway", |gateway| gateway.require_equals(true)),
    group(ArgGroup::new("question").required(true).args(["command", "words", "stdin"]))
)]
pub struct Explain {
    /// Command as an agent sends it: text that a shell reads; - for standard input
    #[arg(value_name = "COMMAND")]
    pub command: Option<String>,
    /// Program and arguments, each taken literally
    #[arg(last = true, value_name = "WORDS")]
    pub words: Vec<String>,
    /// Read this document instead of this host's own; - for standard input
    #[arg(long, value_name = "PATH", conflicts_with_all = ["store", "remote"])]
    pub file: Option<PathBuf>,
    /// Read this local store instead of this host's own
    #[arg(long, value_name = "PATH", conflicts_with = "remote")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Approvals,
    /// Decide as this release of OpenClaw [default: the target's own]
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,
    /// Agent that sends the command [default: main]
    #[arg(long, value_name = "ID")]
    pub agent: Option<String>,
    /// Working directory of the call [default: the current directory; / on other hosts]
    #[arg(long, value_name = "DIRECTORY")]
    pub cwd: Option<String>,
    /// Search path of the gateway's process [default: the table's, else PATH of this process]
    #[arg(long, value_name = "DIRECTORIES")]
    pub path: Option<String>,
    /// Whether a person can answer a prompt
    #[arg(long, value_enum, default_value_t = Context::Interactive)]
    pub context: Context,
    /// OpenClaw's configuration [default: the gateway's own; of this host: openclaw.json]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Use the programs and files of this table instead of this host's
    #[arg(long, value_name = "FILE")]
    pub programs: Option<PathBuf>,
    /// Read one JSON case a line from standard input, and print one answer a line
    #[arg(long, conflicts_with_all = ["file", "store", "remote", "agent", "cwd", "path", "context", "config", "expect"])]
    pub stdin: bool,
    /// Exit with 0 only if this is the verdict
    #[arg(long, value_enum, value_name = "VERDICT")]
    pub expect: Option<Verdict>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Whether a person can answer a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Context {
    /// A session with a person who can answer
    Interactive,
    /// A cron job: nobody can answer
    Cron,
}

/// The answer that is expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Verdict {
    /// The command runs without a prompt
    Runs,
    /// A person gets a prompt
    Asks,
    /// The command is denied
    Denied,
    /// The verdict depends on an unknown fact
    Unknown,
}
