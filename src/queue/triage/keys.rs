//! The keys of triage, in one table: the help on the screen, `docs/triage.md` and the state machine read it.

/// A key, or a combination, as a terminal reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Key {
    /// A character.
    Char(char),
    /// A character while the control key is held.
    Ctrl(char),
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// Backspace.
    Backspace,
    /// The arrow up.
    Up,
    /// The arrow down.
    Down,
    /// Page up.
    PageUp,
    /// Page down.
    PageDown,
    /// Home.
    Home,
    /// End.
    End,
}

/// What a key does in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    /// Move to the next row.
    Down,
    /// Move to the previous row.
    Up,
    /// Move down by a page.
    PageDown,
    /// Move up by a page.
    PageUp,
    /// Move to the first row.
    First,
    /// Move to the last row.
    Last,
    /// Filter the rows.
    Filter,
    /// Change the order of the rows.
    Sort,
    /// Tag the row, or remove its tag.
    Tag,
    /// Tag every row that the filter matches, or remove their tags.
    TagAll,
    /// Remove the filter, or else all tags.
    Clear,
    /// Allow the shown prompt once.
    AllowOnce,
    /// Show the entry that would be written, and always allow the shown prompt.
    AllowAlways,
    /// Deny every prompt of the row.
    Deny,
    /// Deny the duplicates of the row, and keep one prompt.
    DenyDuplicates,
    /// Deny every prompt of the tagged rows.
    DenyTagged,
    /// Deny the duplicates of the tagged rows.
    DenyTaggedDuplicates,
    /// Cancel the run that asks.
    CancelRun,
    /// Show the entries that would save prompts.
    Propose,
    /// Show the full text of the prompt.
    Text,
    /// Take the arrivals into the list.
    TakeIn,
    /// Take back the last decision that is not sent yet.
    Undo,
    /// Show the keys.
    Help,
    /// Quit.
    Quit,
}

/// A command, its keys, and its help.
#[derive(Debug, Clone, Copy)]
pub struct Binding {
    /// The command.
    pub command: Command,
    /// The keys.
    pub keys: &'static [Key],
    /// The keys as text.
    pub shown: &'static str,
    /// What it does.
    pub help: &'static str,
}

const fn binding(command: Command, keys: &'static [Key], shown: &'static str, help: &'static str) -> Binding {
    Binding { command, keys, shown, help }
}

/// Every command of the list, in the order of the help.
pub const BINDINGS: [Binding; 24] = [
    binding(Command::Down, &[Key::Char('j'), Key::Down], "j, down", "next row"),
    binding(Command::Up, &[Key::Char('k'), Key::Up], "k, up", "previous row"),
    binding(Command::PageDown, &[Key::PageDown, Key::Ctrl('f')], "page down", "next page"),
    binding(Command::PageUp, &[Key::PageUp, Key::Ctrl('b')], "page up", "previous page"),
    binding(Command::First, &[Key::Char('g'), Key::Home], "g, home", "first row"),
    binding(Command::Last, &[Key::Char('G'), Key::End], "G, end", "last row"),
    binding(Command::Text, &[Key::Enter], "enter", "show the full text"),
    binding(Command::AllowOnce, &[Key::Char('a')], "a", "allow the shown prompt once"),
    binding(Command::AllowAlways, &[Key::Char('A')], "A", "show the new entry, then allow always"),
    binding(Command::Deny, &[Key::Char('d')], "d", "deny every prompt of this row"),
    binding(Command::DenyDuplicates, &[Key::Char('D')], "D", "deny the duplicates of this row; keep one"),
    binding(Command::CancelRun, &[Key::Char('c')], "c", "cancel the run that asks"),
    binding(Command::Propose, &[Key::Char('p')], "p", "show new entries that would save prompts"),
    binding(Command::Tag, &[Key::Char('t'), Key::Char(' ')], "t, space", "tag this row"),
    binding(Command::TagAll, &[Key::Char('T')], "T", "tag every row that the filter matches"),
    binding(Command::DenyTagged, &[Key::Char('x')], "x", "deny every prompt of the tagged rows"),
    binding(Command::DenyTaggedDuplicates, &[Key::Char('X')], "X", "deny the duplicates of the tagged rows"),
    binding(Command::Undo, &[Key::Char('u')], "u", "undo the last decision, before it is sent"),
    binding(Command::Filter, &[Key::Char('/')], "/", "filter; enter keeps it, escape removes it"),
    binding(Command::Sort, &[Key::Char('s')], "s", "sort by age, expiry, agent, command"),
    binding(Command::TakeIn, &[Key::Char('r')], "r", "take new prompts into the list"),
    binding(Command::Clear, &[Key::Escape], "escape", "remove the filter, then the tags"),
    binding(Command::Help, &[Key::Char('?')], "?", "this help"),
    binding(Command::Quit, &[Key::Char('q'), Key::Ctrl('c')], "q, ctrl-c", "quit"),
];

impl Command {
    /// The command of a key.
    pub fn of(key: Key) -> Option<Self> {
        BINDINGS.iter().find(|binding| binding.keys.contains(&key)).map(|binding| binding.command)
    }

    /// Whether it decides prompts, at once or after a question.
    pub fn decides(self) -> bool {
        matches!(
            self,
            Self::AllowOnce
                | Self::AllowAlways
                | Self::Deny
                | Self::DenyDuplicates
                | Self::DenyTagged
                | Self::DenyTaggedDuplicates
                | Self::CancelRun
        )
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_key_has_one_command_and_a_command_one_binding() {
        let keys: Vec<Key> = BINDINGS.iter().flat_map(|binding| binding.keys).copied().collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
        let commands: HashSet<Command> = BINDINGS.iter().map(|binding| binding.command).collect();
        assert_eq!(commands.len(), BINDINGS.len());
        assert!(keys.iter().all(|key| Command::of(*key).is_some()));
    }
}
