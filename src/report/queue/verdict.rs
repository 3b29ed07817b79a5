//! The verdict on a listing, a plan or a purge.

use crate::queue::report::Totals;

/// The kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Only make the plan.
    Plan,
    /// Only check whether there are duplicates.
    Check,
    /// Deny the duplicates.
    Purge,
}

/// The verdict; the caller maps it to an exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Everything was done.
    Done,
    /// A check found duplicates.
    Found,
    /// Only a part was done.
    Partly,
    /// Nothing was done, for lack of time.
    TimedOut,
}

/// The verdict. `duplicates`: the number of denials in the plan.
///
/// | asked | duplicates | outcomes | verdict |
/// | --- | --- | --- | --- |
/// | plan | any | – | done |
/// | check | none | – | done |
/// | check | some | – | found |
/// | purge | none | – | done |
/// | purge | some | all denied or gone already, none re-requested | done |
/// | purge | some | no time for any of them | timed out |
/// | purge | some | one failed, or was skipped | partly |
/// | purge | some | one was re-requested beside the one that was kept | partly |
pub fn verdict(asked: Asked, duplicates: usize, totals: &Totals) -> Verdict {
    match asked {
        Asked::Check if duplicates > 0 => Verdict::Found,
        Asked::Plan | Asked::Check => Verdict::Done,
        Asked::Purge if duplicates == 0 => Verdict::Done,
        Asked::Purge => {
            let done = totals.denied + totals.already_gone;
            if done == 0 && totals.failed == 0 && totals.out_of_time == duplicates {
                Verdict::TimedOut
            } else if done < duplicates || totals.requeued > 0 {
                Verdict::Partly
            } else {
                Verdict::Done
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(denied: usize, already_gone: usize, failed: usize, out_of_time: usize) -> Totals {
        Totals { denied, already_gone, failed, skipped: out_of_time, out_of_time, ..Totals::default() }
    }

    #[test]
    fn only_a_plan_is_done() {
        assert_eq!(verdict(Asked::Plan, 0, &Totals::default()), Verdict::Done);
        assert_eq!(verdict(Asked::Plan, 5, &Totals::default()), Verdict::Done);
    }

    #[test]
    fn a_check_without_duplicates_is_done() {
        assert_eq!(verdict(Asked::Check, 0, &Totals::default()), Verdict::Done);
    }

    #[test]
    fn a_check_with_duplicates_finds() {
        assert_eq!(verdict(Asked::Check, 1, &Totals::default()), Verdict::Found);
    }

    #[test]
    fn a_purge_of_nothing_is_done() {
        assert_eq!(verdict(Asked::Purge, 0, &Totals::default()), Verdict::Done);
    }

    #[test]
    fn a_purge_of_everything_is_done() {
        assert_eq!(verdict(Asked::Purge, 3, &totals(1, 2, 0, 0)), Verdict::Done);
    }

    #[test]
    fn a_purge_without_time_for_anything_timed_out() {
        assert_eq!(verdict(Asked::Purge, 3, &totals(0, 0, 0, 3)), Verdict::TimedOut);
    }

    #[test]
    fn a_purge_of_some_is_partly_done() {
        assert_eq!(verdict(Asked::Purge, 3, &totals(2, 0, 1, 0)), Verdict::Partly);
        assert_eq!(verdict(Asked::Purge, 3, &totals(2, 0, 0, 1)), Verdict::Partly);
        assert_eq!(verdict(Asked::Purge, 3, &totals(0, 1, 0, 2)), Verdict::Partly);
        assert_eq!(verdict(Asked::Purge, 3, &totals(0, 0, 1, 2)), Verdict::Partly);
        let stopped = Totals { skipped: 3, ..Totals::default() };
        assert_eq!(verdict(Asked::Purge, 3, &stopped), Verdict::Partly);
    }

    #[test]
    fn a_purge_that_feeds_an_agent_is_partly_done() {
        let again = Totals { requeued: 1, ..totals(3, 0, 0, 0) };
        assert_eq!(verdict(Asked::Purge, 3, &again), Verdict::Partly);
    }
}
