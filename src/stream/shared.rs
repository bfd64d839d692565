//! What both directions of a stream, and other threads that cancel or close it, have in common: the descriptor, the
//! limits, the child, and the system calls on them.

use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use super::{Reader, Writer};
use crate::block::{self, CALM, Gate, Stop, Wait, Way};
use crate::child::Child;
use crate::error::{Error, Result};
use crate::signal;
use crate::status::Status;
use crate::sys;
use crate::time::{Deadline, SharedDeadline, Unasked};

/// How the kernel can be asked not to wait and not to signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Pipe,
    Socket,
    /// A master that we made and set not to wait.
    Pty,
    Other,
}

/// The longest line, without its end, that a terminal hands on whole.
const TERMINAL_LINE: usize = 4095;

/// A read of a terminal that gave as much is followed by another at once: the kernel hands on 4095 bytes at most.
const TERMINAL_MUCH: usize = 2048;

/// Whether it can be opened once more was not tried yet; -1: it cannot.
const UNTRIED: RawFd = -2;

/// How long a terminal that takes one byte, but not the two of a newline, is left alone.
const NEARLY_FULL: Duration = Duration::from_millis(5);

/// How long a child may take between closing its terminal and its end, before close hangs it up.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Reads a master that was set not to wait. EIO counts when it comes twice: the kernel looks for bytes first and then
/// whether the other end is closed, and what was written and closed between these two looks is only there for the next
/// read (seen, once in 5,000 children that say little and end).
fn read_master(fd: RawFd, room: &mut [u8]) -> sys::Result<usize> {
    match sys::read(&CALM, fd, room) {
        Err(libc::EIO) => sys::read(&CALM, fd, room),
        answer => answer,
    }
}

/// The child of one or more streams: whose last close waits for it.
pub(crate) struct Carried {
    pub(crate) child: Child,
    open: AtomicUsize,
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
    waits: AtomicBool,
    /// An adopted terminal or a FIFO, opened once more: see `twin`.
    twin: AtomicI32,
    /// The last read found something at once, and so may the next: else poll comes first.
    eager: AtomicBool,
    /// Of reads, and of writes.
    limits: [Limits; 2],
    /// The bytes since the last end of a line that was written to a pty.
    line: AtomicUsize,
    /// Nobody had the terminal open any more when it was read last.
    hung_up: AtomicBool,
    /// What a poll set met when it read ahead: for the next read. 0: nothing.
    failed: AtomicI32,
    /// Nobody wanted to hear what there was to write.
    refused: AtomicBool,
    /// The terminal was made to change newlines into CR LF.
    crlf: AtomicBool,
    pub(super) carried: Option<Arc<Carried>>,
    /// This stream is no longer one of the child's open ones.
    left: AtomicBool,
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

    /// Reads once: what is there, or what comes next. 0 at the end.
    ///
    /// The bare call is in its caller: see [`Writer::write`].
    #[inline(always)]
    pub(super) fn read(&self, room: &mut [u8], deadline: Deadline) -> Wait<usize> {
        let _inside = self.gate.enter(Way::In)?;
        if deadline.is_never()
            && self.gate.may_block()
            && self.kind != Kind::Pty
            && self.failed.load(Ordering::Relaxed) == 0
        {
            self.gate.check()?;
            match sys::read(signal::word(), self.fd(), room) {
                Ok(n) => return Ok(n),
                Err(libc::EINTR) => signal::interrupted()?,
                // An adopted descriptor that was set not to wait.
                Err(libc::EAGAIN) => {}
                Err(errno) => return Err(Stop::Errno(errno)),
            }
        }
        self.read_on(room, deadline)
    }

