//! %SIG.

use std::ffi::{c_char, c_void};
use std::time::Duration;

use super::{Handle, error, fail, free, get, give, guard, maybe_text, out_handle, put, set_errno, text};
use crate::error::Error;
use crate::signal::{self, Disposition, Set};
use crate::sys;
use crate::time::Deadline;

/// Called when a signal has arrived, on the signal thread, inside a blocking call of this library or
/// ipc_signal_dispatch; never inside a signal, so it may do anything.
///
/// Result: 0 and the interrupted call goes on; anything else and it ends with PERLIPC_E_HANDLER (Perl's die).
pub type ipc_signal_fn = Option<unsafe extern "C" fn(signo: i32, name: *const c_char, userdata: *mut c_void) -> i32>;

/// What a callback is given back; the caller sees to it that it may be used on the signal thread.
struct UserData(*mut c_void);

// SAFETY: only handed back to the callback that it was registered with.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

/// A disposition to put back: Perl's `local`.
#[repr(C)]
pub struct ipc_saved {
    tag: u32,
    saved: Option<signal::Saved>,
}

impl Handle for ipc_saved {
    const TAG: u32 = u32::from_be_bytes(*b"save");
    const NAME: &'static str = "saved";
}

/// What ipc_signal_trap_handle calls inside the signal: it may do only what a signal handler may.
pub type ipc_trap_fn = Option<unsafe extern "C" fn(signo: i32, userdata: *mut c_void)>;

impl UserData {
    fn get(&self) -> *mut c_void {
        self.0
    }
}

/// A text that lives for ever.
struct Name(*const c_char);

// SAFETY: only ever read.
unsafe impl Send for Name {}
// SAFETY: as above.
unsafe impl Sync for Name {}

impl Name {
    fn get(&self) -> *const c_char {
        self.0
    }
}

/// The number of a signal: "INT", "SIGINT", "2", "CLD", "RTMIN+1", "NUM35"; "ZERO" and "0" are 0.
///
/// Returns: 0 to 64.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any.
/// Blocks: no.
/// Perl: %Config{sig_num}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_number(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::number(unsafe { text(signal, "signal")? }))
}

/// The name of a signal, without "SIG".
///
/// Returns: "INT", "ZERO" for 0; NULL for a number that is no signal. Valid for ever.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: %Config{sig_name}.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_name(signo: i32) -> *const c_char {
    signal::name(signo).map_or(std::ptr::null(), error::interned)
}

/// Installs a handler. The thread that installs the first one becomes the signal thread, where all of them run.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for KILL and STOP, which nobody can have, and SEGV, BUS, FPE, ILL, which would fault for ever;
/// PERLIPC_E_HANDLER when the handler that was gets what has arrived, and gives up: nothing is changed then.
/// Threads: any.
/// Blocks: no.
/// Callbacks: `handler`, on the signal thread, never inside a signal.
/// Perl: $SIG{X} = sub { ... }.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_handle(
    signal: *const c_char,
    handler: ipc_signal_fn,
    userdata: *mut c_void,
) -> i32 {
    guard(|| {
        let Some(handler) = handler else { return Err(Error::invalid("signal", "no handler")) };
        let data = UserData(userdata);
        // SAFETY: the caller's string.
        let signal = unsafe { text(signal, "signal")? };
        let name = Name(error::interned(signal::name(signal::number(signal)?).unwrap_or("?")));
        signal::handle(signal, move |arrived| {
            // Whatever it does, what it interrupted finds errno as it was.
            let errno = sys::errno();
            // SAFETY: called as it was promised, with a name that lives for ever.
            let answer = unsafe { handler(arrived.signal, name.get(), data.get()) };
            set_errno(errno);
            if answer == 0 { Ok(()) } else { Err(answer) }
        })?;
        Ok(0)
    })
}

/// Queues a signal: it runs no handler and cuts no call, and waits to be taken by ipc_signal_next. Equal signals that
/// wait are one, with the count of their arrivals.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for KILL, STOP, SEGV, BUS, FPE, ILL.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_queue(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::queue(unsafe { text(signal, "signal")? }).map(|()| 0))
}

