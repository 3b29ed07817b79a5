//! `clearance approvals versions` and `restore`.

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::diff::{Operand, operand, version_number};
use super::gateway::Access;
use super::quiet::Quiet;

/// Below the flags of `versions --help`.
pub(super) const HELP: &str =
    "Every set, allowlist add or remove, lint --fix, suggest --apply, queue resolve --add-entry and restore keeps the \
     document before and after it, and approvals watch keeps every change that it sees: on this host, for this user alone, \
     without the token of the socket. At most 500 texts of a place, 400 days and 64 MiB are kept, and 20,000 versions in all; \
     the newest text of each place stays. The oldest go first.

A version that was changed after it was kept is used by no command; versions show prints it with a warning, exit 1.

TARGET is named as in approvals diff: PATH, local, store:PATH, gateway, gateway:NAME|URL, node:ID, node:ID@NAME|URL.
A version is an operand of diff, lint and validate, and of --file of explain, suggest, upgrade, get and set: version:12.

--verify checks the chain of hashes: whether a version was changed after it was kept, or removed though no limit does so. Whoever can write to the \
     database can also write a new chain: note the link of the newest version elsewhere to notice that, too.

Examples:
  clearance approvals versions
  clearance approvals versions gateway:prod --limit 5
  clearance approvals versions show 12 > exec-approvals.json
  clearance approvals versions --verify
  clearance approvals diff version:11 version:12
  clearance approvals diff --no-wider version:11 local";

/// Below the flags of `restore --help`.
pub(super) const RESTORE_HELP: &str =
    "The version is validated and stored as approvals set does it: only if the document is still the one of the plan. The \
     place keeps its own socket block. What the version allows and the current document does not is listed before the \
     question, as by approvals diff --no-wider. An entry whose time is over (allowlist add --for) is named, and removed again.

Examples:
  clearance approvals restore 12 --dry-run
  clearance approvals restore 12
  clearance approvals restore 12 --to gateway:staging --yes";

/// `approvals versions`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Versions {
    /// What to do with one version.
    #[command(subcommand)]
    pub verb: Option<Verb>,
    /// List versions of this place alone
    #[arg(value_name = "TARGET", value_parser = OsStringValueParser::new().try_map(operand))]
    pub target: Option<Operand>,
    /// Most versions to list
    #[arg(long, value_name = "COUNT", default_value_t = 20, value_parser = count)]
    pub limit: usize,
    /// Check every version against the chain of hashes; exit 1 if one does not fit
    #[arg(long, conflicts_with_all = ["target", "limit"])]
    pub verify: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// What to do with one version.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Print the document of a version; what is known of it goes to standard error
    Show(Show),
}

/// `approvals versions show`
#[derive(Debug, Args)]
pub struct Show {
    /// Number of the version
    #[arg(value_name = "VERSION", value_parser = number)]
    pub id: u64,
    /// Print one JSON object: the document, and what is known of it
    #[arg(long)]
    pub json: bool,
}

/// `approvals restore`
#[derive(Debug, Args)]
pub struct Restore {
    /// Number of the version
    #[arg(value_name = "VERSION", value_parser = number)]
    pub id: u64,
    /// Store it here, named as in approvals diff [default: where the version comes from]
    #[arg(long, value_name = "TARGET", value_parser = OsStringValueParser::new().try_map(operand))]
    pub to: Option<Operand>,
    /// Replace the document only if it still has this hash [default: the hash of the plan]
    #[arg(long, value_name = "HASH")]
    pub base_hash: Option<String>,
    /// Show what would change; change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Skip the confirmation
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
    #[command(flatten)]
    pub access: Access,
}

/// The number of a version: 12, or version:12.
fn number(text: &str) -> Result<u64, String> {
    version_number(text.strip_prefix("version:").unwrap_or(text))
}

/// How many versions to list.
fn count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| format!("`{}` is not a number of versions; write 1 or more", text.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_a_number() {
        assert_eq!((number("12"), number("version:12")), (Ok(12), Ok(12)));
        for text in ["", "-1", "version:", "v12", "last"] {
            assert!(number(text).is_err(), "{text}");
        }
    }
}
