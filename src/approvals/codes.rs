//! Every code a check can report, with what is wrong, why it matters and how to mend it.
//!
//! Codes are a promise: scripts and baselines name them. One is never renamed or given another meaning.

use std::fmt;

/// One page of the codes, for `approvals validate --explain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The problem in a few words.
    pub title: &'static str,
    /// What is wrong.
    pub what: &'static str,
    /// Why it matters: what a gateway does with such a document.
    pub why: &'static str,
    /// How to mend it.
    pub mend: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal { $title:literal, $what:literal, $why:literal, $mend:literal $(,)? })+) => {
        /// A kind of problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $title] $name,)+ }

        impl Code {
            /// Every code, as the codes page lists them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// The code's page.
            pub const fn explanation(self) -> Explanation {
                match self {
                    $(Self::$name => Explanation { title: $title, what: $what, why: $why, mend: $mend },)+
                }
            }
        }
    };
}

impl Code {
    /// The code of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }

    /// The code that was most likely meant by a name that is none.
    pub fn nearest(name: &str) -> Option<String> {
        super::shape::nearest(name, Self::ALL.iter().map(|code| code.as_str()))
    }

    /// Whether the code is about a form of early releases, which `--allow-legacy` accepts.
    pub const fn is_legacy(self) -> bool {
        matches!(
            self,
            Self::LegacyBareEntry | Self::LegacyDefaultAgent | Self::LegacyNullUsage | Self::LegacySource
        )
    }

