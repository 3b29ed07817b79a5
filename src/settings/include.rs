//! OpenClaw's configuration as a tree: JSON or JSON5, with `$include` followed as its `config/includes.ts` does.
//!
//! Includes are followed only in the requested section, so a broken file in another section causes no error.

use std::cell::RefCell;
use std::path::{Component, Path, PathBuf};

use bytesize::ByteSize;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde_json::{Map, Value};

use super::error::SettingsError;
use super::origin::Origin;
use crate::approvals;
use crate::approvals::Syntax;
use crate::deadline::Deadline;
use crate::store::input::{self, Bounds, Input, InputError};

const INCLUDE: &str = "$include";

/// The size limit of the configuration, in bytes. OpenClaw has none, and real configurations are far smaller.
const MAX_CONFIG: ByteSize = ByteSize::mib(8);

/// `MAX_INCLUDE_FILE_BYTES`, `MAX_INCLUDE_PATH_LENGTH` and the depth in `config/includes.ts`.
const MAX_INCLUDED: ByteSize = ByteSize::mib(2);
const MAX_PATH: usize = 4096;
const MAX_DEPTH: usize = 10;

/// Reads the configuration itself. `None`: the file does not exist.
pub(super) fn read(file: &Path, deadline: Deadline) -> Result<Option<Value>, SettingsError> {
    match bytes(file, MAX_CONFIG, deadline) {
        Ok(bytes) => parse(file, &bytes).map(Some),
        Err(InputError::Missing(_)) => Ok(None),
        Err(error) => Err(SettingsError::Input {
            from: Origin::Key { key: "OpenClaw's configuration".to_owned(), file: file.to_owned() },
            error,
        }),
    }
}

fn bytes(file: &Path, max_size: ByteSize, deadline: Deadline) -> Result<Vec<u8>, InputError> {
    input::read(&Input::Path(file.to_owned()), Bounds { max_size, deadline })
}

fn parse(file: &Path, bytes: &[u8]) -> Result<Value, SettingsError> {
    // JSON5 treats a byte order mark as white space.
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let value = serde_json::from_slice(bytes).ok().or_else(|| approvals::json(bytes, Syntax::Json5));
    let wrong = |at, problem: &str| {
        Err(SettingsError::OpenClaw { file: file.to_owned(), at, problem: problem.to_owned() })
    };
    match value {
        Some(value @ Value::Object(_)) => Ok(value),
        Some(_) => wrong(None, "this is not an object"),
        None => wrong(place(bytes), "this is not JSON5"),
    }
}

/// Line and column of the first syntax error. The parser's message is not used, because it may quote a secret.
fn place(bytes: &[u8]) -> Option<(usize, usize)> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return Some(position(bytes, error.valid_up_to())),
    };
    let json5 = ParseOptions { allow_missing_commas: false, ..ParseOptions::default() };
    let error = parse_to_ast(text, &CollectOptions::default(), &json5).err()?;
    Some(position(bytes, error.range().start))
}

/// Line and column, from 1, of a byte.
pub(super) fn position(bytes: &[u8], at: usize) -> (usize, usize) {
    let before = &bytes[..at.min(bytes.len())];
    let mut lines = before.split(|byte| *byte == b'\n');
    let last = lines.next_back().unwrap_or_default();
    (lines.count() + 1, String::from_utf8_lossy(last).chars().count() + 1)
}

/// Follows the includes of a configuration.
pub(super) struct Includes {
    /// The directories that may contain included files: as written, and with symbolic links resolved.
    roots: Vec<(PathBuf, PathBuf)>,
    deadline: Deadline,
    /// The included files so far.
    read: RefCell<Vec<PathBuf>>,
}

impl Includes {
    /// Allows files below the configuration's directory, and below the directories of `OPENCLAW_INCLUDE_ROOTS`.
    pub(super) fn of(config: &Path, more: impl Iterator<Item = PathBuf>, deadline: Deadline) -> Self {
        let own = config.parent().map(normal).unwrap_or_default();
        let real = |root: PathBuf| (root.canonicalize().unwrap_or_else(|_| root.clone()), root);
        let roots =
            std::iter::once(own).chain(more.filter(|root| root.is_absolute()).map(|root| normal(&root)));
        let roots = roots.map(real).map(|(real, root)| (root, real)).collect();
        Self { roots, deadline, read: RefCell::default() }
    }

