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

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::block::{self, Ends, Gate, Hub, Stop, WAKE, Wait, Way};
use crate::child::Child;
use crate::dgram::Dgram;
use crate::error::{Error, Result};
use crate::listener::Listener;
use crate::signal;
use crate::stream::{Reader, Shared, Stream};
use crate::sys;
use crate::time::Deadline;

/// What is asked of an entry of a [`Poll`] set, and what is told of it.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Events(u32);

impl Events {
    /// Nothing but what comes unasked: [`HANGUP`](Events::HANGUP) and [`ERROR`](Events::ERROR).
    pub const NONE: Events = Events(0);
    /// A read will not block: there is something, or the end, or an error; a listener has a connection to accept.
    pub const READ: Events = Events(1);
    /// A write will not block, if it is not longer than what fits.
    pub const WRITE: Events = Events(2);
    /// Of streams: `readline` will not block, by the stream's own separator: a whole record is there, or the end, or an
    /// error.
    pub const LINE: Events = Events(4);
    /// Of children: it has ended.
    pub const EXIT: Events = Events(8);
    /// A handler is due or a queued signal is ready.
    pub const SIGNAL: Events = Events(16);
    /// An exceptional condition: urgent data of a socket. Perl's third set of `select`.
    pub const URGENT: Events = Events(32);
    /// The other side is gone. Comes unasked, beside what was asked.
    pub const HANGUP: Events = Events(64);
    /// The descriptor has an error; the next call on it tells which. Comes unasked, beside what was asked.
    pub const ERROR: Events = Events(128);

    /// All of `other` are among these.
    pub fn contains(self, other: Events) -> bool {
        self.0 & other.0 == other.0
    }

    /// Some of `other` are among these.
    pub fn has(self, other: Events) -> bool {
        self.0 & other.0 != 0
    }

    /// None at all.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// As a number: the bits of the C surface.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// From a number; an error if it has bits that are none.
    pub fn from_bits(bits: u32) -> Result<Events> {
        if bits > 255 { Err(Error::invalid("poll", format!("no such events: {bits}"))) } else { Ok(Events(bits)) }
    }
}

const NAMES: [(Events, &str); 8] = [
    (Events::READ, "READ"),
    (Events::WRITE, "WRITE"),
    (Events::LINE, "LINE"),
    (Events::EXIT, "EXIT"),
    (Events::SIGNAL, "SIGNAL"),
    (Events::URGENT, "URGENT"),
    (Events::HANGUP, "HANGUP"),
    (Events::ERROR, "ERROR"),
];

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<&str> = NAMES.iter().filter(|(event, _)| self.has(*event)).map(|(_, name)| *name).collect();
        f.write_str(if names.is_empty() { "NONE" } else { "" })?;
        f.write_str(&names.join("|"))
    }
}

impl std::ops::BitOr for Events {
    type Output = Events;

    fn bitor(self, other: Events) -> Events {
        Events(self.0 | other.0)
    }
}

impl std::ops::BitOrAssign for Events {
    fn bitor_assign(&mut self, other: Events) {
        self.0 |= other.0;
    }
}

impl std::ops::BitAnd for Events {
    type Output = Events;

    fn bitand(self, other: Events) -> Events {
        Events(self.0 & other.0)
    }
}

/// An entry that is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// What it was entered with.
    pub tag: i64,
    /// What it is ready for: of what was asked, and [`Events::HANGUP`] and [`Events::ERROR`].
    pub events: Events,
}

/// A stream as a [`Poll`] set sees it: [`Stream::view`].
pub struct View<'a> {
    pub(crate) shared: &'a Arc<Shared>,
    pub(crate) reader: Option<&'a mut Reader>,
    pub(crate) writes: bool,
}

