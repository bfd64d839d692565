//! A process that this one started, and how it ended. No status is lost, and no stranger is ever signalled: a child is
//! held by its pidfd, not by its number.
//!
//! Whoever reaps (a handle, [`wait_any`], [`wait_pid`], or somebody else's `waitpid(-1)`), the handle that asks later
//! gets the status. Dropping a handle never blocks: a child that still runs goes to the list of orphans, which later
//! calls sweep, so that it leaves no zombie.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard, TryLockError};
use std::time::Duration;

use crate::block::{self, CALM, Stop, Wait};
use crate::error::{Error, Result};
use crate::signal;
use crate::status::Status;
use crate::sys::{self, Who};
use crate::time::Deadline;
use crate::watch;

const NOT_YET: i64 = i64::MIN;

/// One started process. Shared by its handle and the registry.
pub(crate) struct State {
    pid: i32,
    pidfd: Option<OwnedFd>,
    /// Which process started it: see [`generation`].
    generation: u64,
    /// How many there are of [`Child`].
    handles: AtomicUsize,
    /// It leads a process group of its own.
    leads: bool,
    end_on_drop: AtomicBool,
    status: AtomicI64,
    /// Its status was given to somebody: `wait` does not find it any more.
    reported: AtomicBool,
    orphan: AtomicBool,
    /// Held by who may reap it, so that a status is stored before anybody finds the process gone.
    reap: Mutex<()>,
}

/// Tells this process from those that it was forked from: the page is wiped at fork, and then gets a new number.
#[inline]
pub(crate) fn generation() -> u64 {
    match PAGE.get() {
        Some(Some(page)) => match page.word().load(Ordering::SeqCst) {
            0 => new_generation(),
            set => set,
        },
        _ => new_generation(),
    }
}

static PAGE: OnceLock<Option<sys::Pages>> = OnceLock::new();

#[cold]
#[inline(never)]
fn new_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let page = PAGE.get_or_init(|| {
        let page = sys::Pages::new(4096, 0).ok()?;
        page.advise(libc::MADV_WIPEONFORK).ok()?;
        Some(page)
    });
    let Some(page) = page else { return sys::getpid() as u64 };
    let new = ((sys::getpid() as u64) << 32) | NEXT.fetch_add(1, Ordering::Relaxed);
    page.word().compare_exchange(0, new, Ordering::SeqCst, Ordering::SeqCst).map_or_else(|set| set, |_| new)
}

/// A value that each process has of its own. One that was forked while another thread held the lock of its parent's must
/// not find it held for ever: it starts with a fresh one, and what its parent's holds is forgotten, if that is free.
pub(crate) struct Own<T> {
    first: OnceLock<Box<Slot<T>>>,
    forget: fn(&T),
}

struct Slot<T> {
    generation: u64,
    value: T,
    /// That of processes forked from this one.
    next: Own<T>,
}

impl<T: Default> Own<T> {
    pub(crate) const fn new(forget: fn(&T)) -> Own<T> {
        Own { first: OnceLock::new(), forget }
    }

    pub(crate) fn get(&self) -> &T {
        let generation = generation();
        let fresh = || Box::new(Slot { generation, value: T::default(), next: Own::new(self.forget) });
        let mut slot = self.first.get_or_init(fresh);
        while slot.generation != generation {
            slot = slot.next.first.get_or_init(|| {
                (self.forget)(&slot.value);
                fresh()
            });
        }
        &slot.value
    }
}

// ---- the registry: all that this process started and whose end nobody has been told yet ----

#[derive(Default)]
struct Registry {
    children: BTreeMap<i32, Arc<State>>,
    orphans: usize,
    /// Threads in wait_any; each start wakes them.
    waiters: Vec<Arc<OwnedFd>>,
}

// A forked process has no children yet.
static REGISTRY: Own<Mutex<Registry>> = Own::new(|parents| {
    if let Ok(mut parents) = parents.try_lock() {
        *parents = Registry::default();
    }
});

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.get().lock().unwrap_or_else(PoisonError::into_inner)
}

/// Held for reading from before a child exists until the registry knows it.
static STARTING: Own<RwLock<()>> = Own::new(|_| {});

pub(crate) fn starting() -> RwLockReadGuard<'static, ()> {
    STARTING.get().read().unwrap_or_else(PoisonError::into_inner)
}

/// A child by its number, when all starts that are under way are done.
fn settled(pid: i32) -> Option<Arc<State>> {
    let find = || registry().children.get(&pid).cloned();
    find().or_else(|| {
        let _none_starts = STARTING.get().write().unwrap_or_else(PoisonError::into_inner);
        find()
    })
}

/// Sends a signal, with a value where there is one, to one of ours by its number, through its pidfd; `None` for a number
/// that is none of ours.
pub(crate) fn signal_ours(pid: i32, signal: i32, value: Option<u64>) -> Option<sys::Result<()>> {
    let child = registry().children.get(&pid).cloned()?;
    Some(child.send(signal, value))
}

