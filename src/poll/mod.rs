//! One loop for many: streams, listeners, datagram sockets, children, signals, bare descriptors. And Perl's `select`.
//!
//! A [`Poll`] set knows what the kernel does not: bytes that a stream has read ahead count as ready, and
//! [`Events::LINE`] says that [`Stream::readline`] will not block, which half a line does not bring about. What is ready
//! is told again until it is used up (level-triggered), one entry at a time, all of them in turn.
//!
//! ```
//! use perlipc::{Cmd, Deadline, Events, Poll, popen};
//!
//! # fn main() -> perlipc::Result<()> {
//! // The output and the errors of a command, by line, whichever comes first.
//! let mut kid = popen::open3(&Cmd::shell("echo one; echo two >&2; echo three"), popen::Errors::Apart)?;
//! let mut poll = Poll::new();
//! for (stream, tag) in [(kid.reader.take(), 1), (kid.error.take(), 2)] {
//!     stream.map_or(Ok(()), |stream| poll.stream(stream, Events::LINE, tag))?;
//! }
//! let mut lines = Vec::new();
//! while let Some(ready) = poll.next(Deadline::NEVER)? {
//!     let Some(stream) = poll.get(ready.tag) else { continue };
//!     match stream.readline()? {
//!         Some(line) => lines.push((ready.tag, line.to_vec())),
//!         // The end: the set is empty when both are out.
//!         None => drop(poll.remove(ready.tag)),
//!     }
//! }
//! lines.sort();
//! assert_eq!(lines, [(1, b"one\n".to_vec()), (1, b"three\n".to_vec()), (2, b"two\n".to_vec())]);
//! # Ok(())
//! # }
//! ```

mod events;
mod held;
mod ready;
mod select;
mod set;
mod slab;

use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use events::Events;
use events::{OF_FDS, OF_STREAMS, allow};
pub use held::{Held, View};
pub use select::select;
use set::{Entry, State, Thing};

use crate::block::{Gate, Hub, Stop, WAKE, Wait, Way};
use crate::child::Child;
use crate::dgram::Dgram;
use crate::error::{Error, Result};
use crate::listener::Listener;
use crate::signal;
use crate::stream::Stream;
use crate::sys;
use crate::time::Deadline;

/// How long a child without a pidfd may have ended before that is seen, in nanoseconds.
const LOOK_EVERY: u64 = 20_000_000;

/// How many rounds of what was read ahead come before the kernel is asked for what else is ready.
const ASK_AFTER: u32 = 16;

/// How often the kernel is asked again when time is up but what it told was read ahead, and is no record yet.
const LATE: u32 = 16;

/// How many events are taken from the kernel at once.
const BATCH: usize = 128;

/// An entry that is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// What it was entered with.
    pub tag: i64,
    /// What it is ready for: of what was asked, and [`Events::HANGUP`] and [`Events::ERROR`].
    pub events: Events,
}

/// A set of things to wait for at once: see the [module](self).
///
/// `H` is what it holds for a stream: the stream itself, unless something else is entered.
///
/// A stream, listener or datagram socket that is closed is out of the set; so is a child whose end was told. A bare
/// descriptor is to be [removed](Poll::remove) before it is closed, since nobody tells the set of that.
///
/// Entering, changing and removing work from any thread at any moment, also while another one waits; one thread at a
/// time waits. A forked child may use its copy: it has a set of its own in the kernel from then on.
pub struct Poll<H = Stream> {
    gate: Arc<Gate>,
    hub: Arc<Hub>,
    state: Mutex<State<H>>,
}

/// Ends a set's waits from another thread.
#[derive(Clone)]
pub struct PollCanceler(Arc<Gate>, Arc<Hub>);

impl PollCanceler {
    /// The [`next`](Poll::next) that waits now ends with [`Error::Canceled`], and so does every later one.
    pub fn cancel(&self) {
        self.0.cancel();
        self.1.wake();
    }
}

impl<H: Held> Default for Poll<H> {
    fn default() -> Poll<H> {
        Poll::new()
    }
}

impl<H: Held> Poll<H> {
    /// An empty set.
    pub fn new() -> Poll<H> {
        Poll { gate: Arc::default(), hub: Arc::default(), state: Mutex::new(State::new()) }
    }

