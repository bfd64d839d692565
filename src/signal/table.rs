//! Who handles what: `%SIG` itself.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::board::{
    BEHIND, BEHIND_INFO, QUEUED, TAKEN, adopt_first, board, make_board, make_due, make_ready, on_signal,
    on_signal_front, wake_waiter,
};
use super::deaf;
use super::dispatch::{self, Arrived};
use super::names::{LAST, bit, name, number};
use crate::child::{Own, taken_over};
use crate::error::{Error, Result};
use crate::sys;

/// What is called when a signal has arrived. `Err(value)` gives up the call that was interrupted.
pub type Handler = Arc<dyn Fn(&Arrived) -> std::result::Result<(), i32> + Send + Sync>;

/// What is done with a signal.
#[derive(Clone)]
pub enum Disposition {
    /// SIG_DFL.
    Default,
    /// SIG_IGN.
    Ignore,
    /// Deferred to the handler.
    Handler(Handler),
    /// Kept for [`next`](super::next).
    Queue,
    /// Somebody else's: a handler that this library did not install.
    Foreign,
    /// Ours was installed, and somebody has put another handler in its place since.
    Replaced,
}

/// What a disposition is changed to.
pub(super) enum New {
    Default,
    Ignore,
    Handler(Handler),
    Queue,
    Front(Handler),
    Again(Kept),
}

/// A disposition as it was.
pub(super) struct Kept {
    action: libc::sigaction,
    handler: Option<Handler>,
    queued: bool,
    behind: usize,
}

// SAFETY: a sigaction is plain numbers; its pointers are only given back to the kernel.
unsafe impl Send for Kept {}
// SAFETY: as above.
unsafe impl Sync for Kept {}

/// The handlers, each in a box of its own; null is none. Changed with the table locked only; read without, so that a
/// handler is run without a lock, which in a forked process nobody might let go: see [`Running`].
static HANDLERS: [AtomicPtr<Handler>; LAST as usize + 1] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; LAST as usize + 1];

/// How many runs of what is due are under way: a handler that is taken away meanwhile may be what they are at, and is kept
/// until they are over. Not on the board's page: who forks in a handler is in it still.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Whether any are kept.
static KEPT: AtomicBool = AtomicBool::new(false);

/// While one is alive, no handler is freed.
pub(super) struct Running(());

