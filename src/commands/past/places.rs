//! From places of the command line to the names that versions keep of them, and back.

use super::super::documents::Place;
use super::super::targets::shown;
use super::super::{Error, gateway};
use super::target::{of_node_key, of_store};
use crate::deadline::Deadline;
use crate::settings::{self, Environment, Flags};
use crate::store::versions::Versions;
use crate::store::{quoted, quoted_name};

/// The keys of a place that was named on the command line. A gateway is not connected: a node is one of those that have
/// versions.
pub(in crate::commands) fn keys(
    place: &Place,
    versions: &Versions,
    deadline: Deadline,
) -> Result<Vec<String>, Error> {
    if let Some(local) = place.local(deadline)? {
        return Ok(vec![of_store(&local.store, local.is_store).key]);
    }
    let Some((flags, node)) = place.gateway() else { return Ok(Vec::new()) };
    let address = address(flags, deadline)?;
    let Some(wanted) = node else { return Ok(vec![address]) };
    let start = of_node_key(&address, wanted);
    let known = versions.keys(deadline)?;
    Ok(known.into_iter().filter(|key| key.starts_with(&start)).collect())
}

fn address(flags: &Flags, deadline: Deadline) -> Result<String, Error> {
    if gateway::is_rehearsal(flags) {
        return Ok(shown(flags));
    }
    let resolved = settings::resolve(flags, &Environment::of_process(), deadline)?;
    Ok(resolved.target.address.to_string())
}

/// The place that an operand of a version names. `flags`: how to authenticate, where it is a gateway.
pub(in crate::commands) fn place(operand: &str, flags: &Flags) -> Option<Place> {
    let at = |gateway: &str| Flags { gateway: Some(gateway.to_owned()), ..flags.clone() };
    let (kind, rest) = operand.split_once(':')?;
    match kind {
        "store" => Some(Place::Store(rest.into())),
        "file" => Some(Place::File(rest.into())),
        "gateway" => Some(Place::Gateway(at(rest))),
        "node" => {
            let (id, gateway) = rest.rsplit_once('@')?;
            Some(Place::Node { gateway: at(gateway), id: id.to_owned() })
        }
        _ => None,
    }
}

/// The flags of `allowlist` for the place that an operand of a version names, each with a space before it.
pub(in crate::commands) fn flags(operand: &str) -> String {
    match place(operand, &Flags::default()) {
        Some(Place::Store(path)) => format!(" --store {}", quoted(&path)),
        Some(Place::File(path)) => format!(" --file {}", quoted(&path)),
        Some(Place::Gateway(flags)) => {
            format!(" --gateway={}", quoted_name(&flags.gateway.unwrap_or_default()))
        }
        Some(Place::Node { gateway, id }) => format!(
            " --gateway={} --node {}",
            quoted_name(&gateway.gateway.unwrap_or_default()),
            quoted_name(&id)
        ),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::target::{of_gateway, of_node};
    use super::*;
    use crate::store::versions::Target;

    #[test]
    fn an_operand_leads_back_to_its_place() {
        let flags = Flags::default();
        let named = |target: &Target| place(&target.operand, &flags);
        let Some(Place::Gateway(gateway)) = named(&of_gateway("ws://127.0.0.1:1", None)) else { panic!() };
        assert_eq!(gateway.gateway.as_deref(), Some("ws://127.0.0.1:1"));
        let node = of_node("ws://127.0.0.1:1", Some("prod"), "me@laptop");
        assert_eq!(node.key, "ws://127.0.0.1:1 node me@laptop");
        let Some(Place::Node { gateway, id }) = named(&node) else { panic!() };
        assert_eq!((gateway.gateway.as_deref(), id.as_str()), (Some("prod"), "me@laptop"));
        assert!(place("elsewhere", &flags).is_none());
    }
}
