//! Facts about the prompt under the cursor: what `approvals explain` says about its command, and what was decided about the
//! same before. They are looked up beside the screen, and never delay a key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::super::{Lacking, QueueError, entry, history};
use super::gateway::Gateway;
use crate::approvals::decide::Written;
use crate::commands::Error;
use crate::commands::documents::Place;
use crate::commands::explain::Subject;
use crate::commands::gateway::beside;
use crate::deadline::Deadline;
use crate::queue::filter::subject;
use crate::queue::history::{Earlier, Filter, Past};
use crate::queue::triage::{Fact, Facts, Input, NewEntry, RowId, Verdict};
use crate::queue::{Kind, Prompt};
use crate::report::approvals::explain::Explained;
use crate::settings::{Flags, Wait};

/// How long one look-up may take.
const LOOKING: Duration = Duration::from_secs(10);
/// How long the document, the configuration and the history count.
const FRESH: Duration = Duration::from_mins(1);
/// How many decisions are read. A gateway needs 0.1 ms for each (measured on 2026.9.6).
const DECISIONS: usize = 500;

/// A document and a configuration, or why they are unknown.
type Read = Result<Arc<Subject>, String>;

/// What is known of a gateway's decisions.
#[derive(Debug)]
enum Records {
    /// The gateway keeps no history.
    None,
    /// They were read. `gap`: why one may be missing, if so.
    Read { earlier: Earlier, gap: Option<String> },
    /// They could not be read, for this reason.
    Unknown(String),
}

/// A document and a configuration, when they were read, and after how many own decisions.
struct Document {
    read: Read,
    at: Instant,
    decisions: usize,
}

/// A history, when it was read, and after how many own decisions.
struct Kept {
    records: Records,
    at: Instant,
    decisions: usize,
}

/// Looks up the facts about prompts: of several, those of the last one.
pub(super) async fn run(gateway: &Gateway, mut looks: mpsc::UnboundedReceiver<(RowId, Arc<Prompt>)>) {
    let mut read: Option<Document> = None;
    let mut kept: Option<Kept> = None;
    while let Some(mut look) = looks.recv().await {
        while let Ok(later) = looks.try_recv() {
            look = later;
        }
        let (row, prompt) = look;
        let (verdict, ()) =
            tokio::join!(verdict(gateway, &prompt, &mut read), read_records(gateway, &mut kept));
        let history = kept.as_ref().and_then(|kept| before(&kept.records, &prompt));
        gateway.report(Input::Facts(row, Facts { verdict, history }));
    }
}

/// Reads the gateway's decisions: once for every prompt, until they are old or something was decided here.
async fn read_records(gateway: &Gateway, kept: &mut Option<Kept>) {
    let decisions = gateway.decisions();
    if kept.as_ref().is_some_and(|kept| kept.at.elapsed() < FRESH && kept.decisions == decisions) {
        return;
    }
    let flags = Flags { wait: Wait::Never, ..gateway.flags.clone() };
    let request = history::Request { filter: Filter::default(), since: None, limit: DECISIONS };
    let records = match history::run(&request, &flags, Deadline::after(LOOKING), &mut |_| {}).await {
        Ok(history) => Records::Read { earlier: Earlier::of(&history.rows), gap: history.gap() },
        Err(Error::Queue(QueueError::TooOld { lacks: Lacking::History, .. })) => Records::None,
        Err(error) => Records::Unknown(error.chain()),
    };
    *kept = Some(Kept { records, at: Instant::now(), decisions });
}

/// What was decided about the same text before. Nothing found means that nothing was decided only if all was read.
fn before(records: &Records, prompt: &Prompt) -> Option<Fact<Vec<Past>>> {
    let (earlier, gap) = match records {
        Records::None => return None,
        Records::Unknown(why) => return Some(Fact::Unknown(why.clone())),
        Records::Read { earlier, gap } => (earlier, gap),
    };
    Some(match (earlier.of_prompt(prompt), gap) {
        (None, _) => Fact::Unknown("the gateway does not list the whole command".to_owned()),
        (Some([]), Some(gap)) => Fact::Unknown(format!("not among the decisions that were read: {gap}")),
        (Some(past), _) => Fact::Known(past.to_vec()),
    })
}

