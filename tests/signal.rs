//! `%SIG`: names, deferred handlers, local, queues, masks, kill, alarm, reapers, the trap; and no wake-up is lost.

mod common;

use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::*;
use perlipc::signal::{self, Disposition, Set};
use perlipc::{
    Cmd, Deadline, Error, FlockMode, Lock, MessageQueue, Semaphore, Stream, Value, capture, flock, popen, wait_any,
    wait_pid,
};

scenarios! {
    handlers_run_in_order, giving_up_leaves_the_rest_due, a_handler_is_told_who_sent, what_cannot_be_had,
    save_puts_back_what_was, restored_default_kills, pending_when_it_ends, queued_signals_are_pulled,
    a_queued_signal_cuts_nothing, the_descriptor, masks, kill_counts, kill_tells_eperm, alarms, sleep_is_cut,
    a_reaper_beside_popen_and_system, foreign_handlers_are_noticed, the_signal_thread_moves, what_another_thread_makes_due, trap_segv, trap_term,
    trap_overflow, a_fork_has_nothing_pending, storm, senders_are_whole, under_alarm, under_alarm_too, no_wake_up_is_lost, system_makes_deaf,
    trap_overflow_elsewhere, trap_twice, trap_two, stacks_go_with_their_threads,
    a_handler_of_a_higher_kind_may_nest, a_queue_that_grows_is_pulled, what_fails_decides_nothing, the_users_change_is_not_kept, what_is_queued_no_more_is_not_lost, a_fork_is_not_deaf,
    a_handler_lives_until_it_returns, a_fork_beside_who_sets_handlers,
    the_descriptor_is_quiet_again, at_each_instruction, what_is_forwarded_counts_once,
    what_could_not_be_forwarded, a_broken_pipe_elsewhere_ends_nothing,
    a_handler_left_running_elsewhere, a_handler_runs_once_at_a_time, a_refused_handler_goes_unlocked,
    replaced_handlers_do_not_stay, a_fork_in_a_handler, a_fork_beside_a_handler, a_fork_closes_no_strangers, what_comes_while_the_hosts_handler_runs,
}

macro_rules! each {
    ($($name:ident),* $(,)?) => {
        mod in_a_process_of_its_own {
            $(#[test] fn $name() { crate::common::run(stringify!($name)); })*
        }
    };
}
each! {
    handlers_run_in_order, giving_up_leaves_the_rest_due, a_handler_is_told_who_sent, what_cannot_be_had,
    save_puts_back_what_was, pending_when_it_ends, queued_signals_are_pulled, a_queued_signal_cuts_nothing,
    the_descriptor, masks, kill_counts, kill_tells_eperm, alarms, sleep_is_cut, a_reaper_beside_popen_and_system,
    foreign_handlers_are_noticed, the_signal_thread_moves, what_another_thread_makes_due, a_fork_has_nothing_pending, storm, senders_are_whole, under_alarm, under_alarm_too,
    no_wake_up_is_lost, system_makes_deaf, a_handler_of_a_higher_kind_may_nest, a_queue_that_grows_is_pulled, what_fails_decides_nothing, the_users_change_is_not_kept, what_is_queued_no_more_is_not_lost, a_fork_is_not_deaf,
    a_handler_lives_until_it_returns, a_fork_beside_who_sets_handlers,
    the_descriptor_is_quiet_again, at_each_instruction, what_is_forwarded_counts_once,
    what_could_not_be_forwarded, a_broken_pipe_elsewhere_ends_nothing,
    a_handler_left_running_elsewhere, a_handler_runs_once_at_a_time, a_refused_handler_goes_unlocked,
    replaced_handlers_do_not_stay, a_fork_in_a_handler, a_fork_beside_a_handler, a_fork_closes_no_strangers, what_comes_while_the_hosts_handler_runs,
    stacks_go_with_their_threads,
}

fn me() -> i32 {
    std::process::id() as i32
}

fn ms(n: u64) -> Deadline {
    Deadline::after(Some(Duration::from_millis(n)))
}

/// A handler that notes its name.
fn noting(log: &Arc<Mutex<Vec<&'static str>>>) -> impl Fn(&signal::Arrived) -> Result<(), i32> + Send + Sync + 'static {
    let log = log.clone();
    move |arrived| {
        log.lock().unwrap().push(arrived.name());
        Ok(())
    }
}

#[test]
fn names_and_numbers() {
    for (name, number) in signal::names() {
        assert_eq!(signal::number(name).unwrap(), number, "{name}");
        assert_eq!(signal::number(&format!("SIG{name}")).unwrap(), number, "{name}");
    }
    for n in 0..=64 {
        assert_eq!(signal::number(signal::name(n).unwrap()).unwrap(), n);
        assert_eq!(signal::number(&n.to_string()).unwrap(), n);
    }
    for (other, same) in [("CLD", "CHLD"), ("POLL", "IO"), ("IOT", "ABRT"), ("RTMIN+1", "NUM35"), ("RTMAX-1", "63")] {
        assert_eq!(signal::number(other).unwrap(), signal::number(same).unwrap(), "{other}");
    }
    assert_eq!(signal::name(libc::SIGCHLD), Some("CHLD"));
    for none in ["", "int", "SIGint", "FOO", "65", "-1", "RTMIN-1", "RTMIN+31", "RTMAX-31", "NUM5", "SIG2", "2 "] {
        assert!(signal::number(none).is_err(), "{none:?}");
    }
    assert!(signal::number("\0INT").is_err() && signal::number("SIGSIGINT").is_err());
    assert_eq!((signal::name(65), signal::name(-1)), (None, None));
}

fn handlers_run_in_order() {
    let log = Arc::default();
    for name in ["HUP", "USR1", "USR2", "TERM", "CLD"] {
        signal::handle(name, noting(&log)).unwrap();
    }
    let set = Set::of("HUP,USR1,USR2,TERM,CHLD").unwrap();
    signal::block(set);
    for name in ["CHLD", "TERM", "USR2", "USR1", "HUP", "USR1"] {
        signal::kill(name, me()).unwrap();
    }
    assert!(log.lock().unwrap().is_empty());
    signal::unblock(set).unwrap();
    assert_eq!(*log.lock().unwrap(), ["HUP", "USR1", "USR2", "TERM", "CHLD"]);
    // Not blocked: handled when kill comes back.
    signal::kill("USR1", me()).unwrap();
    assert_eq!(log.lock().unwrap().last(), Some(&"USR1"));
    assert_eq!(log.lock().unwrap().len(), 6);
}

fn a_handler_of_a_higher_kind_may_nest() {
    let log: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    signal::handle("USR2", noting(&log)).unwrap();
    let inner = log.clone();
    signal::handle("USR1", move |_| {
        inner.lock().unwrap().push("begin");
        // Its own kind waits until it is over, another is handled in its blocking calls.
        signal::kill("USR1", me()).unwrap();
        signal::kill("USR2", me()).unwrap();
        assert_eq!(signal::current().unwrap().name(), "USR1");
        let ran = signal::dispatch(ms(1)).unwrap();
        inner.lock().unwrap().push(if ran == 0 { "end" } else { "?" });
        if inner.lock().unwrap().len() > 6 { Err(1) } else { Ok(()) }
    })
    .unwrap();
    let result = signal::kill("USR1", me());
    assert!(matches!(result, Err(Error::Abandoned { signal: libc::SIGUSR1, value: 1, .. })), "{result:?}");
    let one = ["begin", "USR2", "end"];
    assert_eq!(log.lock().unwrap()[..6], [one, one].concat()[..]);
    assert_eq!(signal::current(), None);
}

fn giving_up_leaves_the_rest_due() {
    let log = Arc::default();
    signal::handle("HUP", |_| Err(7)).unwrap();
    signal::handle("USR1", noting(&log)).unwrap();
    let set = Set::of("HUP USR1").unwrap();
    for _ in 0..3 {
        signal::block(set);
        signal::kill("USR1", me()).unwrap();
        signal::kill("HUP", me()).unwrap();
        let result = signal::unblock(set);
        assert!(matches!(result, Err(Error::Abandoned { value: 7, step: "unblock", .. })), "{result:?}");
        assert!(signal::is_due());
        assert_eq!(signal::dispatch(Deadline::NOW).unwrap(), 1);
    }
    assert_eq!(log.lock().unwrap().len(), 3);
}

fn a_handler_is_told_who_sent() {
    let told = Arc::new(Mutex::new(None));
    let tell = told.clone();
    signal::handle("RTMIN+2", move |arrived| {
        *tell.lock().unwrap() = Some(*arrived);
        Ok(())
    })
    .unwrap();
    let set = Set::of("RTMIN+2").unwrap();
    signal::block(set);
    for value in [1, 2, 0x1234_5678_9abc] {
        signal::sigqueue("RTMIN+2", me(), value).unwrap();
    }
    signal::unblock(set).unwrap();
    let got = told.lock().unwrap().take().unwrap();
    // SAFETY: no arguments.
    assert_eq!((got.pid, got.uid, got.code), (me(), unsafe { libc::getuid() }, libc::SI_QUEUE));
    assert_eq!((got.count, got.value, got.name()), (3, 0x1234_5678_9abc, "NUM36"));
    signal::kill("RTMIN+2", me()).unwrap();
    assert_eq!(told.lock().unwrap().take().unwrap().code, libc::SI_USER);
}

fn what_cannot_be_had() {
    let before = Hygiene::look();
    for name in ["KILL", "STOP"] {
        for result in
            [signal::handle(name, |_| Ok(())), signal::ignore(name), signal::default(name), signal::queue(name)]
        {
            assert_eq!(result.unwrap_err().errno(), libc::EINVAL, "{name}");
        }
        assert!(signal::save(name).is_err());
    }
    for name in ["SEGV", "BUS", "FPE", "ILL"] {
        let error = signal::handle(name, |_| Ok(())).unwrap_err();
        assert!(error.to_string().contains("fault for ever"), "{error}");
        assert!(signal::queue(name).is_err());
    }
    assert!(signal::handle("ZERO", |_| Ok(())).is_err());
    assert!(signal::handle("NUM32", |_| Ok(())).is_err());
    assert!(matches!(signal::next(Deadline::NOW), Err(Error::Invalid { .. })));
    Hygiene::look().is_as(&before, "refused");
}

extern "C" fn foreign(_: libc::c_int) {
    FOREIGN.fetch_add(1, Ordering::SeqCst);
}
static FOREIGN: AtomicU32 = AtomicU32::new(0);

fn set_foreign(signal: i32, flags: i32) {
    // SAFETY: a handler that only counts.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = foreign as *const () as usize;
        new.sa_flags = flags;
        libc::sigaction(signal, &new, std::ptr::null_mut());
    }
}

fn save_puts_back_what_was() {
    set_foreign(libc::SIGUSR1, libc::SA_NODEFER);
    let before = Hygiene::look();
    {
        let _outer = signal::save("USR1").unwrap();
        assert!(matches!(signal::disposition("USR1"), Ok(Disposition::Foreign)));
        let log = Arc::default();
        signal::handle("USR1", noting(&log)).unwrap();
        {
            let _inner = signal::save("USR1").unwrap();
            signal::ignore("USR1").unwrap();
            signal::kill("USR1", me()).unwrap();
            assert!(matches!(signal::disposition("USR1"), Ok(Disposition::Ignore)));
        }
        assert!(matches!(signal::disposition("USR1"), Ok(Disposition::Handler(_))));
        signal::kill("USR1", me()).unwrap();
        assert_eq!(*log.lock().unwrap(), ["USR1"]);
        {
            let _inner = signal::save("USR1").unwrap();
            signal::queue("USR1").unwrap();
            assert!(matches!(signal::disposition("USR1"), Ok(Disposition::Queue)));
        }
        signal::kill("USR1", me()).unwrap();
        assert_eq!(log.lock().unwrap().len(), 2);
    }
    Hygiene::look().is_as(&before, "saved and restored");
    signal::kill("USR1", me()).unwrap();
    assert_eq!(FOREIGN.load(Ordering::SeqCst), 1);
}

fn restored_default_kills() {
    let saved = signal::save("USR1").unwrap();
    signal::handle("USR1", |_| Ok(())).unwrap();
    signal::kill("USR1", me()).unwrap();
    saved.restore().unwrap();
    signal::kill("USR1", me()).unwrap();
}

#[test]
fn what_was_not_set_is_deadly_again() {
    let status = command("restored_default_kills").status().unwrap();
    assert_eq!(status.signal(), Some(libc::SIGUSR1));
}

fn pending_when_it_ends() {
    let (outer, inner) = (Arc::default(), Arc::default());
    signal::handle("USR1", noting(&outer)).unwrap();
    let arrived = || {
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR1) };
    };
    // Arrived and deferred: the inner handler gets it.
    let saved = signal::save("USR1").unwrap();
    signal::handle("USR1", noting(&inner)).unwrap();
    arrived();
    assert!(signal::is_due());
    saved.restore().unwrap();
    let counts = || (outer.lock().unwrap().len(), inner.lock().unwrap().len());
    assert_eq!(counts(), (0, 1));
    // Blocked in the kernel: the outer one.
    let set = Set::of("USR1").unwrap();
    let saved = signal::save("USR1").unwrap();
    signal::handle("USR1", noting(&inner)).unwrap();
    signal::block(set);
    arrived();
    saved.restore().unwrap();
    signal::unblock(set).unwrap();
    assert_eq!(counts(), (1, 1));
    // Blocked, and ignored meanwhile: gone.
    signal::block(set);
    arrived();
    let saved = signal::save("USR1").unwrap();
    signal::ignore("USR1").unwrap();
    drop(saved);
    signal::unblock(set).unwrap();
    assert_eq!(counts(), (1, 1));
    // A handler that gives up does so out of restore, and what was is back.
    let saved = signal::save("USR1").unwrap();
    signal::handle("USR1", |_| Err(3)).unwrap();
    arrived();
    let result = saved.restore();
    assert!(matches!(result, Err(Error::Abandoned { value: 3, .. })), "{result:?}");
    arrived();
    assert_eq!(signal::dispatch(Deadline::NOW).unwrap(), 1);
    assert_eq!(counts(), (2, 1));
    // Arrived while its own handler runs: it goes where the new disposition sends it.
    signal::handle("USR2", move |_| {
        // SAFETY: plain numbers.
        unsafe { libc::kill(me(), libc::SIGUSR2) };
        set_foreign(libc::SIGUSR2, 0);
        let theirs = signal::save("USR2").unwrap();
        signal::ignore("USR2").unwrap();
        drop(theirs);
        Ok(())
    })
    .unwrap();
    signal::kill("USR2", me()).unwrap();
    assert_eq!(FOREIGN.load(Ordering::SeqCst), 0, "ignored meanwhile");
    let again = |arrived: &signal::Arrived| {
        // SAFETY: plain numbers.
        unsafe { libc::kill(me(), arrived.signal) };
        signal::queue("WINCH").map_err(|_| 1)
    };
    signal::handle("WINCH", again).unwrap();
    signal::kill("WINCH", me()).unwrap();
    assert_eq!(signal::next(Deadline::NOW).unwrap().signal, libc::SIGWINCH);
}

