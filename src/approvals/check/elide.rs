//! A document without its accepted entries: what is left to explain once the types have said no.
//!
//! A large document with a few mistakes is nearly all entries that are right. Each of those is overwritten in a
//! copy of the text by `null` and spaces, so that every other byte stays where it was; the tree that is then built
//! is small, and its places are those of the document.

use std::collections::HashMap;
use std::fmt;

use jsonc_parser::ast::Value;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::approvals::bounds::Budget;
use crate::approvals::check::rules;
use crate::approvals::model::document::Entry;

/// The most elements of a list that are looked at one by one: more than any list of entries has in a file that is read.
const MOST: usize = 1_000_000;

/// Shorter than any entry, and nothing to keep in a tree.
const ELIDED: &[u8] = b"null";

/// Whether an element of the tree of [`accepted_entries`] is in place of an accepted entry of the text.
pub(in crate::approvals) fn is_elided(element: &Value<'_>, text: &str) -> bool {
    matches!(element, Value::NullKeyword(null) if text.as_bytes().get(null.range.start) == Some(&b'{'))
}

/// As much of a document as it takes to find its entries. Everything else in it is skipped.
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

/// The text with its accepted entries overwritten. `None` where it is not plain JSON of a document's outline:
/// then nothing is left out.
pub(in crate::approvals) fn accepted_entries(text: &str, budget: Budget<'_>) -> Option<String> {
    without(text, |_, _, raw| {
        !budget.is_spent()
            && serde_json::from_str::<Entry<'_>>(raw).is_ok_and(|entry| rules::accept_entry(&entry))
    })
}

/// The text with those entries overwritten of which `gone` says so: by agent, index and text.
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

/// The text with those agents overwritten of which `gone` says so, by id: the keys stay.
///
/// `None` where it is not plain JSON of a document's outline.
pub(in crate::approvals) fn without_agents(text: &str, gone: impl Fn(&str) -> bool) -> Option<String> {
    #[derive(Deserialize)]
    struct Outline<'t> {
        #[serde(borrow)]
        agents: HashMap<String, &'t RawValue>,
    }
    let outline: Outline<'_> = serde_json::from_str(text).ok()?;
    let mut rest = text.as_bytes().to_vec();
    for (id, raw) in &outline.agents {
        // Shorter ones are empty: the tree that they take is small.
        if raw.get().len() >= ELIDED.len() && gone(id) {
            overwrite(&mut rest, text, raw.get())?;
        }
    }
    drop(outline);
    String::from_utf8(rest).ok()
}

/// Writes `null` and spaces over a part of the text, in a copy of it.
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
