//! What the explainer has to know of each kind of node. It is looked up by the number of the kind: a name would have to be
//! measured and compared at every node.

use std::num::NonZeroU16;
use std::sync::LazyLock;

use tree_sitter::{Language, Node};

use super::decode::Quoting;

/// The grammar, with what is known of its kinds and the numbers of its fields.
static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar::of(&tree_sitter_bash::LANGUAGE.into()));

/// The number of the kind of a node that the grammar does not fit.
const ERROR: u16 = u16::MAX;

struct Grammar {
    kinds: Vec<Kind>,
    error: Kind,
    fields: Fields,
}

/// The fields of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields {
    /// Its program.
    pub name: Option<NonZeroU16>,
    /// Its arguments.
    pub argument: Option<NonZeroU16>,
}

/// A kind of node.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Whether it has a name in the grammar, rather than being a text such as `;`.
    pub is_named: bool,
    /// Whether it sends a command to the background.
    pub is_background: bool,
    /// The construct that is never analysable. `until` counts as `while`, `select` as `for`.
    pub shape: Option<&'static str>,
    /// What about it makes the command unanalysable.
    pub blocks: Option<Block>,
    /// What it may start.
    pub starts: Starts,
    /// The part of a word that it is.
    pub word: Option<Form>,
}

/// What about a node makes the command unanalysable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    /// That it is there: the release's word.
    Always(&'static str),
    /// The same, and programs in it are not those of the command itself.
    Around(&'static str),
    /// A line that is continued.
    Continued,
    /// A line break before a backslash (2026.9.6).
    Broken,
}

/// What a node may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Starts {
    /// Nothing.
    Nothing,
    /// A program.
    Command,
    /// `export` and its like.
    Declaration,
    /// `[` or `[[`.
    Test,
}

/// The part of a word that a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The word of a program, around one of the others.
    Name,
    /// Words without a space between them.
    Concatenation,
    /// A word without quotes.
    Plain,
    /// A word in quotes.
    Quoted(Quoting),
    /// What the shell computes whatever is in it.
    Expansion,
    /// A number.
    Number,
    /// The assignment of a variable: a word of `export` and its like alone.
    Assignment,
    /// The operator of a test: a word of a test alone.
    Operator,
}

impl Kind {
    /// The kind of a node.
    pub(super) fn of(node: Node<'_>) -> &'static Self {
        GRAMMAR.kinds.get(usize::from(node.kind_id())).unwrap_or(&GRAMMAR.error)
    }

    /// Whether a node is a word, rather than a redirection or an assignment.
    pub(super) fn is_argument(&self) -> bool {
        self.word.is_some_and(|form| !matches!(form, Form::Name | Form::Assignment | Form::Operator))
    }

    /// Whether the shell computes it whatever is in it.
    pub(super) fn is_expansion(&self) -> bool {
        self.word == Some(Form::Expansion)
    }

    /// How its text is quoted as a whole.
    pub(super) fn quoting(&self) -> Quoting {
        if let Some(Form::Quoted(quoting)) = self.word { quoting } else { Quoting::None }
    }

    fn named(name: &str, is_named: bool) -> Self {
        let shape = match name {
            "if_statement" => Some("if"),
            "for_statement" => Some("for"),
            "while_statement" => Some("while"),
            "case_statement" => Some("case"),
            "subshell" => Some("subshell"),
            "compound_statement" => Some("group"),
            _ => None,
        };
        let blocks = match name {
            "program" => Some(Block::Continued),
            "word" => Some(Block::Broken),
            "function_definition" => Some(Block::Around("function-definition")),
            "command_substitution" => Some(Block::Around("command-substitution")),
            "process_substitution" => Some(Block::Around("process-substitution")),
            "heredoc_redirect" => Some(Block::Always("heredoc")),
            "herestring_redirect" => Some(Block::Always("here-string")),
            "file_redirect" => Some(Block::Always("redirect")),
            "ERROR" => Some(Block::Always("syntax-error")),
            _ => None,
        };
        let starts = match name {
            "command" => Starts::Command,
            "declaration_command" => Starts::Declaration,
            "test_command" => Starts::Test,
            _ => Starts::Nothing,
        };
        let word = match name {
            "command_name" => Some(Form::Name),
            "concatenation" => Some(Form::Concatenation),
            "word" => Some(Form::Plain),
            "raw_string" => Some(Form::Quoted(Quoting::Single)),
            "string" => Some(Form::Quoted(Quoting::Double)),
            "ansi_c_string" => Some(Form::Quoted(Quoting::AnsiC)),
            "arithmetic_expansion"
            | "command_substitution"
            | "expansion"
            | "process_substitution"
            | "simple_expansion" => Some(Form::Expansion),
            "number" => Some(Form::Number),
            "variable_assignment" => Some(Form::Assignment),
            "test_operator" => Some(Form::Operator),
            _ => None,
        };
        Self { is_named, is_background: !is_named && name == "&", shape, blocks, starts, word }
    }
}

impl Fields {
    /// The fields of the grammar.
    pub(super) fn get() -> Self {
        GRAMMAR.fields
    }
}

impl Grammar {
    fn of(language: &Language) -> Self {
        let count = u16::try_from(language.node_kind_count()).unwrap_or(ERROR);
        let kind = |id: u16| {
            Kind::named(language.node_kind_for_id(id).unwrap_or_default(), language.node_kind_is_named(id))
        };
        let field = |name: &str| language.field_id_for_name(name);
        Self {
            kinds: (0..count).map(kind).collect(),
            error: Kind::named("ERROR", true),
            fields: Fields { name: field("name"), argument: field("argument") },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::approvals::decide::shell::parse;
    use crate::approvals::decide::shell::source::Source;

    /// Every node of some texts has what its name says.
    #[test]
    fn a_number_says_the_same_as_a_name() {
        for text in [
            "a b=1 'c' \"d $e\" $'f' 1 `g` <(h) ${i} $((1)) j\"k\" &",
            "export a; [ -f b ] > c",
            "((",
            "if a",
        ] {
            let tree = parse::parse(&Source::new(text, None)).unwrap();
            let mut pending = vec![tree.root_node()];
            while let Some(node) = pending.pop() {
                let (kind, named) = (Kind::of(node), Kind::named(node.kind(), node.is_named()));
                assert_eq!(format!("{kind:?}"), format!("{named:?}"), "{} in {text}", node.kind());
                pending.extend(node.children(&mut node.walk()));
            }
        }
        assert!(Fields::get().name.is_some() && Fields::get().argument.is_some());
    }
}
