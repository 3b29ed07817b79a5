//! Tests of HTTP and TLS on the same port.

use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsConnector;

use super::*;

/// Sends a request, reads until the gateway closes, and returns status and body.
async fn fetch(gateway: &Running, method: &str, path: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

async fn rpc(gateway: &Running, token: &str, body: &Value) -> (u16, Value) {
    let headers = format!("authorization: Bearer {token}\r\n");
    let (status, body) = fetch(gateway, "POST", "/api/v1/admin/rpc", &headers, &body.to_string()).await;
    (status, serde_json::from_str(&body).unwrap())
}

#[tokio::test]
async fn the_admin_endpoint_accepts_its_own_methods_only() {
    let gateway = start(options(Generation::Current)).await.unwrap();
    let (status, answer) = rpc(&gateway, TOKEN, &json!({"id": "a", "method": "exec.approvals.get"})).await;
    assert_eq!((status, &answer["id"], &answer["ok"]), (200, &json!("a"), &json!(true)));
    let set = json!({"method": "exec.approvals.set", "params": {"file": {"version": 1}, "baseHash": "0"}});
    assert_eq!(rpc(&gateway, TOKEN, &set).await.0, 400);
    let (status, answer) = rpc(&gateway, TOKEN, &json!({"method": "exec.approval.list"})).await;
    let message = "admin HTTP RPC method is not supported: exec.approval.list";
    assert_eq!((status, &answer["error"]["message"]), (400, &json!(message)));
    let (status, answer) = rpc(&gateway, "wrong", &json!({"method": "health"})).await;
    assert_eq!(
        (status, answer),
        (401, json!({"error": {"message": "Unauthorized", "type": "unauthorized"}}))
    );
    let node = json!({"method": "exec.approvals.node.get", "params": {"nodeId": "nobody"}});
    assert_eq!(rpc(&gateway, TOKEN, &node).await.0, 503);
    let headers = format!("authorization: Bearer {TOKEN}\r\n");
    assert_eq!(fetch(&gateway, "GET", "/api/v1/admin/rpc", &headers, "").await.0, 404);
    let long = format!("\"{}\"", "x".repeat(1_000_001));
    assert_eq!(fetch(&gateway, "POST", "/api/v1/admin/rpc", &headers, &long).await.0, 413);
    assert_eq!(fetch(&gateway, "POST", "/api/v1/admin/rpc", &headers, "{").await.0, 400);
    let legacy = start(options(Generation::Legacy)).await.unwrap();
    let absent = fetch(&legacy, "POST", "/api/v1/admin/rpc", "", "{}").await;
    assert_eq!(absent, (404, "Not Found".to_owned()));
}

/// A verifier that accepts any certificate and stores it.
#[derive(Debug)]
struct Anyone(std::sync::Mutex<Vec<u8>>);

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        *self.0.lock().unwrap() = end_entity.to_vec();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

#[tokio::test]
async fn tls_uses_the_reported_certificate() {
    let gateway = start(Options { tls: true, ..options(Generation::Legacy) }).await.unwrap();
    assert_eq!(gateway.url(), format!("wss://127.0.0.1:{}", gateway.port()));
    let anyone = Arc::new(Anyone(std::sync::Mutex::default()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(&anyone) as Arc<dyn ServerCertVerifier>)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", gateway.port())).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap();
    let (mut socket, _) = client_async(gateway.url(), stream).await.unwrap();
    let challenge = socket.next().await.unwrap().unwrap();
    assert!(challenge.to_text().unwrap().contains("connect.challenge"));
    let seen = HEXLOWER.encode(&Sha256::digest(&*anyone.0.lock().unwrap()));
    let fingerprint = gateway.fingerprint().unwrap();
    assert_eq!(fingerprint.len(), 95);
    assert_eq!(fingerprint.replace(':', "").to_lowercase(), seen);
}
