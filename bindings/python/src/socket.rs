//! What sockets share: objects that any thread may use while another closes them, their names, descriptors.

use std::net::IpAddr;
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perlipc::{Addr, Error};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::cmd::bytes;
use crate::data::{decode, utf8};
use crate::error::raise;
use crate::stream::fileno;

/// A socket of the core until it is closed; calls that are under way keep it open.
pub(crate) struct Held<T>(Mutex<Option<Arc<T>>>);

impl<T> Held<T> {
    pub(crate) fn new(core: T) -> Held<T> {
        Held(Mutex::new(Some(Arc::new(core))))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn core(&self) -> PyResult<Arc<T>> {
        self.lock().clone().ok_or_else(|| PyValueError::new_err("I/O operation on closed socket"))
    }

    /// The same for a call that is done at once.
    pub(crate) fn now<R>(&self, py: Python<'_>, call: impl FnOnce(&T) -> perlipc::Result<R>) -> PyResult<R> {
        call(&*self.core()?).map_err(|error| raise(py, error))
    }

    /// Gives it away, unless another thread is in a call.
    pub(crate) fn take(&self) -> PyResult<T> {
        let mut core = self.lock();
        let taken = core.take().ok_or_else(|| PyValueError::new_err("I/O operation on closed socket"))?;
        Arc::try_unwrap(taken).map_err(|shared| {
            *core = Some(shared);
            PyRuntimeError::new_err("another thread uses the socket")
        })
    }

    pub(crate) fn close(&self) {
        self.lock().take();
    }

    pub(crate) fn shown(&self, class: &str, address: impl FnOnce(&T) -> perlipc::Result<Addr>) -> String {
        match self.core().map(|core| address(&core)) {
            Err(_) => format!("<perlipc.{class} closed>"),
            Ok(Ok(address)) if !address.to_string().is_empty() => format!("<perlipc.{class} {address}>"),
            _ => format!("<perlipc.{class}>"),
        }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().is_none()
    }
}

/// A path, as str, bytes or an object that has one; or "@name".
pub(crate) struct Path(pub(crate) Vec<u8>);

impl<'py> FromPyObject<'_, 'py> for Path {
    type Error = PyErr;

    fn extract(path: Borrowed<'_, 'py, PyAny>) -> PyResult<Path> {
        bytes(&path).map(Path)
    }
}

/// An address as text; a path's bytes that are no UTF-8 as os.fsdecode has them.
pub(crate) fn text<'py>(py: Python<'py>, addr: &Addr) -> PyResult<Bound<'py, PyAny>> {
    decode(py, &addr.text())
}

pub(crate) fn address(addr: &Bound<'_, PyString>) -> PyResult<Addr> {
    Addr::parse(&*utf8(addr)?).map_err(|error| raise(addr.py(), error))
}

pub(crate) fn ip(group: &str) -> PyResult<IpAddr> {
    group.parse().map_err(|_| PyValueError::new_err(format!("{group:?} is no Internet address")))
}

/// The number of an open descriptor, or of something that has one.
pub(crate) fn number(file: &Bound<'_, PyAny>) -> PyResult<RawFd> {
    let fd = fileno(file)?;
    if fd < 0 {
        return Err(raise(file.py(), Error::Os { step: "fileno", path: fd.to_string().into(), errno: libc::EBADF }));
    }
    Ok(fd)
}

/// A descriptor that the caller keeps open during the call.
#[allow(unsafe_code)]
pub(crate) fn borrowed<'a>(fd: RawFd) -> BorrowedFd<'a> {
    // SAFETY: no owner is made of it, and the caller's object holds it; a number that is not open is EBADF.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// A descriptor that the caller gives away.
#[allow(unsafe_code)]
pub(crate) fn taken(fd: RawFd) -> OwnedFd {
    // SAFETY: it is open, as was seen, and the caller's to give.
    unsafe { OwnedFd::from_raw_fd(fd) }
}
