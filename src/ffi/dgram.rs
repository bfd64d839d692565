//! Datagram sockets.

use std::cell::UnsafeCell;
use std::ffi::{CString, c_char, c_void};
use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};

use super::{Handle, bytes, copy_text, free, get, give, guard, maybe_text, out_handle, put, room, slice, text};
use crate::dgram::{self, Dgram, Received};
use crate::error::Error;
use crate::time::Deadline;

/// A socket for messages: UDP or Unix datagrams. One thread at a time receives; sending works from any thread.
#[repr(C)]
pub struct ipc_dgram {
    tag: u32,
    pub(super) dgram: Dgram,
    /// Who sent the last message received, lent to the caller.
    from: UnsafeCell<CString>,
}

impl Handle for ipc_dgram {
    const TAG: u32 = u32::from_be_bytes(*b"idgr");
    const NAME: &'static str = "dgram";
}

impl ipc_dgram {
    fn new(dgram: Dgram) -> ipc_dgram {
        ipc_dgram { tag: ipc_dgram::TAG, dgram, from: UnsafeCell::default() }
    }
}

fn ip(text: &str) -> Result<IpAddr, Error> {
    text.parse().map_err(|_| Error::invalid("address", format!("{text:?} is no address of a group")))
}

/// A UDP socket at a local address and service, each by name or number; NULL as host is any address, IPv4 and IPv6; NULL or
/// "0" as service is a port of the kernel's choice. Options are words with commas, or NULL: "v4only", "v6only", "broadcast",
/// "reuseaddr", "reuseport", and the names of ipc_stream_option.
///
/// Returns: 0, and the socket in `out`.
/// Errors: -EADDRINUSE, -EACCES; PERLIPC_E_LOOKUP; PERLIPC_E_INVALID for a bad option.
/// Threads: any.
/// Blocks: while a name is looked up.
/// Perl: socket(SOCK_DGRAM) and bind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_udp_open(
    host: *const c_char,
    service: *const c_char,
    options: *const c_char,
    out: *mut *mut ipc_dgram,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings and out-parameter.
        unsafe {
            out_handle(out, "udp")?;
            let service = maybe_text(service, "service")?.unwrap_or_default();
            let options = maybe_text(options, "option")?.unwrap_or_default();
            give(out, ipc_dgram::new(dgram::udp(maybe_text(host, "host")?, service, options)?));
        }
        Ok(0)
    })
}

/// A Unix datagram socket: at a path or "@name", by the rules of ipc_unix_listen, or (NULL) without a name. Options as there.
///
/// Returns: 0, and the socket in `out`.
/// Errors: as ipc_unix_listen.
/// Threads: any.
/// Blocks: no.
/// Perl: socket(PF_UNIX, SOCK_DGRAM) and bind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_unix(path: *const c_char, options: *const c_char, out: *mut *mut ipc_dgram) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings and out-parameter.
        unsafe {
            out_handle(out, "dgram")?;
            let path = if path.is_null() { None } else { Some(bytes(path, "dgram")?) };
            let options = maybe_text(options, "option")?.unwrap_or_default();
            give(out, ipc_dgram::new(dgram::unix(path, options)?));
        }
        Ok(0)
    })
}

/// Two connected Unix datagram sockets.
///
/// Returns: 0, and both sockets.
/// Errors: -EMFILE.
/// Threads: any.
/// Blocks: no.
/// Perl: socketpair(PF_UNIX, SOCK_DGRAM).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_pair(one: *mut *mut ipc_dgram, other: *mut *mut ipc_dgram) -> i32 {
    guard(|| {
        // SAFETY: the caller's out-parameters.
        unsafe {
            out_handle(one, "socketpair")?;
            out_handle(other, "socketpair")?;
            let (first, second) = dgram::pair()?;
            give(one, ipc_dgram::new(first));
            give(other, ipc_dgram::new(second));
        }
        Ok(0)
    })
}

/// Connects: messages go to that address unless said otherwise, and only its own are received.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for text that is no address: ipc_addr_resolve makes one of a name; for Unix -ENOENT, -ECONNREFUSED.
/// Threads: any.
/// Blocks: no.
/// Perl: connect.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_connect(d: *mut ipc_dgram, addr: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and string.
        unsafe {
            let dgram = &get(d)?.dgram;
            let addr = dgram.addr(bytes(addr, "connect")?)?;
            dgram.connect(&addr, Deadline::NEVER).map(|()| 0)
        }
    })
}

