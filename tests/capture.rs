//! Backticks: nothing deadlocks, nothing is lost, no deadline is missed.

mod common;

use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

// Times are taken: the tests that load the machine run one after the other.
use common::scale;
use perlipc::*;

const BIG: usize = 64 << 20;

#[test]
fn what_it_said_and_how_it_ended() {
    let got = capture::run(&Cmd::shell("cat; echo err >&2; exit 2"), Some(b"hello"), Deadline::NEVER).unwrap();
    assert_eq!((got.output(), got.errors(), got.status().code()), (&b"hello"[..], &b"err\n"[..], Some(2)));
    assert!(!got.timed_out() && got.stopped().is_none() && got.dropped(1) == 0 && got.dropped(2) == 0);
    assert_eq!(got.into_output(), b"hello");
    let got = capture::run(&Cmd::shell("echo a; echo b >&2; echo c 2>&1"), None, Deadline::NEVER).unwrap();
    assert_eq!((got.output(), got.errors()), (&b"a\nc\n"[..], &b"b\n"[..]));
    let mut merged = Cmd::shell("echo a; echo b >&2; echo c");
    assert_eq!(capture::run(merged.redirect(2, "&1"), None, Deadline::NEVER).unwrap().output(), b"a\nb\nc\n");
    let mut dropped = Cmd::shell("echo a; echo b >&2");
    let got = capture::run(dropped.redirect(2, "null"), None, Deadline::NEVER).unwrap();
    assert_eq!((got.output(), got.errors()), (&b"a\n"[..], &b""[..]));
    assert_eq!(
        capture::run(&Cmd::shell("kill -TERM $$"), None, Deadline::NEVER).unwrap().status().raw(),
        libc::SIGTERM
    );
    // Input that nobody reads is no failure.
    let got = capture::run(&Cmd::new("true"), Some(&vec![b'x'; 1 << 20]), Deadline::NEVER).unwrap();
    assert!(got.status().success() && got.stopped().is_none());
    assert_eq!(capture::run(&Cmd::new("cat"), Some(b""), Deadline::NEVER).unwrap().output(), b"");
}

#[test]
fn what_cannot_be() {
    let error = capture::run(&Cmd::new("perlipc-none"), None, Deadline::NEVER).unwrap_err();
    assert_eq!((error.step(), error.errno()), ("exec", libc::ENOENT));
    let mut cmd = Cmd::new("cat");
    cmd.redirect(0, "null");
    assert_eq!(capture::run(&cmd, Some(b"x"), Deadline::NEVER).unwrap_err().errno(), libc::EINVAL);
    cmd.redirect(1, "null").redirect(2, "null");
    assert_eq!(capture::run(&cmd, None, Deadline::NEVER).unwrap_err().errno(), libc::EINVAL);
}

#[test]
fn much_through_all_three_at_once() {
    let _alone = common::alone();
    let mut random = common::Random(9);
    let text: Vec<u8> = (0..BIG / 8).flat_map(|_| random.next().to_ne_bytes()).collect();
    for socket in [false, true] {
        let mut cmd = Cmd::argv(["tee", "/dev/stderr"]);
        if socket {
            cmd = Cmd::shell("tee /proc/self/fd/9 9>&2");
            cmd.redirect(1, "socket").redirect(0, "socket");
        }
        let got = capture::run(&cmd, Some(&text), Deadline::after_ms(100_000)).unwrap();
        assert!(got.status().success() && got.stopped().is_none(), "{}", got.status());
        assert!(got.output() == text && got.errors() == text, "{} {}", got.output().len(), got.errors().len());
    }
}

