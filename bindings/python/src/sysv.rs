//! What the System V calls share: keys, limits, the list of all objects, and tuples for what IPC_STAT knows.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use perlipc::sysv::{self, Owner};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::data::no_text;
use crate::error::raise;
use crate::number;
use crate::socket::Path;

/// A key from a file and a number (or one character), the same for all who name the same file. Two files can have the
/// same key. FileNotFoundError and the like for the file. Perl: IPC::SysV's ftok.
#[pyfunction]
#[pyo3(signature = (path, id = None))]
#[pyo3(text_signature = "(path, id=1)")]
pub(crate) fn ftok(py: Python<'_>, path: Path, id: Option<&Bound<'_, PyAny>>) -> PyResult<i32> {
    let id = match id {
        None => 1,
        Some(id) => match number::id::<i64>(id) {
            Ok(number) => number as u8,
            Err(error) if !error.is_instance_of::<PyTypeError>(py) => return Err(error),
            Err(_) => u8::try_from(id.extract::<char>()?)
                .map_err(|_| PyValueError::new_err("ftok: a number, or one character of one byte"))?,
        },
    };
    sysv::ftok(OsString::from_vec(path.0), id).map_err(|error| raise(py, error))
}

/// A limit of this system: "semmsl" "semmns" "semopm" "semmni", "shmmax" "shmall" "shmmni", "msgmax" "msgmnb" "msgmni".
#[pyfunction]
pub(crate) fn ipc_limit(name: &str) -> PyResult<u64> {
    sysv::limit(name).ok_or_else(|| PyValueError::new_err(format!("no limit {name:?}")))
}

/// All System V objects of this system, whoever made them, as dictionaries: kind ("sem", "shm", "msg"), id, key, uid, gid,
/// cuid, cgid, mode, size (semaphores, bytes, bytes) and count (0, attachments, messages).
#[pyfunction]
pub(crate) fn ipc_list(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let found = sysv::list().map_err(|error| raise(py, error))?;
    found
        .into_iter()
        .map(|object| {
            let dict = PyDict::new(py);
            dict.set_item("kind", object.kind.name())?;
            dict.set_item("id", object.id)?;
            put_owner(&dict, &object.owner)?;
            dict.set_item("size", object.size)?;
            dict.set_item("count", object.count)?;
            Ok(dict)
        })
        .collect()
}

/// The fields that all kinds have.
pub(crate) fn put_owner(dict: &Bound<'_, PyDict>, owner: &Owner) -> PyResult<()> {
    dict.set_item("key", owner.key)?;
    dict.set_item("uid", owner.uid)?;
    dict.set_item("gid", owner.gid)?;
    dict.set_item("cuid", owner.creator_uid)?;
    dict.set_item("cgid", owner.creator_gid)?;
    dict.set_item("mode", owner.mode)?;
    dict.set_item("seq", owner.sequence)
}

/// A key's number: 32 bits, with or without a sign, as ipcs prints them and as the calls give them.
pub(crate) struct Number(pub(crate) i32);

impl<'py> FromPyObject<'_, 'py> for Number {
    type Error = PyErr;

    fn extract(key: Borrowed<'_, 'py, PyAny>) -> PyResult<Number> {
        if let Ok(unsigned) = key.extract::<u32>() {
            return Ok(Number(unsigned as i32));
        }
        key.extract::<i32>().map(Number)
    }
}

/// A key is a number, or a name whose object must be of our own making or root's.
pub(crate) enum Key {
    Number(Number),
    Name(String),
}

impl<'py> FromPyObject<'_, 'py> for Key {
    type Error = PyErr;

    fn extract(key: Borrowed<'_, 'py, PyAny>) -> PyResult<Key> {
        if key.is_instance_of::<PyString>() { key.extract().map(Key::Name) } else { key.extract().map(Key::Number) }
    }
}

/// A command that this kind of object does not know.
pub(crate) fn unknown(call: &str, command: i32) -> PyErr {
    PyValueError::new_err(format!("{call}: no command {command}"))
}

/// The bytes that IPC_SET takes.
pub(crate) fn bytes_of(call: &str, arg: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<u8>> {
    let arg = arg.ok_or_else(|| PyTypeError::new_err(format!("{call}: this command takes bytes")))?;
    Ok(no_text(arg)?.to_vec())
}
