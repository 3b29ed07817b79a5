//! Taking wrappers off a command: `timeout 5 ls` is judged as `ls`. A wrapper whose options change what is
//! started blocks the command, so that nothing can allow it.
//!
//! Source: `dispatch-wrapper-resolution` and `exec-wrapper-trust-plan` of the three releases.

use std::borrow::Cow;

use super::carriers;
use super::profile::Profile;
use super::shell_names;
use super::words;
use super::wrapper_options::{self, Kind};

/// The most wrappers in a row. One more blocks.
pub(super) const DEPTH: usize = 4;

/// One wrapper looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wrapper<'a> {
    /// It is not a wrapper.
    No,
    /// A wrapper that hides what it starts. Its name.
    Blocked(String),
    /// A wrapper, and what it starts.
    Starts {
        /// Its name.
        name: String,
        /// What it starts.
        argv: Cow<'a, [String]>,
    },
}

/// A command without its wrappers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unwrapped {
    /// What is executed in the end.
    pub argv: Vec<String>,
    /// What entries are compared with: as `argv`, but `busybox` stays in front of its shell.
    pub policy_argv: Vec<String>,
    /// The wrappers that were taken off, outermost first.
    pub wrappers: Vec<String>,
    /// The words that name them, as written.
    pub words: Vec<String>,
    /// The wrapper that blocks: nothing can allow this command.
    pub blocked: Option<String>,
    /// Whether what is executed is a shell.
    pub is_shell: bool,
}

/// Takes all wrappers off: dispatch wrappers, `busybox sh`, and on 2026.9.6 `command`, `builtin` and `exec`
/// (`resolveExecWrapperTrustPlan`).
pub(super) fn unwrap(profile: Profile, argv: &[String]) -> Unwrapped {
    let mut current = Cow::Borrowed(argv);
    let mut policy: Option<Vec<String>> = None;
    let mut wrappers = Vec::new();
    let mut words = Vec::new();
    let mut blocked = None;
    while wrappers.len() <= DEPTH {
        let (wrapper, is_multiplexer) = any(profile, &current);
        match wrapper {
            Wrapper::No => break,
            // One more than allowed blocks, even if it could be taken off.
            Wrapper::Starts { name, .. } if wrappers.len() == DEPTH => blocked = Some(name),
            Wrapper::Blocked(name) => blocked = Some(name),
            Wrapper::Starts { name, argv } => {
                let next = argv.into_owned();
                if is_multiplexer {
                    policy.get_or_insert_with(|| current.to_vec());
                }
                wrappers.push(name);
                words.extend(current.first().cloned());
                if is_semantic(profile, &current) {
                    blocked = wrappers.last().cloned();
                } else {
                    current = Cow::Owned(next);
                    continue;
                }
            }
        }
        break;
    }
    let argv = current.into_owned();
    let program = argv.first().map_or("", |word| words::trim(word));
    let is_shell = blocked.is_none() && shell_names::is_shell(profile, program);
    Unwrapped {
        policy_argv: policy.unwrap_or_else(|| argv.clone()),
        argv,
        wrappers,
        words,
        blocked,
        is_shell,
    }
}

/// Takes dispatch wrappers alone off (`resolveDispatchWrapperTrustPlan`). `policy_argv` is the same as
/// `argv`.
pub(super) fn unwrap_dispatch(profile: Profile, argv: &[String]) -> Unwrapped {
    let mut current = Cow::Borrowed(argv);
    let mut wrappers = Vec::new();
    let mut blocked = None;
    loop {
        let (name, next) = match dispatch(profile, &current) {
            Wrapper::No => break,
            Wrapper::Blocked(name) => (name, None),
            Wrapper::Starts { name, argv } => (name, Some(argv.into_owned())),
        };
        let Some(next) = next.filter(|_| wrappers.len() < DEPTH && !is_semantic(profile, &current)) else {
            blocked = Some(name);
            break;
        };
        wrappers.push(name);
        current = Cow::Owned(next);
    }
    let argv = current.into_owned();
    Unwrapped { policy_argv: argv.clone(), argv, wrappers, words: Vec::new(), blocked, is_shell: false }
}

