//! Pipe opens.

mod common;

use std::time::{Duration, Instant};

use perlipc::*;

common::scenarios![fork_forms, nothing_printed_twice];

#[test]
fn both_ways() {
    let mut stream = popen::open("echo out; exit 3|").unwrap();
    assert_eq!(stream.readline().unwrap(), Some(&b"out\n"[..]));
    assert_eq!(stream.readline().unwrap(), None);
    assert_eq!(stream.status(), None);
    assert_eq!(stream.close().unwrap().unwrap().code(), Some(3));
    assert_eq!(stream.status().unwrap().code(), Some(3));
    assert!(matches!(stream.close(), Err(Error::Closed { .. })));
    let mut stream = popen::open(" | read a; read b; test $a$b = onetwo && exit 4 ").unwrap();
    assert!(!stream.is_autoflush());
    stream.write(b"one\n").unwrap();
    stream.write(b"two\n").unwrap();
    assert_eq!(stream.close().unwrap().unwrap().code(), Some(4));
    // A list is never a shell's.
    let mut stream = popen::start(&Cmd::argv(["echo", "$HOME;", "*"]), Mode::Read).unwrap();
    assert_eq!(stream.readline().unwrap(), Some(&b"$HOME; *\n"[..]));
    assert!(stream.close().unwrap().unwrap().success());
    assert_eq!("-|".parse::<Mode>().unwrap(), Mode::Read);
    assert_eq!("|-".parse::<Mode>().unwrap(), Mode::Write);
    assert_eq!("<".parse::<Mode>().unwrap_err().errno(), libc::EINVAL);
}

#[test]
fn a_bogus_command() {
    for spec in ["|perlipc-bogus", "perlipc-bogus|", "| perlipc-bogus a b", "perlipc-bogus 2>&1 |"] {
        let error = popen::open(spec).unwrap_err();
        assert_eq!(error.to_string(), "exec perlipc-bogus: No such file or directory", "{spec}");
    }
    // Behind a shell: 127 at close; writing is EPIPE, never a signal.
    let mut stream = popen::open("| perlipc-bogus 2>/dev/null; exit 9").unwrap();
    let _ = stream.child().unwrap().wait(Deadline::NEVER).unwrap();
    stream.write(b"bang\n").unwrap();
    let error = stream.close().unwrap_err();
    assert_eq!((error.step(), error.errno()), ("write", libc::EPIPE));
    assert_eq!(stream.status().unwrap().code(), Some(9));
    let mut stream = popen::open("perlipc-bogus 2>/dev/null; exit $? |").unwrap();
    assert_eq!(stream.readline().unwrap(), None);
    assert_eq!(stream.close().unwrap().unwrap().code(), Some(127));
}

#[test]
fn what_is_no_pipe_open() {
    for (spec, says) in [
        ("| cat |", "bidirectional"),
        ("cat", "neither in front nor behind"),
        ("<cat|", "names a file"),
        (" > cat |", "names a file"),
        ("|", "missing command"),
        ("  |  ", "missing command"),
        ("||", "missing command"),
        ("-|", "fork"),
        ("|-", "fork"),
        ("", "neither"),
    ] {
        let error = popen::open(spec).unwrap_err();
        assert!(error.errno() == libc::EINVAL && error.to_string().contains(says), "{spec:?}: {error}");
    }
    let mut cmd = Cmd::new("cat");
    cmd.redirect(1, "null");
    assert_eq!(popen::start(&cmd, Mode::Read).unwrap_err().errno(), libc::EINVAL);
    assert!(popen::start(&cmd, Mode::Write).is_ok());
}

