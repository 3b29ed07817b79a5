//! Every code that a check can report, with the problem, its consequence and its fix.
//!
//! Codes are stable: scripts and baselines use them. A code is never renamed or given another meaning.

use std::fmt;

use crate::approvals::findings::severity::Severity;

/// One page of the codes, for `approvals validate --explain`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// The problem in a few words.
    pub title: &'static str,
    /// The problem.
    pub what: &'static str,
    /// The consequence: how a gateway treats such a document.
    pub why: &'static str,
    /// How to fix it.
    pub fix: &'static str,
}

macro_rules! codes {
    (
        checks { $($check:ident = $check_code:literal { $check_title:literal, $check_what:literal, $check_why:literal, $check_fix:literal $(,)? })+ }
        lints { $($lint:ident = $lint_code:literal $severity:ident { $lint_title:literal, $lint_what:literal, $lint_why:literal, $lint_fix:literal $(,)? })+ }
    ) => {
        /// The kind of a problem.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code { $(#[doc = $check_title] $check,)+ $(#[doc = $lint_title] $lint,)+ }

        impl Code {
            /// Every code that makes a document invalid, in the order of the codes page.
            pub const ALL: &'static [Self] = &[$(Self::$check),+];

            /// Every code for a valid document that is dangerous or has no effect.
            pub const LINTS: &'static [Self] = &[$(Self::$lint),+];

            /// The stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$check => $check_code,)+ $(Self::$lint => $lint_code,)+ }
            }

            /// The default severity.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$check => Severity::Error,)+ $(Self::$lint => Severity::$severity,)+ }
            }

            /// The code's page.
            pub const fn explanation(self) -> Explanation {
                match self {
                    $(Self::$check => Explanation { title: $check_title, what: $check_what, why: $check_why, fix: $check_fix },)+
                    $(Self::$lint => Explanation { title: $lint_title, what: $lint_what, why: $lint_why, fix: $lint_fix },)+
                }
            }
        }
    };
}

