//! Tests of authentication: which clients are accepted, and the messages of rejections.

use super::*;

async fn hello_of(gateway: &Running, hello: &Hello) -> Value {
    Client::open(gateway).await.introduce(hello).await
}

#[tokio::test]
async fn a_device_with_the_token_is_greeted() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let hello = hello_of(&gateway, &Hello::default()).await["payload"].clone();
        assert_eq!(hello["type"], "hello-ok");
        assert_eq!(hello["protocol"], generation.protocol());
        assert_eq!(hello["server"]["version"], generation.version());
        let policy =
            json!({"maxPayload": 26_214_400, "maxBufferedBytes": 52_428_800, "tickIntervalMs": 30_000});
        assert_eq!(hello["policy"], policy);
        let methods: Vec<&str> =
            hello["features"]["methods"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(methods.contains(&"approval.resolve"), generation == Generation::Current);
        let auth = &hello["auth"];
        let scopes: Vec<&str> = auth["scopes"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        match generation {
            Generation::Legacy => {
                assert_eq!(
                    scopes,
                    ["operator.admin", "operator.approvals", "operator.read", "operator.write"]
                );
            }
            Generation::Current => assert_eq!(auth["method"], "token"),
        }
        let token = auth["deviceToken"].as_str().unwrap();
        assert_eq!(token.len(), 43);
        // The device's token also authenticates, beside a wrong token or in its place, and does not change.
        for auth in [
            json!({"token": token}),
            json!({"token": "wrong", "deviceToken": token}),
            json!({"deviceToken": token}),
        ] {
            let again = hello_of(&gateway, &Hello { auth, ..Hello::default() }).await;
            assert_eq!(again["payload"]["auth"]["deviceToken"], token, "{again}");
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn credentials_are_refused_as_real_gateways_refuse_them() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let hint = match generation {
            Generation::Legacy => "set gateway.remote.token to match gateway.auth.token",
            Generation::Current => "use this gateway's gateway.auth.token or pair the device",
        };
        let wrong = Hello { auth: json!({"token": "wrong"}), ..Hello::default() };
        let (error, code, reason) = Client::rejection(&gateway, &wrong).await;
        assert_eq!(
            error,
            json!({
                "code": "INVALID_REQUEST", "message": format!("unauthorized: gateway token mismatch ({hint})"),
                "details": {
                    "code": "AUTH_TOKEN_MISMATCH", "authReason": "token_mismatch", "canRetryWithDeviceToken": true,
                    "recommendedNextStep": "retry_with_device_token",
                },
            })
        );
        assert_eq!((code, reason), (1008, format!("unauthorized: gateway token mismatch ({hint})")));
        let absent = Hello { auth: json!({}), ..Hello::default() };
        let (error, ..) = Client::rejection(&gateway, &absent).await;
        assert_eq!(error["details"]["code"], "AUTH_TOKEN_MISSING");
        assert_eq!(error["details"]["recommendedNextStep"], "update_auth_configuration");
        let neither = Hello { auth: json!({}), device: false, ..Hello::default() };
        let (error, ..) = Client::rejection(&gateway, &neither).await;
        assert_eq!(
            (&error["code"], &error["details"]["code"]),
            (&json!("NOT_PAIRED"), &json!("DEVICE_IDENTITY_REQUIRED"))
        );
        let other = Hello { auth: json!({"deviceToken": "wrong"}), ..Hello::default() };
        let (error, ..) = Client::rejection(&gateway, &other).await;
        assert_eq!(error["details"]["code"], "AUTH_DEVICE_TOKEN_MISMATCH");
    }
}

#[tokio::test]
async fn signatures_are_checked() {
    let gateway = start(options(Generation::Current)).await.unwrap();
    let code = async |hello: Hello| Client::rejection(&gateway, &hello).await.0["details"]["code"].clone();
    let default = Hello::default;
    assert_eq!(code(Hello { skew: -121_000, ..default() }).await, "DEVICE_AUTH_SIGNATURE_EXPIRED");
    assert_eq!(hello_of(&gateway, &Hello { skew: 119_000, ..default() }).await["ok"], true);
    assert_eq!(code(Hello { nonce: Some("other"), ..default() }).await, "DEVICE_AUTH_NONCE_MISMATCH");
    let changed = |pointer, value| Hello { changes: vec![(pointer, value)], ..default() };
    assert_eq!(code(changed("/scopes", json!(["operator.read"]))).await, "DEVICE_AUTH_SIGNATURE_INVALID");
    assert_eq!(code(changed("/auth/token", json!("other"))).await, "DEVICE_AUTH_SIGNATURE_INVALID");
    assert_eq!(code(changed("/device/id", json!("00"))).await, "DEVICE_AUTH_DEVICE_ID_MISMATCH");
    assert_eq!(code(changed("/device/publicKey", json!("00"))).await, "DEVICE_AUTH_PUBLIC_KEY_INVALID");
}

#[tokio::test]
async fn parameters_are_checked() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let message = async |pointer, value| {
            let (error, code, _) =
                Client::rejection(&gateway, &Hello { changes: vec![(pointer, value)], ..Hello::default() })
                    .await;
            (error["message"].as_str().unwrap().to_owned(), code)
        };
        let place = "at /client/id: must be equal to one of the allowed values";
        assert_eq!(
            message("/client/id", json!("clearance")).await,
            (format!("invalid connect params: {place}"), 1008)
        );
        assert_eq!(
            message("/zzz", json!(1)).await,
            ("invalid connect params: at root: unexpected property 'zzz'".to_owned(), 1008)
        );
        assert_eq!(message("/role", json!("bogus")).await, ("invalid role".to_owned(), 1008));
        assert_eq!(message("/maxProtocol", json!(2)).await, ("protocol mismatch".to_owned(), 1002));
    }
}

