//! The session API of the library: concurrent calls, and events in order of arrival.

use std::time::Duration;

use clearance::internals::Deadline;
use clearance::internals::gateway::Event;
use clearance::internals::gateway::GatewayError;
use clearance::internals::gateway::{Access, ConnectOptions, Events, Keyring, Link};
use clearance::internals::gateway::{Credential, Target, Trust};
use clearance::internals::queue::Kind;
use serde_json::{Value, json};

use super::chain;
use crate::support::fake::frames::{TOKEN, entered};
use crate::support::fake::{Fake, Script, Step};

/// Plays these steps after the greeting, and passes the session to the test.
fn with_session<F: Future<Output = ()>>(steps: Vec<Step>, test: impl FnOnce(Link, Events) -> F) {
    let fake = Fake::playing(Script::once(chain([entered(), steps])));
    let target = Target {
        address: format!("ws://127.0.0.1:{}", fake.port()).parse().unwrap(),
        credential: Credential::Token(TOKEN.into()),
        trust: Trust::Platform,
        plaintext_allowed: false,
        options: ConnectOptions::default(),
    };
    let access = Access { events: true, ..Access::OPERATOR };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (link, events) = Link::open(&target, access, &Keyring::Ephemeral, soon()).await.unwrap();
        test(link, events.unwrap()).await;
    });
    drop(runtime);
    fake.finish();
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

async fn call(link: &Link, method: &str) -> Result<Value, GatewayError> {
    call_by(link, method, soon()).await
}

async fn call_by(link: &Link, method: &str, deadline: Deadline) -> Result<Value, GatewayError> {
    let answer = link.session().unwrap().call_method(method, &json!({}), deadline).await?.1;
    Ok(serde_json::from_str(answer.unwrap().get()).unwrap())
}

fn event(name: &str, payload: &Value, seq: u64) -> Step {
    Step::Text(json!({ "type": "event", "event": name, "payload": payload, "seq": seq }).to_string())
}

#[test]
fn answers_in_reverse_order_find_their_calls() {
    let mut steps: Vec<Step> = ["a", "b", "c", "d"].map(Step::Call).to_vec();
    steps.extend((1..=4).rev().map(|at| Step::AnswerTo(at, json!({ "for": at }))));
    with_session(steps, async |link, _events| {
        let (a, b, c, d) =
            tokio::join!(call(&link, "a"), call(&link, "b"), call(&link, "c"), call(&link, "d"));
        let found: Vec<Value> =
            [a, b, c, d].into_iter().map(|answer| answer.unwrap()["for"].clone()).collect();
        assert_eq!(found, [json!(1), json!(2), json!(3), json!(4)]);
        link.close(soon()).await;
    });
}

#[test]
fn one_refused_call_is_no_other_calls_business() {
    let refusal = json!({ "code": "INVALID_REQUEST", "message": "no" });
    let steps = vec![Step::Call("a"), Step::Call("b"), Step::Fail(refusal), Step::AnswerTo(1, json!(1))];
    with_session(steps, async |link, _events| {
        let (a, b) = tokio::join!(call(&link, "a"), call(&link, "b"));
        assert_eq!(a.unwrap(), 1);
        assert!(matches!(b, Err(GatewayError::Failed { method, .. }) if method == "b"));
        link.close(soon()).await;
    });
}

#[test]
fn a_lost_connection_ends_every_call_and_says_whether_it_was_sent() {
    let steps = vec![Step::Call("a"), Step::Call("b"), Step::Close(1012, "service restart")];
    with_session(steps, async |link, mut events| {
        let (a, b) = tokio::join!(call(&link, "a"), call(&link, "b"));
        for lost in [a, b] {
            let Err(GatewayError::Uncertain { cause, .. }) = lost else { panic!("{lost:?}") };
            assert!(matches!(*cause, GatewayError::Closed { code: Some(1012), .. }), "{cause:?}");
        }
        assert!(events.next().await.is_none());
        let later = call(&link, "c").await;
        assert!(matches!(later, Err(GatewayError::NotSent { ref method, .. }) if method == "c"), "{later:?}");
    });
}

