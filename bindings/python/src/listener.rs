//! Listening sockets: TCP and Unix, and what connects to them.

use std::os::fd::{AsFd, AsRawFd, RawFd};

use perlipc::{Error, ListenerCanceler, tcp, unix};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::addr::{Service, words};
use crate::error::raise;
use crate::number;
use crate::signal::blocking;
use crate::socket::{Held, Path, borrowed, taken, text};
use crate::stream::{Origin, Stream};
use crate::time::{Seconds, deadline};

pub(crate) fn stream(py: Python<'_>, core: perlipc::Stream) -> PyResult<Stream> {
    Stream::new(py, core, false, Origin::default())
}

/// A socket that others connect to. Iterating gives one Stream for each connection; a context manager closes it.
///
/// >>> import perlipc as ipc
/// >>> with ipc.tcp_listen("127.0.0.1", 0) as listener:
/// ...     client = ipc.tcp_connect("127.0.0.1", listener.port)
/// ...     with listener.accept() as server:
/// ...         _ = server.write(b"Hello there\n")
/// ...     client.readline()
/// b'Hello there\n'
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct Listener {
    pub(crate) held: Held<perlipc::Listener>,
    canceler: ListenerCanceler,
}

impl Listener {
    fn new(core: perlipc::Listener) -> Listener {
        Listener { canceler: core.canceler(), held: Held::new(core) }
    }
}

#[pymethods]
impl Listener {
    /// The next connection as a Stream; TimeoutError after timeout seconds.
    #[pyo3(signature = (*, timeout = None))]
    fn accept(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<Stream> {
        let (core, deadline) = (self.held.core()?, deadline(timeout)?);
        let accepted = blocking(py, || core.accept(deadline))?;
        stream(py, accepted)
    }

    /// Takes over a socket that listens already, by its descriptor, which it closes in the end. It stays as it was found.
    #[staticmethod]
    fn adopt(py: Python<'_>, #[pyo3(from_py_with = number::fd)] fd: RawFd) -> PyResult<Listener> {
        // A number that is not open, or no listener, must not be owned.
        let failed = |errno| raise(py, Error::Os { step: "adopt", path: fd.to_string().into(), errno });
        // Which no descriptor is even for a look.
        if fd < 0 {
            return Err(failed(libc::EBADF));
        }
        let copy = borrowed(fd).try_clone_to_owned();
        let copy = copy.map_err(|error| failed(error.raw_os_error().unwrap_or(libc::EBADF)))?;
        perlipc::Listener::adopt(copy).map_err(|error| failed(error.errno()))?;
        perlipc::Listener::adopt(taken(fd)).map(Listener::new).map_err(|error| raise(py, error))
    }

    /// The sockets that whoever started this program has opened for it (LISTEN_PID, LISTEN_FDS), in their order. To be
    /// asked once; empty when there are none.
    #[staticmethod]
    fn inherited(py: Python<'_>) -> PyResult<Vec<Listener>> {
        let found = perlipc::Listener::inherited().map_err(|error| raise(py, error))?;
        Ok(found.into_iter().map(Listener::new).collect())
    }

    /// Where it listens: "127.0.0.1:2345", "[::]:2345", "/path", "@name".
    #[getter]
    fn address<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        text(py, &self.held.now(py, perlipc::Listener::local)?)
    }

    /// Its port; None for a Unix socket.
    #[getter]
    fn port(&self, py: Python<'_>) -> PyResult<Option<u16>> {
        Ok(self.held.now(py, perlipc::Listener::local)?.port())
    }

    /// Sets an option by its name, as Stream.set_option; streams that are accepted later inherit most.
    fn set_option(&self, py: Python<'_>, name: &str, #[pyo3(from_py_with = number::value)] value: i32) -> PyResult<()> {
        self.held.now(py, |core| core.set_option(name, value))
    }

    /// An option's value. Perl: getsockopt.
    fn option(&self, py: Python<'_>, name: &str) -> PyResult<i32> {
        self.held.now(py, |core| core.option(name))
    }

