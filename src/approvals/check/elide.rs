//! Leaves the accepted entries out of a document, so that only the part that the types reject is explained.
//!
//! In a large document with a few mistakes nearly all entries are valid. Each of those is overwritten in a copy of the
//! text by `null` and spaces, so that every other byte keeps its offset. The resulting tree is small, and its places
//! are those of the document.

use std::collections::HashMap;
use std::fmt;

use jsonc_parser::ast::Value;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::approvals::bounds::Budget;
use crate::approvals::check::rules;
use crate::approvals::model::document::Entry;

/// Maximum number of elements of a list that are examined one by one: more than any list of entries has in a file that
/// is read.
const MOST: usize = 1_000_000;

/// Texts this short cannot be an entry, and save no memory in a tree.
const ELIDED: &[u8] = b"null";

/// Whether an element of the tree of [`accepted_entries`] replaces an accepted entry of the text.
pub(in crate::approvals) fn is_elided(element: &Value<'_>, text: &str) -> bool {
    matches!(element, Value::NullKeyword(null) if text.as_bytes().get(null.range.start) == Some(&b'{'))
}

/// The part of a document that is needed to find its entries. Everything else is skipped.
#[derive(Deserialize)]
struct Skeleton<'t> {
    #[serde(borrow, default)]
    agents: HashMap<String, Agent<'t>>,
}

#[derive(Deserialize)]
struct Agent<'t> {
    #[serde(borrow, default)]
    allowlist: Entries<'t>,
}

/// The texts of a list's elements.
#[derive(Default)]
struct Entries<'t>(Vec<&'t RawValue>);

impl<'de: 't, 't> Deserialize<'de> for Entries<'t> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of entries")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element()? {
                    if entries.len() == MOST {
                        return Err(de::Error::custom("too many entries"));
                    }
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_seq(EntriesVisitor)
    }
}

/// The text with its accepted entries overwritten. `None` if the text is not plain JSON with the outline of a document:
/// then nothing is left out.
pub(in crate::approvals) fn accepted_entries(text: &str, budget: Budget<'_>) -> Option<String> {
    without(text, |_, _, raw| {
        !budget.is_spent()
            && serde_json::from_str::<Entry<'_>>(raw).is_ok_and(|entry| rules::accept_entry(&entry))
    })
}

/// The text with those entries overwritten for which `gone` returns true: by agent, index and text.
pub(in crate::approvals) fn without(text: &str, gone: impl Fn(&str, usize, &str) -> bool) -> Option<String> {
    let skeleton: Skeleton<'_> = serde_json::from_str(text).ok()?;
    let mut rest = text.as_bytes().to_vec();
    for (id, agent) in &skeleton.agents {
        for (index, raw) in agent.allowlist.0.iter().enumerate() {
            if gone(id, index, raw.get()) {
                overwrite(&mut rest, text, raw.get())?;
            }
        }
    }
    String::from_utf8(rest).ok()
}

/// The text with those agents overwritten for which `gone` returns true, by id. The keys stay.
///
/// `None` if the text is not plain JSON with the outline of a document.
pub(in crate::approvals) fn without_agents(text: &str, gone: impl Fn(&str) -> bool) -> Option<String> {
    #[derive(Deserialize)]
    struct Outline<'t> {
        #[serde(borrow)]
        agents: HashMap<String, &'t RawValue>,
    }
    let outline: Outline<'_> = serde_json::from_str(text).ok()?;
    let mut rest = text.as_bytes().to_vec();
    for (id, raw) in &outline.agents {
        // Shorter ones are empty: their tree is small.
        if raw.get().len() >= ELIDED.len() && gone(id) {
            overwrite(&mut rest, text, raw.get())?;
        }
    }
    drop(outline);
    String::from_utf8(rest).ok()
}

/// Overwrites a part of a copy of the text with `null` and spaces.
fn overwrite(copy: &mut [u8], text: &str, part: &str) -> Option<()> {
    let start = part.as_ptr().addr() - text.as_ptr().addr();
    let (elided, blank) = copy.get_mut(start..start + part.len())?.split_at_mut_checked(ELIDED.len())?;
    elided.copy_from_slice(ELIDED);
    blank.fill(b' ');
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepted_entries_shrink_in_place() {
        let text = r#"{"agents":{"a":{"allowlist":[{"pattern":"é", "id":"1"},{"pattern":""},{"pattern":"x","argPattern":"("}]}}}"#;
        let rest = accepted_entries(text, Budget::default()).unwrap();
        assert_eq!(rest.len(), text.len());
        assert_eq!(
            rest,
            r#"{"agents":{"a":{"allowlist":[null                      ,{"pattern":""},{"pattern":"x","argPattern":"("}]}}}"#
        );
    }

    #[test]
    fn agents_shrink_in_place() {
        let text = r#"{"agents":{"a":{"ask":"off"},"b":{"ask":"off"},"c":{}}}"#;
        let rest = without_agents(text, |id| id != "b").unwrap();
        assert_eq!(rest, r#"{"agents":{"a":null         ,"b":{"ask":"off"},"c":{}}}"#);
        assert_eq!(without_agents(r#"{"version":1}"#, |_| true), None);
    }

    #[test]
    fn what_is_no_document_stays() {
        for text in ["{", r#"{"agents":[]}"#, r#"{"agents":{},"agents":{}}"#, "{agents:{}}"] {
            assert_eq!(accepted_entries(text, Budget::default()), None, "{text}");
        }
    }
}
