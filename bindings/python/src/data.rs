//! What is written: bytes, or whatever has a buffer.

use std::ops::Deref;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView};

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
