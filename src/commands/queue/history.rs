//! `queue history`: what was decided, by whom and why, as current gateways keep it; and the recent denials that `ls` and
//! `dedupe` show beside what is pending.

use std::collections::HashSet;
use std::time::Duration;

use super::error::Lacking;
use super::{Pending, Queue, QueueError, secrets, withheld};
use crate::commands::Error;
use crate::commands::gateway::Connection;
use crate::deadline::Deadline;
use crate::gateway::api::history::ListHistory;
use crate::gateway::{Access, Session};
use crate::queue::history::{Filter, Page, Recent, Since};
use crate::queue::{Hidden, Key};
use crate::report::queue::{Cut, History};
use crate::settings::Flags;

/// The maximum number of pages that are read. A page has at most a hundred rows, and fewer where this client may not see
/// some.
const PAGES_AT_MOST: usize = 1_000;

/// The part of the time that is reserved for the report.
const REPORTING: Duration = Duration::from_millis(500);

/// How long the history may delay a listing of what is pending.
const BESIDE: Duration = Duration::from_secs(1);

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The filter. Its `since_ms` is set from `since`.
    pub filter: Filter,
    /// The earliest end, if it is restricted.
    pub since: Option<Since>,
    /// The maximum number of matching rows.
    pub limit: usize,
}

/// Reads the history of a gateway, page by page. `progress` receives how many rows were read.
pub async fn run(
    request: &Request,
    flags: &Flags,
    deadline: Deadline,
    progress: &mut dyn FnMut(usize),
) -> Result<History, Error> {
    let mut connection = Connection::open(flags, Access::OPERATOR, deadline).await?;
    if connection.session().is_some() && !connection.capabilities(false).history {
        let version = connection.version().map(str::to_owned);
        connection.close().await;
        return Err(QueueError::TooOld { lacks: Lacking::History, version }.into());
    }
    let now_ms = connection.clock().now_ms();
    let since_ms = request.since.map(|since| since.at_ms(now_ms));
    let filter = Filter { since_ms, ..request.filter.clone() };
    let gateway = connection.address().to_owned();
    let partial = withheld(&connection);
    let history = History { gateway, partial, now_ms, since_ms, ..History::default() };
    let mut reading = Reading { history, filter, limit: request.limit, ..Reading::default() };
    let hidden = secrets(&connection);
    let mut cursor: Option<Box<str>> = None;
    loop {
        let page = match page(&mut connection, cursor.as_deref(), &reading.filter, &hidden).await {
            Ok(page) => page,
            Err(error) if reading.pages == 0 => return Err(error),
            Err(error) => {
                reading.history.cut = Some(Cut::Failed(error.to_string()));
                break;
            }
        };
        cursor.clone_from(&page.next);
        let more = reading.take(page);
        progress(reading.history.read);
        if !more {
            break;
        }
        if deadline.left().is_none_or(|left| left <= REPORTING) {
            reading.history.cut = Some(Cut::Time);
            break;
        }
    }
    connection.close().await;
    Ok(reading.history)
}

/// One page of a gateway's history.
async fn page(
    connection: &mut Connection,
    cursor: Option<&str>,
    filter: &Filter,
    hidden: &Hidden,
) -> Result<Page, Error> {
    let answer = connection.read(&ListHistory::page(cursor, filter.kind)).await?;
    let device = connection.session().map(Session::device);
    Ok(Page::read(answer.get(), device, hidden).map_err(|error| QueueError::NotAHistory {
        address: connection.address().to_owned(),
        cause: error.to_string(),
    })?)
}

/// A history while it is read.
#[derive(Default)]
struct Reading {
    history: History,
    filter: Filter,
    limit: usize,
    pages: usize,
    /// The prompts that were read: what is decided meanwhile moves rows to later pages.
    seen: HashSet<Key>,
    /// The cursors of the pages that were read.
    cursors: HashSet<Box<str>>,
}

