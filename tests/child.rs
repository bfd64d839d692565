//! Children: no status is lost, no stranger is signalled, nothing is left.

mod common;

use std::collections::BTreeSet;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use common::{eventually, no_child_is_left, run, scale, skipped};
use perlipc::*;

common::scenarios![
    any_of_ours,
    any_beside_a_start,
    more_children_than_descriptors,
    killed_by_its_number,
    fewer_descriptors_allowed_than_open,
    told_without_a_handle,
    any_at_all,
    groups,
    orphan_list,
    many_orphans,
    thief,
    ignored,
    inherited_handle,
    adopted,
    trees,
    fork_ends_at_once,
    fork_that_reaps,
    fork_beside_a_change,
    forked_beside_threads,
    in_the_group_of_a_child,
    user_changed_beside_a_watch,
    traced,
    fork_that_starts,
];

fn sh(script: &str) -> Child {
    Cmd::argv(["sh", "-c", script]).start().unwrap()
}

fn sleeper() -> Child {
    let mut cmd = Cmd::argv(["sleep", "100"]);
    cmd.end_on_drop(true).start().unwrap()
}

/// Whether the kernel tells the status of a child that somebody else has reaped (Linux 6.15).
fn kernel_tells() -> bool {
    let child = sh("exit 5");
    // SAFETY: no out-pointer.
    unsafe { libc::waitpid(child.pid(), std::ptr::null_mut(), 0) };
    let status = child.wait(Deadline::after_ms(20_000)).unwrap();
    assert!(!status.is_known() || status.code() == Some(5), "{status}");
    status.is_known()
}

#[test]
fn wait_answers_again_and_in_time() {
    let child = sh("exit 3");
    for _ in 0..3 {
        assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(3));
        assert_eq!(child.wait(Deadline::NOW).unwrap().code(), Some(3));
        assert_eq!(child.poll().unwrap().unwrap().code(), Some(3));
    }
    let child = sleeper();
    assert_eq!(child.poll().unwrap(), None);
    let begin = Instant::now();
    let error = child.wait(Deadline::after_ms(30)).unwrap_err();
    assert_eq!(error.to_string(), format!("wait {}: timed out", child.pid()));
    assert!(begin.elapsed() >= Duration::from_millis(30));
    // Threads that wait for the same one, with and without a limit, while another ends it.
    let waits: Vec<_> = (0..6)
        .map(|n| {
            let child = child.clone();
            let deadline = if n % 2 == 0 { Deadline::NEVER } else { Deadline::after_ms(60_000) };
            std::thread::spawn(move || child.wait(deadline).unwrap())
        })
        .collect();
    child.kill("TERM").unwrap();
    for wait in waits {
        assert_eq!(wait.join().unwrap().signal(), Some(libc::SIGTERM));
    }
}

#[test]
fn a_dead_child_is_not_signalled() {
    let child = sleeper();
    child.kill("0").unwrap();
    child.kill("SIGKILL").unwrap();
    assert_eq!(child.wait(Deadline::NEVER).unwrap().to_string(), "killed by KILL");
    for signal in ["0", "TERM"] {
        let error = child.kill(signal).unwrap_err();
        assert_eq!((error.step(), error.errno()), ("kill", libc::ESRCH));
        assert_eq!(child.kill_tree(signal).unwrap_err().errno(), libc::ESRCH);
    }
    assert_eq!(child.kill("NOSUCH").unwrap_err().errno(), libc::EINVAL);
    assert_eq!(child.end(Duration::ZERO).unwrap().signal(), Some(libc::SIGKILL));
}

#[test]
fn end_asks_first() {
    let begin = Instant::now();
    assert_eq!(sleeper().end(Duration::from_secs(60)).unwrap().signal(), Some(libc::SIGTERM));
    assert_eq!(sleeper().end(Duration::ZERO).unwrap().signal(), Some(libc::SIGKILL));
    let mut stubborn = popen::open("trap '' TERM; echo ready; while :; do sleep 0.01; done |").unwrap();
    stubborn.readline().unwrap();
    let child = stubborn.child().unwrap().clone();
    assert_eq!(child.end(Duration::from_millis(50)).unwrap().signal(), Some(libc::SIGKILL));
    let mut polite = popen::open("trap 'exit 4' TERM; echo ready; while :; do sleep 0.01; done |").unwrap();
    polite.readline().unwrap();
    assert_eq!(polite.child().unwrap().end(Duration::from_secs(60)).unwrap().code(), Some(4));
    assert!(begin.elapsed() < Duration::from_secs(30));
}

