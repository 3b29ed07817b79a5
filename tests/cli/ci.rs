//! The recipes for CI. The tests parse them as CI systems do, and run their steps with the built tool instead of the
//! installed one.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::binary;
use crate::support::dev::Dev;

const VALID: &str = r#"{"version": 1, "defaults": {"security": "deny"}}"#;
const DANGEROUS: &str = r#"{"version": 1, "defaults": {"security": "full", "ask": "off"}}"#;
/// What the valid document denies.
const POLICY_TEST: &str =
    "document = \"exec-approvals.json\"\n[[case]]\ncommand = \"uptime\"\nexpect = \"denied\"\n";
const MISSPELT: &str = r#"{"version": 1, "defaults": {"security": "alowlist"}}"#;

/// A file of the repository, as JSON.
fn yaml(path: &str) -> Value {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[track_caller]
fn fields_are(value: &Value, known: &[&str]) {
    for name in value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys() {
        assert!(known.contains(&name.as_str()), "`{name}` is no field: {value}");
    }
}

/// A runner: a checkout, and fake programs instead of downloaded ones.
struct Runner {
    root: TempDir,
    variables: BTreeMap<String, String>,
}

impl Runner {
    fn new(files: &[(&str, &str)]) -> Self {
        let root = tempfile::tempdir().unwrap();
        let runner = Self { root, variables: BTreeMap::new() };
        for directory in ["checkout/hosts", "stubs", "home", "temp"] {
            fs::create_dir_all(runner.root.path().join(directory)).unwrap();
        }
        for (name, content) in files {
            fs::write(runner.path(&format!("checkout/{name}")), content).unwrap();
        }
        // Puts the tool where `cargo install --root` would, and records its arguments.
        let cargo = format!(
            "#!/bin/bash\nset -e\nprintf '%s\\n' \"$*\" >> '{log}'\n[[ $1 == install ]]\nroot=$CARGO_INSTALL_ROOT\nwhile (($#)); do if [[ $1 == --root ]]; then root=$2; fi; shift; done\nmkdir -p \"$root/bin\"\nln -sf '{clearance}' \"$root/bin/clearance\"\n",
            log = runner.path("cargo.log"),
            clearance = binary().display(),
        );
        fs::write(runner.path("stubs/cargo"), cargo).unwrap();
        fs::set_permissions(runner.path("stubs/cargo"), fs::Permissions::from_mode(0o755)).unwrap();
        runner
    }

    fn path(&self, name: &str) -> String {
        self.root.path().join(name).display().to_string()
    }

    fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Runs a script as a runner does: stopped by the first command that fails.
    fn run(&self, script: &str, environment: &BTreeMap<String, String>) -> Output {
        // What was installed by an earlier step is found by a later one.
        let added = fs::read_to_string(self.path("github_path")).unwrap_or_default();
        let added = added.lines().collect::<Vec<_>>().join(":");
        let mut command = Command::new("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script]);
        command.current_dir(self.path("checkout")).env_clear();
        command.env("HOME", self.path("home"));
        command.env("PATH", format!("{added}:{}:/usr/bin:/bin", self.path("stubs")));
        command.envs(&self.variables).envs(environment);
        command.output().unwrap()
    }

    fn cargo_log(&self) -> String {
        fs::read_to_string(self.path("cargo.log")).unwrap_or_default()
    }
}

#[track_caller]
fn assert_code(output: &Output, code: i32, what: &str) {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(code), "{what}: {}{}", said(&output.stdout), said(&output.stderr));
}

// ---- GitHub

/// The action with these inputs, step by step: the name of each that ran, and its exit code. Ends with the first that
/// fails, as GitHub does.
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
    let input = |expression: &str| -> String {
        let name = expression.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}")).unwrap();
        (*inputs.get(name).unwrap_or_else(|| panic!("there is no input {name}"))).to_owned()
    };
    runner.set("RUNNER_TEMP", &runner.path("temp"));
    runner.set("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR"));
    runner.set("GITHUB_PATH", &runner.path("github_path"));
    let mut ran = Vec::new();
    for step in action["runs"]["steps"].as_array().unwrap() {
        fields_are(step, &["name", "if", "shell", "env", "run"]);
        assert_eq!(step["shell"], "bash");
        let script = text(&step["run"]);
        // An expression in a script could execute the value of an input.
        assert!(!script.contains("${{"), "{script}");
        if let Some(condition) = step.get("if") {
            let name = text(condition).strip_suffix(" != '' }}").unwrap();
            if input(&format!("{name} }}}}")).is_empty() {
                continue;
            }
        }
        let empty = Map::new();
        let environment = step["env"].as_object().unwrap_or(&empty);
        let environment =
            environment.iter().map(|(name, value)| (name.clone(), input(text(value)))).collect();
        let output = runner.run(script, &environment);
        let code = output.status.code().unwrap();
        let said = [output.stdout, output.stderr].concat();
        ran.push((text(&step["name"]).to_owned(), code, String::from_utf8_lossy(&said).into_owned()));
        if code != 0 {
            break;
        }
    }
    ran
}

