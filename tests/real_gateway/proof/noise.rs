//! Commands of random bytes and of random pieces of shell, with entries that let many of them run.

use super::random::Random;

const PIECES: [&str; 96] = [
    "ls", "cat", "git", "rg", "head", "python3", "bash", "sh", "env", "nice", "timeout", "xargs", "find",
    "npx", "busybox", "echo", "true", "cd", "test", "[", "printf", "pwd", "-c", "-l", "-n", "-", "--", "-1",
    "5", "a", "b.txt", "./a", "../b", "/etc", "~", "~/a", "A=1", "A=", "=", "*", "?", "[a]", "{a,b}",
    "'a b'", "\"a b\"", "'", "\"", "\\", "\\ ", "\\\n", "$", "$A", "${A}", "$(ls)", "`ls`", "$((1))", "$'a'",
    "$\"a\"", "|", "||", "|&", "&", "&&", ";", ";;", "\n", "\r", "\r\n", "\t", "(", ")", "{", "}", "[[",
    "]]", "!", "#", "# a", "<", ">", ">>", "2>&1", "<<E", "<<<", "<(ls)", "if", "then", "fi", "for",
    "\u{a0}", "\u{3000}", "\u{feff}", "\u{200b}", "é", "\0", "\u{b}",
];
const PROGRAMS: [&str; 12] = [
    "ls",
    "cat",
    "git",
    "rg",
    "head",
    "python3",
    "find",
    "echo",
    "env ls",
    "nice ls",
    "bash -c ls",
    "sh -c 'ls -l'",
];
const PATTERNS: [&str; 8] = ["*", "**", "ROOT/usr/bin/*", "ROOT/**", "ls", "git", "ROOT/usr/bin/ls", "*/*"];
const ARGUMENTS: [&str; 8] = [".*", "^a", "^-l\u{0}\u{0}$", "a|b", "^(?!-)", "[^;]*$", "", "\\s"];

/// A command of a seed, and entries: patterns, and patterns of arguments.
pub(crate) fn command(root: &str, seed: u64, number: u64) -> (String, Vec<(String, Option<String>)>) {
    let mut random = Random::new(seed, number);
    let mut text = String::new();
    if random.chance(75) {
        text.push_str(random.pick(&PROGRAMS));
        text.push(' ');
    }
    match random.below(3) {
        0 => {
            let bytes: Vec<u8> = (0..random.between(0, 24))
                .map(|_| u8::try_from(random.below(256)).expect("a byte"))
                .collect();
            text.push_str(&String::from_utf8_lossy(&bytes));
        }
        1 => {
            // Most bytes of a shell are these.
            let byte =
                |random: &mut Random| char::from(u8::try_from(random.between(9, 126)).expect("a byte"));
            (0..random.between(0, 12)).for_each(|_| text.push(byte(&mut random)));
        }
        _ => {
            for _ in 0..random.between(0, 7) {
                text.push_str(random.pick(&PIECES));
                if random.chance(70) {
                    text.push(' ');
                }
            }
        }
    }
    let entries = (0..random.between(1, 3))
        .map(|_| {
            let arguments = random.chance(30).then(|| random.pick(&ARGUMENTS).to_owned());
            (random.pick(&PATTERNS).replace("ROOT", root), arguments)
        })
        .collect();
    (text, entries)
}
