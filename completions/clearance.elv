
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
            cand --timeout 'End after this long, whatever happens (30s, 500ms, 2m)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand -V 'Print version'
            cand --version 'Print version'
            cand approvals 'Approvals documents: what agents may run on a host'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page of a command'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;approvals'= {
            cand --timeout 'End after this long, whatever happens (30s, 500ms, 2m)'
            cand -h 'Print help'
            cand --help 'Print help'
            cand validate 'Check documents: every problem, with its place'
            cand get 'Print a document'
            cand set 'Replace the document of this host'
            cand schema 'Print the JSON Schema of a document'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;approvals;validate'= {
            cand --format 'How to report'
            cand --syntax 'The notation that is accepted; auto: JSON in *.json, JSON5 elsewhere'
            cand --max-size 'The largest file that is read'
            cand --explain 'Tell what a code means and how to mend it, and check nothing'
            cand --timeout 'End after this long, whatever happens (30s, 500ms, 2m)'
            cand --allow-legacy 'Accept the forms that early releases wrote, and only tell of them'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'clearance;approvals;get'= {
            cand --file 'Read this document instead of this host''s own; - for standard input'
            cand --store 'Read this local store instead of this host''s own'
            cand --timeout 'End after this long, whatever happens (30s, 500ms, 2m)'
            cand --json 'Print {path, exists, hash, file}'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;approvals;set'= {
            cand --file 'The new document, JSON or JSON5; - for standard input'
            cand --store 'Write to this local store instead of this host''s own'
            cand --base-hash 'Only if the stored document still has this hash; without it, the hash just read'
            cand --timeout 'End after this long, whatever happens (30s, 500ms, 2m)'
            cand --stdin 'Read the new document from standard input'
            cand --dry-run 'Show what would change, and change nothing'
            cand --allow-legacy 'Rewrite the forms that early releases wrote, as a gateway reads them'
            cand --json 'Print one JSON object'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;approvals;schema'= {
            cand --timeout 'End after this long, whatever happens (30s, 500ms, 2m)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;approvals;help'= {
            cand validate 'Check documents: every problem, with its place'
            cand get 'Print a document'
            cand set 'Replace the document of this host'
            cand schema 'Print the JSON Schema of a document'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;approvals;help;validate'= {
        }
        &'clearance;approvals;help;get'= {
        }
        &'clearance;approvals;help;set'= {
        }
        &'clearance;approvals;help;schema'= {
        }
        &'clearance;approvals;help;help'= {
        }
        &'clearance;completions'= {
            cand --timeout 'End after this long, whatever happens (30s, 500ms, 2m)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;man'= {
            cand --timeout 'End after this long, whatever happens (30s, 500ms, 2m)'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'clearance;help'= {
            cand approvals 'Approvals documents: what agents may run on a host'
            cand completions 'Print the completion script of a shell'
            cand man 'Print the manual page of a command'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'clearance;help;approvals'= {
            cand validate 'Check documents: every problem, with its place'
            cand get 'Print a document'
            cand set 'Replace the document of this host'
            cand schema 'Print the JSON Schema of a document'
        }
        &'clearance;help;approvals;validate'= {
        }
        &'clearance;help;approvals;get'= {
        }
        &'clearance;help;approvals;set'= {
        }
        &'clearance;help;approvals;schema'= {
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
