//! Running what is due: inside the blocking calls of the signal thread, and in [`dispatch`].

use std::cell::Cell;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::board::{Board, QUEUED, board, is_signal_thread, word};
use super::names::{bit, name};
use super::{pipe, table};
use crate::block::{Stop, Wait};
use crate::error::{Error, Result};
use crate::sys;
use crate::time::Deadline;

/// A signal that has arrived, as its handler sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// The signal's number.
    pub signal: i32,
    /// How often it arrived since it was taken last; the kernel merges equal standard signals before that.
    pub count: u32,
    /// Why the last one was sent: `si_code`, 0 for kill, -1 for sigqueue.
    pub code: i32,
    /// The process that sent the last one, where one did.
    pub pid: i32,
    /// Its user.
    pub uid: u32,
    /// The value that it queued.
    pub value: i64,
}

impl Arrived {
    /// The signal's name, "INT".
    pub fn name(&self) -> &'static str {
        name(self.signal).unwrap_or("?")
    }
}

thread_local! {
    static CURRENT: Cell<Option<Arrived>> = const { Cell::new(None) };
}

/// The signal whose handler runs now on this thread, else the one that [`next`](super::next) gave it last.
pub fn current() -> Option<Arrived> {
    CURRENT.try_with(Cell::get).ok().flatten()
}

pub(super) fn set_current(arrived: Option<Arrived>) -> Option<Arrived> {
    CURRENT.try_with(|cell| cell.replace(arrived)).ok().flatten()
}

/// Takes what has arrived of a signal; `None` if somebody was quicker.
pub(super) fn take(board: &Board, signal: i32) -> Option<Arrived> {
    let bit = bit(signal);
    if board.pending.load(Ordering::SeqCst) & bit == 0 || board.pending.fetch_and(!bit, Ordering::SeqCst) & bit == 0 {
        return None;
    }
    let arrival = board.arrivals.get(signal as usize)?;
    let count = arrival.count.swap(0, Ordering::SeqCst);
    // 0: it arrived while the run before was taking stock, and was counted there.
    (count > 0).then(|| {
        let (code, pid, uid, value) = arrival.last();
        Arrived { signal, count, code, pid, uid, value: value as i64 }
    })
}

/// While a signal's handler runs, the signal is held, and [`current`] answers with it.
struct Held<'a> {
    board: &'a Board,
    signal: i32,
    outer: Option<Arrived>,
}

