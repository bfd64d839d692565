//! A process that this one started.

use std::ffi::c_char;
use std::time::Duration;

use super::{Handle, free, get, give, guard, out_handle, put, text};
use crate::child::{self, Child, Fork, How};
use crate::error::Error;
use crate::status::Status;
use crate::time::Deadline;

/// One process; never means a stranger. All calls but free work from any thread at any moment.
#[repr(C)]
pub struct ipc_child {
    tag: u32,
    pub(super) child: Child,
}

impl Handle for ipc_child {
    const TAG: u32 = u32::from_be_bytes(*b"ikid");
    const NAME: &'static str = "child";
}

impl ipc_child {
    pub(super) fn new(child: Child) -> ipc_child {
        ipc_child { tag: ipc_child::TAG, child }
    }
}

/// Only the child itself was reached.
pub const PERLIPC_KILL_PROCESS: i32 = 1;
/// The child's process group was reached.
pub const PERLIPC_KILL_GROUP: i32 = 2;
/// Every descendant was stopped and held before the signal went out.
pub const PERLIPC_KILL_SWEEP: i32 = 3;

/// Forks. What C's stdio has buffered is flushed before, if no other thread could hold it up. In a process with several
/// threads the child may do only what a signal handler may, until it execs or ends.
///
/// Returns: the child's pid, and its handle in `out`; 0 in the child, where `out` is NULL.
/// Errors: -EAGAIN too many processes, -ENOMEM.
/// Threads: any.
/// Blocks: no.
/// Perl: fork.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_fork(out: *mut *mut ipc_child) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameter, and the caller knows the rule for threads.
        unsafe {
            out_handle(out, "fork")?;
            match child::fork_flushed()? {
                Fork::Child => Ok(0),
                Fork::Parent(child) => {
                    let pid = child.pid();
                    give(out, ipc_child::new(child));
                    Ok(pid)
                }
            }
        }
    })
}

/// Waits for any child that this library started and whose end was not told yet. Its handle, if it still has one,
/// answers later too; one whose handle was freed is told all the same, unless it was to end with that ("end_on_free"); of
/// those that ended long before, the last thousand.
///
/// Returns: the pid, and the native wait status in `status` (-1 unknown).
/// Errors: -ECHILD there is none, -ETIMEDOUT, PERLIPC_E_HANDLER.
/// Threads: any.
/// Blocks: until one ends or the timeout.
/// Perl: wait, for its own children.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_wait_any(timeout_ms: i32, status: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameter.
        unsafe { put(status, Status::UNKNOWN.raw()) };
        let (pid, ended) = child::wait_any(Deadline::after_ms(timeout_ms))?;
        // SAFETY: as above.
        unsafe { put(status, ended.raw()) };
        Ok(pid)
    })
}

/// Waits for a child by its number: a pid, -1 any child at all, 0 the own process group, -N group N. It finds children
/// that others started too. What it reaps of this library's is kept for the handle that asks later. While CHLD is ignored,
/// -1 is told of this library's children when all have ended: the kernel answers no sooner.
///
/// Returns: the pid, and the native wait status in `status` (-1 unknown).
/// Errors: -ECHILD there is none, or its end was told already; -ETIMEDOUT (0: it still runs), PERLIPC_E_HANDLER.
/// Threads: any.
/// Blocks: until one ends or the timeout. With a timeout it looks at intervals of up to 20 ms: the kernel has no timed form.
/// Perl: waitpid; wait is -1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_wait_pid(pid: i32, timeout_ms: i32, status: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameter.
        unsafe { put(status, Status::UNKNOWN.raw()) };
        let (pid, ended) = child::wait_pid(pid, Deadline::after_ms(timeout_ms))?;
        // SAFETY: as above.
        unsafe { put(status, ended.raw()) };
        Ok(pid)
    })
}

/// Its process id.
///
/// Returns: the pid.
/// Errors: PERLIPC_E_INVALID for NULL or a handle of another kind.
/// Threads: any.
/// Blocks: no.
/// Perl: what fork and open return.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_pid(child: *const ipc_child) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(unsafe { get(child)? }.child.pid()))
}

/// Its pidfd, readable when it has ended. Lent: never close it.
///
/// Returns: the descriptor.
/// Errors: -ENOTSUP where the kernel gives none.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_fd(child: *const ipc_child) -> i32 {
    use std::os::fd::AsRawFd;
    guard(|| {
        // SAFETY: the caller's handle.
        let child = unsafe { get(child)? };
        child.child.pidfd().map(|fd| fd.as_raw_fd()).ok_or(Error::os("pidfd", libc::EOPNOTSUPP))
    })
}

