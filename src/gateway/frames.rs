//! The frames: JSON in WebSocket text messages.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::error::Violation;
use super::refusal::Failure;

/// The largest message that is accepted from a gateway, in bytes. Gateways have the same limit for clients.
pub(super) const MAX_INCOMING: usize = 26_214_400;
/// The largest frame that a gateway accepts before `hello-ok`, in bytes.
pub(super) const MAX_BEFORE_HELLO: usize = 65_536;

#[derive(Serialize)]
struct RequestFrame<'r, P: ?Sized> {
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
    serde_json::to_string(&RequestFrame { r#type: "req", id, method, params })
}

/// Any frame. The payload is read later, when its method or event is known.
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
        // The text may be a secret, so the error only names the problem.
        let garbage = |cause: &str| Violation::Garbage(cause.to_owned());
        let frame: Frame<'_> = serde_json::from_str(text).map_err(|error| garbage(&kind(&error)))?;
        // A derived struct is also read from an array of its fields.
        if !text.trim_start().starts_with('{') {
            return Err(garbage("neither an answer nor an event"));
        }
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

/// The error of serde, without the values that it may quote.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_distinguished() {
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
    fn an_invalid_frame_is_reported_without_its_content() {
        for (text, expected) in [
            ("hunter2", "not JSON at line 1 column 1"),
            ("{\"hunter2", "JSON that is cut short"),
            ("\"hunter2\"", "JSON of another shape at line 1 column 9"),
            (r#"{"type":"res","id":"1"}"#, "an answer without `ok`"),
            (r#"{"type":"req","id":"1"}"#, "neither an answer nor an event"),
            (r#"{"type":"res","id":1,"ok":true}"#, "JSON of another shape at line 1 column 20"),
            (r#"["res","1",true]"#, "neither an answer nor an event"),
            (r#" ["event",null,null,null,null,"tick"]"#, "neither an answer nor an event"),
        ] {
            let violation = Incoming::read(text).unwrap_err();
            assert_eq!(violation, Violation::Garbage(expected.to_owned()), "{text}");
        }
    }
}
