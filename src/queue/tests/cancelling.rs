//! Selecting a run, selecting its prompts, and the rows of runs.

use std::collections::HashSet;

use serde_json::json;

use super::super::cancel::{Aim, CancelError, Known, Which, emptied, rows, shared, unnamed};
use super::super::{Intent, Prompt, RunState, Runs};
use super::{NOW, prompt};

const MAIN: &str = "agent:main:main";
const OTHER: &str = "agent:main:other";

fn by(id: &str, run: Option<&str>, session: &str) -> Prompt {
    prompt(id, "ls", |row| {
        row["request"]["runId"] = json!(run);
        row["request"]["sessionKey"] = session.into();
    })
}

/// Two sessions: these runs are active in the first, named or not; nothing is active in the second.
fn runs(active: &[&str], named: bool) -> Runs {
    let mut row = json!({ "key": MAIN, "hasActiveRun": !active.is_empty() });
    if named {
        row["activeRunIds"] = json!(active);
    }
    let mut runs = Runs::new();
    assert!(runs.listed(&json!({ "sessions": [row, { "key": OTHER, "hasActiveRun": false }] }), NOW + 1));
    runs
}

fn aim(prompts: &[Prompt], runs: &Runs, names_runs: bool, which: Which) -> Result<Aim, CancelError> {
    let sessions = [MAIN.to_owned(), OTHER.to_owned()];
    Known { prompts, runs, sessions: &sessions, complete: true, names_runs }.aim(which)
}

#[test]
fn a_run_is_its_id_or_a_start_that_no_other_run_has() {
    let prompts =
        [by("a", Some("run-1"), MAIN), by("b", Some("run-10"), OTHER), by("c", Some("walk"), OTHER)];
    let runs = runs(&["run-1", "jump"], true);
    let found = |text: &str| aim(&prompts, &runs, true, Which::Run(text.to_owned()));
    for (text, run) in [("run-1", "run-1"), ("run-10", "run-10"), ("w", "walk"), ("ju", "jump")] {
        assert_eq!(found(text).unwrap().which, Which::Run(run.to_owned()), "{text}");
    }
    assert!(
        matches!(found("run"), Err(CancelError::AmbiguousRun { matches, .. }) if matches == ["run-1", "run-10"])
    );
    for text in ["", "x", "walks", "RUN-1"] {
        assert_eq!(found(text), Err(CancelError::UnknownRun(text.to_owned())));
    }
    let session = |key: &str| aim(&prompts, &runs, true, Which::Session(key.to_owned()));
    assert!(session(OTHER).unwrap().sure);
    assert_eq!(session("agent:main:oth"), Err(CancelError::UnknownSession("agent:main:oth".to_owned())));
}

#[test]
fn what_nothing_names_is_left_to_the_gateway() {
    // An unnamed run is active in that session: it may be this one.
    let aim = aim(&[], &runs(&["run-1"], false), true, Which::Run("run-1".to_owned())).unwrap();
    assert!(!aim.sure && !aim.is_idle(&runs(&["run-1"], false)));
}

#[test]
fn prompts_without_a_run_are_attributed_to_the_only_one_of_their_session() {
    let prompts = [by("a", None, MAIN), by("b", None, OTHER)];
    let alone = runs(&["run-1"], true);
    let found = aim(&prompts, &alone, false, Which::Run("run-1".to_owned())).unwrap();
    assert_eq!(found.attributed.as_deref(), Some(MAIN));
    assert!(found.holds(&prompts[0], &alone) && !found.holds(&prompts[1], &alone));
    let two = runs(&["run-1", "run-2"], true);
    let refused = aim(&prompts, &two, false, Which::Run("run-1".to_owned()));
    let expected = CancelError::RunWithoutSession { run: "run-1".to_owned(), session: Some(MAIN.to_owned()) };
    assert_eq!(refused, Err(expected));
    assert_eq!(aim(&prompts, &alone, false, Which::Superseded), Err(CancelError::RunsNotNamed));
    // Without pending prompts, no superseded run holds any.
    assert!(aim(&[], &alone, false, Which::Superseded).unwrap().is_idle(&alone));
}

