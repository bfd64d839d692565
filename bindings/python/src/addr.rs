//! Names and addresses.

use std::net::IpAddr;

use perlipc::addr::{self, Addr, For};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::error::raise;
use crate::number;
use crate::signal::blocking;
use crate::socket::{address, text};
use crate::time::{Seconds, deadline};

/// A service: a name, or a port as a number.
pub(crate) struct Service(pub(crate) String);

impl<'a, 'py> FromPyObject<'a, 'py> for Service {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Service> {
        if let Ok(name) = value.extract::<String>() {
            return Ok(Service(name));
        }
        match number::port::<u16>(&value) {
            Err(error) if error.is_instance_of::<PyTypeError>(value.py()) => {
                Err(PyTypeError::new_err("a service is a name or a port from 0 to 65535"))
            }
            port => port.map(|port| Service(port.to_string())),
        }
    }
}

/// Keywords as the core's words: reuseport=True, backlog=64.
pub(crate) fn words(options: Option<&Bound<'_, pyo3::types::PyDict>>) -> PyResult<String> {
    let mut words = Vec::new();
    for (name, value) in options.into_iter().flatten() {
        let name: String = name.extract()?;
        if value.is_instance_of::<pyo3::types::PyBool>() {
            words.push(if value.is_truthy()? { name } else { format!("{name}=0") });
        } else {
            let value = if name == "mode" && value.is_instance_of::<pyo3::types::PyInt>() {
                format!("{:o}", number::mode::<u32>(&value)?)
            } else {
                value.str()?.to_string()
            };
            if value.contains(',') {
                return Err(PyValueError::new_err(format!("option: {name}={value}: a comma in the value")));
            }
            // "from" is Python's own word.
            words.push(format!("{}={value}", name.trim_end_matches('_')));
        }
    }
    Ok(words.join(","))
}

/// The addresses of a host and a service, each by name or number, in the order to try them: ["127.0.0.1:37"].
///
/// None as host is this machine. OSError when a name is not known, TimeoutError after timeout seconds: the lookup is
/// left behind. Perl: inet_aton, gethostbyname, getaddrinfo.
#[pyfunction]
#[pyo3(signature = (host, service = Service("0".to_owned()), *, timeout = None))]
pub(crate) fn resolve(
    py: Python<'_>,
    host: Option<String>,
    service: Service,
    timeout: Option<Seconds>,
) -> PyResult<Vec<String>> {
    let deadline = deadline(timeout)?;
    let found = blocking(py, || addr::resolve(host.as_deref(), &service.0, For::Any, deadline))?;
    Ok(found.iter().map(ToString::to_string).collect())
}

/// The name of the host that has an address: Perl's gethostbyaddr.
#[pyfunction]
#[pyo3(signature = (addr, *, timeout = None))]
pub(crate) fn host_name(py: Python<'_>, addr: &str, timeout: Option<Seconds>) -> PyResult<String> {
    let ip = match addr.parse::<IpAddr>() {
        Ok(ip) => Some(ip),
        Err(_) => addr.parse::<Addr>().map_err(|error| raise(py, error))?.ip(),
    };
    let ip = ip.ok_or_else(|| PyValueError::new_err(format!("{addr:?} is no Internet address")))?;
    let deadline = deadline(timeout)?;
    blocking(py, || addr::host(ip, deadline))
}

/// The port of a service: Perl's getservbyname. OSError when it is not known.
#[pyfunction]
#[pyo3(signature = (name, protocol = None))]
pub(crate) fn service_port(py: Python<'_>, name: &str, protocol: Option<&str>) -> PyResult<u16> {
    addr::service(name, protocol).map(|service| service.port).map_err(|error| raise(py, error))
}

/// The name of the service at a port: Perl's getservbyport. OSError when it is not known.
#[pyfunction]
#[pyo3(signature = (port, protocol = None))]
pub(crate) fn service_name(
    py: Python<'_>,
    #[pyo3(from_py_with = number::port)] port: u16,
    protocol: Option<&str>,
) -> PyResult<String> {
    addr::service_by_port(port, protocol).map(|service| service.name).map_err(|error| raise(py, error))
}

/// The number of a protocol: Perl's getprotobyname. OSError when it is not known.
#[pyfunction]
pub(crate) fn protocol_number(py: Python<'_>, name: &str) -> PyResult<i32> {
    addr::protocol(name).map(|protocol| protocol.number).map_err(|error| raise(py, error))
}

/// The name of a protocol: Perl's getprotobynumber. OSError when it is not known.
#[pyfunction]
pub(crate) fn protocol_name(py: Python<'_>, #[pyo3(from_py_with = number::number)] number: i32) -> PyResult<String> {
    addr::protocol_by_number(number).map(|protocol| protocol.name).map_err(|error| raise(py, error))
}

/// An address as the kernel's struct sockaddr, which Perl programs and socket options hold. ValueError for text that is
/// none. Perl: pack_sockaddr_in, pack_sockaddr_in6, pack_sockaddr_un.
///
/// >>> import perlipc as ipc
/// >>> ipc.unpack_address(ipc.pack_address("127.0.0.1:37"))
/// '127.0.0.1:37'
#[pyfunction]
pub(crate) fn pack_address<'py>(addr: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyBytes>> {
    let packed = address(addr)?.pack().map_err(|error| raise(addr.py(), error))?;
    Ok(PyBytes::new(addr.py(), &packed))
}

/// The kernel's struct sockaddr as text; a Unix socket without a name is the empty text. ValueError for a wrong length or
/// family. Perl: unpack_sockaddr_in, unpack_sockaddr_in6, unpack_sockaddr_un.
#[pyfunction]
pub(crate) fn unpack_address<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    text(py, &Addr::unpack(data).map_err(|error| raise(py, error))?)
}