fn codes(ran: &[(String, i32, String)]) -> Vec<(&str, i32)> {
    ran.iter().map(|(name, code, _)| (name.as_str(), *code)).collect()
}

#[test]
fn the_action_is_what_github_takes() {
    let action = yaml("action.yml");
    fields_are(&action, &["name", "description", "inputs", "runs"]);
    fields_are(&action["runs"], &["using", "steps"]);
    assert_eq!(action["runs"]["using"], "composite");
}

#[test]
fn the_action_checks_and_compares() {
    let dev = Dev::start(&[]);
    let mut runner = Runner::new(&[("hosts/a b.json", VALID), ("exec-approvals.json", VALID)]);
    let paths = ("paths", "hosts/\n\nexec-approvals.json\n");
    let ran = action(&mut runner, &[paths]);
    assert_eq!(codes(&ran), [("Install clearance", 0), ("Validate", 0), ("Lint", 0)], "{ran:?}");
    let drift = 3;
    assert!(runner.cargo_log().starts_with("install --locked --path"), "{}", runner.cargo_log());
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
    assert_eq!(codes(&ran), [("Install clearance", 0), ("Validate", 1)], "{ran:?}");
    assert!(ran[1].2.contains("::error file=hosts/bad.json,line=1"), "{ran:?}");
    // A value that looks like a command or a flag is treated as a missing path.
    for path in ["$(touch owned)", "--explain", "; touch owned"] {
        let ran = action(&mut runner, &[("paths", path)]);
        assert_eq!(codes(&ran)[1..], [("Validate", 7)], "{ran:?}");
    }
    assert!(!Path::new(&runner.path("checkout/owned")).exists());
}

#[test]
fn the_action_fails_where_a_document_is_dangerous() {
    let mut runner = Runner::new(&[("hosts/open.json", DANGEROUS)]);
    let ran = action(&mut runner, &[("paths", "hosts")]);
    assert_eq!(codes(&ran), [("Install clearance", 0), ("Validate", 0), ("Lint", 1)], "{ran:?}");
    assert!(ran[2].2.contains("::error file=hosts/open.json,line=1"), "{ran:?}");
    let ran = action(&mut runner, &[("paths", "hosts"), ("fail-on", "never")]);
    assert_eq!(codes(&ran)[2..], [("Lint", 0)], "{ran:?}");
}

