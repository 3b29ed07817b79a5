//! Commands of a shell that only start the shell's own arguments: `sh -c '$0 "$@"' program`.
//!
//! Source: `isDirectShellPositionalCarrierCommand` of the three releases.

use super::words;

/// Whether the command of a shell only starts its own arguments: `$0 "$@"`
/// (`isDirectShellPositionalCarrierCommand`).
pub(super) fn is_positional_carrier(command: &str) -> bool {
    parameters(command).is_some()
}

/// The parameters of a command that consists of nothing else, `$0` first, perhaps after `exec` or `exec --`.
pub(super) fn parameters(command: &str) -> Option<Vec<char>> {
    let mut rest = words::trim(command);
    if let Some(behind) = rest.strip_prefix("exec").and_then(blank) {
        rest = behind.strip_prefix("--").and_then(blank).unwrap_or(behind);
    }
    let (first, mut rest) = parameter(rest)?;
    if first != '0' {
        return None;
    }
    let mut all = vec![first];
    while !rest.is_empty() {
        let (next, behind) = parameter(blank(rest)?)?;
        if next == '0' {
            return None;
        }
        all.push(next);
        rest = behind;
    }
    Some(all)
}

/// What follows white space, of which there is at least one and no line end.
fn blank(text: &str) -> Option<&str> {
    let rest =
        text.trim_start_matches(|character| words::is_white(character) && !matches!(character, '\r' | '\n'));
    (rest.len() < text.len()).then_some(rest)
}

/// One parameter, `$1`, `${1}`, or either in double quotes, and what follows it.
fn parameter(text: &str) -> Option<(char, &str)> {
    let (inner, is_quoted) = text.strip_prefix('"').map_or((text, false), |inner| (inner, true));
    let inner = inner.strip_prefix('$')?;
    let (inner, is_braced) = inner.strip_prefix('{').map_or((inner, false), |inner| (inner, true));
    let name = inner.chars().next().filter(|name| matches!(name, '0'..='9' | '@' | '*'))?;
    let mut rest = inner.get(1..)?;
    if is_braced {
        rest = rest.strip_prefix('}')?;
    }
    if is_quoted {
        rest = rest.strip_prefix('"')?;
    }
    Some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positional_carriers_have_parameters_alone() {
        for (command, parameters_of_it) in [
            ("$0 \"$@\"", Some(vec!['0', '@'])),
            ("exec -- \"${0}\" $1 ${2}", Some(vec!['0', '1', '2'])),
            ("exec $0", Some(vec!['0'])),
            (" $0\t$* ", Some(vec!['0', '*'])),
            ("$0 $0", None),
            ("$1", None),
            ("$0\n$1", None),
            ("$0$1", None),
            ("exec$0", None),
            ("$0 x", None),
            ("${0", None),
            ("\"$0", None),
            ("$10", None),
            ("", None),
        ] {
            assert_eq!(parameters(command), parameters_of_it, "{command}");
        }
    }
}
