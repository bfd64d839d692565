//! Backticks: what a finished child said.

use std::borrow::Cow;
use std::ffi::c_void;
use std::ops::ControlFlow;

use super::cmd::ipc_cmd;
use super::error::fail;
use super::half::Use;
use super::stream::ipc_stream;
use super::{Handle, free, get, give, guard, out_handle, put, slice};
use crate::capture::{self, Capture, Ends, Talk, close_all, has_to_hear};
use crate::error::Error;
use crate::stream::{Reader, Writer};
use crate::time::Deadline;

/// Takes a piece of what a command says, from its descriptor 1 or 2.
///
/// Result: 0 and it goes on; anything else ends ipc_capture_each.
pub type ipc_piece_fn =
    Option<unsafe extern "C" fn(fd: i32, data: *const c_void, len: usize, userdata: *mut c_void) -> i32>;

/// What a finished child said, and how it ended.
#[repr(C)]
pub struct ipc_capture {
    tag: u32,
    pub(super) capture: Capture,
}

impl ipc_capture {
    pub(super) fn new(capture: Capture) -> ipc_capture {
        ipc_capture { tag: ipc_capture::TAG, capture }
    }
}

impl Handle for ipc_capture {
    const TAG: u32 = u32::from_be_bytes(*b"icap");
    const NAME: &'static str = "capture";
}

/// Runs a command with `input` as its standard input (NULL: this process's) and keeps all that it says on its standard
/// output and, unless the command says where that goes, its standard error. Full pipes cannot stand in the way. At the
/// deadline its tree is ended (see ipc_cmd_grace); a descendant that ran away with the pipe keeps nobody waiting.
///
/// Returns: 0, and the capture in `out`, however the child ended: see ipc_capture_status.
/// Errors: the failing step's when it could not be started (`out` is NULL); -ETIMEDOUT and PERLIPC_E_HANDLER, with what
/// came until then and the status in `out`.
/// Threads: any.
/// Blocks: until the child has ended and its outputs are at their end, or the timeout.
/// Perl: `cmd`, with the standard error apart.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_run(
    cmd: *const ipc_cmd,
    input: *const c_void,
    len: usize,
    timeout_ms: i32,
    out: *mut *mut ipc_capture,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, data and out-parameter.
        unsafe {
            out_handle(out, "capture")?;
            let deadline = Deadline::after_ms(timeout_ms);
            let input = if input.is_null() { None } else { Some(slice(input.cast(), len, "capture")?) };
            let capture = capture::run(&get(cmd)?.cmd, input, deadline)?;
            let stopped = capture.stopped().cloned();
            give(out, ipc_capture::new(capture));
            stopped.map_or(Ok(0), Err)
        }
    })
}

/// Handles that may be NULL.
///
/// # Safety
/// As [`get`].
unsafe fn maybe<'a>(streams: [*mut ipc_stream; 3]) -> Result<[Option<&'a ipc_stream>; 3], Error> {
    let mut found = [None; 3];
    for (place, stream) in found.iter_mut().zip(streams) {
        if !stream.is_null() {
            // SAFETY: the caller's promise.
            *place = Some(unsafe { get(stream)? });
        }
    }
    Ok(found)
}

type Halves<'a> = (Ends, Option<Use<'a, Writer>>, [Option<Use<'a, Reader>>; 2]);

/// The ends of a conversation, but those that are closed, and the right to use them: all of it, before anything is taken
/// out of one.
///
/// # Safety
/// One thread at a time uses each.
unsafe fn ends<'a>(
    writer: Option<&'a ipc_stream>,
    input: &[u8],
    reader: Option<&'a ipc_stream>,
    error: Option<&'a ipc_stream>,
) -> Result<Halves<'a>, Error> {
    let open = |stream: &&ipc_stream| !stream.shared().gate.is_closed();
    let writer = writer.filter(|writer| has_to_hear(writer.shared(), input));
    let (reader, error) = (reader.filter(open), error.filter(open));
    // SAFETY: the caller's promise.
    let (mut saying, mut hearing) = unsafe {
        let hearing = [reader.map(|s| s.reading()).transpose()?, error.map(|s| s.reading()).transpose()?];
        (writer.map(|s| s.writing()).transpose()?, hearing)
    };
    let mut ends = Ends::default();
    if let (Some(stream), Some(saying)) = (writer, &mut saying) {
        ends.writer = Some((stream.shared().clone(), saying.half.take_pending()));
    }
    for ((end, stream), half) in ends.readers.iter_mut().zip([reader, error]).zip(&mut hearing) {
        if let (Some(stream), Some(half)) = (stream, half) {
            *end = Some((stream.shared().clone(), half.half.take_buffered()));
        }
    }
    Ok((ends, saying, hearing))
}

