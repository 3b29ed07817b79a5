//! Shared by the commands on gateways: the choice of the gateway, the connection, and their runtime.

pub mod add;
pub mod advice;
pub mod dev;
mod fault;
mod gather;
mod progress;
pub mod status;

use std::time::Duration;

use data_encoding::HEXLOWER;
use secrecy::SecretString;
use sha2::{Digest, Sha256};

pub use self::fault::Fault;
pub(super) use self::gather::AnyCall;
pub use self::progress::observer;

use super::Error;
use super::runtime::Runtime;
use crate::deadline::Deadline;
use crate::embedded;
use crate::gateway::api;
use crate::gateway::error::GatewayError;
use crate::gateway::target::{Credential, Target, Trust};
use crate::gateway::{Access, Capabilities, Clock, ConnectOptions, Events, Keyring, Link, Progress, Session};
use crate::queue::Slots;
use crate::report::gateway::{Chosen, CredentialKind};
use crate::settings::{self, Environment, Flags, Warnings};
use crate::store::input::InputError;
use crate::store::json_file::{JsonFile, LockedJsonFile};
use crate::store::{StoreError, private_directory};

/// The reserved name of the embedded gateway.
const EMBEDDED: &str = "embedded";

/// Timeout of refining calls after all other calls are answered.
const PATIENCE: Duration = Duration::from_secs(3);

/// Grace period after a deadline, in which work can return its own timeout error.
const REPORTING: Duration = Duration::from_millis(200);

/// Runs a command without questions, on its own runtime.
pub fn run<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    Runtime::new()?.run(work)
}

/// Runs work that may block, such as reading a slow file, in a separate thread, so that other gateways do not wait for
/// it.
pub(super) async fn beside<T: Send + 'static>(
    deadline: Deadline,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let left = deadline.left().unwrap_or_default();
    // Work with its own deadline returns a more precise error.
    let Ok(done) = tokio::time::timeout(left + REPORTING, tokio::task::spawn_blocking(work)).await else {
        let name = "a file of the configuration".to_owned();
        return Err(InputError::TimedOut { name, timeout: deadline.timeout() }.into());
    };
    match done {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => Err(Error::Runtime(std::io::Error::other(error))),
        },
    }
}

/// Whether the flags choose the embedded gateway.
pub(super) fn is_rehearsal(flags: &Flags) -> bool {
    flags.gateway.as_deref() == Some(EMBEDDED)
}

/// Starts the embedded gateway. Its port and token lead other connections of the command to it.
pub(super) async fn rehearsal() -> Result<(embedded::Running, (u16, SecretString)), Error> {
    let token = SecretString::from(uuid::Uuid::new_v4().to_string());
    let running = embedded::start(embedded::Options {
        port: 0,
        generation: embedded::Generation::Current,
        token: token.clone(),
        tls: false,
        coalesce: true,
        lists_run_ids: true,
        cancel_on_failover: true,
        scenario: embedded::scenario::Scenario::cascade(),
    })
    .await
    .map_err(Error::Embedded)?;
    let port = running.port();
    Ok((running, (port, token)))
}

/// Waits for a deadline, if there is one.
pub(super) async fn passed(end: Option<Deadline>) {
    match end {
        Some(end) => tokio::time::sleep(end.left().unwrap_or_default()).await,
        None => std::future::pending().await,
    }
}

/// A chosen gateway, before connecting.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) target: Target,
    pub(super) keyring: Keyring,
    pub(super) chosen: Chosen,
    embedded: Option<embedded::Running>,
    /// The next step if the gateway rejects the credential.
    correction: &'static str,
    warnings: Warnings,
}

impl Choice {
    /// Chooses the gateway. The embedded gateway is started if it is chosen.
    pub(super) async fn of(flags: &Flags, deadline: Deadline) -> Result<Self, Error> {
        if is_rehearsal(flags) {
            return Self::embedded(flags).await;
        }
        let wanted = flags.clone();
        let (resolved, directory) = beside(deadline, move || {
            let environment = Environment::of_process();
            let resolved = settings::resolve(&wanted, &environment, deadline)?;
            Ok((resolved, settings::state_directory(&environment)?.join("devices")))
        })
        .await?;
        for warning in resolved.warnings {
            flags.warnings.give(warning);
        }
        let target = resolved.target;
        let chosen = Chosen {
            address: target.address.to_string(),
            address_from: resolved.address_from.to_string(),
            name: resolved.name,
            credential: kind(&target.credential),
            credential_from: resolved.credential_from.to_string(),
            trust: target.address.is_encrypted().then(|| trusted(&target.trust, &resolved.trust_from)),
            notes: resolved.notes,
        };
        let choice = Self {
            target,
            keyring: Keyring::Directory(directory),
            chosen,
            embedded: None,
            correction: resolved.credential_from.correction(),
            warnings: flags.warnings.clone(),
        };
        choice.report();
        Ok(choice)
    }

