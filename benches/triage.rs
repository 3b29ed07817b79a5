//! Measures `queue triage` with 10,000 prompts: `cargo bench --bench triage`.
//!
//! *First screen*: from a listing of the gateway, as bytes, to the bytes of the first screen. The parts are printed too:
//! reading the listing, planning, taking the groups into the list, drawing. *Key to screen*: from a key to the bytes of
//! the next screen, over thousands of keys that move, page, tag, sort, filter, decide and undo, on a terminal of 200 by 60.
//! Between the keys listings with new prompts arrive. Neither includes what the terminal needs to show the bytes.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "figures for whoever measures")]

use std::time::{Duration, Instant};

use clearance::internals::queue::{Kind, Prompt, Reader, Rules, Runs, plan};
use clearance::internals::triage::{Input, Key, Painter, Snapshot, Sort, SteadyTime, Triage};
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Value, json};

/// A point in time.
const NOW: u64 = 1_795_438_812_000;
const PROMPTS: u64 = 10_000;
const KEYS: usize = 20_000;
const SCREEN: Rect = Rect { x: 0, y: 0, width: 200, height: 60 };

/// A row in the format of current gateways: `groups` commands, one of a hundred of them long and hostile.
fn row(n: u64, groups: u64) -> Value {
    let command = n % groups;
    let text = if command.is_multiple_of(100) {
        format!("printf {command} {}", "\u{202e}漢😀 \u{1b}[2J".repeat(300))
    } else {
        format!("git -C /srv/project-{command} push origin branch-{command} --force-with-lease")
    };
    json!({
        "id": format!("{n:08x}-41d5-4c7b-9a53-0f6f1f1d2c11"), "createdAtMs": NOW - 60_000 - n,
        "expiresAtMs": NOW + 1_800_000, "approvalKind": "exec",
        "request": {
            "command": text, "cwd": "/srv", "host": "gateway", "agentId": format!("agent-{}", n % 11),
            "sessionKey": format!("agent:agent-{}:lab", n % 11), "security": "allowlist", "ask": "on-miss",
            "allowedDecisions": ["allow-once", "deny"],
        },
    })
}

fn listing(count: u64, groups: u64) -> String {
    Value::from((0..count).map(|n| row(n, groups)).collect::<Vec<_>>()).to_string()
}

fn read(listing: &str) -> Vec<Prompt> {
    let rows: Vec<&serde_json::value::RawValue> = serde_json::from_str(listing).expect("a list");
    let mut reader = Reader::keeping_raw();
    rows.into_iter().map(|row| reader.text(Kind::Exec, row.get()).expect("it reads")).collect()
}

fn snapshot(prompts: &[Prompt]) -> Snapshot {
    let runs = Runs::new();
    Snapshot::of(&plan(prompts, &runs, Rules::at(NOW)), &runs)
}

/// A screen: the buffer of the last drawing, and where the bytes go.
struct Screen {
    painter: Painter,
    last: Buffer,
    bytes: Vec<u8>,
}

impl Screen {
    fn new() -> Self {
        Self { painter: Painter::new(true), last: Buffer::empty(SCREEN), bytes: Vec::new() }
    }

    fn draw(&mut self, triage: &mut Triage, now: SteadyTime) {
        let mut next = Buffer::empty(SCREEN);
        let drawn = self.painter.paint(&mut next, triage, now);
        triage.drawn(drawn);
        self.bytes.clear();
        let changes = self.last.diff(&next);
        CrosstermBackend::new(&mut self.bytes).draw(changes.into_iter()).expect("it writes to memory");
        self.last = next;
    }
}

fn triage() -> Triage {
    Triage::new(["prod".to_owned()], false, Sort::Age)
}

