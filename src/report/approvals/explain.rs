//! Report of `approvals explain`: what a host does with a command, and every step that leads there.

use serde::Serialize;

use crate::approvals::decide::{By, Context, Origin, Plan, Profile, Proof, Verdict};
use crate::approvals::findings::diagnostic::Position;
use crate::approvals::findings::remark::Remark;
use crate::report::VERSION;

/// What a host does with a command.
#[derive(Debug)]
pub struct Explained {
    /// The command, as an agent sends it.
    pub command: String,
    /// The agent.
    pub agent: String,
    /// Whether somebody can answer a prompt.
    pub context: Context,
    /// The directory of the call.
    pub directory: String,
    /// What happens.
    pub verdict: Verdict,
    /// Why, in the release's words.
    pub reason: String,
    /// The release that decides.
    pub release: DecidedAs,
    /// The document.
    pub document: DocumentUsed,
    /// The configuration.
    pub configuration: ConfigurationUsed,
    /// The files that programs were looked up in.
    pub host: HostUsed,
    /// The policy in force: `security`, `ask`, `askFallback`. Empty if it could not be determined.
    pub policy: Vec<Field>,
    /// Why the command cannot be analysed. `None`: it can be, or it was refused before.
    pub not_analysable: Option<String>,
    /// Whether the entries allow every part. `None`: it was refused before, or a program is unknown.
    pub satisfied: Option<bool>,
    /// Whether it was refused before it was checked against the entries.
    pub is_refused_before: bool,
    /// The parts of the command.
    pub parts: Vec<Part>,
    /// What the release starts in place of the command.
    pub plan: Option<Plan>,
    /// The text that starts in place of the command.
    pub started: Option<String>,
    /// What happens to a prompt that nobody answers.
    pub unanswered: Option<(Verdict, Option<String>)>,
    /// Whether a model reviews the command before a person does.
    pub review: bool,
    /// What would have to be known.
    pub missing: Vec<String>,
    /// The smallest entries that make it run, each with the command that adds it.
    pub allow: Vec<Allow>,
    /// What the answer assumes.
    pub assumptions: Vec<String>,
    /// Conditions around the document that need attention.
    pub remarks: Vec<Remark>,
}

/// The release that decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedAs {
    /// The release.
    pub release: String,
    /// Where its name comes from.
    pub from: String,
    /// Whether nothing names the release, so that the newest known one is taken.
    pub is_guess: bool,
    /// The generation that decides for it.
    pub profile: Profile,
    /// The comparison of this answer's rules with the release's own code.
    pub proof: Option<Proof>,
}

/// The document of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentUsed {
    /// The gateway or node that has it; `None`: this host.
    pub place: Option<String>,
    /// Its path on its host.
    pub path: String,
    /// Whether it exists.
    pub exists: bool,
    /// Number of problems that a validation of it would report.
    pub problems: usize,
}

/// The configuration of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigurationUsed {
    /// This file.
    File(String),
    /// There is none at this path, so OpenClaw's defaults apply.
    Absent(String),
    /// The gateway sent it.
    Gateway,
    /// It is unknown, for this reason.
    Unknown(String),
}

/// The files that programs were looked up in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostUsed {
    /// Those of this host.
    Here,
    /// Those of this table.
    Table(String),
    /// None: the host is another one.
    Unknown,
}

/// A field of the policy in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// `security`, `ask` or `askFallback`.
    pub name: &'static str,
    /// Its value.
    pub value: &'static str,
    /// Where it comes from.
    pub origin: Origin,
    /// Its place in the text of the document.
    pub position: Option<Position>,
}

/// One part of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its text.
    pub text: String,
    /// Its words.
    pub argv: Vec<String>,
    /// Its words without wrappers such as `timeout 5`, if that changed them.
    pub effective: Option<Vec<String>>,
    /// The path of the program as it was found.
    pub resolved: Option<String>,
    /// Its real path.
    pub real: Option<String>,
    /// Whether it is unknown where its program is, and so what allows it.
    pub is_unknown: bool,
    /// What allows it.
    pub by: Option<By>,
    /// The entry that matches.
    pub entry: Option<EntryPlace>,
    /// Why no entry can allow it.
    pub never: Option<String>,
    /// The nearest entries that miss, and why each does.
    pub near: Vec<(EntryPlace, String)>,
}

/// An entry of the document, and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryPlace {
    /// The key of its agent in the document.
    pub agent: String,
    /// Its index there.
    pub index: usize,
    /// Its pattern, if the text has it.
    pub pattern: Option<String>,
    /// Its pattern for arguments.
    pub arg_pattern: Option<String>,
    /// Line and column.
    pub position: Option<Position>,
}

