//! Runs a target on mutations of its corpus, without instrumentation: the same inputs for the same seed.
//!
//! An input whose outcome is of a new kind joins the corpus. A watch reports an execution that takes too long, or during
//! which the process takes too much memory: it keeps the input and ends the process. A panic ends the run with the input,
//! made smaller.

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::targets::Target;

/// The limits of one execution.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest time.
    pub time: Duration,
    /// The most memory that the process may have, in bytes. `None`: other work shares the process.
    pub memory: Option<usize>,
}

/// What a run did.
#[derive(Debug)]
pub struct Summary {
    /// The number of executions.
    pub executions: u64,
    /// The number of kinds of outcomes.
    pub kinds: usize,
    /// The time of all executions.
    pub elapsed: Duration,
    /// The slowest executions: the time and the input.
    pub slowest: Vec<(Duration, Vec<u8>)>,
}

/// An input that breaks a promise.
#[derive(Debug)]
pub struct Finding {
    /// The number of the execution.
    pub number: u64,
    /// The input, as small as it was made.
    pub input: Vec<u8>,
}

/// How many inputs the corpus holds at most beyond its start.
const POOL: usize = 5000;
/// The length of most inputs is at most this.
const USUAL: usize = 4000;
/// Of so many inputs one is as long as the target allows.
const RARE: u64 = 20_000;
/// How often the watch looks.
const LOOK: Duration = Duration::from_millis(50);

/// Runs mutations of a target's corpus. `root`: the repository. `progress` receives the number of executions so far, after
/// each million. `Err`: a promise is broken.
pub fn run(
    target: &Target,
    root: &Path,
    count: u64,
    seed: u64,
    limits: Limits,
    mut progress: impl FnMut(u64, Duration),
) -> Result<Summary, Finding> {
    let mut random = Random(seed);
    let mut pool = target.seeds(root);
    assert!(!pool.is_empty(), "{} has no corpus", target.name);
    let known = pool.len();
    let mut kinds = HashSet::new();
    let mut slowest: Vec<(Duration, Vec<u8>)> = Vec::new();
    let watch = Watch::start(target.name, limits);
    let begun = Instant::now();
    for number in 0..count {
        // Each input of the corpus comes first as it is.
        let input = match usize::try_from(number).ok().filter(|number| *number < known) {
            Some(number) => pool[number].clone(),
            None => random.mutated(target, &pool, number),
        };
        watch.begins(&input);
        let started = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| (target.run)(&input)));
        let taken = started.elapsed();
        watch.ended();
        let Ok(kind) = outcome else { return Err(Finding { number, input: smaller(target, input) }) };
        if slowest.len() < 5 || slowest.last().is_some_and(|(least, _)| *least < taken) {
            slowest.push((taken, input.clone()));
            slowest.sort_by_key(|(taken, _)| std::cmp::Reverse(*taken));
            slowest.truncate(5);
        }
        if kinds.insert(kind) && input.len() <= USUAL {
            if pool.len() < known + POOL {
                pool.push(input);
            } else {
                let place = known + random.below(POOL);
                pool[place] = input;
            }
        }
        if (number + 1) % 1_000_000 == 0 {
            progress(number + 1, begun.elapsed());
        }
    }
    Ok(Summary { executions: count, kinds: kinds.len(), elapsed: begun.elapsed(), slowest })
}

/// Keeps an input for whoever looks into it, and returns where.
pub fn keep(name: &str, input: &[u8]) -> PathBuf {
    let sum = input.iter().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(*byte)));
    let path = std::env::temp_dir().join(format!("clearance-fuzz-{name}-{sum:08x}"));
    // The input is also printed, so a full disk loses nothing.
    let _ = fs::write(&path, input);
    path
}

