//! What `approvals explain` says about a command, compared with what real gateways do with it: agents run the commands
//! of `explain.toml`. A command that runs leaves a mark, one that asks is pending until the test denies it, and one
//! that is denied does neither until the end of its run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::Duration;

use clearance::internals::Deadline;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::checks::Checks;
use crate::client::{Client, Device, OPERATOR, Who};
use crate::queue::{CURRENT, LEGACY, Lab};
use crate::registry;
use crate::tool::Tool;

/// Longer than a gateway takes to notice that a client has gone.
const GONE: Duration = Duration::from_millis(500);

/// The longest time of an agent's turn and of all cron jobs. On a machine that does nothing else seconds are enough; an
/// agent that runs for the first time makes a database and waits for the disk.
const PATIENCE: Duration = Duration::from_mins(4);

/// The fewest cases of a release.
const CASES: usize = 30;

/// What a current gateway answers if its database could not store a prompt in time. Nothing ran then, and nobody was asked.
const NOT_STORED: &str = "approval request unavailable";
/// How many prompts may be lost in that way, of 70 commands: the cron jobs of all agents run at once.
const LOST: usize = 2;

#[test]
fn explain_on_2026_4_14() {
    release(LEGACY);
}

#[test]
fn explain_on_2026_9_6() {
    release(CURRENT);
}

/// `explain.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    /// The entries of every agent.
    entry: Vec<Value>,
    agent: BTreeMap<String, Agent>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Agent {
    /// The only release that has it.
    only: Option<String>,
    exec: Value,
    #[serde(default)]
    document: Map<String, Value>,
    #[serde(default)]
    entries: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    agent: String,
    #[serde(default = "interactive")]
    context: String,
    command: String,
    /// `{n}` in the command; the number of the case if it is not named.
    #[serde(default)]
    mark: String,
    /// What happens on 2026.9.6.
    current: Option<String>,
    /// What happens on 2026.4.14.
    legacy: Option<String>,
}

fn interactive() -> String {
    "interactive".to_owned()
}

impl Case {
    fn expected(&self, version: &str) -> Option<&str> {
        if version == LEGACY { self.legacy.as_deref() } else { self.current.as_deref() }
    }
}

/// The plan of a release, with the directories of this run.
fn plan(version: &str, host: &Host) -> Plan {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/real_gateway/explain.toml");
    let mut text = fs::read_to_string(file).expect("the cases");
    for name in ["bin", "lib", "work"] {
        text = text.replace(&format!("{{{name}}}"), &host.path(name));
    }
    let mut plan: Plan = toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    for (number, case) in plan.case.iter_mut().enumerate() {
        if case.mark.is_empty() {
            case.mark = number.to_string();
        }
        case.command = case.command.trim().replace("{n}", &case.mark);
    }
    plan.case.retain(|case| case.expected(version).is_some());
    plan.agent.retain(|_, agent| agent.only.as_deref().is_none_or(|only| only == version));
    plan
}

/// The programs and files of the commands.
struct Host {
    directory: TempDir,
}

impl Host {
    fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("clearance-explain-").tempdir().expect("a directory");
        let this = Self { directory };
        for name in ["bin", "lib", "work/sub", "marks"] {
            fs::create_dir_all(this.path(name)).expect("a directory");
        }
        // The last argument is the name of the mark.
        let program = format!("#!/bin/sh\nfor last; do :; done\n: > \"{}/$last\"\n", this.path("marks"));
        for name in ["mk", "other", "bare", "arg", "glob-a", "safe", "durable"]
            .map(|name| format!("bin/{name}"))
            .iter()
            .map(String::as_str)
            .chain(["lib/linked", "lib/by-target", "work/run.sh"])
        {
            fs::write(this.path(name), &program).expect("a program");
            fs::set_permissions(this.path(name), Permissions::from_mode(0o755)).expect("an executable");
        }
        symlink(this.path("lib/linked"), this.path("bin/by-link")).expect("a link");
        symlink(this.path("lib/by-target"), this.path("bin/by-target")).expect("a link");
        fs::write(this.path("work/a.txt"), "a\n").expect("a file");
        this
    }

    fn path(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    fn marks(&self) -> BTreeSet<String> {
        let files = fs::read_dir(self.path("marks")).expect("the marks");
        files.map(|file| file.expect("a file").file_name().into_string().expect("text")).collect()
    }
}

/// The approvals document.
fn document(plan: &Plan) -> Value {
    let mut agents = Map::new();
    agents.insert("*".to_owned(), json!({ "allowlist": plan.entry }));
    for (id, agent) in &plan.agent {
        let mut part = agent.document.clone();
        part.insert("allowlist".to_owned(), json!(agent.entries));
        agents.insert(id.clone(), Value::Object(part));
    }
    json!({ "version": 1, "agents": agents })
}

