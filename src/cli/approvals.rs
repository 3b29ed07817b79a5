//! `clearance approvals …`

use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::diff::Diff;
use super::explain::{self, Explain};
use super::gateway::Approvals;
use super::lazy::Lazy;
use super::policy_tests::Test;
use super::quiet::Quiet;
use super::versions::{Restore, Versions};
use super::watch::Watch;
use super::{allowlist, diff, policy_tests, suggest, versions, watch};

/// What to do with a document.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Check documents, and report every problem with its place
    #[command(after_help = VALIDATE_EXAMPLES)]
    Validate(Lazy<Validate>),
    /// Report what is valid in a document but dangerous or without effect
    #[command(after_help = LINT_EXAMPLES)]
    Lint(Lazy<Lint>),
    /// Print a document
    #[command(after_help = GET_EXAMPLES)]
    Get(Lazy<Get>),
    /// Replace the document of this host, a gateway or a node
    #[command(after_help = SET_EXAMPLES, group(ArgGroup::new("new").required(true)))]
    Set(Lazy<Set>),
    /// Compare two documents, wherever they are; exit 1 if they differ in policy
    #[command(after_help = diff::HELP)]
    Diff(Lazy<Diff>),
    /// Add or remove one entry of an allowlist; concurrent edits are all preserved
    #[command(subcommand)]
    Allowlist(Lazy<allowlist::Verb>),
    /// Report each change of documents and what gets wider, and keep every version
    #[command(after_help = watch::HELP)]
    Watch(Lazy<Watch>),
    /// List the kept versions of documents, print one, or check them
    #[command(after_help = versions::HELP, alias = "history")]
    Versions(Lazy<Versions>),
    /// Make a kept version the current document again
    #[command(after_help = versions::RESTORE_HELP)]
    Restore(Lazy<Restore>),
    /// Show what a host does with a command, and why; exit 1 unless it runs
    #[command(after_help = explain::EXAMPLES)]
    Explain(Lazy<Explain>),
    /// Test a policy: decide commands as a gateway does, and compare with what is expected
    #[command(after_help = policy_tests::HELP)]
    Test(Lazy<Test>),
    /// Propose entries that would save prompts, or list entries that can be narrowed
    #[command(after_help = suggest::SUGGEST_HELP)]
    Suggest(Lazy<suggest::Suggest>),
    /// Show what another release makes of a document; exit 1 if a command gets another verdict
    #[command(after_help = suggest::UPGRADE_HELP)]
    Upgrade(Lazy<suggest::Upgrade>),
    /// Print the JSON Schema of a document, or of a file of policy tests
    #[command(after_help = SCHEMA_EXAMPLES)]
    Schema(Lazy<Schema>),
}

const VALIDATE_EXAMPLES: &str = "Examples:
  clearance approvals validate exec-approvals.json
  clearance approvals validate hosts/ --format github
  clearance approvals validate . --exclude 'node_modules/' --exclude '*.schema.json'
  jq .file snapshot.json | clearance approvals validate -
  clearance approvals validate --explain unknown-value";

const LINT_EXAMPLES: &str =
    "Severities and accepted findings are in the nearest clearance.toml, from this directory upwards:
  [lint.severity]
  covered-entry = \"note\"

  [[lint.silence]]
  code = \"interpreter-without-arguments\"
  path = \"hosts/build.json\"
  agent = \"main\"
  pattern = \"/usr/bin/python3\"
  reason = \"the build agent runs our own scripts\"

Examples:
  clearance approvals lint
  clearance approvals lint hosts/ --format github
  clearance approvals lint exec-approvals.json --stale 90 --for 2026.4.14
  clearance approvals lint exec-approvals.json --fix
  clearance approvals lint --gateway --fail-on error
  clearance approvals lint --explain covered-entry";

const GET_EXAMPLES: &str = "Examples:
  clearance approvals get
  clearance approvals get --json | jq -r .hash
  clearance approvals get --json | jq .file > new.json
  clearance approvals get --file backup.json
  clearance approvals get --effective
  clearance approvals get --gateway --json
  clearance approvals get --gateway=wss://gateway.example --node build-server";

const SET_EXAMPLES: &str = "Examples:
  clearance approvals set --file new.json --dry-run
  clearance approvals set --file new.json --gateway
  clearance approvals set --file new.json --base-hash \"$(clearance approvals get --json | jq -r .hash)\"
  jq '.file.defaults.security = \"deny\" | .file' snapshot.json | clearance approvals set --stdin";

const SCHEMA_EXAMPLES: &str = "Examples:
  clearance approvals schema > exec-approvals.schema.json
  clearance approvals schema --tests > approvals-test.schema.json";

/// `approvals schema`
#[derive(Debug, Args)]
pub struct Schema {
    /// Print the schema of a file of policy tests
    #[arg(long)]
    pub tests: bool,
}

