//! Signals: the timer, queued values, and what the handler of the trap may call: bare calls that keep errno.

use std::mem::ManuallyDrop;
use std::os::fd::RawFd;
use std::time::Duration;

use super::memory::Pages;
use super::process;
use super::{Result, SigInfo, always, getpid, gettid, raw};

#[repr(C)]
#[derive(Clone, Copy)]
struct Timer {
    /// Seconds and microseconds: the interval, then what is left.
    interval: [i64; 2],
    value: [i64; 2],
}

fn timeval(time: Duration) -> [i64; 2] {
    // Less than a microsecond would cancel.
    let micros = time.subsec_nanos().div_ceil(1000);
    let seconds = time.as_secs().min(i64::MAX as u64 / 2) as i64;
    [seconds + i64::from(micros / 1_000_000), i64::from(micros % 1_000_000)]
}

/// setitimer(2) with ITIMER_REAL; what was left.
pub(crate) fn alarm(after: Duration, interval: Duration) -> Result<Duration> {
    let new = Timer { interval: timeval(interval), value: timeval(after) };
    let mut old = Timer { interval: [0; 2], value: [0; 2] };
    // SAFETY: 32 bytes to read and to write.
    unsafe {
        raw(libc::SYS_setitimer, [libc::ITIMER_REAL as usize, &raw const new as usize, &raw mut old as usize])?;
    }
    let [seconds, micros] = old.value;
    Ok(Duration::new(seconds as u64, micros as u32 * 1000))
}

/// What comes with a signal that is queued with a value.
fn queued(signal: i32, value: u64) -> SigInfo {
    let uid = process::ids().0[0];
    let mut info = SigInfo { signo: signal, code: libc::SI_QUEUE, pid: getpid(), uid, ..SigInfo::NONE };
    info.set_value(value);
    info
}

/// kill(2), or sigqueue where there is a value.
pub(crate) fn send(pid: i32, signal: i32, value: Option<u64>) -> Result<()> {
    let Some(value) = value else { return super::kill(pid, signal) };
    let info = queued(signal, value);
    let at = &raw const info as usize;
    // SAFETY: a whole siginfo to read.
    unsafe { raw(libc::SYS_rt_sigqueueinfo, [pid as usize, signal as usize, at]) }.map(drop)
}

/// The same through a pidfd.
pub(crate) fn pidfd_send(pidfd: RawFd, signal: i32, value: Option<u64>) -> Result<()> {
    let info = value.map(|value| queued(signal, value));
    let at = info.as_ref().map_or(0, |info| std::ptr::from_ref(info) as usize);
    // SAFETY: null, or a whole siginfo to read.
    unsafe { raw(libc::SYS_pidfd_send_signal, [pidfd as usize, signal as usize, at, 0]) }.map(drop)
}

/// Sends this process what was taken from it, as it was where the kernel lets that be: of what `kill` has sent only its
/// first thread may say who that was.
pub(crate) fn send_again(info: &SigInfo) {
    let (pid, signal, at) = (getpid() as usize, info.signo as usize, std::ptr::from_ref(info) as usize);
    // SAFETY: a whole siginfo to read, and plain numbers.
    unsafe {
        if always(libc::SYS_rt_sigqueueinfo, [pid, signal, at]) != 0 {
            always(libc::SYS_kill, [pid, signal]);
        }
    }
}

#[repr(C)]
struct Stack {
    at: usize,
    flags: i32,
    len: usize,
}

const SS_DISABLE: i32 = 2;

/// Where this thread's alternate stack for signal handlers is.
fn alternate_stack() -> Option<usize> {
    let mut old = Stack { at: 0, flags: SS_DISABLE, len: 0 };
    // SAFETY: 24 bytes to write.
    unsafe { always(libc::SYS_sigaltstack, [0, &raw mut old as usize]) };
    (old.flags & SS_DISABLE == 0).then_some(old.at)
}

pub(crate) fn has_alternate_stack() -> bool {
    alternate_stack().is_some()
}

/// The alternate stack of the thread that made it, for as long as that keeps it.
pub(crate) struct AlternateStack(ManuallyDrop<Pages>);

impl AlternateStack {
    pub(crate) fn new(len: usize) -> Result<AlternateStack> {
        let pages = Pages::new(len, 0)?;
        let new = Stack { at: pages.as_ptr() as usize, flags: 0, len };
        // SAFETY: 24 bytes to read; the stack is unmapped only when the thread has another or none.
        unsafe { raw(libc::SYS_sigaltstack, [&raw const new as usize, 0]) }?;
        Ok(AlternateStack(ManuallyDrop::new(pages)))
    }
}

