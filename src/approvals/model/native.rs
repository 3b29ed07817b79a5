//! A node's own policy: what a host that keeps no approvals document, such as the Windows companion, lets run.
//!
//! Source of the shape: `NativeExecApprovalPolicySchema` of `openclaw` 2026.9.6 and the definition
//! `ExecApprovalsNodeSetParams` of `@openclaw/gateway-protocol` 2026.9.1. Of the meaning: `ExecApprovalPolicy.cs`
//! of `openclaw-windows-node`. Gateways of the 2026.4 line cannot set such a policy.

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
    /// What becomes of a command.
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
    /// What becomes of a command that no rule matches. A node keeps its own when this is absent.
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
    /// Glob over the whole command line: `*` any characters, `?` one. Upper and lower case are the same.
    #[serde(borrow)]
    pub pattern: NonBlank<'a>,
    /// What becomes of a command that matches.
    pub action: Action,
    /// The shells that the rule is for; absent or empty: all.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<NonBlank<'static>>")]
    pub shells: Option<Vec<NonBlank<'a>>>,
    /// What the rule is for, to be shown.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<'static>")]
    pub description: Option<Text<'a>>,
    /// Whether the rule counts; absent: it does.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub enabled: Option<bool>,
}
