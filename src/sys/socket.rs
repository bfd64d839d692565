//! The system calls of sockets, and libc's lookups of names.

use std::ffi::{CStr, CString};
use std::os::fd::{OwnedFd, RawFd};

use super::{Result, Word, cut, libc_answer, owned, pair, raw};

/// A socket address as the kernel has it.
#[derive(Clone, Copy)]
#[repr(C, align(8))]
pub(crate) struct Name {
    room: [u8; 128],
    len: u32,
}

impl Name {
    pub(crate) const fn empty() -> Name {
        Name { room: [0; 128], len: 0 }
    }

    /// `None` when it is longer than any address.
    pub(crate) fn new(bytes: &[u8]) -> Option<Name> {
        let mut name = Name::empty();
        name.room.get_mut(..bytes.len())?.copy_from_slice(bytes);
        name.len = bytes.len() as u32;
        Some(name)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.room.get(..self.len as usize).unwrap_or(&self.room)
    }

    /// Of an Internet address: where either family has it.
    pub(crate) fn port(&self) -> u16 {
        u16::from_be_bytes([self.room[2], self.room[3]])
    }

    fn out(&mut self) -> [usize; 2] {
        self.len = self.room.len() as u32;
        [self.room.as_mut_ptr() as usize, &raw mut self.len as usize]
    }

    /// What the kernel says of a longer address is its true length.
    fn settle(&mut self) {
        self.len = self.len.min(self.room.len() as u32);
    }
}

/// A socket, close-on-exec and above 2.
pub(crate) fn socket(domain: i32, kind: i32, protocol: i32) -> Result<OwnedFd> {
    let kind = (kind | libc::SOCK_CLOEXEC) as usize;
    // SAFETY: plain numbers.
    owned(unsafe { raw(libc::SYS_socket, [domain as usize, kind, protocol as usize]) })
}

/// A connected pair of Unix sockets of that kind.
pub(crate) fn unix_pair(kind: i32) -> Result<(OwnedFd, OwnedFd)> {
    let mut fds = [0 as RawFd; 2];
    let kind = kind | libc::SOCK_CLOEXEC;
    // SAFETY: room for two descriptors.
    unsafe { raw(libc::SYS_socketpair, [libc::AF_UNIX as usize, kind as usize, 0, fds.as_mut_ptr() as usize]) }?;
    pair(fds)
}

pub(crate) fn bind(fd: RawFd, name: &Name) -> Result<()> {
    // SAFETY: the kernel reads as many bytes as said.
    unsafe { raw(libc::SYS_bind, [fd as usize, name.room.as_ptr() as usize, name.len as usize]) }.map(drop)
}

pub(crate) fn listen(fd: RawFd, backlog: i32) -> Result<()> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_listen, [fd as usize, backlog as usize]) }.map(drop)
}

pub(crate) fn connect(word: &Word, fd: RawFd, name: &Name) -> Result<()> {
    // SAFETY: the kernel reads as many bytes as said.
    unsafe { cut(word, libc::SYS_connect, [fd as usize, name.room.as_ptr() as usize, name.len as usize]) }.map(drop)
}

/// The next connection, close-on-exec and above 2.
pub(crate) fn accept(word: &Word, fd: RawFd) -> Result<OwnedFd> {
    // SAFETY: no address is asked for.
    owned(unsafe { cut(word, libc::SYS_accept4, [fd as usize, 0, 0, libc::SOCK_CLOEXEC as usize]) })
}

pub(crate) fn local_name(fd: RawFd) -> Result<Name> {
    let mut name = Name::empty();
    let [room, len] = name.out();
    // SAFETY: room for an address, and its length.
    unsafe { raw(libc::SYS_getsockname, [fd as usize, room, len]) }?;
    name.settle();
    Ok(name)
}

pub(crate) fn peer_name(fd: RawFd) -> Result<Name> {
    let mut name = Name::empty();
    let [room, len] = name.out();
    // SAFETY: room for an address, and its length.
    unsafe { raw(libc::SYS_getpeername, [fd as usize, room, len]) }?;
    name.settle();
    Ok(name)
}

