//! The writing half: what is pending, and what goes out.

use std::sync::Arc;

use super::shared::Shared;
use crate::block::Stop;
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
    pub(super) autoflush: bool,
    /// The process whose bytes are pending: a forked one must not write them again.
    owner: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, autoflush: bool) -> Writer {
        Writer { shared, pending: Vec::new(), gone: 0, autoflush, owner: 0 }
    }

    fn forget_inherited(&mut self) {
        if !self.is_flushed() && self.owner != child::generation() {
            self.forget();
        }
    }

    fn is_flushed(&self) -> bool {
        self.pending.len() == self.gone
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

    pub(crate) fn write(&mut self, data: &[u8]) -> Result<()> {
        if self.shared.gate.is_closed() {
            return Err(Error::Closed { step: "write" });
        }
        self.shared.check_line(data)?;
        self.forget_inherited();
        if !self.autoflush && self.pending.len() - self.gone + data.len() <= WRITE_BUFFER {
            self.keep(data);
            return Ok(());
        }
        let deadline = self.shared.deadline();
        if let Err(error) = self.flush_until(deadline) {
            // Where the old bytes stay for the next flush, these stay behind them.
            if !self.is_flushed() {
                self.keep(data);
            }
            return Err(error);
        }
        if !self.autoflush && data.len() < WRITE_BUFFER {
            self.keep(data);
            return Ok(());
        }
        let (done, result) = self.shared.write(data, deadline);
        result.map_err(|stop| {
            if may_go_on(stop) {
                self.keep(&data[done..]);
            }
            stop.error("write")
        })
    }

    pub(super) fn flush_until(&mut self, deadline: Deadline) -> Result<()> {
        self.forget_inherited();
        if self.is_flushed() {
            return Ok(());
        }
        let (done, result) = self.shared.write(&self.pending[self.gone..], deadline);
        // What went out stays in its place: many short flushes of much are not to move the rest each time.
        self.gone += done;
        result.map_err(|stop| {
            if !may_go_on(stop) {
                self.forget();
            }
            stop.error("write")
        })?;
        self.forget();
        Ok(())
    }

    pub(crate) fn set_autoflush(&mut self, on: bool) -> Result<()> {
        self.autoflush = on;
        if on { self.flush() } else { Ok(()) }
    }

    pub(crate) fn flush(&mut self) -> Result<()> {
        let deadline = self.shared.deadline();
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
