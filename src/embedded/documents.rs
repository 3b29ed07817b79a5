//! Approvals documents behind `exec.approvals.*`: hash, compare-and-swap, and the schema that every document must
//! match. PURE.
//!
//! Both generations store whatever the schema accepts, also `source: "allow-always"`, and reject everything else. A
//! real gateway silently drops some of it.

use serde_json::{Value, json};

use super::Generation;
use super::params::at_least_one;
use super::wire::{Answer, Refusal};
use crate::approvals::Syntax;
use crate::approvals::edit::replacement;
use crate::approvals::findings::codes::Code;
use crate::approvals::findings::diagnostic::{Diagnostic, Verdict};
use crate::approvals::findings::severity::Severity;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::model::stored::Stored;
use crate::approvals::parse;

/// The maximum number of problems in an error.
const NAMED: usize = 50;

/// A store for one document.
#[derive(Debug)]
pub(super) struct Store {
    path: String,
    stored: Stored,
}

impl Store {
    /// Creates a store with a document, which must match the schema.
    pub(super) fn holding(
        path: impl Into<String>,
        document: &Value,
        new_id: impl FnMut() -> String,
    ) -> Result<Self, String> {
        let mut store = Self { path: path.into(), stored: Stored::absent() };
        store.replace(Generation::Current, document, new_id).map_err(|problems| problems.join("; "))?;
        Ok(store)
    }

    /// The hash that the next `set` must name.
    #[cfg(test)]
    pub(super) fn hash(&self) -> String {
        self.stored.hash()
    }

    /// The answer to `get` and to `set`.
    pub(super) fn answer(&self, generation: Generation) -> Value {
        let mut file: Value = self
            .stored
            .text()
            .and_then(|text| serde_json::from_slice(text).ok())
            .unwrap_or_else(|| json!({"version": 1}));
        let path = file["socket"]["path"].take();
        if let Some(file) = file.as_object_mut() {
            // The token is never sent, and a block without a path is omitted.
            match path {
                Value::String(path) => file.insert("socket".to_owned(), json!({"path": path})),
                _ => file.remove("socket"),
            };
        }
        let defaults = resolved(&file["defaults"]);
        if !file["defaults"].is_object() {
            file["defaults"] = json!({});
        }
        if !file["agents"].is_object() {
            file["agents"] = json!({});
        }
        let exists = self.stored.text().is_some();
        let mut answer =
            json!({"path": self.path, "exists": exists, "hash": self.stored.hash(), "file": file});
        if generation == Generation::Current {
            answer["resolvedDefaults"] = defaults;
        }
        answer
    }

    /// Checks that a `set` names the hash of the stored document.
    pub(super) fn check_base(&self, base_hash: Option<&str>) -> Result<(), Refusal> {
        if self.stored.text().is_none() {
            return Ok(());
        }
        match base_hash {
            None => Err(Refusal::invalid(
                "exec approvals base hash required; re-run exec.approvals.get and retry",
            )),
            Some(hash) if hash != self.stored.hash() => Err(Refusal::invalid(
                "exec approvals changed since last load; re-run exec.approvals.get and retry",
            )),
            Some(_) => Ok(()),
        }
    }

    /// Stores a document, or returns its problems, each as `at /file/…: …`.
    fn replace(
        &mut self,
        generation: Generation,
        document: &Value,
        new_id: impl FnMut() -> String,
    ) -> Result<(), Vec<String>> {
        let text = document.to_string();
        let document =
            parse(text.as_bytes(), Syntax::Json).map_err(|verdict| problems(generation, &verdict))?;
        let plan = replacement::plan(&self.stored, document, new_id)
            .map_err(|error| vec![format!("at /file: {error}")])?;
        if plan.needed {
            self.stored = Stored::holding(plan.text.into_bytes());
        }
        Ok(())
    }

    /// Handles `exec.approvals.set`, after its parameters were read.
    pub(super) fn set(
        &mut self,
        method: &str,
        generation: Generation,
        file: &Value,
        base_hash: Option<&str>,
        new_id: impl FnMut() -> String,
    ) -> Answer {
        let refused = |problems: Vec<String>| {
            Refusal::invalid(format!("invalid {method} params: {}", problems.join("; ")))
        };
        // Parameters are checked before hashes are compared.
        if !file.is_object() {
            return Err(refused(vec!["at /file: must be object".to_owned()]));
        }
        if let Err(verdict) = parse(file.to_string().as_bytes(), Syntax::Json) {
            return Err(refused(problems(generation, &verdict)));
        }
        self.check_base(base_hash)?;
        self.replace(generation, file, new_id).map_err(refused)?;
        Ok(self.answer(generation))
    }
}

/// The policy that applies if a document does not set one.
fn resolved(defaults: &Value) -> Value {
    let mut resolved =
        json!({"security": "full", "ask": "off", "askFallback": "deny", "autoAllowSkills": false});
    for (name, value) in defaults.as_object().into_iter().flatten() {
        resolved[name] = value.clone();
    }
    resolved
}

fn problems(generation: Generation, verdict: &Verdict) -> Vec<String> {
    let errors = verdict.diagnostics.iter().filter(|d| d.severity == Severity::Error);
    errors.take(NAMED).map(|diagnostic| problem(generation, diagnostic)).collect()
}

