//! Message queues: types and errors as Perl's, deadlines, truncation told, Perl as the partner.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::time::{Duration, Instant};

use common::{eventually, run, scale, skipped};
use objects::{apart, child, perl};
use perlipc::msg::{EXCEPT, NO_ERROR};
use perlipc::sysv::{CREATE, Change, EXCLUSIVE, NO_WAIT, PRIVATE};
use perlipc::{Deadline, Error, MessageQueue, signal};

common::scenarios!(types, errors, cut, deadlines, handlers, removed, limits, sizes, reopened, partner);

fn errno<T: std::fmt::Debug>(result: perlipc::Result<T>) -> i32 {
    result.unwrap_err().errno()
}

const NEVER: Deadline = Deadline::NEVER;

fn text(queue: MessageQueue, kind: i64, flags: i32) -> (i64, String) {
    let mut room = [0; 100];
    let message = queue.recv(kind, &mut room, flags | NO_WAIT, NEVER).unwrap();
    (message.kind, String::from_utf8_lossy(&room[..message.len]).into_owned())
}

/// Others remove it in each instant: who opens it has one all the same.
fn reopened() {
    let _apart = apart();
    let work = || {
        for _ in 0..scale(20_000) {
            let queue = MessageQueue::open_named("perlipc-again", 0o600).unwrap();
            // Somebody else was quicker.
            let _ = queue.remove();
        }
        0
    };
    let all = [child(work), child(work)];
    for process in all {
        assert!(process.wait(NEVER).unwrap().success());
    }
}

fn types() {
    let _apart = apart();
    let queue = MessageQueue::open(PRIVATE, 0o600).unwrap();
    for (kind, body) in [(5, "five"), (3, "three"), (9, "nine"), (3, "three-b")] {
        queue.send(kind, body.as_bytes(), 0, NEVER).unwrap();
    }
    let stat = queue.stat().unwrap();
    assert_eq!((stat.messages, stat.bytes, stat.sender), (4, 20, std::process::id() as i32));
    assert_eq!(text(queue, 9, 0), (9, "nine".into()));
    assert_eq!(text(queue, -4, 0), (3, "three".into()));
    assert_eq!(text(queue, 5, EXCEPT), (3, "three-b".into()));
    assert_eq!(text(queue, 0, 0), (5, "five".into()));
    assert_eq!(errno(queue.recv(0, &mut [0; 9], NO_WAIT, NEVER)), libc::ENOMSG);
    queue.send(7, b"", 0, NEVER).unwrap();
    assert_eq!(text(queue, 0, 0), (7, String::new()));
    // The kernel would make 0 of it.
    let error = queue.change(Change { queue_bytes: Some(1 << 40), ..Change::default() }).unwrap_err();
    assert_eq!(error.errno(), libc::EINVAL);
    assert_eq!(error.to_string(), format!("msgctl {} (1099511627776 bytes): Invalid argument", queue.id()));
    queue.change(Change { queue_bytes: Some(1000), mode: Some(0o640), ..Change::default() }).unwrap();
    let stat = queue.stat().unwrap();
    assert_eq!((stat.max_bytes, stat.owner.mode), (1000, 0o640));
    let bytes = queue.stat_bytes().unwrap();
    assert_eq!(bytes.len(), 120);
    queue.set_bytes(&bytes).unwrap();
    assert_eq!(errno(queue.set_bytes(b"abc")), libc::EINVAL);
    queue.remove().unwrap();
}

fn errors() {
    let _apart = apart();
    let key = 0x7d00_0000;
    assert_eq!(errno(MessageQueue::get(key, 0)), libc::ENOENT);
    let queue = MessageQueue::get(key, 0o600 | CREATE).unwrap();
    assert_eq!(errno(MessageQueue::get(key, 0o600 | CREATE | EXCLUSIVE)), libc::EEXIST);
    let error = queue.send(0, b"x", 0, NEVER).unwrap_err();
    assert_eq!(error.errno(), libc::EINVAL);
    assert_eq!(error.to_string(), format!("msgsnd {} (type 0): Invalid argument", queue.id()));
    assert_eq!(errno(queue.send(-1, b"x", 0, NEVER)), libc::EINVAL);
    let error = queue.send(1, &[0; 8193], 0, NEVER).unwrap_err();
    assert_eq!((error.errno(), error.to_string().contains("msgmax = 8192")), (libc::EINVAL, true), "{error}");
    while queue.send(1, &[0; 1024], NO_WAIT, NEVER).is_ok() {}
    assert_eq!(errno(queue.send(1, &[0; 1024], NO_WAIT, NEVER)), libc::EAGAIN);
    queue.remove().unwrap();
    assert_eq!(errno(queue.send(1, b"x", 0, NEVER)), libc::EINVAL);
}

