//! Memory that processes share, with a lock in it that survives its holder: libc's robust process-shared mutex.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::{Result, Word, always, cut, raw, timespec};

/// A shared mapping, of a file or anonymous (then shared with children), that begins with a mutex.
///
/// Other processes write to it at any moment: its bytes are copied, never referred to.
#[derive(Debug)]
pub(crate) struct Shared {
    at: *mut u8,
    len: usize,
    kept: AtomicBool,
}

// SAFETY: plain memory, which stays mapped as long as the value lives; only atomics, copies and the mutex touch it.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

/// The mutex's part at the beginning.
const MUTEX: usize = size_of::<libc::pthread_mutex_t>();

impl Shared {
    /// Where the owner's own data may begin.
    pub(crate) const BODY: usize = 64;

    /// `len` is at least [`BODY`](Shared::BODY), and the file is as long.
    pub(crate) fn map(file: Option<BorrowedFd<'_>>, len: usize) -> Result<Shared> {
        const { assert!(MUTEX <= Shared::BODY) };
        let (flags, fd) = match file {
            Some(file) => (libc::MAP_SHARED, file.as_raw_fd() as usize),
            None => (libc::MAP_SHARED | libc::MAP_ANONYMOUS, usize::MAX),
        };
        let protection = (libc::PROT_READ | libc::PROT_WRITE) as usize;
        // SAFETY: a new mapping wherever the kernel likes.
        let at = unsafe { raw(libc::SYS_mmap, [0, len.max(Shared::BODY), protection, flags as usize, fd, 0]) }?;
        Ok(Shared { at: at as *mut u8, len, kept: AtomicBool::new(false) })
    }

    fn mutex(&self) -> *mut libc::pthread_mutex_t {
        self.at.cast()
    }

    /// The mutex's first word, which the kernel knows too: the thread that holds it, and whether one died or waits.
    fn lock_word(&self) -> &AtomicU32 {
        // SAFETY: mapped as long as `self` lives. That the word comes first is part of glibc's and the kernel's ABI.
        unsafe { AtomicU32::from_ptr(self.at.cast()) }
    }

    /// The number of the thread that has the mutex, in its own pid namespace; 0 none.
    #[inline]
    pub(crate) fn holder(&self) -> u32 {
        self.lock_word().load(Ordering::Relaxed) & libc::FUTEX_TID_MASK
    }

    /// A number in the body, which processes share; `at` is a multiple of 8 within it.
    pub(crate) fn number(&self, at: usize) -> &AtomicU64 {
        assert!(at >= Shared::BODY && at.is_multiple_of(8) && at + 8 <= self.len, "outside the shared memory");
        // SAFETY: within the mapping and aligned, as was just checked.
        unsafe { AtomicU64::from_ptr(self.at.add(at).cast()) }
    }

    /// The same of half the size, for a futex; `at` is a multiple of 4.
    #[inline]
    pub(crate) fn word(&self, at: usize) -> &AtomicU32 {
        assert!(at >= Shared::BODY && at.is_multiple_of(4) && at + 4 <= self.len, "outside the shared memory");
        // SAFETY: within the mapping and aligned, as was just checked.
        unsafe { AtomicU32::from_ptr(self.at.add(at).cast()) }
    }

    /// Copies out of the body.
    pub(crate) fn read(&self, at: usize, room: &mut [u8]) {
        assert!(at >= Shared::BODY && at <= self.len && room.len() <= self.len - at, "outside the shared memory");
        // SAFETY: within the mapping, as was just checked; `room` is Rust's memory, so elsewhere.
        unsafe { std::ptr::copy_nonoverlapping(self.at.add(at), room.as_mut_ptr(), room.len()) };
    }

    /// Copies into the body.
    pub(crate) fn write(&self, at: usize, data: &[u8]) {
        assert!(at >= Shared::BODY && at <= self.len && data.len() <= self.len - at, "outside the shared memory");
        // SAFETY: as above.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), self.at.add(at), data.len()) };
    }

    /// Lets it stay mapped for good.
    pub(crate) fn keep(&self) {
        self.kept.store(true, Ordering::Relaxed);
    }

    // ---- the mutex ----

    /// Makes the mutex, before any other process can see the memory.
    pub(crate) fn make_mutex(&self) -> Result<()> {
        let done = |code| if code == 0 { Ok(()) } else { Err(code) };
        // SAFETY: attributes of our own; the mutex lies at the beginning of a page of ours and is used by nobody yet.
        unsafe {
            let mut attributes: libc::pthread_mutexattr_t = std::mem::zeroed();
            let a = &raw mut attributes;
            done(libc::pthread_mutexattr_init(a))?;
            let made = done(libc::pthread_mutexattr_setpshared(a, libc::PTHREAD_PROCESS_SHARED))
                .and_then(|()| done(libc::pthread_mutexattr_setrobust(a, libc::PTHREAD_MUTEX_ROBUST)))
                .and_then(|()| done(libc::pthread_mutexattr_settype(a, libc::PTHREAD_MUTEX_ERRORCHECK)))
                .and_then(|()| done(libc::pthread_mutex_init(self.mutex(), a)));
            libc::pthread_mutexattr_destroy(a);
            made
        }
    }

    /// Takes it if nobody has it. `Ok(true)`: who had it died with it. EBUSY: taken; EDEADLK: by this thread.
    #[inline]
    pub(crate) fn try_lock(&self) -> Result<bool> {
        // SAFETY: a mutex that was made before anybody could map it; it is not moved while this thread has it.
        match unsafe { libc::pthread_mutex_trylock(self.mutex()) } {
            0 => Ok(false),
            libc::EOWNERDEAD => {
                // SAFETY: this thread holds it now.
                unsafe { libc::pthread_mutex_consistent(self.mutex()) };
                Ok(true)
            }
            errno => Err(errno),
        }
    }

