//! One TLS configuration for the WebSocket and for HTTP: roots, CA files and pins are decided here and nowhere else.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::clock::beside;
use super::error::{GatewayError, Step, TlsError};
use super::target::{Fingerprint, Trust};
use crate::deadline::Deadline;
use crate::store::input::{self, Bounds, Input};

/// The largest file of roots that is read.
const MAX_ROOTS: bytesize::ByteSize = bytesize::ByteSize::mib(4);

/// A configuration, and the certificate that the last handshake with it showed.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    pub(super) config: ClientConfig,
    judge: Arc<Judge>,
}

impl Tls {
    /// Loads what the trust names, beside the runtime: a file may be slow.
    pub(super) async fn load(trust: &Trust, deadline: Deadline) -> Result<Self, GatewayError> {
        let trust = trust.clone();
        Ok(beside(deadline, || Step::Trust, move || Self::trusting(&trust, deadline)).await??)
    }

    /// Loads what the trust names. The platform's roots take some milliseconds, so only for encrypted addresses.
    fn trusting(trust: &Trust, deadline: Deadline) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let opinion = match trust {
            Trust::Platform => {
                let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(&provider))
                    .map_err(|error| TlsError::Platform(error.to_string()))?;
                Opinion::Authorities(Arc::new(verifier))
            }
            Trust::Roots(path) => {
                let fault = |cause: String| TlsError::Roots { path: path.clone(), cause };
                let bytes = input::read(&Input::named(path), Bounds { max_size: MAX_ROOTS, deadline })
                    .map_err(|error| fault(error.to_string()))?;
                let mut roots = RootCertStore::empty();
                for certificate in CertificateDer::pem_slice_iter(&bytes) {
                    let certificate = certificate.map_err(|error| fault(error.to_string()))?;
                    roots.add(certificate).map_err(|error| fault(error.to_string()))?;
                }
                let verifier =
                    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
                        .build()
                        .map_err(|_| fault("it holds no certificate".to_owned()))?;
                Opinion::Authorities(verifier)
            }
            Trust::Pin(fingerprint) => Opinion::Pin(*fingerprint),
        };
        let judge = Arc::new(Judge { opinion, provider: Arc::clone(&provider), seen: Mutex::default() });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Handshake(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Judge>::clone(&judge))
            .with_no_client_auth();
        Ok(Self { config, judge })
    }

    /// Tells why a handshake failed.
    pub(super) fn explain(&self, error: &io::Error) -> TlsError {
        let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        match cause {
            Some(error) => self.explain_rustls(error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => {
                TlsError::Handshake("the peer ended it".to_owned())
            }
            None => TlsError::Handshake(error.to_string()),
        }
    }

    /// The same, when all that is known is that something failed, somewhere below: `None` if it was not TLS.
    pub(super) fn explain_chain(&self, error: &(dyn std::error::Error + 'static)) -> Option<TlsError> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(rustls) = error.downcast_ref::<rustls::Error>() {
                return Some(self.explain_rustls(rustls));
            }
            // What an I/O error wraps is inside it: its `source` is that one's own.
            next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    fn explain_rustls(&self, error: &rustls::Error) -> TlsError {
        let seen = *self.judge.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (error, seen, &self.judge.opinion) {
            (rustls::Error::InvalidCertificate(_), Some(found), Opinion::Pin(expected))
                if found != *expected =>
            {
                TlsError::Pin { expected: *expected, found }
            }
            (rustls::Error::InvalidCertificate(cause), Some(found), _) => {
                TlsError::Untrusted { found, cause: told(cause) }
            }
            (error, ..) => TlsError::Handshake(error.to_string()),
        }
    }
}

fn told(cause: &CertificateError) -> String {
    match cause {
        CertificateError::UnknownIssuer => "no known authority has signed it".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        CertificateError::Revoked => "it was revoked".to_owned(),
        // webpki has no code of its own for it in rustls; a gateway's own certificate is of this kind.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is an authority's and not a server's, as gateways make them for themselves".to_owned()
        }
        other => other.to_string(),
    }
}

/// Who decides about a certificate.
enum Opinion {
    Authorities(Arc<dyn ServerCertVerifier>),
    Pin(Fingerprint),
}

/// A verifier that remembers what it saw, so that a refusal can name the fingerprint.
struct Judge {
    opinion: Opinion,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<Fingerprint>>,
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = Fingerprint::of(certificate);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        match &self.opinion {
            Opinion::Authorities(authorities) => {
                authorities.verify_server_cert(certificate, intermediates, name, ocsp, now)
            }
            // A pin is for one certificate, whatever that says of its name and dates.
            Opinion::Pin(expected) if *expected == found => Ok(ServerCertVerified::assertion()),
            Opinion::Pin(_) => {
                Err(rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