/// The time of each part of the first screen; the best of five.
fn first_screen(groups: u64) {
    let listing = listing(PROMPTS, groups);
    let mut best = [Duration::MAX; 5];
    for _ in 0..5 {
        let begin = Instant::now();
        let prompts = read(&listing);
        let read = begin.elapsed();
        let snapshot = snapshot(&prompts);
        let planned = begin.elapsed();
        let mut triage = triage();
        let now = SteadyTime::of_ms(0);
        triage.handle(Input::Listed(0, snapshot), now);
        triage.tick(now);
        let taken = begin.elapsed();
        Screen::new().draw(&mut triage, now);
        let whole = begin.elapsed();
        let between = Duration::saturating_sub;
        let parts = [
            read,
            between(planned, read),
            between(taken, planned),
            between(whole, taken),
            between(whole, read),
        ];
        for (best, part) in best.iter_mut().zip(parts) {
            *best = part.min(*best);
        }
    }
    let [read, planned, taken, drawn, whole] = best.map(|part| part.as_secs_f64() * 1_000.0);
    println!("{PROMPTS} prompts in {groups} groups:");
    println!(
        "  reading the listing {read:.1} ms; plan {planned:.1}, list {taken:.1}, first screen {drawn:.1}"
    );
    println!("  from the read listing to the first screen: {whole:.1} ms (bar: 50 ms)");
}

/// The time from a key to its screen.
fn keys(groups: u64) {
    let prompts = read(&listing(PROMPTS, groups));
    let mut triage = triage();
    let mut screen = Screen::new();
    let mut now = SteadyTime::of_ms(0);
    triage.handle(Input::Listed(0, snapshot(&prompts)), now);
    triage.tick(now);
    screen.draw(&mut triage, now);
    let arrived: Vec<Snapshot> = (1..=20)
        .map(|step| {
            let more = read(&listing(PROMPTS + step * 12, groups + step));
            snapshot(&more)
        })
        .collect();
    let mut arrived = arrived.into_iter();
    let script: Vec<Key> = "jjjjjjkktjjtGgssssdujjaujjj/git 77".chars().map(Key::Char).collect();
    let end =
        [Key::Backspace, Key::Backspace, Key::Enter, Key::Escape, Key::PageDown, Key::PageDown, Key::PageUp];
    let overlays = [Key::Enter, Key::Down, Key::PageDown, Key::Escape, Key::Char('?'), Key::Escape];
    let all: Vec<Key> = script.into_iter().chain(end).chain(overlays).collect();
    let mut times = Vec::with_capacity(KEYS);
    let mut heaviest = (Duration::ZERO, Key::Home);
    for at in 0..KEYS {
        now = now.plus(160);
        if at % 1_000 == 999
            && let Some(snapshot) = arrived.next()
        {
            triage.handle(Input::Listed(0, snapshot), now);
        }
        let key = all[at % all.len()];
        let begin = Instant::now();
        triage.handle(Input::Key(key), now);
        triage.tick(now);
        screen.draw(&mut triage, now);
        let time = begin.elapsed();
        if time > heaviest.0 {
            heaviest = (time, key);
        }
        times.push(time);
        while triage.next_effect().is_some() {}
    }
    times.sort_unstable();
    let at = |part: usize| times[(times.len() * part / 1_000).min(times.len() - 1)].as_secs_f64() * 1_000.0;
    println!(
        "  key to screen, {KEYS} keys: median {:.2} ms, p99 {:.2} ms (bar: 16 ms), most {:.1} ms ({:?})",
        at(500),
        at(990),
        heaviest.0.as_secs_f64() * 1_000.0,
        heaviest.1
    );
}

/// The resident memory of this process, in MB.
fn memory() -> Option<f64> {
    let pages: f64 = std::io::read_to_string(std::fs::File::open("/proc/self/statm").ok()?)
        .ok()?
        .split_whitespace()
        .nth(1)?
        .parse()
        .ok()?;
    Some(pages * 4_096.0 / 1e6)
}

fn main() {
    for groups in [400, PROMPTS] {
        first_screen(groups);
        keys(groups);
    }
    if let Some(memory) = memory() {
        println!("resident memory at the end: {memory:.0} MB");
    }
}
