//! Decides arbitrary bytes as a command: no panic and no hang.

#![no_main]

#[path = "../src/target.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    target::decide(bytes);
});
