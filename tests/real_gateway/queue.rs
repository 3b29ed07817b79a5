//! The queue and the runs of both generations: prompts that a client requests, and prompts of an agent's own runs.

use std::collections::BTreeMap;
use std::time::Duration;

use clearance::internals::Deadline;
use serde_json::{Value, json};

use crate::checks::Checks;
use crate::client::{Client, Device, OPERATOR, Who};
use crate::gateway::{Gateway, Setup};
use crate::model::{COMMAND, Model};
use crate::proxy::{Options, Proxy, What};
use crate::tool::{Ran, Tool};

pub(crate) const LEGACY: &str = "2026.4.14";
/// Protocol 4, with prompts that do not name their run.
pub(crate) const MIDDLE: &str = "2026.7.1";
pub(crate) const CURRENT: &str = "2026.9.6";

/// The first run of an early gateway may take a minute to begin.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// The time after which an early gateway reports a denial to the agent in a new turn, in which the model retries.
const FOLLOW_UP: Duration = Duration::from_secs(3);

#[test]
fn queue_on_2026_4_14() {
    let lab = Lab::start(LEGACY);
    let mut checks = Checks::of(LEGACY);
    crate::ids::chosen(&mut checks, &lab);
    sixty(&mut checks, &lab);
    checks.check("a run is cancelled by its session", || {
        let held = lab.run("agent:main:cancel");
        let id = held["id"].as_str().expect("an id");
        let row = lab.row("agent:main:cancel", None);
        assert_eq!(row["approvals"], json!([id]), "{row}");
        lab.refuses_without_yes(&["--session", "agent:main:cancel"]);
        let ran = lab.cancel(&["--session", "agent:main:cancel"]).exits(0);
        assert_eq!(ran.json()["denied"], json!([id]), "{ran:#?}");
        // This release may tell the agent of the denial in one more turn, which asks for nothing.
        lab.settles("agent:main:cancel");
        assert_eq!(lab.pending("agent:main:cancel"), Vec::<Value>::new());
    });
    checks.check("a run by its id alone is refused", || {
        lab.run("agent:main:by-id");
        let run = lab.last_run.borrow().clone();
        lab.cancel(&[&run]).exits(2).says(&["--session"]);
        assert_eq!(lab.pending("agent:main:by-id").len(), 1);
        lab.cancel(&["--session", "agent:main:by-id"]).exits(0);
    });
    lab.model.set_eager(true);
    checks.check("an agent that asks again is denied up to the limit", || settled(&lab));
    checks.check("a cancelled run that asks again is reported", || {
        let first = lab.run("agent:main:stubborn");
        let ran = lab.cancel(&["--session", "agent:main:stubborn"]).exits(3);
        let report = ran.json();
        assert_eq!(report["denied"], json!([first["id"]]), "{ran:#?}");
        let left = lab.pending("agent:main:stubborn");
        assert_eq!(left.len(), 1, "{left:?}");
        assert_eq!(report["left"][0]["id"], left[0]["id"], "{ran:#?}");
    });
    lab.model.set_eager(false);
    restarted(&mut checks, lab);
    checks.end();
}

#[test]
fn queue_on_2026_7_1() {
    let lab = Lab::start(MIDDLE);
    let mut checks = Checks::of(MIDDLE);
    sixty(&mut checks, &lab);
    checks.check("a run is cancelled by the start of its id, and its prompt goes with it", || {
        let held = lab.run("agent:main:by-id");
        let (id, run) = (held["id"].as_str().expect("an id"), lab.last_run.borrow().clone());
        assert_eq!(held["request"].get("runId"), None, "{held}");
        let row = lab.row("agent:main:by-id", Some(&run));
        assert_eq!(row["state"], "active", "{row}");
        lab.cancel(&["no-such-run"]).exits(1).fails_with("unknown-run");
        lab.cancel(&["--superseded"]).exits(2).fails_with("runs-not-named");
        lab.refuses_without_yes(&[&run]);
        // The abort leaves the prompt pending.
        let ran = lab.cancel(&[&run[..13]]).exits(0);
        let report = ran.json();
        assert_eq!((&report["aborted"], &report["denied"]), (&json!([run]), &json!([id])), "{ran:#?}");
        assert_eq!(report["attributedTo"], "agent:main:by-id", "{ran:#?}");
        // The waiting tool call gets its answer, and the aborted run takes a moment to end in an error.
        lab.settles("agent:main:by-id");
        lab.is_quiet("agent:main:by-id");
        lab.cancel(&[&run]).exits(1).fails_with("unknown-run");
    });
    checks.check("a run is cancelled by its session", || {
        let held = lab.run("agent:main:cancel");
        let ran = lab.cancel(&["--session", "agent:main:cancel"]).exits(0);
        assert_eq!(ran.json()["denied"], json!([held["id"]]), "{ran:#?}");
        lab.is_quiet("agent:main:cancel");
        lab.cancel(&["--session", "agent:main:nobody"]).exits(1).fails_with("unknown-session");
    });
    checks.end();
}

