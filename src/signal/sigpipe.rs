//! Writing to a pipe that nobody reads: SIGPIPE never reaches the host, a handler set through us runs.

use std::sync::atomic::Ordering;

use super::board::{QUEUED, board, is_signal_thread, make_due, make_ready};
use super::dispatch;
use super::names::bit;
use super::table;
use crate::block::{CALM, Wait};
use crate::sys;

/// A write met a pipe without readers, and the kernel was told to send no SIGPIPE: a handler that was set through us
/// runs all the same, as the manual's spooler expects.
#[cold]
pub(crate) fn broken_pipe() -> Wait<()> {
    let pipe = bit(libc::SIGPIPE);
    let queued = QUEUED.load(Ordering::SeqCst) & pipe != 0;
    if !queued && !table::has_handler(libc::SIGPIPE) {
        return Ok(());
    }
    board().arrival(libc::SIGPIPE).note(false, libc::SI_KERNEL, 0, 0, 0);
    if queued {
        make_ready(libc::SIGPIPE);
        return Ok(());
    }
    make_due(libc::SIGPIPE);
    if is_signal_thread() { dispatch::run_due().map(drop) } else { Ok(()) }
}

/// Runs a write that may meet a broken pipe where the kernel cannot be told to send no signal: SIGPIPE is blocked, and
/// taken back if it came, so that the process's disposition is neither changed nor used.
pub(crate) fn without_sigpipe<T>(write: impl FnOnce() -> sys::Result<T>) -> sys::Result<T> {
    let pipe = bit(libc::SIGPIPE);
    let before = sys::set_mask(libc::SIG_BLOCK, pipe);
    let already = sys::pending_set() & pipe != 0;
    let answer = write();
    if matches!(answer, Err(libc::EPIPE)) && !already {
        let mut info = sys::SigInfo::NONE;
        while let Err(libc::EINTR) = sys::sigtimedwait(&CALM, pipe, Some(0), &mut info) {}
    }
    if before & pipe == 0 {
        sys::set_mask(libc::SIG_SETMASK, before);
    }
    answer
}
