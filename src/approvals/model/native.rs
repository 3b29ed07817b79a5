//! A node's own policy: the rules of a host that keeps no approvals document, such as the Windows companion.
//!
//! Source of the shape: `NativeExecApprovalPolicySchema` of `openclaw` 2026.9.6 and the definition
//! `ExecApprovalsNodeSetParams` of `@openclaw/gateway-protocol` 2026.9.1. Source of the meaning:
//! `ExecApprovalPolicy.cs` of `openclaw-windows-node`. Gateways of the 2026.4 line cannot set such a policy.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::document::{ObjectVisitor, object_type, present};
use super::scalar::{CowVisitor, NonBlank, Text, words};

/// The `$id` of a native policy's schema.
pub const NATIVE_ID: &str = "urn:clearance:schema:native-exec-policy:1";

words!(
    /// The action for a command.
    Action {
        /// It runs.
        Allow = "allow",
        /// It does not run.
        Deny = "deny",
        /// A person is asked.
        Prompt = "prompt",
    }
);

object_type!(Policy<'a>);
object_type!(Rule<'a>);

/// What may run on a node that keeps its own policy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "OpenClaw native exec policy", extend("$id" = NATIVE_ID))]
pub struct Policy<'a> {
    /// What happens to a command that no rule matches. A node keeps its own value when this is absent.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Action")]
    pub default_action: Option<Action>,
    /// All the node's rules. Of those that match a command the first decides.
    #[serde(borrow)]
    pub rules: Vec<Rule<'a>>,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Rule")]
pub struct Rule<'a> {
    /// Glob over the whole command line: `*` any characters, `?` one. Case is ignored.
    #[serde(borrow)]
    pub pattern: NonBlank<'a>,
    /// What happens to a command that matches.
    pub action: Action,
    /// The shells that the rule applies to. An absent or empty list means all.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<NonBlank<'static>>")]
    pub shells: Option<Vec<NonBlank<'a>>>,
    /// A description of the rule, for display.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<'static>")]
    pub description: Option<Text<'a>>,
    /// Whether the rule is enabled. It is enabled when this is absent.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub enabled: Option<bool>,
}
