//! Windows. Nothing here has run: it is only compiled.

use std::fs::{File, Metadata, Permissions};
use std::io;
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::{Facts, Kind, Notice, unavailable};

pub use std::os::windows::io::AsHandle as Descriptor;

/// The standard library knows attributes of Windows instead, and no owner.
impl Facts for Metadata {
    fn owner(&self) -> Option<u32> {
        None
    }

    fn group(&self) -> Option<u32> {
        None
    }

    fn mode_bits(&self) -> Option<u32> {
        None
    }

    fn links(&self) -> Option<u64> {
        None
    }

    fn identity(&self) -> Option<(u64, u64)> {
        None
    }

    fn times(&self) -> Option<[i64; 4]> {
        None
    }
}

/// Users have no number.
pub fn user() -> Option<u32> {
    None
}

/// Users have no number.
pub fn real_user() -> Option<u32> {
    None
}

/// Files have no mode.
pub fn permissions(_mode: u32) -> io::Result<Permissions> {
    Err(unavailable("a mode of a file"))
}

/// Opens a file for reading. The caller must not wait for a device or a pipe, which this does not recognise.
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// The lock of a store serves its replacement only.
pub fn lock_file(_path: &Path) -> io::Result<File> {
    Err(unavailable("the lock of a store"))
}

/// A new file inherits who may read it.
pub fn create_private(_path: &Path) -> io::Result<File> {
    Err(unavailable("a file that no other user can read"))
}

/// A new directory inherits who may read it.
pub fn create_private_directory(_path: &Path) -> io::Result<()> {
    Err(unavailable("a directory that no other user can read"))
}

/// Which files are programs depends on their names.
pub fn may_execute(_path: &Path) -> Option<bool> {
    None
}

/// Access control lists are not read.
pub fn may_write(_path: &Path) -> Option<bool> {
    None
}

/// Mounts are not known.
pub fn is_read_only(_path: &Path) -> bool {
    false
}

/// File systems are not known.
pub fn is_local(_directory: &Path) -> bool {
    false
}

/// Two files cannot be exchanged in one step.
pub fn exchange(_one: &Path, _other: &Path) -> io::Result<()> {
    Err(unavailable("the exchange of two files"))
}

/// The standard library replaces a file with the new name.
pub fn rename_new(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(unavailable("a rename that replaces nothing"))
}

/// No file system supports it, so there is nothing to fall back to.
pub fn is_unsupported(_error: &io::Error) -> bool {
    false
}

/// There is no `/proc`.
pub fn clock_ticks() -> Option<u64> {
    None
}

/// Processes are not looked up.
pub fn is_process(_id: u32) -> bool {
    false
}

/// What a program started could not be killed with it.
pub fn in_own_group(_command: &mut Command) -> io::Result<()> {
    Err(unavailable("a process group"))
}

/// No program has a group: see [`in_own_group`].
pub fn kill_group(_id: u32) {}

/// A signal that nothing sends: there is no value of this type.
#[derive(Debug)]
pub enum Signal {}

impl Signal {
    /// Waits for the signal.
    pub async fn recv(&mut self) -> Option<()> {
        match *self {}
    }
}

/// Signals are those of Unix.
pub fn listen(_kind: Kind) -> io::Result<Signal> {
    Err(unavailable("waiting for signals"))
}

/// A process cannot be stopped and continued.
pub fn stop_process() -> io::Result<()> {
    Err(unavailable("stopping a process"))
}

/// A process cannot be stopped and continued.
pub fn stop_group() -> io::Result<()> {
    Err(unavailable("stopping a process"))
}

/// There is no limit of a file's size whose signal kills a process.
pub fn report_size_limits() {}

/// There is no systemd.
pub fn watchdog_period() -> Option<Duration> {
    None
}

/// There is no systemd.
pub fn notify(_notice: Notice) {}

/// A terminal whose state can be restored: there is no value of this type.
#[derive(Debug)]
pub enum Terminal {}

impl Terminal {
    /// A secret that is typed would be shown if its prompt is abandoned.
    pub fn open() -> io::Result<Self> {
        Err(unavailable("typing a secret"))
    }

    /// Restores the state.
    pub fn restore(&self) {
        match *self {}
    }
}

/// What was typed cannot be discarded: see `dispatch/confirm.rs`.
pub fn discard_typed() {}

/// A standard stream as a file: writes to it do not wait for the stream's lock.
pub fn own_file(stream: &impl Descriptor) -> io::Result<File> {
    Ok(File::from(stream.as_handle().try_clone_to_owned()?))
}

/// The handle of standard output cannot be replaced.
pub fn discard_output() -> io::Result<()> {
    Err(unavailable("discarding the output"))
}

/// Whether this process was started without a standard output.
pub fn is_output_closed() -> bool {
    io::stdout().as_raw_handle().is_null()
}

/// The other end of a pipe is not looked at.
pub fn is_unread() -> bool {
    false
}

/// The terminal cannot be watched, so it counts as gone.
pub fn until_gone() {}
