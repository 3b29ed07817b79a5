//! A connection to a gateway over either transport, which repeats calls if that is safe.

use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::api::{Call, Effect};
use super::connect_options::Progress;
use super::error::{GatewayError, Reconnect, Step};
use super::handshake::{authenticate, malformed_answer};
use super::http::Admin;
use super::keyring::Keyring;
use super::sent_secrets::SentSecrets;
use super::session::{Events, Session};
use super::start::Start;
use super::target::Target;
use super::wait::{backoff, pause};
use super::{Access, Hello};
use crate::deadline::Deadline;

/// The number of reconnections for a call, if the connection drops before the call was sent.
const MAX_RECONNECTS: u32 = 4;

/// A connection to a gateway.
#[derive(Debug)]
pub struct Link {
    transport: Transport,
    target: Target,
    access: Access,
    keyring: Keyring,
}

#[derive(Debug)]
enum Transport {
    /// Over the WebSocket.
    Socket(Box<Session>),
    /// Over the admin endpoint.
    Admin(Box<Admin>),
}

impl Link {
    /// Connects. A gateway that is starting, or a connection that drops before `hello-ok`, is retried until the
    /// deadline.
    pub async fn open(
        target: &Target,
        access: Access,
        keyring: &Keyring,
        deadline: Deadline,
    ) -> Result<(Self, Option<Events>), GatewayError> {
        let (transport, events) = connect(target, access, keyring, false, deadline).await?;
        Ok((Self { transport, target: target.clone(), access, keyring: keyring.clone() }, events))
    }

    /// The session, for concurrent calls. The admin endpoint has none.
    pub fn session(&self) -> Option<&Session> {
        match &self.transport {
            Transport::Socket(session) => Some(session),
            Transport::Admin(_) => None,
        }
    }

    /// The answer to `connect`. The admin endpoint has none.
    pub fn hello(&self) -> Option<&Hello> {
        self.session().map(Session::hello)
    }

    /// Makes one call, and reads its answer.
    ///
    /// The call is retried until the deadline if the gateway answers that it is too busy, which means that it has not
    /// executed the call. It is also retried if the connection was lost before the call was sent, or if the gateway
    /// restarts and the call only reads.
    ///
    /// # Errors
    /// If a call that only reads was lost: the cause. If a call that writes was lost: whether it may have been
    /// executed.
    pub async fn call<C: Call>(&mut self, call: &C, deadline: Deadline) -> Result<C::Answer, GatewayError> {
        self.call_method(call.method().as_str(), call, C::EFFECT, deadline).await
    }

