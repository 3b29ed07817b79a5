//! The admin endpoint: single calls over HTTP, if the gateway's plugin `admin-http-rpc` is enabled.

use std::convert::Infallible;
use std::io::{self, ErrorKind::ConnectionRefused};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use hyper::body::{Bytes, Frame, SizeHint};
use hyper_util::client::legacy::connect::dns::GaiResolver;
use reqwest::header::{ACCEPT, USER_AGENT};
use reqwest::redirect::Policy;
use reqwest::{Body, Client, Response, StatusCode};
use rustls::{ClientConfig, RootCertStore};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::dial::{innermost_cause, proxy_of, shown};
use super::error::{GatewayError, Step, TlsError, Violation};
use super::frames::MAX_INCOMING;
use super::handshake::CLIENT_NAME;
use super::lookup::{Lookup, NameService, Watched};
use super::refusal::{Failure, Refusal};
use super::sent_secrets::SentSecrets;
use super::target::{Address, Credential, Target};
use super::tls::Tls;
use super::wait::within;
use crate::deadline::Deadline;

/// The largest call that the endpoint accepts, in bytes. It answers larger ones with status 413.
const MAX_OUTGOING: usize = 1_000_000;

/// The admin endpoint of a gateway.
#[derive(Debug)]
pub struct Admin {
    client: Client,
    address: Address,
    credential: Option<SecretString>,
    sent_secrets: SentSecrets,
    /// `None` if the connection is not encrypted.
    tls: Option<Tls>,
    lookup: Lookup,
}

#[derive(Serialize)]
struct RpcBody<'c, P: ?Sized> {
    method: &'c str,
    params: &'c P,
}

/// The body of a call, which records when the connection takes it. Before that no byte of it was sent, so the gateway
/// cannot have executed the call.
struct CallBody {
    bytes: Option<Bytes>,
    taken: Arc<AtomicBool>,
}

impl hyper::body::Body for CallBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.taken.store(true, Ordering::SeqCst);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[derive(Deserialize)]
struct Reply {
    ok: bool,
    #[serde(default)]
    payload: Option<Box<RawValue>>,
    #[serde(default)]
    error: Option<Failure>,
}

impl Admin {
    /// Prepares a client of the target's endpoint. Nothing is sent yet.
    pub(super) async fn of(target: &Target, deadline: Deadline) -> Result<Self, GatewayError> {
        Self::with_resolver(target, GaiResolver::new(), deadline).await
    }

