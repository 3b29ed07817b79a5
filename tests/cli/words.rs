//! No text that a user reads has words that were used in a wrong sense here before: help, messages, snapshots,
//! documentation and manual pages.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// Words that texts must not have, and their replacements.
const WRONG: [(&str, &str); 18] = [
    ("told", "report, show, receive"),
    ("tells", "reports, shows"),
    ("tell", "report, show"),
    ("mend", "fix"),
    ("mends", "fixes"),
    ("mended", "fixed"),
    ("asked for again", "re-requested"),
    ("left alone", "skipped"),
    ("stored by then", "the current document"),
    ("there by then", "there then"),
    ("of whoever", "of anybody"),
    ("nobody's duplicate", "never treated as a duplicate"),
    ("let in by", "authenticated by"),
    ("lets us in", "accepts the credential"),
    ("so many", "the number, or the name of the quantity"),
    ("for so long", "the duration, or the name of the quantity"),
    ("stand", "is, has"),
    ("stands", "is, has"),
];

/// A sentence that begins with one of these is a riddle.
const RIDDLES: [&str; 4] = ["Whose ", "As whom", "By whose ", "Of whom"];

/// Texts that have such words in a right sense: the file, a part of the text, and why.
const ALLOWED: [(&str, &str, &str); 0] = [];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// A text without the placeholders of format strings, because names of variables are not printed.
fn without_placeholders(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let name: String = after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        kept.push_str(before);
        rest = &after[name.len()..];
    }
    kept + rest
}

/// The wrong words in a text, each with its replacement.
fn wrong(text: &str) -> Vec<String> {
    let lower = without_placeholders(text).to_lowercase();
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let has = |words: &str| {
        lower.match_indices(words).any(|(at, found)| {
            !inside(lower[..at].chars().next_back()) && !inside(lower[at + found.len()..].chars().next())
        })
    };
    let words = WRONG.iter().filter(|(words, _)| has(words));
    let mut found: Vec<String> =
        words.map(|(words, better)| format!("`{words}` (write: {better})")).collect();
    let sentences = text.split(['.', ':', ';', '\n']).map(str::trim_start);
    found.extend(
        sentences
            .filter(|sentence| RIDDLES.iter().any(|riddle| sentence.starts_with(riddle)))
            .map(|sentence| format!("`{sentence}` (write a sentence with a subject)")),
    );
    found
}

/// The files below a folder with one of these extensions.
fn files(path: &Path, extensions: &[&str], found: &mut BTreeSet<PathBuf>) {
    for entry in std::fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extensions, found);
        } else if path.extension().is_some_and(|own| extensions.iter().any(|extension| own == *extension)) {
            found.insert(path);
        }
    }
}

/// Collects the string literals of a source without its tests, and the comments that are help texts.
struct Literals {
    /// Whether documentation comments are help texts.
    help: bool,
    texts: Vec<String>,
}

impl Literals {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal) {
                        self.texts.push(text.value());
                    }
                }
                _ => {}
            }
        }
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && matches!(&attribute.meta, syn::Meta::List(list) if list.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for Literals {
    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.texts.push(text.value());
    }

    fn visit_attribute(&mut self, attribute: &'ast syn::Attribute) {
        match &attribute.meta {
            syn::Meta::NameValue(_) if attribute.path().is_ident("doc") && !self.help => {}
            syn::Meta::List(list) => self.tokens(list.tokens.clone()),
            _ => visit::visit_attribute(self, attribute),
        }
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }
}

fn literals(source: &str, help: bool) -> Vec<String> {
    let mut literals = Literals { help, texts: Vec::new() };
    literals.visit_file(&syn::parse_file(source).unwrap());
    literals.texts
}

/// The texts of the repository, each with its file.
fn texts() -> Vec<(String, String)> {
    let root = root();
    let mut texts = Vec::new();
    let read = |path: &Path| std::fs::read_to_string(path).unwrap();
    let name = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();

    let mut pages = BTreeSet::new();
    for folder in ["docs", "contrib", "completions/man", "packaging", ".github"] {
        files(&root.join(folder), &["md", "1", "service", "timer", "plist", "yaml", "yml"], &mut pages);
    }
    for page in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "action.yml", ".pre-commit-hooks.yaml"] {
        pages.insert(root.join(page));
    }
    for path in pages {
        texts.extend(read(&path).split("\n\n").map(|paragraph| (name(&path), paragraph.to_owned())));
    }

    let mut snapshots = BTreeSet::new();
    files(&root.join("tests/cli/snapshots"), &["snap"], &mut snapshots);
    for path in snapshots {
        let text = read(&path);
        // Its head has the name of a test.
        let (_, printed) = text.trim_start_matches("---\n").split_once("\n---\n").unwrap();
        texts.extend(printed.lines().map(|line| (name(&path), line.to_owned())));
    }

    let mut sources = BTreeSet::new();
    files(&root.join("src"), &["rs"], &mut sources);
    for path in sources {
        let own = name(&path);
        let is_test =
            own.contains("/tests/") || own.ends_with("/tests.rs") || own.ends_with("/printed_commands.rs");
        if !is_test {
            let help = own.starts_with("src/cli/");
            texts.extend(literals(&read(&path), help).into_iter().map(|text| (own.clone(), text)));
        }
    }
    texts
}

#[test]
fn texts_have_no_words_in_a_wrong_sense() {
    let texts = texts();
    assert!(texts.len() > 3_000, "{} texts were read", texts.len());
    let mut found = BTreeSet::new();
    let mut used = BTreeSet::new();
    for (file, text) in &texts {
        for problem in wrong(text) {
            match ALLOWED.iter().position(|(allowed, part, _)| file == allowed && text.contains(part)) {
                Some(at) => drop(used.insert(at)),
                None => drop(found.insert(format!("{file}: {problem}: {}", text.trim()))),
            }
        }
    }
    assert!(found.is_empty(), "{} texts:\n{}", found.len(), found.into_iter().collect::<Vec<_>>().join("\n"));
    assert_eq!(used.len(), ALLOWED.len(), "a text that is allowed is not there any more");
}

/// What the test finds, shown on texts of its own.
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_and_in_any_case() {
        assert_eq!(wrong("Nothing Tells when"), ["`tells` (write: reports, shows)"]);
        assert_eq!(wrong("it is asked for again: now").len(), 1);
        assert_eq!(wrong("recommended, intelligent, standard, is not").len(), 0);
        assert_eq!(wrong("The agent. Whose allowlist").len(), 1);
        assert_eq!(wrong("an agent whose run has ended").len(), 0);
        assert_eq!(wrong("{told} and {stands:?}").len(), 0);
    }

    #[test]
    fn messages_are_found_in_code_and_not_in_comments_and_tests() {
        let source = "//! told\n\
                      /// told\n#[error(\"one {told}\")]\nstruct A;\n\
                      fn f() { let told = format!(\"two\"); g(\"three\"); }\n\
                      #[cfg(test)]\nmod tests { fn f() { g(\"told\"); } }";
        assert_eq!(literals(source, false), ["one {told}", "two", "three"]);
        assert!(literals(source, true).iter().any(|text| text.contains("told")));
    }
}
