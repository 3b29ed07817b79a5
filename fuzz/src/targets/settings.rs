//! OpenClaw's `openclaw.json`: the address and the credential of the gateway, and the rules about commands.

use std::cell::RefCell;

use clearance::internals::settings::{Environment, Execution, Flags, SettingsError, resolve};

use super::scene::{Scene, deadline, explained, guarded};
use super::{Target, chosen, kind, whole, within};

pub(super) const TARGET: Target = Target {
    name: "settings",
    run: settings,
    fixtures: &[],
    split: whole,
    tokens: &TOKENS,
    pairs: &[
        ["{ a: ", "}"],
        ["[", "]"],
        ["'", "'"],
        ["\"", "\""],
        ["/*", "*/"],
        ["${", "}"],
        ["{ $include: ", " }"],
    ],
    joins: &[",", "\n", "//"],
    longest: 131_072,
};

const FILE: &str = ".openclaw/openclaw.json";

thread_local! {
    static SCENE: RefCell<Scene> = RefCell::new(Scene::new(&[
        (".openclaw/part.json5", "{ port: 1, auth: { token: '${TOKEN}' }, exec: { security: 'allowlist' } }"),
        (".openclaw/loop.json5", "{ $include: './loop.json5' }"),
        (".openclaw/broken.json5", "{ a: "),
        (".openclaw/.env", "TOKEN=from-dotenv\nPORT=19001\nREMOTE=wss://gateway.example\n"),
        (".openclaw/token", "from-file\n"),
    ]));
}

fn settings(input: &[u8]) -> u64 {
    let (choice, bytes) = chosen(input);
    SCENE.with_borrow(|scene| {
        scene.write(FILE, bytes);
        let token = [("OPENCLAW_GATEWAY_TOKEN", "from-variable"), ("ASK", "always")];
        let environment = scene.environment(if choice & 1 == 0 { &[] } else { &token });
        let gateway = [None, Some("wss://gateway.example"), Some("ws://127.0.0.1:19001"), None];
        let flags =
            Flags { gateway: gateway[usize::from(choice >> 1 & 3)].map(str::to_owned), ..Flags::default() };
        let resolved = resolve(&flags, &environment, deadline());
        let first = match &resolved {
            Ok(resolved) => {
                guarded(resolved);
                resolved.notes.iter().chain(&resolved.warnings).for_each(|note| assert!(!note.is_empty()));
                format!("{}{}", resolved.notes.len(), resolved.warnings.len())
            }
            Err(error) => outcome(error, scene, bytes),
        };
        kind((resolved.is_ok(), first, execution(choice, scene, &environment, bytes)))
    })
}

/// Reads the rules about commands.
fn execution(choice: u8, scene: &Scene, environment: &Environment, bytes: &[u8]) -> String {
    let execution = match Execution::load(None, environment, deadline()) {
        Ok(execution) => execution,
        Err(error) => return outcome(&error, scene, bytes),
    };
    assert!(execution.exists);
    let object = execution.value.as_object().expect("an object");
    assert!(object.keys().all(|key| key == "tools" || key == "agents"), "{object:?}");
    let text = execution.value.to_string();
    if choice & 8 != 0 && !text.contains('$') {
        // What decides about commands is all that is kept, so reading it again changes nothing.
        scene.write(FILE, text.as_bytes());
        let again = Execution::load(None, environment, deadline()).expect("it was read before");
        assert_eq!(again.value, execution.value);
        assert_eq!(Execution::of_gateway(execution.value.clone()), execution.value);
    }
    let mut keys: Vec<&String> =
        object.values().filter_map(|value| value.as_object()).flat_map(|value| value.keys()).collect();
    keys.truncate(4);
    format!("{keys:?}{}", execution.last_touched.is_some())
}

/// The kind of an error, whose place must be inside the text.
fn outcome(error: &SettingsError, scene: &Scene, bytes: &[u8]) -> String {
    let text = explained(error);
    if let SettingsError::OpenClaw { file, at: Some((line, column)), .. } = error
        && *file == scene.path(FILE)
    {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        within(&String::from_utf8_lossy(bytes), *line, *column);
    }
    text.split(['/', '`', ':']).next().unwrap_or_default().to_owned()
}

/// Pieces of the configuration.
const TOKENS: [&str; 78] = [
    "gateway",
    "mode",
    "'local'",
    "'remote'",
    "port",
    "bind",
    "auth",
    "'token'",
    "token",
    "password",
    "remote",
    "url",
    "'wss://gateway.example'",
    "'ws://gateway.example'",
    "'ws://127.0.0.1:1'",
    "'http://127.0.0.1'",
    "'wss://[::1]:7'",
    "tls",
    "enabled",
    "certPath",
    "tlsFingerprint",
    "fingerprint",
    "secrets",
    "providers",
    "source",
    "'env'",
    "'file'",
    "'exec'",
    "provider",
    "'default'",
    "id",
    "'TOKEN'",
    "path",
    "'~/.openclaw/token'",
    "'./token'",
    "env",
    "vars",
    "shellEnv",
    "TOKEN",
    "'${TOKEN}'",
    "'${PORT}'",
    "'${NONE}'",
    "'$${TOKEN}'",
    "'${REMOTE}'",
    "$include",
    "'./part.json5'",
    "['./part.json5']",
    "'./loop.json5'",
    "'./broken.json5'",
    "'../x'",
    "'/etc/hostname'",
    "tools",
    "exec",
    "security",
    "ask",
    "agents",
    "list",
    "entries",
    "defaults",
    "meta",
    "lastTouchedVersion",
    "'2026.9.6'",
    "null",
    "true",
    "false",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\u{feff}",
    "//",
    "'\\u0000'",
    "é",
    "\n",
    "AB:CD",
    "'__OPENCLAW_REDACTED__'",
];
