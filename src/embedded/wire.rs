//! Reading and writing frames.

use serde::Deserialize;
use serde_json::{Value, json};

/// A request, of which only the envelope was read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CallFrame {
    pub(super) id: String,
    pub(super) method: String,
    pub(super) params: Value,
}

/// Why a frame is not a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Malformed {
    /// The frame is not JSON. A real gateway does not answer it.
    Garbage,
    /// The frame is JSON, but not an envelope that can be answered.
    NotARequest,
    /// An envelope with an error, with its description.
    Envelope(String),
}

/// Reads one frame.
pub(super) fn request(text: &[u8], at_least_one: &str) -> Result<CallFrame, Malformed> {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "type")]
        kind: String,
        id: String,
        method: String,
        #[serde(default)]
        params: Value,
    }
    let value: Value = serde_json::from_slice(text).map_err(|_| Malformed::Garbage)?;
    let Ok(frame) = Envelope::deserialize(value) else { return Err(Malformed::NotARequest) };
    if frame.kind != "req" {
        return Err(Malformed::NotARequest);
    }
    for (name, field) in [("id", &frame.id), ("method", &frame.method)] {
        if field.is_empty() {
            return Err(Malformed::Envelope(format!(
                "at /{name}: {at_least_one} have fewer than 1 characters"
            )));
        }
    }
    Ok(CallFrame { id: frame.id, method: frame.method, params: frame.params })
}

/// The codes of errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ErrorCode {
    InvalidRequest,
    NotPaired,
    Forbidden,
    Unavailable,
}

impl ErrorCode {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "INVALID_REQUEST",
            Self::NotPaired => "NOT_PAIRED",
            Self::Forbidden => "FORBIDDEN",
            Self::Unavailable => "UNAVAILABLE",
        }
    }
}

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) details: Option<Value>,
    /// Whether the same request may succeed later.
    pub(super) retryable: bool,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: None, retryable: false }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    pub(super) fn with(self, details: Value) -> Self {
        Self { details: Some(details), ..self }
    }

    pub(super) fn retryable(self) -> Self {
        Self { retryable: true, ..self }
    }

    /// The `error` of a response.
    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({"code": self.code.as_str(), "message": self.message});
        if let Some(details) = &self.details {
            error["details"] = details.clone();
        }
        if self.retryable {
            error["retryable"] = true.into();
        }
        error
    }
}

/// The result of a method.
pub(super) type Answer = Result<Value, Refusal>;

/// A response frame.
pub(super) fn response(id: &str, answer: &Answer) -> String {
    match answer {
        Ok(payload) => json!({"type": "res", "id": id, "ok": true, "payload": payload}),
        Err(refusal) => json!({"type": "res", "id": id, "ok": false, "error": refusal.to_json()}),
    }
    .to_string()
}

/// An event frame.
pub(super) fn event(name: &str, payload: &Value, seq: Option<u64>) -> String {
    let mut frame = json!({"type": "event", "event": name, "payload": payload});
    if let Some(seq) = seq {
        frame["seq"] = seq.into();
    }
    frame.to_string()
}

/// A close frame: its code and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Closing {
    pub(super) code: u16,
    reason: String,
}

impl Closing {
    /// The longest reason that a close frame can hold, in bytes.
    const LONGEST: usize = 123;

    pub(super) fn new(code: u16, reason: &str) -> Self {
        Self { code, reason: reason[..reason.floor_char_boundary(Self::LONGEST)].to_owned() }
    }

    pub(super) fn reason(&self) -> &str {
        &self.reason
    }
}
