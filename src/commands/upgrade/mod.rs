//! `approvals upgrade`: what of a document means something else on another release, and the edits that keep the meaning.

mod both;
mod edits;
mod witnesses;

use std::path::PathBuf;

use serde_json::Value;

use self::both::{Both, Compared, is_other};
use self::edits::Editor;
use self::witnesses::witnesses;
use super::Error;
use super::explain::{ReleaseSources, check_release};
use super::suggest::judge::Judge;
use super::suggest::sources::Sources;
use super::suggest::{HostRequest, Read, SuggestError};
use crate::approvals::decide::Verdict;
use crate::approvals::quotable;
use crate::deadline::Deadline;
use crate::report::approvals::upgrade::{Change, Upgraded};

/// The most unknown commands that are reported.
const UNKNOWN: usize = 20;

/// Parameters of `approvals upgrade`.
#[derive(Debug, Clone)]
pub struct Request {
    /// The document, and how its host decides now.
    pub host: HostRequest,
    /// The release that the host is about to run.
    pub to: String,
    /// Files with prompts.
    pub prompts: Vec<PathBuf>,
    /// Files with policy tests.
    pub tests: Vec<PathBuf>,
}

/// Decides every command as both releases do, and finds the edits.
pub fn run(request: &Request, deadline: Deadline) -> anyhow::Result<Upgraded> {
    check_release(Some(&request.to))?;
    let Read { mut target, circumstances, .. } = request.host.read(deadline)?;
    if request.host.release.is_some() {
        "--from".clone_into(&mut target.surroundings.release.from);
    }
    let mut to = ReleaseSources { named: Some(&request.to), ..ReleaseSources::default() }.choose();
    "--for".clone_into(&mut to.from);
    let mut sources = Sources::read(&request.host.place, &request.prompts, deadline)?;
    let judge = Judge::new(&target, &circumstances, request.host.directory.as_deref())
        .ok_or_else(|| Error::from(SuggestError::Document(target.document.path.clone())))?;
    let witnesses = witnesses(&judge, &mut sources, &request.tests, deadline)?;
    let both = Both { judge: &judge, to: to.profile };
    let compared = both.compared(witnesses);
    let policies = both.policies()?;
    let mut editor = Editor::new(&both, &compared);
    let policies = editor.keep_policies(policies);
    editor.keep_commands();
    let (edits, patch, kept) = editor.done();
    let mut changes: Vec<Change> = Vec::new();
    let (mut unknown, mut unknown_count) = (Vec::new(), 0);
    for (index, Compared { witness, before, after }) in compared.iter().enumerate() {
        let command = || quotable(&witness.command).into_owned();
        if [before, after].iter().any(|ending| ending.verdict == Verdict::Unknown) {
            unknown_count += 1;
            unknown.extend((unknown.len() < UNKNOWN).then(command));
        } else if is_other(before, after) {
            changes.push(Change {
                agent: witness.agent.clone(),
                command: command(),
                source: witness.source.as_str(),
                before: before.clone(),
                after: after.clone(),
                is_kept: kept.contains(&index),
            });
        }
    }
    let Sources { used, problems, remarks, .. } = sources;
    Ok(Upgraded {
        commands: compared.len() - unknown_count,
        sources: used,
        problems,
        unknown,
        unknown_count,
        policies,
        changes,
        edits,
        remarks: [target.remarks.clone(), remarks].concat(),
        patch: patch.map(without_socket),
        document: target.document.clone(),
        from: target.surroundings.release.clone(),
        to,
    })
}

/// `set` keeps the target's own socket.
fn without_socket(mut document: Value) -> Value {
    if let Some(document) = document.as_object_mut() {
        document.remove("socket");
    }
    document
}
