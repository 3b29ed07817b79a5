//! Small text rules of JavaScript and Node that the releases use everywhere: trimming, base names, joining of
//! paths.
//!
//! Source: `exec-wrapper-tokens` of all three releases, and the documented behaviour of
//! `String.prototype.trim` and `path.posix` of Node 24.

/// Whether JavaScript's `trim` and `\s` count a character as white space: U+FEFF is, U+0085 is not.
pub(super) fn is_white(character: char) -> bool {
    character == '\u{feff}' || (character.is_whitespace() && character != '\u{85}')
}

/// `String.prototype.trim`.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(is_white)
}

/// The program that a word names, for comparison with the tables: the last component after `/` or `\`, in
/// lower case, without `.exe`, `.cmd`, `.bat` or `.com`.
pub(super) fn program_name(word: &str) -> String {
    if word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-')) {
        // Most words are their own names.
        return word.to_owned();
    }
    let posix = base_name(word);
    let windows = windows_base_name(word);
    let shorter = if windows.encode_utf16().count() < posix.encode_utf16().count() { windows } else { posix };
    let lower = trim(shorter).to_lowercase();
    for suffix in [".exe", ".cmd", ".bat", ".com"] {
        if let Some(rest) = lower.strip_suffix(suffix) {
            return rest.to_owned();
        }
    }
    lower
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
/// as text.
pub(super) fn absolute(directory: &str, path: &str) -> String {
    if path.starts_with('/') { fold(path) } else { fold(&format!("{directory}/{path}")) }
}

/// `path.posix.normalize` of an absolute path: as [`absolute`], but a slash at the end is kept.
pub(super) fn normalize(path: &str) -> String {
    let mut folded = fold(path);
    if path.ends_with('/') && folded != "/" {
        folded.push('/');
    }
    folded
}

/// Folds an absolute path as text.
fn fold(path: &str) -> String {
    if is_folded(path) {
        return path.to_owned();
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
    path.strip_prefix('/')
        .is_some_and(|path| path.is_empty() || path.split('/').all(|part| !matches!(part, "" | "." | "..")))
}

/// Replaces `~` at the start, if the end or a separator follows, by the home directory. Nothing is replaced
/// without one.
pub(super) fn expand_home(text: &str, home: &str) -> String {
    match text.strip_prefix('~') {
        Some(rest) if !home.is_empty() && (rest.is_empty() || rest.starts_with(['/', '\\'])) => {
            format!("{home}{rest}")
        }
        _ => text.to_owned(),
    }
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

    #[test]
    fn a_tilde_is_the_home_directory_only_as_a_whole_component() {
        for (text, result) in [("~", "/h"), ("~/x", "/h/x"), ("~x", "~x"), ("a~", "a~")] {
            assert_eq!(expand_home(text, "/h"), result);
        }
    }
}