fn queued_signals_are_pulled() {
    for name in ["USR1", "HUP", "RTMIN"] {
        signal::queue(name).unwrap();
    }
    for blocked in [false, true] {
        let set = Set::of("USR1,HUP,RTMIN").unwrap();
        if blocked {
            signal::block(set);
        }
        for name in ["RTMIN", "USR1", "HUP", "RTMIN"] {
            signal::kill(name, me()).unwrap();
        }
        let mut got = Vec::new();
        while let Ok(arrived) = signal::next(Deadline::NOW) {
            assert_eq!(arrived.pid, me());
            assert_eq!(signal::current(), Some(arrived));
            for _ in 0..arrived.count {
                got.push(arrived.name());
            }
        }
        assert_eq!(got, ["HUP", "USR1", "RTMIN", "RTMIN"], "blocked: {blocked}");
        let begin = Instant::now();
        assert!(signal::next(ms(20)).unwrap_err().is_timeout());
        assert!(begin.elapsed() >= Duration::from_millis(20));
        // One that comes while it waits, from another thread, whose mask is not this one's.
        let sender = std::thread::spawn(move || {
            if blocked {
                signal::unblock(Set::of("USR1").unwrap()).unwrap();
            }
            std::thread::sleep(Duration::from_millis(20));
            signal::kill("USR1", me()).unwrap();
        });
        assert_eq!(signal::next(ms(10_000)).unwrap().name(), "USR1");
        sender.join().unwrap();
        signal::unblock(set).unwrap();
    }
    // Any thread may pull; handlers run meanwhile on the signal thread.
    let ran = Arc::default();
    signal::handle("USR2", noting(&ran)).unwrap();
    let puller = std::thread::spawn(|| signal::next(ms(10_000)).map(|arrived| arrived.name()));
    assert!(eventually(|| matches!(signal::next(Deadline::NOW), Err(Error::Busy { .. }))));
    signal::kill("USR2", me()).unwrap();
    signal::kill("HUP", me()).unwrap();
    assert_eq!(puller.join().unwrap().unwrap(), "HUP");
    assert_eq!(*ran.lock().unwrap(), ["USR2"]);
    // A handler that gives up ends it.
    signal::handle("ALRM", |_| Err(5)).unwrap();
    signal::alarm(Duration::from_millis(20), Duration::ZERO).unwrap();
    let result = signal::next(Deadline::NEVER);
    assert!(matches!(result, Err(Error::Abandoned { step: "next", value: 5, .. })), "{result:?}");
    // It becomes a handled one with what waits.
    signal::kill("HUP", me()).unwrap();
    signal::handle("HUP", noting(&ran)).unwrap();
    assert_eq!(signal::dispatch(Deadline::NOW).unwrap(), 1);
    assert!(signal::next(Deadline::NOW).unwrap_err().is_timeout());
}

/// A thread whose call fails does not become the signal thread by it.
fn what_fails_decides_nothing() {
    let none = || {
        for name in ["KILL", "STOP", "NUM32", "ZERO"] {
            assert!(signal::handle(name, |_| Ok(())).is_err() && signal::queue(name).is_err(), "{name}");
        }
        // There is nothing to stand in front of.
        assert!(signal::front("USR1", |_| Ok(())).is_err());
        // SAFETY: plain numbers: no descriptor can be had.
        unsafe {
            let mut limit = std::mem::zeroed();
            libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
            libc::setrlimit(libc::RLIMIT_NOFILE, &libc::rlimit { rlim_cur: 0, ..limit });
            assert!(signal::fd().is_err());
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    };
    std::thread::spawn(none).join().unwrap();
    let log = Arc::default();
    signal::handle("USR1", noting(&log)).unwrap();
    signal::kill("USR1", me()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["USR1"]);
}

/// Who waits for a queued signal on another thread has it from the kernel, when it has a handler by now: that runs.
fn what_is_queued_no_more_is_not_lost() {
    signal::block(Set::of("USR1,USR2").unwrap());
    signal::queue("USR1").unwrap();
    signal::queue("USR2").unwrap();
    let (tell, tid) = std::sync::mpsc::channel();
    let waits = std::thread::spawn(move || {
        // SAFETY: no arguments.
        tell.send(unsafe { libc::gettid() }).unwrap();
        signal::next(ms(60_000)).map(|arrived| arrived.name())
    });
    let path = format!("/proc/self/task/{}/syscall", tid.recv().unwrap());
    assert!(eventually(|| std::fs::read_to_string(&path).is_ok_and(|line| line.starts_with("128 "))));
    let log = Arc::default();
    signal::handle("USR1", noting(&log)).unwrap();
    // SAFETY: plain numbers.
    unsafe { libc::kill(me(), libc::SIGUSR1) };
    let waits_here = || signal::pending().contains("USR1").unwrap();
    assert!(eventually(waits_here));
    signal::unblock(Set::of("USR1").unwrap()).unwrap();
    assert_eq!(*log.lock().unwrap(), ["USR1"]);
    // SAFETY: plain numbers.
    unsafe { libc::kill(me(), libc::SIGUSR2) };
    assert_eq!(waits.join().unwrap().unwrap(), "USR2");
}

/// libc changes the user in all threads, by a signal of its own to each: one that is taken away keeps the caller waiting
/// for ever.
fn the_users_change_is_not_kept() {
    let (tell, tid) = std::sync::mpsc::channel();
    let waits = std::thread::spawn(move || {
        signal::block(Set::FULL);
        // SAFETY: no arguments.
        tell.send(unsafe { libc::gettid() }).unwrap();
        signal::wait(Set::FULL, ms(10_000)).map(|arrived| arrived.name())
    });
    let tid = tid.recv().unwrap();
    let path = format!("/proc/self/task/{tid}/syscall");
    assert!(eventually(|| std::fs::read_to_string(&path).is_ok_and(|line| line.starts_with("128 "))));
    let changed = Arc::new(AtomicBool::new(false));
    let tell = changed.clone();
    std::thread::spawn(move || {
        // SAFETY: plain numbers: the user that it is.
        assert_eq!(unsafe { libc::setuid(libc::getuid()) }, 0);
        tell.store(true, Ordering::SeqCst);
    });
    assert!(eventually(|| changed.load(Ordering::SeqCst)));
    // SAFETY: plain numbers.
    unsafe { libc::syscall(libc::SYS_tgkill, me(), tid, libc::SIGUSR1) };
    assert_eq!(waits.join().unwrap().unwrap(), "USR1");
}

/// Who pulls hears of a signal that another thread queues meanwhile, and of none that is queued no more.
fn a_queue_that_grows_is_pulled() {
    let all = Set::of("USR1,USR2,HUP").unwrap();
    let puller = |blocked: Set| {
        let (tell, tid) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            signal::block(blocked);
            // SAFETY: no arguments.
            tell.send(unsafe { libc::gettid() }).unwrap();
            signal::next(ms(10_000)).map(|arrived| (arrived.name(), arrived.value))
        });
        let path = format!("/proc/self/task/{}/syscall", tid.recv().unwrap());
        assert!(eventually(|| std::fs::read_to_string(&path).is_ok_and(|line| line.starts_with("128 "))));
        thread
    };
    let begin = Instant::now();
    signal::queue("USR1").unwrap();
    // It has arrived, for a handler that has not run yet.
    signal::handle("USR2", |_| Ok(())).unwrap();
    let waits = puller(Set::EMPTY);
    // SAFETY: plain numbers; no safe point.
    unsafe { libc::kill(me(), libc::SIGUSR2) };
    std::thread::spawn(|| signal::queue("USR2")).join().unwrap().unwrap();
    assert_eq!(waits.join().unwrap().unwrap().0, "USR2");
    signal::default("USR2").unwrap();
    // It comes later, and is blocked everywhere.
    signal::block(all);
    for blocked in [all, Set::of("USR2").unwrap()] {
        let waits = puller(blocked);
        signal::queue("USR2").unwrap();
        signal::kill("USR2", me()).unwrap();
        assert_eq!(waits.join().unwrap().unwrap().0, "USR2");
        signal::default("USR2").unwrap();
    }
    // It has a handler by now.
    let log = Arc::default();
    signal::queue("HUP").unwrap();
    let waits = puller(all);
    signal::handle("HUP", noting(&log)).unwrap();
    signal::sigqueue("HUP", me(), 5).unwrap();
    assert!(eventually(|| signal::pending().contains("HUP").unwrap()));
    signal::sigqueue("USR1", me(), 6).unwrap();
    assert_eq!(waits.join().unwrap().unwrap(), ("USR1", 6));
    signal::unblock(all).unwrap();
    assert_eq!(*log.lock().unwrap(), ["HUP"]);
    assert!(begin.elapsed() < Duration::from_secs(8));
}

