//! What is done with each input: the first byte chooses the release and the document, the rest is the command.

use std::cell::RefCell;

use clearance::internals::decide::{Case, Cases, Context, Found, Host, Profile};
use serde_json::{Value, json};

/// A host on which every third name is a program, so that commands run, ask and are denied without any file.
struct Imagined;

impl Host for Imagined {
    fn look(&self, path: &str) -> Found {
        match path.bytes().fold(path.len(), |sum, byte| sum.wrapping_add(usize::from(byte))) % 6 {
            _ if path.ends_with("/work") || path.ends_with("/bin") => Found::Directory(path.to_owned()),
            0 | 1 => Found::Program(path.to_owned()),
            2 => Found::Program("/usr/bin/real".to_owned()),
            3 => Found::Nothing,
            4 => Found::File(path.to_owned()),
            _ => Found::Unknown,
        }
    }

    fn read(&self, path: &str, _: usize) -> Option<Vec<u8>> {
        path.ends_with('y').then(|| b"import os\nNODE=$HOME ls\n".to_vec())
    }

    fn is_writable(&self, path: &str) -> Option<bool> {
        (!path.len().is_multiple_of(3)).then_some(path.len().is_multiple_of(2))
    }
}

thread_local! {
    static CASES: RefCell<[Cases; 3]> = RefCell::new(Profile::ALL.map(Cases::new));
}

/// Decides an input, and returns the verdict.
pub fn decide(bytes: &[u8]) -> &'static str {
    let (choice, command) = bytes.split_first().map_or((0, bytes), |(choice, command)| (*choice, command));
    let case = Case {
        document: document(choice / 3 % 3).into(),
        command: String::from_utf8_lossy(command).into_owned(),
        cwd: "/work".to_owned(),
        path: "/usr/bin:/bin".to_owned(),
        home: "/home/ann".to_owned(),
        config: json!({ "tools": { "exec": { "strictInlineEval": choice.is_multiple_of(2) } } }),
        context: if choice.is_multiple_of(5) { Context::Cron } else { Context::Interactive },
        ..Case::default()
    };
    CASES.with_borrow_mut(|cases| cases[usize::from(choice % 3)].answer(&case, &Imagined).verdict)
}

fn document(choice: u8) -> Value {
    let entries = match choice {
        0 => json!([{ "pattern": "*" }, { "pattern": "/usr/bin/*" }, { "pattern": "/bin/**" }]),
        1 => json!([
            { "pattern": "/usr/bin/*", "argPattern": "^(-[a-z]+ ?)*$" },
            { "pattern": "git", "argPattern": "(status|log)\u{0}" },
            { "pattern": "/usr/bin/real", "argPattern": "a" },
        ]),
        _ => json!([]),
    };
    let defaults = json!({ "security": "allowlist", "ask": "on-miss", "askFallback": "allowlist" });
    json!({ "version": 1, "defaults": defaults, "agents": { "main": { "allowlist": entries } } })
}