/// An entry that would allow a part of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The agent.
    pub agent: String,
    /// The pattern.
    pub pattern: String,
    /// The pattern for arguments. The first releases ignore it.
    pub arg_pattern: Option<String>,
    /// The command that adds it.
    pub command: String,
}

impl Explained {
    /// The output of `--json`.
    pub fn json(&self) -> impl Serialize + use<'_> {
        Printed::of(self)
    }
}

/// The word for what allows a part in `--json`. `--stdin` prints the words of the releases.
const fn by_word(by: By) -> &'static str {
    match by {
        By::Allowlist => "allowlist",
        By::Durable => "durable",
        By::SafeBins => "safeBins",
        By::Builtin => "builtin",
        By::InlineChain => "inlineChain",
        By::Skills => "skills",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Printed<'e> {
    version: u8,
    command: &'e str,
    agent: &'e str,
    context: &'static str,
    directory: &'e str,
    verdict: &'static str,
    reason: &'e str,
    release: ReleaseJson<'e>,
    document: DocumentJson<'e>,
    configuration: ConfigurationJson<'e>,
    host: HostJson<'e>,
    policy: PolicyJson<'e>,
    analysable: Option<bool>,
    not_analysable: Option<&'e str>,
    satisfied: Option<bool>,
    segments: Vec<PartJson<'e>>,
    plan_unavailable: Option<&'e str>,
    exec_command: Option<&'e str>,
    unanswered: Option<UnansweredJson<'e>>,
    review: bool,
    missing: &'e [String],
    allow: Vec<AllowJson<'e>>,
    assumptions: &'e [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<&'e str>,
}

impl<'e> Printed<'e> {
    fn of(explained: &'e Explained) -> Self {
        let e = explained;
        Self {
            version: VERSION,
            command: &e.command,
            agent: &e.agent,
            context: match e.context {
                Context::Interactive => "interactive",
                Context::Cron => "cron",
            },
            directory: &e.directory,
            verdict: e.verdict.as_str(),
            reason: &e.reason,
            release: ReleaseJson::of(&e.release),
            document: DocumentJson {
                gateway: e.document.place.as_deref(),
                path: &e.document.path,
                exists: e.document.exists,
                problems: e.document.problems,
            },
            configuration: ConfigurationJson::of(&e.configuration),
            host: HostJson::of(&e.host),
            policy: PolicyJson::of(&e.policy),
            analysable: (!e.is_refused_before).then_some(e.not_analysable.is_none()),
            not_analysable: e.not_analysable.as_deref(),
            satisfied: e.satisfied,
            segments: e.parts.iter().map(PartJson::of).collect(),
            plan_unavailable: match &e.plan {
                Some(Plan::Unavailable(why)) => Some(why),
                Some(Plan::Renders(_)) | None => None,
            },
            exec_command: e.started.as_deref(),
            unanswered: e.unanswered.as_ref().map(|(verdict, reason)| UnansweredJson {
                verdict: verdict.as_str(),
                reason: reason.as_deref(),
            }),
            review: e.review,
            missing: &e.missing,
            allow: e.allow.iter().map(AllowJson::of).collect(),
            assumptions: &e.assumptions,
            remarks: e.remarks.iter().map(|remark| remark.message.as_str()).collect(),
        }
    }
}

/// The release that decides, in machine output.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ReleaseJson<'e> {
    name: &'e str,
    from: &'e str,
    decided_as: &'static str,
    proven: bool,
    proof: Option<&'e Proof>,
}

impl<'e> ReleaseJson<'e> {
    pub(super) fn of(release: &'e DecidedAs) -> Self {
        Self {
            name: &release.release,
            from: &release.from,
            decided_as: release.profile.release(),
            proven: release.is_proven(),
            proof: release.proof.as_ref(),
        }
    }
}

impl DecidedAs {
    /// Whether the release's own code agrees with this answer's rules in every compared case.
    pub fn is_proven(&self) -> bool {
        self.proof.as_ref().is_some_and(|proof| proof.cases > 0 && proof.disagreements == 0)
    }
}

#[derive(Serialize)]
struct DocumentJson<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<&'e str>,
    path: &'e str,
    exists: bool,
    problems: usize,
}

#[derive(Serialize)]
struct ConfigurationJson<'e> {
    known: bool,
    exists: Option<bool>,
    path: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'e str>,
}

