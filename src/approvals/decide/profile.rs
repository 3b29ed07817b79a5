//! The releases whose decisions are known, and how they differ.

/// How a release decides. Three generations were measured; every difference between them is a method here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Profile {
    /// 2026.4.14: a splitter of its own, entries match paths as they were found, arguments are ignored.
    V2026_4_14,
    /// 2026.6.11: the grammar of Bash, real paths, `argPattern`.
    V2026_6_11,
    /// 2026.9.6: as before, with entries bound to a directory, package managers, and approvals bound to files.
    V2026_9_6,
}

impl Profile {
    /// Whether a command is parsed with the grammar of Bash instead of the splitter.
    pub fn parses_bash(self) -> bool {
        self >= Self::V2026_6_11
    }
}
