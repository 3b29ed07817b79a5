//! The form in which releases compare the id of an agent with the ids in `openclaw.json`.
//! Source: `normalizeAgentId`, the same in all three releases but for text that has no valid character at all.

use serde_json::Value;

use super::profile::Profile;
use super::words::trim;

/// The agent of a call that names none, and the one that an entry without an id configures.
pub const MAIN: &str = "main";

/// The longest id.
const MAX_LENGTH: usize = 64;

/// The ids of the agents in the configuration, as they are written there. 2026.9.6 has `agents.entries`, which replaces the
/// list.
pub fn configured(configuration: &Value, profile: Profile) -> Vec<&str> {
    let Some(agents) = configuration.get("agents") else { return Vec::new() };
    if profile >= Profile::V2026_9_6
        && let Some(entries) = agents.get("entries").and_then(Value::as_object)
    {
        return entries.keys().map(String::as_str).collect();
    }
    let list = agents.get("list").and_then(Value::as_array);
    let ids = list.into_iter().flatten().filter_map(|agent| agent.get("id").and_then(Value::as_str));
    ids.filter(|id| !trim(id).is_empty()).collect()
}

/// The id in lower case, with every run of other characters than letters, digits, `_` and `-` replaced by one `-`.
pub(super) fn normalize(id: &str) -> String {
    let trimmed = trim(id);
    let lower = trimmed.to_lowercase();
    if is_valid(trimmed) {
        return lower;
    }
    let mut normalized = String::new();
    let mut in_run = false;
    for character in lower.chars() {
        let is_kept =
            character.is_ascii_lowercase() || character.is_ascii_digit() || matches!(character, '_' | '-');
        if is_kept {
            normalized.push(character);
        } else if !in_run {
            normalized.push('-');
        }
        in_run = !is_kept;
    }
    let stripped = normalized.trim_matches('-');
    let short: String = stripped.chars().take(MAX_LENGTH).collect();
    if short.is_empty() { MAIN.to_owned() } else { short }
}

fn is_valid(id: &str) -> bool {
    id.len() <= MAX_LENGTH
        && id.starts_with(|first: char| first.is_ascii_alphanumeric())
        && id.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_newest_release_reads_entries_in_place_of_the_list() {
        let configuration =
            json!({"agents": {"list": [{"id": "Ops"}, {"id": " "}, {}], "entries": {"ci": {}}}});
        assert_eq!(configured(&configuration, Profile::V2026_6_11), ["Ops"]);
        assert_eq!(configured(&configuration, Profile::V2026_9_6), ["ci"]);
        assert_eq!(configured(&json!({}), Profile::V2026_9_6), [""; 0]);
    }

    #[test]
    fn ids_are_compared_in_one_form() {
        for (id, form) in [
            ("main", "main"),
            (" Ops ", "ops"),
            ("", "main"),
            ("a b  c", "a-b-c"),
            ("--x--", "x"),
            ("ä", "main"),
            ("a_", "a_"),
        ] {
            assert_eq!(normalize(id), form, "{id}");
        }
    }
}
