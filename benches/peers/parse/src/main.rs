//! Parses the command of each case in a file, one JSON object a line, and ends: the cost of the parser alone.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("usage: parse CASES.ndjson")?;
    let mut parser = tree_sitter::Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into())?;
    for line in std::fs::read_to_string(path)?.lines() {
        let case: serde_json::Value = serde_json::from_str(line)?;
        let command = case["command"].as_str().ok_or("a case without a command")?;
        std::hint::black_box(parser.parse(command, None));
    }
    Ok(())
}
