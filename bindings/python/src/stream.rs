//! Perl's filehandle.

#![allow(unsafe_code)]

use std::cell::{Cell, RefCell, UnsafeCell};
use std::ops::{Deref, DerefMut};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::time::Duration;

use memchr::memmem;
use perlipc::{Canceler, Deadline, Half, Separator, tcp, unix};
use pyo3::exceptions::{PyMemoryError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyMemoryView, PySlice, PyString, PyTuple};

use crate::child::{self, Child};
use crate::data::{self, Data};
use crate::error::{child_error, raise};
use crate::expect;
use crate::front::front;
use crate::interact::{self, Escape};
use crate::records::{self, Run};
use crate::signal::{Quick, blocking, told};
use crate::socket;
use crate::status::Status;
use crate::time;

/// Many lines are taken from the core at once; so many that the way there costs nothing, not so many that a list of
/// them leaves the cache.
const BATCH: usize = 4096;
/// How much is asked for at first where the caller asks for much: what comes may be far less.
const PIECE: usize = 64 * 1024;
/// As much as a pipe takes whole or not at all: PIPE_BUF.
const AT_ONCE: usize = 4096;

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

/// Asked for first, since a vector that cannot be had ends the process; one of zeros costs no page before it is used.
fn zeros(size: usize) -> PyResult<Vec<u8>> {
    Vec::<u8>::new().try_reserve_exact(size).map_err(|_| PyMemoryError::new_err(()))?;
    Ok(vec![0; size])
}

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
/// Iterating gives records, lines at first, with their separator. It has what io.TextIOWrapper, csv.reader, json.load
/// and shutil.copyfileobj ask of a file. As a context manager it is closed at the end; leaving on an exception ends
/// the child.
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

    /// Waits for a pattern: which one or why not, and what stood before, what matched and its groups; `quiet`: nothing of
    /// what is unread at a timeout.
    pub(crate) fn expect_core(
        &self,
        py: Python<'_>,
        expect: &perlipc::Expect,
        deadline: Deadline,
        quiet: bool,
    ) -> PyResult<(perlipc::Result<usize>, Parts)> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        let answer = blocking(py, || Ok(core.expect(expect, deadline)))?;
        let untold = quiet && answer.as_ref().is_err_and(perlipc::Error::is_timeout);
        let found = call.found().filter(|_| !untold);
        let before = found.map_or(&[][..], |found| found.before());
        let groups = found.map_or(0, |found| found.groups());
        let parts = self.parts(py, before, groups, |i| found.and_then(|found| found.group(i)))?;
        Ok((answer, parts))
    }

    /// A match, as the stream gives bytes.
    pub(crate) fn parts<'a>(
        &self,
        py: Python<'_>,
        before: &[u8],
        groups: usize,
        group: impl Fn(usize) -> Option<&'a [u8]>,
    ) -> PyResult<Parts> {
        let before = self.give(py, before)?;
        let matched = self.give(py, group(0).unwrap_or_default())?;
        let groups = (1..=groups)
            .map(|i| group(i).map(|group| self.give(py, group)).transpose())
            .collect::<PyResult<Vec<_>>>()?;
        Ok((before.unbind(), matched.unbind(), PyTuple::new(py, groups)?.unbind()))
    }

    pub(crate) fn write_within(&self, py: Python<'_>, data: &Bound<'_, PyAny>, deadline: Deadline) -> PyResult<()> {
        self.writing(py)?;
        let (data, _) = self.take(data)?;
        let mut call = self.enter_to_write()?;
        call.bound(deadline);
        let core: &mut perlipc::Stream = &mut call;
        let data: &[u8] = &data;
        blocking(py, || core.write(data).and_then(|()| core.flush()))
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
        let data = plain(data)?;
        let len = data.len();
        Ok((data, len))
    }

    /// Up to `size` bytes, or all of them; less only at the end. What cannot be finished is put back.
    fn read_bytes(&self, py: Python<'_>, call: &mut Call<'_>, size: Option<usize>, all: &mut Vec<u8>) -> PyResult<()> {
        let core: &mut perlipc::Stream = call;
        let answer = blocking(py, || match size {
            None => core.read_to_end(all).map(drop),
            Some(size) => loop {
                let done = all.len();
                let piece = (size - done).min(done.max(PIECE));
                all.resize(done + piece, 0);
                match core.read_full(&mut all[done..]) {
                    Ok(n) => {
                        all.truncate(done + n);
                        if n < piece || all.len() == size {
                            return Ok(());
                        }
                    }
                    Err(error) => {
                        all.truncate(done);
                        return Err(error);
                    }
                }
            },
        });
        answer.inspect_err(|_| call.unread(all, 0))
    }

    /// Up to `size` characters, or all; with `once` after one look at what is there.
    fn read_text<'py>(&self, py: Python<'py>, size: Option<usize>, once: bool) -> PyResult<Bound<'py, PyAny>> {
        let mut call = self.call_to_read()?;
        let mut all = Vec::new();
        let Some(size) = size.filter(|_| !once || size.is_some()) else {
            self.read_bytes(py, &mut call, None, &mut all)?;
            return self.give(py, &all);
        };
        let mut left = size;
        let mut ended = false;
        while left > 0 {
            let (bytes, characters) = prefix(call.buffered(), left, ended);
            if bytes > 0 {
                all.extend_from_slice(&call.buffered()[..bytes]);
                call.consume(bytes);
                left -= characters;
                continue;
            }
            if ended || (once && !all.is_empty()) {
                break;
            }
            let core: &mut perlipc::Stream = &mut call;
            match blocking(py, || core.fill()) {
                Ok(more) => ended = !more,
                Err(error) => {
                    call.unread(&all, 0);
                    return Err(error);
                }
            }
        }
        self.give(py, &all)
    }

    /// Calls `each` for many records at a time until it has enough or the input ends.
    fn batches(
        &self,
        py: Python<'_>,
        call: &mut Call<'_>,
        most: Option<usize>,
        mut each: impl FnMut(&[u8]) -> PyResult<()>,
    ) -> PyResult<()> {
        let mut left = most.unwrap_or(usize::MAX);
        while left > 0 {
            let core: &mut perlipc::Stream = call;
            let (data, ends) = blocking(py, || core.readlines(left.min(BATCH)))?;
            if ends.len() < 2 {
                break;
            }
            let _unswept = Unswept::new(py);
            for span in ends.windows(2) {
                each(&data[span[0] as usize..span[1] as usize])?;
            }
            left -= ends.len() - 1;
        }
        Ok(())
    }

    /// Records in a list; after an error they are in the stream again.
    fn list<'py>(&self, py: Python<'py>, most: Option<usize>, hint: Option<usize>) -> PyResult<Bound<'py, PyList>> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let list = PyList::empty(py);
        let mut size = 0;
        loop {
            let left = most.map_or(BATCH, |most| (most - list.len()).min(BATCH));
            if left == 0 {
                return Ok(list);
            }
            // Where the size decides, it is looked at after each.
            let left = if hint.is_some() { 1 } else { left };
            let core: &mut perlipc::Stream = &mut call;
            let batch = blocking(py, || core.readlines(left));
            let put = batch.and_then(|(data, ends)| {
                for span in ends.windows(2) {
                    let line = &data[span[0] as usize..span[1] as usize];
                    size += line.len();
                    append(&list, self.give(py, line)?)?;
                }
                Ok(ends.len() > 1)
            });
            match put {
                Ok(true) if hint.is_none_or(|hint| size < hint) => {}
                Ok(_) => return Ok(list),
                Err(error) => {
                    let mut all = Vec::with_capacity(size);
                    for line in list.iter() {
                        match line.cast::<PyBytes>() {
                            Ok(line) => all.extend_from_slice(line.as_bytes()),
                            Err(_) => all.extend_from_slice(&utf8(line.cast::<PyString>()?)?),
                        }
                    }
                    call.unread(&all, list.len() as u64);
                    return Err(error);
                }
            }
        }
    }

    #[inline(always)]
    fn write_bytes(&self, py: Python<'_>, data: &[u8]) -> PyResult<()> {
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        if data.len() > AT_ONCE || !self.quick.worth_it() {
            return blocking(py, || core.write(data));
        }
        if !told(py, core.write_now(data))? {
            self.quick.in_vain();
            blocking(py, || core.flush())?;
        }
        Ok(())
    }

    #[inline(always)]
    fn next_slow<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.reading(py)?;
        let mut call = self.within(timeout, Stream::enter_to_read)?;
        let core: &mut perlipc::Stream = &mut call;
        let line = blocking(py, || core.readline())?;
        line.map(|line| self.give(py, line)).transpose()
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

