//! Reports as text and as machine output. Every quote from a document is escaped when it is printed.

mod allowlist;
mod contain;
mod diagnostics;
mod diff;
mod edit;
mod effective;
pub mod error;
mod escape;
mod explain;
mod gateway;
mod github;
mod grants;
mod guard;
mod json;
mod junit;
mod lint;
mod narrow;
mod notes;
mod notices;
mod pages;
mod policy_tests;
mod queue;
mod restore;
mod run;
mod sarif;
mod screen;
mod snapshot;
mod suggest;
mod upgrade;
mod versions;
mod watch;
mod wider;

pub use allowlist::allowlists_text;
pub use diagnostics::{explanation, human, listing};
pub use diff::diff_text;
pub use edit::{edit_text, entry_warnings};
pub use effective::effective_text;
pub use escape::Paper;
#[cfg(test)]
pub(crate) use escape::escaped;
pub use explain::explained_text;
pub use gateway::{added_text, dev_text, progress_text, status_text, unchosen_text};
pub use github::github;
pub use grants::{grants_text, revoke_plan_text, revoke_question, revoked_text};
pub use guard::{exposed_metrics, guard_ndjson, guard_notice, guard_text};
pub use json::{json, line};
pub use junit::junit;
pub use lint::{fixes_text, lint_human};
pub use narrow::Look;
pub use notices::{
    departures_text, faulty_document_text, invalid_text, unfixed_text, unknown_code_text, unprinted_text,
};
pub use pages::{brief, help, is_printed_as_it_is, page, version};
pub use policy_tests::{tests_github, tests_human};
pub use queue::{
    Layout, Screen, added_entry_text, blank_line, changes_ndjson, changes_text, connection_text, cut_text,
    decisions_plan_text, decisions_question, decisions_text, dedupe_question, dedupe_text, entry_failed_text,
    entry_text, history_ndjson, history_text, plan_text, progress, progress_over, prompt_text, question,
    queue_ndjson, queue_screen, queue_text, read_progress, remarks as queue_remarks, resolve_question,
    resolved_text, runs_unknown_text,
};
pub use restore::{restore_plan_text, restore_question, restored_text};
pub use run::{
    Known as KnownRuns, cancel_plan_text, cancel_question, cancelled_text, runs_changes_ndjson,
    runs_changes_text, runs_ndjson, runs_screen, runs_text,
};
pub use sarif::{lint_sarif, sarif};
pub use screen::{Painter, Surface, restore as restore_terminal, triage_text};
pub use snapshot::{native_text, remarks_text, set_text, snapshot_text};
pub use suggest::{apply_question, evidence_text, patch, suggested_text};
pub use upgrade::upgrade_text;
pub use versions::{verified_text, version_altered_text, version_text, versions_text};
pub use watch::{watch_ndjson, watch_text};
pub use wider::wider_text;
