//! Documents that are damaged: in their bytes, in their structure, with characters of every plane, and in their size.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use serde_json::{Value, json};

/// The beginning of a hostile document, what is repeated (`#` is a number that counts), and how it ends.
pub const HOSTILE: &[(&str, &str, &str)] = &[
    ("{", "\"\":1,", ""),
    ("[", "1,", ""),
    ("", "[", ""),
    ("", "{\"a\":", ""),
    ("\"", "a", ""),
    ("", " ", ""),
    ("", "\u{a0}", ""),
    ("{\"version\":1,\"agents\":{\"a\":{\"allowlist\":[", "1,", ""),
    ("{\"version\":1,\"agents\":{\"a\":{\"allowlist\":[", "{\"pattern\":\"a\"},", ""),
    ("{\"version\":1,\"agents\":{\"a\":{\"allowlist\":[", "{\"pattern\":\"a\",\"argPattern\":\"(\"},", ""),
    ("{\"version\":1,\"agents\":{\"a\":{\"allowlist\":[", "{\"x\":1},", ""),
    ("{\"version\":1,\"agents\":{", "\"a\":{},", ""),
    ("{\"version\":1,\"agents\":{", "\"a\":1,", ""),
    ("{\"socket\":{", "\"token\":1,", ""),
    ("{\"socket\":", "{\"token\": :", ""),
    ("", ":", ""),
    ("", "\\", ""),
    ("[", "/**/1,", ""),
    ("{", "a:'\\a',", ""),
    ("", "\u{feff}", ""),
    ("{\"rules\":[", "{\"pattern\":\" \"},", ""),
    ("{\"version\":1,\"version\":", "{\"x\":[],\"x\":[]},\"version\":", ""),
    ("{\"version\":", "9", "}"),
    ("{", "/* # */", "\"version\":1}"),
    (
        ENTRIES,
        "{\"pattern\":\"/opt/tools/bin/tool-#\",\"lastUsedCommand\":\"tool status --short --branch --all\"},",
        LAST,
    ),
    (
        ENTRIES,
        "{\"pattern\":\"/usr/bin/python3\",\"lastUsedCommand\":\"tool status --short --branch --all now\"},",
        LAST,
    ),
    (
        ENTRIES,
        "{\"patern\":\"/opt/tools/bin/tool-#\",\"lastUsedCommand\":\"tool status --short --branch\"},",
        LAST,
    ),
    (
        ENTRIES,
        "{\"pattern\":\"/opt/tools/bin/tool-#\",\"lastUsed\":1767268800000,\"x\":\"tool status --short\"},",
        LAST,
    ),
    (ENTRIES, "\"/opt/tools/bin/tool-#\",", LAST),
    (
        ENTRIES,
        "{\"pattern\":\"/*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a#\"},",
        LAST,
    ),
    (
        ENTRIES,
        "{\"pattern\":\"/a\",\"argPattern\":\"^((a|b)*(c|d)*)*#$\",\"lastUsedCommand\":\"tool status --short --all\"},",
        LAST,
    ),
    (
        AGENTS,
        "\"agent-#\":{\"security\":\"allowlist\",\"ask\":\"on-miss\",\"askFallback\":\"deny\",\"autoAllowSkills\":false},",
        "\"a\":{}}}",
    ),
    (
        "{\"version\":1,\"agents\":{\"a\":{\"mcpTools\":[",
        "{\"server\":\"s\",\"tool\":\"tool-number-#\",\"source\":\"allow-always\",\"addedAt\":1767268800000.5},",
        "{\"server\":\"s\",\"tool\":\"t\",\"source\":\"allow-always\",\"addedAt\":1}]}}}",
    ),
    (
        "{\"version\":1,\"agents\":{\"a\":{",
        "\"field-#\":\"a value that no release reads\",",
        "\"ask\":\"off\"}}}",
    ),
    ("{version:1,", "a#:'x',", "}"),
];

const AGENTS: &str = "{\"version\":1,\"agents\":{";
const ENTRIES: &str = "{\"version\":1,\"agents\":{\"a\":{\"allowlist\":[";
const LAST: &str = "{\"pattern\":\"/a\"}]}}}";

/// Returns `start`, then `piece` repeated up to `size` bytes in total, then `end`.
pub fn hostile(start: &str, piece: &str, end: &str, size: usize) -> String {
    let room = size.saturating_sub(start.len() + end.len());
    let longest = if piece.contains('#') { piece.len() + 6 } else { piece.len() };
    let mut text = String::with_capacity(size);
    text.push_str(start);
    for number in 0..room / longest {
        match piece.split_once('#') {
            Some((before, after)) => text.extend([before, &number.to_string(), after]),
            None => text.push_str(piece),
        }
    }
    text.push_str(end);
    text
}

