//! Large outputs, read straight into the bytes object that is to hold them.

#![allow(unsafe_code)]

use std::any::Any;
use std::mem::MaybeUninit;
use std::os::raw::c_int;
use std::ptr;
use std::sync::OnceLock;

use perlipc::capture::{self, Room};
use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::data::encode;

/// Beyond the largest piece that malloc would take from its heap: a mapping of its own, whose pages are not there before
/// they are written, which grows by moving pages, and whose end is given back when it shrinks.
const LEAST: usize = 40 << 20;

type Resize = unsafe extern "C" fn(*mut *mut ffi::PyObject, ffi::Py_ssize_t) -> c_int;

/// _PyBytes_Resize, which is outside the limited API: `None` in an interpreter that has none.
fn resize() -> Option<Resize> {
    static FOUND: OnceLock<Option<Resize>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        // SAFETY: C strings; a function of that name in the interpreter has this type.
        unsafe {
            let found = libc::dlsym(libc::RTLD_DEFAULT, c"_PyBytes_Resize".as_ptr());
            (!found.is_null()).then(|| std::mem::transmute::<*mut libc::c_void, Resize>(found))
        }
    })
}

/// A bytes object that nobody else has seen yet.
struct Growing {
    /// `None` after a resize that failed.
    object: Option<Py<PyAny>>,
    at: *mut u8,
    len: usize,
}

// SAFETY: the object's memory is ours alone until it is given away; the interpreter is asked with the lock held.
unsafe impl Send for Growing {}

impl Growing {
    fn new(len: usize) -> Option<Growing> {
        let len = len.max(LEAST);
        Python::try_attach(|py| {
            let size = ffi::Py_ssize_t::try_from(len).ok()?;
            // SAFETY: a new object, or NULL with an exception that `fetch` takes.
            let object = unsafe {
                Bound::from_owned_ptr_or_opt(py, ffi::PyBytes_FromStringAndSize(ptr::null(), size)).or_else(|| {
                    drop(PyErr::take(py));
                    None
                })?
            };
            let mut growing = Growing { object: Some(object.unbind()), at: ptr::null_mut(), len };
            growing.settle(py);
            Some(growing)
        })?
    }

    /// Looks where the bytes are now.
    fn settle(&mut self, py: Python<'_>) {
        let Some(object) = &self.object else { return };
        // SAFETY: a bytes object of `len` bytes.
        unsafe {
            self.at = ffi::PyBytes_AsString(object.bind(py).as_ptr()).cast();
            capture::huge_pages(std::slice::from_raw_parts_mut(self.at.cast::<MaybeUninit<u8>>(), self.len));
        }
    }

    /// Makes it that long. False: there is no memory, and the object is gone.
    fn resize(&mut self, py: Python<'_>, len: usize) -> bool {
        let (Some(resize), Ok(size)) = (resize(), ffi::Py_ssize_t::try_from(len)) else { return false };
        let Some(object) = self.object.take() else { return false };
        let mut object = object.into_ptr();
        // SAFETY: the only reference to an object that has not been hashed or seen; it moves, or is gone on failure.
        let done = unsafe { resize(&mut object, size) } == 0;
        self.len = if done { len } else { 0 };
        if done {
            // SAFETY: the reference that the call gave back.
            self.object = unsafe { Bound::from_owned_ptr_or_opt(py, object) }.map(Bound::unbind);
        } else {
            drop(PyErr::take(py));
        }
        self.object.is_some()
    }
}

impl Room for Growing {
    fn grow(&mut self, len: usize) -> Result<(), i32> {
        let done = Python::try_attach(|py| {
            let done = self.resize(py, len);
            self.settle(py);
            done
        });
        if done == Some(true) { Ok(()) } else { Err(libc::ENOMEM) }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: `len` bytes of the object's, which came from the kernel zeroed, or from an allocator that nobody here sees
        // into, and which nobody else can change; 0 where there is no object.
        unsafe { if self.len == 0 { &[] } else { std::slice::from_raw_parts(self.at, self.len) } }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as above.
        unsafe { if self.len == 0 { &mut [] } else { std::slice::from_raw_parts_mut(self.at, self.len) } }
    }
}

/// A room for a capture: see [`taken`].
pub(crate) fn make(len: usize) -> Result<Box<dyn Room>, i32> {
    let growing = if resize().is_some() { Growing::new(len) } else { None };
    growing.map_or_else(|| capture::pages(len), |growing| Ok(Box::new(growing) as Box<dyn Room>))
}

/// What a capture has read into a room, as bytes: the object itself, cut to its length.
pub(crate) fn taken<'py>(py: Python<'py>, room: Box<dyn Room>, len: usize) -> PyResult<Bound<'py, PyAny>> {
    let any: &dyn Any = &*room;
    if !any.is::<Growing>() {
        return encode(py, room.bytes().get(..len).unwrap_or_default());
    }
    let any: Box<dyn Any> = room;
    let object = any.downcast::<Growing>().ok().and_then(|mut growing| {
        growing.resize(py, len);
        growing.object.take()
    });
    object.map(|object| object.into_bound(py)).ok_or_else(|| PyMemoryError::new_err(()))
}
