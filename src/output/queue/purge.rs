//! Plans, and what came of them.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::super::escape::{Paper, escaped, name, shortened, text};
use super::super::json::{VERSION, json};
use super::notes::{WiderJson, alone_text, remarks, undecided_text, wider_text};
use super::{Layout, PromptJson, command, head, length, span};
use crate::queue::Prompt;
use crate::queue::plan::{Kept, Why};
use crate::queue::report::{Entry, Failure, Outcome, Untried};
use crate::report::queue::{Asked, Dedupe, Emptied, Planned, PlannedGroup, Round};

/// Lines of a plan after which what it denies is repeated: the question must not be all that is left on the screen.
const SHORT: usize = 10;
/// The groups that are repeated.
const REPEATED: usize = 4;

fn kept(kept: Kept) -> &'static str {
    match kept {
        Kept::Only => "the only one",
        Kept::Oldest => "the oldest with a live run",
        Kept::Newest => "the newest with a live run",
        Kept::LongestLived => "the one that lives longest",
    }
}

pub(in crate::output) fn why(why: Why) -> &'static str {
    match why {
        Why::RunEnded => "its run has ended",
        Why::RunSuperseded => "its run was replaced",
        Why::LapsesSoon => "it expires soon",
        Why::Younger => "asked later",
        Why::Older => "asked earlier",
        Why::SameAge => "asked at the same time",
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// Prints a plan.
pub fn plan_text(out: &mut dyn Write, gateway: &str, planned: &Planned, layout: Layout) -> io::Result<()> {
    let Planned { groups, duplicates, prompts, now_ms, legacy, beside } = planned;
    let paper = layout.paper;
    let below = |out: &mut dyn Write| {
        wider_text(out, paper, beside.wider)?;
        alone_text(out, paper, &beside.alone)?;
        undecided_text(out, paper, beside.undecided)
    };
    if *duplicates == 0 {
        let found = if beside.undecided == 0 { "No duplicates" } else { "No duplicate is certain" };
        let text = format!("{}: {found} ({} pending).", name(gateway), counted(*prompts, "prompt"));
        paper.line(out, "", &text)?;
        return below(out);
    }
    let mut plan = Vec::new();
    let summary = format!(
        "{}: {} in {} ({} pending); one of each group is kept",
        name(gateway),
        counted(*duplicates, "duplicate"),
        counted(groups.len(), "group"),
        counted(*prompts, "prompt"),
    );
    paper.line(&mut plan, "", &summary)?;
    for group in groups {
        group_text(&mut plan, group, *now_ms, layout)?;
    }
    if *legacy {
        let note = "on this gateway each denial starts one agent turn, and the agent may ask again (--settle keeps \
                    cleaning)";
        paper.line(&mut plan, "note: ", note)?;
    }
    below(&mut plan)?;
    out.write_all(&plan)?;
    if plan.split(|byte| *byte == b'\n').nth(SHORT + 1).is_some() {
        let groups: Vec<(&Prompt, usize)> =
            groups.iter().map(|group| (&group.survivor, group.denials.len())).collect();
        repeated_groups(out, &groups, paper)?;
    }
    Ok(())
}

/// What is denied once more, head and tail, a line for each group.
pub(in crate::output) fn repeated_groups(
    out: &mut dyn Write,
    groups: &[(&Prompt, usize)],
    paper: Paper,
) -> io::Result<()> {
    let room = paper.block_room().unwrap_or(super::LONG);
    for (prompt, count) in groups.iter().take(REPEATED) {
        paper.block(out, &format!("deny {count}"), &shortened(&command(prompt), room))?;
    }
    match groups.len().checked_sub(REPEATED) {
        Some(more @ 1..) => paper.line(out, "and ", &counted(more, "more group")),
        _ => Ok(()),
    }
}

fn group_text(out: &mut dyn Write, group: &PlannedGroup, now_ms: u64, layout: Layout) -> io::Result<()> {
    let PlannedGroup { id, survivor, kept: reason, denials } = group;
    let paper = layout.paper;
    let ages =
        || denials.iter().map(|(prompt, _)| prompt).chain([survivor]).map(|prompt| prompt.age_ms(now_ms));
    let oldest = span(ages().max().unwrap_or_default());
    paper.line(out, &format!("group {id}: "), &format!("{}x, oldest {oldest}", denials.len() + 1))?;
    paper.block(out, "", &command(survivor))?;
    if let Some(length) = length(survivor) {
        paper.block(out, "length", &length)?;
    }
    if let Some(node) = survivor.details.node.as_deref() {
        paper.block(out, "node", &name(node))?;
    }
    if let Some(directory) = survivor.details.cwd.as_deref() {
        paper.block(out, "in", &text(directory))?;
    }
    paper.line(out, "  keep ", &format!("{}  (kept: {})", head(survivor, now_ms), kept(*reason)))?;
    if layout.all {
        for (prompt, reason) in denials {
            paper.line(out, "  deny ", &format!("{}  ({})", head(prompt, now_ms), why(*reason)))?;
        }
        return Ok(());
    }
    let mut reasons: Vec<(&str, usize)> = Vec::new();
    for (_, reason) in denials {
        match reasons.iter_mut().find(|(known, _)| *known == why(*reason)) {
            Some((_, count)) => *count += 1,
            None => reasons.push((why(*reason), 1)),
        }
    }
    let reasons: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
    paper.line(
        out,
        "  deny ",
        &format!("{}  ({}; --all lists each)", counted(denials.len(), "prompt"), reasons.join(", ")),
    )
}

/// Prints what came of a purge, without its plan.
pub fn dedupe_text(out: &mut dyn Write, report: &Dedupe, paper: Paper) -> io::Result<()> {
    let Dedupe { gateway, asked, rounds, totals, problems, partial, notes, pending, .. } = report;
    remarks(out, paper, problems, partial.as_deref(), notes)?;
    // Without duplicates the plan has said so.
    if *asked != Asked::Purge || rounds.is_empty() {
        return Ok(());
    }
    for (number, Round { entries, requeued, emptied }) in rounds.iter().enumerate() {
        for Entry { key, outcome, .. } in entries {
            if let Some(trouble) = trouble(outcome) {
                paper.line(out, "  prompt ", &format!("{}: {}", name(&key.id), escaped(&trouble)))?;
            }
        }
        for again in requeued {
            let what = if again.duplicate { "re-requested" } else { "re-requested, and the only one now" };
            paper.line(out, "  prompt ", &format!("{}: {what}", name(again.prompt.id())))?;
        }
        for Emptied { id, survivor } in emptied {
            let what = format!("{} was decided or has expired meanwhile: ", name(survivor.id()));
            paper.line(out, &format!("  group {id} is empty: "), &format!("{what}{}", command(survivor)))?;
        }
        if rounds.len() > 1 {
            let done = entries.iter().filter(|entry| entry.outcome == Outcome::Denied).count();
            writeln!(out, "  round {}: {done} denied", number + 1)?;
        }
    }
    let noted = [
        (totals.already_gone, "already gone"),
        (totals.failed, "failed"),
        (totals.not_tried, "skipped"),
        (totals.requeued, "re-requested"),
    ];
    let noted: Vec<String> =
        noted.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let noted = if noted.is_empty() { String::new() } else { format!(" {}.", noted.join(", ")) };
    let summary = format!(
        "{}: Denied {}; {} still pending.{noted}",
        name(gateway),
        counted(totals.denied, "duplicate"),
        counted(*pending, "prompt"),
    );
    paper.line(out, "", &summary)
}

fn trouble(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Denied | Outcome::AlreadyGone | Outcome::Kept => None,
        Outcome::Allowed(decision) => {
            Some(format!("not denied: somebody allowed it first ({})", decision.as_str()))
        }
        Outcome::Failed(Failure::Refused(words)) => Some(format!("not denied: {words}")),
        Outcome::Failed(Failure::NoAnswer) => Some("sent, and not answered in time".to_owned()),
        Outcome::Failed(Failure::StillListed) => Some(format!("not denied: {STILL_LISTED}")),
        Outcome::NotTried(why) => Some(format!("skipped: {}", untried(*why))),
    }
}

