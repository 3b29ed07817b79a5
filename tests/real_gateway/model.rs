//! A scripted model: chat-completions as an agent's provider streams them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

/// The command that it makes the agent request.
pub(crate) const COMMAND: &str = "ps aux | grep -E \"vllm|openclaw\" | awk '{print $11}' | tail -5";

/// The model's context that a current gateway appends as a user message.
const INTERNAL: &str = "BEGIN_OPENCLAW_INTERNAL_CONTEXT";

/// A model server. To each user message it answers with a call of `COMMAND`; each tool result ends the turn. A user
/// message that names a script starts that script instead.
pub(crate) struct Model {
    pub(crate) port: u16,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    eager: AtomicBool,
    /// How many denials an early gateway reported to it.
    denials: AtomicU64,
    scripts: Mutex<BTreeMap<String, Script>>,
    /// Signals that a script is no longer held.
    released: Condvar,
}

/// Commands that the agent runs one after another in one turn.
#[derive(Debug, Default)]
struct Script {
    commands: Vec<String>,
    directory: String,
    is_held: bool,
    /// The results of the commands so far.
    results: Vec<String>,
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

    /// Adds a script that runs `commands` in `directory`; returns the message that starts it. A script that is held
    /// starts after [`Self::release`].
    pub(crate) fn script(&self, name: &str, commands: Vec<String>, directory: &str, is_held: bool) -> String {
        let script = Script { commands, directory: directory.to_owned(), is_held, results: Vec::new() };
        self.shared.scripts.lock().expect("no panic in the model").insert(name.to_owned(), script);
        format!("please follow script:{name};")
    }

    /// Lets the scripts start that are held.
    pub(crate) fn release(&self) {
        let mut scripts = self.shared.scripts.lock().expect("no panic in the model");
        scripts.values_mut().for_each(|script| script.is_held = false);
        self.shared.released.notify_all();
    }

    /// The results of a script's commands so far.
    pub(crate) fn results(&self, name: &str) -> Vec<String> {
        let scripts = self.shared.scripts.lock().expect("no panic in the model");
        scripts.get(name).map(|script| script.results.clone()).unwrap_or_default()
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
    let last = request["messages"].as_array().and_then(|messages| messages.last());
    let last = last.unwrap_or(&Value::Null);
    let mut tools = request["tools"].as_array().into_iter().flatten();
    let can = tools.any(|tool| tool["function"]["name"] == "exec");
    let eager = shared.eager.load(Ordering::SeqCst);
    if can && let Some((at, name)) = script(request) {
        return scripted(request, shared, at, &name);
    }
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
    if asks && can { call(&json!({ "command": COMMAND })) } else { done() }
}

fn done() -> (Value, &'static str) {
    (json!({ "role": "assistant", "content": "done" }), "stop")
}

fn call(arguments: &Value) -> (Value, &'static str) {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let id = format!("call_{}", CALLS.fetch_add(1, Ordering::Relaxed));
    let function = json!({ "name": "exec", "arguments": arguments.to_string() });
    let call = json!({ "index": 0, "id": id, "type": "function", "function": function });
    (json!({ "role": "assistant", "tool_calls": [call] }), "tool_calls")
}

/// The last script that a user message names, and the place of that message.
fn script(request: &Value) -> Option<(usize, String)> {
    let messages = request["messages"].as_array()?;
    messages.iter().enumerate().rev().filter(|(_, message)| message["role"] == "user").find_map(
        |(at, message)| {
            let text = message["content"].to_string();
            let (_, rest) = text.split_once("script:")?;
            Some((at, rest.split_once(';')?.0.to_owned()))
        },
    )
}

/// The next command of a script that began with the message at `at`.
fn scripted(request: &Value, shared: &Shared, at: usize, name: &str) -> (Value, &'static str) {
    let mut scripts = shared.scripts.lock().expect("no panic in the model");
    while scripts.get(name).is_some_and(|script| script.is_held) {
        scripts = shared.released.wait(scripts).expect("no panic in the model");
    }
    let Some(script) = scripts.get_mut(name) else { return done() };
    let later = request["messages"].as_array().into_iter().flatten().skip(at + 1);
    let (results, others): (Vec<&Value>, Vec<&Value>) = later
        .filter(|message| message["role"] != "assistant" && !message.to_string().contains(INTERNAL))
        .partition(|message| message["role"] == "tool");
    // Another message came after the script, such as the report of a denial.
    if others.iter().any(|message| message["role"] == "user") {
        return done();
    }
    let text = |message: &&Value| match &message["content"] {
        Value::String(text) => text.clone(),
        parts => parts.to_string(),
    };
    script.results = results.iter().map(text).collect();
    match script.commands.get(script.results.len()) {
        Some(command) => call(&json!({ "command": command, "workdir": script.directory })),
        None => done(),
    }
}

fn send(mut stream: &TcpStream, kind: &str, body: &str) -> Option<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).ok()
}
