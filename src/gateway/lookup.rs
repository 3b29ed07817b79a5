//! Records which name is being looked up, so that an error can say that the DNS server did not answer, and not the gateway.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::Name;
use reqwest::dns::{Addrs, Resolve, Resolving};
use tower_service::Service;

use super::error::Step;

/// A resolver of names.
pub(super) trait NameService:
    Service<Name, Error = io::Error, Response: Addresses, Future: Send + 'static> + Clone + Send + Sync + 'static
{
}

impl<S> NameService for S where
    S: Service<Name, Error = io::Error, Response: Addresses, Future: Send + 'static>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// The addresses of a name.
pub(super) trait Addresses: Iterator<Item = SocketAddr> + Send + 'static {}

impl<I: Iterator<Item = SocketAddr> + Send + 'static> Addresses for I {}

/// The name that is being looked up, if any; one at a time. A lookup that is abandoned at a deadline stays recorded: the
/// error is made after that.
#[derive(Debug, Clone, Default)]
pub(super) struct Lookup(Arc<Mutex<Option<String>>>);

impl Lookup {
    fn name(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets an abandoned lookup, before another call.
    pub(super) fn clear(&self) {
        *self.name() = None;
    }

    /// The step to report while no connection is made.
    pub(super) fn step(&self) -> Step {
        self.name().clone().map_or(Step::Connecting, Step::LookingUp)
    }
}

/// A resolver that records which name it looks up.
#[derive(Clone)]
pub(super) struct Watched<R> {
    resolver: R,
    lookup: Lookup,
}

impl<R> Watched<R> {
    pub(super) const fn new(resolver: R, lookup: Lookup) -> Self {
        Self { resolver, lookup }
    }
}

impl<R: NameService> Service<Name> for Watched<R> {
    type Response = R::Response;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<R::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.resolver.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        *self.lookup.name() = Some(name.as_str().to_owned());
        let (found, lookup) = (self.resolver.call(name), self.lookup.clone());
        Box::pin(async move {
            let found = found.await;
            lookup.clear();
            found
        })
    }
}

/// The same resolver for reqwest.
impl<R: NameService> Resolve for Watched<R> {
    fn resolve(&self, name: reqwest::dns::Name) -> Resolving {
        let mut watched = self.clone();
        Box::pin(async move {
            let name = Name::from_str(name.as_str())?;
            std::future::poll_fn(|context| watched.poll_ready(context)).await?;
            let addresses: Addrs = Box::new(watched.call(name).await?);
            Ok(addresses)
        })
    }
}

/// A DNS server that never answers.
#[cfg(test)]
#[derive(Clone)]
pub(super) struct Silent;

#[cfg(test)]
impl Service<Name> for Silent {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = std::future::Pending<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Name) -> Self::Future {
        std::future::pending()
    }
}
