//! Small text rules of JavaScript and Node that the releases use everywhere: trimming, base names, joining of
//! paths.
//!
//! Source: `exec-wrapper-tokens` of all three releases, and the documented behaviour of
//! `String.prototype.trim` and `path.posix` of Node 24.

use std::borrow::Cow;

/// Whether JavaScript's `trim` and `\s` count a character as white space: U+FEFF is, U+0085 is not.
pub(super) fn is_white(character: char) -> bool {
    character == '\u{feff}' || (character.is_whitespace() && character != '\u{85}')
}

/// `String.prototype.trim`.
pub(super) fn trim(text: &str) -> &str {
    // Most texts begin and end with what is certainly no white space.
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_plain(text.as_bytes().first()) && is_plain(text.as_bytes().last()) {
        return text;
    }
    text.trim_matches(is_white)
}

/// The program that a word names, for comparison with the tables: the last component after `/` or `\`, in
/// lower case, without `.exe`, `.cmd`, `.bat` or `.com`.
pub(super) fn program_name(word: &str) -> Cow<'_, str> {
    // Most words are their own names, or those after the last slash.
    let is_plain = |byte: &u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    match word.bytes().rposition(|byte| !is_plain(&byte)) {
        None => return Cow::Borrowed(word),
        Some(at) if word.as_bytes().get(at) == Some(&b'/') && !word.contains(['\\', ':']) => {
            if let Some(name) = word.get(at + 1..).filter(|name| !name.is_empty()) {
                return Cow::Borrowed(name);
            }
        }
        Some(_) => {}
    }
    match lower_case(trim(shorter_base_name(word))) {
        Cow::Borrowed(name) => Cow::Borrowed(without_suffix(name)),
        Cow::Owned(name) => Cow::Owned(without_suffix(&name).to_owned()),
    }
}

/// The last component of a path, as POSIX or as Windows has it, whichever is shorter.
fn shorter_base_name(path: &str) -> &str {
    let posix = base_name(path);
    if !path.contains(['\\', ':']) {
        return posix;
    }
    let windows = windows_base_name(path);
    if windows.encode_utf16().count() < posix.encode_utf16().count() { windows } else { posix }
}

/// The name of a program without the suffix of Windows.
fn without_suffix(name: &str) -> &str {
    [".exe", ".cmd", ".bat", ".com"].iter().find_map(|suffix| name.strip_suffix(suffix)).unwrap_or(name)
}

/// A text in lower case. Most are already.
pub(super) fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

