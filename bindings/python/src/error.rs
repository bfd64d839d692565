//! The core's errors as Python's exceptions.

use perlipc::{Error, Status};
use pyo3::PyTypeInfo;
use pyo3::call::PyCallArgs;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::data::decode;
use crate::signal;

/// The exception for an error: an OSError with errno and filename (so that Python picks FileNotFoundError,
/// BrokenPipeError, TimeoutError ...) and the failing step as `step`; ValueError for bad input and closed streams, as
/// Python's own files have it; RuntimeError where a call comes at the wrong moment.
pub(crate) fn raise(py: Python<'_>, error: Error) -> PyErr {
    let raised = match &error {
        Error::Abandoned { .. } | Error::Interrupted { .. } => match signal::raised() {
            Some(raised) => return raised,
            None => os_error(py, &error),
        },
        Error::Invalid { .. } => made::<PyValueError>(py, (error.to_string(),)),
        Error::Closed { step } => made::<PyValueError>(py, (format!("{step}: I/O operation on closed stream"),)),
        Error::Busy { step } => {
            let text = format!("{step}: in use by another thread or an interrupted call");
            made::<PyRuntimeError>(py, (text,))
        }
        Error::Threads { step } => {
            let text = format!("{step}: the process has several threads (say threads_ok=True to fork all the same)");
            made::<PyRuntimeError>(py, (text,))
        }
        _ => os_error(py, &error),
    };
    // An exception takes attributes; one that does not would only lack these.
    let _ = raised.value(py).setattr("step", error.step());
    if error.is_timeout() {
        // The limit of the call, and not what the network calls so.
        let _ = raised.value(py).setattr("by_limit", true);
    }
    raised
}

/// An exception, made at once: a destructor that runs while the interpreter ends may fail too, and later none can be made.
fn made<'py, T: PyTypeInfo>(py: Python<'py>, args: impl PyCallArgs<'py>) -> PyErr {
    py.get_type::<T>().call1(args).map_or_else(|error| error, PyErr::from_value)
}

/// Steps whose thing is a file, and so the exception's filename.
const OF_FILES: [&str; 4] = ["exec", "open", "chdir", "mkfifo"];

fn os_error(py: Python<'_>, error: &Error) -> PyErr {
    let (step, path, errno) = (error.step(), error.path(), error.errno());
    // Their texts say more than the errno's.
    if let Error::Removed { .. }
    | Error::Limit { .. }
    | Error::Lookup { .. }
    | Error::Insecure { .. }
    | Error::TooLong { .. } = error
    {
        return made::<PyOSError>(py, (errno, error.to_string()));
    }
    let why = match error {
        Error::Timeout { .. } => "timed out".to_owned(),
        Error::Canceled { .. } => "cancelled".to_owned(),
        Error::Interrupted { .. } | Error::Abandoned { .. } => "interrupted".to_owned(),
        _ => perlipc::error_text(errno),
    };
    match path {
        "" => made::<PyOSError>(py, (errno, format!("{step}: {why}"))),
        _ if OF_FILES.contains(&step) => match decode(py, error.path_bytes()) {
            Ok(path) => made::<PyOSError>(py, (errno, format!("{step}: {why}"), path)),
            Err(error) => error,
        },
        path => made::<PyOSError>(py, (errno, format!("{step} {path}: {why}"))),
    }
}

/// A ChildError, or the kind of it that is a TimeoutError too.
pub(crate) fn child_error(
    py: Python<'_>,
    timed_out: bool,
    command: Option<&Bound<'_, PyAny>>,
    status: Status,
    output: Option<Bound<'_, PyAny>>,
    errors: Option<Bound<'_, PyAny>>,
) -> PyErr {
    let make = || -> PyResult<PyErr> {
        let class = py.import("perlipc.error")?.getattr(if timed_out { "CommandTimeout" } else { "ChildError" })?;
        let nothing = || pyo3::types::PyBytes::new(py, b"").into_any();
        let args = (
            command,
            crate::status::Status::from(status),
            output.unwrap_or_else(nothing),
            errors.unwrap_or_else(nothing),
        );
        Ok(PyErr::from_value(class.call1(args)?))
    };
    make().unwrap_or_else(|error| error)
}
