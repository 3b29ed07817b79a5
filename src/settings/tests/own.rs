//! Tests of config.toml: valid content, and the errors for invalid content.

use super::*;
use crate::settings::own::{Own, Place, Secret};
use crate::settings::secret_kind::SecretKind;

fn load(text: &str) -> Result<Own, (String, Option<String>)> {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join(".config/clearance/config.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, text).unwrap();
    let environment = Environment::from_iter([("HOME", home.path())]);
    Own::load(&environment, Deadline::after(Duration::from_secs(5))).map_err(|error| {
        let text = format!("{error}{error:?}{:?}", error.remedy());
        assert!(!text.contains("s3cret"), "{text}");
        (error.to_string().replace(home.path().to_str().unwrap(), "~"), error.remedy())
    })
}

#[test]
fn gateways_have_names() {
    let own = load(&format!(
        "default = 'a'\n[gateways.a]\nurl = 'wss://a.example'\ntoken_file = 'a.token'\nca_file = '~/ca.pem'\n\
         [gateways.b-2]\nurl = 'ws://b.example'\npassword_env = 'B'\ntls_fingerprint = '{PIN}'\nallow_plaintext = true\n"
    ))
    .unwrap();
    assert_eq!(own.default.as_deref(), Some("a"));
    let directory = own.file.parent().unwrap();
    let home = directory.parent().unwrap().parent().unwrap();
    let a = own.named("a").unwrap();
    let secret = Secret {
        kind: SecretKind::Token,
        field: "token_file",
        place: Place::File(directory.join("a.token")),
    };
    assert_eq!(a.secret, Some(secret));
    assert_eq!(a.trust, Some((Trust::Roots(home.join("ca.pem")), "ca_file")));
    assert!(!a.allow_plaintext);
    let b = own.named("b-2").unwrap();
    assert_eq!(b.secret.as_ref().unwrap().place, Place::Variable("B".to_owned()));
    assert_eq!(b.trust, Some((Trust::Pin(PIN.parse().unwrap()), "tls_fingerprint")));
    assert!(b.allow_plaintext);
}

/// How the remedy begins: its end names a temporary file.
const NOT_TOML: &str = "fix that line, or start with an empty file: mv /";

#[test]
fn every_error_has_a_position_and_a_remedy() {
    let gateway = "[gateways.a]\nurl = 'wss://a.example'\n";
    for (text, expected, remedy) in [
        ("x = 1", ":1:1: unknown field `x`", Some("the fields are default, gateways")),
        ("gatways = 1", ":1:1: unknown field `gatways`", Some("did you mean `gateways`?")),
        (
            "[gateways.a]\nurl = 'wss://a'\ntoken_fil = 's3cret'",
            ":3:1: unknown field `token_fil`",
            Some("did you mean `token_file`?"),
        ),
        ("[gateways.a]\ntoken_file = 'x'", ":1:1: the field `url` is missing", None),
        ("[gateways.a]\nurl = 7", ":2:7: this must be a string", None),
        ("[gateways.a]\nurl = 'wss://a'\nallow_plaintext = 's3cret'", ":3:19: this must be a boolean", None),
        ("[gateways.a\ns3cret", ":1:12: this is not TOML", Some(NOT_TOML)),
        ("s3cret", ":1:7: this is not TOML", Some(NOT_TOML)),
        ("x = 's3cret", ":1:12: this is not TOML", Some(NOT_TOML)),
        (
            "default = 'b'\n[gateways.bb]\nurl = 'wss://a'",
            ":1:11: default names the gateway `b`, which is not in this file",
            Some("did you mean default = \"bb\"?"),
        ),
        (
            "[gateways.embedded]\nurl = 'wss://a'",
            ":1:1: `embedded` is the gateway inside clearance itself",
            Some("give it another name"),
        ),
        (
            "[gateways.'a b']\nurl = 'wss://a'",
            ":1:1: the name of a gateway may contain letters, digits, `-`, `_` and `.`",
            None,
        ),
        (
            "[gateways.a]\nurl = 'wss://a'\ntoken_file = 'x'\npassword_env = 'X'",
            ":1:1: gateways.a has both token_file and password_env",
            Some("keep one of the two"),
        ),
        (
            "[gateways.a]\nurl = 'wss://u:s3cret@a'",
            ": the URL contains more than an address: credentials belong in a file or the environment",
            Some("give the address alone, and the credential with --token-file or OPENCLAW_GATEWAY_TOKEN"),
        ),
    ] {
        let (shown, way) = load(text).unwrap_err();
        let shown = shown.replacen(
            "gateways.a.url in ~/.config/clearance/config.toml",
            "~/.config/clearance/config.toml",
            1,
        );
        assert_eq!(shown, format!("~/.config/clearance/config.toml{expected}"));
        if remedy == Some(NOT_TOML) {
            assert!(way.unwrap().starts_with(NOT_TOML), "{text}");
        } else {
            assert_eq!(way.as_deref(), remedy, "{text}");
        }
    }
    let both = format!("{gateway}ca_file = 'x'\ntls_fingerprint = '{PIN}'");
    assert!(load(&both).unwrap_err().0.ends_with("gateways.a has both tls_fingerprint and ca_file"));
    let (shown, _) = load(&format!("{gateway}tls_fingerprint = 's3cret'")).unwrap_err();
    assert!(
        shown.starts_with("gateways.a.tls_fingerprint in ~/.config/clearance/config.toml: a fingerprint is")
    );
}

#[test]
fn a_secret_in_the_file_is_refused() {
    for (field, value) in [("token", "'s3cret'"), ("password", "'s3cret'"), ("token", "{ x = 's3cret' }")] {
        let (shown, remedy) =
            load(&format!("[gateways.a]\nurl = 'wss://a'\n{field} = {value}\n")).unwrap_err();
        assert_eq!(
            shown,
            format!(
                "~/.config/clearance/config.toml: gateways.a.{field} contains a secret, but this file may be shared and copied"
            )
        );
        assert!(remedy.unwrap().contains(&format!("{field}_file = \"PATH\" under [gateways.a]")));
    }
}

#[test]
fn an_error_for_an_unknown_name_lists_the_known_ones() {
    let own = load("[gateways.prod]\nurl = 'wss://a'\n[gateways.test]\nurl = 'wss://b'").unwrap();
    let error = own.named("prd").unwrap_err();
    let shown = error.to_string();
    assert!(shown.starts_with("unknown gateway `prd` in /"), "{shown}");
    assert!(shown.ends_with("config.toml, which has prod, test"), "{shown}");
    assert_eq!(error.remedy().unwrap(), "did you mean prod? clearance … --gateway=prod");
    let error = own.named("zz").unwrap_err();
    assert!(error.remedy().unwrap().ends_with("clearance gateway add zz wss://HOST:PORT"));
    let missing = Environment::from_iter([("HOME", "/nonexistent")]);
    let own = Own::load(&missing, Deadline::after(Duration::from_secs(5))).unwrap();
    let error = own.named("prod").unwrap_err();
    assert_eq!(error.to_string(), "unknown gateway `prod` in /nonexistent/.config/clearance/config.toml");
    assert_eq!(
        error.remedy().unwrap(),
        "name the gateway by its URL, or add it: clearance gateway add prod wss://HOST:PORT"
    );
}
