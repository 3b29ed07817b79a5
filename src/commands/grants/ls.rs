//! `grants ls`: the standing grants of a gateway.

use super::{is_cut, list, open};
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::queue::grants::{Filter, State};
use crate::report::grants::GrantList;
use crate::settings::Flags;

/// The request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The filter.
    pub filter: Filter,
    /// Whether to list expired and revoked grants, too.
    pub all: bool,
}

/// Lists the grants.
pub async fn run(request: &Request, flags: &Flags, deadline: Deadline) -> Result<GrantList, Error> {
    let mut connection = open(flags, deadline).await?;
    let grants = list(&mut connection).await?;
    let now_ms = connection.clock().now_ms();
    let gateway = connection.address().to_owned();
    connection.close().await;
    let (more, problems) = (is_cut(&grants), grants.problems);
    let total = grants.rows.len();
    let shown = |grant: &crate::queue::grants::Grant| {
        request.filter.admits(grant) && (request.all || grant.state(now_ms) == State::Active)
    };
    let rows: Vec<_> = grants.rows.into_iter().filter(shown).collect();
    let others = total - rows.len();
    Ok(GrantList { gateway, rows, others, more, problems, now_ms })
}
