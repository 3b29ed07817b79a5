//! `run …`

mod cancel;
mod ls;

use std::io;

pub use self::cancel::run as cancel;
pub use self::ls::list;

use crate::output::{Layout, Paper};

fn layout(all: bool) -> Layout {
    Layout { paper: Paper::of(&io::stdout()), full: false, all }
}
