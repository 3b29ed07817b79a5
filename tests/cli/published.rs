//! What is published: packages, recipes and workflows. Versions, targets, addresses and files agree everywhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::ci::{text, yaml};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn cargo() -> toml::Table {
    read("Cargo.toml").parse().unwrap()
}

/// The files of the repository that people get, each with its path from the root.
fn published() -> Vec<(String, PathBuf)> {
    files(&["tests", "fixtures"])
}

/// The files of the repository, but for those in these folders, each with its path from the root.
fn files(without: &[&str]) -> Vec<(String, PathBuf)> {
    const MADE: [&str; 4] = [".git", "target", "fuzz/target", "packaging/runners/node_modules"];
    let mut found = Vec::new();
    let mut folders = vec![root().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(root()).unwrap().display().to_string();
            if MADE.contains(&&*name) || without.contains(&&*name) {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push((name, path));
            }
        }
    }
    assert!(found.len() > 300, "{} files", found.len());
    found
}

/// Whether Windows can have a file of this name. Git cannot check out a repository there that has another one.
fn is_for_windows(name: &str) -> bool {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    let stem = name.split('.').next().unwrap_or_default().to_lowercase();
    let is_port = |kind| stem.strip_prefix(kind).is_some_and(|number| number.parse::<u8>().is_ok());
    !DEVICES.contains(&&*stem)
        && !["com", "lpt"].into_iter().any(is_port)
        && !name.contains(['<', '>', ':', '"', '|', '?', '*', '\\'])
        && !name.ends_with(['.', ' '])
}

#[test]
fn every_file_can_be_checked_out_on_windows() {
    assert!(!is_for_windows("nul.json") && !is_for_windows("COM1") && !is_for_windows("a:b"));
    for (name, _) in files(&[]) {
        assert!(name.split('/').all(is_for_windows), "{name}");
    }
}

/// What only its author can replace. A gateway of an example belongs to its reader, and is none.
fn placeholders(text: &str) -> Vec<&'static str> {
    const WORDS: [&str; 8] =
        ["ADDRESS OF", "OWNER/", "@REF", "rev: REF", "REVISION", "git.example", "maintainers@", "FIXME"];
    WORDS.iter().filter(|word| text.contains(**word)).copied().collect()
}

#[test]
fn placeholders_are_found() {
    assert_eq!(placeholders("  - uses: OWNER/clearance@REF"), ["OWNER/", "@REF"]);
    assert_eq!(
        placeholders("  - repo: https://git.example/x\n    rev: REVISION"),
        ["REVISION", "git.example"]
    );
    assert_eq!(placeholders("--gateway=wss://gateway.example # actions/checkout@v4").len(), 0);
}