/// The outermost wrapper of any sort, and whether it is `busybox` or `toybox`.
fn any(profile: Profile, argv: &[String]) -> (Wrapper<'static>, bool) {
    let owned = |wrapper: Wrapper<'_>| match wrapper {
        Wrapper::No => Wrapper::No,
        Wrapper::Blocked(name) => Wrapper::Blocked(name),
        Wrapper::Starts { name, argv } => Wrapper::Starts { name, argv: Cow::Owned(argv.into_owned()) },
    };
    match dispatch(profile, argv) {
        Wrapper::No => {}
        wrapper => return (owned(wrapper), false),
    }
    match transparent_carrier(profile, argv) {
        Wrapper::No => {}
        wrapper => return (owned(wrapper), false),
    }
    (owned(multiplexer(profile, argv)), true)
}

/// One dispatch wrapper: env, nice, timeout, sudo ... (`unwrapKnownDispatchWrapperInvocation`).
pub(super) fn dispatch(profile: Profile, argv: &[String]) -> Wrapper<'_> {
    let Some(word) = argv.first().map(|word| words::trim(word)).filter(|word| !word.is_empty()) else {
        return Wrapper::No;
    };
    let name = words::program_name(word);
    let Some(kind) = wrapper_options::kind(profile, &name) else {
        return Wrapper::No;
    };
    let started = match kind {
        Kind::Opaque => None,
        Kind::Env => carriers::env(profile, argv),
        kind => {
            wrapper_options::command_index(&kind, argv).and_then(|index| argv.get(index..)).map(Cow::Borrowed)
        }
    };
    match started.filter(|argv| !argv.is_empty()) {
        Some(argv) => Wrapper::Starts { name, argv },
        None => Wrapper::Blocked(name),
    }
}

/// Whether a dispatch wrapper that can be taken off still changes what is started
/// (`isSemanticDispatchWrapperUsage`).
fn is_semantic(profile: Profile, argv: &[String]) -> bool {
    match argv
        .first()
        .and_then(|word| wrapper_options::kind(profile, &words::program_name(words::trim(word))))
    {
        Some(Kind::Env) => carriers::env_has_modifiers(profile, argv),
        Some(Kind::Time) => profile > Profile::V2026_4_14 && wrapper_options::time_writes_a_file(argv),
        _ => false,
    }
}

/// Whether a word names a dispatch wrapper (`isDispatchWrapperExecutable`).
pub(super) fn is_dispatch(profile: Profile, word: &str) -> bool {
    wrapper_options::kind(profile, &words::program_name(word)).is_some()
}

/// `command`, `builtin` and `exec`, written so exactly, on 2026.9.6
/// (`unwrapTransparentShellArgvCarrierInvocation`).
fn transparent_carrier(profile: Profile, argv: &[String]) -> Wrapper<'_> {
    let word = argv.first().map_or("", |word| words::trim(word));
    if profile < Profile::V2026_9_6 || !matches!(word, "builtin" | "command" | "exec") {
        return Wrapper::No;
    }
    let started = carriers::carried(argv, true).filter(|argv| !argv.is_empty());
    match started.filter(|_| word != "command" || !searches_default_path(argv)) {
        Some(argv) => Wrapper::Starts { name: word.to_owned(), argv },
        None => Wrapper::Blocked(word.to_owned()),
    }
}

/// Whether `command` has its option `-p`, which looks the program up elsewhere.
fn searches_default_path(argv: &[String]) -> bool {
    argv.iter()
        .skip(1)
        .map(|token| words::trim(token))
        .take_while(|token| *token != "--" && token.starts_with('-'))
        .any(|token| {
            let letters = token.get(1..).unwrap_or_default();
            letters.chars().take_while(|letter| *letter != '-').any(|letter| letter == 'p')
        })
}

/// `busybox` and `toybox` with a shell behind them (`unwrapKnownShellMultiplexerInvocation`).
pub(super) fn multiplexer(profile: Profile, argv: &[String]) -> Wrapper<'_> {
    let name = words::program_name(argv.first().map_or("", |word| words::trim(word)));
    if !matches!(name.as_str(), "busybox" | "toybox") {
        return Wrapper::No;
    }
    let word = |index: usize| argv.get(index).map_or("", |word| words::trim(word));
    let applet = if word(1) == "--" { 2 } else { 1 };
    match argv.get(applet..) {
        Some(argv) if !word(applet).is_empty() && shell_names::is_shell(profile, word(applet)) => {
            Wrapper::Starts { name, argv: Cow::Borrowed(argv) }
        }
        _ => Wrapper::Blocked(name),
    }
}

/// What a carrier (sudo, doas, env, command, builtin; exec on request) starts. 2026.4.14 knows none of them.
pub(super) fn carried(_profile: Profile, argv: &[String], with_exec: bool) -> Option<Vec<String>> {
    carriers::carried(argv, with_exec).map(Cow::into_owned)
}
