//! `${VAR}` in OpenClaw's configuration, by the rules of its `config/env-substitution.ts` (2026.4.14 and 2026.9.6
//! agree): names are upper-case, `$${VAR}` is the text `${VAR}`, and anything else is unchanged.

/// Replaces the variables in a text. `Err`: the name of the first variable that is not set, or empty.
pub(super) fn substitute(
    text: &str,
    mut lookup: impl FnMut(&str) -> Option<String>,
) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((name, after)) = braced(rest, "$${") {
            out.push_str("${");
            out.push_str(name);
            out.push('}');
            rest = after;
        } else if let Some((name, after)) = braced(rest, "${") {
            out.push_str(&lookup(name).filter(|value| !value.is_empty()).ok_or_else(|| name.to_owned())?);
            rest = after;
        } else {
            out.push('$');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

/// Whether a text refers to a variable.
pub(super) fn refers(text: &str) -> bool {
    substitute(text, |_| None).is_err()
}

fn braced<'t>(text: &'t str, open: &str) -> Option<(&'t str, &'t str)> {
    let (name, after) = text.strip_prefix(open)?.split_once('}')?;
    let starts = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_');
    let goes_on = name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
    (starts && goes_on).then_some((name, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "A" => Some("a".to_owned()),
            "_B1" => Some("${A}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        }
    }

    #[test]
    fn variables_are_substituted_as_in_openclaw() {
        for (text, expected) in [
            ("plain", "plain"),
            ("x${A}y${A}", "xaya"),
            ("${_B1}", "${A}"),
            ("$${A}", "${A}"),
            ("$$${A}", "$${A}"),
            ("$$$${A}", "$$${A}"),
            ("$A ${a} ${A-} ${1A} ${} $", "$A ${a} ${A-} ${1A} ${} $"),
            ("${A", "${A"),
            ("${x${A}", "${xa"),
            ("ü${A}€", "üa€"),
        ] {
            assert_eq!(substitute(text, lookup).as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(substitute("${A}${MISSING}", lookup), Err("MISSING".to_owned()));
        assert_eq!(substitute("${EMPTY}", lookup), Err("EMPTY".to_owned()));
        assert!(refers("${A}") && !refers("$${A}") && !refers("$A"));
    }
}
