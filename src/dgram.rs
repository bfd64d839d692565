//! Messages: UDP and Unix datagrams.
//!
//! A datagram comes whole or not at all: its true length is told when the buffer was shorter. An empty one is a message
//! like any other.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

use crate::addr::{self, Addr, For};
use crate::block::{CALM, Gate, Stop, Wait};
use crate::error::{Error, Result};
use crate::signal;
use crate::socket;
use crate::sys;
use crate::sys::socket::Name;
use crate::time::Deadline;
use crate::unix::{self, Binding, Place};

/// A datagram that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// Its true length: more than the buffer's when it was cut.
    pub len: usize,
    /// Who sent it; [`Addr::Unnamed`] for a Unix socket without a name.
    pub from: Addr,
}

/// A datagram socket. Several threads may send and receive at once.
pub struct Dgram {
    gate: Arc<Gate>,
    fd: OwnedFd,
    domain: i32,
    place: Option<Place>,
}

/// Where a message goes: a name for the kernel, and what must stay open while it is used.
pub(crate) struct Target {
    pub(crate) name: Name,
    pub(crate) dir: Option<OwnedFd>,
}

/// What a call waits for.
pub(crate) enum Wants {
    Message,
    /// At the connected peer.
    Room,
    /// At whoever the message is for.
    RoomThere,
}

impl Wants {
    pub(crate) fn room(to: Option<&Addr>) -> Wants {
        if to.is_some() { Wants::RoomThere } else { Wants::Room }
    }
}

/// Ends a datagram socket's calls from another thread.
#[derive(Clone)]
pub struct DgramCanceler(Arc<Gate>);

impl DgramCanceler {
    /// Each call that waits now ends with [`Error::Canceled`], and so does every later one.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

/// A UDP socket at a local address and service, each by name or number. No host is any address, IPv4 and IPv6 on one
/// socket; no service, or "0", is a port of the kernel's choice.
///
/// Words in `options`, with commas: `v4only`, `v6only`, `broadcast`, `reuseaddr`, `reuseport`, `rcvbuf=N` and the other
/// names of [`Stream::set_option`](crate::Stream::set_option).
pub fn udp(host: Option<&str>, service: &str, options: &str) -> Result<Dgram> {
    // Both: asked for, also where an address is named.
    let (mut v4, mut v6, mut both, mut settings) = (false, false, false, Vec::new());
    for (name, value) in socket::words(options) {
        match (name, value) {
            ("v4only", _) => v4 = socket::said(name, value)?,
            ("v6only", _) => {
                v6 = socket::said(name, value)?;
                both = !v6;
            }
            _ => settings.push(socket::setting(name, value)?),
        }
    }
    let open = |addr: &Addr, dual: bool| -> Result<Dgram> {
        let fd = socket::new(addr, libc::SOCK_DGRAM)?;
        let domain = addr.domain();
        if domain == libc::AF_INET6 {
            socket::set(fd.as_raw_fd(), "v6only", i32::from(!dual && !both))?;
        }
        for (name, value) in &settings {
            socket::set(fd.as_raw_fd(), name, *value)?;
        }
        socket::bind(&fd, addr)?;
        Ok(Dgram { gate: Arc::default(), fd, domain, place: None })
    };
    addr::bind_first(host, service, For::Udp, (v4, v6), "bind", open)
}

/// A Unix datagram socket: at a name (a path, or "@name"), by the rules of [`unix::listen`], or without one, which can
/// send and get no answer; nor does one at a path of more than 107 bytes, for which the kernel has a name that means
/// nothing to others. Words in `options`: `mode=660`, `keep`, and the names of
/// [`Stream::set_option`](crate::Stream::set_option).
pub fn unix(name: Option<&[u8]>, options: &str) -> Result<Dgram> {
    let (mut binding, mut settings) = (Binding::PRIVATE, Vec::new());
    for (name, value) in socket::words(options) {
        if !binding.word(name, value)? {
            settings.push(socket::setting(name, value)?);
        }
    }
    let addr = name.map_or(Addr::Unnamed, Addr::unix);
    let fd = socket::new(&addr, libc::SOCK_DGRAM)?;
    for (name, value) in settings {
        socket::set(fd.as_raw_fd(), name, value)?;
    }
    let place = match addr {
        Addr::Unnamed => None,
        addr => unix::bind(&fd, &addr, libc::SOCK_DGRAM, binding)?,
    };
    Ok(Dgram { gate: Arc::default(), fd, domain: libc::AF_UNIX, place })
}

/// Two connected Unix datagram sockets.
pub fn pair() -> Result<(Dgram, Dgram)> {
    let (one, other) = sys::socket::unix_pair(libc::SOCK_DGRAM).map_err(|errno| Error::os("socketpair", errno))?;
    let dgram = |fd| Dgram { gate: Arc::default(), fd, domain: libc::AF_UNIX, place: None };
    Ok((dgram(one), dgram(other)))
}

impl Dgram {
    /// Sends one message: to an address, or to the connected peer. A UDP message longer than a datagram can be is
    /// EMSGSIZE. On a connected socket ECONNREFUSED tells that an earlier one met nobody.
    pub fn send(&self, data: &[u8], to: Option<&Addr>, deadline: Deadline) -> Result<()> {
        let Target { name, dir: _dir } = self.target(to)?;
        let fd = self.fd.as_raw_fd();
        self.until(Wants::room(to), deadline, |word, flags| sys::socket::send_to(word, fd, data, flags, &name))
            .map(drop)
            .map_err(|stop| stop.at("send", to.map(Addr::text).unwrap_or_default()))
    }

