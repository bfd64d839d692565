//! Names and addresses: hosts, services and protocols by name and number, addresses as text, and Perl's packed ones.
//!
//! Looking up a host that is not numeric may take the resolver long, and libc's calls can be neither timed nor cut. They
//! run on a thread of their own, with all signals blocked, which is left behind at the deadline. Everything else here is
//! done at once.

use std::ffi::CString;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::AsRawFd;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::block::{self, CALM, Stop, Wait};
use crate::error::{Error, Result};
use crate::sys;
use crate::sys::socket::{self, Failed, Name};
use crate::time::Deadline;

/// Where a socket is, or its peer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Addr {
    /// IPv4 or IPv6, with the port. As text `127.0.0.1:37`, `[::1]:37`, `[fe80::1%2]:37`.
    Inet(SocketAddr),
    /// A Unix socket's file; as text its path, "./@file" where that would begin with "@".
    Path(Vec<u8>),
    /// A Unix socket's name outside of the file system, without the leading NUL; as text "@name".
    Abstract(Vec<u8>),
    /// A Unix socket without a name, as most clients are; as text nothing.
    Unnamed,
}

impl Addr {
    /// The host's part, of an Internet address.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Addr::Inet(addr) => Some(addr.ip()),
            _ => None,
        }
    }

    /// The port, of an Internet address.
    pub fn port(&self) -> Option<u16> {
        match self {
            Addr::Inet(addr) => Some(addr.port()),
            _ => None,
        }
    }

    /// A Unix socket's name by the rule of this library: "@name" is outside of the file system, as is Perl's "\0name";
    /// everything else is a path.
    pub fn unix(name: impl AsRef<[u8]>) -> Addr {
        match name.as_ref() {
            [] => Addr::Unnamed,
            [0 | b'@', rest @ ..] => Addr::Abstract(rest.to_vec()),
            path => Addr::Path(path.to_vec()),
        }
    }

    /// Packed as the kernel and Perl have it.
    pub fn pack(&self) -> Result<Vec<u8>> {
        Ok(match self {
            Addr::Inet(addr) => packed(addr, <[u8]>::to_vec),
            Addr::Path(path) => pack_un(path)?,
            Addr::Abstract(name) => pack_un(&[&[0], name.as_slice()].concat())?,
            Addr::Unnamed => (libc::AF_UNIX as u16).to_ne_bytes().to_vec(),
        })
    }

    /// From the packed form, of any family that this library speaks.
    pub fn unpack(bytes: &[u8]) -> Result<Addr> {
        match i32::from(family(bytes)?) {
            libc::AF_INET => {
                let (port, ip) = unpack_in(bytes)?;
                Ok(Addr::Inet(SocketAddrV4::new(Ipv4Addr::from(ip), port).into()))
            }
            libc::AF_INET6 => {
                let (port, ip, scope, flow) = unpack_in6(bytes)?;
                Ok(Addr::Inet(SocketAddrV6::new(Ipv6Addr::from(ip), port, flow, scope).into()))
            }
            libc::AF_UNIX => Ok(match unpack_un(bytes)?.as_slice() {
                [] => Addr::Unnamed,
                [0, name @ ..] => Addr::Abstract(name.to_vec()),
                path => Addr::Path(path.to_vec()),
            }),
            other => Err(Error::invalid("address", format!("unknown address family {other}"))),
        }
    }

    pub(crate) fn name(&self) -> Result<Name> {
        let name = match self {
            Addr::Inet(addr) => packed(addr, Name::new),
            // The kernel counts the bytes of a path; the padding of Perl's packed form is not part of it.
            Addr::Path(path) => Name::new(&[&(libc::AF_UNIX as u16).to_ne_bytes(), checked_path(path)?].concat()),
            other => Name::new(&other.pack()?),
        };
        name.ok_or_else(|| Error::os("address", libc::ENAMETOOLONG))
    }

    pub(crate) fn of(name: &Name) -> Addr {
        match Addr::unpack(name.bytes()) {
            // IPv4 over a socket for both.
            Ok(Addr::Inet(addr)) => Addr::Inet(unmapped(addr)),
            Ok(addr) => addr,
            // Of a family that we never open.
            Err(_) => Addr::Unnamed,
        }
    }

    pub(crate) fn domain(&self) -> i32 {
        match self {
            Addr::Inet(SocketAddr::V4(_)) => libc::AF_INET,
            Addr::Inet(SocketAddr::V6(_)) => libc::AF_INET6,
            _ => libc::AF_UNIX,
        }
    }

    /// From text: `127.0.0.1:37`, `[::1]:37`, `[fe80::1%eth0]:37`, `/path`, `./path`, `@name`; bytes, for names that are not
    /// UTF-8. A path needs a slash, so that a mistyped host is not one.
    pub fn parse(text: impl AsRef<[u8]>) -> Result<Addr> {
        let text = text.as_ref();
        if text.first() == Some(&b'@') {
            // To the kernel a NUL in such a name is a byte as any other.
            return Ok(Addr::unix(text));
        }
        if text.contains(&0) {
            return Err(Error::invalid("address", "a NUL in the address"));
        }
        if text.contains(&b'/') {
            return Ok(Addr::unix(text));
        }
        let shown = String::from_utf8_lossy(text);
        let wrong =
            || Error::invalid("address", format!("{shown:?} is no address: it is ip:port, [ip6]:port or a path"));
        shown.parse().ok().or_else(|| scoped(&shown)).map(Addr::Inet).ok_or_else(wrong)
    }

    /// The same text again, as bytes; of a file whose path begins with "@", another that leads there.
    pub fn text(&self) -> Vec<u8> {
        match self {
            Addr::Inet(addr) => addr.to_string().into_bytes(),
            Addr::Path(path) if path.first() == Some(&b'@') => [b"./", path.as_slice()].concat(),
            Addr::Path(path) => path.clone(),
            Addr::Abstract(name) => [b"@", name.as_slice()].concat(),
            Addr::Unnamed => Vec::new(),
        }
    }
}

