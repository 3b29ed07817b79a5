//! Finds the arguments that an `argPattern` leaves open. The expression compiles: otherwise the document is not valid.

use crate::approvals::decide::{is_bound_hash, is_unbound_hash};

/// The restriction that an entry puts on arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals) enum Arguments<'e> {
    /// No restriction: any arguments.
    Any,
    /// Exactly these arguments in one directory.
    Bound(&'e str),
    /// A generated binding of early releases.
    Unbound,
    /// The arguments that an expression matches.
    Expression(&'e str),
}

impl<'e> Arguments<'e> {
    /// Reads an entry's `argPattern`. An empty one counts as none.
    pub(in crate::approvals) fn of(arg_pattern: Option<&'e str>) -> Self {
        match arg_pattern {
            None | Some("") => Self::Any,
            Some(pattern) if is_bound_hash(pattern) => Self::Bound(pattern),
            Some(pattern) if is_unbound_hash(pattern) => Self::Unbound,
            Some(pattern) => Self::Expression(pattern),
        }
    }

    /// Whether any arguments are allowed.
    pub(super) fn are_free(self) -> bool {
        match self {
            Self::Any => true,
            Self::Expression(pattern) => {
                let bare = pattern.trim_start_matches('^').trim_end_matches('$');
                let bare = bare.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(bare);
                // `^$` is no arguments at all.
                matches!(bare.trim_start_matches("?:"), ".*" | ".*?" | ".+" | "[\\s\\S]*" | "[^]*")
                    || (bare.is_empty() && pattern != "^$")
            }
            Self::Bound(_) | Self::Unbound => false,
        }
    }
}

/// Whether an expression takes little time on a short text: it repeats no group, and few characters. The engine goes back
/// on each repetition, so that a hostile expression would take forever.
pub(super) fn is_quick(pattern: &str) -> bool {
    const LONGEST: usize = 1000;
    const MOST: usize = 4;
    let bytes = pattern.as_bytes();
    let (mut at, mut before, mut repetitions) = (0, 0, 0);
    while at < bytes.len() && at < LONGEST {
        match bytes[at] {
            b'\\' => at += 1,
            b'*' | b'+' | b'{' if before == b')' => return false,
            b'?' if before == b'(' => {}
            b'*' | b'+' | b'?' | b'{' => repetitions += 1,
            _ => {}
        }
        before = bytes.get(at).copied().unwrap_or_default();
        at += 1;
    }
    bytes.len() <= LONGEST && repetitions <= MOST
}

/// Maximum depth at which groups are examined.
const DEPTH: usize = 64;

/// Whether an expression matches only whole arguments, or states by `.*` that it matches more on purpose.
pub(super) fn is_anchored(pattern: &str) -> bool {
    anchored(pattern, true, DEPTH) && anchored(pattern, false, DEPTH)
}

/// One part of an alternative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'p> {
    Start,
    End,
    /// A group that is not optional, and its content.
    Group(&'p str),
    /// `.*`: any text is matched on purpose.
    Whatever,
    /// A zero-width assertion.
    Look,
    Other,
}

/// Whether each alternative is anchored at one side: its beginning or its end.
fn anchored(pattern: &str, beginning: bool, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return true };
    alternatives(pattern).iter().all(|parts| {
        let holds = |part: &Part<'_>| match part {
            Part::Start => beginning,
            Part::End => !beginning,
            Part::Whatever => true,
            Part::Group(inner) => anchored(inner, beginning, depth),
            Part::Look | Part::Other => false,
        };
        let mut holding = parts.iter().filter(|part| **part != Part::Look);
        if beginning { holding.next() } else { holding.next_back() }.is_some_and(holds)
    })
}

