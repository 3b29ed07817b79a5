//! The JSON Schema of a file of policy tests, derived from its types, and the keys that it knows.

use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::file::File;

/// The schema: what `approvals schema --tests` prints, and the committed file holds.
pub fn derived() -> Value {
    SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<File>().to_value()
}

/// A kind of table in a file of policy tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Host,
    Case,
    Entry,
}

impl Kind {
    const ALL: [Self; 4] = [Self::File, Self::Host, Self::Case, Self::Entry];

    /// Its name in a sentence.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::File => "the file",
            Self::Host => "[host]",
            Self::Case => "a case",
            Self::Entry => "an entry",
        }
    }

    /// The keys that it may have.
    pub(super) fn keys(self) -> &'static [String] {
        static KEYS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
            let schema = derived();
            Kind::ALL.iter().map(|table| table.keys_in(&schema)).collect()
        });
        Self::ALL
            .iter()
            .position(|table| *table == self)
            .and_then(|at| KEYS.get(at))
            .map_or(&[], Vec::as_slice)
    }

    fn keys_in(self, schema: &Value) -> Vec<String> {
        let properties = match self {
            Self::File => schema.get("properties"),
            Self::Host => schema.pointer("/$defs/Table/properties"),
            Self::Case => schema.pointer("/$defs/Case/properties"),
            Self::Entry => schema.pointer("/$defs/Entry/properties"),
        };
        properties
            .and_then(Value::as_object)
            .map(|object| object.keys().cloned().collect())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_has_its_keys() {
        for table in Kind::ALL {
            assert!(table.keys().len() >= 2, "{table:?}: {:?}", table.keys());
        }
        assert!(Kind::Case.keys().iter().any(|key| key == "unanswered"));
        assert!(Kind::File.keys().iter().any(|key| key == "case"));
    }
}
