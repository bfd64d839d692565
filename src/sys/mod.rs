//! All system calls, and nothing but them: each function is one call of the kernel (or of libc, where the kernel's own
//! form is libc's secret), takes plain values and answers with a value or an errno. Nothing here waits twice, logs or
//! decides. Above this module no one names a system call.
//!
//! Calls that can block take the word that a signal sets (see [`crate::block`]): they go through the stub that is cut
//! when the word is not zero. With the feature `faults` every call asks `faults` first.

#![allow(unsafe_code)]

#[cfg(not(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu")))]
compile_error!("perlipc runs on Linux with glibc on x86-64; another architecture needs its own src/sys/<arch>.rs");

pub(crate) mod child;
pub(crate) mod epoll;
#[cfg(feature = "faults")]
pub mod faults;
pub(crate) mod files;
pub(crate) mod memory;
mod names;
pub(crate) mod probe;
pub(crate) mod process;
pub(crate) mod shared;
pub(crate) mod signals;
pub(crate) mod socket;
pub(crate) mod sysv;
pub(crate) mod tty;
mod x86_64;

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};

pub(crate) use names::ERRNO_NAMES;

/// A value, or the errno.
pub(crate) type Result<T> = std::result::Result<T, i32>;

/// For calls that no signal needs to cut, since they do not wait.
pub(crate) static CALM: Word = Word { inside: AtomicUsize::new(Word::ALL_THREADS), ..Word::new() };

/// What cuts a wait when it is not zero.
#[repr(C)]
pub(crate) struct Word {
    bits: AtomicU64,
    /// The thread that is in a call with this; 0: none is; or all that no signal cuts.
    inside: AtomicUsize,
    /// Signals that this thread is to get once more when it is back in the stub, and that are blocked until then.
    held_back: AtomicU64,
}

impl Word {
    const ALL_THREADS: usize = usize::MAX;

    pub(crate) const fn new() -> Word {
        Word { bits: AtomicU64::new(0), inside: AtomicUsize::new(0), held_back: AtomicU64::new(0) }
    }
}

impl std::ops::Deref for Word {
    type Target = AtomicU64;

    #[inline(always)]
    fn deref(&self) -> &AtomicU64 {
        &self.bits
    }
}

// ---- the gate ----

const fn args<const N: usize>(a: [usize; N]) -> [usize; 6] {
    let mut six = [0; 6];
    let mut i = 0;
    while i < N {
        six[i] = a[i];
        i += 1;
    }
    six
}

fn answer(result: isize) -> Result<usize> {
    if result < 0 { Err(-result as i32) } else { Ok(result as usize) }
}

/// # Safety
/// The arguments are what the kernel expects for `nr`; memory that they name lives until the call returns.
#[inline]
unsafe fn raw<const N: usize>(nr: i64, a: [usize; N]) -> Result<usize> {
    #[cfg(feature = "faults")]
    if let Some(errno) = faults::hit(nr) {
        return Err(errno);
    }
    // SAFETY: the caller's promise.
    answer(unsafe { x86_64::syscall(nr, args(a)) })
}

/// The same through the stub that a signal cuts: EINTR without a call when `word` is not zero.
///
/// # Safety
/// As [`raw`].
#[inline(always)]
unsafe fn cut<const N: usize>(word: &Word, nr: i64, a: [usize; N]) -> Result<usize> {
    #[cfg(feature = "faults")]
    if let Some(errno) = faults::hit(nr) {
        return Err(errno);
    }
    // SAFETY: the caller's promise; the word is there for as long as the borrow.
    answer(unsafe {
        if word.inside.load(Ordering::Relaxed) == Word::ALL_THREADS {
            x86_64::cut(word.as_ptr(), nr, a)
        } else {
            marked(word, nr, a)
        }
    })
}

