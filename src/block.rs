//! The one way to wait. Every call that can block goes through here.
//!
//! - A signal that has a handler of ours wakes the wait at any instant: the calls go through a stub that a signal cuts
//!   (see `sys`), so between looking whether something is due and going to sleep there is no window.
//! - The handlers then run here, on the signal thread, and the wait goes on with the time that is left, or ends when
//!   the handler asks for that.
//! - No deadline: the bare call. A deadline: poll or the call's own timed form. Where the kernel has neither, the form
//!   that does not wait is tried at growing intervals.
//!
//! `docs/design.md` has the table of all blocking calls.

use std::cell::RefCell;
use std::collections::HashSet;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;

use crate::child::{self, Own};
use crate::error::Error;
use crate::signal;
use crate::sys;
pub(crate) use crate::sys::CALM;
use crate::time::Deadline;

/// Why a wait ended without an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Errno(i32),
    Timeout,
    Abandoned { signal: i32, value: i32 },
    Interrupted,
    Canceled,
    Closed,
    Busy,
}

impl Stop {
    /// The same as an error, with what was being done and to what.
    #[cold]
    pub(crate) fn at(self, step: &'static str, path: impl AsRef<[u8]>) -> Error {
        match self {
            Stop::Errno(errno) => Error::at(step, path, errno),
            Stop::Timeout => Error::Timeout { step, path: String::from_utf8_lossy(path.as_ref()).into_owned().into() },
            Stop::Abandoned { signal, value } => Error::Abandoned { step, signal, value },
            Stop::Interrupted => Error::Interrupted { step },
            Stop::Canceled => Error::Canceled { step },
            Stop::Closed => Error::Closed { step },
            Stop::Busy => Error::Busy { step },
        }
    }

    pub(crate) fn error(self, step: &'static str) -> Error {
        self.at(step, "")
    }
}

pub(crate) type Wait<T> = std::result::Result<T, Stop>;

/// Makes the call until it is answered; handlers that become due run in between.
///
/// Always inline: after a system call each return costs more than the instructions that it spares.
#[inline(always)]
pub(crate) fn call<T>(mut call: impl FnMut(&sys::Word) -> sys::Result<T>) -> Wait<T> {
    match call(signal::word()) {
        Ok(value) => Ok(value),
        Err(errno) => call_again(errno, call),
    }
}

#[cold]
#[inline(never)]
fn call_again<T>(mut errno: i32, mut call: impl FnMut(&sys::Word) -> sys::Result<T>) -> Wait<T> {
    while errno == libc::EINTR {
        signal::interrupted()?;
        match call(signal::word()) {
            Ok(value) => return Ok(value),
            Err(again) => errno = again,
        }
    }
    Err(Stop::Errno(errno))
}

/// The same for as long as that says so: it is asked before each call, since a handler may have changed it; `None`: no more.
#[inline(always)]
fn call_while<T>(
    may_wait: impl Fn() -> Wait<bool>,
    mut call: impl FnMut(&sys::Word) -> sys::Result<T>,
) -> Wait<Option<T>> {
    while may_wait()? {
        match call(signal::word()) {
            Ok(value) => return Ok(Some(value)),
            Err(libc::EINTR) => signal::interrupted()?,
            Err(errno) => return Err(Stop::Errno(errno)),
        }
    }
    Ok(None)
}

/// Waits until one of the descriptors has something, and says how many have; 0: the deadline came first.
pub(crate) fn poll(fds: &mut [libc::pollfd], deadline: Deadline) -> Wait<usize> {
    // Whether time is up is told by poll itself, so that what is ready counts even when no time is left.
    call(|word| sys::poll(word, fds, deadline.left()))
}

pub(crate) fn entry(fd: RawFd, events: i16) -> libc::pollfd {
    libc::pollfd { fd, events, revents: 0 }
}

/// Waits until the descriptor has one of the events (or an error, or a hang-up).
pub(crate) fn ready(fd: RawFd, events: i16, deadline: Deadline) -> Wait<()> {
    match poll(&mut [entry(fd, events)], deadline)? {
        0 => Err(Stop::Timeout),
        _ => Ok(()),
    }
}

