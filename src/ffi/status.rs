//! Reading `*status`: the native wait status, -1 when nobody can know.

use std::ffi::c_char;

use super::error::PERLIPC_E_STATUS;
use super::{copy_text, guard};
use crate::status::Status;

/// The exit code.
///
/// Returns: 0 to 255.
/// Errors: PERLIPC_E_STATUS when it did not exit (killed, stopped, unknown).
/// Threads: any.
/// Blocks: no.
/// Perl: $? >> 8.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_status_code(status: i32) -> i32 {
    Status::from_raw(status).code().unwrap_or(PERLIPC_E_STATUS)
}

/// The signal that killed it.
///
/// Returns: the signal's number, 0 when none did.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: $? & 127.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_status_signal(status: i32) -> i32 {
    Status::from_raw(status).signal().unwrap_or(0)
}

/// Whether it left a core.
///
/// Returns: 1 or 0.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: $? & 128.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_status_core(status: i32) -> i32 {
    i32::from(Status::from_raw(status).core())
}

/// The signal that stopped it, where it is only stopped.
///
/// Returns: the signal's number, 0 when it is not stopped.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: WSTOPSIG(${^CHILD_ERROR_NATIVE}).
#[unsafe(no_mangle)]
pub extern "C" fn ipc_status_stopped(status: i32) -> i32 {
    Status::from_raw(status).stopped().unwrap_or(0)
}

/// Whether anything is known: an unknown status is neither success nor failure.
///
/// Returns: 1 or 0.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: $? != -1.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_status_known(status: i32) -> i32 {
    i32::from(Status::from_raw(status).is_known())
}

/// The shell's number for it.
///
/// Returns: the code, or 128 + the signal; 255 when unknown.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_status_shell(status: i32) -> i32 {
    Status::from_raw(status).shell()
}

/// It in words: "exited with 3", "killed by TERM", "unknown". 64 bytes are always enough.
///
/// Returns: the length, without the NUL that follows.
/// Errors: -ERANGE when `cap` is too small; nothing is cut.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_status_text(status: i32, text: *mut c_char, cap: usize) -> i32 {
    // SAFETY: the caller's buffer.
    guard(|| unsafe { copy_text(Status::from_raw(status).to_string(), text, cap, "status") })
}
