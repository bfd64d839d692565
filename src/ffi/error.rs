//! Result codes, and the text of a thread's last failure.

use std::cell::RefCell;
use std::ffi::{CString, c_char};

use super::set_errno;
use crate::error::{self, Error};

/// The handler of a signal gave the call up.
pub const PERLIPC_E_HANDLER: i32 = -10001;
/// Another thread cancelled the call.
pub const PERLIPC_E_CANCELED: i32 = -10002;
/// The stream is closed.
pub const PERLIPC_E_CLOSED: i32 = -10003;
/// The object is in use: by another thread in the same direction, or by the call that this handler interrupted.
pub const PERLIPC_E_BUSY: i32 = -10004;
/// Bad input, found before anything was done; ipc_error_last_text says what.
pub const PERLIPC_E_INVALID: i32 = -10005;
/// A fork form in a process with several threads.
pub const PERLIPC_E_THREADS: i32 = -10006;
/// A record is longer than the limit of its stream.
pub const PERLIPC_E_TOO_LONG: i32 = -10007;
/// The status has no such thing: no exit code of a killed process, say.
pub const PERLIPC_E_STATUS: i32 = -10008;
/// A taint check refused: ipc_error_last_text names what is not safe.
pub const PERLIPC_E_INSECURE: i32 = -10010;
/// A defect of this library.
pub const PERLIPC_E_DEFECT: i32 = -10009;
/// A host, service or protocol that could not be found; errno is ENOENT, or EAGAIN when nobody answered.
pub const PERLIPC_E_LOOKUP: i32 = -10020;

/// Name, errno twin and text of the codes of our own.
static OWN: &[(i32, i32, &str, &str)] = &[
    (PERLIPC_E_HANDLER, libc::EINTR, "PERLIPC_E_HANDLER", "given up by a signal handler"),
    (PERLIPC_E_CANCELED, libc::ECANCELED, "PERLIPC_E_CANCELED", "cancelled by another thread"),
    (PERLIPC_E_CLOSED, libc::EBADF, "PERLIPC_E_CLOSED", "the stream is closed"),
    (PERLIPC_E_BUSY, libc::EBUSY, "PERLIPC_E_BUSY", "in use"),
    (PERLIPC_E_INVALID, libc::EINVAL, "PERLIPC_E_INVALID", "invalid input"),
    (PERLIPC_E_THREADS, libc::EPERM, "PERLIPC_E_THREADS", "the process has several threads"),
    (PERLIPC_E_TOO_LONG, libc::EMSGSIZE, "PERLIPC_E_TOO_LONG", "the record is longer than the limit"),
    (PERLIPC_E_STATUS, libc::EINVAL, "PERLIPC_E_STATUS", "the status has no such thing"),
    (PERLIPC_E_INSECURE, libc::EPERM, "PERLIPC_E_INSECURE", "a taint check refused"),
    (PERLIPC_E_LOOKUP, libc::ENOENT, "PERLIPC_E_LOOKUP", "name not found"),
    (PERLIPC_E_DEFECT, libc::EIO, "PERLIPC_E_DEFECT", "a defect in perlipc"),
];

/// What a function returns when it fails.
pub(crate) trait Code {
    fn code(code: i32) -> Self;
}

impl Code for i32 {
    fn code(code: i32) -> i32 {
        code
    }
}

impl Code for i64 {
    fn code(code: i32) -> i64 {
        i64::from(code)
    }
}

impl<T> Code for *const T {
    fn code(_: i32) -> *const T {
        std::ptr::null()
    }
}

impl<T> Code for *mut T {
    fn code(_: i32) -> *mut T {
        std::ptr::null_mut()
    }
}

struct Last {
    error: Error,
    code: i32,
    /// Made when asked for.
    text: Option<CString>,
    step: Option<CString>,
    path: Option<CString>,
}