    /// The same with the right to read taken.
    #[inline(never)]
    fn read_on(&self, room: &mut [u8], deadline: Deadline) -> Wait<usize> {
        let fd = self.fd();
        if self.failed.load(Ordering::Relaxed) != 0 {
            return Err(Stop::Errno(self.failed.swap(0, Ordering::Relaxed)));
        }
        if self.kind == Kind::Pty {
            return self.read_pty(fd, room, deadline);
        }
        if deadline.is_never() {
            match self.gate.bare(|word| sys::read(word, fd, room)) {
                Ok(Some(n)) => return Ok(n),
                Ok(None) | Err(Stop::Errno(libc::EAGAIN)) => {}
                Err(stop) => return Err(stop),
            }
        }
        if !self.eager.load(Ordering::Relaxed) {
            self.gate.ready(fd, libc::POLLIN, deadline)?;
        }
        loop {
            self.gate.check()?;
            match self.read_now(fd, room) {
                Err(libc::EINTR) => {
                    signal::interrupted()?;
                    continue;
                }
                // Of a file that is always ready poll says so for ever, while its bytes are not in memory yet.
                Err(errno) if errno == libc::EOPNOTSUPP || (errno == libc::EAGAIN && self.kind == Kind::Other) => {
                    self.gate.ready(fd, libc::POLLIN, deadline)?;
                    match sys::read(signal::word(), fd, room) {
                        Err(libc::EINTR) => signal::interrupted()?,
                        Err(libc::EAGAIN) => {}
                        answer => return answer.map_err(Stop::Errno),
                    }
                    continue;
                }
                Err(libc::EAGAIN) => self.eager.store(false, Ordering::Relaxed),
                Ok(n) => {
                    if n == room.len() {
                        self.eager.store(true, Ordering::Relaxed);
                    }
                    return Ok(n);
                }
                Err(errno) => return Err(Stop::Errno(errno)),
            }
            self.gate.ready(fd, libc::POLLIN, deadline)?;
        }
    }

    /// The end is EIO, when nobody has the terminal open any more; or the child gone and nothing left to read, although
    /// a descendant of it holds the terminal still. What the child wrote is never behind its end: a read of the master
    /// that finds nothing has first emptied the kernel's queue between the two.
    fn read_pty(&self, fd: RawFd, room: &mut [u8], deadline: Deadline) -> Wait<usize> {
        let pidfd = self.child().and_then(Child::pidfd).map_or(-1, |pidfd| pidfd.as_raw_fd());
        let mut gone = false;
        if !self.eager.load(Ordering::Relaxed) {
            gone = !self.gate.ready_or(fd, libc::POLLIN, pidfd, deadline)?;
        }
        loop {
            self.gate.check()?;
            match read_master(fd, room) {
                Err(libc::EAGAIN) if gone => return Ok(0),
                Err(libc::EAGAIN) => {
                    self.eager.store(false, Ordering::Relaxed);
                    gone = !self.gate.ready_or(fd, libc::POLLIN, pidfd, deadline)?;
                }
                Err(libc::EIO) => {
                    self.hung_up.store(true, Ordering::Relaxed);
                    return Ok(0);
                }
                Err(libc::EINTR) => signal::interrupted()?,
                Err(errno) => return Err(Stop::Errno(errno)),
                Ok(n) => {
                    if n >= TERMINAL_MUCH {
                        self.eager.store(true, Ordering::Relaxed);
                    }
                    return Ok(n);
                }
            }
        }
    }