/// The same, noted while it lasts: for the handler that finds one of the host's in between.
///
/// # Safety
/// As [`raw`].
#[inline(never)]
unsafe fn marked<const N: usize>(word: &Word, nr: i64, a: [usize; N]) -> isize {
    word.inside.store(thread_self(), Ordering::Relaxed);
    // SAFETY: the caller's promise.
    let result = unsafe { x86_64::cut(word.as_ptr(), nr, a) };
    word.inside.store(0, Ordering::Relaxed);
    if word.held_back.load(Ordering::Relaxed) != 0 {
        let_come(word);
    }
    result
}

/// What was held back until the stub, where no handler of a host's was in between, is so still.
#[cold]
fn let_come(word: &Word) {
    set_mask(libc::SIG_UNBLOCK, word.held_back.swap(0, Ordering::SeqCst));
}

fn libc_answer(result: i32) -> Result<()> {
    // SAFETY: errno is this thread's own.
    if result == 0 { Ok(()) } else { Err(unsafe { *libc::__errno_location() }) }
}

/// For the calls that put things back: they never fail on purpose, or a test of failures would test its own making.
///
/// # Safety
/// As [`raw`].
#[inline]
unsafe fn always<const N: usize>(nr: i64, a: [usize; N]) -> isize {
    // SAFETY: the caller's promise.
    unsafe { x86_64::syscall(nr, args(a)) }
}

fn owned(result: Result<usize>) -> Result<OwnedFd> {
    let fd = high(result? as RawFd)?;
    // SAFETY: the kernel has just made this descriptor and gave it to us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Descriptors of ours are never 0, 1 or 2: whoever opens the closed standard ones later must not find a pipe there.
fn high(fd: RawFd) -> Result<RawFd> {
    if fd > 2 {
        return Ok(fd);
    }
    // SAFETY: plain numbers; `fd` is ours alone.
    let moved = unsafe { raw(libc::SYS_fcntl, [fd as usize, libc::F_DUPFD_CLOEXEC as usize, 3]) };
    close(fd);
    moved.map(|fd| fd as RawFd)
}

// ---- the clock, the thread, the process ----

/// Nanoseconds of CLOCK_MONOTONIC (by the vDSO: no system call).
pub(crate) fn monotonic() -> u64 {
    nanoseconds(libc::CLOCK_MONOTONIC)
}

/// The same as of the kernel's last tick, 10 ms ago at most: what costs a few nanoseconds where the exact time costs thirty.
#[inline]
pub(crate) fn monotonic_coarse() -> u64 {
    nanoseconds(libc::CLOCK_MONOTONIC_COARSE)
}

#[inline]
fn nanoseconds(clock: libc::clockid_t) -> u64 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid out-pointer; these clocks always exist.
    unsafe { libc::clock_gettime(clock, &mut t) };
    t.tv_sec as u64 * 1_000_000_000 + t.tv_nsec as u64
}

pub(crate) fn getpid() -> i32 {
    // SAFETY: no arguments.
    unsafe { always(libc::SYS_getpid, []) as i32 }
}

pub(crate) fn gettid() -> i32 {
    // SAFETY: no arguments.
    unsafe { always(libc::SYS_gettid, []) as i32 }
}

/// What tells this thread from the others at no cost; never 0.
#[inline(always)]
pub(crate) fn thread_self() -> usize {
    x86_64::thread_pointer()
}

/// Clears bits of a word that a handler sets on whatever thread; by one instruction that need not be locked where there is
/// but this thread.
#[inline(always)]
pub(crate) fn clear_bits(word: &AtomicU64, bits: u64) {
    if single_threaded() {
        x86_64::clear_bits(word, bits);
    } else {
        word.fetch_and(!bits, Ordering::SeqCst);
    }
}

/// Sets bits of such a word, in a handler too; whether all of them may be new. `alone`: there is but this thread.
#[inline(always)]
pub(crate) fn set_bits(word: &AtomicU64, bits: u64, alone: bool) -> bool {
    if alone {
        x86_64::set_bits(word, bits);
        return true;
    }
    word.fetch_or(bits, Ordering::SeqCst) & bits == 0
}

