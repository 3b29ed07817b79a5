//! The depth of a comparison.

/// What counts as a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The fields that a host uses when it decides. The order of agents and entries, ids and usage are not policy, and
    /// entries are equal by [`crate::approvals::compare::identity`]. An empty block equals an absent one.
    Policy,
    /// Everything except the parts that every gateway adds to a document that it stores: an `id` for an entry without
    /// one, its own `socket` block, which hides its token, and empty `defaults` and `agents`. MCP tools are a set, and
    /// their order is not compared.
    Stored,
    /// Everything.
    Exact,
}