#[test]
fn queue_on_2026_9_6() {
    let lab = Lab::start(CURRENT);
    let mut checks = Checks::of(CURRENT);
    crate::ids::chosen(&mut checks, &lab);
    sixty(&mut checks, &lab);
    for by_run in [true, false] {
        let (name, session) = if by_run {
            ("a run is cancelled by its id", "agent:main:by-id")
        } else {
            ("a run is cancelled by its session", "agent:main:cancel")
        };
        checks.check(name, || {
            let held = lab.run(session);
            let run = held["request"]["runId"].as_str().expect("a run");
            assert_eq!(run, *lab.last_run.borrow());
            let row = lab.row(session, Some(run));
            assert_eq!(row["approvals"], json!([held["id"]]), "{row}");
            assert_eq!(row["state"], "active", "{row}");
            assert_eq!(lab.rows(session).len(), 1);
            let which = if by_run { vec![&run[..13]] } else { vec!["--session", session] };
            lab.refuses_without_yes(&which);
            let ran = lab.cancel(&which).exits(0);
            assert_eq!(ran.json()["aborted"], json!([run]), "{ran:#?}");
            lab.is_quiet(session);
            // A second purge has nothing to do.
            let ran = lab.cancel(&which).exits(i32::from(by_run));
            if by_run {
                ran.fails_with("unknown-run");
            } else {
                assert_eq!(ran.json()["carriedOut"], false, "{ran:#?}");
            }
        });
    }
    restarted(&mut checks, lab);
    checks.end();
}

/// A gateway, its agents' model, a client that could answer prompts, and a user.
pub(crate) struct Lab {
    pub(crate) model: Model,
    pub(crate) tool: Tool,
    pub(crate) last_run: std::cell::RefCell<String>,
    /// `None`: not connected to the gateway yet.
    operator: std::cell::RefCell<Option<Client>>,
    _approver: Option<Client>,
    pub(crate) gateway: Gateway,
}

impl Lab {
    pub(crate) fn start(version: &'static str) -> Self {
        let mut lab = Self::new(version);
        lab.gateway.start();
        lab.gateway.wait_until_ready();
        lab.connect();
        // Without an approver, a current gateway keeps no prompt.
        let caps = Who { caps: &["approvals", "exec-approvals"], ..Who::operator(&OPERATOR) };
        let approver = Client::connect(lab.gateway.address(), &caps, &Device::new()).expect("it is let in");
        Self { _approver: Some(approver), ..lab }
    }

    /// A lab whose gateway is configured and not started, without an approver.
    pub(crate) fn new(version: &'static str) -> Self {
        let model = Model::start();
        let gateway = Gateway::new(version, Setup::Agents(model.port));
        Self {
            tool: Tool::on_host(&gateway.state()),
            operator: None.into(),
            last_run: String::new().into(),
            _approver: None,
            model,
            gateway,
        }
    }

    /// Connects to the gateway after it has started or restarted.
    pub(crate) fn connect(&self) {
        self.operator.replace(Some(Client::operator(self.gateway.address())));
    }

    /// Closes the connection to the gateway.
    pub(crate) fn disconnect(&self) {
        self.operator.replace(None);
    }