    /// Like [`Self::call`], for any method, also one that clearance does not use.
    pub async fn call_method<P: Serialize + ?Sized, R: DeserializeOwned>(
        &mut self,
        method: &str,
        params: &P,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<R, GatewayError> {
        let (mut busy, mut lost, mut start) = (backoff(), backoff(), Start::new());
        loop {
            let result = match &self.transport {
                Transport::Socket(session) => {
                    session.call_method(method, params, deadline).await.map(|(_, answer)| answer)
                }
                Transport::Admin(admin) => admin.call(method, params, deadline).await,
            };
            let error = match result {
                Ok(payload) => return read(method, payload.as_deref()),
                Err(error) => error,
            };
            // Over HTTP the call itself connects. If it could not, nothing was sent.
            let error = match (&self.transport, error) {
                (Transport::Admin(_), error @ GatewayError::Unreachable { .. }) => {
                    start.wait(error, &self.target, false, deadline).await?;
                    continue;
                }
                (_, error) => error,
            };
            let sent = !matches!(error, GatewayError::NotSent { .. });
            let error = if effect == Effect::Read { error.into_read_failure() } else { error };
            let again = match (&error, error.reconnect()) {
                (GatewayError::Failed { failure, .. }, _) => {
                    let after = failure.retry_after();
                    after.is_some() && pause(&mut busy, after, deadline).await
                }
                (_, Reconnect::Starting(after)) => {
                    lost.attempts() < MAX_RECONNECTS
                        && pause(&mut lost, after, deadline).await
                        && self.reopen(true, deadline).await?
                }
                (_, Reconnect::Dropped) if !sent => {
                    lost.attempts() < MAX_RECONNECTS
                        && pause(&mut lost, None, deadline).await
                        && self.reopen(false, deadline).await?
                }
                (_, Reconnect::Dropped | Reconnect::Never) => false,
            };
            if !again {
                return Err(error);
            }
        }
    }

    /// Replaces a connection that was lost.
    async fn reopen(&mut self, returning: bool, deadline: Deadline) -> Result<bool, GatewayError> {
        let (transport, _) = connect(&self.target, self.access, &self.keyring, returning, deadline).await?;
        self.transport = transport;
        Ok(true)
    }

    /// Closes the connection with a close frame.
    pub async fn close(self, deadline: Deadline) {
        match self.transport {
            Transport::Socket(session) => session.close(deadline).await,
            Transport::Admin(_) => {}
        }
    }
}

/// Connects. `returning`: the gateway was reachable a moment ago. Then, and if it reports that it is starting, a closed
/// port is retried.
async fn connect(
    target: &Target,
    access: Access,
    keyring: &Keyring,
    mut returning: bool,
    deadline: Deadline,
) -> Result<(Transport, Option<Events>), GatewayError> {
    let observer = &target.options.observer;
    if target.address.is_http() {
        observer.notify(&target.address, Progress::Endpoint);
        return Ok((Transport::Admin(Box::new(Admin::of(target, deadline).await?)), None));
    }
    let mut identity = keyring.identity(&target.address, access.scopes, deadline).await?;
    let (mut starting, mut dropped, mut start) = (backoff(), backoff(), Start::new());
    // What the gateway said when it was asked before: that it is starting.
    let mut said: Option<GatewayError> = None;
    loop {
        let sent_secrets = SentSecrets::of(&target.credential, identity.token.as_ref());
        let error = match authenticate(target, access, &mut identity, deadline).await {
            Ok((socket, mut hello)) => {
                let token = hello.auth.device_token.take().map(SecretString::from);
                if token.is_some() {
                    identity.keep(token, deadline).await?;
                }
                let sent_secrets = SentSecrets::of(&target.credential, identity.token.as_ref());
                let device = identity.device.id();
                let (session, events) = Session::start(socket, hello, device, sent_secrets, access.events);
                return Ok((Transport::Socket(Box::new(session)), events));
            }
            Err(error) => match (error, said.take()) {
                (GatewayError::TimedOut { .. }, Some(said)) => return Err(said),
                (error, _) => sent_secrets.error(error),
            },
        };
        let reconnect = error.reconnect();
        let again = match reconnect {
            Reconnect::Starting(after) => {
                returning = true;
                pause(&mut starting, after, deadline).await
            }
            Reconnect::Dropped if dropped.attempts() < MAX_RECONNECTS => {
                pause(&mut dropped, None, deadline).await
            }
            Reconnect::Dropped | Reconnect::Never => {
                start.wait(error, target, returning, deadline).await?;
                continue;
            }
        };
        if !again {
            return Err(error);
        }
        observer.notify(&target.address, Progress::Failed(&error));
        said = matches!(reconnect, Reconnect::Starting(_)).then_some(error);
    }
}

fn read<R: DeserializeOwned>(method: &str, payload: Option<&RawValue>) -> Result<R, GatewayError> {
    serde_json::from_str(payload.map_or("null", RawValue::get))
        .map_err(|error| malformed_answer(method, &error, Step::Calling(method.to_owned())))
}

impl GatewayError {
    /// The cause of a lost call, for calls that may safely be executed twice.
    fn into_read_failure(self) -> Self {
        let (Self::NotSent { cause, .. } | Self::Uncertain { cause, .. }) = &self else { return self };
        // The session shares the cause with later calls.
        cause.try_clone().unwrap_or(self)
    }

    /// Copies an error that ended a connection.
    fn try_clone(&self) -> Option<Self> {
        Some(match self {
            Self::TimedOut { step, timeout } => Self::TimedOut { step: step.clone(), timeout: *timeout },
            Self::Violation { violation, step } => {
                Self::Violation { violation: violation.clone(), step: step.clone() }
            }
            Self::Closed { step, code, reason } => {
                Self::Closed { step: step.clone(), code: *code, reason: reason.clone() }
            }
            Self::Silent(silence) => Self::Silent(*silence),
            Self::NotAGateway(reason) => Self::NotAGateway(reason.clone()),
            _ => return None,
        })
    }
}
