//! `approvals explain --stdin`: a case a line in, an answer a line out, in the same order.
//!
//! One thread reads, several decide, and the caller prints. Each answer is passed on before the reader
//! waits for input.

mod line;

use std::io::{self, BufReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use self::line::{Line, Lines};
use super::circumstances::table;
use super::error::ExplainError;
use super::release::{self, Sources};
use super::request::CasesRequest;
use crate::approvals::decide::{Answer, Cases, Host, Profile, Seen, Table, TableHost};
use crate::commands::Error;
use crate::deadline::{Deadline, GRACE, STACK};
use crate::store::files::ThisMachine;
use crate::store::input::{Input, InputError};

/// The largest number of threads that decide.
const THREADS: usize = 8;

/// The largest number of lines in a batch.
const LINES: usize = 256;

/// The number of bytes after which a batch takes no more lines.
const BYTES: usize = 1 << 18;

/// Size of the buffer of the input, in bytes.
const BUFFER: usize = 1 << 16;

/// How long answers may be kept to be printed together. To print each one as it comes costs a third of the time.
const TOGETHER: Duration = Duration::from_micros(500);

/// Decides every case of standard input, and gives each answer to `print`; `None`: none is waiting, so what was printed has
/// to be shown. Returns the first line that is not a case, if there is one: its answer is `invalid`.
pub fn run(
    request: &CasesRequest,
    deadline: Deadline,
    mut print: impl FnMut(Option<&Answer>) -> io::Result<()>,
) -> anyhow::Result<Option<Error>> {
    release::check(request.release.as_deref())?;
    let chosen = Sources { named: request.release.as_deref(), ..Sources::default() }.choose();
    let table = request.programs.as_deref().map(|file| table(file, deadline)).transpose()?;
    let table = table.map(|(table, _)| Arc::new(table));
    let batches = start(io::stdin(), chosen.profile, table.as_ref()).map_err(Error::Runtime)?;
    let mut wrong = None;
    loop {
        let Some(batch) = next(&batches, deadline, &mut print)? else { return Ok(wrong) };
        let answers = match batch {
            Batch::Answers(answers) => answers,
            Batch::Unreadable(cause) => {
                return Err(Error::from(InputError::Io { name: Input::Stdin.name(), cause }).into());
            }
        };
        while let Some(answer) = next(&answers, deadline, &mut print)? {
            let (answer, problem) = answer.unwrap_or_else(|panic| resume_unwind(panic));
            print(Some(&answer))?;
            wrong = wrong.or(problem.map(Error::from));
        }
    }
}

/// What comes next. `None`: the other side has ended.
fn next<T>(
    receiver: &Receiver<T>,
    deadline: Deadline,
    print: &mut impl FnMut(Option<&Answer>) -> io::Result<()>,
) -> anyhow::Result<Option<T>> {
    for pause in [Some(TOGETHER), None] {
        match receiver.try_recv() {
            Ok(item) => return Ok(Some(item)),
            Err(TryRecvError::Disconnected) => return Ok(None),
            Err(TryRecvError::Empty) => pause.map(thread::park_timeout).unwrap_or_default(),
        }
    }
    print(None)?;
    let left: Duration = deadline.left().unwrap_or_default() + GRACE;
    match receiver.recv_timeout(left) {
        Ok(item) => Ok(Some(item)),
        Err(RecvTimeoutError::Disconnected) => Ok(None),
        Err(RecvTimeoutError::Timeout) => Err(Error::Unfinished { timeout: deadline.timeout() }.into()),
    }
}

/// The answer of a line; for one that is not a case also what is wrong. An error is a panic.
type Decided = thread::Result<(Answer, Option<ExplainError>)>;

/// What the caller gets, in the order of the input.
enum Batch {
    /// The answers of a few lines, as they are decided.
    Answers(Receiver<Decided>),
    /// The input could not be read.
    Unreadable(io::Error),
}

/// A few lines to decide, and where their answers go.
struct Work {
    lines: Vec<Line>,
    answers: Sender<Decided>,
}

/// Starts the threads. They end after the input, or when the receiver is dropped.
fn start(
    input: impl Read + Send + 'static,
    profile: Profile,
    table: Option<&Arc<Table>>,
) -> io::Result<Receiver<Batch>> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS);
    let (batches, ordered) = mpsc::sync_channel(2 * threads);
    let (work, shared) = mpsc::sync_channel(2 * threads);
    let shared = Arc::new(Mutex::new(shared));
    for _ in 0..threads {
        let (shared, table) = (Arc::clone(&shared), table.cloned());
        thread::Builder::new().stack_size(STACK).spawn(move || decide(&shared, profile, table))?;
    }
    let lines = Lines::of(BufReader::with_capacity(BUFFER, input));
    thread::Builder::new().spawn(move || read(lines, &batches, &work))?;
    Ok(ordered)
}

