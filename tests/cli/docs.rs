//! Checks the documentation against the repository and the tool: paths, links, error codes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};

use crate::rooms;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages of the documentation.
fn pages() -> Vec<(PathBuf, String)> {
    let in_docs = std::fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let others =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "contrib/README.md", "packaging/README.md"];
    let paths = in_docs.filter(|path| path.is_file()).chain(others.map(|name| root().join(name)));
    let pages: Vec<_> = paths.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect();
    assert!(pages.len() > 10);
    pages
}

/// Whether a path of the repository exists. `*` matches any characters of a name.
fn exists(path: &str) -> bool {
    let (folder, name) = path.trim_end_matches('/').rsplit_once('/').unwrap_or((".", path));
    let Some((start, end)) = name.split_once('*') else { return root().join(path).exists() };
    let Ok(entries) = std::fs::read_dir(root().join(folder)) else { return false };
    entries.into_iter().any(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.starts_with(start) && name.ends_with(end)
    })
}

#[test]
fn links_lead_to_files() {
    for (page, text) in pages() {
        let links = text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap());
        for link in links.filter(|link| !link.contains("://")) {
            let target = page.parent().unwrap().join(link.split('#').next().unwrap());
            assert!(target.exists(), "{}: {link}", page.display());
        }
    }
}

#[test]
fn paths_in_backticks_exist() {
    const FOLDERS: [&str; 9] = [
        "src/",
        "tests/",
        "docs/",
        "fixtures/",
        "benches/",
        "contrib/",
        "completions/",
        "packaging/",
        ".ci/",
    ];
    let mut count = 0;
    for (page, text) in pages() {
        let quoted = text.split('`').skip(1).step_by(2);
        let words = quoted.flat_map(str::split_whitespace);
        for path in words.filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder))) {
            assert!(exists(path), "{}: {path}", page.display());
            count += 1;
        }
    }
    assert!(count > 20, "{count} paths were found");
}

/// Collects the codes that functions called `code` return.
#[derive(Default)]
struct Codes {
    inside: bool,
    found: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Codes {
    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.inside = item.sig.ident == "code";
        visit::visit_impl_item_fn(self, item);
        self.inside = false;
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.inside = item.sig.ident == "code";
        visit::visit_item_fn(self, item);
        self.inside = false;
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        let text = text.value();
        if self.inside && text.chars().all(|c| c.is_ascii_lowercase() || c == '-') {
            self.found.insert(text);
        }
    }
}

#[test]
fn every_error_code_has_its_row() {
    let mut codes = Codes::default();
    for source in rooms::all() {
        let text = std::fs::read_to_string(root().join("src").join(&source.file)).unwrap();
        codes.visit_file(&syn::parse_file(&text).unwrap());
    }
    assert!(codes.found.len() > 40, "{:?}", codes.found);
    let page = std::fs::read_to_string(root().join("docs/troubleshooting.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    let listed: BTreeSet<String> =
        rows.flat_map(|cell| cell.split(", ")).map(|code| code.trim_matches('`').to_owned()).collect();
    assert_eq!(listed, codes.found);
}

#[test]
fn the_example_of_the_readme_is_what_the_tool_prints() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, example) = readme.split_once("$ clearance approvals validate exec-approvals.json\n").unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let home = tempfile::tempdir().unwrap();
    let document =
        "{\n  \"version\": 1,\n  \"defaults\": {\"security\": \"alowlist\"},\n  \"agents\": {}\n}\n";
    std::fs::write(home.path().join("exec-approvals.json"), document).unwrap();
    let mut command = crate::support::clearance(home.path());
    command.current_dir(home.path()).args(["approvals", "validate", "exec-approvals.json"]);
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.starts_with(example), "{printed}");
}
