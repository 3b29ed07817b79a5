//! The JSON Schemas: derived from the types, committed beside this file, compiled into the binary.
//!
//! There are two contracts, for a document and for a native policy. The same code checks a text against either.

use jsonc_parser::ast;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::approvals::model::document::Document;
use crate::approvals::model::native::Policy;
use crate::approvals::model::path::{Path, Step};
use crate::approvals::text::tree::read;

/// The schema derived from the types: what `approvals schema` prints and `schema.json` holds.
pub fn derived() -> Value {
    of_type::<Document<'static>>()
}

/// The schema of a native policy derived from its types: what `native.schema.json` holds.
pub fn derived_native() -> Value {
    of_type::<Policy<'static>>()
}

fn of_type<T: JsonSchema>() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value()
}

/// The committed schema, compiled at build time. A test checks that it equals [`derived`].
#[jsonschema::validator(path = "src/approvals/check/schema.json")]
pub(in crate::approvals) struct Compiled;

/// The committed schema of a native policy.
#[jsonschema::validator(path = "src/approvals/check/native.schema.json")]
struct CompiledNative;

/// The kind of text that a check expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::approvals) enum Contract {
    /// An approvals document.
    Document,
    /// A node's own policy.
    Native,
}

impl Contract {
    pub(in crate::approvals) fn derived(self) -> Value {
        match self {
            Self::Document => derived(),
            Self::Native => derived_native(),
        }
    }

    pub(in crate::approvals) fn errors(self, value: &Value) -> jsonschema::ErrorIterator<'_> {
        match self {
            Self::Document => Compiled::iter_errors(value),
            Self::Native => CompiledNative::iter_errors(value),
        }
    }

    /// Whether the types accept a tree.
    pub(in crate::approvals) fn accepts(self, root: &ast::Value<'_>) -> bool {
        match self {
            Self::Document => read::<Document<'_>>(root).is_ok(),
            Self::Native => read::<Policy<'_>>(root).is_ok(),
        }
    }

    /// The schema's name of the object at a path; `None` is the root.
    pub(in crate::approvals) fn definition(self, path: &Path) -> Option<&'static str> {
        match (self, path.steps()) {
            (_, []) => None,
            (Self::Native, _) => Some("Rule"),
            (Self::Document, [Step::Key(field)]) => Some(if field == "socket" { "Socket" } else { "Policy" }),
            (Self::Document, [_, _]) => Some("Agent"),
            (Self::Document, [_, _, Step::Key(list), ..]) => {
                Some(if list == "mcpTools" { "McpTool" } else { "Entry" })
            }
            (Self::Document, _) => None,
        }
    }

    /// The name of the whole text in a sentence.
    pub(in crate::approvals) const fn name(self) -> &'static str {
        match self {
            Self::Document => "the document",
            Self::Native => "the policy",
        }
    }

    /// The request field that carries the whole text, and a field that the whole text must have.
    pub(in crate::approvals) const fn envelope(self) -> (&'static str, &'static str) {
        match self {
            Self::Document => ("file", "version"),
            Self::Native => ("native", "rules"),
        }
    }
}
