//! The JSON Schema of a document: derived from the types, committed beside this file, compiled into the binary.

use schemars::generate::SchemaSettings;

use super::document::Document;

/// The schema's `$id`.
pub const ID: &str = "urn:clearance:schema:exec-approvals:1";

/// The schema as it is derived from the types: what `approvals schema` prints and `schema.json` holds.
pub fn derived() -> serde_json::Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document<'static>>().to_value()
}

/// The committed schema, compiled at build time. A test holds it equal to [`derived`].
#[jsonschema::validator(path = "src/approvals/schema.json")]
pub(super) struct Compiled;
