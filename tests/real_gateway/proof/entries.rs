//! Entries of allowlists: aimed at a command, near it, or beside it; and malformed ones.

use data_encoding::HEXLOWER;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::proof::maker::{Maker, Text};

const PATTERNS: &str = include_str!("words/patterns.txt");
const ARGUMENT_PATTERNS: &str = include_str!("words/argument_patterns.txt");
const PLAIN: &str = "git ls cat grep find echo cp rm tar curl make docker kubectl rg fd jq tool backup date id mytool awk npm openclaw";

impl Maker {
    /// Entries for a command. `aimed`: most of them are meant to match.
    pub(crate) fn entries(&mut self, command: &Text, directory: &str, aimed: bool) -> Vec<Value> {
        let mut targets: Vec<String> =
            command.names.iter().filter(|name| !name.is_empty()).cloned().collect();
        targets.dedup();
        if !aimed {
            targets = (0..self.random.between(0, 3)).map(|_| self.random.word(PLAIN)).collect();
        }
        let mut entries: Vec<Value> =
            targets.iter().map(|name| self.entry(name, command, directory, aimed)).collect();
        if self.random.chance(15) {
            entries.push(self.exact(&command.text));
        }
        if self.random.chance(7) {
            entries.push(self.strange());
        }
        if self.random.chance(4) && !entries.is_empty() {
            entries.push(self.random.pick(&entries));
        }
        let count = entries.len();
        self.random.sample(&entries, count)
    }

    fn entry(&mut self, name: &str, command: &Text, directory: &str, aimed: bool) -> Value {
        let mut entry = Map::new();
        let pattern = if aimed && !self.random.chance(20) { self.matching(name) } else { self.pattern(name) };
        entry.insert("pattern".to_owned(), pattern.into());
        if self.random.chance(if aimed { 22 } else { 30 }) {
            let pattern = self.argument_pattern(&command.text, name, directory);
            entry.insert("argPattern".to_owned(), pattern.into());
        }
        if self.random.chance(if aimed { 8 } else { 15 }) {
            const SOURCES: [&str; 8] = [
                "allow-always",
                "allow-always",
                "allow-always",
                "manual",
                "user",
                "",
                "ALLOW-ALWAYS",
                " allow-always",
            ];
            entry.insert("source".to_owned(), self.random.pick(&SOURCES).into());
        }
        if self.random.chance(30) {
            entry.insert("id".to_owned(), self.random.hex().into());
        }
        if self.random.chance(5) {
            entry.insert("lastUsedAt".to_owned(), 1_700_000_000_000_u64.into());
        }
        if self.random.chance(3) {
            entry.insert("commandText".to_owned(), command.text.clone().into());
        }
        Value::Object(entry)
    }

    /// A pattern that should match a program.
    fn matching(&mut self, name: &str) -> String {
        let real = self.tree.program_path(name);
        match self.random.below(4) {
            0 | 1 => real,
            2 => name.to_owned(),
            _ if self.random.chance(50) => format!("{}/*", parent(&real)),
            _ => format!("/**/{name}"),
        }
    }

    /// Any pattern around a program's name.
    fn pattern(&mut self, name: &str) -> String {
        let real = self.tree.program_path(name);
        match self.random.below(100) {
            0..34 => return real,
            34..54 => return name.to_owned(),
            _ => {}
        }
        let form = self.random.line(PATTERNS);
        let at = name.char_indices().next_back().map_or(0, |(at, _)| at);
        let (most, last) = name.split_at(at);
        let most_path = real.strip_suffix(last).unwrap_or(&real);
        let first: String = name.chars().take(1).collect();
        form.replace("{{n},zzz}", &format!("{{{name},zzz}}"))
            .replace("{parent}", parent(&real))
            .replace("{most}", most_path)
            .replace("{first}", &first)
            .replace("{marks}", &"?".repeat(name.chars().count()))
            .replace("{n1}", most)
            .replace("{n9}", last)
            .replace("{REAL}", &real.to_uppercase())
            .replace("{real}", &real)
            .replace("{N}", &name.to_uppercase())
            .replace("{n}", name)
            .replace("{d}", self.tree.root())
    }