/// What stood before a match, what matched, and its groups.
pub(crate) type Parts = (Py<PyAny>, Py<PyAny>, Py<PyTuple>);

/// The bytes of a bytes-like object; a copy, unless they cannot change.
pub(crate) fn owned(data: &Bound<'_, PyAny>, text: bool) -> PyResult<Vec<u8>> {
    if text {
        let data = data.cast::<PyString>().map_err(|_| PyTypeError::new_err("with text=True the input is a str"))?;
        return Ok(utf8(data)?.to_vec());
    }
    Ok(plain(data)?.to_vec())
}

/// The same, of what is no text.
pub(crate) fn plain<'a, 'py>(data: &'a Bound<'py, PyAny>) -> PyResult<Data<'a, 'py>> {
    if data.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("a bytes-like object is required, not 'str' (text=True takes str)"));
    }
    data::plain(data)
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
unsafe fn decoded(data: *const u8, len: isize) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise; the bytes are copied.
    unsafe { ffi::PyUnicode_DecodeUTF8(data.cast(), len, c"surrogateescape".as_ptr()) }
}

/// While many objects are made at once that are all wanted, the collector of cycles need not look at them again and again.
/// The interpreter is held meanwhile: nobody else goes without it.
struct Unswept<'py>(Python<'py>, bool);

