//! Files that decide where a credential goes, or which gateway is believed, and that others can write. Files that hold a
//! secret alone are refused in `secret`.

use std::path::Path;

use super::address::Chosen;
use super::origin::Origin;
use crate::gateway::target::Trust;
use crate::store::private::{self, Exposure};
use crate::store::{quoted, writers};

/// What whoever writes a configuration can do.
const REDIRECT: &str = "choose the gateway that this command calls, and what it trusts";
/// What whoever writes a file of certificates can do.
const IMPERSONATE: &str = "pass a gateway of their own for this one";

/// One warning for each file, and for each directory of one, that others can write: who they are, and the command that
/// ends it. `secret`: the file that the credential stands in; where others can only read that one, it is warned of too.
pub(super) fn warnings(
    chosen: &Chosen<'_>,
    secret: Option<&Path>,
    (trust, trust_from): (&Trust, &Origin),
) -> Vec<String> {
    let configured = chosen.own.iter().chain(chosen.openclaw.iter().flat_map(|openclaw| &openclaw.read));
    let certificates = match (trust, trust_from) {
        (Trust::Roots(path), _) | (_, Origin::Certificate(path)) => Some(path),
        _ => None,
    };
    let files = configured.map(|file| (&**file, REDIRECT));
    files
        .chain(certificates.map(|file| (&**file, IMPERSONATE)))
        .filter(|(file, _)| file.is_file())
        .flat_map(|(file, consequence)| {
            let holds_secret = secret == Some(file);
            let mut warnings = of_file(file, consequence, holds_secret);
            if warnings.is_empty() && holds_secret {
                warnings.extend(exposed(file));
            }
            warnings
        })
        .collect()
}

/// OpenClaw's own configuration is not refused, as a file that holds a secret alone is: its mode is its owner's decision.
/// clearance's configuration holds no secrets.
fn exposed(file: &Path) -> Option<String> {
    match private::check(file) {
        Err(exposure @ Exposure::Mode { .. }) => {
            Some(format!("{exposure}, and it holds the credential: chmod 600 {}", quoted(file)))
        }
        _ => None,
    }
}

fn of_file(file: &Path, consequence: &str, holds_secret: bool) -> Vec<String> {
    let warning = |writers: writers::Writers| {
        let (path, who) = (writers.path.display(), writers.who);
        let remedy = if holds_secret && writers.path == file {
            format!("chmod 600 {}", quoted(file))
        } else {
            writers.remedy()
        };
        // Whoever writes in a directory puts another file into its place.
        let replaced = if writers.path == file {
            String::new()
        } else {
            format!("replace {} and ", file.file_name().map_or(file, Path::new).display())
        };
        format!("{path} can be written by {who}, who can thereby {replaced}{consequence}: {remedy}")
    };
    writers::of(file).into_iter().map(warning).collect()
}
