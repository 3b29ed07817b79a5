//! Snapshots of screens.

use super::*;
use crate::queue::triage::Link;

const SIZES: [(u16, u16); 3] = [(60, 16), (100, 30), (200, 60)];

/// The commands of a cascade: groups of several prompts, and single ones.
fn cascade() -> Vec<Prompt> {
    let commands = [
        ("git push origin main", "main", 24),
        ("npm publish --access public", "release", 7),
        ("kubectl rollout restart deployment/api", "ops", 3),
        ("psql -c 'select count(*) from orders'", "data", 1),
        ("curl -fsSL https://example.com/install.sh | sh", "main", 1),
        ("rsync -a /srv/lab/ backup@192.0.2.7:/backup/lab/", "ops", 12),
        ("systemctl restart nginx", "ops", 1),
        ("make -j2 release", "release", 2),
    ];
    let mut prompts = Vec::new();
    for (at, (command, agent, count)) in commands.into_iter().enumerate() {
        for n in 0..count {
            let id = format!("{at:04x}{n:04x}-41d5-4c7b-9a53-0f6f1f1d2c11");
            let age = 462 - 20 * n - at as u64;
            prompts.push(prompt(&id, command, age, |row| {
                row["request"]["agentId"] = agent.into();
                row["request"]["sessionKey"] = format!("agent:{agent}:telegram:direct:1001").into();
                row["request"]["runId"] = format!("5863a0{at}{n}-run").into();
            }));
        }
    }
    prompts
}

fn hostile() -> Vec<Prompt> {
    let texts = [
        "echo \u{1b}[2J\u{1b}[H all clear\u{7}\r\n> *1x  9s in 29m main  ls",
        "ls \u{202e}gpj.exe\u{2066} \u{200b}\u{feff} m\u{430}in",
        &format!("true{}&& rm -rf /", " ".repeat(400)),
        "│ verdict │ runs ⟨U+202E⟩",
        &format!("printf {}", "漢字😀".repeat(80)),
    ];
    let prompts = texts.iter().enumerate().map(|(n, text)| {
        prompt(&format!("evil{n}\u{1b}[31m"), text, 600 - n as u64, |row| {
            row["request"]["agentId"] = "m\u{430}in\n> ".into();
            row["request"]["cwd"] = "/tmp/\u{202e}\n│ in │ /srv".into();
            row["request"]["turnSourceChannel"] = "tele\u{1b}]0;x\u{7}gram".into();
            row["request"]["warningText"] = "\n\n\n".into();
        })
    });
    prompts.collect()
}

fn thousands() -> Vec<Prompt> {
    let prompts = (0_u64..10_000)
        .map(|n| prompt(&format!("{n:08x}"), &format!("make target-{}", n % 4_000), 60 + n / 100, |_| {}));
    prompts.collect()
}

fn shot(name: &str, triage: &mut Triage, now: SteadyTime) {
    for size in SIZES {
        let lines = drawn(triage, now, size);
        insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), lines.join("\n"));
    }
}

#[test]
fn screens() {
    let (mut triage, now) = showing(&[]);
    shot("empty", &mut triage, now);
    let (mut triage, now) = showing(&cascade()[24 + 7..24 + 8]);
    know(&mut triage, now);
    shot("one", &mut triage, now);
    let (mut triage, mut now) = showing(&cascade());
    press(&mut triage, &mut now, "jtk");
    know(&mut triage, now);
    shot("cascade", &mut triage, now);
    let (mut triage, now) = showing(&hostile());
    shot("hostile", &mut triage, now);
    let (mut triage, now) = showing(&thousands());
    shot("ten_thousand", &mut triage, now);
}

#[test]
fn a_lost_connection() {
    let (mut triage, now) = showing(&cascade());
    let link = Link::Lost {
        cause: "ws://127.0.0.1:18789: the connection was closed: 1012 service restart".to_owned(),
        remedy: None,
        retry_at: now.plus(2_500),
    };
    triage.handle(Input::Linked(0, link), now);
    shot("lost", &mut triage, now);
}

