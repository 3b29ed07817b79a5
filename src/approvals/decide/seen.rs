//! Caches the answers of a host during one decision, or several that are to see the same files: commands name the same
//! programs many times.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::host::{Found, Host};

/// A host, and its cached answers.
pub struct Seen<'h> {
    host: &'h dyn Host,
    found: RefCell<BTreeMap<String, Found>>,
    writable: RefCell<BTreeMap<String, Option<bool>>>,
}

impl<'h> Seen<'h> {
    /// Nothing is known of the host yet.
    pub fn new(host: &'h dyn Host) -> Self {
        Self { host, found: RefCell::default(), writable: RefCell::default() }
    }
}

impl Host for Seen<'_> {
    fn look(&self, path: &str) -> Found {
        // Nobody knows the directory in which the gateway was started.
        if !path.starts_with('/') {
            return Found::Unknown;
        }
        if let Some(found) = self.found.borrow().get(path) {
            return found.clone();
        }
        let found = self.host.look(path);
        self.found.borrow_mut().insert(path.to_owned(), found.clone());
        found
    }

    fn read(&self, path: &str, limit: usize) -> Option<Vec<u8>> {
        self.host.read(path, limit)
    }

    fn is_writable(&self, path: &str) -> Option<bool> {
        *self.writable.borrow_mut().entry(path.to_owned()).or_insert_with(|| self.host.is_writable(path))
    }

    fn is_cached(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    struct Counting(Cell<usize>);

    impl Host for Counting {
        fn look(&self, path: &str) -> Found {
            self.0.set(self.0.get() + 1);
            Found::Program(path.to_owned())
        }

        fn read(&self, _: &str, _: usize) -> Option<Vec<u8>> {
            None
        }

        fn is_writable(&self, _: &str) -> Option<bool> {
            self.0.set(self.0.get() + 1);
            None
        }
    }

    #[test]
    fn a_host_is_asked_once() {
        let host = Counting(Cell::new(0));
        let seen = Seen::new(&host);
        for _ in 0..3 {
            assert_eq!(seen.look("/bin/ls"), Found::Program("/bin/ls".to_owned()));
            assert_eq!(seen.is_writable("/bin/ls"), None);
        }
        assert_eq!(host.0.get(), 2);
        assert_eq!(seen.look("ls"), Found::Unknown);
    }
}
