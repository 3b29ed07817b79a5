//! Pairs each element of an earlier list with the element that it became in a later list.
//!
//! Equal elements at both ends are paired first, then elements in place, then equal elements elsewhere, then changed
//! elements by their most reliable key.

use std::collections::{HashMap, VecDeque};

use serde_json::Value;

use super::depth::Depth;
use super::identity;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Allowlist,
    McpTools,
    Rules,
}

impl Kind {
    /// Whether the `id` on the right was added by a gateway.
    pub(super) fn may_gain_id(self, depth: Depth, before: Option<&Value>, after: Option<&Value>) -> bool {
        self == Self::Allowlist
            && depth == Depth::Stored
            && before.is_none()
            && after.is_some_and(Value::is_string)
    }

    /// The key by which a changed element is most likely recognised.
    const fn likely(self) -> &'static [Likely] {
        match self {
            Self::Allowlist => &[Likely::Fields(&["id"]), Likely::SameEntry, Likely::Fields(&["pattern"])],
            Self::McpTools => {
                &[Likely::Fields(&["server", "tool", "addedAt"]), Likely::Fields(&["server", "tool"])]
            }
            Self::Rules => &[
                Likely::Fields(&["pattern", "action", "shells"]),
                Likely::Fields(&["pattern", "action"]),
                Likely::Fields(&["pattern"]),
            ],
        }
    }
}

/// The key by which elements are paired.
#[derive(Clone, Copy)]
enum Likely {
    /// The values of these fields. The first field must be present.
    Fields(&'static [&'static str]),
    /// The identity of an entry.
    SameEntry,
}

impl Likely {
    fn key(self, element: &Value) -> Option<String> {
        let fields = element.as_object()?;
        match self {
            Self::SameEntry => fields.contains_key("pattern").then(|| identity::of_value(element)),
            Self::Fields(names) => {
                fields.get(names[0])?;
                let parts = names.iter().map(|&name| fields.get(name).cloned().unwrap_or_default());
                Some(canonical(&parts.collect()))
            }
        }
    }
}

/// The later element for each earlier one.
pub(super) struct Pairing {
    /// By the index of an earlier element: its counterpart.
    pub(super) after_of: Vec<Option<usize>>,
    /// By the index of a later element: whether it has a counterpart.
    pub(super) taken: Vec<bool>,
    /// By the index of an earlier element: whether it is unchanged.
    pub(super) same: Vec<bool>,
}

impl Pairing {
    pub(super) fn of(kind: Kind, depth: Depth, before: &[Value], after: &[Value]) -> Self {
        let mut pairing =
            Self { after_of: vec![None; before.len()], taken: vec![false; after.len()], same: Vec::new() };
        let given = |element: &Value| {
            kind == Kind::Allowlist
                && depth == Depth::Stored
                && element.as_object().is_some_and(|entry| !entry.contains_key("id"))
        };
        let same = |before: &Value, after: &Value| {
            canonical(before) == if given(before) { without_id(after) } else { canonical(after) }
        };
        pairing.at_both_ends(before, after, same);
        if before.len() == after.len() {
            // The usual case with gateways: nothing moved.
            pairing.in_place(|index| same(&before[index], &after[index]));
        }
        // Equal elements elsewhere. Elements with an id of their own are first, so that no other element takes their
        // counterpart.
        pairing.by(
            before,
            after,
            |element| (!given(element)).then(|| canonical(element)),
            |element| Some(canonical(element)),
        );
        pairing.by(
            before,
            after,
            |element| given(element).then(|| canonical(element)),
            |element| Some(without_id(element)),
        );
        pairing.same = pairing.after_of.iter().map(Option::is_some).collect();
        for likely in kind.likely() {
            let key = |element: &Value| likely.key(element);
            pairing.by(before, after, key, key);
        }
        if before.len() == after.len() {
            pairing.in_place(|_| true);
        }
        pairing
    }

    fn at_both_ends(&mut self, before: &[Value], after: &[Value], same: impl Fn(&Value, &Value) -> bool) {
        let start = before.iter().zip(after).take_while(|(before, after)| same(before, after)).count();
        let rest = before[start..].iter().rev().zip(after[start..].iter().rev());
        let end = rest.take_while(|(before, after)| same(before, after)).count();
        let ends = (0..start).map(|at| (at, at));
        let ends = ends.chain((1..=end).map(|back| (before.len() - back, after.len() - back)));
        for (index, at) in ends {
            self.after_of[index] = Some(at);
            self.taken[at] = true;
        }
    }

    fn in_place(&mut self, same: impl Fn(usize) -> bool) {
        for index in 0..self.taken.len() {
            if self.after_of[index].is_none() && !self.taken[index] && same(index) {
                self.after_of[index] = Some(index);
                self.taken[index] = true;
            }
        }
    }

    /// Pairs the remaining elements by a key, duplicates in their order.
    fn by(
        &mut self,
        before: &[Value],
        after: &[Value],
        before_key: impl Fn(&Value) -> Option<String>,
        after_key: impl Fn(&Value) -> Option<String>,
    ) {
        if self.taken.iter().all(|taken| *taken) {
            return;
        }
        let mut free: HashMap<String, VecDeque<usize>> = HashMap::new();
        for (at, element) in after.iter().enumerate().filter(|(at, _)| !self.taken[*at]) {
            if let Some(key) = after_key(element) {
                free.entry(key).or_default().push_back(at);
            }
        }
        for (index, element) in before.iter().enumerate() {
            if self.after_of[index].is_some() {
                continue;
            }
            let at = before_key(element).and_then(|key| free.get_mut(&key)?.pop_front());
            if let Some(at) = at {
                self.after_of[index] = Some(at);
                self.taken[at] = true;
            }
        }
    }

    /// The elements that changed places, by their indexes before: in their old order and in their new order.
    pub(super) fn moved(&self) -> Option<(Vec<usize>, Vec<usize>)> {
        let mut after: Vec<(usize, usize)> =
            self.after_of.iter().enumerate().filter_map(|(index, at)| Some(((*at)?, index))).collect();
        let before: Vec<usize> = after.iter().map(|(_, index)| *index).collect();
        after.sort_unstable();
        let after: Vec<usize> = after.into_iter().map(|(_, index)| index).collect();
        let first = before.iter().zip(&after).position(|(before, after)| before != after)?;
        let last = before.iter().zip(&after).rposition(|(before, after)| before != after)?;
        Some((before[first..=last].to_vec(), after[first..=last].to_vec()))
    }
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
