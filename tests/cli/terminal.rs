//! Behaviour specific to terminals: questions, progress, tables that fit the width, and a live listing.

use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::Signal;

use crate::purge_faults::{Gateway, Say, group, row};
use crate::queue::{by_id, ids, pending, shot, still, still_redactions};
use crate::support::dev::{Client, Dev};
use crate::support::screen::Screen;
use crate::support::terminal::Terminal;

const WIDE: u16 = 160;

fn on(client: &Client, arguments: &[&str], columns: u16) -> Terminal {
    Terminal::of(&mut client.spawn(arguments), columns)
}

fn dev() -> (Dev, Client) {
    let dev = still("current", &[]);
    let client = dev.client();
    (dev, client)
}

#[test]
fn a_listing_fits_its_terminal() {
    let (_dev, client) = dev();
    for columns in [160, 100, 75, 50, 20] {
        let (exit, text) = on(&client, &["queue", "ls"], columns).ends();
        assert_eq!(exit, 0, "{text}");
        let screen = Screen::of(&text, columns.into(), 500);
        assert!(screen.lines().iter().all(|line| !line.wrapped), "{columns} columns:\n{text}");
        shot!(format!("ls_{columns}_columns"), text);
        // A row for each group, and for each prompt where that is wanted.
        for (flags, rows) in [(&["queue", "ls"][..], 8), (&["queue", "ls", "--all"], pending(&client).len())]
        {
            let (_, text) = on(&client, flags, columns).ends();
            let shown = text.lines().skip(2).filter(|line| !line.contains('│') && !line.contains("pending"));
            assert_eq!(shown.count(), rows, "{flags:?}:\n{text}");
        }
    }
}

#[test]
fn whole_ids_are_shown_where_asked() {
    let (_dev, client) = dev();
    let (_, text) = on(&client, &["queue", "ls", "--full", "--all"], 50).ends();
    let text: String = text.chars().filter(|c| !matches!(c, ' ' | '│' | '\n')).collect();
    for id in pending(&client).keys() {
        assert!(text.contains(id.as_str()), "{id} is not in\n{text}");
    }
}

#[test]
fn what_was_typed_before_a_question_is_no_answer() {
    let (_dev, client) = dev();
    let before = pending(&client);
    let mut terminal = on(&client, &["queue", "dedupe"], WIDE);
    terminal.types("y");
    terminal.shows("[y/N]", 1);
    terminal.types("n");
    let (exit, text) = terminal.ends();
    assert_eq!(exit, 2, "{text}");
    assert_eq!(ids(&pending(&client)), ids(&before));
}

#[test]
fn a_purge_asks_first() {
    let (_dev, client) = dev();
    let before = pending(&client);
    for answer in ["n", "", "yes please", "\u{4}"] {
        let mut terminal = on(&client, &["queue", "dedupe"], WIDE);
        terminal.shows("Deny 23 prompts? [y/N]", 1);
        terminal.types(answer);
        let (exit, text) = terminal.ends();
        assert_eq!(exit, 2, "{answer:?}: {text}");
        assert!(text.contains("not confirmed: nothing was changed"), "{text}");
        assert_eq!(ids(&pending(&client)), ids(&before), "{answer:?}");
    }
    let mut terminal = on(&client, &["queue", "dedupe"], WIDE);
    terminal.shows("[y/N]", 1);
    terminal.types("y");
    let (exit, text) = terminal.ends();
    assert_eq!((exit, pending(&client).len()), (0, before.len() - 23), "{text}");
    assert!(text.contains("23 left"), "progress: {text:?}");
}

