//! The HTTP server of `--metrics`: metrics for Prometheus, and a health check.
//!
//! Every client gets its answer in a bounded time, whatever the others do: a request head has to arrive within
//! [`Bounds::head`], a connection carries one request, and when there are too many connections the oldest one that has
//! not sent its request yet is closed to make room.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{AbortHandle, abortable};
use futures_util::stream::FuturesUnordered;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};

use crate::commands::Error;
use crate::commands::queue::QueueError;

/// What is served.
pub(in crate::commands) trait Served {
    /// The metrics in the text format that Prometheus reads.
    fn text(&self) -> Result<String, std::fmt::Error>;

    /// Whether all is well, and one line for each target. `period`: how often each is looked at.
    fn health(&self, period: Duration) -> (bool, String);
}

/// Limits of the server.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct Bounds {
    /// How many connections may be open at once.
    connections: usize,
    /// How long a client may take to send its request head.
    head: Duration,
    /// How long a connection may last, its answer included.
    connection: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { connections: 64, head: Duration::from_secs(5), connection: Duration::from_secs(10) }
    }
}

/// How long to wait after a connection could not be accepted: usually too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Binds the address.
pub(in crate::commands) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|cause| QueueError::Metrics { address: address.to_string(), cause }.into())
}

/// Serves until it is dropped. `period_ms`: how often each target is looked at.
pub(in crate::commands) async fn serve(
    listener: Option<TcpListener>,
    metrics: &impl Served,
    period_ms: u64,
    bounds: Bounds,
) {
    let Some(listener) = listener else { return std::future::pending().await };
    let period = Duration::from_millis(period_ms);
    let mut serving = FuturesUnordered::new();
    let mut open = Open::default();
    loop {
        tokio::select! {
            biased;
            // Ended connections come first, so that they do not accumulate. Each ends once.
            Some(number) = serving.next(), if !serving.is_empty() => open.remove(number),
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                if open.len() >= bounds.connections {
                    open.close_one();
                }
                let asked = Rc::new(Cell::new(false));
                let answering = answer(stream, metrics, period, bounds, Rc::clone(&asked));
                let (answering, handle) = abortable(answering);
                let number = open.add(handle, asked);
                serving.push(async move {
                    // An aborted connection is closed like any other.
                    let _ended = answering.await;
                    number
                });
            } else {
                open.close_one();
                tokio::time::sleep(ACCEPT_PAUSE).await;
            },
        }
    }
}

/// The open connections, oldest first.
#[derive(Default)]
struct Open {
    accepted: u64,
    connections: BTreeMap<u64, (AbortHandle, Rc<Cell<bool>>)>,
}

impl Open {
    fn len(&self) -> usize {
        self.connections.len()
    }

    fn add(&mut self, handle: AbortHandle, asked: Rc<Cell<bool>>) -> u64 {
        self.accepted += 1;
        self.connections.insert(self.accepted, (handle, asked));
        self.accepted
    }

    fn remove(&mut self, number: u64) {
        self.connections.remove(&number);
    }

    /// Closes the oldest connection that has not sent its request, or the oldest one where all have.
    fn close_one(&mut self) {
        let idle = self.connections.iter().find(|(_, (_, asked))| !asked.get());
        let number = idle.or_else(|| self.connections.iter().next()).map(|(number, _)| *number);
        if let Some((handle, _)) = number.and_then(|number| self.connections.remove(&number)) {
            handle.abort();
        }
    }
}

