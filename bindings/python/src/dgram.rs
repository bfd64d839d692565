//! Datagram sockets.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Arc, Mutex, PoisonError};

use perlipc::dgram;
use perlipc::dgram::DgramCanceler;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::addr::{Service, parse, words};
use crate::error::raise;
use crate::signal::blocking;
use crate::time::deadline;

/// A socket for messages: UDP or Unix datagrams.
///
/// >>> import perlipc as ipc
/// >>> one, other = ipc.udp("127.0.0.1", 0), ipc.udp("127.0.0.1", 0)
/// >>> one.send(b"hello", other.address)
/// >>> data, sender = other.recv()
/// >>> data, sender == one.address
/// (b'hello', True)
#[pyclass(frozen, module = "perlipc")]
pub(crate) struct Dgram {
    core: Mutex<Option<Arc<perlipc::Dgram>>>,
    canceler: DgramCanceler,
}

impl Dgram {
    fn new(core: perlipc::Dgram) -> Dgram {
        Dgram { canceler: core.canceler(), core: Mutex::new(Some(Arc::new(core))) }
    }

    fn core(&self) -> PyResult<Arc<perlipc::Dgram>> {
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.clone().ok_or_else(|| PyValueError::new_err("I/O operation on closed socket"))
    }
}

#[pymethods]
impl Dgram {
    /// Sends one message: to an address ("127.0.0.1:37", "[::1]:37", "/path", "@name"), or to the connected peer.
    #[pyo3(signature = (data, to = None, *, timeout = None))]
    fn send(&self, py: Python<'_>, data: &[u8], to: Option<&str>, timeout: Option<f64>) -> PyResult<()> {
        let to = to.map(|to| parse(py, to)).transpose()?;
        let (core, deadline) = (self.core()?, deadline(timeout)?);
        blocking(py, || core.send(data, to.as_ref(), deadline))
    }

    /// The next message and who sent it. One that is longer than size is OSError (EMSGSIZE), never cut in silence.
    #[pyo3(signature = (size = 65536, *, timeout = None))]
    fn recv<'py>(&self, py: Python<'py>, size: usize, timeout: Option<f64>) -> PyResult<(Bound<'py, PyBytes>, String)> {
        let (core, deadline) = (self.core()?, deadline(timeout)?);
        let mut room = vec![0; size];
        let got = blocking(py, || core.recv(&mut room, deadline))?;
        match room.get(..got.len) {
            Some(data) => Ok((PyBytes::new(py, data), got.from.to_string())),
            None => Err(raise(
                py,
                perlipc::Error::Os {
                    step: "recv",
                    path: format!("a message of {} bytes", got.len).into(),
                    errno: libc::EMSGSIZE,
                },
            )),
        }
    }

    /// Connects: messages go there unless said otherwise, and only its own are received.
    fn connect(&self, py: Python<'_>, to: &str) -> PyResult<()> {
        let (core, to) = (self.core()?, parse(py, to)?);
        blocking(py, || core.connect(&to, perlipc::Deadline::NEVER))
    }

    /// Joins a multicast group, on an interface by name, or where the routes lead.
    #[pyo3(signature = (group, interface = None))]
    fn join(&self, py: Python<'_>, group: std::net::IpAddr, interface: Option<&str>) -> PyResult<()> {
        self.core()?.join(group, interface).map_err(|error| raise(py, error))
    }

    /// Leaves a multicast group.
    #[pyo3(signature = (group, interface = None))]
    fn leave(&self, py: Python<'_>, group: std::net::IpAddr, interface: Option<&str>) -> PyResult<()> {
        self.core()?.leave(group, interface).map_err(|error| raise(py, error))
    }

    /// Sets an option by its name: "broadcast", "rcvbuf" ...
    fn set_option(&self, py: Python<'_>, name: &str, value: i32) -> PyResult<()> {
        self.core()?.set_option(name, value).map_err(|error| raise(py, error))
    }

    /// Where it is, with the port that the kernel chose.
    #[getter]
    fn address(&self, py: Python<'_>) -> PyResult<String> {
        self.core()?.local().map(|addr| addr.to_string()).map_err(|error| raise(py, error))
    }

    /// The descriptor; it stays this object's.
    fn fileno(&self) -> PyResult<i32> {
        Ok(self.core()?.as_fd().as_raw_fd())
    }

    /// Ends every call, now and later, with OSError (ECANCELED); from any thread at any moment.
    fn cancel(&self) {
        self.canceler.cancel();
    }

    /// Closes it; a Unix socket's file goes with it.
    fn close(&self) {
        self.canceler.cancel();
        self.core.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, _exc: &Bound<'_, PyTuple>) {
        self.close();
    }
}

/// A UDP socket at a local address (None: any, IPv4 and IPv6) and service (0: a port of the kernel's choice).
///
/// Options: v4only, v6only, broadcast=True, reuseaddr=True, reuseport=True, rcvbuf=N.
#[pyfunction]
#[pyo3(signature = (host = None, service = Service("0".to_owned()), **options))]
pub(crate) fn udp(
    py: Python<'_>,
    host: Option<String>,
    service: Service,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Dgram> {
    let options = words(options)?;
    blocking(py, || dgram::udp(host.as_deref(), &service.0, &options)).map(Dgram::new)
}

/// A Unix datagram socket: at a path or "@name", by the rules of unix_listen, or without a name.
#[pyfunction]
#[pyo3(signature = (path = None, **options))]
pub(crate) fn unix_dgram(
    py: Python<'_>,
    path: Option<std::path::PathBuf>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Dgram> {
    use std::os::unix::ffi::OsStrExt;
    let options = words(options)?;
    let name = path.as_ref().map(|path| path.as_os_str().as_bytes());
    dgram::unix(name, &options).map(Dgram::new).map_err(|error| raise(py, error))
}
