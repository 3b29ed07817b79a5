//! What the parts of a gateway's thread share, and its messages.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc;

use super::super::steady::Steady;
use super::request::Request;
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::queue::triage::{GatewayIndex, Input};
use crate::settings::Flags;

/// A message of a gateway's thread.
pub(super) enum Message {
    /// An input of the state machine.
    Input(Box<Input>),
    /// The first attempt to connect failed.
    Failed(Error),
    /// A thread ends.
    Ended,
}

/// What the parts of a thread share.
#[derive(Clone)]
pub(super) struct Gateway {
    pub(super) index: GatewayIndex,
    pub(super) flags: Flags,
    pub(super) request: Request,
    pub(super) steady: Steady,
    pub(super) messages: mpsc::UnboundedSender<Message>,
    /// How often something was decided or stored here.
    pub(super) decided: Arc<AtomicUsize>,
}

impl Gateway {
    /// Passes an input to the state machine. After its end nobody receives it.
    pub(super) fn report(&self, input: Input) {
        if matches!(input, Input::Ended(..)) {
            self.changed();
        }
        drop(self.messages.send(Message::Input(Box::new(input))));
    }

    /// Notes that a decision or a document changed, so that facts count no longer.
    pub(super) fn changed(&self) {
        self.decided.fetch_add(1, Ordering::SeqCst);
    }

    /// Reports that the first attempt to connect failed.
    pub(super) fn failed(&self, error: Error) {
        drop(self.messages.send(Message::Failed(error)));
    }

    /// How often something was decided or stored here.
    pub(super) fn decisions(&self) -> usize {
        self.decided.load(Ordering::SeqCst)
    }

    /// The deadline of a call that is sent now.
    pub(super) fn deadline(&self) -> Deadline {
        Deadline::after(self.request.step)
    }
}