impl<'py> Unswept<'py> {
    fn new(py: Python<'py>) -> Unswept<'py> {
        // SAFETY: no arguments, and the interpreter is held.
        Unswept(py, unsafe { ffi::PyGC_Disable() } != 0)
    }
}

impl Drop for Unswept<'_> {
    fn drop(&mut self) {
        if self.1 {
            // SAFETY: as above.
            unsafe { ffi::PyGC_Enable() };
        }
    }
}

#[inline]
fn append(list: &Bound<'_, PyList>, item: Bound<'_, PyAny>) -> PyResult<()> {
    list.append(item)
}

/// How many bytes make up to `most` characters, as the decoder would count them, and how many characters they are. A
/// character that has only begun at the end is left, unless that is the `end` of all.
fn prefix(data: &[u8], most: usize, end: bool) -> (usize, usize) {
    let (mut at, mut count) = (0, 0);
    while count < most && at < data.len() {
        let rest = &data[at..data.len().min(at + 4)];
        let len = match rest[0] {
            0..0x80 => 1,
            _ => match std::str::from_utf8(rest) {
                Ok(text) => text.chars().next().map_or(1, char::len_utf8),
                Err(error) if error.valid_up_to() > 0 => std::str::from_utf8(&rest[..error.valid_up_to()])
                    .ok()
                    .and_then(|t| t.chars().next())
                    .map_or(1, char::len_utf8),
                // It may become one when more comes.
                Err(error) if error.error_len().is_none() && !end => return (at, count),
                // Each byte that is none becomes a character of its own.
                Err(_) => 1,
            },
        };
        at += len;
        count += 1;
    }
    (at, count)
}

fn size(size: Option<isize>) -> Option<usize> {
    size.and_then(|size| usize::try_from(size).ok())
}

front!(WRITE, "write", Stream, |py, this, call| {
    let data = call.bytes(0).filter(|_| call.has_up_to(1) && this.writes && !this.text)?;
    Some(this.write_bytes(py, data).and_then(|()| Ok(data.len().into_pyobject(py)?.into_ptr())))
});
front!(READLINE, "readline", Stream, |py, this, call| {
    call.has_up_to(0).then(|| this.readline(py, None).map(Bound::into_ptr))
});

