//! The action for GitHub, run step by step as GitHub does.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::ci::{DANGEROUS, MISSPELT, POLICY_TEST, Runner, VALID, assert_code, fields_are, text, yaml};
use crate::support::binary;
use crate::support::dev::Dev;

/// The address of a runner's releases: the input `base-url`.
fn releases(runner: &Runner) -> String {
    format!("file://{}", runner.path("releases"))
}

/// What a step is given: inputs, the outputs of earlier steps, and what GitHub knows of the job.
struct Context<'a> {
    inputs: BTreeMap<&'a str, &'a str>,
    outputs: BTreeMap<String, String>,
}

impl Context<'_> {
    /// The value of an expression that is one name.
    fn value(&self, name: &str) -> String {
        if let Some(input) = name.strip_prefix("inputs.") {
            return (*self.inputs.get(input).unwrap_or_else(|| panic!("there is no input {input}")))
                .to_owned();
        }
        if let Some(output) = name.strip_prefix("steps.") {
            return self.outputs.get(output).cloned().unwrap_or_default();
        }
        match name {
            // Empty, as for an action of the repository itself.
            "github.action_repository" => String::new(),
            "runner.temp" | "runner.os" | "runner.arch" => name.to_owned(),
            other => panic!("unknown: {other}"),
        }
    }

    /// A text with its expressions replaced.
    fn text(&self, text: &str) -> String {
        let mut parts = text.split("${{ ");
        let mut result = parts.next().unwrap().to_owned();
        for part in parts {
            let (name, rest) = part.split_once(" }}").unwrap();
            result += &self.value(name);
            result += rest;
        }
        result
    }

    /// Whether a step runs.
    fn holds(&self, condition: &str, failed: bool) -> bool {
        let condition = condition.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")).unwrap();
        let terms: Vec<&str> = condition.split(" && ").collect();
        (terms.contains(&"!cancelled()") || !failed)
            && terms.iter().filter(|term| **term != "!cancelled()").all(|term| {
                let (name, equal, value) = match term.split_once(" == ") {
                    Some((name, value)) => (name, true, value),
                    None => term.split_once(" != ").map(|(name, value)| (name, false, value)).unwrap(),
                };
                (self.value(name) == value.trim_matches('\'')) == equal
            })
    }
}

/// The action with these inputs, step by step: the name of each that ran, its exit code, and what it printed.
fn action(runner: &mut Runner, given: &[(&str, &str)]) -> Vec<(String, i32, String)> {
    let action = yaml("action.yml");
    let mut inputs: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, input) in action["inputs"].as_object().unwrap() {
        fields_are(input, &["description", "required", "default"]);
        let value = given.iter().find(|(other, _)| other == name).map(|(_, value)| *value);
        assert!(value.is_some() || input["required"] != json!(true), "{name} must be given");
        inputs.insert(name, value.unwrap_or_else(|| text(&input["default"])));
    }
    assert!(given.iter().all(|(name, _)| inputs.contains_key(name)), "{given:?}");
    let mut context = Context { inputs, outputs: BTreeMap::new() };
    runner.set("RUNNER_TEMP", &runner.path("temp"));
    runner.set("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR"));
    runner.set("GITHUB_SERVER_URL", "https://git.invalid");
    runner.set("GITHUB_PATH", &runner.path("github_path"));
    runner.set("GITHUB_OUTPUT", &runner.path("github_output"));
    let mut ran = Vec::new();
    let mut failed = false;
    for step in action["runs"]["steps"].as_array().unwrap() {
        fields_are(step, &["name", "id", "if", "shell", "env", "run", "uses", "with"]);
        let name = text(&step["name"]).to_owned();
        if !step.get("if").map_or(!failed, |condition| context.holds(text(condition), failed)) {
            continue;
        }
        if let Some(other) = step.get("uses") {
            // Another action, at a commit. It is not run here.
            let (_, commit) = text(other).split_once('@').unwrap();
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{step}");
            let with = step["with"].as_object().unwrap().values();
            let with: Vec<String> = with.map(|value| context.text(text(value))).collect();
            ran.push((name, 0, with.join(" ")));
            continue;
        }
        assert_eq!(step["shell"], "bash");
        let script = text(&step["run"]);
        // An expression in a script could execute the value of an input.
        assert!(!script.contains("${{"), "{script}");
        let empty = Map::new();
        let environment = step["env"].as_object().unwrap_or(&empty);
        let environment =
            environment.iter().map(|(name, value)| (name.clone(), context.text(text(value)))).collect();
        fs::write(runner.path("github_output"), "").unwrap();
        let output = runner.run(script, &environment);
        if let Some(id) = step.get("id") {
            for line in fs::read_to_string(runner.path("github_output")).unwrap().lines() {
                let (name, value) = line.split_once('=').unwrap();
                context.outputs.insert(format!("{}.outputs.{name}", text(id)), value.to_owned());
            }
        }
        let code = output.status.code().unwrap();
        let said = [output.stdout, output.stderr].concat();
        ran.push((name, code, String::from_utf8_lossy(&said).into_owned()));
        failed |= code != 0;
    }
    ran
}

