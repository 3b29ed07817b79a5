//! The identity of an allowlist entry: one rule for every command.
//!
//! Two entries are the same if every host decides the same with both. The rule follows `matchAllowlist` and the code
//! that reads a document, of 2026.4.14, 2026.6.11 and 2026.9.6:
//!
//! | field | counts | because a host |
//! | --- | --- | --- |
//! | `pattern` | yes, without the blanks around it | trims it before it matches |
//! | `pattern` of one command's approval (`=command:…`) | yes, as it is written | compares it as it is written |
//! | `argPattern` | yes; an empty one is none | takes an empty one for none |
//! | `source` | yes | from 2026.8 matches a generated entry by its binding alone |
//! | `commandText` | no | drops it when it reads the document |
//! | `id`, `lastUsedAt`, `lastUsedCommand`, `lastResolvedPath` | no | does not look at them when it decides |

use serde_json::Value;

use crate::approvals::model::document::Entry;
use crate::approvals::model::scalar::{Source, Text, trimmed};

/// The identity of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::approvals) struct Identity<'e> {
    pub(in crate::approvals) pattern: &'e str,
    pub(in crate::approvals) arg_pattern: Option<&'e str>,
    pub(in crate::approvals) source: Option<Source>,
}

impl<'e> Identity<'e> {
    pub(in crate::approvals) fn of(entry: &'e Entry<'_>) -> Self {
        let arg_pattern = entry.arg_pattern.as_ref().map(Text::as_str);
        Self::new(entry.pattern.as_str(), arg_pattern, entry.source)
    }

    pub(in crate::approvals) fn new(
        pattern: &'e str,
        arg_pattern: Option<&'e str>,
        source: Option<Source>,
    ) -> Self {
        Self {
            pattern: identifying(pattern, source),
            arg_pattern: arg_pattern.filter(|arguments| !arguments.is_empty()),
            source,
        }
    }
}

/// The part of a pattern that identifies its entry.
pub(in crate::approvals) fn identifying(pattern: &str, source: Option<Source>) -> &str {
    if source.is_some() { of_generated(pattern) } else { trimmed(pattern) }
}

fn of_generated(pattern: &str) -> &str {
    let bare = trimmed(pattern);
    if is_command(bare) { pattern } else { bare }
}

/// Whether a generated entry with this pattern approves one exact command.
pub(in crate::approvals) fn is_command(pattern: &str) -> bool {
    pattern.starts_with("=command:") || pattern.starts_with("=node-command:")
}

/// The identity of an entry that may be invalid: a text that is equal if the identities are equal.
pub(super) fn of_value(entry: &Value) -> String {
    let field = |name: &str| entry.get(name).cloned().unwrap_or_default();
    let source = field("source");
    let pattern = match field("pattern") {
        Value::String(pattern) if source.is_null() => trimmed(&pattern).into(),
        Value::String(pattern) => of_generated(&pattern).into(),
        other => other,
    };
    let arg_pattern = match field("argPattern") {
        Value::String(arguments) if arguments.is_empty() => Value::Null,
        other => other,
    };
    Value::Array(vec![pattern, arg_pattern, source]).to_string()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::approvals::Syntax;
    use crate::approvals::check::agreement::documents;
    use crate::approvals::model::document::Agents;
    use crate::approvals::parse;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn the_identity_of_a_value_is_that_of_its_entry(document in documents()) {
            let text = document.to_string();
            if let Ok(document) = parse(text.as_bytes(), Syntax::Json) {
                let entries: Vec<&Entry<'_>> = (document.agents.iter().flat_map(Agents::iter))
                    .flat_map(|(_, agent)| agent.allowlist.iter().flatten())
                    .collect();
                for one in &entries {
                    for other in &entries {
                        let [left, right] = [one, other].map(|entry| serde_json::to_value(entry).unwrap());
                        let same = Identity::of(one) == Identity::of(other);
                        prop_assert_eq!(of_value(&left) == of_value(&right), same);
                    }
                }
            }
        }
    }
}
