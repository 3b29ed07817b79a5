//! `approvals diff`: two documents, wherever they are, and where they differ.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};

use super::remote::{Fetched, Place, Remote};
use super::targets::shown;
use super::{Error, validate};
use crate::approvals::report::{DiffReport, Remark, Side};
use crate::approvals::stored::Stored;
use crate::approvals::{Strictness, Syntax, check, diff, modernised, native, parse};
use crate::deadline::Deadline;
use crate::settings::Flags;
use crate::store::input::{self, Bounds, Input};
use crate::store::{MAX_SIZE, Store};

/// What is compared.
#[derive(Debug)]
pub struct Request {
    /// The one.
    pub a: Source,
    /// The other.
    pub b: Source,
    /// Whether everything counts, and not policy alone.
    pub exact: bool,
}

/// Where a document is.
#[derive(Debug)]
pub enum Source {
    /// A file that was named, which must be there.
    File(Input),
    /// A local store, which may be empty; `None` for this host's own.
    Store(Option<PathBuf>),
    /// A gateway, or a node behind it. The flags name the gateway and nothing else.
    Remote(Remote),
}

/// What was read.
struct Read {
    name: String,
    hash: String,
    exists: bool,
    content: Content,
    /// Whether a socket token may be there that is not told.
    no_token: bool,
    remarks: Vec<Remark>,
}

enum Content {
    /// In today's form; as it stands, where everything counts.
    Document(Value),
    /// A Windows node's own policy.
    Native(Value),
}

/// Reads both and compares them. `access`: how to be let in, where one gateway is meant.
pub fn run(mut request: Request, access: &Flags, deadline: Deadline) -> anyhow::Result<DiffReport> {
    assign(&mut request, access)?;
    let Request { a, b, exact } = request;
    let a = read(a, exact, deadline)?;
    let b = read(b, exact, deadline)?;
    let (side_a, side_b) = (a.side(), b.side());
    let diff = match (a.content, b.content) {
        (Content::Document(one), Content::Document(other)) if exact => {
            diff::exact(&one, &other, a.no_token || b.no_token)
        }
        (Content::Document(one), Content::Document(other)) => diff::of_policy(one, other),
        (Content::Native(one), Content::Native(other)) if exact => diff::exact(&one, &other, false),
        (Content::Native(one), Content::Native(other)) => diff::of_native(&one, &other),
        (Content::Native(_), Content::Document(_)) => {
            return Err(Error::Mixed { native: a.name, document: b.name }.into());
        }
        (Content::Document(_), Content::Native(_)) => {
            return Err(Error::Mixed { native: b.name, document: a.name }.into());
        }
    };
    let mut remarks = [a.remarks, b.remarks].concat();
    remarks.dedup();
    Ok(DiffReport { a: side_a, b: side_b, exact, diff, remarks })
}

/// Gives each gateway what may be used for it, and refuses what could go to the wrong one.
fn assign(request: &mut Request, access: &Flags) -> Result<(), Error> {
    if matches!((&request.a, &request.b), (Source::File(Input::Stdin), Source::File(Input::Stdin))) {
        return Err(Error::StdinTwice);
    }
    let mut remotes: Vec<&mut Flags> = Vec::new();
    for source in [&mut request.a, &mut request.b] {
        if let Source::Remote(Remote { flags, .. }) = source {
            remotes.push(flags);
        }
    }
    match (remotes.as_mut_slice(), access.given()) {
        ([], Some(flag)) => Err(Error::NoGateway { flag }),
        ([one, other], Some(flag)) if one.gateway != other.gateway => {
            Err(Error::TwoGateways { flag, names: [shown(one), shown(other)] })
        }
        ([one, other], None) if one.gateway != other.gateway => {
            for flags in [one, other] {
                **flags = Flags {
                    own_credential: flags.gateway.is_some(),
                    gateway: flags.gateway.take(),
                    ..access.clone()
                };
            }
            Ok(())
        }
        (remotes, _) => {
            for flags in remotes {
                **flags = Flags { gateway: flags.gateway.clone(), ..access.clone() };
            }
            Ok(())
        }
    }
}

fn read(source: Source, exact: bool, deadline: Deadline) -> anyhow::Result<Read> {
    match source {
        // Which kind a file is, is found out and not asked for.
        Source::File(Input::Path(path)) if validate::database(&path).is_some() => {
            Ok(of_store(Some(&path), exact, deadline)?)
        }
        Source::File(input) => {
            let bytes = input::read(&input, Bounds { max_size: MAX_SIZE, deadline })
                .map_err(Error::from)
                .with_context(|| format!("reading {}", input.name()))?;
            Ok(of_file(input.name(), bytes, exact)?)
        }
        Source::Store(path) => Ok(of_store(path.as_deref(), exact, deadline)?),
        Source::Remote(remote) => Ok(super::gateway::run(of_remote(&remote, exact, deadline))?),
    }
}

/// A file may hold a document or a native policy: the two have no field in common that must be there.
fn of_file(name: String, bytes: Vec<u8>, exact: bool) -> Result<Read, Error> {
    let stored = Stored::holding(bytes);
    let text = stored.text().unwrap_or_default();
    let content = match document(&name, text, Syntax::Json5, exact) {
        Ok(document) => document,
        Err(error) => match native::parse(text, Syntax::Json5) {
            Ok(policy) => Content::Native(serde_json::to_value(&policy).unwrap_or_default()),
            Err(_) => return Err(error),
        },
    };
    Ok(Read { hash: stored.hash(), exists: true, content, no_token: false, remarks: Vec::new(), name })
}

