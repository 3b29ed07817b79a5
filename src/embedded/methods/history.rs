//! `approval.history`: the settled prompts, newest first, page by page.

use serde_json::{Value, json};

use super::super::hub::Hub;
use super::super::params::Params;
use super::super::wire::{Answer, Refusal};
use super::prompts::terminal;

/// The default number of rows in an answer.
const USUAL: usize = 50;

pub(super) fn list(hub: &Hub, params: &Value) -> Answer {
    let bad = || Refusal::invalid("invalid approval.history params");
    let fields = ["cursor", "limit", "kind"];
    let read = Params::closed("approval.history", hub.generation, params, &[], &fields).map_err(|_| bad())?;
    let limit = match read.get("limit") {
        None => USUAL,
        Some(limit) => limit
            .as_u64()
            .and_then(|limit| usize::try_from(limit).ok())
            .filter(|limit| (1..=100).contains(limit))
            .ok_or_else(bad)?,
    };
    let kind = read.text("kind").map_err(|_| bad())?;
    // A cursor is the id of the last row of a page.
    let cursor = read.text("cursor").map_err(|_| bad())?;
    let mut settled = hub.registry.settled();
    if let Some(cursor) = cursor {
        settled.by_ref().find(|settled| settled.prompt.id == cursor).ok_or_else(bad)?;
    }
    let of_kind =
        settled.filter(|settled| kind.is_none_or(|kind| kind == settled.prompt.ask.kind().as_str()));
    let mut rows = of_kind.take(limit + 1).collect::<Vec<_>>();
    let more = rows.len() > limit;
    rows.truncate(limit);
    let mut answer = json!({"items": rows.iter().map(|settled| terminal(settled)).collect::<Vec<_>>()});
    if let Some(last) = rows.last().filter(|_| more) {
        answer["nextCursor"] = last.prompt.id.as_str().into();
    }
    Ok(answer)
}
