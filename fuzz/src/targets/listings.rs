//! Saved listings of prompts, and the plan of `queue dedupe` for them.

use std::collections::HashSet;

use clearance::internals::queue::{
    Keep, Kept, Key, Listing, Place, Plan, Prompt, Reader, Rules, Runs, Scope, plan,
};

use super::{Target, chosen, kind, whole};

pub(super) const TARGET: Target = Target {
    name: "listings",
    run: listings,
    fixtures: &["fixtures/queue", "fixtures/prompts"],
    split: whole,
    tokens: &TOKENS,
    pairs: &[["{\"approvals\":", "}"], ["[", "]"], ["{\"a\":", "}"], ["\"", "\""], ["{\"payload\":", "}"]],
    joins: &[",", "\n", " "],
    longest: 131_072,
};

fn listings(input: &[u8]) -> u64 {
    let (choice, bytes) = chosen(input);
    let text = String::from_utf8_lossy(bytes);
    let mut listing = Listing::default();
    let mut reader = if choice & 1 == 0 { Reader::new() } else { Reader::keeping_raw() };
    let saved = match reader.saved(&text, &mut listing) {
        Ok(saved) => saved,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let shape = error.to_string().split([':', '`', '0']).next().map(str::to_owned);
            return kind((shape, listing.problems.len().min(2)));
        }
    };
    for problem in &listing.problems {
        assert!(!problem.to_string().is_empty());
    }
    for prompt in &listing.prompts {
        assert!(!prompt.id().is_empty(), "a prompt without an id");
    }
    let now_ms =
        saved.now_ms.unwrap_or_else(|| listing.prompts.first().map_or(0, |prompt| prompt.created_at_ms));
    let rules = Rules {
        scope: [Scope::Session, Scope::Agent, Scope::Run][usize::from(choice >> 1 & 3) % 3],
        keep: if choice & 8 == 0 { Keep::Oldest } else { Keep::Newest },
        ..Rules::at(now_ms)
    };
    let planned = plan(&listing.prompts, &saved.runs, rules);
    safe(&listing.prompts, &planned, &saved.runs);
    // The order of a listing does not matter.
    if choice & 16 != 0 {
        let backwards = plan(listing.prompts.iter().rev(), &saved.runs, rules);
        let denied = |plan: &Plan<'_>| -> Vec<(Key, Key)> {
            let mut denied: Vec<_> = plan
                .groups
                .iter()
                .flat_map(|group| group.denials(&rules, &saved.runs))
                .map(|denial| (denial.prompt.key.clone(), denial.survivor.key.clone()))
                .collect();
            denied.sort();
            denied
        };
        assert_eq!(denied(&planned), denied(&backwards), "the order of the listing changes the plan");
    }
    // What is read twice is read the same.
    if choice & 32 != 0 {
        let mut again = Listing::default();
        Reader::new().saved(&text, &mut again).expect("it was read before");
        let keys = |listing: &Listing| -> Vec<Key> {
            listing.prompts.iter().map(|prompt| prompt.key.clone()).collect()
        };
        assert_eq!((keys(&listing), &listing.problems), (keys(&again), &again.problems));
    }
    kind((
        listing.prompts.len().min(6),
        listing.problems.len().min(3),
        planned.groups.len().min(6),
        planned.skipped.len().min(4),
        planned.groups.iter().any(|group| group.kept == Kept::LongestLived),
        saved.partial.is_some(),
    ))
}

/// A plan denies no last prompt of a group, and nothing that is not a duplicate of what it keeps.
fn safe(prompts: &[Prompt], plan: &Plan<'_>, runs: &Runs) {
    let rules = &plan.rules;
    let mut counted = 0;
    let mut denied: HashSet<&Key> = HashSet::new();
    let mut kept: HashSet<&Key> = HashSet::new();
    for group in &plan.groups {
        counted += group.members.len();
        let survivor = group.survivor;
        assert!(
            group.members.iter().any(|member| std::ptr::eq(*member, survivor)),
            "the kept one is no member"
        );
        assert!(kept.insert(&survivor.key), "one prompt is kept twice");
        assert!(!survivor.expired(rules.now_ms), "the kept one has expired");
        let mut denials = 0;
        for denial in group.denials(rules, runs) {
            denials += 1;
            let prompt = denial.prompt;
            assert!(denied.insert(&prompt.key), "one prompt is denied twice");
            assert_eq!(denial.survivor.key, survivor.key);
            assert_ne!(prompt.key, survivor.key, "the kept one is denied");
            assert_eq!(prompt.kind(), survivor.kind(), "the kinds differ");
            assert_eq!(prompt.intent, survivor.intent, "the intents differ");
            assert_eq!(prompt.doubt.or(survivor.doubt), None, "one in doubt is a duplicate");
            assert_eq!(Place::of(prompt, rules.scope), Place::of(survivor, rules.scope), "the places differ");
            assert_eq!(prompt.agent, survivor.agent, "the agents differ");
        }
        assert_eq!(denials + 1, group.members.len(), "all but one are denied");
    }
    assert!(denied.is_disjoint(&kept), "one that is kept is denied");
    assert_eq!(counted + plan.skipped.len(), prompts.len(), "a prompt is lost");
}

/// Pieces of listings.
const TOKENS: [&str; 60] = [
    "\"approvals\":",
    "\"payload\":",
    "\"result\":",
    "\"error\":",
    "\"message\":",
    "\"nowMs\":",
    "\"createdAtMs\":",
    "\"expiresAtMs\":",
    "\"event\":\"gone\",",
    "\"event\":\"requested\",",
    "\"problems\":",
    "\"gateways\":",
    "\"gateway\":\"a\",",
    "\"partial\":\"x\",",
    "\"filtered\":",
    "\"id\":",
    "\"id\":\"a\",",
    "\"request\":{",
    "\"command\":",
    "\"commandArgv\":[",
    "\"agentId\":\"main\",",
    "\"sessionKey\":\"agent:main:main\",",
    "\"sessionKey\":\"agent:main:cron:a:run:0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a\",",
    "\"runId\":\"r\",",
    "\"runState\":\"ended\",",
    "\"runState\":\"active\",",
    "\"toolCallId\":\"t\",",
    "\"approvalKind\":\"exec\",",
    "\"approvalKind\":\"plugin\",",
    "\"approvalKind\":\"openclaw\",",
    "\"kind\":\"plugin\",",
    "\"title\":\"t\",",
    "\"summary\":\"s\",",
    "\"envKeys\":[\"A\"],",
    "\"systemRunBinding\":{",
    "\"envHash\":\"h\",",
    "\"systemRunPlan\":{",
    "\"allowedDecisions\":[\"deny\"],",
    "***",
    "abcdef…wxyz",
    "…[truncated]",
    "null",
    "true",
    "[]",
    "{}",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\n",
    "\u{feff}",
    "\\ud800",
    "\\u0000",
    "é",
    "\"",
    "\\",
    "1.0",
    "1e3",
    "-0",
];
