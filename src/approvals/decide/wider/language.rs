//! The texts that a regular expression of JavaScript matches: all of them if they are few, else some. For the comparison
//! of two `argPattern`s, and for examples of arguments. Expressions that are not understood have no texts.

mod parse;

use parse::Node;

/// The most texts of one expression.
const MOST_TEXTS: usize = 64;

/// The longest text, in bytes.
const LONGEST_TEXT: usize = 400;

/// Texts of an expression, or of a part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Texts {
    texts: Vec<String>,
    /// Whether there are no others.
    are_all: bool,
}

/// Every text that an expression matches as a whole, if it matches no part of a longer text and the texts are few.
pub(super) fn every(expression: &str) -> Option<Vec<String>> {
    let node = parse::parse(expression)?;
    let mut all = Vec::new();
    anchored(&node, &mut all)?;
    Some(all)
}

/// Collects the texts of an expression of which every alternative is `^…$`.
fn anchored(node: &Node, all: &mut Vec<String>) -> Option<()> {
    match node {
        Node::Either(branches) => branches.iter().try_for_each(|branch| anchored(branch, all)),
        Node::Row(parts) => match parts.as_slice() {
            [only @ (Node::Either(_) | Node::Row(_))] => anchored(only, all),
            [Node::Start, middle @ .., Node::End] => {
                let texts = row(middle);
                if !texts.are_all || all.len() + texts.texts.len() > MOST_TEXTS {
                    return None;
                }
                all.extend(texts.texts);
                Some(())
            }
            _ => None,
        },
        _ => None,
    }
}

/// Some texts that an expression may match. The caller must check that they do.
pub(super) fn some(expression: &str) -> Vec<String> {
    let Some(node) = parse::parse(expression) else { return Vec::new() };
    let mut texts = texts(&node).texts;
    if every(expression).is_none() {
        // Where the expression is not bound to the ends of the text, more may be there.
        let longer: Vec<String> = texts
            .iter()
            .take(8)
            .flat_map(|text| {
                [format!("{text} x"), format!("x {text}"), format!("{text}x"), format!("-x{text}")]
            })
            .collect();
        texts.extend(longer);
    }
    texts.truncate(2 * MOST_TEXTS);
    texts
}

fn texts(node: &Node) -> Texts {
    match node {
        Node::Start | Node::End | Node::Other => Texts { texts: vec![String::new()], are_all: false },
        Node::One { picks, are_all } => {
            Texts { texts: picks.iter().map(char::to_string).collect(), are_all: *are_all }
        }
        Node::Row(parts) => row(parts),
        Node::Either(branches) => {
            let mut found = Texts { texts: Vec::new(), are_all: true };
            // Every branch has a share, so that a long one does not hide the others.
            let share = (MOST_TEXTS / branches.len().max(1)).max(1);
            let is_few = branches.len() <= MOST_TEXTS;
            for branch in branches.iter().take(MOST_TEXTS) {
                let mut texts = texts(branch);
                let count = texts.texts.len();
                if found.texts.len() + count > MOST_TEXTS {
                    texts.texts.truncate(share);
                }
                found.are_all &= is_few && texts.are_all && texts.texts.len() == count;
                found.texts.append(&mut texts.texts);
            }
            found
        }
        Node::Repeated { node, min, max } => repeated(&texts(node), *min, *max),
    }
}

/// The texts of parts that follow each other.
fn row(parts: &[Node]) -> Texts {
    let mut found = Texts { texts: vec![String::new()], are_all: true };
    for part in parts {
        found = joined(&found, &texts(part));
    }
    found
}

/// The texts of a part that is repeated.
fn repeated(once: &Texts, min: usize, max: Option<usize>) -> Texts {
    const MOST_REPEATED: usize = 16;
    let mut row = Texts { texts: vec![String::new()], are_all: true };
    let mut found = Texts { texts: Vec::new(), are_all: once.are_all && max.is_some() };
    if min > LONGEST_TEXT {
        return Texts { texts: Vec::new(), are_all: false };
    }
    let last = max.unwrap_or(usize::MAX).min(min.saturating_add(MOST_REPEATED));
    for count in 0..=last {
        if count >= min {
            found.texts.extend(row.texts.iter().cloned());
        }
        if count < last {
            if found.texts.len() >= MOST_TEXTS {
                found.are_all = false;
                break;
            }
            row = joined(&row, once);
        }
    }
    found.are_all &= row.are_all && max.is_some_and(|max| last == max) && found.texts.len() <= MOST_TEXTS;
    found.texts.truncate(MOST_TEXTS);
    found.texts.dedup();
    found
}

/// Each text of one part before each text of the next.
fn joined(first: &Texts, second: &Texts) -> Texts {
    let mut found = Texts { texts: Vec::new(), are_all: first.are_all && second.are_all };
    // Diagonally, so that both parts vary among the first texts.
    let (rows, columns) = (first.texts.len(), second.texts.len());
    for diagonal in 0..(rows + columns).saturating_sub(1) {
        for (row, start) in first.texts.iter().enumerate().take(diagonal + 1) {
            let Some(end) = second.texts.get(diagonal - row) else { continue };
            if found.texts.len() == MOST_TEXTS || start.len() + end.len() > LONGEST_TEXT {
                found.are_all = false;
                continue;
            }
            found.texts.push(format!("{start}{end}"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(expression: &str) -> Option<Vec<String>> {
        let mut all = every(expression)?;
        all.sort();
        all.dedup();
        Some(all)
    }

    #[test]
    fn a_few_texts_are_listed() {
        for (expression, expected) in [
            ("^status$", &["status"][..]),
            ("^(status|log)$", &["log", "status"]),
            ("^(?:a|b)?c$", &["ac", "bc", "c"]),
            ("^a$|^b$", &["a", "b"]),
            ("^$", &[""]),
            ("^[ab]{1,2}$", &["a", "aa", "ab", "b", "ba", "bb"]),
            (r"^a\.b\/\x41\u0042$", &["a.b/AB"]),
            ("^a{,2}]$", &["a{,2}]"]),
            ("(^a$)", &["a"]),
            ("^(?<name>x)$", &["x"]),
            ("^a??$", &["", "a"]),
        ] {
            assert_eq!(
                all(expression).as_deref(),
                Some(expected)
                    .map(|texts| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>())
                    .as_deref(),
                "{expression}"
            );
        }
    }

    #[test]
    fn other_languages_are_not_listed() {
        for expression in [
            "status",
            "^status",
            "^a|b$",
            "^a*$",
            "^.$",
            "^[^a]$",
            "^[a-z]{3}$",
            r"^\w$",
            r"^\bx$",
            "^(?=a)a$",
            r"^(a)\1$",
            "^(?i:a)$",
            "^a$$",
            "^^a$",
            "(",
            "a)",
            "^[a$",
            r"^\",
            "^a{500}$",
            "^[😀]$",
            "^😀?$",
            "x{2}{3}",
        ] {
            assert_eq!(every(expression), None, "{expression}");
        }
    }

    #[test]
    fn samples_match() {
        for (expression, expected) in [
            ("^status( -s)?$", "status -s"),
            ("^log .*$", "log "),
            (r"^pr (list|view \d+)$", "pr list"),
            ("push", "push x"),
            (r"^[^;&|]+$", "x"),
        ] {
            let samples = some(expression);
            assert!(samples.iter().any(|sample| sample == expected), "{expression}: {samples:?}");
        }
        assert!(some(&"(a|b)".repeat(300)).len() <= 2 * MOST_TEXTS);
        assert_eq!(some(&"(".repeat(4000)), Vec::<String>::new());
    }
}
