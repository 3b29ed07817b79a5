//! Commands with what looks like a credential: no entry is made of them, because everybody who reads the document would read it.
//! This is wider than [`looks_secret`]: a command without a proposal only asks again.

use super::words::{Flag, is_credential};
use crate::approvals::redact::credentials::looks_secret;

/// Programs with options whose value is a password, and those options.
const OPTIONS: [(&str, &[&str]); 26] = [
    ("7z", &["-p"]),
    ("bcp", &["-P"]),
    ("htpasswd", &["-b"]),
    ("jarsigner", &["-storepass", "-keypass"]),
    ("keytool", &["-storepass", "-keypass"]),
    ("ldapadd", &["-w"]),
    ("ldapmodify", &["-w"]),
    ("ldapsearch", &["-w"]),
    ("mariadb", &["-p"]),
    ("mariadb-admin", &["-p"]),
    ("mariadb-dump", &["-p"]),
    ("mongo", &["-p"]),
    ("mongodump", &["-p"]),
    ("mongorestore", &["-p"]),
    ("mongosh", &["-p"]),
    ("mycli", &["-p"]),
    ("mysql", &["-p"]),
    ("mysqladmin", &["-p"]),
    ("mysqldump", &["-p"]),
    ("mysqlimport", &["-p"]),
    ("openssl", &["-k", "-K", "-iv", "-pass", "-passin", "-passout", "-hmac", "-macopt"]),
    ("redis-cli", &["-a"]),
    ("sqlcmd", &["-P"]),
    ("ssh-keygen", &["-N", "-P"]),
    ("sshpass", &["-p"]),
    ("unzip", &["-P"]),
];

/// Whether a command has what looks like a credential.
pub fn has_credential(command: &str) -> bool {
    if looks_secret(command) {
        return true;
    }
    let words =
        shlex::split(command).unwrap_or_else(|| command.split_whitespace().map(str::to_owned).collect());
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).map(String::as_str);
        let has_own = || words.iter().take(at).any(|program| is_own(program, word, next));
        is_token(word) || in_address(word) || is_assigned(word) || is_named(word, next) || has_own()
    })
}

/// Whether an option of one of these programs is a password.
fn is_own(program: &str, word: &str, next: Option<&str>) -> bool {
    let name = program.rsplit('/').next().unwrap_or(program);
    let mut options =
        OPTIONS.iter().filter(|(known, _)| *known == name).flat_map(|(_, options)| options.iter());
    options.any(|option| match word.strip_prefix(option) {
        // `mysql -p DATABASE` asks for the password.
        Some("") => !name.starts_with('m') && next.is_some_and(is_text) || name.starts_with("mongo"),
        Some(value) => option.len() == 2 && is_text(value),
        None => false,
    })
}

/// Whether a text can be a value: it is no variable, no path and not empty.
fn is_text(text: &str) -> bool {
    !text.is_empty() && !text.starts_with(['$', '`', '<', '/', '~', '@']) && !text.starts_with("./")
}

/// Whether a word has a user with a password: `ann:word@host`, `https://token@host`, and after an option for a user.
fn in_address(word: &str) -> bool {
    let (scheme, rest) = match word.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, word),
    };
    let Some((user, _)) = rest.split('/').next().unwrap_or(rest).rsplit_once('@') else { return false };
    let has_password = user.split_once(':').is_some_and(|(_, password)| is_text(password));
    has_password || scheme.is_some_and(|scheme| scheme.contains("http") && is_text(user))
}

/// Whether an option is that of a secret, or of a user with a password, and has a value.
fn is_named(word: &str, next: Option<&str>) -> bool {
    /// The ends of names for the place of a secret or something about it, not the secret itself.
    const ABOUT: [&str; 12] =
        ["file", "path", "env", "name", "id", "type", "url", "stdin", "dir", "format", "size", "ring"];
    let Some(flag) = Flag::of(word) else { return false };
    let value = flag.value.or(next.filter(|next| !next.starts_with('-')));
    let joined = (!word.starts_with("--")).then(|| flag.name.get(1..)).flatten().unwrap_or_default();
    let has_user = |text: &str| {
        let (user, password) = text.split_once([':', '%']).unwrap_or_default();
        let is_id = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        !user.is_empty() && is_text(password) && !(is_id(user) && is_id(password))
    };
    let name = flag.name.to_ascii_lowercase();
    let is_user = ["u", "user", "proxy-user", "cert"].contains(&name.as_str());
    let is_joined_user = word.starts_with("-u") || word.starts_with("-U");
    if is_user && value.is_some_and(has_user) || is_joined_user && has_user(joined) {
        return true;
    }
    if ["h", "header", "b", "cookie", "proxy-header"].contains(&name.as_str()) && value.is_some_and(is_header)
    {
        return true;
    }
    let is_about = ABOUT.iter().any(|end| name.ends_with(end));
    let is_short = |text: &str| text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_value = |text: &str| is_text(text) && !is_short(text) && !["true", "false"].contains(&text);
    is_credential(&name) && !is_about && value.is_some_and(is_value)
}