fn codes(ran: &[(String, i32, String)]) -> Vec<(&str, i32)> {
    ran.iter().map(|(name, code, _)| (name.as_str(), *code)).collect()
}

/// The steps that install the program from the action's own source, and the names of those that follow.
const COMPILED: [(&str, i32); 3] =
    [("Install clearance", 0), ("Cache clearance", 0), ("Compile clearance", 0)];

/// What follows the steps that install the program.
fn checks(ran: &[(String, i32, String)]) -> Vec<(&str, i32)> {
    let codes = codes(ran);
    assert_eq!(codes[..3], COMPILED, "{ran:?}");
    codes[3..].to_vec()
}

#[test]
fn the_action_is_what_github_takes() {
    let action = yaml("action.yml");
    fields_are(&action, &["name", "description", "inputs", "runs"]);
    fields_are(&action["runs"], &["using", "steps"]);
    assert_eq!(action["runs"]["using"], "composite");
}

/// A release on the runner: the archive of a program for this machine, and its checksums. Returns the checksum.
fn release(runner: &Runner, version: &str) -> String {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let name = format!("clearance-{version}-{target}");
    let folder = runner.path(&format!("releases/v{version}"));
    let script = format!(
        "mkdir -p '{folder}/{name}' && ln -s '{}' '{folder}/{name}/clearance' && cd '{folder}' && \
         tar -czf {name}.tar.gz {name} && rm -r {name} && sha256sum *.tar.gz > SHA256SUMS",
        binary().display()
    );
    assert_code(&runner.run(&script, &BTreeMap::new()), 0, "release");
    let sums = fs::read_to_string(format!("{folder}/SHA256SUMS")).unwrap();
    sums.split(' ').next().unwrap().to_owned()
}

#[test]
fn the_action_installs_a_release_by_its_checksum() {
    let mut runner = Runner::new(&[("hosts/a.json", VALID)]);
    let version = env!("CARGO_PKG_VERSION");
    let sum = release(&runner, version);
    let (paths, releases) = (("paths", "hosts"), releases(&runner));
    let from = ("base-url", releases.as_str());
    let tagged = format!("v{version}");
    for more in [&[][..], &[("sha256", &*sum)], &[("version", version)], &[("version", &*tagged)]] {
        let ran = action(&mut runner, &[&[paths, from][..], more].concat());
        assert_eq!(codes(&ran), [("Install clearance", 0), ("Validate", 0), ("Lint", 0)], "{ran:?}");
        fs::remove_dir_all(runner.path("temp/clearance")).unwrap();
    }
    assert_eq!(runner.cargo_log(), "");
    // What was downloaded is wrong: nothing is installed, and nothing is compiled instead.
    let ran = action(&mut runner, &[paths, from, ("sha256", &sum.replace(|c: char| c != '0', "0"))]);
    assert_eq!(codes(&ran), [("Install clearance", 2)], "{ran:?}");
    assert!(ran[0].2.contains(&sum), "{ran:?}");
    let sums = runner.path(&format!("releases/v{version}/SHA256SUMS"));
    fs::write(&sums, fs::read_to_string(&sums).unwrap().replace(&sum, &"a".repeat(64))).unwrap();
    let ran = action(&mut runner, &[paths, from]);
    assert_eq!(codes(&ran), [("Install clearance", 2)], "{ran:?}");
    // A release that is not there is compiled only if the action has its source.
    let ran = action(&mut runner, &[paths, from, ("version", "9.9.9")]);
    assert_eq!(codes(&ran), [("Install clearance", 2)], "{ran:?}");
    assert!(ran[0].2.contains("::error::there is no release 9.9.9"), "{ran:?}");
    fs::remove_dir_all(runner.path("releases")).unwrap();
    assert_eq!(checks(&action(&mut runner, &[paths, from])), [("Validate", 0), ("Lint", 0)]);
    assert!(
        runner.cargo_log().starts_with("install --locked --profile ci --path "),
        "{}",
        runner.cargo_log()
    );
    // With a checksum nothing else may be installed.
    let ran = action(&mut runner, &[paths, from, ("sha256", &sum)]);
    assert_eq!(codes(&ran), [("Install clearance", 2)], "{ran:?}");
}

