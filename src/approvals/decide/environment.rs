//! Checks the environment that a call asks for: a gateway refuses variables that change what a program loads or runs.
//! Source: `sanitizeHostEnvOverridesWithDiagnostics` of the three releases and their lists of names.

use std::collections::{BTreeMap, BTreeSet};

use super::profile::Profile;
use super::words::trim;

/// Why a gateway refuses the environment of a call; `None` if it accepts it.
pub(super) fn refusal(variables: &BTreeMap<String, String>, profile: Profile) -> Option<String> {
    let mut blocked = BTreeSet::new();
    let mut invalid = BTreeSet::new();
    for (name, value) in variables {
        let trimmed = trim(name);
        if !is_portable(trimmed) {
            invalid.insert(if trimmed.is_empty() { name.as_str() } else { trimmed });
            continue;
        }
        let upper = trimmed.to_ascii_uppercase();
        if !disables_pager(&upper, value, profile) && is_blocked(&upper, profile) {
            blocked.insert(upper);
        }
    }
    describe(&blocked, &invalid, profile)
}

/// The words of the refusal.
fn describe(blocked: &BTreeSet<String>, invalid: &BTreeSet<&str>, profile: Profile) -> Option<String> {
    const PATH: &str = "Custom 'PATH' variable is forbidden during host execution";
    let has_path = blocked.contains("PATH");
    let only = if blocked.len() == 1 && invalid.is_empty() { blocked.first() } else { None };
    if let Some(name) = only {
        return Some(if has_path {
            format!("Security Violation: {PATH}.")
        } else {
            format!("Security Violation: Environment variable '{name}' is forbidden during host execution.")
        });
    }
    let mut details = Vec::new();
    if !blocked.is_empty() {
        let names = listed(blocked.iter().map(String::as_str), profile);
        details.push(format!("blocked override keys: {}", names.join(", ")));
    }
    if !invalid.is_empty() {
        let names = listed(invalid.iter().copied(), profile);
        details.push(format!("invalid non-portable override keys: {}", names.join(", ")));
    }
    if details.is_empty() {
        return None;
    }
    let details = details.join("; ");
    Some(if has_path {
        format!("Security Violation: {PATH} ({details}).")
    } else {
        format!("Security Violation: {details}.")
    })
}

/// Names in the order of a release: 2026.4.14 sorts as a dictionary does, later ones by code.
fn listed<'n>(names: impl Iterator<Item = &'n str>, profile: Profile) -> Vec<&'n str> {
    let mut names: Vec<&str> = names.collect();
    if profile < Profile::V2026_6_11 {
        names.sort_by_cached_key(|name| {
            let ranks: Vec<u32> = name.chars().filter_map(dictionary_rank).collect();
            let capitals: Vec<bool> = name.chars().map(|c| c.is_ascii_uppercase()).collect();
            (ranks, capitals)
        });
    }
    names
}

/// The place of a character in the order of a dictionary; `None`: it does not count. Beyond ASCII, letters come last.
fn dictionary_rank(c: char) -> Option<u32> {
    const SIGNS: &str =
        "\t\n\u{b}\u{c}\r _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789abcdefghijklmnopqrstuvwxyz";
    let at = SIGNS.chars().zip(0..).find(|(sign, _)| *sign == c.to_ascii_lowercase()).map(|(_, at)| at);
    if c.is_ascii() { at } else { Some(u32::from(c)) }
}

/// Letters, digits, `_`, and the parentheses that Windows has in a name; no digit or parenthesis first.
fn is_portable(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && characters.all(|other| other.is_ascii_alphanumeric() || matches!(other, '_' | '(' | ')'))
}

/// 2026.9.6 accepts a pager variable that turns the pager off.
fn disables_pager(upper: &str, value: &str, profile: Profile) -> bool {
    profile >= Profile::V2026_9_6 && matches!(upper, "GIT_PAGER" | "PAGER") && matches!(value, "" | "cat")
}

/// Whether a call may not set this name, which is in upper case.
fn is_blocked(upper: &str, profile: Profile) -> bool {
    upper == "PATH"
        || PREFIXES.iter().any(|prefix| upper.starts_with(prefix))
        || names(BLOCKED).any(|name| name == upper)
        || profile >= Profile::V2026_6_11
            && (names(BLOCKED_SINCE_2026_6_11).any(|name| name == upper) || is_cargo_target(upper))
        || profile >= Profile::V2026_9_6 && names(BLOCKED_SINCE_2026_9_6).any(|name| name == upper)
}

/// `CARGO_TARGET_<triple>_LINKER` and `CARGO_TARGET_<triple>_RUNNER`.
fn is_cargo_target(upper: &str) -> bool {
    let Some(rest) = upper.strip_prefix("CARGO_TARGET_") else { return false };
    let triple = rest.strip_suffix("_LINKER").or_else(|| rest.strip_suffix("_RUNNER"));
    triple.is_some_and(|triple| {
        !triple.is_empty()
            && triple.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    })
}

