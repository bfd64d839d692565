//! What the kernel's handler writes, and the handler itself.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

use super::names::{LAST, bit};
use crate::block::CALM;
use crate::error::{Error, Result};
use crate::sys;

/// What the handler knows of one signal's last arrival.
#[derive(Default)]
pub(super) struct Arrival {
    pub(super) count: AtomicU32,
    /// Odd while a handler writes what follows.
    turn: AtomicU32,
    code: AtomicI32,
    pid: AtomicI32,
    uid: AtomicU32,
    value: AtomicU64,
}

impl Arrival {
    /// Counts an arrival, and notes who sent it.
    #[inline(always)]
    pub(super) fn note(&self, code: i32, pid: i32, uid: u32, value: u64) {
        let turn = self.turn.load(Ordering::Relaxed);
        // Odd: another thread notes an arrival just now. It is as much the last as this one.
        if turn & 1 == 0
            && self.turn.compare_exchange(turn, turn.wrapping_add(1), Ordering::SeqCst, Ordering::Relaxed).is_ok()
        {
            self.code.store(code, Ordering::Relaxed);
            self.pid.store(pid, Ordering::Relaxed);
            self.uid.store(uid, Ordering::Relaxed);
            self.value.store(value, Ordering::Relaxed);
            self.turn.store(turn.wrapping_add(2), Ordering::Release);
        }
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// Who sent the last one: code, pid, uid, value, all of the same.
    pub(super) fn last(&self) -> (i32, i32, u32, u64) {
        loop {
            let turn = self.turn.load(Ordering::Acquire);
            let last = (
                self.code.load(Ordering::Relaxed),
                self.pid.load(Ordering::Relaxed),
                self.uid.load(Ordering::Relaxed),
                self.value.load(Ordering::Relaxed),
            );
            fence(Ordering::Acquire);
            if turn & 1 == 0 && self.turn.load(Ordering::Relaxed) == turn {
                return last;
            }
            // A handler that writes does nothing else, and nothing interrupts it but the scheduler.
            std::thread::yield_now();
        }
    }
}

/// On a page that is wiped at fork: a child has nothing pending and no signal thread yet, as in Perl.
pub(super) struct Board {
    /// Signals whose handler must run: what cuts a wait.
    pub(super) due: AtomicU64,
    /// Arrived and not yet taken.
    pub(super) pending: AtomicU64,
    /// Their handlers run now: they become due when that is over.
    pub(super) held: AtomicU64,
    /// Queued signals that [`next`](super::next) may take.
    pub(super) ready: AtomicU64,
    /// Whatever arrived since the thread in [`next`](super::next) looked last: what cuts its wait.
    pub(super) news: AtomicU64,
    /// The signal thread (its control block, its number); 0 in a fresh child, whose only thread it is.
    pub(super) thread: AtomicUsize,
    pub(super) tid: AtomicI32,
    /// The thread in [`next`](super::next); 0: nobody.
    pub(super) waiter: AtomicUsize,
    pub(super) waiter_tid: AtomicI32,
    /// A pipe that is readable when something is due or ready; 0: none.
    pub(super) fd: AtomicI32,
    pub(super) arrivals: [Arrival; LAST as usize + 1],
}

static BOARD: AtomicPtr<Board> = AtomicPtr::new(std::ptr::null_mut());

/// Signals that are pulled ([`next`](super::next)), not handled. Not on the page: a fork keeps it.
pub(super) static QUEUED: AtomicU64 = AtomicU64::new(0);

/// Signals that have a handler of ours or are queued.
pub(super) static TAKEN: AtomicU64 = AtomicU64::new(0);

/// The handlers that [`front`](super::front) has found, and whether they take three arguments.
pub(super) static BEHIND: [AtomicUsize; LAST as usize + 1] = [const { AtomicUsize::new(0) }; LAST as usize + 1];
pub(super) static BEHIND_INFO: AtomicU64 = AtomicU64::new(0);

/// Whether there is a signal thread: the first handler decides.
static ADOPTED: AtomicBool = AtomicBool::new(false);

#[inline]
pub(super) fn board() -> Option<&'static Board> {
    // SAFETY: null, or a page that is never unmapped; all fields are atomics.
    unsafe { BOARD.load(Ordering::Acquire).as_ref() }
}

