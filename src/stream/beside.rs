//! The calls for who reads and writes several streams by turns.

use std::sync::atomic::Ordering;

use super::shared::{Kind, Shared};
use super::terminal::read_master;
use crate::block::{self, CALM, Stop, Wait, Way};
use crate::sys;

/// One end of a conversation that is fed and drained beside others, or one of a poll set: no call of these waits, and
/// other threads may close the stream between any two.
impl Shared {
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

    /// The same of a stream that others may have too, and be quicker: EAGAIN then, where the kernel can promise not to wait.
    pub(crate) fn read_beside(&self, room: &mut [u8]) -> Wait<usize> {
        if matches!(self.kind, Kind::Pipe | Kind::Socket) {
            let _inside = self.gate.enter(Way::In)?;
            match self.read_now(self.fd(), room) {
                Err(libc::EOPNOTSUPP | libc::EINTR) => {}
                answer => return answer.map_err(Stop::Errno),
            }
        }
        self.read_ready(room)
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
        let at_once = || block::call(|_| self.write_call(&CALM, fd, data, true));
        let answer = match at_once() {
            // By the first call it is known that a FIFO is to be opened once more.
            Err(Stop::Errno(libc::EOPNOTSUPP)) => at_once(),
            answer => answer,
        };
        let answer = match answer {
            Err(Stop::Errno(libc::EOPNOTSUPP)) => {
                block::call(|word| self.write_call(word, fd, &data[..data.len().min(4096)], false))
            }
            Err(Stop::Errno(libc::EAGAIN)) => self.check_hung_up(fd).and(Err(Stop::Errno(libc::EAGAIN))),
            answer => answer,
        };
        self.pipe_broke(answer)
    }
}
