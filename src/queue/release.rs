//! What a gateway's release does with prompts and runs, from what the gateway says.
//!
//! Three groups of releases are in use (measured on 2026.4.14, 2026.7.1 and 2026.9.6), and the protocol number alone
//! does not distinguish them:
//!
//! | | 2026.4, early 2026.5 | 2026.5.28 to 2026.7 | from 2026.8.1 |
//! | --- | --- | --- | --- |
//! | protocol | 3 | 4 | 4 |
//! | has `approval.resolve`, `approval.history` | no | no | yes |
//! | prompts name their run | no | no | yes |
//! | an abort clears the prompts of its run | no | no | yes |
//! | a denial | starts an agent turn | answers the tool call | answers the tool call |
//! | sends every decision to every operator | yes | yes (not relied on) | no |

/// The methods that came with the releases whose prompts belong to a run.
const RESOLVE: &str = "approval.resolve";
const HISTORY: &str = "approval.history";

/// What a gateway says about itself.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The protocol that was agreed on; `None` over HTTP.
    pub protocol: Option<u64>,
    /// The methods that it offers.
    pub methods: &'a [String],
    /// Whether any of its prompts has named its run.
    pub prompt_with_run: bool,
}

/// What a release can do. Where a gateway does not say, the answer is the one that promises less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each with users of its own")]
pub struct Capabilities {
    /// Prompts name the run that asked.
    pub names_runs: bool,
    /// An abort clears the prompts of the run.
    pub abort_clears_prompts: bool,
    /// Each denial starts an agent turn, which can ask again.
    pub denial_starts_turn: bool,
    /// Operators that do not answer prompts still receive each decision as an event.
    pub sends_decisions: bool,
    /// `approval.resolve` decides exactly the prompt that it names.
    pub exact_resolve: bool,
    /// `approval.history` lists what was decided.
    pub history: bool,
}

impl Capabilities {
    /// What follows from what a gateway says.
    pub fn of(said: Said<'_>) -> Self {
        let has = |method: &str| said.methods.iter().any(|offered| offered == method);
        let exact_resolve = has(RESOLVE);
        let names_runs = exact_resolve || said.prompt_with_run;
        let earliest = said.protocol == Some(3) && !names_runs;
        Self {
            names_runs,
            abort_clears_prompts: names_runs,
            denial_starts_turn: earliest,
            sends_decisions: earliest,
            exact_resolve,
            history: has(HISTORY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(protocol: Option<u64>, methods: &[&str], prompt_with_run: bool) -> Capabilities {
        let methods: Vec<String> = methods.iter().map(|&method| method.to_owned()).collect();
        Capabilities::of(Said { protocol, methods: &methods, prompt_with_run })
    }

    #[test]
    fn three_groups_of_releases_are_told_apart() {
        let early = of(Some(3), &["exec.approval.resolve"], false);
        assert!(early.denial_starts_turn && early.sends_decisions);
        assert!(!early.names_runs && !early.abort_clears_prompts && !early.exact_resolve);
        // 2026.5.28 to 2026.7.1 speak protocol 4 and do nothing else that came with later releases.
        let middle = of(Some(4), &["exec.approval.resolve"], false);
        assert!(!middle.denial_starts_turn && !middle.sends_decisions);
        assert!(
            !middle.names_runs && !middle.abort_clears_prompts && !middle.exact_resolve && !middle.history
        );
        let current = of(Some(4), &["exec.approval.resolve", "approval.resolve", "approval.history"], false);
        assert!(
            current.names_runs && current.abort_clears_prompts && current.exact_resolve && current.history
        );
        assert!(!current.denial_starts_turn && !current.sends_decisions);
    }

    #[test]
    fn a_prompt_that_names_its_run_says_more_than_a_number() {
        assert!(of(Some(4), &[], true).names_runs);
        let odd = of(Some(3), &[], true);
        assert!(odd.names_runs && !odd.denial_starts_turn && !odd.sends_decisions);
        // Over HTTP nothing is known beforehand.
        assert!(!of(None, &[], false).denial_starts_turn);
    }
}
