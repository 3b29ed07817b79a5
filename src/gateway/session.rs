//! One WebSocket connection: concurrent calls, answers in any order, events, and an orderly close.
//!
//! One task reads and one task writes, so that a peer that stops reading does not block answers. They share the table
//! of calls, and the error that ended the connection.

pub(super) mod unplugged;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;

use super::api::Call;
use super::api::connect::Hello;
use super::api::events::Event;
use super::error::{GatewayError, Step, Violation};
use super::frames::{Incoming, MAX_INCOMING, request};
use super::handshake::{Socket, read, websocket_error};
use super::sent_secrets::SentSecrets;
use super::wait::within;
use crate::deadline::Deadline;

/// The maximum number of calls that wait for the writer.
const QUEUED_CALLS: usize = 64;
/// The maximum number of events that wait for their reader, and of their bytes.
const QUEUED_EVENTS: usize = 4096;
const QUEUED_BYTES: usize = MAX_INCOMING;
/// Timeout of the peer's answer to a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// The payload of an answer.
type Answer = Result<Option<Box<RawValue>>, GatewayError>;

/// An authenticated connection. Dropping it ends the connection without a close frame; [`Session::close`] sends one.
#[derive(Debug)]
pub struct Session {
    hello: Hello,
    device: String,
    secrets: Vec<SecretString>,
    calls: Arc<Calls>,
    outgoing: mpsc::Sender<Outgoing>,
    reader: JoinHandle<()>,
    writer: JoinHandle<()>,
}

/// Events, in the order of their arrival.
#[derive(Debug)]
pub struct Events {
    queue: mpsc::Receiver<(usize, StdInstant, Event)>,
    held: Arc<AtomicUsize>,
    came: StdInstant,
}

/// The instant is of the standard library, not of the runtime.
type StdInstant = std::time::Instant;

impl Events {
    /// Waits for the next event. `None`: the connection has ended, and a call would return the reason.
    pub async fn next(&mut self) -> Option<Event> {
        let received = self.queue.recv().await?;
        Some(self.taken(received))
    }

    /// Returns an event that has already arrived. `None`: no event is waiting.
    pub fn waiting(&mut self) -> Option<Event> {
        let received = self.queue.try_recv().ok()?;
        Some(self.taken(received))
    }

    /// When the last returned event was received.
    pub fn came(&self) -> StdInstant {
        self.came
    }

    fn taken(&mut self, (size, came, event): (usize, StdInstant, Event)) -> Event {
        self.held.fetch_sub(size, Ordering::Relaxed);
        self.came = came;
        event
    }
}

#[derive(Debug)]
enum Outgoing {
    Call { id: u64, text: String },
    Ping,
    Close,
}

#[derive(Debug, Default)]
struct Calls(Mutex<CallTable>);

#[derive(Debug, Default)]
struct CallTable {
    issued: u64,
    pending: HashMap<u64, Pending>,
    ended: Option<Arc<GatewayError>>,
}

#[derive(Debug)]
struct Pending {
    method: String,
    /// Whether any byte of the call may have been sent.
    sent: bool,
    /// When the whole call had been sent.
    written: Option<StdInstant>,
    answer: oneshot::Sender<(Option<StdInstant>, Answer)>,
}

impl Calls {
    fn state(&self) -> MutexGuard<'_, CallTable> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every call, and all later ones. The first cause is kept, and returned.
    fn end(&self, cause: GatewayError) -> Arc<GatewayError> {
        let mut state = self.state();
        let cause = Arc::clone(state.ended.get_or_insert_with(|| Arc::new(cause)));
        for (_, Pending { method, sent, written, answer }) in state.pending.drain() {
            // A caller that has stopped waiting does not receive it.
            let _ = answer.send((written, Err(GatewayError::unanswered(method, sent, Arc::clone(&cause)))));
        }
        cause
    }

