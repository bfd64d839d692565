//! Perl's filehandle.

#![allow(unsafe_code)]

mod dialogue;
mod network;
mod read;
pub(crate) mod records;
mod write;

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::time::Duration;

use perlipc::{Canceler, Deadline, Error};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use self::records::Run;
use crate::child::{self, Child};
use crate::data::{Data, decode, decoded, encode, no_text, utf8};
use crate::error::{child_error, raise};
use crate::number;
use crate::signal::{Quick, blocking};
use crate::status::Status;
use crate::time;

pub(crate) use self::dialogue::Parts;

/// What a stream's close needs to know of its command.
pub(crate) struct Origin {
    pub(crate) command: Option<Py<PyAny>>,
    /// Closing raises ChildError unless the status is ok.
    pub(crate) check: bool,
    pub(crate) grace: Duration,
}

impl Default for Origin {
    fn default() -> Origin {
        Origin { command: None, check: false, grace: Duration::from_secs(1) }
    }
}

/// A filehandle: a pipe's end, what a command writes or reads. Bytes; with text=True str (UTF-8, surrogateescape).
///
/// Iterating gives records, lines at first, with their separator. It has what csv.reader, json.load and
/// shutil.copyfileobj ask of a file, and io.TextIOWrapper, which gives one of bytes any encoding and newline (Perl's
/// :encoding and :crlf), and io.BufferedReader, for what wants readline(size). As a context manager it is closed at the
/// end; leaving on an exception ends the child.
///
/// Each call may take .timeout seconds, None for ever, and raises TimeoutError then; what was read is not lost, and
/// what was not written goes out by flush(). Other threads run while a call waits, and signal handlers run from inside
/// it. One thread may read while another writes; a second call of the same kind is a RuntimeError, but cancel() and
/// close() come from any thread at any moment.
///
/// >>> import perlipc as ipc
/// >>> with ipc.open("-|", ["printf", "a\\nb\\n"]) as stream:
/// ...     list(stream)
/// [b'a\n', b'b\n']
/// >>> stream.status.ok
/// True
#[pyclass(frozen, generic, weakref, module = "perlipc")]
pub(crate) struct Stream {
    core: UnsafeCell<perlipc::Stream>,
    /// The writing half of what does both, but while a call has the whole of it.
    half: UnsafeCell<Option<perlipc::Stream>>,
    /// A call is under way; the interpreter may be released meanwhile.
    busy: Cell<bool>,
    /// The same, of the writing half.
    writing: Cell<bool>,
    /// Records that are lent to the stream's iterators.
    run: Run,
    /// What may be done while one is.
    other: Canceler,
    fd: i32,
    child: Option<Py<Child>>,
    origin: Origin,
    text: bool,
    reads: bool,
    writes: bool,
    timeout: Cell<Option<f64>>,
    /// When all calls must be over, whatever each may take.
    until: Cell<Deadline>,
    separator: RefCell<Py<PyAny>>,
    /// As they were when the call that is under way began.
    lineno: Cell<u64>,
    autoflush: Cell<bool>,
    /// Whether writes are tried before the interpreter is given away.
    quick: Quick,
    released: Cell<bool>,
}

// SAFETY: the cells are read and written by who holds the interpreter alone (the module asks for that on free-threaded
// builds too). The core's streams, which a call uses with the interpreter released, are that call's alone from setting
// `busy` or `writing`, which are looked at and set with the interpreter held, until it is cleared; and they may go from
// thread to thread.
unsafe impl Sync for Stream {}

/// What of a stream a call has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    Reader,
    Writer,
}

/// A call on a stream: it alone has that part of the core's stream until it is over. What does not do both is always whole.
pub(crate) struct Call<'a> {
    stream: &'a Stream,
    part: Part,
    bounded: bool,
}

/// Only a call that has the whole joins it.
const HALF: &str = "a writing half that no call has";

impl Call<'_> {
    fn bound(&mut self, deadline: Deadline) {
        if !deadline.is_never() {
            let until = self.stream.until.get();
            self.deadline(deadline.min(until));
            self.bounded = true;
        }
    }
}

