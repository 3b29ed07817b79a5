//! Waiting for a gateway that accepts no connections yet. On a slow machine it loads for a minute before it listens.

use std::time::Duration;

use super::connect_options::{Patience, Process, Progress};
use super::error::{GatewayError, Reconnect, Step};
use super::target::Target;
use super::wait::{backoff_up_to, pause, run_blocking};
use crate::backoff::Backoff;
use crate::deadline::Deadline;

/// The longest pause between two attempts. It is short because a refused connection costs little, and a person is
/// waiting.
const MAX_PAUSE: Duration = Duration::from_millis(500);

/// The state of the wait for one gateway.
pub(super) struct Start {
    backoff: Backoff,
    process: Option<Process>,
    /// Whether the wait was reported.
    reported: bool,
}

impl Start {
    pub(super) fn new() -> Self {
        Self { backoff: backoff_up_to(MAX_PAUSE), process: None, reported: false }
    }

    /// Pauses before the next attempt. `returning`: the gateway was reachable a moment ago, or reported that it is
    /// starting.
    ///
    /// | patience | the attempt | the gateway's process | result |
    /// | --- | --- | --- | --- |
    /// | any | refused, and the gateway is returning | any | wait |
    /// | none | any other | any | the attempt's own error |
    /// | while alive | refused | running | wait |
    /// | while alive | refused | ended since the last attempt | the error that it ended |
    /// | while alive | refused | never seen, or ended and perhaps of another command | the attempt's own error |
    /// | while alive | failed otherwise | any | the attempt's own error |
    /// | full | refused, unreachable or dropped | any | wait |
    /// | full | failed otherwise | any | the attempt's own error |
    ///
    /// # Errors
    /// The attempt's own error, or that the gateway did not start in time.
    pub(super) async fn wait(
        &mut self,
        error: GatewayError,
        target: &Target,
        returning: bool,
        deadline: Deadline,
    ) -> Result<(), GatewayError> {
        let unreachable = matches!(error, GatewayError::Unreachable { .. });
        let refused = matches!(error, GatewayError::Unreachable { refused: true, .. });
        let waited_for = match &target.options.patience {
            Patience::None => false,
            Patience::Full => unreachable || error.reconnect() == Reconnect::Dropped,
            Patience::WhileAlive(_) if !refused => false,
            Patience::WhileAlive(probe) => {
                let (probe, known) = (probe.clone(), self.process);
                let found = run_blocking(deadline, || Step::Connecting, move || probe.find(known)).await?;
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
        let observer = &target.options.observer;
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
