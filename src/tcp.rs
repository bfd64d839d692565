//! TCP: connect by name within one deadline, listen, urgent data.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use crate::addr::{self, Addr, For};
use crate::block::{self, CALM, Stop, Way};
use crate::error::{Error, Result};
use crate::listener::Listener;
use crate::socket;
use crate::stream::{Direction, Shared, Stream};
use crate::sys;
use crate::time::Deadline;

/// How long one address may take before the next is tried beside it (RFC 8305).
const HEAD_START: Duration = Duration::from_millis(250);
const BACKLOG: i32 = 4096;

/// What the words of connect say.
#[derive(Default)]
struct Connect<'a> {
    from: Option<SocketAddr>,
    family: Option<bool>,
    /// Beside nodelay, or against it.
    settings: Vec<(&'a str, i32)>,
}

impl<'a> Connect<'a> {
    fn of(options: &'a str) -> Result<Connect<'a>> {
        let mut connect = Connect::default();
        let (mut v4, mut v6) = (false, false);
        for (name, value) in socket::words(options) {
            match (name, value) {
                ("from", Some(text)) => {
                    let whole = text.parse().ok();
                    let ip = || text.parse().ok().map(|ip| SocketAddr::new(ip, 0));
                    let from = whole
                        .or_else(ip)
                        .ok_or_else(|| Error::invalid("connect", format!("from={text}: no address of this machine")))?;
                    connect.from = Some(addr::unmapped(from));
                }
                ("v4only", _) => v4 = socket::said(name, value)?,
                ("v6only", _) => v6 = socket::said(name, value)?,
                _ => connect.settings.push(socket::setting(name, value)?),
            }
        }
        addr::check_families(v4, v6, "connect")?;
        connect.family = (v4 || v6).then_some(v4);
        Ok(connect)
    }

    fn takes(&self, addr: &SocketAddr) -> bool {
        self.family.is_none_or(|v4| v4 == addr.is_ipv4())
            && self.from.is_none_or(|from| from.is_ipv4() == addr.is_ipv4())
    }

    /// A socket for the address, with all that must be done before connecting.
    fn socket(&self, addr: &Addr, nonblock: bool) -> Result<OwnedFd> {
        let fd = socket::new(addr, libc::SOCK_STREAM | if nonblock { libc::SOCK_NONBLOCK } else { 0 })?;
        socket::set(fd.as_raw_fd(), "nodelay", 1)?;
        for (name, value) in &self.settings {
            socket::set(fd.as_raw_fd(), name, *value)?;
        }
        if let Some(from) = self.from {
            if from.port() != 0 {
                socket::set(fd.as_raw_fd(), "reuseaddr", 1)?;
            }
            socket::bind(&fd, &Addr::Inet(from))?;
        }
        Ok(fd)
    }

    /// The kernel joins a socket with itself when the port that it chose for it is the one that it connects to: nobody
    /// listens there.
    fn with_another(&self, fd: &OwnedFd, addr: &Addr) -> Result<()> {
        let raw = fd.as_raw_fd();
        let chosen = self.from.is_none_or(|from| from.port() == 0);
        let same_port = || sys::socket::local_name(raw).is_ok_and(|local| Some(local.port()) == addr.port());
        if !chosen || !same_port() || socket::local(raw).ok() != socket::peer(raw).ok() {
            return Ok(());
        }
        // The port is free again at once, for who is to listen there.
        let _ = socket::set(raw, "linger", 0);
        Err(Error::at("connect", addr.text(), libc::ECONNREFUSED))
    }
}

fn stream(fd: OwnedFd) -> Stream {
    Stream::make(fd, Direction::Both, true, None)
}

/// Connects to a host and a service, each by name or number; `None` is this machine. The deadline covers the lookup and
/// all addresses together. These are tried in the order of Happy Eyeballs: families in turn, the next one as soon as one
/// fails or has had its head start; the first that answers wins.
///
/// Words in `options`, with commas: `from=10.0.0.1:0` (local address, port), `v4only`, `v6only`, `nodelay=0`, and the
/// other names of [`Stream::set_option`]. Small writes go out at once (nodelay) unless said otherwise.
pub fn connect(host: Option<&str>, service: &str, options: &str, deadline: Deadline) -> Result<Stream> {
    let connect = Connect::of(options)?;
    let found = addr::resolve(host, service, For::Tcp, deadline)?;
    let addrs = in_turns(found.into_iter().filter(|addr| connect.takes(addr)).collect());
    match addrs.as_slice() {
        [] => Err(Error::at("connect", host.unwrap_or("localhost"), libc::EADDRNOTAVAIL)),
        [only] if deadline.is_never() => one(&connect, Addr::Inet(*only)),
        _ => race(&connect, &addrs, deadline),
    }
}

/// The families in turn, beginning with the first one's.
fn in_turns(addrs: Vec<SocketAddr>) -> Vec<SocketAddr> {
    if addrs.len() < 2 {
        return addrs;
    }
    let v4_first = addrs.first().is_some_and(SocketAddr::is_ipv4);
    let (mut first, mut second): (Vec<_>, Vec<_>) = addrs.into_iter().partition(|addr| addr.is_ipv4() == v4_first);
    first.reverse();
    second.reverse();
    let mut turns = Vec::with_capacity(first.len() + second.len());
    while !(first.is_empty() && second.is_empty()) {
        turns.extend(first.pop());
        turns.extend(second.pop());
    }
    turns
}

/// One address and all the time in the world: the bare call.
fn one(connect: &Connect, addr: Addr) -> Result<Stream> {
    let fd = connect.socket(&addr, false)?;
    let name = addr.name()?;
    match block::call(|word| sys::socket::connect(word, fd.as_raw_fd(), &name)) {
        // EISCONN: it was done when a signal's handler came in between.
        Ok(()) | Err(Stop::Errno(libc::EISCONN)) => connect.with_another(&fd, &addr).map(|()| stream(fd)),
        Err(stop) => Err(stop.at("connect", addr.text())),
    }
}

struct Attempt {
    fd: OwnedFd,
    addr: Addr,
}

/// All addresses within the deadline, each with a head start on the next.
fn race(connect: &Connect, addrs: &[SocketAddr], deadline: Deadline) -> Result<Stream> {
    let mut waiting = addrs.iter();
    let mut under_way: Vec<Attempt> = Vec::new();
    let mut first_error = None;
    let mut next_start = Deadline::NOW;
    loop {
        if next_start.passed() || under_way.is_empty() {
            match waiting.next() {
                Some(addr) => {
                    let addr = Addr::Inet(*addr);
                    match begin(connect, addr) {
                        Ok(Begun::Connected(stream)) => return Ok(stream),
                        Ok(Begun::UnderWay(attempt)) => {
                            under_way.push(attempt);
                            next_start = Deadline::after(Some(HEAD_START));
                        }
                        Err(error) => {
                            first_error.get_or_insert(error);
                            next_start = Deadline::NOW;
                        }
                    }
                    if next_start.passed() {
                        continue;
                    }
                }
                None if under_way.is_empty() => {
                    return Err(first_error.unwrap_or(Error::os("connect", libc::ECONNREFUSED)));
                }
                None => next_start = Deadline::NEVER,
            }
        }
        let mut fds: Vec<_> =
            under_way.iter().map(|attempt| block::entry(attempt.fd.as_raw_fd(), libc::POLLOUT)).collect();
        let limit = if waiting.len() == 0 { deadline } else { deadline.min(next_start) };
        let named = under_way.last().map(|attempt| attempt.addr.text()).unwrap_or_default();
        if block::poll(&mut fds, limit).map_err(|stop| stop.at("connect", &named))? == 0 && deadline.passed() {
            return Err(Stop::Timeout.at("connect", &named));
        }
        let mut i = 0;
        for polled in fds {
            if polled.revents == 0 {
                i += 1;
                continue;
            }
            let attempt = under_way.remove(i);
            match sys::socket::option_int(attempt.fd.as_raw_fd(), libc::SOL_SOCKET, libc::SO_ERROR) {
                Ok(0) => match connect.with_another(&attempt.fd, &attempt.addr) {
                    Ok(()) => return finish(attempt.fd),
                    Err(error) => {
                        first_error.get_or_insert(error);
                        next_start = Deadline::NOW;
                    }
                },
                Ok(errno) | Err(errno) => {
                    first_error.get_or_insert(Error::at("connect", attempt.addr.text(), errno));
                    next_start = Deadline::NOW;
                }
            }
        }
    }
}

enum Begun {
    Connected(Stream),
    UnderWay(Attempt),
}

fn begin(connect: &Connect, addr: Addr) -> Result<Begun> {
    let fd = connect.socket(&addr, true)?;
    let name = addr.name()?;
    loop {
        match sys::socket::connect(&CALM, fd.as_raw_fd(), &name) {
            Ok(()) | Err(libc::EISCONN) => {
                connect.with_another(&fd, &addr)?;
                return finish(fd).map(Begun::Connected);
            }
            Err(libc::EINPROGRESS | libc::EALREADY) => return Ok(Begun::UnderWay(Attempt { fd, addr })),
            // Whether it has begun tells the next.
            Err(libc::EINTR) => {}
            Err(errno) => return Err(Error::at("connect", addr.text(), errno)),
        }
    }
}

/// Connected: the socket waits again, as a stream's does.
fn finish(fd: OwnedFd) -> Result<Stream> {
    let raw = fd.as_raw_fd();
    sys::file_flags(raw)
        .and_then(|flags| sys::set_file_flags(raw, flags & !libc::O_NONBLOCK))
        .map_err(|errno| Error::os("connect", errno))?;
    Ok(stream(fd))
}

/// Listens on a local address and a service, each by name or number. No host is any address, IPv4 and IPv6 on one
/// socket; no service, or "0", is a port of the kernel's choice, which [`Listener::local`] tells.
///
/// The address can be taken again at once after a server has ended (SO_REUSEADDR). Words in `options`, with commas:
/// `backlog=64`, `reuseport` (several listeners share the port), `v6only` (`v6only=0`: IPv4 too, where an address of
/// IPv6 is named), `v4only`, and the other names of [`Stream::set_option`], which the accepted streams inherit.
pub fn listen(host: Option<&str>, service: &str, options: &str) -> Result<Listener> {
    let mut backlog = BACKLOG;
    // Both: asked for, also where an address is named.
    let (mut v4, mut v6, mut both) = (false, false, false);
    let mut settings = vec![("reuseaddr", 1), ("nodelay", 1)];
    for (name, value) in socket::words(options) {
        match (name, value) {
            ("backlog", Some(_)) => backlog = socket::number(name, value)?,
            ("v4only", _) => v4 = socket::said(name, value)?,
            ("v6only", _) => {
                v6 = socket::said(name, value)?;
                both = !v6;
            }
            _ => settings.push(socket::setting(name, value)?),
        }
    }
    let open = |addr: &Addr, dual: bool| -> Result<Listener> {
        let fd = socket::new(addr, libc::SOCK_STREAM | libc::SOCK_NONBLOCK)?;
        if addr.domain() == libc::AF_INET6 {
            socket::set(fd.as_raw_fd(), "v6only", i32::from(!dual && !both))?;
        }
        for (name, value) in &settings {
            socket::set(fd.as_raw_fd(), name, *value)?;
        }
        socket::bind(&fd, addr)?;
        Listener::new(fd, addr, backlog, None)
    };
    addr::bind_first(host, service, For::Tcp, (v4, v6), "listen", open)
}

/// Sends one urgent byte, past what is pending: Perl's `send(S, "!", MSG_OOB)`.
pub fn send_urgent(stream: &mut Stream, byte: u8) -> Result<()> {
    stream.flush()?;
    send_urgent_on(stream.shared(), byte)
}

pub(crate) fn send_urgent_on(shared: &Shared, byte: u8) -> Result<()> {
    let flags = libc::MSG_OOB | libc::MSG_DONTWAIT;
    let sent = shared.socket_call(Way::Out, shared.deadline(Way::Out), |fd| sys::send(&CALM, fd, &[byte], flags));
    sent.map(drop).map_err(|stop| stop.error("send"))
}

/// The urgent byte: Perl's `recv(S, $b, 1, MSG_OOB)`. EINVAL when none was announced, EAGAIN while it is on its way.
pub fn recv_urgent(stream: &Stream) -> Result<u8> {
    stream.shared().aside("recv", recv_urgent_on)
}

pub(crate) fn recv_urgent_on(fd: RawFd) -> Result<u8> {
    let mut room = [0];
    match sys::recv(&CALM, fd, &mut room, libc::MSG_OOB | libc::MSG_DONTWAIT) {
        Ok(0) => Err(Error::os("recv", libc::ENOTCONN)),
        Ok(_) => Ok(room[0]),
        Err(errno) => Err(Error::os("recv", errno)),
    }
}

/// Whether what is read next was sent behind the urgent byte. A read never runs over the mark.
pub fn at_mark(stream: &Stream) -> Result<bool> {
    Ok(stream.buffered().is_empty() && stream.shared().aside("atmark", at_mark_on)?)
}

pub(crate) fn at_mark_on(fd: RawFd) -> Result<bool> {
    sys::socket::at_mark(fd).map_err(|errno| Error::os("atmark", errno))
}
