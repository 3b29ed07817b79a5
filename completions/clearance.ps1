
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'clearance' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'clearance'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'clearance' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('approvals', 'approvals', [CompletionResultType]::ParameterValue, 'Approvals documents: what agents may run on a host')
            [CompletionResult]::new('queue', 'queue', [CompletionResultType]::ParameterValue, 'The pending prompts of a gateway: list them, purge duplicates, decide one')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Runs of agents: what is active, what holds prompts; cancel them')
            [CompletionResult]::new('gateway', 'gateway', [CompletionResultType]::ParameterValue, 'Gateways: show which one is used and connect to it, run one to rehearse with')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page of a command')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;approvals' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check documents: every problem, with its place')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Check documents for what is valid but dangerous or dead')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a document')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Replace a document: of this host, of a gateway, of a node')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Compare two documents, wherever they are; exit 1 if they differ in policy')
            [CompletionResult]::new('allowlist', 'allowlist', [CompletionResultType]::ParameterValue, 'Add or remove one entry of an allowlist, whatever else is edited meanwhile')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a document')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;approvals;validate' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to report')
            [CompletionResult]::new('--syntax', '--syntax', [CompletionResultType]::ParameterName, 'The notation that is accepted; auto: JSON in *.json, JSON5 elsewhere')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Skip what matches this glob in directories, as a line of .gitignore would; may be repeated')
            [CompletionResult]::new('--max-size', '--max-size', [CompletionResultType]::ParameterName, 'The largest file that is read')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain a code and how to fix it; check nothing')
            [CompletionResult]::new('--allow-legacy', '--allow-legacy', [CompletionResultType]::ParameterName, 'Accept the forms that early releases wrote; report them as warnings')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;approvals;lint' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Look at this local store instead of this host''s own')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'The document of a node behind the gateway: its id, its name, or the start of one')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to report')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'The lowest severity that ends with exit code 1')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'This clearance.toml, instead of the nearest one from the current directory upwards')
            [CompletionResult]::new('--stale', '--stale', [CompletionResultType]::ParameterName, 'Report entries that were not used within this number of days, or never')
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Report what a gateway of this release rejects or reads differently [default: the gateway''s own, with --gateway]')
            [CompletionResult]::new('--exclude', '--exclude', [CompletionResultType]::ParameterName, 'Skip what matches this glob in directories, as a line of .gitignore would; may be repeated')
            [CompletionResult]::new('--max-size', '--max-size', [CompletionResultType]::ParameterName, 'The largest file that is read')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Explain a code and how to fix it; check nothing')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Remove duplicate, covered and dead entries, and unknown fields: show them, then ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'With --fix: do not ask')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;approvals;get' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Read this document instead of this host''s own; - for standard input')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Read this local store instead of this host''s own')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'The document of a node behind the gateway: its id, its name, or the start of one')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print {path, exists, hash, file}')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;approvals;set' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The new document, JSON or JSON5; - for standard input')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Write to this local store instead of this host''s own')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'The document of a node behind the gateway: its id, its name, or the start of one')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--base-hash', '--base-hash', [CompletionResultType]::ParameterName, 'Only if the stored document still has this hash; without it, the hash just read')
            [CompletionResult]::new('--stdin', '--stdin', [CompletionResultType]::ParameterName, 'Read the new document from standard input')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--allow-legacy', '--allow-legacy', [CompletionResultType]::ParameterName, 'Rewrite the forms that early releases wrote, as a gateway reads them')
            [CompletionResult]::new('--drop-unknown', '--drop-unknown', [CompletionResultType]::ParameterName, 'Take fields out that no release knows, and list them')
            [CompletionResult]::new('--downgrade', '--downgrade', [CompletionResultType]::ParameterName, 'Where an older gateway rejects fields that it does not know yet, leave exactly those out')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;approvals;diff' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--exact', '--exact', [CompletionResultType]::ParameterName, 'Report every difference: ids, usage, order and the socket too')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;approvals;allowlist' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Allow a pattern; if it is allowed already, nothing is written')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take back what add allowed; if it is not there, nothing is written')
            [CompletionResult]::new('rm', 'rm', [CompletionResultType]::ParameterValue, 'Take back what add allowed; if it is not there, nothing is written')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;approvals;allowlist;add' {
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Agent to edit; * applies to every agent')
            [CompletionResult]::new('--arg-pattern', '--arg-pattern', [CompletionResultType]::ParameterName, 'Only with arguments that match this ECMAScript regular expression; they are joined with one space')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Edit this document, which is not a store: JSON, or JSON5 if it is not called *.json')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Edit this local store instead of this host''s own')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'The document of a node behind the gateway: its id, its name, or the start of one')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--allow-legacy', '--allow-legacy', [CompletionResultType]::ParameterName, 'Rewrite the forms that early releases wrote, as a gateway reads them')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;approvals;allowlist;remove' {
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Agent to edit; * applies to every agent')
            [CompletionResult]::new('--arg-pattern', '--arg-pattern', [CompletionResultType]::ParameterName, 'Only with arguments that match this ECMAScript regular expression; they are joined with one space')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Edit this document, which is not a store: JSON, or JSON5 if it is not called *.json')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Edit this local store instead of this host''s own')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'The document of a node behind the gateway: its id, its name, or the start of one')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'The entry that a prompt''s answer wrote, and not the one without a source')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--allow-legacy', '--allow-legacy', [CompletionResultType]::ParameterName, 'Rewrite the forms that early releases wrote, as a gateway reads them')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;approvals;allowlist;rm' {
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Agent to edit; * applies to every agent')
            [CompletionResult]::new('--arg-pattern', '--arg-pattern', [CompletionResultType]::ParameterName, 'Only with arguments that match this ECMAScript regular expression; they are joined with one space')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Edit this document, which is not a store: JSON, or JSON5 if it is not called *.json')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Edit this local store instead of this host''s own')
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'The document of a node behind the gateway: its id, its name, or the start of one')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'A gateway''s document: the default gateway, or the one with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--source', '--source', [CompletionResultType]::ParameterName, 'The entry that a prompt''s answer wrote, and not the one without a source')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--allow-legacy', '--allow-legacy', [CompletionResultType]::ParameterName, 'Rewrite the forms that early releases wrote, as a gateway reads them')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;approvals;allowlist;help' {
            [CompletionResult]::new('add', 'add', [CompletionResultType]::ParameterValue, 'Allow a pattern; if it is allowed already, nothing is written')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Take back what add allowed; if it is not there, nothing is written')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;approvals;allowlist;help;add' {
            break
        }
        'clearance;approvals;allowlist;help;remove' {
            break
        }
        'clearance;approvals;allowlist;help;help' {
            break
        }
        'clearance;approvals;schema' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;approvals;help' {
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check documents: every problem, with its place')
            [CompletionResult]::new('lint', 'lint', [CompletionResultType]::ParameterValue, 'Check documents for what is valid but dangerous or dead')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a document')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Replace a document: of this host, of a gateway, of a node')
            [CompletionResult]::new('diff', 'diff', [CompletionResultType]::ParameterValue, 'Compare two documents, wherever they are; exit 1 if they differ in policy')
            [CompletionResult]::new('allowlist', 'allowlist', [CompletionResultType]::ParameterValue, 'Add or remove one entry of an allowlist, whatever else is edited meanwhile')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a document')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;approvals;help;validate' {
            break
        }
        'clearance;approvals;help;lint' {
            break
        }
        'clearance;approvals;help;get' {
            break
        }
        'clearance;approvals;help;set' {
            break
        }
        'clearance;approvals;help;diff' {
            break
        }
        'clearance;approvals;help;allowlist' {
            break
        }
        'clearance;approvals;help;schema' {
            break
        }
        'clearance;approvals;help;help' {
            break
        }
        'clearance;queue' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the pending prompts, duplicates under the one that stays')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the pending prompts, duplicates under the one that stays')
            [CompletionResult]::new('dedupe', 'dedupe', [CompletionResultType]::ParameterValue, 'Keep one prompt of each group of duplicates, and deny the rest')
            [CompletionResult]::new('purge', 'purge', [CompletionResultType]::ParameterValue, 'Keep one prompt of each group of duplicates, and deny the rest')
            [CompletionResult]::new('guard', 'guard', [CompletionResultType]::ParameterValue, 'Stay connected, and deny duplicates as they come')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Decide one prompt')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;queue;ls' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; may be given several times; `embedded` to rehearse')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Read a saved listing instead: what --json or --ndjson printed, or a gateway''s own answer; - for standard input')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only prompts of this agent')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'Only prompts of the session with this key')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Only prompts of this run')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only prompts of this kind')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only prompts that have been pending for longer; a bare number is seconds')
            [CompletionResult]::new('--newer-than', '--newer-than', [CompletionResultType]::ParameterName, 'Only prompts that have been pending for less; a bare number is seconds')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Scope in which prompts count as duplicates')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'What rows are ordered by')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--all-gateways', '--all-gateways', [CompletionResultType]::ParameterName, 'Every gateway of config.toml, at once')
            [CompletionResult]::new('--duplicates', '--duplicates', [CompletionResultType]::ParameterName, 'Only prompts that have duplicates')
            [CompletionResult]::new('--full', '--full', [CompletionResultType]::ParameterName, 'Print the whole text of every command')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show each prompt of a group on a row of its own')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Stay, and show what changes, redrawn on a terminal and else one line a change; ends with Ctrl-C, or with --timeout')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('--ndjson', '--ndjson', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;queue;list' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; may be given several times; `embedded` to rehearse')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Read a saved listing instead: what --json or --ndjson printed, or a gateway''s own answer; - for standard input')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only prompts of this agent')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'Only prompts of the session with this key')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Only prompts of this run')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only prompts of this kind')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only prompts that have been pending for longer; a bare number is seconds')
            [CompletionResult]::new('--newer-than', '--newer-than', [CompletionResultType]::ParameterName, 'Only prompts that have been pending for less; a bare number is seconds')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Scope in which prompts count as duplicates')
            [CompletionResult]::new('--sort', '--sort', [CompletionResultType]::ParameterName, 'What rows are ordered by')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--all-gateways', '--all-gateways', [CompletionResultType]::ParameterName, 'Every gateway of config.toml, at once')
            [CompletionResult]::new('--duplicates', '--duplicates', [CompletionResultType]::ParameterName, 'Only prompts that have duplicates')
            [CompletionResult]::new('--full', '--full', [CompletionResultType]::ParameterName, 'Print the whole text of every command')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Show each prompt of a group on a row of its own')
            [CompletionResult]::new('--watch', '--watch', [CompletionResultType]::ParameterName, 'Stay, and show what changes, redrawn on a terminal and else one line a change; ends with Ctrl-C, or with --timeout')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('--ndjson', '--ndjson', [CompletionResultType]::ParameterName, 'Print one JSON object a line')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;queue;dedupe' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; may be given several times; `embedded` to rehearse')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Plan for a saved listing of queue ls --json or --ndjson, or of a gateway, and change nothing; - for standard input')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only prompts of this agent')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'Only prompts of the session with this key')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Only prompts of this run')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only prompts of this kind')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only prompts that have been pending for longer; a bare number is seconds')
            [CompletionResult]::new('--newer-than', '--newer-than', [CompletionResultType]::ParameterName, 'Only prompts that have been pending for less; a bare number is seconds')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Scope in which prompts count as duplicates')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Which prompt of a group stays')
            [CompletionResult]::new('--margin', '--margin', [CompletionResultType]::ParameterName, 'Keep a prompt only if it has at least this long to live; a bare number is seconds')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'Keep watching and cleaning for this long after the purge; a bare number is seconds')
            [CompletionResult]::new('--rounds', '--rounds', [CompletionResultType]::ParameterName, 'How often to clean while settling')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--all-gateways', '--all-gateways', [CompletionResultType]::ParameterName, 'Every gateway of config.toml, at once')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show the plan, and change nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'List each prompt that the plan denies')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Exit 1 if there are duplicates, and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;queue;purge' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; may be given several times; `embedded` to rehearse')
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Plan for a saved listing of queue ls --json or --ndjson, or of a gateway, and change nothing; - for standard input')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only prompts of this agent')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'Only prompts of the session with this key')
            [CompletionResult]::new('--run', '--run', [CompletionResultType]::ParameterName, 'Only prompts of this run')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only prompts of this kind')
            [CompletionResult]::new('--older-than', '--older-than', [CompletionResultType]::ParameterName, 'Only prompts that have been pending for longer; a bare number is seconds')
            [CompletionResult]::new('--newer-than', '--newer-than', [CompletionResultType]::ParameterName, 'Only prompts that have been pending for less; a bare number is seconds')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Scope in which prompts count as duplicates')
            [CompletionResult]::new('--keep', '--keep', [CompletionResultType]::ParameterName, 'Which prompt of a group stays')
            [CompletionResult]::new('--margin', '--margin', [CompletionResultType]::ParameterName, 'Keep a prompt only if it has at least this long to live; a bare number is seconds')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'Keep watching and cleaning for this long after the purge; a bare number is seconds')
            [CompletionResult]::new('--rounds', '--rounds', [CompletionResultType]::ParameterName, 'How often to clean while settling')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--all-gateways', '--all-gateways', [CompletionResultType]::ParameterName, 'Every gateway of config.toml, at once')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show the plan, and change nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'List each prompt that the plan denies')
            [CompletionResult]::new('--check', '--check', [CompletionResultType]::ParameterName, 'Exit 1 if there are duplicates, and change nothing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;queue;guard' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; may be given several times; `embedded` to rehearse')
            [CompletionResult]::new('--agent', '--agent', [CompletionResultType]::ParameterName, 'Only prompts of this agent')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'Only prompts of the session with this key')
            [CompletionResult]::new('--kind', '--kind', [CompletionResultType]::ParameterName, 'Only prompts of this kind')
            [CompletionResult]::new('--by', '--by', [CompletionResultType]::ParameterName, 'Scope in which prompts count as duplicates')
            [CompletionResult]::new('--margin', '--margin', [CompletionResultType]::ParameterName, 'Keep a prompt only if it has at least this long to live; a bare number is seconds')
            [CompletionResult]::new('--max-rate', '--max-rate', [CompletionResultType]::ParameterName, 'Most denials in a second, a minute or an hour [default: 1200/min; 60/min where a denial starts an agent turn]')
            [CompletionResult]::new('--cooling', '--cooling', [CompletionResultType]::ParameterName, 'Pause after that limit is hit, at least its period; the first pause of a held group; a bare number is seconds [default: 1m; 5m where a denial starts an agent turn]')
            [CompletionResult]::new('--repeats', '--repeats', [CompletionResultType]::ParameterName, 'Report a group after this many denials in --within; hold it then, where a denial starts an agent turn')
            [CompletionResult]::new('--within', '--within', [CompletionResultType]::ParameterName, 'Time window for --repeats; a bare number is seconds')
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Serve Prometheus metrics at /metrics, and /healthz, without authentication; a port alone is one of 127.0.0.1')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file, before each connection')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file, before each connection')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--all-gateways', '--all-gateways', [CompletionResultType]::ParameterName, 'Every gateway of config.toml, each by itself')
            [CompletionResult]::new('--observe', '--observe', [CompletionResultType]::ParameterName, 'Log what would be denied; deny nothing')
            [CompletionResult]::new('--cancel-runs', '--cancel-runs', [CompletionResultType]::ParameterName, 'Cancel the run of a repeat offender, and with it all its prompts, on gateways whose prompts name their run')
            [CompletionResult]::new('--ndjson', '--ndjson', [CompletionResultType]::ParameterName, 'Print one JSON object a line on a terminal too')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;queue;resolve' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask before allowing')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;queue;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List the pending prompts, duplicates under the one that stays')
            [CompletionResult]::new('dedupe', 'dedupe', [CompletionResultType]::ParameterValue, 'Keep one prompt of each group of duplicates, and deny the rest')
            [CompletionResult]::new('guard', 'guard', [CompletionResultType]::ParameterValue, 'Stay connected, and deny duplicates as they come')
            [CompletionResult]::new('resolve', 'resolve', [CompletionResultType]::ParameterValue, 'Decide one prompt')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;queue;help;ls' {
            break
        }
        'clearance;queue;help;dedupe' {
            break
        }
        'clearance;queue;help;guard' {
            break
        }
        'clearance;queue;help;resolve' {
            break
        }
        'clearance;queue;help;help' {
            break
        }
        'clearance;run' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List active runs, and runs that hold prompts')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List active runs, and runs that hold prompts')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Abort a run, and deny what it queued')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;run;ls' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'List each prompt that a run holds')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;run;list' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'List each prompt that a run holds')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;run;cancel' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--session', '--session', [CompletionResultType]::ParameterName, 'Whatever runs in the session with this key, and everything it queued')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--superseded', '--superseded', [CompletionResultType]::ParameterName, 'Every run that ended or was replaced while its prompts are still pending')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would be done, and change nothing')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'List each prompt that would be denied')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;run;help' {
            [CompletionResult]::new('ls', 'ls', [CompletionResultType]::ParameterValue, 'List active runs, and runs that hold prompts')
            [CompletionResult]::new('cancel', 'cancel', [CompletionResultType]::ParameterValue, 'Abort a run, and deny what it queued')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;run;help;ls' {
            break
        }
        'clearance;run;help;cancel' {
            break
        }
        'clearance;run;help;help' {
            break
        }
        'clearance;gateway' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show which gateway is used and why, and test the connection')
            [CompletionResult]::new('dev', 'dev', [CompletionResultType]::ParameterValue, 'Run a gateway to rehearse with, in the foreground')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;gateway;status' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--gateway', '--gateway', [CompletionResultType]::ParameterName, 'The gateway with this name or address; `embedded` to rehearse')
            [CompletionResult]::new('--token-file', '--token-file', [CompletionResultType]::ParameterName, 'Read the gateway''s token from this file')
            [CompletionResult]::new('--password-file', '--password-file', [CompletionResultType]::ParameterName, 'Read the gateway''s password from this file')
            [CompletionResult]::new('--tls-fingerprint', '--tls-fingerprint', [CompletionResultType]::ParameterName, 'Trust the certificate with this SHA-256, and no other')
            [CompletionResult]::new('--ca-file', '--ca-file', [CompletionResultType]::ParameterName, 'Trust the authorities in this PEM file, and no others')
            [CompletionResult]::new('--ask-token', '--ask-token', [CompletionResultType]::ParameterName, 'Ask for the gateway''s token on the terminal')
            [CompletionResult]::new('--ask-password', '--ask-password', [CompletionResultType]::ParameterName, 'Ask for the gateway''s password on the terminal')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Wait until --timeout for a gateway that accepts no connections yet [default: only on this host, while its process is running]')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Print the steps of each connection to standard error')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Print nothing where there is nothing to report; errors and warnings still go to standard error')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;gateway;dev' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('--port', '--port', [CompletionResultType]::ParameterName, 'The port on 127.0.0.1; 0 for one that is free')
            [CompletionResult]::new('--scenario', '--scenario', [CompletionResultType]::ParameterName, 'What is in it: sessions, runs, prompts, a document (JSON or JSON5); without it, the cascade of eleven agents')
            [CompletionResult]::new('--coalesce', '--coalesce', [CompletionResultType]::ParameterName, 'Whether requests for what is pending already join that prompt')
            [CompletionResult]::new('--list-run-ids', '--list-run-ids', [CompletionResultType]::ParameterName, 'Whether the list of sessions names active runs; off, it only says that some run is active')
            [CompletionResult]::new('--cancel-on-failover', '--cancel-on-failover', [CompletionResultType]::ParameterName, 'Whether the prompts of a run that fails over are cancelled before its replacement may ask')
            [CompletionResult]::new('--generation', '--generation', [CompletionResultType]::ParameterName, 'Which generation''s wire it speaks')
            [CompletionResult]::new('--tls', '--tls', [CompletionResultType]::ParameterName, 'Serve TLS with a certificate of its own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object when it is ready')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;gateway;help' {
            [CompletionResult]::new('status', 'status', [CompletionResultType]::ParameterValue, 'Show which gateway is used and why, and test the connection')
            [CompletionResult]::new('dev', 'dev', [CompletionResultType]::ParameterValue, 'Run a gateway to rehearse with, in the foreground')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;gateway;help;status' {
            break
        }
        'clearance;gateway;help;dev' {
            break
        }
        'clearance;gateway;help;help' {
            break
        }
        'clearance;completions' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;man' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'Give up after this long: 30s, 500ms, 2m, or a number of seconds [default: 30s; gateway dev, queue guard: never]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;help' {
            [CompletionResult]::new('approvals', 'approvals', [CompletionResultType]::ParameterValue, 'Approvals documents: what agents may run on a host')
            [CompletionResult]::new('queue', 'queue', [CompletionResultType]::ParameterValue, 'The pending prompts of a gateway: list them, purge duplicates, decide one')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Runs of agents: what is active, what holds prompts; cancel them')
            [CompletionResult]::new('gateway', 'gateway', [CompletionResultType]::ParameterValue, 'Gateways: show which one is used and connect to it, run one to rehearse with')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page of a command')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;help;approvals' {
            break
        }
        'clearance;help;queue' {
            break
        }
        'clearance;help;run' {
            break
        }
        'clearance;help;gateway' {
            break
        }
        'clearance;help;completions' {
            break
        }
        'clearance;help;man' {
            break
        }
        'clearance;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