impl Deref for Call<'_> {
    type Target = perlipc::Stream;

    #[inline(always)]
    fn deref(&self) -> &perlipc::Stream {
        // SAFETY: `busy`, or `writing`, was false and is true for the life of this value: nobody else has a reference.
        match self.part {
            Part::Writer => unsafe { (*self.stream.half.get()).as_ref() }.expect(HALF),
            _ => unsafe { &*self.stream.core.get() },
        }
    }
}

impl DerefMut for Call<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut perlipc::Stream {
        // SAFETY: as above.
        match self.part {
            Part::Writer => unsafe { (*self.stream.half.get()).as_mut() }.expect(HALF),
            _ => unsafe { &mut *self.stream.core.get() },
        }
    }
}

impl Drop for Call<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.bounded {
            let until = self.stream.until.get();
            self.deadline(until);
        }
        match self.part {
            Part::Writer => self.stream.writing.set(false),
            Part::Whole if self.stream.does_both() => self.stream.split_half(self),
            _ => self.stream.busy.set(false),
        }
    }
}

impl Stream {
    pub(crate) fn new(py: Python<'_>, mut core: perlipc::Stream, text: bool, origin: Origin) -> PyResult<Stream> {
        let child = core.child().cloned().map(|child| Py::new(py, Child(child))).transpose()?;
        let separator = if text { PyString::new(py, "\n").into_any() } else { PyBytes::new(py, b"\n").into_any() };
        Ok(Stream {
            other: core.canceler(),
            fd: core.as_fd().as_raw_fd(),
            child,
            origin,
            text,
            reads: core.is_readable(),
            writes: core.is_writable(),
            timeout: Cell::new(None),
            until: Cell::new(Deadline::NEVER),
            separator: RefCell::new(separator.unbind()),
            lineno: Cell::new(0),
            autoflush: Cell::new(core.is_autoflush()),
            quick: Quick::new(),
            released: Cell::new(false),
            busy: Cell::new(false),
            writing: Cell::new(false),
            run: Run::new(),
            half: UnsafeCell::new(core.split()),
            core: UnsafeCell::new(core),
        })
    }

    /// Every call must be over by then.
    pub(crate) fn end_by(&self, until: Deadline) -> PyResult<()> {
        self.enter()?.deadline(until);
        self.until.set(until);
        Ok(())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.other.is_closed()
    }

    pub(crate) fn reads(&self) -> bool {
        self.reads
    }

    fn does_both(&self) -> bool {
        self.reads && self.writes
    }

