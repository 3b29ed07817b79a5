//! Writes a gateway into config.toml. The rest of the file stays unchanged, including comments.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use super::environment::Environment;
use super::error::SettingsError;
use super::name::is_name;
use super::origin::Origin;
use super::own::{FIELDS, Own, RESERVED};
use crate::gateway::target::{Address, Fingerprint};

/// A gateway to write. It has no secrets, only their locations.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The address.
    pub url: String,
    /// The path of the file with the token.
    pub token_file: Option<String>,
    /// The name of the variable with the token.
    pub token_env: Option<String>,
    /// The path of the file with the password.
    pub password_file: Option<String>,
    /// The name of the variable with the password.
    pub password_env: Option<String>,
    /// The SHA-256 fingerprint of the certificate.
    pub tls_fingerprint: Option<String>,
    /// The path of a PEM file with certificate authorities.
    pub ca_file: Option<String>,
    /// Whether a credential may be sent unencrypted.
    pub allow_plaintext: bool,
    /// Whether to make it the default gateway.
    pub default: bool,
    /// Whether to replace a gateway with the same name.
    pub replace: bool,
}

/// The new text of config.toml.
#[derive(Debug)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// The gateway's address.
    pub address: Address,
    /// Whether a gateway with this name was replaced.
    pub replaced: bool,
}

/// The path of clearance's configuration. The file may not exist.
pub fn config_file(environment: &Environment) -> Result<PathBuf, SettingsError> {
    Own::path(environment)
}

impl Entry {
    /// Checks the entry without reading the file.
    pub fn check(&self) -> Result<Address, SettingsError> {
        if self.name == RESERVED || !is_name(&self.name) {
            return Err(SettingsError::GatewayName(self.name.clone()));
        }
        if let Some(pin) = &self.tls_fingerprint {
            let parsed: Result<Fingerprint, _> = pin.parse();
            let from = Origin::Flag("--tls-fingerprint");
            parsed.map_err(|error| SettingsError::Fingerprint { from, error })?;
        }
        let from = Origin::Flag("the URL");
        self.url.parse().map_err(|error| SettingsError::Address { from, error })
    }

    /// The text of `file` with this gateway added. `bytes` is its current content.
    pub fn edit(
        &self,
        file: &Path,
        bytes: &[u8],
        environment: &Environment,
    ) -> Result<Edited, SettingsError> {
        let address = self.check()?;
        let known = Own::of(file.to_owned(), bytes, environment)?;
        let replaced = known.names().any(|name| name == self.name);
        if replaced && !self.replace {
            return Err(SettingsError::GatewayExists { name: self.name.clone(), file: file.to_owned() });
        }
        // The text was just parsed as TOML.
        let text = String::from_utf8_lossy(bytes);
        let mut document: DocumentMut =
            text.parse().map_err(|_| SettingsError::own(file, "this is not TOML"))?;
        if self.default {
            set(document.as_table_mut(), "default", &*self.name);
        }
        let gateways = document.entry("gateways").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let gateways = gateways.as_table_like_mut();
        let gateways = gateways.ok_or_else(|| SettingsError::own(file, "gateways must be a table"))?;
        if !replaced {
            gateways.insert(&self.name, Item::Table(Table::new()));
        }
        let table = gateways.get_mut(&self.name).and_then(Item::as_table_like_mut);
        self.write(table.ok_or_else(|| SettingsError::own(file, "a gateway must be a table"))?, &address);
        let text = document.to_string();
        // Checks that the result can be read again.
        Own::of(file.to_owned(), text.as_bytes(), environment)?;
        Ok(Edited { text, address, replaced })
    }

    fn write(&self, table: &mut dyn TableLike, address: &Address) {
        let texts = [
            ("url", Some(address.to_string())),
            ("token_file", self.token_file.clone()),
            ("token_env", self.token_env.clone()),
            ("password_file", self.password_file.clone()),
            ("password_env", self.password_env.clone()),
            ("tls_fingerprint", self.tls_fingerprint.clone()),
            ("ca_file", self.ca_file.clone()),
        ];
        for field in FIELDS {
            let text = texts.iter().find(|(name, _)| *name == field).and_then(|(_, text)| text.clone());
            match text {
                Some(text) => set(table, field, text),
                None if field == "allow_plaintext" && self.allow_plaintext => set(table, field, true),
                None => drop(table.remove(field)),
            }
        }
    }
}

