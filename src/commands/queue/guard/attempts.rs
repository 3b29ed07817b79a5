//! The gateways to which a guard was never connected, and the causes: for its report at the end of its time.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::error::{NeverConnected, QueueError};
use crate::commands::Error;
use crate::report::exit::Exit;

/// The result of the attempts to connect to a gateway so far.
#[derive(Debug, Clone)]
enum Attempt {
    /// One of them succeeded.
    Connected,
    /// All of them failed. This is the last failure.
    Failed { exit: Exit, cause: String, remedy: Option<String> },
}

/// The attempts for every gateway that was tried.
#[derive(Debug, Default)]
pub(super) struct Attempts(RefCell<BTreeMap<Arc<str>, Attempt>>);

impl Attempts {
    pub(super) fn connected(&self, gateway: &Arc<str>) {
        self.0.borrow_mut().insert(Arc::clone(gateway), Attempt::Connected);
    }

    /// Notes a failed attempt. It counts if no earlier one succeeded.
    pub(super) fn failed(&self, gateway: &Arc<str>, error: &Error, cause: &str) {
        let mut attempts = self.0.borrow_mut();
        if !matches!(attempts.get(gateway), Some(Attempt::Connected)) {
            let failed =
                Attempt::Failed { exit: error.exit(), cause: cause.to_owned(), remedy: error.remedy() };
            attempts.insert(Arc::clone(gateway), failed);
        }
    }

    /// The gateways that were never connected at the end of `timeout`.
    pub(super) fn never_connected(
        &self,
        gateways: impl Iterator<Item = Arc<str>>,
        timeout: Duration,
    ) -> Vec<NeverConnected> {
        let attempts = self.0.borrow();
        let missed = |name: Arc<str>| {
            let (exit, cause, remedy) = match attempts.get(&name) {
                Some(Attempt::Connected) => return None,
                Some(Attempt::Failed { exit, cause, remedy }) => (*exit, cause.clone(), remedy.clone()),
                None => {
                    let cause = format!("no connection within {timeout:?}");
                    (Exit::TimedOut, cause, Some("give it more time: clearance … --timeout 2m".to_owned()))
                }
            };
            Some(NeverConnected { gateway: name.to_string(), exit, cause, remedy })
        };
        gateways.filter_map(missed).collect()
    }
}

/// The result of a guard that was never connected to some of its gateways. `of`: the number of its gateways.
pub(super) fn verdict(missed: Vec<NeverConnected>, of: usize) -> Result<(), Error> {
    if missed.is_empty() { Ok(()) } else { Err(QueueError::NeverConnected { missed, of }.into()) }
}