/// The fixtures, and documents that use every field.
pub fn seeds(fixtures: &Path) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for folder in ["valid", "invalid", "legacy"] {
        let mut paths: Vec<_> =
            fs::read_dir(fixtures.join(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let small = paths.iter().map(|path| fs::read(path).unwrap()).filter(|text| text.len() < 64 * 1024);
        seeds.extend(small);
    }
    seeds
}

/// One damaged document.
pub fn document(seeds: &[Vec<u8>], random: &mut Rng, nth: u64) -> Vec<u8> {
    let mut text = seeds[random.usize(..seeds.len())].clone();
    if random.bool()
        && let Ok(mut value) = serde_json::from_slice::<Value>(&text)
    {
        for _ in 0..random.usize(1..4) {
            structure(&mut value, random, 0);
        }
        text = if random.bool() { value.to_string() } else { serde_json::to_string_pretty(&value).unwrap() }
            .into_bytes();
    }
    for _ in 0..random.usize(..4) {
        match random.u8(..4) {
            0 => bytes(&mut text, random),
            1 => pieces(&mut text, random),
            2 => characters(&mut text, random),
            _ => {}
        }
    }
    // One of a hundred is large, and one of ten thousand as large as a document may be.
    match nth {
        nth if nth % 10_000 == 9_999 && !cfg!(debug_assertions) => grow(&mut text, random, 64 << 20),
        nth if nth % 100 == 99 => grow(&mut text, random, 256 << 10),
        _ => {}
    }
    text
}

fn anything(random: &mut Rng) -> Value {
    match random.u8(..14) {
        0 => Value::Null,
        1 => json!(random.bool()),
        2 => json!(random.i64(..)),
        3 => json!(random.f64() * 1e300),
        4 => json!([]),
        5 => json!({}),
        6 => json!(["/bin/ls", {"pattern": "*"}]),
        7 => json!({"pattern": text(random), "argPattern": "(a+)+$", "token": text(random)}),
        8 => json!("allow-always"),
        9 => json!("full"),
        10 => json!("always"),
        11 => json!(1),
        12 => json!(-1.5),
        _ => json!(text(random)),
    }
}

fn text(random: &mut Rng) -> String {
    (0..random.usize(..12)).map(|_| character(random)).collect()
}

/// A character of any plane, often one with a meaning in JSON.
fn character(random: &mut Rng) -> char {
    const EDGES: [char; 32] = [
        '"', '\\', '\'', '/', '*', '?', '{', '}', '[', ']', ',', ':', '~', '(', ')', '|', '$', ' ', '\n',
        '\r', '\t', '\0', '\u{85}', '\u{a0}', '\u{ad}', '\u{2028}', '\u{202e}', '\u{3000}', '\u{feff}',
        '\u{fffd}', 'é', '😀',
    ];
    match random.u8(..3) {
        0 => EDGES[random.usize(..EDGES.len())],
        1 => char::from(random.u8(b' '..=b'~')),
        _ => {
            let plane = random.u32(..17) << 16;
            char::from_u32(plane | random.u32(..0x1_0000)).unwrap_or('\u{e000}')
        }
    }
}

/// Changes one place of a value.
fn structure(value: &mut Value, random: &mut Rng, depth: usize) {
    const NAMES: [&str; 16] = [
        "version",
        "socket",
        "token",
        "path",
        "defaults",
        "agents",
        "*",
        "default",
        "main",
        "allowlist",
        "pattern",
        "argPattern",
        "security",
        "ask",
        "source",
        "lastUsedAt",
    ];
    match value {
        Value::Object(fields) if depth == 0 || random.u8(..4) > 0 => {
            let names: Vec<String> = fields.keys().cloned().collect();
            let name = |random: &mut Rng| names.get(random.usize(..names.len().max(1))).cloned();
            match (random.u8(..5), name(random)) {
                (0, Some(name)) => drop(fields.remove(&name)),
                (1, Some(name)) => {
                    let other = if random.bool() {
                        NAMES[random.usize(..NAMES.len())].to_owned()
                    } else {
                        text(random)
                    };
                    if let Some(value) = fields.remove(&name) {
                        fields.insert(other, value);
                    }
                }
                (2, _) => {
                    let name = NAMES[random.usize(..NAMES.len())].to_owned();
                    fields.insert(name, anything(random));
                }
                (_, Some(name)) => {
                    if let Some(value) = fields.get_mut(&name) {
                        structure(value, random, depth + 1);
                    }
                }
                (_, None) => {}
            }
        }
        Value::Array(elements) if !elements.is_empty() && random.u8(..4) > 0 => {
            let at = random.usize(..elements.len());
            match random.u8(..4) {
                0 => drop(elements.remove(at)),
                1 => {
                    let twice = elements[at].clone();
                    elements.insert(at, twice);
                }
                _ => structure(&mut elements[at], random, depth + 1),
            }
        }
        other => *other = anything(random),
    }
}

fn bytes(text: &mut Vec<u8>, random: &mut Rng) {
    if text.is_empty() {
        return text.push(random.u8(..));
    }
    let at = random.usize(..text.len());
    match random.u8(..4) {
        0 => text[at] = random.u8(..),
        1 => drop(text.remove(at)),
        2 => text.insert(at, random.u8(..)),
        _ => text.truncate(at),
    }
}

/// Removes, doubles or moves a piece.
fn pieces(text: &mut Vec<u8>, random: &mut Rng) {
    let from = random.usize(..=text.len());
    let to = random.usize(from..=text.len().min(from + 64));
    let piece = text[from..to].to_vec();
    if random.u8(..3) == 0 {
        text.drain(from..to);
    } else {
        let at = random.usize(..=text.len());
        text.splice(at..at, piece);
    }
}

fn characters(text: &mut Vec<u8>, random: &mut Rng) {
    let Ok(mut whole) = String::from_utf8(std::mem::take(text)) else { return };
    for _ in 0..random.usize(1..4) {
        let at = whole.floor_char_boundary(random.usize(..=whole.len()));
        whole.insert(at, character(random));
    }
    *text = whole.into_bytes();
}

/// Repeats a piece until the document is large.
fn grow(text: &mut Vec<u8>, random: &mut Rng, most: usize) {
    let from = random.usize(..=text.len());
    let to = random.usize(from..=text.len().min(from + 200));
    let piece = text[from..to].to_vec();
    if piece.is_empty() {
        return;
    }
    let room = most.saturating_sub(text.len());
    let count = random.usize(..=room / piece.len());
    text.splice(to..to, piece.repeat(count));
}
