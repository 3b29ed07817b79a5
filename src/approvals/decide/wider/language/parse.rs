//! Reads a regular expression of JavaScript without flags, with the tolerance of browsers (Annex B): a `{` that begins no
//! quantifier is literal. Returns `None` for what it does not understand.

/// The longest expression, in characters.
const LONGEST: usize = 2_000;

/// How deep groups may lie in each other.
const DEEPEST: usize = 24;

/// The most characters of a class that are listed.
const MOST_PICKS: usize = 16;

/// Characters to choose from where nearly all would do.
const COMMON: &str = "x0-A_ /.z:=,@+%b";

/// A part of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Node {
    /// `^`
    Start,
    /// `$`
    End,
    /// One character out of these; `are_all`: there are no others.
    One {
        /// The characters.
        picks: Vec<char>,
        /// Whether there are no others.
        are_all: bool,
    },
    /// One after the other.
    Row(Vec<Node>),
    /// One of them.
    Either(Vec<Node>),
    /// Several times.
    Repeated {
        /// What is repeated.
        node: Box<Node>,
        /// The fewest times.
        min: usize,
        /// The most times.
        max: Option<usize>,
    },
    /// A condition that is not understood.
    Other,
}

/// Reads an expression.
pub(super) fn parse(expression: &str) -> Option<Node> {
    let characters: Vec<char> = expression.chars().take(LONGEST + 1).collect();
    if characters.len() > LONGEST {
        return None;
    }
    let mut reader = Reader { characters: &characters, at: 0 };
    let node = reader.either(0)?;
    (reader.at == characters.len()).then_some(node)
}

struct Reader<'c> {
    characters: &'c [char],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += 1;
        Some(next)
    }

    fn takes(&mut self, text: &str) -> bool {
        let rest = self.characters.get(self.at..).unwrap_or_default();
        let length = text.chars().count();
        let fits =
            rest.len() >= length && rest.iter().copied().zip(text.chars()).all(|(own, other)| own == other);
        if fits {
            self.at += length;
        }
        fits
    }

    fn either(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        let mut branches = vec![self.row(depth)?];
        while self.takes("|") {
            branches.push(self.row(depth)?);
        }
        if branches.len() == 1 { branches.pop() } else { Some(Node::Either(branches)) }
    }

    fn row(&mut self, depth: usize) -> Option<Node> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek().filter(|next| !matches!(next, '|' | ')')) {
            let part = self.part(next, depth)?;
            parts.push(part);
        }
        Some(Node::Row(parts))
    }

    fn part(&mut self, next: char, depth: usize) -> Option<Node> {
        self.at += 1;
        let node = match next {
            '^' => return Some(Node::Start),
            '$' => return Some(Node::End),
            '*' | '+' | '?' => return None,
            '(' => self.group(depth)?,
            '[' => self.class()?,
            '.' => any(),
            '\\' => self.escape()?,
            character => exactly(character),
        };
        self.repeated(node)
    }

    fn group(&mut self, depth: usize) -> Option<Node> {
        let mut is_condition = false;
        if self.takes("?") {
            if self.takes("=") || self.takes("!") || self.takes("<=") || self.takes("<!") {
                is_condition = true;
            } else if self.takes("<") {
                while self.next()? != '>' {}
            } else if !self.takes(":") {
                return None;
            }
        }
        let node = self.either(depth + 1)?;
        if !self.takes(")") {
            return None;
        }
        Some(if is_condition { Node::Other } else { node })
    }

    /// A part with its quantifier, if one follows. `None`: two of them follow.
    fn repeated(&mut self, node: Node) -> Option<Node> {
        let start = self.at;
        let counts = match self.next() {
            Some('*') => Some((0, None)),
            Some('+') => Some((1, None)),
            Some('?') => Some((0, Some(1))),
            Some('{') => self.counts(),
            _ => None,
        };
        let Some((min, max)) = counts else {
            self.at = start;
            return Some(node);
        };
        self.takes("?");
        let again = self.at;
        let is_doubled =
            matches!(self.peek(), Some('*' | '+' | '?')) || self.takes("{") && self.counts().is_some();
        self.at = again;
        // A quantifier after a character of two units is for its second half.
        let is_long =
            matches!(&node, Node::One { picks, .. } if picks.iter().any(|pick| pick.len_utf16() > 1));
        let is_in_order = max.is_none_or(|max| min <= max);
        (!is_doubled && !is_long && is_in_order).then(|| Node::Repeated { node: Box::new(node), min, max })
    }

    /// The content of braces: `2}`, `2,}` or `2,3}`.
    fn counts(&mut self) -> Option<(usize, Option<usize>)> {
        let min = self.number()?;
        if self.takes("}") {
            return Some((min, Some(min)));
        }
        if !self.takes(",") {
            return None;
        }
        if self.takes("}") {
            return Some((min, None));
        }
        let max = self.number()?;
        self.takes("}").then_some((min, Some(max)))
    }

    fn number(&mut self) -> Option<usize> {
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.at += 1;
        }
        // What is too large for a number has no end.
        (!digits.is_empty()).then(|| digits.parse().unwrap_or(usize::MAX))
    }

    /// What follows a backslash outside a class.
    fn escape(&mut self) -> Option<Node> {
        Some(match self.peek()? {
            'b' | 'B' => {
                self.at += 1;
                Node::Other
            }
            // References to groups.
            '1'..='9' | 'k' => return None,
            _ => match self.escaped()? {
                Item::One(character) => exactly(character),
                Item::Many(set) => set.node(),
            },
        })
    }

    /// What follows a backslash, in a class and outside.
    fn escaped(&mut self) -> Option<Item> {
        Some(Item::One(match self.next()? {
            letter @ ('d' | 'D' | 'w' | 'W' | 's' | 'S') => return Some(Item::Many(Set::named(letter))),
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            '0' if !self.peek().is_some_and(|next| next.is_ascii_digit()) => '\0',
            character if character.is_alphanumeric() => return None,
            character => character,
        }))
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let text: String = self.characters.get(self.at..self.at + digits)?.iter().collect();
        self.at += digits;
        let is_hex = text.chars().all(|digit| digit.is_ascii_hexdigit());
        char::from_u32(u32::from_str_radix(&text, 16).ok()?).filter(|_| is_hex)
    }

    /// What follows `[`.
    fn class(&mut self) -> Option<Node> {
        let mut set = Set { is_negated: self.takes("^"), ..Set::default() };
        loop {
            let first = match self.next()? {
                ']' => return set.is_short().then(|| set.node()),
                '\\' => self.in_class()?,
                character => Item::One(character),
            };
            let is_range =
                self.peek() == Some('-') && self.characters.get(self.at + 1).is_some_and(|next| *next != ']');
            match first {
                Item::One(from) if is_range => {
                    self.at += 1;
                    let to = match self.next()? {
                        '\\' => self.in_class()?,
                        character => Item::One(character),
                    };
                    let Item::One(to) = to else { return None };
                    (from <= to).then(|| set.ranges.push((from, to)))?;
                }
                Item::One(one) => set.ranges.push((one, one)),
                Item::Many(other) if other.is_negated => return None,
                Item::Many(other) => set.ranges.extend(other.ranges),
            }
        }
    }

    /// What follows a backslash in a class.
    fn in_class(&mut self) -> Option<Item> {
        if self.takes("b") { Some(Item::One('\u{8}')) } else { self.escaped() }
    }
}

