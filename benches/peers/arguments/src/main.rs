//! Parses a command line shaped like clearance's and ends: the cost of such a process before it does anything. Nouns,
//! verbs and flags follow `src/cli`, with text where clearance has types of other crates.

// The fields exist only to be parsed into.
#![allow(dead_code)]

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

/// The command-line manager for OpenClaw exec approvals.
#[derive(Parser)]
#[command(name = "arguments", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    /// Give up after this long (30s, 500ms, 2m)
    #[arg(long, global = true, value_name = "DURATION", default_value = "30s")]
    timeout: String,
    #[command(subcommand)]
    noun: Noun,
}

#[derive(Subcommand)]
enum Noun {
    /// Approvals documents: what agents may run on a host
    #[command(subcommand)]
    Approvals(Verb),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: String,
    },
    /// Print the manual page of a command
    Man {
        /// The command, as it is typed; none for clearance itself
        command: Vec<String>,
    },
}

#[derive(Subcommand)]
enum Verb {
    /// Check documents: every problem, with its place
    Validate(Validate),
    /// Print a document
    Get(Get),
    /// Replace the document of this host
    #[command(group(ArgGroup::new("new").required(true)))]
    Set(Set),
    /// Print the JSON Schema of a document
    Schema,
}

#[derive(Args)]
struct Validate {
    /// Files, directories (searched for *.json and *.json5), or - for standard input
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// How to report
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The notation that is accepted; auto: JSON in *.json, JSON5 elsewhere
    #[arg(long, value_enum, default_value_t = Notation::Auto)]
    syntax: Notation,
    /// Accept the forms that early releases wrote, and only report them
    #[arg(long)]
    allow_legacy: bool,
    /// The largest file that is read
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    max_size: String,
    /// Explain a code and how to fix it; check nothing
    #[arg(long, value_name = "CODE", conflicts_with_all = ["paths", "format", "syntax", "allow_legacy"])]
    explain: Option<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Human,
    Json,
    Github,
    Sarif,
}

#[derive(Clone, Copy, ValueEnum)]
enum Notation {
    Auto,
    Json,
    Json5,
}

#[derive(Args)]
struct Get {
    /// Read this document instead of this host's own; - for standard input
    #[arg(long, value_name = "PATH", conflicts_with = "store")]
    file: Option<PathBuf>,
    /// Read this local store instead of this host's own
    #[arg(long, value_name = "PATH")]
    store: Option<PathBuf>,
    /// Print {path, exists, hash, file}
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Set {
    /// The new document, JSON or JSON5; - for standard input
    #[arg(long, value_name = "PATH", group = "new")]
    file: Option<PathBuf>,
    /// Read the new document from standard input
    #[arg(long, group = "new")]
    stdin: bool,
    /// Write to this local store instead of this host's own
    #[arg(long, value_name = "PATH")]
    store: Option<PathBuf>,
    /// Only if the stored document still has this hash
    #[arg(long, value_name = "HASH")]
    base_hash: Option<String>,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
}

fn main() {
    std::hint::black_box(Cli::parse());
}