    /// The descriptor; it stays this object's.
    fn fileno(&self) -> PyResult<i32> {
        Ok(self.held.core()?.as_fd().as_raw_fd())
    }

    /// For perlipc.aio: lets no more clients queue, or lets them again.
    fn _hold(&self, py: Python<'_>, held: bool) -> PyResult<()> {
        self.held.now(py, |core| {
            core.hold(held);
            Ok(())
        })
    }

    /// Ends every accept, now and later, with OSError (ECANCELED); from any thread at any moment.
    fn cancel(&self) {
        self.canceler.cancel();
    }

    /// Closes it; a Unix socket's file goes with it. An accept that another thread is in is cancelled.
    fn close(&self) {
        self.canceler.cancel();
        self.held.close();
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.held.is_closed()
    }

    fn __repr__(&self) -> String {
        self.held.shown("Listener", perlipc::Listener::local)
    }

    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Stream> {
        self.accept(py, None)
    }

    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, _exc: &Bound<'_, PyTuple>) {
        self.close();
    }
}

/// Connects to a host and a service, each by name or number: a Stream. timeout covers the lookup and all addresses.
///
/// Options: from_="10.0.0.1:0" (local address and port), v4only, v6only, nodelay=False, keepalive=True, linger=0 ...
/// Perl: socket and connect.
#[pyfunction]
#[pyo3(signature = (host, service, *, timeout = None, **options))]
pub(crate) fn tcp_connect(
    py: Python<'_>,
    host: Option<String>,
    service: Service,
    timeout: Option<Seconds>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Stream> {
    let (options, deadline) = (words(options)?, deadline(timeout)?);
    let core = blocking(py, || tcp::connect(host.as_deref(), &service.0, &options, deadline))?;
    stream(py, core)
}

/// Listens on a local address (None: any, IPv4 and IPv6) and a service (0: a port of the kernel's choice): a Listener.
///
/// Options: backlog=64, reuseport=True, v4only, v6only (False: IPv4 too where an IPv6 address is named), and those that
/// accepted streams inherit.
#[pyfunction]
#[pyo3(signature = (host, service, **options))]
pub(crate) fn tcp_listen(
    py: Python<'_>,
    host: Option<String>,
    service: Service,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Listener> {
    let options = words(options)?;
    blocking(py, || tcp::listen(host.as_deref(), &service.0, &options)).map(Listener::new)
}

/// Connects to a Unix socket: a path, or "@name" outside of the file system.
#[pyfunction]
#[pyo3(signature = (path, *, timeout = None, **options))]
pub(crate) fn unix_connect(
    py: Python<'_>,
    path: Path,
    timeout: Option<Seconds>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Stream> {
    let (options, deadline) = (words(options)?, deadline(timeout)?);
    let core = blocking(py, || unix::connect(&path.0, &options, deadline))?;
    stream(py, core)
}

/// Listens at a path, or at "@name". A dead server's socket is taken over, a living one's never; the file is private
/// (mode=0o660 says otherwise) and goes with the Listener unless keep=True.
#[pyfunction]
#[pyo3(signature = (path, **options))]
pub(crate) fn unix_listen(py: Python<'_>, path: Path, options: Option<&Bound<'_, PyDict>>) -> PyResult<Listener> {
    let options = words(options)?;
    unix::listen(&path.0, &options).map(Listener::new).map_err(|error| raise(py, error))
}

/// Two connected streams: Perl's socketpair.
#[pyfunction]
pub(crate) fn socketpair(py: Python<'_>) -> PyResult<(Stream, Stream)> {
    let (one, other) = unix::pair().map_err(|error| raise(py, error))?;
    Ok((stream(py, one)?, stream(py, other)?))
}

/// Whether the path is a socket: Perl's -S.
#[pyfunction]
pub(crate) fn is_socket(py: Python<'_>, path: Path) -> PyResult<bool> {
    unix::is_socket(&path.0).map_err(|error| raise(py, error))
}
