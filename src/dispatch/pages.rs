//! Pages generated from the command line and from the types: manual pages, the schema.

use std::io;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use crate::approvals::check::schema;
use crate::approvals::policy_tests;
use crate::cli::Cli;
use crate::cli::approvals::Schema;
use crate::output::{self, Paper};
use crate::report::exit::Exit;
use crate::report::failure::Failure;
use crate::streams::Streams;

/// The heading before the examples of a help text.
const EXAMPLES: &str = "Examples:\n";

/// The heading before the exit codes in the help of `clearance`.
const EXIT_CODES: &str = "Exit codes:\n";

/// A variable or a file, and its purpose.
type Entry = (&'static str, &'static str);

/// The variables of every command.
const VARIABLES: [Entry; 1] =
    [("NO_COLOR, CLICOLOR_FORCE", "Print no colours; print colours although the output is not a terminal.")];

/// The variables that locate this host's own OpenClaw.
const VARIABLES_OF_OPENCLAW: [Entry; 2] = [
    ("OPENCLAW_STATE_DIR", "The state directory of OpenClaw, by default ~/.openclaw."),
    ("OPENCLAW_HOME", "The home directory of OpenClaw, by default HOME."),
];

/// The variables of commands that connect to a gateway.
const VARIABLES_OF_GATEWAYS: [Entry; 8] = [
    ("OPENCLAW_GATEWAY_URL", "The address of the gateway, if --gateway names none."),
    ("OPENCLAW_GATEWAY_PORT", "The port of this host's gateway, if no address is given."),
    ("OPENCLAW_GATEWAY_TOKEN, OPENCLAW_GATEWAY_PASSWORD", "The credential, if no option names one."),
    (
        "OPENCLAW_CONFIG_PATH",
        "The configuration of OpenClaw, by default openclaw.json in its state directory.",
    ),
    ("OPENCLAW_INCLUDE_ROOTS", "Directories outside of the state directory that openclaw.json may include."),
    (
        "OPENCLAW_ALLOW_INSECURE_PRIVATE_WS",
        "If 1, a credential may cross an unencrypted connection to a private address.",
    ),
    ("HTTPS_PROXY, HTTP_PROXY, ALL_PROXY, NO_PROXY", "The proxy for gateways on other hosts."),
    ("XDG_CONFIG_HOME, XDG_STATE_HOME", "The directories of the files below."),
];

/// The variables of a service.
const VARIABLES_OF_SERVICES: [Entry; 1] =
    [("NOTIFY_SOCKET, WATCHDOG_USEC", "Set by systemd: where to report readiness and liveness.")];

/// The files of commands that connect to a gateway.
const FILES_OF_GATEWAYS: [Entry; 3] = [
    ("~/.config/clearance/config.toml", "Names, addresses and credential files of gateways."),
    ("~/.local/state/clearance/devices/", "A key of this device for each gateway."),
    ("~/.openclaw/openclaw.json, ~/.openclaw/.env", "The configuration of OpenClaw: address and credential."),
];

/// The files of commands that read this host's document.
const FILES_OF_DOCUMENTS: [Entry; 2] = [
    ("~/.openclaw/exec-approvals.json", "The document of this host, up to 2026.7."),
    ("~/.openclaw/state/openclaw.sqlite", "The database with the document of this host, from 2026.8."),
];

/// The file of a project.
const FILES_OF_PROJECTS: [Entry; 1] =
    [("clearance.toml", "Severities and accepted findings, in the nearest directory from here upwards.")];

/// The files of policy tests.
const FILES_OF_TESTS: [Entry; 1] = [(
    "approvals-test.toml, NAME.approvals-test.toml",
    "Policy tests of a document; clearance approvals schema --tests prints their schema.",
)];

/// `approvals schema`
pub fn schema(args: &Schema, streams: &mut Streams<'_>) -> io::Result<Exit> {
    let derived = if args.tests { policy_tests::derived() } else { schema::derived() };
    output::json(streams.out, &derived)?;
    Ok(Exit::Done)
}

/// `man`
pub fn manual(path: &[String], streams: &mut Streams<'_>) -> io::Result<Exit> {
    if let Some(page) = page(path)? {
        output::page(streams.out, &page)?;
        return Ok(Exit::Done);
    }
    let failure = Failure {
        code: Exit::Usage.code(),
        causes: vec![format!("there is no command `clearance {}`", path.join(" ").escape_debug())],
        remedy: Some("clearance --help lists the commands".to_owned()),
        exit: Exit::Usage,
        verdict: None,
    };
    output::error::text(streams.err, &failure, Paper::of(&io::stderr()))?;
    Ok(Exit::Usage)
}

