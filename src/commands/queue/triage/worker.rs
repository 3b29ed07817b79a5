//! The thread of one gateway: a connection that lists, and one for each kind of work, so that a purge that waits for its
//! slot delays no other decision.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch as channel};

use super::super::steady::Steady;
use super::gateway::{Gateway, Message};
use super::request::Request;
use super::{executing, looking, suggesting, watching};
use crate::commands::Error;
use crate::commands::gateway::{is_rehearsal, rehearsal};
use crate::commands::runtime::Runtime;
use crate::queue::Prompt;
use crate::queue::triage::{Act, Effect, GatewayIndex, RowId};
use crate::settings::Flags;

/// A gateway's thread.
#[derive(Debug)]
pub(super) struct Worker {
    decisions: mpsc::UnboundedSender<Effect>,
    purges: mpsc::UnboundedSender<Effect>,
    proposals: mpsc::UnboundedSender<Effect>,
    looks: mpsc::UnboundedSender<(RowId, Arc<Prompt>)>,
    stop: channel::Sender<bool>,
}

impl Worker {
    /// Starts the thread of a gateway.
    pub(super) fn start(
        index: GatewayIndex,
        flags: Flags,
        request: &Request,
        steady: Steady,
        messages: mpsc::UnboundedSender<Message>,
    ) -> Result<Self, Error> {
        let (decisions, of_decisions) = mpsc::unbounded_channel();
        let (purges, of_purges) = mpsc::unbounded_channel();
        let (proposals, of_proposals) = mpsc::unbounded_channel();
        let (looks, of_looks) = mpsc::unbounded_channel();
        let (stop, stopped) = channel::channel(false);
        let request = request.clone();
        let gateway = Gateway { index, flags, request, steady, messages, decided: Arc::default() };
        let work = move || {
            let ended = gateway.clone();
            let work = async {
                let mut gateway = gateway.clone();
                let mut running = None;
                if is_rehearsal(&gateway.flags) {
                    let (embedded, at) = rehearsal().await?;
                    (running, gateway.flags.rehearsal) = (Some(embedded), Some(at));
                }
                let lanes = async {
                    tokio::join!(
                        executing::run(&gateway, of_decisions),
                        executing::run(&gateway, of_purges),
                        suggesting::run(&gateway, of_proposals),
                        looking::run(&gateway, of_looks),
                    );
                    std::future::pending::<()>().await;
                };
                tokio::select! {
                    () = watching::run(&gateway, stopped) => {}
                    () = lanes => {}
                }
                if let Some(embedded) = running {
                    embedded.stop().await;
                }
                Ok(())
            };
            // A runtime that cannot be started is reported like a connection that cannot be made.
            if let Err(error) = Runtime::new().and_then(|runtime| runtime.run(work)) {
                ended.failed(error);
            }
            drop(ended.messages.send(Message::Ended));
        };
        std::thread::Builder::new().name(format!("gateway {index}")).spawn(work).map_err(Error::Runtime)?;
        Ok(Self { decisions, purges, proposals, looks, stop })
    }

    /// Passes on what the state machine asks for. A purge waits for its slots, so it has a connection of its own.
    pub(super) fn give(&self, effect: Effect) {
        // A thread that has ended reports nothing any more, and the screen ends too.
        match effect {
            Effect::Look(row, prompt) => drop(self.looks.send((row, prompt))),
            Effect::Send(order) if order.act == Act::DenyDuplicates => {
                drop(self.purges.send(Effect::Send(order)));
            }
            Effect::Send(order) if matches!(order.act, Act::AddEntries { .. }) => {
                drop(self.proposals.send(Effect::Send(order)));
            }
            Effect::Propose(..) => drop(self.proposals.send(effect)),
            Effect::Drop(gateway, ticket) => {
                // Plans and proposals have different numbers.
                drop(self.proposals.send(Effect::Drop(gateway, ticket)));
                drop(self.decisions.send(Effect::Drop(gateway, ticket)));
            }
            Effect::Send(_) | Effect::Plan(..) | Effect::Quit => drop(self.decisions.send(effect)),
        }
    }
}

/// Ends the threads, and waits a moment for their connections to be closed.
pub(super) async fn close(
    workers: Vec<Worker>,
    messages: &mut mpsc::UnboundedReceiver<Message>,
    patience: Duration,
) {
    let mut left = workers.len();
    for worker in &workers {
        let _ended: Result<(), _> = worker.stop.send(true);
    }
    let ended = async {
        while left > 0 {
            match messages.recv().await {
                Some(Message::Ended) => left -= 1,
                Some(_) => {}
                None => break,
            }
        }
    };
    // Threads that are left end with the process.
    let _in_time = tokio::time::timeout(patience, ended).await;
}
