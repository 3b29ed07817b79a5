//! Finds the documents of a command that accepts several: named files, and files in named directories.

use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use super::batch::{Found, Named, late};
use super::{Place, is_document};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::report::approvals::{Failed, FileReport, Unchecked};

/// Finds every named file, and every document in a named directory.
pub(in crate::commands) fn found(
    paths: &[PathBuf],
    exclude: &[String],
    deadline: Deadline,
) -> Result<Vec<Named<Found>>, Error> {
    let mut files = Vec::new();
    for path in paths {
        if path.as_os_str() != "-" && path.is_dir() {
            files.extend(documents(path, exclude, deadline)?.into_iter().map(|found| match found {
                Ok(path) => Named::of(Place::File(path), true),
                Err(report) => Named { name: report.name.clone(), work: Err(report) },
            }));
        } else {
            files.push(Named::of(Place::named(path.clone()), false));
        }
    }
    Ok(files)
}

/// The report where no document was found: a CI job that checks nothing must not pass.
pub(in crate::commands) fn nothing(paths: &[PathBuf]) -> FileReport {
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    let name = names.join(", ");
    let message = format!("no approvals document (*.json, *.json5) in {name}");
    let remedy = "check the path, or name the files; what Git ignores and --exclude matches is skipped";
    unreadable(name, message, Some(remedy))
}

/// Finds the documents of a directory, and reports what could not be read in it. Skips files that Git ignores or that
/// `--exclude` matches.
fn documents(
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
        if entry.is_dir() || !is_document(&entry) || in_git(&entry) {
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
        found.push(Err(nothing(&[path.to_owned()])));
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
