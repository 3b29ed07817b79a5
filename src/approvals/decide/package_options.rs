//! The options and subcommands of package managers that 2026.9.6 knows.
//!
//! Source: the tables of `package-manager-exec-wrapper` of that release.

use super::words;

/// The options of a package manager before what it starts.
pub(super) struct Options {
    /// Options with a value, compared in lower case.
    values: &'static [&'static str],
    /// The same, but case counts.
    cased_values: &'static [&'static str],
    /// Options without a value, compared in lower case.
    flags: &'static [&'static str],
    /// Options that change which program is meant, compared in lower case.
    context: &'static [&'static str],
    /// The same, but case counts.
    cased_context: &'static [&'static str],
}

impl Options {
    /// How many words a known option takes.
    pub(super) fn length(&self, token: &str) -> Option<usize> {
        let name = words::option_name(token);
        let lower = words::trim(name).to_lowercase();
        if self.cased_values.contains(&name) || self.values.contains(&lower.as_str()) {
            Some(if token.contains('=') { 1 } else { 2 })
        } else {
            self.flags.contains(&lower.as_str()).then_some(1)
        }
    }

    /// Whether an option changes which program is meant.
    pub(super) fn is_context(&self, token: &str) -> bool {
        let name = words::option_name(token);
        self.cased_context.contains(&name)
            || self.context.contains(&words::trim(name).to_lowercase().as_str())
    }
}

const NPM_VALUES: [&str; 9] = [
    "--cache",
    "--loglevel",
    "--package",
    "--prefix",
    "--script-shell",
    "--userconfig",
    "--workspace",
    "-p",
    "-w",
];
const NPM_FLAGS: [&str; 7] = ["--no", "--quiet", "--ws", "--workspaces", "--yes", "-q", "-y"];
const NPM_CONTEXT: [&str; 10] = [
    "--cache",
    "--package",
    "--prefix",
    "--script-shell",
    "--userconfig",
    "--workspace",
    "-p",
    "-w",
    "--ws",
    "--workspaces",
];

/// `npx` and `bunx`, and `npm exec`.
pub(super) const BUN_OR_NPX: Options =
    Options { values: &NPM_VALUES, cased_values: &[], flags: &NPM_FLAGS, context: &[], cased_context: &[] };

/// `npm` before its subcommand, and which options change the program.
pub(super) const NPM: Options = Options {
    values: &NPM_VALUES,
    cased_values: &["-C"],
    flags: &NPM_FLAGS,
    context: &NPM_CONTEXT,
    cased_context: &["-C"],
};

const PNPM_VALUES: [&str; 10] = [
    "--config",
    "--dir",
    "--filter",
    "--reporter",
    "--stream",
    "--test-pattern",
    "--workspace-concurrency",
    "--allow-build",
    "--package",
    "-p",
];
const PNPM_FLAGS: [&str; 9] = [
    "--aggregate-output",
    "--color",
    "--parallel",
    "--recursive",
    "--silent",
    "--workspace-root",
    "-r",
    "-s",
    "-w",
];

/// `pnpm` before its subcommand.
pub(super) const PNPM: Options = Options {
    values: &PNPM_VALUES,
    cased_values: &["-C"],
    flags: &PNPM_FLAGS,
    context: &[
        "--allow-build",
        "--config",
        "--dir",
        "--filter",
        "--package",
        "-p",
        "--recursive",
        "--workspace-root",
        "-r",
        "-w",
    ],
    cased_context: &["-C"],
};

/// `pnpm dlx`.
pub(super) const PNPM_DLX: Options =
    Options { values: &PNPM_VALUES, cased_values: &[], flags: &PNPM_FLAGS, context: &[], cased_context: &[] };

/// Subcommands of `pnpm` that start no program by its name.
pub(super) const PNPM_ORDINARY: [&str; 31] = [
    "restart", "run", "start", "stop", "test", "add", "audit", "bin", "config", "dedupe", "deploy", "help",
    "import", "init", "install", "licenses", "link", "list", "outdated", "patch", "prune", "publish",
    "rebuild", "remove", "root", "server", "store", "unlink", "update", "view", "why",
];

/// `yarn` before its subcommand, as far as it is read to find what is started.
pub(super) const YARN_BEFORE: Options = Options {
    values: &["--cwd"],
    cased_values: &[],
    flags: &["--immutable", "--silent", "-s"],
    context: &[],
    cased_context: &[],
};

/// `yarn` before its subcommand, as it is read otherwise.
pub(super) const YARN: Options = Options {
    values: &["--cwd", "--package", "-p"],
    cased_values: &[],
    flags: &["--immutable", "--silent", "-s", "--quiet", "-q"],
    context: &["--cwd"],
    cased_context: &[],
};

/// `yarn dlx`.
pub(super) const YARN_DLX: Options = Options {
    values: &["--package", "-p"],
    cased_values: &[],
    flags: &["--quiet", "-q"],
    context: &["--package", "-p"],
    cased_context: &[],
};

/// Subcommands of `yarn` that start no program by its name.
pub(super) const YARN_ORDINARY: [&str; 38] = [
    "add",
    "audit",
    "autoclean",
    "bin",
    "cache",
    "check",
    "config",
    "create",
    "dedupe",
    "generate-lock-entry",
    "global",
    "help",
    "import",
    "info",
    "init",
    "install",
    "licenses",
    "link",
    "list",
    "login",
    "logout",
    "outdated",
    "owner",
    "pack",
    "policies",
    "prune",
    "publish",
    "remove",
    "self-update",
    "tag",
    "team",
    "unlink",
    "upgrade",
    "upgrade-interactive",
    "version",
    "versions",
    "why",
    "workspace",
];
