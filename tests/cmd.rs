//! What to run, and that the child is what was said.

mod common;

use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use common::{Dir, is_root, run, skipped};
use perlipc::*;

common::scenarios![
    closed_standard_descriptors,
    permutations,
    missing_descriptors,
    exec_in_place,
    exec_in_a_full_table,
    signals_handed_on,
    deaf,
    dies_with_parent
];

fn says(cmd: &mut Cmd) -> String {
    let got = capture::run(cmd, None, Deadline::after_ms(60_000)).unwrap();
    assert!(got.status().success(), "{cmd:?}: {} {}", got.status(), String::from_utf8_lossy(got.errors()));
    String::from_utf8_lossy(got.output()).into_owned()
}

fn sh(script: &str) -> Cmd {
    Cmd::argv(["sh", "-c", script])
}

#[test]
fn arguments_come_as_they_are() {
    assert_eq!(
        says(&mut Cmd::argv(["printf", "%s|", "a b", "", "$HOME", "*", "\u{e9}", "\n"])),
        "a b||$HOME|*|\u{e9}|\n|"
    );
    assert_eq!(says(Cmd::new("printf").arg("%s").arg(b"\xff".to_vec()).arg("x")), "\u{fffd}x");
    assert_eq!(says(Cmd::argv(["sh", "-c", "echo $0"]).argv0("other")), "other\n");
    let many: Vec<String> = (0..20_000).map(|n| n.to_string()).collect();
    let words = says(&mut Cmd::argv(["echo".to_string()].into_iter().chain(many.clone())));
    assert!(words.split_whitespace().eq(many.iter().map(String::as_str)));
}

