//! The magic ARGV, from a user's side.

use std::sync::{Arc, Mutex};

use perlipc::Separator;
use perlipc::argv::Argv;

/// A directory with these files.
fn room(name: &str, files: &[(&str, &str)]) -> std::path::PathBuf {
    let dir = std::env::temp_dir().join(format!("perlipc-argv-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    std::fs::create_dir(&dir).unwrap();
    for (file, text) in files {
        std::fs::write(dir.join(file), text).unwrap();
    }
    dir
}

fn quiet(argv: &mut Argv) -> Arc<Mutex<Vec<String>>> {
    let told = Arc::new(Mutex::new(Vec::new()));
    let to = told.clone();
    argv.report(move |name, error| {
        to.lock().unwrap().push(format!("{}: {}", String::from_utf8_lossy(name), error.errno()));
    });
    told
}

fn all(argv: &mut Argv) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(line) = argv.readline().unwrap() {
        let line = String::from_utf8_lossy(line).into_owned();
        lines.push(format!("{}:[{}]:{}", argv.lineno(), String::from_utf8_lossy(argv.name()), line.trim_end()));
    }
    lines
}

#[test]
fn files_and_commands_in_order() {
    let dir = room("order", &[("f1", "a\nb\n"), ("f2", "c\n")]);
    let f = |name: &str| dir.join(name).to_string_lossy().into_owned();
    let mut argv = Argv::open([f("f1"), "echo cmd1|".into(), format!(" {} ", f("f2")), " echo cmd2 | ".into()], true);
    let want = [
        format!("1:[{}]:a", f("f1")),
        format!("2:[{}]:b", f("f1")),
        "3:[echo cmd1|]:cmd1".into(),
        format!("4:[ {} ]:c", f("f2")),
        "5:[ echo cmd2 | ]:cmd2".into(),
    ];
    assert_eq!(all(&mut argv), want);
    assert!(argv.eof().unwrap() && argv.eof_all().unwrap());
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn names_are_literal_unless_magic_is_asked_for() {
    let dir = room("literal", &[("echo hi|", "literal file\n"), ("-", "dash file\n")]);
    let f = |name: &str| dir.join(name).to_string_lossy().into_owned();
    let mut argv = Argv::open([f("echo hi|"), f("-"), f("> x"), "echo run|".into()], false);
    let told = quiet(&mut argv);
    let lines = all(&mut argv);
    assert_eq!(
        lines.iter().map(|line| line.rsplit(':').next().unwrap()).collect::<Vec<_>>(),
        ["literal file", "dash file"]
    );
    assert_eq!(*told.lock().unwrap(), [format!("{}: 2", f("> x")), "echo run|: 2".into()]);
    assert!(!dir.join("x").exists());
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn what_cannot_be_opened_is_told_and_passed_over() {
    let dir = room("missing", &[("ok", "data\n"), ("victim", "precious\n")]);
    let f = |name: &str| dir.join(name).to_string_lossy().into_owned();
    let victim = format!(">{}", f("victim"));
    let mut argv =
        Argv::open([f("nofile"), "nosuchcmd_xyz|".into(), victim.clone(), f("."), f("ok"), "exit 3;|".into()], true);
    let told = quiet(&mut argv);
    assert_eq!(all(&mut argv), [format!("1:[{}]:data", f("ok"))]);
    assert_eq!(
        *told.lock().unwrap(),
        [format!("{}: 2", f("nofile")), "nosuchcmd_xyz|: 2".into(), format!("{victim}: {}", libc::EINVAL)]
    );
    assert_eq!(std::fs::read_to_string(dir.join("victim")).unwrap(), "precious\n");
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn ends_of_each_and_of_all_and_numbers_that_start_again() {
    let dir = room("ends", &[("a", "1\n2\n"), ("b", "1\n2\n")]);
    let f = |name: &str| dir.join(name).to_string_lossy().into_owned();
    let mut argv = Argv::open([f("a"), f("b")], false);
    let mut seen = Vec::new();
    while argv.readline().unwrap().is_some() {
        let number = argv.lineno();
        let last = argv.eof().unwrap();
        if last {
            assert_eq!(argv.close().unwrap(), None);
        }
        seen.push((number, last, argv.eof_all().unwrap()));
    }
    assert_eq!(seen, [(1, false, false), (2, true, false), (1, false, false), (2, true, true)]);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn whole_files_are_a_record_each_and_names_can_be_added() {
    let dir = room("whole", &[("a", "1\n2\n"), ("empty", ""), ("b", "3\n")]);
    let f = |name: &str| dir.join(name).to_string_lossy().into_owned();
    let mut argv = Argv::open([f("a"), f("empty")], false);
    argv.separator(Separator::Whole).unwrap();
    assert!(argv.separator(Separator::Size(0)).is_err());
    assert_eq!(argv.readline().unwrap(), Some(&b"1\n2\n"[..]));
    argv.push(f("b"));
    assert_eq!(argv.readline().unwrap(), Some(&b""[..]));
    assert_eq!(argv.readline().unwrap(), Some(&b"3\n"[..]));
    assert_eq!(argv.readline().unwrap(), None);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn an_explicit_close_gives_a_commands_status() {
    let mut argv = Argv::open(["echo x; exit 6|"], true);
    assert_eq!(argv.readline().unwrap(), Some(&b"x\n"[..]));
    assert!(argv.eof().unwrap());
    assert_eq!(argv.close().unwrap().unwrap().code(), Some(6));
}
