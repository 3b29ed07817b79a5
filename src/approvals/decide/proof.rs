//! The releases whose decisions were compared with their own code: data in `proven.json`, one element a release.

use serde::{Deserialize, Serialize};

/// The comparison of [`super::decide`] with the code of one release, on generated commands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The release.
    pub release: String,
    /// Number of cases.
    pub cases: u64,
    /// Number of them with a fixed policy, where only parsing and matching vary.
    pub fixed: u64,
    /// The seeds of the generator.
    pub seeds: Vec<u64>,
    /// Number of cases in which the two disagreed.
    pub disagreements: u64,
    /// The day of the comparison, `2026-11-26`.
    pub date: String,
}

impl Proof {
    /// Every comparison, as it is stored in the repository.
    pub fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("proven.json")).unwrap_or_default()
    }

    /// The comparison with a release. `None`: its code was not compared.
    pub fn of(release: &str) -> Option<Self> {
        let release = release.strip_prefix('v').unwrap_or(release);
        Self::all().into_iter().find(|proof| proof.release == release)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_comparisons_can_be_read() {
        let stored: Vec<Proof> = serde_json::from_str(include_str!("proven.json")).unwrap();
        assert_eq!(stored, Proof::all());
        assert_eq!(Proof::of("1999.1.1"), None);
    }
}
