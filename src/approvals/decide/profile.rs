//! The releases whose decisions are known.

/// How a release decides: one of three measured generations. A rule that changed compares with the first release that has it
/// (`profile >= Profile::V2026_9_6`), so that a later generation inherits it.
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
    /// Every generation, the oldest first.
    pub const ALL: [Self; 3] = [Self::V2026_4_14, Self::V2026_6_11, Self::V2026_9_6];

    /// The newest generation.
    pub const NEWEST: Self = Self::V2026_9_6;

    /// The generation that decides for a release: `2026.7.1` is decided as 2026.6.11. `None`: the text is not a release.
    /// The releases from 2026.4.15 to 2026.5 were not measured. They are decided as 2026.4.14, the last measured release
    /// before them, and no answer calls them proven.
    pub fn of(release: &str) -> Option<Self> {
        let (year, month) = year_and_month(release)?;
        Some(match (year, month) {
            (..2026, _) | (2026, ..6) => Self::V2026_4_14,
            (2026, ..8) => Self::V2026_6_11,
            _ => Self::V2026_9_6,
        })
    }

    /// The release that was measured.
    pub const fn release(self) -> &'static str {
        match self {
            Self::V2026_4_14 => "2026.4.14",
            Self::V2026_6_11 => "2026.6.11",
            Self::V2026_9_6 => "2026.9.6",
        }
    }

    /// Whether a command is parsed with the grammar of Bash instead of the splitter.
    pub fn parses_bash(self) -> bool {
        self >= Self::V2026_6_11
    }

    /// Whether entries are compared with real paths and with arguments.
    pub fn reads_arguments(self) -> bool {
        self >= Self::V2026_6_11
    }
}

/// Year and month of a release in the form `2026.4.14` or `2026.9.1-beta.1`; a leading `v` is allowed.
fn year_and_month(release: &str) -> Option<(u16, u8)> {
    let release = release.strip_prefix('v').unwrap_or(release);
    let (numbers, suffix) =
        release.split_once('-').map_or((release, None), |(head, tail)| (head, Some(tail)));
    let is_suffix = |text: &str| {
        !text.is_empty()
            && text.len() <= 32
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == '-')
    };
    if suffix.is_some_and(|text| !is_suffix(text)) {
        return None;
    }
    let is_number =
        |text: &&str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    let mut parts = numbers.split('.');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || ![year, month, day].iter().all(is_number) {
        return None;
    }
    let (year, month) = (year.parse().ok()?, month.parse().ok()?);
    (year >= 2000 && (1..=12).contains(&month)).then_some((year, month))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_release_is_decided_by_the_generation_that_is_next_to_it() {
        for (release, expected) in [
            ("2026.4.14", Some(Profile::V2026_4_14)),
            ("v2026.4.14", Some(Profile::V2026_4_14)),
            ("2025.12.1", Some(Profile::V2026_4_14)),
            ("2026.5.28", Some(Profile::V2026_4_14)),
            ("2026.6.11", Some(Profile::V2026_6_11)),
            ("2026.7.1", Some(Profile::V2026_6_11)),
            ("2026.8.1-beta.2", Some(Profile::V2026_9_6)),
            ("2026.9.6", Some(Profile::V2026_9_6)),
            ("2027.1.1", Some(Profile::V2026_9_6)),
            ("2026.9", None),
            ("2026.13.1", None),
            ("2026.9.6.1", None),
            ("2026.9.x", None),
            ("2026.9.6-", None),
            ("latest", None),
            ("", None),
            (" 2026.9.6", None),
            ("2026.9.6-\u{1b}[2J", None),
        ] {
            assert_eq!(Profile::of(release), expected, "{release}");
        }
        for profile in Profile::ALL {
            assert_eq!(Profile::of(profile.release()), Some(profile));
        }
    }
}