/// `[fe80::1%eth0]:37`: the scope by the name of its interface.
fn scoped(text: &str) -> Option<SocketAddr> {
    let (ip, rest) = text.strip_prefix('[')?.split_once('%')?;
    let (interface, port) = rest.split_once("]:")?;
    let port = port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok())??;
    let asker = sys::socket::socket(libc::AF_UNIX, libc::SOCK_DGRAM, 0).ok()?;
    let scope = sys::socket::interface(asker.as_raw_fd(), interface.as_bytes()).ok()?;
    Some(SocketAddrV6::new(ip.parse().ok()?, port, 0, scope).into())
}

/// IPv4 as itself: no socket for IPv6 alone takes it.
pub(crate) fn unmapped(addr: SocketAddr) -> SocketAddr {
    match addr.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::from((ip, addr.port())),
        IpAddr::V6(_) => addr,
    }
}

impl fmt::Display for Addr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}

impl FromStr for Addr {
    type Err = Error;

    /// As [`Addr::parse`].
    fn from_str(text: &str) -> Result<Addr> {
        Addr::parse(text)
    }
}

impl From<SocketAddr> for Addr {
    fn from(addr: SocketAddr) -> Addr {
        Addr::Inet(addr)
    }
}

// ---- Perl's packed addresses ----

fn bad_length(function: &str, is: usize, should: usize) -> Error {
    Error::invalid("address", format!("bad arg length for {function}, length is {is}, should be {should}"))
}

fn family_of(function: &str, bytes: &[u8], should: i32) -> Result<()> {
    match i32::from(family(bytes)?) {
        is if is == should => Ok(()),
        is => {
            Err(Error::invalid("address", format!("bad address family for {function}, got {is}, should be {should}")))
        }
    }
}

/// Perl's `sockaddr_family`: the family of a packed address.
pub fn family(bytes: &[u8]) -> Result<u16> {
    match bytes {
        [a, b, ..] => Ok(u16::from_ne_bytes([*a, *b])),
        _ => Err(bad_length("sockaddr_family", bytes.len(), 2)),
    }
}

/// The packed form of an Internet address, lent to `take`.
fn packed<T>(addr: &SocketAddr, take: impl FnOnce(&[u8]) -> T) -> T {
    match addr {
        SocketAddr::V4(addr) => take(&pack_in(addr.port(), addr.ip().octets())),
        SocketAddr::V6(addr) => take(&pack_in6(addr.port(), addr.ip().octets(), addr.scope_id(), addr.flowinfo())),
    }
}

