//! The value of a word of the tree, and whether the shell computes it when it runs: by an expansion, a substitution, or a
//! pattern of file names.

use std::ops::Deref;

use tree_sitter::Node;

use super::decode::{self, Quoting};
use super::kind::{Form, Kind};
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

fn read_at(node: Node<'_>, source: &Source<'_>, depth: usize) -> Word {
    let text = source.slice(source.range(node));
    let kind = Kind::of(node);
    if kind.is_expansion() || depth > MAX_DEPTH {
        return Word { value: text.to_owned(), is_dynamic: true };
    }
    let children = Children::of(node);
    match kind.word {
        Some(Form::Name) if !children.is_empty() => return read_name(&children, source, depth),
        Some(Form::Concatenation) if !has_pattern(text) => {
            return read_concatenation(&children, source, depth);
        }
        Some(Form::Name | Form::Concatenation) => return unquoted(text, has_pattern(text)),
        _ => {}
    }
    if children.iter().any(|child| contains_expansion(*child)) {
        let is_string = kind.word == Some(Form::Quoted(Quoting::Double));
        let value = if is_string { decode::value(text, Quoting::Double) } else { text.to_owned() };
        return Word { value, is_dynamic: true };
    }
    match kind.word {
        Some(Form::Plain) => unquoted(text, has_pattern(text)),
        Some(Form::Quoted(quoting)) => Word { value: decode::value(text, quoting), is_dynamic: false },
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

/// The named children of a node. Most words have none or one, which needs no cursor and no memory.
enum Children<'t> {
    None,
    One([Node<'t>; 1]),
    Many(Vec<Node<'t>>),
}

impl<'t> Children<'t> {
    fn of(node: Node<'t>) -> Self {
        match node.named_child_count() {
            0 => Self::None,
            1 => node.named_child(0).map_or(Self::None, |child| Self::One([child])),
            _ => Self::Many(node.named_children(&mut node.walk()).collect()),
        }
    }
}

impl<'t> Deref for Children<'t> {
    type Target = [Node<'t>];

    fn deref(&self) -> &Self::Target {
        match self {
            Self::None => &[],
            Self::One(child) => child,
            Self::Many(children) => children,
        }
    }
}

/// Whether a node has an expansion or substitution in it.
fn contains_expansion(root: Node<'_>) -> bool {
    let mut pending = vec![root];
    while let Some(node) = pending.pop() {
        if Kind::of(node).is_expansion() {
            return true;
        }
        pending.extend(Children::of(node).iter());
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
