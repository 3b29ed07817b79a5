use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::approvals::Budget;
use crate::approvals::Syntax;
use crate::approvals::check::agreement::documents;
use crate::approvals::parse;

fn edit_of(verb: Verb, agent: &str, pattern: &str) -> Edit {
    Edit::new(verb, agent, pattern, None, None).unwrap()
}

#[track_caller]
fn done(text: &str, syntax: Syntax, edit: &Edit) -> String {
    edited(text.as_bytes(), syntax, edit, &Bookkeeping::default()).unwrap().text.unwrap()
}

#[track_caller]
fn added(text: &str, agent: &str) -> String {
    done(text, Syntax::Json5, &edit_of(Verb::Add, agent, "/b"))
}

#[test]
fn an_entry_is_written_as_its_neighbours_are() {
    for (before, after) in [
        // Compact stays compact.
        (
            r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/a"}]}}}"#,
            r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/a"},{"pattern":"/b"}]}}}"#,
        ),
        // The style of Python's `json`.
        (
            r#"{"version": 1, "agents": {"m": {"allowlist": [{"pattern": "/a"}]}}}"#,
            r#"{"version": 1, "agents": {"m": {"allowlist": [{"pattern": "/a"}, {"pattern": "/b"}]}}}"#,
        ),
        // One entry per line, tabs, CRLF, no line break at the end.
        (
            "{\r\n\t\"version\": 1,\r\n\t\"agents\": {\r\n\t\t\"m\": {\r\n\t\t\t\"allowlist\": [\r\n\t\t\t\t{ \"pattern\": \"/a\" }\r\n\t\t\t]\r\n\t\t}\r\n\t}\r\n}",
            "{\r\n\t\"version\": 1,\r\n\t\"agents\": {\r\n\t\t\"m\": {\r\n\t\t\t\"allowlist\": [\r\n\t\t\t\t{ \"pattern\": \"/a\" },\r\n\t\t\t\t{ \"pattern\": \"/b\" }\r\n\t\t\t]\r\n\t\t}\r\n\t}\r\n}",
        ),
        // Comments, trailing commas, other quotes, keys without quotes.
        (
            "{\n  version: 1, // one\n  agents: {\n    m: {\n      allowlist: [\n        // first\n        {pattern: '/a'}, // why\n      ],\n    },\n  },\n}\n",
            "{\n  version: 1, // one\n  agents: {\n    m: {\n      allowlist: [\n        // first\n        {pattern: '/a'}, // why\n        {pattern: '/b'},\n      ],\n    },\n  },\n}\n",
        ),
        (
            "{version: 1, agents: {m: {allowlist: [\n  {pattern: '/a'} // why\n]}}}",
            "{version: 1, agents: {m: {allowlist: [\n  {pattern: '/a'}, // why\n  {pattern: '/b'}\n]}}}",
        ),
        (
            "{version: 1, agents: {m: {allowlist: [{pattern: '/a'} // why\n]}}}",
            "{version: 1, agents: {m: {allowlist: [{pattern: '/a'}, // why\n{pattern: '/b'}\n]}}}",
        ),
    ] {
        assert_eq!(added(before, "m"), after);
    }
}