fn a_queued_signal_cuts_nothing() {
    signal::queue("USR1").unwrap();
    // Not even where cutting shows: a foreign handler's interruption would end the call, and a handler the sleep.
    signal::hosted(true);
    let done = Arc::new(AtomicBool::new(false));
    let stop = done.clone();
    let sender = std::thread::spawn(move || {
        let mut sent = 0;
        while !stop.load(Ordering::SeqCst) {
            signal::kill("USR1", me()).unwrap();
            sent += 1;
            std::thread::sleep(Duration::from_micros(300));
        }
        sent
    });
    let status = Cmd::new("sleep").arg("0.1").run(Deadline::NEVER).unwrap();
    assert!(status.success());
    signal::hosted(false);
    assert_eq!(signal::sleep(Duration::from_millis(100)).unwrap(), Duration::ZERO);
    done.store(true, Ordering::SeqCst);
    let sent: u32 = sender.join().unwrap();
    let mut count = 0;
    while let Ok(arrived) = signal::next(Deadline::NOW) {
        count += arrived.count;
    }
    assert!(count > 0 && count <= sent, "{count} of {sent}");
}

fn readable(fd: i32, left: i32) -> bool {
    let mut entry = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    // SAFETY: one entry.
    unsafe { libc::poll(&mut entry, 1, left) == 1 }
}

fn the_descriptor() {
    let fd = signal::fd().unwrap();
    assert!(fd > 2);
    assert_eq!(signal::fd().unwrap(), fd);
    let log = Arc::default();
    signal::handle("USR1", noting(&log)).unwrap();
    signal::queue("USR2").unwrap();
    assert!(!readable(fd, 0));
    for round in 0..3 {
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR1) };
        assert!(readable(fd, 1000), "{round}");
        assert_eq!(signal::dispatch(Deadline::NOW).unwrap(), 1);
        assert!(!readable(fd, 0), "{round}");
        signal::kill("USR2", me()).unwrap();
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR1) };
        assert!(readable(fd, 1000));
        signal::dispatch(Deadline::NOW).unwrap();
        assert!(readable(fd, 0), "the queued one is left");
        assert_eq!(signal::next(Deadline::NOW).unwrap().name(), "USR2");
        assert!(!readable(fd, 0));
    }
    // Full is as good as written.
    for _ in 0..100_000 {
        signal::kill("USR2", me()).unwrap();
    }
    assert_eq!(signal::next(Deadline::NOW).unwrap().count, 100_000);
    assert!(!readable(fd, 0));
}

fn masks() {
    let log = Arc::default();
    signal::handle("USR1", noting(&log)).unwrap();
    let set = Set::of("USR1, USR2").unwrap();
    let before = signal::block(set);
    assert!(!before.contains("USR1").unwrap());
    assert_eq!(signal::mask().names().collect::<Vec<_>>(), ["USR1", "USR2"]);
    signal::kill("USR1", me()).unwrap();
    assert_eq!(signal::pending().names().collect::<Vec<_>>(), ["USR1"]);
    assert!(log.lock().unwrap().is_empty());
    // What came before counts, and the mask is back.
    assert_eq!(signal::suspend(before, ms(5000)).unwrap(), 1);
    assert_eq!(signal::mask().names().collect::<Vec<_>>(), ["USR1", "USR2"]);
    assert_eq!(signal::suspend(before, ms(10)).unwrap(), 0);
    signal::set_mask(before).unwrap();
    assert_eq!(signal::mask(), before);
    // Deferred ones are pending too.
    // SAFETY: plain numbers; no safe point.
    unsafe { libc::kill(me(), libc::SIGUSR1) };
    assert_eq!(signal::pending().names().collect::<Vec<_>>(), ["USR1"]);
    assert_eq!(signal::pause(Deadline::NEVER).unwrap(), 1);
    assert_eq!(signal::pending(), Set::EMPTY);
    assert!(Set::of("FOO").is_err() && Set::of("0").is_err());
    signal::block(Set::FULL);
    assert!(!signal::mask().contains("32").unwrap() && signal::mask().contains("INT").unwrap());
}

fn kill_counts() {
    let child = Cmd::new("sleep").arg("100").process_group(0).start().unwrap();
    let gone = Cmd::new("true").start().unwrap();
    assert!(gone.wait(Deadline::NEVER).unwrap().success());
    let sent = signal::kill_all("0", &[child.pid(), gone.pid(), me(), i32::MAX]).unwrap();
    assert_eq!((sent.reached, sent.error.unwrap().errno()), (2, libc::ESRCH));
    assert_eq!(signal::kill_all("TERM", &[]).unwrap().reached, 0);
    assert_eq!(signal::kill("TERM", gone.pid()).unwrap_err().errno(), libc::ESRCH);
    // Twice negative is nobody.
    assert_eq!(signal::kill("-TERM", -child.pid()).unwrap_err().errno(), libc::EINVAL);
    signal::kill("-SIGTERM", child.pid()).unwrap();
    assert_eq!(child.wait(Deadline::NEVER).unwrap().signal(), Some(libc::SIGTERM));
    for group in ["15", "TERM"] {
        let child = Cmd::new("sleep").arg("100").process_group(0).start().unwrap();
        assert_eq!(signal::kill_all(group, &[-child.pid()]).unwrap().reached, 1);
        assert_eq!(child.wait(Deadline::NEVER).unwrap().signal(), Some(libc::SIGTERM));
    }
    assert!(signal::kill("FOO", me()).is_err());
    // A handler that gives up ends kill itself.
    signal::handle("USR1", |_| Err(2)).unwrap();
    assert!(matches!(signal::kill("USR1", me()), Err(Error::Abandoned { step: "kill", .. })));
}

fn kill_tells_eperm() {
    if !is_root() {
        return skipped("kill_tells_eperm", "only root can become somebody who may not");
    }
    let child = Cmd::new("sleep").arg("0.5").start().unwrap();
    // SAFETY: this process has one thread and ends soon.
    unsafe {
        assert_eq!(libc::setresuid(65534, 65534, 65534), 0);
    }
    assert_eq!(signal::kill("0", 1).unwrap_err().errno(), libc::EPERM);
    let sent = signal::kill_all("0", &[i32::MAX, 1, i32::MAX, me()]).unwrap();
    assert_eq!((sent.reached, sent.error.unwrap().errno()), (1, libc::EPERM));
    assert_eq!(child.kill("KILL").unwrap_err().errno(), libc::EPERM);
    child.end_on_drop(false);
}