/// The kernel's handler. It records and wakes; atomics, and system calls that keep errno: nothing else may be added.
pub(super) extern "C" fn on_signal(signal: libc::c_int, info: *mut libc::siginfo_t, registers: *mut libc::c_void) {
    // SAFETY: as the kernel called us.
    unsafe { record(signal, info, registers) };
}

/// The same in front of a handler that was found: the host's own, which is called as the kernel would have.
///
/// The host's first: it has noted the signal when the signal thread is woken and asks it. What another thread has
/// forwarded, that one has told the host.
pub(super) extern "C" fn on_signal_front(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    registers: *mut libc::c_void,
) {
    // SAFETY: as the kernel called us; the address is of a handler of the kind that the flags said.
    unsafe {
        let behind = (*BEHIND.as_ptr().add(signal as usize)).load(Ordering::Relaxed);
        if behind > 1 && !is_forwarded(info) {
            if BEHIND_INFO.load(Ordering::Relaxed) & 1u64.wrapping_shl(signal as u32 - 1) != 0 {
                type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
                std::mem::transmute::<usize, Handler>(behind)(signal, info, registers);
            } else {
                std::mem::transmute::<usize, extern "C" fn(libc::c_int)>(behind)(signal);
            }
        }
        record(signal, info, registers);
    }
}

/// Whether a handler of ours on another thread has sent it on.
///
/// # Safety
/// The second argument of a running SA_SIGINFO handler.
#[inline(always)]
unsafe fn is_forwarded(info: *mut libc::siginfo_t) -> bool {
    // SAFETY: the kernel hands over a valid siginfo.
    let info = unsafe { &*info.cast::<sys::SigInfo>() };
    info.code == libc::SI_QUEUE && info.value() == BOARD.load(Ordering::Acquire) as u64
}

/// # Safety
/// The arguments of a running SA_SIGINFO handler that was installed after the board was made.
#[inline(always)]
unsafe fn record(signal: libc::c_int, info: *mut libc::siginfo_t, registers: *mut libc::c_void) {
    // SAFETY: the caller's promise; the kernel hands over a valid siginfo and context.
    unsafe {
        let board = &*BOARD.load(Ordering::Acquire);
        let forwarded = is_forwarded(info);
        let info = &*info.cast::<sys::SigInfo>();
        let mark = std::ptr::from_ref(board) as u64;
        let bit = 1u64.wrapping_shl(signal as u32 - 1);
        // Whether the signal thread must be told. Not when it was before and has not looked yet, nor while its handler runs.
        let mut tell = false;
        if !forwarded {
            let arrival = board.arrivals.as_ptr().add(signal as usize);
            (*arrival).note(info.code, info.pid, info.uid, info.value());
            board.pending.fetch_or(bit, Ordering::SeqCst);
            if QUEUED.load(Ordering::SeqCst) & bit != 0 {
                board.ready.fetch_or(bit, Ordering::SeqCst);
            } else if board.held.load(Ordering::SeqCst) & bit == 0 {
                tell = board.due.fetch_or(bit, Ordering::SeqCst) & bit == 0;
            }
            let fd = board.fd.load(Ordering::Relaxed);
            if fd > 0 {
                sys::write_quiet(fd, &[signal as u8]);
            }
        }
        let me = sys::thread_self();
        // Who pulls is woken by every arrival, and looks.
        let waiter = board.waiter.load(Ordering::SeqCst);
        if waiter != 0 {
            board.news.fetch_or(bit, Ordering::SeqCst);
            if waiter == me {
                sys::cut_if_waiting(registers);
                // It pulls on the signal thread: nobody else is to be woken.
                if board.thread.load(Ordering::Relaxed) == me {
                    return;
                }
            } else if !forwarded {
                sys::forward(board.waiter_tid.load(Ordering::Relaxed), signal, mark);
            }
        }
        // A queued signal cuts no other call.
        if QUEUED.load(Ordering::SeqCst) & bit != 0 {
            return;
        }
        let thread = board.thread.load(Ordering::Relaxed);
        if thread == 0 || thread == me {
            sys::cut_if_waiting(registers);
        } else if tell && thread != waiter {
            sys::forward(board.tid.load(Ordering::Relaxed), signal, mark);
        }
    }
}

