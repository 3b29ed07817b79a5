//! The handshake on a new connection: the upgrade to a WebSocket, the challenge, `connect`, `hello-ok`.

use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use secrecy::{ExposeSecret, SecretString};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::http::header::USER_AGENT;
use tokio_tungstenite::tungstenite::http::{HeaderValue, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::api::connect::{Auth, Challenge, Client, Connect, Hello};
use super::api::{Call, Method};
use super::clock::Clock;
use super::connect_options::Progress;
use super::dial::{Duplex, dial, is_drop};
use super::error::{GatewayError, Step, Violation};
use super::frames::{Incoming, MAX_BEFORE_HELLO, MAX_INCOMING, request};
use super::keyring::Identity;
use super::refusal::{Reason, Refusal};
use super::sent_secrets::SentSecrets;
use super::target::{Credential, Target};
use super::wait::within;
use super::{Access, device};
use crate::deadline::Deadline;

/// A WebSocket to a gateway.
pub(super) type Socket = WebSocketStream<Box<dyn Duplex>>;

/// Timeout of the challenge, from the upgrade on.
const CHALLENGE: Duration = Duration::from_secs(15);
/// The client id and mode. Gateways accept those of a closed list only.
const CLIENT: &str = "cli";
const ROLE: &str = "operator";
/// The name that current gateways use for authentication by a device's own token.
const DEVICE_TOKEN: &str = "device-token";
/// The name and version of this program, for logs of gateways and proxies.
pub(super) const CLIENT_NAME: &str = concat!("clearance/", env!("CARGO_PKG_VERSION"));

/// The secrets that are sent in one attempt.
#[derive(Clone, Copy)]
struct AttemptSecrets<'s> {
    token: Option<&'s SecretString>,
    password: Option<&'s SecretString>,
    device_token: Option<&'s SecretString>,
}

impl AttemptSecrets<'_> {
    /// The kinds of secrets, as text.
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

