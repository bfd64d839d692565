//! Perl's `%SIG`: signals by name, handlers that may do anything because they never run inside a signal.
//!
//! The kernel's handler records (a bit, a count, who sent it) and wakes; no more. The user's handlers run on the *signal
//! thread*, the one that installed the first of them, inside its blocking calls of this library and in [`dispatch`].
//! A handler that returns `Ok` lets the interrupted call go on with the time that is left; `Err` ends it with
//! [`Error::Abandoned`], and what was read stays in the stream.
//!
//! Nothing is installed until asked.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::block::{CALM, Stop, Wait};
use crate::error::{Error, Result};
use crate::sys;
use crate::time::Deadline;

// ---- names ----

/// The standard signals of this system, in Perl's order: name and number. Aliases come last.
static NAMES: &[(&str, i32)] = &[
    ("ZERO", 0),
    ("HUP", libc::SIGHUP),
    ("INT", libc::SIGINT),
    ("QUIT", libc::SIGQUIT),
    ("ILL", libc::SIGILL),
    ("TRAP", libc::SIGTRAP),
    ("ABRT", libc::SIGABRT),
    ("BUS", libc::SIGBUS),
    ("FPE", libc::SIGFPE),
    ("KILL", libc::SIGKILL),
    ("USR1", libc::SIGUSR1),
    ("SEGV", libc::SIGSEGV),
    ("USR2", libc::SIGUSR2),
    ("PIPE", libc::SIGPIPE),
    ("ALRM", libc::SIGALRM),
    ("TERM", libc::SIGTERM),
    ("STKFLT", libc::SIGSTKFLT),
    ("CHLD", libc::SIGCHLD),
    ("CONT", libc::SIGCONT),
    ("STOP", libc::SIGSTOP),
    ("TSTP", libc::SIGTSTP),
    ("TTIN", libc::SIGTTIN),
    ("TTOU", libc::SIGTTOU),
    ("URG", libc::SIGURG),
    ("XCPU", libc::SIGXCPU),
    ("XFSZ", libc::SIGXFSZ),
    ("VTALRM", libc::SIGVTALRM),
    ("PROF", libc::SIGPROF),
    ("WINCH", libc::SIGWINCH),
    ("IO", libc::SIGIO),
    ("PWR", libc::SIGPWR),
    ("SYS", libc::SIGSYS),
    ("IOT", libc::SIGABRT),
    ("CLD", libc::SIGCHLD),
    ("POLL", libc::SIGIO),
];

const LAST: i32 = 64;
const RTMIN: i32 = 34;

/// Names of 32 to 64 as Perl has them.
static REAL_TIME: [&str; 33] = [
    "NUM32", "NUM33", "RTMIN", "NUM35", "NUM36", "NUM37", "NUM38", "NUM39", "NUM40", "NUM41", "NUM42", "NUM43",
    "NUM44", "NUM45", "NUM46", "NUM47", "NUM48", "NUM49", "NUM50", "NUM51", "NUM52", "NUM53", "NUM54", "NUM55",
    "NUM56", "NUM57", "NUM58", "NUM59", "NUM60", "NUM61", "NUM62", "NUM63", "RTMAX",
];

/// The name of a signal, without "SIG": "INT"; `None` for a number that is no signal. 0 is "ZERO".
pub fn name(signal: i32) -> Option<&'static str> {
    match signal {
        32..=LAST => Some(REAL_TIME[(signal - 32) as usize]),
        _ => NAMES.iter().find(|(_, n)| *n == signal).map(|(name, _)| *name),
    }
}

