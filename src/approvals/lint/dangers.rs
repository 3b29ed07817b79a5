//! Lints of entries that allow more than they seem to, or nothing at all, as the evaluator decides it.

use super::arguments::{Arguments, is_anchored};
use super::judge::{Judge, Power, Shape};
use super::listed::Listed;
use super::release::Release;
use super::sink::Sink;
use super::{pattern, programs, trial, witnesses};
use crate::approvals::decide::{Profile, inclusion};
use crate::approvals::findings::codes::Code;
use crate::approvals::redact::credentials::quotable;

use serde_json::json;

/// Reports what an entry allows too much, or what is wrong with its pattern.
pub(super) fn judge<'f>(
    entry: &Listed<'_>,
    release: Release<'f>,
    judge: &mut Judge<'f>,
    sink: &mut Sink<'_>,
) {
    let pattern = entry.pattern();
    // The check for credentials takes time, so it runs only for text that is shown.
    let shown = || quotable(pattern);
    let pieces = inclusion::pieces(pattern);
    let free = entry.arguments().are_free();
    if let Some(on) = everything(entry, &pieces, release) {
        let message = format!("`{}` matches every command{on}", shown());
        sink.push(entry.raw(Code::AnyCommand, "pattern", message));
    } else if let Some(directory) = programs::open_directory(pattern, &pieces) {
        let directory = directory.trim_end_matches('/');
        let message = format!("`{}` matches programs in {directory}, which every user can write to", shown());
        sink.push(entry.raw(Code::WorldWritableDirectory, "pattern", message));
    } else if programs::is_home(pattern) {
        let message = format!("`{}` matches everything in a home directory", shown());
        sink.push(entry.raw(Code::HomeDirectory, "pattern", message));
    } else {
        launcher(entry, &pieces, release, judge, sink);
    }
    if pattern::has_literal_glob(pattern) {
        let message = format!("the brackets or braces of `{}` are literal", shown());
        sink.push(entry.raw(Code::LiteralGlob, "pattern", message));
    }
    if let Arguments::Expression(expression) = entry.arguments()
        && !free
        && !is_anchored(expression)
        && release.readers().iter().any(|profile| profile.reads_arguments())
    {
        let message = format!(
            "`argPattern` of `{}` matches a part of the arguments, and allows other arguments around it",
            shown()
        );
        sink.push(entry.raw(Code::UnanchoredArgPattern, "argPattern", message));
    }
}

/// The releases on which an entry allows every command, as text; `None`: on none.
fn everything(entry: &Listed<'_>, pieces: &[inclusion::Piece], release: Release<'_>) -> Option<String> {
    let pattern = entry.pattern();
    if !entry.arguments().are_free() || !programs::is_anything(pattern, pieces) {
        return None;
    }
    if pattern::is_of_windows(pattern) {
        return Some(String::new());
    }
    let mut listed = json!({"pattern": pattern});
    if let Some(arguments) = entry.arg_pattern() {
        listed["argPattern"] = arguments.into();
    }
    if entry.is_generated() {
        listed["source"] = "allow-always".into();
    }
    let listed = json!([listed]);
    let profiles = release.those(|profile| trial::runs(&listed, "a", "a b", profile));
    (!profiles.is_empty()).then(|| release.on(&profiles))
}