#[test]
fn the_action_compiles_only_what_no_cache_has() {
    let mut runner = Runner::new(&[("hosts/a.json", VALID)]);
    let first = action(&mut runner, &[("paths", "hosts")]);
    let log = runner.cargo_log();
    let second = action(&mut runner, &[("paths", "hosts")]);
    assert_eq!(codes(&first), codes(&second));
    assert_eq!(runner.cargo_log(), log);
    // The key of the cache is the same for the same source, and is not empty.
    assert_eq!(first[1], second[1]);
    let key = first[1].2.rsplit("runner.arch-").next().unwrap().split(' ').next().unwrap();
    assert!(key.len() > 6 && key.chars().all(|c| c.is_ascii_digit() || c == '-'), "{first:?}");
}

#[test]
fn the_action_never_checks_the_runner_itself() {
    let mut runner = Runner::new(&[]);
    fs::create_dir_all(runner.path("home/.openclaw")).unwrap();
    fs::write(runner.path("home/.openclaw/exec-approvals.json"), VALID).unwrap();
    for paths in ["", "\n", " \n\t\n"] {
        let ran = action(&mut runner, &[("paths", paths)]);
        assert_eq!(checks(&ran), [("Validate", 2)], "{ran:?}");
        assert!(ran[3].2.starts_with("::error::the input"), "{ran:?}");
    }
    // Nor its standard input.
    let ran = action(&mut runner, &[("paths", "-")]);
    assert_eq!(checks(&ran), [("Validate", 7)], "{ran:?}");
}

#[test]
fn the_action_works_in_a_folder_and_leaves_files_out() {
    let config = "fail-on = \"never\"\n";
    let mut runner = Runner::new(&[("hosts/open.json", DANGEROUS), ("hosts/b a d.json", MISSPELT)]);
    let given = [("paths", "."), ("working-directory", "hosts"), ("exclude", "nothing\nb a d.json\n")];
    let ran = action(&mut runner, &given);
    assert_eq!(checks(&ran), [("Validate", 0), ("Lint", 1)], "{ran:?}");
    // Places are those of the repository.
    assert!(ran[4].2.contains("::error file=hosts/open.json,line=1"), "{ran:?}");
    let ran = action(&mut runner, &given[..2]);
    assert_eq!(checks(&ran), [("Validate", 1)], "{ran:?}");
    fs::write(runner.path("checkout/hosts/clearance.toml"), config).unwrap();
    let ran = action(&mut runner, &given);
    assert!(ran[4].2.contains("clearance.toml"), "{ran:?}");
    let ran = action(&mut runner, &[&given[..], &[("format", "json")]].concat());
    assert!(ran[3].2.starts_with('{'), "{ran:?}");
}

#[test]
fn the_action_writes_sarif_even_for_what_fails() {
    let mut runner = Runner::new(&[("hosts/bad.json", MISSPELT)]);
    let ran = action(&mut runner, &[("paths", "hosts"), ("sarif", "true")]);
    let expected = [
        ("Validate", 1),
        ("Write SARIF", 0),
        ("Upload what validate found", 0),
        ("Upload what lint found", 0),
    ];
    assert_eq!(checks(&ran), expected, "{ran:?}");
    for (upload, verb) in [(5, "validate"), (6, "lint")] {
        assert!(ran[upload].2.contains(&format!("clearance-{verb}.sarif")), "{ran:?}");
        assert!(ran[upload].2.contains(&format!("clearance-{verb}")), "{ran:?}");
        let sarif = fs::read_to_string(runner.path(&format!("temp/clearance-{verb}.sarif"))).unwrap();
        let sarif: Value = serde_json::from_str(&sarif).unwrap();
        assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "unknown-value");
    }
}