/// Reaps the orphans that have ended. Called where children are started and waited for.
pub(crate) fn sweep() {
    let mut registry = registry();
    // A CHLD handler wants to be told of them itself.
    if registry.orphans == 0 || signal::has_reaper() {
        return;
    }
    let orphans: Vec<_> =
        registry.children.values().filter(|child| child.orphan.load(Ordering::Relaxed)).cloned().collect();
    for child in orphans {
        if child.try_reap().is_some() {
            registry.children.remove(&child.pid);
            registry.orphans -= 1;
        }
    }
}

/// How many dropped children still run.
pub fn orphans() -> usize {
    sweep();
    registry().orphans
}

/// A handle of a process that this one started.
///
/// Clones are the same child. All methods work from any thread at any moment.
pub struct Child(Arc<State>);

impl Child {
    /// Takes a fresh child into the registry.
    pub(crate) fn register(pid: i32, pidfd: Option<OwnedFd>, leads: bool, end_on_drop: bool) -> Child {
        let state = Arc::new(State {
            pid,
            pidfd,
            generation: generation(),
            handles: AtomicUsize::new(1),
            leads,
            end_on_drop: AtomicBool::new(end_on_drop),
            status: AtomicI64::new(NOT_YET),
            reported: AtomicBool::new(false),
            orphan: AtomicBool::new(false),
            reap: Mutex::new(()),
        });
        let mut registry = registry();
        if let Some(old) = registry.children.insert(pid, state.clone()) {
            // The number came round again: somebody else reaped the old child, whose handle asks its pidfd.
            if old.orphan.load(Ordering::Relaxed) {
                registry.orphans -= 1;
            }
        }
        for waiter in &registry.waiters {
            let _ = sys::write(&CALM, waiter.as_raw_fd(), &1u64.to_ne_bytes());
        }
        Child(state)
    }

    /// Takes over a child that was started by other means: `fork` of another library, say. It must be a child of
    /// this process that nobody has reaped yet. ECHILD if it is not.
    pub fn adopt(pid: i32) -> Result<Child> {
        let failed = |errno| Error::at("adopt", pid.to_string(), errno);
        if pid <= 0 {
            return Err(Error::invalid("adopt", "a pid is greater than 0"));
        }
        // Ours, whether it runs or has ended; nothing is reaped by this look.
        sys::waitid(&CALM, Who::Pid(pid), libc::WEXITED | libc::WNOHANG | libc::WNOWAIT).map_err(failed)?;
        if let Some(state) = registry().children.get(&pid) {
            return Err(Error::invalid("adopt", format!("{} has a handle already", state.pid)));
        }
        let pidfd = match sys::pidfd_open(pid) {
            Ok(fd) => Some(fd),
            Err(errno) if sys::NO_PIDFD_OPEN.note(errno) => None,
            Err(errno) => return Err(failed(errno)),
        };
        Ok(Child::register(pid, pidfd, false, false))
    }

    fn state(&self) -> &State {
        &self.0
    }

    /// Its process id.
    pub fn pid(&self) -> i32 {
        self.state().pid
    }

    /// Its status, if somebody has asked for that since it ended; asks nobody itself.
    pub fn status(&self) -> Option<Status> {
        self.state().known()
    }