    /// Reads what is there, for a poll set that was told so: never waits, and runs no handler. `None`: nothing was. An
    /// error is kept for the next read.
    pub(super) fn read_at_once(&self, room: &mut [u8]) -> Wait<Option<usize>> {
        let _inside = self.gate.enter(Way::In)?;
        self.gate.check()?;
        let fd = self.fd();
        let ready = |fd| matches!(sys::poll(&CALM, &mut [block::entry(fd, libc::POLLIN)], Some(0)), Ok(1));
        let answer = match self.read_now(fd, room) {
            // As in `read`.
            Err(errno) if errno == libc::EOPNOTSUPP || (errno == libc::EAGAIN && self.kind == Kind::Other) => {
                if ready(fd) { sys::read(&CALM, fd, room) } else { Err(libc::EAGAIN) }
            }
            // As in `read_pty`.
            Err(libc::EAGAIN) if self.kind == Kind::Pty => match self.child().and_then(Child::pidfd) {
                Some(pidfd) if ready(pidfd.as_raw_fd()) => match read_master(fd, room) {
                    Err(libc::EAGAIN) => Ok(0),
                    answer => answer,
                },
                _ => Err(libc::EAGAIN),
            },
            answer => answer,
        };
        match answer {
            Ok(n) => Ok(Some(n)),
            Err(libc::EAGAIN | libc::EINTR) => Ok(None),
            Err(libc::EIO) if self.kind == Kind::Pty => {
                self.hung_up.store(true, Ordering::Relaxed);
                Ok(Some(0))
            }
            Err(errno) => {
                self.failed.store(errno, Ordering::Relaxed);
                Err(Stop::Errno(errno))
            }
        }
    }

    /// Whether the next read gives an error that a poll set has met.
    pub(super) fn has_failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn is_pty(&self) -> bool {
        self.kind == Kind::Pty
    }

    pub(crate) fn set_crlf(&self, on: bool) {
        self.crlf.store(on, Ordering::Relaxed);
    }

    pub(crate) fn is_crlf(&self) -> bool {
        self.crlf.load(Ordering::Relaxed)
    }

    /// A terminal that hands on lines would cut one that is too long, silently.
    pub(crate) fn check_line(&self, data: &[u8]) -> Result<()> {
        if self.kind != Kind::Pty {
            return Ok(());
        }
        // What was handed on as it came is the beginning of no line.
        let modes = self.aside("write", |fd| sys::tty::modes(fd).map_err(|errno| Error::os("write", errno)));
        if !modes.is_ok_and(|modes| modes.is_canonical()) {
            self.line.store(0, Ordering::Relaxed);
            return Ok(());
        }
        let mut line = self.line.load(Ordering::Relaxed);
        let mut longest = 0;
        let mut from = 0;
        // Control-D ends a line too.
        for end in memchr::memchr3_iter(b'\n', b'\r', 4, data) {
            longest = longest.max(line + end - from);
            line = 0;
            from = end + 1;
        }
        line += data.len() - from;
        if longest.max(line) > TERMINAL_LINE {
            return Err(Error::TooLong { step: "write", limit: TERMINAL_LINE });
        }
        self.line.store(line, Ordering::Relaxed);
        Ok(())
    }

    fn read_now(&self, fd: RawFd, room: &mut [u8]) -> sys::Result<usize> {
        match self.kind {
            Kind::Socket => sys::recv(&CALM, fd, room, libc::MSG_DONTWAIT),
            Kind::Pty => read_master(fd, room),
            _ if self.waits.load(Ordering::Relaxed) => self.read_twin(fd, room),
            _ => match sys::read_nowait(fd, room) {
                // Also a sandbox that knows no preadv2.
                Err(libc::EOPNOTSUPP | libc::ENOSYS | libc::EPERM | libc::EINVAL) => {
                    self.waits.store(true, Ordering::Relaxed);
                    self.read_twin(fd, room)
                }
                answer => answer,
            },
        }
    }

    #[inline(never)]
    fn read_twin(&self, fd: RawFd, room: &mut [u8]) -> sys::Result<usize> {
        match self.kind {
            Kind::Pipe => sys::read(&CALM, self.twin(fd).ok_or(libc::EOPNOTSUPP)?, room),
            _ => Err(libc::EOPNOTSUPP),
        }
    }

