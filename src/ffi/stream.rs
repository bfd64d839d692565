//! Perl's filehandle.

use std::ffi::{c_char, c_void};
use std::os::fd::{IntoRawFd, RawFd};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use super::child::ipc_child;
use super::half::{Half, Use};
use super::run::Run;
use super::{Handle, copy_text, free, get, give, guard, out_handle, put, room, slice, text};
use crate::block::{self, Way};
use crate::error::Error;
use crate::poll::{Held, View};
use crate::socket;
use crate::status::Status;
use crate::stream::{Reader, Separator, Shared, Stream, Writer};
use crate::sys;
use crate::time::Deadline;

/// A filehandle: a pipe's end, a child's output or input, a FIFO, a connected socket, a pty. One thread for each
/// direction at a time; cancel, close and fd work from any thread at any moment.
#[repr(C)]
pub struct ipc_stream {
    tag: u32,
    run: Run,
    shared: Arc<Shared>,
    reader: Half<Reader>,
    writer: Half<Writer>,
    child: Option<Box<ipc_child>>,
    /// Poll sets know by it whether the handle is there still.
    there: OnceLock<Arc<()>>,
}

impl Handle for ipc_stream {
    const TAG: u32 = u32::from_be_bytes(*b"istr");
    const NAME: &'static str = "stream";
}

impl ipc_stream {
    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn new(stream: Stream) -> ipc_stream {
        let (shared, reader, writer) = stream.into_parts();
        let child = shared.child().map(|child| Box::new(ipc_child::new(child.clone())));
        ipc_stream {
            tag: ipc_stream::TAG,
            run: Run::new(),
            shared,
            reader: Half::new(reader),
            writer: Half::new(writer),
            child,
            there: OnceLock::new(),
        }
    }

    /// # Safety
    /// As [`Half::enter`].
    #[inline]
    pub(super) unsafe fn reading(&self) -> Result<Use<'_, Reader>, Error> {
        if self.shared.is_closed() {
            return Err(Error::Closed { step: "read" });
        }
        // SAFETY: the caller's promise.
        unsafe { self.enter("read") }
    }

    /// # Safety
    /// As [`Half::enter`].
    #[inline]
    unsafe fn enter(&self, step: &'static str) -> Result<Use<'_, Reader>, Error> {
        // SAFETY: the caller's promise.
        let reader = unsafe { self.reader.enter(step)? };
        self.run.give_back(reader.half);
        Ok(reader)
    }

    /// The reader of a stream that may be closed: what it found is there still.
    ///
    /// # Safety
    /// As [`Half::enter`].
    pub(super) unsafe fn looking(&self) -> Result<Use<'_, Reader>, Error> {
        // SAFETY: the caller's promise.
        unsafe { self.enter("read") }
    }

    /// # Safety
    /// As [`Half::enter`].
    pub(super) unsafe fn writing(&self) -> Result<Use<'_, Writer>, Error> {
        if self.shared.is_closed() {
            return Err(Error::Closed { step: "write" });
        }
        // SAFETY: the caller's promise.
        unsafe { self.writer.enter("write") }
    }

    /// The writer for who closes. A thread that is inside a call comes out first, since what it leaves buffered is to go out
    /// too; but one that waits there is woken by the close, and its data is its own.
    ///
    /// # Safety
    /// As [`Half::enter`].
    unsafe fn writing_last(&self) -> Option<Use<'_, Writer>> {
        for round in 0..200 {
            // SAFETY: the caller's promise.
            match unsafe { self.writer.enter("close") } {
                Err(Error::Busy { .. }) if !self.writer.is_mine() && !self.shared.gate.waits(Way::Out) => {
                    block::pause(round).ok()?;
                }
                writer => return writer.ok(),
            }
        }
        None
    }

    /// No more writing.
    ///
    /// # Safety
    /// As [`Half::enter`].
    unsafe fn shutdown(&self) -> Result<(), Error> {
        // SAFETY: the caller's promise.
        let writer = unsafe { self.writing()? };
        self.shared.shutdown(self.reader.is_there(), Some(&mut *writer.half))
    }
}

