//! The parts of an argument that may vary between commands: numbers, hashes, dates, and the names of files in one directory.

use super::programs::{Freedom, only_reads};
use super::words::{Flag, is_secret};

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

/// The pieces of the argument at a place of a command. What of it may vary is decided by what is known to be harmless: a whole
/// argument that is a value, or a part of the name of a file in a directory with no secrets.
pub(super) fn pieces(words: &[String], at: usize, width: Width, freedom: Freedom) -> Vec<Piece> {
    let Some(word) = words.get(at) else { return Vec::new() };
    let before = at.checked_sub(1).and_then(|before| Flag::of(words.get(before)?));
    let found = match freedom {
        Freedom::Nothing => None,
        Freedom::Numbers => {
            let is_value = before.is_some_and(Flag::takes_next);
            number(word).filter(|_| !is_value && only_reads(words, at))
        }
        Freedom::Files => {
            let is_place = before.is_some_and(|flag| flag.takes_next() && flag.is_place());
            if is_place { None } else { of_reader(word, width) }
        }
    };
    found.unwrap_or_else(|| vec![Piece::Literal(word.clone())])
}

/// A word that is a number.
fn number(word: &str) -> Option<Vec<Piece>> {
    let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| vec![Piece::Field(Field::Number, word.to_owned())])
}

/// The pieces of an argument of a program that only reads. `None`: nothing of it may vary. Of an option only its value may.
fn of_reader(word: &str, width: Width) -> Option<Vec<Piece>> {
    let start = match Flag::of(word) {
        Some(flag) if !word.starts_with("--") || flag.is_place() => return None,
        Some(flag) => word.len() - flag.value?.len(),
        None => 0,
    };
    let (before, value) = word.split_at(start);
    let varying = whole(value).or_else(|| path(value, width))?;
    let literal = Some(before).filter(|text| !text.is_empty()).map(|text| Piece::Literal(text.to_owned()));
    Some(joined(literal.into_iter().chain(varying)))
}

/// Pieces with literal texts beside each other joined.
fn joined(pieces: impl IntoIterator<Item = Piece>) -> Vec<Piece> {
    let mut found: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (found.last_mut(), piece) {
            (Some(Piece::Literal(before)), Piece::Literal(text)) => before.push_str(&text),
            (_, piece) => found.push(piece),
        }
    }
    found
}

/// A text that is a field as a whole.
fn whole(text: &str) -> Option<Vec<Piece>> {
    let (field, length) = field(text, true)?;
    (length == text.len()).then(|| vec![Piece::Field(field, text.to_owned())])
}

/// The pieces of a path. Only in the name of its file something may vary.
fn path(text: &str, width: Width) -> Option<Vec<Piece>> {
    let is_plain = |c: char| is_word(c) || matches!(c, '/' | '.' | '-' | '+');
    if !text.chars().all(is_plain) || text.contains("//") {
        return None;
    }
    let (directory, base) = text.split_at(text.rfind('/')? + 1);
    let is_file = base.starts_with(is_word) && !is_secret(base) && may_vary_in(directory, width);
    if !is_file {
        return None;
    }
    let varying = match width {
        Width::Values => scan(base),
        Width::Names => name(base)?,
    };
    let directory = Piece::Literal(directory.to_owned());
    Some(joined(std::iter::once(directory).chain(varying)))
}

