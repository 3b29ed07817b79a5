//! The listener: it accepts a limited number of connections, and ends them when the gateway stops.

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::hub::{Hub, Shared};
use super::{Options, http, tls};

/// The maximum number of connections. Further ones are dropped.
const MAX_CONNECTIONS: u32 = 64;

/// Timeout of the TLS handshake, and of the headers of a request.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Timeout for clients to disconnect when the gateway stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// A running gateway. Dropping it stops it without the event `shutdown`.
#[derive(Debug)]
pub struct Running {
    port: u16,
    fingerprint: Option<String>,
    shared: Redacted,
    stop: watch::Sender<bool>,
    connections: Arc<Semaphore>,
    accepting: JoinHandle<()>,
}

/// Hides the state, which holds secrets, from `Debug`.
struct Redacted(Shared);

impl std::fmt::Debug for Redacted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("…")
    }
}

/// Starts a gateway on loopback, on the current runtime.
///
/// The error is that the port cannot be used, or that the scenario contradicts itself.
pub async fn start(options: Options) -> io::Result<Running> {
    let hub = Hub::new(&options).map_err(|problem| io::Error::new(io::ErrorKind::InvalidInput, problem))?;
    let identity = if options.tls { Some(tls::generate()?) } else { None };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let port = listener.local_addr()?.port();
    let shared = Shared::new(hub);
    let (stop, stopped) = watch::channel(false);
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS as usize));
    let (acceptor, fingerprint) = identity.map(|identity| (identity.acceptor, identity.fingerprint)).unzip();
    let accept =
        Listener { shared: shared.clone(), tls: acceptor, connections: Arc::clone(&connections), stopped };
    tokio::spawn(keep_time(shared.clone(), accept.stopped.clone()));
    let accepting = tokio::spawn(accept.accept(listener));
    Ok(Running { port, fingerprint, shared: Redacted(shared), stop, connections, accepting })
}

impl Running {
    /// The port that the gateway listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of its WebSocket.
    pub fn url(&self) -> String {
        let scheme = if self.fingerprint.is_some() { "wss" } else { "ws" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The SHA-256 of its certificate (`AA:BB:…`), if it serves TLS.
    pub fn fingerprint(&self) -> Option<String> {
        self.fingerprint.clone()
    }

    /// Stops the gateway like a real one: the event `shutdown`, then close 1012.
    pub async fn stop(self) {
        // No connections are accepted once the event is sent.
        self.accepting.abort();
        self.shared.0.lock().shut_down();
        self.stop.send_replace(true);
        // Clients that do not disconnect are dropped with the runtime.
        let _: Result<_, tokio::time::error::Elapsed> =
            timeout(CLOSE_TIMEOUT, self.connections.acquire_many(MAX_CONNECTIONS)).await.map(|_| ());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.accepting.abort();
        self.shared.0.lock().close_all();
    }
}

/// Resolves when the gateway stops.
async fn stopped(mut stopped: watch::Receiver<bool>) {
    // A gateway that was dropped has stopped too.
    let _: Result<_, watch::error::RecvError> = stopped.wait_for(|stopped| *stopped).await.map(|_| ());
}

struct Listener {
    shared: Shared,
    tls: Option<TlsAcceptor>,
    connections: Arc<Semaphore>,
    stopped: watch::Receiver<bool>,
}

impl Listener {
    async fn accept(self, listener: TcpListener) {
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(self.stopped.clone()) => return,
            };
            match accepted {
                Ok((stream, _)) => self.welcome(stream),
                // Usually the process has temporarily run out of file descriptors.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    fn welcome(&self, stream: TcpStream) {
        let Ok(permit) = Arc::clone(&self.connections).try_acquire_owned() else { return };
        let permit = Arc::new(permit);
        let (shared, stop) = (self.shared.clone(), self.stopped.clone());
        let acceptor = self.tls.clone();
        // Small frames are sent without delay.
        let _: io::Result<()> = stream.set_nodelay(true);
        tokio::spawn(async move {
            let Some(acceptor) = acceptor else { return serve(stream, shared, permit, stop).await };
            if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                serve(stream, shared, permit, stop).await;
            }
        });
    }
}

/// Serves HTTP on a connection until it ends or becomes a WebSocket, which has its own task.
async fn serve<S>(stream: S, shared: Shared, permit: Arc<OwnedSemaphorePermit>, stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: hyper::Request<Incoming>| {
        http::answer(request, shared.clone(), Arc::clone(&permit))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::select! {
        // An HTTP error of a client ends its connection and is not reported.
        _ = connection => {}
        () = stopped(stop) => {}
    }
}

/// Runs scheduled work: expiries of prompts, steps of the scenario, ticks.
async fn keep_time(shared: Shared, stop: watch::Receiver<bool>) {
    loop {
        let due = {
            let hub = shared.lock();
            hub.clock.at(hub.due())
        };
        tokio::select! {
            () = tokio::time::sleep_until(due) => shared.lock().tick(),
            () = shared.changed.notified() => {}
            () = stopped(stop.clone()) => return,
        }
    }
}
