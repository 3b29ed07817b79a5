//! The streams of one command: results, everything else, and whether they show colours.

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};

/// Where a command prints: results to `out`, everything else to `err`.
pub struct Streams<'s> {
    /// Standard output.
    pub out: &'s mut dyn Write,
    /// Standard error.
    pub err: &'s mut dyn Write,
    /// Whether `out` shows colours. `err` is always written with colours, and removes those that it does not show.
    pub styled: bool,
}

impl Streams<'_> {
    /// Hands the streams of this process to a command. `--color` decides before `NO_COLOR` and `CLICOLOR_FORCE`, and
    /// before what the stream is.
    pub fn of_process<T>(arguments: &[OsString], command: impl FnOnce(&mut Streams<'_>) -> T) -> T {
        if let Some(choice) = choice(arguments) {
            choice.write_global();
        }
        // To look through megabytes of results for colours takes its time: there are none unless they are shown.
        let styled = AutoStream::choice(&io::stdout()) != ColorChoice::Never;
        let mut out = BufWriter::new(io::stdout().lock());
        // Not locked: another thread that panics prints where that was.
        let mut err = anstream::stderr();
        let ended = command(&mut Streams { out: &mut out, err: &mut err, styled });
        // A pipe that broke has been dealt with; what is still in the buffer nobody reads.
        drop(out.flush());
        ended
    }
}

/// What `--color` says, wherever it is on the command line. The command line itself is checked later.
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
