//! What one thread at a time may use, found out where the caller breaks that rule.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::error::Error;
use crate::sys;

/// One direction, or another thing: for one thread at a time, and not for a handler that runs inside a call of it.
pub(super) struct Half<T> {
    /// The thread that is inside; 0: none.
    busy: AtomicUsize,
    there: bool,
    half: UnsafeCell<Option<T>>,
}

/// The right to it.
pub(super) struct Use<'a, T> {
    busy: &'a AtomicUsize,
    pub(super) half: &'a mut T,
}

impl<T> Drop for Use<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.busy.store(0, Ordering::Release);
    }
}

impl<T> Half<T> {
    pub(super) fn new(half: Option<T>) -> Half<T> {
        Half { busy: AtomicUsize::new(0), there: half.is_some(), half: UnsafeCell::new(half) }
    }

    /// # Safety
    /// The rule of the C surface: one thread for each direction, and who closes. What breaks it (a handler inside the call)
    /// is found here.
    #[inline]
    pub(super) unsafe fn enter(&self, step: &'static str) -> Result<Use<'_, T>, Error> {
        let me = sys::thread_self();
        let free = if sys::single_threaded() {
            let free = self.busy.load(Ordering::Relaxed) == 0;
            if free {
                self.busy.store(me, Ordering::Relaxed);
            }
            free
        } else {
            self.busy.compare_exchange(0, me, Ordering::Acquire, Ordering::Relaxed).is_ok()
        };
        if !free {
            return Err(Error::Busy { step });
        }
        // SAFETY: nobody else is inside, as was just seen.
        match unsafe { &mut *self.half.get() } {
            Some(half) => Ok(Use { busy: &self.busy, half }),
            None => {
                self.busy.store(0, Ordering::Release);
                Err(Error::os(step, libc::EBADF))
            }
        }
    }

    /// Whether there is one: that never changes.
    pub(super) fn is_there(&self) -> bool {
        self.there
    }

    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        self.half.get_mut().as_mut()
    }

    /// Whether this thread is inside, further out.
    pub(super) fn is_mine(&self) -> bool {
        self.busy.load(Ordering::Relaxed) == sys::thread_self()
    }
}
