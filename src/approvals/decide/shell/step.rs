//! The words of a program of the tree: of a command, of a declaration such as `export`, or of a test in brackets.

use std::ops::Range;

use tree_sitter::Node;

use super::decode::Quoting;
use super::source::Source;
use super::word;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::words::is_white;

/// The words of a program, and where they are.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// The values. The first is the program.
    pub argv: Vec<String>,
    /// The arguments, the program left out.
    pub arguments: Vec<Argument>,
}

/// Where an argument is. Its value is in [`Words::argv`].
#[derive(Debug)]
pub(super) struct Argument {
    /// Bytes of the parsed text.
    pub range: Range<usize>,
    /// How it is quoted as a whole.
    pub quoting: Quoting,
    /// Whether the shell computes it.
    pub is_dynamic: bool,
}

/// A node that starts a program.
#[derive(Debug)]
pub(super) enum Found {
    /// None, or one that the releases do not see.
    Nothing,
    /// A program whose name the shell computes. The bytes of the name.
    Dynamic(Range<usize>),
    /// A program. The bytes of what the release takes for it, in the parsed text.
    Program(Words, Range<usize>),
}

impl Words {
    fn of(program: String) -> Self {
        Self { argv: vec![program], arguments: Vec::new() }
    }

    fn push(&mut self, node: Node<'_>, source: &Source<'_>) {
        let read = word::read(node, source);
        self.arguments.push(Argument {
            range: source.range(node),
            quoting: word::quoting(node.kind()),
            is_dynamic: read.is_dynamic,
        });
        self.argv.push(read.value);
    }
}

/// A node that may start a program.
#[derive(Clone, Copy)]
pub(super) struct Part<'p, 't> {
    /// The node.
    pub node: Node<'t>,
    /// Its kind.
    pub kind: &'t str,
    /// Of a command: the children that may be arguments. Before 2026.9.6 these are all with a name, which the program has too.
    pub arguments: &'p [Node<'t>],
}

/// Reads the program that a node starts.
pub(super) fn read(part: Part<'_, '_>, source: &Source<'_>, profile: Profile) -> Found {
    let node = part.node;
    let (words, name) = match part.kind {
        "command" => {
            let Some(name) = name_of(node, profile) else { return Found::Nothing };
            match command(part, name, source) {
                Some(words) => (words, Some(source.range(name))),
                None => return Found::Dynamic(source.range(name)),
            }
        }
        "declaration_command" => (declaration(node, source), None),
        "test_command" => (test(node, source), None),
        _ => return Found::Nothing,
    };
    if words.argv.first().is_none_or(String::is_empty) {
        return Found::Nothing;
    }
    // For a declaration and a test the releases take the place of the first argument for that of the program.
    let executable = name
        .or_else(|| words.arguments.first().map(|argument| argument.range.clone()))
        .unwrap_or_else(|| source.range(node));
    Found::Program(words, executable)
}

/// The node of the program's name.
fn name_of(node: Node<'_>, profile: Profile) -> Option<Node<'_>> {
    node.child_by_field_name("name").or_else(|| {
        let is_older = profile < Profile::V2026_9_6;
        is_older
            .then(|| node.named_children(&mut node.walk()).find(|child| child.kind() == "command_name"))
            .flatten()
    })
}

/// The words of a command. `None`: the shell computes its program.
fn command(part: Part<'_, '_>, name: Node<'_>, source: &Source<'_>) -> Option<Words> {
    if source.has_continuation(&source.range(name))
        || source.has_continuation_in_first_word(&source.range(part.node))
    {
        return None;
    }
    let program = word::read(name, source);
    if program.is_dynamic {
        return None;
    }
    let mut words = Words::of(program.value);
    for &argument in part.arguments {
        if argument != name && is_argument(argument) {
            words.push(argument, source);
        }
    }
    Some(words)
}

/// The words of `export` and its like.
fn declaration(node: Node<'_>, source: &Source<'_>) -> Words {
    let text = source.slice(source.range(node)).trim_start_matches(is_white);
    let program = text.split(is_white).next().unwrap_or_default();
    let mut words = Words::of(program.to_owned());
    for child in node.named_children(&mut node.walk()) {
        if is_argument(child) || child.kind() == "variable_assignment" {
            words.push(child, source);
        }
    }
    words
}

/// The words of `[` or `[[`, without the closing bracket.
fn test(node: Node<'_>, source: &Source<'_>) -> Words {
    let text = source.slice(source.range(node)).trim_start_matches(is_white);
    let program = if text.starts_with("[[") {
        "[["
    } else if text.starts_with('[') {
        "["
    } else {
        ""
    };
    let mut words = Words::of(program.to_owned());
    let mut pending: Vec<Node<'_>> = node.named_children(&mut node.walk()).collect();
    pending.reverse();
    while let Some(node) = pending.pop() {
        if node.kind() == "test_operator" || is_argument(node) {
            words.push(node, source);
        } else {
            let before = pending.len();
            pending.extend(node.named_children(&mut node.walk()));
            if let Some(children) = pending.get_mut(before..) {
                children.reverse();
            }
        }
    }
    words
}

/// Whether a node is a word, rather than a redirection or an assignment.
fn is_argument(node: Node<'_>) -> bool {
    matches!(
        node.kind(),
        "ansi_c_string"
            | "arithmetic_expansion"
            | "command_substitution"
            | "concatenation"
            | "expansion"
            | "number"
            | "process_substitution"
            | "raw_string"
            | "simple_expansion"
            | "string"
            | "word"
    )
}
