//! The magic ARGV.

use std::sync::{Mutex, MutexGuard, TryLockError};

use perlipc::argv::Argv;
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::cmd::bytes;
use crate::data::{self, decode, encode};
use crate::error::raise;
use crate::signal::{blocking, ignored_by_python};
use crate::status::Status;

/// Many files, one after another, as one stream of lines: from argv().
///
/// Iterating gives records. A name that cannot be opened is told in a line on the standard error and passed over.
#[pyclass(frozen, generic, weakref, module = "perlipc")]
pub(crate) struct ArgvStream {
    core: Mutex<Argv>,
    text: bool,
}

impl ArgvStream {
    /// Never waited for: who has it may wait for the interpreter, or be the call that this handler has interrupted.
    fn lock(&self) -> PyResult<MutexGuard<'_, Argv>> {
        match self.core.try_lock() {
            Ok(core) => Ok(core),
            Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => Err(PyRuntimeError::new_err(
                "the files are in use by another thread, or by the call that this handler interrupted",
            )),
        }
    }

    fn give<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        if self.text { decode(py, data) } else { encode(py, data) }
    }
}

#[pymethods]
impl ArgvStream {
    /// The name of the file that was read last, as it was given; "-" for standard input. Perl: $ARGV.
    #[getter]
    fn name<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        decode(py, self.lock()?.name())
    }

    /// How many records were read, of all files; close() sets it back, and a record of a name that was pushed behind the end.
    /// Perl: $.
    #[getter]
    fn lineno(&self) -> PyResult<u64> {
        Ok(self.lock()?.lineno())
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> Bound<'py, Self> {
        slf.clone()
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let mut core = self.lock()?;
        let argv: &mut Argv = &mut core;
        if let Some(line) = argv.readline_ahead() {
            return self.give(py, line).map(Some);
        }
        let line = blocking(py, || argv.readline())?;
        line.map(|line| self.give(py, line)).transpose()
    }

    /// Whether the record before was the last of its file. Perl: eof.
    fn eof(&self, py: Python<'_>) -> PyResult<bool> {
        let mut core = self.lock()?;
        let argv: &mut Argv = &mut core;
        blocking(py, || argv.eof())
    }

    /// Whether there is no more record in any file; to know, it goes on to the next one. Perl: eof().
    fn eof_all(&self, py: Python<'_>) -> PyResult<bool> {
        let mut core = self.lock()?;
        let argv: &mut Argv = &mut core;
        blocking(py, || argv.eof_all())
    }

    /// One more name, behind the others. Perl: push @ARGV.
    fn push(&self, name: &Bound<'_, PyAny>) -> PyResult<()> {
        let name = bytes(name)?;
        self.lock()?.push(name);
        Ok(())
    }

    /// What ends a record: bytes (str for text), empty for paragraphs; an int for records of that many bytes; None for
    /// each file whole. Perl: $/.
    fn set_separator(&self, py: Python<'_>, separator: &Bound<'_, PyAny>) -> PyResult<()> {
        let separator = data::separator(separator, self.text)?;
        self.lock()?.separator(separator).map_err(|error| raise(py, error))
    }

    /// Closes the current file, and counts records from 0 again; the status of a command. Perl: close ARGV.
    fn close(&self, py: Python<'_>) -> PyResult<Option<Status>> {
        let mut core = self.lock()?;
        let argv: &mut Argv = &mut core;
        Ok(blocking(py, || argv.close())?.map(Status::from))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(match self.lock() {
            Ok(core) => format!("<perlipc.ArgvStream {} lineno={}>", decode(py, core.name())?.repr()?, core.lineno()),
            Err(_) => "<perlipc.ArgvStream in use>".to_owned(),
        })
    }
}

/// Many files, one after another, as one stream of lines; sys.argv[1:] when no names are given, standard input when there
/// are none.
///
/// Names are taken as they are, as Perl's <<>> does. With magic=True, Perl's <>: "cmd |" is a command whose output is
/// read, "-" is standard input ("<-" and "<&STDIN" too), "<&3" a descriptor; trust the names then. A command that has said all
/// is left behind without a word on how it ended: close() tells, where eof() is true after a record.
///
/// >>> import perlipc as ipc
/// >>> list(ipc.argv(["printf 'a\\nb\\n' |"], magic=True))
/// [b'a\n', b'b\n']
#[pyfunction]
#[pyo3(signature = (names = None, *, magic = false, text = false))]
pub(crate) fn argv(py: Python<'_>, names: Option<&Bound<'_, PyAny>>, magic: bool, text: bool) -> PyResult<ArgvStream> {
    if names.is_some_and(|names| names.is_instance_of::<PyString>() || names.is_instance_of::<PyBytes>()) {
        return Err(PyTypeError::new_err("argv: a list of names, not a name"));
    }
    let list = match names {
        Some(names) => names.try_iter()?.map(|name| bytes(&name?)).collect::<PyResult<Vec<_>>>()?,
        None => {
            let all = py.import("sys")?.getattr("argv")?;
            all.try_iter()?.skip(1).map(|name| bytes(&name?)).collect::<PyResult<Vec<_>>>()?
        }
    };
    let mut core = Argv::open(list, magic);
    core.prepare(|cmd| {
        cmd.default_signals(ignored_by_python());
    });
    Ok(ArgvStream { core: Mutex::new(core), text })
}
