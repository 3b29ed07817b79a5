//! The thread of the hooks, and its lanes: one for programs, of which a few run at once, and one for each webhook, whose
//! events stay in order. Each lane has a bounded queue.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};

use super::program::Program;
use super::webhook::Receiver;
use crate::commands::Error;
use crate::deadline::Deadline;
use crate::gateway::WebhookUrl;

/// The maximum number of events that wait in a lane.
pub(in crate::commands) const MOST_WAITING: usize = 64;
/// The maximum number of programs that run at once.
const AT_ONCE: usize = 4;

/// An event for a hook.
#[derive(Debug, Clone)]
pub(in crate::commands) struct Job {
    /// The gateway, or another target of the command.
    pub(in crate::commands) gateway: Arc<str>,
    /// The name of the event.
    pub(in crate::commands) of: &'static str,
    /// The event as JSON.
    pub(in crate::commands) text: Arc<str>,
}

/// A hook that failed.
#[derive(Debug)]
pub(in crate::commands) struct Failure {
    pub(in crate::commands) gateway: Arc<str>,
    pub(in crate::commands) of: &'static str,
    pub(in crate::commands) hook: String,
    pub(in crate::commands) cause: String,
}

impl Failure {
    fn of(job: &Job, hook: &impl ToString, cause: impl Into<String>) -> Self {
        Self { gateway: Arc::clone(&job.gateway), of: job.of, hook: hook.to_string(), cause: cause.into() }
    }

    fn dropped(job: &Job, hook: &impl ToString) -> Self {
        Self::of(job, hook, format!("the event was dropped: {MOST_WAITING} others are waiting"))
    }
}

/// The events that wait or are under way, each with its hook: the end of the command reports those that are lost.
#[derive(Debug, Default, Clone)]
struct Open(Arc<Mutex<Numbered>>);

#[derive(Debug, Default)]
struct Numbered {
    last: u64,
    jobs: BTreeMap<u64, (Job, String)>,
}

impl Open {
    fn locked(&self) -> MutexGuard<'_, Numbered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, job: &Job, hook: &impl ToString) -> u64 {
        let mut open = self.locked();
        open.last += 1;
        let number = open.last;
        open.jobs.insert(number, (job.clone(), hook.to_string()));
        number
    }

    fn end(&self, number: u64) {
        self.locked().jobs.remove(&number);
    }

    fn lost(&self) -> Vec<Failure> {
        let cause = "the event was not delivered before the command ended";
        let open = std::mem::take(&mut self.locked().jobs);
        open.into_values().map(|(job, hook)| Failure::of(&job, &hook, cause)).collect()
    }
}

/// The lanes, and the thread that works through them.
pub(in crate::commands) struct Lanes {
    programs: mpsc::Sender<(u64, Program, Job)>,
    webhooks: Vec<(WebhookUrl, mpsc::Sender<(u64, Job)>)>,
    open: Open,
    /// Ends the thread when it is dropped.
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Lanes {
    /// Starts the thread.
    pub(in crate::commands) fn start(
        notify: &[WebhookUrl],
        failures: mpsc::Sender<Failure>,
    ) -> Result<Self, Error> {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Runtime)?;
        let (programs, started) = mpsc::channel(MOST_WAITING);
        let (webhooks, posted): (Vec<_>, Vec<_>) = notify
            .iter()
            .map(|address| {
                let (sender, receiver) = mpsc::channel(MOST_WAITING);
                ((address.clone(), sender), (address.clone(), receiver))
            })
            .unzip();
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let open = Open::default();
        let under_way = open.clone();
        let work = async move {
            {
                let reports = (&failures, &under_way);
                let posting = posted.into_iter().map(|(address, jobs)| post_all(address, jobs, reports));
                let all = async { tokio::join!(run_all(started, reports), join_all(posting)) };
                tokio::select! {
                    _ = all => {}
                    // Programs that still run are killed.
                    _ = stopped => {}
                }
            }
            for lost in under_way.lost() {
                drop(failures.try_send(lost));
            }
        };
        thread::Builder::new()
            .name("hooks".to_owned())
            .spawn(move || {
                runtime.block_on(work);
                // The command may not wait for it.
                let _: Result<(), ()> = end.send(());
            })
            .map_err(Error::Runtime)?;
        Ok(Self { programs, webhooks, open, stop, ended })
    }

    /// Starts a program for an event, soon.
    pub(in crate::commands) fn run(&self, program: &Program, job: &Job) -> Result<(), Failure> {
        let number = self.open.begin(job, &program.name());
        let sent = self.programs.try_send((number, program.clone(), job.clone()));
        sent.map_err(|_| {
            self.open.end(number);
            Failure::dropped(job, &program.name())
        })
    }

    /// Posts an event to every webhook, soon. Returns those with a full lane.
    pub(in crate::commands) fn post(&self, job: &Job) -> Vec<Failure> {
        let full = |(address, lane): &(WebhookUrl, mpsc::Sender<(u64, Job)>)| {
            let number = self.open.begin(job, address);
            lane.try_send((number, job.clone())).err().map(|_| {
                self.open.end(number);
                Failure::dropped(job, address)
            })
        };
        self.webhooks.iter().filter_map(full).collect()
    }

    /// Waits until all lanes are empty, or ends what still runs at the deadline.
    pub(in crate::commands) async fn finish(self, deadline: Deadline) {
        let Self { programs, webhooks, stop, mut ended, .. } = self;
        drop((programs, webhooks));
        let left = deadline.left().unwrap_or_default();
        if tokio::time::timeout(left, &mut ended).await.is_err() {
            drop(stop);
            // It only kills processes now.
            drop(ended.await);
        }
    }
}

async fn run_all(
    jobs: mpsc::Receiver<(u64, Program, Job)>,
    (failures, open): (&mpsc::Sender<Failure>, &Open),
) {
    let jobs = futures_util::stream::unfold(jobs, async |mut jobs| {
        let job = jobs.recv().await?;
        Some((job, jobs))
    });
    jobs.for_each_concurrent(AT_ONCE, async |(number, program, job)| {
        let ended = program.run(&job.text).await;
        open.end(number);
        if let Err(cause) = ended {
            // If so many fail that the command has not read the earlier failures, it knows.
            drop(failures.try_send(Failure::of(&job, &program.name(), cause)));
        }
    })
    .await;
}

async fn post_all(
    address: WebhookUrl,
    mut jobs: mpsc::Receiver<(u64, Job)>,
    (failures, open): (&mpsc::Sender<Failure>, &Open),
) {
    let mut receiver = Receiver::of(address.clone());
    while let Some((number, job)) = jobs.recv().await {
        let posted = receiver.post(&job.text).await;
        open.end(number);
        if let Err(cause) = posted {
            drop(failures.try_send(Failure::of(&job, &address, cause)));
        }
    }
}