    /// The included files, each once.
    pub(super) fn read(self) -> Vec<PathBuf> {
        let mut read = self.read.into_inner();
        read.sort();
        read.dedup();
        read
    }

    /// One section of a configuration with everything it includes.
    pub(super) fn section(
        &self,
        config: &Path,
        root: &Value,
        section: &str,
    ) -> Result<Option<Value>, SettingsError> {
        let resolved = self.object(root, Some(section), &[normal(config)])?;
        Ok(match resolved {
            Value::Object(mut object) => object.remove(section),
            _ => None,
        })
    }

    /// A value with its includes resolved. `chain`: the including files, the innermost last. `section`: the only key of
    /// the outermost object to keep.
    fn object(
        &self,
        value: &Value,
        section: Option<&str>,
        chain: &[PathBuf],
    ) -> Result<Value, SettingsError> {
        match value {
            Value::Array(elements) => {
                elements.iter().map(|element| self.object(element, None, chain)).collect()
            }
            Value::Object(object) => {
                let mut rest = Map::new();
                for (key, value) in object {
                    if key != INCLUDE && section.is_none_or(|section| section == key) {
                        rest.insert(key.clone(), self.object(value, None, chain)?);
                    }
                }
                match object.get(INCLUDE) {
                    None => Ok(Value::Object(rest)),
                    Some(include) => self.merged(include, rest, section, chain),
                }
            }
            other => Ok(other.clone()),
        }
    }

    fn merged(
        &self,
        include: &Value,
        rest: Map<String, Value>,
        section: Option<&str>,
        chain: &[PathBuf],
    ) -> Result<Value, SettingsError> {
        let refused = |what: &str, problem: &str| refused_in(chain, what, problem);
        let included = match include {
            Value::String(file) => self.file(file, section, chain)?,
            Value::Array(files) => {
                let mut all = Value::Object(Map::new());
                for file in files {
                    let file =
                        file.as_str().ok_or_else(|| refused(INCLUDE, "each element must be a path"))?;
                    merge(&mut all, self.file(file, section, chain)?);
                }
                all
            }
            _ => return Err(refused(INCLUDE, "it must be a path or a list of paths")),
        };
        if rest.is_empty() {
            return Ok(included);
        }
        let mut included = included;
        if !included.is_object() {
            return Err(refused(INCLUDE, "what is included beside other keys must be an object"));
        }
        merge(&mut included, Value::Object(rest));
        Ok(included)
    }

    fn file(&self, written: &str, section: Option<&str>, chain: &[PathBuf]) -> Result<Value, SettingsError> {
        let refused = |problem: &str| refused_in(chain, written, problem);
        if written.contains('\0') || written.len() >= MAX_PATH {
            return Err(refused("this is not a path"));
        }
        let beside = chain.last().and_then(|file| file.parent()).unwrap_or(Path::new("/"));
        let file = normal(&beside.join(written));
        if !self.roots.iter().any(|(root, _)| file.starts_with(root)) {
            return Err(refused("it is outside the configuration's directory and OPENCLAW_INCLUDE_ROOTS"));
        }
        if let Ok(real) = file.canonicalize()
            && !self.roots.iter().any(|(_, root)| real.starts_with(root))
        {
            return Err(refused("it leads outside the configuration's directory and OPENCLAW_INCLUDE_ROOTS"));
        }
        if chain.contains(&file) {
            return Err(refused("it includes itself"));
        }
        if chain.len() > MAX_DEPTH {
            return Err(refused("includes nest more than 10 deep"));
        }
        let read = bytes(&file, MAX_INCLUDED, self.deadline).map_err(|error| refused(&error.to_string()))?;
        self.read.borrow_mut().push(file.clone());
        let value = serde_json::from_slice(&read).ok();
        let value = match value {
            Some(value) => value,
            None => parse(&file, &read)?,
        };
        let mut chain = chain.to_vec();
        chain.push(file);
        self.object(&value, section, &chain)
    }
}

fn refused_in(chain: &[PathBuf], include: &str, problem: &str) -> SettingsError {
    SettingsError::Include {
        file: chain.last().cloned().unwrap_or_default(),
        include: include.escape_debug().to_string(),
        problem: problem.to_owned(),
    }
}