pub(crate) fn set_option(fd: RawFd, level: i32, name: i32, value: &[u8]) -> Result<()> {
    let at = value.as_ptr() as usize;
    // SAFETY: the kernel reads as many bytes as said.
    unsafe { raw(libc::SYS_setsockopt, [fd as usize, level as usize, name as usize, at, value.len()]) }.map(drop)
}

/// How many bytes of the option's value were written into `room`.
pub(crate) fn option(fd: RawFd, level: i32, name: i32, room: &mut [u8]) -> Result<usize> {
    let mut len = room.len() as u32;
    let (at, len_at) = (room.as_mut_ptr() as usize, &raw mut len as usize);
    // SAFETY: the kernel writes at most as many bytes as said, and their number.
    unsafe { raw(libc::SYS_getsockopt, [fd as usize, level as usize, name as usize, at, len_at]) }?;
    Ok((len as usize).min(room.len()))
}

pub(crate) fn option_int(fd: RawFd, level: i32, name: i32) -> Result<i32> {
    let mut room = [0; 4];
    option(fd, level, name, &mut room)?;
    Ok(i32::from_ne_bytes(room))
}

/// An option whose value is a new descriptor: close-on-exec, as the kernel makes it, and above 2.
pub(crate) fn option_fd(fd: RawFd, level: i32, name: i32) -> Result<OwnedFd> {
    owned(option_int(fd, level, name).map(|fd| fd as usize))
}

/// sendto(2) without SIGPIPE; an empty name is the connected peer.
pub(crate) fn send_to(word: &Word, fd: RawFd, data: &[u8], flags: i32, to: &Name) -> Result<usize> {
    let flags = (flags | libc::MSG_NOSIGNAL) as usize;
    let at = if to.len == 0 { 0 } else { to.room.as_ptr() as usize };
    // SAFETY: the kernel reads data and address.
    unsafe {
        cut(word, libc::SYS_sendto, [fd as usize, data.as_ptr() as usize, data.len(), flags, at, to.len as usize])
    }
}

/// recvfrom(2): with MSG_TRUNC the datagram's true length.
pub(crate) fn recv_from(word: &Word, fd: RawFd, room: &mut [u8], flags: i32, from: &mut Name) -> Result<usize> {
    let [name, len] = from.out();
    let (at, size) = (room.as_mut_ptr() as usize, room.len());
    // SAFETY: the kernel writes into `room` and the address.
    let got = unsafe { cut(word, libc::SYS_recvfrom, [fd as usize, at, size, flags as usize, name, len]) };
    from.settle();
    got
}

/// Many datagrams for one sendmmsg or recvmmsg.
pub(crate) struct Messages {
    headers: Vec<libc::mmsghdr>,
    parts: Vec<libc::iovec>,
    names: Vec<Name>,
}

// SAFETY: the pointers inside are set anew by each call to what that call borrows.
unsafe impl Send for Messages {}

impl Messages {
    pub(crate) fn new() -> Messages {
        Messages { headers: Vec::new(), parts: Vec::new(), names: Vec::new() }
    }

    fn prepare(&mut self, count: usize) {
        // SAFETY: all-zero is a header and a part.
        let (header, part) = unsafe { (std::mem::zeroed::<libc::mmsghdr>(), std::mem::zeroed::<libc::iovec>()) };
        self.headers.clear();
        self.headers.resize(count, header);
        self.parts.resize(count, part);
        self.names.resize(count, Name::empty());
        for ((header, part), name) in self.headers.iter_mut().zip(&mut self.parts).zip(&mut self.names) {
            header.msg_hdr.msg_iov = part;
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_name = name.room.as_mut_ptr().cast();
        }
    }

