//! Sessions of cron jobs, and duplicates in wider scopes.

use proptest::prelude::*;

use super::super::scope::{Alone, Place, session_of};
use super::super::wider::Wider;
use super::super::{Kind, Prompt, Rules, Runs, Scope, plan};
use super::{NOW, prompt, with};

const JOB: &str = "agent:main:cron:68b7b9f7-cec3-45d9-95ca-7a47e289f73f";
const RUN: &str = "72fd0469-8d35-4634-ba6e-d0d9b0c17ec6";

fn asked(id: &str, session: &str) -> Prompt {
    prompt(id, "uptime", |row| row["request"]["sessionKey"] = session.into())
}

fn duplicates(sessions: &[&str], scope: Scope) -> usize {
    let prompts: Vec<Prompt> =
        sessions.iter().enumerate().map(|(at, session)| asked(&at.to_string(), session)).collect();
    plan(&prompts, &Runs::new(), Rules { scope, ..Rules::at(NOW) }).duplicates()
}

#[test]
fn the_runs_of_a_job_are_one_session() {
    let run = |last: char| format!("{JOB}:run:72fd0469-8d35-4634-ba6e-d0d9b0c17ec{last}");
    let (one, two, three) = (run('1'), run('2'), run('3'));
    for key in [&one, &two, &three] {
        assert_eq!(session_of(key), JOB);
    }
    // A prompt in the job's own session belongs to that session.
    assert_eq!(duplicates(&[&one, &two, &three, JOB], Scope::Session), 3);
    let other = "agent:main:cron:00000000-cec3-45d9-95ca-7a47e289f73f";
    assert_eq!(duplicates(&[&one, &format!("{other}:run:{RUN}")], Scope::Session), 0);
    assert_eq!(duplicates(&[&one, &format!("{other}:run:{RUN}")], Scope::Agent), 1);
    // A job may have a name instead of an id.
    assert_eq!(
        session_of(&format!("agent:ops_1:cron:nightly.backup:run:{RUN}")),
        "agent:ops_1:cron:nightly.backup"
    );
}

#[test]
fn what_merely_looks_like_a_run_is_a_session_of_its_own() {
    let long = "a".repeat(65);
    for key in [
        "x:cron:y:run:z:more".to_owned(),
        JOB.to_owned(),
        format!("{JOB}:run:"),
        format!("{JOB}:run:5"),
        format!("{JOB}:run:{RUN}:more"),
        format!("{JOB}:run:{RUN}:run:{RUN}"),
        format!("{JOB}:run:{}", RUN.to_uppercase()),
        format!("{JOB}:RUN:{RUN}"),
        format!("{JOB}:run:{RUN} "),
        format!(" {JOB}:run:{RUN}"),
        format!("{JOB}:run:72fd04698d354634ba6ed0d9b0c17ec60000"),
        format!("{JOB}:run:72fd0469-8d35-4634-ba6e-d0d9b0c17eg6"),
        format!("{}:run:{RUN}", JOB.to_uppercase()),
        format!("agent:main:cron::run:{RUN}"),
        format!("agent:main:cron:a:b:run:{RUN}"),
        format!("agent:main:cron:Nightly:run:{RUN}"),
        format!("agent:main:cron:a b:run:{RUN}"),
        format!("agent:main:cron:a\u{200b}:run:{RUN}"),
        format!("agent::cron:job:run:{RUN}"),
        format!("agent:Main:cron:job:run:{RUN}"),
        format!("agent:ma/in:cron:job:run:{RUN}"),
        format!("agent:{long}:cron:job:run:{RUN}"),
        format!("agent:main:main:cron:job:run:{RUN}"),
        format!("agent:main:telegram:job:run:{RUN}"),
        format!("agent:main:subagent:job:run:{RUN}"),
        format!("cron:job:run:{RUN}"),
        format!("\u{e9}{JOB}:run:{RUN}"),
        format!("{JOB}:run:\u{e9}{}", &RUN[2..]),
        String::new(),
    ] {
        assert_eq!(session_of(&key), key);
        let other = key.replace(&RUN[..8], "00000000");
        if other != key {
            assert_eq!(duplicates(&[&key, &other], Scope::Session), 0, "{key}");
        }
    }
}

#[test]
fn subagents_are_sessions_of_their_own() {
    let keys =
        [format!("agent:main:subagent:{RUN}"), format!("agent:main:subagent:{}", RUN.replace('7', "8"))];
    let keys: Vec<&str> = keys.iter().map(String::as_str).chain(["agent:main:main"]).collect();
    assert_eq!(duplicates(&keys, Scope::Session), 0);
    assert_eq!(duplicates(&keys, Scope::Agent), 2);
}

