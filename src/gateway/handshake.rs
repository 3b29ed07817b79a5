//! From a stream of bytes to a gateway that has let us in: the upgrade, the challenge, `connect`, `hello-ok`.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::http::header::USER_AGENT;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::clock::within;
use super::confided::Confided;
use super::dial::{Duplex, dial, is_drop};
use super::error::{GatewayError, Step, Violation};
use super::frames::{Challenge, Clock, Hello, Incoming, MAX_BEFORE_HELLO, MAX_INCOMING, request};
use super::keyring::Identity;
use super::manner::Progress;
use super::refusal::{Reason, Refusal};
use super::target::{Credential, Target};
use super::{Access, device};
use crate::deadline::Deadline;

/// A WebSocket to a gateway.
pub(super) type Socket = WebSocketStream<Box<dyn Duplex>>;

/// How long the challenge may take once the WebSocket stands.
const CHALLENGE: Duration = Duration::from_secs(15);
/// A client that gateways know: their list is closed, and a name of our own is turned away.
const CLIENT: &str = "cli";
const ROLE: &str = "operator";
/// How current gateways call the way in by a device's own token.
const DEVICE_TOKEN: &str = "device-token";
/// What we are, where gateways have room for it.
pub(super) const AGENT: &str = concat!("clearance/", env!("CARGO_PKG_VERSION"));

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Connect<'c> {
    min_protocol: u8,
    max_protocol: u8,
    client: Client<'c>,
    role: &'c str,
    scopes: &'c [&'c str],
    caps: &'c [&'c str],
    commands: [&'c str; 0],
    permissions: serde_json::Map<String, serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<Auth<'c>>,
    locale: &'c str,
    user_agent: &'c str,
    device: device::Proof,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Client<'c> {
    id: &'c str,
    display_name: &'c str,
    version: &'c str,
    platform: &'c str,
    mode: &'c str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Auth<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<&'c str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<&'c str>,
}

/// Which secrets go into one attempt.
#[derive(Clone, Copy)]
struct Secrets<'s> {
    token: Option<&'s SecretString>,
    password: Option<&'s SecretString>,
    device_token: Option<&'s SecretString>,
}

impl Secrets<'_> {
    /// What is sent, in words.
    fn named(self) -> &'static str {
        match (self.token, self.password, self.device_token) {
            (Some(_), _, Some(_)) => "the token and the device's own token",
            (Some(_), ..) => "the token",
            (None, Some(_), _) => "the password",
            (None, None, Some(_)) => "the device's own token",
            (None, None, None) => "no credential",
        }
    }
}

/// Connects and is let in, or tells why not. One attempt, or two where the gateway offers to take the device's own
/// token in the place of one that is wrong.
///
/// The rule is OpenClaw's own (`docs/gateway/protocol`): one more attempt, with both tokens, and only to a gateway on
/// this host or one whose certificate is pinned; a device token that is refused is forgotten.
pub(super) async fn enter(
    target: &Target,
    access: Access,
    identity: &mut Identity,
    deadline: Deadline,
) -> Result<(Socket, Hello), GatewayError> {
    let kept = identity.token.clone();
    let (token, password, device_token) = match &target.credential {
        // Nothing else to show: the device's own token, as the official client does.
        Credential::None => (None, None, kept.as_ref()),
        Credential::Token(token) => (Some(token), None, None),
        Credential::Password(password) => (None, Some(password), None),
    };
    let only_device = device_token.is_some();
    let secrets = Secrets { token, password, device_token };
    let first = attempt(target, access, identity, secrets, deadline).await;
    match (first, &kept) {
        (Err(GatewayError::Refused(refusal)), Some(kept)) => {
            if only_device {
                if refusal.reason == Reason::DeviceToken {
                    identity.keep(None, deadline).await?;
                }
                Err(GatewayError::Refused(refusal))
            } else if refusal.device_token_would_do && target.is_certain() {
                let secrets = Secrets { device_token: Some(kept), ..secrets };
                match attempt(target, access, identity, secrets, deadline).await {
                    Ok((socket, mut hello)) => {
                        // Early gateways do not say how they let us in.
                        hello.auth.method.get_or_insert_with(|| DEVICE_TOKEN.to_owned());
                        hello.credential_rejected = true;
                        Ok((socket, hello))
                    }
                    Err(GatewayError::Refused(second)) => {
                        if second.reason == Reason::DeviceToken {
                            identity.keep(None, deadline).await?;
                        }
                        // The first refusal is about what the user gave.
                        Err(GatewayError::Refused(refusal))
                    }
                    Err(error) => Err(error),
                }
            } else {
                Err(GatewayError::Refused(refusal))
            }
        }
        (first, _) => first,
    }
}

