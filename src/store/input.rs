//! Reads an input that a user named. Reads are limited in size, end at the deadline, and never block on a pipe.

#[cfg(unix)]
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use bytesize::ByteSize;
use thiserror::Error;

use crate::deadline::Deadline;
use crate::system;

/// The maximum size of a document that is read or stored: far above the limit of gateways (25 MiB per frame).
pub const MAX_SIZE: ByteSize = ByteSize::mib(64);

/// The source of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A file, or anything else with a path: a pipe, a device.
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

/// Why an input could not be read.
#[derive(Debug, Error)]
pub enum InputError {
    /// The file does not exist.
    #[error("{0} does not exist")]
    Missing(String),
    /// The path is a directory instead of a file.
    #[error("{0} is a directory, not a document")]
    Directory(String),
    /// The input exceeds the size limit.
    #[error("{name} is larger than {limit}")]
    TooLarge {
        /// The name of the input.
        name: String,
        /// The limit.
        limit: ByteSize,
    },
    /// The deadline passed before the input ended.
    #[error("{name} did not end within {timeout:?}")]
    TimedOut {
        /// The name of the input.
        name: String,
        /// The time limit.
        timeout: Duration,
    },
    /// The system returned an error.
    #[error("cannot read {name}: {cause}")]
    Io {
        /// The name of the input.
        name: String,
        /// The system error.
        cause: io::Error,
    },
}

impl InputError {
    /// The next step for the user.
    pub fn remedy(&self) -> Option<String> {
        match self {
            Self::Missing(_) => Some("check the path".to_owned()),
            Self::Directory(_) => Some("name a file in it".to_owned()),
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

    /// The next step, if no option raises the limit.
    pub fn remedy_unlimited(&self) -> Option<String> {
        match self {
            Self::TooLarge { .. } => {
                Some("check that it is the right one: no gateway accepts a document of that size".to_owned())
            }
            _ => self.remedy(),
        }
    }
}

/// The limits on a read.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The maximum size of an input, in bytes.
    pub max_size: ByteSize,
    /// The deadline.
    pub deadline: Deadline,
}

/// Reads the whole input.
pub fn read(input: &Input, bounds: Bounds) -> Result<Vec<u8>, InputError> {
    match input {
        Input::Path(path) => read_path(path, input, bounds),
        Input::Stdin => read_stream(|| Ok(io::stdin()), input, bounds),
    }
}

#[cfg(unix)]
fn read_path(path: &Path, input: &Input, bounds: Bounds) -> Result<Vec<u8>, InputError> {
    // The file is opened without waiting for a writer, so that a pipe is recognised before anything can block on it.
    let file = system::open_without_waiting(path).map_err(|source| of_io(input, source))?;
    let metadata = file.metadata().map_err(|source| of_io(input, source))?;
    if metadata.is_file() {
        read_file(file, metadata.len(), input, bounds)
    } else if metadata.is_dir() {
        Err(InputError::Directory(input.name()))
    } else {
        let path = path.to_owned();
        // The file is opened again, this time waiting: on a pipe without a writer the first handle would report the end
        // immediately.
        read_stream(move || File::open(path), input, bounds)
    }
}

/// The standard library does not recognise a pipe or a device, so every file is read as something that may never end.
/// Opening a directory is denied without the reason.
#[cfg(not(unix))]
fn read_path(path: &Path, input: &Input, bounds: Bounds) -> Result<Vec<u8>, InputError> {
    if path.is_dir() {
        return Err(InputError::Directory(input.name()));
    }
    let path = path.to_owned();
    read_stream(move || system::open_without_waiting(&path), input, bounds)
}

#[cfg(unix)]
fn read_file(file: File, size: u64, input: &Input, bounds: Bounds) -> Result<Vec<u8>, InputError> {
    let too_large = || InputError::TooLarge { name: input.name(), limit: bounds.max_size };
    if size > bounds.max_size.as_u64() {
        return Err(too_large());
    }
    // One byte more than the file size, so that the end is detected without growing.
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default().saturating_add(1));
    file.take(bounds.max_size.as_u64().saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|source| of_io(input, source))?;
    if bytes.len() as u64 > bounds.max_size.as_u64() { Err(too_large()) } else { Ok(bytes) }
}

/// Reads an input that may never end, in a thread that is abandoned at the deadline: the process ends soon after.
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
        // The receiver is dropped once the deadline has passed.
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