/// A talk over the streams of open2 or open3, or any others, without the deadlock: writes all of `input` and closes the
/// writer, while it keeps all that comes from the reader and the error stream until their ends; closes them, and waits for
/// the child that they carry. Each of the three may be NULL. What was buffered for writing goes out first, what was read
/// ahead comes first.
///
/// Returns: 0, and the capture in `out`, however the child ended: see ipc_capture_status.
/// Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, with what came until then in `out`: the child runs on, its status unknown, unless it
/// has ended and a descendant of it has the pipe. It can be called again with the same streams (one that is closed by then is
/// at its end) and the rest of the input, see ipc_capture_fed. The same with PERLIPC_E_CANCELED or PERLIPC_E_CLOSED when another
/// thread cancels or closes one of the streams meanwhile.
/// PERLIPC_E_CLOSED for a closed writer with more to say, -EBADF for streams that cannot be used so, both without a capture.
/// Threads: any; one at a time uses the streams.
/// Blocks: until all is said and heard and the child has ended, or the timeout.
/// Perl: none; select and sysread around open3.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_feed(
    writer: *mut ipc_stream,
    input: *const c_void,
    len: usize,
    reader: *mut ipc_stream,
    error: *mut ipc_stream,
    timeout_ms: i32,
    out: *mut *mut ipc_capture,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's handles, data and out-parameter.
        unsafe {
            out_handle(out, "capture")?;
            let deadline = Deadline::after_ms(timeout_ms);
            let input = slice(input.cast(), len, "capture")?;
            let [writer, reader, error] = maybe([writer, reader, error])?;
            let (ends, mut saying, _hearing) = ends(writer, input, reader, error)?;
            let (capture, unwritten) = ends.feed(input, deadline, || {
                close_all([writer, reader, error].map(|stream| Some(&**stream?.shared())), deadline)
            })?;
            if let Some(saying) = &mut saying {
                saying.half.put_pending(&unwritten);
            }
            let stopped = capture.stopped().cloned();
            give(out, ipc_capture::new(capture));
            stopped.map_or(Ok(0), Err)
        }
    })
}