#[test]
fn a_limit_keeps_head_and_tail() {
    let _alone = common::alone();
    let all: Vec<u8> = (1..=100_000).flat_map(|n| format!("{n}\n").into_bytes()).collect();
    for limit in [0, 1, 2, 3, 20, 21, 4096, 65_536, 300_001, all.len() - 1, all.len(), all.len() + 1] {
        let mut cmd = Cmd::shell("seq 100000; seq 10 >&2; :");
        let got = capture::run(cmd.keep(Some(limit)), None, Deadline::NEVER).unwrap();
        if limit >= all.len() {
            assert!(got.output() == all && got.dropped(1) == 0, "{limit}");
        } else {
            let (head, tail) = (limit - limit / 2, limit / 2);
            let wanted = [&all[..head], &all[all.len() - tail..]].concat();
            assert!(got.output() == wanted, "{limit}");
            assert_eq!(got.dropped(1) as usize, all.len() - limit);
        }
        assert_eq!(got.errors().len() + got.dropped(2) as usize, 21);
    }
}

#[test]
fn a_grandchild_that_keeps_the_pipe_keeps_nobody_waiting() {
    let _alone = common::alone();
    let mut late = Vec::new();
    for n in 0..scale(1000) as i32 {
        // One that the tree has, and one that has run away.
        let script = if n % 2 == 0 {
            "echo part; sleep 30 & exec sleep 30"
        } else {
            "echo part; setsid sleep 5 & exec sleep 30"
        };
        let limit = Duration::from_millis(30);
        let begin = Instant::now();
        let got = capture::run(&Cmd::argv(["sh", "-c", script]), None, Deadline::after(Some(limit))).unwrap();
        let took = begin.elapsed();
        assert!(got.timed_out() && took >= limit);
        assert!(got.status().signal().is_some(), "{}", got.status());
        // What it said in time is there, if it had the time.
        assert!([&b"part\n"[..], b""].contains(&got.output()));
        late.push(took - limit);
    }
    common::within(late, Duration::from_millis(400), "beyond the deadline");
    // The same where the command itself has ended.
    let (mut gate, opener) = Stream::pipe().unwrap();
    let mut cmd = Cmd::shell("echo part; (exec setsid sh -c 'read x <&3' &) ; exit 3");
    cmd.pass(3, gate.as_fd().as_raw_fd());
    let run = |deadline| capture::run(&cmd, None, deadline).unwrap();
    let got = common::when_it_came(run, |got| got.status().code().is_some());
    assert!(got.timed_out());
    gate.close().unwrap();
    drop(opener);
    assert_eq!((got.output(), got.status().code()), (&b"part\n"[..], Some(3)));
}

#[test]
fn a_deadline_delivers_what_there_is() {
    let _alone = common::alone();
    let mut cmd = Cmd::shell("trap 'echo sorry; exit 4' TERM; echo begun; while :; do sleep 0.01; done");
    cmd.grace(Duration::from_secs(60));
    let run = |deadline| capture::run(&cmd, None, deadline).unwrap();
    let got = common::when_it_came(run, |got| !got.output().is_empty());
    assert_eq!(String::from_utf8_lossy(got.output()), "begun\nsorry\n");
    assert_eq!(got.status().code(), Some(4));
    let error = got.stopped().unwrap();
    assert!(error.is_timeout() && error.step() == "capture", "{error}");
    // One that says more than anybody can hold.
    let mut flood = Cmd::argv(["yes"]);
    flood.keep(Some(1000));
    let got = common::when_it_came(|deadline| capture::run(&flood, None, deadline).unwrap(), |got| got.dropped(1) > 0);
    assert!(got.timed_out() && got.output().len() == 1000 && got.dropped(1) > 0);
}

#[test]
fn many_at_once() {
    let _alone = common::alone();
    let threads: Vec<_> = (0..8)
        .map(|n| {
            std::thread::spawn(move || {
                for i in 0..scale(400) {
                    let text = format!("{n} {i}").repeat(1 + i * 37 % 5000);
                    let got =
                        capture::run(&Cmd::new("cat"), Some(text.as_bytes()), Deadline::after_ms(60_000)).unwrap();
                    assert!(got.output() == text.as_bytes() && got.status().success());
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}
