//! Detects the style of a text, and writes new parts in the same style: indentation, line breaks, the gaps around
//! colons and commas, quotes, trailing commas.

use crate::approvals::model::scalar::is_blank_char;
use crate::approvals::text::layout::{Item, Items, Splice, blanks_before, past_blanks, past_comment};

/// A value that is inserted into a text.
#[derive(Debug, Clone)]
pub(in crate::approvals) enum New {
    /// A string or a number, in JSON notation.
    Scalar(String),
    /// An allowlist entry, written in the style of its neighbours.
    Entry(Vec<(&'static str, New)>),
    /// An allowlist.
    List(Vec<New>),
    /// Any other object.
    Object(Vec<(String, New)>),
}

impl New {
    pub(in crate::approvals) fn text(text: &str) -> Self {
        Self::Scalar(serde_json::Value::from(text).to_string())
    }
}

/// The style of one kind of object or array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::approvals) struct Shape {
    /// The indentation of its items relative to its brackets; `None` if it is on one line.
    unit: Option<String>,
    /// The gap between the brackets and the items on one line.
    padding: String,
    colon: String,
    /// The gap after a comma on one line.
    gap: String,
    quote: char,
    /// Whether keys have no quotes.
    bare: bool,
}

/// The style of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::approvals) struct Style {
    newline: &'static str,
    document: Shape,
    agent: Option<Shape>,
    list: Option<Shape>,
    entry: Option<Shape>,
}

/// OpenClaw's own style.
const UNIT: &str = "  ";

impl Shape {
    /// The style of the object or array that opens at an offset; `None` if it is empty.
    fn of(text: &str, open: usize) -> Option<Self> {
        let mut items = Items::of(text, open)?;
        let (key, value) = items.head()?;
        let start = key.as_ref().map_or(value, |key| key.start);
        let lead = lead(text, start);
        let unit = lead.rfind('\n').map(|at| {
            let indent = &lead[at + 1..];
            indent.strip_prefix(indent_at(text, open)).unwrap_or(indent).to_owned()
        });
        let colon = key.as_ref().and_then(|key| text.get(key.end..value));
        let colon = colon.filter(|colon| colon.chars().all(|c| c == ':' || is_blank_char(c)));
        let raw = key.as_ref().and_then(|key| text.get(key.clone())).unwrap_or("\"");
        let bare = !raw.starts_with(['\'', '"']);
        let quoted = if bare || key.is_none() { text.get(value..).unwrap_or_default() } else { raw };
        // On one line the gap is the one before the second item.
        let gap = if unit.is_none() {
            items.next();
            let second = items.head().map(|(key, value)| key.map_or(value, |key| key.start));
            second.and_then(|start| lead_on_line(text, start))
        } else {
            None
        };
        let is_spaced =
            colon.map_or_else(|| text.get(value + 1..).is_some_and(spaced), |colon| colon.ends_with(' '));
        Some(Self {
            padding: if unit.is_none() { lead.to_owned() } else { String::new() },
            gap: gap.unwrap_or_else(|| if is_spaced { " " } else { "" }.to_owned()),
            colon: colon.unwrap_or(": ").to_owned(),
            quote: if quoted.starts_with('\'') { '\'' } else { '"' },
            bare,
            unit,
        })
    }
}

/// Whether the first colon of a text is followed by a space.
fn spaced(text: &str) -> bool {
    text.split_once("\":").is_none_or(|(_, rest)| rest.starts_with(' '))
}

/// The first and last item of an object or array.
#[derive(Debug, Clone)]
pub(in crate::approvals) struct Ends {
    open: usize,
    last: Item,
    count: usize,
}

impl Ends {
    /// The first and last item of the value that opens at an offset, found in one pass; `None` if it is empty.
    pub(in crate::approvals) fn of(text: &str, open: usize) -> Option<Self> {
        let mut last = None;
        let mut count = 0;
        for item in Items::of(text, open)? {
            count += 1;
            last = Some(item);
        }
        Some(Self { open, last: last?, count })
    }
}