#[test]
fn a_run_has_one_row() {
    let sessions = [MAIN.to_owned(), OTHER.to_owned()];
    let shown =
        |prompts: &[Prompt], runs: &Runs, names_runs: bool| -> Vec<(Option<String>, RunState, usize)> {
            let rows = rows(prompts, runs, &sessions, names_runs);
            rows.into_iter().map(|row| (row.run, row.state, row.holds.len())).collect()
        };
    let run = || Some("run-1".to_owned());
    let held = [by("a", Some("run-1"), MAIN), by("b", Some("run-1"), MAIN)];
    assert_eq!(shown(&held, &runs(&["run-1"], true), true), [(run(), RunState::Active, 2)]);
    // Not named by the list: still one row, and with `chat.history` the run is known to be active.
    let mut listed = runs(&["run-1"], false);
    assert_eq!(unnamed(&held, &listed, &sessions), [MAIN]);
    assert_eq!(shown(&held, &listed, true), [(run(), RunState::Unknown, 2)]);
    listed.in_flight(MAIN, "run-1", NOW + 2);
    assert_eq!(shown(&held, &listed, true), [(run(), RunState::Active, 2)]);
    assert_eq!(unnamed(&held, &listed, &sessions), [""; 0]);
    // The active run is not named, and holds no prompts.
    let nameless = runs(&["run-1"], false);
    assert_eq!(shown(&[], &nameless, true), [(None, RunState::Active, 0)]);
    assert_eq!(rows(&[], &nameless, &sessions, true)[0].agent.as_deref(), Some("main"));
    // Prompts that do not name their run, as up to 2026.7: with the only run of their session.
    let bare = [by("a", None, MAIN)];
    assert_eq!(shown(&bare, &runs(&["run-1"], true), false), [(run(), RunState::Active, 1)]);
    assert_eq!(shown(&bare, &runs(&["run-1", "run-2"], true), false).len(), 3);
    assert_eq!(shown(&bare, &runs(&[], true), false), [(None, RunState::Unknown, 1)]);
}

/// Comparing each row with all others would take minutes.
#[test]
fn many_sessions_are_listed_in_one_pass() {
    let sessions: Vec<String> = (0..100_000).map(|n| format!("agent:main:{n}")).collect();
    let listed: Vec<_> = sessions.iter().map(|key| json!({ "key": key, "hasActiveRun": true })).collect();
    let mut runs = Runs::new();
    assert!(runs.listed(&json!({ "sessions": listed }), NOW + 1));
    let holding = by("a", Some("run-1"), "agent:main:7");
    let rows = rows(&[holding], &runs, &sessions, true);
    assert_eq!(rows.len(), sessions.len(), "the prompt's run may be the one of its session");
}

/// A group with prompts of other runs that is empty afterwards is reported.
#[test]
fn a_group_that_is_empty_afterwards_is_reported() {
    let with = |id: &str, command: &str| prompt(id, command, |_| {});
    let pending = [with("a", "ls 1"), with("b", "ls 1"), with("c", "ls 2"), with("d", "ls 1")];
    let going = [pending[0].clone(), pending[2].clone(), pending[3].clone()];
    let shared = shared(&going, &pending);
    assert_eq!(shared.iter().map(Prompt::id).collect::<Vec<_>>(), ["a"]);
    let left = |later: &[Prompt]| later.iter().map(|prompt| prompt.intent).collect::<HashSet<Intent>>();
    let empty = |later: &[Prompt]| emptied(&shared, &left(later)).len();
    assert_eq!((empty(&pending[1..2]), empty(&[]), empty(&pending[2..3])), (0, 1, 1));
}
