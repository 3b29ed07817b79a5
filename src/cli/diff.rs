//! `clearance approvals diff`, and how its two operands are named.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use super::gateway::Access;
use super::quiet::Quiet;

/// Below the flags of `diff --help`.
pub(super) const HELP: &str = "A and B:
  PATH               a document in a file, JSON or JSON5; what has a colon or is called
                     local, gateway or - is written ./PATH or file:PATH
  -                  a document on standard input, once
  local              this host's own store
  store:PATH         another local store, which may be empty
  gateway            the default gateway
  gateway:NAME|URL   the gateway with this name or URL
  node:ID            a node behind the default gateway: its id, its name, or the start of one
  node:ID@NAME|URL   a node behind that gateway; the gateway follows the last @
  version:N          a kept version; clearance approvals versions lists them

Ignored: the order of agents and entries, ids, when an entry was last used, the socket, empty \
     values, and a repeated entry. --exact reports these too.

The credential of a gateway is found as elsewhere. Where A and B are two gateways, each has its own, \
     from config.toml or openclaw.json: the gateway options are refused, and OPENCLAW_GATEWAY_TOKEN and \
     OPENCLAW_GATEWAY_PASSWORD are for the default gateway alone.

With --no-wider, exit code 1 means that a command could run under B that does not run under A: at once, \
     in a cron job, or after a prompt that nobody answers. Each finding has such a command, or says that B is \
     not proven narrower. It is decided as the releases 2026.4.14, 2026.6.11 and 2026.9.6 do it, or as --release says.

Examples:
  clearance approvals diff exec-approvals.json local
  clearance approvals diff exec-approvals.json gateway
  clearance approvals diff gateway:staging gateway:prod --json
  clearance approvals diff node:build-server@prod node:laptop@prod
  git show HEAD~1:exec-approvals.json | clearance approvals diff - exec-approvals.json
  git show origin/main:exec-approvals.json | clearance approvals diff --no-wider - exec-approvals.json";

/// `approvals diff`
#[derive(Debug, Args)]
pub struct Diff {
    /// The first document
    #[arg(value_name = "A", value_parser = OsStringValueParser::new().try_map(operand))]
    pub a: Operand,
    /// The second document
    #[arg(value_name = "B", value_parser = OsStringValueParser::new().try_map(operand))]
    pub b: Operand,
    /// Report every difference: ids, usage, order and the socket too
    #[arg(long)]
    pub exact: bool,
    /// Report only what B allows and A does not
    #[arg(long, conflicts_with = "exact")]
    pub no_wider: bool,
    /// Decide as this release of OpenClaw [default: every generation]
    #[arg(long, value_name = "RELEASE", requires = "no_wider")]
    pub release: Option<String>,
    /// Read both documents with this configuration of OpenClaw [default: none]
    #[arg(long, value_name = "FILE", requires = "no_wider")]
    pub config: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub quiet: Quiet,
    #[command(flatten)]
    pub access: Access,
}

/// An operand of `diff`, as it was named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operand {
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
    /// This host's own store.
    Local,
    /// Another local store.
    Store(PathBuf),
    /// A kept version.
    Version(u64),
    /// A gateway, by name or URL; `None` for the default one.
    Gateway(Option<String>),
    /// A node behind a gateway.
    Node {
        /// The node's id or name, or a prefix of one.
        id: String,
        /// The gateway, by name or URL; `None` for the default one.
        gateway: Option<String>,
    },
}

impl fmt::Display for Operand {
    /// As it is written on a command line, without quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Stdin => f.write_str("-"),
            Self::Local => f.write_str("local"),
            Self::Store(path) => write!(f, "store:{}", path.display()),
            Self::Version(id) => write!(f, "version:{id}"),
            Self::Gateway(None) => f.write_str("gateway"),
            Self::Gateway(Some(gateway)) => write!(f, "gateway:{gateway}"),
            Self::Node { id, gateway: None } => write!(f, "node:{id}"),
            Self::Node { id, gateway: Some(gateway) } => write!(f, "node:{id}@{gateway}"),
        }
    }
}