    /// Abandons a call. Returns whether it may have been sent.
    fn abandon(&self, id: u64) -> bool {
        self.state().pending.remove(&id).is_some_and(|call| call.sent)
    }

    fn written(&self, id: u64) {
        if let Some(call) = self.state().pending.get_mut(&id) {
            call.written = Some(StdInstant::now());
        }
    }

    fn settle(&self, id: &str, result: Answer) -> Result<(), Violation> {
        let mut state = self.state();
        let number: u64 = id.parse().map_err(|_| Violation::UnknownAnswer)?;
        // `+1` and `01` are numbers, but no ids of calls.
        if number == 0 || number > state.issued || number.to_string() != id {
            return Err(Violation::UnknownAnswer);
        }
        // A second answer, or one for an abandoned call, is ignored.
        if let Some(call) = state.pending.remove(&number) {
            let _ = call.answer.send((call.written, result));
        }
        Ok(())
    }

    fn method(&self, id: &str) -> String {
        let state = self.state();
        let call = id.parse().ok().and_then(|id: u64| state.pending.get(&id));
        call.map_or_else(String::new, |call| call.method.clone())
    }
}

/// Abandons a call when its caller stops waiting or is dropped. A call that still waits for the writer is then never
/// sent.
struct AbandonOnDrop<'c> {
    calls: &'c Calls,
    id: u64,
}

impl Drop for AbandonOnDrop<'_> {
    fn drop(&mut self) {
        self.calls.abandon(self.id);
    }
}

impl Session {
    /// Starts the tasks of a connection. Without `events`, events are discarded.
    pub(super) fn start(
        socket: Socket,
        hello: Hello,
        device: String,
        sent_secrets: SentSecrets,
        events: bool,
    ) -> (Self, Option<Events>) {
        let (sink, stream) = socket.split();
        let calls = Arc::new(Calls::default());
        let (outgoing, queue) = mpsc::channel(QUEUED_CALLS);
        let (publisher, events) = events.then(Publisher::new).unzip();
        let secrets = sent_secrets.secrets().to_vec();
        let inbox = Inbox { calls: Arc::clone(&calls), publisher, sent_secrets };
        let reader =
            SocketReader { stream, inbox, outgoing: outgoing.downgrade(), quiet: hello.policy.tick() / 2 };
        let reader = tokio::spawn(reader.run());
        let writer = tokio::spawn(write(sink, queue, Arc::clone(&calls)));
        (Self { hello, device, secrets, calls, outgoing, reader, writer }, events)
    }

    /// The secrets that were sent to the gateway. They must not be printed, even if an agent repeats them.
    pub fn secrets(&self) -> &[SecretString] {
        &self.secrets
    }

    /// The answer to `connect`.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The id of the device by which the gateway identifies this client.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Makes one call and waits for its answer, which is returned unparsed. It is sent at most once.
    ///
    /// # Errors
    /// [`GatewayError::NotSent`] and [`GatewayError::Uncertain`] when no answer came, [`GatewayError::Failed`] when it
    /// was an error.
    pub async fn call<C: Call>(
        &self,
        call: &C,
        deadline: Deadline,
    ) -> Result<Option<Box<RawValue>>, GatewayError> {
        self.timed_call(call, deadline).await.map(|(_, answer)| answer)
    }

    /// Like [`Self::call`], and also returns the time at which the whole call had been written, if that is known.
    pub async fn timed_call<C: Call>(
        &self,
        call: &C,
        deadline: Deadline,
    ) -> Result<(Option<StdInstant>, Option<Box<RawValue>>), GatewayError> {
        self.call_method(call.method().as_str(), call, deadline).await
    }

