//! Imports run one way: the rooms of `src/`, what each may use, the floors of `approvals`, and no circle between files.
//!
//! Sources are read with a parser. Every path that starts with `crate`, `self` or `super` counts, in `use` trees, in
//! code and in macros, also behind `#[cfg(test)]`. A name that a `mod.rs` only re-exports counts as an import of the
//! file that defines it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A room and what it may import. `lib.rs` and `main.rs` may import everything.
const ROOMS: [(&str, &[&str]); 15] = [
    ("approvals", &[]),
    ("backoff", &[]),
    ("cli", &["queue"]),
    (
        "commands",
        &[
            "approvals",
            "backoff",
            "deadline",
            "embedded",
            "gateway",
            "queue",
            "report",
            "settings",
            "store",
            "system",
        ],
    ),
    ("deadline", &[]),
    (
        "dispatch",
        &[
            "approvals",
            "cli",
            "commands",
            "deadline",
            "output",
            "queue",
            "report",
            "settings",
            "store",
            "embedded",
            "streams",
            "system",
        ],
    ),
    ("embedded", &["approvals", "deadline", "queue"]),
    ("gateway", &["backoff", "deadline", "queue", "store"]),
    ("output", &["approvals", "queue", "report", "system"]),
    ("queue", &["backoff"]),
    ("report", &["approvals", "queue"]),
    ("settings", &["approvals", "deadline", "gateway", "store", "system"]),
    ("store", &["approvals", "deadline", "system"]),
    ("streams", &[]),
    ("system", &[]),
];

/// The floors of `approvals`, the lowest first. A floor may import lower ones, and itself.
pub const FLOORS: [&str; 12] = [
    "model",
    "bounds",
    "findings",
    "text",
    "redact",
    "check",
    "compare",
    "edit",
    "decide",
    "lint",
    "suggest",
    "policy_tests",
];

/// Paths that the pure rooms may not use: they do no I/O, read no clock, start no process and are for every system.
const IMPURE: [&str; 10] = [
    "rustix",
    "std::fs",
    "std::env",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "std::io::std",
];

pub const PURE: [&str; 3] = ["approvals", "queue", "report"];

/// A source file: its module path, and every path that it names, absolute.
pub struct Source {
    pub file: String,
    module: Vec<String>,
    /// Paths of this crate, without `crate`, each with whether it is only re-exported (`pub use`).
    paths: Vec<(Vec<String>, bool)>,
    /// Paths of other crates, whole.
    foreign: BTreeSet<String>,
}

/// Collects the paths of a file.
struct Reader {
    /// The module that is being read: the file's, and those inside it.
    module: Vec<String>,
    /// How many of those are the file's own.
    own: usize,
    paths: Vec<(Vec<String>, bool)>,
    foreign: BTreeSet<String>,
}

impl Reader {
    /// Records a path of any kind.
    fn take(&mut self, path: &[String], handed_on: bool) {
        let mut base = self.module.clone();
        let mut rest = path;
        let relative = matches!(path.first().map(String::as_str), Some("crate" | "self" | "super"));
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => base.clear(),
                "self" => {}
                "super" => drop(base.pop()),
                _ => break,
            }
            rest = others;
        }
        if relative {
            base.extend(rest.iter().cloned());
            self.paths.push((base, handed_on));
        } else if path.len() > 1 {
            self.foreign.insert(path.join("::"));
            // The path may start with a module inside this one. If there is none, it leads to the file itself.
            base.extend(path.iter().cloned());
            self.paths.push((base, handed_on));
        }
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &mut Vec<String>, handed_on: bool) {
        match tree {
            syn::UseTree::Path(path) => {
                before.push(path.ident.to_string());
                self.tree(&path.tree, before, handed_on);
                before.pop();
            }
            syn::UseTree::Name(syn::UseName { ident, .. })
            | syn::UseTree::Rename(syn::UseRename { ident, .. }) => {
                before.push(ident.to_string());
                self.take(before, handed_on);
                before.pop();
            }
            syn::UseTree::Glob(_) => self.take(before, handed_on),
            syn::UseTree::Group(group) => {
                group.items.iter().for_each(|item| self.tree(item, before, handed_on));
            }
        }
    }

    /// The paths in a macro's tokens.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.end(&mut path);
                    }
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Group(group) => {
                    self.end(&mut path);
                    colons = 0;
                    self.tokens(group.stream());
                }
                _ => {
                    self.end(&mut path);
                    colons = 0;
                }
            }
        }
        self.end(&mut path);
    }

    fn end(&mut self, path: &mut Vec<String>) {
        if path.len() > 1 {
            self.take(path, false);
        }
        path.clear();
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let handed_on = !matches!(item.vis, syn::Visibility::Inherited) && self.module.len() == self.own;
        self.tree(&item.tree, &mut Vec::new(), handed_on);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if names.len() > 1 {
            self.take(&names, false);
        }
        visit::visit_path(self, path);
    }

    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.visit_path(&item.path);
        self.tokens(item.tokens.clone());
    }

    fn visit_meta_list(&mut self, list: &'ast syn::MetaList) {
        self.tokens(list.tokens.clone());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_some() {
            self.module.push(item.ident.to_string());
            visit::visit_item_mod(self, item);
            self.module.pop();
        }
    }
}

