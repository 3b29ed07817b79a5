//! Every command that a text would start, as the guards of 2026.6.11 and 2026.9.6 see them: through assignments, carriers
//! such as `sudo`, and the command of `sh -c`. Source: `buildCommandPayloadArgvCandidates`.

use crate::approvals::decide::carriers;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::shell::Explanation;
use crate::approvals::decide::shells;
use crate::approvals::decide::splitter;
use crate::approvals::decide::words::trim;

/// Maximum number of nested commands that are examined. The releases have no limit, but fail at some thousands.
const MAX_LAYERS: usize = 64;

/// The commands of a text: those of its tree, or those of its lines if the grammar does not fit.
pub(super) fn candidates(
    text: &str,
    profile: Profile,
    explanation: Option<&Explanation>,
) -> Vec<Vec<String>> {
    let mut candidates = Vec::new();
    match explanation {
        Some(explanation) => {
            for step in &explanation.steps {
                add(step.argv.clone(), profile, &mut candidates);
            }
        }
        None => {
            for line in text.split('\n').map(trim).filter(|line| !line.is_empty()) {
                match splitter::words(line) {
                    Some(argv) => add(argv, profile, &mut candidates),
                    None => candidates.push(vec![line.to_owned()]),
                }
            }
        }
    }
    candidates
}

/// Adds a command and the commands inside it.
fn add(argv: Vec<String>, profile: Profile, candidates: &mut Vec<Vec<String>>) {
    let mut waiting = vec![argv];
    for _ in 0..MAX_LAYERS {
        let Some(argv) = waiting.pop() else { return };
        let start = argv.iter().position(|word| !carriers::is_assignment(word)).unwrap_or(argv.len());
        let stripped = argv.get(start..).unwrap_or_default();
        let carried = carriers::carried(stripped, true);
        let executable = carried.as_deref().unwrap_or(stripped);
        if let Some(payload) = shells::payload(profile, executable) {
            waiting.push(splitter::words(&payload).unwrap_or_else(|| vec![payload]));
        }
        if carried.is_some() {
            waiting.push(executable.to_vec());
        }
        if !executable.is_empty() {
            candidates.push(executable.to_vec());
        }
    }
}
