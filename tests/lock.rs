//! The lock: who is killed with it, at whatever instant, is told to the next; nobody is stuck; what it guards is whole.

mod common;
#[path = "common/objects.rs"]
mod objects;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::{eventually, run, scale, skipped};
use objects::{Taken, child};
use perlipc::sysv::PRIVATE;
use perlipc::{Child, Deadline, Error, FutexSemaphore, Lock, SharedMem, Value, signal};

common::scenarios!(
    rules,
    threads,
    died,
    killed,
    handlers,
    full,
    foreign,
    handed_on,
    given_by_many,
    namespaces,
    given_and_ended
);

const NEVER: Deadline = Deadline::NEVER;

fn name(what: &str) -> String {
    format!("test-{what}-{}", std::process::id())
}

fn rules() {
    let name = name("rules");
    let lock = Lock::open(&name, 0o600).unwrap();
    let path = format!("/dev/shm/perlipc-lock-{name}");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!lock.take(NEVER).unwrap());
    let twice = lock.take(NEVER).unwrap_err();
    assert_eq!((twice.errno(), twice.path()), (libc::EDEADLK, &*path));
    let other = child(|| {
        let lock = Lock::open(&name, 0o600).unwrap();
        assert!(lock.take(Deadline::NOW).unwrap_err().is_timeout());
        let begin = Instant::now();
        let late = lock.take(Deadline::after_ms(50)).unwrap_err();
        assert!(late.is_timeout() && late.to_string() == format!("lock {path}: timed out"), "{late}");
        let took = begin.elapsed();
        assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(10), "{took:?}");
        let not_his = lock.give().unwrap_err();
        assert_eq!((not_his.errno(), not_his.path()), (libc::EPERM, &*path));
        0
    });
    assert!(other.wait(NEVER).unwrap().success());
    lock.give().unwrap();
    assert_eq!(lock.give().unwrap_err().errno(), libc::EPERM);
    // Dropped while it is held: given back.
    lock.take(NEVER).unwrap();
    drop(lock);
    let lock = Lock::open(&name, 0o600).unwrap();
    assert!(!lock.take(Deadline::NOW).unwrap());
    lock.give().unwrap();
    Lock::remove(&name).unwrap();
    assert_eq!(Lock::remove(&name).unwrap_err().errno(), libc::ENOENT);
    // A file, and none at all.
    let file = std::env::temp_dir().join(&name);
    let file = file.to_str().unwrap();
    let (one, two) = (Lock::open(file, 0o600).unwrap(), Lock::open(file, 0o600).unwrap());
    one.take(NEVER).unwrap();
    let (anonymous, forked) = (Lock::anonymous().unwrap(), Lock::anonymous().unwrap());
    forked.take(NEVER).unwrap();
    let other = child(|| {
        assert!(two.take(Deadline::NOW).unwrap_err().is_timeout());
        anonymous.take(NEVER).unwrap();
        anonymous.give().unwrap();
        assert!(forked.take(Deadline::NOW).unwrap_err().is_timeout());
        0
    });
    assert!(other.wait(NEVER).unwrap().success());
    forked.give().unwrap();
    one.give().unwrap();
    Lock::remove(file).unwrap();
}

/// The rule of threads: the thread that took it has it, and its end is a death.
fn threads() {
    let lock = Lock::anonymous().unwrap();
    std::thread::scope(|scope| {
        lock.take(NEVER).unwrap();
        scope
            .spawn(|| {
                assert_eq!(lock.give().unwrap_err().errno(), libc::EPERM);
                assert!(lock.take(Deadline::after_ms(20)).unwrap_err().is_timeout());
            })
            .join()
            .unwrap();
        lock.give().unwrap();
        scope.spawn(|| lock.take(NEVER).map(|_| ()).unwrap()).join().unwrap();
        assert!(lock.take(Deadline::after_ms(5000)).unwrap(), "it died with it");
        lock.give().unwrap();
    });
    // Each adds 10,000 to a number that the lock alone guards.
    let count = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10_000 {
                    lock.take(NEVER).unwrap();
                    count.store(count.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
                    lock.give().unwrap();
                }
            });
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), 40_000);
}

