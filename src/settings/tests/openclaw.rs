//! Tests of settings that are read from OpenClaw's own configuration.

use super::*;

#[test]
fn the_mode_decides_which_secret_the_local_gateway_takes() {
    let expect = |auth: &str, expected: &str| {
        let host = Host::new().openclaw(&format!(
            "{{ gateway: {{ auth: {auth}, remote: {{ url: 'wss://r', token: 'r' }} }} }}"
        ));
        let shown = host.shown(&Flags::default());
        assert!(shown.ends_with(expected), "{auth}: {shown}");
    };
    expect("{ mode: 'none', token: 't' }", &format!("nothing (gateway.auth.mode in {JSON})"));
    expect(
        "{ mode: 'token', token: 't', password: 'p' }",
        &format!("token t (gateway.auth.token in {JSON})"),
    );
    expect(
        "{ mode: 'password', token: 't', password: 'p' }",
        &format!("password p (gateway.auth.password in {JSON})"),
    );
    expect(
        "{ mode: 'trusted-proxy', token: 't', password: 'p' }",
        &format!("password p (gateway.auth.password in {JSON})"),
    );
    expect("{ mode: 'trusted-proxy', token: 't' }", "nothing (none configured)");
    expect("{ mode: 'password', token: 't' }", "nothing (none configured)");
    expect("{ password: ' p ' }", &format!("password p (gateway.auth.password in {JSON})"));
    expect("{ token: '', password: null }", "nothing (none configured)");
    expect("{}", "nothing (none configured)");
    expect(
        "{ mode: 'new' }",
        &format!(
            "gateway.auth.mode in {JSON} is not one of \"none\", \"token\", \"password\" and \"trusted-proxy\""
        ),
    );
    expect("{ mode: 7 }", &format!("gateway.auth.mode in {JSON} is not text"));
}

#[test]
fn variables_in_the_configuration_are_those_openclaw_sees() {
    let host = || {
        Host::new()
            .openclaw("{ env: { vars: { A: 'vars', B: 'vars', C: 'vars', D: '${A}' }, C: 'block' }, gateway: { auth: { token: '${A}-${B}-${C}-$${A}' } } }")
            .file(".openclaw/.env", "A=dotenv\nB=dotenv\n")
            .file(".config/openclaw/gateway.env", "B=early\n")
    };
    let token = |host: &Host| exposed(&host.resolve(&Flags::default()).unwrap().target.credential);
    assert_eq!(token(&host()), "token dotenv-dotenv-block-${A}");
    assert_eq!(token(&host().set("A", "process")), "token process-dotenv-block-${A}");
    // An empty variable overrides the files, but not the configuration.
    assert_eq!(token(&host().set("A", "")), "token vars-dotenv-block-${A}");
    let missing =
        host().openclaw("{ gateway: { port: 1, bind: '${UNSET}', auth: { token: 'x${NOT_SET}' } } }");
    assert_eq!(
        missing.shown(&Flags::default()),
        format!("gateway.auth.token in {JSON} names the variable NOT_SET, which is not set")
    );
    let remedy = missing.resolve(&Flags::default()).unwrap_err().remedy();
    assert_eq!(remedy.as_deref(), Some("export NOT_SET=…"));
    // Values that are not needed are not resolved.
    assert!(missing.set("OPENCLAW_GATEWAY_TOKEN", "t").resolve(&Flags::default()).is_ok());
}

#[test]
fn what_openclaws_files_set_counts_for_its_own_gateway() {
    let host = Host::new().file(".openclaw/.env", "OPENCLAW_GATEWAY_TOKEN=t\nOPENCLAW_GATEWAY_PORT=3333\n");
    assert_eq!(
        host.shown(&Flags::default()),
        "ws://127.0.0.1:3333 (OPENCLAW_GATEWAY_PORT in ~/.openclaw/.env) token t (OPENCLAW_GATEWAY_TOKEN in ~/.openclaw/.env)"
    );
    assert!(host.shown(&gateway("wss://other")).ends_with("nothing (none configured)"));
    assert!(host.shown(&gateway("ws://localhost:3333")).contains("token t"));
    let host = host.openclaw("{ gateway: { auth: { token: 'c' } } }");
    assert!(host.shown(&Flags::default()).ends_with(&format!("token c (gateway.auth.token in {JSON})")));
    let host = host.file(".openclaw/.env", "OPENCLAW_GATEWAY_URL=wss://u\nOPENCLAW_GATEWAY_PASSWORD='p'\n");
    assert_eq!(
        host.shown(&Flags::default()),
        "wss://u (OPENCLAW_GATEWAY_URL in ~/.openclaw/.env) password p (OPENCLAW_GATEWAY_PASSWORD in ~/.openclaw/.env)"
    );
    // The variables belong to the gateway that the mode selects.
    let host = host
        .file(".openclaw/.env", "OPENCLAW_GATEWAY_TOKEN=t\n")
        .openclaw("{ gateway: { remote: { url: 'wss://r' } } }");
    assert!(host.shown(&gateway("wss://r")).ends_with("nothing (none configured)"));
    let host = host.openclaw("{ gateway: { mode: 'remote', remote: { url: 'wss://r' } } }");
    assert!(host.shown(&gateway("wss://r")).contains("token t"));
}

