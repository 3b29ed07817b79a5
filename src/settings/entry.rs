//! Writes a gateway into config.toml. The rest of the file stays unchanged, including comments.

use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Key, Table, TableLike, TomlError, Value};

use super::environment::Environment;
use super::error::{SettingsError, quoted};
use super::name::is_name;
use super::origin::Origin;
use super::own::{FIELDS, Own, RESERVED, not_toml};
use crate::gateway::target::{Address, Fingerprint};

/// Some editors write it at the start of a file.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// A gateway to write. It has no secrets, only their locations.
#[derive(Debug, Clone, Default)]
pub struct Entry {
    /// The name.
    pub name: String,
    /// The address.
    pub url: String,
    /// The path of the file with the token.
    pub token_file: Option<String>,
    /// The name of the variable with the token.
    pub token_env: Option<String>,
    /// The path of the file with the password.
    pub password_file: Option<String>,
    /// The name of the variable with the password.
    pub password_env: Option<String>,
    /// The SHA-256 fingerprint of the certificate.
    pub tls_fingerprint: Option<String>,
    /// The path of a PEM file with certificate authorities.
    pub ca_file: Option<String>,
    /// Whether a credential may be sent unencrypted.
    pub allow_plaintext: bool,
    /// Whether to make it the default gateway.
    pub default: bool,
    /// Whether to replace a gateway with the same name.
    pub replace: bool,
}

/// The new text of config.toml.
#[derive(Debug)]
pub struct Edited {
    /// The text.
    pub text: String,
    /// The gateway's address.
    pub address: Address,
    /// Whether a gateway with this name was replaced.
    pub replaced: bool,
}

/// The path of clearance's configuration. The file may not exist.
pub fn config_file(environment: &Environment) -> Result<PathBuf, SettingsError> {
    Own::path(environment)
}

impl Entry {
    /// Checks the entry without reading the configuration: an entry that no command could use is rejected.
    pub fn check(&self) -> Result<Address, SettingsError> {
        if self.name == RESERVED || !is_name(&self.name) {
            return Err(SettingsError::GatewayName(self.name.clone()));
        }
        if let Some(pin) = &self.tls_fingerprint {
            let parsed: Result<Fingerprint, _> = pin.parse();
            let from = Origin::Flag("--tls-fingerprint");
            parsed.map_err(|error| SettingsError::Fingerprint { from, error })?;
        }
        let from = Origin::Flag("the URL");
        let address: Address = self.url.parse().map_err(|error| SettingsError::Address { from, error })?;
        self.check_values()?;
        let secret = one_of(&[
            ("--token-file", &self.token_file),
            ("--token-env", &self.token_env),
            ("--password-file", &self.password_file),
            ("--password-env", &self.password_env),
        ])?;
        let trust = one_of(&[("--tls-fingerprint", &self.tls_fingerprint), ("--ca-file", &self.ca_file)])?;
        if let Some(flag) = trust.filter(|_| !address.is_encrypted()) {
            return Err(SettingsError::NothingToTrust {
                from: Origin::Flag(flag),
                address: Box::new(address),
            });
        }
        if let Some(flag) = secret
            && !self.allow_plaintext
            && !address.is_encrypted()
            && !address.is_loopback()
        {
            let scheme = if address.is_http() { "https" } else { "wss" };
            return Err(SettingsError::Entry {
                flag,
                problem: format!("the credential would be sent unencrypted over the network to {address}"),
                remedy: format!(
                    "write {scheme}://{}:{} if the gateway serves TLS; or, on a network you trust, add --allow-plaintext",
                    address.host(),
                    address.port()
                ),
            });
        }
        Ok(address)
    }

    /// Checks the paths and the names of variables. The value of a variable may be given by mistake, so no name is
    /// quoted.
    fn check_values(&self) -> Result<(), SettingsError> {
        let wrong = |flag, problem: &str, remedy: String| {
            Err(SettingsError::Entry { flag, problem: problem.to_owned(), remedy })
        };
        for (flag, variable) in [("--token-env", &self.token_env), ("--password-env", &self.password_env)] {
            if variable.as_ref().is_some_and(|variable| !is_variable(variable)) {
                let problem =
                    "this is not the name of a variable: letters, digits and `_`, and no digit at the start";
                return wrong(flag, problem, format!("write the name alone: {flag}=PROD_TOKEN"));
            }
        }
        for (flag, path) in [
            ("--token-file", &self.token_file),
            ("--password-file", &self.password_file),
            ("--ca-file", &self.ca_file),
        ] {
            let Some(path) = path else { continue };
            if path.trim().is_empty() {
                return wrong(flag, "the path is empty", format!("write the path of a file: {flag}=PATH"));
            }
            if Path::new(path).is_dir() {
                let remedy = format!("name a file in it: {flag}={}", quoted(&Path::new(path).join("FILE")));
                return wrong(flag, "this is a directory", remedy);
            }
        }
        Ok(())
    }

