//! A descriptor for event loops: a pipe, readable when a handler is due or a queued signal is ready.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use super::board::{Board, adopt_first, make_board};
use crate::block::CALM;
use crate::error::{Error, Result};
use crate::sys;

/// The pipe, for as long as the process lives: reader, writer.
static PIPE: Mutex<Option<(OwnedFd, OwnedFd)>> = Mutex::new(None);

/// A descriptor that is readable when a handler is due or a queued signal is ready: then call
/// [`dispatch`](super::dispatch) or [`next`](super::next) with [`Deadline::NOW`](crate::Deadline::NOW), which empty it.
/// It stays the library's. A forked child asks for its own.
pub fn fd() -> Result<RawFd> {
    let failed = |errno| Error::at("signal", "pipe", errno);
    let board = make_board()?;
    let mut kept = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
    if let (Some((reader, _)), true) = (&*kept, board.fd.load(Ordering::SeqCst) > 0) {
        return Ok(reader.as_raw_fd());
    }
    let (reader, writer) = sys::pipe().map_err(failed)?;
    for fd in [&reader, &writer] {
        // Both ends are ours alone; the handler must not wait at a full pipe, nor draining at an empty one.
        let flags = sys::file_flags(fd.as_raw_fd()).map_err(failed)?;
        sys::set_file_flags(fd.as_raw_fd(), flags | libc::O_NONBLOCK).map_err(failed)?;
    }
    let number = reader.as_raw_fd();
    board.fd.store(writer.as_raw_fd(), Ordering::SeqCst);
    *kept = Some((reader, writer));
    drop(kept);
    adopt_first(board);
    announce(board);
    Ok(number)
}

/// Makes the pipe readable if something waits to be taken.
fn announce(board: &Board) {
    let fd = board.fd.load(Ordering::SeqCst);
    if fd > 0 && board.due.load(Ordering::SeqCst) | board.ready.load(Ordering::SeqCst) != 0 {
        sys::write_quiet(fd, &[0]);
    }
}

/// The pipe is emptied before what is due is looked at, so that later arrivals make it readable again, and what is
/// left when this is dropped does too.
pub(super) struct Drained<'a>(Option<&'a Board>);

impl Drained<'_> {
    pub(super) fn new(board: &Board) -> Drained<'_> {
        if board.fd.load(Ordering::Relaxed) <= 0 {
            return Drained(None);
        }
        let kept = PIPE.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((reader, _)) = &*kept {
            let mut room = [0; 512];
            while matches!(sys::read(&CALM, reader.as_raw_fd(), &mut room), Ok(512)) {}
        }
        Drained(Some(board))
    }
}

impl Drop for Drained<'_> {
    fn drop(&mut self) {
        if let Some(board) = self.0 {
            announce(board);
        }
    }
}
