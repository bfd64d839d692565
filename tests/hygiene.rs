//! The host is as before after every public call, on the only thread and beside others.

mod common;

use std::os::fd::{AsFd, AsRawFd};
use std::time::Duration;

use common::Hygiene;
use perlipc::*;

common::scenarios![every_call, every_call_threaded];

/// Makes the call, drops what it gave, and looks.
#[track_caller]
fn look<T>(before: &Hygiene, what: &str, call: impl FnOnce() -> T) {
    drop(call());
    common::no_child_is_left();
    Hygiene::look().without_eventfds().is_as(before, what);
}

fn sleeper() -> Child {
    let mut cmd = Cmd::argv(["sleep", "100"]);
    cmd.end_on_drop(true).start().unwrap()
}

fn sh(script: &str) -> Cmd {
    Cmd::argv(["sh", "-c", script])
}

fn every_call() {
    // A host of its own kind: a mask, a disposition, a umask of its choice, a variable.
    // SAFETY: this process's own; no other thread sets anything.
    unsafe {
        libc::umask(0o27);
        libc::signal(libc::SIGUSR2, libc::SIG_IGN);
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, libc::SIGWINCH);
        libc::pthread_sigmask(libc::SIG_BLOCK, &set, std::ptr::null_mut());
    }
    let before = Hygiene::look().without_eventfds();
    let before = &before;
    let dir = common::Dir::new("hygiene");
    let late = || Deadline::after_ms(20_000);

    look(before, "start", || sh("exit 1").start().unwrap().wait(Deadline::NEVER).unwrap());
    look(before, "start with all", || {
        let mut cmd = sh("exit 1");
        cmd.argv0("x")
            .env("A", Some(b"b"))
            .env_clear()
            .dir("/")
            .redirect(0, "null")
            .redirect(1, "&2")
            .redirect(7, "null");
        cmd.umask(0o77).session(true).limit("core", Some(0), Some(0)).default_signals(["USR2"]);
        cmd.die_with_parent(Some("KILL")).redirect(8, format!(">{}", dir.path("out")));
        if common::is_root() {
            cmd.user(Some("65534"), Some("65534"));
        }
        cmd.start().unwrap().wait(Deadline::NEVER).unwrap()
    });
    look(before, "start, nothing there", || Cmd::new("/no/such").start().unwrap_err());
    look(before, "start, no directory", || Cmd::new("true").dir("/no/such").start().unwrap_err());
    look(before, "start, no file", || Cmd::new("true").redirect(0, "</no/such").start().unwrap_err());
    look(before, "start, no user", || Cmd::new("true").user(Some("perlipc-nobody"), None).start().unwrap_err());
    look(before, "failed exec", || {
        let mut cmd = Cmd::new("/no/such");
        cmd.umask(0).default_signals(["USR2"]).exec()
    });
    look(before, "run", || sh("exit 1").run(Deadline::NEVER).unwrap());
    look(before, "run, deadline", || sh("sleep 100; :").grace(Duration::ZERO).run(Deadline::after_ms(5)).unwrap_err());
    look(before, "system", || sh("sleep 100; :").grace(Duration::ZERO).system(Deadline::after_ms(5)).unwrap());
    look(before, "wait with a limit", || sh("exit 1").start().unwrap().wait(late()).unwrap());
    look(before, "wait, timeout", || sleeper().wait(Deadline::after_ms(2)).unwrap_err());
    look(before, "poll", || sleeper().poll().unwrap());
    look(before, "kill", || sleeper().kill("TERM").unwrap());
    look(before, "kill_tree", || sleeper().kill_tree("TERM").unwrap());
    look(before, "end", || sleeper().end(Duration::from_secs(20)).unwrap());
    look(before, "wait_any", || {
        let _child = sh("exit 1").start().unwrap();
        wait_any(late()).unwrap()
    });
    look(before, "wait_any, none", || wait_any(late()).unwrap_err());
    look(before, "wait_pid", || {
        let child = sh("exit 1").start().unwrap();
        wait_pid(child.pid(), Deadline::NEVER).unwrap()
    });
    look(before, "wait_pid, any", || {
        let _child = sh("exit 1").start().unwrap();
        wait_pid(-1, late()).unwrap()
    });
    look(before, "orphans", || {
        drop(sh("exit 1").start().unwrap());
        orphans()
    });
    look(before, "fork", || {
        // SAFETY: the child only exits.
        match unsafe { fork() }.unwrap() {
            Fork::Child => unsafe { libc::_exit(0) },
            Fork::Parent(child) => child.wait(Deadline::NEVER).unwrap(),
        }
    });
    look(before, "adopt a child", || {
        // SAFETY: the child only exits.
        let pid = match unsafe { libc::fork() } {
            0 => unsafe { libc::_exit(0) },
            pid => pid,
        };
        Child::adopt(pid).unwrap().wait(Deadline::NEVER).unwrap()
    });
    look(before, "popen, read", || popen::open("echo a|").map(|mut stream| stream.readline().map(|_| ())));
    look(before, "popen, write", || {
        let mut stream = popen::open("| cat >/dev/null").unwrap();
        stream.write(b"x").unwrap();
        stream.close().unwrap()
    });
    look(before, "popen, dropped", || popen::start(&Cmd::new("cat"), Mode::Write).unwrap());
    look(before, "popen, bogus", || popen::open("| perlipc-bogus").unwrap_err());
    look(before, "popen, broken pipe", || {
        let mut stream = popen::start(&Cmd::new("true"), Mode::Write).unwrap();
        let _ = stream.child().unwrap().wait(Deadline::NEVER).unwrap();
        stream.write(&[0; 100_000]).unwrap_err()
    });
    look(before, "popen, fork form", || {
        // SAFETY: the child only exits.
        match unsafe { popen::fork(Mode::Read, true) }.unwrap() {
            popen::ForkOpen::Child => unsafe { libc::_exit(0) },
            popen::ForkOpen::Parent(mut stream) => stream.close().unwrap(),
        }
    });
    look(before, "capture", || capture::run(&Cmd::new("cat"), Some(b"x"), Deadline::NEVER).unwrap());
    look(before, "capture, deadline", || {
        capture::run(sh("sleep 100").grace(Duration::ZERO), None, Deadline::after_ms(5)).unwrap()
    });
    look(before, "pipe", || {
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        writer.write(b"a\nb").unwrap();
        let _ = reader.readline().unwrap();
        reader.timeout(Some(Duration::from_millis(1)));
        let _ = reader.readline().unwrap_err();
        drop(reader);
        writer.write(b"x").unwrap_err()
    });
    look(before, "adopt, release", || {
        let (mut reader, _writer) = Stream::pipe().unwrap();
        let _ = Stream::adopt(reader.release().unwrap()).unwrap().as_fd().as_raw_fd();
    });
    look(before, "signals", || {
        signal::handle("USR1", |_| Ok(())).unwrap();
        signal::kill("USR1", std::process::id() as i32).unwrap();
        signal::dispatch(Deadline::NOW).unwrap();
        signal::ignore("USR1").unwrap();
        signal::default("USR1").unwrap();
        signal::disposition("USR1").map(|_| ())
    });
    look(before, "drop_privileges, nobody", || drop_privileges("perlipc-nobody", None).unwrap_err());
}

fn every_call_threaded() {
    std::thread::spawn(std::thread::park);
    every_call();
}

#[test]
fn on_the_only_thread() {
    common::run("every_call");
}

#[test]
fn beside_another_thread() {
    common::run("every_call_threaded");
}