/// Sends one message to an address as text ("127.0.0.1:37", "[::1]:37", a path, "@name"), or (NULL) to the connected peer.
///
/// Returns: `len`.
/// Errors: -EMSGSIZE; -ECONNREFUSED when an earlier one met nobody (connected); -EDESTADDRREQ; -EACCES for a broadcast without the
/// option; -ETIMEDOUT.
/// Threads: any.
/// Blocks: while there is no room, or the timeout.
/// Perl: send.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_send(
    d: *mut ipc_dgram,
    data: *const c_void,
    len: usize,
    addr: *const c_char,
    timeout_ms: i32,
) -> i64 {
    guard(|| {
        // SAFETY: the caller's handle, data and string.
        unsafe {
            let data = slice(data.cast(), len, "send")?;
            let dgram = &get(d)?.dgram;
            let to = if addr.is_null() { None } else { Some(dgram.addr(bytes(addr, "send")?)?) };
            dgram.send(data, to.as_ref(), Deadline::after_ms(timeout_ms))?;
        }
        Ok(i64::try_from(len).unwrap_or(i64::MAX))
    })
}

/// Receives one message. Who sent it comes as text in `from` (NULL: not wanted), borrowed until the next call on the socket;
/// empty for a Unix socket without a name, or with one ("@name") that has a NUL in it.
///
/// Returns: its true length, which is more than `cap` when it was cut; 0 is an empty message.
/// Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED; -ECONNREFUSED when one that was sent met nobody (connected).
/// Threads: any; one at a time receives.
/// Blocks: until a message comes or the timeout.
/// Perl: recv.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_recv(
    d: *mut ipc_dgram,
    data: *mut c_void,
    cap: usize,
    timeout_ms: i32,
    from: *mut *const c_char,
) -> i64 {
    // SAFETY: the caller's handle, buffer and out-parameter.
    unsafe { received(d, data, cap, timeout_ms, from, Dgram::recv) }
}

/// The same, and the message stays: the next call gets it again.
///
/// Returns: as ipc_dgram_recv.
/// Errors: as ipc_dgram_recv.
/// Threads: as ipc_dgram_recv.
/// Blocks: as ipc_dgram_recv.
/// Perl: recv with MSG_PEEK.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_peek(
    d: *mut ipc_dgram,
    data: *mut c_void,
    cap: usize,
    timeout_ms: i32,
    from: *mut *const c_char,
) -> i64 {
    // SAFETY: the caller's handle, buffer and out-parameter.
    unsafe { received(d, data, cap, timeout_ms, from, Dgram::peek) }
}

type Receive = fn(&Dgram, &mut [u8], Deadline) -> Result<Received, Error>;

/// # Safety
/// The caller's handle, buffer and out-parameter; one thread receives.
unsafe fn received(
    d: *mut ipc_dgram,
    data: *mut c_void,
    cap: usize,
    timeout_ms: i32,
    from: *mut *const c_char,
    receive: Receive,
) -> i64 {
    guard(|| {
        // SAFETY: the caller's promise.
        unsafe {
            put(from, c"".as_ptr());
            let dgram = get(d)?;
            let got = receive(&dgram.dgram, room(data.cast(), cap, "recv")?, Deadline::after_ms(timeout_ms))?;
            if !from.is_null() {
                *dgram.from.get() = CString::new(got.from.text()).unwrap_or_default();
                put(from, (*dgram.from.get()).as_ptr());
            }
            Ok(i64::try_from(got.len).unwrap_or(i64::MAX))
        }
    })
}

/// Joins a multicast group, on an interface by name, or (NULL) where the routes lead.
///
/// Returns: 0.
/// Errors: -ENODEV for an interface that is none; -EADDRINUSE when joined already; PERLIPC_E_INVALID.
/// Threads: any.
/// Blocks: no.
/// Perl: setsockopt(IP_ADD_MEMBERSHIP).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_join(d: *mut ipc_dgram, group: *const c_char, interface: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and strings.
        unsafe { get(d)?.dgram.join(ip(text(group, "join")?)?, maybe_text(interface, "join")?) }.map(|()| 0)
    })
}

