//! Which options of which interpreters are followed by code.
//!
//! Source: `FLAG_INTERPRETER_INLINE_EVAL_SPECS` and `POSITIONAL_INTERPRETER_INLINE_EVAL_SPECS` of the three
//! releases.

use super::profile::Profile;

/// Interpreters with an option that is followed by code.
pub(super) struct Flagged {
    pub names: &'static [&'static str],
    /// Whether only 2026.9.6 knows it.
    pub is_later: bool,
    /// Options compared in lower case.
    pub exact: &'static [&'static str],
    /// Options whose case counts.
    pub cased: Cased,
    /// Beginnings of words with the code in them, compared in lower case.
    pub prefixes: &'static [&'static str],
    /// The same, but case counts.
    pub cased_prefixes: &'static [&'static str],
    /// On 2026.9.6, long options and to how many characters they may be shortened.
    pub abbreviated: &'static [(&'static str, usize)],
    /// On 2026.9.6, options of one letter that may be joined with the code.
    pub joined: &'static [&'static str],
    /// Options that only look like joined ones.
    pub never_joined: &'static [&'static str],
    /// On 2026.9.6, letters that are followed by code at the end of a cluster.
    pub clusters: &'static [Cluster],
    /// Whether options count after `--`.
    pub reads_past_terminator: bool,
}

/// Options whose case counts.
pub(super) struct Cased {
    flags: &'static [&'static str],
    /// Whether only 2026.9.6 knows them.
    is_later: bool,
}

impl Cased {
    /// The options that a release knows.
    pub(super) fn for_release(&self, profile: Profile) -> &'static [&'static str] {
        if self.is_later && profile < Profile::V2026_9_6 { &[] } else { self.flags }
    }
}

/// A letter that is followed by code at the end of a cluster of options.
pub(super) struct Cluster {
    flag: char,
    /// Letters that may precede it.
    before: &'static str,
    /// Those of them that digits may follow.
    with_digits: &'static str,
    /// Whether `0` with digits may precede it.
    separators: bool,
}

impl Cluster {
    /// Whether a word is such a cluster.
    pub(super) fn is_in(&self, token: &str) -> bool {
        let Some(letters) = token.strip_prefix('-').filter(|letters| !letters.starts_with('-')) else {
            return false;
        };
        // The letter is looked for after the first one.
        let mut characters = letters.char_indices();
        characters.next();
        let Some((end, _)) = characters.find(|(_, letter)| *letter == self.flag) else { return false };
        let mut rest = letters.get(..end).unwrap_or_default();
        while let Some(letter) = rest.chars().next() {
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            let is_separator = self.separators && letter == '0' && !self.before.contains('0');
            if !self.before.contains(letter) && !is_separator {
                return false;
            }
            if self.with_digits.contains(letter) || is_separator {
                rest = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
            }
        }
        true
    }
}

const NO_CASED: Cased = Cased { flags: &[], is_later: false };

/// An interpreter without anything special.
const PLAIN: Flagged = Flagged {
    names: &[],
    is_later: false,
    exact: &[],
    cased: NO_CASED,
    prefixes: &[],
    cased_prefixes: &[],
    abbreviated: &[],
    joined: &[],
    never_joined: &[],
    clusters: &[],
    reads_past_terminator: false,
};

const PERL_LETTERS: &str = "STWXUVacdflnpstuw";