async fn attempt(
    target: &Target,
    access: Access,
    identity: &Identity,
    secrets: Secrets<'_>,
    deadline: Deadline,
) -> Result<(Socket, Hello), GatewayError> {
    let secret = secrets.token.is_some() || secrets.password.is_some() || secrets.device_token.is_some();
    if secret && !target.may_carry_secrets() {
        return Err(GatewayError::Plaintext);
    }
    let stream = dial(target, deadline).await?;
    let asked = Instant::now();
    let mut socket = upgrade(target, stream, deadline).await?;
    let observer = &target.manner.observer;
    observer.notify(&target.address, Progress::Upgraded);
    let challenge = challenge(&mut socket, deadline).await?;
    let clock = Clock::showing(challenge.ts, asked);
    // The device family is left out. A password is no part of what is signed; of two tokens the first is.
    let proof = identity.device.prove(&device::Claim {
        client: CLIENT,
        mode: CLIENT,
        role: ROLE,
        scopes: access.scopes,
        signed_at: challenge.ts,
        token: secrets.token.or(secrets.device_token),
        nonce: &challenge.nonce,
        platform: std::env::consts::OS,
    });
    let connect = connect(access, secrets, proof);
    let id = uuid::Uuid::new_v4().to_string();
    let text =
        request(&id, "connect", &connect).map_err(|error| GatewayError::NotAGateway(error.to_string()))?;
    if text.len() > MAX_BEFORE_HELLO {
        let method = "connect".to_owned();
        return Err(GatewayError::TooLarge { method, size: text.len(), limit: MAX_BEFORE_HELLO });
    }
    let device = identity.device.id();
    let credential = secrets.named();
    observer.notify(&target.address, Progress::Presenting { device: &device, credential });
    within(deadline, || Step::Hello, socket.send(Message::text(text)))
        .await?
        .map_err(|error| lost(error, &Step::Hello))?;
    let confided = Confided::of(&target.credential, secrets.device_token);
    let hello = confided.hello(answer(&mut socket, &id, deadline).await?);
    observer.notify(&target.address, Progress::Admitted(&hello));
    Ok((socket, Hello { clock, ..hello }))
}

fn connect<'c>(access: Access, secrets: Secrets<'c>, device: device::Proof) -> Connect<'c> {
    let exposed = |secret: Option<&'c SecretString>| secret.map(ExposeSecret::expose_secret);
    let auth = Auth {
        token: exposed(secrets.token),
        password: exposed(secrets.password),
        device_token: exposed(secrets.device_token),
    };
    let empty = auth.token.is_none() && auth.password.is_none() && auth.device_token.is_none();
    Connect {
        min_protocol: 3,
        max_protocol: 4,
        client: Client {
            id: CLIENT,
            display_name: "clearance",
            version: env!("CARGO_PKG_VERSION"),
            platform: std::env::consts::OS,
            mode: CLIENT,
        },
        role: ROLE,
        scopes: access.scopes,
        caps: access.caps,
        commands: [],
        permissions: serde_json::Map::new(),
        auth: (!empty).then_some(auth),
        locale: "en-US",
        user_agent: AGENT,
        device,
    }
}

async fn upgrade(
    target: &Target,
    stream: Box<dyn Duplex>,
    deadline: Deadline,
) -> Result<Socket, GatewayError> {
    let mut request = target
        .address
        .url()
        .as_str()
        .into_client_request()
        .map_err(|error| GatewayError::NotAGateway(error.to_string()))?;
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let config =
        WebSocketConfig::default().max_message_size(Some(MAX_INCOMING)).max_frame_size(Some(MAX_INCOMING));
    let upgraded = client_async_with_config(request, stream, Some(config));
    match within(deadline, || Step::Upgrading, upgraded).await? {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(turned_away(&response)),
        Err(error) => Err(lost(error, &Step::Upgrading)),
    }
}

fn turned_away(response: &Response<Option<Vec<u8>>>) -> GatewayError {
    match response.status().as_u16() {
        // A gateway, or the proxy before it, that is not ready yet.
        status @ (502..=504) => {
            let reason = format!("HTTP status {status}");
            GatewayError::Closed { step: Step::Upgrading, code: Some(1013), reason }
        }
        _ => GatewayError::NotAGateway(format!("HTTP status {}", response.status())),
    }
}

