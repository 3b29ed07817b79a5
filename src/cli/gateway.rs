//! `clearance gateway …`, and the flags by which any command names a gateway.

use std::path::PathBuf;

use super::lazy::Lazy;
use super::quiet::Quiet;
use clap::{ArgGroup, Args, Subcommand, ValueEnum, ValueHint};

/// What to do with a gateway.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Show which gateway is used and why, and test the connection
    #[command(after_help = STATUS_EXAMPLES)]
    Status(Lazy<Status>),
    /// Write a gateway into clearance's configuration, under a name
    #[command(after_help = ADD_HELP)]
    Add(Lazy<Add>),
    /// Run a gateway for rehearsals, in the foreground
    #[command(after_help = DEV_EXAMPLES)]
    Dev(Lazy<Dev>),
}

const STATUS_EXAMPLES: &str = "Examples:
  clearance gateway status
  clearance gateway status --gateway prod
  clearance gateway status --all-gateways
  clearance gateway status --gateway=wss://gateway.example --token-file ~/.config/clearance/token
  clearance gateway status --gateway=prod --json | jq .connection.version";

const ADD_HELP: &str =
    "It writes config.toml in $XDG_CONFIG_HOME/clearance or ~/.config/clearance, and changes nothing else \
     in it. The file never contains a secret, only the name of the file or variable that contains it.

Examples:
  clearance gateway add prod wss://gateway.example --token-file ~/.config/clearance/prod.token
  clearance gateway add lab 192.0.2.7:18789 --token-env LAB_TOKEN --default
  clearance gateway add prod wss://other.example --token-file prod.token --replace";

const DEV_EXAMPLES: &str =
    "It speaks the protocol of real gateways. All its data is made up, and is lost when it ends.

Examples:
  clearance gateway dev
  clearance gateway dev --port 18789 --coalesce off
  clearance gateway dev --scenario stuck.json --generation legacy
  clearance approvals get --gateway=embedded

A scenario (document, config, sessions, runs, prompts, live; each is optional):
  {prompts: [{request: {command: 'make', agentId: 'main', sessionKey: 'agent:main:main'},
              ageMs: 60000, repeat: {times: 3, everyMs: 20000, failOver: true}}],
   live: [{do: 'fail-over', session: 'agent:main:main', request: {command: 'make'}, afterMs: 5000}]}";

/// The internal value of `--gateway` without a value, which means the default gateway. It is not a valid name.
const DEFAULT: &str = " ";

/// A gateway's name or address. An empty value is rejected: in a script it is a variable without a value, not the
/// default gateway.
pub(super) fn name(text: &str) -> Result<String, String> {
    if text.is_empty() {
        return Err("it is empty; name a gateway, or leave --gateway out for the default one".to_owned());
    }
    Ok(text.to_owned())
}

/// Which gateway, and how to be let in.
#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("remote").args(["gateway", "node"]).multiple(true)))]
#[group(skip)]
pub struct Approvals {
    /// Use the document of the default gateway, or of the one with this name or address; `embedded` to rehearse
    #[arg(long, value_name = "NAME|URL|HOST:PORT", num_args = 0..=1, default_missing_value = DEFAULT, value_parser = name)]
    pub gateway: Option<String>,
    /// Use the document of a node behind the gateway, named by its id, its name, or the start of one
    #[arg(long, value_name = "ID")]
    pub node: Option<String>,
    #[command(flatten)]
    pub access: Access,
}

/// Which gateway, where none is named in another way.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Gateway {
    /// Gateway to use, by name or address; `embedded` to rehearse [default: OPENCLAW_GATEWAY_URL, else config.toml,
    /// else openclaw.json]
    #[arg(long, value_name = "NAME|URL|HOST:PORT", value_parser = name)]
    pub gateway: Option<String>,
}

/// How a command is let in that reconnects for as long as it runs: nobody can answer a question on each connection.
#[derive(Debug, Clone, Args)]
#[group(skip)]
pub struct Unattended {
    /// Read the gateway's token from this file before each connection [default: OPENCLAW_GATEWAY_TOKEN, else as
    /// configured]
    #[arg(long, value_name = "PATH", conflicts_with = "password_file", help_heading = "Gateway options")]
    pub token_file: Option<PathBuf>,
    /// Read the gateway's password from this file before each connection [default: OPENCLAW_GATEWAY_PASSWORD, else as
    /// configured]
    #[arg(long, value_name = "PATH", help_heading = "Gateway options")]
    pub password_file: Option<PathBuf>,
    /// Trust the certificate with this SHA-256, and no other
    #[arg(long, value_name = "SHA256", conflicts_with = "ca_file", help_heading = "Gateway options")]
    pub tls_fingerprint: Option<String>,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "PATH", help_heading = "Gateway options")]
    pub ca_file: Option<PathBuf>,
    /// Print the steps of each connection to standard error
    #[arg(short, long, help_heading = "Gateway options")]
    pub verbose: bool,
}

