//! Tests of the precedence of sources.

use super::*;

#[test]
fn the_address_comes_from_the_first_place_that_has_one() {
    let none = Flags::default();
    let mut host = Host::new();
    assert_eq!(host.shown(&none), "ws://127.0.0.1:18789 (the default port) nothing (none configured)");
    host = host.openclaw("{ gateway: { port: 1111, mode: 'local' } }");
    assert_eq!(
        host.shown(&none),
        format!("ws://127.0.0.1:1111 (gateway.port in {JSON}) nothing (none configured)")
    );
    host = host.openclaw("{ gateway: { port: 1111, mode: 'remote', remote: { url: 'wss://remote' } } }");
    assert_eq!(
        host.shown(&none),
        format!("wss://remote (gateway.remote.url in {JSON}) nothing (none configured)")
    );
    host = host.own("default = 'a'\n[gateways.a]\nurl = 'wss://a'\n[gateways.b]\nurl = 'wss://b'\n");
    assert_eq!(host.shown(&none), format!("wss://a (gateways.a.url in {TOML}) nothing (none configured)"));
    host = host.set("OPENCLAW_GATEWAY_PORT", "2222");
    assert_eq!(host.shown(&none), "ws://127.0.0.1:2222 (OPENCLAW_GATEWAY_PORT) nothing (none configured)");
    host = host.set("OPENCLAW_GATEWAY_URL", "wss://variable");
    assert_eq!(host.shown(&none), "wss://variable (OPENCLAW_GATEWAY_URL) nothing (none configured)");
    assert_eq!(host.shown(&gateway("")), host.shown(&none));
    assert_eq!(
        host.shown(&gateway("b")),
        format!("wss://b (gateways.b.url in {TOML}) nothing (none configured)")
    );
    assert_eq!(host.shown(&gateway("wss://flag/")), "wss://flag (--gateway) nothing (none configured)");
    assert_eq!(host.resolve(&gateway("b")).unwrap().name.as_deref(), Some("b"));
    assert_eq!(host.resolve(&none).unwrap().name, None);
}

#[test]
fn the_credential_comes_from_the_first_place_that_has_one() {
    let mut host = Host::new()
        .openclaw("{ gateway: { auth: { token: 'configured', password: 'unused' } } }")
        .file("file", "filed\n");
    let shown = |host: &Host, flags: &Flags| {
        let resolved = host.resolve(flags).unwrap();
        format!(
            "{} ({})",
            exposed(&resolved.target.credential),
            host.without_home(&resolved.credential_from.to_string())
        )
    };
    let none = Flags::default();
    assert_eq!(shown(&host, &none), format!("token configured (gateway.auth.token in {JSON})"));
    assert_eq!(
        host.notes(&none),
        [format!("gateway.auth.token in {JSON} is used, and gateway.auth.password in {JSON} is not")]
    );
    host = host.set("OPENCLAW_GATEWAY_PASSWORD", " pass word ");
    assert_eq!(shown(&host, &none), "password pass word (OPENCLAW_GATEWAY_PASSWORD)");
    host = host.set("OPENCLAW_GATEWAY_TOKEN", "variable\n");
    assert_eq!(shown(&host, &none), "token variable (OPENCLAW_GATEWAY_TOKEN)");
    assert_eq!(host.notes(&none), ["OPENCLAW_GATEWAY_TOKEN is used, and OPENCLAW_GATEWAY_PASSWORD is not"]);
    let flags = Flags { token_file: Some(host.path("file")), ..Flags::default() };
    assert_eq!(shown(&host, &flags), "token filed (--token-file)");
    let flags = Flags { password_file: Some(host.path("file")), ..Flags::default() };
    assert_eq!(shown(&host, &flags), "password filed (--password-file)");
    host = host.set("OPENCLAW_GATEWAY_TOKEN", "").set("OPENCLAW_GATEWAY_PASSWORD", " ");
    assert_eq!(shown(&host, &none), format!("token configured (gateway.auth.token in {JSON})"));
}