/// Merges two values: objects are merged, lists are concatenated, and anything else is replaced.
fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(slot) => merge(slot, value),
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (Value::Array(into), Value::Array(mut from)) => into.append(&mut from),
        (into, from) => *into = from,
    }
}

/// A path without `.` and `..`, as `path.normalize` returns it. Symbolic links are not resolved.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                normal.pop();
            }
            Component::CurDir => {}
            other => normal.push(other),
        }
    }
    normal
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests create their own files")]

    use std::time::Duration;

    use super::*;

    fn section(files: &[(&str, &str)], name: &str) -> Result<Option<Value>, String> {
        let directory = tempfile::tempdir().unwrap();
        let home = directory.path().canonicalize().unwrap();
        for (path, content) in files {
            let path = home.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let deadline = Deadline::after(Duration::from_secs(5));
        let file = home.join("state/openclaw.json");
        let shown = |error: SettingsError| error.to_string().replace(home.to_str().unwrap(), "~");
        let root = read(&file, deadline).map_err(shown)?.unwrap();
        let includes = Includes::of(&file, std::iter::once(home.join("shared")), deadline);
        includes.section(&file, &root, name).map_err(shown)
    }

    #[test]
    fn a_section_may_lie_in_other_files() {
        let read = section(
            &[
                (
                    "state/openclaw.json",
                    "{ $include: ['base.json5', './more.json5'], gateway: { port: 3 }, agents: { $include: 'gone' } }",
                ),
                ("state/base.json5", "{ gateway: { $include: 'sub/gateway.json5', list: [1] } }"),
                ("state/more.json5", "{ gateway: { list: [2], auth: { token: 't' } } }"),
                (
                    "state/sub/gateway.json5",
                    "{ port: 1, bind: 'lan', tls: { $include: '../../shared/tls.json' } }",
                ),
                ("shared/tls.json", "true"),
            ],
            "gateway",
        );
        let expected = serde_json::json!({
            "port": 3, "bind": "lan", "tls": true, "list": [1, 2], "auth": { "token": "t" },
        });
        assert_eq!(read.unwrap(), Some(expected));
        assert_eq!(section(&[("state/openclaw.json", "{}")], "gateway").unwrap(), None);
    }

    #[test]
    fn what_openclaw_refuses_to_include_is_refused() {
        for (include, problem) in [
            ("'/etc/passwd'", "it is outside the configuration's directory and OPENCLAW_INCLUDE_ROOTS"),
            ("'../elsewhere.json'", "it is outside the configuration's directory and OPENCLAW_INCLUDE_ROOTS"),
            ("'openclaw.json'", "it includes itself"),
            ("'none.json'", "~/state/none.json does not exist"),
            ("7", "it must be a path or a list of paths"),
            ("[7]", "each element must be a path"),
        ] {
            let config = format!("{{ gateway: {{ $include: {include} }} }}");
            let files = [("state/openclaw.json", config.as_str()), ("elsewhere.json", "{}")];
            let error = section(&files, "gateway").unwrap_err();
            assert!(error.starts_with("~/state/openclaw.json: cannot include `"), "{error}");
            assert!(error.ends_with(problem), "{error}");
            // Other sections can still be read.
            assert_eq!(section(&files, "env").unwrap(), None);
        }
    }

    #[test]
    fn a_syntax_error_has_a_position_and_quotes_nothing() {
        for (text, expected) in [
            ("{\n  gateway: {\n    token s3cret }\n}", "~/state/openclaw.json:3:11: this is not JSON5"),
            ("{\n  token: 's3cret", "~/state/openclaw.json:2:10: this is not JSON5"),
            ("{\n  a: 1 b: 2 }", "~/state/openclaw.json:2:7: this is not JSON5"),
            ("[]", "~/state/openclaw.json: this is not an object"),
            ("", "~/state/openclaw.json: this is not JSON5"),
        ] {
            let error = section(&[("state/openclaw.json", text)], "gateway").unwrap_err();
            assert_eq!(error, expected);
        }
        let marked = section(&[("state/openclaw.json", "\u{feff}{ gateway: 1, }")], "gateway");
        assert_eq!(marked.unwrap(), Some(1.into()));
    }
}
