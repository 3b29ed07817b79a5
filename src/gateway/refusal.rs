//! The errors in gateways' answers. Their codes distinguish them; their messages are for people.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

/// The `error` of a response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Failure {
    /// The code: `INVALID_REQUEST`, `FORBIDDEN`, `UNAVAILABLE`, …
    pub code: String,
    /// The message for people.
    pub message: String,
    /// Details, which depend on the code.
    pub details: Value,
    /// Whether the call was not executed and may be made again.
    pub retryable: bool,
    /// How long to wait before that, in milliseconds.
    pub retry_after_ms: Option<u64>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.message.is_empty() { f.write_str(&self.code) } else { f.write_str(&self.message) }
    }
}

/// Whether a text is an id without any character that is special to a shell.
pub fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    !text.starts_with('-') && text.chars().all(plain) && (1..=128).contains(&text.len())
}

impl Failure {
    fn detail(&self, name: &str) -> Option<&str> {
        self.details.get(name).and_then(Value::as_str)
    }

    /// The code in the details, else the reason there. Errors are distinguished by it.
    pub fn detail_code(&self) -> Option<&str> {
        self.detail("code").or_else(|| self.detail("reason"))
    }

    /// The scope that the call needs and the connection does not have. Legacy gateways only name it in the message.
    pub fn missing_scope(&self) -> Option<&str> {
        self.detail("missingScope").or_else(|| self.message.strip_prefix("missing scope: "))
    }

    /// How long to wait before the call is made again; `None` if it must not be made again. Such an answer proves that
    /// the call was not executed: the gateway was too busy, or never forwarded the command to its node.
    pub fn retry_after(&self) -> Option<Duration> {
        let dispatched = self.details.get("nodeCommandDispatched").and_then(Value::as_bool);
        // A command that may have reached a node is never sent twice, even if the answer says `retryable`.
        let unexecuted = self.code == "UNAVAILABLE"
            && match dispatched {
                Some(dispatched) => !dispatched,
                None => self.retryable,
            };
        unexecuted.then(|| Duration::from_millis(self.retry_after_ms.unwrap_or(100)))
    }
}

/// Why a gateway rejects a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// The token is wrong.
    TokenMismatch,
    /// The gateway requires a token, and none was sent.
    TokenMissing,
    /// The password is wrong.
    PasswordMismatch,
    /// The gateway requires a password, and none was sent.
    PasswordMissing,
    /// The credential for the admin endpoint is wrong or missing.
    Unauthorized,
    /// The token that the gateway issued to this device earlier is no longer valid.
    DeviceToken,
    /// There were too many attempts with wrong credentials.
    RateLimited,
    /// The device must be approved on the gateway's host.
    Pairing {
        /// The id of the request to approve.
        request: Option<String>,
        /// Whether the device is known and requests more scopes than were approved.
        upgrade: bool,
    },
    /// There is no common protocol version.
    Protocol {
        /// The gateway's version.
        expected: Option<u64>,
    },
    /// The signature is too old or too new for the gateway's clock.
    Clock,
    /// The device's signature or identity is not accepted.
    Device,
    /// The gateway is starting.
    Starting,
    /// Another reason.
    Other,
}

/// The rejection of a connection: the reason, and the gateway's error.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// The gateway's error.
    pub failure: Failure,
    /// Whether the gateway offers to accept the device's own token.
    pub device_token_would_do: bool,
}

