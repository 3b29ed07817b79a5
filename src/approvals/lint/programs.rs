//! Programs that run other programs, and the directories of programs.

use std::borrow::Cow;

use crate::approvals::decide::inclusion::{self, Piece};
use crate::approvals::decide::is_shell_name;

/// Programs that are shells too, by the name that they are called by.
const MULTICALL: [&str; 2] = ["busybox", "toybox"];

/// The directories of a host's own programs.
const DIRECTORIES: [&str; 6] =
    ["/usr/bin/", "/bin/", "/usr/local/bin/", "/opt/homebrew/bin/", "/usr/sbin/", "/sbin/"];

/// Directories that every user can write to.
const OPEN: [&str; 10] = [
    "/tmp/",
    "/var/tmp/",
    "/dev/shm/",
    "/private/tmp/",
    "/private/var/tmp/",
    "/run/lock/",
    "c:/temp/",
    "c:/tmp/",
    "c:/windows/temp/",
    "c:/users/public/",
];

/// A name that no real program has.
const PLACEHOLDER: &str = "\u{e000}";

/// Whether a program's name looks like that of a shell, for which alone an entry with its own arguments allows more than
/// one with any arguments.
pub(super) fn may_be_shell(pattern: &str) -> bool {
    let name = name(pattern);
    let plain = plain(name);
    name.contains(['*', '?']) || MULTICALL.contains(&plain) || is_shell_name(name) || is_shell_name(plain)
}

/// The last part of a pattern.
pub(super) fn name(pattern: &str) -> &str {
    pattern.rsplit(['/', '\\']).next().unwrap_or(pattern)
}

/// A name without the endings of Windows and versions: `python3.11`, `Node.exe`.
pub(super) fn plain(name: &str) -> &str {
    let end = name.rfind('.').filter(|&dot| {
        ["exe", "cmd", "bat", "com"].iter().any(|ending| name[dot + 1..].eq_ignore_ascii_case(ending))
    });
    let name = &name[..end.unwrap_or(name.len())];
    let short = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
    if short.is_empty() { name } else { short }
}

/// Whether a program for Windows is among those that run other programs. The evaluator does not know that system.
pub(super) fn is_known_on_windows(last: &str, plain: &str, is_known: impl Fn(&str) -> bool) -> bool {
    const OWN: [&str; 6] = ["cmd", "cscript", "mshta", "powershell", "rundll32", "wscript"];
    let lower = plain.to_ascii_lowercase();
    let is_program = last.len() > plain.len() && last.to_ascii_lowercase().ends_with(".exe");
    is_known(plain)
        || OWN.contains(&plain)
        || is_program && (is_known(&lower) || OWN.contains(&lower.as_str()))
}

/// A program that every host has and that runs other programs, if a pattern matches its path.
pub(super) fn in_system_directory(pieces: &[Piece]) -> Option<&'static str> {
    const NAMES: [&str; 3] = ["python3", "bash", "sh"];
    DIRECTORIES
        .iter()
        .filter(|directory| begins(pieces, directory))
        .flat_map(|directory| NAMES.map(|name| (name, format!("{directory}{name}"))))
        .find(|(_, path)| inclusion::matches(pieces, path))
        .map(|(name, _)| name)
}

/// Whether the literal beginning of a glob fits a directory.
fn begins(pieces: &[Piece], directory: &str) -> bool {
    pieces
        .iter()
        .zip(directory.encode_utf16())
        .take_while(|(piece, _)| matches!(piece, Piece::Unit(_)))
        .all(|(piece, unit)| *piece == Piece::Unit(unit))
}

/// A pattern in a normalised form: slashes, and no drive.
fn slashed(pattern: &str) -> Cow<'_, str> {
    if pattern.contains('\\') { pattern.replace('\\', "/").into() } else { pattern.into() }
}

/// Whether a pattern matches any program at all.
pub(super) fn is_anything(pattern: &str, pieces: &[Piece]) -> bool {
    if !inclusion::is_path(pattern) {
        return pattern.bytes().all(|byte| byte == b'*');
    }
    // Most patterns return here.
    if !pattern.contains('*') {
        return false;
    }
    let samples = [
        format!("/usr/bin/{PLACEHOLDER}"),
        format!("/{PLACEHOLDER}/{PLACEHOLDER}/{PLACEHOLDER}"),
        format!("/home/{PLACEHOLDER}/{PLACEHOLDER}"),
    ];
    if samples.iter().all(|path| inclusion::matches(pieces, path)) {
        return true;
    }
    let slashed = slashed(pattern);
    slashed.as_bytes().get(1) == Some(&b':') && matches!(slashed.get(2..), Some("/**" | "/**/*" | "**"))
}