/// A path in the format of a generation: a JSON Pointer, or the unescaped names.
fn place(generation: Generation, steps: &[Step]) -> String {
    match generation {
        Generation::Legacy => steps.iter().cloned().collect::<Path>().to_string(),
        Generation::Current => steps.iter().fold(String::new(), |place, step| match step {
            Step::Key(key) => format!("{place}/{key}"),
            Step::Index(index) => format!("{place}/{index}"),
        }),
    }
}

/// A diagnostic with a gateway's message, if gateways have a message for it.
fn problem(generation: Generation, diagnostic: &Diagnostic) -> String {
    let steps = diagnostic.path.steps();
    if let (Code::UnknownField, [object @ .., Step::Key(name)]) = (diagnostic.code, steps) {
        return format!("at /file{}: unexpected property '{name}'", place(generation, object));
    }
    let expected = diagnostic.expected.as_deref().unwrap_or_default();
    let problem = match (diagnostic.code, steps.last()) {
        (Code::MissingField, _) => {
            let name = diagnostic.message.split('`').nth(1).unwrap_or_default();
            format!("must have required property '{name}'")
        }
        (Code::UnsupportedVersion | Code::LegacySource, _) => "must be equal to constant".to_owned(),
        (Code::NegativeTime, _) => "must be >= 0".to_owned(),
        (Code::LegacyBareEntry, _) => "must be object".to_owned(),
        (Code::WrongType, Some(_)) if expected.starts_with("a ") || expected.starts_with("an ") => {
            let kind = expected.split_once(' ').map_or(expected, |(_, kind)| kind);
            format!("must be {kind}")
        }
        (Code::BlankText, Some(Step::Key(name))) if name == "id" => {
            format!("{} have fewer than 1 characters", at_least_one(generation))
        }
        _ => diagnostic.message.clone(),
    };
    format!("at /file{}: {problem}", place(generation, steps))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> impl FnMut() -> String {
        let mut count = 0;
        move || {
            count += 1;
            format!("id-{count}")
        }
    }

    fn store() -> Store {
        let document = json!({"version": 1, "socket": {"path": "/run/s", "token": "hunter2"}});
        Store::holding("/p", &document, ids()).unwrap()
    }

    fn refusal(file: &Value) -> String {
        let mut store = store();
        let hash = store.hash();
        let answer = store.set("exec.approvals.set", Generation::Legacy, file, Some(&hash), ids());
        answer.unwrap_err().message
    }

    #[test]
    fn the_field_of_the_seed_passes_on_both_generations() {
        let file = json!({"version": 1, "agents": {"main": {"allowlist": [
            {"pattern": "/usr/bin/curl", "source": "allow-always"}]}}});
        for generation in [Generation::Legacy, Generation::Current] {
            let mut store = store();
            let hash = store.hash();
            let answer = store.set("exec.approvals.set", generation, &file, Some(&hash), ids()).unwrap();
            let entry = &answer["file"]["agents"]["main"]["allowlist"][0];
            assert_eq!(entry, &json!({"id": "id-1", "pattern": "/usr/bin/curl", "source": "allow-always"}));
            assert_eq!(answer["file"]["socket"], json!({"path": "/run/s"}));
            assert_eq!(answer["hash"], store.hash());
            assert!(!answer.to_string().contains("hunter2"));
            assert_eq!(answer.get("resolvedDefaults").is_some(), generation == Generation::Current);
        }
    }

    #[test]
    fn refusals_are_in_the_gateways_words() {
        let cases = [
            (
                json!({"version": 1, "agents": {"a/b~": {"bogus": 1}}}),
                "at /file/agents/a~1b~0: unexpected property 'bogus'",
            ),
            (
                json!({"version": 1, "defaults": {"securty": "deny"}}),
                "at /file/defaults: unexpected property 'securty'",
            ),
            (json!({}), "at /file: must have required property 'version'"),
            (json!({"version": 2}), "at /file/version: must be equal to constant"),
            (json!(null), "at /file: must be object"),
            (
                json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/a", "source": "me"}]}}}),
                "at /file/agents/main/allowlist/0/source: must be equal to constant",
            ),
            (
                json!({"version": 1, "agents": {"main": {"allowlist": [{"pattern": "/a", "lastUsedAt": -1}]}}}),
                "at /file/agents/main/allowlist/0/lastUsedAt: must be >= 0",
            ),
        ];
        for (file, problem) in cases {
            assert_eq!(refusal(&file), format!("invalid exec.approvals.set params: {problem}"));
        }
        // Real gateways accept this and drop it.
        assert!(refusal(&json!({"version": 1, "defaults": {"security": "alowlist"}})).contains("alowlist"));
    }

    #[test]
    fn a_base_hash_is_compared_byte_for_byte() {
        let mut store = store();
        let hash = store.hash();
        let mut set = |base: Option<&str>| {
            store.set("exec.approvals.set", Generation::Current, &json!({"version": 1}), base, ids())
        };
        assert!(set(None).unwrap_err().message.contains("base hash required"));
        assert!(set(Some(&hash.to_uppercase())).unwrap_err().message.contains("changed since last load"));
        assert!(set(Some(&hash)).is_ok());
    }
}
