//! What to run, from Python's words: a str by Perl's shell rule or a sequence without a shell, and the options that
//! every call that starts a program takes as keywords.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use perlipc::Cmd;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyMapping, PySequence, PyString};

use crate::data::each;
use crate::error::raise;
use crate::number;
use crate::signal::{self, ignored_by_python};
use crate::time::{Seconds, duration};

/// A str, bytes or path as the system takes it.
pub(crate) fn bytes(arg: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    if let Ok(text) = arg.cast::<PyString>() {
        if let Ok(text) = text.to_str() {
            return Ok(text.as_bytes().to_vec());
        }
    } else if let Ok(bytes) = arg.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    let encoded = arg.py().import("os")?.call_method1("fsencode", (arg,))?;
    Ok(encoded.cast_into::<PyBytes>()?.as_bytes().to_vec())
}

/// The same, as a path.
pub(crate) fn path(arg: &Bound<'_, PyAny>) -> PyResult<OsString> {
    bytes(arg).map(OsString::from_vec)
}

/// A command and how it is to be started.
pub(crate) struct Command {
    pub(crate) cmd: Cmd,
    pub(crate) grace: Duration,
    /// A file is opened on the way, which can block.
    opens: bool,
    env: bool,
}

impl Command {
    pub(crate) fn new(command: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> PyResult<Command> {
        let cmd = if command.is_instance_of::<PyString>() {
            Cmd::shell(bytes(command)?)
        } else if command.is_instance_of::<PyBytes>() {
            return Err(PyTypeError::new_err(
                "a command is a str (Perl's shell rule) or a sequence (never a shell), not bytes",
            ));
        } else {
            let sequence = command.cast::<PySequence>().map_err(|_| {
                PyTypeError::new_err("a command is a str (Perl's shell rule) or a sequence (never a shell)")
            })?;
            Cmd::argv(each(sequence.as_any(), |arg| bytes(&arg))?)
        };
        Command::of(cmd, options)
    }

    pub(crate) fn of(cmd: Cmd, options: Option<&Bound<'_, PyDict>>) -> PyResult<Command> {
        let mut command = Command { cmd, grace: Duration::from_secs(1), opens: false, env: false };
        command.cmd.default_signals(ignored_by_python());
        for (key, value) in options.into_iter().flatten() {
            let key = key.cast_into::<PyString>()?;
            let key = key.to_str()?;
            command.option(key, &value).map_err(|error| {
                if error.is_instance_of::<PyOverflowError>(value.py()) {
                    return number::beyond(key, &value);
                }
                // As PyO3 has it for the other arguments.
                if error.is_instance_of::<PyTypeError>(value.py()) {
                    let _ = error.value(value.py()).call_method1("add_note", (format!("while processing '{key}'"),));
                }
                error
            })?;
        }
        Ok(command)
    }

    fn option(&mut self, key: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let cmd = &mut self.cmd;
        match key {
            // As with subprocess: as if it were not given.
            "cwd" | "env" | "user" | "group" | "groups" | "process_group" if value.is_none() => {}
            "cwd" => drop(cmd.dir(bytes(value)?)),
            "env" => {
                self.env = true;
                cmd.env_clear();
                for item in value.cast::<PyMapping>()?.items()? {
                    let (name, value) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
                    cmd.env(bytes(&name)?, Some(&bytes(&value)?));
                }
            }
            "argv0" => drop(cmd.argv0(bytes(value)?)),
            "umask" => drop(cmd.umask(value.extract()?)),
            "fds" => {
                for item in value.cast::<PyMapping>()?.items()? {
                    let (child_fd, fd) = item.extract::<(i32, i32)>()?;
                    cmd.pass(child_fd, fd);
                }
            }
            "stdin" => self.redirect(0, value)?,
            "stdout" => self.redirect(1, value)?,
            "stderr" => self.redirect(2, value)?,
            "user" => drop(cmd.user(Some(&name_or_number(value)?), None)),
            "group" => drop(cmd.user(None, Some(&name_or_number(value)?))),
            "groups" => {
                let groups = value.try_iter()?.map(|group| name_or_number(&group?)).collect::<PyResult<Vec<_>>>()?;
                cmd.groups(groups.iter().map(String::as_str));
            }
            "session" => drop(cmd.session(value.extract()?)),
            "process_group" => drop(cmd.process_group(value.extract()?)),
            "rlimits" => {
                for item in value.cast::<PyMapping>()?.items()? {
                    let (name, limit) = item.extract::<(String, Bound<'_, PyAny>)>()?;
                    let (soft, hard) = match limit.extract::<(i64, i64)>() {
                        Ok(both) => both,
                        Err(_) => limit.extract::<i64>().map(|limit| (limit, limit))?,
                    };
                    // resource.RLIM_INFINITY is -1.
                    cmd.limit(&name, u64::try_from(soft).ok(), u64::try_from(hard).ok());
                }
            }
            "taint" => drop(cmd.taint(value.extract()?)),
            "clean" => {
                if value.extract()? {
                    self.env = true;
                    cmd.clean();
                }
            }
            "die_with_parent" => {
                let on = value.extract::<bool>()?;
                cmd.die_with_parent(on.then_some("KILL"));
            }
            "grace" => {
                // For ever is as long as can be said.
                self.grace =
                    duration(Some(value.extract::<Seconds>()?))?.unwrap_or(Duration::from_secs(u64::from(u32::MAX)));
                cmd.grace(self.grace);
            }
            _ => return Err(PyTypeError::new_err(format!("unexpected keyword argument '{key}'"))),
        }
        Ok(())
    }

    /// A word ("null", ">path", "&1" ...), a descriptor of this process, or what has a fileno().
    fn redirect(&mut self, child_fd: i32, value: &Bound<'_, PyAny>) -> PyResult<()> {
        if value.is_instance_of::<PyString>() || value.is_instance_of::<PyBytes>() {
            let word = bytes(value)?;
            self.opens |= matches!(word.first(), Some(b'<' | b'>' | b'+'));
            self.cmd.redirect(child_fd, word);
        } else if value.is_instance_of::<PyInt>() && !value.is_instance_of::<PyBool>() {
            self.cmd.pass(child_fd, value.extract()?);
        } else if value.hasattr("fileno")? {
            self.cmd.pass(child_fd, value.call_method0("fileno")?.extract()?);
        } else {
            return Err(PyTypeError::new_err(
                "a redirection is a word (\"null\", \">path\", \"&1\" ...), a descriptor or a file",
            ));
        }
        Ok(())
    }

    /// Starts it by `start`. The interpreter stands still meanwhile, as with every way to start a program from Python:
    /// the environment must not change while it is read. Where a file is opened first, which may block, a copy of the
    /// environment is taken instead.
    pub(crate) fn start<'a, T: Send>(
        &'a mut self,
        py: Python<'_>,
        start: impl FnOnce(&'a Cmd) -> perlipc::Result<T> + Send,
    ) -> PyResult<T> {
        flush_standard(py)?;
        if !self.opens {
            return start(&self.cmd).map_err(|error| raise(py, error));
        }
        if !self.env {
            self.cmd.env_clear();
            for (name, value) in std::env::vars_os() {
                self.cmd.env(name.into_vec(), Some(&value.into_vec()));
            }
        }
        let cmd = &self.cmd;
        signal::blocking(py, || start(cmd))
    }
}

fn name_or_number(value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_instance_of::<PyInt>() {
        let number: u32 = value.extract().map_err(|_| PyValueError::new_err(format!("{value} is no user or group")))?;
        return Ok(number.to_string());
    }
    value.extract()
}

static SYS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();

/// Looks for sys while modules can be imported: at the interpreter's end none can.
pub(crate) fn keep_sys(py: Python<'_>) -> PyResult<()> {
    SYS.get_or_try_init(py, || py.import("sys").map(Bound::unbind)).map(drop)
}

/// What Python has buffered for the standard output and error goes out before a child writes there, as Perl does it,
/// and is not written twice by a forked one.
pub(crate) fn flush_standard(py: Python<'_>) -> PyResult<()> {
    let Some(sys) = SYS.get(py).map(|sys| sys.bind(py)) else { return Ok(()) };
    for name in [intern!(py, "stdout"), intern!(py, "stderr")] {
        if let Some(file) = sys.getattr_opt(name)?.filter(|file| !file.is_none()) {
            match file.call_method0(intern!(py, "flush")) {
                // Closed: then nothing is in it.
                Err(error) if !error.is_instance_of::<PyValueError>(py) => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