enum Item {
    One(char),
    Many(Set),
}

/// The characters of a class.
#[derive(Debug, Clone, Default)]
struct Set {
    ranges: Vec<(char, char)>,
    is_negated: bool,
}

impl Set {
    fn named(letter: char) -> Self {
        let ranges = match letter.to_ascii_lowercase() {
            'd' => vec![('0', '9')],
            'w' => vec![('a', 'z'), ('0', '9'), ('A', 'Z'), ('_', '_')],
            _ => vec![(' ', ' '), ('\t', '\r'), ('\u{a0}', '\u{a0}'), ('\u{feff}', '\u{feff}')],
        };
        // `\s` has more characters than these, so that it is never taken for complete.
        Self { ranges, is_negated: letter.is_ascii_uppercase() }
    }

    /// Whether every character has one unit.
    fn is_short(&self) -> bool {
        self.ranges.iter().all(|(_, to)| to.len_utf16() == 1)
    }

    fn has(&self, character: char) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&character)) != self.is_negated
    }

    fn node(&self) -> Node {
        let size: usize =
            self.ranges.iter().map(|(from, to)| (*to as usize).saturating_sub(*from as usize) + 1).sum();
        let has_white = self.ranges.contains(&('\u{feff}', '\u{feff}'));
        if !self.is_negated && size <= MOST_PICKS && !has_white {
            let mut picks: Vec<char> = self.ranges.iter().flat_map(|(from, to)| *from..=*to).collect();
            picks.sort_unstable();
            picks.dedup();
            return Node::One { picks, are_all: true };
        }
        let mut picks: Vec<char> = COMMON.chars().filter(|pick| self.has(*pick)).take(4).collect();
        if !self.is_negated {
            picks.extend(self.ranges.iter().flat_map(|(from, to)| [*from, *to]).take(4));
        }
        picks.dedup();
        Node::One { picks, are_all: false }
    }
}

fn any() -> Node {
    Node::One { picks: COMMON.chars().take(6).collect(), are_all: false }
}

fn exactly(character: char) -> Node {
    Node::One { picks: vec![character], are_all: true }
}
