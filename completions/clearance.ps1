
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
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this long, whatever happens (30s, 500ms, 2m)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('approvals', 'approvals', [CompletionResultType]::ParameterValue, 'Approvals documents: what agents may run on a host')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page of a command')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;approvals' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this long, whatever happens (30s, 500ms, 2m)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check documents: every problem, with its place')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a document')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Replace the document of this host')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a document')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;approvals;validate' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to report')
            [CompletionResult]::new('--syntax', '--syntax', [CompletionResultType]::ParameterName, 'The notation that is accepted; auto: JSON in *.json, JSON5 elsewhere')
            [CompletionResult]::new('--max-size', '--max-size', [CompletionResultType]::ParameterName, 'The largest file that is read')
            [CompletionResult]::new('--explain', '--explain', [CompletionResultType]::ParameterName, 'Tell what a code means and how to mend it, and check nothing')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this long, whatever happens (30s, 500ms, 2m)')
            [CompletionResult]::new('--allow-legacy', '--allow-legacy', [CompletionResultType]::ParameterName, 'Accept the forms that early releases wrote, and only tell of them')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'clearance;approvals;get' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'Read this document instead of this host''s own; - for standard input')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Read this local store instead of this host''s own')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this long, whatever happens (30s, 500ms, 2m)')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print {path, exists, hash, file}')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;approvals;set' {
            [CompletionResult]::new('--file', '--file', [CompletionResultType]::ParameterName, 'The new document, JSON or JSON5; - for standard input')
            [CompletionResult]::new('--store', '--store', [CompletionResultType]::ParameterName, 'Write to this local store instead of this host''s own')
            [CompletionResult]::new('--base-hash', '--base-hash', [CompletionResultType]::ParameterName, 'Only if the stored document still has this hash; without it, the hash just read')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this long, whatever happens (30s, 500ms, 2m)')
            [CompletionResult]::new('--stdin', '--stdin', [CompletionResultType]::ParameterName, 'Read the new document from standard input')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Show what would change, and change nothing')
            [CompletionResult]::new('--allow-legacy', '--allow-legacy', [CompletionResultType]::ParameterName, 'Rewrite the forms that early releases wrote, as a gateway reads them')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print one JSON object')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;approvals;schema' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this long, whatever happens (30s, 500ms, 2m)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;approvals;help' {
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check documents: every problem, with its place')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a document')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Replace the document of this host')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a document')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;approvals;help;validate' {
            break
        }
        'clearance;approvals;help;get' {
            break
        }
        'clearance;approvals;help;set' {
            break
        }
        'clearance;approvals;help;schema' {
            break
        }
        'clearance;approvals;help;help' {
            break
        }
        'clearance;completions' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this long, whatever happens (30s, 500ms, 2m)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;man' {
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End after this long, whatever happens (30s, 500ms, 2m)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'clearance;help' {
            [CompletionResult]::new('approvals', 'approvals', [CompletionResultType]::ParameterValue, 'Approvals documents: what agents may run on a host')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print the completion script of a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page of a command')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'clearance;help;approvals' {
            [CompletionResult]::new('validate', 'validate', [CompletionResultType]::ParameterValue, 'Check documents: every problem, with its place')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Print a document')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Replace the document of this host')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of a document')
            break
        }
        'clearance;help;approvals;validate' {
            break
        }
        'clearance;help;approvals;get' {
            break
        }
        'clearance;help;approvals;set' {
            break
        }
        'clearance;help;approvals;schema' {
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