#[test]
fn environment() {
    // SAFETY: a name of this test alone; nobody of this file reads the environment by other ways.
    unsafe { std::env::set_var("PERLIPC_TEST_KEPT", "kept") };
    assert_eq!(says(&mut sh("echo $PERLIPC_TEST_KEPT")), "kept\n");
    assert_eq!(says(sh("echo ${PERLIPC_TEST_KEPT-none}").env("PERLIPC_TEST_KEPT", None)), "none\n");
    assert_eq!(says(sh("echo $PERLIPC_TEST_KEPT").env("PERLIPC_TEST_KEPT", Some(b"new"))), "new\n");
    assert_eq!(says(Cmd::new("/usr/bin/env").env_clear().env("A", Some(b"1=2"))), "A=1=2\n");
    // PATH is looked up in the environment that the child gets only where it is set for it.
    let dir = Dir::new("path");
    std::fs::write(dir.path("perlipc-here"), "#!/bin/sh\necho here\n").unwrap();
    std::fs::set_permissions(dir.path("perlipc-here"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("::.:{}:/bin:/usr/bin", dir.path(""));
    assert_eq!(says(Cmd::new("perlipc-here").env("PATH", Some(path.as_bytes()))), "here\n");
    for here in [".::", "./", ".//.:/", "././/"] {
        let error = Cmd::new("perlipc-here").env("PATH", Some(here.as_bytes())).dir(dir.path("")).start().unwrap_err();
        assert_eq!((error.step(), error.errno()), ("exec", libc::ENOENT), "{here}");
    }
}

#[test]
fn errors_name_step_thing_and_reason() {
    let dir = Dir::new("errors");
    let script = dir.path("script");
    std::fs::write(&script, "#!/no/such/interpreter -x\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let plain = dir.path("plain");
    std::fs::write(&plain, "echo plain $0 $1\n").unwrap();
    let cases: Vec<(Cmd, String)> = vec![
        (Cmd::new("perlipc-none"), "exec perlipc-none: No such file or directory".into()),
        (Cmd::new("/no/such"), "exec /no/such: No such file or directory".into()),
        (Cmd::new("/etc/passwd"), "exec /etc/passwd: Permission denied".into()),
        (Cmd::new("/etc/passwd/x"), "exec /etc/passwd/x: Not a directory".into()),
        (Cmd::new("/"), "exec /: Permission denied".into()),
        (Cmd::new(plain.clone()), format!("exec {plain}: Permission denied")),
        (
            Cmd::new(script.clone()),
            format!("exec {script} (its interpreter /no/such/interpreter): No such file or directory"),
        ),
        (Cmd::new("true").dir("/no/such").clone(), "chdir /no/such: No such file or directory".into()),
        (Cmd::new("true").redirect(0, "</no/such").clone(), "open /no/such: No such file or directory".into()),
        (Cmd::new("true").redirect(0, "&77").clone(), "redirect 0 from &77: Bad file descriptor".into()),
        (Cmd::new("true").pass(5, 9999).clone(), "redirect 5 from 9999: Bad file descriptor".into()),
        (Cmd::new("true").redirect(0, "what").clone(), String::new()),
        (Cmd::new("true").redirect(-1, "null").clone(), "redirect: -1 is no descriptor".into()),
        (Cmd::new("true").redirect(3, "&4").redirect(4, "&3").clone(), "redirect: 3 leads back to itself".into()),
        (Cmd::new(""), "command: no program is named".into()),
        (Cmd::shell("  "), "command: the command is empty".into()),
        (Cmd::new("a\0b"), "argument: a NUL inside \"a\\0b\"".into()),
        (Cmd::new("true").env("A=B", None).clone(), "environment: \"A=B\" is no name".into()),
        (Cmd::new("true").umask(0o1000).clone(), "umask: 1000 is no mask".into()),
        (Cmd::new("true").limit("none", None, None).clone(), "limit: no such limit: none".into()),
        (Cmd::new("true").user(Some("perlipc-nobody"), None).clone(), "user: no such user: perlipc-nobody".into()),
        (Cmd::new("true").limit("core", Some(2), Some(1)).clone(), "limit core: Invalid argument".into()),
    ];
    for (cmd, wanted) in cases {
        let error = cmd.start().unwrap_err();
        if !wanted.is_empty() {
            assert_eq!(error.to_string(), wanted);
        }
        assert!(!error.step().is_empty() && error.errno() > 0, "{error}");
    }
    // The first failure of a setter is kept, and the next ones do not hide it.
    let mut cmd = Cmd::new("true");
    cmd.umask(0o7777).dir("a\0b");
    assert_eq!(cmd.check().unwrap_err().step(), "umask");
    // A file without "#!" is a script for sh.
    std::fs::set_permissions(&plain, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    assert_eq!(says(&mut Cmd::argv([plain.as_str(), "arg"])), format!("plain {plain} arg\n"));
    assert_eq!(says(&mut Cmd::argv([plain.as_str()])), format!("plain {plain}\n"));
}

#[test]
fn redirections() {
    let dir = Dir::new("redirect");
    let out = dir.path("out");
    let to = |how: &str| format!("{how}{out}");
    let read = || std::fs::read_to_string(&out).unwrap();
    assert!(sh("echo one").redirect(1, to(">")).run(Deadline::NEVER).unwrap().success());
    assert_eq!(read(), "one\n");
    let mode = std::os::unix::fs::MetadataExt::mode(&std::fs::metadata(&out).unwrap());
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        sh("echo two; echo err >&2").redirect(1, to(">>")).redirect(2, "&1").run(Deadline::NEVER).unwrap().success()
    );
    assert_eq!(read(), "one\ntwo\nerr\n");
    assert!(sh("printf ONE >&9").redirect(9, to("+<")).run(Deadline::NEVER).unwrap().success());
    assert_eq!(read(), "ONE\ntwo\nerr\n");
    assert_eq!(says(sh("cat; cat <&5").redirect(0, to("<")).redirect(5, to("<"))), "ONE\ntwo\nerr\n".repeat(2));
    assert_eq!(says(sh("cat").redirect(0, "null")), "");
    assert_eq!(
        says(sh("if [ -e /proc/self/fd/0 ]; then echo open; else echo closed; fi").redirect(0, "close")),
        "closed\n"
    );
    assert_eq!(says(sh("echo a; echo b >&2").redirect(2, "&1")), "a\nb\n");
    assert!(capture::run(&Cmd::shell("echo b 2>&1"), None, Deadline::NEVER).unwrap().errors().is_empty());
}

/// One that is not open is missing, also when what is opened for the child gets its number.
fn missing_descriptors() {
    let lowest = || std::os::fd::AsRawFd::as_raw_fd(&std::fs::File::open("/dev/null").unwrap());
    for way in 0..3 {
        let fd = lowest();
        let mut cmd = Cmd::new("true");
        cmd.redirect(0, "null");
        match way {
            0 => cmd.pass(30, fd),
            1 => cmd.redirect(30, format!("&{fd}")),
            _ => cmd.redirect(fd, "inherit"),
        };
        let failures = [
            cmd.start().err(),
            capture::run(&cmd, None, Deadline::NEVER).err(),
            popen::open3(&cmd, popen::Errors::Apart).err(),
            pty::open(&cmd, 0, 0).err(),
            pipeline::run(&[Cmd::new("true"), cmd], None, Deadline::NEVER).err(),
        ];
        for (i, failure) in failures.into_iter().enumerate() {
            let error = failure.unwrap_or_else(|| panic!("way {way}, start {i}: no error"));
            assert_eq!((error.step(), error.errno()), ("redirect", libc::EBADF), "way {way}, start {i}: {error}");
        }
    }
}

#[test]
fn a_descriptor_that_is_missing_is_not_another() {
    run("missing_descriptors");
}

/// Any permutation, also of numbers that are in use, against the limit of descriptors that the child gets.
fn permutations() {
    let mut random = common::Random(7);
    let files: Vec<std::fs::File> = (0..12)
        .map(|_| {
            use std::os::fd::FromRawFd;
            // SAFETY: a fresh descriptor, ours alone.
            unsafe { std::fs::File::from_raw_fd(libc::memfd_create(c"perlipc".as_ptr(), libc::MFD_CLOEXEC)) }
        })
        .collect();
    for (n, file) in files.iter().enumerate() {
        use std::io::Write;
        let mut file = file;
        write!(file, "{n}").unwrap();
    }
    for _ in 0..common::scale(1000) {
        let mut targets: Vec<i32> = (3..22).collect();
        let places: Vec<(i32, usize)> = (0..1 + random.below(9))
            .map(|_| {
                let to = targets.swap_remove(random.below(targets.len() as u64) as usize);
                (to, random.below(12) as usize)
            })
            .collect();
        let script: String = places.iter().map(|(to, _)| format!("cat /proc/self/fd/{to}; echo; ")).collect();
        let wanted: String = places.iter().map(|(_, n)| format!("{n}\n")).collect();
        let mut cmd = sh(&script);
        for (to, n) in &places {
            cmd.pass(*to, files[*n].as_raw_fd());
        }
        // Not more than the child needs, whatever this process has open.
        cmd.limit("nofile", Some(24), Some(24));
        assert_eq!(says(&mut cmd), wanted);
    }
}

#[test]
fn any_permutation_of_descriptors() {
    run("permutations");
}

/// With 0, 1 and 2 closed in this process nothing of ours lands there, and the child is as said.
fn closed_standard_descriptors() {
    for closed in 1..8 {
        let keep: Vec<i32> = (0..3)
            .map(|fd| {
                // SAFETY: plain numbers; put back below.
                unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, 50) }
            })
            .collect();
        for fd in 0..3 {
            if closed & (1 << fd) != 0 {
                // SAFETY: as above.
                unsafe { libc::close(fd) };
            }
        }
        let result = std::panic::catch_unwind(|| {
            assert_eq!(says(&mut sh("echo out; exec 2>&-")), "out\n");
            let mut stream = popen::start(&sh("read x; exit $x"), Mode::Write).unwrap();
            stream.write(b"7\n").unwrap();
            assert_eq!(stream.close().unwrap().unwrap().code(), Some(7));
            let got = capture::run(&sh("cat; echo err >&2"), Some(b"in"), Deadline::NEVER).unwrap();
            assert_eq!((got.output(), got.errors()), (&b"in"[..], &b"err\n"[..]));
            let error = Cmd::new("/no/such").start().unwrap_err();
            assert_eq!((error.step(), error.errno()), ("exec", libc::ENOENT));
            for fd in 0..3 {
                // SAFETY: nothing is changed.
                let open = unsafe { libc::fcntl(fd, libc::F_GETFD) } >= 0;
                assert_eq!(open, closed & (1 << fd) == 0, "descriptor {fd}");
            }
            let mut listing = sh("ls /proc/self/fd");
            let listed = says(listing.redirect(2, "null"));
            // What is closed here is closed there; ls opens the directory at the first number that is free.
            if closed & 1 == 0 {
                assert!(listed.starts_with("0\n1\n2\n"), "{listed}");
            }
        });
        for (fd, kept) in keep.into_iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                libc::dup2(kept, fd as i32);
                libc::close(kept);
            }
        }
        assert!(result.is_ok(), "closed: {closed:03b}");
    }
}

