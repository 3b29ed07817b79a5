//! Reads a shell command with the grammar of Bash, as 2026.6.11 and 2026.9.6 do before they look at entries: which programs
//! it starts with which words, and what about it cannot be judged from the text. Source: `command-explainer/extract.ts` of
//! both releases (tree-sitter-bash 0.25.1).

use std::cell::RefCell;
use std::rc::Rc;

use super::profile::Profile;

mod carriers;
mod decode;
mod explanation;
mod kind;
mod parse;
mod source;
mod step;
mod units;
mod walk;
mod word;

pub(super) use explanation::{Context, Explanation, PromptOnly, Risk, RiskKind, Step};
pub(super) use parse::Unparsed;

/// A command that was explained, and what was found.
struct Explained {
    command: String,
    profile: Profile,
    found: Result<Rc<Explanation>, Unparsed>,
}

thread_local! {
    /// The last command: a decision explains the same text for its guards and under each hypothesis.
    static LAST: RefCell<Option<Explained>> = const { RefCell::new(None) };
}

/// Explains a command.
pub(super) fn explain(command: &str, profile: Profile) -> Result<Rc<Explanation>, Unparsed> {
    LAST.with_borrow_mut(|last| {
        if let Some(last) = last
            && last.profile == profile
            && last.command == command
        {
            return last.found.clone();
        }
        let found = walk::explain(command, profile).map(Rc::new);
        *last = Some(Explained { command: command.to_owned(), profile, found: found.clone() });
        found
    })
}

#[cfg(test)]
mod tests;