/// A stream as a poll set holds it.
pub(super) struct Lent {
    stream: *mut ipc_stream,
    there: Weak<()>,
}

// SAFETY: it is looked through where a stream may be: in the calls of its set, which count as those of a thread that
// reads it.
unsafe impl Send for Lent {}

impl Lent {
    /// # Safety
    /// As [`get`].
    pub(super) unsafe fn new(stream: *mut ipc_stream) -> Result<Lent, Error> {
        // SAFETY: the caller's promise.
        let there = unsafe { get(stream)? }.there.get_or_init(Arc::default);
        Ok(Lent { stream, there: Arc::downgrade(there) })
    }
}

impl Held for Lent {
    fn show(&mut self, reading: bool, look: &mut dyn FnMut(View<'_>)) -> bool {
        // SAFETY: a handle that is not gone is there, unless another thread frees it now: the caller's bug.
        let Ok(stream) = (unsafe { get(self.stream) }) else { return false };
        let shared = stream.shared();
        let (reads, writes) = (stream.reader.is_there(), stream.writer.is_there());
        if !(reading && reads) {
            // Another thread may be reading.
            look(View { shared, reads, writes, reader: None });
            return true;
        }
        // SAFETY: the rule for threads.
        match unsafe { stream.enter("poll") } {
            Ok(reader) => look(View { shared, reads, writes, reader: Some(reader.half) }),
            Err(_) => return false,
        }
        true
    }

    fn is_gone(&self) -> bool {
        self.there.strong_count() == 0
    }
}

impl Drop for ipc_stream {
    fn drop(&mut self) {
        if self.there.take().is_some() {
            self.shared.gate.changed();
        }
        if let Some(writer) = self.writer.get_mut() {
            writer.flush_now();
        }
    }
}

fn size(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Reads what is there, what was read ahead first; waits if there is nothing.
///
/// Returns: how many bytes, at least 1; 0 at the end.
/// Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED, PERLIPC_E_CLOSED; -ECONNRESET.
/// Threads: any; one at a time reads.
/// Blocks: until something comes, the end, or the stream's time limits.
/// Perl: sysread, with the buffer counted in.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_read(s: *mut ipc_stream, data: *mut c_void, cap: usize) -> i64 {
    // SAFETY: the caller's handle and buffer.
    guard(|| unsafe { get(s)?.reading()?.half.read(room(data.cast(), cap, "read")?).map(size) })
}

/// Reads all of `len` bytes.
///
/// Returns: how many bytes; less than `len` only at the end.
/// Errors: as ipc_stream_read; what was read until then is in the stream again.
/// Threads: any; one at a time reads.
/// Blocks: until all is there, the end, or the stream's time limits.
/// Perl: read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_read_full(s: *mut ipc_stream, data: *mut c_void, len: usize) -> i64 {
    // SAFETY: the caller's handle and buffer.
    guard(|| unsafe { get(s)?.reading()?.half.read_full(room(data.cast(), len, "read")?).map(size) })
}

/// Copies the next `len` bytes and leaves them to the next read.
///
/// Returns: how many bytes; less than `len` only at the end.
/// Errors: as ipc_stream_read; what was there until then stays.
/// Threads: any; one at a time reads.
/// Blocks: until all is there, the end, or the stream's time limits.
/// Perl: getc and ungetc; recv with MSG_PEEK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_peek(s: *mut ipc_stream, data: *mut c_void, len: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and buffer.
        let (reader, room) = unsafe { (get(s)?.reading()?, room(data.cast(), len, "peek")?) };
        let ahead = reader.half.peek(len)?;
        room[..ahead.len()].copy_from_slice(ahead);
        Ok(size(ahead.len()))
    })
}