    /// Sends as many as go out without waiting for more room than the first needs.
    pub(crate) fn send<'a>(
        &mut self,
        word: &Word,
        fd: RawFd,
        messages: impl ExactSizeIterator<Item = (&'a [u8], Name)>,
        flags: i32,
    ) -> Result<usize> {
        self.prepare(messages.len());
        for (i, (data, to)) in messages.enumerate() {
            self.parts[i].iov_base = data.as_ptr().cast_mut().cast();
            self.parts[i].iov_len = data.len();
            self.names[i] = to;
            self.headers[i].msg_hdr.msg_namelen = to.len;
            if to.len == 0 {
                self.headers[i].msg_hdr.msg_name = std::ptr::null_mut();
            }
        }
        let flags = (flags | libc::MSG_NOSIGNAL) as usize;
        let at = self.headers.as_mut_ptr() as usize;
        // SAFETY: headers, parts and names live in `self`, the data in the arguments.
        unsafe { cut(word, libc::SYS_sendmmsg, [fd as usize, at, self.headers.len(), flags]) }
    }

    /// Fills `room`, cut into pieces of `size` bytes, one for each datagram; how many came. [`Messages::received`] has
    /// the lengths and names.
    pub(crate) fn recv(&mut self, word: &Word, fd: RawFd, room: &mut [u8], size: usize, flags: i32) -> Result<usize> {
        let pieces = room.chunks_exact_mut(size.max(1));
        self.prepare(pieces.len());
        for (i, piece) in pieces.enumerate() {
            self.parts[i].iov_base = piece.as_mut_ptr().cast();
            self.parts[i].iov_len = piece.len();
            self.headers[i].msg_hdr.msg_namelen = self.names[i].room.len() as u32;
        }
        let flags = (flags | libc::MSG_TRUNC) as usize;
        let at = self.headers.as_mut_ptr() as usize;
        // SAFETY: headers, parts and names live in `self`, the pieces in `room`; no timeout, whose kernel form is no limit.
        unsafe { cut(word, libc::SYS_recvmmsg, [fd as usize, at, self.headers.len(), flags, 0]) }
    }

    /// True length and sender of the i-th datagram received.
    pub(crate) fn received(&self, i: usize) -> Option<(usize, Name)> {
        let header = self.headers.get(i)?;
        let mut name = *self.names.get(i)?;
        name.len = header.msg_hdr.msg_namelen;
        name.settle();
        Some((header.msg_len as usize, name))
    }
}

/// The most descriptors that one message carries.
pub(crate) const MOST_FDS: usize = 253;
const HEADER: usize = 16;

/// Sends descriptors with the data, at least one byte of it.
pub(crate) fn send_fds(word: &Word, fd: RawFd, data: &[u8], fds: &[RawFd], flags: i32) -> Result<usize> {
    // The kernel's cmsghdr: length, level, type, then the numbers.
    let size = HEADER + 4 * fds.len();
    let mut control = vec![0u64; size.div_ceil(8)];
    // SAFETY: the words as bytes, all of them written before.
    let bytes = unsafe { std::slice::from_raw_parts_mut(control.as_mut_ptr().cast::<u8>(), control.len() * 8) };
    bytes[..8].copy_from_slice(&size.to_ne_bytes());
    bytes[8..12].copy_from_slice(&libc::SOL_SOCKET.to_ne_bytes());
    bytes[12..16].copy_from_slice(&libc::SCM_RIGHTS.to_ne_bytes());
    for (i, fd) in fds.iter().enumerate() {
        bytes[HEADER + 4 * i..][..4].copy_from_slice(&fd.to_ne_bytes());
    }
    let mut part = libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() };
    // SAFETY: all-zero is a header.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = control.len() * 8;
    let flags = (flags | libc::MSG_NOSIGNAL) as usize;
    // SAFETY: the header and what it points at live until the call returns.
    unsafe { cut(word, libc::SYS_sendmsg, [fd as usize, &raw const header as usize, flags]) }
}

