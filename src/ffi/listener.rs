//! Listening sockets.

use std::ffi::c_char;
use std::os::fd::RawFd;
use std::sync::{Mutex, PoisonError};

use super::stream::ipc_stream;
use super::{Handle, copy_text, free, get, give, guard, out_handle, put, text};
use crate::child::{Own, taken_over};
use crate::error::Error;
use crate::listener::Listener;
use crate::sys;
use crate::time::Deadline;

/// A socket that others connect to. All calls but free work from any thread.
#[repr(C)]
pub struct ipc_listener {
    tag: u32,
    pub(super) listener: Listener,
}

impl Handle for ipc_listener {
    const TAG: u32 = u32::from_be_bytes(*b"ilis");
    const NAME: &'static str = "listener";
}

impl ipc_listener {
    pub(super) fn new(listener: Listener) -> ipc_listener {
        ipc_listener { tag: ipc_listener::TAG, listener }
    }
}

/// The next connection; ipc_stream_peer tells from where.
///
/// Returns: 0, and the stream in `out`.
/// Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED; -EMFILE.
/// Threads: any.
/// Blocks: until somebody connects or the timeout.
/// Perl: accept.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_accept(l: *mut ipc_listener, timeout_ms: i32, out: *mut *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameter.
        unsafe {
            out_handle(out, "accept")?;
            give(out, ipc_stream::new(get(l)?.listener.accept(Deadline::after_ms(timeout_ms))?));
        }
        Ok(0)
    })
}

/// Where it listens, with the port that the kernel chose: "127.0.0.1:2345", "[::]:2345", "/path", "@name".
///
/// Returns: the length of the text.
/// Errors: -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: getsockname.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_addr(l: *const ipc_listener, addr: *mut c_char, cap: usize) -> i32 {
    // SAFETY: the caller's handle and buffer.
    guard(|| unsafe { copy_text(get(l)?.listener.local()?.text(), addr, cap, "getsockname") })
}

/// The port where it listens.
///
/// Returns: the port.
/// Errors: -EAFNOSUPPORT for a Unix socket.
/// Threads: any.
/// Blocks: no.
/// Perl: (sockaddr_in(getsockname S))[0].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_port(l: *const ipc_listener) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        let port = unsafe { get(l)? }.listener.local()?.port();
        port.map(i32::from).ok_or(Error::os("port", libc::EAFNOSUPPORT))
    })
}

/// Sets an option by its name, as ipc_stream_option; streams that are accepted later inherit most.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any.
/// Blocks: no.
/// Perl: setsockopt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_option(l: *mut ipc_listener, name: *const c_char, value: i32) -> i32 {
    // SAFETY: the caller's handle and string.
    guard(|| unsafe { get(l)?.listener.set_option(text(name, "option")?, value) }.map(|()| 0))
}

/// An option by its name, as ipc_stream_option_value.
///
/// Returns: 0, and its value in `value`.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any.
/// Blocks: no.
/// Perl: getsockopt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_option_value(
    l: *const ipc_listener,
    name: *const c_char,
    value: *mut i32,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, string and out-parameter.
        unsafe { put(value, get(l)?.listener.option(text(name, "option")?)?) };
        Ok(0)
    })
}

/// The descriptor. Lent: the listener keeps it.
///
/// Returns: the descriptor.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: fileno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_fd(l: *const ipc_listener) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(unsafe { get(l)? }.listener.fd()))
}

/// Takes over a socket that listens already. It stays as it was found.
///
/// Returns: 0, and the listener in `out`.
/// Errors: -EBADF, -ENOTSOCK, -EINVAL when it does not listen: then the descriptor stays the caller's.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_adopt(fd: i32, out: *mut *mut ipc_listener) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameter; the caller gives the descriptor away.
        unsafe {
            out_handle(out, "adopt")?;
            if crate::socket::get(fd as RawFd, "listening").map_err(|error| Error::os("adopt", error.errno()))? == 0 {
                return Err(Error::os("adopt", libc::EINVAL));
            }
            give(out, ipc_listener::new(Listener::adopt(sys::take_fd(fd as RawFd))?));
        }
        Ok(0)
    })
}

/// The next of the sockets that whoever started this program has opened for it (LISTEN_PID, LISTEN_FDS).
///
/// Returns: 1, and the listener in `out`; 0 when there is none any more.
/// Errors: -EBADF when the environment says more than there is; PERLIPC_E_INVALID when it says no number.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_inherited(out: *mut *mut ipc_listener) -> i32 {
    static REST: Own<Mutex<Vec<Listener>>> = Own::inheriting(taken_over);
    guard(|| {
        // SAFETY: the caller's out-parameter.
        unsafe {
            out_handle(out, "listener")?;
            let mut rest = REST.get().lock().unwrap_or_else(PoisonError::into_inner);
            // Only the first call finds any.
            rest.extend(Listener::inherited()?);
            if rest.is_empty() {
                return Ok(0);
            }
            give(out, ipc_listener::new(rest.remove(0)));
        }
        Ok(1)
    })
}

/// Ends each accept that waits now, and every later one, with PERLIPC_E_CANCELED.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_cancel(l: *mut ipc_listener) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe { get(l)? }.listener.canceler().cancel();
        Ok(0)
    })
}

/// Frees it and closes the socket; NULL is nothing. A Unix socket's file goes with it.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_listener_free(l: *mut ipc_listener) {
    // SAFETY: the caller's handle.
    unsafe { free(l) }
}
