//! The newer system calls forbidden by seccomp, one by one and together: everything works as before, but for the one
//! thing that only the kernel could tell.

mod common;

use std::time::Duration;

use perlipc::*;

common::scenarios![everything, everything_threaded];

const PIDFD_GET_INFO: &str = "PIDFD_GET_INFO";
const PIDFD_SEND_SIGNAL: &str = "pidfd_send_signal";

/// What can be forbidden, by number; an ioctl by the number of its request.
static CALLS: &[(&str, i64)] = &[
    ("clone3", libc::SYS_clone3),
    ("pidfd_open", libc::SYS_pidfd_open),
    (PIDFD_SEND_SIGNAL, libc::SYS_pidfd_send_signal),
    ("epoll_pwait2", libc::SYS_epoll_pwait2),
    ("close_range", libc::SYS_close_range),
    (PIDFD_GET_INFO, libc::SYS_ioctl),
    ("preadv2", libc::SYS_preadv2),
    ("pwritev2", libc::SYS_pwritev2),
];

fn statement(code: u32, k: u32, jt: u8, jf: u8) -> libc::sock_filter {
    libc::sock_filter { code: code as u16, jt, jf, k }
}

/// From now on these calls are answered with the errno, here and in all children.
fn forbid(calls: &[(&str, i64)], errno: i32) {
    let load = libc::BPF_LD | libc::BPF_W | libc::BPF_ABS;
    let equal = libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K;
    let refuse = libc::SECCOMP_RET_ERRNO | errno as u32;
    let mut filter = vec![];
    for (name, number) in calls {
        filter.push(statement(load, 0, 0, 0));
        if *name == PIDFD_GET_INFO {
            filter.push(statement(equal, *number as u32, 0, 4));
            // The request, without the size that is part of its number.
            filter.push(statement(load, 24, 0, 0));
            filter.push(statement(libc::BPF_ALU | libc::BPF_AND | libc::BPF_K, 0xffff, 0, 0));
            filter.push(statement(equal, 0xff0b, 0, 1));
        } else {
            filter.push(statement(equal, *number as u32, 0, 1));
        }
        filter.push(statement(libc::BPF_RET | libc::BPF_K, refuse, 0, 0));
    }
    filter.push(statement(libc::BPF_RET | libc::BPF_K, libc::SECCOMP_RET_ALLOW, 0, 0));
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_mut_ptr() };
    // SAFETY: a whole program, read during the call.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
    }
}

/// Whether the kernel tells the status of a child that somebody else has reaped.
fn kernel_tells() -> bool {
    let child = Cmd::argv(["sh", "-c", "exit 5"]).start().unwrap();
    // SAFETY: an out-pointer.
    unsafe { libc::waitpid(child.pid(), std::ptr::null_mut(), 0) };
    child.wait(Deadline::after_ms(20_000)).unwrap().is_known()
}

fn everything() {
    let which = std::env::var("PERLIPC_FORBID").unwrap();
    let (name, errno) = which.split_once('=').unwrap();
    let errno = errno.parse().unwrap();
    // An EPERM of a signal's is believed: it is what the kernel says of somebody else's process.
    let is_meant = |call| (name == "all" && (call != PIDFD_SEND_SIGNAL || errno == libc::ENOSYS)) || name == call;
    let calls: Vec<_> = CALLS.iter().filter(|(call, _)| is_meant(*call)).copied().collect();
    assert!(!calls.is_empty());
    let told = if std::env::var_os("PERLIPC_THREADED").is_none() { kernel_tells_elsewhere() } else { true };
    forbid(&calls, errno);
    check(&which, told && !calls.iter().any(|(name, _)| *name == PIDFD_GET_INFO));
}

fn everything_threaded() {
    std::thread::spawn(std::thread::park);
    // SAFETY: the other thread does nothing.
    unsafe { std::env::set_var("PERLIPC_THREADED", "1") };
    everything();
}

/// In a forked process, so that nothing is known yet in this one.
fn kernel_tells_elsewhere() -> bool {
    // SAFETY: this is the only thread.
    unsafe {
        match libc::fork() {
            0 => libc::_exit(i32::from(kernel_tells())),
            pid => {
                let mut status = 0;
                libc::waitpid(pid, &mut status, 0);
                libc::WEXITSTATUS(status) == 1
            }
        }
    }
}

