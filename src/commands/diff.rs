//! `approvals diff`: two documents, wherever they are, and where they differ.

use std::path::{Path, PathBuf};

use anyhow::Context;
use serde_json::Value;

use super::remote::{Fetched, Place, Remote};
use super::targets::shown;
use super::{Error, validate};
use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::check;
use crate::approvals::check::native;
use crate::approvals::compare::diff;
use crate::approvals::findings::remark::Remark;
use crate::approvals::model::document;
use crate::approvals::model::stored::hash_of;
use crate::approvals::modernised;
use crate::approvals::parse;
use crate::deadline::Deadline;
use crate::report::approvals::{DiffReport, Side};
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
    /// A document, which is not read yet.
    Text(Vec<u8>, Syntax),
    /// A Windows node's own policy.
    Native(Value),
}

/// What is compared of a document.
enum Document<'t> {
    /// In today's form.
    Read(document::Document<'t>),
    /// As it stands, where everything counts.
    Exact(Value),
}

/// Reads both and compares them. `access`: how to be let in, where one gateway is meant.
pub fn run(mut request: Request, access: &Flags, deadline: Deadline) -> anyhow::Result<DiffReport> {
    assign(&mut request, access)?;
    let Request { a, b, exact } = request;
    let mut a = read(a, deadline)?;
    let mut b = read(b, deadline)?;
    let mut remarks = [std::mem::take(&mut a.remarks), std::mem::take(&mut b.remarks)].concat();
    remarks.dedup();
    // Texts whose early forms are rewritten.
    let (mut modern_a, mut modern_b) = (String::new(), String::new());
    let one = a.content.document(&a.name, &mut modern_a, exact)?;
    let other = b.content.document(&b.name, &mut modern_b, exact)?;
    let (mut side_a, mut side_b) = (a.side(), b.side());
    (side_a.native, side_b.native) = (one.is_err(), other.is_err());
    let diff = match (one, other) {
        (Ok(Document::Exact(one)), Ok(Document::Exact(other))) => {
            diff::exact(&one, &other, a.no_token || b.no_token)
        }
        (Ok(Document::Read(one)), Ok(Document::Read(other))) => diff::of_policy(one, other),
        (Err(one), Err(other)) if exact => diff::exact(&one, &other, false),
        (Err(one), Err(other)) => diff::of_native(&one, &other),
        (Err(_), Ok(_)) => return Err(Error::Mixed { native: a.name, document: b.name }.into()),
        (Ok(_), _) => return Err(Error::Mixed { native: b.name, document: a.name }.into()),
    };
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

fn read(source: Source, deadline: Deadline) -> anyhow::Result<Read> {
    match source {
        // Which kind a file is, is found out and not asked for.
        Source::File(Input::Path(path)) if validate::database(&path).is_some() => {
            Ok(of_store(Some(&path), deadline)?)
        }
        Source::File(input) => {
            let bytes = input::read(&input, Bounds { max_size: MAX_SIZE, deadline })
                .map_err(Error::from)
                .with_context(|| format!("reading {}", input.name()))?;
            Ok(of_file(input.name(), bytes))
        }
        Source::Store(path) => Ok(of_store(path.as_deref(), deadline)?),
        Source::Remote(remote) => Ok(super::gateway::run(of_remote(&remote, deadline))?),
    }
}

fn of_file(name: String, bytes: Vec<u8>) -> Read {
    let hash = hash_of(&bytes);
    let content = Content::Text(bytes, Syntax::Json5);
    Read { hash, exists: true, content, no_token: false, remarks: Vec::new(), name }
}

fn of_store(named: Option<&Path>, deadline: Deadline) -> anyhow::Result<Read> {
    let store = Store::of(named, deadline).map_err(Error::from).context("looking for this host's store")?;
    let stored = store.read(deadline).map_err(Error::from).context("reading the store")?;
    let name = store.name();
    let (hash, exists) = (stored.hash(), stored.text().is_some());
    let content = Content::Text(stored.into_text().unwrap_or_else(absent), Syntax::Json);
    Ok(Read { hash, exists, content, no_token: false, remarks: store.remarks(deadline), name })
}

async fn of_remote(remote: &Remote, deadline: Deadline) -> Result<Read, Error> {
    let mut place = Place::open(remote, deadline).await?;
    let fetched = place.fetch().await?;
    let name = place.name();
    place.close().await;
    match fetched {
        Fetched::Document(fetched) => {
            let text = if fetched.exists { fetched.file.get().as_bytes().to_vec() } else { absent() };
            let content = Content::Text(text, Syntax::Json);
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

impl Content {
    /// The document in a text, or the native policy: the two have no field in common that must be there. What is not
    /// valid is not compared: a field that no host understands has no meaning that could be the same.
    fn document<'t>(
        &'t self,
        name: &str,
        modern: &'t mut String,
        exact: bool,
    ) -> Result<Result<Document<'t>, Value>, Error> {
        let (text, syntax) = match self {
            Self::Text(text, syntax) => (text, *syntax),
            Self::Native(policy) => return Ok(Err(policy.clone())),
        };
        match document(name, text, syntax, modern, exact) {
            Ok(document) => Ok(Ok(document)),
            // Only a file may be either.
            Err(error) if syntax == Syntax::Json => Err(error),
            Err(error) => match native::parse(text, syntax) {
                Ok(policy) => Ok(Err(serde_json::to_value(&policy).unwrap_or_default())),
                Err(_) => Err(error),
            },
        }
    }
}

fn document<'t>(
    name: &str,
    text: &'t [u8],
    syntax: Syntax,
    modern: &'t mut String,
    exact: bool,
) -> Result<Document<'t>, Error> {
    let invalid = |verdict| Error::Invalid { name: name.to_owned(), verdict };
    // Nearly every document is in today's form already.
    if let Ok(document) = parse(text, Syntax::Json) {
        return match exact.then(|| crate::approvals::json(text, Syntax::Json)).flatten() {
            Some(value) => Ok(Document::Exact(value)),
            None => Ok(Document::Read(document)),
        };
    }
    *modern = modernised(text, syntax).map_err(invalid)?;
    if !exact {
        return parse(modern.as_bytes(), syntax).map(Document::Read).map_err(invalid);
    }
    let value = crate::approvals::json(text, syntax);
    value.map(Document::Exact).ok_or_else(|| invalid(check(text, Strictness { syntax, allow_legacy: true })))
}

/// A host without a document and one with an empty document follow the same rules.
fn absent() -> Vec<u8> {
    br#"{"version":1}"#.to_vec()
}

impl Read {
    fn side(&self) -> Side {
        Side { name: self.name.clone(), exists: self.exists, hash: self.hash.clone(), native: false }
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