/// Reports an entry for a program that runs other programs, or that no release matches.
fn launcher<'f>(
    entry: &Listed<'_>,
    pieces: &[inclusion::Piece],
    release: Release<'f>,
    judge: &mut Judge<'f>,
    sink: &mut Sink<'_>,
) {
    let pattern = entry.pattern();
    let last = programs::name(pattern);
    let plain = programs::plain(last);
    let is_wild = last.contains(['*', '?']);
    let is_windows = pattern::is_of_windows(pattern);
    // Most entries return here.
    if !is_wild && !is_windows && !judge.knows(plain) && (plain.len() == last.len() || !judge.knows(last)) {
        return;
    }
    let arguments = match entry.arguments() {
        Arguments::Bound(_) | Arguments::Unbound => return,
        arguments if arguments.are_free() => None,
        _ => entry.arg_pattern().map(str::to_owned),
    };
    if is_windows {
        if arguments.is_none() && programs::is_known_on_windows(last, plain, |name| judge.knows(name)) {
            let message = format!(
                "`{}` runs any command given in its arguments, and any arguments are allowed",
                quotable(pattern)
            );
            sink.push(entry.raw(Code::InterpreterWithoutArguments, "pattern", message));
        }
        return;
    }
    let by_path = inclusion::is_path(pattern);
    let mut shape = Shape { name: last.to_owned(), by_path, arguments, is_generated: entry.is_generated() };
    let mut plain = plain.to_owned();
    if is_wild {
        let found = if last.chars().any(|c| !matches!(c, '*' | '?')) || !by_path {
            judge.first_of(&shape)
        } else {
            programs::in_system_directory(pieces).map(str::to_owned)
        };
        let Some(name) = found else { return };
        plain.clone_from(&name);
        shape.name = name;
    } else if judge.knows(last) {
        last.clone_into(&mut plain);
    }
    let power = judge.power(&shape, &plain);
    if !power.runs.is_empty() {
        running(entry, &shape, &power, release, sink);
    } else if !power.dead.is_empty() && !is_wild {
        dead(entry, &power, release, sink);
    }
}

fn running(entry: &Listed<'_>, shape: &Shape, power: &Power, release: Release<'_>, sink: &mut Sink<'_>) {
    let shown = quotable(entry.pattern());
    let changed = power.runs.iter().find_map(|(_, command)| witnesses::changes(command));
    let mut allowed = Vec::new();
    let mut rest = power.runs.as_slice();
    while let Some((_, command)) = rest.first() {
        let (same, others) = rest.split_at(rest.iter().take_while(|(_, other)| other == command).count());
        rest = others;
        let profiles: Vec<Profile> = same.iter().map(|(profile, _)| *profile).collect();
        let condition = witnesses::writer(command).map(|writer| format!(" (where `{writer}` has an entry)"));
        allowed.push(format!("`{command}`{}{}", condition.unwrap_or_default(), release.on(&profiles)));
    }
    let mut message = if programs::name(entry.pattern()) == shape.name {
        format!("`{shown}` allows {}", allowed.join(", and "))
    } else {
        format!("`{shown}` matches `{}`, and allows {}", shape.name, allowed.join(", and "))
    };
    if let Some(changed) = changed {
        message = format!("{message}, which changes {changed}");
    }
    if !power.dead.is_empty() {
        message = format!("{message}; no command matches it on {}", release.names(&power.dead));
    }
    let code = if changed.is_some() { Code::RewritesApprovals } else { Code::InterpreterWithoutArguments };
    sink.push(entry.raw(code, "pattern", message));
}

/// Reports an entry for a program that no release matches.
fn dead(entry: &Listed<'_>, power: &Power, release: Release<'_>, sink: &mut Sink<'_>) {
    let shown = quotable(entry.pattern());
    let name = programs::name(entry.pattern());
    let why = if power.is_transparent {
        format!("a gateway matches the program that `{name}` starts: write an entry for that program")
    } else {
        format!("no entry allows a command that starts with `{name}`")
    };
    let is_bare = !inclusion::is_path(entry.pattern());
    // A bare name has no meaning for 2026.4.14 either.
    let unmatched =
        release.those(|profile| power.dead.contains(&profile) || is_bare && profile == Profile::V2026_4_14);
    let on = if release.is_all(&unmatched) { release.on(&unmatched) } else { release.on(&power.dead) };
    let message = format!("`{shown}` never matches{on}: {why}");
    let raw = entry.raw(Code::NeverMatches, "pattern", message);
    // A path also allows `bash PATH`, which starts it as a script.
    let is_removable = is_bare && release.is_all(&unmatched) && !entry.is_generated();
    sink.push(if is_removable { raw } else { raw.kept() });
}
