//! Command lines to paste, for next steps. Words are quoted for a shell.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use crate::settings::without_secret;
use crate::store::quoted_unless;

/// An argument as a shell reads it, quoted only if necessary.
pub fn shell_quoted(path: &Path) -> String {
    quoted_unless(path, "/._-+=:@%,")
}

/// A command line to paste, in which the `--gateway` at this index is joined with its value by `=`.
pub fn joined_gateway(arguments: &[OsString], at: usize) -> String {
    let value = arguments.get(at + 1).map(|value| value.to_string_lossy()).unwrap_or_default();
    if without_secret(&value) != value {
        // The address is not repeated: it may hold a secret.
        return "write --gateway=NAME or --gateway=URL".to_owned();
    }
    let quoted = |argument: &OsString| shell_quoted(Path::new(argument));
    let before = arguments.iter().take(at).skip(1).map(quoted);
    let joined = OsString::from(format!("--gateway={value}"));
    let after = arguments.iter().skip(at + 2).map(quoted);
    let words = ["clearance".to_owned()].into_iter().chain(before).chain([quoted(&joined)]).chain(after);
    words.collect::<Vec<_>>().join(" ")
}

/// A command line to paste, with `--` before the argument at this index. Flags of ours at the end stay flags.
pub fn separated(arguments: &[OsString], at: usize) -> String {
    let quoted = |argument: &OsString| shell_quoted(Path::new(argument));
    let is_flag = |argument: &&OsString| {
        argument.to_str().is_some_and(|text| {
            matches!(text, "--gateway" | "--json" | "--verbose") || text.starts_with("--gateway=")
        })
    };
    let words = arguments.iter().skip(at);
    let flags = words.clone().rev().take_while(is_flag).count();
    let end = words.len() - flags;
    let before = arguments.iter().take(at).skip(1).chain(words.clone().skip(end)).map(quoted);
    let after = words.take(end).map(quoted);
    let words = ["clearance".to_owned()].into_iter().chain(before).chain(["--".to_owned()]).chain(after);
    words.collect::<Vec<_>>().join(" ")
}

/// A command line to paste, with a place for the name of a gateway instead of this flag.
pub fn naming_one(arguments: &[OsString], flag: &str) -> String {
    if arguments.iter().map(|word| word.to_string_lossy()).any(|word| without_secret(&word) != word) {
        // An address is not repeated: it may hold a secret.
        return "--gateway=NAME".to_owned();
    }
    let word = |argument: &OsString| {
        if argument == flag { "--gateway=NAME".to_owned() } else { shell_quoted(Path::new(argument)) }
    };
    let words = ["clearance".to_owned()].into_iter().chain(arguments.iter().skip(1).map(word));
    words.collect::<Vec<_>>().join(" ")
}

/// The command line of a comparison to paste, with the value of `--gateway` as its second document if it has only one;
/// otherwise, a sentence that says what to write.
pub fn gateway_as_operand(arguments: &[OsString]) -> String {
    /// The other options that take a value.
    const VALUES: [&str; 5] =
        ["--timeout", "--token-file", "--password-file", "--tls-fingerprint", "--ca-file"];
    let text: Vec<Cow<'_, str>> = arguments.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    let (mut words, mut operands) = (vec!["clearance".to_owned()], 0);
    let mut rest = text.iter().peekable();
    while let Some(word) = rest.next() {
        if word == "--gateway" || word.starts_with("--gateway=") {
            let joined = word.strip_prefix("--gateway=").map(str::to_owned);
            let value =
                joined.or_else(|| rest.next_if(|next| !next.starts_with('-')).map(ToString::to_string));
            // The address is not repeated: it may hold a secret.
            let value = value.map(|value| (without_secret(&value) == value, value));
            match value {
                None => words.push("gateway".to_owned()),
                Some((true, value)) => {
                    words.push(shell_quoted(Path::new(&format!("gateway:{value}"))));
                }
                Some((false, _)) => operands = 2,
            }
            continue;
        }
        if VALUES.contains(&&**word) {
            words.extend(
                [Some(word), rest.next()].into_iter().flatten().map(|word| shell_quoted(Path::new(&**word))),
            );
            continue;
        }
        operands += usize::from((!word.starts_with('-') || word == "-") && operands_begin(&words));
        words.push(shell_quoted(Path::new(&**word)));
    }
    if operands == 1 {
        return words.join(" ");
    }
    "write gateway, gateway:NAME or gateway:URL in the place of one of the two documents".to_owned()
}

/// Whether the words after these are operands of `diff`, and not a part of the command's name.
fn operands_begin(words: &[String]) -> bool {
    words.iter().any(|word| word == "diff")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::escaped;

    /// A shell reads no mark back.
    #[test]
    fn output_prints_quoted_words_without_marks() {
        for word in [
            "a b",
            "it's",
            "line\nbreak\u{1b}[2J",
            "\u{202e}evil\u{2066} \u{200b}\u{a0}0",
            "│⟨U+202E⟩␊ \u{3164}",
        ] {
            let quoted = shell_quoted(Path::new(word));
            assert_eq!(escaped(&quoted), quoted);
        }
    }
}
