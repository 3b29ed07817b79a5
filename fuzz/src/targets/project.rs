//! A project's `clearance.toml`.

use clearance::internals::settings::{Project, SettingsError};

use super::{Target, chosen, kind, whole, within};

pub(super) const TARGET: Target = Target {
    name: "project",
    run: project,
    fixtures: &[],
    split: whole,
    tokens: &TOKENS,
    pairs: &[["\"", "\""], ["'", "'"], ["[", "]"], ["[[", "]]"], ["\"\"\"\n", "\"\"\""], ["{ a = ", " }"]],
    joins: &["\n", "\n\n", "\n[[lint.silence]]\n"],
    longest: 131_072,
};

fn project(input: &[u8]) -> u64 {
    let (_, bytes) = chosen(input);
    let text = String::from_utf8_lossy(bytes);
    match Project::of("clearance.toml".into(), text.clone().into_owned()) {
        Ok(project) => {
            let overrides = &project.overrides;
            assert_eq!(overrides.silences.len(), project.spans.len(), "each silence has a place");
            for (silence, span) in overrides.silences.iter().zip(&project.spans) {
                let written = text.get(span.clone()).expect("the place is inside the text");
                // An escape sequence may be part of the name.
                assert!(written.contains(silence.code.as_str()) || written.contains('\\'), "{written}");
                assert!(silence.code.is_lint(), "only a lint can be silenced");
            }
            assert!(overrides.severities.keys().all(|code| code.is_lint()), "only a lint has a severity");
            kind((overrides.silences.len().min(4), overrides.severities.len().min(4)))
        }
        Err(error) => {
            let SettingsError::Own { at, problem, .. } = &error else { panic!("{error:?}") };
            if let Some((line, column)) = *at {
                within(&text, line, column);
            }
            assert!(!problem.is_empty() && !problem.contains('\n'), "{problem:?}");
            kind((at.is_some(), problem.split('`').next().map(str::to_owned), error.remedy()))
        }
    }
}

/// Pieces of the file.
const TOKENS: [&str; 44] = [
    "[lint]",
    "[lint.severity]",
    "[[lint.silence]]",
    "[[lint]]",
    "code = ",
    "path = ",
    "agent = ",
    "pattern = ",
    "reason = ",
    "covered-entry",
    "interpreter-without-arguments",
    "missing-field",
    "duplicate-key",
    "\"error\"",
    "\"warning\"",
    "\"note\"",
    "\"off\"",
    "lint.severity.covered-entry",
    "=",
    ".",
    ",",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "{",
    "}",
    "[",
    "]",
    "#",
    "\n",
    "\r\n",
    "\r",
    "\\",
    "\\u00e9",
    "\u{feff}",
    "\u{202e}",
    "é",
    "\0",
    "true",
    "1979-05-27",
    "0x1",
    "inf",
    "./hosts/",
];
