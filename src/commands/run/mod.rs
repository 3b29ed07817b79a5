//! Commands on runs.

pub mod cancel;
pub mod ls;
