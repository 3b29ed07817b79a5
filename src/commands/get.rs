//! `approvals get`: what a store or a file holds.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use super::Error;
use crate::approvals::report::Snapshot;
use crate::approvals::stored::Stored;
use crate::approvals::{Strictness, Syntax, check, mask_secrets};
use crate::deadline::Deadline;
use crate::store::MAX_SIZE;
use crate::store::input::{self, Bounds, Input};
use crate::store::json_file::JsonFile;
use crate::store::locate::{self, Environment};

/// Which document to read.
#[derive(Debug)]
pub enum Source {
    /// A file that was named, which must be there.
    File(PathBuf),
    /// A local store, which may be empty.
    Store(PathBuf),
    /// This host's own store.
    Local,
}

/// Reads a document as it is, valid or not, as long as it is JSON.
pub fn run(source: Source, deadline: Deadline) -> anyhow::Result<Snapshot> {
    let (name, stored, syntax) = match source {
        Source::File(path) => {
            let input = Input::named(&path);
            let bytes = input::read(&input, Bounds { max_size: MAX_SIZE, deadline })
                .map_err(Error::from)
                .context("reading the document")?;
            (input.name(), Stored::holding(bytes), Syntax::Json5)
        }
        Source::Store(path) => of_store(&JsonFile::at(path), deadline)?,
        Source::Local => {
            let environment = Environment::of_process();
            let store =
                locate::local(&environment).map_err(Error::from).context("looking for this host's store")?;
            of_store(&store, deadline)?
        }
    };
    Ok(snapshot(name, &stored, syntax)?)
}

fn of_store(store: &JsonFile, deadline: Deadline) -> anyhow::Result<(String, Stored, Syntax)> {
    let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
    Ok((store.path().display().to_string(), stored, Syntax::Json))
}

fn snapshot(path: String, stored: &Stored, syntax: Syntax) -> Result<Snapshot, Error> {
    let Some(text) = stored.text() else {
        let file = json!({ "version": 1, "agents": {} });
        return Ok(Snapshot {
            path,
            exists: false,
            hash: stored.hash(),
            file,
            has_token: false,
            problems: 0,
        });
    };
    let verdict = check(text, Strictness { syntax, allow_legacy: true });
    let Some(mut file) = crate::approvals::json(text, syntax) else {
        return Err(Error::Invalid { name: path, verdict });
    };
    let has_token = without_secrets(&mut file);
    // In a document that is not valid they may stand anywhere.
    mask_secrets(&mut file);
    let problems = verdict.errors();
    Ok(Snapshot { path, exists: true, hash: stored.hash(), file, has_token, problems })
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
