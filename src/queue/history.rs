//! Decided prompts, as the history of a gateway presents them: reading them one by one, filters, and recent denials of
//! what is pending.
//!
//! History presents less of a prompt than a listing of what is pending: it leaves out the working directory, the
//! arguments, the environment and the run on purpose. So a decided prompt has no [`super::Intent`]; only what history
//! presents can be compared ([`Recent`], [`Earlier`]).

mod compared;

use serde::Deserialize;
use serde_json::value::RawValue;

pub use self::compared::{DeniedBefore, Earlier, MOMENT_MS, Past, Recent};
use super::hidden::Hidden;
use super::kind::Kind;
use super::prompt::{Decision, Key};
use super::read::{PromptError, unread};
use super::scope::session_of;

/// The name of this device in a filter.
const ME: &str = "me";

/// A prompt that was decided, or that ended otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Its id and kind.
    pub key: Key,
    /// `allowed`, `denied`, `expired` or `cancelled`; a later release may have others.
    pub status: Box<str>,
    /// The decision. Expired and cancelled prompts have none.
    pub decision: Option<Decision>,
    /// Whether it has a decision of which the meaning is unknown: `decision` is then `None`.
    pub is_unknown: bool,
    /// Why it ended so: `user`, `timeout`, `run-aborted`, …
    pub reason: Option<Box<str>>,
    /// Who or what decided, if the gateway knows.
    pub resolver: Option<Resolver>,
    /// The agent that requested it.
    pub agent: Option<Box<str>>,
    /// The key of its session.
    pub session_key: Option<Box<str>>,
    /// When it was created, in Unix milliseconds.
    pub created_at_ms: u64,
    /// When it would have expired, in Unix milliseconds.
    pub expires_at_ms: u64,
    /// When it ended, in Unix milliseconds.
    pub resolved_at_ms: u64,
    /// What it asked for, as far as history presents it.
    pub asked: Asked,
}

/// Who or what decided a prompt.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
pub struct Resolver {
    /// `device`, `channel`, `runtime` or `system`.
    pub kind: Box<str>,
    /// Its id: of a device its key's, of others a name.
    #[serde(default)]
    pub id: Option<Box<str>>,
    /// Whether it is this device, by which clearance connects.
    #[serde(skip)]
    pub own: bool,
}

impl Resolver {
    /// The resolver, marked if it is this device.
    fn known_to(self, device: Option<&str>) -> Self {
        let own = &*self.kind == "device" && device.is_some() && self.id.as_deref() == device;
        Self { own, ..self }
    }
}

/// What a prompt asked for, as far as history presents it. Texts are hostile until escaped.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Asked {
    /// Where it would run: `gateway`, `node`, `sandbox`.
    pub host: Option<Box<str>>,
    /// The node it would run on.
    pub node: Option<Box<str>>,
    /// The command, or the title of a plugin's or the gateway's own prompt.
    pub subject: Box<str>,
    /// The description. Plugin and system.
    pub description: Option<Box<str>>,
    /// The plugin that asked.
    pub plugin: Option<Box<str>>,
    /// The requested tool.
    pub tool: Option<Box<str>>,
}

