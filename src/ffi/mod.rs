//! The C face: `extern "C"` functions over the crate's public API, one file a noun. Here are the tricks that all of
//! them use: the guard, the result codes, the handles, the strings. The rules are in `docs/c-api.md`.

// The comments are C's: what looks like a link or a tag in them is none.
#![allow(rustdoc::broken_intra_doc_links, rustdoc::invalid_html_tags)]
#![allow(unsafe_code, non_camel_case_types, clippy::missing_safety_doc)]

pub mod addr;
pub mod argv;
pub mod batch;
pub mod capture;
pub mod child;
pub mod cmd;
pub mod dgram;
pub mod error;
pub mod expect;
pub mod fifo;
pub mod flock;
pub mod futex;
mod half;
pub mod interact;
pub mod listener;
pub mod lock;
pub mod msg;
pub mod pipeline;
pub mod poll;
pub mod popen;
pub mod pty;
mod run;
pub mod sem;
pub mod server;
pub mod shm;
pub mod signal;
pub mod status;
pub mod stream;
pub mod sysv;
pub mod taint;
pub mod tcp;
pub mod unix;
pub mod user;
pub mod value;
pub mod version;

use std::ffi::{CStr, OsStr, c_char};
use std::os::unix::ffi::OsStrExt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;
use crate::sys;

pub(crate) use error::{Code, fail};

/// Runs the body of a function: its value, or the code of its error, which is remembered for `ipc_error_last_text`.
/// No panic crosses into C.
#[inline(always)]
fn guard<T: Code>(body: impl FnOnce() -> Result<T, Error>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => T::code(fail(error)),
        Err(_) => T::code(error::panicked()),
    }
}

/// For functions without a result.
fn quiet(body: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(body));
}

/// What a pointer to a handle points to, checked: the first word of each kind of handle is a number of its own.
///
/// # Safety
/// `handle` is null or points to a live handle of any kind.
unsafe fn get<'a, T: Handle>(handle: *const T) -> Result<&'a T, Error> {
    // SAFETY: each handle begins with its tag (repr(C)), so that it can be read through a pointer of any kind.
    match unsafe { handle.cast::<u32>().as_ref() } {
        Some(tag) if *tag == T::TAG => Ok(unsafe { &*handle }),
        Some(_) => Err(Error::invalid(T::NAME, "a handle of another kind")),
        None => Err(Error::invalid(T::NAME, "a null handle")),
    }
}

/// The same for a handle that only one thread uses at a time.
///
/// # Safety
/// As [`get`], and no other thread uses it now.
unsafe fn get_mut<'a, T: Handle>(handle: *mut T) -> Result<&'a mut T, Error> {
    // SAFETY: the caller's promise.
    unsafe { get(handle)? };
    // SAFETY: as above.
    Ok(unsafe { &mut *handle })
}

/// A kind of handle: repr(C), with its tag first.
trait Handle {
    /// Four letters.
    const TAG: u32;
    /// What errors call it.
    const NAME: &'static str;
}

/// Frees a handle; null is nothing.
///
/// # Safety
/// `handle` came from [`give`] and is not used any more.
unsafe fn free<T: Handle>(handle: *mut T) {
    // SAFETY: the caller's promise.
    if unsafe { get(handle) }.is_ok() {
        quiet(|| {
            // SAFETY: made by Box::into_raw. The tag goes first, so that a second free is seen as long as it can be.
            unsafe {
                handle.cast::<u32>().write(0);
                drop(Box::from_raw(handle));
            }
        });
    }
}

/// Hands a new handle to C.
///
/// # Safety
/// `out` is null or valid for writing.
unsafe fn give<T>(out: *mut *mut T, handle: T) {
    // SAFETY: the caller's promise.
    unsafe { put(out, Box::into_raw(Box::new(handle))) };
}

/// Writes an out-parameter; null is not wanted.
///
/// # Safety
/// `out` is null or valid for writing.
unsafe fn put<T>(out: *mut T, value: T) {
    if !out.is_null() {
        // SAFETY: the caller's promise.
        unsafe { out.write(value) };
    }
}

