//! Warnings about settings, for the user of a command. Each is shown once, even if a command connects several times.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

/// Receives warnings. Clones share the set of warnings that were already shown. The default shows none.
#[derive(Debug, Clone, Default)]
pub struct Warnings {
    show: Option<fn(&str)>,
    given: Arc<Mutex<BTreeSet<String>>>,
}

impl Warnings {
    /// Passes warnings to `show`, which may be called from any thread.
    pub fn to(show: fn(&str)) -> Self {
        Self { show: Some(show), ..Self::default() }
    }

    /// Shows a warning, unless the same one was shown before.
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