    /// Its pidfd, readable when it has ended; `None` where the kernel gives none.
    pub fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        use std::os::fd::AsFd;
        self.state().pidfd.as_ref().map(AsFd::as_fd)
    }

    /// The reading end of a new pipe that ends when the child has ended, for event loops that take pipes but no pidfds. It
    /// says only that: ask [`poll`](Child::poll) for the status. A thread of the library's waits for all of them, and
    /// ends with the last; no descendant of the child's keeps the pipe. A process that this one forks
    /// meanwhile does, until it executes something or ends: take the [`pidfd`](Child::pidfd) where there are such.
    pub fn exit_pipe(&self) -> Result<OwnedFd> {
        if self.state().pidfd.is_none() {
            return Err(Error::os("pidfd", libc::EOPNOTSUPP));
        }
        watch::pipe(self.0.clone()).map_err(|errno| Error::at("exit_pipe", self.pid().to_string(), errno))
    }

    /// Whether the child is ended (KILL, without waiting) when its last handle is dropped.
    pub fn end_on_drop(&self, on: bool) {
        self.state().end_on_drop.store(on, Ordering::Relaxed);
    }

    /// Waits for its end, until the deadline. Asked again it answers again.
    pub fn wait(&self, deadline: Deadline) -> Result<Status> {
        self.wait_stop(deadline).map_err(|stop| stop.at("wait", self.pid().to_string()))
    }

    /// Its end is told to nobody but who holds it: a reaper that asks for any child does not find it.
    pub(crate) fn hide(&self) {
        self.state().reported.store(true, Ordering::Relaxed);
    }

    pub(crate) fn wait_stop(&self, deadline: Deadline) -> Wait<Status> {
        let status = self.state().wait(deadline)?;
        self.state().reported.store(true, Ordering::Relaxed);
        Ok(status)
    }

    /// Its status if it has ended.
    pub fn poll(&self) -> Result<Option<Status>> {
        match self.wait_stop(Deadline::NOW) {
            Ok(status) => Ok(Some(status)),
            Err(Stop::Timeout) => Ok(None),
            Err(stop) => Err(stop.at("wait", self.pid().to_string())),
        }
    }

    /// Whether it has ended; never waits and runs no handler.
    pub(crate) fn has_ended(&self) -> bool {
        self.state().try_reap().is_some()
    }

    /// Sends it a signal; "0" asks whether it still runs. ESRCH when it has ended: never a stranger is hit.
    pub fn kill(&self, signal: &str) -> Result<()> {
        let n = signal::number(signal)?;
        self.state().kill(n).map_err(|errno| Error::at("kill", self.pid().to_string(), errno))
    }

    /// Sends a signal to it and all that descend from it, with [`Reach`] saying how it found them.
    ///
    /// Each process found is stopped first, held by a pidfd, and the search goes on until nothing new appears; then all
    /// get the signal, and those that live on are continued. A descendant that has left both the parent chain and the
    /// session of a child that leads one is not found.
    pub fn kill_tree(&self, signal: &str) -> Result<Reach> {
        let n = signal::number(signal)?;
        self.state().kill_tree(n).map_err(|errno| Error::at("kill", self.pid().to_string(), errno))
    }

    /// Ends it: TERM to its tree, up to `grace` for it to go, then KILL to what is left; its status.
    pub fn end(&self, grace: Duration) -> Result<Status> {
        if let Some(status) = self.poll()? {
            return Ok(status);
        }
        self.end_stop(grace).map_err(|stop| stop.at("end", self.pid().to_string()))
    }

    pub(crate) fn end_stop(&self, grace: Duration) -> Wait<Status> {
        let signal = |signal| match self.state().kill_tree(signal) {
            Ok(_) | Err(libc::ESRCH) => Ok(()),
            // The tree cannot be searched now (no descriptor left, say): the child itself at least.
            Err(_) => match self.state().kill(signal) {
                Ok(()) | Err(libc::ESRCH) => Ok(()),
                Err(errno) => Err(Stop::Errno(errno)),
            },
        };
        if !grace.is_zero() {
            signal(libc::SIGTERM)?;
            match self.wait_stop(Deadline::after(Some(grace))) {
                Err(Stop::Timeout) => {}
                other => return other,
            }
        }
        signal(libc::SIGKILL)?;
        self.wait_stop(Deadline::NEVER)
    }
}

impl Clone for Child {
    fn clone(&self) -> Child {
        self.0.handles.fetch_add(1, Ordering::Relaxed);
        Child(self.0.clone())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let state = &self.0;
        if state.handles.fetch_sub(1, Ordering::AcqRel) > 1 {
            return;
        }
        let mut registry = registry();
        if !state.is_ours() {
            return;
        }
        if state.known().is_none() && state.end_on_drop.load(Ordering::Relaxed) {
            let _ = state.kill(libc::SIGKILL);
        }
        // A CHLD handler is told of its end, if nobody was.
        let kept = registry.children.get(&state.pid).is_some_and(|found| Arc::ptr_eq(found, state));
        if !kept {
            // Its number came round again: it is reaped, and no sweep would find it.
            return;
        }
        let wanted = signal::has_reaper() && !state.reported.load(Ordering::Relaxed);
        if wanted || state.known().is_none() && state.try_reap().is_none() {
            state.orphan.store(true, Ordering::Relaxed);
            registry.orphans += 1;
        } else {
            registry.children.remove(&state.pid);
        }
    }
}

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Child({}", self.pid())?;
        match self.state().known() {
            Some(status) => write!(f, ", {status})"),
            None => f.write_str(")"),
        }
    }
}

impl State {
    /// Its number; -1 where there is none.
    pub(crate) fn pidfd(&self) -> RawFd {
        self.pidfd.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }

    fn known(&self) -> Option<Status> {
        match self.status.load(Ordering::SeqCst) {
            NOT_YET => None,
            status => Some(Status::from_raw(status as i32)),
        }
    }

    fn store(&self, status: Status) -> Status {
        self.status.store(i64::from(status.raw()), Ordering::SeqCst);
        status
    }

    fn is_ours(&self) -> bool {
        self.generation == generation()
    }

