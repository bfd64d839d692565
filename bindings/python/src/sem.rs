//! System V semaphores.

use perlipc::sem::{NO_WAIT, Op, UNDO};
use perlipc::sysv::Change;
use perlipc::{Deadline, Error};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::data::Several;
use crate::error::raise;
use crate::front::{self, front};
use crate::number;
use crate::signal::{Quick, blocking};
use crate::sysv::{Key, Number, bytes_of, put_owner, unknown};
use crate::time::{Seconds, deadline};

static QUICK: Quick = Quick::new();

/// Tries without waiting while the interpreter is held; waits without it.
fn operate(py: Python<'_>, set: perlipc::Semaphore, ops: &mut [Op], timeout: Option<Seconds>) -> PyResult<()> {
    let deadline = deadline(timeout)?;
    if ops.iter().any(|op| op.flags & NO_WAIT == 0) && QUICK.worth_it() {
        let flags: Vec<i16> = ops.iter().map(|op| op.flags).collect();
        ops.iter_mut().for_each(|op| op.flags |= NO_WAIT);
        let quick = set.op(ops, Deadline::NEVER);
        ops.iter_mut().zip(flags).for_each(|(op, flags)| op.flags = flags);
        match quick {
            Err(Error::Os { errno: libc::EAGAIN, .. }) => QUICK.in_vain(),
            other => return other.map_err(|error| raise(py, error)),
        }
    }
    let ops = &*ops;
    blocking(py, || set.op(ops, deadline))
}

#[inline(always)]
fn one(py: Python<'_>, set: perlipc::Semaphore, op: Op, timeout: Option<Seconds>) -> PyResult<()> {
    // As operate, without its allocation.
    let deadline = deadline(timeout)?;
    if QUICK.worth_it() {
        match set.op(&[Op { flags: op.flags | NO_WAIT, ..op }], Deadline::NEVER) {
            Err(Error::Os { errno: libc::EAGAIN, .. }) => QUICK.in_vain(),
            other => return other.map_err(|error| raise(py, error)),
        }
    }
    blocking(py, || set.op(&[op], deadline))
}

fn triples(ops: &Bound<'_, PyAny>) -> PyResult<Vec<Op>> {
    let op = |(index, change, flags): (u16, i16, i16)| Op { index, change, flags };
    if let Ok(packed) = ops.cast::<PyBytes>() {
        let (triples, rest) = packed.as_bytes().as_chunks::<6>();
        // A length that is no whole number of triples is EINVAL, as an empty one.
        if !rest.is_empty() {
            return Ok(Vec::new());
        }
        let pair = |t: &[u8; 6], at: usize| [t[at], t[at + 1]];
        let op = |t| Op {
            index: u16::from_ne_bytes(pair(t, 0)),
            change: i16::from_ne_bytes(pair(t, 2)),
            flags: i16::from_ne_bytes(pair(t, 4)),
        };
        return Ok(triples.iter().map(op).collect());
    }
    Ok(number::ops::<Several<(u16, i16, i16)>>(ops)?.0.into_iter().map(op).collect())
}

/// Perl's semget: the id of the set with that key; flags are permissions, IPC_CREAT and IPC_EXCL. OSError as in Perl:
/// ENOENT, EEXIST, EINVAL; ENOSPC names the limit and its value.
#[pyfunction]
#[pyo3(signature = (key, nsems, flags))]
pub(crate) fn semget(
    py: Python<'_>,
    #[pyo3(from_py_with = number::key)] key: Number,
    #[pyo3(from_py_with = number::nsems)] nsems: i32,
    #[pyo3(from_py_with = number::flags)] flags: i32,
) -> PyResult<i32> {
    perlipc::Semaphore::get(key.0, nsems, flags).map(|set| set.id()).map_err(|error| raise(py, error))
}

/// Perl's semop: an opstring, struct.pack("hhh", index, change, flags) once or more, or a list of such triples; all at
/// once or none. Waits until that can be done; handlers run meanwhile. TimeoutError after timeout seconds, BlockingIOError
/// where IPC_NOWAIT would have to wait, OSError with EIDRM when the set is removed.
#[pyfunction]
#[pyo3(signature = (id, opstring, *, timeout = None))]
pub(crate) fn semop(
    py: Python<'_>,
    #[pyo3(from_py_with = number::id)] id: i32,
    opstring: &Bound<'_, PyAny>,
    timeout: Option<Seconds>,
) -> PyResult<()> {
    operate(py, perlipc::Semaphore::from_id(id), &mut triples(opstring)?, timeout)
}

