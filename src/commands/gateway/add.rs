//! `gateway add`: writes a gateway into config.toml, atomically, and safely with concurrent writers.

use crate::commands::Error;
use crate::deadline::{Deadline, Gate, OutOfTime};
use crate::report::gateway::Added;
use crate::settings::{Entry, Environment, config_file};
use crate::store::json_file::JsonFile;
use crate::store::{StoreError, private_directory};

/// Writes the gateway. Relative paths are made absolute, because in the file they would start at the file's directory.
pub fn run(mut entry: Entry, gate: &Gate, deadline: Deadline) -> Result<Added, Error> {
    entry.check()?;
    for path in [&mut entry.token_file, &mut entry.password_file, &mut entry.ca_file].into_iter().flatten() {
        if let Ok(absolute) = std::path::absolute(&*path)
            && let Ok(absolute) = absolute.into_os_string().into_string()
        {
            *path = absolute;
        }
    }
    let environment = Environment::of_process();
    let file = config_file(&environment)?;
    if let Some(directory) = file.parent() {
        private_directory(directory)
            .map_err(|cause| StoreError::Write { path: directory.to_owned(), cause })?;
    }
    let store = JsonFile::document(file.clone()).lock(deadline)?;
    let before = store.read()?;
    let edited = entry.edit(&file, before.text().unwrap_or_default(), &environment)?;
    if before.text() != Some(edited.text.as_bytes()) {
        gate.enter(deadline).map_err(|OutOfTime| Error::Unfinished { timeout: deadline.timeout() })?;
        store.replace(&before, &edited.text)?;
    }
    Ok(Added {
        name: entry.name,
        url: edited.address.to_string(),
        file: file.display().to_string(),
        replaced: edited.replaced,
        default: entry.default,
    })
}
