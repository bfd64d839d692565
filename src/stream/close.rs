//! The end of a stream: closed, shut down, or given away; and of the child that it carries.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::shared::{Carried, Kind, Shared};
use super::{Reader, Writer};
use crate::block::{Stop, Wait, Way};
use crate::error::{Error, Result};
use crate::status::Status;
use crate::sys;
use crate::time::Deadline;

/// How long a child may take between closing its terminal and its end, before close hangs it up.
const LAST_WORDS: Duration = Duration::from_secs(1);

impl Shared {
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
    pub(super) fn close_early(&self) -> Wait<()> {
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