    fn wait(&self, deadline: Deadline) -> Wait<Status> {
        loop {
            if let Some(status) = self.known() {
                return Ok(status);
            }
            if !self.is_ours() {
                return Err(Stop::Errno(libc::ECHILD));
            }
            let Some(pidfd) = self.pidfd.as_ref().map(AsRawFd::as_raw_fd) else {
                return self.wait_by_number(deadline);
            };
            if deadline.is_never() {
                // The one call that waits and reaps, unless another thread is in it already.
                if let Some(_reap) = try_lock(&self.reap) {
                    if self.known().is_some() {
                        continue;
                    }
                    match sys::waitid(signal::word(), Who::Pidfd(pidfd), libc::WEXITED) {
                        Ok((_, status)) => return Ok(self.store(Status::from_raw(status))),
                        Err(libc::ECHILD) => return self.stolen(pidfd),
                        Err(libc::EINTR) => {}
                        Err(errno) => return Err(Stop::Errno(errno)),
                    }
                    drop(_reap);
                    signal::interrupted()?;
                    continue;
                }
            }
            // Who will not wait asks for the status at once, unless another thread does.
            let at_once = if deadline == Deadline::NOW { try_lock(&self.reap) } else { None };
            let asked = at_once.is_some();
            let _reap = match at_once {
                Some(reap) => reap,
                None => {
                    block::ready(pidfd, libc::POLLIN, deadline)?;
                    self.reap.lock().unwrap_or_else(PoisonError::into_inner)
                }
            };
            if let Some(status) = self.known() {
                return Ok(status);
            }
            match sys::waitid(&CALM, Who::Pidfd(pidfd), libc::WEXITED | libc::WNOHANG) {
                Ok((0, _)) if asked => {
                    drop(_reap);
                    signal::safe_point()?;
                    return Err(Stop::Timeout);
                }
                Ok((0, _)) => {}
                Ok((_, status)) => return Ok(self.store(Status::from_raw(status))),
                Err(libc::ECHILD) => return self.stolen(pidfd),
                Err(libc::EINTR) => {}
                Err(errno) => return Err(Stop::Errno(errno)),
            }
        }
    }

    /// Without a pidfd: the number, which is the child's as long as we have not reaped it.
    fn wait_by_number(&self, deadline: Deadline) -> Wait<Status> {
        let reap = |options| {
            let _reap = self.reap.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(status) = self.known() {
                return Ok(Some(status));
            }
            match sys::waitid(signal::word(), Who::Pid(self.pid), libc::WEXITED | options) {
                Ok((0, _)) => Ok(None),
                Ok((_, status)) => Ok(Some(self.store(Status::from_raw(status)))),
                Err(libc::ECHILD) => Ok(Some(self.store(Status::UNKNOWN))),
                Err(errno) => Err(errno),
            }
        };
        if deadline.is_never() && sys::single_threaded() {
            loop {
                match reap(0) {
                    Ok(Some(status)) => return Ok(status),
                    Ok(None) => {}
                    Err(libc::EINTR) => signal::interrupted()?,
                    Err(errno) => return Err(Stop::Errno(errno)),
                }
            }
        }
        // The lock must not be held while waiting, or no other thread could signal the child.
        block::try_until(deadline, || reap(libc::WNOHANG))
    }

    /// Somebody else reaped it, or SIGCHLD is ignored: the kernel may still know how it ended. It says so only after
    /// POLLHUP, which follows the reaping at once.
    fn stolen(&self, pidfd: RawFd) -> Wait<Status> {
        let limit = Deadline::after(Some(Duration::from_secs(1)));
        loop {
            match sys::pidfd_exit_status(pidfd) {
                Ok(Some(status)) => return Ok(self.store(Status::from_raw(status))),
                Ok(None) => {}
                Err(libc::EINTR) => continue,
                Err(errno) => {
                    sys::NO_PIDFD_INFO.note(errno);
                    return Ok(self.store(Status::UNKNOWN));
                }
            }
            match sys::poll(&CALM, &mut [block::entry(pidfd, 0)], limit.left()) {
                Ok(0) => return Ok(self.store(Status::UNKNOWN)),
                Ok(_) if limit.passed() => return Ok(self.store(Status::UNKNOWN)),
                Ok(_) | Err(libc::EINTR) => {}
                Err(errno) => return Err(Stop::Errno(errno)),
            }
        }
    }

    /// Its status if it has ended; reaps it then. Never waits.
    fn try_reap(&self) -> Option<Status> {
        if let Some(status) = self.known() {
            return Some(status);
        }
        let _reap = try_lock(&self.reap)?;
        let who = self.pidfd.as_ref().map_or(Who::Pid(self.pid), |fd| Who::Pidfd(fd.as_raw_fd()));
        match sys::waitid(&CALM, who, libc::WEXITED | libc::WNOHANG) {
            Ok((0, _)) => None,
            Ok((_, status)) => Some(self.store(Status::from_raw(status))),
            Err(libc::ECHILD) => match &self.pidfd {
                Some(fd) => self.stolen(fd.as_raw_fd()).ok(),
                None => Some(self.store(Status::UNKNOWN)),
            },
            Err(_) => None,
        }
    }

    fn kill(&self, signal: i32) -> sys::Result<()> {
        self.send(signal, None)
    }

