//! How a connection is made, besides where to: who watches its steps, and how long a gateway that accepts no connections
//! yet is waited for.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::address::Address;
use super::error::GatewayError;
use super::fingerprint::Fingerprint;
use super::frames::Hello;

/// A step on the way to a connection. Holds no secret; what a gateway says in it is hostile text.
#[derive(Debug, Clone, Copy)]
pub enum Progress<'p> {
    /// What was chosen before anything is sent, in words.
    Choice(&'p str),
    /// The name is looked up and a connection is opened, through a proxy where one is set.
    Connecting {
        /// The host.
        host: &'p str,
        /// The port.
        port: u16,
        /// The proxy, without its credentials.
        proxy: Option<&'p str>,
    },
    /// The connection is open: to the gateway, or to the proxy before it.
    Connected(Option<SocketAddr>),
    /// The TLS handshake is over.
    Secured {
        /// The version of TLS, where it is known.
        version: Option<&'p str>,
        /// The fingerprint of the gateway's certificate.
        fingerprint: Option<Fingerprint>,
    },
    /// The connection is a WebSocket.
    Upgraded,
    /// The challenge came, and `connect` is sent.
    Presenting {
        /// The device's id.
        device: &'p str,
        /// The kind of credential that is sent.
        credential: &'static str,
    },
    /// The gateway accepted the connection.
    Admitted(&'p Hello),
    /// Calls go to the admin endpoint: no connection is kept.
    Endpoint,
    /// An attempt failed, and another one is made.
    Failed(&'p GatewayError),
    /// The gateway accepts no connections yet, and is waited for.
    Waiting {
        /// Its process on this host, where there is one.
        process: Option<Process>,
        /// The time allowed for everything.
        timeout: Duration,
    },
}

/// Receives each step of a connection.
#[derive(Clone, Default)]
pub struct Observer(Option<Arc<Watcher>>);

type Watcher = dyn Fn(&Address, Progress<'_>) + Send + Sync;

impl Observer {
    /// One that calls this function.
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
    /// When it started, in clock ticks since the system did: with the id it names one process for good. 0 where the
    /// system does not say.
    pub started: u64,
    /// Whether it is known to be the gateway's, and not only a process of OpenClaw that may become one.
    pub certain: bool,
}

/// Finds the process of a gateway on this host: the one that is known, if it still lives, else another one.
#[derive(Clone)]
pub struct Probe(Arc<Finder>);

type Finder = dyn Fn(Option<Process>) -> Option<Process> + Send + Sync;

impl Probe {
    /// One that calls this function, which may block.
    pub fn new(find: impl Fn(Option<Process>) -> Option<Process> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// Looks for the process. Blocks.
    pub(super) fn find(&self, known: Option<Process>) -> Option<Process> {
        (self.0)(known)
    }
}

impl fmt::Debug for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probe")
    }
}

/// How long a gateway is waited for that accepts no connections. A gateway that accepts them and says that it is starting
/// is always waited for.
#[derive(Debug, Clone, Default)]
pub enum Patience {
    /// Not at all.
    #[default]
    None,
    /// While its process lives.
    WhileAlive(Probe),
    /// Until the deadline.
    Full,
}

/// How a connection is made.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    /// Who watches.
    pub observer: Observer,
    /// What is waited for.
    pub patience: Patience,
}
