//! The files of `contrib`, checked with the tools that use them. A tool that is not installed is reported and skipped.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::support::dev::Dev;
use crate::support::fixture;

fn contrib(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(name)
}

/// Whether a checker is installed. Prints a note if it is not.
#[expect(clippy::print_stdout, reason = "what was not checked must be seen")]
fn is_here(program: &str) -> bool {
    let run = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    // kubectl rejects this flag, which still shows that it is installed.
    if run.is_err() {
        println!("skipped: {program} is not on this machine");
    }
    run.is_ok()
}

#[test]
fn units_are_what_systemd_takes() {
    if !is_here("systemd-analyze") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut names = Vec::new();
    for name in [
        "clearance-dedupe.service",
        "clearance-dedupe.timer",
        "clearance-guard.service",
        "clearance-watch.service",
    ] {
        let unit = std::fs::read_to_string(contrib(name)).unwrap();
        // The checker requires the program to exist.
        let unit = unit.replace("/usr/bin/clearance", env!("CARGO_BIN_EXE_clearance"));
        std::fs::write(folder.path().join(name), unit).unwrap();
        names.push(folder.path().join(name));
    }
    let output = Command::new("systemd-analyze").args(["--man=no", "verify"]).args(&names).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    // Unknown keys are reported without a failure.
    let ours: Vec<&str> = stderr
        .lines()
        .filter(|line| {
            ["dedupe", "guard", "watch"].iter().any(|name| line.contains(&format!("clearance-{name}")))
        })
        .collect();
    assert!(output.status.success() && ours.is_empty(), "{stderr}");
}

/// The objects that `kubectl` reads from a manifest, as JSON.
fn kubectl(manifest: &str, arguments: &[&str]) -> Vec<Value> {
    let output = Command::new("kubectl")
        .args(arguments)
        .args(["--local", "--output", "json", "--filename"])
        .arg(contrib(manifest))
        .output()
        .unwrap();
    let objects = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
    objects.map(|object| object.unwrap_or_else(|error| panic!("{error}: {output:?}"))).collect()
}

