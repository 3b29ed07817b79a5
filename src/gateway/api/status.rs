//! `health`, `status` and `commands.list`: the health and the release of a gateway.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::{Call, Method};

/// `health`.
#[derive(Debug, Serialize)]
pub struct GetHealth {}

impl Call for GetHealth {
    type Answer = IgnoredAny;

    fn method(&self) -> Method {
        Method::Health
    }
}

/// `status`.
#[derive(Debug, Serialize)]
pub struct GetStatus {}

/// The answer of `status`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Release {
    /// The gateway's release.
    pub runtime_version: Option<String>,
}

impl Call for GetStatus {
    type Answer = Release;

    fn method(&self) -> Method {
        Method::Status
    }
}

/// `commands.list`.
#[derive(Debug, Serialize)]
pub struct ListMethods {}

/// The answer of `commands.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Commands {
    /// The methods that the admin endpoint offers.
    pub methods: Vec<String>,
}

impl Call for ListMethods {
    type Answer = Commands;

    fn method(&self) -> Method {
        Method::CommandsList
    }
}