/// What is wrong with a gateway whose answer and listing contradict each other.
pub(in crate::output) const STILL_LISTED: &str = "the gateway answered that it is gone, and still lists it";

pub(in crate::output) fn untried(why: Untried) -> &'static str {
    match why {
        Untried::SurvivorGone => "the one that was to stay is gone",
        Untried::SurvivorLapsed => "the one that was to stay has expired, or is about to",
        Untried::SurvivorUnknown => "whether the one that was to stay is still there could not be learned",
        Untried::TooSlow => {
            "the gateway answers too slowly to deny it safely beside other clearance processes"
        }
        Untried::Replanned => "a newer plan says otherwise",
        Untried::Deadline => "no time was left",
        Untried::Stopped => "stopped",
        Untried::AmbiguousId => {
            "this gateway matches ids by their beginning, and this one could decide another pending prompt"
        }
    }
}

/// A purge and its plan as JSON, printed from where it is: there may be thousands of prompts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DedupeJson<'r> {
    /// How many prompts could have no duplicate, by the reason.
    alone: BTreeMap<&'static str, usize>,
    duplicates: usize,
    /// Groups of which nothing is pending any more, though one was to stay.
    emptied: Vec<EmptiedJson<'r>>,
    gateway: &'r str,
    groups: Vec<GroupJson<'r>>,
    legacy: bool,
    notes: &'r [String],
    partial: Option<&'r str>,
    pending: usize,
    problems: &'r [String],
    prompts: usize,
    rounds: Vec<RoundJson<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    runs_unknown: Option<&'r str>,
    totals: TotalsJson,
    undecided: usize,
    /// What a wider scope would find.
    wider: Option<WiderJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct GroupJson<'r> {
    deny: Vec<PromptJson<'r>>,
    group: &'r str,
    kept: &'static str,
    survivor: PromptJson<'r>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RoundJson<'r> {
    outcomes: Vec<OutcomeJson<'r>>,
    requeued: Vec<AgainJson<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OutcomeJson<'r> {
    id: &'r str,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_as: Option<&'static str>,
    outcome: &'static str,
    reason: Option<&'r str>,
    survivor: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AgainJson<'r> {
    duplicate: bool,
    id: &'r str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EmptiedJson<'r> {
    group: &'r str,
    survivor: PromptJson<'r>,
}

impl<'r> EmptiedJson<'r> {
    fn of(emptied: &'r Emptied) -> Self {
        Self { group: &emptied.id, survivor: PromptJson::of(&emptied.survivor) }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TotalsJson {
    already_gone: usize,
    denied: usize,
    failed: usize,
    not_tried: usize,
    requeued: usize,
}

impl<'r> DedupeJson<'r> {
    /// Of a report.
    pub fn of(report: &'r Dedupe) -> Self {
        let Dedupe { gateway, planned, rounds, totals, problems, partial, notes, pending, .. } = report;
        Self {
            alone: planned.beside.alone.iter().map(|(why, count)| (why.as_str(), *count)).collect(),
            duplicates: planned.duplicates,
            emptied: rounds.iter().flat_map(|round| &round.emptied).map(EmptiedJson::of).collect(),
            gateway,
            groups: planned.groups.iter().map(GroupJson::of).collect(),
            legacy: planned.legacy,
            notes,
            partial: partial.as_deref(),
            pending: *pending,
            problems,
            prompts: planned.prompts,
            rounds: rounds.iter().map(RoundJson::of).collect(),
            runs_unknown: report.runs_unknown.as_deref(),
            totals: TotalsJson {
                already_gone: totals.already_gone,
                denied: totals.denied,
                failed: totals.failed,
                not_tried: totals.not_tried,
                requeued: totals.requeued,
            },
            undecided: planned.beside.undecided,
            wider: WiderJson::of(planned.beside.wider),
        }
    }
}

impl<'r> GroupJson<'r> {
    fn of(group: &'r PlannedGroup) -> Self {
        let denials = group.denials.iter();
        Self {
            deny: denials
                .map(|(prompt, reason)| PromptJson { why: Some(why(*reason)), ..PromptJson::of(prompt) })
                .collect(),
            group: &group.id,
            kept: kept(group.kept),
            survivor: PromptJson::of(&group.survivor),
        }
    }
}

impl<'r> RoundJson<'r> {
    fn of(round: &'r Round) -> Self {
        let again = round.requeued.iter();
        Self {
            outcomes: round.entries.iter().map(OutcomeJson::of).collect(),
            requeued: again.map(|one| AgainJson { duplicate: one.duplicate, id: one.prompt.id() }).collect(),
        }
    }
}

impl<'r> OutcomeJson<'r> {
    fn of(entry: &'r Entry) -> Self {
        let Entry { key, survivor, outcome } = entry;
        let decided_as =
            if let Outcome::Allowed(decision) = outcome { Some(decision.as_str()) } else { None };
        let (outcome, reason) = match outcome {
            Outcome::Denied => ("denied", None),
            Outcome::AlreadyGone => ("already-gone", None),
            Outcome::Allowed(_) => ("already-gone", Some("somebody allowed it first")),
            Outcome::Kept => ("kept", None),
            Outcome::Failed(Failure::Refused(words)) => ("failed", Some(&**words)),
            Outcome::Failed(Failure::NoAnswer) => ("failed", Some("no answer")),
            Outcome::Failed(Failure::StillListed) => ("failed", Some(STILL_LISTED)),
            Outcome::NotTried(why) => ("not-tried", Some(untried(*why))),
        };
        Self { id: &key.id, kind: key.kind.as_str(), decided_as, outcome, reason, survivor: &survivor.id }
    }
}

/// Reports of several gateways, or of one, as one JSON object; for a gateway of which there is none, why.
pub fn dedupe_json(out: &mut dyn Write, reports: &[Result<DedupeJson<'_>, Value>]) -> io::Result<()> {
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Gateway<'r> {
        Report(&'r DedupeJson<'r>),
        Failure(&'r Value),
    }
    #[derive(Serialize)]
    struct Whole<'r> {
        gateways: Vec<Gateway<'r>>,
        version: u8,
    }
    let gateways = reports.iter().map(|report| match report {
        Ok(report) => Gateway::Report(report),
        Err(failure) => Gateway::Failure(failure),
    });
    json(out, &Whole { gateways: gateways.collect(), version: VERSION })
}
