//! The database of versions of this user, and one version as a document.

use crate::commands::Error;
use crate::deadline::Deadline;
use crate::settings::{self, Environment};
use crate::store::versions::{Found, State, Version, Versions};

/// The database of this user's versions.
pub(in crate::commands) fn versions() -> Result<Versions, Error> {
    let directory = settings::state_directory(&Environment::of_process())?;
    Ok(Versions::at(directory.join("versions")))
}

/// Now, in Unix milliseconds.
pub(in crate::commands) fn now_ms() -> u64 {
    u64::try_from(jiff::Timestamp::now().as_millisecond()).unwrap_or_default()
}

/// A version and its text. `None`: the place held no document.
pub(in crate::commands) fn version(id: u64, deadline: Deadline) -> Result<(Version, Option<String>), Error> {
    let Some((version, text)) = versions()?.get(id, deadline)? else { return Err(Error::NoVersion { id }) };
    of(version, text)
}

/// As [`version`], of a version that may have been changed after it was kept, and whether it was not.
pub(super) fn looked_at(id: u64, deadline: Deadline) -> Result<(Version, Option<String>, bool), Error> {
    let Some(Found { version, text, fits }) = versions()?.look(id, deadline)? else {
        return Err(Error::NoVersion { id });
    };
    let (version, text) = of(version, text)?;
    Ok((version, text, fits))
}

fn of(version: Version, text: Option<String>) -> Result<(Version, Option<String>), Error> {
    let id = version.id;
    let without = |why: &'static str| Error::NoText { id, why };
    match (version.state, text) {
        (State::Absent, _) => Ok((version, None)),
        (State::Kept | State::Native, Some(text)) => Ok((version, Some(text))),
        (State::Kept | State::Native, None) => Err(without("it was removed by the limits of what is kept")),
        (State::TooLarge, _) => Err(without("the document was too large to be kept")),
        (State::Unreadable, _) => Err(without("the document was not JSON, and was not kept")),
    }
}
