//! The reading half: a buffer, what is read into it, and what is taken from it as bytes. Its records are in `records`.

use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use super::shared::Shared;
use super::writer::Writer;
use super::{Separator, Stream};
use crate::block::{Stop, Way};
use crate::error::{Error, Result};
use crate::expect::{Found, Place, Scan};
use crate::signal;
use crate::time::{Deadline, Unasked};

/// The first buffer: small, since many children say one line. One that was filled grows to the size of a pipe.
const SMALL: usize = 16 * 1024;
pub(super) const BLOCK: usize = 64 * 1024;
pub(super) const NOWHERE: usize = usize::MAX;

/// The reading half.
pub(crate) struct Reader {
    pub(crate) shared: Arc<Shared>,
    pub(super) buffer: Vec<u8>,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where records end, found ahead: `marks[next]` is where the next one begins, and so on. Empty: none known.
    pub(super) marks: Vec<u64>,
    pub(super) next: usize,
    /// Up to where separators were looked for.
    pub(super) scanned: usize,
    pub(super) eof: bool,
    /// By this call, or by all that have a deadline together.
    pub(super) unasked: Unasked,
    pub(super) separator: Separator,
    /// A paragraph was the last that was taken: newlines that follow it belong to no record, whatever ends the next one.
    pub(crate) behind_paragraph: bool,
    pub(super) limit: usize,
    pub(super) records: u64,
    /// Where a NUL was put behind the last record given out ([`NOWHERE`]: there is none), and the byte it stands for.
    pub(super) nul_at: usize,
    pub(super) displaced: u8,
    /// What an expect found last, and how far one has searched that has not found anything, from where on.
    pub(crate) found: Option<Box<Place>>,
    pub(crate) scan: Option<Box<Scan>>,
    pub(crate) scan_start: usize,
    /// Gets a copy of all that is read ahead.
    log: Option<Box<Writer>>,
}

/// How many bytes a full log may have to wait for while a poll set reads ahead.
const LOG_MOST: usize = 1 << 20;

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(log) = &mut self.log {
            log.flush_now();
        }
        give_spare(std::mem::take(&mut self.buffer));
    }
}

/// One first buffer that nobody uses: a server's clients, one after the other, read into the same, which is in the cache;
/// and a process forked for a client has it without malloc, each of whose lists lies on a page that is then copied.
/// Only tried: whom another thread, or a fork in its midst, holds it from does without.
static SPARE: Mutex<Vec<u8>> = Mutex::new(Vec::new());

fn take_spare() -> Vec<u8> {
    let spare = SPARE.try_lock().map(|mut spare| std::mem::take(&mut *spare)).unwrap_or_default();
    if spare.is_empty() { vec![0; SMALL + 1] } else { spare }
}

fn give_spare(buffer: Vec<u8>) {
    if buffer.len() == SMALL + 1
        && let Ok(mut spare) = SPARE.try_lock()
    {
        *spare = buffer;
    }
}

/// So that the processes that are forked from now on find one.
pub(crate) fn keep_spare() {
    give_spare(take_spare());
}

impl Reader {
    pub(super) fn new(shared: Arc<Shared>) -> Reader {
        Reader {
            shared,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            marks: Vec::new(),
            next: 0,
            scanned: 0,
            eof: false,
            unasked: Unasked::default(),
            separator: Separator::line(),
            behind_paragraph: false,
            limit: usize::MAX,
            records: 0,
            nul_at: NOWHERE,
            displaced: 0,
            found: None,
            scan: None,
            scan_start: 0,
            log: None,
        }
    }

    pub(crate) fn forget_marks(&mut self) {
        self.marks.clear();
        self.next = 0;
        self.scanned = self.start;
    }

    #[inline]
    pub(crate) fn restore(&mut self) {
        if let Some(byte) = self.buffer.get_mut(self.nul_at) {
            *byte = self.displaced;
            self.nul_at = NOWHERE;
        }
    }