/// What is in `given` and not, or otherwise, in `kept`.
fn lost(path: &str, given: &Value, kept: &Value, found: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (name, value) in given {
                lost(&format!("{path}/{name}"), value, kept.get(name).unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(given), Value::Array(kept)) if given.len() <= kept.len() => {
            for (at, (given, kept)) in given.iter().zip(kept).enumerate() {
                lost(&format!("{path}/{at}"), given, kept, found);
            }
        }
        _ if given == kept => {}
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn manifests_are_what_kubernetes_takes() {
    if !is_here("kubectl") {
        return;
    }
    for (manifest, kind, template) in [
        ("cronjob.yaml", "CronJob", "/spec/jobTemplate/spec/template"),
        ("deployment.yaml", "Deployment", "/spec/template"),
    ] {
        let of_kind =
            |objects: Vec<Value>| objects.into_iter().find(|object| object["kind"] == kind).unwrap();
        // `label` keeps whatever is in the file. `set env` reads it into the types of its kind: a value of another
        // type is an error, and an unknown name is lost.
        let given = of_kind(kubectl(manifest, &["label", "clearance=checked"]));
        let kept = of_kind(kubectl(manifest, &["set", "env", "CHECKED=1"]));
        let mut found = Vec::new();
        lost("", &given["spec"], &kept["spec"], &mut found);
        assert!(found.is_empty(), "{manifest}: kubernetes does not know: {found:#?}");
        let environment = &kept.pointer(template).unwrap()["spec"]["containers"][0]["env"];
        assert!(environment.to_string().contains("CHECKED"), "{kept:#}");
    }
}

/// The launchd agent, read by a parser of property lists: the types are those of launchd.plist(5).
#[test]
fn the_agent_is_what_launchd_takes() {
    if !is_here("python3") {
        return;
    }
    let read = "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let output =
        Command::new("python3").args(["-c", read]).arg(contrib("clearance-guard.plist")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut agent: serde_json::Map<String, Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(agent.remove("Label"), Some("clearance-guard".into()));
    let command: Vec<String> = serde_json::from_value(agent.remove("ProgramArguments").unwrap()).unwrap();
    assert_eq!(command[..2], ["/bin/sh", "-c"]);
    let environment: BTreeMap<String, String> =
        serde_json::from_value(agent.remove("EnvironmentVariables").unwrap()).unwrap();
    for key in ["RunAtLoad", "KeepAlive"] {
        assert_eq!(agent.remove(key), Some(true.into()), "{key}");
    }
    for key in ["ThrottleInterval", "ExitTimeOut", "Umask"] {
        assert!(agent.remove(key).unwrap().is_u64(), "{key}");
    }
    assert_eq!(agent.remove("ProcessType"), Some("Background".into()));
    assert!(agent.is_empty(), "{agent:?}");
    // The shell's command, as launchd starts it: the guard takes its place, and both streams go to the log.
    let host = Host::new();
    host.program("clearance", "echo \"$@\"; echo problem >&2; exit 4");
    fs::create_dir_all(host.path("Library/Logs")).unwrap();
    let path = format!("{}:{}", host.path("bin").display(), environment["PATH"]);
    let mut agent = Command::new(&command[0]);
    agent.args(&command[1..]).env_clear().env("HOME", host.root.path()).env("PATH", path);
    assert_eq!(agent.output().unwrap().status.code(), Some(4));
    let log = fs::read_to_string(host.path("Library/Logs/clearance-guard.ndjson")).unwrap();
    assert_eq!(log, "queue guard --ndjson --metrics 127.0.0.1:9464\nproblem\n");
}

/// Every command line in it is one that clearance understands.
#[test]
fn command_lines_are_what_clearance_takes() {
    let read = |name: &str| std::fs::read_to_string(contrib(name)).unwrap();
    let between = |name: &str, from: &str, to: &str| -> Vec<String> {
        let text = read(name);
        let (_, rest) = text.split_once(from).unwrap();
        let (line, _) = rest.split_once(to).unwrap();
        line.split_whitespace().map(|word| word.trim_matches(['"', ',']).to_owned()).collect()
    };
    let lines = [
        ("watch", between("clearance-watch.service", "ExecStart=/usr/bin/clearance", "\n")),
        ("dedupe", between("clearance-dedupe.service", "ExecStart=/usr/bin/clearance", "\n")),
        ("dedupe", between("crontab", "said=$(clearance", "2>&1")),
        ("dedupe", between("cronjob.yaml", "args: [", "]")),
        ("guard", between("clearance-guard.service", "ExecStart=/usr/bin/clearance", "\n")),
        ("guard", between("deployment.yaml", "args: [", "]")),
        ("guard", between("clearance-guard.plist", "exec clearance", "&gt;")),
        ("guard", between("Containerfile", "CMD [", "]")),
    ];
    for (verb, line) in lines {
        let home = tempfile::tempdir().unwrap();
        let noun = if verb == "watch" { "approvals" } else { "queue" };
        assert_eq!(line[..2], [noun, verb], "{line:?}");
        // Arguments before `--help` are parsed first, and rejected if they are invalid.
        let output = crate::support::clearance(home.path()).args(&line).arg("--help").output().unwrap();
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The comments at the head of a file: its install steps.
fn head(name: &str) -> String {
    let text = fs::read_to_string(contrib(name)).unwrap();
    let lines = text.lines().take_while(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim()).collect::<Vec<_>>().join("\n")
}

/// A host with cron: its user's crontab, and fake programs.
struct Host {
    root: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let host = Self { root: tempfile::tempdir().unwrap() };
        fs::create_dir(host.path("bin")).unwrap();
        let root = host.root.path().display().to_string();
        // As `crontab` is: without a table it fails.
        host.program("crontab", &format!("if [ \"$1\" = -l ]; then cat {root}/table; else cat > {root}/new && mv {root}/new {root}/table; fi"));
        host.program("logger", &format!("{{ echo \"$@\"; cat; }} >> {root}/log"));
        host.clearance(0, "");
        host
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
    }

    /// What `clearance` does from now on.
    fn clearance(&self, code: i32, said: &str) {
        fs::write(self.path("said"), said).unwrap();
        let root = self.root.path().display();
        self.program("clearance", &format!("echo \"$@\" >> {root}/calls\ncat {root}/said >&2\nexit {code}"));
    }

    /// Runs a command as its user types it.
    fn types(&self, command: &str) -> Output {
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("PATH", path)
            .output()
            .unwrap()
    }

    /// Runs the jobs of the table as cron does: with nothing of the user's shell but its home.
    fn runs_jobs(&self) -> Vec<Output> {
        let mut environment = BTreeMap::from([("SHELL", "/bin/sh"), ("PATH", "/usr/bin:/bin")]);
        let table = fs::read_to_string(self.path("table")).unwrap();
        let mut ran = Vec::new();
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some((name, value)) = line.split_once('=')
                && name.chars().all(|c| c.is_ascii_uppercase() || c == '_')
            {
                environment.insert(name, value);
                continue;
            }
            let mut rest = line;
            for _ in 0..5 {
                let (field, after) = rest.split_once(char::is_whitespace).unwrap();
                assert!(field.chars().all(|c| c.is_ascii_digit() || "*/,-".contains(c)), "{field:?}: {line}");
                rest = after.trim_start();
            }
            // A percent sign begins the standard input unless it is escaped.
            assert!(!rest.replace("\\%", "").contains('%'), "{rest}");
            let mut job = Command::new(environment["SHELL"]);
            job.args(["-c", &rest.replace("\\%", "%")]).env_clear().env("HOME", self.root.path());
            ran.push(job.envs(&environment).current_dir(self.root.path()).output().unwrap());
        }
        ran
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }
}

#[test]
fn the_crontab_works_as_cron_reads_it() {
    let host = Host::new();
    let install = head("crontab");
    let install = install.lines().find(|line| line.contains("crontab -l")).unwrap();
    // The job is installed once beside other jobs, as for most users, and once as the first job.
    for before in ["", "MAILTO=ops@example.com\n0 4 * * 1  true\n"] {
        fs::write(host.path("table"), before).unwrap();
        host.clearance(0, "");
        let output = host.types(install);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(fs::read_to_string(host.path("table")).unwrap().starts_with(before));
        for name in ["log", "calls"] {
            drop(fs::remove_file(host.path(name)));
        }
        // Without duplicates nothing is printed or logged.
        host.clearance(0, "");
        let ran = host.runs_jobs().pop().unwrap();
        assert_eq!(
            (ran.status.code(), ran.stdout, ran.stderr, host.log()),
            (Some(0), vec![], vec![], String::new())
        );
        assert_eq!(
            fs::read_to_string(host.path("calls")).unwrap(),
            "queue dedupe --yes --quiet --timeout 50s\n"
        );
        // Denials are logged, and no mail is sent.
        host.clearance(0, "Denied 2 duplicates; 1 prompt still pending. 100% \\n\n");
        let ran = host.runs_jobs().pop().unwrap();
        assert_eq!((ran.status.code(), ran.stdout, ran.stderr), (Some(0), vec![], vec![]));
        let logged = "-t clearance -p user.info\nDenied 2 duplicates; 1 prompt still pending. 100% \\n\n";
        assert_eq!(host.log(), logged);
        // A failure keeps its exit code, is logged as one, and is printed: cron mails what is printed.
        host.clearance(5, "error: the gateway rejected the token\n");
        let ran = host.runs_jobs().pop().unwrap();
        assert_eq!((ran.status.code(), &*ran.stderr), (Some(5), &b""[..]));
        let printed = String::from_utf8(ran.stdout).unwrap();
        assert_eq!(printed, "clearance queue dedupe: exit code 5\nerror: the gateway rejected the token\n");
        assert_eq!(
            host.log(),
            format!("{logged}-t clearance -p user.err\nerror: the gateway rejected the token\n")
        );
    }
    // A job whose program is missing is also a failure.
    fs::remove_file(host.path("bin").join("clearance")).unwrap();
    let ran = host.runs_jobs().pop().unwrap();
    assert_eq!(ran.status.code(), Some(127));
    assert!(String::from_utf8(ran.stdout).unwrap().contains("exit code 127"));
}

/// The cron line's own command, on a gateway with nothing to deny.
#[test]
fn a_healthy_minute_is_silent() {
    let dev = Dev::start(&["--scenario", fixture("queue/empty.json").to_str().unwrap()]);
    let table = fs::read_to_string(contrib("crontab")).unwrap();
    let (_, command) = table.split_once("said=$(clearance ").unwrap();
    let (command, _) = command.split_once(" 2>&1)").unwrap();
    let output = dev.client().command(&command.split(' ').collect::<Vec<_>>()).output().unwrap();
    assert_eq!((output.status.code(), output.stdout, output.stderr), (Some(0), vec![], vec![]));
}

#[test]
fn units_have_steps_that_make_what_they_refer_to() {
    for unit in ["clearance-dedupe.service", "clearance-guard.service", "clearance-watch.service"] {
        let (text, steps) = (fs::read_to_string(contrib(unit)).unwrap(), head(unit));
        let values = |key: &str| -> Vec<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
            lines.map(str::to_owned).collect()
        };
        for credential in values("LoadCredential") {
            let (_, path) = credential.split_once(':').unwrap();
            let directory = Path::new(path).parent().unwrap().display();
            assert!(steps.contains(&format!("sudo install -d -m 700 {directory}\n")), "{unit}: {steps}");
            assert!(steps.contains(&format!("sudo install -m 600 /dev/stdin {path}\n")), "{unit}: {steps}");
        }
        for command in values("ExecStart") {
            let program = command.split(' ').next().unwrap();
            let step = format!("sudo install -m 755 \"$(command -v clearance)\" {program}\n");
            assert!(steps.contains(&step), "{unit}: {steps}");
        }
        let installed = steps.lines().filter(|line| line.starts_with("sudo cp ") && line.contains(unit));
        assert_eq!(installed.count(), 1, "{unit}: {steps}");
    }
    let steps = head("clearance-dedupe.service");
    assert!(steps.contains("clearance-dedupe.timer /etc/systemd/system/\n"), "{steps}");
    assert!(steps.contains("enable --now clearance-dedupe.timer\n"), "{steps}");
    assert!(head("clearance-dedupe.timer").contains("clearance-dedupe.service"));
}

/// Every value of a key, at any depth.
fn values<'v>(value: &'v Value, key: &str, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name == key {
                    found.push(value);
                }
                values(value, key, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| values(element, key, found)),
        _ => {}
    }
}

