//! Checks of the working directory, which 2026.9.6 makes before it decides: the directory has to exist, and the policy has
//! to be bound to its real path. Facts: `resolveExecWorkdir` and `captureApprovedCwdSnapshotSync`.

use std::borrow::Cow;

use super::host::{Found, Host};
use super::profile::Profile;
use super::question::Question;
use super::words;

/// Why 2026.9.6 does nothing in this directory.
pub(super) fn refusal(question: &Question<'_>, profile: Profile, host: &dyn Host) -> Option<String> {
    if profile < Profile::V2026_9_6 {
        return None;
    }
    match host.look(question.directory) {
        Found::Directory(_) | Found::Unknown => None,
        Found::Nothing | Found::File(_) | Found::Program(_) => Some(format!(
            "workdir \"{}\" is unavailable or not a directory: command was not executed. workdir is treated as a literal \
             path; shell expansions such as \"~\" are not applied. Use an existing directory, omit an explicit workdir to \
             use the default cwd, or update the configured default cwd.",
            question.directory
        )),
    }
}

/// The directory in which the command is read: 2026.9.6 takes the real path of the one that is asked for.
pub(super) fn directory<'q>(question: &Question<'q>, profile: Profile, host: &dyn Host) -> Cow<'q, str> {
    match host.look(question.directory) {
        Found::Directory(real) if profile >= Profile::V2026_9_6 => Cow::Owned(real),
        _ => Cow::Borrowed(question.directory),
    }
}

/// Why 2026.9.6 cannot bind an approval to this directory: a link on its way could be changed.
pub(super) fn unbindable(question: &Question<'_>, host: &dyn Host) -> Option<&'static str> {
    let directory = words::absolute("/", question.directory);
    match host.look(&directory) {
        Found::Directory(real) if real != directory && host.is_writable(&directory) != Some(false) => {
            Some("SYSTEM_RUN_DENIED: approval requires canonical cwd (no symlink path components)")
        }
        _ => None,
    }
}
