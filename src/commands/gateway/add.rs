//! `gateway add`: writes a gateway into config.toml, atomically, and safely with concurrent writers.

use std::io;
use std::path::Path;

use crate::commands::Error;
use crate::deadline::{Deadline, Gate, OutOfTime};
use crate::report::gateway::Added;
use crate::settings::{Entry, Environment, SettingsError, config_file, quoted};
use crate::store::json_file::JsonFile;
use crate::store::{StoreError, private, private_directory};

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
            .map_err(|cause| not_written(&file, StoreError::Write { path: directory.to_owned(), cause }))?;
    }
    let of_store = |error| not_written(&file, error);
    let store = JsonFile::document(file.clone()).lock(deadline).map_err(of_store)?;
    let before = store.read().map_err(of_store)?;
    let edited = entry.edit(&file, before.text().unwrap_or_default())?;
    if before.text() != Some(edited.text.as_bytes()) {
        gate.enter(deadline).map_err(|OutOfTime| Error::Unfinished { timeout: deadline.timeout() })?;
        store.replace(&before, &edited.text).map_err(of_store)?;
    }
    let warnings = [&entry.token_file, &entry.password_file, &entry.ca_file];
    let warnings = warnings.into_iter().flatten().filter_map(|path| {
        let path = Path::new(path);
        if entry.ca_file.as_deref().map(Path::new) == Some(path) {
            no_certificates(path)
        } else {
            no_secret(path)
        }
    });
    let warnings = warnings.collect();
    Ok(Added {
        name: entry.name,
        url: edited.address.to_string(),
        file: file.display().to_string(),
        replaced: edited.replaced,
        default: entry.default,
        warnings,
    })
}

/// The error for a configuration that cannot be written. The advice of stores is about an approvals document.
fn not_written(file: &Path, error: StoreError) -> Error {
    let name = file.display();
    let (path, cause, remedy) = match error {
        StoreError::Write { path, cause } => {
            let remedy = match cause.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                    format!("{name} is unchanged: free some space, then run this again")
                }
                io::ErrorKind::AlreadyExists if is_missing(&path) => format!(
                    "{} is a link to a directory that does not exist: remove the link: rm {}",
                    path.display(),
                    quoted(&path)
                ),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => format!(
                    "{name} is unchanged: make the directory of {} writable for you, then run this again",
                    path.display()
                ),
                _ => format!("{name} is unchanged: fix the cause, then run this again"),
            };
            (path, cause, remedy)
        }
        StoreError::NoDirectory(directory) => {
            let remedy = format!(
                "{name} is a link into {}, which does not exist: mkdir -p {}",
                directory.display(),
                quoted(&directory)
            );
            (file.to_owned(), io::ErrorKind::NotFound.into(), remedy)
        }
        other => return other.into(),
    };
    SettingsError::NotWritten { path, cause, remedy }.into()
}

/// A warning, if commands will fail because of the file with the secret.
fn no_secret(path: &Path) -> Option<String> {
    if is_missing(path) {
        let directory = path.parent().filter(|directory| !directory.is_dir());
        let create =
            directory.map_or_else(String::new, |directory| format!("mkdir -p {} && ", quoted(directory)));
        return Some(format!(
            "{} does not exist, and commands on this gateway fail without it. Create it, paste the secret, and end with Enter and Ctrl-D: (umask 077 && {create}cat > {})",
            path.display(),
            quoted(path)
        ));
    }
    let error = SettingsError::Exposed(private::check(path).err()?);
    let remedy = error.remedy().unwrap_or_default();
    Some(format!("{error}, and commands on this gateway fail until that is fixed: {remedy}"))
}

fn no_certificates(path: &Path) -> Option<String> {
    is_missing(path).then(|| {
        format!(
            "{} does not exist, and commands on this gateway fail without it: copy the certificates there",
            path.display()
        )
    })
}

fn is_missing(path: &Path) -> bool {
    path.metadata().is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn advice_is_about_the_configuration() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("config.toml");
        let (path, cause) = (file.clone(), io::ErrorKind::PermissionDenied.into());
        let link = home.path().join("link");
        std::os::unix::fs::symlink(home.path().join("none"), &link).unwrap();
        for (error, expected) in [
            (StoreError::Write { path, cause }, "writable for you, then run this again"),
            (StoreError::Write { path: link, cause: io::ErrorKind::AlreadyExists.into() }, "/link"),
            (StoreError::NoDirectory("/none".into()), "which does not exist: mkdir -p /none"),
        ] {
            let remedy = not_written(&file, error).remedy().unwrap();
            assert!(remedy.ends_with(expected), "{remedy}");
            assert!(!remedy.contains("document") && !remedy.contains("--store"), "{remedy}");
        }
    }

    #[test]
    fn files_that_commands_cannot_use_are_warned_about() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a b").join("token");
        let text = no_secret(&file).unwrap();
        assert!(text.contains("(umask 077 && mkdir -p '"), "{text}");
        fs::create_dir(file.parent().unwrap()).unwrap();
        let text = no_secret(&file).unwrap();
        assert!(text.contains("does not exist") && text.contains("(umask 077 && cat > '"), "{text}");
        assert!(no_certificates(&file).is_some());
        fs::write(&file, "t0ken").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        let text = no_secret(&file).unwrap();
        assert!(text.contains(": chmod 600 '"), "{text}");
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert_eq!((no_secret(&file), no_certificates(&file)), (None, None));
    }
}