/// `approvals validate`
#[derive(Debug, Args)]
pub struct Validate {
    /// Files, directories (searched for *.json and *.json5 that Git does not ignore), or - for standard input; without
    /// any, this host's own store
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Notation to accept; auto: JSON in *.json, JSON5 in other files
    #[arg(long, value_enum, default_value_t = Notation::Auto)]
    pub syntax: Notation,
    /// Accept the forms that early releases wrote; report them as warnings
    #[arg(long)]
    pub allow_legacy: bool,
    /// Skip what matches this .gitignore pattern in directories; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Largest file to read
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub max_size: ByteSize,
    #[command(flatten)]
    pub quiet: Quiet,
    /// Explain a code and how to fix it; check nothing
    #[arg(long, value_name = "CODE", conflicts_with_all = ["paths", "format", "syntax", "allow_legacy"])]
    pub explain: Option<String>,
}

/// `approvals lint`
#[derive(Debug, Args)]
pub struct Lint {
    /// Files, directories (searched for *.json and *.json5 that Git does not ignore), or - for standard input; without
    /// any, this host's own store
    #[arg(value_name = "PATH", conflicts_with_all = ["store", "remote"])]
    pub paths: Vec<PathBuf>,
    /// Check this local store instead of this host's own
    #[arg(long, value_name = "PATH", conflicts_with = "remote")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Approvals,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Lowest severity for which the exit code is 1
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Warning)]
    pub fail_on: FailOn,
    /// Configuration file [default: the nearest clearance.toml, from the current directory upwards]
    #[arg(long, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Report entries that were not used within this number of days, or never
    #[arg(long, value_name = "DAYS")]
    pub stale: Option<u32>,
    /// Report what a gateway of this release rejects or reads differently [default: the gateway's own, with --gateway]
    #[arg(long = "for", value_name = "RELEASE")]
    pub release: Option<String>,
    /// Remove duplicate, covered and dead entries, and unknown fields, after showing them and asking
    #[arg(long, conflicts_with = "remote")]
    pub fix: bool,
    /// Skip the confirmation of --fix
    #[arg(long, requires = "fix")]
    pub yes: bool,
    /// Skip what matches this .gitignore pattern in directories; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Largest file to read
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub max_size: ByteSize,
    #[command(flatten)]
    pub quiet: Quiet,
    /// Explain a code and how to fix it; check nothing
    #[arg(long, value_name = "CODE", conflicts_with_all = ["paths", "store", "remote", "format", "fix"])]
    pub explain: Option<String>,
}

/// From which severity on a finding is a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors
    Error,
    /// Warnings and errors
    Warning,
    /// Any finding
    Note,
    /// No finding; an invalid document still is
    Never,
}

/// How `validate` and `lint` report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: the source line with a mark
    Human,
    /// One JSON object
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// SARIF 2.1.0
    Sarif,
}

/// Which notation `validate` accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Notation {
    /// By the file's name
    Auto,
    /// JSON, as a host reads its store
    Json,
    /// JSON5, as `approvals set` reads its input
    Json5,
}

/// `approvals get`
#[derive(Debug, Args)]
pub struct Get {
    /// Read this document instead of this host's own; - for standard input
    #[arg(long, value_name = "PATH", conflicts_with_all = ["store", "remote"])]
    pub file: Option<PathBuf>,
    /// Read this local store instead of this host's own
    #[arg(long, value_name = "PATH", conflicts_with = "remote")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Approvals,
    /// Show the policy in force for each agent, and where each of its fields comes from
    #[arg(long)]
    pub effective: bool,
    /// OpenClaw's configuration, for the policy in force [default: the gateway's own; of this host: openclaw.json]
    #[arg(long, value_name = "FILE", requires = "effective")]
    pub config: Option<PathBuf>,
    /// Release that decides the policy in force [default: the target's own]
    #[arg(long, value_name = "RELEASE", requires = "effective")]
    pub release: Option<String>,
    /// Print {path, exists, hash, file, effectivePolicy}
    #[arg(long)]
    pub json: bool,
}

/// `approvals set`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Set {
    /// The new document, JSON or JSON5; - for standard input
    #[arg(long, value_name = "PATH", group = "new")]
    pub file: Option<PathBuf>,
    /// Read the new document from standard input
    #[arg(long, group = "new")]
    pub stdin: bool,
    /// Write to this local store instead of this host's own
    #[arg(long, value_name = "PATH", conflicts_with = "remote")]
    pub store: Option<PathBuf>,
    #[command(flatten)]
    pub remote: Approvals,
    /// Replace the document only if it still has this hash [default: the hash just read]
    #[arg(long, value_name = "HASH")]
    pub base_hash: Option<String>,
    /// Show what would change; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Rewrite the forms that early releases wrote, as a gateway reads them
    #[arg(long)]
    pub allow_legacy: bool,
    /// Remove fields that no release knows, and list them
    #[arg(long)]
    pub drop_unknown: bool,
    /// Leave out the fields that an older gateway does not know yet, and list them
    #[arg(long, requires = "remote")]
    pub downgrade: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
}
