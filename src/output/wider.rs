//! What a document allows and another one does not, as text: for each finding what makes it wider, and a command.

use std::collections::BTreeSet;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::escape::{escaped, text};
use super::narrow::Look;
use crate::approvals::decide::{Agent, Circumstance, Gap, Origin, Policy, Quirk, Verdict};
use crate::report::approvals::explain::{EntryPlace, Field};
use crate::report::approvals::wider::{Found, Note, Reason, WiderReport, WitnessFound};

const WIDER: Style = AnsiColor::Red.on_default().bold();

/// The width of the labels.
const LABEL: usize = 10;

/// The most agents that are named in a line.
const MOST_AGENTS: usize = 8;

/// Prints the findings.
pub fn wider_text(out: &mut dyn Write, report: &WiderReport, look: Look) -> io::Result<()> {
    let page = Page { look, report };
    let (a, b) = (page.a(), page.b());
    if report.is_wider() {
        look.paper.line_in(out, WIDER, "wider: ", &format!("{b} allows more than {a}"))?;
        for found in &report.found {
            writeln!(out)?;
            page.found(out, found)?;
        }
        if report.omitted > 0 {
            writeln!(out, "\n{} more findings are not listed", report.omitted)?;
        }
    } else {
        let releases = report.releases.join(", ");
        look.paper.line(out, "no wider: ", &format!("{b} allows nothing that {a} does not ({releases})"))?;
    }
    if !report.notes.is_empty() {
        writeln!(out)?;
    }
    for note in &report.notes {
        page.note(out, note)?;
    }
    for (problems, side) in report.problems.into_iter().zip([&report.a, &report.b]) {
        if problems > 0 {
            let count = if problems == 1 { "1 error".to_owned() } else { format!("{problems} errors") };
            let line = format!("{} has {count}; it is read as each release reads it", escaped(&side.name));
            look.paper.line(out, "note: ", &line)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
struct Page<'r> {
    look: Look,
    report: &'r WiderReport,
}

impl Page<'_> {
    fn a(&self) -> String {
        escaped(&self.report.a.name)
    }

    fn b(&self) -> String {
        escaped(&self.report.b.name)
    }

    /// A label and a text that is already escaped.
    fn line(self, out: &mut dyn Write, label: &str, marked: &str) -> io::Result<()> {
        self.look.paper.line(out, &format!("  {label:<LABEL$}"), marked)
    }

    fn found(self, out: &mut dyn Write, found: &Found) -> io::Result<()> {
        let paper = self.look.paper;
        match &found.reason {
            Reason::Entry { place, gap } => {
                paper.line(out, "", &format!("{}: {}", agents(&found.agents), self.entry(place)))?;
                self.line(out, "why", &self.gap(*gap, place))?;
            }
            Reason::Policy { before, after, place } => {
                paper.line(out, "", &format!("{}: policy", agents(&found.agents)))?;
                for line in changes(before, after, place) {
                    self.line(out, "", &line)?;
                }
            }
            Reason::Approvals { before, after, place } => {
                paper.line(out, "", &format!("{}: policy", agents(&found.agents)))?;
                for line in changes(before, after, place) {
                    self.line(out, "", &line)?;
                }
                let why = "an approved command (=command:) whose files may have been changed is asked about; it now runs \
                           if nobody answers";
                self.line(out, "why", why)?;
            }
            Reason::HiddenCode => {
                paper.line(out, "", &format!("{}: entries", agents(&found.agents)))?;
                let why = "2026.4.14 reads a command up to the first part that no entry allows: with fewer entries, \
                           strictInlineEval misses code in the parts behind it";
                self.line(out, "why", why)?;
            }
            Reason::Unreadable(name) => {
                paper.line(out, "", &escaped(name))?;
                self.line(out, "why", "it has values that only JavaScript reads, such as 1e999, or an argPattern that is not a string")?;
            }
        }
        match &found.witness {
            Some(witness) => self.witness(out, witness)?,
            None => self.line(
                out,
                "unproven",
                "clearance found no command that shows it, and cannot prove that there is none",
            )?,
        }
        let when: Vec<_> = found.circumstances.iter().map(|when| circumstance(*when)).collect();
        self.line(out, "when", &when.join("; "))?;
        self.line(out, "releases", &found.releases.join(", "))
    }

    fn entry(self, place: &EntryPlace) -> String {
        let arguments = place.arg_pattern.as_deref();
        let arguments = arguments.map_or_else(String::new, |text| format!(" argPattern {}", escaped(text)));
        let at = place
            .position
            .map_or_else(String::new, |at| format!(" ({}:{}:{})", self.b(), at.line, at.column));
        let pattern = escaped(place.pattern.as_deref().unwrap_or_default());
        format!("entry {} of {}: {pattern}{arguments}{at}", place.index, escaped(&place.agent))
    }

    fn gap(self, gap: Gap, place: &EntryPlace) -> String {
        let a = self.a();
        let is_glob = place.pattern.as_ref().is_some_and(|pattern| pattern.contains(['*', '?']));
        match gap {
            Gap::Programs if !is_glob => format!("no entry of {a} matches this program"),
            Gap::Programs => format!("no single entry of {a} matches all these programs"),
            Gap::Arguments => format!("the entries of {a} for its programs do not match all these arguments"),
            Gap::Shell => format!(
                "an entry of {a} matches the program without an argPattern, which is not enough for a shell with arguments"
            ),
            Gap::Command => format!("{a} does not approve this command, of which only the hash is known"),
            Gap::TooMany => format!("{a} has too many entries to compare each of them"),
        }
    }

    fn witness(self, out: &mut dyn Write, found: &WitnessFound) -> io::Result<()> {
        let witness = &found.witness;
        self.line(out, "runs", &text(&found.command))?;
        let before = match witness.before {
            Verdict::Asks if witness.circumstance == Circumstance::Unanswered => {
                format!("asks ({}), and denies it if nobody answers", escaped(&witness.reason))
            }
            Verdict::Asks => format!("asks ({})", escaped(&witness.reason)),
            _ => format!("denied ({})", escaped(&witness.reason)),
        };
        self.line(out, "before", &format!("{}: {before}", self.a()))?;
        let files = witness.programs.iter().chain(witness.files.keys()).map(|path| escaped(path));
        let files: Vec<String> = files.collect();
        if files.is_empty() { Ok(()) } else { self.line(out, "host", &format!("has {}", files.join(", "))) }
    }

    fn note(self, out: &mut dyn Write, note: &Note) -> io::Result<()> {
        let (a, b) = (self.a(), self.b());
        let rule = match note.quirk {
            Quirk::Builtins => format!(
                "`sh -c true` and other builtins in a shell run by themselves under {b}; {a} asks, since an entry matches the program of a builtin"
            ),
            Quirk::HereDocuments => format!(
                "a command approved word for word with a word that starts with << runs under {b}; {a} asks, since its entries allow the parts too"
            ),
            Quirk::Preludes => format!(
                "reading the description of a skill before its wrapper runs under {b}; under {a} an entry for cat or printf prevents it"
            ),
            Quirk::Scripts => format!(
                "a prompt that nobody answers lets a command run under {b} without the check of its Python or Node script that {a} makes"
            ),
        };
        let line = format!("{}: {rule} ({})", agents(&note.agents), note.releases.join(", "));
        self.look.paper.line(out, "note: ", &line)
    }
}

/// One finding in one line, for a log.
pub(super) fn reason(found: &Found) -> String {
    let who = agents(&found.agents);
    match &found.reason {
        Reason::Entry { place, .. } => {
            let arguments = place.arg_pattern.as_deref();
            let arguments =
                arguments.map_or_else(String::new, |text| format!(" argPattern {}", escaped(text)));
            format!("{who}: entry {}{arguments}", escaped(place.pattern.as_deref().unwrap_or_default()))
        }
        Reason::Policy { before, after, place } | Reason::Approvals { before, after, place } => {
            format!("{who}: policy: {}", changes(before, after, place).join("; "))
        }
        Reason::HiddenCode => format!("{who}: fewer entries hide code in arguments"),
        Reason::Unreadable(_) => format!("{who}: a document that a release cannot read"),
    }
}

fn circumstance(when: Circumstance) -> &'static str {
    match when {
        Circumstance::AtOnce => "at once",
        Circumstance::Unanswered => "if nobody answers the prompt",
        Circumstance::Cron => "in cron jobs",
    }
}

