//! Posts events to a webhook, with bounded retries.

use std::time::Duration;

use uuid::Uuid;

use crate::backoff::Backoff;
use crate::deadline::Deadline;
use crate::gateway::{Undelivered, Webhook, WebhookUrl};

/// The time limit of one attempt.
const ATTEMPT: Duration = Duration::from_secs(10);
/// The maximum number of attempts for one event.
const ATTEMPTS: u32 = 5;
/// The first pause before a retry.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause, also if the receiver asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A receiver. Its client is made for the first event.
pub(super) struct Receiver {
    address: WebhookUrl,
    client: Option<Webhook>,
}

impl Receiver {
    pub(super) fn of(address: WebhookUrl) -> Self {
        Self { address, client: None }
    }

    /// Posts an event. The error: why it was not delivered.
    pub(super) async fn post(&mut self, event: &str) -> Result<(), String> {
        let client = match self.client.take() {
            Some(client) => client,
            None => Webhook::of(self.address.clone(), Deadline::after(ATTEMPT))
                .await
                .map_err(|error| error.to_string())?,
        };
        let client = self.client.insert(client);
        let key = Uuid::new_v4().to_string();
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let Err(Undelivered { cause, retry_after }) = client.post(event, &key, ATTEMPT).await else {
                return Ok(());
            };
            let Some(asked) = retry_after else { return Err(cause) };
            if backoff.attempts() + 1 >= ATTEMPTS {
                return Err(format!("{cause} ({ATTEMPTS} attempts)"));
            }
            tokio::time::sleep(backoff.wait_at_least(asked.min(LONGEST_PAUSE))).await;
        }
    }
}
