//! Prompts in files: the output of `queue history`, `queue ls` and `queue guard`, a gateway's own answers, and the listing of
//! the official command. Each is recognised by its fields, and anything else is an error: a file that is not read could have
//! the denial that forbids an entry.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::observed::{Gathered, Outcome, Row, is_of_gateway};
use crate::queue::history::Page;
use crate::queue::intent::is_elided;
use crate::queue::{Decision, Hidden, Listing, Reader};

/// What a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Decided prompts.
    History,
    /// Pending prompts.
    Listing,
    /// Lines of a guard.
    Guard,
}

impl Form {
    /// Its name for people.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Listing => "pending prompts",
            Self::Guard => "guard log",
        }
    }
}

/// Reads a file. Returns what it has, and what of it could not be read.
pub(super) fn read(text: &str, gathered: &mut Gathered) -> Result<(Form, Vec<String>), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = first(text)?;
    let form = form(first);
    let problems = match form {
        Form::History => history(text, gathered)?,
        Form::Guard => guard(text, gathered)?,
        Form::Listing => listing(text, gathered)?,
    };
    Ok((form, problems))
}

/// The first JSON value of a text.
fn first(text: &str) -> Result<&RawValue, String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    match values.next() {
        Some(value) => value.map_err(|error| format!("it is not JSON: {error}")),
        None => Err("the file is empty".to_owned()),
    }
}

/// The fields by which forms differ.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Sign<'t> {
    #[serde(borrow)]
    decided: Option<&'t RawValue>,
    #[serde(borrow)]
    items: Option<&'t RawValue>,
    #[serde(borrow)]
    resolved_at_ms: Option<&'t RawValue>,
    #[serde(borrow)]
    event: Option<&'t RawValue>,
    #[serde(borrow)]
    at: Option<&'t RawValue>,
    #[serde(borrow)]
    request: Option<&'t RawValue>,
}

fn form(first: &RawValue) -> Form {
    let sign: Sign<'_> = serde_json::from_str(first.get()).unwrap_or_default();
    if sign.decided.is_some() || sign.items.is_some() || sign.resolved_at_ms.is_some() {
        Form::History
    } else if sign.event.is_some() && sign.at.is_some() && sign.request.is_none() {
        Form::Guard
    } else {
        Form::Listing
    }
}

/// A decided prompt, as `queue history` prints it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DecidedRow {
    id: String,
    kind: String,
    status: String,
    decision: Option<String>,
    agent_id: Option<String>,
    host: Option<String>,
    node_id: Option<String>,
    summary: String,
}

impl DecidedRow {
    fn row(self) -> Option<Row> {
        let decision = self.decision.as_deref().and_then(Decision::named);
        let is_unknown = decision.is_none() && self.decision.is_some();
        let outcome = Outcome::of(decision, is_unknown, &self.status);
        (self.kind == "exec").then(|| Row {
            id: self.id,
            agent: self.agent_id,
            directory: None,
            outcome,
            is_example: is_of_gateway(self.host.as_deref(), self.node_id.as_deref()),
            is_elided: is_elided(&self.summary),
            command: self.summary,
        })
    }
}

/// The output of `queue history --json`.
#[derive(Deserialize)]
struct History<'t> {
    #[serde(borrow)]
    decided: Option<Vec<&'t RawValue>>,
    #[serde(borrow)]
    items: Option<&'t RawValue>,
    cut: Option<String>,
    #[serde(default)]
    problems: Vec<String>,
}

fn history(text: &str, gathered: &mut Gathered) -> Result<Vec<String>, String> {
    let mut problems = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<&RawValue>() {
        let value = value.map_err(|error| format!("it is not JSON: {error}"))?.get();
        let whole: History<'_> =
            serde_json::from_str(value).map_err(|error| format!("it is not a history: {error}"))?;
        problems.extend(whole.problems);
        problems.extend(whole.cut.map(|cut| format!("the history was cut when it was saved ({cut})")));
        match (whole.decided, whole.items) {
            (Some(rows), _) => rows.into_iter().for_each(|row| decided(row.get(), gathered, &mut problems)),
            (None, Some(_)) => {
                let page = Page::read(value, None, &Hidden::default())
                    .map_err(|error| format!("it is not a history: {error}"))?;
                problems.extend(page.problems.iter().map(ToString::to_string));
                problems.extend(page.next.map(|_| "the gateway had more pages of its history".to_owned()));
                page.items.iter().filter_map(Row::of_decided).for_each(|row| gathered.add(row));
            }
            (None, None) => decided(value, gathered, &mut problems),
        }
    }
    Ok(problems)
}

fn decided(row: &str, gathered: &mut Gathered, problems: &mut Vec<String>) {
    match serde_json::from_str::<DecidedRow>(row) {
        Ok(row) => row.row().into_iter().for_each(|row| gathered.add(row)),
        Err(error) => problems.push(format!("a decided prompt could not be read: {error}")),
    }
}

/// A line of a guard, as far as it is about prompts.
#[derive(Deserialize)]
struct GuardLine {
    event: String,
    id: Option<String>,
    outcome: Option<String>,
    #[serde(default)]
    prompts: Vec<Waiting>,
}

