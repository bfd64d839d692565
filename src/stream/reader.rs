//! The reading half: a buffer, and the records in it.

use std::ops::Range;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;

use memchr::memmem;

use super::Separator;
use super::shared::Shared;
use crate::block::{self, Stop, Way};
use crate::error::{Error, Result};
use crate::expect::{Found, Place, Scan};
use crate::scan;
use crate::signal;
use crate::sys;
use crate::time::{Deadline, Unasked};

/// The first buffer: small, since many children say one line. One that was filled grows to the size of a pipe.
const SMALL: usize = 16 * 1024;
pub(super) const BLOCK: usize = 64 * 1024;
const NOWHERE: usize = usize::MAX;
/// An answer in a dialogue.
const SHORT: usize = 256;

/// The reading half.
pub(crate) struct Reader {
    pub(crate) shared: Arc<Shared>,
    buffer: Vec<u8>,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where records end, found ahead: `marks[next]` is where the next one begins, and so on. Empty: none known.
    marks: Vec<u64>,
    next: usize,
    /// Up to where separators were looked for.
    scanned: usize,
    eof: bool,
    /// By this call, or by all that have a deadline together.
    pub(super) unasked: Unasked,
    separator: Separator,
    /// A paragraph was the last that was taken: newlines that follow it belong to no record, whatever ends the next one.
    pub(crate) behind_paragraph: bool,
    pub(super) limit: usize,
    pub(super) records: u64,
    /// Where a NUL was put behind the last record given out ([`NOWHERE`]: there is none), and the byte it stands for.
    nul_at: usize,
    displaced: u8,
    /// What an expect found last, and how far one has searched that has not found anything, from where on.
    pub(crate) found: Option<Box<Place>>,
    pub(crate) scan: Option<Box<Scan>>,
    pub(crate) scan_start: usize,
    /// Gets a copy of all that is read ahead.
    pub(crate) log: Option<OwnedFd>,
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
    fn fill_here(&mut self, want: usize, deadline: Deadline) -> Result<bool> {
        if self.eof {
            return Ok(false);
        }
        signal::ask_host_at_times().map_err(Self::stopped)?;
        if self.unasked.is_late(deadline) {
            return Err(Self::stopped(Stop::Timeout));
        }
        let (from, to) = self.make_room(want);
        let n = self.shared.read(&mut self.buffer[from..to], deadline).map_err(Self::stopped)?;
        self.unasked.moved(n);
        Ok(self.filled(n))
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
            self.buffer.resize(grown.max(self.buffer.len() * 2) + 1, 0);
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
        if self.log.is_some() {
            self.copy_to_log(self.end..self.end + n);
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
        if self.marks.get(self.next + 1).is_some() || self.eof || self.shared.has_failed() {
            return;
        }
        let (from, to) = self.make_room(1);
        if let Ok(Some(n)) = self.shared.read_at_once(&mut self.buffer[from..to]) {
            self.filled(n);
        }
    }

    /// Whether a read would come back at once with what was read ahead, the end, or an error.
    pub(crate) fn is_ahead(&self) -> bool {
        self.start < self.end || self.eof || self.shared.has_failed() || self.shared.gate.check().is_err()
    }

    /// The same of the next record. What was looked through is not looked through again.
    pub(crate) fn is_record_ahead(&mut self) -> bool {
        if self.marks.get(self.next + 1).is_some() || self.eof {
            return true;
        }
        let ahead = self.end - self.start;
        if ahead > self.limit || self.shared.has_failed() || self.shared.gate.check().is_err() {
            return true;
        }
        self.restore();
        self.marks.clear();
        self.next = 0;
        if self.behind_paragraph && !self.pass_newlines() {
            return false;
        }
        // The separator may have begun before what was looked at.
        let from = |len: usize| self.scanned.saturating_sub(len - 1).max(self.start);
        let found = match &self.separator {
            Separator::Bytes(bytes) if bytes.len() == 1 => {
                let byte = bytes[0];
                return self.scan_ends(byte);
            }
            Separator::Bytes(bytes) => memmem::find(&self.buffer[from(bytes.len())..self.end], bytes),
            Separator::Paragraph => {
                let looked = self.scanned.max(self.start);
                // Newlines before a paragraph belong to none. Two at the end of what was looked at would have ended one.
                let skip = match &self.buffer[self.start..looked] {
                    [] | [b'\n'] | [.., b'\n', b'\n'] => {
                        self.buffer[looked..self.end].iter().take_while(|b| **b == b'\n').count()
                    }
                    _ => 0,
                };
                let from = if skip > 0 { looked + skip } else { from(2) };
                memmem::find(&self.buffer[from..self.end], b"\n\n")
            }
            Separator::Size(size) => return ahead >= *size,
            Separator::Whole => return false,
        };
        if found.is_none() {
            self.scanned = self.end;
        }
        found.is_some()
    }

    /// A log that cannot be written must not stand in the way of what is read.
    #[inline(never)]
    fn copy_to_log(&self, range: Range<usize>) {
        let Some(log) = &self.log else { return };
        let mut rest = &self.buffer[range];
        while !rest.is_empty() {
            match sys::write(&block::CALM, log.as_raw_fd(), rest) {
                Ok(n) if n > 0 => rest = &rest[n..],
                // A handler of the host's.
                Err(libc::EINTR) => {}
                _ => return,
            }
        }
    }

    /// What an expect found last, until something else is read.
    pub(crate) fn found(&self) -> Option<Found<'_>> {
        self.found.as_deref().map(|place| Found::new(&self.buffer, place))
    }

