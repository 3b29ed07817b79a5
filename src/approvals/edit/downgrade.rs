//! Handles a gateway that is too old for a field: parses its rejection, predicts its rejections, and removes the
//! fields.
//!
//! The complaint is matched against the document that was sent, because some releases write an agent's id into it
//! without escapes. Only complaints that match a newer field of that document lead to a change.

mod newer;

use std::fmt;

use serde_json::Value;

use crate::approvals::compare::changes::masked;
use crate::approvals::model::document::Document;
use crate::approvals::model::path::{Path, Step};
pub use newer::Newer;
pub(in crate::approvals) use newer::Release;

/// An allowlist entry, described so that a person can find it. Its pattern may contain anything: the code that prints
/// it escapes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryName {
    /// Index in its agent's allowlist, from 0.
    pub index: usize,
    /// Its pattern.
    pub pattern: String,
}

/// A field of the sent document that some gateways do not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its path.
    pub place: Path,
    /// The kind of field.
    pub newer: Newer,
    /// The id of its agent.
    pub agent: String,
    /// Its entry; `None` for a field of the agent itself.
    pub entry: Option<EntryName>,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.place)?;
        if let Some(entry) = &self.entry {
            write!(f, " (entry {:?})", entry.pattern)?;
        }
        write!(f, ", known from {} on", self.newer.introduced())
    }
}

/// The parts of a document that a gateway rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Fields that the gateway is too old for. A later gateway (measured: 2026.9.6) names only the first one of each
    /// object.
    pub fields: Vec<Field>,
    /// Complaints about anything else, in the gateway's words: the code that prints them escapes them.
    pub others: Vec<String>,
}

/// A removed field and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The field.
    pub field: Field,
    /// Its value, secrets masked.
    pub value: Value,
}

/// The notation in which a complaint writes an agent's id into a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Notation {
    /// As a JSON Pointer: `~1` for a slash, `~0` for a tilde (2026.4.14).
    Pointer,
    /// Without escapes (2026.9.6).
    Plain,
}

/// The maximum number of separators inside one complaint that are considered, since an agent's id may contain some.
const INNER: usize = 16;

/// The separator between two complaints.
const SEPARATOR: &str = "; ";

/// Parses the message of a rejected `exec.approvals.set` or `exec.approvals.node.set`; `None` for any other message.
///
/// `sent` is the rejected document. A complaint about a field that is not in it, or that no release lacks, is returned
/// among the other complaints.
pub fn read(message: &str, sent: &Value) -> Option<Rejection> {
    const METHODS: [&str; 2] =
        ["invalid exec.approvals.set params: ", "invalid exec.approvals.node.set params: "];
    let complaints = METHODS.iter().find_map(|method| message.strip_prefix(method))?;
    let [pointer, plain] =
        [Notation::Pointer, Notation::Plain].map(|notation| interpreted(complaints, sent, notation));
    // One message uses one notation: the one in which more complaints can be parsed.
    Some(match pointer.others.len().cmp(&plain.others.len()) {
        std::cmp::Ordering::Less => pointer,
        std::cmp::Ordering::Greater => plain,
        std::cmp::Ordering::Equal if pointer == plain => plain,
        // The ids of two agents are each other's escaped form. The code does not guess.
        std::cmp::Ordering::Equal => {
            Rejection { fields: Vec::new(), others: complaints.split(SEPARATOR).map(str::to_owned).collect() }
        }
    })
}

fn interpreted(complaints: &str, sent: &Value, notation: Notation) -> Rejection {
    let mut rejection = Rejection { fields: Vec::new(), others: Vec::new() };
    let ids = sent.get("agents").and_then(Value::as_object).into_iter().flatten();
    let inner = ids.map(|(id, _)| id.matches(SEPARATOR).count()).max().unwrap_or_default().min(INNER);
    let mut rest = Some(complaints);
    while let Some(text) = rest {
        let mut ends: Vec<usize> = text.match_indices(SEPARATOR).map(|(at, _)| at).take(inner + 1).collect();
        if ends.len() <= inner {
            ends.push(text.len());
        }
        // The longest part that can be parsed wins: an id that contains the separator is no coincidence.
        let found = ends.iter().rev().find_map(|&end| Some((end, complaint(&text[..end], sent, notation)?)));
        let end = found.as_ref().map_or(ends[0], |(end, _)| *end);
        match found {
            Some((_, field)) => rejection.fields.push(field),
            None => rejection.others.push(text[..end].to_owned()),
        }
        rest = text[end..].strip_prefix(SEPARATOR);
    }
    rejection
}

