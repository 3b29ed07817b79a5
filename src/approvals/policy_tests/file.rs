//! The TOML file of policy tests, as it is written. The JSON Schema is derived from these types.
//!
//! ```toml
//! document = "exec-approvals.json"
//! release = ["2026.9.6", "2026.4.14"]
//!
//! [host]
//! home = "/home/ops"
//!
//! [host.programs]
//! git = "/usr/bin/git"
//!
//! [[case]]
//! command = "git status"
//! expect = "runs"
//! entry = "/usr/bin/git"
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::one_or_more::{Named, OneOrMore};
use crate::approvals::decide::{Context, Programs, Table};
use crate::approvals::model::scalar::{Ask, Security};

/// Policy tests: what a gateway does with commands under one approvals document
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "clearance policy tests")]
pub(super) struct File {
    /// The approvals document: a file, or the database of a host; relative to this file
    #[schemars(with = "String")]
    pub(super) document: Spanned<String>,
    /// OpenClaw's configuration (openclaw.json), relative to this file; without it, the host has none
    #[schemars(with = "Option<String>")]
    pub(super) config: Option<Spanned<String>>,
    /// The OpenClaw release that decides, or several; without it, the newest that clearance knows
    #[schemars(with = "Option<OneOrMore<String>>")]
    pub(super) release: Option<Spanned<OneOrMore<String>>>,
    /// The agent that calls; main by default
    #[schemars(with = "Option<String>")]
    pub(super) agent: Option<Spanned<String>>,
    /// Whether somebody can answer a prompt; interactive by default
    pub(super) context: Option<Context>,
    /// The directory of the call: an absolute path, or one that begins with ~; the home directory by default
    #[schemars(with = "Option<String>")]
    pub(super) directory: Option<Spanned<String>>,
    /// The host on which the commands are called: a table, or "local"; without it, nothing is known of the host
    #[schemars(with = "Option<WrittenHost>")]
    pub(super) host: Option<Spanned<WrittenHost>>,
    /// The cases
    #[serde(rename = "case")]
    #[schemars(with = "Vec<WrittenCase>", length(min = 1))]
    pub(super) cases: Vec<Spanned<WrittenCase>>,
}

/// The host on which commands are called.
#[derive(Debug)]
pub(super) enum WrittenHost {
    /// The machine that runs the tests.
    Local,
    /// The host that a table describes.
    Table(Table),
}

impl<'de> Deserialize<'de> for WrittenHost {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct HostVisitor;

        impl<'de> Visitor<'de> for HostVisitor {
            type Value = WrittenHost;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, or \"local\" for the machine that runs the tests")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<WrittenHost, E> {
                if text == "local" {
                    return Ok(WrittenHost::Local);
                }
                Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<WrittenHost, A::Error> {
                Table::deserialize(MapAccessDeserializer::new(map)).map(WrittenHost::Table)
            }
        }

        deserializer.deserialize_any(HostVisitor)
    }
}

impl JsonSchema for WrittenHost {
    fn schema_name() -> Cow<'static, str> {
        "Host".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<Table>();
        json_schema!({
            "description": "A table of the host's programs, or \"local\" for the machine that runs the tests",
            "anyOf": [table, { "const": "local" }],
        })
    }
}

