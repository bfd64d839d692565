//! A socket that others connect to: what TCP and Unix servers accept from.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::addr::Addr;
use crate::block::{self, CALM, Gate, Stop, Wait};
use crate::error::{Error, Result};
use crate::signal;
use crate::socket;
use crate::stream::{Direction, Stream};
use crate::sys;
use crate::time::Deadline;
use crate::unix::Place;

/// Accepts connections. Several threads may accept at once; others may [cancel](Listener::canceler).
pub struct Listener {
    gate: Arc<Gate>,
    fd: OwnedFd,
    /// The description is ours, and does not wait in accept: of several threads or processes that saw a client coming
    /// only one gets it.
    nonblock: AtomicBool,
    /// How many may wait to be accepted; not known of a socket that others have opened, and may still use.
    backlog: Option<i32>,
    /// A Unix socket's file.
    place: Option<Place>,
}

/// Ends a listener's calls from another thread.
#[derive(Clone)]
pub struct ListenerCanceler(Arc<Gate>);

impl ListenerCanceler {
    /// Each accept that waits now ends with [`Error::Canceled`], and so does every later one.
    pub fn cancel(&self) {
        self.0.cancel();
    }
}

impl Listener {
    /// From a socket of ours that is bound and has O_NONBLOCK.
    pub(crate) fn new(fd: OwnedFd, addr: &Addr, backlog: i32, place: Option<Place>) -> Result<Listener> {
        sys::socket::listen(fd.as_raw_fd(), backlog).map_err(|errno| Error::at("listen", addr.text(), errno))?;
        let nonblock = AtomicBool::new(true);
        Ok(Listener { gate: Arc::default(), fd, nonblock, backlog: Some(backlog), place })
    }

    /// Takes over a socket that listens already. It stays as it was found; while it has no O_NONBLOCK, an accept with a
    /// deadline may wait longer when another process is quicker.
    pub fn adopt(fd: OwnedFd) -> Result<Listener> {
        let failed = |errno| Error::at("adopt", fd.as_raw_fd().to_string(), errno);
        let flags = sys::file_flags(fd.as_raw_fd()).map_err(failed)?;
        if socket::get(fd.as_raw_fd(), "listening").map_err(|error| failed(error.errno()))? == 0 {
            return Err(failed(libc::EINVAL));
        }
        let nonblock = AtomicBool::new(flags & libc::O_NONBLOCK != 0);
        Ok(Listener { gate: Arc::default(), fd, nonblock, backlog: None, place: None })
    }

    /// The sockets that whoever started this program has opened for it (`LISTEN_PID`, `LISTEN_FDS`), in their order;
    /// those that listen. To be asked once: the descriptors are then this process's own. Empty when there are none; EBADF
    /// where there are less than that says.
    pub fn inherited() -> Result<Vec<Listener>> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        const FIRST: i32 = 3;
        let said = |name| sys::process::getenv(name).map(|value| String::from_utf8_lossy(&value).into_owned());
        let ours = said(c"LISTEN_PID").is_some_and(|pid| pid.parse() == Ok(sys::getpid()));
        if !ours || TAKEN.load(Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        let Some(count) = said(c"LISTEN_FDS") else { return Ok(Vec::new()) };
        let most = i32::MAX - FIRST;
        let count = count
            .parse()
            .ok()
            .filter(|count| (0..=most).contains(count))
            .ok_or_else(|| Error::invalid("listener", format!("LISTEN_FDS={count}: no number of descriptors")))?;
        if TAKEN.swap(true, Ordering::SeqCst) {
            return Ok(Vec::new());
        }
        let failed = |fd: RawFd, errno| Error::at("LISTEN_FDS", fd.to_string(), errno);
        // Nothing is touched before all are known to be there: to close those that are would only hide what is wrong.
        for fd in FIRST..FIRST + count {
            if let Err(errno) = sys::fd_flags(fd) {
                TAKEN.store(false, Ordering::SeqCst);
                return Err(failed(fd, errno));
            }
        }
        let mut listeners = Vec::new();
        for fd in FIRST..FIRST + count {
            sys::set_fd_flags(fd, libc::FD_CLOEXEC).map_err(|errno| failed(fd, errno))?;
            if socket::get(fd, "listening").is_ok_and(|listens| listens != 0) {
                listeners.push(Listener::adopt(sys::take_fd(fd))?);
            }
        }
        Ok(listeners)
    }

