//! Python's signal handlers, run from inside blocking calls, and the signals that Python itself changes.

use std::cell::Cell;
use std::ffi::c_int;

use perlipc::Error;
use pyo3::prelude::*;

use crate::error::raise;

thread_local! {
    /// What a handler raised while a call of the core was under way on this thread.
    static RAISED: Cell<Option<PyErr>> = const { Cell::new(None) };
}

/// What the core asks when a handler that is not its own has interrupted a call: Python's handlers run, and the call
/// goes on with the time that is left unless one of them raised.
pub(crate) fn run_handlers() -> bool {
    let answer = Python::try_attach(|py| match py.check_signals() {
        Ok(()) => true,
        Err(error) => {
            RAISED.set(Some(error));
            false
        }
    });
    // Without an interpreter there is nobody to go on for.
    answer.unwrap_or(false)
}

/// The exception of a handler that ended the last call of this thread.
pub(crate) fn raised() -> Option<PyErr> {
    RAISED.take()
}

/// A call of the core that may block: other threads run meanwhile, and what a handler raises comes out of it.
pub(crate) fn blocking<T: Send>(py: Python<'_>, call: impl FnOnce() -> perlipc::Result<T> + Send) -> PyResult<T> {
    let answer = py.detach(call);
    if let Some(error) = raised() {
        return Err(error);
    }
    answer.map_err(|error| raise(py, error))
}

/// Ignored by the interpreter from its start, which is nobody's wish for its children.
pub(crate) const IGNORED_BY_PYTHON: [&str; 2] = ["PIPE", "XFSZ"];

/// A signal as the core takes it: by name, or by number.
pub(crate) fn name(signal: &Bound<'_, PyAny>) -> PyResult<String> {
    match signal.extract::<c_int>() {
        Ok(number) if number >= 0 => Ok(number.to_string()),
        Ok(number) => Err(raise(
            signal.py(),
            Error::Invalid { step: "signal", reason: format!("no such signal: {number}").into() },
        )),
        Err(_) => Ok(signal.extract::<String>()?),
    }
}
