//! Every command that a text would start, as the guards of 2026.6.11 and 2026.9.6 see them: through assignments, carriers
//! such as `sudo`, and the command of `sh -c`. Source: `buildCommandPayloadArgvCandidates`.

use std::borrow::Cow;

use crate::approvals::decide::carriers;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::shell::Explanation;
use crate::approvals::decide::shells;
use crate::approvals::decide::splitter;
use crate::approvals::decide::words::trim;

/// Maximum number of nested commands that are examined. The releases have no limit, but fail at some thousands.
const MAX_LAYERS: usize = 64;

/// The commands of a text: those of its tree, or those of its lines if the grammar does not fit.
pub(super) fn candidates<'c>(
    text: &str,
    profile: Profile,
    explanation: Option<&'c Explanation>,
) -> Vec<Cow<'c, [String]>> {
    let mut candidates = Vec::new();
    match explanation {
        Some(explanation) => {
            candidates.reserve(explanation.steps.len());
            for step in &explanation.steps {
                // Most start nothing further.
                match executable(&step.argv) {
                    (argv, false) if argv.len() == step.argv.len() && !step.has_payload => {
                        candidates.push(argv);
                    }
                    _ => add(Cow::Borrowed(&step.argv), profile, &mut candidates),
                }
            }
        }
        None => {
            for line in text.split('\n').map(trim).filter(|line| !line.is_empty()) {
                match splitter::words(line) {
                    Some(argv) => add(Cow::Owned(argv), profile, &mut candidates),
                    None => candidates.push(Cow::Owned(vec![line.to_owned()])),
                }
            }
        }
    }
    candidates
}

/// Adds a command and the commands inside it.
fn add<'c>(argv: Cow<'c, [String]>, profile: Profile, candidates: &mut Vec<Cow<'c, [String]>>) {
    let mut waiting = Vec::new();
    let mut next = Some(argv);
    for _ in 0..MAX_LAYERS {
        let Some(argv) = next else { return };
        let (executable, is_carried) = match argv {
            Cow::Borrowed(argv) => executable(argv),
            Cow::Owned(argv) => {
                let (executable, is_carried) = executable(&argv);
                (Cow::Owned(executable.into_owned()), is_carried)
            }
        };
        if let Some(payload) = shells::payload(profile, &executable) {
            waiting.push(Cow::Owned(splitter::words(&payload).unwrap_or_else(|| vec![payload])));
        }
        if is_carried {
            waiting.push(executable.clone());
        }
        if !executable.is_empty() {
            candidates.push(executable);
        }
        next = waiting.pop();
    }
}

/// What a command starts after assignments and a carrier, and whether there is a carrier.
fn executable(argv: &[String]) -> (Cow<'_, [String]>, bool) {
    let start = argv.iter().position(|word| !carriers::is_assignment(word)).unwrap_or(argv.len());
    let stripped = argv.get(start..).unwrap_or_default();
    match carriers::carried(stripped, true) {
        Some(carried) => (carried, true),
        None => (Cow::Borrowed(stripped), false),
    }
}
