//! One WebSocket connection: the challenge, `connect`, then requests until either side closes.

use std::future::poll_fn;
use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Generation;
use super::caller::PeerId;
use super::hello::{MAX_BEFORE_HELLO, MAX_PAYLOAD};
use super::hub::{Shared, new_id};
use super::outgoing::{Outgoing, Waiting, channel};
use super::params::at_least_one;
use super::wire::{self, Closing, Malformed, Refusal};

/// Timeout of a close, after which the connection is dropped.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Timeout from the connection to `hello-ok`.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);

/// The limits of the WebSocket layer.
fn config() -> WebSocketConfig {
    WebSocketConfig::default()
        .max_message_size(Some(MAX_PAYLOAD))
        .max_frame_size(Some(MAX_PAYLOAD))
        .read_buffer_size(16 * 1024)
        .write_buffer_size(16 * 1024)
}

/// Serves one client until the connection ends.
pub(super) async fn serve<S>(stream: S, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (outgoing, waiting) = channel();
    let (generation, peer) = {
        let mut hub = shared.lock();
        (hub.generation, hub.join(outgoing.clone()))
    };
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
    };
    session.converse(&mut stream).await;
    shared.lock().leave(peer);
    // The writer ends when there are no senders; it may be sending a close frame.
    drop(session);
    drop(outgoing);
    let abort = writer.abort_handle();
    if timeout(CLOSE_TIMEOUT * 2, writer).await.is_err() {
        abort.abort();
    }
}

struct Session {
    shared: Shared,
    outgoing: Outgoing,
    generation: Generation,
    peer: PeerId,
    nonce: String,
    greeted: bool,
}

impl Session {
    /// Serves the connection from the challenge to its end.
    async fn converse<S>(&mut self, stream: &mut SplitStream<WebSocketStream<S>>)
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        self.challenge();
        let deadline = tokio::time::sleep(HANDSHAKE_TIMEOUT);
        tokio::pin!(deadline);
        let outgoing = self.outgoing.clone();
        loop {
            let message = tokio::select! {
                message = stream.next() => message,
                () = outgoing.closed() => return,
                () = &mut deadline, if !self.greeted => return outgoing.close(Closing::new(1000, "")),
            };
            let flow = match message {
                Some(Ok(message)) => self.receive(&message),
                Some(Err(Error::Capacity(_))) => self.close(1009, ""),
                Some(Err(_)) | None => return,
            };
            if flow.is_break() {
                return;
            }
        }
    }

    fn challenge(&self) {
        let payload = json!({"nonce": self.nonce, "ts": self.shared.lock().clock.now()});
        self.outgoing.send(wire::event("connect.challenge", &payload, None));
    }

    fn close(&self, code: u16, reason: &str) -> ControlFlow<()> {
        self.outgoing.close(Closing::new(code, reason));
        ControlFlow::Break(())
    }

    fn receive(&mut self, message: &Message) -> ControlFlow<()> {
        let text: &[u8] = match message {
            Message::Text(text) => text.as_bytes(),
            // Binary frames are read as text, as real gateways do.
            Message::Binary(bytes) => bytes,
            Message::Close(_) => return ControlFlow::Break(()),
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => return ControlFlow::Continue(()),
        };
        if self.greeted { self.request(text) } else { self.connect(text) }
    }

    /// Handles the first frame, before `hello-ok`.
    fn connect(&mut self, text: &[u8]) -> ControlFlow<()> {
        if text.len() > MAX_BEFORE_HELLO {
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
                ControlFlow::Continue(())
            }
            Err(rejection) => {
                self.outgoing.send(wire::response(&request.id, &Err(rejection.refusal)));
                self.outgoing.close(rejection.closing);
                ControlFlow::Break(())
            }
        }
    }

    /// Handles a frame after `hello-ok`.
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

/// Writes queued frames until the connection is closed or all senders are dropped.
async fn write<S>(mut sink: SplitSink<WebSocketStream<S>, Message>, mut waiting: Waiting)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut closing = waiting.closing.clone();
    let closed = async {
        // After all senders are dropped no close is requested, and the queue ends.
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
    let close = async {
        if let Some(closing) = closing {
            // Frames that were queued before the close may contain its reason.
            while let Some(frame) = waiting.ready() {
                sink.feed(Message::text(frame)).await?;
            }
            let frame = CloseFrame { code: CloseCode::from(closing.code), reason: closing.reason().into() };
            sink.send(Message::Close(Some(frame))).await?;
        }
        sink.close().await
    };
    // A client that does not read the close frame is dropped.
    let _: Result<Result<(), Error>, tokio::time::error::Elapsed> = timeout(CLOSE_TIMEOUT, close).await;
}

/// Writes frames. A frame is taken from the queue only when it can be sent immediately, so that cancelling loses no
/// frame.
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