/// A holder's death reaches one who waits already, and is told once.
fn died() {
    let lock = Lock::anonymous().unwrap();
    let memory = SharedMem::create(PRIVATE, 8, 0o600).unwrap();
    memory.remove().unwrap();
    // SAFETY: zeros, aligned to a page, mapped until the scenario ends.
    let held = unsafe { AtomicU32::from_ptr(memory.as_ptr().cast()) };
    let holder = child(|| {
        lock.take(NEVER).unwrap();
        held.store(1, Ordering::SeqCst);
        loop {
            std::thread::park();
        }
    });
    assert!(eventually(|| held.load(Ordering::SeqCst) == 1));
    let killer = child(|| {
        std::thread::sleep(Duration::from_millis(30));
        holder.kill("KILL").map_or(1, |()| 0)
    });
    assert!(lock.take(Deadline::after_ms(5000)).unwrap(), "the death is told");
    lock.give().unwrap();
    assert!(!lock.take(NEVER).unwrap(), "once");
    lock.give().unwrap();
    let _ = (killer.wait(NEVER).unwrap(), holder.wait(NEVER).unwrap());
}

/// The process that has the lock, by the word that libc and the kernel share; 0 none.
fn holder(word: &AtomicU32) -> u32 {
    match word.load(Ordering::SeqCst) {
        // Its holder has died.
        now if now & libc::FUTEX_OWNER_DIED != 0 => 0,
        now => now & libc::FUTEX_TID_MASK,
    }
}

/// Stops a process, and comes back when it stands still.
fn stop(process: &Child) {
    process.kill("STOP").unwrap();
    let stat = format!("/proc/{}/stat", process.pid());
    let stopped =
        || std::fs::read_to_string(&stat).is_ok_and(|text| text.rsplit(')').next().unwrap().starts_with(" T"));
    assert!(eventually(stopped), "it does not stop");
}

