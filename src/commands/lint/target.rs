//! The documents that are looked at: files, directories, standard input, a store of this host, a gateway or node.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{Request, Source};
use crate::approvals::Syntax;
use crate::approvals::report::{Failed, FileReport};
use crate::commands::remote::{Fetched, Place, Remote};
use crate::commands::{Error, gateway, validate};
use crate::deadline::Deadline;
use crate::store::Store;
use crate::store::input::{self, Bounds, Input, InputError};
use crate::store::json_file::JsonFile;

/// A document on this host.
#[derive(Debug)]
pub(super) enum Kept {
    /// One that somebody keeps in a file.
    File(PathBuf),
    /// One that the host goes by.
    Store(Store),
}

impl Kept {
    /// The file, or the database.
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Store(store) => store.path(),
        }
    }

    /// What a mend is written to.
    pub(super) fn store(self) -> Store {
        match self {
            Self::File(path) => Store::JsonFile(JsonFile::document(path)),
            Self::Store(store) => store,
        }
    }
}

/// A document that was read.
pub(super) struct Target {
    /// The name in reports.
    pub(super) name: String,
    /// Where it is kept, if that is on this host.
    pub(super) kept: Option<Kept>,
    pub(super) text: Vec<u8>,
    pub(super) syntax: Syntax,
    /// The release of the gateway that it comes from.
    pub(super) release: Option<String>,
}

/// Reads every document, one after the other, and hands it over; or why it could not be read.
pub(super) fn each(
    request: &Request,
    deadline: Deadline,
    mut take: impl FnMut(Result<Target, FileReport>),
) -> anyhow::Result<()> {
    match &request.source {
        Source::Remote(remote) => take(gateway::run(of_remote(remote, deadline))?),
        Source::Store(path) => take(of_store(Some(path), deadline)?),
        Source::Paths(paths) if paths.is_empty() => take(of_store(None, deadline)?),
        Source::Paths(paths) => {
            for path in paths {
                if path.as_os_str() != "-" && path.is_dir() {
                    for file in validate::documents(path) {
                        take(file.and_then(|path| read(request, &Input::Path(path), deadline)));
                    }
                } else {
                    take(read(request, &Input::named(path), deadline));
                }
            }
        }
    }
    Ok(())
}

fn of_store(named: Option<&PathBuf>, deadline: Deadline) -> anyhow::Result<Result<Target, FileReport>> {
    let store = Store::of(named.map(PathBuf::as_path), deadline)
        .map_err(Error::from)
        .context("looking for this host's store")?;
    let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
    let name = store.name();
    Ok(if let Some(text) = stored.text() {
        let (text, kept) = (text.to_vec(), Some(Kept::Store(store)));
        Ok(Target { name, kept, text, syntax: Syntax::Json, release: None })
    } else {
        let error = InputError::Missing(name.clone());
        Err(FileReport { name, result: Err(validate::failed(&error)) })
    })
}

fn read(request: &Request, input: &Input, deadline: Deadline) -> Result<Target, FileReport> {
    let name = input.name();
    let text = match deadline.left() {
        Some(_) => input::read(input, Bounds { max_size: request.max_size, deadline }),
        None => Err(InputError::TimedOut { name: name.clone(), timeout: deadline.timeout() }),
    };
    let kept = match input {
        Input::Path(path) => Some(Kept::File(path.clone())),
        Input::Stdin => None,
    };
    match text {
        Ok(text) => Ok(Target { name, kept, text, syntax: validate::by_name(input), release: None }),
        Err(error) => Err(FileReport { name, result: Err(validate::failed(&error)) }),
    }
}

async fn of_remote(remote: &Remote, deadline: Deadline) -> Result<Result<Target, FileReport>, Error> {
    let mut place = Place::open(remote, deadline).await?;
    let fetched = place.fetch().await?;
    let (name, release) = (place.name(), place.version().map(str::to_owned));
    place.close().await;
    Ok(match fetched {
        Fetched::Document(document) => {
            let text = document.file.get().as_bytes().to_vec();
            Ok(Target { name, kept: None, text, syntax: Syntax::Json, release })
        }
        Fetched::Native { .. } => {
            let message =
                format!("{name} keeps a policy of its own ({{defaultAction, rules}}), which has no lints");
            let remedy = Some("clearance approvals get with the same flags shows it".to_owned());
            Err(FileReport { name, result: Err(Failed { message, remedy, timed_out: false }) })
        }
    })
}
