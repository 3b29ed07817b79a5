//! The attributes of a file beside its text that a replacement keeps: group and extended attributes, including access
//! control lists and security labels. An attribute that cannot be kept is an error and is never lost silently.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Gid, StatxAttributes, StatxFlags, XattrFlags, fchown, fgetxattr, fgetxattr_query,
    flistxattr, flistxattr_query, fsetxattr, statx,
};
use rustix::io::Errno;

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
    let links = fs::metadata(path).ok().filter(fs::Metadata::is_file).map_or(1, |found| found.nlink());
    if links > 1 {
        return Some(Fixed::Linked(links));
    }
    // A system that does not report the flags fails at the rename instead.
    let found = statx(CWD, path, AtFlags::empty(), StatxFlags::TYPE).ok()?;
    let marked = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    found.stx_attributes.intersects(marked).then_some(Fixed::Immutable)
}

/// Copies the group and the extended attributes of the file at a path to `new`. The mode is set afterwards, because a
/// change of group may clear bits of it.
pub(super) fn hand_over(old: &Path, new: &File) -> Result<(), Unkept> {
    let of_file = |cause| Unkept { what: "the attributes".to_owned(), cause };
    let old = File::open(old).map_err(of_file)?;
    let group = old.metadata().map_err(of_file)?.gid();
    if new.metadata().map_err(of_file)?.gid() != group {
        fchown(new, None, Some(Gid::from_raw(group)))
            .map_err(|errno| Unkept { what: format!("the group {group}"), cause: errno.into() })?;
    }
    for name in names(&old).map_err(|errno| of_file(errno.into()))? {
        let unkept =
            |errno: Errno| Unkept { what: format!("the extended attribute {name}"), cause: errno.into() };
        // The kernel computes these from the text, so a copy would be wrong.
        if ["security.ima", "security.evm"].contains(&name.as_str()) {
            continue;
        }
        let value = value(&old, &name).map_err(unkept)?;
        if self::value(new, &name).is_ok_and(|there| there == value) {
            continue;
        }
        fsetxattr(new, name.as_str(), &value, XattrFlags::empty()).map_err(unkept)?;
    }
    Ok(())
}

fn names(file: &File) -> Result<Vec<String>, Errno> {
    let list = sized(|| flistxattr_query(file), |list| flistxattr(file, list));
    let list = match list {
        // The file system has no extended attributes.
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(Vec::new()),
        list => list?,
    };
    let names = list.split(|&byte| byte == 0).filter(|name| !name.is_empty());
    Ok(names.map(|name| String::from_utf8_lossy(name).into_owned()).collect())
}

fn value(file: &File, name: &str) -> Result<Vec<u8>, Errno> {
    sized(|| fgetxattr_query(file, name), |value| fgetxattr(file, name, value))
}

/// Requests the size, then the content; repeats if the content grew in between.
fn sized(
    size: impl Fn() -> Result<usize, Errno>,
    read: impl Fn(&mut [u8]) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    const TRIES: usize = 4;
    let mut last = Errno::RANGE;
    for _ in 0..TRIES {
        let size = size()?;
        if size == 0 {
            return Ok(Vec::new());
        }
        let mut bytes = vec![0; size];
        match read(&mut bytes) {
            Ok(read) => {
                bytes.truncate(read);
                return Ok(bytes);
            }
            Err(Errno::RANGE) => last = Errno::RANGE,
            Err(errno) => return Err(errno),
        }
    }
    Err(last)
}