    /// A call that has the whole of the stream.
    #[inline]
    pub(crate) fn enter(&self) -> PyResult<Call<'_>> {
        let mut call = self.enter_to_read()?;
        if self.does_both() {
            self.join_half(&mut call)?;
        }
        call.part = Part::Whole;
        Ok(call)
    }

    /// One that reads: another one may write meanwhile.
    #[inline]
    pub(crate) fn enter_to_read(&self) -> PyResult<Call<'_>> {
        if self.busy.replace(true) {
            return Err(busy());
        }
        let mut call = Call { stream: self, part: Part::Reader, bounded: false };
        self.run.give_back(&mut call);
        Ok(call)
    }

    /// One that writes: another one may read meanwhile.
    #[inline]
    fn enter_to_write(&self) -> PyResult<Call<'_>> {
        if !self.does_both() {
            return self.enter();
        }
        if self.writing.replace(true) {
            return Err(busy());
        }
        Ok(Call { stream: self, part: Part::Writer, bounded: false })
    }

    #[cold]
    fn join_half(&self, call: &mut Call<'_>) -> PyResult<()> {
        if self.writing.replace(true) {
            return Err(busy());
        }
        // SAFETY: `writing` was false, and is true: nobody else has a reference.
        let half = unsafe { (*self.half.get()).take() };
        // Halves of one stream can be joined.
        drop(half.and_then(|half| call.join(half)));
        Ok(())
    }

    #[cold]
    fn split_half(&self, call: &mut Call<'_>) {
        // SAFETY: `writing` was set by `join_half`.
        unsafe { *self.half.get() = call.split() };
        self.writing.set(false);
        self.busy.set(false);
    }

    /// The next record of those that are lent to iterators, as an object: a new reference, NULL with an exception;
    /// `None` when it has to be looked for.
    ///
    /// # Safety
    /// The interpreter is held.
    #[inline(always)]
    pub(crate) unsafe fn lent(&self) -> Option<*mut ffi::PyObject> {
        if self.other.is_closed() {
            return None;
        }
        // SAFETY: `busy` is false while something is lent, and who sets it gives that back.
        let (at, len) = unsafe { self.run.record()? };
        // SAFETY: the bytes are copied; the interpreter is held.
        Some(unsafe { if self.text { decoded(at, len) } else { ffi::PyBytes_FromStringAndSize(at.cast(), len) } })
    }

    /// Lends iterators what was found ahead.
    pub(crate) fn lend(&self) {
        if let Ok(mut call) = self.enter_to_read() {
            self.run.lend(&mut call);
        }
    }

    /// For what only asks the descriptor: where there is none, the stream is closed.
    fn open(&self) -> PyResult<Call<'_>> {
        if self.is_closed() {
            return Err(PyValueError::new_err("I/O operation on closed stream"));
        }
        self.enter_to_read().or_else(|_| self.enter_to_write())
    }

    /// A call that reads, and may wait until the stream's own time limit.
    fn call_to_read(&self) -> PyResult<Call<'_>> {
        self.within(self.timeout.get(), Stream::enter_to_read)
    }

    /// The same for one that writes.
    #[inline]
    fn call_to_write(&self) -> PyResult<Call<'_>> {
        self.within(self.timeout.get(), Stream::enter_to_write)
    }

    #[inline]
    fn within(
        &self,
        timeout: Option<f64>,
        enter: impl for<'a> FnOnce(&'a Stream) -> PyResult<Call<'a>>,
    ) -> PyResult<Call<'_>> {
        let deadline = time::deadline(timeout)?;
        let mut call = enter(self)?;
        call.bound(deadline);
        if call.part != Part::Writer {
            self.lineno.set(call.lineno());
        }
        Ok(call)
    }

    fn unsupported(py: Python<'_>, what: &str) -> PyErr {
        match py.import("io").and_then(|io| io.getattr("UnsupportedOperation")).and_then(|class| class.call1((what,))) {
            Ok(error) => PyErr::from_value(error),
            Err(error) => error,
        }
    }

    fn reading(&self, py: Python<'_>) -> PyResult<()> {
        if self.reads { Ok(()) } else { Err(Stream::unsupported(py, "not readable")) }
    }

    fn writing(&self, py: Python<'_>) -> PyResult<()> {
        if self.writes { Ok(()) } else { Err(Stream::unsupported(py, "not writable")) }
    }

    /// Bytes as the stream gives them.
    #[inline]
    fn give<'py>(&self, py: Python<'py>, data: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        if self.text { decode(py, data) } else { encode(py, data) }
    }

    /// What the user gave, as bytes, and its length in the user's units.
    fn take<'a, 'py>(&self, data: &'a Bound<'py, PyAny>) -> PyResult<(Data<'a, 'py>, usize)> {
        if self.text {
            let text = data.cast::<PyString>().map_err(|_| PyTypeError::new_err("a text stream takes str"))?;
            let len = text.len()?;
            return Ok((utf8(text)?, len));
        }
        let data = no_text(data)?;
        let len = data.len();
        Ok((data, len))
    }

    fn closed_status(&self, py: Python<'_>, status: Option<perlipc::Status>) -> PyResult<Option<Status>> {
        match status {
            Some(status) if self.origin.check && !status.success() => {
                let command = self.origin.command.as_ref().map(|command| command.bind(py));
                Err(child_error(py, false, command, status, None, None))
            }
            status => Ok(status.map(Status::from)),
        }
    }

    fn close_within(&self, py: Python<'_>, deadline: Deadline) -> PyResult<Option<perlipc::Status>> {
        if self.released.get() {
            return Ok(None);
        }
        match self.enter() {
            Ok(mut call) => {
                call.bound(deadline);
                self.lineno.set(call.lineno());
                let core: &mut perlipc::Stream = &mut call;
                blocking(py, || match core.close() {
                    // Once more is no harm, as with Python's files.
                    Err(perlipc::Error::Closed { .. }) => Ok(core.status()),
                    answer => answer,
                })
            }
            // Another thread is in a call, or this one's call was interrupted: it ends.
            Err(_) => blocking(py, || match self.closer().close(deadline) {
                Err(perlipc::Error::Closed { .. }) => Ok(self.closer().status()),
                answer => answer,
            }),
        }
    }
}