/// Sleeps for that long; `Ok(false)` when a signal's handler cut it short.
pub(crate) fn sleep(ns: u64) -> Wait<bool> {
    match sys::nanosleep(signal::word(), ns) {
        Ok(()) => Ok(true),
        Err(libc::EINTR) => signal::interrupted().map(|()| false),
        Err(errno) => Err(Stop::Errno(errno)),
    }
}

/// Between two looks whether another thread is out of what does not take long.
pub(crate) fn pause(round: u32) -> Wait<()> {
    if round < 100 {
        std::thread::yield_now();
        return Ok(());
    }
    sleep(1_000_000).map(drop)
}

/// For what can neither be polled nor timed: tries at once and then after 1, 2, 4 ... 20 ms, until the deadline.
pub(crate) fn try_until<T>(deadline: Deadline, mut attempt: impl FnMut() -> sys::Result<Option<T>>) -> Wait<T> {
    let mut pause = 1_000_000;
    loop {
        match attempt() {
            Ok(Some(value)) => return Ok(value),
            Ok(None) => {}
            Err(libc::EINTR) => {
                signal::interrupted()?;
                continue;
            }
            Err(errno) => return Err(Stop::Errno(errno)),
        }
        let left = deadline.left().unwrap_or(u64::MAX);
        if left == 0 {
            return Err(Stop::Timeout);
        }
        sleep(pause.min(left))?;
        signal::look()?;
        pause = (pause * 2).min(20_000_000);
    }
}

/// A thread of the library's own. It inherits the mask: no signal of the host's ever runs on a thread that it does not know.
pub(crate) fn thread(name: &str, body: impl FnOnce() + Send + 'static) -> sys::Result<JoinHandle<()>> {
    let mask = sys::set_mask(libc::SIG_SETMASK, sys::ALL_SIGNALS);
    let started = std::thread::Builder::new().name(name.into()).spawn(body);
    sys::set_mask(libc::SIG_SETMASK, mask);
    started.map_err(|error| error.raw_os_error().unwrap_or(libc::EAGAIN))
}

// ---- cancelling from another thread ----

/// What wakes one thread: an eventfd that it waits beside, kept until the thread ends.
struct Waker {
    fd: OwnedFd,
    /// A forked process must not share it: it would take the wake-ups that are meant for its parent.
    owner: u64,
}

thread_local! {
    static WAKER: RefCell<Option<Arc<Waker>>> = const { RefCell::new(None) };
}

/// This thread's waker for the time of one wait. A handler that waits in between takes another: it must not take the
/// wake-up that is meant for the wait that it interrupted.
fn waker() -> Wait<Arc<Waker>> {
    let owner = child::generation();
    // What runs at exit finds the thread's own memory gone, and makes one for each wait.
    match WAKER.try_with(RefCell::take).ok().flatten().filter(|waker| waker.owner == owner) {
        Some(waker) => Ok(waker),
        None => {
            let fd = sys::eventfd(libc::EFD_NONBLOCK).map_err(Stop::Errno)?;
            Ok(Arc::new(Waker { fd, owner }))
        }
    }
}

const CANCELED: u32 = 1;
const CLOSED: u32 = 2;

/// Which way the data goes in a call on an object: one thread at a time in each.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    In = 0,
    Out = 1,
}

/// Whether an object's calls may still wait, who is inside one, and who waits. One for each object that other threads
/// may cancel or close. Both last: a cancelled object never waits again, so that no moment is too early to cancel.
pub(crate) struct Gate {
    state: AtomicU32,
    /// The [ticket] of the thread inside a call, one for each way; 0 is nobody.
    inside: [AtomicUsize; 2],
    waiting: Own<Mutex<Vec<Arc<Waker>>>>,
    /// The poll sets that it is in, and by which key.
    sets: Own<Mutex<Sets>>,
    watched: AtomicBool,
}

/// What a thread leaves in a [`Gate`]: its own address, and in the bits that are always 0 there a number of its process. So
/// in a forked one nobody waits for the threads of its parent, which it does not have.
const PROCESS: usize = 15;

#[inline]
fn ticket() -> usize {
    (sys::thread_self() & !PROCESS) | (child::generation() as usize & PROCESS)
}

type Sets = Vec<(Weak<Hub>, u64)>;

impl Default for Gate {
    fn default() -> Gate {
        Gate {
            state: AtomicU32::default(),
            inside: Default::default(),
            waiting: Own::new(),
            sets: Own::new(),
            watched: AtomicBool::default(),
        }
    }
}

