//! Perl's filehandle: a pipe's end, a child's output or input, a FIFO, a connected socket, a pty.
//!
//! Reads give what is there, all of n, or records ([`Separator`]); writes write all. Each call can have a time limit,
//! all of them together a deadline. Closing flushes; where the stream carries a child, closing the last of its streams
//! waits and gives the status, as Perl's `close`.

mod beside;
mod calls;
mod close;
mod reader;
mod records;
mod shared;
mod terminal;
mod writer;

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::block::Way;
use crate::child::Child;
use crate::error::{Error, Result};
use crate::expect::{Expect, Found};
use crate::poll::View;
use crate::status::Status;
use crate::sys;
use crate::time::{Deadline, Unasked};

pub(crate) use reader::{Reader, keep_spare};
pub use records::Separator;
pub(crate) use shared::{Carried, Kind, Shared};
pub(crate) use writer::Writer;

/// What other threads may do with a stream while a call of its owner is under way: end that call, close, look.
#[derive(Clone)]
pub struct Canceler(Arc<Shared>);

impl Canceler {
    /// The call that waits now ends with [`Error::Canceled`], and so does every later one that would read or write, also
    /// where something is there: so who reads what never ends is stopped too. What was read ahead can still be taken.
    pub fn cancel(&self) {
        self.0.gate.cancel();
    }

    /// Closes the stream from another thread, as [`Stream::close`] does, but for what its owner has not flushed yet:
    /// the call that waits now ends with [`Error::Closed`], and so does every later one.
    pub fn close(&self, deadline: Deadline) -> Result<Option<Status>> {
        if self.0.closed.load(Ordering::SeqCst) {
            return Err(Error::Closed { step: "close" });
        }
        self.0.finish(deadline)
    }

    /// Whether the stream was closed or released.
    pub fn is_closed(&self) -> bool {
        self.0.gate.is_closed()
    }

    /// The status that closing got.
    pub fn status(&self) -> Option<Status> {
        self.0.known_status()
    }
}

/// Perl's filehandle.
///
/// One thread for each direction at a time: [`split`](Stream::split) is for two. Other threads may
/// [cancel](Stream::canceler) at any moment.
pub struct Stream {
    shared: Arc<Shared>,
    reader: Option<Reader>,
    writer: Option<Writer>,
    /// Which one it is of a stream that was split.
    half: Option<Way>,
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

    pub(crate) fn of_kind(fd: OwnedFd, direction: Direction, kind: Kind, carried: Option<Arc<Carried>>) -> Stream {
        let shared = Arc::new(Shared::new(fd, kind, carried));
        let reader = (direction != Direction::Write).then(|| Reader::new(shared.clone()));
        let writer = (direction != Direction::Read).then(|| Writer::new(shared.clone(), true));
        Stream { shared, reader, writer, half: None }
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
        self.reader.as_mut().ok_or(Error::Os { step: "read", path: "".into(), errno: libc::EBADF })
    }

