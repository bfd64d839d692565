//! Backticks and system.

use perlipc::Deadline;
use pyo3::exceptions::{PyKeyboardInterrupt, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::cmd::Command;
use crate::data::{decode, encode, owned};
use crate::error::{child_error, raise};
use crate::number;
use crate::room;
use crate::signal::{blocking, raised};
use crate::status::Status;
use crate::stream::Stream;
use crate::time::{Seconds, deadline};

/// What a command said, and how it ended: from capture().
#[pyclass(frozen, generic, module = "perlipc")]
pub(crate) struct Result {
    status: Py<Status>,
    stdout: Py<PyAny>,
    stderr: Py<PyAny>,
    timed_out: bool,
    dropped: u64,
    fed: usize,
    statuses: Vec<perlipc::Status>,
    /// The command runs on: there is no status yet.
    running: bool,
}

impl Result {
    fn new(py: Python<'_>, mut capture: perlipc::Capture, text: bool) -> PyResult<Result> {
        Ok(Result {
            running: false,
            status: Py::new(py, Status::from(capture.status()))?,
            stdout: give(py, &mut capture, 1, text)?.unbind(),
            stderr: give(py, &mut capture, 2, text)?.unbind(),
            timed_out: capture.timed_out(),
            dropped: capture.dropped(1) + capture.dropped(2),
            fed: capture.fed(),
            statuses: capture.stages().to_vec(),
        })
    }
}

impl Result {
    /// Of a conversation, which ends no child.
    fn left(py: Python<'_>, capture: perlipc::Capture, text: bool) -> PyResult<Result> {
        let running = capture.stopped().is_some() && !capture.status().is_known();
        Ok(Result { running, ..Result::new(py, capture, text)? })
    }
}

#[pymethods]
impl Result {
    /// How it ended; unknown of a command that communicate() has left running. One that has ended is known, also where a
    /// descendant of it keeps communicate() waiting for the end of its output.
    #[getter]
    fn status(&self, py: Python<'_>) -> Py<Status> {
        self.status.clone_ref(py)
    }

    /// Its standard output; with a limit, the beginning and the end of it.
    #[getter]
    fn stdout(&self, py: Python<'_>) -> Py<PyAny> {
        self.stdout.clone_ref(py)
    }

    /// Its standard error, likewise.
    #[getter]
    fn stderr(&self, py: Python<'_>) -> Py<PyAny> {
        self.stderr.clone_ref(py)
    }

    /// Whether the time was over: of communicate() nobody is ended, of all else that ended it.
    #[getter]
    fn timed_out(&self) -> bool {
        self.timed_out
    }

    /// How many bytes the limit dropped from the middle of both outputs.
    #[getter]
    fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many bytes of the input went out.
    #[getter]
    fn fed(&self) -> usize {
        self.fed
    }

    /// How each command of a pipeline ended, in order.
    #[getter]
    fn statuses(&self) -> Vec<Status> {
        self.statuses.iter().copied().map(Status::from).collect()
    }

    /// Whether each command of a pipeline did what it should: it succeeded, or, before the last, it ended by SIGPIPE, since
    /// the next one wanted to hear no more.
    #[getter]
    fn ok(&self) -> bool {
        let last = self.statuses.len().saturating_sub(1);
        let fine = |(i, status): (usize, &perlipc::Status)| {
            status.success() || (i < last && status.signal() == Some(libc::SIGPIPE))
        };
        self.statuses.iter().enumerate().all(fine)
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyTuple>)> {
        let make = py.import("perlipc._perlipc")?.getattr("result")?;
        let said = (self.stdout.clone_ref(py), self.stderr.clone_ref(py));
        let args = (self.statuses(), said.0, said.1, self.timed_out, self.fed, self.dropped, self.running);
        Ok((make, args.into_pyobject(py)?))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let status = if self.running { "running".into() } else { self.status.bind(py).repr()?.to_string() };
        let stdout = self.stdout.bind(py).repr()?;
        let stderr = self.stderr.bind(py).repr()?;
        let timed_out = if self.timed_out { ", timed out" } else { "" };
        Ok(format!("Result({status}, stdout={stdout}, stderr={stderr}{timed_out})"))
    }
}

/// An output (1 or 2): what is large is an object already, and not copied.
fn give<'py>(py: Python<'py>, capture: &mut perlipc::Capture, fd: i32, text: bool) -> PyResult<Bound<'py, PyAny>> {
    let data = if fd == 2 { capture.errors() } else { capture.output() };
    if text {
        return decode(py, data);
    }
    match capture.take_room(fd) {
        Some((room, len)) => room::taken(py, room, len),
        None => encode(py, if fd == 2 { capture.errors() } else { capture.output() }),
    }
}

/// Runs it and keeps what it says.
fn run(
    py: Python<'_>,
    command: &mut Command,
    input: Option<&[u8]>,
    text: bool,
    deadline: Deadline,
) -> PyResult<perlipc::Capture> {
    let running = command.start(py, |cmd| perlipc::capture::start(cmd, input.is_some()))?;
    // Text is decoded from the bytes: those need not be an object.
    let make = if text { perlipc::capture::pages } else { room::make };
    let capture = blocking(py, || Ok(running.finish_in(input.unwrap_or_default(), deadline, make)))?;
    match capture.stopped() {
        Some(error) if !error.is_timeout() => Err(raise(py, error.clone())),
        _ => Ok(capture),
    }
}