#[test]
fn nothing_that_is_published_has_a_placeholder() {
    // The maintainer's address: Cargo.toml is where it is to be set.
    const UNKNOWN: [(&str, &str); 1] = [("Cargo.toml", "maintainers@")];
    let mut found = BTreeSet::new();
    for (name, path) in published() {
        let Ok(text) = fs::read_to_string(path) else { continue };
        found.extend(placeholders(&text).into_iter().map(|word| (name.clone(), word)));
    }
    for (file, word) in UNKNOWN {
        // Once it is set, this list is to be emptied.
        assert!(found.remove(&(file.to_owned(), word)), "{file} has no {word} any more");
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_address_is_in_one_place() {
    let cargo = cargo();
    let package = &cargo["package"];
    // Both follow from the repository's.
    assert!(package.get("homepage").is_none() && package.get("documentation").is_none());
    assert_eq!(env!("CARGO_PKG_REPOSITORY"), package.get("repository").map_or("", |it| it.as_str().unwrap()));
    let Some(address) = package.get("repository") else { return };
    let address = address.as_str().unwrap();
    assert!(address.starts_with("https://") && !address.ends_with('/'), "{address}");
    let (_, name) = address.split_once("://").unwrap();
    for (file, path) in published() {
        let text = fs::read_to_string(path).unwrap_or_default();
        assert!(file == "Cargo.toml" || !text.contains(name), "{file} repeats {address}");
    }
}

#[test]
fn versions_agree() {
    let hooks: toml::Table = read("pyproject.toml").parse().unwrap();
    assert_eq!(hooks["project"]["version"].as_str(), Some(VERSION));
    assert_eq!(hooks["project"]["dependencies"][0].as_str(), Some(&*format!("clearance=={VERSION}")));
    assert_eq!(yaml("contrib/gitlab-ci.yml")["variables"]["CLEARANCE_VERSION"], VERSION);
    for page in ["README.md", "docs/testing.md"] {
        let text = read(page);
        let named: Vec<&str> = text
            .split("clearance==")
            .skip(1)
            .map(|rest| rest.split([']', '\n', ' ']).next().unwrap())
            .collect();
        assert!(!named.is_empty() && named.iter().all(|version| *version == VERSION), "{page}: {named:?}");
    }
    let readme = read("README.md");
    for file in [
        format!("./clearance-{VERSION}.tgz"),
        format!("./clearance-linux-x64-{VERSION}.tgz"),
        format!("./clearance_{VERSION}-1_amd64.deb"),
        format!("clearance-{VERSION}-1.x86_64.rpm"),
        format!("./clearance-{VERSION}-py3-none-"),
    ] {
        assert!(readme.contains(&file), "{file}");
    }
}

fn targets() -> Value {
    serde_json::from_str(&read("packaging/targets.json")).unwrap()
}

/// The workflow makes what the packages name, on the runners of the same table.
#[test]
fn the_release_is_made_for_every_target() {
    let workflow = yaml(".github/workflows/release.yml");
    let matrix = workflow["jobs"]["build"]["strategy"]["matrix"]["include"].as_array().unwrap().iter();
    let made: Vec<Value> =
        matrix.map(|row| json!({"target": row["target"], "runner": row["runner"]})).collect();
    let targets = targets();
    let named: Vec<Value> = targets
        .as_array()
        .unwrap()
        .iter()
        .map(|row| json!({"target": row["target"], "runner": row["runner"]}))
        .collect();
    assert_eq!(made, named);
    let formula = read("packaging/homebrew/clearance.rb");
    for named in formula.split("sha256 \"@").skip(1).map(|rest| rest.split('@').next().unwrap()) {
        assert!(made.iter().any(|row| row["target"] == named), "{named}");
    }
}

/// For npm `packages/x.tgz` is a repository of GitHub, and `./packages/x.tgz` a file.
#[test]
fn the_release_publishes_files() {
    let workflow = read(".github/workflows/release.yml");
    let published: Vec<&str> = workflow.lines().filter(|line| line.contains("npm@11 publish ")).collect();
    assert!(published.len() == 1 && published[0].ends_with(" \"./$package\""), "{published:?}");
}

/// Every step that is somebody else's is at a commit, with its release beside it.
#[test]
fn workflows_use_actions_at_a_commit() {
    for file in [".github/workflows/ci.yml", ".github/workflows/release.yml", "action.yml"] {
        let text = read(file);
        yaml(file);
        let used: Vec<&str> =
            text.lines().filter_map(|line| line.split_once("uses: ")).map(|(_, it)| it).collect();
        assert!(!used.is_empty(), "{file}");
        for used in used {
            let (action, release) = used.split_once(" # v").unwrap_or_else(|| panic!("{file}: {used}"));
            let (_, commit) = action.split_once('@').unwrap();
            assert!(commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()), "{file}: {used}");
            assert!(release.split('.').count() == 3, "{file}: {used}");
        }
    }
}

/// Runs a program of this machine. Nothing if it is not here, which is reported.
#[expect(clippy::print_stdout, reason = "what was not checked must be seen")]
fn run(program: &str, arguments: &[&str]) -> Option<std::process::Output> {
    let output = Command::new(program).args(arguments).current_dir(root()).stdin(Stdio::null()).output();
    if output.is_err() {
        println!("skipped: {program} is not on this machine");
    }
    output.ok()
}

/// The script asks for the archive of each target where `uname` and `ldd` are those of that system.
#[test]
fn the_installer_knows_every_target() {
    let folder = tempfile::tempdir().unwrap();
    for row in targets().as_array().unwrap() {
        let target = text(&row["target"]);
        let linux = target.contains("linux");
        let machine = match (target.split('-').next().unwrap(), linux) {
            ("aarch64", false) => "arm64",
            (machine, _) => machine,
        };
        let system = if linux { "Linux" } else { "Darwin" };
        let libc = if target.ends_with("musl") { "musl libc (x86_64)" } else { "ldd (GNU libc) 2.36" };
        for (name, script) in [
            ("uname", format!("[ $1 = -m ] && echo {machine} || echo {system}")),
            ("ldd", format!("echo '{libc}' >&2; exit 1")),
        ] {
            let path = folder.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        }
        let output = Command::new("sh")
            .arg(root().join("packaging/install"))
            .args(["--version", "v1.2.3", "--from", "file:///nowhere", "--to"])
            .arg(folder.path())
            .env("PATH", format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap()))
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let wanted = format!("cannot download file:///nowhere/v1.2.3/clearance-1.2.3-{target}.tar.gz\n");
        assert!(output.status.code() == Some(3) && stderr.ends_with(&wanted), "{target}: {stderr}");
    }
}

