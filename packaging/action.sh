# The steps of action.yml. Inputs are in the environment: nothing in them is read as a command. For any sh, since the bash
# of macOS is 3.2.
# shellcheck shell=sh

# Reports an error of the workflow, and ends the step.
stop() {
    printf '::error::%s\n' "$1"
    exit 2
}

CLEARANCE_DIRECTORY=${CLEARANCE_DIRECTORY:-.}

# Writes an output of a step.
output() { printf '%s=%s\n' "$1" "$2" >> "$GITHUB_OUTPUT"; }

# Where a path is, seen from the repository's root: annotations name files from there.
placed() {
    case $1 in
        /*) printf '%s' "$1" ;;
        # Alone it would be standard input.
        -) printf '%s/-' "$CLEARANCE_DIRECTORY" ;;
        *)
            if [ "$CLEARANCE_DIRECTORY" = . ]; then
                printf '%s' "$1"
            elif [ "$1" = . ]; then
                printf '%s' "$CLEARANCE_DIRECTORY"
            else
                printf '%s' "${CLEARANCE_DIRECTORY%/}/${1#./}"
            fi
            ;;
    esac
}

# with_lines TEXT COMMAND…: runs a command with the lines of a text as its last arguments, each one a path.
with_lines() {
    text=$1
    shift
    set -- "$@" --
    while IFS= read -r line; do
        case $line in *[![:space:]]*) set -- "$@" "$(placed "$line")" ;; esac
    done <<END
$text
END
    "$@"
}

# with_patterns COMMAND…: runs a command with --exclude for each line of the input `exclude`.
with_patterns() {
    while IFS= read -r line; do
        case $line in *[![:space:]]*) set -- "$@" --exclude "$line" ;; esac
    done <<END
${CLEARANCE_EXCLUDE:-}
END
    "$@"
}

# The nearest clearance.toml from the working directory upwards. clearance itself searches from the root upwards.
config() {
    folder=${CLEARANCE_DIRECTORY%/}
    while [ -n "$folder" ] && [ "$folder" != . ]; do
        if [ -f "$folder/clearance.toml" ]; then
            printf '%s' "$folder/clearance.toml"
            return
        fi
        case $folder in */*) folder=${folder%/*} ;; *) return ;; esac
    done
}

# check validate|lint|test FORMAT: checks the paths of the input.
check() {
    verb=$1 format=$2 paths=$CLEARANCE_PATHS
    set --
    if [ "$verb" = test ]; then paths=$CLEARANCE_TESTS; fi
    # Without a path clearance would check the documents of this runner.
    case $paths in *[![:space:]]*) ;; *) stop "the input \"paths\" is empty: it names documents, or directories of documents";; esac
    if [ "$verb" = lint ]; then
        if [ -n "${CLEARANCE_FAIL_ON:-}" ]; then set -- "--fail-on=$CLEARANCE_FAIL_ON"; fi
        own=$(config)
        if [ -n "$own" ]; then set -- "$@" "--config=$own"; fi
    fi
    with_patterns with_lines "$paths" clearance approvals "$verb" --format "$format" "$@"
}

# Compares the document with what the gateway, or a node behind it, has.
drift() {
    target=gateway:$CLEARANCE_GATEWAY
    if [ -n "$CLEARANCE_NODE" ]; then target=node:$CLEARANCE_NODE@$CLEARANCE_GATEWAY; fi
    if [ -n "$CLEARANCE_TLS_FINGERPRINT" ]; then set -- "--tls-fingerprint=$CLEARANCE_TLS_FINGERPRINT"; fi
    clearance approvals diff "$@" -- "file:$(placed "$CLEARANCE_DOCUMENT")" "$target"
}

# sarif FOLDER: writes what validate and lint find, for code scanning. Findings are no failure here: other steps fail.
sarif() {
    for verb in validate lint; do
        code=0
        check "$verb" sarif > "$1/clearance-$verb.sarif" || code=$?
        if [ "$code" -gt 1 ]; then return "$code"; fi
    done
    output folder "$1"
}

# released: installs the release with the action's own version, or the input's. Its output `installed` is false if there is
# none for this runner; then `build` compiles the action's own source, and `key` names what that cache holds.
released() {
    own=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$GITHUB_ACTION_PATH/Cargo.toml" | head -n 1)
    wanted=${CLEARANCE_VERSION:-$own}
    from=$CLEARANCE_FROM
    if [ -z "$from" ] && [ -n "$CLEARANCE_REPOSITORY" ]; then
        from=$GITHUB_SERVER_URL/$CLEARANCE_REPOSITORY/releases/download
    fi
    code=3
    if [ -n "$from" ]; then
        code=0
        sh "$GITHUB_ACTION_PATH/packaging/install" --version "$wanted" --from "$from" --to "$RUNNER_TEMP/clearance" \
            --sha256 "$CLEARANCE_SHA256" || code=$?
    fi
    if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then stop "the release $wanted cannot be installed"; fi
    if [ "$code" -eq 3 ]; then
        # The source is of one version only, and a checksum is of a released program.
        if [ "${wanted#v}" != "$own" ]; then stop "there is no release $wanted for this runner, and the action has the source of $own"; fi
        if [ -n "$CLEARANCE_SHA256" ]; then stop "there is no release $wanted for this runner that the checksum could be compared with"; fi
        printf '::notice::There is no release %s for this runner; the action compiles it.\n' "$own"
        output installed false
        output key "$(source_key)"
    else
        output installed true
    fi
    printf '%s\n' "$RUNNER_TEMP/clearance/bin" >> "$GITHUB_PATH"
}

# A name for what the action's source compiles to.
source_key() {
    (cd "$GITHUB_ACTION_PATH" && find Cargo.lock Cargo.toml build.rs src -type f -exec cksum {} + | LC_ALL=C sort -k 3 | cksum | tr ' ' -)
}

# Compiles the action's own source with the profile that compiles fast, unless a cache had the program.
build() {
    if [ -x "$RUNNER_TEMP/clearance/bin/clearance" ]; then return; fi
    cargo install --locked --profile ci --path "$GITHUB_ACTION_PATH" --root "$RUNNER_TEMP/clearance"
}