    pub(crate) fn call(&self, method: &str, params: &Value) -> Value {
        let mut operator = self.operator.borrow_mut();
        let operator = operator.as_mut().expect("a connection");
        operator.call(method, params).unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// As [`Lab::call`]; a gateway on a busy machine may refuse a call for a while.
    pub(crate) fn call_when_available(&self, method: &str, params: &Value) -> Value {
        let deadline = Deadline::after(PATIENCE);
        loop {
            let called = self.operator.borrow_mut().as_mut().expect("a connection").call(method, params);
            match called.map_err(|error| error.to_string()) {
                Ok(answer) => return answer,
                Err(error) if error.contains("UNAVAILABLE") && deadline.pause(Duration::from_millis(200)) => {
                }
                Err(error) => panic!("{method}: {error}"),
            }
        }
    }

    /// The pending prompts of a session, the oldest first.
    pub(crate) fn pending(&self, session: &str) -> Vec<Value> {
        let listed = self.call("exec.approval.list", &json!({}));
        let rows = listed.as_array().expect("a list").iter();
        let mut rows: Vec<Value> =
            rows.filter(|row| row["request"]["sessionKey"] == session).cloned().collect();
        rows.sort_by_key(age);
        rows
    }

    /// Requests a command in a session; returns the gateway's answer, with the prompt's id and times.
    pub(crate) fn ask(&self, session: &str, command: &str, number: usize) -> Value {
        let mut operator = self.operator.borrow_mut();
        self.ask_by(operator.as_mut().expect("a connection"), session, command, number)
    }

    /// As [`Lab::ask`], through another client.
    pub(crate) fn ask_by(&self, client: &mut Client, session: &str, command: &str, number: usize) -> Value {
        let mut params = json!({
            "command": command, "agentId": "main", "sessionKey": session, "host": "gateway", "cwd": "/tmp",
            "security": "allowlist", "ask": "on-miss", "twoPhase": true, "timeoutMs": 1_800_000,
        });
        if self.gateway.version == CURRENT {
            params["runId"] = json!(format!("asked-{number}"));
        }
        let answer = client.call("exec.approval.request", &params).expect("it is taken");
        assert_eq!(answer["status"], "accepted", "{answer}");
        answer
    }

    /// Starts a run of the agent in a session, and waits for its prompt.
    pub(crate) fn run(&self, session: &str) -> Value {
        let before = self.pending(session).len();
        self.send(session);
        self.until("a prompt", || self.pending(session).len() > before);
        let prompt = self.pending(session).pop().expect("a prompt");
        assert_eq!(prompt["request"]["command"], COMMAND);
        if self.gateway.version == LEGACY {
            // On this release a run ends and leaves its prompt behind.
            self.until("the end of the run", || !self.is_active(session));
        }
        prompt
    }

    /// Starts a run of the agent in a session, without waiting.
    pub(crate) fn send(&self, session: &str) {
        let key = uuid::Uuid::new_v4().to_string();
        let params = json!({ "sessionKey": session, "message": "health check", "idempotencyKey": key });
        let answer = self.call("chat.send", &params);
        answer["runId"].as_str().expect("a run").clone_into(&mut self.last_run.borrow_mut());
    }

    pub(crate) fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let deadline = Deadline::after(PATIENCE);
        while !holds() {
            let again = deadline.pause(Duration::from_millis(50));
            assert!(again, "no {what}:\n{}", self.gateway.tail());
        }
    }

    pub(crate) fn is_active(&self, session: &str) -> bool {
        let sessions = self.call("sessions.list", &json!({}));
        let rows = sessions["sessions"].as_array().expect("a list").iter();
        let mut rows = rows.filter(|row| row["key"] == session);
        rows.any(|row| row["hasActiveRun"] == true || row["status"] == "running")
    }

    /// Waits until a session has been idle for as long as a run might take to begin.
    #[track_caller]
    pub(crate) fn settles(&self, session: &str) {
        let deadline = Deadline::after(PATIENCE);
        let mut quiet = Deadline::after(FOLLOW_UP);
        while quiet.pause(Duration::from_millis(100)) {
            if self.is_active(session) {
                quiet = Deadline::after(FOLLOW_UP);
                assert!(
                    deadline.left().is_some(),
                    "it does not stop running; its model received {} denials: {}\n{}",
                    self.model.denials(),
                    self.call("sessions.list", &json!({})),
                    self.gateway.tail()
                );
            }
        }
    }

