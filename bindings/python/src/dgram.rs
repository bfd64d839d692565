//! Datagram sockets.

use std::os::fd::{AsFd, AsRawFd};
use std::sync::{Mutex, PoisonError};

use perlipc::dgram::{self, DgramCanceler, Received};
use perlipc::{Addr, Batch, Deadline};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::addr::{Service, words};
use crate::data::{no_text, utf8, with_room};
use crate::error::raise;
use crate::number;
use crate::signal::{blocking, told};
use crate::socket::{Held, Path, ip, text};
use crate::time::{Seconds, deadline};

/// A socket for messages: UDP or Unix datagrams.
///
/// >>> import perlipc as ipc
/// >>> one, other = ipc.udp("127.0.0.1", 0), ipc.udp("127.0.0.1", 0)
/// >>> one.send(b"hello", other.address)
/// >>> data, sender = other.recv()
/// >>> data, sender == one.address
/// (b'hello', True)
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct Dgram {
    pub(crate) held: Held<perlipc::Dgram>,
    canceler: DgramCanceler,
    /// What the last batch was received into, for the next one.
    batch: Mutex<Option<(usize, usize, Batch)>>,
    /// Who sent the last message, and its name.
    sender: Mutex<Option<(Addr, Py<PyAny>)>>,
}

impl Dgram {
    fn new(core: perlipc::Dgram) -> Dgram {
        Dgram { canceler: core.canceler(), held: Held::new(core), batch: Mutex::default(), sender: Mutex::default() }
    }

    /// A sender as text: most often the last one again.
    fn named<'py>(&self, py: Python<'py>, from: Addr) -> PyResult<Bound<'py, PyAny>> {
        let mut last = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((addr, name)) = &*last
            && *addr == from
        {
            return Ok(name.bind(py).clone());
        }
        let name = text(py, &from)?;
        *last = Some((from, name.clone().unbind()));
        Ok(name)
    }

    fn receive<'py>(
        &self,
        py: Python<'py>,
        size: usize,
        timeout: Option<Seconds>,
        receive: fn(&perlipc::Dgram, &mut [u8], Deadline) -> perlipc::Result<Received>,
    ) -> PyResult<Message<'py>> {
        let (core, deadline) = (self.held.core()?, deadline(timeout)?);
        with_room(size, |room| {
            let got = blocking(py, || receive(&core, room, deadline))?;
            match room.get(..got.len) {
                Some(data) => Ok((PyBytes::new(py, data), self.named(py, got.from)?)),
                None => Err(too_long(py, got.len)),
            }
        })
    }
}

/// What came, and from where.
type Message<'py> = (Bound<'py, PyBytes>, Bound<'py, PyAny>);

/// Where a message is to go, from text, as this socket's family has it.
fn target(core: &perlipc::Dgram, to: &Bound<'_, PyString>) -> PyResult<Addr> {
    core.addr(&*utf8(to)?).map_err(|error| raise(to.py(), error))
}

fn too_long(py: Python<'_>, len: usize) -> PyErr {
    let path = format!("a message of {len} bytes");
    raise(py, perlipc::Error::Os { step: "recv", path: path.into(), errno: libc::EMSGSIZE })
}

#[pymethods]
impl Dgram {
    /// Sends one message: to an address ("127.0.0.1:37", "[::1]:37", "/path", "@name"), or to the connected peer.
    #[pyo3(signature = (data, to = None, *, timeout = None))]
    fn send(
        &self,
        py: Python<'_>,
        data: &Bound<'_, PyAny>,
        to: Option<&Bound<'_, PyString>>,
        timeout: Option<Seconds>,
    ) -> PyResult<()> {
        let data = no_text(data)?;
        let data: &[u8] = &data;
        let (core, deadline) = (self.held.core()?, deadline(timeout)?);
        let to = to.map(|to| target(&core, to)).transpose()?;
        // It waits only while the system has no room for it.
        match core.send(data, to.as_ref(), Deadline::NOW) {
            Err(perlipc::Error::Timeout { .. }) => blocking(py, || core.send(data, to.as_ref(), deadline)),
            answer => told(py, answer),
        }
    }

