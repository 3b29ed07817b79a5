//! `grants ls` and `grants revoke`: the standing grants of cron jobs, which current gateways have.

pub mod ls;
pub mod revoke;

use super::Error;
use super::gateway::Connection;
use super::queue::{Lacking, QueueError, secrets};
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::gateway::api::grants::ListGrants;
use crate::queue::grants::Grants;
use crate::settings::Flags;

/// Connects to a gateway that has grants. The admin endpoint refuses the calls itself.
async fn open(flags: &Flags, deadline: Deadline) -> Result<Connection, Error> {
    let connection = Connection::open(flags, Access::OPERATOR, deadline).await?;
    if connection.session().is_none() || connection.capabilities(false).grants {
        return Ok(connection);
    }
    let version = connection.version().map(str::to_owned);
    connection.close().await;
    Err(QueueError::TooOld { lacks: Lacking::Grants, version }.into())
}

/// Lists the grants.
async fn list(connection: &mut Connection) -> Result<Grants, Error> {
    let answer = connection.read(&ListGrants::all()).await?;
    let hidden = secrets(connection);
    Ok(Grants::read(answer.get(), &hidden).map_err(|error| QueueError::NotAListOfGrants {
        address: connection.address().to_owned(),
        cause: error.to_string(),
    })?)
}

/// Whether a gateway may have more grants than it listed.
fn is_cut(grants: &Grants) -> bool {
    grants.count() >= usize::from(ListGrants::MOST)
}
