//! `run ls`: what runs, and what holds prompts.

use std::collections::BTreeMap;

use crate::commands::Error;
use crate::commands::queue::{Pending, Queue};
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::cancel::RunRow;
use crate::queue::{Reader, RunState};
use crate::settings::Flags;

/// Lists them. The gateway's address comes first.
pub async fn run(flags: &Flags, deadline: Deadline) -> Result<(String, Vec<RunRow>), Error> {
    let mut queue = Queue::open(flags, Access::OPERATOR, Reader::new(), deadline).await?;
    let pending = queue.list().await?;
    let name = queue.connection.address().to_owned();
    queue.connection.close().await;
    Ok((name, rows(&pending)))
}

fn rows(pending: &Pending) -> Vec<RunRow> {
    let mut rows: BTreeMap<(Option<String>, Option<String>), RunRow> = BTreeMap::new();
    for prompt in &pending.listing.prompts {
        let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
        let (session, run) = (text(&prompt.session_key), text(&prompt.run_id));
        let row = rows.entry((session.clone(), run.clone())).or_insert_with(|| RunRow {
            session,
            agent: text(&prompt.agent),
            run,
            state: pending.runs.of(prompt),
            prompts: Vec::new(),
        });
        row.prompts.push(prompt.id().to_owned());
    }
    for session in &pending.sessions {
        if pending.runs.session(session) != RunState::Active {
            continue;
        }
        let ids = pending.runs.active(session);
        let runs: Vec<Option<String>> =
            if ids.is_empty() { vec![None] } else { ids.iter().map(|run| Some((*run).to_owned())).collect() };
        for run in runs {
            rows.entry((Some(session.clone()), run.clone())).or_insert_with(|| RunRow {
                session: Some(session.clone()),
                agent: None,
                run,
                state: RunState::Active,
                prompts: Vec::new(),
            });
        }
    }
    rows.into_values().collect()
}
