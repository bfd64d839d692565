//! Time limits. One clock (CLOCK_MONOTONIC), one type: the moment by which a whole call must be over.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::sys;

/// A [`Deadline`] that threads share.
pub(crate) struct SharedDeadline(AtomicU64);

impl SharedDeadline {
    pub(crate) const fn never() -> SharedDeadline {
        SharedDeadline(AtomicU64::new(u64::MAX))
    }

    pub(crate) fn get(&self) -> Deadline {
        match self.0.load(Ordering::Relaxed) {
            u64::MAX => Deadline::NEVER,
            at => Deadline(Some(at)),
        }
    }

    pub(crate) fn set(&self, deadline: Deadline) {
        self.0.store(deadline.0.unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// When a call must be over: an instant on the monotonic clock, or never.
///
/// Made once, where a call begins, and handed down: whatever the call waits for on its way is paid from the same purse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline(Option<u64>);

impl Deadline {
    /// Wait for ever.
    pub const NEVER: Deadline = Deadline(None);
    /// Do not wait.
    pub const NOW: Deadline = Deadline(Some(0));

    /// That long from now; `None` is for ever. A time beyond the clock's reach is for ever too.
    pub fn after(limit: Option<Duration>) -> Deadline {
        match limit {
            None => Deadline::NEVER,
            Some(limit) => Deadline::limited(limit),
        }
    }

    // A call that is not limited does not pay for what a limit takes.
    #[inline(never)]
    fn limited(limit: Duration) -> Deadline {
        match limit {
            Duration::ZERO => Deadline::NOW,
            limit => Deadline(u64::try_from(limit.as_nanos()).ok().and_then(|ns| sys::monotonic().checked_add(ns))),
        }
    }

    /// C's convention: milliseconds, 0 do not wait, negative for ever.
    #[inline]
    pub fn after_ms(ms: i32) -> Deadline {
        u64::try_from(ms).map_or(Deadline::NEVER, |ms| Deadline::limited(Duration::from_millis(ms)))
    }

    /// The earlier of the two.
    pub fn min(self, other: Deadline) -> Deadline {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Deadline(Some(a.min(b))),
            (a, b) => Deadline(a.or(b)),
        }
    }

    /// Whether there is no limit.
    pub fn is_never(self) -> bool {
        self.0.is_none()
    }

    /// Nanoseconds left: `None` for ever, 0 when it has passed.
    pub fn left(self) -> Option<u64> {
        match self.0 {
            None => None,
            Some(0) => Some(0),
            Some(at) => Some(at.saturating_sub(sys::monotonic())),
        }
    }

    /// Whether it has passed.
    pub fn passed(self) -> bool {
        self.left() == Some(0)
    }
}

/// What a call has moved since it last asked the clock. Poll tells of the deadline only to who has to wait, and who is always
/// given more, or can always give more, never has to.
#[derive(Debug, Default)]
pub(crate) struct Unasked(usize);

impl Unasked {
    #[inline]
    pub(crate) fn moved(&mut self, bytes: usize) {
        self.0 += bytes;
    }

    /// Whether the time is up. Not asked before as much was moved as a pipe may hold: that is taken also by who does not wait.
    #[inline]
    pub(crate) fn is_late(&mut self, deadline: Deadline) -> bool {
        if self.0 <= MUCH {
            return false;
        }
        self.0 = 0;
        deadline.passed()
    }
}

const MUCH: usize = 1 << 20;
