//! Perl's `fork`, with a handle of the child in the parent.

use std::os::fd::{AsRawFd, OwnedFd};

use super::registry::Forking;
use super::{Child, sweep};
use crate::block::CALM;
use crate::error::{Error, Result};
use crate::signal;
use crate::sys;

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

/// Writes what C's stdio has buffered. With other threads that is left out: one that reads a file would hold it up for ever.
pub(crate) fn flush_stdio() {
    if sys::single_threaded() {
        sys::process::flush_stdio();
    }
}

/// [`fork`], after what C's stdio has buffered is written, so that nothing is written twice: see [`flush_stdio`].
///
/// # Safety
/// As [`fork`].
#[allow(unsafe_code)]
pub unsafe fn fork_flushed() -> Result<Fork> {
    flush_stdio();
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
    fork_at(true, || unsafe { sys::process::fork() }.map_err(|errno| Error::os("fork", errno)))
}

/// The same by a fork of the host's own, that runs what must run around one there (Python's `os.fork`). `fork` answers
/// as the system call does: 0 in the child.
pub fn fork_by(fork: impl FnOnce() -> Result<i32>) -> Result<Fork> {
    fork_at(false, fork)
}

fn fork_at(bare: bool, fork: impl FnOnce() -> Result<i32>) -> Result<Fork> {
    sweep();
    // No handler may reap the child before it is held, nor change what the gate is left out for. And a host forgets in the
    // child what its handlers have noted until then (Python does), a signal to the child too: that comes afterwards.
    let before = sys::set_mask(libc::SIG_SETMASK, sys::ALL_SIGNALS);
    let gate = ForkGate::new(bare).inspect_err(|_| {
        sys::set_mask(libc::SIG_SETMASK, before);
    })?;
    // Another thread that reaps any child at all waits until this one is in the registry.
    let alone = sys::single_threaded();
    let starting = (!alone).then(Forking::new);
    let side = fork().map(|pid| if pid == 0 { Fork::Child } else { Fork::Parent(forked(pid)) });
    drop(starting);
    if matches!(side, Ok(Fork::Child)) {
        signal::forked();
    }
    sys::set_mask(libc::SIG_SETMASK, before);
    match side {
        Ok(Fork::Child) => gate.wait(),
        Ok(Fork::Parent(_)) => gate.open(),
        Err(_) => {}
    }
    side
}

fn forked(pid: i32) -> Child {
    let pidfd = match sys::process::pidfd_open(pid) {
        Ok(fd) => Some(fd),
        Err(errno) => {
            // Without one (no descriptor left, or the call is forbidden) the number has to do.
            sys::process::NO_PIDFD_OPEN.note(errno);
            None
        }
    };
    Child::register(pid, pidfd, false, false)
}
