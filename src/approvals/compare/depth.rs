//! How deep a comparison goes.

/// What counts as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What a host looks at when it decides. The order of agents and entries, ids and usage are not policy, and entries
    /// are the same by [`crate::approvals::compare::identity`]. An empty block says the same as none.
    Policy,
    /// Everything but what every gateway adds by itself to a document that it stores: an `id` for an entry without one,
    /// its own `socket` block, which hides its token, and empty `defaults` and `agents`. MCP tools are a set, and their
    /// order is not compared.
    Stored,
    /// Everything.
    Exact,
}