/// Eight processes take and give, one is killed every 20 ms: nobody is ever stuck, the numbers that the lock guards
/// agree, and each kill of a holder is told once, no other ever.
fn killed() {
    const PROCESSES: usize = 8;
    let name = name("killed");
    let lock = Lock::open(&name, 0o600).unwrap();
    let file = std::fs::File::options().read(true).write(true).open(format!("/dev/shm/perlipc-lock-{name}")).unwrap();
    Lock::remove(&name).unwrap();
    // SAFETY: a page of the lock's own file, mapped to the end of the scenario; the mutex begins with its word.
    let word = unsafe {
        let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
        let at = libc::mmap(std::ptr::null_mut(), 128, libc::PROT_READ, libc::MAP_SHARED, fd, 0);
        assert_ne!(at, libc::MAP_FAILED);
        &*at.cast::<AtomicU32>()
    };
    let memory = SharedMem::create(PRIVATE, 4096, 0o600).unwrap();
    memory.remove().unwrap();
    // SAFETY: zeros, aligned to a page, mapped until the scenario ends.
    let number = |at: usize| unsafe { AtomicU64::from_ptr(memory.as_ptr().add(at * 8).cast()) };
    let (one, other, told, rounds, inside) = (number(0), number(1), number(2), number(3), number(4));
    // The first is the process that has the lock and has said what it was told.
    let (looked, end) = (number(5), number(6));
    let work = || {
        let me = u64::from(std::process::id());
        while end.load(Ordering::Relaxed) == 0 {
            let begin = Instant::now();
            let died = lock.take(Deadline::after_ms(20_000)).unwrap();
            assert!(begin.elapsed() < Duration::from_secs(15), "stuck");
            if died {
                told.fetch_add(1, Ordering::SeqCst);
                // Half done: put right by who is told.
                other.store(one.load(Ordering::Relaxed), Ordering::Relaxed);
                inside.store(0, Ordering::SeqCst);
            }
            looked.store(me, Ordering::SeqCst);
            assert_eq!(inside.swap(1, Ordering::SeqCst), 0, "two at once");
            assert_eq!(one.load(Ordering::Relaxed), other.load(Ordering::Relaxed));
            one.fetch_add(1, Ordering::Relaxed);
            for _ in 0..200 {
                std::hint::spin_loop();
            }
            other.fetch_add(1, Ordering::Relaxed);
            inside.store(0, Ordering::SeqCst);
            rounds.fetch_add(1, Ordering::Relaxed);
            looked.store(0, Ordering::SeqCst);
            lock.give().unwrap();
        }
        0
    };
    let mut processes: Vec<Child> = (0..PROCESSES).map(|_| child(work)).collect();
    let enough = scale(100_000) as u64;
    // Kills, those of a holder, and those of one who was told of a death and had no time to say so.
    let (begin, mut kills, mut deaths, mut unsaid) = (Instant::now(), 0, 0, 0);
    while rounds.load(Ordering::Relaxed) < enough || kills < scale(200) {
        assert!(begin.elapsed() < Duration::from_secs(90), "{} rounds", rounds.load(Ordering::Relaxed));
        std::thread::sleep(Duration::from_millis(20));
        // Every second one is whoever has the lock just now.
        let chosen = match (kills % 2, holder(word)) {
            (1, pid) if pid != 0 => processes.iter().position(|process| process.pid() as u32 == pid).unwrap_or(0),
            _ => kills / 2 % PROCESSES,
        };
        let victim = &mut processes[chosen];
        stop(victim);
        if holder(word) == victim.pid() as u32 {
            let silent = looked.load(Ordering::SeqCst) != victim.pid() as u64;
            unsaid += u64::from(silent && told.load(Ordering::SeqCst) + unsaid < deaths);
            deaths += 1;
        }
        victim.kill("KILL").unwrap();
        assert_eq!(victim.wait(NEVER).unwrap().signal(), Some(libc::SIGKILL), "it had failed before");
        *victim = child(work);
        kills += 1;
    }
    end.store(1, Ordering::SeqCst);
    for process in processes {
        let status = process.wait(NEVER).unwrap();
        assert!(status.success(), "{status}");
    }
    let last = u64::from(lock.take(NEVER).unwrap());
    lock.give().unwrap();
    let told = told.load(Ordering::SeqCst) + last;
    assert_eq!(told + unsaid, deaths, "{unsaid} of them unsaid; {kills} kills");
    assert!(deaths as usize > kills / 4, "only {deaths} of {kills} kills hit a holder");
}

