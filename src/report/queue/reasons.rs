//! Reasons in words. Machine output has them beside its codes, and the text for people has the same.

use crate::queue::plan::{Kept, Why};
use crate::queue::report::SkipReason;

/// Why a prompt of a group stays.
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
        Why::LapsesSoon => "it expires soon",
        Why::Younger => "asked later",
        Why::Older => "asked earlier",
        Why::SameAge => "asked at the same time",
    }
}

/// What is wrong with a gateway whose answer and listing contradict each other.
pub const STILL_LISTED: &str = "the gateway answered that it is gone, and still lists it";

/// Why a duplicate was not denied, although the plan has it.
pub const fn skip_reason(why: SkipReason) -> &'static str {
    match why {
        SkipReason::SurvivorGone => "the one that was to stay is gone",
        SkipReason::SurvivorLapsed => "the one that was to stay has expired, or is about to",
        SkipReason::SurvivorUnknown => "whether the one that was to stay is still there could not be learned",
        SkipReason::TooSlow => {
            "the gateway answers too slowly to deny it safely beside other clearance processes"
        }
        SkipReason::Replanned => "a newer plan says otherwise",
        SkipReason::Deadline => "no time was left",
        SkipReason::Stopped => "stopped",
        SkipReason::AmbiguousId => {
            "this gateway matches ids by their beginning, and this one could decide another pending prompt"
        }
    }
}
