//! Commands that start other commands: wrappers with their options, package managers, interpreters, and shells.

use crate::proof::maker::{Maker, Text};

const WRAPPERS: &str = include_str!("words/wrappers.txt");
const OPTIONS: &str = include_str!("words/wrapper_options.txt");
const MANAGERS: &str = include_str!("words/managers.txt");
const SHELL_FLAGS: &str = include_str!("words/shell_flags.txt");

const SHELLS: &str = "sh bash dash zsh ksh fish busybox sh bash sh bash zsh";
const ODD_SHELLS: &str = "sh bash dash zsh ksh fish ash csh tcsh mksh pwsh elvish nu cmd cmd.exe powershell rbash bash.exe SH Bash \
                          /bin/sh /bin/bash /usr/bin/bash mybash";
const INTERPRETERS: &str = "python3 python node perl ruby php lua awk deno bun tsx sh bash zsh sh bash";

impl Maker {
    /// A command to put into another one.
    fn inner(&mut self) -> Text {
        match self.random.below(12) {
            0..5 => self.clean(),
            5 | 6 => self.simple(),
            7 => self.safe(),
            8 => self.script(),
            9 => self.life(),
            10 => self.builtin(),
            _ => self.odd(),
        }
    }

    pub(crate) fn wrapped(&mut self) -> Text {
        const QUOTING: [&str; 9] = [
            "env -S",
            "su -c",
            "script -c",
            "npx -p a -c",
            "busybox sh -c",
            "flock l -c",
            "eval",
            "watch",
            "ssh host",
        ];
        let mut inner = self.inner();
        let wrapper = self.random.line(WRAPPERS);
        let quotes = QUOTING.iter().position(|wants| *wants == wrapper);
        if quotes.is_some_and(|at| at < 6 || self.random.chance(50)) {
            inner.text = format!("'{}'", inner.text.replace('\'', ""));
        }
        let head = wrapper.split(' ').next().unwrap_or_default();
        if head.chars().all(|c| c.is_ascii_lowercase()) {
            inner.names.push(head.to_owned());
        }
        inner.text = format!("{wrapper} {}", inner.text);
        inner
    }

    /// A wrapper with any of its options.
    fn wrapper(&mut self, inner: Text) -> Text {
        let (name, options) = self.random.options(OPTIONS);
        let count = self.random.pick(&[0, 1, 1, 1, 2, 2, 3]);
        let mut words = vec![if self.random.chance(85) { name.to_owned() } else { self.invoked(name) }];
        words.extend(self.random.sample(&options, count).into_iter().map(str::to_owned));
        if self.random.chance(10) {
            words.push("--".to_owned());
        }
        words.push(inner.text);
        let mut names = inner.names;
        names.push(name.to_owned());
        Text { text: words.join(" "), names }
    }

    pub(crate) fn options(&mut self) -> Text {
        let inner = self.inner();
        self.wrapper(inner)
    }

    /// Wrappers of wrappers, past the depth that releases follow.
    pub(crate) fn chained(&mut self) -> Text {
        let mut made = if self.random.chance(40) { self.nested() } else { self.inner() };
        for _ in 0..self.random.between(2, 6) {
            made = self.wrapper(made);
        }
        made
    }

    /// A package manager or an interpreter with any of its options.
    pub(crate) fn managers(&mut self) -> Text {
        let inner = self.inner();
        let (name, options) = self.random.options(MANAGERS);
        let count = self.random.pick(&[0, 1, 1, 1, 2, 2, 3]);
        let mut words = vec![if self.random.chance(85) { name.to_owned() } else { self.invoked(name) }];
        words.extend(self.random.sample(&options, count).into_iter().map(str::to_owned));
        if self.random.chance(60) {
            words.push(match self.random.below(5) {
                0 => self.random.word("app.py app.js app.ts run.sh a.txt missing.py ./app.py sub/../app.js tool.py empty.py bleed.js"),
                _ => inner.text,
            });
        }
        let names = [inner.names, vec![name.to_owned()]].concat();
        Text { text: words.join(" "), names }
    }

    /// A shell with a command in its arguments.
    pub(crate) fn nested(&mut self) -> Text {
        const SPECIAL: &str = "{s} -c '\"$@\"' _ {i}\n{s} -c 'exec \"$0\" \"$@\"' {i}\n{s} -c '$0 \"$@\"' {i}\n{s} -c 'exec \"$@\"' sh {i}\n\
                               {s} -c \"{s} -c '{i}'\"\nnice {s} -c '{i}'\nenv A=1 {s} -c '{i}'\nsudo {s} -c '{i}'\ncat run.sh | {s}\n{s} < run.sh\n\
                               A=1 {s} -c '{i}'\ntimeout 5 {s} -c '{i}'\n{s} -c '\"$0\"' {i}\n{s} -c '\"$1\"' x {i}\n{s} -c 'exec -- \"$@\"' x {i}\n\
                               {s} -c '\"${@}\"' _ {i}\n{s} -c '$@' _ {i}\n{s} -c '\"$@\"; ls' _ {i}\n{s} -c 'command \"$@\"' _ {i}\n\
                               {s} -c '$0' {i}\n{s} -c '\"$0\" \"$1\"' {i}\n{s} -c 'nice \"$@\"' _ {i}\n{s} -c 'cd sub && {i}'\n{s} -c '{i}' > out\n\
                               {s} -c '{i}' 2>&1\n{s} -c '{i}' &\n({s} -c '{i}')\n{s} -lc '{i}; {i}'\n{s} -c '{i} | {i}'\n{s} -c '{i}' && {i}";
        let inner = match self.random.below(6) {
            0..3 => self.clean(),
            3 => self.safe(),
            4 => self.simple(),
            _ => self.life(),
        };
        let shell = self.random.word(SHELLS);
        let mut names = inner.names;
        names.push(shell.clone());
        let shell = match (shell.as_str(), self.random.below(10)) {
            ("busybox", _) => self.random.pick(&["busybox sh", "busybox ash", "busybox"]).to_owned(),
            (_, 0) => self.path(&format!("usr/bin/{shell}")),
            _ => shell,
        };
        if self.random.chance(35) && !inner.text.contains('\'') {
            let form = self.random.line(SPECIAL);
            return Text { text: form.replace("{s}", &shell).replace("{i}", &inner.text), names };
        }
        let flags = self.random.pick(&[
            "-c",
            "-c",
            "-c",
            "-c",
            "-lc",
            "-ic",
            "-xc",
            "-ec",
            "-l -c",
            "-euo pipefail -c",
        ]);
        let body = self.body(&inner.text);
        let tail = self.random.pick(&["", "", "", "", " x y", " sh arg", " \"$@\"", " | cat", " && ls"]);
        Text { text: format!("{shell} {flags} {body}{tail}"), names }
    }

