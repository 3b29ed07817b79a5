//! A gateway that can be called, whichever way it is reached; and the calls that may be made again.

use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::clock::{backoff, pause};
use super::confided::Confided;
use super::error::{Again, GatewayError, Step};
use super::handshake::{enter, shapeless};
use super::http::Admin;
use super::keyring::Keyring;
use super::manner::Progress;
use super::session::{Events, Session};
use super::start::Start;
use super::target::Target;
use super::{Access, Hello};
use crate::deadline::Deadline;

/// How often a connection that drops, and took nothing with it, is made again.
const DROPS: u32 = 4;

/// What a call does on the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: an answer that never came may be asked for again.
    Read,
    /// Something: a call that may have been executed is not made again.
    Write,
}

/// A gateway that can be called.
#[derive(Debug)]
pub struct Link {
    way: Way,
    target: Target,
    access: Access,
    keyring: Keyring,
}

#[derive(Debug)]
enum Way {
    /// Over the WebSocket.
    Socket(Box<Session>),
    /// Over the admin endpoint.
    Admin(Box<Admin>),
}

impl Link {
    /// Connects. What passes by itself, a gateway that is starting or a connection that drops before anything was
    /// called, is waited for inside the deadline.
    pub async fn open(
        target: &Target,
        access: Access,
        keyring: &Keyring,
        deadline: Deadline,
    ) -> Result<(Self, Option<Events>), GatewayError> {
        let (way, events) = connect(target, access, keyring, false, deadline).await?;
        Ok((Self { way, target: target.clone(), access, keyring: keyring.clone() }, events))
    }

    /// The session, for calls at once; the admin endpoint has none.
    pub fn session(&self) -> Option<&Session> {
        match &self.way {
            Way::Socket(session) => Some(session),
            Way::Admin(_) => None,
        }
    }

    /// What the gateway said when it let us in. The admin endpoint says nothing.
    pub fn hello(&self) -> Option<&Hello> {
        self.session().map(Session::hello)
    }

    /// Makes one call, and reads its answer as what it should be.
    ///
    /// A gateway that says it is too busy has not executed the call, and is asked again inside the deadline. So is one
    /// whose connection was lost before the call was sent, or that restarts while it answers a call which only reads.
    ///
    /// # Errors
    /// Where a call that only reads was lost, what lost it; where one that writes was, whether it may have been
    /// executed.
    pub async fn call<P: Serialize + ?Sized, R: DeserializeOwned>(
        &mut self,
        method: &str,
        params: &P,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<R, GatewayError> {
        let (mut busy, mut lost, mut start) = (backoff(), backoff(), Start::new());
        loop {
            let result = match &self.way {
                Way::Socket(session) => session.call(method, params, deadline).await,
                Way::Admin(admin) => admin.call(method, params, deadline).await,
            };
            let error = match result {
                Ok(payload) => return read(method, payload.as_deref()),
                Err(error) => error,
            };
            // Over HTTP it is the call that connects: where it could not, nothing was sent.
            let error = match (&self.way, error) {
                (Way::Admin(_), error @ GatewayError::Unreachable { .. }) => {
                    start.wait(error, &self.target, false, deadline).await?;
                    continue;
                }
                (_, error) => error,
            };
            let sent = !matches!(error, GatewayError::NotSent { .. });
            let error = if effect == Effect::Read { error.without_doubt() } else { error };
            let again = match (&error, error.again()) {
                (GatewayError::Failed { failure, .. }, _) => {
                    let after = failure.retry_after();
                    after.is_some() && pause(&mut busy, after, deadline).await
                }
                (_, Again::Starting(after)) => {
                    lost.attempts() < DROPS
                        && pause(&mut lost, after, deadline).await
                        && self.reopen(true, deadline).await?
                }
                (_, Again::Dropped) if !sent => {
                    lost.attempts() < DROPS
                        && pause(&mut lost, None, deadline).await
                        && self.reopen(false, deadline).await?
                }
                (_, Again::Dropped | Again::Never) => false,
            };
            if !again {
                return Err(error);
            }
        }
    }

    /// Connects again, in the place of a connection that was lost.
    async fn reopen(&mut self, returning: bool, deadline: Deadline) -> Result<bool, GatewayError> {
        let (way, _) = connect(&self.target, self.access, &self.keyring, returning, deadline).await?;
        self.way = way;
        Ok(true)
    }

    /// Ends the connection politely.
    pub async fn close(self, deadline: Deadline) {
        match self.way {
            Way::Socket(session) => session.close(deadline).await,
            Way::Admin(_) => {}
        }
    }
}

/// Connects. A gateway that is `returning`, or says that it is starting, is not gone because its port is closed for a
/// moment.
async fn connect(
    target: &Target,
    access: Access,
    keyring: &Keyring,
    mut returning: bool,
    deadline: Deadline,
) -> Result<(Way, Option<Events>), GatewayError> {
    let observer = &target.manner.observer;
    if target.address.is_http() {
        observer.notify(&target.address, Progress::Endpoint);
        return Ok((Way::Admin(Box::new(Admin::of(target, deadline).await?)), None));
    }
    let mut identity = keyring.identity(&target.address, access.scopes, deadline).await?;
    let (mut starting, mut dropped, mut start) = (backoff(), backoff(), Start::new());
    loop {
        let confided = Confided::of(&target.credential, identity.token.as_ref());
        let error = match enter(target, access, &mut identity, deadline).await {
            Ok((socket, mut hello)) => {
                let token = hello.auth.device_token.take().map(SecretString::from);
                if token.is_some() {
                    identity.keep(token, deadline).await?;
                }
                let confided = Confided::of(&target.credential, identity.token.as_ref());
                let device = identity.device.id();
                let (session, events) = Session::start(socket, hello, device, confided, access.events);
                return Ok((Way::Socket(Box::new(session)), events));
            }
            Err(error) => confided.error(error),
        };
        let again = match error.again() {
            Again::Starting(after) => {
                returning = true;
                pause(&mut starting, after, deadline).await
            }
            Again::Dropped if dropped.attempts() < DROPS => pause(&mut dropped, None, deadline).await,
            Again::Dropped | Again::Never => {
                start.wait(error, target, returning, deadline).await?;
                continue;
            }
        };
        if !again {
            return Err(error);
        }
        observer.notify(&target.address, Progress::Failed(&error));
    }
}

fn read<R: DeserializeOwned>(method: &str, payload: Option<&RawValue>) -> Result<R, GatewayError> {
    serde_json::from_str(payload.map_or("null", RawValue::get))
        .map_err(|error| shapeless(method, &error, Step::Calling(method.to_owned())))
}

impl GatewayError {
    /// The loss itself, where it does not matter whether the call was executed.
    fn without_doubt(self) -> Self {
        let (Self::NotSent { cause, .. } | Self::Uncertain { cause, .. }) = &self else { return self };
        // The session keeps the cause too, for the calls that come later.
        cause.copied().unwrap_or(self)
    }

    /// The same once more, for whatever ends a connection.
    fn copied(&self) -> Option<Self> {
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
