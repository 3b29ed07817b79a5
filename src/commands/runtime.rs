//! The async runtime of a command that has connections. A command that asks a question runs it twice: to plan and to
//! carry out the plan.

use tokio::sync::oneshot;

use super::Error;

/// A single-threaded async runtime.
#[derive(Debug)]
pub struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    /// Starts a runtime.
    pub fn new() -> Result<Self, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Ok(Self(Some(runtime.map_err(Error::Runtime)?)))
    }

    /// Runs one part of the command on this thread.
    pub fn run<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(runtime) = &self.0 else { return Err(Error::Runtime(std::io::ErrorKind::Other.into())) };
        runtime.block_on(work)
    }

    /// Asks a question on this thread. Another thread keeps the connections alive meanwhile: a person may take minutes
    /// to answer, and gateways close connections that do not answer their pings.
    pub fn keep_alive<T>(&self, ask: impl FnOnce() -> T) -> T {
        let (answered, wait) = oneshot::channel::<()>();
        std::thread::scope(move |scope| {
            if let Some(runtime) = &self.0 {
                // The wait ends when the sender is dropped, also by a panic of `ask`.
                scope.spawn(move || runtime.block_on(wait).ok());
            }
            let answer = ask();
            drop(answered);
            answer
        })
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        // The drop does not wait for a stuck task (such as a resolver): the process ends soon after.
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Tasks that one part of a command started keep running while a person answers.
    #[test]
    fn tasks_go_on_while_a_person_answers() {
        let runtime = Runtime::new().unwrap();
        let (sender, receiver) = std::sync::mpsc::channel();
        let spawned = runtime.run(async {
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                sender.send("alive").unwrap();
            });
            Ok(())
        });
        spawned.unwrap();
        assert_eq!(receiver.try_recv().ok(), None, "the task does not run");
        let answer = runtime.keep_alive(|| receiver.recv_timeout(Duration::from_secs(30)));
        assert_eq!(answer, Ok("alive"));
        assert_eq!(runtime.run(async { Ok(1) }).unwrap(), 1, "the runtime can be used again");
    }
}