/// A prompt that a guard reports as old.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Waiting {
    id: String,
    kind: String,
    agent: Option<String>,
    command: String,
    /// There if the command is cut.
    command_length: Option<u64>,
}

fn guard(text: &str, gathered: &mut Gathered) -> Result<Vec<String>, String> {
    for value in serde_json::Deserializer::from_str(text).into_iter::<GuardLine>() {
        let line = value.map_err(|error| format!("it has a line that is not one of a guard: {error}"))?;
        // A `deny` is what the guard meant to do: only an `outcome` says what became of it.
        if line.event == "outcome" && line.outcome.as_deref() == Some("denied") {
            gathered.duplicates.extend(line.id);
        }
        for Waiting { id, kind, agent, command, command_length } in line.prompts {
            if kind == "exec" {
                gathered.add(Row {
                    id,
                    agent,
                    is_elided: command_length.is_some() || is_elided(&command),
                    command,
                    directory: None,
                    outcome: Outcome::Undecided,
                    is_example: true,
                });
            }
        }
    }
    Ok(Vec::new())
}

fn listing(text: &str, gathered: &mut Gathered) -> Result<Vec<String>, String> {
    let mut listing = Listing::default();
    Reader::new().saved(text, &mut listing).map_err(|error| error.to_string())?;
    listing.prompts.iter().filter_map(Row::of_prompt).for_each(|row| gathered.add(row));
    // A pending prompt was not denied, so that a row that cannot be read forbids nothing.
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn decided(id: &str, decision: &str, command: &str) -> Value {
        json!({"id": id, "kind": "exec", "status": if decision == "deny" { "denied" } else { "allowed" },
            "decision": decision, "agentId": "main", "host": "gateway", "nodeId": null, "summary": command,
            "resolvedAtMs": 1})
    }

    fn counted(text: &str) -> Result<(Form, usize, usize, usize), String> {
        let mut gathered = Gathered::default();
        let (form, problems) = read(text, &mut gathered)?;
        let duplicates = gathered.duplicates.len();
        Ok((form, gathered.len(), duplicates, problems.len()))
    }

    #[test]
    fn each_form_is_recognised() {
        let rows = json!({"version": 1, "cut": null, "decided": [decided("1", "deny", "rm"), decided("2", "allow-once", "ls")],
            "problems": []});
        assert_eq!(counted(&rows.to_string()), Ok((Form::History, 2, 0, 0)));
        let lines = format!("{}\n{}\n", decided("1", "deny", "rm"), decided("2", "allow-once", "ls"));
        assert_eq!(counted(&lines), Ok((Form::History, 2, 0, 0)));
        let wire = json!({"items": [{"id": "1", "status": "denied", "decision": "deny", "createdAtMs": 1, "expiresAtMs": 2,
            "resolvedAtMs": 1, "presentation": {"kind": "exec", "commandText": "rm"}}], "nextCursor": "x"});
        assert_eq!(counted(&wire.to_string()), Ok((Form::History, 1, 0, 1)));
        let guard = [
            json!({"version": 1, "at": "t", "event": "started", "observe": false}),
            json!({"version": 1, "at": "t", "event": "deny", "id": "9", "kind": "exec", "agent": "main"}),
            json!({"version": 1, "at": "t", "event": "outcome", "id": "9", "kind": "exec", "outcome": "denied"}),
            json!({"version": 1, "at": "t", "event": "older", "count": 1, "prompts":
                [{"id": "8", "kind": "exec", "agent": "main", "command": "ls"}]}),
        ];
        let lines = guard.map(|line| line.to_string()).join("\n");
        assert_eq!(counted(&lines), Ok((Form::Guard, 1, 1, 0)));
        let listed = json!({"nowMs": 5, "approvals": [{"id": "1", "createdAtMs": 1, "expiresAtMs": 9,
            "request": {"command": "ls", "agentId": "main", "host": "gateway"}}]});
        assert_eq!(counted(&listed.to_string()), Ok((Form::Listing, 1, 0, 0)));
    }

    #[test]
    fn only_a_denial_that_a_guard_carried_out_is_one_of_a_duplicate() {
        let deny = json!({"version": 1, "at": "t", "event": "deny", "id": "9", "kind": "exec"});
        assert_eq!(counted(&deny.to_string()), Ok((Form::Guard, 0, 0, 0)));
        for (outcome, expected) in [
            ("denied", 1),
            ("gone", 0),
            ("allowed", 0),
            ("failed", 0),
            ("skipped", 0),
            ("withdrawn", 0),
            ("held", 0),
            ("observed", 0),
        ] {
            let line = json!({"version": 1, "at": "t", "event": "outcome", "id": "9", "kind": "exec", "outcome": outcome});
            assert_eq!(counted(&format!("{deny}\n{line}\n")), Ok((Form::Guard, 0, expected, 0)), "{outcome}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_an_error_or_reported() {
        for text in ["", "no", "7", "{\"version\": 1}", "{\"at\": 1, \"event\": \"deny\"}\nno"] {
            assert!(counted(text).is_err(), "{text}");
        }
        let cut = json!({"decided": [{"id": "1"}], "cut": "limit", "problems": ["one"]});
        assert_eq!(counted(&cut.to_string()), Ok((Form::History, 0, 0, 3)));
    }
}
