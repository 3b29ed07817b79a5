//! `approvals get`: reads the document of a store or a file, and the policies that it results in.

use super::Error;
use super::documents::{self, Content, Origin, Place};
pub use super::explain::policies::Wanted;
use super::explain::policies::{self, Stored};
use super::explain::stored_text;
use super::past::database::now_ms;
use super::past::entries;
use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::check;
use crate::approvals::check::native;
use crate::approvals::contents::Contents;
use crate::approvals::contents_of;
use crate::deadline::Deadline;
use crate::report::approvals::effective::{Effective, Official};
use crate::report::approvals::{Got, NativeSnapshot, Snapshot};

/// Reads a document unchanged, valid or not, if it is JSON.
pub fn run(place: &Place, wanted: &Wanted, deadline: Deadline) -> anyhow::Result<Got> {
    let wants = wanted.policies || wanted.official;
    let found = if wants {
        documents::read_with_configuration(place, deadline)?
    } else {
        documents::read(place, deadline)?
    };
    let lenient = if found.is_input() { Syntax::Json5 } else { Syntax::Json };
    let hash = found.hash();
    let documents::Snapshot { name, origin, content, target, syntax, remarks, .. } = found;
    let (effective, official) = match &content {
        Content::Native(_) => (None, None),
        Content::Text(_) | Content::Absent if !wants => (None, None),
        Content::Text(text) => policies_of(wanted, &origin, (&name, place), Some((text, syntax)), deadline)?,
        Content::Absent => policies_of(wanted, &origin, (&name, place), None, deadline)?,
    };
    let (exists, file, problems) = match content {
        Content::Absent => (false, Contents::absent(), 0),
        Content::Text(text) => {
            // The same rules as `validate` without flags.
            let verdict = check(&text, Strictness { syntax, allow_legacy: false });
            let problems = verdict.errors();
            match contents_of(text, lenient) {
                Some(file) => (true, file, problems),
                None => return Err(Error::Invalid { name, verdict }.into()),
            }
        }
        Content::Native(policy) => {
            let problems = native::check(policy.to_string().as_bytes(), Syntax::Json).errors();
            return Ok(Got::Native(NativeSnapshot { path: name, hash, policy, problems }));
        }
    };
    let (place, path, resolved_defaults) = match origin {
        Origin::Remote { path, resolved_defaults, .. } => (Some(name), path, resolved_defaults),
        Origin::Stdin | Origin::Local(_) | Origin::Version => (None, name, None),
    };
    let now_ms = now_ms();
    let notes = entries::records(target.as_ref(), deadline);
    let notes = notes.iter().map(|record| entries::shown(record, now_ms)).collect();
    Ok(Got::Document(Box::new(Snapshot {
        place,
        path,
        exists,
        hash,
        file,
        problems,
        resolved_defaults,
        notes,
        effective,
        official,
        remarks,
    })))
}

/// The policies in force. `owner`: the name of the place, and the place.
fn policies_of(
    wanted: &Wanted,
    origin: &Origin,
    (name, place): (&str, &Place),
    content: Option<(&Vec<u8>, Syntax)>,
    deadline: Deadline,
) -> Result<(Option<Effective>, Option<Official>), Error> {
    let text = content.map(|(text, syntax)| stored_text(text.clone(), syntax));
    let source = content.map(|(text, _)| String::from_utf8_lossy(text));
    let (path, is_remote) = match origin {
        Origin::Remote { path, .. } => (path.as_str(), true),
        Origin::Local(_) | Origin::Stdin | Origin::Version => (name, false),
    };
    let stored = Stored {
        text: text.as_deref(),
        source: source.as_deref().filter(|_| !is_remote),
        path,
        is_node: place.gateway().is_some_and(|(_, node)| node.is_some()),
    };
    policies::of(wanted, origin, &stored, deadline)
}
