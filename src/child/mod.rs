//! A process that this one started, and how it ended. No status is lost, and no stranger is ever signalled: a child is
//! held by its pidfd, not by its number.
//!
//! Whoever reaps (a handle, [`wait_any`], [`wait_pid`], or somebody else's `waitpid(-1)`), the handle that asks later
//! gets the status. Dropping a handle never blocks: a child that still runs goes to the list of orphans, which later
//! calls sweep, so that it leaves no zombie.

mod fork;
mod own;
mod registry;
mod tree;
mod wait;

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use crate::block::{self, CALM, Stop, Wait};
use crate::error::{Error, Result};
use crate::signal;
use crate::status::Status;
use crate::sys;
use crate::sys::process::Who;
use crate::time::Deadline;
use crate::watch;

#[cfg(feature = "capi")]
pub(crate) use fork::flush_stdio;
#[cfg(feature = "capi")]
pub use fork::fork_flushed;
pub use fork::{Fork, fork, fork_by};
pub(crate) use fork::{fork_alone, threads};
pub(crate) use own::{Own, generation, identity, taken_over};
pub use registry::orphans;
use registry::registry;
pub(crate) use registry::{signal_ours, starting, sweep};
pub use tree::{How, Reach, Tree};
pub use wait::{wait_any, wait_pid};

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
        // Who asks for that number now means this one.
        registry.take_untold(Some(pid));
        if let Some(old) = registry.children.insert(pid, state.clone()) {
            // The number came round again: somebody else reaped the old child, whose handle asks its pidfd. By the number it
            // would ask for this one.
            if old.pidfd.is_none() && old.known().is_none() {
                let _ = old.store(Status::UNKNOWN);
            }
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
        sys::process::waitid(&CALM, Who::Pid(pid), libc::WEXITED | libc::WNOHANG | libc::WNOWAIT).map_err(failed)?;
        // One whose end is known does not have that number any more.
        if let Some(state) = registry().children.get(&pid).filter(|state| state.known().is_none()) {
            return Err(Error::invalid("adopt", format!("{} has a handle already", state.pid)));
        }
        let pidfd = match sys::process::pidfd_open(pid) {
            Ok(fd) => Some(fd),
            Err(errno) if sys::process::NO_PIDFD_OPEN.note(errno) => None,
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
        self.kill_again(signal, &mut Tree::default())
    }

    /// The same, and whom it has reached is in `tree` then; a second signal reaches those again, whether the child has ended
    /// meanwhile or not.
    pub fn kill_again(&self, signal: &str, tree: &mut Tree) -> Result<Reach> {
        let n = signal::number(signal)?;
        self.state().kill_tree(n, tree).map_err(|errno| Error::at("kill", self.pid().to_string(), errno))
    }

    /// Ends it: TERM to its tree, up to `grace` for all of that to go, then KILL to what is left; its status.
    pub fn end(&self, grace: Duration) -> Result<Status> {
        if let Some(status) = self.poll()? {
            return Ok(status);
        }
        self.end_stop(grace).map_err(|stop| stop.at("end", self.pid().to_string()))
    }

    pub(crate) fn end_stop(&self, grace: Duration) -> Wait<Status> {
        let mut tree = Tree::default();
        let signal = |signal, tree: &mut Tree| match self.state().kill_tree(signal, tree) {
            Ok(_) | Err(libc::ESRCH) => Ok(()),
            // The tree cannot be searched now (no descriptor left, say): the child itself at least.
            Err(_) => match self.state().kill(signal) {
                Ok(()) | Err(libc::ESRCH) => Ok(()),
                Err(errno) => Err(Stop::Errno(errno)),
            },
        };
        if !grace.is_zero() {
            signal(libc::SIGTERM, &mut tree)?;
            let deadline = Deadline::after(Some(grace));
            // Who descends from it may take longer than the child itself, or not listen at all.
            match self.wait_stop(deadline).and_then(|status| tree.wait(deadline).map(|()| status)) {
                Err(Stop::Timeout) => {}
                other => return other,
            }
        }
        signal(libc::SIGKILL, &mut tree)?;
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
        if !wanted && state.known().is_some() {
            registry.children.remove(&state.pid);
            return;
        }
        match state.try_reap().filter(|_| !wanted) {
            Some(status) => registry.ended(state, status),
            None => {
                state.orphan.store(true, Ordering::Relaxed);
                registry.orphans += 1;
            }
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
            // Where no signal goes through a pidfd, another thread's needs the lock.
            if deadline.is_never() && (sys::single_threaded() || signals_reach(pidfd)) {
                // The one call that waits and reaps, unless another thread is in it already.
                if let Some(_reap) = try_lock(&self.reap) {
                    if self.known().is_some() {
                        continue;
                    }
                    match sys::process::waitid(signal::word(), Who::Pidfd(pidfd), libc::WEXITED) {
                        Ok((_, status)) => return Ok(self.store(Status::from_raw(status))),
                        Err(libc::ECHILD) => return self.stolen(pidfd).map_err(Stop::Errno),
                        Err(libc::EINTR) => {}
                        Err(errno) => return Err(Stop::Errno(errno)),
                    }
                    drop(_reap);
                    signal::interrupted()?;
                    continue;
                }
            }
            block::ready(pidfd, libc::POLLIN, deadline)?;
            // It has ended, but who traces it may not have let go of it yet, and nothing tells of that. Then another thread
            // may be in the call that waits still.
            return block::try_until(deadline, || {
                if let Some(status) = self.known() {
                    return Ok(Some(status));
                }
                let Some(_reap) = try_lock(&self.reap) else { return Ok(None) };
                if let Some(status) = self.known() {
                    return Ok(Some(status));
                }
                match sys::process::waitid(&CALM, Who::Pidfd(pidfd), libc::WEXITED | libc::WNOHANG) {
                    Ok((0, _)) => Ok(None),
                    Ok((_, status)) => Ok(Some(self.store(Status::from_raw(status)))),
                    Err(libc::ECHILD) => self.stolen(pidfd).map(Some),
                    Err(errno) => Err(errno),
                }
            });
        }
    }

    /// Without a pidfd: the number, which is the child's as long as we have not reaped it.
    fn wait_by_number(&self, deadline: Deadline) -> Wait<Status> {
        let reap = |options| {
            let _reap = self.reap.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(status) = self.known() {
                return Ok(Some(status));
            }
            match sys::process::waitid(signal::word(), Who::Pid(self.pid), libc::WEXITED | options) {
                Ok((0, _)) => Ok(None),
                Ok((_, status)) => Ok(Some(self.store(Status::from_raw(status)))),
                Err(libc::ECHILD) => Ok(Some(self.store(Status::UNKNOWN))),
                Err(errno) => Err(errno),
            }
        };
        // A handler may start a thread.
        while deadline.is_never() && sys::single_threaded() {
            match reap(0) {
                Ok(Some(status)) => return Ok(status),
                Ok(None) => {}
                Err(libc::EINTR) => signal::interrupted()?,
                Err(errno) => return Err(Stop::Errno(errno)),
            }
        }
        // The lock must not be held while waiting, or no other thread could signal the child.
        block::try_until(deadline, || reap(libc::WNOHANG))
    }

    /// Somebody else reaped it, or SIGCHLD is ignored: the kernel may still know how it ended. It says so only after
    /// POLLHUP, which follows the reaping at once.
    fn stolen(&self, pidfd: RawFd) -> sys::Result<Status> {
        let limit = Deadline::after(Some(Duration::from_secs(1)));
        loop {
            match sys::process::pidfd_exit_status(pidfd) {
                Ok(Some(status)) => return Ok(self.store(Status::from_raw(status))),
                Ok(None) => {}
                Err(libc::EINTR) => continue,
                Err(errno) => {
                    sys::process::NO_PIDFD_INFO.note(errno);
                    return Ok(self.store(Status::UNKNOWN));
                }
            }
            match sys::poll(&CALM, &mut [block::entry(pidfd, 0)], limit.left()) {
                Ok(0) => return Ok(self.store(Status::UNKNOWN)),
                Ok(_) if limit.passed() => return Ok(self.store(Status::UNKNOWN)),
                Ok(_) | Err(libc::EINTR) => {}
                Err(errno) => return Err(errno),
            }
        }
    }

    /// Its status if it has ended; reaps it then. Never waits.
    fn try_reap(&self) -> Option<Status> {
        if let Some(status) = self.known() {
            return Some(status);
        }
        if !self.is_ours() {
            // Who asks was forked since: nobody took a status, there is none for it.
            return None;
        }
        let _reap = try_lock(&self.reap)?;
        let who = self.pidfd.as_ref().map_or(Who::Pid(self.pid), |fd| Who::Pidfd(fd.as_raw_fd()));
        match sys::process::waitid(&CALM, who, libc::WEXITED | libc::WNOHANG) {
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
                Err(libc::ENOSYS | libc::EPERM) if !signals_reach(pidfd.as_raw_fd()) => {}
                answer => return answer,
            }
        }
        if !self.is_ours() {
            return Err(libc::ESRCH);
        }
        // Nobody of ours reaps it between the look and the signal; and nobody waits with the lock held: see `wait`.
        let _reap = self.reap.lock().unwrap_or_else(PoisonError::into_inner);
        if self.known().is_some() {
            return Err(libc::ESRCH);
        }
        sys::signals::send(self.pid, signal, value)
    }

    /// After a SIGSTOP of ours.
    fn go_on(&self) {
        // Where pidfds carry no signals it was stopped by its number, and goes on by that.
        if !self.pidfd.as_ref().is_some_and(|pidfd| sys::process::pidfd_continue(pidfd.as_raw_fd())) {
            let _ = self.kill(libc::SIGCONT);
        }
    }
}

/// Whether a signal goes through a pidfd here. Where it did once, EPERM is an answer of the child's.
fn signals_reach(pidfd: RawFd) -> bool {
    static REACH: AtomicBool = AtomicBool::new(false);
    REACH.load(Ordering::Relaxed) || {
        let reach = matches!(sys::signals::pidfd_send(pidfd, 0, None), Ok(()) | Err(libc::ESRCH));
        REACH.fetch_or(reach, Ordering::Relaxed);
        reach
    }
}

fn try_lock(lock: &Mutex<()>) -> Option<MutexGuard<'_, ()>> {
    match lock.try_lock() {
        Ok(guard) => Some(guard),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
