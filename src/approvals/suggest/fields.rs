//! The parts of an argument that may vary between commands: numbers, hashes, dates, and the names of files in one directory.

/// A kind of text that may vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Decimal digits.
    Number,
    /// At least seven hexadecimal digits in lower case, with a digit and a letter among them.
    Hexadecimal,
    /// A UUID in lower case.
    Uuid,
    /// A date: `2026-11-26`.
    Date,
    /// A date with a time in UTC: `2026-11-26T09:30:00Z`.
    Time,
    /// The name of a file in one directory, without its ending.
    Name,
}

impl Field {
    /// Its name for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Hexadecimal => "a hexadecimal number",
            Self::Uuid => "a UUID",
            Self::Date => "a date",
            Self::Time => "a time",
            Self::Name => "a file name",
        }
    }

    /// The expression that matches every text of this kind. `lengths`: the shortest and the longest text that was seen.
    pub(super) fn expression(self, (shortest, longest): (usize, usize)) -> String {
        match self {
            Self::Number => "[0-9]+".to_owned(),
            Self::Hexadecimal if shortest == longest => format!("[0-9a-f]{{{shortest}}}"),
            Self::Hexadecimal => format!("[0-9a-f]{{{shortest},{longest}}}"),
            Self::Uuid => "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}".to_owned(),
            Self::Date => "[0-9]{4}-[0-9]{2}-[0-9]{2}".to_owned(),
            Self::Time => "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z".to_owned(),
            Self::Name => "[A-Za-z0-9_][A-Za-z0-9_.-]*".to_owned(),
        }
    }
}

/// A part of an argument.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    /// Text that never varies.
    Literal(String),
    /// Text that may vary.
    Field(Field, String),
}

/// How much of an argument may vary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Width {
    /// Numbers, hashes and dates.
    Values,
    /// Also the name of a file, if the argument is a path.
    Names,
}

/// The pieces of an argument.
pub(super) fn pieces(argument: &str, width: Width) -> Vec<Piece> {
    let Some(start) = start(argument) else { return vec![Piece::Literal(argument.to_owned())] };
    let named = if width == Width::Names { name(argument, start) } else { None };
    named.unwrap_or_else(|| scan(argument, start))
}

/// Where the part of an argument begins that may vary. `None`: nothing may. Of an option only its value may, and of a URL
/// only what follows the host.
fn start(argument: &str) -> Option<usize> {
    let is_odd = |c: char| c.is_whitespace() || c.is_control() || "*?[]{}~$`\\'\"<>|&;()!".contains(c);
    if argument.chars().any(is_odd) || argument.split(['/', '=', ':']).any(|part| part == "..") {
        return None;
    }
    let value = if argument.starts_with('-') { argument.find('=')? + 1 } else { 0 };
    match argument.get(value..)?.find("://") {
        Some(at) => {
            let host = value + at + "://".len();
            Some(host + argument.get(host..)?.find('/')?)
        }
        None => Some(value),
    }
}

