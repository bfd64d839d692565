//! What the tests share: processes of their own for what needs one, and looks at what a process owns.

#![allow(dead_code, unused_imports, unused_macros)] // Each test file uses its part.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use perlipc::{Deadline, orphans};

/// The full count with PERLIPC_SOAK=1, a tenth otherwise.
pub fn scale(full: usize) -> usize {
    if std::env::var_os("PERLIPC_SOAK").is_some_and(|on| on == "1") { full } else { full / 10 }
}

/// A line that the test harness does not keep to itself.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

pub fn skipped(what: &str, why: &str) {
    say(&format!("skipped: {what}: {why}"));
}

/// Whether a command is to be had, by the success of trying it.
pub fn has(program: &str, arg: &str) -> bool {
    has_args(program, &[arg])
}

pub fn has_args(program: &str, args: &[&str]) -> bool {
    Command::new(program).args(args).output().is_ok_and(|output| output.status.success())
}

pub fn is_root() -> bool {
    // SAFETY: no arguments.
    unsafe { libc::geteuid() == 0 }
}

// ---- scenarios: functions that run in a fresh process, on its only thread ----

pub const SCENARIO: &str = "PERLIPC_SCENARIO";

/// Names the functions of this file that [`run`] may start.
macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        #[used]
        #[unsafe(link_section = ".init_array")]
        static SCENARIOS: extern "C" fn() = {
            // Before the test harness makes its threads and ignores SIGPIPE.
            extern "C" fn start() {
                $crate::common::start(&[$((stringify!($name), $name as fn())),*]);
            }
            start
        };
    };
}
pub(crate) use scenarios;

pub fn start(all: &[(&str, fn())]) {
    let Ok(wanted) = std::env::var(SCENARIO) else { return };
    let result = match all.iter().find(|(name, _)| *name == wanted) {
        Some((_, scenario)) => {
            // What a shell's background job finds ignored is no part of any scenario.
            for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT] {
                // SAFETY: the default, before any other thread is here.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
            // SAFETY: no other thread is here yet. One that hangs ends by SIGALRM.
            unsafe {
                std::env::remove_var(SCENARIO);
                libc::alarm(100);
            }
            std::panic::catch_unwind(scenario).is_ok()
        }
        None => {
            say(&format!("no such scenario: {wanted}"));
            false
        }
    };
    let _ = std::io::stdout().flush();
    // SAFETY: ends the process before the harness begins.
    unsafe { libc::_exit(if result { 0 } else { 101 }) }
}

pub fn command(scenario: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(SCENARIO, scenario);
    command
}

/// Runs a scenario of this file; what it printed.
pub fn run(scenario: &str) -> String {
    finish(scenario, command(scenario).output().unwrap())
}

/// The same with one more variable in its environment.
pub fn run_with(scenario: &str, name: &str, value: &str) -> String {
    finish(&format!("{scenario} {name}={value}"), command(scenario).env(name, value).output().unwrap())
}

pub fn finish(what: &str, output: Output) -> String {
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {}\n{said}\n{errors}", output.status);
    for line in errors.lines().filter(|line| line.starts_with("skipped: ")) {
        say(line);
    }
    said
}

// ---- what a process owns ----

/// For tests that look at what all threads of this process own together.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The open descriptors, each with what it is.
pub fn descriptors() -> BTreeMap<i32, String> {
    let mut found = BTreeMap::new();
    let dir = std::fs::read_dir("/proc/self/fd").unwrap();
    for entry in dir.flatten() {
        let Ok(fd) = entry.file_name().to_string_lossy().parse() else { continue };
        let Ok(target) = std::fs::read_link(entry.path()) else { continue };
        found.insert(fd, target.to_string_lossy().into_owned());
    }
    // The directory itself.
    found.retain(|_, target| !(target.starts_with("/proc/") && target.ends_with("/fd")));
    found
}

/// Whether this process has any child, a zombie or a living one, and which the kernel names first.
pub fn a_child() -> Option<i32> {
    // SAFETY: an out-pointer; nothing is reaped.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let looked = libc::waitid(libc::P_ALL, 0, &mut info, libc::WEXITED | libc::WNOHANG | libc::WNOWAIT);
        (looked == 0).then(|| info.si_pid())
    }
}

