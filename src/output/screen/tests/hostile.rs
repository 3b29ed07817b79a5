//! No text of a prompt begins a line of the screen, or reaches the terminal as it is.

use proptest::prelude::*;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::super::escape::is_harmless;
use super::*;
use crate::queue::triage::Link;

/// Texts without any character that begins a line of clearance's own.
fn texts() -> impl Strategy<Value = String> {
    let special =
        "\n\r\t\u{1b}\u{7f}\u{9b}⟨⟩%&~^@#\u{202e}\u{301}\u{20dd}\u{200d}\u{fe0f}漢😀🇩ﷺ\u{a0}\u{3000}жé☎";
    let special: Vec<char> = special.chars().collect();
    let part = prop_oneof![
        6 => prop::sample::select(special).prop_map(String::from),
        1 => (9_usize..40).prop_map(|count| " ".repeat(count)),
        1 => any::<char>().prop_filter("no character of ours", |c| !c.is_ascii() && !"│─…".contains(*c)).prop_map(String::from),
    ];
    prop::collection::vec(part, 1..200).prop_map(|parts| format!("%{}", parts.concat()))
}

fn hostile(texts: &[String]) -> Vec<Prompt> {
    let fields = [
        "command",
        "cwd",
        "host",
        "nodeId",
        "agentId",
        "sessionKey",
        "runId",
        "resolvedPath",
        "warningText",
        "turnSourceChannel",
        "turnSourceTo",
        "title",
        "description",
        "pluginId",
        "toolName",
        "unknown",
    ];
    let kinds = ["exec", "plugin"];
    let prompts = kinds.iter().enumerate().map(|(n, kind)| {
        prompt(&format!("{}{n}", texts[0]), &texts[0], 90 + n as u64, |row| {
            row["approvalKind"] = (*kind).into();
            for (at, field) in fields.iter().enumerate() {
                row["request"][*field] = texts[at % texts.len()].as_str().into();
            }
        })
    });
    prompts.collect()
}

/// Facts with hostile texts: a document, a history and a gateway's error are from outside, too.
fn know_hostile(triage: &mut Triage, texts: &[String], now: SteadyTime) {
    let Some(row) = triage.current().map(|row| row.id) else { return };
    let given = |at: usize| texts[at % texts.len()].clone();
    let entry = NewEntry { pattern: given(0), arg_pattern: Some(given(1)) };
    let verdict = Verdict {
        word: "asks",
        why: given(0),
        entries: vec![(given(1), Some(given(2)))],
        missing: vec![given(2)],
        release: given(0),
        always: if texts.len() == 1 { Err(given(0)) } else { Ok(vec![entry]) },
    };
    let resolver = Resolver { kind: given(0).into(), id: Some(given(1).into()), own: false };
    let past = Past { outcome: given(2).into(), resolver: Some(resolver), count: 2, last_ms: NOW };
    let history = if texts.len() == 2 { Fact::Unknown(given(0)) } else { Fact::Known(vec![past]) };
    let facts = Facts { verdict: Fact::Known(verdict), history: Some(history) };
    triage.handle(Input::Facts(row, facts), now);
    if texts.len() == 3 {
        let link = Link::Lost { cause: given(0), remedy: Some(given(1)), retry_at: now };
        triage.handle(Input::Linked(0, link), now);
    }
}

/// Proposals with hostile texts.
fn proposals(texts: &[String]) -> Result<Proposals, String> {
    let given = |at: usize| texts[at % texts.len()].clone();
    if texts.len() == 2 {
        return Err(given(0));
    }
    let proposal = Proposal {
        pattern: given(0),
        arg_pattern: given(1),
        varies: vec!["number"],
        examples: texts.to_vec(),
        ..Proposal::default()
    };
    let refused =
        NoProposal { agent: given(1), why: given(0), example: Some(given(2)), ..NoProposal::default() };
    Ok(Proposals {
        document: given(0),
        release: given(1),
        sources: texts.to_vec(),
        agents: vec![(given(0), vec![proposal])],
        refused: vec![refused],
        problems: if texts.len() == 3 { texts.to_vec() } else { Vec::new() },
        remarks: texts.to_vec(),
        command: given(2),
        ..Proposals::default()
    })
}

/// Whether a character may begin a line.
fn is_ours(c: char) -> bool {
    c.is_ascii_alphanumeric() || " >!?│─…".contains(c)
}

/// The texts of a terminal's input, and its escape sequences.
fn parsed(bytes: &[u8]) -> (String, Vec<String>) {
    let text = std::str::from_utf8(bytes).unwrap();
    let (mut shown, mut sequences) = (String::new(), Vec::new());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            shown.push(c);
            continue;
        }
        assert_eq!(rest.next(), Some('['), "{text:?}");
        let mut sequence = String::new();
        for c in rest.by_ref() {
            sequence.push(c);
            if c.is_ascii_alphabetic() {
                break;
            }
        }
        sequences.push(sequence);
    }
    (shown, sequences)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_text_begins_a_line_or_reaches_the_terminal(
        given in prop::collection::vec(texts(), 1..4), keys in prop::sample::select(vec!["", "\n", "A", "tx", "d", "?", "ddq", "p"]),
        width in 20_u16..210, height in 4_u16..62, styled in any::<bool>(),
    ) {
        let (mut triage, mut now) = showing(&hostile(&given));
        press(&mut triage, &mut now, keys);
        know_hostile(&mut triage, &given, now);
        propose(&mut triage, now, &proposals(&given));
        let mut buffer = Buffer::empty(Rect { x: 0, y: 0, width, height });
        let mut painter = Painter::new(styled);
        let drawn = painter.paint(&mut buffer, &triage, now);
        triage.drawn(drawn);
        for line in lines(&buffer) {
            prop_assert!(line.chars().next().is_none_or(is_ours), "{line:?}");
            prop_assert!(line.chars().all(|c| c == ' ' || is_harmless(c)), "{line:?}");
        }
        // The same as bytes: only moves, styles and harmless characters.
        let mut bytes = Vec::new();
        let empty = Buffer::empty(buffer.area);
        CrosstermBackend::new(&mut bytes).draw(empty.diff(&buffer).into_iter()).unwrap();
        let (shown, sequences) = parsed(&bytes);
        prop_assert!(shown.chars().all(|c| c == ' ' || is_harmless(c)), "{shown:?}");
        for sequence in sequences {
            prop_assert!(sequence.ends_with(['H', 'm']), "{sequence:?}");
            prop_assert!(sequence.chars().all(|c| c.is_ascii_digit() || ";Hm".contains(c)), "{sequence:?}");
        }
    }
}
