//! The sources of prompts: the history and the queue of a gateway, saved files, and the last commands that entries of the
//! document allowed.

use std::path::PathBuf;

use super::error::SuggestError;
use super::observed::{Gathered, Outcome, Row};
use super::saved;
use crate::approvals::findings::remark::Remark;
use crate::commands::documents::Place;
use crate::commands::queue::{Lacking, Queue, QueueError, history};
use crate::commands::{Error, gateway};
use crate::deadline::Deadline;
use crate::gateway::Access;
use crate::queue::history::Filter;
use crate::queue::{Kind, Reader};
use crate::report::approvals::suggest::Source;
use crate::report::queue::Cut;
use crate::settings::Flags;
use crate::store::MAX_SIZE;
use crate::store::input::{self, Bounds, Input};

/// The most prompts that are compared: a bound on memory.
const MOST: usize = 1_000_000;

/// The prompts of all sources.
#[derive(Debug, Default)]
pub(in crate::commands) struct Sources {
    pub(in crate::commands) gathered: Gathered,
    /// The sources for reports.
    pub(in crate::commands) used: Vec<Source>,
    /// What could not be read.
    pub(in crate::commands) problems: Vec<String>,
    /// Conditions around the sources.
    pub(in crate::commands) remarks: Vec<Remark>,
}

impl Sources {
    /// Reads the files, and if the place is a gateway its history and its queue.
    pub(in crate::commands) fn read(
        place: &Place,
        files: &[PathBuf],
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let mut sources = Self::default();
        if let Some((flags, None)) = place.gateway() {
            gateway::run(sources.of_gateway(flags, deadline))?;
        }
        for file in files {
            sources.of_file(&Input::named(file), deadline)?;
        }
        sources.problems.extend(sources.gathered.problem());
        Ok(sources)
    }

    /// Adds a source. `before`: the number of prompts without it.
    fn used(&mut self, name: String, form: &'static str, before: usize) -> Result<(), Error> {
        let prompts = self.gathered.len();
        if prompts > MOST {
            return Err(SuggestError::TooMany(MOST).into());
        }
        self.used.push(Source { name, form, prompts: prompts - before });
        Ok(())
    }

    fn of_file(&mut self, input: &Input, deadline: Deadline) -> Result<(), Error> {
        let bytes = input::read(input, Bounds { max_size: MAX_SIZE, deadline })?;
        let name = input.name();
        let wrong = |cause: String| SuggestError::Prompts { name: name.clone(), cause };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text".to_owned()))?;
        let before = self.gathered.len();
        let (form, problems) = saved::read(&text, &mut self.gathered).map_err(wrong)?;
        self.problems.extend(problems.into_iter().map(|problem| format!("{name}: {problem}")));
        self.used(name, form.as_str(), before)
    }

    async fn of_gateway(&mut self, flags: &Flags, deadline: Deadline) -> Result<(), Error> {
        let request = history::Request {
            filter: Filter { kind: Some(Kind::Exec), ..Filter::default() },
            since: None,
            limit: MOST,
        };
        match history::run(&request, flags, deadline, &mut |_| ()).await {
            Ok(read) => {
                let before = self.gathered.len();
                read.rows.iter().filter_map(Row::of_decided).for_each(|row| self.gathered.add(row));
                self.problems.extend(read.problems);
                self.problems.extend(read.cut.as_ref().map(cut));
                self.used(read.gateway, "history", before)?;
            }
            Err(Error::Queue(QueueError::TooOld { lacks: Lacking::History, .. })) => {
                self.remarks.push(Remark {
                    message: "this gateway keeps no history, so that nothing is known of denials".to_owned(),
                    remedy: Some(
                        "add saved prompts with --prompts FILE, and read the proposals before you apply them"
                            .to_owned(),
                    ),
                });
            }
            Err(error) => return Err(error),
        }
        let mut queue = Queue::open(flags, Access::OPERATOR, Reader::new(), deadline).await?;
        let pending = queue.list_prompts().await?;
        let before = self.gathered.len();
        pending.listing.prompts.iter().filter_map(Row::of_prompt).for_each(|row| self.gathered.add(row));
        let name = queue.connection.address().to_owned();
        queue.connection.close().await;
        self.used(name, "pending prompts", before)
    }

    /// Adds the last command that each entry of a document allowed.
    pub(in crate::commands) fn of_document(
        &mut self,
        name: &str,
        document: &serde_json::Value,
    ) -> Result<(), Error> {
        let before = self.gathered.len();
        for (agent, rules) in document["agents"].as_object().into_iter().flatten() {
            let entries = rules["allowlist"].as_array().into_iter().flatten().enumerate();
            for (index, entry) in entries.filter(|_| agent != "*") {
                if let Some(command) = entry["lastUsedCommand"].as_str() {
                    self.gathered.add(Row {
                        id: format!("entry {index} of {agent}"),
                        agent: Some(agent.clone()),
                        command: command.to_owned(),
                        directory: None,
                        outcome: Outcome::Allowed,
                        is_example: true,
                        is_elided: crate::queue::intent::is_elided(command),
                    });
                }
            }
        }
        self.used(name.to_owned(), "last used commands", before)
    }
}

fn cut(cut: &Cut) -> String {
    match cut {
        Cut::Limit | Cut::Pages => "the history is longer than what is read".to_owned(),
        Cut::Time => "there was no time left to read the whole history: raise --timeout".to_owned(),
        Cut::Repeats => "the gateway repeats the pages of its history".to_owned(),
        Cut::Failed(why) => format!("a page of the history could not be read: {why}"),
    }
}
