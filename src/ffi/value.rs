//! A variable that processes share.

use std::ffi::{c_char, c_void};

use super::{Handle, free, get, give, guard, maybe_path, out_handle, path, room, slice};
use crate::time::Deadline;
use crate::value::Value;

/// Bytes that processes share, of any length up to a size. Readers never see a part of a value, and a writer that is
/// killed leaves the last whole one.
#[repr(C)]
pub struct ipc_value {
    tag: u32,
    value: Value,
}

impl Handle for ipc_value {
    const TAG: u32 = u32::from_be_bytes(*b"ival");
    const NAME: &'static str = "value";
}

/// The value of a name, made (with nothing in it) if there is none; names as for ipc_lock_open. All who open it say the
/// same size.
///
/// Returns: 0, and the value in `out`.
/// Errors: as ipc_lock_open; PERLIPC_E_INVALID when it has another size.
/// Threads: any.
/// Blocks: no.
/// Perl: what the manual says cannot be done.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_value_open(name: *const c_char, size: usize, mode: u32, out: *mut *mut ipc_value) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and out-parameter.
        unsafe {
            out_handle(out, "value")?;
            let value = match maybe_path(name, "value")? {
                Some(name) => Value::open(name, size, mode)?,
                None => Value::anonymous(size)?,
            };
            give(out, ipc_value { tag: ipc_value::TAG, value });
        }
        Ok(0)
    })
}

/// Copies the value, as much of it as fits.
///
/// Returns: its length, which is greater than `cap` when it did not fit.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no lock is taken, unless writers leave no gap to read in.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_value_read(v: *mut ipc_value, data: *mut c_void, cap: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and buffer.
        let (value, room) = unsafe { (&get(v)?.value, room(data.cast(), cap, "value")?) };
        Ok(value.read(room, Deadline::NEVER)? as i64)
    })
}

/// Puts a new value in the place of the old one.
///
/// Returns: `len`.
/// Errors: -EMSGSIZE when it is longer than the size.
/// Threads: any.
/// Blocks: while another writer is at work, or has the lock (ipc_value_take).
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_value_write(v: *mut ipc_value, data: *const c_void, len: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and data.
        let (value, data) = unsafe { (&get(v)?.value, slice(data.cast(), len, "value")?) };
        value.write(data, Deadline::NEVER)?;
        Ok(len as i64)
    })
}

/// How often it was written: changes with each new value.
///
/// Returns: the number.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_value_version(v: *const ipc_value) -> i64 {
    // SAFETY: the caller's handle.
    guard(|| Ok((unsafe { get(v)? }.value.version() & i64::MAX as u64) as i64))
}

/// Keeps other writers out, for a read and a write with nobody in between.
///
/// Returns: 0; 1 when a holder died with it (the value is whole all the same).
/// Errors: as ipc_lock_take.
/// Threads: any.
/// Blocks: as ipc_lock_take.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_value_take(v: *mut ipc_value, timeout_ms: i32) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(v)? }.value.take(Deadline::after_ms(timeout_ms)).map(i32::from))
}

/// Lets other writers in again.
///
/// Returns: 0.
/// Errors: -EPERM when this thread does not keep them out.
/// Threads: the one that called ipc_value_take.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_value_give(v: *mut ipc_value) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(v)? }.value.give().map(|()| 0))
}

/// Takes a value's name away. Who has it open keeps it; who opens the name later gets another one.
///
/// Returns: 0.
/// Errors: -ENOENT, -EACCES; PERLIPC_E_INVALID for what is no value, which keeps its name.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_value_remove(name: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| Value::remove(unsafe { path(name, "value")? }).map(|()| 0))
}

/// Frees the handle. The name stays. NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: no other uses it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_value_free(v: *mut ipc_value) {
    // SAFETY: the caller's handle.
    unsafe { free(v) };
}
