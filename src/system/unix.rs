//! Unix: Linux and macOS.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{
    Access, CWD, FileType, OFlags, RenameFlags, StatFs, StatVfsMountFlags, access, fcntl_getfl, fstat,
    renameat_with, stat, statfs, statvfs,
};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal as Os, getpid, kill_current_process_group, kill_process, kill_process_group,
    test_kill_process,
};
use rustix::termios::{OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr};
use sd_notify::NotifyState;
use tokio::process::Command;
use tokio::signal::unix::{SignalKind, signal};

use super::{Facts, Kind, Notice};

pub use std::os::fd::AsFd as Descriptor;
pub use tokio::signal::unix::Signal;

/// Stops a process that a shell could continue. Like `SIGTSTP`, which asks for the stop and is caught here, it has no effect
/// on an orphaned process group, that is, one that no shell could continue; `SIGSTOP` stops any process.
const STOPS: Os = Os::TTIN;

impl Facts for Metadata {
    fn owner(&self) -> Option<u32> {
        Some(self.uid())
    }

    fn group(&self) -> Option<u32> {
        Some(self.gid())
    }

    fn mode_bits(&self) -> Option<u32> {
        Some(self.mode())
    }

    fn links(&self) -> Option<u64> {
        Some(self.nlink())
    }

    fn identity(&self) -> Option<(u64, u64)> {
        Some((self.dev(), self.ino()))
    }

    fn times(&self) -> Option<[i64; 4]> {
        Some([self.mtime(), self.mtime_nsec(), self.ctime(), self.ctime_nsec()])
    }
}

/// The effective user id of this process.
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
pub fn user() -> Option<u32> {
    Some(rustix::process::geteuid().as_raw())
}

/// The real user id of this process.
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
pub fn real_user() -> Option<u32> {
    Some(rustix::process::getuid().as_raw())
}

/// Permissions with a mode.
#[expect(clippy::unnecessary_wraps, reason = "an error on other systems")]
pub fn permissions(mode: u32) -> io::Result<Permissions> {
    Ok(Permissions::from_mode(mode))
}

/// Opens a file for reading without waiting for a writer, if it is a pipe.
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlags::NONBLOCK.bits().cast_signed()).open(path)
}

/// Opens the file of a lock, and creates it if there is none. A link or a pipe in its place must not redirect or block the
/// open.
pub fn lock_file(path: &Path) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).custom_flags(flags).open(path)
}

/// Creates a file for this user alone. It is an error if there is one.
pub fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// Creates a directory for this user alone, with its missing parents.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Whether this user may execute a file.
#[expect(clippy::unnecessary_wraps, reason = "unknown on other systems")]
pub fn may_execute(path: &Path) -> Option<bool> {
    Some(access(path, Access::EXEC_OK).is_ok())
}

/// Whether this user may write a file or directory.
#[expect(clippy::unnecessary_wraps, reason = "unknown on other systems")]
pub fn may_write(path: &Path) -> Option<bool> {
    Some(access(path, Access::WRITE_OK).is_ok())
}

/// Whether a path is on a file system that is mounted read-only.
pub fn is_read_only(path: &Path) -> bool {
    statvfs(path).is_ok_and(|mounted| mounted.f_flag.contains(StatVfsMountFlags::RDONLY))
}

/// Whether a directory is on a file system of this host alone, and not of a network or a program.
pub fn is_local(directory: &Path) -> bool {
    statfs(directory).is_ok_and(|found| is_own(&found))
}

#[cfg(not(target_os = "macos"))]
fn is_own(found: &StatFs) -> bool {
    /// NFS, SMB 1 and 2, FUSE, 9P, AFS, Ceph.
    const OTHERS: [u64; 7] =
        [0x6969, 0xff53_4d42, 0xfe53_4d42, 0x6573_5546, 0x0102_1997, 0x5346_414f, 0x00c3_6400];
    #[expect(clippy::cast_sign_loss, reason = "the numbers are compared as 32 bits")]
    !OTHERS.contains(&(found.f_type as u64 & 0xffff_ffff))
}

#[cfg(target_os = "macos")]
fn is_own(found: &StatFs) -> bool {
    /// `MNT_LOCAL` of `sys/mount.h`.
    const LOCAL: u32 = 0x1000;
    found.f_flags & LOCAL != 0
}

/// Exchanges two files.
pub fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
}

/// Renames a file. It is an error if there is one with the new name.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    Ok(renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE)?)
}

/// Whether [`exchange`] or [`rename_new`] failed because the file system does not support it.
pub fn is_unsupported(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP))
}

/// The clock ticks of a second, as `/proc` counts them.
#[expect(clippy::unnecessary_wraps, reason = "other systems have no /proc")]
pub fn clock_ticks() -> Option<u64> {
    Some(rustix::param::clock_ticks_per_second())
}

/// Whether there is a process with an id, by a signal without effect.
pub fn is_process(id: u32) -> bool {
    let process = i32::try_from(id).ok().and_then(Pid::from_raw);
    process.is_some_and(|process| matches!(test_kill_process(process), Ok(()) | Err(Errno::PERM)))
}