/// Sets a field. An existing field keeps its position and its trailing comment.
fn set(table: &mut dyn TableLike, field: &str, value: impl Into<Value>) {
    let mut value = value.into();
    match table.get_mut(field) {
        Some(item) => {
            if let Some(old) = item.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(value);
        }
        None => drop(table.insert(field, Item::Value(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "/c/config.toml";

    fn edit(entry: &Entry, text: &str) -> Result<String, SettingsError> {
        let environment = Environment::from_iter([("HOME", "/home/me")]);
        entry.edit(Path::new(FILE), text.as_bytes(), &environment).map(|edited| edited.text)
    }

    fn entry(name: &str) -> Entry {
        Entry { name: name.to_owned(), url: "wss://new.example".to_owned(), ..Entry::default() }
    }

    #[test]
    fn a_gateway_is_added_and_everything_else_stays() {
        let before =
            "# ours\ndefault = 'a'   # this one\n\n[gateways.a]\nurl  =  \"ws://127.0.0.1:18789\"\n# end\n";
        let new = Entry { token_file: Some("/run/t".to_owned()), ..entry("prod.eu") };
        let after = edit(&new, before).unwrap();
        let added = "[gateways.\"prod.eu\"]\nurl = \"wss://new.example\"\ntoken_file = \"/run/t\"\n";
        assert!(after.contains(added), "{after}");
        let kept: String = after.replace(added, "");
        assert_eq!(
            kept.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
            before.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>()
        );
        assert_eq!(edit(&entry("a"), "").unwrap(), "[gateways.a]\nurl = \"wss://new.example\"\n");
        let inline = edit(&entry("b"), "gateways = { a = { url = 'ws://127.0.0.1:1' } }\n").unwrap();
        assert!(inline.starts_with("gateways = { a = { url = 'ws://127.0.0.1:1' }"), "{inline}");
    }

    #[test]
    fn a_name_is_replaced_only_on_request() {
        let before = "[gateways.a]\n# the old one\nurl = 'wss://old.example' # since May\ntoken_env = 'T'\n";
        let error = edit(&entry("a"), before).unwrap_err();
        assert_eq!(error.to_string(), "/c/config.toml already has a gateway `a`");
        let new = Entry { replace: true, default: true, allow_plaintext: true, ..entry("a") };
        assert_eq!(
            edit(&new, before).unwrap(),
            "default = \"a\"\n[gateways.a]\n# the old one\nurl = \"wss://new.example\" # since May\nallow_plaintext = true\n"
        );
    }

    #[test]
    fn entries_that_cannot_be_read_again_are_rejected() {
        for (wrong, expected) in [
            (entry("embedded"), "`embedded` cannot be the name of a gateway"),
            (entry("a b"), "`a b` cannot be the name of a gateway"),
            (Entry { url: "wss://u:s3cret@h".to_owned(), ..entry("a") }, "the URL: "),
            (Entry { tls_fingerprint: Some("AB".to_owned()), ..entry("a") }, "--tls-fingerprint: "),
        ] {
            let error = edit(&wrong, "").unwrap_err().to_string();
            assert!(error.starts_with(expected) && !error.contains("s3cret"), "{error}");
        }
        let error = edit(&entry("a"), "token = 's3cret'").unwrap_err().to_string();
        assert!(error.starts_with("/c/config.toml:1:1: unknown field `token`"), "{error}");
        let both = Entry { token_env: Some("T".to_owned()), token_file: Some("/t".to_owned()), ..entry("a") };
        let error = edit(&both, "").unwrap_err().to_string();
        assert!(error.contains("has both token_file and token_env"), "{error}");
    }
}