/// Perl's semctl: GETVAL, GETPID, GETNCNT, GETZCNT, SETVAL, IPC_RMID give a number; GETALL packed shorts, IPC_STAT the
/// system's structure; SETALL and IPC_SET take such bytes.
#[pyfunction]
#[pyo3(signature = (id, semnum, cmd, arg = None))]
pub(crate) fn semctl<'py>(
    py: Python<'py>,
    #[pyo3(from_py_with = number::id)] id: i32,
    #[pyo3(from_py_with = number::semnum)] semnum: u16,
    #[pyo3(from_py_with = number::cmd)] cmd: i32,
    arg: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let set = perlipc::Semaphore::from_id(id);
    let number = |value: perlipc::Result<i32>| {
        let value = value.map_err(|error| raise(py, error))?;
        Ok(value.into_pyobject(py)?.into_any())
    };
    let bytes = |value: perlipc::Result<Vec<u8>>| {
        let value = value.map_err(|error| raise(py, error))?;
        Ok(PyBytes::new(py, &value).into_any())
    };
    match cmd {
        libc::GETVAL => number(set.value(semnum)),
        libc::GETPID => number(set.pid(semnum)),
        libc::GETNCNT => number(set.waiting(semnum)),
        libc::GETZCNT => number(set.waiting_for_zero(semnum)),
        libc::SETVAL => {
            let arg = arg.ok_or_else(|| PyTypeError::new_err("semctl: SETVAL takes a value"))?;
            number(set.set(semnum, number::value(arg)?).map(|()| 0))
        }
        libc::GETALL => bytes(set.values().map(|all| {
            // They are shorts in the kernel.
            all.into_iter().flat_map(|value| (value as i16).to_ne_bytes()).collect()
        })),
        libc::SETALL => {
            let packed = bytes_of("semctl", arg)?;
            let want = set.stat().map_err(|error| raise(py, error))?.count * 2;
            if packed.len() != want {
                let reason = format!("bad arg length for semctl, is {}, should be {want}", packed.len());
                return Err(raise(py, Error::Invalid { step: "semctl", reason: reason.into() }));
            }
            let values: Vec<i32> =
                packed.as_chunks::<2>().0.iter().map(|two| i32::from(u16::from_ne_bytes(*two))).collect();
            number(set.set_values(&values).map(|()| 0))
        }
        libc::IPC_STAT => bytes(set.stat_bytes()),
        libc::IPC_SET => number(set.set_bytes(&bytes_of("semctl", arg)?).map(|()| 0)),
        libc::IPC_RMID => number(set.remove().map(|()| 0)),
        _ => Err(unknown("semctl", cmd)),
    }
}

/// A set of semaphores by its id. It belongs to the system and stays until remove(); this object owns nothing.
///
/// `with semaphore:` takes its first one, and gives it back also when the process is killed.
#[pyclass(frozen, eq, hash, weakref, module = "perlipc")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct Semaphore(perlipc::Semaphore);

front!(TAKE, "take", Semaphore, |py, this, call| {
    call.has_up_to(0).then(|| one(py, this.0, Op { index: 0, change: -1, flags: 0 }, None).map(front::none))
});
front!(GIVE, "give", Semaphore, |py, this, call| call.has_up_to(0).then(|| this.give(py, 0, false).map(front::none)));

pub(crate) fn put_fronts(py: Python<'_>) -> PyResult<()> {
    TAKE.put(py)?;
    GIVE.put(py)
}

#[pymethods]
impl Semaphore {
    /// The set with that id, not asked whether it exists.
    #[new]
    fn new(#[pyo3(from_py_with = number::id)] id: i32) -> Semaphore {
        Semaphore(perlipc::Semaphore::from_id(id))
    }

    /// Makes a set with these values; nobody who attaches sees it before they are there. FileExistsError when there is one.
    #[staticmethod]
    #[pyo3(signature = (key, values, *, mode = 0o600))]
    fn create(
        py: Python<'_>,
        #[pyo3(from_py_with = number::key)] key: Number,
        #[pyo3(from_py_with = number::values)] values: Several<i32>,
        #[pyo3(from_py_with = number::mode)] mode: u32,
    ) -> PyResult<Semaphore> {
        perlipc::Semaphore::create(key.0, &values.0, mode).map(Semaphore).map_err(|error| raise(py, error))
    }

    /// The set with that key, once its creator has initialised it.
    #[staticmethod]
    #[pyo3(signature = (key, *, timeout = None))]
    fn attach(
        py: Python<'_>,
        #[pyo3(from_py_with = number::key)] key: Number,
        timeout: Option<Seconds>,
    ) -> PyResult<Semaphore> {
        let deadline = deadline(timeout)?;
        blocking(py, || perlipc::Semaphore::attach(key.0, deadline)).map(Semaphore)
    }

    /// The set with that key or name, made with these values if there is none: however many processes do this at once,
    /// one creates, and all see the values. By a name it must be of our own making or root's, else PermissionError.
    #[staticmethod]
    #[pyo3(signature = (key, values, *, mode = 0o600, timeout = None))]
    fn open(
        py: Python<'_>,
        #[pyo3(from_py_with = number::key)] key: Key,
        #[pyo3(from_py_with = number::values)] values: Several<i32>,
        #[pyo3(from_py_with = number::mode)] mode: u32,
        timeout: Option<Seconds>,
    ) -> PyResult<Semaphore> {
        let deadline = deadline(timeout)?;
        let opened = blocking(py, || match &key {
            Key::Number(Number(key)) => perlipc::Semaphore::open(*key, &values.0, mode, deadline),
            Key::Name(name) => perlipc::Semaphore::open_named(name, &values.0, mode, deadline),
        });
        opened.map(Semaphore)
    }

