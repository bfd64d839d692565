//! Unix sockets: streams by name, pairs, who the peer is, and descriptors sent over them.
//!
//! A name is a path, or "@name" outside of the file system. The file is private (0600) unless said otherwise. One that a
//! dead server has left behind is taken over: under a lock beside it ("path.lock"), so that of two that start at once
//! one wins, and only when nobody answers behind it.

use std::ffi::{CString, OsStr};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use crate::addr::Addr;
use crate::block::{self, CALM, Stop, Way};
use crate::child;
use crate::error::{Error, Result};
use crate::listener::Listener;
use crate::socket;
use crate::stream::{Direction, Shared, Stream};
use crate::sys;
use crate::sys::socket::Name;
use crate::time::Deadline;

const BACKLOG: i32 = 4096;
/// What a path may have in the kernel's address with its NUL, so that everybody can read it back.
const SHORT: usize = 107;
const MODE: u32 = 0o600;

fn c_path(path: &[u8]) -> Result<CString> {
    CString::new(path).map_err(|_| Error::invalid("address", "a NUL in the path"))
}

/// An address that the kernel takes: a path that is too long goes by way of its directory's descriptor.
pub(crate) struct Reach {
    pub(crate) addr: Addr,
    pub(crate) dir: Option<OwnedFd>,
}

pub(crate) fn reach(addr: &Addr) -> Result<Reach> {
    let Addr::Path(path) = addr else { return Ok(Reach { addr: addr.clone(), dir: None }) };
    if path.len() <= SHORT {
        return Ok(Reach { addr: addr.clone(), dir: None });
    }
    let failed = |errno| Error::at("address", path, errno);
    let Some(slash) = path.iter().rposition(|b| *b == b'/') else { return Err(failed(libc::ENAMETOOLONG)) };
    let (dir, base) = path.split_at(slash + 1);
    let dir = sys::open(&CALM, &c_path(dir)?, libc::O_PATH | libc::O_DIRECTORY, 0).map_err(failed)?;
    let by_number = [format!("/proc/self/fd/{}/", dir.as_raw_fd()).as_bytes(), base].concat();
    if by_number.len() > SHORT {
        return Err(failed(libc::ENAMETOOLONG));
    }
    Ok(Reach { addr: Addr::Path(by_number), dir: Some(dir) })
}

// ---- the file of a bound socket ----

/// A socket's file, and the lock that says whose it is. The file goes when this is dropped, in the process that made it.
pub(crate) struct Place {
    path: Vec<u8>,
    file: CString,
    lock_file: CString,
    lock: OwnedFd,
    identity: (u64, u64),
    generation: u64,
    keep: bool,
}

impl Place {
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    pub(crate) fn lock_fd(&self) -> RawFd {
        self.lock.as_raw_fd()
    }

    fn is_there(&self) -> bool {
        sys::files::lstat(&self.file).is_ok_and(|stat| (stat.st_dev, stat.st_ino) == self.identity)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.generation != child::generation() {
            return;
        }
        if !self.keep && self.is_there() {
            let _ = sys::files::unlink(&self.file);
        }
        // While it is locked nobody else believes in it: who opened it meanwhile looks whether it is still there.
        if same_file(&self.lock_file, self.lock_fd()).unwrap_or(false) {
            let _ = sys::files::unlink(&self.lock_file);
        }
    }
}

/// How a name is bound.
#[derive(Clone, Copy)]
pub(crate) struct Binding {
    pub(crate) mode: u32,
    pub(crate) keep: bool,
}

impl Binding {
    pub(crate) const PRIVATE: Binding = Binding { mode: MODE, keep: false };

