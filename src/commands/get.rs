//! `approvals get`: reads the document of a store or a file.

use super::Error;
use super::documents::{self, Content, Origin, Place};
use crate::approvals::Strictness;
use crate::approvals::Syntax;
use crate::approvals::check;
use crate::approvals::check::native;
use crate::approvals::contents::Contents;
use crate::approvals::contents_of;
use crate::deadline::Deadline;
use crate::report::approvals::{Got, NativeSnapshot, Snapshot};

/// Reads a document unchanged, valid or not, if it is JSON.
pub fn run(place: &Place, deadline: Deadline) -> anyhow::Result<Got> {
    let found = documents::read(place, deadline)?;
    let lenient = if found.is_input() { Syntax::Json5 } else { Syntax::Json };
    let hash = found.hash();
    let documents::Snapshot { name, origin, content, syntax, remarks, .. } = found;
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
        Origin::Stdin | Origin::Local(_) => (None, name, None),
    };
    Ok(Got::Document(Snapshot { place, path, exists, hash, file, problems, resolved_defaults, remarks }))
}