    /// Where the next record ends, with its separator; `None` at the end of input.
    #[inline(always)]
    fn next_end(&mut self) -> Result<Option<usize>> {
        if let Some(end) = self.marks.get(self.next + 1) {
            self.next += 1;
            return Ok(Some(*end as usize));
        }
        self.read_end()
    }

    #[inline(always)]
    fn read_end(&mut self) -> Result<Option<usize>> {
        let deadline = self.deadline();
        if self.behind_paragraph {
            while !self.pass_newlines() && self.fill(1, deadline)? {}
        }
        match &self.separator {
            Separator::Bytes(bytes) if bytes.len() == 1 => {
                let found = self.find_ends(bytes[0], deadline)?;
                if let Some(end) = self.marks.get(1) {
                    self.next = 1;
                    return Ok(Some(*end as usize));
                }
                Ok(found)
            }
            _ => self.find_other(deadline),
        }
    }

    /// The end of a record that no single byte ends.
    #[inline(never)]
    fn find_other(&mut self, deadline: Deadline) -> Result<Option<usize>> {
        // Those there were are used up.
        self.marks.clear();
        self.next = 0;
        match std::mem::replace(&mut self.separator, Separator::Whole) {
            Separator::Bytes(bytes) => {
                let end = self.find_bytes(&bytes, deadline);
                self.separator = Separator::Bytes(bytes);
                end
            }
            Separator::Paragraph => {
                self.separator = Separator::Paragraph;
                let end = self.find_paragraph(deadline)?;
                self.behind_paragraph = end.is_some();
                Ok(end)
            }
            Separator::Size(size) => {
                self.separator = Separator::Size(size);
                // By pieces: memory for what is there, however large a record may be.
                loop {
                    let ahead = self.end - self.start;
                    if ahead >= size {
                        return Ok(Some(self.start + size));
                    }
                    self.limited(ahead)?;
                    if !self.fill((size - ahead).min(BLOCK), deadline)? {
                        return Ok(self.some_until(self.end));
                    }
                }
            }
            Separator::Whole => loop {
                self.limited(self.end - self.start)?;
                if !self.fill(BLOCK, deadline)? {
                    return Ok(self.some_until(self.end));
                }
            },
        }
    }

    fn some_until(&self, end: usize) -> Option<usize> {
        (end > self.start).then_some(end)
    }

    /// A record that was found, from `start` on, is too long: it stays, and is found anew by the next call.
    #[cold]
    fn too_long(&mut self) -> Error {
        self.forget_marks();
        Error::TooLong { step: "readline", limit: self.limit }
    }

    fn limited(&self, len: usize) -> Result<()> {
        if len > self.limit { Err(Error::TooLong { step: "readline", limit: self.limit }) } else { Ok(()) }
    }

