//! Which element of a stored list each element of the sent list became.
//!
//! In place first, then the same element elsewhere, then by what most likely makes it the same though it changed.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Allowlist,
    McpTools,
    Rules,
}

/// What is let through.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Grace {
    /// What every gateway adds or keeps.
    Gateway,
    /// Nothing.
    None,
}

impl Kind {
    /// Whether the `id` on the right is one that a gateway gave.
    pub(super) fn may_gain_id(self, grace: Grace, sent: Option<&Value>, stored: Option<&Value>) -> bool {
        self == Self::Allowlist
            && grace == Grace::Gateway
            && sent.is_none()
            && stored.is_some_and(Value::is_string)
    }

    /// The fields by which an element is most likely the same element, though something in it changed.
    const fn identities(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::Allowlist => &[&["id"], &["pattern", "argPattern", "source"], &["pattern"]],
            Self::McpTools => &[&["server", "tool", "addedAt"], &["server", "tool"]],
            Self::Rules => &[&["pattern", "action", "shells"], &["pattern", "action"], &["pattern"]],
        }
    }
}

/// Which stored element each sent one became.
pub(super) struct Pairing {
    /// By the index of a sent element.
    pub(super) stored_of: Vec<Option<usize>>,
    /// By the index of a stored element: whether a sent one became it.
    pub(super) taken: Vec<bool>,
    /// By the index of a sent element: whether it is stored as it was sent.
    pub(super) same: Vec<bool>,
}

impl Pairing {
    pub(super) fn of(kind: Kind, grace: Grace, sent: &[Value], stored: &[Value]) -> Self {
        let mut pairing =
            Self { stored_of: vec![None; sent.len()], taken: vec![false; stored.len()], same: Vec::new() };
        let given = |element: &Value| {
            kind == Kind::Allowlist
                && grace == Grace::Gateway
                && element.as_object().is_some_and(|entry| !entry.contains_key("id"))
        };
        if sent.len() == stored.len() {
            // What every gateway does: nothing moved.
            pairing.in_place(|index| {
                let (sent, stored) = (&sent[index], &stored[index]);
                canonical(sent) == if given(sent) { without_id(stored) } else { canonical(stored) }
            });
        }
        // The same element elsewhere. Those with an id of their own first, so that no other takes their place.
        pairing.by(
            sent,
            stored,
            |element| (!given(element)).then(|| canonical(element)),
            |element| Some(canonical(element)),
        );
        pairing.by(
            sent,
            stored,
            |element| given(element).then(|| canonical(element)),
            |element| Some(without_id(element)),
        );
        pairing.same = pairing.stored_of.iter().map(Option::is_some).collect();
        for fields in kind.identities() {
            let identity = |element: &Value| identity(element, fields);
            pairing.by(sent, stored, identity, identity);
        }
        if sent.len() == stored.len() {
            pairing.in_place(|_| true);
        }
        pairing
    }

    fn in_place(&mut self, same: impl Fn(usize) -> bool) {
        for index in 0..self.taken.len() {
            if self.stored_of[index].is_none() && !self.taken[index] && same(index) {
                self.stored_of[index] = Some(index);
                self.taken[index] = true;
            }
        }
    }

    /// Pairs what is left by a key, duplicates in their order.
    fn by(
        &mut self,
        sent: &[Value],
        stored: &[Value],
        sent_key: impl Fn(&Value) -> Option<String>,
        stored_key: impl Fn(&Value) -> Option<String>,
    ) {
        if self.taken.iter().all(|taken| *taken) {
            return;
        }
        let mut free: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (at, element) in stored.iter().enumerate().filter(|(at, _)| !self.taken[*at]) {
            if let Some(key) = stored_key(element) {
                free.entry(key).or_default().push_back(at);
            }
        }
        for (index, element) in sent.iter().enumerate() {
            if self.stored_of[index].is_some() {
                continue;
            }
            let at = sent_key(element).and_then(|key| free.get_mut(&key)?.pop_front());
            if let Some(at) = at {
                self.stored_of[index] = Some(at);
                self.taken[at] = true;
            }
        }
    }

    /// The sent indexes of the elements that changed places: in the order sent, and in the order stored.
    pub(super) fn moved(&self) -> Option<(Vec<usize>, Vec<usize>)> {
        let mut stored: Vec<(usize, usize)> =
            self.stored_of.iter().enumerate().filter_map(|(index, at)| Some(((*at)?, index))).collect();
        let sent: Vec<usize> = stored.iter().map(|(_, index)| *index).collect();
        stored.sort_unstable();
        let stored: Vec<usize> = stored.into_iter().map(|(_, index)| index).collect();
        let first = sent.iter().zip(&stored).position(|(sent, stored)| sent != stored)?;
        let last = sent.iter().zip(&stored).rposition(|(sent, stored)| sent != stored)?;
        Some((sent[first..=last].to_vec(), stored[first..=last].to_vec()))
    }
}

fn identity(element: &Value, fields: &[&str]) -> Option<String> {
    let element = element.as_object()?;
    element.get(fields[0])?;
    let parts = fields.iter().map(|&field| element.get(field).cloned().unwrap_or_default());
    Some(canonical(&parts.collect()))
}

fn without_id(element: &Value) -> String {
    let mut element = element.clone();
    if let Some(entry) = element.as_object_mut()
        && entry.get("id").is_some_and(Value::is_string)
    {
        entry.remove("id");
    }
    canonical(&element)
}

/// One text for all ways to write a value: fields sorted, numbers as a gateway prints them.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    print(value, &mut text);
    text
}

fn print(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => match number.as_f64() {
            // Minus zero is printed as zero.
            Some(double) => text.push_str(&(double + 0.0).to_string()),
            None => text.push_str(&number.to_string()),
        },
        Value::Array(elements) => {
            text.push('[');
            for element in elements {
                print(element, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in fields {
                print(&Value::from(name.as_str()), text);
                text.push(':');
                print(value, text);
                text.push(',');
            }
            text.push('}');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}
