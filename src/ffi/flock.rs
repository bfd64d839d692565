//! Perl's flock, with a timeout.

use std::ffi::c_char;
use std::os::fd::BorrowedFd;

use super::{guard, text};
use crate::error::Error;
use crate::flock::flock;
use crate::time::Deadline;

/// Locks an open file: "SH" (others may too), "EX" (nobody else), "UN" (given up). The lock is that of the open file
/// description, and so the forked children's too.
///
/// Returns: 0.
/// Errors: -ETIMEDOUT, -EBADF; PERLIPC_E_INVALID for another word.
/// Threads: any.
/// Blocks: until it is free, or the timeout; signal handlers run meanwhile. With a timeout it is tried at intervals of up
/// to 20 ms: the kernel has no timed form.
/// Perl: flock(FH, LOCK_EX), with LOCK_NB as timeout 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_flock(fd: i32, mode: *const c_char, timeout_ms: i32) -> i32 {
    guard(|| {
        if fd < 0 {
            return Err(Error::at("flock", fd.to_string(), libc::EBADF));
        }
        // SAFETY: the caller's string, and descriptor, which it keeps open during the call.
        let (mode, fd) = unsafe { (text(mode, "flock")?.parse()?, BorrowedFd::borrow_raw(fd)) };
        flock(fd, mode, Deadline::after_ms(timeout_ms)).map(|()| 0)
    })
}