/// How to be let in.
#[derive(Debug, Clone, Args)]
#[group(skip)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Access {
    /// Read the gateway's token from this file [default: OPENCLAW_GATEWAY_TOKEN, else as configured]
    #[arg(long, value_name = "PATH", group = "secret", help_heading = "Gateway options")]
    pub token_file: Option<PathBuf>,
    /// Read the gateway's password from this file [default: OPENCLAW_GATEWAY_PASSWORD, else as configured]
    #[arg(long, value_name = "PATH", group = "secret", help_heading = "Gateway options")]
    pub password_file: Option<PathBuf>,
    /// Ask for the gateway's token on the terminal
    #[arg(long, group = "secret", help_heading = "Gateway options")]
    pub ask_token: bool,
    /// Ask for the gateway's password on the terminal
    #[arg(long, group = "secret", help_heading = "Gateway options")]
    pub ask_password: bool,
    /// Trust the certificate with this SHA-256, and no other
    #[arg(long, value_name = "SHA256", conflicts_with = "ca_file", help_heading = "Gateway options")]
    pub tls_fingerprint: Option<String>,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "PATH", help_heading = "Gateway options")]
    pub ca_file: Option<PathBuf>,
    /// Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its
    /// process is running]
    #[arg(long, help_heading = "Gateway options")]
    pub wait: bool,
    /// Print the steps of each connection to standard error
    #[arg(short, long, help_heading = "Gateway options")]
    pub verbose: bool,
}

/// `gateway status`
#[derive(Debug, Args)]
pub struct Status {
    /// Gateway to connect to, by name or address; may be repeated; `embedded` to rehearse [default:
    /// OPENCLAW_GATEWAY_URL, else config.toml, else openclaw.json]
    #[arg(long, value_name = "NAME|URL|HOST:PORT", num_args = 0..=1, default_missing_value = DEFAULT, value_parser = name)]
    pub gateway: Vec<String>,
    /// Use every gateway of config.toml
    #[arg(long, conflicts_with = "gateway")]
    pub all_gateways: bool,
    #[command(flatten)]
    pub access: Access,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
}

/// `gateway add`
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub struct Add {
    /// The name: letters, digits, `-`, `_` and `.`
    pub name: String,
    /// The address: a URL (wss://HOST) or HOST:PORT
    pub url: String,
    /// The file that holds the token
    #[arg(long, value_name = "PATH", group = "secret", value_hint = ValueHint::FilePath)]
    pub token_file: Option<String>,
    /// The environment variable that holds the token
    #[arg(long, value_name = "VARIABLE", group = "secret")]
    pub token_env: Option<String>,
    /// The file that holds the password
    #[arg(long, value_name = "PATH", group = "secret", value_hint = ValueHint::FilePath)]
    pub password_file: Option<String>,
    /// The environment variable that holds the password
    #[arg(long, value_name = "VARIABLE", group = "secret")]
    pub password_env: Option<String>,
    /// Trust the certificate with this SHA-256, and no other
    #[arg(long, value_name = "SHA256", conflicts_with = "ca_file")]
    pub tls_fingerprint: Option<String>,
    /// Trust the authorities in this PEM file, and no others
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub ca_file: Option<String>,
    /// Allow the credential to cross the network unencrypted (ws://, http://)
    #[arg(long)]
    pub allow_plaintext: bool,
    /// Make it the default gateway
    #[arg(long)]
    pub default: bool,
    /// Replace the gateway that has this name
    #[arg(long)]
    pub replace: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `gateway dev`
#[derive(Debug, Args)]
pub struct Dev {
    /// Port on 127.0.0.1; 0 chooses a free one
    #[arg(long, default_value_t = 0)]
    pub port: u16,
    /// Scenario with sessions, runs, prompts and a document (JSON or JSON5) [default: eight agents, one of which asks 24 times]
    #[arg(long, value_name = "FILE")]
    pub scenario: Option<PathBuf>,
    /// Whether a request for the same command joins the prompt that is already pending
    #[arg(long, value_enum, default_value_t = Switch::On)]
    pub coalesce: Switch,
    /// Whether the list of sessions names active runs; off: it only reports that a run is active
    #[arg(long, value_enum, default_value_t = Switch::On)]
    pub list_run_ids: Switch,
    /// Whether the prompts of a failed-over run are cancelled before its replacement may ask
    #[arg(long, value_enum, default_value_t = Switch::On)]
    pub cancel_on_failover: Switch,
    /// Generation of the protocol
    #[arg(long, value_enum, default_value_t = Generation::Current)]
    pub generation: Generation,
    /// Serve TLS with a self-signed certificate
    #[arg(long)]
    pub tls: bool,
    /// Print one JSON object when it is ready
    #[arg(long)]
    pub json: bool,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// As a gateway should behave
    On,
    /// As some releases behave: with the bug
    Off,
}

/// A generation of the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Generation {
    /// Protocol 3, as 2026.4.14
    Legacy,
    /// Protocol 4, as 2026.9.6
    Current,
}
