//! A queue between a plan and its execution. A person may read the plan for minutes, and that time does not count for
//! the command's timeout.

use std::time::Instant;

use super::Queue;
use crate::deadline::Deadline;

/// A connected queue on hold, and the time that the command had left.
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

    /// Continues with the time that was left. The connection may be lost by now; the next call reconnects.
    pub(in crate::commands) fn resume(self) -> (Queue, Deadline) {
        let Self { mut queue, deadline, since } = self;
        let deadline = deadline.later(since.elapsed());
        queue.connection.extend(deadline);
        (queue, deadline)
    }

    /// Closes the connection without carrying anything out.
    pub(in crate::commands) async fn close(self) {
        self.queue.connection.close().await;
    }
}