/// Adds one, in the same way.
#[inline(always)]
pub(crate) fn add_one(number: &AtomicU32, alone: bool) {
    if alone {
        x86_64::add_one(number);
    } else {
        number.fetch_add(1, Ordering::SeqCst);
    }
}

/// Whether no second thread was ever made here (glibc's own note); `false` when it cannot be known.
#[inline]
pub(crate) fn single_threaded() -> bool {
    unsafe extern "C" {
        static __libc_single_threaded: u8;
    }
    // SAFETY: glibc 2.32 and later export this byte; a data race with its writer cannot be, since that would be a second thread.
    unsafe { (&raw const __libc_single_threaded).read_volatile() != 0 }
}

#[cfg(feature = "capi")]
pub(crate) fn errno() -> i32 {
    // SAFETY: the C library's cell of this thread, which is always there.
    unsafe { *libc::__errno_location() }
}

#[cfg(feature = "capi")]
pub(crate) fn set_errno(errno: i32) {
    // SAFETY: this thread's own.
    unsafe { *libc::__errno_location() = errno };
}

pub(crate) fn error_text(errno: i32, room: &mut [u8]) -> bool {
    // SAFETY: the XSI form writes at most `len` bytes and a NUL.
    unsafe { libc::strerror_r(errno, room.as_mut_ptr().cast(), room.len()) == 0 }
}

// ---- descriptors ----

pub(crate) fn close(fd: RawFd) {
    // SAFETY: the caller owns `fd`. Linux has closed it whatever the answer is.
    unsafe { always(libc::SYS_close, [fd as usize]) };
}

/// Opens close-on-exec and above 2. It can block (a FIFO).
pub(crate) fn open(word: &Word, path: &CStr, flags: i32, mode: u32) -> Result<OwnedFd> {
    let flags = flags | libc::O_CLOEXEC | libc::O_NOCTTY;
    // SAFETY: a C string and plain numbers.
    owned(unsafe {
        cut(word, libc::SYS_openat, [libc::AT_FDCWD as usize, path.as_ptr() as usize, flags as usize, mode as usize])
    })
}

/// A pipe, both ends close-on-exec and above 2: reader, writer.
pub(crate) fn pipe() -> Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0 as RawFd; 2];
    // SAFETY: room for two descriptors.
    unsafe { raw(libc::SYS_pipe2, [fds.as_mut_ptr() as usize, libc::O_CLOEXEC as usize]) }?;
    pair(fds)
}

/// A connected pair of Unix stream sockets, both close-on-exec and above 2.
pub(crate) fn socketpair(kind: i32) -> Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0 as RawFd; 2];
    let kind = kind | libc::SOCK_CLOEXEC;
    // SAFETY: room for two descriptors.
    unsafe { raw(libc::SYS_socketpair, [libc::AF_UNIX as usize, kind as usize, 0, fds.as_mut_ptr() as usize]) }?;
    pair(fds)
}

fn pair(fds: [RawFd; 2]) -> Result<(OwnedFd, OwnedFd)> {
    let one = owned(Ok(fds[0] as usize));
    let other = owned(Ok(fds[1] as usize));
    Ok((one?, other?))
}

pub(crate) fn eventfd(flags: i32) -> Result<OwnedFd> {
    // SAFETY: plain numbers.
    owned(unsafe { raw(libc::SYS_eventfd2, [0, (flags | libc::EFD_CLOEXEC) as usize]) })
}

/// A duplicate, close-on-exec and above 2.
pub(crate) fn dup(fd: RawFd) -> Result<OwnedFd> {
    dup_above(fd, 3)
}

/// A duplicate, close-on-exec and not below `above`.
pub(crate) fn dup_above(fd: RawFd, above: RawFd) -> Result<OwnedFd> {
    // SAFETY: plain numbers.
    owned(unsafe { raw(libc::SYS_fcntl, [fd as usize, libc::F_DUPFD_CLOEXEC as usize, above as usize]) })
}

/// Puts `from` on the number `to`, open across exec.
pub(crate) fn dup_onto(from: RawFd, to: RawFd) -> Result<()> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_dup2, [from as usize, to as usize]) }.map(drop)
}