/// The next record with its separator, a line at first. It is borrowed: valid until the next call that reads the
/// stream or frees it. A NUL follows; the record may have NULs of its own.
///
/// Returns: its length, at least 1; 0 at the end, where `line` is NULL.
/// Errors: as ipc_stream_read; PERLIPC_E_TOO_LONG beyond the limit of ipc_stream_line_limit. The unfinished record stays.
/// Threads: any; one at a time reads.
/// Blocks: until a record is there, the end, or the stream's time limits.
/// Perl: <FH>.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_readline(s: *mut ipc_stream, line: *mut *const c_char) -> i64 {
    // SAFETY: the caller's handle and out-parameter; nothing here panics, calls out or waits, so neither a guard nor the
    // mark of a busy reader is needed: while it is busy, nothing is lent.
    unsafe {
        if !s.is_null() && !line.is_null() && (*s).tag == ipc_stream::TAG && !(*s).shared.is_closed() {
            if let Some((record, len)) = (*s).run.record() {
                line.write(record.cast());
                return len as i64;
            }
        }
        read_line(s, line)
    }
}

/// A line that was not found ahead, or a failure.
///
/// # Safety
/// As [`ipc_stream_readline`].
#[inline(never)]
unsafe extern "C" fn read_line(s: *mut ipc_stream, line: *mut *const c_char) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter; the record lives in the stream's buffer.
        unsafe {
            put(line, std::ptr::null());
            let stream = get(s)?;
            let reader = stream.reading()?;
            let Some(record) = reader.half.record_nul()? else { return Ok(0) };
            put(line, record.as_ptr().cast());
            let len = size(record.len());
            stream.run.lend(reader.half);
            Ok(len)
        }
    })
}

/// The next record, copied into the caller's buffer with a NUL behind it, never cut.
///
/// Returns: its length; 0 at the end.
/// Errors: as ipc_stream_readline; -ERANGE when it does not fit with its NUL: it stays, for a larger buffer.
/// Threads: any; one at a time reads.
/// Blocks: as ipc_stream_readline.
/// Perl: <FH>.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_getline(s: *mut ipc_stream, data: *mut c_char, cap: usize) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and buffer.
        unsafe {
            let to = room(data.cast(), cap, "getline")?;
            let reader = get(s)?.reading()?;
            match reader.half.record_if(|len| len < to.len())? {
                None => {
                    if let Some(first) = to.first_mut() {
                        *first = 0;
                    }
                    Ok(0)
                }
                Some(record) => match to.get_mut(..=record.len()) {
                    Some(place) => {
                        let (body, nul) = place.split_at_mut(record.len());
                        body.copy_from_slice(record);
                        nul.fill(0);
                        Ok(size(record.len()))
                    }
                    None => Err(Error::os("getline", libc::ERANGE)),
                },
            }
        }
    })
}

/// Many records at once, borrowed: record i is the bytes from base + ends[i] to base + ends[i + 1]. No NULs follow.
/// Valid until the next call that reads the stream or frees it. It does not wait for many: what was found ahead comes.
///
/// Returns: how many records, at least 1, so that `ends` has one more; 0 at the end.
/// Errors: as ipc_stream_readline.
/// Threads: any; one at a time reads.
/// Blocks: until one record is there, the end, or the stream's time limits.
/// Perl: none; a list of <FH> waits for the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_lines(s: *mut ipc_stream, ends: *mut *const u64, base: *mut *const c_char) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameters; both lists live in the stream.
        unsafe {
            put(ends, std::ptr::null());
            put(base, std::ptr::null());
            let reader = get(s)?.reading()?;
            let (bytes, found) = reader.half.records(usize::MAX)?;
            if found.is_empty() {
                return Ok(0);
            }
            put(ends, found.as_ptr());
            put(base, bytes.as_ptr().cast());
            Ok(size(found.len() - 1))
        }
    })
}

/// Writes all; into the buffer, if autoflush is off. A pipe or socket without a reader is -EPIPE, never a signal, though
/// a handler for PIPE that was set through this library runs.
///
/// Returns: `len`.
/// Errors: -EPIPE; -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED: what was not written stays in the stream, and
/// ipc_stream_flush goes on with it: do not write it again. PERLIPC_E_CLOSED.
/// Threads: any; one at a time writes.
/// Blocks: until all is written, or the stream's time limits.
/// Perl: print.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_write(s: *mut ipc_stream, data: *const c_void, len: usize) -> i64 {
    // SAFETY: the caller's handle and data.
    guard(|| unsafe { get(s)?.writing()?.half.write(slice(data.cast(), len, "write")?).map(|()| size(len)) })
}