async fn challenge(socket: &mut Socket, deadline: Deadline) -> Result<Challenge, GatewayError> {
    let deadline = deadline.at_most(CHALLENGE);
    loop {
        match next(socket, Step::Challenge, deadline).await? {
            Incoming::Event { name, payload: Some(payload), .. } if name == "connect.challenge" => {
                return serde_json::from_str(payload.get())
                    .map_err(|error| shapeless(&name, &error, Step::Challenge));
            }
            Incoming::Event { .. } => {}
            // Nothing was asked yet.
            Incoming::Response { .. } => {
                return Err(GatewayError::Violation {
                    violation: Violation::UnknownAnswer,
                    step: Step::Challenge,
                });
            }
        }
    }
}

async fn answer(socket: &mut Socket, id: &str, deadline: Deadline) -> Result<Hello, GatewayError> {
    loop {
        match next(socket, Step::Hello, deadline).await? {
            Incoming::Response { id: answered, .. } if answered != id => {
                return Err(GatewayError::Violation {
                    violation: Violation::UnknownAnswer,
                    step: Step::Hello,
                });
            }
            Incoming::Response { result: Err(failure), .. } => {
                return Err(GatewayError::Refused(Box::new(Refusal::of(*failure))));
            }
            Incoming::Response { result: Ok(payload), .. } => {
                let payload = payload.as_deref().map_or("null", serde_json::value::RawValue::get);
                let hello: Hello = serde_json::from_str(payload)
                    .map_err(|error| shapeless("connect", &error, Step::Hello))?;
                if !(3..=4).contains(&hello.protocol) {
                    let failure = super::refusal::Failure {
                        message: format!("it answered with protocol {}", hello.protocol),
                        ..Default::default()
                    };
                    let reason = Reason::Protocol { expected: Some(hello.protocol) };
                    let refusal = Refusal { reason, failure, device_token_would_do: false };
                    return Err(GatewayError::Refused(Box::new(refusal)));
                }
                return Ok(hello);
            }
            // Events may come before the answer; who is not let in yet has no use for them.
            Incoming::Event { .. } => {}
        }
    }
}

/// An answer that is not shaped as the method's.
pub(super) fn shapeless(method: &str, error: &serde_json::Error, step: Step) -> GatewayError {
    // serde's own words may quote what it found.
    let cause = format!("unexpected JSON at line {} column {}", error.line(), error.column());
    GatewayError::Violation { violation: Violation::Answer { method: method.to_owned(), cause }, step }
}

async fn next(socket: &mut Socket, step: Step, deadline: Deadline) -> Result<Incoming, GatewayError> {
    loop {
        let message = within(deadline, || step.clone(), socket.next()).await?;
        match message {
            Some(Ok(message)) => {
                if let Some(incoming) = read(message, &step)? {
                    return Ok(incoming);
                }
            }
            Some(Err(error)) => return Err(lost(error, &step)),
            None => return Err(GatewayError::Closed { step, code: None, reason: String::new() }),
        }
    }
}

/// What a message says. `None`: it is for the WebSocket alone.
pub(super) fn read(message: Message, step: &Step) -> Result<Option<Incoming>, GatewayError> {
    let violation = |violation| GatewayError::Violation { violation, step: step.clone() };
    match message {
        Message::Text(text) => Incoming::read(&text).map(Some).map_err(violation),
        Message::Binary(bytes) => Err(violation(Violation::Binary(bytes.len()))),
        Message::Close(frame) => {
            let (code, reason) = frame.map_or((None, String::new()), |frame| {
                (Some(u16::from(frame.code)), frame.reason.to_string())
            });
            Err(GatewayError::Closed { step: step.clone(), code, reason })
        }
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
    }
}

/// What an error of the WebSocket means.
pub(super) fn lost(error: Error, step: &Step) -> GatewayError {
    let dropped = || GatewayError::Closed { step: step.clone(), code: None, reason: String::new() };
    let violation = |violation| GatewayError::Violation { violation, step: step.clone() };
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => dropped(),
        Error::Io(error) if is_drop(&error) => dropped(),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete) => {
            dropped()
        }
        Error::Io(error) => {
            GatewayError::Closed { step: step.clone(), code: None, reason: error.to_string() }
        }
        Error::Capacity(CapacityError::MessageTooLong { max_size, .. }) => {
            violation(Violation::Oversize { limit: max_size })
        }
        Error::Utf8(_) => violation(Violation::Garbage("text that is not UTF-8".to_owned())),
        // Before the upgrade it is no WebSocket yet that misbehaves.
        error if *step == Step::Upgrading => GatewayError::NotAGateway(error.to_string()),
        error => violation(Violation::WebSocket(error.to_string())),
    }
}
