//! `queue history`: the decided prompts, and their machine output.

use serde::Serialize;

use super::verdict::Verdict;
use crate::queue::Decision;
use crate::queue::history::{Decided, DeniedBefore, Resolver};
use crate::report::VERSION;

/// The report of `queue history`.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// The gateway.
    pub gateway: String,
    /// The prompts that match, newest first.
    pub rows: Vec<Decided>,
    /// The number of rows that were read, matching or not.
    pub read: usize,
    /// Rows that could not be read, each with its problem.
    pub problems: Vec<String>,
    /// Why there may be more rows, if so.
    pub cut: Option<Cut>,
    /// Why the gateway may leave rows out, if so.
    pub partial: Option<String>,
    /// The gateway's clock, in Unix milliseconds.
    pub now_ms: u64,
    /// The earliest end that was asked for, in Unix milliseconds.
    pub since_ms: Option<u64>,
}

/// Why a history ends before its last row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// `--limit` rows matched, and there are more.
    Limit,
    /// The maximum number of pages was read.
    Pages,
    /// No time was left.
    Time,
    /// The gateway repeats its pages.
    Repeats,
    /// A later page could not be read, for this reason.
    Failed(String),
}

impl Cut {
    /// The word of machine output.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Pages => "pages",
            Self::Time => "time",
            Self::Repeats => "repeats",
            Self::Failed(_) => "failed",
        }
    }
}

impl History {
    /// The verdict: a history that could not be read to its end is `partly`. An end at `--limit` was asked for.
    pub fn verdict(&self) -> Verdict {
        match self.cut {
            None | Some(Cut::Limit) if self.problems.is_empty() => Verdict::Done,
            _ => Verdict::Partly,
        }
    }

    /// Why a decision may be missing that is not in it, if so.
    pub fn gap(&self) -> Option<String> {
        let cut = self.cut.as_ref().map(|cut| match cut {
            Cut::Failed(cause) => format!("an older page could not be read: {cause}"),
            Cut::Limit | Cut::Pages | Cut::Time | Cut::Repeats => {
                format!("only the last {} decisions were read", self.read)
            }
        });
        let unread = || match self.problems.len() {
            0 => None,
            1 => Some("1 decision could not be read".to_owned()),
            several => Some(format!("{several} decisions could not be read")),
        };
        cut.or_else(unread).or_else(|| self.partial.clone())
    }

    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Printed<'h> {
            cut: Option<&'static str>,
            decided: Vec<DecidedJson<'h>>,
            gateway: &'h str,
            now_ms: u64,
            partial: Option<&'h str>,
            problems: &'h [String],
            read: usize,
            #[serde(skip_serializing_if = "Option::is_none")]
            reason: Option<&'h str>,
            since_ms: Option<u64>,
            version: u8,
        }
        let Self { gateway, rows, read, problems, cut, partial, now_ms, since_ms } = self;
        Printed {
            cut: cut.as_ref().map(Cut::as_str),
            decided: rows.iter().map(DecidedJson::of).collect(),
            gateway,
            now_ms: *now_ms,
            partial: partial.as_deref(),
            problems,
            read: *read,
            reason: if let Some(Cut::Failed(reason)) = cut { Some(reason) } else { None },
            since_ms: *since_ms,
            version: VERSION,
        }
    }

    /// The output of `--ndjson`, one object per line.
    pub fn lines(&self) -> impl Iterator<Item = DecidedJson<'_>> {
        let of = |decided| DecidedJson { version: Some(VERSION), ..DecidedJson::of(decided) };
        self.rows.iter().map(of)
    }
}

/// A decided prompt as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DecidedJson<'h> {
    agent_id: Option<&'h str>,
    created_at_ms: u64,
    decision: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'h str>,
    expires_at_ms: u64,
    host: Option<&'h str>,
    id: &'h str,
    kind: &'static str,
    node_id: Option<&'h str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin_id: Option<&'h str>,
    reason: Option<&'h str>,
    resolved_at_ms: u64,
    resolver: Option<ResolverJson<'h>>,
    session_key: Option<&'h str>,
    status: &'h str,
    summary: &'h str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_name: Option<&'h str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
    waited_ms: u64,
}

impl<'h> DecidedJson<'h> {
    /// A decided prompt.
    pub fn of(decided: &'h Decided) -> Self {
        let asked = &decided.asked;
        Self {
            agent_id: decided.agent.as_deref(),
            created_at_ms: decided.created_at_ms,
            decision: decided.decision.map(Decision::as_str),
            description: asked.description.as_deref(),
            expires_at_ms: decided.expires_at_ms,
            host: asked.host.as_deref(),
            id: decided.id(),
            kind: decided.key.kind.as_str(),
            node_id: asked.node.as_deref(),
            plugin_id: asked.plugin.as_deref(),
            reason: decided.reason.as_deref(),
            resolved_at_ms: decided.resolved_at_ms,
            resolver: decided.resolver.as_ref().map(ResolverJson::of),
            session_key: decided.session_key.as_deref(),
            status: &decided.status,
            summary: &asked.subject,
            tool_name: asked.tool.as_deref(),
            version: None,
            waited_ms: decided.waited_ms(),
        }
    }
}

/// Who or what decided, as JSON.
#[derive(Serialize)]
struct ResolverJson<'h> {
    id: Option<&'h str>,
    kind: &'h str,
    /// Whether it is this device.
    own: bool,
}

impl<'h> ResolverJson<'h> {
    fn of(resolver: &'h Resolver) -> Self {
        Self { id: resolver.id.as_deref(), kind: &resolver.kind, own: resolver.own }
    }
}

/// The recent denials of what a pending prompt asks for, as JSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DeniedBeforeJson<'h> {
    /// Whether there may be more.
    at_least: bool,
    /// The parts that were compared: a history has no others.
    compared: [&'static str; 4],
    count: usize,
    last_at_ms: u64,
    resolver: Option<ResolverJson<'h>>,
}

impl<'h> DeniedBeforeJson<'h> {
    pub(super) fn of(denied: &'h DeniedBefore) -> Self {
        Self {
            at_least: denied.at_least,
            compared: ["summary", "host", "nodeId", "agentId"],
            count: denied.count,
            last_at_ms: denied.last_ms,
            resolver: denied.resolver.as_ref().map(ResolverJson::of),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_whatever_may_hide_a_decision() {
        let history = || History { read: 500, ..History::default() };
        let gap = |history: History| history.gap().unwrap();
        assert_eq!(history().gap(), None);
        for cut in [Cut::Limit, Cut::Pages, Cut::Time, Cut::Repeats] {
            let cut = History { cut: Some(cut), ..history() };
            assert_eq!(gap(cut), "only the last 500 decisions were read");
        }
        let failed = History { cut: Some(Cut::Failed("no answer".to_owned())), ..history() };
        assert_eq!(gap(failed), "an older page could not be read: no answer");
        let unread = History { problems: vec!["prompt c: no status".to_owned()], ..history() };
        assert_eq!(gap(unread), "1 decision could not be read");
        let withheld = History { partial: Some("not granted".to_owned()), ..history() };
        assert_eq!(gap(withheld), "not granted");
    }
}
