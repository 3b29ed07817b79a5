//! A stream that gives so many bytes and no more until it is allowed to: who has not been let in yet may not fill
//! the memory.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A stream of which so much may be read.
#[derive(Debug)]
pub(super) struct Gauged<S> {
    inner: S,
    left: Arc<AtomicUsize>,
}

/// The end of the limit.
#[derive(Debug)]
pub(super) struct Allowance(Arc<AtomicUsize>);

impl Allowance {
    /// From now on everything may be read.
    pub(super) fn lift(&self) {
        self.0.store(usize::MAX, Ordering::Relaxed);
    }
}

impl<S> Gauged<S> {
    pub(super) fn new(inner: S, bytes: usize) -> (Self, Allowance) {
        let left = Arc::new(AtomicUsize::new(bytes));
        (Self { inner, left: Arc::clone(&left) }, Allowance(left))
    }

    /// The stream without the limit.
    pub(super) fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gauged<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let left = self.left.load(Ordering::Relaxed);
        if left == usize::MAX {
            return Pin::new(&mut self.inner).poll_read(context, buffer);
        }
        if left == 0 {
            return Poll::Ready(Err(io::ErrorKind::FileTooLarge.into()));
        }
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(left.min(buffer.remaining())));
        let polled = Pin::new(&mut self.inner).poll_read(context, &mut part);
        let read = part.filled().len();
        buffer.advance(read);
        self.left.store(left - read, Ordering::Relaxed);
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gauged<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