    /// The text of `file` with this gateway added. `bytes` is its current content, which must be TOML: settings that
    /// clearance rejects do not matter, so that this command can correct them.
    pub fn edit(&self, file: &Path, bytes: &[u8]) -> Result<Edited, SettingsError> {
        let address = self.check()?;
        let original = Own::text(file, bytes)?;
        let (mark, content) = match original.strip_prefix(BYTE_ORDER_MARK) {
            Some(content) => (BYTE_ORDER_MARK, content),
            None => ("", original),
        };
        // As it is: without its line ends, a text with a lone CR before one would be accepted.
        let document = parsed(file, content)?;
        // The editor writes LF alone; the line ends are restored below.
        let text = content.replace("\r\n", "\n");
        let replaced = document
            .get("gateways")
            .and_then(Item::as_table_like)
            .is_some_and(|gateways| gateways.contains_key(&self.name));
        if replaced && !self.replace {
            return Err(SettingsError::GatewayExists { name: self.name.clone(), file: file.to_owned() });
        }
        let mut document = parsed(file, &self.prepared(text, &document, replaced))?;
        if self.default {
            set(document.as_table_mut(), "default", &*self.name);
        }
        let gateways = document.entry("gateways").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let gateways = gateways.as_table_like_mut();
        let gateways = gateways.ok_or_else(|| {
            let remedy = format!("remove `gateways` from {}, then run this again", quoted(file));
            SettingsError::own(file, "gateways must be a table", Some(remedy))
        })?;
        if gateways.get(&self.name).and_then(Item::as_table_like).is_none() {
            gateways.insert(&self.name, Item::Table(Table::new()));
        }
        if let Some(table) = gateways.get_mut(&self.name).and_then(Item::as_table_like_mut) {
            self.write(table, &address);
        }
        let text = format!("{mark}{}", with_line_ends_of(content, &document.to_string()));
        Ok(Edited { text, address, replaced })
    }

    /// The text with places for what is new: a line for the default, and a header for the gateway. The editor would put
    /// them between a comment and what it describes.
    fn prepared(&self, mut text: String, document: &DocumentMut, replaced: bool) -> String {
        let is_header = |item: &Item| match item {
            Item::Table(table) => !table.is_dotted(),
            item => item.is_array_of_tables(),
        };
        let default = format!("default = {}\n", Value::from(&*self.name));
        if self.default && !document.is_empty() && document.iter().all(|(_, item)| is_header(item)) {
            // No value, so no text of several lines, comes before the first header.
            let header = text.lines().take_while(|line| !line.trim_start().starts_with('['));
            let before: usize = header.map(|line| line.len() + 1).sum();
            // A comment directly above a table describes the table.
            let at = text[..before].rfind("\n\n").map_or(0, |at| at + 2);
            text.insert_str(at, &format!("{default}\n"));
        } else if self.default && document.is_empty() {
            separate(&mut text);
            text.push_str(&default);
        }
        if !replaced {
            let mut longer = text.clone();
            separate(&mut longer);
            let header = format!("[gateways.{}]\n", Key::new(&*self.name));
            longer.push_str(&header);
            // Where `gateways` is written inline, a header would be wrong.
            if longer.parse::<DocumentMut>().is_ok() {
                return longer;
            }
        }
        text
    }

    fn write(&self, table: &mut dyn TableLike, address: &Address) {
        let texts = [
            ("url", Some(address.to_string())),
            ("token_file", self.token_file.clone()),
            ("token_env", self.token_env.clone()),
            ("password_file", self.password_file.clone()),
            ("password_env", self.password_env.clone()),
            ("tls_fingerprint", self.tls_fingerprint.clone()),
            ("ca_file", self.ca_file.clone()),
        ];
        for field in FIELDS {
            let text = texts.iter().find(|(name, _)| *name == field).and_then(|(_, text)| text.clone());
            match text {
                Some(text) => set(table, field, text),
                None if field == "allow_plaintext" && self.allow_plaintext => set(table, field, true),
                None => drop(table.remove(field)),
            }
        }
        // Other fields are wrong, and would make the new gateway unusable.
        let others: Vec<String> = table
            .iter()
            .map(|(field, _)| field.to_owned())
            .filter(|field| !FIELDS.contains(&&**field))
            .collect();
        for field in others {
            table.remove(&field);
        }
    }
}