/// The number of a signal by its name: "INT", "SIGINT", "CLD", "2", "RTMIN+1", "NUM35". "ZERO" and "0" are 0.
/// Upper case only, as in Perl.
pub fn number(signal: &str) -> Result<i32> {
    let unknown = || Error::invalid("signal", format!("no such signal: {signal:?}"));
    let short = signal.strip_prefix("SIG").unwrap_or(signal);
    if let Some((_, n)) = NAMES.iter().find(|(name, _)| *name == short) {
        return Ok(*n);
    }
    let plain = |digits: &str| digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse::<i32>().ok()).flatten();
    let n = if let Some(more) = short.strip_prefix("RTMIN") {
        match more.strip_prefix('+') {
            Some(more) => plain(more).and_then(|more| more.checked_add(RTMIN)).filter(|n| *n >= RTMIN),
            None => more.is_empty().then_some(RTMIN),
        }
    } else if let Some(less) = short.strip_prefix("RTMAX") {
        match less.strip_prefix('-') {
            Some(less) => plain(less).and_then(|less| LAST.checked_sub(less)).filter(|n| *n >= RTMIN),
            None => less.is_empty().then_some(LAST),
        }
    } else if let Some(digits) = short.strip_prefix("NUM") {
        plain(digits).filter(|n| *n >= 32)
    } else {
        plain(signal)
    };
    n.filter(|n| (0..=LAST).contains(n)).ok_or_else(unknown)
}

/// All names with their numbers, in Perl's order: `kill -l` and the aliases.
pub fn names() -> impl Iterator<Item = (&'static str, i32)> {
    let standard = NAMES.iter().copied();
    let (plain, alias) = (standard.clone().take(32), standard.skip(32));
    plain.chain((32..=LAST).map(|n| (REAL_TIME[(n - 32) as usize], n))).chain(alias)
}

// ---- what the kernel's handler writes ----

/// What the handler knows of one signal's last arrival.
#[derive(Default)]
struct Arrival {
    count: AtomicU32,
    code: AtomicI32,
    pid: AtomicI32,
    uid: AtomicU32,
    value: AtomicU64,
}

/// On a page that is wiped at fork: a child has nothing pending and no signal thread yet, as in Perl.
struct Board {
    /// Signals whose handler must run: what cuts a wait.
    due: AtomicU64,
    /// Arrived and not yet taken.
    pending: AtomicU64,
    /// Their handlers run now: they become due when that is over.
    held: AtomicU64,
    /// The signal thread (its control block, its number); 0 in a fresh child, whose only thread it is.
    thread: AtomicUsize,
    tid: AtomicI32,
    /// A pipe that is readable when something is due; 0: none.
    fd: AtomicI32,
    arrivals: [Arrival; LAST as usize + 1],
}

static BOARD: AtomicPtr<Board> = AtomicPtr::new(std::ptr::null_mut());

#[inline]
fn board() -> Option<&'static Board> {
    // SAFETY: null, or a page that is never unmapped; all fields are atomics.
    unsafe { BOARD.load(Ordering::Acquire).as_ref() }
}

fn bit(signal: i32) -> u64 {
    1 << (signal - 1)
}

/// The kernel's handler. It records and wakes; atomics, and system calls that keep errno: nothing else may be added.
extern "C" fn on_signal(signal: libc::c_int, info: *mut libc::siginfo_t, registers: *mut libc::c_void) {
    // SAFETY: installed only after the board was made; the kernel hands over a valid siginfo and context.
    unsafe {
        let board = &*BOARD.load(Ordering::Acquire);
        let info = &*info.cast::<sys::SigInfo>();
        let mark = std::ptr::from_ref(board) as u64;
        let forwarded = info.code == libc::SI_QUEUE && info.value() == mark;
        if !forwarded {
            let arrival = board.arrivals.as_ptr().add(signal as usize);
            (*arrival).code.store(info.code, Ordering::Relaxed);
            (*arrival).pid.store(info.pid, Ordering::Relaxed);
            (*arrival).uid.store(info.uid, Ordering::Relaxed);
            (*arrival).value.store(info.value(), Ordering::Relaxed);
            (*arrival).count.fetch_add(1, Ordering::Relaxed);
            let bit = 1u64.wrapping_shl(signal as u32 - 1);
            board.pending.fetch_or(bit, Ordering::SeqCst);
            if board.held.load(Ordering::SeqCst) & bit == 0 {
                board.due.fetch_or(bit, Ordering::SeqCst);
            }
            let fd = board.fd.load(Ordering::Relaxed);
            if fd > 0 {
                sys::write_quiet(fd, &[signal as u8]);
            }
        }
        let thread = board.thread.load(Ordering::Relaxed);
        if thread == 0 || thread == sys::thread_self() {
            sys::cut_if_waiting(registers);
        } else if !forwarded {
            sys::forward(board.tid.load(Ordering::Relaxed), signal, mark);
        }
    }
}

