//! System V shared memory.

use std::ffi::c_int;
use std::sync::Mutex;

use perlipc::sysv::Change;
use perlipc::{Error, shm};
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyMemoryView, PyTuple};

use crate::data::{filled, plain};
use crate::error::raise;
use crate::number::{self, Position, Size};
use crate::sysv::{Key, Number, bytes_of, put_owner, unknown};

/// More than this is copied while other threads run.
const LARGE: usize = 1 << 16;

/// Perl's shmget: the id of the segment with that key; flags are permissions, IPC_CREAT and IPC_EXCL. OSError as in Perl:
/// ENOENT, EEXIST, EINVAL; ENOSPC names the limit and its value.
#[pyfunction]
pub(crate) fn shmget(
    py: Python<'_>,
    #[pyo3(from_py_with = number::key)] key: Number,
    #[pyo3(from_py_with = number::size)] size: usize,
    #[pyo3(from_py_with = number::flags)] flags: i32,
) -> PyResult<i32> {
    shm::get(key.0, size, flags).map_err(|error| raise(py, error))
}

/// Perl's shmread: size bytes from position pos. The segment stays attached for the next time. OSError with EFAULT
/// outside it, with EINVAL or EIDRM when it is removed. Does not block.
#[pyfunction]
pub(crate) fn shmread(
    py: Python<'_>,
    #[pyo3(from_py_with = number::id)] id: i32,
    pos: Position,
    size: Size,
) -> PyResult<Bound<'_, PyBytes>> {
    let pos = place(py, "shmread", id, pos)?;
    copy_out(py, pos, size.0, |pos, room| shm::read(id, pos, room))
}

/// A position before the first byte is outside the segment like any other.
fn place(py: Python<'_>, step: &'static str, id: i32, Position(pos): Position) -> PyResult<usize> {
    let outside =
        |_| raise(py, Error::Os { step, path: format!("{id} (from byte {pos})").into(), errno: libc::EFAULT });
    usize::try_from(pos).map_err(outside)
}

fn copy_out<'py>(
    py: Python<'py>,
    pos: usize,
    size: usize,
    read: impl Fn(usize, &mut [u8]) -> perlipc::Result<()> + Sync,
) -> PyResult<Bound<'py, PyBytes>> {
    if size > LARGE {
        // What lies outside is refused before there is room for it, for which there may be no memory.
        read(pos.saturating_add(size), &mut []).map_err(|error| raise(py, error))?;
    }
    let bytes = filled(py, size, |room| {
        let done = if size > LARGE { py.detach(|| read(pos, room)) } else { read(pos, room) };
        done.map_err(|error| raise(py, error))
    })?;
    Ok(bytes.cast_into()?)
}

/// Perl's shmwrite: exactly size bytes at position pos, data cut or followed by NULs; without size all of data.
#[pyfunction]
#[pyo3(signature = (id, data, pos = Position(0), size = None), text_signature = "(id, data, pos=0, size=None)")]
pub(crate) fn shmwrite(
    py: Python<'_>,
    #[pyo3(from_py_with = number::id)] id: i32,
    data: &Bound<'_, PyAny>,
    pos: Position,
    size: Option<Size>,
) -> PyResult<()> {
    let pos = place(py, "shmwrite", id, pos)?;
    copy_in(py, data, |data| shm::write(id, data, pos, size.map_or(data.len(), |size| size.0)))
}

fn copy_in(
    py: Python<'_>,
    data: &Bound<'_, PyAny>,
    write: impl FnOnce(&[u8]) -> perlipc::Result<()> + Send,
) -> PyResult<()> {
    let data = plain(data)?;
    let bytes: &[u8] = &data;
    let done = if bytes.len() > LARGE { py.detach(|| write(bytes)) } else { write(bytes) };
    done.map_err(|error| raise(py, error))
}