/// Reads the lines in batches.
fn read(mut lines: Lines<impl Read>, batches: &SyncSender<Batch>, work: &SyncSender<Work>) {
    loop {
        let (mut batch, mut bytes) = (Vec::new(), 0);
        let ended = loop {
            match lines.next() {
                Ok(Some(line)) => {
                    bytes += line.text.as_ref().map_or(0, Vec::len);
                    batch.push(line);
                }
                Ok(None) => break Some(Ok(())),
                Err(error) => break Some(Err(error)),
            }
            if batch.len() >= LINES || bytes >= BYTES || !lines.has_next() {
                break None;
            }
        };
        batch.retain(|line| !line.is_blank());
        let (answers, decided) = mpsc::channel();
        // A receiver that is gone needs no more answers.
        let is_wanted = batch.is_empty()
            || (batches.send(Batch::Answers(decided)).is_ok()
                && work.send(Work { lines: batch, answers }).is_ok());
        match ended {
            None if is_wanted => {}
            None | Some(Ok(())) => return,
            Some(Err(error)) => return drop(batches.send(Batch::Unreadable(error))),
        }
    }
}

/// Decides batches until there are no more.
fn decide(work: &Mutex<Receiver<Work>>, profile: Profile, table: Option<Arc<Table>>) {
    let mut files = Files::of(table);
    let mut cases = Cases::new(profile);
    loop {
        let next = work.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Work { lines, answers }) = next else { return };
        // The cases of a batch see the same files of this host.
        let seen = Seen::new(&ThisMachine);
        for line in &lines {
            let decided = catch_unwind(AssertUnwindSafe(|| answer(line, &mut cases, &mut files, &seen)));
            let is_over = decided.is_err();
            // After the deadline the receiver is dropped.
            if answers.send(decided).is_err() || is_over {
                return;
            }
        }
    }
}

fn answer(
    line: &Line,
    cases: &mut Cases,
    files: &mut Files,
    seen: &dyn Host,
) -> (Answer, Option<ExplainError>) {
    match line.case() {
        Ok(case) => (cases.answer(&case, files.host(&case.cwd).unwrap_or(seen)), None),
        Err((id, problem)) => {
            let error = ExplainError::Case { line: line.number, problem };
            (Answer::invalid(id, error.to_string()), Some(error))
        }
    }
}

/// The files of a table, and the host made of it for the last directory. `None`: the files are those of this host.
struct Files(Option<Listed>);

struct Listed {
    table: Arc<Table>,
    directory: String,
    host: TableHost,
}

impl Files {
    fn of(table: Option<Arc<Table>>) -> Self {
        Self(table.map(|table| {
            let directory = "/".to_owned();
            Listed { host: table.host(&directory), table, directory }
        }))
    }

    /// The files for a case in a directory. Cases mostly come in the same one.
    fn host(&mut self, directory: &str) -> Option<&dyn Host> {
        let listed = self.0.as_mut()?;
        if directory.starts_with('/') && listed.directory != directory {
            listed.host = listed.table.host_for(directory);
            directory.clone_into(&mut listed.directory);
        }
        Some(&listed.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdicts of the answers, the first line that is not a case, and whether the input could be read.
    fn answered(input: impl Read + Send + 'static) -> (Vec<&'static str>, Option<String>, bool) {
        let (mut verdicts, mut wrong) = (Vec::new(), None);
        for batch in start(input, Profile::NEWEST, Some(&Arc::default())).unwrap() {
            let Batch::Answers(answers) = batch else { return (verdicts, wrong, false) };
            for (answer, problem) in answers.into_iter().map(Result::unwrap) {
                verdicts.push(answer.verdict);
                wrong = wrong.or(problem.map(|problem| problem.to_string()));
            }
        }
        (verdicts, wrong, true)
    }

    #[test]
    fn every_line_has_its_answer_in_order() {
        let case = |command: &str| {
            format!(r#"{{"document": {{"version": 1}}, "command": "{command}", "cwd": "/"}}"#)
        };
        assert_eq!(answered(&b""[..]), (vec![], None, true));
        let text = format!("{}\n\n  \r\n{}", case("ls"), case("ls"));
        let (verdicts, wrong, _) = answered(io::Cursor::new(text));
        assert_eq!((verdicts.len(), wrong), (2, None));
        // Many batches, with lines between them that are not cases.
        let line = |n: usize| if n.is_multiple_of(1000) { "{\"id\": }".to_owned() } else { case("ls") };
        let text: Vec<String> = (1..=5000).map(line).collect();
        let (verdicts, wrong, _) = answered(io::Cursor::new(text.join("\n")));
        let invalid: Vec<usize> =
            (1..).zip(&verdicts).filter(|(_, verdict)| **verdict == "invalid").map(|(n, _)| n).collect();
        assert_eq!((verdicts.len(), invalid), (5000, vec![1000, 2000, 3000, 4000, 5000]));
        assert_eq!(
            wrong.as_deref(),
            Some("line 1000 of standard input is not a case: it is not JSON: a value is missing (column 8)")
        );
    }

    #[test]
    fn an_input_that_cannot_be_read_is_not_a_wrong_case() {
        struct Broken;

        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::IsADirectory.into())
            }
        }

        assert_eq!(answered(Broken), (vec![], None, false));
    }
}