    /// Checks that a session has no run and no prompt, and that none comes back.
    pub(crate) fn is_quiet(&self, session: &str) {
        // No event signals that nothing will come: this checks for as long as something might.
        let watched = Deadline::after(FOLLOW_UP);
        loop {
            assert_eq!(self.pending(session), Vec::<Value>::new());
            assert!(!self.is_active(session), "it runs: {}", self.call("sessions.list", &json!({})));
            if !watched.pause(Duration::from_millis(100)) {
                break;
            }
        }
    }

    /// The rows of `run ls` for a session.
    fn rows(&self, session: &str) -> Vec<Value> {
        let report = self.tool.run(&["run", "ls", "--json"]).exits(0).json();
        let rows = report["runs"].as_array().expect("rows").iter();
        rows.filter(|row| row["sessionKey"] == session).cloned().collect()
    }

    /// The row of a run.
    fn row(&self, session: &str, run: Option<&str>) -> Value {
        let rows = self.rows(session);
        let row = rows.iter().find(|row| row["runId"].as_str() == run);
        row.unwrap_or_else(|| panic!("no row of {run:?}: {rows:?}")).clone()
    }

    pub(crate) fn cancel(&self, which: &[&str]) -> Ran {
        self.tool.run(&[&["run", "cancel", "--json", "--yes"], which].concat())
    }

    /// Checks that without `--yes`, and in a dry run, nothing changes.
    fn refuses_without_yes(&self, which: &[&str]) {
        let before = self.call("exec.approval.list", &json!({}));
        self.tool.run(&[&["run", "cancel"], which].concat()).exits(2).says(&["--yes"]);
        self.tool.run(&[&["run", "cancel", "--dry-run"], which].concat()).exits(0);
        assert_eq!(self.call("exec.approval.list", &json!({})), before);
    }
}

fn age(row: &Value) -> (u64, String) {
    (row["createdAtMs"].as_u64().expect("a time"), row["id"].as_str().expect("an id").to_owned())
}

pub(crate) fn ids<'r>(rows: impl IntoIterator<Item = &'r Value>) -> Vec<&'r str> {
    let mut ids: Vec<&str> = rows.into_iter().map(|row| row["id"].as_str().expect("an id")).collect();
    ids.sort_unstable();
    ids
}

/// Sixty prompts of four commands, and one in another session that is not a duplicate.
fn sixty(checks: &mut Checks, lab: &Lab) {
    const SESSION: &str = "agent:main:sixty";
    const OTHER: &str = "agent:main:other";
    for number in 0..60 {
        lab.ask(SESSION, &format!("echo queue {}", number % 4), number);
    }
    lab.ask(OTHER, "echo queue 0", 60);
    let before = lab.pending(SESSION);
    let mut oldest: BTreeMap<&str, &Value> = BTreeMap::new();
    for row in &before {
        oldest.entry(row["request"]["command"].as_str().expect("a command")).or_insert(row);
    }
    let oldest = ids(oldest.into_values());
    let dedupe = |more: &[&str]| lab.tool.run(&[&["queue", "dedupe"], more].concat());
    checks.check("sixty prompts of four commands are listed", || {
        let listed = lab.tool.run(&["queue", "ls", "--json", "--session", SESSION]).exits(0).json();
        let rows = listed["approvals"].as_array().expect("rows");
        assert_eq!(ids(rows), ids(&before));
        let kept: Vec<&Value> = rows.iter().filter(|row| row["duplicateOf"].is_null()).collect();
        assert_eq!(ids(kept), oldest);
        let ran = lab.tool.run(&["queue", "ls", "--duplicates"]).exits(0);
        ran.says(&["echo queue 3", oldest[0], "56 of them duplicates"]);
    });
    checks.check("a check, a dry run and a purge without --yes change nothing", || {
        dedupe(&["--check"]).exits(1);
        let planned = dedupe(&["--dry-run", "--json"]).exits(0).json();
        assert_eq!(planned["gateways"][0]["duplicates"], 56, "{planned}");
        dedupe(&[]).exits(2).says(&["--yes"]);
        dedupe(&["--json"]).exits(2).says(&["--yes"]);
        assert_eq!(lab.pending(SESSION), before);
    });
    checks.check("the four oldest survive, and a second purge changes nothing", || {
        let report = dedupe(&["--yes", "--json"]).exits(0).json();
        let totals = &report["gateways"][0]["totals"];
        assert_eq!((&totals["denied"], &totals["failed"]), (&json!(56), &json!(0)), "{report}");
        let after = lab.pending(SESSION);
        assert_eq!(ids(&after), oldest);
        assert_eq!(lab.pending(OTHER).len(), 1);
        let report = dedupe(&["--yes", "--json"]).exits(0).json();
        assert_eq!(report["gateways"][0]["totals"]["denied"], 0, "{report}");
        dedupe(&["--check"]).exits(0);
        assert_eq!(lab.pending(SESSION), after);
    });
    // On this release the agent learns of each denial in a new turn: those turns must not disturb the next checks.
    lab.until("end of the turns", || !lab.is_active(SESSION));
}

