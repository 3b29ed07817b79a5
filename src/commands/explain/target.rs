//! What is known of the host whose decision is asked for: its document, its configuration and its release.

use std::path::Path;

use serde_json::{Map, Value};

use super::error::ExplainError;
use super::release::{Sources, StoreKind};
use crate::approvals::findings::remark::Remark;
use crate::approvals::{self, Strictness, Syntax};
use crate::commands::Error;
use crate::commands::documents::{self, Content, Local, Origin, Place};
use crate::deadline::Deadline;
use crate::report::approvals::explain::{ConfigurationUsed, DecidedAs, DocumentUsed};
use crate::settings::{Environment, Execution, installed};
use crate::store::Store;

/// What is known of a host.
#[derive(Debug)]
pub(in crate::commands) struct Target {
    /// The document for reports.
    pub(in crate::commands) document: DocumentUsed,
    /// The stored text, as the host reads it. `None`: the host has no document.
    pub(in crate::commands) text: Option<String>,
    /// The text for places; `None`: the host's own text is unknown, because a gateway sends another one.
    pub(in crate::commands) source: Option<String>,
    /// What else is known of the host.
    pub(in crate::commands) surroundings: Surroundings,
    /// Whether the target is a node.
    pub(in crate::commands) is_node: bool,
    /// Conditions around the document.
    pub(in crate::commands) remarks: Vec<Remark>,
}

impl Target {
    /// Reads the document and the configuration. `config`: the file to read instead of the host's own configuration.
    pub(in crate::commands) fn read(
        place: &Place,
        config: Option<&Path>,
        release: Option<&str>,
        deadline: Deadline,
    ) -> anyhow::Result<Self> {
        super::release::check(release)?;
        let snapshot = documents::read_with_configuration(place, deadline)?;
        Self::of(snapshot, place, config, release, deadline)
    }

    /// As [`Self::read`], with the hash of the document for a replacement of it.
    pub(in crate::commands) fn read_with_hash(
        place: &Place,
        config: Option<&Path>,
        release: Option<&str>,
        deadline: Deadline,
    ) -> anyhow::Result<(Self, String)> {
        super::release::check(release)?;
        let snapshot = documents::read_with_configuration(place, deadline)?;
        let hash = snapshot.hash();
        Ok((Self::of(snapshot, place, config, release, deadline)?, hash))
    }

    fn of(
        snapshot: documents::Snapshot,
        place: &Place,
        config: Option<&Path>,
        release: Option<&str>,
        deadline: Deadline,
    ) -> anyhow::Result<Self> {
        let documents::Snapshot { name, origin, content, syntax, remarks, .. } = snapshot;
        let bytes = match content {
            Content::Text(bytes) => Some(bytes),
            Content::Absent => None,
            Content::Native(_) => return Err(Error::from(ExplainError::Native(name)).into()),
        };
        let strictness = Strictness { syntax, allow_legacy: false };
        let problems = bytes.as_deref().map_or(0, |bytes| approvals::check(bytes, strictness).errors());
        let surroundings = Surroundings::of(&origin, bytes.is_some(), config, release, deadline)?;
        let (owner, path, is_local) = match origin {
            Origin::Remote { path, .. } => (Some(name), path, false),
            Origin::Local(_) | Origin::Stdin | Origin::Version => (None, name, true),
        };
        let source = bytes.as_deref().filter(|_| is_local);
        Ok(Self {
            document: DocumentUsed { place: owner, path, exists: bytes.is_some(), problems },
            source: source.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            text: bytes.map(|bytes| as_stored(bytes, syntax)),
            surroundings,
            is_node: place.gateway().is_some_and(|(_, node)| node.is_some()),
            remarks,
        })
    }
}

/// What is known of a host besides its document.
#[derive(Debug)]
pub(in crate::commands) struct Surroundings {
    /// What the configuration says about commands. An empty object if it is unknown.
    pub(in crate::commands) configuration: Value,
    /// The configuration for reports.
    pub(in crate::commands) configured: ConfigurationUsed,
    /// The release that decides.
    pub(in crate::commands) release: DecidedAs,
    /// Whether the files of this host are those of the target.
    pub(in crate::commands) is_here: bool,
}

impl Surroundings {
    /// Reads the configuration, and finds the release. `exists`: whether the host has a document.
    pub(in crate::commands) fn of(
        origin: &Origin,
        exists: bool,
        config: Option<&Path>,
        release: Option<&str>,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let environment = Environment::of_process();
        match origin {
            Origin::Remote { release: of_gateway, configuration, is_here, .. } => {
                let (configuration, configured) = match (config, configuration) {
                    (Some(config), _) => load(Some(config), &environment, deadline)?.split(),
                    (None, Some(Ok(config))) => {
                        (Execution::of_gateway(config.clone()), ConfigurationUsed::Gateway)
                    }
                    (None, Some(Err(why))) => unknown(why.clone()),
                    (None, None) => unknown("it was not read".to_owned()),
                };
                let sources =
                    Sources { named: release, gateway: of_gateway.as_deref(), ..Sources::default() };
                Ok(Self { configuration, configured, release: sources.choose(), is_here: *is_here })
            }
            Origin::Local(_) | Origin::Stdin | Origin::Version => {
                let loaded = load(config, &environment, deadline)?;
                let package = installed(&environment, deadline);
                let sources = Sources {
                    named: release,
                    gateway: None,
                    installed: package.as_ref(),
                    configured: loaded.release(),
                    store: kind(origin, exists),
                };
                let release = sources.choose();
                let (configuration, configured) = loaded.split();
                Ok(Self { configuration, configured, release, is_here: true })
            }
        }
    }
}

/// A configuration that was read, or is absent.
pub(in crate::commands) struct Loaded(Execution);

impl Loaded {
    pub(in crate::commands) fn split(self) -> (Value, ConfigurationUsed) {
        let path = self.0.file.display().to_string();
        let used =
            if self.0.exists { ConfigurationUsed::File(path) } else { ConfigurationUsed::Absent(path) };
        (self.0.value, used)
    }

    fn release(&self) -> Option<(&str, String)> {
        Some((self.0.last_touched.as_deref()?, self.0.file.display().to_string()))
    }
}

pub(in crate::commands) fn load(
    config: Option<&Path>,
    environment: &Environment,
    deadline: Deadline,
) -> Result<Loaded, Error> {
    let loaded = Execution::load(config, environment, deadline);
    Ok(Loaded(loaded.map_err(|error| ExplainError::Configuration(Box::new(error)))?))
}

fn unknown(why: String) -> (Value, ConfigurationUsed) {
    (Value::Object(Map::new()), ConfigurationUsed::Unknown(why))
}

/// The kind of a store that a host reads. An absent file says nothing about the release.
fn kind(origin: &Origin, exists: bool) -> Option<StoreKind> {
    match origin {
        Origin::Local(Local { store: Store::Sqlite(_), .. }) => Some(StoreKind::Database),
        Origin::Local(Local { store: Store::JsonFile(_), is_store: true }) if exists => Some(StoreKind::File),
        Origin::Local(_) | Origin::Stdin | Origin::Remote { .. } | Origin::Version => None,
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The text as a host stores it: `approvals set` reads JSON5, and stores JSON.
pub(in crate::commands) fn as_stored(bytes: Vec<u8>, syntax: Syntax) -> String {
    if syntax == Syntax::Json5
        && serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_err()
        && let Some(value) = approvals::json(&bytes, Syntax::Json5)
    {
        return value.to_string();
    }
    text(bytes)
}