#[test]
fn manifests_make_what_they_refer_to() {
    for manifest in ["cronjob.yaml", "deployment.yaml"] {
        let (text, steps) = (fs::read_to_string(contrib(manifest)).unwrap(), head(manifest));
        let objects: Vec<Value> =
            text.split("\n---\n").map(|text| serde_saphyr::from_str(text).unwrap()).collect();
        let all = Value::Array(objects.clone());
        let found = |key: &str| {
            let mut found = Vec::new();
            values(&all, key, &mut found);
            assert!(!found.is_empty(), "{manifest}: no {key}");
            found
        };
        let has = |kind: &str, name: &Value| {
            objects.iter().any(|object| object["kind"] == kind && object["metadata"]["name"] == *name)
        };
        for claim in found("persistentVolumeClaim") {
            assert!(has("PersistentVolumeClaim", &claim["claimName"]), "{manifest}: {claim}");
        }
        for map in found("configMap") {
            assert!(has("ConfigMap", &map["name"]), "{manifest}: {map}");
        }
        for secret in found("secretKeyRef") {
            let (name, key) = (secret["name"].as_str().unwrap(), secret["key"].as_str().unwrap());
            let step = steps
                .lines()
                .find(|line| line.starts_with(&format!("kubectl create secret generic {name} ")));
            assert!(
                step.is_some_and(|step| step.contains(&format!("--from-file={key}="))),
                "{manifest}: {steps}"
            );
        }
        // Every token that the gateways of the configuration ask for is in the environment.
        let variables: Vec<&Value> = found("env")
            .into_iter()
            .flat_map(|env| env.as_array().unwrap())
            .map(|one| &one["name"])
            .collect();
        let config = found("config.toml")[0].as_str().unwrap();
        for line in config.lines().filter_map(|line| line.strip_prefix("token_env = ")) {
            assert!(variables.contains(&&Value::from(line.trim_matches('"'))), "{manifest}: {line}");
        }
        assert!(
            steps.contains(&format!("kubectl apply --filename contrib/{manifest}\n")),
            "{manifest}: {steps}"
        );
        // With each start the keys would be opened to the group otherwise, and such keys are refused.
        for security in
            found("securityContext").into_iter().filter(|security| security.get("fsGroup").is_some())
        {
            assert_eq!(security["fsGroupChangePolicy"], "OnRootMismatch", "{manifest}");
        }
        // Logs are read by a label, or by the name of the object.
        let (_, target) = steps.split_once("kubectl logs ").unwrap();
        let target = target.lines().next().unwrap();
        let labels = || {
            found("labels")
                .into_iter()
                .map(|labels| format!("--selector app={}", labels["app"].as_str().unwrap()))
        };
        let names = objects.iter().map(|object| {
            let kind = object["kind"].as_str().unwrap().to_lowercase();
            format!("{kind}/{}", object["metadata"]["name"].as_str().unwrap())
        });
        assert!(labels().chain(names).any(|known| known == target), "{manifest}: {target}");
    }
}