impl Style {
    /// The style of the document that opens at `root`. `agents`: the offset of its agents, if it has any. `near`: the
    /// allowlist to edit, if it has entries.
    pub(in crate::approvals) fn of(
        text: &str,
        root: usize,
        agents: Option<usize>,
        near: Option<&Ends>,
    ) -> Self {
        let default = Shape {
            unit: Some(UNIT.to_owned()),
            padding: String::new(),
            colon: ": ".to_owned(),
            gap: " ".to_owned(),
            quote: '"',
            bare: false,
        };
        let document = Shape::of(text, root).unwrap_or(default);
        let break_at = text.find('\n').unwrap_or_default();
        let newline = if text[..break_at].ends_with('\r') { "\r\n" } else { "\n" };
        let mut style = Self { newline, document, agent: None, list: None, entry: None };
        if let Some(ends) = near {
            style.learn(text, ends);
            return style;
        }
        for agent in agents.and_then(|open| Items::of_object(text, open)).into_iter().flatten() {
            let open = agent.value.start;
            style.agent =
                style.agent.or_else(|| Items::of_object(text, open).and_then(|_| Shape::of(text, open)));
            let list = crate::approvals::text::layout::value_of(text, open, "allowlist");
            if let Some(ends) = list.and_then(|list| Ends::of(text, list)) {
                style.learn(text, &ends);
            }
            if style.entry.is_some() {
                break;
            }
        }
        style
    }

    fn learn(&mut self, text: &str, list: &Ends) {
        self.list = Shape::of(text, list.open);
        let entry = list.last.value.start;
        self.entry = Items::of_object(text, entry).and_then(|_| Shape::of(text, entry));
    }

    /// A value whose brackets are on a line with that indentation.
    fn print(&self, new: &New, indent: &str) -> String {
        match new {
            New::Scalar(text) => self.quoted(text),
            New::Entry(fields) => {
                let shape = self.entry.as_ref().unwrap_or(&self.document);
                let fields = fields.iter().map(|(name, value)| (*name, value));
                self.object(shape, fields, indent)
            }
            New::Object(fields) => {
                // Only an agent contains an allowlist.
                let is_agent = fields.iter().any(|(name, _)| name == "allowlist");
                let shape = self.agent.as_ref().filter(|_| is_agent).unwrap_or(&self.document);
                self.object(shape, fields.iter().map(|(name, value)| (name.as_str(), value)), indent)
            }
            New::List(elements) => {
                let shape = self.list.as_ref().unwrap_or(&self.document);
                self.joined(shape, ['[', ']'], indent, elements.iter().map(|new| (String::new(), new)))
            }
        }
    }

