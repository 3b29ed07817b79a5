//! Webhooks: a receiver of events over HTTP. Its URL may be a secret, so only its host is shown.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use url::Url;

use super::dial::innermost_cause;
use super::error::GatewayError;
use super::handshake::CLIENT_NAME;
use super::http::no_roots;
use super::target::{Address, Trust};
use super::tls::Tls;
use crate::deadline::Deadline;

/// The address of a webhook.
#[derive(Clone)]
pub struct WebhookUrl {
    url: SecretString,
    shown: String,
    is_encrypted: bool,
    is_loopback: bool,
}

/// Why a text is not the address of a webhook. It is not quoted: it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum WebhookUrlError {
    /// Not a URL of HTTP.
    #[error("this is neither \"terminal\" nor a URL that starts with https://")]
    Malformed,
    /// Events would cross a network unencrypted.
    #[error("commands would cross the network unencrypted: use https://, or an address of this host")]
    Plaintext,
}

impl FromStr for WebhookUrl {
    type Err = WebhookUrlError;

    fn from_str(text: &str) -> Result<Self, WebhookUrlError> {
        let url = Url::parse(text.trim()).map_err(|_| WebhookUrlError::Malformed)?;
        let is_http = matches!(url.scheme(), "http" | "https");
        let host = url.host_str().filter(|_| is_http).ok_or(WebhookUrlError::Malformed)?;
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        let shown = format!("{}://{host}{port}", url.scheme());
        let address: Address = shown.parse().map_err(|_| WebhookUrlError::Malformed)?;
        let (is_encrypted, is_loopback) = (address.is_encrypted(), address.is_loopback());
        if !is_encrypted && !is_loopback {
            return Err(WebhookUrlError::Plaintext);
        }
        Ok(Self { url: String::from(url).into(), shown, is_encrypted, is_loopback })
    }
}

impl fmt::Display for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for WebhookUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebhookUrl").field(&self.shown).finish()
    }
}

/// Why an event was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{cause}")]
pub struct Undelivered {
    /// The cause, without the URL.
    pub cause: String,
    /// The shortest wait before a retry; `None`: a retry would fail in the same way.
    pub retry_after: Option<Duration>,
}

impl Undelivered {
    fn later(cause: String) -> Self {
        Self { cause, retry_after: Some(Duration::ZERO) }
    }
}

/// A client of one webhook.
#[derive(Debug)]
pub struct Webhook {
    client: Client,
    address: WebhookUrl,
    tls: Option<Tls>,
}

impl Webhook {
    /// Prepares a client, which trusts the platform's roots. Nothing is sent yet.
    pub async fn of(address: WebhookUrl, deadline: Deadline) -> Result<Self, GatewayError> {
        let tls =
            if address.is_encrypted { Some(Tls::load(&Trust::Platform, deadline).await?) } else { None };
        let config = tls.as_ref().map_or_else(no_roots, |tls| Ok(tls.config.clone()))?;
        let mut builder = Client::builder()
            .tls_backend_preconfigured(config)
            // A redirect would send commands to another address.
            .redirect(Policy::none())
            .http1_only();
        if address.is_loopback {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| GatewayError::NotAGateway(innermost_cause(&error)))?;
        Ok(Self { client, address, tls })
    }

    /// Posts a JSON object once. `key`: the same for each retry, so that the receiver can ignore a second delivery.
    pub async fn post(&self, body: &str, key: &str, timeout: Duration) -> Result<(), Undelivered> {
        let request = self
            .client
            .post(self.address.url.expose_secret())
            .header(USER_AGENT, CLIENT_NAME)
            .header(CONTENT_TYPE, "application/json")
            .header("Idempotency-Key", key)
            .body(body.to_owned());
        let answer = match tokio::time::timeout(timeout, request.send()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => return Err(self.unreached(&error)),
            Err(_) => return Err(Undelivered::later(format!("no answer in {} s", timeout.as_secs()))),
        };
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let retry_after = is_temporary(status).then(|| Duration::from_secs(asked.unwrap_or_default()));
        Err(Undelivered { cause: format!("it answered with the status {status}"), retry_after })
    }

    fn unreached(&self, error: &reqwest::Error) -> Undelivered {
        let untrusted = self.tls.as_ref().and_then(|tls| tls.explain_chain(error));
        match untrusted {
            // A certificate is not trusted a second later either.
            Some(error) => Undelivered { cause: error.to_string(), retry_after: None },
            // The innermost cause does not have the URL.
            None => Undelivered::later(innermost_cause(error)),
        }
    }
}

fn is_temporary(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_of_a_webhook_is_shown() {
        let url: WebhookUrl =
            "https://user:hunter2@hooks.example/services/T0/hunter2?key=hunter2".parse().unwrap();
        assert_eq!(url.to_string(), "https://hooks.example");
        assert!(!format!("{url:?}").contains("hunter2"), "{url:?}");
        for text in ["hooks.example/hunter2", "ftp://hooks.example/hunter2", "https://", "", "wss://h/x"] {
            let error = text.parse::<WebhookUrl>().unwrap_err();
            assert_eq!(error, WebhookUrlError::Malformed, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }

    #[test]
    fn commands_do_not_cross_a_network_unencrypted() {
        for text in ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]:1/", "https://h.example"]
        {
            assert!(text.parse::<WebhookUrl>().is_ok(), "{text}");
        }
        for text in ["http://hooks.example/x", "http://10.0.0.1/", "http://localhost.example/"] {
            assert_eq!(text.parse::<WebhookUrl>().unwrap_err(), WebhookUrlError::Plaintext, "{text}");
        }
    }

    #[test]
    fn what_may_pass_is_retried() {
        for (status, expected) in
            [(400, false), (404, false), (408, true), (429, true), (500, true), (503, true)]
        {
            assert_eq!(is_temporary(StatusCode::from_u16(status).unwrap()), expected, "{status}");
        }
    }
}