/// Parses one complaint about a newer field of the document.
fn complaint(text: &str, sent: &Value, notation: Notation) -> Option<Field> {
    let (place, problem) = text.strip_prefix("at /file/agents/")?.rsplit_once(": ")?;
    let entry = |newer, place: &str| {
        let (id, index) = place.rsplit_once("/allowlist/")?;
        entry_field(sent, &agent_id(id, notation)?, index.parse().ok()?, newer)
    };
    match problem {
        "unexpected property 'source'" => entry(Newer::Source, place),
        "unexpected property 'commandText'" => entry(Newer::CommandText, place),
        "unexpected property 'mcpTools'" => agent_field(sent, &agent_id(place, notation)?),
        "must be integer" => entry(Newer::FractionalTime, place.strip_suffix("/lastUsedAt")?),
        _ => None,
    }
}

fn agent_id(written: &str, notation: Notation) -> Option<String> {
    match notation {
        Notation::Plain => Some(written.to_owned()),
        Notation::Pointer if written.contains('/') => None,
        Notation::Pointer => Some(written.replace("~1", "/").replace("~0", "~")),
    }
}

fn agent_field(sent: &Value, agent: &str) -> Option<Field> {
    sent.get("agents")?.get(agent)?.get(Newer::McpTools.name())?;
    let steps = ["agents", agent, Newer::McpTools.name()].map(|key| Step::Key(key.to_owned()));
    Some(Field {
        place: steps.into_iter().collect(),
        newer: Newer::McpTools,
        agent: agent.to_owned(),
        entry: None,
    })
}

fn entry_field(sent: &Value, agent: &str, index: usize, newer: Newer) -> Option<Field> {
    let entry = sent.get("agents")?.get(agent)?.get("allowlist")?.get(index)?;
    let value = entry.get(newer.name())?;
    if newer == Newer::FractionalTime && value.as_f64().is_none_or(|double| double.fract() == 0.0) {
        return None;
    }
    let key = |key: &str| Step::Key(key.to_owned());
    let steps = [key("agents"), key(agent), key("allowlist"), Step::Index(index), key(newer.name())];
    let pattern = entry.get("pattern").and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Field {
        place: steps.into_iter().collect(),
        newer,
        agent: agent.to_owned(),
        entry: Some(EntryName { index, pattern }),
    })
}

/// The document without exactly the fields that a gateway rejected, and those fields.
///
/// `None` if there is nothing to remove, or if the gateway also complained about anything else: then sending less would
/// not help, and might hide the problem. No entry is ever removed, and no field that was not named. A later gateway
/// (measured: 2026.9.6) names only the first field of each object, so it may reject the document again for the next
/// field, which can be handled in the same way; a rejected `set` changes nothing. [`foreseen`] and [`without`] remove
/// all fields in one step if the gateway's release is known.
///
/// The effect on policy ([`Newer::without`] describes it for users): without `source` an entry stays and counts as
/// written by a person. A gateway too old for the field ignores it when it matches entries, so paths and globs allow
/// the same as before; on such a gateway outside Windows that is any arguments, since `argPattern` is ignored there.
/// The approval of one exact command (a pattern `=command:…`) no longer counts, so the command needs approval again.
/// But once that gateway is upgraded to 2026.8.1 or later, a generated entry that is not bound to a directory, which
/// those releases hold inactive because of its `source`, allows any arguments (or what its `argPattern` matches). A
/// downgrade may therefore widen the policy later, and every report of it must say so. `commandText` is dropped by
/// every gateway when it stores the document (measured); `mcpTools` takes approvals away; a fractional `lastUsedAt` is
/// bookkeeping.
pub fn downgraded<'d>(sent: &Document<'d>, rejection: &Rejection) -> Option<(Document<'d>, Vec<Removed>)> {
    if rejection.others.is_empty() { without(sent, &rejection.fields) } else { None }
}

/// The document without the fields, and their values; `None` if one of them is missing, or the list is empty.
pub fn without<'d>(sent: &Document<'d>, fields: &[Field]) -> Option<(Document<'d>, Vec<Removed>)> {
    if fields.is_empty() {
        return None;
    }
    let mut document = sent.clone();
    let mut removed = Vec::with_capacity(fields.len());
    for field in fields {
        let agents = document.agents.as_mut()?;
        let (_, agent) = agents.iter_mut().find(|(id, _)| *id == field.agent)?;
        let value = match &field.entry {
            None => serde_json::to_value(agent.mcp_tools.take()?).ok()?,
            Some(EntryName { index, .. }) => {
                let entry = agent.allowlist.as_mut()?.get_mut(*index)?;
                match field.newer {
                    Newer::Source => Value::from(entry.source.take()?.as_str()),
                    Newer::CommandText => Value::from(entry.command_text.take()?.as_str()),
                    Newer::FractionalTime => serde_json::to_value(entry.last_used_at.take()?).ok()?,
                    Newer::McpTools => return None,
                }
            }
        };
        removed.push(Removed { field: field.clone(), value: masked(&field.place, value) });
    }
    Some((document, removed))
}

