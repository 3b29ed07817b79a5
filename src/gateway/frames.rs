//! The frames: JSON in WebSocket text messages.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::Violation;
use super::refusal::Failure;

/// The largest message that is accepted from a gateway: what gateways themselves accept from us, in bytes.
pub(super) const MAX_INCOMING: usize = 26_214_400;
/// The largest frame that a gateway takes before it has let us in, in bytes.
pub(super) const MAX_BEFORE_HELLO: usize = 65_536;

#[derive(Serialize)]
struct Request<'r, P: ?Sized> {
    r#type: &'static str,
    id: &'r str,
    method: &'r str,
    params: &'r P,
}

/// The text of a request.
pub(super) fn request<P: Serialize + ?Sized>(
    id: &str,
    method: &str,
    params: &P,
) -> Result<String, serde_json::Error> {
    serde_json::to_string(&Request { r#type: "req", id, method, params })
}

/// Any frame, as far as it is read before it is known what it answers.
#[derive(Deserialize)]
struct Frame<'f> {
    #[serde(borrow)]
    r#type: Cow<'f, str>,
    #[serde(borrow, default)]
    id: Option<Cow<'f, str>>,
    #[serde(default)]
    ok: Option<bool>,
    #[serde(borrow, default)]
    payload: Option<&'f RawValue>,
    #[serde(default)]
    error: Option<Failure>,
    #[serde(borrow, default)]
    event: Option<Cow<'f, str>>,
    #[serde(default)]
    seq: Option<u64>,
}

/// A frame from a gateway.
#[derive(Debug)]
pub(super) enum Incoming {
    /// An answer.
    Response { id: String, result: Result<Option<Box<RawValue>>, Box<Failure>> },
    /// An event.
    Event { name: String, payload: Option<Box<RawValue>>, seq: Option<u64> },
}

impl Incoming {
    /// Reads one message.
    pub(super) fn read(text: &str) -> Result<Self, Violation> {
        // The text may be anything, a secret too: only what is wrong with it is told.
        let garbage = |cause: &str| Violation::Garbage(cause.to_owned());
        let frame: Frame<'_> = serde_json::from_str(text).map_err(|error| garbage(&kind(&error)))?;
        let payload = frame.payload.map(ToOwned::to_owned);
        match (frame.r#type.as_ref(), frame.id, frame.event) {
            ("res", Some(id), _) => {
                let result = match (frame.ok, frame.error) {
                    (Some(true), _) => Ok(payload),
                    (Some(false), error) => Err(Box::new(error.unwrap_or_default())),
                    (None, _) => return Err(garbage("an answer without `ok`")),
                };
                Ok(Self::Response { id: id.into_owned(), result })
            }
            ("event", _, Some(name)) => Ok(Self::Event { name: name.into_owned(), payload, seq: frame.seq }),
            _ => Err(garbage("neither an answer nor an event")),
        }
    }
}

/// What serde says, without the values that it may quote.
fn kind(error: &serde_json::Error) -> String {
    let place = format!("line {} column {}", error.line(), error.column());
    match error.classify() {
        serde_json::error::Category::Syntax => format!("not JSON at {place}"),
        serde_json::error::Category::Eof => "JSON that is cut short".to_owned(),
        serde_json::error::Category::Data | serde_json::error::Category::Io => {
            format!("JSON of another shape at {place}")
        }
    }
}

/// The challenge.
#[derive(Debug, Deserialize)]
pub(super) struct Challenge {
    pub(super) nonce: String,
    pub(super) ts: u64,
}

/// The answer to `connect`. What legacy gateways leave out is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Hello {
    /// The protocol version that both sides speak now: 3 or 4.
    pub protocol: u64,
    /// Who answered.
    pub server: Server,
    /// What it can do.
    pub features: Features,
    /// What it lets us do.
    pub auth: Granted,
    /// What it bears.
    pub policy: Policy,
    /// Its clock.
    #[serde(skip)]
    pub clock: Clock,
    /// Whether it rejected the credential, and accepted the token that it gave to this device earlier.
    #[serde(skip)]
    pub credential_rejected: bool,
}

/// The gateway's clock, by which prompts live and lapse. Ours may differ. It is known within an interval: what it showed
/// in a message was so between the sending of what the message answers and its arrival.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// The earliest that it may have shown, in Unix milliseconds.
    shown_ms: u64,
    /// How much later it may have been, in milliseconds.
    unsure_ms: u64,
    /// When that was so.
    at: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self::showing(0, Instant::now())
    }
}

impl Clock {
    /// A clock that showed this in a message that arrives now, and answers what was sent at `asked` or later.
    pub(super) fn showing(shown_ms: u64, asked: Instant) -> Self {
        Self { shown_ms, unsure_ms: millis(asked.elapsed()), at: Instant::now() }
    }

    /// The same clock, of which was heard meanwhile that it shows this. What was heard late is behind, so it goes back
    /// by little at a time; clocks that merely drift need no more.
    #[must_use]
    pub fn corrected(self, shown_ms: u64) -> Self {
        const BACK_MS: u64 = 50;
        let (now_ms, latest_ms) = (self.now_ms(), self.latest_ms());
        let earliest_ms = shown_ms.max(now_ms.saturating_sub(BACK_MS));
        let unsure_ms = latest_ms.saturating_sub(earliest_ms);
        Self { shown_ms: earliest_ms, unsure_ms, at: Instant::now() }
    }