// ---- who handles what ----

/// What is called when a signal has arrived. `Err(value)` gives up the call that was interrupted.
pub type Handler = Arc<dyn Fn(&Arrived) -> std::result::Result<(), i32> + Send + Sync>;

/// A signal that has arrived, as its handler sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrived {
    /// The signal's number.
    pub signal: i32,
    /// How often it arrived since its handler ran last; the kernel merges equal standard signals before that.
    pub count: u32,
    /// Why it was sent: `si_code`, 0 for kill, -1 for sigqueue.
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

/// What is done with a signal.
#[derive(Clone)]
pub enum Disposition {
    /// SIG_DFL.
    Default,
    /// SIG_IGN.
    Ignore,
    /// Deferred to the handler.
    Handler(Handler),
    /// Somebody else's: a handler that this library did not install.
    Foreign,
}

struct Entry {
    handler: Option<Handler>,
    /// What the kernel had before our first change.
    found: Option<libc::sigaction>,
}

struct Table {
    entries: Vec<Entry>,
    /// How many `system` calls wait now, and what INT and QUIT were before the first.
    systems: usize,
    before_system: Option<[libc::sigaction; 2]>,
}

// SAFETY: a sigaction is plain numbers; its pointers are only given back to the kernel.
unsafe impl Send for Table {}

static TABLE: Mutex<Option<Table>> = Mutex::new(None);
static HOSTED: AtomicBool = AtomicBool::new(false);
static HOST: RwLock<Option<fn() -> bool>> = RwLock::new(None);

fn table() -> MutexGuard<'static, Option<Table>> {
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn entry(table: &mut Option<Table>, signal: i32) -> &mut Entry {
    let table = table.get_or_insert_with(|| Table {
        entries: (0..=LAST).map(|_| Entry { handler: None, found: None }).collect(),
        systems: 0,
        before_system: None,
    });
    &mut table.entries[signal as usize]
}

fn make_board() -> Result<&'static Board> {
    if let Some(board) = board() {
        return Ok(board);
    }
    let failed = |errno| Error::os("signal", errno);
    let size = size_of::<Board>().next_multiple_of(4096);
    let pages = sys::Pages::new(size, 0).map_err(failed)?;
    pages.advise(libc::MADV_WIPEONFORK).map_err(failed)?;
    let at = pages.as_ptr().cast::<Board>();
    std::mem::forget(pages);
    // SAFETY: zeroed memory is a Board (atomics only), aligned to a page, never unmapped from now on.
    let board = unsafe { &*at };
    adopt(board);
    BOARD.store(at, Ordering::Release);
    Ok(board)
}

/// Makes the calling thread the signal thread.
fn adopt(board: &Board) {
    board.tid.store(sys::gettid(), Ordering::SeqCst);
    board.thread.store(sys::thread_self(), Ordering::SeqCst);
}

/// The signal thread from now on is the calling one: handlers run here, and blocking calls here are woken.
pub fn take_over() -> Result<()> {
    adopt(make_board()?);
    Ok(())
}

