//! Pages of our own.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use super::{Result, always, raw};

/// Asks for huge pages where `room` is; what the kernel does not have it ignores. In the pages that it begins and ends in
/// too: advice to a part of a mapping would cut that in two, which no realloc could move any more.
pub(crate) fn advise_huge(room: &mut [std::mem::MaybeUninit<u8>]) {
    let start = room.as_ptr() as usize & !4095;
    let end = (room.as_ptr() as usize + room.len()).next_multiple_of(4096);
    // SAFETY: the pages of memory that is borrowed for writing; the advice changes no byte, the neighbours' neither.
    let _ = unsafe { raw(libc::SYS_madvise, [start, end - start, libc::MADV_HUGEPAGE as usize]) };
}

/// A value that is made when it is first asked for. Threads that ask at once may each make it, and one stays: nobody waits
/// for another's, as with OnceLock, where a process that was forked in its midst would wait for ever.
#[derive(Debug)]
pub(crate) struct Made<T> {
    value: AtomicPtr<T>,
    owns: PhantomData<Box<T>>,
}

impl<T> Made<T> {
    pub(crate) const fn new() -> Made<T> {
        Made { value: AtomicPtr::new(std::ptr::null_mut()), owns: PhantomData }
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: null, or a box that lives as long as this.
        unsafe { self.value.load(Ordering::Acquire).as_ref() }
    }
}

impl<T: Send + Sync> Made<T> {
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        if let Some(made) = self.get() {
            return made;
        }
        let mine = Box::into_raw(Box::new(make()));
        let null = std::ptr::null_mut();
        match self.value.compare_exchange(null, mine, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: it lives as long as this.
            Ok(_) => unsafe { &*mine },
            Err(theirs) => {
                // SAFETY: nobody else has seen it.
                drop(unsafe { Box::from_raw(mine) });
                // SAFETY: as above.
                unsafe { &*theirs }
            }
        }
    }
}

impl<T> Drop for Made<T> {
    fn drop(&mut self) {
        let value = *self.value.get_mut();
        if !value.is_null() {
            // SAFETY: from a box, and nobody borrows it any more.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}

/// What may be wiped.
///
/// # Safety
/// All-zero bytes are a valid value, and it is changed through atomics only.
pub(crate) unsafe trait Zeroed: Sync {}

// SAFETY: an atomic, of which 0 is a valid one.
unsafe impl Zeroed for AtomicU64 {}

/// A static, all zero at first, on pages of its own, that a forked process finds all zero again.
///
/// A static and not a mapping: its address is known when the library is linked, so that a look at it is one load.
pub(crate) struct Wiped<T> {
    pages: Whole<T>,
    /// Not on those pages.
    prepared: AtomicBool,
}

#[repr(align(4096))]
struct Whole<T>(T);

impl<T: Zeroed> Wiped<T> {
    pub(crate) const fn new(zero: T) -> Wiped<T> {
        Wiped { pages: Whole(zero), prepared: AtomicBool::new(false) }
    }

    #[inline(always)]
    pub(crate) const fn get(&self) -> &T {
        &self.pages.0
    }

    /// To be asked for before anything is written there.
    pub(crate) fn wiped_at_fork(&'static self) -> Result<&'static T> {
        if !self.prepared.load(Ordering::Relaxed) {
            let at = std::ptr::from_ref(&self.pages) as usize;
            // SAFETY: whole pages of our own: their alignment makes the size a multiple of it. All zero is a value.
            unsafe { raw(libc::SYS_madvise, [at, size_of::<Whole<T>>(), libc::MADV_WIPEONFORK as usize]) }?;
            self.prepared.store(true, Ordering::Relaxed);
        }
        Ok(self.get())
    }
}

/// Pages of our own.
pub(crate) struct Pages {
    at: *mut u8,
    len: usize,
}

// SAFETY: plain memory; who may touch which byte is settled by the owner's borrow.
unsafe impl Send for Pages {}
// SAFETY: as above.
unsafe impl Sync for Pages {}

impl Pages {
    pub(crate) fn new(len: usize, flags: i32) -> Result<Pages> {
        Pages::map(len, libc::MAP_PRIVATE | flags)
    }

    /// Zeroed pages that processes forked later have in common with this one.
    pub(crate) fn shared(len: usize) -> Result<Pages> {
        Pages::map(len, libc::MAP_SHARED)
    }

    fn map(len: usize, flags: i32) -> Result<Pages> {
        let flags = (libc::MAP_ANONYMOUS | flags) as usize;
        let protection = (libc::PROT_READ | libc::PROT_WRITE) as usize;
        // SAFETY: a new mapping wherever the kernel likes.
        let at = unsafe { raw(libc::SYS_mmap, [0, len, protection, flags, usize::MAX, 0]) }?;
        Ok(Pages { at: at as *mut u8, len })
    }

    /// Makes the lowest page one that nobody can touch: what grows down into it stops there.
    pub(crate) fn guard(&self) -> Result<()> {
        // SAFETY: the first page of our own mapping.
        unsafe { raw(libc::SYS_mprotect, [self.at as usize, 4096, libc::PROT_NONE as usize]) }.map(drop)
    }

    /// Huge pages, a wipe at fork and the like; what the kernel does not know it ignores.
    pub(crate) fn advise(&self, advice: i32) -> Result<()> {
        // SAFETY: our own mapping.
        unsafe { raw(libc::SYS_madvise, [self.at as usize, self.len, advice as usize]) }.map(drop)
    }

    /// Grows or shrinks, moving the pages rather than copying the bytes.
    pub(crate) fn resize(&mut self, len: usize) -> Result<()> {
        // SAFETY: our own mapping; nobody holds a pointer into it, since `self` is borrowed for writing.
        let at = unsafe { raw(libc::SYS_mremap, [self.at as usize, self.len, len, libc::MREMAP_MAYMOVE as usize]) }?;
        self.at = at as *mut u8;
        self.len = len;
        Ok(())
    }

    /// The first eight bytes as a number that threads share.
    pub(crate) fn word(&self) -> &AtomicU64 {
        // SAFETY: page-aligned memory of ours, longer than eight bytes and mapped as long as `self` lives.
        unsafe { AtomicU64::from_ptr(self.at.cast()) }
    }

    pub(crate) fn as_ptr(&self) -> *mut u8 {
        self.at
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: readable memory of ours, borrowed with `self`.
        unsafe { std::slice::from_raw_parts(self.at, self.len) }
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: writable memory of ours, borrowed with `self`.
        unsafe { std::slice::from_raw_parts_mut(self.at, self.len) }
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: our own mapping, whose borrows have ended.
        unsafe { always(libc::SYS_munmap, [self.at as usize, self.len]) };
    }
}