fn handlers() {
    static RAN: AtomicU32 = AtomicU32::new(0);
    signal::handle("USR1", |_| {
        RAN.fetch_add(1, Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    signal::handle("USR2", |_| Err(7)).unwrap();
    let lock = Lock::anonymous().unwrap();
    let (ready, told) = (SharedMem::create(PRIVATE, 8, 0o600).unwrap(), std::process::id() as i32);
    ready.remove().unwrap();
    // SAFETY: zeros, aligned to a page, mapped until the scenario ends.
    let held = unsafe { AtomicU32::from_ptr(ready.as_ptr().cast()) };
    let holder = child(|| {
        lock.take(NEVER).unwrap();
        held.store(1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        signal::kill("USR1", told).unwrap();
        std::thread::sleep(Duration::from_millis(20));
        signal::kill("USR2", told).unwrap();
        loop {
            std::thread::park();
        }
    });
    assert!(eventually(|| held.load(Ordering::SeqCst) == 1));
    let begin = Instant::now();
    let given_up = lock.take(Deadline::after_ms(20_000)).unwrap_err();
    assert!(matches!(given_up, Error::Abandoned { value: 7, .. }), "{given_up}");
    assert_eq!(RAN.load(Ordering::SeqCst), 1);
    assert!(begin.elapsed() < Duration::from_secs(15));
    holder.kill("KILL").unwrap();
    assert!(lock.take(NEVER).unwrap());
    lock.give().unwrap();
    let _ = holder.wait(NEVER).unwrap();
}

/// A full file system is an error when the memory is made, and never a SIGBUS later.
fn full() {
    let place = std::env::temp_dir().join(name("full"));
    std::fs::create_dir(&place).unwrap();
    let target = std::ffi::CString::new(place.to_str().unwrap()).unwrap();
    // SAFETY: C strings. The mount is this process's own.
    let mounted = unsafe {
        libc::unshare(libc::CLONE_NEWNS) == 0
            && libc::mount(
                c"none".as_ptr(),
                c"/".as_ptr(),
                std::ptr::null(),
                libc::MS_REC | libc::MS_PRIVATE,
                std::ptr::null(),
            ) == 0
            && libc::mount(c"none".as_ptr(), target.as_ptr(), c"tmpfs".as_ptr(), 0, c"size=64k".as_ptr().cast()) == 0
    };
    if mounted {
        let at = |name: &str| place.join(name).to_str().unwrap().to_owned();
        let value = Value::open(at("fits"), 8192, 0o600).unwrap();
        value.write(&[1; 8192], NEVER).unwrap();
        let error = Value::open(at("large"), 1 << 20, 0o600).unwrap_err();
        assert_eq!(error.errno(), libc::ENOSPC, "{error}");
        std::fs::write(at("filler"), [0; 4096]).unwrap();
        while std::fs::OpenOptions::new()
            .append(true)
            .open(at("filler"))
            .and_then(|mut file| std::io::Write::write_all(&mut file, &[0; 4096]))
            .is_ok()
        {}
        assert_eq!(Lock::open(at("lock"), 0o600).unwrap_err().errno(), libc::ENOSPC);
        value.write(&[2; 8192], NEVER).unwrap();
        assert_eq!(value.get(NEVER).unwrap(), [2; 8192]);
        // SAFETY: a C string.
        unsafe { libc::umount2(target.as_ptr(), libc::MNT_DETACH) };
    } else {
        skipped("a full file system", "this user may not mount one");
    }
    std::fs::remove_dir(&place).unwrap();
}

/// What is not ours is refused, and not taken away either: another user's, another thing's, one behind a link.
fn foreign() {
    let name = name("foreign");
    let path = format!("/dev/shm/perlipc-lock-{name}");
    for data in [vec![b'x'; 4096], Vec::new()] {
        std::fs::write(&path, &data).unwrap();
        assert!(matches!(Lock::open(&name, 0o600).unwrap_err(), Error::Invalid { .. }));
        let error = Lock::remove(&name).unwrap_err();
        assert_eq!(error.to_string(), format!("lock: {path} is something else"));
        assert_eq!(std::fs::read(&path).unwrap(), data);
        std::fs::remove_file(&path).unwrap();
    }
    drop(Value::open(&path, 100, 0o600).unwrap());
    assert!(matches!(Lock::remove(&path).unwrap_err(), Error::Invalid { .. }));
    assert!(matches!(FutexSemaphore::remove(&path).unwrap_err(), Error::Invalid { .. }));
    Value::remove(&path).unwrap();
    perlipc::fifo::make(&path, 0o600).unwrap();
    assert!(matches!(Lock::remove(&name).unwrap_err(), Error::Invalid { .. }));
    std::fs::remove_file(&path).unwrap();
    let behind = common::Dir::new("foreign");
    let target = behind.path("lock");
    drop(Lock::open(&target, 0o600).unwrap());
    std::os::unix::fs::symlink(&target, &path).unwrap();
    assert_eq!(Lock::open(&name, 0o600).unwrap_err().errno(), libc::ELOOP);
    assert_eq!(Lock::remove(&name).unwrap_err().errno(), libc::ELOOP);
    assert!(std::fs::exists(&target).unwrap());
    std::fs::remove_file(&path).unwrap();
    if !common::is_root() {
        return skipped("another user's lock", "only root can be two users");
    }
    let lock = Lock::open(&name, 0o666).unwrap();
    std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
    let error = Lock::open(&name, 0o600).unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    assert!(error.to_string().contains("made by uid 65534"), "{error}");
    drop(lock);
    Lock::remove(&name).unwrap();
}

/// Who is woken and gives up wakes the next, and who is woken in vain does not let the holder believe that nobody sleeps.
fn handed_on() {
    let lock = Lock::anonymous().unwrap();
    lock.take(NEVER).unwrap();
    let what = Taken { take: &|deadline| lock.take(deadline).map(drop), give: &|| lock.give().unwrap() };
    for late in [false, true] {
        let slept = objects::handed_on(&what, late);
        assert!(slept < Duration::from_millis(20), "late {late}: {slept:?}");
    }
}

/// A thread that gives what it does not have changes nothing for the one that has it: what is dropped is gone.
fn given_by_many() {
    let mapped = || std::fs::read_to_string("/proc/self/maps").unwrap().matches("/dev/zero").count();
    let before = mapped();
    for _ in 0..scale(3000) {
        let lock = Lock::anonymous().unwrap();
        let given = AtomicU32::new(0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while given.load(Ordering::SeqCst) < 2 {
                    assert_eq!(lock.give().unwrap_err().errno(), libc::EPERM);
                    let _ = given.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst);
                }
            });
            scope.spawn(|| {
                lock.take(NEVER).unwrap();
                while given.load(Ordering::SeqCst) == 0 {
                    std::hint::spin_loop();
                }
                lock.give().unwrap();
                given.store(2, Ordering::SeqCst);
            });
        });
    }
    assert_eq!(mapped(), before);
}