fn read(file: &str, text: &str) -> Source {
    let mut module: Vec<String> = file.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod" || last == "lib") {
        module.pop();
    }
    let mut reader =
        Reader { own: module.len(), module: module.clone(), paths: Vec::new(), foreign: BTreeSet::new() };
    reader.visit_file(&syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}")));
    Source { file: file.to_owned(), module, paths: reader.paths, foreign: reader.foreign }
}

fn sources(path: &Path, found: &mut Vec<Source>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
            found.push(read(name.to_str().unwrap(), &std::fs::read_to_string(&path).unwrap()));
        }
    }
}

pub fn all() -> Vec<Source> {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

/// The file that a path leads to, through all re-exports.
fn leads_to<'s>(
    sources: &BTreeMap<&'s [String], &'s Source>,
    path: &[String],
    steps: usize,
) -> Option<&'s Source> {
    let length = (0..=path.len()).rev().find(|length| sources.contains_key(&path[..*length]))?;
    let source = sources[&path[..length]];
    let Some(name) = path.get(length).filter(|_| steps > 0) else { return Some(source) };
    let mut handed_on = source.paths.iter().filter(|(_, handed_on)| *handed_on).map(|(path, _)| path);
    let comes_from = handed_on.find(|path| path.last() == Some(name));
    match comes_from {
        Some(from) if from[..] != path[..=length] => leads_to(sources, from, steps - 1),
        _ => Some(source),
    }
}

/// What each file imports, by file.
pub fn imports(sources: &[Source]) -> BTreeMap<&str, BTreeSet<&str>> {
    let by_module: BTreeMap<&[String], &Source> =
        sources.iter().map(|source| (&source.module[..], source)).collect();
    let of = |source: &Source| {
        // A file does not use what it only re-exports.
        let used = source.paths.iter().filter(|(_, handed_on)| !handed_on);
        let files = used.filter_map(|(path, _)| leads_to(&by_module, path, 8)).map(|to| to.file.as_str());
        files.filter(|file| *file != source.file).collect::<BTreeSet<_>>()
    };
    sources.iter().map(|source| (source.file.as_str(), of(source))).collect()
}

pub fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The floor of a file of `approvals`.
fn floor(file: &str) -> Option<usize> {
    let inside = file.strip_prefix("approvals/")?;
    let name = inside.split('/').next().unwrap().trim_end_matches(".rs");
    FLOORS.iter().position(|floor| *floor == name)
}

/// The imports that no rule allows.
fn strange(imports: &BTreeMap<&str, BTreeSet<&str>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, imported) in imports {
        let own = room(file);
        if own == "lib" || own == "main" {
            continue;
        }
        let allowed = ROOMS.iter().find(|(name, _)| *name == own);
        let (_, allowed) = allowed.unwrap_or_else(|| panic!("{file}: a room without rules"));
        for to in imported {
            let other = room(to);
            let down = match (floor(file), floor(to)) {
                (Some(from), Some(to)) => to <= from,
                _ => true,
            };
            if other != own && !allowed.contains(&other) || !down {
                wrong.push(format!("{file} imports {to}"));
            }
        }
    }
    wrong
}