#[test]
fn trust_comes_from_the_first_place_that_has_one() {
    let pin = |text: &str| format!("Pin({:?})", text.parse::<Fingerprint>().unwrap());
    let remote = format!(
        "{{ gateway: {{ mode: 'remote', remote: {{ url: 'wss://r', tlsFingerprint: 'sha256:{PIN}' }} }} }}"
    );
    let host = Host::new()
        .openclaw(&remote)
        .own(&format!("[gateways.a]\nurl = 'wss://a'\ntls_fingerprint = '{OTHER}'\n[gateways.b]\nurl = 'wss://b'\nca_file = 'ca.pem'"));
    assert_eq!(host.trust(&gateway("")), format!("{} (gateway.remote.tlsFingerprint in {JSON})", pin(PIN)));
    assert_eq!(host.trust(&gateway("wss://r")), host.trust(&gateway("")));
    assert_eq!(host.trust(&gateway("wss://s")), "Platform (the platform's roots)");
    assert_eq!(host.trust(&gateway("ws://127.0.0.1:1")), "Platform (none configured)");
    assert_eq!(host.trust(&gateway("a")), format!("{} (gateways.a.tls_fingerprint in {TOML})", pin(OTHER)));
    assert_eq!(
        host.trust(&gateway("b")),
        format!("Roots(\"~/.config/clearance/ca.pem\") (gateways.b.ca_file in {TOML})")
    );
    let flags = Flags { ca_file: Some("ca.pem".into()), ..gateway("a") };
    assert_eq!(host.trust(&flags), "Roots(\"ca.pem\") (--ca-file)");
    let flags = Flags { tls_fingerprint: Some(PIN.to_owned()), ..gateway("b") };
    assert_eq!(host.trust(&flags), format!("{} (--tls-fingerprint)", pin(PIN)));
    let flags = Flags { tls_fingerprint: Some(PIN.to_owned()), ..gateway("ws://127.0.0.1") };
    assert_eq!(
        host.trust(&flags),
        "--tls-fingerprint needs a certificate, but ws://127.0.0.1 has none: the connection is not encrypted"
    );
    let host = host.openclaw(&remote.replace("wss://r", "ws://localhost:1"));
    assert_eq!(host.trust(&gateway("")), "Platform (none configured)");
    assert_eq!(
        host.notes(&gateway("")),
        [format!("gateway.remote.tlsFingerprint in {JSON} is not used: the connection is not encrypted")]
    );
}

#[test]
fn this_hosts_own_certificate_is_pinned() {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["openclaw-gateway".to_owned()])
        .unwrap()
        .self_signed(&key)
        .unwrap();
    let expected = Trust::Pin(Fingerprint::of(certificate.der()));
    let tls = "{ gateway: { tls: { enabled: true } } }";
    let host = Host::new().openclaw(tls).file(".openclaw/gateway/tls/gateway-cert.pem", &certificate.pem());
    for flags in [gateway(""), gateway("wss://localhost:18789")] {
        let resolved = host.resolve(&flags).unwrap();
        assert_eq!(resolved.target.trust, expected);
        assert_eq!(
            host.without_home(&resolved.trust_from.to_string()),
            "this host's gateway certificate, ~/.openclaw/gateway/tls/gateway-cert.pem"
        );
    }
    assert_eq!(host.resolve(&gateway("")).unwrap().target.address.to_string(), "wss://127.0.0.1:18789");
    assert_eq!(host.trust(&gateway("wss://elsewhere:18789")), "Platform (the platform's roots)");
    let host = host.set("OPENCLAW_GATEWAY_PORT", "4444");
    assert_eq!(host.resolve(&gateway("")).unwrap().target.address.to_string(), "wss://127.0.0.1:4444");

    let state = Host::new()
        .file("state/openclaw.json", tls)
        .file("state/gateway/tls/gateway-cert.pem", &certificate.pem())
        .set("OPENCLAW_STATE_DIR", "~/state");
    assert_eq!(state.resolve(&gateway("")).unwrap().target.trust, expected);
    let path = Host::new()
        .openclaw("{ gateway: { tls: { enabled: true, certPath: '~/${WHERE}/c.pem' } } }")
        .file("x/c.pem", &certificate.pem())
        .set("WHERE", "x");
    assert_eq!(path.resolve(&gateway("")).unwrap().target.trust, expected);

    let none = Host::new().openclaw(tls);
    assert_eq!(none.trust(&gateway("")), "Platform (the platform's roots)");
    assert_eq!(
        none.notes(&gateway("")),
        [
            "this host's gateway certificate is not pinned: ~/.openclaw/gateway/tls/gateway-cert.pem does not exist"
        ]
    );
    let wrong = Host::new().openclaw(tls).file(".openclaw/gateway/tls/gateway-cert.pem", "no certificate");
    assert!(wrong.notes(&gateway(""))[0].ends_with("gateway-cert.pem contains no PEM certificate"));
}

#[test]
fn without_a_home_there_are_only_flags_and_variables() {
    let nowhere = Environment::default();
    let deadline = Deadline::after(Duration::from_secs(5));
    let resolved = resolve(&Flags::default(), &nowhere, deadline).unwrap();
    assert_eq!(resolved.target.address.to_string(), "ws://127.0.0.1:18789");
    assert!(resolve(&gateway("wss://a"), &nowhere, deadline).unwrap().notes.is_empty());
    assert!(matches!(state_directory(&nowhere), Err(SettingsError::NoHome)));
    let home = Environment::from_iter([("HOME", "/home/u")]);
    assert_eq!(state_directory(&home).unwrap(), Path::new("/home/u/.local/state/clearance"));
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let host = Host::new();
    let file = || Some(PathBuf::from("x"));
    for (flags, expected) in [
        (
            Flags { token_file: file(), password_file: file(), ..Flags::default() },
            "--token-file and --password-file cannot be given together",
        ),
        (
            Flags { token_file: file(), ask: Some(SecretKind::Password), ..Flags::default() },
            "--token-file and --ask-password cannot be given together",
        ),
        (
            Flags { ca_file: file(), tls_fingerprint: Some(PIN.to_owned()), ..Flags::default() },
            "--tls-fingerprint and --ca-file cannot be given together",
        ),
    ] {
        let error = host.resolve(&flags).unwrap_err();
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), Kind::Usage);
    }
}
