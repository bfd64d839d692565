//! A semaphore on a futex.

use perlipc::Deadline;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::cmd::path;
use crate::error::raise;
use crate::number;
use crate::signal::blocking;
use crate::time::{Seconds, deadline};

/// A semaphore that processes share, which makes no system call as long as nobody has to wait: quicker than Semaphore,
/// with one counter, and without undo. Who is killed with a unit never gives it back; a Lock tells of that, and
/// Semaphore.take(undo=True) gives back.
///
/// It is made with the value if there is none of that name. Names are as for Lock; None is this process's and its forked
/// children's. Any thread takes and gives. `with futex:` takes one, and gives it.
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct FutexSemaphore(perlipc::FutexSemaphore);

#[pymethods]
impl FutexSemaphore {
    #[new]
    #[pyo3(signature = (name = None, value = 1, *, mode = 0o600))]
    fn new(
        py: Python<'_>,
        name: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = number::value)] value: u32,
        #[pyo3(from_py_with = number::mode)] mode: u32,
    ) -> PyResult<FutexSemaphore> {
        let opened = match name {
            Some(name) => perlipc::FutexSemaphore::open(path(name)?, value, mode),
            None => perlipc::FutexSemaphore::anonymous(value),
        };
        opened.map(FutexSemaphore).map_err(|error| raise(py, error))
    }

    /// Takes it away by its name; who has it open keeps it. ValueError for what is no such semaphore, which keeps its
    /// name.
    #[staticmethod]
    fn remove(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        perlipc::FutexSemaphore::remove(path(name)?).map_err(|error| raise(py, error))
    }

    /// Takes one, waiting until there is one. TimeoutError after timeout seconds.
    #[pyo3(signature = (*, timeout = None))]
    fn take(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<()> {
        let deadline = deadline(timeout)?;
        // What is there needs no other thread to run.
        match self.0.take(Deadline::NOW) {
            Err(error) if error.is_timeout() => blocking(py, || self.0.take(deadline)),
            other => other.map_err(|error| raise(py, error)),
        }
    }

    /// Gives one, whoever took it. Does not block. OSError with EOVERFLOW beyond 2147483647.
    fn give(&self, py: Python<'_>) -> PyResult<()> {
        self.0.give().map_err(|error| raise(py, error))
    }

    /// How many there are now.
    fn value(&self) -> u32 {
        self.0.value()
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().take(slf.py(), None)?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.give(py)
    }

    fn __repr__(&self) -> String {
        format!("FutexSemaphore(value={})", self.0.value())
    }
}
