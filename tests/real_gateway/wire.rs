//! Runs of clearance whose frames are recorded, and saved if the tests record transcripts.

use std::thread::JoinHandle;

use serde_json::Value;

use crate::gateway::Gateway;
use crate::proxy::{Options, Proxy};
use crate::tool::{Ran, Tool};
use crate::transcript::{self, Scene};

/// A command to run through a relay, as a user that is new to the gateway.
pub(crate) struct Wire<'w> {
    gateway: &'w Gateway,
    name: &'w str,
    arguments: &'w [&'w str],
    credential: &'w str,
    input: Option<&'w Value>,
    tool: Option<&'w Tool>,
    proxy: Option<&'w Proxy>,
    options: Options,
}

/// A running command.
pub(crate) struct Started<'w> {
    wire: Wire<'w>,
    own_tool: Option<Tool>,
    own_proxy: Option<Proxy>,
    run: JoinHandle<Ran>,
    /// The number of frames before it started.
    passed: usize,
}

impl<'w> Wire<'w> {
    /// A command with the right token, under the name of its transcript.
    pub(crate) fn new(gateway: &'w Gateway, name: &'w str, arguments: &'w [&'w str]) -> Self {
        let (credential, options) = ("token", Options::default());
        Self { gateway, name, arguments, credential, input: None, tool: None, proxy: None, options }
    }

    /// With another credential: `wrong` or `none`.
    pub(crate) fn credential(self, credential: &'w str) -> Self {
        Self { credential, ..self }
    }

    /// With a document to set.
    pub(crate) fn document(self, input: &'w Value) -> Self {
        Self { input: Some(input), ..self }
    }

    /// Holds the calls of this method in the relay.
    pub(crate) fn holding(self, method: &'static str) -> Self {
        Self { options: Options { hold: Some(method), ..self.options }, ..self }
    }

    /// Runs as a user that has connected before, through the same relay.
    pub(crate) fn again(self, tool: &'w Tool, proxy: &'w Proxy) -> Self {
        Self { tool: Some(tool), proxy: Some(proxy), ..self }
    }

    /// Runs it and waits for its end.
    pub(crate) fn run(self) -> Ran {
        self.start().end()
    }

    /// Starts it.
    pub(crate) fn start(self) -> Started<'w> {
        let own_tool = self.tool.is_none().then(Tool::new);
        let own_proxy = self.proxy.is_none().then(|| Proxy::to(self.gateway.address(), self.options));
        let passed = self.proxy.map_or(0, |proxy| proxy.passed().len());
        let run = {
            let tool = self.tool.or(own_tool.as_ref()).expect("a user");
            let proxy = self.proxy.or(own_proxy.as_ref()).expect("a relay");
            let mut arguments: Vec<String> = self.arguments.iter().map(|&a| a.to_owned()).collect();
            arguments.push(format!("--gateway={}", proxy.url()));
            match self.credential {
                "token" => arguments.extend(["--token-file".to_owned(), tool.secret()]),
                "wrong" => arguments.extend(["--token-file".to_owned(), tool.wrong()]),
                _ => {}
            }
            if let Some(input) = self.input {
                arguments.extend(["--file".to_owned(), tool.document(input)]);
            }
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            tool.start(&arguments)
        };
        Started { wire: self, own_tool, own_proxy, run, passed }
    }
}

impl Started<'_> {
    /// The relay.
    pub(crate) fn proxy(&self) -> &Proxy {
        self.wire.proxy.or(self.own_proxy.as_ref()).expect("a relay")
    }

    /// Waits for its end, and saves the frames.
    pub(crate) fn end(self) -> Ran {
        let Self { wire, own_tool, own_proxy, run, passed } = self;
        let ran = wire.tool.or(own_tool.as_ref()).expect("a user").join(run);
        let proxy = wire.proxy.or(own_proxy.as_ref()).expect("a relay");
        proxy.wait_until_quiet();
        if transcript::is_recording() && !wire.name.is_empty() {
            let Wire { name, arguments, credential, input, .. } = wire;
            let scene = Scene { name, arguments, credential, input, exit: ran.code };
            transcript::write(wire.gateway, &scene, &proxy.passed()[passed..]);
        }
        ran
    }
}