    /// Writes all, and says how much went out when it could not. Never a SIGPIPE.
    #[inline(always)]
    pub(crate) fn write(&self, data: &[u8], deadline: Deadline) -> (usize, Wait<()>) {
        let _inside = match self.gate.enter(Way::Out) {
            Ok(inside) => inside,
            Err(stop) => return (0, Err(stop)),
        };
        if !data.is_empty() && self.gate.check().is_ok() {
            let bare = deadline.is_never() && self.gate.may_block();
            match self.write_call(if bare { signal::word() } else { &CALM }, self.fd(), data, !bare) {
                Ok(n) if n == data.len() => return (n, Ok(())),
                Ok(n) => return self.write_rest(data, n, deadline),
                Err(errno) => return self.write_again(data, errno, deadline),
            }
        }
        self.write_rest(data, 0, deadline)
    }

    #[cold]
    fn write_again(&self, data: &[u8], errno: i32, deadline: Deadline) -> (usize, Wait<()>) {
        let goes_on = match errno {
            libc::EINTR => signal::interrupted(),
            libc::EAGAIN | libc::EOPNOTSUPP => Ok(()),
            errno => self.pipe_broke(Err(Stop::Errno(errno))),
        };
        match goes_on {
            Ok(()) => self.write_rest(data, 0, deadline),
            Err(stop) => (0, Err(stop)),
        }
    }

    /// The same from `done` on, which went out already, with the right to write taken.
    #[inline(never)]
    fn write_rest(&self, data: &[u8], mut done: usize, deadline: Deadline) -> (usize, Wait<()>) {
        let mut unasked = Unasked::default();
        while done < data.len() {
            // A file takes all, and what goes out when a stream is dropped shall get there.
            if self.kind != Kind::Other && unasked.is_late(deadline) {
                return (done, Err(Stop::Timeout));
            }
            if done > 0 {
                let waits = deadline.is_never() && self.gate.may_block();
                let asked = if waits { signal::cut_in_the_middle() } else { signal::ask_host_at_times() };
                if let Err(stop) = asked {
                    return (done, Err(stop));
                }
            }
            match self.write_some(&data[done..], deadline) {
                Ok(n) => {
                    unasked.moved(n);
                    done += n;
                }
                Err(stop) => return (done, Err(stop)),
            }
        }
        (done, Ok(()))
    }

    fn write_some(&self, data: &[u8], deadline: Deadline) -> Wait<usize> {
        let fd = self.fd();
        let mut again = false;
        loop {
            self.gate.check()?;
            let bare = deadline.is_never() && self.gate.may_block();
            match self.write_call(if bare { signal::word() } else { &CALM }, fd, data, !bare) {
                Err(libc::EINTR) => signal::interrupted()?,
                Err(libc::EAGAIN) => {
                    self.check_hung_up(fd)?;
                    self.gate.ready(fd, libc::POLLOUT, deadline)?;
                    if std::mem::replace(&mut again, true) && self.kind == Kind::Other {
                        match self.gate.ready(-1, 0, deadline.min(Deadline::after(Some(NEARLY_FULL)))) {
                            Err(Stop::Timeout) if !deadline.passed() => {}
                            answer => answer?,
                        }
                    }
                }
                Err(libc::EOPNOTSUPP) if !bare => {
                    // Not more than what POLLOUT promises to take at once.
                    self.gate.ready(fd, libc::POLLOUT, deadline)?;
                    let piece = &data[..data.len().min(4096)];
                    match self.write_call(signal::word(), fd, piece, false) {
                        Err(libc::EINTR) => signal::interrupted()?,
                        Err(libc::EAGAIN) => self.check_hung_up(fd)?,
                        answer => return self.pipe_broke(answer.map_err(Stop::Errno)),
                    }
                }
                answer => return self.pipe_broke(answer.map_err(Stop::Errno)),
            }
        }
    }

    /// A terminal that nobody has open any more takes what there is room for and then nothing, for ever, without an error.
    fn check_hung_up(&self, fd: RawFd) -> Wait<()> {
        let mut fds = [block::entry(fd, 0)];
        let asked = matches!(self.kind, Kind::Pty | Kind::Other) && sys::poll(&CALM, &mut fds, Some(0)).is_ok();
        if asked && fds[0].revents & libc::POLLHUP != 0 { Err(Stop::Errno(libc::EIO)) } else { Ok(()) }
    }