/// Makes a signal due from outside its handler, and tells the signal thread, unless that is this one.
pub(super) fn make_due(board: &'static Board, signal: i32) {
    let bit = bit(signal);
    if board.due.fetch_or(bit, Ordering::SeqCst) & bit == 0 && !is_signal_thread() {
        sys::forward(board.tid.load(Ordering::SeqCst), signal, std::ptr::from_ref(board) as u64);
    }
}

/// The thread in [`next`](super::next) looks again, at what waits for it and at what is queued: its wait is for what was
/// queued before, and one of those, whose handler is ours, comes to it.
pub(super) fn wake_waiter(board: &'static Board, signal: i32) {
    if board.waiter.load(Ordering::SeqCst) != 0 {
        let tid = board.waiter_tid.load(Ordering::SeqCst);
        sys::forward(tid, signal, std::ptr::from_ref(board) as u64);
    }
}

pub(super) fn make_board() -> Result<&'static Board> {
    if let Some(board) = board() {
        return Ok(board);
    }
    let failed = |errno| Error::os("signal", errno);
    let size = size_of::<Board>().next_multiple_of(4096);
    let pages = sys::Pages::new(size, 0).map_err(failed)?;
    pages.advise(libc::MADV_WIPEONFORK).map_err(failed)?;
    let at = pages.as_ptr().cast::<Board>();
    // SAFETY: zeroed memory is a Board (atomics only), aligned to a page, never unmapped once it is published.
    match BOARD.compare_exchange(std::ptr::null_mut(), at, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => {
            std::mem::forget(pages);
            Ok(unsafe { &*at })
        }
        // Another thread was quicker.
        Err(theirs) => Ok(unsafe { &*theirs }),
    }
}

/// The signal thread is the calling one, if there is none yet: after what could fail, which decides nothing.
pub(super) fn adopt_first(board: &Board) {
    let first = || board.thread.compare_exchange(0, sys::thread_self(), Ordering::SeqCst, Ordering::SeqCst).is_ok();
    if !ADOPTED.load(Ordering::SeqCst) && first() {
        adopt(board);
        // Last, or another thread that looks meanwhile would take this process for a fresh child.
        ADOPTED.store(true, Ordering::SeqCst);
    }
}

/// Makes the calling thread the signal thread.
fn adopt(board: &Board) {
    board.tid.store(sys::gettid(), Ordering::SeqCst);
    board.thread.store(sys::thread_self(), Ordering::SeqCst);
}

/// The signal thread from now on is the calling one: handlers run here, and blocking calls here are woken.
pub fn take_over() -> Result<()> {
    adopt(make_board()?);
    ADOPTED.store(true, Ordering::SeqCst);
    Ok(())
}

/// The word that cuts this thread's waits.
#[inline(always)]
pub(crate) fn word() -> &'static AtomicU64 {
    match board() {
        None => &CALM,
        Some(board) => match board.thread.load(Ordering::Relaxed) {
            thread if thread == sys::thread_self() => &board.due,
            0 => word_of_fresh(board),
            _ => &CALM,
        },
    }
}

/// Where there is no signal thread: nobody has asked for one, or this is a fresh child, whose only thread it is.
#[cold]
fn word_of_fresh(board: &'static Board) -> &'static AtomicU64 {
    if !ADOPTED.load(Ordering::Relaxed) {
        return &CALM;
    }
    adopt(board);
    &board.due
}

/// Whether the calling thread is the signal thread.
pub(super) fn is_signal_thread() -> bool {
    !std::ptr::eq(word(), &CALM)
}

/// The word that is not zero when a handler is due: what a safe point looks at. Its address never changes.
pub fn due_word() -> Result<&'static AtomicU64> {
    Ok(&make_board()?.due)
}
