//! The attributes of a file beside its text that a replacement keeps: group and extended attributes, including access
//! control lists and security labels. An attribute that cannot be kept is an error and is never lost silently.

#[cfg(unix)]
mod copy;

use std::fs;
use std::io;
use std::path::Path;

use crate::system::Facts;

#[cfg(unix)]
pub(super) use copy::hand_over;

/// An attribute of a file that could not be copied to another file.
#[derive(Debug)]
pub(super) struct Unkept {
    /// Name of the attribute.
    pub(super) what: String,
    /// The system error.
    pub(super) cause: io::Error,
}

/// Why a file must not be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixed {
    /// The file has this many names, and only one of them would get the new text.
    Linked(u64),
    /// The file is marked as immutable or append-only (`chattr +i`, `+a`).
    Immutable,
}

/// The reason why a file must not be replaced, if any.
pub(super) fn fixed(path: &Path) -> Option<Fixed> {
    let links =
        fs::metadata(path).ok().filter(fs::Metadata::is_file).and_then(|found| found.links()).unwrap_or(1);
    if links > 1 {
        return Some(Fixed::Linked(links));
    }
    is_marked(path).then_some(Fixed::Immutable)
}

/// Whether a file is marked. A system that does not report the marks fails at the rename instead.
#[cfg(target_os = "linux")]
fn is_marked(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
    let marked = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    statx(CWD, path, AtFlags::empty(), StatxFlags::TYPE)
        .is_ok_and(|found| found.stx_attributes.intersects(marked))
}

#[cfg(target_os = "macos")]
fn is_marked(path: &Path) -> bool {
    use std::os::macos::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|found| is_marked_by(found.st_flags()))
}

/// A rename fails here in any case.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn is_marked(_path: &Path) -> bool {
    false
}

/// Whether a file with these flags of chflags(2) is marked, by its user or by the system.
#[cfg(any(target_os = "macos", test))]
const fn is_marked_by(flags: u32) -> bool {
    const USER: u32 = 0x0000_0002 | 0x0000_0004;
    const SYSTEM: u32 = 0x0002_0000 | 0x0004_0000;
    flags & (USER | SYSTEM) != 0
}

/// Without the calls of Unix nothing can be copied, so no file can be replaced.
#[cfg(not(unix))]
pub(super) fn hand_over(_old: &Path, _new: &fs::File) -> Result<(), Unkept> {
    Err(Unkept { what: "the attributes".to_owned(), cause: crate::system::unavailable("copying them") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_macos_that_keep_a_file() {
        // uchg, uappnd, schg, sappnd; nodump, compressed, hidden, and none.
        for flags in [0x2, 0x4, 0x2_0000, 0x4_0000, 0x8002] {
            assert!(is_marked_by(flags), "{flags:x}");
        }
        for flags in [0x1, 0x20, 0x8000, 0] {
            assert!(!is_marked_by(flags), "{flags:x}");
        }
    }
}
