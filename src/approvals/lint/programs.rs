//! Programs that run other programs, and the directories of programs.

use crate::approvals::decide::inclusion::{self, Piece};
use std::borrow::Cow;

/// Shells, as gateways know them: the rule about entries with their own arguments applies to no other program.
const SHELLS: [&str; 20] = [
    "ash",
    "bash",
    "busybox",
    "cmd",
    "csh",
    "dash",
    "elvish",
    "fish",
    "ion",
    "ksh",
    "mksh",
    "nu",
    "osh",
    "powershell",
    "pwsh",
    "sh",
    "tcsh",
    "toybox",
    "xonsh",
    "zsh",
];

/// Interpreters, and programs that start a program named in their arguments.
const LAUNCHERS: [&str; 82] = [
    "R",
    "Rscript",
    "at",
    "awk",
    "batch",
    "bun",
    "bunx",
    "chroot",
    "cscript",
    "deno",
    "doas",
    "docker",
    "elixir",
    "emacs",
    "env",
    "erl",
    "expect",
    "find",
    "flock",
    "gawk",
    "gdb",
    "ghci",
    "gmake",
    "groovy",
    "guile",
    "iex",
    "ionice",
    "irb",
    "jshell",
    "julia",
    "kubectl",
    "ltrace",
    "lua",
    "luajit",
    "make",
    "mawk",
    "mshta",
    "nawk",
    "nerdctl",
    "nice",
    "ninja",
    "node",
    "nodejs",
    "nohup",
    "npx",
    "nsenter",
    "nvim",
    "osascript",
    "parallel",
    "perl",
    "php",
    "pkexec",
    "podman",
    "pypy",
    "python",
    "python2",
    "python3",
    "racket",
    "ruby",
    "rundll32",
    "runuser",
    "scala",
    "screen",
    "script",
    "sed",
    "setsid",
    "ssh",
    "stdbuf",
    "strace",
    "su",
    "sudo",
    "systemd-run",
    "tclsh",
    "timeout",
    "tmux",
    "ts-node",
    "tsx",
    "unshare",
    "uvx",
    "vim",
    "wscript",
    "xargs",
];

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

/// Whether a program's name looks like that of a shell.
pub(super) fn may_be_shell(pattern: &str) -> bool {
    let name = name(pattern);
    name.contains(['*', '?']) || SHELLS.contains(&plain(name))
}

/// The last part of a pattern.
fn name(pattern: &str) -> &str {
    pattern.rsplit(['/', '\\']).next().unwrap_or(pattern)
}

/// A name without the endings of Windows and versions: `python3.11`, `Node.exe`.
fn plain(name: &str) -> &str {
    let end = name.rfind('.').filter(|&dot| {
        ["exe", "cmd", "bat", "com"].iter().any(|ending| name[dot + 1..].eq_ignore_ascii_case(ending))
    });
    let name = &name[..end.unwrap_or(name.len())];
    let short = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').trim_end_matches('-');
    if short.is_empty() { name } else { short }
}

/// A shell, interpreter or launcher that a pattern matches.
pub(super) fn launcher(pattern: &str, pieces: &[Piece]) -> Option<String> {
    let last = name(pattern);
    let known = || SHELLS.iter().chain(&LAUNCHERS);
    if !last.contains(['*', '?']) {
        let plain = plain(last);
        let windows = last.len() > plain.len() && last.to_ascii_lowercase().ends_with(".exe");
        return known()
            .any(|name| *name == plain || (windows && name.eq_ignore_ascii_case(plain)))
            .then(|| last.to_owned());
    }
    if last.chars().any(|c| !matches!(c, '*' | '?')) || !inclusion::is_path(pattern) {
        let glob = inclusion::pieces(last);
        return known().find(|name| inclusion::matches(&glob, name)).map(|name| (*name).to_owned());
    }
    DIRECTORIES
        .iter()
        .filter(|directory| begins(pieces, directory))
        .flat_map(|directory| ["bash", "sh", "python3", "env"].map(|name| format!("{directory}{name}")))
        .find(|path| inclusion::matches(pieces, path))
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

    fn hit(pattern: &str) -> Option<String> {
        launcher(pattern, &inclusion::pieces(pattern))
    }

    #[test]
    fn launchers_are_known_by_name_version_and_glob() {
        for pattern in [
            "bash",
            "/bin/sh",
            "python3",
            "python3.11",
            "/usr/bin/python*",
            "py*",
            "*sh",
            "/usr/bin/*",
            "/usr/**",
            "**/node",
            r"C:\Windows\System32\cmd.exe",
            r"C:\nodejs\Node.exe",
            "perl5.36.0",
            "~/venv/**/bin/python3",
            "docker",
            "/opt/homebrew/bin/*",
            "node18",
            "lua5.4",
            "php-8.2",
        ] {
            assert!(hit(pattern).is_some(), "{pattern}");
        }
        for pattern in [
            "rg",
            "git",
            "/opt/homebrew/bin/rg",
            "~/.local/bin/*",
            "~/path/to/**/bin/git",
            "/usr/bin/uname",
            "7z",
            "g++",
            "shasum",
            "/srv/tools/*",
            "Bash",
            "calendar-cli",
            "[",
            "",
            "1.2",
        ] {
            assert_eq!(hit(pattern), None, "{pattern}");
        }
        assert!(may_be_shell("/bin/bash") && may_be_shell("/bin/*") && !may_be_shell("/bin/python3"));
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