    /// A handler that was set through us on PIPE runs, though the kernel sent no signal.
    fn pipe_broke<T>(&self, answer: Wait<T>) -> Wait<T> {
        if matches!(answer, Err(Stop::Errno(libc::EPIPE))) {
            signal::broken_pipe()?;
        }
        answer
    }

    /// A call that sockets alone have, which is told not to wait, until it has another answer than that it would.
    pub(crate) fn socket_call<T>(
        &self,
        way: Way,
        deadline: Deadline,
        mut call: impl FnMut(RawFd) -> sys::Result<T>,
    ) -> Wait<T> {
        let _inside = self.gate.enter(way)?;
        let fd = self.fd();
        let events = if way == Way::In { libc::POLLIN } else { libc::POLLOUT };
        loop {
            self.gate.check()?;
            match call(fd) {
                Err(libc::EINTR) => signal::interrupted()?,
                Err(libc::EAGAIN) => self.gate.ready(fd, events, deadline)?,
                answer => return self.pipe_broke(answer.map_err(Stop::Errno)),
            }
        }
    }

    /// POLLOUT of a terminal promises room for one byte, and a write of more waits until all is taken. What poll says of
    /// a FIFO, another reader or writer of it may be quicker to use. So they are opened once more, where they can be, as
    /// a description of our own that does not wait.
    #[cold]
    fn twin(&self, fd: RawFd) -> Option<RawFd> {
        if self.twin.load(Ordering::Relaxed) == UNTRIED {
            let again = if self.kind == Kind::Pipe { sys::files::open_again(fd) } else { sys::tty::open_again(fd) };
            let again = again.map_or(-1, IntoRawFd::into_raw_fd);
            // Of a FIFO for both ways, the thread of the other one may be here too.
            if self.twin.compare_exchange(UNTRIED, again, Ordering::SeqCst, Ordering::Relaxed).is_err() && again >= 0 {
                sys::close(again);
            }
        }
        Some(self.twin.load(Ordering::Relaxed)).filter(|twin| *twin >= 0)
    }

    #[inline(always)]
    fn write_call(&self, word: &sys::Word, fd: RawFd, data: &[u8], nowait: bool) -> sys::Result<usize> {
        match self.kind {
            Kind::Socket => sys::send(word, fd, data, if nowait { libc::MSG_DONTWAIT } else { 0 }),
            // Only pipes and sockets can break.
            Kind::Other if nowait => match self.twin(fd) {
                Some(twin) => sys::write(word, twin, data),
                None => Err(libc::EOPNOTSUPP),
            },
            // A master that we made does not wait.
            Kind::Pty | Kind::Other => sys::write(word, fd, data),
            Kind::Pipe => {
                if nowait && self.waits.load(Ordering::Relaxed) {
                    return self.write_twin(word, fd, data);
                }
                if !sys::NO_RWF_NOSIGNAL.is_known() {
                    match sys::write_nosignal(word, fd, data, nowait) {
                        Err(errno @ (libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS | libc::EPERM)) => {
                            let answer = self.write_masked(word, fd, data, nowait);
                            if answer != Err(libc::EOPNOTSUPP) {
                                sys::NO_RWF_NOSIGNAL.note(errno);
                            }
                            return answer;
                        }
                        answer => return answer,
                    }
                }
                self.write_masked(word, fd, data, nowait)
            }
        }
    }

    #[inline(never)]
    fn write_twin(&self, word: &sys::Word, fd: RawFd, data: &[u8]) -> sys::Result<usize> {
        self.write_call(word, self.twin(fd).ok_or(libc::EOPNOTSUPP)?, data, false)
    }