/// Writes what is in the buffer.
///
/// Returns: 0.
/// Errors: as ipc_stream_write.
/// Threads: any; one at a time writes.
/// Blocks: until all is written, or the stream's time limits.
/// Perl: FH->flush.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_flush(s: *mut ipc_stream) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(s)?.writing()?.half.flush() }.map(|()| 0))
}

/// Whether each write goes out at once: on at first, but for streams that write to a command and for FIFOs opened with
/// ">". Switching it on flushes.
///
/// Returns: 0.
/// Errors: as ipc_stream_write.
/// Threads: any; one at a time writes.
/// Blocks: as ipc_stream_flush.
/// Perl: $|.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_autoflush(s: *mut ipc_stream, on: i32) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(s)?.writing()?.half.set_autoflush(on != 0) }.map(|()| 0))
}

/// What ends a record: any bytes, kept at its end; "\n" at first. `len` 0: paragraphs (empty lines end one, extra ones
/// are swallowed).
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID.
/// Threads: any; one at a time reads.
/// Blocks: no.
/// Perl: $/, of this stream alone.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_separator(s: *mut ipc_stream, data: *const c_void, len: usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and data.
        unsafe {
            let bytes = slice(data.cast(), len, "separator")?;
            let separator =
                if bytes.is_empty() { Separator::Paragraph } else { Separator::Bytes(bytes.to_vec().into()) };
            get(s)?.reading()?.half.set_separator(separator)?;
        }
        Ok(0)
    })
}

/// Records of a fixed size, the last one shorter; 0: the whole input is one.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any; one at a time reads.
/// Blocks: no.
/// Perl: $/ = \N; $/ = undef.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_record(s: *mut ipc_stream, size: usize) -> i32 {
    guard(|| {
        let separator = if size == 0 { Separator::Whole } else { Separator::Size(size) };
        // SAFETY: the caller's handle.
        unsafe { get(s)?.reading()?.half.set_separator(separator)? };
        Ok(0)
    })
}

/// The longest record that is taken, in bytes; 0: no limit, as at first. A longer one is PERLIPC_E_TOO_LONG and stays.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any; one at a time reads.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_line_limit(s: *mut ipc_stream, limit: usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe { get(s)?.reading()?.half.set_limit(if limit == 0 { usize::MAX } else { limit }) };
        Ok(0)
    })
}

/// The time limit of each call on the stream, close's wait for the child too; -1: none, as at first.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: alarm around each call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_timeout(s: *mut ipc_stream, timeout_ms: i32) -> i32 {
    guard(|| {
        let limit = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        // SAFETY: the caller's handle.
        unsafe { get(s)? }.shared.set_timeout(None, limit);
        Ok(0)
    })
}

/// The time limit of all calls on the stream together, from now on; -1: none, as at first.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: alarm around all of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_deadline(s: *mut ipc_stream, timeout_ms: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe { get(s)? }.shared.set_deadline(None, Deadline::after_ms(timeout_ms));
        Ok(0)
    })
}

/// Whether there is nothing more to read; newlines that no paragraph follows are nothing, where paragraphs are read. It
/// waits to know, and loses nothing.
///
/// Returns: 1 or 0.
/// Errors: as ipc_stream_read.
/// Threads: any; one at a time reads.
/// Blocks: until something comes, the end, or the stream's time limits.
/// Perl: eof.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_eof(s: *mut ipc_stream) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(s)?.reading()?.half.at_eof() }.map(i32::from))
}

/// No more writing: flushes; of a socket the other side sees the end while its answers can still be read; a stream that
/// only writes is closed, without waiting for its child.
///
/// Returns: 0.
/// Errors: as ipc_stream_write; -ENOTSOCK for a pty, whose directions cannot be closed apart.
/// Threads: any; one at a time writes.
/// Blocks: as ipc_stream_flush.
/// Perl: shutdown(FH, 1).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_shutdown(s: *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, and the one thread that writes.
        unsafe { get(s)?.shutdown() }.map(|()| 0)
    })
}

