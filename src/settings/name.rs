//! The names that a gateway may have in config.toml. Errors use this too, because a text that cannot be a name was
//! meant as an address.

/// Whether a gateway may have this name.
pub(super) fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    !name.is_empty() && name.chars().all(plain)
}
