//! Backticks: what a finished child said.

use std::ffi::c_void;

use super::cmd::ipc_cmd;
use super::error::fail;
use super::{Handle, free, get, give, guard, out_handle, put, slice};
use crate::capture::{self, Capture};
use crate::time::Deadline;

/// What a finished child said, and how it ended.
#[repr(C)]
pub struct ipc_capture {
    tag: u32,
    capture: Capture,
}

impl Handle for ipc_capture {
    const TAG: u32 = u32::from_be_bytes(*b"icap");
    const NAME: &'static str = "capture";
}

/// Runs a command with `input` as its standard input (NULL: this process's) and keeps all that it says on its standard
/// output and, unless the command says where that goes, its standard error. Full pipes cannot stand in the way. At the
/// deadline its tree is ended (see ipc_cmd_grace); a descendant that ran away with the pipe keeps nobody waiting.
///
/// Returns: 0, and the capture in `out`, however the child ended: see ipc_capture_status.
/// Errors: the failing step's when it could not be started (`out` is NULL); -ETIMEDOUT and PERLIPC_E_HANDLER, with what
/// came until then and the status in `out`.
/// Threads: any.
/// Blocks: until the child has ended and its outputs are at their end, or the timeout.
/// Perl: `cmd`, with the standard error apart.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_run(
    cmd: *const ipc_cmd,
    input: *const c_void,
    len: usize,
    timeout_ms: i32,
    out: *mut *mut ipc_capture,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, data and out-parameter.
        unsafe {
            out_handle(out, "capture")?;
            let deadline = Deadline::after_ms(timeout_ms);
            let input = if input.is_null() { None } else { Some(slice(input.cast(), len, "capture")?) };
            let capture = capture::run(&get(cmd)?.cmd, input, deadline)?;
            let stopped = capture.stopped().cloned();
            give(out, ipc_capture { tag: ipc_capture::TAG, capture });
            stopped.map_or(Ok(0), Err)
        }
    })
}

unsafe fn bytes(
    c: *const ipc_capture,
    len: *mut usize,
    of: impl FnOnce(&'static Capture) -> &'static [u8],
) -> *const c_void {
    guard(|| {
        // SAFETY: the caller's handle, which outlives the use of what is borrowed, and its out-parameter.
        unsafe {
            put(len, 0);
            let bytes = of(&get::<ipc_capture>(c)?.capture);
            put(len, bytes.len());
            Ok(bytes.as_ptr().cast::<c_void>())
        }
    })
}

/// Its standard output; with the option "keep", the beginning and the end of it. Borrowed: valid until the capture is
/// freed. No NUL is promised to follow.
///
/// Returns: the bytes, and their number in `len`; NULL for a bad handle.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: what `` gives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_output(c: *const ipc_capture, len: *mut usize) -> *const c_void {
    // SAFETY: the caller's handle and out-parameter.
    unsafe { bytes(c, len, Capture::output) }
}

/// Its standard error, unless that went elsewhere. Borrowed, as ipc_capture_output.
///
/// Returns: the bytes, and their number in `len`; NULL for a bad handle.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_errors(c: *const ipc_capture, len: *mut usize) -> *const c_void {
    // SAFETY: the caller's handle and out-parameter.
    unsafe { bytes(c, len, Capture::errors) }
}

/// How many bytes of its standard output (`fd` 1) or error (2) the option "keep" dropped from the middle.
///
/// Returns: the number.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_dropped(c: *const ipc_capture, fd: i32) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle.
        Ok(i64::try_from(unsafe { get(c)? }.capture.dropped(fd)).unwrap_or(i64::MAX))
    })
}

/// How it ended.
///
/// Returns: the native wait status, -1 when unknown; ipc_status_* reads it.
/// Errors: none: -1 for a bad handle too.
/// Threads: any.
/// Blocks: no.
/// Perl: $?.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_status(c: *const ipc_capture) -> i32 {
    // SAFETY: the caller's handle.
    match unsafe { get(c) } {
        Ok(capture) => capture.capture.status().raw(),
        Err(error) => {
            fail(error);
            -1
        }
    }
}

/// Whether the deadline ended it.
///
/// Returns: 1 or 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_timed_out(c: *const ipc_capture) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(i32::from(unsafe { get(c)? }.capture.timed_out())))
}

/// Frees it; NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_free(c: *mut ipc_capture) {
    // SAFETY: the caller's handle.
    unsafe { free(c) }
}