/// The child goes at TERM, what it has started does not; its end of the pipe shows that it has gone all the same.
#[test]
fn end_takes_those_that_do_not_listen() {
    let script = "(trap '' TERM; echo deaf; exec sleep 100) & exec sleep 100 |";
    let mut stream = popen::open(script).unwrap();
    stream.readline().unwrap();
    let child = stream.child().unwrap().clone();
    assert_eq!(child.end(Duration::from_secs(1)).unwrap().signal(), Some(libc::SIGTERM));
    stream.timeout(Some(Duration::from_secs(60)));
    assert_eq!(stream.readline().unwrap(), None);
    // One that takes its time has it.
    let script = "(trap 'sleep 0.1; echo went; exit' TERM; echo up; while :; do sleep 0.01; done) & exec sleep 100 |";
    let mut stream = popen::open(script).unwrap();
    stream.readline().unwrap();
    let child = stream.child().unwrap().clone();
    assert_eq!(child.end(Duration::from_secs(60)).unwrap().signal(), Some(libc::SIGTERM));
    assert_eq!(stream.readline().unwrap(), Some(&b"went\n"[..]));
    // And a limit takes them, whatever they have done with their output.
    let (mut reader, writer) = Stream::pipe().unwrap();
    let mut cmd = Cmd::shell("(trap '' TERM; exec sleep 100 >/dev/null) & exec sleep 100");
    cmd.grace(Duration::from_millis(50)).pass(3, writer.as_fd().as_raw_fd());
    let said = capture::run(&cmd, None, Deadline::after_ms(100)).unwrap();
    assert!(said.timed_out());
    drop(writer);
    reader.timeout(Some(Duration::from_secs(60)));
    assert_eq!(reader.readline().unwrap(), None);
}

/// A child that is started while another thread is about to wait for any is seen by that: aimed at the window.
fn any_beside_a_start() {
    let slow = sleeper();
    let (begin, mut random) = (Arc::new(std::sync::Barrier::new(2)), common::Random(1));
    for _ in 0..scale(20_000) {
        let other = begin.clone();
        let starts = std::thread::spawn(move || {
            other.wait();
            Cmd::argv(["true"]).start().unwrap()
        });
        begin.wait();
        let aim = Instant::now() + Duration::from_nanos(random.below(1_000_000));
        while Instant::now() < aim {
            std::hint::spin_loop();
        }
        let (pid, status) = wait_any(Deadline::after_ms(60_000)).unwrap();
        assert!(status.success());
        assert_eq!(starts.join().unwrap().pid(), pid);
    }
    slow.kill("KILL").unwrap();
    assert_eq!(slow.wait(Deadline::NEVER).unwrap().signal(), Some(libc::SIGKILL));
}

/// Without a descriptor for each, and none for who waits, every one is told.
fn more_children_than_descriptors() {
    // SAFETY: plain numbers, descriptors of its own, and children that only exit.
    unsafe {
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: 64, rlim_max: 64 }), 0);
        let spare: Vec<i32> = (0..4).map(|_| libc::dup(0)).collect();
        for free in [false, true] {
            let handles: Vec<Child> = (0..200)
                .map(|_| match fork().unwrap() {
                    Fork::Child => libc::_exit(9),
                    Fork::Parent(child) => child,
                })
                .collect();
            let mut children: BTreeSet<i32> = handles.iter().map(Child::pid).collect();
            for fd in spare.iter().filter(|_| free) {
                libc::close(*fd);
            }
            while !children.is_empty() {
                let (pid, status) = wait_any(Deadline::after_ms(60_000)).unwrap();
                assert!(children.remove(&pid));
                assert_eq!(status.code(), Some(9));
            }
        }
    }
    no_child_is_left();
}

/// A limit that is lowered later, below what is open, keeps nobody's end from being told.
fn fewer_descriptors_allowed_than_open() {
    let children: Vec<Child> = (0..20).map(|_| sleeper()).collect();
    let ends: Vec<_> = children.iter().map(|child| child.exit_pipe().unwrap()).collect();
    // SAFETY: plain numbers.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: 8, rlim_max: 8 }) }, 0);
    for (child, end) in children.iter().zip(&ends) {
        assert!(wait_any(Deadline::NOW).unwrap_err().is_timeout());
        child.kill("KILL").unwrap();
        let mut end = libc::pollfd { fd: end.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one entry.
        assert_eq!(unsafe { libc::poll(&mut end, 1, 60_000) }, 1);
        assert_eq!(wait_any(Deadline::after_ms(60_000)).unwrap().0, child.pid());
    }
}

/// A child without a pidfd is waited for by a thread alone until a handler starts another, which ends it.
fn killed_by_its_number() {
    // SAFETY: plain numbers, descriptors of its own, and a child that only sleeps.
    let child = unsafe {
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: 64, rlim_max: 64 }), 0);
        let all: Vec<i32> = std::iter::repeat_with(|| libc::dup(0)).take_while(|fd| *fd >= 0).collect();
        let forked = fork().unwrap();
        all.iter().for_each(|fd| assert_eq!(libc::close(*fd), 0));
        match forked {
            Fork::Child => libc::_exit(libc::sleep(40) as i32),
            Fork::Parent(child) => child,
        }
    };
    assert!(child.pidfd().is_none());
    let ends = child.clone();
    signal::handle("USR1", move |_| {
        let ends = ends.clone();
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(100));
            ends.kill("KILL").unwrap();
        });
        Ok(())
    })
    .unwrap();
    // SAFETY: a plain number. It is due when the wait begins.
    assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
    assert_eq!(child.wait(Deadline::NEVER).unwrap().signal(), Some(libc::SIGKILL));
}

