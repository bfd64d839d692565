//! What the kernel's handler writes, and the handler itself.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence};

use super::names::{LAST, bit};
use super::{dispatch, pipe, table};
use crate::block::CALM;
use crate::error::{Error, Result};
use crate::sys::memory::{Wiped, Zeroed};
use crate::sys::{self, Word};

/// What the handler knows of one signal's arrivals.
pub(super) struct Arrival {
    /// How many there were, and how many of them were taken: what lies between waits.
    came: AtomicU32,
    taken: AtomicU32,
    /// Odd while a handler writes what follows: the last one.
    turn: AtomicU32,
    code: AtomicI32,
    pid: AtomicI32,
    uid: AtomicU32,
    value: AtomicU64,
    /// Its handler runs now: what comes meanwhile is due when that is over.
    pub(super) held: AtomicBool,
}

impl Arrival {
    const fn none() -> Arrival {
        Arrival {
            came: AtomicU32::new(0),
            taken: AtomicU32::new(0),
            turn: AtomicU32::new(0),
            code: AtomicI32::new(0),
            pid: AtomicI32::new(0),
            uid: AtomicU32::new(0),
            value: AtomicU64::new(0),
            held: AtomicBool::new(false),
        }
    }

    /// Counts an arrival, and notes who sent it. `alone`: there is but this thread, which others' handlers interrupt.
    #[inline(always)]
    pub(super) fn note(&self, alone: bool, code: i32, pid: i32, uid: u32, value: u64) {
        let turn = self.turn.load(Ordering::Relaxed);
        let odd = turn.wrapping_add(1);
        // Odd: another thread, or who is interrupted, notes an arrival just now. It is as much the last as this one.
        if turn & 1 == 0
            && (alone || self.turn.compare_exchange(turn, odd, Ordering::SeqCst, Ordering::Relaxed).is_ok())
        {
            if alone {
                self.turn.store(odd, Ordering::Relaxed);
                fence(Ordering::Release);
            }
            self.code.store(code, Ordering::Relaxed);
            self.pid.store(pid, Ordering::Relaxed);
            self.uid.store(uid, Ordering::Relaxed);
            self.value.store(value, Ordering::Relaxed);
            self.turn.store(turn.wrapping_add(2), Ordering::Release);
        }
        sys::add_one(&self.came, alone);
    }

    /// Whether any wait to be taken.
    pub(super) fn waits(&self) -> bool {
        self.came.load(Ordering::SeqCst) != self.taken.load(Ordering::SeqCst)
    }

    /// Takes all that wait: how many.
    #[inline(always)]
    pub(super) fn take(&self) -> u32 {
        let mut taken = self.taken.load(Ordering::SeqCst);
        loop {
            let came = self.came.load(Ordering::SeqCst);
            if came == taken {
                return 0;
            }
            if sys::single_threaded() {
                // Nobody else takes, and the kernel's handler does not look at it.
                self.taken.store(came, Ordering::Relaxed);
                return came.wrapping_sub(taken);
            }
            match self.taken.compare_exchange(taken, came, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return came.wrapping_sub(taken),
                Err(now) => taken = now,
            }
        }
    }

    /// Who sent the last one: code, pid, uid, value, all of the same.
    #[inline(always)]
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
    pub(super) due: Word,
    /// Queued signals that [`next`](super::next) may take.
    pub(super) ready: AtomicU64,
    /// Whatever arrived since the thread in [`next`](super::next) looked last: what cuts its wait.
    pub(super) news: Word,
    /// The signal thread (its control block, its number); 0 in a fresh child, whose only thread it is.
    pub(super) thread: AtomicUsize,
    pub(super) tid: AtomicI32,
    /// The thread in [`next`](super::next); 0: nobody.
    pub(super) waiter: AtomicUsize,
    pub(super) waiter_tid: AtomicI32,
    /// Signals that were forwarded and have not come yet, and those that could not be.
    forwarded: AtomicU64,
    untold: AtomicU64,
    /// The pipe that is readable when something is due or ready: its reader, then its writer; 0: none.
    pub(super) pipe: [AtomicI32; 2],
    arrivals: [Arrival; LAST as usize + 1],
}

// SAFETY: atomics only, of which all-zero bytes are valid ones.
unsafe impl Zeroed for Board {}

static BOARD: Wiped<Board> = Wiped::new(Board {
    due: Word::new(),
    ready: AtomicU64::new(0),
    news: Word::new(),
    thread: AtomicUsize::new(0),
    tid: AtomicI32::new(0),
    waiter: AtomicUsize::new(0),
    waiter_tid: AtomicI32::new(0),
    forwarded: AtomicU64::new(0),
    untold: AtomicU64::new(0),
    pipe: [const { AtomicI32::new(0) }; 2],
    arrivals: [const { Arrival::none() }; LAST as usize + 1],
});