    /// Whether a source line helps: not where the bytes are no text.
    pub(super) const fn has_excerpt(self) -> bool {
        !matches!(self, Self::InvalidUtf8 | Self::NulByte | Self::EmptyDocument | Self::ByteOrderMark)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

codes! {
    BlankText = "blank-text" {
        "a name or pattern without a visible character",
        "`pattern`, `server` or `tool` is empty or holds nothing but white space, or an `id` is empty.",
        "A gateway accepts such an entry and drops it without a word. Stored in SQLite (2026.8 and later) it makes the whole document unreadable, and the host then denies every command.",
        "Write the pattern that was meant, or remove the entry.",
    }
    ByteOrderMark = "byte-order-mark" {
        "the file starts with a byte-order mark",
        "The first three bytes are EF BB BF, which some editors write to mark UTF-8.",
        "The host reads its document with `JSON.parse`, which refuses the mark. Releases before 2026.8 then run with their permissive default and overwrite the file.",
        "Save the file as UTF-8 without a byte-order mark: sed -i '1s/^\\xEF\\xBB\\xBF//' FILE",
    }
    CutShort = "cut-short" {
        "the file ends before the document does",
        "A bracket, string or comment is never closed, or a value is missing at the end of the file.",
        "A copy or a write was interrupted, or a bracket was forgotten. A host cannot read the file; releases before 2026.8 then run with their permissive default and overwrite it.",
        "Fetch the file again, or close what is open at the place shown.",
    }
    DuplicateKey = "duplicate-key" {
        "a key stands twice in one object",
        "JSON readers keep the last of two values and drop the first without a word.",
        "What a person reads first is not what the host obeys: an agent that seems to be denied may be allowed.",
        "Keep one of the two.",
    }
    EmptyDocument = "empty-document" {
        "the file holds no document",
        "The file is empty, or holds nothing but white space or comments.",
        "A host reads an empty file as a document without rules: releases before 2026.8 then allow every command.",
        "Write a document, for instance {\"version\": 1, \"defaults\": {\"security\": \"deny\"}}, or remove the file.",
    }
    InvalidArgPattern = "invalid-arg-pattern" {
        "`argPattern` is not an ECMAScript regular expression",
        "The text does not compile as `new RegExp(argPattern)` does it: no flags.",
        "A gateway does not report this: the entry just never matches. On 2026.4.14 outside Windows `argPattern` is ignored altogether, and the entry allows any arguments.",
        "Mend the expression. To match a special character itself, put a backslash before it (two in JSON).",
    }
    InvalidUtf8 = "invalid-utf8" {
        "the file is not UTF-8",
        "A document is UTF-8 text; at the place shown a byte is not.",
        "The file is damaged, binary, or in another encoding (UTF-16, Latin-1). A host reads something else than what was written.",
        "Convert it: iconv -f UTF-16 -t UTF-8 FILE, naming the encoding it is in.",
    }
    Json5Notation = "json5-notation" {
        "JSON5 in a file that is read as JSON",
        "Comments, trailing commas, single quotes, keys without quotes and the like are JSON5.",
        "`openclaw approvals set` and `clearance approvals set` read JSON5, but a host reads its own store as JSON: copied there, this file counts as no document, and releases before 2026.8 then allow every command.",
        "Use plain JSON, name the file *.json5, or pass --syntax json5 if it is only ever pushed with `approvals set`.",
    }
    LegacyBareEntry = "legacy-bare-entry" {
        "an allowlist entry that is a bare string",
        "Early releases wrote an entry as its pattern alone.",
        "A host reads it as {\"pattern\": …}, trimmed. A gateway rejects it on the wire, and up to 2026.6 an agent `main` loses its bare entries when the document also has an agent `default`.",
        "Write {\"pattern\": \"…\"}. `approvals set --allow-legacy` does it for you.",
    }
    LegacyDefaultAgent = "legacy-default-agent" {
        "an agent called `default`",
        "`agents.default` is the name that early releases gave to `agents.main`.",
        "A gateway folds it into `main` when it reads the document: `main` wins field by field, and entries of `default` come after those of `main`. Up to 2026.6 this loses what `main` alone has of MCP tools.",
        "Rename it to `main`, or merge the two by hand. `approvals set --allow-legacy` renames it where there is no `main`.",
    }
    LegacyNullUsage = "legacy-null-usage" {
        "a usage field that is null",
        "Early releases wrote `lastUsedAt: null` and `lastUsedCommand: null` for an entry that was never used.",
        "A JSON store accepts it. A gateway rejects it on the wire, and stored in SQLite (2026.8 and later) it makes the whole document unreadable: the host then denies every command.",
        "Remove the field. `approvals set --allow-legacy` does it for you.",
    }
    LegacySource = "legacy-source" {
        "a `source` that no gateway writes today",
        "The only source is `allow-always`; an entry written by a person has none.",
        "A host takes any other string for an entry written by a person; current releases drop the field. A gateway rejects it on the wire.",
        "Remove the field, or write `allow-always` if that was meant. `approvals set --allow-legacy` removes it.",
    }
    MissingField = "missing-field" {
        "a field that must be there is not",
        "A document needs `version`, an entry `pattern`, an MCP tool `server`, `tool`, `source` and `addedAt`.",
        "Without `version` a host up to 2026.6 reads no rules at all and allows every command; later ones deny every command. A gateway rejects the rest on the wire.",
        "Add the field.",
    }
    NegativeTime = "negative-time" {
        "a time before 1970",
        "`lastUsedAt` and `addedAt` are Unix milliseconds and not negative.",
        "A gateway rejects the document on the wire.",
        "Correct the number or remove the field.",
    }
    NestedTooDeep = "nested-too-deep" {
        "brackets nest deeper than any document",
        "A document nests five levels; this text nests more than 127.",
        "It is no approvals document, and some readers crash on it.",
        "Check that this is the right file.",
    }
    NulByte = "nul-byte" {
        "a NUL byte",
        "The file holds a byte of value 0.",
        "The file is binary or UTF-16, or a disk filled up or a machine crashed while it was written. A host cannot read it.",
        "Restore the file from a copy, or convert it: iconv -f UTF-16 -t UTF-8 FILE",
    }
    NumberOutOfRange = "number-out-of-range" {
        "a number that JSON cannot hold",
        "Infinity, NaN, or a number beyond what a double can hold.",
        "`JSON.parse` turns it into Infinity or refuses it, and a gateway that stores Infinity writes null.",
        "Write the number that was meant.",
    }
    Refused = "refused" {
        "a value that the schema refuses",
        "The value breaks a rule of the schema that has no code of its own.",
        "The host may drop the value or the whole document.",
        "Compare it with `clearance approvals schema`.",
    }
    ReservedAgentId = "reserved-agent-id" {
        "an agent called `__proto__`",
        "The id has a meaning of its own in JavaScript.",
        "From 2026.8 a host refuses the whole document and denies every command.",
        "Choose another id.",
    }
    Syntax = "syntax" {
        "not JSON",
        "The text breaks the notation's rules at the place shown.",
        "A host cannot read the file; releases before 2026.8 then run with their permissive default and overwrite it.",
        "Mend the text at the place shown.",
    }
    TrailingText = "trailing-text" {
        "text after the document",
        "The document is complete, and something follows it.",
        "Two files were joined, or a shorter one was written over a longer one. A host refuses the whole file.",
        "Remove what follows the last bracket.",
    }
    UnknownField = "unknown-field" {
        "a field that a document does not have",
        "Objects are closed: only the fields of the schema may stand in them.",
        "A gateway rejects the document on the wire, or a host drops the field without a word: a misspelt rule is no rule.",
        "Correct the name, or remove the field. `clearance approvals schema` lists them all.",
    }
    UnknownValue = "unknown-value" {
        "a word that the field does not know",
        "`security` is deny, allowlist or full; `ask` is off, on-miss or always; `askFallback` is deny, allowlist or full.",
        "A gateway accepts the word, drops it without a word of its own, and falls back to the next wider policy, which allows everything if nothing else is set.",
        "Use one of the words listed.",
    }
    UnsupportedVersion = "unsupported-version" {
        "a version other than 1",
        "`version` is 1 in every release so far.",
        "A host up to 2026.6 reads no rules at all and allows every command; later ones deny every command.",
        "Write 1, if the document was written for this version of the format.",
    }
    WrappedDocument = "wrapped-document" {
        "a document in its envelope",
        "This is what `approvals get --json` prints, or a request to a gateway; the document is the object under `file`.",
        "Stored as it is, it holds no rules.",
        "Take the document out: jq .file FILE",
    }
    WrongType = "wrong-type" {
        "a value of the wrong type",
        "The field holds a string where a number belongs, an array where an object belongs, and the like.",
        "A gateway rejects the document on the wire. Read from a store, the value is dropped or, from 2026.8, every command is denied.",
        "Write a value of the type that is expected.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_kebab_case_and_found_by_name() {
        let names: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]), "{names:?}");
        for (code, name) in Code::ALL.iter().zip(names) {
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
            assert_eq!(Code::named(name), Some(*code));
            assert_eq!(code.is_legacy(), name.starts_with("legacy-"));
        }
        assert_eq!(Code::named("BLANK-TEXT"), None);
    }
}
