//! Makes an edit in a document's own text: the entry is written in the style of its neighbours, and every other byte
//! stays.

use serde_json::{Value, json};
use thiserror::Error;

use super::{Applied, Edit, Item, Verb};
use crate::approvals::bounds::Budget;
use crate::approvals::check::document::{accepted, parse};
use crate::approvals::compare::changes::Changes;
use crate::approvals::compare::comparison;
use crate::approvals::compare::depth::Depth;
use crate::approvals::edit::unknown;
use crate::approvals::findings::diagnostic::Verdict;
use crate::approvals::model::document::{Agents, Document};
use crate::approvals::text::layout::{self, Items, Splice, cuts, spliced};
use crate::approvals::text::style::{Ends, New, Style};
use crate::approvals::text::syntax::Syntax;

/// The fields that only a store's entries have.
#[derive(Debug, Clone, Default)]
pub struct Bookkeeping {
    /// The new entry's id.
    pub id: Option<String>,
    /// The current time in Unix milliseconds: the new entry's last use.
    pub now_ms: Option<u64>,
}

/// An edited text.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// The new text; `None` if nothing changes.
    pub text: Option<String>,
    /// The effect of the edit.
    pub applied: Applied,
    /// The changes in meaning.
    pub changes: Changes,
}

/// Why a text cannot be edited.
#[derive(Debug, Error)]
pub enum TextError {
    /// The document is invalid, and not only because of unknown fields.
    #[error("the document is not valid")]
    Invalid(Verdict),
    /// The edited text reads as a different document: a bug in clearance.
    #[error("the edited document does not read back as expected; nothing was changed")]
    Misread,
}

/// The planned edit.
enum Plan {
    Nothing,
    Add,
    /// The entries to remove, and whether their agent keeps other known fields.
    Remove {
        indexes: Vec<usize>,
        others: bool,
    },
}

/// Makes an edit in a text. Unknown fields stay, because a host accepts such a document.
pub fn edited(
    bytes: &[u8],
    syntax: Syntax,
    edit: &Edit,
    bookkeeping: &Bookkeeping,
) -> Result<Edited, TextError> {
    let (plan, applied, before) = with_document(bytes, syntax, |document| planned(edit, document))?;
    let unchanged = || Ok(Edited { text: None, applied: applied.clone(), changes: Changes::default() });
    let text = std::str::from_utf8(bytes).map_err(|_| TextError::Misread)?;
    let splices = match &plan {
        Plan::Nothing => return unchanged(),
        Plan::Add => add(text, edit, bookkeeping),
        Plan::Remove { indexes, others } => remove(text, edit, indexes, *others),
    };
    let new = splices.and_then(|splices| spliced(text, splices)).ok_or(TextError::Misread)?;
    // The new text is read once more, as the host will read it.
    let (again, _, after) = with_document(new.as_bytes(), syntax, |document| planned(edit, document))
        .map_err(|_| TextError::Misread)?;
    let gone = match &plan {
        Plan::Remove { indexes, .. } => indexes.len(),
        _ => 0,
    };
    let wanted = before + usize::from(matches!(plan, Plan::Add)) - gone;
    if !matches!(again, Plan::Nothing) || after != wanted {
        return Err(TextError::Misread);
    }
    Ok(Edited { text: Some(new), applied, changes: meaning(edit, gone) })
}