/// Pieces that fill an array, one behind the other.
fn joined<const LEN: usize>(pieces: &[&[u8]]) -> [u8; LEN] {
    let mut all = [0; LEN];
    let mut at = 0;
    for piece in pieces {
        all[at..at + piece.len()].copy_from_slice(piece);
        at += piece.len();
    }
    all
}

/// Perl's `pack_sockaddr_in`.
pub fn pack_in(port: u16, ip: [u8; 4]) -> [u8; 16] {
    joined(&[&(libc::AF_INET as u16).to_ne_bytes(), &port.to_be_bytes(), &ip])
}

/// Perl's `unpack_sockaddr_in`: port and address.
pub fn unpack_in(bytes: &[u8]) -> Result<(u16, [u8; 4])> {
    let Ok([f, g, p, q, a, b, c, d, ..]) = <&[u8; 16]>::try_from(bytes) else {
        return Err(bad_length("unpack_sockaddr_in", bytes.len(), 16));
    };
    family_of("unpack_sockaddr_in", &[*f, *g], libc::AF_INET)?;
    Ok((u16::from_be_bytes([*p, *q]), [*a, *b, *c, *d]))
}

/// Perl's `pack_sockaddr_in6`.
pub fn pack_in6(port: u16, ip: [u8; 16], scope: u32, flow: u32) -> [u8; 28] {
    let head = (libc::AF_INET6 as u16).to_ne_bytes();
    joined(&[&head, &port.to_be_bytes(), &flow.to_be_bytes(), &ip, &scope.to_ne_bytes()])
}

/// Perl's `unpack_sockaddr_in6`: port, address, scope and flow.
pub fn unpack_in6(bytes: &[u8]) -> Result<(u16, [u8; 16], u32, u32)> {
    if bytes.len() != 28 {
        return Err(bad_length("unpack_sockaddr_in6", bytes.len(), 28));
    }
    family_of("unpack_sockaddr_in6", bytes, libc::AF_INET6)?;
    let word = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).unwrap_or([0; 4]);
    let [_, _, p, q] = word(0);
    let ip = bytes.get(8..24).and_then(|b| b.try_into().ok()).unwrap_or([0; 16]);
    Ok((u16::from_be_bytes([p, q]), ip, u32::from_ne_bytes(word(24)), u32::from_be_bytes(word(4))))
}

const UNIX_MOST: usize = 108;

fn checked_path(path: &[u8]) -> Result<&[u8]> {
    if path.contains(&0) {
        return Err(Error::invalid("address", "a NUL in the path"));
    }
    if path.len() > UNIX_MOST { Err(Error::at("address", path, libc::ENAMETOOLONG)) } else { Ok(path) }
}

/// Perl's `pack_sockaddr_un`: a path padded to 110 bytes; a name that begins with a NUL keeps its length. One that does
/// not fit is ENAMETOOLONG and never cut.
pub fn pack_un(path: &[u8]) -> Result<Vec<u8>> {
    let head = (libc::AF_UNIX as u16).to_ne_bytes();
    if path.first() == Some(&0) {
        if path.len() > UNIX_MOST {
            let name = [b"@", path.get(1..).unwrap_or_default()].concat();
            return Err(Error::at("address", name, libc::ENAMETOOLONG));
        }
        return Ok([&head, path].concat());
    }
    let mut packed = [&head, checked_path(path)?].concat();
    packed.resize(2 + UNIX_MOST, 0);
    Ok(packed)
}

/// Perl's `unpack_sockaddr_un`: the path; with its leading NUL where it is a name outside of the file system; empty
/// where there is none.
pub fn unpack_un(bytes: &[u8]) -> Result<Vec<u8>> {
    family_of("unpack_sockaddr_un", bytes, libc::AF_UNIX)?;
    let Some(path) = bytes.get(2..).filter(|path| path.len() <= UNIX_MOST + 1) else {
        return Err(bad_length("unpack_sockaddr_un", bytes.len(), 2 + UNIX_MOST));
    };
    if path.first() == Some(&0) {
        // Perl's padding alone is no name.
        return Ok(if path == [0; UNIX_MOST] { Vec::new() } else { path.to_vec() });
    }
    Ok(path.split(|b| *b == 0).next().unwrap_or_default().to_vec())
}