#[test]
fn closed_standard_descriptors_stay_closed() {
    run("closed_standard_descriptors");
}

#[test]
fn what_the_child_is() {
    assert_eq!(says(sh("pwd").dir("/usr")), "/usr\n");
    assert_eq!(says(sh("umask").umask(0o27)), "0027\n");
    assert_eq!(
        says(sh("ulimit -n; ulimit -c").limit("nofile", Some(33), Some(44)).limit("core", Some(0), Some(0))),
        "33\n0\n"
    );
    let ids = says(sh("cut -d' ' -f1,5,6 /proc/$$/stat").session(true));
    let ids: Vec<&str> = ids.split_whitespace().collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2], "{ids:?}");
    let ids = says(sh("cut -d' ' -f1,5,6 /proc/$$/stat").process_group(0));
    let ids: Vec<&str> = ids.split_whitespace().collect();
    assert!(ids[0] == ids[1] && ids[1] != ids[2], "{ids:?}");
    let mut cmd = sh("umask; ulimit -n");
    for (name, value) in
        [("umask", "077"), ("limit.nofile", "20:40"), ("session", "yes"), ("grace", "5"), ("keep", "100")]
    {
        cmd.option(name, value).unwrap();
    }
    assert_eq!(says(&mut cmd), "0077\n20\n");
    for (name, value) in [("umask", "9"), ("grace", "x"), ("no", "1"), ("session", "maybe"), ("limit.nofile", "a")] {
        assert_eq!(Cmd::new("true").option(name, value).unwrap_err().errno(), libc::EINVAL, "{name}");
    }
}

