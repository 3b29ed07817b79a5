//! The words of a program of the tree: of a command, of a declaration such as `export`, or of a test in brackets.

use std::num::NonZeroU16;
use std::ops::Range;

use tree_sitter::Node;

use super::decode::Quoting;
use super::kind::{Fields, Form, Kind, Starts};
use super::source::Source;
use super::word;
use crate::approvals::decide::profile::Profile;
use crate::approvals::decide::words::is_white;

/// Room for the arguments of most commands.
const ROOM: usize = 8;

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
    /// A program, and room for its arguments.
    fn of(program: String, arguments: usize) -> Self {
        let mut argv = Vec::with_capacity(arguments.saturating_add(1));
        argv.push(program);
        Self { argv, arguments: Vec::with_capacity(arguments) }
    }

    fn push(&mut self, node: Node<'_>, source: &Source<'_>) {
        let read = word::read(node, source);
        self.arguments.push(Argument {
            range: source.range(node),
            quoting: Kind::of(node).quoting(),
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
    pub kind: &'static Kind,
    /// Its parts, if it is a command.
    pub parts: &'p Parts<'t>,
}

/// The children of a command that matter.
pub(super) struct Parts<'t> {
    fields: Fields,
    /// Before 2026.9.6 every child with a name may be an argument, which the program is too, and a program needs no field.
    needs_fields: bool,
    /// The program.
    name: Option<Node<'t>>,
    /// What would be the program without a field.
    other_name: Option<Node<'t>>,
    /// What may be an argument.
    arguments: Vec<Node<'t>>,
}

impl<'t> Parts<'t> {
    /// None so far.
    pub(super) fn new(profile: Profile) -> Self {
        Self {
            fields: Fields::get(),
            needs_fields: profile >= Profile::V2026_9_6,
            name: None,
            other_name: None,
            arguments: Vec::with_capacity(ROOM),
        }
    }

    /// Goes on to another command.
    pub(super) fn clear(&mut self) {
        (self.name, self.other_name) = (None, None);
        self.arguments.clear();
    }

    /// Adds a child with a name, and the field that it is.
    pub(super) fn add(&mut self, child: Node<'t>, kind: &Kind, field: Option<NonZeroU16>) {
        if field == self.fields.name {
            self.name.get_or_insert(child);
        }
        if self.needs_fields {
            if field == self.fields.argument {
                self.arguments.push(child);
            }
        } else {
            if kind.word == Some(Form::Name) {
                self.other_name.get_or_insert(child);
            }
            self.arguments.push(child);
        }
    }
}

/// Reads the program that a node starts.
pub(super) fn read(part: Part<'_, '_>, source: &Source<'_>) -> Found {
    let node = part.node;
    let (words, name) = match part.kind.starts {
        Starts::Command => {
            let Some(name) = part.parts.name.or(part.parts.other_name) else { return Found::Nothing };
            match command(part, name, source) {
                Some(words) => (words, Some(source.range(name))),
                None => return Found::Dynamic(source.range(name)),
            }
        }
        Starts::Declaration => (declaration(node, source), None),
        Starts::Test => (test(node, source), None),
        Starts::Nothing => return Found::Nothing,
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
    let mut words = Words::of(program.value, part.parts.arguments.len());
    for &argument in &part.parts.arguments {
        if argument != name && Kind::of(argument).is_argument() {
            words.push(argument, source);
        }
    }
    Some(words)
}

/// The words of `export` and its like.
fn declaration(node: Node<'_>, source: &Source<'_>) -> Words {
    let text = source.slice(source.range(node)).trim_start_matches(is_white);
    let program = text.split(is_white).next().unwrap_or_default();
    let mut words = Words::of(program.to_owned(), 0);
    for child in node.named_children(&mut node.walk()) {
        let kind = Kind::of(child);
        if kind.is_argument() || kind.word == Some(Form::Assignment) {
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
    let mut words = Words::of(program.to_owned(), 0);
    let mut pending: Vec<Node<'_>> = node.named_children(&mut node.walk()).collect();
    pending.reverse();
    while let Some(node) = pending.pop() {
        let kind = Kind::of(node);
        if kind.word == Some(Form::Operator) || kind.is_argument() {
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
