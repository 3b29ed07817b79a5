//! Parses a file into `serde_json::Value` and ends: the cost of a validator on a generic tree before it checks
//! anything.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: value FILE")?;
    let value: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
    std::hint::black_box(value);
    Ok(())
}