#[test]
fn references_are_followed_to_variables_only() {
    let expect = |token: &str, secrets: &str, expected: &str| {
        let config = format!("{{ gateway: {{ auth: {{ token: {token} }} }}, secrets: {secrets} }}");
        let host = Host::new().openclaw(&config).set("T", "s3cret");
        let shown = host.shown(&Flags::default());
        assert!(shown.contains(expected), "{token} {secrets}: {shown}");
        if let Err(error) = host.resolve(&Flags::default()) {
            let remedy = error.remedy().unwrap();
            assert!(remedy.starts_with("export "), "{remedy}");
            assert!(!format!("{error} {error:?} {remedy}").contains("s3cret"));
        }
    };
    let ok = "token s3cret";
    expect("{ source: 'env', provider: 'default', id: 'T' }", "{}", ok);
    expect("{ source: 'env', id: 'T' }", "{}", ok);
    expect("'${T}'", "{}", ok);
    expect("'$T'", "{}", ok);
    expect("{ source: 'env', id: 'T' }", "{ defaults: { env: 'mine' } }", ok);
    let mine = "{ providers: { mine: { source: 'env', allowlist: ['T'] } } }";
    expect("{ source: 'env', provider: 'mine', id: 'T' }", mine, ok);
    let other = "{ providers: { mine: { source: 'env', allowlist: ['U'] } } }";
    expect(
        "{ source: 'env', provider: 'mine', id: 'T' }",
        other,
        "T is not in secrets.providers.mine.allowlist",
    );
    let file = "{ providers: { mine: { source: 'file', path: 'x' }, default: { source: 'file' } } }";
    expect(
        "{ source: 'env', provider: 'mine', id: 'T' }",
        file,
        "provider `mine` does not provide variables",
    );
    expect("{ source: 'env', provider: 'default', id: 'T' }", file, ok);
    expect("{ source: 'env', provider: 'gone', id: 'T' }", "{}", "unknown provider `gone`");
    expect("{ source: 'env', id: 'UNSET' }", "{}", "names the variable UNSET, which is not set");
    expect("'$UNSET'", "{}", "names the variable UNSET, which is not set");
    expect("{ source: 'env', id: 'lower' }", "{}", "its id is not the name of a variable");
    expect("{ source: 'env' }", "{}", "it needs `source` and `id`");
    expect("{ source: 'vault', id: 'x' }", "{}", "its source is not env, file, exec or store");
    expect("7", "{}", "it is neither text nor an object");
    expect("'secretref-env:T'", "{}", "its form is no longer supported: openclaw doctor --fix rewrites it");
    for source in ["file", "exec", "store"] {
        expect(
            &format!("{{ source: '{source}', provider: 'vault', id: '/x' }}"),
            "{}",
            &format!(
                "gateway.auth.token in {JSON} refers to a secret of provider `vault` ({source}), which only OpenClaw can read"
            ),
        );
    }
}

#[test]
fn a_password_reference_names_the_variable_for_passwords() {
    let config =
        "{ gateway: { auth: { mode: 'password', password: { source: 'exec', provider: 'v', id: 'x' } } } }";
    let error = Host::new().openclaw(config).resolve(&Flags::default()).unwrap_err();
    assert_eq!(error.remedy().unwrap(), "export OPENCLAW_GATEWAY_PASSWORD=…, or give --password-file PATH");
    assert_eq!(error.kind(), Kind::Unreadable);
}