impl Gate {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Waker>>> {
        self.waiting.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a thread of this process for which `which` holds is inside a call.
    fn is_inside(&self, which: impl Fn(usize) -> bool) -> bool {
        let process = ticket() & PROCESS;
        self.inside
            .iter()
            .map(|slot| slot.load(Ordering::SeqCst))
            .any(|at| at != 0 && at & PROCESS == process && which(at))
    }

    /// Why a call may not wait, if so.
    #[inline]
    pub(crate) fn check(&self) -> Wait<()> {
        match self.state.load(Ordering::SeqCst) {
            state if state & CLOSED != 0 => Err(Stop::Closed),
            state if state & CANCELED != 0 => Err(Stop::Canceled),
            _ => Ok(()),
        }
    }

    fn end(&self, why: u32) {
        self.state.fetch_or(why, Ordering::SeqCst);
        // Nobody has ever waited beside it, and nobody is there who could begin to now.
        if sys::single_threaded() && self.waiting.is_unused() {
            return;
        }
        for waker in self.lock().iter() {
            // The counter is far from its end, and full would be as good as written.
            let _ = sys::write(&CALM, waker.fd.as_raw_fd(), &1u64.to_ne_bytes());
        }
    }

    /// Ends the calls that wait now, and every later one that would use the descriptor, also where it need not wait: or who
    /// reads what never ends would never stop.
    pub(crate) fn cancel(&self) {
        self.end(CANCELED);
        self.changed();
    }

    /// The object is closed: ends the calls that wait, and comes back when no other thread is inside one any more.
    /// A handler that runs inside a call of this object cannot close it: [`Stop::Busy`].
    pub(crate) fn close(&self) -> Wait<()> {
        let me = ticket();
        if self.is_inside(|thread| thread == me) {
            return Err(Stop::Busy);
        }
        self.end(CLOSED);
        let mut rounds = 0u32;
        while self.is_inside(|_| true) {
            // They are on their way out, unless a signal handler of theirs takes its time.
            rounds = rounds.saturating_add(1);
            pause(rounds)?;
        }
        Ok(())
    }

    /// Whether a thread is inside a call of that way and one waits; or a parent's thread was at the fork, which never comes
    /// out here.
    #[cfg(feature = "capi")]
    pub(crate) fn waits(&self, way: Way) -> bool {
        let at = self.inside[way as usize].load(Ordering::SeqCst);
        at != 0 && (at & PROCESS != ticket() & PROCESS || !self.lock().is_empty())
    }

    /// Makes a call that never waits, beside those that are [inside](Gate::enter): until it is over nobody closes the
    /// descriptor, since that needs the same lock.
    pub(crate) fn aside<T>(&self, call: impl FnOnce() -> T) -> Wait<T> {
        let _lock = self.lock();
        if self.is_closed() { Err(Stop::Closed) } else { Ok(call()) }
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state.load(Ordering::SeqCst) & CLOSED != 0
    }

    fn sets(&self) -> MutexGuard<'_, Sets> {
        self.sets.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The object is in a poll set, under that key.
    pub(crate) fn join(&self, hub: &Arc<Hub>, key: u64) {
        self.sets().push((Arc::downgrade(hub), key));
        self.watched.store(true, Ordering::SeqCst);
    }

    pub(crate) fn part(&self, hub: &Arc<Hub>, key: u64) {
        let mut sets = self.sets();
        sets.retain(|(set, other)| set.strong_count() > 0 && (*other != key || !std::ptr::eq(set.as_ptr(), &**hub)));
        self.watched.store(!sets.is_empty(), Ordering::SeqCst);
    }

    /// What was read ahead is more, or is looked at in another way: a poll set cannot see it at the descriptor.
    #[inline]
    pub(crate) fn changed(&self) {
        if self.watched.load(Ordering::Relaxed) {
            self.tell_sets(None);
        }
    }

    /// Before the descriptor is closed or given away: no poll set has it any more. One that a copy in another process
    /// kept alive would be reported for ever, under a number that means something else.
    pub(crate) fn leave_sets(&self, fd: RawFd) {
        self.state.fetch_or(CLOSED, Ordering::SeqCst);
        if self.watched.load(Ordering::SeqCst) {
            self.tell_sets(Some(fd));
        }
    }

