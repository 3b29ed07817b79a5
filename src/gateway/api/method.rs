//! The names of the methods.

use std::fmt;

use crate::queue::Kind;

/// A method that clearance calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The first call of each connection.
    Connect,
    /// Checks that the gateway works.
    Health,
    /// Names the gateway's release; used over HTTP alone.
    Status,
    /// Lists the methods of the admin endpoint; used over HTTP alone.
    CommandsList,
    /// Reads the gateway's configuration, without secrets.
    ConfigGet,
    /// Reads the gateway's approvals document.
    ExecApprovalsGet,
    /// Replaces it.
    ExecApprovalsSet,
    /// Reads a node's document or policy.
    ExecApprovalsNodeGet,
    /// Replaces it.
    ExecApprovalsNodeSet,
    /// Lists the nodes.
    NodeList,
    /// Lists the pending commands.
    ExecApprovalList,
    /// Finds one pending command.
    ExecApprovalGet,
    /// Decides a command; matches the beginning of an id.
    ExecApprovalResolve,
    /// Lists the pending prompts of plugins.
    PluginApprovalList,
    /// Decides a plugin's prompt; matches the beginning of an id.
    PluginApprovalResolve,
    /// Lists the pending prompts of the gateway's own agent.
    OpenClawApprovalList,
    /// Finds one prompt of any kind, pending or decided, by its exact id.
    ApprovalGet,
    /// Decides one prompt of any kind by its exact id.
    ApprovalResolve,
    /// Lists the decided prompts.
    ApprovalHistory,
    /// Lists the commands that cron jobs may run without a prompt.
    ExecApprovalGrantsList,
    /// Revokes one of them.
    ExecApprovalGrantsRevoke,
    /// Lists the sessions with their active runs.
    SessionsList,
    /// Aborts a run by its id.
    SessionsAbort,
    /// Aborts the runs of a session, or one of them.
    ChatAbort,
    /// Names the active run of a session.
    ChatHistory,
}

impl Method {
    /// The methods that commands use, in the order of the commands. Releases differ in which of them they have.
    pub const USED: [Self; 21] = [
        Self::ConfigGet,
        Self::ExecApprovalsGet,
        Self::ExecApprovalsSet,
        Self::ExecApprovalsNodeGet,
        Self::ExecApprovalsNodeSet,
        Self::NodeList,
        Self::ExecApprovalList,
        Self::ExecApprovalGet,
        Self::ExecApprovalResolve,
        Self::PluginApprovalList,
        Self::PluginApprovalResolve,
        Self::OpenClawApprovalList,
        Self::ApprovalGet,
        Self::ApprovalResolve,
        Self::ApprovalHistory,
        Self::ExecApprovalGrantsList,
        Self::ExecApprovalGrantsRevoke,
        Self::SessionsList,
        Self::ChatHistory,
        Self::SessionsAbort,
        Self::ChatAbort,
    ];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Health => "health",
            Self::Status => "status",
            Self::CommandsList => "commands.list",
            Self::ConfigGet => "config.get",
            Self::ExecApprovalsGet => "exec.approvals.get",
            Self::ExecApprovalsSet => "exec.approvals.set",
            Self::ExecApprovalsNodeGet => "exec.approvals.node.get",
            Self::ExecApprovalsNodeSet => "exec.approvals.node.set",
            Self::NodeList => "node.list",
            Self::ExecApprovalList => "exec.approval.list",
            Self::ExecApprovalGet => "exec.approval.get",
            Self::ExecApprovalResolve => "exec.approval.resolve",
            Self::PluginApprovalList => "plugin.approval.list",
            Self::PluginApprovalResolve => "plugin.approval.resolve",
            Self::OpenClawApprovalList => "openclaw.approval.list",
            Self::ApprovalGet => "approval.get",
            Self::ApprovalResolve => "approval.resolve",
            Self::ApprovalHistory => "approval.history",
            Self::ExecApprovalGrantsList => "exec.approval.grants.list",
            Self::ExecApprovalGrantsRevoke => "exec.approval.grants.revoke",
            Self::SessionsList => "sessions.list",
            Self::SessionsAbort => "sessions.abort",
            Self::ChatAbort => "chat.abort",
            Self::ChatHistory => "chat.history",
        }
    }

    /// The method that lists the pending prompts of a kind.
    pub const fn list(kind: Kind) -> Self {
        match kind {
            Kind::Exec => Self::ExecApprovalList,
            Kind::Plugin => Self::PluginApprovalList,
            Kind::System => Self::OpenClawApprovalList,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
