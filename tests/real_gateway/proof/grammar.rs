//! Commands from a grammar of the shell: lists, pipelines, compound commands, redirections, assignments, and words made of
//! quotes and expansions, each inside the others. And commands near the limits for size.

use crate::proof::maker::{Maker, Text};

const NAMES: &str = "git ls cat grep echo tool tool-a find head wc python3 sh env nice true test rm mytool";
const PIECES: &str = "a\n-n\n5\nb.txt\n'a b'\n\"a b\"\n\"$x\"\n$x\n${x}\n${x:-y}\n\"${x:-y}\"\n$(ls)\n\"$(ls)\"\n`ls`\n*.txt\n'*'\n\\*\n{a,b}\n~\n\
                      ~/a\n--k=v\n--k='v w'\n--k=\"$v\"\n--k=$v\na\\ b\n\\\"\n'\"'\n\"'\"\n$'a\\n'\n$((1+2))\n\"$((1+2))\"\n!\n#\na#b\n''\n\"\"\né\n\
                      @\n%s\n=\na=b\n[a]\n?\n<(ls)\n\"a\\$b\"\n\"\\`\"\n\\$x\n$\n\"$\"\n-\n--\n.\n..\n/\n,\n:\n+\n^a\na^b\n{}\n{a}\n]\n}\n{";
const REDIRECTS: &str = ">out\n> out\n>>out\n2>&1\n2>/dev/null\n>/dev/null\n&>/dev/null\n<a.txt\n< a.txt\n<<<x\n>&2\n2>&-\n>|out\n<>a\n3>x\n>\"$x\"\n>$x\n\
                         >'a b'\n< <(ls)\n> >(cat)\n0<&3\n1>&2\n&>>x";
const ASSIGNMENTS: &str = "A=1\nA=\nA='b c'\nA=\"$x\"\nA=$(ls)\nA=$x\nA+=1\nPATH=/x\nA=~\nA=*\nA=(1 2)\nA[1]=2\nLD_PRELOAD=x\na=b c=d\nA=`ls`\nA={a,b}";
const SEPARATORS: &str = " && \n && \n || \n; \n | \n | \n⏎\n & \n |& \n ;⏎\n &&⏎  \n |⏎";

impl Maker {
    pub(crate) fn grammar(&mut self) -> Text {
        let mut names = Vec::new();
        let text = self.list(3, &mut names);
        Text { text, names }
    }

    fn list(&mut self, depth: usize, names: &mut Vec<String>) -> String {
        let count = if depth == 3 { self.random.between(1, 3) } else { self.random.pick(&[1, 1, 1, 2]) };
        let mut text = self.part(depth, names);
        for _ in 1..count {
            text += &self.random.line(SEPARATORS);
            text += &self.part(depth, names);
        }
        text
    }

    fn part(&mut self, depth: usize, names: &mut Vec<String>) -> String {
        if depth == 0 || self.random.chance(78) {
            return self.program(depth, names);
        }
        let inner = self.list(depth - 1, names);
        let made = match self.random.below(12) {
            0 | 1 => format!("({inner})"),
            2 | 3 => format!("{{ {inner}; }}"),
            4 => format!("if {inner}; then {}; fi", self.part(depth - 1, names)),
            5 => format!("while {inner}; do {}; done", self.part(depth - 1, names)),
            6 => format!("for x in a b; do {inner}; done"),
            7 => format!("! {inner}"),
            8 => format!("time {inner}"),
            9 => format!("case x in a) {inner};; esac"),
            10 => format!("f() {{ {inner}; }}"),
            _ => format!("[[ -n x ]] && {inner}"),
        };
        if self.random.chance(20) { format!("{made} {}", self.random.line(REDIRECTS)) } else { made }
    }

    fn program(&mut self, depth: usize, names: &mut Vec<String>) -> String {
        let mut words = Vec::new();
        if self.random.chance(8) {
            words.push(self.random.line(ASSIGNMENTS));
        }
        if self.random.chance(3) {
            words.push(self.random.line(REDIRECTS));
        }
        if !self.random.chance(3) {
            let name = self.random.word(NAMES);
            words.push(if self.random.chance(8) { self.invoked(&name) } else { name.clone() });
            names.push(name);
        }
        for _ in 0..self.random.pick(&[0, 1, 1, 2, 2, 3]) {
            let word = self.shell_word(depth, names);
            words.push(word);
        }
        if self.random.chance(10) {
            words.push(self.random.line(REDIRECTS));
        }
        if self.random.chance(2) {
            words.push("# a comment\n".to_owned());
        }
        words.join(if self.random.chance(95) { " " } else { "  " })
    }

    fn shell_word(&mut self, depth: usize, names: &mut Vec<String>) -> String {
        if self.random.chance(70) {
            return self.random.word("a b.txt -n 5 --all foo x=1 ./sub HEAD -l src/ 10 --k=v");
        }
        if depth > 0 && self.random.chance(8) {
            let inner = self.list(depth - 1, names);
            return match self.random.below(4) {
                0 => format!("$({inner})"),
                1 => format!("\"$({inner})\""),
                2 => format!("<({inner})"),
                _ => format!("`{}`", inner.replace('`', "")),
            };
        }
        let mut word = self.random.line(PIECES);
        if self.random.chance(25) {
            word += &self.random.line(PIECES);
        }
        word
    }

    /// A command near a limit: of length, of parts, of nesting.
    pub(crate) fn large(&mut self) -> Text {
        let near = self.random.between(0, 4);
        let text = match self.random.below(12) {
            // 131,072 UTF-16 units.
            0 => format!("ls {}", "a".repeat(131_067 + near)),
            1 => format!("ls {}", "😀".repeat(65_532 + near)),
            2 => format!("ls {}", "é".repeat(65_533 + near)),
            3 => format!("ls '{}'", "a ".repeat(30_000)),
            // Depths and counts.
            4 => vec!["ls"; self.random.pick(&[2, 50, 500, 3000])]
                .join(self.random.pick(&[";", "|", " && ", "\n"])),
            5 => format!("{}ls{}", "(".repeat(near * 40 + 1), ")".repeat(near * 40 + 1)),
            6 => format!("echo {}ls{}", "$(".repeat(near * 30 + 1), ")".repeat(near * 30 + 1)),
            7 => format!("{}ls", "nice ".repeat(near * 20 + 3)),
            8 => format!("ls {}", "a ".repeat(self.random.pick(&[100, 1000, 12_000, 24_000, 49_990]))),
            9 => format!("{}ls", "sh -c ".repeat(near + 2)),
            10 => format!("ls {}", "\"a\"".repeat(self.random.pick(&[100, 5000, 16_660]))),
            _ => format!("echo {}", "{a,b}".repeat(self.random.pick(&[4, 12, 40, 400]))),
        };
        Text::new(text, &["ls"])
    }
}
