//! Tests of the check of scripts.

use super::*;

#[test]
fn scripts_of_direct_calls_are_found() {
    for (command, paths) in [
        ("python3 -u app.py a", &["app.py"] as &[&str]),
        ("A=1 env -u B python3.11 -- x.PY", &["x.PY"]),
        ("python2 app.py", &[]),
        ("/usr/bin/python3 app.py", &[]),
        ("python3 -m app.py", &[]),
        ("node -r ./a.js --import=b.js c.js d.js", &["./a.js", "b.js", "c.js"]),
        ("node -e 1 c.js", &[]),
        ("ruby app.rb", &[]),
    ] {
        let words = splitter::words(command).unwrap_or_default();
        let found = script::of_call(&words).map(|target| target.paths).unwrap_or_default();
        assert_eq!(found, paths, "{command}");
    }
}

#[test]
fn involved_calls_are_refused() {
    for (command, is) in [
        ("cd x && python3 app.py", true),
        ("cat app.py | python3", true),
        ("bash -c 'cd x; node app.js'", true),
        ("cd x && python3 -m pytest", false),
        ("python3 -c 'a; b'", false),
        ("echo app.py; ls", false),
        ("cd x && python3 tool", false),
        ("if true; then python app.py; fi", true),
    ] {
        assert_eq!(complex::is_refused(command, splitter::words(command).as_deref()), is, "{command}");
    }
}

#[test]
fn variables_of_a_shell_are_found_in_python_code_alone() {
    for (content, variable) in [
        ("print($HOME)", Some("$HOME")),
        ("x = '$HOME' # $HOME", None),
        ("x = f'{$HOME}'", Some("$HOME")),
        ("x = f'{{$HOME}}'", None),
        ("x = rf\"\"\"{a[':']:$A} {(lambda q: $B)}\"\"\"", Some("$B")),
        ("x = 'a\n$A", Some("$A")),
        ("x = $home", None),
    ] {
        let found = python::shell_variable(content).map(|range| content[range].to_owned());
        assert_eq!(found.as_deref(), variable, "{content}");
    }
}

#[test]
fn faults_are_in_the_words_of_the_releases() {
    let reason = "exec preflight: detected likely shell variable injection ($HOME) in python script: x.py:2.";
    for (profile, content, words) in [
        (Profile::V2026_4_14, "\n'$HOME'", Some(reason)),
        (Profile::V2026_9_6, "\n'$HOME'", None),
        (Profile::V2026_9_6, "\r\n$HOME", Some(reason)),
        (Profile::V2026_6_11, "$A", None),
    ] {
        assert_eq!(fault(content, Kind::Python, profile, "x.py").as_deref(), words, "{content}");
    }
    let node = fault("\n NODE=1 x", Kind::Node, Profile::V2026_4_14, "x.js");
    assert!(node.is_some_and(|reason| {
        reason.starts_with("exec preflight: JS file starts with shell syntax (NODE=1 x).")
    }));
}
