//! The kernel's side of a poll set.

use std::os::fd::{OwnedFd, RawFd};

use super::{Missing, Result, Word, cut, owned, raw, timespec};

/// What has something, and what; `u64` is the key that it was entered by.
pub(crate) type Event = libc::epoll_event;

/// epoll_pwait2 (Linux 5.11): the only form that counts in nanoseconds.
static NO_PWAIT2: Missing = Missing::new();

/// A set, close-on-exec and above 2.
pub(crate) fn create() -> Result<OwnedFd> {
    // SAFETY: a plain number.
    owned(unsafe { raw(libc::SYS_epoll_create1, [libc::EPOLL_CLOEXEC as usize]) })
}

/// Enters a descriptor or changes what is asked of it: `op` is EPOLL_CTL_ADD or EPOLL_CTL_MOD. EPERM for a file that is
/// always ready.
pub(crate) fn enter(set: RawFd, op: i32, fd: RawFd, events: u32, key: u64) -> Result<()> {
    let event = Event { events, u64: key };
    // SAFETY: the kernel reads the event.
    unsafe { raw(libc::SYS_epoll_ctl, [set as usize, op as usize, fd as usize, &raw const event as usize]) }.map(drop)
}

/// Takes a descriptor out; nothing happens to one that is not in.
pub(crate) fn leave(set: RawFd, fd: RawFd) {
    // SAFETY: plain numbers; no event is read.
    unsafe { super::always(libc::SYS_epoll_ctl, [set as usize, libc::EPOLL_CTL_DEL as usize, fd as usize, 0]) };
}

/// Waits until something has come; `left` in nanoseconds, `None` for ever. How many of `found` are filled.
pub(crate) fn wait(word: &Word, set: RawFd, found: &mut [Event], left: Option<u64>) -> Result<usize> {
    if !NO_PWAIT2.is_known() {
        let time = timespec(left.unwrap_or(0));
        let time = if left.is_some() { &raw const time as usize } else { 0 };
        let a = [set as usize, found.as_mut_ptr() as usize, found.len(), time, 0, 8];
        // SAFETY: the kernel writes at most as many events as there is room for, and reads the time; no mask.
        match unsafe { cut(word, libc::SYS_epoll_pwait2, a) } {
            Err(errno @ (libc::ENOSYS | libc::EPERM)) => drop(NO_PWAIT2.note(errno)),
            answer => return answer,
        }
    }
    // Up to the next millisecond: what is rounded down to 0 would not wait.
    let ms = left.map_or(-1, |ns| i32::try_from(ns.div_ceil(1_000_000)).unwrap_or(i32::MAX));
    let a = [set as usize, found.as_mut_ptr() as usize, found.len(), ms as usize, 0, 8];
    // SAFETY: as above; the kernel takes the time as an int.
    unsafe { cut(word, libc::SYS_epoll_pwait, a) }
}
