//! The making of commands: a text with the names of the programs that it means, so that entries can be aimed at them.
//! `FAMILIES` lists the kinds of commands.

use std::sync::Arc;

use crate::proof::random::Random;
use crate::proof::tree::Tree;

const PLAIN: &str = "git ls cat grep find echo cp rm tar curl make docker kubectl rg fd jq tool tool-a tool-b backup date \
                     id df ps ssh psql systemctl deploy.sh mytool pipx-tool awk sed npm openclaw";
const SUBCOMMANDS: &str = "status log push pull commit add diff run build get apply install list show";
const WORDS: &str = include_str!("words/words.txt");
const UNSAFE: &str = include_str!("words/unsafe.txt");
const QUOTING: &str = include_str!("words/quoting.txt");

/// Characters for which a word is put in quotes.
const QUOTED: &str = "@{}?^#*[]()&|;<>$`\"'\\~!";

/// A command and the programs that it means.
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) names: Vec<String>,
}

impl Text {
    pub(crate) fn new(text: impl Into<String>, names: &[&str]) -> Self {
        Self { text: text.into(), names: names.iter().map(|&name| name.to_owned()).collect() }
    }
}

/// The maker of one case.
pub(crate) struct Maker {
    pub(crate) random: Random,
    pub(crate) tree: Arc<Tree>,
}

type Family = fn(&mut Maker) -> Text;

/// The families of commands, and how often each is made.
const FAMILIES: [(&str, usize, Family); 23] = [
    ("simple", 6, Maker::simple),
    ("clean", 8, Maker::clean),
    ("joined", 7, Maker::joined),
    ("safe", 4, Maker::safe),
    ("wrapped", 6, Maker::wrapped),
    ("carried", 3, Maker::carried),
    ("nested", 5, Maker::nested),
    ("script", 5, Maker::script),
    ("builtin", 3, Maker::builtin),
    ("odd", 7, Maker::odd),
    ("life", 8, Maker::life),
    ("quoted", 5, Maker::quoted),
    ("options", 5, Maker::options),
    ("chained", 3, Maker::chained),
    ("managers", 5, Maker::managers),
    ("flags", 5, Maker::flags),
    ("shells", 4, Maker::shells),
    ("carriers", 2, Maker::carriers),
    ("heredoc", 3, Maker::heredoc),
    ("globs", 2, Maker::globs),
    ("grammar", 6, Maker::grammar),
    ("noise", 4, Maker::noise),
    ("invoked", 3, Maker::invoked_oddly),
];

impl Maker {
    /// A command of a random family, and the family's name.
    pub(crate) fn command(&mut self) -> (&'static str, Text) {
        // Rare, because a release takes long for each.
        if self.random.below(400) == 0 {
            return ("large", self.large());
        }
        let mut at = self.random.below(FAMILIES.iter().map(|(_, weight, _)| weight).sum());
        for (name, weight, family) in FAMILIES {
            if at < weight {
                return (name, family(self));
            }
            at -= weight;
        }
        ("clean", self.clean())
    }

    /// A path below the tree.
    pub(crate) fn path(&self, relative: &str) -> String {
        format!("{}/{relative}", self.tree.root())
    }

    pub(crate) fn arguments(&mut self, unsafe_percent: usize, most: usize) -> Vec<String> {
        let mut words = Vec::new();
        if self.random.chance(35) {
            words.push(self.random.word(SUBCOMMANDS));
        }
        for _ in 0..self.random.between(0, most) {
            let word = if self.random.chance(unsafe_percent) {
                let list = self.random.pick(&[UNSAFE, QUOTING]);
                self.random.line(list)
            } else {
                let word = self.random.line(WORDS);
                self.quote(&word)
            };
            words.push(word);
        }
        words
    }

    fn quote(&mut self, word: &str) -> String {
        let special = word.contains(|c: char| c.is_whitespace() || QUOTED.contains(c));
        if !special && !self.random.chance(8) {
            return word.to_owned();
        }
        if self.random.chance(50) { format!("'{word}'") } else { format!("\"{word}\"") }
    }

    /// How a program is named on the command line.
    pub(crate) fn invoked(&mut self, name: &str) -> String {
        let first = name.len().min(1);
        match self.random.below(100) {
            0..72 => name.to_owned(),
            72..85 => self.path(&format!("usr/bin/{name}")),
            85..89 => self.path(&format!("bin/{name}")),
            89..91 => format!("./{name}"),
            91..93 => format!("'{name}'"),
            93 => format!("\\{name}"),
            94 => format!("{}\"{}\"", &name[..first], &name[first..]),
            95 => self.path(&format!("usr/../usr/bin/{name}")),
            96 => format!("../work/{name}"),
            97 => name.to_uppercase(),
            98 => self.path(&format!("brew/bin/{name}")),
            _ => format!("~/bin/{name}"),
        }
    }

