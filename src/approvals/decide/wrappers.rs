//! Taking wrappers off a command: `timeout 5 ls` is judged as `ls`. A wrapper whose options change what is
//! started blocks the command, so that nothing can allow it.
//!
//! Source: `dispatch-wrapper-resolution` and `exec-wrapper-trust-plan` of the three releases.

use std::borrow::Cow;

use super::carriers;
use super::profile::Profile;
use super::remaining::Remaining;
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
pub(super) struct Unwrapped<'a> {
    /// What is executed in the end.
    pub argv: Cow<'a, [String]>,
    /// The program that entries are compared with, if it is not that of `argv`: `busybox` stays in front of its shell.
    pub policy_word: Option<String>,
    /// The wrappers that were taken off, outermost first.
    pub wrappers: Vec<String>,
    /// The words that name them, as written.
    pub words: Vec<String>,
    /// The wrapper that blocks: nothing can allow this command.
    pub blocked: Option<String>,
    /// Whether what is executed is a shell.
    pub is_shell: bool,
}

impl Unwrapped<'_> {
    /// The same with words of its own.
    pub(super) fn into_owned(self) -> Unwrapped<'static> {
        Unwrapped { argv: Cow::Owned(self.argv.into_owned()), ..self }
    }
}

/// Takes all wrappers off: dispatch wrappers, `busybox sh`, and on 2026.9.6 `command`, `builtin` and `exec`
/// (`resolveExecWrapperTrustPlan`).
pub(super) fn unwrap(profile: Profile, argv: &[String]) -> Unwrapped<'_> {
    let mut remaining = Remaining::of(argv);
    let mut policy_word = None;
    let mut wrappers = Vec::new();
    let mut words = Vec::new();
    let mut blocked = None;
    while wrappers.len() <= DEPTH {
        let current = remaining.words();
        let (wrapper, is_multiplexer) = any(profile, current);
        match wrapper {
            Wrapper::No => break,
            // One more than allowed blocks, even if it could be taken off.
            Wrapper::Starts { name, .. } if wrappers.len() == DEPTH => blocked = Some(name),
            Wrapper::Blocked(name) => blocked = Some(name),
            Wrapper::Starts { name, argv } => {
                let word = current.first();
                if is_multiplexer && policy_word.is_none() {
                    policy_word = word.cloned();
                }
                wrappers.push(name);
                words.extend(word.cloned());
                if is_semantic(profile, current) {
                    blocked = wrappers.last().cloned();
                } else {
                    let started = argv.into();
                    remaining.go_on(started);
                    continue;
                }
            }
        }
        break;
    }
    let argv = remaining.into_words();
    let program = argv.first().map_or("", |word| words::trim(word));
    let is_shell = blocked.is_none() && shell_names::is_shell(profile, program);
    Unwrapped { argv, policy_word, wrappers, words, blocked, is_shell }
}

/// Takes dispatch wrappers alone off (`resolveDispatchWrapperTrustPlan`). `None`: one blocks.
pub(super) fn unwrap_dispatch(profile: Profile, argv: &[String]) -> Option<Cow<'_, [String]>> {
    let mut remaining = Remaining::of(argv);
    let mut count = 0;
    loop {
        let current = remaining.words();
        match dispatch(profile, current) {
            Wrapper::No => return Some(remaining.into_words()),
            Wrapper::Starts { argv, .. } if count < DEPTH && !is_semantic(profile, current) => {
                let started = argv.into();
                remaining.go_on(started);
                count += 1;
            }
            Wrapper::Blocked(_) | Wrapper::Starts { .. } => return None,
        }
    }
}

/// The outermost wrapper of any sort, and whether it is `busybox` or `toybox`.
fn any(profile: Profile, argv: &[String]) -> (Wrapper<'_>, bool) {
    let name = program(argv);
    match dispatch_of(profile, &name, argv) {
        Wrapper::No => {}
        wrapper => return (wrapper, false),
    }
    match transparent_carrier(profile, argv) {
        Wrapper::No => (multiplexer_of(profile, &name, argv), true),
        wrapper => (wrapper, false),
    }
}

/// The outermost dispatch wrapper, `busybox` or `toybox`.
pub(super) fn dispatch_or_multiplexer(profile: Profile, argv: &[String]) -> Wrapper<'_> {
    let name = program(argv);
    match dispatch_of(profile, &name, argv) {
        Wrapper::No => multiplexer_of(profile, &name, argv),
        wrapper => wrapper,
    }
}

/// The name of the program of a command; empty if there is none.
fn program(argv: &[String]) -> Cow<'_, str> {
    words::program_name(argv.first().map_or("", |word| words::trim(word)))
}

/// One dispatch wrapper: env, nice, timeout, sudo ... (`unwrapKnownDispatchWrapperInvocation`).
pub(super) fn dispatch(profile: Profile, argv: &[String]) -> Wrapper<'_> {
    dispatch_of(profile, &program(argv), argv)
}

fn dispatch_of<'a>(profile: Profile, name: &str, argv: &'a [String]) -> Wrapper<'a> {
    let Some(kind) = wrapper_options::kind(profile, name) else { return Wrapper::No };
    let name = name.to_owned();
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
    match wrapper_options::kind(profile, &program(argv)) {
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
    multiplexer_of(profile, &program(argv), argv)
}

fn multiplexer_of<'a>(profile: Profile, name: &str, argv: &'a [String]) -> Wrapper<'a> {
    if !matches!(name, "busybox" | "toybox") {
        return Wrapper::No;
    }
    let name = name.to_owned();
    let word = |index: usize| argv.get(index).map_or("", |word| words::trim(word));
    let applet = if word(1) == "--" { 2 } else { 1 };
    match argv.get(applet..) {
        Some(argv) if !word(applet).is_empty() && shell_names::is_shell(profile, word(applet)) => {
            Wrapper::Starts { name, argv: Cow::Borrowed(argv) }
        }
        _ => Wrapper::Blocked(name),
    }
}
