//! The steps of a connection, as text. The text has no secrets. Text from a gateway is escaped when it is printed.

use crate::gateway::{Observer, Progress};

/// Passes each step to `show` as text: the gateway's address, and what happened. Without `verbose`, only the wait for a
/// gateway is shown.
pub fn observer(verbose: bool, show: impl Fn(&str, &str) + Send + Sync + 'static) -> Observer {
    Observer::new(move |address, progress| {
        if verbose || matches!(progress, Progress::Waiting { .. }) {
            show(&address.to_string(), &words(progress));
        }
    })
}

fn words(progress: Progress<'_>) -> String {
    match progress {
        Progress::Choice(text) => text.to_owned(),
        Progress::Connecting { host, port, proxy: None } => format!("connecting to {host}:{port}"),
        Progress::Connecting { host, port, proxy: Some(proxy) } => {
            format!("connecting to {host}:{port} through the proxy {proxy}")
        }
        Progress::Connected(Some(peer)) => format!("connected to {peer}"),
        Progress::Connected(None) => "connected".to_owned(),
        Progress::Secured { version, fingerprint } => {
            let version = version.unwrap_or("TLS").replacen('v', " ", 1).replace('_', ".");
            let certificate = fingerprint.map(|print| format!(", certificate {print}")).unwrap_or_default();
            format!("encrypted: {version}{certificate}")
        }
        Progress::Upgraded => "the WebSocket is open; waiting for the gateway's challenge".to_owned(),
        Progress::Presenting { device, credential } => {
            format!(
                "received the challenge; sending connect with {credential}, signed by the device {device}"
            )
        }
        Progress::Admitted(hello) => {
            let method = hello.auth.method.as_ref().map(|method| format!(" by {method}")).unwrap_or_default();
            let version = match hello.server.version.as_str() {
                "" => "release unknown".to_owned(),
                version => format!("release {version}"),
            };
            let scopes = hello.auth.scopes.join(" ");
            format!("authenticated{method}: {version}, protocol {}, scopes {scopes}", hello.protocol)
        }
        Progress::Endpoint => "calls use the admin endpoint: one HTTP request per call".to_owned(),
        Progress::Failed(error) => format!("failed: {error}; trying again"),
        Progress::Waiting { process: Some(process), timeout } => format!(
            "waiting up to {timeout:?} for the gateway to start: its process {} accepts no connections yet",
            process.id
        ),
        Progress::Waiting { process: None, timeout } => {
            format!("waiting up to {timeout:?} for the gateway to start: it accepts no connections yet")
        }
    }
}
