//! The device: an Ed25519 key pair by which a gateway identifies this client, and the signature that proves it.

use std::fmt;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signer, SigningKey};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::error::DeviceError;

/// A device's key pair. `Debug` does not print the private key.
pub struct Device {
    key: SigningKey,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Device").field("id", &self.id()).finish_non_exhaustive()
    }
}

/// The signed fields other than the device's own.
#[derive(Debug)]
pub(super) struct Claim<'c> {
    pub(super) client: &'c str,
    pub(super) mode: &'c str,
    pub(super) role: &'c str,
    pub(super) scopes: &'c [&'c str],
    /// The time in the challenge, in Unix milliseconds. The clock of this host is not used.
    pub(super) signed_at: u64,
    /// The token that is sent with the signature, if any.
    pub(super) token: Option<&'c SecretString>,
    pub(super) nonce: &'c str,
    pub(super) platform: &'c str,
}

/// The `device` of `connect`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Proof {
    id: String,
    public_key: String,
    signature: String,
    signed_at: u64,
    nonce: String,
}

impl Device {
    /// Generates a new key pair.
    pub fn generate() -> Result<Self, DeviceError> {
        let mut seed = Zeroizing::new([0; 32]);
        rustls::crypto::ring::default_provider()
            .secure_random
            .fill(seed.as_mut())
            .map_err(|_| DeviceError::Random("getrandom failed".to_owned()))?;
        Ok(Self { key: SigningKey::from_bytes(&seed) })
    }

    /// Reads PKCS#8 PEM. `None` if the text is not PKCS#8 PEM.
    pub(super) fn from_pem(pem: &str) -> Option<Self> {
        SigningKey::from_pkcs8_pem(pem).ok().map(|key| Self { key })
    }

    /// Writes PKCS#8 PEM.
    pub(super) fn to_pem(&self) -> Result<SecretString, DeviceError> {
        let pem =
            self.key.to_pkcs8_pem(LineEnding::LF).map_err(|error| DeviceError::Random(error.to_string()))?;
        Ok(SecretString::from(pem.as_str()))
    }

    /// Lower-case hex SHA-256 of the public key: the id that gateways list.
    pub fn id(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(self.key.verifying_key().as_bytes()))
    }

    /// The proof for one challenge. Version 3 of the signed text is accepted by both generations.
    pub(super) fn prove(&self, claim: &Claim<'_>) -> Proof {
        let id = self.id();
        let token = claim.token.map_or("", ExposeSecret::expose_secret);
        let Claim { client, mode, role, signed_at, nonce, .. } = claim;
        let (scopes, platform) = (claim.scopes.join(","), claim.platform.trim().to_lowercase());
        // The last field is the device family, which clearance does not send.
        let text = Zeroizing::new(format!(
            "v3|{id}|{client}|{mode}|{role}|{scopes}|{signed_at}|{token}|{nonce}|{platform}|"
        ));
        Proof {
            public_key: BASE64URL_NOPAD.encode(self.key.verifying_key().as_bytes()),
            signature: BASE64URL_NOPAD.encode(&self.key.sign(text.as_bytes()).to_bytes()),
            signed_at: *signed_at,
            nonce: (*nonce).to_owned(),
            id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The key of RFC 8032, test 1, and a proof made with Node's `crypto` over the text that gateways check.
    #[test]
    fn proves_what_node_verifies() {
        let seed: [u8; 32] = HEXLOWER
            .decode(b"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
            .unwrap()
            .try_into()
            .unwrap();
        let device = Device { key: SigningKey::from_bytes(&seed) };
        assert_eq!(
            HEXLOWER.encode(device.key.verifying_key().as_bytes()),
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        let token = SecretString::from("token");
        let proof = device.prove(&Claim {
            client: "cli",
            mode: "cli",
            role: "operator",
            scopes: &["operator.admin", "operator.read"],
            signed_at: 1_700_000_000_000,
            token: Some(&token),
            nonce: "nonce",
            platform: " Linux ",
        });
        assert_eq!(proof.id, "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9");
        assert_eq!(proof.public_key, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(
            proof.signature,
            "_NQzvx4BkYWfkj_dwzDow8JZZAQ-6rTpcazeBmZJy5bZdK7p6EAlYCsCsqSbiYDyKWQsXSpvpjGQW2IwFahYCA"
        );
    }

    #[test]
    fn a_key_survives_its_pem_and_does_not_print() {
        let device = Device::generate().unwrap();
        let pem = device.to_pem().unwrap();
        assert!(pem.expose_secret().starts_with("-----BEGIN PRIVATE KEY-----"));
        assert_eq!(Device::from_pem(pem.expose_secret()).unwrap().id(), device.id());
        assert!(Device::from_pem("no key").is_none());
        assert!(!format!("{device:?} {pem:?}").contains("PRIVATE"));
    }
}
