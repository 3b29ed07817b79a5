//! The options of commands that carry another, and how a word is read as options.
//!
//! Source: the tables and `parseCarrierOptionToken` of `command-carriers` of 2026.6.11 and 2026.9.6, which
//! agree.

/// The options of a carrier. Case counts.
pub(super) struct Options {
    flags: &'static [&'static str],
    values: &'static [&'static str],
    /// Options with which the carrier starts no command, such as `--help`.
    queries: &'static [&'static str],
}

/// The options of `env` that take a value, in the two places of all releases that have a list of their own: the guard of
/// 2026.4.14 and the check of scripts.
pub(super) const ENV_VALUES: [&str; 10] = [
    "-C",
    "-S",
    "-u",
    "--argv0",
    "--block-signal",
    "--chdir",
    "--default-signal",
    "--ignore-signal",
    "--split-string",
    "--unset",
];

pub(super) const ENV: Options = Options {
    flags: &["-0", "-i", "--ignore-environment", "--null"],
    values: &[
        "-C",
        "-P",
        "-S",
        "-s",
        "-u",
        "--argv0",
        "--block-signal",
        "--chdir",
        "--default-signal",
        "--ignore-signal",
        "--split-string",
        "--unset",
    ],
    queries: &[],
};
pub(super) const SUDO: Options = Options {
    flags: &[
        "-A",
        "-B",
        "-b",
        "-E",
        "-H",
        "-i",
        "-k",
        "-N",
        "-n",
        "-P",
        "-S",
        "-s",
        "--askpass",
        "--background",
        "--bell",
        "--login",
        "--no-update",
        "--non-interactive",
        "--preserve-env",
        "--preserve-groups",
        "--reset-home",
        "--reset-timestamp",
        "--set-home",
        "--shell",
        "--stdin",
    ],
    values: &[
        "-C",
        "-D",
        "-g",
        "-h",
        "-p",
        "-R",
        "-T",
        "-U",
        "-u",
        "--chdir",
        "--chroot",
        "--close-from",
        "--command-timeout",
        "--group",
        "--host",
        "--other-user",
        "--prompt",
        "--role",
        "--type",
        "--user",
    ],
    queries: &[
        "-K",
        "-l",
        "-V",
        "-v",
        "-e",
        "--edit",
        "--help",
        "--list",
        "--remove-timestamp",
        "--validate",
        "--version",
    ],
};
pub(super) const DOAS: Options =
    Options { flags: &["-L", "-n", "-s"], values: &["-a", "-C", "-u"], queries: &[] };
pub(super) const EXEC: Options = Options { flags: &["-c", "-l"], values: &["-a"], queries: &[] };

/// One option of a word: `-ab` has two.
pub(super) struct Found {
    /// Its name with the dash.
    pub name: String,
    /// Its value in the same word.
    pub value: Option<String>,
}

impl Options {
    fn knows(&self, name: &str) -> bool {
        self.flags.contains(&name) || self.values.contains(&name) || self.queries.contains(&name)
    }

    /// The options of a word (`parseCarrierOptionToken`). `None`: one of them is not known.
    pub(super) fn read(&self, token: &str) -> Option<Vec<Found>> {
        if token.starts_with("--") {
            let (name, value) =
                token.split_once('=').map_or((token, None), |(name, value)| (name, Some(value)));
            let found = Found { name: name.to_owned(), value: value.map(str::to_owned) };
            return self.knows(name).then(|| vec![found]);
        }
        let letters = token
            .get(1..)
            .filter(|letters| letters.starts_with(|first: char| first.is_ascii_alphanumeric()))?;
        let mut all = Vec::new();
        for (index, letter) in letters.char_indices() {
            let name = format!("-{letter}");
            if self.values.contains(&name.as_str()) {
                let rest = letters.get(index + letter.len_utf8()..).filter(|rest| !rest.is_empty());
                all.push(Found { name, value: rest.map(str::to_owned) });
                return Some(all);
            }
            if !self.knows(&name) {
                return None;
            }
            all.push(Found { name, value: None });
        }
        Some(all)
    }

    /// Whether one of the options makes the carrier start no command.
    pub(super) fn starts_nothing(&self, found: &[Found]) -> bool {
        found.iter().any(|option| self.queries.contains(&option.name.as_str()))
    }

    /// Whether the next word is the value of the last option that takes one.
    pub(super) fn expects_value(&self, found: &[Found]) -> bool {
        let last = found.iter().rfind(|option| self.values.contains(&option.name.as_str()));
        last.is_some_and(|option| option.value.is_none())
    }
}
