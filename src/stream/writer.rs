//! The writing half: what is pending, and what goes out.

use std::sync::Arc;

use super::shared::{Kind, Shared};
use crate::block::{Stop, Way};
use crate::child;
use crate::error::{Error, Result};
use crate::time::Deadline;

const WRITE_BUFFER: usize = 8 * 1024;

/// The writing half.
pub(crate) struct Writer {
    pub(super) shared: Arc<Shared>,
    pending: Vec<u8>,
    /// Of that, how much went out already.
    gone: usize,
    /// How much the last failure threw away.
    lost: usize,
    pub(super) autoflush: bool,
    /// The process whose bytes are pending: a forked one must not write them again.
    owner: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, autoflush: bool) -> Writer {
        Writer { shared, pending: Vec::new(), gone: 0, lost: 0, autoflush, owner: 0 }
    }

    fn forget_inherited(&mut self) {
        if !self.is_flushed() && self.owner != child::generation() {
            self.forget();
        }
    }

    fn is_flushed(&self) -> bool {
        self.pending.len() == self.gone
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.len() - self.gone
    }

    pub(super) fn lost(&self) -> usize {
        self.lost
    }

    /// Whether the buffer takes it.
    fn fits(&self, data: &[u8]) -> bool {
        self.pending() + data.len() <= WRITE_BUFFER
    }

    fn forget(&mut self) {
        self.pending.clear();
        self.gone = 0;
    }

    fn keep(&mut self, data: &[u8]) {
        if self.is_flushed() {
            self.forget();
            self.owner = child::generation();
        }
        if self.gone > self.pending.len() / 2 {
            self.pending.drain(..self.gone);
            self.gone = 0;
        }
        self.pending.extend_from_slice(data);
    }

    /// Where nothing is pending and nothing is to be kept, which is the way of every conversation, all of it is here: each
    /// function that the system call comes back through costs more than what it does.
    #[inline(always)]
    pub(crate) fn write(&mut self, data: &[u8]) -> Result<()> {
        self.write_until(data, self.shared.deadline(Way::Out))
    }

    /// The same without waiting: whether all went out. If not, the rest is pending, for [`flush`](Writer::flush).
    #[inline(always)]
    pub(crate) fn write_now(&mut self, data: &[u8]) -> Result<bool> {
        self.forget_inherited();
        if self.shared.kind == Kind::Other && (self.autoflush || !self.fits(data)) {
            // A file or a terminal waits as it likes.
            self.keep(data);
            return Ok(false);
        }
        match self.write_until(data, Deadline::NOW) {
            Err(Error::Timeout { .. }) => Ok(false),
            answer => answer.map(|()| true),
        }
    }

    #[inline(always)]
    fn write_until(&mut self, data: &[u8], deadline: Deadline) -> Result<()> {
        if !self.autoflush || !self.is_flushed() || self.shared.gate.is_closed() || self.shared.is_pty() {
            return self.write_behind(data, deadline);
        }
        match self.shared.write(data, deadline) {
            (_, Ok(())) => Ok(()),
            (done, Err(stop)) => Err(self.cut_short(&data[done..], stop)),
        }
    }

    #[cold]
    fn cut_short(&mut self, rest: &[u8], stop: Stop) -> Error {
        if may_go_on(stop) {
            self.keep(rest);
        } else {
            self.lost = rest.len();
        }
        stop.error("write")
    }

    #[inline(never)]
    fn write_behind(&mut self, data: &[u8], deadline: Deadline) -> Result<()> {
        if self.shared.gate.is_closed() {
            return Err(Error::Closed { step: "write" });
        }
        self.shared.check_line(data)?;
        self.forget_inherited();
        if !self.autoflush && self.fits(data) {
            self.keep(data);
            return Ok(());
        }
        if let Err(error) = self.flush_until(deadline) {
            // Where the old bytes stay for the next flush, these stay behind them.
            if self.is_flushed() {
                self.lost += data.len();
            } else {
                self.keep(data);
            }
            return Err(error);
        }
        if !self.autoflush && data.len() < WRITE_BUFFER {
            self.keep(data);
            return Ok(());
        }
        let (done, result) = self.shared.write(data, deadline);
        result.map_err(|stop| self.cut_short(&data[done..], stop))
    }

    pub(crate) fn flush_until(&mut self, deadline: Deadline) -> Result<()> {
        self.forget_inherited();
        if self.is_flushed() {
            return Ok(());
        }
        let (done, result) = self.shared.write(&self.pending[self.gone..], deadline);
        // What went out stays in its place: many short flushes of much are not to move the rest each time.
        self.gone += done;
        result.map_err(|stop| {
            if !may_go_on(stop) {
                self.lost = self.pending();
                self.forget();
            }
            stop.error("write")
        })?;
        self.forget();
        Ok(())
    }

    /// All of it behind what is pending, by then; what could not be stays pending.
    pub(super) fn append(&mut self, data: &[u8], deadline: Deadline) -> Result<()> {
        self.forget_inherited();
        if data.is_empty() || !self.is_flushed() {
            self.keep(data);
            return self.flush_until(deadline);
        }
        self.write_until(data, deadline)
    }

    /// The same without waiting, and without running a handler.
    pub(super) fn write_at_once(&mut self, data: &[u8]) {
        self.forget_inherited();
        self.keep(data);
        while !self.is_flushed() {
            match self.shared.write_at_once(&self.pending[self.gone..]) {
                Ok(n) if n > 0 => self.gone += n,
                Err(libc::EAGAIN | libc::EINTR) => return,
                _ => break,
            }
        }
        self.forget();
    }

    pub(crate) fn set_autoflush(&mut self, on: bool) -> Result<()> {
        self.autoflush = on;
        if on { self.flush() } else { Ok(()) }
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        let deadline = self.shared.deadline(Way::Out);
        self.flush_until(deadline)
    }

    /// What is in the buffer, taken out, for who writes it in the stream's place.
    pub(crate) fn take_pending(&mut self) -> Vec<u8> {
        self.forget_inherited();
        let gone = std::mem::take(&mut self.gone);
        self.pending.drain(..gone);
        std::mem::take(&mut self.pending)
    }

    pub(crate) fn put_pending(&mut self, data: &[u8]) {
        self.keep(data);
    }

    /// For drop: what goes out without waiting.
    pub(crate) fn flush_now(&mut self) {
        if !self.shared.gate.is_closed() {
            let _ = self.flush_until(Deadline::NOW);
        }
        self.forget();
    }
}

/// What could not be written for want of time stays for the next flush; what can never be is dropped.
fn may_go_on(stop: Stop) -> bool {
    matches!(stop, Stop::Timeout | Stop::Abandoned { .. } | Stop::Interrupted | Stop::Canceled)
}
