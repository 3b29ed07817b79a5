//! Finds the documents of a command that accepts several: named files, and files in named directories.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use super::batch::{Found, Named, late};
use super::{Place, is_document};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::report::approvals::{Failed, FileReport, Unchecked};

/// What is searched for in directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum Sought {
    /// Approvals documents.
    Documents,
    /// Files of policy tests.
    PolicyTests,
}

impl Sought {
    /// What it is called, and the names of its files.
    const fn name(self) -> &'static str {
        match self {
            Self::Documents => "approvals document (*.json, *.json5)",
            Self::PolicyTests => "policy tests (approvals-test.toml, *.approvals-test.toml)",
        }
    }

    fn is_name_of(self, path: &Path) -> bool {
        match self {
            Self::Documents => is_document(path),
            Self::PolicyTests => is_policy_tests(path),
        }
    }
}

/// Whether a file has the name of policy tests: `approvals-test.toml`, `NAME.approvals-test.toml`.
fn is_policy_tests(path: &Path) -> bool {
    const NAME: &str = "approvals-test.toml";
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(NAME).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Finds every named file, and every document in a named directory.
pub(in crate::commands) fn found(
    paths: &[PathBuf],
    exclude: &[String],
    deadline: Deadline,
) -> Result<Vec<Named<Found>>, Error> {
    found_of(Sought::Documents, paths, exclude, deadline)
}

/// Finds every named file, and every file of the kind in a named directory.
pub(in crate::commands) fn found_of(
    sought: Sought,
    paths: &[PathBuf],
    exclude: &[String],
    deadline: Deadline,
) -> Result<Vec<Named<Found>>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && path.is_dir() {
            files.extend(in_directory(sought, path, exclude, deadline)?.into_iter().map(
                |found| match found {
                    Ok(path) => Named::of(Place::File(path), true),
                    Err(report) => Named { name: report.name.clone(), work: Err(report) },
                },
            ));
        } else {
            let place = match sought {
                Sought::Documents => Place::document(path.clone()),
                Sought::PolicyTests => Place::named(path.clone()),
            };
            files.push(Named::of(place, false));
        }
    }
    Ok(files)
}

/// The report where no document was found: a CI job that checks nothing must not pass.
pub(in crate::commands) fn nothing(paths: &[PathBuf]) -> FileReport {
    nothing_of(Sought::Documents, paths)
}

fn nothing_of(sought: Sought, paths: &[PathBuf]) -> FileReport {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let name = names.join(", ");
    let message = format!("no {} in {name}", sought.name());
    let remedy = "check the path, or name the files; what Git ignores and --exclude matches is skipped";
    unreadable(name, message, Some(remedy))
}

/// Finds the files of a directory, and reports what could not be read in it. Skips files that Git ignores or that
/// `--exclude` matches.
fn in_directory(
    sought: Sought,
    path: &Path,
    exclude: &[String],
    deadline: Deadline,
) -> Result<Vec<Result<PathBuf, FileReport>>, Error> {
    let walk = WalkBuilder::new(path)
        // Hidden files are included; of this crate's filters, only Git's patterns apply.
        .standard_filters(false)
        .parents(true)
        .git_ignore(true)
        .git_exclude(true)
        .overrides(excluding(path, exclude)?)
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .build();
    let mut found = Vec::new();
    for entry in walk {
        if deadline.left().is_none() {
            let name = path.display().to_string();
            found.push(Err(FileReport { result: Err(late(&name, deadline)), name }));
            return Ok(found);
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let name = path.display().to_string();
                found.push(Err(unreadable(name, format!("cannot read: {error}"), None)));
                continue;
            }
        };
        let entry = entry.into_path();
        if entry.is_dir() || !sought.is_name_of(&entry) || in_git(&entry) {
            continue;
        }
        if entry.is_file() {
            found.push(Ok(entry));
        } else {
            // Reading a pipe in a directory could block for ever, and a link without a target must not pass as checked.
            let name = entry.display().to_string();
            let message = format!("{name} is not a file");
            found.push(Err(unreadable(name, message, Some("remove it, or name the files to check"))));
        }
    }
    if found.is_empty() {
        found.push(Err(nothing_of(sought, &[path.to_owned()])));
    }
    Ok(found)
}

/// Whether a path is inside Git's own directory.
fn in_git(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == ".git")
}

fn unreadable(name: String, message: String, remedy: Option<&str>) -> FileReport {
    let why = Unchecked::Unreadable;
    FileReport { name, result: Err(Failed { message, remedy: remedy.map(str::to_owned), why }) }
}

/// Parses the globs of `--exclude` as lines of a `.gitignore` in the directory.
fn excluding(directory: &Path, exclude: &[String]) -> Result<Override, Error> {
    let mut builder = OverrideBuilder::new(directory);
    for glob in exclude {
        let wrong = |error: ignore::Error| Error::Exclude { glob: glob.clone(), cause: error.to_string() };
        builder.add(&format!("!{}", glob.trim_start_matches('!'))).map_err(wrong)?;
    }
    builder.build().map_err(|error| Error::Exclude { glob: exclude.join(" "), cause: error.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policy_tests_are_known_by_their_names() {
        for (path, expected) in [
            ("approvals-test.toml", true),
            ("hosts/build.approvals-test.toml", true),
            ("my-approvals-test.toml", false),
            ("approvals-test.toml.orig", false),
            ("clearance.toml", false),
        ] {
            assert_eq!(is_policy_tests(Path::new(path)), expected, "{path}");
        }
    }
}
