//! Reading prompts: both generations, every kind, and their errors.

use serde_json::{Value, json};

use super::super::read::{Listing, Problem};
use super::super::{Decision, Kind, Prompt, Reader};
use super::{HOSTILE, prompt, row};

fn listed(kind: Kind, text: &str) -> Vec<Prompt> {
    let mut listing = Listing::default();
    Reader::new().list(kind, text, &mut listing).unwrap();
    assert_eq!(listing.problems, []);
    listing.prompts
}

macro_rules! fixture {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/prompts/", $path))
    };
}
pub(super) use fixture;

#[test]
fn legacy_listings() {
    let exec = listed(Kind::Exec, fixture!("2026.4.14/exec.json"));
    assert_eq!(exec.len(), 2);
    let first = &exec[0];
    assert_eq!(first.id(), "27f6ddf3-b0f6-4660-b2aa-076e14dd21d7");
    assert_eq!((first.created_at_ms, first.expires_at_ms), (1_795_438_812_134, 1_795_438_872_134));
    assert_eq!(first.agent.as_deref(), Some("main"));
    assert_eq!(first.session_key.as_deref(), Some("agent:main:lab"));
    assert_eq!((&first.run_id, &first.session_id, &first.tool_call_id), (&None, &None, &None));
    assert_eq!(first.details.command.as_deref(), Some("c1"));
    assert_eq!(first.details.argv.as_deref(), Some(&["c1".into()][..]));
    assert_eq!(*first.details.env.keys, ["A".into(), "B".into()]);
    assert_eq!(*first.details.allowed, Decision::ALL);
    let plugin = listed(Kind::Plugin, fixture!("2026.4.14/plugin.json"));
    assert_eq!(plugin[0].details.title.as_deref(), Some("T"));
    assert_eq!(plugin[0].details.severity.as_deref(), Some("warning"));
    assert_eq!(*plugin[0].details.allowed, Decision::ALL, "where nothing is listed everything is offered");
}

#[test]
fn current_listings() {
    let exec = listed(Kind::Exec, fixture!("2026.9.6/exec.json"));
    assert_eq!((exec.len(), exec[0].details.host.as_deref()), (2, Some("gateway")));
    let plugin = listed(Kind::Plugin, fixture!("2026.9.6/plugin.json"));
    assert_eq!((plugin.len(), plugin[0].details.plugin.as_deref()), (1, Some("p")));
    let made = listed(Kind::Exec, fixture!("made/exec.json"));
    assert_eq!(made[0].run_id.as_deref(), Some("run-1"));
    assert_eq!(made[0].tool_call_id.as_deref(), Some("call-1"));
    assert_eq!(
        made[0].details.argv.as_deref().map(<[_]>::len),
        Some(3),
        "a node's arguments are in its binding"
    );
    assert!(made[0].details.env.hash.is_some());
    let system = listed(Kind::System, fixture!("made/system.json"));
    assert!(!system[0].allows(Decision::AllowAlways) && system[0].allows(Decision::AllowOnce));
}

#[test]
fn events_read_like_rows() {
    for (text, generation) in
        [(fixture!("2026.4.14/events.json"), "legacy"), (fixture!("2026.9.6/events.json"), "current")]
    {
        let events: Vec<Value> = serde_json::from_str(text).unwrap();
        let mut read = 0;
        for event in events {
            let name = event["event"].as_str().unwrap();
            let kind = Kind::ALL.into_iter().find(|kind| name.starts_with(kind.prefix())).unwrap();
            if name.ends_with(".requested") {
                Reader::new().text(kind, &event["payload"].to_string()).unwrap();
                read += 1;
            }
        }
        assert_eq!(read, 3, "{generation}");
    }
}

#[test]
fn one_bad_prompt_hides_no_other() {
    let good = row("good", "ls").to_string();
    let lone = good.replace("\"ls\"", r#""ls \ud800""#).replace("\"good\"", "\"lone\"");
    let no_time = good.replace("createdAtMs", "created").replace("\"good\"", "\"timeless\"");
    let text = format!("[{lone},5,null,{{}},{no_time},{good}]");
    let mut listing = Listing::default();
    Reader::new().list(Kind::Exec, &text, &mut listing).unwrap();
    assert_eq!(listing.prompts.len(), 1);
    let problems: Vec<String> = listing.problems.iter().map(ToString::to_string).collect();
    assert_eq!(listing.problems[0].id.as_deref(), Some("lone"), "{problems:?}");
    assert!(matches!(listing.problems[0].problem, Problem::Syntax(_)), "{problems:?}");
    assert_eq!(
        problems[1..],
        [
            "a prompt without a readable id: id is not a text that is not empty",
            "a prompt without a readable id: id is not a text that is not empty",
            "a prompt without a readable id: id is not a text that is not empty",
            "prompt timeless: createdAtMs is not a time in milliseconds",
        ]
    );
}

#[test]
fn what_is_no_listing_is_an_error() {
    for text in ["", "{}", "5", "[", "[1 2]", "\"\\ud800\""] {
        Reader::new().list(Kind::Exec, text, &mut Listing::default()).unwrap_err();
    }
}

#[test]
fn a_kind_that_contradicts_its_listing() {
    let error = Reader::new().text(Kind::Plugin, &row("a", "ls").to_string()).unwrap_err();
    assert_eq!(error.to_string(), "prompt a: it is listed as plugin but says it is exec");
}

#[test]
fn ids_are_opaque() {
    for id in HOSTILE {
        assert_eq!(prompt(id, "ls", |_| ()).id(), id);
    }
    let error = Reader::new().text(Kind::Exec, &row("", "ls").to_string()).unwrap_err();
    assert_eq!(error.id, None);
}

#[test]
fn fields_that_are_not_known_are_kept_where_asked() {
    let mut raw = row("a", "ls");
    raw["request"]["future"] = json!({"x": [1, null]});
    assert_eq!(Reader::new().text(Kind::Exec, &raw.to_string()).unwrap().raw, None);
    let kept = Reader::keeping_raw().text(Kind::Exec, &raw.to_string()).unwrap();
    assert_eq!(kept.raw.unwrap().0.get(), raw["request"].to_string());
    let spaced = serde_json::to_string_pretty(&raw).unwrap();
    let kept = Reader::keeping_raw().text(Kind::Exec, &spaced).unwrap();
    assert_eq!(kept.raw.unwrap().0.get(), raw["request"].to_string(), "on one line");
}

#[test]
fn decisions_that_are_offered() {
    let offered = |listed: Value, unavailable: Value| {
        let prompt = prompt("a", "ls", |row| {
            row["request"]["allowedDecisions"] = listed;
            row["request"]["unavailableDecisions"] = unavailable;
        });
        prompt.details.allowed.to_vec()
    };
    assert_eq!(offered(json!(null), json!(null)), Decision::ALL);
    assert_eq!(offered(json!(null), json!(["allow-always"])), [Decision::AllowOnce, Decision::Deny]);
    assert_eq!(offered(json!(["allow-once", "later"]), json!(null)), [Decision::AllowOnce, Decision::Deny]);
    assert_eq!(offered(json!([]), json!(["deny"])), [Decision::Deny], "a denial is always possible");
}

#[test]
fn what_prompts_say_in_common_is_shared() {
    let mut reader = Reader::new();
    let one = reader.text(Kind::Exec, &row("a", "ls").to_string()).unwrap();
    let other = reader.text(Kind::Exec, &row("b", "ls").to_string()).unwrap();
    assert!(std::sync::Arc::ptr_eq(&one.details, &other.details));
}