    /// To a pipe, where the kernel cannot be asked for no signal.
    #[inline(never)]
    fn write_masked(&self, word: &sys::Word, fd: RawFd, data: &[u8], nowait: bool) -> sys::Result<usize> {
        let answer =
            signal::without_sigpipe(|| if nowait { sys::write_nowait(fd, data) } else { sys::write(word, fd, data) });
        match answer {
            Err(libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS | libc::EPERM) if nowait => {
                self.waits.store(true, Ordering::Relaxed);
                Err(libc::EOPNOTSUPP)
            }
            answer => answer,
        }
    }

    /// Closes the descriptor, once, when no other thread is inside a call.
    pub(super) fn close_fd(&self) -> Wait<()> {
        self.gate.close()?;
        self.close_number();
        Ok(())
    }

    fn close_number(&self) {
        self.close_twin();
        let fd = self.fd.swap(-1, Ordering::SeqCst);
        if fd >= 0 {
            self.gate.leave_sets(fd);
            sys::close(fd);
        }
    }

    fn close_twin(&self) {
        let twin = self.twin.swap(-1, Ordering::SeqCst);
        if twin >= 0 {
            sys::close(twin);
        }
    }

    /// A child that has closed its terminal is about to end: hung up now, it would have HUP as its status in the place of
    /// its own.
    fn let_end(&self, deadline: Deadline) -> Wait<()> {
        let Some(carried) = self.carried.as_ref().filter(|_| self.hung_up.load(Ordering::Relaxed)) else {
            return Ok(());
        };
        match carried.child.wait_stop(deadline.min(Deadline::after(Some(LAST_WORDS)))) {
            Ok(_) | Err(Stop::Timeout | Stop::Errno(_)) => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    /// Closes the descriptor, and waits where this was the last stream of the child.
    pub(super) fn finish(&self, deadline: Deadline) -> Result<Option<Status>> {
        self.let_end(deadline).map_err(|stop| stop.error("close"))?;
        self.close_fd().map_err(|stop| stop.error("close"))?;
        let waited = match &self.carried {
            Some(carried) if !self.leave(carried) => carried.child.wait_stop(deadline).map(Some).map_err(|stop| {
                // Nobody can know any more; a wait that was only given up can be made again.
                if let Stop::Errno(_) = stop {
                    self.status.store(i64::from(Status::UNKNOWN.raw()), Ordering::SeqCst);
                    self.closed.store(true, Ordering::SeqCst);
                }
                stop.at("close", carried.child.pid().to_string())
            })?,
            _ => None,
        };
        if let Some(status) = waited {
            self.status.store(i64::from(status.raw()), Ordering::SeqCst);
        }
        self.closed.store(true, Ordering::SeqCst);
        Ok(waited)
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

    /// See [`Stream::close`](super::Stream::close); within the limit of that way.
    pub(crate) fn close(&self, way: Way, writer: Option<&mut Writer>) -> Result<Option<Status>> {
        self.close_by(self.deadline(way), writer)
    }

    /// The same within a limit of the caller's.
    pub(crate) fn close_by(&self, deadline: Deadline, writer: Option<&mut Writer>) -> Result<Option<Status>> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(Error::Closed { step: "close" });
        }
        let flushed = match writer {
            Some(writer) if !self.gate.is_closed() => writer.flush_until(deadline),
            _ => Ok(()),
        };
        // A handler that gives up the flush gives up the wait for the child too: as after a deadline, close goes on later.
        let given_up = matches!(flushed, Err(Error::Abandoned { .. } | Error::Interrupted { .. }));
        let status = self.finish(if given_up { Deadline::NOW } else { deadline });
        flushed.and(status)
    }

    /// See [`Stream::shutdown`](super::Stream::shutdown).
    pub(crate) fn shutdown(&self, reads: bool, writer: Option<&mut Writer>) -> Result<()> {
        let Some(writer) = writer else { return Err(Error::os("shutdown", libc::EBADF)) };
        writer.flush()?;
        if self.kind == Kind::Socket {
            let shut = |fd| sys::shutdown(fd, libc::SHUT_WR).map_err(|errno| Error::os("shutdown", errno));
            return self.aside("shutdown", shut);
        }
        if reads {
            return Err(Error::os("shutdown", libc::ENOTSOCK));
        }
        self.close_early().map_err(|stop| stop.error("shutdown"))
    }

    /// The reading half of a socket.
    pub(crate) fn shutdown_read(&self) -> Result<()> {
        self.aside("shutdown", |fd| sys::shutdown(fd, libc::SHUT_RD).map_err(|errno| Error::os("shutdown", errno)))
    }

    /// The reading half, behind the writing one.
    pub(crate) fn shutdown_read_too(&self) -> Result<()> {
        // Of a pipe there was no other.
        if self.kind != Kind::Socket {
            return Ok(());
        }
        match self.shutdown_read() {
            // The peer had ended too: with our half its own is over.
            Err(error) if error.errno() == libc::ENOTCONN => Ok(()),
            answer => answer,
        }
    }

    /// Closes the descriptor without waiting for the child, whose other streams count alone from now on.
    fn close_early(&self) -> Wait<()> {
        self.close_fd()?;
        if let Some(carried) = &self.carried {
            self.leave(carried);
        }
        Ok(())
    }

    /// See [`Stream::release`](super::Stream::release).
    pub(crate) fn release(&self, reader: Option<&mut Reader>, writer: Option<&mut Writer>) -> Result<OwnedFd> {
        if self.gate.is_closed() {
            return Err(Error::Closed { step: "release" });
        }
        let ahead = reader.map_or(0, |reader| reader.buffered().len());
        if ahead > 0 {
            return Err(Error::invalid("release", format!("{ahead} bytes are read ahead: read them first")));
        }
        if let Some(writer) = writer {
            writer.flush()?;
        }
        self.gate.close().map_err(|stop| stop.error("release"))?;
        self.closed.store(true, Ordering::SeqCst);
        // The child's other streams count alone from now on.
        if let Some(carried) = &self.carried {
            self.leave(carried);
        }
        match self.fd.swap(-1, Ordering::SeqCst) {
            -1 => Err(Error::Closed { step: "release" }),
            fd => {
                self.close_twin();
                self.gate.leave_sets(fd);
                let fd = sys::take_fd(fd);
                if self.kind == Kind::Pty {
                    // Ours alone until now, and set not to wait.
                    let flags = sys::file_flags(fd.as_raw_fd());
                    flags
                        .and_then(|flags| sys::set_file_flags(fd.as_raw_fd(), flags & !libc::O_NONBLOCK))
                        .map_err(|errno| Error::os("release", errno))?;
                }
                Ok(fd)
            }
        }
    }

    /// Says that this stream of the child is done with; whether others are open still.
    fn leave(&self, carried: &Carried) -> bool {
        if !self.left.swap(true, Ordering::SeqCst) {
            carried.open.fetch_sub(1, Ordering::SeqCst);
        }
        carried.open.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let Some(carried) = &self.carried {
            self.leave(carried);
        }
        self.close_number();
    }
}

/// One end of a conversation that is fed and drained beside others, or one of a poll set: no call of these waits, and
/// other threads may close the stream between any two.
impl Shared {
    pub(crate) fn poll_fd(&self) -> RawFd {
        self.fd()
    }

