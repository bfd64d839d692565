//! What the socket nouns share: options by name, words before bind and connect, a stream's address and halves.

use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use crate::addr::Addr;
use crate::error::{Error, Result};
use crate::stream::Stream;
use crate::sys::socket;

/// How an option's value looks to the kernel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// On or off.
    Flag,
    /// A number.
    Int,
    /// A buffer's size: the kernel tells twice what was set.
    Size,
    /// Seconds, -1 is off.
    Linger,
    /// Only to be read.
    Fixed,
}

/// Name, level, number, shape.
static OPTIONS: &[(&str, i32, i32, Shape)] = &[
    ("nodelay", libc::IPPROTO_TCP, libc::TCP_NODELAY, Shape::Flag),
    ("cork", libc::IPPROTO_TCP, libc::TCP_CORK, Shape::Flag),
    ("quickack", libc::IPPROTO_TCP, libc::TCP_QUICKACK, Shape::Flag),
    ("user_timeout", libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, Shape::Int),
    ("keepidle", libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, Shape::Int),
    ("keepintvl", libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, Shape::Int),
    ("keepcnt", libc::IPPROTO_TCP, libc::TCP_KEEPCNT, Shape::Int),
    ("defer_accept", libc::IPPROTO_TCP, libc::TCP_DEFER_ACCEPT, Shape::Int),
    ("keepalive", libc::SOL_SOCKET, libc::SO_KEEPALIVE, Shape::Flag),
    ("linger", libc::SOL_SOCKET, libc::SO_LINGER, Shape::Linger),
    ("sndbuf", libc::SOL_SOCKET, libc::SO_SNDBUF, Shape::Size),
    ("rcvbuf", libc::SOL_SOCKET, libc::SO_RCVBUF, Shape::Size),
    ("reuseaddr", libc::SOL_SOCKET, libc::SO_REUSEADDR, Shape::Flag),
    ("reuseport", libc::SOL_SOCKET, libc::SO_REUSEPORT, Shape::Flag),
    ("broadcast", libc::SOL_SOCKET, libc::SO_BROADCAST, Shape::Flag),
    ("oobinline", libc::SOL_SOCKET, libc::SO_OOBINLINE, Shape::Flag),
    ("dontroute", libc::SOL_SOCKET, libc::SO_DONTROUTE, Shape::Flag),
    ("priority", libc::SOL_SOCKET, libc::SO_PRIORITY, Shape::Int),
    ("passcred", libc::SOL_SOCKET, libc::SO_PASSCRED, Shape::Flag),
    ("v6only", libc::IPPROTO_IPV6, libc::IPV6_V6ONLY, Shape::Flag),
    ("tos", libc::IPPROTO_IP, libc::IP_TOS, Shape::Int),
    ("ttl", libc::IPPROTO_IP, libc::IP_TTL, Shape::Int),
    ("hops", libc::IPPROTO_IPV6, libc::IPV6_UNICAST_HOPS, Shape::Int),
    ("type", libc::SOL_SOCKET, libc::SO_TYPE, Shape::Fixed),
    ("domain", libc::SOL_SOCKET, libc::SO_DOMAIN, Shape::Fixed),
    ("protocol", libc::SOL_SOCKET, libc::SO_PROTOCOL, Shape::Fixed),
    ("error", libc::SOL_SOCKET, libc::SO_ERROR, Shape::Fixed),
    ("listening", libc::SOL_SOCKET, libc::SO_ACCEPTCONN, Shape::Fixed),
];

fn find(name: &str) -> Result<(i32, i32, Shape)> {
    match OPTIONS.iter().find(|option| option.0 == name) {
        Some((_, level, number, shape)) => Ok((*level, *number, *shape)),
        None => Err(Error::invalid("option", format!("no such option: {name:?}"))),
    }
}

pub(crate) fn set(fd: RawFd, name: &str, value: i32) -> Result<()> {
    let (level, number, shape) = find(name)?;
    let int = value.to_ne_bytes();
    let answer = match shape {
        Shape::Fixed => return Err(Error::invalid("option", format!("{name} can only be read"))),
        Shape::Flag if !(0..=1).contains(&value) => {
            return Err(Error::invalid("option", format!("{name} is 1 or 0, not {value}")));
        }
        Shape::Linger => {
            let pair = [i32::from(value >= 0).to_ne_bytes(), value.max(0).to_ne_bytes()].concat();
            socket::set_option(fd, level, number, &pair)
        }
        _ => socket::set_option(fd, level, number, &int),
    };
    answer.map_err(|errno| Error::at("option", name, errno))
}