fn alarms() {
    let second = Duration::from_secs(1);
    // The one that watches over this process.
    signal::alarm(Duration::ZERO, Duration::ZERO).unwrap();
    assert_eq!(signal::alarm(100 * second, Duration::ZERO).unwrap(), Duration::ZERO);
    let left = signal::alarm(Duration::from_millis(60_500), Duration::ZERO).unwrap();
    assert!(left > 80 * second && left <= 100 * second, "{left:?}");
    let left = signal::alarm(Duration::ZERO, Duration::ZERO).unwrap();
    assert!(left > 40 * second && left <= Duration::from_millis(60_500), "{left:?}");
    assert_eq!(signal::alarm(Duration::ZERO, Duration::ZERO).unwrap(), Duration::ZERO);
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    signal::handle("ALRM", move |arrived| {
        counted.fetch_add(arrived.count, Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    let begin = Instant::now();
    signal::alarm(Duration::from_millis(30), Duration::from_millis(20)).unwrap();
    while count.load(Ordering::SeqCst) < 3 {
        signal::pause(Deadline::NEVER).unwrap();
    }
    assert!(begin.elapsed() >= Duration::from_millis(69), "{:?}", begin.elapsed());
    signal::alarm(Duration::from_nanos(1), Duration::ZERO).unwrap();
    assert_eq!(signal::pause(ms(5000)).unwrap(), 1);
    // The manual's timeout around a call that blocks for ever.
    signal::handle("ALRM", |_| Err(1)).unwrap();
    let (mut reader, _writer) = Stream::pipe().unwrap();
    signal::alarm(Duration::from_millis(20), Duration::ZERO).unwrap();
    assert!(matches!(reader.readline(), Err(Error::Abandoned { signal: libc::SIGALRM, .. })));
}

fn sleep_is_cut() {
    signal::handle("ALRM", |_| Ok(())).unwrap();
    // Again and again, and then not any more: what comes before the sleep has begun does not cut it.
    let every = |ms| signal::alarm(Duration::from_millis(ms), Duration::from_millis(ms)).unwrap();
    let over = || {
        every(0);
        signal::dispatch(Deadline::NOW)
    };
    every(50);
    let left = signal::sleep(Duration::from_secs(100)).unwrap();
    assert!(left > Duration::from_secs(50) && left < Duration::from_secs(100), "{left:?}");
    // For ever is cut as well, and the rest of it is left.
    every(10);
    let left = signal::sleep(Duration::MAX).unwrap();
    assert!(left > Duration::MAX - Duration::from_secs(50) && left < Duration::MAX, "{left:?}");
    over().unwrap();
    // What is due already does not count.
    // SAFETY: plain numbers; no safe point.
    unsafe { libc::kill(me(), libc::SIGALRM) };
    assert_eq!(signal::sleep(Duration::from_millis(30)).unwrap(), Duration::ZERO);
    signal::handle("ALRM", |_| Err(9)).unwrap();
    signal::alarm(Duration::from_millis(20), Duration::ZERO).unwrap();
    assert!(matches!(signal::sleep(Duration::from_secs(10)), Err(Error::Abandoned { step: "sleep", value: 9, .. })));
    // Somebody else's handler does not cut it, unless the host says so.
    signal::default("ALRM").unwrap();
    set_foreign(libc::SIGALRM, 0);
    signal::alarm(Duration::from_millis(10), Duration::ZERO).unwrap();
    assert_eq!(signal::sleep(Duration::from_millis(30)).unwrap(), Duration::ZERO);
    signal::hosted(true);
    every(10);
    assert!(matches!(signal::sleep(Duration::from_secs(100)), Err(Error::Interrupted { .. })));
    every(0);
}

fn a_reaper_beside_popen_and_system() {
    let statuses: Arc<Mutex<std::collections::BTreeMap<i32, i32>>> = Arc::default();
    let table = statuses.clone();
    signal::handle("CHLD", move |_| {
        while let Ok((pid, status)) = wait_pid(-1, Deadline::NOW) {
            table.lock().unwrap().insert(pid, status.code().unwrap());
        }
        Ok(())
    })
    .unwrap();
    let mut expected = std::collections::BTreeMap::new();
    for round in 0..20 {
        let mut stream = popen::open("echo x; exit 6 |").unwrap();
        let popened = stream.child().unwrap().pid();
        let code = 20 + round % 7;
        let child = Cmd::shell(format!("exit {code};")).start().unwrap();
        expected.insert(child.pid(), code);
        // One that nobody holds: the reaper alone is told.
        let dropped = Cmd::shell("exit 5;").start().unwrap().pid();
        expected.insert(dropped, 5);
        expected.insert(popened, 6);
        let ended = Cmd::shell("exit 3;").system(Deadline::NEVER).unwrap();
        assert_eq!(ended.status.code(), Some(3), "{round}");
        assert_eq!(stream.readline().unwrap(), Some(&b"x\n"[..]));
        assert_eq!(stream.close().unwrap().unwrap().code(), Some(6), "{round}");
        assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(code), "{round}");
    }
    let dropped = |table: &std::collections::BTreeMap<_, _>| table.values().filter(|code| **code == 5).count();
    while dropped(&statuses.lock().unwrap()) < 20 {
        signal::dispatch(ms(100)).unwrap();
    }
    let reaped = statuses.lock().unwrap().clone();
    // What a handle was quicker to ask for, the reaper does not find; what it finds is right, and not the child of system.
    assert!(!reaped.is_empty());
    assert!(reaped.iter().all(|(pid, code)| expected.get(pid) == Some(code)), "{reaped:?} {expected:?}");
}

fn foreign_handlers_are_noticed() {
    signal::handle("USR1", |_| Ok(())).unwrap();
    signal::queue("USR2").unwrap();
    assert!(signal::replaced().unwrap().is_empty());
    set_foreign(libc::SIGUSR1, 0);
    assert_eq!(signal::replaced().unwrap(), ["USR1"]);
    assert!(matches!(signal::disposition("USR1"), Ok(Disposition::Replaced)));
    signal::handle("USR1", |_| Ok(())).unwrap();
    assert!(signal::replaced().unwrap().is_empty());
    assert!(matches!(signal::disposition("USR1"), Ok(Disposition::Handler(_))));
    // In front of a foreign one, with its flags, both run.
    set_foreign(libc::SIGHUP, 0);
    let log = Arc::default();
    signal::front("HUP", noting(&log)).unwrap();
    signal::front("HUP", noting(&log)).unwrap();
    signal::kill("HUP", me()).unwrap();
    assert_eq!((FOREIGN.load(Ordering::SeqCst), log.lock().unwrap().len()), (1, 1));
    assert!(signal::front("TERM", |_| Ok(())).is_err());
}

fn the_signal_thread_moves() {
    let ran_on = Arc::new(AtomicU64::new(0));
    let on = ran_on.clone();
    // SAFETY: no arguments.
    let this = || unsafe { libc::pthread_self() };
    signal::handle("USR1", move |_| {
        on.store(this(), Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    signal::kill("USR1", me()).unwrap();
    assert_eq!(ran_on.load(Ordering::SeqCst), this());
    let ready = Arc::new(AtomicBool::new(false));
    let taken = ready.clone();
    let other = std::thread::spawn(move || {
        signal::take_over().unwrap();
        taken.store(true, Ordering::SeqCst);
        assert_eq!(signal::pause(ms(10_000)).unwrap(), 1);
        this()
    });
    assert!(eventually(|| ready.load(Ordering::SeqCst)));
    // It arrives here, most often, and is forwarded; here nothing is dispatched any more.
    signal::kill("USR1", me()).unwrap();
    assert_eq!(signal::dispatch(ms(0)).unwrap(), 0);
    assert_eq!(other.join().unwrap(), ran_on.load(Ordering::SeqCst));
    assert_ne!(ran_on.load(Ordering::SeqCst), this());
    signal::take_over().unwrap();
    signal::kill("USR1", me()).unwrap();
    assert_eq!(ran_on.load(Ordering::SeqCst), this());
}

/// What becomes due by what another thread does wakes the signal thread, as a signal does.
fn what_another_thread_makes_due() {
    let (mut reader, _writer) = Stream::pipe().unwrap();
    // SAFETY: no arguments.
    let main = unsafe { libc::gettid() };
    let asleep = move || {
        let path = format!("/proc/self/task/{main}/syscall");
        std::fs::read_to_string(path).is_ok_and(|line| line.starts_with("0 ") || line.starts_with("271 "))
    };
    let mut interrupted_by = |act: fn()| {
        let other = std::thread::spawn(move || {
            assert!(eventually(asleep));
            act();
        });
        reader.deadline(ms(20_000));
        let error = reader.read(&mut [0]).unwrap_err();
        other.join().unwrap();
        error
    };
    // A handler of its own thread's, for what is queued.
    signal::queue("USR1").unwrap();
    signal::kill("USR1", me()).unwrap();
    let error = interrupted_by(|| signal::handle("USR1", |_| Err(7)).unwrap());
    assert!(matches!(error, Error::Abandoned { signal: libc::SIGUSR1, value: 7, .. }), "{error}");
    // A write of its own to a pipe that nobody reads.
    signal::handle("PIPE", |_| Err(8)).unwrap();
    let error = interrupted_by(|| {
        let (reader, mut writer) = Stream::pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write(b"x").unwrap_err().errno(), libc::EPIPE);
    });
    assert!(matches!(error, Error::Abandoned { signal: libc::SIGPIPE, value: 8, .. }), "{error}");
    // Handlers that are no more are dropped.
    let kept = Arc::new(());
    let mine = kept.clone();
    signal::handle("USR2", move |_| {
        let _ = &mine;
        Ok(())
    })
    .unwrap();
    for _ in 0..3 {
        signal::kill("USR2", me()).unwrap();
    }
    assert_eq!(Arc::strong_count(&kept), 2);
    signal::default("USR2").unwrap();
    assert_eq!(Arc::strong_count(&kept), 1);
}

/// Also one that was taken away while it runs, by itself or by another thread; then it is gone at once.
fn a_handler_lives_until_it_returns() {
    for by_itself in [true, false] {
        let kept = Arc::new(());
        let (mine, alive) = (kept.clone(), Arc::new(AtomicUsize::new(0)));
        let seen = alive.clone();
        signal::handle("USR1", move |_| {
            let change = || signal::handle("USR1", |_| Ok(())).unwrap();
            if by_itself {
                change()
            } else {
                std::thread::spawn(change).join().unwrap()
            }
            seen.store(Arc::strong_count(&mine), Ordering::SeqCst);
            Ok(())
        })
        .unwrap();
        signal::kill("USR1", me()).unwrap();
        assert_eq!((alive.load(Ordering::SeqCst), Arc::strong_count(&kept)), (2, 1), "{by_itself}");
    }
}

/// A lock that a thread of the parent's held is not the child's: its handlers are set, run, and its programs started.
fn a_fork_beside_who_sets_handlers() {
    static DONE: AtomicBool = AtomicBool::new(false);
    signal::handle("USR1", |_| Ok(())).unwrap();
    let busy = std::thread::spawn(|| {
        while !DONE.load(Ordering::Relaxed) {
            signal::handle("USR2", |_| Ok(())).unwrap();
            drop(signal::save("USR2").unwrap());
            signal::default("USR2").unwrap();
        }
    });
    for _ in 0..200 {
        // SAFETY: the other thread holds no lock but the library's and the allocator's, and that one serves forks.
        match unsafe { perlipc::fork() }.unwrap() {
            perlipc::Fork::Child => {
                // SAFETY: plain numbers; what hangs ends by SIGALRM.
                unsafe { libc::alarm(10) };
                let ran = Arc::new(AtomicBool::new(false));
                let runs = ran.clone();
                let set = signal::handle("USR2", move |_| {
                    runs.store(true, Ordering::SeqCst);
                    Ok(())
                });
                let sent = signal::kill("USR2", std::process::id() as i32);
                let ended = Cmd::new("true").run(Deadline::NEVER);
                let good =
                    set.is_ok() && sent.is_ok() && ran.load(Ordering::SeqCst) && ended.is_ok_and(|it| it.success());
                // SAFETY: ends the child.
                unsafe { libc::_exit(if good { 0 } else { 1 }) }
            }
            perlipc::Fork::Parent(child) => assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(0)),
        }
    }
    DONE.store(true, Ordering::Relaxed);
    busy.join().unwrap();
}

fn a_fork_has_nothing_pending() {
    let log = Arc::default();
    signal::handle("USR1", noting(&log)).unwrap();
    signal::queue("USR2").unwrap();
    let parent_fd = signal::fd().unwrap();
    // SAFETY: plain numbers; no safe point.
    unsafe {
        libc::kill(me(), libc::SIGUSR1);
        libc::kill(me(), libc::SIGUSR2);
    }
    // SAFETY: one thread.
    match unsafe { perlipc::fork() }.unwrap() {
        perlipc::Fork::Child => {
            let clean = signal::dispatch(Deadline::NOW).unwrap() == 0 && signal::next(Deadline::NOW).is_err();
            // The handlers are inherited, and run on the child's thread; its descriptor is another.
            let me = std::process::id() as i32;
            signal::kill("USR1", me).unwrap();
            signal::kill("USR2", me).unwrap();
            let pulled = signal::next(Deadline::NOW).is_ok_and(|arrived| arrived.count == 1 && arrived.pid == me);
            let fd = signal::fd().unwrap();
            let quiet = !readable(fd, 0);
            let good = clean && pulled && quiet && fd != parent_fd && log.lock().unwrap().len() == 1;
            // SAFETY: ends the child.
            unsafe { libc::_exit(if good { 0 } else { 1 }) }
        }
        perlipc::Fork::Parent(child) => {
            assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(0));
            assert_eq!(log.lock().unwrap().len(), 1);
            assert_eq!(signal::next(Deadline::NOW).unwrap().count, 1);
        }
    }
}

/// A byte that is left in the pipe when nothing is due would wake an event loop for ever.
fn the_descriptor_is_quiet_again() {
    let fd = signal::fd().unwrap();
    let log = Arc::default();
    // Arrives, and is written to the pipe, while what is due is run, and runs in the same call.
    signal::handle("USR1", |_| {
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR2) };
        Ok(())
    })
    .unwrap();
    signal::handle("USR2", noting(&log)).unwrap();
    signal::queue("HUP").unwrap();
    // SAFETY: plain numbers; no safe point.
    unsafe { libc::kill(me(), libc::SIGUSR1) };
    assert_eq!(signal::dispatch(Deadline::NOW).unwrap(), 2);
    assert!(!readable(fd, 0));
    // What another thread writes after its arrival was handled.
    for look in [|| signal::dispatch(Deadline::NOW).unwrap() == 0, || signal::next(Deadline::NOW).is_err()] {
        // SAFETY: one byte, to the pipe's writer: it was made with the reader.
        assert_eq!(unsafe { libc::write(fd + 1, [0u8].as_ptr().cast(), 1) }, 1);
        assert!(readable(fd, 0) && look() && !readable(fd, 0));
    }
    // What becomes due without a signal is told too: by a write of another thread's to a pipe that nobody reads.
    let broken = || {
        let (reader, mut writer) = Stream::pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write(b"x").unwrap_err().errno(), libc::EPIPE);
    };
    signal::handle("PIPE", noting(&log)).unwrap();
    std::thread::spawn(broken).join().unwrap();
    assert!(readable(fd, 0));
    assert_eq!(signal::dispatch(Deadline::NOW).unwrap(), 1);
    assert!(!readable(fd, 0));
    signal::queue("PIPE").unwrap();
    std::thread::spawn(broken).join().unwrap();
    assert!(readable(fd, 0));
    assert_eq!(signal::next(Deadline::NOW).unwrap().name(), "PIPE");
    assert!(!readable(fd, 0));
    // Nor does one that waits for queued signals sleep on.
    signal::pause(Deadline::NOW).unwrap();
    let ready = Arc::new(AtomicI32::new(0));
    let told = ready.clone();
    let waiter = std::thread::spawn(move || {
        // SAFETY: no arguments.
        told.store(unsafe { libc::gettid() }, Ordering::SeqCst);
        signal::next(ms(10_000)).map(|arrived| arrived.name())
    });
    assert!(eventually(|| sleeps_in(ready.load(Ordering::SeqCst), libc::SYS_rt_sigtimedwait)));
    broken();
    assert_eq!(waiter.join().unwrap().unwrap(), "PIPE");
}