/// The input without parts that the panic does not need.
fn smaller(target: &Target, mut input: Vec<u8>) -> Vec<u8> {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let panics = |input: &[u8]| catch_unwind(AssertUnwindSafe(|| (target.run)(input))).is_err();
    let end = Instant::now() + Duration::from_secs(20);
    let mut size = input.len() / 2;
    while size > 0 && Instant::now() < end {
        let mut at = 1;
        while at < input.len() && Instant::now() < end {
            let mut shorter = input.clone();
            shorter.drain(at..(at + size).min(input.len()));
            if panics(&shorter) {
                input = shorter;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    std::panic::set_hook(hook);
    input
}

/// The execution that runs: its start and its input.
type Running = Option<(Instant, Vec<u8>)>;

/// Looks at the execution that runs.
struct Watch {
    running: Arc<Mutex<Running>>,
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn start(name: &'static str, limits: Limits) -> Self {
        let running = Arc::new(Mutex::new(Running::None));
        let (end, ends) = channel();
        let seen = Arc::clone(&running);
        let thread = thread::spawn(move || {
            while ends.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
                let Some((started, input)) = &*seen else { continue };
                let taken = started.elapsed();
                let much = limits.memory.is_some_and(|most| resident().is_some_and(|now| now > most));
                if taken > limits.time || much {
                    let what = if much { "too much memory" } else { "too long" };
                    eprintln!("{name}: {what} after {taken:.1?}: {}", keep(name, input).display());
                    process::exit(1);
                }
            }
        });
        Self { running, end: Some(end), thread: Some(thread) }
    }

    fn begins(&self, input: &[u8]) {
        let running = Some((Instant::now(), input.to_vec()));
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = running;
    }

    fn ended(&self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // It only looks.
            drop(thread.join());
        }
    }
}

/// The resident memory of this process, in bytes; `None`: the system does not report it.
fn resident() -> Option<usize> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok().map(|kilobytes| kilobytes << 10)
}

/// Numbers at which something changes.
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "2",
    "-1",
    "255",
    "65535",
    "65536",
    "4294967295",
    "9007199254740991",
    "9007199254740993",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "1.5",
    "1e3",
    "1e400",
];

/// `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from(self.next() % bound).unwrap_or_default()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    fn one<'o, T: ?Sized>(&mut self, of: &[&'o T]) -> &'o T {
        of[self.below(of.len())]
    }

    /// A piece of one of the inputs, without the byte that chooses.
    fn piece<'p>(&mut self, pool: &'p [Vec<u8>]) -> &'p [u8] {
        let other = &pool[self.below(pool.len())];
        let rest = other.get(1..).unwrap_or_default();
        let at = self.below(rest.len() + 1);
        let end = at + self.below((rest.len() - at).min(200) + 1);
        &rest[at..end]
    }

    /// An input with some changes.
    fn mutated(&mut self, target: &Target, pool: &[Vec<u8>], number: u64) -> Vec<u8> {
        let seed = &pool[self.below(pool.len())];
        let choice = if self.below(2) == 0 { self.byte() } else { seed.first().copied().unwrap_or_default() };
        let mut text = seed.get(1..).unwrap_or_default().to_vec();
        for _ in 0..=self.below(5) {
            self.change(target, pool, &mut text);
            text.truncate(USUAL);
        }
        if number % RARE == RARE - 1 && target.longest > USUAL && !text.is_empty() {
            let most = 1 + self.below(40);
            text.truncate(most);
            text = text.repeat(target.longest / text.len());
        }
        text.insert(0, choice);
        text
    }

    fn change(&mut self, target: &Target, pool: &[Vec<u8>], text: &mut Vec<u8>) {
        let at = self.below(text.len() + 1);
        let end = at + self.below(text.len() - at + 1);
        match self.below(11) {
            0 => drop(text.splice(at..at, self.one(target.tokens).bytes())),
            1 => drop(text.drain(at..end.min(at + 12))),
            2 => {
                let piece = text[at..end].to_vec();
                drop(text.splice(at..at, piece));
            }
            3 if at < text.len() => text[at] = self.byte(),
            4 => drop(text.splice(at..end, self.piece(pool).to_vec())),
            5 if !target.pairs.is_empty() => {
                let [open, close] = target.pairs[self.below(target.pairs.len())];
                drop(text.splice(end..end, close.bytes()));
                drop(text.splice(at..at, open.bytes()));
            }
            6 => {
                let token = self.one(target.tokens);
                drop(text.splice(at..at, token.repeat(1 + self.below(30)).bytes()));
            }
            7 if !target.joins.is_empty() => {
                text.extend(self.one(target.joins).bytes());
                text.extend(pool[self.below(pool.len())].iter().skip(1));
            }
            8 => {
                // The next number becomes another one.
                let is_digit = |byte: &u8| byte.is_ascii_digit();
                let Some(from) = text[at..].iter().position(is_digit).map(|from| at + from) else { return };
                let length = text[from..].iter().take_while(|byte| is_digit(byte)).count();
                drop(text.splice(from..from + length, self.one(&NUMBERS).bytes()));
            }
            9 => {
                // The next word becomes a token.
                let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                let Some(from) = text[at..].iter().position(is_word).map(|from| at + from) else { return };
                let length = text[from..].iter().take_while(|byte| is_word(byte)).count();
                drop(text.splice(from..from + length, self.one(target.tokens).bytes()));
            }
            _ => drop(text.splice(at..at, self.piece(pool).to_vec())),
        }
    }
}
