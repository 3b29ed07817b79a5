//! The capabilities of a gateway's release, from the data that the gateway sends when a connection is made.
//!
//! Three groups of releases are in use (measured on 2026.4.14, 2026.7.1 and 2026.9.6), and the protocol number alone
//! does not distinguish them:
//!
//! | | 2026.4, early 2026.5 | 2026.5.28 to 2026.7 | from 2026.8.1 |
//! | --- | --- | --- | --- |
//! | protocol | 3 | 4 | 4 |
//! | has `approval.resolve`, `approval.history`, `exec.approval.grants.list` | no | no | yes |
//! | prompts name their run | no | no | yes |
//! | an abort clears the prompts of its run | no | no | yes |
//! | a denial | starts an agent turn | answers the tool call | answers the tool call |
//! | sends every decision to every operator | yes | yes (not used) | no |

use super::api::Method;
use super::api::connect::Hello;
use crate::queue::Kind;

/// The capabilities of a release. A capability that the gateway does not report is assumed to be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each used on its own")]
pub struct Capabilities {
    /// It speaks protocol 3. This alone decides when prompts may be denied: every process must come to the same answer,
    /// whatever prompts it has seen.
    pub legacy_protocol: bool,
    /// Prompts name the run that asked.
    pub names_runs: bool,
    /// An abort clears the prompts of the run.
    pub abort_clears_prompts: bool,
    /// Each denial starts an agent turn, which can ask again.
    pub denial_starts_turn: bool,
    /// Operators that do not answer prompts still receive each decision as an event.
    pub sends_decisions: bool,
    /// `approval.resolve` decides exactly the prompt that it names. Otherwise ids are matched by their beginning.
    pub exact_resolve: bool,
    /// `approval.get` finds prompts that are decided.
    pub finds_decided: bool,
    /// `chat.history` can name the active run of a session.
    pub names_run_in_flight: bool,
    /// `approval.history` lists what was decided.
    pub history: bool,
    /// `exec.approval.grants.list` lists the commands that cron jobs may run without a prompt.
    pub grants: bool,
    /// Whether prompts of each kind can be listed, in the order of [`Kind::ALL`].
    lists: [bool; 3],
}

impl Capabilities {
    /// Derives the capabilities from the gateway's data. `hello`: `None` over HTTP, where nothing is known in advance.
    /// `prompt_with_run`: whether any of its prompts has named its run.
    pub fn of(hello: Option<&Hello>, prompt_with_run: bool) -> Self {
        let has = |method: Method| {
            hello.is_some_and(|hello| hello.features.methods.iter().any(|listed| listed == method.as_str()))
        };
        let exact_resolve = has(Method::ApprovalResolve);
        let names_runs = exact_resolve || prompt_with_run;
        let legacy_protocol = hello.is_some_and(|hello| hello.protocol == 3);
        let earliest = legacy_protocol && !names_runs;
        Self {
            legacy_protocol,
            names_runs,
            abort_clears_prompts: names_runs,
            denial_starts_turn: earliest,
            sends_decisions: earliest,
            exact_resolve,
            finds_decided: has(Method::ApprovalGet),
            names_run_in_flight: has(Method::ChatHistory),
            history: has(Method::ApprovalHistory),
            grants: has(Method::ExecApprovalGrantsList),
            // Omitting a list would be worse than requesting one that the gateway refuses.
            lists: Kind::ALL.map(|kind| hello.is_none() || has(Method::list(kind))),
        }
    }

    /// The kinds of prompts that can be listed.
    pub fn listed_kinds(&self) -> impl Iterator<Item = Kind> {
        Kind::ALL.into_iter().zip(self.lists).filter_map(|(kind, listed)| listed.then_some(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::connect::Features;
    use super::*;

    fn of(protocol: u64, methods: &[&str], prompt_with_run: bool) -> Capabilities {
        let methods = methods.iter().map(|&method| method.to_owned()).collect();
        let hello = Hello { protocol, features: Features { methods }, ..Hello::default() };
        Capabilities::of(Some(&hello), prompt_with_run)
    }

    #[test]
    fn three_groups_of_releases_are_distinguished() {
        let early = of(3, &["exec.approval.list", "exec.approval.resolve"], false);
        assert!(early.legacy_protocol && early.denial_starts_turn && early.sends_decisions);
        assert!(!early.names_runs && !early.abort_clears_prompts && !early.exact_resolve);
        assert_eq!(early.listed_kinds().collect::<Vec<_>>(), [Kind::Exec]);
        // 2026.5.28 to 2026.7.1 speak protocol 4 and have no other capability of later releases.
        let middle = of(4, &["exec.approval.list", "plugin.approval.list", "exec.approval.resolve"], false);
        assert!(!middle.legacy_protocol && !middle.denial_starts_turn && !middle.sends_decisions);
        assert!(!middle.names_runs && !middle.abort_clears_prompts && !middle.exact_resolve);
        assert!(!middle.finds_decided && !middle.history && !middle.grants);
        assert_eq!(middle.listed_kinds().collect::<Vec<_>>(), [Kind::Exec, Kind::Plugin]);
        let current = of(
            4,
            &[
                "exec.approval.resolve",
                "approval.get",
                "approval.resolve",
                "approval.history",
                "exec.approval.grants.list",
            ],
            false,
        );
        assert!(current.names_runs && current.abort_clears_prompts && current.exact_resolve);
        assert!(current.finds_decided && current.history && current.grants);
        assert!(!current.denial_starts_turn && !current.sends_decisions);
    }

    #[test]
    fn a_prompt_that_names_its_run_overrides_the_protocol_number() {
        assert!(of(4, &[], true).names_runs);
        let odd = of(3, &[], true);
        assert!(odd.names_runs && !odd.denial_starts_turn && !odd.sends_decisions);
        assert!(odd.legacy_protocol);
    }

    #[test]
    fn over_http_no_capability_is_assumed_and_every_list_is_tried() {
        let unknown = Capabilities::of(None, false);
        assert!(!unknown.denial_starts_turn && !unknown.exact_resolve && !unknown.history);
        assert_eq!(unknown.listed_kinds().collect::<Vec<_>>(), Kind::ALL);
    }
}