fn sleeps_in(tid: i32, call: i64) -> bool {
    let path = format!("/proc/self/task/{tid}/syscall");
    tid != 0 && std::fs::read_to_string(path).is_ok_and(|line| line.starts_with(&format!("{call} ")))
}

/// One that comes between any two instructions of the handler of another, whose mask the host has chosen, is not lost,
/// nor is the other.
fn at_each_instruction() {
    static STEPS: AtomicI32 = AtomicI32::new(0);
    extern "C" fn step_from_here(_: libc::c_int) {
        // SAFETY: from here on each instruction raises SIGTRAP, until the signal's frame is left.
        unsafe { std::arch::asm!("pushfq", "or qword ptr [rsp], 0x100", "popfq") };
    }
    extern "C" fn stepped(_: libc::c_int, _: *mut libc::siginfo_t, registers: *mut libc::c_void) {
        if STEPS.fetch_sub(1, Ordering::SeqCst) == 1 {
            // SAFETY: the kernel's context; plain numbers.
            unsafe {
                let registers = registers.cast::<libc::ucontext_t>();
                (&mut *registers).uc_mcontext.gregs[libc::REG_EFL as usize] &= !0x100;
                libc::kill(libc::getpid(), libc::SIGUSR2);
            }
        }
    }
    // SAFETY: handlers that do only what a handler may.
    unsafe {
        let mut new: libc::sigaction = std::mem::zeroed();
        new.sa_sigaction = step_from_here as *const () as usize;
        libc::sigaction(libc::SIGUSR1, &new, std::ptr::null_mut());
        new.sa_sigaction = stepped as *const () as usize;
        new.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGTRAP, &new, std::ptr::null_mut());
    }
    let ran: Arc<[AtomicU32; 2]> = Arc::default();
    for (at, name) in ["USR1", "USR2"].into_iter().enumerate() {
        let ran = ran.clone();
        let count = move |arrived: &signal::Arrived| {
            ran[at].fetch_add(arrived.count, Ordering::SeqCst);
            Ok(())
        };
        if at == 0 { signal::front(name, count).unwrap() } else { signal::handle(name, count).unwrap() }
    }
    let mut step = 0;
    loop {
        step += if scale(10) == 10 { 1 } else { 3 };
        STEPS.store(step, Ordering::SeqCst);
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR1) };
        let reached = STEPS.load(Ordering::SeqCst) <= 0;
        signal::dispatch(Deadline::NOW).unwrap();
        let seen = (ran[0].swap(0, Ordering::SeqCst), ran[1].swap(0, Ordering::SeqCst));
        assert_eq!(seen, (1, u32::from(reached)), "at step {step}");
        assert!(signal::pending() == Set::EMPTY);
        if !reached {
            break;
        }
    }
    assert!(step > 30, "{step} steps");
}

/// Where the kernel has no room to say that a signal is forwarded.
fn what_is_forwarded_counts_once() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    signal::handle("USR1", move |arrived| {
        counted.fetch_add(arrived.count, Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    // SAFETY: a valid limit.
    unsafe { libc::setrlimit(libc::RLIMIT_SIGPENDING, &libc::rlimit { rlim_cur: 0, rlim_max: 0 }) };
    let usr1 = Set::of("USR1").unwrap();
    for round in 1..=100 {
        // SAFETY: plain numbers.
        let there = || unsafe { libc::raise(libc::SIGUSR1) };
        signal::block(usr1);
        std::thread::spawn(move || {
            signal::unblock(usr1).unwrap();
            there();
        })
        .join()
        .unwrap();
        signal::unblock(usr1).unwrap();
        signal::dispatch(Deadline::NOW).unwrap();
        assert_eq!(count.load(Ordering::SeqCst), round);
        // One that comes here with as little said of it counts.
        there();
        signal::dispatch(Deadline::NOW).unwrap();
        assert_eq!(count.swap(round, Ordering::SeqCst), round + 1);
    }
}

/// A real-time signal that could not be forwarded, since the queue was full, goes with the next.
fn what_could_not_be_forwarded() {
    signal::handle("RTMIN+1", |_| Err(3)).unwrap();
    // SAFETY: no arguments.
    let main = unsafe { libc::gettid() };
    let other = std::thread::spawn(move || {
        for room in [0, 100_000] {
            assert!(eventually(|| sleeps_in(main, libc::SYS_ppoll)));
            // SAFETY: valid limits; a thread may send itself a signal as if by kill, of which the kernel forgets the rest.
            unsafe {
                let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
                libc::getrlimit(libc::RLIMIT_SIGPENDING, &mut limit);
                limit.rlim_cur = limit.rlim_max.min(room);
                libc::setrlimit(libc::RLIMIT_SIGPENDING, &limit);
                let signal = libc::SIGRTMIN() + 1;
                let mut info: libc::siginfo_t = std::mem::zeroed();
                info.si_signo = signal;
                let sent = libc::syscall(libc::SYS_rt_tgsigqueueinfo, me(), libc::gettid(), signal, &raw const info);
                assert_eq!(sent, 0);
            }
        }
    });
    let begin = Instant::now();
    let error = signal::pause(ms(20_000)).unwrap_err();
    other.join().unwrap();
    assert!(matches!(error, Error::Abandoned { value: 3, .. }), "{error}");
    assert!(begin.elapsed() < Duration::from_secs(5));
}

/// What has come for a handler that another thread still runs, when the signal thread has looked.
fn a_handler_left_running_elsewhere() {
    static TAKEN: AtomicI32 = AtomicI32::new(0);
    let (runs, other) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(None)));
    let (ran, thread) = (runs.clone(), other.clone());
    signal::handle("USR1", move |_| {
        if ran.fetch_add(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        *thread.lock().unwrap() = Some(std::thread::spawn(|| {
            signal::take_over().unwrap();
            // SAFETY: no arguments.
            TAKEN.store(unsafe { libc::gettid() }, Ordering::SeqCst);
            signal::pause(ms(10_000)).unwrap()
        }));
        let asleep = || sleeps_in(TAKEN.load(Ordering::SeqCst), libc::SYS_ppoll);
        assert!(eventually(asleep));
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR1) };
        let due = signal::due_word().unwrap();
        assert!(eventually(|| due.load(Ordering::SeqCst) == 0 && asleep()));
        Err(1)
    })
    .unwrap();
    assert!(matches!(signal::kill("USR1", me()), Err(Error::Abandoned { value: 1, .. })));
    let other = other.lock().unwrap().take().unwrap();
    let begin = Instant::now();
    assert_eq!((other.join().unwrap(), runs.load(Ordering::SeqCst)), (1, 2));
    assert!(begin.elapsed() < Duration::from_secs(5));
}

/// However often the signal thread moves: a handler does not run twice at a time.
fn a_handler_runs_once_at_a_time() {
    static INSIDE: AtomicBool = AtomicBool::new(false);
    static OVER: AtomicBool = AtomicBool::new(false);
    let runs = Arc::new(AtomicU32::new(0));
    let ran = runs.clone();
    signal::handle("USR1", move |_| {
        assert!(!INSIDE.swap(true, Ordering::SeqCst));
        ran.fetch_add(1, Ordering::SeqCst);
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR1) };
        for _ in 0..200 {
            std::hint::spin_loop();
        }
        INSIDE.store(false, Ordering::SeqCst);
        Err(1)
    })
    .unwrap();
    let threads: Vec<_> = (0..4)
        .map(|_| {
            std::thread::spawn(|| {
                while !OVER.load(Ordering::SeqCst) {
                    signal::take_over().unwrap();
                    let _ = signal::dispatch(Deadline::NOW);
                }
            })
        })
        .collect();
    let end = Instant::now() + Duration::from_millis(scale(10_000) as u64);
    while Instant::now() < end {
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR1) };
    }
    OVER.store(true, Ordering::SeqCst);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(runs.load(Ordering::SeqCst) > 100);
}

/// A handler of ours that somebody has replaced: what would wake the signal thread must not end the process.
fn a_broken_pipe_elsewhere_ends_nothing() {
    signal::handle("PIPE", |_| Err(8)).unwrap();
    signal::handle("USR1", |_| Ok(())).unwrap();
    // SAFETY: the default, as a host would set it.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    // SAFETY: no arguments.
    let main = unsafe { libc::gettid() };
    let other = std::thread::spawn(move || {
        assert!(eventually(|| sleeps_in(main, libc::SYS_ppoll)));
        let (reader, mut writer) = Stream::pipe().unwrap();
        drop(reader);
        assert_eq!(writer.write(b"x").unwrap_err().errno(), libc::EPIPE);
    });
    assert!(matches!(signal::pause(ms(20_000)), Err(Error::Abandoned { value: 8, .. })));
    other.join().unwrap();
}