    /// Whether the word is one of a binding's.
    pub(crate) fn word(&mut self, name: &str, value: Option<&str>) -> Result<bool> {
        match (name, value) {
            ("mode", Some(mode)) => {
                let octal = u32::from_str_radix(mode, 8).ok().filter(|mode| *mode <= 0o777);
                self.mode = octal.ok_or_else(|| Error::invalid("option", format!("mode={mode}: no octal mode")))?;
                Ok(true)
            }
            ("keep", _) => {
                self.keep = socket::said(name, value)?;
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// Binds a socket to a name; where that is a file, the file and its lock.
pub(crate) fn bind(fd: &OwnedFd, addr: &Addr, kind: i32, binding: Binding) -> Result<Option<Place>> {
    let Addr::Path(path) = addr else {
        socket::bind(fd, addr)?;
        return Ok(None);
    };
    let failed = |step, errno| Error::at(step, path, errno);
    // The program may be in another directory when the files are to go.
    let whole = absolute(path);
    let file = c_path(&whole)?;
    let lock_file = c_path(&[whole.as_slice(), b".lock"].concat())?;
    let lock = take_lock(&lock_file)
        .map_err(|errno| failed(if errno == libc::EADDRINUSE { "bind" } else { "lock" }, errno))?;
    // From here on the lock's file goes with us.
    let mut place = Place {
        path: path.clone(),
        file,
        lock_file,
        lock,
        identity: (0, 0),
        generation: child::generation(),
        keep: binding.keep,
    };
    let reach = reach(addr)?;
    // The mode that a socket has is the mode that its file gets, less the umask: never wider than asked for.
    sys::socket::fchmod(fd.as_raw_fd(), binding.mode).map_err(|errno| failed("chmod", errno))?;
    let name = reach.addr.name()?;
    match sys::socket::bind(fd.as_raw_fd(), &name) {
        Err(libc::EADDRINUSE) if is_stale(&place, &reach.addr, kind)? => {
            match sys::files::unlink(&place.file) {
                Ok(()) | Err(libc::ENOENT) => {}
                Err(errno) => return Err(failed("unlink", errno)),
            }
            sys::socket::bind(fd.as_raw_fd(), &name)
        }
        answer => answer,
    }
    .map_err(|errno| failed("bind", errno))?;
    let stat = sys::files::lstat(&place.file).map_err(|errno| failed("bind", errno))?;
    place.identity = (stat.st_dev, stat.st_ino);
    if stat.st_mode & 0o777 != binding.mode {
        widen(&place, binding.mode).map_err(|errno| failed("chmod", errno))?;
    }
    Ok(Some(place))
}

/// Gives the file the mode that the umask kept from it: the file that we made, and no other.
fn widen(place: &Place, mode: u32) -> sys::Result<()> {
    let file = sys::open(&CALM, &place.file, libc::O_PATH | libc::O_NOFOLLOW, 0)?;
    let stat = sys::fstat(file.as_raw_fd())?;
    if (stat.st_dev, stat.st_ino) != place.identity {
        return Err(libc::EADDRINUSE);
    }
    let by_number = CString::new(format!("/proc/self/fd/{}", file.as_raw_fd())).map_err(|_| libc::EINVAL)?;
    sys::files::chmod(&by_number, mode)
}

fn take_lock(path: &CString) -> sys::Result<OwnedFd> {
    loop {
        let lock = sys::open(&CALM, path, libc::O_RDWR | libc::O_CREAT | libc::O_NOFOLLOW, MODE)?;
        if !sys::socket::lock_now(lock.as_raw_fd())? {
            return Err(libc::EADDRINUSE);
        }
        // Whoever had it may have removed it between our opening and our lock: then it locks nothing.
        match same_file(path, lock.as_raw_fd()) {
            Ok(true) => return Ok(lock),
            Ok(false) | Err(libc::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
}

fn same_file(path: &CString, fd: RawFd) -> sys::Result<bool> {
    let (ours, there) = (sys::fstat(fd)?, sys::files::lstat(path)?);
    Ok((there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino))
}

/// A path from the root.
fn absolute(path: &[u8]) -> Vec<u8> {
    let path = Path::new(OsStr::from_bytes(path));
    // A directory that is not under this root has no such name.
    let whole = std::env::current_dir().map_or_else(|_| path.to_path_buf(), |dir| dir.join(path));
    whole.into_os_string().into_vec()
}

/// Whether the file is a socket's that nobody has any more. Asked under the lock; a server that knows nothing of the
/// lock answers, or is bound and does not listen yet.
fn is_stale(place: &Place, addr: &Addr, kind: i32) -> Result<bool> {
    let failed = |errno| Error::at("bind", place.path(), errno);
    match sys::files::lstat(&place.file) {
        Ok(stat) if stat.st_mode & libc::S_IFMT == libc::S_IFSOCK => {}
        Ok(_) => return Ok(false),
        Err(libc::ENOENT) => return Ok(true),
        Err(errno) => return Err(failed(errno)),
    }
    let probe = sys::socket::socket(libc::AF_UNIX, kind | libc::SOCK_NONBLOCK, 0).map_err(failed)?;
    let name = addr.name()?;
    match sys::socket::connect(&CALM, probe.as_raw_fd(), &name) {
        Err(libc::ECONNREFUSED) => Ok(!is_bound(&name, kind).map_err(failed)?),
        Err(libc::ENOENT) => Ok(true),
        _ => Ok(false),
    }
}

/// Whether a socket is bound to the file, whatever path it was given. A socket of another kind than it is told so, where one
/// of its own kind is refused as long as nobody listens; connections that a dead server's children still serve do not count.
fn is_bound(addr: &Name, kind: i32) -> sys::Result<bool> {
    let other = if kind == libc::SOCK_DGRAM { libc::SOCK_STREAM } else { libc::SOCK_DGRAM };
    let probe = sys::socket::socket(libc::AF_UNIX, other | libc::SOCK_NONBLOCK, 0)?;
    match sys::socket::connect(&CALM, probe.as_raw_fd(), addr) {
        Err(libc::ECONNREFUSED | libc::ENOENT) => Ok(false),
        _ => Ok(true),
    }
}

// ---- streams ----

/// Listens at a name: a path, or "@name". EADDRINUSE while another server lives there, or where the path is no socket; a
/// dead one's socket is replaced. The file goes when the listener is dropped.
///
/// Words in `options`, with commas: `mode=660` (octal), `keep` (leave the file), `backlog=64`, and the names of
/// [`Stream::set_option`].
pub fn listen(name: impl AsRef<[u8]>, options: &str) -> Result<Listener> {
    let addr = named("listen", name.as_ref())?;
    let (mut binding, mut backlog, mut settings) = (Binding::PRIVATE, BACKLOG, Vec::new());
    for (name, value) in socket::words(options) {
        if binding.word(name, value)? {
            continue;
        }
        match (name, value) {
            ("backlog", Some(_)) => backlog = socket::number(name, value)?,
            _ => settings.push(socket::setting(name, value)?),
        }
    }
    let fd = socket::new(&addr, libc::SOCK_STREAM | libc::SOCK_NONBLOCK)?;
    for (name, value) in settings {
        socket::set(fd.as_raw_fd(), name, value)?;
    }
    let place = bind(&fd, &addr, libc::SOCK_STREAM, binding)?;
    Listener::new(fd, &addr, backlog, place)
}

fn named(step: &'static str, name: &[u8]) -> Result<Addr> {
    match Addr::unix(name) {
        Addr::Unnamed => Err(Error::invalid(step, "an empty name")),
        addr => Ok(addr),
    }
}

/// Connects to a name: a path, or "@name". With a deadline, a server whose queue is full is asked again at growing
/// intervals: the kernel has no timed form. Words in `options`: the names of [`Stream::set_option`].
pub fn connect(name: impl AsRef<[u8]>, options: &str, deadline: Deadline) -> Result<Stream> {
    let addr = named("connect", name.as_ref())?;
    let settings =
        socket::words(options).map(|(name, value)| socket::setting(name, value)).collect::<Result<Vec<_>>>()?;
    let fd = socket::new(&addr, libc::SOCK_STREAM)?;
    for (name, value) in settings {
        socket::set(fd.as_raw_fd(), name, value)?;
    }
    connect_fd(&fd, &addr, deadline)?;
    Ok(Stream::make(fd, Direction::Both, true, None))
}

pub(crate) fn connect_fd(fd: &OwnedFd, addr: &Addr, deadline: Deadline) -> Result<()> {
    let reach = reach(addr)?;
    let name = reach.addr.name()?;
    let raw = fd.as_raw_fd();
    let answer = if deadline.is_never() {
        block::call(|word| sys::socket::connect(word, raw, &name))
    } else {
        let flags = sys::file_flags(raw).map_err(|errno| Error::os("connect", errno))?;
        let waits = |waits: bool| {
            let flags = if waits { flags } else { flags | libc::O_NONBLOCK };
            sys::set_file_flags(raw, flags).map_err(Stop::Errno)
        };
        waits(false).and_then(|()| {
            let answer = block::try_until(deadline, || match sys::socket::connect(&CALM, raw, &name) {
                Ok(()) => Ok(Some(())),
                Err(libc::EAGAIN) => Ok(None),
                Err(errno) => Err(errno),
            });
            waits(true).and(answer)
        })
    };
    answer.map_err(|stop| stop.at("connect", addr.text()))
}

/// Two connected streams: Perl's `socketpair`. Each reads and writes.
pub fn pair() -> Result<(Stream, Stream)> {
    let (one, other) = sys::socket::unix_pair(libc::SOCK_STREAM).map_err(|errno| Error::os("socketpair", errno))?;
    let stream = |fd| Stream::make(fd, Direction::Both, true, None);
    Ok((stream(one), stream(other)))
}

/// Perl's `-S`: whether the path, followed, is a socket. What is missing is none, and so is a name that leads nowhere.
pub fn is_socket(path: impl AsRef<[u8]>) -> Result<bool> {
    let found = sys::files::is_kind(&c_path(path.as_ref())?, libc::S_IFSOCK);
    found.map_err(|errno| Error::at("stat", path, errno))
}

/// Who is at the other end: the process that connected, or that listened, as it was then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its process id; 0 where that is beyond this process's namespace.
    pub pid: i32,
    /// Its effective user.
    pub uid: u32,
    /// Its effective group.
    pub gid: u32,
}

/// Who is at the other end of a Unix stream (SO_PEERCRED).
pub fn peer(stream: &Stream) -> Result<Peer> {
    stream.shared().aside("peer", peer_of)
}

pub(crate) fn peer_of(fd: RawFd) -> Result<Peer> {
    let mut room = [0; 12];
    unix_only(fd, "peer")?;
    sys::socket::option(fd, libc::SOL_SOCKET, libc::SO_PEERCRED, &mut room)
        .map_err(|errno| Error::os("peer", errno))?;
    let [a, b, c, d, e, f, g, h, i, j, k, l] = room;
    Ok(Peer {
        pid: i32::from_ne_bytes([a, b, c, d]),
        uid: u32::from_ne_bytes([e, f, g, h]),
        gid: u32::from_ne_bytes([i, j, k, l]),
    })
}

fn unix_only(fd: RawFd, step: &'static str) -> Result<()> {
    match sys::socket::option_int(fd, libc::SOL_SOCKET, libc::SO_DOMAIN) {
        Ok(libc::AF_UNIX) => Ok(()),
        Ok(_) => Err(Error::os(step, libc::EOPNOTSUPP)),
        Err(errno) => Err(Error::os(step, errno)),
    }
}

/// A pidfd of the process at the other end: no number that could change hands. ENOPROTOOPT before Linux 6.5.
pub fn peer_pidfd(stream: &Stream) -> Result<OwnedFd> {
    stream.shared().aside("peer", pidfd_of)
}

pub(crate) fn pidfd_of(fd: RawFd) -> Result<OwnedFd> {
    const SO_PEERPIDFD: i32 = 77;
    unix_only(fd, "peer")?;
    sys::socket::option_fd(fd, libc::SOL_SOCKET, SO_PEERPIDFD).map_err(|errno| Error::os("peer", errno))
}

// ---- descriptors ----

/// Sends descriptors with data, at least one byte of it, to which they are tied: who reads that byte by
/// [`recv_fds`] gets them. They stay open here. EOPNOTSUPP over a socket of another kind.
pub fn send_fds(stream: &mut Stream, data: &[u8], fds: &[BorrowedFd]) -> Result<()> {
    if data.is_empty() {
        return Err(Error::invalid("send_fds", "descriptors travel with at least one byte"));
    }
    if fds.len() > sys::socket::MOST_FDS {
        return Err(Error::invalid("send_fds", format!("more than {} descriptors", sys::socket::MOST_FDS)));
    }
    stream.flush()?;
    let numbers: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let sent = send_numbers(stream.shared(), data, &numbers)?;
    stream.write(data.get(sent..).unwrap_or_default())
}

/// Sends as much of the data as goes out at once, at least a byte, and with it all of the descriptors.
pub(crate) fn send_numbers(shared: &Shared, data: &[u8], numbers: &[RawFd]) -> Result<usize> {
    // Over TCP the kernel would send the data and let the descriptors fall without a word.
    shared.aside("send_fds", |fd| unix_only(fd, "send_fds"))?;
    let sent = shared.socket_call(Way::Out, shared.deadline(Way::Out), |fd| {
        sys::socket::send_fds(&CALM, fd, data, numbers, libc::MSG_DONTWAIT)
    });
    sent.map_err(|stop| stop.error("send_fds"))
}

/// Reads what is there into `room`, with the descriptors that came along, at most `most` of them; they are
/// close-on-exec. 0 bytes is the end. More descriptors than that is EMSGSIZE, and EMFILE when this process can have no
/// more: then none stays open, and [`recvmsg`] would have told how many bytes there were.
///
/// To be called before plain reads reach those bytes: these would throw the descriptors away.
pub fn recv_fds(stream: &mut Stream, room: &mut [u8], most: usize) -> Result<(usize, Vec<OwnedFd>)> {
    let (n, fds) = recvmsg(stream, room, most)?;
    Ok((n, fds?))
}

/// The same, and what came also where its descriptors cannot be had: how many bytes, and the descriptors or why there are
/// none.
pub fn recvmsg(stream: &mut Stream, room: &mut [u8], most: usize) -> Result<(usize, Result<Vec<OwnedFd>>)> {
    if !stream.buffered().is_empty() {
        return Err(Error::invalid("recv_fds", "bytes are read ahead, and what came with them is gone"));
    }
    if room.is_empty() {
        return Err(Error::invalid("recv_fds", "no room: descriptors travel with at least one byte"));
    }
    let deadline = stream.shared().deadline(Way::In);
    recv_numbers(stream.shared(), room, most, deadline)
}

/// How many bytes came, and their descriptors, or why there are none.
pub(crate) fn recv_numbers(
    shared: &Shared,
    room: &mut [u8],
    most: usize,
    deadline: Deadline,
) -> Result<(usize, Result<Vec<OwnedFd>>)> {
    let got = shared.socket_call(Way::In, deadline, |fd| sys::socket::recv_fds(&CALM, fd, room, libc::MSG_DONTWAIT));
    let (n, fds) = got.map_err(|stop| stop.error("recv_fds"))?;
    let fds = fds.and_then(|fds| if fds.len() > most { Err(libc::EMSGSIZE) } else { Ok(fds) });
    Ok((n, fds.map_err(|errno| Error::os("recv_fds", errno))))
}
