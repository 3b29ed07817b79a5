//! The document store of a gateway, or of a node behind it. The document is fetched, and replaced under
//! compare-and-swap.

pub(super) mod replace;

use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use super::Error;
use super::gateway::Connection;
use super::past::recorder::Recorder;
use super::past::target;
use crate::approvals::findings::remark::Remark;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::api::Method;
use crate::gateway::api::approvals::{Document, GetDocument, SetDocument};
use crate::gateway::api::config::{Config, GetConfig};
use crate::gateway::api::nodes::{GetNodePolicy, ListNodes, Node, NodePolicy, Nodes, SetNodePolicy};
use crate::gateway::error::GatewayError;
use crate::gateway::refusal::{Failure, is_id};
use crate::settings::Flags;
use crate::store::quoted_name;
use crate::store::versions::{Target, Writer};

/// The document store of a connected gateway or node.
#[derive(Debug)]
pub(super) struct RemoteStore {
    connection: Connection,
    node: Option<Node>,
}

/// The document that a gateway or node returns.
#[derive(Debug)]
pub(super) enum Fetched {
    /// A document.
    Document(Document),
    /// A Windows node's own policy.
    Native { hash: String, policy: Value },
}

/// Why a document was not stored.
pub(super) enum NotStored {
    /// The document changed since it was fetched.
    Conflict,
    /// The gateway rejected the parameters, with this message.
    Rejected(String),
    /// Any other error.
    Other(Error),
}

impl RemoteStore {
    /// Connects to a gateway, and finds a node behind it. `node`: the node's id or name, or a prefix of one.
    pub(super) async fn open(gateway: &Flags, node: Option<&str>, deadline: Deadline) -> Result<Self, Error> {
        let mut connection = Connection::open(gateway, Access::OPERATOR, deadline).await?;
        let node = match node {
            Some(wanted) => Some(find(&mut connection, wanted).await?),
            None => None,
        };
        let this = Self { connection, node };
        match &this.node {
            Some(node) if node.is_unapproved() => Err(unapproved(node, this.name())),
            _ => Ok(this),
        }
    }

    /// The name of the store in reports.
    pub(super) fn name(&self) -> String {
        let address = self.connection.address();
        match &self.node {
            Some(node) => {
                let name = node.display_name.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
                format!("{address} node {}{name}", node.id)
            }
            None => address.to_owned(),
        }
    }

    /// The names that versions keep of it; `None` for the gateway to rehearse with, which has no past.
    pub(super) fn target(&self) -> Option<Target> {
        let (address, name) = (self.connection.address(), self.connection.name());
        (!self.connection.is_rehearsal()).then(|| match &self.node {
            Some(node) => target::of_node(address, name, &node.id),
            None => target::of_gateway(address, name),
        })
    }

    /// Starts to keep versions.
    pub(super) fn recorder(&self, writer: Writer) -> Recorder {
        Recorder::of(self.target(), writer)
    }

    /// Shows a warning of a recorder immediately.
    pub(super) fn warn(&self, recorder: Recorder) {
        if let Some(Remark { message, remedy }) = recorder.warning() {
            let next = remedy.map_or_else(String::new, |remedy| format!("; next: {remedy}"));
            self.connection.warn(format!("{message}{next}"));
        }
    }

    /// The deadline of the command.
    pub(super) fn deadline(&self) -> Deadline {
        self.connection.deadline()
    }

    /// Sets another deadline, for a command that continues.
    pub(super) fn extend(&mut self, deadline: Deadline) {
        self.connection.extend(deadline);
    }

    /// The gateway's release, if it reports one; `None` for a node, which handles its own document.
    pub(super) fn version(&self) -> Option<&str> {
        if self.node.is_some() { None } else { self.connection.version() }
    }

    /// Fetches the current document or policy.
    pub(super) async fn fetch(&mut self) -> Result<Fetched, Error> {
        let Some(node) = &self.node else {
            return self.connection.read(&GetDocument {}).await.map(Fetched::Document);
        };
        if !node.connected {
            return Err(Error::NodeAway { name: self.name() });
        }
        let answer = self.connection.read(&GetNodePolicy { node_id: &node.id }).await;
        let answer = answer.map_err(|error| self.explain(error))?;
        let read = NodePolicy::read(&answer);
        match read.map_err(|cause| Error::NodeAnswer { name: self.name(), cause })? {
            NodePolicy::Document(document) => Ok(Fetched::Document(document)),
            NodePolicy::Native { hash, policy } => Ok(Fetched::Native { hash, policy }),
            NodePolicy::Disabled { message } => {
                Err(Error::NodeDisabled { name: self.name(), message: message.unwrap_or_default() })
            }
        }
    }

