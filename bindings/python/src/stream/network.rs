//! What a stream can do that is a connected socket.

use std::os::fd::{IntoRawFd, RawFd};

use perlipc::{Half, tcp, unix};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::Stream;
use crate::data::{no_text, zeros};
use crate::error::raise;
use crate::number;
use crate::signal::blocking;
use crate::socket;

#[pymethods]
impl Stream {
    /// No more writing: flushes, and the other end sees the end. Of a socket also "read", what the peer still sends is
    /// thrown away, or "both". Perl: shutdown.
    #[pyo3(signature = (half = "write"))]
    fn shutdown(&self, py: Python<'_>, half: &str) -> PyResult<()> {
        let half = match half {
            "read" => Half::Read,
            "write" => Half::Write,
            "both" => Half::Both,
            _ => return Err(PyValueError::new_err(format!("a half is \"read\", \"write\" or \"both\", not {half:?}"))),
        };
        if half == Half::Read {
            self.reading(py)?
        } else {
            self.writing(py)?
        }
        let mut call = if half == Half::Read { self.call_to_read()? } else { self.call_to_write()? };
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.shutdown_half(half))
    }

    /// Where this end of a socket is: "127.0.0.1:37", "[::1]:37", "/path", "@name"; empty without a name. Of a path of more
    /// than 107 bytes the kernel has a name under /proc/self/fd, which means nothing to others. Perl: getsockname.
    #[getter]
    fn address<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        socket::text(py, &self.open()?.local().map_err(|error| raise(py, error))?)
    }

    /// Where a socket's other end is. Perl: getpeername.
    #[getter]
    fn peer<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        socket::text(py, &self.open()?.peer().map_err(|error| raise(py, error))?)
    }

    /// Sets a socket's option by its name: "nodelay", "keepalive", "linger" (seconds, -1 is off), "sndbuf" ... Perl:
    /// setsockopt.
    fn set_option(&self, py: Python<'_>, name: &str, #[pyo3(from_py_with = number::value)] value: i32) -> PyResult<()> {
        self.open()?.set_option(name, value).map_err(|error| raise(py, error))
    }

    /// An option of a socket; also "error", "type", "domain", "protocol". Buffer sizes are what the kernel made of them.
    /// Perl: getsockopt.
    fn option(&self, py: Python<'_>, name: &str) -> PyResult<i32> {
        self.open()?.option(name).map_err(|error| raise(py, error))
    }

    /// Who is at the other end of a Unix socket: (pid, uid, gid) of the process that connected, or listened, as it was
    /// then. Perl: getsockopt(SO_PEERCRED).
    fn credentials(&self, py: Python<'_>) -> PyResult<(i32, u32, u32)> {
        let peer = unix::peer(&*self.open()?).map_err(|error| raise(py, error))?;
        Ok((peer.pid, peer.uid, peer.gid))
    }

    /// A pidfd of that process, which no other can be mistaken for; yours to close. OSError before Linux 6.5.
    fn peer_pidfd(&self, py: Python<'_>) -> PyResult<i32> {
        unix::peer_pidfd(&*self.open()?).map(IntoRawFd::into_raw_fd).map_err(|error| raise(py, error))
    }

    /// Sends descriptors, or what has a fileno(), over a Unix socket, with data, at least one byte of it: who reads that
    /// byte by recv_fds gets them. They stay open here. OSError (EOPNOTSUPP) over a socket of another kind.
    fn send_fds(&self, py: Python<'_>, data: &Bound<'_, PyAny>, fds: &Bound<'_, PyAny>) -> PyResult<()> {
        self.writing(py)?;
        let data = no_text(data)?;
        let data: &[u8] = &data;
        let numbers = fds.try_iter()?.map(|fd| socket::number(&fd?)).collect::<PyResult<Vec<_>>>()?;
        let fds: Vec<_> = numbers.into_iter().map(socket::borrowed).collect();
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || unix::send_fds(core, data, &fds))
    }

    /// What is there, up to size bytes, with the descriptors that came along: yours to close, and close-on-exec. No bytes
    /// are the end. More descriptors than most is OSError (EMSGSIZE), or than this process can have (EMFILE): none stays
    /// open, and the exception has the bytes as .data.
    ///
    /// To be called before plain reads reach those bytes: these would throw the descriptors away.
    #[pyo3(signature = (size = 65536, most = 253))]
    fn recv_fds<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::size)] size: usize,
        #[pyo3(from_py_with = number::most)] most: usize,
    ) -> PyResult<(Bound<'py, PyBytes>, Vec<RawFd>)> {
        self.reading(py)?;
        let mut room = zeros(size)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        let (n, fds) = blocking(py, || unix::recvmsg(core, &mut room, most))?;
        let data = PyBytes::new(py, &room[..n]);
        match fds {
            Ok(fds) => Ok((data, fds.into_iter().map(IntoRawFd::into_raw_fd).collect())),
            Err(error) => {
                let error = raise(py, error);
                error.value(py).setattr("data", data)?;
                Err(error)
            }
        }
    }

    /// Sends one urgent byte, past what is pending. Perl: send(S, "!", MSG_OOB).
    #[pyo3(signature = (byte, /))]
    fn send_urgent(&self, py: Python<'_>, byte: [u8; 1]) -> PyResult<()> {
        self.writing(py)?;
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || tcp::send_urgent(core, byte[0]))
    }

    /// The urgent byte: OSError (EINVAL) when none was announced. Perl: recv(S, $b, 1, MSG_OOB).
    fn recv_urgent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let byte = tcp::recv_urgent(&*self.open()?).map_err(|error| raise(py, error))?;
        Ok(PyBytes::new(py, &[byte]))
    }

    /// Whether what is read next was sent behind the urgent byte. A read never runs over the mark. Perl: sockatmark.
    fn at_mark(&self, py: Python<'_>) -> PyResult<bool> {
        tcp::at_mark(&*self.enter_to_read()?).map_err(|error| raise(py, error))
    }
}