/// Gives a program that is started its own process group.
#[expect(clippy::unnecessary_wraps, reason = "an error on other systems")]
pub fn in_own_group(command: &mut Command) -> io::Result<()> {
    command.process_group(0);
    Ok(())
}

/// Kills a process group. It may have ended.
pub fn kill_group(id: u32) {
    if let Some(group) = i32::try_from(id).ok().and_then(Pid::from_raw) {
        let _: rustix::io::Result<()> = kill_process_group(group, Os::KILL);
    }
}

/// Listens to a signal. From now on it has no other effect.
pub fn listen(kind: Kind) -> io::Result<Signal> {
    signal(match kind {
        Kind::Terminate => SignalKind::terminate(),
        Kind::Interrupt => SignalKind::interrupt(),
        Kind::Quit => SignalKind::quit(),
        Kind::Hangup => SignalKind::hangup(),
        Kind::Stop => SignalKind::from_raw(Os::TSTP.as_raw()),
        Kind::Continue => SignalKind::from_raw(Os::CONT.as_raw()),
        Kind::Resize => SignalKind::window_change(),
    })
}

/// Stops this process until a shell continues it.
pub fn stop_process() -> io::Result<()> {
    Ok(kill_process(getpid(), STOPS)?)
}

/// Stops the process group of this process until a shell continues it.
pub fn stop_group() -> io::Result<()> {
    Ok(kill_current_process_group(STOPS)?)
}

/// Makes a write beyond the limit of a file's size an error. Without a handler, its signal kills the process.
pub fn report_size_limits() {
    // Without it the signal kills, as it does with other programs.
    drop(signal_hook::flag::register(Os::XFSZ.as_raw(), Arc::default()));
}

/// The time after which systemd considers the command dead, if it watches it.
pub fn watchdog_period() -> Option<Duration> {
    sd_notify::watchdog_enabled()
}

/// Notifies systemd. Without systemd nobody is notified, and a command does not end for that.
pub fn notify(notice: Notice) {
    let notify = |states: &[NotifyState<'_>]| drop(sd_notify::notify(states));
    match notice {
        Notice::Ready => notify(&[NotifyState::Ready]),
        Notice::Alive => notify(&[NotifyState::Watchdog]),
        Notice::Stopping => notify(&[NotifyState::Stopping]),
        // systemd needs to know which of several reloads this is.
        Notice::Reloading => match NotifyState::monotonic_usec_now() {
            Ok(now) => notify(&[NotifyState::Reloading, now]),
            Err(_) => notify(&[NotifyState::Reloading]),
        },
    }
}

/// The terminal of this process, and its state.
#[derive(Debug)]
pub struct Terminal {
    file: File,
    before: Termios,
}

impl Terminal {
    /// Opens the terminal, whatever the standard streams are.
    pub fn open() -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&file)?;
        Ok(Self { file, before })
    }

    /// Restores the state that the terminal had when it was opened.
    pub fn restore(&self) {
        let _ = tcsetattr(&self.file, OptionalActions::Now, &self.before);
    }
}

/// Discards what was typed and not read yet. If the terminal cannot, it counts.
pub fn discard_typed() {
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
}

/// A standard stream as a file: writes to it do not wait for the stream's lock.
pub fn own_file(stream: &impl Descriptor) -> io::Result<File> {
    Ok(File::from(stream.as_fd().try_clone_to_owned()?))
}

/// Discards what is written to standard output from now on, and what waits to be written.
pub fn discard_output() -> io::Result<()> {
    let nowhere = OpenOptions::new().write(true).open("/dev/null")?;
    Ok(rustix::stdio::dup2_stdout(nowhere)?)
}

/// Whether this process was started without a standard output. The standard library then opens the null device for
/// reading and writing in its place; a shell's `>/dev/null` opens it for writing only.
pub fn is_output_closed() -> bool {
    let out = io::stdout();
    let null = fstat(&out).is_ok_and(|of| {
        FileType::from_raw_mode(of.st_mode) == FileType::CharacterDevice
            && stat("/dev/null").is_ok_and(|null| null.st_rdev == of.st_rdev)
    });
    null && fcntl_getfl(&out).is_ok_and(|flags| flags & OFlags::RWMODE == OFlags::RDWR)
}

/// Whether nobody can read standard output any more: the other end of a pipe is closed.
pub fn is_unread() -> bool {
    let out = io::stdout();
    let mut polled = [PollFd::new(&out, PollFlags::empty())];
    let ready = poll(&mut polled, Some(&Timespec::default()));
    let [of] = polled;
    ready.is_ok() && of.revents().intersects(PollFlags::ERR | PollFlags::HUP)
}

/// Waits until nobody holds the other end of the terminal of standard input any more.
pub fn until_gone() {
    let terminal = io::stdin();
    loop {
        // Without a wanted event only a hang-up and an error are reported.
        let mut watched = [PollFd::new(&terminal, PollFlags::empty())];
        match poll(&mut watched, None) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return,
        }
    }
}
