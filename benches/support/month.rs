//! A month of prompts, generated: six agents, 400 forms of commands, and what people decided. The same seed makes the same
//! month. `benches/suggest.rs` measures `approvals suggest` on it, and `tests/real_gateway/suggest.rs` has releases judge the
//! proposals.
//!
//! The shares are an assumption, not a measurement: of the prompts, 34% are for commands that never vary, 30% for commands
//! with a part that varies, 20% for programs that run other programs, 12% for commands of several parts, and 4% for commands
//! that are denied. A few forms come up often and most rarely (Zipf). Among the denied ones are those that an entry could
//! allow by mistake: an option after the arguments, another directory, a second file, one value that is denied by itself.

use serde_json::{Value, json};

/// The programs of the host.
pub const PROGRAMS: [&str; 24] = [
    "cat", "checksum", "chmod", "cut", "deploys", "df", "du", "git", "head", "jq", "ls", "make", "metrics",
    "npm", "python3", "rm", "stat", "tail", "tickets", "tr", "uname", "uptime", "wc", "widgets",
];

const AGENTS: [&str; 6] = ["main", "ops", "build", "docs", "data", "support"];

/// The time between two prompts, in milliseconds: 50,000 in 30 days.
const STEP_MS: u64 = 51_840;

/// When the month begins, in Unix milliseconds.
const START_MS: u64 = 1_793_000_000_000;

/// A decided prompt.
#[derive(Debug, Clone)]
pub struct Prompt {
    pub agent: &'static str,
    pub command: String,
    /// `allow-once`, `deny`, or nothing: it expired.
    pub decision: Option<&'static str>,
}

/// What kind of form a command has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Fixed,
    Varying,
    Launcher,
    Compound,
    Denied,
}

/// The kinds, their number of forms, and their share of prompts in percent.
const KINDS: [(Kind, u64, u64); 5] = [
    (Kind::Fixed, 130, 34),
    (Kind::Varying, 90, 30),
    (Kind::Launcher, 90, 20),
    (Kind::Compound, 60, 12),
    (Kind::Denied, 30, 4),
];

/// Random numbers, by `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A number below `end`: 0 is the most frequent, in proportion to 1 / (n + 1).
    fn zipf(&mut self, end: u64) -> u64 {
        let weight = |n: u64| 1_000_000 / (n + 1);
        let mut at = self.below((0..end).map(weight).sum());
        (0..end)
            .find(|n| {
                let weight = weight(*n);
                let is_here = at < weight;
                at = at.saturating_sub(weight);
                is_here
            })
            .unwrap_or(0)
    }
}

/// The prompts of a month, the oldest first.
pub fn month(seed: u64, count: usize) -> Vec<Prompt> {
    let mut random = Random(seed);
    (0..count).map(|_| prompt(&mut random)).collect()
}

fn prompt(random: &mut Random) -> Prompt {
    let mut share = random.below(100);
    let mut chosen = KINDS[0];
    for kind in KINDS {
        chosen = kind;
        if share < kind.2 {
            break;
        }
        share -= kind.2;
    }
    let (kind, forms, _) = chosen;
    let form = random.zipf(forms);
    // Each form belongs to two agents.
    let agent = AGENTS[usize::try_from((form + random.below(2) * 3) % 6).unwrap_or_default()];
    let (command, is_denied) = command(kind, form, random);
    let decision = match random.below(100) {
        _ if is_denied => Some("deny"),
        0..8 => None,
        _ => Some("allow-once"),
    };
    Prompt { agent, command, decision }
}

