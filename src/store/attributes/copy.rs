//! Copies the attributes of a file to another one, by the calls of Unix.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{
    Gid, XattrFlags, fchown, fgetxattr, fgetxattr_query, flistxattr, flistxattr_query, fremovexattr,
    fsetxattr,
};
use rustix::io::Errno;

use super::Unkept;

/// Copies the group and the extended attributes of the file at a path to `new`. The mode is set afterwards, because a
/// change of group may clear bits of it.
pub(in crate::store) fn hand_over(old: &Path, new: &File) -> Result<(), Unkept> {
    let of_file = |cause| Unkept { what: "the attributes".to_owned(), cause };
    let old = File::open(old).map_err(of_file)?;
    let group = old.metadata().map_err(of_file)?.gid();
    if new.metadata().map_err(of_file)?.gid() != group {
        fchown(new, None, Some(Gid::from_raw(group)))
            .map_err(|errno| Unkept { what: format!("the group {group}"), cause: errno.into() })?;
    }
    let kept = names(&old).map_err(|errno| of_file(errno.into()))?;
    if !kept.iter().any(|name| name == ACCESS) {
        forget_access(new)?;
    }
    for name in kept {
        let unkept =
            |errno: Errno| Unkept { what: format!("the extended attribute {name}"), cause: errno.into() };
        if is_of_the_kernel(&name) {
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

/// The access control list of a file on Linux. A new file inherits one from its directory, if that has a default.
const ACCESS: &str = "system.posix_acl_access";

/// Removes an inherited access control list: with it users could read or write the new file who could not read or write
/// the old one.
fn forget_access(new: &File) -> Result<(), Unkept> {
    match fremovexattr(new, ACCESS) {
        Ok(()) | Err(Errno::NODATA | Errno::NOTSUP | Errno::NOSYS) => Ok(()),
        Err(errno) => {
            Err(Unkept { what: "the absence of an access control list".to_owned(), cause: errno.into() })
        }
    }
}

/// Whether the kernel sets an attribute by itself: from the text (Linux), so that a copy would be wrong, or from the program
/// that created the file (macOS), so that a copy is refused.
fn is_of_the_kernel(name: &str) -> bool {
    ["security.ima", "security.evm", "com.apple.provenance"].contains(&name)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_the_kernel_are_not_copied() {
        assert!(is_of_the_kernel("com.apple.provenance") && is_of_the_kernel("security.ima"));
        assert!(!is_of_the_kernel("com.apple.quarantine") && !is_of_the_kernel("user.note"));
    }
}