fn agents(agents: &BTreeSet<Agent>) -> String {
    let mut names: Vec<String> = agents
        .iter()
        .filter_map(|agent| match agent {
            Agent::Named(id) => Some(escaped(id)),
            Agent::AnyOther(_) => None,
        })
        .collect();
    let is_one = names.len() == 1;
    if names.len() > MOST_AGENTS {
        let more = names.len() - MOST_AGENTS;
        names.truncate(MOST_AGENTS);
        names.push(format!("{more} more"));
    }
    let list = names.join(", ");
    let label = if is_one { "agent" } else { "agents" };
    match (list.is_empty(), agents.iter().any(|agent| matches!(agent, Agent::AnyOther(_)))) {
        (true, _) => "any other agent".to_owned(),
        (false, true) => format!("{label} {list} and any other"),
        (false, false) => format!("{label} {list}"),
    }
}

/// The fields of a policy that differ.
fn changes(before: &Policy, after: &Policy, place: &[Field]) -> Vec<String> {
    let fields = [
        ("security", before.security.0, &after.security),
        ("ask", before.ask.0, &after.ask),
        ("askFallback", before.ask_fallback.0, &after.ask_fallback),
    ];
    fields
        .into_iter()
        .filter(|(_, old, new)| *old != new.0)
        .map(|(name, old, (new, origin))| {
            let from = match origin {
                Origin::Document(key) | Origin::Configuration(key) | Origin::Call(key) => escaped(key),
                Origin::Default => "the release's default".to_owned(),
            };
            let at = place.iter().find(|field| field.name == name).and_then(|field| field.position);
            let at = at.map_or_else(String::new, |at| format!(", line {}", at.line));
            format!("{name}: {old}, now {new} ({from}{at})")
        })
        .collect()
}
