//! The words of a command: options, and names that are those of secrets, of outputs or of configurations.

/// Parts of names that are those of a credential.
const CREDENTIALS: &str = "apikey auth bearer cookie cookies cred credential credentials creds key keypass pass passphrase passwd \
                           password passwords pwd secret secrets storepass token";

/// More parts of names of files and directories that hold secrets.
const KEEPERS: &str = "aws azure cert certificate certificates certs dsa ecdsa ed25519 env gcloud gnupg gpg htpasswd jks kdbx keychain \
                       keyring keyrings keys kube netrc pem pfx pgpass pki ppk private rsa shadow ssh ssl sudoers tls vault wallet \
                       wallets";

/// The beginnings of parts of options that name a place to write to, or what a program does.
const PLACES: [&str; 14] = [
    "bin", "command", "compile", "conf", "dest", "exec", "log", "magic", "out", "pre", "program", "save",
    "target", "write",
];

/// The parts of a name, in lower case.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|token| !token.is_empty())
        .map(str::to_ascii_lowercase)
}

/// Whether a name is that of a credential.
pub(super) fn is_credential(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    ["passw", "secret", "credential", "apikey"].iter().any(|part| lower.contains(part))
        || is_among(CREDENTIALS, name)
}

/// Whether a name is that of a secret, or of a file or directory with secrets.
pub(super) fn is_secret(name: &str) -> bool {
    is_credential(name) || is_among(KEEPERS, name)
}

/// Whether one of the parts of a name is in a list, with or without the digits at its end.
fn is_among(list: &str, name: &str) -> bool {
    let is_known = |token: &str| list.split(' ').any(|known| known == token);
    tokens(name)
        .any(|token| is_known(&token) || is_known(token.trim_end_matches(|c: char| c.is_ascii_digit())))
}

/// An option, with its value if that is in the same word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flag<'w> {
    pub(super) name: &'w str,
    pub(super) value: Option<&'w str>,
    is_long: bool,
}

impl<'w> Flag<'w> {
    /// `None`: the word is no option.
    pub(super) fn of(word: &'w str) -> Option<Self> {
        let named = word.strip_prefix('-').filter(|named| !named.is_empty())?;
        let is_long = named.starts_with('-');
        let named = named.trim_start_matches('-');
        let (name, value) = match named.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (named, None),
        };
        Some(Self { name, value, is_long })
    }

    /// Whether the next word may be its value.
    pub(super) fn takes_next(self) -> bool {
        self.value.is_none() || !self.is_long
    }

    /// Whether its value may name a file to write to, or a configuration, or a secret.
    pub(super) fn is_place(self) -> bool {
        let is_named = tokens(self.name)
            .any(|token| token == "rc" || PLACES.iter().any(|place| token.starts_with(place)));
        is_named || is_secret(self.name) || !self.is_long && self.name.ends_with(['o', 'O', 'C', 'm'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_places() {
        for word in [
            "-o",
            "-lo",
            "--output",
            "--out-file",
            "--config=/etc/x",
            "--log-file",
            "--api-key",
            "-C",
            "--rc",
        ] {
            assert!(Flag::of(word).unwrap().is_place(), "{word}");
        }
        for word in ["-n", "--lines=3", "--queue", "-la"] {
            assert!(!Flag::of(word).unwrap().is_place(), "{word}");
        }
        assert!(Flag::of("-").is_none() && Flag::of("x").is_none());
        assert!(Flag::of("-x").unwrap().takes_next() && !Flag::of("--x=1").unwrap().takes_next());
    }

    #[test]
    fn names_of_secrets_are_recognised() {
        for name in
            ["id_rsa", "key7", "server.key", "ssl", "my-passwords", "API_TOKEN", "credentials.d", "ed25519"]
        {
            assert!(is_secret(name), "{name}");
        }
        for name in ["keyboard", "app-7.log", "reports", "src", "tokenizer"] {
            assert!(!is_secret(name), "{name}");
        }
    }
}