    /// Fills the marks; the end of a last record without a separator.
    #[inline(always)]
    fn find_ends(&mut self, byte: u8, deadline: Deadline) -> Result<Option<usize>> {
        self.marks.clear();
        self.next = 0;
        loop {
            if self.scanned < self.end && self.scan_ends(byte) {
                return Ok(None);
            }
            self.limited(self.end - self.start)?;
            let first = self.start == self.end;
            if !self.fill_here(1, deadline)? {
                return Ok(self.some_until(self.end));
            }
            // In a dialogue most often one record comes, and nothing behind it: there is nothing to find ahead.
            if first && self.end <= SHORT && memchr::memchr(byte, &self.buffer[..self.end]) == Some(self.end - 1) {
                self.scanned = self.end;
                return Ok(Some(self.end));
            }
        }
    }

    /// Fills the marks, which are empty, from what was read ahead and not looked at yet; false: no record ends there.
    fn scan_ends(&mut self, byte: u8) -> bool {
        while self.scanned < self.end {
            // A piece at a time, so that the marks stay in the cache.
            let piece = (self.scanned + BLOCK / 2).min(self.end);
            self.marks.push(self.start as u64);
            scan::ends(&self.buffer[self.scanned..piece], byte, self.scanned as u64, &mut self.marks);
            self.scanned = piece;
            if self.marks.len() > 1 {
                return true;
            }
            self.marks.clear();
        }
        false
    }

    fn find_bytes(&mut self, bytes: &[u8], deadline: Deadline) -> Result<Option<usize>> {
        let finder = memmem::Finder::new(bytes);
        loop {
            // The separator may have begun before what was looked at.
            let from = self.scanned.saturating_sub(bytes.len() - 1).max(self.start);
            if let Some(at) = finder.find(&self.buffer[from..self.end]) {
                let end = from + at + bytes.len();
                self.scanned = end;
                return Ok(Some(end));
            }
            self.scanned = self.end;
            self.limited(self.end - self.start)?;
            if !self.fill(1, deadline)? {
                return Ok(self.some_until(self.end));
            }
        }
    }

    /// Takes those of the newlines behind a paragraph that are there; false when more may come.
    #[cold]
    fn pass_newlines(&mut self) -> bool {
        self.restore();
        let skip = self.buffered().iter().take_while(|b| **b == b'\n').count();
        self.start += skip;
        self.forget_marks();
        self.behind_paragraph = self.start == self.end;
        !self.behind_paragraph
    }

    fn find_paragraph(&mut self, deadline: Deadline) -> Result<Option<usize>> {
        // Newlines before a paragraph belong to none.
        loop {
            let skip = self.buffer[self.start..self.end].iter().take_while(|b| **b == b'\n').count();
            self.restore();
            self.start += skip;
            self.scanned = self.scanned.max(self.start);
            if self.start < self.end || !self.fill(1, deadline)? {
                break;
            }
        }
        self.find_bytes(b"\n\n", deadline)
    }

    /// The next record with its separator, borrowed until the next call; `None` at the end.
    #[inline]
    pub(crate) fn record(&mut self) -> Result<Option<&[u8]>> {
        self.restore();
        match self.next_end()? {
            None => Ok(None),
            Some(end) if end - self.start > self.limit => Err(self.too_long()),
            Some(end) => {
                let start = std::mem::replace(&mut self.start, end);
                self.records += 1;
                Ok(Some(&self.buffer[start..end]))
            }
        }
    }

    /// The next record if it was found ahead; never waits.
    #[inline]
    pub(super) fn record_ahead(&mut self) -> Option<&[u8]> {
        self.restore();
        let end = *self.marks.get(self.next + 1)? as usize;
        if end - self.start > self.limit {
            return None;
        }
        self.next += 1;
        let start = std::mem::replace(&mut self.start, end);
        self.records += 1;
        self.buffer.get(start..end)
    }

    /// Where the records begin that were found ahead and are not too long, and where the last one ends: two places at
    /// least, or none.
    fn found_ahead(&self) -> &[u64] {
        let Some(marks) = self.marks.get(self.next..).filter(|marks| marks.len() > 1) else { return &[] };
        let count = match self.limit {
            usize::MAX => marks.len() - 1,
            limit => marks.windows(2).take_while(|ends| ends[1] - ends[0] <= limit as u64).count(),
        };
        if count == 0 { &[] } else { &marks[..=count] }
    }

    /// The buffer, and where those records are in it.
    pub(super) fn ahead(&mut self) -> (&[u8], &[u64]) {
        self.restore();
        (&self.buffer, self.found_ahead())
    }

