//! For each program that can run other programs, a command line that does so. `%` is the program. Whether a gateway runs
//! such a command is never written here: the evaluator decides it.

/// A program, and commands that would run something else, the clearest first.
pub(super) type Witnesses = (&'static str, &'static [&'static str]);

/// Programs that change approvals, and commands with which an agent would change its own.
pub(super) const APPROVERS: [Witnesses; 2] = [
    (
        "openclaw",
        &[
            "% approvals allowlist add /bin/sh",
            "% approvals set --file a.json",
            "% config set tools.exec.security full",
        ],
    ),
    ("clearance", &["% approvals allowlist add /bin/sh", "% approvals set --file a.json"]),
];

/// A gateway looks at the command of `sh -c` unless something stands before the shell.
const SHELL: &[&str] = &["% -c id", "cat a.sh | %", "env % -c id", "ls | % -c id"];
const SHELLS: &[&str] = &["% sh -c id", "% sh a.sh", "env % sh -c id", "ls | % sh -c id"];
const CODE_C: &[&str] = &["% -c 1", "% a.txt"];
const CODE_E: &[&str] = &["% -e 1", "% a.txt"];
const NODE: &[&str] =
    &["% -e 1", "% a.txt", "% /usr/lib/node_modules/openclaw/openclaw.mjs approvals allowlist add /bin/sh"];
const WRAPS: &[&str] = &["% id"];
const RUNS_PACKAGES: &[&str] = &["% id", "% openclaw approvals allowlist add /bin/sh"];
const AWK: &[&str] = &["% 'BEGIN{system(\"id\")}'"];
const VI: &[&str] = &["% -c ':!id' a.txt"];
const PYTHON_PACKAGES: &[&str] = &["% install ./a"];
const RUNS_TASKS: &[&str] = &["% a"];
const CONTAINER: &[&str] = &["% run -v /:/h a chroot /h id", "% exec a id"];
const MULTIPLEXER: &[&str] = &["% -c id", "% new-session id"];

/// Programs that run other programs. The first ones are what wildcards are tried with first.
pub(super) const PROGRAMS: [Witnesses; 142] = [
    ("python3", CODE_C),
    ("bash", SHELL),
    ("sh", SHELL),
    ("node", NODE),
    ("perl", CODE_E),
    ("ruby", CODE_E),
    ("git", &["% -c core.pager=id -p log"]),
    ("vim", VI),
    ("R", CODE_E),
    ("Rscript", CODE_E),
    ("ansible", &["% localhost -m command -a id"]),
    ("ant", RUNS_TASKS),
    ("apt", &["% -o APT::Update::Pre-Invoke::=id update"]),
    ("apt-get", &["% -o APT::Update::Pre-Invoke::=id update"]),
    ("ash", SHELL),
    ("at", &["% -f a.sh now"]),
    ("awk", AWK),
    ("batch", &["% -f a.sh"]),
    ("bun", CODE_E),
    ("bundle", &["% exec id"]),
    ("bunx", RUNS_PACKAGES),
    ("busybox", SHELLS),
    ("caffeinate", WRAPS),
    ("cargo", &["% run"]),
    ("chroot", &["% / id"]),
    ("chrt", &["% 1 id"]),
    ("cmake", &["% -P a.txt"]),
    ("crontab", &["% a.txt"]),
    ("csh", SHELL),
    ("dash", SHELL),
    ("deno", &["% eval 1", "% run a.txt"]),
    ("doas", WRAPS),
    ("docker", CONTAINER),
    ("elixir", CODE_E),
    ("elvish", SHELL),
    ("emacs", &["% --batch --eval '(shell-command \"id\")'"]),
    ("entr", WRAPS),
    ("env", WRAPS),
    ("erl", &["% -eval 1"]),
    ("ex", VI),
    ("expect", CODE_C),
    ("find", &["% . -exec id {} +", "% . -exec id '{}' +"]),
    ("fish", SHELL),
    ("flock", &["% a.txt id"]),
    ("gawk", AWK),
    ("gdb", &["% -batch -ex '!id'"]),
    ("gh", &["% alias set --shell a id", "% extension exec a"]),
    ("ghci", CODE_E),
    ("gmake", &["% -f a.txt"]),
    ("go", &["% run a.go"]),
    ("gradle", RUNS_TASKS),
    ("groovy", CODE_E),
    ("guile", &["% -c 1"]),
    ("iex", CODE_E),
    ("ionice", &["% -c 3 id"]),
    ("irb", &["% a.txt"]),
    ("jshell", &["% a.txt"]),
    ("julia", CODE_E),
    ("just", RUNS_TASKS),
    ("ksh", SHELL),
    ("kubectl", &["% exec a -- id"]),
    ("less", &["% '+!id' a.txt"]),
    ("ltrace", WRAPS),
    ("lua", CODE_E),
    ("luajit", CODE_E),
    ("make", &["% -f a.txt"]),
    ("man", &["% -P id ls"]),
    ("mawk", AWK),
    ("mksh", SHELL),
    ("more", &["% '+!id' a.txt"]),
    ("mvn", RUNS_TASKS),
    ("nawk", AWK),
    ("nc", &["% -e /bin/sh a 1"]),
    ("nerdctl", CONTAINER),
    ("nice", WRAPS),
    ("ninja", &["% -f a.txt"]),
    ("nix-shell", &["% --run id"]),
    ("nodejs", NODE),
    ("nohup", WRAPS),
    ("npm", &["% run a", "% exec a"]),
    ("npx", RUNS_PACKAGES),
    ("nsenter", &["% -t 1 id"]),
    ("nu", SHELL),
    ("nvim", VI),
    ("osascript", &["% -e 1"]),
    ("osh", SHELL),
    ("parallel", &["% id ::: a"]),
    ("php", &["% -r 1", "% a.txt"]),
    ("pip", PYTHON_PACKAGES),
    ("pip3", PYTHON_PACKAGES),
    ("pipx", &["% run a"]),
    ("pkexec", WRAPS),
    ("pnpm", &["% run a", "% exec a"]),
    ("podman", CONTAINER),
    ("psql", &["% -c '\\! id'"]),
    ("pwsh", SHELL),
    ("pypy", CODE_C),
    ("python", CODE_C),
    ("python2", CODE_C),
    ("racket", CODE_E),
    ("rake", &["% a"]),
    ("rsync", &["% -e id a b:c"]),
    ("runuser", &["% -c id"]),
    ("scala", CODE_E),
    ("screen", &["% -dm id"]),
    ("script", &["% -c id a.txt"]),
    ("sed", &["% '1e id' a.txt"]),
    ("setsid", WRAPS),
    ("socat", &["% - EXEC:id"]),
    ("split", &["% --filter=id a.txt"]),
    ("sqlite3", &["% a.db '.shell id'"]),
    ("ssh", &["% -o ProxyCommand=id a"]),
    ("stdbuf", &["% -o L id"]),
    ("strace", WRAPS),
    ("su", &["% -c id"]),
    ("sudo", WRAPS),
    ("systemctl", &["% enable --now /work/a.service", "% --user enable --now /work/a.service"]),
    ("systemd-run", WRAPS),
    ("tar", &["% -xf a.tar --to-command=id"]),
    ("taskset", &["% 1 id"]),
    ("tclsh", &["% a.txt"]),
    ("tcsh", SHELL),
    ("terraform", &["% apply -auto-approve", "% console"]),
    ("time", WRAPS),
    ("timeout", &["% 5 id"]),
    ("tmux", MULTIPLEXER),
    ("toybox", SHELLS),
    ("ts-node", CODE_E),
    ("tsx", CODE_E),
    ("unshare", WRAPS),
    ("uv", &["% run a"]),
    ("uvx", WRAPS),
    ("vi", VI),
    ("view", VI),
    ("vimdiff", VI),
    ("watch", WRAPS),
    ("wget", &["% --use-askpass=id http://a"]),
    ("xargs", WRAPS),
    ("xonsh", SHELL),
    ("yarn", &["% run a", "% add a"]),
    ("zip", &["% a.zip a.txt -T -TT id"]),
    ("zsh", SHELL),
];

/// Every program, those that change approvals first.
pub(super) fn all() -> impl Iterator<Item = &'static Witnesses> {
    APPROVERS.iter().chain(&PROGRAMS)
}

/// What a command changes with which an agent may run more than before.
pub(super) fn changes(command: &str) -> Option<&'static str> {
    let words: Vec<&str> = command.split(' ').collect();
    words.windows(2).find_map(|pair| {
        let [program, verb] = pair else { return None };
        let is_approver =
            matches!(program.rsplit('/').next(), Some("openclaw" | "openclaw.mjs" | "clearance"));
        match *verb {
            "approvals" if is_approver => Some("this allowlist"),
            "config" if is_approver => Some("the policy"),
            _ => None,
        }
    })
}

