//! Links the program for a fixed address on Linux.
//!
//! A position-independent program of this size has some 21,000 pointers that the dynamic loader writes at every start:
//! about a millisecond, more than the validation of a document takes (`benches/validate.py`, first row). What is given
//! up is the random place of the program's own code and constants; its stack, its heap and its libraries keep theirs, and
//! `unsafe` code is forbidden in this crate.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of = |name| std::env::var(name).unwrap_or_default();
    if of("CARGO_CFG_TARGET_OS") == "linux" && of("CARGO_CFG_TARGET_ENV") == "gnu" {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