    /// Takes that many of them.
    pub(crate) fn skip_ahead(&mut self, count: usize) {
        if let Some(start) = self.marks.get(self.next.saturating_add(count)) {
            self.start = *start as usize;
            self.next += count;
            self.records += count as u64;
        }
    }

    /// The same with a NUL behind it, which stands in the place of the byte that follows until the next call.
    #[cfg(feature = "capi")]
    #[inline]
    pub(crate) fn record_nul(&mut self) -> Result<Option<&[u8]>> {
        self.restore();
        match self.next_end()? {
            None => Ok(None),
            Some(end) if end - self.start > self.limit => Err(self.too_long()),
            Some(end) => {
                let start = std::mem::replace(&mut self.start, end);
                self.records += 1;
                // The buffer is one byte longer than what is read into it.
                match self.buffer.get_mut(start..=end) {
                    Some([record @ .., nul]) => {
                        (self.nul_at, self.displaced) = (end, *nul);
                        *nul = 0;
                        Ok(Some(record))
                    }
                    _ => Ok(None),
                }
            }
        }
    }

    /// The records of [`found_ahead`](Reader::found_ahead) for who goes through them by pointers: the buffer, what belongs
    /// where the first begins, and their places. Until they are taken by [`skip_ahead`](Reader::skip_ahead), and no NUL
    /// stands in the buffer any more, nothing else may be called.
    #[cfg(feature = "capi")]
    pub(crate) fn lend(&mut self) -> Option<(*mut u8, u8, Range<*const u64>)> {
        let lent = self.found_ahead().as_ptr_range();
        if lent.is_empty() {
            return None;
        }
        let displaced = if self.nul_at == self.start { self.displaced } else { self.buffer[self.start] };
        self.nul_at = NOWHERE;
        Some((self.buffer.as_mut_ptr(), displaced, lent))
    }

    /// The next record if its length suits; else ERANGE, and it stays.
    #[cfg(feature = "capi")]
    pub(crate) fn record_if(&mut self, suits: impl FnOnce(usize) -> bool) -> Result<Option<&[u8]>> {
        self.restore();
        match self.next_end()? {
            None => Ok(None),
            Some(end) if end - self.start > self.limit => Err(self.too_long()),
            Some(end) if suits(end - self.start) => {
                let start = std::mem::replace(&mut self.start, end);
                self.records += 1;
                Ok(Some(&self.buffer[start..end]))
            }
            Some(_) => {
                self.forget_marks();
                Err(Error::os("getline", libc::ERANGE))
            }
        }
    }

    /// Many records at once: the buffer, and where they begin and end in it: record i is `ends[i]..ends[i + 1]`, one
    /// less records than ends. At most `most`; an empty list at the end.
    pub(crate) fn records(&mut self, most: usize) -> Result<(&[u8], &[u64])> {
        self.restore();
        if self.next + 1 >= self.marks.len() {
            match self.read_end()? {
                None => return Ok((&[], &[])),
                Some(end) if self.marks.len() < 2 => {
                    // One that is not found ahead.
                    self.marks.clear();
                    self.marks.extend([self.start as u64, end as u64]);
                    self.next = 0;
                    self.scanned = self.scanned.max(end);
                }
                Some(_) => self.next = 0,
            }
        }
        let first = self.next;
        let mut count = (self.marks.len() - 1 - first).min(most.max(1));
        if self.limit != usize::MAX {
            let limit = self.limit as u64;
            count = self.marks[first..=first + count].windows(2).take_while(|ends| ends[1] - ends[0] <= limit).count();
            if count == 0 {
                return Err(self.too_long());
            }
        }
        self.next = first + count;
        self.start = self.marks[self.next] as usize;
        self.records += count as u64;
        Ok((&self.buffer, &self.marks[first..=self.next]))
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

    #[cfg(feature = "capi")]
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
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

    pub(crate) fn set_separator(&mut self, separator: Separator) -> Result<()> {
        match &separator {
            Separator::Bytes(bytes) if bytes.is_empty() => {
                return Err(Error::invalid(
                    "separator",
                    "the separator is empty (paragraphs have a mode of their own)",
                ));
            }
            Separator::Size(0) => return Err(Error::invalid("separator", "a record of 0 bytes")),
            _ => {}
        }
        self.separator = separator;
        self.restore();
        self.forget_marks();
        self.shared.gate.changed();
        Ok(())
    }
}