/// Ignores a signal; what the kernel holds back (blocked) is discarded, what has arrived its old handler gets first.
/// Children inherit it.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for KILL and STOP; PERLIPC_E_HANDLER when the old handler gives up: nothing is changed then.
/// Threads: any.
/// Blocks: no.
/// Callbacks: the handler that was, on the signal thread.
/// Perl: $SIG{X} = 'IGNORE'.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_ignore(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::ignore(unsafe { text(signal, "signal")? }).map(|()| 0))
}

/// Gives a signal its default, SIG_DFL.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for KILL and STOP; PERLIPC_E_HANDLER as ipc_signal_ignore.
/// Threads: any.
/// Blocks: no.
/// Callbacks: the handler that was, on the signal thread, for what has arrived.
/// Perl: $SIG{X} = 'DEFAULT'.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_default(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::default(unsafe { text(signal, "signal")? }).map(|()| 0))
}

/// What is done with a signal now, in a word: "DEFAULT", "IGNORE", "HANDLER", "QUEUE", "FOREIGN" (somebody else's handler),
/// "REPLACED" (ours was there, and somebody has put another in its place).
///
/// Returns: the word; NULL for a name that is none. Valid for ever.
/// Errors: by NULL, with errno EINVAL.
/// Threads: any.
/// Blocks: no.
/// Perl: reading $SIG{X}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_disposition(signal: *const c_char) -> *const c_char {
    guard(|| {
        // SAFETY: the caller's string.
        Ok(match signal::disposition(unsafe { text(signal, "signal")? })? {
            Disposition::Default => c"DEFAULT",
            Disposition::Ignore => c"IGNORE",
            Disposition::Handler(_) => c"HANDLER",
            Disposition::Queue => c"QUEUE",
            Disposition::Foreign => c"FOREIGN",
            Disposition::Replaced => c"REPLACED",
        }
        .as_ptr())
    })
}

/// Notes what is done with a signal, a handler of somebody else's too, to be put back: change it then as you like.
/// May be nested.
///
/// Returns: 0, and the note in `out` (hand it to ipc_signal_restore).
/// Errors: PERLIPC_E_INVALID for KILL, STOP and names that are none.
/// Threads: any.
/// Blocks: no.
/// Perl: local $SIG{X}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_save(signal: *const c_char, out: *mut *mut ipc_saved) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and out-parameter.
        unsafe {
            out_handle(out, "save")?;
            let saved = signal::save(text(signal, "signal")?)?;
            give(out, ipc_saved { tag: ipc_saved::TAG, saved: Some(saved) });
            Ok(0)
        }
    })
}

/// Puts back what ipc_signal_save noted, and frees the note; NULL is nothing. What has arrived by then its handler of
/// until now gets first, as in Perl.
///
/// Returns: 0.
/// Errors: PERLIPC_E_HANDLER when that handler gives up; put back and freed it is all the same.
/// Threads: any.
/// Blocks: no.
/// Callbacks: the handler that was, on the signal thread.
/// Perl: the end of the block of a local $SIG{X}.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_restore(saved: *mut ipc_saved) -> i32 {
    if saved.is_null() {
        return 0;
    }
    guard(|| {
        // SAFETY: the caller's handle, used by nobody else any more.
        unsafe {
            get(saved)?;
            let kept = (*saved).saved.take();
            free(saved);
            kept.map_or(Ok(0), |kept| kept.restore().map(|()| 0))
        }
    })
}

/// Takes a queued signal that has arrived, lowest number first, after waiting for one. Who sent it: ipc_signal_sender.
///
/// Returns: the signal's number.
/// Errors: -ETIMEDOUT, PERLIPC_E_INVALID when nothing is queued, PERLIPC_E_BUSY when another thread waits here,
/// PERLIPC_E_HANDLER, -EINTR after ipc_signal_hosted(1).
/// Threads: any, one at a time.
/// Blocks: until a queued signal has arrived or the timeout.
/// Callbacks: handlers of other signals, on the signal thread.
/// Perl: POSIX::sigwaitinfo of other languages; Perl has none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_next(timeout_ms: i32) -> i32 {
    guard(|| signal::next(Deadline::after_ms(timeout_ms)).map(|arrived| arrived.signal))
}

