use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::approvals::Syntax;
use crate::approvals::check::agreement::documents;
use crate::approvals::parse;

fn edit(verb: Verb, agent: &str, pattern: &str, arg_pattern: Option<&str>, source: Option<Source>) -> Edit {
    Edit::new(verb, agent, pattern, arg_pattern, source).unwrap()
}

fn applied(edit: &Edit, document: &Value) -> (Value, Applied) {
    let text = document.to_string();
    let mut document = parse(text.as_bytes(), Syntax::Json).unwrap();
    let applied = edit.apply(&mut document, Some(7));
    (serde_json::to_value(&document).unwrap(), applied)
}

#[test]
fn an_entry_is_added_at_the_end_once() {
    let document = json!({"version": 1, "agents": {"main": {"ask": "off", "allowlist": [{"pattern": "/a", "id": "1"}]}}});
    let add = edit(Verb::Add, "main", " /b\n", Some("^x$"), None);
    let (once, first) = applied(&add, &document);
    assert_eq!(
        once,
        json!({"version": 1, "agents": {"main": {"ask": "off", "allowlist": [
            {"pattern": "/a", "id": "1"}, {"pattern": "/b", "argPattern": "^x$", "lastUsedAt": 7}]}}})
    );
    let (twice, second) = applied(&add, &once);
    assert_eq!((twice, first.changed, second.changed), (once, true, false));
    let (empty, _) = applied(&edit(Verb::Add, "*", "/b", None, None), &json!({"version": 1}));
    assert_eq!(
        empty,
        json!({"version": 1, "agents": {"*": {"allowlist": [{"pattern": "/b", "lastUsedAt": 7}]}}})
    );
}

#[test]
fn entries_are_the_same_by_pattern_arguments_and_source() {
    let document = json!({"version": 1, "agents": {"main": {"allowlist": [
        {"pattern": "/a"}, {"pattern": "/a", "argPattern": "^x$"}, {"pattern": " /a ", "source": "allow-always"},
        {"pattern": "/a", "id": "again"}, {"pattern": "/b"}]}}});
    let (left, done) = applied(&edit(Verb::Remove, "main", "/a", None, None), &document);
    assert_eq!(
        left["agents"]["main"]["allowlist"],
        json!([{"pattern": "/a", "argPattern": "^x$"}, {"pattern": " /a ", "source": "allow-always"}, {"pattern": "/b"}])
    );
    assert!(done.changed && done.similar.len() == 2, "{done:?}");
    let (left, done) = applied(&edit(Verb::Remove, "main", "/a", None, Some(Source::AllowAlways)), &left);
    assert_eq!(
        left["agents"]["main"]["allowlist"],
        json!([{"pattern": "/a", "argPattern": "^x$"}, {"pattern": "/b"}])
    );
    assert!(done.changed);
    let (same, done) = applied(&edit(Verb::Remove, "main", "/a", Some("^y$"), None), &left);
    assert_eq!((same, done.changed, done.similar.len()), (left, false, 1));
}

#[test]
fn a_list_goes_with_its_last_entry_and_an_agent_with_its_last_field() {
    let document = json!({"version": 1, "agents": {
        "bare": {"allowlist": [{"pattern": "/a"}]}, "strict": {"ask": "always", "allowlist": [{"pattern": "/a"}]},
        "empty": {"allowlist": []}}});
    let remove = |agent| edit(Verb::Remove, agent, "/a", None, None);
    let (left, _) = applied(&remove("bare"), &document);
    let (left, _) = applied(&remove("strict"), &left);
    assert_eq!(
        left,
        json!({"version": 1, "agents": {"strict": {"ask": "always"}, "empty": {"allowlist": []}}})
    );
    for agent in ["empty", "nobody", "strict"] {
        let (same, done) = applied(&remove(agent), &left);
        assert_eq!((same, done.changed), (left.clone(), false));
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |verb, agent, pattern, arg_pattern| {
        Edit::new(verb, agent, pattern, arg_pattern, None).unwrap_err().to_string()
    };
    for (expected, found) in [
        ("the pattern is blank", refused(Verb::Add, "main", " \u{feff}\t", None)),
        ("the pattern is blank", refused(Verb::Remove, "main", "", None)),
        ("the agent's id is blank", refused(Verb::Add, " ", "/a", None)),
        ("early name of agent `main`", refused(Verb::Add, "default", "/a", None)),
        ("no agent can be called", refused(Verb::Add, "__proto__", "/a", None)),
        ("means any arguments", refused(Verb::Add, "main", "/a", Some(""))),
        ("`(` is not an ECMAScript", refused(Verb::Add, "main", "/a", Some("("))),
    ] {
        assert!(found.contains(expected), "{found}");
    }
    // Any existing entry can be removed, whatever its pattern.
    assert!(Edit::new(Verb::Remove, "main", "/a", Some("("), None).is_ok());
}

#[test]
fn a_tool_is_removed_by_its_server_and_its_name() {
    let tool = |server: &str, tool: &str| json!({"server": server, "tool": tool, "source": "allow-always", "addedAt": 1});
    let document = json!({"version": 1, "agents": {
        "main": {"mcpTools": [tool("github", "create"), tool("github", "Create"), tool("git", "create")]},
        "ops": {"mcpTools": [tool("github", "create")]},
    }});
    let remove = Edit::of_tool("main", "github", "create").unwrap();
    let (left, done) = applied(&remove, &document);
    assert_eq!(left["agents"]["main"]["mcpTools"], json!([tool("github", "Create"), tool("git", "create")]));
    assert_eq!((done.changed, &done.elsewhere, done.similar.len()), (true, &vec!["ops".to_owned()], 0));
    let (same, done) = applied(&remove, &left);
    assert_eq!((same, done.changed), (left, false));
    // The last tool of an agent without anything else takes the agent with it.
    let (left, _) = applied(&Edit::of_tool("ops", "github", "create").unwrap(), &document);
    assert!(left["agents"].get("ops").is_none(), "{left}");
    for (agent, server, tool) in [("main", " ", "x"), ("main", "x", ""), ("", "x", "y")] {
        assert!(Edit::of_tool(agent, server, tool).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_edit_of_a_valid_document_leaves_a_valid_one_that_holds(
        document in documents(), add in any::<bool>(), agent in "[a-z*]{1,4}", pattern in "[ -~]{0,6}[a-z]"
    ) {
        if parse(document.to_string().as_bytes(), Syntax::Json).is_ok() {
            let (verb, back) = if add { (Verb::Add, Verb::Remove) } else { (Verb::Remove, Verb::Add) };
            let (after, _) = applied(&edit(verb, &agent, &pattern, None, None), &document);
            let (same, done) = applied(&edit(verb, &agent, &pattern, None, None), &after);
            prop_assert!(!done.changed);
            prop_assert_eq!(&same["agents"][&agent]["allowlist"], &after["agents"][&agent]["allowlist"]);
            let (_, undone) = applied(&edit(back, &agent, &pattern, None, None), &after);
            prop_assert!(undone.changed);
        }
    }
}
