//! `gateway status`: which gateway is used and why, and whether connecting to it works.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::{Choice, advice};
use crate::commands::{Error, targets};
use crate::deadline::Deadline;
use crate::gateway::api::Method;
use crate::gateway::api::status::{GetHealth, GetStatus, ListMethods};
use crate::gateway::error::GatewayError;
use crate::gateway::{Access, Capabilities, Hello, Link};
use crate::report::exit::{self, Exit};
use crate::report::gateway::{Capability, Connected, Refused, Status, Transport};
use crate::settings::Flags;

/// Chooses a gateway, connects, and makes one call. A failure is part of the result.
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
                "some scopes were not granted; on the gateway's host: openclaw devices rotate --device {device} --role operator --scope {scopes}"
            ));
        }
    }
    if let Some(embedded) = choice.embedded {
        embedded.stop().await;
    }
    Ok(Status { chosen, result })
}

/// The status of several gateways, concurrently. A gateway that cannot be chosen is also a result.
pub async fn run_all(
    targets: &[Flags],
    deadline: Deadline,
) -> Result<Vec<(String, Result<Status, Error>)>, Error> {
    let one = async |flags: &Flags| (targets::shown(flags), run(flags, deadline).await);
    Ok(join_all(targets.iter().map(one)).await)
}

/// The exit code for several gateways: the one that all of them have, or else that it was done in part.
pub fn exit(statuses: &[(String, Result<Status, Error>)]) -> Exit {
    exit::of_several(statuses.iter().map(|(_, result)| match result {
        Ok(status) => status.exit(),
        Err(error) => error.exit(),
    }))
}

async fn connect(choice: &Choice, deadline: Deadline) -> Result<Connected, GatewayError> {
    let access = Access::OPERATOR;
    let begun = Instant::now();
    let (mut link, _) = choice.connect(access, deadline).await?;
    let handshake = begun.elapsed();
    let begun = Instant::now();
    let _ignored = link.call(&GetHealth {}, deadline).await?;
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
        transport: Transport::WebSocket,
        version: Some(hello.server.version.clone()).filter(|version| !version.is_empty()),
        protocol: Some(hello.protocol),
        method: hello.auth.method.clone(),
        device: None,
        scopes: scopes.map(|&scope| (scope.to_owned(), has(&hello.auth.scopes, scope))).collect(),
        methods: Method::USED
            .map(|method| (method.to_string(), has(&hello.features.methods, method.as_str())))
            .to_vec(),
        capabilities: capabilities(Capabilities::of(Some(hello), false)),
        handshake,
        call,
    }
}

/// The capabilities of a release. Each one is an advantage.
fn capabilities(has: Capabilities) -> Vec<Capability> {
    [
        ("namesRuns", "run ids in prompts", has.names_runs),
        ("abortClearsPrompts", "clearing prompts by an abort", has.abort_clears_prompts),
        ("denialWithoutTurn", "denials without a new agent turn", !has.denial_starts_turn),
        ("exactResolve", "exact prompt ids", has.exact_resolve),
        ("history", "history of decisions", has.history),
        ("grants", "list of cron grants", has.grants),
    ]
    .map(|(name, text, present)| Capability { name, text, present })
    .to_vec()
}

/// Reads the methods of the admin endpoint, and the gateway's release from its status.
async fn over_http(link: &mut Link, call: Duration, deadline: Deadline) -> Result<Connected, GatewayError> {
    let commands = link.call(&ListMethods {}, deadline).await?;
    let release = link.call(&GetStatus {}, deadline).await?;
    let has = |name: &str| commands.methods.iter().any(|listed| listed == name);
    Ok(Connected {
        transport: Transport::Http,
        version: release.runtime_version,
        protocol: None,
        method: None,
        device: None,
        scopes: Vec::new(),
        methods: Method::USED.map(|method| (method.to_string(), has(method.as_str()))).to_vec(),
        capabilities: Vec::new(),
        handshake: Duration::ZERO,
        call,
    })
}
