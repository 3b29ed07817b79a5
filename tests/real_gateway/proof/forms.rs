//! Commands of the shapes that `words/` lists: odd syntax, here-documents, globs, builtins, safe bins, real-life commands.

use crate::proof::maker::{Maker, Text};

const ODD: &str = include_str!("words/odd.txt");
const HEREDOCS: &str = include_str!("words/heredocs.txt");
const GLOBS: &str = include_str!("words/globs.txt");
const BUILTINS: &str = include_str!("words/builtins.txt");
const CARRIERS: &str = include_str!("words/carriers.txt");
const LIFE: &str = include_str!("words/life.txt");
const SAFE: &str = include_str!("words/safe_flags.txt");

/// Words that are not programs, where a program's name is looked for.
const NOT_PROGRAMS: &str =
    "if then else fi for while until do done case esac in select function time coproc ! { ( [[ ((";

impl Maker {
    /// A form with commands in the places `{a}` and `{b}`.
    fn filled(&mut self, form: &str) -> Text {
        let (a, b) = (self.clean(), self.clean());
        let mut names = names(form);
        if form.contains("{a}") {
            names.extend(a.names);
        }
        if form.contains("{b}") {
            names.extend(b.names);
        }
        Text { text: form.replace("{a}", &a.text).replace("{b}", &b.text), names }
    }

    pub(crate) fn odd(&mut self) -> Text {
        let form = self.random.line(ODD);
        self.filled(&form)
    }

    pub(crate) fn heredoc(&mut self) -> Text {
        let form = self.random.line(HEREDOCS);
        self.filled(&form)
    }

    pub(crate) fn globs(&mut self) -> Text {
        let form = self.random.line(GLOBS);
        self.filled(&form)
    }

    pub(crate) fn carriers(&mut self) -> Text {
        let form = self.random.line(CARRIERS);
        self.filled(&form)
    }

    pub(crate) fn carried(&mut self) -> Text {
        let mut made = self.carriers();
        if self.random.chance(30) {
            let more = self.clean();
            made.text = format!("{}{}{}", made.text, self.random.pick(&[" | ", " && ", "; "]), more.text);
            made.names.extend(more.names);
        }
        made
    }

    pub(crate) fn life(&mut self) -> Text {
        let text = self.random.line(LIFE);
        let names = names(&text);
        Text { text, names }
    }

    pub(crate) fn builtin(&mut self) -> Text {
        let text = self.random.line(BUILTINS);
        let names = names(&text);
        Text { text, names }
    }

    /// A safe bin in one of the usual forms.
    pub(crate) fn safe(&mut self) -> Text {
        let (name, forms) = self.random.options(SAFE);
        let form = crate::proof::random::spelled(self.random.pick(&forms));
        self.piped(name, &form)
    }

    /// A safe bin with several flags.
    pub(crate) fn flags(&mut self) -> Text {
        let (name, forms) = self.random.options(SAFE);
        let count = self.random.between(0, 3);
        let chosen = self.random.sample(&forms, count).join(" ");
        let more = self.random.pick(&[
            "", "", "", " --", " -", " x", " ./x", " /etc/x", " ~/x", " a*", " -h", " --help", " ''",
        ]);
        self.piped(name, &crate::proof::random::spelled(&format!("{chosen}{more}")))
    }

    fn piped(&mut self, name: &str, arguments: &str) -> Text {
        let lead = self.random.pick(&["", "", "", "cat a.txt | ", "ls | ", "echo x | "]);
        let program = match self.random.below(20) {
            0 | 1 => self.path(&format!("usr/bin/{name}")),
            2 => self.path(&format!("bin/{name}")),
            3 => self.path(&format!("odd/bin/{name}")),
            4 => self.invoked(name),
            _ => name.to_owned(),
        };
        let mut names = names(lead);
        names.push(name.to_owned());
        let tail = self.random.pick(&["", "", "", "", " | head", " | wc -l", " && ls", " 2>/dev/null"]);
        let text = format!("{lead}{program} {arguments}");
        Text { text: format!("{}{tail}", text.trim()), names }
    }
}

/// The first word of each part of a text, roughly: good enough to aim entries at.
pub(crate) fn names(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    for part in text.split(['|', ';', '&', '\n', '(']) {
        let words = part.split_whitespace().filter(|word| !NOT_PROGRAMS.split(' ').any(|not| not == *word));
        let word = words
            .map(|word| word.trim_matches(['\'', '"', ')']))
            .find(|word| !word.contains(['=', '{', '$', '<', '>']));
        let name = word.and_then(|word| word.rsplit('/').next()).unwrap_or_default();
        if !name.is_empty() && name.len() < 40 {
            names.push(name.to_owned());
        }
    }
    names.truncate(6);
    names
}
