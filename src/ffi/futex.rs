//! A semaphore on a futex.

use std::ffi::c_char;

use super::{Handle, free, get, give, guard, maybe_path, out_handle, path};
use crate::futex::FutexSemaphore;
use crate::time::Deadline;

/// A semaphore that processes share, which makes no system call as long as nobody has to wait. It has no undo: who is
/// killed with a unit never gives it back. See ipc_sem_take_undo and ipc_lock for what outlives its holder.
#[repr(C)]
pub struct ipc_futex {
    tag: u32,
    semaphore: FutexSemaphore,
}

impl Handle for ipc_futex {
    const TAG: u32 = u32::from_be_bytes(*b"iftx");
    const NAME: &'static str = "futex";
}

/// The semaphore of a name, made with that value if there is none; names as for ipc_lock_open. NULL is one of this process
/// and the children it forks.
///
/// Returns: 0, and the semaphore in `out`.
/// Errors: as ipc_lock_open; -EINVAL for a value greater than 2147483647.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_futex_open(name: *const c_char, value: u32, mode: u32, out: *mut *mut ipc_futex) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and out-parameter.
        unsafe {
            out_handle(out, "futex")?;
            let semaphore = match maybe_path(name, "futex")? {
                Some(name) => FutexSemaphore::open(name, value, mode)?,
                None => FutexSemaphore::anonymous(value)?,
            };
            give(out, ipc_futex { tag: ipc_futex::TAG, semaphore });
        }
        Ok(0)
    })
}

/// Takes one unit.
///
/// Returns: 0.
/// Errors: -ETIMEDOUT.
/// Threads: any.
/// Blocks: until there is one, or the timeout; signal handlers run meanwhile.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_futex_take(f: *mut ipc_futex, timeout_ms: i32) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(f)? }.semaphore.take(Deadline::after_ms(timeout_ms)).map(|()| 0))
}

/// Gives one unit, whoever took it.
///
/// Returns: 0.
/// Errors: -EOVERFLOW beyond 2147483647.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_futex_give(f: *mut ipc_futex) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(f)? }.semaphore.give().map(|()| 0))
}

/// How many units there are now.
///
/// Returns: their number.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_futex_value(f: *const ipc_futex) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(unsafe { get(f)? }.semaphore.value() as i32))
}

/// Takes a semaphore's name away. Who has it open keeps it; who opens the name later gets another one.
///
/// Returns: 0.
/// Errors: -ENOENT, -EACCES; PERLIPC_E_INVALID for what is no such semaphore, which keeps its name.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_futex_remove(name: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| FutexSemaphore::remove(unsafe { path(name, "futex")? }).map(|()| 0))
}

/// Frees the handle. The name stays, and what was taken stays taken. NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: no other uses it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_futex_free(f: *mut ipc_futex) {
    // SAFETY: the caller's handle.
    unsafe { free(f) };
}
