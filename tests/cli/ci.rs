//! The recipes for CI: pre-commit, GitLab, and those of the README. The tests parse them as CI systems do, and run their
//! steps with the built tool instead of the installed one. `action.rs` has the action for GitHub.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::binary;
use crate::support::dev::Dev;

pub const VALID: &str = r#"{"version": 1, "defaults": {"security": "deny"}}"#;
pub const DANGEROUS: &str = r#"{"version": 1, "defaults": {"security": "full", "ask": "off"}}"#;
/// What the valid document denies.
pub const POLICY_TEST: &str =
    "document = \"exec-approvals.json\"\n[[case]]\ncommand = \"uptime\"\nexpect = \"denied\"\n";
pub const MISSPELT: &str = r#"{"version": 1, "defaults": {"security": "alowlist"}}"#;

/// A file of the repository, as JSON.
pub fn yaml(path: &str) -> Value {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"))
}

pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

#[track_caller]
pub fn fields_are(value: &Value, known: &[&str]) {
    for name in value.as_object().unwrap_or_else(|| panic!("no object: {value}")).keys() {
        assert!(known.contains(&name.as_str()), "`{name}` is no field: {value}");
    }
}

/// A runner: a checkout, and fake programs instead of downloaded ones.
pub struct Runner {
    root: TempDir,
    variables: BTreeMap<String, String>,
}

impl Runner {
    pub fn new(files: &[(&str, &str)]) -> Self {
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

    pub fn path(&self, name: &str) -> String {
        self.root.path().join(name).display().to_string()
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Runs a script as a runner does: stopped by the first command that fails.
    pub fn run(&self, script: &str, environment: &BTreeMap<String, String>) -> Output {
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

    pub fn cargo_log(&self) -> String {
        fs::read_to_string(self.path("cargo.log")).unwrap_or_default()
    }
}

#[track_caller]
pub fn assert_code(output: &Output, code: i32, what: &str) {
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(code), "{what}: {}{}", said(&output.stdout), said(&output.stderr));
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
        // pre-commit installs the wheel that pyproject.toml names, or runs `cargo install --bins --path .`.
        let from_source = text(&hook["id"]).ends_with("-from-source");
        assert_eq!(hook["language"], if from_source { "rust" } else { "python" });
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
        let code = i32::from(text(&hook["id"]).starts_with("clearance-lint"));
        assert_code(&run("exec-approvals.open.json"), code, text(&hook["id"]));
        ids.push(text(&hook["id"]));
    }
    let from_source = ["clearance-validate-from-source", "clearance-lint-from-source"];
    assert_eq!(ids, [&["clearance-validate", "clearance-lint"], &from_source[..]].concat());
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
    let requirements = runner.path("requirements");
    // What is in the file of requirements when `pip` gets it.
    let python = format!(
        "#!/bin/bash\nset -e\nwhile (($#)); do case $1 in --target) to=$2 ;; --requirement) cat \"$2\" >> '{requirements}' ;; esac; shift; done\nmkdir -p \"$to/bin\"\nln -s '{}' \"$to/bin/clearance\"\n",
        binary().display()
    );
    fs::write(runner.path("stubs/python3"), python).unwrap();
    fs::set_permissions(runner.path("stubs/python3"), fs::Permissions::from_mode(0o755)).unwrap();
    runner.set("OPENCLAW_GATEWAY_URL", &dev.url);
    runner.set("OPENCLAW_GATEWAY_TOKEN", &dev.token);
    let nothing = BTreeMap::new();
    for (job, code) in jobs.into_iter().zip([0, 0, 1]) {
        assert_code(&runner.run(&gitlab(&recipe, job), &nothing), code, job);
    }
    let wheel = format!("clearance=={}", env!("CARGO_PKG_VERSION"));
    assert_eq!(fs::read_to_string(&requirements).unwrap(), format!("{wheel}\n").repeat(3));
    let hashed = BTreeMap::from([("CLEARANCE_SHA256".to_owned(), "a1".to_owned())]);
    assert_code(&runner.run(&gitlab(&recipe, jobs[0]), &hashed), 0, jobs[0]);
    let last = fs::read_to_string(&requirements).unwrap().lines().last().unwrap().to_owned();
    assert_eq!(last, format!("{wheel} --hash=sha256:a1"));
    // Without a path the runner's own documents would be checked.
    for paths in ["", " "] {
        let empty = BTreeMap::from([("CLEARANCE_PATHS".to_owned(), paths.to_owned())]);
        assert_code(&runner.run(&gitlab(&recipe, jobs[0]), &empty), 2, jobs[0]);
    }
    // From source, once: the second job finds what the first one left in the cache.
    runner.set("CLEARANCE_GIT", "https://git.invalid/clearance.git");
    for (job, code) in jobs.into_iter().zip([0, 0, 1]) {
        assert_code(&runner.run(&gitlab(&recipe, job), &nothing), code, job);
    }
    let version = env!("CARGO_PKG_VERSION");
    let compiled = format!(
        "install --locked --profile ci --git https://git.invalid/clearance.git --tag v{version} clearance\n"
    );
    assert_eq!(runner.cargo_log(), compiled);
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
    for (document, expected) in [(VALID, &[0, 0, 0][..]), (MISSPELT, &[0, 1]), (DANGEROUS, &[0, 0, 1])] {
        let runner = Runner::new(&[("hosts/a.json", document)]);
        symlink(binary(), runner.path("stubs/clearance")).unwrap();
        let pipx = "#!/bin/sh\n[ \"$*\" = 'install clearance==VERSION' ]\n";
        fs::write(runner.path("stubs/pipx"), pipx.replace("VERSION", env!("CARGO_PKG_VERSION"))).unwrap();
        fs::set_permissions(runner.path("stubs/pipx"), fs::Permissions::from_mode(0o755)).unwrap();
        for (step, code) in steps[1..].iter().zip(expected) {
            fields_are(step, &["run"]);
            assert_code(&runner.run(text(&step["run"]), &BTreeMap::new()), *code, text(&step["run"]));
        }
    }
}

#[test]
fn the_hook_of_the_readme_is_one_of_the_hooks() {
    let known = yaml(".pre-commit-hooks.yaml");
    let blocks = readme_blocks();
    let repository = &blocks[1]["repos"][0];
    fields_are(repository, &["repo", "hooks"]);
    let hook = &repository["hooks"][0];
    let same = known.as_array().unwrap().iter().find(|one| one["id"] == hook["id"]).unwrap();
    for field in ["name", "language", "entry", "files"] {
        assert_eq!(hook[field], same[field], "{field}");
    }
    let package = format!("clearance=={}", env!("CARGO_PKG_VERSION"));
    assert_eq!(hook["additional_dependencies"], json!([package]));
}
