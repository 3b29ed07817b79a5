//! `config.get`: the gateway's configuration, with its secrets replaced. The scope `operator.read` is enough on every
//! release that was looked at (2026.4.14, 2026.6.11, 2026.9.6).

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Call, Method};

/// `config.get`.
#[derive(Debug, Serialize)]
pub struct GetConfig {}

/// The configuration in force.
#[derive(Debug, Deserialize)]
pub struct Config {
    /// The configuration, an object. `Null` if the gateway does not send it.
    #[serde(default)]
    pub config: Value,
}

impl Call for GetConfig {
    type Answer = Config;

    fn method(&self) -> Method {
        Method::ConfigGet
    }
}
