//! Templates: one expression for the arguments of several commands of one program.

use std::collections::{BTreeMap, BTreeSet};

use super::fields::{Field, Piece, Width, pieces};
use super::programs::Freedom;

/// The longest expression, in bytes.
const LONGEST: usize = 2000;

/// The most arguments of a command that are compared.
const MOST_ARGUMENTS: usize = 64;

/// An expression for the arguments of several commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The expression, anchored at both ends. Each argument ends with NUL, unless there is only one.
    pub arg_pattern: String,
    /// The commands, by index.
    pub members: Vec<usize>,
    /// What was generalised, in order.
    pub fields: Vec<Field>,
}

/// The commands of one shape: the index of each, and its arguments in pieces.
type Group = Vec<(usize, Vec<Vec<Piece>>)>;

/// The templates of several commands, by their arguments, which differ from each other. Each has at least `least` commands,
/// and each of its fields at least so many different texts. `freedom`: what may vary. A command is in at most one template.
pub fn templates(commands: &[&[String]], least: usize, freedom: Freedom) -> Vec<Template> {
    let mut found = Vec::new();
    if freedom == Freedom::Nothing {
        return found;
    }
    let mut left: Vec<usize> =
        (0..commands.len()).filter(|&index| commands[index].len() <= MOST_ARGUMENTS).collect();
    for width in [Width::Values, Width::Names] {
        let mut groups: BTreeMap<Shape, Group> = BTreeMap::new();
        for &index in &left {
            let words = commands[index];
            let split: Vec<Vec<Piece>> =
                (0..words.len()).map(|at| pieces(words, at, width, freedom)).collect();
            groups.entry(shape(&split)).or_default().push((index, split));
        }
        for group in groups.into_values() {
            found.extend(template(&group, least.max(2)));
        }
        let taken: BTreeSet<usize> = found.iter().flat_map(|template| template.members.clone()).collect();
        left.retain(|index| !taken.contains(index));
    }
    found
}

