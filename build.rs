//! Hands the target to the program (`--version --verbose`), and links it for Linux: at a fixed address, or position-independent with `CLEARANCE_PIE=1`.
//!
//! A position-independent program of this size has some 21,000 pointers that the dynamic loader writes at every start:
//! about a millisecond, more than the validation of a document takes (`benches/validate.py`, first row). With packed
//! relative relocations, as `CLEARANCE_PIE=1` links it, they still take a quarter of a millisecond.
//! docs/performance.md has the figures. A fixed address gives up the random place of the program's own code and
//! constants; its stack, its heap and its libraries keep theirs, and `unsafe` code is forbidden in this crate.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=CLEARANCE_PIE");
    let value = |name| std::env::var(name).unwrap_or_default();
    println!("cargo::rustc-env=CLEARANCE_TARGET={}", value("TARGET"));
    if value("CARGO_CFG_TARGET_OS") == "linux" && value("CARGO_CFG_TARGET_ENV") == "gnu" {
        let independent = value("CLEARANCE_PIE") == "1";
        let argument = if independent { "-Wl,-z,pack-relative-relocs" } else { "-no-pie" };
        println!("cargo::rustc-link-arg-bins={argument}");
    }
}