/// Runs a command with its input fed and both outputs drained at once: a Result. Never stands still on a full pipe.
///
/// input is its standard input (None: this process's). limit keeps the first half of that many bytes of each output
/// and the last half. timeout is in seconds and bounds the whole call, even where a grandchild keeps the pipe: at its
/// end the child and all that descend from it are ended (TERM, grace seconds, KILL), and what came until then is in
/// the Result with timed_out True. An exception of a signal handler ends them too. Raises OSError when it cannot start.
///
/// >>> import perlipc as ipc
/// >>> ipc.capture(["sort"], b"b\na\n").stdout
/// b'a\nb\n'
#[pyfunction]
#[pyo3(signature = (command, input = None, *, limit = None, timeout = None, text = false, **options))]
pub(crate) fn capture(
    py: Python<'_>,
    command: &Bound<'_, PyAny>,
    input: Option<&Bound<'_, PyAny>>,
    #[pyo3(from_py_with = number::limit)] limit: Option<usize>,
    timeout: Option<Seconds>,
    text: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Result> {
    let mut command = Command::new(command, options)?;
    command.cmd.keep(limit);
    let copied;
    let input = match input.map(|input| (input, input.cast::<PyBytes>())) {
        None => None,
        Some((_, Ok(bytes))) if !text => Some(bytes.as_bytes()),
        Some((input, _)) => {
            copied = owned(input, text)?;
            Some(copied.as_slice())
        }
    };
    let capture = run(py, &mut command, input, text, deadline(timeout)?)?;
    Result::new(py, capture, text)
}

/// What a command says on its standard output: Perl's backticks.
///
/// Unless it exits with 0, ChildError is raised, with status, stdout and stderr; check=False takes any status. timeout
/// is in seconds and bounds the whole call; at its end CommandTimeout has what came until then, and the command's
/// processes are ended. What it says on its standard error goes, as with Perl, to this process's; with check=True only
/// when it is over, and into the ChildError if that is raised.
///
/// >>> import perlipc as ipc
/// >>> ipc.qx(["echo", "hi"])
/// b'hi\n'
/// >>> ipc.qx("echo $((6 * 7))", text=True)
/// '42\n'
#[pyfunction]
#[pyo3(signature = (command, *, check = true, timeout = None, text = false, **options))]
pub(crate) fn qx<'py>(
    py: Python<'py>,
    command: &Bound<'py, PyAny>,
    check: bool,
    timeout: Option<Seconds>,
    text: bool,
    options: Option<&Bound<'py, PyDict>>,
) -> PyResult<Bound<'py, PyAny>> {
    let named = command;
    let mut command = Command::new(named, options)?;
    if !check && !has(options, "stderr")? {
        command.cmd.redirect(2, "inherit");
    }
    let mut capture = run(py, &mut command, None, text, deadline(timeout)?)?;
    let (status, timed_out) = (capture.status(), capture.timed_out());
    if timed_out || (check && !status.success()) {
        let output = give(py, &mut capture, 1, text)?;
        let errors = give(py, &mut capture, 2, text)?;
        return Err(child_error(py, timed_out, Some(named), status, Some(output), Some(errors)));
    }
    if !capture.errors().is_empty() {
        pass_on(py, capture.errors())?;
    }
    give(py, &mut capture, 1, text)
}

/// Where no error took it along, what the command said on its standard error goes where it would have gone.
fn pass_on(py: Python<'_>, errors: &[u8]) -> PyResult<()> {
    let os = py.import("os")?;
    let mut rest = errors;
    while !rest.is_empty() {
        // A standard error that takes nothing loses this as it would have lost the command's own.
        let Ok(n) = os.call_method1("write", (2, PyBytes::new(py, rest))).and_then(|n| n.extract::<usize>()) else {
            break;
        };
        rest = rest.get(n..).unwrap_or_default();
    }
    Ok(())
}

fn has(options: Option<&Bound<'_, PyDict>>, name: &str) -> PyResult<bool> {
    options.map_or(Ok(false), |options| options.contains(name))
}

