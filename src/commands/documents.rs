//! Places of documents, reading from them, and valid documents. Every command on documents names a [`Place`], calls
//! [`read`] and passes the [`Checked`] document on.

pub(super) mod batch;
pub(super) mod search;
pub(super) mod writing;

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::past::{database, target};
use super::remote::{Fetched, RemoteStore};
use super::{Error, gateway};
use crate::approvals::findings::remark::Remark;
use crate::approvals::model::document::Document;
use crate::approvals::model::stored::hash_of;
use crate::approvals::{Syntax, parse};
use crate::deadline::Deadline;
use crate::settings::Flags;
use crate::store::input::{self, Bounds, Input};
use crate::store::json_file::JsonFile;
use crate::store::versions::{State, Target};
use crate::store::{MAX_SIZE, Store};

/// The place of a document.
#[derive(Debug, Clone)]
pub enum Place {
    /// A file, which must exist. A database is read and written as a store.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// This host's own store, which may hold no document.
    Host,
    /// A named local store, which may hold no document.
    Store(PathBuf),
    /// A gateway.
    Gateway(Flags),
    /// A node behind a gateway.
    Node {
        /// The gateway.
        gateway: Flags,
        /// The node's id or name, or a prefix of one.
        id: String,
    },
    /// A kept version of a document.
    Version(u64),
}

/// A document on this host that can be replaced.
#[derive(Debug)]
pub(super) struct Local {
    /// The file or database.
    pub(super) store: Store,
    /// Whether a host reads it. If not, it is a plain file, which must exist.
    pub(super) is_store: bool,
}

/// The source of a document.
#[derive(Debug)]
pub(super) enum Origin {
    /// Standard input, or a pipe.
    Stdin,
    /// A file or a store of this host.
    Local(Local),
    /// A gateway, or a node behind it.
    Remote {
        /// The path of the document on that host.
        path: String,
        /// The gateway's release, if it reports one. A node reports none.
        release: Option<String>,
        /// The policy that applies where the document sets none, if the gateway reports it.
        resolved_defaults: Option<Value>,
        /// The gateway's configuration, or why it is unknown. `None`: it was not asked for.
        configuration: Option<Result<Value, String>>,
        /// Whether the gateway runs on this host.
        is_here: bool,
    },
    /// A kept version, which has no socket token.
    Version,
}

/// The content of a place at one moment.
#[derive(Debug)]
pub(super) enum Content {
    /// A document, not yet validated.
    Text(Vec<u8>),
    /// No document.
    Absent,
    /// A Windows node's own policy, not yet validated.
    Native(Value),
}

/// The content of a place, as read.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// The place's name in reports.
    pub(super) name: String,
    pub(super) origin: Origin,
    /// The hash that the place itself reports, if it is not the hash of the text.
    pub(super) reported_hash: Option<String>,
    pub(super) content: Content,
    /// The names that versions keep of the place; `None`: it has no versions.
    pub(super) target: Option<Target>,
    /// The notation that the document must use; for a file, its name decides.
    pub(super) syntax: Syntax,
    /// Remarks on the place.
    pub(super) remarks: Vec<Remark>,
}

/// A valid document. It is parsed once and passed on; it borrows from the text.
#[derive(Debug)]
pub(super) struct Checked<'t> {
    pub(super) document: Document<'t>,
}

impl<'t> Checked<'t> {
    /// Parses and validates a document. `name`: the text's name in the error.
    pub(super) fn of(name: &str, text: &'t [u8], syntax: Syntax) -> Result<Self, Error> {
        match parse(text, syntax) {
            Ok(document) => Ok(Self { document }),
            Err(verdict) => Err(Error::Invalid { name: name.to_owned(), verdict }),
        }
    }
}