/// Groups of files that import each other in a circle.
fn circles<'f>(imports: &BTreeMap<&'f str, BTreeSet<&'f str>>) -> Vec<Vec<&'f str>> {
    let reached = |from: &'f str| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(file) = next.pop() {
            next.extend(imports.get(file).into_iter().flatten().filter(|to| seen.insert(**to)).copied());
        }
        seen
    };
    let reach: BTreeMap<&str, BTreeSet<&str>> = imports.keys().map(|file| (*file, reached(file))).collect();
    let mut found: BTreeSet<Vec<&str>> = BTreeSet::new();
    for (file, to) in &reach {
        if to.contains(file) {
            found.insert(to.iter().filter(|other| reach[*other].contains(file)).copied().collect());
        }
    }
    found.into_iter().collect()
}

/// Finds macros that print.
#[derive(Default)]
struct Prints {
    /// How many of the blocks around the current place only write to strings.
    strings: usize,
    found: Vec<String>,
}

impl Prints {
    fn of(text: &str) -> Vec<String> {
        let mut prints = Self::default();
        prints.visit_file(&syn::parse_file(text).unwrap());
        prints.found
    }

    fn inside(&mut self, is_string: bool, visit: impl FnOnce(&mut Self)) {
        self.strings += usize::from(is_string);
        visit(self);
        self.strings -= usize::from(is_string);
    }

    /// Macros in the arguments of other macros.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut before = None;
        for token in tokens {
            match (&before, &token) {
                (Some(TokenTree::Ident(name)), TokenTree::Punct(punct)) if punct.as_char() == '!' => {
                    self.named(&name.to_string());
                }
                (_, TokenTree::Group(group)) => self.tokens(group.stream()),
                _ => {}
            }
            before = Some(token);
        }
    }

    fn named(&mut self, name: &str) {
        let to_a_stream = matches!(name, "print" | "println" | "eprint" | "eprintln" | "dbg");
        if to_a_stream || self.strings == 0 && matches!(name, "write" | "writeln") {
            self.found.push(format!("{name}!"));
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) => list.path.is_ident("cfg") && list.tokens.to_string() == "test",
        _ => false,
    })
}

fn is_fmt(path: &syn::Path) -> bool {
    path.segments.iter().any(|segment| segment.ident == "fmt" || segment.ident == "Display")
}

impl<'ast> Visit<'ast> for Prints {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    /// `Display` and its like write to a formatter.
    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        let is_string = item.trait_.as_ref().is_some_and(|of| is_fmt(&of.0));
        self.inside(is_string, |prints| visit::visit_item_impl(prints, item));
    }

    /// `let _: fmt::Result = write!(..)` writes to a string.
    fn visit_local(&mut self, local: &'ast syn::Local) {
        let is_string = match &local.pat {
            syn::Pat::Type(typed) => matches!(&*typed.ty, syn::Type::Path(path) if is_fmt(&path.path)),
            _ => false,
        };
        self.inside(is_string, |prints| visit::visit_local(prints, local));
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        if let Some(last) = item.path.segments.last() {
            // The output of our own macros belongs to their callers, which implement `Display` here.
            if last.ident == "macro_rules" {
                return;
            }
            self.named(&last.ident.to_string());
        }
        self.tokens(item.tokens.clone());
    }
}

/// The forbidden paths that a pure room uses.
fn impure(source: &Source) -> Vec<&str> {
    let touches = |path: &&String| IMPURE.iter().any(|impure| path.starts_with(impure));
    source.foreign.iter().filter(touches).map(String::as_str).collect()
}

#[test]
fn imports_run_one_way() {
    let sources = all();
    let wrong = strange(&imports(&sources));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources = all();
    let circles = circles(&imports(&sources));
    assert!(circles.is_empty(), "{circles:#?}");
}

#[test]
fn rules_name_rooms_that_exist() {
    let files = all();
    for (name, allowed) in ROOMS {
        for named in allowed.iter().chain([&name]) {
            assert!(files.iter().any(|source| room(&source.file) == *named), "there is no room {named}");
        }
    }
    for named in FLOORS {
        assert!(
            files.iter().any(|source| floor(&source.file).is_some_and(|at| FLOORS[at] == named)),
            "{named}"
        );
    }
}

#[test]
fn pure_rooms_touch_nothing() {
    for source in all().iter().filter(|source| PURE.contains(&room(&source.file))) {
        let touched = impure(source);
        assert!(touched.is_empty(), "{} uses {touched:?}", source.file);
    }
}

