//! The order of the rows. What is compared is copied next to each other first: a listing of thousands of prompts is all over
//! the memory, and following two pointers for each comparison takes longer than everything else that a key does.

use std::cmp::Ordering;

use super::protocol::RowId;
use super::rows::Row;
use crate::queue::filter::{Sort, subject};

/// How many bytes of a text are copied. Commands that differ behind it are compared where they are.
const HEAD: usize = 64;

/// What a row is sorted by.
struct Place<'r> {
    /// Rows without prompts are last.
    is_empty: bool,
    /// Prompts without the text that is sorted by are last.
    lacks: bool,
    head: [u8; HEAD],
    text: &'r str,
    number: u64,
    created_at_ms: u64,
    prompt: Option<&'r crate::queue::prompt::Key>,
    row: &'r RowId,
}

impl<'r> Place<'r> {
    fn of(row: &'r Row, sort: Sort) -> Self {
        let lead = row.lead();
        let text = lead.and_then(|lead| match sort {
            Sort::Age | Sort::Expiry => None,
            Sort::Agent => lead.agent.as_deref(),
            Sort::Command => Some(subject(lead)),
        });
        let lacks = sort == Sort::Agent && text.is_none();
        let text = text.unwrap_or_default();
        let mut head = [0; HEAD];
        for (to, from) in head.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Self {
            is_empty: lead.is_none(),
            lacks,
            head,
            text,
            number: lead.filter(|_| sort == Sort::Expiry).map_or(0, |lead| lead.expires_at_ms),
            created_at_ms: lead.map_or(0, |lead| lead.created_at_ms),
            prompt: lead.map(|lead| &lead.key),
            row: &row.id,
        }
    }

    /// As [`Sort::compare`] of the prompts, then by the row.
    fn compare(&self, other: &Self) -> Ordering {
        (self.is_empty, self.lacks)
            .cmp(&(other.is_empty, other.lacks))
            .then_with(|| self.head.cmp(&other.head))
            .then_with(|| {
                if self.text.len().max(other.text.len()) <= HEAD {
                    // The heads are the texts, up to zeros at the end.
                    self.text.len().cmp(&other.text.len())
                } else {
                    self.text.cmp(other.text)
                }
            })
            .then_with(|| (self.number, self.created_at_ms).cmp(&(other.number, other.created_at_ms)))
            .then_with(|| self.prompt.cmp(&other.prompt))
            .then_with(|| self.row.cmp(other.row))
    }
}

/// Sorts rows.
pub(super) fn sorted(rows: Vec<Row>, sort: Sort) -> Vec<Row> {
    let places: Vec<Place<'_>> = rows.iter().map(|row| Place::of(row, sort)).collect();
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_unstable_by(|a, b| match (places.get(*a), places.get(*b)) {
        (Some(a), Some(b)) => a.compare(b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    });
    drop(places);
    let mut rows: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| rows.get_mut(at)?.take()).collect()
}