/// What the gateway does with the command, by its own document and configuration.
async fn verdict(gateway: &Gateway, prompt: &Arc<Prompt>, read: &mut Option<Document>) -> Fact<Verdict> {
    if prompt.kind() != Kind::Exec {
        return Fact::Unknown("only commands are explained".to_owned());
    }
    if prompt.details.node.is_some() {
        return Fact::Unknown("the command is for a node, which decides by a document of its own".to_owned());
    }
    if prompt.doubt.is_some() {
        return Fact::Unknown("the gateway does not list the whole command".to_owned());
    }
    let deadline = Deadline::after(LOOKING);
    let decisions = gateway.decisions();
    let is_fresh = |kept: &Document| kept.at.elapsed() < FRESH && kept.decisions == decisions;
    let document = match read.take().filter(is_fresh) {
        Some(kept) => kept,
        None => Document { read: read_subject(gateway, deadline).await, at: Instant::now(), decisions },
    };
    let host = match read.insert(document).read.clone() {
        Ok(host) => host,
        Err(why) => return Fact::Unknown(why),
    };
    let prompt = Arc::clone(prompt);
    let explained = beside(deadline, move || {
        let always = entry::call(&prompt).map_err(str::to_owned).and_then(|call| host.always(call));
        let cwd = prompt.details.cwd.as_deref();
        Ok((host.explain(subject(&prompt), prompt.agent.as_deref(), cwd), always))
    });
    match explained.await {
        Ok((explained, always)) => Fact::Known(of(explained, always)),
        Err(error) => Fact::Unknown(error.chain()),
    }
}

async fn read_subject(gateway: &Gateway, deadline: Deadline) -> Read {
    let flags = Flags { wait: Wait::Never, ..gateway.flags.clone() };
    let programs = gateway.request.programs.clone();
    let read = beside(deadline, move || {
        let place = Place::Gateway(flags);
        // The cause is shown; the exit code of this command does not depend on it.
        Ok(Subject::read(&place, programs.as_deref(), deadline).map_err(|error| format!("{error:#}")))
    });
    match read.await {
        Ok(read) => read.map(Arc::new),
        Err(error) => Err(error.chain()),
    }
}

fn of(explained: Explained, always: Result<Vec<Written>, String>) -> Verdict {
    let entry = |Written { pattern, arg_pattern }| NewEntry { pattern, arg_pattern };
    let why = explained.sentences().join("; ");
    let Explained { verdict, release, missing, allow, .. } = explained;
    Verdict {
        word: verdict.as_str(),
        why,
        entries: allow.into_iter().map(|allow| (allow.pattern, allow.arg_pattern)).collect(),
        missing,
        release: release.release,
        always: always.map(|entries| entries.into_iter().map(entry).collect()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::queue::history::Page;
    use crate::queue::{Hidden, Reader};

    fn prompt(command: &str) -> Prompt {
        let request = json!({ "command": command, "host": "gateway", "agentId": "main" });
        let row = json!({ "id": "p", "createdAtMs": 1, "expiresAtMs": 2, "request": request });
        Reader::new().text(Kind::Exec, &row.to_string()).unwrap()
    }

    fn records(commands: &[&str], gap: Option<&str>) -> Records {
        let row = |command: &&str| {
            json!({
                "id": "a", "createdAtMs": 0, "expiresAtMs": 0, "resolvedAtMs": 7, "status": "denied",
                "decision": "deny", "resolver": {"kind": "device", "id": "d1"},
                "presentation": {
                    "kind": "exec", "commandText": command, "host": "gateway", "agentId": "main",
                },
            })
        };
        let rows: Vec<Value> = commands.iter().map(row).collect();
        let page = Page::read(&json!({ "items": rows }).to_string(), Some("d1"), &Hidden::default()).unwrap();
        Records::Read { earlier: Earlier::of(&page.items), gap: gap.map(str::to_owned) }
    }

    #[test]
    fn nothing_found_means_nothing_decided_only_if_all_was_read() {
        let unknown = |fact| matches!(fact, Some(Fact::Unknown(_)));
        let whole = records(&["make", "make"], None);
        let Some(Fact::Known(past)) = before(&whole, &prompt("make")) else { panic!("{whole:?}") };
        let [past] = &past[..] else { panic!("{past:?}") };
        assert_eq!((&*past.outcome, past.count, past.last_ms), ("deny", 2, 7));
        assert_eq!(before(&whole, &prompt("ls")), Some(Fact::Known(Vec::new())));
        let cut = records(&["make"], Some("only the last 500 decisions were read"));
        assert!(matches!(before(&cut, &prompt("make")), Some(Fact::Known(_))));
        assert!(unknown(before(&cut, &prompt("ls"))));
        assert!(unknown(before(&Records::Unknown("no answer".to_owned()), &prompt("make"))));
        assert!(unknown(before(&whole, &prompt("curl ***"))), "the hidden part may differ");
        assert_eq!(before(&Records::None, &prompt("make")), None, "this gateway keeps no history");
    }
}
