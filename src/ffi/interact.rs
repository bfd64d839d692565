//! The user's terminal joined with a child's.

use std::ffi::{c_char, c_void};

use super::half::{Half, Use};
use super::stream::ipc_stream;
use super::{Handle, free, get, guard, put, slice, text};
use crate::error::Error;
use crate::interact::{Event, Interact};
use crate::time::Deadline;

/// ipc_interact_run: the child has said all it will say.
pub const PERLIPC_INTERACT_EOF: i32 = 0;

/// ipc_interact_run: the escape key was typed.
pub const PERLIPC_INTERACT_ESCAPE: i32 = 1;

/// ipc_interact_run: the user's terminal was hung up.
pub const PERLIPC_INTERACT_INPUT: i32 = 2;

/// The number of the first pattern.
const FIRST: usize = 3;

/// Called when a pattern was seen, with what matched, and with the terminal as it was before: it may write to the stream,
/// read from it, expect. 0: go on; anything else ends ipc_interact_run, which returns it.
///
/// Callbacks: on the thread that called ipc_interact_run.
pub type ipc_interact_fn =
    Option<unsafe extern "C" fn(s: *mut ipc_stream, data: *const c_void, len: usize, userdata: *mut c_void) -> i32>;

/// The user's side of a conversation with a child. For one thread at a time; what a signal's handler inside ipc_interact_run asks
/// of it is PERLIPC_E_BUSY.
#[repr(C)]
pub struct ipc_interact {
    tag: u32,
    inner: Half<Inner>,
}

struct Inner {
    interact: Interact,
    callbacks: Vec<(ipc_interact_fn, *mut c_void)>,
}

/// # Safety
/// As [`get`], and no other thread uses it now.
unsafe fn inner<'a>(i: *const ipc_interact) -> Result<Use<'a, Inner>, Error> {
    // SAFETY: the caller's promise.
    unsafe { get(i)?.inner.enter("interact") }
}

impl Handle for ipc_interact {
    const TAG: u32 = u32::from_be_bytes(*b"iint");
    const NAME: &'static str = "interact";
}

fn escape_key(byte: i32) -> Result<Option<u8>, Error> {
    match byte {
        -1 => Ok(None),
        byte => u8::try_from(byte)
            .map(Some)
            .map_err(|_| Error::invalid("interact", format!("{byte} is no byte: the escape key is one, or -1"))),
    }
}

/// # Safety
/// As [`get`].
pub(super) unsafe fn once(s: *mut ipc_stream, escape: i32) -> Result<i32, Error> {
    let mut interact = Interact::new();
    interact.escape(escape_key(escape)?);
    // SAFETY: the caller's promise.
    unsafe { step(&mut interact, s, Deadline::NEVER) }
}

/// # Safety
/// As [`get`]; nobody else uses the two.
unsafe fn step(interact: &mut Interact, s: *mut ipc_stream, deadline: Deadline) -> Result<i32, Error> {
    // SAFETY: the caller's handle.
    let stream = unsafe { get(s)? };
    // SAFETY: the caller's promise; each is given up when this comes back.
    let (reading, writing) = unsafe { (stream.reading()?, stream.writing()?) };
    Ok(match interact.step(reading.half, writing.half, deadline).map_err(|error| error.for_step("interact"))? {
        Event::Eof => PERLIPC_INTERACT_EOF,
        Event::Escape => PERLIPC_INTERACT_ESCAPE,
        Event::Input => PERLIPC_INTERACT_INPUT,
        Event::Seen(number) => i32::try_from(number + FIRST).unwrap_or(i32::MAX),
    })
}

/// What ipc_pty_interact does, with more to say: which terminal, and what is looked out for. With the standard input and
/// output, Control-] as the escape key, and no patterns at first.
///
/// Returns: the handle, never NULL.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_interact_new() -> *mut ipc_interact {
    let inner = Half::new(Some(Inner { interact: Interact::new(), callbacks: Vec::new() }));
    Box::into_raw(Box::new(ipc_interact { tag: ipc_interact::TAG, inner }))
}

/// The key that ends it, which the child does not get: a byte; -1: there is none.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for what is no byte.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Perl: the escape of $exp->interact.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_interact_escape(i: *mut ipc_interact, byte: i32) -> i32 {
    guard(|| {
        let key = escape_key(byte)?;
        // SAFETY: the caller's handle.
        let _ = unsafe { inner(i)? }.half.interact.escape(key);
        Ok(0)
    })
}

/// The descriptors of the user's terminal, which stay the caller's and open for as long as the handle is used. They need not
/// be a terminal: at the end of the input the child is told so, and is listened to until it ends.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle; a bad descriptor is told by ipc_interact_run.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Perl: the handles of Expect::interconnect.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_interact_terminal(i: *mut ipc_interact, input: i32, output: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        let _ = unsafe { inner(i)? }.half.interact.terminal(input, output);
        Ok(0)
    })
}

/// # Safety
/// As [`get_mut`].
unsafe fn add(
    i: *mut ipc_interact,
    callback: ipc_interact_fn,
    userdata: *mut c_void,
    add: impl FnOnce(&mut Interact) -> Result<usize, Error>,
) -> Result<i32, Error> {
    // SAFETY: the caller's handle.
    let i = unsafe { inner(i)? };
    let number = add(&mut i.half.interact)?;
    i.half.callbacks.push((callback, userdata));
    Ok(i32::try_from(number + FIRST).unwrap_or(i32::MAX))
}

