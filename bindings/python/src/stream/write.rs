//! What writes to a stream.

use perlipc::Deadline;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::Stream;
use crate::front::front;
use crate::signal::{blocking, told};

/// As much as a pipe takes whole or not at all: PIPE_BUF.
const AT_ONCE: usize = 4096;

impl Stream {
    pub(crate) fn write_within(&self, py: Python<'_>, data: &Bound<'_, PyAny>, deadline: Deadline) -> PyResult<()> {
        self.writing(py)?;
        let (data, _) = self.take(data)?;
        let mut call = self.enter_to_write()?;
        call.bound(deadline);
        let core: &mut perlipc::Stream = &mut call;
        let data: &[u8] = &data;
        blocking(py, || core.write(data).and_then(|()| core.flush()))
    }

    #[inline(always)]
    fn write_bytes(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        if data.len() > AT_ONCE || !self.quick.worth_it() {
            return blocking(py, || core.write(data));
        }
        if !told(py, core.write_now(data))? {
            self.quick.in_vain();
            blocking(py, || core.flush())?;
        }
        Ok(())
    }
}

front!(WRITE, "write", Stream, |py, this, call| {
    let data = call.bytes(0).filter(|_| call.has_up_to(1) && this.writes && !this.text)?;
    Some(this.write_bytes(py, data).and_then(|()| Ok(data.len().into_pyobject(py)?.into_ptr())))
});

pub(super) fn put_front(py: Python<'_>) -> PyResult<()> {
    WRITE.put(py)
}

#[pymethods]
impl Stream {
    /// Whether each write goes out at once; on at first, but for streams that write to a command and for named pipes opened
    /// with ">". Switching it on flushes. Perl: $|.
    #[getter]
    fn autoflush(&self) -> bool {
        self.autoflush.get()
    }

    #[setter]
    fn set_autoflush(&self, py: Python<'_>, on: bool) -> PyResult<()> {
        self.writing(py)?;
        let mut call = self.call_to_write()?;
        self.autoflush.set(on);
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.autoflush(on))
    }

    /// Writes all, or into the buffer when autoflush is off; the length of data.
    ///
    /// BrokenPipeError when nobody reads any more, never a SIGPIPE. When it is cut short (TimeoutError, an exception
    /// of a signal handler), what was not written stays in the stream: do not write it again, flush() goes on.
    #[pyo3(signature = (data, /))]
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.writing(py)?;
        let (data, len) = self.take(data)?;
        self.write_bytes(py, &data).map(|()| len)
    }

    /// Writes each of the lines.
    #[pyo3(signature = (lines, /))]
    fn writelines(&self, py: Python<'_>, lines: &Bound<'_, PyAny>) -> PyResult<()> {
        for line in lines.try_iter()? {
            self.write(py, &line?)?;
        }
        Ok(())
    }

    /// Writes what is in the buffer. A stream that only reads has none.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        if self.other.is_closed() {
            return Err(PyValueError::new_err("flush: I/O operation on closed stream"));
        }
        if !self.writes {
            return Ok(());
        }
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.flush())
    }

    /// Writes the line and a newline; how many characters with it.
    #[pyo3(signature = (line, /))]
    fn sendline(&self, py: Python<'_>, line: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.writing(py)?;
        let (line, len) = self.take(line)?;
        self.write_bytes(py, &[&*line, b"\n"].concat()).map(|()| len + 1)
    }

    /// For perlipc.aio: how many bytes are still to go out.
    fn _pending(&self) -> PyResult<usize> {
        Ok(self.enter_to_write()?.pending())
    }

    /// For perlipc.aio: how many bytes the last write that failed threw away.
    fn _lost(&self) -> PyResult<usize> {
        Ok(self.enter_to_write()?.lost())
    }
}