    #[cold]
    fn tell_sets(&self, left: Option<RawFd>) {
        for (hub, key) in self.sets().iter() {
            if let Some(hub) = hub.upgrade() {
                hub.tell(*key, left);
            }
        }
    }

    /// For the time of a call that uses the object's descriptor: until it is dropped, nobody closes that.
    #[inline(always)]
    pub(crate) fn enter(&self, way: Way) -> Wait<Inside<'_>> {
        let slot = &self.inside[way as usize];
        let me = ticket();
        if sys::single_threaded() && slot.load(Ordering::Relaxed) == 0 {
            // Nobody else is there who could take it, and no handler runs before the next safe point.
            slot.store(me, Ordering::Relaxed);
        } else {
            let take = |free| slot.compare_exchange(free, me, Ordering::SeqCst, Ordering::Relaxed);
            // Who was inside when this process was forked is not here.
            if take(0).is_err_and(|held| held & PROCESS == me & PROCESS || take(held).is_err()) {
                return Err(Stop::Busy);
            }
        }
        let inside = Inside(slot);
        if self.is_closed() { Err(Stop::Closed) } else { Ok(inside) }
    }

    /// Waits for the descriptor, the deadline, or another thread's cancel or close.
    pub(crate) fn ready(&self, fd: RawFd, events: i16, deadline: Deadline) -> Wait<()> {
        self.ready_or(fd, events, -1, deadline).map(drop)
    }

    /// The same, or until `other` can be read (-1: there is none). Whether `fd` is ready.
    pub(crate) fn ready_or(&self, fd: RawFd, events: i16, other: RawFd, deadline: Deadline) -> Wait<bool> {
        let mut fds = [entry(fd, events), entry(other, libc::POLLIN), SPARE];
        match poll_beside(&[Some(self)], &mut fds, deadline)? {
            0 => Err(Stop::Timeout),
            _ => Ok(fds[0].revents != 0),
        }
    }

    /// Whether a call without a deadline may simply block: nobody is there who could cancel it. After a handler that is to be
    /// asked again: it may have cancelled, or started a thread that can.
    #[inline]
    pub(crate) fn may_block(&self) -> bool {
        sys::single_threaded()
    }

    /// The bare call, as [`call`] makes it, for as long as it [may block](Gate::may_block); `None`: it may not any more.
    #[inline]
    pub(crate) fn bare<T>(&self, call: impl FnMut(&sys::Word) -> sys::Result<T>) -> Wait<Option<T>> {
        call_while(|| self.check().map(|()| self.may_block()), call)
    }
}

/// A thread inside a call: see [`Gate::enter`].
pub(crate) struct Inside<'a>(&'a AtomicUsize);

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

/// The last entry of [`poll_beside`], which has its own use for it.
pub(crate) const SPARE: libc::pollfd = libc::pollfd { fd: -1, events: 0, revents: 0 };

/// As [`poll`], and ends when another thread cancels or closes one of these objects. Behind the descriptors is one
/// [`SPARE`] entry.
#[inline]
pub(crate) fn poll_beside(gates: &[Option<&Gate>], fds: &mut [libc::pollfd], deadline: Deadline) -> Wait<usize> {
    let behind = fds.len() - 1;
    let none_ended = || gates.iter().flatten().try_for_each(|gate| gate.check());
    // Nobody is there who could, but for a handler, and a thread that one has started.
    let alone = || none_ended().map(|()| sys::single_threaded() || gates.iter().all(Option::is_none));
    if let Some(found) = call_while(alone, |word| sys::poll(word, &mut fds[..behind], deadline.left()))? {
        return Ok(found);
    }
    let waker = waker()?;
    let _beside = Beside::new(gates, &waker);
    none_ended()?;
    fds[behind] = entry(waker.fd.as_raw_fd(), libc::POLLIN);
    loop {
        let found = poll(fds, deadline)?;
        if fds[behind].revents == 0 {
            return Ok(found);
        }
        let mut count = [0; 8];
        let _ = sys::read(&CALM, waker.fd.as_raw_fd(), &mut count);
        // If it is none of these that ended, a call of this thread that is over was meant.
        none_ended()?;
    }
}

/// A thread that waits beside these objects, which wake it.
struct Beside<'a>(&'a [Option<&'a Gate>], &'a Arc<Waker>);