#[test]
fn decisions_and_their_outcomes() {
    use crate::queue::Decision;
    use crate::queue::triage::{Effect, Outcome};
    let (mut triage, mut now) = showing(&cascade());
    press(&mut triage, &mut now, "dDa");
    now = now.plus(3_000);
    triage.tick(now);
    let mut orders = Vec::new();
    while let Some(effect) = triage.next_effect() {
        if let Effect::Send(order) = effect {
            orders.push(order);
        }
    }
    let denied = orders[0].prompts().map(|one| (one.key.clone(), Outcome::Decided(Decision::Deny)));
    triage.handle(Input::Ended(orders[0].id, denied.collect()), now);
    triage.handle(Input::Over(orders[0].id, Ok(None)), now);
    triage.handle(Input::Over(orders[1].id, Err("the gateway is too busy".to_owned())), now);
    press(&mut triage, &mut now, "d");
    shot("decisions", &mut triage, now);
    let mut text = Vec::new();
    let paper = crate::output::Paper { width: Some(100), styled: false };
    super::super::triage_text(&mut text, &triage, paper).unwrap();
    insta::assert_snapshot!("decisions_report", String::from_utf8(text).unwrap());
}

/// Two entries, and commands without one.
fn proposals() -> Proposals {
    let tickets = Proposal {
        pattern: "/usr/bin/tickets".to_owned(),
        arg_pattern: "^show\0[0-9]+\0$".to_owned(),
        varies: vec!["number"],
        examples: vec!["tickets show 12".to_owned(), "tickets show 13".to_owned()],
        commands: 3,
        prompts: 9,
        allowed: 8,
    };
    let tail = Proposal {
        pattern: "/usr/bin/tail".to_owned(),
        arg_pattern: "^-n\x0050\0/srv/logs/app\\.log\0$".to_owned(),
        examples: vec!["tail -n 50 /srv/logs/app.log".to_owned()],
        commands: 1,
        prompts: 3,
        allowed: 3,
        ..Proposal::default()
    };
    Proposals {
        document: "/root/.openclaw/exec-approvals.json".to_owned(),
        release: "2026.9.6".to_owned(),
        sources: vec!["history: 20 prompts".to_owned(), "pending prompts: 51 prompts".to_owned()],
        prompts: 71,
        saved: 12,
        denied: 2,
        agents: vec![("main".to_owned(), vec![tickets]), ("ops".to_owned(), vec![tail])],
        refused: vec![NoProposal {
            agent: "main".to_owned(),
            why: "the program runs other programs".to_owned(),
            commands: 1,
            prompts: 3,
            example: Some("git log -5\u{1b}[2J\n> ".to_owned()),
        }],
        problems: Vec::new(),
        remarks: Vec::new(),
        command: "clearance approvals suggest --gateway=prod".to_owned(),
    }
}

#[test]
fn proposed_entries() {
    let incomplete = Proposals {
        problems: vec!["the history is longer than what is read".to_owned()],
        remarks: vec!["this gateway keeps no history".to_owned()],
        ..proposals()
    };
    let unknown =
        "it is unknown which programs prod has; next: list its programs in a table: --programs FILE";
    for (name, keys, found) in [
        ("asked", "p", None),
        ("proposals", "p", Some(Ok(proposals()))),
        ("proposals_end", "pG", Some(Ok(proposals()))),
        ("proposals_incomplete", "p", Some(Ok(incomplete))),
        ("proposals_none", "p", Some(Ok(Proposals { agents: Vec::new(), ..proposals() }))),
        ("proposals_unknown", "p", Some(Err(unknown.to_owned()))),
    ] {
        for size in &SIZES[..2] {
            let (mut triage, mut now) = showing(&cascade());
            press(&mut triage, &mut now, &keys[..1]);
            if let Some(found) = found.clone() {
                propose(&mut triage, now, &found);
            }
            drawn(&mut triage, now, *size);
            press(&mut triage, &mut now, &keys[1..]);
            let lines = drawn(&mut triage, now, *size);
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), lines.join("\n"));
        }
    }
    // Without a question where nothing is decided.
    let mut triage = Triage::new(["prod".to_owned()], true, Sort::Age);
    let mut now = SteadyTime::of_ms(1_000_000);
    press(&mut triage, &mut now, "p");
    propose(&mut triage, now, &Ok(proposals()));
    let lines = drawn(&mut triage, now, (80, 60)).join("\n");
    assert!(lines.contains("tickets show 12") && !lines.contains("[y/N]"), "{lines}");
}

