//! The secrets that were sent to a gateway. They are removed from every text that the gateway sends, because errors and
//! `hello-ok` may repeat them.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use super::Hello;
use super::error::GatewayError;
use super::refusal::{Failure, Reason};
use super::target::Credential;

/// Replaces a secret.
const REDACTED: &str = "[secret]";
/// Shorter secrets are not replaced: they occur inside ordinary words, and a replacement there would reveal them.
const MIN_LENGTH: usize = 6;

/// The secrets that one connection may have sent.
#[derive(Debug, Clone)]
pub(super) struct SentSecrets(Vec<SecretString>);

impl SentSecrets {
    pub(super) fn of(credential: &Credential, device_token: Option<&SecretString>) -> Self {
        let credential = match credential {
            Credential::None => None,
            Credential::Token(secret) | Credential::Password(secret) => Some(secret),
        };
        let long = |secret: &&SecretString| secret.expose_secret().len() >= MIN_LENGTH;
        Self([credential, device_token].into_iter().flatten().filter(long).cloned().collect())
    }

    /// The secrets, so that callers can remove them from texts of other sources that may contain them.
    pub(super) fn secrets(&self) -> &[SecretString] {
        &self.0
    }

    /// Removes the secrets from an error.
    pub(super) fn error(&self, error: GatewayError) -> GatewayError {
        match error {
            GatewayError::Refused(mut refusal) => {
                refusal.failure = self.failure(refusal.failure);
                // The id becomes part of a command to copy.
                if let Reason::Pairing { request, .. } = &mut refusal.reason
                    && request.as_ref().is_some_and(|id| self.is_in(id))
                {
                    *request = None;
                }
                GatewayError::Refused(refusal)
            }
            GatewayError::Failed { method, failure } => {
                GatewayError::Failed { method, failure: Box::new(self.failure(*failure)) }
            }
            GatewayError::Closed { step, code, reason } => {
                GatewayError::Closed { step, code, reason: self.text(reason) }
            }
            GatewayError::NotAGateway(reason) => GatewayError::NotAGateway(self.text(reason)),
            GatewayError::Uncertain { method, cause } => {
                GatewayError::Uncertain { method, cause: self.cause(cause) }
            }
            GatewayError::NotSent { method, cause } => {
                GatewayError::NotSent { method, cause: self.cause(cause) }
            }
            error => error,
        }
    }

    /// A shared cause had its secrets removed before it was shared.
    fn cause(&self, cause: Arc<GatewayError>) -> Arc<GatewayError> {
        Arc::try_unwrap(cause).map_or_else(|cause| cause, |cause| Arc::new(self.error(cause)))
    }

    /// Removes the secrets from a gateway's error.
    pub(super) fn failure(&self, failure: Failure) -> Failure {
        let Failure { code, message, details, retryable, retry_after_ms } = failure;
        let (code, message, details) = (self.text(code), self.text(message), self.value(details));
        Failure { code, message, details, retryable, retry_after_ms }
    }

    /// Removes the secrets from the printed parts of `hello-ok`.
    pub(super) fn hello(&self, mut hello: Hello) -> Hello {
        hello.server.version = self.text(hello.server.version);
        hello.auth.method = hello.auth.method.map(|method| self.text(method));
        hello.auth.scopes = hello.auth.scopes.into_iter().map(|scope| self.text(scope)).collect();
        hello
    }

    fn is_in(&self, text: &str) -> bool {
        self.0.iter().any(|secret| text.contains(secret.expose_secret()))
    }

    fn text(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| match secret.expose_secret() {
            secret if text.contains(secret) => text.replace(secret, REDACTED),
            _ => text,
        })
    }

    fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(values) => values.into_iter().map(|value| self.value(value)).collect(),
            Value::Object(members) => {
                members.into_iter().map(|(key, value)| (self.text(key), self.value(value))).collect()
            }
            value => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::gateway::refusal::Refusal;

    #[test]
    fn the_id_of_a_pairing_request_is_not_the_token() {
        let secrets = SentSecrets::of(&Credential::Token("s3cret-t0ken".into()), None);
        let refused = |request: &str| {
            let failure =
                json!({ "code": "x", "details": { "code": "PAIRING_REQUIRED", "requestId": request } });
            let refusal = Refusal::of(serde_json::from_value(failure).unwrap());
            format!("{:?}", secrets.error(GatewayError::Refused(Box::new(refusal))))
        };
        assert!(!refused("a-s3cret-t0ken").contains("s3cret-t0ken"));
        assert!(refused("a1b2").contains("request: Some(\"a1b2\")"));
    }

    #[test]
    fn the_cause_of_a_lost_call_does_not_have_the_token() {
        let secrets = SentSecrets::of(&Credential::Token("s3cret-t0ken".into()), None);
        let cause = || Arc::new(GatewayError::NotAGateway("it has s3cret-t0ken".to_owned()));
        let method = || "exec.approvals.set".to_owned();
        for lost in [
            GatewayError::NotSent { method: method(), cause: cause() },
            GatewayError::Uncertain { method: method(), cause: cause() },
        ] {
            let lost = secrets.error(lost).to_string();
            assert!(!lost.contains("s3cret-t0ken") && lost.contains("it has "), "{lost}");
        }
    }
}
