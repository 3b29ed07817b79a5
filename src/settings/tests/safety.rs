//! Tests that credentials are sent only to their own gateway, and that no error contains a secret.

use super::*;

#[test]
fn a_configured_credential_goes_to_its_own_gateway_only() {
    let local = "{ gateway: { port: 1111, auth: { token: 'local' }, remote: { url: 'wss://Remote.example/x/', token: 'far' } } }";
    let host = Host::new().openclaw(local);
    for (url, expected) in [
        ("ws://127.0.0.1:1111", "token local"),
        ("ws://localhost:1111", "token local"),
        ("http://[::1]:1111/", "token local"),
        ("ws://127.0.0.1:1112", "nothing"),
        ("wss://other:1111", "nothing"),
        ("wss://remote.example/x", "token far"),
        ("https://remote.example:443/x", "token far"),
        ("wss://remote.example/y", "nothing"),
        ("wss://remote.example:444/x", "nothing"),
        ("ws://remote.example:443/x", "nothing"),
        ("wss://remote.example.evil/x", "nothing"),
    ] {
        let resolved = host.resolve(&gateway(url)).unwrap();
        assert_eq!(exposed(&resolved.target.credential), expected, "{url}");
        let resolved = Host::new().openclaw(local).set("OPENCLAW_GATEWAY_URL", url);
        let resolved = resolved.resolve(&Flags::default()).unwrap();
        assert_eq!(exposed(&resolved.target.credential), expected, "{url}");
    }
    // In remote mode this host has no gateway: what listens here may be a tunnel.
    let host = host.openclaw(
        "{ gateway: { mode: 'remote', auth: { token: 'local' }, remote: { url: 'wss://far', token: 'far' } } }",
    );
    assert_eq!(
        host.shown(&gateway("ws://127.0.0.1:18789")),
        "ws://127.0.0.1:18789 (--gateway) nothing (none configured)"
    );
    assert_eq!(
        host.shown(&gateway("")),
        format!("wss://far (gateway.remote.url in {JSON}) token far (gateway.remote.token in {JSON})")
    );
    // A gateway without a secret does not use another gateway's secret, even if it is chosen by name.
    let host = host
        .own("[gateways.a]\nurl = 'wss://a'\ntoken_env = 'A'\n[gateways.b]\nurl = 'wss://b'\n")
        .set("A", "a");
    assert_eq!(
        host.shown(&gateway("a")),
        format!("wss://a (gateways.a.url in {TOML}) token a (gateways.a.token_env in {TOML})")
    );
    assert!(host.shown(&gateway("b")).ends_with("nothing (none configured)"));
    assert!(host.shown(&gateway("wss://a")).ends_with("nothing (none configured)"));
    assert_eq!(
        host.notes(&gateway("wss://a")),
        [format!("{TOML} names this address a: --gateway=a uses its settings")]
    );
    let host = host.set("OPENCLAW_GATEWAY_TOKEN", "variable");
    assert!(host.shown(&gateway("a")).ends_with("token variable (OPENCLAW_GATEWAY_TOKEN)"));
    assert_eq!(
        host.notes(&gateway("a")),
        [format!("OPENCLAW_GATEWAY_TOKEN is used instead of gateways.a.token_env in {TOML}")]
    );
}

#[test]
fn a_credential_does_not_cross_plaintext() {
    let toml = "[gateways.a]\nurl = 'ws://gateway.internal:1'\ntoken_env = 'A'\n[gateways.b]\nurl = 'ws://8.8.8.8'\ntoken_env = 'A'\nallow_plaintext = true\n";
    let host = Host::new().own(toml).set("A", "s3cret");
    let error = host.resolve(&gateway("a")).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert_eq!(
        host.without_home(&error.to_string()),
        format!(
            "the credential (gateways.a.token_env in {TOML}) would be sent unencrypted over the network to ws://gateway.internal:1"
        )
    );
    assert_eq!(
        host.without_home(&error.remedy().unwrap()),
        format!(
            "use wss:// if the gateway serves TLS; or a tunnel: ssh -N -L 1:127.0.0.1:1 USER@gateway.internal, then --gateway=ws://127.0.0.1:1; or, on a network you trust, allow it under [gateways.a] in {TOML}:\nallow_plaintext = true"
        )
    );
    let allowed = host.resolve(&gateway("b")).unwrap();
    assert!(allowed.target.plaintext_allowed);
    let host = host.set("OPENCLAW_GATEWAY_TOKEN", "s3cret");
    for url in ["http://gateway.internal", "ws://8.8.8.8"] {
        let error = host.resolve(&gateway(url)).unwrap_err();
        assert_eq!(error.kind(), Kind::Refused, "{url}");
        assert!(
            error
                .remedy()
                .unwrap()
                .ends_with(&format!("allow it: clearance gateway add NAME {url} --allow-plaintext"))
        );
    }
    for url in ["ws://127.0.0.1", "ws://localhost", "wss://gateway.internal", "https://8.8.8.8"] {
        assert!(host.resolve(&gateway(url)).is_ok(), "{url}");
    }
    let host = host.set("OPENCLAW_ALLOW_INSECURE_PRIVATE_WS", "1");
    assert!(host.resolve(&gateway("ws://gateway.internal")).unwrap().target.plaintext_allowed);
    assert!(host.resolve(&gateway("ws://8.8.8.8")).is_err());
    // Without a credential, plaintext is allowed.
    assert!(Host::new().resolve(&gateway("ws://8.8.8.8")).is_ok());
    // A secret that would be refused is not requested on the terminal.
    let flags = Flags { ask: Some(SecretKind::Token), ..gateway("ws://8.8.8.8") };
    assert!(matches!(Host::new().resolve(&flags), Err(SettingsError::Plaintext { .. })));
}