    /// EPERM: this thread does not have it. Its caller has seen that it has.
    ///
    /// Who is to be woken is woken here and not by libc: that would be within what the kernel completes for who is
    /// killed meanwhile, and it takes the next holder for this one where both have the same number, in two namespaces.
    #[inline]
    pub(crate) fn unlock(&self) -> Result<()> {
        let lock = self.lock_word();
        let waited = lock.load(Ordering::Relaxed) & libc::FUTEX_WAITERS != 0;
        if waited {
            lock.fetch_and(!libc::FUTEX_WAITERS, Ordering::Relaxed);
        }
        // SAFETY: as above; an error-checking mutex refuses a stranger.
        let answer = unsafe { libc::pthread_mutex_unlock(self.mutex()) };
        if waited {
            futex_wake_one(lock);
        }
        if answer == 0 { Ok(()) } else { Err(answer) }
    }

    /// Waits until who has the mutex gives it up or dies, at most `left` nanoseconds; may come back early.
    pub(crate) fn wait_unlock(&self, word: &Word, left: u64) -> Result<()> {
        let lock = self.lock_word();
        let now = lock.load(Ordering::Relaxed);
        if now & libc::FUTEX_TID_MASK == 0 {
            return Ok(());
        }
        let marked = now | libc::FUTEX_WAITERS;
        if now != marked && lock.compare_exchange(now, marked, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return Ok(());
        }
        futex_wait(word, lock, marked, left)
    }

    /// This thread was perhaps woken for the mutex, and does not want it any more: the next is woken, or the holder told
    /// that somebody waits.
    pub(crate) fn hand_on(&self) {
        let lock = self.lock_word();
        let mut now = lock.load(Ordering::Relaxed);
        // Never on a free word: it would be neither free nor anybody's.
        while now & libc::FUTEX_TID_MASK != 0 {
            match lock.compare_exchange(now, now | libc::FUTEX_WAITERS, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(other) => now = other,
            }
        }
        futex_wake_one(lock);
    }

    /// This thread has waited for the mutex and has it now: others may wait still, whom its mark was for as well.
    pub(crate) fn mark_waiters(&self) {
        self.lock_word().fetch_or(libc::FUTEX_WAITERS, Ordering::Relaxed);
    }
}

/// Sleeps while the word is `value`, at most `left` nanoseconds; may come back early.
fn futex_wait(word: &Word, futex: &AtomicU32, value: u32, left: u64) -> Result<()> {
    let time = timespec(left);
    let a = [futex.as_ptr() as usize, libc::FUTEX_WAIT as usize, value as usize, &raw const time as usize];
    // SAFETY: the kernel reads the word and the time.
    match unsafe { cut(word, libc::SYS_futex, a) } {
        Ok(_) | Err(libc::EAGAIN | libc::ETIMEDOUT) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Wakes one of those who sleep on the word.
fn futex_wake_one(futex: &AtomicU32) {
    let a = [futex.as_ptr() as usize, libc::FUTEX_WAKE as usize, 1];
    // SAFETY: the kernel only looks up who sleeps there. Not failed on purpose: somebody would sleep on.
    unsafe { always(libc::SYS_futex, a) };
}

impl Shared {
    /// Sleeps while the word at `at` is `value`, at most `left` nanoseconds; may come back early.
    pub(crate) fn wait_while(&self, word: &Word, at: usize, value: u32, left: u64) -> Result<()> {
        futex_wait(word, self.word(at), value, left)
    }

    /// Wakes one of those who sleep on the word at `at`.
    pub(crate) fn wake_one(&self, at: usize) {
        futex_wake_one(self.word(at));
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if *self.kept.get_mut() {
            return;
        }
        // SAFETY: our own mapping. Its owner sees to it that no thread of ours still has the mutex.
        unsafe { always(libc::SYS_munmap, [self.at as usize, self.len.max(Shared::BODY)]) };
    }
}

// ---- the file below it ----

/// Gives the file that length with room on the device for all of it, so that no store into its mapping can fail later.
pub(crate) fn allocate(file: BorrowedFd<'_>, len: usize) -> Result<()> {
    loop {
        // SAFETY: plain numbers. libc's form writes zeros where the file system has no such call.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, len as i64) } {
            0 => return Ok(()),
            libc::EINTR => {}
            errno => return Err(errno),
        }
    }
}

/// A file without a name in that directory, to be given one by [`link`] when it is whole.
pub(crate) fn unnamed(directory: &CStr, mode: u32) -> Result<OwnedFd> {
    super::open(&super::CALM, directory, libc::O_TMPFILE | libc::O_RDWR, mode)
}

/// Names an unnamed file; EEXIST when the name is taken.
pub(crate) fn link(file: BorrowedFd<'_>, path: &CStr) -> Result<()> {
    let here = libc::AT_FDCWD as usize;
    let name = std::ffi::CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).map_err(|_| libc::EINVAL)?;
    let follow = libc::AT_SYMLINK_FOLLOW as usize;
    // SAFETY: two C strings.
    unsafe { raw(libc::SYS_linkat, [here, name.as_ptr() as usize, here, path.as_ptr() as usize, follow]) }.map(drop)
}

/// Gives a file a second name; EEXIST when that is taken.
pub(crate) fn link_again(name: &CStr, path: &CStr) -> Result<()> {
    let here = libc::AT_FDCWD as usize;
    // SAFETY: two C strings.
    unsafe { raw(libc::SYS_linkat, [here, name.as_ptr() as usize, here, path.as_ptr() as usize, 0]) }.map(drop)
}