    fn writer(&mut self) -> Result<&mut Writer> {
        if self.shared.gate.is_closed() {
            return Err(Error::Closed { step: "write" });
        }
        self.writer.as_mut().ok_or(Error::Os { step: "write", path: "".into(), errno: libc::EBADF })
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

    /// The next `len` bytes, which stay; less only at the end.
    pub fn peek(&mut self, len: usize) -> Result<&[u8]> {
        self.reader()?.peek(len)
    }

    /// All there is until the end, appended. After an error what was read is in `all`.
    pub fn read_to_end(&mut self, all: &mut Vec<u8>) -> Result<usize> {
        self.reader()?.read_to_end(all)
    }

    /// Perl's `<FH>`: the next record with its separator, borrowed until the next call; `None` at the end.
    pub fn readline(&mut self) -> Result<Option<&[u8]>> {
        self.reader()?.record()
    }

    /// Many records a call: the bytes, and where each begins; record i is `bytes[ends[i]..ends[i + 1]]`. As many as
    /// were found ahead, but not more than `most`; both are empty at the end.
    pub fn readlines(&mut self, most: usize) -> Result<(&[u8], &[u64])> {
        self.reader()?.records(most)
    }

    /// The next record if it was found ahead: never waits. `None` says only that [`readline`](Stream::readline) has to
    /// look for it.
    #[inline]
    pub fn readline_ahead(&mut self) -> Option<&[u8]> {
        if self.shared.gate.is_closed() {
            return None;
        }
        self.reader.as_mut()?.record_ahead()
    }

    /// Whether [`readline`](Stream::readline) would come back at once, with a record that was read ahead, the end, or an error.
    pub fn is_record_ahead(&mut self) -> bool {
        self.reader.as_mut().is_none_or(Reader::is_record_ahead)
    }

    /// The records that were found ahead, as [`readlines`](Stream::readlines) gives them, but not taken: that is
    /// [`skip_ahead`](Stream::skip_ahead)'s. Never waits; both may be empty before the end.
    ///
    /// For who gives them out one by one: the bytes and the places stay where they are until the stream is used again.
    pub fn ahead(&mut self) -> (&[u8], &[u64]) {
        match &mut self.reader {
            Some(reader) if !self.shared.gate.is_closed() => reader.ahead(),
            _ => (&[], &[]),
        }
    }

    /// Takes that many of the records that are [`ahead`](Stream::ahead); none if there are less.
    pub fn skip_ahead(&mut self, count: usize) {
        if let Some(reader) = &mut self.reader {
            reader.skip_ahead(count);
        }
    }

    /// Reads more behind what is [`buffered`](Stream::buffered); waits for it. False at the end.
    pub fn fill(&mut self) -> Result<bool> {
        self.reader()?.fill_behind()
    }

    /// Takes that many of the [`buffered`](Stream::buffered) bytes.
    pub fn consume(&mut self, n: usize) {
        if let Some(reader) = &mut self.reader {
            reader.consume(n);
        }
    }

    /// Puts bytes back in front, as if they had not been read, and that many records less were: for whoever must give
    /// up a call that has read already.
    pub fn unread(&mut self, data: &[u8], records: u64) {
        if let Some(reader) = &mut self.reader {
            reader.restore();
            reader.put_back(data);
            reader.records = reader.records.saturating_sub(records);
        }
    }

    /// What was read ahead and not taken yet.
    pub fn buffered(&self) -> &[u8] {
        self.reader.as_ref().map_or(&[], Reader::buffered)
    }

    /// How many bytes are still to go out by [`flush`](Stream::flush).
    pub fn pending(&self) -> usize {
        self.writer.as_ref().map_or(0, Writer::pending)
    }

    /// How many bytes the last write or flush threw away that failed for good (EPIPE): what could never go out.
    pub fn lost(&self) -> usize {
        self.writer.as_ref().map_or(0, Writer::lost)
    }

    /// Perl's `eof`: whether there is nothing more to read; newlines that no paragraph follows are nothing, where paragraphs
    /// are read. It waits to know, and loses nothing.
    pub fn eof(&mut self) -> Result<bool> {
        self.reader()?.at_eof()
    }

    /// Waits for one of the patterns: see [`Expect::wait_until`].
    pub fn expect(&mut self, expect: &Expect, deadline: Deadline) -> Result<usize> {
        self.reader()?.expect(expect, deadline)
    }

    /// What an [`expect`](Stream::expect) found last, also after a timeout; until something else is read.
    pub fn found(&self) -> Option<Found<'_>> {
        self.reader.as_ref().and_then(Reader::found)
    }

