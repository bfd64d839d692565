//! The writing half: what is pending, and what goes out.

use std::sync::Arc;

use super::shared::Shared;
use crate::block::{Stop, Wait};
use crate::child;
use crate::error::{Error, Result};
use crate::time::Deadline;

const WRITE_BUFFER: usize = 8 * 1024;

/// The writing half.
pub(crate) struct Writer {
    pub(super) shared: Arc<Shared>,
    pending: Vec<u8>,
    pub(super) autoflush: bool,
    /// The process whose bytes are pending: a forked one must not write them again.
    owner: u64,
}

impl Writer {
    pub(super) fn new(shared: Arc<Shared>, autoflush: bool) -> Writer {
        Writer { shared, pending: Vec::new(), autoflush, owner: 0 }
    }

    fn forget_inherited(&mut self) {
        if !self.pending.is_empty() && self.owner != child::generation() {
            self.pending.clear();
        }
    }

    fn keep(&mut self, data: &[u8]) {
        if self.pending.is_empty() {
            self.owner = child::generation();
        }
        self.pending.extend_from_slice(data);
    }

    pub(crate) fn write(&mut self, data: &[u8]) -> Result<()> {
        if self.shared.gate.is_closed() {
            return Err(Error::Closed { step: "write" });
        }
        self.shared.check_line(data)?;
        self.forget_inherited();
        if !self.autoflush && self.pending.len() + data.len() <= WRITE_BUFFER {
            self.keep(data);
            return Ok(());
        }
        let deadline = self.shared.deadline();
        if let Err(error) = self.flush_until(deadline) {
            // Where the old bytes stay for the next flush, these stay behind them.
            if !self.pending.is_empty() {
                self.keep(data);
            }
            return Err(error);
        }
        if !self.autoflush && data.len() < WRITE_BUFFER {
            self.keep(data);
            return Ok(());
        }
        let (done, result) = self.shared.write(data, deadline);
        self.unfinished(&data[done..], result)
    }

    /// What could not be written for want of time stays for the next flush; what can never be is dropped.
    fn unfinished(&mut self, rest: &[u8], result: Wait<()>) -> Result<()> {
        match result {
            Ok(()) => Ok(()),
            Err(stop) => {
                if matches!(stop, Stop::Timeout | Stop::Abandoned { .. } | Stop::Interrupted | Stop::Canceled) {
                    self.keep(rest);
                }
                Err(stop.error("write"))
            }
        }
    }

    pub(super) fn flush_until(&mut self, deadline: Deadline) -> Result<()> {
        self.forget_inherited();
        if self.pending.is_empty() {
            return Ok(());
        }
        let data = std::mem::take(&mut self.pending);
        let (done, result) = self.shared.write(&data, deadline);
        if result.is_ok() {
            self.pending = data;
            self.pending.clear();
            return Ok(());
        }
        self.unfinished(&data[done..], result)
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
        self.pending.clear();
    }
}
