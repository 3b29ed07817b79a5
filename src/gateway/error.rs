//! Everything that can go wrong between this process and a gateway, and what to do about each.

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

/// Where on the way to an answer something happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Reading or keeping this device's key.
    Keyring,
    /// Loading the certificates that are trusted.
    Trust,
    /// Resolving the name and connecting, through a proxy where one is set.
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

/// What a peer sent that no gateway sends.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Violation {
    /// A frame that is not JSON, or not a frame.
    #[error("a frame that is not a gateway's: {0}")]
    Garbage(String),
    /// A binary frame.
    #[error("a binary frame of {0} bytes")]
    Binary(usize),
    /// More than the limit.
    #[error("more than {limit} bytes in one message")]
    Oversize {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Bytes that are not a WebSocket's.
    #[error("bytes that are not a WebSocket's: {0}")]
    WebSocket(String),
    /// An answer to a question that nobody asked.
    #[error("an answer to a call that was never made")]
    UnknownAnswer,
    /// An answer that is not shaped as the method's.
    #[error("an answer to {method} that is not shaped like one: {cause}")]
    Answer {
        /// The method.
        method: String,
        /// What is wrong with it.
        cause: String,
    },
}

/// Why a certificate is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TlsError {
    /// It is not the one that was pinned.
    #[error("its certificate is not the pinned one: it has the fingerprint {found}, expected {expected}")]
    Pin {
        /// The pin.
        expected: Fingerprint,
        /// What the gateway showed.
        found: Fingerprint,
    },
    /// Nobody known vouches for it.
    #[error("its certificate is not trusted: {cause}; its fingerprint is {found}")]
    Untrusted {
        /// What the gateway showed.
        found: Fingerprint,
        /// Why it is not trusted.
        cause: String,
    },
    /// The file of roots.
    #[error("the CA file {path} cannot be used: {cause}")]
    Roots {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: String,
    },
    /// The platform's roots cannot be loaded.
    #[error("the platform's root certificates cannot be loaded: {0}")]
    Platform(String),
    /// The handshake failed otherwise: no TLS there, no common version.
    #[error("the TLS handshake failed: {0}")]
    Handshake(String),
}

/// Why there is no answer from a gateway.
#[derive(Debug, Error)]
pub enum GatewayError {
    /// Nothing listens, the name is unknown, the network is down.
    #[error("no gateway answers: {cause}")]
    Unreachable {
        /// The system's reason.
        cause: String,
        /// Whether the connection was refused: the host is there and nothing listens.
        refused: bool,
    },
    /// A gateway that was waited for accepted no connection in time, or its process ended.
    #[error("{}", not_started(cause, *.timeout, *.process, *.ended))]
    NotStarted {
        /// Why the last attempt failed.
        cause: String,
        /// The whole time allowed.
        timeout: Duration,
        /// The id of its process on this host, where there is one.
        process: Option<u32>,
        /// Whether that process has ended.
        ended: bool,
    },
    /// The proxy that the environment names did not let us through.
    #[error("the proxy {proxy} did not open the connection: {cause}")]
    Proxy {
        /// The proxy, without its credentials.
        proxy: String,
        /// Its reason.
        cause: String,
    },
    /// The certificate, or TLS as such.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The credential would cross a plaintext connection to another host.
    #[error("the credential would cross an unencrypted connection to another host")]
    Plaintext,
    /// An HTTP server that is no gateway, or a proxy before one.
    #[error("it does not answer as a gateway: {0}")]
    NotAGateway(String),
    /// The time is up.
    #[error("no answer within {timeout:?}: it stopped {step}")]
    TimedOut {
        /// What was waited for.
        step: Step,
        /// The whole time allowed.
        timeout: Duration,
    },
    /// The peer does not speak as a gateway does.
    #[error("it sent {violation} {step}")]
    Violation {
        /// What it sent.
        violation: Violation,
        /// When.
        step: Step,
    },
    /// The connection ended.
    #[error("the connection ended {step}{}", closing(*.code, .reason))]
    Closed {
        /// When.
        step: Step,
        /// The WebSocket close code, if the peer sent one.
        code: Option<u16>,
        /// The reason beside it.
        reason: String,
    },
    /// Nothing was heard for so long that the peer must be dead.
    #[error("nothing was heard from the gateway for {0:?}")]
    Silent(Duration),
    /// The gateway does not let us in.
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
    /// The connection was lost before a call was sent: it was not executed.
    #[error("{method} was not sent: {cause}")]
    NotSent {
        /// The method.
        method: String,
        /// What ended the connection.
        cause: Arc<GatewayError>,
    },
    /// The connection was lost, or the time was up, after a call was sent: it may have been executed.
    #[error("{method} was sent and not answered, so it may have been executed: {cause}")]
    Uncertain {
        /// The method.
        method: String,
        /// What ended the wait.
        cause: Arc<GatewayError>,
    },
    /// A call larger than the gateway takes.
    #[error("{method} takes {size} bytes and the gateway accepts {limit}")]
    TooLarge {
        /// The method.
        method: String,
        /// Its size in bytes.
        size: usize,
        /// The gateway's limit in bytes.
        limit: usize,
    },
    /// The admin endpoint does not do this.
    #[error("{method} cannot be called over HTTP: the admin endpoint does not offer it")]
    NotOverHttp {
        /// The method.
        method: String,
    },
    /// The admin endpoint is not there.
    #[error(
        "the gateway has no admin endpoint: its plugin admin-http-rpc is off, or the gateway is too old for it"
    )]
    NoAdminEndpoint,
    /// The device's key could not be read or kept.
    #[error("the device's key cannot be used")]
    Device(#[from] DeviceError),
}

