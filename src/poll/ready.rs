//! What is ready: what the kernel tells, what streams have read ahead, and the queue of both.

use std::sync::Arc;

use super::Ready;
use super::events::Events;
use super::held::Held;
use super::set::{Entry, State, Sub, Thing};
use crate::block::Hub;

const READABLE: u32 = (libc::EPOLLIN | libc::EPOLLHUP | libc::EPOLLERR) as u32;
const WRITABLE: u32 = (libc::EPOLLOUT | libc::EPOLLHUP | libc::EPOLLERR) as u32;

impl<H: Held> State<H> {
    /// An entry may have read ahead.
    pub(super) fn note(&mut self, id: u64) {
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

    /// What a stream has read ahead, of what is asked; with `fill` what there is is read first. With `more`, where the kernel
    /// has told of something to read, a log that is too far behind for it counts as a line.
    fn look(&mut self, id: u64, fill: bool, more: bool) -> Events {
        let Some(Entry { wants, thing: Thing::Stream(held, _), .. }) = self.entries.get(id) else {
            return Events::NONE;
        };
        let wants = *wants;
        if held.is_gone() || !wants.has(Events::READ | Events::LINE) {
            return Events::NONE;
        }
        let mut found = Events::NONE;
        let shown = held.show(true, &mut |view| {
            let Some(reader) = view.reader else { return };
            if fill {
                reader.fill_at_once();
            }
            if wants.has(Events::READ) && reader.is_ahead() {
                found |= Events::READ;
            }
            if wants.has(Events::LINE) && (reader.is_record_ahead() || (more && reader.waits_for_log())) {
                found |= Events::LINE;
            }
        });
        // The call that comes to read will be told at once that another one is under way.
        if shown { found } else { wants & Events::LINE }
    }

    /// What the kernel has to say of a descriptor; false: nobody knows it.
    pub(super) fn deliver(&mut self, key: u64, flags: u32) -> bool {
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
            let found = self.look(sub.entry, true, true);
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

    /// What its entries have left word of: what is closed goes, and what has read ahead is to be looked at.
    pub(super) fn hear(&mut self, hub: &Arc<Hub>) {
        for id in hub.news().unwrap_or_default() {
            if self.entries.get(id).is_some_and(|entry| entry.thing.is_gone()) {
                self.remove(hub, id);
            } else {
                self.note(id);
            }
        }
    }

    /// Puts into the queue what is ready and not the kernel's to tell; false if the kernel may know more of the same.
    pub(super) fn gather(&mut self, hub: &Arc<Hub>) -> bool {
        let mut complete = true;
        self.hear(hub);
        for id in std::mem::take(&mut self.candidates) {
            let events = self.look(id, false, false);
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
    pub(super) fn take(&mut self, hub: &Arc<Hub>) -> Option<Ready> {
        while let Some(id) = self.queue.pop_front() {
            let Some(entry) = self.entries.get(id) else { continue };
            let mut events = std::mem::take(&mut entry.ready);
            let (tag, wants) = (entry.tag, entry.wants | Events::HANGUP | Events::ERROR);
            let once = matches!(entry.thing, Thing::Child(_));
            if entry.thing.is_gone() {
                self.remove(hub, id);
                continue;
            }
            if events.has(Events::LINE) && !self.look(id, false, true).has(Events::LINE) {
                // It was read since.
                events = events.without(Events::LINE);
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
