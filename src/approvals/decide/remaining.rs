//! The words of a command while what starts other programs is taken off its front. They are copied only if an option such
//! as `env -S` makes new ones.

use std::borrow::Cow;

/// The words that remain.
#[derive(Debug, Clone)]
pub(super) struct Remaining<'a> {
    words: Cow<'a, [String]>,
    start: usize,
}

/// What a command starts.
#[derive(Debug)]
pub(super) enum Started {
    /// As many of its last words.
    Last(usize),
    /// Words that are new.
    New(Vec<String>),
}

impl<'a> Remaining<'a> {
    /// All words.
    pub(super) fn of(argv: &'a [String]) -> Self {
        Self { words: Cow::Borrowed(argv), start: 0 }
    }

    /// The words that remain.
    pub(super) fn words(&self) -> &[String] {
        self.words.get(self.start..).unwrap_or_default()
    }

    /// Goes on to what they start.
    pub(super) fn go_on(&mut self, started: Started) {
        match started {
            Started::Last(count) => self.start = self.words.len().saturating_sub(count),
            Started::New(words) => *self = Self { words: Cow::Owned(words), start: 0 },
        }
    }

    /// The words that remain, of the command itself if none is new.
    pub(super) fn into_words(self) -> Cow<'a, [String]> {
        match self.words {
            Cow::Borrowed(words) => Cow::Borrowed(words.get(self.start..).unwrap_or_default()),
            Cow::Owned(mut words) => Cow::Owned(words.split_off(self.start.min(words.len()))),
        }
    }
}

impl From<Cow<'_, [String]>> for Started {
    /// What is taken over without a change is the end of the same words.
    fn from(words: Cow<'_, [String]>) -> Self {
        match words {
            Cow::Borrowed(words) => Self::Last(words.len()),
            Cow::Owned(words) => Self::New(words),
        }
    }
}