/// A case: a command, and what is expected of the gateway
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Case")]
pub(super) struct WrittenCase {
    /// What the case shows; the command by default
    pub(super) name: Option<String>,
    /// The command, as the agent sends it
    #[schemars(with = "String")]
    pub(super) command: Spanned<String>,
    /// What the gateway does with the command
    pub(super) expect: Expected,
    /// What the gateway does if nobody answers the prompt; only where it asks
    #[schemars(with = "Option<IfUnanswered>")]
    pub(super) unanswered: Option<Spanned<IfUnanswered>>,
    /// The entry that matches a part of the command, or several entries
    #[schemars(with = "Option<OneOrMore<EntryName>>")]
    pub(super) entry: Option<Spanned<OneOrMore<EntryName>>>,
    /// The release of this case, or several, in place of the file's
    #[schemars(with = "Option<OneOrMore<String>>")]
    pub(super) release: Option<Spanned<OneOrMore<String>>>,
    /// The agent that calls, in place of the file's
    #[schemars(with = "Option<String>")]
    pub(super) agent: Option<Spanned<String>>,
    /// Whether somebody can answer a prompt, in place of the file's
    pub(super) context: Option<Context>,
    /// The directory of the call, in place of the file's
    #[schemars(with = "Option<String>")]
    pub(super) directory: Option<Spanned<String>>,
    /// Variables that the call sets
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// `ask` of the call: off, on-miss or always
    pub(super) ask: Option<Ask>,
    /// `security` of the call: deny, allowlist or full; only releases up to 2026.5 read it
    pub(super) security: Option<Security>,
    /// The permission mode of the session; only read from 2026.8 on
    pub(super) permission_mode: Option<PermissionMode>,
    /// Programs of the host in this case: in addition to the file's, or in place of one with the same name
    #[schemars(with = "Option<Programs>")]
    pub(super) programs: Option<Spanned<Programs>>,
}

/// The permission mode of a session
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PermissionMode {
    /// No command runs
    ReadOnly,
    /// What the allowlist does not match asks
    Guarded,
    /// What the allowlist does not match asks, after a model has reviewed it
    Workspace,
    /// Every command runs
    Full,
}

impl PermissionMode {
    /// The word of the release.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::Guarded => "guarded",
            Self::Workspace => "workspace",
            Self::Full => "full",
        }
    }
}

/// What a gateway does with a command
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// It runs
    Runs,
    /// A person gets a prompt
    Asks,
    /// It is denied
    Denied,
    /// The verdict depends on an unknown fact
    Unknown,
}

/// What a gateway does with the command of a prompt that nobody answers
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IfUnanswered {
    /// It runs
    Runs,
    /// It is denied
    Denied,
}

/// The entry that a case expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryName {
    /// The pattern, or `agent/pattern`.
    pub pattern: String,
    /// The pattern for arguments; `None`: any, or none.
    pub arg_pattern: Option<String>,
    /// The agent in whose list it is, `*` for the list of every agent; `None`: any.
    pub agent: Option<String>,
}

impl Named for EntryName {
    const ONE: &'static str = "a pattern or {pattern, arg_pattern, agent}";
}

/// An entry, written out
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Entry")]
struct WrittenEntry {
    /// The pattern
    pattern: String,
    /// The pattern for arguments
    arg_pattern: Option<String>,
    /// The agent in whose list it is; * is the list of every agent
    agent: Option<String>,
}

impl<'de> Deserialize<'de> for EntryName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntryVisitor;

        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = EntryName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EntryName::ONE)
            }

            fn visit_str<E: serde::de::Error>(self, pattern: &str) -> Result<EntryName, E> {
                Ok(EntryName { pattern: pattern.to_owned(), arg_pattern: None, agent: None })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<EntryName, A::Error> {
                let written = WrittenEntry::deserialize(MapAccessDeserializer::new(map))?;
                let WrittenEntry { pattern, arg_pattern, agent } = written;
                Ok(EntryName { pattern, arg_pattern, agent })
            }
        }

        deserializer.deserialize_any(EntryVisitor)
    }
}

impl JsonSchema for EntryName {
    fn schema_name() -> Cow<'static, str> {
        "EntryName".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let written = generator.subschema_for::<WrittenEntry>();
        json_schema!({
            "description": "The pattern of an entry, agent/pattern, or the entry written out",
            "anyOf": [{ "type": "string" }, written],
        })
    }
}

impl fmt::Display for EntryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(agent) = &self.agent {
            write!(f, "{agent}/")?;
        }
        f.write_str(&self.pattern)?;
        match &self.arg_pattern {
            Some(arg_pattern) => write!(f, " argPattern={arg_pattern}"),
            None => Ok(()),
        }
    }
}
