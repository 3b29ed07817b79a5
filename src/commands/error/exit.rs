//! The exit code and the stable code of each error of a command. The codes themselves are in `report/exit.rs`, which
//! also has the exit code of each report.

use super::Error;
use crate::approvals::edit::replacement::ReplacementError;
use crate::approvals::lint::FixError;
use crate::commands::explain::ExplainError;
use crate::commands::gateway::advice;
use crate::report::exit::Exit;
use crate::settings::Kind;
use crate::store::StoreError;
use crate::store::input::InputError;
use crate::store::versions::VersionsError;

impl Error {
    /// The exit code. No wildcard: a new error is a new decision.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Input(error) | Self::Store(StoreError::Input(error)) => match error {
                InputError::TimedOut { .. } => Exit::TimedOut,
                InputError::Missing(_)
                | InputError::Directory(_)
                | InputError::TooLarge { .. }
                | InputError::Io { .. } => Exit::Store,
            },
            Self::Store(error) => match error {
                StoreError::Conflict { .. }
                | StoreError::Overwritten { .. }
                | StoreError::Displaced { .. } => Exit::Conflict,
                StoreError::Unstorable { .. } => Exit::Bug,
                StoreError::Locked { .. } => Exit::TimedOut,
                StoreError::Input(_)
                | StoreError::Ambiguous(..)
                | StoreError::Database { .. }
                | StoreError::Leftover { .. }
                | StoreError::Schema { .. }
                | StoreError::Supervised(_)
                | StoreError::Fenced { .. }
                | StoreError::Sqlite { .. }
                | StoreError::TooLarge { .. }
                | StoreError::HardLinked { .. }
                | StoreError::Immutable(_)
                | StoreError::Unkept { .. }
                | StoreError::NoHome
                | StoreError::NoDirectory(_)
                | StoreError::Owner { .. }
                | StoreError::Unflushed { .. }
                | StoreError::Write { .. } => Exit::Store,
            },
            Self::Versions(error) => of_versions(error),
            Self::NotNoted { cause, .. } => cause.exit(),
            Self::Fix { error, .. } => match error {
                FixError::Invalid => Exit::Found,
                FixError::Misread => Exit::Bug,
            },
            Self::NoVersion { .. }
            | Self::NoText { .. }
            | Self::NothingToRestore { .. }
            | Self::AbsentVersion { .. }
            | Self::Invalid { .. }
            | Self::InvalidPolicy { .. }
            | Self::Scenario { .. }
            | Self::UnknownFields { .. }
            | Self::TooOld { .. }
            | Self::NativeTooOld { .. }
            | Self::Rejected { .. } => Exit::Found,
            Self::Replacement { error, .. } => match error {
                ReplacementError::Unreadable(_) | ReplacementError::Socket => Exit::Store,
                ReplacementError::Print(_) | ReplacementError::Misprinted => Exit::Bug,
            },
            Self::Settings(error) => match error.kind() {
                Kind::Usage => Exit::Usage,
                Kind::Unreadable => Exit::Store,
                Kind::Refused => Exit::Refused,
                Kind::TimedOut => Exit::TimedOut,
            },
            Self::Gateway(fault) => advice::exit(&fault.error),
            Self::Runtime(_)
            | Self::Unavailable(_)
            | Self::Terminal(_)
            | Self::Embedded(_)
            | Self::Port { .. }
            | Self::NodeAnswer { .. } => Exit::Store,
            Self::Conflict { .. } => Exit::Conflict,
            Self::Raced(error) | Self::Outdated(error) => error.exit(),
            // The change was made; whether it is still in place is unknown.
            Self::Unverified { .. } => Exit::Partly,
            Self::NoGateway { .. }
            | Self::PastLimit { .. }
            | Self::NotKept { .. }
            | Self::TwoGateways { .. }
            | Self::GatewayOrPattern { .. }
            | Self::StdinTwice
            | Self::Mixed { .. }
            | Self::Edit(_)
            | Self::NoAllowlist { .. }
            | Self::NoLints { .. }
            | Self::NodeUnknown { .. }
            | Self::NodeAmbiguous { .. }
            | Self::FixStdin
            | Self::Fixed { .. }
            | Self::FixUnconfirmed
            | Self::Exclude { .. }
            | Self::Release { .. } => Exit::Usage,
            Self::Explain(error) => error.exit(),
            Self::Suggest(error) => error.exit(),
            Self::Queue(error) => error.exit(),
            Self::NodeAway { .. } | Self::Unfinished { .. } => Exit::TimedOut,
            Self::NodeDisabled { .. } | Self::NodeUnapproved { .. } => Exit::Refused,
        }
    }

    /// The stable name in machine output. No wildcard: a new error is a new decision.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Gateway(fault) => advice::code(&fault.error),
            Self::Queue(error) => error.code(),
            Self::Suggest(error) => error.code(),
            Self::Raced(error) | Self::Outdated(error) => error.code(),
            Self::Settings(_) | Self::Explain(ExplainError::Configuration(_)) => "settings",
            Self::FixUnconfirmed => "unconfirmed",
            Self::Versions(_) | Self::NotNoted { .. } => "versions",
            Self::NoVersion { .. }
            | Self::NoText { .. }
            | Self::NothingToRestore { .. }
            | Self::AbsentVersion { .. } => "no-version",
            Self::Scenario { .. } => "scenario",
            Self::TooOld { .. } | Self::NativeTooOld { .. } => "gateway-too-old",
            Self::Rejected { .. } => "rejected",
            Self::Unverified { .. } => "unverified",
            Self::NodeUnapproved { .. } => "node-unapproved",
            Self::NodeUnknown { .. }
            | Self::NodeAmbiguous { .. }
            | Self::NodeAway { .. }
            | Self::NodeDisabled { .. }
            | Self::NodeAnswer { .. } => "node",
            Self::Input(_)
            | Self::PastLimit { .. }
            | Self::NotKept { .. }
            | Self::Explain(_)
            | Self::Unfinished { .. }
            | Self::Store(_)
            | Self::Invalid { .. }
            | Self::InvalidPolicy { .. }
            | Self::UnknownFields { .. }
            | Self::Replacement { .. }
            | Self::Fix { .. }
            | Self::Fixed { .. }
            | Self::FixStdin
            | Self::Exclude { .. }
            | Self::Release { .. }
            | Self::NoGateway { .. }
            | Self::GatewayOrPattern { .. }
            | Self::TwoGateways { .. }
            | Self::StdinTwice
            | Self::Mixed { .. }
            | Self::Edit(_)
            | Self::NoAllowlist { .. }
            | Self::NoLints { .. }
            | Self::Runtime(_)
            | Self::Unavailable(_)
            | Self::Terminal(_)
            | Self::Embedded(_)
            | Self::Port { .. }
            | Self::Conflict { .. } => self.exit().code(),
        }
    }
}

fn of_versions(error: &VersionsError) -> Exit {
    match error {
        VersionsError::Busy { .. } | VersionsError::Unfinished { .. } => Exit::TimedOut,
        VersionsError::Altered { .. } => Exit::Found,
        VersionsError::Exposed(_)
        | VersionsError::Directory { .. }
        | VersionsError::NotFile(_)
        | VersionsError::Foreign(_)
        | VersionsError::Newer(_)
        | VersionsError::Damaged { .. }
        | VersionsError::Full(_)
        | VersionsError::Sqlite { .. } => Exit::Store,
    }
}