/// Adds the agents to the configuration of a gateway that is not started.
fn configure(lab: &Lab, plan: &Plan, host: &Host) {
    let file = lab.gateway.state().join("openclaw.json");
    let text = fs::read_to_string(&file).expect("its settings");
    let mut settings: Value = serde_json::from_str(&text).expect("JSON");
    let agents = plan.agent.iter().map(|(id, agent)| json!({ "id": id, "tools": { "exec": agent.exec } }));
    settings["tools"]["exec"] = json!({ "host": "gateway", "pathPrepend": [host.path("bin")] });
    settings["agents"]["list"] = agents.collect();
    settings["agents"]["defaults"]["skipBootstrap"] = json!(true);
    // Otherwise an early gateway reads the manifests of a hundred plugins again and again: seconds for each agent.
    settings["models"]["mode"] = json!("replace");
    settings["plugins"] = json!({ "enabled": false });
    settings["env"] = json!({ "vars": { "OPENCLAW_DISABLE_BUNDLED_PLUGINS": "1" } });
    settings["agents"]["defaults"]["workspace"] = json!(host.path("work"));
    fs::write(&file, settings.to_string()).expect("its settings");
}

/// What `explain` says, and what happened.
#[derive(Default)]
struct Outcomes {
    explained: BTreeMap<String, Value>,
    prompts: BTreeSet<String>,
    /// The ids of prompts that the test denied: a gateway may list them for a moment longer.
    denied: BTreeSet<String>,
    results: BTreeMap<String, String>,
}

fn release(version: &'static str) {
    let host = Host::new();
    let plan = plan(version, &host);
    let mut lab = Lab::new(version);
    configure(&lab, &plan, &host);
    let document = document(&plan);
    let stored = if version == LEGACY {
        // The wire of this release refuses `source`, which it writes into the file itself.
        let store = lab.gateway.early_store();
        fs::create_dir_all(store.parent().expect("a directory")).expect("a directory");
        fs::write(&store, document.to_string()).expect("a document");
        store
    } else {
        lab.gateway.state().join("state/openclaw.sqlite")
    };
    lab.gateway.start();
    lab.gateway.wait_until_ready();
    lab.connect();
    if version != LEGACY {
        lab.call(
            "exec.approvals.set",
            &json!({ "file": document, "baseHash": lab.call("exec.approvals.get", &json!({}))["hash"] }),
        );
    }
    let mut checks = Checks::of(version);
    let mut outcomes = Outcomes::default();
    checks.check("every command is explained", || {
        outcomes.explained = explained(&lab, &plan, &host, &stored);
    });
    checks.check("agents run the commands while somebody can answer", || {
        interactively(&lab, &plan, &host, &mut outcomes);
    });
    checks.check("cron jobs run the commands while nobody can answer", || {
        by_cron(&lab, &plan, &host, &mut outcomes);
    });
    drop(lab);
    checks.check("every command did what was explained", || compare(version, &plan, &host, &outcomes));
    checks.end();
}

/// Explains each command; returns the answers by mark.
fn explained(lab: &Lab, plan: &Plan, host: &Host, stored: &Path) -> BTreeMap<String, Value> {
    let tool = Tool::of_user(&lab.gateway.home(), &lab.gateway.state());
    let config = lab.gateway.state().join("openclaw.json").display().to_string();
    let (stored, work) = (stored.display().to_string(), host.path("work"));
    let path = registry::path_with(&registry::node()).into_string().expect("text");
    let place = if lab.gateway.version == LEGACY { "--file" } else { "--store" };
    plan.case
        .iter()
        .map(|case| {
            let ran = tool.run(&[
                "approvals",
                "explain",
                &case.command,
                place,
                &stored,
                "--config",
                &config,
                "--release",
                lab.gateway.version,
                "--agent",
                &case.agent,
                "--cwd",
                &work,
                "--path",
                &path,
                "--context",
                &case.context,
                "--json",
            ]);
            let code = i32::from(ran.json()["verdict"] != "runs");
            let ran = ran.exits(code);
            (case.mark.clone(), ran.json())
        })
        .collect()
}

/// The cases of a context by agent.
fn by_agent<'p>(plan: &'p Plan, context: &str) -> BTreeMap<&'p str, Vec<&'p Case>> {
    let mut agents: BTreeMap<&str, Vec<&Case>> = BTreeMap::new();
    for case in plan.case.iter().filter(|case| case.context == context) {
        agents.entry(&case.agent).or_default().push(case);
    }
    agents
}

fn commands(cases: &[&Case]) -> Vec<String> {
    cases.iter().map(|case| case.command.clone()).collect()
}

/// Runs the commands of each agent in one turn, with an approver who denies.
fn interactively(lab: &Lab, plan: &Plan, host: &Host, outcomes: &mut Outcomes) {
    let caps = Who { caps: &["approvals", "exec-approvals"], ..Who::operator(&OPERATOR) };
    let mut approver = Client::connect(lab.gateway.address(), &caps, &Device::new()).expect("it is let in");
    approver.wait_forever();
    let hangup = approver.hangup();
    // A gateway drops a client that does not read.
    let reader = std::thread::spawn(move || while approver.try_next().is_some() {});
    let agents = by_agent(plan, "interactive");
    for (agent, cases) in agents.iter().rev() {
        let begun = std::time::Instant::now();
        let message = lab.model.script(agent, commands(cases), &host.path("work"), false);
        let key = uuid::Uuid::new_v4().to_string();
        let session = format!("agent:{agent}:explain");
        lab.call("chat.send", &json!({ "sessionKey": session, "message": message, "idempotencyKey": key }));
        let deadline = Deadline::after(PATIENCE);
        while lab.model.results(agent).len() < cases.len() {
            // A current gateway waits for the answer to each prompt.
            prompts(lab, lab.gateway.version == CURRENT, outcomes);
            let again = deadline.pause(Duration::from_millis(50));
            assert!(again, "{agent} does not end its turn:\n{}", lab.gateway.tail());
        }
        println!("{agent}: {} commands in {} ms", cases.len(), begun.elapsed().as_millis());
    }
    // An early gateway reports each denial in a new turn.
    prompts(lab, true, outcomes);
    collect(lab, &agents, "", outcomes);
    hangup();
    reader.join().expect("no panic in the approver");
}

