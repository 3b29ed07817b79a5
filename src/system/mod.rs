//! What an operating system has beyond Rust's standard library: owners and modes of files, the terminal, signals.
//!
//! `unix.rs` and `other.rs` have the same functions. On Unix they are calls of `rustix`, `tokio` and `std::os::unix`. On
//! other systems they return `None` or an error: a caller that relies on one of them must refuse there.

use std::io;

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

#[cfg(not(unix))]
use other as current;
#[cfg(unix)]
use unix as current;

pub use current::{
    Descriptor, Signal, Terminal, clock_ticks, create_private, create_private_directory, discard_output,
    discard_typed, exchange, in_own_group, is_local, is_output_closed, is_process, is_read_only, is_unread,
    is_unsupported, kill_group, listen, lock_file, may_execute, may_write, notify, open_without_waiting,
    own_file, permissions, real_user, rename_new, report_size_limits, stop_group, stop_process, until_gone,
    user, watchdog_period,
};

/// The next step after [`unavailable`].
pub const RUN_ON_UNIX: &str = "run it on Linux or macOS";

/// The error for what this system does not have, or for what clearance cannot do with it there.
pub fn unavailable(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, format!("{what} is not available on this system"))
}

/// What a Unix system knows of a file. `None` on other systems.
pub trait Facts {
    /// The owner's user id.
    fn owner(&self) -> Option<u32>;
    /// The group's id.
    fn group(&self) -> Option<u32>;
    /// The mode, with the kind of the file.
    fn mode_bits(&self) -> Option<u32>;
    /// The number of names (hard links).
    fn links(&self) -> Option<u64>;
    /// The file system and the file's number in it.
    fn identity(&self) -> Option<(u64, u64)>;
    /// The last change of the content, and of the content or the attributes: each in seconds and nanoseconds.
    fn times(&self) -> Option<[i64; 4]>;
}

/// A signal that a command waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `SIGTERM`.
    Terminate,
    /// `SIGINT`: Ctrl-C.
    Interrupt,
    /// `SIGQUIT`.
    Quit,
    /// `SIGHUP`.
    Hangup,
    /// `SIGTSTP`: a request to stop the process until it is continued.
    Stop,
    /// `SIGCONT`.
    Continue,
    /// `SIGWINCH`: the terminal has another size.
    Resize,
}

/// What systemd is notified of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// The command is ready.
    Ready,
    /// The command is alive, for the watchdog.
    Alive,
    /// The command ends.
    Stopping,
    /// The command reads its configuration again.
    Reloading,
}
