//! `approvals get`: what a store or a file holds.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use super::Error;
use super::remote::{Fetched, Place, Remote};
use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::check;
use crate::approvals::check::native;
use crate::approvals::mask_secrets;
use crate::approvals::model::stored::Stored;
use crate::approvals::report::{Got, NativeSnapshot, Remark, Snapshot};
use crate::deadline::Deadline;
use crate::store::input::{self, Bounds, Input};
use crate::store::{MAX_SIZE, Store};

/// Which document to read.
#[derive(Debug)]
pub enum Source {
    /// A file that was named, which must be there.
    File(PathBuf),
    /// A local store, which may be empty.
    Store(PathBuf),
    /// This host's own store.
    Local,
    /// A gateway, or a node behind it.
    Remote(Remote),
}

/// Reads a document as it is, valid or not, as long as it is JSON.
pub fn run(source: Source, deadline: Deadline) -> anyhow::Result<Got> {
    let mut remarks = Vec::new();
    // How it is read, and how it is validated.
    let (name, stored, syntaxes) = match source {
        Source::File(path) => {
            let input = Input::named(&path);
            let bytes = input::read(&input, Bounds { max_size: MAX_SIZE, deadline })
                .map_err(Error::from)
                .context("reading the document")?;
            let strict = super::validate::by_name(&input);
            (input.name(), Stored::holding(bytes), [Syntax::Json5, strict])
        }
        Source::Store(path) => of_store(Some(&path), deadline, &mut remarks)?,
        Source::Local => of_store(None, deadline, &mut remarks)?,
        Source::Remote(remote) => return Ok(super::gateway::run(of_remote(&remote, deadline))?),
    };
    Ok(Got::Document(Snapshot { remarks, ..snapshot(name, &stored, syntaxes)? }))
}

async fn of_remote(remote: &Remote, deadline: Deadline) -> Result<Got, Error> {
    let mut place = Place::open(remote, deadline).await?;
    let fetched = place.fetch().await?;
    let name = place.name();
    place.close().await;
    match fetched {
        Fetched::Document(document) => {
            let text = document.file.get().as_bytes().to_vec();
            let stored = if document.exists { Stored::holding(text) } else { Stored::absent() };
            // The hash is the gateway's: of its own text, which is not what it sends.
            let resolved_defaults = document.resolved_defaults;
            let snapshot = snapshot(document.path, &stored, [Syntax::Json; 2])?;
            let (place, hash) = (Some(name), document.hash);
            Ok(Got::Document(Snapshot { place, hash, resolved_defaults, ..snapshot }))
        }
        Fetched::Native { hash, policy } => {
            let text = policy.to_string();
            let problems = native::check(text.as_bytes(), Syntax::Json).errors();
            Ok(Got::Native(NativeSnapshot { path: name, hash, policy, problems }))
        }
    }
}

fn of_store(
    named: Option<&Path>,
    deadline: Deadline,
    remarks: &mut Vec<Remark>,
) -> anyhow::Result<(String, Stored, [Syntax; 2])> {
    let store = Store::of(named, deadline).map_err(Error::from).context("looking for this host's store")?;
    let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
    *remarks = store.remarks(deadline);
    Ok((store.name(), stored, [Syntax::Json; 2]))
}

fn snapshot(path: String, stored: &Stored, [lenient, syntax]: [Syntax; 2]) -> Result<Snapshot, Error> {
    let Some(text) = stored.text() else {
        let file = json!({ "version": 1, "agents": {} });
        return Ok(Snapshot {
            place: None,
            path,
            exists: false,
            hash: stored.hash(),
            file,
            has_token: false,
            problems: 0,
            resolved_defaults: None,
            remarks: Vec::new(),
        });
    };
    // As `validate` counts without flags.
    let verdict = check(text, Strictness { syntax, allow_legacy: false });
    let Some(mut file) = crate::approvals::json(text, lenient) else {
        return Err(Error::Invalid { name: path, verdict });
    };
    let has_token = without_secrets(&mut file);
    // In a document that is not valid they may stand anywhere.
    mask_secrets(&mut file);
    let problems = verdict.errors();
    Ok(Snapshot {
        place: None,
        path,
        exists: true,
        hash: stored.hash(),
        file,
        has_token,
        problems,
        resolved_defaults: None,
        remarks: Vec::new(),
    })
}

/// Leaves of the socket block its path alone; says whether there was more. Left out and not masked, as gateways do:
/// what is printed can be set again, and the store keeps its own.
fn without_secrets(file: &mut Value) -> bool {
    let Some(document) = file.as_object_mut() else { return false };
    match document.get_mut("socket") {
        Some(Value::Object(socket)) => {
            let before = socket.len();
            socket.retain(|field, value| field == "path" && value.is_string());
            socket.len() < before
        }
        Some(_) => document.remove("socket").is_some(),
        None => false,
    }
}