#[test]
fn a_wider_scope_is_counted() {
    let ask = |id: &str, command: &str, session: &str, run: &str| {
        prompt(id, command, |row| {
            row["request"]["sessionKey"] = session.into();
            row["request"]["runId"] = run.into();
        })
    };
    let prompts = [
        ask("a", "ls", "s1", "r1"),
        ask("b", "ls", "s1", "r2"),
        ask("c", "ls", "s2", "r3"),
        ask("d", "ls", "s3", "r4"),
        ask("e", "ps", "s1", "r1"),
        ask("f", "ps", "s1", "r2"),
        // Never grouped with others, in any scope.
        ask("g", "echo …", "s1", "r1"),
        ask("h", "echo …", "s2", "r2"),
    ];
    let wider = |prompts: &[Prompt], scope| {
        plan(prompts, &Runs::new(), Rules { scope, ..Rules::at(NOW) }).beside().wider
    };
    assert_eq!(wider(&prompts, Scope::Session), Some(Wider { scope: Scope::Agent, duplicates: 2 }));
    assert_eq!(wider(&prompts, Scope::Run), Some(Wider { scope: Scope::Agent, duplicates: 4 }));
    // The narrowest scope that finds as many.
    assert_eq!(wider(&prompts[4..6], Scope::Run), Some(Wider { scope: Scope::Session, duplicates: 1 }));
    assert_eq!(wider(&prompts, Scope::Agent), None);
    assert_eq!(wider(&prompts[4..6], Scope::Session), None);
}

#[test]
fn a_plugin_s_call_says_why_it_has_no_duplicate() {
    let call = |id: &str| with(Kind::Plugin, "toolCallId", &id.into());
    for scope in [Scope::Session, Scope::Agent] {
        assert_eq!(Place::why_alone(&call("c1"), scope), Some(Alone::Call));
    }
    assert_eq!(Place::why_alone(&with(Kind::Plugin, "toolCallId", &().into()), Scope::Session), None);
    assert_eq!(Place::why_alone(&with(Kind::Exec, "toolCallId", &"c1".into()), Scope::Session), None);
    assert_eq!(Place::why_alone(&call("c1"), Scope::Run), Some(Alone::NoRun));
    // A retry is another call; one call that is listed twice is one.
    let [mut one, mut retry, mut again] = [call("c1"), call("c2"), call("c1")];
    (one.key.id, retry.key.id, again.key.id) = ("a".into(), "b".into(), "c".into());
    let prompts = [one, retry, again];
    let plan = plan(&prompts, &Runs::new(), Rules::at(NOW));
    assert_eq!(
        (plan.duplicates(), plan.beside().alone.into_iter().collect::<Vec<_>>()),
        (1, vec![(Alone::Call, 1)])
    );
}

proptest! {
    /// A wider scope finds the duplicates of the note, and never splits a group.
    #[test]
    fn what_a_wider_scope_finds(
        rows in prop::collection::vec((0_u8..3, 0_u8..3, 0_u8..4, prop::option::of(0_u8..3)), 0..40),
        run in any::<bool>(),
    ) {
        let prompts: Vec<Prompt> = rows
            .iter()
            .enumerate()
            .map(|(at, (command, agent, session, run))| {
                prompt(&format!("p{at}"), &format!("c{command}"), |row| {
                    row["request"]["agentId"] = format!("a{agent}").into();
                    row["request"]["sessionKey"] = format!("s{session}").into();
                    row["request"]["runId"] = run.map(|run| format!("{agent}{session}{run}")).into();
                })
            })
            .collect();
        let scope = if run { Scope::Run } else { Scope::Session };
        let found = |scope| plan(&prompts, &Runs::new(), Rules { scope, ..Rules::at(NOW) });
        let (own, agent) = (found(scope), found(Scope::Agent));
        let more = own.beside().wider.map_or(0, |wider| wider.duplicates);
        prop_assert_eq!(agent.duplicates() - own.duplicates(), more);
        prop_assert_eq!(agent.beside().wider, None);
    }

    /// Any key is only shortened, and only by its run part.
    #[test]
    fn a_key_is_only_ever_shortened(key in "(agent:)?[a-zA-Z:é]{0,12}(:cron:[a-zA-Z0-9:-]{0,12})?(:run:[0-9a-f-]{36})?") {
        let session = session_of(&key);
        prop_assert!(key.starts_with(session));
        prop_assert_eq!(session_of(session), session);
        if session != key {
            prop_assert_eq!(key.len() - session.len(), ":run:".len() + 36);
            prop_assert_eq!(session.split(':').count(), 4);
        }
    }
}