/// Perl's shmctl: IPC_STAT gives the system's structure, IPC_SET takes it, IPC_RMID removes.
#[pyfunction]
#[pyo3(signature = (id, cmd, arg = None))]
pub(crate) fn shmctl<'py>(
    py: Python<'py>,
    #[pyo3(from_py_with = number::id)] id: i32,
    #[pyo3(from_py_with = number::cmd)] cmd: i32,
    arg: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let failed = |error| raise(py, error);
    match cmd {
        libc::IPC_STAT => return Ok(PyBytes::new(py, &shm::stat_bytes(id).map_err(failed)?).into_any()),
        libc::IPC_SET => shm::set_bytes(id, &bytes_of("shmctl", arg)?).map_err(failed)?,
        libc::IPC_RMID => shm::remove(id).map_err(failed)?,
        _ => return Err(unknown("shmctl", cmd)),
    }
    Ok(0i32.into_pyobject(py)?.into_any())
}

/// A segment attached as memory. memoryview(memory), or .buffer, is the memory itself: no copy, writable unless it was
/// attached read_only, and other processes see each store at once; a Lock or a Semaphore keeps them apart.
///
/// Leaving `with`, detach() and the end of the object detach it and never remove it: remove() does.
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct SharedMem {
    id: i32,
    inner: Mutex<Inner>,
}

struct Inner {
    memory: Option<perlipc::SharedMem>,
    /// How many buffers point into it.
    exports: usize,
}

impl SharedMem {
    fn over(memory: perlipc::SharedMem) -> SharedMem {
        SharedMem { id: memory.id(), inner: Mutex::new(Inner { memory: Some(memory), exports: 0 }) }
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Nothing in here calls the interpreter: what that frees could be a view of this memory, which comes back here.
    fn with<T>(&self, work: impl FnOnce(&perlipc::SharedMem) -> perlipc::Result<T>) -> perlipc::Result<T> {
        match &self.inner().memory {
            Some(memory) => work(memory),
            None => Err(Error::Invalid { step: "shm", reason: "the memory is detached".into() }),
        }
    }
}

#[pymethods]
impl SharedMem {
    /// Attaches the segment with that id.
    #[new]
    #[pyo3(signature = (id, *, read_only = false))]
    fn new(py: Python<'_>, #[pyo3(from_py_with = number::id)] id: i32, read_only: bool) -> PyResult<SharedMem> {
        perlipc::SharedMem::attach(id, read_only).map(SharedMem::over).map_err(|error| raise(py, error))
    }

    /// Makes a segment of zeros; FileExistsError when there is one.
    #[staticmethod]
    #[pyo3(signature = (key, size, *, mode = 0o600))]
    fn create(
        py: Python<'_>,
        #[pyo3(from_py_with = number::key)] key: Number,
        #[pyo3(from_py_with = number::size)] size: usize,
        #[pyo3(from_py_with = number::mode)] mode: u32,
    ) -> PyResult<SharedMem> {
        perlipc::SharedMem::create(key.0, size, mode).map(SharedMem::over).map_err(|error| raise(py, error))
    }

    /// The segment with that key or name, made of zeros if there is none. By a name it must be of our own making or
    /// root's, else PermissionError.
    #[staticmethod]
    #[pyo3(signature = (key, size, *, mode = 0o600))]
    fn open(
        py: Python<'_>,
        #[pyo3(from_py_with = number::key)] key: Key,
        #[pyo3(from_py_with = number::size)] size: usize,
        #[pyo3(from_py_with = number::mode)] mode: u32,
    ) -> PyResult<SharedMem> {
        let opened = match key {
            Key::Number(Number(key)) => perlipc::SharedMem::open(key, size, mode),
            Key::Name(name) => perlipc::SharedMem::open_named(&name, size, mode),
        };
        opened.map(SharedMem::over).map_err(|error| raise(py, error))
    }

    /// Its id.
    #[getter]
    fn id(&self) -> i32 {
        self.id
    }

    /// The memory itself.
    #[getter]
    fn buffer<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyMemoryView>> {
        PyMemoryView::from(slf.as_any())
    }

    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(|memory| Ok(memory.len())).map_err(|error| raise(py, error))
    }

