//! The watch of one gateway: it reconnects as needed, each time with the current settings and secrets.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch as channel;

use super::super::steady::{Steady, millis};
use super::attempts::Attempts;
use super::connection::LoopExit;
use super::control::Control;
use super::event_loop::run;
use super::metrics::Gauges;
use super::out::{Out, name};
use super::request::Request;
use super::state::Watch;
use crate::backoff::Backoff;
use crate::commands::gateway::Connection;
use crate::commands::queue::secrets;
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::guard::line::Event;
use crate::queue::{Guard, Reader};
use crate::report::exit::Exit;
use crate::settings::Flags;

/// The timeout of one attempt to connect, which includes waiting for a gateway that is starting.
const CONNECTING: Duration = Duration::from_secs(30);

/// The first pause before a retry. Retries never end.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// The longest pause: a restarted gateway is reconnected at most this long after it is back.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The longest pause after the gateway rejected the client, so that its log is not flooded.
const LONGEST_PAUSE_REFUSED: Duration = Duration::from_secs(30);

/// Guards a gateway until the order to stop.
pub(super) async fn watch<'w>(
    request: &'w Request,
    flags: Flags,
    (gauges, attempts): (Gauges, &Attempts),
    out: &'w Out<'_>,
    control: channel::Receiver<Control>,
) {
    let mut watch = Watch {
        request,
        name: name(&flags),
        flags,
        gauges,
        out,
        control,
        guard: Guard::new(request.tuning.clone()),
        reader: Reader::new(),
        steady: Steady::start(),
        requeued: 0,
        unlisted: BTreeMap::new(),
        runs_unknown: false,
    };
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    while !watch.control.borrow_and_update().stop {
        let deadline = Deadline::after(CONNECTING);
        let opened = tokio::select! {
            opened = Connection::open(&watch.flags, Access::GUARD, deadline) => opened,
            () = stopped(&mut watch.control) => break,
        };
        let (mut refused, mut remedy) = (false, None);
        let cause = match opened {
            Ok(connection) => {
                watch.reader.hide(secrets(&connection));
                attempts.connected(&watch.name);
                match run(&mut watch, connection, &mut backoff).await {
                    LoopExit::Stopped => break,
                    LoopExit::Reload => continue,
                    LoopExit::Lost(cause) => cause,
                }
            }
            Err(error) => {
                refused = error.exit() == Exit::Refused;
                // A rejection lasts until a person acts.
                remedy = error.remedy().filter(|_| refused);
                let cause = error.chain();
                attempts.failed(&watch.name, &error, &cause);
                cause
            }
        };
        backoff.limit(if refused { LONGEST_PAUSE_REFUSED } else { LONGEST_PAUSE });
        let pause = backoff.wait();
        let retry_ms = millis(pause);
        watch.out.emit(&watch.name, Event::Disconnected { cause, remedy, retry_ms });
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            // An order to read the configuration again ends the pause: that may be what helps.
            changed = watch.control.changed() => if changed.is_err() {
                break;
            },
        }
    }
}

/// Ends with the order to stop.
async fn stopped(control: &mut channel::Receiver<Control>) {
    if control.wait_for(|control| control.stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}
