//! TCP.

use std::ffi::c_char;

use super::listener::ipc_listener;
use super::stream::ipc_stream;
use super::{get, give, guard, maybe_text, out_handle};
use crate::error::Error;
use crate::tcp;
use crate::time::Deadline;

/// Connects to a host and a service, each by name or number; NULL as host is this machine. The timeout covers the lookup and
/// all addresses; these are tried in turn, the next one beside one that does not answer.
///
/// Options are words with commas, or NULL: "from=10.0.0.1:0", "v4only", "v6only", "nodelay=0", and the names of
/// ipc_stream_option.
///
/// Returns: 0, and the stream in `out`.
/// Errors: -ECONNREFUSED, -ETIMEDOUT, -EHOSTUNREACH; PERLIPC_E_LOOKUP; PERLIPC_E_INVALID for a bad option.
/// Threads: any.
/// Blocks: until it is connected or the timeout.
/// Perl: socket and connect; IO::Socket::IP->new.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_tcp_connect(
    host: *const c_char,
    service: *const c_char,
    options: *const c_char,
    timeout_ms: i32,
    out: *mut *mut ipc_stream,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings and out-parameter.
        unsafe {
            out_handle(out, "connect")?;
            let service = maybe_text(service, "service")?.unwrap_or_default();
            let options = maybe_text(options, "option")?.unwrap_or_default();
            let deadline = Deadline::after_ms(timeout_ms);
            let stream = tcp::connect(maybe_text(host, "host")?, service, options, deadline)?;
            give(out, ipc_stream::new(stream));
        }
        Ok(0)
    })
}

/// Listens on a local address and a service, each by name or number; NULL as host is any address, IPv4 and IPv6; NULL or
/// "0" as service is a port of the kernel's choice, which ipc_listener_addr tells.
///
/// Options are words with commas, or NULL: "backlog=64", "reuseport", "v6only" ("v6only=0": IPv4 too, where an address
/// of IPv6 is named), "v4only", and the names of ipc_stream_option, which accepted streams inherit.
///
/// Returns: 0, and the listener in `out`.
/// Errors: -EADDRINUSE, -EACCES, -EADDRNOTAVAIL; PERLIPC_E_LOOKUP; PERLIPC_E_INVALID for a bad option.
/// Threads: any.
/// Blocks: while a name is looked up.
/// Perl: socket, setsockopt(SO_REUSEADDR), bind and listen.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_tcp_listen(
    host: *const c_char,
    service: *const c_char,
    options: *const c_char,
    out: *mut *mut ipc_listener,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings and out-parameter.
        unsafe {
            out_handle(out, "listen")?;
            let service = maybe_text(service, "service")?.unwrap_or_default();
            let options = maybe_text(options, "option")?.unwrap_or_default();
            give(out, ipc_listener::new(tcp::listen(maybe_text(host, "host")?, service, options)?));
        }
        Ok(0)
    })
}

/// Sends one urgent byte, behind what is pending.
///
/// Returns: 0.
/// Errors: as ipc_stream_write.
/// Threads: any; one at a time writes.
/// Blocks: as ipc_stream_flush.
/// Perl: send(S, "!", MSG_OOB).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_tcp_send_urgent(s: *mut ipc_stream, byte: i32) -> i32 {
    guard(|| {
        let byte = u8::try_from(byte).map_err(|_| Error::invalid("send", "a byte is 0 to 255"))?;
        // SAFETY: the caller's handle.
        unsafe {
            let stream = get(s)?;
            stream.writing()?.half.flush()?;
            tcp::send_urgent_on(stream.shared(), byte).map(|()| 0)
        }
    })
}

/// The urgent byte.
///
/// Returns: the byte, 0 to 255.
/// Errors: -EINVAL when none was announced, -EAGAIN while it is on its way.
/// Threads: any.
/// Blocks: no.
/// Perl: recv(S, $b, 1, MSG_OOB).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_tcp_recv_urgent(s: *mut ipc_stream) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(s)? }.shared().aside("recv", tcp::recv_urgent_on).map(i32::from))
}

/// Whether what is read next was sent behind the urgent byte. A read never runs over the mark.
///
/// Returns: 1 or 0.
/// Errors: -ENOTSOCK and the like.
/// Threads: any; one at a time reads.
/// Blocks: no.
/// Perl: IO::Socket's atmark.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_tcp_at_mark(s: *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe {
            let stream = get(s)?;
            let ahead = stream.reading()?.half.buffered().len();
            Ok(i32::from(ahead == 0 && stream.shared().aside("atmark", tcp::at_mark_on)?))
        }
    })
}