/// An out-handle is NULL until the call has succeeded, and must be wanted.
///
/// # Safety
/// `out` is null or valid for writing.
unsafe fn out_handle<T>(out: *mut *mut T, step: &'static str) -> Result<(), Error> {
    if out.is_null() {
        return Err(Error::invalid(step, "no place for the handle"));
    }
    // SAFETY: the caller's promise.
    unsafe { out.write(std::ptr::null_mut()) };
    Ok(())
}

/// Bytes of a C string.
///
/// # Safety
/// `text` is null or a C string that lives during the call.
unsafe fn bytes<'a>(text: *const c_char, step: &'static str) -> Result<&'a [u8], Error> {
    if text.is_null() {
        return Err(Error::invalid(step, "a null string"));
    }
    // SAFETY: the caller's promise.
    Ok(unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// A C string that is a path, or a name that may be one.
///
/// # Safety
/// As [`bytes`].
unsafe fn path<'a>(path: *const c_char, step: &'static str) -> Result<&'a OsStr, Error> {
    // SAFETY: the caller's promise.
    Ok(OsStr::from_bytes(unsafe { bytes(path, step)? }))
}

/// The same, which may be left out.
///
/// # Safety
/// As [`bytes`].
unsafe fn maybe_path<'a>(at: *const c_char, step: &'static str) -> Result<Option<&'a OsStr>, Error> {
    // SAFETY: the caller's promise.
    if at.is_null() { Ok(None) } else { unsafe { path(at, step) }.map(Some) }
}

/// A C string that must be text.
///
/// # Safety
/// As [`bytes`].
unsafe fn text<'a>(text: *const c_char, step: &'static str) -> Result<&'a str, Error> {
    // SAFETY: the caller's promise.
    std::str::from_utf8(unsafe { bytes(text, step)? }).map_err(|_| Error::invalid(step, "not UTF-8"))
}

/// A C string that may be left out.
///
/// # Safety
/// As [`bytes`].
unsafe fn maybe_text<'a>(at: *const c_char, step: &'static str) -> Result<Option<&'a str>, Error> {
    // SAFETY: the caller's promise.
    if at.is_null() { Ok(None) } else { unsafe { text(at, step) }.map(Some) }
}

/// A pointer and a length.
///
/// # Safety
/// `data` is valid for reading `len` bytes during the call, or `len` is 0.
unsafe fn slice<'a>(data: *const u8, len: usize, step: &'static str) -> Result<&'a [u8], Error> {
    match (data.is_null(), len) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(Error::invalid(step, "null data")),
        (false, len) if len > isize::MAX as usize => Err(Error::invalid(step, "a length beyond all memory")),
        // SAFETY: the caller's promise.
        (false, len) => Ok(unsafe { std::slice::from_raw_parts(data, len) }),
    }
}

/// The caller's buffer.
///
/// # Safety
/// As [`slice`], for writing.
unsafe fn room<'a>(data: *mut u8, len: usize, step: &'static str) -> Result<&'a mut [u8], Error> {
    // SAFETY: the caller's promise.
    unsafe { slice(data, len, step)? };
    // SAFETY: the caller's promise.
    Ok(if len == 0 { &mut [] } else { unsafe { std::slice::from_raw_parts_mut(data, len) } })
}

/// Copies text into the caller's buffer, with a NUL, never cut: its length, or -ERANGE when it does not fit.
///
/// # Safety
/// As [`room`].
unsafe fn copy_text(what: impl AsRef<[u8]>, to: *mut c_char, cap: usize, step: &'static str) -> Result<i32, Error> {
    let what = what.as_ref();
    // SAFETY: the caller's promise.
    let to = unsafe { room(to.cast(), cap, step)? };
    let Some(place) = to.get_mut(..=what.len()) else { return Err(Error::os(step, libc::ERANGE)) };
    let (body, nul) = place.split_at_mut(what.len());
    body.copy_from_slice(what);
    nul.fill(0);
    Ok(i32::try_from(what.len()).unwrap_or(i32::MAX))
}

fn pid_of(child: &crate::Child) -> i32 {
    child.pid()
}

/// What `errno` is set to, beside the result.
fn set_errno(errno: i32) {
    sys::set_errno(errno);
}
