//! A queue of lines for standard output with its own writer thread: a reader that is slow or has stopped delays only
//! these lines.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::deadline::Deadline;
use crate::system::own_file;

/// The maximum size of waiting lines in bytes: about twenty thousand lines.
const ROOM: usize = 8 * 1024 * 1024;

/// The queue of lines.
#[derive(Debug)]
pub struct Spool(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    closed: Notify,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Vec<u8>>,
    /// The size of the waiting lines and of the one being written, in bytes.
    bytes: usize,
    ended: bool,
    failed: Option<io::Error>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, out: &mut dyn Write) {
        let mut state = self.state();
        loop {
            if let Some(line) = state.lines.pop_front() {
                drop(state);
                let written = out.write_all(&line).and_then(|()| out.flush());
                state = self.state();
                state.bytes -= line.len();
                if let Err(error) = written {
                    state.failed = Some(error);
                    state.lines.clear();
                    self.closed.notify_one();
                }
                self.changed.notify_all();
            } else if state.ended || state.failed.is_some() {
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}

impl Spool {
    /// Writes to standard output directly, not through its lock.
    pub fn to_stdout() -> io::Result<Self> {
        Ok(Self::to(own_file(&io::stdout())?))
    }

    fn to(mut out: impl Write + Send + 'static) -> Self {
        let shared = Arc::new(Shared::default());
        let writing = Arc::clone(&shared);
        // The thread is not joined if nobody reads the output: the process ends soon after.
        std::thread::spawn(move || writing.write(&mut out));
        Self(shared)
    }

    /// Queues a line. Returns false if the queue is full; after a write error, drops the line and returns true.
    pub fn push(&self, line: Vec<u8>) -> bool {
        let mut state = self.0.state();
        if state.failed.is_some() {
            return true;
        }
        if state.bytes.saturating_add(line.len()) > ROOM {
            return false;
        }
        state.bytes += line.len();
        state.lines.push_back(line);
        self.0.changed.notify_all();
        true
    }

    /// Waits until writing fails.
    pub async fn closed(&self) {
        self.0.closed.notified().await;
    }

    /// Waits until everything is written; fails if that does not happen before the deadline.
    pub fn finish(self, deadline: Deadline) -> io::Result<()> {
        let mut state = self.0.state();
        state.ended = true;
        self.0.changed.notify_all();
        while state.bytes > 0 && state.failed.is_none() {
            let Some(left) = deadline.left() else {
                let lost = format!("its reader has stopped, and the last {} bytes are lost", state.bytes);
                return Err(io::Error::new(io::ErrorKind::TimedOut, lost));
            };
            state = self.0.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.failed.take().map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_nobody_reads_is_not_waited_for() {
        let (mut read, write) = io::pipe().unwrap();
        let spool = Spool::to(write);
        let line = vec![b'x'; ROOM / 4];
        let taken = (0..8).filter(|_| spool.push(line.clone())).count();
        assert!(taken <= 5, "no more than there is room for: {taken}");
        let error = spool.finish(Deadline::after(Duration::from_millis(10))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let mut all = Vec::new();
        io::Read::read_to_end(&mut read, &mut all).unwrap();
        assert_eq!(all.len(), taken * line.len(), "in order, and whole");
    }

    #[test]
    fn everything_is_written_by_the_end() {
        let (mut read, write) = io::pipe().unwrap();
        let spool = Spool::to(write);
        for line in [&b"one\n"[..], b"two\n"] {
            assert!(spool.push(line.to_vec()));
        }
        spool.finish(Deadline::after(Duration::from_mins(1))).unwrap();
        let mut all = String::new();
        io::Read::read_to_string(&mut read, &mut all).unwrap();
        assert_eq!(all, "one\ntwo\n");
    }

    #[test]
    fn a_reader_that_is_gone_is_reported() {
        let (read, write) = io::pipe().unwrap();
        drop(read);
        let spool = Spool::to(write);
        assert!(spool.push(b"one\n".to_vec()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(spool.closed());
        assert!(spool.push(b"two\n".to_vec()), "a line for a closed reader is dropped");
        let error = spool.finish(Deadline::after(Duration::from_mins(1))).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    }
}
