//! The value of a word of the tree, and whether the shell computes it when it runs: by an expansion, a substitution, or a
//! pattern of file names.

use tree_sitter::Node;

use super::decode::{self, Quoting};
use super::source::Source;

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Its value, as far as it is known without running a shell.
    pub value: String,
    /// Whether the shell computes it.
    pub is_dynamic: bool,
}

/// The parts of a word nest only through expansions, which end the reading; so no word is as deep as this.
const MAX_DEPTH: usize = 32;

/// Reads a word.
pub(super) fn read(node: Node<'_>, source: &Source<'_>) -> Word {
    read_at(node, source, 0)
}

/// How the text of a node of this kind is quoted as a whole.
pub(super) fn quoting(kind: &str) -> Quoting {
    match kind {
        "raw_string" => Quoting::Single,
        "string" => Quoting::Double,
        "ansi_c_string" => Quoting::AnsiC,
        _ => Quoting::None,
    }
}

/// Whether a node of this kind is computed by the shell whatever is in it.
fn is_expansion(kind: &str) -> bool {
    matches!(
        kind,
        "arithmetic_expansion"
            | "command_substitution"
            | "expansion"
            | "process_substitution"
            | "simple_expansion"
    )
}

fn read_at(node: Node<'_>, source: &Source<'_>, depth: usize) -> Word {
    let text = source.slice(source.range(node));
    let kind = node.kind();
    if is_expansion(kind) || depth > MAX_DEPTH {
        return Word { value: text.to_owned(), is_dynamic: true };
    }
    let children = named_children(node);
    match kind {
        "command_name" if !children.is_empty() => read_name(&children, source, depth),
        "concatenation" if !has_pattern(text) => read_concatenation(&children, source, depth),
        "command_name" | "concatenation" => unquoted(text, has_pattern(text)),
        kind if children.iter().any(|child| contains_expansion(*child)) => {
            let value = if kind == "string" { decode::value(text, Quoting::Double) } else { text.to_owned() };
            Word { value, is_dynamic: true }
        }
        "word" => unquoted(text, has_pattern(text)),
        "string" | "raw_string" | "ansi_c_string" => {
            Word { value: decode::value(text, quoting(kind)), is_dynamic: false }
        }
        _ => unquoted(
            text,
            children.iter().any(|child| read_at(*child, source, depth.saturating_add(1)).is_dynamic),
        ),
    }
}

fn unquoted(text: &str, is_dynamic: bool) -> Word {
    Word { value: decode::value(text, Quoting::None), is_dynamic }
}

/// Reads the word of a program, up to the first part that the shell computes.
fn read_name(parts: &[Node<'_>], source: &Source<'_>, depth: usize) -> Word {
    let mut value = String::new();
    for part in parts {
        let part = read_at(*part, source, depth.saturating_add(1));
        value.push_str(&part.value);
        if part.is_dynamic {
            return Word { value, is_dynamic: true };
        }
    }
    Word { value, is_dynamic: false }
}

fn read_concatenation(parts: &[Node<'_>], source: &Source<'_>, depth: usize) -> Word {
    let mut word = Word { value: String::new(), is_dynamic: false };
    for part in parts {
        let part = read_at(*part, source, depth.saturating_add(1));
        word.value.push_str(&part.value);
        word.is_dynamic |= part.is_dynamic;
    }
    word
}

/// The named children of a node. Most words have none, and need no cursor.
fn named_children(node: Node<'_>) -> Vec<Node<'_>> {
    if node.named_child_count() == 0 {
        return Vec::new();
    }
    node.named_children(&mut node.walk()).collect()
}

/// Whether a node has an expansion or substitution in it.
fn contains_expansion(root: Node<'_>) -> bool {
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if is_expansion(node.kind()) {
            return true;
        }
        pending.extend(named_children(node));
    }
    false
}

/// Whether a text has a pattern or brace that no backslash escapes. Quotes do not count, as in the releases.
fn has_pattern(text: &str) -> bool {
    let mut is_closed = [true, true];
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        let (closing, is_closed) = match (character, &mut is_closed) {
            ('*' | '?', _) => return true,
            ('[', [bracket, _]) => (']', bracket),
            ('{', [_, brace]) => ('}', brace),
            ('\\', _) => {
                characters.next();
                continue;
            }
            _ => continue,
        };
        if *is_closed {
            match text.get(at.saturating_add(1)..).and_then(|rest| rest.find(closing)) {
                Some(0) => {}
                Some(_) => return true,
                // None of its kind is closed from here on: they need not be searched again.
                None => *is_closed = false,
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_pattern;

    #[test]
    fn patterns_count_unless_escaped_or_empty() {
        for (text, expected) in [
            ("*.txt", true),
            (r"\*.txt", false),
            ("a?", true),
            ("[ab]", true),
            ("[]", false),
            ("[]]", false),
            ("[]a]", false),
            ("{a,b}", true),
            ("{}", false),
            ("{a", false),
            ("[[[{{{", false),
            ("[{a}", true),
            ("{[a]", true),
            ("[{}", false),
            ("[a{}b}", false),
            ("[a*", true),
            (r"[\*", false),
        ] {
            assert_eq!(has_pattern(text), expected, "{text}");
        }
    }
}