/// Ends the call that waits on the stream now, and every later one that would read or write, with PERLIPC_E_CANCELED, also
/// where something is there: who reads what never ends is stopped too. What was read ahead can still be taken; the child
/// can still be waited for.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_cancel(s: *mut ipc_stream) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| {
        unsafe { get(s)? }.shared.cancel();
        Ok(0)
    })
}

/// The child that the stream carries. Borrowed: it lives as long as the stream's handle, and is never freed by the caller.
///
/// Returns: the child; NULL when the stream carries none, or for a bad handle.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: the pid that open returned.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_child(s: *mut ipc_stream) -> *mut ipc_child {
    guard(|| {
        // SAFETY: the caller's handle.
        let stream = unsafe { get(s)? };
        Ok(stream.child.as_deref().map_or(std::ptr::null_mut(), |child| std::ptr::from_ref(child).cast_mut()))
    })
}

/// The descriptor. Lent: the stream keeps it, and may have read ahead.
///
/// Returns: the descriptor.
/// Errors: PERLIPC_E_CLOSED.
/// Threads: any.
/// Blocks: no.
/// Perl: fileno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_fd(s: *const ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        match unsafe { get(s)? }.shared.poll_fd() {
            -1 => Err(Error::Closed { step: "fd" }),
            fd => Ok(fd),
        }
    })
}

/// Takes a descriptor over, for reading, writing or both as it was opened. It stays as it was found (O_NONBLOCK,
/// close-on-exec).
///
/// Returns: 0, and the stream in `out`.
/// Errors: -EBADF: then the descriptor stays the caller's.
/// Threads: any.
/// Blocks: no.
/// Perl: open FH, "<&=", $fd.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_adopt(fd: i32, out: *mut *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameter; the caller gives the descriptor away.
        unsafe {
            out_handle(out, "adopt")?;
            sys::fd_flags(fd as RawFd).map_err(|errno| Error::at("adopt", fd.to_string(), errno))?;
            give(out, ipc_stream::new(Stream::adopt(sys::take_fd(fd as RawFd))?));
        }
        Ok(0)
    })
}

/// Gives the descriptor up: it is the caller's from now on, and the stream is closed. Pending writes are flushed. Of a child
/// that other streams carry too, the last of those waits.
///
/// Returns: the descriptor.
/// Errors: PERLIPC_E_INVALID while bytes are read ahead: they would be lost; as ipc_stream_flush.
/// Threads: any; nobody may be inside a call of the stream.
/// Blocks: as ipc_stream_flush.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_release(s: *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe {
            let stream = get(s)?;
            let mut reader = stream.enter("release").ok();
            let mut writer = stream.writer.enter("release").ok();
            let reader = reader.as_mut().map(|reader| &mut *reader.half);
            let writer = writer.as_mut().map(|writer| &mut *writer.half);
            stream.shared.release(reader, writer).map(IntoRawFd::into_raw_fd)
        }
    })
}

/// Flushes and closes. Where this was the last stream of its child, waits for that. Another thread that is blocked in the
/// stream comes back with PERLIPC_E_CLOSED first.
///
/// Returns: 0; in `status` the child's native wait status (-1 when unknown, or when the child has another stream open or
/// there is none).
/// Errors: -EPIPE and the like when the flush failed, with the status all the same; -ETIMEDOUT, PERLIPC_E_HANDLER when
/// the child did not end: closed, and close waits again; PERLIPC_E_CLOSED; PERLIPC_E_BUSY from a handler inside a call of
/// the stream.
/// Threads: any.
/// Blocks: until the child has ended, or the stream's time limits.
/// Perl: close; $?.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_close(s: *mut ipc_stream, status: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter.
        unsafe {
            put(status, Status::UNKNOWN.raw());
            let stream = get(s)?;
            let mut writer = stream.writing_last();
            let result = stream.shared.close(Way::Out, writer.as_mut().map(|writer| &mut *writer.half));
            if let Some(ended) = stream.shared.known_status() {
                put(status, ended.raw());
            }
            result.map(|_| 0)
        }
    })
}

