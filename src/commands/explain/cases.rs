//! `approvals explain --stdin`: a case a line in, an answer a line out, in the same order.
//!
//! One thread reads and decides, and the caller prints. An answer is handed over before the next line is waited for.

use std::io::{self, BufRead, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender, TryRecvError};

use serde::de::IgnoredAny;

use super::circumstances::table;
use super::error::ExplainError;
use super::release::{self, Sources};
use super::request::CasesRequest;
use crate::approvals::decide::{Answer, Case, Cases, Host, Profile, Table, TableHost};
use crate::commands::Error;
use crate::deadline::{Deadline, GRACE, STACK};
use crate::store::files::ThisMachine;
use crate::store::input::{Input, InputError};

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
    release::check(request.release.as_deref())?;
    let chosen = Sources { named: request.release.as_deref(), ..Sources::default() }.choose();
    let profile = chosen.profile;
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
    std::thread::Builder::new().stack_size(STACK).spawn(work).map_err(Error::Runtime)?;
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
    /// Those of a table.
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
                    listed.host = listed.table.host_for(directory);
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
        match next_line(&mut input, &mut line) {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(LineError::TooLong) => {
                return Err(wrong(format!("it is longer than {} MiB", LONGEST >> 20)).into());
            }
            Err(LineError::Read(cause)) => {
                return Err(InputError::Io { name: Input::Stdin.name(), cause }.into());
            }
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
    // Serde would take a list for the fields in their order.
    if line.trim_ascii_start().first() != Some(&b'{') && serde_json::from_slice::<IgnoredAny>(line).is_ok() {
        return Err("it is not a JSON object".to_owned());
    }
    serde_json::from_slice(line).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line 1 ").next().unwrap_or_default();
        format!("{message} (column {})", error.column())
    })
}

/// Why there is no next line.
enum LineError {
    /// The system returned an error.
    Read(io::Error),
    /// The line is too long.
    TooLong,
}

/// Reads the next line without its end. `false`: there is none.
fn next_line(input: &mut BufReader<impl Read>, line: &mut Vec<u8>) -> Result<bool, LineError> {
    line.clear();
    loop {
        let buffer = match input.fill_buf() {
            Ok(buffer) => buffer,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(LineError::Read(error)),
        };
        if buffer.is_empty() {
            return Ok(!line.is_empty());
        }
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let taken = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
        if line.len() + taken.len() > LONGEST {
            return Err(LineError::TooLong);
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
            (1, "line 2 of standard input is not a case: expected value (column 8)")
        );
        for (line, expected) in [
            (
                r#"{"context": "corn"}"#,
                "line 1 of standard input is not a case: unknown variant `corn`, expected `interactive` or `cron` (column 18)",
            ),
            (
                r#"{"via": "x"}"#,
                "line 1 of standard input is not a case: unknown variant `x`, expected `stored` or `set` (column 11)",
            ),
            (
                r#"{"command": 7}"#,
                "line 1 of standard input is not a case: invalid type: integer `7`, expected a string (column 13)",
            ),
        ] {
            assert_eq!(answered(line.as_bytes()), (0, Err(expected.to_owned())));
        }
        assert!(answered(b"\xff\n").1.is_err());
        // The bug: a misspelt field was ignored, and a list was read as a case.
        for (line, expected) in [
            (r#"{"command": "ls", "contxt": "cron"}"#, "unknown field `contxt`"),
            ("[1, \"ls\"]", "it is not a JSON object"),
        ] {
            let error = answered(line.as_bytes()).1.unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn an_input_that_cannot_be_read_is_not_a_wrong_case() {
        struct Broken;

        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::IsADirectory.into())
            }
        }

        let (sender, _receiver) = mpsc::sync_channel(1);
        let mut files = Files::of(Some(Table::default()));
        let error = decide(BufReader::new(Broken), Profile::NEWEST, &mut files, &sender).unwrap_err();
        assert!(matches!(error, Error::Input(InputError::Io { .. })), "{error}");
    }

    #[test]
    fn a_line_has_a_limit() {
        let long = vec![b' '; LONGEST + 1];
        assert_eq!(
            answered(&long),
            (0, Err("line 1 of standard input is not a case: it is longer than 16 MiB".to_owned()))
        );
    }
}
