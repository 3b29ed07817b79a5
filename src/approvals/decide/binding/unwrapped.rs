//! What a command starts behind every wrapper that a binding looks through, package managers included. Options that change
//! the program are checked elsewhere. Source: `unwrapArgvForMutableOperand`.

use std::borrow::Cow;

use crate::approvals::decide::packages::{self, Package};
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::remaining::Remaining;
use crate::approvals::decide::wrappers::{self, Wrapper};

/// Maximum number of nested package managers. The release has no limit; more are refused elsewhere.
const MAX_MANAGERS: usize = 64;

/// What is started in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inner<'a> {
    /// Its words.
    pub argv: Cow<'a, [String]>,
    /// The number of words before it. Negative if `env -S` made more words of fewer.
    pub offset: isize,
    /// Whether `busybox` or `toybox` was among the wrappers.
    pub is_opaque: bool,
}

/// Takes every wrapper off.
pub(super) fn unwrap(argv: &[String]) -> Inner<'_> {
    let newest = Profile::V2026_9_6;
    let mut remaining = Remaining::of(argv);
    let mut is_opaque = false;
    let mut managers = 0;
    loop {
        let current = remaining.words();
        let next = if let Wrapper::Starts { argv, .. } = wrappers::dispatch(newest, current) {
            argv
        } else if let Wrapper::Starts { argv, .. } = wrappers::multiplexer(newest, current) {
            is_opaque = true;
            argv
        } else {
            match packages::one(current) {
                Package::Starts(argv) if managers < MAX_MANAGERS => {
                    managers += 1;
                    argv
                }
                _ => break,
            }
        };
        let started = next.into();
        remaining.go_on(started);
    }
    let inner = remaining.into_words();
    Inner { offset: argv.len().cast_signed() - inner.len().cast_signed(), argv: inner, is_opaque }
}

/// Takes dispatch wrappers and `busybox` off, as the search for a shell does. Nothing is left if one hides what it starts, or
/// if there are too many.
pub(super) fn behind_dispatch(argv: &[String]) -> Cow<'_, [String]> {
    let newest = Profile::V2026_9_6;
    let mut remaining = Remaining::of(argv);
    for _ in 0..=wrappers::DEPTH {
        let current = remaining.words();
        match wrappers::dispatch_or_multiplexer(newest, current) {
            Wrapper::No => return remaining.into_words(),
            Wrapper::Blocked(_) => break,
            Wrapper::Starts { argv, .. } => {
                let started = argv.into();
                remaining.go_on(started);
            }
        }
    }
    Cow::Borrowed(&[])
}
