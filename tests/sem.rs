//! Semaphores: Perl's errors, waits that end in time, sets that nobody sees uninitialised, Perl as the partner.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use common::{eventually, run, scale, skipped};
use objects::{apart, child, perl};
use perlipc::sem::{NO_WAIT, Op, UNDO};
use perlipc::sysv::{self, CREATE, Change, EXCLUSIVE, PRIVATE};
use perlipc::{Deadline, Error, Semaphore, SharedMem, signal};

common::scenarios!(
    errors,
    values,
    deadlines,
    undo,
    handlers,
    removed,
    limits,
    race,
    named,
    reopened,
    partner_takes,
    partner_gives
);

fn op(index: u16, change: i16, flags: i16) -> Op {
    Op { index, change, flags }
}

fn errno<T: std::fmt::Debug>(result: perlipc::Result<T>) -> i32 {
    result.unwrap_err().errno()
}

fn errors() {
    let _apart = apart();
    let key = 0x7c00_0000;
    assert_eq!(errno(Semaphore::get(key, 0, 0)), libc::ENOENT);
    let set = Semaphore::get(key, 2, 0o600 | CREATE).unwrap();
    assert_eq!(errno(Semaphore::get(key, 2, 0o600 | CREATE | EXCLUSIVE)), libc::EEXIST);
    let few = Semaphore::get(key, 5, 0o600).unwrap_err();
    assert_eq!(few.errno(), libc::EINVAL);
    assert_eq!(few.to_string(), "semget 0x7c000000 (which has 2 semaphores): Invalid argument");
    assert_eq!(errno(Semaphore::get(PRIVATE, 0, 0o600)), libc::EINVAL);
    assert_eq!(Semaphore::get(key, 0, 0).unwrap(), set);
    let never = Deadline::NEVER;
    assert_eq!(errno(set.op(&[op(0, -1, NO_WAIT)], never)), libc::EAGAIN);
    assert_eq!(errno(set.op_packed(&[0; 4], never)), libc::EINVAL);
    assert_eq!(errno(set.op_packed(&[0; 7], never)), libc::EINVAL);
    assert_eq!(errno(set.op_packed(&[], never)), libc::EINVAL);
    let beyond = |step| format!("{step} {} (which has 2 semaphores, no number 5): ", set.id());
    let error = set.op(&[op(5, 1, 0), op(1, 1, 0)], never).unwrap_err();
    assert_eq!((error.errno(), error.to_string()), (libc::EFBIG, beyond("semop") + "File too large"));
    let error = set.take(5, Deadline::NOW).unwrap_err();
    assert_eq!((error.errno(), error.to_string()), (libc::EFBIG, beyond("semop") + "File too large"));
    for error in [set.value(5).unwrap_err(), set.set(5, 1).unwrap_err()] {
        assert_eq!((error.errno(), error.to_string()), (libc::EINVAL, beyond("semctl") + "Invalid argument"));
    }
    set.set(0, 32767).unwrap();
    assert_eq!(errno(set.give(0)), libc::ERANGE);
    let many = set.op(&[op(1, 1, 0); 600], never).unwrap_err();
    assert_eq!(many.errno(), libc::E2BIG);
    assert!(many.to_string().contains("semopm = 500"), "{many}");
    set.set_values(&[0, 0]).unwrap();
    assert_eq!(errno(set.op(&[op(1, 1, 0), op(0, -1, NO_WAIT)], never)), libc::EAGAIN);
    assert_eq!(set.values().unwrap(), [0, 0], "all or nothing");
    for error in [set.set(0, 40000).unwrap_err(), set.set_values(&[1, 40000]).unwrap_err()] {
        assert_eq!(error.errno(), libc::ERANGE);
        assert_eq!(error.to_string(), "semctl value 40000: Numerical result out of range");
    }
    let error = set.set_values(&[1]).unwrap_err();
    assert_eq!(error.errno(), libc::EINVAL);
    assert_eq!(error.to_string(), format!("semctl {} (which has 2 semaphores, not 1): Invalid argument", set.id()));
    set.remove().unwrap();
    let gone = set.give(0).unwrap_err();
    assert_eq!(gone.errno(), libc::EINVAL);
    assert!(matches!(gone, Error::Removed { .. }) && gone.to_string().contains("RemoveIPC"), "{gone}");
    assert!(matches!(set.value(0), Err(Error::Removed { .. })));
}

