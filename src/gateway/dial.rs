//! Opens a stream of bytes to an address: name resolution, proxy, TCP, TLS.

use std::error::Error as _;
use std::io;

use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_tungstenite::tungstenite::http::Uri;
use tower_service::Service;

use super::connect_options::Progress;
use super::error::{GatewayError, Step, TlsError};
use super::lookup::{Lookup, NameService, Watched};
use super::target::{Address, Fingerprint, Target};
use super::tls::Tls;
use super::wait::within;
use crate::deadline::Deadline;

/// A stream in both directions, encrypted or not.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Connects, with TLS if the address is encrypted.
pub(super) async fn dial(target: &Target, deadline: Deadline) -> Result<Box<dyn Duplex>, GatewayError> {
    dial_by(target, GaiResolver::new(), deadline).await
}

/// Like [`dial`], with this resolver of names.
async fn dial_by<R: NameService>(
    target: &Target,
    resolver: R,
    deadline: Deadline,
) -> Result<Box<dyn Duplex>, GatewayError> {
    let address = &target.address;
    let observer = &target.options.observer;
    let proxy = proxy_of(address).map(|proxy| shown(&proxy));
    let (host, port) = (address.host(), address.port());
    observer.notify(address, Progress::Connecting { host, port, proxy: proxy.as_deref() });
    let lookup = Lookup::default();
    let watched = Watched::new(resolver, lookup.clone());
    let stream = within(deadline, || lookup.step(), reach(address, watched)).await??;
    observer.notify(address, Progress::Connected(stream.peer_addr().ok()));
    // Frames are written whole, so waiting for more data gains nothing.
    let _: io::Result<()> = stream.set_nodelay(true);
    if !address.is_encrypted() {
        return Ok(Box::new(stream));
    }
    let tls = Tls::load(&target.trust, deadline).await?;
    let name = address.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name)
        .map_err(|_| TlsError::Handshake(format!("{} is not a name for a certificate", address.host())))?;
    let connector = TlsConnector::from(std::sync::Arc::new(tls.config.clone()));
    match within(deadline, || Step::Securing, connector.connect(name, stream)).await? {
        Ok(stream) => {
            let (_, session) = stream.get_ref();
            let version = session.protocol_version().and_then(|version| version.as_str());
            let certificate = session.peer_certificates().and_then(|certificates| certificates.first());
            let fingerprint = certificate.map(|certificate| Fingerprint::of(certificate));
            observer.notify(address, Progress::Secured { version, fingerprint });
            Ok(Box::new(stream))
        }
        Err(error) if is_drop(&error) => {
            Err(GatewayError::Closed { step: Step::Securing, code: None, reason: String::new() })
        }
        Err(error) => Err(tls.explain(&error).into()),
    }
}

/// Whether the peer ended the connection without a close frame or alert.
pub(super) fn is_drop(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}

async fn reach<R: NameService>(address: &Address, resolver: Watched<R>) -> Result<TcpStream, GatewayError> {
    let mut connector = HttpConnector::new_with_resolver(resolver);
    connector.enforce_http(false);
    let destination = authority("http", address.host(), address.port())?;
    let Some(proxy) = proxy_of(address) else {
        return connector.call(destination).await.map(hyper_util::rt::TokioIo::into_inner).map_err(|error| {
            let refused = error
                .source()
                .and_then(|cause| cause.downcast_ref::<io::Error>())
                .is_some_and(|cause| cause.kind() == io::ErrorKind::ConnectionRefused);
            GatewayError::Unreachable { cause: innermost_cause(&error), refused }
        });
    };
    let shown = shown(&proxy);
    let fault = |cause: String| GatewayError::Proxy { proxy: shown.clone(), cause };
    if proxy.uri().scheme_str() != Some("http") {
        return Err(fault("only http:// proxies can be used for a WebSocket".to_owned()));
    }
    let mut tunnel = Tunnel::new(proxy.uri().clone(), connector);
    if let Some(authorization) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(authorization.clone());
    }
    tunnel
        .call(destination)
        .await
        .map(hyper_util::rt::TokioIo::into_inner)
        .map_err(|error| fault(innermost_cause(&error)))
}

/// The proxy that the environment names for an address. Loopback addresses never use one.
pub(super) fn proxy_of(address: &Address) -> Option<Intercept> {
    if address.is_loopback() {
        return None;
    }
    let scheme = if address.is_encrypted() { "https" } else { "http" };
    let uri = authority(scheme, address.host(), address.port()).ok()?;
    Matcher::from_env().intercept(&uri)
}

/// A proxy without its user and password, so that it may be printed.
pub(super) fn shown(proxy: &Intercept) -> String {
    let uri = proxy.uri();
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{host}{port}", uri.scheme_str().unwrap_or("http"))
}

fn authority(scheme: &str, host: &str, port: u16) -> Result<Uri, GatewayError> {
    Uri::builder()
        .scheme(scheme)
        .authority(format!("{host}:{port}"))
        .path_and_query("/")
        .build()
        .map_err(|error| GatewayError::Unreachable { cause: error.to_string(), refused: false })
}

/// The innermost cause. The outer ones only name layers of the HTTP client.
pub(super) fn innermost_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gateway::connect_options::ConnectOptions;
    use crate::gateway::lookup::Silent;
    use crate::gateway::target::{Credential, Trust};

    #[test]
    fn a_silent_dns_server_is_named_and_ends_at_the_deadline() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let error = |url: &str| {
            let target = Target {
                address: url.parse().unwrap(),
                credential: Credential::None,
                trust: Trust::Platform,
                plaintext_allowed: false,
                options: ConnectOptions::default(),
            };
            let dialled = dial_by(&target, Silent, Deadline::after(Duration::from_millis(20)));
            runtime.block_on(dialled).err().unwrap()
        };
        let silent = error("wss://gateway.localhost");
        assert!(
            matches!(&silent, GatewayError::TimedOut { step: Step::LookingUp(name), .. } if name == "gateway.localhost"),
            "{silent}"
        );
        assert_eq!(
            silent.to_string(),
            "no answer within 20ms: timed out while looking up the name gateway.localhost"
        );
    }
}
