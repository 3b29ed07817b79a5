//! `gateway status`: which gateway, why that one, and whether it lets us in.

use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Choice, advice};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::error::GatewayError;
use crate::gateway::{Access, Effect, Hello, Link};
use crate::report::gateway::{Connected, Refused, Status};
use crate::settings::Flags;

/// The methods that clearance calls, in the order of its commands.
const METHODS: [&str; 17] = [
    "exec.approvals.get",
    "exec.approvals.set",
    "exec.approvals.node.get",
    "exec.approvals.node.set",
    "node.list",
    "exec.approval.list",
    "exec.approval.resolve",
    "plugin.approval.list",
    "plugin.approval.resolve",
    "openclaw.approval.list",
    "approval.get",
    "approval.resolve",
    "sessions.list",
    "chat.history",
    "sessions.abort",
    "chat.abort",
    "agents.list",
];

/// Chooses, connects, and calls once. A refusal is a result here.
pub async fn run(flags: &Flags, deadline: Deadline) -> Result<Status, Error> {
    let choice = Choice::of(flags, deadline).await?;
    let result = connect(&choice, deadline).await;
    let mut chosen = choice.chosen.clone();
    let result = result.map_err(|error| {
        let fault = super::Fault { chosen: chosen.clone(), error };
        Refused {
            code: advice::code(&fault.error),
            message: fault.error.to_string(),
            next: advice::next(&fault),
            exit: advice::exit(&fault.error),
        }
    });
    if let Ok(Connected { scopes, device: Some(device), .. }) = &result {
        let missing: Vec<&str> =
            scopes.iter().filter(|(_, granted)| !granted).map(|(scope, _)| scope.as_str()).collect();
        if !missing.is_empty() {
            let scopes = missing.join(" --scope ");
            chosen.notes.push(format!(
                "not everything was granted; on the gateway's host: openclaw devices rotate --device {device} --role operator --scope {scopes}"
            ));
        }
    }
    if let Some(embedded) = choice.embedded {
        embedded.stop().await;
    }
    Ok(Status { chosen, result })
}

async fn connect(choice: &Choice, deadline: Deadline) -> Result<Connected, GatewayError> {
    let access = Access::OPERATOR;
    let begun = Instant::now();
    let (mut link, _) = choice.connect(access, deadline).await?;
    let handshake = begun.elapsed();
    let begun = Instant::now();
    let _: Value = link.call("health", &json!({}), Effect::Read, deadline).await?;
    let call = begun.elapsed();
    let report = match link.hello() {
        Some(hello) => Connected {
            device: link.session().map(|session| session.device().to_owned()),
            ..over_websocket(hello, access, handshake, call)
        },
        None => over_http(&mut link, call, deadline).await?,
    };
    link.close(deadline).await;
    Ok(report)
}

fn over_websocket(hello: &Hello, access: Access, handshake: Duration, call: Duration) -> Connected {
    let has = |list: &[String], name: &str| list.iter().any(|listed| listed == name);
    let scopes = access.scopes.iter();
    Connected {
        transport: "websocket",
        version: Some(hello.server.version.clone()).filter(|version| !version.is_empty()),
        protocol: Some(hello.protocol),
        method: hello.auth.method.clone(),
        device: None,
        scopes: scopes.map(|&scope| (scope.to_owned(), has(&hello.auth.scopes, scope))).collect(),
        methods: METHODS.map(|method| (method.to_owned(), has(&hello.features.methods, method))).to_vec(),
        handshake,
        call,
    }
}

/// The admin endpoint lists its methods, and the gateway's release is in its status.
async fn over_http(link: &mut Link, call: Duration, deadline: Deadline) -> Result<Connected, GatewayError> {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Commands {
        methods: Vec<String>,
    }
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Said {
        runtime_version: Option<String>,
    }
    let commands: Commands = link.call("commands.list", &json!({}), Effect::Read, deadline).await?;
    let said: Said = link.call("status", &json!({}), Effect::Read, deadline).await?;
    let has = |name: &str| commands.methods.iter().any(|listed| listed == name);
    Ok(Connected {
        transport: "http",
        version: said.runtime_version,
        protocol: None,
        method: None,
        device: None,
        scopes: Vec::new(),
        methods: METHODS.map(|method| (method.to_owned(), has(method))).to_vec(),
        handshake: Duration::ZERO,
        call,
    })
}
