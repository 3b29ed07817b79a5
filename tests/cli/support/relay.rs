//! A relay before a gateway that loses or rejects calls.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tungstenite::Message;

/// What the relay does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Passed,
    /// Never answers it.
    Dropped,
    /// Rejects it for a missing scope.
    Refused,
    /// Answers that the gateway could not forward it to its node.
    Undispatched,
    /// Forwards it this many milliseconds later, like a slow gateway.
    Late(u64),
}

/// Starts a relay and returns its port on 127.0.0.1. It runs as long as the test's process.
pub fn before(gateway: u16, fate: impl Fn(&str) -> Fate + Send + Sync + 'static) -> u16 {
    let (sender, port) = std::sync::mpsc::channel();
    let fate: Arc<dyn Fn(&str) -> Fate + Send + Sync> = Arc::new(fate);
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap().port()).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                let upstream = SocketAddr::from(([127, 0, 0, 1], gateway));
                let fate = Arc::clone(&fate);
                // Either side may close first.
                tokio::spawn(async move { relay(client, upstream, &*fate).await });
            }
        });
    });
    port.recv().unwrap()
}

async fn relay(
    client: TcpStream,
    upstream: SocketAddr,
    fate: &(dyn Fn(&str) -> Fate + Send + Sync),
) -> Option<()> {
    let client: WebSocketStream<_> = tokio_tungstenite::accept_async(client).await.ok()?;
    let stream = TcpStream::connect(upstream).await.ok()?;
    let url = format!("ws://{upstream}/");
    let (gateway, _) = tokio_tungstenite::client_async(url, stream).await.ok()?;
    let (mut to_client, mut from_client) = client.split();
    let (mut to_gateway, mut from_gateway) = gateway.split();
    let mut late: FuturesUnordered<Pin<Box<dyn Future<Output = Message> + Send>>> = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(message) = late.next(), if !late.is_empty() => to_gateway.send(message).await.ok()?,
            message = from_client.next() => {
                let message = message?.ok()?;
                let call = message.to_text().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
                let method = call.as_ref().and_then(|call| call["method"].as_str()).unwrap_or_default();
                match fate(method) {
                    Fate::Passed => to_gateway.send(message).await.ok()?,
                    Fate::Late(by_ms) => late.push(Box::pin(async move {
                        tokio::time::sleep(Duration::from_millis(by_ms)).await;
                        message
                    })),
                    Fate::Dropped => {}
                    Fate::Refused => {
                        let error = json!({
                            "code": "FORBIDDEN", "message": "missing scope: operator.read",
                            "details": { "code": "MISSING_SCOPE" },
                        });
                        to_client.send(refusal(call.as_ref(), &error)).await.ok()?;
                    }
                    Fate::Undispatched => {
                        // Without `retryable`: the error already shows that nothing was done.
                        let error = json!({
                            "code": "UNAVAILABLE", "message": "node invoke failed",
                            "details": {
                                "nodeCommandDispatched": false,
                                "nodeError": { "code": "UNAVAILABLE", "message": "node command queue is full" },
                            },
                        });
                        to_client.send(refusal(call.as_ref(), &error)).await.ok()?;
                    }
                }
            }
            message = from_gateway.next() => to_client.send(message?.ok()?).await.ok()?,
        }
    }
}

fn refusal(call: Option<&Value>, error: &Value) -> Message {
    let id = call.map(|call| &call["id"]);
    Message::text(json!({ "type": "res", "id": id, "ok": false, "error": error }).to_string())
}