#[test]
fn the_configuration_is_where_openclaw_looks() {
    let port = |port: u16| format!("{{ gateway: {{ port: {port} }} }}");
    let found = |host: &Host| host.resolve(&Flags::default()).unwrap().target.address.port();
    let host = Host::new().file(".clawdbot/clawdbot.json", &port(1));
    assert_eq!(found(&host), 1);
    let host = host.file(".clawdbot/openclaw.json", &port(2));
    assert_eq!(found(&host), 2);
    let host = host.file(".openclaw/clawdbot.json", &port(3));
    assert_eq!(found(&host), 3);
    let host = host.file(".openclaw/openclaw.json", &port(4));
    assert_eq!(found(&host), 4);
    let host = host.file("svc/.openclaw/openclaw.json", &port(5)).set("OPENCLAW_HOME", "~/svc");
    assert_eq!(found(&host), 5);
    let host = host.set("OPENCLAW_STATE_DIR", "~/state");
    assert_eq!(found(&host), 18789);
    let host = host.file("state/openclaw.json", &port(6));
    assert_eq!(found(&host), 6);
    let host = host.file("other.json5", &port(7)).set("OPENCLAW_CONFIG_PATH", "~/other.json5");
    assert_eq!(found(&host), 7);
    let host = host.set("OPENCLAW_CONFIG_PATH", "~/gone.json");
    assert_eq!(found(&host), 18789);
    assert_eq!(
        host.notes(&Flags::default()),
        ["OPENCLAW_CONFIG_PATH names ~/gone.json, which does not exist"]
    );
}

#[test]
fn a_broken_configuration_fails_only_the_targets_that_use_it() {
    let host = Host::new().openclaw("{ gateway: s3cret");
    let error = host.resolve(&Flags::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Unreadable);
    assert!(host.without_home(&error.to_string()).starts_with(&format!("{JSON}:1:")), "{error}");
    let notes = host.notes(&gateway("wss://elsewhere"));
    assert!(notes[0].starts_with("OpenClaw's configuration was not used: ~/"), "{notes:?}");
    let host = host.openclaw("{ gateway: { mode: 'remote' } }");
    assert_eq!(
        host.shown(&Flags::default()),
        format!("gateway.mode in {JSON} is \"remote\", and gateway.remote.url is missing")
    );
    let host = host.openclaw("{ gateway: { port: '18789' } }");
    assert_eq!(
        host.shown(&Flags::default()),
        format!("gateway.port in {JSON} is not a port: a number from 1 to 65535")
    );
    let host = host.openclaw("{ gateway: { port: 1 }, env: { $include: 'gone' } }");
    assert!(host.resolve(&Flags::default()).is_ok());
    assert_eq!(host.notes(&Flags::default()).len(), 1);
    // config.toml is used if a gateway is named, or if none is given.
    let host = Host::new().own("[gateways");
    assert!(host.resolve(&gateway("wss://elsewhere")).is_ok());
    assert!(host.resolve(&gateway("a")).is_err());
    assert!(host.resolve(&gateway("")).is_err());
}

#[test]
fn unused_openclaw_settings_are_noted() {
    let host = Host::new()
        .openclaw("{ gateway: { mode: 'remote', remote: { url: 'wss://r', edgeAuth: { X: 'y' } } } }")
        .set("OPENCLAW_PROFILE", "work");
    assert_eq!(
        host.notes(&Flags::default()),
        [
            "OPENCLAW_PROFILE is set, but clearance does not support profiles: set OPENCLAW_STATE_DIR and OPENCLAW_GATEWAY_PORT".to_owned(),
            format!("gateway.remote.edgeAuth in {JSON} is not used: clearance sends no such headers"),
        ]
    );
}

#[test]
fn an_exposed_file_of_openclaws_is_warned_of() {
    let host = Host::new().openclaw("{ gateway: { auth: { token: 't' } } }");
    assert_eq!(host.warnings(&Flags::default()), Vec::<String>::new());
    let file = host.path(".openclaw/openclaw.json");
    std::fs::set_permissions(file, Permissions::from_mode(0o644)).unwrap();
    let warning = format!(
        "{JSON} can be read or changed by others: its mode is 0644, and it contains the credential: chmod 600 {JSON}"
    );
    assert_eq!(host.warnings(&Flags::default()), [warning]);
    // There is no warning about a file whose secret is not used.
    let host = host.set("OPENCLAW_GATEWAY_TOKEN", "t");
    assert_eq!(host.warnings(&Flags::default()), Vec::<String>::new());
}