#[test]
fn a_plan_that_cannot_be_shown_is_not_asked_about() {
    let (_dev, client) = dev();
    let before = pending(&client);
    let full = "cannot write the output: No space left on device (os error 28); nothing was changed";
    let closed = "cannot write the output: standard output is closed; nothing was changed";
    for arguments in
        [&["queue", "dedupe"][..], &["run", "cancel", "--session=agent:molly:telegram:direct:1001"]]
    {
        // The pipe has no reader: its other end is closed before the command starts.
        for (redirected, exit, said) in [
            ("exec \"$0\" \"$@\" >/dev/full", 7, full),
            ("exec \"$0\" \"$@\" >&-", 7, closed),
            ("{ sleep 0.2; \"$0\" \"$@\"; echo \"exit $?\" >&2; } | true", 0, "exit 0\n"),
        ] {
            let command = client.spawn(arguments);
            let mut shell = Command::new("sh");
            shell.args(["-c", redirected]).arg(command.get_program()).args(command.get_args());
            shell.env_clear().env("PATH", "/usr/bin:/bin");
            shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            shell.current_dir(command.get_current_dir().unwrap());
            let terminal = Terminal::of(&mut shell, WIDE);
            // It holds the terminal open.
            drop(shell);
            let (code, text) = terminal.ends();
            assert_eq!(code, exit, "{arguments:?} {redirected}: {text}");
            assert!(text.ends_with(&format!("{}\n", said.trim_end())), "{arguments:?} {redirected}: {text}");
            assert!(text.lines().count() == 1, "{arguments:?} {redirected}: {text}");
        }
    }
    assert_eq!(ids(&pending(&client)), ids(&before));
}

#[test]
fn a_persons_time_is_not_the_commands() {
    for (arguments, question, left) in [
        (&["queue", "dedupe"][..], "Deny 4 prompts? [y/N]", 2),
        (&["queue", "resolve", "b-00", "allow-once"], "[y/N]", 5),
        (&["run", "cancel", "--session=agent:main:main"], "[y/N]", 0),
    ] {
        let rows = [group("a", 5), vec![row("b-00", "b", 60, 1_800_000)]].concat();
        let gateway = Gateway::current(rows, |_, _, _| Say::Properly);
        let (sender, pinged) = mpsc::channel();
        gateway.queue.lock().unwrap().pings = Some((Duration::from_secs(4), sender));
        gateway.queue.lock().unwrap().pings_behind =
            if arguments[1] == "resolve" { "exec.approval.list" } else { "sessions.list" };
        let arguments = [arguments, &["--timeout=3s"]].concat();
        let mut terminal = on(&gateway.client(), &arguments, WIDE);
        terminal.shows(question, 1);
        // The connection is kept alive for longer than the command may take.
        pinged.recv_timeout(Duration::from_mins(1)).unwrap();
        terminal.types("y");
        let (exit, text) = terminal.ends();
        assert_eq!((exit, gateway.left().len()), (0, left), "{arguments:?}: {text}");
    }
}

#[test]
fn a_question_is_ended_by_an_interrupt() {
    let (_dev, client) = dev();
    let before = pending(&client);
    let mut terminal = on(&client, &["queue", "dedupe"], WIDE);
    terminal.shows("[y/N]", 1);
    terminal.signal(Signal::INT);
    terminal.ends_killed();
    assert_eq!(ids(&pending(&client)), ids(&before));
}

#[test]
fn an_allowance_is_shown_whole_and_asked_for() {
    let (_dev, client) = dev();
    let id =
        pending(&client).into_iter().find(|(_, row)| row["summary"] == "git push origin main").unwrap().0;
    for (answer, exit, left) in [("n", 2, true), ("y", 0, false)] {
        let mut terminal = on(&client, &["queue", "resolve", &id, "allow-once"], WIDE);
        terminal.shows("Allow this one time? [y/N]", 1);
        terminal.types(answer);
        let (code, text) = terminal.ends();
        assert_eq!((code, pending(&client).contains_key(&id)), (exit, left), "{text}");
        assert!(text.contains("sessionKey: agent:main:telegram:direct:1001"), "{text}");
    }
}

#[test]
fn a_run_is_cancelled_after_a_yes() {
    let (_dev, client) = dev();
    let run = pending(&client).values().find(|row| row["agentId"] == "main").unwrap()["runId"].clone();
    let run = run.as_str().unwrap();
    for (answer, exit, left) in [("n", 2, 1), ("y", 0, 0)] {
        let mut terminal = on(&client, &["run", "cancel", run], WIDE);
        terminal.shows("[y/N]", 1);
        terminal.types(answer);
        let (code, text) = terminal.ends();
        let held = pending(&client).values().filter(|row| row["runId"] == run).count();
        assert_eq!((code, held), (exit, left), "{text}");
    }
}

