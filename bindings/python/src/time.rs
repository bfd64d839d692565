//! Time limits: seconds as a float, None for ever.

use std::time::Duration;

use perlipc::Deadline;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Seconds as a duration; None where there is no limit, or one beyond the clock's reach.
pub(crate) fn duration(seconds: Option<f64>) -> PyResult<Option<Duration>> {
    match seconds {
        None => Ok(None),
        Some(seconds) if seconds >= 0.0 => Ok(Duration::try_from_secs_f64(seconds).ok()),
        Some(seconds) => Err(PyValueError::new_err(format!("a time limit is not negative: {seconds}"))),
    }
}

pub(crate) fn deadline(seconds: Option<f64>) -> PyResult<Deadline> {
    duration(seconds).map(Deadline::after)
}
