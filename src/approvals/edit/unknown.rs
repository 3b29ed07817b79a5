//! Fields that no release knows: the document and the text without them.
//!
//! Measured on 2026.4.14, 2026.7.1 and 2026.9.6: a host accepts such a document and ignores the fields. When it writes
//! the document, it keeps those of agents and entries and drops the others. Its `exec.approvals.set` rejects all of
//! them.

use serde_json::Value;

use crate::approvals::bounds::{self, Budget};
use crate::approvals::check::document::{json, parse_within};
use crate::approvals::check::meant;
use crate::approvals::compare::changes::{Change, masked};
use crate::approvals::findings::finding::shown;
use crate::approvals::findings::nearest::is_misspelt;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::text::layout::{self, Items, Splice, spliced, try_cuts};
use crate::approvals::text::syntax::{self, Syntax};

/// A text without its unknown fields, which is a valid document.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The text: every other byte as it was.
    pub text: String,
    /// The removed fields, in their order, secrets masked: at most [`Known::LISTED`].
    pub fields: Vec<Change>,
    /// Number of removed fields.
    pub count: usize,
    /// Number of removed fields that look like a rule that is misspelt or in the wrong place. Removing them would hide
    /// what was meant, so they are not removed from a document.
    pub meant: usize,
}

impl Known {
    /// Maximum number of fields that are listed.
    pub const LISTED: usize = 1_000;
}

/// The kind of an object in a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Document,
    Socket,
    Policy,
    Agents,
    Agent,
    Allowlist,
    Entry,
    Tools,
    Tool,
    /// An object without named fields below it.
    Leaf,
}

/// The fields that decide what may run.
const RULES: [&str; 12] = [
    "security",
    "ask",
    "askFallback",
    "autoAllowSkills",
    "defaults",
    "agents",
    "allowlist",
    "pattern",
    "argPattern",
    "mcpTools",
    "server",
    "tool",
];
const POLICY: [&str; 4] = ["security", "ask", "askFallback", "autoAllowSkills"];
const ENTRY: [&str; 8] = [
    "pattern",
    "id",
    "source",
    "commandText",
    "argPattern",
    "lastUsedAt",
    "lastUsedCommand",
    "lastResolvedPath",
];
const TOOL: [&str; 5] = ["server", "tool", "source", "addedAt", "lastUsedAt"];

impl Kind {
    /// The kind of the value under a name; `None` if no release knows the name.
    fn under(self, name: &str) -> Option<Self> {
        match self {
            Self::Document => match name {
                "version" => Some(Self::Leaf),
                "socket" => Some(Self::Socket),
                "defaults" => Some(Self::Policy),
                "agents" => Some(Self::Agents),
                _ => None,
            },
            Self::Socket => ["path", "token"].contains(&name).then_some(Self::Leaf),
            Self::Policy => POLICY.contains(&name).then_some(Self::Leaf),
            Self::Agents => Some(Self::Agent),
            Self::Agent => match name {
                "allowlist" => Some(Self::Allowlist),
                "mcpTools" => Some(Self::Tools),
                _ => POLICY.contains(&name).then_some(Self::Leaf),
            },
            Self::Entry => ENTRY.contains(&name).then_some(Self::Leaf),
            Self::Tool => TOOL.contains(&name).then_some(Self::Leaf),
            Self::Allowlist | Self::Tools | Self::Leaf => Some(Self::Leaf),
        }
    }

    /// The kind of each element of an array.
    fn of_elements(self) -> Option<Self> {
        match self {
            Self::Allowlist => Some(Self::Entry),
            Self::Tools => Some(Self::Tool),
            _ => None,
        }
    }
}

/// A document without its unknown fields. `None` if it has none, has another problem, or if the time limit has passed.
pub fn known(bytes: &[u8], syntax: Syntax, budget: Budget<'_>) -> Option<Known> {
    let known = without(bytes, syntax, budget)?;
    parse_within(known.text.as_bytes(), syntax, budget).is_ok().then_some(known)
}

/// A text without its unknown fields, whatever other problems it has. `None` if it has none, cannot be read, has too
/// many values, or if the time limit has passed.
pub fn without(bytes: &[u8], syntax: Syntax, budget: Budget<'_>) -> Option<Known> {
    let text = syntax::text(bytes).ok()?;
    if bounds::object_too_many(text).is_some() || bounds::cut(text).is_some() {
        return None;
    }
    let is_read = match syntax {
        Syntax::Json => serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok(),
        Syntax::Json5 => {
            let mut findings = Vec::new();
            let read = syntax::parse(text, None, syntax, &mut findings).is_some();
            let duplicates = |finding: &crate::approvals::findings::finding::Finding| {
                finding.code == crate::approvals::findings::codes::Code::DuplicateKey
            };
            read && findings.iter().all(duplicates)
        }
    };
    if !is_read {
        return None;
    }
    let mut taken =
        Taken { text, syntax, budget, splices: Vec::new(), fields: Vec::new(), count: 0, meant: 0 };
    taken.take(layout::root(text), Kind::Document, &Path::default())?;
    if taken.count == 0 {
        return None;
    }
    let Taken { splices, fields, count, meant, .. } = taken;
    Some(Known { text: spliced(text, splices)?, fields, count, meant })
}