/// Perl's `inet_aton` for numeric addresses: dotted, short ("127.1"), octal and hexadecimal parts. No blanks, no names:
/// [`resolve`] takes those.
pub fn inet_aton(text: &str) -> Option<[u8; 4]> {
    let mut parts = Vec::with_capacity(4);
    for part in text.split('.') {
        let (digits, radix) = match part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
            Some(hex) => (hex, 16),
            None if part.len() > 1 && part.starts_with('0') => (part, 8),
            None => (part, 10),
        };
        if parts.len() == 4 || !digits.starts_with(|c: char| c.is_ascii_hexdigit()) {
            return None;
        }
        parts.push(u32::from_str_radix(digits, radix).ok()?);
    }
    let last = parts.pop()?;
    // The last part fills what the others leave.
    let room = 32 - 8 * parts.len() as u32;
    if room < 32 && last >> room != 0 {
        return None;
    }
    let mut ip = last;
    for (i, part) in parts.iter().enumerate() {
        ip |= u32::from(u8::try_from(*part).ok()?) << (24 - 8 * i);
    }
    Some(ip.to_be_bytes())
}

/// Perl's `inet_ntoa`.
pub fn inet_ntoa(ip: &[u8]) -> Result<String> {
    let ip: [u8; 4] = ip.try_into().map_err(|_| bad_length("inet_ntoa", ip.len(), 4))?;
    Ok(Ipv4Addr::from(ip).to_string())
}

/// Perl's `inet_pton`: an address of 4 (AF_INET) or 16 bytes (AF_INET6); `None` for text that is none.
pub fn inet_pton(family: i32, text: &str) -> Result<Option<Vec<u8>>> {
    match family {
        libc::AF_INET => Ok(text.parse::<Ipv4Addr>().ok().map(|ip| ip.octets().to_vec())),
        libc::AF_INET6 => Ok(text.parse::<Ipv6Addr>().ok().map(|ip| ip.octets().to_vec())),
        _ => Err(Error::os("inet_pton", libc::EAFNOSUPPORT)),
    }
}

/// Perl's `inet_ntop`.
pub fn inet_ntop(family: i32, ip: &[u8]) -> Result<String> {
    match family {
        libc::AF_INET => {
            let ip: [u8; 4] = ip.try_into().map_err(|_| bad_length("inet_ntop", ip.len(), 4))?;
            Ok(Ipv4Addr::from(ip).to_string())
        }
        libc::AF_INET6 => {
            let ip: [u8; 16] = ip.try_into().map_err(|_| bad_length("inet_ntop", ip.len(), 16))?;
            // The C library, and so Perl, writes an IPv4-compatible address with dots; Rust and RFC 5952 do not.
            Ok(match (Ipv6Addr::from(ip).segments(), ip) {
                ([0, 0, 0, 0, 0, 0, high, _], [.., a, b, c, d]) if high != 0 => format!("::{a}.{b}.{c}.{d}"),
                (_, ip) => Ipv6Addr::from(ip).to_string(),
            })
        }
        _ => Err(Error::os("inet_ntop", libc::EAFNOSUPPORT)),
    }
}

// ---- services and protocols ----

/// A service of the system's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Its official name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Its port.
    pub port: u16,
    /// The protocol that it is spoken over.
    pub protocol: String,
}

/// A protocol of the system's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Protocol {
    /// Its official name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<String>,
    /// Its number.
    pub number: i32,
}

fn c_name(step: &'static str, name: &str) -> Result<CString> {
    CString::new(name).map_err(|_| Error::invalid(step, "a NUL in the name"))
}

fn found<T>(step: &'static str, name: &str, answer: sys::Result<Option<T>>) -> Result<T> {
    match answer {
        Ok(Some(entry)) => Ok(entry),
        Ok(None) => Err(Error::Lookup {
            step,
            path: name.to_owned().into(),
            reason: "not in the system's list",
            errno: libc::ENOENT,
        }),
        Err(errno) => Err(Error::at(step, name, errno)),
    }
}

/// Perl's `getservbyname`: case counts.
pub fn service(name: &str, protocol: Option<&str>) -> Result<Service> {
    let protocol = protocol.map(|protocol| c_name("service", protocol)).transpose()?;
    let entry = found("service", name, socket::service_by_name(&c_name("service", name)?, protocol.as_ref()))?;
    Ok(of_service(entry))
}

