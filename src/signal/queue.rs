//! The pull form: signals without a callback, taken one by one.

use std::sync::atomic::Ordering;

use super::board::{Board, QUEUED, adopt_first, board, is_ours, is_signal_thread, make_board, make_due, word};
use super::dispatch::{self, Arrived, take};
use super::mask::{LIBC, Set};
use super::names::{bit, number};
use super::{pipe, table};
use crate::block::{Stop, Wait};
use crate::error::{Error, Result};
use crate::sys;
use crate::time::Deadline;

/// Queues a signal: it runs no handler and cuts no call, and waits for [`next`].
///
/// Equal signals that wait are one, with the count of their arrivals and what is known of the last.
pub fn queue(signal: &str) -> Result<()> {
    let n = number(signal)?;
    table::refuse_faults(n)?;
    let board = make_board()?;
    table::change(n, table::New::Queue)?;
    adopt_first(board);
    Ok(())
}

/// The queued signal that has arrived, lowest number first, after waiting for one until the deadline.
///
/// Any thread may ask, one at a time ([`Error::Busy`]). On the signal thread handlers run meanwhile, as in every
/// blocking call. It is quickest with the signals blocked ([`block`](super::block)) in all threads: then no handler of
/// the kernel's runs at all.
pub fn next(deadline: Deadline) -> Result<Arrived> {
    let failed = |stop: Stop| stop.error("next");
    if QUEUED.load(Ordering::SeqCst) == 0 {
        return Err(Error::invalid("next", "no signal is queued"));
    }
    let arrived = pull(board(), deadline).map_err(failed)?;
    dispatch::set_current(arrived);
    Ok(arrived)
}

/// POSIX's `sigtimedwait`: takes one of these signals from the kernel, lowest number first, after waiting for one until
/// the deadline. They should be blocked, in all threads, or their dispositions may be quicker.
pub fn wait(signals: Set, deadline: Deadline) -> Result<Arrived> {
    let mut info = sys::SigInfo::NONE;
    loop {
        match sys::sigtimedwait(word(), signals.bits() & !LIBC, deadline.left(), &mut info) {
            Ok(signal) => {
                let arrived = one(signal, &info);
                dispatch::set_current(arrived);
                return Ok(arrived);
            }
            Err(libc::EAGAIN) => return Err(Stop::Timeout.error("wait")),
            Err(libc::EINTR) => dispatch::interrupted().map_err(|stop| stop.error("wait"))?,
            Err(errno) => return Err(Error::os("wait", errno)),
        }
    }
}

fn one(signal: i32, info: &sys::SigInfo) -> Arrived {
    let value = info.value() as i64;
    Arrived { signal, count: 1, code: info.code, pid: info.pid, uid: info.uid, value }
}

fn pull(board: &'static Board, deadline: Deadline) -> Wait<Arrived> {
    loop {
        if let Some(arrived) = ready(board) {
            return Ok(arrived);
        }
        dispatch::safe_point()?;
        let waiting = Waiting::new(board)?;
        sys::clear_bits(&board.news, u64::MAX);
        if let Some(arrived) = ready(board) {
            return Ok(arrived);
        }
        if is_signal_thread() && word().load(Ordering::SeqCst) != 0 {
            continue;
        }
        // What is blocked is taken here from the kernel; what is not comes by the handler, which cuts this wait.
        let mut info = sys::SigInfo::NONE;
        let set = QUEUED.load(Ordering::SeqCst);
        let taken = sys::sigtimedwait(&board.news, set, deadline.left(), &mut info);
        drop(waiting);
        match taken {
            Ok(signal) if is_ours(signal, &info) => {}
            // It is queued no more, while this wait was still for it.
            Ok(signal) if QUEUED.load(Ordering::SeqCst) & bit(signal) == 0 => sys::signals::send_again(&info),
            Ok(signal) => {
                // Arrivals that the handler has noted meanwhile are older.
                let noted = take(signal).map_or(0, |arrived| arrived.count);
                if board.ready.load(Ordering::SeqCst) & bit(signal) != 0 {
                    sys::clear_bits(&board.ready, bit(signal));
                }
                return Ok(Arrived { count: noted + 1, ..one(signal, &info) });
            }
            Err(libc::EAGAIN) => return take_ready(board).ok_or(Stop::Timeout),
            Err(libc::EINTR) if board.news.load(Ordering::SeqCst) != 0 => {}
            Err(libc::EINTR) => dispatch::interrupted()?,
            Err(errno) => return Err(Stop::Errno(errno)),
        }
    }
}

#[inline(always)]
fn ready(board: &'static Board) -> Option<Arrived> {
    if board.ready.load(Ordering::SeqCst) == 0 { None } else { take_ready(board) }
}

fn take_ready(board: &'static Board) -> Option<Arrived> {
    let _drained = pipe::Drained::new(board);
    loop {
        let signal = match board.ready.load(Ordering::SeqCst) {
            0 => return None,
            ready => ready.trailing_zeros() as i32 + 1,
        };
        sys::clear_bits(&board.ready, bit(signal));
        if QUEUED.load(Ordering::SeqCst) & bit(signal) == 0 {
            // It has a handler by now.
            if board.arrival(signal).waits() {
                make_due(signal);
            }
            continue;
        }
        if let Some(arrived) = take(signal) {
            return Some(arrived);
        }
    }
}

/// The calling thread waits in [`next`], and arrivals wake it.
struct Waiting<'a>(&'a Board);

impl Waiting<'_> {
    fn new(board: &Board) -> Wait<Waiting<'_>> {
        let me = sys::thread_self();
        if sys::single_threaded() && board.waiter.load(Ordering::Relaxed) == 0 {
            board.waiter.store(me, Ordering::Relaxed);
        } else if board.waiter.compare_exchange(0, me, Ordering::SeqCst, Ordering::SeqCst).is_err() {
            return Err(Stop::Busy);
        }
        let signal_thread = board.thread.load(Ordering::Relaxed) == me;
        let tid = if signal_thread { board.tid.load(Ordering::Relaxed) } else { sys::gettid() };
        // Who arrives before this is seen has made the signal ready, and that is looked at once more, behind a barrier.
        board.waiter_tid.store(tid, Ordering::Release);
        Ok(Waiting(board))
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiter.store(0, Ordering::Release);
    }
}