/// The fields of a document that a gateway of that release (`2026.4.14`, `2026.9.1-beta.1`) will reject. For a release
/// that cannot be parsed the list is empty, and the gateway decides.
pub fn foreseen(sent: &Value, version: &str) -> Vec<Field> {
    let Some(release) = Release::read(version) else { return Vec::new() };
    let refused = |newer: Newer| !newer.accepted_by(release);
    let of_entries: Vec<Newer> = [Newer::Source, Newer::CommandText, Newer::FractionalTime]
        .into_iter()
        .filter(|newer| refused(*newer))
        .collect();
    let mut fields = Vec::new();
    for (id, agent) in sent.get("agents").and_then(Value::as_object).into_iter().flatten() {
        if refused(Newer::McpTools) {
            fields.extend(agent_field(sent, id));
        }
        let entries = agent.get("allowlist").and_then(Value::as_array).map_or(0, Vec::len);
        for index in 0..entries {
            fields.extend(of_entries.iter().filter_map(|newer| entry_field(sent, id, index, *newer)));
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::approvals::Syntax;
    use crate::approvals::check::agreement::documents;
    use crate::approvals::parse;

    /// The document for which the answers of both releases were measured, without its misspelt fields.
    fn sent() -> Value {
        let entry =
            json!({"pattern": "/bin/ls", "source": "allow-always", "commandText": "ls", "lastUsedAt": 1.5});
        json!({"version": 1, "agents": {
            "main": {"allowlist": [entry, {"pattern": "/bin/cat", "source": "allow-always", "lastUsedAt": 2.0}],
                     "mcpTools": [{"server": "s", "tool": "t", "source": "allow-always", "addedAt": 1}]},
            "ops/team~x": {"mcpTools": [], "allowlist": [{"pattern": "/bin/id", "source": "allow-always"}]}}})
    }

    const MEASURED: &str = "invalid exec.approvals.set params: at /file/agents/main: unexpected property 'mcpTools'; \
        at /file/agents/main/allowlist/0: unexpected property 'source'; \
        at /file/agents/main/allowlist/0: unexpected property 'commandText'; \
        at /file/agents/main/allowlist/0/lastUsedAt: must be integer; \
        at /file/agents/main/allowlist/1: unexpected property 'source'; \
        at /file/agents/ops~1team~0x: unexpected property 'mcpTools'; \
        at /file/agents/ops~1team~0x/allowlist/0: unexpected property 'source'";

    /// Removes the rejected fields from a JSON document; `None` if nothing is removed.
    fn downgraded(sent: &Value, rejection: &Rejection) -> Option<(Value, Vec<Removed>)> {
        let text = sent.to_string();
        let document = parse(text.as_bytes(), Syntax::Json).unwrap();
        let (document, removed) = super::downgraded(&document, rejection)?;
        Some((serde_json::to_value(&document).unwrap(), removed))
    }

    fn places(fields: &[Field]) -> Vec<String> {
        fields.iter().map(|field| field.place.to_string()).collect()
    }

    #[test]
    fn a_refusal_names_its_fields_and_they_alone_are_removed() {
        let rejection = read(MEASURED, &sent()).unwrap();
        assert!(rejection.others.is_empty(), "{rejection:?}");
        assert_eq!(rejection.fields, foreseen(&sent(), "2026.4.14"));
        let first = &rejection.fields[1];
        assert_eq!((first.agent.as_str(), first.newer.introduced()), ("main", "2026.4.26"));
        assert_eq!(first.entry, Some(EntryName { index: 0, pattern: "/bin/ls".to_owned() }));
        let (document, removed) = downgraded(&sent(), &rejection).unwrap();
        assert_eq!(
            document,
            json!({"version": 1, "agents": {
                "main": {"allowlist": [{"pattern": "/bin/ls"}, {"pattern": "/bin/cat", "lastUsedAt": 2.0}]},
                "ops/team~x": {"allowlist": [{"pattern": "/bin/id"}]}}})
        );
        assert_eq!((removed.len(), &removed[1].value), (7, &json!("allow-always")));
    }

    #[test]
    fn ids_without_escapes_are_found_in_the_document() {
        let plain = "invalid exec.approvals.node.set params: at /file/agents/ops/team~x: unexpected property \
            'mcpTools'; at /file/agents/ops/team~x/allowlist/0: unexpected property 'source'";
        let rejection = read(plain, &sent()).unwrap();
        assert_eq!(
            places(&rejection.fields),
            ["/agents/ops~1team~0x/mcpTools", "/agents/ops~1team~0x/allowlist/0/source"]
        );
        let entry = json!({"allowlist": [{"pattern": "/a", "source": "allow-always"}]});
        let odd = json!({"agents": {"a; at /file/agents/b": entry}});
        let message = "invalid exec.approvals.set params: \
            at /file/agents/a; at /file/agents/b/allowlist/0: unexpected property 'source'; at /file: no";
        let rejection = read(message, &odd).unwrap();
        assert_eq!(
            (rejection.fields.len(), rejection.others.as_slice()),
            (1, &["at /file: no".to_owned()][..])
        );
    }

    #[test]
    fn an_id_that_can_be_read_two_ways_is_not_guessed() {
        let entry = json!({"allowlist": [{"pattern": "/a", "source": "allow-always"}]});
        let twins = json!({"version": 1, "agents": {"a/b": entry, "a~1b": entry}});
        let one = "invalid exec.approvals.set params: at /file/agents/a~1b/allowlist/0: unexpected property 'source'";
        let rejection = read(one, &twins).unwrap();
        assert_eq!((rejection.fields.len(), rejection.others.len()), (0, 1));
        assert_eq!(downgraded(&twins, &rejection), None);
        let both = format!("{one}; at /file/agents/a~01b/allowlist/0: unexpected property 'source'");
        assert_eq!(
            places(&read(&both, &twins).unwrap().fields),
            ["/agents/a~1b/allowlist/0/source", "/agents/a~01b/allowlist/0/source"]
        );
    }

    #[test]
    fn one_other_complaint_and_nothing_is_removed() {
        for other in [
            "at /file/agents/ops~1team~0x: unexpected property 'bogus'",
            "at /file/agents/main/allowlist/1/lastUsedAt: must be integer",
            "at /file/agents/main/allowlist/7: unexpected property 'source'",
            "at /file/agents/main/allowlist/1: unexpected property 'commandText'",
            "at /file/agents/gone: unexpected property 'mcpTools'",
            "at /file/agents/main/allowlist/0: unexpected property 'argPattern'",
            "must have required property 'file'",
            "",
        ] {
            let rejection = read(&format!("{MEASURED}; {other}"), &sent()).unwrap();
            assert_eq!((rejection.fields.len(), rejection.others.as_slice()), (7, &[other.to_owned()][..]));
            assert_eq!(downgraded(&sent(), &rejection), None);
        }
        for message in
            ["exec approvals changed since last load", "invalid exec.approval.resolve params: at root"]
        {
            assert_eq!(read(message, &sent()), None);
        }
    }

    #[test]
    fn what_a_release_refuses_is_foreseen_by_its_date() {
        for (version, count) in [
            ("2026.4.14", 7),
            ("2026.4.25", 7),
            ("2026.4.26-beta.1", 7),
            ("2026.4.26", 3),
            ("v2026.7.35", 3),
            ("2026.7.1-2", 3),
            ("2026.8.1-beta.1", 2),
            ("2026.9.1-beta.1", 2),
            ("2026.9.1", 0),
            ("2026.10.1", 0),
            ("2027.1.1", 0),
            ("", 0),
            ("2026.4", 0),
            ("2026.4.1.1", 0),
            ("soon", 0),
        ] {
            assert_eq!(foreseen(&sent(), version).len(), count, "{version}");
        }
        let nothing = Rejection { fields: Vec::new(), others: Vec::new() };
        assert_eq!(downgraded(&sent(), &nothing), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn what_an_old_gateway_would_say_is_read_back(document in documents(), pointer in any::<bool>()) {
            let fields = foreseen(&document, "2026.4.14");
            let complaints: Vec<String> = fields.iter().map(|field| {
                let escaped = field.agent.replace('~', "~0").replace('/', "~1");
                let agent = if pointer { &escaped } else { &field.agent };
                let entry = field.entry.as_ref().map(|entry| format!("/allowlist/{}", entry.index)).unwrap_or_default();
                match field.newer {
                    Newer::FractionalTime => format!("at /file/agents/{agent}{entry}/lastUsedAt: must be integer"),
                    newer => format!("at /file/agents/{agent}{entry}: unexpected property '{}'", newer.name()),
                }
            }).collect();
            if !fields.is_empty() && parse(document.to_string().as_bytes(), Syntax::Json).is_ok() {
                let message = format!("invalid exec.approvals.set params: {}", complaints.join("; "));
                let rejection = read(&message, &document).unwrap();
                prop_assert_eq!(&rejection.fields, &fields);
                let (after, removed) = downgraded(&document, &rejection).unwrap();
                prop_assert_eq!(removed.len(), fields.len());
                prop_assert!(foreseen(&after, "2026.4.14").is_empty());
            }
        }

        #[test]
        fn no_message_makes_it_panic(document in documents(), message in any::<String>()) {
            read(&format!("invalid exec.approvals.set params: {message}"), &document);
            foreseen(&document, &message);
        }
    }
}