/// The marked secret is put in every place that can contain one, valid or not, and no output contains it.
#[test]
fn no_secret_is_ever_printed() {
    const SECRET: &str = "s3cret";
    let places = [
        "{ gateway: { auth: { token: 's3cret' } } }",
        "{ gateway: { auth: { token: 's3cret s3cret' } } }",
        "{ gateway: { auth: { token: 's3cret\\n' , password: 's3cret' } } }",
        "{ gateway: { auth: { token: { source: 's3cret', id: 's3cret' } } } }",
        "{ gateway: { auth: { token: ['s3cret'] } } }",
        "{ gateway: { auth: { mode: 's3cret', token: 's3cret' } } }",
        "{ gateway: { mode: 's3cret' } }",
        "{ gateway: { port: 's3cret' } }",
        "{ gateway: { mode: 'remote', remote: { url: 'wss://u:s3cret@h', token: 's3cret' } } }",
        "{ gateway: { mode: 'remote', remote: { url: 'wss://h/?token=s3cret' } } }",
        "{ gateway: { mode: 'remote', remote: { url: 'wss://h', tlsFingerprint: 's3cret' } } }",
        "{ gateway: { mode: 'remote', remote: { url: 'ws://h', token: 's3cret' } } }",
        "{ gateway: { auth: { token: '${T}' } } }",
        "{ gateway: { auth: { token: '${T} ${T}' } } }",
        "{ gateway: { auth: { token: s3cret",
        "{ gateway: { auth: { token: 's3cret } }",
        "{ env: { vars: { OPENCLAW_GATEWAY_TOKEN: 's3cret' } } }",
    ];
    let tomls = [
        "",
        "[gateways.a]\nurl = 'wss://a'\ntoken = 's3cret'",
        "[gateways.a]\nurl = 'wss://u:s3cret@a'",
        "[gateways.a]\nurl = 'wss://a'\nallow_plaintext = 's3cret'",
        "[gateways.a]\nurl = 'wss://a'\ntls_fingerprint = 's3cret'",
        "[gateways.a]\nurl = 'ws://a'\ntoken_env = 'T'",
        "[gateways.a]\nurl = 'wss://a'\ntoken_env = 'T'",
        "[gateways.a]\nurl = 'wss://a'\ntoken_env = 'BAD'",
        "[gateways.a]\nurl = 'wss://a'\npassword = s3cret",
        "default = ['s3cret']",
    ];
    let mut seen = 0;
    for json in places {
        for toml in tomls {
            for token in ["", SECRET, "s3cret s3cret", "s3cret\u{7}"] {
                let host = Host::new().openclaw(json).own(toml).set("OPENCLAW_GATEWAY_TOKEN", token);
                let host = host.set("T", SECRET).set("BAD", "s3cret\ts3cret");
                for flags in
                    [gateway(""), gateway("a"), gateway("wss://u:s3cret@h"), gateway("ws://h?s3cret")]
                {
                    let text = match host.resolve(&flags) {
                        Ok(resolved) => {
                            let origins =
                                [&resolved.address_from, &resolved.credential_from, &resolved.trust_from];
                            format!(
                                "{resolved:?} {} {}",
                                origins.map(ToString::to_string).join(" "),
                                resolved.notes.join(" ")
                            )
                        }
                        Err(error) => format!("{error} {error:?} {:?} {:?}", error.remedy(), error.kind()),
                    };
                    assert!(!text.contains(SECRET), "{json} {toml} {flags:?}: {text}");
                    seen += 1;
                }
            }
        }
    }
    assert_eq!(seen, places.len() * tomls.len() * 4 * 4);
}

#[test]
fn a_variable_is_not_for_a_gateway_beside_another() {
    let host = Host::new()
        .own("[gateways.a]\nurl = 'wss://a'\ntoken_file = 'a.token'\n[gateways.b]\nurl = 'wss://b'\n")
        .file(".config/clearance/a.token", "own")
        .openclaw("{ gateway: { mode: 'remote', remote: { url: 'wss://remote', token: 'configured' } } }")
        .set("OPENCLAW_GATEWAY_TOKEN", "variable");
    for (name, alone, beside) in [
        ("a", "token variable", "token own"),
        ("b", "token variable", "nothing"),
        ("wss://remote", "token variable", "token configured"),
        ("wss://nobody", "token variable", "nothing"),
    ] {
        let credential = |flags: &Flags| exposed(&host.resolve(flags).unwrap().target.credential);
        assert_eq!(credential(&gateway(name)), alone, "{name}");
        assert_eq!(credential(&Flags { own_credential: true, ..gateway(name) }), beside, "{name}");
    }
}