    /// Reports the choice and its sources to the observer.
    fn report(&self) {
        let Chosen { address_from, name, credential, credential_from, trust, notes, .. } = &self.chosen;
        let named = name.as_ref().map_or_else(String::new, |name| format!(", the gateway {name}"));
        let mut lines = vec![format!("address from {address_from}{named}")];
        lines.push(match *credential {
            CredentialKind::None => format!("no credential ({credential_from})"),
            CredentialKind::Token | CredentialKind::Password => {
                format!("{} from {credential_from}", credential.as_str())
            }
        });
        lines.extend(trust.iter().map(|trust| format!("trusted: {trust}")));
        if let Keyring::Directory(directory) = &self.keyring
            && !self.target.address.is_http()
        {
            lines.push(format!("device keys in {}", directory.display()));
        }
        lines.extend(notes.iter().map(|note| format!("note: {note}")));
        for line in lines {
            self.target.options.observer.notify(&self.target.address, Progress::Choice(&line));
        }
    }

    async fn embedded(flags: &Flags) -> Result<Self, Error> {
        let (running, (port, token)) = if let Some(running) = &flags.rehearsal {
            (None, running.clone())
        } else {
            let (running, at) = rehearsal().await?;
            (Some(running), at)
        };
        let observer = flags.observer.clone();
        let address = crate::gateway::target::Address::loopback(port, false);
        let chosen = Chosen {
            address: EMBEDDED.to_owned(),
            address_from: "--gateway".to_owned(),
            name: None,
            credential: CredentialKind::Token,
            credential_from: "this process".to_owned(),
            trust: None,
            notes: vec!["a gateway inside this process, for rehearsals: all its data is made up".to_owned()],
        };
        let credential = Credential::Token(token);
        let options = ConnectOptions { observer, ..ConnectOptions::default() };
        let target =
            Target { address, credential, trust: Trust::Platform, plaintext_allowed: false, options };
        let choice = Self {
            target,
            keyring: Keyring::Ephemeral,
            chosen,
            embedded: running,
            correction: "",
            warnings: Warnings::default(),
        };
        choice.report();
        Ok(choice)
    }

    /// Connects. Warns if the gateway rejects the credential and accepts this device's saved token: otherwise the wrong
    /// credential stays unnoticed until the device is removed.
    async fn connect(
        &self,
        access: Access,
        deadline: Deadline,
    ) -> Result<(Link, Option<Events>), GatewayError> {
        let opened = Link::open(&self.target, access, &self.keyring, deadline).await?;
        if opened.0.hello().is_some_and(|hello| hello.credential_rejected) {
            self.warnings.give(format!(
                "The gateway rejected {}; connected with this device's saved token instead. {}",
                self.chosen.credential_from, self.correction
            ));
        }
        Ok(opened)
    }

    pub(super) fn fault(&self, error: GatewayError) -> Error {
        Error::Gateway(Box::new(Fault { chosen: self.chosen.clone(), error }))
    }
}

fn kind(credential: &Credential) -> CredentialKind {
    match credential {
        Credential::None => CredentialKind::None,
        Credential::Token(_) => CredentialKind::Token,
        Credential::Password(_) => CredentialKind::Password,
    }
}

fn trusted(trust: &Trust, from: &settings::Origin) -> String {
    match trust {
        Trust::Platform => "the platform's roots".to_owned(),
        Trust::Roots(path) => format!("the authorities in {} ({from})", path.display()),
        Trust::Pin(fingerprint) => format!("the certificate {fingerprint} ({from})"),
    }
}

/// An authenticated connection to a gateway.
#[derive(Debug)]
pub(super) struct Connection {
    choice: Choice,
    link: Link,
    events: Option<Events>,
    access: Access,
    deadline: Deadline,
    /// Timeout of refining calls after all other calls are answered.
    patience: Duration,
}

impl Connection {
    /// Chooses and connects.
    pub(super) async fn open(flags: &Flags, access: Access, deadline: Deadline) -> Result<Self, Error> {
        let choice = Choice::of(flags, deadline).await?;
        match choice.connect(access, deadline).await {
            Ok((link, events)) => Ok(Self { choice, link, events, access, deadline, patience: PATIENCE }),
            Err(error) => Err(choice.fault(error)),
        }
    }

    /// The address, for messages.
    pub(super) fn address(&self) -> &str {
        &self.choice.chosen.address
    }

    /// The gateway's name in config.toml, if it was chosen by name.
    pub(super) fn name(&self) -> Option<&str> {
        self.choice.chosen.name.as_deref()
    }

