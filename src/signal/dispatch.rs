//! Running what is due: inside the blocking calls of the signal thread, and in [`dispatch`].

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use super::board::{Board, QUEUED, board, is_signal_thread, make_due, make_ready, word};
use super::names::{LAST, bit, name};
use super::pipe;
use super::table::Running;
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
    /// What [`current`] says, and the signals whose handlers run on this thread.
    static CURRENT: (Cell<Option<Arrived>>, Cell<u64>) = const { (Cell::new(None), Cell::new(0)) };
}

/// The signal whose handler runs now on this thread, else the one that [`next`](super::next) gave it last.
pub fn current() -> Option<Arrived> {
    CURRENT.try_with(|(current, _)| current.get()).ok().flatten()
}

pub(super) fn set_current(arrived: Arrived) {
    let _ = CURRENT.try_with(|(current, _)| current.set(Some(arrived)));
}

/// Takes what has arrived of a signal; `None` if somebody was quicker, or the run before has counted it.
pub(super) fn take(signal: i32) -> Option<Arrived> {
    let arrival = board().arrival(signal);
    let count = arrival.take();
    (count > 0).then(|| {
        let (code, pid, uid, value) = arrival.last();
        Arrived { signal, count, code, pid, uid, value: value as i64 }
    })
}

/// While a signal's handler runs, the signal is held.
struct Held(i32);

impl Held {
    /// None where its handler runs already: on this thread further out, or on one that was the signal thread before.
    fn new(signal: i32) -> Option<Held> {
        let held = &board().arrival(signal).held;
        let before = if sys::single_threaded() {
            held.load(Ordering::Relaxed) || {
                held.store(true, Ordering::Relaxed);
                false
            }
        } else {
            held.swap(true, Ordering::SeqCst)
        };
        if before {
            return None;
        }
        Some(Held(signal))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let arrival = board().arrival(self.0);
        let order = if sys::single_threaded() { Ordering::Release } else { Ordering::SeqCst };
        arrival.held.store(false, order);
        if arrival.waits() {
            due_again(self.0);
        }
    }
}

/// What has come while the handler ran. Whom it is for by now may be asleep, on another thread.
#[cold]
fn due_again(signal: i32) {
    let queued = QUEUED.load(Ordering::SeqCst) & bit(signal) != 0;
    if queued { make_ready(signal) } else { make_due(signal) }
}

/// The forked child of a thread that was in handlers, or was not while another one was.
pub(super) fn go_on_after_fork(board: &Board) {
    let held = CURRENT.try_with(|(_, held)| held.get()).unwrap_or(0);
    for signal in (1..=LAST).filter(|n| held & bit(*n) != 0) {
        board.arrival(signal).held.store(true, Ordering::SeqCst);
    }
    Running::set(held.count_ones() as usize);
}

/// [`current`] is the signal whose handler runs; after that the one that it was before.
struct Current(i32, Option<Arrived>);

impl Current {
    fn new(arrived: Arrived) -> Current {
        let begin = |(current, held): &(Cell<Option<Arrived>>, Cell<u64>)| {
            held.set(held.get() | bit(arrived.signal));
            current.replace(Some(arrived))
        };
        Current(arrived.signal, CURRENT.try_with(begin).ok().flatten())
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|(current, held)| {
            current.set(self.1);
            held.set(held.get() & !bit(self.0));
        });
    }
}

/// Runs the handler of one signal, if it has arrived; whether it ran.
#[inline(always)]
fn run_one(running: &Running, signal: i32) -> Wait<bool> {
    let board = board();
    let Some(held) = Held::new(signal) else {
        // Its handler runs: this becomes due again when that is over, or at once if it just was.
        sys::clear_bits(&board.due, bit(signal));
        let arrival = board.arrival(signal);
        if !arrival.held.load(Ordering::SeqCst) && arrival.waits() {
            due_again(signal);
        }
        return Ok(false);
    };
    sys::clear_bits(&board.due, bit(signal));
    if QUEUED.load(Ordering::SeqCst) & bit(signal) != 0 {
        // It became a queued one since it arrived: when it is held no more, it is ready.
        return Ok(false);
    }
    let Some(handler) = running.handler(signal) else {
        // Its handler was taken away; what that left behind is gone with it, its count too.
        take(signal);
        return Ok(false);
    };
    let Some(arrived) = take(signal) else { return Ok(false) };
    let outer = Current::new(arrived);
    let result = handler(&arrived);
    drop(outer);
    drop(held);
    result.map(|()| true).map_err(|value| Stop::Abandoned { signal, value })
}

/// Runs the handlers that are due, lowest number first, each with its own signal held; how many ran.
#[inline(always)]
pub(super) fn run_due() -> Wait<u32> {
    if board().due.load(Ordering::SeqCst) == 0 { Ok(0) } else { run_all() }
}

fn run_all() -> Wait<u32> {
    let board = board();
    let _drained = pipe::Drained::new(board);
    let running = Running::new();
    let mut ran = 0;
    loop {
        let due = board.due.load(Ordering::SeqCst);
        if due == 0 {
            return Ok(ran);
        }
        ran += u32::from(run_one(&running, due.trailing_zeros() as i32 + 1)?);
    }
}