    async fn with_resolver<R: NameService>(
        target: &Target,
        resolver: R,
        deadline: Deadline,
    ) -> Result<Self, GatewayError> {
        let credential = match &target.credential {
            Credential::None => None,
            Credential::Token(secret) | Credential::Password(secret) => Some(secret.clone()),
        };
        if credential.is_some() && !target.may_carry_secrets() {
            return Err(GatewayError::Plaintext);
        }
        let tls = if target.address.is_encrypted() {
            Some(Tls::load(&target.trust, deadline).await?)
        } else {
            None
        };
        let config = tls.as_ref().map_or_else(no_roots, |tls| Ok(tls.config.clone()))?;
        let lookup = Lookup::default();
        let mut builder = Client::builder()
            .dns_resolver(Arc::new(Watched::new(resolver, lookup.clone())))
            // Without a configuration reqwest would load the platform's roots, and use a provider that is not
            // installed.
            .tls_backend_preconfigured(config)
            // A redirect would send the credential to another address.
            .redirect(Policy::none())
            .http1_only();
        if target.address.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| GatewayError::NotAGateway(innermost_cause(&error)))?;
        let sent_secrets = SentSecrets::of(&target.credential, None);
        Ok(Self { client, address: target.address.clone(), credential, sent_secrets, tls, lookup })
    }

    /// Makes one call. It is sent at most once.
    pub async fn call<P: Serialize + ?Sized>(
        &self,
        method: &str,
        params: &P,
        deadline: Deadline,
    ) -> Result<Option<Box<RawValue>>, GatewayError> {
        self.exchange(method, params, deadline).await.map_err(|error| self.sent_secrets.error(error))
    }

    async fn exchange<P: Serialize + ?Sized>(
        &self,
        method: &str,
        params: &P,
        deadline: Deadline,
    ) -> Result<Option<Box<RawValue>>, GatewayError> {
        let body = serde_json::to_vec(&RpcBody { method, params })
            .map_err(|error| GatewayError::NotAGateway(error.to_string()))?;
        let size = body.len();
        if size > MAX_OUTGOING {
            return Err(GatewayError::TooLarge { method: method.to_owned(), size, limit: MAX_OUTGOING });
        }
        let mut url = self.address.url().clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["api", "v1", "admin", "rpc"]);
        }
        self.lookup.clear();
        let taken = Arc::new(AtomicBool::new(false));
        let body = CallBody { bytes: Some(body.into()), taken: Arc::clone(&taken) };
        let mut request = self
            .client
            .post(url)
            .header(USER_AGENT, CLIENT_NAME)
            .header(ACCEPT, "application/json")
            .header("content-type", "application/json")
            .body(Body::wrap(body));
        if let Some(credential) = &self.credential {
            request = request.bearer_auth(credential.expose_secret());
        }
        let is_sent = || taken.load(Ordering::SeqCst);
        let step = || if is_sent() { Step::Calling(method.to_owned()) } else { self.lookup.step() };
        let uncertain = |error| GatewayError::unanswered(method.to_owned(), true, Arc::new(error));
        let lost = |error| GatewayError::unanswered(method.to_owned(), is_sent(), Arc::new(error));
        let response = match within(deadline, step, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) if error.is_builder() => {
                return Err(GatewayError::NotAGateway(innermost_cause(&error)));
            }
            Ok(Err(error)) if error.is_connect() => return Err(self.unreached(&error)),
            Ok(Err(error)) => return Err(lost(dropped(&error, step()))),
            Err(error) => return Err(lost(error)),
        };
        let status = response.status();
        let answer = whole(response, method, deadline).await.map_err(uncertain)?;
        reply(method, size, status, &answer).map_err(|error| match error {
            // A proxy may have answered, so the gateway may have executed the call.
            GatewayError::NotAGateway(_) => uncertain(error),
            error => error,
        })
    }

    fn unreached(&self, error: &reqwest::Error) -> GatewayError {
        if let Some(error) = self.tls.as_ref().and_then(|tls| tls.explain_chain(error)) {
            return error.into();
        }
        let cause = innermost_cause(error);
        match proxy_of(&self.address) {
            Some(proxy) => GatewayError::Proxy { proxy: shown(&proxy), cause },
            None => GatewayError::Unreachable { cause, refused: refused(error) },
        }
    }
}

/// The TLS configuration for an address that is not encrypted: it trusts nothing, and loads nothing.
pub(super) fn no_roots() -> Result<ClientConfig, GatewayError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| TlsError::Handshake(error.to_string()))?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Ok(config)
}

fn refused(error: &reqwest::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ConnectionRefused) {
            return true;
        }
        next = error.source();
    }
    false
}

fn dropped(error: &reqwest::Error, step: Step) -> GatewayError {
    GatewayError::Closed { step, code: None, reason: innermost_cause(error) }
}

