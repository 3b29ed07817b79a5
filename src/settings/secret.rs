//! Reads secrets from a private file or from the terminal. A text that cannot be a credential is rejected, and never
//! quoted.

use std::io;
use std::path::Path;
use std::sync::mpsc;

use bytesize::ByteSize;
use secrecy::SecretString;
use secrecy::zeroize::{Zeroize, Zeroizing};

use super::error::{SecretFlaw, SettingsError};
use super::origin::Origin;
use super::secret_kind::SecretKind;
use crate::deadline::Deadline;
use crate::gateway::target::Credential;
use crate::store::input::{self, Bounds, Input, InputError};
use crate::store::private;
use crate::system::Terminal;

/// The size limit of a secret, in bytes: far above any token, far below a file that was named by mistake.
const MAX_SECRET: ByteSize = ByteSize::kib(64);

/// The text that OpenClaw prints in place of a secret, for example in `openclaw config get gateway.auth.token`.
const REDACTED: &str = "__OPENCLAW_REDACTED__";

/// Reads the credential in a text. A password may contain spaces; a token contains no blanks.
pub(super) fn credential(kind: SecretKind, text: &str, from: &Origin) -> Result<Credential, SettingsError> {
    let flawed = |flaw| SettingsError::Secret { from: from.clone(), flaw };
    if text.trim().is_empty() {
        return Err(flawed(SecretFlaw::Empty));
    }
    let redacted = |part: &[u8]| part.eq_ignore_ascii_case(REDACTED.as_bytes());
    if text.as_bytes().windows(REDACTED.len()).any(redacted) {
        return Err(SettingsError::RedactedSecret {
            from: from.clone(),
            password: kind == SecretKind::Password,
        });
    }
    if text.starts_with('\u{feff}') {
        return Err(flawed(SecretFlaw::ByteOrderMark));
    }
    let blank = |c: char| c.is_whitespace() && (kind == SecretKind::Token || c != ' ');
    if text.trim() != text || text.chars().any(|c| c.is_control() || blank(c)) {
        return Err(flawed(SecretFlaw::Characters));
    }
    let secret = SecretString::from(text);
    Ok(match kind {
        SecretKind::Token => Credential::Token(secret),
        SecretKind::Password => Credential::Password(secret),
    })
}

/// Reads a secret from a file that no other user can read.
pub(super) fn of_file(
    kind: SecretKind,
    file: &Path,
    from: &Origin,
    deadline: Deadline,
) -> Result<Credential, SettingsError> {
    guarded(file, from)?;
    let bounds = Bounds { max_size: MAX_SECRET, deadline };
    let bytes = input::read(&Input::Path(file.to_owned()), bounds)
        .map_err(|error| SettingsError::Input { from: from.clone(), error })?;
    let text = String::from_utf8(bytes).map_err(|error| {
        error.into_bytes().zeroize();
        SettingsError::Secret { from: from.clone(), flaw: SecretFlaw::NotText }
    })?;
    let text = Zeroizing::new(text);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let credential = credential(kind, line, from)?;
    // A variable may have quotes: a gateway that reads the same `.env` file has them too.
    if kind == SecretKind::Token && is_quoted(line) {
        return Err(SettingsError::Secret { from: from.clone(), flaw: SecretFlaw::Quotes });
    }
    Ok(credential)
}

fn is_quoted(text: &str) -> bool {
    text.len() > 1 && ['"', '\''].iter().any(|quote| text.starts_with(*quote) && text.ends_with(*quote))
}

/// Rejects a file that other users can read or replace.
fn guarded(file: &Path, from: &Origin) -> Result<(), SettingsError> {
    if file.is_dir() {
        let error = InputError::Directory(file.display().to_string());
        return Err(SettingsError::Input { from: from.clone(), error });
    }
    private::check(file).map_err(SettingsError::Exposed)
}

/// Asks for a secret on the terminal, without showing it.
pub(super) fn typed(kind: SecretKind, deadline: Deadline) -> Result<Credential, SettingsError> {
    let terminal = Terminal::open().map_err(|cause| no_terminal(kind, cause))?;
    let prompt = match kind {
        SecretKind::Token => "Gateway token: ",
        SecretKind::Password => "Gateway password: ",
    };
    let (sender, receiver) = mpsc::channel();
    // If nothing is typed, the thread is abandoned: the process ends soon after.
    std::thread::spawn(move || {
        // After the deadline the receiver is dropped.
        let _ = sender.send(rpassword::prompt_password(prompt).map(Zeroizing::new));
    });
    match receiver.recv_timeout(deadline.left().unwrap_or_default()) {
        Ok(Ok(text)) => credential(kind, &text, &Origin::Flag(kind.ask_flag())),
        Ok(Err(cause)) => Err(SettingsError::Terminal(cause)),
        Err(_) => {
            // The abandoned thread would leave the terminal's echo off.
            terminal.restore();
            Err(SettingsError::TypedNothing(deadline.timeout()))
        }
    }
}