fn catchable(signal: i32) -> Result<()> {
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

fn change(signal: i32, handler: Option<Handler>, raw: libc::sighandler_t) -> Result<()> {
    catchable(signal)?;
    // SAFETY: all-zero is a sigaction.
    let mut new: libc::sigaction = unsafe { std::mem::zeroed() };
    new.sa_sigaction = raw;
    if raw != libc::SIG_DFL && raw != libc::SIG_IGN {
        new.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        // SAFETY: a valid set.
        unsafe { libc::sigfillset(&mut new.sa_mask) };
    }
    let mut table = table();
    entry(&mut table, signal);
    let before_system = table.as_mut().and_then(|table| table.before_system.as_mut());
    let at = BELONG_TO_CHILD.iter().position(|theirs| *theirs == signal);
    let old = match before_system.zip(at).and_then(|(before, at)| before.get_mut(at)) {
        // While a `system` waits the signal is ignored; the last one to end puts the new disposition in place.
        Some(before) => std::mem::replace(before, new),
        // SAFETY: our handler keeps the rules of handlers; the others are the kernel's own.
        None => unsafe { sys::sigaction(signal, Some(&new)) }
            .map_err(|errno| Error::at("signal", name(signal).unwrap_or("?"), errno))?,
    };
    let entry = entry(&mut table, signal);
    entry.found.get_or_insert(old);
    entry.handler = handler;
    if raw == libc::SIG_IGN {
        // As Perl: what was pending is gone with it.
        if let Some(board) = board() {
            board.pending.fetch_and(!bit(signal), Ordering::SeqCst);
            board.due.fetch_and(!bit(signal), Ordering::SeqCst);
            board.arrivals[signal as usize].count.store(0, Ordering::SeqCst);
        }
    }
    Ok(())
}

/// Perl's `$SIG{X} = sub { ... }`. The thread that installs the first handler becomes the signal thread.
///
/// KILL and STOP cannot be had; SEGV, BUS, FPE and ILL are refused, since put off they would fault for ever.
pub fn handle(
    signal: &str,
    handler: impl Fn(&Arrived) -> std::result::Result<(), i32> + Send + Sync + 'static,
) -> Result<()> {
    let n = number(signal)?;
    if matches!(n, libc::SIGSEGV | libc::SIGBUS | libc::SIGFPE | libc::SIGILL) {
        return Err(Error::invalid(
            "signal",
            format!("a handler of {signal} cannot be deferred: it would fault for ever"),
        ));
    }
    make_board()?;
    change(n, Some(Arc::new(handler)), on_signal as *const () as libc::sighandler_t)
}

/// Perl's `$SIG{X} = 'IGNORE'`. What was pending is discarded. Children inherit it, as in Perl.
pub fn ignore(signal: &str) -> Result<()> {
    change(number(signal)?, None, libc::SIG_IGN)
}

/// Perl's `$SIG{X} = 'DEFAULT'`: SIG_DFL, whatever was found at first.
pub fn default(signal: &str) -> Result<()> {
    change(number(signal)?, None, libc::SIG_DFL)
}

/// What is done with a signal now, also where somebody else arranged that.
pub fn disposition(signal: &str) -> Result<Disposition> {
    let n = number(signal)?;
    // SAFETY: nothing is changed.
    let now = unsafe { sys::sigaction(n, None) }.map_err(|errno| Error::at("signal", signal, errno))?;
    let mut table = table();
    Ok(match now.sa_sigaction {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignore,
        raw if raw == on_signal as *const () as usize => {
            entry(&mut table, n).handler.clone().map_or(Disposition::Foreign, Disposition::Handler)
        }
        _ => Disposition::Foreign,
    })
}

/// Whether a handler that is not ours, run during a blocking call of ours, ends that call with
/// [`Error::Interrupted`] (nothing is lost): for hosts that run their own handlers between calls. Off at first.
pub fn hosted(on: bool) {
    HOSTED.store(on, Ordering::Relaxed);
}

/// As [`hosted`], for a host whose handlers can be run from inside a call: `run` does that, on the thread whose call a
/// handler that is not ours has interrupted. True: the call goes on with the time that is left; false: it ends with
/// [`Error::Interrupted`].
pub fn host(run: fn() -> bool) {
    *HOST.write().unwrap_or_else(PoisonError::into_inner) = Some(run);
    hosted(true);
}

/// A handler that is not ours has run: what the host says to that.
fn ask_host() -> Wait<()> {
    if !HOSTED.load(Ordering::Relaxed) {
        return Ok(());
    }
    let run = *HOST.read().unwrap_or_else(PoisonError::into_inner);
    if run.is_some_and(|run| run()) { Ok(()) } else { Err(Stop::Interrupted) }
}

// ---- delivery ----

/// The word that cuts this thread's waits.
#[inline]
pub(crate) fn word() -> &'static AtomicU64 {
    match board() {
        None => &CALM,
        Some(board) => match board.thread.load(Ordering::Relaxed) {
            thread if thread == sys::thread_self() => &board.due,
            0 => {
                adopt(board);
                &board.due
            }
            _ => &CALM,
        },
    }
}

