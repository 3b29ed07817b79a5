//! clearance's own `config.toml`: reading it, choosing a gateway of it, and adding one to it.

use std::cell::RefCell;
use std::path::Path;

use clearance::internals::settings::{Entry, Flags, SettingsError, names, resolve};

use super::scene::{Scene, deadline, explained, guarded};
use super::{Target, chosen, kind, whole, within};

pub(super) const TARGET: Target = Target {
    name: "gateways",
    run: gateways,
    fixtures: &[],
    split: whole,
    tokens: &TOKENS,
    pairs: &[
        ["\"", "\""],
        ["'", "'"],
        ["[", "]"],
        ["[gateways.", "]"],
        ["\"\"\"\n", "\"\"\""],
        ["{ a = ", " }"],
    ],
    joins: &["\n", "\n\n", "\n[gateways.other]\n", "\r\n"],
    longest: 131_072,
};

const FILE: &str = ".config/clearance/config.toml";

thread_local! {
    static SCENE: RefCell<Scene> = RefCell::new(Scene::new(&[
        (".config/clearance/prod.token", "from-file\n"),
        (".config/clearance/ca.pem", "no certificate\n"),
    ]));
}

fn gateways(input: &[u8]) -> u64 {
    let (choice, bytes) = chosen(input);
    SCENE.with_borrow(|scene| {
        scene.write(FILE, bytes);
        let environment = scene.environment(&[("PROD_TOKEN", "from-variable")]);
        let read = names(&environment, deadline());
        let mut outcomes = Vec::new();
        match &read {
            Ok(names) => {
                for name in names.iter().take(3) {
                    let flags = Flags { gateway: Some(name.clone()), ..Flags::default() };
                    match resolve(&flags, &environment, deadline()) {
                        Ok(resolved) => {
                            assert_eq!(resolved.name.as_ref(), Some(name), "another gateway was chosen");
                            guarded(&resolved);
                            outcomes.push(format!("{:?}", resolved.target.trust).chars().take(4).collect());
                        }
                        Err(error) => outcomes.push(outcome(&error, bytes)),
                    }
                }
            }
            Err(error) => outcomes.push(outcome(error, bytes)),
        }
        kind((outcomes, read.is_ok(), added(choice, scene, bytes, read.ok())))
    })
}

/// Adds a gateway, which keeps everything else.
fn added(choice: u8, scene: &Scene, bytes: &[u8], before: Option<Vec<String>>) -> String {
    let entry = Entry {
        name: if choice & 1 == 0 { "prod" } else { "added" }.to_owned(),
        url: "wss://added.example:7".to_owned(),
        token_env: (choice & 2 != 0).then(|| "ADDED_TOKEN".to_owned()),
        default: choice & 4 != 0,
        replace: choice & 8 != 0,
        ..Entry::default()
    };
    let edited = match entry.edit(Path::new("config.toml"), bytes) {
        Ok(edited) => edited,
        Err(error) => return outcome(&error, bytes),
    };
    let parsed = |text: &str| -> Option<toml::Table> { text.trim_start_matches('\u{feff}').parse().ok() };
    let mut after = parsed(&edited.text).expect("the new text is TOML");
    let mut original = parsed(&String::from_utf8_lossy(bytes)).expect("the old text is TOML");
    // Everything else is as it was.
    let gateway = |table: &mut toml::Table| {
        let gateways = table.get_mut("gateways").and_then(toml::Value::as_table_mut);
        let gateway = gateways.and_then(|gateways| gateways.remove(&entry.name));
        if table.get("gateways").and_then(toml::Value::as_table).is_some_and(toml::Table::is_empty) {
            table.remove("gateways");
        }
        gateway
    };
    let new = gateway(&mut after).expect("the gateway is in the new text");
    assert_eq!(new.get("url").and_then(toml::Value::as_str), Some(edited.address.to_string().as_str()));
    assert_eq!(gateway(&mut original).is_some(), edited.replaced);
    if entry.default {
        assert_eq!(after.remove("default").as_ref().and_then(toml::Value::as_str), Some(entry.name.as_str()));
        original.remove("default");
    }
    assert_eq!(after, original, "the edit changed something else");
    // A file that was accepted is accepted.
    if let Some(mut before) = before {
        scene.write(FILE, edited.text.as_bytes());
        let mut now = names(&scene.environment(&[]), deadline()).expect("the new text is accepted");
        before.retain(|name| *name != entry.name);
        now.retain(|name| *name != entry.name);
        assert_eq!(now, before, "another gateway was lost");
    }
    format!("added {}", edited.replaced)
}

/// The kind of an error, whose place must be inside the text.
fn outcome(error: &SettingsError, bytes: &[u8]) -> String {
    let text = explained(error);
    if let SettingsError::Own { at: Some((line, column)), .. } = error {
        within(&String::from_utf8_lossy(bytes), *line, *column);
    }
    text.rsplit(':').next().and_then(|text| text.split('`').next()).unwrap_or_default().to_owned()
}

/// Pieces of the file.
const TOKENS: [&str; 54] = [
    "default = ",
    "\"prod\"",
    "[gateways]",
    "[gateways.prod]",
    "[gateways.added]",
    "[gateways.\"a b\"]",
    "[[gateways]]",
    "gateways.prod.url = ",
    "gateways = { prod = { url = \"ws://127.0.0.1:1\" } }",
    "url = ",
    "\"wss://gateway.example\"",
    "\"ws://gateway.example\"",
    "\"ws://127.0.0.1:19001\"",
    "\"http://[::1]\"",
    "\"wss://a:b@c\"",
    "\"wss://x/?token=y\"",
    "token_file = ",
    "\"prod.token\"",
    "\"~/x\"",
    "token_env = ",
    "\"PROD_TOKEN\"",
    "password_file = ",
    "password_env = ",
    "tls_fingerprint = ",
    "ca_file = ",
    "\"ca.pem\"",
    "allow_plaintext = ",
    "true",
    "false",
    "token = ",
    "password = ",
    "embedded",
    "# a comment",
    "#",
    "=",
    ".",
    ",",
    "\"",
    "'",
    "\"\"\"",
    "'''",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "\r\n",
    "\r",
    "\\",
    "\\u00e9",
    "\u{feff}",
    "é",
    "\0",
    "0x1",
];
