//! `queue triage` on a terminal, with embedded gateways.

use std::collections::BTreeSet;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::queue::{ids, knowing, pending, still};
use crate::support::dev::{Client, Dev};
use crate::support::grid::Grid;
use crate::support::terminal::Terminal;

pub const WIDE: (u16, u16) = (120, 30);

/// A running triage and the size of its terminal.
pub struct Session {
    pub terminal: Terminal,
    size: (u16, u16),
}

impl Session {
    pub fn start(client: &Client, flags: &[&str], size: (u16, u16)) -> Self {
        let mut command = client.spawn(&[&["queue", "triage"], flags].concat());
        // A group of its own, so that Ctrl-Z does not stop the tests.
        command.process_group(0);
        Self::of(&mut command, size)
    }

    pub fn of(command: &mut Command, size: (u16, u16)) -> Self {
        Self { terminal: Terminal::sized(command, size.0, size.1), size }
    }

    /// Waits until the screen has this text.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> Grid {
        self.waits(|grid| grid.has(text))
    }

    #[track_caller]
    pub fn waits(&mut self, wanted: impl Fn(&Grid) -> bool) -> Grid {
        let (columns, rows) = (usize::from(self.size.0), usize::from(self.size.1));
        let grid = |text: &str| Grid::of(text, columns, rows);
        let text = self.terminal.waits(|text| wanted(&grid(text)));
        grid(text)
    }

    /// Presses a key when the screen shows that the last one counted.
    pub fn press(&mut self, key: &str, then: &str) -> Grid {
        self.terminal.keys(key);
        self.sees(then)
    }

    /// Quits. The exit code, and what is on the main screen afterwards.
    #[track_caller]
    pub fn quits(mut self) -> (i32, String) {
        self.terminal.keys("q");
        self.ends()
    }

    #[track_caller]
    pub fn ends(self) -> (i32, String) {
        let (exit, text) = self.terminal.ends();
        let grid = Grid::of(&text, 1_000, 60);
        assert!(!grid.alternate, "the screen is left");
        assert_eq!(grid.modes, ["25", "7"], "the terminal is as it was");
        (exit, text.rsplit("\u{1b}[?1049l").next().unwrap().to_owned())
    }
}

/// As long as a person takes: no key decides for half a second after a row appeared, or faster than a key that is held
/// down.
pub fn pause() {
    std::thread::sleep(Duration::from_millis(700));
}

pub fn set(client: &Client) -> BTreeSet<String> {
    ids(&pending(client)).into_iter().map(str::to_owned).collect()
}

#[test]
fn duplicates_are_denied_and_one_is_allowed() {
    for generation in ["current", "legacy"] {
        let dev = still(generation, &[]);
        let client = dev.client();
        let before = set(&client);
        let mut session = Session::start(&client, &[], WIDE);
        session.sees("31 prompts in 8 groups");
        session.press("/tail -5", "filter: tail -5_");
        session.press("\r", "> 24x");
        pause();
        session.press("D", "Deny 23 prompts in 3s. u undoes it.");
        session.sees("8 prompts in 8 groups");
        // Nothing else is decided in the row before the purge is over.
        session.waits(|grid| !grid.has("deny in") && !grid.has("sending"));
        pause();
        session.press("a", "Allow once 1 prompt in 3s");
        session.sees("allowed");
        let (exit, text) = session.quits();
        assert_eq!(exit, 0, "{generation}: {text}");
        assert!(text.contains("Decided 24 prompts; 7 still pending."), "{generation}: {text}");
        assert_eq!(text.matches("Denied 23x").count(), 1, "{generation}: {text}");
        let after = set(&client);
        assert_eq!((before.len(), after.len()), (31, 7), "{generation}");
        assert!(after.is_subset(&before));
    }
}

#[test]
fn the_first_and_the_last_screen() {
    let (_dev, client) = {
        let dev = still("current", &[]);
        let client = dev.client();
        (dev, client)
    };
    for size in [(60, 16), WIDE] {
        let mut session = Session::start(&client, &[], size);
        let grid = session.sees("31 prompts in 8 groups");
        let cursor = grid.lines().iter().filter(|line| line.starts_with('>')).count();
        assert_eq!(cursor, 1, "{:?}", grid.lines());
        session.press("?", "deny the duplicates of this row; keep one");
        session.press("\u{1b}", ">");
        session.terminal.resize(100, 20);
        session.size = (100, 20);
        let (exit, text) = session.quits();
        assert_eq!((exit, text.as_str()), (0, "Nothing was decided; 31 still pending.\n"));
    }
}

