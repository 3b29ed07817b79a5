//! One WebSocket: the challenge, `connect`, then requests until somebody closes.

use std::future::poll_fn;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Generation;
use super::caller::PeerId;
use super::gauge::{Allowance, Gauged};
use super::hello::{MOST_BEFORE_HELLO, MOST_PAYLOAD};
use super::hub::{Shared, new_id};
use super::outgoing::{Outgoing, Waiting, channel};
use super::params::at_least_one;
use super::wire::{self, Closing, Malformed, Refusal};

/// How long a close may take before the connection is dropped.
const FAREWELL: Duration = Duration::from_secs(1);

/// Bytes before `hello-ok` that are no payload: frame headers, pings.
const HANDSHAKE_MARGIN: usize = 1_024;

/// The limits of the WebSocket layer.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MOST_PAYLOAD))
        .max_frame_size(Some(MOST_PAYLOAD))
        .read_buffer_size(16 * 1024)
        .write_buffer_size(16 * 1024)
}

/// Serves one client until it is gone.
pub(super) async fn serve<S>(stream: S, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (outgoing, waiting) = channel();
    let (generation, peer) = {
        let mut hub = shared.lock();
        (hub.generation, hub.join(outgoing.clone()))
    };
    let (stream, allowance) = Gauged::new(stream, MOST_BEFORE_HELLO + HANDSHAKE_MARGIN);
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config())).await;
    let (sink, mut stream) = socket.split();
    let writer = tokio::spawn(write(sink, waiting));
    let mut session = Session {
        shared: shared.clone(),
        outgoing: outgoing.clone(),
        generation,
        peer,
        nonce: new_id(),
        greeted: false,
        allowance,
    };
    let ended = session.converse(&mut stream).await;
    shared.lock().leave(peer);
    // The writer ends when nobody can send any more; it may be saying why.
    drop(session);
    drop(outgoing);
    let abort = writer.abort_handle();
    match timeout(FAREWELL * 2, writer).await {
        Ok(Ok(sink)) if ended == Ended::TooLong => {
            if let Ok(socket) = stream.reunite(sink) {
                drain(socket.into_inner().into_inner()).await;
            }
        }
        Ok(_) => {}
        Err(_) => abort.abort(),
    }
}

/// Reads to the end what nobody wants: a socket that is closed before that is reset, and the client may then
/// never see why.
async fn drain<S: AsyncRead + Unpin>(mut stream: S) {
    let mut buffer = vec![0; 16 * 1024];
    let read = async { while matches!(stream.read(&mut buffer).await, Ok(1..)) {} };
    // A client without an end is dropped.
    let _: Result<(), tokio::time::error::Elapsed> = timeout(FAREWELL, read).await;
}

fn is_too_long(error: &Error) -> bool {
    match error {
        Error::Capacity(_) => true,
        Error::Io(error) => error.kind() == ErrorKind::FileTooLarge,
        _ => false,
    }
}

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    /// Somebody closed.
    Closed,
    /// The client sent more than it may, and perhaps still does.
    TooLong,
}

struct Session {
    shared: Shared,
    outgoing: Outgoing,
    generation: Generation,
    peer: PeerId,
    nonce: String,
    greeted: bool,
    allowance: Allowance,
}

