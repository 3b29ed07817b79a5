//! Inputs and outputs of the triage state machine.

use std::sync::Arc;

use super::keys::Key;
use super::proposals::Proposals;
use crate::queue::cancel::{CancelPlan, Which};
use crate::queue::clock::{GatewayTime, SteadyTime};
use crate::queue::history::Past;
use crate::queue::plan::Plan;
use crate::queue::prompt::{self, Decision, Prompt};
use crate::queue::runs::{RunState, Runs};

/// The number of a gateway, in the order of the command line.
pub type GatewayIndex = usize;

/// The name of a row: the gateway, and the digest of the group, which is the same on every listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId {
    /// The gateway.
    pub gateway: GatewayIndex,
    /// The digest of intent and place.
    pub group: [u8; 32],
}

/// A group of a listing.
#[derive(Debug, Clone)]
pub struct Group {
    /// The digest of intent and place.
    pub id: [u8; 32],
    /// The prompts: the one that `queue dedupe` would keep, then the others, oldest first.
    pub prompts: Vec<Arc<Prompt>>,
    /// The state of the run of the first.
    pub run: RunState,
}

/// A listing of a gateway, grouped.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The groups, the one with the oldest prompt first.
    pub groups: Vec<Group>,
    /// Prompts that are pending and cannot be read, if their keys are known.
    pub unread: Vec<prompt::Key>,
    /// Why there may be more prompts, if so.
    pub partial: Option<String>,
    /// When it was requested.
    pub at: GatewayTime,
}

impl Snapshot {
    /// The snapshot of a plan.
    pub fn of(plan: &Plan<'_>, runs: &Runs) -> Self {
        let groups = plan.groups.iter().map(|group| {
            let others = group.members.iter().filter(|member| member.key != group.survivor.key);
            let prompts = std::iter::once(&group.survivor).chain(others);
            Group {
                id: group.digest(),
                prompts: prompts.map(|prompt| Arc::new((*prompt).clone())).collect(),
                run: runs.of(group.survivor),
            }
        });
        Self { groups: groups.collect(), at: GatewayTime::of_ms(plan.rules.now_ms), ..Self::default() }
    }
}

/// The connection to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// It is being made for the first time.
    Connecting,
    /// It is made, and the prompts are being read.
    Reading,
    /// It is there.
    Up,
    /// It is lost, or could not be made.
    Lost {
        /// Why, in the words of the error.
        cause: String,
        /// What to do about it, if anything.
        remedy: Option<String>,
        /// When the next attempt begins.
        retry_at: SteadyTime,
    },
}

/// What is done with prompts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Act {
    /// Each prompt is decided in this way.
    Decide(Decision),
    /// The first prompt of each row is kept, and the others are denied.
    DenyDuplicates,
    /// A run is cancelled by the plan with this number.
    Cancel(u64),
    /// Proposed entries are added to the gateway's document.
    AddEntries {
        /// The number of the proposals.
        ticket: u64,
        /// How many entries there are.
        entries: usize,
    },
}

impl Act {
    /// The number of the plan or of the proposals, if there are any.
    pub fn ticket(self) -> Option<u64> {
        match self {
            Self::Cancel(ticket) | Self::AddEntries { ticket, .. } => Some(ticket),
            Self::Decide(_) | Self::DenyDuplicates => None,
        }
    }
}

/// The prompts of one row that an order is about.
#[derive(Debug, Clone)]
pub struct Target {
    /// The row.
    pub row: RowId,
    /// The prompt that is kept, if one is.
    pub kept: Option<Arc<Prompt>>,
    /// The prompts that are decided, as they were shown.
    pub prompts: Vec<Arc<Prompt>>,
}

/// A decision for one gateway: only the prompts that it names are decided.
#[derive(Debug, Clone)]
pub struct Order {
    /// Its number.
    pub id: u64,
    /// The gateway.
    pub gateway: GatewayIndex,
    /// What is done.
    pub act: Act,
    /// With which prompts.
    pub targets: Vec<Target>,
}

