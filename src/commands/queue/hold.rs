//! A queue between a plan and its execution. A person may read the plan for minutes: that time is not the command's
//! own.

use std::time::Instant;

use super::Queue;
use crate::deadline::Deadline;

/// A connected queue on hold, and how much time the command had left then.
#[derive(Debug)]
pub(in crate::commands) struct Hold {
    queue: Queue,
    deadline: Deadline,
    since: Instant,
}

impl Hold {
    /// Puts a queue on hold.
    pub(in crate::commands) fn new(queue: Queue, deadline: Deadline) -> Self {
        Self { queue, deadline, since: Instant::now() }
    }

    /// Goes on with as much time as was left. The connection may be lost by now; the next call connects again.
    pub(in crate::commands) fn resume(self) -> (Queue, Deadline) {
        let Self { mut queue, deadline, since } = self;
        let deadline = deadline.later(since.elapsed());
        queue.connection.extend(deadline);
        (queue, deadline)
    }

    /// Ends the connection: nothing is carried out.
    pub(in crate::commands) async fn close(self) {
        self.queue.connection.close().await;
    }
}