    fn object<'n>(
        &self,
        shape: &Shape,
        fields: impl Iterator<Item = (&'n str, &'n New)>,
        indent: &str,
    ) -> String {
        let fields = fields.map(|(name, value)| (self.key(shape, name), value));
        self.joined(shape, ['{', '}'], indent, fields)
    }

    fn joined<'n>(
        &self,
        shape: &Shape,
        [open, close]: [char; 2],
        indent: &str,
        items: impl Iterator<Item = (String, &'n New)>,
    ) -> String {
        let (deeper, apart) = match &shape.unit {
            Some(unit) => {
                let deeper = format!("{indent}{unit}");
                let apart = format!("{}{deeper}", self.newline);
                (deeper, apart)
            }
            None => (indent.to_owned(), String::new()),
        };
        let mut text = String::from(open);
        for (index, (key, value)) in items.enumerate() {
            let lead = match (&shape.unit, index) {
                (Some(_), 0) => apart.clone(),
                (Some(_), _) => format!(",{apart}"),
                (None, 0) => shape.padding.clone(),
                (None, _) => format!(",{}", shape.gap),
            };
            text.extend([lead.as_str(), &key, &self.print(value, &deeper)]);
        }
        match &shape.unit {
            Some(_) => text.extend([self.newline, indent]),
            None => text.push_str(&shape.padding),
        }
        text.push(close);
        text
    }

    fn key(&self, shape: &Shape, name: &str) -> String {
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.chars().all(|c| c.is_ascii_alphanumeric());
        let key = if shape.bare && plain {
            name.to_owned()
        } else {
            self.quoted(&serde_json::Value::from(name).to_string())
        };
        key + &shape.colon
    }

    /// A JSON string with the document's own quotes.
    fn quoted(&self, json: &str) -> String {
        let quote = self.entry.as_ref().unwrap_or(&self.document).quote;
        match json.strip_prefix('"').and_then(|json| json.strip_suffix('"')) {
            Some(inner) if quote == '\'' => format!("'{}'", inner.replace('\'', "\\'")),
            _ => json.to_owned(),
        }
    }

    /// The splices that append a value to the object or array that opens at an offset. `ends`: the first and last item
    /// of that object or array, if they are already known.
    pub(in crate::approvals) fn append(
        &self,
        text: &str,
        open: usize,
        ends: Option<Ends>,
        name: Option<&str>,
        new: &New,
    ) -> Option<Vec<Splice>> {
        let Some(ends) = ends.or_else(|| Ends::of(text, open)) else {
            return self.fill(text, open, name, new);
        };
        let shape = Shape::of(text, open)?;
        let Ends { last, count, .. } = ends;
        let tail = Tail::behind(text, last.value.end);
        let mut apart = match lead(text, last.start()) {
            lead if count == 1 && !lead.contains('\n') => shape.gap.clone(),
            lead => lead.to_owned(),
        };
        if tail.is_open && !apart.contains('\n') {
            apart = format!("{}{}", self.newline, indent_at(text, last.start()));
        }
        let indent = match apart.rfind('\n') {
            Some(at) => apart[at + 1..].to_owned(),
            None => indent_at(text, last.start()).to_owned(),
        };
        let mut splices = Vec::new();
        if !tail.has_comma {
            splices.push(Splice::insert(last.value.end, ",".to_owned()));
        }
        let comma = if tail.has_comma { "," } else { "" };
        let value = self.print(new, &indent);
        let key = name.map(|name| self.key(&shape, name)).unwrap_or_default();
        splices.push(Splice::insert(tail.end, format!("{apart}{key}{value}{comma}")));
        Some(splices)
    }

    /// The splices for an object or array that contains only comments.
    fn fill(&self, text: &str, open: usize, name: Option<&str>, new: &New) -> Option<Vec<Splice>> {
        let shape = match (new, name) {
            (New::Entry(_), _) => self.list.as_ref(),
            (_, Some("allowlist")) => self.agent.as_ref(),
            _ => None,
        };
        let shape = shape.unwrap_or(&self.document);
        let tail = Tail::behind(text, open + 1);
        let key = name.map(|name| self.key(shape, name)).unwrap_or_default();
        let indent = indent_at(text, open);
        let close = past_blanks(text, tail.end);
        if !matches!(text.as_bytes().get(close)?, b'}' | b']') {
            return None;
        }
        let broken = shape.unit.is_some() || tail.is_open;
        let deeper = if broken {
            format!("{indent}{}", shape.unit.as_deref().unwrap_or(UNIT))
        } else {
            indent.to_owned()
        };
        let value = self.print(new, &deeper);
        let text = if broken {
            format!("{0}{deeper}{key}{value}{0}{indent}", self.newline)
        } else {
            format!("{0}{key}{value}{0}", shape.padding)
        };
        Some(vec![Splice { span: tail.end..close, text }])
    }
}

/// The part between the last item and the closing bracket.
struct Tail {
    /// End of the last part that is not blank.
    end: usize,
    has_comma: bool,
    /// Whether that part is a comment that ends with its line.
    is_open: bool,
}

impl Tail {
    fn behind(text: &str, from: usize) -> Self {
        let mut tail = Self { end: from, has_comma: false, is_open: false };
        loop {
            let at = past_blanks(text, tail.end);
            if let Some(end) = past_comment(text, at) {
                tail.is_open = text[at..].starts_with("//");
                tail.end = end;
            } else if text.as_bytes().get(at) == Some(&b',') {
                (tail.has_comma, tail.end) = (true, at + 1);
                tail.is_open = false;
            } else {
                return tail;
            }
        }
    }
}

/// The blanks directly before an offset.
fn lead(text: &str, at: usize) -> &str {
    text.get(blanks_before(text, at)..at).unwrap_or_default()
}

fn lead_on_line(text: &str, at: usize) -> Option<String> {
    Some(lead(text, at)).filter(|lead| !lead.contains('\n')).map(str::to_owned)
}

/// The indentation of the line that contains an offset.
fn indent_at(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    let line = text.get(start..at).unwrap_or_default();
    &line[..line.find(|c: char| !is_blank_char(c)).unwrap_or(line.len())]
}
