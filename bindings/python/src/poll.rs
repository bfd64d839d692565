//! Poll sets, and Perl's select.

use std::os::fd::RawFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use perlipc::poll::{Held, Ready, View};
use perlipc::{Deadline, Events, PollCanceler};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::child::Child;
use crate::dgram::Dgram;
use crate::listener::Listener;
use crate::number;
use crate::signal::blocking;
use crate::stream::{Stream, fileno};
use crate::time::{Seconds, deadline};

/// A stream as the core's set holds it.
struct Lent(Py<Stream>);

impl Held for Lent {
    fn show(&mut self, _reading: bool, look: &mut dyn FnMut(View<'_>)) -> bool {
        // Without an interpreter there is nobody to read it.
        let shown = Python::try_attach(|py| match self.0.bind(py).get().enter_to_read() {
            Ok(mut call) => {
                look(call.view());
                true
            }
            Err(_) => false,
        });
        shown.unwrap_or(false)
    }
}

type Core = perlipc::Poll<Lent>;

/// Things to wait for at once: streams, listeners, datagram sockets, children, SIG, and all that has a descriptor.
///
/// What a stream has read ahead counts as ready, and LINE says that readline() will not block, which half a line does not
/// bring about. What is ready is told again until it is used up; all that are ready come in turn. What is closed is out of
/// the set, and so is a child whose end was told; a file of somebody else's is to be removed before it is closed.
///
/// READ: a read will not block, since there is something, the end, or an error; a listener has somebody to accept. WRITE: a
/// write will not block, if it is not longer than what fits. LINE, EXIT (a child has ended), SIGNAL (a handler is due: for
/// other threads than the main one, on which handlers run inside the wait, and that goes on), URGENT (a socket has urgent
/// data). HANGUP (the other side is gone) and ERROR come unasked, beside what was asked.
///
/// Iterating gives a tag and the events for as long as there is something in the set. Entering, changing and removing
/// work from any thread at any moment; one thread at a time waits. Perl: IO::Select.
///
/// >>> import perlipc as ipc
/// >>> kid = ipc.open3("echo one; echo two >&2; echo three")
/// >>> poll = ipc.Poll()
/// >>> poll.add(kid.reader, poll.LINE)
/// >>> poll.add(kid.error, poll.LINE)
/// >>> lines = []
/// >>> for stream, events in poll:
/// ...     line = stream.readline()
/// ...     if line:
/// ...         lines.append(line)
/// ...     else:
/// ...         poll.remove(stream)
/// >>> sorted(lines)
/// [b'one\n', b'three\n', b'two\n']
/// >>> kid.close()
/// Status(exited with 0)
#[pyclass(frozen, weakref, module = "perlipc")]
pub(crate) struct Poll {
    core: Mutex<Option<Arc<Core>>>,
    canceler: PollCanceler,
    /// The numbers of the tags, and the tags of the numbers.
    numbers: Py<PyDict>,
    tags: Py<PyDict>,
    next: Mutex<i64>,
}

fn events(bits: u32) -> PyResult<Events> {
    Events::from_bits(bits).map_err(|error| PyValueError::new_err(error.to_string()))
}

impl Poll {
    fn core(&self) -> PyResult<Arc<Core>> {
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        core.clone().ok_or_else(|| PyValueError::new_err("I/O operation on closed poll set"))
    }

    /// The number of a tag, made now if need be.
    fn number(&self, core: &Arc<Core>, tag: &Bound<'_, PyAny>) -> PyResult<i64> {
        let py = tag.py();
        let (numbers, tags) = (self.numbers.bind(py), self.tags.bind(py));
        if let Some(number) = numbers.get_item(tag)? {
            return number.extract();
        }
        // Those whose entries went by themselves are forgotten now and then.
        if tags.len() > 64 + 2 * py.detach(|| core.len()) {
            for (number, tag) in tags.copy()? {
                let known = number.extract()?;
                if !py.detach(|| core.contains(known)) {
                    self.forget(&tag, known)?;
                }
            }
        }
        let number = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            *next += 1;
            *next
        };
        numbers.set_item(tag, number)?;
        tags.set_item(number, tag)?;
        Ok(number)
    }

    fn enter(core: &Arc<Core>, thing: &Bound<'_, PyAny>, events: Option<Events>, number: i64) -> PyResult<()> {
        let py = thing.py();
        let wanted = events.unwrap_or(Events::READ);
        if let Ok(stream) = thing.cast::<Stream>() {
            let default = if stream.get().reads() { Events::READ } else { Events::WRITE };
            let lent = Lent(stream.clone().unbind());
            return blocking(py, || core.stream(lent, events.unwrap_or(default), number));
        }
        if let Ok(child) = thing.cast::<Child>() {
            let child = child.get();
            return only(events, Events::EXIT).and_then(|()| blocking(py, || core.child(&child.0, number)));
        }
        if let Ok(listener) = thing.cast::<Listener>() {
            let listener = listener.get().held.core()?;
            return only(events, Events::READ).and_then(|()| blocking(py, || core.listener(&listener, number)));
        }
        if let Ok(dgram) = thing.cast::<Dgram>() {
            let dgram = dgram.get().held.core()?;
            return blocking(py, || core.dgram(&dgram, wanted, number));
        }
        if thing.is_instance(&py.import("perlipc.signal")?.getattr("SignalTable")?)? {
            return only(events, Events::SIGNAL).and_then(|()| blocking(py, || core.signals(number)));
        }
        let fd = fileno(thing)?;
        blocking(py, || core.fd(fd, wanted, number))
    }

