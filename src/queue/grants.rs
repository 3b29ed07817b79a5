//! Standing grants: commands that a cron job may run without a prompt, each minted by an allowance of one of its
//! prompts.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::hidden::Hidden;

/// A standing grant. Texts are hostile until escaped.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Grant {
    /// Its id.
    #[serde(rename = "grantId")]
    pub id: Box<str>,
    /// The prompt that was allowed.
    #[serde(default)]
    pub minted_by_approval_id: Option<Box<str>>,
    /// The agent of the job.
    pub agent_id: Box<str>,
    /// The job.
    pub cron_job_id: Box<str>,
    /// The name of the job.
    #[serde(default)]
    pub cron_job_name: Option<Box<str>>,
    /// The command. Gateways list at most 512 characters of it.
    pub command: Box<str>,
    /// Its directory.
    #[serde(default)]
    pub cwd: Option<Box<str>>,
    /// When it was minted, in Unix milliseconds.
    pub created_at_ms: u64,
    /// When it expires, if it does.
    #[serde(default)]
    pub expires_at_ms: Option<u64>,
    /// When it was revoked, if it was.
    #[serde(default)]
    pub revoked_at_ms: Option<u64>,
    /// Who revoked it.
    #[serde(default)]
    pub revoked_by: Option<Box<str>>,
    /// When it was last used.
    #[serde(default)]
    pub last_used_at_ms: Option<u64>,
    /// How often it was used.
    #[serde(default)]
    pub use_count: u64,
}

/// The state of a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It allows its command.
    Active,
    /// It has expired.
    Expired,
    /// It was revoked.
    Revoked,
}

impl State {
    /// The word of machine output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }
}

impl Grant {
    /// Its state at a time of the gateway's clock.
    pub fn state(&self, now_ms: u64) -> State {
        if self.revoked_at_ms.is_some() {
            State::Revoked
        } else if self.expires_at_ms.is_some_and(|expires| expires <= now_ms) {
            State::Expired
        } else {
            State::Active
        }
    }
}

/// A filter of grants. A `None` field does not restrict. Names are compared byte for byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The id of the agent.
    pub agent: Option<String>,
    /// The id or the name of the cron job.
    pub job: Option<String>,
}

impl Filter {
    /// Whether a grant matches.
    pub fn admits(&self, grant: &Grant) -> bool {
        let job =
            |wanted: &str| *grant.cron_job_id == *wanted || grant.cron_job_name.as_deref() == Some(wanted);
        self.agent.as_deref().is_none_or(|agent| *grant.agent_id == *agent)
            && self.job.as_deref().is_none_or(job)
    }
}

/// The grants that a gateway lists.
#[derive(Debug, Default)]
pub struct Grants {
    /// The grants, in the order of the gateway.
    pub rows: Vec<Grant>,
    /// Rows that could not be read, each with its problem.
    pub problems: Vec<String>,
}

impl Grants {
    /// Reads the answer of `exec.approval.grants.list`. A bad row hides no other row. Secrets in texts are masked.
    ///
    /// # Errors
    /// The answer is not a list of grants.
    pub fn read(payload: &str, hidden: &Hidden) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(borrow)]
            grants: Vec<&'a RawValue>,
        }
        let Answer { grants } = serde_json::from_str(payload)?;
        let mut read = Self::default();
        for row in grants {
            let masked = hidden.masked(row.get());
            match serde_json::from_str(masked.as_deref().unwrap_or(row.get())) {
                Ok(grant) => read.rows.push(grant),
                Err(_) => read.problems.push(problem(row.get())),
            }
        }
        Ok(read)
    }

    /// The number of listed rows, readable or not.
    pub fn count(&self) -> usize {
        self.rows.len() + self.problems.len()
    }
}

/// What is wrong with a row that is not a grant, and the id that it states.
fn problem(row: &str) -> String {
    let Ok(Value::Object(fields)) = serde_json::from_str(row) else {
        return "it is not an object".to_owned();
    };
    // Whether the field must be there, and whether it is a number.
    let flaw = FIELDS.iter().find_map(|&(field, required, number)| {
        let expected = if number { "a whole number" } else { "a text" };
        match fields.get(field) {
            None if required => Some(format!("{field} is missing")),
            None => None,
            Some(Value::Null) if !required && field != "useCount" => None,
            Some(value) if number && value.is_u64() || !number && value.is_string() => None,
            Some(_) => Some(format!("{field} is not {expected}")),
        }
    });
    let flaw = flaw.unwrap_or_else(|| "a field occurs twice, or is no valid text".to_owned());
    match fields.get("grantId").and_then(Value::as_str) {
        Some(id) => format!("grant {}: {flaw}", id.escape_debug()),
        None => flaw,
    }
}

/// The fields of a grant: whether it must have them, and whether they are numbers.
const FIELDS: [(&str, bool, bool); 13] = [
    ("grantId", true, false),
    ("agentId", true, false),
    ("cronJobId", true, false),
    ("command", true, false),
    ("createdAtMs", true, true),
    ("mintedByApprovalId", false, false),
    ("cronJobName", false, false),
    ("cwd", false, false),
    ("expiresAtMs", false, true),
    ("revokedAtMs", false, true),
    ("revokedBy", false, false),
    ("lastUsedAtMs", false, true),
    ("useCount", false, true),
];

