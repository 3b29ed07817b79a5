//! `approvals diff --no-wider`: what a document allows and another one does not, as each release decides it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;

use super::assign;
use crate::approvals::decide::{
    Agent, Cause, Circumstance, Comparison, Incomparable, Profile, Quirk, Widening, Wider, Witness, wider,
};
use crate::approvals::model::stored::hash_of;
use crate::approvals::{self, Strictness};
use crate::commands::Error;
use crate::commands::documents::{self, Content, Snapshot};
use crate::commands::explain::{ExplainError, Places, check_release, load_configuration, stored_text};
use crate::deadline::Deadline;
use crate::report::approvals::Side;
use crate::report::approvals::wider::{Found, Note, Reason, WiderReport, WitnessFound};
use crate::settings::{Environment, Flags};

/// Parameters of `approvals diff --no-wider`.
#[derive(Debug)]
pub struct NoWider {
    /// The two documents.
    pub request: super::Request,
    /// The release to decide as; `None` for every generation.
    pub release: Option<String>,
    /// The configuration of OpenClaw that both documents are read with.
    pub config: Option<PathBuf>,
}

/// One side: its name, and its text as a host reads it.
struct Read {
    side: Side,
    stored: Option<String>,
    source: Option<String>,
    problems: usize,
}

/// Reads both documents and compares what they allow.
pub fn no_wider(parameters: NoWider, access: &Flags, deadline: Deadline) -> anyhow::Result<WiderReport> {
    let NoWider { mut request, release, config } = parameters;
    check_release(release.as_deref())?;
    assign(&mut request, access)?;
    let mut a = documents::read(&request.a, deadline)?;
    let mut b = documents::read(&request.b, deadline)?;
    let mut remarks = [std::mem::take(&mut a.remarks), std::mem::take(&mut b.remarks)].concat();
    remarks.dedup();
    let (a, b) = (Read::of(a)?, Read::of(b)?);
    let loaded = config
        .as_deref()
        .map(|file| load_configuration(Some(file), &Environment::of_process(), deadline))
        .transpose()?;
    let configuration = loaded.map_or(Value::Null, |loaded| loaded.split().0);
    let named = release.as_deref().and_then(Profile::of);
    let config = config.map(|file| file.display().to_string());
    let report = compared(a, b, named, &configuration)?;
    Ok(WiderReport { config, remarks, ..report })
}

/// What a text allows and another one does not, as every generation decides it. `None`: no document.
pub fn between(a: (String, Option<String>), b: (String, Option<String>)) -> Result<WiderReport, Error> {
    compared(Read::of_text(a), Read::of_text(b), None, &Value::Null)
}

/// `named`: the generation to decide as; `None` for every one.
fn compared(a: Read, b: Read, named: Option<Profile>, configuration: &Value) -> Result<WiderReport, Error> {
    let profiles = named.map_or_else(|| Profile::ALL.to_vec(), |profile| vec![profile]);
    let mut gathered = Gathered::new(Places::of(b.stored.as_deref(), b.source.as_deref()));
    for &profile in &profiles {
        let comparison =
            Comparison { before: a.stored.as_deref(), after: b.stored.as_deref(), configuration, profile };
        match wider(&comparison) {
            Ok(found) => gathered.add(found, profile),
            Err(Incomparable::Before) => gathered.add_incomparable(&a.side.name, profile),
            Err(Incomparable::After) => gathered.add_incomparable(&b.side.name, profile),
            Err(Incomparable::Configuration(why)) => {
                return Err(ExplainError::NotOnGateway(why).into());
            }
        }
    }
    Ok(WiderReport {
        problems: [a.problems, b.problems],
        a: a.side,
        b: b.side,
        releases: profiles.iter().map(|profile| profile.release()).collect(),
        config: None,
        found: gathered.found,
        omitted: gathered.omitted,
        notes: gathered.notes.into_values().collect(),
        remarks: Vec::new(),
    })
}