    fn forget(&self, tag: &Bound<'_, PyAny>, number: i64) -> PyResult<()> {
        self.numbers.bind(tag.py()).del_item(tag)?;
        self.tags.bind(tag.py()).del_item(number)
    }

    fn known(&self, tag: &Bound<'_, PyAny>) -> PyResult<i64> {
        match self.numbers.bind(tag.py()).get_item(tag)? {
            Some(number) => number.extract(),
            None => Err(PyKeyError::new_err((tag.clone().unbind(),))),
        }
    }

    fn told<'py>(&self, py: Python<'py>, ready: Ready) -> PyResult<Option<(Bound<'py, PyAny>, u32)>> {
        // One that another thread removed just now is told no more.
        Ok(self.tags.bind(py).get_item(ready.tag)?.map(|tag| (tag, ready.events.bits())))
    }
}

#[pymethods]
impl Poll {
    #[classattr]
    const READ: u32 = Events::READ.bits();
    #[classattr]
    const WRITE: u32 = Events::WRITE.bits();
    #[classattr]
    const LINE: u32 = Events::LINE.bits();
    #[classattr]
    const EXIT: u32 = Events::EXIT.bits();
    #[classattr]
    const SIGNAL: u32 = Events::SIGNAL.bits();
    #[classattr]
    const URGENT: u32 = Events::URGENT.bits();
    #[classattr]
    const HANGUP: u32 = Events::HANGUP.bits();
    #[classattr]
    const ERROR: u32 = Events::ERROR.bits();

    #[new]
    fn new(py: Python<'_>) -> Poll {
        let core = Core::new();
        Poll {
            canceler: core.canceler(),
            core: Mutex::new(Some(Arc::new(core))),
            numbers: PyDict::new(py).unbind(),
            tags: PyDict::new(py).unbind(),
            next: Mutex::new(0),
        }
    }

    /// Enters a thing: a Stream, Listener, Dgram, Child, SIG, a descriptor, or what has one. events are READ, WRITE, LINE,
    /// URGENT, joined by |; left out: READ, WRITE for a stream that only writes, EXIT for a Child, SIGNAL for SIG. Of a Unix
    /// Dgram WRITE tells of room at its connected peer, and never at others that a message may go to.
    ///
    /// The tag, any hashable object, is what comes back when it is ready: the thing itself if none is given.
    #[pyo3(signature = (thing, events = None, tag = None))]
    fn add(
        &self,
        thing: &Bound<'_, PyAny>,
        #[pyo3(from_py_with = number::events)] events: Option<u32>,
        tag: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let (core, events) = (self.core()?, events.map(self::events).transpose()?);
        let tag = tag.unwrap_or(thing);
        let number = self.number(&core, tag)?;
        let entered = Poll::enter(&core, thing, events, number);
        if entered.is_err() && !thing.py().detach(|| core.contains(number)) {
            self.forget(tag, number)?;
        }
        entered
    }

    /// Asks for other events of what was entered with that tag; 0 for none.
    #[pyo3(signature = (tag, events))]
    fn change(&self, tag: &Bound<'_, PyAny>, #[pyo3(from_py_with = number::events)] events: u32) -> PyResult<()> {
        let (core, number, events) = (self.core()?, self.known(tag)?, self::events(events)?);
        blocking(tag.py(), || core.change(number, events))
    }

    /// Takes out what was entered with that tag; KeyError if nothing ever was.
    #[pyo3(signature = (tag))]
    fn remove(&self, tag: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = tag.py();
        let (core, number) = (self.core()?, self.known(tag)?);
        py.detach(|| core.remove(number));
        self.forget(tag, number)
    }