    /// Like [`Self::call`], for any method, also one that clearance does not use.
    pub async fn call_method<P: Serialize + ?Sized>(
        &self,
        method: &str,
        params: &P,
        deadline: Deadline,
    ) -> Result<(Option<StdInstant>, Option<Box<RawValue>>), GatewayError> {
        let (sender, answer) = oneshot::channel();
        let id = {
            let mut state = self.calls.state();
            if let Some(cause) = &state.ended {
                return Err(GatewayError::unanswered(method.to_owned(), false, Arc::clone(cause)));
            }
            state.issued += 1;
            state.issued
        };
        let text = request(&id.to_string(), method, params)
            .map_err(|error| GatewayError::NotAGateway(error.to_string()))?;
        let limit = self.hello.policy.max_payload;
        if text.len() > limit {
            return Err(GatewayError::TooLarge { method: method.to_owned(), size: text.len(), limit });
        }
        let pending = Pending { method: method.to_owned(), sent: false, written: None, answer: sender };
        self.calls.state().pending.insert(id, pending);
        let _abandoned = AbandonOnDrop { calls: &self.calls, id };
        let step = || Step::Calling(method.to_owned());
        let given_up =
            |error| GatewayError::unanswered(method.to_owned(), self.calls.abandon(id), Arc::new(error));
        // If the writer has ended, all calls have ended with its error, so a failure to send is ignored here.
        let queued = within(deadline, step, self.outgoing.send(Outgoing::Call { id, text })).await;
        if let Err(error) = queued {
            return Err(given_up(error));
        }
        match within(deadline, step, answer).await {
            Ok(Ok((written, answer))) => answer.map(|answer| (written, answer)),
            Ok(Err(_)) => {
                Err(given_up(GatewayError::Closed { step: step(), code: None, reason: String::new() }))
            }
            Err(error) => Err(given_up(error)),
        }
    }

    /// The error that ended the connection, if it has ended.
    pub fn ended(&self) -> Option<Arc<GatewayError>> {
        self.calls.state().ended.clone()
    }

    /// Sends a close frame, and waits a short time for the peer's.
    pub async fn close(mut self, deadline: Deadline) {
        let deadline = deadline.at_most(CLOSE_TIMEOUT);
        if within(deadline, || Step::Idle, self.outgoing.send(Outgoing::Close)).await.is_ok() {
            // If the peer does not answer, the connection is dropped.
            drop(within(deadline, || Step::Idle, &mut self.reader).await);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.reader.abort();
        self.writer.abort();
    }
}

async fn write(mut sink: SplitSink<Socket, Message>, mut queue: mpsc::Receiver<Outgoing>, calls: Arc<Calls>) {
    while let Some(outgoing) = queue.recv().await {
        let mut call_id = None;
        let (message, step) = match outgoing {
            Outgoing::Call { id, text } => {
                call_id = Some(id);
                let mut state = calls.state();
                // The call was abandoned while it waited here, so it must not be sent.
                let Some(call) = state.pending.get_mut(&id) else { continue };
                call.sent = true;
                (Message::text(text), Step::Calling(call.method.clone()))
            }
            Outgoing::Ping => (Message::Ping(Vec::new().into()), Step::Idle),
            Outgoing::Close => (Message::Close(None), Step::Idle),
        };
        if let Err(error) = sink.send(message).await {
            // The reader may still receive a close frame with the reason.
            if !matches!(websocket_error(error, &step), GatewayError::Closed { .. }) {
                calls.end(GatewayError::Closed {
                    step: Step::Idle,
                    code: None,
                    reason: "no more data can be sent".to_owned(),
                });
            }
            return;
        }
        if let Some(id) = call_id {
            calls.written(id);
        }
    }
}

struct SocketReader {
    stream: SplitStream<Socket>,
    inbox: Inbox,
    outgoing: mpsc::WeakSender<Outgoing>,
    /// After this time without a message a ping is sent; after five times this time the connection is closed. An early
    /// gateway may be busy, and send nothing, for a minute.
    quiet: Duration,
}

impl SocketReader {
    async fn run(mut self) {
        let ended = self.read().await;
        self.inbox.end(ended);
    }

