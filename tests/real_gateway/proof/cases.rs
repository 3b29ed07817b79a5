//! The making of cases: a command with an approvals document, a configuration, and the circumstances of the call. The head of
//! `judge.mjs` describes the fields. The same seed, number and tree give the same case, byte for byte.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::proof::maker::Maker;
use crate::proof::random::{Random, spelled};
use crate::proof::tree::Tree;

const SAFE: &str = "cut uniq head tail tr wc sort grep jq";
const VARIABLES: &str = include_str!("words/variables.txt");

/// Makes one case of a seed. Each second case has a fixed policy, so that only parsing and matching vary.
pub(crate) fn case(tree: &Arc<Tree>, seed: u64, number: u64) -> Value {
    let mut maker = Maker { random: Random::new(seed, number), tree: Arc::clone(tree) };
    maker.case(format!("{seed}-{number}"), number.is_multiple_of(2))
}

impl Maker {
    fn case(&mut self, id: String, fixed: bool) -> Value {
        let place =
            self.random.pick(&["work", "work", "work", "work", "work/sub", "home", "work/", "work/current"]);
        let directory = self.path(place);
        let (family, command) = self.command();
        let aimed = self.random.chance(60);
        let agent = match self.random.below(60) {
            0 => self.random.pick(&["Work", "WORK", "default", "*", "a b", "ops", "Main"]),
            at => {
                if at < 45 {
                    "main"
                } else {
                    "work"
                }
            }
        };
        let entries = self.entries(&command, &directory, aimed);
        let document = if fixed {
            json!({
                "version": 1,
                "defaults": { "security": "allowlist", "ask": "on-miss" },
                "agents": { agent: { "allowlist": entries } },
            })
        } else {
            let others_aimed = self.random.chance(50);
            let others = self.entries(&command, &directory, others_aimed);
            self.document(agent, &entries, &others)
        };
        let mut case = Map::new();
        let mut put = |key: &str, value: Value| drop(case.insert(key.to_owned(), value));
        put("id", id.into());
        put("family", family.into());
        put("document", document);
        put("agent", agent.into());
        put("command", command.text.into());
        put("cwd", directory.into());
        put("path", self.search_path().into());
        put("home", self.path("home").into());
        put("context", if self.random.chance(15) { "cron" } else { "interactive" }.into());
        let more = if fixed { self.trust().into_iter().collect() } else { self.circumstances() };
        for (key, value) in more {
            put(key, value);
        }
        Value::Object(case)
    }

    /// A configuration that trusts the programs of the tree as safe bins. Nothing of it is policy.
    fn trust(&mut self) -> Option<(&'static str, Value)> {
        let mut layer = Map::new();
        let names = match self.random.below(6) {
            0 | 1 => None,
            2 | 3 => Some(SAFE.to_owned()),
            4 => Some(format!("{SAFE} tool mytool sed awk")),
            _ => return None,
        };
        if let Some(names) = names {
            layer.insert("safeBins".to_owned(), names.split(' ').collect());
        }
        if self.random.chance(25) {
            layer.insert("safeBinProfiles".to_owned(), self.profiles());
        }
        layer.insert("safeBinTrustedDirs".to_owned(), json!([self.path("usr/bin"), self.path("bin")]));
        Some(("config", json!({ "tools": { "exec": layer } })))
    }

    /// What a fixed policy leaves out.
    fn circumstances(&mut self) -> Vec<(&'static str, Value)> {
        let mut more = Vec::new();
        if self.random.chance(65) {
            more.push(("config", self.configuration()));
        }
        if self.random.chance(12) {
            more.push(("env", self.environment()));
        }
        if self.random.chance(10) {
            more.push((
                "permissionMode",
                self.random.pick(&["read-only", "guarded", "workspace", "full"]).into(),
            ));
        }
        if self.random.chance(8) {
            more.push((
                "ask",
                self.random.pick(&["off", "on-miss", "always", "always", "Always", ""]).into(),
            ));
        }
        if self.random.chance(8) {
            more.push((
                "security",
                self.random.pick(&["deny", "allowlist", "full", "allowlist", "Full", ""]).into(),
            ));
        }
        if self.random.chance(8) {
            more.push(("via", "set".into()));
        }
        more
    }

