# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_clearance_global_optspecs
    string join \n timeout= h/help V/version
end

function __fish_clearance_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_clearance_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_clearance_using_subcommand
    set -l cmd (__fish_clearance_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c clearance -n "__fish_clearance_needs_command" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_needs_command" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_needs_command" -s V -l version -d 'Print version'
complete -c clearance -n "__fish_clearance_needs_command" -f -a "approvals" -d 'Approvals documents: what agents may run on a host'
complete -c clearance -n "__fish_clearance_needs_command" -f -a "queue" -d 'The pending prompts of a gateway: list them, purge duplicates, decide one'
complete -c clearance -n "__fish_clearance_needs_command" -f -a "run" -d 'Runs of agents: what is active, what holds prompts; cancel them'
complete -c clearance -n "__fish_clearance_needs_command" -f -a "gateway" -d 'Gateways: show which one is used and connect to it, run one to rehearse with'
complete -c clearance -n "__fish_clearance_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c clearance -n "__fish_clearance_needs_command" -f -a "man" -d 'Print the manual page of a command'
complete -c clearance -n "__fish_clearance_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -f -a "validate" -d 'Check documents: every problem, with its place'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -f -a "lint" -d 'Check documents for what is valid but dangerous or dead'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -f -a "get" -d 'Print a document'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -f -a "set" -d 'Replace a document: of this host, of a gateway, of a node'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -f -a "diff" -d 'Compare two documents, wherever they are; exit 1 if they differ in policy'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -f -a "allowlist" -d 'Add or remove one entry of an allowlist, whatever else is edited meanwhile'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -f -a "schema" -d 'Print the JSON Schema of a document'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and not __fish_seen_subcommand_from validate lint get set diff allowlist schema help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -l format -d 'How to report' -r -f -a "human\t'For people: the source line with a mark'
json\t'One JSON object'
github\t'Annotations of a GitHub workflow'
sarif\t'SARIF 2.1.0'"
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -l syntax -d 'The notation that is accepted; auto: JSON in *.json, JSON5 elsewhere' -r -f -a "auto\t'By the file\'s name'
json\t'JSON, as a host reads its store'
json5\t'JSON5, as `approvals set` reads its input'"
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -l exclude -d 'Skip what matches this glob in directories, as a line of .gitignore would; may be repeated' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -l max-size -d 'The largest file that is read' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -l explain -d 'Explain a code and how to fix it; check nothing' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -l allow-legacy -d 'Accept the forms that early releases wrote; report them as warnings'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from validate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l store -d 'Look at this local store instead of this host\'s own' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l gateway -d 'A gateway\'s document: the default gateway, or the one with this name or address; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l node -d 'The document of a node behind the gateway: its id, its name, or the start of one' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l format -d 'How to report' -r -f -a "human\t'For people: the source line with a mark'
json\t'One JSON object'
github\t'Annotations of a GitHub workflow'
sarif\t'SARIF 2.1.0'"
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l fail-on -d 'The lowest severity that ends with exit code 1' -r -f -a "error\t'Errors'
warning\t'Warnings and errors'
note\t'Any finding'
never\t'No finding; an invalid document still is'"
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l config -d 'This clearance.toml, instead of the nearest one from the current directory upwards' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l stale -d 'Report entries that were not used within this number of days, or never' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l for -d 'Report what a gateway of this release rejects or reads differently [default: the gateway\'s own, with --gateway]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l exclude -d 'Skip what matches this glob in directories, as a line of .gitignore would; may be repeated' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l max-size -d 'The largest file that is read' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l explain -d 'Explain a code and how to fix it; check nothing' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l fix -d 'Remove duplicate, covered and dead entries, and unknown fields: show them, then ask'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -l yes -d 'With --fix: do not ask'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from lint" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l file -d 'Read this document instead of this host\'s own; - for standard input' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l store -d 'Read this local store instead of this host\'s own' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l gateway -d 'A gateway\'s document: the default gateway, or the one with this name or address; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l node -d 'The document of a node behind the gateway: its id, its name, or the start of one' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -l json -d 'Print {path, exists, hash, file}'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l file -d 'The new document, JSON or JSON5; - for standard input' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l store -d 'Write to this local store instead of this host\'s own' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l gateway -d 'A gateway\'s document: the default gateway, or the one with this name or address; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l node -d 'The document of a node behind the gateway: its id, its name, or the start of one' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l base-hash -d 'Only if the stored document still has this hash; without it, the hash just read' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l stdin -d 'Read the new document from standard input'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l dry-run -d 'Show what would change, and change nothing'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l allow-legacy -d 'Rewrite the forms that early releases wrote, as a gateway reads them'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l drop-unknown -d 'Take fields out that no release knows, and list them'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l downgrade -d 'Where an older gateway rejects fields that it does not know yet, leave exactly those out'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l exact -d 'Report every difference: ids, usage, order and the socket too'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from diff" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -f -a "add" -d 'Allow a pattern; if it is allowed already, nothing is written'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -f -a "remove" -d 'Take back what add allowed; if it is not there, nothing is written'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -f -a "rm" -d 'Take back what add allowed; if it is not there, nothing is written'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from allowlist" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from schema" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from schema" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "validate" -d 'Check documents: every problem, with its place'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "lint" -d 'Check documents for what is valid but dangerous or dead'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "get" -d 'Print a document'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "set" -d 'Replace a document: of this host, of a gateway, of a node'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "diff" -d 'Compare two documents, wherever they are; exit 1 if they differ in policy'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "allowlist" -d 'Add or remove one entry of an allowlist, whatever else is edited meanwhile'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "schema" -d 'Print the JSON Schema of a document'
complete -c clearance -n "__fish_clearance_using_subcommand approvals; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -f -a "ls" -d 'List the pending prompts, duplicates under the one that stays'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -f -a "list" -d 'List the pending prompts, duplicates under the one that stays'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -f -a "dedupe" -d 'Keep one prompt of each group of duplicates, and deny the rest'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -f -a "purge" -d 'Keep one prompt of each group of duplicates, and deny the rest'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -f -a "guard" -d 'Stay connected, and deny duplicates as they come'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -f -a "resolve" -d 'Decide one prompt'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and not __fish_seen_subcommand_from ls list dedupe purge guard resolve help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l gateway -d 'The gateway with this name or address; may be given several times; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l file -d 'Read a saved listing instead: what --json or --ndjson printed, or a gateway\'s own answer; - for standard input' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l agent -d 'Only prompts of this agent' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l session -d 'Only prompts of the session with this key' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l run -d 'Only prompts of this run' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l kind -d 'Only prompts of this kind' -r -f -a "exec\t'A command'
plugin\t'A plugin\'s question'
system-agent\t'A system agent\'s question'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l older-than -d 'Only prompts that have been pending for longer; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l newer-than -d 'Only prompts that have been pending for less; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l by -d 'Scope in which prompts count as duplicates' -r -f -a "session\t'One session of one agent; all runs of a cron job are one session'
agent\t'One agent: its chats, cron jobs and subagents together'
run\t'One run'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l sort -d 'What rows are ordered by' -r -f -a "age\t'The oldest first'
expiry\t'What expires first'
agent\t'By agent'
command\t'By command'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l all-gateways -d 'Every gateway of config.toml, at once'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l duplicates -d 'Only prompts that have duplicates'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l full -d 'Print the whole text of every command'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l all -d 'Show each prompt of a group on a row of its own'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l watch -d 'Stay, and show what changes, redrawn on a terminal and else one line a change; ends with Ctrl-C, or with --timeout'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l ndjson -d 'Print one JSON object a line'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l gateway -d 'The gateway with this name or address; may be given several times; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l file -d 'Read a saved listing instead: what --json or --ndjson printed, or a gateway\'s own answer; - for standard input' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l agent -d 'Only prompts of this agent' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l session -d 'Only prompts of the session with this key' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l run -d 'Only prompts of this run' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l kind -d 'Only prompts of this kind' -r -f -a "exec\t'A command'
plugin\t'A plugin\'s question'
system-agent\t'A system agent\'s question'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l older-than -d 'Only prompts that have been pending for longer; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l newer-than -d 'Only prompts that have been pending for less; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l by -d 'Scope in which prompts count as duplicates' -r -f -a "session\t'One session of one agent; all runs of a cron job are one session'
agent\t'One agent: its chats, cron jobs and subagents together'
run\t'One run'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l sort -d 'What rows are ordered by' -r -f -a "age\t'The oldest first'
expiry\t'What expires first'
agent\t'By agent'
command\t'By command'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l all-gateways -d 'Every gateway of config.toml, at once'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l duplicates -d 'Only prompts that have duplicates'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l full -d 'Print the whole text of every command'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l all -d 'Show each prompt of a group on a row of its own'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l watch -d 'Stay, and show what changes, redrawn on a terminal and else one line a change; ends with Ctrl-C, or with --timeout'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l ndjson -d 'Print one JSON object a line'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l gateway -d 'The gateway with this name or address; may be given several times; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l file -d 'Plan for a saved listing of queue ls --json or --ndjson, or of a gateway, and change nothing; - for standard input' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l agent -d 'Only prompts of this agent' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l session -d 'Only prompts of the session with this key' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l run -d 'Only prompts of this run' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l kind -d 'Only prompts of this kind' -r -f -a "exec\t'A command'
plugin\t'A plugin\'s question'
system-agent\t'A system agent\'s question'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l older-than -d 'Only prompts that have been pending for longer; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l newer-than -d 'Only prompts that have been pending for less; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l by -d 'Scope in which prompts count as duplicates' -r -f -a "session\t'One session of one agent; all runs of a cron job are one session'
agent\t'One agent: its chats, cron jobs and subagents together'
run\t'One run'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l keep -d 'Which prompt of a group stays' -r -f -a "oldest\t'The oldest whose run goes on and that lives long enough'
newest\t'The newest whose run goes on and that lives long enough'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l margin -d 'Keep a prompt only if it has at least this long to live; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l settle -d 'Keep watching and cleaning for this long after the purge; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l rounds -d 'How often to clean while settling' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l all-gateways -d 'Every gateway of config.toml, at once'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l yes -d 'Do not ask'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l dry-run -d 'Show the plan, and change nothing'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l all -d 'List each prompt that the plan denies'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l check -d 'Exit 1 if there are duplicates, and change nothing'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from dedupe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l gateway -d 'The gateway with this name or address; may be given several times; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l file -d 'Plan for a saved listing of queue ls --json or --ndjson, or of a gateway, and change nothing; - for standard input' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l agent -d 'Only prompts of this agent' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l session -d 'Only prompts of the session with this key' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l run -d 'Only prompts of this run' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l kind -d 'Only prompts of this kind' -r -f -a "exec\t'A command'
plugin\t'A plugin\'s question'
system-agent\t'A system agent\'s question'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l older-than -d 'Only prompts that have been pending for longer; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l newer-than -d 'Only prompts that have been pending for less; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l by -d 'Scope in which prompts count as duplicates' -r -f -a "session\t'One session of one agent; all runs of a cron job are one session'
agent\t'One agent: its chats, cron jobs and subagents together'
run\t'One run'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l keep -d 'Which prompt of a group stays' -r -f -a "oldest\t'The oldest whose run goes on and that lives long enough'
newest\t'The newest whose run goes on and that lives long enough'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l margin -d 'Keep a prompt only if it has at least this long to live; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l settle -d 'Keep watching and cleaning for this long after the purge; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l rounds -d 'How often to clean while settling' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l all-gateways -d 'Every gateway of config.toml, at once'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l yes -d 'Do not ask'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l dry-run -d 'Show the plan, and change nothing'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l all -d 'List each prompt that the plan denies'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l check -d 'Exit 1 if there are duplicates, and change nothing'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from purge" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l gateway -d 'The gateway with this name or address; may be given several times; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l agent -d 'Only prompts of this agent' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l session -d 'Only prompts of the session with this key' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l kind -d 'Only prompts of this kind' -r -f -a "exec\t'A command'
plugin\t'A plugin\'s question'
system-agent\t'A system agent\'s question'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l by -d 'Scope in which prompts count as duplicates' -r -f -a "session\t'One session of one agent; all runs of a cron job are one session'
agent\t'One agent: its chats, cron jobs and subagents together'
run\t'One run'"
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l margin -d 'Keep a prompt only if it has at least this long to live; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l max-rate -d 'Most denials in a second, a minute or an hour [default: 1200/min; 60/min where a denial starts an agent turn]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l cooling -d 'Pause after that limit is hit, at least its period; the first pause of a held group; a bare number is seconds [default: 1m; 5m where a denial starts an agent turn]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l repeats -d 'Report a group after this many denials in --within; hold it then, where a denial starts an agent turn' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l within -d 'Time window for --repeats; a bare number is seconds' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l metrics -d 'Serve Prometheus metrics at /metrics, and /healthz, without authentication; a port alone is one of 127.0.0.1' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l token-file -d 'Read the gateway\'s token from this file, before each connection' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l password-file -d 'Read the gateway\'s password from this file, before each connection' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l all-gateways -d 'Every gateway of config.toml, each by itself'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l observe -d 'Log what would be denied; deny nothing'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l cancel-runs -d 'Cancel the run of a repeat offender, and with it all its prompts, on gateways whose prompts name their run'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -l ndjson -d 'Print one JSON object a line on a terminal too'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from guard" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l gateway -d 'The gateway with this name or address; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l yes -d 'Do not ask before allowing'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List the pending prompts, duplicates under the one that stays'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "dedupe" -d 'Keep one prompt of each group of duplicates, and deny the rest'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "guard" -d 'Stay connected, and deny duplicates as they come'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "resolve" -d 'Decide one prompt'
complete -c clearance -n "__fish_clearance_using_subcommand queue; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand run; and not __fish_seen_subcommand_from ls list cancel help" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and not __fish_seen_subcommand_from ls list cancel help" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand run; and not __fish_seen_subcommand_from ls list cancel help" -f -a "ls" -d 'List active runs, and runs that hold prompts'
complete -c clearance -n "__fish_clearance_using_subcommand run; and not __fish_seen_subcommand_from ls list cancel help" -f -a "list" -d 'List active runs, and runs that hold prompts'
complete -c clearance -n "__fish_clearance_using_subcommand run; and not __fish_seen_subcommand_from ls list cancel help" -f -a "cancel" -d 'Abort a run, and deny what it queued'
complete -c clearance -n "__fish_clearance_using_subcommand run; and not __fish_seen_subcommand_from ls list cancel help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l gateway -d 'The gateway with this name or address; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l all -d 'List each prompt that a run holds'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from ls" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l gateway -d 'The gateway with this name or address; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l all -d 'List each prompt that a run holds'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l session -d 'Whatever runs in the session with this key, and everything it queued' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l gateway -d 'The gateway with this name or address; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l superseded -d 'Every run that ended or was replaced while its prompts are still pending'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l yes -d 'Do not ask'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l dry-run -d 'Show what would be done, and change nothing'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l all -d 'List each prompt that would be denied'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from help" -f -a "ls" -d 'List active runs, and runs that hold prompts'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from help" -f -a "cancel" -d 'Abort a run, and deny what it queued'
complete -c clearance -n "__fish_clearance_using_subcommand run; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and not __fish_seen_subcommand_from status dev help" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and not __fish_seen_subcommand_from status dev help" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and not __fish_seen_subcommand_from status dev help" -f -a "status" -d 'Show which gateway is used and why, and test the connection'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and not __fish_seen_subcommand_from status dev help" -f -a "dev" -d 'Run a gateway to rehearse with, in the foreground'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and not __fish_seen_subcommand_from status dev help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l gateway -d 'The gateway with this name or address; `embedded` to rehearse' -r
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l token-file -d 'Read the gateway\'s token from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l password-file -d 'Read the gateway\'s password from this file' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l tls-fingerprint -d 'Trust the certificate with this SHA-256, and no other' -r
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l ca-file -d 'Trust the authorities in this PEM file, and no others' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l ask-token -d 'Ask for the gateway\'s token on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l ask-password -d 'Ask for the gateway\'s password on the terminal'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l wait -d 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Print the steps of each connection to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -l json -d 'Print one JSON object'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l port -d 'The port on 127.0.0.1; 0 for one that is free' -r
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l scenario -d 'What is in it: sessions, runs, prompts, a document (JSON or JSON5); without it, the cascade of eleven agents' -r -F
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l coalesce -d 'Whether requests for what is pending already join that prompt' -r -f -a "on\t'As a gateway should be'
off\t'As gateways are: the bug is there'"
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l list-run-ids -d 'Whether the list of sessions names active runs; off, it only says that some run is active' -r -f -a "on\t'As a gateway should be'
off\t'As gateways are: the bug is there'"
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l cancel-on-failover -d 'Whether the prompts of a run that fails over are cancelled before its replacement may ask' -r -f -a "on\t'As a gateway should be'
off\t'As gateways are: the bug is there'"
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l generation -d 'Which generation\'s wire it speaks' -r -f -a "legacy\t'Protocol 3, as 2026.4.14'
current\t'Protocol 4, as 2026.9.6'"
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l tls -d 'Serve TLS with a certificate of its own'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -l json -d 'Print one JSON object when it is ready'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from dev" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from help" -f -a "status" -d 'Show which gateway is used and why, and test the connection'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from help" -f -a "dev" -d 'Run a gateway to rehearse with, in the foreground'
complete -c clearance -n "__fish_clearance_using_subcommand gateway; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c clearance -n "__fish_clearance_using_subcommand completions" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand completions" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand man" -l timeout -d 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]' -r
complete -c clearance -n "__fish_clearance_using_subcommand man" -s h -l help -d 'Print help'
complete -c clearance -n "__fish_clearance_using_subcommand help; and not __fish_seen_subcommand_from approvals queue run gateway completions man help" -f -a "approvals" -d 'Approvals documents: what agents may run on a host'
complete -c clearance -n "__fish_clearance_using_subcommand help; and not __fish_seen_subcommand_from approvals queue run gateway completions man help" -f -a "queue" -d 'The pending prompts of a gateway: list them, purge duplicates, decide one'
complete -c clearance -n "__fish_clearance_using_subcommand help; and not __fish_seen_subcommand_from approvals queue run gateway completions man help" -f -a "run" -d 'Runs of agents: what is active, what holds prompts; cancel them'
complete -c clearance -n "__fish_clearance_using_subcommand help; and not __fish_seen_subcommand_from approvals queue run gateway completions man help" -f -a "gateway" -d 'Gateways: show which one is used and connect to it, run one to rehearse with'
complete -c clearance -n "__fish_clearance_using_subcommand help; and not __fish_seen_subcommand_from approvals queue run gateway completions man help" -f -a "completions" -d 'Print the completion script of a shell'
complete -c clearance -n "__fish_clearance_using_subcommand help; and not __fish_seen_subcommand_from approvals queue run gateway completions man help" -f -a "man" -d 'Print the manual page of a command'
complete -c clearance -n "__fish_clearance_using_subcommand help; and not __fish_seen_subcommand_from approvals queue run gateway completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
