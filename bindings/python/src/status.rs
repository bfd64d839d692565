//! `$?`.

use perlipc::signal;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use crate::error::child_error;
use crate::number;

/// How a process ended: Perl's $?.
///
/// int(status) is the native wait status, as os.waitpid gives it: code << 8, or the signal's number, plus 0x80 where a
/// core was dumped; -1 when nobody can know how it ended. Equal to another status, or to that number.
///
/// A status has no truth value: Perl and Python read it the other way round. Ask .ok.
///
/// >>> import perlipc as ipc
/// >>> ipc.system("exit 3;")
/// Status(exited with 3)
/// >>> int(_), _.code, _.ok
/// (768, 3, False)
#[pyclass(frozen, module = "perlipc")]
pub(crate) struct Status(pub(crate) perlipc::Status);

impl From<perlipc::Status> for Status {
    fn from(status: perlipc::Status) -> Status {
        Status(status)
    }
}

fn named(number: Option<i32>) -> Option<String> {
    number.map(|number| signal::name(number).map_or_else(|| number.to_string(), str::to_owned))
}

#[pymethods]
impl Status {
    /// From a wait status, the number that os.waitpid gives; a negative one is unknown.
    #[new]
    #[pyo3(signature = (status, /))]
    fn new(#[pyo3(from_py_with = number::status)] status: i32) -> Status {
        Status(perlipc::Status::from_raw(status))
    }

    /// The exit code; None if it did not exit by itself.
    #[getter]
    fn code(&self) -> Option<i32> {
        self.0.code()
    }

    /// The name of the signal that killed it, "TERM"; None if none did.
    #[getter]
    fn signal(&self) -> Option<String> {
        named(self.0.signal())
    }

    /// Whether it left a core.
    #[getter]
    fn core(&self) -> bool {
        self.0.core()
    }

    /// The name of the signal that stopped it, where it is only stopped.
    #[getter]
    fn stopped(&self) -> Option<String> {
        named(self.0.stopped())
    }

    /// Whether anything is known. It is not where somebody else took the status from the kernel, before Linux 6.15.
    #[getter]
    fn known(&self) -> bool {
        self.0.is_known()
    }

    /// Whether it exited with 0.
    #[getter]
    fn ok(&self) -> bool {
        self.0.success()
    }

    /// As subprocess has it: the code, or the negative number of the signal; None when unknown or only stopped.
    #[getter]
    fn returncode(&self) -> Option<i32> {
        self.0.code().or_else(|| self.0.signal().map(|signal| -signal))
    }

    /// The status itself if it is ok; else raises ChildError.
    fn check<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        match slf.get().0 {
            status if status.success() => Ok(slf.clone()),
            status => Err(child_error(slf.py(), false, None, status, None, None)),
        }
    }

    fn __int__(&self) -> i32 {
        self.0.raw()
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err("a Status has no truth value (Perl's $? is false on success): ask status.ok"))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        match other.cast::<Status>() {
            Ok(other) => other.get().0 == self.0,
            Err(_) => other.extract::<i32>().is_ok_and(|number| number == self.0.raw()),
        }
    }

    fn __hash__(&self) -> isize {
        // As the number's, which it may be equal to; Python itself takes -1 for -2.
        self.0.raw() as isize
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }

    fn __str__(&self) -> String {
        self.0.to_string()
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, pyo3::types::PyType>, (i32,)) {
        (slf.get_type(), (slf.get().0.raw(),))
    }
}
