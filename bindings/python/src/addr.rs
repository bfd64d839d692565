//! Names and addresses.

use std::net::IpAddr;

use perlipc::addr::{self, Addr, For};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::error::raise;
use crate::signal::blocking;
use crate::time::deadline;

/// A service: a name, or a port as a number.
pub(crate) struct Service(pub(crate) String);

impl<'a, 'py> FromPyObject<'a, 'py> for Service {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Service> {
        if let Ok(name) = value.extract::<String>() {
            return Ok(Service(name));
        }
        match value.extract::<u16>() {
            Ok(port) => Ok(Service(port.to_string())),
            Err(_) => Err(PyTypeError::new_err("a service is a name or a port from 0 to 65535")),
        }
    }
}

/// Keywords as the core's words: reuseport=True, backlog=64.
pub(crate) fn words(options: Option<&Bound<'_, pyo3::types::PyDict>>) -> PyResult<String> {
    let mut words = Vec::new();
    for (name, value) in options.into_iter().flatten() {
        let name: String = name.extract()?;
        if value.is_instance_of::<pyo3::types::PyBool>() {
            match (value.is_truthy()?, name.as_str()) {
                (true, _) => words.push(name),
                (false, "v4only" | "v6only" | "keep") => {}
                (false, _) => words.push(format!("{name}=0")),
            }
        } else {
            let value = if name == "mode" && value.is_instance_of::<pyo3::types::PyInt>() {
                format!("{:o}", value.extract::<u32>()?)
            } else {
                value.str()?.to_string()
            };
            // "from" is Python's own word.
            words.push(format!("{}={value}", name.trim_end_matches('_')));
        }
    }
    Ok(words.join(","))
}

pub(crate) fn parse(py: Python<'_>, text: &str) -> PyResult<Addr> {
    text.parse().map_err(|error| raise(py, error))
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
    timeout: Option<f64>,
) -> PyResult<Vec<String>> {
    let deadline = deadline(timeout)?;
    let found = blocking(py, || addr::resolve(host.as_deref(), &service.0, For::Tcp, deadline))?;
    Ok(found.iter().map(ToString::to_string).collect())
}

/// The name of the host that has an address: Perl's gethostbyaddr.
#[pyfunction]
#[pyo3(signature = (addr, *, timeout = None))]
pub(crate) fn host_name(py: Python<'_>, addr: &str, timeout: Option<f64>) -> PyResult<String> {
    let ip = match addr.parse::<IpAddr>() {
        Ok(ip) => Some(ip),
        Err(_) => parse(py, addr)?.ip(),
    };
    let ip = ip.ok_or_else(|| pyo3::exceptions::PyValueError::new_err(format!("{addr:?} is no Internet address")))?;
    let deadline = deadline(timeout)?;
    blocking(py, || addr::host(ip, deadline))
}

/// The port of a service: Perl's getservbyname. OSError when it is not known.
#[pyfunction]
#[pyo3(signature = (name, protocol = None))]
pub(crate) fn service_port(py: Python<'_>, name: &str, protocol: Option<&str>) -> PyResult<u16> {
    addr::service(name, protocol).map(|service| service.port).map_err(|error| raise(py, error))
}