/// Runs a command and waits for it: its status.
///
/// Whatever the status is, nothing is raised for it; ask .ok, or say .check(). OSError when it cannot start. timeout
/// is in seconds; at its end the command's processes are ended (TERM, grace seconds, KILL) and CommandTimeout is
/// raised. While it runs, INT and QUIT are the command's, as in Perl; when it died of INT, KeyboardInterrupt follows.
///
/// >>> import perlipc as ipc
/// >>> ipc.system(["true"]).ok
/// True
#[pyfunction]
#[pyo3(signature = (command, *, timeout = None, **options))]
pub(crate) fn system(
    py: Python<'_>,
    command: &Bound<'_, PyAny>,
    timeout: Option<Seconds>,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Status> {
    let named = command;
    let mut command = Command::new(named, options)?;
    let deadline = deadline(timeout)?;
    let running = command.start(py, perlipc::Cmd::start_system)?;
    // Also when a handler raises, the command's processes are ended, and Python has INT back.
    let ended = blocking(py, move || Ok(running.wait(deadline)))?;
    let status = ended.status;
    match ended.stopped {
        Some(error) if error.is_timeout() => return Err(child_error(py, true, Some(named), status, None, None)),
        Some(error) => return Err(raise(py, error)),
        None => {}
    }
    if status.signal() == Some(libc::SIGINT) && python_handles_int(py)? {
        return Err(PyKeyboardInterrupt::new_err(()));
    }
    Ok(Status::from(status))
}

/// Whether INT is Python's own KeyboardInterrupt here: nobody who has set it otherwise is surprised by one.
fn python_handles_int(py: Python<'_>) -> PyResult<bool> {
    let module = py.import("signal")?;
    let now = module.call_method1("getsignal", (libc::SIGINT,))?;
    Ok(now.is(&module.getattr("default_int_handler")?))
}

/// Runs commands side by side, each one's output the next one's input, without a shell: a Result with what the last one
/// says, the standard errors of all, and their statuses. A command that ended because the next one wanted to hear no more
/// (SIGPIPE) has not failed. At the timeout all are ended, and what came until then is there.
///
/// >>> import perlipc as ipc
/// >>> ipc.pipeline(["printf", "b\\na\\n"], ["sort"]).stdout
/// b'a\nb\n'
#[pyfunction]
#[pyo3(signature = (*commands, input = None, timeout = None, text = false))]
pub(crate) fn pipeline(
    py: Python<'_>,
    commands: &Bound<'_, PyTuple>,
    input: Option<&Bound<'_, PyAny>>,
    timeout: Option<Seconds>,
    text: bool,
) -> PyResult<Result> {
    let cmds = commands.iter().map(|command| Ok(Command::new(&command, None)?.cmd)).collect::<PyResult<Vec<_>>>()?;
    let input = input.map(|input| owned(input, text)).transpose()?;
    let deadline = deadline(timeout)?;
    crate::cmd::flush_standard(py)?;
    let capture = blocking(py, || perlipc::pipeline::run(&cmds, input.as_deref(), deadline))?;
    match capture.stopped() {
        Some(error) if !error.is_timeout() => Err(raise(py, error.clone())),
        _ => Result::new(py, capture, text),
    }
}

/// See Duplex.communicate.
#[pyfunction]
#[pyo3(signature = (writer, reader, error, input, timeout, text))]
pub(crate) fn feed(
    py: Python<'_>,
    writer: Option<&Bound<'_, Stream>>,
    reader: Option<&Bound<'_, Stream>>,
    error: Option<&Bound<'_, Stream>>,
    input: Option<&Bound<'_, PyAny>>,
    timeout: Option<Seconds>,
    text: bool,
) -> PyResult<Result> {
    let input = input.map(|input| owned(input, text)).transpose()?.unwrap_or_default();
    let deadline = deadline(timeout)?;
    if writer.is_none() && !input.is_empty() {
        return Err(PyValueError::new_err("communicate: there is input, but the standard input is redirected"));
    }
    let (mut saying, mut hearing, mut failing) = (
        writer.map(|s| s.get().enter()).transpose()?,
        reader.map(|s| s.get().enter()).transpose()?,
        error.map(|s| s.get().enter()).transpose()?,
    );
    let ends: [Option<&mut perlipc::Stream>; 3] =
        [saying.as_deref_mut(), hearing.as_deref_mut(), failing.as_deref_mut()];
    let answer = py.detach(|| {
        let [writer, reader, error] = ends;
        perlipc::capture::feed(writer, &input, reader, error, deadline)
    });
    let capture = match answer {
        Ok(capture) => capture,
        Err(error) => return Err(raised().unwrap_or_else(|| raise(py, error))),
    };
    let stopped = capture.stopped().filter(|error| !error.is_timeout()).cloned();
    match raised().or_else(|| stopped.map(|error| raise(py, error))) {
        // The child runs on, and what it said must not be lost with a handler's exception.
        Some(raised) => {
            raised.value(py).setattr("result", Result::left(py, capture, text)?)?;
            Err(raised)
        }
        None => Result::left(py, capture, text),
    }
}

/// For perlipc.aio, and for pickle: a Result of what was heard from commands that ended so.
#[pyfunction]
#[pyo3(signature = (statuses, stdout, stderr, timed_out, fed, dropped = 0, running = false))]
pub(crate) fn result(
    statuses: Vec<Py<Status>>,
    stdout: Py<PyAny>,
    stderr: Py<PyAny>,
    timed_out: bool,
    fed: usize,
    dropped: u64,
    running: bool,
) -> PyResult<Result> {
    let numbers = statuses.iter().map(|status| status.get().0).collect();
    let last = statuses.into_iter().next_back();
    let status = last.ok_or_else(|| PyValueError::new_err("a result is of one command at least"))?;
    Ok(Result { status, stdout, stderr, timed_out, dropped, fed, statuses: numbers, running })
}
