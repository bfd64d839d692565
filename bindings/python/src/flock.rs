//! Perl's flock, with a timeout.

use perlipc::FlockMode;
use pyo3::prelude::*;

use crate::error::raise;
use crate::signal::blocking;
use crate::socket::{borrowed, number};
use crate::time::{Seconds, deadline};

/// Locks an open file (or descriptor): "SH" (others may too), "EX" (nobody else), "UN" (given up).
///
/// Waits until it is free, and handlers run meanwhile; TimeoutError after timeout seconds, in which it is tried at
/// intervals of up to 20 ms, since the kernel has no timed form. Perl: flock(FH, LOCK_EX).
#[pyfunction]
#[pyo3(signature = (file, mode, *, timeout = None))]
pub(crate) fn flock(py: Python<'_>, file: &Bound<'_, PyAny>, mode: &str, timeout: Option<Seconds>) -> PyResult<()> {
    let mode: FlockMode = mode.parse().map_err(|error| raise(py, error))?;
    let fd = number(file)?;
    let deadline = deadline(timeout)?;
    blocking(py, || perlipc::flock(borrowed(fd), mode, deadline))
}