#[test]
fn the_action_runs_policy_tests() {
    let tests = POLICY_TEST.replace("exec-approvals.json", "a.json");
    let mut runner = Runner::new(&[("hosts/a.json", VALID), ("hosts/a b.approvals-test.toml", &tests)]);
    let given = [("paths", "hosts"), ("tests", "hosts/\n")];
    let ran = action(&mut runner, &given);
    let expected = [("Install clearance", 0), ("Validate", 0), ("Lint", 0), ("Test", 0)];
    assert_eq!(codes(&ran), expected, "{ran:?}");
    fs::write(runner.path("checkout/hosts/a b.approvals-test.toml"), tests.replace("denied", "runs"))
        .unwrap();
    let ran = action(&mut runner, &given);
    assert_eq!(codes(&ran)[3..], [("Test", 1)], "{ran:?}");
    assert!(ran[3].2.contains("::error file=hosts/a b.approvals-test.toml,line=2"), "{ran:?}");
}

// ---- pre-commit

#[test]
fn the_hooks_run_on_what_they_name() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let runner = Runner::new(&[
        ("exec-approvals.json", VALID),
        ("exec-approvals.bad.json", MISSPELT),
        ("exec-approvals.open.json", DANGEROUS),
    ]);
    symlink(binary(), runner.path("stubs/clearance")).unwrap();
    let mut ids = Vec::new();
    for hook in hooks.as_array().unwrap() {
        fields_are(hook, &["id", "name", "description", "language", "entry", "files"]);
        // Built by `cargo install --bins --path .`, which builds the program that the entry starts.
        assert_eq!(hook["language"], "rust");
        assert!(text(&hook["entry"]).starts_with("clearance "));
        let files = regress::Regex::new(text(&hook["files"])).unwrap();
        for (path, meant) in [
            ("exec-approvals.json", true),
            ("hosts/exec-approvals.prod.json5", true),
            ("package.json", false),
            ("my-exec-approvals.json", false),
        ] {
            assert_eq!(files.find(path).is_some(), meant, "{path}");
        }
        let run = |file: &str| runner.run(&format!("{} {file}", text(&hook["entry"])), &BTreeMap::new());
        assert_code(&run("exec-approvals.json"), 0, text(&hook["id"]));
        assert_code(&run("exec-approvals.bad.json"), 1, text(&hook["id"]));
        // Only the lint rejects a document that is valid but dangerous.
        let code = i32::from(hook["id"] == "clearance-lint");
        assert_code(&run("exec-approvals.open.json"), code, text(&hook["id"]));
        ids.push(text(&hook["id"]));
    }
    assert_eq!(ids, ["clearance-validate", "clearance-lint"]);
}

// ---- GitLab

/// The words of a job, in one script: GitLab runs them one after the other in one shell.
fn gitlab(recipe: &Value, job: &str) -> String {
    let job = &recipe[job];
    fields_are(job, &["artifacts", "extends", "rules", "script"]);
    let base = &recipe[text(&job["extends"])];
    let lines =
        [&base["before_script"], &job["script"]].into_iter().flat_map(|lines| lines.as_array().unwrap());
    lines.map(text).collect::<Vec<_>>().join("\n")
}

/// The job of the GitLab recipe that runs the policy tests.
const TEST: &str = "approvals-test";