impl Session {
    /// From the challenge to the end.
    async fn converse<S>(&mut self, stream: &mut SplitStream<WebSocketStream<S>>) -> Ended
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.challenge();
        let patience = match self.generation {
            Generation::Legacy => Duration::from_secs(10),
            Generation::Current => Duration::from_secs(15),
        };
        let deadline = tokio::time::sleep(patience);
        tokio::pin!(deadline);
        let outgoing = self.outgoing.clone();
        loop {
            let message = tokio::select! {
                message = stream.next() => message,
                () = outgoing.closed() => return Ended::Closed,
                () = &mut deadline, if !self.greeted => {
                    outgoing.close(Closing::new(1000, ""));
                    return Ended::Closed;
                }
            };
            let flow = match message {
                Some(Ok(message)) => self.receive(&message),
                Some(Err(error)) if is_too_long(&error) => {
                    outgoing.close(Closing::new(1009, ""));
                    return Ended::TooLong;
                }
                Some(Err(_)) | None => ControlFlow::Break(()),
            };
            if flow.is_break() {
                return Ended::Closed;
            }
        }
    }

    fn challenge(&self) {
        let mut payload = json!({"nonce": self.nonce, "ts": self.shared.lock().clock.now()});
        if self.generation == Generation::Current {
            payload["capabilities"] = json!(["model-catalog-snapshot"]);
        }
        self.outgoing.send(wire::event("connect.challenge", &payload, None));
    }

    fn close(&self, code: u16, reason: &str) -> ControlFlow<()> {
        self.outgoing.close(Closing::new(code, reason));
        ControlFlow::Break(())
    }

    fn receive(&mut self, message: &Message) -> ControlFlow<()> {
        let text: &[u8] = match message {
            Message::Text(text) => text.as_bytes(),
            // Taken for text, as the real gateways do.
            Message::Binary(bytes) => bytes,
            Message::Close(_) => return ControlFlow::Break(()),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return ControlFlow::Continue(()),
        };
        if self.greeted { self.request(text) } else { self.connect(text) }
    }

    /// The frame before `hello-ok`.
    fn connect(&mut self, text: &[u8]) -> ControlFlow<()> {
        if text.len() > MOST_BEFORE_HELLO {
            return self.close(1009, "");
        }
        let request = match wire::request(text, at_least_one(self.generation)) {
            Ok(request) => request,
            Err(Malformed::Garbage) => return self.close(1000, ""),
            Err(Malformed::NotARequest | Malformed::Envelope(_)) => {
                return self.close(1008, "invalid request frame");
            }
        };
        if request.method != "connect" {
            let message = "invalid handshake: first request must be connect";
            self.outgoing.send(wire::response(&request.id, &Err(Refusal::invalid(message))));
            return self.close(1008, message);
        }
        match self.shared.lock().connect(self.peer, &request, &self.nonce) {
            Ok(()) => {
                self.greeted = true;
                self.allowance.lift();
                ControlFlow::Continue(())
            }
            Err(turned) => {
                self.outgoing.send(wire::response(&request.id, &Err(turned.refusal)));
                self.outgoing.close(turned.closing);
                ControlFlow::Break(())
            }
        }
    }

    /// A frame after it.
    fn request(&self, text: &[u8]) -> ControlFlow<()> {
        match wire::request(text, at_least_one(self.generation)) {
            Ok(request) if request.method == "connect" => {
                let refusal = Refusal::invalid("connect is only valid as the first request");
                self.outgoing.send(wire::response(&request.id, &Err(refusal)));
            }
            Ok(request) => {
                self.shared.lock().call(self.peer, &request);
                self.shared.changed.notify_one();
            }
            Err(Malformed::Garbage) => {}
            Err(Malformed::NotARequest) => self.malformed(text, "must be object"),
            Err(Malformed::Envelope(problem)) => self.malformed(text, &problem),
        }
        ControlFlow::Continue(())
    }

    fn malformed(&self, text: &[u8], problem: &str) {
        let frame: Value = serde_json::from_slice(text).unwrap_or_default();
        let id = frame["id"].as_str().unwrap_or_default();
        let refusal = Refusal::invalid(format!("invalid request frame: {problem}"));
        self.outgoing.send(wire::response(id, &Err(refusal)));
    }
}

/// Writes what waits until the connection is to be closed or nobody sends any more.
async fn write<S>(
    mut sink: SplitSink<WebSocketStream<S>, Message>,
    mut waiting: Waiting,
) -> SplitSink<WebSocketStream<S>, Message>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut closing = waiting.closing.clone();
    let closed = async {
        // Without senders nobody closes, and the frames end.
        if closing.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        biased;
        () = closed => {}
        _ = write_all(&mut sink, &mut waiting) => {}
    }
    let closing = waiting.closing.borrow().clone();
    let farewell = async {
        if let Some(closing) = closing {
            // What was queued before the close is part of why.
            while let Some(frame) = waiting.ready() {
                sink.feed(Message::text(frame)).await?;
            }
            let frame = CloseFrame { code: CloseCode::from(closing.code), reason: closing.reason().into() };
            sink.send(Message::Close(Some(frame))).await?;
        }
        sink.close().await
    };
    // A client that does not take the farewell is dropped.
    let _: Result<Result<(), Error>, tokio::time::error::Elapsed> = timeout(FAREWELL, farewell).await;
    sink
}

/// Takes a frame only when it can be sent at once, so that being stopped loses none; flushes when none waits.
async fn write_all<S>(
    sink: &mut SplitSink<WebSocketStream<S>, Message>,
    waiting: &mut Waiting,
) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    loop {
        poll_fn(|context| sink.poll_ready_unpin(context)).await?;
        let frame = if let Some(frame) = waiting.ready() {
            frame
        } else {
            sink.flush().await?;
            let Some(frame) = waiting.next().await else { return Ok(()) };
            frame
        };
        sink.start_send_unpin(Message::text(frame))?;
    }
}
