//! Pipe opens.

use std::ffi::c_char;

use super::cmd::ipc_cmd;
use super::stream::ipc_stream;
use super::{bytes, get, give, guard, out_handle, put, text};
use crate::error::Error;
use crate::popen::{self, Errors, Fork3, ForkOpen, Mode, Open3};
use crate::stream::Stream;

unsafe fn opened(out: *mut *mut ipc_stream, stream: Stream) -> i32 {
    let pid = stream.child().map_or(0, crate::Child::pid);
    // SAFETY: the caller's out-parameter.
    unsafe { give(out, ipc_stream::new(stream)) };
    pid
}

/// Opens a pipe to or from a command string: "cmd |" reads what it writes, "| cmd" writes what it reads. It is run by
/// Perl's rule, see ipc_cmd_shell.
///
/// Returns: the pid, and the stream in `out`.
/// Errors: the failing step's, -ENOENT say, where the command is run directly; behind a shell it shows as 127 at close, and
/// writing to it is -EPIPE. PERLIPC_E_INVALID for an empty command, "| cmd |" (that is open2), and no "|" at all.
/// Threads: any.
/// Blocks: until the program runs or has failed to.
/// Perl: open(FH, "cmd |").
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_popen_open(spec: *const c_char, out: *mut *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and out-parameter.
        unsafe {
            out_handle(out, "open")?;
            let stream = popen::open(bytes(spec, "open")?)?;
            Ok(opened(out, stream))
        }
    })
}

/// Starts a command with its standard output ("-|": read from it) or input ("|-": write to it) on a pipe, without a shell
/// unless it is one. The others of its descriptors are as the command says.
///
/// Returns: the pid, and the stream in `out`.
/// Errors: the failing step's; PERLIPC_E_INVALID for another mode, or when that descriptor is redirected already.
/// Threads: any.
/// Blocks: until the program runs or has failed to; longer where a redirection is a FIFO.
/// Perl: open(FH, "-|", LIST).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_popen_start(cmd: *const ipc_cmd, mode: *const c_char, out: *mut *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, string and out-parameter.
        unsafe {
            out_handle(out, "open")?;
            let mode: Mode = text(mode, "open")?.parse()?;
            let stream = popen::start(&get(cmd)?.cmd, mode)?;
            Ok(opened(out, stream))
        }
    })
}

/// Forks, with the child's standard output ("-|") or input ("|-") on a pipe whose other end is the stream. What C's stdio
/// has buffered is flushed before. In a process with several threads it is refused unless `threads_ok`; the child may then
/// do only what a signal handler may, until it execs or ends.
///
/// Returns: the pid, and the stream in `out`; 0 in the child, where `out` is NULL.
/// Errors: PERLIPC_E_THREADS, -EAGAIN, PERLIPC_E_INVALID for another mode.
/// Threads: any.
/// Blocks: no.
/// Perl: open(FH, "-|") and open(FH, "|-").
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_popen_fork(mode: *const c_char, threads_ok: i32, out: *mut *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and out-parameter, and the caller knows the rule for threads.
        unsafe {
            out_handle(out, "open")?;
            match popen::fork(text(mode, "open")?.parse()?, threads_ok != 0)? {
                ForkOpen::Parent(stream) => Ok(opened(out, stream)),
                ForkOpen::Child => Ok(0),
            }
        }
    })
}

/// Hands out the streams that there are.
///
/// # Safety
/// Each out-parameter is null or valid for writing.
unsafe fn opened3(
    opened: Open3,
    writer: *mut *mut ipc_stream,
    reader: *mut *mut ipc_stream,
    error: *mut *mut ipc_stream,
) -> i32 {
    for (out, stream) in [(writer, opened.writer), (reader, opened.reader), (error, opened.error)] {
        if let Some(stream) = stream {
            // SAFETY: the caller's promise.
            unsafe { give(out, ipc_stream::new(stream)) };
        }
    }
    opened.child.pid()
}

