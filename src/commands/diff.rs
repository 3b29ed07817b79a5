//! `approvals diff`: compares two documents, wherever they are.

mod no_wider;

use serde_json::Value;

use super::Error;
use super::documents::{self, ABSENT, Checked, Content, Origin, Place, Snapshot};
use super::targets::shown;
use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::check;
use crate::approvals::check::native;
use crate::approvals::compare::diff;
use crate::approvals::model::document::Document;
use crate::approvals::modernised;
use crate::deadline::Deadline;
use crate::report::approvals::{DiffReport, Side};
use crate::settings::Flags;

pub use no_wider::{NoWider, between, no_wider};

/// Parameters of `approvals diff`.
#[derive(Debug)]
pub struct Request {
    /// Left side.
    pub a: Place,
    /// Right side. The flags of a gateway select only the gateway.
    pub b: Place,
    /// Whether to compare everything, and not only the policy.
    pub exact: bool,
}

/// One side, in the form that is compared.
enum Comparable<'t> {
    /// A document in today's form.
    Document(Document<'t>),
    /// A document as stored, for exact comparison.
    Exact(Value),
    /// A Windows node's own policy.
    Native(Value),
}

/// Reads both documents and compares them. `access`: how to authenticate, if one gateway is named.
pub fn run(mut request: Request, access: &Flags, deadline: Deadline) -> anyhow::Result<DiffReport> {
    assign(&mut request, access)?;
    let Request { a, b, exact } = request;
    let mut a = documents::read(&a, deadline)?;
    let mut b = documents::read(&b, deadline)?;
    let mut remarks = [std::mem::take(&mut a.remarks), std::mem::take(&mut b.remarks)].concat();
    remarks.dedup();
    // Texts in which legacy forms are rewritten.
    let (mut modern_a, mut modern_b) = (String::new(), String::new());
    let left = comparable(&a, &mut modern_a, exact)?;
    let right = comparable(&b, &mut modern_b, exact)?;
    let (side_a, side_b) = (side(&a, &left), side(&b, &right));
    let no_token = hides_token(&a) || hides_token(&b);
    let diff = match (left, right) {
        (Comparable::Document(left), Comparable::Document(right)) if exact => {
            diff::exact_documents(left, right, no_token)
        }
        (Comparable::Document(left), Comparable::Document(right)) => diff::of_policy(left, right),
        (Comparable::Native(left), Comparable::Native(right)) if exact => diff::exact(&left, &right, false),
        (Comparable::Native(left), Comparable::Native(right)) => diff::of_native(&left, &right),
        (Comparable::Native(_), _) => return Err(Error::Mixed { native: a.name, document: b.name }.into()),
        (_, Comparable::Native(_)) => return Err(Error::Mixed { native: b.name, document: a.name }.into()),
        (left, right) => diff::exact(&left.into_value(), &right.into_value(), no_token),
    };
    Ok(DiffReport { a: side_a, b: side_b, exact, diff, remarks })
}

impl Comparable<'_> {
    fn into_value(self) -> Value {
        match self {
            Self::Document(document) => serde_json::to_value(&document).unwrap_or_default(),
            Self::Exact(value) | Self::Native(value) => value,
        }
    }
}

fn side(found: &Snapshot, content: &Comparable<'_>) -> Side {
    Side {
        name: found.name.clone(),
        exists: found.exists(),
        hash: found.hash(),
        native: matches!(content, Comparable::Native(_)),
    }
}

/// Whether the document may have a hidden socket token: gateways never show it, and versions are kept without it.
fn hides_token(found: &Snapshot) -> bool {
    matches!(found.origin, Origin::Remote { .. } | Origin::Version)
}

/// Assigns the credentials to each gateway, and rejects flags that could reach the wrong one.
fn assign(request: &mut Request, access: &Flags) -> Result<(), Error> {
    if matches!((&request.a, &request.b), (Place::Stdin, Place::Stdin)) {
        return Err(Error::StdinTwice);
    }
    let mut remotes: Vec<&mut Flags> =
        [&mut request.a, &mut request.b].into_iter().filter_map(Place::gateway_mut).collect();
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

/// Parses a document or a native policy; the two have no required field in common. An invalid document is not compared:
/// a field that no host understands has no meaning to compare.
fn comparable<'t>(found: &'t Snapshot, modern: &'t mut String, exact: bool) -> Result<Comparable<'t>, Error> {
    let name = &found.name;
    let text = match &found.content {
        Content::Text(text) => text,
        Content::Absent => ABSENT,
        Content::Native(policy) => {
            let text = policy.to_string();
            return match native::parse(text.as_bytes(), Syntax::Json) {
                Ok(_) => Ok(Comparable::Native(policy.clone())),
                Err(verdict) => {
                    Err(Error::InvalidPolicy { place: name.clone(), name: name.clone(), verdict })
                }
            };
        }
    };
    if !found.is_input() {
        return document(name, text, Syntax::Json, modern, exact);
    }
    match document(name, text, Syntax::Json5, modern, exact) {
        Ok(document) => Ok(document),
        Err(error) => match native::parse(text, Syntax::Json5) {
            Ok(policy) => Ok(Comparable::Native(serde_json::to_value(&policy).unwrap_or_default())),
            Err(_) => Err(error),
        },
    }
}

fn document<'t>(
    name: &str,
    text: &'t [u8],
    syntax: Syntax,
    modern: &'t mut String,
    exact: bool,
) -> Result<Comparable<'t>, Error> {
    // Nearly every document is already in today's form.
    if let Ok(Checked { document }) = Checked::of(name, text, Syntax::Json) {
        return Ok(Comparable::Document(document));
    }
    let invalid = |verdict| Error::Invalid { name: name.to_owned(), verdict };
    *modern = modernised(text, syntax).map_err(invalid)?;
    if !exact {
        return Checked::of(name, modern.as_bytes(), syntax).map(|read| Comparable::Document(read.document));
    }
    let value = crate::approvals::json(text, syntax);
    value
        .map(Comparable::Exact)
        .ok_or_else(|| invalid(check(text, Strictness { syntax, allow_legacy: true })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SecretKind;

    fn remote(gateway: Option<&str>, node: Option<&str>) -> Place {
        let flags = Flags { gateway: gateway.map(str::to_owned), ..Flags::default() };
        Place::remote(flags, node.map(str::to_owned))
    }

    fn assigned(a: Place, b: Place, access: &Flags) -> Result<Vec<(Option<String>, bool, bool)>, Error> {
        let mut request = Request { a, b, exact: false };
        assign(&mut request, access)?;
        let of_gateway = |place: Place| {
            let (flags, _) = place.gateway()?;
            Some((flags.gateway.clone(), flags.ask.is_some(), flags.own_credential))
        };
        Ok([request.a, request.b].into_iter().filter_map(of_gateway).collect())
    }

    #[test]
    fn a_credential_of_the_command_line_is_for_one_gateway() {
        let access = Flags { ask: Some(SecretKind::Token), ..Flags::default() };
        let name = |name: &str| Some(name.to_owned());
        let file = || Place::Stdin;
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
            assigned(file(), Place::Host, &access),
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
        assert_eq!(owns(remote(Some("a"), None), Place::Host), [false]);
    }
}