/// How many bytes came, and the descriptors with them, close-on-exec and above 2: EMFILE in their place when there was
/// none left for one of them; then all are closed.
pub(crate) fn recv_fds(word: &Word, fd: RawFd, room: &mut [u8], flags: i32) -> Result<(usize, Result<Vec<OwnedFd>>)> {
    // The libc crate does not have it for this target.
    const SCM_PIDFD: i32 = 4;
    // More than all descriptors that a message can have, and before and behind them what the socket's owner asked for:
    // credentials, a label, a pidfd.
    let mut control = [0u64; 256];
    let mut part = libc::iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() };
    // SAFETY: all-zero is a header.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = &mut part;
    header.msg_iovlen = 1;
    header.msg_control = control.as_mut_ptr().cast();
    header.msg_controllen = size_of_val(&control);
    let flags = (flags | libc::MSG_CMSG_CLOEXEC) as usize;
    // SAFETY: the header and what it points at live until the call returns.
    let len = unsafe { cut(word, libc::SYS_recvmsg, [fd as usize, &raw mut header as usize, flags]) }?;
    // SAFETY: the words as bytes.
    let bytes = unsafe { std::slice::from_raw_parts(control.as_ptr().cast::<u8>(), control.len() * 8) };
    let (mut fds, mut failed) = (Vec::new(), None);
    let int = |at: usize| bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, i32::from_ne_bytes);
    let mut at = 0;
    while at + HEADER <= header.msg_controllen {
        let size = int(at) as usize;
        if size < HEADER || at + size > header.msg_controllen {
            break;
        }
        match (int(at + 8), int(at + 12)) {
            (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                for i in 0..(size - HEADER) / 4 {
                    // Each is taken over before anything can fail, so that none is lost.
                    match owned(Ok(int(at + HEADER + 4 * i) as usize)) {
                        Ok(fd) => fds.push(fd),
                        Err(errno) => failed = Some(errno),
                    }
                }
            }
            // Nobody asked us for it; a negative number says why there is none.
            (libc::SOL_SOCKET, SCM_PIDFD) if int(at + HEADER) >= 0 => super::close(int(at + HEADER)),
            _ => {}
        }
        at += size.next_multiple_of(8);
    }
    // There was room: what the kernel left out it could not open.
    let left_out = header.msg_flags & libc::MSG_CTRUNC != 0;
    Ok((len, failed.or(left_out.then_some(libc::EMFILE)).map_or(Ok(fds), Err)))
}

/// Whether the next byte is the one behind the urgent one.
pub(crate) fn at_mark(fd: RawFd) -> Result<bool> {
    const SIOCATMARK: usize = 0x8905;
    let mut answer = 0i32;
    // SAFETY: room for a number.
    unsafe { raw(libc::SYS_ioctl, [fd as usize, SIOCATMARK, &raw mut answer as usize]) }?;
    Ok(answer != 0)
}

/// The number of a network interface, asked by way of any socket: libc's own function needs another one, and says of each
/// failure that there is no such interface.
pub(crate) fn interface(fd: RawFd, name: &[u8]) -> Result<u32> {
    // The kernel's ifreq: the name with its NUL, then the number.
    const NAME: usize = 16;
    let mut request = [0u64; 5];
    // SAFETY: the words as bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(request.as_mut_ptr().cast::<u8>(), size_of_val(&request)) };
    let place = bytes.get_mut(..name.len()).filter(|_| name.len() < NAME).ok_or(libc::ENODEV)?;
    place.copy_from_slice(name);
    // SAFETY: room for an ifreq.
    unsafe { raw(libc::SYS_ioctl, [fd as usize, libc::SIOCGIFINDEX as usize, request.as_mut_ptr() as usize]) }?;
    Ok(request[NAME / 8] as u32)
}

// ---- the files of Unix sockets ----

pub(crate) fn fchmod(fd: RawFd, mode: u32) -> Result<()> {
    // SAFETY: plain numbers.
    unsafe { raw(libc::SYS_fchmod, [fd as usize, mode as usize]) }.map(drop)
}

/// flock(2), exclusive and without waiting: whether it was to be had.
pub(crate) fn lock_now(fd: RawFd) -> Result<bool> {
    // SAFETY: plain numbers.
    match unsafe { raw(libc::SYS_flock, [fd as usize, (libc::LOCK_EX | libc::LOCK_NB) as usize]) } {
        Ok(_) => Ok(true),
        Err(libc::EWOULDBLOCK) => Ok(false),
        Err(errno) => Err(errno),
    }
}

