//! The system calls that read and write.

use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::shared::{Kind, Shared, UNTRIED};
use super::terminal::read_master;
use crate::block::{self, CALM, Stop, Wait, Way};
use crate::child::Child;
use crate::signal;
use crate::sys;
use crate::time::{Deadline, Unasked};

/// How long a terminal that takes one byte, but not the two of a newline, is left alone.
const NEARLY_FULL: Duration = Duration::from_millis(5);

impl Shared {
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

    pub(super) fn read_now(&self, fd: RawFd, room: &mut [u8]) -> sys::Result<usize> {
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

    /// Writes what there is room for: never waits, and runs no handler.
    pub(super) fn write_at_once(&self, data: &[u8]) -> sys::Result<usize> {
        let fd = self.fd();
        match self.write_call(&CALM, fd, data, true) {
            // As in `write_some`.
            Err(libc::EOPNOTSUPP) => match sys::poll(&CALM, &mut [block::entry(fd, libc::POLLOUT)], Some(0)) {
                Ok(1) => self.write_call(&CALM, fd, &data[..data.len().min(4096)], false),
                _ => Err(libc::EAGAIN),
            },
            answer => answer,
        }
    }

    /// A handler that was set through us on PIPE runs, though the kernel sent no signal.
    pub(super) fn pipe_broke<T>(&self, answer: Wait<T>) -> Wait<T> {
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
    pub(super) fn write_call(&self, word: &sys::Word, fd: RawFd, data: &[u8], nowait: bool) -> sys::Result<usize> {
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
}
