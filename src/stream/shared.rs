//! What both directions of a stream, and other threads that cancel or close it, have in common: the descriptor, the
//! limits, the child. The system calls on them are in `calls`, the end is in `close`.

use std::os::fd::{IntoRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::block::{Gate, Way};
use crate::child::Child;
use crate::error::Result;
use crate::status::Status;
use crate::time::{Deadline, SharedDeadline};

/// How the kernel can be asked not to wait and not to signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Pipe,
    Socket,
    /// A master that we made and set not to wait.
    Pty,
    Other,
}

/// Whether it can be opened once more was not tried yet; -1: it cannot.
pub(super) const UNTRIED: RawFd = -2;

/// The child of one or more streams: whose last close waits for it.
pub(crate) struct Carried {
    pub(crate) child: Child,
    pub(super) open: AtomicUsize,
}

impl Carried {
    pub(crate) fn new(child: Child, streams: usize) -> Arc<Carried> {
        Arc::new(Carried { child, open: AtomicUsize::new(streams) })
    }
}

/// How long the calls of one way may take.
struct Limits {
    /// Of each call, in nanoseconds; `u64::MAX` is none.
    timeout: AtomicU64,
    /// Of all of them.
    deadline: SharedDeadline,
    /// Whether there is one.
    bounded: AtomicBool,
}

impl Limits {
    const fn none() -> Limits {
        let (timeout, deadline) = (AtomicU64::new(u64::MAX), SharedDeadline::never());
        Limits { timeout, deadline, bounded: AtomicBool::new(false) }
    }

    #[inline(never)]
    fn of_call(&self) -> Deadline {
        let each = match self.timeout.load(Ordering::Relaxed) {
            u64::MAX => Deadline::NEVER,
            ns => Deadline::after(Some(Duration::from_nanos(ns))),
        };
        each.min(self.deadline.get())
    }

    fn note(&self) {
        let bounded = self.timeout.load(Ordering::Relaxed) != u64::MAX || !self.deadline.get().is_never();
        self.bounded.store(bounded, Ordering::Relaxed);
    }
}

/// What both directions, and other threads that cancel or close, have in common.
pub(crate) struct Shared {
    pub(crate) gate: Gate,
    /// -1 when closed or released.
    pub(super) fd: AtomicI32,
    pub(super) kind: Kind,
    /// The kernel cannot promise not to wait on this file.
    pub(super) waits: AtomicBool,
    /// An adopted terminal or a FIFO, opened once more: see `twin`.
    pub(super) twin: AtomicI32,
    /// The last read found something at once, and so may the next: else poll comes first.
    pub(super) eager: AtomicBool,
    /// Of reads, and of writes.
    limits: [Limits; 2],
    /// The bytes since the last end of a line that was written to a pty.
    pub(super) line: AtomicUsize,
    /// Nobody had the terminal open any more when it was read last.
    pub(super) hung_up: AtomicBool,
    /// What a poll set met when it read ahead: for the next read. 0: nothing.
    pub(super) failed: AtomicI32,
    /// Nobody wanted to hear what there was to write.
    pub(super) refused: AtomicBool,
    /// The terminal was made to change newlines into CR LF.
    pub(super) crlf: AtomicBool,
    pub(super) carried: Option<Arc<Carried>>,
    /// This stream is no longer one of the child's open ones.
    pub(super) left: AtomicBool,
    /// `close` has done all it can.
    pub(super) closed: AtomicBool,
    /// The native status after close; `i64::MIN` before.
    pub(super) status: AtomicI64,
}

impl Shared {
    pub(super) fn new(fd: OwnedFd, kind: Kind, carried: Option<Arc<Carried>>) -> Shared {
        Shared {
            gate: Gate::default(),
            fd: AtomicI32::new(fd.into_raw_fd()),
            kind,
            waits: AtomicBool::new(false),
            twin: AtomicI32::new(UNTRIED),
            eager: AtomicBool::new(true),
            limits: [Limits::none(), Limits::none()],
            line: AtomicUsize::new(0),
            hung_up: AtomicBool::new(false),
            failed: AtomicI32::new(0),
            refused: AtomicBool::new(false),
            crlf: AtomicBool::new(false),
            carried,
            left: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            status: AtomicI64::new(i64::MIN),
        }
    }

    pub(super) fn fd(&self) -> RawFd {
        self.fd.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(crate) fn deadline(&self, way: Way) -> Deadline {
        let limits = &self.limits[way as usize];
        if limits.bounded.load(Ordering::Relaxed) { limits.of_call() } else { Deadline::NEVER }
    }

    /// Without the limit of each call.
    pub(crate) fn deadline_of_all(&self, way: Way) -> Deadline {
        self.limits[way as usize].deadline.get()
    }

    /// Of one way, or of both.
    pub(crate) fn set_timeout(&self, half: Option<Way>, limit: Option<Duration>) {
        let ns = limit.map_or(u64::MAX, |limit| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
        self.set_limits(half, |limits| limits.timeout.store(ns, Ordering::Relaxed));
    }

    pub(crate) fn set_deadline(&self, half: Option<Way>, deadline: Deadline) {
        self.set_limits(half, |limits| limits.deadline.set(deadline));
    }

    fn set_limits(&self, half: Option<Way>, set: impl Fn(&Limits)) {
        for way in [Way::In, Way::Out] {
            if half.is_none_or(|half| half == way) {
                let limits = &self.limits[way as usize];
                set(limits);
                limits.note();
            }
        }
    }

    pub(crate) fn known_status(&self) -> Option<Status> {
        match self.status.load(Ordering::SeqCst) {
            i64::MIN => None,
            status => Some(Status::from_raw(status as i32)),
        }
    }

    /// For the C face, whose handle holds no stream.
    #[cfg(feature = "capi")]
    pub(crate) fn is_closed(&self) -> bool {
        self.gate.is_closed()
    }

    /// As [`is_closed`](Shared::is_closed).
    #[cfg(feature = "capi")]
    pub(crate) fn cancel(&self) {
        self.gate.cancel();
    }

    pub(crate) fn child(&self) -> Option<&Child> {
        self.carried.as_ref().map(|carried| &carried.child)
    }

    pub(crate) fn poll_fd(&self) -> RawFd {
        self.fd()
    }

    /// A call on the descriptor that never waits, of any thread, beside those that read and write.
    pub(crate) fn aside<T>(&self, step: &'static str, call: impl FnOnce(RawFd) -> Result<T>) -> Result<T> {
        self.gate.aside(|| call(self.fd())).map_err(|stop| stop.error(step))?
    }
}
