//! Perl's filehandle: a pipe's end, a child's output or input, a FIFO, a connected socket, a pty.
//!
//! Reads give what is there, all of n, or records ([`Separator`]); writes write all. Each call can have a time limit,
//! all of them together a deadline. Closing flushes; where the stream carries a child, closing the last of its streams
//! waits and gives the status, as Perl's `close`.

use std::borrow::Cow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use memchr::memmem;

use crate::block::{self, CALM, Gate, Stop, Wait, Way};
use crate::child::{self, Child};
use crate::error::{Error, Result};
use crate::scan;
use crate::signal;
use crate::status::Status;
use crate::sys;
use crate::time::Deadline;

/// What ends a record: Perl's `$/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Separator {
    /// Any bytes, kept at the record's end; `"\n"` at first. Not empty.
    Bytes(Vec<u8>),
    /// Paragraphs (`$/ = ""`): empty lines end one, extra ones are swallowed, each comes back with two newlines.
    Paragraph,
    /// The whole input at once (`$/ = undef`).
    Whole,
    /// Records of that many bytes (`$/ = \N`), the last one shorter. Not 0.
    Size(usize),
}

impl Separator {
    /// Lines.
    pub fn line() -> Separator {
        Separator::Bytes(vec![b'\n'])
    }
}

/// How the kernel can be asked not to wait and not to signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Pipe,
    Socket,
    Other,
}

/// The child of one or more streams: whose last close waits for it.
pub(crate) struct Carried {
    pub(crate) child: Child,
    open: AtomicUsize,
}

impl Carried {
    pub(crate) fn new(child: Child, streams: usize) -> Arc<Carried> {
        Arc::new(Carried { child, open: AtomicUsize::new(streams) })
    }
}

/// What both directions, and other threads that cancel or close, have in common.
pub(crate) struct Shared {
    gate: Gate,
    /// -1 when closed or released.
    fd: AtomicI32,
    kind: Kind,
    /// The kernel cannot promise not to wait on this file.
    waits: AtomicBool,
    /// The last read found something at once, and so may the next: else poll comes first.
    eager: AtomicBool,
    /// Of each call, in nanoseconds; `u64::MAX` is none.
    timeout: AtomicU64,
    deadline: Mutex<Deadline>,
    bounded: AtomicBool,
    carried: Option<Arc<Carried>>,
    /// This stream is no longer one of the child's open ones.
    left: AtomicBool,
    /// `close` has done all it can.
    closed: AtomicBool,
    /// The native status after close; `i64::MIN` before.
    status: AtomicI64,
}

impl Shared {
    fn fd(&self) -> RawFd {
        self.fd.load(Ordering::Relaxed)
    }