    fn search_path(&mut self) -> String {
        const FOLDERS: [&str; 9] = [
            "usr/bin",
            "bin",
            "brew/bin",
            "home/bin",
            "home/.local/bin",
            "odd/bin",
            "alt/bin",
            "usr/sbin",
            "work/bin",
        ];
        let folders: Vec<String> = FOLDERS.iter().map(|folder| self.path(folder)).collect();
        match self.random.below(100) {
            0..62 => folders[..7].join(":"),
            62..95 => {
                let count = self.random.between(1, 6);
                self.random.sample(&folders, count).join(":")
            }
            _ => {
                const FORMS: &str = "‹20›\n.:{0}\n{0}::{2}\nbin:{0}\nrelative\n{0}/\n~/bin:{0}\n{5}:{0}\n:{0}\n{0}:\n./bin:{0}\n..:{0}\n{0}:{0}\n{0}/../bin\n\
                                     \"{0}\"\n{0} \n {0}\n{8}:{0}\nsub:bin:{0}\n{0}/:{6}/\n//{0}\n$HOME/bin:{0}\n{0}:/usr/bin";
                let mut text = self.random.line(FORMS);
                for (at, folder) in folders.iter().enumerate() {
                    text = text.replace(&format!("{{{at}}}"), folder);
                }
                if text == " " { String::new() } else { text }
            }
        }
    }

    fn environment(&mut self) -> Value {
        let mut variables = Map::new();
        for _ in 0..self.random.pick(&[1, 1, 1, 2, 3]) {
            let mut name = spelled(&self.random.word(VARIABLES));
            match self.random.below(12) {
                0 => name = name.to_lowercase(),
                1 => name += "_X",
                2 => name.insert(0, ' '),
                _ => {}
            }
            let value = self.random.pick(&["1", "", "/tmp", "a b", "x\ny", "$(id)", "é", "a\0b"]);
            variables.insert(name, value.into());
        }
        Value::Object(variables)
    }

    /// A document with a mix of scopes.
    fn document(&mut self, agent: &str, entries: &[Value], others: &[Value]) -> Value {
        if self.random.chance(2) {
            const BROKEN: &str = "‹20›\n{\nnull\n[]\n\"x\"\n5\n{\"version\":2}\n{\"version\":\"1\"}\n{}\n{\"version\":1}\n{\"version\":1,\"agents\":[]}\n\
                                  {\"version\":1,\"agents\":null}\n{\"version\":1,\"agents\":{\"main\":null}}\n{\"version\":1,\"agents\":{\"main\":[]}}\n\
                                  {\"version\":1,\"agents\":{\"main\":{\"allowlist\":{}}}}\n{\"version\":1,\"agents\":{\"main\":{\"allowlist\":\"ls\"}}}\n\
                                  {\"version\":1,\"defaults\":null}\n{\"version\":1,\"defaults\":[]}\n{\"version\":1,\"defaults\":\"x\"}\n‹feff›{\"version\":1}\n\
                                  {\"version\":1,\"defaults\":{\"security\":\"full\",\"security\":\"deny\"}}\n{\"version\":1,\"socket\":{\"path\":\"x\",\"token\":\"y\"}}\n\
                                  {\"version\":1.0}\n{\"version\":1,}\n// x⏎{\"version\":1}";
            return self.random.line(BROKEN).into();
        }
        let mut document = Map::new();
        document.insert("version".to_owned(), 1.into());
        if self.random.chance(85) {
            document.insert("defaults".to_owned(), self.level(75).into());
        }
        let mut agents = Map::new();
        let holder = self.random.below(100);
        let keys: &[&str] = match holder {
            0..62 => &[agent],
            62..75 => &["*"],
            75..79 => &["default"],
            79..83 => &["default", "main"],
            83..92 => &[agent, "*"],
            92..95 => &["*", "default", "main"],
            95..97 => &["Main", "main"],
            _ => &["ops"],
        };
        for (at, &key) in keys.iter().enumerate() {
            let mut group = self.level(20);
            let list = if at == 0 { entries } else { others };
            group.insert("allowlist".to_owned(), list.into());
            agents.insert(key.to_owned(), group.into());
        }
        if self.random.chance(15) {
            let key = self.random.pick(&["*", agent]);
            let group = self.level(40);
            agents.entry(key).or_insert_with(|| group.into());
        }
        if self.random.chance(95) {
            document.insert("agents".to_owned(), agents.into());
        }
        Value::Object(document)
    }