/// A wait was cut short: runs what is due, says whether the wait goes on.
#[cold]
pub(crate) fn interrupted() -> Wait<()> {
    if std::ptr::eq(word(), &CALM) || run_due()? == 0 { ask_host() } else { Ok(()) }
}

/// Puts a signal back that is held while its handler runs.
struct Held<'a>(&'a Board, i32);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let bit = bit(self.1);
        self.0.held.fetch_and(!bit, Ordering::SeqCst);
        if self.0.pending.load(Ordering::SeqCst) & bit != 0 {
            self.0.due.fetch_or(bit, Ordering::SeqCst);
        }
    }
}

/// Runs the handlers that are due, lowest number first, each with its own signal held; how many ran.
fn run_due() -> Wait<u32> {
    let Some(board) = board() else { return Ok(0) };
    let mut ran = 0;
    loop {
        let due = board.due.load(Ordering::SeqCst);
        if due == 0 {
            return Ok(ran);
        }
        let signal = due.trailing_zeros() as i32 + 1;
        board.held.fetch_or(bit(signal), Ordering::SeqCst);
        let held = Held(board, signal);
        board.due.fetch_and(!bit(signal), Ordering::SeqCst);
        if board.pending.fetch_and(!bit(signal), Ordering::SeqCst) & bit(signal) == 0 {
            continue;
        }
        let last = &board.arrivals[signal as usize];
        let count = last.count.swap(0, Ordering::SeqCst);
        if count == 0 {
            // It arrived while the run before was taking stock, and was counted there.
            continue;
        }
        let arrived = Arrived {
            signal,
            count,
            code: last.code.load(Ordering::Relaxed),
            pid: last.pid.load(Ordering::Relaxed),
            uid: last.uid.load(Ordering::Relaxed),
            value: last.value.load(Ordering::Relaxed) as i64,
        };
        let handler = entry(&mut table(), signal).handler.clone();
        let Some(handler) = handler else { continue };
        ran += 1;
        let result = handler(&arrived);
        drop(held);
        if let Err(value) = result {
            return Err(Stop::Abandoned { signal, value });
        }
    }
}

/// A safe point: runs the handlers that are due, after waiting for one until the deadline. How many ran; 0 when time
/// is up, or at once on a thread that is not the signal thread.
pub fn dispatch(deadline: Deadline) -> Result<u32> {
    loop {
        if std::ptr::eq(word(), &CALM) {
            return Ok(0);
        }
        let ran = run_due().map_err(|stop| stop.error("dispatch"))?;
        if ran > 0 || deadline.passed() {
            return Ok(ran);
        }
        // SIGPIPE-like neighbours may wake it for nothing; then it waits again.
        match sys::poll(word(), &mut [], deadline.left()) {
            Ok(_) => {}
            Err(libc::EINTR) if board().is_some_and(|b| b.due.load(Ordering::SeqCst) != 0) => {}
            Err(libc::EINTR) => ask_host().map_err(|stop| stop.error("dispatch"))?,
            Err(errno) => return Err(Error::os("dispatch", errno)),
        }
    }
}