struct Taken<'t> {
    text: &'t str,
    syntax: Syntax,
    budget: Budget<'t>,
    splices: Vec<Splice>,
    fields: Vec<Change>,
    count: usize,
    meant: usize,
}

impl Taken<'_> {
    /// `None` if the text cannot be read, or if the time limit has passed.
    fn take(&mut self, open: usize, kind: Kind, path: &Path) -> Option<()> {
        let text = self.text;
        if self.budget.is_spent() {
            return None;
        }
        if let Some(elements) = kind.of_elements() {
            for (index, item) in Items::of_array(text, open).into_iter().flatten().enumerate() {
                if text.as_bytes().get(item.value.start) == Some(&b'{') {
                    self.take(item.value.start, elements, &path.join(Step::Index(index)))?;
                }
            }
            return Some(());
        }
        if kind == Kind::Leaf || Items::of_object(text, open).is_none() {
            return Some(());
        }
        let mut inner = Vec::new();
        let mut found = Vec::new();
        try_cuts(
            text,
            open,
            |index, item| {
                /// Number of fields between two checks of the time limit.
                const CHECK_INTERVAL: usize = 256;
                if index % CHECK_INTERVAL == CHECK_INTERVAL - 1 && self.budget.is_spent() {
                    return None;
                }
                let name = item.key.as_ref().and_then(|key| layout::name(text, key)).unwrap_or_default();
                Some(match kind.under(&name) {
                    Some(Kind::Leaf) => false,
                    Some(kind) => {
                        inner.push((item.value.start, kind, name));
                        false
                    }
                    None => {
                        self.count += 1;
                        let rule = meant::is_rule(path, &name) || is_misspelt(&name, RULES.into_iter());
                        self.meant += usize::from(rule);
                        if self.fields.len() < Known::LISTED {
                            let value = text.get(item.value.clone()).unwrap_or_default();
                            self.fields.push(gone(path.join(Step::Key(name)), value, self.syntax));
                        }
                        true
                    }
                })
            },
            &mut found,
        )?;
        self.splices.append(&mut found);
        for (open, kind, name) in inner {
            self.take(open, kind, &path.join(Step::Key(name)))?;
        }
        Some(())
    }
}