/// What a handler owned may do anything when it goes, also where the handler was refused.
fn a_refused_handler_goes_unlocked() {
    struct Last(Arc<AtomicBool>);
    impl Drop for Last {
        fn drop(&mut self) {
            signal::ignore("USR2").unwrap();
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let gone = Arc::new(AtomicBool::new(false));
    let last = Last(gone.clone());
    let refused = signal::front("USR1", move |_| {
        let _ = &last;
        Ok(())
    });
    assert!(refused.is_err() && gone.load(Ordering::SeqCst));
}

/// Handlers that are replaced while others run are dropped when those are over, however close that is.
fn replaced_handlers_do_not_stay() {
    static OVER: AtomicBool = AtomicBool::new(false);
    let alive = Arc::new(());
    signal::handle("USR1", |_| Ok(())).unwrap();
    let (go, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (begin, end) = (go.clone(), done.clone());
    let owned = alive.clone();
    let other = std::thread::spawn(move || {
        for round in 1.. {
            while begin.load(Ordering::SeqCst) < round {
                if OVER.load(Ordering::SeqCst) {
                    return;
                }
                std::hint::spin_loop();
            }
            let owned = owned.clone();
            signal::handle("USR2", move |_| {
                let _ = &owned;
                Ok(())
            })
            .unwrap();
            end.store(round, Ordering::SeqCst);
        }
    });
    let mut random = Random(88172645463325252);
    for round in 1..=scale(20_000) {
        // SAFETY: plain numbers; no safe point.
        unsafe { libc::kill(me(), libc::SIGUSR1) };
        go.store(round, Ordering::SeqCst);
        for _ in 0..random.below(1000) {
            std::hint::spin_loop();
        }
        signal::dispatch(Deadline::NOW).unwrap();
        while done.load(Ordering::SeqCst) < round {
            std::hint::spin_loop();
        }
        // Mine, the other thread's, its handler's.
        assert_eq!(Arc::strong_count(&alive), 3, "round {round}");
    }
    OVER.store(true, Ordering::SeqCst);
    other.join().unwrap();
}

/// The descriptor is the parent's too; the child's own number of it may be something else by now.
fn a_fork_closes_no_strangers() {
    let fd = signal::fd().unwrap();
    assert!(in_a_fork(|| {
        // SAFETY: the child's copies of the library's pipe, and numbers of its own.
        unsafe {
            libc::close(fd);
            libc::close(fd + 1);
            let null = c"/dev/null".as_ptr();
            let opened = [libc::open(null, libc::O_RDWR), libc::open(null, libc::O_RDWR)];
            let own = signal::fd().unwrap();
            let alive = opened.iter().all(|fd| libc::fcntl(*fd, libc::F_GETFD) >= 0);
            opened == [fd, fd + 1] && alive && !opened.contains(&own)
        }
    }));
    // Left alone they go, so that a chain of forks does not pile them up.
    assert!(in_a_fork(|| {
        let own = signal::fd().unwrap();
        // SAFETY: plain numbers.
        own != fd && unsafe { libc::fcntl(fd, libc::F_GETFD) < 0 }
    }));
}

/// The exit code of a forked child that does this; 0 is good.
fn in_a_fork(body: impl FnOnce() -> bool) -> bool {
    // SAFETY: the other threads hold no locks but the library's and the allocator's.
    match unsafe { perlipc::fork() }.unwrap() {
        perlipc::Fork::Child => {
            // SAFETY: plain numbers; what hangs ends by SIGALRM.
            unsafe { libc::alarm(10) };
            let good = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(false);
            // SAFETY: ends the child.
            unsafe { libc::_exit(if good { 0 } else { 1 }) }
        }
        perlipc::Fork::Parent(child) => child.wait(Deadline::NEVER).unwrap().code() == Some(0),
    }
}

/// Forked in a handler, the child is in it still: its own signal waits until it has returned.
fn a_fork_in_a_handler() {
    let me = || std::process::id() as i32;
    let (inside, runs) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let ran = runs.clone();
    signal::handle("USR1", move |_| {
        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "nested");
        if ran.fetch_add(1, Ordering::SeqCst) == 0 {
            assert!(in_a_fork(|| {
                signal::kill("USR1", me()).unwrap();
                let waits = ran.load(Ordering::SeqCst) == 1 && signal::pending().contains("USR1").unwrap();
                // It goes on after it: a handler of another kind runs, and goes when it is taken away.
                let alive = Arc::new(());
                let owned = alive.clone();
                signal::handle("USR2", move |_| Err(Arc::strong_count(&owned) as i32)).unwrap();
                let given_up = matches!(signal::kill("USR2", me()), Err(Error::Abandoned { value: 2, .. }));
                waits && given_up
            }));
            // A grandchild too, that returns from it.
            // SAFETY: one thread.
            match unsafe { perlipc::fork() }.unwrap() {
                perlipc::Fork::Child => signal::kill("USR1", me()).map(drop).unwrap(),
                perlipc::Fork::Parent(child) => {
                    assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(2));
                }
            }
        }
        inside.fetch_sub(1, Ordering::SeqCst);
        Ok(())
    })
    .unwrap();
    let parent = me();
    signal::kill("USR1", parent).unwrap();
    if me() != parent {
        // SAFETY: ends the child.
        unsafe { libc::_exit(runs.load(Ordering::SeqCst) as i32) };
    }
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// Forked by another thread while a handler runs: nobody in the child is in it. And its first thread is the one whose
/// handlers run, also where another one asks first.
fn a_fork_beside_a_handler() {
    let me = || std::process::id() as i32;
    let runs = Arc::new(AtomicU32::new(0));
    let ran = runs.clone();
    signal::handle("USR1", move |_| {
        if ran.fetch_add(1, Ordering::SeqCst) > 0 {
            return Ok(());
        }
        let ran = ran.clone();
        let child = std::thread::spawn(move || {
            in_a_fork(|| {
                let other = std::thread::spawn(|| signal::pause(ms(1)).unwrap());
                let alive = Arc::new(());
                let owned = alive.clone();
                let none = other.join().unwrap() == 0;
                signal::handle("USR2", move |_| {
                    let _ = &owned;
                    Ok(())
                })
                .unwrap();
                signal::default("USR2").unwrap();
                let freed = Arc::strong_count(&alive) == 1;
                signal::kill("USR1", me()).unwrap();
                none && freed && ran.load(Ordering::SeqCst) == 2
            })
        });
        assert!(child.join().unwrap());
        Ok(())
    })
    .unwrap();
    signal::kill("USR1", me()).unwrap();
    assert_eq!(runs.load(Ordering::SeqCst), 1);
}

/// A handler of the host's has interrupted a wait, which begins again behind it: what comes meanwhile cuts it all the same.
fn what_comes_while_the_hosts_handler_runs() {
    extern "C" fn hosts(_: libc::c_int) {
        // SAFETY: plain numbers; handled before the call comes back.
        unsafe { libc::kill(libc::getpid(), libc::SIGUSR2) };
    }
    signal::handle("USR2", |_| Err(9)).unwrap();
    let (mut reader, _writer) = Stream::pipe().unwrap();
    let mut room = vec![0u8; 64 * 1024];
    // SAFETY: plain numbers: the child may see where its parent sleeps.
    unsafe { libc::prctl(libc::PR_SET_PTRACER, libc::PR_SET_PTRACER_ANY) };
    // Also on a stack of its own.
    for flags in [0, libc::SA_ONSTACK] {
        // SAFETY: a handler that does only what a handler may; memory that lives as long as the thread handles signals.
        unsafe {
            let stack = libc::stack_t { ss_sp: room.as_mut_ptr().cast(), ss_flags: 0, ss_size: room.len() };
            libc::sigaltstack(&stack, std::ptr::null_mut());
            let mut new: libc::sigaction = std::mem::zeroed();
            new.sa_sigaction = hosts as *const () as usize;
            new.sa_flags = libc::SA_RESTART | flags;
            libc::sigaction(libc::SIGUSR1, &new, std::ptr::null_mut());
        }
        let main = me();
        // SAFETY: the child makes system calls only, and reads a file.
        let other = unsafe { libc::fork() };
        if other == 0 {
            let good = eventually(|| {
                std::fs::read_to_string(format!("/proc/{main}/syscall")).is_ok_and(|line| line.starts_with("0 "))
            });
            // SAFETY: plain numbers.
            unsafe {
                libc::kill(main, libc::SIGUSR1);
                libc::_exit(i32::from(!good))
            }
        }
        let error = reader.read(&mut [0]).unwrap_err();
        assert!(matches!(error, Error::Abandoned { value: 9, .. }), "{error}");
        let mut status = 1;
        // SAFETY: room for a status.
        unsafe { libc::waitpid(other, &mut status, 0) };
        assert_eq!(status, 0);
    }
    // SAFETY: none from here on, since its memory goes.
    unsafe {
        let none = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
        libc::sigaltstack(&none, std::ptr::null_mut());
    }
}

fn system_makes_deaf() {
    let log = Arc::default();
    signal::handle("INT", noting(&log)).unwrap();
    let ended = Cmd::shell("kill -INT $PPID").system(Deadline::NEVER).unwrap();
    assert!(ended.status.success());
    assert!(log.lock().unwrap().is_empty());
    signal::kill("INT", me()).unwrap();
    assert_eq!(log.lock().unwrap().len(), 1);
    // A giving up handler leaves nothing behind: INT is heard again.
    signal::handle("ALRM", |_| Err(1)).unwrap();
    signal::alarm(Duration::from_millis(50), Duration::ZERO).unwrap();
    let ended = Cmd::new("sleep").arg("100").system(Deadline::NEVER);
    assert!(ended.is_err() || ended.is_ok_and(|ended| ended.stopped.is_some()));
    signal::kill("INT", me()).unwrap();
    assert_eq!(log.lock().unwrap().len(), 2);
}

/// Who is forked while a `system` waits is in none: another thread's is not there, and nobody would end it.
fn a_fork_is_not_deaf() {
    fn heard() -> bool {
        [libc::SIGINT, libc::SIGQUIT].iter().all(|signal| {
            // SAFETY: asks only.
            unsafe {
                let mut now: libc::sigaction = std::mem::zeroed();
                libc::sigaction(*signal, std::ptr::null(), &mut now) == 0 && now.sa_sigaction == libc::SIG_DFL
            }
        })
    }
    fn check(ours: bool, parents: perlipc::System<'_>) -> ! {
        let at_once = heard() || !ours;
        let told = matches!(signal::disposition("INT"), Ok(Disposition::Default)) && heard();
        let cmd = Cmd::new("true");
        let own = cmd.start_system().unwrap();
        let ended = own.wait(Deadline::NEVER).status.success() && !heard();
        drop(parents);
        let still = !heard();
        drop(own);
        // SAFETY: ends the child.
        unsafe { libc::_exit(if at_once && told && ended && still && heard() { 0 } else { 1 }) }
    }
    let cmd = Cmd::shell("exec sleep 100");
    let system = cmd.start_system().unwrap();
    assert!(!heard());
    // SAFETY: one thread.
    match unsafe { perlipc::fork() }.unwrap() {
        perlipc::Fork::Child => check(true, system),
        perlipc::Fork::Parent(child) => assert_eq!(child.wait(Deadline::NEVER).unwrap().code(), Some(0)),
    }
    // The host's own: seen when signals are next looked at.
    // SAFETY: one thread, and an out-parameter.
    unsafe {
        match libc::fork() {
            0 => check(false, system),
            pid => {
                let mut status = 0;
                assert_eq!((libc::waitpid(pid, &mut status, 0), status), (pid, 0));
            }
        }
    }
    assert!(!heard());
    system.child().kill("KILL").unwrap();
    assert!(!system.wait(Deadline::NEVER).status.success());
    drop(system);
    assert!(heard());
}

// ---- the trap ----

fn fall(how: impl FnOnce()) {
    // SAFETY: plain numbers: no core file is wanted.
    unsafe { libc::setrlimit(libc::RLIMIT_CORE, &libc::rlimit { rlim_cur: 0, rlim_max: 0 }) };
    signal::trap("").unwrap();
    how();
}

fn trap_segv() {
    // SAFETY: the fault is the point.
    fall(|| unsafe { std::ptr::without_provenance_mut::<u8>(16).write_volatile(1) });
}

fn trap_term() {
    fall(|| signal::kill("TERM", me()).unwrap());
}

fn deep(n: u64) -> u64 {
    let room = std::hint::black_box([n; 1000]);
    if n == u64::MAX { 0 } else { deep(n + 1) + room[(n % 1000) as usize] }
}

fn trap_overflow() {
    fall(|| {
        std::hint::black_box(deep(0));
    });
}

/// Each thread that asks for the trap can report the end of its stack, not only the first.
fn trap_overflow_elsewhere() {
    fall(|| {
        let second = std::thread::spawn(|| {
            signal::trap("").unwrap();
            std::hint::black_box(deep(0));
        });
        let _ = second.join();
    });
}

/// The memory for that goes when the thread does.
fn stacks_go_with_their_threads() {
    let size = || -> u64 {
        let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
        statm.split(' ').next().unwrap().parse::<u64>().unwrap() * 4096
    };
    let round = || std::thread::spawn(|| signal::trap("TERM").unwrap()).join().unwrap();
    round();
    let before = size();
    for _ in 0..100 {
        round();
    }
    assert!(size() < before + (1 << 20), "{before} before, {} now", size());
    signal::default("TERM").unwrap();
}

/// A signal that ends nothing leaves the trap as it was.
fn trap_twice() {
    fall(|| {
        signal::trap("WINCH").unwrap();
        signal::kill("WINCH", me()).unwrap();
    });
    trap_segv();
}

static FALLS: AtomicBool = AtomicBool::new(false);
static FALLEN: AtomicI32 = AtomicI32::new(0);

/// One thread falls while another's trace is not complete yet.
fn trap_two() {
    unsafe extern "C" fn last(_: i32, _: *mut libc::c_void) {
        FALLS.store(true, Ordering::SeqCst);
        while FALLEN.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        let path = format!("/proc/self/task/{}/syscall", FALLEN.load(Ordering::SeqCst));
        let asleep = || std::fs::read_to_string(&path).is_ok_and(|line| line.starts_with("35 "));
        eprintln!("{}", if eventually(asleep) { "complete" } else { "it did not wait" });
    }
    fall(|| {
        // SAFETY: it interrupts a call that sends a signal.
        unsafe { signal::trap_handle("TERM", last, std::ptr::null_mut()) }.unwrap();
        std::thread::spawn(|| {
            signal::block(Set::of("TERM").unwrap());
            while !FALLS.load(Ordering::SeqCst) {
                std::thread::yield_now();
            }
            // SAFETY: no arguments; then the fault is the point.
            unsafe {
                FALLEN.store(libc::gettid(), Ordering::SeqCst);
                std::ptr::without_provenance_mut::<u8>(16).write_volatile(1);
            }
        });
        signal::kill("TERM", me()).unwrap();
    });
}

#[test]
fn the_trap_tells_and_the_signal_kills() {
    for (scenario, signal, name) in [
        ("trap_segv", libc::SIGSEGV, "SEGV"),
        ("trap_term", libc::SIGTERM, "TERM"),
        ("trap_overflow", libc::SIGSEGV, "SEGV"),
        ("trap_overflow_elsewhere", libc::SIGSEGV, "SEGV"),
    ] {
        let output = command(scenario).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.signal(), Some(signal), "{scenario}: {said}");
        let mut lines = said.lines().skip_while(|line| !line.starts_with("Caught"));
        assert_eq!(lines.next(), Some(format!("Caught a SIG{name}").as_str()), "{scenario}: {said}");
        let trace: Vec<_> = lines.collect();
        assert!(!trace.is_empty(), "{scenario}: {said}");
        let own = std::env::current_exe().unwrap().to_string_lossy().into_owned();
        assert!(trace.iter().any(|line| line.starts_with(&format!("\t{own}+0x"))), "{scenario}: {said}");
    }
    for (scenario, signal, wanted) in [
        ("trap_twice", libc::SIGSEGV, ["Caught a SIGWINCH", "Caught a SIGSEGV"]),
        ("trap_two", libc::SIGTERM, ["Caught a SIGTERM", "complete"]),
    ] {
        let output = command(scenario).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.signal(), Some(signal), "{scenario}: {said}");
        let lines: Vec<_> = said.lines().filter(|line| !line.starts_with('\t')).collect();
        assert_eq!(lines, wanted, "{scenario}: {said}");
    }
}