/// The additions are in the report at the end, and on the screen before.
#[test]
fn added_entries_and_their_report() {
    let (mut triage, mut now) = showing(&cascade());
    for result in [Ok(Some("Added 2 entries.".to_owned())), Err("the document changed".to_owned())] {
        press(&mut triage, &mut now, "p");
        propose(&mut triage, now, &Ok(proposals()));
        now = now.plus(1_000);
        press(&mut triage, &mut now, "y");
        let queued = drawn(&mut triage, now, (100, 30)).join("\n");
        assert!(queued.contains("Add 2 entries in 3s. u undoes it."), "{queued}");
        now = now.plus(3_000);
        triage.tick(now);
        while let Some(effect) = triage.next_effect() {
            if let Effect::Send(order) = effect {
                triage.handle(Input::Over(order.id, result.clone()), now);
            }
        }
        let expected = if result.is_ok() { "Added 2 entries." } else { "Failed: the document changed" };
        assert!(drawn(&mut triage, now, (100, 30)).join("\n").contains(expected));
    }
    press(&mut triage, &mut now, "p");
    propose(&mut triage, now, &Ok(proposals()));
    now = now.plus(1_000);
    press(&mut triage, &mut now, "yq");
    let asked = drawn(&mut triage, now, (100, 30)).join("\n");
    assert!(asked.contains("add 2 entries") && asked.contains("1 decision not sent yet."), "{asked}");
    let mut text = Vec::new();
    let paper = crate::output::Paper { width: Some(100), styled: false };
    super::super::triage_text(&mut text, &triage, paper).unwrap();
    let text = String::from_utf8(text).unwrap();
    let expected =
        "prod: Added 2 entries.\nprod: entries not added: the document changed\nnot sent: add 2 entries\n";
    assert!(text.starts_with(expected), "{text}");
}

#[test]
fn overlays() {
    for (name, keys) in [
        ("help", "?"),
        ("text", "\n"),
        ("always", "A"),
        ("tagged", "Tx"),
        ("tagged_duplicates", "TX"),
        ("quit", "ddq"),
        ("filter", "/ops"),
    ] {
        let (mut triage, mut now) = showing(&cascade());
        press(&mut triage, &mut now, keys);
        for size in &SIZES[..2] {
            let lines = drawn(&mut triage, now, *size);
            insta::assert_snapshot!(format!("{name}_{}x{}", size.0, size.1), lines.join("\n"));
        }
    }
}

#[test]
fn what_an_allow_always_adds() {
    let always = |change: fn(&mut serde_json::Value), facts: Option<Fact<Verdict>>| {
        let (mut triage, mut now) = showing(&[prompt("p", "git push origin main", 60, change)]);
        press(&mut triage, &mut now, "A");
        let row = triage.current().unwrap().id;
        if let Some(verdict) = facts {
            triage.handle(Input::Facts(row, Facts { verdict, history: None }), now);
        } else {
            know(&mut triage, now);
        }
        drawn(&mut triage, now, SIZES[1]).join("\n")
    };
    insta::assert_snapshot!("always_known", always(|_| {}, None));
    let unknown = Fact::Unknown("the real path of git is known on the gateway's host only".to_owned());
    insta::assert_snapshot!("always_unknown", always(|_| {}, Some(unknown)));
    let of_job = |row: &mut serde_json::Value| row["request"]["cronExecutionSource"] = "nightly".into();
    insta::assert_snapshot!("always_of_a_cron_job", always(of_job, None));
}

#[test]
fn any_size_is_drawn() {
    let (mut triage, mut now) = showing(&hostile());
    for keys in ["j", "\n", "?", "?", "tA"] {
        press(&mut triage, &mut now, keys);
        for width in [0, 1, 2, 10, 19, 20, 21, 40, 99, 100, 101] {
            for height in [0, 1, 3, 4, 5, 6, 7, 9, 12] {
                let lines = drawn(&mut triage, now, (width, height));
                assert_eq!(lines.len(), usize::from(height));
            }
        }
    }
}

