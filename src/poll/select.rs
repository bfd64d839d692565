//! Perl's `select` with four arguments.

use std::collections::BTreeMap;
use std::os::fd::RawFd;

use crate::block::{self, Stop};
use crate::error::{Error, Result};
use crate::time::Deadline;

/// Perl's `select` with four arguments: waits until one of the descriptors can be read, can be written, or has an
/// exceptional condition, and leaves those in the lists. How many they are, in all three together. Empty lists sleep.
///
/// EBADF when one is not open. It knows the kernel's side only: what a stream has read ahead it does not see, as Perl's
/// does not; a [`Poll`](super::Poll) set does.
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
    // Passed over by poll, as if nothing had been asked.
    if let Some(bad) = asked.keys().find(|fd| **fd < 0) {
        return Err(Error::at("select", bad.to_string(), libc::EBADF));
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