fn of_store(named: Option<&Path>, exact: bool, deadline: Deadline) -> anyhow::Result<Read> {
    let store = Store::of(named, deadline).map_err(Error::from).context("looking for this host's store")?;
    let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
    let name = store.name();
    let content = match stored.text() {
        Some(text) => document(&name, text, Syntax::Json, exact)?,
        None => absent(),
    };
    let (hash, exists) = (stored.hash(), stored.text().is_some());
    Ok(Read { hash, exists, content, no_token: false, remarks: store.remarks(deadline), name })
}

async fn of_remote(remote: &Remote, exact: bool, deadline: Deadline) -> Result<Read, Error> {
    let mut place = Place::open(remote, deadline).await?;
    let fetched = place.fetch().await?;
    let name = place.name();
    place.close().await;
    match fetched {
        Fetched::Document(fetched) => {
            let content = if fetched.exists {
                document(&name, fetched.file.get().as_bytes(), Syntax::Json, exact)?
            } else {
                absent()
            };
            Ok(Read {
                hash: fetched.hash,
                exists: fetched.exists,
                content,
                no_token: true,
                remarks: Vec::new(),
                name,
            })
        }
        Fetched::Native { hash, policy } => {
            let text = policy.to_string();
            match native::parse(text.as_bytes(), Syntax::Json) {
                Ok(_) => Ok(Read {
                    hash,
                    exists: true,
                    content: Content::Native(policy),
                    no_token: false,
                    remarks: Vec::new(),
                    name,
                }),
                Err(verdict) => Err(Error::InvalidPolicy { place: name.clone(), name, verdict }),
            }
        }
    }
}

/// What is not valid is not compared: a field that no host understands has no meaning that could be the same.
fn document(name: &str, text: &[u8], syntax: Syntax, exact: bool) -> Result<Content, Error> {
    let invalid = |verdict| Error::Invalid { name: name.to_owned(), verdict };
    // Nearly every document is in today's form already.
    if parse(text, Syntax::Json).is_ok()
        && let Some(value) = crate::approvals::json(text, Syntax::Json)
    {
        return Ok(Content::Document(value));
    }
    let modern = modernised(text, syntax).map_err(invalid)?;
    let value = if exact {
        crate::approvals::json(text, syntax)
    } else {
        crate::approvals::json(modern.as_bytes(), syntax)
    };
    value
        .map(Content::Document)
        .ok_or_else(|| invalid(check(text, Strictness { syntax, allow_legacy: true })))
}

/// A host without a document and one with an empty document follow the same rules.
fn absent() -> Content {
    Content::Document(json!({ "version": 1 }))
}

impl Read {
    fn side(&self) -> Side {
        let native = matches!(self.content, Content::Native(_));
        Side { name: self.name.clone(), exists: self.exists, hash: self.hash.clone(), native }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Ask;

    fn remote(gateway: Option<&str>, node: Option<&str>) -> Source {
        let flags = Flags { gateway: gateway.map(str::to_owned), ..Flags::default() };
        Source::Remote(Remote { flags, node: node.map(str::to_owned) })
    }

    fn assigned(a: Source, b: Source, access: &Flags) -> Result<Vec<(Option<String>, bool, bool)>, Error> {
        let mut request = Request { a, b, exact: false };
        assign(&mut request, access)?;
        let told = |source| match source {
            Source::Remote(Remote { flags, .. }) => {
                Some((flags.gateway.clone(), flags.ask.is_some(), flags.own_credential))
            }
            _ => None,
        };
        Ok([request.a, request.b].into_iter().filter_map(told).collect())
    }

    #[test]
    fn a_credential_of_the_command_line_is_for_one_gateway() {
        let access = Flags { ask: Some(Ask::Token), ..Flags::default() };
        let name = |name: &str| Some(name.to_owned());
        let file = || Source::File(Input::Stdin);
        assert_eq!(
            assigned(file(), remote(Some("prod"), None), &access).unwrap(),
            [(name("prod"), true, false)]
        );
        assert_eq!(
            assigned(remote(Some("prod"), None), remote(Some("prod"), Some("n")), &access).unwrap(),
            [(name("prod"), true, false), (name("prod"), true, false)]
        );
        for other in [remote(None, None), remote(Some("ws://127.0.0.1:1"), Some("n"))] {
            let refused = assigned(remote(Some("prod"), None), other, &access).unwrap_err();
            assert!(matches!(refused, Error::TwoGateways { flag: "--ask-token", .. }), "{refused}");
        }
        assert!(matches!(
            assigned(file(), Source::Store(None), &access),
            Err(Error::NoGateway { flag: "--ask-token" })
        ));
        assert!(matches!(assigned(file(), file(), &Flags::default()), Err(Error::StdinTwice)));
    }

    #[test]
    fn the_variables_are_for_the_default_gateway_where_there_are_two() {
        let none = Flags::default();
        let owns = |a, b| -> Vec<bool> {
            assigned(a, b, &none).unwrap().into_iter().map(|(_, _, own)| own).collect()
        };
        assert_eq!(owns(remote(None, None), remote(Some("prod"), None)), [false, true]);
        assert_eq!(owns(remote(Some("a"), None), remote(Some("b"), Some("n"))), [true, true]);
        assert_eq!(owns(remote(Some("a"), None), remote(Some("a"), Some("n"))), [false, false]);
        assert_eq!(owns(remote(Some("a"), None), Source::Store(None)), [false]);
    }
}