    /// Receives one message into `room`; see [`Received`] for what did not fit.
    pub fn recv(&self, room: &mut [u8], deadline: Deadline) -> Result<Received> {
        self.recv_with(room, 0, deadline)
    }

    /// The same, and the message stays: the next call gets it again.
    pub fn peek(&self, room: &mut [u8], deadline: Deadline) -> Result<Received> {
        self.recv_with(room, libc::MSG_PEEK, deadline)
    }

    fn recv_with(&self, room: &mut [u8], flags: i32, deadline: Deadline) -> Result<Received> {
        let fd = self.fd.as_raw_fd();
        let mut from = Name::empty();
        let flags = flags | libc::MSG_TRUNC;
        let len = self
            .until(Wants::Message, deadline, |word, nowait| {
                sys::socket::recv_from(word, fd, room, flags | nowait, &mut from)
            })
            .map_err(|stop| stop.error("recv"))?;
        Ok(Received { len, from: Addr::of(&from) })
    }

    /// Makes the call until it has an answer other than "it would wait"; it takes the word that cuts it and the flag
    /// that it shall not wait, if so.
    pub(crate) fn until<T>(
        &self,
        wants: Wants,
        deadline: Deadline,
        mut call: impl FnMut(&sys::Word, i32) -> sys::Result<T>,
    ) -> Wait<T> {
        // Also where it need not wait: who reads what never ends would never stop.
        self.gate.check()?;
        if deadline.is_never() {
            if let Some(value) = self.gate.bare(|word| call(word, 0))? {
                return Ok(value);
            }
        }
        // Of a Unix socket poll tells whether there is room at its peer, and never at others that a message may go to.
        let (fd, events) = match wants {
            Wants::Message => (self.fd.as_raw_fd(), libc::POLLIN),
            Wants::RoomThere if self.domain == libc::AF_UNIX => (-1, 0),
            Wants::Room | Wants::RoomThere => (self.fd.as_raw_fd(), libc::POLLOUT),
        };
        let mut pause = Duration::from_millis(1);
        loop {
            match call(&CALM, libc::MSG_DONTWAIT) {
                Ok(value) => return Ok(value),
                Err(libc::EAGAIN) if fd == -1 => {
                    let over = deadline.passed();
                    match self.gate.ready(fd, events, deadline.min(Deadline::after(Some(pause)))) {
                        Err(Stop::Timeout) if !over => pause = (pause * 2).min(Duration::from_millis(20)),
                        answer => answer?,
                    }
                }
                Err(libc::EAGAIN) => self.gate.ready(fd, events, deadline)?,
                Err(libc::EINTR) => signal::interrupted()?,
                Err(errno) => return Err(Stop::Errno(errno)),
            }
        }
    }

