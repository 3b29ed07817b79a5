//! The judge as a process: cases go in, the answers of a release come out, in the same order.

use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::thread;

use serde_json::Value;

use crate::registry;

/// Maximum number of cases that wait for an answer.
const WAITING: usize = 500;

/// One judge, with the cases that it was given.
pub(crate) struct Judge {
    child: Child,
    answers: BufReader<ChildStdout>,
    asked: mpsc::Receiver<Value>,
}

impl Judge {
    /// Starts a judge of a release, and gives it the cases while answers are read.
    pub(crate) fn start(release: &str, cases: impl Iterator<Item = Value> + Send + 'static) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real_gateway/proof/judge.mjs");
        let mut child = Command::new(registry::node())
            .arg(script)
            .arg(registry::package("openclaw", release))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the judge starts");
        let mut input = BufWriter::new(child.stdin.take().expect("a pipe"));
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, asked) = mpsc::sync_channel(WAITING);
        // Ends when there are no more cases, or when the judge or the reader of its answers ends.
        thread::spawn(move || {
            for case in cases {
                if writeln!(input, "{case}").and_then(|()| input.flush()).is_err()
                    || sender.send(case).is_err()
                {
                    return;
                }
            }
        });
        Self { child, answers, asked }
    }
}

impl Iterator for Judge {
    /// A case and its answer.
    type Item = (Value, Value);

    fn next(&mut self) -> Option<Self::Item> {
        let case = self.asked.recv().ok()?;
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        assert!(!line.is_empty(), "the judge ended at {case}");
        let answer =
            serde_json::from_str(&line).unwrap_or_else(|error| panic!("no answer to {case}: {error}"));
        Some((case, answer))
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // It ends by itself after its last case; after a failure it is stopped.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