/// Too long for the room: refused and kept, or cut and told.
fn cut() {
    let _apart = apart();
    let queue = MessageQueue::open(PRIVATE, 0o600).unwrap();
    queue.send(1, b"0123456789", 0, NEVER).unwrap();
    let mut room = [b'?'; 4];
    let error = queue.recv(0, &mut room, NO_WAIT, NEVER).unwrap_err();
    let longer = format!("msgrcv {} (a message longer than 4 bytes): Argument list too long", queue.id());
    assert_eq!((error.errno(), error.to_string()), (libc::E2BIG, longer));
    assert_eq!(errno(queue.recv(0, &mut room, 0, Deadline::after_ms(1000))), libc::E2BIG);
    assert_eq!(room, *b"????");
    let message = queue.recv(0, &mut room, NO_ERROR, NEVER).unwrap();
    assert_eq!((message.len, room), (10, *b"0123"));
    assert_eq!(queue.stat().unwrap().messages, 0);
    queue.remove().unwrap();
}

fn deadlines() {
    let _apart = apart();
    let queue = MessageQueue::open(PRIVATE, 0o600).unwrap();
    let begin = Instant::now();
    assert!(queue.recv(0, &mut [0; 9], 0, Deadline::NOW).unwrap_err().is_timeout());
    assert!(queue.recv(0, &mut [0; 9], 0, Deadline::after_ms(50)).unwrap_err().is_timeout());
    while queue.send(1, &[0; 1024], NO_WAIT, NEVER).is_ok() {}
    assert!(queue.send(1, &[0; 1024], 0, Deadline::after_ms(50)).unwrap_err().is_timeout());
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(100) && took < Duration::from_secs(10), "{took:?}");
    let taker = child(|| queue.recv(0, &mut [0; 1024], 0, NEVER).map_or(1, |_| 0));
    queue.send(2, &[0; 1024], 0, Deadline::after_ms(10_000)).unwrap();
    assert!(taker.wait(NEVER).unwrap().success());
    queue.remove().unwrap();
}

fn handlers() {
    let _apart = apart();
    let queue = MessageQueue::open(PRIVATE, 0o600).unwrap();
    let answer = queue;
    signal::handle("USR1", move |_| {
        answer.send(1, b"from the handler", 0, Deadline::NOW).map_err(|_| 1)?;
        Ok(())
    })
    .unwrap();
    signal::handle("USR2", |_| Err(7)).unwrap();
    let me = std::process::id() as i32;
    // The second signal is sent once the first has had its effect.
    let sender = child(|| {
        signal::kill("USR1", me).unwrap();
        assert!(eventually(|| queue.stat().unwrap().receiver == me));
        signal::kill("USR2", me).unwrap();
        0
    });
    let mut room = [0; 100];
    let message = queue.recv(0, &mut room, 0, NEVER).unwrap();
    assert_eq!(room[..message.len], *b"from the handler");
    let given_up = queue.recv(0, &mut room, 0, Deadline::after_ms(20_000)).unwrap_err();
    assert!(matches!(given_up, Error::Abandoned { value: 7, .. }), "{given_up}");
    assert!(sender.wait(NEVER).unwrap().success());
    queue.remove().unwrap();
}

