//! The prelude of a skill on 2026.4.14: `cat …/skills/NAME/SKILL.md && printf '\n---CMD---\n' && NAME-wrapper …` needs an
//! entry for the wrapper alone. Source: `isSkillPreludeOnlyEvaluation`, `resolveTrustedSkillExecutionIds` and the loop over
//! chains in `evaluateShellAllowlist` of that release. A gateway host passes no skill bins, so only wrappers count.

use std::collections::BTreeSet;

use super::reading::{Group, Read};
use super::resolve::Lookup;
use super::words::{absolute, expand_home, program_name, trim};

/// For each part of a chain, whether it is a prelude that is allowed for what follows it.
pub(super) fn allowed(lookup: &Lookup<'_>, groups: &[Group<'_>]) -> Vec<bool> {
    let mut reachable = BTreeSet::new();
    let mut allowed = vec![false; groups.len()];
    for (group, is_allowed) in groups.iter().zip(&mut allowed).rev() {
        let trusted = wrapped_skills(group);
        if !trusted.is_empty() {
            reachable.extend(trusted);
            continue;
        }
        let is_prelude = !group.satisfied && is_prelude(lookup, group);
        if is_prelude && group.operator == Some("&&") && reaches(&skills_of(lookup, group), &reachable) {
            *is_allowed = true;
        } else {
            reachable.clear();
        }
    }
    allowed
}

/// Whether one of the skills is reached; without any, whether some skill is.
fn reaches(skills: &BTreeSet<String>, reachable: &BTreeSet<String>) -> bool {
    if skills.is_empty() { !reachable.is_empty() } else { !skills.is_disjoint(reachable) }
}

/// The skills whose wrappers a part runs by an entry: `NAME-wrapper`.
fn wrapped_skills(group: &Group<'_>) -> BTreeSet<String> {
    if !group.satisfied {
        return BTreeSet::new();
    }
    let by_entry = group.pieces.iter().filter(|piece| piece.judged.entry.is_some());
    by_entry
        .filter_map(|piece| {
            let name = program_name(piece.judged.program.name());
            let skill = trim(name.strip_suffix("-wrapper")?);
            (!skill.is_empty()).then(|| skill.to_owned())
        })
        .collect()
}

/// Whether a part does nothing but read the description of a skill and mark its end.
pub(super) fn is_prelude(lookup: &Lookup<'_>, group: &Group<'_>) -> bool {
    group.pieces.iter().all(|piece| is_prelude_piece(lookup, piece))
}

fn is_prelude_piece(lookup: &Lookup<'_>, piece: &Read<'_>) -> bool {
    let is_marker =
        || matches!(piece.argv.get(1).map(String::as_str), Some("\\n---CMD---\\n" | "\n---CMD---\n"));
    (is_call_of("printf", piece) && is_marker())
        || markdown(lookup, piece).is_some_and(|path| is_skill_file(&path))
}

fn is_call_of(name: &str, piece: &Read<'_>) -> bool {
    piece.argv.len() == 2 && trim(piece.judged.program.name()).to_lowercase() == name
}

/// The skills whose descriptions a part reads.
fn skills_of(lookup: &Lookup<'_>, group: &Group<'_>) -> BTreeSet<String> {
    group.pieces.iter().filter_map(|piece| skill_of(&markdown(lookup, piece)?)).collect()
}

/// The file that a call of `cat` with one argument reads: absolute, in lower case.
fn markdown(lookup: &Lookup<'_>, piece: &Read<'_>) -> Option<String> {
    let word = piece.argv.get(1).map(|word| trim(word)).filter(|word| !word.is_empty())?;
    is_call_of("cat", piece).then(|| {
        let path = absolute(trim(lookup.directory), &expand_home(word, lookup.home));
        trim(&path.replace('\\', "/")).to_lowercase()
    })
}

/// Whether a path ends in `/skills/SKILL.md` or `/skills/NAME/SKILL.md`.
fn is_skill_file(path: &str) -> bool {
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty());
    path.ends_with("/skill.md") && parts.next().is_some() && parts.take(2).any(|part| part == "skills")
}

/// The name of the skill in `/skills/NAME/SKILL.md`.
fn skill_of(path: &str) -> Option<String> {
    let mut parts = path.rsplit('/').filter(|part| !part.is_empty()).skip(1);
    let (name, directory) = (trim(parts.next()?), parts.next()?);
    (path.ends_with("/skill.md") && directory == "skills" && !name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_of_skills_are_recognised() {
        for (path, is_file, skill) in [
            ("/h/skills/git/skill.md", true, Some("git")),
            ("/h/skills/skill.md", true, None),
            ("/skills//skills/skill.md", true, Some("skills")),
            ("/h/skills/a/b/skill.md", false, None),
            ("/h/skills/git/readme.md", false, None),
            ("/h/skills/git/xskill.md", false, None),
            ("/skill.md", false, None),
        ] {
            assert_eq!(is_skill_file(path), is_file, "{path}");
            assert_eq!(skill_of(path).as_deref(), skill, "{path}");
        }
    }
}
