//! A command that ended without a report: its code, its causes and the next step.

use serde::Serialize;

use super::VERSION;
use super::approvals::Problems;
use super::exit::Exit;
use crate::approvals::findings::diagnostic::Verdict;

/// Why a command ended without a report, or why there is none for one of several gateways.
#[derive(Debug)]
pub struct Failure<'f> {
    /// Stable name.
    pub code: &'f str,
    /// The outermost context and every cause, from the outside in.
    pub causes: Vec<String>,
    /// What to do next.
    pub remedy: Option<String>,
    /// The exit code.
    pub exit: Exit,
    /// The document that the failure is about, and what is wrong with it.
    pub verdict: Option<(&'f str, &'f Verdict)>,
}

impl Failure<'_> {
    /// The object that a command prints in place of its report.
    pub fn json(&self) -> FailureJson<'_> {
        FailureJson { version: Some(VERSION), ..self.of_gateway(None) }
    }

    /// An element of a list of gateways. `gateway`: its name, where the elements of that list have one.
    pub fn of_gateway<'j>(&'j self, gateway: Option<&'j str>) -> FailureJson<'j> {
        let error = ErrorJson {
            code: self.code,
            exit: self.exit as u8,
            message: self.causes.join(": "),
            problems: self.verdict.map(|(_, verdict)| Problems::of(verdict)),
            remedy: self.remedy.as_deref(),
        };
        FailureJson { error, gateway, version: None }
    }
}

/// A failure in machine output.
#[derive(Serialize)]
pub struct FailureJson<'f> {
    error: ErrorJson<'f>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<&'f str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u8>,
}

#[derive(Serialize)]
struct ErrorJson<'f> {
    code: &'f str,
    exit: u8,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    problems: Option<Problems<'f>>,
    remedy: Option<&'f str>,
}
