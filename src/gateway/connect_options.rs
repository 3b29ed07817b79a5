//! Options of connecting: who receives the progress, and how long to wait for a gateway that accepts no connections
//! yet.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::address::Address;
use super::api::connect::Hello;
use super::error::GatewayError;
use super::fingerprint::Fingerprint;

/// A step of connecting. It holds no secret. Texts in it that come from a gateway are hostile.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'p> {
    /// A choice that was made before anything is sent, as text.
    Choice(&'p str),
    /// The name is resolved and a connection is opened, through a proxy where one is set.
    Connecting {
        /// The host.
        host: &'p str,
        /// The port.
        port: u16,
        /// The proxy, without its credentials.
        proxy: Option<&'p str>,
    },
    /// The connection is open: to the gateway, or to the proxy.
    Connected(Option<SocketAddr>),
    /// The TLS handshake succeeded.
    Secured {
        /// The version of TLS, where it is known.
        version: Option<&'p str>,
        /// The fingerprint of the gateway's certificate.
        fingerprint: Option<Fingerprint>,
    },
    /// The connection is a WebSocket.
    Upgraded,
    /// The challenge arrived, and `connect` is sent.
    Presenting {
        /// The device's id.
        device: &'p str,
        /// The kind of credential that is sent.
        credential: &'static str,
    },
    /// The gateway accepted the connection.
    Admitted(&'p Hello),
    /// Calls go to the admin endpoint; no connection is kept open.
    Endpoint,
    /// An attempt failed, and another attempt follows.
    Failed(&'p GatewayError),
    /// The gateway accepts no connections yet; the client waits for it.
    Waiting {
        /// Its process on this host, if there is one.
        process: Option<Process>,
        /// The whole timeout.
        timeout: Duration,
    },
}

/// Receives each step of a connection.
#[derive(Clone, Default)]
pub struct Observer(Option<Arc<Watcher>>);

type Watcher = dyn Fn(&Address, Progress<'_>) + Send + Sync;

impl Observer {
    /// An observer that calls this function.
    pub fn new(watcher: impl Fn(&Address, Progress<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watcher)))
    }

    /// Reports a step of a connection to this address.
    pub fn notify(&self, address: &Address, progress: Progress<'_>) {
        if let Some(watcher) = &self.0 {
            watcher(address, progress);
        }
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Observer" } else { "no Observer" })
    }
}

/// A process of this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its id.
    pub id: u32,
    /// When it started, in clock ticks since the system started. Together with the id it identifies one process,
    /// although ids are reused. 0 if the system does not report it.
    pub started: u64,
    /// Whether it is certainly a gateway, and not another process of OpenClaw that may become one.
    pub certain: bool,
}

/// Finds the process of a gateway on this host: the known one if it is still running, else another one.
#[derive(Clone)]
pub struct Probe(Arc<Finder>);

type Finder = dyn Fn(Option<Process>) -> Option<Process> + Send + Sync;

impl Probe {
    /// A probe that calls this function, which may block.
    pub fn new(find: impl Fn(Option<Process>) -> Option<Process> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// Searches for the process. This blocks.
    pub fn find(&self, known: Option<Process>) -> Option<Process> {
        (self.0)(known)
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// How long to wait for a gateway that accepts no connections. For a gateway that accepts them and reports that it is
/// starting, the client always waits for the whole timeout.
#[derive(Debug, Clone, Default)]
pub enum Patience {
    /// Do not wait.
    #[default]
    None,
    /// While its process is running.
    WhileAlive(Probe),
    /// Until the deadline.
    Full,
}

/// Options of connecting.
#[derive(Debug, Clone, Default)]
pub struct ConnectOptions {
    /// Receives the progress.
    pub observer: Observer,
    /// How long to wait for a gateway that accepts no connections.
    pub patience: Patience,
}
