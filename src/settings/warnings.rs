//! Warnings about settings, for the person who runs a command. Each is given once, however often a command connects.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Where warnings go. Copies share what was given already. The default gives none.
#[derive(Debug, Clone, Default)]
pub struct Warnings {
    show: Option<fn(&str)>,
    given: Arc<Mutex<BTreeSet<String>>>,
}

impl Warnings {
    /// Warnings that `show` prints. It may be called from any thread.
    pub fn to(show: fn(&str)) -> Self {
        Self { show: Some(show), ..Self::default() }
    }

    /// Gives a warning, unless the same one was given before.
    pub fn give(&self, text: String) {
        let Some(show) = self.show else { return };
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if !given.contains(&text) {
            show(&text);
            given.insert(text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_warning_is_given_once() {
        static SHOWN: AtomicUsize = AtomicUsize::new(0);
        let warnings = Warnings::to(|_| {
            SHOWN.fetch_add(1, Ordering::Relaxed);
        });
        let copy = warnings.clone();
        for text in ["one", "two", "one"] {
            warnings.give(text.to_owned());
            copy.give(text.to_owned());
        }
        assert_eq!(SHOWN.load(Ordering::Relaxed), 2);
        Warnings::default().give("nowhere".to_owned());
    }
}