/// Perl's `getservbyport`.
pub fn service_by_port(port: u16, protocol: Option<&str>) -> Result<Service> {
    let protocol = protocol.map(|protocol| c_name("service", protocol)).transpose()?;
    let entry = found("service", &port.to_string(), socket::service_by_port(port, protocol.as_ref()))?;
    Ok(of_service(entry))
}

fn of_service(entry: socket::Entry) -> Service {
    let port = u16::try_from(entry.number).unwrap_or_default();
    Service { name: entry.name, aliases: entry.aliases, port, protocol: entry.protocol }
}

/// Perl's `getprotobyname`.
pub fn protocol(name: &str) -> Result<Protocol> {
    let entry = found("protocol", name, socket::protocol_by_name(&c_name("protocol", name)?))?;
    Ok(Protocol { name: entry.name, aliases: entry.aliases, number: entry.number })
}

/// Perl's `getprotobynumber`.
pub fn protocol_by_number(number: i32) -> Result<Protocol> {
    let entry = found("protocol", &number.to_string(), socket::protocol_by_number(number))?;
    Ok(Protocol { name: entry.name, aliases: entry.aliases, number: entry.number })
}

/// A port by number, by a service's name, or as IO::Socket takes it: "time(37)" is the name, or 37 where the system
/// does not know it. Empty is 0.
pub fn port(service_name: &str, protocol: &str) -> Result<u16> {
    let number = |text: &str| -> Result<u16> {
        text.parse().map_err(|_| Error::invalid("service", format!("{text} is no port: ports end at 65535")))
    };
    if service_name.is_empty() {
        return Ok(0);
    }
    if service_name.bytes().all(|b| b.is_ascii_digit()) {
        return number(service_name);
    }
    match service_name.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((name, fallback)) if fallback.bytes().all(|b| b.is_ascii_digit()) => {
            service(name, Some(protocol)).map(|service| service.port).or_else(|_| number(fallback))
        }
        _ => Ok(service(service_name, Some(protocol))?.port),
    }
}

// ---- hosts ----

/// What a lookup is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Streams: services of TCP.
    Tcp,
    /// Datagrams: services of UDP.
    Udp,
    /// Either: services of TCP, and those that UDP alone has.
    Any,
}

impl For {
    fn port(self, service: &str) -> Result<u16> {
        match self {
            For::Tcp => port(service, "tcp"),
            For::Udp => port(service, "udp"),
            For::Any => port(service, "tcp").or_else(|error| port(service, "udp").map_err(|_| error)),
        }
    }
}

/// A host by name or number and a service by name or number: the addresses, in the order of the system's rules
/// (RFC 6724). `None` is this machine's loopback.
pub fn resolve(host: Option<&str>, service: &str, what: For, deadline: Deadline) -> Result<Vec<SocketAddr>> {
    let port = what.port(service)?;
    let ips = match host {
        None => vec![SocketAddr::from((Ipv6Addr::LOCALHOST, 0)), SocketAddr::from((Ipv4Addr::LOCALHOST, 0))],
        Some(host) => host_addresses(host, deadline)?,
    };
    Ok(ips
        .into_iter()
        .map(|mut addr| {
            addr.set_port(port);
            addr
        })
        .collect())
}

fn failed(path: &str, why: Failed) -> Error {
    match why {
        Failed::Errno(errno) => Error::at("host", path, errno),
        Failed::Lookup(code) => {
            let errno = match code {
                libc::EAI_AGAIN => libc::EAGAIN,
                libc::EAI_NONAME | libc::EAI_NODATA | libc::EAI_SERVICE => libc::ENOENT,
                _ => libc::EIO,
            };
            Error::Lookup { step: "host", path: path.to_owned().into(), reason: socket::lookup_text(code), errno }
        }
    }
}

fn host_addresses(host: &str, deadline: Deadline) -> Result<Vec<SocketAddr>> {
    if host.is_empty() {
        return Err(Error::invalid("host", "an empty host name"));
    }
    // A numeric address asks nobody, and needs no thread.
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![unmapped(SocketAddr::new(ip, 0))]);
    }
    if let Some(ip) = inet_aton(host) {
        return Ok(vec![SocketAddr::from((ip, 0))]);
    }
    let name = c_name("host", host)?;
    let kind = libc::SOCK_STREAM;
    let names = if host.contains(':') {
        socket::addresses(&name, libc::AF_UNSPEC, kind, libc::AI_NUMERICHOST)
    } else {
        detached(deadline, move || socket::addresses(&name, libc::AF_UNSPEC, kind, 0))
            .map_err(|stop| stop.at("host", host))?
    };
    let found = names.map_err(|why| failed(host, why))?;
    let mut addrs = Vec::with_capacity(found.len());
    for name in &found {
        if let Addr::Inet(addr) = Addr::of(name) {
            if !addrs.contains(&addr) {
                addrs.push(addr);
            }
        }
    }
    Ok(addrs)
}