    /// Copies size bytes from position pos; without size all that follow.
    #[pyo3(signature = (pos = Position(0), size = None), text_signature = "($self, pos=0, size=None)")]
    fn read<'py>(&self, py: Python<'py>, pos: Position, size: Option<Size>) -> PyResult<Bound<'py, PyBytes>> {
        let pos = place(py, "shmread", self.id, pos)?;
        let size = match size {
            Some(Size(size)) => size,
            None => self.__len__(py)?.saturating_sub(pos),
        };
        copy_out(py, pos, size, |pos, room| self.with(|memory| memory.read(pos, room)))
    }

    /// Copies data to position pos; with size exactly that many bytes, cut or followed by NULs.
    #[pyo3(signature = (data, pos = Position(0), size = None), text_signature = "($self, data, pos=0, size=None)")]
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>, pos: Position, size: Option<Size>) -> PyResult<()> {
        let pos = place(py, "shmwrite", self.id, pos)?;
        copy_in(py, data, |data| {
            self.with(|memory| memory.write_padded(data, pos, size.map_or(data.len(), |size| size.0)))
        })
    }

    /// What is known of the segment: key uid gid cuid cgid mode seq segsz nattch cpid lpid atime dtime ctime removed.
    fn stat<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stat = shm::stat(self.id).map_err(|error| raise(py, error))?;
        let dict = PyDict::new(py);
        put_owner(&dict, &stat.owner)?;
        dict.set_item("segsz", stat.size)?;
        dict.set_item("nattch", stat.attached)?;
        dict.set_item("cpid", stat.creator)?;
        dict.set_item("lpid", stat.last)?;
        dict.set_item("atime", stat.attach_time)?;
        dict.set_item("dtime", stat.detach_time)?;
        dict.set_item("ctime", stat.changed)?;
        dict.set_item("removed", stat.removed)?;
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
        shm::change(self.id, Change { uid, gid, mode, queue_bytes: None }).map_err(|error| raise(py, error))
    }

    /// Detaches it; BufferError while a memoryview still looks at it. Twice is nothing.
    fn detach(&self) -> PyResult<()> {
        let mut inner = self.inner();
        if inner.exports > 0 {
            return Err(PyBufferError::new_err("detach: a buffer still points into the memory"));
        }
        inner.memory = None;
        Ok(())
    }

    /// Removes the segment: no key finds it any more. What is attached stays.
    fn remove(&self, py: Python<'_>) -> PyResult<()> {
        shm::remove(self.id).map_err(|error| raise(py, error))
    }

    fn __enter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, _exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.detach()
    }

    /// # Safety
    /// Called by the interpreter, with a view to fill in.
    #[allow(unsafe_code)]
    unsafe fn __getbuffer__(slf: Bound<'_, Self>, view: *mut ffi::Py_buffer, flags: c_int) -> PyResult<()> {
        let this = slf.get();
        let mut inner = this.inner();
        let Some(memory) = &inner.memory else {
            return Err(PyBufferError::new_err("the memory is detached"));
        };
        let length = isize::try_from(memory.len()).map_err(|_| PyBufferError::new_err("too large"))?;
        let read_only = c_int::from(!memory.is_writable());
        // SAFETY: the memory stays attached while a view counts in `exports`, and the view holds this object.
        let filled =
            unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), memory.as_ptr().cast(), length, read_only, flags) };
        if filled != 0 {
            return Err(PyErr::fetch(slf.py()));
        }
        inner.exports += 1;
        Ok(())
    }

    /// # Safety
    /// Called by the interpreter, for a view that was filled in here.
    #[allow(unsafe_code)]
    unsafe fn __releasebuffer__(&self, _view: *mut ffi::Py_buffer) {
        self.inner().exports -= 1;
    }

    fn __repr__(&self) -> String {
        format!("SharedMem({})", self.id)
    }
}