impl<'a> Held<'a> {
    fn new(board: &'a Board, signal: i32) -> Held<'a> {
        board.held.fetch_or(bit(signal), Ordering::SeqCst);
        Held { board, signal, outer: current() }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        set_current(self.outer);
        let bit = bit(self.signal);
        self.board.held.fetch_and(!bit, Ordering::SeqCst);
        if self.board.pending.load(Ordering::SeqCst) & bit != 0 {
            let queued = QUEUED.load(Ordering::SeqCst) & bit != 0;
            if queued { &self.board.ready } else { &self.board.due }.fetch_or(bit, Ordering::SeqCst);
        }
    }
}

/// Runs the handler of one signal, if it has arrived; whether it ran.
fn run_one(board: &Board, signal: i32) -> Wait<bool> {
    let held = Held::new(board, signal);
    board.due.fetch_and(!bit(signal), Ordering::SeqCst);
    if QUEUED.load(Ordering::SeqCst) & bit(signal) != 0 {
        // It became a queued one since it arrived: when it is held no more, it is ready.
        return Ok(false);
    }
    let Some(handler) = table::handler(signal) else {
        // Its handler was taken away; what that left behind is gone with it, its count too.
        take(board, signal);
        return Ok(false);
    };
    let Some(arrived) = take(board, signal) else { return Ok(false) };
    set_current(Some(arrived));
    let result = handler(&arrived);
    drop(held);
    result.map(|()| true).map_err(|value| Stop::Abandoned { signal, value })
}

/// Runs the handlers that are due, lowest number first, each with its own signal held; how many ran.
pub(super) fn run_due() -> Wait<u32> {
    let Some(board) = board() else { return Ok(0) };
    if board.due.load(Ordering::SeqCst) == 0 {
        return Ok(0);
    }
    let _drained = pipe::Drained::new(board);
    let mut ran = 0;
    loop {
        let due = board.due.load(Ordering::SeqCst);
        let held = board.held.load(Ordering::SeqCst);
        if due & held != 0 {
            // Noted just when its handler began: it becomes due again when that is over.
            board.due.fetch_and(!(due & held), Ordering::SeqCst);
        }
        let due = due & !held;
        if due == 0 {
            return Ok(ran);
        }
        ran += u32::from(run_one(board, due.trailing_zeros() as i32 + 1)?);
    }
}

/// Runs what has arrived of one signal before its disposition changes. Only on the signal thread.
pub(super) fn run_pending(signal: i32) -> Wait<()> {
    match board() {
        Some(board)
            if board.due.load(Ordering::SeqCst) & bit(signal) != 0
                && board.held.load(Ordering::SeqCst) & bit(signal) == 0
                && is_signal_thread() =>
        {
            run_one(board, signal).map(drop)
        }
        _ => Ok(()),
    }
}

/// A wait was cut short: runs what is due; whether a handler ran. An error ends the wait.
#[cold]
pub(crate) fn handled() -> Wait<bool> {
    if is_signal_thread() && run_due()? > 0 {
        return Ok(true);
    }
    ask_host()
}

/// A wait was cut short: runs what is due, says whether the wait goes on.
#[cold]
pub(crate) fn interrupted() -> Wait<()> {
    handled().map(drop)
}

/// A safe point at the end of a call that does not wait.
pub(crate) fn safe_point() -> Wait<()> {
    if word().load(Ordering::Relaxed) == 0 { Ok(()) } else { run_due().map(drop) }
}

/// Whether a handler is due on this thread: a load and a branch.
#[inline]
pub fn is_due() -> bool {
    // Most often there is nothing, whichever thread this is.
    board().is_some_and(|board| board.due.load(Ordering::Relaxed) != 0) && is_signal_thread()
}

/// A safe point: runs the handlers that are due, after waiting for one until the deadline. How many ran; 0 when time
/// is up, or at once on a thread that is not the signal thread.
pub fn dispatch(deadline: Deadline) -> Result<u32> {
    wait_for_handler(deadline, "dispatch")
}

/// POSIX's `pause`: waits until a handler has run, or the deadline; how many ran.
///
/// What is due already counts. A thread that is not the signal thread waits in vain: 0 at once.
pub fn pause(deadline: Deadline) -> Result<u32> {
    wait_for_handler(deadline, "pause")
}

pub(super) fn wait_for_handler(deadline: Deadline, step: &'static str) -> Result<u32> {
    loop {
        if !is_signal_thread() {
            return Ok(0);
        }
        let ran = run_due().map_err(|stop| stop.error(step))?;
        if ran > 0 || deadline.passed() {
            return Ok(ran);
        }
        match sys::poll(word(), &mut [], deadline.left()) {
            Ok(_) => {}
            Err(libc::EINTR) if is_due() => {}
            Err(libc::EINTR) => drop(ask_host().map_err(|stop| stop.error(step))?),
            Err(errno) => return Err(Error::os(step, errno)),
        }
    }
}

// ---- the host's own handlers ----

static HOSTED: AtomicBool = AtomicBool::new(false);
/// See [`host`].
pub type RunHandlers = fn() -> Option<bool>;
static HOST: RwLock<Option<RunHandlers>> = RwLock::new(None);

/// Whether a handler that is not ours, run during a blocking call of ours, ends that call with
/// [`Error::Interrupted`] (nothing is lost): for hosts that run their own handlers between calls. Off at first.
pub fn hosted(on: bool) {
    HOSTED.store(on, Ordering::Relaxed);
}

/// As [`hosted`], for a host whose handlers can be run from inside a call: `run` does that, on the thread whose call a
/// handler that is not ours has interrupted. True: the call goes on with the time that is left; false: it ends with
/// [`Error::Interrupted`]. `None`, that it cannot run any, ends a call that was interrupted, and no other.
pub fn host(run: RunHandlers) {
    *HOST.write().unwrap_or_else(PoisonError::into_inner) = Some(run);
    hosted(true);
}

/// A handler that is not ours has run: what the host says to that. Never `Ok(true)`: no handler of ours ran.
fn ask_host() -> Wait<bool> {
    if !HOSTED.load(Ordering::Relaxed) {
        return Ok(false);
    }
    let run = *HOST.read().unwrap_or_else(PoisonError::into_inner);
    if run.and_then(|run| run()) == Some(true) { Ok(false) } else { Err(Stop::Interrupted) }
}

/// When the host was asked last by [`ask_host_at_times`].
static ASKED: AtomicU64 = AtomicU64::new(0);
const ASK_EVERY: u64 = 20_000_000;

/// For calls that may go on for long without ever waiting, so that no signal interrupts them: the host's handlers run
/// at times. Not each time, since a host may have to wait for its interpreter.
#[inline]
pub(crate) fn ask_host_at_times() -> Wait<()> {
    if !HOSTED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let now = sys::monotonic();
    if now.wrapping_sub(ASKED.load(Ordering::Relaxed)) < ASK_EVERY {
        return Ok(());
    }
    ASKED.store(now, Ordering::Relaxed);
    look()
}

/// For waits that are made of many short ones: a signal that came in between, or on another thread, has interrupted none.
pub(crate) fn look() -> Wait<()> {
    let run = *HOST.read().unwrap_or_else(PoisonError::into_inner);
    // A host that cannot be asked runs its handlers when the call is over.
    if run.and_then(|run| run()) != Some(false) { Ok(()) } else { Err(Stop::Interrupted) }
}

/// A call that waits has done a part and come back, as it does for a signal.
#[cold]
pub(crate) fn cut_in_the_middle() -> Wait<()> {
    ask_host().map(drop)
}
