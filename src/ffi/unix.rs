//! Unix sockets.

use std::ffi::c_char;
use std::os::fd::IntoRawFd;

use super::listener::ipc_listener;
use super::stream::ipc_stream;
use super::{bytes, get, give, guard, maybe_text, out_handle, put};
use crate::error::Error;
use crate::time::Deadline;
use crate::unix;

/// Connects to a Unix stream socket: a path, or "@name" outside of the file system. Options are words with commas, or NULL:
/// the names of ipc_stream_option.
///
/// Returns: 0, and the stream in `out`.
/// Errors: -ENOENT; -ECONNREFUSED when nobody listens; -EACCES; -ETIMEDOUT while its queue is full; -ENAMETOOLONG: never cut.
/// Threads: any.
/// Blocks: while the queue is full, or the timeout; with one it looks at intervals of up to 20 ms.
/// Perl: socket(PF_UNIX) and connect.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_unix_connect(
    path: *const c_char,
    options: *const c_char,
    timeout_ms: i32,
    out: *mut *mut ipc_stream,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings and out-parameter.
        unsafe {
            out_handle(out, "connect")?;
            let options = maybe_text(options, "option")?.unwrap_or_default();
            let stream = unix::connect(bytes(path, "connect")?, options, Deadline::after_ms(timeout_ms))?;
            give(out, ipc_stream::new(stream));
        }
        Ok(0)
    })
}

/// Listens at a path, or at "@name" outside of the file system. A dead server's socket is replaced, a living one's never: a
/// lock beside it ("path.lock") lets one of two starters win. The file is private and goes when the listener is freed.
///
/// Options are words with commas, or NULL: "mode=660" (octal), "keep", "backlog=64", and the names of ipc_stream_option.
///
/// Returns: 0, and the listener in `out`.
/// Errors: -EADDRINUSE while a server lives there, or where the path is no socket; -EACCES; -ENAMETOOLONG: never cut;
/// PERLIPC_E_INVALID for a bad option.
/// Threads: any.
/// Blocks: no.
/// Perl: unlink, socket(PF_UNIX), bind and listen.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_unix_listen(
    path: *const c_char,
    options: *const c_char,
    out: *mut *mut ipc_listener,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings and out-parameter.
        unsafe {
            out_handle(out, "listen")?;
            let options = maybe_text(options, "option")?.unwrap_or_default();
            give(out, ipc_listener::new(unix::listen(bytes(path, "listen")?, options)?));
        }
        Ok(0)
    })
}

/// Two connected streams; each reads and writes.
///
/// Returns: 0, and both streams.
/// Errors: -EMFILE.
/// Threads: any.
/// Blocks: no.
/// Perl: socketpair.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_unix_pair(one: *mut *mut ipc_stream, other: *mut *mut ipc_stream) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameters.
        unsafe {
            out_handle(one, "socketpair")?;
            out_handle(other, "socketpair")?;
            let (first, second) = unix::pair()?;
            give(one, ipc_stream::new(first));
            give(other, ipc_stream::new(second));
        }
        Ok(0)
    })
}

/// Whether the path, followed, is a socket.
///
/// Returns: 1 or 0; what is missing is none, nor is a name that leads nowhere.
/// Errors: -EACCES and the like.
/// Threads: any.
/// Blocks: no.
/// Perl: -S.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_unix_is(path: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| unix::is_socket(unsafe { bytes(path, "stat")? }).map(i32::from))
}

/// Who is at the other end of a Unix stream, as it was when that connected or listened. Each out-parameter may be NULL.
///
/// Returns: 0.
/// Errors: -EOPNOTSUPP for another kind of socket, -ENOTSOCK.
/// Threads: any.
/// Blocks: no.
/// Perl: getsockopt(SO_PEERCRED).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_unix_peer(s: *const ipc_stream, pid: *mut i32, uid: *mut u32, gid: *mut u32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameters.
        unsafe {
            let peer = get(s)?.shared().aside("peer", unix::peer_of)?;
            put(pid, peer.pid);
            put(uid, peer.uid);
            put(gid, peer.gid);
        }
        Ok(0)
    })
}

/// A pidfd of the process at the other end, which no other process can be mistaken for; close-on-exec and the caller's to close.
///
/// Returns: the pidfd.
/// Errors: as ipc_unix_peer; -ENOPROTOOPT before Linux 6.5; before Linux 6.16 -ESRCH when that process has ended and was reaped.
/// Threads: any.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_unix_peer_pidfd(s: *const ipc_stream) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(s)? }.shared().aside("peer", unix::pidfd_of).map(IntoRawFd::into_raw_fd))
}

/// Sends a descriptor, which stays open here, with one byte (0) of data.
///
/// Returns: 0.
/// Errors: as ipc_stream_write; -EBADF; -EOPNOTSUPP for another kind of socket, -ENOTSOCK.
/// Threads: any; one at a time writes.
/// Blocks: as ipc_stream_write.
/// Perl: none; IO::FDPass.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_unix_send_fd(s: *mut ipc_stream, fd: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe {
            let stream = get(s)?;
            stream.writing()?.half.flush()?;
            unix::send_numbers(stream.shared(), &[0], &[fd]).map(|_| 0)
        }
    })
}

/// Receives a descriptor that came with one byte of data. It is close-on-exec, above 2, and the caller's to close.
///
/// Returns: the descriptor.
/// Errors: -ETIMEDOUT; -EMSGSIZE when several came at once, -EMFILE: none stays open; -ENOMSG when the byte came without
/// one; -EPIPE at the end; PERLIPC_E_INVALID while bytes are read ahead.
/// Threads: any; one at a time reads.
/// Blocks: until something comes or the timeout.
/// Perl: none; IO::FDPass.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_unix_recv_fd(s: *mut ipc_stream, timeout_ms: i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe {
            let stream = get(s)?;
            let reader = stream.reading()?;
            if !reader.half.buffered().is_empty() {
                return Err(Error::invalid("recv_fds", "bytes are read ahead, and what came with them is gone"));
            }
            let deadline = Deadline::after_ms(timeout_ms);
            match unix::recv_numbers(stream.shared(), &mut [0], 1, deadline)? {
                (0, _) => Err(Error::os("recv_fds", libc::EPIPE)),
                (_, fds) => fds?.pop().map(IntoRawFd::into_raw_fd).ok_or(Error::os("recv_fds", libc::ENOMSG)),
            }
        }
    })
}