    /// The next that is ready, its tag and what it is ready for; None when the set is empty, so that nothing can ever come.
    ///
    /// timeout is in seconds, None waits for ever; TimeoutError when it is over.
    #[pyo3(signature = (timeout = None))]
    fn next<'py>(&self, py: Python<'py>, timeout: Option<Seconds>) -> PyResult<Option<(Bound<'py, PyAny>, u32)>> {
        let (core, deadline) = (self.core()?, deadline(timeout)?);
        while let Some(ready) = blocking(py, || core.next(deadline))? {
            if let Some(told) = self.told(py, ready)? {
                return Ok(Some(told));
            }
        }
        Ok(None)
    }

    /// All that are ready, each with its tag and what for, waiting for the first; empty when timeout seconds are over (None
    /// waits for ever), or when the set is empty.
    #[pyo3(signature = (timeout = None))]
    fn ready<'py>(&self, py: Python<'py>, timeout: Option<Seconds>) -> PyResult<Bound<'py, PyList>> {
        let (core, deadline) = (self.core()?, deadline(timeout)?);
        let all = blocking(py, || match core.ready(deadline) {
            Err(error) if error.is_timeout() => Ok(Vec::new()),
            all => all,
        })?;
        let list = PyList::empty(py);
        for ready in all {
            if let Some(told) = self.told(py, ready)? {
                list.append(told)?;
            }
        }
        Ok(list)
    }

    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<(Bound<'py, PyAny>, u32)>> {
        self.next(py, None)
    }

    /// How many things are in the set.
    fn __len__(&self, py: Python<'_>) -> PyResult<usize> {
        let core = self.core()?;
        Ok(py.detach(|| core.len()))
    }

    /// Whether something with that tag is in the set.
    fn __contains__(&self, tag: &Bound<'_, PyAny>) -> PyResult<bool> {
        let core = self.core()?;
        match self.numbers.bind(tag.py()).get_item(tag)? {
            Some(number) => {
                let number = number.extract()?;
                Ok(tag.py().detach(|| core.contains(number)))
            }
            None => Ok(false),
        }
    }

    /// A tag may hold the set.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.numbers)?;
        visit.call(&self.tags)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        match self.__len__(py) {
            Ok(len) => format!("<perlipc.Poll of {len}>"),
            Err(_) => "<perlipc.Poll closed>".to_owned(),
        }
    }

    /// A set is there, also when it is empty.
    fn __bool__(&self) -> bool {
        true
    }

    /// Ends every wait, now and later, with OSError (ECANCELED); from any thread at any moment.
    fn cancel(&self) {
        self.canceler.cancel();
    }

    /// Closes the set; what was in it stays as it is. A wait that another thread is in is cancelled.
    fn close(&self, py: Python<'_>) {
        self.canceler.cancel();
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(core));
        self.numbers.bind(py).clear();
        self.tags.bind(py).clear();
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    fn __enter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyTuple>) {
        self.close(py);
    }
}

/// Of things that have one event.
fn only(asked: Option<Events>, event: Events) -> PyResult<()> {
    match asked {
        Some(asked) if asked != event => Err(PyValueError::new_err(format!("poll: only {event:?} can be asked of it"))),
        _ => Ok(()),
    }
}

/// Waits until one of these can be read, can be written, or has an exceptional condition: three lists of those that are
/// ready, all empty when timeout seconds are over (None waits for ever). Each is a descriptor or has fileno(); a Child can be
/// read when it has ended. What a stream has read ahead counts. Without any it sleeps.
///
/// >>> import perlipc as ipc
/// >>> reader, writer = ipc.pipe()
/// >>> ipc.select([reader], [writer], timeout=1)[1] == [writer]
/// True
///
/// OSError (EBADF) when one is not open. Perl: select with four arguments, which does not know what was read ahead.
#[pyfunction]
#[pyo3(signature = (r, w = None, x = None, timeout = None))]
#[pyo3(text_signature = "(r, w=(), x=(), timeout=None)")]
pub(crate) fn select<'py>(
    py: Python<'py>,
    r: &Bound<'py, PyAny>,
    w: Option<&Bound<'py, PyAny>>,
    x: Option<&Bound<'py, PyAny>>,
    timeout: Option<Seconds>,
) -> PyResult<(Bound<'py, PyList>, Bound<'py, PyList>, Bound<'py, PyList>)> {
    let mut deadline = deadline(timeout)?;
    let mut things: [Vec<(Bound<'py, PyAny>, RawFd)>; 3] = Default::default();
    for (things, asked) in things.iter_mut().zip([Some(r), w, x]) {
        let Some(asked) = asked else { continue };
        for thing in asked.try_iter()? {
            let thing = thing?;
            let fd = fileno(&thing)?;
            things.push((thing, fd));
        }
    }
    let ahead = |thing: &Bound<'py, PyAny>| match thing.cast::<Stream>() {
        Ok(stream) => stream.get().enter_to_read().is_ok_and(|call| !call.buffered().is_empty()),
        Err(_) => false,
    };
    let ahead: Vec<bool> = things[0].iter().map(|(thing, _)| ahead(thing)).collect();
    if ahead.contains(&true) {
        deadline = Deadline::after(Some(Duration::ZERO));
    }
    let mut fds = [0, 1, 2].map(|set: usize| things[set].iter().map(|(_, fd)| *fd).collect::<Vec<_>>());
    let fds = blocking(py, || {
        let [read, write, exception] = &mut fds;
        match perlipc::poll::select(read, write, exception, deadline) {
            Err(error) if !error.is_timeout() => Err(error),
            _ => Ok(fds),
        }
    })?;
    let lists = [0, 1, 2].map(|set: usize| {
        let mut ready = fds[set].iter().peekable();
        let list = PyList::empty(py);
        for (i, (thing, fd)) in things[set].iter().enumerate() {
            // They stand in the order in which they were asked.
            let told = ready.next_if_eq(&fd).is_some();
            if told || (set == 0 && ahead[i]) {
                list.append(thing)?;
            }
        }
        Ok::<_, PyErr>(list)
    });
    let [read, write, exception] = lists;
    Ok((read?, write?, exception?))
}
