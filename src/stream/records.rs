//! Records: where they end, those that are found ahead, one by one or many.

use std::borrow::Cow;
#[cfg(feature = "capi")]
use std::ops::Range;

use memchr::memmem;

#[cfg(feature = "capi")]
use super::reader::NOWHERE;
use super::reader::{BLOCK, Reader};
use crate::error::{Error, Result};
use crate::scan;
use crate::time::Deadline;

/// What ends a record: Perl's `$/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Separator {
    /// Any bytes, kept at the record's end; `"\n"` at first. Not empty.
    Bytes(Cow<'static, [u8]>),
    /// Paragraphs (`$/ = ""`): empty lines end one, extra ones are swallowed, each comes back with two newlines.
    Paragraph,
    /// The whole input at once (`$/ = undef`).
    Whole,
    /// Records of that many bytes (`$/ = \N`), the last one shorter. Not 0.
    Size(usize),
}

impl Separator {
    /// Lines.
    pub const fn line() -> Separator {
        Separator::Bytes(Cow::Borrowed(b"\n"))
    }

    /// Whether there can be such records.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = match self {
            Separator::Bytes(bytes) if bytes.is_empty() => {
                "the separator is empty (paragraphs have a mode of their own)"
            }
            Separator::Size(0) => "a record of 0 bytes",
            _ => return Ok(()),
        };
        Err(Error::invalid("separator", wrong))
    }
}

/// An answer in a dialogue.
const SHORT: usize = 256;

impl Reader {
    pub(crate) fn set_separator(&mut self, separator: Separator) -> Result<()> {
        separator.check()?;
        self.separator = separator;
        self.restore();
        self.forget_marks();
        self.shared.gate.changed();
        Ok(())
    }

    #[cfg(feature = "capi")]
    pub(crate) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
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
    pub(super) fn pass_newlines(&mut self) -> bool {
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

    /// Whether the next record would come back at once, as [`is_ahead`](Reader::is_ahead). What was looked through is not
    /// looked through again.
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
}