impl Place {
    /// A path of the command line, where `-` is standard input.
    pub fn named(path: PathBuf) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path) }
    }

    /// The path of a document of the command line, where `-` is standard input and `version:N` is a kept version.
    pub fn document(path: PathBuf) -> Self {
        let version = path.to_str().and_then(|text| text.strip_prefix("version:"));
        version.and_then(|id| id.parse().ok()).map_or_else(|| Self::named(path), Self::Version)
    }

    /// A local store: the named one, or this host's own.
    pub fn store(named: Option<PathBuf>) -> Self {
        named.map_or(Self::Host, Self::Store)
    }

    /// A gateway, or a node behind it.
    pub fn remote(gateway: Flags, node: Option<String>) -> Self {
        match node {
            Some(id) => Self::Node { gateway, id },
            None => Self::Gateway(gateway),
        }
    }

    /// The gateway and its node; `None` for places on this host.
    pub(super) fn gateway(&self) -> Option<(&Flags, Option<&str>)> {
        match self {
            Self::Gateway(gateway) => Some((gateway, None)),
            Self::Node { gateway, id } => Some((gateway, Some(id))),
            Self::File(_) | Self::Stdin | Self::Host | Self::Store(_) | Self::Version(_) => None,
        }
    }

    /// The gateway, to change how to connect to it.
    pub(super) fn gateway_mut(&mut self) -> Option<&mut Flags> {
        match self {
            Self::Gateway(gateway) | Self::Node { gateway, .. } => Some(gateway),
            Self::File(_) | Self::Stdin | Self::Host | Self::Store(_) | Self::Version(_) => None,
        }
    }

    /// Whether it is on a gateway or a node.
    pub fn is_remote(&self) -> bool {
        self.gateway().is_some()
    }

    /// The file or store that can be replaced; `None` for standard input, gateways and nodes.
    pub(super) fn local(&self, deadline: Deadline) -> Result<Option<Local>, Error> {
        Ok(match self {
            Self::File(path) => Some(match database(path) {
                Some(store) => Local { store, is_store: true },
                None => Local { store: Store::JsonFile(JsonFile::document(path.clone())), is_store: false },
            }),
            Self::Host => Some(Local { store: Store::of(None, deadline)?, is_store: true }),
            Self::Store(path) => Some(Local { store: Store::at(path.clone()), is_store: true }),
            Self::Stdin | Self::Gateway(_) | Self::Node { .. } | Self::Version(_) => None,
        })
    }
}

/// Reads a document from any place, up to the size limit of stores. The error names the failed step.
pub(super) fn read(place: &Place, deadline: Deadline) -> anyhow::Result<Snapshot> {
    if let Place::Version(id) = place {
        return Ok(of_version(*id, deadline)?);
    }
    let bounds = Bounds { max_size: MAX_SIZE, deadline };
    let local = place.local(deadline).context("looking for this host's store")?;
    match (local, place.gateway()) {
        (Some(local), _) if local.is_store => of_store(local, deadline).context("reading the store"),
        (_, Some((flags, node))) => Ok(gateway::run(of_remote(flags, node, false, deadline))?),
        (local, None) => of_input(local, bounds).context("reading the document"),
    }
}

/// As [`read`]; of a gateway also its configuration.
pub(super) fn read_with_configuration(place: &Place, deadline: Deadline) -> anyhow::Result<Snapshot> {
    match place.gateway() {
        Some((flags, node)) => Ok(gateway::run(of_remote(flags, node, true, deadline))?),
        None => read(place, deadline),
    }
}

/// As [`read`], for commands that report each document by itself.
pub(super) fn read_within(place: &Place, bounds: Bounds) -> Result<Snapshot, Error> {
    if let Place::Version(id) = place {
        return of_version(*id, bounds.deadline);
    }
    match (place.local(bounds.deadline)?, place.gateway()) {
        (Some(local), _) if local.is_store => of_store(local, bounds.deadline),
        (_, Some((flags, node))) => gateway::run(of_remote(flags, node, false, bounds.deadline)),
        (local, None) => of_input(local, bounds),
    }
}

fn of_input(local: Option<Local>, bounds: Bounds) -> Result<Snapshot, Error> {
    let (input, origin) = match local {
        Some(local) => (Input::Path(local.store.path().to_owned()), Origin::Local(local)),
        None => (Input::Stdin, Origin::Stdin),
    };
    let text = input::read(&input, bounds)?;
    Ok(Snapshot {
        name: input.name(),
        target: match &origin {
            Origin::Local(local) => Some(target::of_store(&local.store, local.is_store)),
            Origin::Stdin | Origin::Remote { .. } | Origin::Version => None,
        },
        origin,
        reported_hash: None,
        content: Content::Text(text),
        syntax: by_name(&input),
        remarks: Vec::new(),
    })
}