impl Running {
    #[inline(always)]
    pub(super) fn new() -> Running {
        // Before a handler is looked for: who takes it away later sees this.
        if sys::single_threaded() {
            RUNNING.store(RUNNING.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        } else {
            RUNNING.fetch_add(1, Ordering::SeqCst);
        }
        Running(())
    }

    /// How many there are in a process that has just begun.
    pub(super) fn set(running: usize) {
        RUNNING.store(running, Ordering::SeqCst);
    }

    /// The handler of a signal.
    #[inline(always)]
    pub(super) fn handler(&self, signal: i32) -> Option<&Handler> {
        let at = HANDLERS.get(signal as usize)?.load(Ordering::SeqCst);
        // SAFETY: null, or a box that nobody frees as long as this lives.
        unsafe { at.as_ref() }
    }
}

impl Drop for Running {
    #[inline(always)]
    fn drop(&mut self) {
        let running = if sys::single_threaded() {
            let running = RUNNING.load(Ordering::Relaxed);
            RUNNING.store(running - 1, Ordering::Relaxed);
            running
        } else {
            RUNNING.fetch_sub(1, Ordering::SeqCst)
        };
        if running == 1 && KEPT.load(Ordering::SeqCst) {
            free_kept();
        }
    }
}

#[cold]
fn free_kept() {
    let mut table = table();
    let kept = table.take_kept();
    drop(table);
    // Outside the lock: a handler's own drop may do anything.
    drop(kept);
}

/// Handlers that were taken away, in their boxes: who runs one looks at it there.
type Gone = Vec<Box<Handler>>;

#[derive(Default)]
pub(super) struct Table {
    /// While some were running.
    kept: Gone,
    pub(super) deaf: deaf::Count,
}

/// Of a forked process's own, since another thread may have held its parent's.
static TABLE: Own<Mutex<Table>> = Own::inheriting(|parents| {
    let table = taken_over(parents);
    table.lock().unwrap_or_else(PoisonError::into_inner).deaf.forget();
    table
});

/// The table, locked. Handlers are never called while it is.
pub(super) struct Locked(MutexGuard<'static, Table>);

impl Locked {
    pub(super) fn deaf(&mut self) -> &mut deaf::Count {
        &mut self.0.deaf
    }

    fn handler(&self, signal: i32) -> Option<Handler> {
        let at = HANDLERS.get(signal as usize)?.load(Ordering::SeqCst);
        // SAFETY: null, or a box that nobody takes away without the lock.
        unsafe { at.as_ref() }.cloned()
    }

    /// Puts another in its place; what is to be freed now, which is done when the table is not locked.
    fn set_handler(&mut self, signal: i32, handler: Option<Handler>) -> Gone {
        let new = handler.map_or(std::ptr::null_mut(), |handler| Box::into_raw(Box::new(handler)));
        let old = HANDLERS.get(signal as usize).map_or(new, |at| at.swap(new, Ordering::SeqCst));
        if !old.is_null() {
            // SAFETY: made here by `into_raw`, and taken out of the only place where it was.
            self.0.kept.push(unsafe { Box::from_raw(old) });
        }
        self.take_kept()
    }

    /// The handlers that were taken away, unless any run.
    fn take_kept(&mut self) -> Gone {
        // First that some are kept: whose run ends after the look sees it.
        KEPT.store(!self.0.kept.is_empty(), Ordering::SeqCst);
        if self.0.kept.is_empty() || RUNNING.load(Ordering::SeqCst) > 0 {
            return Gone::new();
        }
        KEPT.store(false, Ordering::SeqCst);
        std::mem::take(&mut self.0.kept)
    }

    /// The disposition that counts: while a `system` makes the process deaf, the one that comes back.
    pub(super) fn action(&mut self, signal: i32) -> Result<libc::sigaction> {
        match self.0.deaf.before(signal) {
            Some(before) => Ok(*before),
            None => action(signal, None),
        }
    }

    fn set_action(&mut self, signal: i32, new: &libc::sigaction) -> Result<()> {
        match self.0.deaf.before(signal) {
            Some(before) => *before = *new,
            None => drop(action(signal, Some(new))?),
        }
        Ok(())
    }
}

pub(super) fn table() -> Locked {
    Locked(TABLE.get().lock().unwrap_or_else(PoisonError::into_inner))
}

/// Whether a signal's handler is ours.
pub(super) fn is_in_place(signal: i32) -> bool {
    action(signal, None).is_ok_and(|now| is_ours(&now))
}

pub(super) fn has_handler(signal: i32) -> bool {
    HANDLERS.get(signal as usize).is_some_and(|at| !at.load(Ordering::SeqCst).is_null())
}

/// Sets the disposition, or only asks; the one before.
pub(super) fn action(signal: i32, new: Option<&libc::sigaction>) -> Result<libc::sigaction> {
    // SAFETY: our handlers keep the rules of handlers; the others are the kernel's own or were there before.
    unsafe { sys::sigaction(signal, new) }.map_err(|errno| Error::at("signal", name(signal).unwrap_or("?"), errno))
}

/// A sigaction without flags and mask.
pub(super) fn plain_action(raw: libc::sighandler_t) -> libc::sigaction {
    // SAFETY: all-zero is a sigaction.
    let mut new: libc::sigaction = unsafe { std::mem::zeroed() };
    new.sa_sigaction = raw;
    new
}

fn our_action() -> libc::sigaction {
    let mut new = plain_action(on_signal as *const () as usize);
    new.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
    // SAFETY: a valid set.
    unsafe { libc::sigfillset(&mut new.sa_mask) };
    new
}

fn is_ours(action: &libc::sigaction) -> bool {
    let at = action.sa_sigaction;
    at == on_signal as *const () as usize || at == on_signal_front as *const () as usize
}

/// Whether the user reaps: CHLD has a handler of ours, or is queued, and nobody has put another in its place.
pub(crate) fn has_reaper() -> bool {
    TAKEN.load(Ordering::Relaxed) & bit(libc::SIGCHLD) != 0 && is_in_place(libc::SIGCHLD)
}

/// Whether the kernel keeps a child that has ended until it is waited for.
pub(crate) fn zombies_stay() -> bool {
    action(libc::SIGCHLD, None)
        .is_ok_and(|now| now.sa_sigaction != libc::SIG_IGN && now.sa_flags & libc::SA_NOCLDWAIT == 0)
}

/// Puts a signal to its default in a forked child that goes on with work of its parent's, by one call and one write: each
/// page that is touched here would be copied. The handler is forgotten, as far as anybody can ask.
pub(crate) fn default_in_child(signal: i32) {
    sys::child::set_default(signal as usize);
    TAKEN.fetch_and(!bit(signal), Ordering::SeqCst);
}

pub(super) fn catchable(signal: i32) -> Result<()> {
    let name = name(signal).filter(|_| signal != 0);
    let Some(name) = name else {
        return Err(Error::invalid("signal", format!("{signal} is not a signal that can be handled")));
    };
    match signal {
        libc::SIGKILL | libc::SIGSTOP => {
            Err(Error::invalid("signal", format!("{name} can be neither handled nor ignored")))
        }
        32 | 33 => Err(Error::invalid("signal", format!("{name} belongs to the C library's threads"))),
        _ => Ok(()),
    }
}

/// What a fault raises cannot be put off: the instruction that faulted would fault for ever.
pub(super) fn refuse_faults(signal: i32) -> Result<()> {
    match signal {
        libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL => Err(Error::invalid(
            "signal",
            format!("{} cannot be deferred: it would fault for ever; trap takes it", name(signal).unwrap_or("?")),
        )),
        _ => Ok(()),
    }
}

/// Changes a disposition. What has arrived before goes to the handler that was, as in Perl; what that cannot take now
/// (its handler runs, or this is another thread) goes where the new disposition sends it.
pub(super) fn change(signal: i32, new: New) -> Result<()> {
    catchable(signal)?;
    dispatch::run_pending(signal).map_err(|stop| stop.error("signal"))?;
    swap(signal, new)
}

/// A disposition of another kind; what has arrived is sent again, to it.
pub(super) fn change_raw(signal: i32, action: libc::sigaction) -> Result<()> {
    change(signal, New::Again(Kept { action, handler: None, queued: false, behind: 0 }))
}

fn swap(signal: i32, new: New) -> Result<()> {
    let mut table = table();
    let mut behind = 0;
    let (action, handler, queued) = match new {
        New::Default => (plain_action(libc::SIG_DFL), None, false),
        New::Ignore => (plain_action(libc::SIG_IGN), None, false),
        New::Handler(handler) => (our_action(), Some(handler), false),
        New::Queue => (our_action(), None, true),
        New::Front(handler) => {
            let mut found = table.action(signal)?;
            if matches!(found.sa_sigaction, libc::SIG_DFL | libc::SIG_IGN) {
                // Before the handler: its own drop may do anything.
                drop(table);
                return Err(Error::invalid("signal", "there is no handler to stand in front of"));
            }
            if found.sa_sigaction == on_signal_front as *const () as usize {
                behind = behind_of(signal);
            } else {
                behind = found.sa_sigaction | if found.sa_flags & libc::SA_SIGINFO != 0 { TAKES_INFO } else { 0 };
                found.sa_sigaction = on_signal_front as *const () as usize;
                found.sa_flags |= libc::SA_SIGINFO;
            }
            (found, Some(handler), false)
        }
        New::Again(kept) => {
            behind = kept.behind;
            (kept.action, kept.handler, kept.queued)
        }
    };
    let ours = is_ours(&action);
    let taken = ours && (handler.is_some() || queued);
    // First where arrivals go, then that they come: in between, those of the old kind wait for this lock.
    let queued_before = if queued {
        QUEUED.fetch_or(bit(signal), Ordering::SeqCst)
    } else {
        QUEUED.fetch_and(!bit(signal), Ordering::SeqCst)
    };
    let was_queued = queued_before & bit(signal);
    if behind != 0 {
        set_behind(signal, behind);
    }
    if let Err(error) = table.set_action(signal, &action) {
        let back = QUEUED.load(Ordering::SeqCst) & !bit(signal) | was_queued;
        QUEUED.store(back, Ordering::SeqCst);
        drop(table);
        return Err(error);
    }
    let before = table.set_handler(signal, handler);
    if taken {
        TAKEN.fetch_or(bit(signal), Ordering::SeqCst);
    } else {
        TAKEN.fetch_and(!bit(signal), Ordering::SeqCst);
    }
    if ours {
        rearrange(signal, queued);
        if queued && was_queued == 0 {
            tell_waiter(queued_before);
        }
    }
    drop(table);
    // Outside the lock: a handler's own drop may do anything.
    drop(before);
    if !ours {
        hand_over(signal, action.sa_sigaction == libc::SIG_IGN);
    }
    Ok(())
}

/// Addresses of code have this bit clear in user space.
const TAKES_INFO: usize = 1 << 63;

fn behind_of(signal: i32) -> usize {
    let at = BEHIND.get(signal as usize).map_or(0, |at| at.load(Ordering::SeqCst));
    let info = BEHIND_INFO.load(Ordering::SeqCst) & bit(signal) != 0;
    at | if info && at != 0 { TAKES_INFO } else { 0 }
}

fn set_behind(signal: i32, behind: usize) {
    if behind & TAKES_INFO != 0 {
        BEHIND_INFO.fetch_or(bit(signal), Ordering::SeqCst);
    } else {
        BEHIND_INFO.fetch_and(!bit(signal), Ordering::SeqCst);
    }
    if let Some(at) = BEHIND.get(signal as usize) {
        at.store(behind & !TAKES_INFO, Ordering::SeqCst);
    }
}

/// What has arrived waits for a handler, or to be pulled.
fn rearrange(signal: i32, queued: bool) {
    let (board, bit) = (board(), bit(signal));
    let arrival = board.arrival(signal);
    if queued {
        sys::clear_bits(&board.due, bit);
        if arrival.waits() {
            make_ready(signal);
        }
    } else {
        sys::clear_bits(&board.ready, bit);
        if arrival.waits() && !arrival.held.load(Ordering::SeqCst) {
            make_due(signal);
        }
    }
}

/// More signals are queued than these. Only with the table locked, so that what wakes the waiter stays ours.
fn tell_waiter(queued_before: u64) {
    let in_place = |n: &i32| queued_before & bit(*n) != 0 && is_in_place(*n);
    if let Some(signal) = (1..=LAST).find(in_place) {
        wake_waiter(signal);
    }
}

/// What has arrived and will not be handled here is sent again, to whom it belongs now; ignored, it is gone.
fn hand_over(signal: i32, ignored: bool) {
    let (board, bit) = (board(), bit(signal));
    if !board.arrival(signal).waits() {
        return;
    }
    sys::clear_bits(&board.due, bit);
    sys::clear_bits(&board.ready, bit);
    if dispatch::take(signal).is_some() && !ignored {
        // It cannot fail: the process is there, and the signal is one.
        let _ = sys::kill(sys::getpid(), signal);
    }
}

/// Perl's `$SIG{X} = sub { ... }`. The thread that installs the first handler becomes the signal thread.
///
/// KILL and STOP cannot be had; SEGV, BUS, FPE and ILL are refused, since put off they would fault for ever.
///
/// As in Perl, what has arrived already is first given to the handler that was: if that gives up, so does this call,
/// and nothing is changed.
pub fn handle(
    signal: &str,
    handler: impl Fn(&Arrived) -> std::result::Result<(), i32> + Send + Sync + 'static,
) -> Result<()> {
    let n = number(signal)?;
    refuse_faults(n)?;
    let board = make_board()?;
    change(n, New::Handler(Arc::new(handler)))?;
    adopt_first(board);
    Ok(())
}

/// Puts ours in front of a handler of the host's, with the flags that are there: the host's is called as before, in
/// the signal, and `run` at the safe points of this library, where it lets the host do what its handler has noted.
pub fn front(
    signal: &str,
    run: impl Fn(&Arrived) -> std::result::Result<(), i32> + Send + Sync + 'static,
) -> Result<()> {
    let n = number(signal)?;
    refuse_faults(n)?;
    let board = make_board()?;
    change(n, New::Front(Arc::new(run)))?;
    adopt_first(board);
    Ok(())
}

/// Perl's `$SIG{X} = 'IGNORE'`. What the kernel holds back is discarded. Children inherit it, as in Perl.
pub fn ignore(signal: &str) -> Result<()> {
    change(number(signal)?, New::Ignore)
}

/// Perl's `$SIG{X} = 'DEFAULT'`: SIG_DFL, whatever was found at first.
pub fn default(signal: &str) -> Result<()> {
    change(number(signal)?, New::Default)
}

/// What is done with a signal now, also where somebody else arranged that.
pub fn disposition(signal: &str) -> Result<Disposition> {
    let n = number(signal)?;
    if n == 0 {
        return Err(Error::invalid("signal", "ZERO is not a signal that can come"));
    }
    let mut table = table();
    let now = table.action(n)?;
    let queued = QUEUED.load(Ordering::SeqCst) & bit(n) != 0;
    let taken = TAKEN.load(Ordering::SeqCst) & bit(n) != 0;
    let handler = table.handler(n);
    Ok(match now.sa_sigaction {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignore,
        _ if is_ours(&now) && queued => Disposition::Queue,
        _ if is_ours(&now) => handler.map_or(Disposition::Foreign, Disposition::Handler),
        _ if taken => Disposition::Replaced,
        _ => Disposition::Foreign,
    })
}

/// The signals whose handler of ours is not in place any more: somebody else has changed their disposition since.
pub fn replaced() -> Result<Vec<&'static str>> {
    let mut table = table();
    let mut found = Vec::new();
    for signal in 1..=LAST {
        let expected = TAKEN.load(Ordering::SeqCst) & bit(signal) != 0;
        if expected && !is_ours(&table.action(signal)?) {
            found.extend(name(signal));
        }
    }
    Ok(found)
}

/// Perl's `local $SIG{X}`: the disposition as it was, put back on every way out: when this is dropped.
///
/// What has arrived by then goes to the handler that is in place until then, as in Perl.
#[must_use = "dropped at once it changes nothing"]
pub struct Saved {
    signal: i32,
    kept: Option<Kept>,
}

/// Notes what is done with a signal: the handler, also one that is not ours.
pub fn save(signal: &str) -> Result<Saved> {
    let n = number(signal)?;
    catchable(n)?;
    make_board()?;
    let mut table = table();
    let kept = Kept {
        action: table.action(n)?,
        handler: table.handler(n),
        queued: QUEUED.load(Ordering::SeqCst) & bit(n) != 0,
        behind: behind_of(n),
    };
    Ok(Saved { signal: n, kept: Some(kept) })
}

impl Saved {
    /// Puts it back. [`Error::Abandoned`] when the handler that took what had arrived gives up: put back it is then
    /// all the same.
    pub fn restore(mut self) -> Result<()> {
        self.put_back()
    }