    /// Policy fields; `rich`: the percentage of cases that have each of them.
    fn level(&mut self, rich: usize) -> Map<String, Value> {
        const FIELDS: [(&str, &[&str]); 3] = [
            (
                "security",
                &["allowlist", "allowlist", "allowlist", "allowlist", "allowlist", "full", "full", "deny"],
            ),
            ("ask", &["on-miss", "on-miss", "off", "always"]),
            ("askFallback", &["deny", "allowlist", "full"]),
        ];
        let mut level = Map::new();
        for (field, values) in FIELDS {
            if !self.random.chance(rich) {
                continue;
            }
            let value = if self.random.chance(4) {
                let odd =
                    ["ALLOWLIST", " full ", "none", "", "on_miss", "Off", "Deny", "full\n", "ask", "sandbox"];
                let mut odd: Vec<Value> = odd.into_iter().map(Value::from).collect();
                odd.extend([Value::Null, 1.into(), true.into(), json!([]), json!({})]);
                self.random.pick(&odd)
            } else {
                self.random.pick(values).into()
            };
            level.insert(field.to_owned(), value);
        }
        if self.random.chance(10) {
            level.insert("autoAllowSkills".to_owned(), self.random.chance(50).into());
        }
        level
    }

    fn configuration(&mut self) -> Value {
        let mut configuration = Map::new();
        if self.random.chance(80) {
            configuration.insert("tools".to_owned(), json!({ "exec": self.layer() }));
        }
        if self.random.chance(40) {
            let id = self.random.pick(&["main", "main", "work", "Main", "ops", "*"]);
            let mut list = vec![json!({ "id": id, "tools": { "exec": self.layer() } })];
            if self.random.chance(30) {
                list.insert(0, json!({ "id": "work", "default": true }));
            }
            let agents = match self.random.below(10) {
                0 => json!({ "entries": { id: { "tools": { "exec": self.layer() } } } }),
                1 => json!({ "list": list, "defaults": { "tools": { "exec": self.layer() } } }),
                _ => json!({ "list": list }),
            };
            configuration.insert("agents".to_owned(), agents);
        }
        Value::Object(configuration)
    }

    fn layer(&mut self) -> Value {
        let mut layer = Map::new();
        let mut put = |key: &str, value: Value| drop(layer.insert(key.to_owned(), value));
        if self.random.chance(25) {
            put(
                "mode",
                self.random
                    .word("allowlist ask auto full ask allowlist ask allowlist auto allowlist deny")
                    .into(),
            );
        }
        if self.random.chance(45) {
            put(
                "security",
                self.random.word("allowlist allowlist allowlist allowlist allowlist full full deny").into(),
            );
        }
        if self.random.chance(38) {
            put("ask", self.random.word("on-miss on-miss off always").into());
        }
        if self.random.chance(18) {
            let names: Vec<String> = format!("{SAFE} awk sed mytool python3 tool GREP /usr/bin/sort")
                .split(' ')
                .map(str::to_owned)
                .collect();
            let count = self.random.between(0, 6);
            put("safeBins", self.random.sample(&names, count).into());
        }
        if self.random.chance(45) {
            let folder = self
                .random
                .word("usr/bin usr/bin usr/bin bin brew/bin odd/bin home/bin usr/bin/ usr/../usr/bin");
            put(
                "safeBinTrustedDirs",
                json!([if self.random.chance(85) { self.path(&folder) } else { folder }]),
            );
        }
        if self.random.chance(10) {
            put("safeBinProfiles", self.profiles());
        }
        if self.random.chance(18) {
            put("strictInlineEval", self.random.chance(70).into());
        }
        if self.random.chance(14) {
            let folder = self.random.word("odd/bin brew/bin alt/bin work/bin usr/sbin");
            put("pathPrepend", json!([if self.random.chance(85) { self.path(&folder) } else { folder }]));
        }
        if self.random.chance(15) {
            put("host", self.random.pick(&["gateway", "auto"]).into());
        }
        Value::Object(layer)
    }

    fn profiles(&mut self) -> Value {
        self.random.pick(&[
            json!({ "tool": { "minPositional": 0, "maxPositional": 1, "allowedValueFlags": ["-n"], "deniedFlags": ["-x"] } }),
            json!({ "tool": {} }),
            json!({ "tool": { "maxPositional": 0 } }),
            json!({ "tool": { "minPositional": 1 }, "mytool": { "allowedValueFlags": ["--long"] } }),
            json!({ "TOOL": { "allowedValueFlags": ["n", "long", " -x "] } }),
            json!({ "grep": { "maxPositional": 2, "deniedFlags": ["-r"] } }),
            json!({ "sort": { "maxPositional": 1 } }),
            json!({ "jq": { "deniedFlags": ["--arg"] } }),
        ])
    }
}