#[cold]
fn busy() -> PyErr {
    PyRuntimeError::new_err("the stream is in use by another thread, or by the call that this handler interrupted")
}

pub(crate) fn put_fronts(py: Python<'_>) -> PyResult<()> {
    write::put_front(py)?;
    read::put_front(py)
}

#[pymethods]
impl Stream {
    /// The child at the other end; None if there is none.
    #[getter]
    fn child(&self, py: Python<'_>) -> Option<Py<Child>> {
        self.child.as_ref().map(|child| child.clone_ref(py))
    }

    /// How the child ended, as close() has learnt it: Perl's $?. None before, and without a child.
    #[getter]
    fn status(&self) -> Option<Status> {
        self.other.status().map(Status::from)
    }

    /// Whether it was closed or detached.
    #[getter]
    fn closed(&self) -> bool {
        self.other.is_closed()
    }

    /// How many seconds each call may take; None: for ever. A TimeoutError of such a limit has an attribute by_limit; one
    /// without it is the network's, which has given the peer up (keepalive, user_timeout).
    #[getter]
    fn timeout(&self) -> Option<f64> {
        self.timeout.get()
    }

    #[setter]
    fn set_timeout(&self, seconds: Option<time::Seconds>) -> PyResult<()> {
        let seconds = seconds.map(f64::from);
        time::duration(seconds)?;
        self.timeout.set(seconds);
        Ok(())
    }

    /// The number of its descriptor, as Python's own files have it that were opened by one.
    #[getter]
    fn name(&self) -> i32 {
        self.fd
    }

    /// The descriptor. It stays the stream's, which may have read ahead.
    fn fileno(&self) -> PyResult<i32> {
        if self.other.is_closed() {
            Err(PyValueError::new_err("fileno: I/O operation on closed stream"))
        } else {
            Ok(self.fd)
        }
    }

    /// Whether it can be read from.
    fn readable(&self) -> bool {
        self.reads
    }

    /// Whether it can be written to.
    fn writable(&self) -> bool {
        self.writes
    }

    /// False: a stream has no positions.
    fn seekable(&self) -> bool {
        false
    }

    /// As seekable() says: io.UnsupportedOperation.
    #[pyo3(signature = (offset, whence = 0, /))]
    #[expect(unused_variables, reason = "as io has them")]
    fn seek(&self, py: Python<'_>, offset: &Bound<'_, PyAny>, whence: i32) -> PyResult<u64> {
        Err(Stream::unsupported(py, "seek"))
    }

    /// As seekable() says: io.UnsupportedOperation.
    fn tell(&self, py: Python<'_>) -> PyResult<u64> {
        Err(Stream::unsupported(py, "tell"))
    }

    /// As seekable() says: io.UnsupportedOperation.
    #[pyo3(signature = (size = None, /))]
    #[expect(unused_variables, reason = "as io has it")]
    fn truncate(&self, py: Python<'_>, size: Option<&Bound<'_, PyAny>>) -> PyResult<u64> {
        Err(Stream::unsupported(py, "truncate"))
    }

    /// False: a stream is no terminal.
    fn isatty(&self) -> bool {
        false
    }

    /// Ends the call that another thread waits in, and every later one that would read or write, also where something is
    /// there: they raise OSError with errno ECANCELED. What was read ahead can still be taken.
    fn cancel(&self) {
        self.other.cancel();
    }

