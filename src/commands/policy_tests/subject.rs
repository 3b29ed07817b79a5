//! The documents and configurations of policy tests: each is read once.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use bytesize::ByteSize;
use serde_json::Value;

use crate::approvals::findings::diagnostic::Position;
use crate::approvals::findings::remark::Remark;
use crate::approvals::policy_tests::{Listed, Subject, Suite, listed};
use crate::approvals::{self, Budget, Strictness, Syntax, check_within};
use crate::commands::Error;
use crate::commands::documents::{Content, Place, Snapshot, read_within};
use crate::deadline::Deadline;
use crate::report::approvals::{Failed, Unchecked};
use crate::report::exit::Exit;
use crate::settings::{Environment, Execution};
use crate::store::input::{Bounds, InputError};
use crate::store::quoted;

/// The most documents, and configurations, that are kept: a bound on memory.
const KEPT: usize = 8;

/// A document of policy tests.
#[derive(Debug)]
pub(super) struct Document {
    /// The real path, by which two files of tests name the same document.
    pub(super) key: PathBuf,
    /// The name in reports.
    pub(super) name: String,
    /// The text that a host would store; `None`: the host has no document.
    text: Option<String>,
    /// Its entries.
    pub(super) listed: Vec<Listed>,
    /// What is wrong with it.
    pub(super) remark: Option<Remark>,
}

/// A document, and what is tested of it.
pub(super) type Found = (Arc<Document>, Subject);

/// Reads documents and configurations.
pub(super) struct Subjects {
    environment: Environment,
    max_size: ByteSize,
    deadline: Deadline,
    documents: HashMap<PathBuf, Arc<Document>>,
    configurations: HashMap<PathBuf, Value>,
}

impl Subjects {
    pub(super) fn new(environment: Environment, max_size: ByteSize, deadline: Deadline) -> Self {
        Self { environment, max_size, deadline, documents: HashMap::new(), configurations: HashMap::new() }
    }

    /// What a file tests. `beside`: the directory of the file.
    pub(super) fn of(&mut self, suite: &Suite, beside: &Path) -> Result<Found, Failed> {
        let (path, at) = &suite.document;
        let document = self.document(&without_dots(&beside.join(path)), *at)?;
        let configuration = match &suite.config {
            Some((path, at)) => self.configuration(&without_dots(&beside.join(path)), *at)?,
            None => Value::Null,
        };
        let subject = Subject { document: document.text.clone(), configuration };
        Ok((document, subject))
    }

    fn document(&mut self, path: &Path, at: Position) -> Result<Arc<Document>, Failed> {
        let key = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if let Some(known) = self.documents.get(&key) {
            return Ok(Arc::clone(known));
        }
        let bounds = Bounds { max_size: self.max_size, deadline: self.deadline };
        let snapshot = read_within(&Place::File(path.to_owned()), bounds).map_err(|error| match error {
            Error::Input(InputError::Missing(_)) => {
                let remedy = format!("check document in line {} of the test file", at.line);
                Failed { remedy: Some(remedy), ..failed(&error) }
            }
            error => failed(&error),
        })?;
        let document = Arc::new(self.read(key.clone(), snapshot)?);
        if self.documents.len() >= KEPT {
            self.documents.clear();
        }
        self.documents.insert(key, Arc::clone(&document));
        Ok(document)
    }

    fn read(&self, key: PathBuf, snapshot: Snapshot) -> Result<Document, Failed> {
        let Snapshot { name, content, syntax, .. } = snapshot;
        let bytes = match content {
            Content::Text(bytes) => bytes,
            Content::Absent => {
                let remark = Some(Remark {
                    message: format!(
                        "{name} holds no document: the cases are decided as on a host that has none"
                    ),
                    remedy: None,
                });
                return Ok(Document { key, name, text: None, listed: Vec::new(), remark });
            }
            Content::Native(_) => {
                let message =
                    format!("{name} is the exec policy of a Windows node, not an approvals document");
                let remedy = Some("name an approvals document".to_owned());
                return Err(Failed { message, remedy, why: Unchecked::Unreadable });
            }
        };
        let written = String::from_utf8_lossy(&bytes);
        let listed = listed(&written, syntax);
        let text = match syntax {
            Syntax::Json => Some(written.into_owned()),
            // A host stores JSON: what `approvals set` would send.
            Syntax::Json5 => approvals::json(&bytes, syntax).map(|value| value.to_string()),
        };
        let validate = || format!("clearance approvals validate {}", quoted(name.as_ref()));
        let Some(text) = text else {
            let message = format!("{name} cannot be read as JSON5");
            return Err(Failed { message, remedy: Some(validate()), why: Unchecked::Unreadable });
        };
        let left = || self.deadline.left().is_none();
        let strictness = Strictness { syntax, allow_legacy: true };
        let verdict = check_within(&bytes, strictness, Budget::until(&left));
        let remark = (verdict.errors() > 0).then(|| Remark {
            message: format!("{name} is not a valid document; the cases are decided as a gateway reads it"),
            remedy: Some(validate()),
        });
        Ok(Document { key, name, text: Some(text), listed, remark })
    }

    fn configuration(&mut self, path: &Path, at: Position) -> Result<Value, Failed> {
        if let Some(known) = self.configurations.get(path) {
            return Ok(known.clone());
        }
        if !path.exists() {
            let message = format!("{} does not exist", path.display());
            let remedy = Some(format!("check config in line {} of the test file", at.line));
            return Err(Failed { message, remedy, why: Unchecked::Unreadable });
        }
        let read = Execution::load(Some(path), &self.environment, self.deadline);
        let remedy = || Some(format!("correct it, or change config in line {} of the test file", at.line));
        let value = read.map_err(|error| Failed { remedy: remedy(), ..failed(&error.into()) })?.value;
        if self.configurations.len() >= KEPT {
            self.configurations.clear();
        }
        self.configurations.insert(path.to_owned(), value.clone());
        Ok(value)
    }
}

/// The path without `.` and `..`, as annotations of a pull request need it; as it is, if a link on the way would lead
/// elsewhere.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    let is_same =
        matches!((path.canonicalize(), plain.canonicalize()), (Ok(real), Ok(other)) if real == other);
    if is_same { plain } else { path.to_owned() }
}

fn failed(error: &Error) -> Failed {
    let remedy = match error {
        // The command has a flag for the size limit.
        Error::Input(error) => error.remedy(),
        error => error.remedy(),
    };
    let why = if error.exit() == Exit::TimedOut { Unchecked::TimedOut } else { Unchecked::Unreadable };
    Failed { message: error.to_string(), remedy, why }
}
