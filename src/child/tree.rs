//! A signal to a child and all that descends from it.

use std::collections::BTreeMap;
use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use super::{State, signals_reach};
use crate::block::{self, Wait};
use crate::sys;
use crate::time::Deadline;

/// What descends from a child, each process held by a pidfd: a signal to the tree leaves here whom it has reached, and a
/// second one reaches those again, also when the child itself has ended and nothing else tells that they were its own.
#[derive(Debug, Default)]
pub struct Tree(BTreeMap<i32, OwnedFd>);

impl Tree {
    /// The pidfds, each readable when its process has ended.
    pub fn pidfds(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.0.values().map(AsFd::as_fd)
    }

    /// Waits until all of them have ended.
    pub(super) fn wait(&self, deadline: Deadline) -> Wait<()> {
        self.0.values().try_for_each(|pidfd| block::ready(pidfd.as_raw_fd(), libc::POLLIN, deadline))
    }
}

fn has_ended(pidfd: &OwnedFd) -> bool {
    sys::poll(&block::CALM, &mut [block::entry(pidfd.as_raw_fd(), libc::POLLIN)], Some(0)) == Ok(1)
}

impl State {
    pub(super) fn kill_tree(&self, signal: i32, Tree(found): &mut Tree) -> sys::Result<Reach> {
        let reach = |pidfd: &OwnedFd| signals_reach(pidfd.as_raw_fd());
        if sys::process::NO_PIDFD_OPEN.is_known() || !self.pidfd.as_ref().is_none_or(reach) {
            return self.kill_group(signal);
        }
        // The number of who has ended may be a stranger's by now.
        found.retain(|_, pidfd| !has_ended(pidfd));
        let stop = self.kill(libc::SIGSTOP);
        let root_ended = match stop {
            Ok(()) => false,
            // The child is gone, but what it started is known from before, or may still be in its session.
            Err(libc::ESRCH) if !found.is_empty() || (self.leads && self.known().is_none()) => true,
            Err(errno) => return Err(errno),
        };
        for pidfd in found.values() {
            let _ = sys::signals::pidfd_send(pidfd.as_raw_fd(), libc::SIGSTOP, None);
        }
        let swept = self.stop_descendants(found);
        if swept == Err(libc::ENOSYS) {
            // Nobody can be held: one signal to whom it can reach, not a second one to the child.
            let reach = self.kill_group(signal);
            if !root_ended && signal != libc::SIGSTOP {
                self.go_on();
            }
            for pidfd in found.values() {
                sys::process::pidfd_continue(pidfd.as_raw_fd());
            }
            return reach;
        }
        let mut count = 0;
        let mut first_error = None;
        let to_child = if root_ended { Err(libc::ESRCH) } else { self.kill(signal) };
        count += u32::from(to_child.is_ok());
        for pidfd in found.values() {
            match sys::signals::pidfd_send(pidfd.as_raw_fd(), signal, None) {
                Ok(()) => count += 1,
                Err(libc::ESRCH) => {}
                Err(errno) => first_error = first_error.or(Some(errno)),
            }
        }
        if signal != libc::SIGKILL && signal != libc::SIGSTOP {
            // A stopped process sees the signal when it goes on.
            self.go_on();
            for pidfd in found.values() {
                sys::process::pidfd_continue(pidfd.as_raw_fd());
            }
        }
        match swept.and(to_child) {
            Err(errno) if errno != libc::ESRCH => Err(errno),
            _ => match first_error {
                Some(errno) if count == 0 => Err(errno),
                _ => Ok(Reach { how: How::Sweep, count }),
            },
        }
    }

    /// Where no process but the child can be held safely: its group, if it leads one, else the child alone.
    fn kill_group(&self, signal: i32) -> sys::Result<Reach> {
        if self.leads && self.known().is_none() {
            // As long as the leader is not reaped, the group's number is not given to anybody else.
            return sys::kill(-self.pid, signal).map(|()| Reach { how: How::Group, count: 1 });
        }
        self.kill(signal).map(|()| Reach { how: How::Process, count: 1 })
    }

    /// Stops and holds all that descend from the child, pass after pass, until a pass finds nothing new.
    fn stop_descendants(&self, found: &mut BTreeMap<i32, OwnedFd>) -> sys::Result<()> {
        let me = sys::getpid();
        loop {
            let mut new = 0;
            for pid in sys::numbers_in(c"/proc")? {
                // This process too may have joined the group: stopped, it would never go on.
                if pid == self.pid || pid == me || found.contains_key(&pid) || !self.is_descendant(pid, found)? {
                    continue;
                }
                let pidfd = match sys::process::pidfd_open(pid) {
                    Ok(pidfd) => pidfd,
                    Err(libc::ESRCH) => continue,
                    Err(errno) if sys::process::NO_PIDFD_OPEN.note(errno) => return Err(libc::ENOSYS),
                    Err(errno) => return Err(errno),
                };
                // The number may have changed hands between the look and the opening: look again.
                if !self.is_descendant(pid, found)? {
                    continue;
                }
                match sys::signals::pidfd_send(pidfd.as_raw_fd(), libc::SIGSTOP, None) {
                    Ok(()) => {
                        found.insert(pid, pidfd);
                        new += 1;
                    }
                    Err(libc::ENOSYS) => return Err(libc::ENOSYS),
                    Err(_) => {}
                }
            }
            if new == 0 {
                return Ok(());
            }
        }
    }

    fn is_descendant(&self, pid: i32, found: &BTreeMap<i32, OwnedFd>) -> sys::Result<bool> {
        let Some(process) = ProcStat::of(pid)? else { return Ok(false) };
        // Once it is reaped, its number may be a stranger's.
        let held = self.known().is_none();
        let by_parent = (held && process.parent == self.pid) || found.contains_key(&process.parent);
        let by_session = held && self.leads && (process.session == self.pid || process.group == self.pid);
        Ok(!process.ended && (by_parent || by_session))
    }
}

/// What /proc says of a process.
struct ProcStat {
    ended: bool,
    parent: i32,
    group: i32,
    session: i32,
}

impl ProcStat {
    /// None of a process that is gone, or that nobody may look at.
    fn of(pid: i32) -> sys::Result<Option<ProcStat>> {
        let path = CString::new(format!("/proc/{pid}/stat")).map_err(|_| libc::EINVAL)?;
        let mut room = [0; 512];
        match sys::small_file(&path, &mut room) {
            Ok(len) => Ok(room.get(..len).and_then(ProcStat::parse)),
            // Who could not be looked at may be one of those.
            Err(errno @ (libc::EMFILE | libc::ENFILE | libc::ENOMEM)) => Err(errno),
            Err(_) => Ok(None),
        }
    }

    fn parse(text: &[u8]) -> Option<ProcStat> {
        // The name may hold anything, a closing parenthesis too: what follows the last one are plain fields.
        let after = text.iter().rposition(|b| *b == b')')? + 2;
        let mut fields = std::str::from_utf8(text.get(after..)?).ok()?.split(' ');
        let state = fields.next()?;
        let mut number = || fields.next()?.parse().ok();
        Some(ProcStat { ended: state == "Z" || state == "X", parent: number()?, group: number()?, session: number()? })
    }
}

/// How a signal to a tree found its members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// Only the child itself could be reached.
    Process,
    /// The child's process group.
    Group,
    /// Every descendant, stopped and held before the signal went out.
    Sweep,
}

/// What a signal to a tree reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    /// How the members were found.
    pub how: How,
    /// How many processes got the signal; with [`How::Group`] at least that many.
    pub count: u32,
}
