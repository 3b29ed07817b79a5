//! Converts the flags that name a gateway and how to connect into settings.

use std::fs::File;
use std::io;

use crate::cli::gateway::{Access, Approvals, Unattended};
use crate::commands::Error;
use crate::commands::documents::Place;
use crate::commands::gateway::observer;
use crate::output::{self, Paper};
use crate::settings::{Flags, SecretKind, Wait, Warnings};
use crate::system::own_file;

/// The flags of a gateway as settings. `quiet`: do not report that the command is waiting for it.
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
        rehearsal: None,
        warnings: Warnings::to(warn),
        wait,
        observer,
    }
}

/// The flags of a command that reconnects for as long as it runs, and reports each connection itself.
pub fn unattended(access: Unattended) -> Flags {
    let Unattended { token_file, password_file, tls_fingerprint, ca_file, verbose } = access;
    let access = Access {
        token_file,
        password_file,
        ask_token: false,
        ask_password: false,
        tls_fingerprint,
        ca_file,
        wait: false,
        verbose,
    };
    Flags { wait: Wait::Never, ..flags(None, access, false) }
}

/// Prints a warning immediately.
fn warn(text: &str) {
    print_past_the_streams(|err| output::error::warning(err, text, Paper::of(&io::stderr())));
}

/// Prints on standard error immediately, from any thread, without its lock, which another thread may hold until the
/// end.
fn print_past_the_streams(print: impl FnOnce(&mut File) -> io::Result<()>) {
    let Ok(mut err) = own_file(&io::stderr()) else { return };
    // Without standard error, nobody could read the message.
    drop(print(&mut err));
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

/// A flag about connections, if one is given: it may apply to several gateways, but without any it is an error.
pub fn of_connections(access: &Access) -> Option<&'static str> {
    match (access.wait, access.verbose) {
        (true, _) => Some("--wait"),
        (false, true) => Some("--verbose"),
        (false, false) => None,
    }
}