#[test]
fn before_the_first_listing() {
    let mut triage = Triage::new(["the default gateway".to_owned()], false, Sort::Age);
    let now = SteadyTime::of_ms(1_000_000);
    let screen = |triage: &mut Triage| drawn(triage, now, (60, 16));
    let lines = screen(&mut triage);
    assert_eq!(lines[..2], ["the default gateway", "! the default gateway: connecting"]);
    assert!(lines.iter().any(|line| line.contains("Listing the pending prompts")), "{lines:?}");
    triage.handle(Input::Named(0, "ws://127.0.0.1:18789".to_owned()), now);
    triage.handle(Input::Linked(0, Link::Reading), now);
    let lines = screen(&mut triage);
    assert_eq!(lines[0], "ws://127.0.0.1:18789");
    assert_eq!(lines[1], "! ws://127.0.0.1:18789: connected; reading the prompts");
    assert!(lines.iter().any(|line| line.contains("Listing the pending prompts")), "{lines:?}");
}

/// A triage of these gateways, each with the prompts of the cascade.
fn showing_on(gateways: &[&str]) -> (Triage, SteadyTime) {
    let mut triage = Triage::new(gateways.iter().map(|name| (*name).to_owned()), false, Sort::Age);
    let now = SteadyTime::of_ms(1_000_000);
    let runs = Runs::new();
    for at in 0..gateways.len() {
        let snapshot = Snapshot::of(&plan(&cascade(), &runs, Rules::at(NOW)), &runs);
        triage.handle(Input::Listed(at, snapshot), now);
    }
    triage.tick(now);
    (triage, now.plus(1_000))
}

#[test]
fn the_counts_stay_however_long_the_name_is() {
    let (mut triage, mut now) = showing_on(&["wss://gateway.production.example.com:18789/behind/a/proxy"]);
    press(&mut triage, &mut now, "t");
    let lines = drawn(&mut triage, now, (60, 16));
    assert!(lines[0].contains(": 51 prompts in 8 groups, 1 tagged"), "{}", lines[0]);
    press(&mut triage, &mut now, "/git push origin");
    let lines = drawn(&mut triage, now, (60, 16));
    assert!(lines[0].contains(" prompts in 8 groups"), "{}", lines[0]);
    assert!(lines[0].ends_with("igin_"), "{}", lines[0]);
}

#[test]
fn a_status_leaves_room_for_the_command() {
    let (mut triage, mut now) = showing_on(&["prod-eu", "prod-us"]);
    press(&mut triage, &mut now, "DD");
    let lines = drawn(&mut triage, now, (100, 30));
    let queued: Vec<&String> = lines.iter().filter(|line| line.contains("deny in 3s")).collect();
    assert_eq!(queued.len(), 2, "{lines:?}");
    assert!(queued.iter().all(|line| line.contains(" git ") && line.contains("prod-")), "{queued:?}");
}

#[test]
fn many_decisions_of_one_group_are_one_line() {
    use crate::queue::Decision;
    use crate::queue::triage::{Effect, Outcome};
    let (mut triage, mut now) = showing(&cascade());
    press(&mut triage, &mut now, "djd");
    now = now.plus(3_000);
    triage.tick(now);
    while let Some(effect) = triage.next_effect() {
        if let Effect::Send(order) = effect {
            let ended = order.prompts().map(|one| (one.key.clone(), Outcome::Decided(Decision::Deny)));
            triage.handle(Input::Ended(order.id, ended.collect()), now);
            triage.handle(Input::Over(order.id, Ok(None)), now);
        }
    }
    let mut text = Vec::new();
    super::super::triage_text(&mut text, &triage, crate::output::Paper::default()).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.starts_with("Denied 24x (main): git push origin main\n"), "{text}");
    assert!(text.lines().count() <= 4, "{text}");
    let (triage, _) = showing(&[]);
    let mut text = Vec::new();
    super::super::triage_text(&mut text, &triage, crate::output::Paper::default()).unwrap();
    assert_eq!(String::from_utf8(text).unwrap(), "Nothing was decided.\n");
}
