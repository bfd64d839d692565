//! The iterator of a stream. A line that was found ahead costs what the object of it costs: no reference counts, no
//! guard against panics, nothing of the binding's but a few loads and stores.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::mem::size_of;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

use super::Stream;

/// Records that the core has found ahead, lent to a stream's iterators. Who uses the core's stream in any way gives them
/// back first; the bytes and the places stay where they are meanwhile.
pub(crate) struct Run {
    /// Where the next record begins, and behind it where it ends; null: nothing is lent.
    next: Cell<*const u64>,
    /// Where the last one ends.
    last: Cell<*const u64>,
    first: Cell<*const u64>,
    base: Cell<*const u8>,
}

// SAFETY: the pointers are into what the stream owns, and go where it goes.
unsafe impl Send for Run {}

impl Run {
    pub(crate) const fn new() -> Run {
        let nowhere = std::ptr::null();
        Run {
            next: Cell::new(nowhere),
            last: Cell::new(nowhere),
            first: Cell::new(nowhere),
            base: Cell::new(std::ptr::null()),
        }
    }

    /// The next of them, and its length.
    ///
    /// # Safety
    /// Nobody has used the core's stream since they were lent without giving them back.
    #[inline(always)]
    pub(crate) unsafe fn record(&self) -> Option<(*const u8, isize)> {
        let next = self.next.get();
        if next == self.last.get() {
            return None;
        }
        // SAFETY: between `next` and `last` are ascending places in the buffer, both as they were when they were lent.
        unsafe {
            let (start, end) = (*next, *next.add(1));
            self.next.set(next.add(1));
            Some((self.base.get().add(start as usize), (end - start) as isize))
        }
    }

    pub(crate) fn lend(&self, core: &mut perlipc::Stream) {
        let (data, places) = core.ahead();
        if let [.., last] = places {
            self.base.set(data.as_ptr());
            self.first.set(places.as_ptr());
            self.next.set(places.as_ptr());
            self.last.set(last);
        }
    }

    #[inline]
    pub(crate) fn give_back(&self, core: &mut perlipc::Stream) {
        let next = self.next.replace(std::ptr::null());
        if next.is_null() {
            return;
        }
        self.last.set(std::ptr::null());
        // SAFETY: both are in the places that were lent.
        core.skip_ahead(unsafe { next.offset_from(self.first.get()) } as usize);
    }
}

/// An iterator as the interpreter sees it. It is in no cycle, since a stream has no reference to one.
#[repr(C)]
struct Records {
    head: ffi::PyObject,
    /// A reference.
    object: *mut ffi::PyObject,
    /// What is in it.
    stream: *const Stream,
    /// Stream.__next__.
    slow: ffi::iternextfunc,
}

unsafe extern "C" fn next(this: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter, which is held, with an object of our type, all of which is set for its life.
    unsafe {
        let this = &*this.cast::<Records>();
        let stream = &*this.stream;
        if let Some(record) = stream.lent() {
            return record;
        }
        let record = (this.slow)(this.object);
        if !record.is_null() {
            stream.lend();
        }
        record
    }
}

unsafe extern "C" fn dealloc(this: *mut ffi::PyObject) {
    // SAFETY: nobody has a reference any more; the type's own, which each of its objects has, goes last.
    unsafe {
        let class = ffi::Py_TYPE(this);
        ffi::Py_DECREF((*this.cast::<Records>()).object);
        ffi::PyObject_Free(this.cast());
        ffi::Py_DECREF(class.cast());
    }
}

/// The type, of which only streams make objects.
fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.get_or_try_init(py, || {
        let slot = |slot, pfunc| ffi::PyType_Slot { slot, pfunc };
        let mut slots = [
            slot(ffi::Py_tp_iter, ffi::PyObject_SelfIter as *mut c_void),
            slot(ffi::Py_tp_iternext, next as *mut c_void),
            slot(ffi::Py_tp_dealloc, dealloc as *mut c_void),
            slot(0, std::ptr::null_mut()),
        ];
        let mut spec = ffi::PyType_Spec {
            name: c"perlipc._perlipc.Records".as_ptr(),
            basicsize: size_of::<Records>() as c_int,
            itemsize: 0,
            flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION) as _,
            slots: slots.as_mut_ptr(),
        };
        // SAFETY: a specification that is read before the call is over, functions of the types that their slots have; a new
        // type comes back, or NULL with an exception.
        let class = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpec(&mut spec))? };
        Ok::<_, PyErr>(class.cast_into::<PyType>()?.unbind())
    })?;
    Ok(class.bind(py))
}

pub(crate) fn iterator<'py>(stream: &Bound<'py, Stream>) -> PyResult<Bound<'py, PyAny>> {
    let py = stream.py();
    let class = class(py)?;
    // SAFETY: an object of our type, zeroed, all of which is set before anybody sees it; Stream has that slot, of that type.
    unsafe {
        let made = ffi::PyType_GenericAlloc(class.as_type_ptr(), 0);
        let made = Bound::from_owned_ptr_or_err(py, made)?;
        let of = ffi::PyType_GetSlot(ffi::Py_TYPE(stream.as_ptr()), ffi::Py_tp_iternext);
        let this = made.as_ptr().cast::<Records>();
        (*this).object = stream.clone().into_ptr();
        (*this).stream = stream.get();
        (*this).slow = std::mem::transmute::<*mut c_void, ffi::iternextfunc>(of);
        Ok(made)
    }
}