/// Leaves a multicast group.
///
/// Returns: 0.
/// Errors: -EADDRNOTAVAIL when not joined.
/// Threads: any.
/// Blocks: no.
/// Perl: setsockopt(IP_DROP_MEMBERSHIP).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_leave(d: *mut ipc_dgram, group: *const c_char, interface: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and strings.
        unsafe { get(d)?.dgram.leave(ip(text(group, "leave")?)?, maybe_text(interface, "leave")?) }.map(|()| 0)
    })
}

/// How multicasts leave: how many routers they may pass (0 to 255), whether this machine hears them (0 or 1), by which
/// interface. -1 and NULL leave a thing as it is.
///
/// Returns: 0.
/// Errors: -ENODEV; PERLIPC_E_INVALID.
/// Threads: any.
/// Blocks: no.
/// Perl: setsockopt(IP_MULTICAST_TTL) and the like.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_multicast(
    d: *mut ipc_dgram,
    ttl: i32,
    heard_here: i32,
    interface: *const c_char,
) -> i32 {
    guard(|| {
        let ttl = match ttl {
            -1 => None,
            ttl => Some(u8::try_from(ttl).map_err(|_| Error::invalid("multicast", "a ttl is 0 to 255"))?),
        };
        let heard = match heard_here {
            -1 => None,
            0 | 1 => Some(heard_here == 1),
            _ => return Err(Error::invalid("multicast", "whether this machine hears them is 0 or 1")),
        };
        // SAFETY: the caller's handle and string.
        unsafe { get(d)?.dgram.multicast(ttl, heard, maybe_text(interface, "multicast")?) }.map(|()| 0)
    })
}

/// Sets an option by its name, as ipc_stream_option: "broadcast", "rcvbuf" ...
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any.
/// Blocks: no.
/// Perl: setsockopt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_option(d: *mut ipc_dgram, name: *const c_char, value: i32) -> i32 {
    // SAFETY: the caller's handle and string.
    guard(|| unsafe { get(d)?.dgram.set_option(text(name, "option")?, value) }.map(|()| 0))
}

/// An option by its name, as ipc_stream_option_value.
///
/// Returns: 0, and its value in `value`.
/// Errors: PERLIPC_E_INVALID for a name that is none.
/// Threads: any.
/// Blocks: no.
/// Perl: getsockopt.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_option_value(d: *const ipc_dgram, name: *const c_char, value: *mut i32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle, string and out-parameter.
        unsafe { put(value, get(d)?.dgram.option(text(name, "option")?)?) };
        Ok(0)
    })
}

/// Where it is connected to.
///
/// Returns: the length of the text.
/// Errors: -ENOTCONN; -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: getpeername.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_peer(d: *const ipc_dgram, addr: *mut c_char, cap: usize) -> i32 {
    // SAFETY: the caller's handle and buffer.
    guard(|| unsafe { copy_text(get(d)?.dgram.peer()?.text(), addr, cap, "getpeername") })
}

/// Where it is, with the port that the kernel chose.
///
/// Returns: the length of the text.
/// Errors: -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: getsockname.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_addr(d: *const ipc_dgram, addr: *mut c_char, cap: usize) -> i32 {
    // SAFETY: the caller's handle and buffer.
    guard(|| unsafe { copy_text(get(d)?.dgram.local()?.text(), addr, cap, "getsockname") })
}

/// The descriptor. Lent: the socket keeps it.
///
/// Returns: the descriptor.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any.
/// Blocks: no.
/// Perl: fileno.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_fd(d: *const ipc_dgram) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(unsafe { get(d)? }.dgram.as_fd().as_raw_fd()))
}

/// Ends each call that waits on it now, and every later one that sends or receives, with PERLIPC_E_CANCELED.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_dgram_cancel(d: *mut ipc_dgram) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe { get(d)? }.dgram.canceler().cancel();
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
pub unsafe extern "C" fn ipc_dgram_free(d: *mut ipc_dgram) {
    // SAFETY: the caller's handle.
    unsafe { free(d) }
}
