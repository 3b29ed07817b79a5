//! A terminal for the tool, and its user's input.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Only a hang takes this long.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process whose three streams are a terminal.
pub struct Terminal {
    child: Child,
    hand: File,
    shown: Receiver<Vec<u8>>,
    text: String,
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
        let hand = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&hand).unwrap();
        unlockpt(&hand).unwrap();
        tcsetwinsize(&hand, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let path = ptsname(&hand, Vec::new()).unwrap().into_string().unwrap();
        let noctty = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let side = || OpenOptions::new().read(true).write(true).custom_flags(noctty).open(&path).unwrap();
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
        // The command keeps its ends of the terminal open, and the terminal would not end with the process.
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let hand = File::from(hand);
        let mut eye = hand.try_clone().unwrap();
        let (sender, shown) = mpsc::channel();
        // Ends with the terminal, whose last user is the process.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = eye.read(&mut bytes) {
                if sender.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, hand, shown, text: String::new(), begun: Vec::new() }
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
        while self.text.matches(wanted).count() < times {
            let Ok(bytes) = self.shown.recv_timeout(PATIENCE) else {
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
        while !wanted(&self.text) {
            let Ok(bytes) = self.shown.recv_timeout(PATIENCE) else {
                panic!("it never showed what was wanted:\n{}", self.text);
            };
            self.take(&bytes);
        }
        &self.text
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until a signal has killed the process.
    #[track_caller]
    pub fn ends_killed(mut self) {
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), None, "{status}: {}", self.text);
    }

    /// The exit code, and all output, as lines.
    #[track_caller]
    pub fn ends(mut self) -> (i32, String) {
        while let Ok(bytes) = self.shown.recv_timeout(PATIENCE) {
            self.take(&bytes);
        }
        let status = self.child.wait().unwrap();
        (status.code().expect("it ends by itself"), self.text.replace("\r\n", "\n"))
    }
}