#[test]
fn only_output_prints() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for source in all().iter().filter(|source| room(&source.file) != "output") {
        if source.file.split('/').any(|part| part.trim_end_matches(".rs") == "tests") {
            continue;
        }
        let prints = Prints::of(&std::fs::read_to_string(root.join(&source.file)).unwrap());
        assert!(prints.is_empty(), "{} prints {prints:?}", source.file);
    }
}

#[test]
fn main_is_thin() {
    let main = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs")).unwrap();
    assert!(main.lines().count() <= 20, "main.rs has {} lines", main.lines().count());
}

/// Tests of the checks above on small sources.
mod tests {
    use super::*;

    #[test]
    fn grouped_imports_of_other_crates_are_read() {
        let found = |text: &str| {
            let source = read("queue/a.rs", text);
            impure(&source).into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(found("use std::time::{Duration, Instant};"), ["std::time::Instant"]);
        assert_eq!(found("use std::{fs, io::{self, Write}};"), ["std::fs"]);
        assert_eq!(found("fn f() { std::env::var(\"A\"); }"), ["std::env::var"]);
        assert_eq!(found("#[cfg(test)] mod tests { use std::fs; }"), ["std::fs"]);
        assert_eq!(found("fn f() { vec![std::thread::current()]; }"), ["std::thread::current"]);
        assert!(found("use std::time::Duration; // std::fs").is_empty());
    }

    #[test]
    fn imports_are_found_however_they_are_written() {
        let other = || read("commands/get.rs", "pub fn run() {}");
        let found = |text: &str| {
            let sources = [read("approvals/text/tree.rs", text), other()];
            strange(&imports(&sources))
        };
        let wrong = ["approvals/text/tree.rs imports commands/get.rs"];
        for text in [
            "use crate::commands::get::run;",
            "use super::super::super::commands::get;",
            "fn f() { super::super::super::commands::get::run() }",
            "fn f() { crate::commands::get::run() }",
            "fn f() { assert!(crate::commands::get::run()) }",
            "#[cfg(test)] mod tests { use super::super::super::super::commands::get; }",
            "use crate::{commands::{get::{self, run}}};",
        ] {
            assert_eq!(found(text), wrong, "{text}");
        }
        assert!(found("use self::commands::get; // crate::commands::get").is_empty());
    }

    #[test]
    fn prints_are_found_and_strings_are_not() {
        for text in [
            "fn f(out: &mut dyn Write) { writeln!(out).unwrap() }",
            "fn f(out: &mut dyn Write) { drop(write!(out, \"{}\", 1)) }",
            "fn f(out: &mut dyn Write) { assert!(std::write!(out, \"a\").is_ok()) }",
            "fn f() { println!() }",
            "impl Display for A { fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result { print!(\"a\"); Ok(()) } }",
            "impl A { fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result { write!(f, \"a\") } }",
        ] {
            assert!(!Prints::of(text).is_empty(), "{text}");
        }
        for text in [
            "impl fmt::LowerHex for A { fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result { write!(f, \"a\") } }",
            "impl Display for A { fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result { write!(f, \"a\") } }",
            "fn f() { let _: std::fmt::Result = write!(hex, \"a\"); }",
            "#[cfg(test)] mod tests { fn f() { writeln!(out); } }",
            "fn f() { if a != write {} }",
        ] {
            assert!(Prints::of(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn floors_of_approvals_are_held() {
        let sources = [
            read("approvals/text/tree.rs", "use crate::approvals::lint::entries::Entry;"),
            read("approvals/lint/entries.rs", "use super::super::text::tree;"),
        ];
        assert_eq!(strange(&imports(&sources)), ["approvals/text/tree.rs imports approvals/lint/entries.rs"]);
    }

    #[test]
    fn circles_are_found_behind_names_that_are_handed_on() {
        let sources = [
            read("queue/mod.rs", "pub mod a; pub mod b; pub use b::B;"),
            read("queue/a.rs", "use super::B; pub struct A;"),
            read("queue/b.rs", "#[cfg(test)] mod tests { use crate::queue::a::A; }"),
        ];
        assert_eq!(circles(&imports(&sources)), [["queue/a.rs", "queue/b.rs"]]);
    }
}
