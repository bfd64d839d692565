//! Names and addresses.

use std::ffi::{c_char, c_void};
use std::net::IpAddr;

use super::{bytes, copy_text, guard, maybe_text, room, slice, text};
use crate::addr::{self, Addr, For};
use crate::error::Error;
use crate::time::Deadline;

unsafe fn resolved(
    host: *const c_char,
    service: *const c_char,
    timeout_ms: i32,
    to: *mut c_char,
    cap: usize,
    most: usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings and buffer.
        unsafe {
            let service = maybe_text(service, "service")?.unwrap_or_default();
            let found = addr::resolve(maybe_text(host, "host")?, service, For::Any, Deadline::after_ms(timeout_ms))?;
            let lines: Vec<String> = found.iter().take(most).map(ToString::to_string).collect();
            copy_text(lines.join("\n"), to, cap, "resolve")
        }
    })
}

fn port(number: i32) -> Result<u16, Error> {
    u16::try_from(number).map_err(|_| Error::invalid("service", format!("{number} is no port")))
}

/// The first address of a host and a service, each by name or number, as text: "127.0.0.1:37", "[::1]:37". NULL as
/// host is this machine, NULL as service port 0. A lookup that takes too long is left behind on a thread of its own.
///
/// Returns: the length of the text.
/// Errors: PERLIPC_E_LOOKUP when a name is not known; -ETIMEDOUT; -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: until the resolver answers or the timeout; not at all for numbers.
/// Perl: inet_aton, gethostbyname, getaddrinfo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_resolve(
    host: *const c_char,
    service: *const c_char,
    timeout_ms: i32,
    addr: *mut c_char,
    cap: usize,
) -> i32 {
    // SAFETY: the caller's strings and buffer.
    unsafe { resolved(host, service, timeout_ms, addr, cap, 1) }
}

/// All addresses of a host and a service, in the order to try them, a newline between each two.
///
/// Returns: the length of the text.
/// Errors: as ipc_addr_resolve.
/// Threads: any.
/// Blocks: as ipc_addr_resolve.
/// Perl: getaddrinfo.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_resolve_all(
    host: *const c_char,
    service: *const c_char,
    timeout_ms: i32,
    addrs: *mut c_char,
    cap: usize,
) -> i32 {
    // SAFETY: the caller's strings and buffer.
    unsafe { resolved(host, service, timeout_ms, addrs, cap, usize::MAX) }
}

/// The name of the host that has an address: "127.0.0.1", "::1", or with a port as ipc_addr_resolve gives it.
///
/// Returns: the length of the name.
/// Errors: PERLIPC_E_LOOKUP when a name is not known; -ETIMEDOUT; -ERANGE when it does not fit.
/// PERLIPC_E_INVALID for text that is no Internet address.
/// Threads: any.
/// Blocks: until the resolver answers or the timeout.
/// Perl: gethostbyaddr.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_name(addr: *const c_char, timeout_ms: i32, host: *mut c_char, cap: usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and buffer.
        unsafe {
            let addr = text(addr, "host")?;
            let ip = match addr.parse::<IpAddr>() {
                Ok(ip) => Some(ip),
                Err(_) => addr.parse::<Addr>()?.ip(),
            };
            let ip = ip.ok_or_else(|| Error::invalid("host", "no Internet address"))?;
            copy_text(&addr::host(ip, Deadline::after_ms(timeout_ms))?, host, cap, "host")
        }
    })
}

/// The port of a service of the system's list; `protocol` NULL: of any.
///
/// Returns: the port.
/// Errors: PERLIPC_E_LOOKUP when it is not known. Case counts.
/// Threads: any.
/// Blocks: no.
/// Perl: getservbyname.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_service(name: *const c_char, protocol: *const c_char) -> i32 {
    guard(|| {
        // SAFETY: the caller's strings.
        unsafe { addr::service(text(name, "service")?, maybe_text(protocol, "service")?) }
            .map(|service| i32::from(service.port))
    })
}

/// The name of the service at a port; `protocol` NULL: of any.
///
/// Returns: the length of the name.
/// Errors: PERLIPC_E_LOOKUP when it is not known; -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: getservbyport.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_service_name(
    number: i32,
    protocol: *const c_char,
    name: *mut c_char,
    cap: usize,
) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and buffer.
        unsafe {
            let service = addr::service_by_port(port(number)?, maybe_text(protocol, "service")?)?;
            copy_text(&service.name, name, cap, "service")
        }
    })
}

/// The number of a protocol of the system's list: "tcp".
///
/// Returns: the number.
/// Errors: PERLIPC_E_LOOKUP when it is not known.
/// Threads: any.
/// Blocks: no.
/// Perl: getprotobyname.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_protocol(name: *const c_char) -> i32 {
    // SAFETY: the caller's string.
    guard(|| unsafe { addr::protocol(text(name, "protocol")?) }.map(|protocol| protocol.number))
}

/// The name of a protocol.
///
/// Returns: the length of the name.
/// Errors: PERLIPC_E_LOOKUP when it is not known; -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: getprotobynumber.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_protocol_name(number: i32, name: *mut c_char, cap: usize) -> i32 {
    // SAFETY: the caller's buffer.
    guard(|| unsafe { copy_text(&addr::protocol_by_number(number)?.name, name, cap, "protocol") })
}

/// An address as text, "127.0.0.1:37", "[::1]:37", a path with a slash or "@name", as the kernel's struct sockaddr.
///
/// Returns: the length of the struct.
/// Errors: PERLIPC_E_INVALID for text that is no address; -ENAMETOOLONG for a path that is too long: never cut; -ERANGE when it
/// does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: pack_sockaddr_in, pack_sockaddr_in6, pack_sockaddr_un.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_pack(addr: *const c_char, data: *mut c_void, cap: usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's string and buffer.
        unsafe {
            let packed = Addr::parse(bytes(addr, "address")?)?.pack()?;
            let to = room(data.cast(), cap, "address")?.get_mut(..packed.len());
            to.ok_or(Error::os("address", libc::ERANGE))?.copy_from_slice(&packed);
            Ok(i32::try_from(packed.len()).unwrap_or(i32::MAX))
        }
    })
}

/// The kernel's struct sockaddr as text; a Unix socket without a name is the empty text.
///
/// Returns: the length of the text.
/// Errors: PERLIPC_E_INVALID for a wrong length or family; -ERANGE when it does not fit.
/// Threads: any.
/// Blocks: no.
/// Perl: unpack_sockaddr_in, unpack_sockaddr_in6, unpack_sockaddr_un.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_addr_unpack(data: *const c_void, len: usize, addr: *mut c_char, cap: usize) -> i32 {
    guard(|| {
        // SAFETY: the caller's data and buffer.
        unsafe {
            let found = Addr::unpack(slice(data.cast(), len, "address")?)?;
            copy_text(found.text(), addr, cap, "address")
        }
    })
}