/// A gateway that is stopped and restarted just after a purge has begun. Unanswered denials are not reported as denied,
/// the surviving prompt is never denied, and there is a report.
fn restarted(checks: &mut Checks, mut lab: Lab) {
    const SESSION: &str = "agent:main:restarted";
    for number in 0..40 {
        lab.ask(SESSION, "echo restarted", number);
    }
    let prompts: Vec<String> =
        lab.pending(SESSION).iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    checks.check("a gateway is restarted during a purge", || {
        let method = if lab.gateway.version == LEGACY { "exec.approval.resolve" } else { "approval.resolve" };
        let hold = Some(method);
        let proxy = Proxy::to(lab.gateway.address(), Options { hold, ..Options::default() });
        let (gateway, secret) = (format!("--gateway={}", proxy.url()), lab.tool.secret());
        let purge =
            ["queue", "dedupe", &gateway, "--token-file", &secret, "--session", SESSION, "--yes", "--json"];
        let running = lab.tool.start(&purge);
        proxy.wait_until_held();
        lab.gateway.stop();
        lab.gateway.start();
        lab.gateway.wait_until_ready();
        let ran = lab.tool.join(running);
        assert!([3, 4].contains(&ran.code), "{ran:#?}");
        let report = ran.json()["gateways"][0].clone();
        assert_eq!(report["totals"]["denied"], 0, "{ran:#?}");
        let rounds = report["rounds"].as_array().expect("rounds").iter();
        let outcomes: Vec<&Value> =
            rounds.flat_map(|round| round["outcomes"].as_array().expect("rows")).collect();
        assert_eq!(outcomes.len(), 39, "{ran:#?}");
        for passed in proxy.passed() {
            let What::Frame(frame) = passed.what else { continue };
            if frame["method"] == method {
                assert_ne!(frame["params"]["id"], *prompts[0], "the one that stays");
            }
        }
        // The prompts that are pending now may be any valid ones.
        lab.tool.run(&["queue", "dedupe", "--yes"]).exits(0);
    });
}

/// A model that retries after each denial: it is denied up to the limit, and the rest is reported.
fn settled(lab: &Lab) {
    const SESSION: &str = "agent:main:eager";
    const ROUNDS: usize = 5;
    for _ in 0..3 {
        lab.run(SESSION);
    }
    let first = lab.pending(SESSION);
    let (rounds, begun) = (ROUNDS.to_string(), std::time::Instant::now());
    // The gateway and the machine decide how fast it retries, so rounds bound the test instead of time.
    let settle = ["--settle", "100s", "--rounds", &rounds, "--timeout", "110s", "--yes", "--json"];
    let ran = lab.tool.run(&[&["queue", "dedupe", "--session", SESSION], &settle[..]].concat()).exits(3);
    assert!(begun.elapsed() < Duration::from_secs(95), "{:?}: {ran:#?}", begun.elapsed());
    let report = ran.json()["gateways"][0].clone();
    let made = report["rounds"].as_array().expect("rounds");
    assert_eq!(made.len(), ROUNDS + 1, "{ran:#?}");
    for round in made {
        assert_ne!(round["requeued"], json!([]), "{ran:#?}");
    }
    assert!(report["totals"]["denied"].as_u64() >= Some(ROUNDS as u64 + 1), "{ran:#?}");
    assert!(report["totals"]["requeued"].as_u64() >= Some(1), "{ran:#?}");
    assert_eq!(report["totals"]["failed"], 0, "{ran:#?}");
    // The oldest prompt is pending from first to last.
    assert_eq!(lab.pending(SESSION)[0], first[0]);
}
