//! Perl's flock, with a timeout.

use std::os::fd::{AsFd, BorrowedFd, RawFd};

use perlipc::{Error, FlockMode};
use pyo3::prelude::*;

use crate::error::raise;
use crate::signal::blocking;
use crate::time::deadline;

/// Locks an open file (or descriptor): "SH" (others may too), "EX" (nobody else), "UN" (given up).
///
/// Waits until it is free, and handlers run meanwhile; TimeoutError after timeout seconds, in which it is tried at
/// intervals of up to 20 ms, since the kernel has no timed form. Perl: flock(FH, LOCK_EX).
#[pyfunction]
#[pyo3(signature = (file, mode, *, timeout = None))]
pub(crate) fn flock(py: Python<'_>, file: &Bound<'_, PyAny>, mode: &str, timeout: Option<f64>) -> PyResult<()> {
    let mode: FlockMode = mode.parse().map_err(|error| raise(py, error))?;
    let fd: RawFd = match file.extract() {
        Ok(fd) => fd,
        Err(_) => file.call_method0("fileno")?.extract()?,
    };
    if fd < 0 {
        return Err(raise(py, Error::Os { step: "flock", path: fd.to_string().into(), errno: libc::EBADF }));
    }
    let deadline = deadline(timeout)?;
    // SAFETY: the caller keeps the file open during the call.
    #[allow(unsafe_code)]
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    blocking(py, || perlipc::flock(fd.as_fd(), mode, deadline))
}
