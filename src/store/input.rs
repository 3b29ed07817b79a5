//! Reading what someone named: always bounded, never for longer than the deadline, and never blocked by a pipe.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use bytesize::ByteSize;
use rustix::fs::OFlags;
use thiserror::Error;

use super::shell::quoted;
use crate::deadline::Deadline;

/// The largest document that is read or stored: far above what a gateway accepts (25 MiB a frame).
pub const MAX_SIZE: ByteSize = ByteSize::mib(64);

/// What is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or whatever else has a path: a pipe, a device.
    Path(PathBuf),
    /// Standard input, written `-`.
    Stdin,
}

impl Input {
    /// `-` is standard input.
    pub fn named(path: &Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::Path(path.to_owned()) }
    }

    /// The name in reports.
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => path.display().to_string(),
            Self::Stdin => "<stdin>".to_owned(),
        }
    }
}

/// Why nothing was read.
#[derive(Debug, Error)]
pub enum InputError {
    /// There is no such file.
    #[error("{0} does not exist")]
    Missing(String),
    /// A directory where a file is wanted.
    #[error("{0} is a directory, not a document")]
    Directory(String),
    /// More bytes than are read.
    #[error("{name} is larger than {limit}")]
    TooLarge {
        /// What was read.
        name: String,
        /// The limit.
        limit: ByteSize,
    },
    /// The deadline passed before the input ended.
    #[error("{name} did not end within {timeout:?}")]
    TimedOut {
        /// What was read.
        name: String,
        /// The whole time allowed.
        timeout: Duration,
    },
    /// The system refused.
    #[error("cannot read {name}: {cause}")]
    Io {
        /// What was read.
        name: String,
        /// The system's reason.
        cause: io::Error,
    },
}

impl InputError {
    /// What the person who reads the error can do next.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Missing(_) => Some("check the path".to_owned()),
            Self::Directory(name) => {
                let name = quoted(Path::new(name));
                Some(format!("name a file in it, or run: clearance approvals validate {name}"))
            }
            Self::TooLarge { .. } => Some("check that it is the right file, or raise --max-size".to_owned()),
            Self::TimedOut { .. } => {
                Some("check that something writes to it and closes it, or raise --timeout".to_owned())
            }
            Self::Io { cause, .. } if cause.kind() == io::ErrorKind::PermissionDenied => {
                Some("run as the user who owns the file".to_owned())
            }
            Self::Io { .. } => None,
        }
    }

    /// The same, where no flag raises the limit.
    pub fn remedy_unlimited(&self) -> Option<String> {
        match self {
            Self::TooLarge { .. } => {
                Some("check that it is the right one: no gateway takes a document of that size".to_owned())
            }
            _ => self.remedy(),
        }
    }
}

/// How much is read, and until when.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The largest input, in bytes.
    pub max_size: ByteSize,
    /// When to give up.
    pub deadline: Deadline,
}

/// Reads the whole input.
pub fn read(input: &Input, bounds: Bounds) -> Result<Vec<u8>, InputError> {
    match input {
        Input::Path(path) => {
            // Without waiting for a writer: a pipe is recognised before anything can block on it.
            let file = OpenOptions::new()
                .read(true)
                .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
                .open(path)
                .map_err(|source| of_io(input, source))?;
            let metadata = file.metadata().map_err(|source| of_io(input, source))?;
            if metadata.is_file() {
                read_file(file, metadata.len(), input, bounds)
            } else if metadata.is_dir() {
                Err(InputError::Directory(input.name()))
            } else {
                let path = path.clone();
                // Opened again, and waiting: on a pipe that has no writer yet the first would see its end at once.
                read_stream(move || File::open(path), input, bounds)
            }
        }
        Input::Stdin => read_stream(|| Ok(io::stdin()), input, bounds),
    }
}

fn read_file(file: File, size: u64, input: &Input, bounds: Bounds) -> Result<Vec<u8>, InputError> {
    let too_large = || InputError::TooLarge { name: input.name(), limit: bounds.max_size };
    if size > bounds.max_size.as_u64() {
        return Err(too_large());
    }
    // One byte more than was there, so that the end is seen without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default().saturating_add(1));
    file.take(bounds.max_size.as_u64().saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| of_io(input, source))?;
    if bytes.len() as u64 > bounds.max_size.as_u64() { Err(too_large()) } else { Ok(bytes) }
}

/// Reads what may never end, in a thread that is left behind when the deadline passes: the process ends soon after.
fn read_stream<R: Read>(
    open: impl FnOnce() -> io::Result<R> + Send + 'static,
    input: &Input,
    bounds: Bounds,
) -> Result<Vec<u8>, InputError> {
    let (sender, receiver) = mpsc::channel();
    let limit = bounds.max_size.as_u64().saturating_add(1);
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let result = open().and_then(|stream| stream.take(limit).read_to_end(&mut bytes)).map(|_| bytes);
        // Nobody listens any more once the deadline has passed.
        let _ = sender.send(result);
    });
    let left = bounds.deadline.left().unwrap_or_default();
    match receiver.recv_timeout(left) {
        Ok(Ok(bytes)) if bytes.len() as u64 >= limit => {
            Err(InputError::TooLarge { name: input.name(), limit: bounds.max_size })
        }
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(source)) => Err(of_io(input, source)),
        Err(_) => Err(InputError::TimedOut { name: input.name(), timeout: bounds.deadline.timeout() }),
    }
}

fn of_io(input: &Input, cause: io::Error) -> InputError {
    match cause.kind() {
        io::ErrorKind::NotFound => InputError::Missing(input.name()),
        io::ErrorKind::IsADirectory => InputError::Directory(input.name()),
        _ => InputError::Io { name: input.name(), cause },
    }
}