#[test]
fn undone_and_dropped_decisions_are_not_sent() {
    let dev = still("current", &[]);
    let client = dev.client();
    let before = set(&client);
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("31 prompts in 8 groups");
    pause();
    session.press("d", "queued");
    session.press("u", "Undone");
    pause();
    session.press("d", "Deny");
    session.press("q", "not sent yet");
    session.terminal.keys("d");
    let (exit, text) = session.ends();
    assert_eq!(exit, 0, "{text}");
    assert_eq!(set(&client), before);
    // What is queued when a signal arrives is not sent, and the report names it.
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("31 prompts in 8 groups");
    pause();
    session.press("d", "Deny");
    session.terminal.signal(Signal::TERM);
    let (exit, text) = session.ends();
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("not sent: "), "{text}");
    assert_eq!(set(&client), before);
}

#[test]
fn nothing_is_decided_with_read_only_or_pasted() {
    let dev = still("current", &[]);
    let client = dev.client();
    let before = set(&client);
    let mut session = Session::start(&client, &["--read-only"], WIDE);
    session.sees("31 prompts in 8 groups, read-only");
    session.press("d", "Nothing is decided with --read-only.");
    assert_eq!(session.quits().0, 0);
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("31 prompts in 8 groups");
    session.terminal.keys("\u{1b}[200~dddd\u{1b}[201~");
    session.press("?", "this help");
    session.press("\u{1b}", ">");
    let (exit, text) = session.quits();
    assert_eq!((exit, text.as_str()), (0, "Nothing was decided; 31 still pending.\n"));
    assert_eq!(set(&client), before);
}

#[test]
fn a_gateway_that_is_lost_is_a_line() {
    let dev = still("current", &[]);
    let client = dev.client();
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("31 prompts in 8 groups");
    drop(dev);
    session.sees("not connected (retry in ");
    pause();
    session.press("d", "is not connected. Nothing was sent.");
    let (exit, text) = session.quits();
    assert_eq!(exit, 0, "{text}");
}

#[test]
fn several_gateways_are_one_list() {
    let (one, two) = (still("current", &[]), still("legacy", &[]));
    let gone = {
        let dev = Dev::start(&[]);
        dev.url.clone()
    };
    let client = knowing(&[
        ("one", &one.url, &one.token),
        ("two", &two.url, &two.token),
        ("gone", &gone, "token-of-a-gateway"),
    ]);
    let mut session = Session::start(&client, &["--all-gateways"], WIDE);
    session.waits(|grid| grid.has("62 prompts in 16 groups") && grid.has("! gone: not connected"));
    session.press("/two\r", "filter: two");
    session.press("T", "8 groups tagged");
    // The filter moved the cursor.
    pause();
    session.press("x", "Deny 31 prompts of 8 groups? [y/N]");
    pause();
    session.press("y", "Deny 31 prompts of 8 groups in 3s");
    session.sees("denied");
    let (exit, text) = session.quits();
    assert_eq!(exit, 0, "{text}");
    assert_eq!((set(&one.client()).len(), set(&two.client()).len()), (31, 0));
}

/// A gateway with these prompts, each with an id and a command.
fn asking(generation: &str, prompts: &[(&str, &str)]) -> Dev {
    let rows = prompts.iter().map(|(id, command)| {
        let request = serde_json::json!({
            "command": command, "agentId": "main", "sessionKey": format!("agent:main:{id}"), "host": "gateway",
        });
        serde_json::json!({ "id": id, "request": request, "ageMs": 60_000 })
    });
    let scenario = serde_json::json!({ "prompts": rows.collect::<Vec<_>>() });
    let home = Client::alone();
    let scenario = home.file("scenario.json", scenario.to_string());
    still(generation, &["--scenario", scenario.to_str().unwrap()])
}

#[test]
fn what_was_decided_about_the_same_before_is_shown() {
    let prompts = [("a1", "uptime"), ("a2", "uptime"), ("a3", "uptime"), ("b", "make")];
    let dev = asking("current", &prompts);
    let client = dev.client();
    for id in ["a1", "a2"] {
        assert_eq!(client.json(&["queue", "resolve", id, "deny", "--yes"]).0, 0);
    }
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("2 prompts in 2 groups");
    session.press("/uptime\r", "filter: uptime");
    session.waits(|grid| grid.has("before │ deny 2x, last") && grid.has("ago, by this device"));
    session.terminal.keys("\u{1b}");
    session.waits(|grid| !grid.has("filter: "));
    session.press("/make\r", "filter: make");
    session.sees("before │ the history has no decision about this text");
    // Decided here: the history is read again.
    pause();
    session.press("a", "Allow once 1 prompt in 3s");
    session.sees("before │ allow-once");
    assert_eq!(session.quits().0, 0);
}

#[test]
fn a_gateway_without_a_history_is_not_asked_for_it() {
    let dev = asking("legacy", &[("a", "uptime")]);
    let mut session = Session::start(&dev.client(), &[], WIDE);
    let grid = session.sees("explain │");
    assert!(!grid.has("before │"), "{:?}", grid.lines());
    let grid = session.waits(|grid| grid.has("explain │") && !grid.has("explain │ …"));
    assert!(!grid.has("before │"), "{:?}", grid.lines());
    assert_eq!(session.quits().0, 0);
}

