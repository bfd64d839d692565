//! The lock between processes.

use perlipc::Deadline;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::cmd::path;
use crate::error::raise;
use crate::number;
use crate::signal::blocking;
use crate::time::{Seconds, deadline};

/// A lock that processes share, and that survives its holder: whoever is killed with it, the next one gets it and is told.
///
/// A name without a slash is this machine's (in /dev/shm), one with a slash a file; None is this process's and its
/// forked children's. It must be of our own making or root's, else PermissionError. The thread that took it has it and
/// gives it back; its end counts as the holder's death.
///
/// `with lock as died:` takes and gives it; died says whether its last holder died with it.
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct Lock {
    core: perlipc::Lock,
    /// As its repr shows it.
    name: String,
}

/// Takes at once if nobody has it, which needs no other thread to run.
pub(crate) fn take(
    py: Python<'_>,
    timeout: Option<Seconds>,
    take: impl Fn(Deadline) -> perlipc::Result<bool> + Sync,
) -> PyResult<bool> {
    let deadline = deadline(timeout)?;
    match take(Deadline::NOW) {
        Err(error) if error.is_timeout() => blocking(py, || take(deadline)),
        other => other.map_err(|error| raise(py, error)),
    }
}

#[pymethods]
impl Lock {
    #[new]
    #[pyo3(signature = (name = None, *, mode = 0o600))]
    fn new(
        py: Python<'_>,
        name: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = number::mode)] mode: u32,
    ) -> PyResult<Lock> {
        let opened = match name {
            Some(name) => perlipc::Lock::open(path(name)?, mode),
            None => perlipc::Lock::anonymous(),
        };
        let core = opened.map_err(|error| raise(py, error))?;
        let name = name.map(|name| name.repr()).transpose()?;
        Ok(Lock { core, name: name.map(|name| name.to_string()).unwrap_or_default() })
    }

    /// Takes it away by its name; who has it open keeps it. ValueError for what is no lock, which keeps its name.
    #[staticmethod]
    fn remove(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        perlipc::Lock::remove(path(name)?).map_err(|error| raise(py, error))
    }

    /// Takes it, waiting for it: True when its last holder died with it, and what it guards may be half done.
    /// TimeoutError after timeout seconds; OSError with EDEADLK when this thread has it already.
    #[pyo3(signature = (*, timeout = None))]
    fn take(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<bool> {
        take(py, timeout, |deadline| self.core.take(deadline))
    }

    /// Gives it back; PermissionError when this thread does not have it.
    fn give(&self, py: Python<'_>) -> PyResult<()> {
        self.core.give().map_err(|error| raise(py, error))
    }

    fn __enter__(&self, py: Python<'_>) -> PyResult<bool> {
        self.take(py, None)
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.give(py)
    }

    fn __repr__(&self) -> String {
        format!("Lock({})", self.name)
    }
}
