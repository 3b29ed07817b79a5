//! The values of `--on` and `--notify` of `queue guard` and `approvals watch`.

use super::duration::duration;
use crate::queue::guard::Trigger;

/// The words of a shell between or after commands. There is no shell, so each would be an argument.
const OF_SHELLS: [&str; 9] = ["|", "||", "&", "&&", ";", "<", ">", ">>", "2>&1"];

/// An event, and the program to start with its arguments, if any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct On {
    /// The event.
    pub trigger: Trigger,
    /// The program and its arguments; empty for a notice only.
    pub words: Vec<String>,
}

/// The receiver of notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notify {
    /// The terminal that the guard runs on.
    Terminal,
    /// A URL, which may be a secret. It is not checked here, because clap quotes what it refuses.
    Url(String),
}

/// Reads `EVENT[:COMMAND]`.
pub(super) fn on(text: &str) -> Result<On, String> {
    let (event, words) = event_and_words(text)?;
    Ok(On { trigger: trigger(event)?, words })
}

/// Reads an event and the words of a command, if there is one.
pub(super) fn event_and_words(text: &str) -> Result<(&str, Vec<String>), String> {
    let Some((event, command)) = text.split_once(':') else { return Ok((text, Vec::new())) };
    let Some(words) = shlex::split(command) else {
        return Err(format!("a quote is not closed in the command `{}`", command.escape_debug()));
    };
    if words.first().is_none_or(String::is_empty) {
        return Err(format!(
            "there is no command after the colon; write {event}:COMMAND, or {event} alone for a notice without a program"
        ));
    }
    if let Some(word) = words.iter().find(|word| OF_SHELLS.contains(&word.as_str())) {
        return Err(format!(
            "the command is started without a shell, so `{word}` would be an argument; write {event}:\"sh -c '…'\" for a shell"
        ));
    }
    Ok((event, words))
}

fn trigger(event: &str) -> Result<Trigger, String> {
    const EVENTS: &str = "older=DURATION, queue=COUNT, breaker or offender";
    let (word, limit) = match event.split_once('=') {
        Some((word, limit)) => (word, Some(limit)),
        None => (event, None),
    };
    match (word, limit) {
        ("older", Some(limit)) => {
            let limit = duration(limit).map_err(|problem| format!("older: {problem}"))?;
            let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            if limit_ms < 1_000 {
                return Err("older: the shortest limit is 1s".to_owned());
            }
            Ok(Trigger::Older(limit_ms))
        }
        ("queue", Some(limit)) => limit.parse().map(Trigger::Queue).map_err(|_| {
            format!(
                "queue: `{}` is not a number of prompts; write for example queue=20",
                limit.escape_debug()
            )
        }),
        ("breaker", None) => Ok(Trigger::Breaker),
        ("offender", None) => Ok(Trigger::Offender),
        ("older", None) => Err("`older` needs a limit; write for example older=5m:COMMAND".to_owned()),
        ("queue", None) => Err("`queue` needs a limit; write for example queue=20:COMMAND".to_owned()),
        ("breaker" | "offender", Some(_)) => {
            Err(format!("`{word}` has no limit; the command follows a colon: {word}:COMMAND"))
        }
        ("wider", _) => {
            Err(format!("`wider` is about documents, and a guard watches prompts; its events are {EVENTS}"))
        }
        _ => Err(format!("`{}` is not an event of a guard; write {EVENTS}", word.escape_debug())),
    }
}

/// Reads `URL|terminal`.
#[expect(clippy::unnecessary_wraps, reason = "a parser of values may fail")]
pub(super) fn notify(text: &str) -> Result<Notify, String> {
    Ok(if text == "terminal" { Notify::Terminal } else { Notify::Url(text.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_followed_by_its_command() {
        let of = |trigger, words: &[&str]| On {
            trigger,
            words: words.iter().map(|&word| word.to_owned()).collect(),
        };
        for (text, expected) in [
            ("older=5m:notify --prio high", of(Trigger::Older(300_000), &["notify", "--prio", "high"])),
            ("older=90:n", of(Trigger::Older(90_000), &["n"])),
            ("queue=20:/bin/x 'a b' \"c:d\"", of(Trigger::Queue(20), &["/bin/x", "a b", "c:d"])),
            ("breaker:sh -c 'cat > f; echo'", of(Trigger::Breaker, &["sh", "-c", "cat > f; echo"])),
            ("offender", of(Trigger::Offender, &[])),
            ("queue=0", of(Trigger::Queue(0), &[])),
        ] {
            assert_eq!(on(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        for (text, says) in [
            ("older:x", "older=5m:COMMAND"),
            ("older=soon:x", "`soon` is not a duration"),
            ("older=10ms:x", "the shortest limit is 1s"),
            ("queue:x", "queue=20:COMMAND"),
            ("queue=many:x", "`many` is not a number"),
            ("queue=-1:x", "`-1` is not a number"),
            ("breaker=notify", "breaker:COMMAND"),
            ("breaker:", "no command after the colon"),
            ("breaker:echo a | mail", "without a shell, so `|`"),
            ("breaker:echo 'a", "a quote is not closed"),
            ("wider:x", "`wider` is about documents"),
            ("broken:x", "older=DURATION, queue=COUNT, breaker or offender"),
            ("", "older=DURATION"),
        ] {
            let error = on(text).unwrap_err();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
