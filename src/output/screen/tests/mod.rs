//! Tests of the screen: snapshots, and what no text of a prompt can do to it.

mod hostile;
mod shots;

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use serde_json::{Value, json};

use super::Painter;
use crate::queue::clock::SteadyTime;
use crate::queue::filter::Sort;
use crate::queue::history::{Past, Resolver};
use crate::queue::triage::{
    Drawn, Effect, Fact, Facts, Input, Key, NewEntry, NoProposal, Proposal, Proposals, RowId, Snapshot,
    Triage, Verdict,
};
use crate::queue::{Kind, Prompt, Reader, Rules, Runs, plan};

pub(super) const NOW: u64 = 1_795_438_812_000;

/// A prompt, with changes of its row.
pub(super) fn prompt(id: &str, command: &str, age_s: u64, change: impl FnOnce(&mut Value)) -> Prompt {
    let mut row = json!({
        "id": id, "createdAtMs": NOW - age_s * 1_000, "expiresAtMs": NOW - age_s * 1_000 + 1_800_000,
        "approvalKind": "exec",
        "request": {
            "command": command, "cwd": "/srv/lab", "host": "gateway", "agentId": "main",
            "sessionKey": "agent:main:telegram:direct:1001", "resolvedPath": "/usr/bin/git",
            "allowedDecisions": ["allow-once", "allow-always", "deny"],
            "turnSourceChannel": "telegram", "turnSourceTo": "1001",
        },
    });
    change(&mut row);
    let kind = if row["approvalKind"] == "plugin" { Kind::Plugin } else { Kind::Exec };
    Reader::keeping_raw().text(kind, &row.to_string()).unwrap()
}

/// A triage that shows these prompts, and its time.
pub(super) fn showing(prompts: &[Prompt]) -> (Triage, SteadyTime) {
    let mut triage = Triage::new(["prod".to_owned()], false, Sort::Age);
    let now = SteadyTime::of_ms(1_000_000);
    let runs = Runs::new();
    let snapshot = Snapshot::of(&plan(prompts, &runs, Rules::at(NOW)), &runs);
    triage.handle(Input::Listed(0, snapshot), now);
    triage.tick(now);
    while triage.next_effect().is_some() {}
    (triage, now.plus(1_000))
}

/// Presses keys, each a moment after the last one.
pub(super) fn press(triage: &mut Triage, now: &mut SteadyTime, keys: &str) {
    for key in keys.chars() {
        *now = now.plus(200);
        let key = if key == '\n' { Key::Enter } else { Key::Char(key) };
        triage.handle(Input::Key(key), *now);
        triage.tick(*now);
    }
}

/// The facts of the row under the cursor.
pub(super) fn know(triage: &mut Triage, now: SteadyTime) {
    let row: RowId = triage.current().unwrap().id;
    let verdict = Verdict {
        word: "asks",
        why: "the entries do not allow every part".to_owned(),
        entries: vec![("/usr/bin/git".to_owned(), Some("^push origin main$".to_owned()))],
        missing: Vec::new(),
        release: "2026.9.6".to_owned(),
        always: Ok(vec![
            NewEntry {
                pattern: "/usr/bin/git".to_owned(),
                arg_pattern: Some(
                    "sha256:cwd-argv:v1:e2e97e3fa8ef910ed6bbbb49d507471b6ba6100d2efc36074783591529d9a384"
                        .to_owned(),
                ),
            },
            NewEntry { pattern: "=node-command:f0f40cf78dab06e0".to_owned(), arg_pattern: None },
        ]),
    };
    let past = |outcome: &str, count: usize, minutes: u64, own: bool| Past {
        outcome: outcome.into(),
        resolver: Some(Resolver { kind: "device".into(), id: Some("d1".into()), own }),
        count,
        last_ms: NOW - minutes * 60_000,
    };
    let history = Some(Fact::Known(vec![past("deny", 24, 3, true), past("allow-once", 1, 90, false)]));
    triage.handle(Input::Facts(row, Facts { verdict: Fact::Known(verdict), history }), now);
}

/// Answers the request for proposals.
pub(super) fn propose(triage: &mut Triage, now: SteadyTime, found: &Result<Proposals, String>) {
    while let Some(effect) = triage.next_effect() {
        if let Effect::Propose(gateway, ticket) = effect {
            triage.handle(Input::Proposed(gateway, ticket, found.clone().map(Box::new)), now);
        }
    }
}

/// The lines of the screen after a drawing, without spaces at their ends.
pub(super) fn drawn(triage: &mut Triage, now: SteadyTime, (width, height): (u16, u16)) -> Vec<String> {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut painter = Painter::new(false);
    // The first drawing reports how much fits, and the second one shows it.
    for _ in 0..2 {
        let mut drawn = Drawn::default();
        terminal.draw(|frame| drawn = painter.paint(frame.buffer_mut(), triage, now)).unwrap();
        triage.drawn(drawn);
    }
    lines(terminal.backend().buffer())
}

/// The lines of a buffer. Cells that a wide character covers are left out.
pub(super) fn lines(buffer: &ratatui::buffer::Buffer) -> Vec<String> {
    use unicode_width::UnicodeWidthStr;
    let mut lines = Vec::new();
    for y in 0..buffer.area.height {
        let (mut line, mut covered) = (String::new(), 0);
        for x in 0..buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            if covered == 0 {
                line.push_str(symbol);
                covered = symbol.width().max(1);
            }
            covered -= 1;
        }
        lines.push(line.trim_end().to_owned());
    }
    lines
}
