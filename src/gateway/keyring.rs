//! The files of device keys: one for each gateway and set of scopes, mode 0600, created under a lock.
//!
//! A gateway pairs a device for a set of scopes, and an early gateway rejects the same device with more scopes. So each
//! set has a device of its own, and an approval is valid for that set only.

use std::path::PathBuf;

use data_encoding::HEXLOWER;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::device::Device;
use super::error::{DeviceError, GatewayError, Step};
use super::target::Address;
use super::wait::run_blocking;
use crate::deadline::Deadline;
use crate::store::json_file::JsonFile;
use crate::store::{private, private_directory};

/// Where device keys are stored.
#[derive(Debug, Clone)]
pub enum Keyring {
    /// Keys are stored in this directory, which is created if it does not exist.
    Directory(PathBuf),
    /// Keys are not stored: each connection uses a new device.
    Ephemeral,
}

/// A device, with the token that the gateway issued to it.
#[derive(Debug)]
pub struct Identity {
    /// The device.
    pub device: Device,
    /// The device token of an earlier connection.
    pub token: Option<SecretString>,
    file: Option<JsonFile>,
}

/// The content of a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredDevice {
    version: u8,
    gateway: String,
    scopes: Vec<String>,
    private_key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

impl Keyring {
    /// The device for a gateway and a set of scopes. A new one is generated and stored if there is none.
    pub(super) async fn identity(
        &self,
        address: &Address,
        scopes: &'static [&'static str],
        deadline: Deadline,
    ) -> Result<Identity, GatewayError> {
        let (keyring, address) = (self.clone(), address.clone());
        let find = move || keyring.find(&address, scopes, deadline);
        Ok(run_blocking(deadline, || Step::Keyring, find).await??)
    }

    fn find(&self, address: &Address, scopes: &[&str], deadline: Deadline) -> Result<Identity, DeviceError> {
        let Self::Directory(directory) = self else {
            return Ok(Identity { device: Device::generate()?, token: None, file: None });
        };
        let (gateway, scopes_text) = (address.to_string(), scopes.join(","));
        let name = HEXLOWER.encode(&Sha256::digest(format!("{gateway}\n{scopes_text}"))[..16]);
        let file = JsonFile::at(directory.join(format!("{name}.json")));
        private::check(directory)?;
        if !file.path().is_dir() {
            // For a directory, the error of reading it is more precise.
            private::check(file.path())?;
        }
        if let Some(text) = file.read(deadline)?.text() {
            return identity(text, file.clone());
        }
        private_directory(directory)
            .map_err(|cause| DeviceError::Directory { path: directory.clone(), cause })?;
        let locked = file.lock(deadline)?;
        let stored = locked.read()?;
        // Another process may have created it during the wait for the lock.
        if let Some(text) = stored.text() {
            return identity(text, file);
        }
        let device = Device::generate()?;
        let kept = StoredDevice {
            version: 1,
            gateway,
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            private_key: device.to_pem()?.expose_secret().to_owned(),
            device_token: None,
        };
        locked.replace(&stored, &text_of(&kept))?;
        Ok(Identity { device, token: None, file: Some(file) })
    }
}

fn identity(text: &[u8], file: JsonFile) -> Result<Identity, DeviceError> {
    let malformed = || DeviceError::Malformed(file.path().to_owned());
    let kept: StoredDevice = serde_json::from_slice(text).map_err(|_| malformed())?;
    let device = Device::from_pem(&kept.private_key).ok_or_else(malformed)?;
    Ok(Identity { device, token: kept.device_token.map(SecretString::from), file: Some(file) })
}

fn text_of(kept: &StoredDevice) -> String {
    // Strings and numbers can always be serialized.
    serde_json::to_string_pretty(kept).unwrap_or_default() + "\n"
}

impl Identity {
    /// Stores the device token that the gateway issued, or removes one that it no longer accepts.
    pub(super) async fn keep(
        &mut self,
        token: Option<SecretString>,
        deadline: Deadline,
    ) -> Result<(), GatewayError> {
        let same = match (&self.token, &token) {
            (Some(kept), Some(token)) => kept.expose_secret() == token.expose_secret(),
            (None, None) => true,
            _ => false,
        };
        if same {
            return Ok(());
        }
        self.token = token;
        let Some(file) = self.file.clone() else { return Ok(()) };
        let (token, device) = (self.token.clone(), self.device.id());
        let write = move || write(&file, token.as_ref(), &device, deadline);
        Ok(run_blocking(deadline, || Step::Keyring, write).await??)
    }
}

/// Writes a device's token to its file, or removes it there.
fn write(
    file: &JsonFile,
    token: Option<&SecretString>,
    device: &str,
    deadline: Deadline,
) -> Result<(), DeviceError> {
    let locked = file.lock(deadline)?;
    let stored = locked.read()?;
    let kept = stored.text().and_then(|text| serde_json::from_slice::<StoredDevice>(text).ok());
    // If another process has replaced or removed the key since, its change stays.
    let Some(mut kept) = kept else { return Ok(()) };
    if Device::from_pem(&kept.private_key).is_none_or(|kept| kept.id() != device) {
        return Ok(());
    }
    kept.device_token = token.map(|token| token.expose_secret().to_owned());
    locked.replace(&stored, &text_of(&kept))?;
    Ok(())
}
