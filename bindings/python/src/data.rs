//! Data from Python's objects and into them: bytes, whatever has a buffer, text.

#![allow(unsafe_code)]

use std::cell::Cell;
use std::ops::Deref;

use perlipc::Separator;
use pyo3::conversion::FromPyObjectOwned;
use pyo3::exceptions::{PyMemoryError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyMemoryView, PySequence, PyString};

/// Bytes of the user's.
pub(crate) enum Data<'a, 'py> {
    Lent(&'a [u8]),
    Owned(Bound<'py, PyBytes>),
}

impl Deref for Data<'_, '_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Data::Lent(data) => data,
            Data::Owned(data) => data.as_bytes(),
        }
    }
}

/// The bytes of a bytes-like object; a copy, unless they cannot change.
pub(crate) fn plain<'a, 'py>(data: &'a Bound<'py, PyAny>) -> PyResult<Data<'a, 'py>> {
    match data.cast::<PyBytes>() {
        Ok(bytes) => Ok(Data::Lent(bytes.as_bytes())),
        Err(_) => Ok(Data::Owned(PyMemoryView::from(data)?.call_method0("tobytes")?.cast_into()?)),
    }
}

/// The bytes of a bytes-like object; a copy, unless they cannot change.
pub(crate) fn owned(data: &Bound<'_, PyAny>, text: bool) -> PyResult<Vec<u8>> {
    if text {
        let data = data.cast::<PyString>().map_err(|_| PyTypeError::new_err("with text=True the input is a str"))?;
        return Ok(utf8(data)?.to_vec());
    }
    Ok(no_text(data)?.to_vec())
}

/// What ends a record, as the user says it: see Stream.separator.
pub(crate) fn separator(value: &Bound<'_, PyAny>, text: bool) -> PyResult<Separator> {
    if value.is_none() {
        return Ok(Separator::Whole);
    }
    if let Ok(size) = value.extract::<usize>() {
        if text {
            return Err(PyValueError::new_err("records of a fixed size are bytes: a text stream has none"));
        }
        return Ok(Separator::Size(size));
    }
    if value.is_instance_of::<PyInt>() {
        return Err(PyValueError::new_err(format!("separator: a record of {value} bytes")));
    }
    if text && !value.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("a text stream takes str"));
    }
    let bytes = owned(value, text)?;
    Ok(if bytes.is_empty() { Separator::Paragraph } else { Separator::Bytes(bytes.into()) })
}

/// As [`plain`], where text would be taken if that had been said.
pub(crate) fn no_text<'a, 'py>(data: &'a Bound<'py, PyAny>) -> PyResult<Data<'a, 'py>> {
    if data.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("a bytes-like object is required, not 'str' (text=True takes str)"));
    }
    plain(data)
}

pub(crate) fn utf8<'a, 'py>(text: &'a Bound<'py, PyString>) -> PyResult<Data<'a, 'py>> {
    match text.to_str() {
        Ok(text) => Ok(Data::Lent(text.as_bytes())),
        Err(_) => Ok(Data::Owned(text.call_method1("encode", ("utf-8", "surrogateescape"))?.cast_into()?)),
    }
}

/// From here on a copy is made into huge pages: faults on fresh small ones would cost more than the copy.
const LARGE: usize = 4 << 20;

/// A bytes object that `fill` writes the whole of, without zeros before that.
pub(crate) fn filled<'py>(
    py: Python<'py>,
    len: usize,
    fill: impl FnOnce(&mut [u8]) -> PyResult<()>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: a bytes object of that size whose contents nobody has seen. `fill` only writes to them, and all of them, or
    // fails; then nobody ever sees it.
    unsafe {
        let object = ffi::PyBytes_FromStringAndSize(std::ptr::null(), isize::try_from(len)?);
        let object = Bound::from_owned_ptr_or_err(py, object)?;
        let at = ffi::PyBytes_AsString(object.as_ptr()).cast::<u8>();
        if len >= LARGE {
            perlipc::capture::huge_pages(std::slice::from_raw_parts_mut(at.cast(), len));
        }
        fill(std::slice::from_raw_parts_mut(at, len))?;
        Ok(object)
    }
}

#[inline]
pub(crate) fn encode<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    if data.len() >= LARGE {
        return filled(py, data.len(), |room| {
            room.copy_from_slice(data);
            Ok(())
        });
    }
    // SAFETY: the bytes are copied; a new reference or NULL with an exception comes back.
    unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyBytes_FromStringAndSize(data.as_ptr().cast(), data.len() as isize))
    }
}

#[inline]
pub(crate) fn decode<'py>(py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: as above.
    unsafe { Bound::from_owned_ptr_or_err(py, decoded(data.as_ptr(), data.len() as isize)) }
}

/// # Safety
/// The interpreter is held, and that many bytes are there.
#[inline]
pub(crate) unsafe fn decoded(data: *const u8, len: isize) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise; the bytes are copied.
    unsafe { ffi::PyUnicode_DecodeUTF8(data.cast(), len, c"surrogateescape".as_ptr()) }
}

/// How much is asked for at first where the caller asks for much: what comes may be far less.
pub(crate) const PIECE: usize = 64 * 1024;

thread_local! {
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Room for what one call receives. Each thread has its own and keeps it: making that of a piece anew, zeroed, takes longer
/// than most calls that fill it.
pub(crate) fn with_room<T>(size: usize, call: impl FnOnce(&mut [u8]) -> PyResult<T>) -> PyResult<T> {
    // A signal's handler that receives too, from inside the call, finds none and makes one; so does
    // what runs at the end of its thread.
    let mut room = ROOM.try_with(Cell::take).unwrap_or_default();
    if room.len() < size {
        room = zeros(size)?;
    }
    let result = call(&mut room[..size]);
    if room.len() <= PIECE {
        let _ = ROOM.try_with(|kept| kept.set(room));
    }
    result
}

/// Several things, of a sequence, whose length may be no more than a claim: a range's is beyond all memory.
pub(crate) struct Several<T>(pub(crate) Vec<T>);

impl<'py, T: FromPyObjectOwned<'py>> FromPyObject<'_, 'py> for Several<T> {
    type Error = PyErr;

    fn extract(things: Borrowed<'_, 'py, PyAny>) -> PyResult<Several<T>> {
        if things.is_instance_of::<PyString>() {
            return Err(PyTypeError::new_err("a sequence is required, not a 'str'"));
        }
        each(things.cast::<PySequence>()?.as_any(), |thing| thing.extract().map_err(Into::into)).map(Several)
    }
}

/// What is made of each thing in a sequence.
pub(crate) fn each<'py, T>(
    things: &Bound<'py, PyAny>,
    make: impl Fn(Bound<'py, PyAny>) -> PyResult<T>,
) -> PyResult<Vec<T>> {
    let mut made = Vec::new();
    made.try_reserve_exact(things.len()?).map_err(|_| PyMemoryError::new_err(()))?;
    for thing in things.try_iter()? {
        made.push(make(thing?)?);
    }
    Ok(made)
}

/// Asked for first, since a vector that cannot be had ends the process; one of zeros costs no page before it is used.
pub(crate) fn zeros(size: usize) -> PyResult<Vec<u8>> {
    Vec::<u8>::new().try_reserve_exact(size).map_err(|_| PyMemoryError::new_err(()))?;
    Ok(vec![0; size])
}
