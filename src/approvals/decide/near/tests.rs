use Profile::{V2026_4_14 as A, V2026_9_6 as C};

use super::*;
use crate::approvals::decide::testing::{entry, owned, with_lookup};

#[test]
fn each_miss_has_its_reason() {
    for (profile, command, pattern, reason) in [
        (C, "python3 x", "/usr/bin/python3", "/usr/bin/python3 is a link to /usr/bin/python3.11, and"),
        (A, "python3 x", "/usr/bin/python3.11", "/usr/bin/python3 leads to /usr/bin/python3.11, but"),
        (C, "git x", "/opt/bin/git", "the program is /usr/bin/git"),
        (C, "git x", "/*/git", "one `*` does not match a slash"),
        (A, "git x", "git", "a pattern without a slash matches nothing"),
        (
            C,
            "/usr/bin/git x",
            "git",
            "a pattern without a slash matches only programs that are called without",
        ),
        (C, "absent x", "/usr/bin/absent", "no program named absent is in PATH"),
        (C, "bash x", "/usr/bin/bash", "a shell with arguments needs an entry with an argPattern"),
        (C, "npx git x", "/opt/bin/git", "the program is /usr/bin/git"),
    ] {
        let reasons = with_lookup(profile, |lookup| near(lookup, &[entry(pattern, None)], &owned(command)));
        let found = reasons.first().map_or("", |(_, reason)| reason.as_str());
        assert!(found.starts_with(reason), "{command} {pattern}: {found}");
    }
}

#[test]
fn arguments_that_miss_are_shown_and_strangers_are_not() {
    let near_git = |entries: &[Entry]| with_lookup(C, |lookup| near(lookup, entries, &owned("git log -p")));
    let entries = [entry("/usr/bin/ls", None), entry("/usr/bin/git", Some("^status$"))];
    assert_eq!(
        near_git(&entries),
        [(entries[1].id.clone(), "its argPattern does not match `log -p`".to_owned())]
    );
    assert!(near_git(&[entry("/usr/bin/git", None)]).is_empty());
}