impl Drop for AlternateStack {
    fn drop(&mut self) {
        // The end of the first thread is the process's, and what runs then may fall too.
        if gettid() == getpid() {
            return;
        }
        let none = Stack { at: 0, flags: SS_DISABLE, len: 0 };
        // SAFETY: 24 bytes to read. What a handler stands on the kernel does not take away, nor do we.
        unsafe {
            let ours = alternate_stack() == Some(self.0.as_ptr() as usize);
            if !ours || raw(libc::SYS_sigaltstack, [&raw const none as usize, 0]).is_ok() {
                ManuallyDrop::drop(&mut self.0);
            }
        }
    }
}

// ---- for handlers that run inside the signal ----

/// Where the interrupted thread stands: instruction, stack.
///
/// # Safety
/// `registers` is the third argument of a running SA_SIGINFO handler.
#[inline(always)]
pub(crate) unsafe fn place(registers: *mut libc::c_void) -> (usize, usize) {
    // SAFETY: the caller's promise.
    unsafe { super::x86_64::place(registers.cast()) }
}

/// Copies memory of this process, mapped or not; how many bytes could be had.
///
/// # Safety
/// `to` is `len` bytes of writable memory.
#[inline(always)]
pub(crate) unsafe fn peek(from: usize, to: *mut u8, len: usize) -> usize {
    let local = [to as usize, len];
    let remote = [from, len];
    // SAFETY: the kernel checks the remote side; the local one is the caller's promise.
    let got = unsafe {
        let pid = getpid() as usize;
        let (local, remote) = (local.as_ptr() as usize, remote.as_ptr() as usize);
        always(libc::SYS_process_vm_readv, [pid, local, 1, remote, 1, 0])
    };
    got.max(0) as usize
}

/// open(2) for reading; negative when it failed.
#[inline(always)]
pub(crate) fn open_quiet(path: &std::ffi::CStr) -> i32 {
    let flags = (libc::O_RDONLY | libc::O_CLOEXEC) as usize;
    // SAFETY: a C string and plain numbers.
    unsafe { always(libc::SYS_openat, [libc::AT_FDCWD as usize, path.as_ptr() as usize, flags]) as i32 }
}

/// # Safety
/// `to` is `len` bytes of writable memory.
#[inline(always)]
pub(crate) unsafe fn read_quiet(fd: i32, to: *mut u8, len: usize) -> usize {
    // SAFETY: the caller's promise.
    unsafe { always(libc::SYS_read, [fd as usize, to as usize, len]).max(0) as usize }
}

/// Sends this thread a signal.
#[inline(always)]
pub(crate) fn raise_here(signal: i32) {
    // SAFETY: plain numbers.
    unsafe { always(libc::SYS_tgkill, [getpid() as usize, gettid() as usize, signal as usize]) };
}

/// Whether this process has a thread of that number.
#[inline(always)]
pub(crate) fn is_here(tid: i32) -> bool {
    // SAFETY: plain numbers; nothing is sent.
    unsafe { always(libc::SYS_tgkill, [getpid() as usize, tid as usize, 0]) == 0 }
}

/// nanosleep(2), that long or until a signal comes.
#[inline(always)]
pub(crate) fn nap(ns: i64) {
    let time = [0, ns];
    // SAFETY: a timespec to read.
    unsafe { always(libc::SYS_nanosleep, [time.as_ptr() as usize, 0]) };
}

/// Lets this thread's process stop by its default action for a signal, and sets back what was when it goes on: inside
/// the handler of that signal.
#[inline(always)]
pub(crate) fn stop_here(signal: i32) {
    let default = [libc::SIG_DFL, 0, 0, 0];
    let mut ours = [0usize; 4];
    let mut mask = 0u64;
    let bit = 1u64.wrapping_shl(signal as u32 - 1);
    let (number, unblock, set) = (signal as usize, libc::SIG_UNBLOCK as usize, libc::SIG_SETMASK as usize);
    // SAFETY: the kernel's own sigaction, 32 bytes with its trampoline, and sets of eight bytes.
    unsafe {
        always(libc::SYS_rt_sigaction, [number, default.as_ptr() as usize, ours.as_mut_ptr() as usize, 8]);
        raise_here(signal);
        always(libc::SYS_rt_sigprocmask, [unblock, &raw const bit as usize, &raw mut mask as usize, 8]);
        // Here it has stopped.
        always(libc::SYS_rt_sigprocmask, [set, &raw const mask as usize, 0, 8]);
        always(libc::SYS_rt_sigaction, [number, ours.as_ptr() as usize, 0, 8]);
    }
}

/// What runs when the process ends by `exit`.
pub(crate) fn at_exit(last: extern "C" fn()) -> Result<()> {
    // SAFETY: a function that is never unmapped.
    if unsafe { libc::atexit(last) } == 0 { Ok(()) } else { Err(libc::ENOMEM) }
}
