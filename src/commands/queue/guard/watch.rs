//! One gateway: connected to again and again, each time with settings and secrets as they are then.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use tokio::sync::watch as channel;

use super::attend::attend;
use super::connection::Ended;
use super::metrics::Gauges;
use super::orders::Orders;
use super::out::{Out, name};
use super::pause::Pauses;
use super::request::Request;
use super::state::Watch;
use crate::commands::Error;
use crate::commands::gateway::Connection;
use crate::commands::queue::secrets;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::guard::line::Event;
use crate::queue::{Guard, Reader};
use crate::report::exit::Exit;
use crate::settings::Flags;

/// How long one attempt to connect may take. A gateway that is starting is waited for in it.
const CONNECTING: Duration = Duration::from_secs(30);

/// Guards a gateway until it is told to stop.
pub(super) async fn watch<'w>(
    request: &'w Request,
    flags: Flags,
    gauges: Gauges,
    out: &'w Out<'_>,
    orders: channel::Receiver<Orders>,
) {
    let mut watch = Watch {
        request,
        name: name(&flags),
        flags,
        gauges,
        out,
        orders,
        guard: Guard::new(request.tuning.clone()),
        reader: Reader::new(),
        began: Instant::now(),
        requeued: 0,
        unlisted: BTreeMap::new(),
        runs_unknown: false,
    };
    let mut pauses = Pauses::new();
    while !watch.orders.borrow_and_update().stop {
        let deadline = Deadline::after(CONNECTING);
        let opened = tokio::select! {
            opened = Connection::open(&watch.flags, Access::GUARD, deadline) => opened,
            () = stopped(&mut watch.orders) => break,
        };
        let (mut refused, mut remedy) = (false, None);
        let cause = match opened {
            Ok(connection) => {
                watch.reader.hide(secrets(&connection));
                match attend(&mut watch, connection, &mut pauses).await {
                    Ended::Stopped => break,
                    Ended::Reload => continue,
                    Ended::Lost(cause) => cause,
                }
            }
            Err(error) => {
                refused = error.exit() == Exit::Refused;
                // What is refused stays refused until a person acts.
                remedy = error.remedy().filter(|_| refused);
                told(&error)
            }
        };
        let pause = pauses.next(refused);
        let retry_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        watch.out.tell(&watch.name, Event::Disconnected { cause, remedy, retry_ms });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // Also where it was told to read its configuration again: that may be what helps.
            changed = watch.orders.changed() => if changed.is_err() {
                break;
            },
        }
    }
}

/// Ends when it was told to stop.
async fn stopped(orders: &mut channel::Receiver<Orders>) {
    if orders.wait_for(|orders| orders.stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// An error with what caused it.
pub(super) fn told(error: &Error) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        next = cause.source();
    }
    text
}