impl Refusal {
    /// Reads the error in the answer to `connect`.
    pub fn of(failure: Failure) -> Self {
        let detail = |name| failure.detail(name).map(str::to_owned);
        let reason = match failure.detail_code().unwrap_or_default() {
            "AUTH_TOKEN_MISMATCH" => Reason::TokenMismatch,
            "AUTH_TOKEN_MISSING" | "DEVICE_IDENTITY_REQUIRED" => Reason::TokenMissing,
            "AUTH_PASSWORD_MISMATCH" => Reason::PasswordMismatch,
            "AUTH_PASSWORD_MISSING" => Reason::PasswordMissing,
            "AUTH_DEVICE_TOKEN_MISMATCH" | "AUTH_SCOPE_MISMATCH" => Reason::DeviceToken,
            "AUTH_RATE_LIMITED" => Reason::RateLimited,
            "AUTH_UNAUTHORIZED" | "AUTH_REQUIRED" => Reason::Unauthorized,
            "PAIRING_REQUIRED" => Reason::Pairing {
                // The id becomes part of a command to copy, so anything else is left out.
                request: detail("requestId").filter(|id| is_id(id)),
                upgrade: failure.detail("reason").is_some_and(|reason| reason != "not-paired"),
            },
            "PROTOCOL_MISMATCH" => {
                Reason::Protocol { expected: failure.details.get("expectedProtocol").and_then(Value::as_u64) }
            }
            "DEVICE_AUTH_SIGNATURE_EXPIRED" => Reason::Clock,
            code if code.starts_with("DEVICE_") => Reason::Device,
            // Legacy gateways send the number without a code.
            _ if failure.details.get("expectedProtocol").is_some() => {
                Reason::Protocol { expected: failure.details.get("expectedProtocol").and_then(Value::as_u64) }
            }
            _ if failure.code == "UNAVAILABLE" => Reason::Starting,
            _ => Reason::Other,
        };
        let device_token_would_do =
            failure.details.get("canRetryWithDeviceToken").and_then(Value::as_bool).unwrap_or(false);
        Self { reason, failure, device_token_would_do }
    }

    /// A rejection by the admin endpoint, which gives no reason besides its HTTP status.
    pub fn unauthorized() -> Self {
        let failure = Failure { message: "unauthorized".to_owned(), ..Failure::default() };
        Self { reason: Reason::Unauthorized, failure, device_token_would_do: false }
    }

    /// Whether the gateway is only starting, so that a later attempt succeeds.
    pub fn is_starting(&self) -> bool {
        self.reason == Reason::Starting
    }

    /// The wait that the gateway requests.
    pub fn retry_after(&self) -> Option<Duration> {
        self.failure.retry_after_ms.map(Duration::from_millis)
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failure = &self.failure;
        match &self.reason {
            Reason::TokenMismatch => f.write_str("the gateway rejected the token"),
            Reason::TokenMissing => f.write_str("the gateway requires a token, and none was sent"),
            Reason::PasswordMismatch => f.write_str("the gateway rejected the password"),
            Reason::PasswordMissing => f.write_str("the gateway requires a password, and none was sent"),
            Reason::Unauthorized => f.write_str("the gateway rejected the credential, or none was sent"),
            Reason::DeviceToken => {
                f.write_str("the gateway no longer accepts the token it gave to this device")
            }
            Reason::RateLimited => f.write_str("the gateway accepts no more attempts for now"),
            Reason::Pairing { upgrade: false, .. } => {
                f.write_str("the gateway does not know this device yet")
            }
            Reason::Pairing { upgrade: true, .. } => {
                write!(f, "this device must be approved again: {failure}")
            }
            Reason::Protocol { expected: Some(version) } => {
                write!(f, "the gateway speaks protocol {version}; this clearance speaks 3 and 4")
            }
            Reason::Protocol { expected: None } => {
                f.write_str("the gateway speaks another protocol; this clearance speaks 3 and 4")
            }
            Reason::Clock => f.write_str("the signature is too old or too new for the gateway's clock"),
            Reason::Device => write!(f, "the gateway refused this device: {failure}"),
            Reason::Starting => write!(f, "the gateway is not ready: {failure}"),
            Reason::Other => write!(f, "the gateway refused the connection: {failure}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wait(failure: Value) -> Option<u128> {
        let failure: Failure = serde_json::from_value(failure).unwrap();
        failure.retry_after().map(|wait| wait.as_millis())
    }

    #[test]
    fn only_calls_that_were_not_executed_are_retried() {
        let busy = json!({ "code": "UNAVAILABLE", "retryable": true, "retryAfterMs": 7 });
        assert_eq!(wait(busy), Some(7));
        assert_eq!(wait(json!({ "code": "UNAVAILABLE" })), None);
        assert_eq!(wait(json!({ "code": "INVALID_REQUEST", "retryable": true })), None);
        let node =
            |dispatched| json!({ "code": "UNAVAILABLE", "details": { "nodeCommandDispatched": dispatched } });
        assert_eq!(wait(node(json!(false))), Some(100));
        // It may have been executed, even if the answer says that it can be retried.
        assert_eq!(wait(node(json!(true))), None);
        let both =
            json!({ "code": "UNAVAILABLE", "retryable": true, "details": { "nodeCommandDispatched": true } });
        assert_eq!(wait(both), None);
        assert_eq!(wait(node(json!("false"))), None);
    }
}