fn values() {
    let _apart = apart();
    let set = Semaphore::create(PRIVATE, &[3, 0, 1], 0o600).unwrap();
    assert_eq!(set.values().unwrap(), [3, 0, 1]);
    let packed: Vec<u8> = [0i16, -2, 0, 1, 5, 0].iter().flat_map(|n| n.to_ne_bytes()).collect();
    set.op_packed(&packed, Deadline::NEVER).unwrap();
    assert_eq!(set.values().unwrap(), [1, 5, 1]);
    assert_eq!(set.pid(1).unwrap(), std::process::id() as i32);
    let stat = set.stat().unwrap();
    assert_eq!((stat.count, stat.owner.mode, stat.owner.key), (3, 0o600, 0));
    assert!(stat.operated > 0);
    set.change(Change { mode: Some(0o640), ..Change::default() }).unwrap();
    assert_eq!(set.stat().unwrap().owner.mode, 0o640);
    let bytes = set.stat_bytes().unwrap();
    assert_eq!(bytes.len(), 104);
    set.set_bytes(&bytes).unwrap();
    let bad = set.set_bytes(b"abc").unwrap_err().to_string();
    assert_eq!(bad, "semctl: bad arg length for semctl, is 3, should be 104");
    let found = sysv::list().unwrap().into_iter().find(|o| o.id == set.id() && o.kind.name() == "sem").unwrap();
    assert_eq!((found.size, found.owner.mode), (3, 0o640));
    // SAFETY: no arguments.
    assert_eq!(found.owner.uid, unsafe { libc::geteuid() });
    set.remove().unwrap();
}

fn deadlines() {
    let _apart = apart();
    let set = Semaphore::create(PRIVATE, &[0], 0o600).unwrap();
    let begin = Instant::now();
    assert!(set.take(0, Deadline::NOW).unwrap_err().is_timeout());
    assert!(set.take(0, Deadline::after_ms(50)).unwrap_err().is_timeout());
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(10), "{took:?}");
    // Beside one that would not have waited: time is up all the same, and where that one ends it there is time left.
    let beside = |first, second| {
        let op = |(index, change, flags)| Op { index, change, flags };
        set.op(&[op(first), op(second)], Deadline::after_ms(50)).unwrap_err()
    };
    set.set(0, 1).unwrap();
    let error = beside((0, -1, NO_WAIT), (0, -1, 0));
    assert!(error.is_timeout(), "{error}");
    let error = beside((0, -1, 0), (0, -1, NO_WAIT));
    assert!(error.errno() == libc::EAGAIN && !error.is_timeout(), "{error}");
    set.set(0, 0).unwrap();
    let giver = child(|| {
        assert!(eventually(|| set.waiting(0).unwrap() == 1));
        set.give(0).unwrap();
        0
    });
    set.take(0, Deadline::after_ms(10_000)).unwrap();
    assert!(giver.wait(Deadline::NEVER).unwrap().success());
    set.remove().unwrap();
}

fn undo() {
    let _apart = apart();
    let set = Semaphore::create(PRIVATE, &[1], 0o600).unwrap();
    let taker = child(|| set.take_undo(0, Deadline::NEVER).map_or(1, |()| 0));
    assert!(taker.wait(Deadline::NEVER).unwrap().success());
    assert_eq!(set.value(0).unwrap(), 1, "given back at the end");
    let taker = child(|| set.take(0, Deadline::NEVER).map_or(1, |()| 0));
    assert!(taker.wait(Deadline::NEVER).unwrap().success());
    assert_eq!(set.value(0).unwrap(), 0, "and not without undo");
    let killed = child(|| {
        set.op(&[op(0, 3, UNDO)], Deadline::NEVER).unwrap();
        loop {
            std::thread::park();
        }
    });
    assert!(eventually(|| set.value(0).unwrap() == 3));
    killed.kill("KILL").unwrap();
    let _ = killed.wait(Deadline::NEVER).unwrap();
    assert_eq!(set.value(0).unwrap(), 0);
    set.remove().unwrap();
}