/// Perl's `gethostbyaddr`: the name of the host that has the address.
pub fn host(ip: IpAddr, deadline: Deadline) -> Result<String> {
    let name = Addr::Inet(SocketAddr::new(ip, 0)).name()?;
    let path = ip.to_string();
    detached(deadline, move || socket::host_name(&name, libc::NI_NAMEREQD))
        .map_err(|stop| stop.at("host", &path))?
        .map_err(|why| failed(&path, why))
}

/// The name of this machine.
pub fn hostname() -> Result<String> {
    socket::gethostname().map_err(|errno| Error::os("hostname", errno))
}

struct Answer<T> {
    /// With the number of the thread that found it.
    value: Mutex<Option<(T, i32)>>,
    done: std::os::fd::OwnedFd,
}

/// Runs a call that can be neither timed nor cut on a thread of its own, and leaves that behind at the deadline.
fn detached<T: Send + 'static>(deadline: Deadline, call: impl FnOnce() -> T + Send + 'static) -> Wait<T> {
    let done = sys::eventfd(0).map_err(Stop::Errno)?;
    let answer = Arc::new(Answer { value: Mutex::new(None), done });
    let theirs = answer.clone();
    let started = block::thread("perlipc-lookup", move || {
        let value = call();
        *theirs.value.lock().unwrap_or_else(PoisonError::into_inner) = Some((value, sys::gettid()));
        let _ = sys::write(&CALM, theirs.done.as_raw_fd(), &1u64.to_ne_bytes());
    });
    let thread = started.map_err(Stop::Errno)?;
    block::ready(answer.done.as_raw_fd(), libc::POLLIN, deadline)?;
    let value = answer.value.lock().unwrap_or_else(PoisonError::into_inner).take();
    // The thread writes only after it has put the value there.
    let (value, tid) = value.ok_or(Stop::Errno(libc::EIO))?;
    // It has nothing more to do. Who forks next must not find it: what has one thread is forked without a question.
    let _ = thread.join();
    while sys::signals::is_here(tid) {
        std::thread::yield_now();
    }
    Ok(value)
}

pub(crate) fn check_families(v4: bool, v6: bool, step: &'static str) -> Result<()> {
    if v4 && v6 { Err(Error::invalid(step, "v4only and v6only leave nothing")) } else { Ok(()) }
}

/// Binds where a host and a service say, by `open`, which is told whether the socket takes IPv4 too. No host: any
/// address, IPv6 with IPv4 where the machine has both; `v4` and `v6`: that one alone. The first address that
/// can be had; else the first error.
pub(crate) fn bind_first<T>(
    host: Option<&str>,
    service: &str,
    kind: For,
    (v4, v6): (bool, bool),
    step: &'static str,
    open: impl Fn(&Addr, bool) -> Result<T>,
) -> Result<T> {
    check_families(v4, v6, step)?;
    let Some(host) = host else {
        let port = kind.port(service)?;
        let any4 = Addr::Inet(SocketAddr::from(([0, 0, 0, 0], port)));
        if v4 {
            return open(&any4, false);
        }
        return match open(&Addr::Inet(SocketAddr::from(([0u16; 8], port))), !v6) {
            // A machine without IPv6.
            Err(error) if !v6 && matches!(error.errno(), libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL) => {
                open(&any4, false)
            }
            answer => answer,
        };
    };
    let addrs = resolve(Some(host), service, kind, Deadline::NEVER)?;
    let mut first_error = None;
    for addr in addrs.into_iter().filter(|addr| if addr.is_ipv4() { !v6 } else { !v4 }) {
        match open(&Addr::Inet(addr), false) {
            Ok(bound) => return Ok(bound),
            Err(error) => first_error = first_error.or(Some(error)),
        }
    }
    Err(first_error.unwrap_or_else(|| Error::at(step, host, libc::EADDRNOTAVAIL)))
}
