//! A relay between clearance and a gateway: it records every frame, can hold a call until the test has done something
//! else, and can add headers as if a client came from another host.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use clearance::internals::Deadline;
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{accept_async, client_async};

/// Time limit for a step of a test.
const PATIENCE: Duration = Duration::from_mins(1);

/// A recorded frame.
#[derive(Debug, Clone)]
pub(crate) struct Passed {
    /// The number of the connection, from 1.
    pub(crate) connection: usize,
    pub(crate) from_gateway: bool,
    pub(crate) what: What,
}

#[derive(Debug, Clone)]
pub(crate) enum What {
    Frame(Value),
    Close(Option<(u16, String)>),
}

/// Options of a relay.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Options {
    /// The method whose calls are held until they are released.
    pub(crate) hold: Option<&'static str>,
    /// Whether clients appear to the gateway as coming from another host.
    pub(crate) forwarded: bool,
}

#[derive(Debug, Default)]
struct Shared {
    passed: Mutex<Vec<Passed>>,
    connections: AtomicUsize,
    /// How many of them have ended.
    ended: AtomicUsize,
    held: AtomicBool,
    release: Notify,
    stop: Notify,
}

/// A relay that runs until it is dropped.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Proxy {
    pub(crate) fn to(gateway: SocketAddr, options: Options) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let port = listener.local_addr().expect("its address").port();
        let shared = Arc::new(Shared::default());
        let relay = Relay { gateway, options, shared: Arc::clone(&shared) };
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(relay.run(listener));
        });
        Self { port, shared, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// Waits until a call is held.
    pub(crate) fn wait_until_held(&self) {
        let deadline = Deadline::after(PATIENCE);
        while !self.shared.held.load(Ordering::SeqCst) {
            assert!(deadline.pause(Duration::from_millis(5)), "no call came: {:#?}", self.passed());
        }
    }

    /// Forwards the held call.
    pub(crate) fn release(&self) {
        self.shared.release.notify_one();
    }

    /// The number of connections.
    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Waits until every client has left, and the gateway has closed each connection.
    pub(crate) fn wait_until_quiet(&self) {
        let deadline = Deadline::after(PATIENCE);
        while self.shared.ended.load(Ordering::SeqCst) < self.connections() {
            assert!(deadline.pause(Duration::from_millis(2)), "a client stays: {:#?}", self.passed());
        }
    }

    /// All frames until now.
    pub(crate) fn passed(&self) -> Vec<Passed> {
        self.shared.passed.lock().expect("no panic in the relay").clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

struct Relay {
    gateway: SocketAddr,
    options: Options,
    shared: Arc<Shared>,
}

impl Relay {
    async fn run(self, listener: std::net::TcpListener) {
        let listener = TcpListener::from_std(listener).expect("a listener");
        let this = Arc::new(self);
        loop {
            let stream = tokio::select! {
                () = this.shared.stop.notified() => return,
                accepted = listener.accept() => accepted.expect("a connection").0,
            };
            let number = this.shared.connections.fetch_add(1, Ordering::SeqCst) + 1;
            let this = Arc::clone(&this);
            // A gateway that does not answer looks to the client like one that hangs up.
            tokio::spawn(async move {
                drop(this.connection(stream, number).await);
                this.shared.ended.fetch_add(1, Ordering::SeqCst);
            });
        }
    }

    async fn connection(&self, stream: TcpStream, connection: usize) -> Result<(), Error> {
        let mut request = format!("ws://{}/", self.gateway).into_client_request()?;
        if self.options.forwarded {
            request.headers_mut().insert("X-Forwarded-For", HeaderValue::from_static("203.0.113.9"));
        }
        let (mut gateway, _) = client_async(request, TcpStream::connect(self.gateway).await?).await?;
        let mut client = accept_async(stream).await?;
        let mut held: Option<Message> = None;
        loop {
            tokio::select! {
                biased;
                message = gateway.next() => {
                    let message = message.ok_or(Error::ConnectionClosed)??;
                    self.note(connection, true, &message);
                    if pass(message, &mut client).await? {
                        return finish(&mut client).await;
                    }
                }
                () = self.shared.release.notified(), if held.is_some() => {
                    if let Some(message) = held.take() {
                        gateway.send(message).await?;
                    }
                }
                message = client.next(), if held.is_none() => {
                    let Some(Ok(message)) = message else {
                        return self.hear_out(&mut gateway, connection).await;
                    };
                    self.note(connection, false, &message);
                    if self.holds(&message) {
                        held = Some(message);
                        self.shared.held.store(true, Ordering::SeqCst);
                    } else if pass(message, &mut gateway).await? {
                        return finish(&mut gateway).await;
                    }
                }
            }
        }
    }

    /// A client that has received its answer may leave before the gateway has sent its close frame.
    async fn hear_out(
        &self,
        gateway: &mut (impl Stream<Item = Result<Message, Error>> + Unpin),
        connection: usize,
    ) -> Result<(), Error> {
        let frames = async {
            while let Some(Ok(message)) = gateway.next().await {
                self.note(connection, true, &message);
            }
        };
        in_time(frames).await
    }

    fn holds(&self, message: &Message) -> bool {
        let (Message::Text(text), Some(method)) = (message, self.options.hold) else { return false };
        let frame: Value = serde_json::from_str(text).unwrap_or_default();
        frame["method"] == method && !self.shared.held.load(Ordering::SeqCst)
    }

    fn note(&self, connection: usize, from_gateway: bool, message: &Message) {
        let what = match message {
            Message::Text(text) => What::Frame(serde_json::from_str(text).expect("JSON")),
            Message::Close(frame) => {
                What::Close(frame.as_ref().map(|frame| (frame.code.into(), frame.reason.to_string())))
            }
            _ => return,
        };
        let mut passed = self.shared.passed.lock().expect("no panic in the relay");
        passed.push(Passed { connection, from_gateway, what });
    }
}

/// Forwards a message. Returns whether it was the last.
async fn pass(message: Message, to: &mut (impl Sink<Message, Error = Error> + Unpin)) -> Result<bool, Error> {
    match message {
        Message::Text(_) | Message::Binary(_) => to.send(message).await.map(|()| false),
        Message::Close(_) => to.send(message).await.map(|()| true),
        // Each side answers its own pings.
        _ => Ok(false),
    }
}

/// Waits until the other side has sent its close frame too.
async fn finish(to: &mut (impl Stream<Item = Result<Message, Error>> + Unpin)) -> Result<(), Error> {
    in_time(async { while let Some(Ok(_)) = to.next().await {} }).await
}

async fn in_time(what: impl Future<Output = ()>) -> Result<(), Error> {
    tokio::time::timeout(Duration::from_secs(2), what)
        .await
        .map_err(|_| Error::Io(io::Error::from(io::ErrorKind::TimedOut)))
}
