//! Pipe opens.

use std::ffi::c_char;

use super::cmd::ipc_cmd;
use super::stream::ipc_stream;
use super::{bytes, get, give, guard, out_handle, text};
use crate::popen::{self, ForkOpen, Mode};
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