    /// A call on the descriptor that never waits, of any thread, beside those that read and write.
    pub(crate) fn aside<T>(&self, step: &'static str, call: impl FnOnce(RawFd) -> Result<T>) -> Result<T> {
        self.gate.aside(|| call(self.fd())).map_err(|stop| stop.error(step))?
    }

    /// What tells a poll set of the end of a pty that the descriptor may keep to itself: see `read_pty`.
    pub(crate) fn last_words(&self) -> Option<RawFd> {
        let child = self.child().filter(|_| self.kind == Kind::Pty)?;
        child.pidfd().map(|pidfd| pidfd.as_raw_fd())
    }

    /// Whether a bare read waits until there is something.
    pub(crate) fn reads_wait(&self) -> bool {
        self.kind != Kind::Pty
    }

    /// Reads when poll has said that there is something.
    pub(crate) fn read_ready(&self, room: &mut [u8]) -> Wait<usize> {
        let _inside = self.gate.enter(Way::In)?;
        let fd = self.fd();
        let pty = self.kind == Kind::Pty;
        match block::call(|word| if pty { read_master(fd, room) } else { sys::read(word, fd, room) }) {
            Err(Stop::Errno(libc::EIO)) if pty => Ok(0),
            answer => answer,
        }
    }

    /// Reads what is there or comes next, where nobody is there who could cancel; EAGAIN when somebody is, after a handler.
    pub(crate) fn read_alone(&self, room: &mut [u8]) -> Wait<usize> {
        let _inside = self.gate.enter(Way::In)?;
        let fd = self.fd();
        self.gate.bare(|word| sys::read(word, fd, room))?.ok_or(Stop::Errno(libc::EAGAIN))
    }

