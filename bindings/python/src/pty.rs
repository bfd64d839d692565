//! Pseudo-terminals.

use perlipc::pty;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::cmd::Command;
use crate::number;
use crate::stream::{Origin, Stream};

/// Starts a command on a new pseudo-terminal, in a session of its own: a Stream that reads what it says, standard error
/// included, and writes what it reads. Comm's open_proc.
///
/// rows and cols are the terminal's size, 0 where nobody knows. echo=True reads what is written to it again, crlf=True
/// leaves newlines as CR LF, raw=True hands on bytes as they are. All that the child wrote is read, then comes the end,
/// then close() gives its status, also when a descendant still holds the terminal. A line too long for a terminal (4095
/// bytes) is an OSError, never cut; raw has no such limit. close() hangs the terminal up.
///
/// >>> import perlipc as ipc
/// >>> with ipc.open_pty(["cat", "-n"]) as cat:
/// ...     cat.sendline(b"a line")
/// ...     cat.readline()
/// 7
/// b'     1\ta line\n'
#[pyfunction]
#[pyo3(signature = (command, *, rows = 24, cols = 80, echo = false, crlf = false, raw = false, text = false, **options))]
#[expect(clippy::too_many_arguments, reason = "keywords")]
pub(crate) fn open_pty(
    py: Python<'_>,
    command: &Bound<'_, PyAny>,
    #[pyo3(from_py_with = number::rows)] rows: u16,
    #[pyo3(from_py_with = number::cols)] cols: u16,
    echo: bool,
    crlf: bool,
    raw: bool,
    text: bool,
    options: Option<&Bound<'_, PyDict>>,
) -> PyResult<Stream> {
    let named = command.clone().unbind();
    let mut command = Command::new(command, options)?;
    let words = [(echo, "echo"), (crlf, "crlf"), (raw, "raw")];
    command.cmd.terminal(&words.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect::<Vec<_>>().join(","));
    let grace = command.grace;
    let stream = command.start(py, |cmd| pty::open(cmd, rows, cols))?;
    Stream::new(py, stream, text, Origin { command: Some(named), check: false, grace })
}
