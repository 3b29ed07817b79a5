//! Waiting for a gateway that accepts no connections yet: on a slow machine it loads for a minute before it listens.

use std::time::Duration;

use super::clock::{backoff_up_to, beside, pause};
use super::error::{Again, GatewayError, Step};
use super::manner::{Patience, Process, Progress};
use super::target::Target;
use crate::backoff::Backoff;
use crate::deadline::Deadline;

/// The longest pause between two attempts: a refused connection costs nothing, and the person waits.
const EVERY: Duration = Duration::from_millis(500);

/// What is known of a gateway that is waited for.
pub(super) struct Start {
    backoff: Backoff,
    process: Option<Process>,
    /// Whether it was reported.
    reported: bool,
}

impl Start {
    pub(super) fn new() -> Self {
        Self { backoff: backoff_up_to(EVERY), process: None, reported: false }
    }

    /// Pauses before the next attempt. `returning`: the gateway was there a moment ago, or said that it is starting.
    ///
    /// | patience | the attempt | the gateway's process | result |
    /// | --- | --- | --- | --- |
    /// | any | refused, and the gateway is returning | any | wait |
    /// | none | any other | any | the attempt's own error |
    /// | while alive | refused | there | wait |
    /// | while alive | refused | gone since the last attempt | it ended |
    /// | while alive | refused | never seen, or gone and perhaps another command's | the attempt's own error |
    /// | while alive | failed otherwise | any | the attempt's own error |
    /// | full | refused, unreachable or dropped | any | wait |
    /// | full | failed otherwise | any | the attempt's own error |
    ///
    /// # Errors
    /// The error to end with: the attempt's own, or that the gateway did not start in time.
    pub(super) async fn wait(
        &mut self,
        error: GatewayError,
        target: &Target,
        returning: bool,
        deadline: Deadline,
    ) -> Result<(), GatewayError> {
        let unreachable = matches!(error, GatewayError::Unreachable { .. });
        let refused = matches!(error, GatewayError::Unreachable { refused: true, .. });
        let waited_for = match &target.manner.patience {
            Patience::None => false,
            Patience::Full => unreachable || error.again() == Again::Dropped,
            Patience::WhileAlive(_) if !refused => false,
            Patience::WhileAlive(probe) => {
                let (probe, known) = (probe.clone(), self.process);
                let found = beside(deadline, || Step::Connecting, move || probe.find(known)).await?;
                if let (None, Some(Process { id, certain: true, .. })) = (found, known) {
                    return Err(not_started(&error, deadline, Some(id), true));
                }
                self.process = found;
                found.is_some()
            }
        };
        if !waited_for {
            let again = returning && refused && pause(&mut self.backoff, None, deadline).await;
            return if again { Ok(()) } else { Err(error) };
        }
        let observer = &target.manner.observer;
        if !self.reported {
            self.reported = true;
            let (process, timeout) = (self.process, deadline.timeout());
            observer.notify(&target.address, Progress::Waiting { process, timeout });
        }
        if pause(&mut self.backoff, None, deadline).await {
            return Ok(());
        }
        Err(not_started(&error, deadline, self.process.map(|process| process.id), false))
    }
}

fn not_started(error: &GatewayError, deadline: Deadline, process: Option<u32>, ended: bool) -> GatewayError {
    let cause = match error {
        GatewayError::Unreachable { cause, .. } => cause.clone(),
        error => error.to_string(),
    };
    GatewayError::NotStarted { cause, timeout: deadline.timeout(), process, ended }
}
