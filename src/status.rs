//! `$?`: how a process ended.

use std::fmt;

use crate::signal;

/// How a process ended: exited, killed by a signal, stopped, or unknown. Perl's `$?`.
///
/// Unknown is a state of its own, never success: nobody can know how the process ended, because somebody else took
/// its status from the kernel before the kernel could tell us (before Linux 6.15).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[must_use = "a status that is dropped is a failure that nobody sees"]
pub struct Status(i32);

impl Status {
    /// Nobody can know.
    pub const UNKNOWN: Status = Status(-1);
    /// Exited with code 0.
    pub const SUCCESS: Status = Status(0);

    /// From the native wait status, the number that `waitpid` gives; any negative number is unknown.
    pub fn from_raw(status: i32) -> Status {
        if status < 0 { Status::UNKNOWN } else { Status(status) }
    }

    /// The native wait status, Perl's `$?`: code << 8, or the signal, plus 0x80 where a core was dumped; -1 when unknown.
    pub fn raw(self) -> i32 {
        self.0
    }

    /// Whether anything is known.
    pub fn is_known(self) -> bool {
        self.0 >= 0
    }

    /// Whether it exited with code 0.
    pub fn success(self) -> bool {
        self.0 == 0
    }

    /// The exit code, if it exited.
    pub fn code(self) -> Option<i32> {
        (self.0 >= 0 && self.0 & 0x7f == 0).then_some((self.0 >> 8) & 0xff)
    }

    /// The number of the signal that killed it, if one did.
    pub fn signal(self) -> Option<i32> {
        let signal = self.0 & 0x7f;
        (self.0 >= 0 && signal != 0 && signal != 0x7f).then_some(signal)
    }

    /// Whether it left a core.
    pub fn core(self) -> bool {
        self.signal().is_some() && self.0 & 0x80 != 0
    }

    /// The number of the signal that stopped it, where only stopped.
    pub fn stopped(self) -> Option<i32> {
        (self.0 >= 0 && self.0 & 0xff == 0x7f).then_some((self.0 >> 8) & 0xff)
    }

    /// The shell's number for it: the code, or 128 + the signal; 255 when unknown.
    pub fn shell(self) -> i32 {
        match (self.code(), self.signal().or(self.stopped())) {
            (Some(code), _) => code,
            (None, Some(signal)) => 128 + signal,
            (None, None) => 255,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = self.code() {
            write!(f, "exited with {code}")
        } else if let Some(signal) = self.signal() {
            write!(f, "killed by {}{}", Named(signal), if self.core() { ", core dumped" } else { "" })
        } else if let Some(signal) = self.stopped() {
            write!(f, "stopped by {}", Named(signal))
        } else {
            f.write_str("unknown")
        }
    }
}

struct Named(i32);

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match signal::name(self.0) {
            Some(name) => f.write_str(name),
            None => write!(f, "signal {}", self.0),
        }
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({self})")
    }
}
