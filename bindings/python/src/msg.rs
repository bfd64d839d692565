//! System V message queues.

use perlipc::sysv::{Change, NO_WAIT};
use perlipc::{Deadline, Error};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::data::plain;
use crate::error::raise;
use crate::front::{self, front};
use crate::number;
use crate::signal::{Quick, blocking};
use crate::sysv::{Key, Number, bytes_of, put_owner, unknown};
use crate::time::{Seconds, deadline};

/// Tries without waiting while the interpreter is held; waits without it.
#[inline(always)]
fn send(
    py: Python<'_>,
    queue: perlipc::MessageQueue,
    kind: i64,
    data: &[u8],
    flags: i32,
    timeout: Option<Seconds>,
) -> PyResult<()> {
    let deadline = deadline(timeout)?;
    match queue.send(kind, data, flags | NO_WAIT, Deadline::NEVER) {
        Err(Error::Os { errno: libc::EAGAIN, .. }) if flags & NO_WAIT == 0 => {
            blocking(py, || queue.send(kind, data, flags, deadline))
        }
        other => other.map_err(|error| raise(py, error)),
    }
}

/// What `take` makes of the message's type and body.
#[inline(always)]
fn recv<'py, T>(
    py: Python<'py>,
    queue: perlipc::MessageQueue,
    kind: i64,
    size: usize,
    flags: i32,
    timeout: Option<Seconds>,
    take: impl Fn(Python<'py>, i64, &[u8]) -> T,
) -> PyResult<T> {
    static QUICK: Quick = Quick::new();
    let deadline = deadline(timeout)?;
    let waits = flags & NO_WAIT == 0;
    if !waits || QUICK.worth_it() {
        match queue.recv_with(kind, size, flags | NO_WAIT, Deadline::NEVER, |kind, body| take(py, kind, body)) {
            Err(Error::Os { errno: libc::ENOMSG, .. }) if waits => QUICK.in_vain(),
            other => return other.map_err(|error| raise(py, error)),
        }
    }
    let own = |kind: i64, body: &[u8]| (kind, body.to_vec());
    let (kind, body) = blocking(py, || queue.recv_with(kind, size, flags, deadline, own))?;
    Ok(take(py, kind, &body))
}

/// Perl's msgget: the id of the queue with that key; flags are permissions, IPC_CREAT and IPC_EXCL.
#[pyfunction]
pub(crate) fn msgget(
    py: Python<'_>,
    #[pyo3(from_py_with = number::key)] key: Number,
    #[pyo3(from_py_with = number::flags)] flags: i32,
) -> PyResult<i32> {
    perlipc::MessageQueue::get(key.0, flags).map(|queue| queue.id()).map_err(|error| raise(py, error))
}

/// Perl's msgsnd: message is struct.pack("l", type) + body. Waits while the queue is full; with a timeout it is tried
/// at intervals of up to 20 ms, since the kernel has no timed form. BlockingIOError with IPC_NOWAIT.
#[pyfunction]
#[pyo3(signature = (id, message, flags = 0, *, timeout = None))]
pub(crate) fn msgsnd(
    py: Python<'_>,
    #[pyo3(from_py_with = number::id)] id: i32,
    message: &Bound<'_, PyAny>,
    #[pyo3(from_py_with = number::flags)] flags: i32,
    timeout: Option<Seconds>,
) -> PyResult<()> {
    let message = plain(message)?;
    let Some((kind, body)) = message.split_first_chunk::<8>() else {
        return Err(PyValueError::new_err("msgsnd: arg too short: a type is eight bytes"));
    };
    send(py, perlipc::MessageQueue::from_id(id), i64::from_ne_bytes(*kind), body, flags, timeout)
}

/// Perl's msgrcv: struct.pack("l", type) + body, of up to size bytes. type 0 is the first message, n the first of that
/// type, -n the lowest up to n. OSError with ENOMSG when there is none and IPC_NOWAIT was said, with E2BIG when it is
/// longer (it stays in the queue) unless MSG_NOERROR allows to cut it.
#[pyfunction]
#[pyo3(signature = (id, size, r#type = 0, flags = 0, *, timeout = None))]
pub(crate) fn msgrcv(
    py: Python<'_>,
    #[pyo3(from_py_with = number::id)] id: i32,
    #[pyo3(from_py_with = number::size)] size: usize,
    #[pyo3(from_py_with = number::r#type)] r#type: i64,
    #[pyo3(from_py_with = number::flags)] flags: i32,
    timeout: Option<Seconds>,
) -> PyResult<Bound<'_, PyBytes>> {
    recv(py, perlipc::MessageQueue::from_id(id), r#type, size, flags, timeout, |py, kind, body| {
        let body = &body[..body.len().min(size)];
        PyBytes::new_with(py, 8 + body.len(), |room| {
            let (front, rest) = room.split_at_mut(8);
            front.copy_from_slice(&kind.to_ne_bytes());
            rest.copy_from_slice(body);
            Ok(())
        })
    })?
}

/// Perl's msgctl: IPC_STAT gives the system's structure, IPC_SET takes it, IPC_RMID removes.
#[pyfunction]
#[pyo3(signature = (id, cmd, arg = None))]
pub(crate) fn msgctl<'py>(
    py: Python<'py>,
    #[pyo3(from_py_with = number::id)] id: i32,
    #[pyo3(from_py_with = number::cmd)] cmd: i32,
    arg: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let queue = perlipc::MessageQueue::from_id(id);
    let failed = |error| raise(py, error);
    match cmd {
        libc::IPC_STAT => return Ok(PyBytes::new(py, &queue.stat_bytes().map_err(failed)?).into_any()),
        libc::IPC_SET => queue.set_bytes(&bytes_of("msgctl", arg)?).map_err(failed)?,
        libc::IPC_RMID => queue.remove().map_err(failed)?,
        _ => return Err(unknown("msgctl", cmd)),
    }
    Ok(0i32.into_pyobject(py)?.into_any())
}

