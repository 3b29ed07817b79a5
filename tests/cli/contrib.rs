//! What `contrib` holds, with the checkers of those that run it. One that is not on this machine is told and left out.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn contrib(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(name)
}

/// Whether a checker is here; if not, that is said.
#[expect(clippy::print_stdout, reason = "what was not checked must be seen")]
fn is_here(program: &str) -> bool {
    let run = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    // kubectl knows no such flag, and is there all the same.
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
    for name in ["clearance-dedupe.service", "clearance-dedupe.timer", "clearance-guard.service"] {
        let unit = std::fs::read_to_string(contrib(name)).unwrap();
        // It checks that the program is there.
        let unit = unit.replace("/usr/bin/clearance", env!("CARGO_BIN_EXE_clearance"));
        std::fs::write(folder.path().join(name), unit).unwrap();
        names.push(folder.path().join(name));
    }
    let output = Command::new("systemd-analyze").args(["--man=no", "verify"]).args(&names).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    // Unknown keys are told and are no failure.
    let ours: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("clearance-dedupe") || line.contains("clearance-guard"))
        .collect();
    assert!(output.status.success() && ours.is_empty(), "{said}");
}

/// What `kubectl` makes of a manifest, as JSON, one object after the other.
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
        ("dedupe", between("clearance-dedupe.service", "ExecStart=/usr/bin/clearance", "\n")),
        ("dedupe", between("crontab", "dedupe clearance", "2>&1")),
        ("dedupe", between("cronjob.yaml", "args: [", "]")),
        ("guard", between("clearance-guard.service", "ExecStart=/usr/bin/clearance", "\n")),
        ("guard", between("deployment.yaml", "args: [", "]")),
        ("guard", between("Containerfile", "CMD [", "]")),
    ];
    for (verb, line) in lines {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(line[..2], ["queue", verb], "{line:?}");
        // What stands before `--help` is read first, and refused if it is not understood.
        let output = crate::support::clearance(home.path()).args(&line).arg("--help").output().unwrap();
        assert!(output.status.success(), "{line:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
