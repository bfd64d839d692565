//! Pipelines.

use std::ffi::c_void;

use super::capture::ipc_capture;
use super::cmd::ipc_cmd;
use super::{get, give, guard, out_handle, slice};
use crate::error::Error;
use crate::pipeline;
use crate::time::Deadline;

/// Runs `count` commands side by side, each one's standard output the next one's input, without a shell; with `input` for
/// the first (NULL: this process's). Keeps what the last says, and the standard errors of all. At the deadline the trees of
/// all are ended.
///
/// Returns: 0, and the capture in `out`, however they ended: ipc_capture_status has the last one's status,
/// ipc_pipeline_status and ipc_pipeline_ok each one's.
/// Errors: the failing step's when one could not be started (the others are ended, `out` is NULL); PERLIPC_E_INVALID for no
/// command, or one that redirects a descriptor that is the pipe; -ETIMEDOUT and PERLIPC_E_HANDLER, with what came until then
/// and the statuses in `out`.
/// Threads: any.
/// Blocks: until all have ended and their outputs are at their end, or the timeout.
/// Perl: `a | b | c`, without the shell.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pipeline_run(
    cmds: *const *const ipc_cmd,
    count: usize,
    input: *const c_void,
    len: usize,
    timeout_ms: i32,
    out: *mut *mut ipc_capture,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's handles, data and out-parameter.
        unsafe {
            out_handle(out, "pipeline")?;
            let deadline = Deadline::after_ms(timeout_ms);
            if cmds.is_null() && count > 0 {
                return Err(Error::invalid("pipeline", "a null list"));
            }
            let mut list = Vec::with_capacity(count.min(64));
            for i in 0..count {
                list.push(get(*cmds.add(i))?.cmd.clone());
            }
            let input = if input.is_null() { None } else { Some(slice(input.cast(), len, "pipeline")?) };
            let capture = pipeline::run(&list, input, deadline)?;
            let stopped = capture.stopped().cloned();
            give(out, ipc_capture::new(capture));
            stopped.map_or(Ok(0), Err)
        }
    })
}

/// How a command of the pipeline ended; `stage` counts from 0.
///
/// Returns: 0, and the native wait status in `status`, -1 when unknown.
/// Errors: PERLIPC_E_INVALID when there is no such stage.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pipeline_status(c: *const ipc_capture, stage: usize, status: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter.
        unsafe {
            super::put(status, -1);
            let Some(ended) = get(c)?.capture.stages().get(stage) else {
                return Err(Error::invalid("pipeline", format!("there is no stage {stage}")));
            };
            super::put(status, ended.raw());
        }
        Ok(0)
    })
}

/// Whether a command of the pipeline did what it should: it succeeded, or, where it was not the last, it ended by SIGPIPE,
/// since the next one wanted to hear no more.
///
/// Returns: 1 or 0; 0 when there is no such stage.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pipeline_ok(c: *const ipc_capture, stage: usize) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(i32::from(unsafe { get(c)? }.capture.stage_ok(stage))))
}
