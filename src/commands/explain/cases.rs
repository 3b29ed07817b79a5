//! `approvals explain --stdin`: a case a line in, an answer a line out, in the same order.
//!
//! One thread reads and decides, and the caller prints. An answer is handed over before the next line is waited for.

use std::io::{self, BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender, TryRecvError};

use super::circumstances::table;
use super::error::ExplainError;
use super::release::{self, Sources};
use super::request::CasesRequest;
use crate::approvals::decide::{Answer, Case, Cases, Host, Profile, Table, TableHost};
use crate::commands::Error;
use crate::deadline::{Deadline, GRACE, STACK};
use crate::store::files::ThisMachine;

/// The longest line, in bytes.
const LONGEST: usize = 16 << 20;

/// The number of answers that wait to be printed.
const WAITING: usize = 256;

/// Size of the buffer of the input, in bytes.
const BUFFER: usize = 1 << 16;

/// Decides every case of standard input, and gives each answer to `print`; `None`: none is waiting, so what was printed has
/// to be shown.
pub fn run(
    request: &CasesRequest,
    deadline: Deadline,
    mut print: impl FnMut(Option<&Answer>) -> io::Result<()>,
) -> anyhow::Result<()> {
    release::check(request.release.as_deref()).map_err(Error::from)?;
    let chosen = Sources { named: request.release.as_deref(), ..Sources::default() }.choose();
    let profile = Profile::of(chosen.measured).unwrap_or(Profile::NEWEST);
    let table = request.programs.as_deref().map(|file| table(file, deadline)).transpose()?;
    let mut files = Files::of(table.map(|(table, _)| table));
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    let work = move || {
        let input = BufReader::with_capacity(BUFFER, io::stdin());
        let ended = catch_unwind(AssertUnwindSafe(|| decide(input, profile, &mut files, &sender)));
        // After the deadline the receiver is dropped.
        drop(sender.send(Step::Ended(ended)));
    };
    let unfinished = || Error::Unfinished { timeout: deadline.timeout() };
    std::thread::Builder::new().stack_size(STACK).spawn(work).map_err(|_| unfinished())?;
    loop {
        let step = match receiver.try_recv() {
            Err(TryRecvError::Empty) => {
                print(None)?;
                receiver.recv_timeout(deadline.left().unwrap_or_default() + GRACE)
            }
            Err(TryRecvError::Disconnected) => Err(RecvTimeoutError::Disconnected),
            Ok(step) => Ok(step),
        };
        match step {
            Ok(Step::Answer(answer)) => print(Some(&answer))?,
            Ok(Step::Ended(Ok(result))) => return Ok(result?),
            Ok(Step::Ended(Err(panic))) => resume_unwind(panic),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                return Err(unfinished().into());
            }
        }
    }
}

/// The files that programs are looked up in.
enum Files {
    /// Those of this host.
    Here(ThisMachine),
    /// Those of a table, in which the directory of a case exists.
    Listed(Box<Listed>),
}

/// A table, and the host made of it for the last directory.
struct Listed {
    table: Table,
    directory: String,
    host: TableHost,
}

impl Files {
    fn of(table: Option<Table>) -> Self {
        match table {
            None => Self::Here(ThisMachine),
            Some(table) => {
                let directory = "/".to_owned();
                Self::Listed(Box::new(Listed { host: table.host(&directory), table, directory }))
            }
        }
    }

    /// The files for a case in a directory. Cases mostly come in the same one.
    fn host(&mut self, directory: &str) -> &dyn Host {
        match self {
            Self::Here(here) => here,
            Self::Listed(listed) => {
                if directory.starts_with('/') && listed.directory != directory {
                    listed.host = listed.table.host(directory);
                    directory.clone_into(&mut listed.directory);
                }
                &listed.host
            }
        }
    }
}

/// What the deciding thread hands over.
enum Step {
    Answer(Box<Answer>),
    Ended(std::thread::Result<Result<(), Error>>),
}

