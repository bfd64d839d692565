//! Servers.

use std::os::fd::AsFd;

use perlipc::Server;
use perlipc::server::Report;
use pyo3::exceptions::{PySystemExit, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::cmd::{Command, flush_standard};
use crate::error::raise;
use crate::listener::{Listener, stream};
use crate::signal::blocking;
use crate::time::duration;

/// What a server did.
#[pyclass(frozen, module = "perlipc")]
pub(crate) struct ServerReport(Report);

#[pymethods]
impl ServerReport {
    /// Connections accepted.
    #[getter]
    fn accepted(&self) -> u64 {
        self.0.accepted
    }
    /// Of these, ended with exit code 0.
    #[getter]
    fn ok(&self) -> u64 {
        self.0.ok
    }
    /// Ended with another code, or never begun.
    #[getter]
    fn failed(&self) -> u64 {
        self.0.failed
    }
    /// Processes that a signal killed.
    #[getter]
    fn killed(&self) -> u64 {
        self.0.killed
    }
    /// Of those, the ones that this server killed at a time limit.
    #[getter]
    fn cut(&self) -> u64 {
        self.0.cut
    }
    /// Whether all that was accepted was finished in time.
    #[getter]
    fn drained(&self) -> bool {
        self.0.drained
    }
    fn __repr__(&self) -> String {
        let Report { accepted, ok, failed, killed, cut, drained, .. } = self.0;
        let drained = if drained { "True" } else { "False" };
        format!(
            "ServerReport(accepted={accepted}, ok={ok}, failed={failed}, killed={killed}, cut={cut}, drained={drained})"
        )
    }
}

/// Calls the handler with the client; its exit code. An exception is printed, and is code 1.
fn call(handler: &Py<PyAny>, core: &mut perlipc::Stream) -> i32 {
    Python::attach(|py| {
        let own = core.as_fd().try_clone_to_owned().map_err(PyErr::from);
        let own = own.and_then(|fd| perlipc::Stream::adopt(fd).map_err(|error| raise(py, error)));
        let result = own.and_then(|core| {
            let client = Py::new(py, stream(py, core)?)?;
            let result = handler.call1(py, (client.clone_ref(py),));
            client.call_method0(py, "close")?;
            result
        });
        let code = match result {
            Ok(value) if value.is_none(py) => 0,
            Ok(value) => value.extract(py).unwrap_or(1),
            Err(error) if error.is_instance_of::<PySystemExit>(py) => {
                let code = error.value(py).getattr("code").ok();
                code.map_or(1, |code| if code.is_none() { 0 } else { code.extract().unwrap_or(1) })
            }
            Err(error) => {
                error.print(py);
                1
            }
        };
        let _ = flush_standard(py);
        code
    })
}

/// Serves a listener until the signal of drain comes, and tells what was done. Then what was accepted is finished,
/// within drain's seconds, after which its processes are killed with all that they have started.
///
/// The handler is called with a Stream in a process of its own for each client, which has it as descriptors 0 and 1 too;
/// what it returns is the exit code. A command has the client as its standard input and output. limit processes serve at
/// a time. prefork=N: N processes serve one client after the other. iterative=True: this process does, one after the
/// other. The listener belongs to the server from then on.
///
/// Perl: the manual's loop around accept, with its REAPER and its spawn.
#[pyfunction]
#[pyo3(signature = (listener, handler, *, limit = 64, prefork = 0, iterative = false, drain = None, each = None))]
#[allow(clippy::too_many_arguments)] // Python's keywords.
pub(crate) fn serve(
    py: Python<'_>,
    listener: &Listener,
    handler: &Bound<'_, PyAny>,
    limit: usize,
    prefork: usize,
    iterative: bool,
    drain: Option<&Bound<'_, PyTuple>>,
    each: Option<f64>,
) -> PyResult<ServerReport> {
    let (signal, grace): (Option<String>, f64) = match drain {
        Some(drain) => drain.extract()?,
        None => (Some("TERM".to_owned()), 5.0),
    };
    let (grace, each) = (duration(Some(grace))?, duration(each)?);
    let command = if handler.is_callable() { None } else { Some(Command::new(handler, None::<&Bound<'_, PyDict>>)?) };
    if command.is_some() && (prefork > 0 || iterative) {
        return Err(PyTypeError::new_err("a command is started for each client: no prefork, not iterative"));
    }
    flush_standard(py)?;
    let mut server = Server::new(listener.take()?).map_err(|error| raise(py, error))?;
    server.limit(limit).prefork(prefork).iterative(iterative).each(each);
    server.drain(signal.as_deref(), grace.unwrap_or(std::time::Duration::MAX));
    match &command {
        Some(command) => {
            server.exec(&command.cmd);
        }
        None => {
            let handler = handler.clone().unbind();
            server.handler(move |client| call(&handler, client));
            server.fork_by(|| {
                Python::attach(|py| {
                    let pid = py.import("os").and_then(|os| os.call_method0("fork")).and_then(|pid| pid.extract());
                    pid.map_err(|error: PyErr| {
                        let errno = error.value(py).getattr("errno").and_then(|errno| errno.extract());
                        perlipc::Error::Os { step: "fork", path: "".into(), errno: errno.unwrap_or(libc::EAGAIN) }
                    })
                })
            });
        }
    }
    let report = blocking(py, || server.run())?;
    Ok(ServerReport(report))
}
