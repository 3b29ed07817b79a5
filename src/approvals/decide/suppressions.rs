//! Commands that mention the suppressions of security findings ask. Facts:
//! `commandRequiresSecurityAuditSuppressionApproval` of 2026.6.11 and 2026.9.6.

use super::evaluation::Evaluation;
use super::question::Question;

/// Whether the command may change what `openclaw security audit` suppresses.
pub(super) fn are_mentioned(question: &Question<'_>, _evaluation: &Evaluation) -> bool {
    question.command.contains("security.audit.suppressions")
}