    /// A copy of all that is read by lines or expect goes to that descriptor; `None`: nowhere, as at first. A log that is
    /// full stands in the way of a read until its deadline: what was read is in the stream then, and goes to the log with the
    /// next read. A poll set that looks for lines keeps up to 1 MiB for it; then the stream counts as ready, and the read waits
    /// for the log. One that cannot be written is passed over.
    pub fn log(&mut self, log: Option<OwnedFd>) -> Result<()> {
        self.reader()?.set_log(log)
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

    /// The same without waiting, for those who must give something away before they wait: whether all went out. If not,
    /// [`flush`](Stream::flush) goes on with the rest.
    #[inline]
    pub fn write_now(&mut self, data: &[u8]) -> Result<bool> {
        self.writer()?.write_now(data)
    }

    /// Writes what is in the buffer.
    pub fn flush(&mut self) -> Result<()> {
        self.writer()?.flush()
    }

    /// Perl's `$|`: whether each write goes out at once. On at first, except for streams that write to a command.
    /// Switching it on flushes.
    pub fn autoflush(&mut self, on: bool) -> Result<()> {
        self.writer()?.set_autoflush(on)
    }

    /// Whether each write goes out at once.
    pub fn is_autoflush(&self) -> bool {
        self.writer.as_ref().is_some_and(|writer| writer.autoflush)
    }

    /// Takes the writing half off, as a stream of its own, for a thread that writes while another one reads. `None` where it
    /// does not do both.
    ///
    /// Both are the same open file: who cancels or closes one does it to both, and what the writing half has buffered is
    /// then lost. Each has time limits of its own from now on, which begin as they are.
    pub fn split(&mut self) -> Option<Stream> {
        self.reader.as_ref()?;
        let writer = self.writer.take()?;
        self.half = Some(Way::In);
        Some(Stream { shared: self.shared.clone(), reader: None, writer: Some(writer), half: Some(Way::Out) })
    }

    /// Puts the writing half back. What is none of this stream comes back as it is.
    #[must_use = "what could not be joined"]
    pub fn join(&mut self, mut writer: Stream) -> Option<Stream> {
        if self.half != Some(Way::In) || writer.half != Some(Way::Out) || !Arc::ptr_eq(&self.shared, &writer.shared) {
            return Some(writer);
        }
        self.writer = writer.writer.take();
        self.half = None;
        None
    }

    /// The time limit of each call; `None`: none.
    pub fn timeout(&mut self, limit: Option<Duration>) {
        self.shared.set_timeout(self.half, limit);
    }

    /// Whether it can be read from.
    pub fn is_readable(&self) -> bool {
        self.reader.is_some()
    }

    /// Whether it can be written to.
    pub fn is_writable(&self) -> bool {
        self.writer.is_some()
    }

    /// When all calls together must be over.
    pub fn deadline(&mut self, deadline: Deadline) {
        self.shared.set_deadline(self.half, deadline);
        if let Some(reader) = &mut self.reader {
            reader.unasked = Unasked::default();
        }
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
        self.shared.known_status()
    }

    /// Whether it was closed or released.
    pub fn is_closed(&self) -> bool {
        self.shared.gate.is_closed()
    }

    /// No more writing: flushes; of a socket the peer sees the end while its answers can still be read, any other
    /// stream that only writes is closed.
    pub fn shutdown(&mut self) -> Result<()> {
        if self.is_closed() {
            return Err(Error::Closed { step: "shutdown" });
        }
        self.shared.shutdown(self.does_both(), self.writer.as_mut())
    }

    /// Perl's `close`: flushes, closes, and where this was the last stream of its child, waits for that and gives its
    /// status. When the flush or the wait fails, everything else is done all the same and [`status`](Stream::status)
    /// has what is known.
    pub fn close(&mut self) -> Result<Option<Status>> {
        self.shared.close(self.half.unwrap_or(Way::Out), self.writer.as_mut())
    }

    /// The descriptor, given up by the stream. Refused while the stream has read ahead, since those bytes would be lost, and
    /// to one half of a stream.
    pub fn release(&mut self) -> Result<OwnedFd> {
        if self.half.is_some() {
            return Err(Error::invalid("release", "it is one half of a stream: join them first"));
        }
        self.shared.release(self.reader.as_mut(), self.writer.as_mut())
    }

    /// As a [`Poll`](crate::Poll) set sees it.
    pub fn view(&mut self) -> View<'_> {
        let both = self.half.is_some();
        let (reads, writes) = (both || self.reader.is_some(), both || self.writer.is_some());
        View { shared: &self.shared, reads, writes, reader: self.reader.as_mut() }
    }

    /// Taken apart, for faces whose objects are shared by threads.
    #[cfg(feature = "capi")]
    pub(crate) fn into_parts(mut self) -> (Arc<Shared>, Option<Reader>, Option<Writer>) {
        (self.shared.clone(), self.reader.take(), self.writer.take())
    }

    /// Both halves, for who reads and writes by turns.
    pub(crate) fn halves(&mut self) -> Result<(&mut Reader, &mut Writer)> {
        if self.is_closed() {
            return Err(Error::Closed { step: "interact" });
        }
        match (&mut self.reader, &mut self.writer) {
            (Some(reader), Some(writer)) => Ok((reader, writer)),
            _ => Err(Error::os("interact", libc::EBADF)),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Whether the open file is read and written, be it by another half.
    fn does_both(&self) -> bool {
        self.half.is_some() || (self.reader.is_some() && self.writer.is_some())
    }

    /// An error for a stream that does not read.
    pub(crate) fn check_reads(&mut self) -> Result<()> {
        self.reader().map(drop)
    }

    /// What was read ahead, taken out; an error for a stream that does not read.
    pub(crate) fn take_ahead(&mut self) -> Result<Vec<u8>> {
        Ok(self.reader()?.take_buffered())
    }

    /// What is buffered for writing, taken out.
    pub(crate) fn take_pending(&mut self) -> Result<Vec<u8>> {
        Ok(self.writer()?.take_pending())
    }

    pub(crate) fn put_pending(&mut self, data: &[u8]) {
        if let Some(writer) = &mut self.writer {
            writer.put_pending(data);
        }
    }

    pub(crate) fn set_autoflush_quietly(&mut self, on: bool) {
        if let Some(writer) = &mut self.writer {
            writer.autoflush = on;
        }
    }
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
