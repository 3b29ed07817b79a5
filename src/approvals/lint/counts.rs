//! The number of findings of each severity. They count every finding, including those that are not listed.

use crate::approvals::findings::severity::Severity;

/// Number of findings of each severity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub notes: usize,
}

impl Counts {
    /// Counts one more finding of a severity.
    pub fn add(&mut self, severity: Severity) {
        match severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Note => self.notes += 1,
        }
    }

    /// Adds other counts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            warnings: self.warnings + other.warnings,
            notes: self.notes + other.notes,
        }
    }

    /// The total.
    pub fn sum(self) -> usize {
        self.errors + self.warnings + self.notes
    }

    /// Whether there is a finding of this severity or above.
    pub fn reach(self, severity: Severity) -> bool {
        let warnings = severity <= Severity::Warning && self.warnings > 0;
        self.errors > 0 || warnings || (severity == Severity::Note && self.notes > 0)
    }
}