    fn deadline(&self) -> Deadline {
        if !self.bounded.load(Ordering::Relaxed) {
            return Deadline::NEVER;
        }
        let each = match self.timeout.load(Ordering::Relaxed) {
            u64::MAX => Deadline::NEVER,
            ns => Deadline::after(Some(Duration::from_nanos(ns))),
        };
        each.min(*self.deadline.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads once: what is there, or what comes next. 0 at the end.
    fn read(&self, room: &mut [u8], deadline: Deadline) -> Wait<usize> {
        let _inside = self.gate.enter(Way::In)?;
        let fd = self.fd();
        if deadline.is_never() && self.gate.may_block() {
            self.gate.check()?;
            match block::call(|word| sys::read(word, fd, room)) {
                // An adopted descriptor that was set not to wait.
                Err(Stop::Errno(libc::EAGAIN)) => {}
                answer => return answer,
            }
        }
        if !self.eager.load(Ordering::Relaxed) {
            self.gate.ready(fd, libc::POLLIN, deadline)?;
        }
        loop {
            self.gate.check()?;
            match self.read_now(fd, room) {
                Err(libc::EAGAIN) => self.eager.store(false, Ordering::Relaxed),
                Err(libc::EINTR) => {
                    signal::interrupted()?;
                    continue;
                }
                Err(libc::EOPNOTSUPP) => {
                    self.gate.ready(fd, libc::POLLIN, deadline)?;
                    match block::call(|word| sys::read(word, fd, room)) {
                        Err(Stop::Errno(libc::EAGAIN)) => continue,
                        answer => return answer,
                    }
                }
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

    fn read_now(&self, fd: RawFd, room: &mut [u8]) -> sys::Result<usize> {
        match self.kind {
            Kind::Socket => sys::recv(&CALM, fd, room, libc::MSG_DONTWAIT),
            _ if self.waits.load(Ordering::Relaxed) => Err(libc::EOPNOTSUPP),
            _ => match sys::read_nowait(fd, room) {
                // Also a sandbox that knows no preadv2.
                Err(libc::EOPNOTSUPP | libc::ENOSYS | libc::EPERM | libc::EINVAL) => {
                    self.waits.store(true, Ordering::Relaxed);
                    Err(libc::EOPNOTSUPP)
                }
                answer => answer,
            },
        }
    }

    /// Writes all, and says how much went out when it could not. Never a SIGPIPE.
    fn write(&self, data: &[u8], deadline: Deadline) -> (usize, Wait<()>) {
        let mut done = 0;
        let _inside = match self.gate.enter(Way::Out) {
            Ok(inside) => inside,
            Err(stop) => return (0, Err(stop)),
        };
        while done < data.len() {
            match self.write_some(&data[done..], deadline) {
                Ok(n) => done += n,
                Err(stop) => return (done, Err(stop)),
            }
        }
        (done, Ok(()))
    }

    fn write_some(&self, data: &[u8], deadline: Deadline) -> Wait<usize> {
        let fd = self.fd();
        let bare = deadline.is_never() && self.gate.may_block();
        loop {
            self.gate.check()?;
            let answer = if bare {
                block::call(|word| self.write_call(word, fd, data, false))
            } else {
                match self.write_call(&CALM, fd, data, true) {
                    Err(libc::EINTR) => {
                        signal::interrupted()?;
                        continue;
                    }
                    answer => answer.map_err(Stop::Errno),
                }
            };
            match answer {
                Err(Stop::Errno(libc::EAGAIN)) => self.gate.ready(fd, libc::POLLOUT, deadline)?,
                Err(Stop::Errno(libc::EOPNOTSUPP)) if !bare => {
                    // Not more than what POLLOUT promises to take at once.
                    self.gate.ready(fd, libc::POLLOUT, deadline)?;
                    let piece = &data[..data.len().min(4096)];
                    match block::call(|word| self.write_call(word, fd, piece, false)) {
                        Err(Stop::Errno(libc::EAGAIN)) => {}
                        answer => return self.pipe_broke(answer),
                    }
                }
                answer => return self.pipe_broke(answer),
            }
        }
    }

    /// A handler that was set through us on PIPE runs, though the kernel sent no signal.
    fn pipe_broke(&self, answer: Wait<usize>) -> Wait<usize> {
        if answer == Err(Stop::Errno(libc::EPIPE)) {
            signal::broken_pipe()?;
        }
        answer
    }

    fn write_call(&self, word: &AtomicU64, fd: RawFd, data: &[u8], nowait: bool) -> sys::Result<usize> {
        match self.kind {
            Kind::Socket => sys::send(word, fd, data, if nowait { libc::MSG_DONTWAIT } else { 0 }),
            // Only pipes and sockets can break.
            Kind::Other if nowait => Err(libc::EOPNOTSUPP),
            Kind::Other => sys::write(word, fd, data),
            Kind::Pipe => {
                if nowait && self.waits.load(Ordering::Relaxed) {
                    return Err(libc::EOPNOTSUPP);
                }
                if !sys::NO_RWF_NOSIGNAL.is_known() {
                    match sys::write_nosignal(word, fd, data, nowait) {
                        Err(errno @ (libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS | libc::EPERM)) => {
                            sys::NO_RWF_NOSIGNAL.note(errno);
                        }
                        answer => return answer,
                    }
                }
                let answer = signal::without_sigpipe(|| {
                    if nowait { sys::write_nowait(fd, data) } else { sys::write(word, fd, data) }
                });
                match answer {
                    Err(libc::EOPNOTSUPP | libc::EINVAL | libc::ENOSYS | libc::EPERM) if nowait => {
                        self.waits.store(true, Ordering::Relaxed);
                        Err(libc::EOPNOTSUPP)
                    }
                    answer => answer,
                }
            }
        }
    }

    /// Closes the descriptor, once, when no other thread is inside a call.
    fn close_fd(&self) -> Wait<()> {
        self.gate.close()?;
        let fd = self.fd.swap(-1, Ordering::SeqCst);
        if fd >= 0 {
            sys::close(fd);
        }
        Ok(())
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
        let fd = self.fd.swap(-1, Ordering::SeqCst);
        if fd >= 0 {
            sys::close(fd);
        }
    }
}

/// One end of a conversation that is fed and drained beside others: no call of these waits.
impl Shared {
    pub(crate) fn poll_fd(&self) -> RawFd {
        self.fd()
    }

    /// Reads what is there. EAGAIN: nothing; EOPNOTSUPP: nobody can tell, ask poll first and then [`read_ready`].
    ///
    /// [`read_ready`]: Shared::read_ready
    pub(crate) fn read_if_any(&self, room: &mut [u8]) -> sys::Result<usize> {
        self.read_now(self.fd(), room)
    }

    /// Reads when poll has said that there is something.
    pub(crate) fn read_ready(&self, room: &mut [u8]) -> Wait<usize> {
        let fd = self.fd();
        block::call(|word| sys::read(word, fd, room))
    }

    /// Writes what fits when poll has said that something does.
    pub(crate) fn write_ready(&self, data: &[u8]) -> Wait<usize> {
        let fd = self.fd();
        let answer = match block::call(|_| self.write_call(&CALM, fd, data, true)) {
            Err(Stop::Errno(libc::EOPNOTSUPP)) => {
                block::call(|word| self.write_call(word, fd, &data[..data.len().min(4096)], false))
            }
            answer => answer,
        };
        self.pipe_broke(answer)
    }
}

/// Ends a stream's calls from another thread.
#[derive(Clone)]
pub struct Canceler(Arc<Shared>);

impl Canceler {
    /// The call that waits now ends with [`Error::Canceled`], and so does every later one that would have to wait.
    pub fn cancel(&self) {
        self.0.gate.cancel();
    }

    pub(crate) fn carried(&self) -> Option<&Child> {
        self.0.carried.as_ref().map(|carried| &carried.child)
    }
}

// ---- reading ----

/// The first buffer: small, since many children say one line. One that was filled grows to the size of a pipe.
const SMALL: usize = 16 * 1024;
const BLOCK: usize = 64 * 1024;

/// The reading half.
pub(crate) struct Reader {
    shared: Arc<Shared>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where records end, found ahead: `marks[next]` is where the next one begins, and so on. Empty: none known.
    marks: Vec<u64>,
    next: usize,
    /// Up to where separators were looked for.
    scanned: usize,
    eof: bool,
    separator: Separator,
    limit: usize,
    records: u64,
    /// The byte that stands where a NUL was put behind the last record given out.
    displaced: Option<(usize, u8)>,
}

impl Reader {
    fn new(shared: Arc<Shared>) -> Reader {
        Reader {
            shared,
            buffer: Vec::new(),
            start: 0,
            end: 0,
            marks: Vec::new(),
            next: 0,
            scanned: 0,
            eof: false,
            separator: Separator::line(),
            limit: usize::MAX,
            records: 0,
            displaced: None,
        }
    }

    fn forget_marks(&mut self) {
        self.marks.clear();
        self.next = 0;
        self.scanned = self.start;
    }

    #[inline]
    fn restore(&mut self) {
        if let Some((at, byte)) = self.displaced.take() {
            self.buffer[at] = byte;
        }
    }

    /// What was read and not yet taken.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn stopped(stop: Stop) -> Error {
        stop.error("read")
    }

    /// Reads more behind what is there; false at the end. Marks are used up when this is called.
    fn fill(&mut self, want: usize, deadline: Deadline) -> Result<bool> {
        if self.eof {
            return Ok(false);
        }
        self.restore();
        if self.start > 0 {
            // What is left of a record that a block's end cut: moved once, and not looked at again.
            self.buffer.copy_within(self.start..self.end, 0);
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
        let last = (self.buffer.len() - 1).min(self.end + want.max(BLOCK));
        let n = self.shared.read(&mut self.buffer[self.end..last], deadline).map_err(Self::stopped)?;
        if n == 0 {
            self.eof = true;
            return Ok(false);
        }
        self.end += n;
        if self.end == self.buffer.len() - 1 && self.buffer.len() < 2 * BLOCK {
            self.buffer.resize(2 * BLOCK + 1, 0);
        }
        Ok(true)
    }

    /// Where the next record ends, with its separator; `None` at the end of input.
    #[inline]
    fn next_end(&mut self) -> Result<Option<usize>> {
        if let Some(end) = self.marks.get(self.next + 1) {
            self.next += 1;
            return Ok(Some(*end as usize));
        }
        self.next_end_slow()
    }

    #[cold]
    fn next_end_slow(&mut self) -> Result<Option<usize>> {
        let deadline = self.shared.deadline();
        match std::mem::replace(&mut self.separator, Separator::Whole) {
            Separator::Bytes(bytes) if bytes.len() == 1 => {
                let found = self.find_ends(bytes[0], deadline);
                self.separator = Separator::Bytes(bytes);
                let found = found?;
                if let Some(end) = self.marks.get(1) {
                    self.next = 1;
                    return Ok(Some(*end as usize));
                }
                Ok(found)
            }
            Separator::Bytes(bytes) => {
                let end = self.find_bytes(&bytes, deadline);
                self.separator = Separator::Bytes(bytes);
                end
            }
            Separator::Paragraph => {
                self.separator = Separator::Paragraph;
                self.find_paragraph(deadline)
            }
            Separator::Size(size) => {
                self.separator = Separator::Size(size);
                while self.end - self.start < size && self.fill(size - (self.end - self.start), deadline)? {}
                Ok(self.some_until((self.start + size).min(self.end)))
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

    fn limited(&self, len: usize) -> Result<()> {
        if len > self.limit { Err(Error::TooLong { step: "readline", limit: self.limit }) } else { Ok(()) }
    }

    /// Fills the marks; the end of a last record without a separator.
    fn find_ends(&mut self, byte: u8, deadline: Deadline) -> Result<Option<usize>> {
        self.marks.clear();
        self.next = 0;
        loop {
            while self.scanned < self.end {
                // A piece at a time, so that the marks stay in the cache.
                let piece = (self.scanned + BLOCK / 2).min(self.end);
                self.marks.push(self.start as u64);
                scan::ends(&self.buffer[self.scanned..piece], byte, self.scanned as u64, &mut self.marks);
                self.scanned = piece;
                if self.marks.len() > 1 {
                    return Ok(None);
                }
                self.marks.clear();
            }
            self.limited(self.end - self.start)?;
            if !self.fill(1, deadline)? {
                return Ok(self.some_until(self.end));
            }
        }
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
        match self.next_end()? {
            None => Ok(None),
            Some(end) => {
                let start = std::mem::replace(&mut self.start, end);
                self.records += 1;
                Ok(Some(&self.buffer[start..end]))
            }
        }
    }

    /// The same with a NUL behind it, which stands in the place of the byte that follows until the next call.
    #[inline]
    pub(crate) fn record_nul(&mut self) -> Result<Option<&[u8]>> {
        self.restore();
        match self.next_end()? {
            None => Ok(None),
            Some(end) => {
                let start = std::mem::replace(&mut self.start, end);
                self.records += 1;
                // The buffer is one byte longer than what is read into it.
                self.displaced = Some((end, self.buffer[end]));
                self.buffer[end] = 0;
                Ok(Some(&self.buffer[start..end]))
            }
        }
    }

    /// Many records at once: the buffer, and where they begin and end in it: record i is `ends[i]..ends[i + 1]`, one
    /// less records than ends. At most `most`; an empty list at the end.
    pub(crate) fn records(&mut self, most: usize) -> Result<(&[u8], &[u64])> {
        self.restore();
        if self.next + 1 >= self.marks.len() {
            match self.next_end_slow()? {
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
        let count = (self.marks.len() - 1 - first).min(most.max(1));
        self.next = first + count;
        self.start = self.marks[self.next] as usize;
        self.records += count as u64;
        Ok((&self.buffer, &self.marks[first..=self.next]))
    }

    /// What is there, at least one byte; 0 at the end.
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
        let n = self.shared.read(room, self.shared.deadline()).map_err(Self::stopped)?;
        self.eof = n == 0;
        Ok(n)
    }

    fn take(&mut self, room: &mut [u8]) -> usize {
        let n = room.len().min(self.end - self.start);
        room[..n].copy_from_slice(&self.buffer[self.start..self.start + n]);
        self.start += n;
        self.forget_marks();
        n
    }

    /// All of `room`, or what there is until the end. After an error what was read is in the stream again.
    pub(crate) fn read_full(&mut self, room: &mut [u8]) -> Result<usize> {
        self.restore();
        let mut done = self.take(room);
        let deadline = self.shared.deadline();
        while done < room.len() && !self.eof {
            match self.shared.read(&mut room[done..], deadline) {
                Ok(0) => self.eof = true,
                Ok(n) => done += n,
                Err(stop) => {
                    self.put_back(&room[..done]);
                    return Err(Self::stopped(stop));
                }
            }
        }
        Ok(done)
    }

    /// Bytes that count as not read.
    fn put_back(&mut self, data: &[u8]) {
        let rest = [data, self.buffered()].concat();
        self.end = rest.len();
        self.start = 0;
        self.buffer = rest;
        self.buffer.resize((self.end + 4096).max(SMALL) + 1, 0);
        self.forget_marks();
    }

    /// Whether there is nothing more to read. It waits to know.
    pub(crate) fn at_eof(&mut self) -> Result<bool> {
        if self.start < self.end {
            return Ok(false);
        }
        let deadline = self.shared.deadline();
        self.restore();
        Ok(!self.fill(1, deadline)?)
    }

    fn set_separator(&mut self, separator: Separator) -> Result<()> {
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
        Ok(())
    }
}

// ---- writing ----

const WRITE_BUFFER: usize = 8 * 1024;

/// The writing half.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    pending: Vec<u8>,
    autoflush: bool,
    /// The process whose bytes are pending: a forked one must not write them again.
    owner: u64,
}

impl Writer {
    fn new(shared: Arc<Shared>, autoflush: bool) -> Writer {
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
        self.forget_inherited();
        if !self.autoflush && self.pending.len() + data.len() <= WRITE_BUFFER {
            self.keep(data);
            return Ok(());
        }
        let deadline = self.shared.deadline();
        self.flush_until(deadline)?;
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

    fn flush_until(&mut self, deadline: Deadline) -> Result<()> {
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

    pub(crate) fn flush(&mut self) -> Result<()> {
        let deadline = self.shared.deadline();
        self.flush_until(deadline)
    }

    /// For drop: what goes out without waiting.
    fn flush_now(&mut self) {
        if !self.shared.gate.is_closed() {
            let _ = self.flush_until(Deadline::NOW);
        }
        self.pending.clear();
    }
}

// ---- both ----

/// A filehandle: see the [module](self).
///
/// One thread for each direction at a time. Other threads may [cancel](Stream::canceler) at any moment.
pub struct Stream {
    shared: Arc<Shared>,
    reader: Option<Reader>,
    writer: Option<Writer>,
}

/// How a stream is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Read,
    Write,
    Both,
}

impl Stream {
    pub(crate) fn make(fd: OwnedFd, direction: Direction, socket: bool, carried: Option<Arc<Carried>>) -> Stream {
        Stream::of_kind(fd, direction, if socket { Kind::Socket } else { Kind::Pipe }, carried)
    }

    fn of_kind(fd: OwnedFd, direction: Direction, kind: Kind, carried: Option<Arc<Carried>>) -> Stream {
        let shared = Arc::new(Shared {
            gate: Gate::default(),
            fd: AtomicI32::new(fd.into_raw_fd()),
            kind,
            waits: AtomicBool::new(false),
            eager: AtomicBool::new(true),
            timeout: AtomicU64::new(u64::MAX),
            deadline: Mutex::new(Deadline::NEVER),
            bounded: AtomicBool::new(false),
            carried,
            left: AtomicBool::new(false),
            closed: AtomicBool::new(false),
            status: AtomicI64::new(i64::MIN),
        });
        let reader = (direction != Direction::Write).then(|| Reader::new(shared.clone()));
        let writer = (direction != Direction::Read).then(|| Writer::new(shared.clone(), true));
        Stream { shared, reader, writer }
    }

    /// Takes a descriptor over. It stays as it was found (its O_NONBLOCK, its close-on-exec flag).
    pub fn adopt(fd: OwnedFd) -> Result<Stream> {
        let failed = |errno| Error::at("adopt", fd.as_raw_fd().to_string(), errno);
        let direction = match sys::file_flags(fd.as_raw_fd()).map_err(failed)? & libc::O_ACCMODE {
            libc::O_RDONLY => Direction::Read,
            libc::O_WRONLY => Direction::Write,
            _ => Direction::Both,
        };
        let kind = match sys::fstat(fd.as_raw_fd()).map_err(failed)?.st_mode & libc::S_IFMT {
            libc::S_IFIFO => Kind::Pipe,
            libc::S_IFSOCK => Kind::Socket,
            _ => Kind::Other,
        };
        Ok(Stream::of_kind(fd, direction, kind, None))
    }

    /// Perl's `pipe`: what is written to the second is read from the first.
    pub fn pipe() -> Result<(Stream, Stream)> {
        let (reader, writer) = sys::pipe().map_err(|errno| Error::os("pipe", errno))?;
        Ok((Stream::make(reader, Direction::Read, false, None), Stream::make(writer, Direction::Write, false, None)))
    }

    fn reader(&mut self) -> Result<&mut Reader> {
        if self.shared.gate.is_closed() {
            return Err(Error::Closed { step: "read" });
        }
        self.reader.as_mut().ok_or(Error::Os { step: "read", path: Cow::Borrowed(""), errno: libc::EBADF })
    }

    fn writer(&mut self) -> Result<&mut Writer> {
        if self.shared.gate.is_closed() {
            return Err(Error::Closed { step: "write" });
        }
        self.writer.as_mut().ok_or(Error::Os { step: "write", path: Cow::Borrowed(""), errno: libc::EBADF })
    }

    /// Perl's `sysread`, with the buffer counted in: what is there, at least one byte; waits if there is nothing. 0 at
    /// the end.
    pub fn read(&mut self, room: &mut [u8]) -> Result<usize> {
        self.reader()?.read(room)
    }

    /// Perl's `read`: fills all of `room`; less only at the end. After an error what was read is in the stream again.
    pub fn read_full(&mut self, room: &mut [u8]) -> Result<usize> {
        self.reader()?.read_full(room)
    }

    /// All there is until the end, appended. After an error what was read is in `all`.
    pub fn read_to_end(&mut self, all: &mut Vec<u8>) -> Result<usize> {
        let reader = self.reader()?;
        let before = all.len();
        let deadline = reader.shared.deadline();
        reader.restore();
        loop {
            all.extend_from_slice(reader.buffered());
            reader.start = reader.end;
            reader.forget_marks();
            if !reader.fill(BLOCK, deadline)? {
                return Ok(all.len() - before);
            }
        }
    }

    /// Perl's `<FH>`: the next record with its separator, borrowed until the next call; `None` at the end.
    pub fn readline(&mut self) -> Result<Option<&[u8]>> {
        let reader = self.reader()?;
        reader.restore();
        reader.record()
    }

    /// Many records a call: the bytes, and where each begins; record i is `bytes[ends[i]..ends[i + 1]]`. As many as
    /// were found ahead, but not more than `most`; both are empty at the end.
    pub fn readlines(&mut self, most: usize) -> Result<(&[u8], &[u64])> {
        self.reader()?.records(most)
    }

    /// What was read ahead and not taken yet.
    pub fn buffered(&self) -> &[u8] {
        self.reader.as_ref().map_or(&[], Reader::buffered)
    }

    /// Perl's `eof`: whether there is nothing more to read. It waits to know, and loses nothing.
    pub fn eof(&mut self) -> Result<bool> {
        self.reader()?.at_eof()
    }

    /// How many records were read: Perl's `$.`.
    pub fn lineno(&self) -> u64 {
        self.reader.as_ref().map_or(0, |reader| reader.records)
    }

    /// What ends a record: Perl's `$/`, of this stream alone.
    pub fn separator(&mut self, separator: Separator) -> Result<()> {
        self.reader()?.set_separator(separator)
    }

    /// The longest record that is taken, in bytes: a longer one is [`Error::TooLong`] and stays. `None`: no limit, as
    /// at first.
    pub fn line_limit(&mut self, limit: Option<usize>) -> Result<()> {
        self.reader()?.limit = limit.unwrap_or(usize::MAX);
        Ok(())
    }

    /// Writes all, or into the buffer if autoflush is off. A pipe without readers is EPIPE and never a signal.
    ///
    /// When a deadline, a handler or another thread ends it, what was not written stays in the stream, and
    /// [`flush`](Stream::flush) goes on with it: do not write it again.
    pub fn write(&mut self, data: &[u8]) -> Result<()> {
        self.writer()?.write(data)
    }

    /// Writes what is in the buffer.
    pub fn flush(&mut self) -> Result<()> {
        self.writer()?.flush()
    }

    /// Perl's `$|`: whether each write goes out at once. On at first, except for streams that write to a command.
    /// Switching it on flushes.
    pub fn autoflush(&mut self, on: bool) -> Result<()> {
        let writer = self.writer()?;
        writer.autoflush = on;
        if on { writer.flush() } else { Ok(()) }
    }

    /// Whether each write goes out at once.
    pub fn is_autoflush(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.autoflush)
    }

    /// The time limit of each call; `None`: none.
    pub fn timeout(&mut self, limit: Option<Duration>) {
        let ns = limit.map_or(u64::MAX, |limit| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
        self.shared.timeout.store(ns, Ordering::Relaxed);
        self.set_bounded();
    }

    /// When all calls together must be over, from now on.
    pub fn deadline(&mut self, deadline: Deadline) {
        *self.shared.deadline.lock().unwrap_or_else(PoisonError::into_inner) = deadline;
        self.set_bounded();
    }

    fn set_bounded(&self) {
        let deadline = *self.shared.deadline.lock().unwrap_or_else(PoisonError::into_inner);
        let bounded = self.shared.timeout.load(Ordering::Relaxed) != u64::MAX || !deadline.is_never();
        self.shared.bounded.store(bounded, Ordering::Relaxed);
    }

    /// For another thread to end this one's calls with.
    pub fn canceler(&self) -> Canceler {
        Canceler(self.shared.clone())
    }

    /// The child that the stream carries.
    pub fn child(&self) -> Option<&Child> {
        self.shared.carried.as_ref().map(|carried| &carried.child)
    }

    /// The status that [`close`](Stream::close) got, also when close failed for another reason: Perl's `$?`.
    pub fn status(&self) -> Option<Status> {
        match self.shared.status.load(Ordering::SeqCst) {
            i64::MIN => None,
            status => Some(Status::from_raw(status as i32)),
        }
    }

    /// Whether it was closed or released.
    pub fn is_closed(&self) -> bool {
        self.shared.gate.is_closed()
    }

    /// No more writing: flushes; of a socket the peer sees the end while its answers can still be read, any other
    /// stream that only writes is closed.
    pub fn shutdown(&mut self) -> Result<()> {
        self.flush()?;
        if self.shared.kind == Kind::Socket {
            return sys::shutdown(self.shared.fd(), libc::SHUT_WR).map_err(|errno| Error::os("shutdown", errno));
        }
        if self.reader.is_some() {
            return Err(Error::os("shutdown", libc::ENOTSOCK));
        }
        self.shared.close_fd().map_err(|stop| stop.error("shutdown"))
    }

    /// Perl's `close`: flushes, closes, and where this was the last stream of its child, waits for that and gives its
    /// status. When the flush or the wait fails, everything else is done all the same and [`status`](Stream::status)
    /// has what is known.
    pub fn close(&mut self) -> Result<Option<Status>> {
        let shared = self.shared.clone();
        if shared.closed.load(Ordering::SeqCst) {
            return Err(Error::Closed { step: "close" });
        }
        let deadline = shared.deadline();
        let flushed = match &mut self.writer {
            Some(writer) if !shared.gate.is_closed() => writer.flush_until(deadline),
            _ => Ok(()),
        };
        let status = finish(&shared, deadline);
        flushed.and(status)
    }

    /// The descriptor, given up by the stream. Refused while the stream has read ahead: those bytes would be lost.
    pub fn release(&mut self) -> Result<OwnedFd> {
        if let Some(reader) = &mut self.reader {
            reader.restore();
            let ahead = reader.buffered().len();
            if ahead > 0 {
                return Err(Error::invalid("release", format!("{ahead} bytes are read ahead: read them first")));
            }
        }
        if let Some(writer) = &mut self.writer {
            writer.flush()?;
        }
        self.shared.gate.close().map_err(|stop| stop.error("release"))?;
        self.shared.closed.store(true, Ordering::SeqCst);
        match self.shared.fd.swap(-1, Ordering::SeqCst) {
            -1 => Err(Error::Closed { step: "release" }),
            fd => Ok(sys::take_fd(fd)),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// What was read ahead, taken out.
    pub(crate) fn take_buffered(&mut self) -> Vec<u8> {
        let Some(reader) = &mut self.reader else { return Vec::new() };
        reader.restore();
        let ahead = reader.buffered().to_vec();
        reader.start = reader.end;
        reader.forget_marks();
        ahead
    }

    pub(crate) fn set_autoflush_quietly(&mut self, on: bool) {
        if let Some(writer) = &mut self.writer {
            writer.autoflush = on;
        }
    }
}

/// Closes the descriptor, and waits where this was the last stream of the child.
fn finish(shared: &Shared, deadline: Deadline) -> Result<Option<Status>> {
    shared.close_fd().map_err(|stop| stop.error("close"))?;
    let waited = match &shared.carried {
        Some(carried) if !shared.leave(carried) => carried.child.wait_stop(deadline).map(Some).map_err(|stop| {
            // Nobody can know any more; a wait that was only given up can be made again.
            if let Stop::Errno(_) = stop {
                shared.status.store(i64::from(Status::UNKNOWN.raw()), Ordering::SeqCst);
                shared.closed.store(true, Ordering::SeqCst);
            }
            stop.at("close", carried.child.pid().to_string())
        })?,
        _ => None,
    };
    if let Some(status) = waited {
        shared.status.store(i64::from(status.raw()), Ordering::SeqCst);
    }
    shared.closed.store(true, Ordering::SeqCst);
    Ok(waited)
}

impl AsFd for Stream {
    /// Lent: the stream keeps it, and may have read ahead.
    fn as_fd(&self) -> BorrowedFd<'_> {
        sys::lend_fd(self.shared.fd())
    }
}

impl std::io::Read for Stream {
    fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
        Ok(Stream::read(self, room)?)
    }
}

impl std::io::Write for Stream {
    fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
        Stream::write(self, data)?;
        Ok(data.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(Stream::flush(self)?)
    }
}

impl Drop for Stream {
    /// Never waits: what can be written at once is, the descriptor is closed, and a child that still runs is an orphan.
    fn drop(&mut self) {
        if let Some(writer) = &mut self.writer {
            writer.flush_now();
        }
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Stream");
        out.field("fd", &self.shared.fd());
        if let Some(child) = self.child() {
            out.field("child", child);
        }
        out.finish()
    }
}