#[test]
fn another_user() {
    if !is_root() {
        return skipped("another user", "not root");
    }
    let _alone = common::alone();
    // SAFETY: nothing is changed.
    let dumpable = unsafe { libc::prctl(libc::PR_GET_DUMPABLE) };
    let status =
        says(Cmd::argv(["cat", "/proc/self/status"]).user(Some("65534"), Some("65533")).groups(["12", "11", "12"]));
    let field = |name: &str| {
        status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(field("Uid:"), "65534 65534 65534 65534");
    assert_eq!(field("Gid:"), "65533 65533 65533 65533");
    assert_eq!(field("Groups:"), "11 12");
    assert_eq!(field("CapEff:").trim_matches('0'), "");
    assert_eq!(says(Cmd::argv(["id", "-un"]).user(Some("daemon"), None)), "daemon\n");
    let dir = Dir::new("user");
    std::fs::set_permissions(&dir.0, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let error = Cmd::new("true").user(Some("65534"), Some("65534")).dir(dir.path("")).start().unwrap_err();
    assert_eq!((error.step(), error.errno()), ("chdir", libc::EACCES));
    // SAFETY: nothing is changed.
    assert_eq!(unsafe { libc::prctl(libc::PR_GET_DUMPABLE) }, dumpable);
}

/// Ignored signals and the mask are handed on, as Perl does; handlers are not.
fn signals_handed_on() {
    let masks = |cmd: &mut Cmd| {
        let status = says(cmd);
        let hex = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            u64::from_str_radix(line.trim(), 16).unwrap()
        };
        (hex("SigBlk:"), hex("SigIgn:"), hex("SigCgt:"))
    };
    let bit = |signal: i32| 1u64 << (signal - 1);
    let mut cat = Cmd::argv(["cat", "/proc/self/status"]);
    // What this process was started with.
    let (0, found, 0) = masks(&mut cat) else { panic!("{:?}", masks(&mut cat)) };
    assert_eq!(found & (bit(libc::SIGHUP) | bit(libc::SIGPIPE)), 0);
    signal::ignore("HUP").unwrap();
    signal::ignore("PIPE").unwrap();
    signal::handle("USR1", |_| Ok(())).unwrap();
    // SAFETY: this thread's mask.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGUSR2);
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
    }
    let ignored = found | bit(libc::SIGHUP) | bit(libc::SIGPIPE);
    assert_eq!(masks(&mut cat), (bit(libc::SIGUSR2), ignored, 0));
    assert_eq!(masks(cat.default_signals(["PIPE"])), (bit(libc::SIGUSR2), found | bit(libc::SIGHUP), 0));
}

