//! The output streams of a command, and whether they show colours.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};

/// The output streams of a command: `out` for results, `err` for everything else.
pub struct Streams<'s> {
    /// Standard output.
    pub out: &'s mut dyn Write,
    /// Standard error.
    pub err: &'s mut dyn Write,
    /// Whether `out` shows colours. `err` is always written with colours, and removes those that it does not show.
    pub styled: bool,
}

impl Streams<'_> {
    /// Runs a command with the streams of this process. `--color` takes precedence over `NO_COLOR`, `CLICOLOR_FORCE`
    /// and the type of the stream.
    pub fn of_process<T>(arguments: &[OsString], command: impl FnOnce(&mut Streams<'_>) -> T) -> T {
        if let Some(choice) = choice(arguments) {
            choice.write_global();
        }
        // Removing colours from megabytes of results would be slow, so results contain colours only if they are shown.
        let styled = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        let mut out = BufWriter::new(io::stdout().lock());
        // The stream is not locked, so that a panic in another thread can print its message.
        let mut err = anstream::stderr();
        let ended = command(&mut Streams { out: &mut out, err: &mut err, styled });
        // A broken pipe was already handled, and the rest of the buffer has no reader.
        drop(out.flush());
        ended
    }
}

/// The value of `--color`, anywhere on the command line. The command line itself is validated later.
fn choice(arguments: &[OsString]) -> Option<ColorChoice> {
    const FLAG: &str = "--color";
    let words = arguments.iter().map(|word| word.to_str().unwrap_or_default());
    let words: Vec<&str> = words.take_while(|word| *word != "--").collect();
    let joined = words.iter().filter_map(|word| word.strip_prefix(FLAG)?.strip_prefix('='));
    let spaced = words.windows(2).filter(|pair| pair[0] == FLAG).map(|pair| pair[1]);
    match joined.chain(spaced).last()? {
        "always" => Some(ColorChoice::Always),
        "never" => Some(ColorChoice::Never),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choice_is_found_wherever_it_is() {
        let of = |line: &str| {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            choice(&words)
        };
        assert_eq!(of("clearance queue ls"), None);
        assert_eq!(of("clearance queue ls --color=always"), Some(ColorChoice::Always));
        assert_eq!(of("clearance --color never queue ls"), Some(ColorChoice::Never));
        assert_eq!(of("clearance queue ls --color auto"), None);
        assert_eq!(of("clearance approvals validate -- --color=always"), None);
        assert_eq!(of("clearance queue ls --color"), None);
    }
}
