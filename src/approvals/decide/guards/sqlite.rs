//! Recognises `sqlite3` on a database of the running gateway, which 2026.9.6 refuses. Source:
//! `targetsLiveStateSqliteDatabase`. Without a known state directory nothing is recognised.

use super::login::base_name;
use crate::approvals::decide::host::{Found, Host};
use crate::approvals::decide::question::Question;
use crate::approvals::decide::splitter;
use crate::approvals::decide::words::{self, trim};

/// The options of `sqlite3` that take a value, and the two that take two.
const VALUES: [&str; 11] =
    ["cmd", "escape", "heap", "init", "maxsize", "mmap", "newline", "nonce", "nullvalue", "separator", "vfs"];
const TWO_VALUES: [&str; 2] = ["lookaside", "pagecache"];

/// The options of `.open` that take a value.
const OPEN_VALUES: [&str; 4] = ["hexkey", "key", "maxsize", "textkey"];

/// Whether a command opens a database.
pub(super) fn opens_database(argv: &[String]) -> bool {
    is_sqlite(argv) && databases(argv).iter().any(|name| expanded(name, "", "").is_some())
}

fn is_sqlite(argv: &[String]) -> bool {
    base_name(argv.first()) == "sqlite3"
}

/// Whether a command opens a database in the gateway's state directory, `state`.
pub(super) fn opens_state(argv: &[String], state: &str, question: &Question<'_>, host: &dyn Host) -> bool {
    if !is_sqlite(argv) {
        return false;
    }
    let state_path = canonical(&words::absolute(question.directory, state), host);
    databases(argv).iter().any(|token| {
        let Some(path) = expanded(token, state, question.home) else { return false };
        let target = canonical(&words::absolute(question.directory, &path), host);
        target.strip_prefix(&state_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// The databases that the words name: the first operand, and those of `.open`.
fn databases(argv: &[String]) -> Vec<String> {
    let mut databases = Vec::new();
    let mut commands: Vec<&str> = Vec::new();
    let mut index = 1;
    while let Some(word) = argv.get(index) {
        let operand = if word == "--" { index + 1 } else { index };
        if word == "--" || word == "-" || !word.starts_with('-') {
            databases.extend(argv.get(operand).cloned());
            commands.extend(argv.iter().skip(operand + 1).map(String::as_str));
            break;
        }
        let (name, value) = option(word);
        if name == "cmd" {
            commands.extend(value.or_else(|| argv.get(index + 1).map(String::as_str)));
        }
        let count = 2 * usize::from(TWO_VALUES.contains(&name.as_str()))
            + usize::from(VALUES.contains(&name.as_str()));
        index += if value.is_some() { 1 } else { 1 + count };
    }
    databases.extend(commands.into_iter().filter_map(opened));
    databases
}

/// The database of a `.open` command.
fn opened(command: &str) -> Option<String> {
    let argv = splitter::words(command)?;
    if !matches!(argv.first()?.as_str(), ".op" | ".ope" | ".open") {
        return None;
    }
    let mut index = 1;
    while let Some(word) = argv.get(index) {
        if word == "--" {
            return argv.get(index + 1).cloned();
        }
        if word == "-" || !word.starts_with('-') {
            return Some(word.clone());
        }
        let (name, value) = option(word);
        index += if value.is_none() && OPEN_VALUES.contains(&name.as_str()) { 2 } else { 1 };
    }
    None
}

/// The name of an option in lower case, and its value in the same word.
fn option(word: &str) -> (String, Option<&str>) {
    let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    (name.trim_start_matches('-').to_lowercase(), value)
}

/// The path that a word names, with the variables and the URI that `sqlite3` and a shell understand.
fn expanded(word: &str, state: &str, home: &str) -> Option<String> {
    let word = trim(word);
    if word.is_empty() || word == ":memory:" {
        return None;
    }
    let behind = |text: &str, names: [&str; 2]| {
        let rest = names.iter().find_map(|name| text.strip_prefix(name))?;
        (rest.is_empty() || rest.starts_with(['/', '\\'])).then(|| rest.to_owned())
    };
    let mut path = word.to_owned();
    if let Some(rest) = behind(&path, ["$OPENCLAW_STATE_DIR", "${OPENCLAW_STATE_DIR}"]) {
        path = format!("{state}{rest}");
    }
    if let Some(rest) = behind(&path, ["$HOME", "${HOME}"]) {
        path = format!("{home}{rest}");
    }
    if path == "~" || path.starts_with("~/") || path.starts_with("~\\") {
        path = format!("{home}/{}", path.get(2..).unwrap_or_default());
    }
    if path.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("file:")) {
        let name = path.get(5..).unwrap_or_default();
        let name = name.strip_prefix("//localhost/").map_or(name, |_| name.get(11..).unwrap_or_default());
        let name = name.strip_prefix("//").filter(|rest| rest.starts_with('/')).unwrap_or(name);
        let name = name.split(['?', '#']).next().unwrap_or_default();
        return (!name.is_empty()).then(|| percent_decoded(name));
    }
    Some(path)
}

/// Text with `%41` decoded; unchanged if the escapes are not UTF-8.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let escaped =
            behind.get(..2).filter(|_| first == b'%').and_then(|digits| std::str::from_utf8(digits).ok());
        let decoded = escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(decoded.unwrap_or(first));
        rest = if decoded.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The real path of the nearest directory that exists, with the rest of the path after it.
fn canonical(path: &str, host: &dyn Host) -> String {
    let mut end = path.len();
    loop {
        let (existing, rest) = path.split_at_checked(end).unwrap_or((path, ""));
        let look = host.look(if existing.is_empty() { "/" } else { existing });
        if let Found::Program(real) | Found::File(real) | Found::Directory(real) = look {
            return format!("{}{rest}", real.trim_end_matches('/'));
        }
        match existing.rfind('/') {
            Some(slash) if !existing.is_empty() => end = slash,
            _ => return path.to_owned(),
        }
    }
}
