//! The terminal after the screen of `queue triage`: at its end, while it is stopped, and after a panic.

use std::process::Command;
use std::{env, io, thread};

use clearance::Streams;
use clearance::internals::triage::Surface;
use rustix::process::Signal;

use crate::queue::still;
use crate::support::grid::Grid;
use crate::support::terminal::Terminal;
use crate::triage::{Session, WIDE, pause, set};

#[test]
fn signals_end_the_screen() {
    let dev = still("current", &[]);
    let client = dev.client();
    let before = set(&client);
    for signal in [Signal::TERM, Signal::INT, Signal::QUIT, Signal::HUP] {
        let mut session = Session::start(&client, &[], WIDE);
        session.sees("31 prompts in 8 groups");
        assert!(!session.terminal.is_as_before(), "keys are read one by one");
        session.terminal.signal(signal);
        let (exit, text) = session.ends();
        assert_eq!((exit, text.as_str()), (0, "Nothing was decided; 31 still pending.\n"), "{signal:?}");
    }
    assert_eq!(set(&client), before);
}

#[test]
fn a_stopped_screen_continues() {
    let dev = still("current", &[]);
    let client = dev.client();
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("31 prompts in 8 groups");
    // By Ctrl-Z, and by a signal from another process.
    for key in [true, false] {
        if key {
            session.terminal.keys("\u{1a}");
        } else {
            session.terminal.signal(Signal::TSTP);
        }
        session.terminal.stops();
        let grid = session.waits(|grid| !grid.alternate);
        assert_eq!(grid.modes, ["25", "7"], "the terminal is as it was");
        assert!(session.terminal.is_as_before());
        session.terminal.signal(Signal::CONT);
        session.waits(|grid| grid.alternate && grid.has("31 prompts in 8 groups"));
        session.press("?", "this help");
        session.press("\u{1b}", ">");
    }
    assert_eq!(session.quits().0, 0);
}

#[test]
fn a_closed_terminal_ends_the_screen() {
    let dev = still("current", &[]);
    let client = dev.client();
    let before = set(&client);
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("31 prompts in 8 groups");
    assert_eq!(session.terminal.closes(), 0);
    // What is queued then is not sent, as after a signal.
    let mut session = Session::start(&client, &[], WIDE);
    session.sees("31 prompts in 8 groups");
    pause();
    session.press("d", "Deny");
    assert_eq!(session.terminal.closes(), 3);
    assert_eq!(set(&client), before);
}

/// Without a shell that could continue it, Ctrl-Z and SIGTSTP do not stop it for ever.
#[test]
fn a_screen_that_nobody_could_continue_is_not_stopped() {
    let dev = still("current", &[]);
    let client = dev.client();
    let own = client.spawn(&["queue", "triage"]);
    let mut command = Command::new("setsid");
    command.arg("--wait").arg(own.get_program()).args(own.get_args()).env_clear();
    command.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", env::var_os("PATH").unwrap()).current_dir(own.get_current_dir().unwrap());
    let mut session = Session::of(&mut command, WIDE);
    session.sees("31 prompts in 8 groups");
    session.terminal.keys("\u{1a}");
    // It is left and shown again at once.
    session.terminal.shows("31 prompts in 8 groups", 2);
    session.press("?", "this help");
    session.press("\u{1b}", ">");
    assert_eq!(session.quits().0, 0);
}

/// Runs itself on a terminal: there it shows a screen, and panics.
#[test]
fn a_panic_in_any_thread_restores_the_terminal() {
    const ITSELF: &str = "leaving::a_panic_in_any_thread_restores_the_terminal";
    const THREAD: &str = "CLEARANCE_TEST_PANIC";
    if let Ok(which) = env::var(THREAD) {
        return panics(which == "other");
    }
    for which in ["same", "other"] {
        let mut command = Command::new(env::current_exe().unwrap());
        command.args(["--exact", ITSELF, "--nocapture", "--test-threads=1"]).env(THREAD, which);
        // Its end compares the settings of the terminal with those before.
        let (exit, text) = Terminal::sized(&mut command, 80, 24).ends();
        assert_eq!(exit, 101, "{which}: {text}");
        assert!(text.contains("\u{1b}[?1049h"), "{which}: a screen was shown: {text}");
        let grid = Grid::of(&text, 1_000, 60);
        assert!(!grid.alternate, "{which}: {text}");
        assert_eq!(grid.modes, ["25", "7"], "{which}: {text}");
        let after = text.rsplit("\u{1b}[?1049l").next().unwrap();
        assert!(after.contains("leaving.rs"), "{which}: the message is on the main screen: {text}");
    }
}

/// Shows a screen, and panics in this thread or in another one while it is shown.
fn panics(in_other_thread: bool) {
    // Every command installs the hook that restores the terminal.
    let (mut out, mut err) = (io::sink(), io::sink());
    clearance::run(
        ["clearance".into(), "--version".into()],
        &mut Streams { out: &mut out, err: &mut err, styled: false },
    );
    let mut stdout = io::stdout();
    let surface = Surface::open(&mut stdout, false).unwrap();
    if in_other_thread {
        thread::spawn(|| panic!("in another thread")).join().unwrap_err();
        // Only the hook restores the terminal, not the end of the screen.
        std::mem::forget(surface);
        panic!("after the other thread");
    }
    panic!("while the screen is shown");
}
