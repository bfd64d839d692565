//! A process that this one started; fork, wait, exec.

use std::os::fd::{AsRawFd, IntoRawFd};
use std::sync::{Mutex, PoisonError};

use perlipc::{Deadline, Fork};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::cmd::{Command, flush_standard};
use crate::error::raise;
use crate::number;
use crate::signal::{self, blocking};
use crate::status::Status;
use crate::time::{Seconds, deadline, duration};

/// A process that this one started: held by a pidfd, so that never a stranger is signalled, and no status is lost,
/// whoever else calls waitpid.
///
/// From start(), fork() or a stream's .child. Dropping it never blocks and leaves no zombie. All methods may be called
/// from any thread at any moment.
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct Child(pub(crate) perlipc::Child);

#[pymethods]
impl Child {
    /// The process id.
    #[getter]
    fn pid(&self) -> i32 {
        self.0.pid()
    }

    /// How it ended, if somebody has waited for it or polled since; else None.
    #[getter]
    fn status(&self) -> Option<Status> {
        self.0.status().map(Status::from)
    }

    /// The pidfd: readable when the process has ended. It stays the child's: do not close it.
    fn fileno(&self) -> PyResult<i32> {
        match self.0.pidfd() {
            Some(fd) => Ok(fd.as_raw_fd()),
            None => Err(PyOSError::new_err((libc::ENOSYS, "fileno: the kernel gave no pidfd"))),
        }
    }

    /// A new descriptor that is at its end when the process has ended, for event loops that take pipes but no pidfds.
    ///
    /// It is the reading end of a pipe, and yours: close it. It says only that; ask poll() for the status. A thread of the
    /// library's waits for all of them meanwhile. A process that this one forks meanwhile keeps it from ending, until that
    /// executes something or ends: take fileno() where there are such.
    fn exit_fd(&self, py: Python<'_>) -> PyResult<i32> {
        self.0.exit_pipe().map(IntoRawFd::into_raw_fd).map_err(|error| raise(py, error))
    }

    /// Waits for its end and gives its status; asked again it answers again.
    ///
    /// timeout is in seconds, None waits for ever; TimeoutError when it is over. Perl: waitpid($pid, 0).
    #[pyo3(signature = (timeout = None))]
    fn wait(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<Status> {
        let deadline = deadline(timeout)?;
        blocking(py, || self.0.wait(deadline)).map(Status::from)
    }

    /// Its status if it has ended, else None. Does not block. Perl: waitpid($pid, WNOHANG).
    fn poll(&self, py: Python<'_>) -> PyResult<Option<Status>> {
        let status = self.0.poll().map_err(|error| raise(py, error))?;
        Ok(status.map(Status::from))
    }

    /// Sends it a signal, by name or number; 0 asks only whether it still runs.
    ///
    /// With tree=True all that descend from it get it too: each is stopped and held first, until no new one appears.
    /// The answer says who was reached: "process", "group" or "sweep". ProcessLookupError when it has ended. Does not
    /// block. Perl: kill.
    #[pyo3(signature = (signal = "TERM".to_owned(), *, tree = false))]
    #[pyo3(text_signature = "($self, signal='TERM', *, tree=False)")]
    fn kill(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = signal::name)] signal: String,
        tree: bool,
    ) -> PyResult<&'static str> {
        if !tree {
            self.0.kill(&signal).map_err(|error| raise(py, error))?;
            return Ok("process");
        }
        let reach = blocking(py, || self.0.kill_tree(&signal))?;
        Ok(match reach.how {
            perlipc::How::Process => "process",
            perlipc::How::Group => "group",
            perlipc::How::Sweep => "sweep",
        })
    }

    /// For perlipc.aio: the same with tree=True, and the tree knows then whom it has reached, for a second signal to those.
    fn _kill_again(&self, py: Python<'_>, signal: &str, tree: &Tree) -> PyResult<()> {
        let mut tree = tree.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tree: &mut perlipc::Tree = &mut tree;
        blocking(py, || self.0.kill_again(signal, tree)).map(drop)
    }

    /// Ends it and all that descend from it: TERM, up to grace seconds for all of them to go, then KILL; its status.
    #[pyo3(signature = (grace = Seconds::ONE), text_signature = "($self, grace=1.0)")]
    fn end(&self, py: Python<'_>, grace: Seconds) -> PyResult<Status> {
        let grace = duration(Some(grace))?.ok_or_else(|| PyValueError::new_err("grace has an end"))?;
        blocking(py, || self.0.end(grace)).map(Status::from)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}

/// For perlipc.aio: whom a signal to a child's tree has reached.
#[pyclass(frozen, module = "perlipc._perlipc")]
pub(crate) struct Tree(Mutex<perlipc::Tree>);

#[pymethods]
impl Tree {
    #[new]
    fn new() -> Tree {
        Tree(Mutex::default())
    }

