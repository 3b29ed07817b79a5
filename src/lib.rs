//! The command-line manager for OpenClaw exec approvals, as a library: `main` only calls [`run`].
//!
//! Imports go one way: `dispatch` parses the command line (`cli`), calls one of the `commands`, and passes its report
//! to `output`. Commands use `settings`, `store`, `gateway`, `embedded`, and the pure `approvals`, `queue` and
//! `report`. What only some operating systems have is in `system`. `tests/cli/rooms.rs` enforces this.

mod approvals;
mod backoff;
mod cli;
mod commands;
mod deadline;
mod dispatch;
mod embedded;
mod gateway;
mod output;
mod queue;
mod report;
mod settings;
mod store;
mod streams;
mod system;

use std::ffi::OsString;

pub use report::exit::Exit;
pub use streams::Streams;

/// Runs one command line and returns its exit code. Never panics: a bug has an exit code too.
pub fn run(arguments: impl IntoIterator<Item = OsString>, streams: &mut Streams<'_>) -> Exit {
    dispatch::start(&arguments.into_iter().collect::<Vec<_>>(), streams)
}

/// Private items for the tests and benches of this repository. Nothing here is stable: a program uses [`run`], or the
/// command line.
#[doc(hidden)]
pub mod internals {
    pub use crate::deadline::Deadline;

    /// Documents: validation and schema.
    pub mod approvals {
        pub use crate::approvals::check::schema::{derived, derived_native};
        pub use crate::approvals::findings::codes::Code;
        pub use crate::approvals::findings::diagnostic::Diagnostic;
        pub use crate::approvals::findings::diagnostic::{Position, Verdict};
        pub use crate::approvals::findings::severity::Severity;
        pub use crate::approvals::model::path::Step;
        pub use crate::approvals::policy_tests::derived as derived_tests;
        pub use crate::approvals::{Strictness, Syntax, check, contents_of, parse, position};
    }

    /// Reports as text and as machine output.
    pub mod output {
        pub use crate::output::{Look, Paper, github, human, json, sarif};
        pub use crate::report::approvals::{FileReport, validation};
    }

    /// Configuration files.
    pub mod settings {
        pub use crate::settings::{
            Entry, Environment, Execution, Flags, Project, Resolved, SettingsError, names, resolve,
        };
    }

    /// Decisions about commands, and the proofs of them.
    pub mod decide {
        pub use crate::approvals::decide::{Answer, Case, Cases, Context, Found, Host, Profile, Proof};
        pub use crate::store::files::ThisMachine;
    }

    /// The gateway protocol.
    pub mod gateway {
        pub use crate::gateway::api::events::Event;
        pub use crate::gateway::error::GatewayError;
        pub use crate::gateway::error::Violation;
        pub use crate::gateway::target::{Address, Credential, Target, Trust};
        pub use crate::gateway::{Access, ConnectOptions, Effect, Events, Keyring, Link, Unplugged};
    }

    /// The screen of `queue triage`.
    pub mod triage {
        pub use crate::output::{Painter, Surface};
        pub use crate::queue::clock::SteadyTime;
        pub use crate::queue::filter::Sort;
        pub use crate::queue::triage::{BINDINGS, Drawn, Input, Key, Snapshot, Triage};
    }

    /// Prompts and plans.
    pub mod queue {
        pub use crate::queue::plan::{Group, Kept, Plan, Skip};
        pub use crate::queue::scope::Place;
        pub use crate::queue::{Intent, Keep, Key, Kind, Listing, Prompt, Reader, Rules, Runs, Scope, plan};
    }
}
