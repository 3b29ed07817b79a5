//! The parts of OpenClaw's configuration that decide about commands: `tools.exec`, and the same of each agent. They are
//! read like the gateway's own section: JSON5, with includes and variables.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::environment::Environment;
use super::error::SettingsError;
use super::include::{self, Includes};
use super::openclaw::{OpenClaw, include_roots, locate};
use super::origin::Origin;
use super::substitution::{refers, substitute};
use crate::deadline::Deadline;
use crate::store::input::InputError;

/// What the configuration of a host says about commands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Execution {
    /// The path of the configuration.
    pub file: PathBuf,
    /// Whether it exists.
    pub exists: bool,
    /// Its sections about commands, in its own structure.
    pub value: Value,
    /// The release that wrote it last, if it says so.
    pub last_touched: Option<String>,
}

impl Execution {
    /// Reads OpenClaw's own configuration, or the named one, which must exist.
    pub fn load(
        named: Option<&Path>,
        environment: &Environment,
        deadline: Deadline,
    ) -> Result<Self, SettingsError> {
        let environment = match named {
            Some(path) => {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
                environment.with("OPENCLAW_CONFIG_PATH", path)
            }
            None => environment.clone(),
        };
        let home = environment.openclaw_home().ok_or(SettingsError::NoHome)?;
        let file = match named {
            Some(path) => path.to_owned(),
            None => locate(&environment, &home),
        };
        let Some(root) = include::read(&file, deadline)? else {
            return match named {
                Some(path) => Err(SettingsError::Input {
                    from: Origin::Flag("--config"),
                    error: InputError::Missing(path.display().to_string()),
                }),
                None => Ok(Self { file, value: Value::Object(Map::new()), ..Self::default() }),
            };
        };
        let includes = Includes::of(&file, include_roots(&environment, &home).into_iter(), deadline);
        let section = |name: &str| includes.section(&file, &root, name).map(Option::unwrap_or_default);
        let (tools, agents) = (section("tools")?, section("agents")?);
        // This section says nothing about commands: a broken file that only it includes is not an error.
        let meta = section("meta").unwrap_or_default();
        let mut value = reduced(tools, agents);
        if has_references(&value) {
            let openclaw = OpenClaw::load(&environment, deadline)?;
            resolve(&mut value, &mut String::new(), &openclaw, &file)?;
        }
        let last_touched = meta.get("lastTouchedVersion").and_then(Value::as_str).map(str::to_owned);
        Ok(Self { file, exists: true, value, last_touched })
    }

    /// The sections about commands of a configuration that a gateway sent.
    pub fn of_gateway(mut config: Value) -> Value {
        let mut take = |name: &str| config.get_mut(name).map(Value::take).unwrap_or_default();
        let (tools, agents) = (take("tools"), take("agents"));
        reduced(tools, agents)
    }
}

/// The sections with everything that does not decide about commands left out: it may contain secrets, and variables that
/// only the gateway has.
fn reduced(tools: Value, agents: Value) -> Value {
    let mut root = Map::new();
    let exec = with_exec(tools, false);
    if !exec.is_null() {
        root.insert("tools".to_owned(), exec);
    }
    if let Value::Object(mut agents) = agents {
        let mut kept = Map::new();
        match agents.remove("list") {
            Some(Value::Array(list)) => {
                kept.insert("list".to_owned(), list.into_iter().map(reduced_agent).collect());
            }
            Some(other) => {
                kept.insert("list".to_owned(), other);
            }
            None => {}
        }
        match agents.remove("entries") {
            Some(Value::Object(entries)) => {
                let entries = entries.into_iter().map(|(id, agent)| (id, reduced_agent(agent)));
                kept.insert("entries".to_owned(), Value::Object(entries.collect()));
            }
            Some(other) => {
                kept.insert("entries".to_owned(), other);
            }
            None => {}
        }
        root.insert("agents".to_owned(), Value::Object(kept));
    }
    Value::Object(root)
}

/// An agent's own fields `id` and `default`, and its `tools.exec`.
fn reduced_agent(agent: Value) -> Value {
    let Value::Object(mut agent) = agent else { return agent };
    let mut kept = Map::new();
    for field in ["id", "default"] {
        kept.extend(agent.remove(field).map(|value| (field.to_owned(), value)));
    }
    kept.extend(agent.remove("tools").map(|tools| ("tools".to_owned(), with_exec(tools, true))));
    Value::Object(kept)
}

