//! The methods that clearance calls, with their parameters and answers: one file for each family of methods.
//!
//! Answers that differ between releases are read field by field. The rows of prompts are read in `queue`, which is
//! pure.

pub mod approvals;
pub mod config;
pub mod connect;
pub mod events;
pub mod grants;
pub mod history;
mod method;
pub mod nodes;
pub mod prompts;
pub mod sessions;
pub mod status;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::method::Method;

/// The effect of a call on the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing: a call whose answer was lost may be made again.
    Read,
    /// It changes something: a call that may have been executed is not made again.
    Write,
}

/// A call: a method with its parameters, which are the serialized value.
pub trait Call: Serialize {
    /// The payload of a successful answer.
    type Answer: DeserializeOwned;

    /// The method.
    fn method(&self) -> Method;

    /// Whether the call changes something.
    const EFFECT: Effect = Effect::Read;
}