/// Passes on the document in a text, without its unknown fields.
fn with_document<T>(
    bytes: &[u8],
    syntax: Syntax,
    look: impl FnOnce(&Document<'_>) -> T,
) -> Result<T, TextError> {
    if let Some(document) = accepted(bytes, Budget::default()) {
        return Ok(look(&document));
    }
    if let Some(known) = unknown::known(bytes, syntax, Budget::default()) {
        return parse(known.text.as_bytes(), syntax)
            .map(|document| look(&document))
            .map_err(TextError::Invalid);
    }
    parse(bytes, syntax).map(|document| look(&document)).map_err(TextError::Invalid)
}

fn planned(edit: &Edit, document: &Document<'_>) -> (Plan, Applied, usize) {
    let similar = edit.similar(document);
    let elsewhere = edit.elsewhere(document);
    let agent = document.agents.iter().flat_map(Agents::iter).find(|(id, _)| *id == edit.agent);
    let (indexes, count) = agent.map_or_else(Default::default, |(_, agent)| edit.places(agent));
    let plan = match edit.verb {
        Verb::Add if indexes.is_empty() => Plan::Add,
        Verb::Remove if !indexes.is_empty() => {
            let others = agent.is_some_and(|(_, agent)| edit.has_others(agent));
            Plan::Remove { indexes, others }
        }
        Verb::Add | Verb::Remove => Plan::Nothing,
    };
    let changed = !matches!(plan, Plan::Nothing);
    (plan, Applied { changed, similar, elsewhere }, count)
}

fn add(text: &str, edit: &Edit, bookkeeping: &Bookkeeping) -> Option<Vec<Splice>> {
    let Item::Entry { pattern, arg_pattern, source } = &edit.item else { return None };
    let mut entry = vec![("pattern", New::text(pattern))];
    entry.extend(bookkeeping.id.as_deref().map(|id| ("id", New::text(id))));
    entry.extend(source.map(|source| ("source", New::text(source.as_str()))));
    entry.extend(arg_pattern.as_deref().map(|pattern| ("argPattern", New::text(pattern))));
    entry.extend(bookkeeping.now_ms.map(|now| ("lastUsedAt", New::Scalar(now.to_string()))));
    let entry = New::Entry(entry);
    let list = |entry| New::List(vec![entry]);
    let agent = |entry| New::Object(vec![("allowlist".to_owned(), list(entry))]);

    let root = layout::root(text);
    let Some(agents) = layout::value_of(text, root, "agents") else {
        let agents = New::Object(vec![(edit.agent.clone(), agent(entry))]);
        return Style::of(text, root, None, None).append(text, root, None, Some("agents"), &agents);
    };
    let Some(open) = layout::value_of(text, agents, &edit.agent) else {
        let style = Style::of(text, root, Some(agents), None);
        return style.append(text, agents, None, Some(&edit.agent), &agent(entry));
    };
    let Some(allowlist) = layout::value_of(text, open, "allowlist") else {
        let style = Style::of(text, root, Some(agents), None);
        return style.append(text, open, None, Some("allowlist"), &list(entry));
    };
    let ends = Ends::of(text, allowlist);
    let style = Style::of(text, root, Some(agents), ends.as_ref());
    style.append(text, allowlist, ends, None, &entry)
}

fn remove(text: &str, edit: &Edit, indexes: &[usize], others: bool) -> Option<Vec<Splice>> {
    let agents = layout::value_of(text, layout::root(text), "agents")?;
    let open = layout::value_of(text, agents, &edit.agent)?;
    let list = layout::value_of(text, open, edit.list())?;
    let mut splices = Vec::new();
    let is = |item: &layout::Item, name: &str| {
        item.key.as_ref().and_then(|key| layout::name(text, key)).is_some_and(|found| found == name)
    };
    if Items::of_array(text, list)?.count() > indexes.len() {
        cuts(text, list, |index, _| indexes.binary_search(&index).is_ok(), &mut splices)?;
    } else if others || Items::of_object(text, open)?.count() > 1 {
        cuts(text, open, |_, item| is(item, edit.list()), &mut splices)?;
    } else {
        cuts(text, agents, |_, item| is(item, &edit.agent), &mut splices)?;
    }
    Some(splices)
}

/// The changes in meaning. Nothing else in the document changes.
fn meaning(edit: &Edit, gone: usize) -> Changes {
    let side = |count: usize| -> Value {
        let entries: Vec<Value> = std::iter::repeat_n(edit.entry(), count).collect();
        json!({"version": 1, "agents": {edit.agent.clone(): {edit.list(): entries}}})
    };
    let (before, after) = match edit.verb {
        Verb::Add => (side(0), side(1)),
        Verb::Remove => (side(gone), side(0)),
    };
    comparison::values(&before, &after, Depth::Policy)
}

#[cfg(test)]
mod tests;
