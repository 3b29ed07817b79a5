//! The documents that are looked at: files, directories, standard input, a store of this host, a gateway or node.

use std::path::{Path, PathBuf};

use super::request::{Request, Source};
use crate::approvals::Syntax;
use crate::approvals::findings::remark::Remark;
use crate::commands::remote::{self, Fetched, Remote};
use crate::commands::validate::{Found, Missed, Named};
use crate::commands::{Error, gateway, validate};
use crate::deadline::Deadline;
use crate::report::approvals::FileReport;
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
    /// What is wrong around it.
    pub(super) remarks: Vec<Remark>,
    /// Whether it was found in a directory, and not named.
    pub(super) in_directory: bool,
}

/// Where a document is.
pub(super) enum Place {
    Found(Found),
    Store(Store),
    Remote(Remote),
}

/// Every document that is to be looked at.
pub(super) fn all(
    source: &Source,
    exclude: &[String],
    deadline: Deadline,
) -> Result<Vec<Named<Place>>, Error> {
    let store = |store: Store| Named { name: store.name(), work: Ok(Place::Store(store)) };
    Ok(match source {
        Source::Remote(remote) => {
            vec![Named { name: "the gateway".to_owned(), work: Ok(Place::Remote(remote.clone())) }]
        }
        Source::Store(path) => vec![store(Store::at(path.clone()))],
        Source::Paths(paths) if paths.is_empty() => vec![store(Store::of(None, deadline)?)],
        Source::Paths(paths) => {
            let found = validate::found(paths, exclude, deadline)?.into_iter();
            found.map(|Named { name, work }| Named { name, work: work.map(Place::Found) }).collect()
        }
    })
}

/// Reads a document, or says why it could not be read.
pub(super) fn read(
    request: &Request,
    place: Place,
    deadline: Deadline,
) -> Result<Result<Target, Missed>, Error> {
    match place {
        Place::Found(found) => Ok(match named_database(&found.input) {
            Some(store) => of_store(store, deadline),
            None => of_input(request, &found, deadline),
        }),
        Place::Store(store) => Ok(of_store(store, deadline)),
        Place::Remote(remote) => gateway::run(of_remote(&remote, deadline)),
    }
}

fn named_database(input: &Input) -> Option<Store> {
    match input {
        Input::Path(path) => validate::database(path),
        Input::Stdin => None,
    }
}

fn of_store(store: Store, deadline: Deadline) -> Result<Target, Missed> {
    let name = store.name();
    match validate::held(&store, deadline) {
        Ok(Some(text)) => {
            let (remarks, kept) = (store.remarks(deadline), Some(Kept::Store(store)));
            Ok(Target { name, kept, text, syntax: Syntax::Json, release: None, remarks, in_directory: false })
        }
        Ok(None) => Err(Missed::NoDocument(validate::no_document(&name, validate::release_of(&store)))),
        Err(failed) => Err(FileReport { name, result: Err(failed) }.into()),
    }
}

fn of_input(request: &Request, found: &Found, deadline: Deadline) -> Result<Target, Missed> {
    let Found { input, in_directory } = found;
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
        Ok(text) => {
            let (syntax, remarks) = (validate::by_name(input), Vec::new());
            Ok(Target { name, kept, text, syntax, release: None, remarks, in_directory: *in_directory })
        }
        Err(error) => Err(FileReport { name, result: Err(validate::failed(&error)) }.into()),
    }
}

async fn of_remote(remote: &Remote, deadline: Deadline) -> Result<Result<Target, Missed>, Error> {
    let mut place = remote::Place::open(remote, deadline).await?;
    let fetched = place.fetch().await?;
    let (name, release) = (place.name(), place.version().map(str::to_owned));
    place.close().await;
    Ok(match fetched {
        Fetched::Document(document) if !document.exists => {
            Err(Missed::NoDocument(validate::no_document(&name, release.as_deref())))
        }
        Fetched::Document(document) => {
            let text = document.file.get().as_bytes().to_vec();
            let (syntax, remarks) = (Syntax::Json, Vec::new());
            Ok(Target { name, kept: None, text, syntax, release, remarks, in_directory: false })
        }
        Fetched::Native { .. } => return Err(Error::NoLints { place: name }),
    })
}