    /// Sends many messages, in one system call as long as they go out at once: bytes for the connected peer, or pairs of
    /// bytes and an address. How many went out: less than all only when one failed after the first, and the next call
    /// tells why.
    #[pyo3(signature = (messages, *, timeout = None))]
    fn send_batch(&self, py: Python<'_>, messages: &Bound<'_, PyAny>, timeout: Option<Seconds>) -> PyResult<usize> {
        let (core, deadline) = (self.held.core()?, deadline(timeout)?);
        let mut owned: Vec<(Bound<'_, PyAny>, Option<Addr>)> = Vec::new();
        let mut last: Option<(Bound<'_, PyString>, Addr)> = None;
        for message in messages.try_iter()? {
            let message = message?;
            let Ok((data, to)) = message.extract::<(Bound<'_, PyAny>, Bound<'_, PyString>)>() else {
                owned.push((message, None));
                continue;
            };
            // Most batches go to one place.
            let known = last.as_ref().filter(|(text, _)| text.is(&to)).map(|(_, addr)| addr.clone());
            let addr = known.map_or_else(|| target(&core, &to), Ok)?;
            last = Some((to, addr.clone()));
            owned.push((data, Some(addr)));
        }
        let datas = owned.iter().map(|(data, _)| no_text(data)).collect::<PyResult<Vec<_>>>()?;
        let messages: Vec<_> = datas.iter().zip(&owned).map(|(data, (_, to))| (&**data, to.as_ref())).collect();
        blocking(py, || core.send_batch(&messages, deadline))
    }

    /// The next message and who sent it. One that is longer than size is OSError (EMSGSIZE), never cut in silence.
    #[pyo3(signature = (size = 65536, *, timeout = None))]
    fn recv<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::size)] size: usize,
        timeout: Option<Seconds>,
    ) -> PyResult<Message<'py>> {
        self.receive(py, size, timeout, perlipc::Dgram::recv)
    }

    /// The same, and the message stays: the next call gets it again.
    #[pyo3(signature = (size = 65536, *, timeout = None))]
    fn peek<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::size)] size: usize,
        timeout: Option<Seconds>,
    ) -> PyResult<Message<'py>> {
        self.receive(py, size, timeout, perlipc::Dgram::peek)
    }

    /// What is there, or what comes next, up to most messages in one system call: a list as recv gives each.
    ///
    /// When one of them was longer than size, OSError (EMSGSIZE) says so, and has the others as .messages.
    #[pyo3(signature = (most = 64, size = 65536, *, timeout = None))]
    fn recv_batch<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::most)] most: usize,
        #[pyo3(from_py_with = number::size)] size: usize,
        timeout: Option<Seconds>,
    ) -> PyResult<Bound<'py, PyList>> {
        let (core, deadline) = (self.held.core()?, deadline(timeout)?);
        let last = self.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        let mut batch = match last {
            Some((its_most, its_size, batch)) if (its_most, its_size) == (most, size) => batch,
            _ => Batch::new(most, size).map_err(|error| raise(py, error))?,
        };
        let count = blocking(py, || core.recv_batch(&mut batch, deadline))?;
        let (list, mut cut) = (PyList::empty(py), None);
        let mut last: Option<(Addr, Bound<'_, PyAny>)> = None;
        for (data, got) in (0..count).filter_map(|i| batch.get(i)) {
            if got.len > data.len() {
                cut = Some(got.len);
                continue;
            }
            let known = last.as_ref().filter(|(addr, _)| *addr == got.from).map(|(_, text)| text.clone());
            let from = known.map_or_else(|| text(py, &got.from), Ok)?;
            list.append((PyBytes::new(py, data), &from))?;
            last = Some((got.from, from));
        }
        *self.batch.lock().unwrap_or_else(PoisonError::into_inner) = Some((most, size, batch));
        match cut {
            None => Ok(list),
            Some(len) => {
                let error = too_long(py, len);
                error.value(py).setattr("messages", list)?;
                Err(error)
            }
        }
    }

    /// Connects: messages go there unless said otherwise, and only its own are received.
    fn connect(&self, py: Python<'_>, to: &Bound<'_, PyString>) -> PyResult<()> {
        let core = self.held.core()?;
        let to = target(&core, to)?;
        blocking(py, || core.connect(&to, Deadline::NEVER))
    }

    /// Joins a multicast group, on an interface by name, or where the routes lead.
    #[pyo3(signature = (group, interface = None))]
    fn join(&self, py: Python<'_>, group: &str, interface: Option<&str>) -> PyResult<()> {
        let group = ip(group)?;
        self.held.now(py, |core| core.join(group, interface))
    }

    /// Leaves a multicast group.
    #[pyo3(signature = (group, interface = None))]
    fn leave(&self, py: Python<'_>, group: &str, interface: Option<&str>) -> PyResult<()> {
        let group = ip(group)?;
        self.held.now(py, |core| core.leave(group, interface))
    }

    /// How multicasts leave: ttl, how many routers they may pass; loop, whether this machine hears them too; interface,
    /// by its name. What is not said stays as it is.
    #[pyo3(signature = (*, ttl = None, r#loop = None, interface = None))]
    fn multicast(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = number::ttl)] ttl: Option<u8>,
        r#loop: Option<bool>,
        interface: Option<&str>,
    ) -> PyResult<()> {
        self.held.now(py, |core| core.multicast(ttl, r#loop, interface))
    }

    /// Sets an option by its name: "broadcast", "rcvbuf" ... Perl: setsockopt.
    fn set_option(&self, py: Python<'_>, name: &str, #[pyo3(from_py_with = number::value)] value: i32) -> PyResult<()> {
        self.held.now(py, |core| core.set_option(name, value))
    }

    /// An option's value. Perl: getsockopt.
    fn option(&self, py: Python<'_>, name: &str) -> PyResult<i32> {
        self.held.now(py, |core| core.option(name))
    }

    /// Where it is, with the port that the kernel chose.
    #[getter]
    fn address<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        text(py, &self.held.now(py, perlipc::Dgram::local)?)
    }

    /// Where it is connected to; OSError (ENOTCONN).
    #[getter]
    fn peer<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        text(py, &self.held.now(py, perlipc::Dgram::peer)?)
    }

    /// The descriptor; it stays this object's.
    fn fileno(&self) -> PyResult<i32> {
        Ok(self.held.core()?.as_fd().as_raw_fd())
    }

    /// Ends every call, now and later, with OSError (ECANCELED); from any thread at any moment.
    fn cancel(&self) {
        self.canceler.cancel();
    }

    /// Closes it; a Unix socket's file goes with it.
    fn close(&self) {
        self.canceler.cancel();
        self.held.close();
    }

    fn __repr__(&self) -> String {
        self.held.shown("Dgram", perlipc::Dgram::local)
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.held.is_closed()
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
pub(crate) fn unix_dgram(py: Python<'_>, path: Option<Path>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Dgram> {
    let options = words(options)?;
    dgram::unix(path.as_ref().map(|path| path.0.as_slice()), &options).map(Dgram::new).map_err(|error| raise(py, error))
}

/// Two connected Unix datagram sockets.
#[pyfunction]
pub(crate) fn dgram_pair(py: Python<'_>) -> PyResult<(Dgram, Dgram)> {
    let (one, other) = dgram::pair().map_err(|error| raise(py, error))?;
    Ok((Dgram::new(one), Dgram::new(other)))
}