    /// Reads what is there; EAGAIN where there is nothing, or the kernel cannot promise not to wait.
    pub(crate) fn try_read(&self, room: &mut [u8]) -> Wait<usize> {
        let _inside = self.gate.enter(Way::In)?;
        match self.read_now(self.fd(), room) {
            Err(libc::EOPNOTSUPP | libc::EINTR) => Err(Stop::Errno(libc::EAGAIN)),
            Err(libc::EIO) if self.kind == Kind::Pty => Ok(0),
            answer => answer.map_err(Stop::Errno),
        }
    }

    /// All is said: a socket's other side sees the end, any other descriptor is closed.
    pub(crate) fn end_of_input(&self) -> Wait<()> {
        match self.kind {
            Kind::Socket => match self.gate.aside(|| sys::shutdown(self.fd(), libc::SHUT_WR))? {
                // The other side has reset the connection, and wants to hear no more.
                Err(libc::ENOTCONN) => Ok(()),
                answer => answer.map_err(Stop::Errno),
            },
            Kind::Pty => Err(Stop::Errno(libc::ENOTSOCK)),
            Kind::Pipe | Kind::Other => self.close_early(),
        }
    }

    /// Writes what fits; EAGAIN where nothing does, or the kernel cannot promise not to wait.
    pub(crate) fn try_write(&self, data: &[u8]) -> Wait<usize> {
        let _inside = self.gate.enter(Way::Out)?;
        match self.write_call(&CALM, self.fd(), data, true) {
            Err(libc::EOPNOTSUPP | libc::EINTR) => Err(Stop::Errno(libc::EAGAIN)),
            answer => self.pipe_broke(answer.map_err(Stop::Errno)),
        }
    }

    /// Whether a write's error says that the other side wants to hear no more: no failure of the one who feeds it, now or when
    /// it comes with the rest.
    pub(crate) fn refuses(&self, errno: i32) -> bool {
        let refuses = self.is_refusal(errno);
        self.refused.fetch_or(refuses, Ordering::Relaxed);
        refuses
    }

    pub(crate) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    /// Whether a write's error says that nobody listens any more.
    pub(crate) fn is_refusal(&self, errno: i32) -> bool {
        matches!(errno, libc::EPIPE | libc::ECONNRESET) || (errno == libc::EIO && self.is_pty())
    }

    /// Writes what fits when poll has said that something does.
    pub(crate) fn write_ready(&self, data: &[u8]) -> Wait<usize> {
        let _inside = self.gate.enter(Way::Out)?;
        let fd = self.fd();
        let answer = match block::call(|_| self.write_call(&CALM, fd, data, true)) {
            Err(Stop::Errno(libc::EOPNOTSUPP)) => {
                block::call(|word| self.write_call(word, fd, &data[..data.len().min(4096)], false))
            }
            Err(Stop::Errno(libc::EAGAIN)) => self.check_hung_up(fd).and(Err(Stop::Errno(libc::EAGAIN))),
            answer => answer,
        };
        self.pipe_broke(answer)
    }
}
