//! What a command starts behind every wrapper that a binding looks through, package managers included. Options that change
//! the program are checked elsewhere. Source: `unwrapArgvForMutableOperand`.

use std::borrow::Cow;

use crate::approvals::decide::packages::{self, Package};
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::wrappers::{self, Wrapper};

/// Maximum number of nested package managers. The release has no limit; more are refused elsewhere.
const MAX_MANAGERS: usize = 64;

/// What is started in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Inner {
    /// Its words.
    pub argv: Vec<String>,
    /// The number of words before it. Negative if `env -S` made more words of fewer.
    pub offset: isize,
    /// Whether `busybox` or `toybox` was among the wrappers.
    pub is_opaque: bool,
}

/// Takes every wrapper off.
pub(super) fn unwrap(argv: &[String]) -> Inner {
    let newest = Profile::V2026_9_6;
    let mut inner = argv.to_vec();
    let mut start = 0;
    let mut is_opaque = false;
    let mut managers = 0;
    loop {
        let current = inner.get(start..).unwrap_or_default();
        let next = if let Wrapper::Starts { argv, .. } = wrappers::dispatch(newest, current) {
            argv
        } else if let Wrapper::Starts { argv, .. } = wrappers::multiplexer(newest, current) {
            is_opaque = true;
            argv
        } else {
            match packages::one(current) {
                Package::Starts(argv) if managers < MAX_MANAGERS => {
                    managers += 1;
                    Cow::Owned(argv)
                }
                _ => break,
            }
        };
        match next {
            // What is taken over without a change is the end of the same words.
            Cow::Borrowed(rest) => start = inner.len() - rest.len(),
            Cow::Owned(rest) => (inner, start) = (rest, 0),
        }
    }
    let inner = inner.split_off(start.min(inner.len()));
    Inner { offset: argv.len().cast_signed() - inner.len().cast_signed(), argv: inner, is_opaque }
}

/// Takes dispatch wrappers and `busybox` off, as the search for a shell does.
pub(super) fn behind_dispatch(argv: &[String]) -> Vec<String> {
    let newest = Profile::V2026_9_6;
    let mut current = argv.to_vec();
    for _ in 0..=wrappers::DEPTH {
        let next = match wrappers::dispatch(newest, &current) {
            Wrapper::Starts { argv, .. } => argv.into_owned(),
            Wrapper::Blocked(_) => return Vec::new(),
            Wrapper::No => match wrappers::multiplexer(newest, &current) {
                Wrapper::Starts { argv, .. } => argv.into_owned(),
                Wrapper::Blocked(_) => return Vec::new(),
                Wrapper::No => return current,
            },
        };
        current = next;
    }
    Vec::new()
}
