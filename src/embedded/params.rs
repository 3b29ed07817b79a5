//! Parameters of a method: closed objects, with the error messages of real gateways.

use serde_json::{Map, Value};

use super::Generation;
use super::wire::Refusal;

/// The parameters of one call.
pub(super) struct Params<'v> {
    method: &'static str,
    generation: Generation,
    fields: &'v Map<String, Value>,
}

impl<'v> Params<'v> {
    /// Reads an object that may have the fields `allowed` and must have the fields `required`.
    pub(super) fn closed(
        method: &'static str,
        generation: Generation,
        value: &'v Value,
        required: &[&str],
        allowed: &[&str],
    ) -> Result<Self, Refusal> {
        static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        let fields = match value {
            Value::Object(fields) => fields,
            // Missing parameters are an empty object.
            Value::Null => &NONE,
            _ => return Err(Refusal::invalid(format!("invalid {method} params: at root: must be object"))),
        };
        let missing = required
            .iter()
            .filter(|&&name| !fields.contains_key(name))
            .map(|name| format!("must have required property '{name}'"));
        let strange = fields
            .keys()
            .filter(|name| !required.contains(&name.as_str()) && !allowed.contains(&name.as_str()))
            .map(|name| format!("at root: unexpected property '{name}'"));
        let problems: Vec<String> = missing.chain(strange).collect();
        if problems.is_empty() {
            return Ok(Self { method, generation, fields });
        }
        Err(Refusal::invalid(format!("invalid {method} params: {}", problems.join("; "))))
    }

    /// An error about one place in the parameters.
    pub(super) fn refuse(&self, pointer: &str, problem: &str) -> Refusal {
        Refusal::invalid(format!("invalid {} params: at {pointer}: {problem}", self.method))
    }

    /// The raw value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&'v Value> {
        self.fields.get(name)
    }

    /// A string that is not empty, if the field exists.
    pub(super) fn text(&self, name: &str) -> Result<Option<&'v str>, Refusal> {
        let pointer = || format!("/{name}");
        match self.fields.get(name) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Err(self.refuse(
                &pointer(),
                &format!("{} have fewer than 1 characters", at_least_one(self.generation)),
            )),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.refuse(&pointer(), "must be string")),
        }
    }

    /// A required string that is not empty.
    pub(super) fn required(&self, name: &str) -> Result<&'v str, Refusal> {
        self.text(name)?.ok_or_else(|| {
            Refusal::invalid(format!("invalid {} params: must have required property '{name}'", self.method))
        })
    }
}

/// The two validators differ in one capital letter.
pub(super) const fn at_least_one(generation: Generation) -> &'static str {
    match generation {
        Generation::Legacy => "must NOT",
        Generation::Current => "must not",
    }
}
