//! Exit codes, and which one a report has. Which one an error has is in `commands/error/exit.rs`. No wildcard anywhere: a new
//! outcome is a new decision.

use super::queue::Verdict;

/// How a command ended. Scripts rely on these numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done; nothing wrong found.
    Done = 0,
    /// Found: an invalid document, a lint, drift, duplicates under `--check`; or no such prompt, run or session.
    Found = 1,
    /// The command line is wrong.
    Usage = 2,
    /// Done in part; the report tells what is missing.
    Partly = 3,
    /// The gateway is not reachable, or the deadline passed.
    TimedOut = 4,
    /// Refused: credentials, scope, pairing, certificate.
    Refused = 5,
    /// The document changed since it was read.
    Conflict = 6,
    /// A file or store could not be read or written.
    Store = 7,
    /// A bug in clearance.
    Bug = 70,
}

impl Exit {
    /// The stable name, in machine output, of a failure that has none of its own.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Found => "invalid-document",
            Self::TimedOut => "timed-out",
            Self::Conflict => "conflict",
            Self::Store => "store",
            Self::Refused => "refused",
            Self::Usage => "usage",
            Self::Done | Self::Partly | Self::Bug => "bug",
        }
    }
}

/// How many files of a validation ended in which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// No errors.
    pub valid: usize,
    /// At least one error; of a lint, also a finding that fails it.
    pub invalid: usize,
    /// Not read: missing, too large, not permitted.
    pub unreadable: usize,
    /// Not checked, or not to the end, because the deadline passed.
    pub timed_out: usize,
    /// Not checked, because clearance panicked.
    pub crashed: usize,
}

/// The exit code of a validation. What hides more wins:
///
/// | crashed | timed out | unreadable | invalid | exit |
/// | --- | --- | --- | --- | --- |
/// | some | any | any | any | 70 |
/// | none | some | any | any | 4 |
/// | none | none | some | any | 7 |
/// | none | none | none | some | 1 |
/// | none | none | none | none | 0 |
pub fn of_validation(tally: Tally) -> Exit {
    match tally {
        Tally { crashed: 1.., .. } => Exit::Bug,
        Tally { timed_out: 1.., .. } => Exit::TimedOut,
        Tally { unreadable: 1.., .. } => Exit::Store,
        Tally { invalid: 1.., .. } => Exit::Found,
        Tally { crashed: 0, timed_out: 0, unreadable: 0, invalid: 0, valid: _ } => Exit::Done,
    }
}

/// The exit code of a listing or a purge of prompts, one for one.
pub fn of_queue(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Done => Exit::Done,
        Verdict::Found => Exit::Found,
        Verdict::Partly => Exit::Partly,
        Verdict::TimedOut => Exit::TimedOut,
    }
}

/// The exit code of a command on several gateways: the one that all of them have, or else that it was done in part.
pub fn of_several(mut exits: impl Iterator<Item = Exit>) -> Exit {
    match exits.next() {
        None => Exit::Done,
        Some(first) if exits.all(|exit| exit == first) => first,
        Some(_) => Exit::Partly,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_gateways_that_end_alike_have_their_common_code() {
        use Exit::{Done, Partly, Refused, TimedOut, Usage};
        for (exits, expected) in [
            (&[TimedOut, TimedOut][..], TimedOut),
            (&[Usage, Usage], Usage),
            (&[Done, Done], Done),
            (&[TimedOut, Refused], Partly),
            (&[Done, TimedOut], Partly),
            (&[], Done),
        ] {
            assert_eq!(of_several(exits.iter().copied()), expected, "{exits:?}");
        }
    }

    #[test]
    fn validation_follows_its_table() {
        let tally =
            |timed_out, unreadable, invalid| Tally { valid: 1, invalid, unreadable, timed_out, crashed: 0 };
        assert_eq!(of_validation(Tally { crashed: 1, ..tally(1, 1, 1) }), Exit::Bug);
        assert_eq!(of_validation(tally(1, 1, 1)), Exit::TimedOut);
        assert_eq!(of_validation(tally(1, 0, 0)), Exit::TimedOut);
        assert_eq!(of_validation(tally(0, 2, 1)), Exit::Store);
        assert_eq!(of_validation(tally(0, 0, 3)), Exit::Found);
        assert_eq!(of_validation(tally(0, 0, 0)), Exit::Done);
    }
}