impl Order {
    /// Every prompt that is decided.
    pub fn prompts(&self) -> impl Iterator<Item = &Arc<Prompt>> {
        self.targets.iter().flat_map(|target| &target.prompts)
    }
}

/// How a decision on a prompt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The gateway took the decision.
    Decided(Decision),
    /// It was not pending any more; the words say what happened to it, if that is known.
    Gone(Option<String>),
    /// It is not decided, for this reason.
    Failed(String),
}

impl Outcome {
    /// Whether the prompt is not pending any more.
    pub fn is_over(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

/// What `approvals explain` says about the command of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// `runs`, `asks`, `denied` or `unknown`.
    pub word: &'static str,
    /// Why.
    pub why: String,
    /// The entries that would allow it: pattern, and `argPattern`.
    pub entries: Vec<(String, Option<String>)>,
    /// The facts that are missing.
    pub missing: Vec<String>,
    /// The release that decides.
    pub release: String,
    /// The entries that the gateway would write for an allow-always; the error: why they are unknown.
    pub always: Result<Vec<NewEntry>, String>,
}

/// An entry that a gateway would write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// Its pattern.
    pub pattern: String,
    /// Its `argPattern`.
    pub arg_pattern: Option<String>,
}

/// A fact that is looked up beside the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Fact<T> {
    /// It is being looked up.
    #[default]
    Asked,
    /// It is known.
    Known(T),
    /// It cannot be known, for this reason.
    Unknown(String),
}

/// The facts about a row that are looked up beside the list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// What `approvals explain` says.
    pub verdict: Fact<Verdict>,
    /// What was decided about the same before, newest first; `None`: the gateway keeps no history.
    pub history: Option<Fact<Vec<Past>>>,
}

/// What was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drawn {
    /// How many rows of the list fit.
    pub fit: usize,
    /// How many lines of an overlay do not fit.
    pub beyond: usize,
    /// After how many milliseconds the screen changes by itself; `None`: it does not.
    pub again_ms: Option<u64>,
}

impl Drawn {
    /// When the screen is to be drawn again.
    pub fn again_at(&self, now: SteadyTime) -> Option<SteadyTime> {
        self.again_ms.map(|ms| now.plus(ms))
    }
}

/// An input.
#[derive(Debug)]
pub enum Input {
    /// A key was pressed.
    Key(Key),
    /// Text was pasted. It is never read as keys.
    Pasted(String),
    /// A gateway was listed.
    Listed(GatewayIndex, Snapshot),
    /// The name or address of a gateway, where the command line names none.
    Named(GatewayIndex, String),
    /// The connection to a gateway changed.
    Linked(GatewayIndex, Link),
    /// Decisions of an order ended.
    Ended(u64, Vec<(prompt::Key, Outcome)>),
    /// An order is over. Its prompts without an outcome failed, for this reason; the words report what else was done.
    Over(u64, Result<Option<String>, String>),
    /// The plan of a cancellation.
    Planned(u64, Result<Box<CancelPlan>, String>),
    /// The proposals for a gateway with this number.
    Proposed(GatewayIndex, u64, Result<Box<Proposals>, String>),
    /// Facts about a row.
    Facts(RowId, Facts),
    /// The screen is shown again after it was not.
    Resumed,
    /// The program is to end, without a question.
    Terminate,
}

/// What the caller has to do.
#[derive(Debug)]
pub enum Effect {
    /// Carry out an order.
    Send(Order),
    /// Plan the cancellation of what asks, and keep the plan under this number.
    Plan(GatewayIndex, u64, Which),
    /// Find the entries that would save prompts, and keep them under this number.
    Propose(GatewayIndex, u64),
    /// Drop a plan or proposals: they are not carried out.
    Drop(GatewayIndex, u64),
    /// Look up the facts about a prompt.
    Look(RowId, Arc<Prompt>),
    /// End.
    Quit,
}