fn names(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split_ascii_whitespace()
}

/// Beginnings of names that no call may set, in all three releases.
const PREFIXES: [&str; 7] =
    ["BASH_FUNC_", "DYLD_", "LD_", "CARGO_REGISTRIES_", "GIT_CONFIG_", "NPM_CONFIG_", "TF_VAR_"];

/// Names that no call may set, in all three releases.
const BLOCKED: &str = "\
    ALL_PROXY AMQP_URL ANSIBLE_CALLBACK_PLUGINS ANSIBLE_COLLECTIONS_PATH ANSIBLE_CONFIG ANSIBLE_CONNECTION_PLUGINS \
    ANSIBLE_FILTER_PLUGINS ANSIBLE_INVENTORY_PLUGINS ANSIBLE_LIBRARY ANSIBLE_LOOKUP_PLUGINS ANSIBLE_MODULE_UTILS \
    ANSIBLE_REMOTE_TEMP ANSIBLE_ROLES_PATH ANSIBLE_STRATEGY_PLUGINS ANT_OPTS AWS_ACCESS_KEY_ID AWS_CONFIG_FILE \
    AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_SECRET_ACCESS_KEY \
    AWS_SECURITY_TOKEN AWS_SESSION_TOKEN AWS_SHARED_CREDENTIALS_FILE AWS_WEB_IDENTITY_TOKEN_FILE AZURE_AUTH_LOCATION \
    AZURE_CLIENT_ID AZURE_CLIENT_SECRET BASH_ENV BROWSER BUNDLE_GEMFILE BUN_CONFIG_REGISTRY BZR_EDITOR \
    BZR_PLUGIN_PATH BZR_SSH CARGO_BUILD_RUSTC CARGO_BUILD_RUSTC_WRAPPER CARGO_HOME CATALINA_OPTS CC CFLAGS \
    CGO_CFLAGS CGO_LDFLAGS CLASSPATH CMAKE_CXX_COMPILER CMAKE_C_COMPILER CMAKE_TOOLCHAIN_FILE COMPOSER_HOME \
    CONFIG_SHELL CONFIG_SITE CORECLR_PROFILER CORECLR_PROFILER_PATH CPATH CPLUS_INCLUDE_PATH CURL_CA_BUNDLE \
    CURL_HOME CXX C_INCLUDE_PATH DATABASE_URL DENO_DIR DOCKER_CERT_PATH DOCKER_CONTEXT DOCKER_HOST DOCKER_TLS_VERIFY \
    DOTNET_ADDITIONAL_DEPS DOTNET_STARTUP_HOOKS EDITOR ELIXIR_ERL_OPTIONS EMACSLOADPATH ENV ERL_AFLAGS ERL_FLAGS \
    ERL_ZFLAGS EXINIT FCEDIT GCONV_PATH GEM_HOME GEM_PATH GH_TOKEN GITHUB_TOKEN GITLAB_TOKEN \
    GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_ASKPASS GIT_COMMON_DIR GIT_DIR GIT_EDITOR GIT_EXEC_PATH GIT_EXTERNAL_DIFF \
    GIT_HOOK_PATH GIT_INDEX_FILE GIT_NAMESPACE GIT_OBJECT_DIRECTORY GIT_PAGER GIT_PROXY_COMMAND GIT_SEQUENCE_EDITOR \
    GIT_SSH GIT_SSH_COMMAND GIT_SSL_CAINFO GIT_SSL_CAPATH GIT_SSL_NO_VERIFY GIT_TEMPLATE_DIR GIT_WORK_TREE \
    GLIBC_TUNABLES GOENV GOFLAGS GONOPROXY GONOSUMCHECK GONOSUMDB GOOGLE_APPLICATION_CREDENTIALS GOPATH GOPRIVATE \
    GOPROXY GRADLE_OPTS GRADLE_USER_HOME GVIMINIT HELM_HOME HELM_PLUGINS HGRCPATH HISTFILE HOME HOSTALIASES \
    HTTPS_PROXY HTTP_PROXY IFS JAVA_OPTS JAVA_TOOL_OPTIONS JDK_JAVA_OPTIONS JULIA_EDITOR KUBECONFIG LDFLAGS \
    LESSCLOSE LESSOPEN LIBRARY_PATH LUA_CPATH LUA_INIT LUA_INIT_5_1 LUA_INIT_5_2 LUA_INIT_5_3 LUA_INIT_5_4 LUA_PATH \
    MAKEFLAGS MANPAGER MAVEN_OPTS MFLAGS MONGODB_URI MYVIMRC NODE_AUTH_TOKEN NODE_EXTRA_CA_CERTS NODE_OPTIONS \
    NODE_PATH NODE_TLS_REJECT_UNAUTHORIZED NO_PROXY NPM_TOKEN OBJC_INCLUDE_PATH OPENSSL_CONF OPENSSL_ENGINES \
    PACKER_PLUGIN_PATH PAGER PERL5DB PERL5DBCMD PERL5LIB PERL5OPT PHPRC PHP_INI_SCAN_DIR PIP_CONFIG_FILE \
    PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_INDEX_URL PIP_PYPI_URL PIP_TRUSTED_HOST PROMPT_COMMAND PS4 \
    PYTHONBREAKPOINT PYTHONHOME PYTHONPATH PYTHONSTARTUP PYTHONUSERBASE REDIS_URL REQUESTS_CA_BUNDLE RUBYLIB RUBYOPT \
    RUBYSHELL RUSTC_WRAPPER RUSTFLAGS R_ENVIRON R_ENVIRON_USER R_LIBS_USER R_PROFILE R_PROFILE_USER SBT_OPTS SHELL \
    SHELLOPTS SSH_ASKPASS SSH_AUTH_SOCK SSLKEYLOGFILE SSL_CERT_DIR SSL_CERT_FILE SUDO_ASKPASS SUDO_EDITOR SVN_EDITOR \
    SVN_SSH TF_CLI_CONFIG_FILE TF_PLUGIN_CACHE_DIR UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_INDEX UV_INDEX_URL \
    UV_PYTHON VAGRANT_VAGRANTFILE VIMINIT VIRTUAL_ENV VISUAL WGETRC XDG_CONFIG_DIRS XDG_CONFIG_HOME YARN_RC_FILENAME \
    ZDOTDIR _JAVA_OPTIONS";

