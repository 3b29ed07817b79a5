//! A terminal that the tool runs on, and somebody who types.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Only a hang gets there.
const PATIENCE: Duration = Duration::from_mins(1);

/// A process whose three streams are a terminal.
pub struct Terminal {
    child: Child,
    hand: File,
    shown: Receiver<Vec<u8>>,
    text: String,
}

impl Terminal {
    /// Starts a command on a terminal of so many columns.
    pub fn of(command: &mut Command, columns: u16) -> Self {
        let hand = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&hand).unwrap();
        unlockpt(&hand).unwrap();
        tcsetwinsize(&hand, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let path = ptsname(&hand, Vec::new()).unwrap().into_string().unwrap();
        let noctty = i32::try_from(OFlags::NOCTTY.bits()).unwrap();
        let side = || OpenOptions::new().read(true).write(true).custom_flags(noctty).open(&path).unwrap();
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
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
        Self { child, hand, shown, text: String::new() }
    }

    /// Types a line.
    pub fn types(&mut self, line: &str) {
        writeln!(self.hand, "{line}").unwrap();
    }

    /// Waits until it has shown something `times` times since its start.
    #[track_caller]
    pub fn shows(&mut self, wanted: &str, times: usize) {
        while self.text.matches(wanted).count() < times {
            let Ok(bytes) = self.shown.recv_timeout(PATIENCE) else {
                panic!("it never showed {wanted:?} {times} times:\n{}", self.text);
            };
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until a signal has ended it.
    #[track_caller]
    pub fn ends_killed(mut self) {
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), None, "{status}: {}", self.text);
    }

    /// Exit code, and everything that was shown, as lines.
    #[track_caller]
    pub fn ends(mut self) -> (i32, String) {
        while let Ok(bytes) = self.shown.recv_timeout(PATIENCE) {
            self.text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        let status = self.child.wait().unwrap();
        (status.code().expect("it ends by itself"), self.text.replace("\r\n", "\n"))
    }
}