/// Who sent the signal whose handler runs now on this thread, else the one that ipc_signal_next gave it last: pid and
/// real uid of the sender, and the value that it queued. Each may be NULL.
///
/// Returns: how often the signal arrived since it was taken last; all but the last sender are forgotten.
/// Errors: PERLIPC_E_INVALID when there is no such signal.
/// Threads: any; each has its own.
/// Blocks: no.
/// Perl: the siginfo of POSIX::sigaction with SA_SIGINFO.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_sender(pid: *mut i32, uid: *mut u32, value: *mut i64) -> i32 {
    guard(|| {
        let arrived = the_current()?;
        // SAFETY: the caller's out-parameters.
        unsafe {
            put(pid, arrived.pid);
            put(uid, arrived.uid);
            put(value, arrived.value);
        }
        Ok(i32::try_from(arrived.count).unwrap_or(i32::MAX))
    })
}

/// Why that signal was sent: si_code, 0 (SI_USER) for kill, -1 (SI_QUEUE) for sigqueue, above 0 by the kernel (for CHLD:
/// CLD_EXITED and its like).
///
/// Returns: the signal's number, and the code in `code`.
/// Errors: PERLIPC_E_INVALID when there is no such signal.
/// Threads: any; each has its own.
/// Blocks: no.
/// Perl: {code} of the same siginfo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_code(code: *mut i32) -> i32 {
    guard(|| {
        let arrived = the_current()?;
        // SAFETY: the caller's out-parameter.
        unsafe { put(code, arrived.code) };
        Ok(arrived.signal)
    })
}

fn the_current() -> Result<signal::Arrived, Error> {
    signal::current().ok_or(Error::invalid("signal", "no handler runs on this thread, and no signal was taken"))
}

/// A safe point for programs that do not call this library for long: runs the handlers that are due, after waiting for
/// one for `timeout_ms`.
///
/// Returns: how many handlers ran; 0 when time is up, or on a thread that is not the signal thread.
/// Errors: PERLIPC_E_HANDLER when a handler asks to give up; -EINTR after ipc_signal_hosted(1).
/// Threads: any; handlers run on the signal thread only.
/// Blocks: until a handler ran or the timeout.
/// Callbacks: the handlers.
/// Perl: every op is one.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_dispatch(timeout_ms: i32) -> i32 {
    // On whichever thread; which one this is looks who finds something.
    if timeout_ms == 0 && signal::nothing_to_do() {
        return 0;
    }
    dispatch(timeout_ms)
}

/// Apart, so that who finds nothing due saves no registers.
#[cold]
#[inline(never)]
extern "C" fn dispatch(timeout_ms: i32) -> i32 {
    guard(|| signal::dispatch(Deadline::after_ms(timeout_ms)).map(|ran| i32::try_from(ran).unwrap_or(i32::MAX)))
}

/// The word that is not 0 when a handler is due. Fetch its address once, then look at it with PERLIPC_SIGNAL_DUE(word) as
/// often as you like: a load and a branch; when it says so, call ipc_signal_dispatch(0). On the signal thread only.
///
/// Returns: the address, which never changes; NULL when there is no memory.
/// Errors: by NULL.
/// Threads: any.
/// Blocks: no.
/// Perl: PL_sig_pending.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_due_word() -> *const u64 {
    guard(|| signal::due_word().map(|word| word.as_ptr().cast_const()))
}

/// A descriptor for event loops: the reading end of a pipe, readable when a handler is due or a queued signal is ready.
/// Then call ipc_signal_dispatch(0) and ipc_signal_next(0), which empty it. The library keeps it; a forked child asks for
/// its own.
///
/// Returns: the descriptor.
/// Errors: -EMFILE and its like.
/// Threads: any.
/// Blocks: no.
/// Perl: the self-pipe.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_fd() -> i32 {
    guard(signal::fd)
}

/// From now on the calling thread is the signal thread: handlers run in its blocking calls. Until then it is the thread
/// that installed the first handler.
///
/// Returns: 0.
/// Errors: -ENOMEM.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_take_over() -> i32 {
    guard(|| signal::take_over().map(|()| 0))
}

/// Blocks signals for the calling thread: "INT,TERM". Until unblocked they wait in the kernel.
///
/// Returns: how many of them were not blocked before.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any; for the calling thread and those that it starts.
/// Blocks: no.
/// Perl: POSIX::sigprocmask(SIG_BLOCK, ...).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_block(signals: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's string.
        let set = Set::of(unsafe { text(signals, "block")? })?;
        Ok(set.minus(signal::block(set)).len())
    })
}

