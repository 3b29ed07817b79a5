use Profile::{V2026_4_14 as A, V2026_6_11 as B, V2026_9_6 as C};

use super::*;
use crate::approvals::decide::testing::with_world;

#[test]
fn words_are_found_in_path_or_by_their_path() {
    for (profile, path, word, resolved, real) in [
        (A, "/bin:/usr/bin", "python3", Some("/bin/python3"), Some("/usr/bin/python3.11")),
        (C, "/bin", "python3", Some("/bin/python3"), Some("/usr/bin/python3.11")),
        (C, "/nope:/usr/bin/", "ls", Some("/usr/bin/ls"), Some("/usr/bin/ls")),
        (C, "/usr/bin", "plain", None, None),
        (C, "/usr/bin", "directory", None, None),
        (C, "/usr/bin", "./run.sh", Some("/work/run.sh"), Some("/work/run.sh")),
        (C, "/usr/bin", "link.sh", None, None),
        (C, "/usr/bin", "~/bin/own", Some("/home/ann/bin/own"), Some("/home/ann/bin/own")),
        (A, "/usr/bin", "/usr/bin/../bin/ls", Some("/usr/bin/../bin/ls"), Some("/usr/bin/ls")),
        (B, "/usr/bin", "/usr/bin/../bin/ls", Some("/usr/bin/ls"), Some("/usr/bin/ls")),
        (C, ":/usr/bin", "tool", Some("/work/tool"), Some("/work/tool")),
        (B, ":/usr/bin", "tool", None, None),
        (C, ".", "tool", Some("/work/tool"), Some("/work/tool")),
        (C, "/bin/../bin", "ls", Some("/bin/../bin/ls"), Some("/usr/bin/ls")),
        (B, "/bin/../bin", "ls", Some("/bin/ls"), Some("/usr/bin/ls")),
        (C, "/opt/odd", " a b ", Some("/opt/odd/a b"), Some("/opt/odd/a b")),
        (C, "/usr/bin", "", None, None),
    ] {
        with_world(profile, Hypothesis::Nothing, path, true, |lookup| {
            let program = lookup.program(word);
            assert_eq!(
                (program.resolved.as_deref(), program.real.as_deref()),
                (resolved, real),
                "{path} {word}"
            );
            assert!(lookup.world.unknown.borrow().is_empty());
        });
    }
}

#[test]
fn a_path_that_does_not_exist_is_a_candidate() {
    with_world(C, Hypothesis::Nothing, "/usr/bin", true, |lookup| {
        for (word, candidate) in [("./x/../y", Some("/work/y")), ("/a//b", Some("/a/b")), ("x", None)] {
            assert_eq!(lookup.trust_path(&lookup.program(word)).as_deref(), candidate, "{word}");
        }
    });
}

#[test]
fn what_nobody_knows_follows_the_hypothesis_and_is_noted() {
    for (hypothesis, is_guessed) in
        [(Hypothesis::Nothing, false), (Hypothesis::Stranger, true), (Hypothesis::Wanted, true)]
    {
        with_world(B, hypothesis, "/usr/bin:relative", false, |lookup| {
            let program = lookup.program("unheard-of");
            assert_eq!((program.guessed, program.real), (is_guessed, None));
            assert!(lookup.world.unknown.borrow().contains("/usr/bin/unheard-of"));
        });
    }
}
