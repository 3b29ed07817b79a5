//! Walks the tree of a command, and of each payload of `sh -c` in it, and notes programs, risks and shapes in the order in
//! which the releases find them. The walk keeps its own stack: a hostile tree may be tens of thousands of nodes deep.
//! Payloads nest two levels, which is the only recursion.

use std::ops::Range;
use std::rc::Rc;

use tree_sitter::Node;

use super::carriers;
use super::decode;
use super::explanation::{Context, Explanation, Risk, RiskKind, Step};
use super::kind::{Block, Kind, Starts};
use super::parse::{self, Unparsed};
use super::source::{Place, Source};
use super::step::{self, Found, Words};
use crate::approvals::decide::profile::Profile;

/// How deep payloads are parsed.
const MAX_PAYLOAD_DEPTH: usize = 2;

/// The most nodes of all trees of a command (2026.9.6).
const MAX_NODES: usize = 50_000;

/// The most bytes of words and texts that are kept. Only substitutions in substitutions need more, thousands deep; no
/// release has this limit, and none could allow such a command.
const MAX_BYTES: usize = 8 << 20;

/// The release's word for a command that goes on in the next line.
const CONTINUATION: &str = "line-continuation";

/// Room for the nodes of a short command that wait to be looked at.
const ROOM: usize = 16;

/// Explains a command.
pub(super) fn explain(command: &str, profile: Profile) -> Result<Explanation, Unparsed> {
    let mut walk = Walk { profile, found: Explanation::default(), nodes: 0, bytes: 0 };
    walk.text(&Source::new(command, None), Level { depth: 0, parent: None })?;
    Ok(walk.found)
}

/// The walk so far.
struct Walk {
    profile: Profile,
    found: Explanation,
    nodes: usize,
    bytes: usize,
}

/// Which text is walked.
#[derive(Clone, Copy)]
struct Level {
    /// 0: the command itself.
    depth: usize,
    /// The step of which it is the payload.
    parent: Option<usize>,
}

impl Walk {
    /// Parses and walks a text.
    fn text(&mut self, source: &Source<'_>, level: Level) -> Result<(), Unparsed> {
        let tree = parse::parse(source)?;
        let root = tree.root_node();
        if root.has_error() {
            self.found.has_error = true;
            if level.depth > 0 {
                self.risk(RiskKind::Blocks("syntax-error"), source, &source.range(root));
            }
        }
        self.nodes = self.nodes.saturating_add(root.descendant_count());
        if self.nodes > MAX_NODES && self.profile >= Profile::V2026_9_6 {
            return Err(Unparsed::TooComplex);
        }
        let context = if level.depth == 0 { Context::Top } else { Context::Payload };
        let mut pending = Vec::with_capacity(ROOM);
        pending.push((root, Kind::of(root), context));
        let mut cursor = root.walk();
        let mut parts = step::Parts::new(self.profile);
        while let Some((node, kind, context)) = pending.pop() {
            let before = pending.len();
            parts.clear();
            let count = node.child_count();
            if count > 0 {
                cursor.reset(node);
                let mut is_child = cursor.goto_first_child();
                for next in 1..=count {
                    if !is_child {
                        break;
                    }
                    let child = cursor.node();
                    let child_kind = Kind::of(child);
                    if child_kind.is_named {
                        if kind.starts == Starts::Command {
                            parts.add(child, child_kind, cursor.field_id());
                        }
                        pending.push((child, child_kind, context));
                    } else if child_kind.is_background {
                        self.add_shape("background");
                    }
                    // That there is no next one is known: to look for it would be a climb.
                    is_child = next < count && cursor.goto_next_sibling();
                }
            }
            if let Some(shape) = kind.shape {
                self.add_shape(shape);
            }
            let within = self.construct(node, kind, source, context);
            self.program(step::Part { node, kind, parts: &parts }, source, (within, level))?;
            // The first child is the next to be looked at.
            let children = pending.get_mut(before..).unwrap_or_default();
            children.reverse();
            for (_, _, context) in children.iter_mut() {
                *context = within;
            }
        }
        Ok(())
    }

    fn add_shape(&mut self, shape: &'static str) {
        if !self.found.shapes.contains(&shape) {
            self.found.shapes.push(shape);
        }
    }

    fn risk(&mut self, kind: RiskKind, source: &Source<'_>, range: &Range<usize>) {
        self.found.risks.push(Risk { kind, span: source.in_command(range) });
    }