fn any_of_ours() {
    assert_eq!(wait_any(Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    let quick: Vec<Child> = (0..20).map(|n| sh(&format!("exit {n}"))).collect();
    let slow = sleeper();
    let mut found = BTreeSet::new();
    for _ in 0..20 {
        let (pid, status) = wait_any(Deadline::after_ms(60_000)).unwrap();
        let at = quick.iter().position(|child| child.pid() == pid).unwrap();
        assert_eq!(status.code(), Some(at as i32));
        assert!(found.insert(pid), "told twice");
    }
    assert!(wait_any(Deadline::NOW).unwrap_err().is_timeout());
    assert!(wait_any(Deadline::after_ms(5)).unwrap_err().is_timeout());
    for (n, child) in quick.iter().enumerate() {
        assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(n as i32));
    }
    // One that is started while another thread waits is seen by it.
    let waits = std::thread::spawn(|| wait_any(Deadline::after_ms(60_000)).unwrap());
    std::thread::sleep(Duration::from_millis(20));
    let late = sh("exit 7");
    assert_eq!(waits.join().unwrap(), (late.pid(), Status::from_raw(7 << 8)));
    slow.kill("KILL").unwrap();
    assert_eq!(wait_any(Deadline::NEVER).unwrap().0, slow.pid());
    assert_eq!(wait_any(Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    // One that somebody waited for by its handle is told already; a dropped one is not.
    let _ = sh("exit 1").wait(Deadline::NEVER).unwrap();
    assert_eq!(wait_any(Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    let pid = sh("sleep 0.05; exit 2").pid();
    assert_eq!(wait_any(Deadline::NEVER).unwrap(), (pid, Status::from_raw(2 << 8)));
    no_child_is_left();
}

/// Who keeps no handle, as a Perl program that forks in a loop, is told of each end all the same, however late it asks.
fn told_without_a_handle() {
    let ended = |pid: i32| {
        let stat = || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // In one look: between two it may go from one of these to another.
        assert!(eventually(|| {
            let stat = stat();
            ![") R", ") S", ") D"].iter().any(|runs| stat.contains(runs))
        }));
    };
    let drop_when_ended = |n: i32| {
        let child = sh(&format!("exit {n}"));
        ended(child.pid());
        child.pid()
    };
    let end_when_dropped = |n: i32| {
        let pid = sh(&format!("sleep 0.1; exit {n}")).pid();
        ended(pid);
        pid
    };
    let told = |code: i32, pid: i32| (pid, Status::from_raw(code << 8));
    let pids = [drop_when_ended(1), end_when_dropped(2), drop_when_ended(3), end_when_dropped(4)];
    // A start sweeps them up.
    let _ = sh("exit 5").wait(Deadline::NEVER).unwrap();
    assert_eq!(wait_pid(pids[2], Deadline::NEVER).unwrap(), told(3, pids[2]));
    assert_eq!(wait_pid(pids[2], Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    let mut all = vec![wait_any(Deadline::NEVER).unwrap(), wait_pid(-1, Deadline::NOW).unwrap()];
    all.push(wait_any(Deadline::NOW).unwrap());
    all.sort_by_key(|(_, status)| status.raw());
    assert_eq!(all, [told(1, pids[0]), told(2, pids[1]), told(4, pids[3])]);
    assert_eq!(wait_any(Deadline::NOW).unwrap_err().errno(), libc::ECHILD);
    assert_eq!(wait_pid(-1, Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    // One that was to end with its handle is nobody's business.
    drop(sleeper());
    assert!(common::eventually(|| orphans() == 0));
    // A captured command's end was told by that, and is nobody else's.
    capture::run(&Cmd::argv(["true"]), None, Deadline::NEVER).unwrap();
    assert_eq!(wait_any(Deadline::NOW).unwrap_err().errno(), libc::ECHILD);
    // Who never asks does not pay for it without end.
    for _ in 0..1030 {
        drop(Cmd::argv(["true"]).start().unwrap());
    }
    assert!(common::eventually(|| orphans() == 0));
    let kept = std::iter::from_fn(|| wait_any(Deadline::NOW).ok()).count();
    assert_eq!(kept, 1024);
    no_child_is_left();
}

fn any_at_all() {
    assert_eq!(wait_pid(-1, Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    assert_eq!(wait_pid(-1, Deadline::NOW).unwrap_err().errno(), libc::ECHILD);
    // SAFETY: this is the only thread.
    let stranger = match unsafe { libc::fork() } {
        0 => unsafe { libc::_exit(9) },
        pid => pid,
    };
    assert_eq!(wait_pid(-1, Deadline::NEVER).unwrap(), (stranger, Status::from_raw(9 << 8)));
    let ours = sh("exit 8");
    assert_eq!(wait_pid(-1, Deadline::after_ms(60_000)).unwrap(), (ours.pid(), Status::from_raw(8 << 8)));
    // Perl's wait would have robbed the handle of it.
    assert_eq!(ours.wait(Deadline::NEVER).unwrap().code(), Some(8));
    assert_eq!(wait_pid(ours.pid(), Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    let child = sh("exit 6");
    assert_eq!(wait_pid(child.pid(), Deadline::NEVER).unwrap().1.code(), Some(6));
    assert_eq!(wait_pid(child.pid(), Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    let child = sleeper();
    assert!(wait_pid(child.pid(), Deadline::after_ms(5)).unwrap_err().is_timeout());
    assert!(wait_pid(-1, Deadline::after_ms(5)).unwrap_err().is_timeout());
    let _ = child.end(Duration::ZERO).unwrap();
    assert_eq!(wait_pid(1, Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    no_child_is_left();
}

fn groups() {
    let mut cmd = Cmd::argv(["sh", "-c", "exit 3"]);
    let leader = cmd.process_group(0).start().unwrap();
    let other = sh("exit 4");
    assert_eq!(wait_pid(-leader.pid(), Deadline::NEVER).unwrap(), (leader.pid(), Status::from_raw(3 << 8)));
    assert_eq!(wait_pid(0, Deadline::NEVER).unwrap(), (other.pid(), Status::from_raw(4 << 8)));
    assert_eq!(wait_pid(0, Deadline::NEVER).unwrap_err().errno(), libc::ECHILD);
    no_child_is_left();
}

fn orphan_list() {
    let mut child = Cmd::argv(["cat"]);
    let mut held = popen::start(&child, Mode::Write).unwrap();
    let pid = held.child().unwrap().pid();
    held.write(b"").unwrap();
    assert_eq!(orphans(), 0);
    let end = held.release().unwrap();
    let begin = Instant::now();
    drop(held);
    assert!(begin.elapsed() < Duration::from_secs(20));
    assert_eq!(orphans(), 1);
    // SAFETY: nothing is sent.
    assert_eq!(unsafe { libc::kill(pid, 0) }, 0, "dropping must not end it");
    drop(end);
    assert!(common::eventually(|| orphans() == 0));
    // SAFETY: nothing is sent.
    assert_eq!(unsafe { libc::kill(pid, 0) }, -1, "a zombie is left");
    // Ended with its last handle.
    let child = child.redirect(0, "null").end_on_drop(true).start().unwrap();
    let clone = child.clone();
    drop(child);
    assert!(matches!(clone.poll(), Ok(None)) || clone.poll().unwrap().is_some());
    drop(sleeper());
    drop(clone);
    no_child_is_left();
    assert_eq!(orphans(), 0);
}

/// A start asks a few of them, the next start the next few.
fn many_orphans() {
    let (reader, writer) = Stream::pipe().unwrap();
    let mut cmd = Cmd::argv(["cat"]);
    cmd.redirect(1, "null").pass(0, reader.as_fd().as_raw_fd());
    let pids: Vec<_> = (0..100).map(|_| cmd.start().unwrap().pid()).collect();
    drop((reader, writer));
    let ended = || {
        let state = |pid: &i32| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        pids.iter().filter(|pid| state(pid).contains(") Z ")).count()
    };
    assert!(eventually(|| ended() == pids.len()));
    let mut left = vec![];
    for _ in 0..4 {
        assert!(Cmd::argv(["true"]).run(Deadline::NEVER).unwrap().success());
        left.push(ended());
    }
    assert_eq!(left, [68, 36, 4, 0]);
    no_child_is_left();
}

/// Another thread reaps whatever it can get.
fn thief() {
    let tells = kernel_tells();
    let stop = Arc::new(AtomicBool::new(false));
    let steals = {
        let stop = stop.clone();
        std::thread::spawn(move || {
            let mut stolen = 0;
            while !stop.load(Ordering::Relaxed) {
                // SAFETY: no out-pointer.
                if unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0 {
                    stolen += 1;
                }
            }
            stolen
        })
    };
    let right = |status: Status, code: i32| {
        assert!(status.code() == Some(code) || (!tells && !status.is_known()), "{status} for {code}");
    };
    for n in 0..scale(2000) as i32 {
        let code = n % 100;
        let script = format!("exit {code}");
        match n % 5 {
            0 => right(sh(&script).wait(Deadline::NEVER).unwrap(), code),
            1 => right(sh(&script).wait(Deadline::after_ms(60_000)).unwrap(), code),
            2 => {
                let child = sh(&script);
                match wait_any(Deadline::NEVER) {
                    Ok((pid, status)) if pid == child.pid() => right(status, code),
                    other => panic!("{other:?}"),
                }
            }
            3 => {
                let got = capture::run(&Cmd::shell(format!("echo; {script}")), None, Deadline::NEVER).unwrap();
                right(got.status(), code);
            }
            _ => {
                let error = Cmd::new("/no/such/program").start().unwrap_err();
                assert_eq!(error.errno(), libc::ENOENT);
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(steals.join().unwrap() > 0, "nothing was stolen");
    if !tells {
        skipped("a stolen status is known", "the kernel does not keep it (Linux 6.15 does)");
    }
}

fn ignored() {
    let tells = kernel_tells();
    signal::ignore("CHLD").unwrap();
    for n in 0..scale(500) as i32 {
        let script = format!("exit {}", n % 100);
        let status = match n % 6 {
            0 => sh(&script).wait(Deadline::NEVER).unwrap(),
            1 => sh(&script).wait(Deadline::after_ms(60_000)).unwrap(),
            3 | 4 => {
                let child = sh(&script);
                let deadline = if n % 6 == 3 { Deadline::NEVER } else { Deadline::after_ms(60_000) };
                let (pid, status) = wait_pid(-1, deadline).unwrap();
                assert_eq!(pid, child.pid());
                assert_eq!(wait_pid(-1, deadline).unwrap_err().errno(), libc::ECHILD);
                assert_eq!(child.wait(Deadline::NEVER).unwrap(), status);
                status
            }
            2 => Cmd::argv(["sh", "-c", &script]).run(Deadline::NEVER).unwrap(),
            _ => {
                let child = sh(&script);
                let (pid, status) = wait_any(Deadline::NEVER).unwrap();
                assert_eq!(pid, child.pid());
                status
            }
        };
        assert!(status.code() == Some(n % 100) || (!tells && !status.is_known()), "{status} for {n}");
    }
    // The child inherits it, as in Perl.
    signal::default("CHLD").unwrap();
}

/// Which state another thread of this process is in: "S" sleeps.
fn thread_states() -> Vec<String> {
    let stat = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("stat")).unwrap_or_default();
    let state = |stat: String| stat.rsplit(") ").next().unwrap_or("").chars().take(1).collect();
    std::fs::read_dir("/proc/self/task").unwrap().map(|task| state(stat(task.unwrap()))).collect()
}

/// What threads of the parent were inside of when it forked stands in nobody's way in the new process.
fn forked_beside_threads() {
    let child = sleeper();
    let (mut reader, _writer) = Stream::pipe().unwrap();
    let canceler = reader.canceler();
    std::thread::scope(|scope| {
        scope.spawn(|| reader.read(&mut [0; 8]).unwrap_err());
        scope.spawn(|| child.wait(Deadline::NEVER).unwrap());
        while thread_states().iter().filter(|state| *state == "S").count() < 2 {
            std::thread::yield_now();
        }
        // SAFETY: both threads sleep in system calls.
        match unsafe { fork() }.unwrap() {
            Fork::Child => {
                // SAFETY: plain numbers; what hangs ends by SIGALRM.
                unsafe { libc::alarm(30) };
                let code = match (canceler.close(Deadline::NEVER), child.wait(Deadline::NEVER), sh("exit 5")) {
                    (Err(_), ..) => 1,
                    (_, Ok(_), _) => 2,
                    (.., own) => own.wait(Deadline::NEVER).ok().and_then(Status::code).map_or(3, |code| code - 5),
                };
                // SAFETY: ends the child without the harness.
                unsafe { libc::_exit(code) }
            }
            Fork::Parent(forked) => assert_eq!(forked.wait(Deadline::NEVER).unwrap(), Status::from_raw(0)),
        }
        // The parent's own are as they were.
        child.kill("KILL").unwrap();
        canceler.cancel();
    });
}

/// A process that has joined its child's group does not descend from that: it would stop itself, and nobody else goes on.
fn in_the_group_of_a_child() {
    // SAFETY: this is the only thread.
    match unsafe { fork() }.unwrap() {
        Fork::Child => {
            let child = Cmd::argv(["sleep", "1000"]).process_group(0).start().unwrap();
            // SAFETY: plain numbers.
            let joined = unsafe { libc::setpgid(0, child.pid()) };
            let ended = child.end(Duration::from_secs(20)).ok().and_then(Status::signal);
            // SAFETY: ends the child without the harness.
            unsafe { libc::_exit(i32::from(joined != 0 || ended != Some(libc::SIGTERM))) }
        }
        Fork::Parent(forked) => {
            let status = forked.wait(Deadline::after_ms(20_000));
            let _ = forked.kill("KILL");
            assert_eq!(status.unwrap(), Status::from_raw(0));
        }
    }
}

#[test]
fn who_ends_a_tree_is_no_part_of_it() {
    run("in_the_group_of_a_child");
}

/// A handle that came over fork is not the new process's child.
fn inherited_handle() {
    let child = sleeper();
    // SAFETY: this is the only thread.
    match unsafe { fork() }.unwrap() {
        Fork::Child => {
            let code = (|| {
                let no_child = |result: Result<Status>| result.is_err_and(|error| error.errno() == libc::ECHILD);
                if !no_child(child.wait(Deadline::NEVER)) || !no_child(child.wait(Deadline::after_ms(5))) {
                    return 1;
                }
                if !wait_any(Deadline::NEVER).is_err_and(|error| error.errno() == libc::ECHILD) {
                    return 2;
                }
                drop(child);
                if orphans() != 0 {
                    return 3;
                }
                // It can have children of its own.
                if sh("exit 5").wait(Deadline::NEVER).ok().and_then(Status::code) != Some(5) {
                    return 4;
                }
                0
            })();
            // SAFETY: ends the child without the harness.
            unsafe { libc::_exit(code) }
        }
        Fork::Parent(forked) => assert_eq!(forked.wait(Deadline::NEVER).unwrap().code(), Some(0)),
    }
    // Its drop over there, with end_on_drop, has not killed it.
    assert_eq!(child.poll().unwrap(), None);
    let _ = child.end(Duration::ZERO).unwrap();
    no_child_is_left();
}

fn adopted() {
    // SAFETY: this is the only thread.
    let pid = match unsafe { libc::fork() } {
        0 => unsafe { libc::_exit(9) },
        pid => pid,
    };
    let child = Child::adopt(pid).unwrap();
    assert_eq!(Child::adopt(pid).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(9));
    assert_eq!(Child::adopt(pid).unwrap_err().errno(), libc::ECHILD);
    assert_eq!(Child::adopt(1).unwrap_err().errno(), libc::ECHILD);
    assert_eq!(Child::adopt(0).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(Child::adopt(-5).unwrap_err().errno(), libc::EINVAL);
    no_child_is_left();
}

/// Whether it has ended: a zombie of somebody else's counts as ended.
fn is_gone(pid: i32) -> bool {
    match std::fs::read_to_string(format!("/proc/{pid}/stat")) {
        Ok(stat) => stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('Z') || rest.starts_with('X')),
        Err(_) => true,
    }
}

fn trees() {
    // Three generations, one of which has left the parent chain but not the session.
    let script =
        "echo $$; sh -c 'echo $$; sleep 100 & echo $!; wait' & (sh -c 'echo $$; exec sleep 100' &); sleep 100; :";
    for (signal, session) in [("KILL", false), ("KILL", true), ("TERM", true)] {
        let mut cmd = Cmd::argv(["sh", "-c", script]);
        let mut stream = popen::start(cmd.session(session), Mode::Read).unwrap();
        let pids: Vec<i32> = (0..4)
            .map(|_| String::from_utf8_lossy(stream.readline().unwrap().unwrap()).trim().parse().unwrap())
            .collect();
        let child = stream.child().unwrap().clone();
        assert!(pids.contains(&child.pid()));
        let reach = child.kill_tree(signal).unwrap();
        assert_eq!(reach.how, How::Sweep);
        // Without a session the runaway is not found.
        assert!(reach.count >= if session { 4 } else { 3 }, "{reach:?}");
        assert!(child.wait(Deadline::after_ms(60_000)).unwrap().signal().is_some());
        if session {
            assert!(common::eventually(|| pids.iter().all(|pid| is_gone(*pid))), "{pids:?}");
        } else {
            // The runaway is nobody's descendant any more: only a session finds it.
            for pid in pids {
                // SAFETY: started above.
                unsafe { libc::kill(pid, libc::SIGKILL) };
            }
        }
    }
    // Where the last descriptor is gone nobody can be looked at: then nobody is believed to be no descendant.
    let mut stream = popen::start(&Cmd::argv(["sh", "-c", "sleep 100 & echo $!; wait"]), Mode::Read).unwrap();
    let pid: i32 = String::from_utf8_lossy(stream.readline().unwrap().unwrap()).trim().parse().unwrap();
    let child = stream.child().unwrap().clone();
    let mut before: libc::rlimit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: an out-pointer.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut before) };
    // SAFETY: a pointer to plain numbers.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: 64, ..before }) };
    let mut held = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        held.push(file);
    }
    held.pop();
    let stopped = child.kill_tree("STOP");
    drop(held);
    // SAFETY: as above.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &before) };
    assert_eq!(child.kill_tree("KILL").unwrap().count, 2);
    assert!(common::eventually(|| is_gone(pid)));
    assert_eq!(stream.close().unwrap().unwrap().signal(), Some(libc::SIGKILL));
    assert_eq!(stopped.unwrap_err().errno(), libc::EMFILE);
    // A shower of forks is caught too.
    let mut cmd = Cmd::argv(["sh", "-c", "echo; while :; do sleep 100 & done"]);
    let mut stream = popen::start(cmd.session(true), Mode::Read).unwrap();
    stream.readline().unwrap();
    let reach = stream.child().unwrap().kill_tree("KILL").unwrap();
    assert!(reach.count >= 1);
    // All had the pipe.
    stream.timeout(Some(Duration::from_secs(20)));
    assert_eq!(stream.readline().unwrap(), None);
    assert_eq!(stream.close().unwrap().unwrap().signal(), Some(libc::SIGKILL));
    no_child_is_left();
}

fn fork_ends_at_once() {
    let mut held = Vec::new();
    for n in 0..scale(1000) as i32 {
        // SAFETY: the child only exits.
        match unsafe { fork() }.unwrap() {
            Fork::Child => unsafe { libc::_exit(n % 100) },
            Fork::Parent(child) => {
                assert!(child.pidfd().is_some());
                held.push((n % 100, child));
            }
        }
    }
    for (code, child) in held {
        assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(code));
    }
    no_child_is_left();
}

/// What a host runs in the parent around its fork may reap all that has ended: the new child has not, before it is held.
fn fork_that_reaps() {
    let host = || {
        // SAFETY: the only thread.
        let pid = unsafe { libc::fork() };
        if pid > 0 {
            // It waits for its parent, or has ended.
            let state = || {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
                stat.rsplit(") ").next().unwrap().chars().next().unwrap()
            };
            while !matches!(state(), 'S' | 'Z') {}
            // SAFETY: no status is asked for.
            unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
        }
        Ok(pid)
    };
    match fork_by(host).unwrap() {
        // SAFETY: the child only exits.
        Fork::Child => unsafe { libc::_exit(7) },
        Fork::Parent(child) => {
            assert!(child.pidfd().is_some());
            assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(7));
        }
    }
    no_child_is_left();
}

/// What a host runs in the parent around its fork may start children and wait for them, beside other threads too.
fn fork_that_starts() {
    let host = || {
        // What would wait for ever shall end by the scenario's alarm.
        // SAFETY: a set of this frame's own.
        unsafe {
            let mut alarm: libc::sigset_t = std::mem::zeroed();
            libc::sigaddset(&mut alarm, libc::SIGALRM);
            libc::pthread_sigmask(libc::SIG_UNBLOCK, &alarm, std::ptr::null_mut());
        }
        // SAFETY: the child only exits.
        let pid = unsafe { libc::fork() };
        if pid > 0 {
            assert_eq!(sh("exit 3").wait(Deadline::NEVER).unwrap().code(), Some(3));
            let other = sh("exit 4");
            let (found, status) = wait_pid(-1, Deadline::NEVER).unwrap();
            assert_eq!((found, status.code()), (other.pid(), Some(4)));
            // SAFETY: the child only exits.
            match unsafe { fork() }.unwrap() {
                Fork::Child => unsafe { libc::_exit(5) },
                Fork::Parent(child) => assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(5)),
            }
        }
        Ok(pid)
    };
    std::thread::spawn(|| {}).join().unwrap();
    for _ in 0..2 {
        match fork_by(host).unwrap() {
            // SAFETY: the child only exits.
            Fork::Child => unsafe { libc::_exit(7) },
            Fork::Parent(child) => assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(7)),
        }
    }
    no_child_is_left();
}

/// libc changes the user in all threads, by a signal of its own to each: one that had it blocked would be waited for for ever.
fn user_changed_beside_a_watch() {
    // Where this is not the first thread, libc does not unblock that signal for the next.
    std::thread::spawn(|| {}).join().unwrap();
    let child = sleeper();
    let pipe = child.exit_pipe().unwrap();
    // SAFETY: plain numbers: the user that it is.
    assert_eq!(unsafe { libc::setuid(libc::getuid()) }, 0);
    drop(child);
    drop(pipe);
}

/// A child that has ended is its tracer's first. As long as that does not look, a wait has its limit, and takes no time of the
/// processor's.
fn traced() {
    let child = sleeper();
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    // SAFETY: the only thread.
    let tracer = match unsafe { fork() }.unwrap() {
        Fork::Child => {
            // SAFETY: plain numbers.
            let traces = unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                libc::ptrace(libc::PTRACE_SEIZE, child.pid(), 0, 0) == 0
            };
            writer.write(if traces { b"y" } else { b"n" }).unwrap();
            loop {
                // SAFETY: until it is ended.
                unsafe { libc::pause() };
            }
        }
        Fork::Parent(tracer) => tracer,
    };
    drop(writer);
    let mut answer = [0];
    reader.read_full(&mut answer).unwrap();
    if answer == *b"y" {
        child.kill("KILL").unwrap();
        assert!(eventually(|| std::fs::read_to_string(format!("/proc/{}/stat", child.pid()))
            .unwrap()
            .contains(") Z ")));
        let used = || {
            // SAFETY: all-zero is an rusage, and an out-pointer.
            unsafe {
                let mut usage: libc::rusage = std::mem::zeroed();
                libc::getrusage(libc::RUSAGE_SELF, &mut usage);
                usage.ru_utime.tv_sec * 1_000_000 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
            }
        };
        let before = used();
        assert_eq!(child.poll().unwrap(), None);
        assert!(child.wait(Deadline::after_ms(300)).unwrap_err().is_timeout());
        assert!(wait_any(Deadline::after_ms(300)).unwrap_err().is_timeout());
        assert!(used() - before < 300_000, "{} us", used() - before);
    } else {
        skipped("a traced child", "this process may not trace");
    }
    tracer.kill("KILL").unwrap();
    let _ = tracer.wait(Deadline::NEVER).unwrap();
    if answer == *b"y" {
        assert_eq!(child.wait(Deadline::NEVER).unwrap().signal(), Some(libc::SIGKILL));
    }
}

/// A handler of the host's may have CHLD ignored at any moment before the fork: the child is held all the same.
fn fork_beside_a_change() {
    extern "C" fn change(_: i32) {
        static IGNORED: AtomicBool = AtomicBool::new(false);
        let ignore = !IGNORED.fetch_xor(true, Ordering::Relaxed);
        // SAFETY: no more than a handler may do.
        unsafe { libc::signal(libc::SIGCHLD, if ignore { libc::SIG_IGN } else { libc::SIG_DFL }) };
    }
    // In the parent, before fork is back there: until the child has ended or waits.
    unsafe extern "C" fn let_it_end() {
        let children = || std::fs::read_to_string("/proc/thread-self/children").unwrap();
        let stat = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let runs = |pid: &str| stat(pid).rsplit(") ").next().is_some_and(|rest| rest.starts_with(['R', 'D']));
        while children().split_whitespace().any(runs) {}
    }
    let every = |micros| {
        let time = libc::timeval { tv_sec: 0, tv_usec: micros };
        let timer = libc::itimerval { it_interval: time, it_value: time };
        // SAFETY: plain numbers.
        assert_eq!(unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) }, 0);
    };
    // SAFETY: the only thread.
    unsafe {
        libc::pthread_atfork(None, Some(let_it_end), None);
        libc::signal(libc::SIGALRM, change as *const () as usize);
    }
    every(20);
    for _ in 0..scale(10_000) {
        // SAFETY: the child only exits.
        match unsafe { fork() }.unwrap() {
            Fork::Child => unsafe { libc::_exit(0) },
            Fork::Parent(child) => {
                assert!(child.pidfd().is_some());
                let _ = child.wait(Deadline::NEVER).unwrap();
            }
        }
    }
    every(0);
}

#[test]
fn wait_for_any_while_one_is_started() {
    run("any_beside_a_start");
}

#[test]
fn wait_for_any_of_more_than_there_are_descriptors() {
    run("more_children_than_descriptors");
}

#[test]
fn a_lower_limit_hides_no_end() {
    run("fewer_descriptors_allowed_than_open");
}

#[test]
fn a_handlers_thread_ends_what_is_waited_for() {
    run("killed_by_its_number");
}

#[test]
fn wait_for_any_of_ours() {
    run("any_of_ours");
}

#[test]
fn wait_for_those_without_a_handle() {
    run("told_without_a_handle");
}

#[test]
fn wait_for_any_at_all() {
    run("any_at_all");
}

#[test]
fn wait_for_a_group() {
    run("groups");
}

#[test]
fn dropped_children_leave_no_zombies() {
    run("orphan_list");
    run("many_orphans");
}

#[test]
fn a_thief_changes_nothing() {
    run("thief");
}

#[test]
fn ignoring_chld_changes_nothing() {
    run("ignored");
}

#[test]
fn a_handle_is_not_inherited() {
    run("inherited_handle");
}

#[test]
fn others_children_can_be_adopted() {
    run("adopted");
}

#[test]
fn trees_are_ended_whole() {
    run("trees");
}

#[test]
fn locks_of_other_threads_stay_in_the_parent() {
    run("forked_beside_threads");
}

#[test]
fn forked_children_are_held() {
    run("fork_ends_at_once");
    run("fork_that_reaps");
    run("fork_beside_a_change");
    run("fork_that_starts");
}

#[test]
fn threads_of_the_library_keep_nobody_from_changing_the_user() {
    run("user_changed_beside_a_watch");
}

#[test]
fn what_a_tracer_holds_is_waited_for_in_time() {
    run("traced");
}
