//! Perl's taint checks.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::raise;

/// Checks this process as Perl's -T would before it runs a command: PATH with a directory that is relative, empty or
/// writable by everybody, IFS, CDPATH, ENV or BASH_ENV in the environment, TERM with odd characters, real and
/// effective ids that differ.
///
/// Raises PermissionError that names the first thing that is not safe. taint=True makes these checks, and that of the
/// program, each time a command is started. Does not block. Perl: -T, which follows each value from where it came;
/// this looks at what a value holds.
#[pyfunction]
pub(crate) fn taint_check(py: Python<'_>) -> PyResult<()> {
    perlipc::taint::check().map_err(|error| raise(py, error))
}

/// A minimal environment that passes the taint checks, for env=: PATH=/usr/bin:/bin, and TERM, LANG and LC_* of this
/// process where they hold nothing odd. clean=True starts a command with it.
#[pyfunction]
pub(crate) fn clean_environment(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let decode = py.import("os")?.getattr("fsdecode")?;
    let env = PyDict::new(py);
    for (name, value) in perlipc::taint::clean() {
        env.set_item(decode.call1((PyBytes::new(py, &name),))?, decode.call1((PyBytes::new(py, &value),))?)?;
    }
    Ok(env)
}
