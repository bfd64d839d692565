//! Servers.

use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use perlipc::server::{Event, Report};
use perlipc::{Addr, Deadline, Server};
use pyo3::exceptions::{PyException, PySystemExit, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use crate::cmd::{Command, flush_standard};
use crate::error::raise;
use crate::listener::{Listener, stream};
use crate::number;
use crate::signal::{blocking, of_handler, raised};
use crate::status::Status;
use crate::stream::Stream;
use crate::time::{Seconds, duration};

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
    /// Processes whose end nobody can know.
    #[getter]
    fn unknown(&self) -> u64 {
        self.0.unknown
    }
    /// Whether all that was accepted was finished in time.
    #[getter]
    fn drained(&self) -> bool {
        self.0.drained
    }
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let make = py.import("perlipc._perlipc")?.getattr("report")?;
        let Report { accepted, ok, failed, killed, cut, unknown, drained } = self.0;
        Ok((make, (accepted, ok, failed, killed, cut, unknown, drained).into_pyobject(py)?))
    }

    fn __repr__(&self) -> String {
        let Report { accepted, ok, failed, killed, cut, unknown, drained } = self.0;
        let drained = if drained { "True" } else { "False" };
        format!(
            "ServerReport(accepted={accepted}, ok={ok}, failed={failed}, killed={killed}, cut={cut}, \
             unknown={unknown}, drained={drained})"
        )
    }
}

/// For perlipc.aio, and for pickle: what was done.
#[pyfunction]
#[pyo3(signature = (accepted, ok, failed, killed, cut, unknown, drained))]
pub(crate) fn report(
    accepted: u64,
    ok: u64,
    failed: u64,
    killed: u64,
    cut: u64,
    unknown: u64,
    drained: bool,
) -> ServerReport {
    ServerReport(Report { accepted, ok, failed, killed, cut, unknown, drained })
}

/// An exception that is not meant for who happened to run when it came, a Ctrl-C or what else a signal's handler has raised:
/// out of the server it goes as a panic, which leaves nothing behind.
fn leave(py: Python<'_>, error: PyErr) -> PyErr {
    let own = error.is_instance_of::<PyException>(py) || error.is_instance_of::<PySystemExit>(py);
    if own && !of_handler(py, &error) {
        return error;
    }
    resume_unwind(Box::new(error))
}

/// Calls the handler with the client; its exit code. An exception is printed, and is code 1.
fn call(handler: &Py<PyAny>, client: OwnedFd, deadline: Deadline, here: bool) -> i32 {
    Python::attach(|py| {
        // In a process that serves several, a handler may have raised while nobody was served: that is not this client's.
        if let Some(error) = raised() {
            error.write_unraisable(py, None);
        }
        let core = perlipc::Stream::adopt(client).map_err(|error| raise(py, error));
        let result = core.and_then(|core| {
            let client = Py::new(py, stream(py, core)?)?;
            client.get().end_by(deadline)?;
            let result = handler.call1(py, (client.clone_ref(py),));
            client.get().close(py)?;
            result
        });
        // An Exception is the handler's own affair, also one of an alarm that is to end what it waits for.
        let beyond = |error: &PyErr| here && !error.is_instance_of::<PyException>(py);
        let result = result.map_err(|error| if beyond(&error) { leave(py, error) } else { error });
        let code = match result {
            Ok(value) if value.is_none(py) => 0,
            Ok(value) => value.extract(py).unwrap_or(1),
            Err(error) if error.is_instance_of::<PySystemExit>(py) => match error.value(py).getattr("code") {
                Ok(code) if code.is_none() => 0,
                Ok(code) => code.extract().unwrap_or_else(|_| {
                    let _ = say(&code);
                    1
                }),
                Err(_) => 1,
            },
            Err(error) => {
                error.print(py);
                1
            }
        };
        let _ = flush_standard(py);
        code
    })
}

/// Looks up once what handlers will ask of their clients: the interpreter's cache for that has a page for every few names,
/// and what is not in it yet costs each forked process the copy of one.
fn warm(py: Python<'_>) -> PyResult<()> {
    let stream = py.get_type::<Stream>();
    for name in stream.getattr(intern!(py, "__dict__"))?.try_iter()? {
        stream.getattr(name?.cast_into::<PyString>()?)?;
    }
    Ok(())
}

/// What is no exit code is why: Python says so too when it ends.
fn say(why: &Bound<'_, PyAny>) -> PyResult<()> {
    let said = format!("{}\n", why.str()?.to_string_lossy());
    why.py().import("sys")?.getattr("stderr")?.call_method1("write", (said,)).map(drop)
}

