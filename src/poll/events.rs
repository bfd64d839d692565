//! What can be asked of an entry, and what is told of it.

use crate::error::{Error, Result};

/// What is asked of an entry of a [`Poll`](super::Poll) set, and what is told of it.
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

    /// These but for `other`.
    pub(super) fn without(self, other: Events) -> Events {
        Events(self.0 & !other.0)
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

pub(super) const OF_STREAMS: Events = Events(1 | 2 | 4 | 32);
pub(super) const OF_FDS: Events = Events(1 | 2 | 32);

/// An error for what is not among those that can be asked.
pub(super) fn allow(wants: Events, allowed: Events) -> Result<()> {
    if allowed.contains(wants) {
        return Ok(());
    }
    Err(Error::invalid("poll", format!("{:?} is nothing that can be asked of it", wants.without(allowed))))
}
