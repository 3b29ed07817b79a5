//! The fuzz targets with some mutations each: the whole run is described in docs/hardening.md.

use std::path::Path;
use std::time::Duration;

#[path = "../../fuzz/src/lib.rs"]
mod house;

use house::engine::{self, Limits};
use house::targets::{ALL, Target};

/// Enough to see that each target works. A debug build takes a second for each.
const EXECUTIONS: u64 = 2000;

#[test]
fn no_target_breaks_a_promise() {
    let limits = Limits { time: Duration::from_secs(30), memory: None };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for target in &ALL {
        let done = engine::run(target, root, EXECUTIONS, 1, limits, |_, _| {});
        let done = done.unwrap_or_else(|finding| {
            let kept = engine::keep(target.name, &finding.input);
            panic!("{}: execution {}, kept as {}", target.name, finding.number, kept.display())
        });
        // A target that only rejects its inputs tests nothing.
        assert!(done.kinds > 10, "{}: {} kinds of outcomes", target.name, done.kinds);
    }
}

/// A run finds what it is meant to find, and makes it smaller.
#[test]
fn a_broken_promise_is_found() {
    let broken = Target {
        name: "documents",
        run: |input| {
            assert!(!input.contains(&b'9'), "a nine");
            u64::from(input.first().copied().unwrap_or_default())
        },
        ..ALL[0]
    };
    let limits = Limits { time: Duration::from_secs(30), memory: None };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = |seed| {
        let found = engine::run(&broken, root, 100_000, seed, limits, |_, _| {}).expect_err("a nine");
        (found.number, found.input)
    };
    assert_eq!(found(1), found(1), "the same seed finds the same");
    let (_, input) = found(1);
    assert!(input.contains(&b'9') && input.len() <= 2, "{input:?}");
}
