//! Patterns over streams.

use std::ffi::{c_char, c_void};

use super::stream::ipc_stream;
use super::{Handle, free, get, get_mut, guard, put, slice, text};
use crate::error::Error;
use crate::expect::{Expect, Found};
use crate::time::Deadline;

/// As timeout_ms of ipc_expect_wait: the list's own limit, 30 seconds at first.
pub const PERLIPC_DEFAULT: i32 = -2;

/// A list of patterns. Once it is built, any number of threads may wait with it, each on its stream.
#[repr(C)]
pub struct ipc_expect {
    tag: u32,
    expect: Expect,
}

impl Handle for ipc_expect {
    const TAG: u32 = u32::from_be_bytes(*b"iexp");
    const NAME: &'static str = "expect";
}

fn index(index: usize) -> i32 {
    i32::try_from(index).unwrap_or(i32::MAX)
}

/// A new list, empty.
///
/// Returns: the list, never NULL.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_expect_new() -> *mut ipc_expect {
    Box::into_raw(Box::new(ipc_expect { tag: ipc_expect::TAG, expect: Expect::new() }))
}

/// One more pattern: these bytes, as they are.
///
/// Returns: its index.
/// Errors: PERLIPC_E_INVALID for an empty text.
/// Threads: one at a time builds the list.
/// Blocks: no.
/// Perl: a string in expect's list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_text(e: *mut ipc_expect, data: *const c_void, len: usize) -> i32 {
    // SAFETY: the caller's handle and data.
    guard(|| unsafe { get_mut(e)?.expect.text(slice(data.cast(), len, "expect")?).map(index) })
}

/// One more pattern: a regular expression over bytes, in Perl's syntax without look-around and back references.
///
/// Returns: its index.
/// Errors: PERLIPC_E_INVALID; ipc_error_last_text says what is wrong with it.
/// Threads: one at a time builds the list.
/// Blocks: no.
/// Perl: -re in expect's list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_regex(e: *mut ipc_expect, pattern: *const c_char) -> i32 {
    // SAFETY: the caller's handle and string.
    guard(|| unsafe { get_mut(e)?.expect.regex(text(pattern, "expect")?).map(index) })
}

/// The end of the stream counts as found. Without it, it is -ENODATA.
///
/// Returns: its index.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time builds the list.
/// Blocks: no.
/// Perl: eof in expect's list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_eof(e: *mut ipc_expect) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(index(unsafe { get_mut(e)? }.expect.eof())))
}

/// The timeout counts as found. Without it, it is -ETIMEDOUT.
///
/// Returns: its index.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time builds the list.
/// Blocks: no.
/// Perl: timeout in expect's list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_timeout(e: *mut ipc_expect) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(index(unsafe { get_mut(e)? }.expect.timeout())))
}

/// Whether only decided matches count, those that no further byte could change: the leftmost wins, then the first of the
/// list, however the bytes arrive. Off at first: after each read the first of the list that matches anywhere in what is
/// unread wins, and "$" is the end of what has arrived.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time builds the list.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_settled(e: *mut ipc_expect, on: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        let _ = unsafe { get_mut(e)? }.expect.settled(on != 0);
        Ok(0)
    })
}

/// How many of the last bytes are kept, at least, while nothing is found; 0: all, as at first. A match that began further
/// back, or may have, is PERLIPC_E_TOO_LONG.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time builds the list.
/// Blocks: no.
/// Perl: $exp->max_accum.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_window(e: *mut ipc_expect, size: usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        let _ = unsafe { get_mut(e)? }.expect.window(if size == 0 { None } else { Some(size) });
        Ok(0)
    })
}

/// The limit of waits with PERLIPC_DEFAULT; -1: none.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: one at a time builds the list.
/// Blocks: no.
/// Perl: $Expect::Default_Timeout.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_limit(e: *mut ipc_expect, timeout_ms: i32) -> i32 {
    guard(|| {
        let limit = u64::try_from(timeout_ms).ok().map(std::time::Duration::from_millis);
        // SAFETY: the caller's handle.
        let _ = unsafe { get_mut(e)? }.expect.limit(limit);
        Ok(0)
    })
}

/// Waits until one of the patterns is found in the stream, which then goes on behind it. What was found is asked from the
/// stream: ipc_expect_before, ipc_expect_match.
///
/// Returns: the pattern's index.
/// Errors: -ETIMEDOUT and -ENODATA (the end), when they are not in the list: what arrived is unread still, and
/// ipc_expect_before has it; PERLIPC_E_TOO_LONG beyond the window; as ipc_stream_read.
/// Threads: any; one at a time reads the stream.
/// Blocks: until a pattern is found, the end, the timeout, or the stream's time limits.
/// Perl: $exp->expect.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_wait(e: *const ipc_expect, s: *mut ipc_stream, timeout_ms: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handles.
        unsafe {
            let expect = &get(e)?.expect;
            let deadline =
                if timeout_ms == PERLIPC_DEFAULT { expect.default_deadline() } else { Deadline::after_ms(timeout_ms) };
            get(s)?.reading()?.half.expect(expect, deadline).map(index)
        }
    })
}

