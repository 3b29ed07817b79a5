//! The policies in force of `approvals get --effective`, as text.

use std::io::{self, Write};

use super::escape::escaped;
use super::explain::{configuration, origin, release_line};
use super::narrow::Look;
use crate::report::approvals::Snapshot;

/// Prints the policy in force for each agent. Prints nothing without `--effective`.
pub fn effective_text(out: &mut dyn Write, snapshot: &Snapshot, look: Look) -> io::Result<()> {
    let Some(effective) = &snapshot.effective else { return Ok(()) };
    writeln!(out, "\npolicy in force")?;
    match &effective.agents {
        Err(why) => look.paper.line(out, "  unknown: ", &escaped(why))?,
        Ok(agents) => {
            for agent in agents {
                match &agent.agent {
                    Some(id) => look.paper.line(out, "  agent ", &escaped(id))?,
                    None => writeln!(out, "  any other agent")?,
                }
                for field in &agent.fields {
                    let marked = format!("{:<9}  {}", field.value, origin(field, &snapshot.path));
                    look.paper.line(out, &format!("    {:<11}  ", field.name), &marked)?;
                }
            }
        }
    }
    look.paper.line(out, "  configuration  ", &configuration(&effective.configuration))?;
    look.paper.line(out, "  release        ", &release_line(&effective.release))?;
    look.paper.line(out, "  not covered    ", "session overrides (/exec), elevated runs")
}