#[test]
fn a_list_an_agent_and_the_agents_are_made_where_there_are_none() {
    for (before, after) in [
        (r#"{"version":1}"#, r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/b"}]}}}"#),
        (r#"{"version":1,"agents":{}}"#, r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/b"}]}}}"#),
        (
            r#"{"version":1,"agents":{"m":{}}}"#,
            r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/b"}]}}}"#,
        ),
        (
            r#"{"version":1,"agents":{"m":{"allowlist":[ ]}}}"#,
            r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/b"}]}}}"#,
        ),
        (
            "{\n  \"version\": 1\n}\n",
            "{\n  \"version\": 1,\n  \"agents\": {\n    \"m\": {\n      \"allowlist\": [\n        {\n          \"pattern\": \"/b\"\n        }\n      ]\n    }\n  }\n}\n",
        ),
        (
            "{\n    \"version\": 1,\n    \"agents\": {\n        \"x\": {\n            \"allowlist\": [{\"pattern\": \"/a\"}]\n        }\n    }\n}\n",
            "{\n    \"version\": 1,\n    \"agents\": {\n        \"x\": {\n            \"allowlist\": [{\"pattern\": \"/a\"}]\n        },\n        \"m\": {\n            \"allowlist\": [{\"pattern\": \"/b\"}]\n        }\n    }\n}\n",
        ),
        (
            "{\n  \"version\": 1,\n  \"agents\": {\n    \"m\": {\n      \"ask\": \"off\",\n      \"allowlist\": []\n    }\n  }\n}\n",
            "{\n  \"version\": 1,\n  \"agents\": {\n    \"m\": {\n      \"ask\": \"off\",\n      \"allowlist\": [\n        {\n          \"pattern\": \"/b\"\n        }\n      ]\n    }\n  }\n}\n",
        ),
        (
            "{\n  \"version\": 1,\n  \"agents\": {\n    // none yet\n  }\n}\n",
            "{\n  \"version\": 1,\n  \"agents\": {\n    // none yet\n    \"m\": {\n      \"allowlist\": [\n        {\n          \"pattern\": \"/b\"\n        }\n      ]\n    }\n  }\n}\n",
        ),
    ] {
        assert_eq!(added(before, "m"), after);
    }
}

#[test]
fn what_is_removed_leaves_no_trace() {
    let remove = |text: &str, agent: &str| done(text, Syntax::Json5, &edit_of(Verb::Remove, agent, "/a"));
    for (before, after) in [
        (
            r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/a"},{"pattern":"/b"}]}}}"#,
            r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/b"}]}}}"#,
        ),
        (r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/a"}]}}}"#, r#"{"version":1,"agents":{}}"#),
        (
            r#"{"version":1,"agents":{"m":{"ask":"off","allowlist":[{"pattern":"/a"}]}}}"#,
            r#"{"version":1,"agents":{"m":{"ask":"off"}}}"#,
        ),
        // An agent with an unknown field stays.
        (
            r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/a"}],"model":"x"},"n":{}}}"#,
            r#"{"version":1,"agents":{"m":{"model":"x"},"n":{}}}"#,
        ),
        (
            "{\n  version: 1,\n  agents: {\n    m: {\n      allowlist: [\n        {pattern: '/a'}, // gone\n        // kept\n        {pattern: '/b'},\n      ],\n    },\n  },\n}\n",
            "{\n  version: 1,\n  agents: {\n    m: {\n      allowlist: [\n        // kept\n        {pattern: '/b'},\n      ],\n    },\n  },\n}\n",
        ),
    ] {
        assert_eq!(remove(before, "m"), after);
    }
}

#[test]
fn unknown_fields_stay_byte_for_byte() {
    let before = r#"{ "version":1, "x" : [1, {}],"agents":{"m":{"model":"\u0061","allowlist":[{"note":1,"pattern":"/a"}]}}}"#;
    let after = done(before, Syntax::Json, &edit_of(Verb::Add, "m", "/b"));
    assert_eq!(
        after,
        r#"{ "version":1, "x" : [1, {}],"agents":{"m":{"model":"\u0061","allowlist":[{"note":1,"pattern":"/a"},{"pattern":"/b"}]}}}"#
    );
    assert_eq!(done(&after, Syntax::Json, &edit_of(Verb::Remove, "m", "/b")), before);
    let broken = edited(
        br#"{"version":2,"x":1}"#,
        Syntax::Json,
        &edit_of(Verb::Add, "m", "/b"),
        &Bookkeeping::default(),
    );
    assert!(matches!(broken, Err(TextError::Invalid(verdict)) if verdict.errors() == 2));
}

/// Styles of a text.
#[derive(Debug, Clone)]
struct Hand {
    unit: Option<&'static str>,
    newline: &'static str,
    colon: &'static str,
    gap: &'static str,
    padding: &'static str,
    /// The maximum number of fields of an object that is written on one line.
    inline: usize,
    json5: bool,
    end: &'static str,
}

fn hands() -> impl Strategy<Value = Hand> {
    (
        prop_oneof![Just(None), Just(Some("  ")), Just(Some("\t")), Just(Some("    ")), Just(Some(""))],
        prop_oneof![Just("\n"), Just("\r\n")],
        prop_oneof![Just(":"), Just(": "), Just(" : ")],
        prop_oneof![Just(""), Just(" ")],
        prop_oneof![Just(""), Just(" ")],
        0..4_usize,
        any::<bool>(),
        prop_oneof![Just(""), Just("\n"), Just("\r\n\r\n")],
    )
        .prop_map(|(unit, newline, colon, gap, padding, inline, json5, end)| Hand {
            unit,
            newline,
            colon,
            gap,
            padding,
            inline,
            json5,
            end,
        })
}

impl Hand {
    #[expect(clippy::format_push_string, reason = "a few pieces of a small text")]
    fn write(&self, value: &Value, indent: &str, on_line: bool) -> String {
        let items: Vec<(String, &Value)> = match value {
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| {
                    let bare = self.json5 && !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase());
                    let key = if bare { name.clone() } else { Value::from(name.as_str()).to_string() };
                    (format!("{key}{}", self.colon), value)
                })
                .collect(),
            Value::Array(elements) => elements.iter().map(|value| (String::new(), value)).collect(),
            _ => return value.to_string(),
        };
        let [open, close] = if value.is_object() { ["{", "}"] } else { ["[", "]"] };
        if items.is_empty() {
            return format!("{open}{close}");
        }
        let is_leaf = items.iter().all(|(_, value)| !value.is_object() && !value.is_array());
        let on_line = on_line || self.unit.is_none() || (is_leaf && items.len() <= self.inline);
        let deeper = format!("{indent}{}", self.unit.unwrap_or_default());
        let count = items.len();
        let mut text = open.to_owned();
        for (index, (key, value)) in items.into_iter().enumerate() {
            let value = self.write(value, &deeper, on_line);
            if on_line {
                text += if index == 0 { self.padding } else { self.gap };
                text += &format!("{key}{value}{}", if index + 1 < count { "," } else { "" });
            } else {
                if self.json5 && index % 2 == 1 {
                    text += &format!("{}{deeper}// a comment, [of] {{its}} own", self.newline);
                }
                let comma = if index + 1 < count || self.json5 { "," } else { "" };
                let behind = if self.json5 && index == 0 { " /* behind */" } else { "" };
                text += &format!("{}{deeper}{key}{value}{comma}{behind}", self.newline);
            }
        }
        if on_line { text + self.padding + close } else { format!("{text}{}{indent}{close}", self.newline) }
    }
}

/// Whether one text remains when parts of the other are cut out.
fn is_within(part: &str, whole: &str) -> bool {
    let mut whole = whole.bytes();
    part.bytes().all(|wanted| whole.any(|found| found == wanted))
}

#[test]
fn a_tool_is_cut_out_and_everything_else_stays() {
    let remove = |text: &str| done(text, Syntax::Json5, &Edit::of_tool("m", "s", "t").unwrap());
    let tool = |server: &str, tool: &str| {
        format!(r#"{{"server":"{server}","tool":"{tool}","source":"allow-always","addedAt":1}}"#)
    };
    let (granted, other) = (tool("s", "t"), tool("s", "T"));
    for (before, after) in [
        (
            format!(r#"{{"version":1,"agents":{{"m":{{"ask":"off","mcpTools":[{granted},{other}]}}}}}}"#),
            format!(r#"{{"version":1,"agents":{{"m":{{"ask":"off","mcpTools":[{other}]}}}}}}"#),
        ),
        (
            format!(
                r#"{{"version":1,"agents":{{"m":{{"allowlist":[{{"pattern":"/a"}}],"mcpTools":[{granted}]}}}}}}"#
            ),
            r#"{"version":1,"agents":{"m":{"allowlist":[{"pattern":"/a"}]}}}"#.to_owned(),
        ),
        (
            format!(r#"{{"version":1,"agents":{{"m":{{"mcpTools":[{granted}]}},"n":{{}}}}}}"#),
            r#"{"version":1,"agents":{"n":{}}}"#.to_owned(),
        ),
    ] {
        assert_eq!(remove(&before), after);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// In any style the edited text means the same as the edited types, and the edit touches nothing else.
    #[test]
    fn an_edit_of_a_text_is_the_edit_of_the_document(
        mut value in documents(),
        hand in hands(),
        at in any::<prop::sample::Index>(),
        add in any::<bool>(),
        known in any::<bool>(),
        stranger in any::<bool>(),
        of_tool in any::<bool>(),
    ) {
        if parse(value.to_string().as_bytes(), Syntax::Json).is_ok() {
            let agents: Vec<String> =
                value["agents"].as_object().map(|agents| agents.keys().cloned().collect()).unwrap_or_default();
            let agents: Vec<String> =
                agents.into_iter().filter(|id| !crate::approvals::model::scalar::is_blank(id)).collect();
            let agent = if known && !agents.is_empty() { at.get(&agents).clone() } else { "new-one".to_owned() };
            let entry = value["agents"][&agent]["allowlist"][0]["pattern"].as_str().map(str::to_owned);
            let pattern = entry.filter(|_| !add).unwrap_or_else(|| "/opt/'new' \"one\"".to_owned());
            let tool = value["agents"][&agent]["mcpTools"][0].clone();
            let edit = match (tool["server"].as_str(), tool["tool"].as_str()) {
                (Some(server), Some(tool)) if of_tool => Edit::of_tool(&agent, server, tool).unwrap(),
                _ => edit_of(if add { Verb::Add } else { Verb::Remove }, &agent, &pattern),
            };
            let mut document_text = value.clone();
            if value["agents"].is_null() {
                document_text.as_object_mut().unwrap().remove("agents");
                value.as_object_mut().unwrap().remove("agents");
            }
            if let Some(agents) = document_text.get_mut("agents").and_then(Value::as_object_mut) {
                agents.retain(|_, agent| !agent.is_null());
            }
            let plain = document_text.to_string();
            let mut document = parse(plain.as_bytes(), Syntax::Json).unwrap();
            let wanted = edit.apply(&mut document, None);
            if stranger {
                document_text["unknown"] = json!({"a": [1, "]"]});
            }
            let text = hand.write(&document_text, "", false) + hand.end;
            let syntax = if hand.json5 { Syntax::Json5 } else { Syntax::Json };
            let done = edited(text.as_bytes(), syntax, &edit, &Bookkeeping::default()).unwrap();
            prop_assert_eq!(&done.applied, &wanted);
            match done.text {
                None => prop_assert!(!wanted.changed),
                Some(new) => {
                    let known = unknown::known(new.as_bytes(), syntax, Budget::default());
                    prop_assert_eq!(known.is_some(), stranger);
                    let clean = known.map_or_else(|| new.clone(), |known| known.text);
                    prop_assert_eq!(&parse(clean.as_bytes(), syntax).unwrap(), &document, "{}", new);
                    if matches!(edit.verb, Verb::Add) {
                        prop_assert!(is_within(&text, &new), "{}\n{}", text, new);
                        // The added text is in one place, except for the comma before a comment.
                        let prefix = text.bytes().zip(new.bytes()).take_while(|(a, b)| a == b).count();
                        let suffix = text.bytes().rev().zip(new.bytes().rev()).take_while(|(a, b)| a == b).count();
                        prop_assert!(prefix + suffix >= text.len() || hand.json5, "{}\n{}", text, new);
                        let undone = done_again(&new, syntax, &edit);
                        prop_assert!(undone.len() <= text.len() + 64);
                    } else {
                        prop_assert!(is_within(&new, &text), "{}\n{}", text, new);
                    }
                    // Line breaks of another kind, or a line break at the end, appear nowhere.
                    prop_assert_eq!(new.ends_with('\n'), text.ends_with('\n'));
                    if hand.newline == "\r\n" && hand.end != "\n" {
                        prop_assert_eq!(new.matches('\n').count(), new.matches("\r\n").count());
                    }
                }
            }
        }
    }
}

fn done_again(text: &str, syntax: Syntax, edit: &Edit) -> String {
    let mut back = edit.clone();
    back.verb = Verb::Remove;
    done(text, syntax, &back)
}

#[test]
fn an_entry_in_a_large_list_is_added_in_time_that_the_list_needs() {
    let entries: Vec<String> = (0..30_000).map(|n| format!(r#"{{"pattern":"/opt/{n}"}}"#)).collect();
    let text = format!(r#"{{"version":1,"agents":{{"m":{{"allowlist":[{}]}}}}}}"#, entries.join(","));
    let new = added(&text, "m");
    assert_eq!(new.len(), text.len() + r#",{"pattern":"/b"}"#.len());
    let back = done(&new, Syntax::Json, &edit_of(Verb::Remove, "m", "/b"));
    assert_eq!(back, text);
}
