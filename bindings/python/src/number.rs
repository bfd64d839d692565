//! Numbers from Python: one that is out of range is a ValueError which names the argument and the value.

use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;

/// A number, several of them, or None, for an argument of that name.
#[inline(always)]
pub(crate) fn named<'a, 'py, T: FromPyObject<'a, 'py>>(name: &str, value: &'a Bound<'py, PyAny>) -> PyResult<T> {
    match value.extract::<T>() {
        Ok(number) => Ok(number),
        Err(error) => Err(no_number(name, value, error.into())),
    }
}

#[cold]
fn no_number(name: &str, value: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    if error.is_instance_of::<PyOverflowError>(value.py()) { beyond(name, value) } else { error }
}

pub(crate) fn beyond(name: &str, value: &Bound<'_, PyAny>) -> PyErr {
    // Python does not show a number of thousands of digits.
    let shown = value.repr().map_or_else(|_| "a number".to_owned(), |shown| shown.to_string());
    PyValueError::new_err(format!("{name}: {shown} is out of range"))
}

/// For `from_py_with`: what extracts the argument of that name.
macro_rules! arguments {
    ($($name:ident)*) => {
        $(#[inline(always)]
        pub(crate) fn $name<'a, 'py, T: FromPyObject<'a, 'py>>(value: &'a Bound<'py, PyAny>) -> PyResult<T> {
            named(stringify!($name).trim_start_matches("r#"), value)
        })*
    };
}

arguments! {
    cmd cols events fd flags gid hint id index key limit mode most n nsems number ops pid port prefork qbytes rows semnum
    size status ttl r#type uid value values window
}

/// The same by a type, where what a function pointer costs would be seen.
macro_rules! quick_arguments {
    ($($type:ident($number:ty), $name:literal;)*) => {
        $(pub(crate) struct $type(pub(crate) $number);

        impl<'a, 'py> FromPyObject<'a, 'py> for $type {
            type Error = PyErr;

            #[inline]
            fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<$type> {
                match value.extract::<$number>() {
                    Ok(number) => Ok($type(number)),
                    Err(error) => Err(no_number($name, &value, error)),
                }
            }
        })*
    };
}

quick_arguments! {
    Position(i64), "pos";
    Size(usize), "size";
}
