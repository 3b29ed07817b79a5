//! The errors of connections and calls, and which of them can be retried.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::fingerprint::Fingerprint;
use super::refusal::{Failure, Refusal};
use crate::store::StoreError;
use crate::store::private::Exposure;

/// The step of connecting or calling in which something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Reading or writing this device's key.
    Keyring,
    /// Loading the certificates that are trusted.
    Trust,
    /// Looking up the addresses of a name: the gateway's, or the proxy's.
    LookingUp(String),
    /// Connecting, through a proxy where one is set; for the admin endpoint, the TLS handshake too.
    Connecting,
    /// The TLS handshake.
    Securing,
    /// The HTTP upgrade to a WebSocket.
    Upgrading,
    /// Waiting for the gateway's challenge.
    Challenge,
    /// Waiting for the answer to `connect`.
    Hello,
    /// Waiting for the answer to a call.
    Calling(String),
    /// Between calls.
    Idle,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keyring => f.write_str("while another process held this device's key"),
            Self::Trust => f.write_str("while loading the trusted certificates"),
            Self::LookingUp(name) => write!(f, "while looking up the name {name}"),
            Self::Connecting => f.write_str("while connecting"),
            Self::Securing => f.write_str("during the TLS handshake"),
            Self::Upgrading => f.write_str("during the upgrade to a WebSocket"),
            Self::Challenge => f.write_str("before the gateway's challenge"),
            Self::Hello => f.write_str("before the answer to connect"),
            Self::Calling(method) => write!(f, "before the answer to {method}"),
            Self::Idle => f.write_str("between calls"),
        }
    }
}

/// A violation of the protocol by the peer.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Violation {
    /// A frame that is not JSON, or not a frame.
    #[error("an invalid frame: {0}")]
    Garbage(String),
    /// A binary frame.
    #[error("a binary frame of {0} bytes")]
    Binary(usize),
    /// A message larger than the limit.
    #[error("more than {limit} bytes in one message")]
    Oversize {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Bytes that violate the WebSocket protocol.
    #[error("invalid WebSocket data: {0}")]
    WebSocket(String),
    /// An answer to a call that was never made.
    #[error("an answer to a call that was never made")]
    UnknownAnswer,
    /// An answer whose payload does not have the shape of the method's answers.
    #[error("a malformed answer to {method}: {cause}")]
    Answer {
        /// The method.
        method: String,
        /// The problem.
        cause: String,
    },
}

/// Why a certificate is rejected, or TLS fails.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlsError {
    /// It is not the pinned certificate.
    #[error("its certificate is not the pinned one: it has the fingerprint {found}, expected {expected}")]
    Pin {
        /// The pin.
        expected: Fingerprint,
        /// The certificate that the gateway presented.
        found: Fingerprint,
    },
    /// No trusted authority has issued it, or it is not valid.
    #[error("its certificate is not trusted: {cause}; its fingerprint is {found}")]
    Untrusted {
        /// The certificate that the gateway presented.
        found: Fingerprint,
        /// Why it is not trusted.
        cause: String,
    },
    /// The CA file cannot be used.
    #[error("the CA file {path} cannot be used: {cause}")]
    Roots {
        /// The file.
        path: PathBuf,
        /// The reason.
        cause: String,
    },
    /// The platform's roots cannot be loaded.
    #[error("the platform's root certificates cannot be loaded: {0}")]
    Platform(String),
    /// The handshake failed for another reason: the peer has no TLS, or no common version.
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
}

