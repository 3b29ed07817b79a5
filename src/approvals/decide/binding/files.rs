//! What a binding asks of the files of a host: whether an operand is one, and whether the gateway's user may change it.
//! Source: `resolvesToExistingFileSync`, `pathLooksMutableForShellPayloadSync` and `isLikelyScriptLikePathSync`.

use super::subject::{Subject, assumed};
use crate::approvals::decide::host::Found;
use crate::approvals::decide::resolve::World;
use crate::approvals::decide::words::{absolute, base_name};

/// The largest program that is read to see whether it is a script.
const MAX_PROGRAM: usize = 64 * 1024 * 1024;

/// The files of a host, seen from the working directory.
#[derive(Clone, Copy)]
pub(super) struct Files<'f> {
    directory: &'f str,
    world: &'f World<'f>,
}

/// What is at the place of an operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    /// A regular file.
    File,
    /// Something else, a directory for example.
    Other,
    /// Nothing.
    Nothing,
}

impl<'f> Files<'f> {
    /// The files of a call.
    pub(super) fn of(subject: &Subject<'f>) -> Self {
        Self { directory: subject.question.directory, world: subject.world }
    }

    /// What an operand names.
    pub(super) fn at(&self, operand: &str) -> At {
        let path = absolute(self.directory, operand);
        match self.world.host.look(&path) {
            Found::Program(_) | Found::File(_) => At::File,
            Found::Directory(_) => At::Other,
            Found::Unknown if assumed(self.world, &path) => At::File,
            Found::Nothing | Found::Unknown => At::Nothing,
        }
    }

    /// Whether an operand names a regular file.
    pub(super) fn is_file(&self, operand: &str) -> bool {
        !operand.is_empty() && self.at(operand) == At::File
    }

    /// Whether the gateway's user may change what an operand names.
    pub(super) fn is_mutable(&self, operand: &str) -> bool {
        is_mutable(&absolute(self.directory, operand), self.world)
    }

    /// Whether a file may be a script: it does not begin like an ELF, Mach-O or Windows program.
    pub(super) fn is_like_script(&self, path: &str) -> bool {
        match self.world.host.read(path, MAX_PROGRAM) {
            Some(content) => !is_binary(&content),
            None => assumed(self.world, path),
        }
    }
}

/// Whether the gateway's user may change a file, its directory or a link on the way.
pub(super) fn is_mutable(path: &str, world: &World<'_>) -> bool {
    world.host.is_writable(path).unwrap_or_else(|| assumed(world, path))
}

/// Whether a word names a path and not a program of `PATH`.
pub(super) fn is_path(word: &str) -> bool {
    word.starts_with('.') || word.contains(['/', '\\'])
}

/// Whether a word looks like a path, by an extension for example.
pub(super) fn is_like_path(word: &str) -> bool {
    let name = base_name(word).trim_start_matches('.');
    is_path(word) || name.contains('.')
}

/// Whether the content is that of an ELF, Mach-O or Windows program.
fn is_binary(content: &[u8]) -> bool {
    const MAGICS: [[u8; 4]; 9] = [
        *b"\x7fELF",
        [0xfe, 0xed, 0xfa, 0xce],
        [0xce, 0xfa, 0xed, 0xfe],
        [0xfe, 0xed, 0xfa, 0xcf],
        [0xcf, 0xfa, 0xed, 0xfe],
        [0xca, 0xfe, 0xba, 0xbe],
        [0xbe, 0xba, 0xfe, 0xca],
        [0xca, 0xfe, 0xba, 0xbf],
        [0xbf, 0xba, 0xfe, 0xca],
    ];
    if MAGICS.iter().any(|magic| content.starts_with(magic)) {
        return true;
    }
    if content.len() < 64 || !content.starts_with(b"MZ") {
        return false;
    }
    let offset = content.get(60..64).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    let at = offset.and_then(|offset| usize::try_from(offset).ok()).unwrap_or(usize::MAX);
    content.get(at..).is_some_and(|rest| rest.starts_with(b"PE\0\0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_programs_are_told_apart() {
        for (word, path, like) in
            [("ls", false, false), ("./ls", true, true), ("a.ts", false, true), (".x", true, true)]
        {
            assert_eq!((is_path(word), is_like_path(word)), (path, like), "{word}");
        }
        assert!(is_binary(b"\x7fELF\x02"));
        assert!(!is_binary(b"#!/bin/sh"));
    }
}
