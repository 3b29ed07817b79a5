//! The leaves of a document: strings with a rule, instants, and the literals.
//!
//! Each type accepts exactly the values that its part of the JSON Schema accepts. It borrows from the input unless the
//! input needs unescaping.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// White space and line ends of ECMAScript's `trim` and `\s`: the characters that a gateway trims.
///
/// Unlike [`char::is_whitespace`] it counts U+FEFF and not U+0085.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_blank_char)
}

/// `String.prototype.trim`.
pub fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank_char)
}

pub(in crate::approvals) fn is_blank_char(c: char) -> bool {
    c == '\u{feff}' || (c.is_whitespace() && c != '\u{85}')
}

pub(in crate::approvals) struct CowVisitor;

impl<'de> Visitor<'de> for CowVisitor {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(v))
    }

    fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v.to_owned()))
    }

    fn visit_string<E>(self, v: String) -> Result<Self::Value, E> {
        Ok(Cow::Owned(v))
    }
}

macro_rules! string_type {
    ($(#[$doc:meta])* $name:ident, $accepts:expr, $schema:tt) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name<'a>(Cow<'a, str>);

        impl<'a> $name<'a> {
            /// The value, or `None` if the text breaks the rule of this type.
            pub fn new(text: impl Into<Cow<'a, str>>) -> Option<Self> {
                let text = text.into();
                let accepts: fn(&str) -> bool = $accepts;
                accepts(&text).then_some(Self(text))
            }

            /// The text as it is in the document.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The value as an owned copy.
            pub fn into_owned(self) -> $name<'static> {
                $name(Cow::Owned(self.0.into_owned()))
            }
        }

        impl<'de: 'a, 'a> Deserialize<'de> for $name<'a> {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = deserializer.deserialize_str(CowVisitor)?;
                Self::new(text).ok_or_else(|| de::Error::custom("the string is blank"))
            }
        }

        impl Serialize for $name<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl JsonSchema for $name<'_> {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

string_type!(
    /// Any string.
    Text, |_| true, { "type": "string" }
);
string_type!(
    /// A string of at least one character, spaces included.
    NonEmpty, |text| !text.is_empty(), { "type": "string", "minLength": 1 }
);
string_type!(
    /// A string with at least one character that is not white space.
    NonBlank, |text| !is_blank(text), { "type": "string", "pattern": "\\S" }
);

/// A string that must not be shown. It is only ever written to a store.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<'a>(Text<'a>);

impl Secret<'_> {
    /// A secret with at least one character that is not white space, trimmed as a gateway does.
    pub fn new(text: &str) -> Option<Secret<'static>> {
        let text = trimmed(text);
        Text::new(text.to_owned()).filter(|_| !text.is_empty()).map(Secret)
    }

    /// The trimmed secret; `None` if nothing is left.
    pub fn trimmed(self) -> Option<Secret<'static>> {
        Self::new(self.0.as_str())
    }
}

impl Secret<'_> {
    /// The placeholder that reports show instead of the secret.
    pub const REDACTED: &'static str = "[redacted]";

    /// The secret as an owned copy.
    pub fn into_owned(self) -> Secret<'static> {
        Secret(self.0.into_owned())
    }
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::REDACTED)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Secret<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self)
    }
}

impl Serialize for Secret<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Secret<'_> {
    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Text::json_schema(generator)
    }
}

/// An instant in Unix milliseconds, not negative. Fractions are kept: current gateways accept them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Millis(serde_json::Number);

impl Millis {
    /// The instant, or `None` for a negative number.
    pub fn new(number: serde_json::Number) -> Option<Self> {
        let accepted = number.is_u64() || number.as_f64().is_some_and(|value| value >= 0.0);
        accepted.then_some(Self(number))
    }

    /// The number as JavaScript prints it: a whole number has no fraction.
    #[must_use]
    pub fn printed_by_javascript(self) -> Self {
        /// Above this limit a double cannot represent every whole number.
        const SAFE: f64 = 9_007_199_254_740_991.0;
        let whole = self.0.as_f64().filter(|value| value.fract() == 0.0 && (0.0..=SAFE).contains(value));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "whole, and in range")]
        let whole = whole.map(|value| Self((value as u64).into()));
        whole.unwrap_or(self)
    }

    /// The instant as a double, as gateways compute with it.
    pub fn as_f64(&self) -> f64 {
        self.0.as_f64().unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Millis {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        Self::new(number).ok_or_else(|| de::Error::custom("the number is negative"))
    }
}

impl Serialize for Millis {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl JsonSchema for Millis {
    fn schema_name() -> Cow<'static, str> {
        "Millis".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0 })
    }
}

/// The only document version: the number 1, however it is written (`1`, `1.0`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Version;

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Number::deserialize(deserializer)?;
        if number.as_f64() == Some(1.0) { Ok(Self) } else { Err(de::Error::custom("the version is not 1")) }
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

impl JsonSchema for Version {
    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "const": 1 })
    }
}

/// A closed set of words. It is read only from a string: serde's own derive would also accept `{"deny": null}`.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// Every word of the set, in the order of the schema.
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word as it is written in a document.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                match deserializer.deserialize_str(CowVisitor)?.as_ref() {
                    $($word => Ok(Self::$variant),)+
                    other => Err(de::Error::unknown_variant(other, Self::WORDS)),
                }
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                match Self::WORDS {
                    [word] => json_schema!({ "type": "string", "const": word }),
                    words => json_schema!({ "type": "string", "enum": words }),
                }
            }
        }
    };
}

pub(in crate::approvals) use words;

words!(
    /// What may run on the host.
    Security {
        /// Nothing runs.
        Deny = "deny",
        /// Only what the allowlist matches.
        Allowlist = "allowlist",
        /// Everything runs.
        Full = "full",
    }
);
words!(
    /// When a person is asked.
    Ask {
        /// Never.
        Off = "off",
        /// When the allowlist does not match.
        OnMiss = "on-miss",
        /// Every time.
        Always = "always",
    }
);
words!(
    /// What happens when a person should be asked and none can be.
    AskFallback {
        /// The command does not run.
        Deny = "deny",
        /// It runs if the allowlist matches.
        Allowlist = "allowlist",
        /// It runs.
        Full = "full",
    }
);
words!(
    /// Who wrote an entry. The field is absent where a person did.
    Source {
        /// A prompt that was answered "Allow always".
        AllowAlways = "allow-always",
    }
);
