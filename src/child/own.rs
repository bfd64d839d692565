//! What each process has of its own, also one that was forked while another thread held a lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::sys;
use crate::sys::memory::{Made, Wiped};

static NUMBER: Wiped<AtomicU64> = Wiped::new(AtomicU64::new(0));

/// Tells this process from those that it was forked from: its number is wiped at fork, and then there is a new one.
#[inline]
pub(crate) fn generation() -> u64 {
    match NUMBER.get().load(Ordering::SeqCst) {
        0 => new_generation(),
        set => set,
    }
}

#[cold]
#[inline(never)]
fn new_generation() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let Ok(number) = NUMBER.wiped_at_fork() else { return sys::getpid() as u64 };
    let new = ((sys::getpid() as u64) << 32) | NEXT.fetch_add(1, Ordering::Relaxed);
    number.compare_exchange(0, new, Ordering::SeqCst, Ordering::SeqCst).map_or_else(|set| set, |_| new)
}

/// Its pid namespace and its number there, which no other process of the machine has: what memory that processes share
/// knows it by. The number alone is another one's too: in each container somebody is 1.
#[inline]
pub(crate) fn identity() -> u64 {
    match IDENTITY.get().load(Ordering::Relaxed) {
        0 => new_identity(),
        set => set,
    }
}

static IDENTITY: Wiped<AtomicU64> = Wiped::new(AtomicU64::new(0));

#[cold]
#[inline(never)]
fn new_identity() -> u64 {
    let namespace = sys::files::stat(c"/proc/self/ns/pid").map_or(0, |it| it.st_ino);
    let new = (namespace << 32) | sys::getpid() as u64;
    if let Ok(identity) = IDENTITY.wiped_at_fork() {
        identity.store(new, Ordering::Relaxed);
    }
    new
}

/// A value that each process has of its own. One that was forked while another thread held the lock of its parent's must
/// not find it held for ever, nor wait for one that was about to be made: it starts with a fresh one.
pub(crate) struct Own<T> {
    first: Made<Slot<T>>,
    inherit: fn(&T) -> T,
}

struct Slot<T> {
    generation: u64,
    value: T,
    /// That of processes forked from this one. Made once, since what is inherited is taken.
    next: OnceLock<Box<Slot<T>>>,
}

impl<T: Default + Send + Sync> Own<T> {
    pub(crate) const fn new() -> Own<T> {
        Own::inheriting(|_| T::default())
    }

    /// A forked process makes its own from its parent's, which it may find locked.
    pub(crate) const fn inheriting(inherit: fn(&T) -> T) -> Own<T> {
        Own { first: Made::new(), inherit }
    }

    #[inline]
    pub(crate) fn get(&self) -> &T {
        match self.first.get() {
            Some(slot) if slot.generation == generation() => &slot.value,
            _ => self.find(),
        }
    }

    /// Whether nobody has asked for it yet: what a thread that does so now will make is not seen.
    pub(crate) fn is_unused(&self) -> bool {
        self.first.get().is_none()
    }

    /// The first time, and in forked processes.
    #[cold]
    fn find(&self) -> &T {
        let generation = generation();
        let fresh = |value| Slot { generation, value, next: OnceLock::new() };
        let mut slot = self.first.get_or_make(|| fresh(T::default()));
        while slot.generation != generation {
            slot = slot.next.get_or_init(|| Box::new(fresh((self.inherit)(&slot.value))));
        }
        &slot.value
    }
}

/// What its parent has, unless that is locked.
pub(crate) fn taken_over<T: Default>(parents: &Mutex<T>) -> Mutex<T> {
    Mutex::new(parents.try_lock().map(|mut theirs| std::mem::take(&mut *theirs)).unwrap_or_default())
}