    /// The descriptor, given up by the stream: it is yours. Writes what is in the buffer; ValueError when bytes are
    /// read ahead, which would be lost. Closing the last of the child's other streams waits for it.
    fn detach(&self, py: Python<'_>) -> PyResult<i32> {
        let mut call = self.within(self.timeout.get(), Stream::enter)?;
        let core: &mut perlipc::Stream = &mut call;
        let fd = blocking(py, || core.release())?;
        self.released.set(true);
        Ok(fd.into_raw_fd())
    }

    /// Flushes and closes; where this was the last stream of a child, waits for it and gives its status. Perl's close.
    ///
    /// Within .timeout seconds, else TimeoutError; then close() may be called again. ChildError when check=True was said
    /// and the status is not ok. Closing twice does no harm. From another thread, it ends the call that waits.
    pub(crate) fn close(&self, py: Python<'_>) -> PyResult<Option<Status>> {
        let status = self.close_within(py, time::deadline(self.timeout.get())?)?;
        self.closed_status(py, status)
    }

    /// A command, or a separator, may hold the stream.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.origin.command)?;
        match self.separator.try_borrow() {
            Ok(separator) => visit.call(&*separator),
            Err(_) => Ok(()),
        }
    }

    fn __enter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, Self>> {
        if slf.get().other.is_closed() {
            return Err(PyValueError::new_err("I/O operation on closed stream"));
        }
        Ok(slf.clone())
    }

    #[pyo3(signature = (*exc))]
    fn __exit__(&self, py: Python<'_>, exc: &Bound<'_, PyTuple>) -> PyResult<()> {
        if exc.get_item(0).is_ok_and(|class| !class.is_none()) {
            if let Some(child) = &self.child {
                child::end(py, &child.get().0, self.origin.grace);
            }
            // What does not go out at once is not waited for, and the exception that is under way is the one to tell of.
            let _ = self.close_within(py, Deadline::NOW);
            return Ok(());
        }
        self.close(py).map(drop)
    }

    fn __repr__(&self) -> String {
        let state = if self.other.is_closed() { "closed".to_owned() } else { format!("fd={}", self.fd) };
        match &self.child {
            Some(child) => format!("<perlipc.Stream {state} {:?}>", child.get().0),
            None => format!("<perlipc.Stream {state}>"),
        }
    }
}

impl Stream {
    fn closer(&self) -> &Canceler {
        &self.other
    }
}

/// The descriptor that a number or a file means.
pub(crate) fn fileno(file: &Bound<'_, PyAny>) -> PyResult<i32> {
    if file.hasattr("__index__")? {
        return number::fd(file);
    }
    match file.getattr_opt("fileno")? {
        Some(fileno) => number::fd(&fileno.call0()?),
        None => Err(PyTypeError::new_err(format!("{} has no descriptor", file.repr()?))),
    }
}

/// Perl's pipe: what is written to the second is read from the first.
#[pyfunction]
#[pyo3(signature = (*, text = false))]
pub(crate) fn pipe(py: Python<'_>, text: bool) -> PyResult<(Stream, Stream)> {
    let (reader, writer) = perlipc::Stream::pipe().map_err(|error| raise(py, error))?;
    Ok((Stream::new(py, reader, text, Origin::default())?, Stream::new(py, writer, text, Origin::default())?))
}

/// Takes a descriptor over as a stream, which closes it in the end. It stays as it was found.
#[pyfunction]
#[pyo3(signature = (fd, *, text = false))]
pub(crate) fn adopt(py: Python<'_>, #[pyo3(from_py_with = number::fd)] fd: i32, text: bool) -> PyResult<Stream> {
    // An OSError if there is no such descriptor: a number that is none must not be owned.
    let there = py.import("os")?.call_method1("fstat", (fd,));
    there.map_err(|_| raise(py, Error::Os { step: "adopt", path: fd.to_string().into(), errno: libc::EBADF }))?;
    // SAFETY: it is open, and the caller gives it away.
    let owned = unsafe { OwnedFd::from_raw_fd(fd) };
    let core = perlipc::Stream::adopt(owned).map_err(|error| raise(py, error))?;
    Stream::new(py, core, text, Origin::default())
}