/// Starts a command with its standard output to read and its input to write. Its standard error is this process's. Each
/// write goes out at once; programs that hold their output back on pipes answer at once with ipc_cmd_redirect(cmd, 1,
/// "tty"). Closing the last of the two streams waits for the child; either may be closed first.
///
/// Returns: the pid, and both streams.
/// Errors: the failing step's, -ENOENT say; PERLIPC_E_INVALID when one of the two is redirected already.
/// Threads: any.
/// Blocks: until the program runs or has failed to.
/// Perl: open2.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_open2(
    cmd: *const ipc_cmd,
    reader: *mut *mut ipc_stream,
    writer: *mut *mut ipc_stream,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameters.
        unsafe {
            out_handle(reader, "open2")?;
            out_handle(writer, "open2")?;
            let (one, other) = popen::open2(&get(cmd)?.cmd)?;
            let pid = opened(reader, one);
            give(writer, ipc_stream::new(other));
            Ok(pid)
        }
    })
}

/// Starts a command with its standard input to write, its output and its error to read. `error` NULL: errors come with the
/// output. A descriptor that the command places itself (ipc_cmd_pass, ipc_cmd_redirect: the dup forms) has no stream, and
/// its handle stays NULL.
///
/// Returns: the pid, and the streams.
/// Errors: the failing step's, -ENOENT say; PERLIPC_E_INVALID when all are redirected already.
/// Threads: any.
/// Blocks: until the program runs or has failed to.
/// Perl: open3.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_open3(
    cmd: *const ipc_cmd,
    writer: *mut *mut ipc_stream,
    reader: *mut *mut ipc_stream,
    error: *mut *mut ipc_stream,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameters.
        unsafe {
            let errors = outs3(writer, reader, error)?;
            Ok(opened3(popen::open3(&get(cmd)?.cmd, errors)?, writer, reader, error))
        }
    })
}

/// # Safety
/// Each out-parameter is null or valid for writing.
unsafe fn outs3(
    writer: *mut *mut ipc_stream,
    reader: *mut *mut ipc_stream,
    error: *mut *mut ipc_stream,
) -> Result<Errors, Error> {
    // SAFETY: the caller's promise.
    unsafe {
        out_handle(writer, "open3")?;
        out_handle(reader, "open3")?;
        put(error, std::ptr::null_mut());
    }
    Ok(if error.is_null() { Errors::Merged } else { Errors::Apart })
}

/// Forks, with the child's standard input and output on pipes whose other ends are the streams: the command "-". In a
/// process with several threads it is refused unless `threads_ok`; see ipc_popen_fork.
///
/// Returns: the pid, and both streams; 0 in the child, where both are NULL.
/// Errors: PERLIPC_E_THREADS, -EAGAIN.
/// Threads: any.
/// Blocks: no.
/// Perl: open2 with the command "-".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_open2_fork(
    threads_ok: i32,
    reader: *mut *mut ipc_stream,
    writer: *mut *mut ipc_stream,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameters, and the caller knows the rule for threads.
        unsafe {
            outs3(writer, reader, std::ptr::null_mut())?;
            match popen::fork3(Errors::Shared, threads_ok != 0)? {
                Fork3::Parent(opened) => Ok(opened3(opened, writer, reader, std::ptr::null_mut())),
                Fork3::Child => Ok(0),
            }
        }
    })
}

/// The same with the child's standard error: on a stream of its own, or, with `error` NULL, with its output.
///
/// Returns: the pid, and the streams; 0 in the child, where all are NULL.
/// Errors: PERLIPC_E_THREADS, -EAGAIN.
/// Threads: any.
/// Blocks: no.
/// Perl: open3 with the command "-".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_open3_fork(
    threads_ok: i32,
    writer: *mut *mut ipc_stream,
    reader: *mut *mut ipc_stream,
    error: *mut *mut ipc_stream,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameters, and the caller knows the rule for threads.
        unsafe {
            let errors = outs3(writer, reader, error)?;
            match popen::fork3(errors, threads_ok != 0)? {
                Fork3::Parent(opened) => Ok(opened3(opened, writer, reader, error)),
                Fork3::Child => Ok(0),
            }
        }
    })
}
