//! From the path of a value to its line and column in a text, without a tree.

use super::layout::{Items, name, root};
use crate::approvals::findings::diagnostic::Position;
use crate::approvals::model::path::Step;

/// The place of a value in a text that is JSON or JSON5; `None` if the text has no such value. Of repeated keys the last
/// one counts, as for readers of JSON.
pub fn position(text: &str, steps: &[Step]) -> Option<Position> {
    let mut at = root(text);
    for step in steps {
        at = match step {
            Step::Key(wanted) => {
                let is_wanted =
                    |key: &std::ops::Range<usize>| name(text, key).is_some_and(|name| name == *wanted);
                let found =
                    Items::of_object(text, at)?.filter(|item| item.key.as_ref().is_some_and(is_wanted));
                found.last()?.value.start
            }
            Step::Index(index) => Items::of_array(text, at)?.nth(*index)?.value.start,
        };
    }
    let before = text.get(..at)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    Some(Position { line, column: before.get(line_start..)?.chars().count() + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, path: &str) -> Option<(usize, usize)> {
        let step = |step: &str| step.parse().map_or_else(|_| Step::Key(step.to_owned()), Step::Index);
        let steps: Vec<Step> = path.split('/').filter(|step| !step.is_empty()).map(step).collect();
        position(text, &steps).map(|position| (position.line, position.column))
    }

    #[test]
    fn values_are_found_by_their_paths() {
        let text = "{\n \"agents\": {\"a\\u0062\": {\"allowlist\": [\"x\",\n  {\"pattern\": \"ü\"}]}},\n // \"z\": 1\n z: 2, 'é': 3, z: 4}";
        assert_eq!(at(text, ""), Some((1, 1)));
        assert_eq!(at(text, "agents/ab/allowlist/0"), Some((2, 39)));
        assert_eq!(at(text, "agents/ab/allowlist/1/pattern"), Some((3, 15)));
        assert_eq!(at(text, "é"), Some((5, 13)));
        assert_eq!(at(text, "z"), Some((5, 19)));
        assert_eq!((at(text, "agents/ab/allowlist/2"), at(text, "x"), at("7", "x")), (None, None, None));
    }
}
