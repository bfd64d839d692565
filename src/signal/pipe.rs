//! A descriptor for event loops: a pipe, readable when a handler is due or a queued signal is ready.

use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::board::{Board, adopt_first, make_board};
use crate::block::CALM;
use crate::child::Own;
use crate::error::{Error, Result};
use crate::sys;

/// The pipe, for as long as the process lives: reader, writer; in a forked process its parent's, until it has its own.
static PIPE: [AtomicI32; 2] = [const { AtomicI32::new(-1) }; 2];
/// What tells it from other pipes.
static INODE: AtomicU64 = AtomicU64::new(0);

/// Held while it is made.
static MAKING: Own<Mutex<()>> = Own::new();

/// A descriptor that is readable when a handler is due or a queued signal is ready: then call
/// [`dispatch`](super::dispatch) or [`next`](super::next) with [`Deadline::NOW`](crate::Deadline::NOW), which empty it.
/// It stays the library's. A forked child asks for its own.
pub fn fd() -> Result<RawFd> {
    let failed = |errno| Error::at("signal", "pipe", errno);
    let board = make_board()?;
    let making = MAKING.get().lock().unwrap_or_else(PoisonError::into_inner);
    if board.pipe[1].load(Ordering::SeqCst) > 0 {
        return Ok(board.pipe[0].load(Ordering::SeqCst));
    }
    let (reader, writer) = sys::pipe().map_err(failed)?;
    for fd in [&reader, &writer] {
        // Both ends are ours alone; the handler must not wait at a full pipe, nor draining at an empty one.
        let flags = sys::file_flags(fd.as_raw_fd()).map_err(failed)?;
        sys::set_file_flags(fd.as_raw_fd(), flags | libc::O_NONBLOCK).map_err(failed)?;
    }
    let number = reader.as_raw_fd();
    let made = sys::fstat(number).map_err(failed)?.st_ino;
    let before = INODE.swap(made, Ordering::SeqCst);
    // The forked process may have closed its parent's, and have something else under the number.
    let is_pipe = |it: libc::stat| it.st_mode & libc::S_IFMT == libc::S_IFIFO && it.st_ino == before;
    for (i, fd) in [reader, writer].into_iter().enumerate() {
        let fd = fd.into_raw_fd();
        let parents = PIPE[i].swap(fd, Ordering::SeqCst);
        board.pipe[i].store(fd, Ordering::SeqCst);
        if parents >= 0 && sys::fstat(parents).is_ok_and(is_pipe) {
            sys::close(parents);
        }
    }
    drop(making);
    adopt_first(board);
    announce(board);
    Ok(number)
}

/// Makes the pipe readable if something waits to be taken.
pub(super) fn announce(board: &Board) {
    let fd = board.pipe[1].load(Ordering::SeqCst);
    if fd > 0 && board.due.load(Ordering::SeqCst) | board.ready.load(Ordering::SeqCst) != 0 {
        sys::write_quiet(fd, &[0]);
    }
}

/// [`settle`], on every way out.
pub(super) struct Drained<'a>(&'a Board);

impl Drained<'_> {
    pub(super) fn new(board: &Board) -> Drained<'_> {
        Drained(board)
    }
}

impl Drop for Drained<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        settle(self.0);
    }
}

/// The pipe is readable if something is left, and only then.
#[inline(always)]
pub(super) fn settle(board: &Board) {
    if board.pipe[1].load(Ordering::Relaxed) > 0 {
        empty(board);
    }
}

/// Empties it, then looks: what arrives in between makes it readable again.
#[cold]
fn empty(board: &Board) {
    let reader = board.pipe[0].load(Ordering::Relaxed);
    let mut room = [0; 512];
    while matches!(sys::read(&CALM, reader, &mut room), Ok(512)) {}
    announce(board);
}
