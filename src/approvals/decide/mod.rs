//! The decision of a gateway about a shell command: whether it runs, asks or is denied on a host, and why.
//!
//! [`decide`] answers as one release decides ([`Profile`]). It is pure: a [`Host`] says what a name refers to.
//! If the verdict depends on a name that the host does not know, it is [`Verdict::Unknown`], never a guess.
//!
//! Source of every rule: the published packages 2026.4.14, 2026.6.11 and 2026.9.6, compared with those packages' own
//! code on generated cases. `docs/proofs.md` says how many.

mod agent_id;
mod arguments;
mod bash;
mod binding;
mod carrier_options;
mod carriers;
mod case;
mod configuration;
mod decision;
mod document;
mod durable;
mod effective;
mod environment;
mod evaluation;
mod gateway;
mod glob;
mod guards;
mod heredoc;
mod host;
pub(in crate::approvals) mod inclusion;
mod inline_code;
mod inline_code_tables;
mod javascript;
mod levels;
mod matching;
mod near;
mod package_options;
mod packages;
mod policy;
mod positional;
mod powershell;
mod preflight;
mod prelude;
mod prepared;
mod profile;
mod proof;
mod question;
mod quoting;
mod reading;
mod remaining;
mod resolve;
mod safe_bin_profiles;
mod safe_bins;
mod seen;
mod segment;
mod shell;
mod shell_names;
mod shell_options;
mod shell_script;
mod shells;
mod situation;
mod split;
mod splitter;
mod suppressions;
mod table;
#[cfg(test)]
mod testing;
mod unanswered;
mod verdict;
mod wider;
mod words;
mod workspace;
mod wrapper_options;
mod wrappers;

pub use agent_id::MAIN;
pub(in crate::approvals) use arguments::{is_bound_hash, is_unbound_hash};
pub use case::{Answer, Case, Cases};
pub use decision::{Decision, Origin, Policy, Verdict};
pub use durable::{Written, written};
pub use effective::{AgentPolicy, Level, effective, effective_as_written, policy_of};
pub use evaluation::{By, Plan, Segment};
pub use guards::depends_on_state_directory;
pub use host::{Found, Host};
pub use prepared::Prepared;
pub use profile::Profile;
pub use proof::Proof;
pub use question::{Context, Entry, EntryId, Question};
pub use seen::Seen;
pub(in crate::approvals) use shell_names::is_shell_name;
pub use table::{Place, Programs, Table, TableHost};
pub use verdict::{UNKNOWN_STATE, decide, decide_prepared, explain_prepared};
pub use wider::{
    Agent, Cause, Circumstance, Comparison, Gap, Incomparable, Quirk, Widening, Wider, Witness, wider,
};