#[test]
fn an_only_gateway_that_cannot_be_reached_is_an_error() {
    let url = {
        let dev = Dev::start(&[]);
        dev.url.clone()
    };
    let client = Client::alone().variable("OPENCLAW_GATEWAY_URL", &url);
    let client = client.variable("OPENCLAW_GATEWAY_TOKEN", "token-of-a-gateway");
    let session = Session::start(&client, &[], WIDE);
    let (exit, text) = session.terminal.ends();
    assert_eq!(exit, 4, "{text}");
    // A screen that was shown meanwhile is left before the error is printed.
    assert!(text.rsplit("\u{1b}[?1049l").next().unwrap().contains("error: "), "{text}");
}

#[test]
fn the_embedded_gateway_is_for_rehearsals() {
    let client = Client::alone();
    let mut session = Session::start(&client, &["--gateway=embedded"], WIDE);
    session.sees("embedded: 31 prompts in 8 groups");
    pause();
    session.press("d", "Deny 1 prompt in 3s");
    session.sees("denied");
    let (exit, text) = session.quits();
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("Decided 1 prompt; 30 still pending."), "{text}");
}

#[test]
fn a_screen_needs_a_terminal() {
    let answer = Client::alone().answer(&["queue", "triage"]);
    insta::assert_snapshot!("triage_without_a_terminal", answer);
}

#[test]
fn a_gateway_that_does_not_answer_is_a_screen_that_says_so() {
    // It accepts connections, and says nothing.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("ws://{}", listener.local_addr().unwrap());
    let client = Client::alone().variable("OPENCLAW_GATEWAY_URL", &url);
    let client = client.variable("OPENCLAW_GATEWAY_TOKEN", "token-of-a-gateway");
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("! the default gateway: connecting");
    session.press("?", "this help");
    session.press("\u{1b}", "Listing the pending prompts");
    let (exit, text) = session.quits();
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("stopped before the gateway answered"), "{text}");
}

/// The programs of the gateway's host in the next tests.
const PROGRAMS: &str = r#"
directories = ["/srv"]
programs = ["/usr/bin/git", "/usr/bin/tickets"]
path = "/usr/bin"
home = "/home/ops"
complete = true
"#;

/// A gateway on which a person allowed three commands of one form and denied another one, and its client.
fn decided(pending: &[(&str, &str)]) -> (Dev, Client) {
    let policy = serde_json::json!({"security": "allowlist", "ask": "on-miss", "askFallback": "deny"});
    let request = |command: &str| {
        serde_json::json!({
            "command": command, "agentId": "main", "sessionKey": "agent:main:main", "host": "gateway", "cwd": "/srv",
        })
    };
    let decided =
        [("p0", "tickets show 1"), ("p1", "tickets show 2"), ("p2", "tickets show 3"), ("p3", "git push")];
    let rows = decided.iter().chain(pending);
    let rows =
        rows.map(|(id, command)| serde_json::json!({"id": id, "request": request(command), "ageMs": 60_000}));
    let scenario = serde_json::json!({
        "document": {"version": 1, "defaults": policy, "agents": {"main": {"allowlist": []}}},
        "config": {"tools": {"exec": {"host": "gateway", "security": "allowlist", "ask": "on-miss"}}},
        "prompts": rows.collect::<Vec<_>>(),
    });
    let home = Client::alone();
    let scenario = home.file("scenario.json", scenario.to_string());
    let dev = still("current", &["--scenario", scenario.to_str().unwrap()]);
    let client = dev.client();
    client.file("programs.toml", PROGRAMS);
    for (id, _) in decided {
        let decision = if id == "p3" { "deny" } else { "allow-once" };
        assert_eq!(client.json(&["queue", "resolve", id, decision, "--yes"]).0, 0);
    }
    (dev, client)
}

fn entries(client: &Client) -> serde_json::Value {
    let (exit, stored) = client.json(&["approvals", "get", "--gateway"]);
    assert_eq!(exit, 0, "{stored}");
    stored["file"]["agents"]["main"]["allowlist"].clone()
}

