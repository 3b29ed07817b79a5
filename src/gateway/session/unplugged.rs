//! The receiving half of a session without a socket, for the fuzz target of frames.

use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;

use super::{Answer, Calls, Events, Inbox, Pending, Publisher, StdInstant};
use crate::gateway::api::Method;
use crate::gateway::api::connect::Hello;
use crate::gateway::api::events::Event;
use crate::gateway::error::{GatewayError, Step};
use crate::gateway::handshake::{challenge_in, hello_in, read};
use crate::gateway::sent_secrets::SentSecrets;
use crate::gateway::target::Credential;

/// The end of a call that waits for its answer.
type Waiting = oneshot::Receiver<(Option<StdInstant>, Answer)>;

/// The receiving half of a session: it receives what a gateway might send.
pub struct Unplugged {
    inbox: Inbox,
    events: Events,
    answers: Vec<(u64, Waiting)>,
}

impl Unplugged {
    /// A session that sent this token, and these calls, numbered from 1.
    pub fn new(token: &str, calls: u64) -> Self {
        let (publisher, events) = Publisher::new();
        let table = Arc::new(Calls::default());
        let answers = (1..=calls).map(|id| {
            let (answer, receiver) = oneshot::channel();
            let method = Method::ExecApprovalList.to_string();
            let mut state = table.state();
            state.issued = id;
            state.pending.insert(id, Pending { method, sent: true, written: None, answer });
            (id, receiver)
        });
        let answers = answers.collect();
        let sent_secrets = sent(token);
        Self { inbox: Inbox { calls: table, publisher: Some(publisher), sent_secrets }, events, answers }
    }

    /// Receives a text message. An error ends the session.
    pub fn receive(&mut self, text: &str) -> Result<(), Arc<GatewayError>> {
        self.inbox.message(Message::text(text)).map_err(|error| self.inbox.end(error))
    }

    /// The calls that ended since the last time, each with its answer.
    pub fn ended(&mut self) -> Vec<(u64, Answer)> {
        let mut ended = Vec::new();
        self.answers.retain_mut(|(id, receiver)| match receiver.try_recv() {
            Ok((_, answer)) => {
                ended.push((*id, answer));
                false
            }
            Err(_) => true,
        });
        ended
    }

    /// The events since the last time.
    pub fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.events.waiting()).collect()
    }

    /// Receives a message before `connect` was sent: the nonce and the time of the challenge, if it is one.
    pub fn challenged(text: &str) -> Result<Option<(String, u64)>, GatewayError> {
        let Some(incoming) = read(Message::text(text), &Step::Challenge)? else { return Ok(None) };
        Ok(challenge_in(incoming)?.map(|challenge| (challenge.nonce, challenge.ts)))
    }

    /// Receives a message after `connect` was sent with this id and this token: the answer, if it is one.
    pub fn admitted(text: &str, id: &str, token: &str) -> Result<Option<Hello>, GatewayError> {
        let secrets = sent(token);
        let hello = match read(Message::text(text), &Step::Hello) {
            Ok(Some(incoming)) => hello_in(incoming, id),
            Ok(None) => Ok(None),
            Err(error) => Err(error),
        };
        hello.map(|hello| hello.map(|hello| secrets.hello(hello))).map_err(|error| secrets.error(error))
    }
}

fn sent(token: &str) -> SentSecrets {
    SentSecrets::of(&Credential::Token(SecretString::from(token)), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::error::Violation;

    fn token() -> Unplugged {
        Unplugged::new("s3cret-t0ken", 3)
    }

    #[test]
    fn only_the_id_of_a_call_is_answered() {
        for id in ["01", "+1", "0", "4", "", " 1", "18446744073709551616"] {
            let mut session = token();
            let error = session.receive(&format!(r#"{{"type":"res","id":"{id}","ok":true}}"#)).unwrap_err();
            assert!(matches!(&*error, GatewayError::Violation { violation: Violation::UnknownAnswer, .. }));
            assert_eq!(session.ended().len(), 3, "all calls end with the session");
        }
        let mut session = token();
        session.receive(r#"{"type":"res","id":"2","ok":true,"payload":7}"#).unwrap();
        let ended = session.ended();
        assert!(matches!(&ended[..], [(2, Ok(Some(payload)))] if payload.get() == "7"), "{ended:?}");
    }

    #[test]
    fn the_number_after_the_last_one_is_a_gap() {
        let mut session = token();
        let event = |seq: u64| format!(r#"{{"type":"event","event":"x","seq":{seq}}}"#);
        for seq in [u64::MAX - 1, u64::MAX] {
            session.receive(&event(seq)).unwrap();
            assert!(matches!(&session.events()[..], [Event::Other(_)]));
        }
        for seq in [0, 7] {
            session.receive(&event(seq)).unwrap();
            assert!(matches!(&session.events()[..], [Event::Gap, Event::Other(_)]));
        }
    }

    #[test]
    fn an_error_does_not_repeat_the_token() {
        let mut session = token();
        let error =
            r#"{"code":"X","message":"a s3cret-t0ken","details":{"\u00733cret-t0ken":["s3cret-t0ken"]}}"#;
        session.receive(&format!(r#"{{"type":"res","id":"1","ok":false,"error":{error}}}"#)).unwrap();
        let answer = session.ended().pop().unwrap().1.unwrap_err();
        assert!(!format!("{answer} {answer:?}").contains("s3cret-t0ken"), "{answer:?}");
    }
}
