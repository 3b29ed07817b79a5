//! Bare strings in allowlists, which early releases wrote. Each counts as the entry that it becomes.

use crate::approvals::bounds;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::finding::Finding;
use crate::approvals::text::layout::{self, Items};

/// The first bare string that exceeds the limit on objects, since each becomes an entry.
pub(in crate::approvals) fn too_many(text: &str) -> Option<Finding> {
    let mut objects = bounds::objects(text);
    let mut length = text.len();
    for list in allowlists(text) {
        for entry in Items::of_array(text, list).into_iter().flatten() {
            if text.get(entry.value.clone()).is_some_and(|written| written.starts_with(['"', '\''])) {
                objects += 1;
                length += ENTRY.len();
                let most = bounds::most_objects(length);
                if objects > most {
                    let message = format!("the document holds more than {most} entries");
                    let finding = Finding::new(Code::TooManyValues, entry.value, message);
                    return Some(finding.expected(format!("at most {most} in a document of this size")));
                }
            }
        }
    }
    None
}

/// Offsets at which the allowlists of a text begin.
fn allowlists(text: &str) -> impl Iterator<Item = usize> {
    let agents = layout::value_of(text, layout::root(text), "agents");
    let agents = agents.and_then(|agents| Items::of_object(text, agents)).into_iter().flatten();
    agents.filter_map(|agent| layout::value_of(text, agent.value.start, "allowlist"))
}

/// The text that is written before and after a bare string.
const ENTRY: &str = r#"{"pattern": }"#;
