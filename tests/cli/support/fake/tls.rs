//! Certificates for fake gateways: valid ones, and ones with each possible fault.

use std::sync::{Arc, LazyLock};

use data_encoding::HEXUPPER;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};

/// A certificate of a fake gateway.
#[derive(Clone)]
pub struct Certificate {
    pub config: Arc<ServerConfig>,
    /// Its SHA-256, in the form of `--tls-fingerprint`.
    pub fingerprint: String,
}

/// An authority that signs.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, for `--ca-file`.
    pub pem: String,
}

/// An authority that clients trust.
pub static TRUSTED: LazyLock<Authority> = LazyLock::new(|| Authority::new("trusted"));
/// An authority that clients do not trust.
pub static UNKNOWN: LazyLock<Authority> = LazyLock::new(|| Authority::new("unknown"));

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A valid certificate for a name or address.
    pub fn signs(&self, name: &str) -> Certificate {
        self.signs_until(name, 2100)
    }

    /// A certificate that expires before this year.
    pub fn signs_until(&self, name: &str, year: i32) -> Certificate {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2000, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        certificate(&params.signed_by(&key, &self.issuer).unwrap(), &key)
    }
}

/// A self-signed certificate.
pub fn self_signed(name: &str) -> Certificate {
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let key = KeyPair::generate().unwrap();
    certificate(&params.self_signed(&key).unwrap(), &key)
}

fn certificate(certificate: &rcgen::Certificate, key: &KeyPair) -> Certificate {
    let der = certificate.der().clone();
    let digest = Sha256::digest(&der);
    let fingerprint = digest.iter().map(|byte| HEXUPPER.encode(&[*byte])).collect::<Vec<_>>().join(":");
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![der], key)
        .unwrap();
    Certificate { config: Arc::new(config), fingerprint }
}