/// Splits a text at its numbers, hashes and dates. Nothing before `start` varies.
fn scan(text: &str, start: usize) -> Vec<Piece> {
    let (before, mut rest) = text.split_at(start);
    let (mut found, mut literal) = (Vec::new(), before.to_owned());
    while let Some(c) = rest.chars().next() {
        let is_start =
            !literal.chars().next_back().is_some_and(is_word) && !ends_with_field(&literal, &found);
        if let Some(length) = address(rest).filter(|_| is_start) {
            literal.push_str(&rest[..length]);
            rest = &rest[length..];
        } else if let Some((field, length)) = field(rest, is_start) {
            if !literal.is_empty() {
                found.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            found.push(Piece::Field(field, rest[..length].to_owned()));
            rest = &rest[length..];
        } else {
            literal.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    if !literal.is_empty() || found.is_empty() {
        found.push(Piece::Literal(literal));
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether the text so far ends with a field.
fn ends_with_field(literal: &str, found: &[Piece]) -> bool {
    literal.is_empty() && matches!(found.last(), Some(Piece::Field(..)))
}

/// The length of an IPv4 address at the start of a text. Another one is another machine, so it never varies.
fn address(text: &str) -> Option<usize> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let parts: Vec<&str> = text[..end].split('.').collect();
    (parts.len() == 4 && parts.iter().all(|part| !part.is_empty())).then_some(end)
}

/// The field at the start of a text, and its length. `is_start`: whether no letter or digit precedes it.
fn field(text: &str, is_start: bool) -> Option<(Field, usize)> {
    const HASH: usize = 7;
    if is_start {
        for (kind, form) in [
            (Field::Uuid, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"),
            (Field::Time, "0000-00-00T00:00:00Z"),
            (Field::Date, "0000-00-00"),
        ] {
            if has_form(text, form) {
                return Some((kind, form.len()));
            }
        }
        let length = run(text, is_hexadecimal);
        let hash = &text[..length];
        if length >= HASH
            && ends_at(text, length)
            && hash.contains(|c: char| c.is_ascii_digit())
            && hash.contains(|c: char| c.is_ascii_lowercase())
        {
            return Some((Field::Hexadecimal, length));
        }
    }
    match run(text, |c| c.is_ascii_digit()) {
        0 => None,
        length => Some((Field::Number, length)),
    }
}

fn is_hexadecimal(c: char) -> bool {
    matches!(c, '0'..='9' | 'a'..='f')
}

/// The length of the characters at the start of a text for which something holds. They are of ASCII.
fn run(text: &str, holds: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !holds(c)).unwrap_or(text.len())
}

fn ends_at(text: &str, end: usize) -> bool {
    !text.get(end..).and_then(|rest| rest.chars().next()).is_some_and(is_word)
}

/// Whether a text begins with this form, in which `x` is a hexadecimal digit and `0` a decimal one, and ends there.
fn has_form(text: &str, form: &str) -> bool {
    let fits = |(c, wanted): (char, char)| match wanted {
        'x' => is_hexadecimal(c),
        '0' => c.is_ascii_digit(),
        _ => c == wanted,
    };
    text.get(..form.len()).is_some_and(|start| start.chars().zip(form.chars()).all(fits))
        && ends_at(text, form.len())
}

/// The pieces of a path in which only the name of the file may vary, not its directory and not its ending.
fn name(argument: &str, start: usize) -> Option<Vec<Piece>> {
    if argument.contains("://") {
        return None;
    }
    let (directory, base) = argument.split_at(argument.rfind('/').filter(|slash| *slash >= start)? + 1);
    if !may_vary_in(directory.get(start..)?) {
        return None;
    }
    let is_ending = |ending: &str| {
        matches!(ending.len(), 2..=6)
            && ending[1..].chars().all(|c| c.is_ascii_alphanumeric())
            && ending.contains(|c: char| c.is_ascii_alphabetic())
    };
    let ending = base.rfind('.').filter(|dot| *dot > 0).map_or("", |dot| &base[dot..]);
    let ending = if is_ending(ending) { ending } else { "" };
    let stem = base.strip_suffix(ending)?;
    let is_name = stem.starts_with(is_word) && stem.chars().all(|c| is_word(c) || c == '.' || c == '-');
    if !is_name {
        return None;
    }
    let mut found = vec![Piece::Literal(directory.to_owned()), Piece::Field(Field::Name, stem.to_owned())];
    if !ending.is_empty() {
        found.push(Piece::Literal(ending.to_owned()));
    }
    Some(found)
}

/// Whether every file of a directory may be named. A directory of the system or a hidden one may hold secrets, and one at the
/// root is too wide.
fn may_vary_in(directory: &str) -> bool {
    const SYSTEM: [&str; 7] = ["boot", "dev", "etc", "proc", "root", "run", "sys"];
    let is_absolute = directory.starts_with('/');
    let parts: Vec<&str> = directory.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let least = if is_absolute { 2 } else { 1 };
    parts.len() >= least
        && !parts.iter().any(|part| part.starts_with('.'))
        && !(is_absolute && parts.first().is_some_and(|first| SYSTEM.contains(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces as text: fields in braces.
    fn shown(argument: &str, width: Width) -> String {
        let shown = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Field(field, text) => format!("{{{field:?} {text}}}"),
        };
        pieces(argument, width).iter().map(shown).collect()
    }

    #[test]
    fn numbers_hashes_and_dates_are_fields() {
        for (argument, expected) in [
            ("issue-12", "issue-{Number 12}"),
            ("--number=7", "--number={Number 7}"),
            ("2026-11-26", "{Date 2026-11-26}"),
            ("backup-2026-11-26.tar", "backup-{Date 2026-11-26}.tar"),
            ("2026-11-26T09:30:00Z", "{Time 2026-11-26T09:30:00Z}"),
            ("2026-11-267", "{Number 2026}-{Number 11}-{Number 267}"),
            ("3f2a9bc", "{Hexadecimal 3f2a9bc}"),
            ("123e4567-e89b-12d3-a456-426614174000", "{Uuid 123e4567-e89b-12d3-a456-426614174000}"),
            ("v1.2", "v{Number 1}.{Number 2}"),
            ("https://h.example:8443/pr/12", "https://h.example:8443/pr/{Number 12}"),
            ("ü7", "ü{Number 7}"),
        ] {
            assert_eq!(shown(argument, Width::Values), expected, "{argument}");
        }
        // Options, addresses, hosts, and what a shell could read otherwise.
        for argument in [
            "-5",
            "-n5",
            "--port",
            "10.0.0.1",
            "https://host7",
            "a b 7",
            "../7",
            "$7",
            "x*7",
            "",
            "deadbeef",
            "a/../7",
        ] {
            assert_eq!(shown(argument, Width::Values), argument);
        }
    }

    #[test]
    fn the_name_of_a_file_is_a_field_where_its_directory_is_none_of_the_system() {
        for (argument, expected) in [
            ("/srv/logs/app.log", "/srv/logs/{Name app}.log"),
            ("/srv/logs/7", "/srv/logs/{Name 7}"),
            ("src/lib.rs", "src/{Name lib}.rs"),
            ("--file=src/a-b.c.rs", "--file=src/{Name a-b.c}.rs"),
        ] {
            assert_eq!(shown(argument, Width::Names), expected, "{argument}");
        }
        for argument in [
            "/etc/ssl/passwd",
            "/srv/x",
            "/proc/self/x",
            "/home/ann/.ssh/key",
            "src/.env",
            "src/-x",
            "plain",
            "/srv/logs/",
            "https://h/a/b",
            "./x",
            "~/a/b",
        ] {
            assert_eq!(shown(argument, Width::Names), argument);
        }
    }
}
