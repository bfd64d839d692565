//! Poll sets, and Perl's select.

use std::ffi::c_void;
use std::os::fd::RawFd;

use super::child::ipc_child;
use super::dgram::ipc_dgram;
use super::listener::ipc_listener;
use super::stream::{Lent, ipc_stream};
use super::{Handle, free, get, guard, put, room, slice};
use crate::poll::{Events, Poll, select};
use crate::time::Deadline;

/// A read will not block: there is something, the end, or an error; a listener has somebody to accept.
pub const PERLIPC_READ: i32 = 1;
/// A write will not block, if it is not longer than what fits.
pub const PERLIPC_WRITE: i32 = 2;
/// Of streams: ipc_stream_readline will not block, by the stream's own separator. Half a line does not count.
pub const PERLIPC_LINE: i32 = 4;
/// Of children: it has ended.
pub const PERLIPC_EXIT: i32 = 8;
/// A handler is due or a queued signal is ready.
pub const PERLIPC_SIGNAL: i32 = 16;
/// An exceptional condition: urgent data of a socket.
pub const PERLIPC_URGENT: i32 = 32;
/// The other side is gone. Comes unasked, beside what was asked.
pub const PERLIPC_HANGUP: i32 = 64;
/// The descriptor has an error; the next call on it tells which. Comes unasked, beside what was asked.
pub const PERLIPC_ERROR: i32 = 128;

/// Things to wait for at once, each with a tag of the caller's. What is closed or freed is out of it, but for bare
/// descriptors, which nobody tells it of: take those out before they are closed. Entering, changing and removing work from
/// any thread at any moment, also while another one waits; one thread at a time waits.
#[repr(C)]
pub struct ipc_poll {
    tag: u32,
    poll: Poll<Lent>,
}

impl Handle for ipc_poll {
    const TAG: u32 = u32::from_be_bytes(*b"ipol");
    const NAME: &'static str = "poll";
}

fn number(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// A new set, empty.
///
/// Returns: the set, never NULL.
/// Errors: none.
/// Threads: any.
/// Blocks: no.
/// Perl: IO::Select->new.
#[unsafe(no_mangle)]
pub extern "C" fn ipc_poll_new() -> *mut ipc_poll {
    Box::into_raw(Box::new(ipc_poll { tag: ipc_poll::TAG, poll: Poll::new() }))
}

/// Enters a stream: PERLIPC_READ, PERLIPC_WRITE, PERLIPC_LINE, PERLIPC_URGENT. What it has read ahead counts as ready. With
/// PERLIPC_LINE the set reads ahead into it, as far as there is something: a line that was borrowed from it is over then.
///
/// Returns: 0.
/// Errors: PERLIPC_E_CLOSED; -EBADF for a direction that it does not have; PERLIPC_E_INVALID for other events; -EMFILE.
/// Threads: any, at any moment; with PERLIPC_READ or PERLIPC_LINE waiting counts as reading.
/// Blocks: no.
/// Perl: IO::Select's add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_stream(p: *mut ipc_poll, s: *mut ipc_stream, events: u32, tag: i64) -> i32 {
    // SAFETY: the caller's handles.
    guard(|| unsafe { get(p)?.poll.stream(Lent::new(s)?, Events::from_bits(events)?, tag) }.map(|()| 0))
}

/// Enters a child: PERLIPC_EXIT comes once when it has ended, and it is out of the set then; ipc_child_wait does not block.
///
/// Returns: 0.
/// Errors: -EMFILE, -ENOSPC.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_child(p: *mut ipc_poll, c: *mut ipc_child, tag: i64) -> i32 {
    // SAFETY: the caller's handles.
    guard(|| unsafe { get(p)?.poll.child(&get(c)?.child, tag) }.map(|()| 0))
}

/// Enters a listener: PERLIPC_READ comes when somebody wants to connect. Another process may be quicker to accept: give
/// ipc_listener_accept a timeout of 0.
///
/// Returns: 0.
/// Errors: -EMFILE, -ENOSPC.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: IO::Select's add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_listener(p: *mut ipc_poll, l: *mut ipc_listener, tag: i64) -> i32 {
    // SAFETY: the caller's handles.
    guard(|| unsafe { get(p)?.poll.listener(&get(l)?.listener, tag) }.map(|()| 0))
}

/// Enters a datagram socket: PERLIPC_READ, PERLIPC_WRITE, PERLIPC_URGENT. Of a Unix one the kernel tells whether there is room
/// at its connected peer, and never at others that a message may go to: a send there may still have to wait.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for other events; -EMFILE, -ENOSPC.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: IO::Select's add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_dgram(p: *mut ipc_poll, d: *mut ipc_dgram, events: u32, tag: i64) -> i32 {
    // SAFETY: the caller's handles.
    guard(|| unsafe { get(p)?.poll.dgram(&get(d)?.dgram, Events::from_bits(events)?, tag) }.map(|()| 0))
}

/// Enters the signals that have a handler of ours or are queued: PERLIPC_SIGNAL comes until they are taken by
/// ipc_signal_next or ipc_signal_dispatch. On the signal thread handlers run inside ipc_poll_next without this; it is for
/// queued signals.
///
/// Returns: 0.
/// Errors: -EMFILE, -ENOSPC.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_signals(p: *mut ipc_poll, tag: i64) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(p)? }.poll.signals(tag).map(|()| 0))
}

