//! The entries that `approvals suggest` proposes for a gateway: what the screen knows of them.

/// What `approvals suggest` found for a gateway.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proposals {
    /// The document.
    pub document: String,
    /// The release that decides.
    pub release: String,
    /// Where the prompts are from, and how many each source has.
    pub sources: Vec<String>,
    /// The number of prompts.
    pub prompts: u64,
    /// How many of them the entries would save.
    pub saved: u64,
    /// The number of commands that were denied.
    pub denied: usize,
    /// The proposals, by agent.
    pub agents: Vec<(String, Vec<Proposal>)>,
    /// The commands for which there is no proposal, by agent and reason.
    pub refused: Vec<NoProposal>,
    /// What could not be read. A denial may be missing, so nothing is added.
    pub problems: Vec<String>,
    /// Other conditions that need attention.
    pub remarks: Vec<String>,
    /// The command that makes the same proposals in a shell.
    pub command: String,
}

/// An entry that would save prompts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Proposal {
    /// The pattern.
    pub pattern: String,
    /// The pattern for arguments.
    pub arg_pattern: String,
    /// What of the arguments may vary.
    pub varies: Vec<&'static str>,
    /// Some of the commands that it allows.
    pub examples: Vec<String>,
    /// The number of commands that it allows.
    pub commands: usize,
    /// The number of prompts for them.
    pub prompts: u64,
    /// How many of these a person allowed.
    pub allowed: u64,
}

/// Commands for which there is no proposal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NoProposal {
    /// The agent.
    pub agent: String,
    /// Why.
    pub why: String,
    /// The number of commands.
    pub commands: usize,
    /// The number of prompts for them.
    pub prompts: u64,
    /// One of the commands.
    pub example: Option<String>,
}

impl Proposals {
    /// The number of entries.
    pub fn entries(&self) -> usize {
        self.agents.iter().map(|(_, proposals)| proposals.len()).sum()
    }

    /// Whether the entries may be added: there are some, and every prompt that may be a denial was read.
    pub fn can_be_added(&self) -> bool {
        self.problems.is_empty() && self.entries() > 0
    }
}
