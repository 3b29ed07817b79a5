//! `gateway dev`: runs the embedded gateway in the foreground, for rehearsals.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::passed;
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::embedded::scenario::{Scenario, ScenarioError};
use crate::embedded::{self, Generation, Options};
use crate::report::gateway::Dev;
use crate::store::input::{self, Bounds, Input};
use crate::system::{Kind, listen};

/// The size limit of a scenario, in bytes.
const MAX_SCENARIO: bytesize::ByteSize = bytesize::ByteSize::mib(16);

/// Timeout of reading the scenario.
const READING: Duration = Duration::from_secs(30);

/// The options of `gateway dev`.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct DevOptions {
    /// The port; 0 chooses a free one.
    pub port: u16,
    /// The path of the scenario; `None` for the built-in cascade.
    pub scenario: Option<PathBuf>,
    /// Whether a request for the same command joins the pending prompt.
    pub coalesce: bool,
    /// Whether the list of sessions names active runs.
    pub lists_run_ids: bool,
    /// Whether the prompts of a failed-over run are cancelled.
    pub cancel_on_failover: bool,
    /// The generation of the protocol.
    pub generation: Generation,
    /// Whether to serve TLS.
    pub tls: bool,
}

/// Runs the gateway until the process receives a signal to end, or until `end`. `ready` is called once, when the
/// gateway accepts connections, and returns whether to continue.
pub async fn run(
    request: &DevOptions,
    end: Option<Deadline>,
    ready: impl FnOnce(&Dev) -> bool,
) -> Result<(), Error> {
    let scenario = match &request.scenario {
        None => Scenario::cascade(),
        Some(path) => {
            let name = path.display().to_string();
            let deadline = end.unwrap_or_else(|| Deadline::after(READING));
            let bytes = input::read(&Input::named(path), Bounds { max_size: MAX_SCENARIO, deadline })?;
            Scenario::parse(&String::from_utf8_lossy(&bytes))
                .map_err(|cause| Error::Scenario { name, cause })?
        }
    };
    // The token is printed so that it can be copied. It is generated for this run and is valid only for this gateway.
    let token = uuid::Uuid::new_v4().to_string();
    let running = embedded::start(Options {
        port: request.port,
        generation: request.generation,
        token: SecretString::from(token.as_str()),
        tls: request.tls,
        coalesce: request.coalesce,
        lists_run_ids: request.lists_run_ids,
        cancel_on_failover: request.cancel_on_failover,
        scenario,
    })
    .await
    .map_err(|cause| match (cause.kind(), &request.scenario) {
        (ErrorKind::InvalidInput, Some(path)) => Error::Scenario {
            name: path.display().to_string(),
            cause: ScenarioError::Content(cause.to_string()),
        },
        _ => Error::Port { port: request.port, cause },
    })?;
    let dev = Dev {
        url: running.url(),
        token,
        fingerprint: running.fingerprint(),
        version: request.generation.version(),
    };
    if ready(&dev) {
        tokio::select! {
            () = interrupted() => {}
            () = passed(end) => {}
        }
    }
    running.stop().await;
    Ok(())
}

/// Waits for Ctrl-C or SIGTERM.
async fn interrupted() {
    let Ok(mut terminated) = listen(Kind::Terminate) else {
        drop(tokio::signal::ctrl_c().await);
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
    }
}