    async fn read(&mut self) -> GatewayError {
        let mut received = Instant::now();
        loop {
            match tokio::time::timeout(self.quiet, self.stream.next()).await {
                Err(_) if received.elapsed() >= self.quiet * 5 => {
                    return GatewayError::Silent(Duration::from_secs(received.elapsed().as_secs()));
                }
                Err(_) => {
                    // A full queue means that the writer is stuck; a ping is waiting in it.
                    if let Some(outgoing) = self.outgoing.upgrade() {
                        drop(outgoing.try_send(Outgoing::Ping));
                    }
                }
                Ok(Some(Ok(message))) => {
                    received = Instant::now();
                    if let Err(error) = self.inbox.message(message) {
                        return error;
                    }
                }
                Ok(Some(Err(error))) => return websocket_error(error, &self.inbox.step()),
                Ok(None) => {
                    return GatewayError::Closed {
                        step: self.inbox.step(),
                        code: None,
                        reason: String::new(),
                    };
                }
            }
        }
    }
}

/// What happens to received messages: answers settle calls, and events are queued.
struct Inbox {
    calls: Arc<Calls>,
    publisher: Option<Publisher>,
    sent_secrets: SentSecrets,
}

impl Inbox {
    fn message(&mut self, message: Message) -> Result<(), GatewayError> {
        let size = message.len();
        match read(message, &self.step())? {
            Some(incoming) => self
                .take(incoming, size)
                .map_err(|violation| GatewayError::Violation { violation, step: self.step() }),
            None => Ok(()),
        }
    }

    fn take(&mut self, incoming: Incoming, size: usize) -> Result<(), Violation> {
        match incoming {
            Incoming::Response { id, result } => {
                let result = result.map_err(|failure| {
                    let error = GatewayError::Failed { method: self.calls.method(&id), failure };
                    self.sent_secrets.error(error)
                });
                self.calls.settle(&id, result)
            }
            Incoming::Event { name, payload, seq } => {
                if let Some(publisher) = &mut self.publisher {
                    publisher.publish(Event::of(name, payload), size, seq);
                }
                Ok(())
            }
        }
    }

    /// Ends all calls with the error that ended the connection, and returns that error without secrets.
    fn end(&self, cause: GatewayError) -> Arc<GatewayError> {
        self.calls.end(self.sent_secrets.error(cause))
    }

    fn step(&self) -> Step {
        // Errors name the call that has waited longest.
        let state = self.calls.state();
        let oldest = state.pending.iter().min_by_key(|(id, _)| **id);
        oldest.map_or(Step::Idle, |(_, call)| Step::Calling(call.method.clone()))
    }
}

struct Publisher {
    sender: mpsc::Sender<(usize, StdInstant, Event)>,
    held: Arc<AtomicUsize>,
    /// Whether events were lost and the gap was not reported yet.
    gap: bool,
    seq: Option<u64>,
}

impl Publisher {
    fn new() -> (Self, Events) {
        let (sender, queue) = mpsc::channel(QUEUED_EVENTS);
        let held = Arc::new(AtomicUsize::new(0));
        let publisher = Self { sender, held: Arc::clone(&held), gap: false, seq: None };
        (publisher, Events { queue, held, came: StdInstant::now() })
    }

    fn publish(&mut self, event: Event, size: usize, seq: Option<u64>) {
        if let Some(seq) = seq {
            self.gap |= self.seq.is_some_and(|last| last.checked_add(1) != Some(seq));
            self.seq = Some(seq);
        }
        if self.gap && self.sender.try_send((0, StdInstant::now(), Event::Gap)).is_ok() {
            self.gap = false;
        }
        let fits = self.held.load(Ordering::Relaxed).saturating_add(size) <= QUEUED_BYTES;
        if fits && self.sender.try_send((size, StdInstant::now(), event)).is_ok() {
            self.held.fetch_add(size, Ordering::Relaxed);
        } else {
            self.gap = true;
        }
    }
}