#[test]
fn proposed_entries_are_shown_and_added_after_a_question() {
    let (_dev, client) =
        decided(&[("p8", "tickets show 8"), ("p9", "git log\u{1b}[2J\nAdd 9 entries? [y/N]")]);
    let mut session = Session::start(&client, &["--programs", "programs.toml"], WIDE);
    session.sees("2 prompts in 2 groups");
    let grid = session.press("p", "1 entry would save 4 of 6 prompts.");
    for shown in [
        "pattern │ /usr/bin/tickets",
        "args │ ^show␀[0-9]+␀$",
        "varies │ a number",
        "saves │ 3 prompts of 3 commands, 3 of them allowed by a person",
        "example │ tickets show",
        "The evaluator decided, as 2026.9.6, that every example runs. The 1 denied command does not run with them.",
        "shell │ clearance approvals suggest --gateway --programs programs.toml",
        "Add 1 entry for main to the document of",
    ] {
        assert!(grid.has(shown), "{shown}: {:#?}", grid.lines());
    }
    // A command cannot forge the question.
    assert!(grid.has("git log␛[2J␊Add 9 entries? [y/N]"), "{:#?}", grid.lines());
    // Looking stores nothing, and neither does an answer that is taken back.
    session.press("\u{1b}", "COMMAND");
    session.press("p", "1 entry would save");
    pause();
    session.press("y", "Add 1 entry in 3s. u undoes it.");
    session.press("u", "Undone.");
    assert_eq!(entries(&client), serde_json::json!([]));
    session.press("p", "1 entry would save");
    pause();
    session.press("y", "Add 1 entry in 3s. u undoes it.");
    session.sees("Added 1 entry.");
    assert_eq!(entries(&client)[0]["argPattern"], "^show\0[0-9]+\0$");
    // It runs now, and is not proposed again.
    session.press("p", "No entry is proposed from 6 prompts.");
    session.press("\u{1b}", "COMMAND");
    let (exit, text) = session.quits();
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains(": Added 1 entry.\n"), "{text}");
    let (_, versions) = client.json(&["approvals", "versions"]);
    assert_eq!(versions["versions"][0]["writer"], "suggest --apply", "{versions}");
}

#[test]
fn proposed_entries_scroll_on_a_narrow_terminal() {
    let (_dev, client) = decided(&[("p8", "tickets show 8")]);
    let mut session = Session::start(&client, &["--programs", "programs.toml"], (60, 16));
    session.sees("1 prompt in 1 group");
    let grid = session.press("p", "Add 1 entry for main to the document of");
    assert!(grid.has("1 entry would save") && grid.has("more: j shows them"), "{:#?}", grid.lines());
    assert!(grid.lines().iter().all(|line| line.chars().count() <= 60), "{:#?}", grid.lines());
    session.press("G", "shell │ clearance approvals suggest");
    session.press("g", "1 entry would save");
    session.press("n", "> 1x");
    assert_eq!(session.quits().0, 0);
    assert_eq!(entries(&client), serde_json::json!([]));
}

#[test]
fn why_no_entries_are_proposed() {
    let (dev, client) = decided(&[("p8", "tickets show 8")]);
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("1 prompt in 1 group");
    let grid = session.press("p", "No entries can be proposed.");
    assert!(grid.has("it is unknown which programs") && grid.has("--programs FILE"), "{:#?}", grid.lines());
    assert!(!grid.has("[y/N]"));
    session.press("\u{1b}", "> 1x");
    assert_eq!(session.quits().0, 0);
    // Nothing is decided with --read-only.
    let mut session = Session::start(&client, &["--read-only", "--programs", "programs.toml"], WIDE);
    session.sees("1 prompt in 1 group");
    let grid = session.press("p", "1 entry would save");
    assert!(!grid.has("[y/N]"), "{:#?}", grid.lines());
    session.press("y", "Nothing is decided with --read-only.");
    session.press("\u{1b}", "> 1x");
    assert_eq!(session.quits().0, 0);
    assert_eq!(entries(&client), serde_json::json!([]));
    // A table is for one host.
    let two = ["queue", "triage", "--programs", "programs.toml", "--gateway", &dev.url, "--gateway", "other"];
    let mut command = client.spawn(&two);
    let (exit, text) = Session::of(command.process_group(0), WIDE).terminal.ends();
    assert_eq!(exit, 2, "{text}");
    assert!(
        text.contains("--programs could apply to") && text.contains("a table has the programs of one host"),
        "{text}"
    );
}

/// Another program changes the document while the proposals are on the screen.
#[test]
fn entries_for_another_document_are_not_added() {
    let (_dev, client) = decided(&[("p8", "tickets show 8")]);
    let mut session = Session::start(&client, &["--programs", "programs.toml"], WIDE);
    session.sees("1 prompt in 1 group");
    session.press("p", "1 entry would save");
    let add = ["approvals", "allowlist", "add", "/usr/bin/git", "--agent", "main", "--gateway"];
    assert_eq!(client.json(&add).0, 0);
    pause();
    session.press("y", "Add 1 entry in 3s. u undoes it.");
    session.sees("Failed: the document changed meanwhile, and nothing was added");
    let (exit, text) = session.quits();
    assert_eq!(exit, 3, "{text}");
    assert!(text.contains("entries not added: "), "{text}");
    assert_eq!(entries(&client).as_array().unwrap().len(), 1);
}