#[test]
fn the_gitlab_recipe_checks_and_compares() {
    let recipe = yaml("contrib/gitlab-ci.yml");
    let jobs = ["approvals-validate", "approvals-lint", "approvals-drift"];
    fields_are(&recipe, &[&["variables", ".clearance", TEST], &jobs[..]].concat());
    fields_are(&recipe[".clearance"], &["stage", "image", "variables", "cache", "before_script"]);
    let dev = Dev::start(&[]);
    let mut runner = Runner::new(&[("exec-approvals.json", VALID)]);
    runner.set("CI_PROJECT_DIR", &runner.path("checkout"));
    for variables in [&recipe["variables"], &recipe[".clearance"]["variables"]] {
        for (name, value) in variables.as_object().unwrap() {
            let value = text(value).replace("$CI_PROJECT_DIR", &runner.path("checkout"));
            runner.set(name, &value);
        }
    }
    runner.set("CLEARANCE_GIT", "https://git.example/clearance.git");
    runner.set("OPENCLAW_GATEWAY_URL", &dev.url);
    runner.set("OPENCLAW_GATEWAY_TOKEN", &dev.token);
    let nothing = BTreeMap::new();
    for (job, code) in jobs.into_iter().zip([0, 0, 1]) {
        assert_code(&runner.run(&gitlab(&recipe, job), &nothing), code, job);
    }
    // The second job found what the first one left in the cache.
    assert_eq!(runner.cargo_log(), "install --locked --git https://git.example/clearance.git clearance\n");
    let set =
        "PATH=$CARGO_INSTALL_ROOT/bin:$PATH; clearance approvals set --file exec-approvals.json --gateway";
    assert_code(&runner.run(set, &nothing), 0, "set");
    assert_code(&runner.run(&gitlab(&recipe, jobs[2]), &nothing), 0, jobs[2]);
    assert_eq!(recipe[jobs[2]]["rules"], json!([{"if": "$OPENCLAW_GATEWAY_URL"}]));
    let report = text(&recipe[TEST]["artifacts"]["reports"]["junit"]);
    for (expected, code) in [("denied", 0), ("runs", 1)] {
        fs::write(runner.path("checkout/approvals-test.toml"), POLICY_TEST.replace("denied", expected))
            .unwrap();
        assert_code(&runner.run(&gitlab(&recipe, TEST), &nothing), code, TEST);
        let junit = fs::read_to_string(runner.path(&format!("checkout/{report}"))).unwrap();
        assert!(junit.contains(&format!("failures=\"{code}\"")), "{junit}");
    }
    fs::write(runner.path("checkout/exec-approvals.json"), MISSPELT).unwrap();
    assert_code(&runner.run(&gitlab(&recipe, jobs[0]), &nothing), 1, jobs[0]);
    fs::write(runner.path("checkout/exec-approvals.json"), DANGEROUS).unwrap();
    assert_code(&runner.run(&gitlab(&recipe, jobs[0]), &nothing), 0, jobs[0]);
    assert_code(&runner.run(&gitlab(&recipe, jobs[1]), &nothing), 1, jobs[1]);
}

// ---- The recipes in the README

/// The blocks of YAML in the README.
fn readme_blocks() -> Vec<Value> {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let blocks = readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    blocks
        .map(|text| serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
        .collect()
}

#[test]
fn the_workflow_of_the_readme_works() {
    let workflow = &readme_blocks()[0];
    fields_are(workflow, &["on", "jobs"]);
    let jobs: Vec<&Value> = workflow["jobs"].as_object().unwrap().values().collect();
    assert_eq!(jobs.len(), 1);
    fields_are(jobs[0], &["runs-on", "steps"]);
    let steps = jobs[0]["steps"].as_array().unwrap();
    assert!(text(&steps[0]["uses"]).starts_with("actions/checkout@"), "{steps:?}");
    assert!(text(&steps[1]["uses"]).contains("/clearance@"), "{steps:?}");
    let given: Vec<(&str, &str)> = steps[1]["with"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), text(value)))
        .collect();
    for (document, expected) in [
        (VALID, vec![("Install clearance", 0), ("Validate", 0), ("Lint", 0)]),
        (MISSPELT, vec![("Install clearance", 0), ("Validate", 1)]),
    ] {
        let mut runner = Runner::new(&[("hosts/a.json", document)]);
        assert_eq!(codes(&action(&mut runner, &given)), expected);
    }
}

#[test]
fn the_hooks_of_the_readme_exist() {
    let known = yaml(".pre-commit-hooks.yaml");
    let known: Vec<&str> = known.as_array().unwrap().iter().map(|hook| text(&hook["id"])).collect();
    let blocks = readme_blocks();
    let repository = &blocks[1]["repos"][0];
    fields_are(repository, &["repo", "rev", "hooks"]);
    let named: Vec<&str> =
        repository["hooks"].as_array().unwrap().iter().map(|hook| text(&hook["id"])).collect();
    assert_eq!(named, known);
}
