//! The frames that wait to be sent to one client, limited in number and bytes. A client that reads too slowly is
//! closed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{mpsc, watch};

use super::hello::MAX_BUFFERED;
use super::wire::Closing;

/// The maximum number of waiting frames.
pub(super) const MAX_FRAMES: usize = 16_384;

/// The sending side; clones send to the same client.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    frames: mpsc::Sender<String>,
    buffered: Arc<AtomicUsize>,
    closing: Arc<watch::Sender<Option<Closing>>>,
}

/// The receiving side, used by the task that writes.
#[derive(Debug)]
pub(super) struct Waiting {
    frames: mpsc::Receiver<String>,
    buffered: Arc<AtomicUsize>,
    /// The close request, which is set once.
    pub(super) closing: watch::Receiver<Option<Closing>>,
}

pub(super) fn channel() -> (Outgoing, Waiting) {
    let (sender, receiver) = mpsc::channel(MAX_FRAMES);
    let (closing, closed) = watch::channel(None);
    let buffered = Arc::new(AtomicUsize::new(0));
    let outgoing = Outgoing { frames: sender, buffered: Arc::clone(&buffered), closing: Arc::new(closing) };
    (outgoing, Waiting { frames: receiver, buffered, closing: closed })
}

impl Outgoing {
    /// Queues a frame, or closes the connection if too much is waiting.
    pub(super) fn send(&self, frame: String) {
        let size = frame.len();
        let buffered = self.buffered.fetch_add(size, Ordering::Relaxed) + size;
        if buffered > MAX_BUFFERED || self.frames.try_send(frame).is_err() {
            self.buffered.fetch_sub(size, Ordering::Relaxed);
            self.close(Closing::new(1008, "slow consumer"));
        }
    }

    /// Closes the connection. The first reason is kept.
    pub(super) fn close(&self, closing: Closing) {
        self.closing.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(closing);
            }
            first
        });
    }

    /// Waits until the connection must be closed.
    pub(super) async fn closed(&self) {
        let mut closing = self.closing.subscribe();
        // The sender is in `self`, so this cannot fail.
        let _: Result<_, watch::error::RecvError> = closing.wait_for(Option::is_some).await.map(|_| ());
    }
}

impl Waiting {
    /// Waits for the next frame. `None` if all senders are dropped.
    pub(super) async fn next(&mut self) -> Option<String> {
        let frame = self.frames.recv().await?;
        self.buffered.fetch_sub(frame.len(), Ordering::Relaxed);
        Some(frame)
    }

    /// Returns a frame that is already queued.
    pub(super) fn ready(&mut self) -> Option<String> {
        let frame = self.frames.try_recv().ok()?;
        self.buffered.fetch_sub(frame.len(), Ordering::Relaxed);
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_is_closed_before_memory_is_full() {
        let (outgoing, mut waiting) = channel();
        let frame = "x".repeat(MAX_BUFFERED / 4);
        for _ in 0..4 {
            outgoing.send(frame.clone());
        }
        assert_eq!(*waiting.closing.borrow(), None);
        waiting.ready().unwrap();
        outgoing.send(frame.clone());
        assert_eq!(*waiting.closing.borrow(), None);
        outgoing.send(frame);
        assert_eq!(*waiting.closing.borrow(), Some(Closing::new(1008, "slow consumer")));
        outgoing.close(Closing::new(1012, "service restart"));
        assert_eq!(waiting.closing.borrow().as_ref().unwrap().code, 1008);
    }

    #[test]
    fn frames_are_counted_too() {
        let (outgoing, waiting) = channel();
        (0..MAX_FRAMES).for_each(|_| outgoing.send(String::new()));
        assert_eq!(*waiting.closing.borrow(), None);
        outgoing.send(String::new());
        assert!(waiting.closing.borrow().is_some());
    }
}