/// Calls the log; what it raises is reported and ends nothing.
fn tell(log: &Py<PyAny>, event: &Event) {
    Python::attach(|py| {
        let (name, pid, status, about) = match event {
            Event::Ready => ("ready", None, None, String::new()),
            Event::Started { pid, peer } => ("start", Some(*pid), None, peer.map(Addr::to_string).unwrap_or_default()),
            Event::Ended { pid, status } => ("end", Some(*pid), Some(Status::from(*status)), String::new()),
            Event::Failed { error } => ("error", None, None, error.to_string()),
            Event::Stopping => ("stop", None, None, String::new()),
        };
        if let Err(error) = log.call1(py, (name, pid, status, about)) {
            leave(py, error).write_unraisable(py, Some(log.bind(py)));
        }
    });
}

/// Serves a listener until the signal of drain comes, and tells what was done. Then what was accepted is finished,
/// within drain's seconds, after which its processes are killed with all that they have started.
///
/// The handler is called with a Stream in a process of its own for each client, which has it as descriptors 0 and 1 too;
/// what it returns is the exit code, None is 0, and 255 what is none from 0 to 255. A command has the client as its standard
/// input and output. limit processes serve at a time. prefork=N: N processes serve one client after the other.
/// iterative=True: this process does, one after the other, and the one that is served when the signal comes is finished, as
/// long as each lets it. The listener belongs to the server from then on.
///
/// each: how many seconds one connection may take; then its process is killed, and where several share a process their
/// calls raise TimeoutError. user and group, names or numbers: what this process becomes for good when it begins, with
/// the socket bound by then. log(event, pid, status, text) is told "ready"; "start" with the pid and the client's address;
/// "end" with pid and Status; "error" with its text; "stop".
///
/// What a signal's handler raises ends it before, in the log too; iterative, where it comes while a client is served, only
/// what is no Exception: SystemExit, say. In a process of its own it ends the client that is served there. An exception that
/// ends the server tells what was done as its .report.
///
/// Perl: the manual's loop around accept, with its REAPER and its spawn.
#[pyfunction]
#[pyo3(signature = (
    listener, handler, *, limit = 64, prefork = 0, iterative = false, drain = None, each = None, user = None,
    group = None, log = None
))]
#[allow(clippy::too_many_arguments)] // Python's keywords.
pub(crate) fn serve(
    py: Python<'_>,
    listener: &Listener,
    handler: &Bound<'_, PyAny>,
    #[pyo3(from_py_with = number::limit)] limit: usize,
    #[pyo3(from_py_with = number::prefork)] prefork: usize,
    iterative: bool,
    drain: Option<&Bound<'_, PyTuple>>,
    each: Option<Seconds>,
    user: Option<&Bound<'_, PyAny>>,
    group: Option<&Bound<'_, PyAny>>,
    log: Option<Py<PyAny>>,
) -> PyResult<ServerReport> {
    if limit == 0 {
        return Err(PyValueError::new_err("serve: the limit is at least one process"));
    }
    let (signal, grace) = match drain {
        Some(drain) => {
            let (signal, grace): (Option<String>, Seconds) = drain.extract()?;
            (signal, duration(Some(grace))?)
        }
        None => (Some("TERM".to_owned()), Some(Duration::from_secs(5))),
    };
    let each = duration(each)?;
    let command = if handler.is_callable() { None } else { Some(Command::new(handler, None::<&Bound<'_, PyDict>>)?) };
    if command.is_some() && (prefork > 0 || iterative) {
        return Err(PyTypeError::new_err("a command is started for each client: no prefork, not iterative"));
    }
    let name = |who: Option<&Bound<'_, PyAny>>| who.map(|who| who.str()?.extract::<String>()).transpose();
    let (user, group) = (name(user)?, name(group)?);
    if log.as_ref().is_some_and(|log| !log.bind(py).is_callable()) {
        return Err(PyTypeError::new_err("serve: the log is a function of four arguments"));
    }
    if group.is_some() && user.is_none() {
        return Err(PyTypeError::new_err("a group comes with a user"));
    }
    flush_standard(py)?;
    let mut server = Server::new(listener.held.take()?).map_err(|error| raise(py, error))?;
    server.limit(limit).prefork(prefork).iterative(iterative).each(each);
    server.drain(signal.as_deref(), grace.unwrap_or(Duration::MAX));
    if let Some(user) = &user {
        server.user(user, group.as_deref());
    }
    if let Some(log) = log {
        server.log(move |event| tell(&log, event));
    }
    match &command {
        Some(command) => {
            server.exec(&command.cmd);
        }
        None => {
            warm(py)?;
            let handler = handler.clone().unbind();
            server.fd_handler(move |client, deadline| call(&handler, client, deadline, iterative));
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
    let result = blocking(py, || match catch_unwind(AssertUnwindSafe(|| server.run())) {
        Ok(report) => report.map(Ok),
        Err(panic) => panic.downcast().map(Err).map_err(|panic| resume_unwind(panic)),
    });
    result.and_then(|report| report.map_err(|error: Box<PyErr>| *error)).map(ServerReport).inspect_err(|error| {
        let _ = error.value(py).setattr("report", ServerReport(server.report()));
    })
}