/// The alternatives of an expression, each as its first and last parts and everything between.
fn alternatives(pattern: &str) -> Vec<Vec<Part<'_>>> {
    let bytes = pattern.as_bytes();
    let mut alternatives = vec![Vec::new()];
    let mut at = 0;
    while at < bytes.len() {
        let from = at;
        let mut part = match bytes[at] {
            b'|' => {
                alternatives.push(Vec::new());
                at += 1;
                continue;
            }
            b'^' => Part::Start,
            b'$' => Part::End,
            b'(' => {
                let end = closing(bytes, at);
                let inner = &pattern[at + 1..end];
                at = end;
                group(inner)
            }
            b'[' => {
                at = class_end(bytes, at);
                Part::Other
            }
            b'\\' => {
                at += 1;
                Part::Other
            }
            _ => Part::Other,
        };
        at += 1;
        let quantified = at;
        while at < bytes.len() && matches!(bytes[at], b'*' | b'+' | b'?') {
            at += 1;
        }
        if bytes.get(at) == Some(&b'{') {
            at += 1;
            part = Part::Other;
        }
        if at > quantified {
            let any = matches!(&bytes[from..quantified.min(bytes.len())], b"." | b"[\\s\\S]" | b"[^]");
            part = if any && bytes[quantified] == b'*' { Part::Whatever } else { Part::Other };
        }
        if let Some(last) = alternatives.last_mut() {
            last.push(part);
        }
    }
    alternatives
}

fn group(inner: &str) -> Part<'_> {
    match inner.strip_prefix('?') {
        None => Part::Group(inner),
        Some(rest) if rest.starts_with(['=', '!']) || rest.starts_with("<=") || rest.starts_with("<!") => {
            Part::Look
        }
        Some(rest) => Part::Group(rest.split_once([':', '>']).map_or(rest, |(_, inner)| inner)),
    }
}

/// Offset at which the group that opens at `at` closes.
fn closing(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => at = class_end(bytes, at),
            b'(' => depth += 1,
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Offset at which the class that opens at `at` closes.
fn class_end(bytes: &[u8], mut at: usize) -> usize {
    at += 1;
    while at < bytes.len() && bytes[at] != b']' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn anchors_are_found_in_every_position() {
        for pattern in [
            r"^safe\.py$",
            "^$",
            r"^(?:status|log)(?: --oneline)?$",
            "^a$|^b$",
            "(^a$|^b$)",
            "(?:^a|^b)c$",
            "^run .*",
            ".*",
            r"^a\\$",
            "^[$|]$",
            "(?=x)^a$",
            "^(?<name>a)$",
            "^a\0b\0$",
        ] {
            assert!(is_anchored(pattern), "{pattern}");
        }
        for pattern in [
            "status",
            "^status",
            "status$",
            "^a|b$",
            "^a$|b",
            r"^a\$",
            "(^a$)?",
            "^(?:a|b)",
            "^a.+",
            r"\^a$",
            "(?:a|^b)$",
            "^a$?",
            r"^sync\b",
        ] {
            assert!(!is_anchored(pattern), "{pattern}");
        }
    }

    #[test]
    fn expressions_that_restrict_nothing_are_free() {
        for pattern in
            [None, Some(""), Some(".*"), Some("^.*$"), Some("^"), Some("$"), Some("^(.*)$"), Some("^(?:.*)$")]
        {
            assert!(Arguments::of(pattern).are_free(), "{pattern:?}");
        }
        for pattern in [Some("^$"), Some("^a$"), Some("sha256:argv:x"), Some("sha256:cwd-argv:v1:x")] {
            assert!(!Arguments::of(pattern).are_free(), "{pattern:?}");
        }
    }

    #[test]
    fn expressions_that_repeat_groups_are_not_tried() {
        for pattern in ["^safe\\.py$", "^(?:status|log)(?: --oneline)?$", "^-c .*$", r"\(*", "^(?=a)a$"] {
            assert!(is_quick(pattern), "{pattern}");
        }
        let many = ".*".repeat(5);
        for pattern in ["^(a+)+$", "(a|a)*$", "((a){9}){9}$", &many, &"a".repeat(1001)] {
            assert!(!is_quick(pattern), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_looked_through(pattern in r"[\\^$()\[\]{}|*+?.:a-cé]{0,40}") {
            is_anchored(&pattern);
            is_quick(&pattern);
            Arguments::of(Some(&pattern)).are_free();
        }
    }

    #[test]
    fn an_endless_expression_ends() {
        is_anchored(&"(".repeat(100_000));
        is_anchored(&format!("{}{}", "(".repeat(100_000), ")".repeat(100_000)));
    }
}
