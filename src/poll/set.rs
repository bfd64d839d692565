//! Who is in the set, and by which descriptors the kernel's set has them.

use std::collections::{HashMap, VecDeque};
use std::os::fd::RawFd;
use std::sync::{Arc, Weak};

use super::events::Events;
use super::held::Held;
use super::slab::Slab;
use crate::block::{Ends, Gate, Hub};
use crate::child::Child;
use crate::stream::Shared;
use crate::sys;

pub(super) enum Thing<H> {
    Stream(H, Weak<Shared>),
    /// A listener or datagram socket.
    Socket(Weak<Gate>),
    Child(Child),
    /// A bare descriptor, or that of the signals.
    Fd,
}

impl<H: Held> Thing<H> {
    /// It was closed.
    pub(super) fn is_gone(&self) -> bool {
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
    pub(super) fn with_gate(&self, with: impl FnOnce(&Gate)) {
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

pub(super) struct Entry<H> {
    pub(super) tag: i64,
    pub(super) wants: Events,
    /// What may be asked of it.
    pub(super) allowed: Events,
    pub(super) thing: Thing<H>,
    /// Where its descriptors are entered.
    pub(super) regs: Vec<u64>,
    /// What is to be told of it; it is in the queue then.
    pub(super) ready: Events,
    /// It may have read ahead.
    pub(super) candidate: bool,
}

/// Whose event a descriptor's is.
#[derive(Clone, Copy)]
pub(super) struct Sub {
    pub(super) entry: u64,
    /// It is the pidfd of a pty's child, behind whose end there is no more to read.
    pub(super) gone: bool,
}

/// A descriptor in the kernel's set, once for all the entries that have it.
pub(super) struct Reg {
    fd: RawFd,
    pub(super) subs: Vec<Sub>,
    /// The kernel does not watch it: a file, which is always ready.
    always: bool,
}

pub(super) struct State<H> {
    pub(super) entries: Slab<Entry<H>>,
    pub(super) regs: Slab<Reg>,
    by_fd: HashMap<RawFd, u64>,
    pub(super) by_tag: HashMap<i64, Vec<u64>>,
    pub(super) queue: VecDeque<u64>,
    pub(super) candidates: Vec<u64>,
    /// Of `regs`, those that the kernel does not watch.
    pub(super) always: Vec<u64>,
    /// Children without a pidfd.
    pub(super) blind: Vec<u64>,
    /// How often the kernel was not asked since it was asked last.
    pub(super) unasked: u32,
}

/// No entry's key.
const NOBODY: u64 = u64::MAX;

impl<H: Held> State<H> {
    pub(super) fn new() -> State<H> {
        State {
            entries: Slab::EMPTY,
            regs: Slab::EMPTY,
            by_fd: HashMap::new(),
            by_tag: HashMap::new(),
            queue: VecDeque::new(),
            candidates: Vec::new(),
            always: Vec::new(),
            blind: Vec::new(),
            unasked: 0,
        }
    }

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

    pub(super) fn add(&mut self, hub: &Arc<Hub>, fd: Option<RawFd>, entry: Entry<H>) -> sys::Result<()> {
        let set = self.set(hub)?;
        let tag = entry.tag;
        let id = self.entries.put(entry);
        self.by_tag.entry(tag).or_default().push(id);
        if let Some(entry) = self.entries.get(id) {
            entry.thing.with_gate(|gate| gate.join(hub, id));
        }
        let entered = match fd {
            Some(fd) => self.enter(hub, set, fd, Sub { entry: id, gone: false }),
            None => {
                self.blind.push(id);
                Ok(())
            }
        };
        if let Err(errno) = entered.and_then(|()| self.watch_end(hub, set, id)) {
            self.remove(hub, id);
            return Err(errno);
        }
        self.note(id);
        // Who waits does not know of what is ahead of a stream, nor of a file.
        hub.wake();
        Ok(())
    }

    /// The end of a pty's child is watched as long as reading is asked for, and not longer: it would be told for ever.
    fn watch_end(&mut self, hub: &Arc<Hub>, set: RawFd, id: u64) -> sys::Result<()> {
        let Some(entry) = self.entries.get(id) else { return Ok(()) };
        let pidfd = match &entry.thing {
            Thing::Stream(_, shared) if entry.wants.has(Events::READ | Events::LINE) => {
                shared.upgrade().and_then(|shared| shared.last_words())
            }
            _ => None,
        };
        let of_it = |sub: &Sub| sub.entry == id && sub.gone;
        let mut regs = entry.regs.clone().into_iter();
        let watched = regs.find(|key| self.regs.get(*key).is_some_and(|reg| reg.subs.iter().any(of_it)));
        match (pidfd, watched) {
            (Some(fd), None) => return self.enter(hub, set, fd, Sub { entry: id, gone: true }),
            (None, Some(key)) => {
                if let Some(entry) = self.entries.get(id) {
                    entry.regs.retain(|other| *other != key);
                }
                self.leave(hub, key, id);
            }
            _ => {}
        }
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
    pub(super) fn remove(&mut self, hub: &Arc<Hub>, id: u64) -> Option<Entry<H>> {
        let entry = self.drop_entry(id)?;
        entry.thing.with_gate(|gate| gate.part(hub, id));
        for key in &entry.regs {
            self.leave(hub, *key, id);
        }
        Some(entry)
    }

    /// A descriptor is no longer an entry's.
    fn leave(&mut self, hub: &Arc<Hub>, key: u64, id: u64) {
        let set = hub.set();
        let Some(reg) = self.regs.get(key) else { return };
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

    /// What was asked of an entry is something else now.
    pub(super) fn change(&mut self, hub: &Arc<Hub>, id: u64, wants: Events) -> sys::Result<()> {
        let set = self.set(hub)?;
        let Some(entry) = self.entries.get(id) else { return Ok(()) };
        let before = std::mem::replace(&mut entry.wants, wants);
        if let Err(errno) = self.watch_end(hub, set, id).and_then(|()| self.ask(set, id)) {
            if let Some(entry) = self.entries.get(id) {
                entry.wants = before;
            }
            return Err(errno);
        }
        self.note(id);
        hub.wake();
        Ok(())
    }

    /// Asks the kernel for what is wanted of an entry.
    fn ask(&mut self, set: RawFd, id: u64) -> sys::Result<()> {
        let regs = self.entries.get(id).map(|entry| entry.regs.clone()).unwrap_or_default();
        for key in regs {
            let mask = self.mask(key);
            if let Some(reg) = self.regs.get(key).filter(|reg| !reg.always) {
                sys::epoll::enter(set, libc::EPOLL_CTL_MOD, reg.fd, mask, key)?;
            }
        }
        Ok(())
    }

    /// The kernel's set; a new one in a forked process.
    pub(super) fn set(&mut self, hub: &Arc<Hub>) -> sys::Result<RawFd> {
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
    pub(super) fn renew(&mut self, hub: &Arc<Hub>) -> sys::Result<RawFd> {
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
}
