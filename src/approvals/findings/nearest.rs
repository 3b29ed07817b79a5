//! The name that was most likely meant, of those that there are.

/// Whether a name is hardly anything but one of these, misspelt.
pub(in crate::approvals) fn is_misspelt<'c>(
    name: &str,
    mut candidates: impl Iterator<Item = &'c str>,
) -> bool {
    const HARDLY: f64 = 0.88;
    name.len() <= LONGEST
        && candidates
            .any(|candidate| strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()) >= HARDLY)
}

/// Nobody misspells a name into one that is longer, in bytes.
const LONGEST: usize = 100;

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