    /// An address of this socket's family from text: as [`Addr::parse`], but to a Unix socket a path needs no slash, so
    /// that what it received can be answered.
    pub fn addr(&self, text: impl AsRef<[u8]>) -> Result<Addr> {
        match text.as_ref() {
            text @ [first, ..] if self.domain == libc::AF_UNIX && (*first == b'@' || !text.contains(&0)) => {
                Ok(Addr::unix(text))
            }
            text => Addr::parse(text),
        }
    }

    /// An address in the form that this socket speaks: IPv4 over a socket for both is IPv6 to the kernel.
    pub(crate) fn target(&self, to: Option<&Addr>) -> Result<Target> {
        let name = match to {
            None => Name::empty(),
            Some(Addr::Inet(SocketAddr::V4(addr))) if self.domain == libc::AF_INET6 => {
                Addr::Inet(SocketAddr::new(IpAddr::V6(addr.ip().to_ipv6_mapped()), addr.port())).name()?
            }
            Some(Addr::Inet(addr)) if self.domain == libc::AF_INET => Addr::Inet(addr::unmapped(*addr)).name()?,
            // The kernel would find a short name too short before it looks at its family.
            Some(addr @ (Addr::Path(_) | Addr::Abstract(_) | Addr::Unnamed)) if self.domain != libc::AF_UNIX => {
                return Err(Error::at("address", addr.text(), libc::EAFNOSUPPORT));
            }
            Some(addr @ Addr::Path(_)) => {
                let reach = unix::reach(addr)?;
                return Ok(Target { name: reach.addr.name()?, dir: reach.dir });
            }
            Some(addr) => addr.name()?,
        };
        Ok(Target { name, dir: None })
    }

    /// Connects: messages go to that address unless said otherwise, and only its own are received.
    pub fn connect(&self, to: &Addr, deadline: Deadline) -> Result<()> {
        if self.domain == libc::AF_UNIX {
            return unix::connect_fd(&self.fd, to, deadline);
        }
        sys::socket::connect(&CALM, self.fd.as_raw_fd(), &self.target(Some(to))?.name)
            .map_err(|errno| Error::at("connect", to.text(), errno))
    }

    /// Connects to a host and service by name or number: the first address of this socket's family.
    pub fn connect_host(&self, host: &str, service: &str, deadline: Deadline) -> Result<()> {
        let addrs = addr::resolve(Some(host), service, For::Udp, deadline)?;
        let fits = |addr: &&SocketAddr| addr.is_ipv4() || self.domain == libc::AF_INET6;
        match addrs.iter().find(fits) {
            Some(addr) => self.connect(&Addr::Inet(*addr), deadline),
            None => Err(Error::at("connect", host, libc::EAFNOSUPPORT)),
        }
    }

    fn interface(&self, name: Option<&str>) -> Result<u32> {
        let Some(name) = name else { return Ok(0) };
        if name.contains('\0') {
            return Err(Error::invalid("interface", "a NUL in the name"));
        }
        sys::socket::interface(self.fd.as_raw_fd(), name.as_bytes())
            .map_err(|errno| Error::at("interface", name, errno))
    }

    /// Joins a multicast group, on an interface by name, or where the routes lead.
    pub fn join(&self, group: IpAddr, interface: Option<&str>) -> Result<()> {
        self.membership("join", group, interface, libc::IP_ADD_MEMBERSHIP, libc::IPV6_ADD_MEMBERSHIP)
    }

    /// Leaves a multicast group.
    pub fn leave(&self, group: IpAddr, interface: Option<&str>) -> Result<()> {
        self.membership("leave", group, interface, libc::IP_DROP_MEMBERSHIP, libc::IPV6_DROP_MEMBERSHIP)
    }

