//! Denying the duplicates of groups that were shown: by the plan and the slots of `queue dedupe`.

use std::collections::{HashMap, HashSet};

use super::super::dedupe::{Request, purge};
use super::super::purge::Stop;
use super::super::{Pending, Queue};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::queue::filter::Filter;
use crate::queue::plan::MARGIN_MS;
use crate::queue::report::{Entry, Outcome, SkipReason};
use crate::queue::{Keep, Key, Prompt, Scope};
use crate::report::queue::Asked;

/// A group as it was shown.
#[derive(Debug)]
pub(super) struct Shown<'o> {
    /// The prompt that is kept.
    pub(super) kept: &'o Prompt,
    /// The prompts that are denied.
    pub(super) duplicates: Vec<&'o Prompt>,
}

/// Denies the duplicates of groups, and nothing else. A group is skipped if its plan is not the one that was shown any
/// more.
pub(super) async fn purge_shown(
    queue: &mut Queue,
    shown: &[Shown<'_>],
    scope: Scope,
    deadline: Deadline,
) -> Result<Vec<Entry>, Error> {
    let before = queue.list().await?;
    let _alone = queue.connection.alone().await?;
    let all = shown.iter().flat_map(|group| std::iter::once(&group.kept).chain(&group.duplicates));
    let mut request = request(scope, all.map(|prompt| prompt.key.clone()).collect());
    let (current, mut entries) = current(&request, &before, shown);
    request.among = Some(current);
    let mut stop = Stop::listening();
    let (round, _after) = purge(&request, queue, &before, deadline, &mut stop, &mut |_| {}).await?;
    entries.extend(round.entries);
    Ok(entries)
}

fn request(scope: Scope, among: HashSet<Key>) -> Request {
    Request {
        filter: Filter::default(),
        scope,
        keep: Keep::Oldest,
        margin_ms: MARGIN_MS,
        asked: Asked::Purge,
        settle: None,
        rounds: 1,
        among: Some(among),
    }
}

/// The prompts of the groups whose plan is still the one that was shown, and the outcomes of the other prompts: those
/// that are gone, and those of groups that are planned in another way now.
fn current(request: &Request, before: &Pending, shown: &[Shown<'_>]) -> (HashSet<Key>, Vec<Entry>) {
    let plan = request.plan(before);
    let listed: HashMap<&Key, &Prompt> =
        before.listing.prompts.iter().map(|prompt| (&prompt.key, prompt)).collect();
    let kept: HashMap<&Key, &Key> = plan
        .groups
        .iter()
        .flat_map(|group| group.members.iter().map(|member| (&member.key, &group.survivor.key)))
        .collect();
    let (mut among, mut entries) = (HashSet::new(), Vec::new());
    for Shown { kept: survivor, duplicates } in shown {
        let same = |prompt: &Prompt| listed.get(&prompt.key).is_some_and(|listed| **listed == *prompt);
        let keeps = same(survivor) && kept.get(&survivor.key).is_some_and(|kept| **kept == survivor.key);
        if keeps {
            among.insert(survivor.key.clone());
        }
        for prompt in duplicates {
            let key = prompt.key.clone();
            let planned = same(prompt) && kept.get(&key).is_some_and(|kept| **kept == survivor.key);
            if keeps && planned {
                among.insert(key);
                continue;
            }
            let gone = !listed.contains_key(&key) && !before.unread.contains(&key);
            let outcome = if gone { Outcome::AlreadyGone } else { Outcome::Skipped(SkipReason::Replanned) };
            entries.push(Entry { key, survivor: survivor.key.clone(), outcome });
        }
    }
    (among, entries)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::{Kind, Reader};

    fn prompt(id: &str, created_ms: u64, expires_ms: u64) -> Prompt {
        let row = serde_json::json!({
            "id": id, "createdAtMs": created_ms, "expiresAtMs": expires_ms,
            "request": { "command": "ls", "host": "gateway", "agentId": "main", "sessionKey": "agent:main:lab" },
        });
        Reader::keeping_raw().text(Kind::Exec, &row.to_string()).unwrap()
    }

    fn planned(now: Vec<Prompt>, shown: &[Prompt]) -> (Vec<String>, Vec<(String, Outcome)>) {
        let request = request(Scope::Session, shown.iter().map(|prompt| prompt.key.clone()).collect());
        let mut before = Pending { at_ms: 100, ..Pending::default() };
        before.listing.prompts = now;
        let shown = Shown { kept: &shown[0], duplicates: shown[1..].iter().collect() };
        let (among, entries) = current(&request, &before, &[shown]);
        let mut among: Vec<String> = among.iter().map(|key| key.id.to_string()).collect();
        among.sort();
        (among, entries.into_iter().map(|entry| (entry.key.id.to_string(), entry.outcome)).collect())
    }

    #[test]
    fn only_the_plan_that_was_shown_is_carried_out() {
        let long = 10_000_000;
        let (a, b, c) = (prompt("a", 1, long), prompt("b", 2, long), prompt("c", 3, long));
        let shown = [a.clone(), b.clone()];
        // A prompt that arrived since is neither kept nor denied.
        let older = prompt("0", 0, long);
        let (among, entries) = planned(vec![older, a.clone(), b.clone(), c.clone()], &shown);
        assert_eq!((among, entries), (vec!["a".to_owned(), "b".to_owned()], Vec::new()));
        // The kept prompt is gone, is about to expire, or is another one.
        for now in [
            vec![b.clone(), c.clone()],
            vec![prompt("a", 1, 200), b.clone()],
            vec![prompt("a", 9, long), b.clone()],
        ] {
            let (among, entries) = planned(now, &shown);
            assert!(!among.contains(&"b".to_owned()));
            assert_eq!(entries, [("b".to_owned(), Outcome::Skipped(SkipReason::Replanned))]);
        }
        let (among, entries) = planned(vec![a.clone()], &shown);
        assert_eq!((among, entries), (vec!["a".to_owned()], vec![("b".to_owned(), Outcome::AlreadyGone)]));
    }
}
