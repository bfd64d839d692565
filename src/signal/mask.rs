//! The kernel's mask of the calling thread, by POSIX's names.

use super::board::board;
use super::dispatch;
use super::names::{self, LAST, bit, name, number};
use crate::error::{Error, Result};
use crate::sys;
use crate::time::Deadline;

/// A set of signals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Set(u64);

impl Set {
    /// No signal.
    pub const EMPTY: Set = Set(0);
    /// All of them; KILL, STOP and the C library's two are never blocked, and never waited for.
    pub const FULL: Set = Set(u64::MAX);

    /// The signals of a list, with commas or blanks between: "INT,TERM".
    pub fn of(signals: &str) -> Result<Set> {
        names::set(signals).map(Set)
    }

    /// Whether a signal is in it.
    pub fn contains(self, signal: &str) -> Result<bool> {
        let n = number(signal)?;
        Ok(n != 0 && self.0 & bit(n) != 0)
    }

    /// As the kernel has it: bit n - 1 is signal n.
    pub fn from_bits(bits: u64) -> Set {
        Set(bits)
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    /// What is in it and not in the other.
    pub fn minus(self, other: Set) -> Set {
        Set(self.0 & !other.0)
    }

    /// How many are in it.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(self) -> i32 {
        self.0.count_ones() as i32
    }

    /// The names of those that are in it, by their numbers.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        (1..=names::LAST).filter(move |n| self.0 & bit(*n) != 0).filter_map(name)
    }
}

/// Blocks signals for this thread (and those that it starts); the mask before. Until unblocked they wait in the kernel.
pub fn block(signals: Set) -> Set {
    Set(sys::set_mask(libc::SIG_BLOCK, signals.0 & !LIBC))
}

/// Unblocks signals for this thread; the mask before. The handlers of those that waited run before it comes back, on
/// the signal thread: [`Error::Abandoned`] when one gives up.
pub fn unblock(signals: Set) -> Result<Set> {
    let before = sys::set_mask(libc::SIG_UNBLOCK, signals.0);
    dispatch::safe_point().map_err(|stop| stop.error("unblock"))?;
    Ok(Set(before))
}

/// Sets this thread's mask; the one before. Otherwise as [`unblock`].
pub fn set_mask(blocked: Set) -> Result<Set> {
    let before = sys::set_mask(libc::SIG_SETMASK, blocked.0 & !LIBC);
    dispatch::safe_point().map_err(|stop| stop.error("mask"))?;
    Ok(Set(before))
}

/// This thread's mask.
pub fn mask() -> Set {
    Set(sys::set_mask(libc::SIG_BLOCK, 0))
}

/// What has arrived and was not handled yet: in the kernel, blocked, or with us, deferred or queued.
pub fn pending() -> Set {
    let waits = |n: &i32| board().arrival(*n).waits();
    let deferred = (1..=LAST).filter(waits).fold(0, |set, n| set | bit(n));
    Set(sys::pending_set() | deferred)
}

/// POSIX's `sigsuspend`: with `blocked` as the mask, waits until a handler has run, or the deadline; then the mask is as
/// before. How many ran. What was blocked until now and has arrived is not missed.
pub fn suspend(blocked: Set, deadline: Deadline) -> Result<u32> {
    if !super::board::is_signal_thread() {
        return Err(Error::invalid("suspend", "handlers run on the signal thread only"));
    }
    let before = sys::set_mask(libc::SIG_SETMASK, blocked.0 & !LIBC);
    let ran = dispatch::wait_for_handler(deadline, "suspend");
    sys::set_mask(libc::SIG_SETMASK, before);
    ran
}

/// 32 and 33 are the C library's own.
pub(super) const LIBC: u64 = !sys::ALL_SIGNALS;