    fn send(&self, signal: i32, value: Option<u64>) -> sys::Result<()> {
        if let Some(pidfd) = &self.pidfd {
            match sys::signals::pidfd_send(pidfd.as_raw_fd(), signal, value) {
                // Pidfds, but no signals through them: valgrind, old sandboxes.
                Err(libc::ENOSYS) => {}
                answer => return answer,
            }
        }
        if !self.is_ours() {
            return Err(libc::ESRCH);
        }
        // Nobody of ours reaps it between the look and the signal.
        let _reap = self.reap.lock().unwrap_or_else(PoisonError::into_inner);
        if self.known().is_some() {
            return Err(libc::ESRCH);
        }
        sys::signals::send(self.pid, signal, value)
    }

    /// After a SIGSTOP of ours.
    fn go_on(&self) {
        match &self.pidfd {
            Some(pidfd) => sys::pidfd_continue(pidfd.as_raw_fd()),
            None => drop(self.kill(libc::SIGCONT)),
        }
    }

    fn kill_tree(&self, signal: i32) -> sys::Result<Reach> {
        if sys::NO_PIDFD_OPEN.is_known() {
            return self.kill_group(signal);
        }
        let mut found: BTreeMap<i32, OwnedFd> = BTreeMap::new();
        let stop = self.kill(libc::SIGSTOP);
        let root_ended = match stop {
            Ok(()) => false,
            // The child is gone, but what it started may still be in its session.
            Err(libc::ESRCH) if self.leads && self.known().is_none() => true,
            Err(errno) => return Err(errno),
        };
        let swept = self.stop_descendants(&mut found);
        if swept == Err(libc::ENOSYS) {
            // Nobody can be held: one signal to whom it can reach, not a second one to the child.
            let reach = self.kill_group(signal);
            if !root_ended && signal != libc::SIGSTOP {
                self.go_on();
            }
            for pidfd in found.values() {
                sys::pidfd_continue(pidfd.as_raw_fd());
            }
            return reach;
        }
        let mut count = 0;
        let mut first_error = None;
        let to_child = if root_ended { Err(libc::ESRCH) } else { self.kill(signal) };
        count += u32::from(to_child.is_ok());
        for pidfd in found.values() {
            match sys::signals::pidfd_send(pidfd.as_raw_fd(), signal, None) {
                Ok(()) => count += 1,
                Err(libc::ESRCH) => {}
                Err(errno) => first_error = first_error.or(Some(errno)),
            }
        }
        if signal != libc::SIGKILL && signal != libc::SIGSTOP {
            // A stopped process sees the signal when it goes on.
            self.go_on();
            for pidfd in found.values() {
                sys::pidfd_continue(pidfd.as_raw_fd());
            }
        }
        match swept.and(to_child) {
            Err(errno) if errno != libc::ESRCH => Err(errno),
            _ => match first_error {
                Some(errno) if count == 0 => Err(errno),
                _ => Ok(Reach { how: How::Sweep, count }),
            },
        }
    }

    /// Where no process but the child can be held safely: its group, if it leads one, else the child alone.
    fn kill_group(&self, signal: i32) -> sys::Result<Reach> {
        if self.leads && self.known().is_none() {
            // As long as the leader is not reaped, the group's number is not given to anybody else.
            return sys::kill(-self.pid, signal).map(|()| Reach { how: How::Group, count: 1 });
        }
        self.kill(signal).map(|()| Reach { how: How::Process, count: 1 })
    }

    /// Stops and holds all that descend from the child, pass after pass, until a pass finds nothing new.
    fn stop_descendants(&self, found: &mut BTreeMap<i32, OwnedFd>) -> sys::Result<()> {
        let me = sys::getpid();
        loop {
            let mut new = 0;
            for pid in sys::numbers_in(c"/proc")? {
                // This process too may have joined the group: stopped, it would never go on.
                if pid == self.pid || pid == me || found.contains_key(&pid) || !self.is_descendant(pid, found) {
                    continue;
                }
                let pidfd = match sys::pidfd_open(pid) {
                    Ok(pidfd) => pidfd,
                    Err(libc::ESRCH) => continue,
                    Err(errno) if sys::NO_PIDFD_OPEN.note(errno) => return Err(libc::ENOSYS),
                    Err(errno) => return Err(errno),
                };
                // The number may have changed hands between the look and the opening: look again.
                if self.is_descendant(pid, found)
                    && sys::signals::pidfd_send(pidfd.as_raw_fd(), libc::SIGSTOP, None).is_ok()
                {
                    found.insert(pid, pidfd);
                    new += 1;
                }
            }
            if new == 0 {
                return Ok(());
            }
        }
    }

    fn is_descendant(&self, pid: i32, found: &BTreeMap<i32, OwnedFd>) -> bool {
        let Some(process) = ProcStat::of(pid) else { return false };
        let by_parent = process.parent == self.pid || found.contains_key(&process.parent);
        let by_session = self.leads && (process.session == self.pid || process.group == self.pid);
        !process.ended && (by_parent || by_session)
    }
}