/// Sets an option of a socket by its name: "nodelay", "keepalive", "keepidle", "linger" (seconds, -1 off), "sndbuf", "rcvbuf",
/// "user_timeout" and so on.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a name that is none or can only be read; -ENOTSOCK.
/// Threads: any.
/// Blocks: no.
/// Perl: setsockopt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_option(s: *mut ipc_stream, name: *const c_char, value: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and string.
        let (s, name) = unsafe { (get(s)?, text(name, "option")?) };
        s.shared.aside("option", |fd| socket::set(fd, name, value)).map(|()| 0)
    })
}

/// An option of a socket by its name: those of ipc_stream_option, and "error", "type", "domain", "protocol". Buffer sizes are
/// what the kernel made of them; linger is -1 when off.
///
/// Returns: 0, and its value in `value`.
/// Errors: PERLIPC_E_INVALID for a name that is none; -ENOTSOCK.
/// Threads: any.
/// Blocks: no.
/// Perl: getsockopt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_option_value(s: *const ipc_stream, name: *const c_char, value: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, string and out-parameter.
        unsafe {
            let name = text(name, "option")?;
            put(value, get(s)?.shared.aside("option", |fd| socket::get(fd, name))?);
        }
        Ok(0)
    })
}

/// Where a socket's other end is: "127.0.0.1:37", "[::1]:37", "/path", "@name"; empty for a Unix client without a name. Of a path
/// of more than 107 bytes the kernel has a name under /proc/self/fd, which means nothing to others.
///
/// Returns: the length of the text.
/// Errors: -ENOTCONN, -ENOTSOCK; -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: getpeername.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_peer(s: *const ipc_stream, addr: *mut c_char, cap: usize) -> i32 {
    // SAFETY: the caller's handle and buffer.
    guard(|| unsafe { copy_text(get(s)?.shared.aside("getpeername", socket::peer)?.text(), addr, cap, "getpeername") })
}

/// Where a socket's own end is, as ipc_stream_peer.
///
/// Returns: the length of the text.
/// Errors: -ENOTSOCK; -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: getsockname.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_addr(s: *const ipc_stream, addr: *mut c_char, cap: usize) -> i32 {
    // SAFETY: the caller's handle and buffer.
    guard(|| unsafe { copy_text(get(s)?.shared.aside("getsockname", socket::local)?.text(), addr, cap, "getsockname") })
}

/// No more reading from a socket: what the other side still sends is thrown away. ipc_stream_shutdown is the writing half.
///
/// Returns: 0.
/// Errors: -ENOTCONN, -ENOTSOCK.
/// Threads: any.
/// Blocks: no.
/// Perl: shutdown(FH, 0).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_shutdown_read(s: *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe { get(s)? }.shared.shutdown_read().map(|()| 0)
    })
}

/// No more writing and no more reading: ipc_stream_shutdown and then ipc_stream_shutdown_read, of which the latter fails where
/// the other side has ended too.
///
/// Returns: 0.
/// Errors: as ipc_stream_shutdown.
/// Threads: any; one at a time writes.
/// Blocks: as ipc_stream_flush.
/// Perl: shutdown(FH, 2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_shutdown_both(s: *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, and the one thread that writes.
        unsafe {
            let stream = get(s)?;
            stream.shutdown()?;
            stream.shared.shutdown_read_too().map(|()| 0)
        }
    })
}

/// Frees the handle; NULL is nothing. Never waits: what can be written at once is, the descriptor is closed, and a child
/// that still runs is swept up by later calls.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use the handle any more.
/// Blocks: no.
/// Perl: none; its handles wait at the end of their scope.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_stream_free(s: *mut ipc_stream) {
    // SAFETY: the caller's handle.
    unsafe { free(s) }
}

/// What is written to the one is read from the other. Both are close-on-exec.
///
/// Returns: 0, and both streams.
/// Errors: -EMFILE.
/// Threads: any.
/// Blocks: no.
/// Perl: pipe.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_pipe_new(reader: *mut *mut ipc_stream, writer: *mut *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameters.
        unsafe {
            out_handle(reader, "pipe")?;
            out_handle(writer, "pipe")?;
            let (one, other) = Stream::pipe()?;
            give(reader, ipc_stream::new(one));
            give(writer, ipc_stream::new(other));
        }
        Ok(0)
    })
}
