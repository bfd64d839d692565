//! What is peculiar to a stream over a terminal.

use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::Ordering;

use super::shared::{Kind, Shared};
use crate::block::{self, CALM, Stop, Wait};
use crate::child::Child;
use crate::error::{Error, Result};
use crate::signal;
use crate::sys;
use crate::time::Deadline;

/// The longest line, without its end, that a terminal hands on whole.
const TERMINAL_LINE: usize = 4095;

/// A read of a terminal that gave as much is followed by another at once: the kernel hands on 4095 bytes at most.
const TERMINAL_MUCH: usize = 2048;

/// Reads a master that was set not to wait. EIO counts when it comes twice: the kernel looks for bytes first and then
/// whether the other end is closed, and what was written and closed between these two looks is only there for the next
/// read (seen, once in 5,000 children that say little and end).
pub(super) fn read_master(fd: RawFd, room: &mut [u8]) -> sys::Result<usize> {
    match sys::read(&CALM, fd, room) {
        Err(libc::EIO) => sys::read(&CALM, fd, room),
        answer => answer,
    }
}

impl Shared {
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

    /// The end is EIO, when nobody has the terminal open any more; or the child gone and nothing left to read, although
    /// a descendant of it holds the terminal still. What the child wrote is never behind its end: a read of the master
    /// that finds nothing has first emptied the kernel's queue between the two.
    pub(super) fn read_pty(&self, fd: RawFd, room: &mut [u8], deadline: Deadline) -> Wait<usize> {
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

    /// A terminal that nobody has open any more takes what there is room for and then nothing, for ever, without an error.
    pub(super) fn check_hung_up(&self, fd: RawFd) -> Wait<()> {
        let mut fds = [block::entry(fd, 0)];
        let asked = matches!(self.kind, Kind::Pty | Kind::Other) && sys::poll(&CALM, &mut fds, Some(0)).is_ok();
        if asked && fds[0].revents & libc::POLLHUP != 0 { Err(Stop::Errno(libc::EIO)) } else { Ok(()) }
    }

    /// What tells a poll set of the end of a pty that the descriptor may keep to itself: see `read_pty`.
    pub(crate) fn last_words(&self) -> Option<RawFd> {
        let child = self.child().filter(|_| self.kind == Kind::Pty)?;
        child.pidfd().map(|pidfd| pidfd.as_raw_fd())
    }
}
