//! Tests of the settings as a whole: precedence, that credentials are sent only to their own gateway, and that no error
//! contains a secret.

#![expect(clippy::disallowed_methods, reason = "the tests make their own files")]

mod openclaw;
mod own;
mod precedence;
mod safety;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::*;
use crate::gateway::target::{Fingerprint, Trust};

/// A home directory with files, and an environment in it.
struct Host {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Host {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let variables = vec![("HOME".to_owned(), home.path().to_str().unwrap().to_owned())];
        Self { home, variables }
    }

    fn file(self, path: &str, content: &str) -> Self {
        let path = self.home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        self
    }

    fn openclaw(self, content: &str) -> Self {
        self.file(".openclaw/openclaw.json", content)
    }

    fn own(self, content: &str) -> Self {
        self.file(".config/clearance/config.toml", content)
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        let value = value.replace('~', self.home.path().to_str().unwrap());
        self.variables.push((name.to_owned(), value));
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn environment(&self) -> Environment {
        self.variables.iter().map(|(name, value)| (name, value)).collect()
    }

    fn resolve(&self, flags: &Flags) -> Result<Resolved, SettingsError> {
        resolve(flags, &self.environment(), Deadline::after(Duration::from_secs(10)))
    }

    /// Formats the target as `ADDRESS (origin) CREDENTIAL (origin)`, or the error.
    fn shown(&self, flags: &Flags) -> String {
        let shown = match self.resolve(flags) {
            Ok(resolved) => format!(
                "{} ({}) {} ({})",
                resolved.target.address,
                resolved.address_from,
                exposed(&resolved.target.credential),
                resolved.credential_from
            ),
            Err(error) => error.to_string(),
        };
        self.without_home(&shown)
    }

    fn trust(&self, flags: &Flags) -> String {
        let shown = match self.resolve(flags) {
            Ok(resolved) => format!("{:?} ({})", resolved.target.trust, resolved.trust_from),
            Err(error) => error.to_string(),
        };
        self.without_home(&shown)
    }

    fn notes(&self, flags: &Flags) -> Vec<String> {
        self.resolve(flags).unwrap().notes.iter().map(|note| self.without_home(note)).collect()
    }

    fn warnings(&self, flags: &Flags) -> Vec<String> {
        self.resolve(flags).unwrap().warnings.iter().map(|warning| self.without_home(warning)).collect()
    }

    fn without_home(&self, text: &str) -> String {
        text.replace(self.home.path().to_str().unwrap(), "~")
    }
}

fn exposed(credential: &Credential) -> String {
    match credential {
        Credential::None => "nothing".to_owned(),
        Credential::Token(secret) => format!("token {}", secret.expose_secret()),
        Credential::Password(secret) => format!("password {}", secret.expose_secret()),
    }
}

fn gateway(gateway: &str) -> Flags {
    Flags { gateway: Some(gateway.to_owned()), ..Flags::default() }
}

const JSON: &str = "~/.openclaw/openclaw.json";
const TOML: &str = "~/.config/clearance/config.toml";

const PIN: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const OTHER: &str = "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