    fn put_back(&mut self) -> Result<()> {
        let Some(kept) = self.kept.take() else { return Ok(()) };
        let ran = dispatch::run_pending(self.signal);
        swap(self.signal, New::Again(kept))?;
        ran.map_err(|stop| stop.error("restore"))
    }
}

impl Drop for Saved {
    fn drop(&mut self) {
        let _ = self.put_back();
    }
}

impl std::fmt::Debug for Saved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Saved({})", name(self.signal).unwrap_or("?"))
    }
}

/// Puts signals to their default for a program that takes this process over; what they were, for [`put_back`].
pub(crate) fn set_defaults(mut signals: u64) -> Vec<(i32, libc::sigaction)> {
    let mut before = Vec::new();
    while signals != 0 {
        let signal = signals.trailing_zeros() as i32 + 1;
        signals &= signals - 1;
        // One that cannot be set (KILL) has it.
        before.extend(action(signal, Some(&plain_action(libc::SIG_DFL))).ok().map(|old| (signal, old)));
    }
    before
}

/// When the program could not be executed after all.
pub(crate) fn put_back(before: &[(i32, libc::sigaction)]) {
    for (signal, before) in before {
        // SAFETY: what was there before.
        unsafe { sys::put_back_sigaction(*signal, before) };
    }
}
