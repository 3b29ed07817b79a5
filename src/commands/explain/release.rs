//! The release that decides: the named one, else the target's own, else the newest known.

use crate::approvals::decide::{Profile, Proof};
use crate::commands::Error;
use crate::report::approvals::explain::DecidedAs;
use crate::settings::Installed;

/// The sources of a release, in the order in which they count.
#[derive(Debug, Default)]
pub(in crate::commands) struct Sources<'s> {
    /// The text of `--release`.
    pub(in crate::commands) named: Option<&'s str>,
    /// What the gateway reports.
    pub(in crate::commands) gateway: Option<&'s str>,
    /// The package that is installed on this host.
    pub(in crate::commands) installed: Option<&'s Installed>,
    /// What `openclaw.json` says, and its path.
    pub(in crate::commands) configured: Option<(&'s str, String)>,
    /// The kind of this host's store, if it is a store.
    pub(in crate::commands) store: Option<StoreKind>,
}

/// The kind of a store, which differs between generations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::commands) enum StoreKind {
    /// A file, which releases up to 2026.7 read.
    File,
    /// A database, which releases from 2026.8 on have.
    Database,
}

/// Checks the text of `--release`.
pub(in crate::commands) fn check(named: Option<&str>) -> Result<(), Error> {
    match named {
        Some(text) if Profile::of(text).is_none() => Err(Error::Release { version: text.to_owned() }),
        _ => Ok(()),
    }
}

impl Sources<'_> {
    /// The release that decides.
    pub(in crate::commands) fn choose(&self) -> DecidedAs {
        let fits = |text: &str| {
            let profile = Profile::of(text)?;
            let stored = |store| match store {
                StoreKind::Database => profile >= Profile::V2026_9_6,
                StoreKind::File => profile < Profile::V2026_9_6,
            };
            self.store.is_none_or(stored).then_some(profile)
        };
        if let Some((text, profile)) = self.named.and_then(|text| Some((text, Profile::of(text)?))) {
            return decided(text, "--release".to_owned(), profile);
        }
        if let Some((text, profile)) = self.gateway.and_then(|text| Some((text, Profile::of(text)?))) {
            return decided(text, "the gateway".to_owned(), profile);
        }
        if let Some((installed, profile)) =
            self.installed.and_then(|installed| Some((installed, fits(&installed.release)?)))
        {
            return decided(&installed.release, format!("the package {}", installed.file.display()), profile);
        }
        if let Some((text, file, profile)) =
            self.configured.as_ref().and_then(|(text, file)| Some((*text, file, fits(text)?)))
        {
            return decided(text, format!("meta.lastTouchedVersion in {file}"), profile);
        }
        let (profile, from) = match self.store {
            Some(StoreKind::Database) => {
                (Profile::NEWEST, "the newest known; the store is a database, so it is 2026.8 or later")
            }
            Some(StoreKind::File) => (
                Profile::V2026_6_11,
                "the newest known that reads a store in a file: releases up to 2026.7 do",
            ),
            None => (Profile::NEWEST, "the newest known"),
        };
        DecidedAs { is_guess: true, ..decided(profile.release(), from.to_owned(), profile) }
    }
}

fn decided(release: &str, from: String, profile: Profile) -> DecidedAs {
    let release = release.strip_prefix('v').unwrap_or(release);
    DecidedAs { release: release.to_owned(), from, is_guess: false, profile, proof: Proof::of(release) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(sources: &Sources<'_>) -> String {
        let chosen = sources.choose();
        format!("{} as {} ({})", chosen.release, chosen.profile.release(), chosen.from)
    }

    #[test]
    fn the_first_source_that_can_be_true_counts() {
        let installed = Installed { release: "2026.9.6".to_owned(), file: "/p/package.json".into() };
        let configured = || Some(("2026.7.1", "/c/openclaw.json".to_owned()));
        let base = || Sources { installed: Some(&installed), configured: configured(), ..Sources::default() };
        assert_eq!(chosen(&base()), "2026.9.6 as 2026.9.6 (the package /p/package.json)");
        assert_eq!(
            chosen(&Sources { named: Some("v2026.4.14"), ..base() }),
            "2026.4.14 as 2026.4.14 (--release)"
        );
        assert_eq!(
            chosen(&Sources { gateway: Some("2026.9.7"), ..base() }),
            "2026.9.7 as 2026.9.6 (the gateway)"
        );
        // A store in a file is not read by the installed release.
        assert_eq!(
            chosen(&Sources { store: Some(StoreKind::File), ..base() }),
            "2026.7.1 as 2026.6.11 (meta.lastTouchedVersion in /c/openclaw.json)"
        );
        assert_eq!(chosen(&Sources::default()), "2026.9.6 as 2026.9.6 (the newest known)");
        let kind = |kind| chosen(&Sources { store: Some(kind), ..Sources::default() });
        assert!(kind(StoreKind::File).starts_with("2026.6.11 as 2026.6.11 (the newest known that reads"));
        assert!(kind(StoreKind::Database).starts_with("2026.9.6 as 2026.9.6 (the newest known; the store"));
        assert!(check(Some("latest")).is_err() && check(Some("2026.9.6")).is_ok() && check(None).is_ok());
    }
}
