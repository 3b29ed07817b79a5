//! The state of a guard for one gateway. It is kept from one connection to the next.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::watch as channel;

use super::super::steady::Steady;
use super::control::Control;
use super::metrics::Gauges;
use super::out::Out;
use super::request::Request;
use crate::queue::{Guard, Kind, Reader};
use crate::settings::Flags;

/// The state that is kept between connections.
pub(super) struct Watch<'w, 'o> {
    pub(super) request: &'w Request,
    pub(super) flags: Flags,
    pub(super) name: Arc<str>,
    pub(super) gauges: Gauges,
    pub(super) out: &'w Out<'o>,
    pub(super) control: channel::Receiver<Control>,
    pub(super) guard: Guard,
    pub(super) reader: Reader,
    pub(super) steady: Steady,
    /// The number of re-requested prompts that the metrics have counted.
    pub(super) requeued: u64,
    /// Kinds of prompts that cannot be listed, and why.
    pub(super) unlisted: BTreeMap<Kind, String>,
    /// Whether it was reported that runs are unknown.
    pub(super) runs_unknown: bool,
}