    pub(crate) fn simple(&mut self) -> Text {
        let name = self.random.word(PLAIN);
        let mut words = vec![self.invoked(&name)];
        words.extend(self.arguments(8, 3));
        Text::new(words.join(" "), &[&name])
    }

    pub(crate) fn clean(&mut self) -> Text {
        let name = self.random.word(PLAIN);
        let mut words = vec![name.clone()];
        words.extend(self.arguments(0, 3));
        Text::new(words.join(" "), &[&name])
    }

    fn joined(&mut self) -> Text {
        const OPERATORS: &str = " && \n || \n ; \n; \n | \n | \n⏎\n |& \n&&\n|\n;\n & \n ;; \n &&⏎\n | ⏎ \n; # note⏎\n&\n⏎⏎\n ;⏎ ";
        let mut all = Text::new("", &[]);
        for number in 0..self.random.between(2, 4) {
            if number > 0 {
                all.text += &self.random.line(OPERATORS);
            }
            let part: Family = self.random.pick(&[
                Self::clean as Family,
                Self::clean,
                Self::safe,
                Self::builtin,
                Self::simple,
                Self::life,
            ]);
            let part = part(self);
            all.text += &part.text;
            all.names.extend(part.names);
        }
        all
    }

    /// A program with one word that a shell reads in a special way.
    fn quoted(&mut self) -> Text {
        let name = self.random.word(PLAIN);
        let mut words = vec![name.clone()];
        for _ in 0..self.random.between(1, 3) {
            let mut word = self.random.line(QUOTING);
            if self.random.chance(25) {
                word += &self.random.line(QUOTING);
            }
            if self.random.chance(15) {
                word.insert_str(0, &self.random.line(WORDS));
            }
            words.push(word);
        }
        Text::new(words.join(self.random.pick(&[" ", " ", " ", "  ", "\t", " \\\n "])), &[&name])
    }

    /// A program of an odd name or place.
    fn invoked_oddly(&mut self) -> Text {
        const NAMES: &str = "'with space' Upper UPPER upper 'br[a]ck' 'brace{x}' 'star*x' prüfen 'q?x' plus+x dot.exe ls2 \
                             noexec adir dangling loop-a editor bb myenv mybash g head2 git.exe GIT Ls rg fd bat node python3 \
                             python mytool pipx-tool git-helper tool-root service local-tool run.sh link.sh plain.sh ls-dir";
        const PLACES: &str = "work work/bin work/sub work/scripts work/current work/.venv/bin work/node_modules/.bin usr/bin \
                              usr/sbin bin sbin brew/bin alt/bin home/bin home/.local/bin odd/bin usr/bin/../sbin \
                              usr//bin ./usr/bin brew/Cellar/rg/1.0/bin missing";
        const PREFIXES: &str = "./ ../ ../work/ sub/../ sub/ scripts/ bin/ .venv/bin/ node_modules/.bin/ ~/bin/ ~/.local/bin/ \
                                ~/../usr/bin/ $HOME/bin/ ./../work/ .//";
        let name = self.random.word(NAMES);
        let bare = name.trim_matches('\'').to_owned();
        let shown = match self.random.below(4) {
            0 => name,
            1 => format!("{}{name}", self.random.word(PREFIXES)),
            _ => format!("{}/{name}", {
                let place = self.random.word(PLACES);
                self.path(&place)
            }),
        };
        let words = [vec![shown], self.arguments(3, 2)].concat();
        Text::new(words.join(" "), &[&bare])
    }

    /// Another family's command with damage.
    fn noise(&mut self) -> Text {
        const MARKS: &str = "' \" ` $ $( ${ ) } ( { [ ] | & ; < > \\ # ! ~ * ? = - , / . : % ^ @ + _ 0 && || << <<- <<< <( >( $' \
                             $\" (( )) [[ ]] ;; 2>&1 {} -c -- ‹0› ‹7f› ‹1b› ‹a0› ‹200b› ‹2028› ‹feff› ‹301› 😀 é ‹85› ‹d›";
        let base: Family = self.random.pick(&[
            Self::clean as Family,
            Self::joined,
            Self::odd,
            Self::life,
            Self::nested,
            Self::wrapped,
            Self::grammar,
            Self::heredoc,
        ]);
        let mut made = base(self);
        for _ in 0..self.random.between(1, 3) {
            let mut chars: Vec<char> = made.text.chars().collect();
            let at = self.random.below(chars.len() + 1);
            match self.random.below(6) {
                0 if at < chars.len() => drop(chars.remove(at)),
                1 => chars.truncate(at),
                2 => drop(chars.drain(..at)),
                3 if at + 1 < chars.len() => chars.swap(at, at + 1),
                4 => chars.insert(at, self.random.pick(&[' ', '\n', '\t', '\r', ' '])),
                _ => {
                    let mark = crate::proof::random::spelled(&self.random.word(MARKS));
                    drop(chars.splice(at..at, mark.chars()));
                }
            }
            made.text = chars.into_iter().collect();
        }
        made
    }
}
