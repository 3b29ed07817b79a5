//! A panic while one report is rendered does not affect the output of the other reports.

use std::any::Any;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Renders reports one by one, and keeps the first panic until all are printed.
#[derive(Default)]
pub(super) struct Contained {
    panic: Option<Box<dyn Any + Send>>,
}

impl Contained {
    /// Prints what `render` writes; prints nothing of a rendering that panics.
    pub(super) fn print(
        &mut self,
        out: &mut dyn Write,
        render: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut text = Vec::new();
        match catch_unwind(AssertUnwindSafe(|| render(&mut text))) {
            Ok(rendered) => rendered.and_then(|()| out.write_all(&text)),
            Err(panic) => {
                self.panic.get_or_insert(panic);
                Ok(())
            }
        }
    }

    /// Resumes the panic, if there was one: the command ends as a bug.
    pub(super) fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        match self.panic {
            Some(panic) => {
                out.flush()?;
                resume_unwind(panic)
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_are_printed_before_the_panic_goes_on() {
        let mut out = Vec::new();
        let mut contained = Contained::default();
        for name in ["one", "two", "three"] {
            let render = |out: &mut dyn Write| {
                write!(out, "{name} ")?;
                if name == "two" { panic!("lost") } else { Ok(()) }
            };
            contained.print(&mut out, render).unwrap();
        }
        let ended = catch_unwind(AssertUnwindSafe(|| contained.finish(&mut out)));
        assert!(ended.is_err());
        assert_eq!(out, b"one three ");
    }
}