/// Whether the number is an open descriptor (its descriptor flags).
pub(crate) fn fd_flags(fd: RawFd) -> Result<i32> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_fcntl, [fd as usize, libc::F_GETFD as usize]) }.map(|flags| flags as i32)
}

pub(crate) fn set_fd_flags(fd: RawFd, flags: i32) -> Result<()> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_fcntl, [fd as usize, libc::F_SETFD as usize, flags as usize]) }.map(drop)
}

/// The flags of the open file description: access mode, O_NONBLOCK, O_APPEND.
pub(crate) fn file_flags(fd: RawFd) -> Result<i32> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_fcntl, [fd as usize, libc::F_GETFL as usize]) }.map(|flags| flags as i32)
}

pub(crate) fn set_file_flags(fd: RawFd, flags: i32) -> Result<()> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_fcntl, [fd as usize, libc::F_SETFL as usize, flags as usize]) }.map(drop)
}

/// The file's kind and identity.
pub(crate) fn fstat(fd: RawFd) -> Result<libc::stat> {
    // SAFETY: all-zero is a stat; on x86-64 the kernel's and libc's are the same.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: a valid out-pointer.
    unsafe { raw(libc::SYS_fstat, [fd as usize, &raw mut stat as usize]) }?;
    Ok(stat)
}

/// What of the kernel's newer calls was found missing once, so that it is not asked again.
pub(crate) struct Missing(AtomicI32);

impl Missing {
    const fn new() -> Missing {
        Missing(AtomicI32::new(0))
    }

    pub(crate) fn is_known(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    /// Whether the errno says that the call (or this flag of it) is not to be had here, and notes it.
    pub(crate) fn note(&self, errno: i32) -> bool {
        let refused = matches!(errno, libc::ENOSYS | libc::EPERM | libc::EINVAL | libc::E2BIG | libc::EOPNOTSUPP);
        if refused {
            self.0.store(errno, Ordering::Relaxed);
        }
        refused
    }
}

const RWF_NOWAIT: usize = 0x8;
const RWF_NOSIGNAL: usize = 0x100;
pub(crate) static NO_RWF_NOSIGNAL: Missing = Missing::new();

/// read(2), waiting.
#[inline(always)]
pub(crate) fn read(word: &Word, fd: RawFd, room: &mut [u8]) -> Result<usize> {
    // SAFETY: the kernel writes into `room` only.
    unsafe { cut(word, libc::SYS_read, [fd as usize, room.as_mut_ptr() as usize, room.len()]) }
}

/// Reads what is there without waiting, whatever the description's flags say: EAGAIN when there is nothing,
/// EOPNOTSUPP where the kernel cannot promise not to wait.
pub(crate) fn read_nowait(fd: RawFd, room: &mut [u8]) -> Result<usize> {
    let part = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
    // SAFETY: one part, which the kernel fills; position -1 is the current one.
    unsafe { raw(libc::SYS_preadv2, [fd as usize, &raw const part as usize, 1, usize::MAX, usize::MAX, RWF_NOWAIT]) }
}

/// write(2), waiting; a SIGPIPE may come with EPIPE.
pub(crate) fn write(word: &Word, fd: RawFd, data: &[u8]) -> Result<usize> {
    // SAFETY: the kernel reads `data` only.
    unsafe { cut(word, libc::SYS_write, [fd as usize, data.as_ptr() as usize, data.len()]) }
}

/// write(2) without SIGPIPE (Linux 6.18), with or without waiting.
#[inline(always)]
pub(crate) fn write_nosignal(word: &Word, fd: RawFd, data: &[u8], nowait: bool) -> Result<usize> {
    let part = libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
    let flags = RWF_NOSIGNAL | if nowait { RWF_NOWAIT } else { 0 };
    // SAFETY: one part, which the kernel reads; position -1 is the current one.
    unsafe { cut(word, libc::SYS_pwritev2, [fd as usize, &raw const part as usize, 1, usize::MAX, usize::MAX, flags]) }
}

/// Writes what fits without waiting, whatever the description's flags say.
pub(crate) fn write_nowait(fd: RawFd, data: &[u8]) -> Result<usize> {
    let part = libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
    // SAFETY: one part, which the kernel reads; position -1 is the current one.
    unsafe { raw(libc::SYS_pwritev2, [fd as usize, &raw const part as usize, 1, usize::MAX, usize::MAX, RWF_NOWAIT]) }
}

/// send(2) without SIGPIPE.
#[inline(always)]
pub(crate) fn send(word: &Word, fd: RawFd, data: &[u8], flags: i32) -> Result<usize> {
    let flags = (flags | libc::MSG_NOSIGNAL) as usize;
    // SAFETY: the kernel reads `data` only; no address.
    unsafe { cut(word, libc::SYS_sendto, [fd as usize, data.as_ptr() as usize, data.len(), flags, 0, 0]) }
}

/// recv(2).
pub(crate) fn recv(word: &Word, fd: RawFd, room: &mut [u8], flags: i32) -> Result<usize> {
    // SAFETY: the kernel writes into `room` only; no address.
    unsafe {
        cut(word, libc::SYS_recvfrom, [fd as usize, room.as_mut_ptr() as usize, room.len(), flags as usize, 0, 0])
    }
}

pub(crate) fn shutdown(fd: RawFd, how: i32) -> Result<()> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_shutdown, [fd as usize, how as usize]) }.map(drop)
}

