//! The flags that name a gateway, and the way to it, as settings take them.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use crate::cli::gateway::{Access, Approvals};
use crate::commands::Error;
use crate::commands::documents::Place;
use crate::commands::gateway::observer;
use crate::output::{self, Paper};
use crate::settings::{Flags, SecretKind, Wait, Warnings};

/// What the flags say about a gateway. `quiet`: that it is waited for is not reported.
pub fn flags(gateway: Option<String>, access: Access, quiet: bool) -> Flags {
    let Access {
        token_file,
        password_file,
        ask_token,
        ask_password,
        tls_fingerprint,
        ca_file,
        wait,
        verbose,
    } = access;
    let ask = match (ask_token, ask_password) {
        (true, _) => Some(SecretKind::Token),
        (false, true) => Some(SecretKind::Password),
        (false, false) => None,
    };
    let wait = if wait { Wait::Full } else { Wait::WhileAlive };
    let unwatched = quiet && !verbose;
    let observer = observer(verbose, move |address, step| {
        if !unwatched {
            print_past_the_streams(|err| output::progress_text(err, address, step, Paper::of(&io::stderr())));
        }
    });
    Flags {
        gateway,
        token_file,
        password_file,
        ask,
        tls_fingerprint,
        ca_file,
        own_credential: false,
        warnings: Warnings::to(warn),
        wait,
        observer,
    }
}

/// Prints a warning at once.
fn warn(text: &str) {
    print_past_the_streams(|err| output::error::warning(err, text, Paper::of(&io::stderr())));
}

/// Prints on standard error at once, from whichever thread: whoever holds its lock holds it until the end.
fn print_past_the_streams(print: impl FnOnce(&mut File) -> io::Result<()>) {
    let Ok(err) = io::stderr().as_fd().try_clone_to_owned() else { return };
    // Without standard error there is nobody who reads it.
    drop(print(&mut File::from(err)));
}

/// The gateway or node that the flags name; `None` for this host and its files.
pub fn remote(args: Approvals, quiet: bool) -> Result<Option<Place>, Error> {
    let Approvals { gateway, node, access } = args;
    let wanted = gateway.is_some() || node.is_some();
    let of_connections = of_connections(&access);
    let flags = flags(gateway, access, quiet);
    if wanted {
        return Ok(Some(Place::remote(flags, node)));
    }
    match flags.given().or(of_connections) {
        Some(flag) => Err(Error::NoGateway { flag }),
        None => Ok(None),
    }
}

/// A flag that says how to connect, if one is given: it may be meant for several gateways, but not for none.
pub fn of_connections(access: &Access) -> Option<&'static str> {
    match (access.wait, access.verbose) {
        (true, _) => Some("--wait"),
        (false, true) => Some("--verbose"),
        (false, false) => None,
    }
}