/// `tools` with `exec` alone. `whole`: keep a value that is not an object.
fn with_exec(tools: Value, whole: bool) -> Value {
    match tools {
        Value::Object(mut tools) => {
            let exec = tools.remove("exec").map(|exec| ("exec".to_owned(), exec));
            Value::Object(exec.into_iter().collect())
        }
        other if whole => other,
        _ => Value::Null,
    }
}

fn has_references(value: &Value) -> bool {
    match value {
        Value::String(text) => refers(text) || text.contains("$${"),
        Value::Array(elements) => elements.iter().any(has_references),
        Value::Object(object) => object.values().any(has_references),
        _ => false,
    }
}

/// Replaces the variables in every text. `key`: the place of the value.
fn resolve(
    value: &mut Value,
    key: &mut String,
    openclaw: &OpenClaw<'_>,
    file: &Path,
) -> Result<(), SettingsError> {
    let length = key.len();
    match value {
        Value::String(text) => {
            *text = substitute(text, |name| openclaw.variable(name)).map_err(|variable| {
                SettingsError::MissingVariable { variable, from: Origin::key(key.clone(), file) }
            })?;
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                key.push('[');
                key.push_str(&index.to_string());
                key.push(']');
                resolve(element, key, openclaw, file)?;
                key.truncate(length);
            }
        }
        Value::Object(object) => {
            for (name, element) in object.iter_mut() {
                if !key.is_empty() {
                    key.push('.');
                }
                key.push_str(name);
                resolve(element, key, openclaw, file)?;
                key.truncate(length);
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests create their own files")]

    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn loaded(config: &str, named: bool, variables: &[(&str, &str)]) -> Result<Execution, String> {
        let home = tempfile::tempdir().unwrap();
        let state = home.path().join(".openclaw");
        std::fs::create_dir(&state).unwrap();
        std::fs::write(state.join("exec.json5"), "{ security: 'allowlist', pathPrepend: ['/b'] }").unwrap();
        let file = state.join(if named { "other.json5" } else { "openclaw.json" });
        std::fs::write(&file, config).unwrap();
        let environment: Environment = std::iter::once(("HOME", home.path().to_str().unwrap()))
            .chain(variables.iter().copied())
            .collect();
        let shown = |error: SettingsError| error.to_string().replace(home.path().to_str().unwrap(), "~");
        let file = named.then_some(file);
        Execution::load(file.as_deref(), &environment, Deadline::after(Duration::from_secs(5))).map_err(shown)
    }

    #[test]
    fn only_the_rules_about_commands_are_read() {
        let config = "{ meta: { lastTouchedVersion: '2026.9.6' }, gateway: { auth: { token: '${NONE}' } },
            tools: { exec: { $include: './exec.json5', ask: '${ASK}' }, web: { key: '${NONE}' } },
            agents: { defaults: { model: '${NONE}' }, list: [
              { id: 'main', default: true, system: '${NONE}', tools: { exec: { mode: 'ask' }, web: 1 } }, 7] } }";
        for named in [false, true] {
            let loaded = loaded(config, named, &[("ASK", "always")]).unwrap();
            let expected = json!({
                "tools": {"exec": {"security": "allowlist", "pathPrepend": ["/b"], "ask": "always"}},
                "agents": {"list": [{"id": "main", "default": true, "tools": {"exec": {"mode": "ask"}}}, 7]},
            });
            assert_eq!((loaded.value, loaded.exists), (expected, true));
            assert_eq!(loaded.last_touched.as_deref(), Some("2026.9.6"));
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        assert_eq!(
            loaded("{ tools: { exec: { pathPrepend: ['${NONE}'] } } }", false, &[]).unwrap_err(),
            "tools.exec.pathPrepend[0] in ~/.openclaw/openclaw.json names the variable NONE, which is not set"
        );
        assert_eq!(
            loaded("{\n tools: { exec }", true, &[]).unwrap_err(),
            "~/.openclaw/other.json5:2:16: this is not JSON5"
        );
        let deadline = Deadline::after(Duration::from_secs(5));
        let environment = Environment::from_iter([("HOME", "/nowhere")]);
        let none = Execution::load(None, &environment, deadline).unwrap();
        assert_eq!((none.exists, none.value), (false, json!({})));
        let missing = Execution::load(Some(Path::new("/nowhere/x")), &environment, deadline).unwrap_err();
        assert_eq!(missing.to_string(), "--config: /nowhere/x does not exist");
    }
}