/// Unblocks signals for the calling thread. The handlers of what had to wait have run when it comes back, on the signal
/// thread.
///
/// Returns: how many of them were blocked before.
/// Errors: PERLIPC_E_INVALID for a name that is none, PERLIPC_E_HANDLER when a handler gives up (unblocked they are then).
/// Threads: any; for the calling thread.
/// Blocks: no.
/// Callbacks: the handlers.
/// Perl: POSIX::sigprocmask(SIG_UNBLOCK, ...).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_unblock(signals: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's string.
        let set = Set::of(unsafe { text(signals, "unblock")? })?;
        Ok(set.minus(set.minus(signal::unblock(set)?)).len())
    })
}

/// Whether a signal is blocked for the calling thread.
///
/// Returns: 1 or 0.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any; for the calling thread.
/// Blocks: no.
/// Perl: POSIX::SigSet's ismember.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_blocked(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| Ok(i32::from(signal::mask().contains(unsafe { text(signal, "signal")? })?)))
}

/// Whether a signal has arrived and was not handled yet: blocked in the kernel, or deferred, or queued.
///
/// Returns: 1 or 0.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any.
/// Blocks: no.
/// Perl: POSIX::sigpending.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_pending(signal: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| Ok(i32::from(signal::pending().contains(unsafe { text(signal, "signal")? })?)))
}

/// Waits until a handler has run, with these signals unblocked meanwhile; then the mask is as it was. What arrived while
/// they were blocked is not missed.
///
/// Returns: how many handlers ran; 0 when time is up.
/// Errors: PERLIPC_E_HANDLER, PERLIPC_E_INVALID for a name that is none and on a thread that is not the signal thread.
/// Threads: the signal thread.
/// Blocks: until a handler ran or the timeout.
/// Callbacks: the handlers.
/// Perl: POSIX::sigsuspend.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_suspend(unblocked: *const c_char, timeout_ms: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's string.
        let set = Set::of(unsafe { text(unblocked, "suspend")? })?;
        let ran = signal::suspend(signal::mask().minus(set), Deadline::after_ms(timeout_ms))?;
        Ok(i32::try_from(ran).unwrap_or(i32::MAX))
    })
}

/// Whether a handler that this library did not install, run during a blocking call, ends that call with -EINTR, with
/// nothing lost: for hosts that run their own handlers between calls. Off at first. Only calls that own their command end
/// that then: ipc_cmd_run, ipc_capture_run, ipc_pipeline_run.
///
/// Returns: 0.
/// Errors: none.
/// Threads: any; it counts for all.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_hosted(on: i32) -> i32 {
    signal::hosted(on != 0);
    0
}

/// Sends a signal to a process, or to a process group given as a negative number or a signal with a minus ("-TERM"); 0 is
/// the own group. "0" or "ZERO" sends nothing and tells whether it could. A child of this library's is reached through
/// its pidfd, so never a stranger. What is sent to this process itself has been handled when it comes back.
///
/// Returns: 1.
/// Errors: -ESRCH there is no such process, -EPERM it is somebody else's, PERLIPC_E_INVALID for an unknown name,
/// PERLIPC_E_HANDLER.
/// Threads: any.
/// Blocks: no.
/// Callbacks: handlers, on the signal thread.
/// Perl: kill.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_kill(signal: *const c_char, pid: i32) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::kill(unsafe { text(signal, "signal")? }, pid).map(|()| 1))
}

/// The same for `count` targets, all of which are tried before a handler runs.
///
/// Returns: how many were reached, each group counted as one; errno is then that of one that was not (ESRCH only where it is
/// the only reason), else 0. That nobody is left is 0, with ESRCH: what was to be ended has ended.
/// Errors: when none was reached, and one that is there could not be: -EPERM; PERLIPC_E_INVALID for an unknown name,
/// PERLIPC_E_HANDLER.
/// Threads: any.
/// Blocks: no.
/// Callbacks: handlers, on the signal thread.
/// Perl: kill SIGNAL, LIST.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_kill_all(signal: *const c_char, pids: *const i32, count: usize) -> i32 {
    guard(|| {
        if pids.is_null() && count > 0 {
            return Err(Error::invalid("kill", "null data"));
        }
        if count > isize::MAX as usize / size_of::<i32>() {
            return Err(Error::invalid("kill", "a length beyond all memory"));
        }
        // SAFETY: the caller's string and array.
        let (signal, pids) = unsafe {
            (text(signal, "signal")?, if count == 0 { &[] } else { std::slice::from_raw_parts(pids, count) })
        };
        let sent = signal::kill_all(signal, pids)?;
        match sent.error {
            Some(error) if sent.reached == 0 && error.errno() != libc::ESRCH => return Err(error),
            Some(error) => drop(fail(error)),
            None => set_errno(0),
        }
        Ok(i32::try_from(sent.reached).unwrap_or(i32::MAX))
    })
}