/// Splits a text at its numbers, hashes and dates.
fn scan(text: &str) -> Vec<Piece> {
    let mut rest = text;
    let (mut found, mut literal) = (Vec::new(), String::new());
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

/// The pieces of the name of a file, of which the ending stays. `None`: it has no ending, so that each file of its directory
/// would be named.
fn name(base: &str) -> Option<Vec<Piece>> {
    let (stem, ending) = base.split_at(base.rfind('.').filter(|dot| *dot > 0)?);
    let is_ending = matches!(ending.len(), 2..=6)
        && ending[1..].chars().all(|c| c.is_ascii_alphanumeric())
        && ending.contains(|c: char| c.is_ascii_alphabetic());
    let is_name = stem.starts_with(is_word) && stem.chars().all(|c| is_word(c) || c == '.' || c == '-');
    let pieces = || vec![Piece::Field(Field::Name, stem.to_owned()), Piece::Literal(ending.to_owned())];
    (is_ending && is_name).then(pieces)
}

/// Whether a part of a file's name may vary in a directory. One of the system, a hidden one, and one whose name is that of
/// secrets may hold what nobody asked for; a relative one may be anywhere.
fn may_vary_in(directory: &str, width: Width) -> bool {
    /// At the root; of a relative path anywhere.
    const SYSTEM: &str = "bin boot dev efi etc lib lib32 lib64 libx32 library lost+found nix proc root run sbin snap spool sys \
                          system tmp usr var";
    /// Anywhere.
    const NEVER: &str = "boot cron crontabs dev etc proc root spool sys";
    /// Directories of users, each of which is a directory at the root.
    const HOMES: [&str; 2] = ["home", "users"];
    let has = |list: &str, part: &String| list.split(' ').any(|known| known == part);
    let is_absolute = directory.starts_with('/');
    let parts: Vec<String> =
        directory.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_lowercase).collect();
    let Some(first) = parts.first() else { return false };
    let is_forbidden = |part: &String| {
        part.starts_with('.') || part.starts_with("cron.") || has(NEVER, part) || is_secret(part)
    };
    if parts.iter().any(is_forbidden) {
        return false;
    }
    if !is_absolute {
        // `h.example/x` is a place on another host for some programs.
        return !first.contains('.') && !parts.iter().any(|part| has(SYSTEM, part));
    }
    let is_log =
        width == Width::Values && matches!(&parts[..], [var, log, ..] if var == "var" && log == "log");
    let is_home = HOMES.contains(&first.as_str());
    let least = if is_home || width == Width::Names { 2 } else { 1 };
    is_log || parts.len() >= least && (!has(SYSTEM, first) || first == "tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pieces as text: fields in braces.
    fn shown(command: &str, width: Width, freedom: Freedom) -> String {
        let shown = |piece: &Piece| match piece {
            Piece::Literal(text) => text.clone(),
            Piece::Field(field, text) => format!("{{{field:?} {text}}}"),
        };
        let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
        let word = |at| pieces(&words, at, width, freedom).iter().map(shown).collect::<String>();
        (0..words.len()).map(word).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn values_are_fields_as_a_whole_argument_or_in_the_name_of_a_file() {
        for (argument, expected) in [
            ("-n 7", "-n {Number 7}"),
            ("--lines=7", "--lines={Number 7}"),
            ("2026-11-26", "{Date 2026-11-26}"),
            ("2026-11-26T09:30:00Z", "{Time 2026-11-26T09:30:00Z}"),
            ("3f2a9bc", "{Hexadecimal 3f2a9bc}"),
            ("123e4567-e89b-12d3-a456-426614174000", "{Uuid 123e4567-e89b-12d3-a456-426614174000}"),
            ("/srv/backup-2026-11-26.tar", "/srv/backup-{Date 2026-11-26}.tar"),
            ("/srv/a7/2026-11-267", "/srv/a7/{Number 2026}-{Number 11}-{Number 267}"),
            ("/home/ann/v1.2", "/home/ann/v{Number 1}.{Number 2}"),
            ("/var/log/syslog.1", "/var/log/syslog.{Number 1}"),
            ("./src/a7", "./src/a{Number 7}"),
            ("--file=src/a7", "--file=src/a{Number 7}"),
        ] {
            assert_eq!(shown(argument, Width::Values, Freedom::Files), expected, "{argument}");
        }
        // Options, words, hosts, outputs, secrets, the system's directories, and what a shell could read otherwise.
        for argument in [
            "-5",
            "-n5",
            "--port",
            "10.0.0.1",
            "issue-12",
            "v1.2",
            "h7.example",
            "h7.example/x7",
            "user@h7.example",
            "h7:/srv/x7",
            "//h7/x7",
            "https:/h7",
            "https://host7/a/b7",
            "https://h.example:8443/pr/12",
            "@/srv/app/x7",
            "if=/srv/app/x7",
            "-o 7",
            "-lo /srv/out/7",
            "--output /srv/out/7",
            "--output=/srv/out/7",
            "--config=/srv/x7",
            "--api-key=7",
            "/proc/12/mem",
            "/proc/self/x7",
            "~/.ssh/id_7",
            "/home/ann/.ssh/id_7",
            "/home/ann7",
            "/etc/ssh/key7",
            "/srv/chroot/etc/x7",
            "/srv/keys/x7",
            "/srv/app/server7.pem",
            "/var/run/secrets/x7",
            "/var/spool/cron/x7",
            "/usr/lib/systemd/system/x7",
            "etc/x7",
            "lib/x7",
            "../7",
            "a/../7",
            "$7",
            "x*7",
            "",
            "deadbeef",
            "ü7",
        ] {
            assert_eq!(shown(argument, Width::Values, Freedom::Files), argument);
            assert_eq!(shown(argument, Width::Names, Freedom::Files), argument);
        }
    }

    #[test]
    fn of_a_program_that_is_unknown_only_numbers_are_fields() {
        for (command, expected) in [
            ("show 7", "show {Number 7}"),
            ("pr view --repo=a 7", "pr view --repo=a {Number 7}"),
            ("show --id=7", "show --id=7"),
            ("show -n 7", "show -n 7"),
            ("show --lines 7", "show --lines 7"),
            ("show x7", "show x7"),
            ("show 3f2a9bc", "show 3f2a9bc"),
            ("show /srv/log/7", "show /srv/log/7"),
            ("close 7", "close 7"),
            ("7", "7"),
        ] {
            assert_eq!(shown(command, Width::Values, Freedom::Numbers), expected, "{command}");
            assert_eq!(shown(command, Width::Values, Freedom::Nothing), command);
        }
    }

    #[test]
    fn the_name_of_a_file_is_a_field_where_its_directory_is_none_of_the_system() {
        for (argument, expected) in [
            ("/srv/logs/app.log", "/srv/logs/{Name app}.log"),
            ("src/lib.rs", "src/{Name lib}.rs"),
            ("--file=src/a-b.c.rs", "--file=src/{Name a-b.c}.rs"),
        ] {
            assert_eq!(shown(argument, Width::Names, Freedom::Files), expected, "{argument}");
        }
        for argument in [
            "/etc/ssl/passwd.x",
            "/var/log/auth.log",
            "/var/log/x.log",
            "/srv/x.txt",
            "/srv/logs/x",
            "/srv/logs/x.key",
            "/home/ann/.ssh/key.x",
            "src/.env",
            "src/-x.y",
            "plain.txt",
            "/srv/logs/",
            "https://h/a/b.txt",
            "./x.y",
            "~/a/b.txt",
        ] {
            assert_eq!(shown(argument, Width::Names, Freedom::Files), argument);
        }
    }
}