fn decide(
    mut input: BufReader<impl Read>,
    profile: Profile,
    files: &mut Files,
    sender: &SyncSender<Step>,
) -> Result<(), Error> {
    let (mut line, mut number) = (Vec::new(), 0_u64);
    let mut cases = Cases::new(profile);
    loop {
        number += 1;
        let wrong = |problem| ExplainError::Case { line: number, problem };
        if !next_line(&mut input, &mut line).map_err(wrong)? {
            return Ok(());
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let case = case(&line).map_err(wrong)?;
        let answer = cases.answer(&case, files.host(&case.cwd));
        // After the deadline the receiver is dropped.
        if sender.send(Step::Answer(Box::new(answer))).is_err() {
            return Ok(());
        }
    }
}

fn case(line: &[u8]) -> Result<Case, String> {
    let case: Case = serde_json::from_slice(line).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line 1 ").next().unwrap_or_default().to_owned();
        format!("{message} (column {})", error.column())
    })?;
    match case.context.as_deref() {
        None | Some("interactive" | "cron") => {}
        Some(other) => return Err(format!("context is `{other}`, not interactive or cron")),
    }
    match case.via.as_deref() {
        None | Some("stored" | "set") => Ok(case),
        Some(other) => Err(format!("via is `{other}`, not stored or set")),
    }
}

/// Reads the next line without its end. `false`: there is none.
fn next_line(input: &mut BufReader<impl Read>, line: &mut Vec<u8>) -> Result<bool, String> {
    line.clear();
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("standard input cannot be read: {error}")),
        };
        if buffer.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        if line.len() + taken.len() > LONGEST {
            return Err(format!("it is longer than {} MiB", LONGEST >> 20));
        }
        line.extend_from_slice(taken);
        let consumed = taken.len() + usize::from(end.is_some());
        input.consume(consumed);
        if end.is_some() {
            return Ok(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(text: &[u8]) -> (usize, Result<(), String>) {
        let (sender, receiver) = mpsc::sync_channel(1000);
        let mut files = Files::of(Some(Table::default()));
        let input = BufReader::with_capacity(16, text);
        let result = decide(input, Profile::NEWEST, &mut files, &sender).map_err(|error| error.to_string());
        drop(sender);
        let count = |step: Step| match step {
            Step::Answer(_) => 1,
            Step::Ended(_) => 0,
        };
        (receiver.iter().map(count).sum(), result)
    }

    #[test]
    fn every_line_is_answered_up_to_the_first_wrong_one() {
        let case = r#"{"id": 1, "document": {"version": 1}, "command": "ls", "cwd": "/"}"#;
        assert_eq!(answered(b""), (0, Ok(())));
        assert_eq!(answered(format!("{case}\n\n  \r\n{case}").as_bytes()), (2, Ok(())));
        let (count, result) = answered(format!("{case}\n{{\"id\": }}\n{case}\n").as_bytes());
        assert_eq!(
            (count, result.unwrap_err().as_str()),
            (1, "line 2 is not a case: expected value (column 8)")
        );
        for (line, expected) in [
            (r#"{"context": "corn"}"#, "line 1 is not a case: context is `corn`, not interactive or cron"),
            (r#"{"via": "x"}"#, "line 1 is not a case: via is `x`, not stored or set"),
            (
                r#"{"command": 7}"#,
                "line 1 is not a case: invalid type: integer `7`, expected a string (column 13)",
            ),
        ] {
            assert_eq!(answered(line.as_bytes()), (0, Err(expected.to_owned())));
        }
        assert!(answered(b"\xff\n").1.is_err());
    }

    #[test]
    fn a_line_has_a_limit() {
        let long = vec![b' '; LONGEST + 1];
        assert_eq!(answered(&long), (0, Err("line 1 is not a case: it is longer than 16 MiB".to_owned())));
    }
}