pub(crate) fn get(fd: RawFd, name: &str) -> Result<i32> {
    let (level, number, shape) = find(name)?;
    let failed = |errno| Error::at("option", name, errno);
    if shape == Shape::Linger {
        let mut pair = [0; 8];
        socket::option(fd, level, number, &mut pair).map_err(failed)?;
        let [a, b, c, d, e, f, g, h] = pair;
        return Ok(if i32::from_ne_bytes([a, b, c, d]) == 0 { -1 } else { i32::from_ne_bytes([e, f, g, h]) });
    }
    socket::option_int(fd, level, number).map_err(failed)
}

/// "reuseport,v6only,backlog=64": names with a value or without.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    text.split([',', ' ']).filter(|word| !word.is_empty()).map(|word| match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    })
}

pub(crate) fn number(name: &str, value: Option<&str>) -> Result<i32> {
    match value {
        None => Ok(1),
        Some(value) => value.parse().map_err(|_| Error::invalid("option", format!("{name}={value}: not a number"))),
    }
}

/// A word that is said or not: "v4only", "v4only=1", "v4only=0".
pub(crate) fn said(name: &str, value: Option<&str>) -> Result<bool> {
    match number(name, value)? {
        0 => Ok(false),
        1 => Ok(true),
        other => Err(Error::invalid("option", format!("{name} is 1 or 0, not {other}"))),
    }
}

/// An option in words that no noun has taken for itself: found now, set when there is a socket.
pub(crate) fn setting<'a>(name: &'a str, value: Option<&str>) -> Result<(&'a str, i32)> {
    if find(name)?.2 == Shape::Fixed {
        return Err(Error::invalid("option", format!("{name} can only be read")));
    }
    Ok((name, number(name, value)?))
}

pub(crate) fn new(addr: &Addr, kind: i32) -> Result<OwnedFd> {
    socket::socket(addr.domain(), kind, 0).map_err(|errno| Error::at("socket", addr.text(), errno))
}

pub(crate) fn bind(fd: &OwnedFd, addr: &Addr) -> Result<()> {
    socket::bind(fd.as_raw_fd(), &addr.name()?).map_err(|errno| Error::at("bind", addr.text(), errno))
}

pub(crate) fn local(fd: RawFd) -> Result<Addr> {
    socket::local_name(fd).map(|name| Addr::of(&name)).map_err(|errno| Error::os("getsockname", errno))
}

pub(crate) fn peer(fd: RawFd) -> Result<Addr> {
    socket::peer_name(fd).map(|name| Addr::of(&name)).map_err(|errno| Error::os("getpeername", errno))
}

/// A connected socket's halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// No more reading: what the peer still sends is thrown away.
    Read,
    /// No more writing: the peer sees the end, its answers can still be read.
    Write,
    /// Neither.
    Both,
}

/// What a stream over a socket can do beside reading and writing.
impl Stream {
    /// Where this end is: Perl's `getsockname`. Of a Unix path of more than 107 bytes the kernel has a name under
    /// /proc/self/fd, which means nothing to others; the [listener](crate::Listener::local) knows the path.
    pub fn local(&self) -> Result<Addr> {
        self.shared().aside("getsockname", local)
    }

    /// Where the other end is: Perl's `getpeername`. ENOTCONN when it has gone with a reset. Of a long Unix path as
    /// [`local`](Stream::local).
    pub fn peer(&self) -> Result<Addr> {
        self.shared().aside("getpeername", peer)
    }

    /// Sets an option by its name: "nodelay", "keepalive", "linger" (seconds, -1 is off), "sndbuf" ...
    pub fn set_option(&mut self, name: &str, value: i32) -> Result<()> {
        self.shared().aside("option", |fd| set(fd, name, value))
    }

    /// An option's value. Buffer sizes are what the kernel made of them.
    pub fn option(&self, name: &str) -> Result<i32> {
        self.shared().aside("option", |fd| get(fd, name))
    }

    /// Perl's `shutdown` with 0, 1 and 2. What is pending is flushed before the writing half is closed.
    pub fn shutdown_half(&mut self, half: Half) -> Result<()> {
        if half != Half::Read {
            self.shutdown()?;
        }
        match half {
            Half::Write => Ok(()),
            Half::Read => self.shared().shutdown_read(),
            Half::Both => self.shared().shutdown_read_too(),
        }
    }
}