/// Why a gateway did not answer as it should.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// Nothing listens there, the name is unknown, or the network is down.
    #[error("no gateway answers: {cause}")]
    Unreachable {
        /// The system's reason.
        cause: String,
        /// Whether the connection was refused: the host is reachable and nothing listens.
        refused: bool,
    },
    /// The client waited for the gateway, and it accepted no connection in time, or its process ended.
    #[error("{}", not_started(cause, *.timeout, *.process, *.ended))]
    NotStarted {
        /// Why the last attempt failed.
        cause: String,
        /// The whole timeout.
        timeout: Duration,
        /// The id of its process on this host, if one was found.
        process: Option<u32>,
        /// Whether that process has ended.
        ended: bool,
    },
    /// The proxy that the environment names did not open the connection.
    #[error("the proxy {proxy} did not open the connection: {cause}")]
    Proxy {
        /// The proxy, without its credentials.
        proxy: String,
        /// Its reason.
        cause: String,
    },
    /// The certificate, or TLS itself.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The credential would be sent unencrypted to another host.
    #[error("the credential would be sent unencrypted to another host")]
    Plaintext,
    /// An HTTP server that is not a gateway, or a proxy in front of one.
    #[error("the answer is not from a gateway: {0}")]
    NotAGateway(String),
    /// The deadline passed.
    #[error("no answer within {timeout:?}: timed out {step}")]
    TimedOut {
        /// The step that was not finished.
        step: Step,
        /// The whole timeout.
        timeout: Duration,
    },
    /// The peer violates the protocol.
    #[error("it sent {violation} {step}")]
    Violation {
        /// The violation.
        violation: Violation,
        /// The step in which it happened.
        step: Step,
    },
    /// The connection ended.
    #[error("the connection ended {step}{}", closing(*.code, .reason))]
    Closed {
        /// The step in which it happened.
        step: Step,
        /// The WebSocket close code, if the peer sent one.
        code: Option<u16>,
        /// The reason in the close frame.
        reason: String,
    },
    /// Nothing was received for this time, so the connection was closed.
    #[error("no message from the gateway for {0:?}")]
    Silent(Duration),
    /// The gateway rejected `connect`.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// The gateway answered a call with an error.
    #[error("the gateway refused {method}: {failure}")]
    Failed {
        /// The method.
        method: String,
        /// Its error.
        failure: Box<Failure>,
    },
    /// The connection was lost before a call was sent, so it was not executed.
    #[error("{method} was not sent: {cause}")]
    NotSent {
        /// The method.
        method: String,
        /// What ended the connection.
        cause: Arc<GatewayError>,
    },
    /// The connection was lost, or the deadline passed, after a call was sent, so it may have been executed.
    #[error("{method} was sent and not answered, so it may have been executed: {cause}")]
    Uncertain {
        /// The method.
        method: String,
        /// What ended the wait.
        cause: Arc<GatewayError>,
    },
    /// A call larger than the gateway accepts.
    #[error("{method} has {size} bytes; the gateway accepts at most {limit}")]
    TooLarge {
        /// The method.
        method: String,
        /// Its size in bytes.
        size: usize,
        /// The gateway's limit in bytes.
        limit: usize,
    },
    /// The admin endpoint does not offer this method.
    #[error("{method} cannot be called over HTTP: the admin endpoint does not offer it")]
    NotOverHttp {
        /// The method.
        method: String,
    },
    /// The gateway has no admin endpoint.
    #[error(
        "the gateway has no admin endpoint: its plugin admin-http-rpc is off, or the gateway is too old for it"
    )]
    NoAdminEndpoint,
    /// The device's key could not be read or written.
    #[error("the device's key cannot be used")]
    Device(#[from] DeviceError),
}

/// Why the device key cannot be used.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The file, its lock or its directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory cannot be created.
    #[error("cannot create {path}: {cause}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// Other users can read the key, or replace it.
    #[error(transparent)]
    Exposed(#[from] Exposure),
    /// The file exists and holds no key.
    #[error("{0} does not contain a device key")]
    Malformed(PathBuf),
    /// The system gives no random numbers.
    #[error("the system returned no random numbers: {0}")]
    Random(String),
}

fn not_started(cause: &str, timeout: Duration, process: Option<u32>, ended: bool) -> String {
    match (process, ended) {
        (Some(id), true) => {
            format!("the gateway's process {id} ended before it accepted connections: {cause}")
        }
        (Some(id), false) => format!(
            "the gateway did not start within {timeout:?}: its process {id} is running but accepts no connections yet: {cause}"
        ),
        (None, _) => {
            format!("waited {timeout:?} for a gateway to start, but none accepts connections: {cause}")
        }
    }
}

fn closing(code: Option<u16>, reason: &str) -> String {
    match (code, reason) {
        (None, _) => String::new(),
        (Some(code), "") => format!(" (close {code})"),
        (Some(code), reason) => format!(" (close {code}: {reason})"),
    }
}

/// Whether connecting again may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnect {
    /// The gateway is starting: retry until the deadline, and wait at least this long before the next attempt.
    Starting(Option<Duration>),
    /// The connection dropped: retry a few times.
    Dropped,
    /// Do not retry.
    Never,
}

impl GatewayError {
    /// Whether connecting again may succeed. This is unrelated to repeating a call.
    pub fn reconnect(&self) -> Reconnect {
        match self {
            Self::Refused(refusal) if refusal.is_starting() => Reconnect::Starting(refusal.retry_after()),
            Self::Closed { code: Some(1012 | 1013), .. } => Reconnect::Starting(None),
            Self::Closed { code: None | Some(1000 | 1001 | 1006 | 1011), .. } => Reconnect::Dropped,
            Self::NotSent { cause, .. } => cause.reconnect(),
            _ => Reconnect::Never,
        }
    }

    /// How long to wait before the call is made again, if the gateway's answer proves that it was not executed. `None`
    /// if it must not be made again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed { failure, .. } => failure.retry_after(),
            _ => None,
        }
    }

    /// The error of a call without an answer.
    pub(super) const fn unanswered(method: String, is_sent: bool, cause: Arc<Self>) -> Self {
        if is_sent { Self::Uncertain { method, cause } } else { Self::NotSent { method, cause } }
    }

    /// The error behind the loss of a call, or the error itself.
    pub fn root(&self) -> &Self {
        match self {
            Self::NotSent { cause, .. } | Self::Uncertain { cause, .. } => cause.root(),
            error => error,
        }
    }
}