/// The manual page of a command, in roff. `None`: the command does not exist.
fn page(path: &[String]) -> io::Result<Option<Vec<u8>>> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let exit_codes = root.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (_, exit_codes) = exit_codes.split_once(EXIT_CODES).unwrap_or_default();
    let exit_codes = exit_codes.split_once("\n\n").map_or(exit_codes, |(codes, _)| codes);
    let mut command = &root;
    let mut names = vec![root.get_name()];
    for word in path {
        match command.find_subcommand(word) {
            Some(found) => command = found,
            None => return Ok(None),
        }
        names.push(command.get_name());
    }
    let mut page = Vec::new();
    let version = root.get_version().unwrap_or_default();
    let man = Man::new(command.clone()).source(format!("clearance {version}")).manual("clearance");
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut roff = Roff::default();
    let help = command.get_after_long_help().or_else(|| command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let (notes, examples) = help.split_once(EXAMPLES).unwrap_or((&help, ""));
    let notes = notes.split_once(EXIT_CODES).map_or(notes, |(notes, _)| notes);
    literal(&mut roff, "NOTES", notes);
    listed(&mut roff, "ENVIRONMENT", &variables(command, &names));
    listed(&mut roff, "FILES", &files(command, &names));
    let codes: Vec<(&str, &str)> =
        exit_codes.lines().filter_map(|line| line.trim().split_once(' ')).collect();
    listed(&mut roff, "EXIT STATUS", &codes);
    literal(&mut roff, "EXAMPLES", examples);
    see_also(&mut roff, &root, command, &names);
    roff.to_writer(&mut page)?;
    if command.get_version().is_some() {
        man.render_version_section(&mut page)?;
    }
    Ok(Some(page))
}

/// Whether a command or one of its subcommands has the options of a gateway.
fn connects(command: &Command) -> bool {
    let takes = |name: &str| command.get_arguments().any(|argument| argument.get_long() == Some(name));
    takes("token-file") || command.get_subcommands().any(connects)
}

/// Whether a command reads this host's document by default.
fn reads_document(names: &[&str]) -> bool {
    matches!(names, [_] | [_, "approvals", ..]) && names.last() != Some(&"schema")
}

fn variables(command: &Command, names: &[&str]) -> Vec<Entry> {
    let mut entries = Vec::new();
    if connects(command) {
        entries.extend(VARIABLES_OF_GATEWAYS);
    }
    if connects(command) || reads_document(names) {
        entries.extend(VARIABLES_OF_OPENCLAW);
    }
    if names.last() == Some(&"guard") {
        entries.extend(VARIABLES_OF_SERVICES);
    }
    entries.extend(VARIABLES);
    entries
}

fn files(command: &Command, names: &[&str]) -> Vec<Entry> {
    let mut entries = Vec::new();
    if connects(command) {
        entries.extend(FILES_OF_GATEWAYS);
    }
    if reads_document(names) {
        entries.extend(FILES_OF_DOCUMENTS);
    }
    if names.last() == Some(&"lint") {
        entries.extend(FILES_OF_PROJECTS);
    }
    if names.last() == Some(&"test") {
        entries.extend(FILES_OF_TESTS);
    }
    entries
}

/// A section with names and their purposes.
fn listed(roff: &mut Roff, title: &str, entries: &[(&str, &str)]) {
    if entries.is_empty() {
        return;
    }
    roff.control("SH", [title]);
    for (name, text) in entries {
        roff.control("TP", []).text([bold(*name)]).text([roman(text.trim())]);
    }
}

/// A section that keeps its line breaks.
fn literal(roff: &mut Roff, title: &str, text: &str) {
    let text = text.trim_end();
    if text.is_empty() {
        return;
    }
    roff.control("SH", [title]).control("nf", []);
    for line in text.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
}

/// The pages of the parent, the subcommands and the siblings of a command.
fn see_also(roff: &mut Roff, root: &Command, command: &Command, names: &[&str]) {
    let mut pages: Vec<String> = (1..names.len()).map(|end| names[..end].join("-")).collect();
    let above = names[1..names.len().max(2) - 1]
        .iter()
        .fold(root, |above, name| above.find_subcommand(name).unwrap_or(above));
    let family =
        if command.has_subcommands() { (command, names) } else { (above, &names[..names.len() - 1]) };
    let (parent, of) = family;
    let own = names.last().copied();
    let others = parent.get_subcommands().map(Command::get_name);
    let others = others.filter(|name| Some(*name) != own && *name != "help");
    pages.extend(others.map(|name| format!("{}-{name}", of.join("-"))));
    roff.control("SH", ["SEE ALSO"]);
    let last = pages.len().saturating_sub(1);
    for (at, page) in pages.iter().enumerate() {
        let comma = if at == last { "" } else { "," };
        roff.text([bold(page.as_str()), roman(format!("(1){comma}"))]);
    }
}