async fn answer(
    stream: TcpStream,
    metrics: &impl Served,
    period: Duration,
    bounds: Bounds,
    asked: Rc<Cell<bool>>,
) {
    let service = service_fn(async |request: Request<Incoming>| {
        asked.set(true);
        Ok::<_, Infallible>(respond(&request, metrics, period))
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(bounds.head).max_buf_size(16 * 1024);
    let connection = server.keep_alive(false).serve_connection(TokioIo::new(stream), service);
    // A client that disconnects early or takes too long gets no answer.
    drop(tokio::time::timeout(bounds.connection, connection).await);
}

fn respond(request: &Request<Incoming>, metrics: &impl Served, period: Duration) -> Response<Full<Bytes>> {
    const TEXT: &str = "text/plain; charset=utf-8";
    const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, kind, body) = match (get, request.uri().path()) {
        (true, "/metrics") => match metrics.text() {
            Ok(text) => (StatusCode::OK, OPENMETRICS, text),
            Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, TEXT, error.to_string()),
        },
        (true, "/healthz") => {
            let (well, text) = metrics.health(period);
            (if well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }, TEXT, text)
        }
        (true, _) => (StatusCode::NOT_FOUND, TEXT, "/metrics or /healthz\n".to_owned()),
        (false, _) => (StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET only\n".to_owned()),
    };
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::thread;

    use super::*;

    /// Serves nothing of interest, and all is well.
    struct Nothing;

    impl Served for Nothing {
        fn text(&self) -> Result<String, std::fmt::Error> {
            Ok("# EOF\n".to_owned())
        }

        fn health(&self, _: Duration) -> (bool, String) {
            (true, String::new())
        }
    }

    /// Serves with these bounds until the client is done.
    fn while_serving<T: Send + 'static>(
        bounds: Bounds,
        client: impl FnOnce(SocketAddr) -> T + Send + 'static,
    ) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
            let address = listener.local_addr().unwrap();
            let client = tokio::task::spawn_blocking(move || client(address));
            tokio::select! {
                () = serve(Some(listener), &Nothing, 60_000, bounds) => panic!("it serves for good"),
                done = client => done.unwrap(),
            }
        })
    }

    fn connect(address: SocketAddr) -> TcpStream {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        stream
    }

    /// The answer to a request, or an empty text where the server closed the connection instead.
    fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = connect(address);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn half_open_connections_keep_nobody_waiting() {
        // The timeouts close none of them here.
        let long = Duration::from_mins(10);
        let bounds = Bounds { connections: 8, head: long, connection: long };
        let (health, figures, first, kept) = while_serving(bounds, |address| {
            let halves: Vec<TcpStream> = (0..1_000)
                .map(|_| {
                    let mut half = connect(address);
                    half.write_all(b"GET /healthz HTTP/1.1\r\nHost: ").unwrap();
                    half
                })
                .collect();
            let answers = (get(address, "/healthz"), get(address, "/metrics"));
            // The oldest was closed; the youngest can still ask.
            let first = matches!((&halves[0]).read(&mut [0; 1]), Ok(0) | Err(_));
            let mut last = &halves[999];
            last.write_all(b"x\r\n\r\n").unwrap();
            let mut kept = String::new();
            last.read_to_string(&mut kept).unwrap();
            (answers.0, answers.1, first, kept)
        });
        assert!(health.starts_with("HTTP/1.1 200"), "{health}");
        assert!(figures.ends_with("# EOF\n"), "{figures}");
        assert!(first, "the oldest is still open");
        assert!(kept.starts_with("HTTP/1.1 200"), "{kept}");
    }

    #[test]
    fn a_head_that_comes_byte_by_byte_is_given_up() {
        let long = Duration::from_mins(10);
        let bounds = Bounds { connections: 8, head: Duration::from_millis(50), connection: long };
        while_serving(bounds, |address| {
            let mut stream = connect(address);
            stream.write_all(b"GET /healthz HTTP/1.1\r\nX: ").unwrap();
            let reader = stream.try_clone().unwrap();
            let (sender, ended) = std::sync::mpsc::channel();
            thread::spawn(move || {
                // A timeout answer, or none.
                let mut text = String::new();
                drop((&reader).read_to_string(&mut text));
                sender.send(text).unwrap();
            });
            let text = loop {
                // It fails once the connection is closed, and the reader sees the same.
                drop(stream.write_all(b"x"));
                if let Ok(text) = ended.recv_timeout(Duration::from_millis(5)) {
                    break text;
                }
            };
            assert!(!text.contains("200 OK"), "{text}");
        });
    }

    #[test]
    fn the_oldest_connection_without_a_request_is_closed_first() {
        let mut open = Open::default();
        let handles: Vec<AbortHandle> = [true, false, false, true]
            .into_iter()
            .map(|asked| {
                let (handle, _registration) = AbortHandle::new_pair();
                open.add(handle.clone(), Rc::new(Cell::new(asked)));
                handle
            })
            .collect();
        let mut order = Vec::new();
        while open.len() > 0 {
            open.close_one();
            order.push(handles.iter().map(AbortHandle::is_aborted).collect::<Vec<_>>());
        }
        assert_eq!(
            order,
            [
                [false, true, false, false],
                [false, true, true, false],
                [true, true, true, false],
                [true, true, true, true]
            ]
        );
        open.close_one();
    }
}