fn of_version(id: u64, deadline: Deadline) -> Result<Snapshot, Error> {
    let (version, text) = database::version(id, deadline)?;
    let native = text.as_deref().filter(|_| version.state == State::Native).map(serde_json::from_str);
    let content = match (native, text) {
        (Some(policy), _) => Content::Native(policy.unwrap_or_default()),
        (None, Some(text)) => Content::Text(text.into_bytes()),
        (None, None) => Content::Absent,
    };
    Ok(Snapshot {
        name: format!("version:{id}"),
        origin: Origin::Version,
        target: None,
        reported_hash: Some(version.hash),
        content,
        syntax: Syntax::Json,
        remarks: Vec::new(),
    })
}

fn of_store(local: Local, deadline: Deadline) -> Result<Snapshot, Error> {
    let stored = local.store.read(deadline)?;
    Ok(Snapshot {
        name: local.store.name(),
        remarks: local.store.remarks(deadline),
        target: Some(target::of_store(&local.store, local.is_store)),
        reported_hash: if stored.text().is_none() { Some(stored.hash()) } else { None },
        content: stored.into_text().map_or(Content::Absent, Content::Text),
        syntax: Syntax::Json,
        origin: Origin::Local(local),
    })
}

/// `configured`: whether to read the gateway's configuration too.
async fn of_remote(
    flags: &Flags,
    node: Option<&str>,
    configured: bool,
    deadline: Deadline,
) -> Result<Snapshot, Error> {
    let mut store = RemoteStore::open(flags, node, deadline).await?;
    let fetched = store.fetch().await?;
    let has_document = matches!(fetched, Fetched::Document(_));
    let configuration = if configured && has_document { Some(store.configuration().await) } else { None };
    let is_here = configured && store.is_here();
    let (name, target, release) = (store.name(), store.target(), store.version().map(str::to_owned));
    store.close().await;
    let (path, resolved_defaults, hash, content) = match fetched {
        Fetched::Document(found) => {
            let text = || Content::Text(found.file.get().as_bytes().to_vec());
            let content = if found.exists { text() } else { Content::Absent };
            // The hash is that of the gateway's own text, which differs from the text that it sends.
            (found.path, found.resolved_defaults, found.hash, content)
        }
        Fetched::Native { hash, policy } => (name.clone(), None, hash, Content::Native(policy)),
    };
    let origin = Origin::Remote { path, release, resolved_defaults, configuration, is_here };
    let reported_hash = Some(hash);
    let remarks = Vec::new();
    Ok(Snapshot { name, origin, reported_hash, content, target, syntax: Syntax::Json, remarks })
}

impl Snapshot {
    /// Whether the place has a document or a policy.
    pub(super) fn exists(&self) -> bool {
        !matches!(self.content, Content::Absent)
    }

    /// The hash by which the place names the document. For a large text, computing it takes a while.
    pub(super) fn hash(&self) -> String {
        match (&self.reported_hash, &self.content) {
            (Some(hash), _) => hash.clone(),
            (None, Content::Text(text)) => hash_of(text),
            (None, Content::Absent | Content::Native(_)) => hash_of(&[]),
        }
    }

    /// Whether it is a plain file or standard input, and not a document that a host reads.
    pub(super) fn is_input(&self) -> bool {
        matches!(self.origin, Origin::Stdin | Origin::Local(Local { is_store: false, .. }))
    }
}

/// Equivalent to the document of a host that has none.
pub(super) const ABSENT: &[u8] = br#"{"version": 1}"#;

/// The database at a path, if one exists. A file with the name of a document is not a database.
fn database(path: &Path) -> Option<Store> {
    if is_document(path) {
        return None;
    }
    Some(Store::at(path.to_owned())).filter(|store| matches!(store, Store::Sqlite(_)))
}

/// Hosts read `*.json` as JSON; any other file may be input for `approvals set`, which reads JSON5.
pub(super) fn by_name(input: &Input) -> Syntax {
    match input {
        Input::Path(path) if has_extension(path, "json") => Syntax::Json,
        _ => Syntax::Json5,
    }
}

/// Whether a file has the name of a document.
fn is_document(path: &Path) -> bool {
    has_extension(path, "json") || has_extension(path, "json5")
}

fn has_extension(path: &Path, wanted: &str) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case(wanted))
}