/// Whether a header carries a credential.
fn is_header(text: &str) -> bool {
    let (name, value) = text.split_once([':', '=']).unwrap_or_default();
    let lower = name.trim().to_ascii_lowercase();
    is_text(value.trim())
        && (lower.ends_with("authorization") || lower.ends_with("session") || is_credential(&lower))
}

/// Whether a word assigns a value to a name of a secret, also within a URL or a list: `PGPASSWORD=x`, `?token=x`, `pass:x`.
fn is_assigned(word: &str) -> bool {
    if word.starts_with('-') {
        return false;
    }
    if is_header(word) && !word.contains("://") {
        return true;
    }
    word.split(['?', '&', ';', ',']).any(|part| {
        let (name, value) = part.split_once('=').unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or(name);
        is_text(value) && is_credential(name)
    })
}

/// Whether a word is, or has after a `=` or `:` or in a URL, a long text of digits and letters as only machines write it.
fn is_token(word: &str) -> bool {
    let is_url = word.contains("://");
    word.split(['=', ':', ',', '&', '?', '@']).any(|part| {
        // Of a path the names of files may be long.
        part.split('/').filter(|_| is_url || !part.contains('/')).any(is_random)
    }) || word.trim_end_matches('=').len() >= 24 && is_encoded(word)
}

/// Whether a text has at least 32 letters and digits in one piece, or 20 with letters of both cases.
fn is_random(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|run| {
        let has = |holds: fn(&u8) -> bool| run.as_bytes().iter().any(holds);
        let (lower, upper) = (has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
        has(u8::is_ascii_digit) && (run.len() >= 32 && (lower || upper) || run.len() >= 20 && lower && upper)
    })
}

/// Whether a word is of base64, by its padding or by its characters, and no path.
fn is_encoded(word: &str) -> bool {
    let text = word.trim_end_matches('=');
    let is_of_it = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    let has = |holds: fn(&u8) -> bool| text.as_bytes().iter().any(holds);
    let is_mixed = has(u8::is_ascii_digit) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let is_path = word.starts_with(['/', '.']) || !text.contains('+') && text.len() == word.len();
    text.chars().all(is_of_it) && is_mixed && !is_path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_recognised() {
        for command in [
            "curl -u ann:Hunter22 https://h/x",
            "curl -uann:Hunter22 https://h/x",
            "curl --user ann:hunter https://h/x",
            "curl --user=ann:hunter https://h/x",
            "curl https://ann:Hunter22@h/x",
            "fetch https://abcdef@h/x",
            "psql postgres://ann:pw@db/x",
            "mysql -pHunter22 shop",
            "/usr/bin/mysqldump -pHunter shop",
            "mariadb-dump -pHunter shop",
            "timeout 5 mysql -pHunter22",
            "sshpass -p word ssh h",
            "sshpass -pword ssh h",
            "redis-cli -a word get 1",
            "openssl enc -aes-256-cbc -k word -in a",
            "openssl enc -pass pass:word -in a",
            "openssl enc -K 0011 -in a",
            "tool --api-key 0123456789abcdef0123456789abcdef",
            "tool --key=abcdef",
            "tool --token abcdef",
            "tool --password hunter",
            "tool --client-secret=hunter",
            "PGPASSWORD=hunter psql x",
            "get 'https://h/x?token=abc'",
            "curl -H 'X-Api-Key: abc' https://h/x",
            "curl -H 'Authorization: Basic YQ' https://h/x",
            "curl -b session=abc https://h/x",
            "tool 0123456789abcdef0123456789abcdef",
            "tool x=0123456789abcdef0123456789abcdef",
            "get https://hooks.example/services/T00/B00/abcDEF0123456789abcDEF01",
            "tool aGVsbG8gd29ybGQgaGVsbG8gMTIz",
            "tool aGVsbG8gd29ybGQgaGVsbG8=",
            "tool 'unclosed --password hunter",
        ] {
            assert!(has_credential(command), "{command}");
        }
    }

    #[test]
    fn what_only_names_one_is_none() {
        for command in [
            "ls -la /srv/app",
            "tickets show 12",
            "tickets show --queue=queue1 12",
            "sort --key=2 /srv/x",
            "tool --token-file /run/token",
            "tool --key-id=abc",
            "tool --password-stdin",
            "tool --token $TOKEN",
            "tool --max-tokens=4096",
            "chown -R 1000:1000 /srv/x",
            "id -u ann",
            "grep -E a:b /srv/x",
            "sed -e s:a:b: /srv/x",
            "deploys list --env=staging --tls=1.2",
            "tool --key /srv/key.pub",
            "mysql -p shop",
            "scp a user@h:/srv/x",
            "git clone ssh://git@h.example/x.git",
            "git show 3f2a9bc",
            "cat /srv/builds/0123456789abcdef0123456789abcdef.tar",
            "tool 123e4567-e89b-12d3-a456-426614174000",
            "curl https://h.example/x?page=2",
            "curl -H 'Accept: text/plain' https://h/x",
            "jq .version /srv/package.json",
            "cat /srv/keys/readme.md",
        ] {
            assert!(!has_credential(command), "{command}");
        }
    }
}
