//! How far duplicates are looked for: inside a session, an agent or a run.
//!
//! A prompt that does not say where it belongs, or not exactly what it would do, belongs with no other.

use sha2::{Digest, Sha256};

use super::intent::{Doubt, Intent};
use super::prompt::{Key, Prompt};

/// Inside what two prompts with one intent are duplicates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Scope {
    /// One agent's one session.
    #[default]
    Session,
    /// One agent, in whichever session.
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
        /// The session's key.
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
        /// The agent, if told: an id that two agents used would be two runs.
        agent: Option<&'p str>,
        /// The session's key, if told.
        session: Option<&'p str>,
    },
    /// A place of its own.
    Own {
        /// The prompt.
        key: &'p Key,
        /// Why it is not with others.
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
    /// What it would do is not told in full.
    Doubt(Doubt),
}

impl<'p> Place<'p> {
    /// Where a prompt belongs. An empty name is no name.
    pub fn of(prompt: &'p Prompt, scope: Scope) -> Self {
        let own = |why| Self::Own { key: &prompt.key, why };
        let told = |name: &'p Option<std::sync::Arc<str>>| name.as_deref().filter(|name| !name.is_empty());
        let (agent, session, run) = (told(&prompt.agent), told(&prompt.session_key), told(&prompt.run_id));
        if let Some(doubt) = prompt.doubt {
            return own(Alone::Doubt(doubt));
        }
        match (scope, agent, session, run) {
            (Scope::Run, .., None) => own(Alone::NoRun),
            (Scope::Run, agent, session, Some(run)) => Self::Run { run, agent, session },
            (Scope::Session | Scope::Agent, None, ..) => own(Alone::NoAgent),
            (Scope::Agent, Some(agent), ..) => Self::Agent { agent },
            (Scope::Session, Some(_), None, _) => own(Alone::NoSession),
            (Scope::Session, Some(agent), Some(session), _) => Self::Session { agent, session },
        }
    }

    /// Why the prompt is with no other, if it is.
    pub fn alone(&self) -> Option<Alone> {
        match self {
            Self::Own { why, .. } => Some(*why),
            Self::Session { .. } | Self::Agent { .. } | Self::Run { .. } => None,
        }
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