fn gone(path: Path, text: &str, syntax: Syntax) -> Change {
    /// Maximum number of bytes of a value that is shown whole.
    const SHOWN: usize = 2_000;
    let value = if text.len() > SHOWN {
        Value::from(format!("{} bytes", text.len()))
    } else {
        json(text.as_bytes(), syntax).unwrap_or_default()
    };
    let before = Some(masked(&path, value));
    Change { path: shown(path), before, after: None }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::approvals::Strictness;
    use crate::approvals::check;
    use crate::approvals::check::agreement::documents;
    use crate::approvals::findings::codes::Code;

    fn known(bytes: &[u8], syntax: Syntax) -> Option<Known> {
        super::known(bytes, syntax, Budget::default())
    }

    fn without(bytes: &[u8], syntax: Syntax) -> Option<Known> {
        super::without(bytes, syntax, Budget::default())
    }

    fn paths(known: &Known) -> Vec<String> {
        known.fields.iter().map(|field| field.path.to_string()).collect()
    }

    /// A field that may be a misspelt rule is not removed, because that would hide what was meant.
    #[test]
    fn what_looks_like_a_rule_is_counted() {
        let meant = |text: &str| without(text.as_bytes(), Syntax::Json).map(|known| known.meant);
        for text in [
            r#"{"version":1,"defualts":{"security":"deny"}}"#,
            r#"{"version":1,"defaults":{"sekurity":"deny"}}"#,
            r#"{"version":1,"denylist":["rm"]}"#,
            r#"{"version":1,"agents":{"main":{"allowList":[]}}}"#,
            r#"{"version":1,"agents":{"main":{"deny":true}}}"#,
            r#"{"version":1,"agents":{"main":{"allowlist":[{"pattern":"/bin/ls","argpattern":"^x$"}]}}}"#,
        ] {
            assert_eq!(meant(text), Some(1), "{text}");
        }
        let harmless = r#"{"version":1,"notes":"a","safeBins":[],"agents":{"main":{"comment":"b","allowlist":[
            {"pattern":"/bin/ls","lastSeenAt":1,"usageCount":2,"description":"c"}]}}}"#;
        assert_eq!(meant(harmless), Some(0));
    }

    #[test]
    fn they_go_and_every_other_byte_stays() {
        let text = "{\n  // kept\n  version: 1, extra: {a: 1},\n  'agents': {main: {model: 'x', ask: 'off', allowlist: [\n    {pattern: '/a', note: 'why'}, {note: 1, pattern: '/b'},\n  ]}},\n}\n";
        let known = known(text.as_bytes(), Syntax::Json5).unwrap();
        assert_eq!(
            known.text,
            "{\n  // kept\n  version: 1, 'agents': {main: {ask: 'off', allowlist: [\n    {pattern: '/a'}, {pattern: '/b'},\n  ]}},\n}\n"
        );
        assert_eq!(
            paths(&known),
            [
                "/extra",
                "/agents/main/model",
                "/agents/main/allowlist/0/note",
                "/agents/main/allowlist/1/note"
            ]
        );
    }

    #[test]
    fn a_secret_among_them_is_masked_and_other_mistakes_stay() {
        let text = br#"{"version":1,"socket":{"tokn":"hunter2"},"apiKey":"hunter2"}"#;
        let found = known(text, Syntax::Json).unwrap();
        assert_eq!(found.count, 2);
        assert!(!format!("{:?}", found.fields).contains("hunter2"));
        assert_eq!(known(br#"{"version":2,"x":1}"#, Syntax::Json), None);
        assert_eq!(without(br#"{"version":2,"x":1}"#, Syntax::Json).unwrap().text, r#"{"version":2}"#);
        assert_eq!(known(br#"{"version":1}"#, Syntax::Json), None);
        assert_eq!(known(br#"{"version":1,"#, Syntax::Json), None);
    }

    #[test]
    fn it_ends_when_the_time_is_over() {
        let fields: Vec<String> = (0..10_000).map(|n| format!("\"x{n}\":1")).collect();
        let text = format!("{{\"version\":1,{}}}", fields.join(","));
        assert_eq!(known(text.as_bytes(), Syntax::Json).unwrap().count, 10_000);
        let looks = std::cell::Cell::new(0);
        let spent = || {
            looks.set(looks.get() + 1);
            looks.get() > 3
        };
        assert_eq!(super::without(text.as_bytes(), Syntax::Json, Budget::until(&spent)), None);
        assert_eq!(looks.get(), 4);
    }

    #[test]
    fn a_long_key_is_not_repeated_in_every_path() {
        let (agent, fields) = ("a".repeat(100_000), "\"x\":1,".repeat(500));
        let text = format!("{{\"version\":1,\"agents\":{{\"{agent}\":{{{fields}\"ask\":\"off\"}}}}}}");
        let known = without(text.as_bytes(), Syntax::Json).unwrap();
        assert!(known.fields.iter().all(|field| field.path.to_string().len() < 300));
    }

    #[test]
    fn the_schema_knows_the_same_fields() {
        let schema = crate::approvals::check::schema::derived();
        let fields = |schema: &Value| -> BTreeSet<String> {
            schema["properties"].as_object().unwrap().keys().cloned().collect()
        };
        let known = |kind: Kind, schema: &Value| {
            let fields = fields(schema);
            assert!(fields.iter().all(|name| kind.under(name).is_some()), "{kind:?} {fields:?}");
            assert!(kind.under("nobody").is_none(), "{kind:?}");
            fields.len()
        };
        let of = |name: &str| &schema["$defs"][name];
        assert_eq!(known(Kind::Document, &schema), 4);
        assert_eq!(known(Kind::Socket, of("Socket")), 2);
        assert_eq!(known(Kind::Policy, of("Policy")), POLICY.len());
        assert_eq!(known(Kind::Agent, of("Agent")), POLICY.len() + 2);
        assert_eq!(known(Kind::Entry, of("Entry")), ENTRY.len());
        assert_eq!(known(Kind::Tool, of("McpTool")), TOOL.len());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]

        /// The listed fields are those that the validator reports as unknown, and the rest has none of them.
        #[test]
        fn exactly_the_unknown_fields_go(value in documents()) {
            let text = serde_json::to_string_pretty(&value).unwrap();
            let strict = Strictness { syntax: Syntax::Json, allow_legacy: false };
            let unknown = |text: &str| -> BTreeSet<String> {
                check(text.as_bytes(), strict)
                    .diagnostics
                    .iter()
                    .filter(|problem| problem.code == Code::UnknownField)
                    .map(|problem| problem.path.to_string())
                    .collect()
            };
            // A document in its envelope is reported as one mistake.
            if value.get("file").is_none() {
                match without(text.as_bytes(), Syntax::Json) {
                    None => prop_assert_eq!(unknown(&text), BTreeSet::new()),
                    Some(known) => {
                        prop_assert_eq!(paths(&known).into_iter().collect::<BTreeSet<_>>(), unknown(&text));
                        prop_assert_eq!(unknown(&known.text), BTreeSet::new());
                    }
                }
            }
        }
    }
}