/// Enters a descriptor: PERLIPC_READ, PERLIPC_WRITE, PERLIPC_URGENT. The same may be in the set many times. One that the
/// kernel does not watch, a file, is always ready. Take it out before it is closed.
///
/// Returns: 0.
/// Errors: -EBADF; PERLIPC_E_INVALID for other events; -EMFILE, -ENOSPC.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: IO::Select's add.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_fd(p: *mut ipc_poll, fd: i32, events: u32, tag: i64) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(p)? }.poll.fd(fd as RawFd, Events::from_bits(events)?, tag).map(|()| 0))
}

/// Asks for something else of all that has that tag; 0 as events asks for nothing.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for what cannot be asked of it.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_change(p: *mut ipc_poll, tag: i64, events: u32) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| unsafe { get(p)? }.poll.change(tag, Events::from_bits(events)?).map(|()| 0))
}

/// Takes all that has that tag out of the set.
///
/// Returns: how many there were.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: IO::Select's remove.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_remove(p: *mut ipc_poll, tag: i64) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(number(unsafe { get(p)? }.poll.remove(tag))))
}

/// How many entries the set has.
///
/// Returns: the number.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: IO::Select's count.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_count(p: *const ipc_poll) -> i32 {
    // SAFETY: the caller's handle.
    guard(|| Ok(number(unsafe { get(p)? }.poll.len())))
}

/// The next entry that is ready: its tag, and what of that which was asked it is ready for. It is told again until it is
/// used up; all that are ready come in turn.
///
/// Returns: 1; 0 when the set is empty, so that nothing can ever come.
/// Errors: -ETIMEDOUT, PERLIPC_E_HANDLER, PERLIPC_E_CANCELED; PERLIPC_E_BUSY while another call of this set waits.
/// Threads: any; one at a time.
/// Blocks: until something is ready or the timeout.
/// Perl: IO::Select's can_read and can_write, four-argument select.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_next(p: *mut ipc_poll, timeout_ms: i32, tag: *mut i64, events: *mut u32) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle and out-parameters.
        unsafe {
            put(events, 0);
            match get(p)?.poll.next(Deadline::after_ms(timeout_ms))? {
                Some(ready) => {
                    put(tag, ready.tag);
                    put(events, ready.events.bits());
                    Ok(1)
                }
                None => Ok(0),
            }
        }
    })
}

/// Ends the wait that is under way, and every later one, with PERLIPC_E_CANCELED.
///
/// Returns: 0.
/// Errors: PERLIPC_E_INVALID for a bad handle.
/// Threads: any, at any moment.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_cancel(p: *mut ipc_poll) -> i32 {
    guard(|| {
        // SAFETY: the caller's handle.
        unsafe { get(p)? }.poll.canceler().cancel();
        Ok(0)
    })
}

/// Frees the set; NULL is nothing. What was in it stays as it is.
///
/// Returns: nothing.
/// Errors: none.
/// Threads: any; nobody may use it any more.
/// Blocks: no.
/// Perl: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_poll_free(p: *mut ipc_poll) {
    // SAFETY: the caller's handle.
    unsafe { free(p) }
}

/// Waits until one of the descriptors can be read, can be written, or has an exceptional condition. Each set is `size` bytes
/// of bits as Perl's vec makes them (descriptor 9 is bit 1 of byte 1), or NULL; those that are ready stay in it, the others
/// are cleared, also at the timeout. Without sets it sleeps. What a stream has read ahead it does not see: that is what a
/// poll set is for.
///
/// Returns: how many bits are left in all the sets, and in `left_ms`, which may be NULL, what was left of the time (-1: for
/// ever).
/// Errors: -ETIMEDOUT; -EBADF when one is not open, with the sets as they were; PERLIPC_E_HANDLER.
/// Threads: any.
/// Blocks: until one is ready or the timeout.
/// Perl: select with four arguments, which gives 0 at the timeout and takes a negative one for 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ipc_select(
    readers: *mut c_void,
    writers: *mut c_void,
    exceptions: *mut c_void,
    size: usize,
    timeout_ms: i32,
    left_ms: *mut i32,
) -> i32 {
    guard(|| {
        let deadline = Deadline::after_ms(timeout_ms);
        let sets = [readers, writers, exceptions];
        let mut fds: [Vec<RawFd>; 3] = Default::default();
        for (fds, at) in fds.iter_mut().zip(sets).filter(|(_, at)| !at.is_null()) {
            // SAFETY: the caller's sets.
            for (i, byte) in unsafe { slice(at.cast::<u8>(), size, "select")? }.iter().enumerate() {
                let set = (0..8).filter(|bit| byte & (1 << bit) != 0);
                fds.extend(set.filter_map(|bit| RawFd::try_from(8 * i + bit).ok()));
            }
        }
        let [read, write, exception] = &mut fds;
        let answer = select(read, write, exception, deadline);
        let left = deadline.left().map_or(-1, |ns| i32::try_from(ns / 1_000_000).unwrap_or(i32::MAX));
        // SAFETY: the caller's out-parameter.
        unsafe { put(left_ms, left) };
        if answer.as_ref().is_err_and(|error| !error.is_timeout()) {
            return answer.map(number);
        }
        for (fds, at) in fds.iter().zip(sets).filter(|(_, at)| !at.is_null()) {
            // SAFETY: the caller's sets, one at a time: two may be the same.
            let bits = unsafe { room(at.cast::<u8>(), size, "select")? };
            bits.fill(0);
            for fd in fds {
                if let Some(byte) = bits.get_mut(*fd as usize / 8) {
                    *byte |= 1 << (*fd % 8);
                }
            }
        }
        answer.map(number)
    })
}
