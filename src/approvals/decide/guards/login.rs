//! Recognises `openclaw channels login`, which waits for a terminal. Source: `parseOpenClawChannelsLoginShellCommand` of
//! 2026.6.11 and 2026.9.6.

use crate::approvals::decide::splitter;
use crate::approvals::decide::words::trim;

/// Whether the words, joined by blanks and split again, log in to a channel.
pub(super) fn is_login(argv: &[String]) -> bool {
    let mentions = |needle: &str| argv.iter().any(|word| word.contains(needle));
    // A quoted word may hold blanks, so the joined text is split again; most commands need not be.
    if !mentions("login") || !mentions("channel") {
        return false;
    }
    let Some(words) = splitter::words(&argv.join(" ")) else { return false };
    let called = without_runner(&words);
    let is =
        |index: usize, wanted: &[&str]| called.get(index).is_some_and(|word| wanted.contains(&word.as_str()));
    is_openclaw(called.first()) && is(1, &["channels", "channel"]) && is(2, &["login"])
}

/// The words after a package runner that runs `openclaw`.
fn without_runner(argv: &[String]) -> &[String] {
    let from = |index: usize| if is_openclaw(argv.get(index)) { argv.get(index..) } else { None };
    let behind = match base_name(argv.first()).as_str() {
        "npm" | "pnpm" | "yarn" => from(1).or_else(|| {
            let runs = argv.get(1).is_some_and(|word| matches!(word.as_str(), "exec" | "dlx" | "run"));
            if runs { from(2) } else { None }
        }),
        "npx" | "bunx" => from(behind_options(argv)),
        _ => None,
    };
    behind.unwrap_or(argv)
}

/// The index of the first word after the options of `npx`.
fn behind_options(argv: &[String]) -> usize {
    let mut index = 1;
    while let Some(word) = argv.get(index) {
        if word == "--" {
            return index + 1;
        }
        if !word.starts_with('-') || word == "-" {
            break;
        }
        index += if matches!(word.as_str(), "-p" | "--package") && index + 1 < argv.len() { 2 } else { 1 };
    }
    index
}

fn is_openclaw(word: Option<&String>) -> bool {
    base_name(word) == "openclaw"
}

/// The name of a program without directory, case, `.cmd` and `.exe`.
pub(super) fn base_name(word: Option<&String>) -> String {
    let name = word.map(String::as_str).unwrap_or_default().rsplit(['/', '\\']).next().unwrap_or_default();
    let name = trim(name).to_lowercase();
    let short = name.strip_suffix(".cmd").or_else(|| name.strip_suffix(".exe"));
    short.unwrap_or(&name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::is_login;

    #[test]
    fn logins_are_recognised_behind_package_runners() {
        for (text, is) in [
            ("openclaw channels login --channel x", true),
            ("/opt/OpenClaw.cmd channel login", true),
            ("npx -y -p openclaw openclaw channels login", true),
            ("pnpm dlx openclaw channels login", true),
            ("yarn openclaw channels login", true),
            ("npm install openclaw channels login", false),
            ("openclaw channels list login", false),
            ("openclaw --dev channels login", false),
        ] {
            let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
            assert_eq!(is_login(&argv), is, "{text}");
        }
    }
}
