//! Warnings about files that decide where a credential is sent or which gateway is trusted, and that other users can
//! write. Files that contain only a secret are rejected in `secret`.

use std::path::Path;

use super::address::Chosen;
use super::origin::Origin;
use crate::gateway::target::Trust;
use crate::store::private::{self, Exposure};
use crate::store::{quoted, writers};

/// The consequence if other users can write a configuration.
const REDIRECT: &str = "choose the gateway that this command calls, and what it trusts";
/// The consequence if other users can write a file of certificates.
const IMPERSONATE: &str = "impersonate this gateway";

/// One warning for each file or directory of a file that other users can write: the users, and the command that fixes
/// it. `secret`: the file that contains the credential. There is also a warning if other users can only read that file.
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
            } else if !cfg!(unix) {
                warnings.push(unknown(file, consequence));
            }
            warnings
        })
        .collect()
}

/// OpenClaw's own configuration is not rejected, unlike a file that contains only a secret: its mode is its owner's
/// decision. clearance's configuration contains no secrets.
fn exposed(file: &Path) -> Option<String> {
    match private::check(file) {
        Err(exposure @ Exposure::Mode { .. }) => {
            Some(format!("{exposure}, and it contains the credential: chmod 600 {}", quoted(file)))
        }
        Err(exposure @ Exposure::Unknown { .. }) => {
            Some(format!("{exposure}, and it contains the credential"))
        }
        _ => None,
    }
}

/// Nothing is known of other users: that is no reason to be silent.
fn unknown(file: &Path, consequence: &str) -> String {
    let file = file.display();
    format!("others who can write {file} can {consequence}: checking that is not available on this system")
}

fn of_file(file: &Path, consequence: &str, holds_secret: bool) -> Vec<String> {
    let warning = |writers: writers::Writers| {
        let (path, who) = (writers.path.display(), &writers.who);
        let remedy = if holds_secret && writers.path == file && !writers.is_owned() {
            format!("chmod 600 {}", quoted(file))
        } else {
            writers.remedy()
        };
        // A user who can write a directory can replace the files in it.
        let replaced = if writers.path == file {
            String::new()
        } else {
            format!("replace {} and ", file.file_name().map_or(file, Path::new).display())
        };
        format!("{path} can be written by {who}, who can thereby {replaced}{consequence}: {remedy}")
    };
    writers::of_own(file).into_iter().map(warning).collect()
}
