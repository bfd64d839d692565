//! Waiting for more than one child.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::State;
use super::registry::{registry, settled};
use crate::block::{self, CALM, Stop};
use crate::error::{Error, Result};
use crate::signal;
use crate::status::Status;
use crate::sys;
use crate::sys::process::Who;
use crate::time::Deadline;

/// Waits for any child that this library started and whose end was not told yet: its pid and status. ECHILD when there
/// is none. A handle of that child still answers with the status later. One that has no handle any more is told too, unless
/// it was to end with that; of those that ended long before, the last thousand.
pub fn wait_any(deadline: Deadline) -> Result<(i32, Status)> {
    let failed = |errno| Error::os("wait", errno);
    let mut waiter: Option<Waiter> = None;
    loop {
        let children: Vec<Arc<State>> = {
            let mut registry = registry();
            if let Some(told) = registry.take_untold(None) {
                return Ok(told);
            }
            registry.children.values().filter(|c| !c.reported.load(Ordering::Relaxed)).cloned().collect()
        };
        if children.is_empty() {
            return Err(failed(libc::ECHILD));
        }
        // No entries of those that have none: the kernel takes no more than there may be descriptors.
        let pidfds = children.iter().filter_map(|child| child.pidfd.as_ref());
        let mut fds: Vec<_> = pidfds.map(|fd| block::entry(fd.as_raw_fd(), libc::POLLIN)).collect();
        let mut blind = fds.len() < children.len();
        if !deadline.passed() && waiter.is_none() {
            match Waiter::new() {
                Ok(new) => {
                    waiter = Some(new);
                    // Who was started before it was heard of is in the list then.
                    continue;
                }
                // What is started meanwhile is seen at the next look.
                Err(libc::EMFILE | libc::ENFILE) => blind = true,
                Err(errno) => return Err(failed(errno)),
            }
        }
        if let Some(waiter) = &waiter {
            fds.push(block::entry(waiter.0.as_raw_fd(), libc::POLLIN));
        }
        let limit = if blind { deadline.min(Deadline::after(Some(Duration::from_millis(10)))) } else { deadline };
        match block::poll(&mut fds, limit) {
            // More are open than may be by now: each is asked.
            Err(Stop::Errno(libc::EINVAL)) => {
                fds.iter_mut().for_each(|fd| fd.revents = libc::POLLIN);
                block::sleep(limit.left().map_or(10_000_000, |left| left.min(10_000_000))).map(drop)
            }
            answer => answer.map(drop),
        }
        .map_err(|stop| stop.error("wait"))?;
        let mut held = false;
        let mut told = fds.iter().map(|fd| fd.revents != 0);
        for child in &children {
            if child.pidfd.is_some() && told.next() != Some(true) {
                continue;
            }
            if let Some(status) = child.try_reap() {
                if !child.reported.swap(true, Ordering::SeqCst) {
                    forget_orphan(child);
                    return Ok((child.pid, status));
                }
            } else {
                held |= child.pidfd.is_some();
            }
        }
        if deadline.passed() {
            return Err(Stop::Timeout.error("wait"));
        }
        if held {
            // It has ended, but its tracer, or another thread, has it still; and nothing tells of when it has not.
            block::sleep(1_000_000).map_err(|stop| stop.error("wait"))?;
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
        let mut registry = registry();
        let known = registry.children.get(&pid).cloned();
        let untold = if known.is_none() { registry.take_untold(Some(pid)) } else { None };
        drop(registry);
        if let Some(told) = untold {
            return Ok(told);
        }
        if let Some(child) = known {
            if !child.reported.load(Ordering::Relaxed) {
                let status = child.wait(deadline).map_err(step)?;
                child.reported.store(true, Ordering::Relaxed);
                forget_orphan(&child);
                return Ok((pid, status));
            }
            if child.known().is_none() {
                return Err(step(Stop::Errno(libc::ECHILD)));
            }
            // Its number may be another's by now: the kernel knows.
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
            let (found, _) = match sys::process::waitid(word, who, libc::WEXITED | libc::WNOWAIT | options) {
                // Nothing for the kernel to tell any more, since CHLD is ignored or somebody else has reaped: but ours.
                Err(libc::ECHILD) => return take_stolen(who).map(Some).ok_or(libc::ECHILD),
                answer => answer?,
            };
            if found == 0 {
                return Ok(None);
            }
            // One of ours that was told has that number no more.
            let is_told = |child: &Arc<State>| child.known().is_some() && child.reported.load(Ordering::Relaxed);
            let Some(child) = settled(found).filter(|child| !is_told(child)) else {
                return match sys::process::waitid(&CALM, Who::Pid(found), libc::WEXITED | libc::WNOHANG) {
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
    let mut registry = registry();
    if let Some(told) = registry.take_untold(None) {
        return Some(told);
    }
    let children: Vec<_> = registry.children.values().cloned().collect();
    drop(registry);
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
