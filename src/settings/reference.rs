//! Secrets in OpenClaw's configuration: a text, a text with `${VAR}`, or a reference to a provider (its
//! `types.secrets.ts` and `secrets/resolve.ts`). Only references to variables are resolved. Only OpenClaw can safely
//! read files, commands and its own store.

use secrecy::zeroize::Zeroizing;
use serde_json::Value;

use super::error::SettingsError;
use super::openclaw::OpenClaw;
use super::origin::Origin;
use super::secret;
use super::secret_kind::SecretKind;
use super::substitution::substitute;
use crate::gateway::target::Credential;

/// The provider of a reference that does not name one.
const DEFAULT: &str = "default";

/// Markers of early releases, which `openclaw doctor --fix` rewrites.
const RETIRED: [&str; 2] = ["secretref-env:", "__env__:"];

impl OpenClaw<'_> {
    /// The secret at a path of the gateway's section. `None`: the path has no value.
    pub(super) fn secret(
        &self,
        section: &str,
        kind: SecretKind,
    ) -> Result<Option<(Credential, Origin)>, SettingsError> {
        let path = [section, kind.key()];
        let from = self.origin(&path);
        let text = match self.value(&path) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => self.text_secret(text, kind, &from)?,
            Some(Value::Object(reference)) => {
                let field = |name: &str| reference.get(name).and_then(Value::as_str).map(str::trim);
                let (Some(source), Some(id)) = (field("source"), field("id").filter(|id| !id.is_empty()))
                else {
                    return Err(bad(&from, kind, "it needs `source` and `id`"));
                };
                self.follow(source, field("provider"), id, kind, &from)?
            }
            Some(_) => return Err(bad(&from, kind, "it is neither text nor an object")),
        };
        let text = Zeroizing::new(text);
        secret::credential(kind, text.trim(), &from).map(|credential| Some((credential, from)))
    }

    fn text_secret(&self, text: &str, kind: SecretKind, from: &Origin) -> Result<String, SettingsError> {
        let trimmed = text.trim();
        if RETIRED.iter().any(|marker| trimmed.starts_with(marker)) {
            return Err(bad(
                from,
                kind,
                "its form is no longer supported: openclaw doctor --fix rewrites it",
            ));
        }
        // `$NAME` alone is a short form of a reference.
        if let Some(name) = trimmed.strip_prefix('$').filter(|name| is_variable(name)) {
            return self.follow("env", None, name, kind, from);
        }
        substitute(text, |name| self.variable(name))
            .map_err(|variable| SettingsError::MissingVariable { variable, from: from.clone() })
    }

    fn follow(
        &self,
        source: &str,
        provider: Option<&str>,
        id: &str,
        kind: SecretKind,
        from: &Origin,
    ) -> Result<String, SettingsError> {
        let default = self.secrets(&["defaults", source]).and_then(Value::as_str).map(str::trim);
        let default = default.filter(|alias| !alias.is_empty()).unwrap_or(DEFAULT);
        let provider = provider.filter(|alias| !alias.is_empty()).unwrap_or(default);
        match source {
            "env" => {}
            "file" | "exec" | "store" => {
                return Err(SettingsError::Reference {
                    from: from.clone(),
                    provider: provider.escape_debug().to_string(),
                    source_kind: source.to_owned(),
                    instead: kind,
                });
            }
            _ => return Err(bad(from, kind, "its source is not env, file, exec or store")),
        }
        let settings = self.secrets(&["providers", provider]);
        let theirs = settings.and_then(|settings| settings.get("source")).and_then(Value::as_str);
        let shown = provider.escape_debug();
        match theirs {
            Some("env") => {}
            // The built-in provider needs no entry, and an entry of another source with its name does not hide it.
            _ if provider == default => {}
            Some(_) => {
                return Err(bad(from, kind, &format!("provider `{shown}` does not provide variables")));
            }
            None => return Err(bad(from, kind, &format!("unknown provider `{shown}`"))),
        }
        if !is_variable(id) {
            return Err(bad(from, kind, "its id is not the name of a variable"));
        }
        let allowed = settings
            .filter(|_| theirs == Some("env"))
            .and_then(|settings| settings.get("allowlist"))
            .and_then(Value::as_array);
        if allowed.is_some_and(|allowed| !allowed.iter().any(|name| name.as_str() == Some(id))) {
            return Err(bad(from, kind, &format!("{id} is not in secrets.providers.{shown}.allowlist")));
        }
        self.variable(id)
            .filter(|value| !value.is_empty())
            .ok_or_else(|| SettingsError::MissingVariable { variable: id.to_owned(), from: from.clone() })
    }
}

fn bad(from: &Origin, kind: SecretKind, problem: &str) -> SettingsError {
    SettingsError::BadReference { from: from.clone(), problem: problem.to_owned(), instead: kind }
}

/// `ENV_SECRET_REF_ID_RE`.
fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.len() <= 128
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
