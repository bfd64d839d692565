//! Python's signal handlers, run from inside blocking calls, and the signals that Python itself changes.

use std::cell::Cell;
use std::ffi::c_int;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use perlipc::{Deadline, Error, signal};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::error::raise;
use crate::front::front;
use crate::number;
use crate::time::{Seconds, deadline, duration};

/// How many threads may have something in RAISED: a look at this is much quicker.
static THREADS_THAT_RAISED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// What a handler raised while a call of the core was under way on this thread.
    static RAISED: Cell<Option<PyErr>> = const { Cell::new(None) };
}

/// What the core asks when a handler that is not its own has interrupted a call: Python's handlers run, and the call
/// goes on with the time that is left unless one of them raised. Without an interpreter, or when it ends, none can be run.
pub(crate) fn run_handlers() -> Option<bool> {
    Python::try_attach(|py| match py.check_signals() {
        Ok(()) => true,
        Err(error) => {
            set_raised(error);
            false
        }
    })
}

/// The exception of a handler that ended the last call of this thread.
#[inline(always)]
pub(crate) fn raised() -> Option<PyErr> {
    if THREADS_THAT_RAISED.load(Ordering::Relaxed) == 0 { None } else { take_raised() }
}

#[cold]
fn take_raised() -> Option<PyErr> {
    let error = RAISED.try_with(Cell::take).ok().flatten();
    if error.is_some() {
        THREADS_THAT_RAISED.fetch_sub(1, Ordering::Relaxed);
    }
    error
}