    fn membership(&self, step: &'static str, group: IpAddr, on: Option<&str>, v4: i32, v6: i32) -> Result<()> {
        let index = self.interface(on)?;
        let fd = self.fd.as_raw_fd();
        match group {
            // ip_mreqn: the group, any local address, the interface.
            IpAddr::V4(ip) => {
                let request = [&ip.octets()[..], &[0; 4], &index.to_ne_bytes()].concat();
                sys::socket::set_option(fd, libc::IPPROTO_IP, v4, &request)
            }
            IpAddr::V6(ip) => {
                let request = [&ip.octets()[..], &index.to_ne_bytes()].concat();
                sys::socket::set_option(fd, libc::IPPROTO_IPV6, v6, &request)
            }
        }
        .map_err(|errno| Error::at(step, group.to_string(), errno))
    }

    /// How multicasts leave: how many routers they may pass, whether this machine hears them too, by which interface.
    /// `None` leaves a thing as it is.
    pub fn multicast(&self, ttl: Option<u8>, heard_here: Option<bool>, by: Option<&str>) -> Result<()> {
        let fd = self.fd.as_raw_fd();
        let v6 = self.domain == libc::AF_INET6;
        let set = |v4_name: i32, v6_name: i32, value: i32| {
            if v6 {
                sys::setsockopt_int(fd, libc::IPPROTO_IPV6, v6_name, value)?;
            }
            // A socket for both sends IPv4 by IPv4's own settings.
            match sys::setsockopt_int(fd, libc::IPPROTO_IP, v4_name, value) {
                Err(libc::ENOPROTOOPT) if v6 => Ok(()),
                answer => answer,
            }
        };
        let failed = |errno| Error::os("multicast", errno);
        if let Some(ttl) = ttl {
            set(libc::IP_MULTICAST_TTL, libc::IPV6_MULTICAST_HOPS, i32::from(ttl)).map_err(failed)?;
        }
        if let Some(on) = heard_here {
            set(libc::IP_MULTICAST_LOOP, libc::IPV6_MULTICAST_LOOP, i32::from(on)).map_err(failed)?;
        }
        if by.is_some() {
            let index = self.interface(by)?;
            let request = [&[0; 8][..], &index.to_ne_bytes()].concat();
            if v6 {
                sys::setsockopt_int(fd, libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_IF, index as i32).map_err(failed)?;
            }
            sys::socket::set_option(fd, libc::IPPROTO_IP, libc::IP_MULTICAST_IF, &request).map_err(failed)?;
        }
        Ok(())
    }

    /// Sets an option by its name, as [`Stream::set_option`](crate::Stream::set_option); "broadcast" lets messages go
    /// to all of a network.
    pub fn set_option(&self, name: &str, value: i32) -> Result<()> {
        socket::set(self.fd.as_raw_fd(), name, value)
    }

    /// An option's value.
    pub fn option(&self, name: &str) -> Result<i32> {
        socket::get(self.fd.as_raw_fd(), name)
    }

    /// Where it is, with the port that the kernel chose.
    pub fn local(&self) -> Result<Addr> {
        match &self.place {
            Some(place) => Ok(Addr::Path(place.path().to_vec())),
            None => socket::local(self.fd.as_raw_fd()),
        }
    }

    /// Where it is connected to; ENOTCONN.
    pub fn peer(&self) -> Result<Addr> {
        socket::peer(self.fd.as_raw_fd())
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }

    /// For another thread to end this one's calls with.
    pub fn canceler(&self) -> DgramCanceler {
        DgramCanceler(self.gate.clone())
    }
}

impl Drop for Dgram {
    fn drop(&mut self) {
        self.gate.leave_sets(self.fd.as_raw_fd());
    }
}

impl AsFd for Dgram {
    /// Lent: the socket keeps it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl std::fmt::Debug for Dgram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dgram(fd {})", self.fd.as_raw_fd())
    }
}
