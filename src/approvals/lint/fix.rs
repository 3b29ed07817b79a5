//! Fixes: removes entries from a document's own text; every other byte stays as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jsonc_parser::ast::{Array, Value};
use jsonc_parser::common::Ranged;
use thiserror::Error;

use super::raw::Removal;
use crate::approvals::bounds::Budget;
use crate::approvals::check::document::parse;
use crate::approvals::edit::unknown::known;
use crate::approvals::model::document::Document;
use crate::approvals::text::syntax::{self, Syntax};
use crate::approvals::text::tree::get;

/// Why a document was not fixed.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FixError {
    /// The document is not valid.
    #[error("the document is not valid")]
    Invalid,
    /// A part to remove is missing, or the fixed text reads as a different document: a bug in clearance.
    #[error("the fixed document does not read back as expected; nothing was changed")]
    Misread,
}

/// The text without those entries, and without fields that no release knows. The result is checked to have exactly the
/// meaning of the document without them.
pub fn without(bytes: &[u8], syntax: Syntax, removals: &[Removal]) -> Result<String, FixError> {
    match known(bytes, syntax, Budget::default()) {
        Some(known) => without_entries(known.text.as_bytes(), syntax, removals),
        None => without_entries(bytes, syntax, removals),
    }
}

fn without_entries(bytes: &[u8], syntax: Syntax, removals: &[Removal]) -> Result<String, FixError> {
    let mut document = parse(bytes, syntax).map_err(|_| FixError::Invalid)?;
    let mut gone: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
    for removal in removals {
        gone.entry(&removal.agent).or_default().insert(removal.index);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| FixError::Invalid)?;
    let root = syntax::parse(text, None, syntax, &mut Vec::new()).ok_or(FixError::Invalid)?;
    let mut cuts = Vec::new();
    for (agent, indexes) in &gone {
        cuts.extend(array(&root, agent).map(|array| cut(array, indexes)).ok_or(FixError::Misread)?);
    }
    cuts.sort_by_key(|cut| cut.start);
    let mut fixed = String::with_capacity(text.len());
    let mut at = 0;
    for cut in cuts {
        fixed.push_str(text.get(at..cut.start).ok_or(FixError::Misread)?);
        at = cut.end;
    }
    fixed.push_str(&text[at..]);
    remove(&mut document, &gone);
    if parse(fixed.as_bytes(), syntax).is_ok_and(|read| read == document) {
        Ok(fixed)
    } else {
        Err(FixError::Misread)
    }
}

fn array<'n, 't>(root: &'n Value<'t>, agent: &str) -> Option<&'n Array<'t>> {
    let agents = get(root.as_object()?, "agents")?.value.as_object()?;
    get(get(agents, agent)?.value.as_object()?, "allowlist")?.value.as_array()
}

/// The ranges that are cut out of an array's text, in their order.
fn cut(array: &Array<'_>, gone: &BTreeSet<usize>) -> Vec<Range<usize>> {
    let elements = &array.elements;
    if gone.len() == elements.len() {
        return Vec::from([Range { start: array.range.start + 1, end: array.range.end - 1 }]);
    }
    let mut cuts = Vec::new();
    let mut at = 0;
    while at < elements.len() {
        let end = (at..elements.len()).find(|index| !gone.contains(index)).unwrap_or(elements.len());
        if end == at {
            at += 1;
            continue;
        }
        cuts.push(match elements.get(end) {
            Some(next) => elements[at].start()..next.start(),
            // The last ones are cut with the comma before them.
            None => elements[at - 1].end()..elements[end - 1].end(),
        });
        at = end;
    }
    cuts
}

fn remove(document: &mut Document<'_>, gone: &BTreeMap<&str, BTreeSet<usize>>) {
    for (id, agent) in
        document.agents.iter_mut().flat_map(crate::approvals::model::document::Agents::iter_mut)
    {
        let Some(indexes) = gone.get(id) else { continue };
        let mut index = 0;
        agent.allowlist.iter_mut().for_each(|entries| {
            entries.retain(|_| {
                index += 1;
                !indexes.contains(&(index - 1))
            });
        });
    }
}