/// What a [`Poll`] set holds for a stream: the stream itself, a reference, or what leads to one.
pub trait Held: Send {
    /// Shows the stream to `look`, which does not wait; false when a call of somebody else is under way on it. It runs
    /// inside the set, and must not call that.
    fn show(&mut self, look: &mut dyn FnMut(View<'_>)) -> bool;

    /// What it led to is no more: it is not to be shown, and out of the set.
    fn is_gone(&self) -> bool {
        false
    }
}

impl Held for Stream {
    fn show(&mut self, look: &mut dyn FnMut(View<'_>)) -> bool {
        look(self.view());
        true
    }
}

impl Held for &mut Stream {
    fn show(&mut self, look: &mut dyn FnMut(View<'_>)) -> bool {
        (**self).show(look)
    }
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

/// Values by keys that are never used again.
struct Slab<T> {
    places: Vec<(u32, Option<T>)>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Slab<T> {
    const EMPTY: Slab<T> = Slab { places: Vec::new(), free: Vec::new(), len: 0 };

    fn put(&mut self, value: T) -> u64 {
        self.len += 1;
        if let Some(at) = self.free.pop() {
            if let Some((round, place)) = self.places.get_mut(at as usize) {
                *place = Some(value);
                return u64::from(*round) << 32 | u64::from(at);
            }
        }
        self.places.push((0, Some(value)));
        self.places.len() as u64 - 1
    }

    fn get(&mut self, key: u64) -> Option<&mut T> {
        let (round, place) = self.places.get_mut(key as u32 as usize)?;
        if u64::from(*round) == key >> 32 { place.as_mut() } else { None }
    }

    fn take(&mut self, key: u64) -> Option<T> {
        let (round, place) = self.places.get_mut(key as u32 as usize)?;
        if u64::from(*round) != key >> 32 {
            return None;
        }
        let taken = place.take()?;
        *round += 1;
        self.len -= 1;
        // A place whose rounds are used up is left alone, and so is the key that wakes.
        if *round < u32::MAX {
            self.free.push(key as u32);
        }
        Some(taken)
    }

    fn keys(&self) -> Vec<u64> {
        let full = |(at, (round, place)): (usize, &(u32, Option<T>))| {
            place.as_ref().map(|_| u64::from(*round) << 32 | at as u64)
        };
        self.places.iter().enumerate().filter_map(full).collect()
    }
}

enum Thing<H> {
    Stream(H, Weak<Shared>),
    /// A listener or datagram socket.
    Socket(Weak<Gate>),
    Child(Child),
    /// A bare descriptor, or that of the signals.
    Fd,
}

impl<H: Held> Thing<H> {
    /// It was closed.
    fn is_gone(&self) -> bool {
        match self {
            Thing::Stream(held, shared) => {
                held.is_gone() || shared.upgrade().is_none_or(|shared| shared.gate.is_closed())
            }
            Thing::Socket(gate) => gate.upgrade().is_none_or(|gate| gate.is_closed()),
            Thing::Child(_) | Thing::Fd => false,
        }
    }
}

impl<H> Thing<H> {
    fn with_gate(&self, with: impl FnOnce(&Gate)) {
        match self {
            Thing::Stream(_, shared) => {
                if let Some(shared) = shared.upgrade() {
                    with(&shared.gate);
                }
            }
            Thing::Socket(gate) => {
                if let Some(gate) = gate.upgrade() {
                    with(&gate);
                }
            }
            Thing::Child(_) | Thing::Fd => {}
        }
    }
}

struct Entry<H> {
    tag: i64,
    wants: Events,
    thing: Thing<H>,
    /// Where its descriptors are entered.
    regs: Vec<u64>,
    /// What is to be told of it; it is in the queue then.
    ready: Events,
    /// It may have read ahead.
    candidate: bool,
}

/// Whose event a descriptor's is.
#[derive(Clone, Copy)]
struct Sub {
    entry: u64,
    /// It is the pidfd of a pty's child, behind whose end there is no more to read.
    gone: bool,
}

/// A descriptor in the kernel's set, once for all the entries that have it.
struct Reg {
    fd: RawFd,
    subs: Vec<Sub>,
    /// The kernel does not watch it: a file, which is always ready.
    always: bool,
}

struct State<H> {
    entries: Slab<Entry<H>>,
    regs: Slab<Reg>,
    by_fd: HashMap<RawFd, u64>,
    by_tag: HashMap<i64, Vec<u64>>,
    queue: VecDeque<u64>,
    candidates: Vec<u64>,
    /// Of `regs`, those that the kernel does not watch.
    always: Vec<u64>,
    /// Children without a pidfd.
    blind: Vec<u64>,
    /// How often the kernel was not asked since it was asked last.
    unasked: u32,
}

/// No entry's key.
const NOBODY: u64 = u64::MAX;

const READABLE: u32 = (libc::EPOLLIN | libc::EPOLLHUP | libc::EPOLLERR) as u32;
const WRITABLE: u32 = (libc::EPOLLOUT | libc::EPOLLHUP | libc::EPOLLERR) as u32;

/// How long a child without a pidfd may have ended before that is seen, in nanoseconds.
const LOOK_EVERY: u64 = 20_000_000;

/// How many rounds of what was read ahead come before the kernel is asked for what else is ready.
const ASK_AFTER: u32 = 16;

/// How many events are taken from the kernel at once.
const BATCH: usize = 128;

impl<H: Held> State<H> {
    /// What the kernel is asked for an entry's descriptor.
    fn mask(&mut self, reg: u64) -> u32 {
        let Some(subs) = self.regs.get(reg).map(|reg| reg.subs.clone()) else { return 0 };
        let mut mask = 0;
        for sub in subs {
            let wants = self.entries.get(sub.entry).map_or(Events::NONE, |entry| entry.wants);
            if wants.has(Events::READ | Events::LINE | Events::EXIT | Events::SIGNAL) {
                mask |= libc::EPOLLIN;
            }
            if wants.has(Events::WRITE) && !sub.gone {
                mask |= libc::EPOLLOUT;
            }
            if wants.has(Events::URGENT) && !sub.gone {
                mask |= libc::EPOLLPRI;
            }
        }
        mask as u32
    }

    fn add(&mut self, hub: &Arc<Hub>, fd: Option<RawFd>, pidfd: Option<RawFd>, entry: Entry<H>) -> sys::Result<()> {
        let set = self.set(hub)?;
        let tag = entry.tag;
        let id = self.entries.put(entry);
        self.by_tag.entry(tag).or_default().push(id);
        if let Some(entry) = self.entries.get(id) {
            entry.thing.with_gate(|gate| gate.join(hub, id));
        }
        let mut entered = Ok(());
        for (fd, gone) in [(fd, false), (pidfd, true)] {
            if let Some(fd) = fd {
                entered = entered.and_then(|()| self.enter(hub, set, fd, Sub { entry: id, gone }));
            }
        }
        if fd.is_none() {
            self.blind.push(id);
        }
        if let Err(errno) = entered {
            self.remove(hub, id);
            return Err(errno);
        }
        self.note(id);
        // Who waits does not know of what is ahead of a stream, nor of a file.
        hub.wake();
        Ok(())
    }

    /// Enters a descriptor for an entry.
    fn enter(&mut self, hub: &Arc<Hub>, set: RawFd, fd: RawFd, sub: Sub) -> sys::Result<()> {
        if let Some(&key) = self.by_fd.get(&fd) {
            let always = self.regs.get(key).is_some_and(|reg| reg.always);
            if let Some(reg) = self.regs.get(key) {
                reg.subs.push(sub);
            }
            let mask = self.mask(key);
            let op = if always { libc::EPOLL_CTL_ADD } else { libc::EPOLL_CTL_MOD };
            match sys::epoll::enter(set, op, fd, mask, key) {
                // As before.
                Ok(()) if !always => return self.joined(key, sub),
                Err(libc::EPERM) if always => return self.joined(key, sub),
                // The number is another file's than it was: who closed the one before did not say so.
                Ok(()) | Err(libc::ENOENT | libc::EPERM) => {
                    sys::epoll::leave(set, fd);
                    self.forget(hub, key, sub.entry);
                }
                Err(errno) => {
                    if let Some(reg) = self.regs.get(key) {
                        reg.subs.pop();
                    }
                    return Err(errno);
                }
            }
        }
        let key = self.regs.put(Reg { fd, subs: vec![sub], always: false });
        let mask = self.mask(key);
        match sys::epoll::enter(set, libc::EPOLL_CTL_ADD, fd, mask, key) {
            Ok(()) => {}
            Err(libc::EPERM) => {
                if let Some(reg) = self.regs.get(key) {
                    reg.always = true;
                }
                self.always.push(key);
            }
            Err(errno) => {
                self.regs.take(key);
                return Err(errno);
            }
        }
        self.by_fd.insert(fd, key);
        self.joined(key, sub)
    }

    fn joined(&mut self, key: u64, sub: Sub) -> sys::Result<()> {
        if let Some(entry) = self.entries.get(sub.entry) {
            entry.regs.push(key);
        }
        Ok(())
    }

    /// A descriptor whose number means something else now: those that had it are out, but for `but`.
    fn forget(&mut self, hub: &Arc<Hub>, key: u64, but: u64) {
        let Some(reg) = self.regs.take(key) else { return };
        self.by_fd.remove(&reg.fd);
        self.always.retain(|other| *other != key);
        for sub in reg.subs.iter().filter(|sub| sub.entry != but) {
            self.remove(hub, sub.entry);
        }
    }

    fn drop_entry(&mut self, id: u64) -> Option<Entry<H>> {
        let entry = self.entries.take(id)?;
        if let Some(ids) = self.by_tag.get_mut(&entry.tag) {
            ids.retain(|other| *other != id);
            if ids.is_empty() {
                self.by_tag.remove(&entry.tag);
            }
        }
        self.blind.retain(|other| *other != id);
        Some(entry)
    }

    /// Takes an entry out.
    fn remove(&mut self, hub: &Arc<Hub>, id: u64) -> Option<Entry<H>> {
        let entry = self.drop_entry(id)?;
        entry.thing.with_gate(|gate| gate.part(hub, id));
        let set = hub.set();
        for &key in &entry.regs {
            let Some(reg) = self.regs.get(key) else { continue };
            let (fd, always) = (reg.fd, reg.always);
            reg.subs.retain(|sub| sub.entry != id);
            if reg.subs.is_empty() {
                self.regs.take(key);
                self.always.retain(|other| *other != key);
                if self.by_fd.get(&fd) == Some(&key) {
                    self.by_fd.remove(&fd);
                    if let Some(set) = set {
                        sys::epoll::leave(set, fd);
                    }
                }
            } else if let (Some(set), false) = (set, always) {
                let mask = self.mask(key);
                // One that was closed needs no change.
                let _ = sys::epoll::enter(set, libc::EPOLL_CTL_MOD, fd, mask, key);
            }
        }
        Some(entry)
    }

    /// What was asked of an entry is something else now.
    fn change(&mut self, hub: &Arc<Hub>, id: u64, wants: Events) -> sys::Result<()> {
        let set = self.set(hub)?;
        let Some(entry) = self.entries.get(id) else { return Ok(()) };
        let before = std::mem::replace(&mut entry.wants, wants);
        for key in entry.regs.clone() {
            let mask = self.mask(key);
            let Some(reg) = self.regs.get(key).filter(|reg| !reg.always) else { continue };
            if let Err(errno) = sys::epoll::enter(set, libc::EPOLL_CTL_MOD, reg.fd, mask, key) {
                if let Some(entry) = self.entries.get(id) {
                    entry.wants = before;
                }
                return Err(errno);
            }
        }
        self.note(id);
        hub.wake();
        Ok(())
    }

    /// The kernel's set; a new one in a forked process.
    fn set(&mut self, hub: &Arc<Hub>) -> sys::Result<RawFd> {
        if let Some(set) = hub.set() {
            return Ok(set);
        }
        let set = self.renew(hub)?;
        // Those that were in the parent's are not in this one yet, and may have read ahead since.
        for id in self.entries.keys() {
            if let Some(entry) = self.entries.get(id) {
                entry.thing.with_gate(|gate| {
                    gate.part(hub, id);
                    gate.join(hub, id);
                });
            }
            self.note(id);
        }
        Ok(set)
    }

    /// A new set with all that is in this one. Those that are closed are out.
    fn renew(&mut self, hub: &Arc<Hub>) -> sys::Result<RawFd> {
        let ends = Ends::new()?;
        for key in self.regs.keys() {
            let mask = self.mask(key);
            let Some(fd) = self.regs.get(key).filter(|reg| !reg.always).map(|reg| reg.fd) else { continue };
            match sys::epoll::enter(ends.set(), libc::EPOLL_CTL_ADD, fd, mask, key) {
                Ok(()) => {}
                // Closed, or a file now.
                Err(libc::EBADF | libc::EPERM) => self.forget(hub, key, NOBODY),
                Err(errno) => return Err(errno),
            }
        }
        Ok(hub.put(ends))
    }

    /// An entry may have read ahead.
    fn note(&mut self, id: u64) {
        if let Some(entry) = self.entries.get(id) {
            let stream = matches!(entry.thing, Thing::Stream(..));
            if stream && !std::mem::replace(&mut entry.candidate, true) {
                self.candidates.push(id);
            }
        }
    }

    fn tell(&mut self, id: u64, events: Events) {
        if let (Some(entry), false) = (self.entries.get(id), events.is_empty()) {
            if entry.ready.is_empty() {
                self.queue.push_back(id);
            }
            entry.ready |= events;
        }
    }

    /// What a stream has read ahead, of what is asked; with `fill` what there is is read first.
    fn look(&mut self, id: u64, fill: bool) -> Events {
        let Some(Entry { wants, thing: Thing::Stream(held, _), .. }) = self.entries.get(id) else {
            return Events::NONE;
        };
        if held.is_gone() {
            return Events::NONE;
        }
        let wants = *wants;
        let mut found = Events::NONE;
        let shown = held.show(&mut |view| {
            let Some(reader) = view.reader else { return };
            if fill {
                reader.fill_at_once();
            }
            if wants.has(Events::READ) && reader.is_ahead() {
                found |= Events::READ;
            }
            if wants.has(Events::LINE) && reader.is_record_ahead() {
                found |= Events::LINE;
            }
        });
        // The call that comes to read will be told at once that another one is under way.
        if shown { found } else { wants & Events::LINE }
    }

    /// What the kernel has to say of a descriptor; false: nobody knows it.
    fn deliver(&mut self, key: u64, flags: u32) -> bool {
        let Some(reg) = self.regs.get(key) else { return false };
        let mut i = 0;
        let mut next = reg.subs.first().copied();
        while let Some(sub) = next {
            let events = self.events(sub, flags);
            self.tell(sub.entry, events);
            i += 1;
            next = self.regs.get(key).and_then(|reg| reg.subs.get(i).copied());
        }
        true
    }

    fn events(&mut self, sub: Sub, flags: u32) -> Events {
        let Some(entry) = self.entries.get(sub.entry) else { return Events::NONE };
        let wants = entry.wants;
        let readable = flags & READABLE != 0;
        if sub.gone || (readable && wants.has(Events::LINE)) {
            if sub.gone && !wants.has(Events::READ | Events::LINE) {
                return Events::HANGUP;
            }
            let found = self.look(sub.entry, true);
            self.note(sub.entry);
            if sub.gone {
                return found;
            }
            return found | self.plain(wants, flags, found);
        }
        self.plain(wants, flags, Events::NONE)
    }

    fn plain(&self, wants: Events, flags: u32, found: Events) -> Events {
        let mut events = found;
        if flags & READABLE != 0 {
            events |= wants & (Events::READ | Events::EXIT | Events::SIGNAL);
        }
        if flags & WRITABLE != 0 {
            events |= wants & Events::WRITE;
        }
        if flags & libc::EPOLLPRI as u32 != 0 {
            events |= wants & Events::URGENT;
        }
        // Half a line and then a hang-up: the reading comes first, and its end is told as that.
        if !events.is_empty() || !wants.has(Events::READ | Events::LINE | Events::WRITE) {
            if flags & libc::EPOLLHUP as u32 != 0 {
                events |= Events::HANGUP;
            }
            if flags & libc::EPOLLERR as u32 != 0 {
                events |= Events::ERROR;
            }
        }
        events
    }

    /// Puts into the queue what is ready and not the kernel's to tell; false if the kernel may know more of the same.
    fn gather(&mut self, hub: &Arc<Hub>) -> bool {
        let mut complete = true;
        for id in hub.news().unwrap_or_default() {
            if self.entries.get(id).is_some_and(|entry| entry.thing.is_gone()) {
                self.remove(hub, id);
            } else {
                self.note(id);
            }
        }
        for id in std::mem::take(&mut self.candidates) {
            let events = self.look(id, false);
            self.tell(id, events);
            let Some(entry) = self.entries.get(id) else { continue };
            if events.is_empty() {
                entry.candidate = false;
                continue;
            }
            // Of more than what is ahead only the kernel knows.
            complete = complete && events.contains(entry.wants);
            self.candidates.push(id);
        }
        for at in 0..self.always.len() {
            if let Some(&key) = self.always.get(at) {
                self.deliver(key, (libc::EPOLLIN | libc::EPOLLOUT) as u32);
            }
        }
        for at in 0..self.blind.len() {
            let Some(&id) = self.blind.get(at) else { break };
            if let Some(Entry { thing: Thing::Child(child), .. }) = self.entries.get(id) {
                if child.has_ended() {
                    self.tell(id, Events::EXIT);
                }
            }
        }
        complete
    }

    /// The next that is to be told.
    fn take(&mut self, hub: &Arc<Hub>) -> Option<Ready> {
        while let Some(id) = self.queue.pop_front() {
            let Some(entry) = self.entries.get(id) else { continue };
            let mut events = std::mem::take(&mut entry.ready);
            let (tag, wants) = (entry.tag, entry.wants | Events::HANGUP | Events::ERROR);
            let once = matches!(entry.thing, Thing::Child(_));
            if entry.thing.is_gone() {
                self.remove(hub, id);
                continue;
            }
            if events.has(Events::LINE) && !self.look(id, false).has(Events::LINE) {
                // It was read since.
                events = Events(events.0 & !Events::LINE.0);
            }
            events = events & wants;
            if once && events.has(Events::EXIT) {
                self.remove(hub, id);
            }
            if !events.is_empty() {
                return Some(Ready { tag, events });
            }
        }
        None
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
        let state = State {
            entries: Slab::EMPTY,
            regs: Slab::EMPTY,
            by_fd: HashMap::new(),
            by_tag: HashMap::new(),
            queue: VecDeque::new(),
            candidates: Vec::new(),
            always: Vec::new(),
            blind: Vec::new(),
            unasked: 0,
        };
        Poll { gate: Arc::default(), hub: Arc::default(), state: Mutex::new(state) }
    }

    fn lock(&self) -> MutexGuard<'_, State<H>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(
        &self,
        fd: Option<RawFd>,
        pidfd: Option<RawFd>,
        thing: Thing<H>,
        wants: Events,
        allowed: Events,
        tag: i64,
    ) -> Result<()> {
        allow(wants, allowed)?;
        let entry = Entry { tag, wants, thing, regs: Vec::new(), ready: Events::NONE, candidate: false };
        self.lock().add(&self.hub, fd, pidfd, entry).map_err(|errno| match fd {
            Some(fd) => Error::at("poll", fd.to_string(), errno),
            None => Error::os("poll", errno),
        })
    }

    /// Enters a stream: READ, WRITE, LINE, URGENT. EBADF for a direction that it does not have.
    ///
    /// With LINE the set reads ahead into the stream, as far as there is something: what was borrowed from it by
    /// `readline` is over then.
    pub fn stream(&self, stream: H, events: Events, tag: i64) -> Result<()> {
        let mut held = stream;
        let mut seen = None;
        held.show(&mut |view| {
            let pidfd = view.shared.last_words().filter(|_| events.has(Events::READ | Events::LINE));
            seen =
                Some((Arc::downgrade(view.shared), view.shared.poll_fd(), pidfd, view.reader.is_some(), view.writes));
        });
        let Some((shared, fd, pidfd, reads, writes)) = seen else { return Err(Error::Busy { step: "poll" }) };
        if fd < 0 {
            return Err(Error::Closed { step: "poll" });
        }
        if (events.has(Events::READ | Events::LINE) && !reads) || (events.has(Events::WRITE) && !writes) {
            return Err(Error::at("poll", fd.to_string(), libc::EBADF));
        }
        self.add(Some(fd), pidfd, Thing::Stream(held, shared), events, OF_STREAMS, tag)
    }

    /// Enters a listener: READ, when somebody wants to connect.
    pub fn listener(&self, listener: &Listener, tag: i64) -> Result<()> {
        let thing = Thing::Socket(Arc::downgrade(listener.gate()));
        self.add(Some(listener.fd()), None, thing, Events::READ, Events::READ, tag)
    }

    /// Enters a datagram socket: READ, WRITE.
    pub fn dgram(&self, dgram: &Dgram, events: Events, tag: i64) -> Result<()> {
        self.add(Some(dgram.fd()), None, Thing::Socket(Arc::downgrade(dgram.gate())), events, OF_FDS, tag)
    }

    /// Enters a child: EXIT, told once when it has ended, and then it is out. Its [`wait`](Child::wait) does not block
    /// then.
    pub fn child(&self, child: &Child, tag: i64) -> Result<()> {
        let fd = child.pidfd().map(|fd| fd.as_raw_fd());
        self.add(fd, None, Thing::Child(child.clone()), Events::EXIT, Events::EXIT, tag)
    }

    /// Enters the signals that have a handler of ours or are queued: SIGNAL, until they are taken by
    /// [`signal::dispatch`] or [`signal::next`]. On the signal thread handlers run inside [`next`](Poll::next) without
    /// this; it is for queued signals.
    pub fn signals(&self, tag: i64) -> Result<()> {
        self.add(Some(signal::fd()?), None, Thing::Fd, Events::SIGNAL, Events::SIGNAL, tag)
    }

    /// Enters a bare descriptor: READ, WRITE, URGENT. It may be in the set many times. One that the kernel does not
    /// watch, a file, is always ready.
    pub fn fd(&self, fd: RawFd, events: Events, tag: i64) -> Result<()> {
        self.add(Some(fd), None, Thing::Fd, events, OF_FDS, tag)
    }

    /// Asks for something else of the entries with that tag.
    pub fn change(&self, tag: i64, events: Events) -> Result<()> {
        let mut state = self.lock();
        for id in state.by_tag.get(&tag).cloned().unwrap_or_default() {
            let Some(entry) = state.entries.get(id) else { continue };
            let allowed = match &mut entry.thing {
                Thing::Stream(held, _) if !held.is_gone() => {
                    let mut allowed = Events::URGENT;
                    held.show(&mut |view| {
                        let reads = if view.reader.is_some() { Events::READ | Events::LINE } else { Events::NONE };
                        let writes = if view.writes { Events::WRITE } else { Events::NONE };
                        allowed |= reads | writes;
                    });
                    allowed
                }
                Thing::Stream(..) => continue,
                Thing::Child(_) => Events::EXIT,
                Thing::Socket(_) | Thing::Fd => OF_FDS | entry.wants,
            };
            allow(events, allowed)?;
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
        self.lock().by_tag.contains_key(&tag)
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.lock().entries.len
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
            None => self.wait(deadline),
            ready => Ok(ready),
        }
    }

    #[inline(never)]
    fn wait(&self, deadline: Deadline) -> Wait<Option<Ready>> {
        let _inside = self.gate.enter(Way::In)?;
        let _waiting = self.hub.waiting();
        let mut found = [const { sys::epoll::Event { events: 0, u64: 0 } }; BATCH];
        loop {
            self.gate.check()?;
            let mut state = self.lock();
            let set = state.set(&self.hub).map_err(Stop::Errno)?;
            if let Some(ready) = state.take(&self.hub) {
                return Ok(Some(ready));
            }
            let complete = state.gather(&self.hub);
            if state.entries.len == 0 {
                return Ok(None);
            }
            let (ahead, blind) = (!state.queue.is_empty(), !state.blind.is_empty());
            if ahead && complete {
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
                return Err(Stop::Timeout);
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

const OF_STREAMS: Events = Events(1 | 2 | 4 | 32);
const OF_FDS: Events = Events(1 | 2 | 32);

fn allow(wants: Events, allowed: Events) -> Result<()> {
    if allowed.contains(wants) {
        return Ok(());
    }
    Err(Error::invalid("poll", format!("{:?} is nothing that can be asked of it", Events(wants.0 & !allowed.0))))
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

/// Perl's `select` with four arguments: waits until one of the descriptors can be read, can be written, or has an
/// exceptional condition, and leaves those in the lists. How many they are, in all three together. Empty lists sleep.
///
/// EBADF when one is not open. It knows the kernel's side only: what a stream has read ahead it does not see, as Perl's
/// does not; a [`Poll`] set does.
pub fn select(
    read: &mut Vec<RawFd>,
    write: &mut Vec<RawFd>,
    exception: &mut Vec<RawFd>,
    deadline: Deadline,
) -> Result<usize> {
    let mut asked: BTreeMap<RawFd, i16> = BTreeMap::new();
    for (fds, events) in [(&*read, libc::POLLIN), (&*write, libc::POLLOUT), (&*exception, libc::POLLPRI)] {
        for fd in fds {
            *asked.entry(*fd).or_default() |= events;
        }
    }
    let mut fds: Vec<libc::pollfd> = asked.iter().map(|(fd, events)| block::entry(*fd, *events)).collect();
    let readable = libc::POLLIN | libc::POLLHUP | libc::POLLERR;
    // A hang-up is no exceptional condition, and does not make a pipe writable.
    let counts = |events: i16, revents: i16| {
        (events & libc::POLLIN != 0 && revents & readable != 0)
            || (events & libc::POLLOUT != 0 && revents & (libc::POLLOUT | libc::POLLERR) != 0)
            || (events & revents & libc::POLLPRI != 0)
    };
    loop {
        let count = block::poll(&mut fds, deadline).map_err(|stop| stop.error("select"))?;
        if let Some(bad) = fds.iter().find(|entry| entry.revents & libc::POLLNVAL != 0) {
            return Err(Error::at("select", bad.fd.to_string(), libc::EBADF));
        }
        if count == 0 || fds.iter().any(|entry| counts(entry.events, entry.revents)) {
            break;
        }
        // What poll tells unasked of those that can only have an exceptional condition: it would be told for ever.
        for entry in fds.iter_mut().filter(|entry| entry.revents != 0) {
            entry.fd = -1;
        }
    }
    let ready: BTreeMap<RawFd, i16> =
        fds.iter().filter(|entry| entry.fd >= 0).map(|entry| (entry.fd, entry.revents)).collect();
    for (fds, event) in [(&mut *read, libc::POLLIN), (&mut *write, libc::POLLOUT), (&mut *exception, libc::POLLPRI)] {
        fds.retain(|fd| ready.get(fd).is_some_and(|revents| counts(event, *revents)));
    }
    match read.len() + write.len() + exception.len() {
        0 => Err(Stop::Timeout.error("select")),
        count => Ok(count),
    }
}