    /// Its id.
    #[getter]
    fn id(&self) -> i32 {
        self.0.id()
    }

    /// Takes one of semaphore index, waiting until there is one; with undo the kernel gives it back if this process ends
    /// first. TimeoutError after timeout seconds.
    ///
    /// The programs of Perl's manual count the other way (0 is free, 1 is taken): see op().
    #[pyo3(signature = (index = 0, *, timeout = None, undo = false))]
    fn take(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = number::index)] index: u16,
        timeout: Option<Seconds>,
        undo: bool,
    ) -> PyResult<()> {
        one(py, self.0, Op { index, change: -1, flags: if undo { UNDO } else { 0 } }, timeout)
    }

    /// Gives one back; undo as it was taken. Does not block.
    #[pyo3(signature = (index = 0, *, undo = false))]
    #[inline(always)]
    fn give(&self, py: Python<'_>, #[pyo3(from_py_with = number::index)] index: u16, undo: bool) -> PyResult<()> {
        let flags = if undo { UNDO } else { 0 };
        self.0.op(&[Op { index, change: 1, flags }], Deadline::NEVER).map_err(|error| raise(py, error))
    }

    /// Triples of index, change and flags, done all at once or not at all: see semop().
    #[pyo3(signature = (ops, *, timeout = None))]
    fn op(&self, py: Python<'_>, ops: &Bound<'_, PyAny>, timeout: Option<Seconds>) -> PyResult<()> {
        operate(py, self.0, &mut triples(ops)?, timeout)
    }

    /// The value of one.
    #[pyo3(signature = (index = 0))]
    fn value(&self, py: Python<'_>, #[pyo3(from_py_with = number::index)] index: u16) -> PyResult<i32> {
        self.0.value(index).map_err(|error| raise(py, error))
    }

    /// Sets the value of one; what processes have to undo on it is forgotten.
    fn set(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = number::index)] index: u16,
        #[pyo3(from_py_with = number::value)] value: i32,
    ) -> PyResult<()> {
        self.0.set(index, value).map_err(|error| raise(py, error))
    }

    /// All values.
    fn values(&self, py: Python<'_>) -> PyResult<Vec<i32>> {
        self.0.values().map_err(|error| raise(py, error))
    }

    /// Sets all values.
    fn set_values(&self, py: Python<'_>, #[pyo3(from_py_with = number::values)] values: Several<i32>) -> PyResult<()> {
        self.0.set_values(&values.0).map_err(|error| raise(py, error))
    }

    /// How many processes wait for more of one, or for its zero.
    #[pyo3(signature = (index = 0, *, for_zero = false))]
    fn waiting(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = number::index)] index: u16,
        for_zero: bool,
    ) -> PyResult<i32> {
        let waiting = if for_zero { self.0.waiting_for_zero(index) } else { self.0.waiting(index) };
        waiting.map_err(|error| raise(py, error))
    }

    /// The process that operated on one last.
    #[pyo3(signature = (index = 0))]
    fn pid(&self, py: Python<'_>, #[pyo3(from_py_with = number::index)] index: u16) -> PyResult<i32> {
        self.0.pid(index).map_err(|error| raise(py, error))
    }

    /// What is known of the set: key uid gid cuid cgid mode seq nsems otime ctime.
    fn stat<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stat = self.0.stat().map_err(|error| raise(py, error))?;
        let dict = PyDict::new(py);
        put_owner(&dict, &stat.owner)?;
        dict.set_item("nsems", stat.count)?;
        dict.set_item("otime", stat.operated)?;
        dict.set_item("ctime", stat.changed)?;
        Ok(dict)
    }

    /// Changes its owner or mode.
    #[pyo3(signature = (*, uid = None, gid = None, mode = None))]
    fn change(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = number::uid)] uid: Option<u32>,
        #[pyo3(from_py_with = number::gid)] gid: Option<u32>,
        #[pyo3(from_py_with = number::mode)] mode: Option<u32>,
    ) -> PyResult<()> {
        self.0.change(Change { uid, gid, mode, queue_bytes: None }).map_err(|error| raise(py, error))
    }

    /// Removes the set; who waits on it gets OSError with EIDRM.
    fn remove(&self, py: Python<'_>) -> PyResult<()> {
        self.0.remove().map_err(|error| raise(py, error))
    }

    fn __enter__(slf: Bound<'_, Self>) -> PyResult<Bound<'_, Self>> {
        slf.get().take(slf.py(), 0, None, true)?;
        Ok(slf)
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.give(py, 0, true)
    }

    fn __repr__(&self) -> String {
        format!("Semaphore({})", self.0.id())
    }
}