impl<'a> Beside<'a> {
    fn new(gates: &'a [Option<&'a Gate>], waker: &'a Arc<Waker>) -> Beside<'a> {
        for gate in gates.iter().flatten() {
            gate.lock().push(waker.clone());
        }
        Beside(gates, waker)
    }
}

impl Drop for Beside<'_> {
    fn drop(&mut self) {
        for gate in self.0.iter().flatten() {
            let mut waiting = gate.lock();
            if let Some(at) = waiting.iter().position(|waker| Arc::ptr_eq(waker, self.1)) {
                waiting.swap_remove(at);
            }
        }
        let _ = WAKER.try_with(|kept| kept.replace(Some(self.1.clone())));
    }
}

// ---- what a poll set and those that are in it share ----

/// The kernel's set, and what wakes the thread that waits for it.
pub(crate) struct Ends {
    set: OwnedFd,
    wake: OwnedFd,
}

impl Ends {
    /// An empty set of this process.
    pub(crate) fn new() -> sys::Result<Ends> {
        let ends = Ends { set: sys::epoll::create()?, wake: sys::eventfd(libc::EFD_NONBLOCK)? };
        let wake = ends.wake.as_raw_fd();
        sys::epoll::enter(ends.set(), libc::EPOLL_CTL_ADD, wake, libc::EPOLLIN as u32, WAKE)?;
        Ok(ends)
    }

    pub(crate) fn set(&self) -> RawFd {
        self.set.as_raw_fd()
    }
}

/// The key of the descriptor that wakes.
pub(crate) const WAKE: u64 = u64::MAX;

/// Where a poll set hears of what the kernel does not know: see [`crate::Poll`].
pub(crate) struct Hub {
    /// A forked process must not change its parent's set.
    ends: Own<Mutex<Option<Ends>>>,
    /// The keys of those that are to be looked at.
    news: Own<Mutex<HashSet<u64>>>,
    /// The thread that waits; 0 is nobody.
    waiter: AtomicUsize,
}

impl Default for Hub {
    fn default() -> Hub {
        let close = |parents: &_| {
            drop(child::taken_over(parents));
            Mutex::default()
        };
        Hub { ends: Own::inheriting(close), news: Own::new(), waiter: AtomicUsize::default() }
    }
}

impl Hub {
    fn ends(&self) -> MutexGuard<'_, Option<Ends>> {
        self.ends.get().lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The kernel's set, if this process has one.
    pub(crate) fn set(&self) -> Option<RawFd> {
        self.ends().as_ref().map(Ends::set)
    }

    /// Another set from now on.
    pub(crate) fn put(&self, ends: Ends) -> RawFd {
        let number = ends.set();
        *self.ends() = Some(ends);
        number
    }

    fn tell(&self, key: u64, left: Option<RawFd>) {
        if let (Some(fd), Some(set)) = (left, self.set()) {
            sys::epoll::leave(set, fd);
        }
        self.news.get().lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        self.wake();
    }

    /// What there is to look at, taken.
    pub(crate) fn news(&self) -> Option<HashSet<u64>> {
        let mut news = self.news.get().lock().unwrap_or_else(PoisonError::into_inner);
        (!news.is_empty()).then(|| std::mem::take(&mut *news))
    }

    /// Another thread that waits for the set looks again.
    pub(crate) fn wake(&self) {
        let waiter = self.waiter.load(Ordering::SeqCst);
        if waiter != 0 && waiter != sys::thread_self() {
            // As full as it could be, it would be as good as written.
            let _ = self.ends().as_ref().map(|ends| sys::write(&CALM, ends.wake.as_raw_fd(), &1u64.to_ne_bytes()));
        }
    }

    pub(crate) fn woken(&self) {
        let _ = self.ends().as_ref().map(|ends| sys::read(&CALM, ends.wake.as_raw_fd(), &mut [0; 8]));
    }

    /// Until it is dropped this thread is to be woken.
    pub(crate) fn waiting(&self) -> Waiting<'_> {
        self.waiter.store(sys::thread_self(), Ordering::SeqCst);
        Waiting(self)
    }
}

pub(crate) struct Waiting<'a>(&'a Hub);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiter.store(0, Ordering::SeqCst);
    }
}