/// Why this device has no key.
#[derive(Debug, Error)]
pub enum DeviceError {
    /// The file, its lock or its directory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory cannot be made.
    #[error("cannot make {path}: {cause}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// Others can read the key, or put their own in its place.
    #[error(transparent)]
    Exposed(#[from] Exposure),
    /// The file is there and holds no key.
    #[error("{0} holds no device key")]
    Malformed(PathBuf),
    /// The system gives no random numbers.
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

fn not_started(cause: &str, timeout: Duration, process: Option<u32>, ended: bool) -> String {
    match (process, ended) {
        (Some(id), true) => {
            format!("the gateway's process {id} ended before it accepted connections: {cause}")
        }
        (Some(id), false) => format!(
            "the gateway did not start within {timeout:?}: its process {id} is running and accepts no connections yet: {cause}"
        ),
        (None, _) => {
            format!("waited {timeout:?} for a gateway to start, and none accepts connections: {cause}")
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

/// What an error says about trying again before a call was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The gateway is starting: as often as the deadline allows, not before this long.
    Starting(Option<Duration>),
    /// The connection dropped: a few times.
    Dropped,
    /// Not at all.
    Never,
}

impl GatewayError {
    /// Whether connecting again may help. Says nothing about calls: those are never repeated here.
    pub fn again(&self) -> Again {
        match self {
            Self::Refused(refusal) if refusal.is_starting() => Again::Starting(refusal.retry_after()),
            Self::Closed { code: Some(1012 | 1013), .. } => Again::Starting(None),
            Self::Closed { code: None | Some(1000 | 1001 | 1006 | 1011), .. } => Again::Dropped,
            Self::NotSent { cause, .. } => cause.again(),
            _ => Again::Never,
        }
    }

    /// How long to wait before the same call is made again, where the gateway's answer proves that it was not executed;
    /// `None` if it must not be made again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Failed { failure, .. } => failure.retry_after(),
            _ => None,
        }
    }

    /// The error behind the loss of a call, or the error itself.
    pub fn root(&self) -> &Self {
        match self {
            Self::NotSent { cause, .. } | Self::Uncertain { cause, .. } => cause.root(),
            error => error,
        }
    }
}
