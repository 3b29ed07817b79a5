//! A gateway that plays a script: the frames it sends, byte by byte where that matters, and the requests it requires.
//!
//! Each connection is a list of steps, played on its own thread. [`Fake::finish`] ends the play and fails the test if a
//! step failed or was not reached, or if a client connected once too often.

pub mod frames;
mod play;
mod stream;
pub mod tls;

use std::io::Write;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustls::ServerConfig;
use serde_json::Value;

/// Time limit for anything that must arrive: only a hang takes that long.
pub const PATIENCE: Duration = Duration::from_mins(1);
/// The fake sends this to itself to end the play.
const OVER: &[u8] = b"\0over";

/// One step of a fake gateway.
#[derive(Clone)]
pub enum Step {
    /// Receives any bytes.
    Something,
    /// Receives an HTTP request whose first line starts with this, with its body.
    Request(&'static str),
    /// Receives a call of the admin endpoint, with this credential.
    Rpc(&'static str, Option<&'static str>),
    /// Sends these bytes, below the WebSocket if there is one.
    Bytes(Vec<u8>),
    /// Sends these bytes, each in its own packet as far as the system allows.
    Drip(Vec<u8>),
    /// Sends these bytes repeatedly until the client leaves.
    Flood(Vec<u8>),
    /// Accepts TLS.
    Tls(Arc<ServerConfig>),
    /// Offers TLS; the client must reject it.
    TlsRefused(Arc<ServerConfig>),
    /// Accepts the upgrade to a WebSocket.
    Upgrade,
    /// Accepts the upgrade, a few bytes at a time.
    SlowUpgrade,
    /// Sends a challenge with this payload.
    Challenge(Value),
    /// Receives `connect` with this `auth` (null for none), and checks the device's proof.
    Connect(Value),
    /// Receives this call.
    Call(&'static str),
    /// Answers the last request with this payload.
    Answer(Value),
    /// Answers the request at this index (0 is `connect`) with this payload.
    AnswerTo(usize, Value),
    /// Answers the last request with this error.
    Fail(Value),
    /// Answers with the document that was set last.
    ReadBack,
    /// Sends a text frame. `{id}` is replaced by the id of the last request.
    Text(String),
    /// Sends a close frame.
    Close(u16, &'static str),
    /// Notifies the test, and waits until the test lets it continue.
    Meet(Arc<Meeting>),
    /// Closes the connection without a close frame.
    Drop,
    /// Resets the connection.
    Reset,
    /// Sends and reads nothing more until the test is over.
    Stall,
    /// Sends nothing, but answers pings until the client leaves.
    Idle,
}

/// A rendezvous of a script and a test.
#[derive(Default)]
pub struct Meeting {
    state: Mutex<(bool, bool)>,
    changed: Condvar,
}

impl Meeting {
    /// Waits for the script, runs `work`, and lets the script continue.
    pub fn with<T>(&self, work: impl FnOnce() -> T) -> T {
        drop(self.wait(|state| state.0));
        let result = work();
        self.state.lock().unwrap().1 = true;
        self.changed.notify_all();
        result
    }

    fn arrive(&self) {
        self.state.lock().unwrap().0 = true;
        self.changed.notify_all();
        drop(self.wait(|state| state.1));
    }

    fn wait(&self, until: impl Fn(&(bool, bool)) -> bool) -> std::sync::MutexGuard<'_, (bool, bool)> {
        let state = self.state.lock().unwrap();
        let (state, timeout) =
            self.changed.wait_timeout_while(state, PATIENCE, |state| !until(state)).unwrap();
        assert!(!timeout.timed_out(), "nobody came to the meeting");
        state
    }
}

/// A received request.
#[derive(Debug, Clone)]
pub enum Heard {
    /// A `connect`, with its parameters.
    Connect(Value),
    /// A call.
    Call(String),
    /// An HTTP request: its head and its body.
    Request(String, Vec<u8>),
}

/// The expected connections, in order, and the steps of every further one.
#[derive(Clone, Default)]
pub struct Script {
    pub connections: Vec<Vec<Step>>,
    pub rest: Option<Vec<Step>>,
}

impl Script {
    /// One connection.
    pub fn once(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::of([steps.into_iter().collect()])
    }

    /// These connections and no others.
    pub fn of(connections: impl IntoIterator<Item = Vec<Step>>) -> Self {
        Self { connections: connections.into_iter().collect(), rest: None }
    }

    /// Any number of connections. The client may leave the last one at any step: its time ends.
    pub fn always(steps: impl IntoIterator<Item = Step>) -> Self {
        Self { connections: Vec::new(), rest: Some(steps.into_iter().collect()) }
    }
}

/// The state that the connections of one fake share.
struct Stage {
    over: AtomicBool,
    ended: (Mutex<bool>, Condvar),
    heard: Mutex<Vec<Heard>>,
    failures: Mutex<Vec<String>>,
}

impl Stage {
    fn wait_for_the_end(&self) {
        let (ended, changed) = &self.ended;
        let guard = ended.lock().unwrap();
        drop(changed.wait_timeout_while(guard, PATIENCE, |ended| !*ended).unwrap());
    }

    fn fail(&self, failure: String) {
        self.failures.lock().unwrap().push(failure);
    }
}

/// A fake gateway that is listening.
pub struct Fake {
    address: SocketAddr,
    stage: Arc<Stage>,
    listening: Option<JoinHandle<()>>,
}

impl Fake {
    /// Starts the play.
    pub fn playing(script: Script) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let stage = Arc::new(Stage {
            over: AtomicBool::new(false),
            ended: (Mutex::new(false), Condvar::new()),
            heard: Mutex::default(),
            failures: Mutex::default(),
        });
        let shared = Arc::clone(&stage);
        let listening = std::thread::spawn(move || listen(&listener, script, &shared));
        Self { address, stage, listening: Some(listening) }
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Ends the play after every client has left; returns the received requests and the failures.
    pub fn end(mut self) -> (Vec<Heard>, Vec<String>) {
        self.stop();
        let heard = std::mem::take(&mut *self.stage.heard.lock().unwrap());
        let failures = std::mem::take(&mut *self.stage.failures.lock().unwrap());
        (heard, failures)
    }

    /// As [`Fake::end`], and fails the test if there are failures.
    #[track_caller]
    pub fn finish(self) -> Vec<Heard> {
        let (heard, failures) = self.end();
        assert!(
            failures.is_empty(),
            "the script was not played as written: {failures:#?}\nheard: {heard:#?}"
        );
        heard
    }

    fn stop(&mut self) {
        let Some(listening) = self.listening.take() else { return };
        self.stage.over.store(true, Ordering::SeqCst);
        *self.stage.ended.0.lock().unwrap() = true;
        self.stage.ended.1.notify_all();
        if let Ok(mut waker) = TcpStream::connect(self.address) {
            drop(waker.write_all(OVER));
            if listening.join().is_err() {
                self.stage.fail("the fake gateway panicked".to_owned());
            }
        }
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.stop();
    }
}

fn listen(listener: &TcpListener, script: Script, stage: &Arc<Stage>) {
    let mut playing = Vec::new();
    let count = script.connections.len();
    let mut expected = script.connections.into_iter();
    for number in 1.. {
        let Ok((stream, _)) = listener.accept() else {
            stage.fail("accept failed".to_owned());
            break;
        };
        if stage.over.load(Ordering::SeqCst) && is_over(&stream) {
            let missing = expected.len();
            if missing > 0 {
                stage.fail(format!("{missing} of {count} connections never came"));
            }
            break;
        }
        let Some(steps) = expected.next().or_else(|| script.rest.clone()) else {
            stage.fail(format!("connection {number} is one too many"));
            continue;
        };
        let shared = Arc::clone(stage);
        playing.push((number, std::thread::spawn(move || play::play(stream, steps, &shared))));
    }
    let last = playing.len();
    for (number, thread) in playing {
        match thread.join() {
            Ok(Ok(())) => {}
            Ok(Err(_)) if number == last && number > count => {}
            Ok(Err(failure)) => stage.fail(format!("connection {number}: {failure}")),
            Err(_) => stage.fail(format!("connection {number} panicked")),
        }
    }
}

/// Every client has left when the play is over, so this waits for nothing.
fn is_over(stream: &TcpStream) -> bool {
    let mut start = [0; OVER.len()];
    drop(stream.set_read_timeout(Some(Duration::from_secs(5))));
    matches!(stream.peek(&mut start), Ok(length) if OVER.starts_with(&start[..length]) && length > 0)
}