pub(crate) fn put_fronts(py: Python<'_>) -> PyResult<()> {
    WRITE.put(py)?;
    READLINE.put(py)
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

    /// How many records were read. Perl: $. of this stream alone.
    #[getter]
    fn lineno(&self) -> u64 {
        self.enter_to_read().map_or(self.lineno.get(), |call| call.lineno())
    }

    /// Whether each write goes out at once; on at first, but for streams that write to a command. Switching it on
    /// flushes. Perl: $|.
    #[getter]
    fn autoflush(&self) -> bool {
        self.autoflush.get()
    }

    #[setter]
    fn set_autoflush(&self, py: Python<'_>, on: bool) -> PyResult<()> {
        self.writing(py)?;
        let mut call = self.call_to_write()?;
        self.autoflush.set(on);
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.autoflush(on))
    }

    /// How many seconds each call may take; None: for ever.
    #[getter]
    fn timeout(&self) -> Option<f64> {
        self.timeout.get()
    }

    #[setter]
    fn set_timeout(&self, seconds: Option<f64>) -> PyResult<()> {
        time::duration(seconds)?;
        self.timeout.set(seconds);
        Ok(())
    }

    /// What ends a record: any bytes (str for text); empty for paragraphs; an int for records of that many bytes; None
    /// for the whole input at once. Lines at first. Perl: $/ of this stream alone.
    #[getter]
    fn separator(&self, py: Python<'_>) -> Py<PyAny> {
        self.separator.borrow().clone_ref(py)
    }

    #[setter]
    fn set_separator(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        self.reading(py)?;
        let separator = if value.is_none() {
            Separator::Whole
        } else if let Ok(number) = value.extract::<usize>() {
            if self.text {
                return Err(PyValueError::new_err("records of a fixed size are bytes: a text stream has none"));
            }
            Separator::Size(number)
        } else {
            match self.take(value)?.0.to_vec() {
                bytes if bytes.is_empty() => Separator::Paragraph,
                bytes => Separator::Bytes(bytes),
            }
        };
        self.enter_to_read()?.separator(separator).map_err(|error| raise(py, error))?;
        *self.separator.borrow_mut() = value.clone().unbind();
        Ok(())
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

    /// False: a stream is no terminal.
    fn isatty(&self) -> bool {
        false
    }

    /// Reads size bytes (characters of a text stream), less only at the end; all until the end when size is negative
    /// or None. Perl: read.
    #[pyo3(signature = (size = Some(-1), /), text_signature = "($self, size=-1, /)")]
    fn read<'py>(&self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyAny>> {
        self.reading(py)?;
        let size = self::size(size);
        if self.text {
            return self.read_text(py, size, false);
        }
        let mut call = self.call_to_read()?;
        let mut all = Vec::new();
        self.read_bytes(py, &mut call, size, &mut all)?;
        self.give(py, &all)
    }

    /// Reads what is there, up to size bytes (characters of a text stream); waits if there is nothing, and is empty
    /// only at the end. Perl: sysread, with the buffer counted in.
    #[pyo3(signature = (size = Some(-1), /), text_signature = "($self, size=-1, /)")]
    fn read1<'py>(&self, py: Python<'py>, size: Option<isize>) -> PyResult<Bound<'py, PyAny>> {
        self.reading(py)?;
        let size = self::size(size).unwrap_or(PIECE);
        if self.text {
            return self.read_text(py, Some(size), true);
        }
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        with_room(size.min(PIECE), |room| {
            let n = blocking(py, || core.read(room))?;
            self.give(py, &room[..n])
        })
    }

    /// Reads what is there into a writable buffer and says how many bytes; 0 at the end.
    #[pyo3(signature = (buffer, /))]
    fn readinto(&self, py: Python<'_>, buffer: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.reading(py)?;
        if self.text {
            return Err(Stream::unsupported(py, "a text stream has no readinto"));
        }
        let view = PyMemoryView::from(buffer)?.call_method1("cast", ("B",))?;
        if view.getattr("readonly")?.is_truthy()? {
            return Err(PyTypeError::new_err("a writable buffer is needed"));
        }
        let mut call = self.call_to_read()?;
        let mut room = vec![0; view.len()?.min(4 * PIECE)];
        let core: &mut perlipc::Stream = &mut call;
        let n = blocking(py, || core.read(&mut room))?;
        view.set_item(PySlice::new(py, 0, n as isize, 1), PyBytes::new(py, &room[..n]))?;
        Ok(n)
    }

    /// The next record with its separator; empty at the end. Perl: <FH>.
    #[pyo3(signature = (*, timeout = None), text_signature = "($self, *, timeout=...)")]
    #[inline(always)]
    fn readline<'py>(&self, py: Python<'py>, timeout: Option<f64>) -> PyResult<Bound<'py, PyAny>> {
        let line = if timeout.is_none() { self.__next__(py)? } else { self.next_slow(py, timeout)? };
        match line {
            Some(line) => Ok(line),
            None => self.give(py, b""),
        }
    }

    /// All records until the end, or until they have hint bytes together.
    #[pyo3(signature = (hint = Some(-1), /), text_signature = "($self, hint=-1, /)")]
    fn readlines<'py>(&self, py: Python<'py>, hint: Option<isize>) -> PyResult<Bound<'py, PyList>> {
        self.list(py, None, size(hint).filter(|hint| *hint > 0))
    }

    /// The next n records; less only at the end. Many lines a call are much quicker than one.
    #[pyo3(signature = (n, /))]
    #[pyo3(name = "take")]
    fn take_lines<'py>(&self, py: Python<'py>, n: usize) -> PyResult<Bound<'py, PyList>> {
        self.list(py, Some(n), None)
    }

    /// Reads to the end and says how many records there were, without making an object of any. Perl: 1 while <FH>; $.
    fn count_lines(&self, py: Python<'_>) -> PyResult<u64> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || {
            let before = core.lineno();
            while core.readlines(usize::MAX)?.1.len() > 1 {}
            Ok(core.lineno() - before)
        })
    }

    /// Reads to the end: the records that hold the given bytes (str of a text stream). An object is made of those
    /// alone. Perl: grep { index($_, $what) >= 0 } <FH>.
    #[pyo3(signature = (what, /))]
    fn grep<'py>(&self, py: Python<'py>, what: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        self.reading(py)?;
        let (what, _) = self.take(what)?;
        let finder = memmem::Finder::new(&*what);
        let list = PyList::empty(py);
        let mut call = self.call_to_read()?;
        self.batches(py, &mut call, None, |line| match finder.find(line) {
            Some(_) => append(&list, self.give(py, line)?),
            None => Ok(()),
        })?;
        Ok(list)
    }

    /// Reads the next n records, or all to the end, each split at the given bytes (str of a text stream), or at runs
    /// of white space without any, and without its newline: a list of lists. Perl: map { chomp; [split] } <FH>.
    #[pyo3(signature = (separator = None, /, *, n = None))]
    fn split<'py>(
        &self,
        py: Python<'py>,
        separator: Option<&Bound<'py, PyAny>>,
        n: Option<usize>,
    ) -> PyResult<Bound<'py, PyList>> {
        self.reading(py)?;
        let separator = separator.map(|separator| self.take(separator)).transpose()?;
        if separator.as_ref().is_some_and(|(bytes, _)| bytes.is_empty()) {
            return Err(PyValueError::new_err("empty separator"));
        }
        let finder = separator.as_ref().map(|(bytes, _)| memmem::Finder::new(&**bytes));
        let list = PyList::empty(py);
        let mut call = self.call_to_read()?;
        let mut fields = Vec::new();
        self.batches(py, &mut call, n, |line| {
            match &finder {
                None => {
                    for field in line.split(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)) {
                        if !field.is_empty() {
                            fields.push(self.give(py, field)?);
                        }
                    }
                }
                Some(finder) => {
                    let line = line.strip_suffix(b"\n").unwrap_or(line);
                    let mut from = 0;
                    for at in finder.find_iter(line) {
                        fields.push(self.give(py, &line[from..at])?);
                        from = at + finder.needle().len();
                    }
                    fields.push(self.give(py, &line[from..])?);
                }
            }
            append(&list, PyList::new(py, fields.drain(..))?.into_any())
        })?;
        Ok(list)
    }

    /// For perlipc.aio: reads more behind what is buffered; False at the end.
    fn _fill(&self, py: Python<'_>) -> PyResult<bool> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.fill())
    }

    /// For perlipc.aio: how many bytes are buffered.
    fn _buffered(&self) -> PyResult<usize> {
        Ok(self.enter_to_read()?.buffered().len())
    }

    /// For perlipc.aio: how many bytes are still to go out.
    fn _pending(&self) -> PyResult<usize> {
        Ok(self.enter_to_write()?.pending())
    }

    /// For perlipc.aio: what expect() finds without waiting; None, without a copy of what is unread, if that is nothing.
    fn _expect(&self, py: Python<'_>, patterns: &expect::Expect) -> PyResult<Option<expect::Match>> {
        expect::now(self, py, patterns)
    }

    fn __iter__<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        slf.get().reading(slf.py())?;
        records::iterator(slf)
    }

    #[inline(always)]
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        {
            let mut call = self.enter_to_read()?;
            if let Some(line) = call.readline_ahead() {
                return self.give(py, line).map(Some);
            }
        }
        self.next_slow(py, self.timeout.get())
    }

    /// Writes all, or into the buffer when autoflush is off; the length of data.
    ///
    /// BrokenPipeError when nobody reads any more, never a SIGPIPE. When it is cut short (TimeoutError, an exception
    /// of a signal handler), what was not written stays in the stream: do not write it again, flush() goes on.
    #[pyo3(signature = (data, /))]
    fn write(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.writing(py)?;
        let (data, len) = self.take(data)?;
        self.write_bytes(py, &data).map(|()| len)
    }

    /// Writes each of the lines.
    #[pyo3(signature = (lines, /))]
    fn writelines(&self, py: Python<'_>, lines: &Bound<'_, PyAny>) -> PyResult<()> {
        for line in lines.try_iter()? {
            self.write(py, &line?)?;
        }
        Ok(())
    }

    /// Writes what is in the buffer. A stream that only reads has none.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        if self.other.is_closed() {
            return Err(PyValueError::new_err("flush: I/O operation on closed stream"));
        }
        if !self.writes {
            return Ok(());
        }
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.flush())
    }

    /// Waits for one of the patterns: a Match, behind which the stream goes on. patterns is one or a list of bytes (str of
    /// a text stream), compiled regular expressions, and EOF; or an Expect, prepared once.
    ///
    /// timeout is in seconds, None waits for ever: ExpectTimeout when it is over, ExpectEOF at the end unless EOF is in the
    /// list; both have what is unread in .before, and it stays unread. Perl: Expect.pm's expect.
    #[pyo3(signature = (patterns, *, timeout = Some(30.0)), text_signature = "($self, patterns, *, timeout=30.0)")]
    fn expect(&self, py: Python<'_>, patterns: &Bound<'_, PyAny>, timeout: Option<f64>) -> PyResult<expect::Match> {
        expect::expect(self, py, patterns, time::deadline(timeout)?)
    }

    /// A dialogue in one call: steps are pairs of what to wait for, as expect's patterns, and what to write then; None on
    /// either side is nothing. Gives the Matches.
    ///
    /// timeout is of all together, in seconds. What expect raises, this does. Perl: none; chat's scripts.
    #[pyo3(signature = (steps, *, timeout = Some(30.0)), text_signature = "($self, steps, *, timeout=30.0)")]
    fn script(&self, py: Python<'_>, steps: &Bound<'_, PyAny>, timeout: Option<f64>) -> PyResult<Vec<expect::Match>> {
        expect::script(self, py, steps, time::deadline(timeout)?)
    }

    /// A copy of all that is read by lines or expect goes to that file or descriptor, of which the stream keeps a
    /// duplicate; None: nowhere, as at first. A log that is full stands in the way of later reads. Perl: $exp->log_file.
    #[pyo3(signature = (file, /))]
    fn log(&self, py: Python<'_>, file: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        self.reading(py)?;
        let log = file.map(duplicate).transpose()?;
        self.enter_to_read()?.log(log).map_err(|error| raise(py, error))
    }

    /// Joins the user's terminal with a pty's child: what is typed goes to the child, Control-C too, and what it says is
    /// shown, until the escape key is typed ("escape" comes back), the child has ended ("eof"), or the terminal is hung up
    /// ("hangup"). The terminal is raw meanwhile, hands its size on, stops and goes on by job control, and is put back on
    /// every way out, signals included. Open the pty with echo=True and crlf=True for a person's use.
    ///
    /// escape is one byte, None for none. Hooks are called with a Match when something was seen: keys, typed, which the
    /// child does not get; on_input and on_output, patterns (bytes, str, compiled), which look on. The terminal is as it
    /// was before while a hook runs, and the hook may use the stream; what it returns other than None ends the call, which
    /// returns that. stdin and stdout are the terminal, files or descriptors; they need not be one.
    ///
    /// One terminal at a time can be joined in a process. timeout is in seconds, None is for ever; the stream's own does
    /// not count. Perl: Expect.pm's interact.
    #[pyo3(
        signature = (escape = Escape::CONTROL_BRACKET, *, keys = None, on_input = None, on_output = None, stdin = None, stdout = None, timeout = None),
        text_signature = "($self, escape=b'\\x1d', *, keys=None, on_input=None, on_output=None, stdin=None, stdout=None, timeout=None)"
    )]
    #[expect(clippy::too_many_arguments, reason = "keywords")]
    fn interact(
        &self,
        py: Python<'_>,
        escape: Escape,
        keys: Option<&Bound<'_, PyAny>>,
        on_input: Option<&Bound<'_, PyAny>>,
        on_output: Option<&Bound<'_, PyAny>>,
        stdin: Option<&Bound<'_, PyAny>>,
        stdout: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<Py<PyAny>> {
        self.reading(py)?;
        self.writing(py)?;
        interact::interact(self, py, escape, [keys, on_input, on_output], [stdin, stdout], time::deadline(timeout)?)
    }

    /// Writes the line and a newline; how many characters with it.
    #[pyo3(signature = (line, /))]
    fn sendline(&self, py: Python<'_>, line: &Bound<'_, PyAny>) -> PyResult<usize> {
        let end = if self.text { PyString::new(py, "\n").into_any() } else { PyBytes::new(py, b"\n").into_any() };
        self.write(py, &line.add(end)?)
    }

    /// Writes the byte that a key gives with Control held: "c" interrupts, "d" is the end of input, "\\" quits.
    #[pyo3(signature = (key, /))]
    fn control(&self, py: Python<'_>, key: char) -> PyResult<()> {
        self.writing(py)?;
        let byte = perlipc::pty::control(key).map_err(|error| raise(py, error))?;
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.write(&[byte]))
    }

    /// Gives a pty a new size: its foreground processes get WINCH. OSError (ENOTTY) for another stream.
    #[pyo3(signature = (rows, cols))]
    fn resize(&self, py: Python<'_>, rows: u16, cols: u16) -> PyResult<()> {
        perlipc::pty::resize(&*self.open()?, rows, cols).map_err(|error| raise(py, error))
    }

    /// Whether there is nothing more to read. Waits to know, and loses nothing. Perl: eof.
    fn eof(&self, py: Python<'_>) -> PyResult<bool> {
        self.reading(py)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.eof())
    }

    /// No more writing: flushes, and the other end sees the end. Of a socket also "read", what the peer still sends is
    /// thrown away, or "both". Perl: shutdown.
    #[pyo3(signature = (half = "write"))]
    fn shutdown(&self, py: Python<'_>, half: &str) -> PyResult<()> {
        let half = match half {
            "read" => Half::Read,
            "write" => Half::Write,
            "both" => Half::Both,
            _ => return Err(PyValueError::new_err(format!("a half is \"read\", \"write\" or \"both\", not {half:?}"))),
        };
        if half == Half::Read {
            self.reading(py)?
        } else {
            self.writing(py)?
        }
        let mut call = if half == Half::Read { self.call_to_read()? } else { self.call_to_write()? };
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || core.shutdown_half(half))
    }

    /// Where this end of a socket is: "127.0.0.1:37", "[::1]:37", "/path", "@name"; empty without a name. Perl:
    /// getsockname.
    #[getter]
    fn address<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        socket::text(py, &self.open()?.local().map_err(|error| raise(py, error))?)
    }

    /// Where a socket's other end is. Perl: getpeername.
    #[getter]
    fn peer<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        socket::text(py, &self.open()?.peer().map_err(|error| raise(py, error))?)
    }

    /// Sets a socket's option by its name: "nodelay", "keepalive", "linger" (seconds, -1 is off), "sndbuf" ... Perl:
    /// setsockopt.
    fn set_option(&self, py: Python<'_>, name: &str, value: i32) -> PyResult<()> {
        self.open()?.set_option(name, value).map_err(|error| raise(py, error))
    }

    /// An option of a socket; also "error", "type", "domain", "protocol". Buffer sizes are what the kernel made of them.
    /// Perl: getsockopt.
    fn option(&self, py: Python<'_>, name: &str) -> PyResult<i32> {
        self.open()?.option(name).map_err(|error| raise(py, error))
    }

    /// Who is at the other end of a Unix socket: (pid, uid, gid) of the process that connected, or listened, as it was
    /// then. Perl: getsockopt(SO_PEERCRED).
    fn credentials(&self, py: Python<'_>) -> PyResult<(i32, u32, u32)> {
        let peer = unix::peer(&*self.open()?).map_err(|error| raise(py, error))?;
        Ok((peer.pid, peer.uid, peer.gid))
    }

    /// A pidfd of that process, which no other can be mistaken for; yours to close. OSError before Linux 6.5.
    fn peer_pidfd(&self, py: Python<'_>) -> PyResult<i32> {
        unix::peer_pidfd(&*self.open()?).map(IntoRawFd::into_raw_fd).map_err(|error| raise(py, error))
    }

    /// Sends descriptors, or what has a fileno(), over a Unix socket, with data, at least one byte of it: who reads that
    /// byte by recv_fds gets them. They stay open here.
    fn send_fds(&self, py: Python<'_>, data: &Bound<'_, PyAny>, fds: &Bound<'_, PyAny>) -> PyResult<()> {
        self.writing(py)?;
        let data = plain(data)?;
        let data: &[u8] = &data;
        let numbers = fds.try_iter()?.map(|fd| socket::number(&fd?)).collect::<PyResult<Vec<_>>>()?;
        let fds: Vec<_> = numbers.into_iter().map(socket::borrowed).collect();
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || unix::send_fds(core, data, &fds))
    }

    /// What is there, up to size bytes, with the descriptors that came along: yours to close, and close-on-exec. No bytes
    /// are the end. More descriptors than most is OSError (EMSGSIZE), and none stays open.
    ///
    /// To be called before plain reads reach those bytes: these would throw the descriptors away.
    #[pyo3(signature = (size = 65536, most = 253))]
    fn recv_fds<'py>(&self, py: Python<'py>, size: usize, most: usize) -> PyResult<(Bound<'py, PyBytes>, Vec<RawFd>)> {
        self.reading(py)?;
        let mut room = zeros(size)?;
        let mut call = self.call_to_read()?;
        let core: &mut perlipc::Stream = &mut call;
        let (n, fds) = blocking(py, || unix::recv_fds(core, &mut room, most))?;
        let data = PyBytes::new(py, &room[..n]);
        Ok((data, fds.into_iter().map(IntoRawFd::into_raw_fd).collect()))
    }

    /// Sends one urgent byte, past what is pending. Perl: send(S, "!", MSG_OOB).
    #[pyo3(signature = (byte, /))]
    fn send_urgent(&self, py: Python<'_>, byte: [u8; 1]) -> PyResult<()> {
        self.writing(py)?;
        let mut call = self.call_to_write()?;
        let core: &mut perlipc::Stream = &mut call;
        blocking(py, || tcp::send_urgent(core, byte[0]))
    }

    /// The urgent byte: OSError (EINVAL) when none was announced. Perl: recv(S, $b, 1, MSG_OOB).
    fn recv_urgent<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let byte = tcp::recv_urgent(&*self.open()?).map_err(|error| raise(py, error))?;
        Ok(PyBytes::new(py, &[byte]))
    }

    /// Whether what is read next was sent behind the urgent byte. A read never runs over the mark. Perl: sockatmark.
    fn at_mark(&self, py: Python<'_>) -> PyResult<bool> {
        tcp::at_mark(&*self.enter_to_read()?).map_err(|error| raise(py, error))
    }

    /// Ends the call that another thread waits in, and every later one that would read or write, also where something is
    /// there: they raise OSError with errno ECANCELED. What was read ahead can still be taken.
    fn cancel(&self) {
        self.other.cancel();
    }

    /// The descriptor, given up by the stream: it is yours. Writes what is in the buffer; ValueError when bytes are
    /// read ahead, which would be lost.
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
    fn close(&self, py: Python<'_>) -> PyResult<Option<Status>> {
        let status = self.close_within(py, time::deadline(self.timeout.get())?)?;
        self.closed_status(py, status)
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
    if let Ok(number) = file.extract() {
        return Ok(number);
    }
    match file.getattr("fileno") {
        Ok(fileno) => fileno.call0()?.extract(),
        Err(_) => Err(PyTypeError::new_err(format!("{} has no descriptor", file.repr()?))),
    }
}

fn duplicate(file: &Bound<'_, PyAny>) -> PyResult<OwnedFd> {
    let copy = file.py().import("os")?.call_method1("dup", (fileno(file)?,))?.extract()?;
    // SAFETY: os.dup has just made it, for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(copy) })
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
pub(crate) fn adopt(py: Python<'_>, fd: i32, text: bool) -> PyResult<Stream> {
    // An OSError if there is no such descriptor: a number that is none must not be owned.
    py.import("os")?.call_method1("fstat", (fd,))?;
    // SAFETY: it is open, and the caller gives it away.
    let owned = unsafe { OwnedFd::from_raw_fd(fd) };
    let core = perlipc::Stream::adopt(owned).map_err(|error| raise(py, error))?;
    Stream::new(py, core, text, Origin::default())
}