#[test]
fn a_call_that_was_given_up_disturbs_nobody() {
    let steps = vec![
        Step::Call("slow"),
        Step::Call("quick"),
        Step::AnswerTo(1, json!("late")),
        Step::AnswerTo(2, json!("in time")),
    ];
    with_session(steps, async |link, _events| {
        let hurry = Deadline::after(Duration::from_millis(50));
        let slow = call_by(&link, "slow", hurry).await;
        assert!(matches!(slow, Err(GatewayError::Uncertain { .. })), "{slow:?}");
        assert_eq!(call(&link, "quick").await.unwrap(), "in time");
        link.close(soon()).await;
    });
}

#[test]
fn a_call_whose_time_is_up_before_it_is_sent_is_not_sent() {
    with_session(vec![Step::Call("later"), Step::Answer(json!(1))], async |link, _events| {
        let passed = Deadline::after(Duration::ZERO);
        let early = call_by(&link, "early", passed).await;
        assert!(matches!(early, Err(GatewayError::NotSent { .. })), "{early:?}");
        assert_eq!(call(&link, "later").await.unwrap(), 1);
        link.close(soon()).await;
    });
}

#[test]
fn events_come_typed_and_in_order() {
    let prompt = json!({ "id": "p1", "request": {} });
    let steps = vec![
        event("tick", &json!({ "ts": 1 }), 1),
        event("exec.approval.requested", &prompt, 2),
        event("plugin.approval.resolved", &prompt, 3),
        event("openclaw.approval.requested", &prompt, 4),
        event("agent", &json!({ "runId": "r1" }), 5),
        event("shutdown", &json!({ "reason": "restart", "restartExpectedMs": 1500 }), 6),
        event("presence", &json!({}), 7),
        Step::Close(1012, "service restart"),
    ];
    with_session(steps, async |_link, mut events| {
        assert!(matches!(events.next().await, Some(Event::Tick { .. })));
        let Some(Event::Requested(Kind::Exec, payload)) = events.next().await else { panic!() };
        assert_eq!(serde_json::from_str::<Value>(payload.get()).unwrap(), prompt);
        assert!(matches!(events.next().await, Some(Event::Resolved(Kind::Plugin, _))));
        assert!(matches!(events.next().await, Some(Event::Requested(Kind::System, _))));
        assert!(matches!(events.next().await, Some(Event::Agent(_))));
        let expected = Some(Duration::from_millis(1500));
        assert!(
            matches!(events.next().await, Some(Event::Shutdown { restart_expected }) if restart_expected == expected)
        );
        assert!(matches!(events.next().await, Some(Event::Other(name)) if name == "presence"));
        assert!(events.next().await.is_none());
    });
}

#[test]
fn a_gap_in_the_numbering_is_told_before_what_follows_it() {
    let steps = vec![
        event("tick", &json!({}), 4),
        event("tick", &json!({}), 5),
        event("presence", &json!({}), 7),
        Step::Text(r#"{"type":"event","event":"unnumbered"}"#.to_owned()),
        event("presence", &json!({}), 8),
        Step::Close(1000, "bye"),
    ];
    with_session(steps, async |_link, mut events| {
        let mut names = Vec::new();
        while let Some(event) = events.next().await {
            names.push(match event {
                Event::Tick { .. } => "tick".to_owned(),
                Event::Gap => "GAP".to_owned(),
                Event::Other(name) => name,
                event => panic!("{event:?}"),
            });
        }
        assert_eq!(names, ["tick", "tick", "GAP", "presence", "unnumbered", "presence"]);
    });
}

/// Events without a reader are counted as lost, and calls still work.
#[test]
fn a_flood_of_events_stops_no_call() {
    let mut steps: Vec<Step> = (1..=10_000).map(|seq| event("tick", &json!({}), seq)).collect();
    steps.extend([
        Step::Call("a"),
        Step::Answer(json!(1)),
        Step::Call("b"),
        event("presence", &json!({}), 10_001),
        Step::Answer(json!(2)),
    ]);
    with_session(steps, async |link, mut events| {
        assert_eq!(call(&link, "a").await.unwrap(), 1);
        // This makes room for one more event, which reports the gap.
        assert!(matches!(events.next().await, Some(Event::Tick { .. })));
        assert_eq!(call(&link, "b").await.unwrap(), 2);
        link.close(soon()).await;
        let mut ticks = 1;
        let last = loop {
            match events.next().await.unwrap() {
                Event::Tick { .. } => ticks += 1,
                event => break event,
            }
        };
        assert!(matches!(last, Event::Gap), "{last:?}");
        assert_eq!(ticks, 4096);
        assert!(events.next().await.is_none());
    });
}
