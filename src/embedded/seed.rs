//! Filling a registry from a scenario, and the built-in scenario: the cascade of bug report 69478. PURE.

use data_encoding::HEXLOWER;
use serde_json::{Map, json};
use sha2::{Digest, Sha256};

use super::ask::What;
use super::effects::RequestError;
use super::registry::Registry;
use super::runs::{Run, State};
use super::scenario::{PromptSpec, Repeat, RunSpec, RunState, Scenario, SessionSpec};
use crate::queue::Kind;

/// The command of the report: a health probe that no entry of the allowlist matches.
pub(super) const PROBE: &str = r#"ps aux | grep -E "contextstored|vllm|openclaw" | grep -v grep | awk '{print $11}' | sort -n | tail -5"#;

/// The number of duplicates: one every 20 s for 462 s, after which the operator intervened.
pub(super) const DUPLICATES: u32 = 24;

const AGENTS: [&str; 11] = [
    "main",
    "aerol",
    "armitage",
    "case",
    "dixie",
    "finn",
    "maelcum",
    "molly",
    "ratz",
    "riviera",
    "wintermute",
];

/// The other agents' prompts, which have no duplicates: agent, command, working directory, age.
const REAL: [(&str, &str, &str, u64); 6] = [
    ("main", "git push origin main", "/srv/work/site", 95_000),
    ("case", "curl -fsS https://status.example.net/api/v2/summary.json", "/srv/work", 140_000),
    ("molly", "systemctl restart caddy", "/", 44_000),
    // This command differs from the stuck agent's command in one number.
    (
        "aerol",
        r#"ps aux | grep -E "contextstored|vllm|openclaw" | grep -v grep | awk '{print $11}' | sort -n | tail -10"#,
        "/srv/work",
        301_000,
    ),
    ("finn", "tar czf /backup/notes.tgz notes", "/srv/notes", 12_000),
    // The same command in two working directories counts as two commands.
    ("ratz", "tar czf /backup/notes.tgz notes", "/srv/archive", 15_000),
];

impl Scenario {
    /// The built-in scenario of eight agents. The heartbeat run of one agent fails over repeatedly and asks for the
    /// same command each time, with a new id. The prompts of the other agents are mixed in.
    pub fn cascade() -> Self {
        let session = |agent: &str| format!("agent:{agent}:telegram:direct:1001");
        let turn_source = |request: &mut serde_json::Value| {
            request["turnSourceChannel"] = "telegram".into();
            request["turnSourceTo"] = "telegram:1001".into();
        };
        let exec = |agent: &str, command: &str, cwd: &str| {
            let mut request = json!({
                "command": command, "host": "gateway", "cwd": cwd, "security": "allowlist", "ask": "on-miss",
                "agentId": agent, "sessionKey": session(agent), "resolvedPath": null,
            });
            turn_source(&mut request);
            request
        };
        let prompt = |request, age_ms| PromptSpec {
            kind: Kind::Exec,
            id: None,
            request,
            age_ms,
            asks_again_after_denial: 0,
            repeat: None,
        };
        let mut prompts = vec![PromptSpec {
            repeat: Some(Repeat { times: DUPLICATES, every_ms: 20_000, fail_over: true }),
            ..prompt(exec("maelcum", PROBE, "/srv/work"), 462_000)
        }];
        let mut runs = Vec::new();
        for (agent, command, cwd, age_ms) in REAL {
            let run = made_up_id("run", agent, 0);
            let mut request = exec(agent, command, cwd);
            request["runId"] = run.clone().into();
            runs.push(RunSpec { id: run, session: session(agent), state: RunState::Active, age_ms });
            prompts.push(prompt(request, age_ms));
        }
        let plugin = json!({
            "pluginId": "github", "title": "Merge pull request 17", "agentId": "wintermute",
            "description": "Merge pull request 17 of example/site into main", "severity": "warning",
            "toolName": "github_merge", "sessionKey": session("wintermute"),
        });
        prompts.push(PromptSpec { kind: Kind::Plugin, ..prompt(plugin, 61_000) });
        Self {
            document: Some(json!({
                "version": 1,
                "socket": {"path": "/home/demo/.openclaw/exec-approvals.sock", "token": "demo-socket-token"},
                "defaults": {"security": "allowlist", "ask": "on-miss", "askFallback": "deny"},
                "agents": {"main": {"allowlist": [
                    {"pattern": "/usr/bin/uname"}, {"pattern": "/usr/bin/curl", "source": "allow-always"},
                ]}},
            })),
            config: Map::new(),
            sessions: AGENTS.map(|agent| SessionSpec { key: session(agent) }).to_vec(),
            runs,
            prompts,
            live: Vec::new(),
        }
    }
}

/// Generates an id that looks like a random UUID and is the same at every start.
fn made_up_id(what: &str, of: &str, index: usize) -> String {
    let hex = HEXLOWER.encode(&Sha256::digest(format!("{what} {of} {index}")));
    format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32])
}

/// Puts a scenario's sessions, runs and prompts into a registry.
pub(super) fn fill(registry: &mut Registry, scenario: &Scenario, now: u64) -> Result<(), RequestError> {
    let ago = |age_ms: u64| now.saturating_sub(age_ms);
    let session = |registry: &mut Registry, key: &str, at: u64| {
        registry.runs.session(key, || made_up_id("session", key, 0), at);
    };
    for spec in &scenario.sessions {
        session(registry, &spec.key, now);
    }
    for spec in &scenario.runs {
        session(registry, &spec.session, ago(spec.age_ms));
        let state = match spec.state {
            RunState::Active => State::Active,
            RunState::Ended => State::Ended,
            RunState::FailedOver => State::FailedOver,
        };
        let (id, key) = (spec.id.clone(), spec.session.clone());
        if !registry.runs.start(Run { id, session: key, state, started_at: ago(spec.age_ms) }) {
            return Err(RequestError::Taken);
        }
    }
    let mut all = Vec::new();
    for (index, spec) in scenario.prompts.iter().enumerate() {
        let mut ask = spec.ask().map_err(|_| RequestError::NotAllowed)?;
        if let Some(key) = ask.session().map(str::to_owned) {
            session(registry, &key, ago(spec.age_ms));
            if let What::Exec(exec) = &mut ask.what {
                exec.session_id.get_or_insert_with(|| made_up_id("session", &key, 0));
            }
        }
        let repeat = spec.repeat.unwrap_or(Repeat { times: 1, every_ms: 0, fail_over: false });
        for turn in 0..repeat.times {
            let at = ago(spec.age_ms.saturating_sub(u64::from(turn) * repeat.every_ms));
            let number = turn as usize;
            let id = spec.id.clone().unwrap_or_else(|| {
                let id = made_up_id("prompt", &index.to_string(), number);
                if spec.kind == Kind::Plugin { format!("plugin:{id}") } else { id }
            });
            let mut ask = ask.clone();
            if let Some(key) = ask.session().filter(|_| repeat.fail_over).map(str::to_owned) {
                let run = made_up_id("run of prompt", &index.to_string(), number);
                let last = turn + 1 == repeat.times;
                let state = if last { State::Active } else { State::FailedOver };
                registry.runs.start(Run { id: run.clone(), session: key, state, started_at: at });
                ask = ask.by_run(&run);
            }
            all.push((at, id, ask));
        }
    }
    // A registry keeps prompts in the order of their creation.
    all.sort_by_key(|(at, ..)| *at);
    all.into_iter().try_for_each(|(at, id, ask)| registry.seed(id, ask, at))
}