    /// Whether it is the gateway to rehearse with.
    pub(super) fn is_rehearsal(&self) -> bool {
        self.choice.chosen.address == EMBEDDED
    }

    /// Shows a warning immediately, once.
    pub(super) fn warn(&self, text: String) {
        self.choice.warnings.give(text);
    }

    /// Whether the gateway lists a method.
    pub(super) fn offers(&self, method: api::Method) -> bool {
        let methods = self.link.hello().map(|hello| &hello.features.methods);
        methods.is_some_and(|methods| methods.iter().any(|listed| listed == method.as_str()))
    }

    /// Whether a process of this host is the gateway.
    pub(super) fn is_here(&self) -> bool {
        self.choice.chosen.address != EMBEDDED
            && settings::runs_here(&Environment::of_process(), &self.choice.target.address)
    }

    /// The gateway's release, if it reported one.
    pub(super) fn version(&self) -> Option<&str> {
        self.link.hello().map(|hello| hello.server.version.as_str()).filter(|version| !version.is_empty())
    }

    /// The capabilities of the gateway's release, as far as it reports them. `prompt_with_run`: whether any of its
    /// prompts named its run.
    pub(super) fn capabilities(&self, prompt_with_run: bool) -> Capabilities {
        Capabilities::of(self.link.hello(), prompt_with_run)
    }

    /// Whether a scope was requested and not granted.
    pub(super) fn lacks(&self, scope: &str) -> bool {
        self.link.hello().is_some_and(|hello| !hello.auth.scopes.iter().any(|granted| granted == scope))
    }

    /// When prompts may be denied. Every process must come to the same answer, so it depends on the protocol alone;
    /// `None` where the gateway is inside this process, and no other process can reach it.
    pub(super) fn slots(&self) -> Option<Slots> {
        let legacy = self.capabilities(false).legacy_protocol;
        (self.choice.chosen.address != EMBEDDED).then(|| Slots::of(legacy))
    }

    /// The gateway's clock.
    pub(super) fn clock(&self) -> Clock {
        self.link.hello().map_or_else(Clock::default, |hello| hello.clock)
    }

    /// The session, for concurrent calls. The admin endpoint has none.
    pub(super) fn session(&self) -> Option<&Session> {
        self.link.session()
    }

    /// Takes the events since the connection was made, if events were requested. They can be taken once.
    pub(super) fn take_events(&mut self) -> Option<Events> {
        self.events.take()
    }

    /// Returns the events, so that they can be taken again.
    pub(super) fn give_events(&mut self, events: Option<Events>) {
        self.events = events;
    }

    /// Waits until no other purge of this user is running at the gateway. Two purges with different rules would keep
    /// different prompts, and together deny all of them. The other purge may be in this process, under another name of
    /// the gateway.
    pub(super) async fn alone(&self) -> Result<Option<LockedJsonFile>, Error> {
        let Keyring::Directory(devices) = &self.choice.keyring else { return Ok(None) };
        let directory = devices.with_file_name("purges");
        let name = HEXLOWER.encode(&Sha256::digest(self.choice.target.address.to_string())[..16]);
        let deadline = self.deadline;
        beside(deadline, move || {
            private_directory(&directory)
                .map_err(|cause| StoreError::Write { path: directory.clone(), cause })?;
            Ok(Some(JsonFile::at(directory.join(name)).lock(deadline)?))
        })
        .await
    }

    /// The deadline of the command.
    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Sets another deadline, for a command that continues.
    pub(super) fn extend(&mut self, deadline: Deadline) {
        self.deadline = deadline;
    }

    /// Connects again after the connection was lost.
    pub(super) async fn reopen(&mut self) -> Result<(), Error> {
        match self.choice.connect(self.access, self.deadline).await {
            Ok((link, events)) => {
                (self.link, self.events) = (link, events);
                Ok(())
            }
            Err(error) => Err(self.choice.fault(error)),
        }
    }

    /// Makes a call that changes nothing.
    pub(super) async fn read<C: api::Call>(&mut self, call: &C) -> Result<C::Answer, Error> {
        self.link.call(call, self.deadline).await.map_err(|error| self.choice.fault(error))
    }

    /// Makes a call that changes something. The error is the gateway's own, so that the caller can distinguish its
    /// kinds.
    pub(super) async fn write<C: api::Call>(&mut self, call: &C) -> Result<C::Answer, GatewayError> {
        self.link.call(call, self.deadline).await
    }

    /// The error of a call, with the gateway.
    pub(super) fn fault(&self, error: GatewayError) -> Error {
        self.choice.fault(error)
    }

    /// Closes the connection with a close frame.
    pub(super) async fn close(self) {
        self.link.close(self.deadline).await;
        if let Some(embedded) = self.choice.embedded {
            embedded.stop().await;
        }
    }
}
