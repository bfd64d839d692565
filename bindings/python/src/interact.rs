//! The user's terminal joined with a child's.

use perlipc::interact::Event;
use perlipc::{Deadline, Interact};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyString};

use crate::cmd::flush_standard;
use crate::data::owned;
use crate::error::raise;
use crate::expect::{Match, regex};
use crate::signal::blocking;
use crate::stream::{Stream, fileno};

fn bytes(keys: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    owned(keys, keys.is_instance_of::<PyString>())
}

/// The key that ends it, one byte or None.
pub(crate) struct Escape(Option<u8>);

impl Escape {
    pub(crate) const CONTROL_BRACKET: Escape = Escape(Some(0x1d));
}

impl<'py> FromPyObject<'_, 'py> for Escape {
    type Error = PyErr;

    fn extract(key: Borrowed<'_, 'py, PyAny>) -> PyResult<Escape> {
        if key.is_none() {
            return Ok(Escape(None));
        }
        match bytes(&key)?.as_slice() {
            [byte] => Ok(Escape(Some(*byte))),
            _ => Err(PyValueError::new_err("the escape key is one byte")),
        }
    }
}

/// See Stream.interact. `hooks`: of keys, of what is typed, of what the child says.
pub(crate) fn interact(
    stream: &Stream,
    py: Python<'_>,
    escape: Escape,
    hooks: [Option<&Bound<'_, PyAny>>; 3],
    terminal: [Option<&Bound<'_, PyAny>>; 2],
    deadline: Deadline,
) -> PyResult<Py<PyAny>> {
    let mut interact = Interact::new();
    interact.escape(escape.0);
    let [stdin, stdout] = terminal.map(|file| file.map(fileno).transpose());
    interact.terminal(stdin?.unwrap_or(0), stdout?.unwrap_or(1));
    let mut callbacks = Vec::new();
    for (side, hooks) in hooks.into_iter().enumerate() {
        let Some(hooks) = hooks else { continue };
        for item in hooks.cast::<PyMapping>()?.items()? {
            let (pattern, callback) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            let added = match side {
                0 => interact.key(bytes(&pattern)?),
                1 => interact.input(&regex(&pattern)?),
                _ => interact.output(&regex(&pattern)?),
            };
            added.map_err(|error| raise(py, error))?;
            callbacks.push(callback);
        }
    }
    loop {
        flush_standard(py)?;
        let event = {
            let mut call = stream.enter()?;
            let core: &mut perlipc::Stream = &mut call;
            blocking(py, || interact.next(core, deadline))?
        };
        let number = match event {
            Event::Seen(number) => number,
            Event::Escape => return Ok(PyString::new(py, "escape").into_any().unbind()),
            Event::Eof => return Ok(PyString::new(py, "eof").into_any().unbind()),
            Event::Input => return Ok(PyString::new(py, "hangup").into_any().unbind()),
        };
        let parts = stream.parts(py, &[], interact.groups(), |group| interact.seen(group))?;
        let Some(callback) = callbacks.get(number) else { continue };
        let answer = callback.call1((Match::new(number, parts),))?;
        if !answer.is_none() {
            return Ok(answer.unbind());
        }
    }
}