/// A key that the child does not get, or several in a row. With a callback, that is called; without one (NULL),
/// ipc_interact_run returns the number.
///
/// Returns: its number, 3 or more.
/// Errors: PERLIPC_E_INVALID for an empty key.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Callbacks: `callback`, on the thread that called ipc_interact_run.
/// Perl: $exp->set_seq.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_interact_key(
    i: *mut ipc_interact,
    data: *const c_void,
    len: usize,
    callback: ipc_interact_fn,
    userdata: *mut c_void,
) -> i32 {
    // SAFETY: the caller's handle and data.
    guard(|| unsafe {
        let text = slice(data.cast(), len, "interact")?;
        add(i, callback, userdata, |interact| interact.key(text))
    })
}

/// A regular expression, as ipc_expect_regex's, in what the user types; the child gets that all the same. The callback as
/// ipc_interact_key's.
///
/// Returns: its number, 3 or more.
/// Errors: PERLIPC_E_INVALID; also for one that matches nothing at all, everywhere.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Callbacks: `callback`, on the thread that called ipc_interact_run.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_interact_input(
    i: *mut ipc_interact,
    pattern: *const c_char,
    callback: ipc_interact_fn,
    userdata: *mut c_void,
) -> i32 {
    // SAFETY: the caller's handle and string.
    guard(|| unsafe {
        let pattern = text(pattern, "interact")?;
        add(i, callback, userdata, |interact| interact.input(pattern))
    })
}

/// The same in what the child says, which is shown all the same, up to the end of the match before the callback is called;
/// the rest is unread in the stream.
///
/// Returns: its number, 3 or more.
/// Errors: as ipc_interact_input.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Callbacks: `callback`, on the thread that called ipc_interact_run.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_interact_output(
    i: *mut ipc_interact,
    pattern: *const c_char,
    callback: ipc_interact_fn,
    userdata: *mut c_void,
) -> i32 {
    // SAFETY: the caller's handle and string.
    guard(|| unsafe {
        let pattern = text(pattern, "interact")?;
        add(i, callback, userdata, |interact| interact.output(pattern))
    })
}

/// Joins the two: see ipc_pty_interact. It comes back for the reasons there, when a pattern without a callback was seen,
/// or when a callback says so; called again it goes on, and nothing is lost in between. Of a stream that is no pty the
/// user's terminal stays as it is, a line at a time.
///
/// Returns: PERLIPC_INTERACT_EOF, PERLIPC_INTERACT_ESCAPE, PERLIPC_INTERACT_INPUT; a pattern's number; what a callback
/// returned.
/// Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED, PERLIPC_E_CLOSED; PERLIPC_E_BUSY when a terminal is joined
/// already; PERLIPC_E_TOO_LONG for a line of 4096 bytes or more, from what is no terminal, for a pty that hands on lines; -EBADF
/// for a stream that does not read and write.
/// Threads: any, one at a time in a process; it alone uses the stream, but for the callbacks.
/// Blocks: until there is something to tell, the timeout, or the stream's deadline; its limit of each call does not count.
/// Callbacks: those of the patterns, on the calling thread, with the terminal as it was before.
/// Perl: $exp->interact, Expect::interconnect.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_interact_run(i: *mut ipc_interact, s: *mut ipc_stream, timeout_ms: i32) -> i32 {
    guard(|| {
        let deadline = Deadline::after_ms(timeout_ms);
        loop {
            // SAFETY: the caller's handles; the right to it does not outlive the step, so that a callback may use them too.
            let told = unsafe { step(&mut inner(i)?.half.interact, s, deadline)? };
            let pattern = usize::try_from(told).ok().and_then(|told| told.checked_sub(FIRST));
            let Some(pattern) = pattern else { return Ok(told) };
            // SAFETY: as above.
            let used = unsafe { inner(i)? };
            let Some((Some(callback), userdata)) = used.half.callbacks.get(pattern).copied() else { return Ok(told) };
            let seen = used.half.interact.seen(0).unwrap_or_default().to_vec();
            drop(used);
            // SAFETY: the caller's callback, with the stream and bytes that live until it returns.
            let answer = unsafe { callback(s, seen.as_ptr().cast(), seen.len(), userdata) };
            if answer != 0 {
                return Ok(answer);
            }
        }
    })
}

/// What matched last: `group` 0 is all of it, the others are the groups of the regular expression. Borrowed: valid until the
/// handle is used again. No NUL is promised to follow.
///
/// Returns: the bytes, and their number in `len`; NULL for a group that took no part.
/// Errors: none: NULL for a bad handle too.
/// Threads: one at a time uses the handle.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_interact_match(i: *const ipc_interact, group: i32, len: *mut usize) -> *const c_void {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter; the bytes live in the handle.
        unsafe {
            put(len, 0);
            let group = usize::try_from(group).ok();
            let used = inner(i)?;
            let Some(bytes) = group.and_then(|group| used.half.interact.seen(group)) else {
                return Ok(std::ptr::null());
            };
            put(len, bytes.len());
            Ok(bytes.as_ptr().cast::<c_void>())
        }
    })
}

/// Frees the handle; NULL is nothing.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_interact_free(i: *mut ipc_interact) {
    // SAFETY: the caller's handle.
    unsafe { free(i) }
}