/// Runs what has arrived of one signal before its disposition changes. Only on the signal thread.
pub(super) fn run_pending(signal: i32) -> Wait<()> {
    // First who this is: a forked child learns here where it is.
    if is_signal_thread() && board().due.load(Ordering::SeqCst) & bit(signal) != 0 {
        let _drained = pipe::Drained::new(board());
        run_one(&Running::new(), signal)?;
    }
    Ok(())
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

/// Whether a handler is due on this thread: most often a load and a branch.
#[inline]
pub fn is_due() -> bool {
    !nothing_due() && is_signal_thread()
}

/// Whether no handler is due on any thread.
#[inline(always)]
fn nothing_due() -> bool {
    board().due.load(Ordering::Relaxed) == 0
}

/// Whether a call that does not wait has nothing to do on any thread, nor a pipe to empty.
#[cfg(feature = "capi")]
#[inline(always)]
pub(crate) fn nothing_to_do() -> bool {
    let board = board();
    board.due.load(Ordering::Relaxed) | board.pipe[1].load(Ordering::Relaxed) as u64 == 0
}

/// A safe point: runs the handlers that are due, after waiting for one until the deadline. How many ran; 0 when time
/// is up, or at once on a thread that is not the signal thread.
#[inline]
pub fn dispatch(deadline: Deadline) -> Result<u32> {
    wait_for_handler(deadline, "dispatch")
}

/// POSIX's `pause`: waits until a handler has run, or the deadline; how many ran.
///
/// What is due already counts. A thread that is not the signal thread waits in vain: 0 at once.
pub fn pause(deadline: Deadline) -> Result<u32> {
    wait_for_handler(deadline, "pause")
}

/// As [`dispatch`] without running anything: whether a handler became due before the deadline. For hosts that have to get
/// ready for what their handlers do: [`dispatch`] runs them then.
///
/// False at once on a thread that is not the signal thread.
pub fn wait_due(deadline: Deadline) -> Result<bool> {
    if is_signal_thread() { wait_until_due(deadline, "dispatch") } else { Ok(false) }
}

#[inline(always)]
pub(super) fn wait_for_handler(deadline: Deadline, step: &'static str) -> Result<u32> {
    loop {
        if !is_signal_thread() {
            return Ok(0);
        }
        let ran = run_due().map_err(|stop| stop.error(step))?;
        if ran > 0 || deadline.passed() {
            // Also what was written after its arrival was handled.
            pipe::settle(board());
            return Ok(ran);
        }
        wait_until_due(deadline, step)?;
    }
}

/// Waits until a handler is due; false when time is up.
#[inline(always)]
fn wait_until_due(deadline: Deadline, step: &'static str) -> Result<bool> {
    loop {
        if !nothing_due() {
            return Ok(true);
        }
        if deadline.passed() {
            return Ok(false);
        }
        match sys::wait_for_signal(word(), deadline.left()) {
            Ok(()) => {}
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
/// A [`RunHandlers`]; null: there is none.
static HOST: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// What the host answers, if there is one to ask.
fn run_hosts() -> Option<bool> {
    let run = HOST.load(Ordering::Acquire);
    if run.is_null() {
        return None;
    }
    // SAFETY: only [`host`] writes it, and only functions of this type.
    let run = unsafe { std::mem::transmute::<*mut (), RunHandlers>(run) };
    run()
}

/// Whether a handler that is not ours, run during a blocking call of ours, ends that call with
/// [`Error::Interrupted`] (nothing is lost): for hosts that run their own handlers between calls. Off at first.
pub fn hosted(on: bool) {
    HOSTED.store(on, Ordering::Relaxed);
}

/// As [`hosted`], for a host whose handlers can be run from inside a call: `run` does that, on the thread whose call a
/// handler that is not ours has interrupted. True: the call goes on with the time that is left; false: it ends with
/// [`Error::Interrupted`]. `None`, that it cannot run any, ends a call that was interrupted, and no other.
pub fn host(run: RunHandlers) {
    HOST.store(run as *mut (), Ordering::Release);
    hosted(true);
}

/// A handler that is not ours has run: what the host says to that. Never `Ok(true)`: no handler of ours ran.
fn ask_host() -> Wait<bool> {
    if !HOSTED.load(Ordering::Relaxed) {
        return Ok(false);
    }
    if run_hosts() == Some(true) { Ok(false) } else { Err(Stop::Interrupted) }
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
    let now = sys::monotonic_coarse();
    if now.wrapping_sub(ASKED.load(Ordering::Relaxed)) < ASK_EVERY {
        return Ok(());
    }
    ASKED.store(now, Ordering::Relaxed);
    look()
}

/// For waits that are made of many short ones: a signal that came in between, or on another thread, has interrupted none.
pub(crate) fn look() -> Wait<()> {
    // A host that cannot be asked runs its handlers when the call is over.
    if run_hosts() != Some(false) { Ok(()) } else { Err(Stop::Interrupted) }
}

/// A call that waits has done a part and come back, as it does for a signal.
#[cold]
pub(crate) fn cut_in_the_middle() -> Wait<()> {
    ask_host().map(drop)
}