fn removed() {
    let _apart = apart();
    for (limit, waits_in) in [(-1, "msg"), (60_000, "nanosleep")] {
        let queue = MessageQueue::open(PRIVATE, 0o600).unwrap();
        let waiter = child(|| match queue.recv(0, &mut [0; 9], 0, Deadline::after_ms(limit)) {
            Err(Error::Removed { errno: libc::EIDRM, .. }) => 0,
            other => panic!("{other:?}"),
        });
        let stat = format!("/proc/{}/wchan", waiter.pid());
        let waits = || std::fs::read_to_string(&stat).is_ok_and(|at| at.contains(waits_in));
        if !eventually(waits) {
            skipped("the look whether it waits", "no wchan");
        }
        queue.remove().unwrap();
        assert!(waiter.wait(NEVER).unwrap().success());
    }
}

fn limits() {
    let apart = apart();
    if !apart.limit("msgmni", "2") {
        return skipped("the limit of queues", "its value cannot be changed here");
    }
    let all: Vec<_> = (0..2).map(|_| MessageQueue::open(PRIVATE, 0o600).unwrap()).collect();
    let error = MessageQueue::open(PRIVATE, 0o600).unwrap_err();
    assert_eq!(error.to_string(), "msgget: beyond the system's limit msgmni = 2: No space left on device");
    all.iter().for_each(|queue| queue.remove().unwrap());
}

/// Short ones, those that just need no allocation, and long ones.
fn sizes() {
    let _apart = apart();
    let queue = MessageQueue::open(PRIVATE, 0o600).unwrap();
    let mut room = vec![0; 8192];
    for size in [0, 1, 7, 8, 9, 63, 64, 4095, 4096, 4097, 8191, 8192] {
        let body: Vec<u8> = (0..size).map(|n| (n * 31 / 7) as u8).collect();
        queue.send(size as i64 + 1, &body, 0, NEVER).unwrap();
        let message = queue.recv(0, &mut room, 0, NEVER).unwrap();
        assert_eq!((message.kind, message.len), (size as i64 + 1, size));
        assert!(room[..size] == body, "{size}");
    }
    queue.remove().unwrap();
}

/// Request and reply, each side once with Perl.
fn partner() {
    let _apart = apart();
    let queue = MessageQueue::open(PRIVATE, 0o600).unwrap();
    let program = r#"$q = shift; msgrcv($q, $b, 99, 1, 0) || die $!; ($t, $pid, $m) = unpack "l! l a*", $b;
        msgsnd($q, pack("l! a*", $pid, uc $m), 0) || die $!; print $t;"#;
    let me = std::process::id() as i32;
    let partner = child(|| {
        assert_eq!(perl(program, &[&queue.id().to_string()]), "1");
        0
    });
    queue.send(1, &[&me.to_ne_bytes(), &b"shout"[..]].concat(), 0, NEVER).unwrap();
    let mut room = [0; 99];
    let message = queue.recv(i64::from(me), &mut room, 0, Deadline::after_ms(20_000)).unwrap();
    assert_eq!(room[..message.len], *b"SHOUT");
    assert!(partner.wait(NEVER).unwrap().success());
    let answerer = child(|| {
        let mut room = [0; 99];
        let message = queue.recv(2, &mut room, 0, Deadline::after_ms(20_000)).unwrap();
        room[..message.len].reverse();
        queue.send(3, &room[..message.len], 0, NEVER).unwrap();
        0
    });
    let program = r#"$q = shift; msgsnd($q, pack("l! a*", 2, "abc"), 0) || die $!; msgrcv($q, $b, 99, 3, 0) || die $!;
        print +(unpack "l! a*", $b)[1];"#;
    assert_eq!(perl(program, &[&queue.id().to_string()]), "cba");
    assert!(answerer.wait(NEVER).unwrap().success());
    queue.remove().unwrap();
}

macro_rules! tests {
    ($($test:ident: $scenario:ident),* $(,)?) => {
        $(#[test]
        fn $test() {
            run(stringify!($scenario));
        })*
    };
}

tests!(
    selects_by_type: types,
    has_perls_errors: errors,
    truncation_is_told: cut,
    waits_end_in_time: deadlines,
    handlers_run_while_it_waits: handlers,
    removal_ends_a_wait: removed,
    limits_are_named: limits,
    bodies_of_every_size: sizes,
    is_made_again_when_it_goes_while_it_is_opened: reopened,
    perl_on_the_other_side: partner,
);