/// Names that no call may set since 2026.6.11.
const BLOCKED_SINCE_2026_6_11: &str = "\
    BASHOPTS CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_RUSTDOC FPATH GIT_ALLOW_PROTOCOL GIT_PROTOCOL_FROM_USER \
    HGEDITOR HGMERGE KSH_ENV MAKE NODE_REDIRECT_WARNINGS NODE_REPL_EXTERNAL_MODULE NODE_REPL_HISTORY \
    NODE_V8_COVERAGE RUSTC RUSTC_WORKSPACE_WRAPPER RUSTDOC RUSTUP_DIST_ROOT RUSTUP_DIST_SERVER RUSTUP_HOME \
    RUSTUP_TOOLCHAIN RUSTUP_UPDATE_ROOT SYSTEMROOT TCLLIBPATH WINDIR XDG_CACHE_HOME XDG_DATA_DIRS XDG_DATA_HOME \
    XDG_RUNTIME_DIR XDG_STATE_HOME";

/// Names that no call may set since 2026.9.6.
const BLOCKED_SINCE_2026_9_6: &str = "\
    CONDA_DEFAULT_ENV CONDA_PREFIX CPP CXXCPP";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(variables: &[(&str, &str)], profile: Profile) -> Option<String> {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        refusal(&variables, profile)
    }

    #[test]
    fn names_are_sorted_as_each_release_sorts_them() {
        let variables = [("RUSTC_WRAPPER", "x"), ("R_ENVIRON", "x"), ("rUBYOPT", "x")];
        for (profile, names) in [
            (Profile::V2026_4_14, "R_ENVIRON, RUBYOPT, RUSTC_WRAPPER"),
            (Profile::V2026_6_11, "RUBYOPT, RUSTC_WRAPPER, R_ENVIRON"),
        ] {
            let words = format!("Security Violation: blocked override keys: {names}.");
            assert_eq!(check(&variables, profile), Some(words));
        }
    }

    #[test]
    fn refusals_are_in_the_words_of_the_releases() {
        for (variables, words) in [
            (&[("A", "1")] as &[_], None),
            (
                &[("path", "/tmp")],
                Some("Security Violation: Custom 'PATH' variable is forbidden during host execution."),
            ),
            (
                &[("LD_PRELOAD", "x")],
                Some(
                    "Security Violation: Environment variable 'LD_PRELOAD' is forbidden during host execution.",
                ),
            ),
            (&[("A B", "1")], Some("Security Violation: invalid non-portable override keys: A B.")),
            (
                &[("PATH", "x"), ("HOME", "y")],
                Some(
                    "Security Violation: Custom 'PATH' variable is forbidden during host execution (blocked override keys: HOME, PATH).",
                ),
            ),
        ] {
            assert_eq!(check(variables, Profile::V2026_9_6).as_deref(), words, "{variables:?}");
        }
    }

    #[test]
    fn releases_differ_in_names() {
        use Profile::{V2026_4_14, V2026_6_11, V2026_9_6};
        for (name, value, refused) in [
            ("CPP", "x", [false, false, true]),
            ("RUSTC", "x", [false, true, true]),
            ("CARGO_TARGET_X_LINKER", "x", [false, true, true]),
            ("PAGER", "cat", [true, true, false]),
            ("PAGER", "less", [true, true, true]),
        ] {
            let found =
                [V2026_4_14, V2026_6_11, V2026_9_6].map(|profile| check(&[(name, value)], profile).is_some());
            assert_eq!(found, refused, "{name}");
        }
    }
}
