//! All that this process started and whose end nobody has been told yet.

use std::collections::{BTreeMap, VecDeque};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Own, State, taken_over};
use crate::status::Status;
use crate::{signal, sys};

/// How many of the [`Registry::untold`] are kept: whoever never waits need not pay for it.
const UNTOLD: usize = 1024;

#[derive(Default)]
pub(super) struct Registry {
    pub(super) children: BTreeMap<i32, Arc<State>>,
    pub(super) orphans: usize,
    /// The last of them that was asked.
    asked: i32,
    /// Those that were reaped when nobody had a handle of them any more, for who waits for any child: the last of them.
    pub(super) untold: VecDeque<(i32, Status)>,
    /// Threads in wait_any; each start wakes them.
    pub(super) waiters: Vec<Arc<OwnedFd>>,
}

impl Registry {
    /// One that nobody has a handle of has been reaped. Of one that was to end with its handle nobody wants to hear.
    pub(super) fn ended(&mut self, child: &State, status: Status) {
        self.children.remove(&child.pid);
        if !child.reported.swap(true, Ordering::SeqCst) && !child.end_on_drop.load(Ordering::Relaxed) {
            if self.untold.len() >= UNTOLD {
                self.untold.pop_front();
            }
            self.untold.push_back((child.pid, status));
        }
    }

    /// Takes out one of the [`untold`](Registry::untold): the first, or the one of that number.
    pub(super) fn take_untold(&mut self, pid: Option<i32>) -> Option<(i32, Status)> {
        let at = self.untold.iter().position(|(found, _)| pid.is_none_or(|pid| pid == *found))?;
        self.untold.remove(at)
    }
}

// A forked process has no children yet.
static REGISTRY: Own<Mutex<Registry>> = Own::inheriting(|parents| {
    drop(taken_over(parents));
    Mutex::default()
});

pub(super) fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.get().lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Default)]
struct Starting {
    /// Held for reading from before a child exists until the registry knows it.
    lock: RwLock<()>,
    /// The thread that holds it for writing around a fork; 0: none. What a host runs around that may start children too.
    forks: AtomicUsize,
}

static STARTING: Own<Starting> = Own::new();

impl Starting {
    fn is_mine(&self) -> bool {
        self.forks.load(Ordering::Relaxed) == sys::thread_self()
    }
}

pub(crate) fn starting() -> Option<RwLockReadGuard<'static, ()>> {
    let starting = STARTING.get();
    (!starting.is_mine()).then(|| starting.lock.read().unwrap_or_else(PoisonError::into_inner))
}

/// While it lives no other thread starts a child.
fn none_starts() -> Option<RwLockWriteGuard<'static, ()>> {
    let starting = STARTING.get();
    (!starting.is_mine()).then(|| starting.lock.write().unwrap_or_else(PoisonError::into_inner))
}

