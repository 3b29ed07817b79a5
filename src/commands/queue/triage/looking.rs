//! Facts about the prompt under the cursor: what `approvals explain` says about its command. They are looked up beside the
//! screen, and never delay a key.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::gateway::Gateway;
use crate::commands::documents::Place;
use crate::commands::explain::Subject;
use crate::commands::gateway::beside;
use crate::deadline::Deadline;
use crate::queue::filter::subject;
use crate::queue::triage::{Fact, Facts, Input, RowId, Verdict};
use crate::queue::{Kind, Prompt};
use crate::report::approvals::explain::Explained;
use crate::settings::{Flags, Wait};

/// How long one look-up may take.
const LOOKING: Duration = Duration::from_secs(10);
/// How long the document and the configuration count.
const FRESH: Duration = Duration::from_mins(1);

/// A document and a configuration, or why they are unknown.
type Read = Result<Arc<Subject>, String>;

/// Looks up the facts about prompts: of several, those of the last one.
pub(super) async fn run(gateway: &Gateway, mut looks: mpsc::UnboundedReceiver<(RowId, Arc<Prompt>)>) {
    let mut read: Option<(Instant, Read)> = None;
    while let Some(mut look) = looks.recv().await {
        while let Ok(later) = looks.try_recv() {
            look = later;
        }
        let (row, prompt) = look;
        let verdict = verdict(gateway, &prompt, &mut read).await;
        gateway.report(Input::Facts(row, Facts { verdict, history: None }));
    }
}

/// What the gateway does with the command, by its own document and configuration.
async fn verdict(
    gateway: &Gateway,
    prompt: &Arc<Prompt>,
    read: &mut Option<(Instant, Read)>,
) -> Fact<Verdict> {
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
    let kept = read.take().filter(|(at, _)| at.elapsed() < FRESH);
    let (at, subject_read) = match kept {
        Some(kept) => kept,
        None => (Instant::now(), read_subject(gateway, deadline).await),
    };
    *read = Some((at, subject_read.clone()));
    let host = match subject_read {
        Ok(host) => host,
        Err(why) => return Fact::Unknown(why),
    };
    let prompt = Arc::clone(prompt);
    let explained = beside(deadline, move || {
        Ok(host.explain(subject(&prompt), prompt.agent.as_deref(), prompt.details.cwd.as_deref()))
    });
    match explained.await {
        Ok(explained) => Fact::Known(of(explained)),
        Err(error) => Fact::Unknown(error.chain()),
    }
}

async fn read_subject(gateway: &Gateway, deadline: Deadline) -> Read {
    let flags = Flags { wait: Wait::Never, ..gateway.flags.clone() };
    let read = beside(deadline, move || {
        let place = Place::Gateway(flags);
        // The cause is shown; the exit code of this command does not depend on it.
        Ok(Subject::read(&place, deadline).map_err(|error| format!("{error:#}")))
    });
    match read.await {
        Ok(read) => read.map(Arc::new),
        Err(error) => Err(error.chain()),
    }
}

fn of(explained: Explained) -> Verdict {
    let why = explained.sentences().join("; ");
    let Explained { verdict, release, missing, allow, .. } = explained;
    Verdict {
        word: verdict.as_str(),
        why,
        entries: allow.into_iter().map(|allow| (allow.pattern, allow.arg_pattern)).collect(),
        missing,
        release: release.release,
    }
}