impl Decided {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.key.id
    }

    /// How long it was pending, in milliseconds.
    pub fn waited_ms(&self) -> u64 {
        self.resolved_at_ms.saturating_sub(self.created_at_ms)
    }

    /// The decision, or the status where there is none.
    pub fn outcome(&self) -> &str {
        match self.decision {
            Some(decision) => decision.as_str(),
            None => &self.status,
        }
    }

    /// Reads a row from its text.
    fn read(text: &str, device: Option<&str>, hidden: &Hidden) -> Result<Self, PromptError> {
        let masked = hidden.masked(text);
        let row: Row =
            serde_json::from_str(masked.as_deref().unwrap_or(text)).map_err(|error| unread(text, &error))?;
        let Row { presentation, source, .. } = row;
        let source = source.unwrap_or_default();
        let agent = presentation.agent_id.or(source.agent_id);
        let exec = presentation.kind == Kind::Exec;
        let subject = if exec { presentation.command_text } else { presentation.title };
        let decision = row.decision.as_deref().and_then(Decision::named);
        Ok(Self {
            key: Key::new(presentation.kind, row.id),
            status: row.status,
            decision,
            is_unknown: decision.is_none() && row.decision.is_some(),
            reason: row.reason,
            resolver: row.resolver.map(|resolver| resolver.known_to(device)),
            agent,
            session_key: source.session_key,
            created_at_ms: row.created_at_ms,
            expires_at_ms: row.expires_at_ms,
            resolved_at_ms: row.resolved_at_ms,
            asked: Asked {
                host: presentation.host,
                node: presentation.node_id,
                subject: subject.unwrap_or_default(),
                description: presentation.description,
                plugin: presentation.plugin_id,
                tool: presentation.tool_name,
            },
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    id: Box<str>,
    status: Box<str>,
    #[serde(default)]
    decision: Option<Box<str>>,
    #[serde(default)]
    reason: Option<Box<str>>,
    #[serde(default)]
    resolver: Option<Resolver>,
    #[serde(default)]
    source: Option<Source>,
    created_at_ms: u64,
    expires_at_ms: u64,
    resolved_at_ms: u64,
    presentation: Presentation,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Source {
    agent_id: Option<Box<str>>,
    session_key: Option<Box<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Presentation {
    kind: Kind,
    #[serde(default)]
    command_text: Option<Box<str>>,
    #[serde(default)]
    title: Option<Box<str>>,
    #[serde(default)]
    description: Option<Box<str>>,
    #[serde(default)]
    host: Option<Box<str>>,
    #[serde(default)]
    node_id: Option<Box<str>>,
    #[serde(default)]
    agent_id: Option<Box<str>>,
    #[serde(default)]
    plugin_id: Option<Box<str>>,
    #[serde(default)]
    tool_name: Option<Box<str>>,
}

/// One page of a history, newest first.
#[derive(Debug, Default)]
pub struct Page {
    /// The decided prompts.
    pub items: Vec<Decided>,
    /// The rows that could not be read.
    pub problems: Vec<PromptError>,
    /// The cursor of the next page, if there is one.
    pub next: Option<Box<str>>,
}

impl Page {
    /// Reads the answer of `approval.history`. A bad row hides no other row. Secrets in texts are masked. `device`: the
    /// id of the device that asks.
    ///
    /// # Errors
    /// The answer is not a page.
    pub fn read(payload: &str, device: Option<&str>, hidden: &Hidden) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            items: Vec<&'a RawValue>,
            #[serde(rename = "nextCursor", default)]
            next: Option<Box<str>>,
        }
        let Answer { items, next } = serde_json::from_str(payload)?;
        let mut page = Self { next, ..Self::default() };
        for row in items {
            match Decided::read(row.get(), device, hidden) {
                Ok(decided) => page.items.push(decided),
                Err(error) => page.problems.push(error),
            }
        }
        Ok(page)
    }
}

/// The earliest end of a decided prompt that is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// This many milliseconds ago, by the gateway's clock.
    Ago(u64),
    /// This time, in Unix milliseconds.
    At(u64),
}

impl Since {
    /// The time in Unix milliseconds.
    pub const fn at_ms(self, now_ms: u64) -> u64 {
        match self {
            Self::Ago(ms) => now_ms.saturating_sub(ms),
            Self::At(at_ms) => at_ms,
        }
    }
}

/// A filter of decided prompts. An empty or `None` field does not restrict; values of one list are alternatives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Ids of agents.
    pub agents: Vec<String>,
    /// Keys of sessions. The key of a cron job includes all of its runs.
    pub sessions: Vec<String>,
    /// The kind, which the gateway filters too.
    pub kind: Option<Kind>,
    /// Statuses: `allowed`, `denied`, `expired`, `cancelled`.
    pub statuses: Vec<String>,
    /// Decisions.
    pub decisions: Vec<Decision>,
    /// Who decided: the kind of a resolver, its id, or `me` for this device.
    pub who: Vec<String>,
    /// Only what ended at this time or later, in Unix milliseconds.
    pub since_ms: Option<u64>,
}

impl Filter {
    /// Whether a decided prompt matches. Names are compared byte for byte.
    pub fn admits(&self, decided: &Decided) -> bool {
        let among = |wanted: &[String], named: Option<&str>| {
            wanted.is_empty() || named.is_some_and(|named| wanted.iter().any(|wanted| wanted == named))
        };
        let session = decided.session_key.as_deref();
        let resolver = decided.resolver.as_ref();
        let by_kind = resolver.map(|resolver| &*resolver.kind);
        let by_id = resolver.and_then(|resolver| resolver.id.as_deref());
        let by_own = resolver.filter(|resolver| resolver.own).map(|_| ME);
        among(&self.agents, decided.agent.as_deref())
            && (among(&self.sessions, session) || among(&self.sessions, session.map(session_of)))
            && self.kind.is_none_or(|kind| kind == decided.key.kind)
            && among(&self.statuses, Some(&*decided.status))
            && (self.decisions.is_empty() || decided.decision.is_some_and(|it| self.decisions.contains(&it)))
            && (among(&self.who, by_kind) || among(&self.who, by_id) || among(&self.who, by_own))
            && !self.is_before(decided)
    }

    /// Whether it ended before `since_ms`, like everything on later pages.
    pub fn is_before(&self, decided: &Decided) -> bool {
        self.since_ms.is_some_and(|since| decided.resolved_at_ms < since)
    }
}

#[cfg(test)]
mod tests;