/// A process that is number 1 of a pid namespace of its own; [`FORBIDDEN`] when this user may not make any.
fn number_one(body: impl Fn() -> i32) -> Child {
    child(|| {
        // SAFETY: plain numbers.
        if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0 {
            return FORBIDDEN;
        }
        let inside = child(|| {
            assert_eq!(std::process::id(), 1);
            body()
        });
        inside.wait(NEVER).unwrap().code().unwrap_or(102)
    })
}

const FORBIDDEN: i32 = 77;

/// In each container some process is number 1: that is no reason to take another one's lock for its own.
fn namespaces() {
    let value = Value::anonymous(8).unwrap();
    let (taken, tried) = (FutexSemaphore::anonymous(0).unwrap(), FutexSemaphore::anonymous(0).unwrap());
    let holder = number_one(|| {
        assert!(!value.take(NEVER).unwrap());
        assert_eq!(value.take(NEVER).unwrap_err().errno(), libc::EDEADLK);
        taken.give().unwrap();
        tried.take(Deadline::after_ms(20_000)).unwrap();
        // Within what it has taken itself.
        value.write(b"holder", NEVER).unwrap();
        value.give().unwrap();
        0
    });
    if let Err(error) = taken.take(Deadline::after_ms(5000)) {
        assert_eq!(holder.wait(NEVER).unwrap().code(), Some(FORBIDDEN), "{error}");
        return skipped("a lock over pid namespaces", "this user may not make any");
    }
    let other = number_one(|| {
        assert!(value.take(Deadline::after_ms(150)).unwrap_err().is_timeout());
        assert!(value.write(b"other", Deadline::NOW).unwrap_err().is_timeout());
        assert_eq!(value.give().unwrap_err().errno(), libc::EPERM);
        tried.give().unwrap();
        assert!(!value.take(Deadline::after_ms(20_000)).unwrap());
        assert_eq!(value.get(NEVER).unwrap(), b"holder");
        0
    });
    assert_eq!((other.wait(NEVER).unwrap().code(), holder.wait(NEVER).unwrap().code()), (Some(0), Some(0)));
    assert!(value.take(NEVER).unwrap(), "the other one has ended with it");
}

static TAKEN: std::sync::atomic::AtomicPtr<AtomicU32> = std::sync::atomic::AtomicPtr::new(std::ptr::null_mut());

/// In place of waking the next: ends when that one has the lock.
extern "C" fn end_when_taken(_: libc::c_int) {
    // SAFETY: set before this can be called; no destructor runs.
    unsafe {
        while (*TAKEN.load(Ordering::SeqCst)).load(Ordering::SeqCst) == 0 {}
        libc::_exit(0);
    }
}