impl Code {
    /// The code with that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().chain(Self::LINTS).copied().find(|code| code.as_str() == name)
    }

    /// The code whose name is most similar to an unknown name.
    pub fn nearest(name: &str) -> Option<String> {
        crate::approvals::findings::nearest::near(
            name,
            Self::ALL.iter().chain(Self::LINTS).map(|code| code.as_str()),
        )
    }

    /// Whether the code is about a valid document.
    pub fn is_lint(self) -> bool {
        Self::LINTS.contains(&self)
    }

    /// Whether `lint --fix` fixes it. That is only the case if the meaning of the document stays the same, or if the time
    /// of an entry is over.
    pub const fn is_fixable(self) -> bool {
        matches!(
            self,
            Self::CoveredEntry
                | Self::DuplicateEntry
                | Self::ExpiredEntry
                | Self::InactiveGenerated
                | Self::NeverMatches
        )
    }

    /// How to fix it on a gateway or node, if that differs from [`Self::explanation`].
    pub const fn remote_fix(self) -> Option<&'static str> {
        match self {
            Self::CoveredEntry => Some(
                "Remove it, or the broader one if that was not meant: clearance approvals allowlist remove PATTERN --agent ID (with its --arg-pattern, if it has one).",
            ),
            Self::DuplicateEntry => Some(
                "Remove them and add one again: clearance approvals allowlist remove PATTERN --agent ID, then clearance approvals allowlist add PATTERN --agent ID.",
            ),
            Self::ExpiredEntry => Some(
                "A running approvals watch of the gateway removes it. To do it now: clearance approvals allowlist remove PATTERN --agent ID (with its --arg-pattern, if it has one).",
            ),
            Self::InactiveGenerated => Some(
                "Remove it, and answer the next prompt anew: clearance approvals allowlist remove PATTERN --agent ID --source allow-always (with its --arg-pattern, if it has one).",
            ),
            Self::NeverMatches => Some(
                "Add the whole path, or the bare name of a program on PATH, and remove this entry: clearance approvals allowlist remove PATTERN --agent ID.",
            ),
            _ => None,
        }
    }

    /// Whether the code is about a form of early releases, which `--allow-legacy` accepts.
    pub const fn is_legacy(self) -> bool {
        matches!(
            self,
            Self::LegacyBareEntry | Self::LegacyDefaultAgent | Self::LegacyNullUsage | Self::LegacySource
        )
    }

    /// Whether a source line helps. It does not if the bytes are not text.
    pub(in crate::approvals) const fn has_excerpt(self) -> bool {
        !matches!(self, Self::InvalidUtf8 | Self::NulByte | Self::EmptyDocument | Self::ByteOrderMark)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

codes! {
    checks {
        BlankText = "blank-text" {
            "a name or pattern without a visible character",
            "`pattern`, `server` or `tool` is empty or holds nothing but white space, or an `id` is empty.",
            "A gateway accepts such an entry and drops it silently. Stored in SQLite (2026.8 and later) it makes the whole document unreadable, and the host then denies every command.",
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
            "one object has a key twice",
            "JSON readers keep the last of two values and drop the first silently.",
            "A person may read a value that the host ignores: an agent that seems to be denied may be allowed.",
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
            "The text does not compile as `new RegExp(argPattern)` (without flags).",
            "A gateway does not report this: the entry just never matches. On 2026.4.14 outside Windows `argPattern` is ignored altogether, and the entry allows any arguments.",
            "Fix the expression. To match a special character itself, put a backslash before it (two in JSON).",
        }
        InvalidUtf8 = "invalid-utf8" {
            "the file is not UTF-8",
            "A document is UTF-8 text; at the place shown a byte is not.",
            "The file is damaged, binary, or in another encoding (UTF-16, Latin-1). A host reads different text than was written.",
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
            "A gateway merges it into `main` when it reads the document: `main` wins field by field, and entries of `default` come after those of `main`. Up to 2026.6 this loses MCP tools that only `main` has.",
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
            "a required field is missing",
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
            "It is not an approvals document, and some readers crash on it.",
            "Check that this is the right file.",
        }
        NodePolicy = "node-policy" {
            "the exec policy of a Windows node, not a document",
            "The file has `rules` or `defaultAction`: the form in which a Windows node keeps its own policy.",
            "Stored as a host's document it holds no rules: releases up to 2026.6 then allow every command, later ones deny every command.",
            "Store it on the node: clearance approvals set --file FILE --gateway --node NODE",
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
        OpenclawConfig = "openclaw-config" {
            "OpenClaw's configuration, not a document",
            "The file has sections of `openclaw.json`, such as `gateway`, `tools` or `models`. `tools.exec` there and the approvals document both decide what may run; the stricter of the two applies.",
            "Stored as a host's document it holds no rules: releases up to 2026.6 then allow every command, later ones deny every command.",
            "Name the approvals document instead: ~/.openclaw/exec-approvals.json up to 2026.7; from 2026.8 clearance approvals get --json | jq .file",
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
            "Fix the text at the place shown.",
        }
        TooManyValues = "too-many-values" {
            "a document with too many values for its size",
            "The file holds little but brackets, commas and repeated keys, or more objects than one for each 100 bytes (100,000 objects are always accepted).",
            "No host has such a document. Explaining it would take many times its size in memory, so it is checked only up to the place shown.",
            "Check that it is the right file. If it is, split the list, or remove what it holds many times.",
        }
        TrailingText = "trailing-text" {
            "text after the document",
            "The document is complete, and something follows it.",
            "Two files were joined, or a shorter one was written over a longer one. A host refuses the whole file.",
            "Remove what follows the last bracket.",
        }
        UnknownField = "unknown-field" {
            "a field that a document does not have",
            "Objects are closed: they may have only the fields of the schema.",
            "A gateway rejects the document on the wire, or a host drops the field silently: a misspelt rule has no effect.",
            "Correct the name, or remove the field. `clearance approvals schema` lists them all.",
        }
        UnknownValue = "unknown-value" {
            "a value that the field does not accept",
            "`security` is deny, allowlist or full; `ask` is off, on-miss or always; `askFallback` is deny, allowlist or full.",
            "A gateway accepts the word, drops it silently, and falls back to the next wider policy, which allows everything if nothing else is set.",
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
    lints {
        AnyCommand = "any-command" Error {
            "an entry that allows every command",
            "The pattern matches every command, and no `argPattern` narrows it.",
            "The allowlist no longer restricts anything: with `security: allowlist` the agent may do what it could with `full`.",
            "Remove the entry, and list the programs that are meant.",
        }
        AskFallbackFull = "ask-fallback-full" Warning {
            "an unanswered prompt runs the command",
            "`askFallback` is `full`, or it is not set, which means `full` up to 2026.5. Under `security: allowlist` it counts as `allowlist`, and is not reported.",
            "If no person can be asked, or none answers in time, the command runs. Anyone who lets prompts expire, or removes the companion app, decides.",
            "Write \"askFallback\": \"deny\". Do not leave it out: up to 2026.5 a missing one is `full`.",
        }
        CommandAsPattern = "command-as-pattern" Warning {
            "a command line where a program is meant",
            "The pattern has blanks as a command line has: `git status`, `/usr/bin/gh pr *`. A pattern is matched against the program alone, never against its arguments.",
            "The entry does not match the intended command, so that command needs approval, or is denied, every time.",
            "Write the program that a gateway compares into `pattern`, and its arguments as an anchored expression into `argPattern`: \"git\", \"^status$\". Commands with pipes and `&&` need an entry for each program. Up to 2026.5 a gateway ignores `argPattern`.",
        }
        CoveredEntry = "covered-entry" Warning {
            "an entry that a broader one covers",
            "Another entry of this agent, or of `*`, matches everything that this one does, with any arguments.",
            "It looks like a restriction but is not one. Removing it does not deny the command.",
            "Remove it, or the broader one if that was not meant. `lint --fix` removes the covered one.",
        }
        DeadDefault = "dead-default" Note {
            "a default that applies to no agent",
            "The same field is set under agent `*`, which comes before `defaults` for every agent.",
            "Changing it changes nothing.",
            "Remove one of the two.",
        }
        DuplicateEntry = "duplicate-entry" Warning {
            "a duplicate entry",
            "An earlier entry of the same agent has the same `pattern`, `argPattern` and `source`.",
            "Removing only one of them does not deny the command.",
            "Remove one of them. `lint --fix` removes the later ones.",
        }
        ExpiredEntry = "expired-entry" Warning {
            "an entry whose time is over",
            "The entry was added with a time limit (--for, --until), and its time is over.",
            "OpenClaw does not know of the limit, so the entry still allows its commands.",
            "Remove it: clearance approvals lint --fix. A running approvals watch, or the next edit, removes it, too.",
        }
        FullWithoutAsking = "full-without-asking" Error {
            "every command runs without a prompt",
            "`security` is `full` and `ask` is not `always`, after the agent's own values, those of `*` and the defaults. With `full`, `on-miss` never asks, like `off`.",
            "The agent can run any command on the host without approval.",
            "Write \"security\": \"allowlist\" with \"ask\": \"on-miss\", or at least \"ask\": \"always\".",
        }
        HomeDirectory = "home-directory" Warning {
            "every program in a home directory is allowed",
            "The pattern matches every file in a home directory.",
            "Agents download and write files there, and may then run them.",
            "Name the directory that holds the programs, such as ~/.local/bin/*, or the programs.",
        }
        IdleAllowlist = "idle-allowlist" Note {
            "an allowlist that is never used",
            "`security` is `deny` for this agent, after its own value, that of `*` and the defaults.",
            "None of the entries allows anything now. All of them take effect when `security` changes.",
            "Remove the entries, or write \"security\": \"allowlist\".",
        }
        IgnoredByRelease = "ignored-by-release" Error {
            "the named release interprets the entry differently",
            "The release named by --for ignores `argPattern` (except on Windows), or never matches a name without a directory.",
            "An entry whose `argPattern` is ignored allows the program with any arguments; a name that never matches allows nothing.",
            "Update the gateway; until then, leave out entries that need `argPattern`, and write whole paths.",
        }
        InactiveGenerated = "inactive-generated" Warning {
            "a generated entry that is inactive",
            "The entry was written by an answer \"allow always\" before 2026.8.1 and is not bound to a directory.",
            "Gateways from 2026.8.1 on do not match it: the command needs approval again. Earlier ones do.",
            "Remove it, as openclaw doctor --fix does, and answer the next prompt anew. `lint --fix` removes it if only such a gateway can read the document (or with --for).",
        }
        InterpreterWithoutArguments = "interpreter-without-arguments" Warning {
            "an entry for a program that runs other programs",
            "The entry allows the command that the message shows, as the evaluator of `approvals explain` decides it: a program that runs code, or another program, from its arguments or its input (bash, python3, git, tar, npm, vi and the like).",
            "An agent that may run it may run anything. Releases differ in what they detect; the message names those that run the command.",
            "Name the arguments that are needed with an anchored `argPattern` such as \"^status$\"; up to 2026.5 a gateway ignores it. For a shell, write entries for its scripts and for the programs that its commands start: with an `argPattern` it allows more.",
        }
        LinkAsPattern = "link-as-pattern" Warning {
            "an entry for a link of this host",
            "The pattern is a path that is a link on this host. From 2026.6 on a gateway compares the path that a link leads to.",
            "The entry never matches there: the program needs approval, or is denied, every time.",
            "Write the path that the message shows, or the bare name of the program.",
        }
        LiteralGlob = "literal-glob" Warning {
            "brackets or braces that do not form alternatives",
            "The pattern has `{…,…}` or `[…]`. Only `*`, `**` and `?` have a meaning; everything else is literal.",
            "The entry matches only a file with these very characters in its name.",
            "Write one entry for each alternative.",
        }
        NeverMatches = "never-matches" Warning {
            "a pattern that can never match",
            "No program has a resolved path, or a name, that the pattern matches: a relative path, `*/` before a name, another user's ~, a slash at its end, a `.` or `..` in it, or `*` with an `argPattern`. Or its program is one behind which a gateway looks (env, timeout, nice, xargs, sudo, npx): it matches the program behind it, or nothing.",
            "The entry allows nothing on the releases that the message names, or on none.",
            "Write the whole path, or the bare name of a program on PATH; for a program such as env, an entry for the program behind it. `lint --fix` removes the entry if no release matches it.",
        }
        NeverUsed = "never-used" Note {
            "an entry that was never used",
            "With --stale: the document does not record when the entry was last used or created.",
            "An unused entry can only do harm. It may also be new: an entry does not record when it was written.",
            "Remove it if it has no known purpose.",
        }
        RewritesApprovals = "rewrites-approvals" Error {
            "an entry that lets an agent change its own approvals",
            "The entry allows a command of `openclaw` or `clearance` that changes the allowlist or the policy, as the evaluator of `approvals explain` decides it.",
            "The agent can allow itself every command.",
            "Remove the entry, or add an anchored `argPattern` for the subcommands that are meant: \"^status$\" (up to 2026.5 a gateway ignores it).",
        }
        SecretInVersionControl = "secret-in-version-control" Error {
            "a secret in a file under version control",
            "The file lies in a Git work tree and is not ignored, and holds a socket token, or text that looks like a credential.",
            "Everyone who can read the repository, or any copy of its history, has the secret.",
            "Remove it and replace the secret with a new one. A host keeps its own `socket` block when a document has none.",
        }
        ShadowsAllAgents = "shadows-all-agents" Warning {
            "an agent is less restricted than `*`",
            "The agent sets a field that `*` sets too, to a weaker value, and an agent's own value wins.",
            "Restricting `*` does not restrict this agent.",
            "Remove the agent's own value, or write the reason in clearance.toml.",
        }
        StaleEntry = "stale-entry" Warning {
            "an entry that has not been used for a long time",
            "With --stale DAYS: it was last used more than DAYS days ago. For an MCP tool that was never used, the time of the grant counts.",
            "An unused entry can only do harm.",
            "Remove it; if it is still needed, the next prompt restores it.",
        }
        TimedEntry = "timed-entry" Note {
            "an entry with a time limit or a note",
            "The entry was added with a time limit or a note (--for, --until, --note). Both are kept on this host, beside the versions of the document.",
            "OpenClaw does not know of the limit: the entry is valid until something removes it.",
            "Nothing has to be fixed. A running approvals watch removes the entry when its time is over.",
        }
        UnanchoredArgPattern = "unanchored-arg-pattern" Warning {
            "an `argPattern` that matches anywhere",
            "The expression does not begin with ^ and end with $ in each of its alternatives, so it matches a part of the arguments.",
            "Arguments before and after what it matches are allowed too: `status` allows `push --force status`.",
            "Write ^ at its beginning and $ at its end; around alternatives a group: ^(?:a|b)$.",
        }
        UnknownToRelease = "unknown-to-release" Error {
            "a field that the named release does not know",
            "The gateway of the release named by --for refuses a document with this field.",
            "`set` fails on it.",
            "Update the gateway, or store it with clearance approvals set --downgrade, which leaves exactly these fields out.",
        }
        UnsetSecurity = "unset-security" Note {
            "the document leaves `security` to the host's configuration",
            "Neither `defaults` nor `*` sets `security`.",
            "The value of tools.exec in openclaw.json applies. If that is not set either, every command runs and no allowlist is used.",
            "Write \"defaults\": {\"security\": \"allowlist\", \"ask\": \"on-miss\"}.",
        }
        UnusedSilence = "unused-silence" Note {
            "a silence that matches no finding",
            "No finding of this run matches the entry of clearance.toml.",
            "It may hide a future finding.",
            "Remove it.",
        }
        WorldWritableDirectory = "world-writable-directory" Error {
            "a program in a world-writable directory",
            "The pattern lies under /tmp, /var/tmp, /dev/shm or a directory like them.",
            "Every user and every program of the host can put a program there, and the agent may run it.",
            "Move the program to a directory that only its owner can write to, and use that path.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_kebab_case_and_found_by_name() {
        for codes in [Code::ALL, Code::LINTS] {
            assert!(codes.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()), "{codes:?}");
        }
        for code in Code::ALL.iter().chain(Code::LINTS) {
            let name = code.as_str();
            assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'), "{name}");
            assert_eq!(Code::named(name), Some(*code));
            assert_eq!(code.is_legacy(), name.starts_with("legacy-"));
        }
        assert_eq!(Code::named("BLANK-TEXT"), None);
    }
}