// ---- under fire ----

const KINDS: [&str; 8] = ["HUP", "INT", "USR1", "USR2", "ALRM", "TERM", "WINCH", "RTMIN+3"];

/// A million signals of eight kinds from four processes, while handlers are changed, saved and restored.
fn storm() {
    let total = scale(1_000_000);
    let seen: Arc<[AtomicU32; 8]> = Arc::default();
    let install = |kind: usize| {
        let seen = seen.clone();
        signal::handle(KINDS[kind], move |arrived| {
            assert_eq!(arrived.name(), signal::name(signal::number(KINDS[kind]).unwrap()).unwrap());
            assert!(arrived.count > 0);
            seen[kind].fetch_add(arrived.count, Ordering::Relaxed);
            Ok(())
        })
    };
    for kind in 0..8 {
        install(kind).unwrap();
    }
    let target = me();
    let mut senders = Vec::new();
    for _ in 0..4 {
        // SAFETY: the child makes system calls only.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let numbers = [1, 2, 10, 12, 14, 15, 28, 37];
            for n in 0..total / 4 {
                // SAFETY: plain numbers. A full queue of real-time signals is tried again.
                unsafe { while libc::kill(target, numbers[n % 8]) != 0 && *libc::__errno_location() == libc::EAGAIN {} }
            }
            // SAFETY: ends the child.
            unsafe { libc::_exit(0) }
        }
        senders.push(pid);
    }
    let mut random = Random(88172645463325252);
    let mut ended = 0;
    let mut queued = [0u32; 8];
    while ended < senders.len() {
        let kind = random.below(8) as usize;
        match random.below(6) {
            0 => install(kind).unwrap(),
            1 => {
                let saved = signal::save(KINDS[kind]).unwrap();
                install(kind).unwrap();
                signal::dispatch(Deadline::NOW).unwrap();
                saved.restore().unwrap();
            }
            2 => {
                let _saved = signal::save(KINDS[kind]).unwrap();
                signal::queue(KINDS[kind]).unwrap();
                while let Ok(arrived) = signal::next(Deadline::NOW) {
                    queued[KINDS.iter().position(|name| signal::number(name) == Ok(arrived.signal)).unwrap()] +=
                        arrived.count;
                }
            }
            3 => {
                let saved = signal::save(KINDS[kind]).unwrap();
                signal::ignore(KINDS[kind]).unwrap();
                saved.restore().unwrap();
            }
            _ => drop(signal::dispatch(ms(1)).unwrap()),
        }
        // SAFETY: no status is wanted.
        ended += usize::from(unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0);
    }
    // After the storm every kind is seen once more.
    signal::dispatch(Deadline::NOW).unwrap();
    for (kind, name) in KINDS.iter().enumerate() {
        let before = seen[kind].load(Ordering::Relaxed);
        assert!(before + queued[kind] > 0, "{name}");
        signal::kill(name, me()).unwrap();
        assert_eq!(seen[kind].load(Ordering::Relaxed), before + 1, "{name}");
    }
    assert_eq!(signal::pending(), Set::EMPTY);
}

/// Four processes send with values; the kernel hands them to any of nine threads, two at a time: whose handler runs
/// knows of one sender, not half of one and half of another.
fn senders_are_whole() {
    let total = scale(200_000);
    let over = Arc::new(AtomicBool::new(false));
    let idle: Vec<_> = (0..8)
        .map(|_| {
            let over = over.clone();
            std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    std::hint::black_box(std::iter::repeat_n(1, 1000).sum::<i32>());
                }
            })
        })
        .collect();
    signal::handle("RTMIN+1", |arrived| {
        assert_eq!((arrived.value, arrived.code), (arrived.pid.into(), libc::SI_QUEUE));
        Ok(())
    })
    .unwrap();
    let target = me();
    let senders: Vec<_> = (0..4)
        .map(|_| {
            // SAFETY: the child makes system calls only.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                for _ in 0..total / 4 {
                    // SAFETY: plain numbers. A full queue is tried again.
                    unsafe {
                        let own = libc::getpid();
                        let value = libc::sigval { sival_ptr: own as usize as *mut _ };
                        while libc::sigqueue(target, 35, value) != 0 {}
                    }
                }
                // SAFETY: ends the child.
                unsafe { libc::_exit(0) }
            }
            pid
        })
        .collect();
    let mut ended = 0;
    while ended < senders.len() {
        signal::dispatch(ms(1)).unwrap();
        // SAFETY: no status is wanted.
        ended += usize::from(unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) } > 0);
    }
    over.store(true, Ordering::Relaxed);
    idle.into_iter().for_each(|thread| thread.join().unwrap());
}

/// How late a sleep of that long is without any library.
fn bare_sleep(limit: Duration) -> Duration {
    let begin = Instant::now();
    std::thread::sleep(limit);
    begin.elapsed() - limit
}

/// Every kind of wait while ALRM comes a thousand times a second: right results, and the deadlines hold.
fn under_alarm() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    signal::handle("ALRM", move |arrived| {
        counted.fetch_add(arrived.count, Ordering::Relaxed);
        Ok(())
    })
    .unwrap();
    signal::queue("USR1").unwrap();
    let tick = Duration::from_millis(1);
    signal::alarm(tick, tick).unwrap();
    let end = Instant::now() + Duration::from_millis(scale(5000) as u64 * 2);
    let limit = Duration::from_millis(20);
    let (mut late, mut bare) = (Vec::new(), Vec::new());
    let mut timed = |call: &mut dyn FnMut(Deadline) -> bool| {
        let begin = Instant::now();
        let timed_out = call(Deadline::after(Some(limit)));
        let took = begin.elapsed();
        assert!(timed_out && took >= limit, "{took:?}");
        late.push(took - limit);
        bare.push(bare_sleep(limit));
    };
    let (mut reader, mut writer) = Stream::pipe().unwrap();
    let child = Cmd::new("sleep").arg("1000").start().unwrap();
    child.end_on_drop(true);
    let big = vec![b'x'; 300_000];
    while Instant::now() < end {
        // Right results.
        assert_eq!(
            capture::run(Cmd::new("cat").arg("-"), Some(&big), Deadline::NEVER).unwrap().output().len(),
            300_000
        );
        assert_eq!(Cmd::shell("exit 3;").run(Deadline::NEVER).unwrap().code(), Some(3));
        let mut lines = popen::open("sleep 0.01; echo one; sleep 0.01; echo two |").unwrap();
        assert_eq!(lines.readline().unwrap(), Some(&b"one\n"[..]));
        assert_eq!(lines.readline().unwrap(), Some(&b"two\n"[..]));
        assert!(lines.close().unwrap().unwrap().success());
        let mut slow = popen::open("| sleep 0.01; cat >/dev/null").unwrap();
        slow.write(&big).unwrap();
        assert!(slow.close().unwrap().unwrap().success());
        // Deadlines.
        timed(&mut |deadline| child.wait(deadline).is_err_and(|error| error.is_timeout()));
        timed(&mut |deadline| signal::next(deadline).is_err_and(|error| error.is_timeout()));
        timed(&mut |deadline| wait_pid(child.pid(), deadline).is_err_and(|error| error.is_timeout()));
        timed(&mut |deadline| {
            reader.deadline(deadline);
            reader.readline().is_err_and(|error| error.is_timeout())
        });
        timed(&mut |deadline| {
            writer.deadline(deadline);
            writer.write(&big).is_err_and(|error| error.is_timeout())
        });
        (reader, writer) = Stream::pipe().unwrap();
    }
    signal::alarm(Duration::ZERO, Duration::ZERO).unwrap();
    within_beside(late, &bare, Duration::from_millis(5), "how late a deadline was");
    let rate = count.load(Ordering::Relaxed);
    assert!(rate > 100, "{rate} alarms only");
}

