//! A command on several gateways at once: each gateway has a result of its own, and one that does not answer hides no
//! other.

use futures_util::future::join_all;

use super::{Error, targets};
use crate::report::exit::{self, Exit};
use crate::settings::Flags;

/// The result for one of several gateways.
#[derive(Debug)]
pub struct Each<T> {
    /// Its name or address as given, without possible secrets.
    pub gateway: String,
    /// What the command found there, or the error.
    pub result: Result<T, Error>,
}

/// Carries out a command on several gateways concurrently. The results are in the order of the gateways.
pub(super) async fn each<T>(
    targets: &[Flags],
    work: impl AsyncFn(&Flags) -> Result<T, Error>,
) -> Vec<Each<T>> {
    let one = async |flags: &Flags| Each { gateway: targets::shown(flags), result: work(flags).await };
    join_all(targets.iter().map(one)).await
}

/// The exit code: the one that all gateways have, or else that it was done in part.
pub fn exit<T>(all: &[Each<T>], found: impl Fn(&T) -> Exit) -> Exit {
    exit::of_several(all.iter().map(|each| match &each.result {
        Ok(report) => found(report),
        Err(error) => error.exit(),
    }))
}
