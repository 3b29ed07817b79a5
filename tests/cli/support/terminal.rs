//! A terminal for the tool, and its user's input.

use std::fs::{File, OpenOptions};
use std::io::{self, PipeWriter, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::OFlags;
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{InputModes, LocalModes, OutputModes, Winsize, tcgetattr, tcsetwinsize};

/// Only a hang takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

#[cfg(target_os = "linux")]
const FLAGS: OpenptFlags = OpenptFlags::RDWR.union(OpenptFlags::NOCTTY).union(OpenptFlags::CLOEXEC);
#[cfg(not(target_os = "linux"))]
const FLAGS: OpenptFlags = OpenptFlags::RDWR.union(OpenptFlags::NOCTTY);

/// Settings of a terminal, such as whether it echoes.
type Settings = (InputModes, OutputModes, LocalModes);

/// A process whose three streams are a terminal. Dropping it kills it.
pub struct Terminal {
    child: Child,
    hand: File,
    shown: Receiver<Vec<u8>>,
    /// Its end ends the thread that reads the terminal.
    reads: Option<PipeWriter>,
    text: String,
    /// The settings before the process.
    before: Settings,
    /// The first bytes of a character whose other bytes have not arrived yet.
    begun: Vec<u8>,
}

impl Terminal {
    /// Starts a command on a terminal of this many columns.
    pub fn of(command: &mut Command, columns: u16) -> Self {
        Self::sized(command, columns, 50)
    }

    /// Starts a command on a terminal of this many columns and rows.
    pub fn sized(command: &mut Command, columns: u16, rows: u16) -> Self {
        let hand = openpt(FLAGS).unwrap();
        // No other process of the tests keeps the terminal.
        fcntl_setfd(&hand, FdFlags::CLOEXEC).unwrap();
        grantpt(&hand).unwrap();
        unlockpt(&hand).unwrap();
        tcsetwinsize(&hand, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let before = settings(&hand);
        let path = ptsname(&hand, Vec::new()).unwrap().into_string().unwrap();
        let noctty = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let side = || OpenOptions::new().read(true).write(true).custom_flags(noctty).open(&path).unwrap();
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        // The command keeps its ends of the terminal open, and the terminal would not end with the process.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let hand = File::from(hand);
        let mut eye = hand.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        let (closed, reads) = io::pipe().unwrap();
        // Ends with the terminal, whose last user is the process.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while seen(&eye, &closed)
                && let Ok(count @ 1..) = eye.read(&mut bytes)
            {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, hand, shown, reads: Some(reads), text: String::new(), before, begun: Vec::new() }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.begun.extend(bytes);
        let whole = match std::str::from_utf8(&self.begun) {
            Ok(text) => text.len(),
            Err(error) => {
                assert_eq!(error.error_len(), None, "not UTF-8: {:?}", self.begun);
                error.valid_up_to()
            }
        };
        self.text.push_str(std::str::from_utf8(&self.begun[..whole]).unwrap());
        self.begun.drain(..whole);
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        writeln!(self.hand, "{line}").unwrap();
    }

    /// Types keys, without a line end.
    pub fn keys(&mut self, keys: &str) {
        self.hand.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until this text was shown `times` times since the start.
    #[track_caller]
    pub fn shows(&mut self, wanted: &str, times: usize) {
        let end = Instant::now() + PATIENCE;
        while self.text.matches(wanted).count() < times {
            let Ok(bytes) = self.shown.recv_timeout(left(end)) else {
                panic!("it never showed {wanted:?} {times} times:\n{}", self.text);
            };
            self.take(&bytes);
        }
    }

    /// Resizes the terminal, and signals the process as a terminal does.
    pub fn resize(&self, columns: u16, rows: u16) {
        tcsetwinsize(&self.hand, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 })
            .unwrap();
        // The terminal is not the controlling one of the process, so the system does not signal it.
        self.signal(Signal::WINCH);
    }

    /// Waits until the output since the start is as wanted.
    #[track_caller]
    pub fn waits(&mut self, wanted: impl Fn(&str) -> bool) -> &str {
        let end = Instant::now() + PATIENCE;
        while !wanted(&self.text) {
            let Ok(bytes) = self.shown.recv_timeout(left(end)) else {
                panic!("it never showed what was wanted:\n{}", self.text);
            };
            self.take(&bytes);
        }
        &self.text
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Whether the terminal has the settings that it had before the process.
    pub fn is_as_before(&self) -> bool {
        settings(&self.hand) == self.before
    }

    /// Waits until the process has stopped.
    #[track_caller]
    pub fn stops(&self) {
        let has_stopped = self.state(WaitIdOptions::STOPPED).unwrap();
        assert!(has_stopped, "it ended instead:\n{}", self.text);
    }

    /// Waits until the process is in another state, but not for ever. Whether it has stopped.
    #[track_caller]
    fn state(&self, until: WaitIdOptions) -> rustix::io::Result<bool> {
        let process = Pid::from_child(&self.child);
        let (sender, states) = mpsc::channel();
        // Waiting for a process has no time limit; the end of the process ends the thread.
        thread::spawn(move || {
            let waited = waitid(WaitId::Pid(process), until | WaitIdOptions::NOWAIT);
            let has_stopped = waited.map(|status| status.is_some_and(|status| status.stopped()));
            let _: Result<(), _> = sender.send(has_stopped);
        });
        states.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it goes on:\n{}", self.text))
    }

    /// Waits until a signal has killed the process.
    #[track_caller]
    pub fn ends_killed(mut self) {
        let status = self.exits();
        assert_eq!(status.code(), None, "{status}: {}", self.text);
    }

    /// The exit code, and all output, as lines.
    #[track_caller]
    pub fn ends(mut self) -> (i32, String) {
        let end = Instant::now() + PATIENCE;
        while let Ok(bytes) = self.shown.recv_timeout(left(end)) {
            self.take(&bytes);
        }
        let status = self.exits();
        assert!(self.is_as_before(), "{:?} before, then {:?}", self.before, settings(&self.hand));
        (status.code().expect("it ends by itself"), self.text.replace("\r\n", "\n"))
    }

    /// Closes the other end of the terminal, as a terminal window that is closed does, and waits for the process. Its
    /// exit code.
    #[track_caller]
    pub fn closes(mut self) -> i32 {
        drop(self.reads.take());
        // The channel ends with the thread, which holds the other end too.
        let end = Instant::now() + PATIENCE;
        while self.shown.recv_timeout(left(end)).is_ok() {}
        self.hand = OpenOptions::new().write(true).open("/dev/null").unwrap();
        self.exits().code().expect("it ends by itself")
    }

    /// Waits for the end of the process, but not for ever.
    #[track_caller]
    fn exits(&mut self) -> ExitStatus {
        // An error: it has been waited for already.
        let _: rustix::io::Result<bool> = self.state(WaitIdOptions::EXITED);
        self.child.wait().unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended already.
        let _: io::Result<()> = self.child.kill();
        let _: io::Result<ExitStatus> = self.child.wait();
    }
}

fn settings(terminal: &impl AsFd) -> Settings {
    let settings = tcgetattr(terminal).unwrap();
    (settings.input_modes, settings.output_modes, settings.local_modes)
}

fn left(end: Instant) -> Duration {
    end.saturating_duration_since(Instant::now())
}

/// Waits until there is something to read. `false`: nobody wants to read it any more.
fn seen(eye: &File, closed: &io::PipeReader) -> bool {
    loop {
        let mut polled = [PollFd::new(eye, PollFlags::IN), PollFd::new(closed, PollFlags::IN)];
        match poll(&mut polled, None) {
            Ok(_) if !polled[1].revents().is_empty() => return false,
            Ok(_) if !polled[0].revents().is_empty() => return true,
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => panic!("{error}"),
        }
    }
}