    /// Their pidfds; they stay the tree's.
    fn pidfds(&self) -> Vec<i32> {
        let tree = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tree.pidfds().map(|pidfd| pidfd.as_raw_fd()).collect()
    }
}

/// Starts a command without any pipe and without waiting: a Child.
///
/// A str follows Perl's shell rule, a sequence never meets a shell. What cannot be executed is an OSError here, with
/// the failing step as .step. Perl: fork and exec.
#[pyfunction]
#[pyo3(signature = (command, **options))]
pub(crate) fn start(
    py: Python<'_>,
    command: &Bound<'_, PyAny>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Child> {
    Command::new(command, options)?.start(py, perlipc::Cmd::start).map(Child)
}

/// This process becomes the command. Comes back only by an OSError that tells why not.
///
/// What Python has buffered for the standard output and error is written before. Descriptors that were not passed do
/// not survive. Perl: exec.
#[pyfunction]
#[pyo3(signature = (command, **options))]
pub(crate) fn exec(py: Python<'_>, command: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<()> {
    Command::new(command, options)?.start(py, |cmd| Err(cmd.exec()))
}

/// Waits for any child that this library started and whose end was not told yet: its pid and status. One that nobody has
/// a Child of any more is told too; of those that ended long before, the last thousand.
///
/// timeout is in seconds, None waits for ever; TimeoutError when it is over, ChildProcessError when there is no such
/// child. Children of others, the subprocess module's for one, are left to them, unless pid says which may be taken: the
/// numbers are waitpid()'s, so wait(pid=-N) tells which of group N has ended. Perl: wait.
#[pyfunction]
#[pyo3(signature = (timeout = None, *, pid = None))]
pub(crate) fn wait(
    py: Python<'_>,
    timeout: Option<Seconds>,
    #[pyo3(from_py_with = number::pid)] pid: Option<i32>,
) -> PyResult<(i32, Status)> {
    let deadline = deadline(timeout)?;
    let told = blocking(py, || pid.map_or_else(|| perlipc::wait_any(deadline), |pid| perlipc::wait_pid(pid, deadline)));
    told.map(|(pid, status)| (pid, Status::from(status)))
}

/// Waits for the child of that pid, or by -1 for any child at all, 0 for one of the own process group, -N for one of
/// group N, whoever started it: its status; None when it did not end within timeout seconds. Which it was wait(pid=) tells.
///
/// ChildProcessError when there is none. What it takes of this library's children their handles still know. Perl:
/// waitpid; timeout=0 is its WNOHANG.
#[pyfunction]
#[pyo3(signature = (pid, *, timeout = None))]
pub(crate) fn waitpid(
    py: Python<'_>,
    #[pyo3(from_py_with = number::pid)] pid: i32,
    timeout: Option<Seconds>,
) -> PyResult<Option<Status>> {
    let deadline = deadline(timeout)?;
    let told = blocking(py, || match perlipc::wait_pid(pid, deadline) {
        Err(error) if error.is_timeout() => Ok(None),
        told => told.map(Some),
    })?;
    Ok(told.map(|(_, status)| Status::from(status)))
}

/// How many children that nobody holds any more still run. Those that have ended are reaped by the way.
#[pyfunction]
pub(crate) fn orphans() -> usize {
    perlipc::orphans()
}

/// Forks by os.fork: the Child, None in the child itself. The child goes on when the parent holds it.
#[pyfunction]
pub(crate) fn fork(py: Python<'_>) -> PyResult<Option<Child>> {
    flush_standard(py)?;
    match by_os_fork(py, |fork| perlipc::fork_by(fork))? {
        Fork::Parent(child) => Ok(Some(Child(child))),
        Fork::Child => Ok(None),
    }
}

/// Lets the core fork by os.fork, which runs what modules have registered for that.
pub(crate) fn by_os_fork<T>(
    py: Python<'_>,
    fork: impl FnOnce(&mut dyn FnMut() -> perlipc::Result<i32>) -> perlipc::Result<T>,
) -> PyResult<T> {
    let mut raised = None;
    let mut os_fork = || {
        let pid = py.import("os").and_then(|os| os.call_method0("fork")).and_then(|pid| pid.extract());
        pid.map_err(|error| {
            raised = Some(error);
            perlipc::Error::Interrupted { step: "fork" }
        })
    };
    let answer = fork(&mut os_fork);
    match (answer, raised) {
        (_, Some(error)) => Err(error),
        (answer, None) => answer.map_err(|error| raise(py, error)),
    }
}

/// Until it ends or that long; for streams that are left on an exception.
pub(crate) fn end(py: Python<'_>, child: &perlipc::Child, grace: std::time::Duration) {
    // The exception that is under way is the one to tell of.
    let _ = py.detach(|| child.end(grace).or_else(|_| child.wait(Deadline::NOW)));
    drop(signal::raised());
}