    fn lock(&self) -> MutexGuard<'_, State<H>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, fd: Option<RawFd>, thing: Thing<H>, wants: Events, allowed: Events, tag: i64) -> Result<()> {
        allow(wants, allowed)?;
        let entry = Entry { tag, wants, allowed, thing, regs: Vec::new(), ready: Events::NONE, candidate: false };
        self.lock().add(&self.hub, fd, entry).map_err(|errno| match fd {
            Some(fd) => Error::at("poll", fd.to_string(), errno),
            None => Error::os("poll", errno),
        })
    }

    /// Enters a stream: READ, WRITE, LINE, URGENT. EBADF for a direction that it does not have.
    ///
    /// With LINE the set reads ahead into the stream, as far as there is something: what was borrowed from it by
    /// `readline` is over then.
    pub fn stream(&self, stream: H, events: Events, tag: i64) -> Result<()> {
        allow(events, OF_STREAMS)?;
        let mut held = stream;
        let mut seen = None;
        held.show(events.has(Events::READ | Events::LINE), &mut |view| {
            let reads = if view.reads { Events::READ | Events::LINE } else { Events::NONE };
            let writes = if view.writes { Events::WRITE } else { Events::NONE };
            seen = Some((Arc::downgrade(view.shared), view.shared.poll_fd(), reads | writes | Events::URGENT));
        });
        let Some((shared, fd, allowed)) = seen else { return Err(Error::Busy { step: "poll" }) };
        if fd < 0 {
            return Err(Error::Closed { step: "poll" });
        }
        if !allowed.contains(events) {
            return Err(Error::at("poll", fd.to_string(), libc::EBADF));
        }
        self.add(Some(fd), Thing::Stream(held, shared), events, allowed, tag)
    }

    /// Enters a listener: READ, when somebody wants to connect.
    pub fn listener(&self, listener: &Listener, tag: i64) -> Result<()> {
        let thing = Thing::Socket(Arc::downgrade(listener.gate()));
        self.add(Some(listener.fd()), thing, Events::READ, Events::READ, tag)
    }

    /// Enters a datagram socket: READ, WRITE. Of a Unix one the kernel tells whether there is room at its connected peer, and
    /// never at others that a message may go to: WRITE then, a send there may still have to wait.
    pub fn dgram(&self, dgram: &Dgram, events: Events, tag: i64) -> Result<()> {
        self.add(Some(dgram.fd()), Thing::Socket(Arc::downgrade(dgram.gate())), events, OF_FDS, tag)
    }

    /// Enters a child: EXIT, told once when it has ended, and then it is out. Its [`wait`](Child::wait) does not block
    /// then.
    pub fn child(&self, child: &Child, tag: i64) -> Result<()> {
        let fd = child.pidfd().map(|fd| fd.as_raw_fd());
        self.add(fd, Thing::Child(child.clone()), Events::EXIT, Events::EXIT, tag)
    }

    /// Enters the signals that have a handler of ours or are queued: SIGNAL, until they are taken by
    /// [`signal::dispatch`] or [`signal::next`]. On the signal thread handlers run inside [`next`](Poll::next) without
    /// this; it is for queued signals.
    pub fn signals(&self, tag: i64) -> Result<()> {
        self.add(Some(signal::fd()?), Thing::Fd, Events::SIGNAL, Events::SIGNAL, tag)
    }

    /// Enters a bare descriptor: READ, WRITE, URGENT. It may be in the set many times. One that the kernel does not
    /// watch, a file, is always ready.
    pub fn fd(&self, fd: RawFd, events: Events, tag: i64) -> Result<()> {
        self.add(Some(fd), Thing::Fd, events, OF_FDS, tag)
    }

    /// Asks for something else of the entries with that tag.
    pub fn change(&self, tag: i64, events: Events) -> Result<()> {
        let mut state = self.lock();
        for id in state.by_tag.get(&tag).cloned().unwrap_or_default() {
            let Some(entry) = state.entries.get(id) else { continue };
            if matches!(&entry.thing, Thing::Stream(held, _) if held.is_gone()) {
                continue;
            }
            allow(events, entry.allowed)?;
            state.change(&self.hub, id, events).map_err(|errno| Error::os("poll", errno))?;
        }
        Ok(())
    }

    /// Takes the entries with that tag out: how many there were.
    pub fn remove(&self, tag: i64) -> usize {
        let mut state = self.lock();
        let ids = state.by_tag.get(&tag).cloned().unwrap_or_default();
        let out: Vec<_> = ids.iter().filter_map(|id| state.remove(&self.hub, *id)).collect();
        drop(state);
        // Who waits may have nothing to wait for any more.
        self.hub.wake();
        out.len()
    }

    /// The stream that was entered with that tag.
    pub fn get(&mut self, tag: i64) -> Option<&mut H> {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        let id = *state.by_tag.get(&tag)?.first()?;
        match &mut state.entries.get(id)?.thing {
            Thing::Stream(held, _) => Some(held),
            _ => None,
        }
    }

    /// Takes the entries with that tag out, and gives the stream back.
    pub fn take(&mut self, tag: i64) -> Option<H> {
        let mut state = self.lock();
        let ids = state.by_tag.get(&tag).cloned().unwrap_or_default();
        let out: Vec<_> = ids.iter().filter_map(|id| state.remove(&self.hub, *id)).collect();
        drop(state);
        out.into_iter().find_map(|entry| match entry.thing {
            Thing::Stream(held, _) => Some(held),
            _ => None,
        })
    }

    /// Whether there is an entry with that tag.
    pub fn contains(&self, tag: i64) -> bool {
        let mut state = self.lock();
        state.hear(&self.hub);
        state.by_tag.contains_key(&tag)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        let mut state = self.lock();
        state.hear(&self.hub);
        state.entries.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next entry that is ready; waits for one until the deadline. `None` when the set is empty: nothing can ever
    /// come.
    pub fn next(&self, deadline: Deadline) -> Result<Option<Ready>> {
        self.next_stop(deadline).map_err(|stop| stop.error("poll"))
    }

    fn next_stop(&self, deadline: Deadline) -> Wait<Option<Ready>> {
        self.gate.check()?;
        // The way of most: they were found together with one before.
        match self.more() {
            None => self.wait(deadline, 0),
            ready => Ok(ready),
        }
    }

    /// All that are ready, each once, waiting for the first until the deadline; none when the set is empty.
    pub fn ready(&self, deadline: Deadline) -> Result<Vec<Ready>> {
        let asks = 1 + self.lock().regs.len / BATCH;
        let first = self.wait(deadline, asks).map_err(|stop| stop.error("poll"))?;
        let more = first.is_some().then(|| std::iter::from_fn(|| self.more()));
        Ok(first.into_iter().chain(more.into_iter().flatten()).collect())
    }

    /// `asks`: how often the kernel is asked, as long as it has more to say, before anything is told.
    #[inline(never)]
    fn wait(&self, deadline: Deadline, mut asks: usize) -> Wait<Option<Ready>> {
        let _inside = self.gate.enter(Way::In)?;
        let _waiting = self.hub.waiting();
        let mut found = [const { sys::epoll::Event { events: 0, u64: 0 } }; BATCH];
        let mut late = 0;
        loop {
            self.gate.check()?;
            let mut state = self.lock();
            let set = state.set(&self.hub).map_err(Stop::Errno)?;
            if asks == 0 {
                if let Some(ready) = state.take(&self.hub) {
                    return Ok(Some(ready));
                }
            }
            let complete = state.gather(&self.hub);
            if state.entries.len == 0 {
                return Ok(None);
            }
            let (ahead, blind) = (!state.queue.is_empty(), !state.blind.is_empty());
            if ahead && complete && asks == 0 {
                // The kernel is asked at times only: many lines that were read at once cost no call each.
                state.unasked = (state.unasked + 1) % ASK_AFTER;
                if state.unasked != 0 {
                    continue;
                }
            }
            drop(state);
            let left = match deadline.left() {
                _ if ahead => Some(0),
                left if blind => Some(left.unwrap_or(u64::MAX).min(LOOK_EVERY)),
                left => left,
            };
            let count = match sys::epoll::wait(signal::word(), set, &mut found, left) {
                Ok(count) => count,
                Err(libc::EINTR) => {
                    signal::interrupted()?;
                    continue;
                }
                Err(errno) => return Err(Stop::Errno(errno)),
            };
            asks = if count < found.len() { 0 } else { asks.saturating_sub(1) };
            let mut state = self.lock();
            for event in found.get(..count).unwrap_or_default() {
                let (key, flags) = (event.u64, event.events);
                if key == WAKE {
                    self.hub.woken();
                } else if !state.deliver(key, flags) {
                    // A descriptor that was closed behind our back while a copy of it lives on in another process.
                    state.renew(&self.hub).map_err(Stop::Errno)?;
                }
            }
            if state.queue.is_empty() && deadline.passed() {
                late += 1;
                if count == 0 || late > LATE {
                    return Err(Stop::Timeout);
                }
            }
        }
    }

    /// One more that was found ready together with what [`next`](Poll::next) gave; never waits and never asks the
    /// kernel. `None`: ask `next`.
    pub fn more(&self) -> Option<Ready> {
        self.lock().take(&self.hub)
    }

    /// For another thread to end this one's waits with.
    pub fn canceler(&self) -> PollCanceler {
        PollCanceler(self.gate.clone(), self.hub.clone())
    }
}

impl<H> Drop for Poll<H> {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        for key in state.entries.keys() {
            if let Some(entry) = state.entries.get(key) {
                entry.thing.with_gate(|gate| gate.part(&self.hub, key));
            }
        }
    }
}

impl<H: Held> std::fmt::Debug for Poll<H> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Poll({} entries)", self.len())
    }
}
