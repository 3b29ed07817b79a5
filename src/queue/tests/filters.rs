//! Filters, prefixes, orders.

use super::super::filter::{Filter, Named, Sort, named, subject};
use super::super::{Kind, Prompt};
use super::{HOSTILE, NOW, prompt, with};

#[test]
fn filters() {
    let one = prompt("abc", "ls", |row| row["request"]["runId"] = "r".into());
    let admits = |filter: &Filter| filter.admits(&one, NOW + 1_000);
    let strings = |text: &str| vec!["x".to_owned(), text.to_owned()];
    assert!(admits(&Filter::default()));
    for (filter, admitted) in [
        (Filter { agents: strings("main"), ..Filter::default() }, true),
        (Filter { agents: strings("Main"), ..Filter::default() }, false),
        (Filter { sessions: strings("agent:main:lab"), ..Filter::default() }, true),
        (Filter { sessions: strings("agent:main:lab "), ..Filter::default() }, false),
        (Filter { runs: strings("r"), ..Filter::default() }, true),
        (Filter { runs: strings(""), ..Filter::default() }, false),
        (Filter { kinds: vec![Kind::Exec], ..Filter::default() }, true),
        (Filter { kinds: vec![Kind::Plugin, Kind::System], ..Filter::default() }, false),
        (Filter { older_than_ms: Some(1_000), ..Filter::default() }, true),
        (Filter { older_than_ms: Some(1_001), ..Filter::default() }, false),
        (Filter { younger_than_ms: Some(1_001), ..Filter::default() }, true),
        (Filter { younger_than_ms: Some(1_000), ..Filter::default() }, false),
    ] {
        assert_eq!(admits(&filter), admitted, "{filter:?}");
    }
}

#[test]
fn prefixes() {
    let prompts: Vec<Prompt> = ["ab", "abc", "b"].map(|id| prompt(id, "ls", |_| ())).into();
    let ids = |name: &str| match named(&prompts, name) {
        Named::One(one) => vec![one.id()],
        Named::Several(several) => several.iter().map(|one| one.id()).collect(),
        Named::Nothing => vec![],
    };
    assert_eq!(ids("ab"), ["ab"], "a whole id wins");
    assert_eq!(ids("a"), ["ab", "abc"]);
    assert_eq!(ids("abc"), ["abc"]);
    for nothing in ["", "A", "abcd", " ab"] {
        assert_eq!(named(&prompts, nothing), Named::Nothing, "{nothing:?}");
    }
}

#[test]
fn orders_are_total() {
    let mut prompts: Vec<Prompt> = HOSTILE.map(|text| prompt(text, text, |_| ())).into();
    prompts.push(prompt("none", "ls", |row| row["request"]["agentId"] = serde_json::Value::Null));
    prompts.push(prompt("old", "zz", |row| {
        row["createdAtMs"] = (NOW - 5).into();
        row["expiresAtMs"] = (NOW + 5).into();
    }));
    for sort in [Sort::Age, Sort::Expiry, Sort::Agent, Sort::Command] {
        let mut sorted: Vec<&Prompt> = prompts.iter().collect();
        sorted.sort_by(|a, b| sort.compare(a, b));
        let mut again: Vec<&Prompt> = prompts.iter().rev().collect();
        again.sort_by(|a, b| sort.compare(a, b));
        assert_eq!(sorted, again, "{sort:?}");
        let place = |id: &str| sorted.iter().position(|one| one.id() == id).unwrap();
        match sort {
            Sort::Age | Sort::Expiry => assert_eq!(place("old"), 0),
            Sort::Agent => assert_eq!(place("none"), sorted.len() - 1),
            Sort::Command => assert!(place("LS") < place("ls") && place("ls") < place("old")),
        }
    }
}

#[test]
fn subjects() {
    assert_eq!(subject(&prompt("a", "ls", |_| ())), "ls");
    assert_eq!(subject(&with(Kind::Plugin, "x", &serde_json::json!(1))), "T");
}