/// The flag that is given, of flags that exclude each other.
fn one_of(flags: &[(&'static str, &Option<String>)]) -> Result<Option<&'static str>, SettingsError> {
    let mut given = flags.iter().filter(|(_, value)| value.is_some()).map(|(flag, _)| *flag);
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => Err(SettingsError::Conflict(first, second)),
        (first, _) => Ok(first),
    }
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn parsed(file: &Path, text: &str) -> Result<DocumentMut, SettingsError> {
    text.parse().map_err(|error: TomlError| not_toml(file, text.as_bytes(), error.span()))
}

/// Ends the text with an empty line, unless it is empty.
fn separate(text: &mut String) {
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if !text.trim().is_empty() && !text.ends_with("\n\n") {
        text.push('\n');
    }
}

/// The new text with the line ends of the old one: each old line keeps its own, and new lines have the usual one.
fn with_line_ends_of(old: &str, new: &str) -> String {
    let (crlf, all) = (old.matches("\r\n").count(), old.matches('\n').count());
    let usual = if 2 * crlf > all { "\r\n" } else { "\n" };
    let ends: Vec<&str> = old.split('\n').collect();
    let old: Vec<&str> = ends.iter().map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
    let lines: Vec<&str> = new.split('\n').collect();
    let mut text = String::new();
    for (at, (line, kept)) in lines.iter().zip(kept(&old, &lines)).enumerate() {
        text.push_str(line);
        if at + 1 < lines.len() {
            // The last old line has no end.
            let own = kept.filter(|kept| kept + 1 < ends.len());
            text.push_str(own.map_or(usual, |kept| if ends[kept].ends_with('\r') { "\r\n" } else { "\n" }));
        }
    }
    text
}

/// Which old line each new line is: the longest common sequence, so that an inserted line that equals a later one is not
/// taken for it.
fn kept(old: &[&str], new: &[&str]) -> Vec<Option<usize>> {
    /// The number of pairs of lines that are compared at most, far above those of a real configuration.
    const PAIRS: usize = 4 << 20;
    let start = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (old_rest, new_rest) = (&old[start..], &new[start..]);
    let end = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(old, new)| old == new).count();
    let (rows, columns) = (old_rest.len() - end, new_rest.len() - end);
    let mut kept: Vec<Option<usize>> = (0..start).map(Some).collect();
    if rows.saturating_mul(columns) > PAIRS {
        kept.resize(start + columns, None);
    } else {
        // The longest sequences of what follows each pair of lines.
        let width = columns + 1;
        let mut longest = vec![0_u32; (rows + 1) * width];
        for row in (0..rows).rev() {
            for column in (0..columns).rev() {
                longest[row * width + column] = if old_rest[row] == new_rest[column] {
                    longest[(row + 1) * width + column + 1] + 1
                } else {
                    longest[(row + 1) * width + column].max(longest[row * width + column + 1])
                };
            }
        }
        let mut row = 0;
        for column in 0..columns {
            while row < rows
                && old_rest[row] != new_rest[column]
                && longest[(row + 1) * width + column] >= longest[row * width + column + 1]
            {
                row += 1;
            }
            let is_same = row < rows && old_rest[row] == new_rest[column];
            kept.push(is_same.then_some(start + row));
            row += usize::from(is_same);
        }
    }
    kept.extend((old.len() - end..old.len()).map(Some));
    kept
}

/// Sets a field. An existing field keeps its position and its trailing comment.
fn set(table: &mut dyn TableLike, field: &str, value: impl Into<Value>) {
    let mut value = value.into();
    match table.get_mut(field) {
        Some(item) => {
            if let Some(old) = item.as_value() {
                *value.decor_mut() = old.decor().clone();
            }
            *item = Item::Value(value);
        }
        None => drop(table.insert(field, Item::Value(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::error::Kind;

    const FILE: &str = "/c/config.toml";

    fn edit(entry: &Entry, text: &str) -> Result<String, SettingsError> {
        entry.edit(Path::new(FILE), text.as_bytes()).map(|edited| edited.text)
    }

    fn entry(name: &str) -> Entry {
        Entry { name: name.to_owned(), url: "wss://new.example".to_owned(), ..Entry::default() }
    }

    /// An inserted line may equal a line further down.
    #[test]
    fn mixed_line_ends_stay_as_they_are() {
        let text = "[t]\r\nb = '''\nx\n\ny'''\r\nc = 1\r\nd = 1\r\ne = 1";
        let new = Entry { default: true, ..entry("x") };
        let after = edit(&new, text).unwrap();
        assert!(
            after.starts_with("default = \"x\"\r\n\r\n[t]\r\nb = '''\nx\n\ny'''\r\nc = 1\r\n"),
            "{after:?}"
        );
        assert_eq!(kept(&["a", "", "b"], &["", "a", "", "b", "c"]), [None, Some(0), Some(1), Some(2), None]);
        assert_eq!(kept(&["a", "x", "b"], &["a", "b"]), [Some(0), Some(2)]);
        assert_eq!(kept(&["x", "a"], &["y", "a", "x"]), [None, Some(1), None]);
        assert_eq!(kept(&[], &["a"]), [None]);
        assert_eq!(kept(&["a"], &[]), [] as [Option<usize>; 0]);
    }

    /// Only CRLF and LF end a line in TOML.
    #[test]
    fn a_lone_carriage_return_is_refused() {
        for text in ["a = 1\r\r\n", "a = 1\rb = 2\n", "a = \"\"\"\"\"\"\r\r\n"] {
            let error = edit(&entry("x"), text).unwrap_err();
            assert!(error.to_string().contains("this is not TOML"), "{error}");
        }
    }

    #[test]
    fn a_gateway_is_added_and_everything_else_stays() {
        let before =
            "# ours\ndefault = 'a'   # this one\n\n[gateways.a]\nurl  =  \"ws://127.0.0.1:18789\"\n# end\n";
        let new = Entry { token_file: Some("/run/t".to_owned()), ..entry("prod.eu") };
        let after = edit(&new, before).unwrap();
        let added = "[gateways.\"prod.eu\"]\nurl = \"wss://new.example\"\ntoken_file = \"/run/t\"\n";
        assert!(after.contains(added), "{after}");
        let kept: String = after.replace(added, "");
        assert_eq!(
            kept.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>(),
            before.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>()
        );
        assert_eq!(edit(&entry("a"), "").unwrap(), "[gateways.a]\nurl = \"wss://new.example\"\n");
        let inline = edit(&entry("b"), "gateways = { a = { url = 'ws://127.0.0.1:1' } }\n").unwrap();
        assert!(inline.starts_with("gateways = { a = { url = 'ws://127.0.0.1:1' }"), "{inline}");
    }

    #[test]
    fn a_name_is_replaced_only_on_request() {
        let before = "[gateways.a]\n# the old one\nurl = 'wss://old.example' # since May\ntoken_env = 'T'\n";
        let error = edit(&entry("a"), before).unwrap_err();
        assert_eq!(error.to_string(), "/c/config.toml already has a gateway `a`");
        let new = Entry { replace: true, default: true, allow_plaintext: true, ..entry("a") };
        assert_eq!(
            edit(&new, before).unwrap(),
            "default = \"a\"\n\n[gateways.a]\n# the old one\nurl = \"wss://new.example\" # since May\nallow_plaintext = true\n"
        );
    }

    #[test]
    fn entries_that_cannot_be_read_again_are_rejected() {
        for (wrong, expected) in [
            (entry("embedded"), "`embedded` cannot be the name of a gateway"),
            (entry("a b"), "`a b` cannot be the name of a gateway"),
            (Entry { url: "wss://u:s3cret@h".to_owned(), ..entry("a") }, "the URL: "),
            (Entry { tls_fingerprint: Some("AB".to_owned()), ..entry("a") }, "--tls-fingerprint: "),
        ] {
            let error = edit(&wrong, "").unwrap_err().to_string();
            assert!(error.starts_with(expected) && !error.contains("s3cret"), "{error}");
        }
        let both = Entry { token_env: Some("T".to_owned()), token_file: Some("/t".to_owned()), ..entry("a") };
        let error = edit(&both, "").unwrap_err().to_string();
        assert_eq!(error, "--token-file and --token-env cannot be given together");
    }

    #[test]
    fn entries_that_cannot_work_are_rejected() {
        let given = |text: &str| Some(text.to_owned());
        let plain = Entry { url: "ws://10.255.255.1:1".to_owned(), ..entry("a") };
        for wrong in [
            Entry { token_env: given(""), ..entry("a") },
            Entry { token_env: given("A s3cret"), ..entry("a") },
            Entry { password_env: given("A=s3cret"), ..entry("a") },
            Entry { token_env: given("1s3cret"), ..entry("a") },
            Entry { token_file: given(""), ..entry("a") },
            Entry { password_file: given(" "), ..entry("a") },
            Entry { ca_file: given("/"), ..entry("a") },
            Entry { url: "wss://h:0".to_owned(), ..entry("a") },
            Entry { url: "h:0".to_owned(), ..entry("a") },
            Entry { token_env: given("T"), ..plain.clone() },
            Entry { ca_file: given("/ca.pem"), ..plain.clone() },
        ] {
            let error = wrong.check().unwrap_err();
            assert_eq!(error.kind(), Kind::Usage, "{error}");
            let text = format!("{error} {}", error.remedy().unwrap());
            assert!(!text.contains("s3cret"), "{text}");
        }
        for right in [
            Entry { token_env: given("T"), allow_plaintext: true, ..plain.clone() },
            Entry { token_env: given("_t1"), url: "ws://127.0.0.1:1".to_owned(), ..entry("a") },
            plain,
        ] {
            right.check().unwrap();
        }
    }

    #[test]
    fn the_form_of_the_file_stays() {
        let added = "[gateways.b]\nurl = \"wss://new.example\"\n";
        let crlf = |text: &str| text.replace('\n', "\r\n");
        let before = "# ours\n\n# the first\n[gateways.a]\nurl = 'ws://127.0.0.1:1'\n\n# [gateways.old]\n";
        assert_eq!(edit(&entry("b"), before).unwrap(), format!("{before}\n{added}"));
        let marked = format!("\u{feff}{}", crlf(before));
        assert_eq!(edit(&entry("b"), &marked).unwrap(), marked.clone() + &crlf(&format!("\n{added}")));
        let mixed = before.replacen('\n', "\r\n", 1);
        assert_eq!(edit(&entry("b"), &mixed).unwrap(), format!("{mixed}\n{added}"));
        let comment = "# my gateways\n";
        assert_eq!(edit(&entry("b"), comment).unwrap(), format!("{comment}\n{added}"));
        let default = Entry { default: true, ..entry("b") };
        assert_eq!(edit(&default, comment).unwrap(), format!("{comment}\ndefault = \"b\"\n\n{added}"));
        assert_eq!(edit(&default, "").unwrap(), format!("default = \"b\"\n\n{added}"));
        let after = before.replace("# the first", "default = \"b\"\n\n# the first");
        assert_eq!(edit(&default, before).unwrap(), format!("{after}\n{added}"));
        let glued = "# the first\n[gateways.a]\nurl = 'ws://127.0.0.1:1'\n";
        assert_eq!(edit(&default, glued).unwrap(), format!("default = \"b\"\n\n{glued}\n{added}"));
    }

    #[test]
    fn wrong_settings_are_repaired() {
        let environment = Environment::from_iter([("HOME", "/home/me")]);
        let replace = Entry { replace: true, ..entry("a") };
        for (new, before) in [
            (entry("a"), "default = 'a'\n"),
            (replace.clone(), "[gateways.a]\nurl = 'ftp://h'\n"),
            (replace.clone(), "[gateways.a]\nurl = 3\ntoken = 's3cret'\n"),
            (replace, "gateways.a = 3\n"),
        ] {
            let after = edit(&new, before).unwrap();
            Own::of(FILE.into(), after.as_bytes(), &environment).unwrap();
        }
        let error = edit(&entry("a"), "# ours\nthis is not TOML\n").unwrap_err();
        assert_eq!(error.to_string(), "/c/config.toml:2:6: this is not TOML");
        assert_eq!(
            error.remedy().unwrap(),
            "fix that line, or start with an empty file: mv /c/config.toml /c/config.toml.broken"
        );
        assert!(edit(&entry("a"), "gateways = 3\n").unwrap_err().remedy().is_some());
    }
}
