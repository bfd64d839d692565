//! What each process has of its own, also one that was forked while another thread held a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys;

/// Tells this process from those that it was forked from: the page is wiped at fork, and then gets a new number.
#[inline]
pub(crate) fn generation() -> u64 {
    match PAGE.get() {
        Some(Some(page)) => match page.word().load(Ordering::SeqCst) {
            0 => new_generation(),
            set => set,
        },
        _ => new_generation(),
    }
}

static PAGE: OnceLock<Option<sys::Pages>> = OnceLock::new();

#[cold]
#[inline(never)]
fn new_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let page = PAGE.get_or_init(|| {
        let page = sys::Pages::new(4096, 0).ok()?;
        page.advise(libc::MADV_WIPEONFORK).ok()?;
        Some(page)
    });
    let Some(page) = page else { return sys::getpid() as u64 };
    let new = ((sys::getpid() as u64) << 32) | NEXT.fetch_add(1, Ordering::Relaxed);
    page.word().compare_exchange(0, new, Ordering::SeqCst, Ordering::SeqCst).map_or_else(|set| set, |_| new)
}

/// A value that each process has of its own. One that was forked while another thread held the lock of its parent's must
/// not find it held for ever: it starts with a fresh one, and what its parent's holds is forgotten, if that is free.
pub(crate) struct Own<T> {
    first: OnceLock<Box<Slot<T>>>,
    forget: fn(&T),
}

struct Slot<T> {
    generation: u64,
    value: T,
    /// That of processes forked from this one.
    next: Own<T>,
}

impl<T: Default> Own<T> {
    pub(crate) const fn new(forget: fn(&T)) -> Own<T> {
        Own { first: OnceLock::new(), forget }
    }

    pub(crate) fn get(&self) -> &T {
        let generation = generation();
        let fresh = || Box::new(Slot { generation, value: T::default(), next: Own::new(self.forget) });
        let mut slot = self.first.get_or_init(fresh);
        while slot.generation != generation {
            slot = slot.next.first.get_or_init(|| {
                (self.forget)(&slot.value);
                fresh()
            });
        }
        &slot.value
    }
}