fn try_lock(lock: &Mutex<()>) -> Option<MutexGuard<'_, ()>> {
    match lock.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// What /proc says of a process.
struct ProcStat {
    ended: bool,
    parent: i32,
    group: i32,
    session: i32,
}

impl ProcStat {
    fn of(pid: i32) -> Option<ProcStat> {
        let path = CString::new(format!("/proc/{pid}/stat")).ok()?;
        let mut room = [0; 512];
        let len = sys::small_file(&path, &mut room).ok()?;
        // The name may hold anything, a closing parenthesis too: what follows the last one are plain fields.
        let text = room.get(..len)?;
        let after = text.iter().rposition(|b| *b == b')')? + 2;
        let mut fields = std::str::from_utf8(text.get(after..)?).ok()?.split(' ');
        let state = fields.next()?;
        let mut number = || fields.next()?.parse().ok();
        Some(ProcStat { ended: state == "Z" || state == "X", parent: number()?, group: number()?, session: number()? })
    }
}

/// How a signal to a tree found its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Only the child itself could be reached.
    Process,
    /// The child's process group.
    Group,
    /// Every descendant, stopped and held before the signal went out.
    Sweep,
}

/// What a signal to a tree reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// How the members were found.
    pub how: How,
    /// How many processes got the signal; with [`How::Group`] at least that many.
    pub count: u32,
}

// ---- waiting for more than one ----

/// Waits for any child that this library started and whose end was not told yet: its pid and status. ECHILD when there
/// is none. A handle of that child still answers with the status later.
pub fn wait_any(deadline: Deadline) -> Result<(i32, Status)> {
    let failed = |errno| Error::os("wait", errno);
    let mut waiter: Option<Waiter> = None;
    loop {
        let children: Vec<Arc<State>> = {
            let registry = registry();
            registry.children.values().filter(|c| !c.reported.load(Ordering::Relaxed)).cloned().collect()
        };
        if children.is_empty() {
            return Err(failed(libc::ECHILD));
        }
        let mut without_pidfd = false;
        let mut fds = Vec::with_capacity(children.len() + 1);
        for child in &children {
            match &child.pidfd {
                Some(fd) => fds.push(block::entry(fd.as_raw_fd(), libc::POLLIN)),
                None => {
                    without_pidfd = true;
                    fds.push(block::entry(-1, 0));
                }
            }
        }
        if !deadline.passed() {
            let waiter = match &waiter {
                Some(waiter) => waiter,
                None => waiter.insert(Waiter::new().map_err(failed)?),
            };
            fds.push(block::entry(waiter.0.as_raw_fd(), libc::POLLIN));
        }
        let limit =
            if without_pidfd { deadline.min(Deadline::after(Some(Duration::from_millis(10)))) } else { deadline };
        block::poll(&mut fds, limit).map_err(|stop| stop.error("wait"))?;
        for (child, fd) in children.iter().zip(&fds) {
            if fd.revents == 0 && child.pidfd.is_some() {
                continue;
            }
            if let Some(status) = child.try_reap() {
                if !child.reported.swap(true, Ordering::SeqCst) {
                    forget_orphan(child);
                    return Ok((child.pid, status));
                }
            }
        }
        if deadline.passed() {
            return Err(Stop::Timeout.error("wait"));
        }
        if let (Some(waiter), Some(fd)) = (&waiter, fds.last()) {
            if fd.revents != 0 {
                let _ = sys::read(&CALM, waiter.0.as_raw_fd(), &mut [0; 8]);
            }
        }
    }
}

fn forget_orphan(child: &Arc<State>) {
    let mut registry = registry();
    if child.orphan.load(Ordering::Relaxed)
        && registry.children.get(&child.pid).is_some_and(|found| Arc::ptr_eq(found, child))
    {
        registry.children.remove(&child.pid);
        registry.orphans -= 1;
    }
}

/// A thread in [`wait_any`], told of children that are started meanwhile.
struct Waiter(Arc<OwnedFd>);

impl Waiter {
    fn new() -> sys::Result<Waiter> {
        let fd = Arc::new(sys::eventfd(libc::EFD_NONBLOCK)?);
        registry().waiters.push(fd.clone());
        Ok(Waiter(fd))
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        registry().waiters.retain(|fd| !Arc::ptr_eq(fd, &self.0));
    }
}

