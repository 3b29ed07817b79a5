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
    /// Number of cases that clearance does not decide.
    pub unknown: u64,
    /// Number of texts that the release cannot analyse, that no entry is taken for, and that clearance splits otherwise.
    #[serde(default)]
    pub words: u64,
    /// The day of the comparison, `2026-11-26`.
    pub date: String,
    /// The command that repeats it.
    pub command: String,
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
    use std::collections::BTreeSet;

    use super::*;
    use crate::approvals::decide::Profile;

    #[test]
    fn the_stored_comparisons_are_well_formed() {
        let stored: Vec<Proof> = serde_json::from_str(include_str!("proven.json")).unwrap();
        assert_eq!(stored, Proof::all());
        let releases: BTreeSet<&str> = stored.iter().map(|proof| proof.release.as_str()).collect();
        assert_eq!(releases.len(), stored.len(), "a release is listed twice");
        for proof in &stored {
            let release = &proof.release;
            assert!(Profile::of(release).is_some(), "{release}");
            assert_eq!(Proof::of(release).as_ref(), Some(proof));
            assert!(proof.cases > 0 && proof.fixed <= proof.cases, "{release}");
            assert!(proof.disagreements + proof.words + proof.unknown <= proof.cases, "{release}");
            assert!(!proof.seeds.is_empty(), "{release}");
            let date: Vec<usize> = proof.date.split('-').map(str::len).collect();
            assert_eq!(date, [4, 2, 2], "{release}");
            let command = format!("RELEASE={release} PROVE={} ", proof.cases);
            assert!(proof.command.starts_with(&command), "{release}");
        }
        assert_eq!(Proof::of("1999.1.1"), None);
    }
}
