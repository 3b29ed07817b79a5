//! Which options safe bins may have.
//!
//! Source: `exec-safe-bin-policy-profiles` of the three releases. Options without a value are known since
//! 2026.9.6.

use super::configuration::SafeBinProfile;
use super::profile::Profile;
use super::resolve::Lookup;

/// The options that a safe bin may have.
pub(super) struct Flags<'f> {
    /// The fewest positional arguments.
    pub min_positional: usize,
    /// The most; `None`: any number.
    pub max_positional: Option<usize>,
    values: Vec<&'f str>,
    booleans: &'static [&'static str],
    denied: Vec<&'f str>,
}

impl Flags<'_> {
    /// Whether an option takes a value.
    pub(super) fn takes_value(&self, flag: &str) -> bool {
        self.values.contains(&flag)
    }

    /// Whether an option is known to take none.
    pub(super) fn is_boolean(&self, flag: &str) -> bool {
        self.booleans.contains(&flag)
    }

    /// Whether an option is refused.
    pub(super) fn denies(&self, flag: &str) -> bool {
        self.denied.contains(&flag)
    }

    /// The long option that a word names, perhaps shortened (`resolveCanonicalLongFlag`). `None`: unknown, or
    /// not unique.
    pub(super) fn long(&self, name: &str) -> Option<&str> {
        if name.len() <= 2 {
            return None;
        }
        let known = self.values.iter().chain(self.booleans).chain(self.denied.iter()).copied();
        let mut found: Option<&str> = None;
        for flag in known.filter(|flag| flag.starts_with("--") && flag.starts_with(name)) {
            if flag == name {
                return Some(flag);
            }
            if found.is_some_and(|other| other != flag) {
                found = Some("");
            } else if found.is_none() {
                found = Some(flag);
            }
        }
        found.filter(|flag| !flag.is_empty())
    }
}

/// The options of a safe bin: as configured, else as the release has them. `None`: it has no profile.
pub(super) fn flags<'l>(lookup: &Lookup<'l>, name: &str) -> Option<Flags<'l>> {
    match lookup.setup.profiles.get(name) {
        Some(profile) => Some(configured(profile)),
        None => built_in(lookup.profile, name),
    }
}

fn configured(profile: &SafeBinProfile) -> Flags<'_> {
    Flags {
        min_positional: profile.min_positional,
        max_positional: profile.max_positional,
        values: profile.value_flags.iter().map(String::as_str).collect(),
        booleans: &[],
        denied: profile.denied_flags.iter().map(String::as_str).collect(),
    }
}

/// The options of a safe bin as the release has them.
pub(super) fn built_in(profile: Profile, name: &str) -> Option<Flags<'static>> {
    let row = ROWS.iter().find(|row| row.name == name)?;
    let is_new = profile >= Profile::V2026_9_6;
    Some(Flags {
        min_positional: row.positional.0,
        max_positional: Some(row.positional.1),
        values: row.values.to_vec(),
        booleans: if is_new { row.booleans } else { &[] },
        denied: if is_new || name != "tail" { row.denied.to_vec() } else { Vec::new() },
    })
}

/// The profile of a safe bin.
struct Row {
    name: &'static str,
    /// The fewest and the most positional arguments.
    positional: (usize, usize),
    values: &'static [&'static str],
    /// Options without a value, since 2026.9.6.
    booleans: &'static [&'static str],
    /// Refused options; those of `tail` since 2026.9.6.
    denied: &'static [&'static str],
}

const ROWS: [Row; 9] = [
    Row {
        name: "jq",
        positional: (0, 1),
        values: &["--arg", "--argjson", "--argstr"],
        booleans: &[],
        denied: &["--argfile", "--rawfile", "--slurpfile", "--from-file", "--library-path", "-L", "-f"],
    },
    Row {
        name: "grep",
        positional: (0, 0),
        values: &[
            "--regexp",
            "--max-count",
            "--after-context",
            "--before-context",
            "--context",
            "--devices",
            "--binary-files",
            "--exclude",
            "--include",
            "--label",
            "-e",
            "-m",
            "-A",
            "-B",
            "-C",
            "-D",
        ],
        booleans: &[],
        denied: &[
            "--file",
            "--exclude-from",
            "--dereference-recursive",
            "--directories",
            "--recursive",
            "-f",
            "-d",
            "-r",
            "-R",
        ],
    },
    Row {
        name: "cut",
        positional: (0, 0),
        values: &[
            "--bytes",
            "--characters",
            "--fields",
            "--delimiter",
            "--output-delimiter",
            "-b",
            "-c",
            "-f",
            "-d",
        ],
        booleans: &["--complement", "--only-delimited", "--zero-terminated", "-n", "-s", "-z"],
        denied: &[],
    },
    Row {
        name: "sort",
        positional: (0, 0),
        values: &[
            "--key",
            "--field-separator",
            "--buffer-size",
            "--parallel",
            "--batch-size",
            "-k",
            "-t",
            "-S",
        ],
        booleans: &[],
        denied: &[
            "--compress-program",
            "--files0-from",
            "--output",
            "--random-source",
            "--temporary-directory",
            "-T",
            "-o",
        ],
    },
    Row {
        name: "uniq",
        positional: (0, 0),
        values: &["--skip-fields", "--skip-chars", "--check-chars", "--group", "-f", "-s", "-w"],
        booleans: &[
            "--count",
            "--repeated",
            "--unique",
            "--ignore-case",
            "--zero-terminated",
            "-c",
            "-d",
            "-u",
            "-i",
            "-z",
        ],
        denied: &[],
    },
    Row {
        name: "head",
        positional: (0, 0),
        values: &["--lines", "--bytes", "-n", "-c"],
        booleans: &["--quiet", "--silent", "--verbose", "--zero-terminated", "-q", "-v", "-z"],
        denied: &[],
    },
    Row {
        name: "tail",
        positional: (0, 0),
        values: &["--lines", "--bytes", "--sleep-interval", "--max-unchanged-stats", "--pid", "-n", "-c"],
        booleans: &["--quiet", "--silent", "--verbose", "--zero-terminated", "-q", "-v", "-z"],
        denied: &["--follow", "--retry", "-F", "-f"],
    },
    Row {
        name: "tr",
        positional: (1, 2),
        values: &[],
        booleans: &[
            "--complement",
            "--delete",
            "--squeeze-repeats",
            "--truncate-set1",
            "-C",
            "-c",
            "-d",
            "-s",
            "-t",
        ],
        denied: &[],
    },
    Row {
        name: "wc",
        positional: (0, 0),
        values: &[],
        booleans: &[
            "--bytes",
            "--chars",
            "--lines",
            "--max-line-length",
            "--words",
            "-L",
            "-c",
            "-l",
            "-m",
            "-w",
        ],
        denied: &["--files0-from"],
    },
];
