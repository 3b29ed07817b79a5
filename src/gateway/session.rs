//! One connection: calls in flight at once, answers in any order, events as they come, an orderly end.
//!
//! A task reads and a task writes, so that a peer that stops reading stops nobody else. What they share is the list of
//! calls, and the error that ended the connection.

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

use super::clock::within;
use super::confided::Confided;
use super::error::{GatewayError, Step, Violation};
use super::events::Event;
use super::frames::{Hello, Incoming, MAX_INCOMING, request};
use super::handshake::{Socket, lost, read};
use crate::deadline::Deadline;

/// Calls that wait for the writer.
const QUEUED_CALLS: usize = 64;
/// Events that wait for their reader, in number; and in bytes.
const QUEUED_EVENTS: usize = 4096;
const QUEUED_BYTES: usize = MAX_INCOMING;
/// How long the other side may take to say goodbye: it has nothing else left to say.
const GOODBYE: Duration = Duration::from_millis(500);

/// What a call's answer carries: its payload, as it came.
type Answer = Result<Option<Box<RawValue>>, GatewayError>;

/// A gateway that has let us in. Dropping it ends the connection at once; [`Session::close`] does so politely.
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

/// Events, in the order in which they came.
#[derive(Debug)]
pub struct Events {
    queue: mpsc::Receiver<(usize, Heard, Event)>,
    held: Arc<AtomicUsize>,
    came: Heard,
}

/// When something was heard, by this process's clock.
type Heard = std::time::Instant;

impl Events {
    /// The next one. `None`: the connection has ended; a call would say why.
    pub async fn next(&mut self) -> Option<Event> {
        let heard = self.queue.recv().await?;
        Some(self.taken(heard))
    }

    /// One that is here already. `None`: there is none yet, or none any more.
    pub fn waiting(&mut self) -> Option<Event> {
        let heard = self.queue.try_recv().ok()?;
        Some(self.taken(heard))
    }

    /// When the one that was taken last was read from the wire.
    pub fn came(&self) -> std::time::Instant {
        self.came
    }