// ---- libc's lookups: none of them can be cut ----

/// Why getaddrinfo or getnameinfo failed: its own code, or an errno.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failed {
    Lookup(i32),
    Errno(i32),
}

fn lookup_answer(code: i32) -> std::result::Result<(), Failed> {
    match code {
        0 => Ok(()),
        // SAFETY: errno is this thread's own.
        libc::EAI_SYSTEM => Err(Failed::Errno(unsafe { *libc::__errno_location() })),
        libc::EAI_MEMORY => Err(Failed::Errno(libc::ENOMEM)),
        code => Err(Failed::Lookup(code)),
    }
}

/// libc's text for a code of getaddrinfo.
pub(crate) fn lookup_text(code: i32) -> &'static str {
    // SAFETY: a static string for every number.
    let text = unsafe { CStr::from_ptr(libc::gai_strerror(code)) };
    text.to_str().unwrap_or("unknown")
}

/// getaddrinfo(3) for addresses alone, in its order.
pub(crate) fn addresses(host: &CStr, family: i32, kind: i32, flags: i32) -> std::result::Result<Vec<Name>, Failed> {
    // SAFETY: all-zero is "no hint".
    let mut hints: libc::addrinfo = unsafe { std::mem::zeroed() };
    hints.ai_family = family;
    hints.ai_socktype = kind;
    hints.ai_flags = flags;
    let mut list: *mut libc::addrinfo = std::ptr::null_mut();
    // SAFETY: a C string, hints and an out-pointer; the list is ours until it is freed.
    unsafe {
        lookup_answer(libc::getaddrinfo(host.as_ptr(), std::ptr::null(), &hints, &mut list))?;
        let mut found = Vec::new();
        let mut at = list;
        while let Some(info) = at.as_ref() {
            found.extend(Name::new(std::slice::from_raw_parts(info.ai_addr.cast(), info.ai_addrlen as usize)));
            at = info.ai_next;
        }
        libc::freeaddrinfo(list);
        Ok(found)
    }
}

/// getnameinfo(3): the host's name.
pub(crate) fn host_name(name: &Name, flags: i32) -> std::result::Result<String, Failed> {
    let mut room = [0u8; 1025];
    // SAFETY: an address with its length and room with its length; no service is asked for.
    unsafe {
        let at = name.room.as_ptr().cast();
        let code = libc::getnameinfo(
            at,
            name.len,
            room.as_mut_ptr().cast(),
            room.len() as u32,
            std::ptr::null_mut(),
            0,
            flags,
        );
        lookup_answer(code)?;
    }
    Ok(CStr::from_bytes_until_nul(&room).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default())
}

/// An entry of /etc/services or /etc/protocols: name, aliases, number, and a service's protocol.
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) number: i32,
    pub(crate) protocol: String,
}

unsafe fn string(at: *const libc::c_char) -> String {
    // SAFETY: null or a C string.
    if at.is_null() { String::new() } else { unsafe { CStr::from_ptr(at) }.to_string_lossy().into_owned() }
}

unsafe fn strings(mut at: *const *mut libc::c_char) -> Vec<String> {
    let mut found = Vec::new();
    // SAFETY: null or a NULL-ended array of C strings.
    unsafe {
        while !at.is_null() && !(*at).is_null() {
            found.push(string(*at));
            at = at.add(1);
        }
    }
    found
}

/// Makes a `_r` call with more and more room, until its answer fits; `read` takes it over while entry and room live.
fn looked_up<E>(
    read: unsafe fn(*const E) -> Option<Entry>,
    call: impl Fn(*mut E, *mut libc::c_char, usize, *mut *mut E) -> i32,
) -> Result<Option<Entry>> {
    let mut room = vec![0; 1024];
    loop {
        let mut found = std::ptr::null_mut();
        // SAFETY: the entries are pointers and numbers, for which all-zero will do; what is found is the entry, or null.
        let (code, answer) = unsafe {
            let mut entry: E = std::mem::zeroed();
            let code = call(&mut entry, room.as_mut_ptr(), room.len(), &mut found);
            (code, read(found))
        };
        match code {
            libc::ERANGE if room.len() < 1 << 20 => room.resize(room.len() * 4, 0),
            0 | libc::ENOENT => return Ok(answer),
            errno => return Err(errno),
        }
    }
}

