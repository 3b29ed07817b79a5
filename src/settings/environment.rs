//! The environment as the settings see it: captured once, so that nothing below reads the process's own and a
//! test can bring another.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use super::error::SettingsError;

/// The variables of a process. Prints their names only: their values hold secrets.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// This process's own.
    pub fn of_process() -> Self {
        Self { variables: std::env::vars_os().collect() }
    }

    /// A variable as it stands, an empty one included.
    pub fn raw(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// A variable's text, trimmed; a blank one counts as unset, as in OpenClaw.
    pub fn text(&self, name: &str) -> Result<Option<&str>, SettingsError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let text = value.to_str().ok_or_else(|| SettingsError::VariableNotText(name.to_owned()))?.trim();
        Ok((!text.is_empty()).then_some(text))
    }

    /// A variable that holds a path. Blank ones and the words that scripts leave behind count as unset, as in
    /// OpenClaw and in `store::locate`.
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

    /// The home directory for OpenClaw's: `OPENCLAW_HOME` (which may start with `~`), else [`Self::home`].
    pub fn openclaw_home(&self) -> Option<PathBuf> {
        match self.path("OPENCLAW_HOME") {
            Some(path) => Some(expand(&path, self.home().as_deref())),
            None => self.home(),
        }
    }

    /// A directory of the XDG specification, which ignores a variable that holds no absolute path.
    pub fn xdg(&self, variable: &str, below_home: &str) -> Result<PathBuf, SettingsError> {
        match self.path(variable).filter(|path| path.is_absolute()) {
            Some(path) => Ok(path),
            None => self.home().map(|home| home.join(below_home)).ok_or(SettingsError::NoHome),
        }
    }
}

/// Text variables, for tests and for whoever has them in another place.
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

/// `~` at the start of a path is the home directory.
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
