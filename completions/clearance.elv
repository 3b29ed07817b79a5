
use builtin;
use str;

set edit:completion:arg-completer[clearance] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'clearance'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'clearance'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand approvals 'Approvals documents: what agents may run on a host'
            cand queue 'The pending prompts of a gateway: list them, purge duplicates, decide one'
            cand run 'Runs of agents: what is active, what holds prompts; cancel them'
            cand gateway 'Gateways: show which one is used and connect to it, run one to rehearse with'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page of a command'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;approvals'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand validate 'Check documents: every problem, with its place'
            cand lint 'Check documents for what is valid but dangerous or dead'
            cand get 'Print a document'
            cand set 'Replace a document: of this host, of a gateway, of a node'
            cand diff 'Compare two documents, wherever they are; exit 1 if they differ in policy'
            cand allowlist 'Add or remove one entry of an allowlist, whatever else is edited meanwhile'
            cand schema 'Print the JSON Schema of a document'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;approvals;validate'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --format 'How to report'
            cand --syntax 'The notation that is accepted; auto: JSON in *.json, JSON5 elsewhere'
            cand --exclude 'Skip what matches this glob in directories, as a line of .gitignore would; may be repeated'
            cand --max-size 'The largest file that is read'
            cand --explain 'Explain a code and how to fix it; check nothing'
            cand --allow-legacy 'Accept the forms that early releases wrote; report them as warnings'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;approvals;lint'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --store 'Look at this local store instead of this host''s own'
            cand --gateway 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse'
            cand --node 'The document of a node behind the gateway: its id, its name, or the start of one'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --format 'How to report'
            cand --fail-on 'The lowest severity that ends with exit code 1'
            cand --config 'This clearance.toml, instead of the nearest one from the current directory upwards'
            cand --stale 'Report entries that were not used within this number of days, or never'
            cand --for 'Report what a gateway of this release rejects or reads differently [default: the gateway''s own, with --gateway]'
            cand --exclude 'Skip what matches this glob in directories, as a line of .gitignore would; may be repeated'
            cand --max-size 'The largest file that is read'
            cand --explain 'Explain a code and how to fix it; check nothing'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand --fix 'Remove duplicate, covered and dead entries, and unknown fields: show them, then ask'
            cand --yes 'With --fix: do not ask'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;approvals;get'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --file 'Read this document instead of this host''s own; - for standard input'
            cand --store 'Read this local store instead of this host''s own'
            cand --gateway 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse'
            cand --node 'The document of a node behind the gateway: its id, its name, or the start of one'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand --json 'Print {path, exists, hash, file}'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;approvals;set'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --file 'The new document, JSON or JSON5; - for standard input'
            cand --store 'Write to this local store instead of this host''s own'
            cand --gateway 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse'
            cand --node 'The document of a node behind the gateway: its id, its name, or the start of one'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --base-hash 'Only if the stored document still has this hash; without it, the hash just read'
            cand --stdin 'Read the new document from standard input'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand --dry-run 'Show what would change, and change nothing'
            cand --allow-legacy 'Rewrite the forms that early releases wrote, as a gateway reads them'
            cand --drop-unknown 'Take fields out that no release knows, and list them'
            cand --downgrade 'Where an older gateway rejects fields that it does not know yet, leave exactly those out'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;approvals;diff'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --exact 'Report every difference: ids, usage, order and the socket too'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;approvals;allowlist'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand add 'Allow a pattern; if it is allowed already, nothing is written'
            cand remove 'Take back what add allowed; if it is not there, nothing is written'
            cand rm 'Take back what add allowed; if it is not there, nothing is written'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;approvals;allowlist;add'= {
            cand --agent 'Agent to edit; * applies to every agent'
            cand --arg-pattern 'Only with arguments that match this ECMAScript regular expression; they are joined with one space'
            cand --file 'Edit this document, which is not a store: JSON, or JSON5 if it is not called *.json'
            cand --store 'Edit this local store instead of this host''s own'
            cand --node 'The document of a node behind the gateway: its id, its name, or the start of one'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --gateway 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse'
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand --dry-run 'Show what would change, and change nothing'
            cand --allow-legacy 'Rewrite the forms that early releases wrote, as a gateway reads them'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;approvals;allowlist;remove'= {
            cand --agent 'Agent to edit; * applies to every agent'
            cand --arg-pattern 'Only with arguments that match this ECMAScript regular expression; they are joined with one space'
            cand --file 'Edit this document, which is not a store: JSON, or JSON5 if it is not called *.json'
            cand --store 'Edit this local store instead of this host''s own'
            cand --node 'The document of a node behind the gateway: its id, its name, or the start of one'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --gateway 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse'
            cand --source 'The entry that a prompt''s answer wrote, and not the one without a source'
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand --dry-run 'Show what would change, and change nothing'
            cand --allow-legacy 'Rewrite the forms that early releases wrote, as a gateway reads them'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;approvals;allowlist;rm'= {
            cand --agent 'Agent to edit; * applies to every agent'
            cand --arg-pattern 'Only with arguments that match this ECMAScript regular expression; they are joined with one space'
            cand --file 'Edit this document, which is not a store: JSON, or JSON5 if it is not called *.json'
            cand --store 'Edit this local store instead of this host''s own'
            cand --node 'The document of a node behind the gateway: its id, its name, or the start of one'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --gateway 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse'
            cand --source 'The entry that a prompt''s answer wrote, and not the one without a source'
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand --dry-run 'Show what would change, and change nothing'
            cand --allow-legacy 'Rewrite the forms that early releases wrote, as a gateway reads them'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;approvals;allowlist;help'= {
            cand add 'Allow a pattern; if it is allowed already, nothing is written'
            cand remove 'Take back what add allowed; if it is not there, nothing is written'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;approvals;allowlist;help;add'= {
        }
        &'clearance;approvals;allowlist;help;remove'= {
        }
        &'clearance;approvals;allowlist;help;help'= {
        }
        &'clearance;approvals;schema'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;approvals;help'= {
            cand validate 'Check documents: every problem, with its place'
            cand lint 'Check documents for what is valid but dangerous or dead'
            cand get 'Print a document'
            cand set 'Replace a document: of this host, of a gateway, of a node'
            cand diff 'Compare two documents, wherever they are; exit 1 if they differ in policy'
            cand allowlist 'Add or remove one entry of an allowlist, whatever else is edited meanwhile'
            cand schema 'Print the JSON Schema of a document'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;approvals;help;validate'= {
        }
        &'clearance;approvals;help;lint'= {
        }
        &'clearance;approvals;help;get'= {
        }
        &'clearance;approvals;help;set'= {
        }
        &'clearance;approvals;help;diff'= {
        }
        &'clearance;approvals;help;allowlist'= {
        }
        &'clearance;approvals;help;schema'= {
        }
        &'clearance;approvals;help;help'= {
        }
        &'clearance;queue'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand ls 'List the pending prompts, duplicates under the one that stays'
            cand list 'List the pending prompts, duplicates under the one that stays'
            cand dedupe 'Keep one prompt of each group of duplicates, and deny the rest'
            cand purge 'Keep one prompt of each group of duplicates, and deny the rest'
            cand guard 'Stay connected, and deny duplicates as they come'
            cand resolve 'Decide one prompt'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;queue;ls'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; may be given several times; `embedded` to rehearse'
            cand --file 'Read a saved listing instead: what --json or --ndjson printed, or a gateway''s own answer; - for standard input'
            cand --agent 'Only prompts of this agent'
            cand --session 'Only prompts of the session with this key'
            cand --run 'Only prompts of this run'
            cand --kind 'Only prompts of this kind'
            cand --older-than 'Only prompts that have been pending for longer; a bare number is seconds'
            cand --newer-than 'Only prompts that have been pending for less; a bare number is seconds'
            cand --by 'Scope in which prompts count as duplicates'
            cand --sort 'What rows are ordered by'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --all-gateways 'Every gateway of config.toml, at once'
            cand --duplicates 'Only prompts that have duplicates'
            cand --full 'Print the whole text of every command'
            cand --all 'Show each prompt of a group on a row of its own'
            cand --watch 'Stay, and show what changes, redrawn on a terminal and else one line a change; ends with Ctrl-C, or with --timeout'
            cand --json 'Print one JSON object'
            cand --ndjson 'Print one JSON object a line'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;queue;list'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; may be given several times; `embedded` to rehearse'
            cand --file 'Read a saved listing instead: what --json or --ndjson printed, or a gateway''s own answer; - for standard input'
            cand --agent 'Only prompts of this agent'
            cand --session 'Only prompts of the session with this key'
            cand --run 'Only prompts of this run'
            cand --kind 'Only prompts of this kind'
            cand --older-than 'Only prompts that have been pending for longer; a bare number is seconds'
            cand --newer-than 'Only prompts that have been pending for less; a bare number is seconds'
            cand --by 'Scope in which prompts count as duplicates'
            cand --sort 'What rows are ordered by'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --all-gateways 'Every gateway of config.toml, at once'
            cand --duplicates 'Only prompts that have duplicates'
            cand --full 'Print the whole text of every command'
            cand --all 'Show each prompt of a group on a row of its own'
            cand --watch 'Stay, and show what changes, redrawn on a terminal and else one line a change; ends with Ctrl-C, or with --timeout'
            cand --json 'Print one JSON object'
            cand --ndjson 'Print one JSON object a line'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;queue;dedupe'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; may be given several times; `embedded` to rehearse'
            cand --file 'Plan for a saved listing of queue ls --json or --ndjson, or of a gateway, and change nothing; - for standard input'
            cand --agent 'Only prompts of this agent'
            cand --session 'Only prompts of the session with this key'
            cand --run 'Only prompts of this run'
            cand --kind 'Only prompts of this kind'
            cand --older-than 'Only prompts that have been pending for longer; a bare number is seconds'
            cand --newer-than 'Only prompts that have been pending for less; a bare number is seconds'
            cand --by 'Scope in which prompts count as duplicates'
            cand --keep 'Which prompt of a group stays'
            cand --margin 'Keep a prompt only if it has at least this long to live; a bare number is seconds'
            cand --settle 'Keep watching and cleaning for this long after the purge; a bare number is seconds'
            cand --rounds 'How often to clean while settling'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --all-gateways 'Every gateway of config.toml, at once'
            cand --yes 'Do not ask'
            cand --dry-run 'Show the plan, and change nothing'
            cand --all 'List each prompt that the plan denies'
            cand --check 'Exit 1 if there are duplicates, and change nothing'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;queue;purge'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; may be given several times; `embedded` to rehearse'
            cand --file 'Plan for a saved listing of queue ls --json or --ndjson, or of a gateway, and change nothing; - for standard input'
            cand --agent 'Only prompts of this agent'
            cand --session 'Only prompts of the session with this key'
            cand --run 'Only prompts of this run'
            cand --kind 'Only prompts of this kind'
            cand --older-than 'Only prompts that have been pending for longer; a bare number is seconds'
            cand --newer-than 'Only prompts that have been pending for less; a bare number is seconds'
            cand --by 'Scope in which prompts count as duplicates'
            cand --keep 'Which prompt of a group stays'
            cand --margin 'Keep a prompt only if it has at least this long to live; a bare number is seconds'
            cand --settle 'Keep watching and cleaning for this long after the purge; a bare number is seconds'
            cand --rounds 'How often to clean while settling'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --all-gateways 'Every gateway of config.toml, at once'
            cand --yes 'Do not ask'
            cand --dry-run 'Show the plan, and change nothing'
            cand --all 'List each prompt that the plan denies'
            cand --check 'Exit 1 if there are duplicates, and change nothing'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;queue;guard'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; may be given several times; `embedded` to rehearse'
            cand --agent 'Only prompts of this agent'
            cand --session 'Only prompts of the session with this key'
            cand --kind 'Only prompts of this kind'
            cand --by 'Scope in which prompts count as duplicates'
            cand --margin 'Keep a prompt only if it has at least this long to live; a bare number is seconds'
            cand --max-rate 'Most denials in a second, a minute or an hour [default: 1200/min; 60/min where a denial starts an agent turn]'
            cand --cooling 'Pause after that limit is hit, at least its period; the first pause of a held group; a bare number is seconds [default: 1m; 5m where a denial starts an agent turn]'
            cand --repeats 'Report a group after this many denials in --within; hold it then, where a denial starts an agent turn'
            cand --within 'Time window for --repeats; a bare number is seconds'
            cand --metrics 'Serve Prometheus metrics at /metrics, and /healthz, without authentication; a port alone is one of 127.0.0.1'
            cand --token-file 'Read the gateway''s token from this file, before each connection'
            cand --password-file 'Read the gateway''s password from this file, before each connection'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --all-gateways 'Every gateway of config.toml, each by itself'
            cand --observe 'Log what would be denied; deny nothing'
            cand --cancel-runs 'Cancel the run of a repeat offender, and with it all its prompts, on gateways whose prompts name their run'
            cand --ndjson 'Print one JSON object a line on a terminal too'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;queue;resolve'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; `embedded` to rehearse'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --yes 'Do not ask before allowing'
            cand --json 'Print one JSON object'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;queue;help'= {
            cand ls 'List the pending prompts, duplicates under the one that stays'
            cand dedupe 'Keep one prompt of each group of duplicates, and deny the rest'
            cand guard 'Stay connected, and deny duplicates as they come'
            cand resolve 'Decide one prompt'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;queue;help;ls'= {
        }
        &'clearance;queue;help;dedupe'= {
        }
        &'clearance;queue;help;guard'= {
        }
        &'clearance;queue;help;resolve'= {
        }
        &'clearance;queue;help;help'= {
        }
        &'clearance;run'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand ls 'List active runs, and runs that hold prompts'
            cand list 'List active runs, and runs that hold prompts'
            cand cancel 'Abort a run, and deny what it queued'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;run;ls'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; `embedded` to rehearse'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --all 'List each prompt that a run holds'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;run;list'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; `embedded` to rehearse'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --all 'List each prompt that a run holds'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;run;cancel'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --session 'Whatever runs in the session with this key, and everything it queued'
            cand --gateway 'The gateway with this name or address; `embedded` to rehearse'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --superseded 'Every run that ended or was replaced while its prompts are still pending'
            cand --yes 'Do not ask'
            cand --dry-run 'Show what would be done, and change nothing'
            cand --all 'List each prompt that would be denied'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;run;help'= {
            cand ls 'List active runs, and runs that hold prompts'
            cand cancel 'Abort a run, and deny what it queued'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;run;help;ls'= {
        }
        &'clearance;run;help;cancel'= {
        }
        &'clearance;run;help;help'= {
        }
        &'clearance;gateway'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
            cand status 'Show which gateway is used and why, and test the connection'
            cand dev 'Run a gateway to rehearse with, in the foreground'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;gateway;status'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --gateway 'The gateway with this name or address; `embedded` to rehearse'
            cand --token-file 'Read the gateway''s token from this file'
            cand --password-file 'Read the gateway''s password from this file'
            cand --tls-fingerprint 'Trust the certificate with this SHA-256, and no other'
            cand --ca-file 'Trust the authorities in this PEM file, and no others'
            cand --ask-token 'Ask for the gateway''s token on the terminal'
            cand --ask-password 'Ask for the gateway''s password on the terminal'
            cand --wait 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]'
            cand -v 'Print the steps of each connection to standard error'
            cand --verbose 'Print the steps of each connection to standard error'
            cand --json 'Print one JSON object'
            cand -q 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand --quiet 'Print nothing where there is nothing to report; errors and warnings still go to standard error'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;gateway;dev'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand --port 'The port on 127.0.0.1; 0 for one that is free'
            cand --scenario 'What is in it: sessions, runs, prompts, a document (JSON or JSON5); without it, the cascade of eleven agents'
            cand --coalesce 'Whether requests for what is pending already join that prompt'
            cand --list-run-ids 'Whether the list of sessions names active runs; off, it only says that some run is active'
            cand --cancel-on-failover 'Whether the prompts of a run that fails over are cancelled before its replacement may ask'
            cand --generation 'Which generation''s wire it speaks'
            cand --tls 'Serve TLS with a certificate of its own'
            cand --json 'Print one JSON object when it is ready'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;gateway;help'= {
            cand status 'Show which gateway is used and why, and test the connection'
            cand dev 'Run a gateway to rehearse with, in the foreground'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;gateway;help;status'= {
        }
        &'clearance;gateway;help;dev'= {
        }
        &'clearance;gateway;help;help'= {
        }
        &'clearance;completions'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;man'= {
            cand --timeout 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;help'= {
            cand approvals 'Approvals documents: what agents may run on a host'
            cand queue 'The pending prompts of a gateway: list them, purge duplicates, decide one'
            cand run 'Runs of agents: what is active, what holds prompts; cancel them'
            cand gateway 'Gateways: show which one is used and connect to it, run one to rehearse with'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page of a command'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;help;approvals'= {
        }
        &'clearance;help;queue'= {
        }
        &'clearance;help;run'= {
        }
        &'clearance;help;gateway'= {
        }
        &'clearance;help;completions'= {
        }
        &'clearance;help;man'= {
        }
        &'clearance;help;help'= {
        }
    ]
    $completions[$command]
}
