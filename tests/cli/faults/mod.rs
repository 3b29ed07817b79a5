//! The fault table: everything that can go wrong between clearance and a gateway, as rows of data.
//!
//! A row is a script for a fake gateway, a command, and the expected result: the exit code, the error's code and
//! words, and the time. In no case may a secret be in any output or file.

#![allow(clippy::too_many_lines, reason = "tables are long")]

mod admin;
mod calls;
mod connecting;
mod credentials;
mod greeting;
mod proxies;
mod run;
mod session;
mod tls;

use std::time::Duration;

use crate::support::fake::frames::{entered_by, hello_with, with_token};
use crate::support::fake::{Heard, Script, Step};
pub use run::{check, failures_of, run};

/// The command of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Get,
    Set,
    Status,
}

/// The credential of a row's client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Nothing,
    Token,
    Password,
}

/// The gateway of a row.
#[derive(Clone)]
pub enum Place {
    /// A fake that plays a script.
    Fake(Script),
    /// An address without a listener.
    Nowhere,
    /// A listener whose backlog is full.
    Full,
}

/// When a row must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ends {
    /// Long before its deadline.
    AtOnce,
    /// When the deadline has passed, and soon after.
    AtDeadline,
    /// No later than that, and perhaps earlier, if no time for another pause is left.
    ByDeadline,
}

/// Checks the messages that the gateway received, and whether a device token is stored.
pub type Look = fn(&[Heard], bool) -> Result<(), String>;

/// A row of the table.
#[derive(Clone)]
pub struct Row {
    pub name: String,
    pub place: Place,
    pub verb: Verb,
    /// `{port}` is the fake's, `{home}` the home directory; here and below.
    pub url: String,
    pub arguments: Vec<String>,
    pub environment: Vec<(&'static str, String)>,
    /// Files in the home directory.
    pub files: Vec<(&'static str, String)>,
    pub shown: Shown,
    pub json: bool,
    /// Whether an earlier run of the command succeeded and received a device token.
    pub known: bool,
    /// Whether the address space of the process is limited to 256 MiB.
    pub confined: bool,
    pub timeout: Duration,
    pub ends: Ends,
    pub exit: i32,
    /// The accepted error codes; empty if the command succeeds.
    pub codes: &'static [&'static str],
    pub says: Vec<&'static str>,
    /// Further checks.
    pub and: Option<Look>,
}

/// A row that expects success unless it is changed.
pub fn row(name: impl Into<String>, script: Script) -> Row {
    Row {
        name: name.into(),
        place: Place::Fake(script),
        verb: Verb::Get,
        url: "ws://127.0.0.1:{port}".to_owned(),
        arguments: Vec::new(),
        environment: Vec::new(),
        files: Vec::new(),
        shown: Shown::Token,
        json: true,
        known: false,
        confined: false,
        timeout: Duration::from_secs(20),
        ends: Ends::AtOnce,
        exit: 0,
        codes: &[],
        says: Vec::new(),
        and: None,
    }
}

impl Row {
    fn set(self) -> Self {
        Self { verb: Verb::Set, ..self }
    }

    fn status(self) -> Self {
        Self { verb: Verb::Status, ..self }
    }

    fn at(self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self }
    }

    pub fn showing(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }

    fn with(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.push((name, value.to_owned()));
        self
    }

    fn file(mut self, name: &'static str, text: &str) -> Self {
        self.files.push((name, text.to_owned()));
        self
    }

    /// The gateway has accepted this device before.
    pub fn known(mut self) -> Self {
        let Place::Fake(script) = &mut self.place else { panic!("nobody knows a device there") };
        let token = crate::support::fake::frames::DEVICE_TOKEN;
        let hello = hello_with(&[("/auth/deviceToken", token.into())]);
        let mut before =
            entered_by(serde_json::json!({ "token": crate::support::fake::frames::TOKEN }), hello);
        before.extend([Step::Call("health"), Step::Answer(serde_json::json!({ "ok": true }))]);
        script.connections.insert(0, before);
        Self { known: true, ..self }
    }

    fn confined(self) -> Self {
        Self { confined: true, ..self }
    }

    fn fails(self, exit: i32, codes: &'static [&'static str]) -> Self {
        Self { exit, codes, ..self }
    }

    fn lost(self) -> Self {
        self.fails(4, &["connection-lost"])
    }

    fn violates(self) -> Self {
        self.fails(4, &["protocol-violation"])
    }

    /// Expects a failure at the deadline.
    fn hangs(self) -> Self {
        let row = self.fails(4, &["timed-out"]).says("no answer within 3s");
        Self { ends: Ends::AtDeadline, timeout: Duration::from_secs(3), ..row }
    }

    /// Sets a longer timeout, for commands that work before they wait.
    fn within(self, timeout: Duration) -> Self {
        Self { timeout, says: Vec::new(), ..self }
    }

    /// Expects retries until no time is left.
    fn until_deadline(self) -> Self {
        Self { ends: Ends::ByDeadline, timeout: Duration::from_secs(3), ..self }
    }

    fn says(mut self, words: &'static str) -> Self {
        self.says.push(words);
        self
    }

    fn and(self, and: Look) -> Self {
        Self { and: Some(and), ..self }
    }

    /// Whether the script would be the same for any command: it ends before a call.
    pub fn is_before_calls(&self) -> bool {
        let called = |step: &Step| matches!(step, Step::Call(_) | Step::Rpc(..));
        match &self.place {
            Place::Fake(script) => {
                let skipped = usize::from(self.known);
                let rest = script.rest.iter().flatten();
                self.exit != 0 && !script.connections.iter().skip(skipped).flatten().chain(rest).any(called)
            }
            Place::Nowhere | Place::Full => true,
        }
    }
}

/// The same connection, `count` times.
fn times(count: usize, steps: impl IntoIterator<Item = Step>) -> Script {
    let steps: Vec<Step> = steps.into_iter().collect();
    Script::of(std::iter::repeat_n(steps, count))
}

/// One list of steps after another.
fn chain<const N: usize>(parts: [Vec<Step>; N]) -> Vec<Step> {
    parts.into_iter().flatten().collect()
}

/// Up to a client that has sent `connect`.
fn asked() -> Vec<Step> {
    vec![Step::Upgrade, crate::support::fake::frames::challenge(), with_token()]
}

fn bytes(text: &str) -> Step {
    Step::Bytes(text.as_bytes().to_vec())
}

/// Every row.
pub fn table() -> Vec<Row> {
    [
        connecting::rows(),
        greeting::rows(),
        credentials::rows(),
        calls::rows(),
        tls::rows(),
        proxies::rows(),
        admin::rows(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn rows_have_names_of_their_own() {
    let mut names: Vec<String> = table().into_iter().map(|row| row.name).collect();
    names.sort();
    let count = names.len();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(count >= 30, "{count} rows");
}
