//! One connection of a fake gateway: its steps, one after another.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role};
use tungstenite::{Message, WebSocket};

use super::stream::Stream;
use super::{Heard, Stage, Step, frames};

/// The state of the connection.
enum Wire {
    Plain(Stream),
    Socket(Box<WebSocket<Stream>>),
}

struct Player<'s> {
    wire: Wire,
    stage: &'s Stage,
    /// The ids of the received requests, `connect` first.
    ids: Vec<String>,
    challenge: Value,
    /// The document that was set last.
    set: Option<Value>,
    /// Whether it has sent its close frame: the client may have sent later frames before it received that.
    closed: bool,
}

pub fn play(stream: TcpStream, steps: Vec<Step>, stage: &Stage) -> Result<(), String> {
    let stream = Stream::accepted(stream).map_err(|error| error.to_string())?;
    let wire = Wire::Plain(stream);
    let mut player =
        Player { wire, stage, ids: Vec::new(), challenge: Value::Null, set: None, closed: false };
    for (at, step) in steps.into_iter().enumerate() {
        let name = format!("step {}, {}", at + 1, named(&step));
        match player.step(step).map_err(|error| format!("{name}: {error}"))? {
            Some(next) => player = next,
            None => return Ok(()),
        }
    }
    player.end()
}

fn named(step: &Step) -> String {
    match step {
        Step::Connect(_) => "connect".to_owned(),
        Step::Call(method) => format!("call of {method}"),
        Step::Request(start) => format!("request {start}"),
        Step::Rpc(method, _) => format!("RPC {method}"),
        Step::Upgrade | Step::SlowUpgrade => "upgrade".to_owned(),
        Step::Tls(_) | Step::TlsRefused(_) => "TLS".to_owned(),
        _ => "sending".to_owned(),
    }
}