#[test]
fn the_action_checks_and_compares() {
    let dev = Dev::start(&[]);
    let mut runner = Runner::new(&[("hosts/a b.json", VALID), ("exec-approvals.json", VALID)]);
    let paths = ("paths", "hosts/\n\nexec-approvals.json\n");
    let ran = action(&mut runner, &[paths]);
    assert_eq!(checks(&ran), [("Validate", 0), ("Lint", 0)], "{ran:?}");
    let drift = 5;
    let gateway = [
        paths,
        ("document", "exec-approvals.json"),
        ("gateway", dev.url.as_str()),
        ("token", dev.token.as_str()),
    ];
    let ran = action(&mut runner, &gateway);
    assert_eq!(codes(&ran)[drift], ("Drift", 1), "{ran:?}");
    assert!(ran[drift].2.contains("-security: deny") && !ran[drift].2.contains(&dev.token), "{ran:?}");
    let set = "clearance approvals set --file exec-approvals.json --gateway";
    let variables = BTreeMap::from([
        ("OPENCLAW_GATEWAY_URL".to_owned(), dev.url.clone()),
        ("OPENCLAW_GATEWAY_TOKEN".to_owned(), dev.token.clone()),
    ]);
    assert_code(&runner.run(set, &variables), 0, "set");
    let ran = action(&mut runner, &gateway);
    assert_eq!(codes(&ran)[drift], ("Drift", 0), "{ran:?}");
    let ran = action(&mut runner, &[&gateway[..], &[("node", "demo-node")]].concat());
    assert_eq!(codes(&ran)[drift], ("Drift", 1), "{ran:?}");
    assert!(ran[drift].2.contains("demo-node"), "{ran:?}");
    let pin = "AB:".repeat(31) + "CD";
    let ran = action(&mut runner, &[&gateway[..], &[("tls-fingerprint", &pin)]].concat());
    // Nothing is encrypted here. The test checks that the flag arrives as one argument.
    assert!(ran.len() == drift + 1 && ran[drift].1 != 70, "{ran:?}");
}

#[test]
fn the_action_fails_where_a_document_is_wrong() {
    let mut runner = Runner::new(&[("hosts/bad.json", MISSPELT)]);
    let ran = action(&mut runner, &[("paths", "hosts")]);
    assert_eq!(checks(&ran), [("Validate", 1)], "{ran:?}");
    assert!(ran[3].2.contains("::error file=hosts/bad.json,line=1"), "{ran:?}");
    // A value that looks like a command or a flag is treated as a missing path.
    for path in ["$(touch owned)", "--explain", "; touch owned"] {
        let ran = action(&mut runner, &[("paths", path)]);
        assert_eq!(checks(&ran), [("Validate", 7)], "{ran:?}");
    }
    assert!(!Path::new(&runner.path("checkout/owned")).exists());
}

#[test]
fn the_action_fails_where_a_document_is_dangerous() {
    let mut runner = Runner::new(&[("hosts/open.json", DANGEROUS)]);
    let ran = action(&mut runner, &[("paths", "hosts")]);
    assert_eq!(checks(&ran), [("Validate", 0), ("Lint", 1)], "{ran:?}");
    assert!(ran[4].2.contains("::error file=hosts/open.json,line=1"), "{ran:?}");
    let ran = action(&mut runner, &[("paths", "hosts"), ("fail-on", "never")]);
    assert_eq!(checks(&ran)[1..], [("Lint", 0)], "{ran:?}");
}

#[test]
fn the_action_runs_policy_tests() {
    let tests = POLICY_TEST.replace("exec-approvals.json", "a.json");
    let mut runner = Runner::new(&[("hosts/a.json", VALID), ("hosts/a b.approvals-test.toml", &tests)]);
    let given = [("paths", "hosts"), ("tests", "hosts/\n")];
    let ran = action(&mut runner, &given);
    assert_eq!(checks(&ran), [("Validate", 0), ("Lint", 0), ("Test", 0)], "{ran:?}");
    fs::write(runner.path("checkout/hosts/a b.approvals-test.toml"), tests.replace("denied", "runs"))
        .unwrap();
    let ran = action(&mut runner, &given);
    assert_eq!(checks(&ran)[2..], [("Test", 1)], "{ran:?}");
    assert!(ran[5].2.contains("::error file=hosts/a b.approvals-test.toml,line=2"), "{ran:?}");
}
