//! A gateway and a command that start at the same time.

use std::fs;
use std::time::Duration;

use clearance::internals::Deadline;

use crate::checks::Checks;
use crate::gateway::{Gateway, Setup};
use crate::tool::Tool;

/// Far longer than a gateway takes to start.
const GET: [&str; 6] = ["approvals", "get", "--gateway", "--json", "--timeout", "110"];

#[test]
fn openclaw_2026_4_14_and_a_command_at_the_same_moment() {
    at_the_same_moment("2026.4.14");
}

#[test]
fn openclaw_2026_7_1_and_a_command_at_the_same_moment() {
    at_the_same_moment("2026.7.1");
}

#[test]
fn openclaw_2026_9_6_and_a_command_at_the_same_moment() {
    at_the_same_moment("2026.9.6");
}

fn at_the_same_moment(version: &'static str) {
    let mut gateway = Gateway::new(version, Setup::Token);
    let mut checks = Checks::of(version);
    let host = Tool::on_host(&gateway.state());
    checks.check("without a process the command does not wait", || {
        host.run(&GET).exits(4).fails_with("unreachable");
    });
    checks.check("on its host, by default", || {
        gateway.start();
        is_started(&gateway);
        host.run(&GET).exits(0).says(&["waiting up to 110s for the gateway to start: its process"]);
        gateway.stop();
    });
    checks.check("by its address, with --wait, and before it", || {
        let tool = Tool::new();
        let (address, secret) = (gateway.address().to_string(), tool.secret());
        let arguments = ["queue", "ls", "--gateway", &address, "--token-file", &secret, "--wait"];
        let run = tool.start(&[&arguments[..], &["--timeout", "110"]].concat());
        gateway.start();
        tool.join(run).exits(0).says(&["waiting up to 110s for the gateway to start"]);
        gateway.stop();
    });
    checks.check("in too short a time", || {
        gateway.start();
        is_started(&gateway);
        let short = [&GET[..4], &["--timeout", "1"]].concat();
        host.run(&short).exits(4).fails_with("starting").says(&["did not start within 1s"]);
        gateway.stop();
    });
    checks.check("after it has ended", || {
        host.run(&GET).exits(4).fails_with("unreachable");
    });
    drop(gateway);
    checks.end();
}

/// Waits until the process is OpenClaw's: for a moment it is still the shell that starts it.
fn is_started(gateway: &Gateway) {
    let deadline = Deadline::after(Duration::from_mins(1));
    let line = || fs::read_to_string(format!("/proc/{}/cmdline", gateway.process())).unwrap_or_default();
    // The process title replaces the command line, perhaps in several steps.
    while !line().starts_with("openclaw") && !line().contains("openclaw.mjs\0gateway") {
        assert!(deadline.pause(Duration::from_millis(5)), "{}", gateway.tail());
    }
}
