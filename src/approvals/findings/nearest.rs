//! Finds the candidate that was most likely meant.

/// Whether a name is a misspelling of one of these.
pub(in crate::approvals) fn is_misspelt<'c>(
    name: &str,
    mut candidates: impl Iterator<Item = &'c str>,
) -> bool {
    const MIN_SIMILARITY: f64 = 0.88;
    name.len() <= LONGEST
        && candidates.any(|candidate| {
            strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()) >= MIN_SIMILARITY
        })
}

/// Maximum length, in bytes, of a name that is treated as a misspelling.
const LONGEST: usize = 100;

/// The candidate that a name misspells or abbreviates. If most candidates are long, many unrelated names resemble them.
pub(in crate::approvals) fn near<'c>(
    name: &str,
    mut candidates: impl Iterator<Item = &'c str> + Clone,
) -> Option<String> {
    const BEGINNING: usize = 4;
    let begins = |candidate: &&str| name.len() >= BEGINNING && candidate.starts_with(&name.to_lowercase());
    let found = candidates.clone().find(begins).map(str::to_owned);
    found.or_else(|| {
        let misspelt = candidates.find(|candidate| is_misspelt(name, std::iter::once(*candidate)))?;
        // The nearest of the similar candidates.
        nearest(name, candidates.chain(std::iter::once(misspelt)))
    })
}

/// The candidate that was most likely meant.
pub(in crate::approvals) fn nearest<'c>(
    name: &str,
    candidates: impl Iterator<Item = &'c str>,
) -> Option<String> {
    const ALIKE: f64 = 0.75;
    if name.len() > LONGEST {
        return None;
    }
    candidates
        .map(|candidate| {
            let alike = strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
            (alike, candidate)
        })
        .filter(|&(alike, _)| alike >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_near_where_it_is_misspelt_or_a_beginning() {
        let codes = ["covered-entry", "duplicate-entry", "no-document", "unknown-value", "nul-byte"];
        for (name, expected) in [
            ("unkown-value", Some("unknown-value")),
            ("Duplicate", Some("duplicate-entry")),
            ("dup", None),
            ("nope", None),
            ("document", None),
            ("duplicat-entry", Some("duplicate-entry")),
        ] {
            assert_eq!(near(name, codes.into_iter()).as_deref(), expected, "{name}");
        }
    }
}
