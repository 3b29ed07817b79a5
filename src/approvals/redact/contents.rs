//! A document for printing, with masked secrets. It is read from its text part by part, because a [`serde_json::Value`]
//! of the whole would take many times the size of the text.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::secrets::{is_strange, names_a_secret};
use crate::approvals::model::scalar::Secret;

/// The JSON text of a document, or of any other value. It is printed with sorted fields and without its secrets.
///
/// Of the socket block only the path is printed, as gateways do. The printed document can be set again, and the store
/// keeps its own token.
#[derive(Clone, PartialEq, Eq)]
pub struct Contents {
    text: String,
    has_token: bool,
}

/// The first elements of a list, and the total number.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listed {
    /// The first elements.
    pub first: Vec<Value>,
    /// How many elements the list has.
    pub count: usize,
}

/// One agent, for a summary.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentSummary {
    /// The agent's id.
    pub id: String,
    /// The policy fields that it sets, of four.
    pub policy: Value,
    /// Its allowlist.
    pub allowlist: Listed,
    /// Its MCP tools.
    pub mcp_tools: Listed,
}

type Fields<'t> = BTreeMap<String, &'t RawValue>;

impl Contents {
    /// The value in a JSON text; `None` if the text is not JSON, or nested too deeply.
    pub(in crate::approvals) fn of(text: String) -> Option<Self> {
        serde_json::from_str::<Readable>(&text).ok()?;
        let has_token = fields(&text).is_some_and(|fields| {
            fields.get("socket").is_some_and(|socket| match self::fields(socket.get()) {
                Some(socket) => socket.iter().any(|(name, value)| !is_path(name, value)),
                None => true,
            })
        });
        Some(Self { text, has_token })
    }

    /// The content for a host without a document.
    pub fn absent() -> Self {
        Self { text: r#"{"version":1,"agents":{}}"#.to_owned(), has_token: false }
    }

    /// Whether a socket token is set. The token itself is not printed.
    pub fn has_token(&self) -> bool {
        self.has_token
    }

    /// The path of the socket.
    pub fn socket_path(&self) -> Option<String> {
        let fields = fields(&self.text)?;
        let path = *self::fields(fields.get("socket")?.get())?.get("path")?;
        serde_json::from_str(path.get()).ok()
    }

    /// The defaults of the policy.
    pub fn defaults(&self) -> Option<Value> {
        fields(&self.text)?.get("defaults").map(|defaults| policy(defaults))
    }

    /// The agents, by id, each with at most `most` elements of its lists.
    pub fn agents(&self, most: usize) -> impl Iterator<Item = AgentSummary> {
        let agents = fields(&self.text).and_then(|fields| self::fields(fields.get("agents")?.get()));
        agents.into_iter().flatten().map(move |(id, agent)| {
            let fields = self::fields(agent.get()).unwrap_or_default();
            let list = |name| fields.get(name).map_or_else(Listed::default, |list| listed(list, most));
            AgentSummary {
                policy: policy(agent),
                allowlist: list("allowlist"),
                mcp_tools: list("mcpTools"),
                id,
            }
        })
    }
}

impl Serialize for Contents {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text: &RawValue = serde_json::from_str(&self.text).map_err(S::Error::custom)?;
        Part { text, kind: Kind::Root }.serialize(serializer)
    }
}

/// The text may contain a secret.
impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contents").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

/// The fields of an object, with the last value of each; `None` for any other value.
fn fields(text: &str) -> Option<Fields<'_>> {
    serde_json::from_str(text).ok()
}

fn is_path(name: &str, value: &RawValue) -> bool {
    name == "path" && value.get().starts_with('"')
}

/// The policy fields of an object. Any other value sets none.
fn policy(text: &RawValue) -> Value {
    let fields = fields(text.get()).unwrap_or_default();
    let names = ["security", "ask", "askFallback", "autoAllowSkills"];
    let set = names.into_iter().filter_map(|name| Some((name.to_owned(), short(fields.get(name)?, 0))));
    Value::Object(set.collect())
}