pub(crate) fn setsockopt_int(fd: RawFd, level: i32, name: i32, value: i32) -> Result<()> {
    // SAFETY: the kernel reads four bytes of `value`.
    unsafe { raw(libc::SYS_setsockopt, [fd as usize, level as usize, name as usize, &raw const value as usize, 4]) }
        .map(drop)
}

fn timespec(ns: u64) -> libc::timespec {
    libc::timespec { tv_sec: (ns / 1_000_000_000) as i64, tv_nsec: (ns % 1_000_000_000) as i64 }
}

/// ppoll(2) without a mask; `left` in nanoseconds, `None` for ever. The number of entries that have something.
pub(crate) fn poll(word: &Word, fds: &mut [libc::pollfd], left: Option<u64>) -> Result<usize> {
    let mut time = timespec(left.unwrap_or(0));
    let time = if left.is_some() { &raw mut time as usize } else { 0 };
    // SAFETY: the kernel reads and writes `fds` and writes the time that is left.
    unsafe { cut(word, libc::SYS_ppoll, [fds.as_mut_ptr() as usize, fds.len(), time, 0, 8]) }
}

/// Sleeps until a handler has run, or for so many nanoseconds: by pause(2) where there is no limit, the least that there is.
pub(crate) fn wait_for_signal(word: &Word, left: Option<u64>) -> Result<()> {
    match left {
        // SAFETY: no arguments.
        None => unsafe { cut(word, libc::SYS_pause, []) }.map(drop),
        left => poll(word, &mut [], left).map(drop),
    }
}

/// Sleeps.
pub(crate) fn nanosleep(word: &Word, ns: u64) -> Result<()> {
    let time = timespec(ns);
    // SAFETY: the kernel reads the time; no second argument.
    unsafe { cut(word, libc::SYS_nanosleep, [&raw const time as usize, 0]) }.map(drop)
}

/// The entries of a directory that are numbers: /proc, /proc/self/fd.
pub(crate) fn numbers_in(path: &CStr) -> Result<Vec<i32>> {
    let dir = open(&CALM, path, libc::O_RDONLY | libc::O_DIRECTORY, 0)?;
    let mut room = vec![0u8; 32 * 1024];
    let mut found = Vec::new();
    loop {
        // SAFETY: the kernel writes whole records into `room`.
        let len =
            unsafe { raw(libc::SYS_getdents64, [dir.as_raw_fd() as usize, room.as_mut_ptr() as usize, room.len()]) }?;
        if len == 0 {
            return Ok(found);
        }
        let mut records = &room[..len];
        while records.len() > 19 {
            let size = usize::from(u16::from_ne_bytes([records[16], records[17]]));
            let name = records[19..size].split(|b| *b == 0).next().unwrap_or_default();
            found.extend(std::str::from_utf8(name).ok().and_then(|name| name.parse::<i32>().ok()));
            records = &records[size..];
        }
    }
}