/// Perl's `waitpid`: a pid, -1 for any child at all, 0 for the own process group, -N for group N; its pid and status.
/// With -1 it is Perl's `wait`. ECHILD when there is none.
///
/// It finds children that others started too. What it reaps of this library's is kept for the handle that asks later.
/// While CHLD is ignored, -1 is told of this library's children when all have ended, as the kernel then answers no sooner.
/// With a deadline it looks at intervals that grow to 20 ms: the kernel has no timed form.
pub fn wait_pid(pid: i32, deadline: Deadline) -> Result<(i32, Status)> {
    let who = match pid {
        -1 => Who::Any,
        0 => Who::Group(0),
        i32::MIN..=-2 => Who::Group(pid.checked_neg().unwrap_or(i32::MAX)),
        _ => Who::Pid(pid),
    };
    let step = |stop: Stop| stop.at("wait", if pid == -1 { String::new() } else { pid.to_string() });
    if let Who::Pid(pid) = who {
        let known = registry().children.get(&pid).cloned();
        if let Some(child) = known {
            if child.reported.load(Ordering::Relaxed) {
                return Err(step(Stop::Errno(libc::ECHILD)));
            }
            let status = child.wait(deadline).map_err(step)?;
            child.reported.store(true, Ordering::Relaxed);
            forget_orphan(&child);
            return Ok((pid, status));
        }
    }
    let attempt = |options| -> sys::Result<Option<(i32, Status)>> {
        // One that a handle reaped without being asked (its drop, a sweep) was not told to anybody yet.
        if let Some(told) = take_reaped(who) {
            return Ok(Some(told));
        }
        // First only look: a child of ours must be reaped under its own lock, so that its status is kept.
        let word = if options & libc::WNOHANG != 0 { &CALM } else { signal::word() };
        loop {
            let (found, _) = match sys::waitid(word, who, libc::WEXITED | libc::WNOWAIT | options) {
                // Nothing for the kernel to tell any more, since CHLD is ignored or somebody else has reaped: but ours.
                Err(libc::ECHILD) => return take_stolen(who).map(Some).ok_or(libc::ECHILD),
                answer => answer?,
            };
            if found == 0 {
                return Ok(None);
            }
            let Some(child) = settled(found) else {
                return match sys::waitid(&CALM, Who::Pid(found), libc::WEXITED | libc::WNOHANG) {
                    Ok((0, _)) | Err(libc::ECHILD) => Ok(None),
                    Ok((pid, status)) => Ok(Some((pid, Status::from_raw(status)))),
                    Err(errno) => Err(errno),
                };
            };
            // Another thread is reaping it now.
            let Some(status) = child.try_reap() else { return Ok(None) };
            let first = !child.reported.swap(true, Ordering::SeqCst);
            forget_orphan(&child);
            if first {
                return Ok(Some((found, status)));
            }
            // Told already, or nobody's business: one that ended behind it may not be.
        }
    };
    if deadline.is_never() {
        loop {
            match attempt(0) {
                Ok(Some(told)) => return Ok(told),
                // Another thread was quicker.
                Ok(None) => std::thread::yield_now(),
                Err(libc::EINTR) => signal::interrupted().map_err(step)?,
                Err(errno) => return Err(step(Stop::Errno(errno))),
            }
        }
    }
    block::try_until(deadline, || attempt(libc::WNOHANG)).map_err(step)
}

/// A child of ours that has been reaped on the way and whose end nobody was told.
fn take_reaped(who: Who) -> Option<(i32, Status)> {
    take_ended(who, State::known)
}

/// The same when the kernel has no child left.
fn take_stolen(who: Who) -> Option<(i32, Status)> {
    take_ended(who, State::try_reap)
}

fn take_ended(who: Who, status: impl Fn(&State) -> Option<Status>) -> Option<(i32, Status)> {
    if who != Who::Any {
        return None;
    }
    let children: Vec<_> = registry().children.values().cloned().collect();
    for child in children.iter().filter(|child| !child.reported.load(Ordering::Relaxed)) {
        if let Some(status) = status(child) {
            if !child.reported.swap(true, Ordering::SeqCst) {
                forget_orphan(child);
                return Some((child.pid, status));
            }
        }
    }
    None
}

// ---- fork ----

/// Which of the two a process is after [`fork`].
#[derive(Debug)]
pub enum Fork {
    /// The process that called, with the handle of the new one.
    Parent(Child),
    /// The new one.
    Child,
}

/// How many threads this process has.
pub(crate) fn threads() -> usize {
    if sys::single_threaded() { 1 } else { sys::numbers_in(c"/proc/self/task").map_or(usize::MAX, |found| found.len()) }
}

/// [`fork_flushed`] in a process that was seen to have one thread, where the child may do anything.
#[allow(unsafe_code)]
pub(crate) fn fork_alone() -> Result<Fork> {
    // SAFETY: there is no other thread.
    unsafe { fork_flushed() }
}

/// [`fork`], after what C's stdio has buffered is written, so that nothing is written twice. With other threads that is
/// left out: one that reads a file would hold it up for ever.
///
/// # Safety
/// As [`fork`].
#[allow(unsafe_code)]
pub unsafe fn fork_flushed() -> Result<Fork> {
    if sys::single_threaded() {
        sys::flush_stdio();
    }
    // SAFETY: the caller's promise.
    unsafe { fork() }
}

