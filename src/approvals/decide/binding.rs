//! Binds an approval to the files that it would start, as 2026.9.6 does before it asks.
//! Facts: `prepareSystemRunMutableFileBinding`.

use super::gateway::Situation;

/// The files that an approval is bound to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Binding {
    /// Whether the gateway's user may change one of them. `None`: nobody can tell.
    pub is_mutable: Option<bool>,
    /// Whether the model of mode `auto` may see the command.
    pub is_reviewable: bool,
    /// What would have to be known.
    pub missing: Vec<String>,
}

/// Binds the command, or says why it cannot be bound.
pub(super) fn bind(situation: &Situation<'_>) -> Result<Binding, String> {
    if !situation.is_analysable() {
        return Err("SYSTEM_RUN_DENIED: approval cannot safely bind this command".to_owned());
    }
    Ok(Binding { is_mutable: Some(true), is_reviewable: true, missing: Vec::new() })
}