/// Until `done` says so; false after twenty seconds.
pub fn eventually(mut done: impl FnMut() -> bool) -> bool {
    let begin = Instant::now();
    while !done() {
        if begin.elapsed() > Duration::from_secs(20) {
            return false;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    true
}

/// What `run` gives at a deadline of 0.2 s, or at a later one, until `came` says that its child had come so far by then:
/// how long that takes nobody knows.
pub fn when_it_came<T>(mut run: impl FnMut(Deadline) -> T, came: impl Fn(&T) -> bool) -> T {
    let mut ms = 200;
    loop {
        let got = run(Deadline::after_ms(ms));
        if came(&got) || ms > 12_000 {
            return got;
        }
        ms *= 2;
    }
}

/// Comes back when something can be read there, or its end.
pub fn readable(fd: impl AsFd) {
    let mut fds = libc::pollfd { fd: fd.as_fd().as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one valid place.
    assert_eq!(unsafe { libc::poll(&mut fds, 1, 20_000) }, 1);
}

/// Comes back when that child has stopped itself: CONT before that would be lost.
pub fn stopped(pid: i32) {
    // SAFETY: an out-pointer; nothing is reaped.
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        assert_eq!(libc::waitid(libc::P_PID, pid as u32, &mut info, libc::WSTOPPED | libc::WNOWAIT), 0);
    }
}

/// That no child is left, when what was dropped has had its time to end. For processes that nobody else uses.
pub fn no_child_is_left() {
    let gone = eventually(|| {
        orphans();
        a_child().is_none()
    });
    assert!(gone, "a child is left: {:?}", a_child());
}

/// All that a call must leave as it was.
#[derive(Debug, PartialEq, Eq)]
pub struct Hygiene {
    dispositions: Vec<(i32, usize, i32)>,
    mask: Vec<i32>,
    umask: u32,
    cwd: String,
    environment: Vec<(String, String)>,
    descriptors: BTreeMap<i32, String>,
    threads: usize,
    dumpable: i32,
}

/// How many threads this process has.
pub fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

impl Hygiene {
    pub fn look() -> Hygiene {
        let mut dispositions = Vec::new();
        let mut mask = Vec::new();
        // SAFETY: out-pointers only; the umask is put back at once.
        let (umask, dumpable) = unsafe {
            let mut set: libc::sigset_t = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &mut set);
            for signal in (1..=64).filter(|n| *n != 32 && *n != 33) {
                let mut now: libc::sigaction = std::mem::zeroed();
                libc::sigaction(signal, std::ptr::null(), &mut now);
                // The C library notes its trampoline with whatever it sets.
                dispositions.push((signal, now.sa_sigaction, now.sa_flags & !0x0400_0000));
                if libc::sigismember(&set, signal) == 1 {
                    mask.push(signal);
                }
            }
            let umask = libc::umask(0o22);
            libc::umask(umask);
            (umask, libc::prctl(libc::PR_GET_DUMPABLE))
        };
        let mut environment: Vec<_> = std::env::vars_os()
            .map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()))
            .collect();
        environment.sort();
        Hygiene {
            dispositions,
            mask,
            umask,
            cwd: std::env::current_dir().unwrap().to_string_lossy().into_owned(),
            environment,
            descriptors: descriptors(),
            threads: threads(),
            dumpable,
        }
    }
}

impl Hygiene {
    /// That this is what was there before.
    #[track_caller]
    pub fn is_as(&self, before: &Hygiene, what: &str) {
        let strange: Vec<_> = self.dispositions.iter().filter(|now| !before.dispositions.contains(now)).collect();
        assert!(strange.is_empty(), "{what}: dispositions: {strange:?}");
        assert_eq!(self.mask, before.mask, "{what}: mask");
        assert_eq!(self.descriptors, before.descriptors, "{what}: descriptors");
        assert_eq!(self.cwd, before.cwd, "{what}: directory");
        // A thread that was joined may be in /proc for a moment more.
        let same = self.threads == before.threads || eventually(|| threads() == before.threads);
        assert!(same, "{what}: threads: {} where {} were", threads(), before.threads);
        assert!(self.environment == before.environment, "{what}: environment");
        assert_eq!((self.umask, self.dumpable), (before.umask, before.dumpable), "{what}: umask, dumpable");
    }

    /// But for the one eventfd that each thread keeps to be woken by, where there are several.
    pub fn without_eventfds(mut self) -> Hygiene {
        self.descriptors.retain(|_, target| !target.contains("eventfd"));
        self
    }
}

// ---- small things ----

/// Numbers that look random and are the same in each run.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A directory that is gone when the test is over.
pub struct Dir(pub std::path::PathBuf);

impl Dir {
    pub fn new(name: &str) -> Dir {
        let path = std::env::temp_dir().join(format!("perlipc-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_string_lossy().into_owned()
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// That all but one in a hundred are within the limit, and none beyond ten times as much.
pub fn within(times: Vec<Duration>, limit: Duration, what: &str) {
    within_beside(times, &[Duration::ZERO], limit, what);
}

/// The same, where the machine itself is as late as `bare`, measured side by side: that is not counted.
pub fn within_beside(mut times: Vec<Duration>, bare: &[Duration], limit: Duration, what: &str) {
    times.sort_unstable();
    let p99 = times[(times.len() * 99).div_ceil(100) - 1];
    let worst = times[times.len() - 1];
    let machine = bare.iter().copied().max().unwrap_or_default();
    assert!(
        p99 <= limit + machine && worst <= 10 * limit + machine,
        "{what}: p99 {p99:?}, worst {worst:?}, limit {limit:?}, the machine itself {machine:?}"
    );
}