fn check(which: &str, stolen_is_known: bool) {
    let before = common::Hygiene::look();
    for round in 0..2 {
        // Start, wait, exec errors.
        assert_eq!(Cmd::argv(["sh", "-c", "exit 3"]).run(Deadline::NEVER).unwrap().code(), Some(3));
        let child = Cmd::argv(["sh", "-c", "exit 4"]).start().unwrap();
        assert_eq!(child.wait(Deadline::after_ms(20_000)).unwrap().code(), Some(4));
        let error = Cmd::new("perlipc-no-such-program").start().unwrap_err();
        assert_eq!(error.to_string(), "exec perlipc-no-such-program: No such file or directory");
        let error = Cmd::argv(["true"]).dir("/no/such/place").start().unwrap_err();
        assert_eq!((error.step(), error.path(), error.errno()), ("chdir", "/no/such/place", libc::ENOENT));

        // The child gets what it was given, and nothing that another library left open.
        // SAFETY: a C string; closed below.
        let left_open = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY) };
        let mut cmd = Cmd::shell("cd /proc/self/fd && echo [0-9]*");
        cmd.redirect(9, "null").redirect(2, "null");
        let listed = capture::run(&cmd, None, Deadline::after_ms(20_000)).unwrap();
        // SAFETY: opened above.
        unsafe { libc::close(left_open) };
        let listed = String::from_utf8_lossy(listed.output()).into_owned();
        // A shell has the directory open that it lists.
        let listed: Vec<&str> = listed.split_whitespace().filter(|fd| *fd != "3").collect();
        assert_eq!(listed, ["0", "1", "2", "9"], "{which}");

        // Streams and capture.
        let mut stream = popen::open("printf 'a\\nb'; exit 5 |").unwrap();
        stream.timeout(Some(Duration::from_secs(20)));
        assert_eq!(stream.readline().unwrap(), Some(&b"a\n"[..]));
        assert_eq!(stream.readline().unwrap(), Some(&b"b"[..]));
        assert_eq!(stream.readline().unwrap(), None);
        assert_eq!(stream.close().unwrap().unwrap().code(), Some(5));
        let text = vec![b'x'; 300_000];
        let got = capture::run(&Cmd::shell("tee /dev/stderr"), Some(&text), Deadline::after_ms(20_000)).unwrap();
        assert_eq!((got.output().len(), got.errors().len()), (text.len(), text.len()));
        let (mut reader, mut writer) = Stream::pipe().unwrap();
        writer.timeout(Some(Duration::from_millis(30)));
        reader.timeout(Some(Duration::from_millis(10)));
        assert!(reader.read(&mut [0; 1]).unwrap_err().is_timeout());
        assert!(writer.write(&text).unwrap_err().is_timeout());
        let mut all = Vec::new();
        while all.len() < text.len() {
            let mut room = [0; 50_000];
            let len = reader.read(&mut room).unwrap();
            all.extend_from_slice(&room[..len]);
            let _ = writer.flush();
        }
        assert!(all == text);
        drop(reader);
        // SIGPIPE has its default here, and would end this process.
        assert_eq!(writer.write(b"x").unwrap_err().errno(), libc::EPIPE);

        // Trees.
        let mut cmd = Cmd::shell("sleep 50 & sleep 50; exit 1");
        cmd.session(true);
        let mut tree = popen::start(&cmd, Mode::Read).unwrap();
        let child = tree.child().unwrap().clone();
        let reach = child.kill_tree("KILL").unwrap();
        assert!(reach.count >= 1, "{which}: {reach:?}");
        assert_eq!(child.wait(Deadline::after_ms(20_000)).unwrap().signal(), Some(libc::SIGKILL), "{which}");
        // All of them held the pipe.
        tree.timeout(Some(Duration::from_secs(20)));
        assert_eq!(tree.read(&mut [0; 1]).unwrap(), 0, "{which}: a descendant lives");
        let mut stubborn = Cmd::shell("trap '' TERM; echo; while :; do sleep 0.05; done");
        stubborn.grace(Duration::from_millis(50));
        // It says something when it is deaf.
        let run = |deadline| capture::run(&stubborn, None, deadline).unwrap();
        let got = common::when_it_came(run, |got| !got.output().is_empty());
        assert_eq!((got.status().signal(), got.timed_out()), (Some(libc::SIGKILL), true), "{which}");

        // One signal is one signal.
        let mut counts = popen::start(
            &Cmd::argv([
                "perl",
                "-e",
                "$|=1; $SIG{USR1}=sub{$n++}; print qq(r\\n); $e=time+20; select undef,undef,undef,.05 until $n or time>$e; select undef,undef,undef,.1; print $n",
            ]),
            Mode::Read,
        );
        match &mut counts {
            Ok(stream) => {
                stream.timeout(Some(Duration::from_secs(20)));
                stream.readline().unwrap();
                stream.child().unwrap().kill_tree("USR1").unwrap();
                assert_eq!(stream.readline().unwrap(), Some(&b"1"[..]), "{which}");
                stream.close().unwrap();
            }
            Err(error) => common::skipped("a signal comes once", &error.to_string()),
        }

        // Forks, and what they leave to wait for.
        // SAFETY: the child only exits.
        match unsafe { fork() }.unwrap() {
            Fork::Child => unsafe { libc::_exit(6) },
            Fork::Parent(child) => {
                assert_eq!(wait_any(Deadline::after_ms(20_000)).unwrap(), (child.pid(), Status::from_raw(6 << 8)));
            }
        }
        let child = Cmd::argv(["sh", "-c", "exit 7"]).start().unwrap();
        assert_eq!(wait_pid(-1, Deadline::after_ms(20_000)).unwrap(), (child.pid(), Status::from_raw(7 << 8)));
        assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(7));

        // A stolen status is known or unknown, never wrong.
        let child = Cmd::argv(["sh", "-c", "exit 8"]).start().unwrap();
        // SAFETY: no out-pointer.
        unsafe { libc::waitpid(child.pid(), std::ptr::null_mut(), 0) };
        let status = child.wait(Deadline::after_ms(20_000)).unwrap();
        let wanted = if stolen_is_known { Some(8) } else { None };
        assert_eq!((status.code(), status.is_known()), (wanted, stolen_is_known), "{which}, round {round}");
        common::no_child_is_left();
    }
    killed_beside_a_wait(which);
    // The eventfd that a thread waits beside, where there are several, is kept.
    common::Hygiene::look().without_eventfds().is_as(&before.without_eventfds(), which);
}

