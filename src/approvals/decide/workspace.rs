//! The working directory of a call: 2026.9.6 requires that it exists, and uses its real path. Source:
//! `resolveExecWorkdir`.

use std::borrow::Cow;

use super::host::{Found, Host};
use super::profile::Profile;
use super::question::Question;

/// Why 2026.9.6 does nothing in this directory.
pub(super) fn refusal(question: &Question<'_>, profile: Profile, host: &dyn Host) -> Option<String> {
    if profile < Profile::V2026_9_6 || question.directory.is_empty() {
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

/// The directory in which the command is read: 2026.9.6 takes the real path of the one that is asked for. Empty: the one in
/// which the gateway was started, which nobody knows. The earlier releases go there if the one that is asked for is not a
/// directory.
pub(super) fn directory<'q>(question: &Question<'q>, profile: Profile, host: &dyn Host) -> Cow<'q, str> {
    if !question.directory.starts_with('/') {
        return Cow::Borrowed("");
    }
    match host.look(question.directory) {
        Found::Directory(real) if profile >= Profile::V2026_9_6 => Cow::Owned(real),
        Found::Directory(_) | Found::Unknown => Cow::Borrowed(question.directory),
        Found::Nothing | Found::File(_) | Found::Program(_) => Cow::Borrowed(""),
    }
}