#[test]
fn closing_early() {
    // The writer meets the closed pipe, with SIGPIPE's default, as under Perl.
    let mut cmd = Cmd::argv(["yes"]);
    let mut stream = popen::start(cmd.default_signals(["PIPE"]), Mode::Read).unwrap();
    assert_eq!(stream.readline().unwrap(), Some(&b"y\n"[..]));
    assert_eq!(stream.close().unwrap().unwrap().signal(), Some(libc::SIGPIPE));
    // A child that goes on: close waits as long as it is allowed to, and can be asked again.
    let mut stream = popen::start(&Cmd::argv(["sleep", "100"]), Mode::Read).unwrap();
    stream.timeout(Some(Duration::from_millis(20)));
    let error = stream.close().unwrap_err();
    assert!(error.is_timeout() && error.step() == "close", "{error}");
    assert_eq!(stream.status(), None);
    stream.child().unwrap().kill("TERM").unwrap();
    stream.timeout(None);
    assert_eq!(stream.close().unwrap().unwrap().signal(), Some(libc::SIGTERM));
    // Dropping never waits.
    let mut cmd = Cmd::argv(["sleep", "100"]);
    let begin = Instant::now();
    drop(popen::start(cmd.end_on_drop(true), Mode::Read).unwrap());
    assert!(begin.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_socket_in_the_place_of_the_pipe() {
    for mode in [Mode::Read, Mode::Write] {
        let mut cmd = Cmd::argv(["sh", "-c", "test -S /proc/self/fd/$0 && exit 6"]);
        let fd = if mode == Mode::Read { 1 } else { 0 };
        cmd.arg(fd.to_string()).redirect(fd, "socket");
        let mut stream = popen::start(&cmd, mode).unwrap();
        assert_eq!(stream.close().unwrap().unwrap().code(), Some(6));
    }
}

#[test]
fn the_fork_form_is_refused_beside_other_threads() {
    std::thread::spawn(|| {
        // SAFETY: it is refused.
        let error = unsafe { popen::fork(Mode::Read, false) }.unwrap_err();
        assert!(matches!(error, Error::Threads { .. }), "{error}");
    })
    .join()
    .unwrap();
}

fn fork_forms() {
    // SAFETY: this is the only thread.
    match unsafe { popen::fork(Mode::Read, false) }.unwrap() {
        popen::ForkOpen::Child => {
            // SAFETY: one write, and the end without the harness.
            unsafe {
                libc::write(1, c"from the child\n".as_ptr().cast(), 15);
                libc::_exit(5)
            }
        }
        popen::ForkOpen::Parent(mut stream) => {
            assert_eq!(stream.readline().unwrap(), Some(&b"from the child\n"[..]));
            assert_eq!(stream.readline().unwrap(), None);
            assert_eq!(stream.close().unwrap().unwrap().code(), Some(5));
        }
    }
    // SAFETY: as above.
    match unsafe { popen::fork(Mode::Write, false) }.unwrap() {
        popen::ForkOpen::Child => {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            // SAFETY: the end without the harness.
            unsafe { libc::_exit(if line == "to the child\n" { 6 } else { 1 }) }
        }
        popen::ForkOpen::Parent(mut stream) => {
            stream.write(b"to the child\n").unwrap();
            assert_eq!(stream.close().unwrap().unwrap().code(), Some(6));
        }
    }
    common::no_child_is_left();
}

#[test]
fn both_fork_forms() {
    common::run("fork_forms");
}

/// What C's stdio holds when the process forks is printed once.
fn nothing_printed_twice() {
    unsafe extern "C" {
        static stdout: *mut libc::FILE;
    }
    // SAFETY: C strings, and C's own stream; this is the only thread.
    unsafe {
        libc::fputs(c"once\n".as_ptr(), stdout);
        match popen::fork(Mode::Read, false).unwrap() {
            popen::ForkOpen::Child => libc::exit(0),
            popen::ForkOpen::Parent(mut stream) => {
                assert_eq!(stream.readline().unwrap(), None);
                assert!(stream.close().unwrap().unwrap().success());
            }
        }
        libc::fflush(stdout);
    }
}

#[test]
fn the_fork_form_flushes_first() {
    assert_eq!(common::run("nothing_printed_twice"), "once\n");
}