/// Sends a signal with a value to a process, a child of this library's through its pidfd.
///
/// Returns: 1.
/// Errors: as ipc_signal_kill; -EAGAIN when the queue of that process is full.
/// Threads: any.
/// Blocks: no.
/// Callbacks: handlers, on the signal thread.
/// Perl: none; POSIX's sigqueue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_sigqueue(signal: *const c_char, pid: i32, value: i64) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::sigqueue(unsafe { text(signal, "signal")? }, pid, value).map(|()| 1))
}

/// ALRM after that many milliseconds, and then after each interval unless that is 0; 0 cancels. One for a process.
///
/// Returns: the milliseconds that were left of the one before, rounded up; 0 when there was none.
/// Errors: PERLIPC_E_INVALID for a negative time.
/// Threads: any.
/// Blocks: no.
/// Perl: alarm; Time::HiRes::alarm with an interval.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_alarm(milliseconds: i64, interval_ms: i64) -> i64 {
    guard(|| Ok(milliseconds_up(signal::alarm(duration(milliseconds, "alarm")?, duration(interval_ms, "alarm")?)?)))
}

/// Sleeps for that many milliseconds, or until a handler has run.
///
/// Returns: the milliseconds that are left, rounded up; 0 when it was slept out.
/// Errors: PERLIPC_E_HANDLER, PERLIPC_E_INVALID for a negative time, -EINTR after ipc_signal_hosted(1).
/// Threads: any; handlers cut it short on the signal thread.
/// Blocks: for that time.
/// Callbacks: the handlers.
/// Perl: sleep, which gives what was slept.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_signal_sleep(milliseconds: i64) -> i64 {
    guard(|| Ok(milliseconds_up(signal::sleep(duration(milliseconds, "sleep")?)?)))
}

fn duration(milliseconds: i64, step: &'static str) -> Result<Duration, Error> {
    u64::try_from(milliseconds).map(Duration::from_millis).map_err(|_| Error::invalid(step, "a negative time"))
}

fn milliseconds_up(time: Duration) -> i64 {
    i64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

/// Deadly signals end the process in good order: "Caught a SIGX" and the return addresses on the stack are written to
/// standard error ("file+offset", for addr2line), then the signal takes its default course, so that whoever waits sees the
/// truth. This alone takes SEGV, BUS, FPE and ILL. Nothing of it is deferred: it works without safe points.
///
/// `signals`: names, and Perl's words "normal-signals" (HUP INT PIPE TERM), "error-signals" (ABRT BUS FPE ILL QUIT SEGV SYS
/// TRAP), "old-interface-signals" (these with PIPE and TERM; also for NULL or ""), "untrapped" (of what follows, only what
/// is at its default), "any".
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for an unknown word.
/// Threads: any; the calling one gets an alternate stack, so that it can report the end of its stack.
/// Blocks: no.
/// Perl: use sigtrap.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_trap(signals: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| signal::trap(unsafe { maybe_text(signals, "trap")? }.unwrap_or("")).map(|()| 0))
}

/// The same with a last act after the trace. It runs inside the signal, on the alternate stack where there is one: it may
/// do only what a signal handler may, write(2) and _exit(2) say, and call nothing of this library.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for an unknown word.
/// Threads: any.
/// Blocks: no.
/// Callbacks: `last`, inside the signal: the one exception to the rule.
/// Perl: use sigtrap 'handler'.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_signal_trap_handle(
    signals: *const c_char,
    last: ipc_trap_fn,
    userdata: *mut c_void,
) -> i32 {
    guard(|| {
        let Some(last) = last else { return Err(Error::invalid("trap", "no handler")) };
        // SAFETY: the caller's string, and its promise about `last`.
        unsafe { signal::trap_handle(maybe_text(signals, "trap")?.unwrap_or(""), last, userdata) }?;
        Ok(0)
    })
}