    /// Any shell with any flags.
    pub(crate) fn shells(&mut self) -> Text {
        let inner = if self.random.chance(20) { self.odd() } else { self.inner() };
        let shell = self.random.word(ODD_SHELLS);
        let (_, flags) = self.random.options(SHELL_FLAGS);
        let mut chosen = vec![self.random.pick(&flags)];
        if self.random.chance(25) {
            chosen.insert(0, self.random.pick(&flags));
        }
        let body = match self.random.below(12) {
            0 => String::new(),
            1 => self
                .random
                .word("run.sh plain.sh ./run.sh missing.sh link.sh a.txt scripts/deploy.sh run.sh-x"),
            2 => inner.text.clone(),
            _ => self.body(&inner.text),
        };
        let tail = self.random.pick(&["", "", "", " x", " -x", " -- x", " -c ls", "; ls", " | sh"]);
        let bare = shell.rsplit('/').next().unwrap_or_default().to_owned();
        Text {
            text: format!("{shell} {} {body}{tail}", chosen.join(" ")),
            names: [inner.names, vec![bare]].concat(),
        }
    }

    /// A text as one word of a shell.
    fn body(&mut self, text: &str) -> String {
        if !text.contains(['"', '$', '`', '\\']) && self.random.chance(30) {
            return format!("\"{text}\"");
        }
        if self.random.chance(4) {
            return format!("$'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        }
        format!("'{}'", text.replace('\'', "'\\''"))
    }

    /// A script, or an interpreter with a script.
    pub(crate) fn script(&mut self) -> Text {
        const SHELL_FORMS: &str = "run.sh\n./run.sh\nplain.sh\nscripts/deploy.sh\nmissing.sh\n-x run.sh\n-e run.sh a b\n-- run.sh\nlink.sh\n-l run.sh\n\
                                   -o pipefail run.sh\nsub/../run.sh\nrun.sh --flag\n-s run.sh\n-i run.sh\n--norc run.sh\n-x -e build.sh 1\n+x run.sh\n\
                                   -O extglob run.sh\n--rcfile x run.sh\n\"run.sh\"\n'run.sh' 'a b'\n$S\nrun.sh *.txt\ncurrent/inner.sh\n~/x.sh\nls";
        const FORMS: &str = "{f}\n{f} a b\n-u {f}\n-c 'print(1)'\n-e '1'\n-m http.server\n-\n--version\n-V\n-i\n-p 1\n-r x -e 1\n-ne 'print'\n\
                             --eval 1\n-Bc 1\n-W ignore {f}\n-m pytest -q\n--require ./x.js {f}\n--inspect {f}\n-X dev {f}\n'BEGIN{print 1}'\n\
                             -f a.txt\neval 1\nrepl\ntest\n<<'EOF'⏎print(1)⏎EOF\na.txt\n./{f}\nsub/../{f}\n-- {f}\n{f} --flag 'x y'\n\"{f}\"\n\
                             $F\n{f} > out\nrun {f}\n-B -u {f}\n-m json.tool data.json\n{f} | head";
        const DIRECT: &str = "./run.sh\n./run.sh a\nscripts/deploy.sh\n./local-tool x\n./plain.sh\n./missing\n./sub\nlink.sh\n./link.sh\n./a.txt\n\
                              current/inner.sh\n./scripts/deploy.sh --x\n.venv/bin/pytest -q\nnode_modules/.bin/tsc\nbin/ls\n./run.sh && ./build.sh";
        if self.random.chance(25) {
            let text = self.random.line(DIRECT);
            let name = text
                .split([' ', '/'])
                .find(|part| part.contains('.') && part.len() > 2)
                .unwrap_or("run.sh")
                .to_owned();
            return Text { text, names: vec![name] };
        }
        let name = self.random.word(INTERPRETERS);
        let file = self.random.word(match name.as_str() {
            "python3" => "app.py tool.py bleed.py empty.py a.txt",
            "python" => "app.py missing.py",
            "node" => "app.js bleed.js node.js missing.js",
            "perl" => "app.pl",
            "ruby" => "app.rb",
            "deno" | "bun" | "tsx" => "app.ts",
            _ => "a.txt run.sh",
        });
        let form = self.random.line(if matches!(name.as_str(), "sh" | "bash" | "zsh") {
            SHELL_FORMS
        } else {
            FORMS
        });
        let mut names = vec![name.clone()];
        if form.contains("{f}") || form.contains(".sh") {
            names.push(if form.contains("{f}") { file.clone() } else { "run.sh".to_owned() });
        }
        let file = if self.random.chance(15) { self.path(&format!("work/{file}")) } else { file };
        Text { text: format!("{name} {}", form.replace("{f}", &file)), names }
    }
}
