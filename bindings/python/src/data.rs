//! What is written: bytes, or anything that has a buffer.

use std::borrow::Cow;

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// The bytes of an object. Those of bytes never change; all others are copied, so that they cannot meanwhile.
pub(crate) fn data<'a>(object: &'a Bound<'_, PyAny>) -> PyResult<Cow<'a, [u8]>> {
    match object.cast::<PyBytes>() {
        Ok(bytes) => Ok(Cow::Borrowed(bytes.as_bytes())),
        Err(_) => Ok(Cow::Owned(PyBuffer::<u8>::get(object)?.to_vec(object.py())?)),
    }
}