    /// Fetches the gateway's configuration. The error is for people: a gateway may refuse it, and still be of use.
    pub(super) async fn configuration(&mut self) -> Result<Value, String> {
        if !self.connection.offers(Method::ConfigGet) {
            return Err(format!("the gateway does not offer {}", Method::ConfigGet));
        }
        match self.connection.read(&GetConfig {}).await {
            Ok(Config { config: config @ Value::Object(_), .. }) => Ok(config),
            Ok(_) => Err("the gateway sent no configuration".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Whether the gateway, and not only a tunnel to it, is on this host.
    pub(super) fn is_here(&self) -> bool {
        self.node.is_none() && self.connection.is_here()
    }

    /// Replaces the document if it still has this hash.
    pub(super) async fn store(&mut self, file: &RawValue, base_hash: &str) -> Result<(), NotStored> {
        let result = match &self.node {
            None => self.connection.write(&SetDocument { file, base_hash }).await,
            Some(node) => {
                let set = SetNodePolicy { node_id: &node.id, file: Some(file), native: None, base_hash };
                self.connection.write(&set).await
            }
        };
        self.stored(result)
    }

    /// Replaces a Windows node's policy if it still has this hash.
    pub(super) async fn store_native(&mut self, policy: &Value, base_hash: &str) -> Result<(), NotStored> {
        let node_id = self.node.as_ref().map_or("", |node| node.id.as_str());
        let set = SetNodePolicy { node_id, file: None, native: Some(policy), base_hash };
        let result = self.connection.write(&set).await;
        self.stored(result)
    }

    fn stored(&self, result: Result<IgnoredAny, GatewayError>) -> Result<(), NotStored> {
        match result {
            Ok(_) => Ok(()),
            Err(GatewayError::Failed { failure, .. }) if is_conflict(&failure) => Err(NotStored::Conflict),
            Err(GatewayError::Failed { failure, .. }) if is_rejection(&failure) => {
                Err(NotStored::Rejected(failure.message))
            }
            Err(GatewayError::Failed { method, failure }) => Err(if let Some(words) = of_node(&failure) {
                NotStored::Rejected(words)
            } else {
                let error = self.connection.fault(GatewayError::Failed { method, failure });
                NotStored::Other(self.explain(error))
            }),
            Err(error) => Err(NotStored::Other(self.connection.fault(error))),
        }
    }

    /// Replaces a generic error with one about approval, where the node's command was not approved.
    fn explain(&self, error: Error) -> Error {
        match (&self.node, &error) {
            (Some(node), Error::Gateway(fault)) => match fault.error.root() {
                GatewayError::Failed { failure, .. }
                    if node.may_be_unapproved() && is_not_allowed(failure) =>
                {
                    unapproved(node, self.name())
                }
                _ => error,
            },
            _ => error,
        }
    }

    /// Closes the connection cleanly.
    pub(super) async fn close(self) {
        self.connection.close().await;
    }
}

/// The error for a node whose commands were never approved.
fn unapproved(node: &Node, name: String) -> Error {
    // The id becomes part of a command to paste: anything that is not an id is omitted.
    Error::NodeUnapproved { name, request: node.pending_request_id.clone().filter(|id| is_id(id)) }
}

/// Whether the document changed meanwhile. Gateways have no code for this; they wrap a node's message in their own.
fn is_conflict(failure: &Failure) -> bool {
    let node = failure.details.pointer("/nodeError/message").and_then(Value::as_str).unwrap_or_default();
    [failure.message.as_str(), node].iter().any(|message| message.contains("exec approvals changed"))
}

/// Whether a gateway did not forward a command to a node: the command is not approved, or the node does not have it.
fn is_not_allowed(failure: &Failure) -> bool {
    failure.message.starts_with("node command not allowed")
}

fn is_rejection(failure: &Failure) -> bool {
    failure.code == "INVALID_REQUEST" && failure.message.contains(" params: ")
}

/// The reason why a node rejects its parameters. The gateway forwards the node's message under its own code.
fn of_node(failure: &Failure) -> Option<String> {
    let text = |field| failure.details.pointer(&format!("/nodeError/{field}")).and_then(Value::as_str);
    text("code").filter(|code| *code == "INVALID_REQUEST").and_then(|_| text("message")).map(str::to_owned)
}

/// Finds a node by its id or name, or by a prefix that only one node has.
async fn find(connection: &mut Connection, wanted: &str) -> Result<Node, Error> {
    let Nodes { nodes } = connection.read(&ListNodes {}).await?;
    let name = |node: &Node| node.display_name.clone().unwrap_or_default();
    let by = |matches: &dyn Fn(&Node) -> bool| {
        nodes.iter().filter(|node| matches(node)).cloned().collect::<Vec<Node>>()
    };
    let tries: [&dyn Fn(&Node) -> bool; 4] = [
        &|node| node.id == wanted,
        &|node| name(node) == wanted,
        &|node| name(node).eq_ignore_ascii_case(wanted),
        &|node| node.id.starts_with(wanted) || name(node).to_lowercase().starts_with(&wanted.to_lowercase()),
    ];
    let listed = |nodes: &[Node]| {
        let listed = |node: &Node| match &*name(node) {
            "" => quoted_name(&node.id),
            name => format!("{} {}", quoted_name(&node.id), quoted_name(name)),
        };
        nodes.iter().map(listed).collect()
    };
    // The empty prefix matches every node: an unset variable in a script must not select one.
    for matches in tries.into_iter().filter(|_| !wanted.trim().is_empty()) {
        match by(matches).as_slice() {
            [] => {}
            [node] => return Ok(node.clone()),
            several => {
                return Err(Error::NodeAmbiguous { wanted: wanted.to_owned(), matches: listed(several) });
            }
        }
    }
    Err(Error::NodeUnknown { wanted: wanted.to_owned(), known: listed(&nodes) })
}
