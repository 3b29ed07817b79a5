//! The TLS configuration for the WebSocket and for HTTP: roots, CA files and pins.

use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::error::{GatewayError, Step, TlsError};
use super::target::{Fingerprint, Trust};
use super::wait::run_blocking;
use crate::deadline::Deadline;
use crate::store::input::{self, Bounds, Input};

/// The largest CA file that is read.
const MAX_ROOTS: bytesize::ByteSize = bytesize::ByteSize::mib(4);

/// A TLS configuration, and the certificate that was presented in the last handshake with it.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    pub(super) config: ClientConfig,
    verifier: Arc<Verifier>,
}

impl Tls {
    /// Loads the trusted certificates in a separate thread, because a file may be slow.
    pub(super) async fn load(trust: &Trust, deadline: Deadline) -> Result<Self, GatewayError> {
        let trust = trust.clone();
        Ok(run_blocking(deadline, || Step::Trust, move || Self::trusting(&trust, deadline)).await??)
    }

    /// Loads the trusted certificates. The platform's roots take some milliseconds, so this is for encrypted addresses
    /// only.
    fn trusting(trust: &Trust, deadline: Deadline) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let rule = match trust {
            Trust::Platform => {
                let verifier = rustls_platform_verifier::Verifier::new(Arc::clone(&provider))
                    .map_err(|error| TlsError::Platform(error.to_string()))?;
                TrustRule::Authorities(Arc::new(verifier))
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
                        .map_err(|_| fault("it contains no certificate".to_owned()))?;
                TrustRule::Authorities(verifier)
            }
            Trust::Pin(fingerprint) => TrustRule::Pin(*fingerprint),
        };
        let verifier = Arc::new(Verifier { rule, provider: Arc::clone(&provider), seen: Mutex::default() });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Handshake(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::<Verifier>::clone(&verifier))
            .with_no_client_auth();
        Ok(Self { config, verifier })
    }

    /// The reason why a handshake failed.
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

    /// Like [`explain`], for an error that may have a TLS error among its causes. `None` if it has none.
    pub(super) fn explain_chain(&self, error: &(dyn std::error::Error + 'static)) -> Option<TlsError> {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(rustls) = error.downcast_ref::<rustls::Error>() {
                return Some(self.explain_rustls(rustls));
            }
            // The `source` of an I/O error is the source of the error that it wraps.
            next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => error.source(),
            };
        }
        None
    }

    fn explain_rustls(&self, error: &rustls::Error) -> TlsError {
        let seen = *self.verifier.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match (error, seen, &self.verifier.rule) {
            (rustls::Error::InvalidCertificate(_), Some(found), TrustRule::Pin(expected))
                if found != *expected =>
            {
                TlsError::Pin { expected: *expected, found }
            }
            (rustls::Error::InvalidCertificate(cause), Some(found), _) => {
                TlsError::Untrusted { found, cause: reason(cause) }
            }
            (error, ..) => TlsError::Handshake(error.to_string()),
        }
    }
}

fn reason(cause: &CertificateError) -> String {
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
        // rustls has no variant for this error of webpki. Self-signed certificates of gateways cause it.
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "it is a CA certificate, not a server certificate; gateways generate such certificates".to_owned()
        }
        other => other.to_string(),
    }
}

/// How a certificate is verified.
enum TrustRule {
    Authorities(Arc<dyn ServerCertVerifier>),
    Pin(Fingerprint),
}

/// A verifier that keeps the presented fingerprint, so that errors can name it.
struct Verifier {
    rule: TrustRule,
    provider: Arc<CryptoProvider>,
    seen: Mutex<Option<Fingerprint>>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("seen", &self.seen).finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Verifier {
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
        match &self.rule {
            TrustRule::Authorities(authorities) => {
                authorities.verify_server_cert(certificate, intermediates, name, ocsp, now)
            }
            // For a pinned certificate, its name and dates are ignored.
            TrustRule::Pin(expected) if *expected == found => Ok(ServerCertVerified::assertion()),
            TrustRule::Pin(_) => {
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