    /// What was read and not yet taken.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn stopped(stop: Stop) -> Error {
        stop.error("read")
    }

    /// When a call that begins must be over.
    #[inline]
    pub(crate) fn deadline(&mut self) -> Deadline {
        if self.shared.deadline_of_all(Way::In).is_never() {
            self.unasked = Unasked::default();
        }
        self.shared.deadline(Way::In)
    }

    /// Reads more behind what is there; false at the end. Marks are used up when this is called.
    pub(crate) fn fill(&mut self, want: usize, deadline: Deadline) -> Result<bool> {
        self.fill_here(want, deadline)
    }

    #[inline(always)]
    pub(super) fn fill_here(&mut self, want: usize, deadline: Deadline) -> Result<bool> {
        if self.eof {
            // A poll set may have met the end, and had not the time for the log.
            return self.copy_to_log(0..0, deadline).map(|()| false);
        }
        signal::ask_host_at_times().map_err(Self::stopped)?;
        if self.unasked.is_late(deadline) {
            return Err(Self::stopped(Stop::Timeout));
        }
        if self.log.is_some() {
            return self.fill_and_log(want, deadline);
        }
        let (from, to) = self.make_room(want);
        let n = self.shared.read(&mut self.buffer[from..to], deadline).map_err(Self::stopped)?;
        self.unasked.moved(n);
        Ok(self.filled(n))
    }

    /// The same with a copy for the log, which first gets what it had no room for before.
    #[inline(never)]
    fn fill_and_log(&mut self, want: usize, deadline: Deadline) -> Result<bool> {
        self.copy_to_log(0..0, deadline)?;
        let (from, to) = self.make_room(want);
        let n = self.shared.read(&mut self.buffer[from..to], deadline).map_err(Self::stopped)?;
        self.unasked.moved(n);
        let more = self.filled(n);
        self.copy_to_log(from..from + n, deadline)?;
        Ok(more)
    }

    /// Room behind what is there: from where to where.
    #[inline(always)]
    fn make_room(&mut self, want: usize) -> (usize, usize) {
        let room = self.buffer.len().saturating_sub(1);
        if self.start < self.end || self.scan.is_some() || self.found.is_some() || room < want.max(4096) {
            return self.make_more_room(want);
        }
        self.restore();
        (self.start, self.end, self.scanned) = (0, 0, 0);
        self.marks.clear();
        self.next = 0;
        (0, room.min(want.max(BLOCK)))
    }

    /// The same where something is there, or no room yet.
    #[inline(never)]
    fn make_more_room(&mut self, want: usize) -> (usize, usize) {
        self.restore();
        self.found = None;
        if self.start > 0 {
            if self.scan_start == self.start {
                self.scan_start = 0;
            } else {
                self.scan = None;
            }
            // What is left of a record that a block's end cut: moved once, and not looked at again.
            if self.start < self.end {
                self.buffer.copy_within(self.start..self.end, 0);
            }
            self.scanned = self.scanned.saturating_sub(self.start);
            self.end -= self.start;
            self.start = 0;
        }
        self.marks.clear();
        self.next = 0;
        let room = (self.buffer.len().saturating_sub(1)).saturating_sub(self.end);
        if room < want.max(4096) {
            let grown = if self.buffer.is_empty() && want <= SMALL { SMALL } else { (self.end + want).max(2 * BLOCK) };
            if grown == SMALL {
                self.buffer = take_spare();
            } else {
                self.buffer.resize(grown.max(self.buffer.len() * 2) + 1, 0);
            }
        }
        (self.end, (self.buffer.len() - 1).min(self.end + want.max(BLOCK)))
    }

    /// That many bytes were read into the room; false: it was the end.
    #[inline(always)]
    fn filled(&mut self, n: usize) -> bool {
        self.shared.gate.changed();
        if n == 0 {
            self.eof = true;
            return false;
        }
        self.end += n;
        if self.end == self.buffer.len() - 1 && self.buffer.len() < 2 * BLOCK {
            self.buffer.resize(2 * BLOCK + 1, 0);
        }
        true
    }

    // ---- for poll sets ----

    /// Reads what is there behind what was read ahead, without waiting; the next read has what goes wrong. Nothing as long
    /// as there are records ahead.
    pub(crate) fn fill_at_once(&mut self) {
        if self.marks.get(self.next + 1).is_some() || self.eof || self.shared.has_failed() || self.waits_for_log() {
            return;
        }
        let (from, to) = self.make_room(1);
        if let Ok(Some(n)) = self.shared.read_at_once(&mut self.buffer[from..to]) {
            self.filled(n);
            if let Some(log) = &mut self.log {
                log.write_at_once(&self.buffer[from..from + n]);
            }
        }
    }

    /// Whether the log is so far behind that nothing more is read before it has its part.
    pub(crate) fn waits_for_log(&mut self) -> bool {
        let Some(log) = self.log.as_mut().filter(|log| log.pending() > LOG_MOST) else { return false };
        log.write_at_once(&[]);
        log.pending() > LOG_MOST
    }

    /// Whether a read would come back at once with what was read ahead, the end, or an error.
    pub(crate) fn is_ahead(&self) -> bool {
        self.start < self.end || self.eof || self.shared.has_failed() || self.shared.gate.check().is_err()
    }

    /// A log that cannot be written must not stand in the way of what is read. One that is full does, until the call's end:
    /// what it did not get stays with it.
    #[inline(never)]
    fn copy_to_log(&mut self, range: Range<usize>, deadline: Deadline) -> Result<()> {
        let Some(log) = &mut self.log else { return Ok(()) };
        match log.append(&self.buffer[range], deadline) {
            Err(Error::Os { .. }) => Ok(()),
            answer => answer.map_err(|error| error.for_step("log")),
        }
    }

    /// Who gets a copy of all that is read ahead from now on.
    pub(crate) fn set_log(&mut self, log: Option<OwnedFd>) -> Result<()> {
        let log = match log.map(Stream::adopt).transpose().map_err(|error| error.for_step("log"))? {
            Some(mut stream) => match stream.writer.take() {
                Some(writer) => Some(Box::new(writer)),
                None => return Err(Error::os("log", libc::EBADF)),
            },
            None => None,
        };
        if let Some(mut before) = std::mem::replace(&mut self.log, log) {
            before.flush_now();
        }
        Ok(())
    }

    /// What an expect found last, until something else is read.
    pub(crate) fn found(&self) -> Option<Found<'_>> {
        self.found.as_deref().map(|place| Found::new(&self.buffer, place))
    }

    /// What is there, at least one byte; 0 at the end.
    #[inline(always)]
    pub(crate) fn read(&mut self, room: &mut [u8]) -> Result<usize> {
        self.restore();
        if room.is_empty() {
            return Ok(0);
        }
        if self.start < self.end {
            return Ok(self.take(room));
        }
        if self.eof {
            return Ok(0);
        }
        self.behind_paragraph = false;
        let n = self.shared.read(room, self.shared.deadline(Way::In)).map_err(Self::stopped)?;
        if n == 0 {
            self.eof = true;
            self.shared.gate.changed();
        }
        Ok(n)
    }

    fn take(&mut self, room: &mut [u8]) -> usize {
        let n = room.len().min(self.end - self.start);
        room[..n].copy_from_slice(&self.buffer[self.start..self.start + n]);
        self.start += n;
        self.behind_paragraph = false;
        self.forget_marks();
        n
    }

    /// All of `room`, or what there is until the end. After an error what was read is in the stream again.
    #[inline(always)]
    pub(crate) fn read_full(&mut self, room: &mut [u8]) -> Result<usize> {
        self.restore();
        let mut done = self.take(room);
        let deadline = self.deadline();
        while done < room.len() && !self.eof {
            let more = match signal::ask_host_at_times() {
                Ok(()) if self.unasked.is_late(deadline) => Err(Stop::Timeout),
                Ok(()) => self.shared.read(&mut room[done..], deadline),
                Err(stop) => Err(stop),
            };
            match more {
                Ok(0) => self.eof = true,
                Ok(n) => {
                    self.unasked.moved(n);
                    done += n;
                }
                Err(stop) => {
                    self.put_back(&room[..done]);
                    return Err(Self::stopped(stop));
                }
            }
        }
        Ok(done)
    }

    /// The next `len` bytes, which stay, or what there is until the end.
    pub(crate) fn peek(&mut self, len: usize) -> Result<&[u8]> {
        self.restore();
        let deadline = self.deadline();
        while self.end - self.start < len {
            self.forget_marks();
            if !self.fill((len - (self.end - self.start)).min(BLOCK), deadline)? {
                break;
            }
        }
        Ok(&self.buffer[self.start..self.end.min(self.start.saturating_add(len))])
    }

    /// Reads more behind what is there, which stays; false at the end.
    pub(super) fn fill_behind(&mut self) -> Result<bool> {
        self.restore();
        self.forget_marks();
        let deadline = self.deadline();
        self.fill(1, deadline)
    }

    /// Takes that many of the bytes that are there.
    pub(super) fn consume(&mut self, n: usize) {
        self.restore();
        self.start = (self.start + n).min(self.end);
        self.behind_paragraph = false;
        self.forget_marks();
    }

    /// Bytes that count as not read.
    pub(crate) fn put_back(&mut self, data: &[u8]) {
        let rest = [data, self.buffered()].concat();
        self.end = rest.len();
        self.start = 0;
        self.buffer = rest;
        self.found = None;
        self.scan = None;
        self.buffer.resize((self.end + 4096).max(SMALL) + 1, 0);
        self.forget_marks();
        self.shared.gate.changed();
    }

    /// All until the end, appended; also what came before an error.
    pub(crate) fn read_to_end(&mut self, all: &mut Vec<u8>) -> Result<usize> {
        let before = all.len();
        self.behind_paragraph = false;
        let deadline = self.deadline();
        loop {
            self.restore();
            all.extend_from_slice(self.buffered());
            self.start = self.end;
            self.forget_marks();
            if !self.fill(BLOCK, deadline)? {
                return Ok(all.len() - before);
            }
        }
    }

    /// What was read ahead, taken out.
    pub(crate) fn take_buffered(&mut self) -> Vec<u8> {
        self.restore();
        let ahead = self.buffered().to_vec();
        self.start = self.end;
        self.forget_marks();
        ahead
    }

    /// Whether there is nothing more to read; newlines that no paragraph follows are nothing, where paragraphs are read. It
    /// waits to know.
    pub(crate) fn at_eof(&mut self) -> Result<bool> {
        let deadline = self.deadline();
        let paragraphs = self.behind_paragraph || self.separator == Separator::Paragraph;
        let mut newlines = 0;
        loop {
            if paragraphs {
                self.restore();
                let rest = &self.buffered()[newlines..];
                newlines += rest.iter().take_while(|b| **b == b'\n').count();
            }
            if self.start + newlines < self.end {
                return Ok(false);
            }
            self.restore();
            if !self.fill(1, deadline)? {
                self.consume(newlines);
                return Ok(true);
            }
        }
    }
}