impl Board {
    #[inline(always)]
    pub(super) fn arrival(&self, signal: i32) -> &Arrival {
        // Numbers that are no signal's are refused before; 0 is nobody's.
        self.arrivals.get(signal as usize).unwrap_or(&self.arrivals[0])
    }

    /// What every forwarded signal carries.
    fn mark(&self) -> u64 {
        std::ptr::from_ref(self) as u64
    }

    /// Sends a signal on to another thread, or once more to this one. Whether it is under way.
    #[inline(always)]
    fn forward(&self, tid: i32, signal: i32) -> bool {
        let bit = bit(signal);
        self.forwarded.fetch_or(bit, Ordering::SeqCst);
        // A real-time one has no room in a full queue: then the next arrival tries again.
        let sent = sys::forward(tid, signal, self.mark());
        if !sent {
            self.untold.fetch_or(bit, Ordering::SeqCst);
        } else if self.untold.load(Ordering::SeqCst) & bit != 0 {
            self.untold.fetch_and(!bit, Ordering::SeqCst);
        }
        sent
    }

    /// Whether a signal that comes to this thread is one that another thread has sent on.
    ///
    /// Where the queue is full, the kernel forgets what comes with the signal: then it is one if one is under way to here.
    #[inline(always)]
    fn is_forwarded(&self, signal: i32, info: &sys::SigInfo) -> bool {
        if info.code == libc::SI_QUEUE {
            return info.value() == self.mark();
        }
        let bit = bit(signal);
        let me = sys::thread_self();
        (info.code, info.pid, info.uid) == (libc::SI_USER, 0, 0)
            && self.forwarded.load(Ordering::SeqCst) & bit != 0
            && (self.thread.load(Ordering::Relaxed) == me || self.waiter.load(Ordering::Relaxed) == me)
    }
}

/// Signals that are pulled ([`next`](super::next)), not handled. Not on the page: a fork keeps it.
pub(super) static QUEUED: AtomicU64 = AtomicU64::new(0);

/// Signals that have a handler of ours or are queued.
pub(super) static TAKEN: AtomicU64 = AtomicU64::new(0);

/// The handlers that [`front`](super::front) has found, and whether they take three arguments.
pub(super) static BEHIND: [AtomicUsize; LAST as usize + 1] = [const { AtomicUsize::new(0) }; LAST as usize + 1];
pub(super) static BEHIND_INFO: AtomicU64 = AtomicU64::new(0);

/// Whether there is a signal thread: the first handler decides.
static ADOPTED: AtomicBool = AtomicBool::new(false);

/// All zero where no handler was ever set, and in a fresh child.
#[inline(always)]
pub(super) fn board() -> &'static Board {
    BOARD.get()
}

/// The kernel's handler. It records and wakes; atomics, and system calls that keep errno: nothing else may be added.
pub(super) extern "C" fn on_signal(signal: libc::c_int, info: *mut libc::siginfo_t, registers: *mut libc::c_void) {
    // SAFETY: as the kernel called us; it hands over a valid siginfo.
    unsafe { record(signal, &*info.cast(), registers) };
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
        if behind > 1 && !board().is_forwarded(signal, &*info.cast()) {
            if BEHIND_INFO.load(Ordering::Relaxed) & bit(signal) != 0 {
                type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
                std::mem::transmute::<usize, Handler>(behind)(signal, info, registers);
            } else {
                std::mem::transmute::<usize, extern "C" fn(libc::c_int)>(behind)(signal);
            }
        }
        record(signal, &*info.cast(), registers);
    }
}

/// # Safety
/// The arguments of a running SA_SIGINFO handler.
#[inline(always)]
unsafe fn record(signal: libc::c_int, info: &sys::SigInfo, registers: *mut libc::c_void) {
    // SAFETY: the caller's promise; the kernel hands over a valid context, and a number that is in bounds.
    unsafe {
        let board = board();
        let forwarded = board.is_forwarded(signal, info);
        let bit = bit(signal);
        // Where there is one thread, nobody else is at the board; but this too may be interrupted, since a host that is in
        // front of it, or behind, chooses what is blocked meanwhile. So each change is one instruction.
        let alone = sys::single_threaded();
        let queued = QUEUED.load(Ordering::SeqCst) & bit != 0;
        // Whether the signal thread must be told: not when it was before and has not looked yet.
        let mut tell = false;
        if forwarded {
            board.forwarded.fetch_and(!bit, Ordering::SeqCst);
        } else {
            let arrival = &*board.arrivals.as_ptr().add(signal as usize);
            arrival.note(alone, info.code, info.pid, info.uid, info.value());
            if queued {
                sys::set_bits(&board.ready, bit, alone);
            } else {
                tell = sys::set_bits(&board.due, bit, alone) || board.untold.load(Ordering::SeqCst) & bit != 0;
            }
            let fd = board.pipe[1].load(Ordering::Relaxed);
            if fd > 0 {
                sys::write_quiet(fd, &[signal as u8]);
            }
        }
        let me = sys::thread_self();
        // Who pulls is woken by every arrival, and looks.
        let waiter = board.waiter.load(Ordering::SeqCst);
        if waiter != 0 {
            sys::set_bits(&board.news, bit, alone);
            if waiter == me {
                cut(board, &board.news, signal, registers);
                // It pulls on the signal thread: nobody else is to be woken.
                if board.thread.load(Ordering::Relaxed) == me {
                    return;
                }
            } else if !forwarded {
                board.forward(board.waiter_tid.load(Ordering::Relaxed), signal);
            }
        }
        // A queued signal cuts no other call.
        if queued {
            return;
        }
        let thread = board.thread.load(Ordering::Relaxed);
        if thread == 0 || thread == me {
            cut(board, &board.due, signal, registers);
        } else if tell && thread != waiter {
            board.forward(board.tid.load(Ordering::Relaxed), signal);
        }
    }
}