/// What was shown so far without a sequence that has only begun.
fn whole(text: &str) -> &str {
    &text[..text.rfind('\u{1b}').unwrap_or(text.len())]
}

/// The last screen that was drawn to its end.
fn last_drawn(text: &str) -> &str {
    text.rsplit("\u{1b}[H").nth(1).unwrap_or_default()
}

#[test]
fn a_listing_that_stays_is_drawn_again_in_place() {
    let (_dev, client) = dev();
    let rows = pending(&client);
    let mut terminal = on(&client, &["queue", "ls", "--watch"], WIDE);
    terminal.shows("31 pending, 23 of them duplicates", 1);
    // Ages run though nothing changes.
    terminal
        .waits(|text| text.split("\u{1b}[H").skip(1).collect::<std::collections::BTreeSet<_>>().len() > 3);
    let id = rows.iter().find(|(_, row)| row["agentId"] == "main").unwrap().0;
    assert_eq!(client.json(&["queue", "resolve", id, "deny"]).0, 0);
    terminal.shows("30 pending, 23 of them duplicates", 1);
    let text = terminal.waits(|text| last_drawn(text).contains("30 pending")).to_owned();
    let screen = Screen::of(whole(&text), WIDE.into(), 50);
    assert!(screen.visible()[0].starts_with("ws://"), "{screen:#?}");
    assert!(!screen.visible().iter().any(|line| line.contains(&id[..8])), "{screen:#?}");
    terminal.signal(Signal::INT);
    let (exit, text) = terminal.ends();
    assert_eq!(exit, 0, "{text}");
    // The earlier content of the terminal is restored.
    let screen = Screen::of(&text, WIDE.into(), 50);
    assert_eq!((screen.left, screen.visible()), (1, vec![""]), "{screen:#?}");
}

#[test]
fn a_listing_that_stays_fits_its_terminal() {
    let (_dev, client) = dev();
    let mut terminal = Terminal::sized(&mut client.spawn(&["queue", "ls", "--watch"]), 100, 12);
    let text = terminal.waits(|text| last_drawn(text).contains("31 pending")).to_owned();
    let screen = Screen::of(whole(&text), 100, 12);
    // Its head, and how much is missing.
    assert!(screen.lines().len() <= 12 && screen.visible()[0].starts_with("ws://"), "{screen:#?}");
    assert!(screen.visible().iter().any(|line| line.contains("more prompts")), "{screen:#?}");
    terminal.resize(50, 30);
    terminal.waits(|text| {
        let last = last_drawn(text);
        let lines =
            last.split('\n').map(|line| line.trim_start_matches("\u{1b}[K").trim_start_matches("\u{1b}[J"));
        last.contains("31 pending") && lines.map(|line| line.trim().chars().count()).max() <= Some(50)
    });
    terminal.signal(Signal::TERM);
    let (exit, text) = terminal.ends();
    assert_eq!(exit, 0, "{text}");
    assert_eq!(Screen::of(&text, 100, 30).left, 1);
}

#[test]
fn elsewhere_it_says_what_has_changed() {
    use std::io::{BufRead, BufReader};
    let (_dev, client) = dev();
    let rows = by_id(&client.json(&["queue", "ls"]).1);
    let mut child = client.spawn(&["queue", "ls", "--watch", "--ndjson"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = || -> serde_json::Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    for _ in 0..rows.len() {
        assert_eq!(next()["event"], "pending");
    }
    let id = rows.iter().find(|(_, row)| row["agentId"] == "main").unwrap().0;
    assert_eq!(client.json(&["queue", "resolve", id, "deny"]).0, 0);
    let gone = next();
    assert_eq!(
        (&gone["event"], &gone["id"], &gone["version"]),
        (&"gone".into(), &id.as_str().into(), &1.into())
    );
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}
