//! The semaphore on a futex: units are never lost nor made, nobody sleeps while there are some, whoever is killed.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{eventually, run, scale};
use objects::{Taken, child};
use perlipc::{Child, Deadline, Error, FutexSemaphore, Lock, SharedMem, Value, futex, signal, sysv::PRIVATE};

common::scenarios!(rules, waits, threads, killed, undone, handlers, handed_on);

const NEVER: Deadline = Deadline::NEVER;

fn rules() {
    let name = format!("test-futex-{}", std::process::id());
    let semaphore = FutexSemaphore::open(&name, 2, 0o600).unwrap();
    let path = format!("/dev/shm/perlipc-futex-{name}");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    // Its maker's value stays.
    let other = FutexSemaphore::open(&name, 9, 0o600).unwrap();
    assert_eq!((semaphore.value(), other.value()), (2, 2));
    semaphore.take(NEVER).unwrap();
    other.take(Deadline::NOW).unwrap();
    let late = semaphore.take(Deadline::NOW).unwrap_err();
    assert!(late.is_timeout() && late.path() == path, "{late}");
    // Any thread may give.
    std::thread::scope(|scope| scope.spawn(|| other.give()).join().unwrap()).unwrap();
    assert_eq!(semaphore.value(), 1);
    // One kind of memory is not taken for another.
    assert!(matches!(Lock::open(&path, 0o600).unwrap_err(), Error::Invalid { .. }));
    assert!(matches!(Value::open(&path, 0, 0o600).unwrap_err(), Error::Invalid { .. }));
    FutexSemaphore::remove(&name).unwrap();
    assert_eq!(FutexSemaphore::remove(&name).unwrap_err().errno(), libc::ENOENT);
    // Limits.
    let full = FutexSemaphore::anonymous(futex::MAX).unwrap();
    assert_eq!(full.give().unwrap_err().errno(), libc::EOVERFLOW);
    full.take(NEVER).unwrap();
    full.give().unwrap();
    assert_eq!(full.value(), futex::MAX);
    assert_eq!(FutexSemaphore::anonymous(futex::MAX + 1).unwrap_err().errno(), libc::EINVAL);
    assert_eq!(FutexSemaphore::open(&name, futex::MAX + 1, 0o600).unwrap_err().errno(), libc::EINVAL);
}

fn waits() {
    let semaphore = FutexSemaphore::anonymous(0).unwrap();
    let begin = Instant::now();
    assert!(semaphore.take(Deadline::after_ms(250)).unwrap_err().is_timeout());
    let took = begin.elapsed();
    assert!(took >= Duration::from_millis(250) && took < Duration::from_secs(10), "{took:?}");
    // Each round sleeps until the other side has given.
    let back = FutexSemaphore::anonymous(0).unwrap();
    let partner = child(|| {
        for _ in 0..scale(20_000) {
            semaphore.take(NEVER).unwrap();
            back.give().unwrap();
        }
        0
    });
    for _ in 0..scale(20_000) {
        semaphore.give().unwrap();
        back.take(NEVER).unwrap();
    }
    assert!(partner.wait(NEVER).unwrap().success());
    assert_eq!((semaphore.value(), back.value()), (0, 0));
}

/// Three units, eight threads: never more than three at once, and all units are there at the end.
fn threads() {
    let semaphore = FutexSemaphore::anonymous(3).unwrap();
    let (inside, most) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for round in 0..scale(50_000) {
                    semaphore.take(NEVER).unwrap();
                    most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    if round % 16 == 0 {
                        std::thread::yield_now();
                    }
                    inside.fetch_sub(1, Ordering::SeqCst);
                    semaphore.give().unwrap();
                }
            });
        }
    });
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    assert_eq!(semaphore.value(), 3);
}