    /// The same clock, of which an answer says that it showed this after `asked` and before now. Both intervals hold, so
    /// the clock is in what they share; where they share nothing it was set, and the newer one holds.
    #[must_use]
    pub fn narrowed(self, shown_ms: u64, asked: Instant) -> Self {
        let newer = Self::showing(shown_ms, asked);
        let (before_ms, before_latest_ms) = (self.now_ms(), self.latest_ms());
        let earliest_ms = newer.shown_ms.max(before_ms);
        let latest_ms = newer.shown_ms.saturating_add(newer.unsure_ms).min(before_latest_ms);
        match latest_ms.checked_sub(earliest_ms) {
            Some(unsure_ms) => Self { shown_ms: earliest_ms, unsure_ms, ..newer },
            None => newer,
        }
    }

    /// The earliest that it may show now, in Unix milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.shown_ms.saturating_add(millis(self.at.elapsed()))
    }

    /// The latest that it may show now, in Unix milliseconds.
    fn latest_ms(&self) -> u64 {
        self.now_ms().saturating_add(self.unsure_ms())
    }

    /// How much later it may be, in milliseconds. Two clocks drift apart by less than a ten-thousandth, and milliseconds
    /// are cut off.
    pub fn unsure_ms(&self) -> u64 {
        self.unsure_ms.saturating_add(millis(self.at.elapsed()) / 10_000).saturating_add(2)
    }
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// The gateway's own description.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Its release.
    pub version: String,
}

/// What a gateway can do.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Features {
    /// The methods it knows.
    pub methods: Vec<String>,
}

/// What a gateway lets us do.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Granted {
    /// How we got in: `token`, `device-token`, … Current gateways say.
    pub method: Option<String>,
    /// The scopes.
    pub scopes: Vec<String>,
    /// A token for this device's later connections.
    pub(super) device_token: Option<String>,
}

impl std::fmt::Debug for Granted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { method, scopes, .. } = self;
        f.debug_struct("Granted").field("method", method).field("scopes", scopes).finish_non_exhaustive()
    }
}

/// The limits that bind a client.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    /// The largest frame it takes, in bytes.
    pub max_payload: usize,
    /// How often a tick comes, in milliseconds.
    pub tick_interval_ms: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { max_payload: MAX_INCOMING, tick_interval_ms: 30_000 }
    }
}

impl Policy {
    /// How often a tick comes, within reason.
    pub(super) fn tick(self) -> Duration {
        Duration::from_millis(self.tick_interval_ms.clamp(1_000, 600_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_known_within_an_interval() {
        let ago = |ms| Instant::now().checked_sub(Duration::from_millis(ms)).unwrap();
        let clock = Clock::showing(10_000, ago(800));
        assert!((10_000..10_050).contains(&clock.now_ms()) && clock.unsure_ms() >= 800);
        // An answer that took less narrows it from both sides.
        let narrowed = clock.narrowed(10_400, ago(100));
        assert!((10_400..10_450).contains(&narrowed.now_ms()));
        assert!((100..200).contains(&narrowed.unsure_ms()), "{}", narrowed.unsure_ms());
        // One that took longer changes nothing, and one that contradicts is believed.
        let same = narrowed.narrowed(10_000, ago(5_000));
        assert!((10_400..10_450).contains(&same.now_ms()) && same.unsure_ms() < 200);
        let set = narrowed.narrowed(99_000, ago(10));
        assert!((99_000..99_050).contains(&set.now_ms()) && set.unsure_ms() < 100);
        // A tick is an earliest time alone.
        let ticked = clock.corrected(10_700);
        assert!((10_700..10_750).contains(&ticked.now_ms()) && (50..200).contains(&ticked.unsure_ms()));
    }

    #[test]
    fn frames_are_told_apart() {
        let answer = Incoming::read(r#"{"type":"res","id":"1","ok":true,"payload":{"a":1}}"#).unwrap();
        assert!(
            matches!(answer, Incoming::Response { id, result: Ok(Some(raw)) } if id == "1" && raw.get() == r#"{"a":1}"#)
        );
        let error = r#"{"type":"res","id":"1","ok":false,"error":{"code":"FORBIDDEN","message":"missing scope: operator.admin"}}"#;
        let Ok(Incoming::Response { result: Err(failure), .. }) = Incoming::read(error) else { panic!() };
        assert_eq!(failure.missing_scope(), Some("operator.admin"));
        let event = Incoming::read(r#"{"type":"event","event":"tick","payload":{"ts":1},"seq":7}"#).unwrap();
        assert!(matches!(event, Incoming::Event { name, seq: Some(7), .. } if name == "tick"));
    }

    #[test]
    fn what_is_no_frame_is_told_without_its_content() {
        for (text, expected) in [
            ("hunter2", "not JSON at line 1 column 1"),
            ("{\"hunter2", "JSON that is cut short"),
            ("\"hunter2\"", "JSON of another shape at line 1 column 9"),
            (r#"{"type":"res","id":"1"}"#, "an answer without `ok`"),
            (r#"{"type":"req","id":"1"}"#, "neither an answer nor an event"),
            (r#"{"type":"res","id":1,"ok":true}"#, "JSON of another shape at line 1 column 20"),
        ] {
            let violation = Incoming::read(text).unwrap_err();
            assert_eq!(violation, Violation::Garbage(expected.to_owned()), "{text}");
        }
    }
}