/// The same for sockets, terminals, FIFOs, System V and locks.
fn under_alarm_too() {
    let count = Arc::new(AtomicU32::new(0));
    let counted = count.clone();
    signal::handle("ALRM", move |arrived| {
        counted.fetch_add(arrived.count, Ordering::Relaxed);
        Ok(())
    })
    .unwrap();
    let dir = Dir::new("under_alarm_too");
    let fifo_path = dir.path("fifo");
    perlipc::fifo::make(&fifo_path, 0o600).unwrap();
    let file = |mode| {
        let mut options = std::fs::File::options();
        options.read(true).write(true).create(mode).truncate(false).open(dir.path("file")).unwrap()
    };
    let (holder, file) = (file(true), file(false));
    flock(&holder, FlockMode::Exclusive, Deadline::NOW).unwrap();
    let sem = Semaphore::create(0, &[0, 0], 0o600).unwrap();
    let (queue, full) = (MessageQueue::open(0, 0o600).unwrap(), MessageQueue::open(0, 0o600).unwrap());
    while full.send(1, &[0; 4096], 0, Deadline::NOW).is_ok() {}
    let lock = Arc::new(Lock::anonymous().unwrap());
    let value = Arc::new(Value::anonymous(64).unwrap());
    let (taken, over) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let holding = {
        let (lock, value, taken, over) = (lock.clone(), value.clone(), taken.clone(), over.clone());
        std::thread::spawn(move || {
            lock.take(Deadline::NEVER).unwrap();
            value.take(Deadline::NEVER).unwrap();
            taken.store(true, Ordering::SeqCst);
            while !over.load(Ordering::SeqCst) {
                std::thread::park();
            }
            lock.give().unwrap();
            value.give().unwrap();
        })
    };
    assert!(eventually(|| taken.load(Ordering::SeqCst)));
    let listener = perlipc::tcp::listen(Some("127.0.0.1"), "0", "").unwrap();
    let port = listener.local().unwrap().port().unwrap().to_string();
    let mut here = perlipc::tcp::connect(Some("127.0.0.1"), &port, "", ms(10_000)).unwrap();
    let mut there = listener.accept(ms(10_000)).unwrap();
    let (mut one, _other) = perlipc::unix::pair().unwrap();
    let (letters, _peer) = perlipc::dgram::pair().unwrap();
    let mut terminal = perlipc::pty::open(Cmd::new("sleep").arg("1000").end_on_drop(true), 24, 80).unwrap();
    let mut never = perlipc::Expect::new();
    never.text("never").unwrap();
    let big = vec![b'x'; 1 << 20];
    let tick = Duration::from_millis(1);
    signal::alarm(tick, tick).unwrap();

    // Deadlines.
    let limit = Duration::from_millis(20);
    let (mut late, mut bare) = (Vec::new(), Vec::new());
    let end = Instant::now() + Duration::from_millis(scale(5000) as u64);
    while late.is_empty() || Instant::now() < end {
        let mut timed = |what: &str, call: &mut dyn FnMut(Deadline) -> Option<Error>| {
            let begin = Instant::now();
            let error = call(Deadline::after(Some(limit)));
            let took = begin.elapsed();
            assert!(error.as_ref().is_some_and(Error::is_timeout) && took >= limit, "{what}: {error:?} after {took:?}");
            late.push(took - limit);
            bare.push(bare_sleep(limit));
        };
        timed("accept", &mut |deadline| listener.accept(deadline).err());
        timed("recv", &mut |deadline| letters.recv(&mut [0; 9], deadline).err());
        timed("read of tcp", &mut |deadline| {
            here.deadline(deadline);
            here.read(&mut [0; 9]).err()
        });
        timed("read of unix", &mut |deadline| {
            one.deadline(deadline);
            one.readline().err()
        });
        timed("read of a terminal", &mut |deadline| {
            terminal.deadline(deadline);
            terminal.read(&mut [0; 9]).err()
        });
        terminal.deadline(Deadline::NEVER);
        timed("expect", &mut |deadline| never.wait_until(&mut terminal, deadline).err());
        timed("opening a FIFO to read", &mut |deadline| {
            perlipc::fifo::open(&fifo_path, perlipc::fifo::Mode::Read, deadline).err()
        });
        timed("opening a FIFO to write", &mut |deadline| {
            perlipc::fifo::open(&fifo_path, perlipc::fifo::Mode::Write, deadline).err()
        });
        timed("semop", &mut |deadline| sem.take(0, deadline).err());
        timed("msgrcv", &mut |deadline| queue.recv(0, &mut [0; 64], 0, deadline).err());
        timed("msgsnd", &mut |deadline| full.send(1, &[0; 4096], 0, deadline).err());
        timed("flock", &mut |deadline| flock(&file, FlockMode::Exclusive, deadline).err());
        timed("lock", &mut |deadline| lock.take(deadline).err());
        timed("value", &mut |deadline| value.take(deadline).err());
        timed("wait_any", &mut |deadline| wait_any(deadline).err());
    }

    // Right results: what another thread sends comes whole and in order.
    let echo = {
        let peer = perlipc::fifo::open(&fifo_path, perlipc::fifo::Mode::Keep, ms(10_000)).unwrap();
        let (path, big) = (fifo_path.clone(), big.clone());
        std::thread::spawn(move || {
            there.write(&big).unwrap();
            let mut all = vec![0; big.len()];
            assert_eq!(there.read_full(&mut all).unwrap(), all.len());
            assert!(all == big);
            for n in 0..200u32 {
                let got = queue.recv(2, &mut [0; 64], 0, ms(20_000)).unwrap();
                assert_eq!(got.len, 4);
                queue.send(1, &n.to_ne_bytes(), 0, ms(20_000)).unwrap();
                sem.take(0, ms(20_000)).unwrap();
                sem.give(1).unwrap();
            }
            let mut fifo = perlipc::fifo::open(&path, perlipc::fifo::Mode::Write, ms(10_000)).unwrap();
            fifo.write(b"through the FIFO\n").unwrap();
            fifo.close().unwrap();
            peer
        })
    };
    here.deadline(Deadline::NEVER);
    let mut all = vec![0; big.len()];
    assert_eq!(here.read_full(&mut all).unwrap(), all.len());
    assert!(all == big);
    here.write(&big).unwrap();
    for n in 0..200u32 {
        queue.send(2, b"next", 0, ms(20_000)).unwrap();
        let mut room = [0; 4];
        queue.recv(1, &mut room, 0, ms(20_000)).unwrap();
        assert_eq!(room, n.to_ne_bytes());
        sem.give(0).unwrap();
        sem.take(1, ms(20_000)).unwrap();
    }
    let mut fifo = echo.join().unwrap();
    assert_eq!(fifo.readline().unwrap(), Some(&b"through the FIFO\n"[..]));
    signal::alarm(Duration::ZERO, Duration::ZERO).unwrap();
    over.store(true, Ordering::SeqCst);
    holding.thread().unpark();
    holding.join().unwrap();
    sem.remove().unwrap();
    queue.remove().unwrap();
    full.remove().unwrap();
    within_beside(late, &bare, Duration::from_millis(5), "how late a deadline was");
    let alarms = count.load(Ordering::Relaxed);
    assert!(alarms > 50, "{alarms} alarms only");
}

/// Aims at the window between looking and sleeping: a lost wake-up hangs, and the alarm of the scenario ends it.
fn no_wake_up_is_lost() {
    let rounds = scale(200_000);
    signal::handle("USR1", |_| Err(1)).unwrap();
    signal::queue("USR2").unwrap();
    let go = Arc::new(AtomicI32::new(0));
    let (mut reader, _writer) = Stream::pipe().unwrap();
    let (_reader, mut writer) = Stream::pipe().unwrap();
    let child = Cmd::new("sleep").arg("1000").start().unwrap();
    child.end_on_drop(true);
    // Threads that have all signals open, so that the kernel may pick any of them.
    let over = Arc::new(AtomicBool::new(false));
    let idle: Vec<_> = (0..14)
        .map(|_| {
            let over = over.clone();
            std::thread::spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    std::thread::sleep(Duration::from_millis(5));
                }
            })
        })
        .collect();
    let (start, finish) = (go.clone(), over.clone());
    let mut random = Random(2463534242);
    // As long as the sender takes to wake up, more or less.
    let mut aim = move || (0..random.below(3000)).for_each(|_| std::hint::spin_loop());
    let sender = std::thread::spawn(move || {
        while !finish.load(Ordering::SeqCst) {
            std::thread::park();
            let wanted = start.swap(0, Ordering::SeqCst);
            if wanted == 0 {
                continue;
            }
            // SAFETY: plain numbers.
            unsafe { libc::kill(libc::getpid(), wanted) };
        }
    });
    // What does not fit in stays, to be flushed: that blocks each time, and nothing grows.
    writer.deadline(ms(10));
    assert!(writer.write(&[0; 1 << 18]).is_err_and(|error| error.is_timeout()));
    writer.deadline(Deadline::NEVER);
    for round in 0..rounds {
        let what = round % 6;
        go.store(if what == 1 { libc::SIGUSR2 } else { libc::SIGUSR1 }, Ordering::SeqCst);
        sender.thread().unpark();
        aim();
        let ended = match what {
            0 => signal::dispatch(Deadline::NEVER).map(drop),
            1 => {
                assert_eq!(signal::next(Deadline::NEVER).unwrap().signal, libc::SIGUSR2);
                continue;
            }
            2 => child.wait(Deadline::NEVER).map(drop),
            3 => reader.readline().map(drop),
            4 => writer.flush(),
            _ => wait_pid(-1, Deadline::NEVER).map(drop),
        };
        let abandoned = matches!(ended, Err(Error::Abandoned { signal: libc::SIGUSR1, value: 1, .. }));
        assert!(abandoned, "round {round}: {ended:?}");
    }
    over.store(true, Ordering::SeqCst);
    sender.thread().unpark();
    sender.join().unwrap();
    for thread in idle {
        thread.join().unwrap();
    }
}