/// The gate at which a fresh child waits until its parent holds it by its pidfd, so that even one that ends at once is
/// known. There is none where nobody could reap it before: no other thread is there, no handler can run, the kernel
/// keeps it until it is waited for, and the fork is `bare`: a host's own runs code of anybody's in the parent.
struct ForkGate(Option<(OwnedFd, OwnedFd)>);

impl ForkGate {
    fn new(bare: bool) -> Result<ForkGate> {
        if bare && sys::single_threaded() && signal::zombies_stay() {
            return Ok(ForkGate(None));
        }
        sys::pipe().map(|ends| ForkGate(Some(ends))).map_err(|errno| Error::os("fork", errno))
    }

    fn wait(self) {
        let Some((reader, writer)) = self.0 else { return };
        drop(writer);
        // A byte, end of file or an error: in any case the parent needs no more time.
        while let Err(libc::EINTR) = sys::read(&CALM, reader.as_raw_fd(), &mut [0]) {}
    }

    /// A byte and not the end alone: a child that another thread has forked meanwhile may hold the writing end.
    fn open(self) {
        if let Some((_, writer)) = self.0 {
            let _ = sys::write(&CALM, writer.as_raw_fd(), &[1]);
        }
    }
}

/// Perl's `fork`. The child waits until the parent holds it by its pidfd, so that even one that ends at once is known.
///
/// The child has this library's handles but no children of its own; handlers are inherited, pending signals are not.
///
/// # Safety
/// In a process with several threads, the child may do only what a signal handler may, until it execs or exits.
#[allow(unsafe_code)]
pub unsafe fn fork() -> Result<Fork> {
    // SAFETY: the caller's promise.
    fork_at(true, || unsafe { sys::fork() }.map_err(|errno| Error::os("fork", errno)))
}

/// The same by a fork of the host's own, that runs what must run around one there (Python's `os.fork`). `fork` answers
/// as the system call does: 0 in the child.
pub fn fork_by(fork: impl FnOnce() -> Result<i32>) -> Result<Fork> {
    fork_at(false, fork)
}

fn fork_at(bare: bool, fork: impl FnOnce() -> Result<i32>) -> Result<Fork> {
    sweep();
    let gate = ForkGate::new(bare)?;
    // Another thread that reaps any child at all waits until this one is in the registry.
    let alone = sys::single_threaded();
    let starting = (!alone).then(|| STARTING.get().write().unwrap_or_else(PoisonError::into_inner));
    // No handler may reap the child before it is held. And a host forgets in the child what its handlers have noted until
    // then (Python does), a signal to the child too: that comes afterwards.
    let before = sys::set_mask(libc::SIG_SETMASK, sys::ALL_SIGNALS);
    let side = fork().map(|pid| if pid == 0 { Fork::Child } else { Fork::Parent(forked(pid)) });
    drop(starting);
    sys::set_mask(libc::SIG_SETMASK, before);
    match side {
        Ok(Fork::Child) => gate.wait(),
        Ok(Fork::Parent(_)) => gate.open(),
        Err(_) => {}
    }
    side
}

fn forked(pid: i32) -> Child {
    let pidfd = match sys::pidfd_open(pid) {
        Ok(fd) => Some(fd),
        Err(errno) => {
            // Without one (no descriptor left, or the call is forbidden) the number has to do.
            sys::NO_PIDFD_OPEN.note(errno);
            None
        }
    };
    Child::register(pid, pidfd, false, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One that somebody else reaped, whose number has another child now, is no orphan, and its handle reaps nobody.
    #[test]
    fn a_handle_whose_number_came_round_is_no_orphan() {
        let mut process = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = process.id() as i32;
        // Without a pidfd it cannot ask how it ended, only by the number.
        let old = Child::register(pid, None, false, false);
        let new = Child::register(pid, None, false, false);
        let before = registry().orphans;
        drop(old);
        assert_eq!(registry().orphans, before);
        drop(process.stdin.take());
        assert!(new.wait(Deadline::NEVER).unwrap().success());
    }

    /// A process that is forked while another thread is inside the registry has one that it can use.
    #[test]
    #[allow(unsafe_code)]
    fn a_lock_of_another_thread_is_not_held_in_a_forked_process() {
        let (inside, forked) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        let pid = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _registry = registry();
                let _starting = STARTING.get().read();
                inside.wait();
                forked.wait();
            });
            inside.wait();
            // SAFETY: the child makes plain calls of this library and ends.
            let pid = unsafe { sys::fork() };
            if pid == Ok(0) {
                // SAFETY: plain numbers; what hangs ends by SIGALRM.
                unsafe { libc::alarm(5) };
                let none = registry().children.is_empty();
                drop(STARTING.get().write());
                sys::child::exit(usize::from(!none));
            }
            forked.wait();
            pid.unwrap()
        });
        assert_eq!(sys::waitid(&CALM, Who::Pid(pid), libc::WEXITED), Ok((pid, 0)));
    }
}
