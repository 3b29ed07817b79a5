//! The environment variables, captured once. Settings never read the process's environment directly, so tests can pass
//! another one.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use super::error::SettingsError;

/// The variables of a process. `Debug` prints only their names, because their values may be secrets.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// The variables of this process.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// These variables, with another value of one of them.
    #[must_use]
    pub(super) fn with(&self, name: &str, value: impl Into<OsString>) -> Self {
        let mut variables = self.variables.clone();
        variables.insert(name.into(), value.into());
        Self { variables }
    }

    /// The raw value of a variable, which may be empty.
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// A variable's trimmed text. A blank variable counts as unset, as in OpenClaw.
    pub fn text(&self, name: &str) -> Result<Option<&str>, SettingsError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let text = value.to_str().ok_or_else(|| SettingsError::VariableNotText(name.to_owned()))?.trim();
        Ok((!text.is_empty()).then_some(text))
    }

    /// A variable that contains a path. A blank value, `undefined` and `null` count as unset, as in OpenClaw and in
    /// `store::locate`.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let value = self.raw(name)?;
        match value.to_str().map(str::trim) {
            Some("" | "undefined" | "null") => None,
            Some(trimmed) => Some(trimmed.into()),
            None => Some(value.into()),
        }
    }

    /// The home directory for clearance's own files: `HOME`, else `USERPROFILE`.
    pub fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(|| self.path("USERPROFILE"))
    }

    /// The home directory for OpenClaw's files: `OPENCLAW_HOME` (which may start with `~`), else [`Self::home`].
    pub fn openclaw_home(&self) -> Option<PathBuf> {
        match self.path("OPENCLAW_HOME") {
            Some(path) => Some(expand(&path, self.home().as_deref())),
            None => self.home(),
        }
    }

    /// A directory of the XDG specification. As it requires, a variable without an absolute path is ignored.
    pub fn xdg(&self, variable: &str, below_home: &str) -> Result<PathBuf, SettingsError> {
        match self.path(variable).filter(|path| path.is_absolute()) {
            Some(path) => Ok(path),
            None => self.home().map(|home| home.join(below_home)).ok_or(SettingsError::NoHome),
        }
    }
}

/// Creates an environment from name and value pairs, for tests and for variables from another source.
impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.variables.keys()).finish()
    }
}

/// Expands `~` at the start of a path to the home directory.
pub(super) fn expand(path: &Path, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => home.join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_counts_as_unset() {
        let environment =
            Environment::from_iter([("A", " \t"), ("B", " b\n"), ("HOME", "null"), ("USERPROFILE", "/u")]);
        assert_eq!(environment.text("A").unwrap(), None);
        assert_eq!(environment.text("B").unwrap(), Some("b"));
        assert_eq!(environment.text("C").unwrap(), None);
        assert_eq!(environment.home(), Some("/u".into()));
    }

    #[test]
    fn the_home_of_openclaw_may_be_below_the_own() {
        let environment = Environment::from_iter([("HOME", "/home/u"), ("OPENCLAW_HOME", "~/svc")]);
        assert_eq!(environment.openclaw_home(), Some("/home/u/svc".into()));
        assert_eq!(environment.home(), Some("/home/u".into()));
    }

    #[test]
    fn xdg_directories_are_absolute() {
        let environment = Environment::from_iter([("HOME", "/home/u"), ("XDG_STATE_HOME", "state")]);
        assert_eq!(
            environment.xdg("XDG_STATE_HOME", ".local/state").unwrap(),
            Path::new("/home/u/.local/state")
        );
        let environment = Environment::from_iter([("XDG_STATE_HOME", "/state")]);
        assert_eq!(environment.xdg("XDG_STATE_HOME", ".local/state").unwrap(), Path::new("/state"));
        assert!(matches!(environment.xdg("XDG_CONFIG_HOME", ".config"), Err(SettingsError::NoHome)));
    }

    #[test]
    fn values_are_not_printed() {
        let environment = Environment::from_iter([("TOKEN", "s3cret")]);
        assert_eq!(format!("{environment:?}"), r#"{"TOKEN"}"#);
    }
}