#[test]
fn signals_are_handed_on() {
    run("signals_handed_on");
}

/// INT and QUIT are the child's while `run` waits, on all threads, and a handler set meanwhile is not lost.
fn deaf() {
    static RAN: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let ignored = |signal: i32| {
        // SAFETY: nothing is changed.
        unsafe {
            let mut now: libc::sigaction = std::mem::zeroed();
            libc::sigaction(signal, std::ptr::null(), &mut now);
            now.sa_sigaction == libc::SIG_IGN
        }
    };
    let before = common::Hygiene::look();
    let status = sh("kill -INT $PPID; kill -QUIT $PPID; kill -INT $$").run(Deadline::NEVER).unwrap();
    assert_eq!(status.signal(), Some(libc::SIGINT));
    common::Hygiene::look().is_as(&before, "after run");
    let _ = Cmd::new("/no/such").run(Deadline::NEVER).unwrap_err();
    common::Hygiene::look().is_as(&before, "after an error");
    let fifo = Dir::new("deaf");
    let path = fifo.path("go");
    assert!(Cmd::argv(["mkfifo", &path]).run(Deadline::NEVER).unwrap().success());
    let waits: Vec<_> = (0..3)
        .map(|_| {
            let path = path.clone();
            std::thread::spawn(move || sh(&format!("read x <{path}")).run(Deadline::NEVER).map(|_| ()).unwrap())
        })
        .collect();
    assert!(common::eventually(|| ignored(libc::SIGINT) && ignored(libc::SIGQUIT)));
    signal::handle("INT", |_| {
        RAN.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    assert!(ignored(libc::SIGINT), "a system still waits");
    // Opened for both, it lets each of them in, whenever it comes; and one reader may take more than its line.
    let go = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
    use std::io::Write;
    while !waits.iter().all(|wait| wait.is_finished()) {
        (&go).write_all(b"a\n").unwrap();
        std::thread::sleep(Duration::from_millis(5));
    }
    waits.into_iter().for_each(|wait| wait.join().unwrap());
    assert!(!ignored(libc::SIGINT) && !ignored(libc::SIGQUIT));
    signal::kill("INT", std::process::id() as i32).unwrap();
    if RAN.load(std::sync::atomic::Ordering::SeqCst) == 0 {
        signal::dispatch(Deadline::after_ms(20_000)).unwrap();
    }
    assert_eq!(RAN.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[test]
fn int_and_quit_belong_to_the_child_of_run() {
    run("deaf");
}

#[test]
fn run_has_a_deadline() {
    let begin = Instant::now();
    let mut cmd = sh("sleep 100 & sleep 100; :");
    cmd.grace(Duration::from_secs(60));
    let error = cmd.run(Deadline::after_ms(30)).unwrap_err();
    assert!(error.is_timeout() && error.step() == "system", "{error}");
    let ended = cmd.system(Deadline::after_ms(30)).unwrap();
    assert_eq!(ended.status.signal(), Some(libc::SIGTERM));
    assert!(ended.stopped.unwrap().is_timeout());
    assert!(begin.elapsed() < Duration::from_secs(30));
    assert!(cmd.clone().arg("x").grace(Duration::ZERO).run(Deadline::NOW).unwrap_err().is_timeout());
}

fn exec_in_place() {
    let before = common::Hygiene::look();
    let error = Cmd::new("/no/such").umask(0o77).exec();
    assert_eq!(error.to_string(), "exec /no/such: No such file or directory");
    common::Hygiene::look().is_as(&before, "after a failed exec");
    // SAFETY: this is the only thread.
    let left_open = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY) };
    assert!(left_open > 2);
    let (reader, writer) = Stream::pipe().unwrap();
    use std::os::fd::AsFd;
    let mut cmd = sh("ls /proc/self/fd; umask; pwd; echo $A; kill -TERM $$");
    cmd.pass(1, writer.as_fd().as_raw_fd()).redirect(8, "null").umask(0o22).dir("/usr").env("A", Some(b"b"));
    // As in a child that is started: descriptors that are there already may be above the limit.
    cmd.limit("nofile", Some(5), Some(5));
    // SAFETY: as above.
    match unsafe { fork() }.unwrap() {
        Fork::Child => {
            let error = cmd.exec();
            common::say(&error.to_string());
            // SAFETY: ends the child without the harness.
            unsafe { libc::_exit(1) }
        }
        Fork::Parent(child) => {
            drop(writer);
            let mut all = Vec::new();
            let mut reader = reader;
            reader.read_to_end(&mut all).unwrap();
            assert_eq!(String::from_utf8_lossy(&all), "0\n1\n2\n3\n8\n0022\n/usr\nb\n");
            assert_eq!(child.wait(Deadline::NEVER).unwrap().signal(), Some(libc::SIGTERM));
        }
    }
}

/// Where no descriptor is left to look with, none goes to the program all the same.
fn exec_in_a_full_table() {
    let open = |flags| {
        // SAFETY: a C string and plain numbers.
        unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | flags) }
    };
    let secret = open(0);
    assert!(secret > 2);
    // SAFETY: two plain numbers.
    let limited = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: 64, rlim_max: 64 }) };
    assert_eq!(limited, 0);
    while open(libc::O_CLOEXEC) >= 0 {}
    let error = sh(&format!("if [ -e /proc/self/fd/{secret} ]; then exit 1; fi")).exec();
    panic!("{error}");
}