/// The program that writes into the one of a witness: it needs an entry of its own.
pub(super) fn writer(command: &str) -> Option<&str> {
    command.split_once(" | ")?.0.split(' ').next()
}

/// A witness whose arguments end as an expression requires that leaves open what they begin with: `^.* ls$`.
pub(super) fn ending(witness: &str, expression: &str) -> Option<String> {
    let rest = expression.strip_prefix('^').unwrap_or(expression);
    let rest = rest.strip_prefix(".*").or_else(|| rest.strip_prefix(".+"))?;
    let rest = rest.strip_suffix('$').unwrap_or(rest);
    let mut end = String::new();
    let mut characters = rest.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => end.push(characters.next().filter(char::is_ascii_punctuation)?),
            plain if plain.is_ascii_alphanumeric() || "-_/:=,@% ".contains(plain) => end.push(plain),
            _ => return None,
        }
    }
    // What the shell reads in another way would be another argument.
    let is_plain = end.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/:=,@%+. ".contains(&byte));
    let joins = end.starts_with(' ') || witness.ends_with(|last: char| last.is_ascii_alphanumeric());
    (!end.is_empty() && is_plain && joins).then(|| format!("{witness}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_witness_ends_as_an_expression_requires() {
        for (witness, expression, expected) in [
            ("ssh -o ProxyCommand=id a", "^.* ls$", Some("ssh -o ProxyCommand=id a ls")),
            ("python3 -c 1", r"^.*\.py$", Some("python3 -c 1.py")),
            ("awk 'x'", r".+\.awk", None),
            ("awk 'x'", ".+ a", Some("awk 'x' a")),
            ("a", "^.*$", None),
            ("a", "^b.*$", None),
            ("a", r"^.*\$b$", None),
            ("a", r"^.*\d$", None),
        ] {
            assert_eq!(ending(witness, expression).as_deref(), expected, "{expression}");
        }
    }

    #[test]
    fn what_a_command_changes_is_known() {
        for (command, expected) in [
            ("openclaw approvals set --file a", Some("this allowlist")),
            ("npx openclaw config set a b", Some("the policy")),
            ("node /usr/lib/openclaw/openclaw.mjs approvals set", Some("this allowlist")),
            ("git config a b", None),
        ] {
            assert_eq!(changes(command), expected, "{command}");
        }
        assert_eq!((writer("ls | bash -c id"), writer("bash -c id")), (Some("ls"), None));
    }
}