/// A write met a pipe without readers, and the kernel was told to send no SIGPIPE: a handler that was set through us
/// runs all the same, as the manual's spooler expects.
#[cold]
pub(crate) fn broken_pipe() -> Wait<()> {
    if board().is_none() || entry(&mut table(), libc::SIGPIPE).handler.is_none() {
        return Ok(());
    }
    if let Some(board) = board() {
        board.arrivals[libc::SIGPIPE as usize].count.fetch_add(1, Ordering::SeqCst);
        board.pending.fetch_or(bit(libc::SIGPIPE), Ordering::SeqCst);
        board.due.fetch_or(bit(libc::SIGPIPE), Ordering::SeqCst);
    }
    if std::ptr::eq(word(), &CALM) { Ok(()) } else { run_due().map(drop) }
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

// ---- sending ----

/// Perl's `kill`: a positive pid is a process, a negative one a process group, 0 the own group. "0" or "ZERO" sends
/// nothing and tells whether it could.
pub fn kill(signal: &str, pid: i32) -> Result<()> {
    let n = number(signal)?;
    sys::kill(pid, n).map_err(|errno| Error::at("kill", pid.to_string(), errno))
}

// ---- system: INT and QUIT are the child's while it runs ----

/// While one is alive, INT and QUIT are ignored in this process. Counted over all threads: the first sets it, the last
/// puts back what was.
#[derive(Debug)]
pub(crate) struct Deaf(());

const BELONG_TO_CHILD: [i32; 2] = [libc::SIGINT, libc::SIGQUIT];

impl Deaf {
    pub(crate) fn new() -> Result<Deaf> {
        let mut guard = table();
        entry(&mut guard, libc::SIGINT);
        let Some(table) = guard.as_mut() else { return Err(Error::os("signal", libc::ENOMEM)) };
        if table.systems == 0 {
            // SAFETY: all-zero is a sigaction, and SIG_IGN needs no more.
            let mut ignore: libc::sigaction = unsafe { std::mem::zeroed() };
            ignore.sa_sigaction = libc::SIG_IGN;
            let mut before = [ignore; 2];
            let set = |signal: i32, new: &libc::sigaction| {
                // SAFETY: SIG_IGN, or what was there before.
                unsafe { sys::sigaction(signal, Some(new)) }
                    .map_err(|errno| Error::at("signal", name(signal).unwrap_or("?"), errno))
            };
            let [int, quit] = BELONG_TO_CHILD;
            before[0] = set(int, &ignore)?;
            before[1] = set(quit, &ignore).inspect_err(|_| drop(set(int, &before[0])))?;
            table.before_system = Some(before);
        }
        table.systems += 1;
        Ok(Deaf(()))
    }
}

impl Drop for Deaf {
    fn drop(&mut self) {
        let mut guard = table();
        let Some(table) = guard.as_mut() else { return };
        table.systems -= 1;
        if table.systems > 0 {
            return;
        }
        for (signal, before) in BELONG_TO_CHILD.iter().zip(table.before_system.take().iter().flatten()) {
            // SAFETY: what was there before.
            unsafe { sys::put_back_sigaction(*signal, before) };
        }
    }
}

/// Of INT and QUIT, those whose default must be put back in a child that is started now, since [`Deaf`] alone made
/// them ignored.
pub(crate) fn deaf_for_child() -> u64 {
    let guard = table();
    let Some(before) = guard.as_ref().and_then(|table| table.before_system.as_ref()) else { return 0 };
    let mut set = 0;
    for (signal, before) in BELONG_TO_CHILD.iter().zip(before) {
        if before.sa_sigaction != libc::SIG_IGN {
            set |= bit(*signal);
        }
    }
    set
}