impl Player<'_> {
    /// Plays a step. `None`: the connection is over.
    fn step(mut self, step: Step) -> Result<Option<Self>, String> {
        match step {
            Step::Something => {
                let read = self.stream().read(&mut [0; 4096]).map_err(text)?;
                if read == 0 {
                    return Err("the client sent nothing".to_owned());
                }
            }
            Step::Request(start) => self.request(start)?,
            Step::Rpc(method, credential) => self.rpc(method, credential)?,
            Step::Bytes(bytes) => {
                // A client that has read enough may leave while the fake is still sending.
                drop(self.stream().write_all(&bytes).and_then(|()| self.stream().flush()));
            }
            Step::Drip(bytes) => {
                for byte in bytes {
                    self.stream().write_all(&[byte]).and_then(|()| self.stream().flush()).map_err(text)?;
                }
            }
            Step::Flood(bytes) => {
                while self.stream().write_all(&bytes).is_ok() {}
                return Ok(None);
            }
            Step::Tls(config) => {
                let Wire::Plain(stream) = self.wire else { return Err("TLS in a WebSocket".to_owned()) };
                self.wire = Wire::Plain(stream.secured(config)?);
            }
            Step::TlsRefused(config) => {
                let Wire::Plain(stream) = self.wire else { return Err("TLS in a WebSocket".to_owned()) };
                return match stream.secured(config) {
                    Err(_) => Ok(None),
                    // With TLS 1.3, the client rejects the certificate after the server's last handshake message.
                    Ok(mut stream) => match stream.read(&mut [0; 1]) {
                        Ok(1..) => Err("the client spoke to a server it must not trust".to_owned()),
                        _ => Ok(None),
                    },
                };
            }
            Step::Upgrade => {
                let Wire::Plain(stream) = self.wire else { return Err("two upgrades".to_owned()) };
                let socket = tungstenite::accept(stream).map_err(text)?;
                self.wire = Wire::Socket(Box::new(socket));
            }
            Step::SlowUpgrade => self = self.slow_upgrade()?,
            Step::Challenge(payload) => {
                self.challenge.clone_from(&payload);
                self.say(&json!({ "type": "event", "event": "connect.challenge", "payload": payload }))?;
            }
            Step::Connect(auth) => {
                let params = self.hear("connect")?;
                frames::check_connect(&params, &self.challenge, &auth)?;
                self.stage.heard.lock().unwrap().push(Heard::Connect(params));
            }
            Step::Call(method) => {
                let params = self.hear(method)?;
                if let Some(file) = params.get("file") {
                    self.set = Some(file.clone());
                }
                self.stage.heard.lock().unwrap().push(Heard::Call(method.to_owned()));
            }
            Step::Answer(payload) => self.answer(self.ids.len().wrapping_sub(1), &payload)?,
            Step::AnswerTo(at, payload) => self.answer(at, &payload)?,
            Step::Fail(error) => {
                let id = self.ids.last().ok_or("nothing to answer")?.clone();
                self.say(&json!({ "type": "res", "id": id, "ok": false, "error": error }))?;
            }
            Step::ReadBack => {
                let file = self.set.clone().ok_or("nothing was set")?;
                self.answer(self.ids.len() - 1, &frames::holding(&file))?;
            }
            Step::Text(text) => {
                let id = self.ids.last().map_or("", String::as_str);
                let text = text.replace("{id}", id);
                self.send(Message::text(text))?;
            }
            Step::Close(code, reason) => {
                let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
                self.send(Message::Close(Some(frame)))?;
                self.closed = true;
            }
            Step::Meet(meeting) => meeting.arrive(),
            Step::Drop => return Ok(None),
            Step::Reset => {
                self.into_stream().reset().map_err(text)?;
                return Ok(None);
            }
            Step::Stall => {
                self.stage.wait_for_the_end();
                return Ok(None);
            }
            Step::Idle => return self.end().map(|()| None),
        }
        Ok(Some(self))
    }

    fn slow_upgrade(mut self) -> Result<Self, String> {
        self.request("GET / HTTP/1.1\r\n")?;
        let last = self.stage.heard.lock().unwrap().pop();
        let Some(Heard::Request(head, _)) = last else { return Err("no request".to_owned()) };
        let key = header(&head, "sec-websocket-key").ok_or("no key")?;
        let accept = tungstenite::handshake::derive_accept_key(key.as_bytes());
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        // tungstenite rejects more than 64 small packets in a row as an attack.
        for chunk in answer.as_bytes().chunks(answer.len().div_ceil(60)) {
            self.stream().write_all(chunk).map_err(text)?;
        }
        let Wire::Plain(stream) = self.wire else { return Err("two upgrades".to_owned()) };
        let socket = WebSocket::from_raw_socket(stream, Role::Server, None);
        self.wire = Wire::Socket(Box::new(socket));
        Ok(self)
    }

    fn stream(&mut self) -> &mut Stream {
        match &mut self.wire {
            Wire::Plain(stream) => stream,
            Wire::Socket(socket) => socket.get_mut(),
        }
    }

    fn into_stream(self) -> Stream {
        match self.wire {
            Wire::Plain(stream) => stream,
            Wire::Socket(socket) => socket.into_inner(),
        }
    }

    fn socket(&mut self) -> Result<&mut WebSocket<Stream>, String> {
        match &mut self.wire {
            Wire::Socket(socket) => Ok(socket),
            Wire::Plain(_) => Err("no WebSocket yet".to_owned()),
        }
    }

    fn send(&mut self, message: Message) -> Result<(), String> {
        // The client may have stopped reading.
        drop(self.socket()?.send(message));
        Ok(())
    }

    fn say(&mut self, frame: &Value) -> Result<(), String> {
        self.send(Message::text(frame.to_string()))
    }

    fn answer(&mut self, at: usize, payload: &Value) -> Result<(), String> {
        let id = self.ids.get(at).ok_or("nothing to answer")?.clone();
        self.say(&json!({ "type": "res", "id": id, "ok": true, "payload": payload }))
    }

    /// Receives a request for this method, and returns its parameters.
    fn hear(&mut self, method: &str) -> Result<Value, String> {
        let socket = self.socket()?;
        let frame = loop {
            match socket.read().map_err(text)? {
                Message::Text(text) => break text,
                Message::Ping(_) | Message::Pong(_) => {}
                other => return Err(format!("heard {other:?}")),
            }
        };
        let mut frame: Value = serde_json::from_str(&frame).map_err(text)?;
        if frame["type"] != "req" || frame["method"] != method {
            return Err(format!("heard {frame}"));
        }
        let id = frame["id"].as_str().ok_or("an id that is not text")?.to_owned();
        if id.is_empty() || self.ids.contains(&id) {
            return Err(format!("the id {id:?} is not new"));
        }
        self.ids.push(id);
        Ok(frame["params"].take())
    }

    fn request(&mut self, start: &str) -> Result<(), String> {
        let stream = self.stream();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).map_err(text)?;
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).map_err(text)?;
        if !head.starts_with(start) {
            return Err(format!("heard {head:?}"));
        }
        let length = header(&head, "content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).map_err(text)?;
        self.stage.heard.lock().unwrap().push(Heard::Request(head, body));
        Ok(())
    }

    fn rpc(&mut self, method: &str, credential: Option<&str>) -> Result<(), String> {
        self.request("POST /api/v1/admin/rpc HTTP/1.1\r\n")?;
        let all = self.stage.heard.lock().unwrap();
        let Some(Heard::Request(head, body)) = all.last() else { return Err("nothing".to_owned()) };
        let wanted = credential.map(|credential| format!("Bearer {credential}"));
        if header(head, "authorization") != wanted.as_deref() {
            return Err(format!("another credential than {wanted:?} in {head:?}"));
        }
        let call: Value = serde_json::from_slice(body).map_err(text)?;
        if call["method"] == method { Ok(()) } else { Err(format!("heard {call}")) }
    }

    /// Receives the client's close frame, and nothing else.
    fn end(mut self) -> Result<(), String> {
        if let Wire::Socket(socket) = &mut self.wire {
            loop {
                match socket.read() {
                    Ok(Message::Text(text)) if !self.closed => {
                        return Err(format!("heard {text} after the last step"));
                    }
                    Ok(_) => {}
                    Err(_) => return Ok(()),
                }
            }
        }
        let rest = self.into_stream().end();
        if rest.starts_with(b"POST") || rest.starts_with(b"GET") {
            return Err(format!("heard {:?} after the last step", String::from_utf8_lossy(&rest)));
        }
        Ok(())
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