/// The first elements of an array. Any other value has none.
fn listed(text: &RawValue, most: usize) -> Listed {
    /// Maximum size in bytes of an element that is converted to a value.
    const LONGEST: usize = 64 * 1024;
    let elements: Vec<&RawValue> = serde_json::from_str(text.get()).unwrap_or_default();
    let first = elements.iter().take(most).map(|element| short(element, LONGEST)).collect();
    Listed { first, count: elements.len() }
}

/// A value. An object or array of more than `longest` bytes is returned as its text.
fn short(text: &RawValue, longest: usize) -> Value {
    let part = Part { text, kind: Kind::Below { secret: false } };
    if text.get().starts_with(['{', '[']) && text.get().len() > longest {
        return serde_json::to_string(&part).unwrap_or_default().into();
    }
    serde_json::to_value(&part).unwrap_or_default()
}

/// The kind of a value in a document, as far as it decides which values below it are secret.
#[derive(Clone, Copy)]
enum Kind {
    Root,
    Socket,
    Agents,
    Below { secret: bool },
}

impl Kind {
    fn under(self, name: &str, value: &RawValue) -> Self {
        let is_object = value.get().starts_with('{');
        match self {
            Self::Root if name == "socket" => Self::Socket,
            // An agent may have any id, even one that looks like the name of a secret.
            Self::Root if name == "agents" && is_object => Self::Agents,
            Self::Root => Self::Below { secret: is_strange(name) },
            Self::Socket | Self::Agents => Self::Below { secret: false },
            Self::Below { secret } => Self::Below { secret: secret || names_a_secret(name) },
        }
    }
}

/// A part of a document's text.
struct Part<'t> {
    text: &'t RawValue,
    kind: Kind,
}

impl Serialize for Part<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.text.get();
        match text.as_bytes().first() {
            Some(b'{') => {
                let mut fields: Fields<'_> = serde_json::from_str(text).map_err(S::Error::custom)?;
                match self.kind {
                    Kind::Root => {
                        fields.retain(|name, value| name != "socket" || value.get().starts_with('{'));
                    }
                    Kind::Socket => fields.retain(|name, value| is_path(name, value)),
                    Kind::Agents | Kind::Below { .. } => {}
                }
                let parts = fields
                    .iter()
                    .map(|(name, text)| (name, Part { text, kind: self.kind.under(name, text) }));
                serializer.collect_map(parts)
            }
            Some(b'[') => {
                let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(S::Error::custom)?;
                let kind = match self.kind {
                    Kind::Below { secret } => Kind::Below { secret },
                    Kind::Root | Kind::Socket | Kind::Agents => Kind::Below { secret: false },
                };
                serializer.collect_seq(elements.into_iter().map(|text| Part { text, kind }))
            }
            _ if matches!(self.kind, Kind::Below { secret: true }) => {
                serializer.serialize_str(Secret::REDACTED)
            }
            _ => serde_json::from_str::<Value>(text).map_err(S::Error::custom)?.serialize(serializer),
        }
    }
}

/// Any value that a [`Value`] could represent. It stores nothing.
struct Readable;