/// Ends this thread's wait with the word, if it is in one.
///
/// Where a handler of the host's has interrupted that wait, with SA_RESTART it would begin again behind it, and nobody
/// look at the word: so the signal is sent once more, to come when that handler has returned.
///
/// # Safety
/// As [`record`].
#[inline(always)]
unsafe fn cut(board: &Board, word: &Word, signal: libc::c_int, registers: *mut libc::c_void) {
    // SAFETY: the caller's promise.
    unsafe {
        if !sys::cut_if_waiting(registers, word) && board.forward(sys::gettid(), signal) {
            sys::hold_back(registers, word, bit(signal));
        }
    }
}

/// Makes a signal due from outside its handler, and tells the signal thread, unless that is this one, and who watches
/// the descriptor.
pub(super) fn make_due(signal: i32) {
    let (board, bit) = (board(), bit(signal));
    if board.due.fetch_or(bit, Ordering::SeqCst) & bit == 0 {
        if !is_signal_thread() {
            // A queued one would not cut it.
            wake(board, board.tid.load(Ordering::SeqCst), signal, !QUEUED.load(Ordering::SeqCst));
        }
        pipe::announce(board);
    }
}

/// The same for one that is queued.
pub(super) fn make_ready(signal: i32) {
    let board = board();
    board.ready.fetch_or(bit(signal), Ordering::SeqCst);
    wake_waiter(signal);
    pipe::announce(board);
}

/// The thread in [`next`](super::next) looks again, at what waits for it and at what is queued: its wait is for what was
/// queued before, and one of those, whose handler is ours, comes to it.
pub(super) fn wake_waiter(signal: i32) {
    let board = board();
    if board.waiter.load(Ordering::SeqCst) != 0 {
        wake(board, board.waiter_tid.load(Ordering::SeqCst), signal, u64::MAX);
    }
}

/// By a signal whose handler is ours: where somebody has put another in the place of this one's, by one of the others.
fn wake(board: &Board, tid: i32, signal: i32, others: u64) {
    let others = others & TAKEN.load(Ordering::SeqCst);
    let others = (1..=LAST).filter(|n| others & bit(*n) != 0);
    if let Some(ours) = std::iter::once(signal).chain(others).find(|n| table::is_in_place(*n)) {
        board.forward(tid, ours);
    }
}

/// Whether a signal that this thread took from the kernel is one that a handler of ours has forwarded.
pub(super) fn is_ours(signal: i32, info: &sys::SigInfo) -> bool {
    let (board, bit) = (board(), bit(signal));
    let forwarded = board.is_forwarded(signal, info);
    if forwarded {
        board.forwarded.fetch_and(!bit, Ordering::SeqCst);
    }
    forwarded
}

/// The same, for who will write there.
pub(super) fn make_board() -> Result<&'static Board> {
    BOARD.wiped_at_fork().map_err(|errno| Error::os("signal", errno))
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
pub(crate) fn word() -> &'static Word {
    let board = board();
    match board.thread.load(Ordering::Relaxed) {
        thread if thread == sys::thread_self() => &board.due,
        0 if ADOPTED.load(Ordering::Relaxed) => word_of_fresh(board),
        _ => &CALM,
    }
}

/// In a fresh child: its first thread is the one that goes on after the fork, in the handlers that it was in.
#[cold]
fn word_of_fresh(board: &'static Board) -> &'static Word {
    if sys::gettid() != sys::getpid() {
        return &CALM;
    }
    dispatch::go_on_after_fork(board);
    adopt(board);
    &board.due
}

/// Whether the calling thread is the signal thread.
pub(super) fn is_signal_thread() -> bool {
    !std::ptr::eq(word(), &CALM)
}

/// The word that is not zero when a handler is due: what a safe point looks at. Its address never changes.
pub fn due_word() -> Result<&'static AtomicU64> {
    make_board().map(|board| &*board.due)
}