impl Read {
    /// A text without secrets, of JSON.
    fn of_text((name, text): (String, Option<String>)) -> Self {
        let hash = hash_of(text.as_deref().unwrap_or_default().as_bytes());
        let side = Side { name, exists: text.is_some(), hash, native: false };
        Self { side, problems: 0, source: text.clone(), stored: text }
    }

    fn of(snapshot: Snapshot) -> Result<Self, Error> {
        let side = Side {
            name: snapshot.name.clone(),
            exists: snapshot.exists(),
            hash: snapshot.hash(),
            native: false,
        };
        let Snapshot { name, content, syntax, .. } = snapshot;
        let bytes = match content {
            Content::Text(bytes) => Some(bytes),
            Content::Absent => None,
            Content::Native(_) => return Err(ExplainError::Native(name).into()),
        };
        let strictness = Strictness { syntax, allow_legacy: true };
        Ok(Self {
            side,
            problems: bytes.as_deref().map_or(0, |bytes| approvals::check(bytes, strictness).errors()),
            source: bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            stored: bytes.map(|bytes| stored_text(bytes, syntax)),
        })
    }
}

/// Findings of several releases, those that are alike as one.
struct Gathered<'t> {
    places: Places<'t>,
    found: Vec<Found>,
    notes: BTreeMap<Quirk, Note>,
    omitted: usize,
}

impl<'t> Gathered<'t> {
    fn new(places: Places<'t>) -> Self {
        Self { places, found: Vec::new(), notes: BTreeMap::new(), omitted: 0 }
    }

    fn add(&mut self, wider: Wider, profile: Profile) {
        self.omitted = self.omitted.max(wider.omitted);
        for Widening { cause, agents, circumstances, witness } in wider.widenings {
            let reason = match cause {
                Cause::Policy { before, after } => {
                    Reason::Policy { before, place: self.places.policy(&after), after }
                }
                Cause::Entry { entry, gap } => {
                    let mut place = self.places.entry(&entry.id);
                    place.pattern = Some(shown(&entry.pattern));
                    place.arg_pattern =
                        entry.arg_pattern.as_deref().filter(|text| !text.is_empty()).map(shown);
                    Reason::Entry { place, gap }
                }
                Cause::Approvals { before, after } => {
                    Reason::Approvals { before, place: self.places.policy(&after), after }
                }
                Cause::HiddenCode => Reason::HiddenCode,
            };
            let witness = witness.map(|witness| witness_of(witness, profile));
            self.put(Found { reason, agents, circumstances, releases: vec![profile.release()], witness });
        }
        for (quirk, agents) in wider.quirks {
            let note = self.notes.entry(quirk);
            let note = note.or_insert_with(|| Note { quirk, agents: BTreeSet::new(), releases: Vec::new() });
            note.agents.extend(agents);
            note.releases.push(profile.release());
        }
    }

    fn put(&mut self, found: Found) {
        let alike = self.found.iter_mut().find(|known| {
            known.reason == found.reason
                && known.agents == found.agents
                && known.circumstances == found.circumstances
        });
        match alike {
            Some(known) => {
                known.releases.extend(found.releases);
                known.witness = known.witness.take().or(found.witness);
            }
            None => self.found.push(found),
        }
    }

    fn add_incomparable(&mut self, name: &str, profile: Profile) {
        self.put(Found {
            reason: Reason::Unreadable(name.to_owned()),
            agents: BTreeSet::from([Agent::AnyOther(String::new())]),
            circumstances: BTreeSet::from([Circumstance::AtOnce, Circumstance::Cron]),
            releases: vec![profile.release()],
            witness: None,
        });
    }
}

/// A text of a document without what looks like a credential.
fn shown(text: &str) -> String {
    approvals::quotable(text).into_owned()
}

fn witness_of(witness: Witness, profile: Profile) -> WitnessFound {
    WitnessFound { command: shown(&witness.command), release: profile.release(), witness }
}