/// The same around a fork.
pub(super) struct Forking(Option<RwLockWriteGuard<'static, ()>>);

impl Forking {
    pub(super) fn new() -> Forking {
        let lock = none_starts();
        STARTING.get().forks.store(sys::thread_self(), Ordering::Relaxed);
        Forking(lock)
    }
}

impl Drop for Forking {
    fn drop(&mut self) {
        // Not at the end of a fork inside another one's.
        if self.0.is_some() {
            STARTING.get().forks.store(0, Ordering::Relaxed);
        }
    }
}

/// A child by its number, when all starts that are under way are done.
pub(super) fn settled(pid: i32) -> Option<Arc<State>> {
    let find = || registry().children.get(&pid).cloned();
    find().or_else(|| {
        let _none_starts = none_starts();
        find()
    })
}

/// Sends a signal, with a value where there is one, to one of ours by its number, through its pidfd; `None` for a number
/// that is none of ours.
pub(crate) fn signal_ours(pid: i32, signal: i32, value: Option<u64>) -> Option<sys::Result<()>> {
    let child = registry().children.get(&pid).cloned()?;
    Some(child.send(signal, value))
}

/// How many orphans a start asks: whoever drops thousands that run on pays no more for the next.
const ASKED: usize = 32;

/// Reaps the orphans that have ended, of the next few. Called where children are started.
pub(crate) fn sweep() {
    sweep_most(ASKED);
}

fn sweep_most(most: usize) {
    let mut registry = registry();
    // A CHLD handler wants to be told of them itself.
    if registry.orphans == 0 || signal::has_reaper() {
        return;
    }
    let around = registry.children.range(registry.asked + 1..).chain(registry.children.range(..=registry.asked));
    let orphans = around.map(|(_, child)| child).filter(|child| child.orphan.load(Ordering::Relaxed));
    for child in orphans.take(most).cloned().collect::<Vec<_>>() {
        registry.asked = child.pid;
        if let Some(status) = child.try_reap() {
            registry.orphans -= 1;
            registry.ended(&child, status);
        }
    }
}

/// How many dropped children still run.
pub fn orphans() -> usize {
    sweep_most(usize::MAX);
    registry().orphans
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Deadline;
    use crate::child::{Child, wait_pid};
    use std::os::unix::process::CommandExt;

    /// One that somebody else reaped, whose number has another child now, is no orphan, and its handle reaps nobody.
    #[test]
    #[allow(clippy::zombie_processes)] // The new handle waits for it.
    fn a_handle_whose_number_came_round_is_no_orphan() {
        let mut process = std::process::Command::new("cat").stdin(std::process::Stdio::piped()).spawn().unwrap();
        let pid = process.id() as i32;
        // Without a pidfd it cannot ask how it ended, only by the number.
        let old = Child::register(pid, None, false, false);
        let new = Child::register(pid, None, false, false);
        let before = registry().orphans;
        let again = old.clone();
        drop(old);
        assert_eq!(registry().orphans, before);
        drop(process.stdin.take());
        assert_eq!(again.wait(Deadline::NEVER).unwrap(), Status::UNKNOWN);
        drop(again);
        assert_eq!(registry().orphans, before);
        assert!(new.wait(Deadline::NEVER).unwrap().success());
    }

    /// A child that was told, whose number a stranger has now, which others started: that one is waited for and adopted.
    #[test]
    #[allow(clippy::zombie_processes)] // They are waited for by their numbers.
    fn a_stranger_has_the_number_of_a_child_that_was_told() {
        let limit = Deadline::after_ms(20_000);
        let told = |pid| {
            let old = Child::register(pid, None, false, false);
            let _ = old.state().store(Status::from_raw(0));
            old.hide();
            old
        };
        let stranger = || std::process::Command::new("false").process_group(0).spawn().unwrap().id() as i32;
        let pid = stranger();
        let old = told(pid);
        assert_eq!(wait_pid(pid, limit).unwrap().1.code(), Some(1));
        assert!(old.wait(limit).unwrap().success());

        let pid = stranger();
        let old = told(pid);
        assert_eq!(wait_pid(-pid, limit).unwrap(), (pid, Status::from_raw(1 << 8)));
        assert!(old.wait(limit).unwrap().success());

        let pid = stranger();
        let old = told(pid);
        assert_eq!(Child::adopt(pid).unwrap().wait(limit).unwrap().code(), Some(1));
        assert!(old.wait(limit).unwrap().success());
    }
    use crate::block::CALM;
    use crate::sys::process::Who;

    /// A process that is forked while another thread is inside the registry has one that it can use.
    #[test]
    #[allow(unsafe_code)]
    fn a_lock_of_another_thread_is_not_held_in_a_forked_process() {
        let (inside, forked) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        let pid = std::thread::scope(|scope| {
            scope.spawn(|| {
                let _registry = registry();
                let _starting = STARTING.get().lock.read();
                inside.wait();
                forked.wait();
            });
            inside.wait();
            // SAFETY: the child makes plain calls of this library and ends.
            let pid = unsafe { sys::process::fork() };
            if pid == Ok(0) {
                // SAFETY: plain numbers; what hangs ends by SIGALRM.
                unsafe { libc::alarm(5) };
                let none = registry().children.is_empty();
                drop(STARTING.get().lock.write());
                sys::child::exit(usize::from(!none));
            }
            forked.wait();
            pid.unwrap()
        });
        assert_eq!(sys::process::waitid(&CALM, Who::Pid(pid), libc::WEXITED), Ok((pid, 0)));
    }
}
