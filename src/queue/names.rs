//! Ids as gateways match them: by prefix, ignoring case.
//!
//! `exec.approval.resolve`, `plugin.approval.resolve` and `exec.approval.get` act on the prompt with the given id, and
//! where that is not pending on the only prompt with an id that starts with it. A decided id is remembered for about 15
//! s and matches nothing meanwhile; after that `deploy` decides `deploy-2` (measured on 2026.4.14 and 2026.9.6; the
//! code of 2026.7.1 says the same). So an id is sent by such a method only while no other pending id starts with it,
//! and while it was listed less than [`KNOWN_MS`] ago.

use std::collections::BTreeSet;

use super::prompt::Key;

/// How long a listing proves that an id is pending or still remembered, in milliseconds: the gateway's memory, less the
/// time that a call may take to arrive.
pub const KNOWN_MS: u64 = 10_000;

/// The pending ids of every kind. A gateway may or may not separate the kinds.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeSet<(String, Key)>);

/// Why an id must not be sent to a gateway that matches by prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsendable {
    /// The id is not pending: a gateway would look for another id with this prefix.
    NotPending,
    /// Another pending id starts with it.
    Begins(Key),
    /// The id is empty, or starts or ends with white space, which gateways trim.
    Trimmed,
}

impl Names {
    /// Adds a pending prompt.
    pub fn insert(&mut self, key: &Key) {
        self.0.insert((folded(&key.id), key.clone()));
    }

    /// Removes a prompt that is not pending any more.
    pub fn remove(&mut self, key: &Key) {
        self.0.remove(&(folded(&key.id), key.clone()));
    }

    /// Whether a call that names this id can only decide this prompt.
    pub fn check(&self, key: &Key) -> Result<(), Unsendable> {
        if key.id.is_empty() || trimmed(&key.id) != &*key.id {
            return Err(Unsendable::Trimmed);
        }
        let start = folded(&key.id);
        if !self.0.contains(&(start.clone(), key.clone())) {
            return Err(Unsendable::NotPending);
        }
        // The ids that start with it follow it in the order.
        let least = (start.clone(), Key::new(super::Kind::Exec, ""));
        let beginning = self.0.range(least..).take_while(|(name, _)| name.starts_with(&start));
        match beginning.map(|(_, other)| other).find(|other| *other != key) {
            Some(other) => Err(Unsendable::Begins(other.clone())),
            None => Ok(()),
        }
    }
}

impl<'k> FromIterator<&'k Key> for Names {
    fn from_iter<I: IntoIterator<Item = &'k Key>>(keys: I) -> Self {
        let mut names = Self::default();
        keys.into_iter().for_each(|key| names.insert(key));
        names
    }
}

/// The id without the white space that JavaScript's `trim` or Rust's removes.
fn trimmed(id: &str) -> &str {
    id.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

/// An id with its case folded, character by character. Where JavaScript finds that one lower-cased id starts with
/// another, so does this, also at a final sigma, whose lower case depends on its neighbours.
fn folded(id: &str) -> String {
    let lower = trimmed(id).chars().flat_map(char::to_lowercase);
    lower.map(|c| if c == 'ς' { 'σ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::queue::Kind;

    fn exec(id: &str) -> Key {
        Key::new(Kind::Exec, id)
    }

    fn names(ids: &[&str]) -> Names {
        ids.iter().map(|id| exec(id)).collect::<Vec<_>>().iter().collect()
    }

    #[test]
    fn an_id_that_begins_another_is_not_sent() {
        let pending =
            names(&["deploy", "deploy-2", "Abc", "abcdef", "other", "ΑΣ", "ΑΣΒ", "K\u{212a}", "kk-2"]);
        for (id, other) in [("deploy", "deploy-2"), ("Abc", "abcdef"), ("ΑΣ", "ΑΣΒ"), ("K\u{212a}", "kk-2")]
        {
            assert_eq!(pending.check(&exec(id)), Err(Unsendable::Begins(exec(other))), "{id}");
        }
        for id in ["deploy-2", "abcdef", "other"] {
            assert_eq!(pending.check(&exec(id)), Ok(()), "{id}");
        }
    }

    #[test]
    fn ids_that_differ_in_case_or_kind_alone_are_not_sent() {
        let pending = names(&["deploy", "DEPLOY"]);
        assert_eq!(pending.check(&exec("deploy")), Err(Unsendable::Begins(exec("DEPLOY"))));
        assert_eq!(pending.check(&exec("DEPLOY")), Err(Unsendable::Begins(exec("deploy"))));
        let both = [exec("a"), Key::new(Kind::Plugin, "a")];
        let pending: Names = both.iter().collect();
        assert_eq!(pending.check(&both[0]), Err(Unsendable::Begins(both[1].clone())));
        assert_eq!(pending.check(&both[1]), Err(Unsendable::Begins(both[0].clone())));
    }

    #[test]
    fn an_id_that_is_not_pending_or_would_be_trimmed_is_not_sent() {
        let mut pending = names(&["deploy", "", " a", "a\u{feff}"]);
        assert_eq!(pending.check(&exec("depl")), Err(Unsendable::NotPending));
        assert_eq!(pending.check(&exec("Deploy")), Err(Unsendable::NotPending));
        for id in ["", " a", "a\u{feff}"] {
            assert_eq!(pending.check(&exec(id)), Err(Unsendable::Trimmed), "{id:?}");
        }
        pending.remove(&exec("deploy"));
        assert_eq!(pending.check(&exec("deploy")), Err(Unsendable::NotPending));
    }

    /// The match of an id, as in a gateway's own code.
    fn matched<'p>(pending: &'p [String], remembered: bool, id: &str) -> Option<&'p String> {
        let lower = |text: &str| text.trim().to_lowercase();
        if let Some(exact) = pending.iter().find(|pending| *pending == id.trim()) {
            return Some(exact);
        }
        let mut begin = pending.iter().filter(|pending| lower(pending).starts_with(&lower(id)));
        match (begin.next(), begin.next()) {
            (Some(one), None) if !remembered && !id.trim().is_empty() => Some(one),
            _ => None,
        }
    }

    proptest! {
        /// A call decides the named prompt or nothing, even after the id was decided and forgotten.
        #[test]
        fn what_is_sent_decides_nothing_else(
            ids in prop::collection::btree_set("[aAbΣςσİi -]{0,4}", 1..8), taken in any::<prop::sample::Index>()
        ) {
            let mut ids: Vec<String> = ids.into_iter().collect();
            let keys: Vec<Key> = ids.iter().map(|id| exec(id)).collect();
            let pending: Names = keys.iter().collect();
            let id = ids[taken.index(ids.len())].clone();
            if pending.check(&exec(&id)).is_ok() {
                prop_assert_eq!(matched(&ids, false, &id), Some(&id));
                ids.retain(|other| *other != id);
                prop_assert_eq!(matched(&ids, false, &id), None);
            }
        }
    }
}
