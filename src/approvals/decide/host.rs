//! The files of a host, as far as a decision needs them.

/// The files of a host. Paths are absolute; `.` and `..` may be left in them.
pub trait Host {
    /// What is at a path, after following links.
    fn look(&self, path: &str) -> Found;

    /// The contents of a regular file of at most `limit` bytes: a script that a gateway reads before it starts it.
    /// `None`: there is none, it is larger, or it is unknown.
    fn read(&self, path: &str, limit: usize) -> Option<Vec<u8>>;

    /// Whether the gateway's user may change the file, its directory or a link on the way. `None`: unknown.
    fn is_writable(&self, path: &str) -> Option<bool>;

    /// Whether each answer is asked for once and kept.
    fn is_cached(&self) -> bool {
        false
    }
}

/// What is at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// A regular file that the gateway's user may execute, and its real path.
    Program(String),
    /// A regular file that the gateway's user may not execute, and its real path.
    File(String),
    /// A directory, and its real path.
    Directory(String),
    /// Nothing, a dangling link, or something else.
    Nothing,
    /// Unknown.
    Unknown,
}
