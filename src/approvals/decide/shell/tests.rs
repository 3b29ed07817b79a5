//! Commands, and what both releases find in them.

use super::{Context, RiskKind, Unparsed, explain};
use crate::approvals::decide::profile::Profile;

const NEW: Profile = Profile::V2026_9_6;
const OLD: Profile = Profile::V2026_6_11;

/// The words of every program that a command starts, payloads included: those of the command itself first.
fn commands(command: &str, profile: Profile) -> Result<Vec<Vec<String>>, Unparsed> {
    let found = explain(command, profile)?;
    let (top, nested): (Vec<_>, Vec<_>) = found.steps.iter().partition(|step| step.context == Context::Top);
    Ok(top.into_iter().chain(nested).map(|step| step.argv.clone()).collect())
}

/// The words of all programs, joined by spaces and then by bars.
fn words(command: &str) -> String {
    let commands = commands(command, NEW).unwrap_or_default();
    commands.iter().map(|argv| argv.join(" ")).collect::<Vec<_>>().join(" | ")
}

#[test]
fn programs_and_their_words() {
    for (command, expected) in [
        ("ls -l 'a b' \"c\"d", "ls -l a b cd"),
        ("ls && cd /tmp; pwd | wc -l", "ls | cd /tmp | pwd | wc -l"),
        ("A=1 ls", "ls"),
        // The scanner of the releases skips spaces beyond ASCII before an assignment, and nowhere else.
        ("\u{3000}A=1 git", "git"),
        ("B=1 \u{3000}A=1 git", "git"),
        ("ls \u{3000}A=1 git", "ls \u{3000}A=1 git"),
        ("sed -\u{2167}a\u{2003}b", "sed -\u{2167}a \u{2003}b"),
        ("A=1; ls", "ls"),
        ("A=1", ""),
        ("# nothing", ""),
        ("export A=1 B", "export A=1"),
        ("[ -f a.txt ]", "[ -f a.txt"),
        ("[[ -f a.txt ]]", "[[ -f a.txt"),
        ("time ls", "time ls"),
        ("! ls", "ls"),
        ("echo $(ls $(pwd))", "echo $(ls $(pwd)) | ls $(pwd) | pwd"),
        ("ls > x 2>&1", "ls"),
        ("l\\s \"\" a", "ls  a"),
        ("'' a", ""),
        ("sudo ls", "sudo ls"),
    ] {
        assert_eq!(words(command), expected, "{command}");
    }
}

/// The risks that make a command unanalysable, and its shapes.
fn blocks(command: &str, profile: Profile) -> Vec<&'static str> {
    let Ok(found) = explain(command, profile) else { return vec!["unparsed"] };
    let risks = found.risks.iter().filter_map(|risk| match risk.kind {
        RiskKind::Blocks(word) => Some(word),
        RiskKind::Expansion => Some("dynamic-argument"),
        RiskKind::PromptOnly(_) | RiskKind::ShellWrapper => None,
    });
    risks.chain(found.shapes.iter().copied()).collect()
}

#[test]
fn what_cannot_be_judged_from_the_text() {
    for (command, expected) in [
        ("ls *.txt {a,b} ~ [ab]", vec![]),
        ("ls $HOME", vec!["dynamic-argument"]),
        ("ls \"$HOME\"", vec!["dynamic-argument"]),
        ("ls '$HOME'", vec![]),
        ("$x", vec!["dynamic-executable"]),
        ("l* x", vec!["dynamic-executable"]),
        ("ls > x", vec!["redirect"]),
        ("cat <<< x", vec!["here-string"]),
        ("cat <<E\nx\nE", vec!["heredoc"]),
        ("diff <(ls) x", vec!["dynamic-argument", "process-substitution"]),
        ("f() { ls; }", vec!["function-definition", "group"]),
        ("ls \\\n -l", vec!["line-continuation"]),
        ("ls & pwd", vec!["background"]),
        ("if ls; then pwd; fi", vec!["if"]),
        ("for a in b; do ls; done", vec!["for"]),
        ("select a in b; do ls; done", vec!["for"]),
        ("until ls; do pwd; done", vec!["while"]),
        ("case a in b) ls;; esac", vec!["case"]),
        ("(ls)", vec!["subshell"]),
    ] {
        for profile in [OLD, NEW] {
            assert_eq!(blocks(command, profile), expected, "{command}");
        }
    }
}

#[test]
fn a_payload_is_parsed_and_placed_in_the_command() {
    let command = r#"sh -c "ls \"a\" > b""#;
    let found = explain(command, NEW).unwrap_or_default();
    let [shell, ls] = found.steps.as_slice() else { panic!("{:?}", found.steps) };
    assert_eq!((shell.context, ls.context, ls.parent), (Context::Top, Context::Payload, Some(0)));
    assert_eq!((ls.text.as_str(), command.get(ls.span.clone())), ("ls \"a\"", Some(r#"ls \"a\""#)));
    let redirect = found.risks.iter().find(|risk| risk.kind == RiskKind::Blocks("redirect"));
    assert_eq!(redirect.and_then(|risk| command.get(risk.span.clone())), Some("> b"));
}

#[test]
fn hostile_texts_are_bounded() {
    let deep = format!("{}ls{}", "$(echo ".repeat(20_000), ")".repeat(18_000));
    assert_eq!(explain(&deep, NEW).err(), Some(Unparsed::TooLarge));
    let nested = "$(a ".repeat(20_000);
    assert!(explain(&nested, NEW).is_err());
    let many = "a;".repeat(20_000);
    assert_eq!(explain(&many, NEW).err(), Some(Unparsed::TooComplex));
    assert_eq!(explain(&many, OLD).map(|found| found.steps.len()), Ok(20_000));
    for text in ["((", "|a", "&a", "$((1+"] {
        // It ends, whatever it finds.
        let _ = explain(&text.repeat(130_000 / text.len()), OLD);
    }
}
