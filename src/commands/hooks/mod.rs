//! Programs and webhooks that are started at an event of a command that stays. They have a thread of their own, so that
//! nothing of it delays the command, which only puts an event into a bounded queue.

mod lanes;
mod program;
mod webhook;

use std::path::Path;
use std::time::Duration;

use bytesize::ByteSize;

use super::Error;
use super::queue::QueueError;
use crate::deadline::Deadline;
use crate::gateway::WebhookUrl;
use crate::settings::SettingsError;
use crate::store::input::{self, Bounds, Input};
use crate::store::private;

pub(super) use lanes::{Failure, Job, Lanes, MOST_WAITING};
pub use program::Program;

/// How long running hooks may take after the command has ended.
pub(super) const DRAINING: Duration = Duration::from_secs(5);

/// Fails if a program cannot be started. `event`: one of the command, for the next step.
pub(super) fn check<'p>(
    event: &'static str,
    programs: impl IntoIterator<Item = &'p Program>,
) -> Result<(), Error> {
    for program in programs {
        if !program.is_there() {
            return Err(QueueError::NoProgram { program: program.name().to_owned(), event }.into());
        }
    }
    Ok(())
}

/// The receiver in a file that no other user can read: a URL may be a secret.
pub fn receiver_of_file(path: &Path, deadline: Deadline) -> Result<WebhookUrl, Error> {
    /// The size limit of the file.
    const MAX_SIZE: ByteSize = ByteSize::kib(16);
    private::check(path).map_err(SettingsError::Exposed)?;
    let bytes = input::read(&Input::Path(path.to_owned()), Bounds { max_size: MAX_SIZE, deadline })?;
    receiver("--notify-file", &String::from_utf8_lossy(&bytes))
}

/// The receiver in the value of a flag.
pub fn receiver(flag: &'static str, text: &str) -> Result<WebhookUrl, Error> {
    text.parse().map_err(|error| QueueError::Notify { flag, error }.into())
}