/// Notes the pending prompts, and denies them.
fn prompts(lab: &Lab, deny: bool, outcomes: &mut Outcomes) {
    let listed = lab.call("exec.approval.list", &json!({}));
    for row in listed.as_array().expect("a list") {
        let command = row["request"]["command"].as_str().expect("a command").to_owned();
        outcomes
            .prompts
            .insert(format!("{}: {command}", row["request"]["agentId"].as_str().expect("an agent")));
        let id = row["id"].as_str().expect("an id").to_owned();
        if deny && outcomes.denied.insert(id) {
            lab.call("exec.approval.resolve", &json!({ "id": row["id"], "decision": "deny" }));
        }
    }
}

/// Runs the commands of each agent in one run of a cron job, while no client is connected.
fn by_cron(lab: &Lab, plan: &Plan, host: &Host, outcomes: &mut Outcomes) {
    let agents = by_agent(plan, "cron");
    for (agent, cases) in &agents {
        let message = lab.model.script(&format!("cron-{agent}"), commands(cases), &host.path("work"), true);
        let job = lab.call(
            "cron.add",
            &json!({
                "name": agent, "agentId": agent, "schedule": {"kind": "every", "everyMs": 86_400_000},
                "sessionTarget": "isolated", "wakeMode": "now", "delivery": {"mode": "none"},
                "payload": {"kind": "agentTurn", "message": message, "timeoutSeconds": 600},
            }),
        );
        lab.call("cron.run", &json!({ "id": job["id"], "mode": "force" }));
    }
    lab.disconnect();
    Deadline::after(GONE).pause(GONE);
    lab.model.release();
    let deadline = Deadline::after(PATIENCE);
    while agents.iter().any(|(agent, cases)| lab.model.results(&format!("cron-{agent}")).len() < cases.len())
    {
        let again = deadline.pause(Duration::from_millis(50));
        assert!(again, "the jobs do not end:\n{}", lab.gateway.tail());
    }
    lab.connect();
    prompts(lab, true, outcomes);
    collect(lab, &agents, "cron-", outcomes);
}

fn collect(lab: &Lab, agents: &BTreeMap<&str, Vec<&Case>>, prefix: &str, outcomes: &mut Outcomes) {
    for (agent, cases) in agents {
        let results = lab.model.results(&format!("{prefix}{agent}"));
        outcomes.results.extend(cases.iter().map(|case| case.mark.clone()).zip(results));
    }
}

/// Compares what happened with what `explain` said, and with the plan.
fn compare(version: &str, plan: &Plan, host: &Host, outcomes: &Outcomes) {
    let marks = host.marks();
    let (mut counts, mut wrong) = (BTreeMap::<String, usize>::new(), String::new());
    let mut lost = 0;
    for case in &plan.case {
        let (mark, expected) = (&case.mark, case.expected(version).expect("a verdict"));
        let explained = &outcomes.explained[mark];
        let result = outcomes.results.get(mark).map_or("", String::as_str);
        let asked = outcomes.prompts.contains(&format!("{}: {}", case.agent, case.command));
        let happened = match (marks.contains(mark), asked) {
            (true, false) => "runs",
            (false, true) => "asks",
            (false, false) => "denied",
            (true, true) => "asks and runs",
        };
        if happened == "denied" && result.contains(NOT_STORED) {
            lost += 1;
            continue;
        }
        *counts.entry(format!("{} {happened}", case.context)).or_default() += 1;
        let reason = explained["reason"].as_str().expect("a reason");
        // A denial is reported to the agent in the words that `explain` has.
        let in_words = happened != "denied" || result.contains(reason);
        if explained["verdict"] != happened || expected != happened || !in_words {
            writeln!(
                wrong,
                "{} {}: {}\n  happened: {happened}, explained: {} ({reason}), planned: {expected}\n  result: {result}",
                case.agent, case.context, case.command, explained["verdict"],
            )
            .expect("a string takes all");
        }
    }
    println!(
        "{version}: {} commands: {counts:?}; prompts that the gateway could not store: {lost}",
        plan.case.len()
    );
    assert!(lost <= LOST, "{version}: {lost} prompts were not stored");
    assert!(plan.case.len() >= CASES, "{}", plan.case.len());
    assert!(wrong.is_empty(), "{version}:\n{wrong}");
}
