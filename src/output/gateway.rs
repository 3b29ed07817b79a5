//! Reports of `gateway` commands as text.

use std::io::{self, Write};
use std::time::Duration;

use super::escape::{Paper, escaped};
use crate::report::failure::Failure;
use crate::report::gateway::{Added, Chosen, Connected, CredentialKind, Dev, Refused, Status, Transport};

/// Prints the selected gateway and the result of the connection.
pub fn status_text(out: &mut dyn Write, status: &Status) -> io::Result<()> {
    let Chosen { address, address_from, name, credential, credential_from, trust, notes } = &status.chosen;
    let name = name.as_ref().map_or_else(String::new, |name| format!(" ({})", escaped(name)));
    writeln!(out, "gateway     {}{name}", escaped(address))?;
    writeln!(out, "  from      {}", escaped(address_from))?;
    writeln!(out, "credential  {}", credential.as_str())?;
    if *credential != CredentialKind::None {
        writeln!(out, "  from      {}", escaped(credential_from))?;
    }
    if let Some(trust) = trust {
        writeln!(out, "trust       {}", escaped(trust))?;
    }
    for note in notes {
        writeln!(out, "note        {}", escaped(note))?;
    }
    match &status.result {
        Ok(connected) => connected_text(out, connected),
        Err(Refused { message, next, .. }) => {
            writeln!(out, "connection  failed: {}", escaped(message))?;
            next_text(out, next.as_deref())
        }
    }
}

/// Prints one of several gateways whose address could not be determined.
pub fn unchosen_text(out: &mut dyn Write, name: &str, failure: &Failure<'_>) -> io::Result<()> {
    writeln!(out, "gateway     {}", escaped(name))?;
    writeln!(out, "connection  failed: {}", escaped(&failure.causes.join(": ")))?;
    next_text(out, failure.remedy.as_deref())
}

fn next_text(out: &mut dyn Write, next: Option<&str>) -> io::Result<()> {
    for (at, line) in next.into_iter().flat_map(str::lines).enumerate() {
        let label = if at == 0 { "next" } else { "    " };
        writeln!(out, "  {label}      {}", escaped(line))?;
    }
    Ok(())
}

fn connected_text(out: &mut dyn Write, connected: &Connected) -> io::Result<()> {
    let Connected { transport, version, protocol, method, device, scopes, .. } = connected;
    let Connected { methods, capabilities, handshake, call, .. } = connected;
    let over = match transport {
        Transport::Http => "HTTP, the admin endpoint".to_owned(),
        Transport::WebSocket => format!("WebSocket in {}", millis(*handshake)),
    };
    writeln!(out, "connection  {over}; a call takes {}", millis(*call))?;
    writeln!(out, "version     {}", version.as_deref().map_or_else(|| "unknown".to_owned(), escaped))?;
    if let Some(protocol) = protocol {
        writeln!(out, "protocol    {protocol}")?;
    }
    if let Some(method) = method {
        writeln!(out, "auth method {}", escaped(method))?;
    }
    if let Some(device) = device {
        writeln!(out, "device      {device}")?;
    }
    if !scopes.is_empty() {
        writeln!(out, "scopes      {}", split(scopes, "not granted"))?;
    }
    if !capabilities.is_empty() {
        let listed = capabilities.iter().map(|one| (one.text.to_owned(), one.present)).collect::<Vec<_>>();
        writeln!(out, "supports    {}", split(&listed, "missing"))?;
    }
    writeln!(out, "methods     {}", split(methods, "missing"))
}

/// Lists the available names, then the missing ones.
fn split(list: &[(String, bool)], missing: &str) -> String {
    let those = |wanted: bool| {
        let names: Vec<&str> =
            list.iter().filter(|(_, there)| *there == wanted).map(|(name, _)| name.as_str()).collect();
        names.join(", ")
    };
    match (those(true), those(false)) {
        (there, absent) if absent.is_empty() => there,
        (there, absent) if there.is_empty() => format!("none; {missing}: {absent}"),
        (there, absent) => format!("{there}; {missing}: {absent}"),
    }
}

fn millis(duration: Duration) -> String {
    format!("{:.1} ms", duration.as_secs_f64() * 1e3)
}

/// Prints a step of a connection to this address.
pub fn progress_text(err: &mut dyn Write, address: &str, step: &str, paper: Paper) -> io::Result<()> {
    // Written in one call: other threads may print at the same time.
    let mut line = Vec::new();
    paper.line(&mut line, &format!("{}: ", escaped(address)), &escaped(step))?;
    err.write_all(&line)
}

/// Prints how to connect to an embedded gateway.
pub fn dev_text(out: &mut dyn Write, dev: &Dev) -> io::Result<()> {
    let Dev { url, token, fingerprint, version } = dev;
    writeln!(
        out,
        "a gateway to rehearse with, behaving like OpenClaw {version}; Ctrl-C ends it. In another terminal:"
    )?;
    writeln!(out, "  export OPENCLAW_GATEWAY_URL={url}")?;
    writeln!(out, "  export OPENCLAW_GATEWAY_TOKEN={token}")?;
    match fingerprint {
        Some(fingerprint) => writeln!(out, "  clearance gateway status --tls-fingerprint {fingerprint}"),
        None => writeln!(out, "  clearance gateway status"),
    }
}

/// Prints the gateway that was added and the file it was written to.
pub fn added_text(out: &mut dyn Write, added: &Added) -> io::Result<()> {
    let Added { name, url, file, replaced, default, warnings: _ } = added;
    let verb = if *replaced { "Replaced" } else { "Added" };
    let default = if *default { ", the default" } else { "" };
    writeln!(out, "{verb} gateway {name} ({}){default}, in {}", escaped(url), escaped(file))?;
    writeln!(out, "  next: clearance gateway status --gateway={name}")
}