impl Reading {
    /// Takes a page. Returns whether the next page is wanted.
    fn take(&mut self, page: Page) -> bool {
        let Page { items, problems, next } = page;
        let history = &mut self.history;
        self.pages += 1;
        history.read += items.len() + problems.len();
        history.problems.extend(problems.iter().map(ToString::to_string));
        // The rows are sorted by their end.
        let old = items.last().is_some_and(|decided| self.filter.is_before(decided));
        for decided in items {
            if !self.filter.admits(&decided) || !self.seen.insert(decided.key.clone()) {
                continue;
            }
            if history.rows.len() == self.limit {
                history.cut = Some(Cut::Limit);
                return false;
            }
            history.rows.push(decided);
        }
        let Some(next) = next.filter(|_| !old) else { return false };
        if self.pages >= PAGES_AT_MOST {
            history.cut = Some(Cut::Pages);
            return false;
        }
        // A gateway that repeats its pages must not keep this running.
        if !self.cursors.insert(next) {
            history.cut = Some(Cut::Repeats);
            return false;
        }
        true
    }
}

impl Queue {
    /// The recent denials of what is pending, from one page of the history. Where nothing is pending, the gateway has no
    /// history, or it does not answer soon, there are none: they only add to a listing.
    pub(in crate::commands) async fn recent_denials(&self, pending: &Pending, deadline: Deadline) -> Recent {
        let known = self.connection.session().filter(|_| self.capabilities().history);
        let Some(session) = known.filter(|_| !pending.listing.prompts.is_empty()) else {
            return Recent::default();
        };
        let answer = session.call(&ListHistory::newest(), deadline.at_most(BESIDE)).await;
        let hidden = secrets(&self.connection);
        let page = answer
            .ok()
            .flatten()
            .and_then(|answer| Page::read(answer.get(), Some(session.device()), &hidden).ok());
        page.map_or_else(Recent::default, |page| Recent::of(&page, pending.at_ms))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn page(ids: &[&str], at: u64, next: Option<&str>) -> Page {
        let row = |id: &&str| {
            json!({
                "id": id, "createdAtMs": 0, "expiresAtMs": 0, "resolvedAtMs": at, "status": "denied",
                "presentation": {"kind": "exec", "commandText": "ls"},
            })
        };
        let rows: Vec<Value> = ids.iter().map(row).collect();
        let page = json!({"items": rows, "nextCursor": next}).to_string();
        Page::read(&page, None, &Hidden::default()).unwrap()
    }

    fn reading(limit: usize, since_ms: Option<u64>) -> Reading {
        let filter = Filter { since_ms, ..Filter::default() };
        Reading { filter, limit, ..Reading::default() }
    }

    #[test]
    fn reading_ends_with_the_last_page_the_limit_or_an_older_page() {
        let mut all = reading(10, None);
        assert!(all.take(page(&["a", "b"], 9, Some("c"))));
        assert!(!all.take(page(&["c"], 8, None)));
        assert_eq!((all.history.rows.len(), &all.history.cut), (3, &None));
        let mut few = reading(2, None);
        assert!(few.take(page(&["a", "b"], 9, Some("c"))));
        assert!(!few.take(page(&["c"], 8, None)));
        assert_eq!((few.history.rows.len(), &few.history.cut), (2, &Some(Cut::Limit)));
        let mut exact = reading(2, None);
        assert!(!exact.take(page(&["a", "b"], 9, None)));
        assert_eq!(exact.history.cut, None);
        let mut recent = reading(10, Some(8));
        assert!(recent.take(page(&["a"], 9, Some("c"))));
        assert!(!recent.take(page(&["b"], 7, Some("d"))));
        assert_eq!((recent.history.rows.len(), &recent.history.cut), (1, &None));
    }

    #[test]
    fn a_gateway_cannot_keep_the_reading_running() {
        let mut same = reading(10, None);
        assert!(same.take(page(&["a"], 9, Some("c"))));
        assert!(!same.take(page(&["a"], 9, Some("c"))));
        assert_eq!((same.history.rows.len(), &same.history.cut), (1, &Some(Cut::Repeats)));
        // A page whose rows this client may not see is empty, and not the last one.
        let mut empty = reading(10, None);
        assert!(empty.take(page(&[], 9, Some("c"))));
        assert!(!empty.take(page(&["a"], 9, None)));
        assert_eq!((empty.history.rows.len(), &empty.history.cut), (1, &None));
        let mut endless = reading(10, None);
        let pages = (0..).take_while(|page| endless.take(self::page(&[], 9, Some(&page.to_string()))));
        assert_eq!(pages.count() + 1, PAGES_AT_MOST);
        assert_eq!(endless.history.cut, Some(Cut::Pages));
    }
}
