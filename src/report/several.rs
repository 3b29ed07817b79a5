//! The output of `--json` of a command on several gateways.

use serde::Serialize;

use super::VERSION;
use super::failure::FailureJson;

/// One element a gateway: its report, or the error where it has none.
pub fn several<'r, T>(all: impl IntoIterator<Item = Result<T, FailureJson<'r>>>) -> impl Serialize
where
    T: Serialize,
{
    #[derive(Serialize)]
    #[serde(untagged)]
    enum Gateway<'r, T> {
        Report(Box<T>),
        Failure(Box<FailureJson<'r>>),
    }
    #[derive(Serialize)]
    struct All<'r, T> {
        gateways: Vec<Gateway<'r, T>>,
        version: u8,
    }
    let gateways = all.into_iter().map(|gateway| match gateway {
        Ok(report) => Gateway::Report(Box::new(report)),
        Err(failure) => Gateway::Failure(Box::new(failure)),
    });
    All { gateways: gateways.collect(), version: VERSION }
}
