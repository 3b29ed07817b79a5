//! The approvals document. These types are the contract: the JSON Schema is derived from them, and files, local stores
//! and both directions of the protocol are read into them.
//!
//! Source of the shape: `protocol.schema.json` of the npm package `@openclaw/gateway-protocol` 2026.9.1 (definitions
//! `ExecApprovals*`) and the normalisation code of `openclaw` 2026.4.14 to 2026.9.6. Where the gateway accepts any
//! string and drops unknown values (`security`, `ask`, `askFallback`, a blank `pattern`), these types are stricter.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use crate::approvals::model::scalar::{
    Ask, AskFallback, Millis, NonBlank, NonEmpty, Secret, Security, Source, Text, Version,
};

/// `null` differs from an absent field: the protocol rejects it, so an optional field that is present must have a
/// value.
pub(in crate::approvals) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

pub(in crate::approvals) struct ObjectVisitor<T>(pub(in crate::approvals) PhantomData<T>);

/// A derived struct would also be read from an array of its fields. These structs are read only from an object:
/// `remote = "Self"` keeps the derive private, and this adds a visitor that accepts only objects.
macro_rules! object_type {
    ($name:ident $(<$lifetime:lifetime>)?) => {
        impl<'de $(: $lifetime, $lifetime)?> Visitor<'de> for ObjectVisitor<$name $(<$lifetime>)?> {
            type Value = $name $(<$lifetime>)?;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                $name::deserialize(MapAccessDeserializer::new(map))
            }
        }

        impl<'de $(: $lifetime, $lifetime)?> Deserialize<'de> for $name $(<$lifetime>)? {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(ObjectVisitor(PhantomData::<Self>))
            }
        }

        impl $(<$lifetime>)? Serialize for $name $(<$lifetime>)? {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $name::serialize(self, serializer)
            }
        }
    };
}

pub(in crate::approvals) use object_type;

/// The `$id` of a document's schema.
pub const ID: &str = "urn:clearance:schema:exec-approvals:1";

object_type!(Document<'a>);
object_type!(Socket<'a>);
object_type!(Policy);
object_type!(Agent<'a>);
object_type!(Entry<'a>);
object_type!(McpTool<'a>);

/// What agents may run on a host, and when a person is asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "OpenClaw exec approvals", extend("$id" = ID))]
pub struct Document<'a> {
    /// The document's version: always 1.
    pub version: Version,
    /// The socket on which the host's companion app answers prompts. A gateway keeps its own when this is absent.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Socket<'static>")]
    pub socket: Option<Socket<'a>>,
    /// The policy of every agent that does not set its own.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Policy")]
    pub defaults: Option<Policy>,
    /// Policies and allowlists by agent id; `*` applies to all agents.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Agents<'static>")]
    pub agents: Option<Agents<'a>>,
}

/// The socket on which prompts are answered on this host.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Socket")]
pub struct Socket<'a> {
    /// Path of the Unix socket.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<'static>")]
    pub path: Option<Text<'a>>,
    /// Secret that a client of the socket must present.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Secret<'static>")]
    pub token: Option<Secret<'a>>,
}

/// What may run, and when a person is asked. An absent field falls back to the next wider scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Policy")]
pub struct Policy {
    /// What may run: `deny` nothing, `allowlist` what an entry matches, `full` everything.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Security")]
    pub security: Option<Security>,
    /// When a person is asked: `off` never, `on-miss` when no entry matches, `always` every time.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Ask")]
    pub ask: Option<Ask>,
    /// What happens when a person should be asked and none can be.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AskFallback")]
    pub ask_fallback: Option<AskFallback>,
    /// Whether the executables of installed skills are allowed without an entry.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub auto_allow_skills: Option<bool>,
}

/// One agent's policy and allowlist. The first four fields are those of the defaults.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Agent")]
pub struct Agent<'a> {
    /// What may run: `deny` nothing, `allowlist` what an entry matches, `full` everything.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Security")]
    pub security: Option<Security>,
    /// When a person is asked: `off` never, `on-miss` when no entry matches, `always` every time.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Ask")]
    pub ask: Option<Ask>,
    /// What happens when a person should be asked and none can be.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AskFallback")]
    pub ask_fallback: Option<AskFallback>,
    /// Whether the executables of installed skills are allowed without an entry.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub auto_allow_skills: Option<bool>,
    /// The commands that may run.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<Entry<'static>>")]
    pub allowlist: Option<Vec<Entry<'a>>>,
    /// The MCP tools that may run. Gateways before 2026.9.1 reject the field.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Vec<McpTool<'static>>")]
    pub mcp_tools: Option<Vec<McpTool<'a>>>,
}

// Its fields are in the order in which a gateway from 2026.8 prints them: see `row`.
/// One allowlist entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "Allowlist entry")]
pub struct Entry<'a> {
    /// Glob over the resolved path of the executable, or a bare command name.
    #[serde(borrow)]
    pub pattern: NonBlank<'a>,
    /// Stable name of the entry; a gateway adds a UUID where it is absent.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "NonEmpty<'static>")]
    pub id: Option<NonEmpty<'a>>,
    /// `allow-always` where a prompt's answer wrote the entry. Gateways before 2026.4.26 reject the field.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Source")]
    pub source: Option<Source>,
    /// The command line that was approved. Gateways before 2026.4.26 reject the field.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<'static>")]
    pub command_text: Option<Text<'a>>,
    /// ECMAScript regular expression over the arguments joined with one space, or a generated `sha256:` binding.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<'static>")]
    pub arg_pattern: Option<Text<'a>>,
    /// When the entry last matched, in Unix milliseconds.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Millis")]
    pub last_used_at: Option<Millis>,
    /// The command that last matched.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<'static>")]
    pub last_used_command: Option<Text<'a>>,
    /// The executable that last matched.
    #[serde(borrow, default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Text<'static>")]
    pub last_resolved_path: Option<Text<'a>>,
}

impl Agent<'_> {
    /// Whether no field is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One allowed tool of an MCP server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(remote = "Self", rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "MCP tool")]
pub struct McpTool<'a> {
    /// The server's name.
    #[serde(borrow)]
    pub server: NonBlank<'a>,
    /// The tool's name.
    #[serde(borrow)]
    pub tool: NonBlank<'a>,
    /// Always `allow-always`: only a prompt's answer writes such a grant.
    pub source: Source,
    /// When the grant was given, in Unix milliseconds.
    pub added_at: Millis,
    /// When the grant last matched, in Unix milliseconds.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Millis")]
    pub last_used_at: Option<Millis>,
}

