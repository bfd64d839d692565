//! A lock between processes that survives its holder.

use std::ffi::c_char;

use super::{Handle, free, get, give, guard, maybe_path, out_handle, path};
use crate::lock::Lock;
use crate::time::Deadline;

/// A lock that processes share. The thread that took it has it and gives it back; its end counts as the holder's death.
#[repr(C)]
pub struct ipc_lock {
    tag: u32,
    lock: Lock,
}

impl Handle for ipc_lock {
    const TAG: u32 = u32::from_be_bytes(*b"ilck");
    const NAME: &'static str = "lock";
}

/// The lock of a name, made if there is none: without a slash in it this machine's (in /dev/shm), with one a file. NULL is
/// a lock of this process and the children it forks. It must be of our own making or root's.
///
/// Returns: 0, and the lock in `out`.
/// Errors: -EACCES when another user has made it; -ENOSPC when there is no room for it, and so never a SIGBUS later;
/// PERLIPC_E_INVALID when something else has the name.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_lock_open(name: *const c_char, mode: u32, out: *mut *mut ipc_lock) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and out-parameter.
        unsafe {
            out_handle(out, "lock")?;
            let lock = match maybe_path(name, "lock")? {
                Some(name) => Lock::open(name, mode)?,
                None => Lock::anonymous()?,
            };
            give(out, ipc_lock { tag: ipc_lock::TAG, lock });
        }
        Ok(0)
    })
}

/// Takes it.
///
/// Returns: 0; 1 when its holder died with it, and what it guards may be half done.
/// Errors: -ETIMEDOUT; -EDEADLK when this thread has it already.
/// Threads: any.
/// Blocks: until it is free, or the timeout; signal handlers run meanwhile.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_lock_take(l: *mut ipc_lock, timeout_ms: i32) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(l)? }.lock.take(Deadline::after_ms(timeout_ms)).map(i32::from))
}

/// Gives it back.
///
/// Returns: 0.
/// Errors: -EPERM when this thread does not have it.
/// Threads: the one that took it.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_lock_give(l: *mut ipc_lock) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(l)? }.lock.give().map(|()| 0))
}

/// Takes a lock's name away. Who has it open keeps it; who opens the name later gets another one.
///
/// Returns: 0.
/// Errors: -ENOENT, -EACCES; PERLIPC_E_INVALID for what is no lock, which keeps its name.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_lock_remove(name: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| Lock::remove(unsafe { path(name, "lock")? }).map(|()| 0))
}

/// Frees the handle, and gives the lock back if this thread has it. The name stays. NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: no other uses it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_lock_free(l: *mut ipc_lock) {
    // SAFETY: the caller's handle.
    unsafe { free(l) };
}