/// # Safety
/// As [`get`] and [`put`].
unsafe fn part(s: *const ipc_stream, len: *mut usize, of: impl FnOnce(Found<'_>) -> Option<&[u8]>) -> *const c_void {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter; the bytes live in the stream.
        unsafe {
            put(len, 0);
            let reader = get(s)?.looking()?;
            let Some(bytes) = reader.half.found().and_then(of) else { return Ok(std::ptr::null()) };
            put(len, bytes.len());
            Ok(bytes.as_ptr().cast::<c_void>())
        }
    })
}

/// What had arrived before the match; after a timeout or the end, all that is unread. Borrowed: valid until the next call
/// that reads the stream or frees it. No NUL is promised to follow.
///
/// Returns: the bytes, and their number in `len`; NULL when nothing was looked for.
/// Errors: none: NULL for a bad handle too.
/// Threads: any; one at a time reads the stream.
/// Blocks: no.
/// Perl: $exp->before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_before(s: *const ipc_stream, len: *mut usize) -> *const c_void {
    // SAFETY: the caller's handle and out-parameter.
    unsafe { part(s, len, |found| Some(found.before())) }
}

/// What matched: `group` 0 is all of it, the others are the groups of the regular expression. Borrowed, as
/// ipc_expect_before. What came after it is what the stream reads next.
///
/// Returns: the bytes, and their number in `len`; NULL for a group that took no part.
/// Errors: none: NULL for a bad handle too.
/// Threads: any; one at a time reads the stream.
/// Blocks: no.
/// Perl: $exp->match, $exp->matchlist.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_match(s: *const ipc_stream, group: i32, len: *mut usize) -> *const c_void {
    // SAFETY: the caller's handle and out-parameter.
    unsafe { part(s, len, |found| found.group(usize::try_from(group).ok()?)) }
}

/// A dialogue in one call: `pairs` is a NULL-ended list of texts, one to wait for, one to answer with, and so on. An empty
/// text waits for nothing, an empty answer says nothing.
///
/// Returns: how many pairs were done: all.
/// Errors: as ipc_expect_wait and ipc_stream_write; PERLIPC_E_INVALID for a list of odd length.
/// Threads: any; one at a time uses the stream.
/// Blocks: until all are through, or the timeout, which is of all together.
/// Perl: none; chat's scripts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_script(s: *mut ipc_stream, pairs: *const *const c_char, timeout_ms: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and list.
        unsafe {
            if pairs.is_null() {
                return Err(Error::invalid("expect", "a null list"));
            }
            let mut list = Vec::new();
            while !(*pairs.add(list.len())).is_null() {
                list.push(super::bytes(*pairs.add(list.len()), "expect")?);
            }
            if list.len() % 2 != 0 {
                return Err(Error::invalid("expect", "a text without its answer"));
            }
            let deadline = Deadline::after_ms(timeout_ms);
            let stream = get(s)?;
            for pair in list.chunks_exact(2) {
                let [wanted, answer] = pair else { continue };
                if !wanted.is_empty() {
                    let mut expect = Expect::new();
                    expect.text(wanted)?;
                    stream.reading()?.half.expect(&expect, deadline)?;
                }
                if !answer.is_empty() {
                    let writing = stream.writing()?;
                    writing.half.write(answer)?;
                    writing.half.flush()?;
                }
            }
            Ok(index(list.len() / 2))
        }
    })
}

/// A copy of all that is read by lines or expect goes to this descriptor, of which the stream keeps a duplicate; -1:
/// nowhere, as at first.
///
/// Returns: 0.
/// Errors: -EBADF, also for one that is not open for writing.
/// Threads: any; one at a time reads the stream.
/// Blocks: no; but a log that is full stands in the way of later reads, until their time is over: what was read is in the
/// stream then, and goes to the log with the next read. A poll set that looks for lines keeps up to 1 MiB for it; then the
/// stream counts as ready, and the read waits for the log.
/// Perl: $exp->log_file.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_log(s: *mut ipc_stream, fd: i32) -> i32 {
    guard(|| {
        let log = if fd < 0 { None } else { Some(crate::sys::dup(fd).map_err(|errno| Error::os("log", errno))?) };
        // SAFETY: the caller's handle.
        unsafe { get(s)?.reading()? }.half.set_log(log)?;
        Ok(0)
    })
}

/// Frees the list; NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_expect_free(e: *mut ipc_expect) {
    // SAFETY: the caller's handle.
    unsafe { free(e) }
}
