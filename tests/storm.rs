//! Many at once: descriptors, statuses and signals keep right in a crowd.

mod common;

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use common::{Random, scale};
use perlipc::*;

common::scenarios![descriptors, spawns, signals];

/// Threads that open files and allocate while others start children, which see what they were given and no more.
fn descriptors() {
    let stop = Arc::new(AtomicBool::new(false));
    let noise: Vec<_> = (0..16)
        .map(|n| {
            let stop = stop.clone();
            std::thread::spawn(move || {
                let mut random = Random(n + 1);
                while !stop.load(Ordering::Relaxed) {
                    // SAFETY: a C string; each is closed. Not close-on-exec, as a careless library opens files.
                    unsafe {
                        let fds: Vec<i32> = (0..1 + random.below(4))
                            .map(|_| libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY))
                            .collect();
                        let room = vec![0u8; random.below(100_000) as usize];
                        std::hint::black_box(&room);
                        std::thread::yield_now();
                        for fd in fds {
                            libc::close(fd);
                        }
                    }
                }
            })
        })
        .collect();
    let starters: Vec<_> = (0..4)
        .map(|n| {
            std::thread::spawn(move || {
                let (reader, _writer) = Stream::pipe().unwrap();
                use std::os::fd::AsFd;
                for i in 0..scale(2000) / 4 {
                    let mut cmd = Cmd::argv(["ls", "/proc/self/fd"]);
                    let mut wanted = "0\n1\n2\n".to_string();
                    if i % 2 == 0 {
                        cmd.pass(3, reader.as_fd().as_raw_fd()).redirect(5 + n, "null");
                        wanted.push_str(&format!("3\n4\n{}\n", 5 + n));
                    } else {
                        // The directory itself.
                        wanted.push_str("3\n");
                    }
                    let got = capture::run(&cmd, None, Deadline::after_ms(60_000)).unwrap();
                    assert!(got.status().success(), "{got:?}");
                    assert_eq!(String::from_utf8_lossy(got.output()), wanted);
                }
            })
        })
        .collect();
    let results: Vec<_> = starters.into_iter().map(|starter| starter.join().is_ok()).collect();
    stop.store(true, Ordering::Relaxed);
    noise.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(results.iter().all(|ok| *ok));
}

/// One child of each kind, one in ten of which cannot be executed and one in ten is killed.
fn one(i: u64) {
    let code = (i % 200) as i32;
    let exit = format!("exit {code}");
    match i % 10 {
        0 => {
            let error = Cmd::new("/no/such/program").start().unwrap_err();
            assert_eq!((error.step(), error.errno()), ("exec", libc::ENOENT));
        }
        1 => {
            let child = Cmd::argv(["sleep", "100"]).start().unwrap();
            child.kill("KILL").unwrap();
            assert_eq!(child.wait(Deadline::NEVER).unwrap().raw(), libc::SIGKILL);
        }
        2 => {
            let mut stream = popen::start(&Cmd::argv(["sh", "-c", &format!("echo {i}; {exit}")]), Mode::Read).unwrap();
            assert_eq!(stream.readline().unwrap(), Some(format!("{i}\n").as_bytes()));
            assert_eq!(stream.close().unwrap().unwrap().code(), Some(code));
        }
        3 => {
            let mut cmd = Cmd::argv(["sh", "-c", &format!("read n; test $n = {i} && {exit}")]);
            cmd.redirect(1, "null");
            let mut stream = popen::start(&cmd, Mode::Write).unwrap();
            stream.write(format!("{i}\n").as_bytes()).unwrap();
            assert_eq!(stream.close().unwrap().unwrap().code(), Some(code));
        }
        4 => {
            let got = capture::run(&Cmd::shell(format!("cat; {exit}")), Some(b"in"), Deadline::NEVER).unwrap();
            assert_eq!((got.output(), got.status().code()), (&b"in"[..], Some(code)));
        }
        5 => {
            let child = Cmd::argv(["sh", "-c", &exit]).start().unwrap();
            assert_eq!(child.wait(Deadline::after_ms(60_000)).unwrap().code(), Some(code));
        }
        6 => {
            let child = Cmd::argv(["sh", "-c", &exit]).start().unwrap();
            assert_eq!(wait_pid(child.pid(), Deadline::NEVER).unwrap().1.code(), Some(code));
            assert_eq!(child.poll().unwrap().unwrap().code(), Some(code));
        }
        7 => drop(Cmd::argv(["sh", "-c", &exit]).start().unwrap()),
        8 => assert_eq!(Cmd::shell(format!("{exit};")).run(Deadline::NEVER).unwrap().code(), Some(code)),
        _ => {
            // SAFETY: the child only exits.
            match unsafe { fork() }.unwrap() {
                Fork::Child => unsafe { libc::_exit(code) },
                Fork::Parent(child) => assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(code)),
            }
        }
    }
}