    /// The next connection; [`Stream::peer`] tells from where. What the network did to a connection before it was
    /// accepted is not an error here: the next one comes.
    pub fn accept(&self, deadline: Deadline) -> Result<Stream> {
        let fd = self.accept_stop(deadline).map_err(|stop| stop.error("accept"))?;
        Ok(Stream::make(fd, Direction::Both, true, None))
    }

    pub(crate) fn accept_stop(&self, deadline: Deadline) -> Wait<OwnedFd> {
        let fd = self.fd.as_raw_fd();
        let waits = !self.nonblock.load(Ordering::Relaxed);
        // A description that waits is asked only after poll, unless the bare call may block.
        let mut ask = !waits;
        loop {
            self.gate.check()?;
            if ask || (deadline.is_never() && self.gate.may_block()) {
                match sys::socket::accept(if waits { signal::word() } else { &CALM }, fd) {
                    Err(libc::EAGAIN) => {}
                    Err(libc::EINTR) => {
                        signal::interrupted()?;
                        ask = !waits;
                        continue;
                    }
                    Err(errno) if passing(errno) => continue,
                    answer => return answer.map_err(Stop::Errno),
                }
                if deadline == Deadline::NOW {
                    signal::safe_point()?;
                    return Err(Stop::Timeout);
                }
            }
            self.gate.ready(fd, libc::POLLIN, deadline)?;
            ask = true;
        }
    }

    /// Whether accept's description waits: what processes that share it need, so that one client wakes one of them.
    pub(crate) fn set_waiting(&self, waiting: bool) -> Result<()> {
        let fd = self.fd.as_raw_fd();
        sys::file_flags(fd)
            .and_then(|flags| {
                let flags = if waiting { flags & !libc::O_NONBLOCK } else { flags | libc::O_NONBLOCK };
                sys::set_file_flags(fd, flags)
            })
            .map_err(|errno| Error::os("listen", errno))?;
        self.nonblock.store(!waiting, Ordering::Relaxed);
        Ok(())
    }

    /// Lets no more clients queue behind those that wait already, or lets them again. Closing alone would reset these. A
    /// socket that others have opened is left as it is.
    pub fn hold(&self, held: bool) {
        if let Some(backlog) = self.backlog {
            // What fails here leaves only a longer queue.
            let _ = sys::socket::listen(self.fd(), if held { 0 } else { backlog });
        }
    }

    /// Whether a client waits to be accepted.
    pub(crate) fn has_client(&self) -> Wait<bool> {
        Ok(block::poll(&mut [block::entry(self.fd(), libc::POLLIN)], Deadline::NOW)? > 0)
    }

    pub(crate) fn is_waiting(&self) -> bool {
        !self.nonblock.load(Ordering::Relaxed)
    }

    /// Where it listens, with the port that the kernel chose: Perl's `getsockname`.
    pub fn local(&self) -> Result<Addr> {
        match &self.place {
            Some(place) => Ok(Addr::Path(place.path().to_vec())),
            None => socket::local(self.fd()),
        }
    }

    /// Sets an option by its name, as [`Stream::set_option`]; streams accepted later inherit most.
    pub fn set_option(&self, name: &str, value: i32) -> Result<()> {
        socket::set(self.fd(), name, value)
    }

    /// An option's value.
    pub fn option(&self, name: &str) -> Result<i32> {
        socket::get(self.fd(), name)
    }

    /// For another thread to end this one's calls with.
    pub fn canceler(&self) -> ListenerCanceler {
        ListenerCanceler(self.gate.clone())
    }

    /// In a forked child that ends without dropping anything: the socket and its file's lock are the parent's.
    pub(crate) fn leave_to_parent(&self) {
        sys::close(self.fd());
        if let Some(place) = &self.place {
            sys::close(place.lock_fd());
        }
    }

    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    pub(crate) fn fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.gate.leave_sets(self.fd.as_raw_fd());
    }
}

impl AsFd for Listener {
    /// Lent: the listener keeps it.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = f.debug_struct("Listener");
        out.field("fd", &self.fd());
        if let Ok(local) = self.local() {
            out.field("local", &local.to_string());
        }
        out.finish()
    }
}

/// Errors of the connection that was to be accepted, not of the listener: Linux hands them on.
fn passing(errno: i32) -> bool {
    matches!(
        errno,
        libc::ECONNABORTED
            | libc::EPROTO
            | libc::ENETDOWN
            | libc::ENOPROTOOPT
            | libc::EHOSTDOWN
            | libc::ENONET
            | libc::EHOSTUNREACH
            | libc::ENETUNREACH
    )
}