/// Agents in the document's order, each id once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Agents<'a>(Vec<(Text<'a>, Agent<'a>)>);

impl<'a> Agents<'a> {
    /// The agents, or `None` if an id is repeated.
    pub fn new(agents: Vec<(Text<'a>, Agent<'a>)>) -> Option<Self> {
        let mut seen = HashSet::with_capacity(agents.len());
        let unique = agents.iter().all(|(id, _)| seen.insert(id.as_str()));
        unique.then_some(Self(agents))
    }

    /// Every agent with its id.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Agent<'a>)> {
        self.0.iter().map(|(id, agent)| (id.as_str(), agent))
    }

    /// The agent with this id. It is appended if it is missing.
    pub fn get_or_insert(&mut self, id: &str) -> &mut Agent<'a> {
        let at = self.0.iter().position(|(other, _)| other.as_str() == id).unwrap_or(self.0.len());
        if at == self.0.len() {
            self.0.extend(Text::new(id.to_owned()).map(|id| (id, Agent::default())));
        }
        &mut self.0[at].1
    }

    /// Removes the agent with this id.
    pub fn remove(&mut self, id: &str) {
        self.0.retain(|(other, _)| other.as_str() != id);
    }

    /// Keeps the agents for which `kept` is true.
    pub fn retain(&mut self, mut kept: impl FnMut(&str, &Agent<'a>) -> bool) {
        self.0.retain(|(id, agent)| kept(id.as_str(), agent));
    }

    /// The agents in the order of a JavaScript object: ids that are array indices first, in ascending order.
    #[must_use]
    pub fn in_javascript_order(mut self) -> Self {
        let index =
            |id: &str| id.parse::<u32>().ok().filter(|&index| index != u32::MAX && index.to_string() == id);
        self.0.sort_by_key(|(id, _)| index(id.as_str()).map_or((true, 0), |index| (false, index)));
        self
    }

    /// Every agent with its id, mutable.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Agent<'a>)> {
        self.0.iter_mut().map(|(id, agent)| (id.as_str(), agent))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Agents<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AgentsVisitor;

        impl<'de> Visitor<'de> for AgentsVisitor {
            type Value = Agents<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of agents")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut agents = Vec::new();
                while let Some(agent) = map.next_entry()? {
                    agents.push(agent);
                }
                Agents::new(agents).ok_or_else(|| de::Error::custom("an agent id is repeated"))
            }
        }

        deserializer.deserialize_map(AgentsVisitor)
    }
}

impl Serialize for Agents<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (id, agent) in &self.0 {
            map.serialize_entry(id, agent)?;
        }
        map.end()
    }
}

impl JsonSchema for Agents<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Agents".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": generator.subschema_for::<Agent<'_>>() })
    }
}