/// Reads the body, up to the largest message that is accepted from a gateway.
async fn whole(mut response: Response, method: &str, deadline: Deadline) -> Result<Vec<u8>, GatewayError> {
    let step = || Step::Calling(method.to_owned());
    let mut body = Vec::new();
    while let Some(chunk) =
        within(deadline, step, response.chunk()).await?.map_err(|error| dropped(&error, step()))?
    {
        if body.len() + chunk.len() > MAX_INCOMING {
            let violation = Violation::Oversize { limit: MAX_INCOMING };
            return Err(GatewayError::Violation { violation, step: step() });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Reads an answer. There are three shapes of errors: the method's, the endpoint's, and the HTTP server's.
fn reply(
    method: &str,
    size: usize,
    status: StatusCode,
    body: &[u8],
) -> Result<Option<Box<RawValue>>, GatewayError> {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(GatewayError::Refused(Box::new(Refusal::unauthorized())));
        }
        StatusCode::NOT_FOUND => return Err(GatewayError::NoAdminEndpoint),
        StatusCode::PAYLOAD_TOO_LARGE => {
            return Err(GatewayError::TooLarge { method: method.to_owned(), size, limit: MAX_OUTGOING });
        }
        _ => {}
    }
    let reply: Reply = serde_json::from_slice(body)
        .map_err(|_| GatewayError::NotAGateway(format!("HTTP status {status}, and no answer in JSON")))?;
    if reply.ok && status.is_success() {
        return Ok(reply.payload);
    }
    let failure = reply.error.unwrap_or_default();
    let method = method.to_owned();
    if failure.message.starts_with("admin HTTP RPC method is not supported") {
        return Err(GatewayError::NotOverHttp { method });
    }
    Err(GatewayError::Failed { method, failure: Box::new(failure) })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{SocketAddr, TcpListener};
    use std::time::Duration;

    use hyper_util::client::legacy::connect::dns::Name;
    use serde_json::json;
    use tower_service::Service;

    use super::*;
    use crate::gateway::connect_options::ConnectOptions;
    use crate::gateway::lookup::Silent;
    use crate::gateway::target::{Fingerprint, Trust};

    /// The error of the last of so many calls.
    fn error_of_call<R: NameService>(url: &str, resolver: R, calls: usize) -> GatewayError {
        let target = Target {
            address: url.parse().unwrap(),
            credential: Credential::None,
            trust: Trust::Pin(Fingerprint::of(b"none")),
            plaintext_allowed: false,
            options: ConnectOptions::default(),
        };
        let call = async {
            let admin = Admin::with_resolver(&target, resolver, Deadline::after(Duration::from_secs(20)));
            let admin = admin.await.unwrap();
            let params = json!({});
            let set = || admin.call("exec.approvals.set", &params, Deadline::after(Duration::from_secs(1)));
            for _ in 1..calls {
                set().await.unwrap();
            }
            set().await
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(call).err().unwrap()
    }

    #[test]
    fn a_call_whose_body_was_not_taken_was_not_sent() {
        let error = error_of_call("https://gateway.localhost", Silent, 1);
        assert_eq!(
            error.to_string(),
            "exec.approvals.set was not sent: no answer within 1s: timed out while looking up the name gateway.localhost"
        );
        let mute = TcpListener::bind("127.0.0.1:0").unwrap();
        let error = error_of_call(&format!("https://{}", mute.local_addr().unwrap()), GaiResolver::new(), 1);
        assert_eq!(
            error.to_string(),
            "exec.approvals.set was not sent: no answer within 1s: timed out while connecting"
        );
        // Here the connection takes the body.
        let error = error_of_call(&format!("http://{}", mute.local_addr().unwrap()), GaiResolver::new(), 1);
        assert!(matches!(&error, GatewayError::Uncertain { .. }), "{error}");
    }

    /// An earlier call that was answered does not make a later one uncertain.
    #[test]
    fn a_later_call_that_cannot_connect_was_not_sent() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"}}") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                head.push(byte[0]);
            }
            let answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 11\r\n\r\n{\"ok\":true}";
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let error = error_of_call(&format!("http://gateway.localhost:{port}"), Once::default(), 2);
        answering.join().unwrap();
        assert!(matches!(&error, GatewayError::NotSent { .. }), "{error}");
        assert!(error.to_string().ends_with("while looking up the name gateway.localhost"), "{error}");
    }

    /// A DNS server that answers once.
    #[derive(Clone, Default)]
    struct Once(Arc<AtomicBool>);

    impl Service<Name> for Once {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            if self.0.swap(true, Ordering::SeqCst) {
                return Box::pin(std::future::pending());
            }
            Box::pin(std::future::ready(Ok(vec![([127, 0, 0, 1], 0).into()].into_iter())))
        }
    }
}
