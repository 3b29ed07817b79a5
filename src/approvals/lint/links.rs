//! Entries that name a link of their host by its path. Releases from 2026.6 on compare the path that it leads to.

use serde_json::json;

use super::facts::Files;
use super::listed::Listed;
use super::release::Release;
use super::{pattern, trial};
use crate::approvals::decide::{Found, inclusion};
use crate::approvals::redact::credentials::quotable;

/// The finding for an entry that is for a link of this host, if a release never matches it for that reason.
pub(super) fn message(entry: &Listed<'_>, release: Release<'_>, files: Files<'_>) -> Option<String> {
    let pattern = entry.pattern();
    if !release.readers().iter().any(|profile| profile.reads_arguments())
        || !inclusion::is_path(pattern)
        || pattern.contains(['*', '?'])
        || pattern::is_of_windows(pattern)
    {
        return None;
    }
    let path = match pattern.strip_prefix('~') {
        Some(rest) => format!("{}{rest}", files.home.trim_end_matches('/')),
        None => pattern.to_owned(),
    };
    let (Found::Program(real) | Found::File(real)) = files.host.look(&path) else { return None };
    // A command is put together of the path, so it must not need quotes.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+".contains(c);
    if real == path || !path.starts_with('/') || !path.chars().all(is_plain) {
        return None;
    }
    let listed = json!([{"pattern": pattern}]);
    let missed = release.those(|profile| {
        profile.reads_arguments() && !trial::runs_on(&listed, &path, profile, files.host, files.home)
    });
    if missed.is_empty() {
        return None;
    }
    Some(format!(
        "`{}` never matches{}: on this host it is a link, and the path it leads to is compared: `{}`",
        quotable(pattern),
        release.on(&missed),
        quotable(&real)
    ))
}