impl<'de> Deserialize<'de> for Readable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ReadableVisitor;

        impl<'de> Visitor<'de> for ReadableVisitor {
            type Value = Readable;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Readable, E> {
                Ok(Readable)
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Readable, E> {
                Ok(Readable)
            }

            fn visit_u64<E: de::Error>(self, _: u64) -> Result<Readable, E> {
                Ok(Readable)
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Readable, E> {
                Ok(Readable)
            }

            fn visit_str<E: de::Error>(self, _: &str) -> Result<Readable, E> {
                Ok(Readable)
            }

            fn visit_unit<E: de::Error>(self) -> Result<Readable, E> {
                Ok(Readable)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Readable, A::Error> {
                while list.next_element::<Readable>()?.is_some() {}
                Ok(Readable)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Readable, A::Error> {
                while map.next_entry::<Readable, Readable>()?.is_some() {}
                Ok(Readable)
            }
        }

        deserializer.deserialize_any(ReadableVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::secrets::mask;
    use super::*;

    /// The expected output, computed from a value of the whole document.
    fn by_value(text: &str) -> (Value, bool) {
        let mut file: Value = serde_json::from_str(text).unwrap();
        let has_token = file.as_object_mut().is_some_and(|document| match document.get_mut("socket") {
            Some(Value::Object(socket)) => {
                let before = socket.len();
                socket.retain(|field, value| field == "path" && value.is_string());
                socket.len() < before
            }
            Some(_) => document.remove("socket").is_some(),
            None => false,
        });
        if file.is_object() {
            mask(&mut file);
            return (file, has_token);
        }
        // In any other value secrets are masked too, as in a document.
        let mut document = json!({"defaults": file});
        mask(&mut document);
        (document["defaults"].take(), has_token)
    }

    fn same(text: &str) {
        let contents = Contents::of(text.to_owned()).unwrap();
        let (file, has_token) = by_value(text);
        assert_eq!(
            serde_json::to_string_pretty(&contents).unwrap(),
            serde_json::to_string_pretty(&file).unwrap()
        );
        assert_eq!(contents.has_token(), has_token, "{text}");
    }

    #[test]
    fn it_is_printed_as_a_value_would_be() {
        for text in [
            r#"{"version":1.0,"socket":{"path":"/s","token":"hunter2"},"agents":{"b":{},"a":{"allowlist":[]}}}"#,
            r#"{"socket":{"path":1,"x":[{"path":"y"}]},"agents":{"token":{"ask":"off","token":["hunter2",{"a":1}]}}}"#,
            r#"{"socket":"hunter2","sokcet":{"a":["b",1,null,true]},"defaults":{"apiKey":-1e3}}"#,
            r#"{"a":1,"a":2,"socket":{"path":"/a","path":3},"agents":[{"secret":"x"}]}"#,
            r#" [1, "é", {"token": "x"}, [], {}] "#,
            r#""text""#,
        ] {
            same(text);
        }
    }

    #[test]
    fn what_no_value_holds_is_not_read() {
        for text in [
            "",
            "{",
            "1e999",
            "{\"\\ud800\":1}",
            "[1] 2",
            &"[".repeat(200),
            &format!("{}{}", "[".repeat(200), "]".repeat(200)),
        ] {
            assert_eq!(Contents::of(text.to_owned()), None, "{text}");
        }
    }

    #[test]
    fn a_summary_has_the_first_elements_and_the_policy() {
        let text = r#"{"socket":{"path":"/s"},"defaults":{"ask":"off","x":1},"agents":{"b":{"security":["x"],"allowlist":[{"pattern":"/a"},"/b"]},"a":1}}"#;
        let contents = Contents::of(text.to_owned()).unwrap();
        assert_eq!(contents.socket_path().as_deref(), Some("/s"));
        assert_eq!(contents.defaults(), Some(json!({"ask": "off"})));
        let agents: Vec<_> = contents.agents(1).collect();
        assert_eq!(agents.iter().map(|agent| agent.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(agents[1].allowlist, Listed { first: vec![json!({"pattern": "/a"})], count: 2 });
        assert_eq!(agents[1].policy, json!({"security": "[\"x\"]"}));
    }

    #[test]
    fn no_secret_is_in_its_debug_form() {
        let contents = Contents::of(r#"{"socket":{"token":"hunter2"}}"#.to_owned()).unwrap();
        assert!(!format!("{contents:?}").contains("hunter2"));
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z\"é]{0,4}".prop_map(Value::from)
        ];
        leaf.prop_recursive(5, 40, 5, |inner| {
            let name =
                prop::sample::select(vec!["socket", "agents", "path", "token", "defaults", "ask", "x", "é"]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name.prop_map(str::to_owned), inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn any_value_is_printed_as_a_value_would_be(value in values()) {
            same(&value.to_string());
        }
    }
}
