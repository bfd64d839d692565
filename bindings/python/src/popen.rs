//! Pipe opens.

use std::time::Duration;

use perlipc::popen::{self, Errors, Fork3, ForkOpen, Mode, Open3};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::child::{Child, by_os_fork};
use crate::cmd::{Command, bytes, flush_standard};
use crate::error::raise;
use crate::stream::{Origin, Stream};

fn mode(py: Python<'_>, mode: &str) -> PyResult<Mode> {
    mode.parse().map_err(|error| raise(py, error))
}

/// Perl's pipe open of a command; see perlipc.open.
#[pyfunction]
#[pyo3(signature = (spec, command = None, *, check = false, text = false, **options))]
pub(crate) fn open(
    py: Python<'_>,
    spec: &Bound<'_, PyString>,
    command: Option<&Bound<'_, PyAny>>,
    check: bool,
    text: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Stream> {
    let named = command.unwrap_or(spec).clone();
    // A file's name in it may be no UTF-8.
    let spec = bytes(spec)?;
    let shown = String::from_utf8_lossy(&spec);
    let (mut command, mode) = match command {
        Some(command) => (Command::new(command, options)?, mode(py, &shown)?),
        None if matches!(&*shown, "-|" | "|-") => {
            return Err(PyTypeError::new_err(format!(
                "open({shown:?}) without a command forks: that is fork_open({shown:?})"
            )));
        }
        None => {
            let (cmd, mode) = popen::parse(&spec).map_err(|error| raise(py, error))?;
            (Command::of(cmd, options)?, mode)
        }
    };
    let grace = command.grace;
    let stream = command.start(py, |cmd| popen::start(cmd, mode))?;
    Stream::new(py, stream, text, Origin { command: Some(named.unbind()), check, grace })
}

/// Perl's fork form of open; see perlipc.fork_open.
#[pyfunction]
#[pyo3(signature = (mode, *, threads_ok = false, check = false, text = false))]
pub(crate) fn fork_open(
    py: Python<'_>,
    mode: &str,
    threads_ok: bool,
    check: bool,
    text: bool,
) -> PyResult<Option<Stream>> {
    let mode = self::mode(py, mode)?;
    flush_standard(py)?;
    match by_os_fork(py, |fork| popen::fork_by(mode, threads_ok, fork))? {
        ForkOpen::Parent(stream) => Stream::new(py, stream, text, Origin { check, ..Origin::default() }).map(Some),
        ForkOpen::Child => Ok(None),
    }
}

/// Writer, reader and error stream, those that there are, and the child.
type Streams = (Option<Stream>, Option<Stream>, Option<Stream>, Child);

fn opened(
    py: Python<'_>,
    opened: Open3,
    text: bool,
    command: Option<&Bound<'_, PyAny>>,
    grace: Duration,
) -> PyResult<Streams> {
    let make = |stream: Option<perlipc::Stream>| {
        let origin = || Origin { command: command.cloned().map(Bound::unbind), check: false, grace };
        stream.map(|stream| Stream::new(py, stream, text, origin())).transpose()
    };
    Ok((make(opened.writer)?, make(opened.reader)?, make(opened.error)?, Child(opened.child)))
}

/// Perl's open2; see perlipc.open2.
#[pyfunction]
#[pyo3(signature = (command, *, text = false, **options))]
pub(crate) fn open2(
    py: Python<'_>,
    command: &Bound<'_, PyAny>,
    text: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Streams> {
    let named = command;
    let mut command = Command::new(command, options)?;
    let grace = command.grace;
    let (reader, writer) = command.start(py, popen::open2)?;
    let Some(child) = reader.child().cloned() else { return Err(PyTypeError::new_err("open2: no child")) };
    opened(py, Open3 { reader: Some(reader), writer: Some(writer), error: None, child }, text, Some(named), grace)
}

/// Perl's open3; see perlipc.open3.
#[pyfunction]
#[pyo3(signature = (command, *, merge = false, text = false, **options))]
pub(crate) fn open3(
    py: Python<'_>,
    command: &Bound<'_, PyAny>,
    merge: bool,
    text: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Streams> {
    let named = command;
    let mut command = Command::new(command, options)?;
    let grace = command.grace;
    let errors = if merge { Errors::Merged } else { Errors::Apart };
    let streams = command.start(py, |cmd| popen::open3(cmd, errors))?;
    opened(py, streams, text, Some(named), grace)
}

fn fork3(py: Python<'_>, errors: Errors, threads_ok: bool, text: bool) -> PyResult<Option<Streams>> {
    flush_standard(py)?;
    match by_os_fork(py, |fork| popen::fork3_by(errors, threads_ok, fork))? {
        Fork3::Parent(streams) => opened(py, streams, text, None, Origin::default().grace).map(Some),
        Fork3::Child => Ok(None),
    }
}

/// The fork form of open2; see perlipc.fork_open2.
#[pyfunction]
#[pyo3(signature = (*, threads_ok = false, text = false))]
pub(crate) fn fork_open2(py: Python<'_>, threads_ok: bool, text: bool) -> PyResult<Option<Streams>> {
    fork3(py, Errors::Shared, threads_ok, text)
}

/// The fork form of open3; see perlipc.fork_open3.
#[pyfunction]
#[pyo3(signature = (*, merge = false, threads_ok = false, text = false))]
pub(crate) fn fork_open3(py: Python<'_>, merge: bool, threads_ok: bool, text: bool) -> PyResult<Option<Streams>> {
    fork3(py, if merge { Errors::Merged } else { Errors::Apart }, threads_ok, text)
}