    fn taken(&mut self, (size, came, event): (usize, Heard, Event)) -> Event {
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
struct Calls(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    issued: u64,
    pending: HashMap<u64, Pending>,
    ended: Option<Arc<GatewayError>>,
}

#[derive(Debug)]
struct Pending {
    method: String,
    /// Whether any byte of it may have left.
    sent: bool,
    /// When all of it had left.
    written: Option<Heard>,
    answer: oneshot::Sender<(Option<Heard>, Answer)>,
}

impl Calls {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends every call, and all later ones. The first cause stays.
    fn end(&self, cause: GatewayError) {
        let mut state = self.state();
        let cause = Arc::clone(state.ended.get_or_insert_with(|| Arc::new(cause)));
        for (_, Pending { method, sent, written, answer }) in state.pending.drain() {
            // Who gave up waiting needs no answer.
            let _ = answer.send((written, Err(unanswered(method, sent, Arc::clone(&cause)))));
        }
    }

    /// Gives up a call: whether it may have been sent.
    fn abandon(&self, id: u64) -> bool {
        self.state().pending.remove(&id).is_some_and(|call| call.sent)
    }

    fn written(&self, id: u64) {
        if let Some(call) = self.state().pending.get_mut(&id) {
            call.written = Some(Heard::now());
        }
    }

    fn settle(&self, id: &str, result: Answer) -> Result<(), Violation> {
        let mut state = self.state();
        let number: u64 = id.parse().map_err(|_| Violation::UnknownAnswer)?;
        if number == 0 || number > state.issued {
            return Err(Violation::UnknownAnswer);
        }
        // A second answer, or one that comes after its caller has left, changes nothing.
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

/// Gives up a call whose caller stops waiting for it, also where the caller is dropped: a call that still waits for the
/// writer is then never sent.
struct Abandoned<'c> {
    calls: &'c Calls,
    id: u64,
}

impl Drop for Abandoned<'_> {
    fn drop(&mut self) {
        self.calls.abandon(self.id);
    }
}

fn unanswered(method: String, sent: bool, cause: Arc<GatewayError>) -> GatewayError {
    if sent { GatewayError::Uncertain { method, cause } } else { GatewayError::NotSent { method, cause } }
}

impl Session {
    /// Starts the tasks of a connection. Without `events` they are read and forgotten.
    pub(super) fn start(
        socket: Socket,
        hello: Hello,
        device: String,
        confided: Confided,
        events: bool,
    ) -> (Self, Option<Events>) {
        let (sink, stream) = socket.split();
        let calls = Arc::new(Calls::default());
        let (outgoing, queue) = mpsc::channel(QUEUED_CALLS);
        let (publisher, events) = if events {
            let (sender, queue) = mpsc::channel(QUEUED_EVENTS);
            let held = Arc::new(AtomicUsize::new(0));
            let publisher = Publisher { sender, held: Arc::clone(&held), gap: false, seq: None };
            (Some(publisher), Some(Events { queue, held, came: Heard::now() }))
        } else {
            (None, None)
        };
        let secrets = confided.secrets().to_vec();
        let reader = Reader {
            stream,
            calls: Arc::clone(&calls),
            outgoing: outgoing.downgrade(),
            publisher,
            confided,
            quiet: hello.policy.tick() / 2,
        };
        let reader = tokio::spawn(reader.run());
        let writer = tokio::spawn(write(sink, queue, Arc::clone(&calls)));
        (Self { hello, device, secrets, calls, outgoing, reader, writer }, events)
    }

    /// The secrets that were sent to the gateway. They are not printed, whoever repeats them.
    pub fn secrets(&self) -> &[SecretString] {
        &self.secrets
    }

    /// What the gateway said when it let us in.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The id of the device that the gateway knows us by.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// Makes one call and waits for its answer. It is sent at most once.
    ///
    /// # Errors
    /// [`GatewayError::NotSent`] and [`GatewayError::Uncertain`] when no answer came, [`GatewayError::Failed`] when it
    /// was an error.
    pub async fn call<P: Serialize + ?Sized>(
        &self,
        method: &str,
        params: &P,
        deadline: Deadline,
    ) -> Result<Option<Box<RawValue>>, GatewayError> {
        self.timed_call(method, params, deadline).await.map(|(_, answer)| answer)
    }

    /// The same, and when all of it had been written, where that is known.
    pub async fn timed_call<P: Serialize + ?Sized>(
        &self,
        method: &str,
        params: &P,
        deadline: Deadline,
    ) -> Result<(Option<std::time::Instant>, Option<Box<RawValue>>), GatewayError> {
        let (sender, answer) = oneshot::channel();
        let id = {
            let mut state = self.calls.state();
            if let Some(cause) = &state.ended {
                return Err(unanswered(method.to_owned(), false, Arc::clone(cause)));
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
        let _abandoned = Abandoned { calls: &self.calls, id };
        let step = || Step::Calling(method.to_owned());
        let given_up = |error| unanswered(method.to_owned(), self.calls.abandon(id), Arc::new(error));
        // If the writer has ended, so have all calls: the answer says why.
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

    /// What ended the connection, if it has.
    pub fn ended(&self) -> Option<Arc<GatewayError>> {
        self.calls.state().ended.clone()
    }

    /// Says goodbye and waits a moment for the same.
    pub async fn close(mut self, deadline: Deadline) {
        let deadline = deadline.at_most(GOODBYE);
        if within(deadline, || Step::Idle, self.outgoing.send(Outgoing::Close)).await.is_ok() {
            // Whether the other side is polite changes nothing any more.
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
                // Its caller has given up while it waited here: it must not be sent behind their back.
                let Some(call) = state.pending.get_mut(&id) else { continue };
                call.sent = true;
                (Message::text(text), Step::Calling(call.method.clone()))
            }
            Outgoing::Ping => (Message::Ping(Vec::new().into()), Step::Idle),
            Outgoing::Close => (Message::Close(None), Step::Idle),
        };
        if let Err(error) = sink.send(message).await {
            // The reader sees more: a close frame with its reason may be waiting for it.
            if !matches!(lost(error, &step), GatewayError::Closed { .. }) {
                calls.end(GatewayError::Closed {
                    step: Step::Idle,
                    code: None,
                    reason: "nothing can be sent any more".to_owned(),
                });
            }
            return;
        }
        if let Some(id) = call_id {
            calls.written(id);
        }
    }
}

struct Reader {
    stream: SplitStream<Socket>,
    calls: Arc<Calls>,
    outgoing: mpsc::WeakSender<Outgoing>,
    publisher: Option<Publisher>,
    confided: Confided,
    /// After so long a silence we ask; after five times as long the peer is dead. An early gateway may be busy, and
    /// silent, for a minute.
    quiet: Duration,
}

impl Reader {
    async fn run(mut self) {
        let ended = self.read().await;
        let ended = self.confided.error(ended);
        self.calls.end(ended);
    }

    async fn read(&mut self) -> GatewayError {
        let mut heard = Instant::now();
        loop {
            match tokio::time::timeout(self.quiet, self.stream.next()).await {
                Err(_) if heard.elapsed() >= self.quiet * 5 => {
                    return GatewayError::Silent(Duration::from_secs(heard.elapsed().as_secs()));
                }
                Err(_) => {
                    // A writer that is stuck has asked already.
                    if let Some(outgoing) = self.outgoing.upgrade() {
                        drop(outgoing.try_send(Outgoing::Ping));
                    }
                }
                Ok(Some(Ok(message))) => {
                    heard = Instant::now();
                    let size = message.len();
                    match read(message, &self.step()) {
                        Ok(Some(incoming)) => {
                            if let Err(violation) = self.take(incoming, size) {
                                return GatewayError::Violation { violation, step: self.step() };
                            }
                        }
                        Ok(None) => {}
                        Err(error) => return error,
                    }
                }
                Ok(Some(Err(error))) => return lost(error, &self.step()),
                Ok(None) => {
                    return GatewayError::Closed { step: self.step(), code: None, reason: String::new() };
                }
            }
        }
    }

    fn take(&mut self, incoming: Incoming, size: usize) -> Result<(), Violation> {
        match incoming {
            Incoming::Response { id, result } => {
                let result = result.map_err(|failure| {
                    let error = GatewayError::Failed { method: self.calls.method(&id), failure };
                    self.confided.error(error)
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

    fn step(&self) -> Step {
        // The call that waits longest is the one that people wonder about.
        let state = self.calls.state();
        let oldest = state.pending.iter().min_by_key(|(id, _)| **id);
        oldest.map_or(Step::Idle, |(_, call)| Step::Calling(call.method.clone()))
    }
}

struct Publisher {
    sender: mpsc::Sender<(usize, Heard, Event)>,
    held: Arc<AtomicUsize>,
    /// Whether something was lost that the reader has not been told of.
    gap: bool,
    seq: Option<u64>,
}

impl Publisher {
    fn publish(&mut self, event: Event, size: usize, seq: Option<u64>) {
        if let Some(seq) = seq {
            self.gap |= self.seq.is_some_and(|last| seq != last + 1);
            self.seq = Some(seq);
        }
        if self.gap && self.sender.try_send((0, Heard::now(), Event::Gap)).is_ok() {
            self.gap = false;
        }
        let fits = self.held.load(Ordering::Relaxed).saturating_add(size) <= QUEUED_BYTES;
        if fits && self.sender.try_send((size, Heard::now(), event)).is_ok() {
            self.held.fetch_add(size, Ordering::Relaxed);
        } else {
            self.gap = true;
        }
    }
}
