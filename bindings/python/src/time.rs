//! Time limits: seconds as a float, None for ever.

use std::time::Duration;

use perlipc::Deadline;
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

/// Seconds as the caller gives them: an int beyond a float's reach is infinite.
#[derive(Clone, Copy)]
pub(crate) struct Seconds(f64);

impl Seconds {
    pub(crate) const ZERO: Seconds = Seconds(0.0);
    pub(crate) const ONE: Seconds = Seconds(1.0);
    pub(crate) const THIRTY: Seconds = Seconds(30.0);
}

impl<'py> FromPyObject<'_, 'py> for Seconds {
    type Error = PyErr;

    fn extract(seconds: Borrowed<'_, 'py, PyAny>) -> PyResult<Seconds> {
        match seconds.extract::<f64>() {
            Err(error) if error.is_instance_of::<PyOverflowError>(seconds.py()) => {
                Ok(Seconds(if seconds.gt(0)? { f64::INFINITY } else { f64::NEG_INFINITY }))
            }
            other => other.map(Seconds),
        }
    }
}

impl From<Seconds> for f64 {
    fn from(seconds: Seconds) -> f64 {
        seconds.0
    }
}

/// Seconds as a duration; None where there is no limit, or one beyond the clock's reach.
pub(crate) fn duration(seconds: Option<impl Into<f64>>) -> PyResult<Option<Duration>> {
    match seconds.map(Into::into) {
        None => Ok(None),
        Some(seconds) if seconds >= 0.0 => Ok(Duration::try_from_secs_f64(seconds).ok()),
        Some(seconds) => Err(PyValueError::new_err(format!("a time limit is not negative: {seconds}"))),
    }
}

pub(crate) fn deadline(seconds: Option<impl Into<f64>>) -> PyResult<Deadline> {
    duration(seconds).map(Deadline::after)
}