/// Of eight that wait, one is killed again and again, asleep or just woken: the others get every unit within a second.
fn killed() {
    let semaphore = FutexSemaphore::anonymous(0).unwrap();
    let memory = SharedMem::create(PRIVATE, 64, 0o600).unwrap();
    memory.remove().unwrap();
    // SAFETY: zeros, aligned to a page, mapped until the scenario ends.
    let taken = unsafe { AtomicU64::from_ptr(memory.as_ptr().cast()) };
    let work = || {
        loop {
            semaphore.take(NEVER).unwrap();
            taken.fetch_add(1, Ordering::SeqCst);
        }
    };
    let mut takers: Vec<Child> = (0..8).map(|_| child(work)).collect();
    let (mut given, mut kills) = (0, 0);
    while kills < scale(500) {
        let burst = 1 + kills as u64 % 7;
        for _ in 0..burst {
            semaphore.give().unwrap();
        }
        given += burst;
        let victim = &mut takers[kills % 8];
        victim.kill("KILL").unwrap();
        let _ = victim.wait(NEVER).unwrap();
        let begin = Instant::now();
        while semaphore.value() > 0 {
            assert!(begin.elapsed() < Duration::from_secs(20), "{} units, and nobody takes", semaphore.value());
            std::thread::yield_now();
        }
        *victim = child(work);
        kills += 1;
    }
    // What was taken was counted, but for what the killed may have taken last.
    let lost = || given - taken.load(Ordering::SeqCst);
    assert!(eventually(|| lost() <= kills as u64), "{} of {given} units are lost by {kills} kills", lost());
    for taker in &takers {
        taker.kill("KILL").unwrap();
        let _ = taker.wait(NEVER).unwrap();
    }
}

/// What a killed holder had is gone: that is the price, and it is said.
fn undone() {
    let semaphore = FutexSemaphore::anonymous(1).unwrap();
    let holder = child(|| {
        semaphore.take(NEVER).unwrap();
        loop {
            std::thread::park();
        }
    });
    assert!(eventually(|| semaphore.value() == 0));
    holder.kill("KILL").unwrap();
    let _ = holder.wait(NEVER).unwrap();
    assert!(semaphore.take(Deadline::after_ms(20)).unwrap_err().is_timeout());
    semaphore.give().unwrap();
    semaphore.take(Deadline::NOW).unwrap();
}

fn handlers() {
    static RAN: AtomicU32 = AtomicU32::new(0);
    let semaphore: &'static FutexSemaphore = Box::leak(Box::new(FutexSemaphore::anonymous(0).unwrap()));
    // A handler gives what its own call waits for.
    signal::handle("USR1", |_| {
        RAN.fetch_add(1, Ordering::SeqCst);
        semaphore.give().map_err(|_| 1)
    })
    .unwrap();
    signal::handle("USR2", |_| Err(7)).unwrap();
    let back = FutexSemaphore::anonymous(0).unwrap();
    let told = std::process::id() as i32;
    let asleep = move || std::fs::read_to_string(format!("/proc/{told}/wchan")).is_ok_and(|at| at.contains("futex"));
    let sender = child(|| {
        assert!(eventually(asleep), "the kernel does not tell that it sleeps");
        signal::kill("USR1", told).unwrap();
        back.take(NEVER).unwrap();
        assert!(eventually(asleep));
        signal::kill("USR2", told).unwrap();
        0
    });
    semaphore.take(Deadline::after_ms(20_000)).unwrap();
    assert_eq!(RAN.load(Ordering::SeqCst), 1);
    back.give().unwrap();
    let given_up = semaphore.take(Deadline::after_ms(20_000)).unwrap_err();
    assert!(matches!(given_up, Error::Abandoned { value: 7, .. }), "{given_up}");
    assert!(sender.wait(NEVER).unwrap().success());
}

/// Who is woken and gives up wakes the next, and who is woken in vain does not let the next giver believe that nobody
/// sleeps.
fn handed_on() {
    let semaphore = FutexSemaphore::anonymous(0).unwrap();
    let what = Taken { take: &|deadline| semaphore.take(deadline), give: &|| semaphore.give().unwrap() };
    for late in [false, true] {
        let slept = objects::handed_on(&what, late);
        assert!(slept < Duration::from_millis(20), "late {late}: {slept:?}");
    }
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
    counts_and_has_a_name: rules,
    wakes_who_waits: waits,
    lets_so_many_in: threads,
    nobody_sleeps_beside_units: killed,
    a_killed_holders_unit_is_gone: undone,
    handlers_run_while_it_waits: handlers,
    who_gives_up_hands_the_wakeup_on: handed_on,
);
