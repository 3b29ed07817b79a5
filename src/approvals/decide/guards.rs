//! Commands that a gateway refuses whatever the policy: answers to its own prompts, logins that wait for a terminal, texts
//! too complex to inspect, and databases of a running gateway. Source: `rejectExecApprovalShellCommand` of 2026.4.14 and
//! `exec-control-command-guard` of the later releases.

use super::host::Host;
use super::profile::Profile;
use super::question::Question;
use super::shell::{self, Explanation, Unparsed};
use super::words::trim;

mod approve;
mod login;
mod payloads;
mod prefixes;
mod sqlite;

const APPROVE: &str = "exec cannot run /approve commands. Show the /approve command to the user as chat text, or route it \
                       through the approval command handler instead of shell execution.";
const LOGIN: &str = "exec cannot run interactive OpenClaw channel login commands. Run `openclaw channels login` in a \
                     terminal on the gateway host, or use the channel-specific login agent tool when available (for \
                     WhatsApp: `whatsapp_login`).";
const TOO_COMPLEX: &str = "exec cannot run a shell command that exceeds the command explanation work limit. Simplify the \
                           command so its complete syntax can be inspected before execution.";
const SQLITE: &str = "external sqlite3 cannot open databases under the active OpenClaw state directory. Use OpenClaw \
                      commands for live state, or inspect a private backup copy outside `OPENCLAW_STATE_DIR`.";

/// Why a gateway refuses the command, wherever it is to run.
pub(super) fn refusal(question: &Question<'_>, profile: Profile) -> Option<&'static str> {
    let command = trim(question.command);
    if !profile.parses_bash() {
        return prefixes::candidates(command).iter().any(|text| approve::is_answer(text)).then_some(APPROVE);
    }
    let explanation = shell::explain(command, profile);
    if profile >= Profile::V2026_9_6 && explanation == Err(Unparsed::TooComplex) {
        return Some(TOO_COMPLEX);
    }
    let explanation = explanation.ok().filter(|found| is_whole(found));
    let candidates = payloads::candidates(command, profile, explanation.as_deref());
    candidates.iter().find_map(|argv| {
        if approve::can_begin(argv) && approve::is_answer(&argv.join(" ")) {
            Some(APPROVE)
        } else {
            login::is_login(argv).then_some(LOGIN)
        }
    })
}

/// Why 2026.9.6 refuses the command in this directory: it opens a database of the running gateway.
pub(super) fn state_refusal(
    question: &Question<'_>,
    profile: Profile,
    host: &dyn Host,
) -> Option<&'static str> {
    let state = question.state_directory.map(trim).filter(|state| !state.is_empty())?;
    let opens_state = |argv: &[String]| sqlite::opens_state(argv, state, question, host);
    any_database(question, profile, opens_state).then_some(SQLITE)
}

/// Whether the decision of a release depends on the gateway's state directory: the command opens a database.
pub fn depends_on_state_directory(question: &Question<'_>, profile: Profile) -> bool {
    any_database(question, profile, sqlite::opens_database)
}

/// Whether 2026.9.6 inspects a command of `sqlite3` inside this one for which something holds.
fn any_database(question: &Question<'_>, profile: Profile, holds: impl Fn(&[String]) -> bool) -> bool {
    if profile < Profile::V2026_9_6 || !question.command.contains("sqlite3") {
        return false;
    }
    let command = trim(question.command);
    let explanation = shell::explain(command, profile).ok().filter(|found| is_whole(found));
    let candidates = payloads::candidates(command, profile, explanation.as_deref());
    candidates.iter().any(|argv| holds(argv))
}

/// Whether the grammar fits the text; otherwise its lines are looked at.
fn is_whole(explanation: &Explanation) -> bool {
    !explanation.has_error
}

#[cfg(test)]
mod tests;
