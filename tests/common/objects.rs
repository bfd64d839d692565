//! What the tests of System V objects share. Each scenario runs in an IPC namespace of its own where that is allowed,
//! and must leave nothing in it.

#![allow(dead_code)] // Each test file uses its part.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::time::{Duration, Instant};

use perlipc::{Child, Deadline, Fork, signal, sysv};

/// Goes to an empty IPC namespace (or says that it cannot), and ends with a look at what is left.
pub struct Apart {
    before: Vec<i32>,
    alone: bool,
}

pub fn apart() -> Apart {
    // SAFETY: plain numbers; this process has one thread.
    let alone = unsafe { libc::unshare(libc::CLONE_NEWIPC) } == 0;
    if !alone {
        crate::common::skipped("an IPC namespace of its own", &std::io::Error::last_os_error().to_string());
    }
    Apart { before: ids(), alone }
}

impl Apart {
    /// Sets a limit, only where it is this namespace's own.
    pub fn limit(&self, name: &str, value: &str) -> bool {
        self.alone && std::fs::write(format!("/proc/sys/kernel/{name}"), value).is_ok()
    }
}

fn ids() -> Vec<i32> {
    sysv::list().unwrap().iter().map(|object| object.id).collect()
}

impl Drop for Apart {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert_eq!(ids(), self.before, "objects are left");
        }
    }
}

/// A forked child that ends with what `body` gives; 101 for a panic.
pub fn child(body: impl FnOnce() -> i32) -> Child {
    // SAFETY: this process has one thread.
    match unsafe { perlipc::fork() }.unwrap() {
        Fork::Parent(child) => child,
        Fork::Child => {
            // A scenario that fails leaves nobody behind, who would keep its output open for ever.
            // SAFETY: plain numbers.
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            let code = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).unwrap_or(101);
            // SAFETY: ends the child before anything of the parent's is run twice.
            unsafe { libc::_exit(code) }
        }
    }
}

/// Runs a Perl program with arguments; what it printed. It must succeed.
pub fn perl(program: &str, args: &[&str]) -> String {
    let output = std::process::Command::new("perl").args(["-we", program]).args(args).output().expect("perl");
    assert!(output.status.success(), "perl: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What is taken and given. When the test begins, and when it ends, its thread has all that there is.
pub struct Taken<'a> {
    pub take: &'a (dyn Fn(Deadline) -> perlipc::Result<()> + Sync),
    pub give: &'a (dyn Fn() + Sync),
}

static STEP: AtomicI32 = AtomicI32::new(0);
static FIRST: AtomicI32 = AtomicI32::new(0);
static LATE: AtomicBool = AtomicBool::new(false);
const SHORT: Duration = Duration::from_millis(30);

fn me() -> i32 {
    // SAFETY: no arguments.
    unsafe { libc::gettid() }
}

/// Asked behind each sleep, on the thread that has slept: the first to be woken stands here until the test lets it go
/// on, and gives up then, or finds itself out of time.
fn stand() -> Option<bool> {
    if me() != FIRST.load(Ordering::SeqCst) || STEP.compare_exchange(1, 2, Ordering::SeqCst, Ordering::SeqCst).is_err()
    {
        return Some(true);
    }
    while STEP.load(Ordering::SeqCst) == 2 {
        std::thread::yield_now();
    }
    let late = LATE.load(Ordering::SeqCst);
    if late {
        std::thread::sleep(SHORT);
    }
    Some(late)
}

/// Two threads sleep, and the one that is woken gives up in that instant (`late`: somebody was quicker, and its time is
/// up): the other must not sleep on. How long it does beside what could be had, in the middle of some rounds.
pub fn handed_on(what: &Taken<'_>, late: bool) -> Duration {
    signal::host(stand);
    LATE.store(late, Ordering::SeqCst);
    let asleep = |thread: i32| {
        let at = || std::fs::read_to_string(format!("/proc/self/task/{thread}/wchan"));
        assert!(crate::common::eventually(|| at().is_ok_and(|at| at.contains("futex"))));
    };
    let mut slept = Vec::new();
    for _ in 0..20 {
        STEP.store(0, Ordering::SeqCst);
        let took = std::thread::scope(|scope| {
            let start = |limit| {
                let (tell, tid) = std::sync::mpsc::channel();
                let thread = scope.spawn(move || {
                    tell.send(me()).unwrap();
                    let answer = (what.take)(Deadline::after(limit));
                    let now = Instant::now();
                    if answer.is_ok() {
                        (what.give)();
                    }
                    (answer, now)
                });
                (thread, tid.recv().unwrap())
            };
            let (first, tid) = start(late.then_some(SHORT));
            FIRST.store(tid, Ordering::SeqCst);
            asleep(tid);
            let (second, tid) = start(None);
            asleep(tid);
            STEP.store(1, Ordering::SeqCst);
            (what.give)();
            while STEP.load(Ordering::SeqCst) == 1 && !first.is_finished() {
                std::thread::yield_now();
            }
            let stands = STEP.load(Ordering::SeqCst) == 2;
            let rival = stands && late;
            if rival {
                (what.take)(Deadline::NOW).unwrap();
            }
            STEP.store(3, Ordering::SeqCst);
            let (answer, ended) = first.join().unwrap();
            let mut free = ended;
            if rival {
                free = Instant::now();
                (what.give)();
            }
            let (got, at) = second.join().unwrap();
            got.unwrap();
            if stands {
                assert_eq!(answer.unwrap_err().is_timeout(), late);
            }
            // Where this machine was too slow for the first one's time, nothing was tried.
            stands.then(|| at.saturating_duration_since(free))
        });
        slept.extend(took);
        (what.take)(Deadline::NOW).unwrap();
    }
    assert!(slept.len() > 5, "only {} rounds", slept.len());
    slept.sort();
    slept[slept.len() / 2]
}
