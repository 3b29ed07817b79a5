//! A gateway that can be called, whichever way it is reached; and the calls that may be made again.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::clock::Backoff;
use super::error::{Again, GatewayError, Step, Violation};
use super::handshake::enter;
use super::http::Admin;
use super::keyring::{Identity, Keyring};
use super::session::{Events, Session};
use super::target::Target;
use super::{Access, Hello};
use crate::deadline::Deadline;

/// How often a connection that drops before anything was called is made again.
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
pub enum Link {
    /// Over the WebSocket.
    Socket(Session),
    /// Over the admin endpoint.
    Admin(Box<Admin>),
}

impl Link {
    /// Connects. What passes by itself, a gateway that is starting or a connection that drops before anything was
    /// called, is waited for inside the deadline.
    pub async fn open(
        target: &Target,
        access: &Access<'_>,
        keyring: &Keyring,
        deadline: Deadline,
    ) -> Result<(Self, Option<Events>), GatewayError> {
        if target.address.is_http() {
            return Ok((Self::Admin(Box::new(Admin::of(target, deadline)?)), None));
        }
        let mut identity = keyring.identity(&target.address, access.scopes, deadline)?;
        let (session, events) = Self::session(target, access, &mut identity, deadline).await?;
        Ok((Self::Socket(session), events))
    }

    async fn session(
        target: &Target,
        access: &Access<'_>,
        identity: &mut Identity,
        deadline: Deadline,
    ) -> Result<(Session, Option<Events>), GatewayError> {
        let (mut starting, mut dropped) = (Backoff::new(), Backoff::new());
        loop {
            let error = match enter(target, access, identity, deadline).await {
                Ok((socket, mut hello)) => {
                    let token = hello.auth.device_token.take().map(SecretString::from);
                    if token.is_some() {
                        identity.keep(token, deadline)?;
                    }
                    return Ok(Session::start(socket, hello, access.events));
                }
                Err(error) => error,
            };
            let again = match error.again() {
                Again::Starting(after) => starting.pause(after, deadline).await,
                Again::Dropped if dropped.attempts() < DROPS => dropped.pause(None, deadline).await,
                Again::Dropped | Again::Never => false,
            };
            if !again {
                return Err(error);
            }
        }
    }

    /// What the gateway said when it let us in. The admin endpoint says nothing.
    pub fn hello(&self) -> Option<&Hello> {
        match self {
            Self::Socket(session) => Some(session.hello()),
            Self::Admin(_) => None,
        }
    }

    /// Makes one call. A gateway that says it is too busy has not executed it, and is asked again inside the deadline.
    ///
    /// # Errors
    /// Where a call that only reads was lost, what lost it; where one that writes was, whether it may have been
    /// executed.
    pub async fn call<P: Serialize + ?Sized, R: DeserializeOwned>(
        &self,
        method: &str,
        params: &P,
        effect: Effect,
        deadline: Deadline,
    ) -> Result<R, GatewayError> {
        let mut busy = Backoff::new();
        let payload = loop {
            let result = match self {
                Self::Socket(session) => session.call(method, params, deadline).await,
                Self::Admin(admin) => admin.call(method, params, deadline).await,
            };
            let error = match result {
                Ok(payload) => break payload,
                Err(error) => error,
            };
            let after = match &error {
                GatewayError::Failed { failure, .. } => failure.retry_after(),
                _ => None,
            };
            if after.is_none() || !busy.pause(after, deadline).await {
                return Err(match effect {
                    Effect::Read => error.without_doubt(),
                    Effect::Write => error,
                });
            }
        };
        let text = payload.as_deref().map_or("null", RawValue::get);
        serde_json::from_str(text).map_err(|error| {
            // serde's own words may quote what it found.
            let cause = format!("unexpected JSON at line {} column {}", error.line(), error.column());
            let method = method.to_owned();
            let step = Step::Calling(method.clone());
            GatewayError::Violation { violation: Violation::Answer { method, cause }, step }
        })
    }

    /// Ends the connection politely.
    pub async fn close(self, deadline: Deadline) {
        match self {
            Self::Socket(session) => session.close(deadline).await,
            Self::Admin(_) => {}
        }
    }
}

impl GatewayError {
    /// The loss itself, where it does not matter whether the call was executed.
    fn without_doubt(self) -> Self {
        match self {
            Self::NotSent { method, cause } => {
                Arc::try_unwrap(cause).unwrap_or_else(|cause| Self::NotSent { method, cause })
            }
            Self::Uncertain { method, cause } => {
                Arc::try_unwrap(cause).unwrap_or_else(|cause| Self::Uncertain { method, cause })
            }
            error => error,
        }
    }
}