/// A message queue by its id. It belongs to the system and stays until remove(); this object owns nothing.
#[pyclass(frozen, eq, hash, weakref, module = "perlipc")]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct MessageQueue(perlipc::MessageQueue);

front!(SEND, "send", MessageQueue, |py, this, call| {
    let (data, kind) = (call.bytes(0)?, call.number(1, 1)?);
    call.has_up_to(2).then(|| send(py, this.0, kind, data, 0, None).map(front::none))
});
front!(RECV, "recv", MessageQueue, |py, this, call| {
    let (kind, size) = (call.number(0, 0)?, call.has_up_to_and(1, intern!(py, "size"), 8192)?);
    let size = usize::try_from(size).ok()?;
    let message = recv(py, this.0, kind, size, 0, None, |py, kind, body| (kind, PyBytes::new(py, body)));
    Some(message.and_then(|message| Ok(message.into_pyobject(py)?.into_ptr())))
});

pub(crate) fn put_fronts(py: Python<'_>) -> PyResult<()> {
    SEND.put(py)?;
    RECV.put(py)
}

#[pymethods]
impl MessageQueue {
    /// The queue with that id, not asked whether it exists.
    #[new]
    fn new(#[pyo3(from_py_with = number::id)] id: i32) -> MessageQueue {
        MessageQueue(perlipc::MessageQueue::from_id(id))
    }

    /// The queue with that key or name, made if there is none. By a name it must be of our own making or root's, else
    /// PermissionError.
    #[staticmethod]
    #[pyo3(signature = (key, *, mode = 0o600))]
    fn open(
        py: Python<'_>,
        #[pyo3(from_py_with = number::key)] key: Key,
        #[pyo3(from_py_with = number::mode)] mode: u32,
    ) -> PyResult<MessageQueue> {
        let opened = match key {
            Key::Number(Number(key)) => perlipc::MessageQueue::open(key, mode),
            Key::Name(name) => perlipc::MessageQueue::open_named(&name, mode),
        };
        opened.map(MessageQueue).map_err(|error| raise(py, error))
    }

    /// Its id.
    #[getter]
    fn id(&self) -> i32 {
        self.0.id()
    }

    /// Sends a message (bytes, or what has a buffer) of a type, which is positive; waits while the queue is full,
    /// TimeoutError after timeout seconds.
    #[pyo3(signature = (data, r#type = 1, *, timeout = None))]
    fn send(
        &self,
        py: Python<'_>,
        data: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = number::r#type)] r#type: i64,
        timeout: Option<Seconds>,
    ) -> PyResult<()> {
        send(py, self.0, r#type, &plain(data)?, 0, timeout)
    }

    /// The next message (type 0), the next of a type, or that of the lowest type up to -type: its type and body. One that
    /// is longer than size stays in the queue: OSError with E2BIG. Waits for one, TimeoutError after timeout seconds.
    #[pyo3(signature = (r#type = 0, *, size = 8192, timeout = None))]
    fn recv<'py>(
        &self,
        py: Python<'py>,
        #[pyo3(from_py_with = number::r#type)] r#type: i64,
        #[pyo3(from_py_with = number::size)] size: usize,
        timeout: Option<Seconds>,
    ) -> PyResult<(i64, Bound<'py, PyBytes>)> {
        recv(py, self.0, r#type, size, 0, timeout, |py, kind, body| (kind, PyBytes::new(py, body)))
    }

    /// How many messages are in it.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let stat = self.0.stat().map_err(|error| raise(py, error))?;
        Ok(usize::try_from(stat.messages).unwrap_or(usize::MAX))
    }

    fn __bool__(&self) -> bool {
        true
    }

    /// What is known of the queue: key uid gid cuid cgid mode seq qnum cbytes qbytes lspid lrpid stime rtime ctime.
    fn stat<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stat = self.0.stat().map_err(|error| raise(py, error))?;
        let dict = PyDict::new(py);
        put_owner(&dict, &stat.owner)?;
        dict.set_item("qnum", stat.messages)?;
        dict.set_item("cbytes", stat.bytes)?;
        dict.set_item("qbytes", stat.max_bytes)?;
        dict.set_item("lspid", stat.sender)?;
        dict.set_item("lrpid", stat.receiver)?;
        dict.set_item("stime", stat.send_time)?;
        dict.set_item("rtime", stat.receive_time)?;
        dict.set_item("ctime", stat.changed)?;
        Ok(dict)
    }

    /// Changes its owner, mode, or how many bytes it holds.
    #[pyo3(signature = (*, uid = None, gid = None, mode = None, qbytes = None))]
    fn change(
        &self,
        py: Python<'_>,
        #[pyo3(from_py_with = number::uid)] uid: Option<u32>,
        #[pyo3(from_py_with = number::gid)] gid: Option<u32>,
        #[pyo3(from_py_with = number::mode)] mode: Option<u32>,
        #[pyo3(from_py_with = number::qbytes)] qbytes: Option<u64>,
    ) -> PyResult<()> {
        self.0.change(Change { uid, gid, mode, queue_bytes: qbytes }).map_err(|error| raise(py, error))
    }

    /// Removes it with all that is in it; who waits on it gets OSError with EIDRM.
    fn remove(&self, py: Python<'_>) -> PyResult<()> {
        self.0.remove().map_err(|error| raise(py, error))
    }

    fn __repr__(&self) -> String {
        format!("MessageQueue({})", self.0.id())
    }
}