#[test]
fn the_installer_refuses_what_it_cannot_trust() {
    for (version, from) in [
        ("../x", "https://releases.invalid"),
        ("1.2.3", "http://releases.invalid"),
        ("1.2.3", "ftp://releases.invalid"),
        ("1.2.3", "http://localhost.invalid"),
    ] {
        let output =
            run("sh", &["packaging/install", "--version", version, "--from", from, "--to", "/nowhere"]);
        assert_eq!(output.unwrap().status.code(), Some(2), "{version} {from}");
    }
}

/// macOS has bash 3.2, so scripts that run there are for any shell.
#[test]
fn scripts_run_in_any_shell() {
    for script in ["packaging/install", "packaging/action.sh"] {
        let Some(output) = run("dash", &["-n", script]) else { continue };
        assert!(output.status.success(), "{script}: {output:?}");
    }
    // Each is a word of a later bash.
    for script in ["packaging/install", "packaging/action.sh", "action.yml", ".ci/run"] {
        let text = read(script);
        for word in ["mapfile", "readarray", "declare -A", "|&", "&>>", "coproc", ",,}", "^^}", "@Q}"] {
            assert!(!text.contains(word), "{script} has {word}");
        }
    }
}

/// The files that a pattern of an asset names.
fn matching(pattern: &str) -> BTreeSet<String> {
    let (folder, name) = pattern.rsplit_once('/').unwrap_or((".", pattern));
    let Some((start, end)) = name.split_once('*') else {
        assert!(root().join(pattern).exists(), "{pattern}");
        return BTreeSet::from([pattern.to_owned()]);
    };
    let names = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    let found: BTreeSet<String> =
        names.filter(|name| name.starts_with(start) && name.ends_with(end)).collect();
    assert!(!found.is_empty(), "{pattern}");
    found.into_iter().map(|name| format!("{folder}/{name}")).collect()
}

