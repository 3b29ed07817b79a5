//! Which commands a policy lets run, in comparison with another policy under the same entries: the part of the comparison
//! that is exact. Source: the order of checks in `gateway.rs` and `unanswered.rs`, read for each level of `security`, `ask`
//! and `askFallback`.

use crate::approvals::decide::levels::{Ask, Security};
use crate::approvals::decide::policy::Merged;
use crate::approvals::decide::profile::Profile;

/// When a command counts as one that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Circumstance {
    /// It runs at once in a session with an approver.
    AtOnce,
    /// It runs in a session with an approver if nobody answers the prompt.
    Unanswered,
    /// It runs in a cron job that no approver is connected to.
    Cron,
}

/// The set of commands that run, from none to all. Guards and `strictInlineEval` apply to each set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Regime {
    /// None.
    Nothing,
    /// After a prompt: what the entries allow, if it can be written down and bound to files (2026.9.6).
    BoundList,
    /// After a prompt: what the entries allow (2026.4.14, 2026.6.11).
    AskedList,
    /// What the entries allow.
    List {
        /// Whether an unanswered prompt lets it run too: what cannot be written down, what the approval of an exact
        /// command covers.
        unanswered: bool,
    },
    /// After a prompt: everything that can be bound to files.
    Asked,
    /// Everything but what a check of scripts or of security findings stops.
    Supervised,
    /// Everything.
    Free,
}

/// Whether the commands of one regime are among those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contained {
    /// Whatever the entries are.
    Always,
    /// If the entries allow no more.
    IfListed,
    /// As before, and there must be no approval of an exact command.
    IfListedAndNoneExact,
    /// Not proven.
    No,
}

impl Regime {
    /// The regime of a policy in force.
    pub(super) fn of(profile: Profile, policy: &Merged, when: Circumstance) -> Self {
        if policy.security == Security::Deny {
            return Self::Nothing;
        }
        let is_listed = policy.security == Security::Allowlist;
        match (policy.ask, when) {
            (Ask::Always, Circumstance::AtOnce) => Self::Nothing,
            (Ask::Always, _) => Self::of_fallback(profile, policy, when),
            (Ask::Off | Ask::OnMiss, _) if is_listed => {
                let falls_back = policy.ask_fallback == Security::Allowlist && !policy.auto_review;
                // The old releases let no cron job run by its entries after a prompt.
                let is_reached = match when {
                    Circumstance::AtOnce => false,
                    Circumstance::Unanswered => true,
                    Circumstance::Cron => profile >= Profile::V2026_9_6,
                };
                Self::List { unanswered: falls_back && is_reached }
            }
            // 2026.4.14 checks scripts under every policy.
            (Ask::Off, _) if profile > Profile::V2026_4_14 => Self::Free,
            (Ask::Off | Ask::OnMiss, _) => Self::Supervised,
        }
    }

    /// The regime of a policy that always asks, for prompts that nobody answers.
    fn of_fallback(profile: Profile, policy: &Merged, when: Circumstance) -> Self {
        let is_newest = profile >= Profile::V2026_9_6;
        match policy.ask_fallback {
            Security::Deny => Self::Nothing,
            Security::Allowlist if is_newest => Self::BoundList,
            Security::Allowlist if when == Circumstance::Cron || policy.security == Security::Full => {
                Self::Nothing
            }
            Security::Allowlist => Self::AskedList,
            // A cron job passes the same checks as a command that is not asked for.
            Security::Full if !is_newest && when == Circumstance::Cron => Self::Supervised,
            Security::Full => Self::Asked,
        }
    }

    /// Whether everything that runs under this regime runs under another one too, but for scripts: see
    /// [`Regime::skips_scripts`].
    pub(super) fn is_within(self, other: Self, profile: Profile) -> Contained {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Free) => Contained::Always,
            (Self::Free, _) | (_, Self::Nothing) => Contained::No,
            (_, Self::Supervised) | (Self::Asked | Self::AskedList | Self::BoundList, Self::Asked) => {
                Contained::Always
            }
            (Self::AskedList, Self::AskedList) | (Self::BoundList, Self::BoundList) => Contained::IfListed,
            (Self::List { unanswered: false }, Self::List { .. })
            | (Self::List { .. } | Self::AskedList | Self::BoundList, Self::List { unanswered: true }) => {
                Contained::IfListed
            }
            (Self::List { .. } | Self::BoundList, Self::List { unanswered: false })
                if profile >= Profile::V2026_9_6 =>
            {
                Contained::IfListedAndNoneExact
            }
            _ => Contained::No,
        }
    }

    /// Whether commands start without the check of their scripts that the other regime makes: 2026.4.14 makes none after a
    /// prompt.
    pub(super) fn skips_scripts(self, other: Self, profile: Profile, when: Circumstance) -> bool {
        let is_after_prompt = matches!(self, Self::Asked | Self::AskedList | Self::List { unanswered: true });
        profile == Profile::V2026_4_14
            && when == Circumstance::Unanswered
            && is_after_prompt
            && matches!(other, Self::Supervised | Self::List { .. })
    }
}