impl<'e> ConfigurationJson<'e> {
    fn of(used: &'e ConfigurationUsed) -> Self {
        let (known, exists, path, why) = match used {
            ConfigurationUsed::File(path) => (true, Some(true), Some(path.as_str()), None),
            ConfigurationUsed::Absent(path) => (true, Some(false), Some(path.as_str()), None),
            ConfigurationUsed::Gateway => (true, Some(true), None, None),
            ConfigurationUsed::Unknown(why) => (false, None, None, Some(why.as_str())),
        };
        Self { known, exists, path, why }
    }
}

#[derive(Serialize)]
struct HostJson<'e> {
    files: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<&'e str>,
}

impl<'e> HostJson<'e> {
    fn of(used: &'e HostUsed) -> Self {
        match used {
            HostUsed::Here => Self { files: "this-host", path: None },
            HostUsed::Table(path) => Self { files: "table", path: Some(path) },
            HostUsed::Unknown => Self { files: "unknown", path: None },
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyJson<'e> {
    security: Option<FieldJson<'e>>,
    ask: Option<FieldJson<'e>>,
    ask_fallback: Option<FieldJson<'e>>,
}

impl<'e> PolicyJson<'e> {
    fn of(fields: &'e [Field]) -> Self {
        let field = |name: &str| fields.iter().find(|field| field.name == name).map(FieldJson::of);
        Self { security: field("security"), ask: field("ask"), ask_fallback: field("askFallback") }
    }
}

/// A field of a policy in machine output.
#[derive(Serialize)]
pub(super) struct FieldJson<'e> {
    value: &'static str,
    /// `document`, `configuration`, `default` or `call`.
    origin: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'e str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
}

impl<'e> FieldJson<'e> {
    pub(super) fn of(field: &'e Field) -> Self {
        let (origin, key) = match &field.origin {
            Origin::Document(key) => ("document", Some(&**key)),
            Origin::Configuration(key) => ("configuration", Some(&**key)),
            Origin::Default => ("default", None),
            Origin::Call(key) => ("call", Some(&**key)),
        };
        let position = field.position;
        Self {
            value: field.value,
            origin,
            key,
            line: position.map(|position| position.line),
            column: position.map(|position| position.column),
        }
    }
}

#[derive(Serialize)]
struct PartJson<'e> {
    text: &'e str,
    argv: &'e [String],
    effective: Option<&'e [String]>,
    resolved: Option<&'e str>,
    real: Option<&'e str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unknown: bool,
    by: Option<&'static str>,
    entry: Option<EntryJson<'e>>,
    never: Option<&'e str>,
    near: Vec<NearJson<'e>>,
}

impl<'e> PartJson<'e> {
    fn of(part: &'e Part) -> Self {
        Self {
            text: &part.text,
            argv: &part.argv,
            effective: part.effective.as_deref(),
            resolved: part.resolved.as_deref(),
            real: part.real.as_deref(),
            unknown: part.is_unknown,
            by: part.by.map(by_word),
            entry: part.entry.as_ref().map(EntryJson::of),
            never: part.never.as_deref(),
            near: part
                .near
                .iter()
                .map(|(entry, why)| NearJson { entry: EntryJson::of(entry), why })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct NearJson<'e> {
    #[serde(flatten)]
    entry: EntryJson<'e>,
    why: &'e str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryJson<'e> {
    agent: &'e str,
    index: usize,
    /// JSON Pointer.
    path: String,
    pattern: Option<&'e str>,
    arg_pattern: Option<&'e str>,
    line: Option<usize>,
    column: Option<usize>,
}

impl<'e> EntryJson<'e> {
    fn of(entry: &'e EntryPlace) -> Self {
        let agent = entry.agent.replace('~', "~0").replace('/', "~1");
        Self {
            agent: &entry.agent,
            index: entry.index,
            path: format!("/agents/{agent}/allowlist/{}", entry.index),
            pattern: entry.pattern.as_deref(),
            arg_pattern: entry.arg_pattern.as_deref(),
            line: entry.position.map(|position| position.line),
            column: entry.position.map(|position| position.column),
        }
    }
}

#[derive(Serialize)]
struct UnansweredJson<'e> {
    verdict: &'static str,
    reason: Option<&'e str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AllowJson<'e> {
    agent: &'e str,
    pattern: &'e str,
    arg_pattern: Option<&'e str>,
    command: &'e str,
}

impl<'e> AllowJson<'e> {
    fn of(allow: &'e Allow) -> Self {
        Self {
            agent: &allow.agent,
            pattern: &allow.pattern,
            arg_pattern: allow.arg_pattern.as_deref(),
            command: &allow.command,
        }
    }
}