/// The interpreters in the order in which a name is looked up.
pub(super) const FLAGGED: &[Flagged] = &[
    Flagged {
        names: &["python", "python2", "python3", "pypy", "pypy3"],
        exact: &["-c"],
        joined: &["-c"],
        clusters: &[Cluster { flag: 'c', before: "BEIOPRSbdiqsuvx", with_digits: "", separators: false }],
        ..PLAIN
    },
    Flagged {
        names: &["node", "nodejs", "bun", "deno"],
        exact: &["-e", "--eval", "-p", "--print"],
        joined: &["-e", "-p"],
        ..PLAIN
    },
    Flagged {
        names: &["awk", "gawk", "mawk", "nawk"],
        exact: &["-e", "--source"],
        prefixes: &["--source="],
        abbreviated: &[("--source", 3)],
        joined: &["-e"],
        ..PLAIN
    },
    Flagged {
        names: &["ruby"],
        exact: &["-e"],
        joined: &["-e"],
        clusters: &[Cluster { flag: 'e', before: "SUWacdlnpsvw", with_digits: "W", separators: true }],
        ..PLAIN
    },
    Flagged {
        names: &["perl"],
        exact: &["-e"],
        joined: &["-e", "-E"],
        clusters: &[
            Cluster { flag: 'e', before: PERL_LETTERS, with_digits: "l", separators: true },
            Cluster { flag: 'E', before: PERL_LETTERS, with_digits: "l", separators: true },
        ],
        ..PLAIN
    },
    Flagged {
        names: &["php"],
        exact: &["-r"],
        cased: Cased { flags: &["-B", "-E", "-R"], is_later: true },
        joined: &["-r"],
        ..PLAIN
    },
    Flagged { names: &["r", "rscript"], is_later: true, exact: &["-e"], joined: &["-e"], ..PLAIN },
    Flagged {
        names: &["julia"],
        is_later: true,
        exact: &["-e", "--eval", "--print"],
        cased: Cased { flags: &["-E"], is_later: true },
        joined: &["-e"],
        ..PLAIN
    },
    Flagged { names: &["elixir", "iex"], is_later: true, exact: &["-e", "--eval", "--rpc-eval"], ..PLAIN },
    Flagged { names: &["guile"], is_later: true, exact: &["-c", "-e"], ..PLAIN },
    Flagged {
        names: &["groovy"],
        is_later: true,
        exact: &["-e"],
        joined: &["-e"],
        never_joined: &["-encoding"],
        clusters: &[Cluster { flag: 'e', before: "np", with_digits: "", separators: false }],
        ..PLAIN
    },
    Flagged {
        names: &["scala", "scala-cli"],
        is_later: true,
        exact: &[
            "-e",
            "--script-snippet",
            "--execute-script",
            "--execute-sc",
            "--execute-scala-script",
            "--scala-snippet",
            "--execute-scala",
            "--java-snippet",
            "--execute-java",
            "--markdown-snippet",
            "--md-snippet",
            "--execute-markdown",
            "--execute-md",
        ],
        ..PLAIN
    },
    Flagged { names: &["clojure", "clj"], is_later: true, exact: &["-e", "--eval"], ..PLAIN },
    Flagged {
        names: &["raku", "perl6"],
        is_later: true,
        exact: &["-e"],
        joined: &["-e"],
        clusters: &[Cluster { flag: 'e', before: "np", with_digits: "", separators: false }],
        ..PLAIN
    },
    Flagged { names: &["ghc", "ghci"], is_later: true, exact: &["-e"], ..PLAIN },
    Flagged { names: &["erl", "werl"], is_later: true, exact: &["-eval", "-run", "-s"], ..PLAIN },
    Flagged {
        names: &["gdb"],
        is_later: true,
        exact: &["-ex", "-iex", "-eiex"],
        prefixes: &["-ex=", "-iex=", "-eiex="],
        abbreviated: &[
            ("-eval-command", 3),
            ("--eval-command", 4),
            ("-init-eval-command", 7),
            ("--init-eval-command", 8),
            ("-early-init-eval-command", 13),
            ("--early-init-eval-command", 14),
        ],
        ..PLAIN
    },
    Flagged { names: &["expect"], is_later: true, exact: &["-c"], joined: &["-c"], ..PLAIN },
    Flagged { names: &["lua"], exact: &["-e"], joined: &["-e"], ..PLAIN },
    Flagged { names: &["osascript"], exact: &["-e"], joined: &["-e"], ..PLAIN },
    Flagged {
        names: &["find"],
        exact: &["-exec", "-execdir", "-ok", "-okdir"],
        reads_past_terminator: true,
        ..PLAIN
    },
    Flagged {
        names: &["make", "gmake"],
        exact: &["-f", "--file", "--makefile", "--eval"],
        cased: Cased { flags: &["-E"], is_later: false },
        cased_prefixes: &["-E"],
        prefixes: &["-f", "--file=", "--makefile=", "--eval="],
        abbreviated: &[("--eval", 4)],
        joined: &["-f"],
        ..PLAIN
    },
    Flagged {
        names: &["sed", "gsed"],
        cased: Cased { flags: &["-e"], is_later: false },
        cased_prefixes: &["-e"],
        ..PLAIN
    },
];

/// Interpreters whose first operand is code.
pub(super) struct Operand {
    pub names: &'static [&'static str],
    /// Options with the code in a file: there is no operand with code then.
    pub files: &'static [&'static str],
    pub file_prefixes: &'static [&'static str],
    /// Options with a value.
    pub values: &'static [&'static str],
    /// Options with a value only after `=`.
    pub optional_values: &'static [&'static str],
    /// Beginnings of words that hold a value.
    pub value_prefixes: &'static [&'static str],
}

/// The interpreters, in every release.
pub(super) const OPERANDS: &[Operand] = &[
    Operand {
        names: &["awk", "gawk", "mawk", "nawk"],
        files: &["-f", "--file"],
        file_prefixes: &["-f", "--file="],
        values: &["-F", "--field-separator", "-v", "--assign", "-i", "--include", "-l", "--load", "-W"],
        optional_values: &[],
        value_prefixes: &["-F", "--field-separator=", "-v", "--assign=", "--include=", "--load="],
    },
    Operand {
        names: &["xargs"],
        files: &[],
        file_prefixes: &[],
        values: &[
            "-a",
            "--arg-file",
            "-d",
            "--delimiter",
            "-E",
            "-I",
            "-L",
            "--max-lines",
            "-n",
            "--max-args",
            "-P",
            "--max-procs",
            "-s",
            "--max-chars",
        ],
        optional_values: &["--eof", "--replace"],
        value_prefixes: &[
            "-a",
            "--arg-file=",
            "-d",
            "--delimiter=",
            "-E",
            "--eof=",
            "-I",
            "--replace=",
            "-i",
            "-L",
            "--max-lines=",
            "-l",
            "-n",
            "--max-args=",
            "-P",
            "--max-procs=",
            "-s",
            "--max-chars=",
        ],
    },
    Operand {
        names: &["sed", "gsed"],
        files: &["-f", "--file"],
        file_prefixes: &["-f", "--file="],
        values: &["-l", "--line-length"],
        optional_values: &["-i", "--in-place"],
        value_prefixes: &["--in-place=", "--line-length="],
    },
];