/// Connects and authenticates. There is a second attempt if the gateway rejects the token and offers to accept the
/// device's own token.
///
/// The rule is OpenClaw's own (`docs/gateway/protocol`): one more attempt, with both tokens, and only to a gateway on
/// this host or one with a pinned certificate. A device token that is rejected is removed.
pub(super) async fn authenticate(
    target: &Target,
    access: Access,
    identity: &mut Identity,
    deadline: Deadline,
) -> Result<(Socket, Hello), GatewayError> {
    let kept = identity.token.clone();
    let (token, password, device_token) = match &target.credential {
        // Without a credential the device's own token is sent, as the official client does.
        Credential::None => (None, None, kept.as_ref()),
        Credential::Token(token) => (Some(token), None, None),
        Credential::Password(password) => (None, Some(password), None),
    };
    let only_device = device_token.is_some();
    let secrets = AttemptSecrets { token, password, device_token };
    let first = attempt(target, access, identity, secrets, deadline).await;
    match (first, &kept) {
        (Err(GatewayError::Refused(refusal)), Some(kept)) => {
            if only_device {
                if refusal.reason == Reason::DeviceToken {
                    identity.keep(None, deadline).await?;
                }
                Err(GatewayError::Refused(refusal))
            } else if refusal.device_token_would_do && target.is_certain() {
                let secrets = AttemptSecrets { device_token: Some(kept), ..secrets };
                match attempt(target, access, identity, secrets, deadline).await {
                    Ok((socket, mut hello)) => {
                        // Early gateways do not send the method of authentication.
                        hello.auth.method.get_or_insert_with(|| DEVICE_TOKEN.to_owned());
                        hello.credential_rejected = true;
                        Ok((socket, hello))
                    }
                    Err(GatewayError::Refused(second)) => {
                        if second.reason == Reason::DeviceToken {
                            identity.keep(None, deadline).await?;
                        }
                        // The first rejection refers to the user's credential.
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
    secrets: AttemptSecrets<'_>,
    deadline: Deadline,
) -> Result<(Socket, Hello), GatewayError> {
    let secret = secrets.token.is_some() || secrets.password.is_some() || secrets.device_token.is_some();
    if secret && !target.may_carry_secrets() {
        return Err(GatewayError::Plaintext);
    }
    let stream = dial(target, deadline).await?;
    let asked = Instant::now();
    let mut socket = upgrade(target, stream, deadline).await?;
    let observer = &target.options.observer;
    observer.notify(&target.address, Progress::Upgraded);
    let challenge = challenge(&mut socket, deadline).await?;
    let clock = Clock::showing(challenge.ts, asked);
    // The device family is left out. A password is not signed. Of two tokens the first one is signed.
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
    let text = request(&id, connect.method().as_str(), &connect)
        .map_err(|error| GatewayError::NotAGateway(error.to_string()))?;
    if text.len() > MAX_BEFORE_HELLO {
        let method = connect.method().to_string();
        return Err(GatewayError::TooLarge { method, size: text.len(), limit: MAX_BEFORE_HELLO });
    }
    let device = identity.device.id();
    let credential = secrets.named();
    observer.notify(&target.address, Progress::Presenting { device: &device, credential });
    within(deadline, || Step::Hello, socket.send(Message::text(text)))
        .await?
        .map_err(|error| websocket_error(error, &Step::Hello))?;
    let sent_secrets = SentSecrets::of(&target.credential, secrets.device_token);
    let hello = sent_secrets.hello(answer(&mut socket, &id, deadline).await?);
    observer.notify(&target.address, Progress::Admitted(&hello));
    Ok((socket, Hello { clock, ..hello }))
}

fn connect<'c>(access: Access, secrets: AttemptSecrets<'c>, device: device::Proof) -> Connect<'c> {
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
        user_agent: CLIENT_NAME,
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
    request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(CLIENT_NAME));
    let config =
        WebSocketConfig::default().max_message_size(Some(MAX_INCOMING)).max_frame_size(Some(MAX_INCOMING));
    let upgraded = client_async_with_config(request, stream, Some(config));
    match within(deadline, || Step::Upgrading, upgraded).await? {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(upgrade_error(&response)),
        Err(error) => Err(websocket_error(error, &Step::Upgrading)),
    }
}

fn upgrade_error(response: &Response<Option<Vec<u8>>>) -> GatewayError {
    match response.status().as_u16() {
        // The gateway, or a proxy in front of it, is not ready yet.
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
        if let Some(challenge) = challenge_in(next(socket, Step::Challenge, deadline).await?)? {
            return Ok(challenge);
        }
    }
}

/// The challenge in a message before `connect`. `None`: it is another event.
pub(super) fn challenge_in(incoming: Incoming) -> Result<Option<Challenge>, GatewayError> {
    match incoming {
        Incoming::Event { name, payload: Some(payload), .. } if name == "connect.challenge" => {
            let challenge = serde_json::from_str(payload.get());
            challenge.map(Some).map_err(|error| malformed_answer(&name, &error, Step::Challenge))
        }
        Incoming::Event { .. } => Ok(None),
        // No call was made yet.
        Incoming::Response { .. } => {
            Err(GatewayError::Violation { violation: Violation::UnknownAnswer, step: Step::Challenge })
        }
    }
}

async fn answer(socket: &mut Socket, id: &str, deadline: Deadline) -> Result<Hello, GatewayError> {
    loop {
        if let Some(hello) = hello_in(next(socket, Step::Hello, deadline).await?, id)? {
            return Ok(hello);
        }
    }
}

/// The answer to `connect` in a message. `None`: it is an event.
pub(super) fn hello_in(incoming: Incoming, id: &str) -> Result<Option<Hello>, GatewayError> {
    match incoming {
        Incoming::Response { id: answered, .. } if answered != id => {
            Err(GatewayError::Violation { violation: Violation::UnknownAnswer, step: Step::Hello })
        }
        Incoming::Response { result: Err(failure), .. } => {
            Err(GatewayError::Refused(Box::new(Refusal::of(*failure))))
        }
        Incoming::Response { result: Ok(payload), .. } => {
            let payload = payload.as_deref().map_or("null", serde_json::value::RawValue::get);
            let hello: Hello = serde_json::from_str(payload)
                .map_err(|error| malformed_answer(Method::Connect.as_str(), &error, Step::Hello))?;
            if !(3..=4).contains(&hello.protocol) {
                let failure = super::refusal::Failure {
                    message: format!("it answered with protocol {}", hello.protocol),
                    ..Default::default()
                };
                let reason = Reason::Protocol { expected: Some(hello.protocol) };
                let refusal = Refusal { reason, failure, device_token_would_do: false };
                return Err(GatewayError::Refused(Box::new(refusal)));
            }
            Ok(Some(hello))
        }
        // Events may arrive before the answer; they are not needed yet.
        Incoming::Event { .. } => Ok(None),
    }
}

/// The error for an answer whose payload does not have the shape of the method's answers.
pub(super) fn malformed_answer(method: &str, error: &serde_json::Error, step: Step) -> GatewayError {
    // The message of serde may quote a value.
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
            Some(Err(error)) => return Err(websocket_error(error, &step)),
            None => return Err(GatewayError::Closed { step, code: None, reason: String::new() }),
        }
    }
}

/// Reads a message. `None`: it is a control message of the WebSocket.
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

/// Translates an error of the WebSocket.
pub(super) fn websocket_error(error: Error, step: &Step) -> GatewayError {
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
        // Before the upgrade the peer is not known to be a WebSocket server.
        error if *step == Step::Upgrading => GatewayError::NotAGateway(error.to_string()),
        error => violation(Violation::WebSocket(error.to_string())),
    }
}
