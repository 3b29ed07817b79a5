//! The reader of approvals documents: text to problems with positions, and to a document.

use clearance::internals::approvals::{
    Severity, Strictness, Syntax, Verdict, check, contents_of, parse, position,
};
use clearance::internals::output::{FileReport, Look, Paper, github, human, json, sarif, validation};
use serde_json::Value;

use super::{Target, chosen, kind, whole, within};

pub(super) const TARGET: Target = Target {
    name: "documents",
    run: documents,
    fixtures: &["fixtures/approvals", "fixtures/lint/documents"],
    split: whole,
    tokens: &TOKENS,
    pairs: &[["{\"a\":", "}"], ["[", "]"], ["\"", "\""], ["'", "'"], ["/*", "*/"], ["{", "}"]],
    joins: &[",", "\n", "//"],
    longest: 131_072,
};

fn documents(input: &[u8]) -> u64 {
    let (choice, bytes) = chosen(input);
    let syntax = if choice & 1 == 0 { Syntax::Json5 } else { Syntax::Json };
    let strictness = Strictness { syntax, allow_legacy: choice & 2 != 0 };
    let verdict = check(bytes, strictness);
    assert!(!verdict.unfinished, "there is no time limit");
    placed(bytes, &verdict);
    printed(choice, verdict.clone());
    if choice & 32 != 0 {
        assert_eq!(verdict, check(bytes, strictness), "two verdicts on one text");
    }
    if choice & 64 != 0 {
        agreed(bytes, strictness, &verdict);
    }
    if !strictness.allow_legacy {
        let parsed = parse(bytes, syntax);
        assert_eq!(parsed.is_ok(), verdict.is_valid(), "the document and the verdict differ");
        if let Ok(document) = parsed {
            let again = serde_json::to_string(&document).expect("a document is JSON");
            let read = parse(again.as_bytes(), Syntax::Json).expect("a written document is valid");
            assert_eq!(read, document, "what was written is not what was read");
        }
    }
    if choice & 128 != 0
        && let Some(contents) = contents_of(bytes.to_vec(), syntax)
    {
        let text = serde_json::to_string(&contents).expect("contents are JSON");
        serde_json::from_str::<Value>(&text).expect("contents are JSON");
    }
    let codes: Vec<&str> = verdict.diagnostics.iter().take(4).map(|found| found.code.as_str()).collect();
    kind((codes, verdict.diagnostics.len().min(8), verdict.is_valid()))
}

/// Every problem is inside the text, and the problems are sorted.
fn placed(bytes: &[u8], verdict: &Verdict) {
    let text = String::from_utf8_lossy(bytes);
    let starts = verdict.diagnostics.iter().map(|found| found.start);
    assert!(starts.is_sorted(), "the problems are not sorted");
    for found in &verdict.diagnostics {
        assert!(found.start <= found.end, "a problem ends before it starts");
        within(&text, found.start.line, found.start.column);
        within(&text, found.end.line, found.end.column);
        if let Some(excerpt) = &found.excerpt {
            assert!(excerpt.text.get(excerpt.marked.clone()).is_some(), "the mark is outside the excerpt");
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        for found in verdict.diagnostics.iter().take(8) {
            if let Some(place) = position(text, found.path.steps()) {
                within(text, place.line, place.column);
            }
        }
    }
}

/// Every form prints, and hostile characters do not reach the output.
fn printed(choice: u8, verdict: Verdict) {
    let reports = [FileReport { name: "a document".to_owned(), result: Ok(verdict) }];
    let width = [None, Some(20), Some(80), Some(200)][usize::from(choice >> 4 & 3)];
    let look = Look { styled: false, paper: Paper { width, styled: false } };
    let mut out = Vec::new();
    match choice >> 2 & 3 {
        0 => human(&mut out, &reports, look),
        1 => json(&mut out, &validation(&reports, &[])),
        2 => github(&mut out, &reports),
        _ => sarif(&mut out, &reports),
    }
    .expect("memory has no errors");
    let text = String::from_utf8(out).expect("text");
    let hostile = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.chars().any(|c| c != '\n' && hostile(c)), "a hostile character is printed: {text:?}");
    if choice >> 2 & 1 == 1 {
        serde_json::from_str::<Value>(&text).expect("machine output is JSON");
    }
}

/// What strict rules accept is accepted by loose ones.
fn agreed(bytes: &[u8], strictness: Strictness, verdict: &Verdict) {
    if !verdict.is_valid() {
        assert!(
            verdict.diagnostics.iter().any(|found| found.severity == Severity::Error) || verdict.omitted > 0
        );
        return;
    }
    let loose = Strictness { syntax: Syntax::Json5, allow_legacy: true };
    assert!(check(bytes, loose).is_valid(), "loose rules reject what strict ones accept: {strictness:?}");
}

/// Pieces of documents.
const TOKENS: [&str; 73] = [
    "\"version\"",
    "1",
    "\"defaults\"",
    "\"agents\"",
    "\"main\"",
    "\"*\"",
    "\"allowlist\"",
    "\"pattern\"",
    "\"argPattern\"",
    "\"security\"",
    "\"ask\"",
    "\"askFallback\"",
    "\"autoAllowSkills\"",
    "\"socket\"",
    "\"path\"",
    "\"token\"",
    "\"s3cret-t0ken\"",
    "\"deny\"",
    "\"full\"",
    "\"always\"",
    "\"on-miss\"",
    "\"off\"",
    "\"source\"",
    "\"allow-always\"",
    "\"lastUsedAt\"",
    "\"lastUsedCommand\"",
    "\"lastResolvedPath\"",
    "\"id\"",
    "\"commandText\"",
    "\"mcpTools\"",
    "\"server\"",
    "\"tool\"",
    "null",
    "true",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "'",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\udc00",
    "\\u202e",
    "\\x41",
    "\\\n",
    "//",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "\u{2028}",
    "\u{feff}",
    "\u{a0}",
    "\t",
    "\0",
    "é",
    "\u{202e}",
    "\u{1f600}",
    "NaN",
    "Infinity",
    "+1",
    ".5",
    "0x1f",
    "1e400",
    "-0",
    "default",
    "tools",
    "exec",
    "\"deny\": [",
];