/// A regular expression of ECMAScript that matches this text alone.
pub fn literal(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if r"\^$.*+?()[]{}|".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// The pieces of the arguments, without the texts of fields.
type Shape = Vec<Vec<Piece>>;

fn shape(split: &[Vec<Piece>]) -> Shape {
    let without_text = |piece: &Piece| match piece {
        Piece::Literal(text) => Piece::Literal(text.clone()),
        Piece::Field(field, _) => Piece::Field(*field, String::new()),
    };
    split.iter().map(|argument| argument.iter().map(without_text).collect()).collect()
}

/// The template of commands of one shape. `None`: there are too few, or nothing is to be generalised.
fn template(group: &[(usize, Vec<Vec<Piece>>)], least: usize) -> Option<Template> {
    let (_, first) = group.first().filter(|_| group.len() >= least)?;
    let mut fields = Vec::new();
    let mut parts = Vec::with_capacity(first.len());
    for (at, argument) in first.iter().enumerate() {
        let mut part = String::new();
        for (place, piece) in argument.iter().enumerate() {
            match piece {
                Piece::Literal(text) => part.push_str(&literal(text)),
                Piece::Field(field, _) => {
                    let texts: BTreeSet<&str> =
                        group.iter().filter_map(|(_, split)| text_of(split.get(at)?.get(place)?)).collect();
                    if texts.len() >= least {
                        fields.push(*field);
                    }
                    part.push_str(&varying(*field, &texts, least));
                }
            }
        }
        parts.push(part);
    }
    let arg_pattern = match &parts[..] {
        [one] => format!("^{one}$"),
        several => format!("^{}\0$", several.join("\0")),
    };
    let is_useful = !fields.is_empty() && arg_pattern.len() <= LONGEST;
    is_useful.then(|| Template {
        arg_pattern,
        members: group.iter().map(|(index, _)| *index).collect(),
        fields,
    })
}

fn text_of(piece: &Piece) -> Option<&str> {
    match piece {
        Piece::Field(_, text) => Some(text),
        Piece::Literal(_) => None,
    }
}

/// The expression of a field: its one text, one of a few, or any text of its kind.
fn varying(field: Field, texts: &BTreeSet<&str>, least: usize) -> String {
    if texts.len() >= least {
        let length = |text: &&str| text.len();
        let lengths = (texts.iter().map(length).min(), texts.iter().map(length).max());
        return field.expression((lengths.0.unwrap_or_default(), lengths.1.unwrap_or_default()));
    }
    let all: Vec<String> = texts.iter().map(|text| literal(text)).collect();
    if let [one] = &all[..] { one.clone() } else { format!("(?:{})", all.join("|")) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(commands: &[&str], least: usize) -> Vec<(String, usize, Vec<Field>)> {
        found_as(commands, least, Freedom::Files)
    }

    fn found_as(commands: &[&str], least: usize, freedom: Freedom) -> Vec<(String, usize, Vec<Field>)> {
        let split: Vec<Vec<String>> =
            commands.iter().map(|command| command.split(' ').map(str::to_owned).collect()).collect();
        let all: Vec<&[String]> = split.iter().map(Vec::as_slice).collect();
        templates(&all, least, freedom)
            .into_iter()
            .map(|template| (template.arg_pattern, template.members.len(), template.fields))
            .collect()
    }

    #[test]
    fn only_what_varied_is_generalised() {
        assert_eq!(
            found(&["view 1 2", "view 7 2", "view 9 2"], 3),
            [("^view\0[0-9]+\x002\0$".to_owned(), 3, vec![Field::Number])]
        );
        // A few texts are listed.
        assert_eq!(
            found(&["1 1", "1 2", "2 3"], 3),
            [("^(?:1|2)\0[0-9]+\0$".to_owned(), 3, vec![Field::Number])]
        );
        assert_eq!(
            found(&["/srv/log/a.log", "/srv/log/b.log", "/srv/log/c.d.log"], 3),
            [(r"^/srv/log/[A-Za-z0-9_][A-Za-z0-9_.-]*\.log$".to_owned(), 3, vec![Field::Name])]
        );
        assert_eq!(
            found(&["0a1b2c3", "1a1b2c3", "2a1b2c3d4"], 3),
            [("^[0-9a-f]{7,9}$".to_owned(), 3, vec![Field::Hexadecimal])]
        );
        // The narrower template comes first, and a command is in one of them.
        let logs = ["/srv/log/1.log", "/srv/log/2.log", "/srv/log/3.log", "/srv/log/x.log"];
        assert_eq!(found(&logs, 3), [(r"^/srv/log/[0-9]+\.log$".to_owned(), 3, vec![Field::Number])]);
    }

    #[test]
    fn too_few_or_too_different_commands_have_no_template() {
        for commands in [
            &["view 1", "view 2"][..],
            &["view 1", "edit 2", "close 3"],
            &["get a", "get b", "get c"],
            &["-1", "-2", "-3"],
            &["/etc/ssl/a", "/etc/ssl/b", "/etc/ssl/c"],
        ] {
            assert_eq!(found(commands, 3), [], "{commands:?}");
        }
        assert_eq!(templates(&[], 3, Freedom::Files), []);
        let numbers = ["view 1", "view 2", "view 3"];
        assert_eq!(found_as(&numbers, 3, Freedom::Numbers).len(), 1);
        assert_eq!(found_as(&numbers, 3, Freedom::Nothing), []);
    }

    #[test]
    fn a_literal_has_no_special_characters() {
        assert_eq!(literal("log --format=%h (x) a.b|c"), r"log --format=%h \(x\) a\.b\|c");
        assert_eq!(literal("/srv/ü*"), r"/srv/ü\*");
    }

    proptest! {
        /// A template matches the arguments of each of its commands, and no other count of arguments, no option in place of
        /// a field and no text with white space or another directory in it.
        #[test]
        fn a_template_matches_its_commands_and_no_second_argument(
            commands in prop::collection::btree_set(prop::collection::vec(argument(), 1..4), 1..12),
            with in prop::sample::select(vec![" --evil", "\0--evil", " ", "/../x", "/x", "\n", ";x"]),
        ) {
            let commands: Vec<Vec<String>> = commands.into_iter().collect();
            let all: Vec<&[String]> = commands.iter().map(Vec::as_slice).collect();
            for template in templates(&all, 3, Freedom::Files) {
                prop_assert!(template.arg_pattern.starts_with('^') && template.arg_pattern.ends_with('$'));
                let expression = regress::Regex::new(&template.arg_pattern).unwrap();
                let has_nul = template.arg_pattern.contains('\0');
                let joined = |arguments: &[String]| {
                    if has_nul { arguments.join("\0") + "\0" } else { arguments.join(" ") }
                };
                let matches = |arguments: &[String]| expression.find(&joined(arguments)).is_some();
                for &member in &template.members {
                    let own = &commands[member];
                    prop_assert!(matches(own), "{template:?} {own:?}");
                    for at in 0..own.len() {
                        let mut other = own.clone();
                        other[at].push_str(with);
                        prop_assert!(!matches(&other), "{template:?} {other:?}");
                        let mut option = own.clone();
                        option[at].insert(0, '-');
                        prop_assert!(!matches(&option), "{template:?} {option:?}");
                        let mut shorter = own.clone();
                        shorter.remove(at);
                        prop_assert!(!matches(&shorter), "{template:?} {shorter:?}");
                    }
                }
            }
        }
    }

    fn argument() -> impl Strategy<Value = String> {
        prop_oneof![
            prop::sample::select(vec!["view", "-x", "a.b", "(", "", "--n", "x y"]).prop_map(str::to_owned),
            (0..40_u32).prop_map(|n| n.to_string()),
            (0..40_u32).prop_map(|n| format!("--id={n}")),
            (0..9_u32).prop_map(|n| format!("/srv/log/{n}.log")),
            prop::sample::select(vec!["a", "b", "c", "d"]).prop_map(|name| format!("/srv/log/{name}.log")),
            (0..9_u32).prop_map(|n| format!("{n}a1b2c3d")),
        ]
    }
}