/// A handler runs while semop waits; the wait goes on, or ends when the handler asks.
fn handlers() {
    let _apart = apart();
    static RAN: AtomicU32 = AtomicU32::new(0);
    signal::handle("USR1", |_| {
        RAN.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    signal::handle("USR2", |_| Err(7)).unwrap();
    let set = Semaphore::create(PRIVATE, &[0], 0o600).unwrap();
    let me = std::process::id() as i32;
    let sender = child(|| {
        for signal in ["USR1", "USR2"] {
            assert!(eventually(|| set.waiting(0).unwrap() == 1));
            signal::kill(signal, me).unwrap();
        }
        0
    });
    let given_up = set.take(0, Deadline::NEVER).unwrap_err();
    assert!(matches!(given_up, Error::Abandoned { value: 7, .. }), "{given_up}");
    assert_eq!(RAN.load(Ordering::SeqCst), 1);
    assert!(sender.wait(Deadline::NEVER).unwrap().success());
    set.remove().unwrap();
}

fn removed() {
    let _apart = apart();
    let set = Semaphore::create(PRIVATE, &[0], 0o600).unwrap();
    let remover = child(|| {
        assert!(eventually(|| set.waiting(0).unwrap() == 1));
        set.remove().unwrap();
        0
    });
    let error = set.take(0, Deadline::NEVER).unwrap_err();
    assert!(matches!(error, Error::Removed { .. }), "{error}");
    assert_eq!(error.errno(), libc::EIDRM);
    assert!(error.to_string().contains("RemoveIPC"), "{error}");
    assert!(remover.wait(Deadline::NEVER).unwrap().success());
}

fn limits() {
    let apart = apart();
    if !apart.limit("sem", "250 32000 32 3") {
        return skipped("the limit of sets", "its value cannot be changed here");
    }
    let sets: Vec<_> = (0..3).map(|_| Semaphore::create(PRIVATE, &[1], 0o600).unwrap()).collect();
    let error = Semaphore::create(PRIVATE, &[1], 0o600).unwrap_err();
    assert_eq!(error.errno(), libc::ENOSPC);
    assert_eq!(error.to_string(), "semget: beyond the system's limit semmni = 3: No space left on device");
    let error = Semaphore::get(PRIVATE, 251, 0o600).unwrap_err();
    assert!(error.to_string().contains("semmsl = 250"), "{error}");
    sets.iter().for_each(|set| set.remove().unwrap());
}

/// Processes that open the same key at the same instant: one creates, and all see the values.
fn race() {
    const PROCESSES: u32 = 4;
    let _apart = apart();
    let memory = SharedMem::create(PRIVATE, 64, 0o600).unwrap();
    // SAFETY: zeros, aligned to a page, mapped to the end of the scenario in all processes.
    let arrived = unsafe { AtomicU32::from_ptr(memory.as_ptr().cast()) };
    let meet = |round: u32| {
        arrived.fetch_add(1, Ordering::SeqCst);
        let begin = Instant::now();
        while arrived.load(Ordering::SeqCst) < round * PROCESSES {
            assert!(begin.elapsed() < Duration::from_secs(10), "one of us has failed");
            std::thread::yield_now();
        }
    };
    let rounds = scale(10_000) as u32;
    let work = || {
        for round in 0..rounds {
            meet(round * 2 + 1);
            let set = Semaphore::open(0x5e00_0000, &[3, 0, 5], 0o600, Deadline::after_ms(10_000)).unwrap();
            assert_eq!(set.values().unwrap(), [3, 0, 5], "uninitialised in round {round}");
            meet(round * 2 + 2);
            // One of them is the first to remove it, before the next round or in it.
            let _ = set.remove();
        }
        0
    };
    let children: Vec<_> = (0..PROCESSES).map(|_| child(work)).collect();
    for child in children {
        let status = child.wait(Deadline::NEVER).unwrap();
        assert!(status.success(), "{status}");
    }
    memory.remove().unwrap();
}

/// A set by name must be ours or root's.
/// Another one removes whatever it finds, also what is not initialised yet: who opens it has one all the same.
fn reopened() {
    let _apart = apart();
    let memory = SharedMem::create(PRIVATE, 8, 0o600).unwrap();
    memory.remove().unwrap();
    // SAFETY: zeros, aligned to a page, mapped until the scenario ends.
    let end = unsafe { AtomicU32::from_ptr(memory.as_ptr().cast()) };
    let remover = child(|| {
        while end.load(Ordering::SeqCst) == 0 {
            let _ = Semaphore::get(sysv::key("perlipc-again"), 0, 0).and_then(Semaphore::remove);
        }
        0
    });
    let opener = child(|| {
        for _ in 0..scale(20_000) {
            Semaphore::open_named("perlipc-again", &[1, 2], 0o600, Deadline::NEVER).unwrap();
        }
        0
    });
    assert!(opener.wait(Deadline::NEVER).unwrap().success());
    end.store(1, Ordering::SeqCst);
    assert!(remover.wait(Deadline::NEVER).unwrap().success());
    // The last one, if the other had looked before it was made.
    let _ = Semaphore::get(sysv::key("perlipc-again"), 0, 0).and_then(Semaphore::remove);
}

fn named() {
    let _apart = apart();
    let set = Semaphore::open_named("perlipc-test", &[1], 0o666, Deadline::NEVER).unwrap();
    assert_eq!(Semaphore::open_named("perlipc-test", &[9], 0o666, Deadline::NEVER).unwrap(), set);
    assert_eq!(set.values().unwrap(), [1]);
    set.remove().unwrap();
    if !common::is_root() {
        return skipped("a stranger's set", "only root can be two users");
    }
    let stranger = child(|| {
        perlipc::drop_privileges("nobody", None).unwrap();
        Semaphore::open_named("perlipc-test", &[1], 0o666, Deadline::NEVER).unwrap();
        0
    });
    assert!(stranger.wait(Deadline::NEVER).unwrap().success());
    let error = Semaphore::open_named("perlipc-test", &[1], 0o666, Deadline::NEVER).unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    assert!(error.to_string().contains("made by uid"), "{error}");
    Semaphore::get(sysv::key("perlipc-test"), 0, 0).unwrap().remove().unwrap();
}

const PERL_TAKE: &str = r#"$key = semget(1234, 0, 0); die "semget: $!" if !defined $key;
    semop($key, pack("sss", 0, 0, 0) . pack("sss", 0, 1, 0)) || die "semop: $!"; print "taken\n";"#;
const PERL_GIVE: &str = r#"$key = semget(1234, 0, 0); die "semget: $!" if !defined $key;
    semop($key, pack("sss", 0, -1, 0)) || die "semop: $!"; print "given\n";"#;

/// The manual's programs: Perl waits in its take until we give.
fn partner_takes() {
    let _apart = apart();
    let set = Semaphore::get(1234, 1, 0o600 | CREATE).unwrap();
    set.op(&[op(0, 0, 0), op(0, 1, 0)], Deadline::NEVER).unwrap();
    let giver = child(|| {
        assert!(eventually(|| set.waiting_for_zero(0).unwrap() == 1));
        set.op(&[op(0, -1, 0)], Deadline::NEVER).unwrap();
        0
    });
    assert_eq!(perl(PERL_TAKE, &[]), "taken\n");
    assert!(giver.wait(Deadline::NEVER).unwrap().success());
    assert_eq!(set.value(0).unwrap(), 1);
    set.remove().unwrap();
}

/// And the other way: ours waits until Perl gives.
fn partner_gives() {
    let _apart = apart();
    let set = Semaphore::get(1234, 1, 0o600 | CREATE).unwrap();
    assert_eq!(perl(PERL_TAKE, &[]), "taken\n");
    let giver = child(|| {
        assert!(eventually(|| set.waiting_for_zero(0).unwrap() == 1));
        assert_eq!(perl(PERL_GIVE, &[]), "given\n");
        0
    });
    set.op(&[op(0, 0, 0), op(0, 1, 0)], Deadline::after_ms(20_000)).unwrap();
    assert!(giver.wait(Deadline::NEVER).unwrap().success());
    set.remove().unwrap();
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
    has_perls_errors: errors,
    has_values_and_an_owner: values,
    waits_end_in_time: deadlines,
    undo_gives_back: undo,
    handlers_run_while_it_waits: handlers,
    removal_ends_a_wait: removed,
    limits_are_named: limits,
    nobody_sees_an_uninitialised_set: race,
    a_name_means_ours: named,
    is_made_again_when_it_goes_while_it_is_opened: reopened,
    perl_takes_and_we_give: partner_takes,
    perl_gives_and_we_take: partner_gives,
);
