//! Named pipes.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use perlipc::fifo;
use pyo3::prelude::*;

use crate::cmd::bytes;
use crate::error::raise;
use crate::signal::blocking;
use crate::stream::{Origin, Stream};
use crate::time::deadline;

fn path(path: &Bound<'_, PyAny>) -> PyResult<OsString> {
    bytes(path).map(OsString::from_vec)
}

/// Makes a named pipe; the process's umask takes its bits from the mode. FileExistsError when the name is taken; with
/// exist_ok only if that is no named pipe. Perl: POSIX::mkfifo.
#[pyfunction]
#[pyo3(signature = (path, mode = 0o600, *, exist_ok = false))]
pub(crate) fn mkfifo(py: Python<'_>, path: &Bound<'_, PyAny>, mode: u32, exist_ok: bool) -> PyResult<()> {
    let path = self::path(path)?;
    match fifo::make(&path, mode) {
        Err(error) if exist_ok && error.errno() == libc::EEXIST && fifo::is(&path).unwrap_or(false) => Ok(()),
        made => made.map_err(|error| raise(py, error)),
    }
}

/// Whether there is a named pipe of that name. Perl: -p.
#[pyfunction]
pub(crate) fn is_fifo(py: Python<'_>, path: &Bound<'_, PyAny>) -> PyResult<bool> {
    fifo::is(self::path(path)?).map_err(|error| raise(py, error))
}

/// Opens a named pipe: "<" to read, waiting for a writer, until the last writer has closed; ">" to write, waiting for a
/// reader; "+<" waits for nobody, and reads on while writers come and go, as does "<" with keep=True. Writes are buffered
/// until flush() or close().
///
/// timeout is in seconds, None waits for ever; TimeoutError when it is over. ValueError for what is no named pipe.
#[pyfunction]
#[pyo3(signature = (path, mode, *, keep = false, timeout = None, text = false))]
pub(crate) fn open_fifo(
    py: Python<'_>,
    path: &Bound<'_, PyAny>,
    mode: &str,
    keep: bool,
    timeout: Option<f64>,
    text: bool,
) -> PyResult<Stream> {
    let path = self::path(path)?;
    let mode = if keep && mode == "<" { fifo::Mode::Keep } else { mode.parse().map_err(|error| raise(py, error))? };
    let deadline = deadline(timeout)?;
    let stream = blocking(py, || fifo::open(&path, mode, deadline))?;
    Stream::new(py, stream, text, Origin::default())
}