/// Both packages of distributions bring manual pages, completions and units, each to its place.
#[test]
fn the_packages_of_distributions_have_every_file() {
    let cargo = cargo();
    let metadata = &cargo["package"]["metadata"];
    let deb: Vec<(String, String)> = metadata["deb"]["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row[0].as_str().unwrap().to_owned(), format!("/{}", row[1].as_str().unwrap())))
        .collect();
    let rpm: Vec<(String, String)> = metadata["generate-rpm"]["assets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["source"].as_str().unwrap().to_owned(), row["dest"].as_str().unwrap().to_owned()))
        .collect();
    for (assets, zsh) in
        [(deb, "/usr/share/zsh/vendor-completions/"), (rpm, "/usr/share/zsh/site-functions/")]
    {
        let mut packed = BTreeSet::new();
        for (source, _) in &assets {
            if source != "target/release/clearance" {
                packed.extend(matching(source));
            }
        }
        let units = matching("contrib/*.service").into_iter().chain(matching("contrib/*.timer"));
        let completions =
            ["clearance.bash", "clearance.fish", "_clearance"].map(|name| format!("completions/{name}"));
        for file in units.chain(matching("completions/man/*.1")).chain(completions) {
            assert!(packed.contains(&file), "{file}");
        }
        let places: Vec<&str> = assets.iter().map(|(_, place)| place.as_str()).collect();
        for place in ["/usr/bin/", "/usr/share/man/man1/", "/usr/lib/systemd/system/", zsh] {
            assert!(places.iter().any(|one| one.starts_with(place)), "{place}: {places:?}");
        }
    }
    assert!(root().join("packaging/debian/postinst").exists());
}

/// The packages of npm, made of a script instead of the program: no scripts, one package a platform, and a launcher that
/// ends as the program ends.
#[test]
fn the_packages_of_npm_start_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    fs::write(
        path("program"),
        "#!/bin/sh\necho \"$@\"\nread line\n[ \"$line\" = end ] && kill -TERM $$\nexit 5\n",
    )
    .unwrap();
    let (program, out, packages) = (path("program"), path("out"), path("node_modules"));
    let target = "x86_64-unknown-linux-gnu";
    let made =
        run("python3", &["packaging/build", "npm", "--program", &program, "--target", target, "--out", &out]);
    let Some(made) = made else { return };
    assert!(made.status.success(), "{made:?}");
    let unpack = |package: &str, name: &str| {
        fs::create_dir_all(format!("{packages}/{name}")).unwrap();
        let archive = format!("{out}/{package}-{VERSION}.tgz");
        let to = format!("{packages}/{name}");
        run("tar", &["-xzf", &archive, "-C", &to, "--strip-components=1"]).unwrap();
        serde_json::from_str::<Value>(&fs::read_to_string(format!("{to}/package.json")).unwrap()).unwrap()
    };
    let main = unpack("clearance", "clearance");
    let platform = unpack("clearance-linux-x64", "clearance-linux-x64");
    assert_eq!(platform["os"], json!(["linux"]));
    for manifest in [&main, &platform] {
        assert_eq!((&manifest["version"], &manifest["scripts"]), (&json!(VERSION), &Value::Null));
    }
    let optional: Vec<&String> = main["optionalDependencies"].as_object().unwrap().keys().collect();
    assert_eq!(optional.len(), targets().as_array().unwrap().len());
    let launcher = format!("{packages}/clearance/launcher.js");
    let start = |end: &str| {
        let command = "printf '%s\\n' \"$1\" | node \"$2\" one 'two three'";
        run("sh", &["-c", command, "sh", end, &launcher]).unwrap()
    };
    if run("node", &["--version"]).is_none() || cfg!(not(all(target_os = "linux", target_arch = "x86_64"))) {
        return;
    }
    let output = start("go on");
    assert_eq!((output.status.code(), &*output.stdout), (Some(5), &b"one two three\n"[..]), "{output:?}");
    // A signal that ends the program ends the launcher: for a shell, 128 and its number.
    assert_eq!(start("end").status.code(), Some(128 + 15));
    let printed = run("node", &[&format!("{packages}/clearance/path.js")]).unwrap().stdout;
    assert_eq!(
        String::from_utf8(printed).unwrap(),
        format!("{packages}/clearance-linux-x64/bin/clearance\n")
    );
    fs::remove_dir_all(format!("{packages}/clearance-linux-x64")).unwrap();
    let output = start("go on");
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(127), "{stderr}");
    assert!(stderr.contains("npm install --global --include=optional clearance"), "{stderr}");
}

/// The rules are data: what docs/porting.md says about other systems is below them.
#[test]
fn rules_know_no_system() {
    let mut count = 0;
    for (name, path) in published() {
        if ["src/approvals/", "src/queue/", "src/report/"].iter().any(|room| name.starts_with(room)) {
            let text = fs::read_to_string(path).unwrap();
            assert!(!text.contains("std::os::") && !text.contains("rustix"), "{name}");
            count += 1;
        }
    }
    assert!(count > 100, "{count} files");
}