    /// Notes what a node itself makes unanalysable. Returns the context of what is in it.
    fn construct(&mut self, node: Node<'_>, kind: &Kind, source: &Source<'_>, context: Context) -> Context {
        let Some(block) = kind.blocks else { return context };
        let range = source.range(node);
        let (risk, within) = match block {
            Block::Always(risk) => (risk, context),
            Block::Around(risk) => (risk, Context::Other),
            Block::Continued if source.has_continuation(&range) => (CONTINUATION, context),
            Block::Broken
                if self.profile >= Profile::V2026_9_6
                    && breaks_before_backslash(source.slice(range.clone())) =>
            {
                (CONTINUATION, context)
            }
            Block::Continued | Block::Broken => return context,
        };
        self.risk(RiskKind::Blocks(risk), source, &range);
        within
    }

    /// Notes the program that a node starts, and walks its payload.
    fn program(
        &mut self,
        part: step::Part<'_, '_>,
        source: &Source<'_>,
        (context, level): (Context, Level),
    ) -> Result<(), Unparsed> {
        let (words, executable) = match step::read(part, source) {
            Found::Nothing => return Ok(()),
            Found::Dynamic(name) => {
                // Its text was read, though it is not kept: such names nest thousands deep.
                self.keep(name.len())?;
                self.risk(RiskKind::Blocks("dynamic-executable"), source, &name);
                return Ok(());
            }
            Found::Program(words, executable) => (words, executable),
        };
        let range = source.range(part.node);
        let text = if context == Context::Other { "" } else { source.slice(range.clone()) };
        self.keep(words.argv.iter().map(String::len).sum::<usize>().saturating_add(text.len()))?;
        for argument in &words.arguments {
            if argument.is_dynamic && is_expanded(source.slice(argument.range.clone())) {
                self.risk(RiskKind::Expansion, source, &argument.range);
            }
        }
        let carried = carriers::read(self.profile, &words.argv);
        for kind in carried.risks {
            self.risk(kind, source, &range);
        }
        let place = carried.payload.as_deref().and_then(|payload| place(payload, &words, source));
        let index = self.found.steps.len();
        self.found.steps.push(Step {
            context,
            parent: level.parent,
            argv: words.argv,
            has_payload: carried.has_payload,
            text: text.to_owned(),
            span: source.in_command(&range),
            executable: source.in_command(&executable),
        });
        if let (Some(payload), Some(place)) = (carried.payload, place)
            && level.depth < MAX_PAYLOAD_DEPTH
        {
            let below = Level { depth: level.depth.saturating_add(1), parent: Some(index) };
            self.text(&Source::new(&payload, Some(Rc::new(place))), below)?;
        }
        Ok(())
    }

    /// Counts what is kept of a command.
    fn keep(&mut self, bytes: usize) -> Result<(), Unparsed> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes > MAX_BYTES { Err(Unparsed::TooComplex) } else { Ok(()) }
    }
}

/// Where a payload is in the command. `None`: an argument that the shell computes has the same value, or none has it.
fn place(payload: &str, words: &Words, source: &Source<'_>) -> Option<Place> {
    let arguments = || words.arguments.iter().zip(words.argv.iter().skip(1));
    if arguments().any(|(argument, value)| argument.is_dynamic && value == payload) {
        return None;
    }
    let (argument, value) = arguments()
        .find(|(_, value)| *value == payload)
        .or_else(|| arguments().find(|(_, value)| value.contains(payload)))?;
    let text = source.slice(argument.range.clone());
    Some(Place {
        argument: source.in_command(&argument.range).start,
        offset: value.find(payload)?,
        sources: decode::source_offsets(text, argument.quoting, value),
    })
}

/// Whether a word has a line break directly before a backslash.
fn breaks_before_backslash(text: &str) -> bool {
    text.contains('\\') && (text.contains("\n\\") || text.contains("\r\\"))
}

/// Whether an argument that the shell computes has more in it than a pattern or a brace.
fn is_expanded(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().any(|(at, byte)| {
        let next = bytes.get(at.saturating_add(1));
        match byte {
            b'`' => true,
            b'<' | b'>' => next == Some(&b'('),
            b'$' => next.is_some_and(|next| next.is_ascii_alphanumeric() || b"_@*?#$!-{(".contains(next)),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::{breaks_before_backslash, is_expanded};

    #[test]
    fn expansions_are_more_than_patterns() {
        for (text, expected) in [
            ("*.txt", false),
            ("{a,b}", false),
            ("a$b", true),
            ("\"$\"*", false),
            ("$(ls)", true),
            ("`ls`", true),
            ("<(ls)", true),
            ("$((1))", true),
            ("$é*", false),
        ] {
            assert_eq!(is_expanded(text), expected, "{text}");
        }
        assert!(breaks_before_backslash("a\n\\b") && breaks_before_backslash("a\r\n\\b"));
        assert!(!breaks_before_backslash("a\\\nb"));
    }
}
