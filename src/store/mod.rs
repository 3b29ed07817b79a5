//! The places of documents on this host: reads documents, and replaces them without ever losing one.

mod attributes;
pub mod changes;
mod error;
pub mod files;
pub mod input;
pub mod json_file;
mod layout;
mod local;
pub mod locate;
mod lock;
mod owner;
mod precedence;
pub mod private;
mod replace;
mod shell;
pub mod sqlite;
mod surroundings;
pub mod versions;
pub mod writers;

pub use crate::system::create_private_directory as private_directory;
pub use error::StoreError;
pub use input::MAX_SIZE;
pub use local::{Locked, Store};
pub use shell::{quoted, quoted_name, quoted_unless};