/// The grants that an id, or the start of one, names. A whole id wins over longer ids: it names every different grant that
/// has it. An empty text names nothing.
pub fn named<'g>(grants: &'g [Grant], name: &str) -> Vec<&'g Grant> {
    let begins = |grant: &&Grant| !name.is_empty() && grant.id.starts_with(name);
    let mut found: Vec<&Grant> = grants.iter().filter(begins).collect();
    if found.iter().any(|grant| &*grant.id == name) {
        found.retain(|grant| &*grant.id == name);
    }
    let mut different: Vec<&Grant> = Vec::new();
    for grant in found {
        if !different.contains(&grant) {
            different.push(grant);
        }
    }
    different
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;

    fn row(id: &str) -> Value {
        json!({
            "grantId": id, "mintedByApprovalId": "p", "agentId": "main", "cronJobId": "job", "cronJobName": null,
            "command": "curl s3cret-token", "cwd": null, "createdAtMs": 1, "expiresAtMs": null, "revokedAtMs": null,
            "revokedBy": null, "lastUsedAtMs": null, "useCount": 0,
        })
    }

    fn grants(rows: &[Value]) -> Grants {
        let hidden = Hidden::of(&[SecretString::from("s3cret-token")]);
        Grants::read(&json!({"grants": rows}).to_string(), &hidden).unwrap()
    }

    #[test]
    fn a_bad_row_hides_no_other_and_secrets_are_masked() {
        let grants = grants(&[row("a"), json!({"grantId": "b"}), row("c")]);
        assert_eq!((grants.rows.len(), grants.problems.len(), grants.count()), (2, 1, 3));
        assert_eq!(&*grants.rows[0].command, "curl [secret]");
        assert_eq!(grants.problems, ["grant b: agentId is missing"]);
        assert!(Grants::read("[]", &Hidden::default()).is_err());
    }

    #[test]
    fn what_is_wrong_with_a_row_is_said_by_its_field() {
        let with = |field: &str, value: Value| {
            let mut row = row("a");
            row[field] = value;
            row
        };
        for (row, expected) in [
            (json!(7), "it is not an object"),
            (json!({}), "grantId is missing"),
            (with("command", json!(["ls"])), "grant a: command is not a text"),
            (with("createdAtMs", json!(-1)), "grant a: createdAtMs is not a whole number"),
            (with("expiresAtMs", json!("soon")), "grant a: expiresAtMs is not a whole number"),
            (with("useCount", json!(null)), "grant a: useCount is not a whole number"),
        ] {
            assert_eq!(grants(&[row]).problems, [expected]);
        }
    }

    #[test]
    fn an_id_that_is_listed_twice_names_both_grants() {
        let mut other = row("a");
        other["command"] = "reboot".into();
        let rows = grants(&[row("a"), other, row("a"), row("ab")]).rows;
        let commands: Vec<&str> = named(&rows, "a").iter().map(|grant| &*grant.command).collect();
        assert_eq!(commands, ["curl [secret]", "reboot"]);
    }

    #[test]
    fn a_grant_is_active_until_it_expires_or_is_revoked() {
        let state = |expires: Value, revoked: Value| {
            let mut row = row("a");
            (row["expiresAtMs"], row["revokedAtMs"]) = (expires, revoked);
            grants(&[row]).rows[0].state(10)
        };
        assert_eq!(state(json!(null), json!(null)), State::Active);
        assert_eq!(state(json!(11), json!(null)), State::Active);
        assert_eq!(state(json!(10), json!(null)), State::Expired);
        assert_eq!(state(json!(10), json!(5)), State::Revoked);
    }

    #[test]
    fn a_filter_compares_names_byte_for_byte() {
        let mut nightly = row("a");
        nightly["cronJobName"] = "nightly".into();
        let grant = &grants(&[nightly]).rows[0];
        let admits = |agent: Option<&str>, job: Option<&str>| {
            Filter { agent: agent.map(str::to_owned), job: job.map(str::to_owned) }.admits(grant)
        };
        assert!(admits(None, None) && admits(Some("main"), None));
        assert!(admits(None, Some("job")) && admits(None, Some("nightly")));
        assert!(
            !admits(Some("Main"), None) && !admits(None, Some("night")) && !admits(Some("x"), Some("job"))
        );
    }

    #[test]
    fn a_whole_id_wins_over_longer_ids() {
        let rows = grants(&[row("ab"), row("abc"), row("x")]).rows;
        let ids =
            |name: &str| named(&rows, name).iter().map(|grant| grant.id.to_string()).collect::<Vec<_>>();
        assert_eq!(ids("ab"), ["ab"]);
        assert_eq!(ids("a"), ["ab", "abc"]);
        assert_eq!(ids("x"), ["x"]);
        assert!(ids("").is_empty() && ids("A").is_empty());
    }
}