#[tokio::test]
async fn scopes_that_were_not_asked_for_are_missing() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let few = Hello { scopes: vec!["operator.read"], ..Hello::default() };
        let mut client = Client::greeted(&gateway, &few).await;
        let error = client.expect_error("chat.abort", json!({"sessionKey": "s"})).await;
        assert_eq!(error["message"], "missing scope: operator.write");
        let details = match generation {
            Generation::Legacy => Value::Null,
            Generation::Current => json!({
                "code": "MISSING_SCOPE", "missingScope": "operator.write", "requiredScopes": ["operator.write"],
            }),
        };
        assert_eq!(error["details"], details);
        let mut client = Client::greeted(&gateway, &Hello::default()).await;
        client.ok("chat.abort", json!({"sessionKey": "s"})).await;
    }
}

#[tokio::test]
async fn first_frames_other_than_connect_are_rejected() {
    let gateway = start(options(Generation::Current)).await.unwrap();
    let mut client = Client::open(&gateway).await;
    let error = client.expect_error("health", json!({})).await;
    assert_eq!(error["message"], "invalid handshake: first request must be connect");
    assert_eq!(client.next().await, Next::Closed(1008, error["message"].as_str().unwrap().to_owned()));
    for (frame, closed) in [
        ("{".to_owned(), Next::Closed(1000, String::new())),
        ("{}".to_owned(), Next::Closed(1008, "invalid request frame".to_owned())),
        (format!("\"{}\"", "x".repeat(65 * 1024)), Next::Closed(1009, String::new())),
    ] {
        let mut client = Client::open(&gateway).await;
        client.socket.send(Message::text(frame)).await.unwrap();
        assert_eq!(client.next().await, closed);
    }
}

#[tokio::test]
async fn a_stopping_gateway_sends_shutdown() {
    for generation in BOTH {
        let gateway = start(options(generation)).await.unwrap();
        let mut client = Client::greeted(&gateway, &Hello::default()).await;
        let mut silent = Client::open(&gateway).await;
        let stopping = tokio::spawn(gateway.stop());
        let event = client.event("shutdown").await;
        assert_eq!(event["payload"]["reason"], "gateway stopping");
        assert_eq!(client.next().await, Next::Closed(1012, "service restart".to_owned()));
        assert_eq!(silent.next().await, Next::Closed(1012, "service restart".to_owned()));
        drop((client, silent));
        stopping.await.unwrap();
    }
}

#[tokio::test]
async fn frames_are_limited_in_size() {
    let gateway = start(options(Generation::Current)).await.unwrap();
    let mut client = Client::greeted(&gateway, &Hello::default()).await;
    client.socket.send(Message::text("x".repeat(100 * 1024))).await.unwrap();
    client.ok("health", json!({})).await;
    // The gateway may close before it has read everything.
    drop(client.socket.send(Message::text("x".repeat(26_214_401))).await);
    assert!(matches!(client.next().await, Next::Closed(1009, _) | Next::Gone));
}

#[tokio::test]
async fn connections_are_limited_and_a_dropped_gateway_frees_its_port() {
    let gateway = start(options(Generation::Legacy)).await.unwrap();
    let mut clients = Vec::new();
    for _ in 0..64 {
        clients.push(Client::open(&gateway).await);
    }
    let stream = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
    assert!(client_async(gateway.url(), stream).await.is_err());
    let port = gateway.port();
    drop(gateway);
    for client in &mut clients {
        assert_eq!(client.next().await, Next::Closed(1012, "service restart".to_owned()));
    }
    drop(clients);
    // The port is free as soon as the runtime has dropped the listener.
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