fn spawns() {
    (0..10).for_each(one);
    common::no_child_is_left();
    let before = common::Hygiene::look();
    let next = Arc::new(AtomicUsize::new(0));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let next = next.clone();
            std::thread::spawn(move || {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= scale(20_000) {
                        break;
                    }
                    one(i as u64);
                }
            })
        })
        .collect();
    let results: Vec<_> = threads.into_iter().map(|thread| thread.join().is_ok()).collect();
    assert!(results.iter().all(|ok| *ok));
    common::no_child_is_left();
    // A thread that has been joined can still be listed for a moment.
    common::eventually(|| std::fs::read_dir("/proc/self/task").unwrap().count() == 1);
    common::Hygiene::look().is_as(&before, "after the storm");
}

// ---- signals aimed at the window between the look and the call ----

static RUNS: AtomicU32 = AtomicU32::new(0);

/// Each signal is sent only when the handler of the one before has run, after a pause that varies: so each of them
/// counts, and they come at every moment of the way back into the call. One that is lost leaves both waiting.
fn signals() {
    let kind = std::env::var("PERLIPC_KIND").unwrap();
    let (call, threads) = kind.split_once('+').unwrap();
    let count = scale(100_000) / KINDS.len();
    let mut ack = [0; 2];
    // SAFETY: room for two descriptors.
    assert_eq!(unsafe { libc::pipe(ack.as_mut_ptr()) }, 0);
    let [ack_read, ack_write] = ack;
    let target = std::process::id() as i32;
    // SAFETY: this is the only thread; the child only sends.
    let sender = unsafe { libc::fork() };
    if sender == 0 {
        send(target, ack_read, count);
    }
    signal::handle("USR1", move |arrived| {
        RUNS.fetch_add(arrived.count, Ordering::SeqCst);
        // SAFETY: one byte.
        unsafe { libc::write(ack_write, [0u8].as_ptr().cast(), 1) };
        Err(1)
    })
    .unwrap();
    for _ in 0..threads.parse::<u32>().unwrap() {
        // The kernel gives the signal to whom it likes.
        std::thread::spawn(|| {
            loop {
                std::thread::sleep(Duration::from_micros(50));
            }
        });
    }
    let (mut reader, _writer) = Stream::pipe().unwrap();
    let sleeper = Cmd::argv(["sleep", "1000"]).end_on_drop(true).start().unwrap();
    if call == "timed" {
        reader.timeout(Some(Duration::from_secs(1000)));
    }
    // SAFETY: one byte: begin.
    unsafe { libc::write(ack_write, [0u8].as_ptr().cast(), 1) };
    while (RUNS.load(Ordering::SeqCst) as usize) < count {
        let error = match call {
            "read" | "timed" => reader.read(&mut [0; 8]).map(drop).unwrap_err(),
            "wait" => sleeper.wait(Deadline::NEVER).map(drop).unwrap_err(),
            "wait_any" => wait_any(Deadline::NEVER).map(drop).unwrap_err(),
            _ => signal::dispatch(Deadline::NEVER).map(drop).unwrap_err(),
        };
        assert!(matches!(error, Error::Abandoned { signal: libc::SIGUSR1, value: 1, .. }), "{error}");
    }
    assert_eq!(RUNS.load(Ordering::SeqCst) as usize, count);
}

fn send(target: i32, ack: i32, count: usize) -> ! {
    let mut random = Random(12345);
    // SAFETY: plain calls of a process of one thread.
    unsafe {
        for _ in 0..count {
            if libc::read(ack, [0u8].as_mut_ptr().cast(), 1) != 1 {
                libc::_exit(1);
            }
            for _ in 0..random.below(3000) {
                std::hint::spin_loop();
            }
            libc::kill(target, libc::SIGUSR1);
        }
        libc::_exit(0)
    }
}

static KINDS: [&str; 8] = ["read+0", "read+4", "timed+0", "timed+4", "wait+0", "wait+4", "wait_any+4", "dispatch+4"];

#[test]
fn children_see_what_they_were_given() {
    common::run("descriptors");
}

#[test]
fn no_status_is_wrong_and_nothing_is_left() {
    common::run("spawns");
    common::say(&format!("spawns: {}", scale(20_000)));
}

#[test]
fn no_signal_is_lost() {
    for kind in KINDS {
        common::run_with("signals", "PERLIPC_KIND", kind);
    }
    common::say(&format!("signals aimed at the window: {}", scale(100_000)));
}