/// A command of a form, and whether people deny it.
fn command(kind: Kind, form: u64, random: &mut Random) -> (String, bool) {
    let value = random.zipf(60);
    let text = match kind {
        Kind::Fixed => match form % 10 {
            0 => format!("ls -la /srv/app{form}"),
            1 => format!("wc -l /srv/src/module{form}.rs"),
            2 => format!("jq .version /srv/package{form}.json"),
            3 => format!("df -h /srv/disk{form}"),
            4 => format!("du -sh '/srv/two words {form}'"),
            5 => format!("stat /srv/src/file{form}.txt"),
            6 => format!("metrics --service=service{form} --last=1h"),
            7 => format!("tickets list --label=label{form}"),
            8 => format!("uname -{}", ["a", "r", "m", "s"][usize::try_from(form % 4).unwrap_or_default()]),
            _ => format!("cat /srv/notes/note{form}.md"),
        },
        Kind::Varying => match form % 6 {
            0 => format!("tickets show --queue=queue{form} {value}"),
            1 => format!("tail -n 50 /srv/logs{form}/worker-{value}.log"),
            2 => format!("cat /srv/reports{form}/2026-11-{:02}.csv", value % 28 + 1),
            3 => format!("checksum /srv/builds{form}/{:07x}a1.tar", value * 7 + 16_777_216),
            4 => format!(
                "head -n 5 /srv/inbox{form}/{}.txt",
                NAMES[usize::try_from(value % 24).unwrap_or_default()]
            ),
            _ => {
                // One value of these is denied, so that only what repeats may be allowed.
                return (format!("widgets show {form} --id={value}"), value == 7);
            }
        },
        Kind::Launcher => match form % 5 {
            0 => format!("git log --oneline -{}", form + 1),
            1 => format!("npm run task{form}"),
            2 => format!("python3 /srv/scripts/script{form}.py"),
            3 => format!("make target{form}"),
            _ => format!("git status /srv/repository{form}"),
        },
        Kind::Compound => match form % 4 {
            0 => format!("ls /srv/app{form} && wc -l /srv/src/module{form}.rs"),
            1 => format!("cat /srv/notes/note{form}.md | wc -l"),
            2 => format!("uptime > /srv/out{form}.txt"),
            _ => format!("cut -d, -f{} /srv/table.csv | tr a b", form + 1),
        },
        Kind::Denied => {
            let text = match form % 6 {
                0 => format!("rm -rf /srv/app{form}"),
                1 => format!("tickets show --queue=queue{form} {value} --delete"),
                2 => format!("tail -n 50 /srv/logs{form}/../../etc/worker-{value}.log"),
                3 => format!("cat /srv/reports{form}/2026-11-{:02}.csv /etc/passwd", value % 28 + 1),
                4 => format!("chmod -R 777 /srv/app{form}"),
                _ => format!("head -n 5 /srv/inbox{form}/-{value}.txt"),
            };
            return (text, true);
        }
    };
    (text, false)
}

const NAMES: [&str; 24] = [
    "anna", "bert", "cara", "dan", "emil", "fay", "gus", "hana", "ivo", "jan", "kim", "lea", "max", "nia",
    "ole", "pia", "quin", "rob", "sam", "tia", "uwe", "vera", "will", "yan",
];

/// The prompts as `queue history --ndjson` prints them, the newest first.
pub fn history(prompts: &[Prompt]) -> String {
    let lines = prompts.iter().enumerate().rev().map(|(number, prompt)| format!("{}\n", row(number, prompt)));
    lines.collect()
}

fn row(number: usize, prompt: &Prompt) -> Value {
    let at = START_MS + STEP_MS * number as u64;
    let status = match prompt.decision {
        Some("deny") => "denied",
        Some(_) => "allowed",
        None => "expired",
    };
    json!({
        "agentId": prompt.agent, "createdAtMs": at, "decision": prompt.decision, "expiresAtMs": at + 1_800_000,
        "host": "gateway", "id": format!("prompt-{number}"), "kind": "exec", "nodeId": null, "reason": "user",
        "resolvedAtMs": at + 60_000, "resolver": null, "sessionKey": format!("agent:{}:main", prompt.agent),
        "status": status, "summary": prompt.command, "version": 1, "waitedMs": 60_000,
    })
}

/// The document of the host: every command is asked about.
pub fn document() -> Value {
    let policy = json!({"security": "allowlist", "ask": "on-miss", "askFallback": "deny"});
    json!({"version": 1, "defaults": policy, "agents": {}})
}

/// The configuration of the host.
pub fn configuration() -> Value {
    json!({"tools": {"exec": {"host": "gateway", "security": "allowlist", "ask": "on-miss"}}})
}
