//! The scope of duplicates: a session, an agent or a run.
//!
//! A prompt with an unknown place, or with an intent that is not exactly known, is grouped with no other.

use sha2::{Digest, Sha256};

use super::intent::{Doubt, Intent};
use super::prompt::{Key, Prompt};

/// The scope in which two prompts with one intent are duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Scope {
    /// One session of one agent; all runs of a cron job are one session.
    #[default]
    Session,
    /// One agent, in all its sessions.
    Agent,
    /// One run.
    Run,
}

/// The place of a prompt. Prompts in different places are never duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place<'p> {
    /// A session.
    Session {
        /// The agent.
        agent: &'p str,
        /// The session's key; for a cron job, without the part that names the run.
        session: &'p str,
    },
    /// An agent.
    Agent {
        /// The agent.
        agent: &'p str,
    },
    /// A run.
    Run {
        /// The run's id.
        run: &'p str,
        /// The agent, if known: an id that two agents used would be two runs.
        agent: Option<&'p str>,
        /// The session's key, if known.
        session: Option<&'p str>,
    },
    /// A place of one prompt only.
    Own {
        /// The prompt.
        key: &'p Key,
        /// Why it is not grouped with others.
        why: Alone,
    },
}

/// Why a prompt is grouped with no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alone {
    /// It names no agent.
    NoAgent,
    /// It names no session.
    NoSession,
    /// It names no run, as on every legacy gateway.
    NoRun,
    /// Its intent is not listed in full.
    Doubt(Doubt),
    /// It is the only prompt of its tool call: see [`Prompt::names_call`].
    Call,
}

impl Alone {
    /// The word of machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAgent => "no-agent",
            Self::NoSession => "no-session",
            Self::NoRun => "no-run",
            Self::Doubt(doubt) => doubt.as_str(),
            Self::Call => "tool-call",
        }
    }
}

/// The session of a session key: the key itself, but for the runs of a cron job without the part that names the run.
///
/// Gateways give each run of a job a session key of its own, `agent:<agent>:cron:<job>:run:<uuid>`: the job's key, and
/// then the id of the run's session (read in 2026.4.14, 2026.7.1 and 2026.9.6: `prepareCronRunContext`; measured
/// on the first and the last). Any client may use any key, so only exactly that form counts: a key that merely looks
/// similar is a session of its own, and so is a session that a run started below itself (`…:run:<uuid>:thread:5`).
pub fn session_of(key: &str) -> &str {
    const RUN: &str = ":run:";
    const UUID: usize = 36;
    let run = || {
        let (job, id) = key.split_at_checked(key.len().checked_sub(UUID)?)?;
        let job = job.strip_suffix(RUN).filter(|_| is_uuid(id))?;
        is_job(job).then_some(job)
    };
    run().unwrap_or(key)
}

/// Whether it is a cron job's own key, `agent:<agent>:cron:<job>`. Gateways write keys in lower case.
fn is_job(key: &str) -> bool {
    const AGENT: usize = 64;
    let mut parts = key.split(':');
    let [Some("agent"), Some(agent), Some("cron"), Some(job), None] = std::array::from_fn(|_| parts.next())
    else {
        return false;
    };
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
    let is_agent = (1..=AGENT).contains(&agent.len()) && agent.bytes().all(word);
    is_agent
        && !job.is_empty()
        && job.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
}

/// Whether it is a UUID as gateways write them.
fn is_uuid(text: &str) -> bool {
    const HYPHENS: [usize; 4] = [8, 13, 18, 23];
    text.bytes().enumerate().all(|(at, byte)| match byte {
        b'-' => HYPHENS.contains(&at),
        b'0'..=b'9' | b'a'..=b'f' => !HYPHENS.contains(&at),
        _ => false,
    })
}

impl Scope {
    /// The word of the command line and of machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Agent => "agent",
            Self::Run => "run",
        }
    }

    /// The scopes that hold more prompts, the narrowest first.
    pub const fn wider(self) -> &'static [Self] {
        match self {
            Self::Run => &[Self::Session, Self::Agent],
            Self::Session => &[Self::Agent],
            Self::Agent => &[],
        }
    }
}

impl<'p> Place<'p> {
    /// The place of a prompt. An empty name counts as missing.
    pub fn of(prompt: &'p Prompt, scope: Scope) -> Self {
        match prompt.doubt {
            Some(doubt) => Self::Own { key: &prompt.key, why: Alone::Doubt(doubt) },
            None => Self::of_asker(prompt, scope),
        }
    }

    /// The place of a prompt by its requester alone, as if its intent were known.
    pub(super) fn of_asker(prompt: &'p Prompt, scope: Scope) -> Self {
        let own = |why| Self::Own { key: &prompt.key, why };
        let known = |name: &'p Option<std::sync::Arc<str>>| name.as_deref().filter(|name| !name.is_empty());
        let (agent, session, run) = (known(&prompt.agent), known(&prompt.session_key), known(&prompt.run_id));
        match (scope, agent, session, run) {
            (Scope::Run, .., None) => own(Alone::NoRun),
            (Scope::Run, agent, session, Some(run)) => Self::Run { run, agent, session },
            (Scope::Session | Scope::Agent, None, ..) => own(Alone::NoAgent),
            (Scope::Agent, Some(agent), ..) => Self::Agent { agent },
            (Scope::Session, Some(_), None, _) => own(Alone::NoSession),
            (Scope::Session, Some(agent), Some(session), _) => {
                Self::Session { agent, session: session_of(session) }
            }
        }
    }

    /// Why the prompt is grouped with no other, if so.
    pub fn alone(&self) -> Option<Alone> {
        match self {
            Self::Own { why, .. } => Some(*why),
            Self::Session { .. } | Self::Agent { .. } | Self::Run { .. } => None,
        }
    }

    /// Why a prompt could not have duplicates, whatever else is pending; `None`: it could.
    pub fn why_alone(prompt: &'p Prompt, scope: Scope) -> Option<Alone> {
        let call = || prompt.names_call().then_some(Alone::Call);
        Self::of(prompt, scope).alone().or_else(call)
    }

    /// A hash of an intent in this place: the same for the same group on every listing.
    pub(super) fn digest(&self, intent: &Intent) -> [u8; 32] {
        let (kind, names) = match *self {
            Self::Session { agent, session } => ("session", [Some(agent), Some(session), None]),
            Self::Agent { agent } => ("agent", [Some(agent), None, None]),
            Self::Run { run, agent, session } => ("run", [Some(run), agent, session]),
            Self::Own { key, .. } => ("own", [Some(key.kind.as_str()), Some(&*key.id), None]),
        };
        let mut hash = Sha256::new();
        hash.update(intent.0);
        for name in [Some(kind)].into_iter().chain(names) {
            hash.update([u8::from(name.is_some())]);
            if let Some(name) = name {
                hash.update((name.len() as u64).to_le_bytes());
                hash.update(name);
            }
        }
        hash.finalize().into()
    }
}