thread_local! {
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

/// The code of an error.
pub(crate) fn code_of(error: &Error) -> i32 {
    match error {
        Error::Os { errno, .. } | Error::Limit { errno, .. } | Error::Removed { errno, .. } => -errno,
        Error::Timeout { .. } => -libc::ETIMEDOUT,
        Error::Interrupted { .. } => -libc::EINTR,
        Error::Abandoned { .. } => PERLIPC_E_HANDLER,
        Error::Canceled { .. } => PERLIPC_E_CANCELED,
        Error::Closed { .. } => PERLIPC_E_CLOSED,
        Error::Busy { .. } => PERLIPC_E_BUSY,
        Error::Invalid { .. } => PERLIPC_E_INVALID,
        Error::Threads { .. } => PERLIPC_E_THREADS,
        Error::Lookup { .. } => PERLIPC_E_LOOKUP,
        Error::TooLong { .. } => PERLIPC_E_TOO_LONG,
        Error::Insecure { .. } => PERLIPC_E_INSECURE,
    }
}

/// Remembers the failure for this thread, sets `errno`; its code.
#[cold]
pub(crate) fn fail(error: Error) -> i32 {
    let code = code_of(&error);
    let errno = error.errno();
    let last = Last { error, code, text: None, step: None, path: None };
    let _ = LAST.try_with(|cell| cell.try_borrow_mut().map(|mut cell| *cell = Some(last)));
    set_errno(errno);
    code
}

#[cold]
pub(crate) fn panicked() -> i32 {
    set_errno(libc::EIO);
    PERLIPC_E_DEFECT
}

fn c_string(text: &str) -> CString {
    CString::new(text.replace('\0', "\\0")).unwrap_or_default()
}

/// A name as it is: one that has a NUL has not come as far as the system.
fn c_bytes(name: &[u8]) -> CString {
    CString::new(name).unwrap_or_else(|_| c_string(&String::from_utf8_lossy(name)))
}

fn last(field: impl FnOnce(&mut Last) -> *const c_char) -> *const c_char {
    let found = LAST.try_with(|cell| Some(cell.try_borrow_mut().ok()?.as_mut().map(field))).ok().flatten().flatten();
    found.unwrap_or(c"".as_ptr())
}

/// The name of a result code or an errno (either sign).
///
/// Returns: "ENOENT", "PERLIPC_E_BUSY"; "?" for a number that is none. Never freed by the caller.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: the keys of %!.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_error_name(code: i32) -> *const c_char {
    if let Some(own) = OWN.iter().find(|own| own.0 == code) {
        return interned(own.2);
    }
    error::name(code.saturating_abs()).map_or(c"?".as_ptr(), interned)
}

/// The text of a result code or an errno (either sign), without what it was about: see ipc_error_last_text.
///
/// Returns: "No such file or directory". Valid for ever.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: "$!".
#[unsafe(no_mangle)]
pub extern "C" fn ipc_error_text(code: i32) -> *const c_char {
    match OWN.iter().find(|own| own.0 == code) {
        Some(own) => interned(own.3),
        None => interned(&error::text(code.saturating_abs())),
    }
}

/// The errno that stands for a result code: itself for -errno, the twin for codes of our own, 0 for success.
///
/// Returns: an errno, or 0.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: $! as a number.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_error_errno(code: i32) -> i32 {
    match OWN.iter().find(|own| own.0 == code) {
        Some(own) => own.1,
        None if code < 0 => code.saturating_neg(),
        None => 0,
    }
}

/// The code of this thread's last failure, 0 when there was none: what the next four answer for.
///
/// Returns: a negative code, or 0.
/// Errors: none.
/// Threads: any; each has its own.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_error_last_code() -> i32 {
    LAST.try_with(|cell| cell.try_borrow().ok()?.as_ref().map(|last| last.code)).ok().flatten().unwrap_or(0)
}

/// This thread's last failure in one line, "step thing: why".
///
/// Returns: "exec nosuch: No such file or directory"; "" when nothing failed yet. Valid until the thread's next failure.
/// Errors: none.
/// Threads: any; each has its own.
/// Blocks: no.
/// Perl: "$!", with what it was about.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_error_last_text() -> *const c_char {
    last(|last| last.text.get_or_insert_with(|| c_string(&last.error.to_string())).as_ptr())
}

/// The step that failed last in this thread.
///
/// Returns: "exec", "open", "chdir", "wait" ...; "" when nothing failed yet. Valid until the thread's next failure.
/// Errors: none.
/// Threads: any; each has its own.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_error_last_step() -> *const c_char {
    last(|last| last.step.get_or_insert_with(|| c_string(last.error.step())).as_ptr())
}

/// The file, user, process or address that the failed step was done to.
///
/// Returns: "" where there is none. Valid until the thread's next failure.
/// Errors: none.
/// Threads: any; each has its own.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_error_last_path() -> *const c_char {
    last(|last| last.path.get_or_insert_with(|| c_bytes(last.error.path_bytes())).as_ptr())
}

/// Whether this thread's last failure was a time limit that the program itself has set. Not so an ETIMEDOUT of the system's
/// own: of a peer that keepalive or user_timeout has given up no more will come, and the next read says 0 as at an end.
///
/// Returns: 1 or 0.
/// Errors: none.
/// Threads: any; each has its own.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_error_last_by_limit() -> i32 {
    let found = LAST.try_with(|cell| cell.try_borrow().ok()?.as_ref().map(|last| last.error.is_timeout()));
    i32::from(found.ok().flatten().unwrap_or(false))
}

/// A C string that lives for ever, one copy of each text: their number is that of the names and texts of the system.
pub(super) fn interned(text: &str) -> *const c_char {
    use std::collections::BTreeMap;
    use std::sync::{Mutex, PoisonError};

    use crate::child::{Own, taken_over};
    static KNOWN: Own<Mutex<BTreeMap<String, CString>>> = Own::inheriting(taken_over);
    let mut known = KNOWN.get().lock().unwrap_or_else(PoisonError::into_inner);
    known.entry(text.to_owned()).or_insert_with(|| c_string(text)).as_ptr()
}