/// A new descriptor that is at its end when the child has ended, for event loops that take pipes but no pidfds: the reading
/// end of a pipe, readable then and not before. It says only that: ask ipc_child_wait for the status. No descendant of
/// the child's keeps it; a process that this one forks meanwhile does, until it executes something or ends: take ipc_child_fd
/// where there are such. A thread of the library's waits for all of them meanwhile, with all signals blocked.
///
/// Returns: the descriptor. It is the caller's: close it, at any moment.
/// Errors: -ENOTSUP where the kernel gives no pidfd, -EMFILE, -EAGAIN no thread can be had.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_exit_fd(child: *const ipc_child) -> i32 {
    use std::os::fd::IntoRawFd;
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(child)? }.child.exit_pipe().map(IntoRawFd::into_raw_fd))
}

/// Waits for its end. Asked again it answers again, whoever reaped the child.
///
/// Returns: 0, and the native wait status in `status` (-1: nobody can know).
/// Errors: -ETIMEDOUT (0: it still runs), PERLIPC_E_HANDLER; -ECHILD in a process that was forked since.
/// Threads: any.
/// Blocks: until it ends or the timeout.
/// Perl: waitpid; $?.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_wait(child: *mut ipc_child, timeout_ms: i32, status: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter.
        unsafe {
            put(status, Status::UNKNOWN.raw());
            let ended = get(child)?.child.wait(Deadline::after_ms(timeout_ms))?;
            put(status, ended.raw());
        }
        Ok(0)
    })
}

/// Sends it a signal; "0" asks whether it still runs.
///
/// Returns: 1.
/// Errors: -ESRCH it has ended (nobody else is ever hit), -EPERM, PERLIPC_E_INVALID for an unknown name.
/// Threads: any.
/// Blocks: no.
/// Perl: kill.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_kill(child: *mut ipc_child, signal: *const c_char) -> i32 {
    // SAFETY: the caller's handle and string.
    guard(|| unsafe { get(child)?.child.kill(text(signal, "signal")?) }.map(|()| 1))
}

/// Sends a signal to it and all that descend from it: each is stopped first and held, until a search finds nothing new.
/// A descendant that left both the chain of parents and the session of a child that leads one is not found.
///
/// Returns: how many processes got it; in `how` a PERLIPC_KILL_* that says how they were found.
/// Errors: -ESRCH it has ended, -EPERM.
/// Threads: any.
/// Blocks: no; it reads /proc.
/// Perl: kill with a negative signal, which reaches the process group alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_kill_tree(child: *mut ipc_child, signal: *const c_char, how: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, string and out-parameter.
        unsafe {
            put(how, 0);
            let reach = get(child)?.child.kill_tree(text(signal, "signal")?)?;
            put(
                how,
                match reach.how {
                    How::Process => PERLIPC_KILL_PROCESS,
                    How::Group => PERLIPC_KILL_GROUP,
                    How::Sweep => PERLIPC_KILL_SWEEP,
                },
            );
            Ok(i32::try_from(reach.count).unwrap_or(i32::MAX))
        }
    })
}

/// Ends it: TERM to its tree, `term_ms` for all of that to go, then KILL to what is left.
///
/// Returns: 0, and the native wait status in `status`.
/// Errors: -EPERM, PERLIPC_E_HANDLER.
/// Threads: any.
/// Blocks: until all of them have ended: at most a little longer than `term_ms`.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_end(child: *mut ipc_child, term_ms: i32, status: *mut i32) -> i32 {
    guard(|| {
        let grace = Duration::from_millis(u64::try_from(term_ms).unwrap_or(0));
        // SAFETY: the caller's handle and out-parameter.
        unsafe {
            put(status, Status::UNKNOWN.raw());
            let ended = get(child)?.child.end(grace)?;
            put(status, ended.raw());
        }
        Ok(0)
    })
}

/// Takes over a child that was started by other means, fork(2) say. It must be a child of this process that nobody has
/// reaped.
///
/// Returns: 0, and the child in `out`.
/// Errors: -ECHILD it is none of ours.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_adopt(pid: i32, out: *mut *mut ipc_child) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameter.
        unsafe {
            out_handle(out, "adopt")?;
            give(out, ipc_child::new(Child::adopt(pid)?));
        }
        Ok(0)
    })
}

/// Frees the handle; NULL is nothing. A child that still runs is swept up by later calls, so that it leaves no zombie;
/// with the option "end_on_free" it is killed.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use the handle any more.
/// Blocks: no.
/// Perl: none; its handles wait at the end of their scope.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_child_free(child: *mut ipc_child) {
    // SAFETY: the caller's handle.
    unsafe { free(child) }
}