fn no_terminal(kind: SecretKind, cause: io::Error) -> SettingsError {
    match cause.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported => SettingsError::Terminal(cause),
        _ => SettingsError::NoTerminal(kind),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::disallowed_methods, reason = "the tests create their own files")]

    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;
    use std::time::Duration;

    use secrecy::ExposeSecret;

    use super::*;
    use crate::settings::error::Kind;

    fn file(content: &[u8], mode: u32) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, content).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        (directory, path)
    }

    fn read(kind: SecretKind, content: &[u8], mode: u32) -> Result<String, SettingsError> {
        let (_directory, path) = file(content, mode);
        let deadline = Deadline::after(Duration::from_secs(5));
        of_file(kind, &path, &Origin::Flag("--token-file"), deadline).map(|credential| match credential {
            Credential::Token(secret) => format!("token {}", secret.expose_secret()),
            Credential::Password(secret) => format!("password {}", secret.expose_secret()),
            Credential::None => "none".to_owned(),
        })
    }

    #[test]
    fn a_secret_file_holds_one_line() {
        assert_eq!(read(SecretKind::Token, b"t0ken\n", 0o600).unwrap(), "token t0ken");
        assert_eq!(read(SecretKind::Token, b"t0ken\r\n", 0o400).unwrap(), "token t0ken");
        assert_eq!(read(SecretKind::Token, b"t0ken", 0o600).unwrap(), "token t0ken");
        assert_eq!(read(SecretKind::Password, b"correct horse\n", 0o600).unwrap(), "password correct horse");
        assert_eq!(read(SecretKind::Password, b"\"horse\"\n", 0o600).unwrap(), "password \"horse\"");
        for (kind, content, flaw) in [
            (SecretKind::Token, &b""[..], "is empty"),
            (SecretKind::Token, b"\n", "is empty"),
            (SecretKind::Token, b" \t\n", "is empty"),
            (SecretKind::Token, b"s3cret\ns3cret\n", "contains blanks"),
            (SecretKind::Token, b"s3cret\n\n", "contains blanks"),
            (SecretKind::Token, b"s3cret s3cret", "contains blanks"),
            (SecretKind::Token, b" s3cret", "contains blanks"),
            (SecretKind::Password, b"s3cret ", "contains blanks"),
            (SecretKind::Password, b"s3cret\ts3cret", "contains blanks"),
            (SecretKind::Token, b"s3cret\x1b[0m", "contains blanks"),
            (SecretKind::Token, b"s3cret\x00", "contains blanks"),
            (SecretKind::Token, b"s3cret\xff", "is not UTF-8"),
            (SecretKind::Token, b"\"s3cret\"\n", "is in quotes"),
            (SecretKind::Token, b"'s3cret'", "is in quotes"),
            (SecretKind::Token, b"\xef\xbb\xbfs3cret\n", "begins with a byte order mark"),
            (SecretKind::Password, b"\xef\xbb\xbfs3cret\n", "begins with a byte order mark"),
        ] {
            let error = read(kind, content, 0o600).unwrap_err();
            let text = format!("{error} {error:?} {:?}", error.remedy());
            assert!(error.to_string().contains(flaw), "{error}");
            assert!(!text.contains("s3cret"), "{text}");
            assert_eq!(error.kind(), Kind::Unreadable);
        }
    }

    #[test]
    fn a_secret_file_must_be_private() {
        for mode in [0o640, 0o604, 0o660, 0o644, 0o777, 0o620] {
            let error = read(SecretKind::Token, b"s3cret", mode).unwrap_err();
            assert_eq!(error.kind(), Kind::Refused);
            assert!(error.to_string().contains(&format!("its mode is 0{mode:o}")), "{error}");
            assert!(error.remedy().unwrap().starts_with("chmod 600 /"));
        }
    }

    #[test]
    fn a_redacted_secret_is_not_one() {
        // This holds for every source, also a terminal.
        for (kind, text) in [
            (SecretKind::Token, REDACTED),
            (SecretKind::Password, REDACTED),
            (SecretKind::Token, "\"__OPENCLAW_REDACTED__\""),
            (SecretKind::Token, "__openclaw_redacted__"),
            (SecretKind::Password, "\u{feff}'__OpenClaw_Redacted__'"),
        ] {
            let error = credential(kind, text, &Origin::Flag("--ask-token")).unwrap_err();
            assert!(matches!(error, SettingsError::RedactedSecret { .. }), "{error}");
            assert_eq!(error.kind(), Kind::Refused);
        }
        let error = read(SecretKind::Token, b"__OPENCLAW_REDACTED__\n", 0o600).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused);
    }

    #[test]
    fn a_secret_file_has_an_end() {
        assert!(read(SecretKind::Token, &vec![b'x'; 64 * 1024], 0o600).is_ok());
        let error = read(SecretKind::Token, &vec![b'x'; 64 * 1024 + 1], 0o600).unwrap_err();
        assert!(error.to_string().contains("is larger than 64.0 KiB"), "{error}");
    }

    #[test]
    fn a_path_that_is_not_a_file_is_reported() {
        let directory = tempfile::tempdir().unwrap();
        let deadline = Deadline::after(Duration::from_secs(5));
        let from = Origin::Flag("--token-file");
        let error = of_file(SecretKind::Token, directory.path(), &from, deadline).unwrap_err();
        assert!(error.to_string().contains("is a directory"), "{error}");
        let error = of_file(SecretKind::Token, &directory.path().join("none"), &from, deadline).unwrap_err();
        assert!(error.to_string().starts_with("--token-file: "), "{error}");
        assert!(error.to_string().ends_with("none does not exist"), "{error}");
        assert_eq!(error.remedy().unwrap(), "check the path");
    }
}
