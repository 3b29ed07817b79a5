//! The texts of reasons. Machine output has them next to its codes, and the output for people has the same texts.

use crate::queue::plan::{Kept, Why};
use crate::queue::report::SkipReason;

/// Why a prompt of a group is kept.
pub const fn survivor(kept: Kept) -> &'static str {
    match kept {
        Kept::Only => "the only one",
        Kept::Oldest => "the oldest with a live run",
        Kept::Newest => "the newest with a live run",
        Kept::LongestLived => "the one that lives longest",
    }
}

/// Why a duplicate is denied.
pub const fn denial(why: Why) -> &'static str {
    match why {
        Why::RunEnded => "its run has ended",
        Why::RunSuperseded => "its run was replaced",
        Why::ExpiresSoon => "it expires soon",
        Why::Younger => "asked later",
        Why::Older => "asked earlier",
        Why::SameAge => "asked at the same time",
    }
}

/// The failure if a gateway's answer and its listing contradict each other.
pub const STILL_LISTED: &str = "the gateway answered that it is gone, but still lists it";

/// Why a planned duplicate was not denied.
pub const fn skip_reason(why: SkipReason) -> &'static str {
    match why {
        SkipReason::SurvivorGone => "the kept prompt is gone",
        SkipReason::SurvivorLapsed => "the kept prompt has expired, or is about to",
        SkipReason::SurvivorUnknown => "it is unknown whether the kept prompt is still pending",
        SkipReason::TooSlow => {
            "the gateway answers too slowly to deny it safely beside other clearance processes"
        }
        SkipReason::Replanned => "its group has changed since the plan was made",
        SkipReason::Deadline => "no time was left",
        SkipReason::Stopped => "stopped",
        SkipReason::AmbiguousId => {
            "this gateway matches ids by their start, so this id could decide another pending prompt"
        }
    }
}