/// `path.posix.basename`: the last component, trailing slashes ignored.
pub(super) fn base_name(path: &str) -> &str {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// `path.win32.basename`: as above with both separators, and without a drive letter in front.
fn windows_base_name(path: &str) -> &str {
    let mut bytes = path.bytes();
    let has_drive =
        bytes.next().is_some_and(|first| first.is_ascii_alphabetic()) && bytes.next() == Some(b':');
    let path = if has_drive { path.get(2..).unwrap_or_default() } else { path };
    path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']).next().unwrap_or_default()
}

/// `path.posix.dirname` of an absolute path.
pub(super) fn directory_name(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    match path.rfind('/') {
        Some(0) | None => "/",
        Some(at) => path.get(..at).unwrap_or_default().trim_end_matches('/'),
    }
}

/// `path.posix.resolve(directory, path)` for an absolute directory: `.`, `..` and doubled slashes are folded
/// as text. If the directory is not known, a relative path stays as it is.
pub(super) fn absolute(directory: &str, path: &str) -> String {
    if directory.is_empty() && !path.starts_with('/') {
        return path.to_owned();
    }
    fold(if path.starts_with('/') { path.to_owned() } else { [directory, "/", path].concat() })
}

/// `path.posix.normalize` of an absolute path: as [`absolute`], but a slash at the end is kept.
pub(super) fn normalize(path: &str) -> String {
    let mut folded = fold(path.to_owned());
    if path.ends_with('/') && folded != "/" {
        folded.push('/');
    }
    folded
}

/// Folds an absolute path as text.
fn fold(path: String) -> String {
    if is_folded(&path) {
        return path;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Whether folding leaves an absolute path as it is, which is so for most.
fn is_folded(path: &str) -> bool {
    let is_kept = |part: &str| !matches!(part, "" | "." | "..");
    let may_change =
        path.ends_with('/') || path.as_bytes().windows(2).any(|pair| matches!(pair, [b'/', b'/' | b'.']));
    path.strip_prefix('/').is_some_and(|rest| !may_change || rest.is_empty() || rest.split('/').all(is_kept))
}

/// Whether a text has two bytes of ASCII next to each other.
pub(super) fn has_pair(text: &str, pair: [u8; 2]) -> bool {
    text.as_bytes().windows(2).any(|bytes| bytes == pair)
}

/// The home directory that a release takes `HOME` for (`resolveEffectiveHomeDir`). A relative one stays as it is: it is
/// relative to where the gateway was started.
pub(super) fn home(variable: &str) -> Cow<'_, str> {
    match trim(variable) {
        "undefined" | "null" => Cow::Borrowed(""),
        home if home.starts_with('/') && !is_folded(home) => Cow::Owned(fold(home.to_owned())),
        home => Cow::Borrowed(home),
    }
}

/// Replaces `~` at the start, if the end or a separator follows, by the home directory. Nothing is replaced
/// without one.
pub(super) fn expand_home<'t>(text: &'t str, home: &str) -> Cow<'t, str> {
    match text.strip_prefix('~') {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with(['/', '\\'])) => {
            Cow::Owned(format!("{home}{rest}"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// Whether a path has `.` or `..` in it.
pub(super) fn has_dots(path: &str) -> bool {
    path.split(['/', '\\']).any(|part| matches!(part, "." | ".."))
}

/// Whether a word names a path rather than a program to look up.
pub(super) fn has_separator(word: &str) -> bool {
    word.contains(['/', '\\'])
}

/// The name of an option without its `=value`.
pub(super) fn option_name(token: &str) -> &str {
    token.split_once('=').map_or(token, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_directory_case_and_suffix() {
        for (word, name) in [
            ("ls", "ls"),
            ("/usr/bin/LS", "ls"),
            ("C:\\tools\\Bash.EXE", "bash"),
            ("dir\\sh", "sh"),
            ("c:sh", "sh"),
            ("env/", "env"),
            (" time ", "time"),
            ("a.com.exe", "a.com"),
            ("", ""),
        ] {
            assert_eq!(program_name(word), name, "{word}");
        }
    }

    #[test]
    fn paths_are_folded_as_text() {
        for (directory, path, result) in [
            ("/work", "x", "/work/x"),
            ("/work/", "./a/../b//c", "/work/b/c"),
            ("/work", "/usr/bin/../bin/ls", "/usr/bin/ls"),
            ("/work", "../../..", "/"),
        ] {
            assert_eq!(absolute(directory, path), result, "{path}");
        }
        assert_eq!(normalize("/a//b/"), "/a/b/");
        assert_eq!(directory_name("/usr/bin/ls"), "/usr/bin");
        assert_eq!(directory_name("/ls"), "/");
        assert_eq!(base_name("/usr/bin/ls"), "ls");
    }

    /// The bug: patterns and words with `~/` had two slashes.
    #[test]
    fn the_home_directory_is_resolved_first() {
        for (variable, result) in [
            ("/h", "/h"),
            ("/h/", "/h"),
            (" /h//a/../. ", "/h"),
            ("/", "/"),
            ("", ""),
            ("null", ""),
            ("h/", "h/"),
        ] {
            assert_eq!(home(variable), result);
        }
        assert_eq!(absolute("", "../x"), "../x");
    }

    #[test]
    fn a_tilde_is_the_home_directory_only_as_a_whole_component() {
        for (text, result) in [("~", "/h"), ("~/x", "/h/x"), ("~x", "~x"), ("a~", "a~")] {
            assert_eq!(expand_home(text, "/h"), result);
        }
    }
}
