//! The reasons of a decision in sentences. The words of a release are kept where they are a message of their own. The
//! sentences may quote the command: the code that prints them escapes them.

use crate::approvals::decide::{Origin, Plan, Verdict};

/// What the reasons of a decision are made of.
#[derive(Debug, Clone, Copy)]
pub struct Reasons<'r> {
    /// What happens.
    pub verdict: Verdict,
    /// Why, in the release's words.
    pub reason: &'r str,
    /// Why the command cannot be analysed, in the release's words.
    pub not_analysable: Option<&'r str>,
    /// What the release would start, and whether the entries allow every part.
    pub plan: Option<(&'r Plan, bool)>,
    /// The release.
    pub release: &'r str,
}

impl Reasons<'_> {
    /// The sentences.
    pub fn sentences(self) -> Vec<String> {
        let release = self.release;
        let mut lines = Vec::new();
        if self.verdict == Verdict::Denied {
            lines.push(format!("the gateway's message: {}", self.reason));
        } else {
            let words = self.reason.split('+').filter(|word| !word.is_empty());
            // What makes a command impossible to analyse has a sentence of its own below.
            let words =
                words.filter(|word| !word.starts_with("not-analysable") || self.not_analysable.is_none());
            lines.extend(words.map(|word| sentence(word, release)));
        }
        if let Some(why) = self.not_analysable {
            lines.push(format!("{release} cannot analyse the command: {}", not_analysable(why)));
        }
        if let Some((Plan::Unavailable(why), true)) = self.plan {
            lines.push(format!("{release} cannot pin its programs to their paths: {why}"));
        }
        lines
    }
}

fn sentence(word: &str, release: &str) -> String {
    let known = match word.split(':').next().unwrap_or_default() {
        "full" => "every command runs: security is full",
        "full-bypass" => "the session's permission mode is full: the document is not consulted",
        "allowlist" => "the entries allow every part",
        "durable" => "a person answered \"Allow always\" before",
        "ask-fallback" => "nobody can answer, and askFallback lets it run",
        "ask-always" => "ask is always",
        "allowlist-miss" => "the entries do not allow every part",
        "not-analysable" => return format!("{release} cannot analyse the command"),
        "heredoc" => "it has a here-document (<<)",
        "inline-eval" => "it has code in its arguments, and strictInlineEval is on",
        "plan-unavailable" => {
            "the entries allow every part, but the release starts only commands that it can pin to paths"
        }
        "audit-suppression" => "it may suppress findings of the security audit",
        "mutable-file" => "the approval is bound to a file that the gateway's user can change",
        _ => word,
    };
    known.to_owned()
}

/// What makes a command impossible to analyse. The release's own word stays visible.
fn not_analysable(why: &str) -> String {
    let meaning = match why {
        "redirect" => "it has a redirection, such as > or 2>&1",
        "heredoc" => "it has a here-document (<<)",
        "here-string" => "it has a here-string (<<<)",
        "command-substitution" => "it has a command substitution, $(…) or backquotes",
        "process-substitution" => "it has a process substitution, <(…) or >(…)",
        "function-definition" => "it defines a function",
        "line-continuation" => "it has a backslash before a line break",
        "dynamic-executable" => "the name of a program is computed",
        "dynamic-argument" => "an argument is computed, such as $HOME",
        "background" => "it runs in the background (&)",
        "if" => "it has an if",
        "for" => "it has a for loop",
        "while" => "it has a while loop",
        "case" => "it has a case",
        "subshell" => "it has a subshell, (…)",
        "group" => "it has a group, { … }",
        "syntax-error" | "unable to parse command" => "it is not complete shell text, such as an open quote",
        "no commands to authorize" => "it has no command",
        _ => return why.to_owned(),
    };
    format!("{meaning} ({why})")
}

/// Where a field of a policy comes from.
pub fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Document(key) => format!("{key} in the document"),
        Origin::Configuration(key) => format!("{key} in openclaw.json"),
        Origin::Default => "the release's default".to_owned(),
        Origin::Call(key) => format!("{key} of the call"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sentences() {
        let of = |verdict, reason, not_analysable| {
            let plan = Some((&Plan::Unavailable("a glob"), true));
            Reasons { verdict, reason, not_analysable, plan, release: "2026.9.6" }.sentences()
        };
        assert_eq!(
            of(Verdict::Asks, "ask-always+not-analysable: redirect", Some("redirect")),
            [
                "ask is always",
                "2026.9.6 cannot analyse the command: it has a redirection, such as > or 2>&1 (redirect)",
                "2026.9.6 cannot pin its programs to their paths: a glob"
            ]
        );
        assert_eq!(
            of(Verdict::Denied, "exec denied: x+y", None)[0],
            "the gateway's message: exec denied: x+y"
        );
        assert_eq!(of(Verdict::Runs, "something-new", None)[0], "something-new");
    }
}
