//! Named pipes.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use perlipc::fifo;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::error::raise;
use crate::number;
use crate::signal::blocking;
use crate::stream::{Origin, Stream};
use crate::time::{Seconds, deadline};

/// Makes a named pipe; the process's umask takes its bits from the mode. FileExistsError when the name is taken; with
/// exist_ok only if that is no named pipe. Perl: POSIX::mkfifo.
#[pyfunction]
#[pyo3(signature = (path, mode = 0o600, *, exist_ok = false))]
pub(crate) fn mkfifo(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    #[pyo3(from_py_with = number::mode)] mode: u32,
    exist_ok: bool,
) -> PyResult<()> {
    let path = crate::cmd::path(path)?;
    match fifo::make(&path, mode) {
        Err(error) if exist_ok && error.errno() == libc::EEXIST && fifo::is(&path).unwrap_or(false) => Ok(()),
        made => made.map_err(|error| raise(py, error)),
    }
}

/// Whether there is a named pipe of that name; a name that leads nowhere is none. Perl: -p.
#[pyfunction]
pub(crate) fn is_fifo(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<bool> {
    fifo::is(crate::cmd::path(path)?).map_err(|error| raise(py, error))
}

/// Opens a named pipe: "<" to read, waiting for a writer, until the last writer has closed; ">" to write, waiting for a
/// reader; "+<" waits for nobody, and reads on while writers come and go, as does "<" with keep=True. Writes are buffered
/// until flush() or close(); those of "+<", which the same stream may read, go out at once.
///
/// timeout is in seconds, None waits for ever; TimeoutError when it is over. ValueError for what is no named pipe.
#[pyfunction]
#[pyo3(signature = (path, mode, *, keep = false, timeout = None, text = false))]
pub(crate) fn open_fifo(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    mode: &str,
    keep: bool,
    timeout: Option<Seconds>,
    text: bool,
) -> PyResult<Stream> {
    let path = crate::cmd::path(path)?;
    let mode = if keep && mode == "<" { fifo::Mode::Keep } else { mode.parse().map_err(|error| raise(py, error))? };
    let deadline = deadline(timeout)?;
    let stream = blocking(py, || fifo::open(&path, mode, deadline))?;
    Stream::new(py, stream, text, Origin::default())
}

/// A named pipe in a directory of its own that only this user can enter, so that nobody can put another in its place. Both
/// are removed at the end of the with block, by remove(), or with the object.
///
/// >>> import perlipc as ipc
/// >>> with ipc.PrivateFifo() as path:
/// ...     ipc.is_fifo(path)
/// True
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct PrivateFifo {
    path: PathBuf,
    made: Mutex<Option<fifo::Private>>,
}

impl PrivateFifo {
    fn take(&self) -> Option<fifo::Private> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[pymethods]
impl PrivateFifo {
    /// Makes both, below XDG_RUNTIME_DIR, TMPDIR or /tmp.
    #[new]
    fn new(py: Python<'_>) -> PyResult<PrivateFifo> {
        let made = fifo::Private::new().map_err(|error| raise(py, error))?;
        Ok(PrivateFifo { path: made.path().to_owned(), made: Mutex::new(Some(made)) })
    }

    /// Its path.
    #[getter]
    fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves both where they are; the path.
    fn keep(&self) -> &Path {
        if let Some(made) = self.take() {
            made.keep();
        }
        &self.path
    }

    /// Removes both, once.
    fn remove(&self) {
        drop(self.take());
    }

    fn __fspath__(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        Ok(py.import("os")?.call_method1("fspath", (self.path(),))?.unbind())
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("PrivateFifo({})", self.path().into_pyobject(py)?.repr()?))
    }

    fn __enter__(&self) -> &Path {
        &self.path
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, _exc: &Bound<'_, PyTuple>) {
        self.remove();
    }
}