/// Who ends in the instant after it has given the lock back does not take that of the next with it, whose number is the
/// same: the kernel completes what libc was at.
fn given_and_ended() {
    let name = name("ended");
    let lock = Lock::open(&name, 0o600).unwrap();
    let file = std::fs::File::options().read(true).write(true).open(format!("/dev/shm/perlipc-lock-{name}")).unwrap();
    Lock::remove(&name).unwrap();
    let memory = SharedMem::create(PRIVATE, 8, 0o600).unwrap();
    memory.remove().unwrap();
    TAKEN.store(memory.as_ptr().cast(), Ordering::SeqCst);
    // SAFETY: zeros, and a page of the lock's own file that begins with its word; both are mapped to the scenario's end.
    let (taken, word) = unsafe {
        let fd = std::os::fd::AsRawFd::as_raw_fd(&file);
        let at = libc::mmap(std::ptr::null_mut(), 128, libc::PROT_READ, libc::MAP_SHARED, fd, 0);
        assert_ne!(at, libc::MAP_FAILED);
        (AtomicU32::from_ptr(memory.as_ptr().cast()), &*at.cast::<AtomicU32>())
    };
    let (held, gone) = (FutexSemaphore::anonymous(0).unwrap(), FutexSemaphore::anonymous(0).unwrap());
    let first = number_one(|| {
        lock.take(NEVER).unwrap();
        held.give().unwrap();
        assert!(eventually(|| word.load(Ordering::SeqCst) & libc::FUTEX_WAITERS != 0));
        let step = |code: u32, jt, jf, k| libc::sock_filter { code: code as u16, jt, jf, k };
        let (load, equal, answer) =
            (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, libc::BPF_JMP | libc::BPF_JEQ, libc::BPF_RET);
        // The number of the call, and its second argument.
        let filter = [
            step(load, 0, 0, 0),
            step(equal, 0, 3, libc::SYS_futex as u32),
            step(load, 0, 0, 24),
            step(equal, 0, 1, libc::FUTEX_WAKE as u32),
            step(answer, 0, 0, libc::SECCOMP_RET_TRAP),
            step(answer, 0, 0, libc::SECCOMP_RET_ALLOW),
        ];
        let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
        // SAFETY: the kernel copies the program; the handler makes bare calls.
        unsafe {
            libc::signal(libc::SIGSYS, end_when_taken as *const () as usize);
            assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
            assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &raw const program), 0);
        }
        lock.give().unwrap();
        1
    });
    if let Err(error) = held.take(Deadline::after_ms(5000)) {
        assert_eq!(first.wait(NEVER).unwrap().code(), Some(FORBIDDEN), "{error}");
        return skipped("a lock over pid namespaces", "this user may not make any");
    }
    let next = number_one(|| {
        assert!(!lock.take(Deadline::after_ms(20_000)).unwrap());
        taken.store(1, Ordering::SeqCst);
        gone.take(Deadline::after_ms(20_000)).unwrap();
        lock.give().unwrap();
        0
    });
    assert_eq!(first.wait(NEVER).unwrap().code(), Some(0));
    gone.give().unwrap();
    assert_eq!(next.wait(NEVER).unwrap().code(), Some(0));
    assert!(!lock.take(NEVER).unwrap(), "nobody has died with it");
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
    excludes_and_times_out: rules,
    belongs_to_a_thread: threads,
    a_holders_death_is_told: died,
    nobody_is_stuck_when_holders_are_killed: killed,
    handlers_run_while_it_waits: handlers,
    a_full_file_system_is_an_error: full,
    strangers_are_refused: foreign,
    who_gives_up_hands_the_wakeup_on: handed_on,
    who_has_it_not_gives_nothing: given_by_many,
    number_one_of_another_namespace_is_a_stranger: namespaces,
    who_has_given_takes_nobodys_with_its_end: given_and_ended,
);
