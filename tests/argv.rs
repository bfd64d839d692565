//! The magic ARGV, from a user's side.

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use perlipc::argv::Argv;
use perlipc::{Error, Separator, fifo, signal};

common::scenarios![a_handler_that_gives_up, standard_input_by_each_name, standard_error_without_readers];

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
fn spaces_and_numbers_as_perl_has_them() {
    let dir = room("spaces", &[("f", "x\n")]);
    let f = dir.join("f").to_string_lossy().into_owned();
    // The vertical tab is one too; and a descriptor has no sign.
    let names =
        [format!("\x0b{f}\x0c"), format!("\r<\x0b{f}\x0b"), "\x0becho x |\x0b".into(), "<&-0".into(), "<&+0".into()];
    let mut argv = Argv::open(names.clone(), true);
    let told = quiet(&mut argv);
    let lines = all(&mut argv);
    assert_eq!(lines, [1, 2, 3].map(|n| format!("{n}:[{}]:x", names[n - 1])));
    assert_eq!(*told.lock().unwrap(), [format!("<&-0: {}", libc::EBADF), format!("<&+0: {}", libc::EBADF)]);
    // A command is bytes.
    let mut argv = Argv::open([b"printf %s '\xff'|".to_vec()], true);
    assert_eq!(argv.readline().unwrap(), Some(&b"\xff"[..]));
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn standard_input() {
    let mut command = common::command("standard_input_by_each_name");
    let dir = room("stdin", &[("f", "1\n2\n")]);
    let output = command.stdin(std::fs::File::open(dir.join("f")).unwrap()).output().unwrap();
    common::finish("standard_input_by_each_name", output);
    std::fs::remove_dir_all(dir).unwrap();
}

fn standard_input_by_each_name() {
    for name in ["-", " - ", "<-", "< -", "<&0", "<&=0"] {
        // SAFETY: plain numbers.
        unsafe { libc::lseek(0, 0, libc::SEEK_SET) };
        assert_eq!(all(&mut Argv::open([name], true)), [format!("1:[{name}]:1"), format!("2:[{name}]:2")]);
    }
    // Without a name: it is there when it is asked for, not before.
    // SAFETY: plain numbers.
    unsafe { libc::lseek(0, 0, libc::SEEK_SET) };
    let mut argv = Argv::open([""; 0], false);
    assert!(argv.eof().unwrap());
    assert_eq!(argv.close().unwrap(), None);
    assert_eq!(all(&mut argv), ["1:[-]:1", "2:[-]:2"]);
    // A name that is pushed takes its place.
    // SAFETY: plain numbers.
    unsafe { libc::lseek(0, 0, libc::SEEK_SET) };
    let dir = room("pushed", &[("f", "pushed\n")]);
    let name = dir.join("f").to_string_lossy().into_owned();
    let mut argv = Argv::open([""; 0], false);
    argv.push(name.as_str());
    assert_eq!(all(&mut argv), [format!("1:[{name}]:pushed")]);
    std::fs::remove_dir_all(dir).unwrap();
    // That it is closed is told to whoever is there to be told.
    let mut argv = Argv::open([""; 0], false);
    let told = quiet(&mut argv);
    // SAFETY: a plain number.
    unsafe { libc::close(0) };
    assert_eq!(argv.readline().unwrap(), None);
    assert_eq!(*told.lock().unwrap(), [format!("-: {}", libc::EBADF)]);
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

/// What a name begins with comes before what it ends with; a command is bytes, and "+" alone is no mode.
#[test]
fn nobody_hears_what_is_told_of_a_name() {
    common::run("standard_error_without_readers");
}

fn standard_error_without_readers() {
    let (reader, mut writer) = perlipc::Stream::pipe().unwrap();
    drop(reader);
    let broken = writer.release().unwrap();
    // SAFETY: plain calls; as C programs begin.
    unsafe {
        libc::signal(libc::SIGPIPE, libc::SIG_DFL);
        assert_eq!(libc::dup2(std::os::fd::AsRawFd::as_raw_fd(&broken), 2), 2);
    }
    assert_eq!(Argv::open(["/nosuch/file"], false).readline().unwrap(), None);
}

#[test]
fn a_name_that_looks_like_something_else() {
    let dir = room("looks", &[("f|", "a file\n")]);
    let file = dir.join("f|").to_string_lossy().into_owned();
    let update = format!("+<{file}");
    let names = [format!("<{file}").into(), b"+missing".to_vec(), b"printf '\xff\\n'|".to_vec(), update.clone().into()];
    let mut argv = Argv::open(names, true);
    let told = quiet(&mut argv);
    let mut lines = Vec::new();
    while let Some(line) = argv.readline().unwrap() {
        lines.push(line.to_vec());
    }
    assert_eq!(lines, [&b"a file\n"[..], b"\xff\n"]);
    assert_eq!(*told.lock().unwrap(), ["+missing: 2".into(), format!("{update}: {}", libc::EINVAL)]);
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

/// As Perl has it: a `<>` behind its end is a new one, and an `eof()` before it is not.
#[test]
fn numbers_begin_again_behind_the_end() {
    let dir = room("again", &[("a", "1\n2\n")]);
    let f = dir.join("a").to_string_lossy().into_owned();
    let mut argv = Argv::open([f.clone()], false);
    let numbers = |argv: &mut Argv| {
        let mut numbers = Vec::new();
        while argv.readline().unwrap().is_some() {
            numbers.push(argv.lineno());
        }
        numbers
    };
    assert_eq!(numbers(&mut argv), [1, 2]);
    assert_eq!(argv.lineno(), 2);
    argv.push(f.clone());
    assert_eq!(numbers(&mut argv), [1, 2]);
    argv.push(f);
    assert!(!argv.eof_all().unwrap());
    assert_eq!(numbers(&mut argv), [3, 4]);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn an_explicit_close_gives_a_commands_status() {
    let mut argv = Argv::open(["echo x; exit 6|"], true);
    assert_eq!(argv.readline().unwrap(), Some(&b"x\n"[..]));
    assert!(argv.eof().unwrap());
    assert_eq!(argv.close().unwrap().unwrap().code(), Some(6));
}

/// What a handler gives up goes on with the next call where it was: no name is passed over, no record counted twice.
#[test]
fn given_up_and_gone_on_with() {
    common::run("a_handler_that_gives_up");
}

fn a_handler_that_gives_up() {
    let place = fifo::Private::new().unwrap();
    let name = place.path().to_string_lossy().into_owned();
    let mut argv = Argv::open([name.clone(), "/nosuch/file".into()], false);
    let told = quiet(&mut argv);
    signal::handle("ALRM", |_| Err(7)).unwrap();
    let alarm = || {
        let _ = signal::alarm(Duration::from_millis(5), Duration::ZERO).unwrap();
    };
    let given_up = |argv: &mut Argv| {
        alarm();
        let answer = argv.readline().map(|line| line.map(<[u8]>::to_vec));
        assert!(matches!(answer, Err(Error::Abandoned { value: 7, .. })), "{answer:?}");
    };
    // Nobody writes to it yet.
    given_up(&mut argv);
    given_up(&mut argv);
    assert_eq!(*told.lock().unwrap(), [""; 0]);
    let mut keep = fifo::open(&name, fifo::Mode::Keep, perlipc::Deadline::NOW).unwrap();
    keep.write(b"half").unwrap();
    keep.flush().unwrap();
    given_up(&mut argv);
    assert_eq!(argv.lineno(), 0);
    keep.write(b" a line\n").unwrap();
    keep.close().unwrap();
    assert_eq!(argv.readline().unwrap(), Some(&b"half a line\n"[..]));
    assert_eq!((argv.lineno(), argv.name()), (1, name.as_bytes()));
    assert_eq!(argv.readline().unwrap(), None);
    assert_eq!(*told.lock().unwrap(), ["/nosuch/file: 2"]);
    // A command that says no more and does not end, by itself and by close.
    let wait = format!("echo x; exec >&-; read go <{name}; exit 5|");
    let mut argv = Argv::open([&wait, "echo y|", &wait], true);
    let go_on = || {
        let mut go = fifo::open(&name, fifo::Mode::Write, perlipc::Deadline::NEVER).unwrap();
        go.write(b"\n").unwrap();
        go.close().unwrap();
    };
    assert_eq!(argv.readline().unwrap(), Some(&b"x\n"[..]));
    given_up(&mut argv);
    given_up(&mut argv);
    assert!(argv.eof().unwrap());
    go_on();
    assert_eq!(argv.readline().unwrap(), Some(&b"y\n"[..]));
    assert_eq!(argv.readline().unwrap(), Some(&b"x\n"[..]));
    alarm();
    assert!(matches!(argv.close(), Err(Error::Abandoned { .. })));
    go_on();
    assert_eq!(argv.close().unwrap().unwrap().code(), Some(5));
}