/// The first bytes of a small file (of /proc), as many as fit.
pub(crate) fn small_file(path: &CStr, room: &mut [u8]) -> Result<usize> {
    let file = open(&CALM, path, libc::O_RDONLY, 0)?;
    read(&CALM, file.as_raw_fd(), room)
}

/// A file (of /proc) to its end.
pub(crate) fn whole_file(path: &CStr) -> Result<Vec<u8>> {
    let file = open(&CALM, path, libc::O_RDONLY, 0)?;
    let mut data = Vec::new();
    let mut room = vec![0; 32 * 1024];
    loop {
        match read(&CALM, file.as_raw_fd(), &mut room)? {
            0 => return Ok(data),
            len => data.extend_from_slice(&room[..len]),
        }
    }
}

// ---- signals ----

/// A set of signals as the kernel has it: bit n-1 is signal n.
pub(crate) type SigSet = u64;
/// All that may be blocked. Not 32 and 33, the C library's own, for ending threads and changing users in all of them: who
/// changes the user waits for a thread that has them blocked, and one that is started meanwhile has them so for good.
pub(crate) const ALL_SIGNALS: SigSet = !(3 << 31);

/// Changes this thread's mask; the one before.
pub(crate) fn set_mask(how: i32, set: SigSet) -> SigSet {
    let mut old: SigSet = 0;
    // SAFETY: both pointers are to eight bytes; with valid `how` it cannot fail.
    unsafe { always(libc::SYS_rt_sigprocmask, [how as usize, &raw const set as usize, &raw mut old as usize, 8]) };
    old
}

/// What is pending for this thread or its process.
pub(crate) fn pending_set() -> SigSet {
    let mut set: SigSet = 0;
    // SAFETY: eight bytes to write.
    unsafe { always(libc::SYS_rt_sigpending, [&raw mut set as usize, 8]) };
    set
}

/// Takes one pending signal of the set; `left` in nanoseconds, `None` for ever.
pub(crate) fn sigtimedwait(word: &Word, set: SigSet, left: Option<u64>, info: &mut SigInfo) -> Result<i32> {
    let time = timespec(left.unwrap_or(0));
    let time = if left.is_some() { &raw const time as usize } else { 0 };
    // SAFETY: the kernel reads the set and the time and writes the siginfo.
    unsafe { cut(word, libc::SYS_rt_sigtimedwait, [&raw const set as usize, info as *mut SigInfo as usize, time, 8]) }
        .map(|signal| signal as i32)
}

pub(crate) fn kill(pid: i32, signal: i32) -> Result<()> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_kill, [pid as usize, signal as usize]) }.map(drop)
}

/// Takes a signal's disposition and gives the one before: libc's call, since the kernel's needs libc's trampoline.
///
/// # Safety
/// A handler in `new` does only what a handler may.
pub(crate) unsafe fn sigaction(signal: i32, new: Option<&libc::sigaction>) -> Result<libc::sigaction> {
    #[cfg(feature = "faults")]
    if let Some(errno) = faults::hit(libc::SYS_rt_sigaction) {
        return Err(errno);
    }
    // SAFETY: all-zero is a sigaction; the pointers are valid or null.
    unsafe {
        let mut old: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(signal, new.map_or(std::ptr::null(), |new| new), &mut old) == 0 {
            Ok(old)
        } else {
            Err(*libc::__errno_location())
        }
    }
}

/// Puts a disposition back that [`sigaction`] gave. It cannot fail: the signal is one that had been changed.
///
/// # Safety
/// As [`sigaction`].
pub(crate) unsafe fn put_back_sigaction(signal: i32, before: &libc::sigaction) {
    // SAFETY: a valid pointer, and the caller's promise.
    unsafe { libc::sigaction(signal, before, std::ptr::null_mut()) };
}

