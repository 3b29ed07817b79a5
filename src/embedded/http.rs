//! HTTP on the same port: the upgrade to a WebSocket, and the admin endpoint.

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::caller::Caller;
use super::connection;
use super::generation::Generation;
use super::hub::{Shared, new_id};
use super::methods;
use super::wire::{ErrorCode, Refusal};
use super::{access, access::Scope};

/// The largest body that the admin endpoint accepts, in bytes.
const MAX_BODY: usize = 1_000_000;

const ADMIN: &str = "/api/v1/admin/rpc";

/// Answers one HTTP request. The permit counts the connection, and is held until the connection ends.
pub(super) async fn answer(
    mut request: Request<Incoming>,
    shared: Shared,
    permit: Arc<OwnedSemaphorePermit>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if let Some(accept) = upgrade(&request) {
        let upgraded = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            // A client that disconnects now needs no cleanup.
            if let Ok(upgraded) = upgraded.await {
                connection::serve(TokioIo::new(upgraded), shared).await;
            }
            drop(permit);
        });
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        return Ok(response);
    }
    Ok(match (request.method(), request.uri().path()) {
        (&Method::POST, ADMIN) if shared.lock().generation == Generation::Current => {
            admin(request, &shared).await
        }
        _ => reply(StatusCode::NOT_FOUND, "text/plain; charset=utf-8", "Not Found".to_owned()),
    })
}

/// The `Sec-WebSocket-Accept` header, if the request is an upgrade.
fn upgrade(request: &Request<Incoming>) -> Option<HeaderValue> {
    let headers = request.headers();
    let upgrade = headers.get(UPGRADE)?.to_str().ok()?;
    let version = headers.get(SEC_WEBSOCKET_VERSION)?;
    let key = headers.get(SEC_WEBSOCKET_KEY)?;
    let wanted =
        request.method() == Method::GET && upgrade.eq_ignore_ascii_case("websocket") && version == "13";
    wanted.then(|| HeaderValue::from_str(&derive_accept_key(key.as_bytes())).ok()).flatten()
}

fn reply(status: StatusCode, content_type: &'static str, body: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn reply_json(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    reply(status, "application/json; charset=utf-8", body.to_string())
}

fn refused(status: StatusCode, message: &str) -> Response<Full<Bytes>> {
    reply_json(status, &json!({"ok": false, "error": {"type": "invalid_request", "message": message}}))
}

/// Handles `POST /api/v1/admin/rpc`.
async fn admin(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let bearer = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .map(str::to_owned);
    if !shared.lock().authenticator.accepts_bearer(bearer.as_deref()) {
        let body = json!({"error": {"message": "Unauthorized", "type": "unauthorized"}});
        return reply_json(StatusCode::UNAUTHORIZED, &body);
    }
    let Ok(body) = Limited::new(request.into_body(), MAX_BODY).collect().await else {
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "Payload too large");
    };
    let call: Value = serde_json::from_slice(&body.to_bytes()).unwrap_or_default();
    let Some(method) = call["method"].as_str() else {
        return refused(StatusCode::BAD_REQUEST, "request body must be a JSON object with a method");
    };
    let id = call["id"].as_str().map_or_else(new_id, str::to_owned);
    let answer = if method == "commands.list" {
        // The methods that the endpoint offers.
        Ok(json!({"methods": access::OVER_HTTP}))
    } else if access::OVER_HTTP.contains(&method) {
        let caller = Caller {
            peer: None,
            device: None,
            scopes: vec![Scope::Admin.as_str().to_owned()],
            name: "admin-http-rpc".to_owned(),
        };
        let mut hub = shared.lock();
        methods::call(&mut hub, &caller, method, &call["params"])
            .unwrap_or_else(|| Err(Refusal::invalid("the answer would come later")))
    } else {
        Err(Refusal::invalid(format!("admin HTTP RPC method is not supported: {method}")))
    };
    match answer {
        Ok(payload) => reply_json(StatusCode::OK, &json!({"id": id, "ok": true, "payload": payload})),
        Err(refusal) => {
            let status = match refusal.code {
                ErrorCode::InvalidRequest => StatusCode::BAD_REQUEST,
                ErrorCode::NotPaired | ErrorCode::Forbidden => StatusCode::FORBIDDEN,
                ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            };
            reply_json(status, &json!({"id": id, "ok": false, "error": refusal.to_json()}))
        }
    }
}