/// Parses the number of a version. `text`: without `version:`.
pub(super) fn version_number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| {
        let text = text.escape_debug();
        format!("`{text}` is not the number of a version; list them: clearance approvals versions")
    })
}

/// Parses an operand. A text that could be a misspelt one is rejected, and not read as a file.
pub(super) fn operand(text: OsString) -> Result<Operand, String> {
    let Some(known) = text.to_str() else { return Ok(Operand::File(text.into())) };
    match known {
        "" => return Err("it is empty".to_owned()),
        "-" => return Ok(Operand::Stdin),
        "local" => return Ok(Operand::Local),
        "gateway" => return Ok(Operand::Gateway(None)),
        _ => {}
    }
    let Some((kind, rest)) = known.split_once(':').filter(|(kind, _)| !kind.contains('/')) else {
        return Ok(Operand::File(text.into()));
    };
    if rest.trim().is_empty() {
        return Err(format!("a name must follow `{kind}:`"));
    }
    match kind {
        "file" => Ok(Operand::File(rest.into())),
        "store" => Ok(Operand::Store(rest.into())),
        "version" => version_number(rest).map(Operand::Version),
        "gateway" => Ok(Operand::Gateway(Some(rest.to_owned()))),
        "node" => match rest.rsplit_once('@') {
            None => Ok(Operand::Node { id: rest.to_owned(), gateway: None }),
            Some((id, gateway)) if !(id.trim().is_empty() || gateway.trim().is_empty()) => {
                Ok(Operand::Node { id: id.to_owned(), gateway: Some(gateway.to_owned()) })
            }
            Some(_) => Err("write node:ID@GATEWAY, or node:ID for the default gateway".to_owned()),
        },
        "ws" | "wss" | "http" | "https" => Err(format!("write gateway:{known}")),
        // A host with a port, or a misspelt kind.
        _ if rest.bytes().all(|byte| byte.is_ascii_digit()) => {
            Err(format!("write gateway:{known} if it is a gateway, or ./{known} if it is a file"))
        }
        _ => Err(format!("unknown kind `{kind}:`; write ./{known} if it is a file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_document() {
        let gateway = |name: &str| Operand::Gateway(Some(name.to_owned()));
        let node = |id: &str, gateway: Option<&str>| Operand::Node {
            id: id.to_owned(),
            gateway: gateway.map(str::to_owned),
        };
        for (text, meant) in [
            ("a.json", Operand::File("a.json".into())),
            ("./local", Operand::File("./local".into())),
            ("./a:b", Operand::File("./a:b".into())),
            ("/a/b:c", Operand::File("/a/b:c".into())),
            ("file:local", Operand::File("local".into())),
            ("file:store:x", Operand::File("store:x".into())),
            ("-", Operand::Stdin),
            ("local", Operand::Local),
            ("store:/x.json", Operand::Store("/x.json".into())),
            ("gateway", Operand::Gateway(None)),
            ("version:12", Operand::Version(12)),
            ("gateway:prod", gateway("prod")),
            ("gateway:wss://h:1", gateway("wss://h:1")),
            ("node:n", node("n", None)),
            ("node:me@laptop@prod", node("me@laptop", Some("prod"))),
            ("node:n@wss://h:1", node("n", Some("wss://h:1"))),
            ("gateway:myhost:18789", gateway("myhost:18789")),
            ("node:n@myhost:18789", node("n", Some("myhost:18789"))),
        ] {
            assert_eq!(operand(text.into()), Ok(meant), "{text}");
        }
    }

    #[test]
    fn what_may_be_misspelt_is_not_a_file() {
        for (text, said) in [
            ("", "it is empty"),
            ("gateway:", "a name must follow"),
            ("node: ", "a name must follow"),
            ("version:last", "is not the number of a version"),
            ("node:n@", "write node:ID@GATEWAY"),
            ("node:@prod", "write node:ID@GATEWAY"),
            ("gatway:prod", "unknown kind `gatway:`; write ./gatway:prod"),
            ("wss://gateway.example", "write gateway:wss://gateway.example"),
            ("myhost:18789", "write gateway:myhost:18789 if"),
        ] {
            assert!(operand(text.into()).unwrap_err().contains(said), "{text}");
        }
    }
}
