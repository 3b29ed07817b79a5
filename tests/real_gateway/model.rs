//! A scripted model: chat-completions as an agent's provider streams them.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use serde_json::{Value, json};

/// The command that it makes the agent request.
pub(crate) const COMMAND: &str = "ps aux | grep -E \"vllm|openclaw\" | awk '{print $11}' | tail -5";

/// A model server. To each user message it answers with a call of `COMMAND`; each tool result ends the turn.
pub(crate) struct Model {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    eager: AtomicBool,
    /// How many denials an early gateway reported to it.
    denials: AtomicU64,
}

impl Model {
    /// Starts a model that accepts a denial.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared::default());
        let served = Arc::clone(&shared);
        // It runs as long as the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&served);
                // A broken connection is the gateway's problem.
                std::thread::spawn(move || answer(&stream, &shared));
            }
        });
        Self { port, shared }
    }

    /// Whether it retries after each denial.
    pub(crate) fn set_eager(&self, eager: bool) {
        self.shared.eager.store(eager, Ordering::SeqCst);
    }

    /// The number of turns that reported a denial: an early gateway starts one for each.
    pub(crate) fn denials(&self) -> u64 {
        self.shared.denials.load(Ordering::SeqCst)
    }
}

fn answer(stream: &TcpStream, shared: &Shared) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let is_post = line.starts_with("POST");
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    if !is_post {
        return send(
            stream,
            "application/json",
            r#"{"object":"list","data":[{"id":"scripted","object":"model"}]}"#,
        );
    }
    let request: Value = serde_json::from_slice(&body).ok()?;
    let (delta, finish) = reply(&request, shared);
    if request["stream"] != true {
        let choice = json!({ "index": 0, "message": delta, "finish_reason": finish });
        let usage = json!({ "prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2 });
        let mut whole = chunk("chat.completion", &choice);
        whole["usage"] = usage;
        return send(stream, "application/json", &whole.to_string());
    }
    let mut text = String::new();
    for choice in [
        json!({ "index": 0, "delta": delta, "finish_reason": null }),
        json!({ "index": 0, "delta": {}, "finish_reason": finish }),
    ] {
        write!(text, "data: {}\n\n", chunk("chat.completion.chunk", &choice)).expect("a string takes all");
    }
    send(stream, "text/event-stream", &(text + "data: [DONE]\n\n"))
}

fn chunk(object: &str, choice: &Value) -> Value {
    json!({ "id": "c", "object": object, "created": 1, "model": "scripted", "choices": [choice] })
}

/// The model's reply to a conversation, and its finish reason.
fn reply(request: &Value, shared: &Shared) -> (Value, &'static str) {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let last = request["messages"].as_array().and_then(|messages| messages.last());
    let last = last.unwrap_or(&Value::Null);
    let mut tools = request["tools"].as_array().into_iter().flatten();
    let can = tools.any(|tool| tool["function"]["name"] == "exec");
    let eager = shared.eager.load(Ordering::SeqCst);
    let text = last.to_string();
    let asks = match last["role"].as_str() {
        Some("user") => {
            let denied = text.contains("did not run");
            if can && denied {
                shared.denials.fetch_add(1, Ordering::SeqCst);
            }
            eager || !denied
        }
        // A current gateway reports it in the tool result.
        Some("tool") => eager && text.contains("denied"),
        _ => false,
    };
    if asks && can {
        let id = format!("call_{}", CALLS.fetch_add(1, Ordering::Relaxed));
        let arguments = json!({ "command": COMMAND }).to_string();
        let function = json!({ "name": "exec", "arguments": arguments });
        let call = json!({ "index": 0, "id": id, "type": "function", "function": function });
        (json!({ "role": "assistant", "tool_calls": [call] }), "tool_calls")
    } else {
        (json!({ "role": "assistant", "content": "done" }), "stop")
    }
}

fn send(mut stream: &TcpStream, kind: &str, body: &str) -> Option<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).ok()
}
