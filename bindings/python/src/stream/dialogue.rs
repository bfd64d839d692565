//! A dialogue with a program, at a terminal or not: expect, a user who joins in, keys and sizes.

#![allow(unsafe_code)]

use std::os::fd::{FromRawFd, OwnedFd};

use perlipc::Deadline;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::{Stream, fileno};
use crate::error::raise;
use crate::expect;
use crate::interact::{self, Escape};
use crate::number;
use crate::signal::blocking;
use crate::time::{self, Seconds};

/// What stood before a match, what matched, and its groups.
pub(crate) type Parts = (Py<PyAny>, Py<PyAny>, Py<PyTuple>);

impl Stream {
    /// Waits for a pattern: which one or why not, and what stood before, what matched and its groups; `quiet`: nothing of
    /// what is unread at a timeout.
    pub(crate) fn expect_core(
        &self,
        py: Python<'_>,
        expect: &perlipc::Expect,
        deadline: Deadline,
        quiet: bool,
    ) -> PyResult<(perlipc::Result<usize>, Parts)> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        let answer = blocking(py, || Ok(core.expect(expect, deadline)))?;
        let untold = quiet && answer.as_ref().is_err_and(perlipc::Error::is_timeout);
        let found = call.found().filter(|_| !untold);
        let before = found.map_or(&[][..], |found| found.before());
        let groups = found.map_or(0, |found| found.groups());
        let parts = self.parts(py, before, groups, |i| found.and_then(|found| found.group(i)))?;
        Ok((answer, parts))
    }

    /// A match, as the stream gives bytes.
    pub(crate) fn parts<'a>(
        &self,
        py: Python<'_>,
        before: &[u8],
        groups: usize,
        group: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> PyResult<Parts> {
        let before = self.give(py, before)?;
        let matched = self.give(py, group(0).unwrap_or_default())?;
        let groups = (1..=groups)
            .map(|i| group(i).map(|group| self.give(py, group)).transpose())
            .collect::<PyResult<Vec<_>>>()?;
        Ok((before.unbind(), matched.unbind(), PyTuple::new(py, groups)?.unbind()))
    }
}

fn duplicate(file: &Bound<'_, PyAny>) -> PyResult<OwnedFd> {
    let copy = file.py().import("os")?.call_method1("dup", (fileno(file)?,))?.extract()?;
    // SAFETY: os.dup has just made it, for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
}

#[pymethods]
impl Stream {
    /// Waits for one of the patterns: a Match, behind which the stream goes on. patterns is one or a list of bytes (str of
    /// a text stream), compiled regular expressions, and EOF; or an Expect, prepared once.
    ///
    /// timeout is in seconds, None waits for ever: ExpectTimeout when it is over, ExpectEOF at the end unless EOF is in the
    /// list; both have what is unread in .before, and it stays unread. Perl: Expect.pm's expect.
    #[pyo3(signature = (patterns, *, timeout = Some(Seconds::THIRTY)), text_signature = "($self, patterns, *, timeout=30.0)")]
    fn expect(&self, py: Python<'_>, patterns: &Bound<'_, PyAny>, timeout: Option<Seconds>) -> PyResult<expect::Match> {
        expect::expect(self, py, patterns, time::deadline(timeout)?)
    }

    /// A dialogue in one call: steps are pairs of what to wait for, as expect's patterns, and what to write then; None on
    /// either side is nothing. Gives the Matches.
    ///
    /// timeout is of all together, in seconds. What expect raises, this does. Perl: none; chat's scripts.
    #[pyo3(signature = (steps, *, timeout = Some(Seconds::THIRTY)), text_signature = "($self, steps, *, timeout=30.0)")]
    fn script(
        &self,
        py: Python<'_>,
        steps: &Bound<'_, PyAny>,
        timeout: Option<Seconds>,
    ) -> PyResult<Vec<expect::Match>> {
        expect::script(self, py, steps, time::deadline(timeout)?)
    }

    /// A copy of all that is read by lines or expect goes to that file or descriptor, of which the stream keeps a
    /// duplicate; None: nowhere, as at first. A log that is full stands in the way of later reads until their time is over:
    /// what was read is in the stream then, and goes to the log with the next read. A poll set that looks for lines keeps up to
    /// 1 MiB for it; then the stream counts as ready, and the read waits for the log. Perl: $exp->log_file.
    #[pyo3(signature = (file, /))]
    fn log(&self, py: Python<'_>, file: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.reading(py)?;
        let log = file.map(duplicate).transpose()?;
        self.enter_to_read()?.log(log).map_err(|error| raise(py, error))
    }

    /// Joins the user's terminal with a pty's child: what is typed goes to the child, Control-C too, and what it says is
    /// shown, until the escape key is typed ("escape" comes back), the child has ended ("eof"), or the terminal is hung up
    /// ("hangup"). The terminal is raw meanwhile, hands its size on, stops and goes on by job control, and is put back on
    /// every way out, signals included. Open the pty with echo=True and crlf=True for a person's use.
    ///
    /// escape is one byte, None for none. Hooks are called with a Match when something was seen: keys, typed, which the
    /// child does not get; on_input and on_output, patterns (bytes, str, compiled), which look on. The terminal is as it
    /// was before while a hook runs, and the hook may use the stream; what it returns other than None ends the call, which
    /// returns that. stdin and stdout are the terminal, files or descriptors; they need not be one.
    ///
    /// One terminal at a time can be joined in a process. timeout is in seconds, None is for ever; the stream's own does
    /// not count. Perl: Expect.pm's interact.
    #[pyo3(
        signature = (escape = Escape::CONTROL_BRACKET, *, keys = None, on_input = None, on_output = None, stdin = None, stdout = None, timeout = None),
        text_signature = "($self, escape=b'\\x1d', *, keys=None, on_input=None, on_output=None, stdin=None, stdout=None, timeout=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords")]
    fn interact(
        &self,
        py: Python<'_>,
        escape: Escape,
        keys: Option<&Bound<'_, PyAny>>,
        on_input: Option<&Bound<'_, PyAny>>,
        on_output: Option<&Bound<'_, PyAny>>,
        stdin: Option<&Bound<'_, PyAny>>,
        stdout: Option<&Bound<'_, PyAny>>,
        timeout: Option<Seconds>,
    ) -> PyResult<Py<PyAny>> {
        self.reading(py)?;
        self.writing(py)?;
        interact::interact(self, py, escape, [keys, on_input, on_output], [stdin, stdout], time::deadline(timeout)?)
    }

    /// Writes the byte that a key gives with Control held: "c" interrupts, "d" is the end of input, "\\" quits.
    #[pyo3(signature = (key, /))]
    fn control(&self, py: Python<'_>, key: char) -> PyResult<()> {
        self.writing(py)?;
        let byte = perlipc::pty::control(key).map_err(|error| raise(py, error))?;
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.write(&[byte]))
    }

    /// Gives a pty a new size: its foreground processes get WINCH. OSError (ENOTTY) for another stream.
    #[pyo3(signature = (rows, cols))]
    fn resize(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = number::rows)] rows: u16,
        #[pyo3(from_py_with = number::cols)] cols: u16,
    ) -> PyResult<()> {
        perlipc::pty::resize(&*self.open()?, rows, cols).map_err(|error| raise(py, error))
    }
}
