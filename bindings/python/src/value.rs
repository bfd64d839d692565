//! The variable that processes share.

use perlipc::{Deadline, Value};
use pyo3::exceptions::PyPermissionError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::cmd::path;
use crate::data::plain;
use crate::error::raise;
use crate::lock::take;
use crate::number;
use crate::signal::blocking;
use crate::time::{Seconds, deadline};

/// A variable that processes share: bytes of any length up to size, at first none. Readers never see a part of a value,
/// and a writer that is killed leaves the last whole one. Names are as for Lock.
///
/// `with shared:` keeps other writers out, so that nothing comes between a read and a write.
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct Shared(Value);

impl Shared {
    fn read<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        // Waits only while writers leave no gap to read in.
        let value = match self.0.get(Deadline::NOW) {
            Err(error) if error.is_timeout() => blocking(py, || self.0.get(Deadline::NEVER))?,
            other => other.map_err(|error| raise(py, error))?,
        };
        Ok(PyBytes::new(py, &value))
    }

    fn put(&self, py: Python<'_>, value: &[u8], deadline: Deadline) -> PyResult<()> {
        match self.0.write(value, Deadline::NOW) {
            Err(error) if error.is_timeout() => blocking(py, || self.0.write(value, deadline)),
            other => other.map_err(|error| raise(py, error)),
        }
    }
}

#[pymethods]
impl Shared {
    #[new]
    #[pyo3(signature = (name = None, size = 4096, *, mode = 0o600))]
    fn new(
        py: Python<'_>,
        name: Option<&Bound<'_, PyAny>>,
        #[pyo3(from_py_with = number::size)] size: usize,
        #[pyo3(from_py_with = number::mode)] mode: u32,
    ) -> PyResult<Shared> {
        let opened = match name {
            Some(name) => Value::open(path(name)?, size, mode),
            None => Value::anonymous(size),
        };
        opened.map(Shared).map_err(|error| raise(py, error))
    }

    /// Takes it away by its name; who has it open keeps it. ValueError for what is no such variable, which keeps its
    /// name.
    #[staticmethod]
    fn remove(py: Python<'_>, name: &Bound<'_, PyAny>) -> PyResult<()> {
        Value::remove(path(name)?).map_err(|error| raise(py, error))
    }

    /// The value. Assigning waits while another writer is at work.
    #[getter]
    fn value<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        self.read(py)
    }

    #[setter]
    fn set_value(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.write(py, value, None)
    }

    /// Puts a new value (bytes, or what has a buffer) in the place of the old one. TimeoutError when another writer
    /// keeps us out that long; OSError with EMSGSIZE when it is too long.
    #[pyo3(signature = (value, *, timeout = None))]
    fn write(&self, py: Python<'_>, value: &Bound<'_, PyAny>, timeout: Option<Seconds>) -> PyResult<()> {
        let (deadline, value) = (deadline(timeout)?, plain(value)?);
        self.put(py, &value, deadline)
    }

    /// How long it can be.
    #[getter]
    fn size(&self) -> usize {
        self.0.capacity()
    }

    /// How often it was written: changes with each new value.
    #[getter]
    fn version(&self) -> u64 {
        self.0.version()
    }

    /// The value as struct.unpack(format, value) has it.
    fn unpack<'py>(&self, py: Python<'py>, format: &str) -> PyResult<Bound<'py, PyAny>> {
        py.import("struct")?.call_method1("unpack", (format, self.read(py)?))
    }

    /// Writes struct.pack(format, *values).
    #[pyo3(signature = (format, *values))]
    fn pack(&self, py: Python<'_>, format: &str, values: &Bound<'_, PyTuple>) -> PyResult<()> {
        let mut args = vec![format.into_pyobject(py)?.into_any()];
        args.extend(values.iter());
        let packed = py.import("struct")?.call_method1("pack", PyTuple::new(py, args)?)?;
        self.put(py, packed.cast::<PyBytes>()?.as_bytes(), Deadline::NEVER)
    }

    /// Writes an object, pickled.
    fn dump(&self, py: Python<'_>, object: &Bound<'_, PyAny>) -> PyResult<()> {
        let pickled = py.import("pickle")?.call_method1("dumps", (object,))?;
        self.put(py, pickled.cast::<PyBytes>()?.as_bytes(), Deadline::NEVER)
    }

    /// The object that dump() wrote. Unpickling somebody's bytes runs his code: PermissionError unless nobody but this
    /// user and root can write to the value.
    fn load<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        if !self.0.is_private() {
            return Err(PyPermissionError::new_err((libc::EPERM, "load: others may write to the value")));
        }
        py.import("pickle")?.call_method1("loads", (self.read(py)?,))
    }

    /// Keeps other writers out: True when the last who did so died with it (the value is whole all the same).
    #[pyo3(signature = (*, timeout = None))]
    fn take(&self, py: Python<'_>, timeout: Option<Seconds>) -> PyResult<bool> {
        take(py, timeout, |deadline| self.0.take(deadline))
    }

    /// Lets other writers in again.
    fn give(&self, py: Python<'_>) -> PyResult<()> {
        self.0.give().map_err(|error| raise(py, error))
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().take(slf.py(), None)?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.give(py)
    }

    fn __repr__(&self) -> String {
        format!("Shared(size={}, version={})", self.0.capacity(), self.0.version())
    }
}
