//! What is wrong with the pattern of an entry: one that no program can have, one that was written as a command line.

use crate::approvals::decide::Profile;
use crate::approvals::decide::inclusion::is_path;

/// The ends of directories that hold programs.
const BIN: [&str; 3] = ["/bin", "/sbin", "/libexec"];

/// What words of a command line begin with, and names of files hardly do.
const MARKS: [&str; 14] = ["-", "/", "~/", "./", "../", "*", "$", "'", "\"", "|", "&", ";", ">", "<"];

/// Whether a pattern may be meant for Windows, where other rules apply: any slash, any case, real paths.
pub(super) fn is_of_windows(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    let end = bytes.len().checked_sub(4).map(|start| &bytes[start..]);
    let is_program = |end: &[u8]| {
        [".exe", ".cmd", ".bat", ".com"].iter().any(|suffix| end.eq_ignore_ascii_case(suffix.as_bytes()))
    };
    bytes.contains(&b'\\') || bytes.get(1) == Some(&b':') || end.is_some_and(is_program)
}

/// Why no program can have the path that a pattern requires, and the first release for which that is so. Patterns that may
/// be meant for Windows are never reported.
pub(super) fn impossible(pattern: &str) -> Option<(&'static str, Profile)> {
    const EVER: Profile = Profile::V2026_4_14;
    if !is_path(pattern) || is_of_windows(pattern) {
        return None;
    }
    if is_in_root(pattern) {
        return Some(("`*` does not match the slash that a path begins with, and `**/` does", EVER));
    }
    if let Some(rest) = pattern.strip_prefix('~') {
        if rest.is_empty() {
            return Some(("it names the home directory itself, which is not a program", EVER));
        }
        if !rest.starts_with('/') {
            return Some((
                "`~` is the home directory only before a slash: home directories of other users are not resolved",
                EVER,
            ));
        }
    } else if !pattern.starts_with(['/', '*', '?']) && !rest_of(pattern).starts_with(['*', '?']) {
        // A letter and a wildcard may be a drive.
        return Some(("a path is matched whole, from its first slash", EVER));
    }
    if pattern.ends_with('/') {
        return Some(("no program's path ends with a slash", EVER));
    }
    // 2026.4.14 compares the path of a call as it was written.
    if pattern.split('/').skip(1).any(|segment| matches!(segment, "." | "..")) {
        return Some(("a resolved path contains no `.` or `..`", Profile::V2026_6_11));
    }
    if rest_of(pattern).contains("//") {
        return Some(("a resolved path contains no double slash", Profile::V2026_6_11));
    }
    None
}

/// Whether only a program directly in the root directory can match a pattern that was meant for any directory.
pub(super) fn is_in_root(pattern: &str) -> bool {
    pattern.strip_prefix("*/").is_some_and(|rest| !rest.contains('/') && !rest.contains("**"))
}

/// A text without its first character.
fn rest_of(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str()
}

/// Whether a pattern was written as a command line instead of a program.
pub(super) fn is_command_line(pattern: &str) -> bool {
    // Most patterns return here.
    if pattern.bytes().all(|byte| byte > b' ' && byte.is_ascii()) || is_of_windows(pattern) {
        return false;
    }
    let mut words = pattern.split_whitespace();
    let first = words.next().unwrap_or_default();
    let mut further = words.peekable();
    if further.peek().is_none() {
        return false;
    }
    if !is_path(pattern) {
        return true;
    }
    // A path may contain blanks, but no word of it begins like an option or another path.
    let directory = first.rsplit_once('/').map(|(directory, _)| directory);
    let is_in_bin = directory.is_some_and(|directory| BIN.iter().any(|end| directory.ends_with(end)));
    is_in_bin || further.any(|word| MARKS.iter().any(|mark| word.starts_with(mark)))
}

/// Whether brackets or braces were used as alternatives.
pub(super) fn has_literal_glob(pattern: &str) -> bool {
    let between = |open: char, close: char| {
        let (_, rest) = pattern.split_once(open)?;
        rest.split_once(close).map(|(inner, _)| inner)
    };
    between('{', '}').is_some_and(|inner| inner.contains(','))
        || between('[', ']').is_some_and(|inner| !inner.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_never_match_is_known() {
        for pattern in [
            "bin/rg",
            "./rg",
            "../rg",
            "~",
            "~/",
            "~bob/bin/rg",
            "/usr/bin/",
            "/a/../b",
            "/a/./b",
            "/a//b",
            "$HOME/bin/rg",
            "/a/..",
            "é/rg",
            "*/rg",
            "*/r?",
        ] {
            assert!(impossible(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            "rg",
            "/usr/bin/rg",
            "~/bin/rg",
            "**/rg",
            "*/bin/rg",
            "?:/rg",
            "C:/x/rg",
            r"C:\x\rg.exe",
            r"bin\rg.exe",
            "c*/rg",
            "//server/rg",
            "/a/...",
            "/a/*/b",
        ] {
            assert!(impossible(pattern).is_none(), "{pattern}");
        }
    }

    #[test]
    fn command_lines_and_alternatives_are_known() {
        for pattern in [
            "git status",
            "ls -la",
            "/usr/bin/git -C /srv",
            "/usr/bin/git status",
            "/opt/homebrew/bin/gh pr *",
            "python3 /x/y.py *",
            "~/.local/bin/tool run",
            "/srv/tool > /tmp/x",
        ] {
            assert!(is_command_line(pattern), "{pattern}");
        }
        for pattern in [
            "git",
            "/Applications/My App/x",
            "/Applications/My App",
            "/usr/bin/git",
            r"C:\Program Files\x.exe",
        ] {
            assert!(!is_command_line(pattern), "{pattern}");
        }
        assert!(has_literal_glob("/usr/bin/{a,b}") && has_literal_glob("[ab]*"));
        assert!(!has_literal_glob("/usr/bin/[") && !has_literal_glob("{a}") && !has_literal_glob("a(b)"));
    }
}
