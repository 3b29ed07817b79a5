//! `approvals versions`: lists what is kept, shows one version, and checks the chain of hashes.

use super::super::documents::Place;
use super::database::{looked_at, versions};
use super::places::keys;
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::report::approvals::versions::{Broken, Kept, Listing, Shown, Verification};
use crate::store::versions::{Problem, Version, Writer};

/// The newest versions. `place`: of this place alone.
pub fn list(place: Option<&Place>, most: usize, deadline: Deadline) -> Result<Listing, Error> {
    let database = versions()?;
    let keys = place.map(|place| keys(place, &database, deadline)).transpose()?;
    // One more shows whether there are more.
    let wanted = most.saturating_add(1);
    let mut found = Vec::new();
    match &keys {
        None => found = database.list(None, wanted, deadline)?,
        Some(keys) => {
            for key in keys {
                found.extend(database.list(Some(key), wanted, deadline)?);
            }
            found.sort_by_key(|version| std::cmp::Reverse(version.id));
        }
    }
    let more = found.len() > most;
    found.truncate(most);
    let removed = match &keys {
        None => database.removed(None, deadline)?,
        Some(keys) => {
            let counts: Result<Vec<u64>, _> =
                keys.iter().map(|key| database.removed(Some(key), deadline)).collect();
            counts?.into_iter().sum()
        }
    };
    let path = database.path().display().to_string();
    Ok(Listing { path, versions: found.into_iter().map(kept).collect(), more, removed })
}

/// One version with its text.
pub fn show(id: u64, deadline: Deadline) -> Result<Shown, Error> {
    let (version, text, fits) = looked_at(id, deadline)?;
    Ok(Shown { kept: kept(version), text, fits })
}

/// Checks the chain of hashes.
pub fn verify(deadline: Deadline) -> Result<Verification, Error> {
    let database = versions()?;
    let verified = database.verify(deadline)?;
    Ok(Verification {
        path: database.path().display().to_string(),
        versions: verified.versions,
        removed: verified.removed,
        head: verified.head,
        problems: verified.problems.into_iter().map(broken).collect(),
    })
}

/// A version for reports.
pub(in crate::commands) fn kept(version: Version) -> Kept {
    Kept {
        id: version.id,
        target: version.target.operand,
        hash: version.hash,
        state: version.state.as_str(),
        has_text: version.has_text,
        writer: version.writer.map(Writer::as_str),
        seen_by: version.seen_by.as_str(),
        at_ms: version.at_ms,
        link: version.link,
    }
}

fn broken(problem: Problem) -> Broken {
    match problem {
        Problem::Missing { from, to } => Broken::Missing { from, to },
        Problem::Changed(id) => Broken::Changed(id),
        Problem::Text(id) => Broken::Text(id),
        Problem::TextMissing(id) => Broken::TextMissing(id),
        Problem::Damage(cause) => Broken::Damage(cause),
    }
}
