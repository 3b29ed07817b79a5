//! A project's `clearance.toml`: the severity of each lint, and the accepted findings with their reasons.
//!
//! ```toml
//! [lint.severity]
//! covered-entry = "note"
//!
//! [[lint.silence]]
//! code = "interpreter-without-arguments"
//! path = "hosts/build.json"   # also agent, pattern; an omitted key matches anything
//! reason = "the build agent runs our own scripts"
//! ```

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use serde::Deserialize;
use toml::Spanned;

use super::error::SettingsError;
use super::include::position;
use super::origin::Origin;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::severity::Severity;
use crate::approvals::lint::{Overrides, Silence};
use crate::deadline::Deadline;
use crate::store::input::{self, Bounds, Input};

const MAX_SIZE: ByteSize = ByteSize::mib(1);

/// The file's name.
const NAME: &str = "clearance.toml";

/// A project's configuration.
#[derive(Debug, Default)]
pub struct Project {
    /// The path of the file, or `None` if there is none.
    pub file: Option<PathBuf>,
    /// Its text.
    pub text: String,
    /// The settings for lints.
    pub overrides: Overrides,
    /// The position of each silence in the text.
    pub spans: Vec<Range<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    lint: RawLint,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLint {
    #[serde(default)]
    severity: BTreeMap<String, Spanned<String>>,
    #[serde(default)]
    silence: Vec<Spanned<RawSilence>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSilence {
    code: Spanned<String>,
    path: Option<String>,
    agent: Option<String>,
    pattern: Option<String>,
    reason: Option<Spanned<String>>,
}

impl Project {
    /// The named configuration, else the nearest one from `start` upwards, else an empty one.
    pub fn load(named: Option<&Path>, start: &Path, deadline: Deadline) -> Result<Self, SettingsError> {
        let found = || start.ancestors().map(|directory| directory.join(NAME)).find(|file| file.is_file());
        let Some(file) = named.map(Path::to_owned).or_else(found) else { return Ok(Self::default()) };
        let bounds = Bounds { max_size: MAX_SIZE, deadline };
        let bytes = input::read(&Input::Path(file.clone()), bounds).map_err(|error| {
            SettingsError::Input { from: Origin::key("the project's configuration", &file), error }
        })?;
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(SettingsError::Own {
                file,
                at: None,
                problem: "this is not UTF-8".to_owned(),
                remedy: None,
            });
        };
        Self::of(file, text)
    }

    /// The configuration in the text of a file.
    pub fn of(file: PathBuf, text: String) -> Result<Self, SettingsError> {
        let (overrides, spans) = Reader { file: &file, text: &text }.read()?;
        Ok(Self { file: Some(file), text, overrides, spans })
    }

    /// The name of a document: its path relative to the configuration's directory, if it is below that directory.
    pub fn name_of(&self, document: &Path) -> Option<String> {
        let directory = self.file.as_ref()?.canonicalize().ok()?.parent()?.to_owned();
        let below = document.canonicalize().ok()?.strip_prefix(directory).ok()?.to_owned();
        Some(below.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/"))
    }
}

struct Reader<'f> {
    file: &'f Path,
    text: &'f str,
}

impl Reader<'_> {
    fn read(&self) -> Result<(Overrides, Vec<Range<usize>>), SettingsError> {
        let raw: Raw = toml::from_str(self.text).map_err(|error| self.of_toml(&error))?;
        let mut severities = HashMap::new();
        for (name, severity) in raw.lint.severity {
            let code = self.code(&name, &severity.span())?;
            severities.insert(code, self.severity(&severity)?);
        }
        let (mut silences, mut spans) = (Vec::new(), Vec::new());
        for spanned in raw.lint.silence {
            let span = spanned.span();
            let RawSilence { code, path, agent, pattern, reason } = spanned.into_inner();
            if reason.as_ref().is_none_or(|reason| reason.get_ref().trim().is_empty()) {
                let at = reason.map_or(span, |reason| reason.span());
                let remedy = Some("write reason = \"…\": why this is accepted".to_owned());
                return Err(self.wrong(Some(at), "this silence has no reason", remedy));
            }
            let path = path.map(|path| path.trim_start_matches("./").trim_end_matches('/').to_owned());
            spans.push(code.span());
            silences.push(Silence { code: self.code(code.get_ref(), &code.span())?, path, agent, pattern });
        }
        Ok((Overrides { severities, silences }, spans))
    }

    fn code(&self, name: &str, at: &Range<usize>) -> Result<Code, SettingsError> {
        match Code::named(name) {
            Some(code) if code.is_lint() => Ok(code),
            Some(_) => {
                let problem = format!(
                    "`{name}` makes a document invalid; it cannot be silenced, and its severity cannot be changed"
                );
                Err(self.wrong(Some(at.clone()), &problem, None))
            }
            None => {
                let near = Code::nearest(name).map(|near| format!("did you mean `{near}`?"));
                let remedy =
                    near.or_else(|| Some("clearance approvals lint --help lists the codes' page".to_owned()));
                Err(self.wrong(
                    Some(at.clone()),
                    &format!("there is no code `{}`", name.escape_debug()),
                    remedy,
                ))
            }
        }
    }

    fn severity(&self, written: &Spanned<String>) -> Result<Severity, SettingsError> {
        match written.get_ref().as_str() {
            "error" => Ok(Severity::Error),
            "warning" => Ok(Severity::Warning),
            "note" => Ok(Severity::Note),
            other => {
                let problem = format!("`{}` is not a severity", other.escape_debug());
                let remedy =
                    "write \"error\", \"warning\" or \"note\"; to accept a finding, use [[lint.silence]]";
                Err(self.wrong(Some(written.span()), &problem, Some(remedy.to_owned())))
            }
        }
    }

    fn wrong(&self, at: Option<Range<usize>>, problem: &str, remedy: Option<String>) -> SettingsError {
        let at = at.map(|at| position(self.text.as_bytes(), at.start));
        SettingsError::Own { file: self.file.to_owned(), at, problem: problem.to_owned(), remedy }
    }

    fn of_toml(&self, error: &toml::de::Error) -> SettingsError {
        let problem = error.message().lines().next().unwrap_or("this is not TOML");
        let remedy =
            "the tables are [lint.severity], and [[lint.silence]] with code, path, agent, pattern, reason";
        self.wrong(error.span(), problem, Some(remedy.to_owned()))
    }
}
