//! `clearance approvals test`

use std::path::PathBuf;

use bytesize::ByteSize;
use clap::{Args, ValueEnum};

use super::quiet::Quiet;

/// Below the flags of `test --help`.
pub(super) const HELP: &str = "A file of policy tests:
  document = \"exec-approvals.json\"          # relative to the file
  config = \"openclaw.json\"                  # optional
  release = [\"2026.9.6\", \"2026.4.14\"]

  [host]                                    # as in explain --programs; \"local\": this machine
  home = \"/home/ops\"
  programs = { git = \"/usr/bin/git\" }

  [[case]]
  command = \"git status\"
  expect = \"runs\"                           # or asks, denied, unknown
  entry = \"/usr/bin/git\"

Examples:
  clearance approvals test
  clearance approvals test hosts/build.approvals-test.toml
  clearance approvals test hosts/ --format github
  clearance approvals test --format junit > policy-tests.xml
  clearance approvals test --release 2026.9.6 --require-coverage
  clearance approvals schema --tests > approvals-test.schema.json";

/// `approvals test`
#[derive(Debug, Args)]
pub struct Test {
    /// Files of policy tests, directories (searched for approvals-test.toml and *.approvals-test.toml that Git does not
    /// ignore), or - for standard input [default: the current directory]
    #[arg(value_name = "FILE")]
    pub paths: Vec<PathBuf>,
    /// Output format
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
    /// Decide every case as this release, whatever the files name; may be repeated
    #[arg(long, value_name = "RELEASE")]
    pub release: Vec<String>,
    /// Exit with 1 if an entry is matched by no case
    #[arg(long)]
    pub require_coverage: bool,
    /// Skip what matches this .gitignore pattern in directories; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Largest document to read
    #[arg(long, value_name = "SIZE", default_value = "64MiB")]
    pub max_size: ByteSize,
    #[command(flatten)]
    pub quiet: Quiet,
}

/// How `test` reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people: each failed case with the reasons
    Human,
    /// One JSON object
    Json,
    /// Annotations of a GitHub workflow
    Github,
    /// JUnit XML
    Junit,
}
