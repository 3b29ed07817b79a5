//! The words of the command line for enums of the pure modules, and the help of each word.

use clap::ValueEnum;
use clap::builder::PossibleValue;

use crate::queue::filter::Sort;
use crate::queue::{Decision, Keep, Kind, Scope};

impl ValueEnum for Kind {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Exec => "A command",
            Self::Plugin => "A plugin's question",
            Self::System => "A system agent's question",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

impl ValueEnum for Scope {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Session, Self::Agent, Self::Run]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::Session => "One session of one agent; all runs of a cron job are one session",
            Self::Agent => "One agent: its chats, cron jobs and subagents together",
            Self::Run => "One run",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}

impl ValueEnum for Keep {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Oldest, Self::Newest]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (word, help) = match self {
            Self::Oldest => ("oldest", "The oldest with a live run and enough time left"),
            Self::Newest => ("newest", "The newest with a live run and enough time left"),
        };
        Some(PossibleValue::new(word).help(help))
    }
}

impl ValueEnum for Sort {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Age, Self::Expiry, Self::Agent, Self::Command]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (word, help) = match self {
            Self::Age => ("age", "Oldest first"),
            Self::Expiry => ("expiry", "Soonest expiry first"),
            Self::Agent => ("agent", "By agent"),
            Self::Command => ("command", "By command"),
        };
        Some(PossibleValue::new(word).help(help))
    }
}

impl ValueEnum for Decision {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let help = match self {
            Self::AllowOnce => "Allow this one time",
            Self::AllowAlways => "Allow, and add an allowlist entry",
            Self::Deny => "Reject the request",
        };
        Some(PossibleValue::new(self.as_str()).help(help))
    }
}