/// The part of siginfo that every kind has, and what follows it for the kinds that we read.
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct SigInfo {
    pub(crate) signo: i32,
    pub(crate) errno: i32,
    pub(crate) code: i32,
    pad: i32,
    pub(crate) pid: i32,
    pub(crate) uid: u32,
    /// SIGCHLD and waitid: the status. Queued: the low half of the value.
    pub(crate) status: i32,
    high: i32,
    rest: [i32; 24],
}

impl SigInfo {
    pub(crate) const NONE: SigInfo =
        SigInfo { signo: 0, errno: 0, code: 0, pad: 0, pid: 0, uid: 0, status: 0, high: 0, rest: [0; 24] };

    /// The value that a sender queued.
    #[inline(always)]
    pub(crate) fn value(&self) -> u64 {
        u64::from(self.status as u32) | (u64::from(self.high as u32) << 32)
    }

    #[inline(always)]
    fn set_value(&mut self, value: u64) {
        self.status = value as i32;
        self.high = (value >> 32) as i32;
    }
}

/// The handler's way to hand a signal on to another thread: no errno, no libc. `mark` comes with it as the value, so
/// that the other thread knows whom it is from. Whether it is under way.
#[inline(always)]
pub(crate) fn forward(tid: i32, signal: i32, mark: u64) -> bool {
    let pid = getpid();
    let mut info = SigInfo { signo: signal, code: libc::SI_QUEUE, pid, ..SigInfo::NONE };
    info.set_value(mark);
    // SAFETY: a whole siginfo to read.
    unsafe {
        let at = &raw const info as usize;
        always(libc::SYS_rt_tgsigqueueinfo, [pid as usize, tid as usize, signal as usize, at]) == 0
    }
}

/// The handler's way to wake who watches a descriptor.
#[inline(always)]
pub(crate) fn write_quiet(fd: RawFd, data: &[u8]) {
    // SAFETY: the kernel reads `data` only.
    unsafe { always(libc::SYS_write, [fd as usize, data.as_ptr() as usize, data.len()]) };
}

/// In the kernel's handler: ends the wait with this word that was interrupted, if one was. False: the thread is in a call
/// with it, and something else was interrupted, most likely a handler of the host's that has interrupted the call.
///
/// # Safety
/// `registers` is the third argument of a running SA_SIGINFO handler.
#[inline(always)]
pub(crate) unsafe fn cut_if_waiting(registers: *mut libc::c_void, word: &Word) -> bool {
    // SAFETY: the caller's promise.
    unsafe { x86_64::cut_if_waiting(registers.cast()) || word.inside.load(Ordering::Relaxed) != thread_self() }
}

/// In the kernel's handler: when this handler returns, these signals are blocked, until one of the host's that it has
/// interrupted returns to what that has interrupted, or the call with this word is over.
///
/// # Safety
/// As [`cut_if_waiting`].
#[inline(always)]
pub(crate) unsafe fn hold_back(registers: *mut libc::c_void, word: &Word, signals: u64) {
    word.held_back.fetch_or(signals, Ordering::SeqCst);
    // SAFETY: the caller's promise.
    unsafe { x86_64::hold_back(registers.cast(), signals) };
}

/// A descriptor lent by the object that keeps it open.
pub(crate) fn lend_fd<'a>(fd: RawFd) -> BorrowedFd<'a> {
    // SAFETY: only called with the number of an object that the result borrows. A closed object lends -1's stand-in,
    // which every call answers with EBADF.
    unsafe { BorrowedFd::borrow_raw(if fd < 0 { RawFd::MAX } else { fd }) }
}

/// Takes over a descriptor whose owner has just forgotten it.
pub(crate) fn take_fd(fd: RawFd) -> OwnedFd {
    // SAFETY: the caller owned the number and does not use it any more.
    unsafe { OwnedFd::from_raw_fd(fd) }
}