/// The world-writable directory in which a pattern matches.
pub(super) fn open_directory(pattern: &str, pieces: &[Piece]) -> Option<&'static str> {
    let slashed = slashed(pattern);
    OPEN.iter().copied().find(|directory| {
        let beginning = slashed.get(..directory.len());
        beginning.is_some_and(|beginning| {
            if directory.starts_with("c:") {
                beginning.eq_ignore_ascii_case(directory)
            } else {
                beginning == *directory
            }
        }) || (begins(pieces, directory)
            && pieces.iter().any(|piece| piece.is_open())
            && inclusion::is_path(pattern)
            && (inclusion::matches(pieces, &format!("{directory}{PLACEHOLDER}"))
                || inclusion::matches(pieces, &format!("{directory}{PLACEHOLDER}/{PLACEHOLDER}"))))
    })
}

/// Whether a pattern matches everything in a home directory.
pub(super) fn is_home(pattern: &str) -> bool {
    if !pattern.contains('*') {
        return false;
    }
    let slashed = slashed(pattern);
    let below = |homes: &str| {
        let rest = slashed.strip_prefix(homes)?;
        Some(rest.split_once('/').map_or(rest, |(_, rest)| rest).to_owned())
    };
    let is_users = |rest: &str| rest.eq_ignore_ascii_case(":/users/");
    let drive = slashed.get(..9).filter(|start| start.get(1..).is_some_and(is_users));
    let rest = ["~/", "/root/"]
        .iter()
        .find_map(|home| slashed.strip_prefix(home).map(str::to_owned))
        .or_else(|| ["/home/", "/Users/"].iter().find_map(|homes| below(homes)))
        .or_else(|| drive.and_then(|_| below(&slashed[..9])));
    rest.is_some_and(|rest| rest.contains('*') && rest.chars().all(|c| matches!(c, '*' | '?' | '/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_are_known_by_name_version_and_glob() {
        for pattern in ["/bin/bash", "/bin/*", "bash5.2", "pwsh", "yash", "toybox", r"C:\x\cmd.exe"] {
            assert!(may_be_shell(pattern), "{pattern}");
        }
        assert!(!may_be_shell("/bin/python3") && !may_be_shell("git"));
        for (name, expected) in [
            ("python3.11", "python"),
            ("Node.exe", "Node"),
            ("7z", "7z"),
            ("php-8.2", "php"),
            ("", ""),
            ("1.2", "1.2"),
        ] {
            assert_eq!(plain(name), expected);
        }
    }

    #[test]
    fn wide_patterns_are_known() {
        let anything = |pattern: &str| is_anything(pattern, &inclusion::pieces(pattern));
        for pattern in ["*", "**", "/**", "**/*", "/**/*", "/*/**", r"C:\**"] {
            assert!(anything(pattern), "{pattern}");
        }
        for pattern in ["/usr/**", "/*", "~/**", "**/bin/*", "?"] {
            assert!(!anything(pattern), "{pattern}");
        }
        let open = |pattern: &str| open_directory(pattern, &inclusion::pieces(pattern)).is_some();
        for pattern in
            ["/tmp/x", "/tmp/**", "/var/tmp/a/b", "/dev/shm/*", "/t*/*", "/var/**", r"C:\Windows\Temp\x.exe"]
        {
            assert!(open(pattern), "{pattern}");
        }
        for pattern in ["/tmpfiles/x", "/usr/bin/*", "tmp", "~/tmp/x", "/var/lib/*"] {
            assert!(!open(pattern), "{pattern}");
        }
        for pattern in [
            "~/**",
            "~/*",
            "/home/**",
            "/home/*/**",
            "/home/ann/**",
            "/Users/ann/*",
            "/root/**",
            r"C:\Users\ann\**",
        ] {
            assert!(is_home(pattern), "{pattern}");
        }
        assert!(!is_home("é:/users/ann/*"), "a drive has one letter of ASCII");
        for pattern in
            ["~/.local/bin/*", "~/path/to/**/bin/rg", "/home/ann/bin/*", "/homes/**", "~/x", "/home/ann/x"]
        {
            assert!(!is_home(pattern), "{pattern}");
        }
    }
}