/// The same without keeping anything: each piece goes to `piece` with the descriptor that it came from (1 or 2), as it
/// comes, until all is said and heard or `piece` returns non-zero. The writer is closed when all is out; the other streams
/// stay open, for ipc_stream_close to wait for the child. When it ends before, what was read ahead and not given is in the
/// streams again, and so is what was buffered for writing and did not go out; how much of `input` did nobody can tell.
/// Without input it can be called again with the same streams.
///
/// Returns: 0; what `piece` returned, if that was greater than 0; PERLIPC_E_HANDLER if it was less.
/// Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED and the others of ipc_capture_feed.
/// Threads: any; one at a time uses the streams.
/// Blocks: until all is said and heard, or the timeout.
/// Callbacks: `piece`, on the calling thread.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_each(
    writer: *mut ipc_stream,
    input: *const c_void,
    len: usize,
    reader: *mut ipc_stream,
    error: *mut ipc_stream,
    timeout_ms: i32,
    piece: ipc_piece_fn,
    userdata: *mut c_void,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's handles and data.
        unsafe {
            let deadline = Deadline::after_ms(timeout_ms);
            let input = slice(input.cast(), len, "capture")?;
            let Some(piece) = piece else { return Err(Error::invalid("capture", "a null callback")) };
            let [writer, reader, error] = maybe([writer, reader, error])?;
            let (ends, mut saying, mut hearing) = ends(writer, input, reader, error)?;
            let mut talk = Talk::over(ends, Cow::Borrowed(input));
            let ended =
                talk.each(deadline, |fd, bytes| match piece(fd, bytes.as_ptr().cast(), bytes.len(), userdata) {
                    0 => ControlFlow::Continue(()),
                    value => ControlFlow::Break(value),
                });
            let (pending, ahead) = talk.rest();
            if let Some(saying) = &mut saying {
                saying.half.put_pending(pending);
            }
            for (hearing, ahead) in hearing.iter_mut().zip(ahead) {
                if let (Some(hearing), false) = (hearing, ahead.is_empty()) {
                    hearing.half.put_back(ahead);
                }
            }
            match ended? {
                Some(value) if value < 0 => Err(Error::Abandoned { step: "capture", signal: 0, value }),
                value => Ok(value.unwrap_or_default()),
            }
        }
    })
}

/// How much of the input went out.
///
/// Returns: the number of bytes.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_fed(c: *const ipc_capture) -> i64 {
    // SAFETY: the caller's handle.
    guard(|| Ok(i64::try_from(unsafe { get(c)? }.capture.fed()).unwrap_or(i64::MAX)))
}

unsafe fn bytes(
    c: *const ipc_capture,
    len: *mut usize,
    of: impl FnOnce(&'static Capture) -> &'static [u8],
) -> *const c_void {
    guard(|| {
        // SAFETY: the caller's handle, which outlives the use of what is borrowed, and its out-parameter.
        unsafe {
            put(len, 0);
            let bytes = of(&get::<ipc_capture>(c)?.capture);
            put(len, bytes.len());
            Ok(bytes.as_ptr().cast::<c_void>())
        }
    })
}

/// Its standard output; with the option "keep", the beginning and the end of it. Borrowed: valid until the capture is
/// freed. No NUL is promised to follow.
///
/// Returns: the bytes, and their number in `len`; NULL for a bad handle.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: what `` gives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_output(c: *const ipc_capture, len: *mut usize) -> *const c_void {
    // SAFETY: the caller's handle and out-parameter.
    unsafe { bytes(c, len, Capture::output) }
}

/// Its standard error, unless that went elsewhere. Borrowed, as ipc_capture_output.
///
/// Returns: the bytes, and their number in `len`; NULL for a bad handle.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_errors(c: *const ipc_capture, len: *mut usize) -> *const c_void {
    // SAFETY: the caller's handle and out-parameter.
    unsafe { bytes(c, len, Capture::errors) }
}

/// How many bytes of its standard output (`fd` 1) or error (2) the option "keep" dropped from the middle.
///
/// Returns: the number.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_dropped(c: *const ipc_capture, fd: i32) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle.
        Ok(i64::try_from(unsafe { get(c)? }.capture.dropped(fd)).unwrap_or(i64::MAX))
    })
}

/// How it ended.
///
/// Returns: the native wait status, -1 when unknown; ipc_status_* reads it.
/// Errors: none: -1 for a bad handle too.
/// Threads: any.
/// Blocks: no.
/// Perl: $?.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_status(c: *const ipc_capture) -> i32 {
    // SAFETY: the caller's handle.
    match unsafe { get(c) } {
        Ok(capture) => capture.capture.status().raw(),
        Err(error) => {
            fail(error);
            -1
        }
    }
}

/// Whether the deadline ended it.
///
/// Returns: 1 or 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_timed_out(c: *const ipc_capture) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(i32::from(unsafe { get(c)? }.capture.timed_out())))
}

/// Frees it; NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_capture_free(c: *mut ipc_capture) {
    // SAFETY: the caller's handle.
    unsafe { free(c) }
}