/// As `cargo machete` finds it, without compiling a tool: code names every dependency but those that only set features.
#[test]
fn every_dependency_is_used() {
    let cargo = cargo();
    let sources: String = published()
        .into_iter()
        .filter(|(name, _)| {
            name.starts_with("src/") && Path::new(name).extension().is_some_and(|extension| extension == "rs")
        })
        .map(|(_, path)| fs::read_to_string(path).unwrap())
        .collect();
    let is_named = |name: &str| {
        let name = name.replace('-', "_");
        sources.match_indices(&name).any(|(at, _)| {
            let before = sources[..at].chars().next_back();
            let after = sources[at + name.len()..].trim_start();
            let begins = !before.is_some_and(|c| c.is_alphanumeric() || c == '_');
            begins && ["::", "{", ";", "!"].iter().any(|mark| after.starts_with(mark))
        })
    };
    let dependencies = cargo["dependencies"].as_table().unwrap().keys();
    let unused: Vec<&String> = dependencies.filter(|name| !is_named(name)).collect();
    let known = cargo["package"]["metadata"]["cargo-machete"]["ignored"].as_array().unwrap();
    let known: Vec<&str> = known.iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(unused, known);
}

/// As `cargo deny check sources bans` finds it: every crate is of crates.io, has a checksum, and is not a banned one.
#[test]
fn every_crate_is_of_the_registry() {
    let lock: toml::Table = read("Cargo.lock").parse().unwrap();
    let packages = lock["package"].as_array().unwrap();
    assert!(packages.len() > 100);
    let deny: toml::Table = read("deny.toml").parse().unwrap();
    let banned = deny["bans"]["deny"].as_array().unwrap();
    assert!(banned.len() > 1);
    for banned in banned {
        assert!(packages.iter().all(|package| package["name"] != banned["crate"]), "{banned:?}");
    }
    for package in packages.iter().filter(|package| package["name"].as_str() != Some("clearance")) {
        let source = package.get("source").and_then(|source| source.as_str());
        assert_eq!(source, Some("registry+https://github.com/rust-lang/crates.io-index"), "{package:?}");
        assert!(package.get("checksum").is_some(), "{package:?}");
    }
}

/// Whether a licence of a crate has a choice that is accepted for each of its parts.
fn is_accepted(licence: &str, accepted: &[&str]) -> bool {
    // An expression inside another one, of which no crate has any, may be refused without need, and is never accepted
    // without need.
    licence.replace('/', " OR ").split(" AND ").all(|part| {
        let choices = part.trim_matches(['(', ')']).split(" OR ");
        choices.map(str::trim).any(|choice| accepted.contains(&choice))
    })
}

#[test]
fn licences_are_read_as_expressions() {
    let accepted = ["MIT", "ISC"];
    for (licence, expected) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("Unlicense/MIT", true),
        ("(Apache-2.0 OR MIT) AND ISC", true),
        ("(Apache-2.0 OR MIT) AND GPL-3.0", false),
        ("MIT WITH an-exception", false),
    ] {
        assert_eq!(is_accepted(licence, &accepted), expected, "{licence}");
    }
}

/// As `cargo deny check licenses` finds it. The page of licences of a release, by `cargo about`, accepts the same ones.
#[test]
fn every_licence_is_accepted() {
    let list = |file: &str, table: Option<&str>, key: &str| -> Vec<String> {
        let file: toml::Table = read(file).parse().unwrap();
        let table = table.map_or(&file, |name| file[name].as_table().unwrap());
        table[key].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
    };
    let accepted = list("deny.toml", Some("licenses"), "allow");
    assert_eq!(list("about.toml", None, "accepted"), accepted);
    let accepted: Vec<&str> = accepted.iter().map(String::as_str).collect();
    // This system's crates: cargo has fetched no others.
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform"])
        .arg(env!("CLEARANCE_TARGET"))
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100, "{}", packages.len());
    for package in packages {
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(is_accepted(licence, &accepted), "{}: {licence}", package["name"]);
    }
}