/// A thread that waits for a child does not keep another one from ending it.
fn killed_beside_a_wait(which: &str) {
    let child = Cmd::argv(["sleep", "50"]).start().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let waits = child.clone();
    let waiter = std::thread::Builder::new().spawn(move || {
        // SAFETY: no arguments.
        tell.send(unsafe { libc::gettid() }).unwrap();
        waits.wait(Deadline::NEVER).unwrap().signal()
    });
    let Ok(waiter) = waiter else {
        // The C library makes no thread where clone3 is forbidden by EPERM.
        assert_eq!(child.end(Duration::ZERO).unwrap().signal(), Some(libc::SIGKILL), "{which}");
        return;
    };
    let status = format!("/proc/self/task/{}/stat", told.recv().unwrap());
    assert!(common::eventually(|| std::fs::read_to_string(&status).is_ok_and(|text| text.contains(") S "))));
    let begin = std::time::Instant::now();
    child.kill("TERM").unwrap();
    assert!(begin.elapsed() < Duration::from_secs(20), "{which}: it waited for the other thread");
    assert_eq!(waiter.join().unwrap(), Some(libc::SIGTERM), "{which}");
}

/// Most of its time a run waits: those of both errnos go side by side.
fn each(scenario: &str) {
    let with = |errno: i32| {
        let calls = CALLS.iter().chain([&("all", 0)]).map(|(name, _)| *name);
        let calls: Vec<_> = calls.filter(|name| *name != PIDFD_SEND_SIGNAL || errno != libc::EPERM).collect();
        for name in &calls {
            common::run_with(scenario, "PERLIPC_FORBID", &format!("{name}={errno}"));
        }
        calls.len()
    };
    let runs = std::thread::scope(|scope| {
        let refused = scope.spawn(|| with(libc::EPERM));
        with(libc::ENOSYS) + refused.join().unwrap()
    });
    common::say(&format!("sandboxes, {scenario}: {runs}"));
}

#[test]
fn single() {
    each("everything");
}

#[test]
fn threaded() {
    each("everything_threaded");
}