    /// A pattern for arguments, around the arguments that a program has in a command.
    fn argument_pattern(&mut self, command: &str, name: &str, directory: &str) -> String {
        let arguments = self.arguments_of(command, name);
        let text = arguments.join(" ");
        let ended = arguments.iter().fold(String::new(), |all, one| all + one + "\0");
        let nul = if arguments.is_empty() { "\0\0".to_owned() } else { ended };
        let counted = arguments.iter().fold(format!("{}\0", arguments.len()), |all, one| all + &counted(one));
        let digest = sha256(&counted);
        let bound = sha256(&format!("{}{counted}", self::counted(directory)));
        let literal = escaped(&text);
        let first = arguments.first().map(|first| escaped(first)).unwrap_or_default();
        let form = self.random.line(ARGUMENT_PATTERNS);
        form.replace("{h}", &digest)
            .replace("{H}", &digest.to_uppercase())
            .replace("{b}", &bound)
            .replace("{z}", &escaped(&nul))
            .replace("{s}", &text)
            .replace("{f}", &first)
            .replace("{l}", &literal)
    }

    /// The arguments of a program in a command, roughly: what a person would write a pattern for.
    fn arguments_of(&mut self, command: &str, name: &str) -> Vec<String> {
        let parts: Vec<&str> = command.split(['|', ';', '&', '\n']).collect();
        let part = parts
            .iter()
            .find(|part| part.contains(name))
            .copied()
            .unwrap_or_else(|| self.random.pick(&parts));
        let words: Vec<&str> = part.split_whitespace().collect();
        let at = words.iter().position(|word| word.trim_matches(['\'', '"']).ends_with(name)).unwrap_or(0);
        words.iter().skip(at + 1).take(50).map(|word| word.trim_matches(['\'', '"']).to_owned()).collect()
    }

    /// An entry for the whole command by its hash.
    fn exact(&mut self, command: &str) -> Value {
        let digest = sha256(if self.random.chance(70) { command.trim() } else { command });
        let length = self.random.pick(&[16, 16, 16, 16, 12, 64]);
        let pattern = format!("=command:{}", &digest[..length]);
        if self.random.chance(80) {
            json!({ "pattern": pattern, "source": "allow-always" })
        } else {
            json!({ "pattern": pattern })
        }
    }

    /// An entry that is malformed, or matches everything.
    fn strange(&mut self) -> Value {
        self.random.pick(&[
            json!({ "pattern": "*" }),
            json!({ "pattern": "*", "argPattern": "^status" }),
            json!({ "pattern": "*", "source": "allow-always" }),
            json!({ "pattern": " * " }),
            json!("ls"),
            json!({ "pattern": "" }),
            json!({ "pattern": "   " }),
            json!({}),
            json!(null),
            json!(5),
            json!([]),
            json!(["ls"]),
            json!(true),
            json!({ "pattern": 5 }),
            json!({ "pattern": null }),
            json!({ "pattern": ["ls"] }),
            json!({ "pattern": "git", "argPattern": 5 }),
            json!({ "pattern": "git", "argPattern": null }),
            json!({ "pattern": "ls", "argPattern": "" }),
            json!({ "pattern": "ls", "argPattern": "  " }),
            json!({ "pattern": "git", "source": 7 }),
            json!({ "pattern": "git", "source": null }),
            json!({ "pattern": "ls", "id": 5 }),
            json!({ "pattern": "ls", "id": "" }),
            json!({ "pattern": "git", "extra": [1] }),
            json!({ "command": "ls" }),
            json!({ "pattern": "ls", "lastResolvedPath": "/x", "lastUsedCommand": "ls" }),
        ])
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn counted(text: &str) -> String {
    format!("{}\0{text}\0", text.len())
}

fn sha256(text: &str) -> String {
    HEXLOWER.encode(&Sha256::digest(text))
}

/// A text as a regular expression that matches it.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