/// At the end of a thread there is no place for it; the call ends all the same.
fn set_raised(error: PyErr) {
    let before = RAISED.try_with(|raised| raised.replace(Some(error)));
    if let Ok(None) = before {
        THREADS_THAT_RAISED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether a signal's handler has raised it: then one of the frames that it came through is a handler's.
pub(crate) fn of_handler(py: Python<'_>, error: &PyErr) -> bool {
    let came_through_one = || -> PyResult<bool> {
        let getsignal = py.import("_signal")?.getattr("getsignal")?;
        // Those of SIG have one code, also when they are set no more.
        let mut codes = vec![py.import("perlipc.signal")?.getattr("_CODE")?];
        let partial = py.import("functools")?.getattr("partial")?;
        for number in 1..=64 {
            let mut handler = getsignal.call1((number,))?;
            while handler.is_instance(&partial)? {
                handler = handler.getattr("func")?;
            }
            // An object that can be called has none itself.
            let code = handler.getattr("__code__").or_else(|_| handler.getattr("__call__")?.getattr("__code__"));
            codes.extend(code.ok());
        }
        let mut next = error.traceback(py).map(Bound::into_any);
        while let Some(place) = next.filter(|place| !place.is_none()) {
            let code = place.getattr("tb_frame")?.getattr("f_code")?;
            if codes.iter().any(|handler| handler.is(&code)) {
                return Ok(true);
            }
            next = Some(place.getattr("tb_next")?);
        }
        Ok(false)
    };
    came_through_one().unwrap_or(false)
}

/// A call of the core that may block: other threads run meanwhile, and what a handler raises comes out of it.
#[inline(always)]
pub(crate) fn blocking<T: Send>(py: Python<'_>, call: impl FnOnce() -> perlipc::Result<T> + Send) -> PyResult<T> {
    let answer = py.detach(call);
    told(py, answer)
}

/// What a call of the core has answered: an exception of a handler that ended it goes first.
#[inline(always)]
pub(crate) fn told<T>(py: Python<'_>, answer: perlipc::Result<T>) -> PyResult<T> {
    match raised() {
        Some(error) => Err(error),
        None => answer.map_err(|error| raise(py, error)),
    }
}

/// Whether to try without waiting before the interpreter is given away, which costs as much as half a system call. Where
/// the last try was in vain, the next ones will be too.
pub(crate) struct Quick(AtomicU8);

impl Quick {
    pub(crate) const fn new() -> Quick {
        Quick(AtomicU8::new(0))
    }

    pub(crate) fn worth_it(&self) -> bool {
        let skip = self.0.load(Ordering::Relaxed);
        self.0.store(skip.saturating_sub(1), Ordering::Relaxed);
        skip == 0
    }

    pub(crate) fn in_vain(&self) {
        self.0.store(32, Ordering::Relaxed);
    }
}

/// Ignored by the interpreter from its start, which is nobody's wish for its children.
const IGNORED_BY_PYTHON: [(&str, i32); 2] = [("PIPE", libc::SIGPIPE), ("XFSZ", libc::SIGXFSZ)];

/// What SIG was told to ignore: that the children inherit, as in Perl.
static HANDED_ON: AtomicU64 = AtomicU64::new(0);

/// What children must not inherit although it is ignored here.
pub(crate) fn ignored_by_python() -> impl Iterator<Item = &'static str> {
    let handed_on = HANDED_ON.load(Ordering::Relaxed);
    IGNORED_BY_PYTHON.into_iter().filter(move |(_, n)| handed_on & bit(*n) == 0).map(|(name, _)| name)
}

fn bit(signal: i32) -> u64 {
    1u64.checked_shl(signal as u32 - 1).unwrap_or(0)
}

/// Whether children inherit that a signal is ignored, now and from now on; None only asks. Whether they did.
#[pyfunction]
pub(crate) fn signal_hand_on(signal: i32, on: Option<bool>) -> bool {
    let before = match on {
        Some(true) => HANDED_ON.fetch_or(bit(signal), Ordering::Relaxed),
        Some(false) => HANDED_ON.fetch_and(!bit(signal), Ordering::Relaxed),
        None => HANDED_ON.load(Ordering::Relaxed),
    };
    before & bit(signal) != 0
}

/// A signal as the core takes it: by name, or by number.
pub(crate) fn name(signal: &Bound<'_, PyAny>) -> PyResult<String> {
    match signal.extract::<c_int>() {
        Ok(number) if number >= 0 => Ok(number.to_string()),
        Ok(number) => Err(raise(
            signal.py(),
            Error::Invalid { step: "signal", reason: format!("no such signal: {number}").into() },
        )),
        Err(error) if error.is_instance_of::<PyOverflowError>(signal.py()) => Err(number::beyond("signal", signal)),
        Err(_) => Ok(signal.extract::<String>()?),
    }
}

// ---- SIG ----

/// The handlers that Python has noted, run for a signal that was handled by SIG; what one raises ends the call.
fn run_noted(arrived: &signal::Arrived) -> Result<(), i32> {
    let answer = Python::try_attach(|py| {
        if arrived.signal == libc::SIGPIPE && arrived.code == libc::SI_KERNEL {
            // A write of ours met a pipe that nobody reads, and no signal was sent: now it is.
            py.import("signal")?.call_method1("raise_signal", (libc::SIGPIPE,))?;
        }
        py.check_signals()
    });
    match answer {
        None | Some(Ok(())) => Ok(()),
        Some(Err(error)) => {
            set_raised(error);
            Err(1)
        }
    }
}

/// Puts the core's handler in front of Python's own, so that no blocking call of ours misses that signal.
#[pyfunction]
pub(crate) fn signal_front(py: Python<'_>, signal: i32) -> PyResult<()> {
    signal::front(&signal.to_string(), run_noted).map_err(|error| raise(py, error))
}

/// The number of a signal by its name, as the core reads it: "INT", "SIGINT", "CLD", "2", "RTMIN+1".
#[pyfunction]
pub(crate) fn signal_number(py: Python<'_>, name: &str) -> PyResult<i32> {
    signal::number(name).map_err(|error| raise(py, error))
}

/// All names with their numbers, aliases last.
#[pyfunction]
pub(crate) fn signal_names() -> Vec<(&'static str, i32)> {
    signal::names().collect()
}

/// The descriptor that is readable when a signal has arrived for a handler of SIG.
#[pyfunction]
pub(crate) fn signal_fd(py: Python<'_>) -> PyResult<i32> {
    signal::fd().map_err(|error| raise(py, error))
}

/// The signals that SIG.block holds back: see [`Set`](signal::Set).
static HELD_BACK: AtomicU64 = AtomicU64::new(0);

/// Which signals SIG.block holds back from now on: bit n - 1 is signal n.
#[pyfunction]
pub(crate) fn signal_hold(signals: u64) {
    HELD_BACK.store(signals, Ordering::Relaxed);
}

static QUICK: Quick = Quick::new();

#[inline(always)]
fn next(py: Python<'_>, deadline: Deadline) -> PyResult<Bound<'_, PyString>> {
    static NAMES: PyOnceLock<Vec<Py<PyString>>> = PyOnceLock::new();
    let held_back = HELD_BACK.load(Ordering::Relaxed);
    if held_back == 0 {
        return Err(PyValueError::new_err("no signal is blocked: see SIG.block"));
    }
    let set = signal::Set::from_bits(held_back);
    // What waits already is taken at once, without letting other threads in.
    let quick = if QUICK.worth_it() { Some(signal::wait(set, Deadline::NOW)) } else { None };
    let arrived = match quick {
        Some(Err(error)) if error.is_timeout() => {
            QUICK.in_vain();
            blocking(py, || signal::wait(set, deadline))?
        }
        Some(answer) => told(py, answer)?,
        None => blocking(py, || signal::wait(set, deadline))?,
    };
    let name = |n| PyString::new(py, signal::name(n).unwrap_or("?")).unbind();
    let names = NAMES.get_or_init(py, || (0..=64).map(name).collect());
    Ok(names[arrived.signal as usize].bind(py).clone())
}

front!(NEXT, "signal_next", |py, call| call.has_up_to(0).then(|| next(py, Deadline::NEVER).map(Bound::into_ptr)));

/// Takes the next of the signals that block() holds back, lowest number first, without any handler: its name.
///
/// timeout is in seconds, None waits for ever; TimeoutError when it is over. Handlers of other signals run meanwhile.
#[pyfunction]
#[pyo3(signature = (timeout = None))]
pub(crate) fn signal_next(py: Python<'_>, timeout: Option<Seconds>) -> PyResult<Bound<'_, PyString>> {
    next(py, deadline(timeout)?)
}

/// Waits until a handler of SIG has run, or the time is up, and empties the descriptor; None waits for ever. How many
/// signals that was.
///
/// What came since the package was last asked to wait counts, though Python has run its handler already: so no signal
/// is missed between a look at what the handler does and this call. TimeoutError is not raised: 0 is the answer. On
/// another thread than the main one it is 0 at once, and so it is before SIG got its first handler.
///
/// >>> import os, perlipc as ipc
/// >>> ipc.SIG["USR1"] = lambda name: print("got", name)
/// >>> os.kill(os.getpid(), 10)
/// got USR1
/// >>> ipc.SIG.dispatch(10)
/// 1
/// >>> ipc.SIG.dispatch()
/// 0
/// >>> del ipc.SIG["USR1"]
///
/// Perl: POSIX::pause, without its window.
#[pyfunction]
#[pyo3(signature = (timeout = Some(Seconds::ZERO)), text_signature = "(timeout=0.0)")]
pub(crate) fn signal_dispatch(py: Python<'_>, timeout: Option<Seconds>) -> PyResult<u32> {
    dispatch(py, deadline(timeout)?)
}

/// Other threads run while this waits; the handlers need the interpreter.
#[inline(always)]
fn dispatch(py: Python<'_>, deadline: Deadline) -> PyResult<u32> {
    loop {
        let ran = told(py, signal::dispatch(Deadline::NOW))?;
        if ran > 0 || !blocking(py, || signal::wait_due(deadline))? {
            return Ok(ran);
        }
    }
}

front!(DISPATCH, "signal_dispatch", |py, call| {
    let ran = match call.has_up_to(0) {
        true if !signal::is_due() => Ok(0),
        true => dispatch(py, Deadline::NOW),
        false => call.is_none_alone().then(|| dispatch(py, Deadline::NEVER))?,
    };
    Some(ran.and_then(|ran| Ok(ran.into_pyobject(py)?.into_ptr())))
});

/// The numbers of the signals that sigtrap's words mean.
#[pyfunction]
pub(crate) fn signal_trappable(py: Python<'_>, words: &str) -> PyResult<Vec<i32>> {
    let set = signal::trappable(words).map_err(|error| raise(py, error))?;
    set.names().map(|name| signal::number(name).map_err(|error| raise(py, error))).collect()
}

/// Traps them: the core's trace, then their default.
#[pyfunction]
pub(crate) fn signal_trap(py: Python<'_>, words: &str) -> PyResult<()> {
    signal::trap(words).map_err(|error| raise(py, error))
}

/// Sends a signal, by name or number, to each target: a pid, a negative one for a process group, 0 for the own group, or
/// a Child. Gives how many were reached, each group counted as one.
///
/// 0 sends nothing and asks who is there. A name with a minus ("-TERM") or a negative number is meant for groups. Children
/// of this library are reached by their pidfds: never a stranger. All targets are tried before a handler runs; then
/// PermissionError if one is not ours to signal. A signal to this process has been handled when it comes back.
///
/// >>> import os, perlipc as ipc
/// >>> ipc.kill(0, os.getpid())
/// 1
///
/// Perl: kill.
#[pyfunction]
#[pyo3(signature = (signal, /, *targets))]
pub(crate) fn kill(
    py: Python<'_>,
    signal: &Bound<'_, PyAny>,
    targets: &Bound<'_, pyo3::types::PyTuple>,
) -> PyResult<u32> {
    let number;
    let signal = match signal.cast::<PyString>() {
        Ok(name) => name.to_str()?,
        Err(_) => {
            let n: c_int = number::named("signal", signal)?;
            match signal::name(n) {
                Some(name) => name,
                None => {
                    number = n.to_string();
                    &number
                }
            }
        }
    };
    let pids = targets.iter().map(|target| match target.cast::<crate::child::Child>() {
        Ok(child) => Ok(child.get().0.pid()),
        Err(_) => number::pid(&target),
    });
    let pids = pids.collect::<PyResult<Vec<_>>>()?;
    // All of them before a handler runs: one that raises must not keep the signal from the others.
    let sent = signal::kill_all(signal, &pids).map_err(|error| raise(py, error))?;
    py.check_signals()?;
    match sent.error {
        Some(error) if error.errno() != libc::ESRCH => Err(raise(py, error)),
        _ => Ok(sent.reached),
    }
}

/// Whether it was reached.
#[inline(always)]
fn kill_one(py: Python<'_>, signal: &str, pid: c_int) -> PyResult<u32> {
    match signal::kill(signal, pid) {
        Ok(()) => Ok(1),
        Err(error) if error.errno() == libc::ESRCH => Ok(0),
        Err(error) => Err(raise(py, error)),
    }
}

front!(KILL, "kill", |py, call| {
    let (signal, pid) = (call.text(0)?, call.number(1, 0)?);
    let pid = pid.try_into().ok().filter(|_| call.is_of(2))?;
    let reached = kill_one(py, signal, pid);
    // What a handler raises goes before.
    let reached = py.check_signals().and(reached);
    Some(reached.and_then(|reached| Ok(reached.into_pyobject(py)?.into_ptr())))
});

pub(crate) fn put_fronts(module: &Bound<'_, PyModule>) -> PyResult<()> {
    KILL.put(module)?;
    NEXT.put(module)?;
    DISPATCH.put(module)
}

/// ALRM after that many seconds, fractions too, and then after each interval unless that is 0; 0 cancels. Gives what was
/// left of the one before, 0.0 if there was none.
///
/// There is one for the process. Without a handler it ends the process. Perl: alarm, Time::HiRes::alarm.
///
/// >>> import perlipc as ipc
/// >>> ipc.alarm(10)
/// 0.0
/// >>> 9 < ipc.alarm(0) <= 10
/// True
#[pyfunction]
#[pyo3(signature = (seconds, interval = Seconds::ZERO), text_signature = "(seconds, interval=0.0)")]
pub(crate) fn alarm(py: Python<'_>, seconds: Seconds, interval: Seconds) -> PyResult<f64> {
    let left = signal::alarm(time_of(seconds)?, time_of(interval)?).map_err(|error| raise(py, error))?;
    Ok(left.as_secs_f64())
}

/// Sleeps for that many seconds, or until a handler set by SIG has run. Gives what is left, 0.0 when it was slept out.
///
/// Perl: sleep, which gives what was slept.
#[pyfunction]
pub(crate) fn sleep(py: Python<'_>, seconds: Seconds) -> PyResult<f64> {
    let time = time_of(seconds)?;
    Ok(blocking(py, || signal::sleep(time))?.as_secs_f64())
}

/// Seconds; what the clock cannot count is its end.
fn time_of(seconds: Seconds) -> PyResult<Duration> {
    Ok(duration(Some(seconds))?.unwrap_or(Duration::from_secs(u32::MAX.into())))
}