#[test]
fn exec_replaces_the_process() {
    run("exec_in_place");
    run("exec_in_a_full_table");
}

fn dies_with_parent() {
    let (mut reader, writer) = Stream::pipe().unwrap();
    use std::os::fd::AsFd;
    // SAFETY: this is the only thread.
    match unsafe { fork() }.unwrap() {
        Fork::Child => {
            let mut cmd = sh("echo $$ >&7; exec sleep 100");
            let child = cmd.pass(7, writer.as_fd().as_raw_fd()).die_with_parent(Some("TERM")).start();
            // Until it has said something, and is there.
            let mut there = 0;
            while child.is_ok() && there == 0 {
                // SAFETY: an out-pointer.
                assert_eq!(unsafe { libc::ioctl(writer.as_fd().as_raw_fd(), libc::FIONREAD, &mut there) }, 0);
            }
            // SAFETY: ends the child without the harness.
            unsafe { libc::_exit(0) }
        }
        Fork::Parent(parent) => {
            drop(writer);
            assert!(parent.wait(Deadline::NEVER).unwrap().success());
            let mut all = Vec::new();
            // The sleeper has the other end.
            reader.timeout(Some(Duration::from_secs(20)));
            reader.read_to_end(&mut all).unwrap();
            assert!(!all.is_empty());
        }
    }
    let refused = std::thread::spawn(|| Cmd::new("true").die_with_parent(Some("KILL")).start().unwrap_err());
    assert_eq!(refused.join().unwrap().errno(), libc::EINVAL);
}

#[test]
fn a_child_can_die_with_its_parent() {
    run("dies_with_parent");
}

#[test]
fn a_busy_program_is_tried_again() {
    let dir = Dir::new("busy");
    let program = dir.path("program");
    std::fs::copy("/bin/true", &program).unwrap();
    let open = || std::fs::OpenOptions::new().append(true).open(&program).unwrap();
    let writes = open();
    assert_eq!(Cmd::new(program.clone()).start().unwrap_err().errno(), libc::ETXTBSY);
    drop(writes);
    // It is tried for 63 ms, and this machine may stand still for longer.
    assert!((0..20).any(|_| {
        let writes = open();
        let closes = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(10));
            drop(writes);
        });
        let ended = Cmd::new(program.clone()).run(Deadline::NEVER);
        closes.join().unwrap();
        ended.is_ok_and(|status| status.success())
    }));
}