// The libc crate does not have them for this target.
unsafe extern "C" {
    fn getservbyname_r(
        name: *const libc::c_char,
        protocol: *const libc::c_char,
        entry: *mut libc::servent,
        room: *mut libc::c_char,
        len: usize,
        found: *mut *mut libc::servent,
    ) -> i32;
    fn getservbyport_r(
        port: i32,
        protocol: *const libc::c_char,
        entry: *mut libc::servent,
        room: *mut libc::c_char,
        len: usize,
        found: *mut *mut libc::servent,
    ) -> i32;
    fn getprotobyname_r(
        name: *const libc::c_char,
        entry: *mut libc::protoent,
        room: *mut libc::c_char,
        len: usize,
        found: *mut *mut libc::protoent,
    ) -> i32;
    fn getprotobynumber_r(
        number: i32,
        entry: *mut libc::protoent,
        room: *mut libc::c_char,
        len: usize,
        found: *mut *mut libc::protoent,
    ) -> i32;
}

unsafe fn service_entry(found: *const libc::servent) -> Option<Entry> {
    // SAFETY: null or an entry whose strings live in the caller's room.
    unsafe {
        found.as_ref().map(|entry| Entry {
            name: string(entry.s_name),
            aliases: strings(entry.s_aliases),
            number: i32::from(u16::from_be(entry.s_port as u16)),
            protocol: string(entry.s_proto),
        })
    }
}

unsafe fn protocol_entry(found: *const libc::protoent) -> Option<Entry> {
    // SAFETY: null or an entry whose strings live in the caller's room.
    unsafe {
        found.as_ref().map(|entry| Entry {
            name: string(entry.p_name),
            aliases: strings(entry.p_aliases),
            number: entry.p_proto,
            protocol: String::new(),
        })
    }
}

pub(crate) fn service_by_name(name: &CStr, protocol: Option<&CString>) -> Result<Option<Entry>> {
    let protocol = protocol.map_or(std::ptr::null(), |protocol| protocol.as_ptr());
    looked_up(service_entry, |entry, room, len, found| {
        // SAFETY: C strings, and room for the entry and its strings.
        unsafe { getservbyname_r(name.as_ptr(), protocol, entry, room, len, found) }
    })
}

pub(crate) fn service_by_port(port: u16, protocol: Option<&CString>) -> Result<Option<Entry>> {
    let protocol = protocol.map_or(std::ptr::null(), |protocol| protocol.as_ptr());
    let port = i32::from(port.to_be());
    looked_up(service_entry, |entry, room, len, found| {
        // SAFETY: as above.
        unsafe { getservbyport_r(port, protocol, entry, room, len, found) }
    })
}

pub(crate) fn protocol_by_name(name: &CStr) -> Result<Option<Entry>> {
    looked_up(protocol_entry, |entry, room, len, found| {
        // SAFETY: as above.
        unsafe { getprotobyname_r(name.as_ptr(), entry, room, len, found) }
    })
}

pub(crate) fn protocol_by_number(number: i32) -> Result<Option<Entry>> {
    looked_up(protocol_entry, |entry, room, len, found| {
        // SAFETY: as above.
        unsafe { getprotobynumber_r(number, entry, room, len, found) }
    })
}

/// The name of this machine.
pub(crate) fn gethostname() -> Result<String> {
    let mut room = [0u8; 256];
    // SAFETY: room with its length.
    libc_answer(unsafe { libc::gethostname(room.as_mut_ptr().cast(), room.len() - 1) })?;
    Ok(CStr::from_bytes_until_nul(&room).map(|text| text.to_string_lossy().into_owned()).unwrap_or_default())
}
